"""Rows drawn from a model part by part, under what is asked of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from tidemill.codecs.codec import Codec
from tidemill.codecs.columns.base import SurrogateStream
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.drawn import Drawn, Odds
from tidemill.core.errors import ConditionError
from tidemill.core.frame_form import FrameForm
from tidemill.core.grid import Batch, ConditionalSample, Constraints
from tidemill.core.run import Run
from tidemill.synthesis.given_texts import given_texts
from tidemill.synthesis.infilling import GivenRows, fill, numbered, stacked
from tidemill.synthesis.stages import Stages, first_stage

PART = 250_000
"""Rows held in memory at a time; fewer where each has many sites."""
SITES = 32
"""Sites that need no more memory than a row without any."""
FREQUENT = 0.05
"""Rows of a sort that plain rows hold so often are picked from them, which costs less than drawing
under a condition."""
MANY = 8
"""No more conditions are told one by one; warnings always are."""


FIRST_TRIES, MOST_TRIES, GIVEN_UP = 256, 200_000, 20_000
"""Rows that are made at a time to keep those that pass; where fewer than one in the last number
does, none is looked for further."""


@dataclass(frozen=True)
class SampledModel:
    """What rows are drawn from.

    Attributes:
        codec, generator: The codec and the stages of what can be asked for: all of them, but for
            that of texts; fitted.
        whole: All stages: texts are written for the rows that are handed out.
        name: What the rows are called.
        frame_form: The form of frame that they are handed out in.
        training: Rows that were learned from.
        in_use: What rows are drawn within; see :meth:`Synthesizer.in_use`.
    """

    codec: Codec
    generator: Stages
    whole: Stages
    name: str
    frame_form: FrameForm
    training: int
    in_use: Callable[[], AbstractContextManager[None]] = nullcontext

    @property
    def texts(self) -> frozenset[str]:
        """The columns of texts that are written, and no fresh words."""
        codec = self.whole.last.codec
        if codec is self.codec:
            return frozenset()
        return frozenset(column.name for column in codec.schema.texts)

    @property
    def part(self) -> int:
        """Rows of the grid that are drawn at a time."""
        sites = math.prod(self.whole.last.codec.spec.sites)
        by_memory = PART * SITES // max(sites, SITES)
        return max(min(by_memory, PART // self.codec.longest), 1)

    def decoded(
        self,
        batch: Batch,
        rng: np.random.Generator,
        round_number: int,
        surrogates: SurrogateStream,
        run: Run,
        given: Dataset | None = None,
    ) -> Dataset:
        """Rows of the model's own columns with their texts, marked as generated; for given rows
        those that they lack."""
        codec = self.whole.last.codec
        if codec is not self.codec:
            batch = self.whole.made_for(batch, rng, run, given)
        made = codec.decode(batch, rng, name=self.name, surrogates=surrogates)
        origin = pl.repeat(round_number, len(made), dtype=pl.Int16, eager=True)
        return Dataset(
            made.frame, made.schema, origin=origin, name=made.name, frame_form=self.frame_form
        )


@dataclass(frozen=True)
class SamplePlan:
    """What is asked of n rows.

    Attributes:
        n: How many.
        cells: What rows are asked to be like, one entry for each sort of row.
        cell_of: (n,) the cell of each row; None where there is one for all.
        shares: (cells,) how many of the model's rows are of each cell, where these are to be picked
            from plain rows if they are frequent enough; None where all are drawn under their
            condition.
        given: Rows that are taken in turn, with some of their values; None where none are.
        kept: Columns of ``given`` whose missing values stay missing.
        draws: How often ``given`` is gone through to fill it in; 0 where new rows are made that are
            like it.
        round_number: The origin of the rows.
        stream: Name of the random streams.
    """

    n: int
    cells: tuple[Condition, ...] = (Condition(),)
    cell_of: np.ndarray | None = None
    shares: np.ndarray | None = None
    given: GivenRows | None = None
    kept: Sequence[str] = ()
    draws: int = 0
    round_number: int = 1
    stream: str = "sample"


@dataclass
class _Tally:
    """What came of one cell, added up over the parts."""

    rows: int = 0
    chance: float = 0.0
    effective: float = 0.0

    def add(self, made: ConditionalSample) -> None:
        self.rows += len(made.batch)
        self.chance += float(made.chance.sum())
        self.effective += made.effective


@dataclass
class SampleJob:
    """The parts of a plan, each made when it is asked for; each part has its own random stream.

    Attributes:
        model: What rows are drawn from.
        plan: What is asked.
        run: Is shown the progress, and told at the end what the rows are worth.
        chance: (n,) the probability of what was given of each row, when all parts are made; None
            where nothing was.
    """

    model: SampledModel
    plan: SamplePlan
    run: Run
    chance: np.ndarray | None = None
    _tallies: list[_Tally] = field(default_factory=list)
    _known: dict[int, Constraints] = field(default_factory=dict)
    _checked: dict[int, Condition] = field(default_factory=dict)
    _guessed: int = 0

    def all(self) -> Drawn:
        """All rows at once."""
        return Drawn(stacked(list(self)), self.odds, self.chance)

    def __iter__(self) -> Iterator[Dataset]:
        parts = self._parts()
        while True:
            with self.model.in_use():
                part = next(parts, None)
            if part is None:
                return
            yield part

    def _parts(self) -> Iterator[Dataset]:
        self._tallies = [_Tally() for _ in self.plan.cells]
        self._guessed = 0
        self._known = {}
        self._checked = {}
        for k, cell in enumerate(self.plan.cells):
            if self.plan.given is None and cell.tests:
                self._known[k] = known_of(self.model.codec, cell)
                checked = self.model.codec.checked(cell)
                if checked.tests:
                    self._checked[k] = checked
        chances: list[np.ndarray] = []
        part = self.model.part
        starts = range(0, max(self.plan.n, 1), part)
        if len(starts) == 1 and len(self.plan.cells) == 1:
            yield self._part(0, self.plan.n, self.run, chances)
        else:
            # the stages of parts and cells would be a line each
            inner = self.run.child()
            text = f"making {self.plan.n:,} rows"
            with self.run.stage("sample", text, total=self.plan.n) as stage:
                for start in starts:
                    size = min(part, self.plan.n - start)
                    yield self._part(start, size, inner, chances)
                    stage.advance(units=size)
        self.chance = np.concatenate(chances) if chances else None
        self._tell()

    @property
    def odds(self) -> tuple[Odds, ...]:
        """What came of each cell in which something was asked, when all parts are made."""
        training, noun = self.model.training, self.model.codec.items
        if self.plan.given is not None:
            [cell] = self.plan.cells
            [tally] = self._tallies
            asked = f"what is given and {cell}" if cell.tests else "what is given"
            return (Odds(asked, tally.rows, None, tally.effective, training, noun),)
        found = []
        for k, (cell, tally) in enumerate(zip(self.plan.cells, self._tallies, strict=True)):
            if cell.tests and tally.rows:
                chance = tally.chance / tally.rows
                found.append(
                    Odds(self._words(k), tally.rows, chance, tally.effective, training, noun)
                )
        return tuple(found)

    def _words(self, k: int) -> str:
        """What is asked in a cell."""
        is_of_steps = k in self._checked and self.model.codec.topology == "steps"
        return f"{self.plan.cells[k]}{', at every step' if is_of_steps else ''}"

    def _tell(self) -> None:
        odds = self.odds
        for one in odds:
            if one.warning:
                self.run.warn(one.warning)
            elif one.chance is not None and len(odds) <= MANY:
                self.run.emit("note", "odds", str(one))
        if self._guessed:
            self.run.warn(
                f"{self._guessed:,} of the {self.plan.n:,} rows hold values, or combinations, that "
                "the model gives no chance; what is drawn beside them is a guess"
            )

    def _part(self, start: int, size: int, run: Run, chances: list[np.ndarray]) -> Dataset:
        """Rows ``start`` to ``start + size``; the probabilities of what is given of them are added
        to ``chances``."""
        plan = self.plan
        rng = run.rng(plan.stream, plan.round_number, start // self.model.part)
        seed = run.seed_of(plan.stream, "fresh", plan.round_number)
        surrogates = SurrogateStream(start, seed)
        if plan.given is None:
            batch = self._asked(start, size, rng, run)
            return self.model.decoded(batch, rng, plan.round_number, surrogates, run)
        at = np.arange(start, start + size)
        given = plan.given.rows(at % len(plan.given))

        def complete(rows: GivenRows) -> ConditionalSample:
            return completions(self.model, rows, plan.cells[0], plan.kept, rng, run)

        made = given_texts(complete(given), given, self.model.whole.last, complete, rng, run)
        self._tallies[0].add(made)
        chances.append(made.chance)
        incomplete = given.incomplete(self.model.codec.schema)
        self._guessed += int((incomplete & (made.chance <= 0)).sum())
        own = self.model.decoded(made.batch, rng, plan.round_number, surrogates, run, given.known)
        own = self.model.codec.fitted_to(own, given.known)
        data = fill(given, own, plan.kept, self.model.texts)
        if plan.draws > 1:
            return numbered(data, at // len(plan.given) + 1)
        if plan.draws == 1:
            return data
        asked = data.select(own.schema.names)
        return replace(asked, name=own.name, frame_form=own.frame_form)

    def _asked(self, start: int, size: int, rng: np.random.Generator, run: Run) -> Batch:
        """Rows from ``start`` on, each as its cell asks."""
        if self.plan.cell_of is None:
            return self._of_cell(0, size, rng, run)
        cell = self.plan.cell_of[start : start + size]
        counts = np.bincount(cell, minlength=len(self.plan.cells))
        picked = self._picked(counts, rng, run)
        parts: list[Batch] = []
        for k in np.flatnonzero(counts).tolist():
            self.run.check()
            left = int(counts[k])
            if k in picked:
                parts.append(picked[k])
                left -= len(picked[k])
            if left:
                parts.append(self._of_cell(k, left, rng, run))
        if not parts:
            return self.model.generator.sample(0, rng, run)
        back = np.empty(size, np.int64)
        back[np.argsort(cell, kind="stable")] = np.arange(size)
        return Batch.stacked(parts).rows(back)

    def _picked(self, counts: np.ndarray, rng: np.random.Generator, run: Run) -> dict[int, Batch]:
        """Rows of frequent cells, at most as many as are wanted, picked from plain rows."""
        shares = self.plan.shares
        if shares is None:
            return {}
        frequent = [
            k
            for k in np.flatnonzero(counts).tolist()
            if shares[k] >= FREQUENT and k not in self._checked
        ]
        if not frequent:
            return {}
        n = int(max(counts[k] / shares[k] for k in frequent))
        plain = self.model.generator.sample(n, rng, run)
        picked = {}
        for k in frequent:
            passing = self._known[k].satisfied_by(first_stage(plain))
            picked[k] = plain.rows(rng.permutation(np.flatnonzero(passing))[: counts[k]])
            taken = len(picked[k])
            self._tallies[k].add(
                ConditionalSample(picked[k], np.full(taken, passing.mean()), taken)
            )
        return picked

    def _of_cell(self, k: int, n: int, rng: np.random.Generator, run: Run) -> Batch:
        if k not in self._known:
            self._tallies[k].rows += n
            return self.model.generator.sample(n, rng, run)
        if k in self._checked:
            made = self._passing(k, n, rng, run)
        else:
            made = self.model.generator.infill(n, self._known[k], rng, run)
        self._tallies[k].add(made)
        return made.batch

    def _passing(self, k: int, n: int, rng: np.random.Generator, run: Run) -> ConditionalSample:
        """n rows of a cell with tests that can only be made on rows: those that pass.

        Raises:
            ConditionError: Hardly any does.
        """
        codec = self.model.codec
        # series of many steps take as long as so many rows
        most = max(MOST_TRIES // codec.longest, FIRST_TRIES)
        given_up = max(GIVEN_UP // codec.longest, FIRST_TRIES)
        parts: list[Batch] = []
        chance, found, tried = 0.0, 0, 0
        while found < n:
            size = min(most, max(FIRST_TRIES, 2 * (n - found)))
            if tried:
                size = min(most, int(1.1 * (n - found) * tried / max(found, 1)) + FIRST_TRIES)
            made = self.model.generator.infill(size, self._known[k], rng, run)
            rows = codec.decode(made.batch, rng)
            passing = np.flatnonzero(codec.passing(self._checked[k], made.batch, rows))
            parts.append(made.batch.rows(passing))
            chance += float(made.chance[passing].sum())
            found, tried = found + len(passing), tried + size
            if tried >= given_up and found * given_up < tried:
                raise ConditionError(
                    f"none or hardly any of {tried:,} new {codec.items} is like this: "
                    f"{self._words(k)}",
                    hint="ask for other values, or for values of what the column is reckoned from",
                )
            self.run.check()
        batch = Batch.stacked(parts).rows(np.arange(n))
        return ConditionalSample(batch, np.full(n, chance / max(tried, 1)), float(n))


def known_of(codec: Codec, condition: Condition) -> Constraints:
    """What a condition says of channels, without the tests that can only be made on rows.

    Raises:
        ConditionError: A test cannot be asked of its column, or no row can pass all of them.
    """
    untold = codec.untold(condition).tests
    return codec.constraints(Condition(tuple(t for t in condition.tests if t not in untold)))


def completions(
    model: SampledModel,
    given: GivenRows,
    condition: Condition,
    kept: Sequence[str],
    rng: np.random.Generator,
    run: Run,
) -> ConditionalSample:
    """What rows of a user lack, drawn given what they have.

    Args:
        model: What is drawn from.
        given: n rows.
        condition: What shall hold besides.
        kept: Columns whose missing values are known to be missing; in others they are drawn.
        rng: The random stream.
        run: For progress.

    Raises:
        DataError: A value is none that its column can have.
        ConditionError: A row and the condition exclude each other.
    """
    codec, n = model.codec, len(given)
    chance, effective = np.zeros(n), 0.0
    facts = [name for name in kept if name in given.known.schema]
    parts, places = [], []
    for at, known in codec.completions(given.known, condition, kept=facts):
        made = model.generator.infill(len(at), known, rng, run)
        parts.append(made.batch)
        places.append(at)
        chance[at] = made.chance
        effective += made.effective
    batch = Batch.blank(codec.spec, 0)
    if parts:
        batch = Batch.stacked(parts).rows(np.argsort(np.concatenate(places)))
    return ConditionalSample(batch, chance, effective)
