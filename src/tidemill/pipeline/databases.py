"""One run of a whole database: divided, learned, made, judged and told."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tidemill.core.artifact import write_json
from tidemill.core.database import Database, Link, TableKey
from tidemill.core.database_scores import DatabaseScores
from tidemill.core.errors import InputError
from tidemill.core.results_folder import refuse_unfinished
from tidemill.core.run import Run
from tidemill.core.schema import MEDIA
from tidemill.core.states import HasState
from tidemill.io.conforming import conform
from tidemill.io.databases.reading import read_database
from tidemill.io.databases.writing import write_database
from tidemill.relational.division import divided
from tidemill.relational.judging import judge
from tidemill.relational.model import DatabaseModel, counts_of
from tidemill.relational.plan import plan_of, whose
from tidemill.reporting.database_page import DatabaseAccount, build_database
from tidemill.reporting.page import Report
from tidemill.synthesis.synthesizer import versions

SIDES = ("train", "holdout", "synthetic")
MODEL = "model.tidemill"
OUTPUTS = (
    *(f"{name}.sqlite" for name in SIDES),
    MODEL,
    "scores.json",
    "report.json",
    "report.html",
)


@dataclass(frozen=True)
class DatabaseRun(HasState):
    """Everything that one run of a database made.

    Attributes:
        train, holdout, synthetic: What was learned, held out, and made.
        model: The generator.
        scores: What the made database is worth, and whom it gives away.
        report: The page.
        out: The folder of the results; None where none was written.
        rows: How many rows of each table there are on each side.
    """

    STATE: ClassVar = ("rows", "scores", "out")

    train: Database
    holdout: Database
    synthetic: Database
    model: DatabaseModel
    scores: DatabaseScores
    report: Report
    out: Path | None

    @property
    def rows(self) -> Mapping[str, Mapping[str, int]]:
        """How many rows of each table there are on each side."""
        sides = {"train": self.train, "holdout": self.holdout, "synthetic": self.synthetic}
        return {
            side: {name: len(rows) for name, rows in base.tables.items()}
            for side, base in sides.items()
        }

    def _repr_html_(self) -> str:
        return self.report._repr_html_()


def run_database(
    base: Database,
    run: Run,
    folder: Path | None,
    *,
    out: Path | None = None,
    model: str | None = None,
    options: Mapping[str, Any] | None = None,
    keep: Sequence[str] = (),
    rows: Mapping[str, int] | Sequence[str] | None = None,
    command: str = "",
    source: str = "",
) -> DatabaseRun:
    """Divide, learn, make, judge and tell.

    What is judged is what was written, so that it can be judged again.

    Args:
        base: The database.
        run: Seed, minutes, progress and cancelling.
        folder: In which results appear; None for none.
        out: Where they are in the end.
        model, options: Of each table.
        keep: Tables whose rows stay as they are.
        rows: Tables that are made for no others, and how many rows of each.
        command: How the run was started.
        source: What was read, as a command line has it.

    Raises:
        DataError: There are too few rows to hold some out.
        OptionError: There is no such table, model or option.
    """
    for name in counts_of(rows):
        base[name]  # raises where there is none
    parted = divided(base, plan_of(base, keep), run)
    learned = DatabaseModel.fit(parted.train, run, model or "trees", options, keep)
    made = learned.sample(rows, run=run)
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, side in zip(SIDES, (parted.train, parted.holdout, made), strict=True):
            write_database(_learnable(side), folder / f"{name}.sqlite", run, overwrite=True)
        learned.save(folder / MODEL, overwrite=True)
        train, holdout, synthetic = databases_in(folder, learned, run)
        files = {one.name: one.stat().st_size for one in sorted(folder.glob("*.*"))}
    scores = judge(train, holdout, synthetic, run)
    account = DatabaseAccount(
        name=base.name,
        scores=scores,
        train=train,
        holdout=holdout,
        synthetic=synthetic,
        whose=_whose(train, keep),
        command=command,
        source=source,
        out="" if out is None else str(out),
        model=str(learned.manifest["model"]),
        seed=run.seed,
        threads=run.threads,
        versions=versions(),
        warnings=tuple(run.warnings),
        files={} if out is None else {name: files[name] for name in OUTPUTS if name in files},
    )
    page = build_database(account)
    if out is not None:
        write_json(folder / "scores.json", scores.to_state())
        write_json(folder / "report.json", page.to_state())
        page.save(folder / "report.html", overwrite=True)
    run.emit("done", "report", "")
    return DatabaseRun(parted.train, parted.holdout, made, learned, scores, page, out)


def is_run_of_database(folder: object) -> bool:
    """Whether a path is the folder of a run of a database."""
    return isinstance(folder, str | Path) and (Path(folder) / f"{SIDES[2]}.sqlite").is_file()


def databases_in(
    folder: Path, model: DatabaseModel, run: Run
) -> tuple[Database, Database, Database]:
    """Training part, held-out part and made database in the folder of a run, as its model knows
    them."""
    quiet = run.child(quiet=True)
    first, *others = (read_database(folder / f"{name}.sqlite", quiet) for name in SIDES)
    keys = {name: key for name, key in model.keys.items() if name in first.tables}
    links = tuple(one for one in model.links if {one.child, one.parent} <= first.tables.keys())
    train = Database(first.tables, keys, links, str(model.manifest["name"]))
    holdout, made = (alike(one, train, quiet) for one in others)
    return train, holdout, made


def judged_in(folder: Path, run: Run) -> DatabaseScores:
    """The scores of the databases in the folder of a run.

    Raises:
        InputError: One is not there, or the run is not finished.
    """
    refuse_unfinished(folder)
    for name in (*(f"{side}.sqlite" for side in SIDES), MODEL):
        if not (folder / name).is_file():
            raise InputError(
                f"there is no {name} in this folder",
                where=str(folder),
                hint="give a folder that `tidemill run` wrote of a database",
            )
    return judge(*databases_in(folder, DatabaseModel.load(folder / MODEL), run), run)


def alike(other: Database, train: Database, run: Run) -> Database:
    """A database with the tables, columns, kinds, keys and links of another one; a table that it
    lacks has no rows.

    Raises:
        SchemaError: A column is missing, or its values are not of that kind.
    """
    tables = {}
    for name, like in train.tables.items():
        found = other.tables.get(name)
        tables[name] = (
            like.rows(np.zeros(0, np.int64)) if found is None else conform(found, like, run)
        )
    keys: Mapping[str, TableKey] = train.keys
    links: tuple[Link, ...] = train.links
    return replace(other, tables=tables, keys=keys, links=links)


def _learnable(base: Database) -> Database:
    """The database without images, sounds and ignored columns, which no file of it holds."""
    naming = {(key.table, column) for key in base.keys.values() for column in key.columns}
    for link in base.links:
        naming |= {(link.child, column) for column in link.columns}
        naming |= {(link.parent, column) for column in link.to}
    tables = {}
    for name, data in base.tables.items():
        kept = [
            column.name
            for column in data.schema
            if (name, column.name) in naming
            or (column.role != "ignore" and column.kind not in MEDIA)
        ]
        tables[name] = data.select(kept or list(data.schema.names[:1]))
    return replace(base, tables=tables)


def _whose(train: Database, keep: Sequence[str]) -> dict[str, np.ndarray]:
    """Whose each learned row is."""
    plan = plan_of(train, [name for name in keep if name in train.tables])
    return whose(train, plan, {link: train.places(link) for link in plan.main.values()})
