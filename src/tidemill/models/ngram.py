"""Texts unit by unit, each given the few before it, by counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from tidemill.core import checked_arrays, checked_values
from tidemill.core.cost import Cost
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints, Spec, Topology
from tidemill.core.options import Configuration, option
from tidemill.core.run import Run
from tidemill.models.base import State, check_context, check_learns
from tidemill.models.channels import within
from tidemill.models.kneser_ney import KneserNey
from tidemill.models.ngram_choice import MOST_ORDER, NgramChoice, chosen, roots_of
from tidemill.models.ngram_classes import NO_CLASS, ContextClasses
from tidemill.models.ngram_counts import UnitStream, counted, persons_of_rows
from tidemill.models.ngram_guidance import (
    MOST_CELLS,
    STEEPEST,
    STRENGTHS,
    ClassWords,
    Guidance,
    guidance,
)
from tidemill.models.ngram_mixture import RunMixture

POSITIONS = 1 << 18
"""Units that are looked at at a time."""
TOGETHER = 8192
"""Rows drawn together."""


@dataclass(frozen=True)
class NgramOptions(Configuration):
    """Options of :class:`Ngram`."""

    order: int = option(
        0, "units of the longest runs; 0 is chosen by held-out texts", low=0, high=MOST_ORDER
    )
    temperature: float = option(
        1.0,
        "below 1 likelier units are drawn more often than they occur, above 1 less often",
        low=0.05,
        high=20.0,
    )
    top_p: float = option(
        1.0,
        "only the likeliest units are drawn, that have this chance together",
        low=0.01,
        high=1.0,
    )
    candidates: int = option(
        4, "texts drawn for a row, of which one is taken that suits its class", low=1, high=64
    )


@dataclass(frozen=True)
class UnitChances:
    """Of units and ends of texts, text after text.

    Attributes:
        row: (m,) the text of each.
        chance: (m,) its chance.
        known: (m,) how many units before it are a known history.
    """

    row: np.ndarray
    chance: np.ndarray
    known: np.ndarray


class Ngram:
    """The floor and the quick default for texts: each unit given the few before it.

    Chances are those of interpolated Kneser-Ney smoothing. Where a column beside the texts, or two
    of them, make held-out texts likelier, runs are also counted within the classes of their levels:
    a class takes what its own counts leave over from a mixture of its next shorter runs and of what
    all texts say. Orders, classes and shares are chosen by a tenth of the rows; then all rows are
    counted.

    A run of two units or more is not kept where each of its occurrences has a guarded site, unless
    FEWEST_PERSONS have it (``Batch.guarded``); one of 5 units or more is kept only where 3 persons
    have it. What is not kept is left to shorter runs. Only units that occur are drawn; in the
    likelihood of other texts a unit that never occurs has a small chance.

    In dialogues the words of each speaker are counted by themselves, where that makes held-out
    texts likelier, so that it is not forgotten who speaks, and who answers.

    A text ends by a mark of its own, or where there is no more room.

    What a class leaves to all texts makes a text wander off. So where classes are used, several
    texts are drawn for a row, and one is taken by how likely its units make its class, so that this
    is as likely as of held-out texts (:class:`Guidance`). :meth:`scores` are those of a single
    draw.

    Args:
        order: Units of the longest runs, those behind a history of one less; 0 for what makes
            held-out texts likeliest, at most MOST_ORDER.
        temperature: Chances are raised to 1 / temperature.
        top_p: The likeliest units are drawn that have this chance together (Holtzman et al. 2020).
        candidates: Texts that are drawn for a row with a class.

    Raises:
        OptionError: An option makes no sense.

    Example:
        >>> from tidemill.core.grid import Code
        >>> spec = Spec(codes=(Code("letter", 3),), sites=(4,), topology="tokens")
        >>> texts = np.tile([[0], [1], [0], [2]], (50, 1, 1)).astype(np.int32)
        >>> model = Ngram().fit(spec, Batch(np.zeros((50, 4, 0), np.int64), texts), Run())
        >>> model.sample(1, np.random.default_rng(0)).code[0, :, 0].tolist()
        [0, 1, 0, 2]
    """

    Options: ClassVar[type[NgramOptions]] = NgramOptions
    parameters: ClassVar[Mapping[str, Any]] = NgramOptions.parameters()
    learns: ClassVar[frozenset[Topology]] = frozenset({"tokens"})
    steps_done = 1
    steps_planned = 1

    spec: Spec
    classes: ContextClasses | None
    mixture: RunMixture
    guidance: Guidance

    def __init__(
        self,
        order: int = 0,
        temperature: float = 1.0,
        top_p: float = 1.0,
        candidates: int = 4,
    ) -> None:
        self.options = NgramOptions(order, temperature, top_p, candidates)

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Count the runs of all texts.

        Raises:
            OptionError: The rows are no texts of a single code.
        """
        check_learns("ngram", self.learns, spec)
        if len(spec.codes) != 1 or spec.reals:
            raise OptionError(
                "the model 'ngram' learns texts of one code a site",
                hint="choose option 'model=autoregressive'",
            )
        run.check()
        choice = chosen(spec, batch, self.options.order, run.rng("ngram", "held out"))
        self.guidance = Guidance()
        guided = self._guided(spec, batch, choice, run)
        run.check()
        self._count(spec, batch, choice)
        self.guidance = guided
        return self

    def _count(self, spec: Spec, batch: Batch, choice: NgramChoice) -> None:
        """Count the runs of these texts."""
        self.spec, self.classes = spec, None
        stream = UnitStream.of(spec, batch)
        voices, own = choice.voices, stream.voice if choice.voices else None
        tables = counted(stream, choice.order, own, voices + 1)
        general, by_class = KneserNey.learned(stream.size, tables), None
        if choice.classes is not None and spec.context is not None and batch.context is not None:
            table, context = spec.context.joint, batch.context.joint
            persons = persons_of_rows(batch)
            self.classes = ContextClasses.of_all(table, context, choice.classes.channels, persons)
            roots = roots_of(self.classes.of(table, context)[stream.row], stream.voice, voices)
            count = self.classes.count * (voices + 1)
            tables = counted(stream, len(choice.shares), roots, count)
            by_class = KneserNey.learned(stream.size, tables)
        self._mix(general, by_class, choice.shares, empty_rows=batch.empty_rows)

    def _mix(
        self,
        general: KneserNey,
        by_class: KneserNey | None,
        shares: np.ndarray,
        *,
        empty_rows: bool,
    ) -> None:
        o, ragged = self.options, self.spec.ragged
        self.mixture = RunMixture(
            general, by_class, shares, ragged, empty_rows, o.temperature, o.top_p
        )

    def _guided(self, spec: Spec, batch: Batch, choice: NgramChoice, run: Run) -> Guidance:
        """What makes texts for held-out rows suit their classes as the real ones do, where they are
        drawn by a model that has not seen these."""
        if choice.classes is None or self.options.candidates == 1:
            return Guidance()
        self._count(spec, batch.rows(np.flatnonzero(~choice.held)), choice)
        words = self._class_words
        held = batch.rows(np.flatnonzero(choice.held))
        of = self.classes_of(len(held), held.context)
        held, of = held.rows(np.flatnonzero(of >= 0)), of[of >= 0]
        if words is None or not len(held):
            return Guidance()
        rng = run.rng("ngram", "guidance")
        nothing = replace(held, mask=np.zeros(held.code.shape[:2], bool))
        candidates = range(self.options.candidates)
        drawn = [self._written(nothing, of, rng, run) for _ in candidates]
        return guidance(
            (words.chances(held, of), _lengths(held)),
            (
                np.stack([words.chances(one, of) for one in drawn]),
                np.stack([_lengths(one) for one in drawn]),
            ),
            rng,
        )

    @property
    def _class_words(self) -> ClassWords | None:
        """Of which class a text is; None where classes and units are too many."""
        by_class = self.mixture.by_class
        if by_class is None:
            return None
        level, size = by_class.levels[0], by_class.size
        if len(level.unit) * len(np.unique(level.follower)) > MOST_CELLS:
            return None
        return ClassWords(level, size, self.mixture.voices)

    def cost(self, rows: int, columns: int, size: int) -> Cost:
        """What learning costs.

        Args:
            rows, columns: Of the table.
            size: Its bytes in memory.
        """
        return Cost(6e-6 * size, 0.3 * 2**30 + 400 * size)

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """n new texts, one for each row of the context.

        Raises:
            OptionError: A context is missing.
        """
        check_context("ngram", self.spec, context)
        blank = Batch.blank(replace(self.spec, context=None), n)
        nothing = np.zeros(blank.code.shape[:2], bool)
        return self.write_on(replace(blank, mask=nothing, context=context), rng, run)

    def write_on(self, begun: Batch, rng: np.random.Generator, run: Run | None = None) -> Batch:
        """Texts that begin as these, one each: the sites of their masks stay, and others follow.

        Args:
            begun: The beginnings, and what the texts are written for as their context.
            rng: The random stream.
            run: For cancelling.

        Raises:
            OptionError: A context is missing.
        """
        check_context("ngram", self.spec, begun.context)
        run, of = run or Run(), self.classes_of(len(begun), begun.context)
        words = self._class_words if self.guidance.strength > 0 else None
        if words is None or not len(begun):
            return self._written(begun, of, rng, run)
        made, candidates = [], self.options.candidates
        size = max(TOGETHER // candidates, 1)
        for start in range(0, len(begun), size):
            row = np.arange(start, min(start + size, len(begun)))
            every = np.tile(row, candidates)
            drawn = self._written(begun.rows(every), of[every], rng, run)
            shape = (candidates, len(row))
            taken = self.guidance.taken(
                words.chances(drawn, of[every]).reshape(shape),
                _lengths(drawn).reshape(shape),
                rng.gumbel(size=shape),
            )
            taken = np.where(of[row] == NO_CLASS, 0, taken)
            made.append(drawn.rows(taken * len(row) + np.arange(len(row))))
        return Batch.stacked(made)

    def _written(self, begun: Batch, of: np.ndarray, rng: np.random.Generator, run: Run) -> Batch:
        """A text for each of (n,) classes that goes on from its beginning."""
        n = len(begun)
        code, length = begun.code[..., 0].copy(), np.zeros(n, np.int64)
        known = _lengths(begun)
        code[np.arange(code.shape[1]) >= known[:, None]] = 0
        starts = range(0, n, TOGETHER)
        for start, stream in zip(starts, rng.spawn(len(starts)), strict=True):
            run.check()
            rows = slice(start, start + TOGETHER)
            length[rows] = self.mixture.draw(code[rows], known[rows], of[rows], stream)
        mask = np.arange(code.shape[1]) < length[:, None] if self.spec.ragged else None
        return replace(begun, code=code[..., None], mask=mask)

    def infill(
        self,
        n: int,
        known: Constraints,
        rng: np.random.Generator,
        run: Run | None = None,
        context: Batch | None = None,
    ) -> ConditionalSample:
        """n new texts.

        Raises:
            OptionError: Something is known of single units, or a context is missing.
        """
        if known.of_all or known.rows is not None:
            raise OptionError(
                "the model 'ngram' writes texts from their beginning and keeps to no unit of them",
                hint="ask for what stands beside the texts",
            )
        return ConditionalSample(self.sample(n, rng, run, context), np.ones(n), n)

    def scores(self, batch: Batch, run: Run | None = None) -> np.ndarray:
        """(n,) the log-likelihood of each text given its context, in nats.

        A unit that never occurred has a small chance, so that it is never -inf but for an empty
        text where none was learned from.

        Raises:
            OptionError: A context is missing.
        """
        found = self.chances(batch, run)
        with np.errstate(divide="ignore"):
            return np.bincount(found.row, np.log(found.chance), minlength=len(batch))

    def chances(self, batch: Batch, run: Run | None = None) -> UnitChances:
        """Of each unit of texts, and of their ends, text after text.

        Raises:
            OptionError: A context is missing.
        """
        check_context("ngram", self.spec, batch.context)
        stream, of_row = UnitStream.of(self.spec, batch), self.classes_of(len(batch), batch.context)
        at = stream.predicted
        chances, known = np.zeros(len(at)), np.zeros(len(at), np.int64)
        for start in range(0, len(at), POSITIONS):
            if run is not None:
                run.check()
            here = slice(start, start + POSITIONS)
            part = at[here]
            recent = stream.recent(part, MOST_ORDER - 1)
            row, unit, voice = stream.row[part], stream.unit[part], stream.voice[part]
            chance = self.mixture.chances(recent, of_row[row], voice, unit)
            if not self.mixture.empty_rows and self.spec.ragged:
                first = stream.place[part] == 1
                end = np.full(int(first.sum()), stream.size)
                ends = self.mixture.chances(recent[first], of_row[row[first]], voice[first], end)
                chance[first] /= 1 - ends
                chance[first & (unit == stream.size)] = 0.0
            chances[here], known[here] = chance, self.mixture.known(recent, voice)
        return UnitChances(stream.row[at], chances, known)

    def classes_of(self, n: int, context: Batch | None) -> np.ndarray:
        """(n,) the class of each row, NO_CLASS of none."""
        if self.classes is None or self.spec.context is None or context is None:
            return np.full(n, NO_CLASS)
        return self.classes.of(self.spec.context.joint, context.joint)

    def to_state(self) -> State:
        """Runs and how often they occur; no text."""
        mixture = self.mixture
        arrays = mixture.general.to_arrays("general")
        document: dict[str, Any] = {
            **self.options.to_state(),
            "longest": mixture.general.order,
            "voices": mixture.voices,
            "empty_rows": mixture.empty_rows,
            "guidance": [self.guidance.strength, self.guidance.slope],
            "classes": None,
        }
        if self.classes is not None and mixture.by_class is not None:
            document["classes"], own = self.classes.to_state()
            document["classes"]["longest"] = mixture.by_class.order
            arrays |= {f"classes.{name}": array for name, array in own.items()}
            arrays |= mixture.by_class.to_arrays("by_class") | {"shares": mixture.shares}
        return document, arrays

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """The model that :meth:`to_state` described.

        Raises:
            KeyError, OptionError, TypeError, ValueError: It is no such state.
        """
        check_learns("ngram", cls.learns, spec)
        if len(spec.codes) != 1 or spec.reals:
            raise ValueError("the texts have not one code a site")
        model = cls(*(document[name] for name in cls.parameters))
        model.spec, size = spec, spec.codes[0].size
        strength, slope = document["guidance"]
        model.guidance = Guidance(
            checked_values.real(strength, 0.0, STRENGTHS[-1]),
            checked_values.real(slope, -STEEPEST, STEEPEST),
        )
        voices = checked_values.whole(document["voices"], 0, spec.voices)
        general = KneserNey.from_arrays(size, "general", arrays, _order_of(document), voices + 1)
        if voices not in (0, spec.voices):
            raise ValueError("there are other speakers")
        model.classes, by_class, shares = None, None, np.zeros(0)
        told = document["classes"]
        if told is not None:
            if spec.context is None:
                raise ValueError("there are classes and no context")
            longest, own = _order_of(told), within(arrays, "classes.")
            model.classes = ContextClasses.from_state(spec.context.joint, told, own)
            count = model.classes.count
            roots = count * (voices + 1)
            by_class = KneserNey.from_arrays(size, "by_class", arrays, longest, roots)
            shares = checked_arrays.reals(arrays, "shares", np.float64, (longest,))
            if np.any(shares < 0) or np.any(shares > 1):
                raise ValueError("a share is less than nothing or more than all")
        empty_rows = checked_values.truth(document["empty_rows"])
        model._mix(general, by_class, shares, empty_rows=empty_rows)
        return model


def _lengths(batch: Batch) -> np.ndarray:
    """(n,) units of each text."""
    if batch.mask is None:
        return np.full(len(batch), batch.code.shape[1])
    return np.asarray(batch.mask.sum(axis=1))


def _order_of(document: Mapping[str, Any]) -> int:
    """The length of the longest stored runs."""
    return checked_values.whole(document["longest"], 1, MOST_ORDER)
