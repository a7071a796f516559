"""Columns drawn one after the other, each by yes-no questions that boosted trees answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self

import lightgbm as lgb
import numpy as np

from tidemill.core import checked_arrays
from tidemill.core.cost import Cost
from tidemill.core.errors import Cancelled
from tidemill.core.grid import Batch, ConditionalSample, Constraints, Spec, Topology
from tidemill.core.options import Configuration, option
from tidemill.core.persons import FEWEST_PERSONS, rows_a_person
from tidemill.core.run import Run
from tidemill.models.base import State, check_context, check_learns, steps_of
from tidemill.models.binary_forest import ALONE, BinaryForest, cuts, odds_on_line
from tidemill.models.conditional import in_parallel, infilled
from tidemill.models.forest import Forest
from tidemill.models.honest_forest import Question, grown, honest, of_enough_persons
from tidemill.models.linear_scores import STEPS, Terms
from tidemill.models.nested_dichotomies import halved, joined
from tidemill.models.particles import as_features
from tidemill.models.starting_odds import common_slope, logistic_line, start_of
from tidemill.models.variables import ABSENT, Variables
from tidemill.supervised.log_odds import log_odds

LEAST = 10
"""Training rows that a leaf holds at least, and either side of a question, where nothing else is
said."""
ROUNDS = 100
"""Boosting rounds of a question that FULL_ROWS rows reach."""
LEAVES = 16
"""Leaves of each of its trees."""
RATE = 0.15
"""Its learning rate."""
AGAIN_ROUNDS, AGAIN_LEAVES, AGAIN_PART = 3, 2, 8
"""Where the outcome is drawn again, a question that one row in AGAIN_PART reaches, or more, gets so
many times more rounds and leaves: what all other columns say of it stands in these few answers."""
HONEST_ROUNDS = 1.4
"""Honest answers of half of the rows are more cautious, so there are so many times more trees, or
steps that are as much longer."""
STEADY_ROWS, FASTEST = 1000, 2.0
"""Tables of more rows than STEADY_ROWS bear longer steps, up to so many times, and fewer trees."""
FULL_ROWS = 20_000
FEW, MANY = 0.3, 0.45
"""Rounds fall by these powers of the rows below and above FULL_ROWS: few are learned by heart in
many rounds; many bear larger trees and longer steps."""
MIN_ROUNDS = 6
MIN_PLAIN_ROUNDS = 2
MIN_LEAVES, MAX_LEAVES = 8, 64
MAX_RATE = 0.5
SMALL_TABLE = 1000
"""Tables of fewer rows get trees of half the leaves: they are soon learned by heart."""
MIN_FEATURES, MAX_FEATURES = 24, 64
FEATURE_CELLS = 4096
"""Earlier variables that a variable is drawn from: the most related ones where there are more than
FEATURE_CELLS allow for all variables together."""
WIDE = 50
"""Tables of more variables get fewer rounds and questions, in proportion."""
CORRELATED_ROWS = 5000
"""Rows that say which variables are related, where there are many variables."""
CHUNK, CHUNK_CELLS = 65_536, 1 << 22
"""Rows and cells drawn at a time at most; each chunk has its own random stream, so threads do not
matter."""
GROUPS, CELL_ROWS = 4, 3
"""Rows are alike whose symbols are in the same of so many groups; a cell of alike rows holds about
so many, or more."""
TURNS = 16
"""Rows of the same context are drawn in as many turns as there are of them. A turn of fewer than
one in so many rows of the chunk would be no balanced sample and takes as long as another: its rows
are drawn one by one."""

PARTS, WIDE_PARTS = 4096, 256
"""Questions that a smaller part of the rows reaches are answered by their proportion."""
PLAIN, PLAIN_ROWS = 16, 1_000_000
PLAIN_PARTS = 1024
"""A plain fit of PLAIN_ROWS takes so many times fewer rounds, of fewer rows not as many times
fewer. It leaves out questions that a smaller part of the rows reaches than one in PLAIN_PARTS,
divided by the times."""

TOGETHER = 16
"""Questions of an ordered variable that a smaller part of the rows than one in TOGETHER reaches are
answered by one forest, which sees where each cuts: what holds at one holds beside it."""
TOGETHER_LEAVES = 2
"""So many times more leaves have its trees."""
TOGETHER_ROWS = 160_000
"""Rows that it is learned from at most, each counted at all of the questions that it reaches."""

Task = tuple[int, tuple[int, ...], int]
"""Questions that one forest answers: variable, nodes, and how many rows reach them."""


class LearnedAnswer(NamedTuple):
    """What is learned of questions.

    Attributes:
        forest: Of all of them.
        start: (nodes, 1 + scores) what stands before it; None where there are no scores.
    """

    forest: Forest
    start: np.ndarray | None


_BOOSTING: dict[str, Any] = {
    # bins are made of all rows, and histograms by column: with bins of a sample, or by row,
    # LightGBM 4.7 writes beyond its memory on some tables (all of adult is one)
    "objective": "binary",
    "lambda_l2": 2.0,
    "max_bin": 63,
    "bin_construct_sample_cnt": 2**31 - 1,
    # without a bound on a leaf's step, a rare outcome that one column decides is settled in the
    # first round: no later split gains anything, and the rows on the other side keep the overall
    # chance
    "max_delta_step": 2.0,
    "cat_l2": 3.0,
    "cat_smooth": 5.0,
    "min_data_per_group": 10,
    "feature_pre_filter": False,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass(frozen=True)
class TreesOptions(Configuration):
    """Options of :class:`Trees`."""

    least: int = option(
        LEAST,
        "training rows that stand behind every answer; more hide a single row better, and rows of "
        "five persons stand there in any case",
        low=1,
    )
    effort: str = option(
        "full",
        "boosting rounds; plain takes a fraction of them, for millions of rows or a first look",
        choices=("full", "plain"),
    )
    caution: float = option(
        0.0,
        "how much less is made of what few rows say; 0 takes them at their word, 4 and 16 hide "
        "single rows better and cost fidelity",
        low=0,
        high=1000,
    )


class Trees:
    """The default generator: nested dichotomies of gradient-boosted trees, in the order of the
    grid's channels.

    Every variable (a code, or a number cut into pieces) is drawn given all earlier ones, and given
    the row's context, whose variables stand before its own and are not drawn. Its
    distribution is a product of yes-no answers along a path, so its density is known everywhere; a
    number is uniform within its piece. A straight line through the earlier variables, where it says
    something, is one more thing that the trees see. Pieces keep values that FEWEST_PERSONS
    persons share, and bounds between values otherwise.

    The outcome (the target of a table) is drawn first, so that conditions on it cost nothing, and
    once more at the end, given all other variables, so that what each of them says of it is kept.

    New rows are a balanced sample: each follows the model, but together they keep to its shares
    more closely than independent draws would, as the rows of a stratified sample do. Rows for the
    same context are independent of each other, as the children of one parent are.

    Materialises the batch. One step is one question, the ones that most rows reach first; questions
    that were not reached in time are answered by their overall proportion.

    Args:
        least: Training rows that stand behind every answer: in each leaf, and on either side of
            each question. More hide a single row better, and cost fidelity.
        effort: "full", or "plain" for a fraction of the boosting rounds: for millions of rows, or a
            first look.
        caution: How much less is made of what few rows say (see
            :func:`~tidemill.models.honest_forest.honest`); 0 takes them at their word.

    Raises:
        OptionError: An option makes no sense.
    """

    Options: ClassVar[type[TreesOptions]] = TreesOptions
    parameters: ClassVar[Mapping[str, Any]] = TreesOptions.parameters()

    learns: ClassVar[frozenset[Topology]] = frozenset({"row"})

    steps_done: int
    steps_planned: int
    spec: Spec
    variables: Variables  # those of the context first
    learned: list[BinaryForest]
    redrawn: list[BinaryForest]  # of each outcome variable, given all but later outcome ones
    odds_apart: bool = True  # forests say what is beyond the odds known before; older ones said all

    def __init__(self, least: int = LEAST, effort: str = "full", caution: float = 0.0) -> None:
        options = TreesOptions(least, effort, caution)
        self.least, self.effort, self.caution = options.least, options.effort, options.caution

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Learn every question, in threads; stops in time and stays usable.

        Raises:
            OptionError: The rows have several sites.
        """
        check_learns("trees", self.learns, spec)
        self.spec = spec
        self.variables = Variables.learned(spec.joint, batch.joint)
        symbols = self.variables.symbols(batch.joint)
        self._repeats = rows_a_person(batch.person)
        self._in_leaf = max(self.least, FEWEST_PERSONS)
        self._plan(symbols, run)
        tasks = self._tasks()
        self.steps_planned = len(tasks)
        # a float32 holds every symbol exactly
        matrix = np.where(symbols == ABSENT, np.float32(np.nan), symbols.astype(np.float32))
        learner = _Learner(self, matrix, symbols, batch.person, run)
        rows = sum(task[2] for task in tasks)
        found: dict[tuple[int, tuple[int, ...]], LearnedAnswer] = {}
        self.steps_done = 0
        with run.stage(
            "learn", "learning how the columns depend on each other", total=rows
        ) as stage:
            learned = run.map(lambda task: learner.answer(*task[:2]), learner.ready(tasks))
            with suppress(Cancelled):  # a cancelled fit keeps what it has
                for (v, nodes, weight), answer in zip(tasks, learned, strict=False):
                    if answer is None:
                        break
                    found[v, nodes] = answer
                    self.steps_done += 1
                    stage.advance(units=weight)
        self._assemble(found)
        if self.steps_done < self.steps_planned or not all(a.forest for a in self.redrawn):
            self.redrawn = []  # what was learned in part would cut relations that are there
        return self

    def cost(self, rows: int, columns: int, size: int) -> Cost:
        """What learning costs.

        Args:
            rows, columns: Of the table.
            size: Its bytes in memory.
        """
        cells = rows * columns
        # fitted to 10,000 x 11 up to 1,000,000 x 15 and 50,000 x 200, full and plain
        seconds = 6e-5 * cells**0.85
        if self.effort == "plain":
            seconds *= 0.25
        return Cost(seconds, 0.45 * 2**30 + 2 * size + 50 * cells)

    def _plan(self, symbols: np.ndarray, run: Run) -> None:
        """Of each variable, what it is drawn from, and its questions."""
        size, outcome = len(self.variables), self._outcome()
        others: list[tuple[int, Sequence[int]]]
        others = [(v, range(v if v >= self.given else 0)) for v in range(size)]
        for k, v in enumerate(outcome):
            others.append((v, [u for u in range(size) if u not in outcome[k:]]))
        features = _features(self.variables, symbols, others, size - self.given, run)
        planned = [self._planned(v, own) for (v, _), own in zip(others, features, strict=True)]
        self.learned, self.redrawn = planned[:size], planned[size:]

    def _planned(self, v: int, features: np.ndarray) -> BinaryForest:
        count = self.variables.count[v]
        questions = halved(count) if self._is_ordered(v) else joined(count)
        return BinaryForest.planned(questions, count, features)

    def _outcome(self) -> list[int]:
        """The outcome's variables, in order."""
        channels, outcome = self.variables.channels, self.variables.spec.outcome
        return [v for v in range(self.given, len(channels)) if channels[v] in outcome]

    @property
    def forests(self) -> list[BinaryForest]:
        """All that is learned: of each variable, and behind them of those that are redrawn."""
        return self.learned + self.redrawn

    def variable(self, k: int) -> int:
        """The variable that the forest at this place is of."""
        size = len(self.variables)
        return k if k < size else self._outcome()[k - size]

    def _tasks(self) -> list[Task]:
        """Every question worth a classifier, the ones that most rows reach first."""
        tasks = []
        for k, answers in enumerate(self.forests):
            q = answers.questions
            if not len(answers.features):
                continue
            fewest = max(4 * self._in_leaf, q.rows[0] / self._parts)
            inner = np.flatnonzero((q.left >= 0) & (q.rows >= fewest))
            smaller = np.minimum(q.rows[q.left[inner]], q.rows[q.right[inner]])
            asked = inner[smaller >= self._in_leaf]
            together = asked[q.rows[asked] * TOGETHER < q.rows[0]]
            if not self._is_ordered(self.variable(k)) or len(together) < 2:
                together = together[:0]
            groups = [(int(node),) for node in np.setdiff1d(asked, together)]
            if len(together):
                groups.append(tuple(together.tolist()))
            tasks += [(k, nodes, int(q.rows[list(nodes)].sum())) for nodes in groups]
        forests = self.forests
        return sorted(tasks, key=lambda task: (-forests[task[0]].questions.rows[task[1][0]], *task))

    def _is_ordered(self, v: int) -> bool:
        kind, i = self.variables.channels[v]
        return kind == "real" or self.variables.spec.codes[i].ordered

    @property
    def given(self) -> int:
        """How many of the variables are the context's."""
        return 0 if self.spec.context is None else len(self.spec.context.joint.order)

    @property
    def width(self) -> float:
        """How many times more variables than WIDE are drawn, at least 1."""
        return max((len(self.variables) - self.given) / WIDE, 1.0)

    @property
    def shrinking(self) -> float:
        """How many times more than usual slopes are kept small."""
        return max(1.0, self.caution)

    @property
    def saving(self) -> float:
        """How many times fewer rounds there are than in a full fit."""
        if self.effort == "full":
            return 1.0
        rows = int(self.variables.count[0].sum())
        return float(np.clip(PLAIN * (rows / PLAIN_ROWS) ** 0.4, 2, PLAIN))

    @property
    def _parts(self) -> float:
        parts = PLAIN_PARTS / self.saving if self.effort == "plain" else PARTS
        if self.width > 1:
            return min(parts, WIDE_PARTS / self.width)
        return parts

    def _assemble(self, found: Mapping[tuple[int, tuple[int, ...]], LearnedAnswer]) -> None:
        """Put the forests of each variable one behind the other."""
        for k, answers in enumerate(self.forests):
            groups = sorted(nodes for own, nodes in found if own == k)
            for place, nodes in enumerate(groups):
                answers.forest_of[list(nodes)] = place
                if answers.start is not None:
                    answers.start[list(nodes)] = found[k, nodes].start
            if groups:
                answers.forest = Forest.joined([found[k, nodes].forest for nodes in groups])

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """New rows, each chunk of them a balanced sample.

        Args:
            n: How many.
            rng: The random stream.
            run: For threads and progress.
            context: n rows of what is given with each, where the spec has a context.

        Raises:
            OptionError: A context is missing.
        """
        symbols = self._symbols(n, context)
        same = np.arange(n)
        if context is not None and self.given:
            same = _distinct(context.joint)
        size = max(min(CHUNK, CHUNK_CELLS // max(len(self.variables), 1)), 1)
        starts = range(0, n, size)
        jobs = []
        for start, stream in zip(starts, rng.spawn(len(starts)), strict=True):
            here = slice(start, start + size)
            jobs.append((symbols[here], _turns(same[here]), stream))
        self._loaded()
        parts = in_parallel(jobs, lambda job: self._balanced(*job), run or Run())
        rows = Batch.stacked([Batch.blank(self.variables.spec, 0), *parts])
        return self._own(rows, context)

    def infill(
        self,
        n: int,
        known: Constraints,
        rng: np.random.Generator,
        run: Run | None = None,
        context: Batch | None = None,
    ) -> ConditionalSample:
        """n new rows that keep to what is known: see :func:`tidemill.models.conditional.infilled`.

        With a context, the chances are those of what is known given it.

        Raises:
            ConditionError: What is known has no chance under the model.
            OptionError: A context is missing.
        """
        symbols = self._symbols(n, context) if self.given else None
        if self.spec.context is not None:
            known = known.behind(self.spec.context.joint)
        sample = infilled(
            self.variables, self._loaded(), n, known, rng, run or Run(), context=symbols
        )
        return replace(sample, batch=self._own(sample.batch, context))

    def _symbols(self, n: int, context: Batch | None) -> np.ndarray:
        """(n, given) symbols of the context's variables."""
        check_context("trees", self.spec, context)
        if context is None or self.spec.context is None:
            return np.zeros((n, 0), np.int32)
        rest = Batch.blank(replace(self.spec, context=None), n)
        return self.variables.symbols(Batch.joined([context.joint, rest]))[:, : self.given]

    def _own(self, joint: Batch, context: Batch | None) -> Batch:
        """The row's own channels, with its context beside them."""
        if self.spec.context is None:
            return joint
        given = self.spec.context.joint
        reals, codes = len(given.reals), len(given.codes)
        return Batch(joint.tick[:, reals:], joint.code[:, codes:], context=context)

    def _loaded(self) -> list[BinaryForest]:
        for answers in self.forests:
            answers.load()
        return self.learned

    def _balanced(self, context: np.ndarray, turn: np.ndarray, rng: np.random.Generator) -> Batch:
        """A row for each of (n, given) contexts; for each variable those of each of (n,) turns
        stand in an order in which those are neighbours that are alike so far.

        Along this order the questions are answered systematically (:meth:`BinaryForest.draw`):
        among rows that are alike, as many go right as their chances add up to. Rows of one cell
        stand in random order, a new one for each variable, so that variables which have nothing to
        do with each other are not tied together.
        """
        n = len(context)
        symbols = np.full((n, len(self.variables)), ABSENT, np.int32)
        symbols[:, : self.given] = context
        matrix = np.empty((n, len(self.variables)))
        cell, finest = turn, n == 0  # finer cells come behind those of the turn before, too
        for v, answers in enumerate(self.learned):
            if v >= self.given:
                order = np.lexsort((rng.random(n), cell))
                self._draw_symbols(v, answers, order, turn, symbols, matrix, rng)
            matrix[:, v] = as_features(symbols[:, v])
            if not finest:
                finer = _refined(cell, symbols[:, v], self.variables.count[v])
                finest = (finer.max() + 1) * CELL_ROWS > n
                if not finest:
                    cell = finer
        for v, answers in zip(self._outcome(), self.redrawn, strict=False):
            order = np.lexsort((rng.random(n), cell))
            self._draw_symbols(v, answers, order, turn, symbols, matrix, rng)
            matrix[:, v] = as_features(symbols[:, v])
        if not self.given:  # else each row stays with its context
            symbols = rng.permutation(symbols)
        return self.variables.batch(symbols, rng)

    def _draw_symbols(
        self,
        v: int,
        answers: BinaryForest,
        order: np.ndarray,
        turn: np.ndarray,
        symbols: np.ndarray,
        matrix: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        """Draw variable v of (n, variables) symbols along an order of the rows, turn by turn."""
        symbols[:, v] = ABSENT
        presence = self.variables.presence[v]
        if presence is not None:
            order = order[symbols[order, presence] == 0]
        if len(answers.count):
            x = matrix[np.ix_(order, answers.features)]
            symbols[order, v] = answers.draw(x, rng, turn[order])

    def to_state(self) -> State:
        """Pieces, counts, lines and trees."""
        _, arrays = self.variables.to_state()
        for k, answers in enumerate(self.forests):
            arrays[f"features.{k:05d}"] = answers.features.astype(np.int32)
            arrays[f"forest_of.{k:05d}"] = answers.forest_of
            if answers.forest is None:
                continue  # what was begun when time ran out is of no use
            arrays |= answers.forest.to_arrays(f"forest.{k:05d}")
            if answers.scores is not None:
                arrays[f"line.{k:05d}"] = answers.scores.line
            if answers.start is not None and self.odds_apart:
                arrays[f"start.{k:05d}"] = answers.start
        document = {
            "steps_done": self.steps_done,
            "steps_planned": self.steps_planned,
            "least": self.least,
            "effort": self.effort,
            "caution": self.caution,
            "redrawn": len(self.redrawn),
        }
        if self.odds_apart:
            document["odds_apart"] = True
        return document, arrays

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """The model of this state.

        Raises:
            ArtifactError: The trees are unsound.
            KeyError, OptionError, TypeError, ValueError: It is no such state.
        """
        model = cls(document["least"], document["effort"], document.get("caution", 0.0))
        model.steps_done, model.steps_planned = steps_of(document)
        model.spec = spec
        model.variables = Variables.from_state(spec.joint, arrays)
        model.odds_apart = document.get("odds_apart", False)
        terms, size = Terms(model.variables), len(model.variables)
        redrawn = document.get("redrawn", 0)
        if redrawn not in (0, len(model._outcome())):
            raise ValueError("the outcome is drawn again in part")
        planned = []
        variables = [*range(size), *model._outcome()[:redrawn]]
        for k, v in enumerate(variables):
            name = f"features.{k:05d}"
            limit = (v if k < size else size) - 1
            features = checked_arrays.integers(arrays, name, np.int32, (None,), 0, limit)
            if np.any(np.diff(features) <= 0):
                raise ValueError("a variable is drawn from another one twice")
            answers = model._planned(v, features.astype(int))
            if f"line.{k:05d}" in arrays:
                line = checked_arrays.reals(arrays, f"line.{k:05d}", np.float64, (None, None))
                answers.scores = terms.scores(answers.features, line)
            forests = len(arrays.get(f"forest.{k:05d}.trees", ()))
            answers.forest_of = checked_arrays.integers(
                arrays,
                f"forest_of.{k:05d}",
                np.int32,
                (len(answers.questions),),
                -1,
                forests - 1,
            )
            if not model.odds_apart:
                answers.start = np.zeros((len(answers.questions), 1))
            elif answers.scores is not None and f"start.{k:05d}" in arrays:
                shape = (len(answers.questions), 1 + answers.scores.size)
                answers.start = checked_arrays.reals(arrays, f"start.{k:05d}", np.float64, shape)
            if answers.shared.any():
                if not model._is_ordered(v):
                    raise ValueError("questions without an order share a forest")
                answers.asked = cuts(answers.questions, terms.scored[v][:, 0])
            if forests:
                answers.forest = Forest.from_arrays(f"forest.{k:05d}", arrays, answers.widths)
            planned.append(answers)
        model.learned, model.redrawn = planned[:size], planned[size:]
        return model


class _Learner:
    """Fits single questions; binned data are shared between the questions of a variable."""

    def __init__(
        self,
        model: Trees,
        matrix: np.ndarray,
        symbols: np.ndarray,
        person: np.ndarray | None,
        run: Run,
    ) -> None:
        self.model, self.run = model, run
        if person is None:
            person = np.arange(len(symbols))
        own, self.person = np.unique(person, return_inverse=True)
        self.persons = len(own)
        self.matrix, self.symbols = matrix, symbols
        self.terms = Terms(model.variables)
        self.binned: dict[int, lgb.Dataset] = {}
        # rows sorted by the place of their symbol among the variable's questions: a node's rows
        # stand together
        self.sorted: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def ready(self, tasks: Sequence[Task]) -> Iterator[Task]:
        """The tasks that are reached in time, their variables binned."""
        for step, task in enumerate(tasks):
            if self.run.must_stop(step):
                return
            self._bin(task[0])
            yield task

    def _bin(self, k: int) -> None:
        if k in self.binned:
            return
        answers, v = self.model.forests[k], self.model.variable(k)
        features = answers.features
        matrix = self.matrix[:, features]
        answers.scores = self.terms.learned(
            v,
            features,
            self.symbols,
            self.run.rng("trees", "line", k),
            self.model._repeats,
            self.model.shrinking,
        )
        if answers.scores is not None:
            answers.start = start_of(answers)
        if self.model._is_ordered(v):
            answers.asked = cuts(answers.questions, self.terms.scored[v][:, 0])
        self.binned[k] = self._binned(answers.seen(matrix), answers)
        rank = answers.questions.rank(len(answers.count))
        symbol = self.symbols[:, v]
        place = np.where(symbol == ABSENT, -1, rank[np.maximum(symbol, 0)])
        order = np.argsort(place, kind="stable").astype(np.int32)
        self.sorted[k] = order, place[order]

    def _is_unordered(self, u: int) -> bool:
        kind, i = self.model.variables.channels[u]
        if kind == "real":
            return False
        code = self.model.variables.spec.codes[i]
        return not code.ordered and code.size > 2

    def answer(self, k: int, nodes: tuple[int, ...]) -> LearnedAnswer | None:
        """What is learned of questions; None where time ran out."""
        model, answers = self.model, self.model.forests[k]
        rows, of_node, right = self._reached(k, nodes)
        all_rows = len(self.matrix)
        rounds, settings = _schedule(len(rows), model, all_rows)
        if len(nodes) > 1:
            settings["num_leaves"] *= TOGETHER_LEAVES
        elif k >= len(model.variables) and len(rows) * AGAIN_PART >= all_rows:
            rounds *= AGAIN_ROUNDS
            settings["num_leaves"] *= AGAIN_LEAVES
        settings = {**_BOOSTING, **settings}
        if len(nodes) == 1 and self._is_of_few(rows, right):
            return self._proportion(answers, nodes[0])
        binned, at = self.binned[k], rows
        whose = None
        if self.persons < all_rows:  # numbered anew, as few rows are of few of all persons
            whose = np.unique(self.person[rows], return_inverse=True)[1]
        seen = answers.seen(self.matrix[np.ix_(rows, answers.features)])
        scores, start = seen[:, len(answers.features) :].astype(float), None
        odds = log_odds(answers.share[of_node])
        if answers.start is not None:
            start = self._start(k, nodes, of_node, scores, right)
            odds = odds_on_line(start[np.searchsorted(nodes, of_node)], scores)
        if len(nodes) > 1:
            seen = answers.asking(of_node, seen).astype(np.float32)
            binned, at = self._binned(seen, answers), np.arange(len(rows), dtype=np.int32)
        question = Question(binned, at, seen, right, odds, self._least(rows), whose)
        if model.effort == "plain":
            settings["lambda_l2"] *= model.shrinking
            booster = grown(question, slice(None), settings, rounds, self._must_stop)
            forest = None if booster is None else of_enough_persons(booster, question)
        else:
            side = self._side(k, nodes[0])[rows]
            forest = honest(question, side, settings, rounds, self._must_stop, model.caution)
        return None if forest is None else LearnedAnswer(forest, start)

    def _is_of_few(self, rows: np.ndarray, right: np.ndarray) -> bool:
        """Whether one side of a question is of fewer than FEWEST_PERSONS persons, where these have
        several rows: what it goes along with would be known of them alone."""
        if self.persons == len(self.matrix):
            return False
        person = self.person[rows]
        return min(len(np.unique(person[side])) for side in (right, ~right)) < FEWEST_PERSONS

    def _proportion(self, answers: BinaryForest, node: int) -> LearnedAnswer:
        """What is learned of a question that is answered by its proportion."""
        if answers.start is None:
            return LearnedAnswer(Forest.silent(), None)
        start = np.zeros((1, answers.start.shape[1]))
        start[0, 0] = log_odds(answers.share[[node]])[0]
        return LearnedAnswer(Forest.silent(), start)

    def _start(
        self,
        k: int,
        nodes: tuple[int, ...],
        of_node: np.ndarray,
        scores: np.ndarray,
        right: np.ndarray,
    ) -> np.ndarray:
        """(nodes, 1 + scores) what the scores say of the questions before trees are asked."""
        if len(nodes) == 1:
            return logistic_line(scores / STEPS, right, self.model.shrinking)[None]
        return common_slope(
            self.model.forests[k],
            np.array(nodes),
            of_node,
            scores[:, 0] / STEPS,
            right,
            self.terms.scored[self.model.variable(k)][:, 0],
            self.model._in_leaf,
        )

    def _must_stop(self) -> bool:
        return self.run.steps is None and self.run.must_stop(0)

    def _reached(self, k: int, nodes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n,) rows that reach the nodes, each once for each node, (n,) the node, and (n,) whether
        it goes right."""
        q = self.model.forests[k].questions
        order, places = self.sorted[k]
        parts = []
        for node in nodes:
            bounds = [q.start[node], q.start[q.right[node]], q.stop[node]]
            first, middle, last = np.searchsorted(places, bounds)
            parts.append((order[first:last], np.arange(first, last) >= middle))
        rows = np.concatenate([part for part, _ in parts])
        of_node = np.repeat(nodes, [len(part) for part, _ in parts])
        right = np.concatenate([part for _, part in parts])
        if len(rows) > TOGETHER_ROWS and len(nodes) > 1:
            rng = self.run.rng("trees", "together", k)
            kept = np.sort(rng.permutation(len(rows))[:TOGETHER_ROWS])
            rows, of_node, right = rows[kept], of_node[kept], right[kept]
        at = np.argsort(rows, kind="stable")
        return rows[at], of_node[at], right[at]

    def _least(self, rows: np.ndarray) -> int:
        """Rows in a leaf: half of those that stand behind an answer, where halves of all rows grow
        and answer it; those of fewer than FEWEST_PERSONS persons say nothing in any case."""
        model = self.model
        times = int(np.bincount(rows).max())  # that a row is counted
        if model.effort == "plain":
            return model._in_leaf * times
        return max(model._in_leaf // 2, FEWEST_PERSONS) * times

    def _side(self, k: int, node: int) -> np.ndarray:
        """(rows,) which half each row belongs to: all rows of a person to the same.

        Halves of their own for each question, as the faults of the same halves would add up.
        """
        rng = self.run.rng("trees", "side", k, node)
        first_half = rng.permutation(self.persons) * 2 < self.persons
        return first_half[self.person]

    def _binned(self, seen: np.ndarray, answers: BinaryForest) -> lgb.Dataset:
        """What LightGBM sees of rows."""
        codes = [j for j, u in enumerate(answers.features) if self._is_unordered(int(u))]
        return lgb.Dataset(
            seen,
            params=_BOOSTING,
            categorical_feature=codes,
            free_raw_data=True,
        ).construct()


def _features(
    variables: Variables,
    symbols: np.ndarray,
    among: Sequence[tuple[int, Sequence[int]]],
    drawn: int,
    run: Run,
) -> list[np.ndarray]:
    """For each variable and others, those of the others that it is drawn from: all, or the most
    correlated by rank, where many variables are drawn."""
    # a presence code says nothing that its reals do not say by being absent
    presences = set(variables.presence)
    sample = symbols[run.rng("trees", "features").permutation(len(symbols))[:CORRELATED_ROWS]]
    most = int(np.clip(FEATURE_CELLS // max(drawn, 1), MIN_FEATURES, MAX_FEATURES))
    ranks = (sample.argsort(0).argsort(0) - len(sample) / 2).astype(np.float32)
    chosen = []
    for v, others in among:
        useful = np.array([u for u in others if u not in presences], int)
        if len(useful) > most:
            strength = np.abs(ranks[:, useful].T @ ranks[:, v])
            useful = np.sort(useful[np.argsort(-strength, kind="stable")[:most]])
        chosen.append(useful)
    return chosen


def _schedule(rows: int, model: Trees, table: int) -> tuple[int, dict[str, float]]:
    """Boosting rounds of a question that so many rows of the table reach, with the leaves of its
    trees and the learning rate."""
    times = rows / FULL_ROWS
    fewer = min(times, 1.0) ** FEW / max(times, 1.0) ** MANY
    rounds = ROUNDS * fewer / model.width
    leaves = LEAVES * times**MANY
    rate = RATE * max(times, 1.0) ** (MANY / 2)
    min_rounds = MIN_ROUNDS
    if model.effort == "plain":
        rounds = rounds / model.saving
        leaves = leaves * max(model.saving / 4, 1)
        rate = rate * min(model.saving, 4)
        min_rounds = MIN_PLAIN_ROUNDS
    else:
        pace = float(np.clip(table / STEADY_ROWS, 1.0, FASTEST))
        rounds = rounds * HONEST_ROUNDS / pace
        rate = rate * pace
    min_leaves = MIN_LEAVES // 2 if table < SMALL_TABLE else MIN_LEAVES
    return max(min_rounds, round(rounds)), {
        "num_leaves": min(max(round(leaves), min_leaves), MAX_LEAVES),
        "learning_rate": min(rate, MAX_RATE),
    }


def _distinct(context: Batch) -> np.ndarray:
    """(n,) the same number for rows that are equal."""
    rows = np.concatenate([context.tick, context.code.astype(np.int64)], axis=1)
    return np.unique(rows, axis=0, return_inverse=True)[1].reshape(len(rows))


def _turns(same: np.ndarray) -> np.ndarray:
    """(n,) which of the rows with its number each row is, 0 for the first; ALONE where there are
    few such rows."""
    order = np.argsort(same, kind="stable")
    turn = np.empty(len(same), np.int64)
    turn[order] = np.arange(len(same)) - np.searchsorted(same[order], same[order])
    rows = np.bincount(turn)
    return np.where(rows[turn] * TURNS < len(turn), ALONE, turn)


def _refined(cell: np.ndarray, symbol: np.ndarray, count: np.ndarray) -> np.ndarray:
    """(n,) cells -> (n,) finer ones, each divided by GROUPS groups of about equal counts, and one
    without a number."""
    before = np.cumsum(count) - count / 2
    group = np.floor(GROUPS * before / max(count.sum(), 1)).astype(np.int64)
    own = np.where(symbol == ABSENT, GROUPS, group[symbol] if len(group) else GROUPS)
    return np.unique(cell * (GROUPS + 1) + own, return_inverse=True)[1]
