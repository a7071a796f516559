"""Measure tidemill's models and their peers on halves of real tables, and write docs/benchmarks.md:
`make bench`.

    python benchmarks/run.py [SET ...]            everything that has not been measured yet
    python benchmarks/run.py --ours               our models alone: `make bench-quick`
    python benchmarks/run.py --again ctgan tvae   these once more
    python benchmarks/run.py --frontier KNOB=V1,V2,V3
                                                  `trees` at several values of an option
    python benchmarks/run.py --page               write the page from what was measured before

A generator learns one half, makes as many rows, and is judged on the other half. Each runs in a
process of its own, so that times and peak memory are its own. Results are kept in
benchmarks/results; a peer is measured again only if its versions or the cap are others, ours if our
code is.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import page
import polars as pl
import results
from halves import ROOT, SETS, SHARED, halves, handed_out, taken_back
from judge import judge_version, judged, our_version
from results import Result

from tidemill.core.dataset import Dataset
from tidemill.synthesis.synthesizer import versions

HERE = Path(__file__).parent
PEER_PYTHON = HERE / ".venv-peers" / "bin" / "python"
ROWS = HERE / "out"
"""Rows that were made, kept out of git: where the judge changed, they are judged again without
being made again."""
OURS = ("trees", "independent")
PEERS = ("cart", "gaussian_copula", "tvae", "ctgan", "mostlyai", "arfpy", "forest_diffusion")
OURS_ONLY = ("german_credit",)
"""Too small to say much; the peers are not run on it unless it is named."""
CAP = 60.0


class Bench:
    """Runs what is missing, one process after the other."""

    def __init__(self, cap: float, again: Sequence[str]) -> None:
        self.cap, self.again = cap, again
        self.judge, self.ours = judge_version(), our_version()
        self.peers = peer_versions()
        self._halves: tuple[str, tuple[Dataset, Dataset]] | None = None

    def halves(self, name: str) -> tuple[Dataset, Dataset]:
        """Of one set, read once."""
        if self._halves is None or self._halves[0] != name:
            self._halves = name, halves(name)
        return self._halves[1]

    def measured(self, wanted: Result) -> Result:
        """The result, from before or new; stored."""
        before = results.found(wanted)
        if before is not None and self._holds(before, wanted):
            return before
        began = time.perf_counter()
        only_judge = (
            before is not None and self._made(before, wanted) and self._folder(wanted).exists()
        )
        result = self._judged(before if only_judge else self._run(wanted))
        results.stored(result)
        print(
            f"{time.strftime('%H:%M:%S')} {told(result)} [{time.perf_counter() - began:.0f} s]",
            flush=True,
        )
        return result

    def _holds(self, before: Result, wanted: Result) -> bool:
        """Whether it need not be measured again; a peer's rows that are not here any more keep the
        judgement they had."""
        settled = before.state == "cut" or (
            wanted.generator not in OURS and not self._folder(wanted).exists()
        )
        return self._made(before, wanted) and (before.judge == self.judge or settled)

    def _made(self, before: Result, wanted: Result) -> bool:
        return (
            before.state != "failed"
            and before.generator not in self.again
            and before.cap == wanted.cap
            and before.versions == wanted.versions
        )

    def ours_on(
        self, name: str, model: str, seed: int, options: dict[str, str] | None = None
    ) -> Result:
        """What is wanted of one of our models."""
        return Result(
            name, model, seed, options or {}, versions={**versions(), "tidemill": self.ours}
        )

    def peer_on(self, name: str, peer: str) -> Result:
        """What is wanted of a peer."""
        return Result(name, peer, 0, cap=self.cap, versions=self.peers[peer])

    def _folder(self, result: Result) -> Path:
        return ROWS / result.set / result.name

    def _run(self, wanted: Result) -> Result:
        train, _ = self.halves(wanted.set)
        folder = self._folder(wanted)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if wanted.generator in OURS:
            options = [f"{key}={value}" for key, value in wanted.options.items()]
            command = [
                sys.executable,
                str(HERE / "ours.py"),
                wanted.generator,
                str(folder),
                str(wanted.seed),
                wanted.set,
                *options,
            ]
        else:
            handed_out(train, folder)
            command = [
                str(PEER_PYTHON),
                str(HERE / "peers.py"),
                wanted.generator,
                str(folder),
                str(len(train)),
                str(wanted.seed),
                str(wanted.cap),
            ]
        code, said = in_its_own_group(command)
        wanted = replace(wanted, rows=len(train), columns=len(train.schema))
        told_file = folder / "told.json"
        if told_file.exists():
            return replace(wanted, **json.loads(told_file.read_text(encoding="utf-8")))
        if code == -signal.SIGALRM:
            return replace(wanted, state="cut")
        return replace(
            wanted,
            state="failed",
            note=said.strip().splitlines()[-1][:200] if said.strip() else f"exit {code}",
        )

    def _judged(self, result: Result) -> Result:
        folder = self._folder(result)
        if result.state != "done":
            shutil.rmtree(folder, ignore_errors=True)
            return replace(result, judge=self.judge)
        if result.generator == "independent":  # judged with `trees`, as its floor
            trees = results.found(self.ours_on(result.set, "trees", 0))
            of_trees = {} if trees is None else trees.figures
            floors = {name: [floor, floor, real] for name, (floor, _, real) in of_trees.items()}
            return replace(result, judge=self.judge, figures=floors)
        train, holdout = self.halves(result.set)
        frame = pl.read_parquet(folder / "synthetic.parquet")
        synthetic = (
            replace(train, frame=frame) if result.generator in OURS else taken_back(frame, train)
        )
        figures = judged(train, holdout, synthetic, result.seed)
        return replace(
            result, judge=self.judge, figures={name: list(parts) for name, parts in figures.items()}
        )


def in_its_own_group(command: Sequence[str]) -> tuple[int, str]:
    """Run a command, and end what it leaves behind; its exit code and the end of what it said."""
    limits = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
    threads = {name: str(page.THREADS) for name in limits}
    with tempfile.TemporaryFile(
        "w+"
    ) as said:  # a pipe would be kept open by workers that outlive it
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
            env={**os.environ, **threads, "OMP_WAIT_POLICY": "PASSIVE", "TQDM_DISABLE": "1"},
        )
        try:
            process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
                time.sleep(
                    1
                )  # for joblib's tracker, which clears away what killed workers shared in memory
                os.killpg(process.pid, signal.SIGKILL)
        said.seek(0)
        return process.returncode, said.read()


def peer_versions() -> dict[str, dict[str, str]]:
    """Per installed peer; nothing where the peers' venv is not there."""
    if not PEER_PYTHON.exists():
        return {}
    return json.loads(
        subprocess.check_output([str(PEER_PYTHON), str(HERE / "peers.py"), "--versions"], text=True)
    )


def told(result: Result) -> str:
    """One line about a result."""
    what = f"{result.set:16} {result.name:20}"
    if result.state != "done":
        return f"{what} {result.state} {result.note}"
    figures = "  ".join(
        f"{name} {parts[1]:.4f}" for name, parts in result.figures.items() if parts[1] is not None
    )
    return (
        f"{what} {figures}  {result.fit:.1f} + {result.sample:.1f} s  {result.peak_mib:.0f} "
        f"MiB  {result.note}"
    )


def wanted_results(bench: Bench, asked: argparse.Namespace) -> Iterable[Result]:
    """What shall be there in the end; ours first, so that an interrupted run has at least these."""
    sets = asked.sets or list(SETS)
    if asked.frontier:
        knob, _, values = asked.frontier.partition("=")
        yield from (
            bench.ours_on(name, "trees", seed, {knob: value})
            for name in sets
            for value in values.split(",")
            for seed in range(asked.seeds)
        )
        return
    for name in sets:
        yield from (bench.ours_on(name, "trees", seed) for seed in range(asked.seeds))
        yield bench.ours_on(name, "independent", 0)
    if asked.ours:
        return
    for name in sets:
        if name not in OURS_ONLY or asked.sets:
            yield from (bench.peer_on(name, peer) for peer in PEERS if peer in bench.peers)


def arguments() -> argparse.Namespace:
    """From the command line, checked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}; all by default"
    )
    parser.add_argument(
        "--cap",
        type=float,
        default=CAP,
        metavar="S",
        help="seconds that a peer's fitting and sampling may take on a set (%(default)g)",
    )
    parser.add_argument(
        "--seeds", type=int, default=3, help="of `trees`; all else runs with one (%(default)s)"
    )
    parser.add_argument("--ours", action="store_true", help="no peers")
    parser.add_argument(
        "--again",
        nargs="*",
        default=[],
        metavar="NAME",
        help=f"measure these again (of {', '.join((*OURS, *PEERS))})",
    )
    parser.add_argument(
        "--frontier",
        metavar="KNOB=V1,V2",
        help="measure `trees` at these values of an option of tidemill.fit, and nothing else",
    )
    parser.add_argument("--page", action="store_true", help="only write the page")
    parser.add_argument(
        "--print", action="store_true", dest="only_print", help="do not write the page"
    )
    asked = parser.parse_args()
    unknown = sorted({*asked.sets} - {*SETS} | {*asked.again} - {*OURS, *PEERS})
    if unknown:
        parser.error(f"no such set or generator: {', '.join(unknown)}")
    if not asked.page and not SHARED.is_dir():
        raise SystemExit(f"the real sets are not at {SHARED}; set TIDEMILL_DATA")
    return asked


def main() -> None:
    asked = arguments()
    if not asked.page:
        bench = Bench(asked.cap, asked.again)
        if not bench.peers and not asked.ours:
            print("the peers are not installed: `make peers` installs them", flush=True)
        for wanted in wanted_results(bench, asked):
            bench.measured(wanted)
    if not asked.only_print:
        page.written(results.all_results(), ROOT)


if __name__ == "__main__":
    main()
