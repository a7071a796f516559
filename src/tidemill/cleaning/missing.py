"""Disguised missing values: marker texts such as "?" and marker numbers such as -999 become
missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from tidemill.cleaning import changes, sentinels
from tidemill.cleaning.base import Check, Diagnosis, Repaired, considered, counted
from tidemill.cleaning.markers import are_markers, say_unknown
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Spelling
from tidemill.core.words import percent, plural, quoted

_ANSWERING_SIGNS = r"^[+±=<>↑↓→←○●◎✓✔✗✘√×△▲▽▼]+[-+/]*$"
_CODE = 5  # letters of a code at most
_CODES = 20  # levels from which on codes of several lengths are known as such


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find marker texts in categories and texts, and markers among numbers and dates."""
    issues: list[Issue] = []
    texts: dict[str, list[str]] = {}
    values: dict[str, list[Any]] = {}
    unsure: dict[str, int] = {}
    for column in considered(train, "category", "boolean", "text", "id"):
        if train[column.name].dtype == pl.String:
            counts = counted(train[column.name])
            found, answers = _marker_texts(column, counts)
            issues += found
            if answers is not None:
                # also where there is none: rows not seen yet may hold one
                texts[column.name] = answers
            if column.kind in ("category", "boolean"):
                words = counts.filter(say_unknown(counts["value"]))
                unsure[column.name] = int(words["count"].sum())
    for column in considered(train, "number", "datetime", "boolean"):
        issues += _spelt(column, train[column.name])
    for name, markers in _marker_values(train).items():
        issues += [marker.issue(name) for marker in markers]
        plain = [marker.value for marker in markers if marker.plain]
        if plain:
            values[name] = plain
    issues += _unsure_words(train, {name: count for name, count in unsure.items() if count})
    return Diagnosis(tuple(issues), {"texts": texts, "values": values})


def _marker_values(train: Dataset) -> dict[str, list[sentinels.Marker]]:
    """The markers among numbers and dates; what is one in two columns is looked for in all."""
    columns = considered(train, "number", "datetime", "boolean")
    found = {c.name: list(sentinels.markers(c, train[c.name])) for c in columns}
    elsewhere = sentinels.shared(found)
    for column in columns:
        values = train[column.name]
        if values.dtype.is_numeric() and any((values == value).any() for value in elsewhere):
            found[column.name] = list(sentinels.markers(column, values, elsewhere))
    return found


def _marker_texts(column: Column, counts: pl.DataFrame) -> tuple[list[Issue], list[str] | None]:
    """What is said of the markers of one column of text, and those of them that may be an answer;
    None where any of them may be.

    Args:
        column: The column.
        counts: Its levels ("value") and how often they occur ("count"), the commonest first.
    """
    where = are_markers(counts["value"])
    markers, levels = counts.filter(where), counts.filter(~where)
    if not markers.height:
        return [], []
    total = int(counts["count"].sum())
    doubt = _doubt(column, levels["value"], markers["value"])
    if doubt:
        return [_kept(column, markers, total, doubt)], None
    words = _like_levels(markers["value"], levels["value"])
    found = []
    answers = markers.filter(words)
    if answers.height:
        found.append(_kept(column, answers, total, "other levels are written like it"))
    if answers.height < markers.height:
        said, count, shown = _held(column, markers.filter(~words), total)
        found.append(
            Issue(
                "missing",
                f"{said}, which stands for a missing value.",
                (column.name,),
                count,
                shown,
                applied=True,
                action="made missing",
            )
        )
    return found, answers["value"].to_list()


def _kept(column: Column, markers: pl.DataFrame, total: int, doubt: str) -> Issue:
    said, count, shown = _held(column, markers, total)
    return Issue(
        "missing",
        f"{said}, which may stand for a missing value or be an answer, for {doubt}.",
        (column.name,),
        count,
        shown,
        action="kept; make these cells empty if they mean that nothing is known",
    )


def _held(column: Column, markers: pl.DataFrame, total: int) -> tuple[str, int, str]:
    """Which markers a column holds, in words; their count, and an example."""
    count, shown = int(markers["count"].sum()), markers["value"].to_list()
    often = f"{plural(count, 'cell')} ({percent(count, total)})"
    if all(not text.strip() for text in shown):
        return f"'{column.name}' holds an empty text in {often}", count, repr(shown[0])
    return f"'{column.name}' holds {quoted(shown)} in {often}", count, repr(shown[0])


def _doubt(column: Column, levels: pl.Series, markers: pl.Series) -> str:
    """Why all the markers may be an answer, or ""."""
    if column.kind in ("category", "boolean") and len(levels) == 1:
        return f"all other cells hold '{levels[0]}'"
    if not len(levels):
        return ""
    if not levels.str.contains(r"[\p{L}\p{N}]").any():
        return "the other levels are signs too"
    signs = levels.filter(levels.str.contains(_ANSWERING_SIGNS))
    if len(signs) and markers.str.contains(r"^[-.*]+$").any():
        return f"'{signs[0]}' is a sign too"
    stars = markers.filter(markers.str.contains(r"^\*+$"))
    return "stars may be counted" if stars.n_unique() > 1 else ""


def _like_levels(markers: pl.Series, levels: pl.Series) -> pl.Series:
    """(n,) True where a marker may be a word or a code as the levels are: sodium beside K and Cl,
    Namibia beside DE and FR, the given name Nan beside Ann.

    A programme writes NA, NaN, nan or NULL, and never Na or Null.
    """
    titled = levels.str.contains(r"^\p{Lu}(\p{Ll}|\P{L}|$)").sum() > 0.5 * len(levels)
    found = markers.str.contains(r"^\p{Lu}\p{Ll}+$") & titled
    for case in (r"^\p{Lu}+$", r"^\p{Ll}+$"):
        lengths = levels.filter(levels.str.contains(case)).str.len_chars()
        mixed = len(lengths) >= _CODES and (lengths <= _CODE).sum() > 0.8 * len(levels)
        alike = lengths.value_counts(name="levels")
        if not mixed:
            alike = alike.filter(alike["levels"] > 0.5 * len(levels))
        same = markers.str.len_chars().is_in(alike[:, 0].to_list())
        found |= markers.str.contains(case) & same
    return found


def _marker(column: Column) -> str:
    """The text that stood for "missing" where the column was read; "" where that was nothing, or a
    float's own NaN."""
    text = column.spelling.missing if column.spelling else ""
    return "" if text == "NaN" and column.dtype.startswith("Float") else text


def _spelt(column: Column, values: pl.Series) -> list[Issue]:
    """Markers that reading has taken for "missing" already, in a column of numbers, dates or
    booleans."""
    marker, count = _marker(column), values.null_count()
    if not count or not marker:
        return []
    return [
        Issue(
            "missing",
            f"'{column.name}' holds {quoted([marker])} in {plural(count, 'cell')} "
            f"({percent(count, len(values))}), which stands for a missing value.",
            (column.name,),
            count,
            repr(marker),
            applied=True,
            action="made missing",
        )
    ]


def _unsure_words(train: Dataset, counts: Mapping[str, int]) -> list[Issue]:
    """One issue on all columns with a word such as "unknown", which is kept."""
    if not counts:
        return []
    names = sorted(counts, key=lambda name: -counts[name])
    cells = sum(counts.values())
    levels = train[names[0]].drop_nulls()
    word = levels.filter(say_unknown(levels))[0]
    where = quoted(names) if len(names) > 1 else f"'{names[0]}' ({percent(cells, len(train))})"
    hold = "holds" if cells == 1 else "hold"
    said = (
        f"{plural(cells, 'cell')} of {where} {hold} a word such as '{word}', which says that the "
        "answer is not known."
    )
    return [
        Issue(
            "missing",
            said,
            tuple(names),
            cells,
            word,
            action="kept as a level of its own, since not to know may tell something",
        )
    ]


def repair(data: Dataset, learned: Mapping[str, Any]) -> Repaired:
    """Make markers missing."""
    schema = data.schema
    log = []
    new: dict[str, pl.Series] = {}

    def blank(before: pl.Series, where: pl.Series, reason: str) -> None:
        if where.any():
            new[before.name] = before.set(where, None)
            spelling = data.schema[before.name].spelling
            log.append(changes.cells(before, new[before.name], where, reason, spelling))

    reason = "a text that stands for a missing value"
    for name, answers in learned["texts"].items():
        if data[name].dtype == pl.String:
            blank(data[name], are_markers(data[name]) & ~data[name].is_in(answers), reason)
    for column in considered(data, "number", "datetime", "boolean"):
        marker = _marker(column)
        if marker:  # reading has made these cells missing already
            before = pl.repeat(marker, len(data), dtype=pl.String, eager=True).alias(column.name)
            after = before.clear(len(data))
            log.append(changes.cells(before, after, data[column.name].is_null(), reason))
            spelling = replace(column.spelling or Spelling(), missing="")
            schema = schema.replacing(replace(column, spelling=spelling))
    for name, markers in learned["values"].items():
        for value in markers:
            values = new.get(name, data[name])
            blank(values, _equal(values, value), "a value that stands for a missing value")
    schema = schema.replacing(*(replace(schema[name], nullable=True) for name in new))
    frame = data.frame.with_columns(new.values())
    return Repaired(replace(data, frame=frame, schema=schema), changes.joined(log))


def _equal(values: pl.Series, marker: float | int | str) -> pl.Series:
    """(rows,) True where a value is the marker; never null."""
    if isinstance(marker, str):
        same = values.dt.date() == date.fromisoformat(marker)
    else:
        same = values == marker
    return same.fill_null(False)


CHECK = Check(diagnose, repair)
