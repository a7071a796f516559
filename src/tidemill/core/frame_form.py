"""The form of a user's frame: what a table is to be again when it is handed back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

FrameLibrary = Literal["polars", "pandas", "pyarrow"]


@dataclass(frozen=True, slots=True)
class ColumnForm:
    """A column as the user's library had it.

    Attributes:
        name: What it is called in the Dataset.
        label: What it was called in the frame: a text, number, truth or None, or a list of these
            for the parts of a tuple.
        dtype: The library's dtype, as text.
        door: The polars dtype as which it was read; only values of that are brought back.
        levels: Of categories, in their order, also those that no row has.
        level_dtype: The library's dtype of the levels.
        ordered: Whether the levels have an order.
    """

    name: str
    label: Any
    dtype: str
    door: str
    levels: tuple[Any, ...] = ()
    level_dtype: str = ""
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class FrameForm:
    """The library of a frame, its labels and its dtypes.

    Attributes:
        library: The library whose frame came in, and goes out again.
        columns: Those that are more than polars can say; none for polars itself.
        index: Columns that stood in the frame's index.
        index_names: What these were called there; None for one without a name.
        axis: Names of the levels of the column labels; None for one without a name.
    """

    library: FrameLibrary = "polars"
    columns: tuple[ColumnForm, ...] = ()
    index: tuple[str, ...] = ()
    index_names: tuple[Any, ...] = ()
    axis: tuple[Any, ...] = ()

    def without_levels(self, rare: Mapping[str, Collection[str] | None]) -> FrameForm:
        """The same, but that these levels are forgotten: each may be a person.

        Args:
            rare: Levels by column; None for all of them.
        """
        columns = []
        for column in self.columns:
            gone = rare.get(column.name, ())
            kept = () if gone is None else tuple(one for one in column.levels if one not in gone)
            columns.append(replace(column, levels=kept))
        return replace(self, columns=tuple(columns))
