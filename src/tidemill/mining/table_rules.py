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
from tidemill.core.words import number, percent, plural, share_interval
from tidemill.mining.associations import (
    AssociationRule,
    Items,
    candidate_rules,
    confirmed_rules,
    turned,
    varied,
)
from tidemill.mining.binning import Bins, code_matrix, learn_bins
from tidemill.mining.itemsets import Bits, count, pack
from tidemill.mining.outcome import Outcome, learn_outcome
from tidemill.mining.rule_tables import counts_table, lifts_picture, rules_table
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
ALWAYS = 0.985
"""What holds on this share of rows is a rule of the data, which cleaning reports, and no
association."""


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
    columns = list(most_connected(train, others, MOST_COLUMNS, run, "rules"))
    if outcome:
        columns.append(train.schema[outcome.column])
    if len(columns) < 2:
        return
    few = sample_rows(train, MOST_ROWS, run.rng("mining/rules/train"))
    held = sample_rows(holdout, MOST_ROWS, run.rng("mining/rules/holdout"))
    bins = [learn_bins(few[column.name], column, parts=4, levels=12) for column in columns]
    target = outcome.column if outcome else None
    items, values = _items(few, held, bins, target)
    rows_words = sampled_words(len(held), len(holdout))
    ends = np.array([value.column == target for value in values])
    most = ABOUT_OTHERS + ABOUT_TARGET
    if outcome:
        most = ABOUT_OTHERS
        about = replace(items, premise=~ends, conclusion=ends, stronger=STRONGER_TARGET)
        yield from _findings(about, values, ABOUT_TARGET, rows_words, outcome)
    rest = replace(items, premise=~ends, conclusion=~ends)
    yield from _findings(rest, values, most, rows_words, None)


def _findings(
    items: Items, values: Sequence[Value], most: int, rows_words: str, outcome: Outcome | None
) -> Iterator[Finding]:
    candidates = candidate_rules(items, max(10, int(np.ceil(0.01 * items.train_rows))))
    confirmed = confirmed_rules(items, candidates)
    shown = varied(confirmed, items, most)
    if not shown:
        return
    if outcome and outcome.kind == "binary":
        shown = _about_event(shown, values, outcome)
    for rule in shown:
        yield _rule_finding(values, rule)
    yield _overview(values, len(candidates), len(confirmed), shown, rows_words, outcome)


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
        apart=_repeats(train, bins, target)[groups][:, groups] | _implied(packed, values, target),
    )
    missing = np.array([value.tests[0].operator == "missing" for value in values], dtype=bool)
    # columns that are missing together say nothing about their values
    return replace(items, apart=items.apart | np.outer(missing, missing)), values


def _repeats(train: Dataset, bins: Sequence[Bins], target: str | None) -> NDArray[np.bool_]:
    """Pairs of columns that all but repeat each other, (columns, columns); never the target."""
    repeats = ties(train, [train.schema[each.column] for each in bins]) >= SAME
    about = np.array([each.column == target for each in bins])
    repeats[about] = False
    repeats[:, about] = False
    return repeats


def _implied(bits: Bits, values: Sequence[Value], target: str | None) -> NDArray[np.bool_]:
    """Pairs of items of which one (nearly) always brings the other, (items, items)."""
    single = np.maximum(count(bits), 1)
    implied = np.zeros((len(bits), len(bits)), bool)
    for at in range(len(bits)):
        together = count(bits & bits[at])
        implied[at] = (together >= ALWAYS * single[at]) | (together >= ALWAYS * single)
    # a value that nearly every row has is implied by all others, and may still stand in a rule
    # about the target
    about = np.array([value.column == target for value in values], dtype=bool)
    implied[about] = False
    implied[:, about] = False
    return implied


def _overview(
    values: Sequence[Value],
    tested: int,
    found: int,
    shown: list[AssociationRule],
    rows_words: str,
    outcome: Outcome | None,
) -> Finding:
    fewer = ""
    if len(shown) < found:
        fewer = f"; the {len(shown)} clearest are shown"
    about = f"about {outcome.column}" if outcome else "between columns"
    sentence = (
        f"{plural(tested, 'rule')} {about} stood out in the training rows, {found:,} of them held "
        f"on {rows_words}{fewer}. At most 0.1 % of such rules are expected to be false."
    )
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
