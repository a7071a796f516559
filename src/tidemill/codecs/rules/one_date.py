"""Columns that tell one date together: what was drawn of them is moved to the nearest date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from tidemill.codecs.rules.plan import BlockPlan
from tidemill.codecs.rules.units import Block, BlockRows, Codecs
from tidemill.core import checked_values as checked
from tidemill.core.columns import by_name
from tidemill.core.date_parts import as_written, dates_of, day_numbers, moments, part_keys
from tidemill.core.persons import FEWEST_PERSONS, sharing
from tidemill.core.schema import DATE_PARTS, YEAR_MONTH_DAY, DatePart, Rule

_WEIGHT: Mapping[DatePart, float] = {"year": 12, "month": 8, "weekday": 4, "quarter": 1, "day": 0}
"""How much worse a date is whose part is another than the one that was drawn; each other part
counts two, and a day that it lies away NEAR."""
_OTHERS = 2.0
NEAR = 0.02
HELD = 1e6
"""What it costs that a part differs which is held: more than any day lies away."""
_NOT_OF_DAYS = ("date", "hour")
_DAY = 86_400_000_000
"""Microseconds."""
_CELLS = 1 << 22
_DAYS = 400 * 366
Value = str | int | float | bool


@dataclass(frozen=True)
class OneDate:
    """How columns tell one date, and which dates there are.

    Attributes:
        columns: Their names; first the date, or year, month and day.
        parts: What each tells.
        days: The first and the last day, as days since 1970-01-01.
        weekdays: From Monday 0, those on which dates fall.
        written: Of each column how a part's keys are written; empty for the date itself.
        moves: Whether a column of dates may be moved to what is given of its parts: nothing else
            follows from it.
    """

    columns: tuple[str, ...]
    parts: tuple[DatePart, ...]
    days: tuple[int, int]
    weekdays: tuple[int, ...]
    written: tuple[Mapping[int, Value], ...]
    moves: bool = False

    @staticmethod
    def learned(rule: Rule, frame: pl.DataFrame, persons: np.ndarray | None) -> OneDate | str:
        """What training rows show of a rule "one date": days, weekdays and parts of at least
        FEWEST_PERSONS persons. Else why it cannot be kept."""
        day, time, known = dates_of(rule, frame)
        there = frame.select(pl.all_horizontal(by_name(*rule.columns).is_not_null()))
        known = known & there.to_series().to_numpy()
        rows = frame.filter(known)
        whose = None if persons is None else persons[known]
        day, time = day[known], time[known]
        if not len(day):
            return "no row tells a date"
        held = _ends(day, whose)
        weekdays = np.flatnonzero(
            sharing(part_keys("weekday", day, time), 7, whose) >= FEWEST_PERSONS
        )
        if held is None or not len(weekdays):
            return "too few persons share its dates"
        written: list[Mapping[int, Value]] = []
        for name, part in zip(rule.columns, rule.parts, strict=True):
            if part == "date":
                written.append({})
                continue
            keys = part_keys(part, day, time)
            shared = sharing(keys, int(keys.max()) + 1, whose) >= FEWEST_PERSONS
            if rule.parts[0] == "date" and not shared[np.unique(keys)].all():
                return f"fewer than {FEWEST_PERSONS} persons share some values of '{name}'"
            pairs = as_written(keys, rows[name]).rows()
            known_keys: dict[int, Value] = {key: value for key, value in pairs if shared[key]}
            if rule.parts[0] == "date" and rows[name].dtype.is_numeric():
                known_keys |= _counted_on(part, pairs, held)
            written.append(known_keys)
        return OneDate(rule.columns, rule.parts, held, tuple(weekdays.tolist()), tuple(written))

    def settled(self, frame: pl.DataFrame, fixed: Mapping[str, np.ndarray]) -> pl.DataFrame:
        """The columns' values, of rows that tell no date those of the nearest one.

        Args:
            frame: The columns; rows in which one is missing stay as they are.
            fixed: Of some columns (n,) where their value stays what it is.
        """
        whole = frame.select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()
        at = np.flatnonzero(whole)
        if not len(at):
            return frame
        rows = frame[at]
        held = np.zeros((len(at), len(self.columns)), bool)
        for place, name in enumerate(self.columns):
            if name in fixed:
                held[:, place] = fixed[name][at]
        if self.parts[0] == "date":
            if self.moves:
                rows = self._moved(rows, held)
            day, time, _ = moments(rows[self.columns[0]])
        else:
            weights = np.array([_WEIGHT.get(part, _OTHERS) for part in self.parts])
            day = self._nearest(rows, held, weights, self._named(rows))
            time = np.zeros(len(rows), np.int64)
        columns = []
        for place, (name, part) in enumerate(zip(self.columns, self.parts, strict=True)):
            values = rows[name]
            if part != "date":
                made = self._written(place, part_keys(part, day, time), values.dtype)
                stays = pl.Series(held[:, place]) | made.is_null()
                values = values.zip_with(stays, made)
            columns.append(frame[name].scatter(at, values))
        return pl.DataFrame(columns)

    def _written(self, place: int, keys: np.ndarray, dtype: pl.DataType) -> pl.Series:
        """(n,) a part's keys as the column writes them; missing where it never wrote one."""
        known = self.written[place]
        values = pl.Series(list(known.values()), dtype=dtype)
        return pl.Series(keys).replace_strict(
            pl.Series(list(known), dtype=pl.Int64), values, default=None, return_dtype=dtype
        )

    def _moved(self, rows: pl.DataFrame, held: np.ndarray) -> pl.DataFrame:
        """The rows, their dates moved to the nearest day of which what is held is told."""
        name = self.columns[0]
        day, _, _ = moments(rows[name])
        held = held & (np.array(self.parts) != "hour")
        at = np.flatnonzero(held.any(axis=1) & ~held[:, 0])
        if not len(at) or not len(self._possible()):
            return rows
        nothing = np.zeros(len(self.columns))
        days = self._nearest(rows[at], held[at], nothing, day[at]) - day[at]
        apart = pl.Series(days * _DAY).cast(pl.Duration("us"))
        return rows.with_columns(
            rows[name].scatter(at, (rows[name][at] + apart).cast(rows[name].dtype))
        )

    def _nearest(
        self, rows: pl.DataFrame, held: np.ndarray, weights: np.ndarray, near: np.ndarray
    ) -> np.ndarray:
        """(n,) days whose parts are those of the rows, or else cost least.

        Args:
            rows: Values of all columns.
            held: (n, columns) which of them count before all.
            weights: (columns,) what others cost that differ.
            near: (n,) days from which it costs NEAR a day.
        """
        days = self._possible()
        codes = np.zeros((len(rows), len(self.columns)), np.int64)
        of_day = np.zeros((len(days), len(self.columns)), np.int64)
        for place, (name, part) in enumerate(zip(self.columns, self.parts, strict=True)):
            if part in _NOT_OF_DAYS:
                continue
            known = self.written[place]
            levels = list(dict.fromkeys(known.values()))
            level_of = {value: at for at, value in enumerate(levels)}
            code_of = pl.Series(rows[name]).replace_strict(
                pl.Series(levels, dtype=rows[name].dtype),
                pl.Series(range(len(levels)), dtype=pl.Int64),
                default=-1,
                return_dtype=pl.Int64,
            )
            codes[:, place] = code_of.to_numpy()
            keys = part_keys(part, days, np.zeros(len(days), np.int64))
            of_day[:, place] = [level_of[known[key]] for key in keys.tolist()]
        told, first, back = np.unique(
            np.column_stack([codes, held, near]), axis=0, return_index=True, return_inverse=True
        )
        near = np.clip(near[first], days[0], days[-1])
        found = np.empty(len(told), np.int64)
        size = max(_CELLS // (len(days) * len(self.columns)), 1)
        width = len(self.columns)
        for start in range(0, len(told), size):
            some = told[start : start + size]
            weighed = weights + HELD * some[:, width : 2 * width]
            worse = (some[:, None, :width] != of_day[None]) * weighed[:, None]
            apart = np.abs(near[start : start + size, None] - days[None])
            cost = worse.sum(axis=2) + NEAR * apart
            found[start : start + size] = days[cost.argmin(axis=1)]
        return found[back.reshape(-1)]

    def _named(self, rows: pl.DataFrame) -> np.ndarray:
        """(n,) the day that year, month and day of each row name, or a day of the next month."""
        numbers = []
        for place in range(len(YEAR_MONTH_DAY)):
            known = self.written[place]
            values = pl.Series(list(known.values()), dtype=rows.dtypes[place])
            keys = pl.Series(list(known), dtype=pl.Int64)
            middle = int(np.median(keys.to_numpy()))
            key = rows[self.columns[place]].replace_strict(
                values, keys, default=middle, return_dtype=pl.Int64
            )
            numbers.append(key.to_numpy())
        year, month, day = numbers
        return day_numbers(year, month, day)

    def _possible(self) -> np.ndarray:
        """(d,) all days that can be told."""
        first, last = self.days
        days = np.arange(first, last + 1)
        nothing = np.zeros(len(days), np.int64)
        can = np.isin(part_keys("weekday", days, nothing), self.weekdays)
        for known, part in zip(self.written, self.parts, strict=True):
            if part not in _NOT_OF_DAYS:
                can &= np.isin(part_keys(part, days, nothing), list(known))
        return days[can]

    def apply(self, rows: BlockRows, codecs: Codecs, rng: np.random.Generator) -> None:
        """Rows that have all of these columns, settled."""
        values = [codecs[name][1].decode(rows.parts[name], rng) for name in self.columns]
        frame = pl.DataFrame(
            [one.alias(name) for one, name in zip(values, self.columns, strict=True)]
        )
        settled = self.settled(frame, {})
        for name in self.columns:
            if not settled[name].equals(frame[name]):
                rows.parts[name] = codecs[name][1].encode(settled[name])
                rows.numbers.pop(name, None)

    def to_state(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "columns": list(self.columns),
            "parts": list(self.parts),
            "days": list(self.days),
            "weekdays": list(self.weekdays),
            "moves": self.moves,
            "written": [[[key, value] for key, value in known.items()] for known in self.written],
        }

    @staticmethod
    def from_state(state: Mapping[str, Any], codecs: Codecs) -> OneDate:
        """From plain JSON.

        Raises:
            ValueError: It does not fit the columns.
        """
        columns = tuple(map(checked.text, state["columns"]))
        parts = tuple(map(checked.text, state["parts"]))
        first, last = checked.ends(state["days"])
        starts = parts[:1] == ("date",) or parts[:3] == YEAR_MONTH_DAY
        fits = starts and set(parts) <= set(DATE_PARTS) and set(columns) <= set(codecs)
        if not fits or not len(columns) == len(parts) == len(state["written"]):
            raise ValueError("columns tell no date so")
        if last - first > _DAYS:
            raise ValueError("a calendar is too long")
        weekdays = tuple(checked.whole(day, 0, 6) for day in state["weekdays"])
        written = []
        for name, pairs in zip(columns, state["written"], strict=True):
            known = {checked.whole(key, 0, 9999): value for key, value in pairs}
            pl.Series(
                list(known.values()), dtype=codecs[name][1].dtype
            )  # raises where they do not fit
            written.append(known)
        moves = checked.truth(state["moves"])
        one = OneDate(columns, parts, (first, last), weekdays, tuple(written), moves)  # type: ignore[arg-type]
        if parts[0] != "date" and not len(one._possible()):
            raise ValueError("no date can be told")
        return one


def _counted_on(
    part: DatePart, pairs: Sequence[tuple[int, int]], days: tuple[int, int]
) -> dict[int, Value]:
    """How the keys between two days are written that no row shows, where a column counts them."""
    lies = {value - key for key, value in pairs}
    if len(lies) > 1 or part == "hour":
        return {}
    day = np.arange(days[0], days[1] + 1)
    keys = np.unique(part_keys(part, day, day)).tolist()
    return {key: key + next(iter(lies)) for key in keys}


def _ends(day: np.ndarray, persons: np.ndarray | None) -> tuple[int, int] | None:
    """The first and the last day that so many persons have reached from their side; None where
    there are fewer."""
    whose = np.arange(len(day)) if persons is None else persons
    first = (
        pl.DataFrame({"day": day, "whose": whose})
        .group_by("whose")
        .agg(low=pl.col("day").min(), high=pl.col("day").max())
    )
    if len(first) < FEWEST_PERSONS:
        return None
    low = first["low"].sort()[FEWEST_PERSONS - 1]
    high = first["high"].sort(descending=True)[FEWEST_PERSONS - 1]
    return (low, high) if low <= high else None


def keep_one_date(plan: BlockPlan, rule: Rule) -> str:
    """Why columns cannot be made to tell one date; nothing where they can."""
    settled = rule.columns[1:] if rule.parts[0] == "date" else rule.columns
    for name in settled:
        if name in plan.makers:
            return f"'{name}' follows from other columns already"
        if name in plan.bounds:
            return f"another rule speaks of '{name}', too"
        if any(name in one.columns for one in plan.dates):
            return f"'{name}' tells another date already"
    for name in rule.columns:
        if name in plan.skips:
            return f"'{name}' is known only beside some values of another column"
    found = OneDate.learned(rule, plan.data.frame, plan.persons)
    if isinstance(found, str):
        return found
    if not in_time(found, dates_first(plan.in_order(), [*plan.dates, found])):
        return "what follows from its columns stands before them"
    read = {name for maker in plan.makers.values() for name in (*maker.bases, *maker.guards)}
    plan.dates.append(replace(found, moves=rule.columns[0] not in {*plan.makers, *read}))
    return ""


def dates_first(units: Sequence[Block], dates: Sequence[OneDate]) -> list[Block]:
    """The same blocks, those that read what is settled behind all others."""
    settled = {
        name
        for one in dates
        for name, part in zip(one.columns, one.parts, strict=True)
        if part != "date"
    }
    first, behind = [], []
    for unit in units:
        if settled & {*unit.bases, *unit.guards}:
            settled |= set(unit.columns)
            behind.append(unit)
        else:
            first.append(unit)
    return [*first, *behind]


def in_time(one: OneDate, units: Sequence[Block]) -> bool:
    """Whether all that tells a date is made before anything that reads it."""
    made: set[str] = set()
    for unit in units:
        reads = {*unit.bases, *unit.guards} & set(one.columns[one.parts[0] == "date" :])
        if reads and not made.issuperset(one.columns):
            return False
        made |= set(unit.columns)
    return True
