"""The findings that stand on the first page: a few, each of another kind, with its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest

from tidemill.core.finding import Finding
from tidemill.core.words import opening, plural
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import (
    Block,
    Card,
    Grid,
    Heading,
    Paragraph,
    PictureBlock,
    Series,
    SheetBlock,
    drawn,
)
from tidemill.reporting.steps import like_these, what_if

MOST = 5
SUMMARIES = ("model", "calibration", "importance", "overview")
"""Names of findings that are about others, or about the model."""
_LETTERS = 240


def cards(account: ReportInput) -> list[Block]:
    """The most useful findings, each a card with its picture and what to do next."""
    shown = highlights(account.findings or ())
    if not shown:
        return []
    title = plural(len(shown), "finding")
    rest = len(account.findings or ()) - len(shown)
    if rest:
        title += f" of {len(shown) + rest}"
    inside = tuple(Card(tuple(_card(account, finding))) for finding in shown)
    return [Heading(f"The most telling {title}"), Grid(inside, "large")]


def highlights(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """At most MOST findings: the first of each technique and name in turn, then the second, and no
    two about the same rows."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.technique, finding.name), []).append(finding)
    own = [group for (_, name), group in groups.items() if name not in SUMMARIES]
    summaries = [group for (_, name), group in groups.items() if name == "overview"]
    chosen: list[Finding] = []
    for finding in chain(_in_turn(own), _in_turn(summaries)):
        seen = any(finding.tests and finding.tests == other.tests for other in chosen)
        if not seen and len(chosen) < MOST:
            chosen.append(finding)
    return tuple(chosen)


def _in_turn(groups: list[list[Finding]]) -> Iterator[Finding]:
    """The first of each group, then the second of each; the first names of all techniques come
    before the second names of any."""
    seen: dict[str, int] = {}
    places = []
    for group in groups:
        technique = group[0].technique
        places.append(seen.get(technique, 0))
        seen[technique] = places[-1] + 1
    ordered = [group for _, group in sorted(zip(places, groups, strict=True), key=lambda p: p[0])]
    for row in zip_longest(*ordered):
        yield from (finding for finding in row if finding is not None)


def _card(account: ReportInput, finding: Finding) -> Iterator[Block]:
    yield Paragraph(opening(finding.sentence, _LETTERS))
    picture = _picture(account, finding)
    if picture is not None:
        yield picture
    if finding.technique != "anomalies":  # nobody wants more of these
        yield from what_if(account, finding) or like_these(account, finding)


def _picture(account: ReportInput, finding: Finding) -> PictureBlock | SheetBlock | None:
    """The finding's own picture, or the share that it tells beside that of all rows."""
    if finding.picture is not None:
        return drawn(finding.picture)
    figures = finding.figures
    if "confidence" in figures and "conclusion_support" in figures:
        return _beside(account, figures["confidence"], figures["conclusion_support"])
    if "overall" in figures and finding.measure.startswith("share"):
        return _beside(account, finding.strength, figures["overall"])
    return None


def _beside(account: ReportInput, here: float, everywhere: float) -> PictureBlock:
    shares = Series("share", (round(100 * here, 1), round(100 * everywhere, 1)))
    unit = account.unit
    names = (f"these {unit}s", f"all {unit}s")
    return PictureBlock("across", "", names, (shares,), f"% of held-out {unit}s")
