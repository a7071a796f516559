"""Ids: of single ones nothing is learned but their form; fresh ones are made in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.columns import id_forms
from tidemill.codecs.columns.base import FIRST, Allowed, SurrogateStream
from tidemill.codecs.columns.check_digits import IBAN, SCHEMES, detected, with_check, without_check
from tidemill.codecs.columns.free_numbers import (
    DENSE,
    Stretches,
    bulk,
    check_residues,
    free_residues,
    free_stretches,
    scattered,
)
from tidemill.codecs.columns.id_forms import SAMPLE, IdForm, frequent_letters, last_digits, room
from tidemill.codecs.columns.place_codes import MOST_CHARACTERS, PlaceCodes, names_places
from tidemill.codecs.columns.presence import Presence
from tidemill.codecs.columns.surrogate import SurrogateCodec
from tidemill.core import checked_values as checked
from tidemill.core.condition import Test
from tidemill.core.extremes import outward
from tidemill.core.grid import Batch, Code, Spec
from tidemill.core.run import Run
from tidemill.core.schema import Column

MANY_REPEATS = 1.2
CAPACITY = 100_000
"""Fresh ids that must be possible at least for them to be drawn and not counted."""
FEWEST_DIGITS = 6
MOST_DIGITS = 17
"""Whole numbers of fewer digits have no dates and no check digits in them; of more, some would not
fit in 64 bits."""
_BOUNDS = {f"Int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64, 128)}
_BOUNDS |= {f"UInt{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)}
_INT64 = _BOUNDS["Int64"]
MOST_DIGITS_OF_ALL = 4_000
"""Digits of an id that is a number, at most."""
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Scatter:
    """Numbers that are drawn between round ones around the real ones, and are none of these.

    Attributes:
        first, step: ``first + step * k`` is the number of place k.
        space: How many places there are.
        modulus, residues: A drawn place has one of these residues, which no real one has.
    """

    first: int
    step: int
    space: int
    modulus: int
    residues: tuple[int, ...]

    def check(self) -> None:
        """See that all of its numbers are numbers of 64 bits.

        Raises:
            ValueError: They are not, or there are none.
        """
        check_residues(self.space, self.modulus, self.residues)
        if abs(self.first + self.step * self.space) > 2**62:
            raise ValueError("scattered numbers lie too far apart")


class IdCodec(SurrogateCodec):
    """Fresh ids, none of which is real: they count on where the real ones lie dense, and are drawn
    where these have room between them.

    Texts are made in the forms that occur: characters that nearly all ids share stay, the others
    are drawn from those of their place; dates in them are dates; check digits agree. Numbers keep
    to their type as long as it has room. What is kept: forms of at least five ids, round numbers
    beyond the ends and within the largest gaps, and some residues that no id has. Ids that repeat
    (an entity's) are made to repeat as often on average.

    Codes of places (ZIP codes) are no secrets and go with other columns: how they begin is learned,
    and the rest is drawn; they may be real ones.
    """

    inexact_because = "ids are made afresh, so that none points to a real row"

    integer: bool
    numeric: bool
    repeats: float
    check: str
    tenth: bool
    forms: list[IdForm]
    stretches: Stretches
    scatter: Scatter | None
    letters: str
    places: PlaceCodes | None
    width: int

    @property
    def dtype(self) -> pl.DataType:

        return pl.Int64() if self.integer else pl.String()

    def fit(
        self, column: Column, values: pl.Series, run: Run, persons: np.ndarray | None = None
    ) -> Self:
        """Learn the forms, and how often an id repeats."""
        known = values.drop_nulls()
        self.repeats = max(len(known) / max(known.n_unique(), 1), 1.0)
        self.integer = values.dtype.is_integer()
        self.presence = Presence.of(values)
        self.places, self.width = None, 0
        if names_places(column.name):
            codes = known.cast(pl.String)
            if self.integer:  # without the zeros that they begin with
                self.width = max(map(len, codes.unique().to_list()), default=0)
            whose = None if persons is None else persons[values.is_not_null().to_numpy()]
            self.places = PlaceCodes.of(codes.str.zfill(self.width), whose)
        self.spec = self._spec(column)
        if self.places is not None:
            return self
        if self.repeats >= MANY_REPEATS:
            run.warn(
                f"Each value of '{column.name}' stands in {self.repeats:.1f} rows on average. "
                "Rows are generated one by one: what the rows of one value have in common is not "
                "learned."
            )
        first = known.is_first_distinct()
        texts = known.filter(first).cast(pl.String)
        if persons is not None:
            persons = persons[values.is_not_null().to_numpy()][first.to_numpy()]
        whole = column.dtype in _BOUNDS or column.dtype.startswith("Decimal")
        self.numeric = self.integer or (whole and len(texts) > 0 and _all_whole(texts))
        self._learn(column, texts, run, persons)
        return self

    def _spec(self, column: Column) -> Spec:
        if self.places is None:
            return Spec(codes=self.presence.codes(column.name))
        size = len(self.places.begins) + len(self.presence.absences)
        return Spec(codes=(Code(f"{column.name} begins", size, ordered=True),))

    @property
    def missing_level(self) -> int | None:

        if self.places is None or not self.presence.absences:
            return self.presence.missing_level
        return len(self.places.begins)

    def encode(self, values: pl.Series) -> Batch:
        """(n,) ids -> whether there is one; of codes of places, how they begin."""
        if self.places is None:
            return super().encode(values)
        level = self.places.levels(values.cast(pl.String).fill_null("").str.zfill(self.width))
        if self.presence.encode(values).any():
            level[values.is_null().to_numpy()] = len(self.places.begins)
        return Batch(np.zeros((len(values), 0), np.int64), level[:, None])

    def allowed(self, column: Column, tests: Sequence[Test]) -> Allowed:
        """Whether there is a value; single ones cannot be asked for."""
        allowed = super().allowed(column, tests)
        if self.places is None:
            return allowed
        there = np.ones(1, bool) if allowed.levels is None else allowed.levels
        return Allowed(np.r_[np.repeat(there[:1], len(self.places.begins)), there[1:]])

    def _learn(
        self, column: Column, texts: pl.Series, run: Run, persons: np.ndarray | None
    ) -> None:
        self.forms, self.letters, self.scatter = [], "", None
        sample = texts.head(SAMPLE).to_list()
        self.check = detected(sample)
        self.tenth = any(text[-1:] in ("X", "x") for text in sample)
        bodies = texts
        if self.check:
            bodies = _without_check(self.check, texts)
            persons = None if len(bodies) < len(texts) else persons
        if self.numeric and not self._has_form(bodies.head(SAMPLE)):
            self._learn_numbers(column, bodies, run)
            return
        self.letters = frequent_letters(bodies.head(SAMPLE).to_list(), persons)
        self.forms, numbers = id_forms.learned(
            bodies, self.letters, CAPACITY, whole=self.numeric, persons=persons
        )
        widths = {form.counter[1] - form.counter[0] for form in self.forms if form.counter}
        width = widths.pop() if len(widths) == 1 else None
        self.stretches = free_stretches(numbers, 0, None, width)

    def _has_form(self, bodies: pl.Series) -> bool:
        """Whether numbers are built of parts: all of one length, with a check digit or a date."""
        lengths = bodies.str.len_bytes()
        if lengths.n_unique() != 1 or not FEWEST_DIGITS <= lengths[0] <= MOST_DIGITS:
            return False
        if bodies.str.contains("-").any():
            return False
        if self.check:
            return True
        forms, _ = id_forms.learned(bodies, "", CAPACITY)
        return any("{" in form.places for form in forms)

    def _learn_numbers(self, column: Column, bodies: pl.Series, run: Run) -> None:
        least, most = _BOUNDS.get(column.dtype, _INT64)
        if column.dtype.startswith("Decimal"):
            digits = int(column.dtype[8:].split(",")[0])
            least, most = 1 - 10**digits, 10**digits - 1
        if self.check:
            most //= 10 ** SCHEMES[self.check].width
        small = bodies.cast(pl.Int64, strict=False)
        numbers = small.sort().to_list()
        if small.has_nulls():
            numbers = sorted(map(int, bodies.to_list()))
        lengths = bodies.str.len_bytes()
        width = int(lengths[0]) if lengths.n_unique() == 1 else None
        self.scatter = _scatter(numbers, least, most, width)
        self.stretches = free_stretches(numbers, least, most, width)
        left = self.stretches.room(least, most)
        if self.scatter is None and left < max(len(numbers), 1000) and len(numbers):
            beyond = "there are none beyond that"
            if most < _INT64[1]:
                beyond = "beyond that the column becomes Int64"
                further = max(numbers[-1], most) + 1
                parts = *self.stretches.parts, (further, 1, _INT64[1] - further)
                self.stretches = Stretches(parts)
            run.warn(
                f"The ids of '{column.name}' leave room for {left:,} fresh ones in "
                f"{column.dtype or 'Int64'}; {beyond}."
            )

    def decode(
        self, batch: Batch, rng: np.random.Generator, fresh: SurrogateStream = FIRST
    ) -> pl.Series:
        """Fresh ids, each different unless ids repeat; codes of places may be real ones."""
        n = len(batch)
        if self.places is not None:
            level = batch.code[:, 0]
            codes = self.places.made(np.minimum(level, len(self.places.begins) - 1), rng)
            absent = (level >= len(self.places.begins)).astype(np.int32)
            return self.presence.decode(codes.cast(self.dtype), absent[:, None])
        whose = fresh.whose
        if whose is None:
            whose = self.owners(n, rng, fresh)
        row, at = np.unique(whose, return_inverse=True)
        ids = self._fresh(row, rng, fresh)
        return self.presence.decode(ids[at], batch.code)

    def owners(self, n: int, rng: np.random.Generator, fresh: SurrogateStream) -> np.ndarray:
        """(n,) the numbers of the ids of n rows, which repeat as often as real ones do."""
        different = max(round(n / self.repeats), min(n, 1))
        at = np.arange(n) if different == n else rng.integers(0, different, n)
        return at + fresh.first

    def _fresh(
        self, row: np.ndarray, rng: np.random.Generator, fresh: SurrogateStream
    ) -> pl.Series:
        """(n,) different numbers -> (n,) fresh ids."""
        n = len(row)
        if not self.check:
            ids = self._bodies(row, rng, fresh)
        else:
            texts = np.array([None] * n, object)
            left = np.arange(n)
            for k in range(_TRIES):  # some bodies have no check digit, only a tenth's X
                bodies = self._bodies(row[left] * _TRIES + k, rng, fresh).cast(pl.String)
                made = [with_check(self.check, body) for body in bodies.to_list()]
                texts[left] = made
                if self.tenth or self.check == IBAN:
                    break
                left = left[[text.endswith("X") for text in made]]
            ids = pl.Series(texts.tolist(), dtype=pl.String)
        return ids.cast(self.dtype)

    def _bodies(
        self, row: np.ndarray, rng: np.random.Generator, fresh: SurrogateStream
    ) -> pl.Series:
        """(n,) different rows -> (n,) fresh ids without check digits."""
        if self.forms or not self.numeric:
            return self._texts(row, rng, fresh)
        if self.scatter is None:
            numbers = self.stretches.numbers(row)
        else:
            numbers = _drawn(self.scatter, row, rng, self.stretches, fresh.seed)
        if isinstance(numbers, np.ndarray) and numbers.dtype != object:
            return pl.Series(numbers)
        return pl.Series([str(number) for number in numbers], dtype=pl.String)

    def _texts(
        self, row: np.ndarray, rng: np.random.Generator, fresh: SurrogateStream
    ) -> pl.Series:
        n = len(row)
        if not self.forms:
            return pl.Series([None] * n, dtype=pl.String)
        weight = np.array([form.rows for form in self.forms], float)
        pick = rng.choice(len(self.forms), n, p=weight / weight.sum())
        ids = pl.Series([None] * n, dtype=pl.String)
        for k, form in enumerate(self.forms):
            at = np.flatnonzero(pick == k)
            if len(at):
                # forms count on together: a longer number of one form may look like another form
                made = form.made(row[at], self.letters, self.stretches, rng, (fresh.seed, k))
                ids = ids.scatter(at, made)
        twice = (~ids.is_first_distinct()).arg_true()
        if not len(twice):
            return ids
        return ids.scatter(twice, ids[twice] + "-" + pl.Series(row)[twice].cast(pl.String))

    def to_state(self) -> dict[str, Any]:

        if self.places is not None:
            return {
                "integer": self.integer,
                "places": self.places.to_state(),
                "width": self.width,
                "absences": list(self.presence.absences),
            }
        return {
            "integer": self.integer,
            "numeric": self.numeric,
            "repeats": self.repeats,
            "check": self.check,
            "tenth": self.tenth,
            "letters": self.letters,
            "forms": [
                [form.places, form.rows, form.counter, form.drawn, form.modulus, form.residues]
                for form in self.forms
            ],
            "stretches": [list(part) for part in self.stretches.parts],
            "scatter": None
            if self.scatter is None
            else [
                self.scatter.first,
                self.scatter.step,
                self.scatter.space,
                self.scatter.modulus,
                list(self.scatter.residues),
            ],
            "absences": list(self.presence.absences),
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        codec = cls()
        codec.integer = checked.truth(state["integer"])
        codec.presence = Presence.from_state(state["absences"])
        codec.places = None
        codec.width = checked.whole(state.get("width", 0), 0, MOST_CHARACTERS)
        if "places" in state:
            codec.places = PlaceCodes.from_state(state["places"])
        codec.spec = codec._spec(column)
        if codec.places is not None:
            return codec
        codec.letters = checked.text(state["letters"])
        codec.repeats = checked.real(state["repeats"], 1, checked.MOST_COUNTED)
        if "largest" in state:
            codec._restore_counted(state)
        else:
            codec._restore(state)
        for form in codec.forms:
            form.check(codec.letters)
        return codec

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.numeric = checked.truth(state["numeric"])
        self.tenth = checked.truth(state["tenth"])
        self.check = checked.text(state["check"])
        if self.check not in ("", IBAN, *SCHEMES):
            raise ValueError("unknown check digits")
        self.forms = []
        for places, rows, counter, drawn, modulus, residues in state["forms"]:
            run = None if counter is None else checked.ends(counter)
            own = tuple(checked.wholes(residues))
            form = checked.text(places), checked.whole(rows), run, checked.truth(drawn)
            self.forms.append(IdForm(*form, checked.whole(modulus), own))
        parts = []
        for first, step, count in state["stretches"]:
            # ids may have more digits than any number that is reckoned with
            begin = checked.whole(first, -(10**MOST_DIGITS_OF_ALL), 10**MOST_DIGITS_OF_ALL)
            room = None if count is None else checked.whole(count, 1, 10**MOST_DIGITS_OF_ALL)
            if step not in (1, -1):
                raise ValueError("free numbers are no stretch")
            parts.append((begin, checked.whole(step), room))
        self.stretches = Stretches(tuple(parts))
        self.scatter = None
        if state["scatter"] is not None:
            first, step, space, modulus, residues = state["scatter"]
            own = tuple(checked.wholes(residues))
            self.scatter = Scatter(
                checked.whole(first, -(2**62), 2**62),
                checked.whole(step, 1),
                checked.whole(space, 1),
                checked.whole(modulus, 1),
                own,
            )
            self.scatter.check()

    def _restore_counted(self, state: Mapping[str, Any]) -> None:
        """A state from before there were gaps: all count on from the largest, or are drawn."""
        self.numeric, self.check, self.tenth, self.scatter = self.integer, "", False, None
        self.forms = []
        largest = int(state["largest"])
        for places, rows, number in state["forms"]:
            drawn = int(number) < 0
            if drawn and room(str(places), self.letters) < 1_000_000:
                raise ValueError("a form has no rows, or no room")
            run = None if drawn else last_digits(str(places))
            self.forms.append(IdForm(str(places), int(rows), run, drawn))
            largest = max(largest, int(number))
        self.stretches = Stretches(((largest + 1, 1, None),))


def _all_whole(texts: pl.Series) -> bool:
    return bool(texts.str.contains(r"^-?[0-9]+$").all())


def _without_check(check: str, texts: pl.Series) -> pl.Series:
    bodies = [without_check(check, text) for text in texts.to_list()]
    return pl.Series(bodies, dtype=pl.String).unique(maintain_order=True)


def _scatter(numbers: Sequence[int], least: int, most: int, width: int | None) -> Scatter | None:
    """Where numbers lie scattered with much room between them; None where they lie dense.

    Args:
        numbers: Different ones, ascending.
        least, most: Bounds of their type.
        width: Digits that all of them have.
    """
    if len(numbers) < 2:
        return None
    low, high = bulk(numbers)
    first, last = numbers[low], numbers[high]
    if last - first < DENSE * len(numbers) or not -(2**62) < first <= last < 2**62:
        return None
    places = np.array(numbers[low : high + 1], np.int64) - first
    step = max(int(np.gcd.reduce(places)), 1)
    if width is not None and first >= 0:
        least, most = max(least, 10 ** (width - 1)), min(most, 10**width - 1)
    least = max(least, min(first, 1)) if first >= 0 else least
    begin, end = outward(first, last)
    # rounded, so that the smallest and the largest one are not told
    before = (first - max(begin, least)) // step
    space = before + (min(end, most) - first) // step + 1
    if space < DENSE * len(numbers):
        return None
    modulus, residues = free_residues(places // step + before, space)
    if len(residues) * (space // modulus) < max(CAPACITY, DENSE * len(numbers)):
        return None
    return Scatter(first - before * step, step, space, modulus, residues)


def _drawn(
    scatter: Scatter, row: np.ndarray, rng: np.random.Generator, beyond: Stretches, seed: int
) -> np.ndarray:
    """(n,) different rows -> (n,) numbers; of rows that find no place any more, numbers beyond."""
    at, full = scattered(row, scatter.space, scatter.modulus, scatter.residues, (seed, 0))
    numbers = scatter.first + scatter.step * at
    if full.any():
        numbers[full] = beyond.numbers(row[full])
    return numbers
