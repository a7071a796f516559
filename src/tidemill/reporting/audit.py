"""The page of a privacy audit: the light on top, then attack by attack; no row of anybody is on
it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidemill.core.leak import LIGHTS, Leak, Light
from tidemill.core.words import count, percent, plural
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
    "amber": "Amber: a small leak was found",
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
        "limit, or the attack would fail even if the training rows themselves were published. This "
        "is no all-clear.",
    ),
    (
        "Amber",
        "There surely is a leak, such as chance gives once in 2,000 times, but it is smaller than "
        "the red limit.",
    ),
    ("Red", "There surely is a leak, and it is at least as large as the red limit."),
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
    said = f"{about.verdict} {about.advice}".strip()
    blocks: list[Block] = [
        Callout(LEVELS[about.light], TITLES[about.light], said, note=about.limit)
    ]
    if about.warnings:
        blocks.append(Callout("warning", "Warnings of the run", items=about.warnings))
    blocks += [
        _tiles(about),
        Heading("What the attacks found", 2, "found"),
        Paragraph(HOW_TO_READ),
        leaks_table(about.leaks),
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
    lights = (f"{leak.light:9}  {leak.score.name}" for leak in about.leaks)
    text = "\n".join([f"{TITLES[about.light]}.", said, *lights, about.limit])
    return Report(
        f"Privacy audit: {about.name}", "Can the synthetic rows be shared?", tuple(blocks), text
    )


def sentence_case(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def leaks_table(leaks: Sequence[Leak]) -> TableBlock:
    """One row an attack: light, leak, interval, what independent columns show, and from where on it
    is red."""
    rows = []
    for leak in leaks:
        score = leak.score
        low, high = score.interval or (None, None)
        rows.append(
            (
                sentence_case(score.name),
                leak.light.capitalize(),
                _leak(score.value),
                "–" if low is None or high is None else f"{_leak(low)} to {_leak(high)}",
                _leak(score.floor),
                percent(leak.limit),
            )
        )
    titles = ("Attack", "Light", "Leak", "95 % interval", "Independent columns", "Red from")
    return TableBlock(titles, tuple(rows), stacked=True)


def made(
    about: Mapping[str, Any], rows: Mapping[str, int], seed: int, versions: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Model, options, rows, seed and versions, in words."""
    items = []
    if "model" in about:
        options = (
            ", ".join(f"{name}={value}" for name, value in about["options"].items()) or "none given"
        )
        cut = (
            ""
            if about["steps_done"] == about["steps_planned"]
            else f", stopped after {about['steps_done']:,} of {about['steps_planned']:,} steps"
        )
        items += [
            ("Model", f"{about['model']}{cut}"),
            ("Options", options),
            ("Seed of the model", str(about["seed"])),
            ("Learned from", plural(about["rows"], "row")),
        ]
    items.append(("Rows audited", str(about["source"])))
    items += [
        ("Rows", ", ".join(f"{number:,} {what}" for what, number in rows.items())),
        ("Seed", str(seed)),
        ("Versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]
    return tuple(items)


def _leak(value: float | None) -> str:
    """A leak as per cent; what is below none by chance is none."""
    return "–" if value is None else percent(min(1.0, max(0.0, value)))


def _tiles(about: Audited) -> Figures:
    known = [leak.score for leak in about.leaks if leak.score.value is not None]
    largest = max((score.value or 0.0 for score in known), default=None)
    missed = max((score.figures["could_have_missed"] for score in known), default=None)
    lights = ", ".join(
        f"{number} {light}"
        for light in LIGHTS
        if (number := sum(x.light == light for x in about.leaks))
    )
    return Figures(
        (
            Tile(count(len(about.leaks)), "figure" if len(about.leaks) == 1 else "figures", lights),
            Tile(
                _leak(largest),
                "largest leak found",
                "of what publishing the training rows would show",
            ),
            Tile(_leak(missed), "largest leak not ruled out", "upper end of the 95 % intervals"),
            Tile(
                count(about.rows.get("attacked training", 0)),
                "training rows attacked",
                f"and {plural(about.rows.get('attacked holdout', 0), 'unseen row')} as the control",
            ),
        )
    )


def _picture(leaks: Sequence[Leak]) -> list[Block]:
    known = [leak for leak in leaks if leak.score.value is not None]
    if not known:
        return []
    shown = [
        tuple(
            round(100 * min(1.0, max(0.0, end)), 2)
            for end in (leak.score.value or 0.0, (leak.score.interval or (0.0, 0.0))[1])
        )
        for leak in known
    ]
    return [
        PictureBlock(
            "across",
            "Leaks found, and the largest that could have been missed",
            tuple(leak.score.name for leak in known),
            (
                Series("found", tuple(pair[0] for pair in shown)),
                Series("could have been missed", tuple(pair[1] for pair in shown)),
            ),
            "% of what publishing the training rows would show",
        )
    ]


def _attack(leak: Leak) -> list[Block]:
    score = leak.score
    name = sentence_case(score.name)
    text = (
        f"{sentence_case(score.why)}." if score.value is None else f"{score.sentence} {leak.reason}"
    )
    blocks: list[Block] = [Callout(LEVELS[leak.light], f"{name}: {leak.light}", text)]
    if score.table is not None:
        table = TableBlock.of(score.table)
        blocks.append(
            Details(
                table.title or name, (TableBlock(table.columns, table.rows, stacked=table.stacked),)
            )
        )
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
