"""Tables of a database with what is told beside their rows, learned one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from tidemill.cleaning.found_rules import with_found_rules
from tidemill.codecs.stored_schema import stored_schema
from tidemill.core import artifact
from tidemill.core.database import ASTRAY, EMPTY, Database, Link, depths, gathered
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.persons import FEWEST_PERSONS, level_counts, sharing
from tidemill.core.run import Run
from tidemill.core.schema import MEDIA, Column, Rule, Schema
from tidemill.core.words import listing, plural, shortlist
from tidemill.relational.derived import is_derived
from tidemill.relational.following import Following, MadeFor, with_missing
from tidemill.relational.model import DatabaseModel, LinkModel
from tidemill.relational.plan import TablePlan, copied, same_within, whose
from tidemill.relational.promises import Promise
from tidemill.relational.running import Running, opening, ordered, running_of
from tidemill.relational.sorts import sorts_of, traits_of
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
from tidemill.relational.timing import Timing, is_dated, timing_of
from tidemill.synthesis.stages import FEWEST
from tidemill.synthesis.synthesizer import versions

THERE = "is there"
"""The column of a table that has no other."""


class DatabaseLearning:
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
        self._rules: dict[str, list[Rule]] = {}
        self._derived: dict[str, list[Rule]] = {}
        self._copied: dict[Link, tuple[tuple[str, str], ...]] = {}
        self._sources: set[tuple[str, str]] = set()  # these stay, so that nothing goes in a circle
        for name in plan.order:
            self._take_copied(name)
        for name, link in plan.main.items():
            self._take_same(name, link)
        self._running: dict[Link, list[Running]] = {}
        self._before: dict[Link, list[Summary]] = {}
        self._order: dict[Link, str] = {}
        self._times: dict[str, tuple[Timing, pl.Series]] = {}
        for name, link in plan.main.items():
            self._take_running(name, link)
            self._take_times(name, link)
        self._tell_moved()
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

    def _tell_moved(self) -> None:
        """Tell what holds across tables and rows, and is kept."""
        said = []
        for link, pairs in self._copied.items():
            said += [f"{link.child}.{own} is {link.parent}.{other}" for own, other in pairs]
        for link, rules in self._running.items():
            said += [f"{link.child}.{rule}" for rule in rules]
        for name, derived in self._derived.items():
            said += [f"in {name} {rule}" for rule in derived]
        if said:
            self._run.emit(
                "note",
                "rules",
                f"Across tables and rows is kept what holds in all of them: {shortlist(said, 8)}.",
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
        """The model of all tables.

        Args:
            model, options: Of the generator of each.
        """
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
            {name: tuple(rules) for name, rules in self._derived.items() if rules},
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
            moved = self._let_go(name, {column for column in found if column in own})
            found = {column: other for column, other in found.items() if column in moved}
            rest = [column for column in self._own[name].schema.names if column not in found]
            if not rest:
                continue  # a table has a column of its own
            self._copied[link] = tuple(found.items())
            self._sources |= {(link.parent, other) for other in found.values()}
            self._own[name] = self._own[name].select(rest)
            self._leave_derived(name)

    def _take_same(self, name: str, link: Link) -> None:
        """Columns that are the same in all rows that are made for one row are those of that row."""
        data, at = self._own[name], self._at[link]
        naming = self._naming(name)
        naming |= set(self._database.keys[name].columns) if name in self._database.keys else set()
        same = [c for c in data.schema.names if c not in naming and same_within(data.frame[c], at)]
        moved = self._let_go(name, set(same))
        same = [column for column in same if column in moved]
        if same and set(same) == set(data.schema.names):
            same = same[1:]  # a table has a column of its own
        self._same[link] = data.select(same)
        self._own[name] = data.select([c for c in data.schema.names if c not in same])
        self._leave_derived(name)

    def _take_running(self, name: str, link: Link) -> None:
        """Columns that go on from row to row are reckoned, from what stood before the first."""
        at, rows = self._at[link], len(self._database[link.parent])
        naming = self._naming(name)
        data = self._own[name].select([c for c in self._own[name].schema.names if c not in naming])
        label = self._database.label(link, link.child)
        found = running_of(data, at, self._time(link), self._persons[name])
        moved = self._let_go(name, {rule.column for rule in found}, running=True)
        found = [rule for rule in found if rule.column in moved]
        self._running[link], self._before[link] = found, []
        for rule in found:
            called = opening_name(label, rule.column)
            values = opening(rule, data.frame, at, rows).alias(called)
            missing = bool(values.is_null().any())
            column = Column(called, "number", nullable=missing, dtype="Float64")
            self._before[link].append(Summary(column, values, 1.0))
            if rule.amount is not None:
                self._before[link] += telling_steps(rule, data.frame, at, rows, label)
        gone = {rule.column for rule in found}
        rest = [column for column in self._own[name].schema.names if column not in gone]
        own = self._own[name].select(rest)
        self._own[name] = own if rest else _only_there(len(own), name)
        self._leave_derived(name)

    def _take_times(self, name: str, link: Link) -> None:
        """Times go on from row to row, from the first time to the last one."""
        data, at, time = self._own[name], self._at[link], self._time(link)
        self._order[link] = ordered(data.frame, at, time)
        if time is None or is_dated(data, time) or not self._let_go(name, {time}):
            return
        label = self._database.label(link, link.child)
        quiet = self._run.child("times of", name, quiet=True)
        timing = timing_of(data, time, at, label, self._persons[name], quiet)
        if timing is None:
            return
        times = data.frame[time]
        self._times[name] = timing, times
        for values in timing.of_groups(times, at, len(self._database[link.parent])):
            missing = bool(values.is_null().any())
            column = Column(values.name, "datetime", nullable=missing, dtype=timing.column.dtype)
            self._before[link].append(Summary(column, values, 1.0))
        own = _beside(data, list(zip(timing.drawn, timing.of_rows(times, at), strict=True)))
        self._own[name] = own.select([c for c in own.schema.names if c != time])

    def _let_go(self, name: str, moved: set[str], *, running: bool = False) -> set[str]:
        """Those of some columns that need not be drawn with the others of their table for its rules
        to hold: of a rule between a column that goes and one that stays, the last one is reckoned
        where it can be; others keep the column.

        Args:
            name: The table.
            moved: The columns that are known otherwise.
            running: Whether they go on from row to row: then nothing is reckoned from them, and
                that one is never above another does not keep it.
        """
        if not moved:
            return moved
        if name not in self._rules:
            quiet = self._run.child("rules of all", name, quiet=True)
            data = self._own[name]
            rules = with_found_rules(data, quiet).schema.rules if len(data) >= FEWEST else ()
            self._rules[name] = [rule for rule in rules if len(rule.columns) > 1]
        moved, derived = set(moved), list[Rule]()
        while (rule := self._parted(name, moved, derived, running)) is not None:
            is_known = rule.columns[-1] in moved | {one.columns[-1] for one in derived}
            if is_derived(rule, self._database[name].schema) and not (is_known or running):
                derived.append(rule)
                continue
            stays = set(rule.columns)
            stays |= {name for one in derived if one.columns[-1] in stays for name in one.columns}
            moved -= stays
            derived = [
                one for one in derived if one.columns[-1] not in stays and moved & set(one.columns)
            ]
        self._derived.setdefault(name, []).extend(derived)
        return moved

    def _parted(
        self, name: str, moved: set[str], derived: Sequence[Rule], running: bool
    ) -> Rule | None:
        """A rule between columns that go and others that stay; None where there is none."""
        go = moved | {one.columns[-1] for one in derived}
        stay = set(self._own[name].schema.names) - go
        for rule in self._rules[name]:
            is_kept = rule in derived or rule in self._derived.get(name, ())
            is_kept = is_kept or (running and rule.kind == "a<=b")
            if not is_kept and go & set(rule.columns) and stay & set(rule.columns):
                return rule
        return None

    def _leave_derived(self, name: str) -> None:
        """Columns that are reckoned from others of their row are not learned."""
        gone = {rule.columns[-1] for rule in self._derived.get(name, ())}
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
            if link in self._same:
                label = self._database.label(link, link.child)
                told = self._of_same(link, label, len(data))
                if name in self._plan.kept:
                    told = self._without_few(told, link, len(data))
                data = _beside(data, told)
        if name not in self._plan.kept and len(data) >= FEWEST:
            data = with_found_rules(data, self._run.child("rules", name))
        for link in self._plan.counted(name):
            label = self._database.label(link, link.child)
            found = summaries(self._own[link.child], self._at[link], len(data), label)
            self._links[link] = self._known(link)
            data = self._with_told(link, [*self._before.get(link, ()), *found], data)
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
        time = self._database.time(link.child) if link in self._order else None
        return LinkModel(
            link,
            label,
            *shares,
            most=1 if alone else 0,
            same=tuple(same),
            copied=self._copied.get(link, ()),
            running=tuple(self._running.get(link, ())),
            time=time or "",
            order=self._order.get(link, ""),
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
        missing = bool((at < 0).any())
        told = Column(column, "number", nullable=missing, step="1", dtype=str(series.dtype))
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
        following, persons = None, self._persons[name]
        if link is not None and above is not None and name in self._times:
            timing, times = self._times[name]
            following = Following.of(data, times, at, timing)
            ends = timing.begun(self._told[link.parent].frame, run.rng("ends"))
            traits = traits_of(self._links.values(), name)
            told = following.told(
                data, times, at, MadeFor(above, self._links[link].promises, traits, ends)
            )
            above, at = with_missing(told, above), np.where(at >= 0, np.arange(len(at)), -1)
            persons_above = np.r_[persons, persons.max() + 1]
        found = TableModel.fit(
            data, persons, above, persons_above, at, model, options, run, following
        )
        shown = {
            same_name(self._links[one].label, column): f"{one.child}.{column}"
            for one in self._same
            if one.parent == name
            for column in self._links[one].same
        }
        self._rare += [shown.get(column, f"{name}.{column}") for column in found.rare(data)]
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
