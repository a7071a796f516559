"""Our recipes beside libraries, on the same rows of the same halves, by the same figures.

    python benchmarks/recipes_judge.py [movielens] [hillstrom] [ihdp] [rhc]

A library runs in a venv of its own (recipes-peers.txt), reads tasks from files and writes what it
predicts, which is judged here. What was measured is kept in benchmarks/results/recipes_peers.json
and written between the markers `peers` of docs/recipes.md; a library that does not run says why.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from halves import ROOT, SHARED
from scipy import sparse
from studies import PAGE, hillstrom_halves, ihdp_studies, rhc_study

import tidemill as tm
from tidemill.effects.by_effect import expected_effects
from tidemill.effects.estimates import ESTIMATORS, Effect, doubly_robust, mean_of, raw_difference
from tidemill.effects.matching import matched
from tidemill.effects.nuisances import BY, expected_of, nuisances
from tidemill.effects.overlap import comparable
from tidemill.effects.qini import qini_curve
from tidemill.effects.study import Study
from tidemill.recommending.choosing import FLOOR, contest
from tidemill.recommending.measuring import LONGER, ListQuality, best, quality
from tidemill.recommending.splitting import at_random
from tidemill.supervised.design import learn_design

PEER = ROOT / "benchmarks" / ".venv-recipes" / "bin" / "python"
RESULTS = ROOT / "benchmarks" / "results" / "recipes_peers.json"
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}
"""Threads that wait for each other count as time that a library took."""
LIKED = 4
HALVES = 3
"""Of Hillstrom, on which all learn."""
RANKING = (
    "implicit ALS",
    "implicit BM25",
    "cornac EASE",
    "cornac VAECF",
    "cornac BiVAECF",
)
EFFECTS = (
    "econml CausalForestDML",
    "econml LinearDRLearner",
    "econml DRLearner, boosted",
    "scikit-uplift TwoModels, linear",
    "scikit-uplift TwoModels, boosted",
)
Tasks = Mapping[str, Mapping[str, Any]]
Answers = dict[str, np.ndarray]
Found = Mapping[str, Any]


def asked(tasks: Tasks, methods: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Answers] | str]]:
    """Each method with what it makes of each task, or with why it makes nothing of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for task, arrays in tasks.items():
            np.savez(folder / f"{task}.npz", **arrays)
        for method in methods:
            peer = ROOT / "benchmarks" / "recipes_peer.py"
            if not PEER.exists():
                yield method, "its venv is not there: make bench-recipes"
                continue
            done = subprocess.run(
                [PEER, peer, folder, method], capture_output=True, text=True, env=ONE_THREAD
            )
            if done.returncode:
                yield method, (done.stderr.strip().splitlines() or ["it ended"])[-1]
                continue
            found = {}
            for task in tasks:
                path = folder / f"{task}.{method}.npz"
                if path.exists():
                    with np.load(path) as arrays:
                        found[task] = dict(arrays)
            yield method, found


# --- recommenders ---------------------------------------------------------------------------------


def movielens() -> dict[str, Any]:
    """nDCG@10 and Recall@20 of ratings of 4 and 5, a fifth of each user's held out; all items are
    ranked."""
    frame = pl.read_parquet(SHARED / "movielens_100k" / "ratings.parquet")
    frame = frame.filter(pl.col("rating") >= LIKED)
    user, item = frame.columns[0], frame.columns[1]
    run = tm.Run(0)
    after = at_random(
        frame[user].cast(pl.String), frame[item].cast(pl.String), run.rng("recommend", "held out")
    )
    started = time.process_time()
    ours = contest(after.taken.pairs, after.held, after.validation, run)
    seconds = time.process_time() - started
    rows, chosen = ours.customers, ours.quality[ours.chosen]
    given, held = after.taken.pairs[rows], after.held[rows]
    found = {
        "chosen": ours.chosen,
        "seconds": seconds,
        "ours": {name: _ranked(own, chosen) for name, own in ours.quality.items()},
        "ceiling": _ranked(quality(best(held.toarray(), given, LONGER), held), chosen),
        "theirs": {},
    }
    early, later = after.validation
    arrays = {"train": after.taken.pairs, "early": early, "later": later}
    task: dict[str, Any] = {name: np.stack(each.nonzero()) for name, each in arrays.items()}
    task["shape"] = np.array(after.taken.shape)
    for method, answer in asked({"movielens": task}, RANKING):
        found["theirs"][method] = (
            answer
            if isinstance(answer, str)
            else _told(answer["movielens"], rows, given, held, chosen)
        )
        print(method, found["theirs"][method], flush=True)
    return found


def _told(
    answer: Answers,
    rows: np.ndarray,
    given: sparse.csr_array,
    held: sparse.csr_array,
    chosen: ListQuality,
) -> dict[str, Any]:
    own = quality(best(answer["scores"][rows].astype(float), given, LONGER), held)
    return {
        **_ranked(own, chosen),
        "seconds": float(answer["seconds"]),
        "setting": str(answer["setting"]),
    }


def _ranked(own: ListQuality, chosen: ListQuality) -> dict[str, Any]:
    """Means, and what the chosen one of ours has more, with its interval over customers."""
    customers = np.arange(len(own.ndcg))
    return {
        "ndcg": _effect(mean_of(own.ndcg, customers)),
        "recall": _effect(mean_of(own.recall, customers)),
        "ours more": _effect(mean_of(chosen.ndcg - own.ndcg, customers)),
        "ours more, recall": _effect(mean_of(chosen.recall - own.recall, customers)),
    }


def _effect(found: Effect) -> list[float]:
    return [found.mean, found.low, found.high]


# --- effects --------------------------------------------------------------------------------------


def hillstrom() -> dict[str, Any]:
    """The Qini coefficient of lists on the other half, seed by seed."""
    tasks, parts = {}, {}
    curves: dict[str, list[float]] = {"by effect": [], "by response": [], "by one column": []}
    seconds = 0.0
    for seed, (learned, other, women) in enumerate(islice(hillstrom_halves(), HALVES)):
        design = learn_design(learned.layout, learned.rows)
        run = tm.Run(seed)
        tasks[f"hillstrom-{seed}"] = {
            "rows": design(learned.rows),
            "treated": learned.treated,
            "outcome": learned.outcome,
            "asked": design(other.rows),
            "asked_outcome": other.outcome,
            "asked_treated": other.treated,
            "by_lot": True,
        }
        started = time.process_time()
        effect = expected_effects(learned, other.rows, run).each
        seconds += time.process_time() - started
        response = expected_of(learned, learned.outcome, learned.treated, other.rows, 2, BY[1], run)
        lists = {"by effect": effect, "by response": response, "by one column": women}
        for name, order in lists.items():
            curves[name].append(qini_curve(order, other, run).coefficient)
        parts[f"hillstrom-{seed}"] = (other, run)
    found = {"ours": curves, "seconds": seconds / len(tasks), "theirs": {}}
    for method, answer in asked(tasks, EFFECTS):
        if not isinstance(answer, str):
            each = [qini_curve(answer[name]["each"], *parts[name]).coefficient for name in tasks]
            answer = {
                "qini": each,
                "own formula": [float(one["qini"]) for one in answer.values() if "qini" in one],
                "seconds": float(np.mean([one["seconds"] for one in answer.values()])),
            }
        found["theirs"][method] = answer
        print(method, answer, flush=True)
    return found


def ihdp() -> dict[str, Any]:
    """How far each child's effect and the mean effect are off, replication by replication; effects
    of children that models have not seen."""
    tasks, truths, ours = {}, {}, []
    started = time.process_time()
    for number, (study, truth) in enumerate(ihdp_studies()):
        expected = nuisances(study, tm.Run(0))
        mean = doubly_robust(study, expected)
        raw = raw_difference(study, expected)
        ours.append(_off(expected.effect, np.array(_effect(mean)), truth))
        ours[-1] |= {"one for all": float(truth.std()), "raw": abs(raw.mean - truth.mean())}
        name = f"ihdp-{number}"
        tasks[name] = {**_task(study), "fold": expected.fold}
        truths[name] = truth
    found = {"ours": ours, "seconds": (time.process_time() - started) / len(tasks), "theirs": {}}
    for method, answer in asked(tasks, EFFECTS):
        if not isinstance(answer, str):
            none = np.full(3, np.nan)
            answer = {
                "each": [
                    _off(one["each"], one.get("ate", none), truths[name])
                    for name, one in answer.items()
                ],
                "seconds": float(np.mean([one["seconds"] for one in answer.values()])),
            }
        found["theirs"][method] = answer
        print(method, answer, flush=True)
    return found


def _off(each: np.ndarray, mean: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """The root of the mean square fault of each, and the fault of the mean."""
    return {
        "each": float(np.sqrt(np.square(each - truth).mean())),
        "mean": float(abs(mean[0] - truth.mean())),
        "held": bool(mean[1] <= truth.mean() <= mean[2]),
        "width": float(mean[2] - mean[1]),
    }


def _task(study: Study) -> dict[str, Any]:
    design = learn_design(study.layout, study.rows)
    return {
        "rows": design(study.rows),
        "treated": study.treated,
        "outcome": study.outcome,
        "by_lot": False,
        "mean": True,
    }


def rhc() -> dict[str, Any]:
    """The mean difference among comparable patients, and among all of them, in points."""
    whole = rhc_study()
    everyone = nuisances(whole, tm.Run(0))
    at = np.flatnonzero(comparable(everyone))
    study, expected = whole.part(at), everyone.part(at)
    by = {name: estimate(study, expected) for name, estimate in ESTIMATORS.items()}
    by["matched pairs"] = matched(study, expected, tm.Run(0).rng("effects", "matching"))
    found = {
        "rows": [len(study), len(whole)],
        "raw": _effect(raw_difference(whole, everyone)),
        "ours": {name: _effect(one) for name, one in by.items()},
        "theirs": {},
    }
    tasks = {"rhc": _task(study), "rhc-all": _task(whole)}
    for method, answer in asked(tasks, EFFECTS[:3]):
        if not isinstance(answer, str):
            answer = {name: one["ate"].tolist() for name, one in answer.items()}
        found["theirs"][method] = answer
        print(method, answer, flush=True)
    return found


# --- what is written ------------------------------------------------------------------------------

MEASURED: Mapping[str, Callable[[], dict[str, Any]]] = {
    "movielens": movielens,
    "hillstrom": hillstrom,
    "ihdp": ihdp,
    "rhc": rhc,
}


def ranked_lines(found: dict[str, Any]) -> list[str]:
    """Recommenders, a line each."""
    lines = [
        "| MovieLens-100k | nDCG@10 | Recall@20 | our chosen one has more nDCG@10 | CPU s |",
        "| --- | --- | --- | --- | --- |",
    ]
    named = {f"ours, {name}": one for name, one in found["ours"].items() if name != FLOOR}
    named[f"floor: {FLOOR}"] = found["ours"][FLOOR]
    named |= found["theirs"]
    named["ceiling: who knows what was held out"] = found["ceiling"]
    chosen = f"ours, {found['chosen']}"
    for name, one in named.items():
        if isinstance(one, str):
            lines.append(f"| {name} | does not run: {one} | | | |")
            continue
        more, low, high = one["ours more"]
        against = f"{more:+.3f} ({low:+.3f} to {high:+.3f})"
        took = f"{one['seconds']:.0f}" if "seconds" in one else ""
        if name == chosen:
            against, took = "", f"{found['seconds']:.0f} for all of ours"
        lines.append(
            f"| {name}{' (chosen)' if name == chosen else ''} | {one['ndcg'][0]:.3f} | "
            f"{one['recall'][0]:.3f} | {against} | {took} |"
        )
    return lines


def effect_lines(found: dict[str, Any]) -> list[str]:
    """Methods for effects, a line each."""
    uplift, children, rhc = (found.get(name, {}) for name in ("hillstrom", "ihdp", "rhc"))
    lines = [
        "| Effects | Hillstrom: Qini | IHDP: fault of each effect | of the mean effect | "
        "in the interval | RHC: points |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    own = {"qini": uplift["ours"]["by effect"]} if uplift else {}
    mean = {"rhc": rhc["ours"]["doubly robust"]} if rhc else {}
    lines.append(_effect_line("ours", own, {"each": children["ours"]}, mean))
    for method in EFFECTS:
        theirs = [part.get("theirs", {}).get(method, {}) for part in (uplift, children, rhc)]
        failed = [one for one in theirs if isinstance(one, str)]
        if failed:
            lines.append(f"| {method} | does not run: {failed[0]} | | | | |")
        else:
            lines.append(_effect_line(method, *theirs))
    floor = [
        f"{np.mean(uplift['ours']['by response']):.3f}" if uplift else "",
        f"{np.mean([one['one for all'] for one in children['ours']]):.2f}",
        f"{np.mean([one['raw'] for one in children['ours']]):.2f}",
        "",
        _points(rhc["raw"]) if rhc else "",
    ]
    name = "floor: a list by response; one effect for all; nothing adjusted"
    lines.append(f"| {name} | {' | '.join(floor)} |")
    if uplift:
        women = np.mean(uplift["ours"]["by one column"])
        lines.append(f"| one column: bought women's wear before | {women:.3f} | | | | |")
    return lines


def _effect_line(name: str, lift: Found, children: Found, rhc: Found) -> str:
    """What a method reached on each table; "" where it was not asked."""
    cells = [f"{np.mean(lift['qini']):.3f}" if lift else "", "", "", ""]
    if children:
        each, mean, held = (
            np.array([one[kind] for one in children["each"]]) for kind in ("each", "mean", "held")
        )
        cells[1] = f"{each.mean():.2f} (median {np.median(each):.2f})"
        if not np.isnan(mean).any():
            cells[2] = f"{mean.mean():.2f} (median {np.median(mean):.2f})"
        if not np.isnan([one["width"] for one in children["each"]]).any():
            cells[3] = f"{held.sum()} of {len(held)}"
    points = _points(rhc["rhc"]) if rhc else ""
    return f"| {name} | {' | '.join(cells)} | {points} |"


def _points(found: list[float]) -> str:
    mean, low, high = (100 * one for one in found)
    return f"{mean:+.1f}" if np.isnan(low) else f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"


def main() -> None:
    """Measure, keep and write."""
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in sys.argv[1:] or MEASURED:
        found[name] = MEASURED[name]()
        RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    table = "\n".join([*ranked_lines(found["movielens"]), "", *effect_lines(found)])
    page = PAGE.read_text(encoding="utf-8")
    text = f"<!-- peers:start -->\n{table}\n\n<!-- peers:end -->"
    pattern = r"<!-- peers:start -->.*<!-- peers:end -->"
    PAGE.write_text(re.sub(pattern, lambda _: text, page, flags=re.DOTALL), encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
