"""Sounds from files to a model, back to files, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.quick import quick
from tidemill.acoustics.sounds import pictures, samples, seconds, sounds
from tidemill.acoustics.spectrogram import Spectrogram
from tidemill.codecs.sounds import SoundCodec
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError, OptionError
from tidemill.core.score import Evidence
from tidemill.metrics.sounds.sounds import sounds as measured
from tidemill.metrics.sounds.verdict import ACCURACY, HEARD
from tidemill.mining.sounds.technique import sounds as mined
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Player, walk
from tidemill.reporting.sounds import sounds as played

RATE = 8000


def take(word: str, who: str, rng: np.random.Generator) -> np.ndarray:
    """A word is a glide up or down, or a tone; whose it is tells its pitch."""
    n = int(RATE * rng.uniform(0.15, 0.25))
    time = np.arange(n) / RATE
    low = {"ann": 700.0, "bob": 400.0}[who] * rng.uniform(0.95, 1.05)
    slope = {"up": 4000.0, "down": -1200.0, "flat": 0.0}[word]
    pitch = low + (1200 if word == "down" else 0) + slope * time
    tone = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.hanning(n) * rng.uniform(0.3, 0.6)
    return ((tone + rng.normal(0, 0.003, n)) * 30_000).astype(np.int16)


def words(count: int, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    said = [["up", "down", "flat"][k % 3] for k in range(count)]
    who = [["ann", "bob"][k // 3 % 2] for k in range(count)]
    takes = [take(*one, rng) for one in zip(said, who, strict=True)]
    frame = pl.DataFrame([sounds("sound", takes, RATE)]).with_columns(
        pl.Series("label", said), pl.Series("speaker", who)
    )
    return tm.read(frame)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return words(180)


def test_a_picture_sounds_as_what_it_is_of(data: Dataset) -> None:
    """What comes back is seen as the same."""
    seen = pictures(data["sound"][:12])
    heard = Spectrogram(RATE)
    for picture, values in zip(seen, samples(data["sound"][:12]), strict=True):
        back = heard.sound(picture, len(values))
        assert np.array_equal(back, heard.sound(picture, len(values)))
        [again] = heard.pictures([back])
        loud = picture > 128
        assert np.abs(again[loud].astype(int) - picture[loud]).mean() < 12


def test_sounds_are_learned_and_written(data: Dataset, tmp_path: Path) -> None:
    model = tm.fit(data, options=quick("gan", steps=3), seed=1)
    assert (model.manifest["codec"], model.manifest["model"]) == ("sounds", "gan")
    made = model.sample_dataset(6, ["label=up"], run=tm.Run(2))
    assert set(made["label"]) == {"up"}
    assert 0.1 < seconds(made["sound"]).min() <= seconds(made["sound"]).max() < 0.3
    again = tm.Synthesizer.load(model.save(tmp_path / "m.tidemill"))
    assert again.sample_dataset(6, ["label=up"], run=tm.Run(2)).frame.equals(made.frame)
    tm.write(made, tmp_path / "made")
    assert tm.read(tmp_path / "made").frame["sound"].equals(made.frame["sound"])


def test_what_cannot_be_learned_is_refused(data: Dataset) -> None:
    with pytest.raises(OptionError, match="cannot learn sounds"):
        tm.fit(data, model="trees")
    long = [np.zeros(RATE * 3, np.int16)] * 30
    with pytest.raises(DataError, match="too long to be learned: half of them"):
        tm.fit(tm.read(pl.DataFrame([sounds("sound", long, RATE)])), model="independent")
    two = data.frame.with_columns(data["sound"].alias("other"))
    with pytest.raises(DataError, match="there are 2 columns of sounds"):
        tm.fit(tm.read(two), model="independent")
    model = tm.fit(data, model="independent")
    codec = SoundCodec().fit(data, tm.Run())
    with pytest.raises(ConditionError, match="nothing can be asked of a sound's samples"):
        model.sample(2, where={"sound": "x"})
    other = [np.zeros(4000, np.int16)] * len(data)
    with pytest.raises(DataError, match="16,000 samples a second, and not 8,000"):
        codec.encode(
            tm.read(data.frame.with_columns(sounds("sound", other, 2 * RATE)), target="label")
        )


def test_one_take_and_one_class_are_no_crash(data: Dataset) -> None:
    with pytest.raises(DataError, match="1 rows are too few to learn from"):
        tm.fit(data.rows(np.arange(1)), model="independent")
    same = data.rows(np.arange(0, 180, 3))
    assert not list(mined(same.rows(np.arange(30)), same.rows(np.arange(30, 60)), tm.Run()))
    scores = list(measured(Evidence(same, same, same, same), tm.Run()))
    assert next(s for s in scores if s.name == HEARD).why.startswith("the training sounds have")


def test_real_sounds_are_heard_and_noise_is_not(data: Dataset) -> None:
    train, holdout, more = data, words(120, 1), words(120, 2)
    floor = tm.fit(train, model="independent").sample_dataset(120, run=tm.Run())
    real = {s.name: s for s in measured(Evidence(train, holdout, more, floor), tm.Run())}
    assert real[HEARD].value is not None
    assert real[HEARD].value > 0.97
    assert real[HEARD].floor is not None
    assert real[HEARD].floor < 0.6
    assert real[ACCURACY].value == pytest.approx(real[ACCURACY].ceiling, abs=0.03)
    copied = {s.name: s for s in measured(Evidence(train, holdout, train, floor), tm.Run())}
    assert copied["near-copies of training sounds"].light == "red"
    assert real["near-copies of training sounds"].light != "red"


def test_what_is_planted_is_found(data: Dataset) -> None:
    wrong = data.frame["label"].to_list()
    planted = [12, 45, 120]
    for at in planted:
        wrong[at] = {"up": "down", "down": "flat", "flat": "up"}[wrong[at]]
    odd = data.frame.with_columns(pl.Series("label", wrong))
    whole = tm.read(odd)
    train, holdout = whole.rows(np.arange(60, 180)), whole.rows(np.arange(60))
    found = {finding.name: finding for finding in mined(train, holdout, tm.Run())}
    assert found["classifier"].strength > 0.9
    assert found["doubtful labels"].support in (1, 2)


def test_cleaning_tells_what_is_wrong(data: Dataset) -> None:
    takes = samples(data["sound"])
    labels = data["label"].to_list()
    takes[0] = np.zeros(1500, np.int16)
    takes[11] = (takes[11].astype(float) * 4).clip(-20_000, 20_000).astype(np.int16)
    takes[2] = np.concatenate([np.zeros(300, np.int16), takes[5]])
    takes[3] = np.tile(takes[3], 8)
    labels[2] = "up"
    frame = pl.DataFrame([sounds("sound", takes, RATE), pl.Series("label", labels)])
    issues = {
        (issue.check, issue.severity): issue for issue in tm.clean(tm.read(frame)).plan.issues
    }
    assert issues["silent_sounds", "note"].count == 1
    assert issues["clipped_sounds", "note"].count == 1
    assert issues["repeated_sounds", "warning"].count == 1
    assert "1 much longer" in issues["odd_sounds", "note"].sentence
    clean = {issue.check for issue in tm.clean(data).plan.issues}
    assert not clean & {"silent_sounds", "clipped_sounds", "repeated_sounds", "odd_sounds"}


def test_more_takes_help_a_classifier_and_noise_does_not(data: Dataset) -> None:
    few = data.rows(np.arange(60))
    proof = tm.verdict(few, words(60, 3), holdout=words(60, 4), target="label")
    assert "support vector machine" in str(proof)


def test_a_report_plays_both_sides(data: Dataset) -> None:
    blocks = played(ReportInput("words", train=data, synthetic=words(60, 5)))
    heard = [block for block in walk(blocks) if isinstance(block, Player)]
    assert [player.title for player in heard] == ["Real", "Generated"] * 3
    assert not played(ReportInput("words", train=data))
