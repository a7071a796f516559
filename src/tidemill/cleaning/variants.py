"""Levels that differ only in blanks, in letter case or in how a place is named become one, written
without outer blanks and as it is written most often; levels that are likely the same are reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from tidemill.cleaning import changes
from tidemill.cleaning.base import Check, Diagnosis, Repaired, considered, counted
from tidemill.cleaning.places import same_places
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import plural, quoted

_MOST_LEVELS = 20_000
_LESS_OFTEN = 0.5
"""One letter is joined with its other case if that is at most so often as it."""
_BLANKS = r"\s\s|[^\S ]"
"""Two blanks or more within a text, or a line break."""
_INVISIBLE = "[\u00ad\u200b\u2060\ufeff]"
_COMPANIES = (
    r" (inc|incorporated|ltd|limited|llc|llp|plc|corp|corporation|co|company|gmbh|ag|kg|sa|sas|"
    r"sarl|srl|spa|bv|nv|ab|oy|as|pty)$"
)


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Learn how each level of each category is written most often."""
    issues = []
    learned: dict[str, Any] = {"written": {}}
    for column in considered(train, "category", "boolean"):
        values = train[column.name]
        if values.dtype != pl.String:
            continue
        counts = counted(values).rename({"value": "text"})
        if not 0 < counts.height <= _MOST_LEVELS:
            continue
        letters, apart = _joins_letters(counts), _told_apart(counts)
        counts = _with_best(counts, letters, apart)
        places = same_places(dict(counts.group_by("best").agg(pl.col("count").sum()).iter_rows()))
        counts = counts.with_columns(pl.col("best").replace(places))
        others = counts.filter(pl.col("text") != pl.col("best"))
        if others.height:
            issues.append(_issue(column.name, others, bool(places)))
        issues += _alike(column.name, counts)
        # a level that was seen once tells nothing about how it is written, and may be about one
        # person
        often = counts.filter(pl.col("count").sum().over("normal") > 1)
        learned["written"][column.name] = often["best"].unique(maintain_order=True).to_list()
        if letters:
            learned.setdefault("letters", []).append(column.name)
        if apart:
            learned.setdefault("apart", {})[column.name] = apart
        if places:
            learned.setdefault("places", {})[column.name] = places
    return Diagnosis(tuple(issues), learned)


def _with_best(counts: pl.DataFrame, letters: bool, apart: list[str]) -> pl.DataFrame:
    """Each text with its normal form, and the text that is written in its place ("best"): the
    commonest of that form, of those without needless blanks."""
    counts = counts.with_columns(
        _normal(counts["text"], letters, apart).alias("normal"),
        _trimmed(counts["text"]).alias("best"),
    )
    tidy = counts.filter(~pl.col("best").str.contains(_BLANKS))
    written = (
        pl.concat([tidy, counts])  # in their order, so that the first of a form is the commonest
        .group_by("normal", "best", maintain_order=True)
        .agg(
            pl.col("count").sum(), pl.col("best").str.contains(r"\s\s|[^\S ]").first().alias("odd")
        )
        .sort(["odd", "count"], descending=[False, True], maintain_order=True)
        .unique("normal", keep="first", maintain_order=True)
    )
    best = dict(zip(written["normal"], written["best"], strict=True))
    return counts.with_columns(
        counts["normal"].replace_strict(best, return_dtype=pl.String).alias("best")
    )


def _trimmed(texts: pl.Series) -> pl.Series:
    return texts.str.replace_all(_INVISIBLE, "").str.strip_chars()


def _normal(texts: pl.Series, letters: bool, apart: list[str] | None = None) -> pl.Series:
    """Without outer blanks, with single inner ones, in lower case; one letter ("M" may not be "m")
    only where letters are joined, and no text whose cases are told apart."""
    plain = _trimmed(texts.str.normalize("NFKC")).str.replace_all(r"\s+", " ")
    lower = plain.str.to_lowercase()
    if apart:
        lower = lower.zip_with(~lower.is_in(apart), plain)
    return lower if letters else lower.zip_with(plain.str.len_chars() > 1, plain)


def _told_apart(counts: pl.DataFrame) -> list[str]:
    """Words in lower case whose capitals mean something ("mW" and "MW", the genes "BRCA1" and
    "Brca1"): a way of writing with capitals inside, or with digits, and none is the rule."""
    ways = counts.with_columns(
        _normal(counts["text"], True).alias("normal"), _trimmed(counts["text"]).alias("way")
    ).filter(~pl.col("way").str.contains(r"\s"))
    ways = ways.group_by("normal", "way").agg(pl.col("count").sum())
    odd = pl.col("way").str.contains(r"\p{Ll}\p{Lu}|^\p{Lu}\p{Ll}+\d")
    pairs = ways.group_by("normal").agg(odd.any().alias("odd"), pl.col("count").top_k(2))
    pairs = pairs.filter(pl.col("odd") & (pl.col("count").list.len() > 1))
    rare, often = pl.col("count").list.min(), pl.col("count").list.max()
    return pairs.filter(rare > _LESS_OFTEN * often)["normal"].sort().to_list()


def _joins_letters(counts: pl.DataFrame) -> bool:
    """Whether single letters of both cases mean the same: one case is the rule in each pair, and
    more than one level is left."""
    single = counts.with_columns(_trimmed(counts["text"]).alias("letter")).filter(
        pl.col("letter").str.contains(r"^\p{L}$")
    )
    cases = single.group_by("letter").agg(pl.col("count").sum())
    pairs = (
        cases.with_columns(pl.col("letter").str.to_lowercase().alias("lower"))
        .group_by("lower")
        .agg(pl.len().alias("cases"), pl.col("count").min().alias("few"), pl.col("count").max())
    )
    both = pairs.filter(pl.col("cases") > 1)
    return (
        both.height > 0
        and bool((both["few"] <= _LESS_OFTEN * both["count"]).all())
        and _normal(counts["text"], True).n_unique() > 1
    )


def _issue(name: str, others: pl.DataFrame, places: bool) -> Issue:
    cells = int(others["count"].sum())
    top = others.row(0, named=True)
    differ = "spaces, capitals or a word such as 市" if places else "spaces or capitals"
    said = (
        f"{plural(cells, 'cell')} in '{name}' {'differs' if cells == 1 else 'differ'} only in "
        f"{differ} from {'a more frequent one' if cells == 1 else 'more frequent ones'}."
    )
    if (_trimmed(others["text"]) == others["best"]).all():
        said = (
            f"{plural(cells, 'cell')} in '{name}' {'has' if cells == 1 else 'have'} spaces or line "
            "breaks before or behind the text."
        )
    return Issue(
        "variants",
        said,
        (name,),
        cells,
        f"'{top['text']}' → '{top['best']}'",
        applied=True,
        action="changed to the commonest spelling, without outer spaces",
    )


def _alike(name: str, counts: pl.DataFrame) -> list[Issue]:
    """One issue on the levels that differ in punctuation, accents, "&" or the form of a company."""
    levels = counts.group_by("best", maintain_order=True).agg(pl.col("count").sum())
    plain = (
        levels["best"]
        .str.normalize("NFKD")
        .str.replace_all(r"\p{M}", "")
        .str.to_lowercase()
        .str.replace_all("ß", "ss", literal=True)
        .str.replace_all(r"\s*&\s*", " and ")
        .str.replace_all(r"(\p{L})[.,'’´`]+", "$1")
        .str.replace_all(r"(\p{L})[-/_ ]+(\p{L})", "$1 $2")
        .str.replace_all(r"[\s,;:!]+", " ")
        .str.strip_chars()
    )
    several = levels["best"].str.contains(r"[;|]")  # "wifi;spa" is no company
    plain = plain.zip_with(several, plain.str.replace(_COMPANIES, ""))
    words = pl.col("plain").str.count_matches(r"\p{L}") >= 3
    groups = (
        levels.with_columns(plain.alias("plain"))
        .filter(words | (pl.col("plain").str.contains(r"^\p{L}$") & (plain.n_unique() > 1)))
        .group_by("plain", maintain_order=True)
        .agg(pl.col("best"), pl.col("count").sum(), pl.col("count").min().alias("few"))
        .filter(pl.col("best").list.len() > 1)
        .sort("few", descending=True, maintain_order=True)
    )
    if not groups.height:
        return []
    first = groups["best"][0].to_list()
    more = f", and {groups.height - 1:,} more" if groups.height > 1 else ""
    cells = int(groups["count"].sum())
    return [
        Issue(
            "variants",
            f"In '{name}' these levels may be the same, since they differ only in marks, accents, "
            f"letter case or the form of a company: {quoted(first)}{more}.",
            (name,),
            cells,
            " / ".join(map(repr, first[:3])),
            action="kept; join the levels where they mean the same",
        )
    ]


def repair(data: Dataset, learned: Mapping[str, Any]) -> Repaired:
    """Write each known level as it is written most often, also where a new way of writing turns up,
    and each other one without outer blanks."""
    new = []
    log = []
    for name, levels in learned["written"].items():
        before = data[name]
        if before.dtype != pl.String:
            continue
        letters = name in learned.get("letters", ())
        apart = learned.get("apart", {}).get(name, [])
        known = pl.Series(levels, dtype=pl.String)
        best = dict(zip(_normal(known, letters, apart), known, strict=True))
        texts = before.drop_nulls().unique().sort()
        after = _normal(texts, letters, apart).replace_strict(
            best, default=_trimmed(texts), return_dtype=pl.String
        )
        after = after.replace(learned.get("places", {}).get(name, {}))
        changed = (texts != after).fill_null(False)
        if not changed.any():
            continue
        repaired = before.replace(texts.filter(changed), after.filter(changed))
        where = before.ne_missing(repaired)
        new.append(repaired)
        log.append(changes.cells(before, repaired, where, "one level written in several ways"))
    return Repaired(replace(data, frame=data.frame.with_columns(new)), changes.joined(log))


CHECK = Check(diagnose, repair)
