"""The first page: the verdict, what must not be missed, and the run in a few lines."""

from __future__ import annotations

from tidemill.core.score import Score, Scores
from tidemill.core.words import as_sentence, count, opening, plural
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Block, Callout, Figures, Level, Pairs, Paragraph, Tile

PRIVACY = ("nearest", "membership")
"""Metrics that say what generated rows give away about real ones."""
IMAGE_COPIES = ("closeness to training images", "near-copies of training images")
"""What the names of scores of images begin with that say so."""

_LINE = 260


def verdict(account: ReportInput) -> list[Block]:
    """The verdict on top, the warning about personal data, key figures, and one line a chapter."""
    blocks: list[Block] = []
    if account.scores is not None and account.scores.verdict:
        blocks.append(_verdict(account.scores))
    if account.personal:
        blocks.append(_warning(account))
    blocks.append(Figures(tuple(_tiles(account))))
    lines = digest(account)
    if lines:
        blocks.append(Pairs(lines))
    note = account.data_words.note
    if note and account.train is not None:
        blocks.append(Paragraph(note, "small"))
    if account.warnings:
        blocks.append(Callout("warning", "Warnings of the run", items=account.warnings))
    return blocks


def digest(account: ReportInput) -> tuple[tuple[str, str], ...]:
    """(chapter, one line) for each step that ran; the page and the terminal both begin with
    them."""
    lines = (
        ("Cleaned", _cleaned(account)),
        ("Found", _found(account)),
        ("Generated", _generated(account)),
        ("Shared", _shared(account)),
    )
    return tuple((head, text) for head, text in lines if text)


def privacy_scores(account: ReportInput) -> tuple[Score, ...]:
    """The overall scores about what generated rows give away."""
    if account.scores is None:
        return ()
    return tuple(score for score in account.scores.overall() if of_privacy(score))


def of_privacy(score: Score) -> bool:
    """Whether a score says what generated rows give away about real ones."""
    if score.metric == "images":
        return score.name.startswith(IMAGE_COPIES)
    return score.metric in PRIVACY


def _verdict(scores: Scores) -> Callout:
    """The verdict, its first sentence large."""
    first, _, rest = scores.verdict.partition(". ")
    title = f"{first}." if rest else first
    level: Level = "danger" if first.startswith("Warning") else "note"
    return Callout(level, title, rest, note=scores.limit)


def _warning(account: ReportInput) -> Callout:
    items = []
    for issue in account.personal:
        items.append(f"{issue.sentence} {as_sentence(issue.action)}".strip())
    return Callout(
        "danger",
        f"Personal data in {plural(len(account.private_columns), 'column')}",
        "Decide what may be done with them before you pass on anything of this run.",
        tuple(items),
    )


def _tiles(account: ReportInput) -> list[Tile]:
    tiles = []
    if account.rows is not None:
        tiles.append(Tile(count(account.rows), f"{account.unit}s read", account.extent))
    if account.changed is not None:
        cells = account.changed.height
        label = "cell cleaned" if cells == 1 else "cells cleaned"
        tiles.append(Tile(count(cells), label, _changed_columns(account)))
    if account.findings is not None:
        number = len(account.findings)
        label = "finding" if number == 1 else "findings"
        tiles.append(Tile(count(number), label, f"confirmed on held-out {account.unit}s"))
    if account.synthetic is not None:
        rows = count(len(account.synthetic))
        model = f"by the model '{account.model}'" if account.model else ""
        tiles.append(Tile(rows, f"{account.unit}s generated", model))
    return tiles


def _changed_columns(account: ReportInput) -> str:
    number = 0 if account.changed is None else account.changed["column"].n_unique()
    said = f"in {plural(number, 'column')}" if number else ""
    if account.left_out:
        said += f"{', ' if said else ''}{plural(account.left_out, 'row')} left out"
    return said or _reread(account) or "nothing had to be changed"


def _reread(account: ReportInput) -> str:
    """What was done where no cell was changed: columns of text were read as what they hold."""
    applied = [issue for issue in account.issues or () if issue.applied]
    columns = {name for issue in applied for name in issue.columns}
    return f"{plural(len(columns), 'column')} of text read as numbers or dates" if columns else ""


def _cleaned(account: ReportInput) -> str:
    if account.issues is None:
        return ""
    text = "No cell had to be changed"
    if _reread(account):
        text += f"; {_reread(account)}"
    if account.changed is not None and account.changed.height:
        cells = plural(account.changed.height, "cell")
        text = f"{cells} changed {_changed_columns(account)}"
    elif account.left_out:
        text = f"{plural(account.left_out, 'row')} left out"
    if account.undecided:
        text += f"; {plural(len(account.undecided), 'thing')} for you to look at"
    return f"{text}."


def _found(account: ReportInput) -> str:
    if account.findings is None:
        return ""
    if not account.findings:
        return f"Nothing that holds up on held-out {account.unit}s."
    text = opening(account.findings[0].sentence, _LINE)
    more = len(account.findings) - 1
    return f"{text} And {plural(more, 'other finding')}." if more else text


def _generated(account: ReportInput) -> str:
    if account.synthetic is None:
        return ""
    text = plural(len(account.synthetic), account.unit)
    if account.model:
        text += f" by the model '{account.model}'"
    if account.train is not None:
        text += f", learned from {plural(len(account.train), account.unit)}"
    return f"{text}."


def _shared(account: ReportInput) -> str:
    for score in privacy_scores(account):
        if score.sentence:
            return opening(score.sentence, _LINE)
    return ""
