"""Whether images generated for each class help a classifier: the table of docs/images.md.

    python benchmarks/augmentation.py [SET ...] [--sizes 100 300 1000 0] [--minutes 3] [--seeds 0 1
    2] [--cores 2]
                                      [--repeats 1] [--page]

Of each set so many real training images are drawn (0: all). A `gan` learns them for so many minutes
and makes as many again (at most 5,000), of each label equally many. The verdict compares a
convolutional classifier of real and generated images with the same classifier, of as many steps and
with the same augmentation (moved by up to 2 pixels, and mirrored where left and right mean
nothing), of real images, of class weights and of real images repeated; the best of these three is
shown. Each fold learns from four fifths of the real images and of what is nearest to them. All are
tested on held-out real images, of cells on other photographs. What was measured is kept in
benchmarks/results; `--page` only writes the table.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from halves import ROOT, SHARED

import tidemill as tm
from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column, Schema
from tidemill.imaging.pixels import images
from tidemill.supervised.folds import subset
from tidemill.trials.controls import REAL
from tidemill.trials.problem import problem_of
from tidemill.trials.verdict import verdict

PAGE, RESULTS = ROOT / "docs" / "images.md", ROOT / "benchmarks" / "results" / "augmentation.json"
MEASURE = "balanced_accuracy"
MOST = 5000


@dataclass(frozen=True)
class _Set:
    """A file of images, and the learner whose augmentation suits them: hearts are on the left,
    cells anywhere."""

    path: str
    learner: str


SETS = {
    "pneumoniamnist": _Set("pneumoniamnist/pneumoniamnist.npz", "convolutional"),
    "blood_cells": _Set("blood_cells/blood_cells_28.npz", "mirrored"),
}


def sides(name: str) -> tuple[Dataset, Dataset]:
    """Training and test images by the set's own split; that of cells is by the photographs they are
    cut from."""
    with np.load(SHARED / SETS[name].path) as arrays:
        if "train_images" in arrays:
            parts = {
                part: (arrays[f"{part}_images"], arrays[f"{part}_labels"])
                for part in ("train", "test")
            }
        else:
            inside = {part: arrays["split"] == part for part in ("train", "test")}
            parts = {
                part: (arrays["images"][at], arrays["labels"][at]) for part, at in inside.items()
            }
    return dataset(*parts["train"], name), dataset(*parts["test"], name)


def dataset(shown: np.ndarray, labels: np.ndarray, name: str) -> Dataset:
    frame = pl.DataFrame(
        [images("image", shown), pl.Series("label", [str(label) for label in labels.ravel()])]
    )
    return Dataset(
        frame,
        Schema((Column("image", "image"), Column("label", "category", role="target"))),
        name=name,
    )


def drawn(train: Dataset, size: int, seed: int) -> Dataset:
    """So many training images, of each class its part; 0 for all."""
    if not 0 < size < len(train):
        return train
    problem = problem_of(train)
    return train.rows(
        subset(problem.label, size / len(train), len(problem.classes), np.random.default_rng(seed))
    )


def measured(
    name: str, size: int, seed: int, minutes: float, cores: int, repeats: int = 1
) -> dict[str, Any]:
    """One verdict, and what it rests on."""
    train, test = sides(name)
    real = drawn(train, size, seed)
    model = tm.fit(real, options={"cores": cores}, seed=seed, minutes=minutes)
    made = model.draw(
        min(len(real), MOST), balance={"label": "equal"}, run=tm.Run(seed, threads=cores)
    ).data
    found = verdict(
        real,
        made,
        tm.Run(seed, threads=cores),
        holdout=test,
        metric=MEASURE,
        learners=[SETS[name].learner],
        shares=(1.0,),
        repeats=repeats,
    )
    first = next(c for c in found.contrasts if c.share == 1 and c.measure == MEASURE)
    return {
        "set": name,
        "size": size,
        "seed": seed,
        "minutes": minutes,
        "real": len(real),
        "made": len(made),
        "control": first.control,
        "reference": first.reference,
        "value": first.value,
        "gain": first.gain,
        "low": first.low,
        "high": first.high,
        "helps": found.helps,
        "reason": found.reason,
    }


def table(results: list[dict[str, Any]]) -> str:
    """One row for each verdict."""
    lines = [
        "| set | real images | generated | seed | balanced accuracy, best without | with "
        "generated | "
        "difference, points (95 % interval) | which without | verdict |",
        "| --- |" + " --- |" * 8,
    ]
    for r in sorted(results, key=lambda r: (list(SETS).index(r["set"]), r["real"], r["seed"])):
        gain, low, high = (100 * r[part] for part in ("gain", "low", "high"))
        word = "helps" if r["helps"] else "harms" if high < 0 else "no gain proven"
        control = "real images" if r["control"] == REAL else r["control"].replace("rows", "images")
        lines.append(
            f"| {r['set']} | {r['real']:,} | {r['made']:,} | {r['seed']} | {r['reference']:.3f} | "
            f"{r['value']:.3f} | {gain:+.1f} ({low:+.1f} to {high:+.1f}) | {control} | {word} |"
        )
    return "\n".join(lines)


def kept() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}")
    parser.add_argument("--sizes", type=int, nargs="*", default=[100, 300, 1000, 0])
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--repeats", type=int, default=1, help="of the five folds")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--page", action="store_true", help="only write the table")
    asked = parser.parse_args()
    for seed in () if asked.page else asked.seeds:
        for name in asked.sets or SETS:
            for size in asked.sizes:
                one = measured(name, size, seed, asked.minutes, asked.cores, asked.repeats)
                others = [
                    r for r in kept() if (r["set"], r["size"], r["seed"]) != (name, size, seed)
                ]
                RESULTS.write_text(
                    json.dumps([*others, one], indent=1, ensure_ascii=False), encoding="utf-8"
                )
                print(one, flush=True)
    text = table(kept())
    if PAGE.exists():
        marked = re.compile(
            r"(<!-- augmentation:start -->\n).*?(<!-- augmentation:end -->)", re.DOTALL
        )
        PAGE.write_text(
            marked.sub(
                lambda match: f"{match[1]}{text}\n{match[2]}", PAGE.read_text(encoding="utf-8")
            ),
            "utf-8",
        )
    print(text)


if __name__ == "__main__":
    main()
