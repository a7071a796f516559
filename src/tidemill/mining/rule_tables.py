"""The tables and the picture beside association rules."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.core.picture import Picture, Table
from tidemill.core.words import plural
from tidemill.mining.associations import MOST_TESTED, AssociationRule


def found_words(tested: int, found: int, shown: int, about: str, unseen: str) -> str:
    """How many rules stood out, held and are shown.

    Example:
        >>> found_words(52, 18, 8, " about churn", "900 rows").split("; ")[0]
        '52 rules about churn stood out in training, 18 of them held on 900 rows'
    """
    clearest = "the clearest is" if shown == 1 else f"the {shown} clearest are"
    fewer = f"; {clearest} shown" if shown < found else ""
    stood_out = f"{plural(tested, 'rule')}{about} stood out in training"
    if tested == MOST_TESTED:
        stood_out = f"The {tested:,} rules{about} that stood out most in training were tested"
    return (
        f"{stood_out}, {found:,} of them held on {unseen}{fewer}. At most 0.1 % of such rules are "
        "expected to be false."
    )


def rules_table(labels: Sequence[str], rules: Sequence[AssociationRule], what: str) -> Table:
    """Rules beside each other, with support, confidence and lift on held-out rows.

    Args:
        labels: One name a rule.
        rules: The rules.
        what: What is counted ("rows", "baskets").
    """
    rows = []
    for label, rule in zip(labels, rules, strict=True):
        support = round(rule.both / rule.rows, 4)
        shares = (support, round(rule.confidence, 4), round(rule.base, 4))
        p_value = float(f"{rule.p_value:.3g}")
        rows.append((label, rule.both, *shares, round(rule.lift, 3), p_value))
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
        tuple(rows),
        f"Rules on held-out {what}",
    )


def lifts_picture(title: str, labels: Sequence[str], rules: Sequence[AssociationRule]) -> Picture:
    """The lifts of rules beside each other."""
    lifts = tuple(round(rule.lift, 2) for rule in rules)
    unit = "times as often as by chance (1 is chance; the scale doubles)"
    return Picture("ratios", title, tuple(labels), (("lift", lifts),), unit)


def counts_table(premise: str, conclusion: str, rule: AssociationRule, what: str) -> Table:
    """The four counts of held-out rows that a rule rests on."""
    missed = rule.concluded - rule.both
    others = rule.rows - rule.premised
    share = round(missed / others, 4) if others else None
    return Table(
        (f"held-out {what}", conclusion, "without", "share"),
        (
            (premise, rule.both, rule.premised - rule.both, round(rule.confidence, 4)),
            ("all others", missed, others - missed, share),
        ),
    )
