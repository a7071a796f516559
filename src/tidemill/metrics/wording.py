"""Figures in plain words."""

from __future__ import annotations

from collections.abc import Sequence


def percent(share: float) -> str:
    """A share as a percentage, with the digits that matter near 0 and near 1.

    Example:
        >>> (percent(0.5), percent(0.0423), percent(0.9962), percent(0.0), percent(0.00004),
        ...     percent(0.99999))
        ('50.0 %', '4.2 %', '99.6 %', '0 %', 'under 0.01 %', 'nearly 100 %')
    """
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    if abs(value) < 0.01:
        return "under 0.01 %"
    if 99.995 <= value < 100:
        return "nearly 100 %"
    if abs(value) < 1 or abs(value) > 99.9:
        return f"{value:.2f} %"
    return f"{value:.1f} %"


def ratio(value: float) -> str:
    """A figure between 0 and 1 (an AUC, an R²) with three decimals.

    Example:
        >>> ratio(0.53849), ratio(-0.0001)
        ('0.538', '0.000')
    """
    text = f"{value:.3f}"
    return "0.000" if text == "-0.000" else text


def counted(count: int, noun: str) -> str:
    """A count with its noun in the right number.

    Example:
        >>> counted(1, "row"), counted(2000, "row")
        ('1 row', '2,000 rows')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def listing(parts: Sequence[str]) -> str:
    """Names joined as in a sentence.

    Example:
        >>> listing(["age", "plan", "city"])
        "'age', 'plan' and 'city'"
    """
    quoted = [f"'{part}'" for part in parts]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
