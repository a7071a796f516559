"""Levels that differ only in blanks or in upper and lower case become one, written as it is written
most often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from tidemill.cleaning import changes
from tidemill.cleaning.base import Check, Diagnosis, Repaired, considered, counted
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import plural

_MOST_LEVELS = 20_000


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Learn how each level of each category is written most often."""
    issues = []
    written = {}
    for column in considered(train, "category", "boolean"):
        values = train[column.name]
        if values.dtype != pl.String:
            continue
        counts = counted(values).rename({"value": "text"})
        if not 0 < counts.height <= _MOST_LEVELS:
            continue
        counts = counts.with_columns(_normal(counts["text"]).alias("normal"))
        best = counts.group_by("normal", maintain_order=True).agg(
            pl.col("text").first(), pl.col("count").sum().alias("together")
        )
        counts = counts.join(
            best.rename({"text": "best"}), on="normal", how="left", maintain_order="left"
        )
        others = counts.filter(pl.col("text") != pl.col("best"))
        if others.height:
            issues.append(_issue(column.name, others))
        # a level that was seen once tells nothing about how it is written, and may be about one
        # person
        written[column.name] = best.filter(pl.col("together") > 1)["text"].to_list()
    return Diagnosis(tuple(issues), {"written": written})


def _normal(texts: pl.Series) -> pl.Series:
    """Without outer blanks, with single inner ones, in lower case unless it is one letter ("M" may
    not be "m")."""
    plain = texts.str.normalize("NFKC").str.strip_chars().str.replace_all(r"\s+", " ")
    return plain.str.to_lowercase().zip_with(plain.str.len_chars() > 1, plain)


def _issue(name: str, others: pl.DataFrame) -> Issue:
    cells = int(others["count"].sum())
    top = others.row(0, named=True)
    number = others["best"].n_unique()
    levels = "one level is" if number == 1 else f"{number:,} levels are"
    said = (
        f"In '{name}' {levels} written in several ways, which differ only in blanks or in upper "
        f"and lower case: {plural(cells, 'cell is', 'cells are')} not written as most are."
    )
    return Issue(
        "variants",
        said,
        (name,),
        cells,
        f"{top['text']!r} → {top['best']!r}",
        applied=True,
        action="written as most are",
    )


def repair(data: Dataset, learned: Mapping[str, Any]) -> Repaired:
    """Write each known level as it is written most often, also where a new way of writing turns
    up."""
    new = []
    log = []
    for name, levels in learned["written"].items():
        before = data[name]
        if before.dtype != pl.String:
            continue
        known = pl.Series(levels, dtype=pl.String)
        texts = before.drop_nulls().unique().sort()
        normal = _normal(texts)
        best = normal.replace_strict(_normal(known), known, default=None, return_dtype=pl.String)
        changed = (texts != best).fill_null(False)
        if not changed.any():
            continue
        after = before.replace(texts.filter(changed), best.filter(changed))
        where = before.ne_missing(after)
        new.append(after)
        log.append(changes.cells(before, after, where, "one level written in several ways"))
    return Repaired(replace(data, frame=data.frame.with_columns(new)), changes.joined(log))


CHECK = Check(diagnose, repair)
