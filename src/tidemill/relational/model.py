"""The model of a database: one of each table, given what its rows are made for, and the links
between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tidemill.cleaning.found_rules import with_found_rules
from tidemill.codecs.stored_schema import stored_schema
from tidemill.core import artifact
from tidemill.core.condition import Where
from tidemill.core.database import ASTRAY, EMPTY, Database, Link, TableKey, gathered
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ArtifactError, DataError, OptionError
from tidemill.core.options import MOST_ROWS, whole
from tidemill.core.persons import FEWEST_PERSONS, level_counts, sharing
from tidemill.core.run import Run
from tidemill.core.schema import MEDIA, Column, Schema
from tidemill.core.words import listing, plural, shortlist
from tidemill.relational.dealing import depths
from tidemill.relational.plan import TablePlan, copied, plan_of, same_within, whose
from tidemill.relational.promises import Promise
from tidemill.relational.running import Running, in_order, opening, ordered, running_of
from tidemill.relational.sorts import Sorts, sorts_of
from tidemill.relational.stored import model_of, state_of
from tidemill.relational.summaries import (
    Summary,
    count_name,
    opening_name,
    same_name,
    summaries,
    telling_steps,
    telling_traits,
)
from tidemill.relational.table_model import TableModel
from tidemill.synthesis.stages import FEWEST
from tidemill.synthesis.stored import check_arrays, check_documents
from tidemill.synthesis.synthesizer import versions

THERE = "is there"
"""The column of a table that has no other."""


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
        manifest: Mapping[str, Any],
        path: Path | None = None,
    ) -> None:
        self._path = path  # of the file that it was loaded from
        self.plan, self.models, self.kept = plan, dict(models), dict(kept)
        self.columns, self.keys, self.links = dict(columns), dict(keys), dict(links)
        self.manifest = dict(manifest)

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
        return _Learning(database, plan_of(database, keep), run).all(model, dict(options or {}))

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


class _Learning:
    """Tables of a database with what is told beside their rows, learned one after the other."""

    def __init__(self, database: Database, plan: TablePlan, run: Run) -> None:
        self._database, self._plan, self._run = database, plan, run
        self._at = {link: database.places(link) for link in database.links}
        self._open_circles()
        self._persons = whose(database, plan, self._at)
        self._tell_left_out()
        self._own = {name: _own_columns(database, plan, name) for name in database.tables}
        self._links: dict[Link, LinkModel] = {}
        self._rare: list[str] = []
        self._same: dict[Link, Dataset] = {}
        self._copied: dict[Link, tuple[tuple[str, str], ...]] = {}
        self._sources: set[tuple[str, str]] = set()  # these stay, so that nothing goes in a circle
        for name in plan.order:
            self._take_copied(name)
        for name, link in plan.main.items():
            self._take_same(name, link)
        self._running: dict[Link, list[Running]] = {}
        self._before: dict[Link, list[Summary]] = {}
        for name, link in plan.main.items():
            self._take_running(name, link)
        for name, data in self._own.items():
            if name not in plan.kept and len(data) >= FEWEST:
                self._own[name] = with_found_rules(data, run.child("rules", name))
        self._told = {name: self._with_summaries(name) for name in database.tables}
        for link in database.links:  # also of tables that stay as they are
            if link not in self._links:
                self._links[link] = self._known(link)

    def _open_circles(self) -> None:
        """Rows that lead back to themselves within a table point to nothing."""
        for links in self._plan.own.values():
            for link in links:
                at = self._at[link]
                circling = (at >= 0) & (depths(at) == 0)
                self._at[link] = np.where(circling, EMPTY, at)
                if circling.any():
                    self._run.warn(
                        f"{plural(int(circling.sum()), 'row')} of '{link.child}' lead back to "
                        f"themselves by {link}; in what is made such rows point to nothing.",
                        "learn",
                    )

    def _tell_left_out(self) -> None:
        for name, data in self._database.tables.items():
            left = [c.name for c in data.schema if c.role == "ignore" or c.kind in MEDIA]
            if left:
                self._run.warn(
                    f"Of '{name}' {listing([repr(one) for one in left])} cannot be learned, and "
                    "will be missing.",
                    "learn",
                )

    def all(self, model: str, options: Mapping[str, Any]) -> DatabaseModel:
        for name, links in self._plan.own.items():
            for link in links:
                self._with_depth(name, link)
        for name in self._plan.order:
            for link in self._plan.dealt.get(name, ()):
                self._with_sort(name, link)
        models = {}
        made = [name for name in self._plan.order if name not in self._plan.kept]
        text = f"learning {plural(len(made), 'table')}"
        self._run.begin_learning()
        with self._run.stage("learn", text, total=len(made)) as stage:
            for name in made:
                models[name] = self._learned(name, model, options)
                stage.advance()
        if self._rare:
            self._run.warn(
                f"Most values of {plural(len(self._rare), 'column')} are those of fewer than "
                f"{FEWEST_PERSONS} persons, and come back as a level for all others: "
                f"{shortlist(self._rare, 8)}.",
                "learn",
            )
        tables = self._database.tables.items()
        columns = {name: stored_schema(data, self._persons[name]) for name, data in tables}
        manifest = {
            "kind": artifact.DATABASE,
            "versions": versions(),
            "name": self._database.name,
            "model": model,
            "options": dict(options),
            "seed": self._run.seed,
            "rows": {name: len(data) for name, data in self._database.tables.items()},
        }
        return DatabaseModel(
            self._plan,
            models,
            {name: _without_reasons(self._told[name]) for name in sorted(self._plan.kept)},
            columns,
            self._database.keys,
            {link: self._links[link] for link in self._database.links},
            manifest,
        )

    def _take_copied(self, name: str) -> None:
        """Columns that are those of a row that is pointed to are not learned."""
        if name in self._plan.kept:
            return
        main = self._plan.main.get(name)
        links = [] if main is None else [main]
        for link in (*links, *self._plan.dealt.get(name, ())):
            own = [c for c in self._own[name].schema.names if (name, c) not in self._sources]
            found = copied(self._database, link, self._at[link])
            found = {column: other for column, other in found.items() if column in own}
            rest = [column for column in self._own[name].schema.names if column not in found]
            if not rest:
                continue  # a table has a column of its own
            self._copied[link] = tuple(found.items())
            self._sources |= {(link.parent, other) for other in found.values()}
            self._own[name] = self._own[name].select(rest)

    def _take_same(self, name: str, link: Link) -> None:
        """Columns that are the same in all rows that are made for one row are those of that row."""
        data, at = self._own[name], self._at[link]
        naming = self._naming(name)
        naming |= set(self._database.keys[name].columns) if name in self._database.keys else set()
        same = [c for c in data.schema.names if c not in naming and same_within(data.frame[c], at)]
        if same and set(same) == set(data.schema.names):
            same = same[1:]  # a table has a column of its own
        self._same[link] = data.select(same)
        self._own[name] = data.select([c for c in data.schema.names if c not in same])

    def _take_running(self, name: str, link: Link) -> None:
        """Columns that go on from row to row are reckoned, from what stood before the first."""
        at, rows = self._at[link], len(self._database[link.parent])
        naming = self._naming(name)
        data = self._own[name].select([c for c in self._own[name].schema.names if c not in naming])
        label = self._database.label(link, link.child)
        for time in dict.fromkeys((self._database.time(name), None)):  # or else as they stand
            if time is not None and time not in data.schema:
                continue
            order = in_order(data.frame, at, time)
            found = running_of(data, at, order, self._persons[name])
            if found:
                break
        self._running[link], self._before[link] = found, []
        for rule in found:
            called = opening_name(label, rule.column)
            values = opening(rule, data.frame, at, order, rows).alias(called)
            missing = bool(values.is_null().any())
            column = Column(called, "number", nullable=missing, dtype="Float64")
            self._before[link].append(Summary(column, values, 1.0))
            if rule.amount is not None:
                self._before[link] += telling_steps(rule, data.frame, at, rows, label)
        gone = {rule.column for rule in found}
        rest = [column for column in self._own[name].schema.names if column not in gone]
        own = self._own[name].select(rest)
        self._own[name] = own if rest else _only_there(len(own), name)

    def _naming(self, name: str) -> set[str]:
        """The columns that name a row alone, or that others point to."""
        key = self._database.keys.get(name)
        naming = {column for one in self._database.below(name) for column in one.to}
        return naming | (set(key.columns) if key is not None and len(key.columns) == 1 else set())

    def _of_same(self, link: Link, label: str, rows: int) -> list[tuple[Column, pl.Series]]:
        """What the rows that are made for each row have in common."""
        at = self._at[link]
        here = np.flatnonzero(at >= 0)
        first = np.full(rows, -1)
        first[at[here][::-1]] = here[::-1]
        found = []
        for column in self._same[link].schema:
            values = gathered(self._same[link].frame[column.name], first)
            name = same_name(label, column.name)
            told = replace(column, name=name, nullable=bool(values.is_null().any()))
            found.append((told, values.alias(name)))
        return found

    def _with_summaries(self, name: str) -> Dataset:
        """The own columns of a table, and what rows that point to its rows tell of these."""
        data = self._own[name]
        for link in self._plan.counted(name):
            label = self._database.label(link, link.child)
            at = self._at[link]
            same = [] if link not in self._same else self._of_same(link, label, len(data))
            found = [Summary(column, values, 1.0) for column, values in same]
            found += self._before.get(link, [])
            found += summaries(self._own[link.child], at, len(data), label)
            self._links[link] = self._known(link)
            data = self._with_told(link, found, data)
        return data

    def _without_few(
        self, told: list[tuple[Column, pl.Series]], link: Link, rows: int
    ) -> list[tuple[Column, pl.Series]]:
        """What is told of rows that stay as they are, and is stored so: nothing of those to which
        rows of fewer than five persons point, but how many, dealt anew among these."""
        at = self._at[link]
        here = at >= 0
        persons = sharing(at[here], rows, self._persons[link.child][here])
        few = np.flatnonzero(persons < FEWEST_PERSONS)
        counted = count_name(self._database.label(link, link.child))
        found = []
        for column, values in told:
            if column.name == counted:
                order = self._run.rng("few", str(link)).permutation(few)
                found.append((column, values.scatter(few, values.gather(order))))
            else:
                missing = replace(column, nullable=True)
                found.append((missing, values.scatter(few, None) if len(few) else values))
        return found

    def _known(self, link: Link) -> LinkModel:
        label, at = self._database.label(link, link.child), self._at[link]
        key = self._database.keys.get(link.child)
        alone = key is not None and set(key.columns) <= set(link.columns)
        shares = float((at == EMPTY).mean()), float((at == ASTRAY).mean())
        same = self._same[link].schema.names if link in self._same else ()
        time = self._time(link)
        return LinkModel(
            link,
            label,
            *shares,
            most=1 if alone else 0,
            same=tuple(same),
            copied=self._copied.get(link, ()),
            running=tuple(self._running.get(link, ())),
            time=time or "",
            order=ordered(self._own[link.child].frame, at, time),
        )

    def _time(self, link: Link) -> str | None:
        """The times that rows are ordered by which are made for those that a link points to."""
        time = self._database.time(link.child)
        is_there = time is not None and time in self._own[link.child].schema
        return time if is_there and self._plan.main.get(link.child) == link else None

    def _with_depth(self, name: str, link: Link) -> None:
        column = f"steps to the top by {' + '.join(link.columns)}"
        values = pl.Series(column, depths(self._at[link]), pl.Int64)
        told = Column(column, "number", step="1", dtype="Int64")
        self._told[name] = _beside(self._told[name], [(told, values)])
        self._links[link] = replace(self._links[link], column=column)

    def _with_sort(self, name: str, link: Link) -> None:
        at = self._at[link]
        parent, persons = self._told[link.parent], self._persons[name]
        main = self._plan.main.get(name)
        group = np.full(len(at), -1) if main is None else self._at[main]
        sorts = sorts_of(
            parent,
            self._persons[link.parent],
            self._own[name],
            at,
            persons,
            group,
            self._run.child("sorts", str(link)),
            kept=link.parent in self._plan.kept,
        )
        own = sorts.of(parent.frame)
        column = f"sort of {link.parent} by {' + '.join(link.columns)}"
        series = gathered(pl.Series(column, own), at)
        step = None if series.dtype.is_float() else "1"
        told = Column(
            column, "number", nullable=bool((at < 0).any()), step=step, dtype=str(series.dtype)
        )
        self._told[name] = _beside(self._told[name], [(told, series)])
        self._links[link] = replace(self._links[link], sorts=sorts, column=column)
        if main is not None:
            self._tell_traits(main, link, series)

    def _tell_traits(self, main: Link, link: Link, sort: pl.Series) -> None:
        """What rows that point to sorts tell of the row that they are made for.

        Args:
            main: What the rows are made for.
            link: Where they point to besides.
            sort: Of each row, the sort of what it points to.
        """
        above, known = self._told[main.parent], self._links[link]
        assert known.sorts is not None
        label = self._database.label(main, main.child)
        called = f"{label}: {self._database.label(link, link.parent)}"
        found = telling_traits(sort, known.sorts.of_traits, self._at[main], len(above), called)
        self._told[main.parent] = self._with_told(main, found, above)

    def _with_told(self, link: Link, found: Sequence[Summary], above: Dataset) -> Dataset:
        """The rows that a link points to, with what is told by those that point, which is kept."""
        told = [(one.column, one.values) for one in found]
        if link.parent in self._plan.kept:
            told = self._without_few(told, link, len(above))
        if self._plan.main.get(link.child) == link:
            told_of = [one.promise for one in found if one.promise is not None]
            promises = [one for one in told_of if not self._is_of_few(link.child, one)]
            known = self._links[link]
            self._links[link] = replace(known, promises=(*known.promises, *promises))
        return _beside(above, told)

    def _is_of_few(self, child: str, promise: Promise) -> bool:
        """Whether a promise names a level that fewer than five persons have."""
        if promise.level is None:
            return False
        values = self._own[child].frame[promise.of].cast(pl.String)
        counted = level_counts(values, self._persons[child]).filter(level=promise.level)
        return int(counted["persons"].item()) < FEWEST_PERSONS

    def _learned(self, name: str, model: str, options: Mapping[str, Any]) -> TableModel:
        data, link = self._told[name], self._plan.main.get(name)
        above, at, persons_above = None, np.zeros(0, np.int64), None
        if link is not None:
            parent = self._told[link.parent]
            above = parent.select([column.name for column in parent.schema.modelled])
            at, persons_above = self._at[link], self._persons[link.parent]
        if len(data) < FEWEST:
            self._run.warn(
                f"'{name}' has {plural(len(data), 'row')}, too few to learn what goes with what: "
                f"its columns are made one by one. Option 'keep-table={name}' takes its rows over "
                "as they are, where they tell of no persons.",
                "learn",
            )
        run = self._run.child("table", name, quiet=True)
        found = TableModel.fit(
            data, self._persons[name], above, persons_above, at, model, options, run
        )
        self._rare += [f"{name}.{column}" for column in found.rare(data)]
        if not found.complete:
            self._run.warn(
                f"Time was over before '{name}' was learned: less is known of how its columns, and "
                "those of the rows that it is made for, go together.",
                "learn",
            )
        return found


def _own_columns(database: Database, plan: TablePlan, name: str) -> Dataset:
    """A table without what points, but if it stays as it is; what names its rows is of kind id."""
    data = database.tables[name]
    pointing: set[str] = set()
    if name not in plan.kept:
        pointing = {column for link in database.above(name) for column in link.columns}
    key = database.keys.get(name)
    naming = set() if key is None or len(key.columns) > 1 else set(key.columns)
    naming |= {column for link in database.below(name) for column in link.to}
    kept, changed = [], []
    for column in data.schema:
        if column.name in pointing or column.role == "ignore" or column.kind in MEDIA:
            continue
        kept.append(column.name)
        if column.name in naming and column.kind != "id":
            changed.append(replace(column, kind="id", role="key", personal=""))
        elif column.role == "key" and column.name not in naming | pointing:
            changed.append(replace(column, role="feature"))  # a part of a key is a column to learn
    if not kept:
        return _only_there(len(data), name)
    data = data.select(kept)
    return replace(data, schema=data.schema.replacing(*changed))


def _only_there(rows: int, name: str) -> Dataset:
    """Rows of a table without anything to learn: one that only points has rows, too."""
    frame = pl.DataFrame({THERE: pl.repeat(True, rows, eager=True)})
    return Dataset(frame, Schema((Column(THERE, "boolean", dtype="Boolean"),)), name=name)


def _without_reasons(data: Dataset) -> Dataset:
    columns = [replace(column, reason="", role_reason="") for column in data.schema]
    return replace(data, schema=Schema(tuple(columns)))


def _beside(data: Dataset, told: Sequence[tuple[Column, pl.Series]]) -> Dataset:
    """The rows with further columns.

    Raises:
        DataError: A column is called so already.
    """
    for column, _ in told:
        if column.name in data.schema:
            raise DataError(
                f"a column is called '{column.name}', as what is told of its rows",
                where=data.name,
                hint="call it differently",
            )
    schema = Schema(
        (*data.schema.columns, *(column for column, _ in told)),
        data.schema.rules,
        data.schema.conventions,
    )
    return replace(data, frame=data.frame.hstack([values for _, values in told]), schema=schema)
