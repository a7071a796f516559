"""Numbers and dates that are stored as text become numbers and dates; cells that hold neither
become missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from tidemill.cleaning import changes
from tidemill.cleaning.base import Check, Diagnosis, Repaired, considered, counted
from tidemill.cleaning.markers import are_markers, say_unknown
from tidemill.cleaning.readings import ColumnReading, found_in, kind_of, known
from tidemill.core.amounts import BOUND, different_units, like_codes
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.spelling import Mended, is_missing, mended, mended_beside_words, spelled
from tidemill.core.unknown_forms import resembled, why_unread
from tidemill.core.words import percent, plural, quoted
from tidemill.imaging.pixels import label_column

_UNREAD = 0.02
# such cells mean something ("C536379", "5+"), unless they are slips of the pen
_UNREAD_WITH_DIGITS = 0.001
_ROWS = 5
# numbers of so few levels may be codes, and a word that comes again and again one of them
_LEVELS = 100
_ROWS_OF_LEVEL = 5
_OFTEN = 3


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find numbers and dates among texts, and those that reading has already understood as such."""
    issues, readings = [], {}
    for column in considered(train, "number", "datetime"):
        if column.dtype == "String" and train[column.name].dtype != pl.String:
            readings[column.name] = known(column, train[column.name])
    label = label_column(train.schema)
    for column in considered(train, "category", "text"):
        if column == label:  # what an image shows is a name, also where it is a digit
            continue
        text = train[column.name]
        if text.dtype != pl.String:
            continue
        is_words = column.kind == "text"  # of a category the levels are learned
        read = mended_beside_words if is_words else mended
        found = read(text, conventions=train.schema.conventions)
        if found is None:
            issues += _unknown_form(text) if is_words else []
            continue
        reading = found_in(found)
        level = _level(text, found)
        if level:
            issues.append(_left_as_codes(text, level))
            continue
        doubt = _doubt(text, found)
        if doubt:
            issues.append(_left_as_text(text, found, reading.noun, doubt))
        else:
            readings[column.name] = reading
    learned = {name: reading.to_state() for name, reading in readings.items()}
    return Diagnosis((*_applied(train, readings), *issues), learned)


def _unknown_form(text: pl.Series) -> list[Issue]:
    """What is said of texts that look like amounts or dates, and cannot be read."""
    looks = resembled(text)
    if not looks:
        return []
    return [
        Issue(
            "types",
            f"'{text.name}' looks like {looks}, {why_unread(looks)}.",
            (text.name,),
            text.count(),
            f"'{text.drop_nulls()[0]}'",
            action="kept as text, and nothing is learned of it; write it in another form",
        )
    ]


def _left_as_text(text: pl.Series, found: Mended, noun: str, doubt: str) -> Issue:
    return Issue(
        "types",
        f"'{text.name}' looks like {noun} stored as text, but {doubt}.",
        (text.name,),
        found.values.count(),
        f"'{text.drop_nulls()[0]}'",
        action="kept as text; correct these cells to have the column read",
    )


def _level(text: pl.Series, found: Mended) -> str:
    """The commonest of the words that are levels beside whole numbers of few levels, so that all
    are codes ("A" beside 0 to 9); "" for none."""
    if not found.values.dtype.is_integer():
        return ""
    words = counted(text.filter(found.unread & ~say_unknown(text)))
    numbers = counted(found.values)
    few = numbers.height <= min(_LEVELS, int(numbers["count"].sum()) // _ROWS_OF_LEVEL)
    if not (few and words.height and words["count"][0] >= _OFTEN):
        return ""
    word: str = words["value"][0]
    return word


def _left_as_codes(text: pl.Series, level: str) -> Issue:
    count = int((text == level).sum())
    return Issue(
        "types",
        f"'{text.name}' holds whole numbers of few levels, and '{level}' in {plural(count, 'cell')}"
        ": it is taken for codes.",
        (text.name,),
        count,
        level,
        action="kept; each is a level of its own",
    )


def _doubt(text: pl.Series, found: Mended) -> str:
    """Why a column is better left as text, or "" where next to nothing is lost by reading it."""
    unread = text.filter(found.unread & ~say_unknown(text) & ~are_markers(text))
    digits = unread.filter(unread.str.contains(r"\d"))
    present = found.values.count() + int(found.unread.sum())
    if kind_of(found) == "number":
        units = different_units(text.filter(found.values.is_not_null()), found.spelling)
        if units:
            return f"they mix units ({quoted(units)})"
        codes = digits.filter(like_codes(digits.str.strip_chars()))
        if len(codes):
            return (
                f"{plural(len(codes), 'cell')} such as '{codes[0]}' would lose digits or a zero in "
                "front, as if it were no code"
            )
    if len(unread) > _UNREAD * present or len(digits) > max(3, _UNREAD_WITH_DIGITS * present):
        shown = digits[0] if len(digits) else unread[0]
        return (
            f"{plural(len(unread), 'cell')} ({percent(len(unread), present)}) cannot be read, such "
            f"as '{shown}'"
        )
    return ""


def _repaired(
    column: Column, values: pl.Series, reading: ColumnReading
) -> tuple[pl.Series, pl.DataFrame]:
    """The column's values as numbers or dates, and the log of the cells that became missing or are
    written otherwise from now on."""
    marker = f"a text that stands for 'missing' among {reading.noun}"
    unread = f"this text cannot be read as one of the {reading.noun}"
    written = f"read as one of the {reading.noun}, and written as they are"
    if values.dtype == pl.String:
        after = reading.read(values)
        lost = after.is_null() & values.is_not_null()
        missing = is_missing(values)
        texts = spelled(after, reading.spelling).set(after.is_null(), None)
        markers = changes.cells(values, texts, lost & missing, marker)
        others = changes.cells(values, texts, lost & ~missing, unread)
        rewritten = changes.cells(values, texts, after.is_not_null() & (texts != values), written)
        return after, changes.joined([markers, others, rewritten])
    text = column.spelling.missing if column.dtype == "String" and column.spelling else ""
    if not text:
        return values, changes.none()
    before = pl.repeat(text, len(values), eager=True).alias(values.name)
    return values, changes.cells(before, values, values.is_null(), marker)


def _applied(train: Dataset, readings: Mapping[str, ColumnReading]) -> list[Issue]:
    """One issue on each column of which cells change, and one on all the others that hold the
    same."""
    issues: list[Issue] = []
    whole: dict[str, list[str]] = {}
    for name, reading in readings.items():
        values, log = _repaired(train.schema[name], train[name], reading)
        if log.height:
            issues.append(_with_changes(reading, values, log))
        else:
            whole.setdefault(reading.noun, []).append(name)
    first = []
    for noun, names in whole.items():
        first.append(_without_losses(train, noun, names, readings[names[0]]))
    return first + issues


def _with_changes(reading: ColumnReading, values: pl.Series, log: pl.DataFrame) -> Issue:
    noun = reading.noun
    lost = log.filter(pl.col("after").is_null())
    rewritten = log.filter(pl.col("after").is_not_null())
    count = values.count()
    said = [f"{plural(count, 'cell')} {'holds' if count == 1 else 'hold'} one"]
    actions = [", ".join([f"read as {noun}", *reading.remarks_on(values)])]
    if lost.height:
        said.append(_losses(lost))
        actions.append("the cells without one are made missing")
    if rewritten.height:
        said.append(f"{plural(rewritten.height, 'cell')} is written otherwise from now on")
        if rewritten.height > 1:
            said[-1] = f"{rewritten.height:,} cells are written otherwise from now on"
        actions.append("each is in the log")
    return Issue(
        "types",
        f"'{values.name}' holds {noun} that are stored as text: {', '.join(said)}.",
        (values.name,),
        len(values),
        f"'{log['before'].sort()[0]}'",
        applied=True,
        action="; ".join(actions),
    )


def _bounds(reading: ColumnReading) -> str:
    return "; each is a lower bound" if reading.spelling.suffix == BOUND else ""


def _losses(lost: pl.DataFrame) -> str:
    """The cells that are made missing, with their rows where they may be words that say what the
    row is ("Total")."""
    texts = lost["before"].unique().sort().to_list()
    do = "does" if lost.height == 1 else "do"
    said = f"{plural(lost.height, 'cell')} ({quoted(texts)}) {do} not"
    words = lost.filter(~is_missing(lost["before"]) & ~say_unknown(lost["before"]))
    if words.height:
        which = "row" if words.height == 1 else "rows"
        rows = ", ".join(f"{row + 1:,}" for row in words["row"].head(_ROWS))
        more = ", ..." if words.height > _ROWS else ""
        said += f" (look at {which} {rows}{more}: what stands there may mean something)"
    return said


def _without_losses(train: Dataset, noun: str, names: list[str], reading: ColumnReading) -> Issue:
    who = f"{plural(len(names), 'column')} ({quoted(names)}) hold"
    if len(names) == 1:
        who = f"'{names[0]}' holds"
    first = train[names[0]].drop_nulls().head(1)
    return Issue(
        "types",
        f"{who} {noun} that are stored as text; every cell can be read.",
        tuple(names),
        sum(train[name].count() for name in names),
        f"'{''.join(spelled(first, reading.spelling))}'",
        applied=True,
        action=f"read as {noun}",
    )


def repair(data: Dataset, learned: Mapping[str, Any]) -> Repaired:
    """Read columns of text as the numbers or dates that they were in the training rows."""
    new = []
    log = []
    columns = []
    for name, state in learned.items():
        reading, column = ColumnReading.from_state(state), data.schema[name]
        values, changed = _repaired(column, data[name], reading)
        is_read = (
            data[name].dtype == pl.String
        )  # and not by the door, which knows how it is written
        spelling = reading.spelling if is_read or not column.spelling else column.spelling
        columns.append(
            replace(
                column,
                kind=reading.kind,
                dtype=reading.dtype_name(values.dtype),
                step=reading.step,
                spelling=replace(spelling, missing=""),
                nullable=column.nullable or values.null_count() > 0,
                reason=f"{reading.noun} that were stored as text{_bounds(reading)}",
            )
        )
        new.append(values)
        log.append(changed)
    frame, schema = data.frame.with_columns(new), data.schema.replacing(*columns)
    return Repaired(replace(data, frame=frame, schema=schema), changes.joined(log))


CHECK = Check(diagnose, repair)
