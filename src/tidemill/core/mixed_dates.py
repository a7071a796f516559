"""Columns of dates that are not written alike: which formats read them, in one order of day and
month."""

from __future__ import annotations

import polars as pl

from tidemill.core import datetimes
from tidemill.core.conventions import Conventions

_FORMAT_CELLS = 60
_PROBE = 20_000
# cells of the other order of day and month, as a share: beyond it both orders are in use
_OTHER_ORDER = 0.02


def formats_of(
    sample: list[str], text: pl.Series, conventions: Conventions
) -> tuple[str, tuple[str, ...]] | None:
    """The format that most cells are written in, and all formats that are needed to read them, the
    commonest first; None where there is none, or where nothing tells the order of day and month.

    Args:
        sample: Some cells, without markers.
        text: All cells.
        conventions: What other columns of the file prove.
    """
    exact = datetimes.lenient_formats(sample[:_FORMAT_CELLS], text.name)
    if not exact:
        return None
    probe = text.drop_nulls().unique(maintain_order=True).head(_PROBE).str.strip_chars()
    readable = {}
    for one in exact:
        cells = datetimes.read(probe, datetimes.dtype_of(one), one).is_not_null()
        if cells.any():
            readable[one] = cells
    chosen = _needed(_in_one_order(readable, bool(conventions.month_first)))
    told = conventions.month_first is not None or len(chosen) == 1
    if not chosen or not (told or _order_is_told(readable, chosen)):
        return None
    formats = datetimes.in_zone(probe, chosen)
    if any(map(datetimes.has_short_year, formats)):
        values = datetimes.read_any(probe, formats)
        centuries = [one for one in formats if datetimes.has_short_year(one)]
        century = datetimes.with_century(centuries[0], values)
        formats = tuple(datetimes.in_same_century(one, [century]) for one in formats)
    return exact[chosen[0]], formats


def _in_one_order(readable: dict[str, pl.Series], in_tie: bool) -> dict[str, pl.Series]:
    """The formats of the order of day and month that reads most cells, and those where the two
    cannot be taken for each other; none where both orders occur.

    Args:
        readable: Format -> (cells,) whether it reads them.
        in_tie: Whether the month comes first where both orders read as many cells.
    """
    orders, counts = {}, {}
    for month_first in (False, True):
        allowed = (None, month_first)
        orders[month_first] = {
            one: cells for one, cells in readable.items() if datetimes.month_first(one) in allowed
        }
        counts[month_first] = _read_by(orders[month_first])
    best = counts[True] > counts[False] or (in_tie and counts[True] == counts[False])
    beyond = _read_by(readable) - counts[best]
    return orders[best] if beyond <= _OTHER_ORDER * counts[best] else {}


def _order_is_told(readable: dict[str, pl.Series], chosen: tuple[str, ...]) -> bool:
    """Whether some cell tells the order of day and month in which formats read it, where it
    matters."""
    orders = {datetimes.month_first(one) for one in chosen} - {None}
    if not orders:
        return True
    [month_first] = orders
    others = {
        one: cells for one, cells in readable.items() if datetimes.month_first(one) != month_first
    }
    return _read_by(others) < _read_by(readable)


def _read_by(readable: dict[str, pl.Series]) -> int:
    """How many cells any of the formats reads."""
    if not readable:
        return 0
    return int(pl.select(pl.any_horizontal(list(readable.values()))).to_series().sum())


def _needed(readable: dict[str, pl.Series]) -> tuple[str, ...]:
    """The formats that read cells which none before them reads, the commonest first."""
    needed: list[str] = []
    for one in sorted(readable, key=lambda one: -int(readable[one].sum())):
        before = {other: readable[other] for other in needed}
        if _read_by({**before, one: readable[one]}) > _read_by(before):
            needed.append(one)
    return tuple(needed)


def written_format(exact: str, formats: tuple[str, ...], values: pl.Series) -> str:
    """The format to write dates of several formats in from now on: that of most cells, where it
    tells all of them whole; else that of ISO 8601."""
    known = values.drop_nulls()
    format_ = datetimes.in_same_century(exact, formats)
    one_zone = len(datetimes.zone_words(formats)) <= 1  # else the zone of some would be wrong
    if one_zone and datetimes.dtype_of(format_) == values.dtype:
        again = datetimes.read(datetimes.write(known, format_), values.dtype, format_)
        if again.eq_missing(known).all():
            return format_
    return datetimes.iso_format(known)
