"""A run of a whole database: its folder, its page, and what can be made of it again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

import tidemill as tm
from tests.unit.relational.test_judging import customers
from tidemill.cli import app
from tidemill.core.errors import Cancelled, InputError, OptionError, OutputError, TidemillError
from tidemill.core.run import Event
from tidemill.pipeline.databases import OUTPUTS
from tidemill.reporting.blocks import Arrow, Box, Diagram
from tidemill.reporting.diagram import layered, piled
from tidemill.reporting.page import Report
from tidemill.reporting.schema import schema

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    tm.write_database(customers(rows=300), folder / "shop.sqlite")
    return folder


@pytest.fixture(scope="module")
def done(home: Path) -> Path:
    out = home / "run"
    told = said("run", home / "shop.sqlite", "--out", out, "--table-rows", "customers=150")
    assert "Tables     " in told
    assert "The report: " in told
    return out


def said(*words: object) -> str:
    done = RUNNER.invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output


def refused(*words: object) -> TidemillError:
    done = RUNNER.invoke(app, [str(word) for word in words])
    assert isinstance(done.exception, TidemillError), done.output
    return done.exception


def test_the_folder_is_complete(done: Path) -> None:
    assert {one.name for one in done.iterdir()} == set(OUTPUTS)
    sizes = {
        side: len(tm.read_database(done / f"{side}.sqlite")["customers"])
        for side in ("train", "holdout", "synthetic")
    }
    assert sizes == {"train": 210, "holdout": 90, "synthetic": 150}
    assert tm.sample_database(done / "model.tidemill", {"customers": 20}).links


def test_it_is_judged_again_and_told_again(done: Path, home: Path) -> None:
    told = said("evaluate", done, "--out", home / "again.json", "--overwrite", "--json")
    told = json.loads(told.splitlines()[-1])["text"]
    assert (home / "again.json").read_bytes() == (done / "scores.json").read_bytes()
    assert told.startswith(json.loads((done / "scores.json").read_text())["together"]["sentence"])
    said("report", done, "--out", home / "again.html")
    assert (home / "again.html").read_bytes() == (done / "report.html").read_bytes()
    by_hand = said(
        *("evaluate", "--train", done / "train.sqlite", "--holdout", done / "holdout.sqlite"),
        *("--synthetic", done / "synthetic.sqlite", "--json"),
    )
    by_hand = json.loads(by_hand.splitlines()[-1])["text"]
    assert by_hand.splitlines()[0] == told.splitlines()[0]


def test_the_same_seed_gives_the_same_bytes(done: Path, home: Path) -> None:
    before = {name: (done / name).read_bytes() for name in OUTPUTS}
    words = ("run", home / "shop.sqlite", "--out", done, "--table-rows", "customers=150")
    assert isinstance(refused(*words), OutputError)
    said(*words, "--overwrite")
    after = {name: (done / name).read_bytes() for name in OUTPUTS}
    assert after["model.tidemill"] == before["model.tidemill"]
    assert after["scores.json"] == before["scores.json"]
    # sys.argv is the same in one process, and so is the command on the page
    assert after["report.json"] == before["report.json"]


def test_the_page_says_the_answers_first_and_shows_the_tables(done: Path) -> None:
    page = Report.load(done)
    assert [type(block).__name__ for block in page.blocks[:2]] == ["Answers", "Paragraph"]
    html = (done / "report.html").read_text()
    assert html.index("Do the tables hang together") < html.index("How it was made</h2>")
    assert '<figure class="diagram">' in html
    assert html.count('class="head"') == 2  # wide and narrow
    assert "\N{MINUS SIGN}" not in "".join(re.findall(r'd="([^"]*)"', html))
    assert "orders a row of customers" in html
    assert Report.from_state(page.to_state()) == page


def test_the_scores_fit_their_schema(done: Path) -> None:
    scores = json.loads((done / "scores.json").read_text())
    Draft202012Validator(schema("database scores")).validate(scores)


def test_without_a_folder_nothing_is_written(home: Path) -> None:
    made = tm.run_database(customers(rows=80), model="independent", seed=2)
    assert made.out is None
    assert made.rows["holdout"]["customers"] == 24
    assert made.to_state()["scores"]["light"] in ("not known", "red")


@pytest.mark.parametrize("stage", ["split", "sample", "evaluate"])
def test_a_run_that_is_stopped_leaves_nothing_half_written(stage: str, tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        if event.stage == stage or stage == "split":
            run.cancel()

    run = tm.Run(listener=stop)
    with pytest.raises(Cancelled):
        tm.run_database(customers(rows=80), out=tmp_path / "out", model="independent", run=run)
    left = [one for one in (tmp_path / "out").glob("*") if one.name != "unfinished"]
    assert left == []
    with pytest.raises(InputError):
        tm.evaluate_database(folder=tmp_path / "out")


@pytest.mark.parametrize(
    "words", [("--target", "town"), ("--rows", "9"), ("--rounds", "2"), ("--privacy", "tested")]
)
def test_what_is_about_one_table_is_refused(words: tuple[str, str], home: Path) -> None:
    found = refused("run", home / "shop.sqlite", "--out", home / "no", *words)
    assert "is about the columns of one table" in found.what
    assert not (home / "no").exists()


def test_of_one_table_no_tables_are_named(home: Path) -> None:
    tm.write(customers(rows=60)["customers"], home / "one.csv")
    for words in (("--keep-table", "a"), ("--table-rows", "a=3"), ("--key", "a.b")):
        found = refused("run", home / "one.csv", "--out", home / "no", *words)
        assert "named of several tables" in found.what
    with pytest.raises(OptionError, match="which rows are meant by 'holdout'"):
        tm.evaluate_database(customers(rows=60))


def test_a_folder_of_another_run_is_left_alone(done: Path) -> None:
    frame = customers(rows=60)["customers"].frame
    with pytest.raises(OutputError, match="results of another command"):
        tm.run(frame, out=done, overwrite=True)


def test_a_diagram_of_circles_loops_and_long_names() -> None:
    boxes = tuple(Box(name, ("3 rows",)) for name in ("a", "b", "客户" * 30, "alone"))
    arrows = (
        Arrow("a", "b", "made for"),
        Arrow("b", "a", "dealt out"),
        Arrow("a", "a", "to itself"),
        Arrow("客户" * 30, "b", "as it was"),
    )
    for draw in (layered, piled):
        drawn = draw(Diagram("", boxes, arrows))
        assert len(drawn.boxes) == len(drawn.arrows) == 4
        for x, y, width, height, *_ in drawn.boxes:
            assert 0 <= x <= x + width <= drawn.width
            assert 0 <= y <= y + height <= drawn.height
        spots = [(x, y) for x, y, *_ in drawn.boxes]
        assert len(set(spots)) == 4
