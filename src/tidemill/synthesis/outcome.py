"""What an outcome is expected to be given all other columns, learned directly.

A second-order surface (ridge or logistic regression on bent numbers, levels and products of the
strongest terms), boosted trees for what it misses, and a last regression of what both miss on
*other* rows than they learned from: boosting alone flattens an effect, and that bias is what the
last step takes out (cross-fitting and a residual step as in double machine learning: Chernozhukov
et al. 2018, "Double/debiased machine learning for treatment and structural parameters").
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl

from tidemill.core import checked_values as checked
from tidemill.core.checked_arrays import reals
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ArtifactError
from tidemill.core.one_thread import one_thread
from tidemill.core.persons import (
    FEWEST_PERSONS,
    level_counts,
    persons_of,
    rows_a_person,
    sharing,
)
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.models.forest import Forest
from tidemill.supervised.arrays import Floats, as_floats
from tidemill.supervised.boosting import REPEATABLE
from tidemill.supervised.design import logistic
from tidemill.supervised.levels import frequent_levels, level_codes
from tidemill.supervised.log_odds import chances_of
from tidemill.synthesis.outcome_design import OutcomeDesign, OutcomeFeature, feature_columns
from tidemill.synthesis.outcome_texts import OutcomeText

FEWEST = 100
"""Rows with a known outcome that it is learned from, at least."""
MOST = 20_000
"""Of more rows, so many are learned from."""
MOST_CLASSES = 10
OTHERS = "any other level"
"""The class of all levels beyond the MOST_CLASSES most frequent ones, and of those of fewer than
FEWEST_PERSONS persons."""
SPLITS = 3
"""How often the rows are halved; each half learns, and is judged by the other."""
FULL_SPLITS = 12_000
"""Of more rows, they are halved less often."""
RIDGE = 1.0
ROUNDS, PATIENCE = 300, 15
PLAIN_ROUNDS, PLAIN_LEAVES = 100, 15
IN_LEAF = 10
"""Rows of a leaf at least."""
_BOOSTING: Mapping[str, Any] = {
    **REPEATABLE,
    "num_leaves": 15,
    "learning_rate": 0.1,
    "lambda_l2": 1.0,
    "max_bin": 255,
    "min_data_per_group": 10,
    "cat_smooth": 5.0,
}
ANSWERS = 0.95
"""A column that by itself explains so much of an outcome is the outcome in other words."""


@dataclass(frozen=True)
class OutcomeShift:
    """How far an outcome moves from one set of rows to another.

    Attributes:
        before, after: The mean of each.
        error: The standard error of the difference: of what was learned, not of the rows.
        rows: (n, 2) each row's own.
    """

    before: float
    after: float
    error: float
    rows: Floats = field(repr=False)


@dataclass
class _Side:
    """One half's model: a surface and trees on top of it."""

    weights: Floats
    trees: Forest
    booster: lgb.Booster | None = None


@dataclass
class Expectation:
    """The mean of one number, or the chance of one class, given the row.

    Attributes:
        is_chance: Whether it is a chance.
        sides: The models of the halves; their mean is the answer.
        correction: (1 + p,) of the surface's terms, for what they miss.
        spread: (1 + p, 1 + p) covariance of the correction.
        plain: Boosted trees by themselves, as a yardstick.
        constant: The answer where nothing was learned.
    """

    is_chance: bool
    sides: list[_Side]
    correction: Floats
    spread: Floats
    plain: Forest
    plain_booster: lgb.Booster | None = None

    def each(self, codes: Floats, terms: Floats) -> Floats:
        """(sides, n) what each half's model says."""
        ones = _with_one(terms)
        answers = []
        for side in self.sides:
            if side.booster is None:
                side.booster = _booster(side.trees, codes.shape[1])
            score = ones @ side.weights + _raw(side.booster, codes)
            answers.append(chances_of(score) if self.is_chance else score)
        return np.array(answers)

    def mean(self, codes: Floats, terms: Floats) -> Floats:
        """(n,) the answer."""
        return self._bounded(self.each(codes, terms).mean(axis=0) + self._missed(terms))

    def by_trees(self, codes: Floats) -> Floats:
        """(n,) the yardstick's answer."""
        if self.plain_booster is None:
            self.plain_booster = _booster(self.plain, codes.shape[1])
        score = _raw(self.plain_booster, codes)
        return chances_of(score) if self.is_chance else score

    def _missed(self, terms: Floats) -> Floats:
        return np.asarray(_with_one(terms) @ self.correction)

    def _bounded(self, answer: Floats) -> Floats:
        return np.clip(answer, 0, 1) if self.is_chance else answer

    def contrast(self, before: tuple[Floats, Floats], after: tuple[Floats, Floats]) -> OutcomeShift:
        """From rows to the same rows with other values, (codes, terms) each."""
        sides = [self.each(*rows) for rows in (before, after)]
        own = []
        for each, (_, terms) in zip(sides, (before, after), strict=True):
            own.append(self._bounded(each.mean(axis=0) + self._missed(terms)))
        moved = (after[1] - before[1]).mean(axis=0)
        moved = np.r_[0.0, moved]
        linear = float(moved @ self.spread @ moved)
        by_side = (sides[1] - sides[0]).mean(axis=1)
        error = float(np.sqrt(max(linear, 0.0) + by_side.var(ddof=1)))
        return OutcomeShift(float(own[0].mean()), float(own[1].mean()), error, np.column_stack(own))


@dataclass(frozen=True)
class OutcomeModel:
    """What one column is expected to be given others.

    Attributes:
        name: The column, or what is asked of it in words.
        classes: Of a category; the chance of each is learned. None for a number, whose mean is.
        design: The columns that it is learned from.
        parts: One for each class (of two, for the second only), or one for the number.
        rows: How many rows it was learned from.
        groups: Per feature, (groups, outcomes) the outcome's mean in each of its bins or levels;
            NaN where fewer than FEWEST_PERSONS persons are.
        explained: Per feature, the share of the outcome that its bins or levels explain.
    """

    name: str
    classes: tuple[str, ...] | None
    design: OutcomeDesign
    parts: tuple[Expectation, ...]
    rows: int
    groups: tuple[Floats, ...]
    explained: tuple[float, ...]

    @staticmethod
    def learned(
        data: Dataset,
        name: str,
        outcome: Floats,
        classes: tuple[str, ...] | None,
        without: Sequence[str],
        run: Run,
    ) -> OutcomeModel | None:
        """Learn an outcome; None where fewer than FEWEST rows know it, or it never varies.

        Args:
            data: The rows.
            name: Of the outcome.
            outcome: (n,) the number, or the position of the class; NaN where it is not known.
            classes: Their names; None for a number.
            without: Columns that it is not learned from, the outcome's own among them.
            run: Its seed.
        """
        known = np.flatnonzero(np.isfinite(outcome))
        rng = run.rng("outcome", name)
        if len(known) > MOST:
            known = np.sort(rng.choice(known, MOST, replace=False))
        outcome = outcome[known]
        columns = feature_columns(data.schema, without)
        texts = [column for column in data.schema.texts if column.name not in without]
        counts = np.unique(outcome, return_counts=True)[1]
        if len(known) < FEWEST or len(counts) < 2 or not (columns or texts):
            return None
        if classes is not None and np.sort(counts)[-2] < 2 * FEWEST_PERSONS:
            return None
        rows = data.rows(known)
        persons = persons_of(data)
        persons = None if persons is None else persons[known]
        least = max(IN_LEAF, math.ceil(FEWEST_PERSONS * rows_a_person(persons)))
        with one_thread():
            scored = []
            for column in texts:
                own = rng.spawn(1)[0]
                count = 0 if classes is None else len(classes)
                text = OutcomeText.learned(rows[column.name], outcome, count, persons, own)
                scored += [] if text is None else [text]
            if not columns and not scored:
                return None
            design = OutcomeDesign.learned(rows, columns, outcome, persons, scored)
            values = design.values(rows, [scores for _, scores in scored])
            codes, terms = design.codes(values), design.surface(values)
            labels = _labels(outcome, classes)
            halves = _halves(len(known), rng)
            parts = []
            for label in labels.T:
                run.check()
                is_chance = classes is not None
                parts.append(_expectation(design, codes, terms, label, halves, is_chance, least))
        is_pair = classes is not None and len(classes) == 2
        groups, explained = [], []
        for feature, series in zip(design.features, values, strict=True):
            group = feature.group(series)
            means, share = _by_group(group, feature.groups, labels, is_pair, persons)
            groups.append(means)
            explained.append(share)
        return OutcomeModel(
            name, classes, design, tuple(parts), len(known), tuple(groups), tuple(explained)
        )

    @staticmethod
    def of_column(
        data: Dataset, column: Column, run: Run, without: Sequence[str] = ()
    ) -> OutcomeModel | None:
        """Learn a column of the rows: a number's mean, a category's chances."""
        values = data[column.name]
        outcome, classes = outcome_of(values, column, persons_of(data))
        return OutcomeModel.learned(
            data, column.name, outcome, classes, [column.name, *without], run
        )

    def truth(self, values: pl.Series) -> Floats:
        """(n,) the outcome as it stands in its column: the number, or the place of the class;
        not-a-number where it is not known."""
        return as_floats(values) if self.classes is None else places_of(values, self.classes)

    def chances(self, data: Dataset) -> Floats:
        """(n, classes) the chance of each class."""
        return self._of_classes(np.column_stack(self._answers(data)))

    def means(self, data: Dataset) -> Floats:
        """(n,) the expected number."""
        return self._answers(data)[0]

    def _answers(self, data: Dataset) -> list[Floats]:
        codes, terms = self._seen(data)
        return [part.mean(codes, terms) for part in self.parts]

    def _of_classes(self, answers: Floats) -> Floats:
        if answers.shape[1] == 1:
            return np.column_stack([1 - answers[:, 0], answers[:, 0]])
        total = answers.sum(axis=1, keepdims=True)
        return np.asarray(answers / np.where(total > 0, total, 1.0))

    def _seen(self, data: Dataset) -> tuple[Floats, Floats]:
        values = self.design.values(data)
        return self.design.codes(values), self.design.surface(values)

    def contrast(self, before: Dataset, after: Dataset, place: int = 0) -> OutcomeShift:
        """From rows to the same rows with other values.

        Args:
            before, after: n rows each.
            place: Which class; 0 for a number.
        """
        part, is_first = self._part(place)
        found = part.contrast(self._seen(before), self._seen(after))
        if not is_first:
            return found
        return OutcomeShift(1 - found.before, 1 - found.after, found.error, 1 - found.rows)

    def shift_by_trees(self, before: Dataset, after: Dataset, place: int = 0) -> float:
        """The same by boosted trees alone."""
        part, is_first = self._part(place)
        seen = [self.design.codes(self.design.values(rows)) for rows in (before, after)]
        shift = float((part.by_trees(seen[1]) - part.by_trees(seen[0])).mean())
        return -shift if is_first else shift

    def _part(self, place: int) -> tuple[Expectation, bool]:
        """What is learned of a class, and whether it is the other one's chance: of two classes
        only the second is learned."""
        if self.classes is not None and len(self.parts) == 1:
            return self.parts[0], place == 0
        return self.parts[place], False

    def raw_difference(
        self, before: Dataset, after: Dataset, column: str, place: int = 0
    ) -> float | None:
        """How the outcome differed among the rows learned from between the bins or levels of a
        column, whatever the other columns were; None where too few rows had one."""
        at = self.design.names.index(column)
        feature, means = self.design.features[at], self.groups[at]
        sides = []
        for rows in (before, after):
            sides.append(means[feature.group(rows[column]), place])
        difference = float((sides[1] - sides[0]).mean())
        return None if np.isnan(difference) else difference

    @property
    def degrees_of_freedom(self) -> int:
        """Rows that are left when each term of the surface has taken one."""
        return max(self.rows - len(self.design.middle) - 1, 1)

    def answers(self, without: Sequence[str]) -> tuple[str, ...]:
        """Columns that are the outcome in other words, but for these, and for texts, which say what
        they are about."""
        features = zip(self.design.features, self.explained, strict=True)
        return tuple(
            feature.name
            for feature, share in features
            if share >= ANSWERS and feature.score is None and feature.name not in without
        )

    # --- state ------------------------------------------------------------------------------------

    def to_state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """JSON and arrays."""
        design, arrays = self.design.to_state()
        arrays = {f"design.{key}": value for key, value in arrays.items()}
        for k, part in enumerate(self.parts):
            prefix = f"part.{k:02d}"
            for s, side in enumerate(part.sides):
                arrays[f"{prefix}.weights.{s}"] = side.weights
                arrays |= side.trees.to_arrays(f"{prefix}.trees.{s}")
            arrays[f"{prefix}.correction"] = part.correction
            arrays[f"{prefix}.spread"] = part.spread.astype(np.float32)
            arrays |= part.plain.to_arrays(f"{prefix}.plain")
        for at, means in enumerate(self.groups):
            arrays[f"groups.{at:05d}"] = means
        arrays["explained"] = np.array(self.explained)
        document = {
            "name": self.name,
            "classes": None if self.classes is None else list(self.classes),
            "design": design,
            "rows": self.rows,
            "sides": len(self.parts[0].sides),
        }
        return document, arrays

    @staticmethod
    def from_state(
        document: Mapping[str, Any], arrays: Mapping[str, np.ndarray], schema: Schema
    ) -> OutcomeModel:
        """The model of this state.

        Raises:
            ArtifactError: Its trees are unsound.
            KeyError, SchemaError, TypeError, ValueError: It is none.
        """
        own = {
            key.removeprefix("design."): value
            for key, value in arrays.items()
            if key.startswith("design.")
        }
        design = OutcomeDesign.from_state(document["design"], own, schema)
        classes = None
        if document["classes"] is not None:
            classes = tuple(map(checked.text, document["classes"]))
            if not 2 <= len(set(classes)) == len(classes) <= MOST_CLASSES + 1:
                raise ValueError("the classes of an outcome make no sense")
        count = 1 if classes is None or len(classes) == 2 else len(classes)
        width = len(design.middle) + 1
        parts = []
        for k in range(count):
            prefix = f"part.{k:02d}"
            sides = []
            for s in range(checked.whole(document["sides"], 2, 2 * SPLITS)):
                weights = reals(arrays, f"{prefix}.weights.{s}", np.float64, (width,))
                sides.append(
                    _Side(weights, _checked(f"{prefix}.trees.{s}", arrays, design.features))
                )
            correction = reals(arrays, f"{prefix}.correction", np.float64, (width,))
            spread = reals(arrays, f"{prefix}.spread", np.float32, (width, width)).astype(float)
            plain = _checked(f"{prefix}.plain", arrays, design.features)
            parts.append(Expectation(classes is not None, sides, correction, spread, plain))
        outcomes = 1 if classes is None else len(classes)
        groups = []
        for at, feature in enumerate(design.features):
            shape = (feature.groups, outcomes)
            means = reals(arrays, f"groups.{at:05d}", np.float64, shape, missing=True)
            groups.append(means)
        explained = reals(arrays, "explained", np.float64, (len(design.features),))
        return OutcomeModel(
            checked.text(document["name"]),
            classes,
            design,
            tuple(parts),
            checked.whole(document["rows"], 1, checked.MOST_COUNTED),
            tuple(groups),
            tuple(explained.tolist()),
        )


def outcome_of(
    values: pl.Series, column: Column, persons: np.ndarray | None
) -> tuple[Floats, tuple[str, ...] | None]:
    """A column as an outcome: its numbers, or the places of its most frequent levels and their
    names. Rarer levels are one class together; fewer rows of them than a class needs are left
    out.

    Args:
        values: Of the column.
        column: The column.
        persons: (n,) whose each value is; None where each is a person's own.
    """
    if column.kind == "number":
        return as_floats(values), None
    texts = values.cast(pl.String)
    counts = level_counts(texts, persons)
    kept = set(counts.filter(pl.col("persons") >= FEWEST_PERSONS)["level"])
    classes = [level for level in frequent_levels(texts, MOST_CLASSES) if level in kept]
    others = texts.drop_nulls().len() - texts.is_in(classes).sum()
    if others >= FEWEST_PERSONS:
        classes.append(OTHERS)
    return places_of(texts, classes), tuple(classes)


def places_of(values: pl.Series, classes: Sequence[str]) -> Floats:
    """(n,) the place of each row's class; not-a-number where it is none."""
    named = [name for name in classes if name != OTHERS]
    other = float(len(named)) if OTHERS in classes else np.nan
    return level_codes(values, named, other=other, missing=np.nan)


def _labels(outcome: Floats, classes: tuple[str, ...] | None) -> Floats:
    """(n, outcomes) the number, whether it is the second class, or whether it is each class."""
    if classes is None:
        return outcome[:, None]
    if len(classes) == 2:
        return (outcome == 1).astype(float)[:, None]
    return (outcome[:, None] == np.arange(len(classes))).astype(float)


def _halves(rows: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to learn from and rows to judge by, each half once as either."""
    splits = int(np.clip(FULL_SPLITS * SPLITS // max(rows, 1), 2, SPLITS))
    halves = []
    for _ in range(splits):
        order = rng.permutation(rows)
        first, second = np.sort(order[: rows // 2]), np.sort(order[rows // 2 :])
        halves += [(first, second), (second, first)]
    return halves


def _expectation(
    design: OutcomeDesign,
    codes: Floats,
    terms: Floats,
    label: Floats,
    halves: Sequence[tuple[np.ndarray, np.ndarray]],
    is_chance: bool,
    least: int,
) -> Expectation:
    """``least`` rows stand behind a leaf of the trees."""
    sides = []
    said, times = np.zeros(len(label)), np.zeros(len(label))
    for learn, judge in halves:
        side = _side(design, codes, terms, label, learn, judge, is_chance, least)
        assert side.booster is not None
        score = _with_one(terms[judge]) @ side.weights + _raw(side.booster, codes[judge])
        said[judge] += chances_of(score) if is_chance else score
        times[judge] += 1
        sides.append(side)
    correction, spread = _regression(_with_one(terms), label - said / times)
    settings = {**_BOOSTING, **_objective(is_chance), "num_leaves": PLAIN_LEAVES}
    settings["min_data_in_leaf"] = least
    plain = lgb.train(settings, binned(design, codes, label), PLAIN_ROUNDS)
    trees = Forest.of(plain.model_to_string())
    stored = spread.astype(np.float32).astype(float)  # a stored model answers the same
    return Expectation(is_chance, sides, correction, stored, trees)


def _side(
    design: OutcomeDesign,
    codes: Floats,
    terms: Floats,
    label: Floats,
    learn: np.ndarray,
    judge: np.ndarray,
    is_chance: bool,
    least: int,
) -> _Side:
    """The surface and the trees of one half; the other half says when the trees are enough."""
    weights = _surface(terms[learn], label[learn], is_chance)
    start = [_with_one(terms[rows]) @ weights for rows in (learn, judge)]
    shown = binned(design, codes[learn], label[learn], start[0])
    watched = binned(design, codes[judge], label[judge], start[1], like=shown)
    settings = {**_BOOSTING, **_objective(is_chance), "boost_from_average": False}
    settings["min_data_in_leaf"] = least
    enough = lgb.early_stopping(PATIENCE, verbose=False)
    model = lgb.train(settings, shown, ROUNDS, valid_sets=[watched], callbacks=[enough])
    text = model.model_to_string(num_iteration=max(model.best_iteration, 1))
    trees = Forest.of(text)
    return _Side(weights, trees, _booster(trees, codes.shape[1]))


def _surface(terms: Floats, label: Floats, is_chance: bool) -> Floats:
    """(1 + p,) the weights of the terms."""
    if not is_chance:
        return _regression(_with_one(terms), label)[0]
    if label.min() == label.max():
        share = np.clip(label.mean(), 1e-3, 1 - 1e-3)
        return np.r_[np.log(share / (1 - share)), np.zeros(terms.shape[1])]
    model = logistic(terms, label)
    return np.r_[model.intercept_[0], model.coef_[0]]


def _regression(ones: Floats, label: Floats) -> tuple[Floats, Floats]:
    """Ridge regression: the weights, and their covariance that holds for unequal spread, too
    (White 1980, with as many degrees of freedom less as there are terms)."""
    penalty = np.full(ones.shape[1], RIDGE)
    penalty[0] = 1e-9
    inverse = np.linalg.inv(ones.T @ ones + np.diag(penalty))
    weights = inverse @ (ones.T @ label)
    missed = label - ones @ weights
    free = max(len(label) - np.trace(inverse @ (ones.T @ ones)), 1.0)
    middle = (ones * (missed**2 * len(label) / free)[:, None]).T @ ones
    return weights, inverse @ middle @ inverse


def _by_group(
    group: np.ndarray, groups: int, labels: Floats, is_pair: bool, persons: np.ndarray | None
) -> tuple[Floats, float]:
    """(groups, outcomes) means, and the share of the outcome that they explain. Of two classes,
    where only the second is learned, the first one's mean is told, too."""
    both = np.column_stack([1 - labels[:, 0], labels[:, 0]]) if is_pair else labels
    count = np.bincount(group, minlength=groups).astype(float)
    shared = sharing(group, groups, persons)
    means = np.full((groups, both.shape[1]), np.nan)
    left = total = 0.0
    for k, label in enumerate(both.T):
        sums = np.bincount(group, label, minlength=groups)
        mean = sums / np.maximum(count, 1)
        means[:, k] = np.where(shared >= FEWEST_PERSONS, mean, np.nan)
        # a mean over few rows fits these by itself: each group costs a degree of freedom
        free = max(len(label) - int(np.count_nonzero(count)), 1)
        left += float(((label - mean[group]) ** 2).sum()) / free
        total += float(((label - label.mean()) ** 2).sum()) / max(len(label) - 1, 1)
    return means, 1 - left / total if total > 0 else 0.0


def binned(
    design: OutcomeDesign,
    codes: Floats,
    label: Floats,
    start: Floats | None = None,
    like: lgb.Dataset | None = None,
) -> lgb.Dataset:
    """Rows for trees: bins and levels as the design has them."""
    levels = [at for at, feature in enumerate(design.features) if feature.levels is not None]
    return lgb.Dataset(
        codes,
        label,
        init_score=start,
        reference=like,
        categorical_feature=levels,
        params={"verbosity": -1, "bin_construct_sample_cnt": 2**31 - 1, "max_bin": 255},
    )


def _objective(is_chance: bool) -> Mapping[str, str]:
    return {"objective": "binary" if is_chance else "regression"}


def _booster(trees: Forest, features: int) -> lgb.Booster:
    return trees.boosters(features)[0]


def _raw(booster: lgb.Booster, codes: Floats) -> Floats:
    """(n,) what the trees add up to."""
    return np.asarray(booster.predict(codes, raw_score=True, num_threads=1))


def _with_one(terms: Floats) -> Floats:
    return np.column_stack([np.ones(len(terms)), terms])


def _checked(
    prefix: str, arrays: Mapping[str, np.ndarray], features: Sequence[OutcomeFeature]
) -> Forest:
    trees = Forest.from_arrays(prefix, arrays, len(features))
    if len(trees.trees) != 1:
        raise ArtifactError(
            "the trees of an outcome are not one forest", hint="do not trust this file; fit again"
        )
    return trees
