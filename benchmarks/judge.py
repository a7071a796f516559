"""What rows are worth: tidemill's metrics on the half that was not learned, the same for every
generator."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from math import isnan
from pathlib import Path

import tidemill as tm
from tidemill.auditing.closeness import CLOSENESS
from tidemill.auditing.copies import COPIES
from tidemill.core.dataset import Dataset
from tidemill.core.score import Score

SOURCE = Path(tm.__file__).parent

Triple = tuple[float | None, float | None, float | None]
"""Floor (independent columns), value, ceiling (the real training half in the rows' place)."""

FIGURES: dict[str, tuple[str, Callable[[Score], bool], Callable[[Score], Triple]]] = {
    "tree AUC": ("detection", lambda s: "tree" in s.name, lambda s: (s.floor, s.value, s.ceiling)),
    "pair error": ("pairs", lambda s: s.column is None, lambda s: (s.floor, s.value, s.ceiling)),
    "utility": ("utility", lambda s: "boosted" in s.name, lambda s: (s.floor, s.value, s.ceiling)),
    "closeness": (
        "privacy",
        lambda s: s.name == CLOSENESS,
        lambda s: (
            s.figures.get("share_floor"),
            s.figures.get("share"),
            0.5,
        ),
    ),
    "copies": (
        "privacy",
        lambda s: s.name == COPIES,
        lambda s: (None, s.figures.get("made_exact"), s.figures.get("unseen_exact")),
    ),
    "extra copies": (
        "privacy",
        lambda s: s.name == COPIES,
        lambda s: (None, _extra(s.figures), None),
    ),
}


def _extra(figures: Mapping[str, float]) -> float | None:
    if "made_exact" not in figures:
        return None
    return figures["made_exact"] - figures["made_exact_by_chance"]


def judged(train: Dataset, holdout: Dataset, synthetic: Dataset, seed: int) -> dict[str, Triple]:
    """Each figure's floor, value and ceiling; None where it cannot be computed."""
    scores = tm.evaluate(
        train, holdout, synthetic, metrics=["detection", "pairs", "utility", "privacy"], seed=seed
    )
    found = {
        figure: (next((s for s in scores.of(metric) if wanted(s)), None), part)
        for figure, (metric, wanted, part) in FIGURES.items()
    }
    # the score is not there where rows have one class only: then nothing can be learned from them
    return {
        figure: (None, None, None) if score is None else _finite(part(score))
        for figure, (score, part) in found.items()
    }


def _finite(triple: Triple) -> Triple:
    floor, value, ceiling = (
        None if part is None or isnan(part) else round(part, 6) for part in triple
    )
    return floor, value, ceiling


def judge_version() -> str:
    """Changes with the code that judges."""
    return fingerprint(_files("supervised", "metrics", "auditing"))


def our_version() -> str:
    """Changes with the code that learns and makes rows."""
    return fingerprint(_files("core", "io", "codecs", "models", "synthesis"))


def _files(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in (SOURCE / room).rglob("*.py")]


def fingerprint(paths: Iterable[Path]) -> str:
    """The version of tidemill and eight hexadecimal digits of these files' content."""
    found = hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(paths)))
    return f"{tm.__version__}+{found.hexdigest()[:8]}"
