"""What bad input gets: a clear error with the next step and exit code 2, or a warning and a correct
result."""

from __future__ import annotations

import json
import struct
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.tables import business
from tests.e2e.conftest import Tidemill
from tidemill.core.errors import ArtifactError


def refused(outcome: object, *words: str) -> None:
    assert outcome.code == 2, outcome
    assert "Next:" in outcome.err, outcome.err
    for word in words:
        assert word.lower() in outcome.err.lower(), outcome.err


def leaves_nothing(folder: Path, *but: str) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(but)


TEXTS = {
    "empty": (b"", "empty"),
    "header only": (b"a,b,c\n", "row"),
    "duplicate names": (b"a,b,a\n1,2,3\n4,5,6\n", "'a'"),
    "ragged rows": (b"a,b\n1,2\n3,4,5\n6,7\n", "line 3"),
    "binary junk": (bytes(range(256)) * 40, ""),
    "one row": (b"a,b\n1,x\n", "rows"),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("command", ["run", "fit", "mine"])
def test_files_that_are_no_tables(
    name: str, command: str, tmp_path: Path, tidemill: Tidemill
) -> None:
    content, word = TEXTS[name]
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    refused(tidemill(command, path, "--out", tmp_path / "out.tidemill"), word)
    leaves_nothing(tmp_path, "data.csv")


def test_no_such_file(tmp_path: Path, tidemill: Tidemill) -> None:
    (tmp_path / "customers.csv").write_text("a,b\n1,2\n")
    refused(tidemill("run", tmp_path / "custmers.csv"), "customers.csv")


def test_a_folder_is_no_file(tmp_path: Path, tidemill: Tidemill) -> None:
    refused(tidemill("run", tmp_path), "folder")


def test_wrong_encoding_is_found_out(tmp_path: Path, tidemill: Tidemill) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(("城市,数\n" + "北京,1\n上海,2\n" * 50).encode("gb18030"))
    done = tidemill("read", path)
    assert done.code == 0
    assert "城市" in done.out


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"only": range(200)}).with_columns(pl.col("only") % 7),
        pl.DataFrame({"a": ["x"] * 100, "b": [3] * 100}),
        pl.DataFrame(
            {"a": [None] * 100, "b": [k % 5 for k in range(100)], "c": ["u", "v"] * 50},
            schema={"a": pl.String, "b": pl.Int64, "c": pl.String},
        ),
    ],
    ids=["one column", "constant table", "all-missing column"],
)
def test_poor_tables_still_turn(frame: pl.DataFrame, tmp_path: Path, tidemill: Tidemill) -> None:
    frame.write_parquet(tmp_path / "data.parquet")
    done = tidemill("run", tmp_path / "data.parquet", "--out", tmp_path / "out")
    assert done.code == 0, done.err
    made = pl.read_parquet(tmp_path / "out" / "synthetic.parquet")
    assert made.columns == frame.columns
    for name in frame.columns:
        assert set(made[name].unique()) <= set(frame[name].unique())


def test_five_thousand_categories(tmp_path: Path, tidemill: Tidemill) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "sku": [f"sku {k}" for k in rng.zipf(1.3, 20_000) % 5000],
            "n": rng.integers(0, 50, 20_000),
        }
    )
    frame.write_parquet(tmp_path / "data.parquet")
    assert tidemill("fit", tmp_path / "data.parquet", "--out", tmp_path / "m.tidemill").code == 0
    done = tidemill("sample", tmp_path / "m.tidemill", "--rows", 500, "--out", tmp_path / "new.csv")
    assert done.code == 0
    assert set(pl.read_csv(tmp_path / "new.csv")["sku"]) <= set(frame["sku"])


@pytest.mark.slow
def test_two_thousand_columns(tmp_path: Path, tidemill: Tidemill) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({f"c{k}": rng.integers(0, 9, 150) for k in range(2000)})
    frame.write_parquet(tmp_path / "data.parquet")
    done = tidemill("run", tmp_path / "data.parquet", "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert pl.read_parquet(tmp_path / "out" / "synthetic.parquet").shape == (105, 2000)


def test_a_column_of_lists_is_named(tmp_path: Path, tidemill: Tidemill) -> None:
    frame = pl.DataFrame({"tags": [[1, 2], [3]] * 60, "n": range(120), "p": ["a", "b", "c"] * 40})
    frame.write_parquet(tmp_path / "data.parquet")
    refused(
        tidemill("fit", tmp_path / "data.parquet", "--out", tmp_path / "m.tidemill"),
        "tags",
        "--ignore",
    )
    done = tidemill(
        "fit", tmp_path / "data.parquet", "--ignore", "tags", "--out", tmp_path / "m.tidemill"
    )
    assert done.code == 0, done.err


def test_infinities_are_learned_by_fit_and_mended_by_clean(numbers: pl.DataFrame) -> None:
    frame = numbers.with_columns(
        pl.when(pl.col("y") == 3).then(float("inf")).otherwise("x").alias("x")
    )
    made = tm.fit(frame).sample(500)
    assert made["x"].is_infinite().any()
    assert made["x"].is_finite().any()
    cleaned = tm.clean(frame)
    assert cleaned.data["x"].is_infinite().sum() == 0
    assert cleaned.changes.filter(pl.col("column") == "x").height == frame["x"].is_infinite().sum()


def test_dates_from_year_1_to_9999() -> None:
    frame = pl.DataFrame(
        {"d": [date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29)] * 40, "k": range(120)}
    )
    made = tm.fit(frame).sample(300)
    assert made.schema["d"] == pl.Date
    assert set(made["d"].dt.year()) == {1, 2024, 9999}


def test_integers_beyond_float_precision() -> None:
    frame = pl.DataFrame({"n": [2**53 + 1, 2**60 + 3, 5] * 50, "k": ["a", "b", "c"] * 50})
    made = tm.fit(frame).sample(200)
    assert set(made["n"]) == {2**53 + 1, 2**60 + 3, 5}


def test_targets_that_do_not_serve(tmp_path: Path, customers: Path, tidemill: Tidemill) -> None:
    refused(tidemill("run", customers, "--target", "chrun", "--out", tmp_path / "o"), "churn")
    frame = pl.read_csv(customers).with_columns(
        pl.lit("x").alias("one"), pl.lit(None, pl.String).alias("none")
    )
    frame.write_parquet(tmp_path / "data.parquet")
    for target in ("one", "none"):
        refused(
            tidemill("run", tmp_path / "data.parquet", "--target", target, "--out", tmp_path / "o"),
            target,
        )


def test_a_condition_that_never_occurs(tmp_path: Path, customers: Path, tidemill: Tidemill) -> None:
    model, out = tmp_path / "m.tidemill", tmp_path / "new.csv"
    assert tidemill("fit", customers, "--out", model).code == 0
    for where, word in (
        ("plan=gold", "team"),
        ("age=999999", "training row"),
        ("nothing", "COL=VALUE"),
        ("plam=team", "plan"),
        ("age=old", "number"),
        ("customer_id=C-00001", "afresh"),
    ):
        refused(tidemill("sample", model, "--rows", 5, "--where", where, "--out", out), word)
    assert not out.exists()


def test_outputs_are_not_replaced_unless_asked(
    tmp_path: Path, customers: Path, tidemill: Tidemill
) -> None:
    out = tmp_path / "m.tidemill"
    out.write_text("mine")
    refused(tidemill("fit", customers, "--out", out), "--overwrite")
    assert out.read_text() == "mine"
    assert tidemill("fit", customers, "--out", out, "--overwrite").code == 0


def test_folders_that_cannot_be_written(customers: Path, tidemill: Tidemill) -> None:
    refused(tidemill("run", customers, "--out", customers / "below"), "--out")
    refused(tidemill("run", customers, "--out", "/proc/tidemill"), "--out")
    refused(tidemill("fit", customers, "--out", "/proc/tidemill/m.tidemill"), "cannot write")


def test_unknown_names(tmp_path: Path, customers: Path, tidemill: Tidemill) -> None:
    refused(tidemill("fit", customers, "--model", "treees", "--out", tmp_path / "m"), "trees")
    refused(tidemill("mine", customers, "--technique", "sorcery"), "drivers")
    refused(tidemill("fit", customers, "--nope"), "--nope")
    assert (
        tidemill(
            "sample", tmp_path / "none.tidemill", "--rows", 5, "--out", tmp_path / "x.csv"
        ).code
        == 2
    )
    refused(tidemill("read", tmp_path / "data.docx"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A model as it was stored."""
    folder = tmp_path_factory.mktemp("whole")
    business(300).write_csv(folder / "customers.csv")
    return tm.fit(tm.read(folder / "customers.csv")).save(folder / "m.tidemill").read_bytes()


@pytest.fixture
def stored(tmp_path: Path, whole: bytes) -> Path:
    path = tmp_path / "m.tidemill"
    path.write_bytes(whole)
    return path


def rewritten(path: Path, change: object) -> Path:
    """The archive with its members changed and its hashes made right again."""
    import hashlib

    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    manifest["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"manifest.json": json.dumps(manifest).encode(), **members}.items():
            archive.writestr(name, data)
    return path


def edited_json(name: str, *keys: object, value: object) -> object:
    def change(manifest: dict[str, object], members: dict[str, bytes]) -> None:
        state = json.loads(members[name])
        part = state
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1]] = value
        members[name] = json.dumps(state).encode()

    return change


def edited_array(suffix: str, value: int) -> object:
    def change(manifest: dict[str, object], members: dict[str, bytes]) -> None:
        from safetensors.numpy import load, save

        arrays = load(members["arrays.safetensors"])
        name = next(name for name, array in arrays.items() if name.endswith(suffix) and array.size)
        arrays[name] = np.full_like(arrays[name], value)
        members["arrays.safetensors"] = save(arrays)

    return change


HOSTILE = {
    "wrong model": lambda manifest, members: manifest.update(model="os:system"),
    "future format": lambda manifest, members: manifest.update(format=99),
    "codec without columns": edited_json("codec.json", "columns", value={}),
    "schema of another type": edited_json("codec.json", "schema", value=7),
    "unknown kind": edited_json(
        "codec.json", "table", "schema", "columns", 0, "kind", value="code"
    ),
    "features out of range": edited_array("feature", 10_000),
    "endless trees": edited_array("left", 0),
    "child out of range": edited_array("right", 30_000),
    "leaf sizes": edited_array(".leaves", 3),
    "pieces upside down": edited_array("piece.00000", -1),
    "forest that is not there": edited_array("forest_of.00003", 900),
    "missing arrays": lambda manifest, members: members.update(
        {"arrays.safetensors": struct.pack("<Q", 2) + b"{}"}
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_artefacts(name: str, stored: Path) -> None:
    rewritten(stored, HOSTILE[name])
    with pytest.raises(ArtifactError) as caught:
        tm.Synthesizer.load(stored).sample(50)
    assert caught.value.hint


def test_damaged_artefacts(stored: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    whole = stored.read_bytes()
    for content in (
        whole[: len(whole) // 2],
        b"",
        b"junk" * 100,
        whole[:2000] + b"\0" * 100 + whole[2100:],
    ):
        stored.write_bytes(content)
        refused(tidemill("sample", stored, "--rows", 3, "--out", tmp_path / "x.csv"), stored.name)


def test_zip_bombs_and_path_traversal(tmp_path: Path) -> None:
    path = tmp_path / "m.tidemill"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"0" * (64 << 20))
    with pytest.raises(ArtifactError, match="unpacks"):
        tm.Synthesizer.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../evil.json", b"{}")
    with pytest.raises(ArtifactError, match="no model has"):
        tm.Synthesizer.load(path)
    assert not (tmp_path.parent / "evil.json").exists()
