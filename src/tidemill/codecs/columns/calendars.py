"""Which days a column of dates has: all, or only those of a rhythm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np

from tidemill.core import checked_values as checked
from tidemill.core.persons import FEWEST_PERSONS, sharing

Rhythm = Literal["days", "months", "years"]
Style = Literal["day", "weekday", "before", "after", "business"]

FEWEST = 4
"""Different days that show a rhythm at least."""
SURPRISE = 10.0
"""How unlikely a rhythm must be by chance, as a natural logarithm, after the choice among all of
its kind."""
MOST_OF_MONTH, MOST_OF_YEAR = 8, 200
"""Days of the month, or of the year, that make a rhythm at most."""
LONGEST_PERIOD = 10_000_000
"""Days after which a rhythm comes again, at most: all that dates can be."""
_MONTH = 365.2425 / 12


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days in their order, each with a number.

    Attributes:
        rhythm: What comes again: a count of days, months, or a year.
        period: How many of these, after which it does.
        offset: The day with which a period of days begins.
        within: Of days, those of the period that belong to it; of months, the months; of years, 100
            times the month and the day.
        style: How days of a month are counted: "day" of the month (a negative one from the end, a
            longer month's on the last), the how manieth "weekday", a day and where it lies on a
            weekend the working day "before" or "after", or how manieth working day ("business").
        days: Those of a month, in their order.
        weekday: For that style, from Monday on.
    """

    rhythm: Rhythm = "days"
    period: int = 1
    offset: int = 0
    within: tuple[int, ...] = (0,)
    style: Style = "day"
    days: tuple[int, ...] = ()
    weekday: int = 0

    @property
    def daily(self) -> bool:
        """Whether every day belongs to it."""
        return self.rhythm == "days" and self.period == 1

    @property
    def parts(self) -> list[tuple[str, int, float]]:
        """What a number is made of: name, weight, and length in days; the last one has weight 1."""
        if self.rhythm == "years":
            return _without_ones(("year", len(self.within), 365.0), ("day of the year", 1, 1.0))
        if self.rhythm == "months":
            length = round(_MONTH * self.period / len(self.within), 1)
            return _without_ones(("month", len(self.days), length), ("day of the month", 1, 1.0))
        if self.period == 7 and len(self.within) > 1:
            return [("week", len(self.within), 7.0), ("day of the week", 1, 1.0)]
        return [("day", 1, float(self.period))]

    def numbers(self, day: np.ndarray) -> np.ndarray:
        """(n,) days since 1970 -> (n,) numbers; of a day that does not belong to it, that of the
        last one before."""
        if self.daily:
            return day
        if self.rhythm == "days":
            whole, rest = np.divmod(day - self.offset, self.period)
            return whole * len(self.within) + _up_to(self.within, rest) - 1
        month = _month_of(day)
        if self.rhythm == "years":
            year, rest = np.divmod(month, 12)
            date = (rest + 1) * 100 + day - _first_of(month) + 1
            return year * len(self.within) + _up_to(self.within, date) - 1
        whole, rest = np.divmod(month, self.period)
        before = (whole * len(self.within) + _up_to(self.within, rest - 1)) * len(self.days)
        own = np.isin(rest, self.within)
        passed = np.zeros(len(day), np.int64)
        for one in self.days:
            passed += self._of_month(month, one) <= day
        return before + np.where(own, passed, 0) - 1

    def dates(self, number: np.ndarray) -> np.ndarray:
        """(n,) numbers -> (n,) days since 1970."""
        if self.daily:
            return number
        within = np.array(self.within, np.int64)
        if self.rhythm == "days":
            whole, at = np.divmod(number, len(within))
            return self.offset + whole * self.period + within[at]
        if self.rhythm == "years":
            year, at = np.divmod(number, len(within))
            return _first_of(year * 12 + within[at] // 100 - 1) + within[at] % 100 - 1
        rest, place = np.divmod(number, len(self.days))
        whole, at = np.divmod(rest, len(within))
        month = whole * self.period + within[at]
        day = np.zeros(len(number), np.int64)
        for k, one in enumerate(self.days):
            here = place == k
            day[here] = self._of_month(month[here], one)
        return day

    def holds(self, day: np.ndarray) -> np.ndarray:
        """(n,) whether a day belongs to it."""
        return np.asarray(self.dates(self.numbers(day)) == day)

    def _of_month(self, month: np.ndarray, one: int) -> np.ndarray:
        """(n,) months since 1970 -> (n,) the day of each that the style names."""
        first, behind = _first_of(month), _first_of(month + 1)
        if self.style == "weekday":
            if one > 0:
                return first + (self.weekday - _weekday(first)) % 7 + 7 * (one - 1)
            return behind - 1 - (_weekday(behind - 1) - self.weekday) % 7 + 7 * (one + 1)
        if self.style == "business":
            return _working_day(first - 1, one) if one > 0 else _working_day(behind, one)
        day = np.minimum(first + one, behind) - 1 if one > 0 else behind + one
        weekend = np.maximum(_weekday(day) - 4, 0)  # 1 on Saturday, 2 on Sunday
        if self.style == "before":
            return day - weekend
        if self.style == "after":
            return day + np.where(weekend > 0, 3 - weekend, 0)
        return day

    def to_state(self) -> dict[str, Any]:
        """The calendar as plain JSON."""
        return {
            "rhythm": self.rhythm,
            "period": self.period,
            "offset": self.offset,
            "within": list(self.within),
            "style": self.style,
            "days": list(self.days),
            "weekday": self.weekday,
        }

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Calendar:
        """The calendar that :meth:`to_state` described.

        Raises:
            ValueError: There is no such calendar.
        """
        rhythm, style = state["rhythm"], state["style"]
        if rhythm not in get_args(Rhythm) or style not in get_args(Style):
            raise ValueError("there is no such calendar")
        calendar = Calendar(
            rhythm,
            checked.whole(state["period"], 1, LONGEST_PERIOD),
            checked.whole(state["offset"], 0, LONGEST_PERIOD),
            tuple(checked.wholes(state["within"], 0, 1231)),
            style,
            tuple(checked.wholes(state["days"], -31, 31)),
            checked.whole(state["weekday"], 0, 6),
        )
        days, within = calendar.days, calendar.within
        in_order = all(earlier < later for earlier, later in pairwise(within))
        complete = within and (days or rhythm != "months")
        if not complete or not in_order or 0 in days or len(set(days)) < len(days):
            raise ValueError("there is no such calendar")
        return calendar


DAILY = Calendar()


def calendar_of(day: np.ndarray, persons: np.ndarray | None = None) -> Calendar:
    """The sparsest calendar that holds all of (n,) days since 1970 and hardly does so by chance;
    every day where there is none.

    Args:
        day: The days.
        persons: (n,) whose each is: each day of its round is then one of enough persons.

    Example:
        >>> firsts = np.arange("2024-01", "2024-07", dtype="datetime64[M]")
        >>> calendar_of(firsts.astype("datetime64[D]").astype(np.int64)).days
        (1,)
    """
    different = np.unique(day)
    if len(different) < FEWEST:
        return DAILY
    best, least = DAILY, 1.0
    for calendar, share, choices in _candidates(different):
        unlikely = -len(different) * math.log(share) - choices
        if share < least * 0.99 and unlikely > SURPRISE and calendar.holds(different).all():
            if persons is not None and not _of_enough(calendar, day, persons):
                continue
            best, least = calendar, share
    return best


def _of_enough(calendar: Calendar, day: np.ndarray, persons: np.ndarray) -> bool:
    """Whether enough persons have each day of a calendar's round."""
    round_of = len(calendar.within) * max(len(calendar.days), 1)
    shared = sharing(calendar.numbers(day) % round_of, round_of, persons)
    return bool((shared >= FEWEST_PERSONS).all())


def _candidates(day: np.ndarray) -> Iterator[tuple[Calendar, float, float]]:
    """Calendars, the share of all days that belong to each, and the logarithm of how many of their
    kind could have been chosen."""
    month = _month_of(day)
    for period, months in _months(month):
        share = len(months) / period / _MONTH
        chosen = _choices(period, len(months)) + math.log(5)
        for calendar, many, among in _of_months(day, month, period, months):
            yield calendar, share * many, chosen + among
    of_year = (month % 12 + 1) * 100 + day - _first_of(month) + 1
    dates, years = np.unique(of_year, return_counts=True)
    if len(dates) <= MOST_OF_YEAR and years.min() > 1 and 229 not in dates:
        within = tuple(dates.tolist())
        yield Calendar("years", 1, 0, within), len(dates) / 365, _choices(365, len(dates))
    step = int(np.gcd.reduce(day - day[0]))
    if step > 1:
        yield Calendar("days", step, int(day[0] % step)), 1 / step, math.log(step)
    offset = int((day[-1] + 1) % 7)  # weeks end on the latest day
    weekdays = tuple(np.unique((day - offset) % 7).tolist())
    if 1 < len(weekdays) < 7:
        share = len(weekdays) / 7
        yield Calendar("days", 7, offset, weekdays), share, _choices(7, len(weekdays))


def _months(month: np.ndarray) -> list[tuple[int, tuple[int, ...]]]:
    """Every month, or those that come again after some months."""
    found: list[tuple[int, tuple[int, ...]]] = [(1, (0,))]
    for period in (2, 3, 4, 6, 12):
        months = tuple(np.unique(month % period).tolist())
        if len(months) < period:
            found.append((period, months))
    return found


def _of_months(
    day: np.ndarray, month: np.ndarray, period: int, months: tuple[int, ...]
) -> Iterator[tuple[Calendar, int, float]]:
    """Calendars of days of these months, how many days of a month each has, and the logarithm of
    how many there are of its kind."""

    def made(style: Style, days: list[int], weekday: int = 0) -> Calendar:
        return Calendar("months", period, 0, months, style, tuple(days), weekday)

    first, behind = _first_of(month), _first_of(month + 1)
    of_month, to_end = day - first + 1, day - behind
    for one in (int(of_month.max()), int(to_end.min())):
        yield made("day", [one]), 1, math.log(31)
    for named in (of_month, np.where(to_end == -1, 99, of_month)):
        several, often = np.unique(named, return_counts=True)
        if 1 < len(several) <= MOST_OF_MONTH and often.min() > 1:
            days = [-1 if one == 99 else one for one in several.tolist()]
            yield made("day", days), len(days), _choices(32, len(days))
    yield from _weekdays_of_months(of_month, to_end, np.unique(_weekday(day)), made)
    if (_weekday(day) > 4).any():
        return
    for one in (*range(3, 32), -1):
        yield made("before", [one]), 1, math.log(30)
    for one in range(1, 28):
        yield made("after", [one]), 1, math.log(27)
    for one in (*range(1, 11), *range(-5, 0)):
        yield made("business", [one]), 1, math.log(15)


def _weekdays_of_months(
    of_month: np.ndarray, to_end: np.ndarray, weekday: np.ndarray, made: Callable[..., Calendar]
) -> Iterator[tuple[Calendar, int, float]]:
    """First Mondays, last Fridays."""
    if len(weekday) == 1:
        for counted in ((of_month - 1) // 7 + 1, -((-to_end - 1) // 7) - 1):
            several = np.unique(counted)
            if len(several) < 4 and np.abs(several).max() < 5:  # not every month has a fifth
                days = several.tolist()
                among = math.log(7) + _choices(5, len(days))
                yield made("weekday", days, int(weekday[0])), len(days), among


def _choices(among: int, chosen: int) -> float:
    return math.log(math.comb(among, chosen))


def _without_ones(
    whole: tuple[str, int, float], part: tuple[str, int, float]
) -> list[tuple[str, int, float]]:
    return [whole, part] if whole[1] > 1 else [whole]


def _up_to(within: tuple[int, ...], number: np.ndarray) -> np.ndarray:
    """(n,) how many of the ascending numbers are not above."""
    return np.searchsorted(np.array(within), number, side="right")


def _month_of(day: np.ndarray) -> np.ndarray:
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _first_of(month: np.ndarray) -> np.ndarray:
    return np.asarray(month).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _weekday(day: np.ndarray) -> np.ndarray:
    """0 for Monday."""
    return (day + 3) % 7


def _working_day(day: np.ndarray, count: int) -> np.ndarray:
    """(n,) the how manieth working day behind a day; before it where the count is negative."""
    dates = day.astype("datetime64[D]")
    roll: Literal["backward", "forward"] = "backward" if count > 0 else "forward"
    return np.busday_offset(dates, count, roll=roll).astype(np.int64)
