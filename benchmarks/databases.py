"""Tables of a million rows into databases and out of them: seconds, and memory beside the frame's.

    python benchmarks/databases.py [--again] [--rows N] [CASE ...]

Starts PostgreSQL and MariaDB as the tests do. Each step runs in a process of its own: its seconds,
and the most that the process held for the table, the frame itself in it, as a multiple of it.
`rows` is the way of the rows alone, from the server to a frame and back; `dataset` is
`tm.read` and `tm.write_database`, with kinds inferred, keys looked at and constraints stated.
Writes results/databases.json, and the table in docs/databases.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import polars as pl  # noqa: E402
from one_by_one import kept, shown  # noqa: E402

import tidemill as tm  # noqa: E402
from tests.unit.io.databases.running import mariadb, postgresql  # noqa: E402
from tidemill.core.errors import InputError  # noqa: E402
from tidemill.core.run import Run  # noqa: E402
from tidemill.io.databases.address import address_of, is_address  # noqa: E402
from tidemill.io.databases.duckdb import reading  # noqa: E402
from tidemill.io.databases.servers import opened  # noqa: E402

RESULTS = HERE / "results" / "databases.json"
PAGE = HERE.parent / "docs" / "databases.md"
SORTS = {"postgresql": "PostgreSQL", "mariadb": "MariaDB", "duckdb": "DuckDB"}
TABLE = "big"


def held(what: str) -> int:
    """Bytes that this process holds (VmRSS), or held at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) * 1024


def size_of(frame: pl.DataFrame) -> int:
    """Bytes of a frame: of a text 16, and where it is longer than 12 bytes its own."""
    size = 0
    for values in frame:
        if values.dtype == pl.String:
            lengths = values.str.len_bytes()
            size += 16 * len(values) + int(lengths.filter(lengths > 12).sum())
        else:
            size += int(values.estimated_size())
    return size


def read_rows(place: str, given: Path) -> tuple[Callable[[], Any], Callable[[Any], int]]:
    def work() -> pl.DataFrame:
        base = opened(address_of(place, InputError)) if is_address(place) else reading(Path(place))
        with base as found:
            return found.read(TABLE, Run()).frame

    return work, size_of


def read_dataset(place: str, given: Path) -> tuple[Callable[[], Any], Callable[[Any], int]]:
    join = "&" if "?" in place else "?"
    work = lambda: tm.read(f"{place}{join}table={TABLE}")  # noqa: E731
    return work, lambda data: size_of(data.frame)


def write_dataset(place: str, given: Path) -> tuple[Callable[[], Any], Callable[[Any], int]]:
    data = tm.read(given)
    base = tm.Database({TABLE: data}, {TABLE: tm.TableKey(TABLE, (data.schema.names[0],))})
    work = lambda: tm.write_database(base, place)  # noqa: E731
    return work, lambda _: size_of(data.frame)


STEPS = {"write": write_dataset, "read: rows": read_rows, "read: dataset": read_dataset}


def one(step: str, place: str, given: Path) -> None:
    """In the process of its own."""
    before = held("VmRSS")
    work, measure = STEPS[step](place, given)
    loaded = held("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the most is counted anew
    began = time.perf_counter()
    done = work()
    seconds = time.perf_counter() - began
    size = measure(done)
    told = {
        "seconds": seconds,
        "frame": size,
        # of what is written the frame is held, too
        "peak": held("VmHWM") - before if step != "write" else held("VmHWM") - loaded + size,
    }
    print(json.dumps(told))


def measured(sort: str, rows: int) -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given = folder / "big.parquet"
        big = [sys.executable, HERE / "big.py", given, "--rows", str(rows)]
        subprocess.run([str(word) for word in big], check=True)
        if sort == "duckdb":
            place = str(folder / "big.duckdb")
        else:
            start = {"postgresql": postgresql, "mariadb": mariadb}[sort]
            place = stack.enter_context(start()).url()
        found = {}
        for step in STEPS:
            command = [sys.executable, __file__, "--one", step, place, str(given)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[step] = json.loads(done.stdout.splitlines()[-1])
            print(sort, step, found[step], flush=True)
        return {"rows": rows, "cores": os.cpu_count(), **found}


def page(found: dict[str, Any]) -> str:
    lines = [
        "| 1,000,000 x 15 | step | seconds | memory, in frames |",
        "| --- | --- | --- | --- |",
    ]
    for sort, title in SORTS.items():
        for step in STEPS:
            told = found.get(sort, {}).get(step)
            if told:
                memory = told["peak"] / told["frame"]
                lines.append(f"| {title} | {step} | {told['seconds']:.1f} | {memory:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sorts", nargs="*", metavar="SORT", default=list(SORTS))
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", nargs=3)
    asked = parser.parse_args()
    if asked.one:
        step, place, given = asked.one
        one(step, place, Path(given))
        return
    found = kept(RESULTS, asked.sorts, lambda sort: measured(sort, asked.rows), again=asked.again)
    shown(PAGE, "databases", page(found))


if __name__ == "__main__":
    main()
