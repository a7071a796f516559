"""The tables beside association rules."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.core.picture import Table
from tidemill.mining.associations import AssociationRule


def rules_table(labels: Sequence[str], rules: Sequence[AssociationRule], what: str) -> Table:
    """Rules beside each other, with support, confidence and lift on held-out rows.

    Args:
        labels: One name a rule.
        rules: The rules.
        what: What is counted ("rows", "baskets").
    """
    rows = tuple(
        (
            label,
            rule.both,
            round(rule.both / rule.rows, 4),
            round(rule.confidence, 4),
            round(rule.base, 4),
            round(rule.lift, 3),
            float(f"{rule.p_value:.3g}"),
        )
        for label, rule in zip(labels, rules, strict=True)
    )
    return Table(
        (
            "rule",
            f"{what} with all of it",
            "support",
            "confidence",
            "confidence expected",
            "lift",
            "p-value",
        ),
        rows,
        f"Rules on held-out {what}",
    )


def counts_table(premise: str, conclusion: str, rule: AssociationRule, what: str) -> Table:
    """The four counts of held-out rows that a rule rests on."""
    without = rule.rows - rule.premised
    missed = rule.concluded - rule.both
    return Table(
        (f"held-out {what}", conclusion, "without", "share"),
        (
            (premise, rule.both, rule.premised - rule.both, round(rule.confidence, 4)),
            (
                "all others",
                missed,
                without - missed,
                round(missed / without, 4) if without else None,
            ),
        ),
    )
