"""Models of images side by side, each with the same minutes on the same two cores: the tables and
sheets of docs/images.md.

    python benchmarks/images.py [SET ...] [--models NAME ...] [--minutes 10] [--seeds 0 1 2]
    [--cores 2]

Models are those of tidemill, "dcgan" for its preset, and "diffusion" for
denoising-diffusion-pytorch in the peers' environment (`make peers`). Each fit runs in a process of
its own. What was measured is kept in benchmarks/results, and a fit is measured again when it is
asked for; `--page` only writes the tables. Medians over seeds are shown.

Fréchet distance, precision, recall, density and coverage: of as many made images as there are
held-out ones, against these, in features of a classifier of scikit-learn's digits, or of the
labels, where there are such. Accuracy: of a two-layer convolutional classifier that learned from as
many made images as there are training images, on held-out real ones. Plain accuracy: of a second
judge, two convolutions and a dense layer, six epochs of Adam on at most 15,000 images. Label right:
the share of made images in which a classifier of real training images sees the label that they were
made for, beside that of held-out real ones.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
import torch
from halves import ROOT, SHARED
from PIL import Image
from torch import nn
from torch.nn import functional

import tidemill as tm
from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column, Schema
from tidemill.imaging.classifier import Classifier
from tidemill.imaging.judge import judge_of_structure
from tidemill.imaging.labelled import LabelledImages
from tidemill.imaging.pixels import images, pixels
from tidemill.imaging.sheet import contact_sheet, png
from tidemill.imaging.transparency import on_ground, premultiplied, straight
from tidemill.metrics.images.distribution import STRUCTURE_STEPS
from tidemill.metrics.images.features import ImageSets
from tidemill.metrics.images.frechet import frechet
from tidemill.metrics.images.manifolds import precision_recall_density_coverage
from tidemill.metrics.images.telling import told_apart
from tidemill.models.presets import PRESETS

PAGE, RESULTS = ROOT / "docs" / "images.md", ROOT / "benchmarks" / "results" / "images.json"
SHEETS = ROOT / "docs" / "pictures"
PEER = ROOT / "benchmarks" / ".venv-peers" / "bin" / "python"
FIGURES = (
    *("Fréchet", "precision", "recall", "density", "coverage", "accuracy", "label right"),
    *("Fréchet of structure", "coverage of structure", "told apart", "plain accuracy"),
)
BY_FEATURES = FIGURES[:6]
SETS = (
    "quickdraw_cat",
    "fashion_mnist",
    "pneumoniamnist",
    "mnist_5k",
    "cifar10_cat",
    "pixel_sprites",
)
DEFAULT = {
    "quickdraw_cat": ("gan", "dcgan", "diffusion"),
    "fashion_mnist": ("gan",),
    "pixel_sprites": ("gan", "dcgan", "diffusion"),
}
CHARACTERS = ("mon", "player", "item")
"""Categories of pixel_sprites that are learned: not the scenery."""
SHOWN, ACROSS = 40, 10

Side = tuple[np.ndarray, list[str] | None]
"""Images (n, height, width, channels), and what each shows."""


def sides(name: str) -> tuple[Side, Side]:
    """Training and held-out images: the set's own split, or three quarters and a quarter."""
    folder = SHARED / name
    if name == "cifar10_cat":
        with zipfile.ZipFile(folder / "cifar10_cat.zip") as packed:
            names = sorted(n for n in packed.namelist() if n.endswith(".jpg"))
            found = {
                n: np.asarray(Image.open(io.BytesIO(packed.read(n))).convert("RGB")) for n in names
            }
        return tuple(
            (np.stack([found[n] for n in names if f"{part}/" in n]), None)
            for part in ("train", "test")
        )
    if name == "pixel_sprites":
        with np.load(folder / "crawl_tiles_32.npz") as arrays:
            kept = np.isin(arrays["category"], CHARACTERS)
            whole = arrays["images"][kept]
            return divided(whole, [str(label) for label in arrays["category"][kept]])
    with np.load(
        folder / {"fashion_mnist": "fashion_mnist_sub.npz"}.get(name, f"{name}.npz")
    ) as arrays:
        if "train_images" in arrays:
            return tuple(
                (
                    arrays[f"{part}_images"][..., None],
                    [str(label) for label in arrays[f"{part}_labels"].ravel()],
                )
                for part in ("train", "test")
            )
        whole = arrays["images"][..., None]
        said = [str(label) for label in arrays["labels"]] if "labels" in arrays else None
    return divided(whole, said)


def divided(whole: np.ndarray, said: list[str] | None) -> tuple[Side, Side]:
    """Three quarters and a quarter, at random."""
    order = np.random.default_rng(0).permutation(len(whole))
    cut = len(whole) * 3 // 4
    return tuple((whole[at], said and [said[i] for i in at]) for at in (order[:cut], order[cut:]))


def dataset(side: Side, name: str) -> Dataset:
    shown, said = side
    columns = [images("image", shown), *([] if said is None else [pl.Series("label", said)])]
    kinds = (
        Column("image", "image"),
        *(() if said is None else (Column("label", "category", role="target"),)),
    )
    return Dataset(pl.DataFrame(columns), Schema(kinds), name=name)


def ours(model: str, name: str, seed: int, minutes: float, cores: int, folder: Path) -> None:
    """In the child: learn the training images, and write as many."""
    train, _ = sides(name)
    preset = model if model in PRESETS else None
    began = time.perf_counter()
    learned = tm.fit(
        dataset(train, name),
        model=None if preset else model,
        preset=preset,
        options={"cores": cores},
        seed=seed,
        minutes=minutes,
    )
    fitted = time.perf_counter()
    made = learned.sample_dataset(len(train[0]), run=tm.Run(seed))
    told = {
        "fit": fitted - began,
        "sample": time.perf_counter() - fitted,
        "steps": learned.manifest["steps_done"],
        "best": learned.best_step,
    }
    np.save(folder / "made.npy", pixels(made["image"]))
    if train[1] is not None:
        (folder / "labels.json").write_text(json.dumps(made["label"].to_list()), encoding="utf-8")
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


def peer(name: str, seed: int, minutes: float, cores: int, folder: Path) -> None:
    """The peer makes as many images as there are held-out ones: its sampling is slow."""
    train, holdout = sides(name)
    np.save(folder / "train.npy", premultiplied(train[0]))
    script = ROOT / "benchmarks" / "diffusion_peer.py"
    done = subprocess.run(
        [
            PEER,
            script,
            folder / "train.npy",
            str(60 * minutes),
            str(len(holdout[0])),
            str(seed),
            str(cores),
            folder / "made.npy",
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    (folder / "told.json").write_text(done.stdout.splitlines()[-1], encoding="utf-8")


def measured(model: str, name: str, seed: int, minutes: float, cores: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if model == "diffusion":
            peer(name, seed, minutes, cores, folder)
        else:
            subprocess.run(
                [
                    sys.executable,
                    __file__,
                    "--child",
                    model,
                    name,
                    str(seed),
                    str(minutes),
                    str(cores),
                    place,
                ],
                check=True,
            )
        told = json.loads((folder / "told.json").read_text(encoding="utf-8"))
        made = np.load(folder / "made.npy")
        said = folder / "labels.json"
        labels = json.loads(said.read_text(encoding="utf-8")) if said.exists() else None
    made = made if made.ndim == 4 else made[..., None]
    if model == "diffusion":
        made = straight(made)
    if seed == 0:
        SHEETS.mkdir(exist_ok=True)
        shown = made[:SHOWN] if labels is None else _by_label(made, labels)
        (SHEETS / f"{name}-{model}.png").write_bytes(
            png(contact_sheet(on_ground(shown, 255), ACROSS, scale=2))
        )
    train, holdout = sides(name)
    return {
        "model": model,
        "set": name,
        "seed": seed,
        "minutes": minutes,
        "cores": cores,
        **told,
        **judged(train, holdout, (made, labels), seed),
    }


def _by_label(made: np.ndarray, labels: list[str]) -> np.ndarray:
    """A row of images for each label, or two where there are few."""
    classes = sorted(set(labels))
    each = ACROSS * max(1, 4 // len(classes))
    return np.concatenate([made[np.flatnonzero(np.array(labels) == one)[:each]] for one in classes])


def judged(train: Side, holdout: Side, made: Side, seed: int) -> dict[str, Any]:
    """Each figure as [floor, made, ceiling]; the floor are pixels drawn independently, the ceiling
    training images."""
    rng, run = np.random.default_rng(seed), tm.Run(seed)
    real, said = train
    n = len(holdout[0])
    judge = (
        Classifier.of_digits(real.shape[1:], run)
        if said is None
        else Classifier.learned(real, said, run)
    )
    noise = np.stack(
        [rng.permutation(real.reshape(len(real), -1)[:, k]) for k in range(real[0].size)], axis=1
    )
    order = rng.permutation(len(real))
    sorts = [noise.reshape(real.shape), made[0], real[order]]
    target = judge.features(holdout[0])
    found: dict[str, list[float | None]] = {figure: [] for figure in BY_FEATURES}
    for shown in sorts:
        features = judge.features(shown[:n])
        found["Fréchet"].append(frechet(target, features))
        for figure, value in (
            precision_recall_density_coverage(unit(target), unit(features))._asdict().items()
        ):
            if figure in found:
                found[figure].append(float(value))
    names = [said, made[1], said and [said[i] for i in order]]
    for shown, own in zip(sorts, names, strict=True):
        for figure, of in (("accuracy", accuracy), ("plain accuracy", plain_accuracy)):
            labelled = own is not None and holdout[1] is not None
            value = of((shown, own), holdout, seed) if labelled else None
            found.setdefault(figure, []).append(value)
    if said is not None and made[1] is not None and holdout[1] is not None:
        seen = [(noise.reshape(real.shape), said), (made[0], made[1]), holdout]
        found["label right"] = [right(judge, *side) for side in seen]
    return found | by_structure(real, holdout[0], made[0], sorts[0], seed)


def by_structure(
    train: np.ndarray, holdout: np.ndarray, made: np.ndarray, noise: np.ndarray, seed: int
) -> dict[str, list[float]]:
    """The figures of a network that learned what is where in three quarters of the training images,
    the others being the ceiling, and of one that learned the difference."""
    run, n = tm.Run(seed), len(holdout)
    cut = len(train) // 4
    judge = judge_of_structure(album(train[cut:]), run, steps=STRUCTURE_STEPS)
    target = judge.features(holdout)
    found: dict[str, list[float]] = {"Fréchet of structure": [], "coverage of structure": []}
    for shown in (noise, made, train[:cut]):
        features = judge.features(shown[:n])
        found["Fréchet of structure"].append(frechet(target, features))
        near = precision_recall_density_coverage(unit(target), unit(features))
        found["coverage of structure"].append(near.coverage)
    told = told_apart(ImageSets(*map(album, (train, holdout, made[:n], noise))), run)
    return {**found, "told apart": [1.0, float(told.value or 0.0), 0.5]}


def album(pixels: np.ndarray) -> LabelledImages:
    return LabelledImages(pixels, np.full(len(pixels), ""))


def planted(name: str) -> str:
    """How far images of the right means and correlations, and nothing else, are from real ones, by
    features of a classifier of the labels (or of digits) and by those of what is where."""
    train, (holdout, _) = sides(name)
    order = np.random.default_rng(0).permutation(len(train[0]))[:5000]
    real, n = train[0][order], min(len(holdout), 1000)
    kept, rest = real[:n], real[n:]
    flat = rest.reshape(len(rest), -1).astype(float)
    weights = np.random.default_rng(1).normal(size=(n, len(flat))) / np.sqrt(len(flat))
    drawn = flat.mean(axis=0) + weights @ (flat - flat.mean(axis=0))
    drawn = drawn.clip(0, 255).round().astype(np.uint8).reshape(n, *real.shape[1:])
    run, names = tm.Run(0), train[1]
    plain = (
        Classifier.of_digits(real.shape[1:], run)
        if names is None
        else Classifier.learned(rest, [names[i] for i in order[n:]], run)
    )
    lines = [f"{name}: Fréchet distance of images of independent components (of real ones)"]
    for said, judge in (
        ("labels" if names else "digits", plain),
        ("what is where", judge_of_structure(album(rest), run, steps=STRUCTURE_STEPS)),
    ):
        target = judge.features(holdout[:n])
        far = [frechet(target, judge.features(some)) for some in (drawn, kept)]
        lines.append(f"  {said}: {far[0]:.2f} ({far[1]:.2f})")
    return "\n".join(lines)


def right(judge: Classifier, shown: np.ndarray, labels: list[str]) -> float:
    """The share of images in which the judge sees their label."""
    seen = np.array(judge.classes)[judge.chances(shown).argmax(axis=1)]
    return float((seen == np.array(labels)).mean())


def unit(features: np.ndarray) -> np.ndarray:
    """Features of length 1, as the metrics of images take them."""
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)


def accuracy(learned: Side, tested: Side, seed: int) -> float:
    """Of a classifier of the one side on the other."""
    classifier = Classifier.learned(learned[0], learned[1] or [], tm.Run(seed), seed=seed)
    return right(classifier, tested[0], tested[1] or [])


def plain_accuracy(learned: Side, tested: Side, seed: int) -> float:
    """Of a judge that is not the project's own, on the other side."""
    (shown, said), (asked, truth) = learned, tested
    classes = sorted(set(said or []))
    x = torch.tensor(shown[:15_000]).movedim(-1, 1).float() / 255
    target = torch.tensor([classes.index(label) for label in (said or [])[:15_000]])
    side = shown.shape[1] // 4 * (shown.shape[2] // 4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = nn.Sequential(
            *(nn.Conv2d(x.shape[1], 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(64 * side, 128), nn.ReLU(), nn.Linear(128, len(classes))),
        )
        optimizer = torch.optim.Adam(net.parameters(), 1e-3)
        for _ in range(6):
            for at in torch.randperm(len(x)).split(128):
                loss = functional.cross_entropy(net(x[at]), target[at])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        with torch.inference_mode():
            parts = torch.tensor(asked).movedim(-1, 1).float().div(255).split(512)
            seen = torch.cat([net(part).argmax(dim=1) for part in parts])
    return float(np.mean([classes[k] == label for k, label in zip(seen, truth or [], strict=True)]))


def table(results: list[dict[str, Any]], name: str) -> list[str]:
    """The rows of one set's table: the floor, the models, the ceiling."""
    mine = [r for r in results if r["set"] == name]
    figures = [f for f in FIGURES if all(measured_for(r, f) for r in mine)]
    lines = [
        f"**{name}**",
        "",
        f"| model | {' | '.join(figures)} | seeds | minutes | steps | sampling, s |",
        "| --- |" + " --- |" * (len(figures) + 4),
    ]
    for place, said in ((0, "independent pixels (floor)"), (2, "training images (ceiling)")):
        cells = (_cell(figure, median(r[figure][place] for r in mine)) for figure in figures)
        lines.append(f"| {said} | {' | '.join(cells)} | – | – | – | – |")
    for model in dict.fromkeys(r["model"] for r in mine):
        runs = [r for r in mine if r["model"] == model]
        cells = [_cell(figure, median(r[figure][1] for r in runs)) for figure in figures]
        minutes, steps, sample = (
            median(r[part] for r in runs) for part in ("minutes", "steps", "sample")
        )
        lines.append(
            f"| `{model}` | {' | '.join(cells)} | {len(runs)} | {minutes:g} | {steps:,.0f} | "
            f"{sample:.0f} |"
        )
    return [*lines, ""]


def measured_for(result: dict[str, Any], figure: str) -> bool:
    return figure in result and result[figure][1] is not None


def _cell(figure: str, value: float) -> str:
    return f"{value:.2f}" if figure.startswith("Fréchet") else f"{value:.3f}"


def main() -> None:
    if "--child" in sys.argv:
        model, name, seed, minutes, cores, folder = sys.argv[2:]
        return ours(model, name, int(seed), float(minutes), int(cores), Path(folder))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}")
    parser.add_argument("--models", nargs="*")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--page", action="store_true", help="only write the tables")
    parser.add_argument("--planted", action="store_true", help="only try the judges on the sets")
    asked = parser.parse_args()
    if asked.planted:
        print("\n".join(planted(name) for name in asked.sets))
        return None
    for name in () if asked.page else asked.sets or DEFAULT:
        for seed in asked.seeds:
            for model in asked.models or DEFAULT.get(name, ("gan",)):
                one = measured(model, name, seed, asked.minutes, asked.cores)
                results = (
                    json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
                )
                results = [
                    r for r in results if (r["model"], r["set"], r["seed"]) != (model, name, seed)
                ] + [one]
                RESULTS.write_text(
                    json.dumps(results, indent=1, ensure_ascii=False), encoding="utf-8"
                )
                print(
                    model,
                    name,
                    {k: v[1] if isinstance(v, list) else v for k, v in one.items()},
                    flush=True,
                )
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    text = "\n".join(
        line
        for name in SETS
        if any(r["set"] == name for r in results)
        for line in table(results, name)
    )
    if PAGE.exists():
        marked = re.compile(r"(<!-- images:start -->\n).*?(<!-- images:end -->)", re.DOTALL)
        PAGE.write_text(
            marked.sub(
                lambda match: f"{match[1]}{text}{match[2]}", PAGE.read_text(encoding="utf-8")
            ),
            "utf-8",
        )
    return print(text)


if __name__ == "__main__":
    main()
