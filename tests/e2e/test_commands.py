"""Every command by use, on a table with all kinds of columns."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import polars as pl
import pytest
import typer

import tidemill as tm
from tests.conformance.tables import business
from tests.e2e.conftest import Tidemill
from tidemill.cleaning import CHECKS
from tidemill.cli import app
from tidemill.command_help import COMMANDS, EXAMPLES
from tidemill.reporting.schema import schema

TABLES = ["changes", "clean", "holdout", "synthetic", "train"]
OUTPUTS = [
    *(f"{name}.{ending}" for name in TABLES for ending in ("csv", "parquet")),
    "findings.json",
    "model.tidemill",
    "report.html",
    "report.json",
    "scores.json",
]


def test_the_whole_job(customers: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    out = tmp_path / "out"
    done = tidemill("run", customers, "--target", "churn", "--out", out, "--seed", 1)
    assert done.code == 0, done.err
    assert sorted(path.name for path in out.iterdir()) == sorted(OUTPUTS)
    assert str(out / "report.html") in done.out
    for name in ("findings", "scores", "report"):
        jsonschema.validate(json.loads((out / f"{name}.json").read_text()), schema(name))
    rows = {name: pl.read_parquet(out / f"{name}.parquet") for name in TABLES}
    for name, table in rows.items():
        assert pl.read_csv(out / f"{name}.csv").shape == table.shape
    made, real = rows["synthetic"], rows["clean"]
    assert made.schema == real.schema == rows["train"].schema == rows["holdout"].schema
    assert rows["train"].height + rows["holdout"].height == real.height
    assert made.height == 210
    assert not set(made["customer_id"]) - {None} <= set(real["customer_id"])
    again = tidemill("run", customers, "--target", "churn", "--out", out)
    assert again.code == 2
    assert "--overwrite" in again.err


def test_same_seed_same_bytes(customers: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    for folder, threads in (("a", 1), ("b", 3)):
        done = tidemill(
            "run", customers, "--target", "churn", "--out", tmp_path / folder, "--threads", threads
        )
        assert done.code == 0, done.err
    for name in (
        "changes.parquet",
        "clean.parquet",
        "findings.json",
        "model.tidemill",
        "scores.json",
        "synthetic.parquet",
    ):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_without_a_target(customers: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    done = tidemill(
        "run", customers, "--ignore", "note", "--rows", 50, "--out", tmp_path / "out", "--quiet"
    )
    assert done.code == 0, done.err
    made = pl.read_parquet(tmp_path / "out" / "synthetic.parquet")
    assert made.height == 50
    assert "note" not in made.columns


def test_two_rounds(customers: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    done = tidemill("run", customers, "--target", "churn", "--rounds", 2, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    page = (tmp_path / "out" / "report.html").read_text()
    assert "near-copies" in page


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "jsonl", "xlsx"])
def test_fit_and_sample_in_every_format(
    ending: str, customers: Path, tmp_path: Path, tidemill: Tidemill
) -> None:
    model, out = tmp_path / "m.tidemill", tmp_path / f"new.{ending}"
    assert tidemill("fit", customers, "--out", model, "--target", "churn").code == 0
    assert (
        tidemill(
            "sample",
            model,
            "--rows",
            40,
            "--where",
            "plan=team",
            "--where",
            "churn=Yes",
            "--out",
            out,
        ).code
        == 0
    )
    back = tm.read(out)
    assert len(back) == 40
    assert set(back["plan"]) == {"team"}
    assert back.schema["fee"].kind == "number"
    assert back.schema["since"].kind == "datetime"


def test_rows_under_conditions(customers: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    model, out = tmp_path / "m.tidemill", tmp_path / "new.parquet"
    assert tidemill("fit", customers, "--out", model, "--target", "churn").code == 0
    done = tidemill(
        "sample",
        model,
        "--rows",
        300,
        "--where",
        "age>=40",
        "--where",
        "plan in team,solo",
        "--balance",
        "churn=Yes:0.4",
        "--out",
        out,
    )
    assert done.code == 0, done.err
    assert "of all rows by the model" in done.err
    made = pl.read_parquet(out)
    assert made["age"].min() >= 40  # type: ignore[operator]
    assert (made["churn"] == "Yes").sum() == 120
    done = tidemill(
        "sample", model, "--rows", 10, "--where", "age=>40", "--out", tmp_path / "x.csv"
    )
    assert done.code == 2
    assert "age>=..." in done.err
    assert not (tmp_path / "x.csv").exists()
    assert tidemill("sample", model, "--out", tmp_path / "x.csv").code == 2


def test_rows_are_completed(customers: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    model, rows = tmp_path / "m.tidemill", tmp_path / "rows.csv"
    assert tidemill("fit", customers, "--out", model, "--target", "churn").code == 0
    rows.write_text("age,plan,remark\n30,team,a\n,solo,b\n50,,c\n")
    done = tidemill("infill", model, rows, "--draws", 2, "--out", tmp_path / "filled.csv")
    assert done.code == 0, done.err
    assert "Completed 6 rows" in done.out
    lines = (tmp_path / "filled.csv").read_text().splitlines()
    assert lines[0].startswith("age,plan,remark,customer_id,")
    assert lines[0].endswith(",draw")
    assert [line.split(",")[2] for line in lines[1:]] == ["a", "b", "c"] * 2
    assert [line.split(",")[0] for line in lines[1:4:2]] == ["30", "50"]
    done = tidemill("sample", model, "--like", rows, "--rows", 5, "--out", tmp_path / "like.csv")
    assert done.code == 0, done.err
    assert "'rows' has 1 column" in done.err
    assert pl.read_csv(tmp_path / "like.csv")["age"].to_list()[::3] == [30, 30]


def test_what_if(customers: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    model, out = tmp_path / "m.tidemill", tmp_path / "rows.parquet"
    assert tidemill("fit", customers, "--out", model, "--target", "churn").code == 0
    done = tidemill(
        "what-if",
        model,
        customers,
        "--set",
        "plan=team",
        "--redraw",
        "fee",
        "--outcome",
        "churn",
        "--outcome",
        "fee",
        "--draws",
        3,
        "--out",
        out,
    )
    assert done.code == 0, done.err
    assert "churn = Yes: " in done.out
    assert "mean of fee: " in done.out
    assert "not proof" in done.out
    rows = pl.read_parquet(out)
    assert rows.height == 300
    assert "after: churn = Yes" in rows.columns
    assert set(rows["plan"]) == {"team"}
    done = tidemill("what-if", model, customers, "--set", "plan=team", "--draws", 2, "--json")
    result = json.loads(done.out.splitlines()[-1])
    assert result["shifts"][0]["outcome"] == "churn = Yes"
    assert result["rows"] == 300


def test_clean_mine_read_evaluate_report(
    customers: Path, tmp_path: Path, tidemill: Tidemill
) -> None:
    frame = pl.read_csv(customers)
    frame.with_columns(
        pl.when(pl.int_range(pl.len()) % 9 == 0).then(pl.lit("?")).otherwise("plan").alias("plan")
    ).write_csv(tmp_path / "dirty.csv")
    done = tidemill(
        "clean",
        tmp_path / "dirty.csv",
        "--out",
        tmp_path / "clean.csv",
        "--log",
        tmp_path / "changes.parquet",
    )
    assert done.code == 0, done.err
    assert (
        pl.read_parquet(tmp_path / "changes.parquet").filter(pl.col("before") == "?").height == 34
    )
    assert pl.read_csv(tmp_path / "clean.csv")["plan"].null_count() == 34
    done = tidemill("read", customers)
    assert done.code == 0
    assert "churn" in done.out
    done = tidemill("mine", customers, "--target", "churn", "--out", tmp_path / "findings.json")
    assert done.code == 0, done.err
    jsonschema.validate(json.loads((tmp_path / "findings.json").read_text()), schema("findings"))
    frame[:150].write_csv(tmp_path / "a.csv")
    frame[150:].write_csv(tmp_path / "b.csv")
    tm.fit(tm.read(tmp_path / "a.csv")).sample(150).write_parquet(tmp_path / "c.parquet")
    done = tidemill(
        "evaluate",
        "--train",
        tmp_path / "a.csv",
        "--holdout",
        tmp_path / "b.csv",
        "--synthetic",
        tmp_path / "c.parquet",
        "--target",
        "churn",
        "--out",
        tmp_path / "scores.json",
    )
    assert done.code == 0, done.err
    jsonschema.validate(json.loads((tmp_path / "scores.json").read_text()), schema("scores"))


def test_the_page_can_be_made_again(customers: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    out = tmp_path / "out"
    assert tidemill("run", customers, "--out", out).code == 0
    page = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    assert tidemill("report", out).code == 0
    assert (out / "report.html").read_bytes() == page


def test_json_lines(customers: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    done = tidemill("fit", customers, "--out", tmp_path / "m.tidemill", "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert {"start", "end", "result"} <= {line["kind"] for line in lines}
    done = tidemill("fit", customers, "--out", tmp_path / "m.tidemill", "--json")
    assert json.loads(done.out.splitlines()[-1])["kind"] == "error"
    assert done.code == 2


def test_options_about_columns(customers: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    (tmp_path / "schema.toml").write_text(
        '[columns.age]\nkind = "category"\n[columns.active]\nrole = "sensitive"\n'
    )
    done = tidemill(
        "read",
        customers,
        "--schema",
        tmp_path / "schema.toml",
        "--ignore",
        "note",
        "--time",
        "since",
        "--json",
    )
    columns = {c["column"]: c for c in json.loads(done.out.splitlines()[-1])["columns"]}
    assert columns["age"]["kind"] == "category"
    assert columns["active"]["role"] == "sensitive"
    assert columns["note"]["role"] == "ignore"
    assert columns["since"]["role"] == "time"


@pytest.mark.parametrize("command", ["models", "codecs", "metrics", "techniques", "checks"])
def test_lists(command: str, tidemill: Tidemill) -> None:
    done = tidemill(command)
    assert done.code == 0
    assert all(len(line.split(maxsplit=1)) == 2 for line in done.out.splitlines())


def test_alone_it_greets(tidemill: Tidemill) -> None:
    done = tidemill()
    assert done.code == 0
    assert "tidemill run customers.csv --target churn" in done.out
    assert len(done.out.splitlines()) < 12


def test_examples_of_the_help_are_commands_that_can_be_given() -> None:
    group = typer.main.get_group(app)
    listed = {name for names in COMMANDS.values() for name in names}
    known = listed & set(group.commands)
    assert known <= set(EXAMPLES) <= listed
    for name in known:
        lines = EXAMPLES[name]
        assert 2 <= len(lines) <= 3, name
        for line in lines:
            words = shlex.split(line)
            assert words[:2] == ["tidemill", name]
            with group.commands[name].make_context(name, words[2:]) as context:
                assert set(context.params.get("checks") or ()) <= set(CHECKS)


def test_the_help_of_a_command_has_sections_and_examples(tidemill: Tidemill) -> None:
    said = tidemill("run", "--help").out
    at = [
        said.index(f"\n{title}:\n") for title in ("Options", "Data", "Model", "Output", "Examples")
    ]
    assert at == sorted(at)
    assert said.index("--minutes") < said.index("\nOutput:") < said.index("--overwrite")


def test_help_and_version(tidemill: Tidemill) -> None:
    assert "run" in tidemill("--help").out
    assert tidemill("--version").out.startswith("tidemill 0.")
    assert "health-insurance" in tidemill("demo", "--list").out


def test_frames_come_back_as_they_came() -> None:
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    frame = business(200).drop("customer_id", "note")
    assert isinstance(tm.fit(frame.to_pandas()).sample(5), pandas.DataFrame)
    assert isinstance(tm.fit(frame.to_arrow()).sample(5), pyarrow.Table)
    made = tm.fit(frame).sample(5)
    assert made.schema == frame.schema


def test_notebook_faces(customers: Path) -> None:
    data = tm.read(customers, target="churn")
    cleaned = tm.clean(data)
    model = tm.fit(cleaned.data)
    findings = tm.mine(cleaned.data, techniques=["drivers"])
    for thing in (data, cleaned, model, findings):
        face = thing._repr_html_()
        assert face.startswith("<")
        assert "<script" not in face


def started(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tidemill", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


@pytest.mark.slow
def test_a_time_budget_is_kept_and_can_be_replayed(tmp_path: Path) -> None:
    business(400_000).write_parquet(tmp_path / "data.parquet")
    job = started(
        "fit",
        tmp_path / "data.parquet",
        "--minutes",
        0.25,
        "--out",
        tmp_path / "a.tidemill",
        "--json",
    )
    out, err = job.communicate()
    assert job.returncode == 0, err
    *events, result = map(json.loads, out.splitlines())
    begun, ended = (
        next(event["seconds"] for event in events if (event["kind"], event["stage"]) == at)
        for at in (("start", "learn"), ("end", "learn"))
    )
    assert ended - begun <= 15 * 1.1
    assert 0 < result["steps_done"] < result["steps_planned"]
    job = started(
        "fit",
        tmp_path / "data.parquet",
        "--steps",
        result["steps_done"],
        "--out",
        tmp_path / "b.tidemill",
    )
    job.communicate()
    assert job.returncode == 0
    assert (tmp_path / "a.tidemill").read_bytes() == (tmp_path / "b.tidemill").read_bytes()


@pytest.mark.slow
def test_ctrl_c_leaves_a_usable_model_and_nothing_half_written(tmp_path: Path) -> None:
    business(60_000).write_parquet(tmp_path / "data.parquet")
    job = started("fit", tmp_path / "data.parquet", "--out", tmp_path / "m.tidemill", "--json")
    assert job.stdout is not None
    for line in job.stdout:
        if json.loads(line)["kind"] == "progress" and json.loads(line)["stage"] == "learn":
            break
    job.send_signal(signal.SIGINT)
    _, err = job.communicate(timeout=60)
    assert job.returncode == 130
    assert "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.parquet", "m.tidemill"]
    model = tm.Synthesizer.load(tmp_path / "m.tidemill")
    assert not model.complete
    assert model.sample(10).height == 10
