"""The columns that an outcome is learned from, as numbers: bins and levels for trees, a
second-order surface for a linear model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from tidemill.core import checked_values as checked
from tidemill.core.checked_arrays import reals
from tidemill.core.dataset import Dataset
from tidemill.core.persons import FEWEST_PERSONS, level_counts
from tidemill.core.schema import Column, Schema
from tidemill.supervised.arrays import Floats, as_floats
from tidemill.supervised.levels import frequent_levels, level_codes
from tidemill.synthesis.outcome_texts import OutcomeText

MOST_LEVELS = 100
"""Levels of a category that are told apart; rarer ones count as one."""
BINS = 64
"""Bins of a number."""
HINGES = 9
"""Places where the surface may bend along a number."""
LINEAR_LEVELS = 30
"""Levels that have a term of their own in the surface."""
FACTORS = 10
"""Terms whose products are in the surface, too."""
ROWS_A_TERM = 20
"""Rows that stand behind every term of the surface, at least."""
COMMON = 0.05
"""A level is multiplied with others where so large a share of the rows has it, and lacks it."""
_KINDS = ("number", "datetime", "category", "boolean")


@dataclass(frozen=True, slots=True)
class OutcomeFeature:
    """A column that an outcome is learned from.

    Attributes:
        name: Of the column.
        levels: Of a category, the most frequent first; each of FEWEST_PERSONS persons or more.
        edges: (b - 1,) bounds between the bins of a number, at least FEWEST_PERSONS persons apart.
        low, high: Of a number, beyond which the surface is flat: the means of the smallest and of
            the largest values, of FEWEST_PERSONS persons each.
        nullable: Whether values were missing.
        score: Of a column of texts, which of its scores it is, a number; None for other columns.
    """

    name: str
    levels: tuple[str, ...] | None
    edges: tuple[float, ...] = ()
    low: float = 0.0
    high: float = 0.0
    nullable: bool = False
    score: int | None = None

    @staticmethod
    def learned(column: Column, values: pl.Series, persons: np.ndarray | None) -> OutcomeFeature:
        """The levels or bins of a column; ``persons`` are whose each value is."""
        nullable = bool(values.null_count())
        if column.kind in ("category", "boolean"):
            texts = values.cast(pl.String)
            counts = level_counts(texts, persons)
            frequent = set(counts.filter(pl.col("persons") >= FEWEST_PERSONS)["level"])
            levels = [x for x in frequent_levels(texts, MOST_LEVELS) if x in frequent]
            return OutcomeFeature(column.name, tuple(levels), nullable=nullable)
        numbers = as_floats(values)
        here = np.flatnonzero(np.isfinite(numbers))
        order = here[np.argsort(numbers[here], kind="stable")]
        numbers, whose = numbers[order], order if persons is None else persons[order]
        first, last = _enough(whose), _enough(whose[::-1])
        if first + last > len(numbers):
            return OutcomeFeature(column.name, None, nullable=nullable)
        edges = _edges(numbers, whose, len(numbers) - last)
        low, high = float(numbers[:first].mean()), float(numbers[-last:].mean())
        return OutcomeFeature(column.name, None, edges, low, high, nullable)

    def codes(self, values: pl.Series) -> Floats:
        """(n,) the bin or level of each row; not-a-number where a number is missing. Levels that
        are not told apart share the code behind the last; missing ones have the one behind it."""
        if self.levels is not None:
            others = len(self.levels)
            return level_codes(values, self.levels, other=others, missing=others + 1)
        numbers = as_floats(values)
        code = np.searchsorted(np.array(self.edges), numbers, side="right").astype(float)
        return np.where(np.isnan(numbers), np.nan, code)

    @property
    def groups(self) -> int:
        """How many codes there are, a missing value among them."""
        return len(self.edges) + 2 if self.levels is None else len(self.levels) + 2

    def group(self, values: pl.Series) -> np.ndarray:
        """(n,) the codes as positions, a missing value last."""
        return np.nan_to_num(self.codes(values), nan=self.groups - 1).astype(int)


def _enough(whose: np.ndarray) -> int:
    """How many of some rows, from the first on, are those of enough persons; one more than there
    are where all are not."""
    first = np.sort(np.unique(whose, return_index=True)[1])
    return int(first[FEWEST_PERSONS - 1]) + 1 if len(first) >= FEWEST_PERSONS else len(whose) + 1


def _edges(numbers: Floats, whose: np.ndarray, end: int) -> tuple[float, ...]:
    """Bounds half-way between sorted numbers, so that about equally many lie in each bin, of enough
    persons; none behind place ``end``."""
    values, first = np.unique(numbers, return_index=True)
    least = max(FEWEST_PERSONS, len(numbers) // BINS)
    edges: list[float] = []
    begin = 0
    persons: set[int] = set()
    for at in range(1, len(values)):
        if len(persons) < FEWEST_PERSONS:
            persons.update(whose[first[at - 1] : first[at]].tolist())
        enough = first[at] - begin >= least and len(persons) >= FEWEST_PERSONS
        if enough and len(numbers) - first[at] >= least and first[at] <= end:
            edges.append(float((values[at - 1] + values[at]) / 2))
            begin, persons = int(first[at]), set()
    return tuple(edges)


@dataclass(frozen=True)
class OutcomeDesign:
    """What rows look like to a model of an outcome.

    Attributes:
        features: The columns, and behind them the scores of texts.
        knots: Per feature, where the surface bends along it.
        shown: Per feature, how many of its levels have a term.
        factors: Positions of the terms whose products are terms, too.
        middle, spread: (p,) mean and standard deviation of each term.
        texts: What gives texts their scores.
    """

    features: tuple[OutcomeFeature, ...]
    knots: tuple[tuple[float, ...], ...]
    shown: tuple[int, ...]
    factors: tuple[int, ...]
    middle: Floats
    spread: Floats
    texts: tuple[OutcomeText, ...] = ()

    @staticmethod
    def learned(
        data: Dataset,
        columns: Sequence[Column],
        outcome: Floats,
        persons: np.ndarray | None,
        scored: Sequence[tuple[OutcomeText, Floats]] = (),
    ) -> OutcomeDesign:
        """The design of these columns.

        Args:
            data: The rows to learn from.
            columns: Those that are features.
            outcome: (n,) whose strongest factors are multiplied.
            persons: (n,) whose each row is; None where each is a person of its own.
            scored: Columns of texts, and the scores of these rows as
                :meth:`OutcomeText.learned` gives them.
        """
        values = [data[column.name] for column in columns]
        features = [
            OutcomeFeature.learned(column, series, persons)
            for column, series in zip(columns, values, strict=True)
        ]
        for text, scores in scored:
            for place, series in enumerate(_as_series(scores)):
                found = OutcomeFeature.learned(Column(text.name, "number"), series, persons)
                features.append(replace(found, score=place))
                values.append(series)
        texts = tuple(text for text, _ in scored)
        return OutcomeDesign._shaped(tuple(features), values, outcome, texts)

    @staticmethod
    def _shaped(
        features: tuple[OutcomeFeature, ...],
        values: Sequence[pl.Series],
        outcome: Floats,
        texts: tuple[OutcomeText, ...],
    ) -> OutcomeDesign:
        """The design of these features, whose values are given."""
        rows = len(outcome)
        numeric = sum(feature.levels is None for feature in features)
        most = rows // ROWS_A_TERM
        hinges = min(HINGES, most // max(2 * numeric, 1))
        knots = tuple(_knots(feature, hinges) for feature in features)
        shown = tuple(min(len(f.levels or ()), LINEAR_LEVELS) for f in features)
        empty = np.zeros(0)
        design = OutcomeDesign(features, knots, shown, (), empty, empty, texts)
        terms = design._terms(values)
        factors = _factors(terms, design._numbers(), outcome, most - terms.shape[1])
        design = replace(design, factors=factors)
        terms = design._terms(values)
        spread = terms.std(axis=0)
        spread[spread <= 1e-12 * np.maximum(np.abs(terms).max(axis=0, initial=0), 1e-300)] = np.inf
        return replace(design, middle=terms.mean(axis=0), spread=spread)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns, those of texts at the end."""
        return tuple(dict.fromkeys(feature.name for feature in self.features))

    def values(self, data: Dataset, scores: Sequence[Floats] | None = None) -> list[pl.Series]:
        """What each feature is of these rows.

        Args:
            data: The rows; they may lack columns of texts, which then say nothing.
            scores: (n, outputs) of each column of texts, where they are not what the model makes of
                them: of rows that it was learned from.
        """
        if scores is None:
            scores = []
            for text in self.texts:
                none = pl.repeat(None, len(data), dtype=pl.String, eager=True)
                own = data[text.name] if text.name in data.schema else none
                scores.append(text.scores(own))
        plain = [data[feature.name] for feature in self.features if feature.score is None]
        return [*plain, *(series for own in scores for series in _as_series(own))]

    def codes(self, values: Sequence[pl.Series]) -> Floats:
        """(n, f) bins and levels, for trees, of what :meth:`values` gives."""
        pairs = zip(self.features, values, strict=True)
        return np.column_stack([feature.codes(series) for feature, series in pairs])

    def surface(self, values: Sequence[pl.Series]) -> Floats:
        """(n, p) standardised terms, for a linear model, of what :meth:`values` gives."""
        return np.asarray((self._terms(values) - self.middle) / self.spread)

    def _numbers(self) -> list[int]:
        """Positions of the terms that are a number itself."""
        found, at = [], 0
        for feature, knots, shown in zip(self.features, self.knots, self.shown, strict=True):
            if feature.levels is None:
                found.append(at)
                at += 1 + len(knots) + feature.nullable
            else:
                at += shown + feature.nullable
        return found

    def _terms(self, values: Sequence[pl.Series]) -> Floats:
        terms: list[Floats] = []
        every = zip(self.features, self.knots, self.shown, values, strict=True)
        for feature, knots, shown, series in every:
            if feature.levels is None:
                terms.append(_bent(feature, knots, as_floats(series)))
            else:
                code = feature.codes(series)[:, None]
                terms.append((code == np.arange(shown)).astype(float))
                if feature.nullable:
                    terms.append((code == len(feature.levels) + 1).astype(float))
        plain = np.concatenate(terms, axis=1)
        factors = plain[:, list(self.factors)]
        pairs = list(combinations(range(len(self.factors)), 2))
        products = [factors[:, i] * factors[:, j] for i, j in pairs]
        return np.column_stack([plain, *products]) if products else plain

    def to_state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """JSON and arrays."""
        features = []
        for feature in self.features:
            levels = None if feature.levels is None else list(feature.levels)
            features.append(
                {
                    "name": feature.name,
                    "levels": levels,
                    "edges": list(feature.edges),
                    "low": feature.low,
                    "high": feature.high,
                    "nullable": feature.nullable,
                    "score": feature.score,
                }
            )
        document: dict[str, Any] = {
            "features": features,
            "knots": [list(knots) for knots in self.knots],
            "shown": list(self.shown),
            "factors": list(self.factors),
            "texts": [],
        }
        arrays = {"middle": self.middle, "spread": self.spread}
        for at, text in enumerate(self.texts):
            own, more = text.to_state(f"text.{at:03d}")
            document["texts"].append(own)
            arrays |= more
        return document, arrays

    @staticmethod
    def from_state(
        document: Mapping[str, Any], arrays: Mapping[str, np.ndarray], schema: Schema
    ) -> OutcomeDesign:
        """The design of this state.

        Raises:
            KeyError, SchemaError, TypeError, ValueError: It is none, or not of these columns.
        """
        texts = tuple(
            OutcomeText.from_state(own, arrays, f"text.{at:03d}", schema)
            for at, own in enumerate(document["texts"])
        )
        features = []
        for state in document["features"]:
            column = schema[state["name"]]  # raises where there is none
            score = state["score"]
            levels = None
            if state["levels"] is not None:
                levels = tuple(map(checked.text, state["levels"]))
            if (levels is None) == (column.kind in ("category", "boolean")):
                raise ValueError("a feature is of another kind than its column")
            edges = tuple(checked.number(edge) for edge in state["edges"])
            low, high = checked.number(state["low"]), checked.number(state["high"])
            nullable = checked.truth(state["nullable"])
            if (
                len(levels or ()) > MOST_LEVELS
                or len(edges) > 2 * BINS
                or list(edges) != sorted(edges)
            ):
                raise ValueError("a feature has too many levels or bins, or these in no order")
            features.append(OutcomeFeature(column.name, levels, edges, low, high, nullable, score))
        scores = [feature.score for feature in features]
        known = [(text.name, at) for text in texts for at in range(text.outputs)]
        first = len(features) - len(known)
        if not features:
            raise ValueError("there is no feature")
        if (
            first < 0
            or any(score is not None for score in scores[:first])
            or [(feature.name, feature.score) for feature in features[first:]] != known
        ):
            raise ValueError("the scores of texts do not stand behind the columns, one by one")
        knots = tuple(tuple(map(checked.number, own)) for own in document["knots"])
        shown = tuple(
            checked.whole(some, 0, len(feature.levels or ()))
            for some, feature in zip(document["shown"], features, strict=True)
        )
        if len(knots) != len(features) or any(len(own) > HINGES for own in knots):
            raise ValueError("the surface bends too often")
        factors = tuple(document["factors"])
        empty = np.zeros(0)
        design = OutcomeDesign(tuple(features), knots, shown, factors, empty, empty, texts)
        width = design._width()
        checked.wholes(factors, 0, width - 1)
        if len(factors) > FACTORS:
            raise ValueError("the surface has too many products")
        shape = (width + len(factors) * (len(factors) - 1) // 2,)
        middle = reals(arrays, "middle", np.float64, shape)
        spread = reals(arrays, "spread", np.float64, shape, infinite=True)
        if not (spread > 0).all():
            raise ValueError("a term of the surface has no spread")
        return replace(design, middle=middle, spread=spread)

    def _width(self) -> int:
        """Terms without products."""
        width = 0
        for feature, knots, shown in zip(self.features, self.knots, self.shown, strict=True):
            width += feature.nullable
            width += 1 + len(knots) if feature.levels is None else shown
        return width


def _as_series(scores: Floats) -> list[pl.Series]:
    """Each column of scores, (n,), missing where it is not a number."""
    return [pl.Series(own).fill_nan(None) for own in scores.T]


def feature_columns(schema: Schema, without: Sequence[str] = ()) -> list[Column]:
    """The columns that an outcome may be learned from."""
    return [c for c in schema.modelled if c.kind in _KINDS and c.name not in without]


def _knots(feature: OutcomeFeature, hinges: int) -> tuple[float, ...]:
    """Bounds between bins, evenly spread over the rows."""
    edges = feature.edges
    if hinges < 1 or not edges:
        return ()
    at = np.linspace(0, len(edges) - 1, min(hinges, len(edges))).round().astype(int)
    return tuple(edges[i] for i in dict.fromkeys(at.tolist()))


def _bent(feature: OutcomeFeature, knots: Sequence[float], numbers: Floats) -> Floats:
    """(n, 1 + knots [+ 1]) a number, what lies above each knot, and whether it is missing. A
    missing one stands at the middle bound."""
    missing = np.isnan(numbers)
    middle = feature.edges[len(feature.edges) // 2] if feature.edges else feature.low
    within = np.where(missing, middle, np.clip(numbers, feature.low, feature.high))
    terms = [within, *(np.maximum(within - knot, 0) for knot in knots)]
    if feature.nullable:
        terms.append(missing.astype(float))
    return np.column_stack(terms)


def _factors(terms: Floats, numbers: Sequence[int], outcome: Floats, room: int) -> tuple[int, ...]:
    """The terms that go along with the outcome most, as many as there is room for their
    products."""
    most = FACTORS
    while most > 1 and most * (most - 1) // 2 > room:
        most -= 1
    if most < 2:
        return ()
    share = terms.mean(axis=0)
    is_level = np.all((terms == 0) | (terms == 1), axis=0)
    allowed = is_level & (share >= COMMON) & (share <= 1 - COMMON)
    allowed[list(numbers)] = True
    spread = terms.std(axis=0)
    allowed &= spread > 0
    centred = outcome - outcome.mean()
    tie = np.abs((terms - share).T @ centred) / np.where(spread > 0, spread, np.inf)
    order = np.argsort(-np.where(allowed, tie, -1), kind="stable")
    return tuple(sorted(int(i) for i in order[:most] if allowed[i]))
