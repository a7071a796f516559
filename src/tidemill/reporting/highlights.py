"""The findings that stand on the first page: a few, each of another kind, with its picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

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
SUMMARIES = ("overview", "importance")
"""Names of findings that sum up others."""
ABOUT_MODELS = ("model", "calibration")
"""Names of findings about models; the answers tell of them."""
_LETTERS = 280


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
    return [Heading(f"The most telling {title}"), Grid(inside, "medium")]


def highlights(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """At most MOST findings: the first of each technique and name, then the second, then what sums
    others up, then the rest; no two about the same rows."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.technique, finding.name), []).append(finding)
    own = [sorted(group, key=_plainness) for group in _by_technique(groups)]
    summaries = [group[0] for (_, name), group in groups.items() if name in SUMMARIES]
    in_turn = [
        *(group[0] for group in own),
        *(group[1] for group in own if group[1:]),
        *summaries,
        *(finding for group in own for finding in group[2:]),
    ]
    chosen: list[Finding] = []
    for finding in in_turn:
        seen = any(finding.tests and finding.tests == other.tests for other in chosen)
        if not seen and len(chosen) < MOST:
            chosen.append(finding)
    return tuple(chosen)


def _by_technique(groups: Mapping[tuple[str, str], list[Finding]]) -> list[list[Finding]]:
    """Groups of findings that stand for themselves, the first of each technique first."""
    places: dict[str, int] = {}
    ranked = []
    for (technique, name), group in groups.items():
        if name not in (*SUMMARIES, *ABOUT_MODELS):
            place = places.setdefault(technique, 0)
            ranked.append((place, group))
            places[technique] = place + 1
    return [group for _, group in sorted(ranked, key=lambda one: one[0])]


def _plainness(finding: Finding) -> float:
    """Of segments, minus how far the target is from that of all rows; others keep their order."""
    figures = finding.figures
    return -abs(figures.get("target", 0.0) - figures.get("target_all", 0.0))


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
        shares = (figures["confidence"], figures["conclusion_support"])
        return _beside(account, "how often it holds, in %", *shares)
    if "overall" in figures and finding.measure.startswith("share"):
        return _beside(account, f"{finding.measure}, in %", finding.strength, figures["overall"])
    return None


def _beside(account: ReportInput, what: str, here: float, everywhere: float) -> PictureBlock:
    shares = Series("share", (round(100 * here, 1), round(100 * everywhere, 1)))
    names = (f"these {account.unit}s", f"all {account.unit}s")
    return PictureBlock("across", "", names, (shares,), what)
