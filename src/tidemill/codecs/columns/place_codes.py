"""Codes of places, such as ZIP codes: how they begin is learned, the rest is made afresh."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from tidemill.codecs.columns.id_forms import shapes
from tidemill.core import checked_values as checked
from tidemill.core.checked_values import MOST_COUNTED
from tidemill.core.persons import FEWEST_PERSONS, level_counts

SHARE = 0.02
"""Of the codes, those that a beginning has at least: fewer do not show where it belongs."""
PURE = 0.99
"""Share of a beginning's rows that have one level of a category that it decides."""
MOSTLY_TOLD = 0.8
"""Share of the rows whose beginnings must decide it."""
LONGEST = 3
"""Characters that a code's beginning has at most."""
MOST_CHARACTERS = 12
_NAME = re.compile(
    r"(^|[^a-z])(zip|zipcode|zip_?code|post_?code|postal|postal_?code|postleitzahl|plz|code_?postal"
    r"|codigo_?postal|cep|cap|pin_?code|area_?code)([^a-z]|$)"
    r"|邮编|邮政编码|郵便番号|우편번호"
)
_CLASSES = {
    "9": "0123456789",
    "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "a": "abcdefghijklmnopqrstuvwxyz",
}


def names_places(name: str) -> bool:
    """Whether a column's name says that it holds codes of places.

    Example:
        >>> [name for name in ("Zip", "ShipPostalCode", "zipper", "shop_plz") if names_places(name)]
        ['Zip', 'ShipPostalCode', 'shop_plz']
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace(" ", "_")
    return bool(_NAME.search(apart.replace("-", "_")))


@dataclass(frozen=True, slots=True)
class PlaceCodes:
    """How the codes of a column begin, and what follows.

    Attributes:
        begins: Beginnings of enough persons each, as long as they can be; a shorter one
            stands for the codes that no longer one begins.
        follows: For each of these, the characters that follow it.
        rests: For each of these, forms of what follows (9 for a digit, A and a for letters), and
            how many rows have them.
        region: Name of a category that a code's beginning decides; empty where none is known.
        regions: Its level for each of the beginnings; -1 for those, mostly the shortest, that say
            none.
    """

    begins: tuple[str, ...]
    follows: tuple[str, ...]
    rests: tuple[tuple[tuple[str, int], ...], ...]
    region: str = ""
    regions: tuple[int, ...] = ()

    def within(self, region: str, code: np.ndarray, level: np.ndarray) -> PlaceCodes | None:
        """The same with a category that nearly each beginning has one level of, as a state; None
        where they have not.

        Args:
            region: The category's name.
            code: (n,) its levels in the training rows.
            level: (n,) the places of the beginnings in these rows.
        """
        counts = np.zeros((len(self.begins), int(code.max(initial=0)) + 1), np.int64)
        np.add.at(counts, (level, code), 1)
        rows = counts.sum(axis=1)
        mostly = counts.max(axis=1) >= PURE * rows
        regions = tuple(np.where(mostly, counts.argmax(axis=1), -1).tolist())
        if rows[mostly].sum() < MOSTLY_TOLD * rows.sum() or len(set(regions) - {-1}) < 2:
            return None
        return replace(self, region=region, regions=regions)

    def belonging(
        self, level: np.ndarray, code: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """(n,) places of beginnings -> the same, or where one does not belong to the row's region,
        one that does, drawn by its frequency; those of regions without one stay."""
        regions = np.array(self.regions)
        weight = np.array([sum(count for _, count in rests) for rests in self.rests], float)
        settled = level.copy()
        there = level < len(self.begins)
        wrong = there & (regions[np.where(there, level, 0)] != code)
        for region in np.unique(code[wrong]).tolist():
            own = np.flatnonzero(regions == region)
            rows = np.flatnonzero(wrong & (code == region))
            if len(own):
                settled[rows] = rng.choice(own, len(rows), p=weight[own] / weight[own].sum())
        return settled

    @staticmethod
    def of(codes: pl.Series, persons: np.ndarray | None = None) -> PlaceCodes | None:
        """Learn the beginnings of (n,) codes, which may repeat; None where there are too few, or
        they are too long.

        Args:
            codes: The codes.
            persons: (n,) whose each is; None where each is a person's own.
        """
        lengths = codes.str.len_chars()
        if not len(codes) or (lengths > MOST_CHARACTERS).any():
            return None
        least = max(FEWEST_PERSONS, math.ceil(SHARE * len(codes)))
        whose = np.arange(len(codes)) if persons is None else persons
        frame = pl.DataFrame({"code": codes, "person": whose})
        frame = frame.with_columns(begin=pl.lit(None, pl.String))
        for length in range(LONGEST, -1, -1):
            begin = pl.col("code").str.slice(0, length)
            open_rows = pl.col("begin").is_null() & (pl.col("code").str.len_chars() > length)
            often = open_rows.sum().over(begin) >= least
            if persons is not None:
                of_open = pl.when(open_rows).then(pl.col("person"))
                often &= of_open.drop_nulls().n_unique().over(begin) >= FEWEST_PERSONS
            frame = frame.with_columns(
                begin=pl.when(open_rows & often).then(begin).otherwise(pl.col("begin"))
            )
        found = frame.drop_nulls().with_columns(length=pl.col("begin").str.len_chars())
        if found["begin"].n_unique() < 2:
            return None
        found = found.with_columns(
            rest=shapes(pl.col("code")).str.slice(pl.col("length")),
            follows=pl.col("code").str.slice(pl.col("length"), 1),
        )
        begins, follows, rests = [], [], []
        for (begin,), group in found.sort("begin").group_by("begin", maintain_order=True):
            own = None if persons is None else group["person"].to_numpy()
            counted = level_counts(group["rest"], own)
            frequent = counted.filter(pl.col("persons") >= FEWEST_PERSONS)
            next_ones = level_counts(group["follows"], own)
            if persons is not None:
                next_ones = next_ones.filter(pl.col("persons") >= FEWEST_PERSONS)
            begins.append(str(begin))
            follows.append("".join(sorted(next_ones["level"].to_list())))
            shown = frequent if len(frequent) else counted.head(1)
            rests.append(tuple(shown.select("level", "count").rows()))
        return PlaceCodes(tuple(begins), tuple(follows), tuple(rests))

    def levels(self, codes: pl.Series) -> np.ndarray:
        """(n,) codes -> (n,) int32 places of the longest beginning that each has; of one that has
        none, the first."""
        level = np.full(len(codes), -1, np.int32)
        for length in range(LONGEST, -1, -1):
            place = {one: k for k, one in enumerate(self.begins) if len(one) == length}
            if not place:
                continue
            own = codes.str.slice(0, length).replace_strict(
                place, default=-1, return_dtype=pl.Int32
            )
            level = np.where(level < 0, own.to_numpy(), level)
        return np.maximum(level, 0).astype(np.int32)

    def made(self, level: np.ndarray, rng: np.random.Generator) -> pl.Series:
        """(n,) places of beginnings -> (n,) codes."""
        codes = np.array([""] * len(level), object)
        for k in np.unique(level).tolist():
            rows = np.flatnonzero(level == k)
            shapes_of, counts = zip(*self.rests[k], strict=True)
            pick = rng.choice(len(counts), len(rows), p=np.array(counts) / sum(counts))
            for form, shape in enumerate(shapes_of):
                own = rows[pick == form]
                codes[own] = self._filled(k, shape, len(own), rng)
        return pl.Series(codes.tolist(), dtype=pl.String)

    def _filled(self, k: int, shape: str, n: int, rng: np.random.Generator) -> np.ndarray:
        """(n,) codes with a beginning, and a rest of this form."""
        whole = np.full(n, self.begins[k], object)
        for place, letter in enumerate(shape):
            alphabet = _CLASSES.get(letter, letter)
            if place == 0:
                alphabet = "".join(one for one in self.follows[k] if one in alphabet) or alphabet
            whole = whole + np.array(list(alphabet), object)[rng.integers(len(alphabet), size=n)]
        return whole

    def to_state(self) -> dict[str, Any]:
        """The codes as plain JSON."""
        return {
            "begins": list(self.begins),
            "follows": list(self.follows),
            "rests": [[list(rest) for rest in rests] for rests in self.rests],
            "region": self.region,
            "regions": list(self.regions),
        }

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> PlaceCodes:
        """The codes that :meth:`to_state` described.

        Raises:
            ValueError: The parts do not fit together.
        """
        rests = tuple(
            tuple(
                (checked.text(shape, MOST_CHARACTERS), checked.whole(count, 1, MOST_COUNTED))
                for shape, count in own
            )
            for own in state["rests"]
        )
        begins = tuple(checked.text(one, LONGEST) for one in state["begins"])
        follows = tuple(map(checked.text, state["follows"]))
        fits = len(set(begins)) == len(begins) == len(follows) == len(rests) > 0
        if not fits or not all(rests):
            raise ValueError("codes and their beginnings do not fit together")
        region = checked.text(state["region"])
        regions = tuple(checked.wholes(state["regions"], -1))
        if region and len(regions) != len(begins):
            raise ValueError("codes and their regions do not fit together")
        return PlaceCodes(begins, follows, rests, region, regions)
