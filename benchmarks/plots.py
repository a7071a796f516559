"""The page's pictures, as SVG of our own: small multiples, one panel a set."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDE, HIGH = 300, 230
"""Of a panel's axes, in pixels."""
LEFT, RIGHT, TOP, BOTTOM = 52, 22, 34, 46
"""Around them, for ticks and titles."""
INK, FAINT, GRID = "#222222", "#666666", "#e4e4e4"
FONT = "font-family='Helvetica,Arial,sans-serif'"

SHAPES: dict[str, Callable[[float], str]] = {
    "circle": lambda r: f"<circle r='{r}'/>",
    "square": lambda r: (
        f"<rect x='{-r * 0.88:.2f}' y='{-r * 0.88:.2f}' width='{r * 1.76:.2f}' "
        f"height='{r * 1.76:.2f}'/>"
    ),
    "diamond": lambda r: (
        f"<path d='M0,{-1.2 * r:.2f} {1.2 * r:.2f},0 0,{1.2 * r:.2f} {-1.2 * r:.2f},0Z'/>"
    ),
    "up": lambda r: (
        f"<path d='M0,{-1.15 * r:.2f} {1.15 * r:.2f},{r:.2f} {-1.15 * r:.2f},{r:.2f}Z'/>"
    ),
    "down": lambda r: (
        f"<path d='M0,{1.15 * r:.2f} {1.15 * r:.2f},{-r:.2f} {-1.15 * r:.2f},{-r:.2f}Z'/>"
    ),
    "cross": lambda r: f"<path d='M{-r},0 {r},0M0,{-r} 0,{r}' fill='none' stroke-width='2.4'/>",
}


@dataclass(frozen=True)
class Look:
    """How a series is drawn, and what the legend calls it; a ring goes around another mark."""

    label: str
    colour: str
    shape: str = "circle"
    size: float = 5.5
    ring: bool = False


@dataclass(frozen=True)
class Point:
    """One mark.

    Attributes:
        x, y: In the axes' units.
        series: The key of its look.
        label: Text beside it.
        hollow: Whether only its outline is drawn.
    """

    x: float
    y: float
    series: str
    label: str = ""
    hollow: bool = False


@dataclass(frozen=True)
class Panel:
    """A set's marks.

    Attributes:
        title, remark: Above it, on the left and on the right.
        points: Drawn in this order.
        line: The series whose marks a line goes through; without one, marks that coincide are drawn
            side by side.
        level: A dashed line at this height, and its name.
    """

    title: str
    points: Sequence[Point]
    line: str | None = None
    remark: str = ""
    level: tuple[float, str] | None = None


@dataclass(frozen=True)
class Axis:
    """A linear or logarithmic axis with its ticks."""

    title: str
    low: float
    high: float
    ticks: Sequence[float]
    log: bool = False
    text: Callable[[float], str] = lambda tick: f"{tick:g}"

    def at(self, value: float, length: float) -> float:
        """Pixels from the low end, within the axis."""
        low, high, value = (
            math.log10(v) if self.log else v for v in (self.low, self.high, max(value, self.low))
        )
        return min(max((value - low) / (high - low), 0.0), 1.0) * length


def axis(title: str, values: Iterable[float], *, least: float, most: float, step: float) -> Axis:
    """A linear axis from least to most, further where values lie beyond, with a tick every step."""
    values = [*values, least, most]
    low, high = (
        side(bound(values) / step - 1e-9 if bound is max else bound(values) / step + 1e-9) * step
        for side, bound in ((math.floor, min), (math.ceil, max))
    )
    while (high - low) / step > 7:
        step *= 2
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    digits = max(0, math.ceil(-math.log10(step) - 1e-9))
    return Axis(
        title,
        low,
        high,
        [low + i * step for i in range(round((high - low) / step) + 1)],
        text=lambda tick: f"{tick:.{digits}f}",
    )


def log_axis(title: str, values: Iterable[float]) -> Axis:
    """A logarithmic axis over whole powers of ten."""
    values = list(values)
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return Axis(title, 10.0**low, 10.0**high, [10.0**k for k in range(low, high + 1)], log=True)


def multiples(
    panels: Sequence[Panel],
    looks: dict[str, Look],
    x: Axis,
    y: Axis | Sequence[Axis],
    *,
    across: int = 3,
    legend_title: str = "",
    notes: Sequence[str] = (),
) -> str:
    """Panels on common axes, or each with a y of its own; the legend is in the first place that
    they leave free."""
    heights = [y] * len(panels) if isinstance(y, Axis) else y
    places = len(panels) + 1
    rows = math.ceil(places / across)
    cell_wide, cell_high = LEFT + WIDE + RIGHT, TOP + HIGH + BOTTOM
    width, height = across * cell_wide, rows * cell_high + 8
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' "
        f"height='{height}'>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
    ]
    for place, panel in enumerate(panels):
        across_at, down_at = place % across * cell_wide + LEFT, place // across * cell_high + TOP
        inside = _panel(panel, looks, x, heights[place])
        parts.append(f"<g transform='translate({across_at},{down_at})'>{inside}</g>")
    place = len(panels)
    across_at, down_at = place % across * cell_wide + LEFT, place // across * cell_high + TOP
    parts.append(
        f"<g transform='translate({across_at},{down_at})'>{_legend(looks, legend_title, notes)}</g>"
    )
    return "\n".join([*parts, "</svg>\n"])


def _panel(panel: Panel, looks: dict[str, Look], x: Axis, y: Axis) -> str:
    parts = [_text(panel.title, 0, -12, size=14, weight="bold")]
    if panel.remark:
        parts.append(_text(panel.remark, WIDE, -12, size=11, colour=FAINT, anchor="end"))
    for tick in x.ticks:
        at = x.at(tick, WIDE)
        parts += [
            f"<path d='M{at:.1f},0V{HIGH}' stroke='{GRID}'/>",
            _text(x.text(tick), at, HIGH + 16, size=11, colour=FAINT, anchor="middle"),
        ]
    for tick in y.ticks:
        at = HIGH - y.at(tick, HIGH)
        parts += [
            f"<path d='M0,{at:.1f}H{WIDE}' stroke='{GRID}'/>",
            _text(y.text(tick), -7, at + 4, size=11, colour=FAINT, anchor="end"),
        ]
    parts += [
        _text(x.title, WIDE / 2, HIGH + 34, size=11.5, colour=INK, anchor="middle"),
        f"<g transform='translate(-38,{HIGH / 2}) "
        f"rotate(-90)'>{_text(y.title, 0, 0, size=11.5, anchor='middle')}</g>",
    ]
    if panel.level:
        at = HIGH - y.at(panel.level[0], HIGH)
        parts += [
            f"<path d='M0,{at:.1f}H{WIDE}' stroke='{INK}' stroke-dasharray='5 4'/>",
            _text(panel.level[1], WIDE - 4, at - 5, size=11, anchor="end"),
        ]
    placed = [(x.at(p.x, WIDE), HIGH - y.at(p.y, HIGH), p) for p in panel.points]
    placed = placed if panel.line else _apart(placed)
    way = [(a, b) for a, b, p in placed if p.series == panel.line]
    if panel.line:
        points, colour = " ".join(f"{a:.1f},{b:.1f}" for a, b in way), looks[panel.line].colour
        parts.append(
            f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='1.5' "
            "opacity='.6'/>"
        )
    parts += [_mark(looks[p.series], a, b, p.hollow) for a, b, p in placed]
    parts += _labels(placed, way, looks)
    return "".join(parts)


def _mark(look: Look, a: float, b: float, hollow: bool = False) -> str:
    if look.ring:
        paint = f"fill='none' stroke='{look.colour}' stroke-width='1.8'"
    elif hollow:
        paint = f"fill='#ffffff' stroke='{look.colour}' stroke-width='1.8'"
    else:
        edge = look.colour if look.shape == "cross" else "#ffffff"
        paint = f"fill='{look.colour}' fill-opacity='.9' stroke='{edge}' stroke-width='.8'"
    return f"<g transform='translate({a:.1f},{b:.1f})' {paint}>{SHAPES[look.shape](look.size)}</g>"


def _apart(placed: Sequence[tuple[float, float, Point]]) -> list[tuple[float, float, Point]]:
    """Marks that would cover each other side by side instead."""
    there: list[tuple[float, float, Point]] = []
    for a, b, point in placed:
        while any(abs(a - c) < 9 and abs(b - d) < 9 for c, d, _ in there):
            a += 3
        there.append((a, b, point))
    return there


def _labels(
    placed: Sequence[tuple[float, float, Point]],
    way: Sequence[tuple[float, float]],
    looks: dict[str, Look],
) -> list[str]:
    """Texts beside their marks, each in the first of eight places where it hits no mark, text, line
    or edge."""
    taken = [(a - 7, b - 7, a + 7, b + 7) for a, b, _ in placed]
    for (a, b), (c, d) in pairwise(way):
        taken += [
            (at, down, at + 1, down + 1)
            for k in range(41)
            for at, down in [(a + (c - a) * k / 40, b + (d - b) * k / 40)]
        ]
    parts = []
    for a, b, point in placed:
        if not point.label:
            continue
        wide = 6.2 * len(point.label) + 2
        places = [
            (a + 10, b + 4),
            (a - 10 - wide, b + 4),
            (a - wide / 2, b - 11),
            (a - wide / 2, b + 20),
            (a + 7, b - 8),
            (a + 7, b + 16),
            (a - 7 - wide, b - 8),
            (a - 7 - wide, b + 16),
        ]
        boxes = [(left, base - 10, left + wide, base + 3) for left, base in places]
        free = [
            k
            for k, box in enumerate(boxes)
            if box[0] > 0
            and box[2] < WIDE + RIGHT
            and box[1] > -8
            and box[3] < HIGH
            and not any(_meet(box, other) for other in taken)
        ]
        if not free:
            continue
        taken.append(boxes[free[0]])
        parts.append(
            _text(point.label, *places[free[0]], size=11, colour=looks[point.series].colour)
        )
    return parts


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _legend(looks: dict[str, Look], title: str, notes: Sequence[str]) -> str:
    parts = [_text(title, 0, -12, size=12, colour=FAINT)] if title else []
    for k, look in enumerate(looks.values()):
        parts += [_mark(look, 6, 8 + 21 * k), _text(look.label, 22, 12 + 21 * k, size=12)]
    below = 21 * len(looks) + 20
    parts += [_text(note, 0, below + 16 * k, size=11, colour=FAINT) for k, note in enumerate(notes)]
    return "".join(parts)


def _text(
    text: str,
    x: float,
    y: float,
    *,
    size: float,
    colour: str = INK,
    anchor: str = "start",
    weight: str = "normal",
) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' {FONT} font-size='{size}' font-weight='{weight}' "
        f"fill='{colour}' stroke='none' "
        f"text-anchor='{anchor}'>{html.escape(text)}</text>"
    )
