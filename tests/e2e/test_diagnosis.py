"""Images with a label whose truth is known, from the command line to the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.e2e.conftest import Tidemill
from tests.unit.diagnosing.planted_images import planted
from tidemill.core.errors import DataError, OptionError
from tidemill.recipes.run import RecipeResult, recipe


@pytest.fixture(scope="module")
def clear() -> RecipeResult:
    """Images that can be told apart."""
    return recipe("diagnosis", planted(spot=55.0).frame(), target="label", positive="ill")


def test_a_page_of_images_that_can_be_told_apart(tidemill: Tidemill, tmp_path: Path) -> None:
    made, out = planted(420, a_patient=2), tmp_path / "page"
    frame = made.frame(patient=made.patient, age=made.patient % 60)
    known = [None if at < 20 else label for at, label in enumerate(frame["label"])]
    frame.with_columns(label=pl.Series(known)).write_parquet(tmp_path / "scans.parquet")
    done = tidemill(
        *("recipe", "diagnosis", tmp_path / "scans.parquet", "--target", "label"),
        *("--positive", "ill", "--entity", "patient", "--out", out),
    )
    assert done.code == 0, done.err
    found = json.loads((out / "figures.json").read_text(encoding="utf-8"))
    assert found["auc: ill, low"] > 0.8
    assert found["refused"] == []
    assert "Not for clinical use" in (out / "report.html").read_text(encoding="utf-8")
    cases = pl.read_csv(out / "cases.csv")
    tested, new = (cases.filter(pl.col("part") == part) for part in ("test", "new"))
    assert len(tested) == found["tested"]
    assert tested["to a person"].sum() == pytest.approx(0.2 * len(tested), abs=1)
    assert len(new) == 20
    assert (new["said"] == frame["label"].head(20)).sum() > 14
    assert "Beside a person, yes." in done.out


def test_nothing_is_warned_of_where_nothing_is_wrong(clear: RecipeResult) -> None:
    assert clear.figures["parts_differ"] == 0
    assert clear.figures["mark_suspected"] == 0
    assert clear.figures["covered, high"] > 0.9
    assert clear.figures["wrong_handed"] > clear.figures["wrong_kept"]


def test_the_same_seed_gives_the_same_page(clear: RecipeResult) -> None:
    again = recipe("diagnosis", planted(spot=55.0).frame(), target="label", positive="ill")
    assert again.report.to_state() == clear.report.to_state()
    assert again.tables["cases"].equals(clear.tables["cases"])


def test_labels_that_are_noise_end_in_do_not() -> None:
    page = recipe("diagnosis", planted(spot=0.0).frame(), target="label")
    assert "Do not use it." in str(page)
    assert page.figures["auc: ill, low"] < 0.6


def test_a_mark_that_gives_the_label_away_is_found() -> None:
    page = recipe("diagnosis", planted(spot=15.0, mark=True).frame(), target="label")
    assert page.figures["auc: ill"] > 0.98
    assert page.figures["mark_suspected"] == 1
    assert "at the top right of the image" in str(page)
    assert "Not as it is." in str(page)


def test_a_test_part_from_elsewhere_is_warned_of() -> None:
    """Half of the tested images are of another device."""
    here, there = planted(600, spot=60.0), planted(300, 1, spot=20.0, light=50.0, noise=30.0)
    split = np.repeat(["train", "val", "test"], [440, 160, 300])
    frame = pl.concat([here.frame(), there.frame()]).with_columns(split=split)
    page = recipe("diagnosis", frame, target="label", columns={"split": "split"})
    assert page.figures["parts_differ"] == 1
    assert "The test images are not like the validation images." in str(page)
    assert page.figures["ece_local"] < page.figures["ece"]


def test_patients_on_both_sides_are_left_out() -> None:
    made = planted(600, spot=0.0, noise=8.0, a_patient=3)
    split = np.resize(["train", "val", "test"], 600)
    known = made.frame(split=split, patient=made.patient)
    page = recipe("diagnosis", known, target="label", entity="patient", columns={"split": "split"})
    [refused] = page.refused
    assert "on another side" in refused.why
    drawn = recipe("diagnosis", known.drop("split"), entity="patient", target="label")
    assert "Do not use it." in str(drawn)  # nothing but the patient could be known again


@pytest.mark.slow
def test_copies_on_both_sides_are_left_out() -> None:
    made = planted(400)
    frame = pl.concat([made.frame(), made.frame().head(60)])
    split = np.repeat(["train", "val", "test"], [240, 70, 150])
    page = recipe(
        "diagnosis", frame.with_columns(split=split), target="label", columns={"split": "split"}
    )
    assert page.figures["left_out_copied"] >= 60
    assert "nearly the same" in str(page)


@pytest.mark.slow
def test_costs_move_the_point() -> None:
    frame = planted(500, spot=40.0).frame()
    found = {}
    for miss in (1, 50):
        page = recipe("diagnosis", frame, target="label", assume={"miss": miss, "alarm": 1})
        found[miss] = page.figures
    assert found[50]["sensitivity: ill"] > found[1]["sensitivity: ill"]
    assert found[50]["specificity: ill"] < found[1]["specificity: ill"]
    with pytest.raises(OptionError, match="both costs"):
        recipe("diagnosis", frame, target="label", assume={"miss": 3})


def test_a_group_in_which_it_fails_is_named_and_no_other() -> None:
    good, bad = planted(500, spot=90.0), planted(250, 1, spot=8.0)
    site = np.repeat(["north", "south"], [500, 250])
    day = np.random.default_rng(2).choice(["Monday", "Friday"], 750)
    frame = pl.concat([good.frame(), bad.frame()]).with_columns(
        pl.Series("site", site), pl.Series("day", day)
    )
    page = recipe("diagnosis", frame, target="label")
    text = json.dumps(page.report.to_state())
    assert "has site is south" in text
    assert "has day is" not in text


@pytest.mark.slow
def test_several_classes_and_one_against_the_others() -> None:
    first, second = planted(300), planted(300, 1, light=60.0)
    names = [
        *np.where(first.ill, "spot", "plain"),
        *np.where(second.ill, "both", "bright"),
    ]
    frame = pl.concat([first.frame(), second.frame()]).with_columns(label=pl.Series(names))
    page = recipe("diagnosis", frame, target="label")
    assert page.figures["accuracy, low"] > 0.7
    assert {f"auc: {name}" for name in set(names)} <= set(page.figures)
    one = recipe("diagnosis", frame, target="label", positive="both")
    assert one.figures["auc: both, low"] > 0.8
    assert "covered: not both" in one.figures


def test_what_cannot_be_answered_is_refused() -> None:
    made = planted(300)
    frame = made.frame(patient=np.zeros(300, int), code=np.arange(300).astype(str))
    for said, target, entity in (
        ("all images are of 1 person", "label", "patient"),
        ("does not say what images show", "code", None),
    ):
        [refused] = recipe("diagnosis", frame, target=target, entity=entity).refused
        assert said in refused.why
        assert refused.needs
    healthy = frame.with_columns(label=pl.lit("healthy"))
    [refused] = recipe("diagnosis", healthy, target="label").refused
    assert "nothing to tell apart" in refused.why
    [refused] = recipe("diagnosis", made.frame().head(60), target="label").refused
    assert "fewer than 80 images each" in refused.why


def test_wrong_words_are_told() -> None:
    frame = planted(300).frame(split=np.resize(["a", "b"], 300))
    with pytest.raises(OptionError, match="no part of a split"):
        recipe("diagnosis", frame, target="label", columns={"split": "split"})
    with pytest.raises(OptionError, match="no image shows 'sick'"):
        recipe("diagnosis", frame, target="label", positive="sick")
    with pytest.raises(DataError, match="there is no target"):
        recipe("diagnosis", frame.drop("label"))
    with pytest.raises(OptionError, match="not for tables"):
        recipe("diagnosis", pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "x"]}), target="b")
