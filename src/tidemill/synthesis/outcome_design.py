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
    """

    name: str
    levels: tuple[str, ...] | None
    edges: tuple[float, ...] = ()
    low: float = 0.0
    high: float = 0.0
    nullable: bool = False

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
        features: The columns.
        knots: Per feature, where the surface bends along it.
        shown: Per feature, how many of its levels have a term.
        factors: Positions of the terms whose products are terms, too.
        middle, spread: (p,) mean and standard deviation of each term.
    """

    features: tuple[OutcomeFeature, ...]
    knots: tuple[tuple[float, ...], ...]
    shown: tuple[int, ...]
    factors: tuple[int, ...]
    middle: Floats
    spread: Floats

    @staticmethod
    def learned(
        data: Dataset, columns: Sequence[Column], outcome: Floats, persons: np.ndarray | None
    ) -> OutcomeDesign:
        """The design of these columns.

        Args:
            data: The rows to learn from.
            columns: Those that are features.
            outcome: (n,) whose strongest factors are multiplied.
            persons: (n,) whose each row is; None where each is a person of its own.
        """
        features = tuple(
            OutcomeFeature.learned(column, data[column.name], persons) for column in columns
        )
        numeric = sum(feature.levels is None for feature in features)
        most = len(data) // ROWS_A_TERM
        hinges = min(HINGES, most // max(2 * numeric, 1))
        knots = tuple(_knots(feature, hinges) for feature in features)
        shown = tuple(min(len(f.levels or ()), LINEAR_LEVELS) for f in features)
        empty = np.zeros(0)
        design = OutcomeDesign(features, knots, shown, (), empty, empty)
        terms = design._terms(data)
        factors = _factors(terms, design._numbers(), outcome, most - terms.shape[1])
        design = OutcomeDesign(features, knots, shown, factors, empty, empty)
        terms = design._terms(data)
        spread = terms.std(axis=0)
        spread[spread <= 1e-12 * np.maximum(np.abs(terms).max(axis=0, initial=0), 1e-300)] = np.inf
        return OutcomeDesign(features, knots, shown, factors, terms.mean(axis=0), spread)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(feature.name for feature in self.features)

    def codes(self, data: Dataset) -> Floats:
        """(n, f) bins and levels, for trees."""
        columns = [feature.codes(data[feature.name]) for feature in self.features]
        return np.column_stack(columns) if columns else np.zeros((len(data), 0))

    def surface(self, data: Dataset) -> Floats:
        """(n, p) standardised terms, for a linear model."""
        return np.asarray((self._terms(data) - self.middle) / self.spread)

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

    def _terms(self, data: Dataset) -> Floats:
        terms: list[Floats] = [np.zeros((len(data), 0))]
        for feature, knots, shown in zip(self.features, self.knots, self.shown, strict=True):
            values = data[feature.name]
            if feature.levels is None:
                terms.append(_bent(feature, knots, as_floats(values)))
            else:
                code = feature.codes(values)[:, None]
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
                }
            )
        document = {
            "features": features,
            "knots": [list(knots) for knots in self.knots],
            "shown": list(self.shown),
            "factors": list(self.factors),
        }
        return document, {"middle": self.middle, "spread": self.spread}

    @staticmethod
    def from_state(
        document: Mapping[str, Any], arrays: Mapping[str, np.ndarray], schema: Schema
    ) -> OutcomeDesign:
        """The design of this state.

        Raises:
            KeyError, SchemaError, TypeError, ValueError: It is none, or not of these columns.
        """
        features = []
        for state in document["features"]:
            column = schema[state["name"]]  # raises where there is none
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
            features.append(OutcomeFeature(column.name, levels, edges, low, high, nullable))
        knots = tuple(tuple(map(checked.number, own)) for own in document["knots"])
        shown = tuple(
            checked.whole(some, 0, len(feature.levels or ()))
            for some, feature in zip(document["shown"], features, strict=True)
        )
        if len(knots) != len(features) or any(len(own) > HINGES for own in knots):
            raise ValueError("the surface bends too often")
        factors = tuple(document["factors"])
        empty = np.zeros(0)
        design = OutcomeDesign(tuple(features), knots, shown, factors, empty, empty)
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
