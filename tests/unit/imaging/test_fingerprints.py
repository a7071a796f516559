"""Fingerprints find copies, and nothing else."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from tidemill.imaging.fingerprints import copies, fingerprints, near_pairs, repeats


def digits() -> np.ndarray:
    return (load_digits().images[..., None] * 15).astype(np.uint8)


def test_a_brighter_copy_is_found_and_digits_are_no_copies_of_others() -> None:
    pixels = digits()[:300]
    assert not len(copies(pixels, 1000))
    brighter = (pixels[:20] * 1.04 + 5).astype(np.uint8)
    found = copies(np.concatenate([pixels, brighter]), 1000)
    assert found.tolist()
    assert {tuple(pair) for pair in found.tolist()} == {(at, 300 + at) for at in range(20)}


def test_near_pairs_are_those_of_a_plain_count_of_bits() -> None:
    prints = fingerprints(digits()[:200])
    apart = {
        (i, j): int(prints[i] ^ prints[j]).bit_count()
        for i in range(200)
        for j in range(i + 1, 200)
    }
    found = [(int(i), int(j)) for i, j in near_pairs(prints, 10, 10**6)]
    assert found
    assert set(found) == {pair for pair, bits in apart.items() if bits <= 10}
    assert [apart[pair] for pair in found] == sorted(apart[pair] for pair in found)
    assert len(near_pairs(prints, 10, 3)) == 3


def test_blank_images_are_no_copies_and_none_is_no_error() -> None:
    assert not len(copies(np.full((4, 8, 8, 3), 7, np.uint8), 10))
    assert fingerprints(np.zeros((0, 8, 8, 1), np.uint8)).shape == (0,)


def test_repeats_name_the_first() -> None:
    pixels = digits()[[3, 4, 3, 5, 4]]
    assert repeats(pixels).tolist() == [0, 1, 0, 3, 1]


def test_sprites_of_one_shape_in_other_colours_are_no_copies() -> None:
    shape = np.random.default_rng(0).random((16, 16)) < 0.5
    shown = np.zeros((3, 16, 16, 4), np.uint8)
    shown[:2, shape] = (200, 90, 30, 255)
    shown[2, shape] = (30, 110, 220, 255)
    shown[1, ~shape] = (255, 255, 255, 0)  # hidden below transparency
    assert copies(shown * (shown[..., 3:] > 0), 10).tolist() == [[0, 1]]
