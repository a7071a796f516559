"""A model of a database as documents and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tidemill.core import checked_values as checked
from tidemill.core.database import Link, TableKey
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.schema import Rule, Schema
from tidemill.core.states import from_state, to_state
from tidemill.relational.derived import is_derived
from tidemill.relational.plan import TablePlan
from tidemill.relational.promises import Promise
from tidemill.relational.running import Running
from tidemill.relational.sorts import Sorts
from tidemill.relational.table_model import TableModel

if TYPE_CHECKING:
    from tidemill.relational.model import DatabaseModel, LinkModel

DTYPES = {
    str(dtype): dtype
    for dtype in (
        *(pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64()),
        *(pl.UInt8(), pl.UInt16(), pl.UInt32(), pl.UInt64()),
        *(pl.Float32(), pl.Float64(), pl.String(), pl.Boolean(), pl.Date(), pl.Time()),
        *(pl.Datetime("us"), pl.Datetime("ms"), pl.Datetime("ns")),
    )
}
"""Types that rows which stay as they are can have; each has one text for each value."""


def state_of(model: DatabaseModel) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Documents and arrays; those of a table's model begin with its place in the order."""
    links = list(model.links)
    number = {link: at for at, link in enumerate(links)}
    plan = model.plan
    documents: dict[str, Any] = {
        "plan": {
            "order": list(plan.order),
            "main": {name: number[link] for name, link in plan.main.items()},
            "dealt": {name: [number[one] for one in own] for name, own in plan.dealt.items()},
            "own": {name: [number[one] for one in own] for name, own in plan.own.items()},
        },
        "links": [_link_state(model, link) for link in links],
        "keys": [to_state(key) for key in model.keys.values()],
        "columns": {name: schema.to_state() for name, schema in model.columns.items()},
        "kept": {name: _rows_state(data) for name, data in model.kept.items()},
    }
    tables: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    for at, name in enumerate(plan.order):
        if name in model.models:
            tables[name], own = model.models[name].to_state()
            arrays |= {f"{at}.{part}": array for part, array in own.items()}
    documents["tables"] = tables
    documents["derived"] = {
        name: [to_state(rule) for rule in rules] for name, rules in model.derived.items()
    }
    return documents, arrays


def model_of(
    manifest: Mapping[str, Any],
    documents: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    path: Path,
) -> DatabaseModel:
    """The model that :func:`state_of` described.

    Raises:
        ValueError, KeyError, InputError: It does not fit together.
    """
    from tidemill.relational.model import DatabaseModel, LinkModel

    links: dict[Link, LinkModel] = {}
    for state in documents["links"]:
        link: Link = from_state(Link, state["link"])
        sorts = None if state["sorts"] is None else Sorts.from_state(state["sorts"])
        links[link] = LinkModel(
            link,
            checked.text(state["label"]),
            checked.real(state["empty"], 0, 1),
            checked.real(state["astray"], 0, 1),
            checked.whole(state["most"], 0, 1),
            sorts,
            checked.text(state["column"]),
            tuple(map(checked.text, state["same"])),
            tuple(from_state(Promise, one) for one in state["promises"]),
            tuple((checked.text(one), checked.text(other)) for one, other in state["copied"]),
            tuple(from_state(Running, one) for one in state["running"]),
            checked.text(state["time"]),
            checked.text(state["order"]),
        )
    kept = {name: _rows_of(state) for name, state in documents["kept"].items()}
    plan = _plan_of(documents["plan"], list(links), frozenset(kept))
    models = {}
    for at, name in enumerate(plan.order):
        if name in documents["tables"]:
            own = _own_arrays(arrays, f"{at}.")
            models[name] = TableModel.from_state(documents["tables"][name], own)
    if set(models) | set(kept) != set(plan.order) or set(documents["tables"]) != set(models):
        raise ValueError("the tables are not those of the plan")
    for known in links.values():
        _check_sorts(known, models, kept)
        _check_promises(known, links, models, kept)
    for name, table in models.items():
        _check_times(table, plan.main.get(name), models, kept)
    keys = [from_state(TableKey, state) for state in documents["keys"]]
    columns = {name: Schema.from_state(state) for name, state in documents["columns"].items()}
    if set(columns) != set(plan.order):
        raise ValueError("the columns are not those of the tables")
    derived = {
        name: _derived_of(rules, columns[name]) for name, rules in documents["derived"].items()
    }
    told = {key: value for key, value in manifest.items() if key not in ("format", "sha256")}
    named = {key.table: key for key in keys}
    return DatabaseModel(plan, models, kept, columns, named, links, derived, told, path)


def _derived_of(states: list[Any], columns: Schema) -> tuple[Rule, ...]:
    """Rules by which columns are reckoned.

    Raises:
        ValueError: They cannot be.
    """
    rules = tuple(from_state(Rule, state) for state in states)
    for rule in rules:
        if not set(rule.columns) <= set(columns.names) or not is_derived(rule, columns):
            raise ValueError("a rule speaks of what is not there")
    return rules


def _check_sorts(
    known: LinkModel, models: Mapping[str, TableModel], kept: Mapping[str, Dataset]
) -> None:
    """See that sorts are of the rows that can be pointed to.

    Raises:
        ValueError: They are not.
    """
    sorts, parent = known.sorts, known.link.parent
    if sorts is None:
        return
    if parent in kept:
        fits = sorts.places is not None and len(sorts.places) == len(kept[parent])
    else:
        names = models[parent].codec.schema.names
        fits = sorts.places is None and {column for column, _ in sorts.asked} <= set(names)
    if not fits:
        raise ValueError(f"the sorts of '{parent}' are of other rows")


def _check_promises(
    known: LinkModel,
    links: Mapping[Link, LinkModel],
    models: Mapping[str, TableModel],
    kept: Mapping[str, Dataset],
) -> None:
    """See that what is told of rows speaks of columns that are there.

    Raises:
        ValueError: It does not.
    """
    if not known.promises:
        return
    child, parent = known.link.child, known.link.parent
    above = kept[parent].schema if parent in kept else models[parent].codec.schema
    own = {one.column: one.sorts for one in links.values() if one.link.child == child}
    for one in known.promises:
        sorts = own.get(one.of)
        traits = 0 if sorts is None else sorts.of_traits.shape[1]
        own_columns = models[child].codec.schema
        is_known = one.name in above and all(name in own_columns for name in one.columns)
        is_known = is_known and one.unit > 0
        if not is_known or not (one.trait is None or 0 <= one.trait < traits):
            raise ValueError(f"what is told of '{child}' speaks of what is not there")


def _check_times(
    own: TableModel,
    link: Link | None,
    models: Mapping[str, TableModel],
    kept: Mapping[str, Dataset],
) -> None:
    """See that the ends of what follows each other are told.

    Raises:
        ValueError: They are not.
    """
    if own.following is None:
        return
    if link is None:
        raise ValueError("rows follow each other for no other row")
    parent = link.parent
    above = kept[parent].schema if parent in kept else models[parent].codec.schema
    ends = own.following.timing.ends
    if any(name not in above or above[name].kind != "datetime" for name in ends):
        raise ValueError("the first and the last time are not told")


def _own_arrays(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _link_state(model: DatabaseModel, link: Link) -> dict[str, Any]:
    known = model.links[link]
    return {
        "link": to_state(link),
        "label": known.label,
        "empty": known.empty,
        "astray": known.astray,
        "most": known.most,
        "sorts": None if known.sorts is None else known.sorts.to_state(),
        "column": known.column,
        "same": list(known.same),
        "running": [to_state(one) for one in known.running],
        "time": known.time,
        "order": known.order,
        "copied": [list(pair) for pair in known.copied],
        "promises": [to_state(one) for one in known.promises],
    }


def _plan_of(state: Mapping[str, Any], links: list[Link], kept: frozenset[str]) -> TablePlan:
    def link_at(at: Any) -> Link:
        return links[checked.whole(at, 0, len(links) - 1)]

    order = tuple(map(checked.text, state["order"]))
    main = {name: link_at(at) for name, at in state["main"].items()}
    dealt = {name: tuple(map(link_at, own)) for name, own in state["dealt"].items()}
    own = {name: tuple(map(link_at, own)) for name, own in state["own"].items()}
    place = {name: at for at, name in enumerate(order)}
    for name, link in main.items():
        if not place[link.parent] < place[name]:
            raise ValueError("a table is made before the one that its rows are made for")
    return TablePlan(order, main, dealt, own, kept)


def _rows_state(data: Dataset) -> dict[str, Any]:
    """Rows as texts.

    Raises:
        OptionError: A column is of a type that has no text of its own.
    """
    for series in data.frame:
        if str(series.dtype) not in DTYPES:
            raise OptionError(
                f"the column '{series.name}' of '{data.name}' cannot be kept, as it is of type "
                f"{series.dtype}",
                hint=f"leave '{data.name}' out of option 'keep'",
            )
    return {
        "name": data.name,
        "schema": data.schema.to_state(),
        "dtypes": [str(series.dtype) for series in data.frame],
        "values": [series.cast(pl.String).to_list() for series in data.frame],
    }


def _rows_of(state: Mapping[str, Any]) -> Dataset:
    schema = Schema.from_state(state["schema"])
    columns = []
    parts = zip(schema.names, state["dtypes"], state["values"], strict=True)
    for name, dtype, values in parts:
        texts = [None if value is None else checked.text(value) for value in values]
        columns.append(_typed(pl.Series(name, texts, pl.String), DTYPES[dtype]))
    return Dataset(pl.DataFrame(columns), schema, name=checked.text(state["name"]))


def _typed(texts: pl.Series, dtype: pl.DataType) -> pl.Series:
    if dtype == pl.Boolean:
        return (texts == "true").alias(texts.name)
    return texts.cast(dtype)
