"""Audits and shared rows by use: the commands, what they write, and what they refuse."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.results import fits_its_schema
from tests.conformance.tables import business
from tests.e2e.conftest import Tidemill
from tests.unit.auditing.leaky import halves, memorised
from tidemill.auditing import ATTACKS
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.grid import Batch
from tidemill.core.run import Run
from tidemill.reporting.schema import schema
from tidemill.synthesis.stages import Stage, Stages
from tidemill.synthesis.synthesizer import Synthesizer

WRITTEN = ["card.html", "card.json", "synthetic.csv", "synthetic.parquet"]
AUDITED = ["audit.json", "report.html", "report.json", "rows-at-risk.parquet"]


@pytest.fixture
def parted(tmp_path: Path, tidemill: Tidemill) -> Path:
    """A folder with train.csv, holdout.csv and model.tidemill."""
    train, holdout = tm.split(tm.read(business(900), target="churn"))
    tm.write(train, tmp_path / "train.csv")
    tm.write(holdout, tmp_path / "holdout.csv")
    done = tidemill(
        "fit",
        tmp_path / "train.csv",
        "--target",
        "churn",
        "--model",
        "independent",
        "--out",
        tmp_path / "model.tidemill",
    )
    assert done.code == 0, done.err
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def sides(folder: Path) -> list[object]:
    return [
        folder / "model.tidemill",
        "--train",
        folder / "train.csv",
        "--holdout",
        folder / "holdout.csv",
    ]


def test_an_audit(parted: Path, tidemill: Tidemill) -> None:
    out = parted / "audit"
    done = tidemill("audit", *sides(parted), "--out", out, "--canaries", 60, "--seed", 3)
    assert done.code == 0, done.err
    assert files(out) == AUDITED
    assert done.out.startswith(
        ("Green: no attack found a leak that matters", "Not known: no leak was found")
    )
    assert str(out / "report.html") in done.out
    state = json.loads((out / "audit.json").read_text())
    assert {leak["attack"] for leak in state["leaks"]} == set(ATTACKS)
    assert state["made"]["model"] == "independent"
    jsonschema.validate(json.loads((out / "report.json").read_text()), schema("report"))
    page = (out / "report.html").read_text()
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    again = tidemill("audit", *sides(parted), "--out", out)
    assert again.code == 2
    assert "--overwrite" in again.err


def test_published_rows_are_red_and_their_numbers_stay_out_of_the_page(
    parted: Path, tidemill: Tidemill
) -> None:
    out = parted / "audit"
    done = tidemill(
        "audit",
        *sides(parted),
        "--synthetic",
        parted / "train.csv",
        "--out",
        out,
        "--canaries",
        0,
        "--json",
    )
    assert done.code == 0, done.err
    said = json.loads(done.out.strip().splitlines()[-1])
    assert said["audit"]["light"] == "red"
    risk = pl.read_parquet(out / "rows-at-risk.parquet")
    assert risk.columns == ["row", "why", "ways", "nearest_synthetic", "nearest_other_real"]
    assert set(risk["row"]) == set(range(1, 631))
    told = "".join((out / name).read_text() for name in AUDITED[:3]) + done.out
    train = pl.read_csv(parted / "train.csv", infer_schema=False)
    for column in ("customer_id", "fee", "since", "last_seen", "note"):
        unusual = [value for value in train[column].drop_nulls().unique() if len(value) > 4]
        assert not [
            value for value in unusual if re.search(rf"(?<![\d.]){re.escape(value)}(?!\d)", told)
        ], column


def test_one_attack_only(parted: Path, tidemill: Tidemill) -> None:
    done = tidemill("audit", *sides(parted), "--attack", "copies", "--sensitive", "plan")
    assert done.code == 0, done.err
    assert "exact and near copies" in done.out
    assert "membership" not in done.out
    assert "No canaries were planted" in done.out
    wrong = tidemill("audit", *sides(parted), "--attack", "copys")
    assert wrong.code == 2
    assert "did you mean 'copies'" in wrong.err
    listed = tidemill("attacks")
    assert [line.split()[0] for line in listed.out.splitlines()] == list(ATTACKS)


def test_sharing(parted: Path, tidemill: Tidemill) -> None:
    out = parted / "shared"
    done = tidemill(
        "share",
        *sides(parted),
        "--out",
        out,
        "--rows",
        400,
        "--licence",
        "CC BY 4.0",
        "--canaries",
        40,
    )
    assert done.code == 0, done.err
    assert files(out) == WRITTEN
    assert files(parted / "shared-audit") == AUDITED
    card = json.loads((out / "card.json").read_text())
    assert card["licence"] == "CC BY 4.0"
    assert card["rows"] == 400
    assert card["audit"]["light"] in ("green", "not known")
    assert card["shared_despite_audit"] is None
    assert {score["metric"] for score in card["scores"]} == {
        "marginals",
        "pairs",
        "detection",
        "coverage",
        "utility",
    }
    rows = pl.read_csv(out / "synthetic.csv")
    assert rows.height == pl.read_parquet(out / "synthetic.parquet").height == 400
    page = (out / "card.html").read_text()
    for needed in (
        "CC BY 4.0",
        "must not be used for",
        "independent",
        "no row stands for a person",
        "legal guarantee",
    ):
        assert needed in page, needed
    assert tidemill("share", *sides(parted), "--out", out).code == 2


def test_without_a_control_nothing_is_shared(parted: Path, tidemill: Tidemill) -> None:
    """Held-out rows of another sort of customers make the training rows stand out."""
    strangers = business(270, seed=7).with_columns(
        pl.col("age") + 40, pl.col("fee") + 500, pl.lit("team").alias("plan")
    )
    strangers.write_csv(parted / "strangers.csv")
    out = parted / "shared"
    asked = [
        parted / "model.tidemill",
        "--train",
        parted / "train.csv",
        "--holdout",
        parted / "strangers.csv",
        "--out",
        out,
        "--canaries",
        0,
    ]
    done = tidemill("share", *asked)
    assert done.code == 2
    assert "these rows cannot be audited" in done.err
    assert "of another sort" in done.err
    assert str(parted / "shared-audit" / "report.html") in " ".join(done.err.split())
    assert not out.exists()
    assert files(parted / "shared-audit") == AUDITED
    assert not [path for path in parted.iterdir() if path.name.startswith(".")]
    nothing = tidemill("share", *asked, "--overwrite", "--despite-audit", "  ")
    assert nothing.code == 2
    assert not out.exists()
    done = tidemill(
        "share",
        *asked,
        "--overwrite",
        "--despite-audit",
        "The holdout is of another year, which we knew.",
    )
    assert done.code == 0, done.err
    assert files(out) == WRITTEN
    assert "which we knew" in (out / "card.html").read_text()
    assert json.loads((out / "card.json").read_text())["shared_despite_audit"].startswith(
        "The holdout is"
    )


def test_what_else_is_in_the_folder_stays(parted: Path, tidemill: Tidemill) -> None:
    out = parted / "shared"
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    for options in ((), ("--overwrite",)):
        done = tidemill(
            "share", *sides(parted), "--out", out, "--rows", 100, "--canaries", 0, *options
        )
        assert done.code == 0, done.err
        assert files(out) == sorted([*WRITTEN, "mine.txt"])


class Remembering:
    """A generator that gives out what it was taught."""

    steps_done = steps_planned = 1

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def sample(self, n: int, rng: np.random.Generator, run: Run | None = None) -> Batch:
        at = rng.integers(0, len(self.batch.tick), n)
        return Batch(self.batch.tick[at], self.batch.code[at])


def test_copies_are_dropped_before_rows_are_shared(tmp_path: Path) -> None:
    train, holdout = halves(900)
    honest = Synthesizer.fit(train, Run(), "independent")
    codec = honest._codec

    def remembering(rows: Dataset) -> Synthesizer:
        generator = Remembering(codec.encode(rows))
        return Synthesizer(
            Stages([Stage(codec, "remembering", generator)], "remembering"), honest.manifest
        )

    with pytest.raises(DataError, match="every row that the model makes is a copy"):
        tm.share(remembering(memorised(train)), train, holdout, tmp_path / "out", canaries=0)
    assert not (tmp_path / "out").exists()
    fresh = honest.sample_dataset(300, run=Run())
    mixed = fresh.with_frame(pl.concat([fresh.frame, train.frame[:200]]))
    done = tm.share(remembering(mixed), train, holdout, tmp_path / "out", rows=400, canaries=0)
    assert done.card.dropped > 100
    assert fits_its_schema("share", done)
    assert done.audit.light != "red"
    made, real = done.data.frame, train.frame.select(done.data.schema.names)
    assert made.height in (399, 400)
    assert made.join(real, on=real.columns, how="inner", nulls_equal=True).height == 0


def test_a_frame_in_python() -> None:
    train, holdout = tm.split(tm.read(business(700), target="churn"))
    made = tm.fit(train, model="independent").sample(490)
    found = tm.audit(None, train, holdout, synthetic=made, sensitive=["plan"])
    assert "the model is not at hand" in found.verdict
    assert fits_its_schema("audit", found)
    assert not found.of("canaries")
    assert "<table>" in found._repr_html_()
    assert isinstance(replace(found, seed=1).seed, int)


def sets(
    real: Path, name: str, target: str, sensitive: list[str], rows: int | None = None
) -> tuple[Dataset, Dataset]:
    frame = pl.read_parquet(real / name / f"{name}.parquet")
    frame = frame if rows is None else frame.sample(rows, seed=0)
    return tm.split(tm.read(frame, target=target, sensitive=sensitive))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "target", "sensitive"),
    [
        ("german_credit", "Credit_risk", ["Age"]),
        ("adult", "income", ["sex", "race"]),
        ("compas", "two_year_recid", ["sex", "race"]),
    ],
)
def test_real_sets(real: Path, name: str, target: str, sensitive: list[str]) -> None:
    train, holdout = sets(real, name, target, sensitive)
    trees = tm.audit(tm.fit(train), train, holdout)
    assert trees.light != "red", str(trees)
    independent = tm.audit(tm.fit(train, model="independent"), train, holdout)
    assert independent.light in ("green", "not known"), str(independent)
    copied = tm.audit(None, train, holdout, synthetic=train)
    assert {leak.light for leak in copied.leaks} == {"red"}, str(copied)


@pytest.mark.slow
def test_trees_with_one_row_a_leaf_on_real_rows(real: Path) -> None:
    train, holdout = sets(real, "adult", "income", ["sex"], 3000)
    assert tm.audit(None, train, holdout, synthetic=memorised(train)).light == "red"
