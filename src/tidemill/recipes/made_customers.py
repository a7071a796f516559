"""Customers who do not exist, to test a shop with: whether they take what real ones take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
import polars as pl
from scipy import sparse

from tidemill.core.errors import MissingExtra
from tidemill.core.persons import FEWEST_PERSONS
from tidemill.core.run import Run
from tidemill.core.words import count, listing, number, percent, plural, sentence_case
from tidemill.recipes.base import Refused
from tidemill.recommending import RECOMMENDERS
from tidemill.recommending.likeness import LEAST_TOGETHER, NEAREST, BasketLikeness, RealBaskets
from tidemill.recommending.making import CustomerMaker, by_popularity
from tidemill.recommending.taken import Taken
from tidemill.reporting.blocks import Block, Callout, Paragraph, TableBlock
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import NORMAL_95

FEWEST = 200
"""Customers without whom none are made."""
FEWEST_PAIRS = 20
"""Frequent pairs of items, without which nothing says whether made customers are like real ones."""
KEPT_OUT, MOST_KEPT_OUT = 0.25, 1_000
"""The share of customers that the net does not see, and their number at most."""
GROUPS = 20
"""Groups of made customers that are measured."""
FAULTS = ("items", "pairs", "size")
"""Figures that are faults: the lower the better."""
SIDES = {"floor": "popularity", "made": "made", "real": "real"}
"""Groups that are measured, and what figures call them."""
WORDS = {
    "items": "how often each item is taken",
    "pairs": "what goes with what, pair by pair",
    "lift": "how strongly items go together",
    "size": "how many items a customer takes",
}


@dataclass(frozen=True)
class MadeCustomers:
    """What is said of made customers.

    Attributes:
        blocks: The chapter; none where none are wanted.
        lines: The same for the terminal.
        figures: Key figures.
        tables: "customers", a row for each made customer and item, where they may be used.
    """

    blocks: Sequence[Block | Refused] = ()
    lines: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class MadeTrial:
    """Made customers between a floor and a ceiling.

    Attributes:
        learned, others: How many real customers the net learned from, and how many it did not.
        pairs: How many frequent pairs of items were looked at.
        floor: Groups of customers whose items are drawn by popularity.
        made: Groups of made ones.
        real: Groups of real ones.
        lift: How strongly items go together that stand out, among those whom the net did not see.
    """

    learned: int
    others: int
    pairs: int
    floor: tuple[BasketLikeness, ...]
    made: tuple[BasketLikeness, ...]
    real: tuple[BasketLikeness, ...]
    lift: float

    def mean(self, side: str, name: str) -> float:
        """Of the groups of a side: "floor", "made" or "real"."""
        return float(np.mean([getattr(one, name) for one in getattr(self, side)]))

    def faults(self, name: str) -> tuple[Floats, Floats]:
        """How far each group of the floor, and of made customers, is off."""
        floor, made = (
            np.array([getattr(one, name) for one in groups]) for groups in (self.floor, self.made)
        )
        if name in FAULTS:
            return floor, made
        return np.abs(floor - self.lift), np.abs(made - self.lift)

    def better(self, name: str) -> bool:
        """Whether every group of made customers is nearer to real ones than any of the floor."""
        floor, made = self.faults(name)
        return bool(made.max() < floor.min())

    def worse(self, name: str) -> bool:
        """Whether each is further from them."""
        floor, made = self.faults(name)
        return bool(made.min() > floor.max())

    @property
    def most_near(self) -> float:
        """What that share may be by chance."""
        return NEAREST + NORMAL_95 * sqrt(NEAREST * (1 - NEAREST) / self.others)


def made_customers(taken: Taken, wanted: int, run: Run) -> MadeCustomers:
    """Customers who take what real ones take, but are none of them.

    Args:
        taken: What customers took.
        wanted: How many are made; 0 for none.
        run: Seed and progress.
    """
    if not wanted:
        return MadeCustomers()
    refusal = _unable(taken)
    if refusal is not None:
        return _refused(refusal)
    order = run.rng("recommend", "made", "kept out").permutation(taken.shape[0])
    cut = min(round(KEPT_OUT * len(order)), MOST_KEPT_OUT)
    # what fewer persons took is not learned, so it is never made
    known = np.asarray(taken.pairs[np.sort(order[cut:])].sum(axis=0)) >= FEWEST_PERSONS
    items = taken.items.filter(pl.Series(known))
    learned, others = (
        _of(taken.pairs, np.sort(rows), known) for rows in (order[cut:], order[:cut])
    )
    base = RealBaskets.of(learned, others)
    if len(base.first) < FEWEST_PAIRS:
        why = f"Only {plural(len(base.first), 'pair')} of items was taken by {LEAST_TOGETHER} "
        return _refused(_refusal(why + "customers or more.", "more customers, or coarser items"))
    maker = CustomerMaker.learned(learned, run)
    floor, made, real = [], [], []
    for k in run.track(range(GROUPS), "recommend", "making customers"):
        rng = run.rng("recommend", "made", k)
        made.append(base.likeness(maker.made(others.shape[0], rng)))
        floor.append(base.likeness(by_popularity(learned, others.shape[0], rng)))
        real.append(base.group(rng))
    trial = MadeTrial(
        learned.shape[0],
        others.shape[0],
        len(base.first),
        tuple(floor),
        tuple(made),
        tuple(real),
        base.likeness(others).lift,
    )
    table = _table(maker.made(wanted, run.rng("recommend", "made", "table")), items)
    return _told(trial, wanted, len(items), table)


def _unable(taken: Taken) -> Refused | None:
    """Why none can be made."""
    try:
        kind = RECOMMENDERS.load("vae")
    except MissingExtra as missing:
        return _refusal(f"{sentence_case(missing.what)}.", f"the extra 'deep', by {missing.hint}")
    customers = taken.shape[0]
    if customers < FEWEST:
        return _refusal(
            f"There are {plural(customers, 'customer')}, fewer than {FEWEST}.", "more customers"
        )
    why = kind.unfit(taken.pairs)
    return _refusal(f"{sentence_case(why)}.", "a part of the table") if why else None


def _refusal(why: str, needs: str) -> Refused:
    return Refused("Customers to test with are not made.", why, f"{needs}.")


def _refused(refusal: Refused) -> MadeCustomers:
    return MadeCustomers((refusal,))


def _of(pairs: sparse.csr_array, rows: np.ndarray, known: np.ndarray) -> sparse.csr_array:
    """Customers and what they took of known items, but those who took none of these."""
    part = sparse.csr_array(pairs[rows][:, np.flatnonzero(known)])
    return sparse.csr_array(part[np.flatnonzero(np.diff(part.indptr))])


def _table(made: sparse.csr_array, items: pl.Series) -> pl.DataFrame:
    row, column = made.nonzero()
    return pl.DataFrame(
        {
            "customer": pl.Series([f"made {at + 1}" for at in row.tolist()], dtype=pl.String),
            "item": items.gather(column),
            "origin": pl.Series(["synthetic"] * len(row), dtype=pl.String),
        }
    )


# --- the chapter ----------------------------------------------------------------------------------


def _told(trial: MadeTrial, wanted: int, items: int, table: pl.DataFrame) -> MadeCustomers:
    """The chapter; without a table where made customers are not to be used."""
    use, why, usable = _verdict(trial)
    worse = [WORDS[name] for name in WORDS if trial.worse(name)]
    notes = []
    if usable and worse:
        notes.append(
            f"Do not ask them {listing(worse, 'or')}: items drawn by popularity are nearer to real "
            "customers there."
        )
    lead = (
        "Customers who do not exist, with what such customers would take. A net learned from "
        f"{count(trial.learned)} customers; {count(trial.others)} others, whom it did not see, say "
        "what is right, and how near to them a group of real customers comes."
    )
    rest = (
        f"All are held against the {count(trial.others)}; figures are means over {GROUPS} groups "
        f"of {count(trial.others)}, with the range of these groups. Pairs: {count(trial.pairs)}, "
        f"each taken by {LEAST_TOGETHER} learned customers or more; those that go together are the "
        "tenth that is most often taken together beyond chance. Made customers take "
        f"{count(items)} items: those that {FEWEST_PERSONS} or more learned customers took."
    )
    blocks: list[Block | Refused] = [
        Paragraph(lead),
        Callout("note", use, why, tuple(notes)),
        _compared(trial),
        Paragraph(rest, "small"),
    ]
    figures = {"made_usable": float(usable)}
    for side, word in SIDES.items():
        for name in (*WORDS, "near"):
            figures[f"{word}_{name}"] = trial.mean(side, name)
    if usable:
        blocks.append(
            Paragraph(f"customers.csv holds {plural(wanted, 'made customer')}, marked synthetic.")
        )
    tables = {"customers": table} if usable else {}
    return MadeCustomers(blocks, (f"Made: {use} {why}",), figures, tables)


def _verdict(trial: MadeTrial) -> tuple[str, str, bool]:
    """Whether to use them, why, and the same as a fact."""
    if trial.mean("made", "near") > trial.most_near:
        return (
            "Made customers are not given out.",
            f"{percent(trial.mean('made', 'near'))} of them are nearer to a learned customer than "
            f"all but {percent(NEAREST)} of real ones are, so some are near-copies.",
            False,
        )
    floor, made, real = (number(trial.mean(side, "lift"), 3) for side in SIDES)
    off = (
        f"Items that go together are taken together {made} times as often as by chance; with items "
        f"drawn by popularity {floor} times, by other real customers {real} times."
    )
    if trial.better("lift") and not trial.worse("pairs"):
        return "Use them to try out what depends on what is taken together.", off, True
    return "Do not use made customers: items drawn by popularity are as good.", off, False


def _compared(trial: MadeTrial) -> TableBlock:
    """Each figure of the floor, of made customers, and of real ones."""
    forms: dict[str, tuple[str, Callable[[float], str]]] = {
        "items": ("Takes that would have to be of other items", percent),
        "pairs": ("Two items together, against chance: off by a factor of", number),
        "lift": ("Items that go together: times as often as by chance", number),
        "size": ("Items of a customer: off by", number),
        "near": ("Nearer to a learned customer than 19 of 20 real ones", percent),
    }
    rows = []
    for name, (words, form) in forms.items():
        cells = []
        for side in SIDES:
            values = [getattr(one, name) for one in getattr(trial, side)]
            mean = form(trial.mean(side, name))
            cells.append(f"{mean} ({form(min(values))} to {form(max(values))})")
        rows.append((words, *cells))
    heads = ("", "Items by popularity", "Made customers", "Other real customers")
    return TableBlock(heads, tuple(rows), stacked=True)
