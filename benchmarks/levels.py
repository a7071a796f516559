"""Levels of games: patterns, copies, and whether they can be crossed, before and after parts are
drawn anew.

    PYTHONPATH=. python benchmarks/levels.py [--models NAME ...] [--steps N] [--seed 1]

game_levels has 243 levels of six games of the Video Game Level Corpus. 70 % of
them are learned, all games together; 12 levels of Super Mario Bros (14 x 180) and 43 of Lode Runner
(22 x 32) are made, and compared with those of the game among the other 30 %. CPU seconds are those
of learning. What was measured is kept in benchmarks/results/levels.json, and printed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from halves import SHARED

import tidemill as tm
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.levels.crossing import crossing
from tidemill.levels.legend import ready_legends
from tidemill.levels.patterns import divergence, windows
from tidemill.metrics.levels import COPIED, SIDES, copied_share
from tidemill.synthesis.playable import playable

RESULTS = Path(__file__).parent / "results" / "levels.json"
MADE = {"Super Mario Bros": (12, 14, 180), "Lode Runner": (43, 22, 32)}
"""How many levels of each game, and their lines and columns."""


def figures(made: Sequence[str], train: Sequence[str], holdout: Sequence[str]) -> dict[str, float]:
    """Divergences and copied windows of made and of real levels."""
    found = {}
    for side in SIDES:
        own, known, real = (windows(planes, side) for planes in (made, train, holdout))
        found[f"divergence {side}"] = divergence(own, real)
        found[f"divergence {side}, real"] = divergence(known, real)
    own, known, real = (windows(planes, COPIED, plain=False) for planes in (made, train, holdout))
    found["copied"] = copied_share(own, known)
    found["copied, real"] = copied_share(real, known)
    return found


def of_game(data: Dataset, game: str) -> list[str]:
    """The levels of a game as text."""
    rows = zip(data["game"].to_list(), data["tiles"].to_list(), strict=True)
    return [plane for own, plane in rows if own == game]


def measured(model: tm.Synthesizer, train: Dataset, holdout: Dataset, game: str, seed: int) -> dict:
    """What is made of one game."""
    legend, (rows, height, width) = ready_legends()[game], MADE[game]
    where = {"game": game, "height": height, "width": width}
    began = time.process_time()
    drawn = model.sample_dataset(rows, where=where, run=Run(seed))
    found = playable(model, drawn, legend, Run(seed + 1))
    at_once = [crossing(plane, legend).crossed for plane in drawn["tiles"].to_list()]
    real = [crossing(plane, legend).crossed for plane in of_game(holdout, game)]
    return {
        **figures(found.data["tiles"].to_list(), of_game(train, game), of_game(holdout, game)),
        "crossed": float(found.crossed.mean()),
        "crossed at once": float(np.mean(at_once)),
        "crossed, real": float(np.mean(real)),
        "rounds": float(found.rounds.mean()),
        "seconds a level": (time.process_time() - began) / rows,
    }


def main() -> None:
    """Learn, make and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--models", nargs="+", default=["tile_ngram", "autoregressive"])
    options.add_argument("--steps", type=int, default=4500)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    data = tm.read(SHARED / "game_levels" / "game_levels.parquet", ignore=["level", "layer"])
    train, holdout = tm.split(data, seed=asked.seed)
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in asked.models:
        own = {"steps": asked.steps, "patience": 8} if name == "autoregressive" else {}
        began = time.process_time()
        model = tm.fit(train, model=name, options=own, seed=asked.seed)
        learning = time.process_time() - began
        found[name] = {"learning": learning}
        for game in MADE:
            found[name][game] = measured(model, train, holdout, game, asked.seed + 1)
        RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        print(name, json.dumps(found[name], indent=1))


if __name__ == "__main__":
    main()
