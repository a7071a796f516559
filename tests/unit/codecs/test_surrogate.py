"""Fresh ids: in form, never twice, also where rows are made in parts."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.codecs.columns.base import SurrogateStream
from tidemill.codecs.columns.id_forms import shape_of
from tidemill.codecs.columns.ids import IdCodec
from tidemill.core.grid import Batch
from tidemill.core.run import Run
from tidemill.core.schema import Column

RNG = np.random.default_rng(0)
IDS = {
    "counted": [f"C-{i:05d}" for i in range(400)],
    "drawn freely": [
        "".join(RNG.choice(list("0123456789"), 4))
        + "-"
        + "".join(RNG.choice(list("ABCDEFGHXYZ"), 5))
        for _ in range(400)
    ],
    "of several lengths": [f"C-{i}" for i in range(400)],
    "a number in the middle": [f"A{i:04d}X-{i % 7}z" for i in range(400)],
    "long": ["".join(RNG.choice(list("0123456789abcdef"), 32)) for _ in range(100)],
    "no digits": sorted({"".join(RNG.choice(list("ABCDEFG"), 3)) for _ in range(60)}),
    "numbers": [str(n) for n in range(7, 200)],
}


def made(codec: IdCodec, n: int, fresh: SurrogateStream) -> pl.Series:
    return codec.decode(
        Batch(np.zeros((n, 0), np.int64), np.zeros((n, 0), np.int32)),
        np.random.default_rng(fresh.first),
        fresh,
    )


@pytest.mark.parametrize("name", IDS)
def test_no_id_is_met_twice_in_any_part_and_none_is_real(name: str) -> None:
    real = pl.Series("id", IDS[name])
    codec = IdCodec().fit(
        Column("id", "id"), real if name != "numbers" else real.cast(pl.Int64), Run()
    )
    parts = [made(codec, 3000, SurrogateStream(first, 7)) for first in (0, 3000, 6000)]
    ids = pl.concat(parts).cast(pl.String)
    assert ids.n_unique() == 9000
    assert not set(ids) & set(real)
    assert parts[1].equals(made(codec, 3000, SurrogateStream(3000, 7)))


def test_ids_with_room_are_in_form_and_differ_by_seed() -> None:
    codec = IdCodec().fit(Column("id", "id"), pl.Series("id", IDS["drawn freely"]), Run())
    one, other = (made(codec, 2000, SurrogateStream(0, seed)) for seed in (1, 2))
    assert {shape_of(text) for text in one} == {shape_of("1234-ABCDE")}
    assert len(set(one) & set(other)) < 5
    for place in range(4):
        assert one.str.slice(place, 1).n_unique() == 10


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.from_regex(r"[A-C]{1,2}[-/]?[0-9]{1,3}", fullmatch=True), min_size=1, unique=True),
    st.integers(0, 10**9),
)
def test_any_form(ids: list[str], first: int) -> None:
    codec = IdCodec().fit(Column("id", "id"), pl.Series("id", ids), Run())
    assert (
        pl.concat(
            [
                made(codec, 50, SurrogateStream(first, 1)),
                made(codec, 50, SurrogateStream(first + 50, 1)),
            ]
        ).n_unique()
        == 100
    )
