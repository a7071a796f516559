"""Levels that few rows have: never by name, unless the user asks for it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.codecs.columns.category import CategoryCodec
from tidemill.core.errors import ConditionError
from tidemill.core.run import Event, Run
from tidemill.core.schema import Column


def made(values: pl.Series, n: int = 500, **column: bool) -> tuple[CategoryCodec, pl.Series]:
    described = Column("col", "category", **column)
    codec = CategoryCodec().fit(described, values, Run())
    state = json.loads(json.dumps(codec.to_state(), allow_nan=False))
    again = CategoryCodec.from_state(described, state)
    batch = codec.encode(values.sample(n, with_replacement=True, seed=1))
    out = codec.decode(batch, np.random.default_rng(0))
    assert out.dtype == values.dtype
    assert out.equals(again.decode(batch, np.random.default_rng(0)), null_equal=True)
    return codec, out


@pytest.mark.parametrize(
    ("levels", "other"),
    [
        ([f"Kurort {chr(65 + k)}ö" for k in range(26)], "Andere"),
        ([f"town {chr(97 + k)}" for k in range(26)], "other"),
        ([f"TOWN {chr(65 + k)}" for k in range(26)], "OTHER"),
        ([f"北{chr(0x5000 + k)}镇" for k in range(26)], "其他"),
        ([f"город {chr(0x430 + k)}" for k in range(26)], "другое"),
        (["other", *(f"town {chr(97 + k)}" for k in range(26))], "(other)"),
    ],
)
def test_rare_words_come_back_as_one_level(levels: list[str], other: str) -> None:
    values = pl.Series("col", [*levels, *levels, *["kept"] * 9], pl.String)
    codec, out = made(values)
    assert set(out) == {"kept", other}
    assert codec.levels == ["kept", other]
    share = (out == other).mean()
    assert abs(share - 2 * len(levels) / len(values)) < 0.1  # type: ignore[operator]
    assert not [level for level in levels if level in json.dumps(codec.to_state())[1:-1].split('"')]


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (pl.Series([f"A-{7 * k % 900:03d}" for k in range(300)]), r"^A-\d{3,4}$"),
        (pl.Series([1000 + 37 * k for k in range(300)]), r"^\d{4,6}$"),
        (pl.Series([k / 4 + 0.25 for k in range(300)]), r"^\d+\.\d+$"),
    ],
)
def test_rare_codes_and_numbers_are_fresh(values: pl.Series, form: str) -> None:
    _, out = made(values)
    assert out.cast(pl.String).str.contains(form).all()
    assert not set(out) & set(values)
    assert out.n_unique() > 200


def test_kept_levels_and_truths_come_back_by_name() -> None:
    levels = pl.Series("col", [f"town {k}" for k in range(40)])
    codec, _ = made(levels, kept=True)
    assert sorted(codec.levels) == sorted(levels)
    truths = pl.Series("col", [True, False, True, None])
    codec, out = made(truths, 50)
    assert set(out) == {True, False, None}


def test_a_table_of_rare_towns() -> None:
    rng = np.random.default_rng(0)
    towns = [f"Town{a}{b}" for a in "abcdefghij" for b in "klmnopqrst"]
    frame = pl.DataFrame(
        {
            "town": [*towns, *towns, *["Rome"] * 100],
            "age": rng.integers(20, 60, 300),
            "left": rng.choice(["yes", "no"], 300),
        }
    )
    told: list[Event] = []
    model = tm.fit(tm.read(frame, target="left"), run=Run(listener=told.append))
    assert any("'town'" in one.text and "keep=town" in one.text for one in told)
    new = model.sample(400)
    assert set(new["town"]) == {"Rome", "Other"}
    assert set(model.sample(20, where="town=Other")["town"]) == {"Other"}
    assert model.sample(20, like=frame.head(20)).height == 20
    with pytest.raises(ConditionError, match="fewer than 5 persons"):
        model.sample(5, where="town=Townak")
    filled = model.infill(frame.head(5).with_columns(age=pl.lit(None, pl.Int64)))
    assert filled["town"].to_list() == towns[:5]


def test_no_rare_level_of_an_enumeration_is_stored(tmp_path: Path) -> None:
    levels = ["Xanthopolis", "Rome", "Oslo", "Nowhere"]
    towns = ["Xanthopolis", *["Rome"] * 60, *["Oslo"] * 40]
    frame = pl.DataFrame({"town": pl.Series(towns, dtype=pl.Enum(levels)), "x": range(101)})
    path = tm.fit(frame, model="independent").save(tmp_path / "m.tidemill")
    new = tm.Synthesizer.load(path).sample(50)
    assert new["town"].dtype == pl.Enum(["Rome", "Oslo", "Nowhere"])
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if b"Xanth" in archive.read(name)]
