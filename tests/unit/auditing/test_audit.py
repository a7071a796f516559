"""The audit catches what leaks, clears what cannot, and shows nobody's row."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from tests.unit.auditing.leaky import audited, halves, jittered, memorised, people
from tidemill.auditing.audit import audit
from tidemill.core.artifact import finite
from tidemill.core.errors import DataError, OptionError, OutputError
from tidemill.core.light import LIGHTS, worst
from tidemill.core.run import Run
from tidemill.core.split import split
from tidemill.io.reading import read
from tidemill.reporting.blocks import walk
from tidemill.synthesis.synthesizer import Synthesizer

TRAIN, HOLDOUT = halves(3000)
SMALL = halves(600)


def lights(found):
    return {leak.score.name: leak.light for leak in found.leaks}


def test_published_training_rows_are_red_in_everything() -> None:
    found = audited(TRAIN, HOLDOUT, TRAIN)
    assert set(lights(found).values()) == {"red"}
    assert {leak.attack for leak in found.leaks} == {
        "closeness",
        "membership",
        "inference",
        "singling-out",
        "linkability",
        "rare-values",
        "copies",
        "outliers",
    }
    assert all(leak.score.value == pytest.approx(1, abs=0.35) for leak in found.leaks)
    assert found.at_risk.height == len(TRAIN)


def test_jittered_neighbours_are_red() -> None:
    found = audited(TRAIN, HOLDOUT, jittered(TRAIN))
    assert found.light == "red"
    said = lights(found)
    for name in (
        "membership by distance, on average",
        "membership by distance, the most exposed",
        "secrets guessed, all columns",
        "exact and near copies",
        "outliers reproduced",
    ):
        assert said[name] == "red", name
    assert audited(*SMALL, jittered(SMALL[0])).light == "red"


def test_trees_with_one_row_a_leaf_are_red() -> None:
    found = audited(*SMALL, memorised(SMALL[0]))
    assert found.light == "red"
    assert lights(found)["membership by density ratio, on average"] == "red"


def test_independent_columns_are_green() -> None:
    found = audited(TRAIN, HOLDOUT, None, canaries=200)
    assert found.light == "green", str(found)
    assert "no attack found a leak" in found.verdict
    assert found.of("canaries")[0].score.figures["epsilon_at_least"] < 0.7


def test_half_of_the_rows_leaked_is_about_half_the_leak() -> None:
    train, holdout = halves(4000, seed=5)
    model = Synthesizer.fit(train, Run(0), "independent")
    made = model.sample_dataset(len(train), run=Run(0))
    half = len(train) // 2
    mixed = made.with_frame(pl.concat([made.frame[:half], train.frame[half:]]))
    by_name = {
        leak.score.name: leak.score.value for leak in audited(train, holdout, mixed, None).leaks
    }
    for name in (
        "membership by distance, on average",
        "exact and near copies",
        "outliers reproduced",
    ):
        assert by_name[name] == pytest.approx(0.5, abs=0.12), name


def test_few_rows_are_not_known_and_never_green() -> None:
    found = audited(*halves(130), None)
    assert found.light == "not known"
    assert "there are too few rows" in str(found) or "needed" in str(found)


def test_an_attack_without_power_is_not_known() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "a": rng.choice(["x", "y"], 900),
            "b": rng.choice(["p", "q"], 900),
            "target": rng.choice(["0", "1"], 900),
        }
    )
    train, holdout = split(read(frame, Run(), target="target"), Run())
    found = audited(train, holdout, train)
    assert found.light == "not known"
    assert all(leak.light == "not known" for leak in found.leaks if leak.attack != "inference"), (
        str(found)
    )
    assert "even if the training rows themselves were published" in str(found)


def test_the_leaky_half_of_the_rows_at_risk_is_named() -> None:
    model = Synthesizer.fit(TRAIN, Run(0), "independent")
    made = model.sample_dataset(len(TRAIN), run=Run(0))
    mixed = made.with_frame(pl.concat([made.frame[:2000], TRAIN.frame[:100]]))
    found = audited(TRAIN, HOLDOUT, mixed, None)
    top = found.at_risk.filter(pl.col("nearest_synthetic") == 0)["row"].to_list()
    assert set(top) == set(range(1, 101))
    assert set(found.at_risk["row"].head(90)) <= set(range(1, 101))


def test_no_row_of_anybody_is_in_report_or_state() -> None:
    secret = [f"Quentin-{k:04d}-Zyx" for k in range(600)]
    frame = people(600).with_columns(
        pl.Series("town", [secret[k % 150] for k in range(600)]),
        pl.Series("weight", 7_654_321_000 + 13 * np.arange(600)),
    )
    train, holdout = split(read(frame, Run(), target="income"), Run())
    found = audited(train, holdout, jittered(train), canaries=60)
    assert found.light == "red"
    assert found.at_risk.height > 100
    page = found.report()
    everything = (
        page.html()
        + json.dumps(page.to_state())
        + json.dumps(finite(found.to_state()))
        + str(found)
    )
    everything += found._repr_html_()
    assert not [value for value in frame["town"].unique() if value in everything]
    assert not [
        value for value in frame["weight"] if str(value) in everything or f"{value:,}" in everything
    ]
    assert all("exposed" not in state and "why" not in state for state in found.to_state()["leaks"])


def test_the_page_says_what_must_be_said() -> None:
    found = audited(*SMALL, None, canaries=40)
    page = found.report()
    assert page.blocks[0].note.startswith("An audit makes the attacks that it knows")
    assert all(block is not None for block in walk(page.blocks))
    for leak in found.leaks:
        assert leak.score.name in json.dumps(page.to_state())
    assert type(page).from_state(page.to_state()) == page


def test_the_same_every_time() -> None:
    one, other = (audited(*SMALL, None, canaries=30) for _ in range(2))
    assert one.to_state() == other.to_state()
    assert one.at_risk.equals(other.at_risk)


def test_threads_do_not_matter() -> None:
    model = Synthesizer.fit(SMALL[0], Run(0), "trees")
    one, other = (
        audit(model, *SMALL, Run(0, threads=threads), canaries=30).to_state() for threads in (1, 3)
    )
    assert one == other


def test_what_is_wrong_is_said(tmp_path) -> None:
    model = Synthesizer.fit(SMALL[0], Run(0), "independent")
    with pytest.raises(OptionError, match="nothing to audit"):
        audit(None, *SMALL, Run())
    with pytest.raises(OptionError, match="no attack called"):
        audit(model, *SMALL, Run(), attacks=["guessing"])
    with pytest.raises(DataError, match="too few for an audit"):
        audit(model, SMALL[0], SMALL[1].rows(np.arange(5)), Run(), canaries=0)
    run = Run()
    audit(model, SMALL[0].rows(np.arange(200)), SMALL[0], run, canaries=0, attacks=["copies"])
    assert any("learned from 420 rows, but 200 are given" in text for text in run.warnings)
    found = audit(model, *SMALL, Run(), canaries=0, attacks=["copies"])
    found.save(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "audit.json",
        "report.html",
        "report.json",
        "rows-at-risk.parquet",
    ]
    with pytest.raises(OutputError, match="results already"):
        found.save(tmp_path / "out")


def test_learned_rows_are_no_control() -> None:
    train, holdout = HOLDOUT, TRAIN
    half = holdout.with_frame(pl.concat([holdout.frame[:400], train.frame[:400]]))
    slightly_changed = jittered(train, 3)
    for made in (
        train,
        holdout,
        Synthesizer.fit(train, Run(), "trees").sample_dataset(900, run=Run()),
    ):
        for control in (train, half, slightly_changed):
            found = audited(train, control, made, None)
            assert found.light == "not known"
            assert not found.controlled
            assert "many of them were learned" in found.verdict
    assert audited(train, holdout, train, None).controlled


def test_held_out_rows_of_another_sort_are_no_control() -> None:
    later = HOLDOUT.with_frame(
        HOLDOUT.frame.with_columns(pl.col("age") + 30, pl.col("weight") * 2, pl.col("hours") + 9)
    )
    found = audited(TRAIN, later, None)
    assert found.light == "not known"
    assert "of another sort" in found.verdict


def test_rows_that_were_made_of_the_held_out_ones_tell_nothing() -> None:
    found = audited(HOLDOUT, TRAIN.rows(np.arange(900)), TRAIN.rows(np.arange(900)), None)
    assert found.light == "not known"
    assert "mixed up" in str(found)


def test_other_unseen_rows_are_green() -> None:
    whole = people(9000, seed=5)
    parts = [read(whole[k : k + 3000], Run(), target="income") for k in (0, 3000, 6000)]
    assert audited(parts[0], parts[1], parts[2], None).light == "green"


def test_few_entities_are_not_known() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"who": [f"T{k % 30}" for k in range(900)], "x": rng.normal(size=900)})
    train, holdout = split(read(frame, Run(), entity=["who"]), Run())
    found = audited(train, holdout, train, None)
    assert found.light == "not known"
    assert "entities only" in found.verdict


def test_the_worst_light_counts() -> None:
    assert worst(list(LIGHTS)) == "red"
    assert worst(["green"]) == "green"


@pytest.mark.slow
def test_false_alarms_are_rare() -> None:
    """20 audits of rows that cannot leak: at most one amber, none red, most green. Of fewer rows
    than 6,000 in all an audit often does not know."""
    found = [audited(*halves(6000, seed), None, seed=seed).light for seed in range(20)]
    assert found.count("red") == 0
    assert found.count("amber") <= 1
    assert found.count("green") >= 14
