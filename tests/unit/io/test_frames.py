"""Frames of pandas and pyarrow: handed back with the dtypes, labels and index that they had, or
refused by the column's name."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.unit.io.opening import read
from tidemill.core.errors import SchemaError
from tidemill.core.frame_form import FrameForm
from tidemill.core.run import Run
from tidemill.core.states import from_state, to_state
from tidemill.io.frames import to_native
from tidemill.io.writing import write
from tidemill.verbs import fit

pandas = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")

N = 60


def repeated(values: Any) -> list[Any]:
    values = list(values)
    return [values[k % len(values)] for k in range(N)]


def columns() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    series, arrow = pandas.Series, pandas.ArrowDtype
    return {
        "period": series(repeated(pandas.period_range("2020-01", periods=12, freq="M"))),
        "quarter": series(repeated([*pandas.period_range("2020-01", periods=3, freq="Q"), None])),
        "hours": series(repeated(pandas.period_range("2020-01-01", periods=9, freq="h"))),
        "weeks": series(repeated(pandas.period_range("2020-01-01", periods=9, freq="W-WED"))),
        "cut": pandas.cut(series(rng.normal(size=N)), 4),
        "interval": series(pandas.arrays.IntervalArray.from_tuples(repeated([(0, 1), (1, 5)]))),
        "sparse": series(pandas.arrays.SparseArray((rng.random(N) < 0.2) * 1.5, fill_value=0.0)),
        "sparse flag": series(pandas.arrays.SparseArray(rng.random(N) < 0.5, fill_value=False)),
        "sparse nan": series(pandas.arrays.SparseArray(repeated([1.5, np.nan]))),
        "offset": series(pandas.to_datetime(repeated(["2024-01-01T00:00+01:00"]))),
        "zoned": series(pandas.date_range("2024-03-30", periods=N, freq="h", tz="Europe/Berlin")),
        "float16": series(rng.normal(size=N).round(1).astype("float16")),
        "float32": series(rng.normal(size=N).astype("float32")),
        "int8": series(repeated([1, 2, 3]), dtype="int8"),
        "seconds": series(pandas.to_timedelta(rng.integers(0, 5_000, N), unit="s")),
        "finer": series(pandas.to_timedelta(rng.integers(0, 5_000, N) * 1_000_001, unit="ns")),
        "dates": series(repeated([dt.date(2024, 1, 1), None, dt.date(2024, 5, 1)])),
        "decimals": series(repeated([Decimal("1.10"), Decimal("2.25"), None])),
        "truths": series(repeated([True, False, None]), dtype=object),
        "times": series(repeated([dt.time(1, 2), None, dt.time(23)])),
        "huge": series(repeated([2**70, 7, None]), dtype=object),
        "uuid": series([uuid.UUID(int=k) for k in range(N)]),
        "Int64": series(repeated([1, None, 2**53 + 1]), dtype="Int64"),
        "UInt8": series(repeated([1, None, 255]), dtype="UInt8"),
        "Float32": series(repeated([1.5, None]), dtype="Float32"),
        "boolean": series(repeated([True, None, False]), dtype="boolean"),
        "string": series(repeated(["a", None, "b"]), dtype="string"),
        "text": series(repeated(["a", None, "b"]), dtype="str"),
        "objects": series(repeated(["a", None, "b"]), dtype=object),
        "ordered": series(
            pandas.Categorical(repeated(["lo", "hi", None]), ["lo", "mid", "hi"], ordered=True)
        ),
        "numbered": series(repeated([3, 2, 1]), dtype="category"),
        "months": series(pandas.Categorical(pandas.to_datetime(repeated(["2024-01-01"])))),
        "truth levels": series(pandas.Categorical(repeated([True, False]))),
        "arrow decimal": series(
            repeated([Decimal("1.10"), None]), dtype=arrow(pyarrow.decimal128(10, 2))
        ),
        "arrow levels": series(
            repeated(["a", "b"]), dtype=arrow(pyarrow.dictionary(pyarrow.int32(), pyarrow.string()))
        ),
        "arrow text": series(repeated(["a", None]), dtype=arrow(pyarrow.large_string())),
        "arrow whole": series(repeated([1, None]), dtype=arrow(pyarrow.int16())),
    }


@pytest.mark.parametrize("name", columns())
def test_a_pandas_column_comes_back_as_it_was(name: str, run: Run) -> None:
    table = pandas.DataFrame({name: columns()[name], "x": range(N)})
    back = to_native(read(table, run))
    pandas.testing.assert_frame_equal(back, table)
    assert run.warnings == []


def test_generated_rows_have_the_dtypes_labels_and_index_of_the_real_ones(
    tmp_path: Path, run: Run
) -> None:
    names = ["interval", "ordered", "numbered", "Int64", "boolean", "float16", "seconds", "period"]
    known = columns()
    table = pandas.DataFrame({name: known[name] for name in names})
    table[0] = range(N)
    table.index = pandas.Index(repeated("abcde"), name="group")
    table = table.rename_axis(columns="measure")
    model = fit(table, seed=1, options={"effort": "plain"})
    made = model.sample(40, seed=2)
    assert made.dtypes.equals(table.dtypes)
    assert list(made.columns) == [*names, 0]
    assert (made.columns.name, made.index.name) == ("measure", "group")
    assert list(made["ordered"].cat.categories) == ["lo", "mid", "hi"]
    again = type(model).load(model.save(tmp_path / "m.tidemill")).sample(40, seed=2)
    pandas.testing.assert_frame_equal(again, made)


def test_what_the_numbers_count_is_said(run: Run) -> None:
    table = pandas.DataFrame({name: columns()[name] for name in ("seconds", "period", "numbered")})
    schema = read(table, run).schema
    assert schema["seconds"].reason.startswith("a duration, counted in seconds; whole numbers")
    assert schema["period"].reason.startswith("periods (M), each by when it begins; dates from")
    assert (schema["seconds"].kind, schema["period"].kind) == ("number", "datetime")
    assert schema["numbered"].kind == "category"


BASE = pandas.DataFrame({"a": range(N), "b": repeated("xy")})


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (BASE.set_axis([0, 1], axis=1), ["0", "1"]),
        (BASE.set_axis([0, ("a", "x")], axis=1), ["0", "a.x"]),
        (BASE.set_axis([1.5, True], axis=1), ["1.5", "True"]),
        (BASE.rename_axis(columns="measure"), ["a", "b"]),
        (
            BASE.set_axis(pandas.MultiIndex.from_tuples([("s", "a"), ("s", 2)]), axis=1),
            ["s.a", "s.2"],
        ),
        (BASE.set_index(pandas.Index(range(0, 3 * N, 3), name="id")), ["id", "a", "b"]),
        (BASE.set_index(pandas.date_range("2024-01-01", periods=N)), ["index", "a", "b"]),
        (
            BASE.set_index(
                pandas.MultiIndex.from_arrays([repeated("pq"), range(N)], names=["g", None])
            ),
            ["g", "level_1", "a", "b"],
        ),
    ],
)
def test_labels_and_indexes_come_back(table: Any, names: list[str], run: Run) -> None:
    data = read(table, run)
    assert list(data.schema.names) == names
    pandas.testing.assert_frame_equal(to_native(data), table, check_freq=False)


def test_an_index_of_row_numbers_is_left_out_and_told(run: Run) -> None:
    data = read(BASE.iloc[[3, 1, 2]], run)
    assert data.schema.names == ("a", "b")
    assert "numbers without a name, was left out" in run.warnings[0]
    read(BASE.set_index("b", drop=False), run)
    assert "named as one of its columns" in run.warnings[1]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (repeated([1 + 2j]), r"'z': it holds complex numbers: take \.real and \.imag"),
        (repeated([1, "q"]), r"several types \(30 of int, 30 of str\): make them one type first"),
        (repeated([[1], [2, 3]]), "it holds lists"),
        (repeated([{"k": 1}]), "it holds records"),
        (pandas.Categorical(repeated([1, "1"])), "two of its categories read the same"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name_or_ignored(
    values: Any, what: str, run: Run
) -> None:
    table = BASE.assign(z=values)
    with pytest.raises(SchemaError, match=what) as caught:
        read(table, run)
    assert "'ignore=z'" in str(caught.value.hint)
    data = read(table, run, ignore=["z"])
    assert data.rows(np.arange(5)).schema["z"].role == "ignore"
    assert to_native(data)["a"].tolist() == list(range(N))


def test_values_that_do_not_fit_a_dtype_stay_as_they_are(run: Run) -> None:
    data = read(pandas.DataFrame({"n": pandas.Series(repeated([1, 2]), dtype="int8")}), run)
    data = data.with_frame(pl.DataFrame({"n": [1, 1_000]}))
    assert to_native(data)["n"].tolist() == [1, 1_000]


def test_a_polars_column_without_a_name_gets_one(run: Run) -> None:
    frame = pl.DataFrame({"": ["x", "y"], "b": [1, 2]})
    assert read(frame, run).schema.names == ("column_1", "b")
    assert read(frame.lazy(), run).schema.names == ("column_1", "b")


def test_levels_that_may_name_people_are_not_kept(run: Run) -> None:
    people = pandas.Categorical([f"Ann Number{k}" for k in range(N)])
    towns = pandas.Categorical(["Ulm"] * (N - 1) + ["Bonn"], ["Ulm", "Bonn", "Trier"])
    table = pandas.DataFrame({"name": people, "town": towns, "x": repeated([1, 2, 3])})
    assert "Ann" not in str(read(table, run).frame_form)
    model = fit(table, seed=1, options={"effort": "plain"})
    form = str(model.manifest["frame_form"])
    assert "Ulm" in form
    assert "Trier" in form
    assert "Bonn" not in form


def test_the_form_survives_being_stored(run: Run) -> None:
    form = read(pandas.DataFrame(columns()), run).frame_form
    assert from_state(FrameForm, to_state(form)).library == "pandas"
    assert len(to_state(form)["columns"]) == len(columns())


def test_arrow_types_come_back(run: Run) -> None:
    ordered = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array(repeated([1, 0]), pyarrow.int8()), pyarrow.array(["lo", "hi"]), ordered=True
    )
    table = pyarrow.table(
        {
            "levels": pyarrow.array(repeated("ab")).dictionary_encode(),
            "ordered": ordered,
            "decimal": pyarrow.array(repeated([1, 2])).cast(pyarrow.decimal128(30, 2)),
            "time": pyarrow.array(repeated([1, 2]), pyarrow.time32("s")),
            "duration": pyarrow.array(repeated([1, None]), pyarrow.duration("s")),
            "large": pyarrow.array(repeated("uv"), pyarrow.large_string()),
            "view": pyarrow.array(repeated("uv"), pyarrow.string_view()),
            "small": pyarrow.array(repeated([1, 2]), pyarrow.uint8()),
            "moment": pyarrow.array(repeated([1, 2]), pyarrow.timestamp("s")),
            "day": pyarrow.array(repeated([0, 86_400_000]), pyarrow.date64()),
        }
    )
    back = to_native(read(table, run))
    assert back.schema == table.schema
    assert back.equals(table)
    nested = pyarrow.table({"x": repeated([1, 2]), "l": repeated([[1], [2]])})
    with pytest.raises(SchemaError, match="'l': it holds lists"):
        read(nested, run)


def test_parquet_files_of_pandas_types(tmp_path: Path, run: Run) -> None:
    table = pandas.DataFrame(
        {
            "month": columns()["period"],
            "band": columns()["interval"],
            "x": repeated([1, 2]),
        }
    )
    table.to_parquet(tmp_path / "t.parquet")
    data = read(tmp_path / "t.parquet", run)
    assert data["month"][:2].to_list() == [dt.date(2020, 1, 1), dt.date(2020, 2, 1)]
    assert data["band"][:2].to_list() == ["(0, 1]", "(1, 5]"]
    assert [column.kind for column in data.schema] == ["datetime", "category", "number"]
    assert "periods of pandas (M) were read" in run.warnings[0]
    assert "intervals were read" in run.warnings[1]
    write(data, tmp_path / "again.parquet")
    assert pl.read_parquet(tmp_path / "again.parquet").schema["month"] == pl.Date


def test_durations_are_seconds(run: Run) -> None:
    frame = pl.DataFrame(
        {
            "ms": pl.Series([1_500, None, 7], dtype=pl.Duration("ms")),
            "us": pl.Series([60_000_000, None, 0], dtype=pl.Duration("us")),
            "ns": pl.Series([2**62 + 1, None, 1], dtype=pl.Duration("ns")),
        }
    )
    data = read(frame, run)
    assert data["ms"].to_list() == [1.5, None, 0.007]
    assert data["us"].to_list() == [60, None, 0]
    assert data["ns"].to_list() == [2**62 + 1, None, 1]
    assert "counted in ns" in data.schema["ns"].reason
    assert to_native(data).equals(frame)
