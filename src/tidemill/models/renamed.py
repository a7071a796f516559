"""Options under the names that they had before: refused where a user gives them, read where they
are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RENAMED: Mapping[str, str] = {
    "average": "ema_decay",
    "canonical": "fixed_order",
    "check": "eval_every",
    "cuts": "lr_cuts",
    "discrete": "max_levels",
    "frequent": "atom_share",
    "heat": "temperature",
    "hidden": "source_dropout",
    "lazy": "penalty_every",
    "moves": "sampling_steps",
    "pace": "critic_rate",
    "rare": "rare_oversampling",
    "rise": "kl_warmup",
    "unguided": "context_dropout",
    "vary": "augment",
}
"""Old name -> new name."""


def new_name(option: str, known: Mapping[str, Any]) -> str | None:
    """What an old option is called now; None where it is none of those that are known."""
    name = RENAMED.get(option)
    return name if option not in known and name in known else None


def current(options: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Stored options under today's names.

    Args:
        options: Option -> value, perhaps under old names.
        known: The options that there are, by name.

    Example:
        >>> current({"moves": 30, "depth": 3}, {"sampling_steps": 20, "depth": 2})
        {'sampling_steps': 30, 'depth': 3}
    """
    return {new_name(name, known) or name: value for name, value in options.items()}
