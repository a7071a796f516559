"""What Tidemill costs on large tables, in seconds and peak memory: what `make bench-scale` runs.

Each step runs in a process of its own on tables that big.py makes: 15 mixed columns of ten thousand
to ten million rows, 200 columns of 50,000 rows, and one more column of 300,000 categories. The
largest table is only read, sampled and written; the model that it is sampled from learned a million
rows. Seconds are those of the step alone; memory is the most that its process held, with the table
that it needs. Writes docs/scale.md.

    python benchmarks/scale.py [CASE ...] [--steps STEP ...] [--model trees] [--folder DIR]
    [--print]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tidemill as tm
from tidemill.auditing.attacking import evidence as evidence_of
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.io.writing import write_chunks
from tidemill.metrics import METRICS
from tidemill.mining import TECHNIQUES
from tidemill.mining.mine import mine
from tidemill.synthesis.synthesizer import versions

ROOT = Path(__file__).parents[1]
BIG = Path(__file__).with_name("big.py")
TARGET = "churn"
GIB = 1 << 30
HEAVY = "10m"


@dataclass(frozen=True)
class Case:
    """A table: its name in the page, its rows, and what big.py is told beside."""

    title: str
    rows: int
    options: tuple[str, ...] = ()


CASES = {
    "10k": Case("10,000 x 15", 10_000),
    "100k": Case("100,000 x 15", 100_000),
    "1m": Case("1,000,000 x 15", 1_000_000),
    HEAVY: Case("10,000,000 x 15", 10_000_000),
    "wide": Case("50,000 x 200", 50_000, ("--columns", "200")),
    "levels": Case("1,000,000 x 16, one of 300,000 levels", 1_000_000, ("--levels", "300000")),
}


@dataclass(frozen=True)
class Place:
    """Where a case's files lie, and which generator learns."""

    folder: Path
    case: str
    model: str
    trained: str

    @property
    def rows(self) -> int:
        return CASES[self.case].rows

    def __call__(self, ending: str) -> Path:
        return self.folder / f"{self.case}.{ending}"

    def real(self) -> Dataset:
        return tm.read(self("parquet"), target=TARGET)

    def split(self) -> tuple[Dataset, Dataset]:
        return tm.split(self.real())

    def synthetic(self) -> Dataset:
        return tm.read(self("synthetic.parquet"), target=TARGET)


def read(place: Place) -> Callable[[], Any]:
    return place.real


def read_csv(place: Place) -> Callable[[], Any]:
    return lambda: tm.read(place("csv"), target=TARGET)


def clean(place: Place) -> Callable[[], Any]:
    data = place.real()
    return lambda: tm.clean(data)


def fit(effort: str) -> Callable[[Place], Callable[[], Any]]:
    def prepared(place: Place) -> Callable[[], Any]:
        data, path = place.real(), place(f"{effort}.tidemill")
        options = {"effort": effort} if place.model == "trees" else {}
        return lambda: tm.fit(data, model=place.model, options=options).save(path, overwrite=True)

    return prepared


def sample(effort: str) -> Callable[[Place], Callable[[], Any]]:
    """Rows straight to Parquet, made and written piece by piece."""

    def prepared(place: Place) -> Callable[[], Any]:
        model = tm.Synthesizer.load(place.folder / f"{place.trained}.{effort}.tidemill")
        return lambda: write_chunks(
            model.parts(place.rows, run=Run()), place("synthetic.parquet"), overwrite=True
        )

    return prepared


def write(place: Place) -> Callable[[], Any]:
    data = place.real()
    return lambda: tm.write(data, place("csv"), overwrite=True)


def write_parquet(place: Place) -> Callable[[], Any]:
    data = place.real()
    return lambda: tm.write(data, place("again.parquet"), overwrite=True)


def technique(name: str) -> Callable[[Place], Callable[[], Any]]:
    def prepared(place: Place) -> Callable[[], Any]:
        train, holdout = place.split()
        return lambda: mine(train, holdout, Run(), [name])

    return prepared


def metric(name: str) -> Callable[[Place], Callable[[], Any]]:
    def prepared(place: Place) -> Callable[[], Any]:
        train, holdout = place.split()
        found = mine(train, holdout, Run()) if name == "findings" else None
        evidence = evidence_of(train, holdout, place.synthetic(), found, Run())
        return lambda: list(METRICS.load(name)(evidence, Run()))

    return prepared


def command(*words: str) -> Callable[[Place], Callable[[], Any]]:
    """A command of its own, as a user gives it."""

    def prepared(place: Place) -> Callable[[], Any]:
        from tidemill.cli import app

        if words[0] == "evaluate":
            for name, part in zip(("train", "holdout"), place.split(), strict=True):
                tm.write(part, place(f"{name}.parquet"), overwrite=True)
            given = [
                f"--{name}={place(f'{name}.parquet')}" for name in ("train", "holdout", "synthetic")
            ]
        else:
            given = [
                str(place("parquet")),
                f"--model={place.model}",
                f"--out={place('out')}",
                "--overwrite",
            ]
        return lambda: app([*words, *given, f"--target={TARGET}", "--quiet"], standalone_mode=False)

    return prepared


STEPS: dict[str, Callable[[Place], Callable[[], Any]]] = {
    "read": read,
    "write csv": write,
    "read csv": read_csv,
    "write parquet": write_parquet,
    "clean": clean,
    **{
        f"{said}, {effort}": step(effort)
        for effort in ("plain", "full")
        for said, step in (("fit", fit), ("sample to parquet", sample))
    },
    **{f"mine: {name}": technique(name) for name in TECHNIQUES},
    **{f"metric: {name}": metric(name) for name in METRICS},
    "tidemill evaluate": command("evaluate"),
    "tidemill run": command("run"),
}
FEW = ("read", "write parquet", "sample to parquet, plain")
"""What is done with the largest table."""


@dataclass(frozen=True)
class Cost:
    """Seconds of a step, and the peak memory of its process in bytes."""

    seconds: float
    bytes: int


def measured(step: str, place: Place) -> Cost | str:
    """The step in a process of its own, or the last line of what it said when it failed."""
    told = [
        sys.executable,
        __file__,
        place.case,
        "--one",
        step,
        "--model",
        place.model,
        "--folder",
        str(place.folder),
        "--trained",
        place.trained,
    ]
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as failed:
        process = subprocess.Popen(told, stdout=said, stderr=failed)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        failed.seek(0)
        if process.returncode:
            return (failed.read().strip().splitlines() or [f"exit code {process.returncode}"])[-1]
        return Cost(json.loads(said.read().splitlines()[-1]), used.ru_maxrss * 1024)


def one(step: str, place: Place) -> None:
    """In the process of its own: everything up to the step, then the step with a clock."""
    work = STEPS[step](place)
    began = time.perf_counter()
    work()
    print(json.dumps(time.perf_counter() - began))


def made(place: Place) -> None:
    """The table of the case, unless it is there."""
    if not place("parquet").exists():
        case = CASES[place.case]
        subprocess.run(
            [sys.executable, BIG, place("parquet"), "--rows", str(case.rows), *case.options],
            check=True,
        )


def line(step: str, place: Place, cost: Cost | str) -> str:
    if isinstance(cost, str):
        return f"| {step} | {cost} | | |"
    return (
        f"| {step} | {cost.seconds:.2f} | {place.rows / max(cost.seconds, 1e-3):,.0f} | "
        f"{cost.bytes / GIB:.2f} |"
    )


def table(place: Place, steps: Iterable[str]) -> str:
    lines = ["| step | seconds | rows a second | peak memory, GiB |", "| --- | --- | --- | --- |"]
    print(f"\n{CASES[place.case].title}\n\n" + "\n".join(lines), flush=True)
    for step in steps:
        lines.append(line(step, place, measured(step, place)))
        print(lines[-1], flush=True)
    return "\n".join(lines)


def page(tables: dict[str, str], model: str, seconds: float, command: str) -> str:
    software = ", ".join(f"{name} {version}" for name, version in versions().items())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    machine = f"{os.cpu_count()} cores and {memory:.0f} GiB of memory, {platform.machine()}"
    parts = "\n\n".join(f"## {CASES[case].title}\n\n{found}" for case, found in tables.items())
    return f"""# Large tables

Regenerated by `{command}` ({seconds / 60:.0f} minutes on {machine}; {software}).

What each step costs with the model `{model}`. Every step runs in a process of its own: the seconds
are those of the step, the memory is the most that its process held, with the table and the
libraries (about 0.25 GiB) in it. The tables are made by `benchmarks/big.py`: whole numbers, money,
heavy tails with zeros, dates, times, categories of 2 to 200 levels, a yes-no, an id, values whose
absence says something, and dependence between all of these.

- `fit` learns all rows, by default with full effort; `plain` is `--option effort=plain`. Mining
  takes 70 % of the rows, and metrics compare as many synthetic rows as the table has.
- Metrics and techniques that take a sample of a large table say so in their sentences; the
  generator learns every row.
- `sample to parquet` makes and writes the rows piece by piece, so its memory does not grow with
  their number.
- The table of 10,000,000 rows is only read, written and sampled, from the model of 1,000,000 rows.

{parts}
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all by default"
    )
    parser.add_argument(
        "--steps", nargs="+", metavar="STEP", help=f"of {', '.join(STEPS)}; all by default"
    )
    parser.add_argument("--model", default="trees")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the tables are kept from run to run; a temporary one by default",
    )
    parser.add_argument("--print", action="store_true", dest="only_print", help="write no page")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--trained", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    for known, given in ((CASES, wanted.cases), (STEPS, wanted.steps or ())):
        if unknown := sorted(set(given) - set(known)):
            parser.error(f"there is no {', '.join(unknown)}; choose from {', '.join(known)}")
    if wanted.one:
        one(wanted.one, Place(wanted.folder, wanted.cases[0], wanted.model, wanted.trained))
        return
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = wanted.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        tables = {}
        for case in wanted.cases or CASES:
            place = Place(folder, case, wanted.model, "1m" if case == HEAVY else case)
            made(place)
            tables[case] = table(
                place, [s for s in wanted.steps or STEPS if case != HEAVY or s in FEW]
            )
    if not wanted.only_print:
        given = [f'"{text}"' if " " in text else text for text in sys.argv[1:]]
        command = (
            " ".join(["python", "benchmarks/scale.py", *given]) if given else "make bench-scale"
        )
        text = page(tables, wanted.model, time.perf_counter() - began, command)
        (ROOT / "docs" / "scale.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
