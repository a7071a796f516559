"""Where marks lie: pictures as data become positions in per cent, which the templates draw as SVG
and HTML.

Every drawing is stretched to the width that the page gives it, its strokes and its text are not; so
one drawing serves a wide screen, a telephone and paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tidemill.core.words import aligned, cell, number, shorten, width
from tidemill.reporting.blocks import Comparison, Gauge, PictureBlock, Series
from tidemill.reporting.scale import date_ticks, labels, ticks

COLOURS = 8
_COLOUR_OF = {"real": 0, "synthetic": 1, "generated": 1, "unrelated": 7}
_LONG_NAME = 9
_LONGEST_NAME = 20
_ROOM = 26
_GAP, _GAP_OF_LARGEST = 0.04, 0.25
_MANY_NAMES = 12
_WIDEST_NUMBERED = 12

Tick = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Across:
    """Horizontal bars.

    Attributes:
        rows: (label, bars); a bar is (colour, left, width, text).
        legend: (colour, name) of the series where there are several.
    """

    shape = "across"
    rows: tuple[tuple[str, tuple[tuple[int, float, float, str], ...]], ...]
    legend: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Upright:
    """Bars, lines or points over two axes.

    Attributes:
        bars: (colour, x, y, width, height, tip).
        paths: (colour, SVG path); a path of points has only moves.
        dotted: Whether the paths are points.
        x_ticks, y_ticks: (position, text).
        baseline: Where zero lies above the bottom.
    """

    shape = "upright"
    bars: tuple[tuple[int, float, float, float, float, str], ...]
    paths: tuple[tuple[int, str], ...]
    dotted: bool
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    legend: tuple[tuple[int, str], ...]
    baseline: float


@dataclass(frozen=True, slots=True)
class Heat:
    """A matrix of coloured cells.

    Attributes:
        names: One per column.
        rows: (name, cells); a cell is (strength in 0..1, whether negative, text, tip).
        ends: What the palest and the strongest colour mean.
        signed: Whether there are negative entries.
        numbered: Whether the cells show their numbers.
    """

    shape = "heat"
    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[float, bool, str, str], ...]], ...]
    ends: tuple[str, str]
    signed: bool
    numbered: bool


@dataclass(frozen=True, slots=True)
class Intervals:
    """Points with their intervals beside a line at 0.

    Attributes:
        rows: (label, side, point, left, width, text); the side is "above" or "below" where the
            whole interval lies there.
        zero: Where 0 lies.
        ticks: (position, text).
    """

    shape = "intervals"
    rows: tuple[tuple[str, str, float | None, float, float, str], ...]
    zero: float
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Two histograms over each other: the SVG path of an area and of a stepped line."""

    area: str
    line: str
    x_ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Dial:
    """Positions of a score, its floor and its ceiling on a bar whose right end is the better one.

    Attributes:
        value, floor, ceiling: Positions.
        texts: Value, floor and ceiling as text, with equally many decimals.
        band: (left, width) of the value's 95 % interval.
        bar: Whether floor and ceiling are so far apart that a bar is worth drawing.
    """

    value: float | None
    floor: float | None
    ceiling: float | None
    texts: tuple[str, str, str] = ("", "", "")
    band: tuple[float, float] | None = None
    bar: bool = False


def plot(picture: PictureBlock) -> Across | Upright | Heat | Intervals:
    """The drawing of a picture; upright bars under many or long names are turned, so that they can
    be read."""
    if picture.kind == "intervals":
        return intervals(picture)
    if picture.kind == "heat":
        return heat(picture)
    if picture.kind == "across" or (picture.kind == "bars" and _needs_turning(picture.x)):
        return across(picture)
    return upright(picture)


def across(picture: PictureBlock) -> Across:
    """Horizontal bars from zero on."""
    values = [v for series in picture.series for v in series.values if v is not None]
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    span = (high - low) or 1.0
    texts = iter(aligned([value for series in picture.series for value in series.values]))
    drawn = [
        [
            (
                hue,
                _per_cent(min(value or 0.0, 0.0) - low, span),
                _per_cent(abs(value or 0.0), span),
                next(texts),
            )
            for value in series.values
        ]
        for hue, series in _coloured(picture)
    ]
    return Across(
        tuple((_name(name), tuple(bars)) for name, *bars in zip(picture.x, *drawn, strict=False)),
        _legend(picture),
    )


def intervals(picture: PictureBlock) -> Intervals:
    """A point and a bar from its lower to its upper end for each name; an end that is missing is
    where the axis ends."""
    none = (None,) * len(picture.x)
    value, low, high = ([*(series.values for series in picture.series), none, none, none])[:3]
    known = [v for v in (*value, *low, *high) if v is not None] or [0.0]
    left, right = _range(known, with_zero=True)
    left, right = (left - 0.03 * (right - left), right + 0.03 * (right - left))
    texts = iter(_aligned_ends(value, low, high))
    rows = []
    for name, v, a, b in zip(picture.x, value, low, high, strict=False):
        start, end = (left if a is None else a), (right if b is None else b)
        side = "above" if a is not None and a > 0 else "below" if b is not None and b < 0 else ""
        rows.append(
            (
                _name(name),
                side,
                None if v is None else _per_cent(v - left, right - left),
                _per_cent(start - left, right - left),
                _per_cent(end - start, right - left),
                next(texts),
            )
        )
    marks = [t for t in ticks(left, right) if left <= t <= right]
    return Intervals(
        tuple(rows),
        _per_cent(-left, right - left),
        tuple(
            (_per_cent(t - left, right - left), text)
            for t, text in zip(marks, labels(marks), strict=True)
        ),
    )


def _aligned_ends(
    value: Sequence[float | None], low: Sequence[float | None], high: Sequence[float | None]
) -> list[str]:
    """ "+1.2 (0.4 to 2.0)" for each, with as many decimals as the widest of all needs."""
    widest = max([abs(v) for v in (*value, *low, *high) if v is not None], default=0.0)
    places = 0 if widest >= 100 else 1 if widest >= 1 or not widest else 2 if widest >= 0.1 else 4

    def shown(number: float | None, sign: str = "") -> str:
        return "–" if number is None else f"{round(number, places) + 0.0:{sign},.{places}f}"

    return [
        f"{shown(v, '+' if v and round(v, places) else '')} ({shown(a)} to {shown(b)})"
        for v, a, b in zip(value, low, high, strict=False)
    ]


def upright(picture: PictureBlock) -> Upright:
    """Bars, lines or points over two axes."""
    bars_wanted = picture.kind == "bars"
    values = [v for series in picture.series for v in series.values if v is not None] or [0.0]
    low, high = _range(values, with_zero=bars_wanted)
    places, x_ticks = (
        _bands(picture.x) if bars_wanted or not _numeric(picture.x) else _positions(picture.x)
    )
    level = {v: _per_cent(v - low, high - low) for v in values}
    y_ticks = [t for t in ticks(low, high) if low <= t <= high]
    return Upright(
        _bars(picture, places, level, _per_cent(-low, high - low)) if bars_wanted else (),
        ()
        if bars_wanted
        else tuple(
            (colour, _path(places, series.values, level, dotted=picture.kind == "points"))
            for colour, series in _coloured(picture)
        ),
        picture.kind == "points",
        tuple(x_ticks),
        tuple(
            (_per_cent(t - low, high - low), text)
            for t, text in zip(y_ticks, labels(y_ticks), strict=True)
        ),
        _legend(picture),
        _per_cent(max(0.0, -low), high - low),
    )


def heat(picture: PictureBlock) -> Heat:
    """A matrix; entries around zero get two colours, entries of one sign get one."""
    values = [v for series in picture.series for v in series.values if v is not None] or [0.0]
    signed = min(values) < 0
    strongest = max(abs(v) for v in values) or 1.0
    names = tuple(str(x) for x in picture.x)
    rows = tuple(
        (
            series.name,
            tuple(
                (
                    round(abs(v or 0.0) / strongest, 3),
                    (v or 0.0) < 0,
                    "" if v is None else number(v, 2),
                    f"{series.name} × {name}: {number(v)}",
                )
                for name, v in zip(names, series.values, strict=False)
            ),
        )
        for series in picture.series
    )
    ends = (number(-strongest, 2) if signed else "0", number(strongest, 2))
    return Heat(names, rows, ends, signed, len(names) <= _WIDEST_NUMBERED)


def histogram(shown: Comparison) -> Histogram:
    """Real rows as an area, synthetic rows as a stepped line."""
    low, high = shown.edges[0], shown.edges[-1]
    x = [_per_cent(edge - low, high - low) for edge in shown.edges]
    tallest = max((*shown.real, *shown.synthetic)) or 1.0
    steps = []
    for shares in (shown.real, shown.synthetic):
        tops = [round(100 - 96 * part / tallest, 2) for part in shares]
        steps.append("".join(f"V{top:g}H{right:g}" for top, right in zip(tops, x[1:], strict=True)))
    marks = date_ticks(low, high) if shown.time else _spaced(low, high)
    return Histogram(
        f"M0 100{steps[0]}V100Z",
        f"M0 100{steps[1]}V100",
        tuple((_per_cent(value - low, high - low), text) for value, text in marks),
    )


def _spaced(low: float, high: float) -> list[Tick]:
    """As many ticks as have room below a small picture."""
    for wanted in (3, 2, 1):
        at = ticks(low, high, wanted)
        texts = labels(at)
        if sum(width(text) + 2 for text in texts) <= _ROOM:
            break
    return list(zip(at, texts, strict=True))


def gauge(score: Gauge) -> Dial:
    """The bar spans floor, value and ceiling, and at least a tenth: what is almost equal shall look
    so."""
    known = [
        v
        for v in (score.value, score.floor, score.ceiling, *(score.interval or ()))
        if v is not None
    ]
    if not known:
        return Dial(None, None, None)
    low, high = min(known), max(known)
    least = max(0.1, 0.1 * abs(high)) if max(map(abs, known)) <= 1 else 0.1 * max(map(abs, known))
    grow = max(0.08 * (high - low), (least - (high - low)) / 2)
    left, right = (high + grow, low - grow) if _is_turned(score) else (low - grow, high + grow)
    value, floor, ceiling = (
        None if v is None else _per_cent(v - left, right - left)
        for v in (score.value, score.floor, score.ceiling)
    )
    ends = sorted(_per_cent(v - left, right - left) for v in score.interval or ())
    texts = (
        _aligned(score.value, known),
        _aligned(score.floor, known),
        _aligned(score.ceiling, known),
    )
    band = (ends[0], round(ends[1] - ends[0], 2)) if ends else None
    return Dial(value, floor, ceiling, texts, band, _spans(score))


def _spans(score: Gauge) -> bool:
    """Whether real rows are so much better than the floor that a place between the two says
    something."""
    if score.floor is None or score.ceiling is None:
        return False
    gap = score.ceiling - score.floor
    better = {"high": gap, "low": -gap, "ceiling": abs(gap)}[score.better]
    return better >= _GAP or better > _GAP_OF_LARGEST * max(abs(score.floor), abs(score.ceiling))


def _is_turned(score: Gauge) -> bool:
    """Whether large figures stand left."""
    if score.better == "ceiling" and score.floor is not None and score.ceiling is not None:
        return score.ceiling < score.floor
    return score.better == "low"


def _aligned(value: float | None, among: Sequence[float]) -> str:
    """A number with as many decimals as the others that it is compared with."""
    size = max(map(abs, among))
    if value is None or size >= 10:
        return "" if value is None else number(value)
    return f"{value:.{3 if size >= 0.1 else 4}f}"


def _bars(
    picture: PictureBlock, places: Sequence[float], level: dict[float, float], zero: float
) -> tuple[tuple[int, float, float, float, float, str], ...]:
    band = 100 / max(1, len(picture.x))
    group = min(0.8 * band, 12.0 * len(picture.series))
    wide = group / max(1, len(picture.series))
    bars = []
    for place, (colour, series) in enumerate(_coloured(picture)):
        whose = f", {series.name}" if len(picture.series) > 1 else ""
        for centre, name, value in zip(places, picture.x, series.values, strict=False):
            if value is None:
                continue
            left = centre - group / 2 + place * wide
            top = max(level[value], zero)
            tip = f"{_name(name)}{whose}: {number(value)}"
            bars.append(
                (
                    colour,
                    round(left, 2),
                    round(100 - top, 2),
                    round(wide, 2),
                    round(abs(level[value] - zero), 2),
                    tip,
                )
            )
    return tuple(bars)


def _path(
    places: Sequence[float],
    values: Sequence[float | None],
    level: dict[float, float],
    *,
    dotted: bool,
) -> str:
    """A line with gaps where a value is missing; as points, a move and a line of no length each
    (drawn round)."""
    parts, pen_up = [], True
    for x, value in zip(places, values, strict=False):
        if value is None:
            pen_up = True
            continue
        start = (
            pen_up or dotted
        )  # with a line of no length, so that a value between two gaps is seen too
        parts.append(
            f"M{x:g} {100 - level[value]:g}h0" if start else f"L{x:g} {100 - level[value]:g}"
        )
        pen_up = False
    return "".join(parts)


def _range(values: Sequence[float], *, with_zero: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if with_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if not high > low:
        return (0.0, high or 1.0) if high >= 0 else (low, 0.0)
    margin = 0.05 * (high - low)
    low_free, high_free = not (with_zero and low == 0), not (with_zero and high == 0)
    return low - margin * low_free, high + margin * high_free


def _bands(x: Sequence[object]) -> tuple[list[float], list[Tick]]:
    """Centres of equal bands, and as many labels as have room."""
    band = 100 / max(1, len(x))
    centres = [round((i + 0.5) * band, 3) for i in range(len(x))]
    texts = [shorten(_name(name), _LONGEST_NAME) for name in x]
    room = max(1, 48 // max(3, max(map(width, texts), default=3) + 1))
    every = max(1, -(-len(x) // room))
    return centres, list(zip(centres, texts, strict=True))[::every]


def _positions(x: Sequence[object]) -> tuple[list[float], list[Tick]]:
    numbers = [float(v) if isinstance(v, (int, float)) else 0.0 for v in x]
    low, high = _range(numbers, with_zero=False)
    at = [t for t in ticks(low, high) if low <= t <= high]
    marks = [(_per_cent(t - low, high - low), text) for t, text in zip(at, labels(at), strict=True)]
    return [_per_cent(v - low, high - low) for v in numbers], marks


def _numeric(x: Sequence[object]) -> bool:
    return bool(x) and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in x)


def _needs_turning(x: Sequence[object]) -> bool:
    """Whether names, not numbers in a row, stand below the bars, and are too many or too long
    to."""
    longest = max((width(_name(v)) for v in x), default=0)
    return not _numeric(x) and (len(x) * (longest + 1) > 5 * _LONG_NAME or len(x) > _MANY_NAMES)


def _coloured(picture: PictureBlock) -> Iterable[tuple[int, Series]]:
    return zip(colours([series.name for series in picture.series]), picture.series, strict=True)


def colours(names: Sequence[str]) -> list[int]:
    """One colour a series; real, synthetic and unrelated rows have theirs on the whole page.

    Example:
        >>> colours(["unrelated columns", "synthetic rows", "real rows", "another"])
        [7, 1, 0, 2]
    """
    fixed = [_COLOUR_OF.get(name.lower().partition(" ")[0]) for name in names]
    free = iter([c for c in range(COLOURS) if c not in fixed] or [COLOURS - 1])
    return [next(free, i % COLOURS) if colour is None else colour for i, colour in enumerate(fixed)]


def _name(value: object) -> str:
    """A name or a position below an axis; whole numbers up to 9999 may be years and carry no
    comma."""
    return str(value) if isinstance(value, int) and abs(value) < 10_000 else cell(value)


def _legend(picture: PictureBlock) -> tuple[tuple[int, str], ...]:
    return (
        tuple((colour, series.name) for colour, series in _coloured(picture))
        if len(picture.series) > 1
        else ()
    )


def _per_cent(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) + 0.0
