"""The model of a database: one of each table, given what its rows are made for, and the links
between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidemill.core import artifact
from tidemill.core.condition import Where
from tidemill.core.database import Database, Link, TableKey
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ArtifactError, OptionError
from tidemill.core.options import MOST_ROWS, whole
from tidemill.core.run import Run
from tidemill.core.schema import Rule, Schema
from tidemill.core.words import listing, shortlist
from tidemill.relational.plan import TablePlan, plan_of
from tidemill.relational.promises import Promise
from tidemill.relational.running import Running
from tidemill.relational.sorts import Sorts
from tidemill.relational.stored import model_of, state_of
from tidemill.relational.table_model import TableModel
from tidemill.synthesis.stored import check_arrays, check_documents


@dataclass(frozen=True)
class LinkModel:
    """What is known of a link, beside the columns that tell of it.

    Attributes:
        link: The link.
        label: What columns are called by that tell of rows that point.
        empty, astray: The shares of rows that point to nothing, and to a row that is not there.
        most: How many rows point to one row at most; 0 for any number.
        sorts: Of a link that is dealt out: the sorts of rows that can be pointed to.
        column: Of such a link, or one within a table: the column of the rows that point which says
            what sort, or how deep.
        same: Columns that are the same in all rows that are made for one row.
        promises: Of such rows: what is told of them beside the row that they are made for.
        copied: Columns that are those of the row that is pointed to, and what they are called
            there.
        running: Columns that go on from row to row of those that are made for one row.
        time: The column of times that these are ordered by, where there is one.
        order: Whether rows stand in it: "all", "within" what they are made for, or "".
    """

    link: Link
    label: str
    empty: float = 0.0
    astray: float = 0.0
    most: int = 0
    sorts: Sorts | None = None
    column: str = ""
    same: tuple[str, ...] = ()
    promises: tuple[Promise, ...] = ()
    copied: tuple[tuple[str, str], ...] = ()
    running: tuple[Running, ...] = ()
    time: str = ""
    order: str = ""


class DatabaseModel:
    """Makes databases like one that was learned: :meth:`sample` makes one, :meth:`save` and
    :meth:`load` keep the model.

    Made by :func:`tidemill.fit_database`.

    Attributes:
        plan: In which order tables are made.
        models: Table -> its model, of those that are made.
        kept: Table -> its rows, of those that stay as they are, with what is told of them.
        columns: Table -> its columns, in their order.
        keys: Table -> what names its rows.
        links: What is known of each link.
        derived: Table -> rules by which the last column is reckoned from the others.
        manifest: How it was made.
    """

    def __init__(
        self,
        plan: TablePlan,
        models: Mapping[str, TableModel],
        kept: Mapping[str, Dataset],
        columns: Mapping[str, Schema],
        keys: Mapping[str, TableKey],
        links: Mapping[Link, LinkModel],
        derived: Mapping[str, tuple[Rule, ...]],
        manifest: Mapping[str, Any],
        path: Path | None = None,
    ) -> None:
        self._path = path  # of the file that it was loaded from
        self.plan, self.models, self.kept = plan, dict(models), dict(kept)
        self.columns, self.keys, self.links = dict(columns), dict(keys), dict(links)
        self.derived, self.manifest = dict(derived), dict(manifest)

    @staticmethod
    def fit(
        database: Database,
        run: Run,
        model: str = "trees",
        options: Mapping[str, Any] | None = None,
        keep: Sequence[str] = (),
    ) -> DatabaseModel:
        """Learn all tables of a database.

        Args:
            database: The tables and links.
            run: Seed, time and progress.
            model, options: Of the generator of each table.
            keep: Tables whose rows stay as they are, such as a list of products.

        Raises:
            OptionError: There is no such table or model, or a table that is to stay holds persons.
        """
        for name in keep:
            schema = database[name].schema  # raises where there is none
            told = [column.name for column in schema if column.personal]
            if told:
                run.warn(
                    f"'{name}' stays as it is, with the real values of what is personal in it: "
                    f"{shortlist(told, 5)}.",
                    "learn",
                )
            above = {link.parent for link in database.above(name)} - set(keep)
            if above:
                which = listing(sorted(above))
                raise OptionError(
                    f"'{name}' is to stay as it is, but points to rows of {which}, which are made "
                    "anew",
                    hint=f"keep {which}, too",
                )
        from tidemill.relational.learning import DatabaseLearning

        return DatabaseLearning(database, plan_of(database, keep), run).all(
            model, dict(options or {})
        )

    def sample(
        self,
        rows: Mapping[str, int] | Sequence[str] | None = None,
        where: Where = None,
        *,
        run: Run,
    ) -> Database:
        """A new database.

        Args:
            rows: Tables that are made for no others, and how many rows of each, ``{"customers":
                1000}`` or ``["customers=1000"]``; as many as were learned by default. All others
                follow from them.
            where: What rows of such tables shall be like, ``["customers.country=Spain"]``; the rows
                of others are made for these.
            run: Its seed decides what is drawn.

        Raises:
            ConditionError: No row can be as it is asked.
            OptionError: A table is made for another one, or stays as it is.
        """
        from tidemill.relational.making import Making

        counts, asked = counts_of(rows), self._asked(where)
        self._check(counts, "rows are asked for")
        self._check(asked, "something is asked")
        in_use = nullcontext() if self._path is None else artifact.trusted_use(self._path)
        with in_use:
            return Making(self, run).all(counts, asked)

    def _asked(self, where: Where) -> dict[str, list[str]]:
        """Table -> what is asked of it; the longest name that a text begins with is meant."""
        if where is None:
            return {}
        if isinstance(where, str):
            where = [where]
        if not isinstance(where, Sequence):
            raise OptionError(
                "of a database conditions are asked as texts",
                hint='write ["customers.country=Spain"]',
            )
        found: dict[str, list[str]] = {}
        for text in where:
            names = [name for name in self.plan.order if text.startswith(f"{name}.")]
            if not names:
                raise OptionError(
                    f"'{text}' names no table",
                    hint=f"write TABLE.CONDITION; the tables are {listing(list(self.plan.order))}",
                )
            name = max(names, key=len)
            found.setdefault(name, []).append(text[len(name) + 1 :])
        return found

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Store the model; the same model gives the same bytes.

        Raises:
            OptionError: A table that stays as it is has a column that cannot be stored.
            OutputError: The file exists, or cannot be written.
        """
        documents, arrays = state_of(self)
        artifact.save(Path(path), self.manifest, documents, arrays, overwrite=overwrite)
        return Path(path)

    @staticmethod
    def load(path: str | Path) -> DatabaseModel:
        """A stored model of a database.

        Raises:
            ArtifactError: The file is damaged, hostile, of another format, or of one table.
        """
        path = Path(path)
        manifest, documents, arrays = artifact.load(path)
        if manifest.get("kind") != artifact.DATABASE:
            raise ArtifactError(
                "this is a model of one table", where=str(path), hint="give it to `tidemill sample`"
            )
        with artifact.trusted_shape(path):
            model = model_of(manifest, documents, arrays, path)
            again, of_model = state_of(model)
            check_documents(documents, again)
            check_arrays(arrays, of_model)
        return model

    def __repr__(self) -> str:
        rows = sum(self.manifest["rows"].values())
        return (
            f"model of {self.manifest['name']}: {self.manifest['model']}, "
            f"{len(self.plan.order):,} tables, {rows:,} rows, seed {self.manifest['seed']}"
        )

    def _check(self, tables: Iterable[str], what: str) -> None:
        able = [name for name in self.plan.order if name not in self.plan.main]
        able = [name for name in able if name in self.models]
        for name in tables:
            if name in able:
                continue
            why = "is not in this database"
            if name in self.plan.main:
                why = f"is made for rows of '{self.plan.main[name].parent}'"
            elif name in self.kept:
                why = "stays as it is"
            raise OptionError(f"{what} of '{name}', which {why}", hint=f"ask it of {listing(able)}")


def counts_of(rows: Mapping[str, int] | Sequence[str] | None) -> dict[str, int]:
    """Table -> how many rows are asked for.

    Raises:
        OptionError: It is not written so, or no such number can be made.

    Example:
        >>> counts_of(["customers=1000"])
        {'customers': 1000}
    """
    if rows is None:
        return {}
    if not isinstance(rows, Mapping):
        given: dict[str, int] = {}
        for text in rows:
            name, sign, count = text.rpartition("=")
            if not sign or not count.strip().isdecimal():
                raise OptionError(f"'{text}' names no number of rows", hint="write TABLE=N")
            given[name.strip()] = int(count)
        rows = given
    for name, number in rows.items():
        if not 1 <= whole(number, "rows") <= MOST_ROWS:
            raise OptionError(
                f"{number:,} rows of '{name}' cannot be made",
                hint=f"ask for 1 to {MOST_ROWS:,} rows",
            )
    return dict(rows)
