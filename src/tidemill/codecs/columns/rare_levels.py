"""What stands for the rare levels of a column that consists mostly of such: one level for all of
them, or, of codes and numbers, fresh ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import SurrogateStream
from tidemill.codecs.columns.ids import IdCodec
from tidemill.core import checked_values as checked
from tidemill.core.grid import Batch
from tidemill.core.run import Run
from tidemill.core.schema import Column

_CODES = r"^[^\s\d]{0,8}\d\S*$|^[A-Z]{2,5}$"
_MOSTLY_CODES = 0.9
_MOST_PLACES = 9
# the word for all others in the script, or by frequent letters the language, of the levels
_OTHERS = (
    (r"[\u3040-\u30ff]", "その他"),
    (r"[\uac00-\ud7a3]", "기타"),
    (r"[\u3400-\u9fff]", "其他"),
    (r"[іїєґ]", "інше"),
    (r"[\u0400-\u04ff]", "другое"),
    (r"[\u0600-\u06ff]", "أخرى"),
    (r"[\u0590-\u05ff]", "אחר"),
    (r"[\u0370-\u03ff]", "άλλο"),
    (r"[ışğ]", "diğer"),
    (r"[å]", "annat"),
    (r"[øæ]", "andre"),
    (r"[ßäöü]", "andere"),
    (r"[ñ¿¡]|ción\b", "otros"),
    (r"[ãõ]|ção\b", "outros"),
    (r"[èêœ]|\b(?:du|des|les)\b", "autres"),
)
_SHARE_OF_LETTERS = 0.1


@dataclass(frozen=True, slots=True)
class RareLevels:
    """What rows with a rare level come back with.

    Attributes:
        level: The level that stands for all of them.
        codes: Makes fresh codes or whole numbers in its place; None where the level itself comes
            back.
        places: Decimal places of numbers, which are made as whole numbers of their last one.
    """

    level: str
    codes: IdCodec | None = None
    places: int = 0

    @classmethod
    def of(
        cls, column: Column, counted: pl.DataFrame, kept: int, dtype: pl.DataType, run: Run
    ) -> Self:
        """What stands for the levels that are not kept.

        Args:
            column: The column.
            counted: All its levels ("level") as text, with their rows ("count"), those that are
                kept first, and a person that has each ("person") where rows are told apart so.
            kept: How many of these, from the first on, are kept.
            dtype: Of its values.
            run: For what is learned of the form of codes.
        """
        levels = counted["level"]
        level = _stand_in(column.name, levels)
        # without its name, which may speak of places: beginnings of codes are levels, too
        bare = replace(column, name="", dtype="Int64" if dtype.is_numeric() else "String")
        places, values = 0, levels
        if dtype.is_numeric():
            places = _decimals(levels)
            numbers = (levels.cast(pl.Float64) * 10**places).round()
            values = levels.cast(pl.Int64) if dtype.is_integer() else numbers.cast(pl.Int64)
        elif levels.str.contains(_CODES).mean() < _MOSTLY_CODES:  # type: ignore[operator]
            return cls(level)
        whose = counted["person"].to_numpy() if "person" in counted.columns else None
        codes = IdCodec().fit(bare, values, run.child(quiet=True), whose)
        codes.repeats = float(counted["count"][kept:].mean() or 1.0)  # type: ignore[arg-type]
        return cls(level, codes, places)

    @property
    def what(self) -> str:
        """What comes back, in words."""
        if self.codes is None:
            return f"'{self.level}'"
        return "fresh numbers" if self.codes.integer else "fresh codes of their form"

    def filled(
        self,
        values: pl.Series,
        rows: np.ndarray,
        rng: np.random.Generator,
        fresh: SurrogateStream,
    ) -> pl.Series:
        """(n,) values, with fresh ones in these rows."""
        if self.codes is None or not len(rows):
            return values
        nothing = Batch(np.zeros((len(rows), 0), np.int64), np.zeros((len(rows), 0), np.int32))
        made = self.codes.decode(nothing, rng, fresh)
        if values.dtype.is_float():
            made = made.cast(pl.Float64) / 10**self.places
        return values.scatter(rows, made.cast(values.dtype))

    def to_state(self) -> dict[str, Any]:
        """As plain JSON values."""
        codes = None if self.codes is None else self.codes.to_state()
        return {"level": self.level, "codes": codes, "places": self.places}

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:
        """The one that :meth:`to_state` described."""
        codes = None
        if state["codes"] is not None:
            codes = IdCodec.from_state(replace(column, name=""), state["codes"])
        places = checked.whole(state["places"], 0, _MOST_PLACES)
        return cls(checked.text(state["level"]), codes, places)


def _decimals(levels: pl.Series) -> int:
    """Decimal places of the numbers."""
    behind = levels.str.extract(r"\.(\d*[1-9])0*$").str.len_chars().drop_nulls().to_list()
    return min(max(behind, default=0), _MOST_PLACES)


def _stand_in(name: str, levels: pl.Series) -> str:
    """The word for all others: in the levels' language and case, and none of them."""
    taken = {level.casefold() for level in levels}
    word = _word(name, levels)
    tried: Sequence[str] = (word, f"({word})", f"[{word}]")
    return next((one for one in tried if one.casefold() not in taken), f"{word} {len(levels)}")


def _word(name: str, levels: pl.Series) -> str:
    word, lower = "other", levels.str.to_lowercase()
    for pattern, others in _OTHERS:
        shared = float(lower.str.contains(pattern).mean() or 0.0)  # type: ignore[arg-type]
        if shared >= _SHARE_OF_LETTERS or (shared and re.search(pattern, name.lower())):
            word = others
            break
    if levels.str.contains(r"^\p{Lu}[^\p{Ll}]+$").mean() > 0.5:  # type: ignore[operator]
        return word.upper()
    return word.capitalize() if levels.str.contains(r"^\p{Lu}").mean() > 0.5 else word  # type: ignore[operator]
