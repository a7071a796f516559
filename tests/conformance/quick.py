"""Models that learn a small table in seconds."""

from __future__ import annotations

from typing import Any

from tidemill.models import MODELS

NEURAL = tuple(name for name, entry in MODELS.items() if entry.extra == "deep")
"""Families on the trainer."""
OF_ROWS = tuple(name for name in MODELS if "row" in MODELS.load(name).learns)
"""Models of tables."""

_QUICK: dict[str, Any] = {
    "steps": 400,
    "eval_every": 100,
    "batch": 128,
    "cores": 1,
    "width": 64,
    "depth": 2,
    "sampling_steps": 12,
    "inner_options": "sampling_steps=12",
    "pairs": 16,
    "kl_warmup": 100,
}


def quick(name: str, **options: Any) -> dict[str, Any]:
    """Options with which a model learns a small table in seconds; those that it has not are left
    out."""
    has = MODELS.load(name).parameters
    return {key: value for key, value in {**_QUICK, **options}.items() if key in has}


def completes(name: str) -> bool:
    """Whether a model can complete given rows."""
    return bool(getattr(MODELS.load(name), "completes", True))


COMPLETING = tuple(name for name in OF_ROWS if completes(name))
CONDITIONED = (*COMPLETING, "flow")
"""Models whose rows under conditions are looked at: families that draw until enough rows pass do so
by the same code."""
