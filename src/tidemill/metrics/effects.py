"""Whether what each column says of the target, the others held equal, is the same in synthetic
rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tidemill.core.one_thread import one_thread
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.core.words import number, plural, points, quoted
from tidemill.supervised.arrays import FeatureLayout, Features, Floats, features
from tidemill.supervised.auc import NORMAL_95
from tidemill.supervised.sampling import Sides, affordable, sides
from tidemill.supervised.targets import Targets, targets

MOST_ROWS = 50_000
CELLS = 2_000_000
FEWEST_ROWS = 100
MOST_COLUMNS = 40
"""Of wider tables, those columns are looked at that go with the target most."""
MOST_LEVELS = 8
LEVEL_ROWS = 20
"""Fewer rows of a level, in held-out or in training rows, are no level of their own."""
TAIL = 0.01
"""Numbers beyond these quantiles of real rows count as if they lay there."""
CLEAR = 4.0
"""An effect is looked at that lies so many standard errors from 0 in all real rows together."""
SURE = 20.0
"""Effects count by how many standard errors they lie from 0, up to so many."""
TINY = 1e-300
IN_OTHER_WORDS = 0.95
"""A column that explains more of the target's variance alone is the answer in other words."""
OWN = 0.1
"""A column of which the others explain all but so much is told by them."""
WIDEST = 0.25
"""Where the share that a real sample keeps is less sure than this, nothing is said."""
EXTREME = 3.0
"""No single effect counts for more than so many times itself."""
PRESENT_ROWS = 5
"""A level of fewer rows is none."""
BINS = 32
RIDGE = 1e-6
FURTHEST = 3.0
"""An effect that is so many standard errors off is named."""
MOST_SHOWN = 10
KEPT, DISTANCE = "effects kept (share)", "effects (distance)"


@dataclass(frozen=True)
class LinearContrast:
    """A difference between rows, by one column.

    Attributes:
        column: Its name.
        words: What is compared with what.
        weights: (terms,) of the coefficients.
        term: Where its rows are counted: the term of a level; None for a number.
    """

    column: str
    words: str
    weights: Floats
    term: int | None


@dataclass(frozen=True)
class Estimates:
    """The effects in one set of rows.

    Attributes:
        value: (contrasts, outcomes).
        variance: (contrasts, contrasts, outcomes).
    """

    value: Floats
    variance: Floats


def effects(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How much of what each column says of the target, the others held equal, is found again.

    A linear model of the target on all other columns (of each class, where it is a category: a
    linear probability model) is fitted to each set of rows. An effect is the difference in the
    target that goes with one standard deviation more of a number, or with a level against all
    others. Effects that stand out in real rows (training and held-out ones together) are compared:
    the mean over columns of the effect found in a set of rows, in terms of the real one, divided by
    the same in held-out rows.

    Columns that are the target in other words, or told by others, are left out; numbers are cut off
    at their 1 % and 99 % quantiles.

    Floor: rows of independent columns, which have no effects. Ceiling: training rows in the place
    of the synthetic ones.

    Args:
        evidence: The sets; without a target the Scores have no value.
        run: Draws the rows.
    """
    columns = evidence.train.schema.modelled
    taken = sides(
        evidence, run, "effects", most=affordable(len(columns), cells=CELLS, most=MOST_ROWS)
    )
    target = targets((taken.ceiling, *taken))
    why = target if isinstance(target, str) else _obstacle(target, taken)
    if why or isinstance(target, str):
        yield from _unknown(why)
        return
    compared = _Comparison(target, taken)
    if compared.why:
        yield from _unknown(compared.why)
        return
    yield from compared.scores()


def _unknown(why: str) -> Iterator[Score]:
    yield Score("effects", KEPT, None, better="ceiling", why=why)
    yield Score("effects", DISTANCE, None, better="low", why=why)


def _obstacle(target: Targets, taken: Sides) -> str:
    names = ("held-out", "synthetic", "floor's", "training")
    for name, values in zip(names, target.values[1:], strict=True):
        here = int((~np.isnan(values)).sum())
        if here < FEWEST_ROWS:
            return (
                f"{plural(here, 'row')} of the {name} ones have a target; {FEWEST_ROWS} are needed"
            )
    return "" if len(taken.real.schema.modelled) > 1 else "there is no column but the target"


class _Comparison:
    """The effects in held-out, synthetic, floor's and training rows.

    Attributes:
        why: Why they cannot be compared; empty where they can.
    """

    def __init__(self, target: Targets, taken: Sides) -> None:
        self.target, self.taken = target, taken
        names = [c for c in taken.real.schema.modelled if c.name != target.column]
        layout, parts = features(tuple(taken), names)
        rows, outcomes = [], []
        real_values = np.concatenate([target.values[1], target.values[4]])
        self.scale = _Outcomes(target.classes, real_values)
        for part, values in zip(parts, target.values[1:], strict=True):
            known = ~np.isnan(values)
            rows.append(part.rows(known))
            outcomes.append(self.scale(values[known]))
        design = _Design(layout, rows[0], rows[3])
        matrices = [design(part) for part in rows]
        real = np.concatenate([matrices[0], matrices[3]])
        with one_thread():
            kept, self.answers = _worth(design, real, np.concatenate([outcomes[0], outcomes[3]]))
            self.contrasts = design.contrasts(kept, real[:, kept].mean(axis=0))
            self.real, self.synthetic, self.floor, self.ceiling = (
                _fitted(matrix[:, kept], outcome, self.contrasts)
                for matrix, outcome in zip(matrices, outcomes, strict=True)
            )
        self._choose()

    def _choose(self) -> None:
        """Which effects stand out, and how much each counts."""
        self.middle = (self.real.value + self.ceiling.value) / 2
        own = np.einsum("iik->ik", self.real.variance + self.ceiling.variance) / 4
        clear = np.abs(self.middle) > CLEAR * np.sqrt(own)
        clear &= own > 0
        self.at = np.argwhere(clear)
        self.why = ""
        if not len(self.at):
            self.why = (
                f"no other column goes clearly with '{self.target.column}' in the real rows, the "
                "others held equal"
            )
            return
        of_column = [self.contrasts[i].column for i, _ in self.at]
        surety = np.minimum(np.abs(self.middle) / np.sqrt(np.maximum(own, TINY)), SURE)[clear]
        each: dict[str, list[float]] = {}
        for name, sure in zip(of_column, surety, strict=True):
            each.setdefault(name, []).append(sure)
        # a column counts by its surest effect, and shares that out among its effects
        share = [
            sure / sum(each[name]) * max(each[name])
            for name, sure in zip(of_column, surety, strict=True)
        ]
        self.weight = np.array(share) / sum(share)
        self.columns = tuple(each)
        if self._share(self.ceiling)[1] > WIDEST:
            self.why = (
                "the rows are too few to tell how large effects are: those of two real samples "
                "differ as much as lost ones would"
            )

    def _part(self, found: Estimates) -> Floats:
        """(effects,) what is found, in terms of the real effect."""
        i, k = self.at.T
        return np.clip(found.value[i, k] / self.middle[i, k], -EXTREME, EXTREME)

    def _share(self, found: Estimates) -> tuple[float, float]:
        """How much is found, in terms of what is found in held-out rows, and half the width of its
        95 % interval."""
        base = float(self.weight @ self._part(self.real))
        share = float(self.weight @ self._part(found)) / base
        error = self._variance(found) + share**2 * self._variance(self.real)
        return share, NORMAL_95 * sqrt(error) / abs(base)

    def _variance(self, found: Estimates) -> float:
        """Of the weighted mean of parts."""
        total = 0.0
        for k in range(found.value.shape[1]):
            here = self.at[:, 1] == k
            i = self.at[here, 0]
            weight = self.weight[here] / self.middle[i, k]
            total += float(weight @ found.variance[np.ix_(i, i, [k])][:, :, 0] @ weight)
        return max(total, 0.0)

    def _distance(self, found: Estimates) -> float:
        i, k = self.at.T
        return float(self.weight @ np.abs(found.value[i, k] - self.real.value[i, k]))

    def scores(self) -> Iterator[Score]:
        (value, half), (floor, _), (ceiling, _) = (
            self._share(found) for found in (self.synthetic, self.floor, self.ceiling)
        )
        yield Score(
            "effects",
            KEPT,
            value,
            floor,
            ceiling,
            "ceiling",
            sentence=self._sentence(value, half, floor, ceiling),
            table=self._table(),
            picture=self._picture(),
            figures={"effects": len(self.at), "columns": len(self.columns)},
            interval=(value - half, value + half),
        )
        made, apart, other = (self._distance(f) for f in (self.synthetic, self.floor, self.ceiling))
        yield Score(
            "effects",
            DISTANCE,
            made,
            apart,
            other,
            "low",
            sentence=f"On average an effect is off by {self.scale.said(made)}; in another real "
            f"sample by {self.scale.said(other)}, with unrelated columns by "
            f"{self.scale.said(apart)}{self.taken.note}.",
        )

    def _sentence(self, value: float, half: float, floor: float, ceiling: float) -> str:
        text = (
            f"What each column says of '{self.target.column}', the others held equal, is "
            f"{_whole(value)} as large in synthetic rows as in held-out real ones (95 % interval "
            f"{_whole(value - half)} to {_whole(value + half)}; mean over "
            f"{plural(len(self.columns), 'column')}), against {_whole(ceiling)} in another real "
            f"sample and {_whole(floor)} with unrelated columns{self.taken.note}."
        )
        order, off = self._furthest()
        if off[order[0]] > FURTHEST:
            i, k = self.at[order[0]]
            real, made = self.real.value[i, k], self.synthetic.value[i, k]
            text += (
                f" Furthest off is '{self.contrasts[i].column}' ({self._named(order[0])}): "
                f"{self.scale.signed(real)} in real rows, {self.scale.signed(made)} in synthetic "
                "ones."
            )
        if self.answers:
            text += f" Left out as the target in other words: {quoted(self.answers)}."
        return text

    def _named(self, at: int) -> str:
        """What is compared with what, and for which class."""
        i, k = self.at[at]
        return self.contrasts[i].words + self.scale.of(int(k))

    def _furthest(self) -> tuple[list[int], Floats]:
        """The effects, those first that are furthest off beyond chance, and how many standard
        errors each is off."""
        i, k = self.at.T
        off = self.synthetic.value[i, k] - self.real.value[i, k]
        both = self.synthetic.variance + self.real.variance
        errors = np.abs(off) / np.sqrt(both[i, i, k])
        return np.argsort(-errors, kind="stable").tolist(), errors

    def _table(self) -> Table:
        rows = []
        for at in self._furthest()[0][:MOST_SHOWN]:
            i, k = self.at[at]
            figures = (f.value[i, k] for f in (self.real, self.synthetic, self.ceiling))
            rows.append((self.contrasts[i].column, self._named(at), *map(_short, figures)))
        unit = "as a share" if self.target.classes else f"in units of '{self.target.column}'"
        return Table(
            ("column", "difference", "in held-out rows", "in synthetic rows", "in training rows"),
            tuple(rows),
            f"Effects that are furthest off ({unit})",
        )

    def _picture(self) -> Picture:
        order = self._furthest()[0][:MOST_SHOWN]
        names = [f"{self.contrasts[self.at[at, 0]].column}: {self._named(at)}" for at in order]
        i, k = self.at[order].T
        series = []
        for name, found in (("held-out rows", self.real), ("synthetic rows", self.synthetic)):
            series.append((name, tuple(map(_short, found.value[i, k]))))
        title = f"What goes with '{self.target.column}', the other columns held equal"
        return Picture("across", title, tuple(names), tuple(series))


def _whole(part: float) -> str:
    return f"{round(100 * part)} %"


def _short(value: float) -> float:
    return float(f"{value:.4g}")


class _Outcomes:
    """The target as one number a class, or a single one.

    Args:
        classes: Their names; empty for a number.
        values: Of real rows.
    """

    def __init__(self, classes: tuple[str, ...], values: Floats) -> None:
        known = values[~np.isnan(values)]
        self.classes = classes
        self.codes: Sequence[int] = ()
        self.low = self.high = 0.0
        if not classes:
            self.low, self.high = np.quantile(known, [TAIL, 1 - TAIL])
        elif len(classes) == 2:
            self.codes = (1,)
        else:
            counts = np.bincount(known.astype(int), minlength=len(classes))
            self.codes = [k for k in range(len(classes)) if counts[k] >= LEVEL_ROWS]

    def __call__(self, values: Floats) -> Floats:
        """(n,) codes or numbers -> (n, outcomes)."""
        if not self.classes:
            if self.low == self.high:
                return values[:, None]
            return np.clip(values, self.low, self.high)[:, None]
        return (values[:, None] == np.array(self.codes)).astype(float)

    def of(self, k: int) -> str:
        """Which outcome is meant, behind a difference."""
        return f", for '{self.classes[self.codes[k]]}'" if self.classes else ""

    def said(self, value: float) -> str:
        """The size of a difference in words."""
        return points(abs(value)) if self.classes else number(abs(value))

    def signed(self, value: float) -> str:
        """A difference in words, with its sign."""
        return f"{'-' if value < 0 else '+'}{self.said(value)}"


class _Design:
    """The columns as terms of a linear model: numbers, flags of missing ones, flags of levels.

    Args:
        layout: What the columns are.
        held, learned: Held-out and training rows, which say what is frequent.

    Attributes:
        terms: All of them, those of a column together.
    """

    def __init__(self, layout: FeatureLayout, held: Features, learned: Features) -> None:
        self.terms: list[_Term] = []
        for j, name in enumerate(layout.numbers):
            values = [held.numbers[:, j], learned.numbers[:, j]]
            self.terms += _number_terms(name, j, values)
        for j, name in enumerate(layout.categories):
            codes = [held.codes[:, j], learned.codes[:, j]]
            self.terms += _level_terms(name, j, codes, layout.levels[j])

    def __call__(self, rows: Features) -> Floats:
        """The rows as a matrix, (n, terms)."""
        return np.column_stack([np.zeros((len(rows), 0)), *(term(rows) for term in self.terms)])

    def contrasts(self, kept: NDArray[np.int64], shares: Floats) -> list[LinearContrast]:
        """The effects of the terms that are kept.

        Args:
            kept: Their positions.
            shares: (kept,) of the rows that are of each.
        """
        made = []
        for column in dict.fromkeys(self.terms[t].column for t in kept):
            own = [at for at, t in enumerate(kept) if self.terms[t].column == column]
            flags = [at for at in own if self.terms[kept[at]].levels]
            for at in own:
                term = self.terms[kept[at]]
                weights = np.zeros(len(kept))
                weights[at] = 1.0
                if not term.levels:
                    made.append(LinearContrast(column, f"a {term.words} more", weights, None))
                    continue
                others = [other for other in flags if other != at]
                weights[others] = -shares[others] / (1 - shares[at])
                if term.words:
                    against = term.left if len(flags) == 1 else "others"
                    made.append(
                        LinearContrast(column, f"{term.words} against {against}", weights, at)
                    )
            # the level that has no flag
            if len(flags) > 1:
                weights = np.zeros(len(kept))
                weights[flags] = -shares[flags] / shares[flags].sum()
                left = self.terms[kept[flags[0]]].left
                made.append(LinearContrast(column, f"{left} against others", weights, None))
        return made


@dataclass(frozen=True)
class _Term:
    """One column of the matrix.

    Attributes:
        column: The table's column.
        at: Its place among the numbers or the categories.
        words: What it is; "" for levels that are not looked at.
        levels: The codes that it flags; empty for a number or its missing ones.
        left: What the level is called that has no flag.
        cut: (low, high, mean, spread) of a number; None for a flag.
    """

    column: str
    at: int
    words: str
    levels: tuple[int, ...] = ()
    left: str = ""
    cut: tuple[float, float, float, float] | None = None

    def __call__(self, rows: Features) -> Floats:
        if self.cut is not None:
            low, high, mean, spread = self.cut
            standard = (np.clip(rows.numbers[:, self.at], low, high) - mean) / spread
            return np.nan_to_num(standard, nan=0.0)
        if self.levels == MISSING:
            return np.isnan(rows.numbers[:, self.at]).astype(float)
        return np.isin(rows.codes[:, self.at], self.levels).astype(float)


MISSING = (-1,)
"""The levels of a flag for missing numbers."""


def _number_terms(name: str, j: int, values: Sequence[Floats]) -> list[_Term]:
    both = np.concatenate(list(values))
    known = both[~np.isnan(both)]
    terms = []
    if len(known) and known.min() < known.max():
        low, high = np.quantile(known, [TAIL, 1 - TAIL])
        if low == high:
            low, high = known.min(), known.max()
        cut = np.clip(known, low, high)
        figures = (float(low), float(high), float(cut.mean()), float(cut.std()))
        terms.append(_Term(name, j, "standard deviation", cut=figures))
    if min(int(np.isnan(part).sum()) for part in values) >= LEVEL_ROWS:
        terms.append(_Term(name, j, "missing", MISSING, "the mean"))
    return terms


def _level_terms(
    name: str, j: int, codes: Sequence[NDArray[np.int32]], levels: Sequence[str]
) -> list[_Term]:
    size = len(levels) + 1
    fewest = np.min([np.bincount(part, minlength=size) for part in codes], axis=0)
    frequent = [int(k) for k in np.argsort(-fewest, kind="stable") if fewest[k] >= LEVEL_ROWS]
    if len(frequent) < 2:
        return []
    words = ["missing" if k == 0 else f"'{levels[k - 1]}'" for k in frequent[:MOST_LEVELS]]
    terms = []
    for level, said in zip(frequent[1:MOST_LEVELS], words[1:], strict=True):
        terms.append(_Term(name, j, said, (level,), words[0]))
    named = set(frequent[:MOST_LEVELS])
    others = tuple(k for k in range(size) if k not in named)
    if fewest[list(others)].sum() >= LEVEL_ROWS:
        terms.append(_Term(name, j, "", others, words[0]))
    return terms


def _worth(
    design: _Design, matrix: Floats, outcome: Floats
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The terms of columns that say something of their own, and the columns that are the target in
    other words.

    Args:
        design: Says what the terms are.
        matrix, outcome: Of real rows.
    """
    of_column: dict[str, list[int]] = {}
    for t, term in enumerate(design.terms):
        of_column.setdefault(term.column, []).append(t)
    explained = {name: _explained(matrix[:, own], outcome) for name, own in of_column.items()}
    answers = tuple(name for name, part in explained.items() if part > IN_OTHER_WORDS)
    order = sorted(explained, key=lambda name: -explained[name])
    centred = matrix - matrix.mean(axis=0)
    gram = centred.T @ centred
    kept: list[int] = []
    for name in [name for name in order if name not in answers][:MOST_COLUMNS]:
        own = [t for t in of_column[name] if gram[t, t] > 0]
        left = gram[np.ix_(own, own)]
        if kept:
            across = gram[np.ix_(kept, own)]
            inner = gram[np.ix_(kept, kept)]
            inner = inner + RIDGE * np.diag(np.diag(inner))
            left = left - across.T @ np.linalg.solve(inner, across)
        kept += [t for k, t in enumerate(own) if left[k, k] >= OWN * gram[t, t]]
    return np.sort(np.array(kept, int)), answers


def _explained(matrix: Floats, outcome: Floats) -> float:
    """The part of the variance of an outcome that a column explains, by its terms or by the bins of
    its first one."""
    ends = np.unique(np.quantile(matrix[:, 0], np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(ends, matrix[:, 0])
    flags = np.column_stack([matrix, np.eye(BINS)[bins]])
    centred = outcome - outcome.mean(axis=0)
    left = centred - flags @ np.linalg.lstsq(flags, centred, rcond=None)[0]
    spread = (centred**2).sum(axis=0)
    return float(np.max(1 - (left**2).sum(axis=0)[spread > 0] / spread[spread > 0], initial=0.0))


def _fitted(matrix: Floats, outcome: Floats, contrasts: Sequence[LinearContrast]) -> Estimates:
    """Least squares, with errors that hold whatever the spread of the residuals (White 1980)."""
    x = np.column_stack([matrix, np.ones(len(matrix))])
    gram = x.T @ x
    inverse = np.linalg.inv(gram + RIDGE * len(x) * np.eye(len(gram)))
    line = inverse @ (x.T @ outcome)
    weights = np.array([contrast.weights for contrast in contrasts])
    for contrast, own in zip(contrasts, weights, strict=True):
        # a level that is not there makes no difference
        if contrast.term is not None:
            rows = matrix[:, contrast.term].sum()
            if min(rows, len(matrix) - rows) < PRESENT_ROWS:
                own[:] = 0
    value = weights @ line[:-1]
    spread = weights @ inverse[:-1]
    variance = np.empty((len(weights), len(weights), outcome.shape[1]))
    for k in range(outcome.shape[1]):
        scores = x * (outcome[:, k] - x @ line[:, k])[:, None]
        variance[:, :, k] = spread @ (scores.T @ scores) @ spread.T
    return Estimates(value, variance)
