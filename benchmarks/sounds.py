"""Spoken digits made by the models of images: the table of docs/sound.md.

    python benchmarks/sounds.py [--models NAME ...] [--minutes 10] [--seeds 0] [--cores 2] [--cpu]

Takes 0 to 3 of each speaker and digit are held out (240 of 1,200); the others are learned. The
judge is a support vector machine with Gaussian kernels on 40 x 44 pictures of real takes. With
``--cpu`` the minutes are those of processors and not of the clock, for machines that are busy.
What was measured is kept in benchmarks/results; `--page` only writes the table.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
from halves import ROOT, SHARED

import tidemill as tm
from tidemill.acoustics.sounds import pictures, rate_of, samples, sounds
from tidemill.acoustics.spectrogram import Spectrogram
from tidemill.acoustics.wav import wav
from tidemill.core.dataset import Dataset
from tidemill.supervised.hearing import Hearing

PAGE, RESULTS = ROOT / "docs" / "sound.md", ROOT / "benchmarks" / "results" / "sounds.json"
DATA = SHARED / "spoken_digits" / "spoken_digits.zip"
HELD_OUT = 4
ASKED = 200
FIGURES = {
    "heard": "judge hears the asked digit",
    "other_voices": "a judge that knows no take of its speaker",
    "speaker": "judge hears the asked speaker",
    "taught": "learned from made takes, right on real ones",
    "together": "learned from both",
}


def sides() -> tuple[Dataset, Dataset]:
    """Takes to learn from, and those that are held out."""
    data = tm.read(f"{DATA}?names={{digit}}_{{speaker}}_{{take}}")
    held = data["take"].cast(pl.String).cast(pl.Int64) < HELD_OUT
    names = ["sound", "digit", "speaker"]
    train, holdout = (data.rows(part.to_numpy()).select(names) for part in (~held, held))
    return train, holdout


def seen(data: Dataset) -> np.ndarray:
    return pictures(data["sound"], 40, 44)


def of(data: Dataset, name: str) -> np.ndarray:
    return data[name].to_numpy().astype(str)


def judged(train: Dataset, holdout: Dataset, made: Dataset) -> dict[str, float]:
    """The figures of made takes; of real ones in their place, where they are held out."""
    real, tested, shown = seen(train), seen(holdout), seen(made)
    digits, speakers = of(train, "digit"), of(train, "speaker")
    judge, ear = Hearing.learned(real, digits), Hearing.learned(real, speakers)
    found = {
        "heard": float((judge.said(shown) == of(made, "digit")).mean()),
        "heard_of_200": float((judge.said(shown[:ASKED]) == of(made, "digit")[:ASKED]).mean()),
        "speaker": float((ear.said(shown) == of(made, "speaker")).mean()),
    }
    right = []
    for who in np.unique(speakers):
        others = Hearing.learned(real[speakers != who], digits[speakers != who])
        own = of(made, "speaker") == who
        right.append(others.said(shown[own]) == of(made, "digit")[own])
    found["other_voices"] = float(np.concatenate(right).mean())
    truth = of(holdout, "digit")
    taught = Hearing.learned(shown, of(made, "digit"))
    found["taught"] = float((taught.said(tested) == truth).mean())
    both = Hearing.learned(
        np.concatenate([real, shown]), np.concatenate([digits, of(made, "digit")])
    )
    found["together"] = float((both.said(tested) == truth).mean())
    return found


def through_a_picture(holdout: Dataset) -> Dataset:
    """Held-out takes as they come back from the pictures that models learn."""
    values = holdout["sound"]
    heard = Spectrogram(rate_of(values))
    shown = heard.pictures([take / 32_768 for take in samples(values)])
    back = [
        np.rint(heard.sound(picture, len(take)) * 32_767).astype(np.int16)
        for picture, take in zip(shown, samples(values), strict=True)
    ]
    frame = holdout.frame.with_columns(sounds("sound", back, rate_of(values)))
    return Dataset(frame, holdout.schema, name="through pictures")


def measured(model: str, seed: int, minutes: float, cores: int, keep: Path | None) -> Any:
    train, holdout = sides()
    began = time.process_time()
    learned = tm.fit(train, model=model, options={"cores": cores}, seed=seed, minutes=minutes)
    fitted = time.process_time() - began
    made = learned.sample_dataset(len(train), run=tm.Run(seed))
    if keep is not None:
        learned.save(keep / f"{model}.tidemill", overwrite=True)
        heard = [np.pad(take, (0, 2000)) for take in samples(made["sound"][:20])]
        (keep / f"{model}.wav").write_bytes(wav(np.concatenate(heard), rate_of(made["sound"])))
    told = {"model": model, "seed": seed, "minutes": minutes, "cores": cores}
    steps = learned.manifest["steps_done"]
    return {**told, "cpu_seconds": fitted, "steps": steps, **judged(train, holdout, made)}


def real() -> list[dict[str, Any]]:
    """Held-out takes in the place of made ones, as they are and through their pictures."""
    train, holdout = sides()
    found = [("held-out takes (ceiling)", holdout)]
    found.append(("held-out takes through pictures", through_a_picture(holdout)))
    rows = []
    for name, data in found:
        row: dict[str, Any] = judged(train, holdout, data)
        row["taught"] = row["together"] = None
        rows.append({"model": name, "seed": 0, **row})
    digits = of(holdout, "digit")
    learned = Hearing.learned(seen(train), of(train, "digit"))
    rows[0]["taught"] = float((learned.said(seen(holdout)) == digits).mean())
    return rows


def table(results: list[dict[str, Any]]) -> str:
    lines = [
        f"| | {' | '.join(FIGURES.values())} | CPU s | steps |",
        "| --- |" + " --- |" * (len(FIGURES) + 2),
    ]
    for model in dict.fromkeys(row["model"] for row in results):
        own = [row for row in results if row["model"] == model]
        cells = []
        for figure in FIGURES:
            values = [row[figure] for row in own if row[figure] is not None]
            cells.append(f"{median(values):.3f}" if values else "–")
        for figure in ("cpu_seconds", "steps"):
            values = [row[figure] for row in own if figure in row]
            cells.append(f"{median(values):,.0f}" if values else "–")
        name = f"`{model}`" if " " not in model else model
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="*", default=["gan"])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--cpu", action="store_true", help="minutes of processors")
    parser.add_argument("--keep", type=Path, help="a folder for the models and 20 takes of each")
    parser.add_argument("--page", action="store_true", help="only write the table")
    asked = parser.parse_args()
    if asked.cpu:
        time.monotonic = time.process_time  # what runs count their minutes by
    stored = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else real()
    for seed in () if asked.page else asked.seeds:
        for model in asked.models:
            one = measured(model, seed, asked.minutes, asked.cores, asked.keep)
            print(one, flush=True)
            stored = [row for row in stored if (row["model"], row["seed"]) != (model, seed)] + [one]
            RESULTS.write_text(json.dumps(stored, indent=1, ensure_ascii=False), encoding="utf-8")
    marked = re.compile(r"(<!-- sounds:start -->\n).*?(<!-- sounds:end -->)", re.DOTALL)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        marked.sub(lambda found: f"{found[1]}{table(stored)}\n{found[2]}", page), "utf-8"
    )
    print(table(stored))


if __name__ == "__main__":
    main()
