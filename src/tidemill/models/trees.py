"""Columns drawn one after the other, each by yes-no questions that boosted trees answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import lightgbm as lgb
import numpy as np

from tidemill.core.errors import ConditionError
from tidemill.core.grid import Batch, Known, Spec
from tidemill.core.run import Run, Stage
from tidemill.models.base import State
from tidemill.models.dichotomies import Questions, halved, joined
from tidemill.models.forest import Forest
from tidemill.models.variables import ABSENT, Variables

MIN_ROWS = 40
"""A question that fewer training rows reach is answered by their proportion."""
MIN_SIDE = 10
"""So is one where fewer of them stand on one side."""
ROUNDS = 100
"""Boosting rounds of a question that FULL_ROWS rows or more reach."""
FULL_ROWS = 20_000
DECAY = 0.3
"""Questions that fewer rows reach take fewer rounds, by this power of the rows."""
MIN_ROUNDS = 6
SMALL_TABLE = 1000
"""Tables of fewer rows get trees of half the leaves: they are soon learned by heart."""
MAX_FEATURES = 64
"""Earlier variables that a variable is drawn from, the most related ones where there are more."""
CORRELATED_ROWS = 5000
"""Rows that say which variables are related, where there are many variables."""
CHUNK = 16_384
"""Rows drawn at a time; each chunk has its own random stream, so threads do not matter."""
PARTICLES = 20
"""Rows drawn for every row that is kept when a condition must be met."""

_BOOSTING: dict[str, Any] = {
    "objective": "binary", "learning_rate": 0.15, "num_leaves": 8, "min_child_samples": 3, "lambda_l2": 0.1,
    # without a bound on a leaf's step, a rare outcome that one column decides is settled in the first round: no later
    # split gains anything, and the rows on the other side keep the overall chance
    "max_delta_step": 2.0,
    "cat_l2": 3.0, "cat_smooth": 5.0, "min_data_per_group": 10, "feature_pre_filter": False,
    "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
}


@dataclass
class _Variable:
    """What is learned about one variable.

    Attributes:
        questions: The binary tree over its symbols.
        features: (f,) the earlier variables it is drawn from.
        share: (q,) the proportion of rows that go right at each node.
        forest_of: (q,) which forest answers each node; -1 for none.
        forest: The forests.
        boosters: LightGBM's predictor of each forest; loaded when the first rows are drawn.
    """

    questions: Questions
    features: np.ndarray
    share: np.ndarray
    forest_of: np.ndarray
    forest: Forest | None = None
    boosters: list[lgb.Booster] = field(default_factory=list, repr=False)

    def load(self) -> None:
        """Hand the forests to LightGBM, if that was not done yet."""
        if self.forest is not None and not self.boosters:
            self.boosters = self.forest.boosters(len(self.features))

    def right_chance(self, node: int, x: np.ndarray) -> np.ndarray | float:
        """(n, f) features -> (n,) the chance that each row goes right at the node."""
        which = int(self.forest_of[node])
        if which < 0:
            return float(self.share[node])
        # one thread, since chunks are the parallel unit
        return np.asarray(self.boosters[which].predict(x, num_threads=1))


class Trees:
    """The default generator: nested dichotomies of gradient-boosted trees, in the order of the grid's channels.

    Every variable (a code, or a number cut into pieces) is drawn given all earlier ones. Its distribution is a product of
    yes-no answers along a path, so its density is known everywhere; a number is uniform within its piece. Pieces keep
    values that occur in MIN_COUNT rows or more, and bounds between values otherwise.

    Materialises the batch. One step is one question, the ones that most rows reach first; questions that were not
    reached in time are answered by their overall proportion.
    """

    parameters: ClassVar[dict[str, Any]] = {"rounds": ROUNDS, "leaves": _BOOSTING["num_leaves"],
                                            "learning rate": _BOOSTING["learning_rate"]}

    steps_done: int
    steps_planned: int
    variables: Variables
    learned: list[_Variable]

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Learn every question, in threads; stops in time and stays usable."""
        self.variables = Variables.learned(spec, batch)
        symbols = self.variables.symbols(batch)
        self.learned = [self._planned(v, features) for v, features in enumerate(_features(self.variables, symbols, run))]
        tasks = self._tasks()
        self.steps_planned = len(tasks)
        matrix = np.where(symbols == ABSENT, np.nan, symbols)  # (n, variables) float64, LightGBM's own type
        learner = _Learner(self, matrix, symbols, run)
        rows = sum(task[2] for task in tasks)
        forests: dict[tuple[int, int], Forest] = {}
        self.steps_done = 0
        with run.stage("learn", "learning how the columns depend on each other", total=rows) as stage:
            for (v, node, weight), forest in zip(tasks, _in_order(learner, tasks, run), strict=False):
                if forest is None:
                    break
                forests[v, node] = forest
                self.steps_done += 1
                _tell(stage, run, weight)
        self._assemble(forests)
        return self

    def _planned(self, v: int, features: np.ndarray) -> _Variable:
        sort, i = self.variables.channels[v]
        count = self.variables.count[v]
        ordered = sort == "real" or self.variables.spec.codes[i].ordered
        questions = halved(count) if ordered else joined(count)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(questions.left >= 0, questions.rows[questions.right] / questions.rows, 0.0)
        return _Variable(questions, features, np.nan_to_num(share, nan=0.5), np.full(len(questions), -1, np.int32))

    def _tasks(self) -> list[tuple[int, int, int]]:
        """(variable, node, rows) of every question worth a classifier, the ones that most rows reach first."""
        tasks = []
        for v, variable in enumerate(self.learned):
            q = variable.questions
            if not len(variable.features):
                continue
            inner = np.flatnonzero((q.left >= 0) & (q.rows >= MIN_ROWS))
            smaller = np.minimum(q.rows[q.left[inner]], q.rows[q.right[inner]])
            tasks += [(v, int(node), int(q.rows[node])) for node in inner[smaller >= MIN_SIDE]]
        return sorted(tasks, key=lambda task: (-task[2], task[0], task[1]))

    def _assemble(self, forests: Mapping[tuple[int, int], Forest]) -> None:
        """Put the forests of each variable one behind the other."""
        for v, variable in enumerate(self.learned):
            nodes = sorted(node for u, node in forests if u == v)
            if nodes:
                variable.forest_of[nodes] = np.arange(len(nodes))
                variable.forest = Forest.joined([forests[v, node] for node in nodes])

    def sample(self, n: int, rng: np.random.Generator, known: Known | None = None, run: Run | None = None) -> Batch:
        """New rows; with ``known``, by sequential importance resampling of PARTICLES rows for each that is kept.

        Raises:
            ConditionError: The model gives the known values no chance together.
        """
        run = run or Run()
        given = self.variables.symbols_of(known)
        for variable in self.learned:
            variable.load()
        draws = PARTICLES * n if given else n
        starts = range(0, draws, CHUNK)
        streams = rng.spawn(len(starts) + 1)
        chunks = [(min(CHUNK, draws - start), stream) for start, stream in zip(starts, streams[1:], strict=True)]
        with (ThreadPoolExecutor(run.threads) as pool,
              run.stage("generate", "drawing new rows", total=max(len(chunks), 1)) as stage):
            parts = []
            for part in pool.map(lambda chunk: self._draw(chunk[0], chunk[1], given), chunks):
                parts.append(part)
                stage.advance()
        symbols = np.concatenate([p[0] for p in parts]) if parts else np.empty((0, len(self.variables)), np.int32)
        if given:
            weight = np.concatenate([p[1] for p in parts]) if parts else np.empty(0)
            if n and not weight.sum() > 0:
                raise ConditionError("the model gives these values no chance together",
                                     hint="leave one of the conditions out")
            symbols = symbols[_resampled(weight, n, streams[0])] if n else symbols
        return self.variables.batch(symbols, streams[0], known)

    def _draw(self, n: int, rng: np.random.Generator, given: Mapping[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """(n, variables) symbols and (n,) weights of one chunk, all given symbols set."""
        symbols = np.empty((n, len(self.variables)), np.int32)
        matrix = np.empty((n, len(self.variables)))
        weight = np.ones(n)
        for v, variable in enumerate(self.learned):
            x = matrix[:, variable.features]
            presence = self.variables.presence[v]
            here = np.ones(n, bool) if presence is None else symbols[:, presence] == 0
            symbols[:, v] = ABSENT
            if v in given:
                symbols[:, v] = given[v]
                weight *= np.where(here, _chance(variable, x, given[v], len(self.variables.count[v])), 0.0)
                if weight.sum() > 0 and weight.sum() ** 2 < 0.5 * n * (weight ** 2).sum():
                    kept = _resampled(weight, n, rng)
                    symbols, matrix = symbols[kept], matrix[kept]
                    # the mean keeps this chunk's weight comparable with that of other chunks
                    weight = np.full(n, weight.mean())
            elif len(self.variables.count[v]):
                symbols[here, v] = _answered(variable, x[here], rng, self.variables.count[v])
            matrix[:, v] = np.where(symbols[:, v] == ABSENT, np.nan, symbols[:, v])
        return symbols, weight

    def to_state(self) -> State:
        """Pieces, counts and trees."""
        _, arrays = self.variables.to_state()
        for v, variable in enumerate(self.learned):
            arrays[f"features.{v:05d}"] = variable.features.astype(np.int32)
            arrays[f"forest_of.{v:05d}"] = variable.forest_of
            if variable.forest is not None:
                arrays |= variable.forest.to_arrays(f"forest.{v:05d}")
        return {"steps_done": self.steps_done, "steps_planned": self.steps_planned}, arrays

    @classmethod
    def from_state(cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """Restored from :meth:`to_state`.

        Raises:
            ArtifactError: The trees are unsound.
        """
        model = cls()
        model.steps_done, model.steps_planned = int(document["steps_done"]), int(document["steps_planned"])
        model.variables = Variables.from_state(spec, arrays)
        model.learned = []
        for v in range(len(model.variables)):
            variable = model._planned(v, arrays[f"features.{v:05d}"].astype(int))
            variable.forest_of = arrays[f"forest_of.{v:05d}"].astype(np.int32)
            if f"forest.{v:05d}.trees" in arrays:
                variable.forest = Forest.from_arrays(f"forest.{v:05d}", arrays)
                variable.forest.check(len(variable.features))
            _check_fits(variable, v)
            model.learned.append(variable)
        return model


class _Learner:
    """Fits single questions; binned data are shared between the questions of a variable."""

    def __init__(self, model: Trees, matrix: np.ndarray, symbols: np.ndarray, run: Run) -> None:
        self.model, self.matrix, self.symbols, self.run = model, matrix, symbols, run
        self.binned: dict[int, lgb.Dataset] = {}
        # rows sorted by the place of their symbol among the variable's questions: a node's rows stand together
        self.sorted: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def bin(self, v: int) -> None:
        """Bin the features of variable v (called from one thread only)."""
        if v in self.binned:
            return
        features = self.model.learned[v].features
        codes = [k for k, u in enumerate(features) if self._is_unordered(int(u))]
        self.binned[v] = lgb.Dataset(self.matrix[:, features], params=_BOOSTING, categorical_feature=codes,
                                     free_raw_data=True).construct()
        rank = self.model.learned[v].questions.rank(len(self.model.variables.count[v]))
        symbol = self.symbols[:, v]
        place = np.where(symbol == ABSENT, -1, rank[np.maximum(symbol, 0)])
        order = np.argsort(place, kind="stable").astype(np.int32)
        self.sorted[v] = order, place[order]

    def _is_unordered(self, u: int) -> bool:
        sort, i = self.model.variables.channels[u]
        code = self.model.variables.spec.codes[i] if sort == "code" else None
        return code is not None and not code.ordered and code.size > 2

    def forest(self, v: int, node: int) -> Forest | None:
        """The fitted classifier of one question; None where time ran out."""
        q = self.model.learned[v].questions
        order, places = self.sorted[v]
        first, middle, last = np.searchsorted(places, [q.start[node], q.start[q.right[node]], q.stop[node]])
        label = np.zeros(len(order), np.float32)
        label[order[middle:last]] = 1
        rows = np.sort(order[first:last])
        leaves = _BOOSTING["num_leaves"] // (2 if len(order) < SMALL_TABLE else 1)
        settings = {**_BOOSTING, "num_leaves": leaves}
        part = self.binned[v].subset(rows, params=settings).construct()
        part.set_label(label[rows])
        booster = lgb.Booster(settings, part)
        for _ in range(_rounds(len(rows))):
            if self.run.steps is None and self.run.must_stop(0):
                return None
            if booster.update():
                break
        return Forest.of(booster.model_to_string())


def _features(variables: Variables, symbols: np.ndarray, run: Run) -> list[np.ndarray]:
    """For each variable the earlier ones that it is drawn from: all, or the most correlated by rank."""
    # a presence code says nothing that its reals do not say by being absent
    presences = set(variables.presence)
    useful = np.array([v not in presences for v in range(len(variables))], bool)
    sample = symbols[run.rng("trees", "features").permutation(len(symbols))[:CORRELATED_ROWS]]
    ranks = (sample.argsort(0).argsort(0) - len(sample) / 2).astype(np.float32) if len(useful) > MAX_FEATURES else None
    chosen = []
    for v in range(len(variables)):
        earlier = np.flatnonzero(useful[:v])
        if ranks is not None and len(earlier) > MAX_FEATURES:
            strength = np.abs(ranks[:, earlier].T @ ranks[:, v])
            earlier = np.sort(earlier[np.argsort(-strength, kind="stable")[:MAX_FEATURES]])
        chosen.append(earlier)
    return chosen


def _rounds(rows: int) -> int:
    """Boosting rounds of a question that so many rows reach: few rows are learned by heart in many rounds."""
    return max(MIN_ROUNDS, round(ROUNDS * min(rows / FULL_ROWS, 1.0) ** DECAY))


def _in_order(learner: _Learner, tasks: list[tuple[int, int, int]], run: Run) -> Iterator[Forest | None]:
    """The forests of the tasks in their order, some computed ahead in threads; None from where learning must end."""
    with ThreadPoolExecutor(run.threads) as pool:
        ahead: list[Any] = []
        for step, (v, node, _) in enumerate(tasks):
            if run.must_stop(step):
                break
            learner.bin(v)
            ahead.append(pool.submit(learner.forest, v, node))
            if len(ahead) > 4 * run.threads:
                yield ahead.pop(0).result()
        for future in ahead:
            yield future.result()
    yield None


def _tell(stage: Stage, run: Run, rows: int) -> None:
    """Advance without raising: a cancelled fit ends at its next task and keeps what it has."""
    if not run.cancelled:
        stage.advance(units=rows)


def _answered(variable: _Variable, x: np.ndarray, rng: np.random.Generator, count: np.ndarray) -> np.ndarray:
    """(n, f) features -> (n,) symbols, every row sent down the questions."""
    q = variable.questions
    symbol = np.empty(len(x), np.int32)
    waiting = {0: np.arange(len(x))}
    for node in range(len(q)):
        rows = waiting.pop(node, None)
        if rows is None or not len(rows):
            continue
        if q.left[node] < 0:
            group = q.symbols[q.start[node]:q.stop[node]]
            chance = count[group] / count[group].sum() if len(group) > 1 else None
            symbol[rows] = group[0] if chance is None else rng.choice(group, len(rows), p=chance)
            continue
        right = rng.random(len(rows)) < variable.right_chance(node, x[rows])
        waiting[int(q.left[node])], waiting[int(q.right[node])] = rows[~right], rows[right]
    return symbol


def _chance(variable: _Variable, x: np.ndarray, symbol: int, size: int) -> np.ndarray:
    """(n, f) features -> (n,) the chance of one symbol, up to a factor that is the same for all rows."""
    q = variable.questions
    place, node = int(q.rank(size)[symbol]), 0
    chance = np.ones(len(x))
    while q.left[node] >= 0:
        right = np.asarray(variable.right_chance(node, x))
        goes_right = place >= q.start[q.right[node]]
        chance *= right if goes_right else 1 - right
        node = int(q.right[node] if goes_right else q.left[node])
    return chance


def _resampled(weight: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """n positions drawn in proportion to (m,) weights, systematically (Kitagawa 1996) and in random order."""
    edges = np.cumsum(weight)
    at = (np.arange(n) + rng.random()) / n * edges[-1]
    return rng.permutation(np.minimum(np.searchsorted(edges, at, side="right"), len(weight) - 1))


def _check_fits(variable: _Variable, v: int) -> None:
    if len(variable.forest_of) != len(variable.questions) or variable.features.ndim != 1:
        raise ValueError("the questions do not fit their forests")
    if np.any(variable.forest_of >= (0 if variable.forest is None else len(variable.forest.trees))):
        raise ValueError("a question is answered by a forest that is not there")
    if np.any((variable.features < 0) | (variable.features >= v)):
        raise ValueError("a variable is drawn from a later one")
