"""docs/benchmarks.md, its pictures, and the tables in both READMEs, from what was measured."""

from __future__ import annotations

import os
import platform
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import plots
from judge import FIGURES
from plots import Look, Panel, Point
from published import PUBLISHED, SOURCE
from results import Result, median

THREADS = 2
"""That every generator has."""


class About(NamedTuple):
    """A generator in words: its name, what it is, its licence, the look of its marks."""

    label: str
    what: str
    licence: str
    look: Look


def _about(
    label: str, what: str, licence: str, colour: str, shape: str, size: float = 5.5
) -> About:
    return About(label, what, licence, Look(label, colour, shape, size))


GENERATORS = {
    "trees": _about(
        "trees (ours)", "tidemill's default model", "Apache-2.0", "#c2185b", "circle", 7
    ),
    "independent": _about(
        "independent (ours)", "each column for itself; the floor", "Apache-2.0", "#8a8a8a", "circle"
    ),
    "cart": _about(
        "synthpop-style CART",
        "our short version of synthpop's default, on scikit-learn's trees: values of real "
        "rows are resampled in leaves",
        "Apache-2.0",
        "#1565c0",
        "square",
    ),
    "gaussian_copula": _about(
        "GaussianCopula (SDV)", "SDV's fast model", "BUSL-1.1", "#6d4c41", "diamond"
    ),
    "tvae": _about("TVAE (SDV)", "a variational autoencoder", "BUSL-1.1", "#2e7d32", "up"),
    "ctgan": _about(
        "CTGAN (SDV)", "a generative adversarial network", "BUSL-1.1", "#ef6c00", "down"
    ),
    "mostlyai": _about(
        "mostlyai-engine",
        "an autoregressive network (TabularARGN); masks rare values, as is its default",
        "Apache-2.0",
        "#00838f",
        "square",
    ),
    "arfpy": _about("arfpy", "adversarial random forests", "MIT", "#5e35b1", "diamond"),
    "forest_diffusion": _about(
        "ForestDiffusion", "flow matching with boosted trees", "MIT", "#9e9d24", "up"
    ),
}
REAL = Look("real rows in their place", "#111111", "cross", 6)
OURS = ("trees", "independent")
SETS = ("adult", "magic", "online_shoppers", "telco_churn", "bank_marketing", "german_credit")
COPIES_ALLOWED, CLOSENESS_ALLOWED = 0.002, 0.55
"""Beyond these a mark is hollow: rows come from learned rows more than chance explains."""
TEMPLATE = Path(__file__).parent / "page.template.md"
OLD_JUDGE = (
    "\nSome rows were judged by an earlier version of the judge; the head of `benchmarks/run.py` "
    "says how they are measured again.\n"
)
FRONTIER = """
## Fidelity and privacy in one picture

Copying is not fidelity. Here `trees` was fitted with several values of {knobs}.

![Closeness to training rows against tree AUC, one panel for each table](pictures/frontier.svg)
"""

Cells = dict[tuple[str, str], list[Result]]
"""(set, generator) -> results with default options, one a seed."""


def written(found: Sequence[Result], root: Path) -> None:
    """Write the page, its pictures and the READMEs' tables."""
    cells: Cells = defaultdict(list)
    for result in found:
        if not result.options:
            cells[result.set, result.generator].append(result)
    pictures = root / "docs" / "pictures"
    knobbed = [result for result in found if result.options and result.state == "done"]
    (pictures / "benchmarks.svg").write_text(speed_picture(cells), encoding="utf-8")
    if knobbed:
        (pictures / "frontier.svg").write_text(frontier_picture(knobbed, cells), encoding="utf-8")
    (root / "docs" / "benchmarks.md").write_text(page(cells, knobbed), encoding="utf-8")
    for name in ("README.md", "README.zh.md"):
        _replaced(root / name, summary(cells))


# ---- tables


def _number(value: float | None, digits: int = 3, sign: bool = False) -> str:
    if value is None:
        return "–"
    value = round(value, digits) or 0.0  # no minus before a zero
    return f"{value:+.{digits}f}" if sign and value else f"{value:.{digits}f}"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _table(head: Sequence[str], rows: Iterable[str]) -> str:
    return "\n".join([_row(*head), "|" + " --- |" * len(head), *rows])


def _figures(
    results: list[Result], place: int = 1, names: Iterable[str] = tuple(FIGURES)
) -> list[str]:
    """Medians of floors (place 0), values (1) or ceilings (2)."""
    return [
        _number(
            median(results, partial(_part, name=name, place=place)), sign=name == "extra copies"
        )
        for name in names
    ]


def _part(result: Result, name: str, place: int = 1) -> float | None:
    return result.figures.get(name, [None, None, None])[place]


def set_table(name: str, cells: Cells) -> str:
    """All generators on one set, real rows first."""
    head = ["", *FIGURES, "fit, s", "sample, s", "memory, MiB", "remark"]
    rows = []
    ours = cells[name, "trees"]
    if ours:
        rows.append(
            _row(
                "real half",
                *_figures(ours, 2),
                "–",
                "–",
                "–",
                "the noise floor: as good as it gets",
            )
        )
    for generator, about in GENERATORS.items():
        results = cells[name, generator]
        if not results:
            continue
        label = f"**{about.label}**" if generator == "trees" else about.label
        done = [result for result in results if result.state == "done"]
        if not done:
            rows.append(_row(label, *["–"] * (len(head) - 2), _failure(results[0])))
            continue
        times = [
            _number(median(done, lambda r: r.fit), 1),
            _number(median(done, lambda r: r.sample), 1),
            _number(median(done, lambda r: r.peak_mib), 0),
        ]
        rows.append(_row(label, *_figures(done), *times, done[0].note))
    return _table(head, rows)


def _failure(result: Result) -> str:
    if result.state == "cut":
        return f"not finished in {result.cap:.0f} s" + (f": {result.note}" if result.note else "")
    return f"failed: {result.note}"


def summary(cells: Cells) -> str:
    """For the READMEs: `trees` between floor and ceiling, and beside the peer that is hardest to
    detect."""
    figures = [name for name in FIGURES if name != "extra copies"]
    rows = []
    for name in SETS:
        done = cells[name, "trees"]
        if not done:
            continue
        parts = [
            f"{floor} / **{value}** / {ceiling}"
            for floor, value, ceiling in zip(
                *(_figures(done, place, figures) for place in range(3)), strict=True
            )
        ]
        parts.insert(1, _best_peer(name, cells))
        times = (
            f"{_number(median(done, lambda r: r.fit), 1)} + "
            f"{_number(median(done, lambda r: r.sample), 1)}"
        )
        rows.append(_row(name, f"{done[0].rows:,} x {done[0].columns}", *parts, times))
    return _table(
        ["set", "training half", figures[0], "best peer", *figures[1:], "fit + sample, s"], rows
    )


def _best_peer(name: str, cells: Cells) -> str:
    peers = [
        (auc, generator)
        for generator in GENERATORS
        if generator not in OURS
        if (auc := median(cells[name, generator], lambda r: r.figure("tree AUC"))) is not None
    ]
    if not peers:
        return "–"
    auc, generator = min(peers)
    closeness, seconds = (
        median(cells[name, generator], part)
        for part in (lambda r: r.figure("closeness"), lambda r: r.seconds)
    )
    return (
        f"{_number(auc)} {GENERATORS[generator].label} (closeness {_number(closeness)}, "
        f"{_number(seconds, 1)} s)"
    )


def published_table() -> str:
    """What others published."""
    rows = [
        _row(
            p.set,
            p.method,
            _number(p.auc),
            _number(1 - p.trend),
            _number(p.utility),
            f"{p.seconds:,.0f}",
        )
        for p in PUBLISHED
    ]
    return _table(
        ["set", "method", "XGBoost AUC", "pair trend error", "utility", "training, s"], rows
    )


def peers_table(cells: Cells) -> str:
    """Who is compared, which version, under which licence."""
    rows = []
    for generator, about in GENERATORS.items():
        used = next(
            (
                results[0].versions
                for (_, name), results in cells.items()
                if name == generator and results
            ),
            None,
        )
        if used is None:
            continue
        shown = {"trees": ["tidemill", "lightgbm"], "independent": ["tidemill"]}.get(
            generator, list(used)
        )
        rows.append(
            _row(
                about.label,
                about.what,
                ", ".join(f"{name} {used[name]}" for name in shown if name in used),
                about.licence,
            )
        )
    return _table(["generator", "what it is", "versions", "licence"], rows)


# ---- pictures


def speed_picture(cells: Cells) -> str:
    """Tree AUC against seconds, a panel a set; sets that no peer was run on only where no set has
    peers."""
    with_peers = [
        name
        for name in SETS
        if any(cells[name, generator] for generator in GENERATORS if generator not in OURS)
    ]
    panels = [panel for name in with_peers or SETS if (panel := _speed_panel(name, cells)).points]
    used = {point.series for panel in panels for point in panel.points}
    looks = {generator: about.look for generator, about in GENERATORS.items() if generator in used}
    y = plots.axis(
        "tree AUC (0.5: cannot be told from real rows)", [], least=0.5, most=1.0, step=0.1
    )
    x = plots.log_axis(
        "fit + sample, seconds", [p.x for panel in panels for p in panel.points] or [0.1, 100]
    )
    return plots.multiples(
        panels,
        looks,
        x,
        y,
        notes=(
            "Down is better, left is faster.",
            f"Hollow: leans on learned rows (closeness above {CLOSENESS_ALLOWED},",
            f"or extra copies above {COPIES_ALLOWED}). Marks that coincide are drawn",
            "side by side.",
        ),
    )


def _speed_panel(name: str, cells: Cells) -> Panel:
    points, missing = [], []
    for generator, about in GENERATORS.items():
        results = cells[name, generator]
        auc, closeness, extra = _place(results)
        seconds = median(results, lambda r: r.seconds)
        if auc is not None and seconds is not None:
            hollow = (closeness or 0.0) > CLOSENESS_ALLOWED or (extra or 0.0) > COPIES_ALLOWED
            points.append(Point(max(seconds, 0.1), auc, generator, hollow=hollow))
        elif results:
            missing.append(about.label)
    real = median(cells[name, "trees"], partial(_part, name="tree AUC", place=2))
    return Panel(
        name,
        sorted(points, key=lambda p: p.series == "trees"),  # drawn last, it lies on top
        remark=f"not finished: {', '.join(missing)}" if missing else "",
        level=(real, "real half") if real is not None else None,
    )


def _place(results: list[Result]) -> tuple[float | None, float | None, float | None]:
    """Tree AUC, closeness and extra copies."""
    auc, closeness, extra = (
        median(results, partial(_part, name=name))
        for name in ("tree AUC", "closeness", "extra copies")
    )
    return auc, closeness, extra


def frontier_picture(knobbed: Sequence[Result], cells: Cells) -> str:
    """Closeness against tree AUC along the model's knob, a panel a set; the default, real rows and
    peers beside them."""
    knobs = _knobs(knobbed)
    panels = []
    for name in SETS:
        by_value: dict[str, list[Result]] = defaultdict(list)
        for result in knobbed:
            if result.set == name:
                by_value[
                    ", ".join(str(result.options[key]) for key in knobs if key in result.options)
                ].append(result)
        values = sorted(by_value, key=lambda value: (_as_number(value), value))
        points = [
            point for value in values for point in _frontier_points(by_value[value], "knob", value)
        ]
        if not points:
            continue
        for generator in GENERATORS:
            if generator != "independent":
                points += _frontier_points(
                    cells[name, generator], "trees" if generator == "trees" else "peer"
                )
        real = [
            median(by_value[values[0]], partial(_part, name=figure, place=2))
            for figure in ("closeness", "tree AUC")
        ]
        if None not in real:
            points.append(Point(*real, "real"))
        panels.append(Panel(name, points, line="knob"))
    return frontier(panels, f"trees, {' and '.join(knobs)} as said beside it")


def _knobs(knobbed: Sequence[Result]) -> list[str]:
    return sorted({key for result in knobbed for key in result.options})


def frontier(panels: Sequence[Panel], knob: str) -> str:
    """The picture of the frontier; points of the series knob, trees (the default), real and
    peer."""
    looks = {
        "knob": Look(knob, "#c2185b", "circle", 5),
        "trees": Look("around the default", "#c2185b", "circle", 9.5, ring=True),
        "real": REAL,
        "peer": Look("peers", "#90a4ae", "square", 4.5),
    }
    ours = [p for panel in panels for p in panel.points if p.series != "peer"]
    x = plots.axis(
        "closeness (0.5: no nearer to rows that were learned)",
        [p.x for p in ours],
        least=0.5,
        most=0.54,
        step=0.01,
    )
    y = plots.axis(
        "tree AUC (0.5: cannot be told from real rows)",
        [p.y for p in ours],
        least=0.5,
        most=0.56,
        step=0.02,
    )
    inside = [
        replace(panel, points=[p for p in panel.points if p.y <= y.high and x.low <= p.x <= x.high])
        for panel in panels
    ]
    drawn = {point.series for panel in inside for point in panel.points}
    looks = {series: look for series, look in looks.items() if series in drawn}
    left_out = sum(len(panel.points) for panel in panels) - sum(
        len(panel.points) for panel in inside
    )
    notes = [
        "Down and to 0.5 is better. Hollow: copies of training rows are",
        f"more frequent than of held-out rows by over {COPIES_ALLOWED}.",
    ]
    if left_out:
        notes.append(f"{left_out} of the peers' marks lie outside; see the tables.")
    return plots.multiples(inside, looks, x, y, notes=notes)


def _frontier_points(results: list[Result], series: str, label: str = "") -> list[Point]:
    """None, or one point."""
    auc, closeness, extra = _place(results)
    if auc is None or closeness is None:
        return []
    return [Point(closeness, auc, series, label, hollow=(extra or 0.0) > COPIES_ALLOWED)]


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


# ---- the page


def page(cells: Cells, knobbed: Sequence[Result]) -> str:
    """The whole of docs/benchmarks.md."""
    caps = sorted({result.cap for results in cells.values() for result in results if result.cap})
    judges = {
        result.judge for results in cells.values() for result in results if result.state == "done"
    }
    parts = {
        "machine": f"{os.cpu_count()} cores without a GPU ({platform.system()}, "
        f"{platform.machine()})",
        "seeds": max(
            (len(results) for (_, generator), results in cells.items() if generator == "trees"),
            default=0,
        ),
        "threads": THREADS,
        "cap": " or ".join(f"{cap:.0f}" for cap in caps) or "–",
        "peers": peers_table(cells),
        "judges": "" if len(judges) < 2 else OLD_JUDGE,
        "frontier": FRONTIER.format(knobs=" and ".join(f"`{key}`" for key in _knobs(knobbed)))
        if knobbed
        else "",
        "sets": "\n\n".join(_set_section(name, cells) for name in SETS if cells[name, "trees"]),
        "source": SOURCE,
        "published": published_table(),
    }
    return TEMPLATE.read_text(encoding="utf-8").format(**parts)


def _set_section(name: str, cells: Cells) -> str:
    ours = cells[name, "trees"][0]
    alone = (
        ""
        if any(cells[name, generator] for generator in GENERATORS if generator not in OURS)
        else (" Only our models were run on it.")
    )
    head = (
        f"### {name}\n\nThe training half has {ours.rows:,} rows and {ours.columns} columns.{alone}"
    )
    return f"{head}\n\n{set_table(name, cells)}"


def _replaced(path: Path, table: str) -> None:
    text = path.read_text(encoding="utf-8")
    marked = re.compile(r"(<!-- figures:start -->\n).*?(<!-- figures:end -->)", re.DOTALL)
    path.write_text(
        marked.sub(lambda match: f"{match[1]}{table}\n{match[2]}", text), encoding="utf-8"
    )
