"""The last chapter: what is needed to make this again."""

from __future__ import annotations

from tidemill.core.schema import Column
from tidemill.core.words import plural, seconds
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import (
    Block,
    CodeBlock,
    Details,
    Pairs,
    PictureBlock,
    Series,
    TableBlock,
)


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
    data = account.train or account.synthetic
    if data is not None:
        rows = tuple(_column(column) for column in data.schema)
        table = TableBlock(("Column", "Kind", "Role", "Why"), rows, stacked=True)
        blocks.append(Details("The columns, and why each is read as it is", (table,)))
    return blocks


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
    why = "; ".join(filter(None, (column.reason, column.role_reason)))
    return column.name, column.kind, role, why
