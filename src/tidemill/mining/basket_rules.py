"""Association rules of baskets, in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.words import format_value, listing, number, percent, plural, share_interval
from tidemill.mining.associations import (
    AssociationRule,
    Items,
    candidate_rules,
    confirmed_rules,
    varied,
)
from tidemill.mining.baskets import Baskets, fewest, learn_baskets
from tidemill.mining.itemsets import count
from tidemill.mining.rule_tables import counts_table, found_words, lifts_picture, rules_table
from tidemill.supervised.intervals import wilson

MOST_RULES = 12
SHOWN_ITEMS = 20


def basket_rules(
    train: Dataset, holdout: Dataset, basket: str, item: str, run: Run
) -> Iterator[Finding]:
    """Rules between items, and the supports of single items; nothing where no rule is confirmed.

    Args:
        train, holdout: The rows.
        basket, item: The two columns.
        run: Seed.
    """
    baskets = learn_baskets(train, holdout, basket, item, run)
    size = len(baskets.names)
    if size < 2 or baskets.holdout_rows < 20:
        return
    every = np.ones(size, bool)
    items = Items(
        train=baskets.train,
        holdout=baskets.holdout,
        train_rows=baskets.train_rows,
        holdout_rows=baskets.holdout_rows,
        group=np.arange(size),
        premise=every,
        conclusion=every,
        apart=np.zeros((size, size), bool),
    )
    candidates = candidate_rules(items, fewest(baskets.train_rows))
    confirmed = confirmed_rules(items, candidates)
    if not confirmed:
        return
    shown = varied(confirmed, items, MOST_RULES)
    for rule in shown:
        yield _rule_finding(baskets, rule)
    yield _overview(baskets, len(candidates), len(confirmed), shown)
    yield _items_finding(baskets)


def _items_finding(baskets: Baskets) -> Finding:
    held = count(baskets.holdout)
    both = count(baskets.train) + held
    total = baskets.train_rows + baskets.holdout_rows
    order = np.argsort(-both, kind="stable")[:SHOWN_ITEMS]
    share = both / total
    top = int(order[0])
    named = [f"{format_value(baskets.names[at])} ({percent(share[at])})" for at in order[:5]]
    sentence = (
        f"The items that most baskets hold are {listing(named)}; these are shares of all {total:,} "
        f"baskets ({baskets.basket}), training and held-out together{_sampled(baskets)}."
    )
    rows = []
    for at in order:
        held_share = round(float(held[at]) / baskets.holdout_rows, 4)
        rows.append((baskets.names[at], int(both[at]), round(float(share[at]), 4), held_share))
    return Finding(
        technique="rules",
        name="items",
        sentence=sentence,
        strength=float(share[top]),
        measure="support",
        support=total,
        columns=(baskets.basket, baskets.item),
        table=Table(
            (baskets.item, "baskets", "support", "support in held-out baskets"),
            tuple(rows),
            "The most frequent items",
        ),
        picture=Picture(
            "across",
            "The most frequent items",
            tuple(row[0] for row in rows),
            (("share of all baskets", tuple(row[2] for row in rows)),),
            "share of all baskets",
        ),
        figures={"baskets": total, "items": len(baskets.names)},
    )


def _overview(baskets: Baskets, tested: int, found: int, shown: list[AssociationRule]) -> Finding:
    again = ""
    if baskets.split_again:
        again = (
            " (the split of rows had cut baskets in two, so baskets were split anew by "
            f"'{baskets.basket}')"
        )
    unseen = f"{plural(baskets.holdout_rows, 'held-out basket')}{again}"
    verb = "are bought" if baskets.bought else "appear"
    sentence = (
        f"Some items {verb} together more often than chance would have it. "
        f"{found_words(tested, found, len(shown), '', unseen)}"
    )
    labels = [_label(baskets, rule) for rule in shown]
    return Finding(
        technique="rules",
        name="overview",
        sentence=sentence,
        strength=float(found),
        measure="confirmed rules",
        support=baskets.holdout_rows,
        columns=(baskets.basket, baskets.item),
        table=rules_table(labels, shown, "baskets"),
        picture=lifts_picture("How many times as often as in all baskets", labels, shown),
    )


def _rule_finding(baskets: Baskets, rule: AssociationRule) -> Finding:
    low, high = wilson(rule.both, rule.premised)
    parts = [format_value(baskets.names[at]) for at in rule.premise]
    then = format_value(baskets.names[rule.conclusion])
    hold = "holds" if rule.both == 1 else "hold"
    all_of_them = "both" if len(parts) == 1 else "all three"
    sentence = (
        f"{percent(rule.confidence)} of the baskets with {listing(parts)} also hold {then} "
        f"({share_interval(low, high)}), against {percent(rule.base)} of all baskets: "
        f"{number(rule.lift, 2)} times as often. {plural(rule.both, 'held-out basket')} of "
        f"{rule.rows:,} ({percent(rule.both / rule.rows)}) {hold} {all_of_them}."
    )
    members = tuple(baskets.values[at] for at in (*rule.premise, rule.conclusion))
    return Finding(
        technique="rules",
        name="rule",
        sentence=sentence,
        strength=rule.lift,
        measure="lift",
        support=rule.both,
        interval=(low / rule.base, high / rule.base),
        p_value=rule.p_value,
        columns=(baskets.basket, baskets.item),
        condition=Condition((Test(baskets.item, "in", members),)),
        table=counts_table(f"with {listing(parts)}", f"with {then}", rule, "baskets"),
        figures=rule.figures,
    )


def _label(baskets: Baskets, rule: AssociationRule) -> str:
    premise = " + ".join(baskets.names[at] for at in rule.premise)
    return f"{premise} → {baskets.names[rule.conclusion]}"


def _sampled(baskets: Baskets) -> str:
    if not baskets.sampled:
        return ""
    used = baskets.train_rows + baskets.holdout_rows
    return f" (a random {used:,} of {baskets.sampled:,} baskets)"
