"""The page of a privacy audit: the light on top, then attack by attack; no row of anybody is on
it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tidemill.core.leak import Leak
from tidemill.core.light import LIGHTS, Light
from tidemill.core.score import Score
from tidemill.core.words import count, percent, plural, sentence_case
from tidemill.reporting.blocks import (
    Block,
    Callout,
    Details,
    Figures,
    Heading,
    Level,
    Pairs,
    Paragraph,
    PictureBlock,
    Series,
    TableBlock,
    Tile,
)
from tidemill.reporting.page import Report

LEVELS: Mapping[Light, Level] = {
    "green": "good",
    "not known": "note",
    "amber": "warning",
    "red": "danger",
}
TITLES: Mapping[Light, str] = {
    "green": "Green: no leak that matters was found",
    "not known": "Not known: no leak was found, but one could have been missed",
    "amber": "Amber: something of the training rows comes back",
    "red": "Red: training rows are given away",
}
MEANINGS: tuple[tuple[str, str], ...] = (
    (
        "Green",
        "No leak was found, or only a trace of one, and a leak as large as the red limit can be "
        "ruled out.",
    ),
    (
        "Not known",
        "Nothing was found, but there are too few rows to rule out a leak as large as the red "
        "limit, the attack would fail even if the training rows themselves were published, or the "
        "held-out rows are no control. This is no all-clear.",
    ),
    (
        "Amber",
        "The rows lean towards the training rows, as chance would have it once in 2,000 times, "
        "but the leak may be smaller than the red limit; or a column was kept as it is, although "
        "its values point to persons.",
    ),
    ("Red", "There surely is a leak of the red limit or more: its whole interval lies beyond."),
)
HOW_TO_READ = (
    "Every attack is made on rows that the generator learned from and, as a control, on real rows "
    "that it never saw. What succeeds on both is knowledge about people in general; only what "
    "succeeds more often on training rows is a leak. 0 % means no difference, 100 % as much as if "
    "the training rows themselves had been published. Columns drawn independently of each other "
    "show what an attack reports of rows that cannot leak."
)


@dataclass(frozen=True)
class Audited:
    """What a page of an audit is made from.

    Attributes:
        name: What the training rows are called.
        made: Model, options, seed and rows learned from, where that is known; and where the audited
            rows are from.
        rows: Rows of each sort.
        leaks: One figure an attack, or several.
        light: The worst of their lights.
        verdict, advice, limit: What they say together, what to do, and what they cannot say.
        at_risk: How many training rows are in the file for the data's owner.
        warnings: What the run told the user.
        seed, versions: What is needed to make it again.
    """

    name: str
    made: Mapping[str, Any]
    rows: Mapping[str, int]
    leaks: tuple[Leak, ...]
    light: Light
    verdict: str
    advice: str
    limit: str
    at_risk: int
    warnings: tuple[str, ...] = ()
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)


def audited(about: Audited) -> Report:
    """The page of an audit."""
    verdict = f"{about.verdict} {about.advice}".strip()
    level = LEVELS[about.light]
    blocks: list[Block] = [Callout(level, TITLES[about.light], verdict, note=about.limit)]
    if about.warnings:
        blocks.append(Callout("warning", "Warnings of the run", items=about.warnings))
    blocks += [
        _tiles(about),
        Heading("What the attacks found", 2, "found"),
        Paragraph(HOW_TO_READ),
        leaks_table([leak.score for leak in about.leaks]),
        *_picture(about.leaks),
        Heading("Attack by attack", 2, "attacks"),
    ]
    for leak in sorted(about.leaks, key=lambda one: -LIGHTS.index(one.light)):
        blocks += _attack(leak)
    blocks += [
        Heading("Who is at risk", 2, "risk"),
        Paragraph(_at_risk(about.at_risk)),
        Heading("What the lights mean", 2, "lights"),
        Pairs(MEANINGS),
        Heading("How it was made", 2, "made"),
        Pairs(made(about.made, about.rows, about.seed, about.versions)),
    ]
    title = f"Privacy audit: {about.name}"
    lights = [f"{leak.light:9}  {leak.score.name}" for leak in about.leaks]
    text = "\n".join([f"{TITLES[about.light]}.", verdict, *lights, about.limit])
    return Report(title, "Can the synthetic rows be shared?", tuple(blocks), text)


def leaks_table(scores: Sequence[Score]) -> TableBlock:
    """One row an attack: light, leak, interval, what independent columns show, and from where on it
    is red."""
    rows = []
    for score in scores:
        interval = limit = "–"
        if score.interval is not None:
            low, high = score.interval
            interval = f"{_leak(low)} to {_leak(high)}"
            limit = percent(score.figures["limit"])
        light = (score.light or "not known").capitalize()
        name = sentence_case(score.name)
        rows.append((name, light, _leak(score.value), interval, _leak(score.floor), limit))
    titles = ("Attack", "Light", "Leak", "95 % interval", "Independent columns", "Red from")
    return TableBlock(titles, tuple(rows), stacked=True)


def made(
    about: Mapping[str, Any], rows: Mapping[str, int], seed: int, versions: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Model, options, rows, seed and versions, in words."""
    items = _model_facts(about) if "model" in about else []
    items += [
        ("Rows audited", str(about["source"])),
        ("Rows", ", ".join(f"{number:,} {what}" for what, number in rows.items())),
        ("Seed", str(seed)),
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]
    return tuple(items)


def _model_facts(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    model = str(about["model"])
    done, planned = about["steps_done"], about["steps_planned"]
    if done != planned:
        model += f", stopped after {done:,} of {planned:,} steps"
    options = ", ".join(f"{name}={value}" for name, value in about["options"].items())
    return [
        ("Model", model),
        ("Options", options or "none given"),
        ("Seed of the model", str(about["seed"])),
        ("Learned from", plural(about["rows"], "row")),
    ]


def _leak(value: float | None) -> str:
    return "–" if value is None else percent(_clipped(value))


def _clipped(leak: float) -> float:
    """A leak from 0 to 1; what is below 0 by chance is none."""
    return min(1.0, max(0.0, leak))


def _tiles(about: Audited) -> Figures:
    known = [leak.score for leak in about.leaks if leak.score.value is not None]
    largest = max((score.value or 0.0 for score in known), default=None)
    missed = max((score.figures["could_have_missed"] for score in known), default=None)
    seen = Counter(leak.light for leak in about.leaks)
    lights = ", ".join(f"{seen[light]} {light}" for light in LIGHTS if seen[light])
    figures = "figure" if len(about.leaks) == 1 else "figures"
    attacked = about.rows.get("attacked training", 0)
    control = plural(about.rows.get("attacked holdout", 0), "unseen row")
    published = "of what publishing the training rows would show"
    return Figures(
        (
            Tile(count(len(about.leaks)), figures, lights),
            Tile(_leak(largest), "largest leak found", published),
            Tile(_leak(missed), "largest leak not ruled out", "upper end of the 95 % intervals"),
            Tile(count(attacked), "training rows attacked", f"and {control} as the control"),
        )
    )


def _picture(leaks: Sequence[Leak]) -> list[Block]:
    """What was found with its interval, beside the limit from which on it is red."""
    known = [leak for leak in leaks if leak.score.value is not None]
    if not known:
        return []
    rows = []
    for leak in known:
        low, high = leak.score.interval or (0.0, 0.0)
        figures = (leak.score.value or 0.0, low, high, leak.limit)
        rows.append([round(100 * _clipped(figure), 6) for figure in figures])
    names = ("found", "lower end", "upper end", "red from")
    columns = zip(names, zip(*rows, strict=True), strict=True)
    return [
        PictureBlock(
            "intervals",
            "What was found, and how sure that is; the red line is the limit",
            tuple(sentence_case(leak.score.name) for leak in known),
            tuple(Series(name, tuple(values)) for name, values in columns),
            "% of what publishing the training rows would show (95 % interval)",
        )
    ]


def _attack(leak: Leak) -> list[Block]:
    score = leak.score
    name = sentence_case(score.name)
    text = f"{score.sentence} {leak.reason}"
    if score.value is None:
        text = f"{sentence_case(score.why)}."
    blocks: list[Block] = [Callout(LEVELS[leak.light], f"{name}: {leak.light}", text)]
    if score.table is not None:
        table = TableBlock.of(score.table)
        blocks.append(Details(table.title or name, (replace(table, title=""),)))
    return blocks


def _at_risk(rows: int) -> str:
    if not rows:
        return "No training row was exposed by itself."
    be = "was" if rows == 1 else "were"
    return (
        f"{plural(rows, 'training row')} {be} exposed by at least one attack; some of them are so "
        "by chance, as some unseen rows are. Their numbers are in the file rows-at-risk.parquet, "
        "which is for the owner of the data only: to be on the list is to have been in the "
        "training data. They are not on this page. Where the light is amber or red, look at them: "
        "rows that stand out because of one rare value can often be helped by making that column "
        "coarser before learning."
    )
