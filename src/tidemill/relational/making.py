"""A new database of a model: tables in their order, keys, and what points to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tidemill.core.database import ASTRAY, Database, Link, gathered, naming
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Rule, Schema
from tidemill.core.words import plural
from tidemill.relational.dealing import dealt, dealt_by_depth
from tidemill.relational.derived import derived, in_steps
from tidemill.relational.running import ALL, Running, in_order, reckoned
from tidemill.relational.sorts import traits_of
from tidemill.relational.summaries import count_name, opening_name, same_name

if TYPE_CHECKING:
    from tidemill.relational.model import DatabaseModel, LinkModel


class Making:
    """One new database.

    Args:
        model: What it is made by.
        run: Seed and progress.
    """

    def __init__(self, model: DatabaseModel, run: Run) -> None:
        self._model, self._run = model, run
        self._made: dict[str, Dataset] = {}
        self._rows_made: dict[str, int] = {}
        self._at: dict[Link, np.ndarray] = {}
        self._done: dict[tuple[str, str], pl.Series] = {}

    def all(self, rows: Mapping[str, int], where: Mapping[str, Sequence[str]]) -> Database:
        """The database."""
        plan = self._model.plan
        text = f"making {plural(len(plan.order), 'table')}"
        with self._run.stage("sample", text, total=len(plan.order)) as stage:
            for name in plan.order:
                self._made[name] = self._rows(name, rows, where)
                self._rows_made[name] = len(self._made[name])
                stage.advance()
        for name in plan.order:
            for link in plan.own.get(name, ()):
                self._point_within(link)
        for name in plan.order:
            for link in plan.dealt.get(name, ()):
                self._deal(link)
        self._leave_out()
        tables = {name: self._finished(name) for name in self._model.columns}
        database = Database(
            tables, self._model.keys, tuple(self._model.links), str(self._model.manifest["name"])
        )
        self._check(database)
        return database

    def _rows(
        self, name: str, rows: Mapping[str, int], where: Mapping[str, Sequence[str]]
    ) -> Dataset:
        if name in self._model.kept:
            return self._model.kept[name]
        own, link = self._model.models[name], self._model.plan.main.get(name)
        run = self._run.child("table", name)
        if link is None:
            return own.drawn(rows.get(name, own.rows), where.get(name), run)
        known = self._model.links[link]
        above = self._made[link.parent]
        counts = above.frame[count_name(known.label)].fill_null(0).to_numpy()
        counts = np.maximum(counts, 0)
        if known.most:
            counts = np.minimum(counts, known.most)
        at = np.repeat(np.arange(len(counts)), counts)
        loose = known.empty + known.astray
        alone = round(len(at) * loose / (1 - loose)) if loose < 1 else own.rows
        at = np.r_[at, np.full(alone, -1)].astype(np.int64)
        share = known.astray / loose if loose else 0.0
        astray = self._run.rng("astray", str(link)).random(len(at)) < share
        self._at[link] = np.where((at < 0) & astray, ASTRAY, at)
        traits = traits_of(self._model.links.values(), name)
        return self._in_order(known, own.drawn_for(above, at, known.promises, traits, run))

    def _in_order(self, known: LinkModel, rows: Dataset) -> Dataset:
        """Rows in the order of their times, where they are to stand so; what names them stays."""
        if not known.order:
            return rows
        table, at = known.link.child, self._at[known.link]
        of_all = np.zeros(len(at), np.int64) if known.order == ALL else at
        order = in_order(rows.frame, of_all, known.time)
        key = self._model.keys.get(table)
        naming = set() if key is None else set(key.columns)
        naming |= {to for link in self._model.links for to in link.to if link.parent == table}
        self._at[known.link] = at[order]
        stays = [rows.frame[name] for name in rows.frame.columns if name in naming]
        moved = rows.rows(order)
        return replace(moved, frame=moved.frame.with_columns(stays))

    def _point_within(self, link: Link) -> None:
        known, data = self._model.links[link], self._made[link.child]
        depth = data.frame[known.column].fill_null(0).to_numpy()
        weight = data.frame[count_name(known.label)].fill_null(0).to_numpy()
        self._at[link] = dealt_by_depth(depth, weight, self._run.rng("within", str(link)))

    def _deal(self, link: Link) -> None:
        known, data, parent = (
            self._model.links[link],
            self._made[link.child],
            self._made[link.parent],
        )
        assert known.sorts is not None
        sort = known.sorts.of(parent.frame)
        wanted = data.frame[known.column].fill_null(0).to_numpy()
        there = data.frame[known.column].is_not_null().to_numpy()
        weight = parent.frame[count_name(known.label)].fill_null(0).to_numpy()
        main = self._model.plan.main.get(link.child)
        group = None
        if main is not None and self._names(link.child, main, link):
            group = self._at[main][there]
        rng = self._run.rng("dealt", str(link))
        at = np.full(len(data), -1)
        at[there] = dealt(wanted[there], sort, weight, group, rng)
        loose = known.empty + known.astray
        share = known.astray / loose if loose else 0.0
        self._at[link] = np.where((at < 0) & (rng.random(len(at)) < share), ASTRAY, at)

    def _names(self, table: str, main: Link, link: Link) -> bool:
        """Whether what two links of a table point to names its rows."""
        key = self._model.keys.get(table)
        return key is not None and set(key.columns) <= {*main.columns, *link.columns}

    def _leave_out(self) -> None:
        """Rows that point to none of the rows that they must point to are left out, and with them
        what points to them."""
        gone = self._gone()
        for name, lost in gone.items():
            if lost.any():
                self._run.warn(
                    f"{plural(int(lost.sum()), 'row')} of '{name}' are left out: there is nothing "
                    "left that they could point to.",
                    "sample",
                )
                self._made[name] = self._made[name].rows(np.flatnonzero(~lost))
        for link, at in self._at.items():
            there = at >= 0
            back = np.where(gone[link.parent], -1, np.cumsum(~gone[link.parent]) - 1)
            at[there] = back[at[there]]
            self._at[link] = at[~gone[link.child]]

    def _gone(self) -> dict[str, np.ndarray]:
        """Table -> (rows,) which are to be left out."""
        gone = {name: np.zeros(len(data), bool) for name, data in self._made.items()}
        for name, links in self._model.plan.dealt.items():
            for link in links:
                if not self._model.links[link].empty:
                    gone[name] |= self._at[link] == -1
        grows = True
        while grows:
            grows = False
            for link, at in self._at.items():
                if link.child == link.parent:
                    continue  # who pointed to one that is gone points to nothing
                there = np.flatnonzero(at >= 0)
                lost = there[gone[link.parent][at[there]]]
                if not gone[link.child][lost].all():
                    gone[link.child][lost] = grows = True
        return gone

    # --- keys -------------------------------------------------------------------------------------

    def _finished(self, name: str) -> Dataset:
        """A table with its columns in their order, and with what points."""
        made, schema = self._made[name], self._model.columns[name]
        columns, kinds = [], []
        for column in schema:
            values = self._column(name, column.name, ())
            if values is None:
                continue
            columns.append(values.rename(column.name))
            own = column
            if column.name in made.schema:
                own = made.schema[column.name]
            kinds.append(replace(own, role=column.role, reason="", role_reason=""))
        known = Schema(tuple(kinds), (), schema.conventions)
        origin = pl.repeat(1, len(made), dtype=pl.Int16, eager=True)
        return Dataset(pl.DataFrame(columns), known, origin=origin, name=name)

    def _column(
        self, table: str, name: str, asked: tuple[tuple[str, str], ...]
    ) -> pl.Series | None:
        """The values of a column, of one that points those that it points to; None for one that is
        not made."""
        if (table, name) in self._done:
            return self._done[table, name]
        made = self._made[table]
        found = made.frame[name] if name in made.frame.columns else None
        if table not in self._model.kept and (table, name) not in asked:
            other = self._known_otherwise(table, name, (*asked, (table, name)))
            found = found if other is None else other
        if found is not None:
            self._done[table, name] = found
        return found

    def _known_otherwise(
        self, table: str, name: str, asked: tuple[tuple[str, str], ...]
    ) -> pl.Series | None:
        """A column that is not drawn with the others of its table; None for one that is."""
        for link in self._pointing(table):
            pairs = {
                **dict(self._model.links[link].copied),
                **dict(zip(link.columns, link.to, strict=True)),
            }
            if name in pairs:
                above = self._column(link.parent, pairs[name], asked)
                return self._pointed(link, pairs[name], above)
        for rule in self._model.derived.get(table, ()):
            if rule.columns[-1] == name:
                return self._derived(table, rule, asked)
        main = self._model.plan.main.get(table)
        if main is None:
            return None
        if name in self._model.links[main].same:
            return self._same(main, name)
        rules = {rule.column: rule for rule in self._model.links[main].running}
        return self._reckoned(main, rules[name]) if name in rules else None

    def _pointing(self, table: str) -> list[Link]:
        """The links of a table, the one that its rows are made for first."""
        plan = self._model.plan
        main = plan.main.get(table)
        first = () if main is None else (main,)
        return [*first, *plan.dealt.get(table, ()), *plan.own.get(table, ())]

    def _pointed(self, link: Link, other: str, above: pl.Series | None) -> pl.Series | None:
        if above is None:
            return None
        at = self._at[link]
        found = gathered(above, at)
        astray = np.flatnonzero(at == ASTRAY)
        if len(astray):
            found = found.scatter(astray, self._strange(link, other, len(astray)))
        return found

    def _same(self, link: Link, name: str) -> pl.Series:
        """A column that is the same in all rows that are made for one row."""
        label = self._model.links[link].label
        values = self._made[link.parent].frame[same_name(label, name)]
        known = values.drop_nulls()
        if not self._model.columns[link.child][name].nullable and len(known):
            rng = self._run.rng("same", str(link), name)
            drawn = known.gather(rng.integers(0, len(known), len(values)))
            values = values.zip_with(values.is_not_null(), drawn)
        return gathered(values, self._at[link])

    def _reckoned(self, link: Link, rule: Running) -> pl.Series:
        """A column that goes on from row to row, in the steps that it has."""
        known, rows, at = self._model.links[link], self._made[link.child].frame, self._at[link]
        before = self._made[link.parent].frame[opening_name(known.label, rule.column)]
        column = self._model.columns[link.child][rule.column]
        return in_steps(reckoned(rule, rows, at, before), column)

    def _derived(
        self, table: str, rule: Rule, asked: tuple[tuple[str, str], ...]
    ) -> pl.Series | None:
        """A column that is reckoned from others of its row."""
        parts = [self._column(table, name, asked) for name in rule.columns[:-1]]
        known = [one for one in parts if one is not None]
        if len(known) < len(parts):
            return None
        return derived(rule, known, self._model.columns[table][rule.columns[-1]])

    def _strange(self, link: Link, other: str, n: int) -> pl.Series:
        """Keys that no row has."""
        if link.parent in self._model.kept:
            self._run.warn(
                f"{plural(n, 'row')} of '{link.child}' would point to a row that is not there; as "
                f"'{link.parent}' stays as it is, they point to nothing.",
                "sample",
            )
            return pl.repeat(None, n, dtype=self._made[link.parent].frame[other].dtype, eager=True)
        run = self._run.child("table", link.parent)
        made = self._model.models[link.parent]
        return made.strange(other, self._rows_made[link.parent], n, run)

    def _check(self, database: Database) -> None:
        """Tell of links that do not hold as they did."""
        for link in database.links:
            told, known = database.holds(link), self._model.links[link]
            if told.astray and not known.astray:
                self._run.warn(
                    f"{plural(told.astray, 'row')} of '{link.child}' point to no row of "
                    f"'{link.parent}' ({link}).",
                    "sample",
                )
        for name, key in database.keys.items():
            values = naming(database.tables[name].frame, key.columns)
            repeated = len(values) - values.n_unique()
            if repeated:
                self._run.warn(
                    f"{plural(repeated, 'row')} of '{name}' repeat the key of another row.",
                    "sample",
                )
