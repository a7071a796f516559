"""Exact rare values: do values that hardly any training row holds come back in the synthetic rows?

Every column is looked at by itself, also ids, texts and personal data. What comes back is compared
with what would by chance: rare values of unseen rows, and look-alikes, which are put together from
the parts of two real values and are none themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.auditing.base import AttackData
from tidemill.auditing.lookalikes import EACH, MOST, lookalikes
from tidemill.auditing.values import Values, values_of
from tidemill.core.dataset import Dataset
from tidemill.core.leak import Leak
from tidemill.core.light import LIGHTS, Light
from tidemill.core.picture import Table
from tidemill.core.run import Run
from tidemill.core.schema import MEDIA, Column
from tidemill.core.score import Evidence, Score
from tidemill.core.split import entity_numbers
from tidemill.core.words import listing, percent, quoted
from tidemill.metrics.light import TRACE

RARE_VALUES = "rare exact values"
FLOOR = 5
"""A value is rare that fewer training rows hold, or rows of fewer persons."""
LIMIT = 0.003
"""The share of synthetic rows with a rare value of one column, beyond chance, that is red."""
CHANCE = 2e-3
"""How often chance may look like a leak in one of all columns."""
LIKELY = 0.01
"""Below this chance of one column a leak is likely, if not sure."""
MOST_CHANCE = 0.5
"""Where chance explains more of what comes back than this, such values point to nobody, as each is
more likely chance than real: a smooth model of numbers that are often alike hits those in the midst
of many training rows more often."""
CHANCE_BESIDE_FEW = 0.1
"""The same beside unseen rows, where none of their values comes back and look-alikes tell chance:
few unseen rows cannot say more."""
WITHOUT_CONTROL = 0.1
"""The share of rows with a real value of a personal column that is red without unseen rows."""
_NOBODY = np.zeros(0, np.int64)


class _Held(NamedTuple):
    values: NDArray[Any]
    holders: NDArray[np.int64]


class Hits(NamedTuple):
    """How many values (or rows) come back, of how many, and the same of others by chance."""

    hits: int
    tried: int
    other_hits: int
    other_tried: int

    @property
    def by_chance(self) -> float:
        """The chance of so many more hits than of the others (Fisher's exact test)."""
        from scipy.stats import hypergeom

        if not self.tried:
            return 1.0
        everybody, all_hits = self.tried + self.other_tried, self.hits + self.other_hits
        return float(hypergeom.sf(self.hits - 1, everybody, all_hits, self.tried))

    @property
    def chance(self) -> float:
        """The part of the hits that chance explains; all of them where there are no others."""
        return min(1.0, self._part(self.other_hits / max(1, self.other_tried)))

    @property
    def ends(self) -> tuple[float, float]:
        """The largest and the least part that it may explain (95 %, Clopper-Pearson)."""
        from scipy.stats import beta

        hits, missed = self.other_hits, self.other_tried - self.other_hits
        most = float(beta.ppf(0.975, hits + 1, missed)) if missed else 1.0
        least = float(beta.ppf(0.025, hits, missed + 1)) if hits else 0.0
        return min(1.0, self._part(most)), min(1.0, self._part(least))

    def _part(self, rate: float) -> float:
        if not self.other_tried or not self.hits:
            return 0.0
        return rate * self.tried / self.hits


_NONE = Hits(0, 0, 0, 0)


@dataclass(frozen=True)
class ReturnedValues:
    """What came back in one column.

    Attributes:
        column: Its name.
        rows, made: Synthetic rows with a rare training value, and all.
        hits, tried: Rare training values that came back, and all.
        by_unseen: Of those that one training row has, beside those that one unseen row has.
        published: The share of the training rows that have such a value.
        floor: The share of the rows of independent columns that have one.
        excess, low, high: The share of synthetic rows with one, beyond chance, and its ends.
        by_chance: The least part of them that chance explains (95 %).
        sure: Whether that is no chance.
        likely: Whether more come back than look-alikes of them.
        exposed: Positions of the training rows whose value came back.
    """

    column: str
    rows: int
    made: int
    hits: int
    tried: int
    by_unseen: Hits
    published: float
    floor: float
    excess: float
    low: float
    high: float
    by_chance: float
    sure: bool
    likely: bool
    exposed: NDArray[np.int64]

    @property
    def hidden(self) -> bool:
        """Whether chance surely explains most of what comes back, so that LIMIT cannot be ruled
        out: a real value among so many others cannot be told from them, and points to nobody."""
        return self.high >= LIMIT and self.by_chance >= MOST_CHANCE and not self.likely

    @property
    def red_from(self) -> float:
        """The share of synthetic rows from which on values that may be real are too many: LIMIT, or
        as many as chance gives where it hides them."""
        if not self.hidden:
            return LIMIT
        return max(LIMIT, self.by_chance * self.rows / self.made)

    @property
    def limit(self) -> float:
        """The red limit on the scale from 0 to what publishing the training rows would show."""
        return min(0.9, self.red_from / self.published)

    @property
    def light(self) -> Light:
        """Red where surely more than LIMIT came back; not known where as much may have as is
        red."""
        if self.sure and self.low >= LIMIT:
            return "red"
        if self.sure and self.excess >= TRACE * LIMIT:
            return "amber"
        return "green" if self.hidden or self.high < LIMIT else "not known"


def rare_values(data: AttackData, run: Run) -> Iterable[Leak]:
    """Values of fewer than FLOOR training rows (or persons) that no unseen row has, and the
    synthetic rows that have them.

    The same count for the rare values of unseen rows that no training row has is the control; so
    are look-alikes, which tell chance also where unseen rows are few. The column where most comes
    back stands for all; the table has the others.

    Args:
        data: The four tables, whole.
        run: Draws look-alikes.
    """
    columns = _compared(data.whole)
    found = []
    for column in columns:
        run.check()
        returned = returned_values(data.whole, column, run, len(columns))
        if returned is not None:
            found.append(returned)
    if not found:
        return  # no value points to a person: many hold it
    found.sort(key=lambda one: (-LIGHTS.index(one.light), one.hidden, -one.excess))
    yield _leak(found, data)


def personal_values(sets: Evidence, run: Run) -> Iterable[Leak]:
    """Columns of personal data of which the synthetic rows hold real values: red also without
    unseen rows."""
    for column in _compared(sets):
        if not column.personal or column.kind not in ("id", "text", "category"):
            continue
        train, _, synthetic, _ = _as_values(sets, column)
        real = np.unique(train.known)
        rows = np.isin(synthetic.known, real)
        share = float(rows.mean()) if len(rows) else 0.0
        if share < WITHOUT_CONTROL:
            continue
        if _beside_lookalikes(train, synthetic, real, run).by_chance >= CHANCE:
            continue
        why = (
            f"{percent(share)} of the synthetic rows have a real value of '{column.name}' "
            f"({column.personal})"
        )
        yield given_away(f"real values of '{column.name}'", why, "red", [column.name])


def kept_columns(train: Dataset) -> Iterable[Leak]:
    """Columns that the user keeps as they are although their values point to persons."""
    kept = [column for column in train.schema if _points(column, train)]
    if kept:
        named = listing([f"'{c.name}' ({c.personal or 'mostly rare values'})" for c in kept])
        words = "are learned as they are" if len(kept) > 1 else "is learned as it is"
        why = (
            f"{named} {words}, as option 'keep' asks: real values are generated, which may point "
            "to persons"
        )
        yield given_away("columns kept as they are", why, "amber", [c.name for c in kept])


def given_away(name: str, why: str, light: Light, columns: Sequence[str]) -> Leak:
    """What is no matter of chance, and so has no figure."""
    score = Score(
        "rare-values", name, None, better="low", why=why, light=light, columns=tuple(columns)
    )
    return Leak("rare-values", score, light, "", LIMIT)


def _points(column: Column, train: Dataset) -> bool:
    """Whether a column that is kept holds personal data, or mostly values of few rows."""
    if not column.kept or column.role == "ignore":
        return False
    if column.personal:
        return True
    if column.kind not in ("category", "text", "id"):
        return False
    values = train.frame[column.name].drop_nulls()
    counts = values.value_counts(name="rows")["rows"]
    return 2 * int(counts.filter(counts < FLOOR).sum()) > len(values)


def _compared(sets: Evidence) -> list[Column]:
    names = set(sets.synthetic.schema.names) & set(sets.holdout.schema.names)
    columns = [c for c in sets.train.schema if c.name in names and c.kind not in MEDIA]
    return [c for c in columns if c.kind != "boolean" and c.choice is None]


def _as_values(sets: Evidence, column: Column) -> tuple[Values, Values, Values, Values]:
    tables = (sets.train, sets.holdout, sets.synthetic, sets.floor)
    parts = [t.frame[column.name] if column.name in t.schema else None for t in tables]
    train, holdout, synthetic, floor = values_of(parts, column)
    return train, holdout, synthetic, floor


def returned_values(
    sets: Evidence, column: Column, run: Run, columns: int
) -> ReturnedValues | None:
    """What came back in one column; None where hardly a value is rare.

    Args:
        sets: The four tables.
        column: Which.
        run: Draws look-alikes.
        columns: How many columns are looked at in all.
    """
    train, holdout, synthetic, floor = _as_values(sets, column)
    ours = _held(train, entity_numbers(sets.train))
    theirs = _held(holdout, entity_numbers(sets.holdout))
    rare = _rarest(ours, FLOOR - 1, holdout)
    published = float(np.isin(train.known, rare).sum()) / max(1, len(train))
    with_rare = np.isin(synthetic.known, rare)
    came_back = np.unique(synthetic.known[with_rare])
    share = float(with_rare.sum()) / max(1, len(synthetic))
    if not len(rare) or not len(synthetic) or max(published, share) < LIMIT / 2:
        return None
    # a value that one real row has might as well be that of an unseen row
    singles = _rarest(ours, 1, holdout), _rarest(theirs, 1, train)
    by_unseen = _beside(*singles, synthetic)
    level = CHANCE / columns
    # the floor tells chance only where it does not leak itself, as it does of a column that is kept
    by_floor = _NONE
    if not column.kept and _beside(*singles, floor).by_chance >= level:
        by_floor = _beside_floor(rare, synthetic, floor)
    alike, sure, likely = _NONE, False, False
    if share >= TRACE * LIMIT:
        alike = _beside_lookalikes(train, synthetic, rare, run)
        allowed = level
        if not by_unseen.other_hits and _unlike_real(ours, synthetic, holdout):
            allowed = CHANCE_BESIDE_FEW
        pointing = max(by_unseen.chance, alike.chance, by_floor.chance) < MOST_CHANCE
        sure = pointing and by_unseen.by_chance < allowed and alike.by_chance < level
        if not by_unseen.other_hits and not train.are_numbers:
            sure |= _oversampled(synthetic, train, holdout, came_back, level)
        unsure = not by_unseen.other_hits or by_unseen.by_chance < LIKELY
        likely = pointing and unsure and alike.by_chance < LIKELY
    beyond = _beyond(share, by_unseen, alike, by_floor)
    return ReturnedValues(
        column.name,
        int(with_rare.sum()),
        len(synthetic),
        len(came_back),
        len(rare),
        by_unseen,
        published,
        float(np.isin(floor.known, rare).sum()) / max(1, len(floor)),
        beyond.value,
        beyond.low if sure else 0.0,
        beyond.high,
        beyond.by_chance,
        sure,
        likely,
        train.places[np.isin(train.known, came_back)] if sure else _NOBODY,
    )


class _Beyond(NamedTuple):
    value: float
    low: float
    high: float
    by_chance: float


def _beyond(share: float, by_unseen: Hits, alike: Hits, by_floor: Hits) -> _Beyond:
    """The share of synthetic rows with a rare value beyond chance, its ends, and the least part
    that chance explains by any of the three."""
    controls = (by_unseen, alike, by_floor)
    value = low = share * (1 - max(control.chance for control in controls))
    high = share * (1 - max(by_unseen.chance, alike.chance))
    by_chance = max(control.ends[1] for control in controls)
    if by_unseen.other_hits:
        low, most = (share * (1 - end) for end in by_unseen.ends)
        high = max(high, most)
    return _Beyond(value, low, max(value, min(high, share * (1 - by_chance))), by_chance)


def _held(values: Values, persons: NDArray[np.int64] | None) -> _Held:
    """The values, and how many rows, or rows of how many persons, hold each."""
    if persons is None:
        return _Held(*np.unique(values.known, return_counts=True))
    found, at = np.unique(values.known, return_inverse=True)
    held = np.unique(np.stack([at, persons[values.places]]), axis=1)[0]
    return _Held(found, np.bincount(held, minlength=len(found)))


def _rarest(held: _Held, most: int, without: Values | None) -> NDArray[Any]:
    """The values that at most so many hold, and that others do not have."""
    found = held.values[held.holders <= most]
    return found if without is None else found[~np.isin(found, without.known)]


def _beside(ours: NDArray[Any], theirs: NDArray[Any], synthetic: Values) -> Hits:
    hits, others = (int(np.isin(values, synthetic.known).sum()) for values in (ours, theirs))
    return Hits(hits, len(ours), others, len(theirs))


def _unlike_real(ours: _Held, synthetic: Values, holdout: Values) -> bool:
    """Whether values of few training rows come back far more rarely than in unseen rows, or these
    have none: what comes back is then no matter of how often real values are alike."""
    rare = _rarest(ours, FLOOR - 1, None)
    made, unseen = (
        int(np.isin(part.known, rare).sum()) / max(1, len(part)) for part in (synthetic, holdout)
    )
    return not unseen or made < unseen / 2


def _beside_lookalikes(train: Values, synthetic: Values, rare: NDArray[Any], run: Run) -> Hits:
    """Rare values beside look-alikes of them; no two values are alike by chance that are written
    with full precision."""
    if train.exact:
        return Hits(int(np.isin(rare, synthetic.known).sum()), len(rare), 0, EACH * len(rare))
    rng = run.rng("auditing", "rare-values", train.name)
    like = rare if len(rare) <= MOST else np.sort(rng.choice(rare, MOST, replace=False))
    alike = lookalikes(train, like, rng)
    return _beside(rare, alike[~np.isin(alike, train.known)], synthetic)


def _beside_floor(rare: NDArray[Any], synthetic: Values, floor: Values) -> Hits:
    """Synthetic rows with a rare number beside those of independent columns, which draw numbers
    between training rows; other values are training rows' own there, too, and tell nothing."""
    if not synthetic.are_numbers:
        return _NONE
    made, others = (int(np.isin(part.known, rare).sum()) for part in (synthetic, floor))
    return Hits(made, len(synthetic), others, len(floor))


def _oversampled(
    synthetic: Values,
    train: Values,
    holdout: Values,
    came_back: NDArray[Any],
    level: float,
) -> bool:
    """Whether single words are repeated in the synthetic rows far more often than real rows have
    them."""
    from scipy.stats import binom

    share = len(synthetic) / (len(synthetic) + len(train) + len(holdout))
    rows = 0
    for value in came_back:
        made = int((synthetic.known == value).sum())
        held = int((train.known == value).sum())
        if float(binom.sf(made - 1, made + held, share)) < level / len(came_back):
            rows += made
    return rows >= LIMIT * len(synthetic)


def _leak(found: list[ReturnedValues], data: AttackData) -> Leak:
    worst = found[0]
    held = "persons" if data.whole.train.schema.of_role("entity") else "training rows"
    unseen = worst.by_unseen
    by_chance = (
        f"{unseen.hits:,} of {unseen.tried:,} that one row has; of {unseen.other_tried:,} that one "
        f"unseen row has, {unseen.other_hits:,} do"
    )
    sentence = (
        f"Values that fewer than {FLOOR} {held} hold come back most in '{worst.column}': "
        f"{worst.rows:,} of {worst.made:,} synthetic rows "
        f"({percent(worst.rows / worst.made)}) have one, {worst.hits:,} of {worst.tried:,} such "
        f"values come back, {by_chance}."
    )
    also = [one.column for one in found[1:] if one.light == worst.light != "green"]
    if also:
        sentence += f" So they do in {quoted(also)}."
    hidden = [one for one in found if one.light == "green" and one.hidden]
    if hidden:
        most = percent(max(one.high for one in hidden))
        sentence += (
            f" In {quoted([one.column for one in hidden])} chance alone gives most of such values: "
            f"real ones among them, in up to {most} of the rows, point to nobody, and would not be "
            "seen."
        )
    scale = worst.published
    figures: Mapping[str, float] = {
        "could_have_missed": max(0.0, min(1.0, worst.high / scale)),
        "limit": worst.limit,
        "share": worst.rows / worst.made,
        "values": worst.hits,
        "values_by_chance": unseen.other_hits,
    }
    score = Score(
        "rare-values",
        RARE_VALUES,
        min(1.0, worst.excess / scale),
        min(1.0, worst.floor / scale),
        1.0,
        "low",
        sentence,
        table=_table(found),
        interval=(min(1.0, worst.low / scale), min(1.0, worst.high / scale)),
        figures=figures,
        light=worst.light,
        columns=(worst.column, *also) if worst.light in ("red", "amber") else (),
    )
    exposed = [one.exposed for one in found if one.light in ("red", "amber")]
    places = np.intersect1d(np.concatenate([_NOBODY, *exposed]), data.train.places)
    return Leak(
        "rare-values",
        score,
        worst.light,
        _reason(worst),
        worst.limit,
        places,
        "a rare value comes back exactly",
    )


def _reason(worst: ReturnedValues) -> str:
    beyond = f"{percent(worst.excess)} of the synthetic rows beyond chance"
    match worst.light:
        case "red":
            return f"This is a leak: {beyond}; it is red from {percent(LIMIT)} on."
        case "amber":
            return f"Some values surely come back: {beyond}; it is red from {percent(LIMIT)} on."
        case "not known":
            return "There are too few unseen rows to tell this from chance."
    if not worst.rows:
        return "None comes back."
    if worst.hidden:
        return f"Chance explains {percent(worst.by_chance)} of them at least."
    return "No more come back than look-alikes of them, or too few to matter."


def _table(found: list[ReturnedValues]) -> Table:
    rows = []
    for one in found:
        hits = one.by_unseen
        unseen = hits.other_hits / hits.other_tried if hits.other_tried else None
        rows.append((one.column, one.rows / one.made, one.hits / one.tried, unseen, one.published))
    titles = (
        "column",
        "synthetic rows with a rare value",
        "rare values that come back",
        "those of unseen rows",
        "training rows with one",
    )
    return Table(titles, tuple(rows), "Rare values that come back, column by column")
