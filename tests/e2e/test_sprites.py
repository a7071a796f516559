"""Sprites from a folder to a folder, by use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tidemill as tm
from tests.e2e.conftest import Tidemill
from tidemill.diagnosing.evidence import framed
from tidemill.imaging.pixels import pixels
from tidemill.imaging.transparency import on_ground
from tidemill.metrics.images.sprite_copies import COPY, share_redrawn

INK = {"sword": [(60, 60, 80), (170, 180, 200)], "chest": [(90, 50, 20), (170, 110, 50)]}


def drawn(label: str, rng: np.random.Generator) -> np.ndarray:
    """A block with an outline, in two colours of its class."""
    shown = np.zeros((12, 12, 4), np.uint8)
    top, left = (int(one) for one in rng.integers(1, 6, 2))
    dark, light = INK[label]
    shown[top:-1, left:-left] = (*dark, 255)
    shown[top + 1 : -2, left + 1 : -left - 1] = (*light, 255)
    shown[top + 1, rng.integers(left, 12 - left)] = (*dark, 255)
    return shown


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    place = tmp_path_factory.mktemp("art")
    for k in range(320):
        label = list(INK)[k % 2]
        (place / label).mkdir(exist_ok=True)
        Image.fromarray(drawn(label, rng)).save(place / label / f"{k:03d}.png")
    return place


def test_a_model_of_sprites_makes_sprites(folder: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    """Alpha and palette go from the files through learning to the files that are made."""
    model, out = tmp_path / "art.tidemill", tmp_path / "made"
    options = ("--option", "width=8", "--option", "cores=1", "--steps", "5")
    assert tidemill("fit", folder, *options, "--out", model).code == 0
    assert (
        tidemill("sample", model, "--rows", "6", "--where", "label=sword", "--out", out).code == 0
    )
    made = [np.asarray(Image.open(path)) for path in sorted(out.rglob("*.png"))]
    colours = {(0, 0, 0, 0)} | {(*ink, 255) for inks in INK.values() for ink in inks}
    assert len(made) == 6
    assert {tuple(pixel) for one in made for pixel in one.reshape(-1, 4).tolist()} <= colours
    assert {path.parent.name for path in out.rglob("*.png")} == {"sword"}


def test_the_recipe_hands_out_sprites_and_says_what_they_are(
    folder: Path, tmp_path: Path, tidemill: Tidemill
) -> None:
    """Of pixels drawn one by one, it is said that they are hardly like real ones."""
    out = tmp_path / "out"
    call = ("recipe", "sprite", folder, "--model", "independent", "--assume", "sprites=5")
    told = tidemill(*call, "--out", out)
    assert told.code == 0
    assert "hardly like real ones" in told.out
    names = {path.name for path in out.iterdir()}
    assert {f"sprite-{k:02d}.png" for k in range(1, 6)} <= names
    assert "sprite-06.png" not in names
    with Image.open(out / "sprite-01.png") as sprite:
        assert (sprite.mode, sprite.size) == ("RGBA", (12, 12))
    sheet = np.asarray(Image.open(out / "sheet-dark.png"))
    first = on_ground(np.asarray(Image.open(out / "sprite-01.png"))[None], 24)[0]
    assert np.array_equal(sheet[:96:8, :96:8], first)
    figures = json.loads((out / "figures.json").read_text(encoding="utf-8"))
    assert figures["colours"] == 4
    assert figures["class_right_real"] > 0.9


@pytest.mark.slow
def test_the_same_seed_gives_the_same_sprites(
    folder: Path, tmp_path: Path, tidemill: Tidemill
) -> None:
    call = ("recipe", "sprite", folder, "--model", "independent", "--assume", "sprites=5")
    for name in ("once", "again"):
        assert tidemill(*call, "--out", tmp_path / name).code == 0
    for path in (tmp_path / "once").iterdir():
        if path.name not in ("report.html", "report.json"):
            assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_what_is_no_sprite_is_refused(folder: Path, tmp_path: Path, tidemill: Tidemill) -> None:
    white = tidemill("recipe", "sprite", f"{folder}?alpha=white", "--out", tmp_path / "white")
    assert white.code == 0
    assert "are no sprites" in white.out
    unknown = tidemill(
        *("recipe", "sprite", folder, "--assume", "class=dragon", "--out", tmp_path / "no")
    )
    assert unknown.code == 2
    assert "sword" in unknown.err


def test_copies_are_found(folder: Path) -> None:
    """A copy with other colours below transparency is one, and one that is drawn anew is none."""
    real = pixels(tm.read(folder)["image"])
    copies = real[:3].copy()
    copies[0, 6, 6] = (0, 0, 0, 0)
    mirrored = real[:20, ::-1]
    assert (share_redrawn(copies, real) <= COPY).all()
    assert np.median(share_redrawn(mirrored, real)) > COPY
    assert share_redrawn(copies, real[:0]).tolist() == [1, 1, 1]


def test_an_image_with_transparency_is_framed_on_white() -> None:
    shown = framed(drawn("chest", np.random.default_rng(0)), None, 2)
    assert shown.shape == (24, 24, 3)
    assert (shown[0, 0] == 255).all()
