"""What was measured: one small JSON file for each set, generator, options and seed; a run goes on
from there."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Result:
    """One generator on one set with one seed.

    Attributes:
        set, generator, seed, options: What was run; options only where they are not the defaults.
        state: "done", "cut" (not finished within the cap) or "failed".
        note: What fitted into the time, or what went wrong.
        rows, columns: Of the training half.
        fit, sample: Seconds; None where it did not finish.
        peak_mib: Peak memory of the process.
        cap: Seconds that fitting and sampling together could take; 0 for no cap.
        versions: Of what made the rows.
        judge: Of what judged them.
        figures: figure -> (floor, value, ceiling).
    """

    set: str
    generator: str
    seed: int
    options: Mapping[str, Any] = field(default_factory=dict)
    state: str = "done"
    note: str = ""
    rows: int = 0
    columns: int = 0
    fit: float | None = None
    sample: float | None = None
    peak_mib: float | None = None
    cap: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    judge: str = ""
    figures: Mapping[str, list[float | None]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its file's name, and of its rows' folder."""
        options = "".join(f"@{key}={value}" for key, value in sorted(self.options.items()))
        return f"{self.generator}{options}-{self.seed}"

    @property
    def seconds(self) -> float | None:
        """Fitting and sampling together."""
        return None if self.fit is None or self.sample is None else self.fit + self.sample

    def figure(self, name: str) -> float | None:
        """The value between floor and ceiling; None where there is none."""
        return self.figures.get(name, [None, None, None])[1]


def stored(result: Result) -> None:
    """Write the file of a result."""
    path = FOLDER / result.set / f"{result.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(result), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def all_results() -> list[Result]:
    """All that are stored, in the order of their names."""
    return [
        Result(**json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*/*.json"))
    ]


def found(like: Result) -> Result | None:
    """The stored result of the same set, generator, options and seed."""
    path = FOLDER / like.set / f"{like.name}.json"
    return Result(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def median(results: list[Result], part: Callable[[Result], float | None]) -> float | None:
    """Over the results that have the part; None where none has."""
    values = [value for result in results if (value := part(result)) is not None]
    return statistics.median(values) if values else None
