"""HMA of SDV beside tidemill: a parent and its children, the other half judges.

    python benchmarks/relations_peer.py [--again] [--seeds N] [SET ...]

Of the databases of relations.py only the table that is divided and the one below it, without what
points elsewhere: HMA takes no more than five tables in two levels. Same halves, same judge. Writes
results/relations_peer.json seed by seed, and the table in docs/databases.md.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import polars as pl
from one_by_one import divisions, shown
from relations import HERE, PAGE, TASKS, database

import tidemill as tm
from tidemill.metrics import relations
from tidemill.relational.division import halves, ignoring, not_compared
from tidemill.relational.plan import plan_of

RESULTS = HERE / "results" / "relations_peer.json"
PEER = HERE / ".venv-peers" / "bin" / "python"
SETS = ("northwind", "chinook", "movielens_100k", "bank", "bank, plain")
LINK = tm.Link("child", ("parent_key",), "parent", ("parent_key",))


def two_tables(name: str) -> tm.Database:
    """The table that is divided and the one below it, with what tells something of their rows."""
    task = TASKS[name]
    with tempfile.TemporaryDirectory() as folder:
        base = database(name, Path(folder))
    base = ignoring(base, not_compared(base, plan_of(base)))
    [link] = [one for one in base.links if (one.child, one.parent) == (task.below, task.divided)]
    at = base.places(link)
    frames = {}
    for table, number in (("parent", np.arange(len(base[task.divided]))), ("child", at)):
        data = base[task.divided if table == "parent" else task.below]
        pointing = {column for one in base.above(data.name) for column in one.columns}
        names = [c.name for c in base.telling(data.name) if c.name not in pointing]
        key = pl.Series("parent_key", number)
        own = data.select(names)
        frames[table] = replace(
            own, frame=own.frame.insert_column(0, key), name=table, schema=_keyed(own.schema)
        )
    frames["child"] = frames["child"].rows(np.flatnonzero(at >= 0))
    return tm.Database(frames, {"parent": tm.TableKey("parent", ("parent_key",))}, (LINK,), name)


def _keyed(schema: Any) -> Any:
    key = replace(
        schema.columns[0],
        name="parent_key",
        kind="id",
        role="key",
        nullable=False,
        step="1",
        dtype="Int64",
        personal="",
    )
    return replace(schema, columns=(key, *schema.columns))


def by_peer(train: tm.Database, seed: int) -> tuple[tm.Database, list[float]]:
    """What HMA makes, and CPU seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = {}
        for table, data in train.tables.items():
            data.frame.write_parquet(folder / f"{table}.parquet")
            kinds[table] = {c.name: c.kind for c in data.schema if c.name != "parent_key"}
        (folder / "columns.json").write_text(json.dumps(kinds))
        subprocess.run([PEER, HERE / "hma_peer.py", folder, str(seed)], check=True)
        told = json.loads((folder / "told.json").read_text())
        made = {}
        for table, data in train.tables.items():
            frame = pl.read_parquet(folder / f"made_{table}.parquet")
            cast = [
                pl.col(name).str.to_datetime(strict=False).cast(dtype)
                if dtype.is_temporal() and frame.schema[name] == pl.String
                else pl.col(name).cast(dtype, strict=False)
                for name, dtype in data.frame.schema.items()
            ]
            made[table] = replace(data, frame=frame.select(cast), origin=None)
    return replace(train, tables=made), told["seconds"]


def measured(name: str, seed: int) -> dict[str, Any]:
    """One division."""
    base = two_tables(name)
    train, test = halves(base, plan_of(base), "parent", np.random.default_rng(seed))
    began = time.process_time()
    model = tm.fit_database(train, seed=seed)
    learned = time.process_time()
    ours = tm.sample_database(model, seed=seed + 100)
    done = time.process_time()
    theirs, seconds = by_peer(train, seed)
    found: dict[str, Any] = {"seconds": {"ours": [learned - began, done - learned], "hma": seconds}}
    for who, side in {"ours": ours, "hma": theirs, "ceiling": train}.items():
        run = tm.Run(seed)
        found[who] = {
            "counts": relations.counts_alike(test, side, LINK),
            "agg": relations.judged(test, side, "parent", run).auc.value,
            "agg+": relations.judged(test, side, "parent", run, plus=True).auc.value,
            "between": relations.between_error(test, side, LINK),
        }
    return found


def table(found: dict[str, dict[str, Any]]) -> str:
    """The means over seeds as a table of the page."""
    head = (
        "two tables of",
        "by",
        "rows below each: 1 - KS",
        "C2ST-Agg",
        "agg+",
        "between groups: error",
        "CPU s learned + made",
    )
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    called = {"ours": "tidemill", "hma": "HMA (SDV)", "ceiling": "the learned half itself"}
    for name in SETS:
        own = [one for key, one in found.items() if key.rpartition(", ")[0] == name]
        for who, words in called.items():
            if not own:
                continue
            cells = [
                f"{mean(one[who][what] for one in own):.3f}"
                for what in ("counts", "agg", "agg+", "between")
            ]
            took = ""
            if who != "ceiling":
                took = " + ".join(
                    f"{mean(one['seconds'][who][k] for one in own):.1f}" for k in (0, 1)
                )
            lines.append(f"| {' | '.join([name if who == 'ours' else '', words, *cells, took])} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is not measured yet, and write it down."""
    found = divisions(__doc__, SETS, RESULTS, measured, seeds=5)
    shown(PAGE, "relations-peer", table(found))


if __name__ == "__main__":
    main()
