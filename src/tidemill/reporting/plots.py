"""Where marks lie: pictures as data become positions in per cent, which the templates draw as SVG
and HTML.

Every drawing is stretched to the width that the page gives it, its strokes and its text are not; so
one drawing serves a wide screen, a telephone and paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tidemill.core.words import aligned, cell, number, shorten, width
from tidemill.reporting.blocks import Comparison, Gauge, PictureBlock, Series
from tidemill.reporting.scale import date_ticks, labels, ticks

COLOURS = 8
_ABOVE, _BELOW = 1, 0
_COLOUR_OF = {"real": 0, "synthetic": 1, "generated": 1, "unrelated": 7}
_LONG_NAME = 9
_LONGEST_NAME = 20
_ROOM = 26
_GAP = 0.04
_GAP_OF_LARGEST = 0.25
_MANY_NAMES = 12
_WIDEST_NUMBERED = 12
_MANY_POINTS = 60
_LABELS = 40

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
        alone: The same of points of lines that have no neighbour, which are drawn larger than the
            line is wide.
        dotted: Whether the paths are points.
        x_ticks, y_ticks: (position, text).
        baseline: Where zero lies above the bottom.
        tips: (x, y, text) of points that say their value.
    """

    shape = "upright"
    bars: tuple[tuple[int, float, float, float, float, str], ...]
    paths: tuple[tuple[int, str], ...]
    dotted: bool
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    legend: tuple[tuple[int, str], ...]
    baseline: float
    tips: tuple[tuple[float, float, str], ...] = ()
    band: str = ""
    alone: tuple[tuple[int, str], ...] = ()


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
        rows: (label, side, point, left, width, text, limit); the side is "above" or "below" where
            the whole interval lies there. With limits it is "above" where nothing reaches the
            limit and "below" where the whole interval lies beyond it.
        zero: Where 0 lies.
        ticks: (position, text).
    """

    shape = "intervals"
    rows: tuple[tuple[str, str, float | None, float, float, str, float | None], ...]
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


@dataclass(frozen=True, slots=True)
class _Axis:
    """Where numbers lie between the two ends of a drawing, in per cent of its length."""

    start: float
    end: float

    def place(self, value: float) -> float:
        return self.length(value - self.start)

    def length(self, span: float) -> float:
        return round(100 * span / (self.end - self.start), 2) + 0.0

    def ticks(self) -> list[Tick]:
        """Round numbers on it."""
        values = [tick for tick in ticks(self.start, self.end) if self.start <= tick <= self.end]
        return self.marked(zip(values, labels(values), strict=True))

    def marked(self, marks: Iterable[tuple[float, str]]) -> list[Tick]:
        """These numbers with their texts, where they lie."""
        return [(self.place(value), text) for value, text in marks]


def plot(picture: PictureBlock) -> Across | Upright | Heat | Intervals:
    """The drawing of a picture; upright bars under many or long names are turned, so that they can
    be read."""
    if picture.kind == "intervals":
        return intervals(picture)
    if picture.kind == "heat":
        return heat(picture)
    if picture.kind == "ratios":
        return ratios(picture)
    if picture.kind == "across" or (picture.kind == "bars" and _needs_turning(picture.x)):
        return across(picture)
    return upright(picture)


def across(picture: PictureBlock) -> Across:
    """Horizontal bars from the start on."""
    values = _known_values(picture)
    start = picture.start
    low, high = min([start, *values]), max([start, *values])
    axis = _Axis(low, high if high > low else low + 1.0)
    texts = iter(even([value for series in picture.series for value in series.values]))
    drawn = []
    for colour, series in _coloured(picture):
        bars = []
        for value in series.values:
            end = start if value is None else value
            left, width = axis.place(min(end, start)), axis.length(abs(end - start))
            bars.append((colour, left, width, next(texts)))
        drawn.append(bars)
    rows = [(_name(name), tuple(bars)) for name, *bars in zip(picture.x, *drawn, strict=False)]
    return Across(tuple(rows), _legend(picture))


def ratios(picture: PictureBlock) -> Across:
    """Horizontal bars from 1 on, as long for a half as for twice, above and below 1 in two
    colours."""
    values = [value for value in _known_values(picture) if value > 0]
    # what never occurs has no logarithm: its bar is longer than all others
    never = min([0.5, *values]) / 2
    powers = [math.log2(value) for value in (1.0, *values)]
    if any(value is not None and value <= 0 for one in picture.series for value in one.values):
        powers.append(math.log2(never))
    axis = _Axis(min(powers), max(max(powers), min(powers) + 1.0))
    rows: list[tuple[str, tuple[tuple[int, float, float, str], ...]]] = []
    for series in picture.series[:1]:
        texts = even(series.values)
        for name, value, text in zip(picture.x, series.values, texts, strict=False):
            known = 1.0 if value is None else value
            power = math.log2(max(known, never))
            colour = _ABOVE if power > 0 else _BELOW
            bar = (colour, axis.place(min(power, 0.0)), axis.length(abs(power)), text)
            rows.append((_name(name), (bar,)))
    return Across(tuple(rows), ())


def even(values: Sequence[float | None]) -> list[str]:
    """The numbers beside bars, all with as many decimals as the largest needs; "–" for none.

    Example:
        >>> even([14.6, 9.2, -0.001, None]), even([0.926, 0.5]), even([1200.0, 3.0])
        (['14.6', '9.2', '0.0', '–'], ['0.926', '0.500'], ['1,200', '3'])
    """
    known = [abs(value) for value in values if value is not None and math.isfinite(value)]
    largest = max(known, default=0.0)
    if not largest or largest >= 1e15 or largest < 1e-4:
        return aligned(values)
    whole = all(float(value).is_integer() for value in known)
    places = 0 if whole else max(0, 2 - math.floor(math.log10(largest)))
    return [_rounded(value, places) for value in values]


def intervals(picture: PictureBlock) -> Intervals:
    """A point and a bar from its lower to its upper end for each name; an end that is missing is
    where the axis ends."""
    unknown = ((None,) * len(picture.x),) * 4
    *columns, limits = (*(series.values for series in picture.series), *unknown)[:4]
    known = _known_values(picture) or [0.0]
    tight = _axis(known, start=0.0)
    margin = 0.03 * (tight.end - tight.start)
    axis = _Axis(tight.start - margin, tight.end + margin)
    texts = _aligned_ends(columns, signed=len(picture.series) < 4)
    rows = []
    for name, point, low, high, text, limit in zip(
        picture.x, *columns, texts, limits, strict=False
    ):
        left = axis.start if low is None else low
        right = axis.end if high is None else high
        bar = (axis.place(left), axis.length(right - left))
        side = _side(low, high) if limit is None else _beside_limit(low, high, limit)
        rows.append((_name(name), side, _placed(axis, point), *bar, text, _placed(axis, limit)))
    return Intervals(tuple(rows), axis.place(0.0), tuple(axis.ticks()))


def _side(low: float | None, high: float | None) -> str:
    """On which side of 0 a whole interval lies."""
    if low is not None and low > 0:
        return "above"
    if high is not None and high < 0:
        return "below"
    return ""


def _beside_limit(low: float | None, high: float | None, limit: float) -> str:
    """Good where the limit is not reached, bad where the whole interval lies beyond it."""
    if high is not None and high < limit:
        return "above"
    return "below" if low is not None and low >= limit else ""


def _aligned_ends(columns: Sequence[Sequence[float | None]], *, signed: bool) -> list[str]:
    """ "+1.2 (0.4 to 2.0)" for each, with as many decimals as the widest of all needs."""
    sizes: list[float] = []
    for column in columns:
        sizes += [abs(value) for value in column if value is not None]
    places = _decimals(max(sizes, default=0.0))
    texts = []
    for point, low, high in zip(*columns, strict=False):
        sign = "+" if signed and point and round(point, places) else ""
        ends = f"{_rounded(low, places)} to {_rounded(high, places)}"
        texts.append(f"{_rounded(point, places, sign)} ({ends})")
    return texts


def _decimals(widest: float) -> int:
    if widest >= 100:
        return 0
    if widest >= 1 or not widest:
        return 1
    return 2 if widest >= 0.1 else 4


def _rounded(value: float | None, places: int, sign: str = "") -> str:
    if value is None or not math.isfinite(value):
        return "–"
    return f"{round(value, places) + 0.0:{sign},.{places}f}"


def upright(picture: PictureBlock) -> Upright:
    """Bars, lines or points over two axes."""
    has_bars = picture.kind == "bars"
    shown = [*_known_values(picture), *(picture.ends or ())]
    axis = _axis(shown or [picture.start], start=picture.start if has_bars else None)
    if has_bars or not _numeric(picture.x):
        places, x_ticks = _bands(picture.x)
    else:
        places, x_ticks = _positions(picture.x)
    if picture.kind == "points" and not picture.x_label:  # only what lies near what says anything
        return Upright((), _paths(picture, places, axis), True, (), (), _legend(picture), 0.0)
    return Upright(
        bars=_bars(picture, places, axis) if has_bars else (),
        paths=() if has_bars else _paths(picture, places, axis),
        dotted=picture.kind == "points",
        x_ticks=tuple(x_ticks),
        y_ticks=tuple(axis.ticks()),
        legend=_legend(picture),
        baseline=axis.length(max(0.0, picture.start - axis.start)),
        tips=() if has_bars else _tips(picture, places, axis),
        band=_band(picture, places, axis),
        alone=_alone(picture, places, axis) if picture.kind == "lines" else (),
    )


def heat(picture: PictureBlock) -> Heat:
    """A matrix; entries around zero get two colours, entries of one sign get one."""
    values = _known_values(picture) or [0.0]
    signed = min(values) < 0
    strongest = picture.most or max(abs(value) for value in values) or 1.0
    names = tuple(str(x) for x in picture.x)
    rows = []
    for series in picture.series:
        cells = []
        for name, value in zip(names, series.values, strict=False):
            size = value or 0.0
            text = "" if value is None else number(value, 2)
            tip = f"{series.name} × {name}: {number(value)}"
            strength = min(1.0, abs(size) / strongest)
            cells.append((round(strength, 3), size < 0, text, tip))
        rows.append((series.name, tuple(cells)))
    ends = (number(-strongest, 2) if signed else "0", number(strongest, 2))
    return Heat(names, tuple(rows), ends, signed, numbered=len(names) <= _WIDEST_NUMBERED)


def histogram(compared: Comparison) -> Histogram:
    """Real rows as an area, synthetic rows as a stepped line."""
    low, high = compared.edges[0], compared.edges[-1]
    axis = _Axis(low, high)
    rights = [axis.place(edge) for edge in compared.edges[1:]]
    tallest = max((*compared.real, *compared.synthetic)) or 1.0
    real = _steps(compared.real, tallest, rights)
    synthetic = _steps(compared.synthetic, tallest, rights)
    marks = date_ticks(low, high) if compared.time else _spaced(low, high)
    return Histogram(f"M0 100{real}V100Z", f"M0 100{synthetic}V100", tuple(axis.marked(marks)))


def _steps(shares: Sequence[float], tallest: float, rights: Sequence[float]) -> str:
    """The SVG path along the tops of a histogram's bars, given their right ends."""
    path = ""
    for share, right in zip(shares, rights, strict=True):
        top = round(100 - 96 * share / tallest, 2)
        path += f"V{top:g}H{right:g}"
    return path


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
    ends = score.interval or ()
    known = [v for v in (score.value, score.floor, score.ceiling, *ends) if v is not None]
    if not known:
        return Dial(None, None, None)
    axis = _gauge_axis(known, turned=_is_turned(score))
    places = sorted(axis.place(end) for end in ends)
    return Dial(
        value=_placed(axis, score.value),
        floor=_placed(axis, score.floor),
        ceiling=_placed(axis, score.ceiling),
        texts=(
            _aligned(score.value, known),
            _aligned(score.floor, known),
            _aligned(score.ceiling, known),
        ),
        band=(places[0], round(places[1] - places[0], 2)) if places else None,
        bar=_spans(score),
    )


def _gauge_axis(known: Sequence[float], *, turned: bool) -> _Axis:
    low, high = min(known), max(known)
    largest = max(abs(value) for value in known)
    least = max(0.1, 0.1 * abs(high)) if largest <= 1 else 0.1 * largest
    margin = max(0.08 * (high - low), (least - (high - low)) / 2)
    if turned:
        return _Axis(high + margin, low - margin)
    return _Axis(low - margin, high + margin)


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
    if value is None:
        return ""
    size = max(map(abs, among))
    if size >= 10:
        return number(value)
    places = 3 if size >= 0.1 else 4
    return f"{value:.{places}f}"


def _bars(
    picture: PictureBlock, places: Sequence[float], axis: _Axis
) -> tuple[tuple[int, float, float, float, float, str], ...]:
    zero = axis.place(picture.start)
    band = 100 / max(1, len(picture.x))
    group = min(0.8 * band, 12.0 * len(picture.series))
    wide = group / max(1, len(picture.series))
    bars = []
    for position, (colour, series) in enumerate(_coloured(picture)):
        whose = f", {series.name}" if len(picture.series) > 1 else ""
        for centre, name, value in zip(places, picture.x, series.values, strict=False):
            if value is None:
                continue
            level = axis.place(value)
            left = round(centre - group / 2 + position * wide, 2)
            top = round(100 - max(level, zero), 2)
            size = (round(wide, 2), round(abs(level - zero), 2))
            tip = f"{_name(name)}{whose}: {number(value)}"
            bars.append((colour, left, top, *size, tip))
    return tuple(bars)


def _paths(
    picture: PictureBlock, places: Sequence[float], axis: _Axis
) -> tuple[tuple[int, str], ...]:
    dotted = picture.kind == "points"
    paths = []
    for colour, series in _coloured(picture):
        paths.append((colour, _path(places, series.values, axis, dotted=dotted)))
    return tuple(paths)


def _alone(
    picture: PictureBlock, places: Sequence[float], axis: _Axis
) -> tuple[tuple[int, str], ...]:
    """Points of lines without a neighbour; a line would hide them."""
    found = []
    for colour, series in _coloured(picture):
        known = [value is not None for value in series.values]
        beside = zip([False, *known], [*known[1:], False], strict=False)
        lone = [
            value if not any(near) else None
            for value, near in zip(series.values, beside, strict=False)
        ]
        path = _path(places, lone, axis, dotted=True)
        if path:
            found.append((colour, path))
    return tuple(found)


def _band(picture: PictureBlock, places: Sequence[float], axis: _Axis) -> str:
    """The SVG path of the area between the two ends; "" where there is none."""
    corners = []
    for series, step in zip(picture.band, (1, -1), strict=False):
        known = zip(places, series.values, strict=False)
        ends = [(x, axis.place(value)) for x, value in known if value is not None]
        corners += [f"{x} {round(100 - y, 2)}" for x, y in ends[::step]]
    return f"M{'L'.join(corners)}Z" if corners else ""


def _tips(
    picture: PictureBlock, places: Sequence[float], axis: _Axis
) -> tuple[tuple[float, float, str], ...]:
    """What each point stands for; none where there are too many to be pointed at."""
    if len(picture.x) > _MANY_POINTS:
        return ()
    tips = []
    for series in picture.series:
        for x, name, value in zip(places, picture.x, series.values, strict=False):
            if value is not None:
                text = f"{_name(name)}: {number(value)}"
                text = f"{series.name}, {text}" if len(picture.series) > 1 else text
                tips.append((x, round(100 - axis.place(value), 2), text))
    return tuple(tips)


def _path(
    places: Sequence[float], values: Sequence[float | None], axis: _Axis, *, dotted: bool
) -> str:
    """A line with gaps where a value is missing; as points, a move and a line of no length each
    (drawn round)."""
    path = ""
    pen_up = True
    for x, value in zip(places, values, strict=False):
        if value is None:
            pen_up = True
            continue
        point = f"{x:g} {100 - axis.place(value):g}"
        # a move draws a line of no length, so that a value between two gaps is seen too
        path += f"M{point}h0" if pen_up or dotted else f"L{point}"
        pen_up = False
    return path


def _axis(values: Sequence[float], *, start: float | None) -> _Axis:
    """An axis on which the values have a margin; none beyond a start at which bars begin."""
    low, high = min(values), max(values)
    if start is not None:
        low, high = min(low, start), max(high, start)
    if not high > low:
        if start:
            return _Axis(start, start + 1.0)
        return _Axis(0.0, high or 1.0) if high >= 0 else _Axis(low, 0.0)
    margin = 0.05 * (high - low)
    return _Axis(
        low if low == start else low - margin,
        high if high == start else high + margin,
    )


def _bands(x: Sequence[object]) -> tuple[list[float], list[Tick]]:
    """Centres of equal bands, and as many labels as have room."""
    band = 100 / max(1, len(x))
    centres = [round((i + 0.5) * band, 3) for i in range(len(x))]
    texts = [shorten(_name(name), _LONGEST_NAME) for name in x]
    room = max(1, _LABELS // max(3, max(map(width, texts), default=3) + 1))
    every = max(1, -(-len(x) // room))
    # a label at an end would be moved inwards, to the next one
    return centres, list(zip(centres, texts, strict=True))[every // 2 :: every]


def _positions(x: Sequence[object]) -> tuple[list[float], list[Tick]]:
    """Places of numbers, and round numbers among them."""
    numbers = [float(value) if isinstance(value, (int, float)) else 0.0 for value in x]
    axis = _axis(numbers, start=None)
    return [axis.place(value) for value in numbers], axis.ticks()


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
    chosen = []
    for position, colour in enumerate(fixed):
        chosen.append(next(free, position % COLOURS) if colour is None else colour)
    return chosen


def _name(value: object) -> str:
    """A name or a position below an axis; whole numbers up to 9999 may be years and carry no
    comma."""
    return str(value) if isinstance(value, int) and abs(value) < 10_000 else cell(value)


def _legend(picture: PictureBlock) -> tuple[tuple[int, str], ...]:
    if len(picture.series) < 2:
        return ()
    return tuple((colour, series.name) for colour, series in _coloured(picture))


def _known_values(picture: PictureBlock) -> list[float]:
    """The values of all series that are not missing."""
    values: list[float] = []
    for series in (*picture.series, *picture.band):
        values += [value for value in series.values if value is not None]
    return values


def _placed(axis: _Axis, value: float | None) -> float | None:
    return None if value is None else axis.place(value)
