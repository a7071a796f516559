"""Association rules between the values of an ordinary table, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Picture
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
from tidemill.mining.rule_tables import counts_table, rules_table
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
    target = outcome.column if outcome else None
    others = [column for column in train.schema.modelled if column.role != "target"]
    columns = most_connected(train, others, MOST_COLUMNS, run, "rules")
    few = sample_rows(train, MOST_ROWS, run.rng("mining/rules/train"))
    held = sample_rows(holdout, MOST_ROWS, run.rng("mining/rules/holdout"))
    bins = [learn_bins(few[column.name], column, parts=4, levels=12) for column in columns]
    if outcome:
        bins.append(
            learn_bins(few[outcome.column], train.schema[outcome.column], parts=4, levels=12)
        )
    if len(bins) < 2:
        return
    items, values = _items(few, held, bins, target)
    least = max(10, int(np.ceil(0.01 * len(few))))
    told = sampled_words(len(held), len(holdout))
    ends = np.array([value.column == target for value in values])
    if outcome:
        about = replace(items, premise=~ends, conclusion=ends, stronger=STRONGER_TARGET)
        yield from _findings(about, values, least, ABOUT_TARGET, told, outcome)
    rest = replace(items, premise=~ends, conclusion=~ends)
    yield from _findings(
        rest, values, least, ABOUT_OTHERS if outcome else ABOUT_OTHERS + ABOUT_TARGET, told, None
    )


def _findings(
    items: Items, values: Sequence[Value], least: int, most: int, told: str, outcome: Outcome | None
) -> Iterator[Finding]:
    candidates = candidate_rules(items, least)
    found = confirmed_rules(items, candidates)
    shown = varied(found, items, most)
    if not shown:
        return
    events = {value.tests: at for at, value in enumerate(values)}
    event = events.get(outcome.test(1)) if outcome and outcome.kind == "binary" else None
    told_rules = [
        rule if event is None or rule.conclusion == event else turned(rule, event) for rule in shown
    ]
    for rule in told_rules:
        yield _rule_finding(values, rule)
    yield _overview(values, len(candidates), len(found), told_rules, told, outcome)


def _items(
    train: Dataset, holdout: Dataset, bins: Sequence[Bins], target: str | None
) -> tuple[Items, list[Value]]:
    seen, held = code_matrix(train.frame, bins), code_matrix(holdout.frame, bins)
    values, bits, held_bits, group = [], [], [], []
    for at, each in enumerate(bins):
        for code in range(each.size):
            rows = np.flatnonzero(seen[:, at] == code)
            if len(rows) and each.tests(code):
                values.append(Value(each.column, each.tests(code)))
                bits.append(rows)
                held_bits.append(np.flatnonzero(held[:, at] == code))
                group.append(at)
    packed = pack(bits, len(train))
    groups = np.array(group, dtype=np.int64)
    every = np.ones(len(values), bool)
    about = np.array([each.column == target for each in bins])
    copies = (
        (ties(train, [train.schema[each.column] for each in bins]) >= SAME)
        & ~about
        & ~about[:, None]
    )
    apart = copies[groups][:, groups] | _implied(packed, values, target)
    missing = np.array([value.tests[0].operator == "missing" for value in values], dtype=bool)
    apart |= np.outer(
        missing, missing
    )  # columns that are missing together say nothing about their values
    return Items(
        packed, pack(held_bits, len(holdout)), len(train), len(holdout), groups, every, every, apart
    ), values


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
    told: str,
    outcome: Outcome | None,
) -> Finding:
    hold = plural(found, "rule") + (" hold" if found != 1 else " holds")
    fewer = (
        f"; the {len(shown)} most telling different ones are shown" if len(shown) < found else ""
    )
    about = f"about {outcome.column}" if outcome else "between columns"
    sentence = (
        f"{hold} {about} on {told}, out of {tested:,} that stood out in the training rows{fewer}. "
        "The share of false ones among them is held at 0.1 %."
    )
    labels = [_label(values, rule) for rule in shown]
    return Finding(
        technique="rules",
        name="overview",
        sentence=sentence,
        strength=float(found),
        measure="confirmed rules",
        support=shown[0].rows,
        columns=tuple(
            dict.fromkeys(
                values[at].column for rule in shown for at in (*rule.premise, rule.conclusion)
            )
        ),
        table=rules_table(labels, shown, "rows"),
        picture=Picture(
            "across",
            "How many times as often as among all rows",
            tuple(labels),
            (("lift", tuple(round(rule.lift, 2) for rule in shown)),),
            "lift (1 is chance)",
            "",
        ),
    )


def _rule_finding(values: Sequence[Value], rule: AssociationRule) -> Finding:
    tests = tuple(test for at in rule.premise for test in values[at].tests)
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
        figures={
            "support": rule.both / rule.rows,
            "confidence": rule.confidence,
            "lift": rule.lift,
            "premise_support": rule.premised / rule.rows,
            "conclusion_support": rule.base,
        },
    )


def _part(rule: AssociationRule) -> str:
    if rule.both in (0, rule.premised):
        return f"{'all' if rule.both else 'none of the'} {rule.premised:,}"
    return f"{percent(rule.confidence)} of {rule.premised:,}"


def _often(rule: AssociationRule) -> str:
    if not rule.both:
        return ""
    return (
        f": {number(rule.lift, 2)} times as often"
        if rule.lift >= 1
        else f": {percent(1 - rule.lift)} less often"
    )


def _label(values: Sequence[Value], rule: AssociationRule) -> str:
    premise = test_words(test for at in rule.premise for test in values[at].tests)
    return f"{premise} → {test_words(values[rule.conclusion].tests)}"
