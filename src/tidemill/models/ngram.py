"""Texts unit by unit, each given the few before it, by counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from tidemill.core import checked_arrays
from tidemill.core.cost import Cost
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints, Spec, Topology
from tidemill.core.options import Configuration, option
from tidemill.core.run import Run
from tidemill.models.base import State, check_context, check_learns
from tidemill.models.channels import within
from tidemill.models.kneser_ney import KneserNey
from tidemill.models.ngram_choice import MOST_ORDER, chosen, mixed
from tidemill.models.ngram_classes import NO_CLASS, ContextClasses
from tidemill.models.ngram_counts import NONE, UnitStream, counted, persons_of_rows

POSITIONS, CELLS = 1 << 18, 1 << 22
"""Units, and chances, that are looked at at a time."""
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

    A text ends by a mark of its own, or where there is no more room.

    Args:
        order: Units of the longest runs, those behind a history of one less; 0 for what makes
            held-out texts likeliest, at most MOST_ORDER.
        temperature: Chances are raised to 1 / temperature.
        top_p: The likeliest units are drawn that have this chance together (Holtzman et al. 2020).

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
    general: KneserNey
    classes: ContextClasses | None
    by_class: KneserNey | None
    shares: np.ndarray
    """(order of ``by_class``,) how much of a chance is the class's own, behind each length; the
    rest is that of all texts."""
    empty_rows: bool
    """Whether a text may have no unit."""

    def __init__(self, order: int = 0, temperature: float = 1.0, top_p: float = 1.0) -> None:
        self.options = NgramOptions(order, temperature, top_p)

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
        self.spec, self.empty_rows = spec, batch.empty_rows
        choice = chosen(spec, batch, self.options.order, run.rng("ngram", "held out"))
        run.check()
        stream = UnitStream.of(spec, batch)
        self.general = KneserNey.learned(stream.size, counted(stream, choice.order))
        self.classes, self.by_class, self.shares = None, None, choice.shares
        if choice.classes is not None and spec.context is not None and batch.context is not None:
            run.check()
            table, context = spec.context.joint, batch.context.joint
            persons = persons_of_rows(batch)
            self.classes = ContextClasses.of_all(table, context, choice.classes.channels, persons)
            of_row = self.classes.of(table, context)
            tables = counted(stream, len(choice.shares), of_row, self.classes.count)
            self.by_class = KneserNey.learned(stream.size, tables)
        return self

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
        n = len(begun)
        run, of_row = run or Run(), self._classes(n, begun.context)
        code, length = begun.code[..., 0].copy(), np.zeros(n, np.int64)
        known = np.zeros(n, np.int64) if begun.mask is None else begun.mask.sum(axis=1)
        starts = range(0, n, TOGETHER)
        for start, stream in zip(starts, rng.spawn(len(starts)), strict=True):
            run.check()
            rows = slice(start, start + TOGETHER)
            length[rows] = self._draw(code[rows], known[rows], of_row[rows], stream)
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
        if known.tick or known.code or known.sums or known.rows is not None:
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
        check_context("ngram", self.spec, batch.context)
        stream, of_row = UnitStream.of(self.spec, batch), self._classes(len(batch), batch.context)
        found, at = np.zeros(len(batch)), stream.predicted
        for start in range(0, len(at), POSITIONS):
            if run is not None:
                run.check()
            part = at[start : start + POSITIONS]
            recent = stream.recent(part, MOST_ORDER - 1)
            row, unit = stream.row[part], stream.unit[part]
            chance = self._chances(recent, of_row[row], unit)
            if not self.empty_rows and self.spec.ragged:
                first = stream.place[part] == 1
                end = np.full(int(first.sum()), stream.size)
                chance[first] /= 1 - self._chances(recent[first], of_row[row[first]], end)
                chance[first & (unit == stream.size)] = 0.0
            with np.errstate(divide="ignore"):
                found += np.bincount(row, np.log(chance), minlength=len(batch))
        return found

    def _classes(self, n: int, context: Batch | None) -> np.ndarray:
        """(n,) the class of each row, NO_CLASS of none."""
        if self.classes is None or self.spec.context is None or context is None:
            return np.full(n, NO_CLASS)
        return self.classes.of(self.spec.context.joint, context.joint)

    def _chances(self, recent: np.ndarray, of: np.ndarray, unit: np.ndarray) -> np.ndarray:
        """(p,) the chance of each unit.

        Args:
            recent: (p, MOST_ORDER - 1) the units before each, the nearest first.
            of: (p,) their classes.
            unit: (p,) the units, or the mark of an end.
        """
        chance = np.full(len(unit), 1 / (self.spec.codes[0].size + self.spec.ragged))
        for own, rest in self.general.terms(np.zeros_like(unit), recent, unit):
            chance = own + rest * chance
        if self.by_class is None:
            return chance
        return mixed(chance, self.by_class.terms(of, recent, unit), self.shares)

    def _draw(
        self, code: np.ndarray, known: np.ndarray, of: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Fill (n, sites) codes with units, of which the first ``known`` ones are there, and return
        the (n,) lengths of the texts."""
        n, sites = code.shape
        end = self.spec.codes[0].size
        length = np.zeros(n, np.int64)
        alive = np.arange(n)
        recent = np.full((n, MOST_ORDER - 1), NONE, np.int64)
        recent[:, 0] = end + 1
        plain = self.options.temperature == 1 and self.options.top_p == 1
        for site in range(sites):
            must = site == 0 and not self.empty_rows
            if plain:
                unit = self._next(recent, of, rng)
                again = np.flatnonzero(unit == end) if must else np.zeros(0, int)
                unit[again] = self._next_by_all(recent[again], of[again], rng, ends=False)
            else:
                unit = self._next_by_all(recent, of, rng, ends=not must)
            unit = np.where(site < known[alive], code[alive, site], unit)
            goes_on = unit != end
            alive, unit, of = alive[goes_on], unit[goes_on], of[goes_on]
            if not len(alive):
                break
            code[alive, site] = unit
            length[alive] = site + 1
            recent = np.concatenate([unit[:, None], recent[goes_on, :-1]], axis=1)
        return length

    def _next(self, recent: np.ndarray, of: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) the next unit of each text: at each length of history it is drawn whether the
        longest run gives it or a shorter one."""
        n = len(recent)
        unit = np.full(n, NONE, np.int64)
        if self.by_class is not None:
            left = np.flatnonzero(of >= 0)  # those whose class may still give it
            histories = self.by_class.histories(of, recent)
            for k in range(self.by_class.order - 1, -1, -1):
                left = left[rng.random(len(left)) < self.shares[k]]
                unit[left] = self.by_class.draw(k, histories[k][left], rng)
                left = left[unit[left] == NONE]
        left = np.flatnonzero(unit == NONE)
        histories = self.general.histories(np.zeros(len(left), np.int64), recent[left])
        for k in range(self.general.order - 1, -1, -1):
            still = np.flatnonzero(unit[left] == NONE)
            unit[left[still]] = self.general.draw(k, histories[k][still], rng)
        left = left[unit[left] == NONE]
        unit[left] = rng.choice(self._occurring, len(left))
        return unit

    @property
    def _occurring(self) -> np.ndarray:
        """The units that occur, and the mark of an end where it does."""
        found = self.general.levels[0].follower
        return found if len(found) else np.array([self.spec.codes[0].size])

    def _next_by_all(
        self, recent: np.ndarray, of: np.ndarray, rng: np.random.Generator, *, ends: bool
    ) -> np.ndarray:
        """The same from the chances of all units, to which temperature and top-p are applied."""
        unit = np.zeros(len(recent), np.int64)
        size = max(CELLS // self.general.width, 1)
        for start in range(0, len(recent), size):
            part = slice(start, start + size)
            chances = self._all_chances(recent[part], of[part])
            if not ends:
                chances[:, -1] = 0.0
            chances = tempered(chances, self.options.temperature, self.options.top_p)
            edges = np.cumsum(chances, axis=1)
            uniform = rng.random(len(chances)) * edges[:, -1]
            unit[part] = (edges <= uniform[:, None]).sum(axis=1)
        return np.minimum(unit, self.general.size if ends else self.general.size - 1)

    def _all_chances(self, recent: np.ndarray, of: np.ndarray) -> np.ndarray:
        """(n, size + 1) the chances of all units, and of an end."""
        n = len(recent)
        chances = np.zeros((n, self.general.size + 1))
        chances[:, self._occurring] = 1 / len(self._occurring)
        for k, history in enumerate(self.general.histories(np.zeros(n, np.int64), recent)):
            chances = self.general.spread(k, history, chances)
        if self.by_class is None:
            return chances
        own = chances
        for k, history in enumerate(self.by_class.histories(of, recent)):
            own = self.by_class.spread(k, history, own)
            own = self.shares[k] * own + (1 - self.shares[k]) * chances
        return own

    def to_state(self) -> State:
        """Runs and how often they occur; no text."""
        arrays = self.general.to_arrays("general")
        document: dict[str, Any] = {
            **self.options.to_state(),
            "longest": self.general.order,
            "empty_rows": self.empty_rows,
            "classes": None,
        }
        if self.classes is not None and self.by_class is not None:
            document["classes"], own = self.classes.to_state()
            document["classes"]["longest"] = self.by_class.order
            arrays |= {f"classes.{name}": array for name, array in own.items()}
            arrays |= self.by_class.to_arrays("by_class") | {"shares": self.shares}
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
        model = cls(document["order"], document["temperature"], document["top_p"])
        model.spec, size = spec, spec.codes[0].size
        if type(document["empty_rows"]) is not bool:
            raise ValueError("it is not told whether texts may be empty")
        model.empty_rows = document["empty_rows"]
        longest = _order_of(document)
        model.general = KneserNey.from_arrays(size, "general", arrays, longest, 1)
        model.classes, model.by_class, model.shares = None, None, np.zeros(0)
        told = document["classes"]
        if told is not None:
            if spec.context is None:
                raise ValueError("there are classes and no context")
            longest, own = _order_of(told), within(arrays, "classes.")
            model.classes = ContextClasses.from_state(spec.context.joint, told, own)
            count = model.classes.count
            model.by_class = KneserNey.from_arrays(size, "by_class", arrays, longest, count)
            model.shares = checked_arrays.reals(arrays, "shares", np.float64, (longest,))
            if np.any(model.shares < 0) or np.any(model.shares > 1):
                raise ValueError("a share is less than nothing or more than all")
        return model


def tempered(chances: np.ndarray, temperature: float, top_p: float) -> np.ndarray:
    """(n, k) chances of which likelier ones count for more, or unlikely ones for nothing.

    Args:
        chances: Of any sum.
        temperature: They are raised to 1 / temperature.
        top_p: The likeliest that have this share together are kept.

    Example:
        >>> tempered(np.array([[0.5, 0.4, 0.1]]), 1.0, 0.8).tolist()
        [[0.5, 0.4, 0.0]]
    """
    if temperature != 1:
        most = np.maximum(chances.max(axis=1, keepdims=True), np.finfo(float).tiny)
        chances = (chances / most) ** (1 / temperature)
    if top_p == 1:
        return chances
    order = np.argsort(-chances, axis=1, kind="stable")
    sorted_chances = np.take_along_axis(chances, order, axis=1)
    before = np.cumsum(sorted_chances, axis=1) - sorted_chances
    kept = before < top_p * sorted_chances.sum(axis=1, keepdims=True)
    chances = np.zeros_like(chances)
    np.put_along_axis(chances, order, np.where(kept, sorted_chances, 0.0), axis=1)
    return chances


def _order_of(document: Mapping[str, Any]) -> int:
    """The length of the longest stored runs."""
    longest = document["longest"]
    if type(longest) is not int or not 1 <= longest <= MOST_ORDER:
        raise ValueError("the runs are of no such length")
    return longest
