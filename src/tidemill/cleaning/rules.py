"""Rules that always hold between columns (a <= b, a + b = c, a decides b) are found and kept in the
schema.

A rule counts if it holds in every training row in which its columns are known, if it would often be
broken were the columns shuffled (so that it is no matter of course), and if no holdout row breaks
it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.dependencies import dependencies
from tidemill.cleaning.orderings import orderings
from tidemill.cleaning.sums import adds_up, sums
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Rule
from tidemill.core.words import format_value, plural

_MOST_COLUMNS = 200
_MOST_SUMMED = 100
_MOST_LEVELS = 5_000
_MOST_RULES = 100
_MOST_TOLD = 25
_MOST_SLIPS = 5
_EXACT = 2**53


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find the rules that hold on all training rows, and the few rows that break what holds in all
    others."""
    if len(train) < 2:
        return Diagnosis()
    numbers, coded = _numbers(train), _coded(train)
    decided = _dependencies(train, coded[:_MOST_COLUMNS], run)
    added = _sums(train, numbers[:_MOST_SUMMED], run)
    same = {rule.columns for rule in decided}
    ordered, slips = _orderings(train, [numbers[:_MOST_COLUMNS], *_dates(train)], same, run)
    rules = decided + [rule for rule in ordered if not _is_part(rule, added, train)] + added
    told = _told(rules[:_MOST_RULES], train)
    return replace(
        told,
        issues=told.issues + tuple(slips[:_MOST_SLIPS]) + _not_looked_at(len(numbers), len(coded)),
    )


def _not_looked_at(numbers: int, coded: int) -> tuple[Issue, ...]:
    """A word on the columns of a very wide table that were left out."""
    if max(numbers, coded) <= _MOST_COLUMNS:
        return ()
    said = (
        f"Rules were looked for among the first {_MOST_COLUMNS:,} columns of numbers (sums among "
        f"the first {_MOST_SUMMED:,}) and the first {_MOST_COLUMNS:,} columns that repeat their "
        f"values; this table has {numbers:,} and {coded:,}."
    )
    return (
        Issue(
            "rules",
            said,
            (),
            max(numbers, coded) - _MOST_COLUMNS,
            action="leave columns that matter less out with option 'ignore', to look among others",
        ),
    )


def confirm(diagnosis: Diagnosis, train: Dataset, holdout: Dataset) -> Diagnosis:
    """Drop the rules that a holdout row breaks, and count the holdout rows that keep the others."""
    counted = ((rule, _kept(rule, train.frame, holdout.frame)) for rule in diagnosis.rules)
    others = diagnosis.issues[len(_told(diagnosis.rules, train).issues) :]
    told = _told(
        [replace(rule, confirmed=kept) for rule, kept in counted if kept is not None], train
    )
    return replace(told, issues=told.issues + others)


def _numbers(train: Dataset) -> list[str]:
    """Columns of numbers that a float holds exactly and that take at least three values."""
    names = [
        c.name
        for c in train.schema.modelled
        if c.kind == "number" and train[c.name].dtype.is_numeric()
    ]
    return [
        name
        for name in names
        if train[name].n_unique() > 2
        and (train[name].cast(pl.Float64).abs().drop_nans() <= _EXACT).all()
    ]


def _dates(train: Dataset) -> list[list[str]]:
    """Columns of dates without a zone, and of dates with one: the two cannot be compared."""
    names = [
        c.name
        for c in train.schema.modelled
        if c.kind == "datetime" and train[c.name].dtype.is_temporal()
    ]
    zoned = [name for name in names if getattr(train[name].dtype, "time_zone", None)]
    return [[name for name in names if name not in zoned], zoned]


def _coded(train: Dataset) -> list[str]:
    """Columns that take few enough different values to decide or be decided."""
    return [
        c.name
        for c in train.schema.modelled
        if not train[c.name].dtype.is_nested() and 2 <= train[c.name].n_unique() <= _MOST_LEVELS
    ]


def _matrix(train: Dataset, names: Sequence[str]) -> np.ndarray:
    """(n, m) The columns as floats, dates in microseconds; NaN where missing."""
    moments = [
        pl.col(name).cast(pl.Datetime("us"))
        if train[name].dtype == pl.Date
        else pl.col(name).dt.cast_time_unit("us")
        if train[name].dtype.is_temporal()
        else pl.col(name)
        for name in names
    ]
    return train.frame.select(moments).select(pl.all().to_physical().cast(pl.Float64)).to_numpy()


def _whole(train: Dataset, names: Sequence[str]) -> np.ndarray:
    """(m,) Whether a column holds whole numbers only; dates count as one sort."""
    columns = (train[name] for name in names)
    return np.array(
        [
            not column.dtype.is_float() or bool((column.floor() == column).all())
            for column in columns
        ]
    )


def _orderings(
    train: Dataset, groups: Sequence[Sequence[str]], same: Collection[tuple[str, ...]], run: Run
) -> tuple[list[Rule], list[Issue]]:
    """The rules a <= b within each group of columns, and a word on those that few rows break.

    Args:
        train: The rows.
        groups: Names of columns that can be compared with each other.
        same: Pairs of which one decides the other: where they are equal, that is reported already.
        run: Draws rows.
    """
    rules, slips = [], []
    for names in groups:
        if len(names) < 2:
            continue
        for found in orderings(
            _matrix(train, names), _whole(train, names), run.rng("clean/rules", "orderings")
        ):
            pair = names[found.low], names[found.high]
            if found.broken:
                slips.append(_slip(train, pair, found.support, found.broken))
            elif not (found.equal and pair in same):
                rules += [
                    Rule("a<=b", way, found.support)
                    for way in ([pair, pair[::-1]] if found.equal else [pair])
                ]
    return rules, slips


def _slip(train: Dataset, pair: tuple[str, str], support: int, broken: int) -> Issue:
    """A word on the few rows that break what holds in all others."""
    low, high = pair
    row = train.frame.select(pair).filter(pl.col(low) > pl.col(high)).row(0)
    word = "later than" if train.schema[low].kind == "datetime" else "above"
    said = (
        f"'{low}' is {word} '{high}' in {plural(broken, 'row')}, but in none of the other "
        f"{support - broken:,}: {'this row' if broken == 1 else 'these rows'} may be wrong."
    )
    return Issue(
        "rules",
        said,
        pair,
        broken,
        f"{format_value(row[0])} > {format_value(row[1])}",
        severity="warning",
        action="kept; look at the rows",
    )


def _sums(train: Dataset, names: Sequence[str], run: Run) -> list[Rule]:
    if len(names) < 3:
        return []
    found = sums(_matrix(train, names), run.rng("clean/rules", "sums"))
    return [
        Rule("a+b=c", (names[s.first], names[s.second], names[s.total]), s.support) for s in found
    ]


def _dependencies(train: Dataset, names: Sequence[str], run: Run) -> list[Rule]:
    if len(names) < 2:
        return []
    codes = np.stack([_levels(train[name]) for name in names], axis=1)
    rules = []
    for found in dependencies(codes, run.rng("clean/rules", "dependencies")):
        pair = names[found.decider], names[found.decided]
        rules += [
            Rule("a decides b", way, found.support)
            for way in ([pair, pair[::-1]] if found.both else [pair])
        ]
    return rules


def _levels(values: pl.Series) -> np.ndarray:
    """(n,) Levels counted from 0; -1 where missing."""
    if values.dtype == pl.String:  # in no order, which would take ten times as long
        known = values.drop_nulls().unique(maintain_order=True)
        return values.cast(pl.Enum(known)).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
    values = values.cast(pl.UInt8) if values.dtype == pl.Boolean else values
    return values.rank("dense").cast(pl.Int32).fill_null(0).to_numpy() - 1


def _is_part(rule: Rule, added: Sequence[Rule], train: Dataset) -> bool:
    """Whether a <= c only because a + b = c and b is never negative."""
    for a, b, c in (rule.columns for rule in added):
        for part, other in ((a, b), (b, a)):
            if rule.columns == (part, c) and float(train[other].min() or 0) >= 0:  # type: ignore[arg-type]
                return True
    return False


def _kept(rule: Rule, train: pl.DataFrame, holdout: pl.DataFrame) -> int | None:
    """Holdout rows in which the rule could be checked and holds; None if one breaks it."""
    known = holdout.select(rule.columns).drop_nulls()
    if rule.kind == "a<=b":
        holds = known.select(pl.col(rule.columns[0]) <= pl.col(rule.columns[1])).to_series()
    elif rule.kind == "a+b=c":
        holds = pl.Series(adds_up(*known.cast(pl.Float64).to_numpy().T), dtype=pl.Boolean)
    else:
        decider, decided = rule.columns
        learned = train.select(decider, pl.col(decided).alias("\x00decided")).drop_nulls().unique()
        both = known.join(learned, on=decider, how="inner")
        holds = both[decided] == both["\x00decided"]
    return len(holds) if holds.all() else None


def _told(rules: Sequence[Rule], train: Dataset) -> Diagnosis:
    """The rules and a sentence on each; a rule and its reverse share one."""
    known, issues = {(rule.kind, rule.columns) for rule in rules}, []
    for at, rule in enumerate(rules):
        reverse = rule.kind, rule.columns[::-1]
        if reverse not in {(other.kind, other.columns) for other in rules[:at]}:
            issues.append(_issue(rule, reverse in known and rule.kind != "a+b=c", train))
    rest = len(issues) - _MOST_TOLD
    if rest > 0:
        issues = issues[:_MOST_TOLD]
        more = (
            f"{plural(rest, 'further rule')} always {'holds' if rest == 1 else 'hold'}; the "
            "schema lists them."
        )
        issues.append(Issue("rules", more, (), rest, action="kept in the schema"))
    return Diagnosis(tuple(issues), rules=tuple(rules))


def _issue(rule: Rule, both: bool, train: Dataset) -> Issue:
    """A sentence on a rule, or on a rule and its reverse."""
    first = train.frame.select(rule.columns).drop_nulls().row(0)
    shown = [format_value(value) for value in first]
    a, b = (f"'{name}'" for name in rule.columns[:2])
    if rule.kind == "a+b=c":
        said, example = str(rule), f"{shown[0]} + {shown[1]} = {shown[2]}"
    elif both and train[rule.columns[0]].equals(train[rule.columns[1]]):
        said, example = f"{a} and {b} are equal", f"{shown[0]} = {shown[1]}"
    elif rule.kind == "a<=b":
        word = "later than" if train.schema[rule.columns[0]].kind == "datetime" else "above"
        said = f"{a} and {b} are equal where both are known" if both else f"{a} is never {word} {b}"
        example = f"{shown[0]} ≤ {shown[1]}"
    elif both:
        said, example = (
            f"{a} and {b} say the same in two ways: each decides the other",
            f"{shown[0]} ↔ {shown[1]}",
        )
    else:
        levels = train[rule.columns[0]].drop_nulls().n_unique()
        said = f"{a} decides {b}: each of its {levels:,} values always comes with the same {b}"
        example = f"{shown[0]} → {shown[1]}"
    confirmed = f" and in {plural(rule.confirmed, 'holdout row')}" if rule.confirmed else ""
    said = f"{said}, in all {rule.support:,} rows where it can be checked{confirmed}."
    return Issue(
        "rules",
        said,
        rule.columns,
        rule.support,
        example,
        action="kept in the schema as a rule for new rows",
    )


CHECK = Check(diagnose, confirm=confirm)
