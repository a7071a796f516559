"""Images by use: from a folder to a report, and from a model to sheets, arrays and folders."""

from __future__ import annotations

import json
import shlex
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import tidemill as tm
from tests.e2e.conftest import Tidemill
from tests.e2e.test_next_steps import commands
from tidemill.core.errors import OptionError
from tidemill.imaging.pixels import pixels

QUICK = ["--option", "width=8", "--option", "cores=1"]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("images") / "digits.npz"
    found = load_digits()
    few = found.target < 3
    np.savez(path, images=(found.images[few] * 15).astype(np.uint8), labels=found.target[few])
    return path


@pytest.fixture(scope="module")
def model(digits: Path) -> Path:
    made = tm.fit(tm.read(digits), steps=500, options={"width": 16, "cores": 1})
    return made.save(digits.with_suffix(".tidemill"))


def test_a_model_makes_images_of_a_label(model: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    tidemill("sample", model, "--rows", 30, "--where", "label=1", "--out", tmp_path / "ones.npz")
    with np.load(tmp_path / "ones.npz") as arrays:
        assert arrays["images"].shape == (30, 8, 8)
        assert arrays["labels"].tolist() == [1] * 30
    tidemill(
        "sample", model, "--rows", 30, "--balance", "label=equal", "--out", tmp_path / "folder"
    )
    assert sorted(sub.name for sub in (tmp_path / "folder").iterdir()) == ["0", "1", "2"]
    assert {len(list(sub.iterdir())) for sub in (tmp_path / "folder").iterdir()} == {10}
    tidemill("sample", model, "--rows", 9, "--out", tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (4 * 26, 4 * 26)
    refused = tidemill("sample", model, "--rows", 9, "--out", tmp_path / "rows.csv")
    assert refused.code == 2
    assert "the format .csv is not for images" in refused.err


def test_made_images_look_like_their_label(model: Path, digits: Path) -> None:
    real = tm.read(digits)
    shown, labels = pixels(real["image"])[..., 0], np.array(real["label"])
    made = tm.Synthesizer.load(model)
    for label in ("0", "1"):
        mean = pixels(made.draw(100, f"label={label}", run=tm.Run(1)).data["image"])[..., 0].mean(
            axis=0
        )
        apart = {
            other: float(np.abs(mean - shown[labels == other].mean(axis=0)).mean())
            for other in ("0", "1", "2")
        }
        assert min(apart, key=apart.__getitem__) == label


def test_the_same_seed_gives_the_same_images(
    digits: Path, tmp_path: Path, tidemill: Tidemill
) -> None:
    for name in ("one", "same"):
        done = tidemill("fit", digits, "--out", tmp_path / name, "--steps", 30, *QUICK)
        assert "Learned 537 images" in done.out
    assert (tmp_path / "one").read_bytes() == (tmp_path / "same").read_bytes()


def test_the_whole_run_writes_a_report_with_pictures(
    digits: Path, tmp_path: Path, tidemill: Tidemill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out, repeated = tmp_path / "out", tmp_path / "repeated.npz"
    with np.load(digits) as found:
        again = {name: np.concatenate([array, array[:3]]) for name, array in found.items()}
    np.savez(repeated, **again)
    assert tidemill("run", repeated, "--steps", 40, *QUICK, "--out", out).code == 0
    offered = commands(json.loads((out / "report.json").read_text(encoding="utf-8")))
    [cleaning] = {command for command in offered if command.split()[1] == "clean"}
    assert tidemill(*shlex.split(cleaning)[1:]).code == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    for said in (
        "8 x 8 pixels",
        "Real images and generated ones",
        "How learning went",
        "The model keeps no image",
    ):
        assert said in page, said
    assert page.count("data:image/png;base64,") > 5
    scores = {
        score["name"]: score
        for score in json.loads((out / "scores.json").read_text(encoding="utf-8"))["scores"]
    }
    distance = scores["Fréchet distance of images"]
    assert distance["ceiling"] < min(distance["value"], distance["floor"])
    assert tm.read(out / "synthetic.parquet").schema["image"].kind == "image"


def test_variations_are_near_to_the_given_image_and_differ(
    model: Path, digits: Path, tmp_path: Path, tidemill: Tidemill
) -> None:
    found = load_digits()
    given = (found.images[found.target == 0][-1] * 15).astype(np.uint8)
    Image.fromarray(given).save(tmp_path / "one.png")
    told = tidemill(
        *("sample", model, "--like", tmp_path / "one.png", "--where", "label=0"),
        *("--rows", 12, "--out", tmp_path / "near.npz"),
    )
    assert "times as far from the given ones" in told.err
    with np.load(tmp_path / "near.npz") as arrays:
        near, labels = arrays["images"].astype(float), arrays["labels"]
    others = pixels(tm.Synthesizer.load(model).sample(60, "label=0")["image"])[..., 0].astype(float)
    away = np.abs(near - given).mean()
    assert away < 0.9 * np.abs(others - given).mean()
    assert np.abs(near[1:] - near[:-1]).mean() > 3
    assert labels.tolist() == [0] * 12
    larger = np.kron(given, np.ones((2, 2), np.uint8))
    Image.fromarray(larger).save(tmp_path / "large.png")
    refused = tidemill(
        "sample", model, "--like", tmp_path / "large.png", "--out", tmp_path / "none.npz"
    )
    assert refused.code == 2
    assert "?size=8x8" in refused.err
    assert not (tmp_path / "none.npz").exists()


def test_given_images_keep_their_labels_where_these_are_told(model: Path, digits: Path) -> None:
    real = tm.read(digits)
    few = real.rows(np.arange(4))
    made = tm.Synthesizer.load(model).draw(8, like=few, run=tm.Run(1)).data
    assert made["label"].to_list() == 2 * few["label"].to_list()


@pytest.mark.parametrize("family", ["vae", "flow", "latent"])
def test_every_family_of_images_knows_variations(family: str, digits: Path) -> None:
    real = tm.read(digits)
    more = {} if family == "latent" else {"width": 8, "cores": 1}
    made = tm.fit(real, model=family, steps=8, options=more)
    near = made.draw(3, like=real.rows(np.arange(3)), run=tm.Run(1)).data
    assert pixels(near["image"]).shape == (3, 8, 8, 1)
    assert len(made.draw(0, like=real.rows(np.arange(3)), run=tm.Run(1)).data) == 0


def test_images_that_are_no_variations_are_not_called_so(digits: Path) -> None:
    real = tm.read(digits)
    blank = tm.fit(real, model="vae", steps=1, options={"width": 8, "cores": 1})
    run = tm.Run(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        blank.draw(3, like=real.rows(np.arange(3)), run=run)
    assert any("These are no variations of the given images" in said for said in run.warnings)


def test_labels_that_are_drawn_for_given_images_are_told(
    model: Path, tmp_path: Path, tidemill: Tidemill
) -> None:
    Image.fromarray((load_digits().images[0] * 15).astype(np.uint8)).save(tmp_path / "one.png")
    asked = ("sample", model, "--like", tmp_path / "one.png", "--rows", 2)
    drawn = tidemill(*asked, "--out", tmp_path / "any.npz")
    assert "(label) is not told with all of them, so it is drawn" in " ".join(drawn.err.split())
    said = tidemill(*asked, "--where", "label=0", "--out", tmp_path / "zeros.npz")
    assert "so it is drawn" not in said.err


def test_a_model_without_noise_knows_no_variations(digits: Path) -> None:
    real = tm.read(digits)
    plain = tm.fit(real, model="independent")
    with pytest.raises(OptionError, match="cannot make images near to given ones"):
        plain.draw(2, like=real, run=tm.Run(1))


def test_what_images_cannot_do_is_told(model: Path, digits: Path) -> None:
    made = tm.Synthesizer.load(model)
    with pytest.raises(OptionError, match="the model 'trees' cannot learn images"):
        tm.fit(tm.read(digits), model="trees")
    with pytest.raises(OptionError, match="a model of images, for which there is no completing"):
        tm.infill(made, tm.read(digits))
    assert made.interpolate(2, 5)["image"].shape == (10,)
