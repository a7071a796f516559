"""What a model keeps of cleaning, so that rows written as the raw ones were are read as those that
it learned.

Nothing of single rows is kept: levels only where the model keeps them by name anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from tidemill.cleaning import CHECKS, plan
from tidemill.cleaning.base import Check
from tidemill.cleaning.readings import ColumnReading
from tidemill.core.dataset import Dataset
from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.states import from_state

Repair = Mapping[str, Any]
_CELLS = ("infinite", "missing", "variants", "impossible")
"""The checks whose repairs are made in single cells that are typed already."""


_Texts = Mapping[str, tuple[str, ...]]
_End = float | int | str | None
_LEARNED: Mapping[str, Mapping[str, Any]] = {
    "infinite": {"columns": tuple[str, ...]},
    "missing": {"texts": _Texts, "values": Mapping[str, tuple[float | int | str, ...]]},
    "variants": {
        "written": _Texts,
        "letters": tuple[str, ...],
        "apart": _Texts,
        "places": Mapping[str, Mapping[str, str]],
    },
    "impossible": {"bounds": Mapping[str, tuple[_End, _End, str]]},
}
"""Of each repair of cells, what it may have learned."""


@dataclass(frozen=True)
class RawForm:
    """How cells of the raw rows became what was learned.

    Attributes:
        steps: (check, what it learned) of each repair of cells, in their order.
        readings: Column -> how its texts were read as numbers or dates.
    """

    steps: tuple[tuple[str, Repair], ...] = ()
    readings: Mapping[str, ColumnReading] | None = None

    @staticmethod
    def of(data: Dataset, names: Sequence[str], levels: Callable[[str], list[str]]) -> RawForm:
        """What cleaning has done to the rows that a model learned.

        Args:
            data: The rows.
            names: The model's columns; nothing is kept of others.
            levels: The levels of a column that the model keeps by name.
        """
        readings: dict[str, ColumnReading] = {}
        steps = []
        for check, learned in data.repairs:
            if check == "types":
                for name, state in learned.items():
                    if name in names:
                        readings[name] = ColumnReading.from_state(state)
            elif check in _CELLS:
                steps.append((check, _KEPT[check](learned, names, levels)))
        return RawForm(tuple(steps), readings)

    def repaired(self, rows: Dataset) -> Dataset:
        """The rows, whose columns are those of the model or some of them, with their cells
        repaired as those of the learned rows were."""
        names = rows.schema.names
        for name, learned in self.steps:
            check: Check = CHECKS.load(name)
            assert check.repair is not None
            rows = check.repair(rows, _KEPT[name](learned, names, lambda _: None)).data
        return rows

    def to_state(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "steps": [{"check": name, "learned": dict(learned)} for name, learned in self.steps],
            "readings": {name: one.to_state() for name, one in (self.readings or {}).items()},
        }

    @staticmethod
    def from_state(state: Mapping[str, Any] | None) -> RawForm:
        """The form that :meth:`to_state` described; of models from before there was one, none.

        Raises:
            ValueError: It is no such state.
        """
        if state is None:
            return RawForm()
        try:
            readings = {
                name: ColumnReading.from_state(one) for name, one in state["readings"].items()
            }
            steps = []
            for one in state["steps"]:
                wanted = _LEARNED[one["check"]]
                if not one["learned"].keys() <= wanted.keys():
                    raise ValueError("a repair has learned what none learns")
                for name, learned in one["learned"].items():
                    from_state(wanted[name], learned)
                steps.append((one["check"], dict(one["learned"])))
        except InputError as error:
            raise ValueError(str(error)) from error
        return RawForm(tuple(steps), readings)


def no_records(data: Dataset, run: Run) -> np.ndarray:
    """(rows,) whether a row is a total, a note or the like, and no record."""
    found = plan.clean(replace(data, repairs=()), run.child(quiet=True), ["rows"])
    out = np.zeros(len(data), bool)
    left_out = found.changes.filter(
        (pl.col("column") == "") & (pl.col("reason") != "a row that holds no value")
    )
    out[left_out["row"].to_numpy()] = True
    return out


# --- what is kept of each repair, of some columns, and of levels only those that are kept ---------

_Levels = Callable[[str], list[str] | None]
"""The levels that may be kept of a column; None for all."""


def _infinite(learned: Repair, names: Sequence[str], levels: _Levels) -> Repair:
    return {"columns": [name for name in learned["columns"] if name in names]}


def _missing(learned: Repair, names: Sequence[str], levels: _Levels) -> Repair:
    texts = {
        name: _allowed(answers, levels(name))
        for name, answers in learned["texts"].items()
        if name in names
    }
    return {"texts": texts, "values": _of(learned["values"], names)}


def _variants(learned: Repair, names: Sequence[str], levels: _Levels) -> Repair:
    kept: dict[str, Any] = {
        "written": {
            name: _allowed(written, levels(name))
            for name, written in learned["written"].items()
            if name in names
        },
        "letters": [name for name in learned.get("letters", ()) if name in names],
    }
    apart, places = {}, {}
    for name, words in _of(learned.get("apart", {}), names).items():
        own = levels(name)
        apart[name] = _allowed(words, None if own is None else [one.lower() for one in own])
    for name, known in _of(learned.get("places", {}), names).items():
        own = levels(name)
        places[name] = {odd: best for odd, best in known.items() if own is None or best in own}
    return {**kept, "apart": apart, "places": places}


def _impossible(learned: Repair, names: Sequence[str], levels: _Levels) -> Repair:
    return {"bounds": _of(learned["bounds"], names)}


_KEPT: Mapping[str, Callable[[Repair, Sequence[str], _Levels], Repair]] = {
    "infinite": _infinite,
    "missing": _missing,
    "variants": _variants,
    "impossible": _impossible,
}


def _of(by_column: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: learned for name, learned in by_column.items() if name in names}


def _allowed(texts: Sequence[str], kept: Sequence[str] | None) -> list[str]:
    return [text for text in texts if kept is None or text in kept]
