"""A thousand known tables, written as other programs write them, are read as a person reads them:
equal in nearly all cases, and never wrong without a word."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import tidemill as tm
from tests.e2e.rendered import Cell, Rendering, rendered
from tidemill.core.errors import TidemillError

TABLES = 1000
PARTS = 20
READING = ("rows", "types", "missing", "variants")


def outcome(made: Rendering) -> str:
    """How a rendering was read: equal, refused, warned (it differs, and a sentence says so), or
    silently wrong."""
    run = tm.Run(seed=1)
    try:
        cleaned = tm.clean(tm.read(made.path, run=run), checks=READING, run=run)
    except TidemillError as error:
        return f"refused: {error}"
    wrong = _wrong(made, cleaned.data.frame)
    if not wrong:
        return "equal"
    said = [*run.warnings, *(issue.sentence for issue in cleaned.issues)]
    said += [column.reason for column in cleaned.data.schema]
    unsaid = [text for name, text in wrong.items() if not _is_told(name, said)]
    if unsaid:
        return f"silently wrong: {'; '.join(unsaid)}"
    return f"warned: {'; '.join(wrong.values())}"


def _is_told(name: str, said: list[str]) -> bool:
    doubts = ("could", "looks like", "look like", "not known", "taken", "cannot be read")
    return any(f"'{name}'" in text and any(word in text for word in doubts) for text in said)


def _wrong(made: Rendering, frame: pl.DataFrame) -> dict[str, str]:
    """Column -> what differs from what a person reads."""
    if frame.columns != list(made.columns):
        return {"": f"columns {frame.columns}"}
    wrong = {}
    for name, values in made.columns.items():
        found = frame[name].to_list()
        if len(found) != len(values):
            return {"": f"{len(found)} rows, not {len(values)}"}
        pairs = zip(values, found, strict=True)
        different = [(value, cell) for value, cell in pairs if not _same(value, cell)]
        if different:
            value, cell = different[0]
            wrong[name] = f"{name}: {value} is {cell!r} ({len(different)} cells)"
    return wrong


def _same(value: Cell, cell: object) -> bool:
    if value is None:
        return cell is None
    if isinstance(value, bool):
        return _is_yes(cell) == value
    if isinstance(value, Decimal | int):
        return isinstance(cell, int | float) and abs(float(value) - cell) < 1e-9 * max(1, abs(cell))
    if isinstance(value, dt.datetime):
        whole = value.replace(second=0)
        return isinstance(cell, dt.datetime) and cell in (value, whole)
    if isinstance(value, dt.date):
        if isinstance(cell, dt.datetime):
            return cell == dt.datetime(value.year, value.month, value.day)
        return cell == value
    return isinstance(cell, str) and cell.strip() == value


def _is_yes(cell: object) -> bool | None:
    words = {"true": True, "yes": True, "y": True, "是": True}
    words |= {"false": False, "no": False, "n": False, "否": False}
    return words.get(str(cell).lower())


@pytest.mark.parametrize("part", range(PARTS))
def test_what_was_written_is_what_is_read(part: int, tmp_path: Path) -> None:
    outcomes = {}
    for seed in range(part, TABLES, PARTS):
        made = rendered(seed, tmp_path)
        outcomes[seed] = outcome(made), made.said
    failures = {seed: found for seed, found in outcomes.items() if found[0] != "equal"}
    silent = {seed: found for seed, found in failures.items() if found[0].startswith("silently")}
    assert not silent
    assert len(failures) <= 0.01 * len(outcomes) + 1, failures
