"""The last chapter: what is needed to make this again."""

from __future__ import annotations

from pathlib import Path

from tidemill.core.schema import Column
from tidemill.core.words import file_size, plural, seconds
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import (
    Block,
    CodeBlock,
    Details,
    FileList,
    Heading,
    Pairs,
    PictureBlock,
    Series,
    TableBlock,
)

_HOLDS = {
    "synthetic": "the generated rows",
    "clean": "all real rows after cleaning",
    "changes": "every changed cell, before and after",
    "train": "the real rows that were learned from",
    "holdout": "the real rows that were held out",
    "findings": "what was found, as data",
    "scores": "what was measured, as data",
    "model": "the generator, for `tidemill sample` and others",
}
"""What the files of a run hold, by their names without ending."""


def made(account: ReportInput) -> list[Block]:
    """Command, seed, versions, time, and the schema that was inferred."""
    blocks: list[Block] = []
    if account.command:
        blocks.append(CodeBlock(account.command))
    facts = (
        ("Made", account.generated),
        ("Seed", _text(account.seed)),
        ("Threads", _text(account.threads)),
        (f"{account.unit.capitalize()}s", _rows(account)),
        ("Time", seconds(sum(account.seconds.values())) if account.seconds else ""),
        ("Versions", ", ".join(f"{name} {version}" for name, version in account.versions.items())),
    )
    items = tuple((name, text) for name, text in facts if text)
    if items:
        blocks.append(Pairs(items))
    if len(account.seconds) > 1:
        times = Series("seconds", tuple(round(time, 2) for time in account.seconds.values()))
        blocks.append(PictureBlock("across", "Seconds a step", tuple(account.seconds), (times,)))
    blocks += _files(account)
    data = account.train or account.synthetic
    if data is not None:
        rows = tuple(_column(column) for column in data.schema)
        table = TableBlock(("Column", "Kind", "Role", "Why"), rows, stacked=True)
        blocks.append(Details("The columns, and why each is read as it is", (table,)))
    return blocks


def _files(account: ReportInput) -> list[Block]:
    """The files beside the page, with what they hold and how large they are."""
    items = []
    for name, size in account.files.items():
        holds = _HOLDS.get(Path(name).stem, "further results")
        items.append((name, f"{holds} ({file_size(size)})"))
    return [Heading("The files beside this page"), FileList(tuple(items))] if items else []


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _rows(account: ReportInput) -> str:
    parts = []
    if account.rows is not None:
        parts.append(f"{plural(account.rows, account.unit)} read")
    for data, what in (
        (account.train, "to learn from"),
        (account.holdout, "held out"),
        (account.synthetic, "generated"),
    ):
        if data is not None:
            parts.append(f"{plural(len(data), account.unit)} {what}")
    return ", ".join(parts)


def _column(column: Column) -> tuple[str, str, str, str]:
    role = "" if column.role == "feature" else column.role
    why = "; ".join(filter(None, dict.fromkeys((column.reason, column.role_reason))))
    return column.name, column.kind, role, why
