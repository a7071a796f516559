"""Sprites come back of the colours of a palette that several of them share."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tidemill.codecs.images import ImageCodec
from tidemill.codecs.palettes import MOST_COLOURS, Palette
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.imaging.pixels import images, pixels
from tidemill.imaging.transparency import on_ground, premultiplied, straight
from tidemill.io.reading import read

INK = np.array([[0, 0, 0, 0], [9, 9, 30, 255], [200, 40, 0, 255], [250, 250, 90, 255]], np.uint8)


def sprites(count: int = 40) -> np.ndarray:
    """Blocks of three colours in front of nothing."""
    drawn = np.random.default_rng(4).integers(0, len(INK), (count, 3, 2))
    return INK[drawn].repeat(2, 1).repeat(2, 2)


def labelled(shown: np.ndarray) -> Dataset:
    labels = ["orc", "elf"] * (len(shown) // 2)
    return read(pl.DataFrame([images("sprite", shown), pl.Series("label", labels)]), Run())


def test_few_colours_come_back_exactly() -> None:
    told: list[str] = []
    data = labelled(sprites())
    codec = ImageCodec().fit(data, Run(listener=lambda event: told.append(event.text)))
    assert "The palette has 3 colours, all that the sprites have." in told
    again = ImageCodec.from_state(json.loads(json.dumps(codec.to_state())))
    for one in (codec, again):
        back = one.decode(one.encode(data), np.random.default_rng(0))
        assert back.frame.select(data.schema.names).equals(data.frame)


@settings(max_examples=20, deadline=None)
@given(noise=arrays.arrays(np.uint8, (3, 6, 4, 4)))
def test_whatever_is_made_is_of_the_palette(noise: np.ndarray) -> None:
    codec = ImageCodec().fit(labelled(sprites()), Run())
    batch = codec.encode(labelled(sprites()[:4])).rows(np.arange(3))
    batch.tick[:] = noise
    made = pixels(codec.decode(batch, np.random.default_rng(0))["sprite"])
    assert set(map(tuple, made.reshape(-1, 4).tolist())) <= set(map(tuple, INK.tolist()))


def test_a_palette_holds_colours_of_the_art_that_several_sprites_share() -> None:
    rng = np.random.default_rng(0)
    ramp = np.column_stack([rng.integers(0, 256, (200, 3)), np.full(200, 255)]).astype(np.uint8)
    shown = ramp[rng.integers(0, 200, (60, 8, 8))]
    shown[:4, :4] = (1, 2, 3, 255)  # of four sprites alone, though of many pixels
    palette = Palette.learned(shown, Run(), None, "art")
    assert len(palette.colours) <= MOST_COLOURS
    assert set(map(tuple, palette.colours.tolist())) <= set(map(tuple, ramp[:, :3].tolist()))
    assert 0 < palette.away < 0.2
    assert "away on average" in palette.told()
    same = Palette.learned(shown, Run(), None, "art")
    assert np.array_equal(palette.colours, same.colours)


def test_colours_of_one_person_are_not_kept() -> None:
    with pytest.raises(DataError, match="no colour is shared"):
        Palette.learned(sprites(40), Run(), np.arange(40) % 4, "art")
    with pytest.raises(DataError, match="no colour is shared"):
        ImageCodec().fit(labelled(np.zeros((40, 6, 4, 4), np.uint8)), Run())


def test_colours_that_no_two_sprites_share_are_rounded() -> None:
    red = np.zeros((40, 4, 4, 4), np.uint8)
    red[..., 0] = 200 + np.arange(40)[:, None, None]
    red[..., 3] = 255
    palette = Palette.learned(red, Run(), None, "art")
    assert palette.away > 0
    assert abs(int(palette.colours[0, 0]) - 220) < 30


@given(pixel=st.tuples(*[st.integers(0, 255)] * 4))
def test_transparency_is_kept_by_arithmetic(pixel: tuple[int, ...]) -> None:
    shown = np.array(pixel, np.uint8).reshape(1, 1, 1, 4)
    grounded = on_ground(shown, 100).astype(int)
    assert np.abs(grounded - np.rint(_mixed(pixel, 100))).max() <= 1
    back = straight(premultiplied(shown)).astype(int)
    alpha = pixel[3]
    if alpha == 255:
        assert back.ravel().tolist() == list(pixel)
    assert back[..., 3] == alpha
    if alpha == 0:
        assert back.max() == 0


def _mixed(pixel: tuple[int, ...], ground: int) -> np.ndarray:
    alpha = pixel[3] / 255
    return np.array(pixel[:3]) * alpha + ground * (1 - alpha)


def test_models_of_other_data_do_not_wait_for_what_groups_colours() -> None:
    looks = "import sys, tidemill.codecs.images; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", looks], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
