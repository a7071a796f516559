"""Chorales and folk tunes: how well networks and counts foretell unseen pieces, and what their own
pieces are like, beside real ones.

    python benchmarks/music.py --data DIR [--set jsb] [--minutes 10] [--out results/music.json]

``DIR`` holds jsb_chorales/jsb_chorales_16th.npz and nottingham_abc/nottingham_abc.parquet.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

import tidemill as tm
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.score import Evidence
from tidemill.io.music.midi import midi_files
from tidemill.metrics.music.music import music
from tidemill.music.scores import runs_of, score_name, score_pieces
from tidemill.recipes.tune import NETWORK
from tidemill.synthesis.synthesizer import Synthesizer

SHOWN = 8
PUBLISHED = {
    "jsb": "a small transformer after 226 CPU seconds 0.543, Kneser-Ney over hand-made context "
    "0.584; papers 0.34 to 0.44 on GPUs"
}


def read_sets(name: str, folder: Path) -> dict[str, Dataset]:
    """Training pieces, and those that figures are taken from."""
    if name == "jsb":
        path = folder / "jsb_chorales" / "jsb_chorales_16th.npz"
        return {part: tm.read(f"{path}?part={part}") for part in ("train", "valid", "test")}
    path = folder / "nottingham_abc" / "nottingham_abc.parquet"
    data = tm.read(path, ignore=["title", "collection", "unit"])
    train, rest = tm.split(data, share=0.2, seed=0)
    half = np.arange(len(rest)) % 2 == 0
    return {"train": train, "valid": rest.rows(half), "test": rest.rows(~half)}


def nats_a_note(model: Synthesizer, data: Dataset) -> float:
    """The mean negative log-likelihood of what a voice does at a step. Pieces that are too long for
    the model, or have pitches that no training piece has, are left out."""
    stage = model._stages.last
    rows = []
    for row in range(len(data)):
        try:
            stage.codec.encode(data.rows(np.array([row])))
        except tm.TidemillError:
            continue
        rows.append(row)
    batch = stage.codec.encode(data.rows(np.array(rows)))
    levels = int(batch.mask.sum()) * batch.code.shape[-1]
    print(f"  {len(rows)} of {len(data)} pieces can be told")
    return -float(stage.generator.scores(batch).sum()) / levels


def judged(model: Synthesizer, sets: dict[str, Dataset], floor: Dataset, seed: int) -> dict:
    """Nats a note, and what as many new pieces as there are test pieces are like."""
    began = time.process_time()
    made = model.sample_dataset(len(sets["test"]), run=Run(seed))
    took = time.process_time() - began
    evidence = Evidence(sets["train"], sets["test"], made, floor)
    scores = {}
    for score in music(evidence, Run(seed)):
        scores[score.name] = [score.floor, score.value, score.ceiling]
    return {
        "nats": {part: nats_a_note(model, sets[part]) for part in ("valid", "test")},
        "cpu_seconds_a_piece": took / len(made),
        "scores": scores,
    }


def bench(name: str, folder: Path, minutes: float, stored: Path | None, seed: int) -> dict:
    sets = read_sets(name, folder)
    found = {"pieces": {part: len(data) for part, data in sets.items()}}
    column = score_name(sets["train"].schema)
    found["voices"] = int(score_pieces(sets["train"])[0].shape[1])
    floor_model = Synthesizer.fit(sets["train"].select([column]), Run(seed), "independent")
    floor = floor_model.sample_dataset(len(sets["test"]), run=Run(seed))
    for model, options in (("part_ngram", {}), ("autoregressive", {**NETWORK, "eval_every": 100})):
        began = time.process_time()
        if stored is not None and model == "autoregressive":
            learned = Synthesizer.load(stored)
        else:
            learned = Synthesizer.fit(sets["train"], Run(seed, minutes=minutes), model, options)
        cpu = time.process_time() - began
        found[model] = {
            "cpu_seconds": cpu,
            "steps": learned.manifest["steps_done"],
            **judged(learned, sets, floor, seed),
        }
        print(name, model, json.dumps(found[model], indent=1))
    return found


def draw(model: Synthesizer, folder: Path) -> None:
    """The first SHOWN pieces that a model makes: a picture of their notes, and a MIDI file each."""
    made = model.sample_dataset(SHOWN, run=Run(0))
    pieces = score_pieces(made)
    column = score_name(made.schema)
    for number, midi in enumerate(midi_files(made[column], made.frame.drop(column)), start=1):
        (folder / f"chorale-{number}.mid").write_bytes(midi)
    (folder / "chorales.svg").write_text(picture(pieces), encoding="utf-8")


def picture(pieces: list[np.ndarray]) -> str:
    """Piano rolls, two beside each other, as SVG."""
    colours = ("#0072b2", "#d55e00", "#009e73", "#b8608f")
    width, height, gap = 560, 150, 24
    lines = []
    for number, piece in enumerate(pieces):
        left, top = (number % 2) * (width + gap), (number // 2) * (height + gap + 14)
        sounds = [pitch for voice in range(piece.shape[1]) for *_, pitch in runs_of(piece, voice)]
        low, high = min(sounds), max(sounds)
        across, down = width / max(len(piece), 1), height / (high - low + 2)
        lines.append(f'<text x="{left}" y="{top + 12}">{number + 1}</text>')
        lines.append(
            f'<rect x="{left}" y="{top + 16}" width="{width}" height="{height}" fill="#f5f7f9"/>'
        )
        for voice in range(piece.shape[1]):
            for start, steps, pitch in runs_of(piece, voice):
                x, y = left + start * across, top + 16 + (high - pitch + 0.5) * down
                lines.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{steps * across - 0.4:.1f}" '
                    f'height="{down:.1f}" fill="{colours[voice % 4]}"/>'
                )
    size = (2 * width + gap, (len(pieces) + 1) // 2 * (height + gap + 14))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" '
    style = 'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="#fff"/>'
    return "\n".join([head + style, *lines, "</svg>", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", choices=("jsb", "nottingham"), action="append")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--model", type=Path, help="a stored model, in the place of learning one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--draw", type=Path, help="a folder for the stored model's first pieces")
    asked = parser.parse_args()
    if asked.draw is not None and asked.model is not None:
        draw(Synthesizer.load(asked.model), asked.draw)
        return
    results = {}
    if asked.out is not None and asked.out.exists():
        results = json.loads(asked.out.read_text(encoding="utf-8"))
    for name in asked.set or ("jsb", "nottingham"):
        results[name] = bench(name, asked.data, asked.minutes, asked.model, asked.seed)
    if asked.out is not None:
        asked.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
