"""Association rules between the values of an ordinary table, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import number, percent, share_interval
from tidemill.mining.answers import without_answers
from tidemill.mining.associations import (
    AssociationRule,
    Items,
    candidate_rules,
    confirmed_rules,
    turned,
    varied,
)
from tidemill.mining.binning import Bins, Codes, NumberBins, as_floats, code_matrix, learn_bins
from tidemill.mining.itemsets import Bits, count, pack
from tidemill.mining.outcome import Outcome, learn_outcome
from tidemill.mining.pairs import contingency
from tidemill.mining.rule_tables import counts_table, found_words, lifts_picture, rules_table
from tidemill.mining.sampling import sample_rows, sampled_words
from tidemill.mining.screening import most_connected
from tidemill.mining.ties import ties
from tidemill.mining.wording import test_words
from tidemill.supervised.intervals import wilson

MOST_ROWS = 50_000
MOST_COLUMNS = 40
FEWEST_ROWS = 40
ABOUT_TARGET = 8
ABOUT_OTHERS = 5
STRONGER_TARGET = 1.25
"""Rules about the target may be weaker than others: it is what the user asked about."""
SAME = 0.75
"""Columns tied at least this closely all but repeat each other: no rule joins them."""
SAME_OF_TWO = 0.95
ALWAYS = 0.985
"""What holds on this share of rows always holds, but for mistakes."""


LEAST_LIFT = (0.95, 1.05)
"""Rules between these change next to nothing."""
DECIDED = 0.95
"""A column decides another where knowing it saves this share of the mistakes of always saying the
commonest value."""
FEWEST_MARKS = 5
MARKED = 0.8
"""A table of which this share of columns says yes or no, mostly no, is one of baskets: rules are
about what is there."""
_YES = {"true", "yes", "1", "1.0", "y", "t", "x", "✓", "ja", "oui", "si", "sí", "да", "是"}


@dataclass(frozen=True)
class Value:
    """One item: a bin of a column."""

    column: str
    tests: tuple[Test, ...]


def table_rules(train: Dataset, holdout: Dataset, run: Run) -> Iterator[Finding]:
    """Rules between binned values: about the target where there is one, then the most telling
    others.

    Args:
        train, holdout: The rows.
        run: Seed.
    """
    if len(train) < FEWEST_ROWS or len(holdout) < FEWEST_ROWS // 2:
        return
    outcome = learn_outcome(train, run, warn=False)
    others = [column for column in train.schema.modelled if column.role != "target"]
    if outcome:
        others = without_answers(others, train, outcome, run)
    columns = list(most_connected(train, others, MOST_COLUMNS, run, "rules"))
    if outcome:
        columns.append(train.schema[outcome.column])
    if len(columns) < 2:
        return
    few = sample_rows(train, MOST_ROWS, run.rng("mining/rules/train"))
    held = sample_rows(holdout, MOST_ROWS, run.rng("mining/rules/holdout"))
    target = outcome.column if outcome else None
    bins = _bins(few, columns, target)
    items, values = _items(few, held, bins, target)
    rows_words = sampled_words(len(held), len(holdout))
    ends = np.array([value.column == target for value in values])
    most = ABOUT_OTHERS + ABOUT_TARGET
    if outcome:
        most = ABOUT_OTHERS
        about = replace(items, premise=~ends, conclusion=ends, stronger=STRONGER_TARGET)
        yield from _findings(about, values, ABOUT_TARGET, rows_words, outcome)
    told = ~ends & ~_absences(values, bins, items)
    rest = replace(items, premise=told, conclusion=told)
    yield from _findings(rest, values, most, rows_words, None)


def _bins(train: Dataset, columns: Sequence[Column], target: str | None) -> list[Bins]:
    """The bins of each column; counts of things, mostly 0, only say whether there are any."""
    bins = [learn_bins(train[column.name], column, parts=4, levels=12) for column in columns]
    counts = []
    for at, column in enumerate(columns):
        if column.kind != "number" or column.name == target:
            continue
        known = as_floats(train[column.name].drop_nulls())
        whole = train[column.name].dtype.is_integer() and len(np.unique(known)) > 2
        if whole and known.min() == 0 and (known == 0).mean() > 0.5:
            counts.append(at)
    if len(counts) >= max(FEWEST_MARKS, MARKED * len(columns)):
        for at in counts:
            dtype = train[columns[at].name].dtype
            bins[at] = NumberBins(columns[at].name, dtype, ((0.0, False),), whole=True)
    return bins


def _findings(
    items: Items, values: Sequence[Value], most: int, rows_words: str, outcome: Outcome | None
) -> Iterator[Finding]:
    candidates = candidate_rules(items, max(10, int(np.ceil(0.01 * items.train_rows))))
    confirmed = confirmed_rules(items, candidates)
    shown = varied(_telling(confirmed, values, outcome), items, most)
    if not shown:
        return
    if outcome and outcome.kind == "binary":
        shown = _about_event(shown, values, outcome)
    for rule in shown:
        yield _rule_finding(values, rule)
    yield _overview(values, len(candidates), len(confirmed), shown, rows_words, outcome)


def _telling(
    rules: Sequence[AssociationRule], values: Sequence[Value], outcome: Outcome | None
) -> list[AssociationRule]:
    """The rules whose lift does not round to 1, as they are told."""
    told = list(rules)
    if outcome and outcome.kind == "binary":
        told = _about_event(rules, values, outcome)
    return [
        rule
        for rule, as_told in zip(rules, told, strict=True)
        if not LEAST_LIFT[0] < as_told.lift < LEAST_LIFT[1]
    ]


def _about_event(
    rules: Sequence[AssociationRule], values: Sequence[Value], outcome: Outcome
) -> list[AssociationRule]:
    """Rules about either class, all told of the class that is spoken of."""
    places = {value.tests: at for at, value in enumerate(values)}
    event = places.get(outcome.test(1))
    if event is None:
        return list(rules)
    told = []
    for rule in rules:
        told.append(rule if rule.conclusion == event else turned(rule, event))
    return told


def _items(
    train: Dataset, holdout: Dataset, bins: Sequence[Bins], target: str | None
) -> tuple[Items, list[Value]]:
    seen = code_matrix(train.frame, bins)
    held = code_matrix(holdout.frame, bins)
    values = []
    seen_rows = []
    held_rows = []
    places = []
    for at, each in enumerate(bins):
        for code in range(each.size):
            rows = np.flatnonzero(seen[:, at] == code)
            if len(rows) and each.tests(code):
                values.append(Value(each.column, each.tests(code)))
                seen_rows.append(rows)
                held_rows.append(np.flatnonzero(held[:, at] == code))
                places.append(at)
    packed = pack(seen_rows, len(train))
    groups = np.array(places, dtype=np.int64)
    every = np.ones(len(values), bool)
    items = Items(
        train=packed,
        holdout=pack(held_rows, len(holdout)),
        train_rows=len(train),
        holdout_rows=len(holdout),
        group=groups,
        premise=every,
        conclusion=every,
        apart=_repeats(train, bins, target)[groups][:, groups]
        | _decided(seen, bins, target)[groups][:, groups]
        | _implied(packed, values, target, len(train)),
    )
    missing = np.array([value.tests[0].operator == "missing" for value in values], dtype=bool)
    # columns that are missing together say nothing about their values
    return replace(items, apart=items.apart | np.outer(missing, missing)), values


def _repeats(train: Dataset, bins: Sequence[Bins], target: str | None) -> NDArray[np.bool_]:
    """Pairs of columns that all but repeat each other, (columns, columns); never the target."""
    values = [train[each.column].drop_nulls().n_unique() for each in bins]
    two = np.array([few <= 2 for few in values], dtype=bool)
    # of two columns with two values each a strong tie may be a rule, as 'butter brings bread' is
    least = np.where(np.outer(two, two), SAME_OF_TWO, SAME)
    repeats = ties(train, [train.schema[each.column] for each in bins]) >= least
    about = np.array([each.column == target for each in bins])
    repeats[about] = False
    repeats[:, about] = False
    return repeats


def _decided(codes: Codes, bins: Sequence[Bins], target: str | None) -> NDArray[np.bool_]:
    """Pairs of columns of which one decides the other, which cleaning reports, (columns, columns);
    never the target."""
    decided = np.zeros((len(bins), len(bins)), bool)
    for one in range(len(bins)):
        for other in range(len(bins)):
            if one == other or target in (bins[one].column, bins[other].column):
                continue
            sizes = (bins[one].size, bins[other].size)
            counts = contingency(codes[:, one], codes[:, other], sizes)
            mistakes = counts.sum() - counts.max(axis=1).sum()
            if mistakes <= (1 - DECIDED) * (counts.sum() - counts.sum(axis=0).max()):
                decided[[one, other], [other, one]] = True
    return decided


def _implied(
    bits: Bits, values: Sequence[Value], target: str | None, rows: int
) -> NDArray[np.bool_]:
    """Pairs of items of which one always brings the other and no rule is due, (items, items).

    That a range brings another is an order between columns, which cleaning reports, and that
    anything brings a value that nearly all rows have says nothing. That one level brings another is
    said here and nowhere else.
    """
    single = np.maximum(count(bits), 1)
    implied = np.zeros((len(bits), len(bits)), bool)
    level = np.array([value.tests[0].operator == "=" or _says_yes(value) for value in values])
    common = single >= ALWAYS * rows
    for at in range(len(bits)):
        together = count(bits & bits[at])
        always = (together >= ALWAYS * single[at]) | (together >= ALWAYS * single)
        implied[at] = always & ~(level[at] & level) | common | common[at]
    # a value that nearly every row has is implied by all others, and may still stand in a rule
    # about the target
    about = np.array([value.column == target for value in values], dtype=bool)
    implied[about] = False
    implied[:, about] = False
    return implied


def _absences(values: Sequence[Value], bins: Sequence[Bins], items: Items) -> NDArray[np.bool_]:
    """The items that say that something is not there, (items,); none where the table is not one of
    marks, as baskets with a column for each thing are."""
    absent = np.zeros(len(values), bool)
    counts = count(items.train)
    marks = 0
    for place in range(len(bins)):
        of_column = np.flatnonzero(items.group == place).tolist()
        present = [at for at in of_column if _says_yes(values[at])]
        rare = sum(counts[present]) < 0.5 * items.train_rows
        if len(of_column) == 2 and len(present) == 1 and rare:
            marks += 1
            absent[of_column] = True
            absent[present] = False
    if marks < max(FEWEST_MARKS, MARKED * len(bins)):
        absent[:] = False
    return absent


def _says_yes(value: Value) -> bool:
    test = value.tests[0]
    if test.operator == ">" and test.value == 0:
        return True
    return test.operator == "=" and str(test.value).strip().lower() in _YES


def _overview(
    values: Sequence[Value],
    tested: int,
    found: int,
    shown: list[AssociationRule],
    rows_words: str,
    outcome: Outcome | None,
) -> Finding:
    about = f"about {outcome.column}" if outcome else "between columns"
    sentence = found_words(tested, found, len(shown), f" {about}", rows_words)
    labels = [_label(values, rule) for rule in shown]
    columns: dict[str, None] = {}
    for rule in shown:
        for at in (*rule.premise, rule.conclusion):
            columns[values[at].column] = None
    return Finding(
        technique="rules",
        name="overview",
        sentence=sentence,
        strength=float(found),
        measure="confirmed rules",
        support=shown[0].rows,
        columns=tuple(columns),
        table=rules_table(labels, shown, "rows"),
        picture=lifts_picture("How many times as often as among all rows", labels, shown),
    )


def _rule_finding(values: Sequence[Value], rule: AssociationRule) -> Finding:
    tests = _premise_tests(values, rule)
    then = values[rule.conclusion]
    low, high = wilson(rule.both, rule.premised)
    sentence = (
        f"Where {test_words(tests)}, {test_words(then.tests)} on {_part(rule)} held-out rows "
        f"({share_interval(low, high)}), against {percent(rule.base)} overall{_often(rule)}."
    )
    return Finding(
        technique="rules",
        name="rule",
        sentence=sentence,
        strength=rule.lift,
        measure="lift",
        support=rule.premised,
        interval=(low / rule.base, high / rule.base),
        p_value=rule.p_value,
        columns=tuple(dict.fromkeys((*(test.column for test in tests), then.column))),
        condition=Condition(tests),
        table=counts_table(test_words(tests), test_words(then.tests), rule, "rows"),
        figures=rule.figures,
    )


def _premise_tests(values: Sequence[Value], rule: AssociationRule) -> tuple[Test, ...]:
    tests: list[Test] = []
    for at in rule.premise:
        tests.extend(values[at].tests)
    return tuple(tests)


def _part(rule: AssociationRule) -> str:
    if rule.both == 0:
        return f"none of the {rule.premised:,}"
    if rule.both == rule.premised:
        return f"all {rule.premised:,}"
    return f"{percent(rule.confidence)} of {rule.premised:,}"


def _often(rule: AssociationRule) -> str:
    if not rule.both:
        return ""
    if rule.lift >= 1:
        return f": {number(rule.lift, 2)} times as often"
    return f": {percent(1 - rule.lift)} less often"


def _label(values: Sequence[Value], rule: AssociationRule) -> str:
    premise = test_words(_premise_tests(values, rule))
    return f"{premise} → {test_words(values[rule.conclusion].tests)}"
