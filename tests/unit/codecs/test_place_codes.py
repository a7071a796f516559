"""Codes of places belong to their place."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.codecs.columns.ids import IdCodec
from tidemill.codecs.columns.place_codes import PlaceCodes, names_places
from tidemill.core.condition import Test
from tidemill.core.run import Run
from tidemill.core.schema import Column

RNG = np.random.default_rng(0)


def codes(state: str) -> str:
    first, last = {"MA": (1001, 2791), "NY": (10001, 14925), "WA": (98001, 99403)}[state]
    return f"{RNG.integers(first, last):05d}"


STATES = RNG.choice(["MA", "NY", "WA"], 300, p=[0.5, 0.3, 0.2])
FRAME = pl.DataFrame(
    {
        "state": STATES,
        "zip": [codes(state) for state in STATES],
        "x": RNG.normal(size=300).round(2),
    }
)


@pytest.mark.parametrize("whole", [False, True])
def test_every_new_zip_belongs_to_its_state(whole: bool) -> None:
    frame = FRAME.with_columns(pl.col("zip").cast(pl.Int64)) if whole else FRAME
    model = tm.fit(frame, seed=1, options={"effort": "plain"})
    new = model.sample(300, seed=2)
    assert new["zip"].dtype == frame["zip"].dtype
    area = new["zip"].cast(pl.String).str.zfill(5).str.slice(0, 1)
    belongs = area.replace_strict({"0": "MA", "1": "NY", "9": "WA"})
    assert (belongs == new["state"]).all()
    assert new["zip"].n_unique() > 150
    if not whole:
        assert set(new["zip"].str.slice(0, 2)) <= set(frame["zip"].str.slice(0, 2))


def test_beginnings_are_as_long_as_five_rows_allow() -> None:
    zips = ["02134", "02135", "02138", "02139", "02141", "02460", "02572", "02664"]
    found = PlaceCodes.of(pl.Series(zips * 2 + ["98101", "98102"] * 5))
    assert found is not None
    assert found.begins == ("02", "021", "981")
    made = found.made(np.zeros(200, np.int64), np.random.default_rng(0))
    assert made.str.contains(r"^02[456]\d{2}$").all()  # never of an area of its own, or of none


def test_british_codes_keep_their_form() -> None:
    real = [f"SW{i % 9 + 1}A {i % 7}AB" for i in range(100)] + [
        f"M{i % 9} {i % 8}XY" for i in range(80)
    ]
    found = PlaceCodes.of(pl.Series(real))
    assert found is not None
    made = found.made(found.levels(pl.Series(real)), np.random.default_rng(0))
    assert made.str.contains(r"^(SW\dA \d[A-Z]{2}|M\d \d[A-Z]{2})$").all()


def test_missing_ones_are_kept_and_can_be_asked_for() -> None:
    values = FRAME["zip"].scatter(np.arange(0, 300, 10), None)
    column = Column("zip", "id", nullable=True)
    codec = IdCodec().fit(column, values, Run())
    again = IdCodec.from_state(column, json.loads(json.dumps(codec.to_state())))
    batch = codec.encode(values)
    made = again.decode(batch, np.random.default_rng(0))
    assert made.is_null().to_list() == values.is_null().to_list()
    levels = codec.allowed(column, [Test("zip", "missing", None)]).levels
    assert levels is not None
    assert np.flatnonzero(levels).tolist() == [codec.missing_level]
    assert codec.spec.codes[0].size == len(levels)


def test_names_of_codes_of_places() -> None:
    for name in (
        "zip",
        "ZIP Code",
        "Zip",
        "postcode",
        "PLZ",
        "ship_postal_code",
        "code postal",
        "邮编",
    ):
        assert names_places(name), name
    for name in ("zipper", "postings", "id", "capital", "escape", "plzen_id", "description"):
        assert not names_places(name), name


def test_codes_of_rare_beginnings_belong_to_their_state_too() -> None:
    rng = np.random.default_rng(2)
    state = rng.choice(["CA", "NY", "TX"], 600)
    lowest = {"CA": 90_001, "NY": 10_001, "TX": 75_001}
    rare = {"CA": 96_100, "NY": 6_390, "TX": 88_510}  # too few to show where they belong
    codes = [
        (rare if k % 40 == 0 else lowest)[one] + int(rng.integers(0, 60 if k % 40 == 0 else 4_500))
        for k, one in enumerate(state.tolist())
    ]
    frame = pl.DataFrame({"state": state, "zip": [f"{code:05d}" for code in codes]})
    for model in ("independent", "trees"):
        new = tm.fit(frame, model=model, seed=1).sample(500, seed=2)
        first = new["zip"].str.slice(0, 1).replace_strict({"9": "CA", "1": "NY", "7": "TX"})
        assert (first == new["state"]).all()
