"""What is measured of an image: small patches of it, edges by their direction, its main shapes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from tidemill.core.run import Run
from tidemill.imaging.transparency import premultiplied
from tidemill.supervised.arrays import Floats

LARGEST = 48
"""Pixels of the longer side to which larger images are scaled down."""
DENSE = 32
"""Of images with longer sides every second patch is looked at."""
PATCH = 6
"""Pixels of a patch's side."""
WORDS = 160
"""Kinds of patches that are told apart."""
PATCHES = 20_000
"""Patches by which these are found."""
POOLS = 3
"""An image is cut into so many parts across and down, in each of which patches are counted."""
CELLS = 7
DIRECTIONS = 9
SHAPES = 60
"""Principal components of the pixels."""
_CHUNK = 128
_SOFT = 10.0
"""Added to the variance of a patch, whose grey values go from 0 to 255: a flat one says nothing."""
_WHITE = 0.1

Singles = NDArray[np.float32]


@dataclass(frozen=True)
class ImageLooks:
    """Turns images into numbers, learned from training images without their labels.

    Patches that are alike are one word; an image is told by how near the patches of each of its
    parts come to each word (Coates, Lee and Ng 2011). Beside them stand the directions of edges in
    small cells (Dalal and Triggs 2005) and the principal components of the pixels.

    Attributes:
        size: (height, width) that images are scaled to.
        middle, white: What is taken from patches, and by what they are multiplied then, so that
            their pixels do not hang together.
        words: (WORDS, pixels of a patch) the kinds of patches.
        mean, shapes: Of the pixels, and (SHAPES, pixels) their principal components.
    """

    size: tuple[int, int]
    middle: Singles
    white: Singles
    words: Singles
    mean: Singles
    shapes: Singles

    @classmethod
    def learned(cls, pixels: np.ndarray, run: Run) -> Self:
        """What patches and shapes there are in images.

        Args:
            pixels: (n, height, width, channels) uint8.
            run: Its stream draws the patches.
        """
        from sklearn.cluster import MiniBatchKMeans

        size = _size(pixels.shape[1:3])
        small = _scaled(pixels, size)
        rng = run.rng("diagnosing", "patches")
        drawn = _drawn_patches(small, rng)
        middle = drawn.mean(axis=0)
        variance, axes = np.linalg.eigh(np.cov(drawn - middle, rowvar=False).astype(np.float64))
        spread = np.sqrt(np.maximum(variance, 0) + _WHITE)
        white = ((axes / spread) @ axes.T).astype(np.float32)
        words = MiniBatchKMeans(
            min(WORDS, len(drawn)),
            n_init=1,
            batch_size=2048,
            max_iter=20,
            random_state=run.seed_of("diagnosing", "words"),
        ).fit((drawn - middle) @ white)
        flat = _flat(small)
        mean = flat.mean(axis=0)
        shapes = _principal(flat - mean)
        return cls(size, middle, white, words.cluster_centers_.astype(np.float32), mean, shapes)

    def of(self, pixels: np.ndarray, run: Run) -> Singles:
        """(n, height, width, channels) -> (n, numbers)."""
        parts = []
        for start in range(0, len(pixels), _CHUNK):
            run.check()
            small = _scaled(pixels[start : start + _CHUNK], self.size)
            shapes = (_flat(small) - self.mean) @ self.shapes.T
            parts.append(np.concatenate([self._counted(small), edges(small), shapes], axis=1))
        found = np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)
        return np.asarray(found, np.float32)

    def _counted(self, small: Singles) -> Singles:
        """How near patches come to each word, in each part of an image."""
        patches = _patches(small)
        n, down, across, _ = patches.shape
        white = (_even(patches) - self.middle) @ self.white
        products = white @ self.words.T
        squares = (white**2).sum(axis=-1, keepdims=True) + (self.words**2).sum(axis=1)
        apart = np.sqrt(np.maximum(squares - 2 * products, 0))
        near = np.maximum(apart.mean(axis=-1, keepdims=True) - apart, 0)
        rows = np.linspace(0, down, POOLS + 1).astype(int)
        columns = np.linspace(0, across, POOLS + 1).astype(int)
        pooled = [
            near[:, top : max(bottom, top + 1), left : max(right, left + 1)].mean(axis=(1, 2))
            for top, bottom in pairwise(rows)
            for left, right in pairwise(columns)
        ]
        return np.asarray(np.concatenate(pooled, axis=1).reshape(n, -1))


def edges(small: Singles) -> Singles:
    """(n, height, width, channels) -> (n, CELLS * CELLS * DIRECTIONS): in each cell, how strong
    edges of each direction are beside those of the cells around it."""
    grey = small.mean(axis=-1)
    down, across = np.gradient(grey, axis=(1, 2))
    strength = np.hypot(down, across)
    turned = np.mod(np.arctan2(down, across), np.pi) / np.pi * DIRECTIONS
    first = np.minimum(turned.astype(int), DIRECTIONS - 1)
    share = turned - first
    by_direction = np.zeros((DIRECTIONS, *grey.shape), np.float32)
    np.put_along_axis(by_direction, first[None], (strength * (1 - share))[None], axis=0)
    second = (first + 1) % DIRECTIONS
    rest = np.zeros_like(by_direction)
    np.put_along_axis(rest, second[None], (strength * share)[None], axis=0)
    cells = _in_cells(by_direction + rest)
    energy = np.pad((cells**2).sum(axis=0), ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = sliding_window_view(energy, (3, 3), axis=(1, 2)).sum(axis=(-2, -1))
    even = np.minimum(cells / np.sqrt(around + 1.0), 0.4)
    return np.asarray(np.moveaxis(even, 0, -1).reshape(len(grey), -1), np.float32)


def _in_cells(by_direction: np.ndarray) -> np.ndarray:
    """(directions, n, height, width) -> (directions, n, CELLS, CELLS) means."""
    *_, height, width = by_direction.shape
    rows = np.unique(np.linspace(0, height, CELLS, endpoint=False).astype(int))
    columns = np.unique(np.linspace(0, width, CELLS, endpoint=False).astype(int))
    sums = np.add.reduceat(np.add.reduceat(by_direction, rows, axis=2), columns, axis=3)
    area = np.diff([*rows, height])[:, None] * np.diff([*columns, width])
    return np.asarray(sums / area)


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    height, width = shape
    scale = min(1.0, LARGEST / max(height, width))
    return max(PATCH, round(height * scale)), max(PATCH, round(width * scale))


def _scaled(pixels: np.ndarray, size: tuple[int, int]) -> Singles:
    """As floats, scaled where they are of another size; colours times alpha, where there is one."""
    pixels = premultiplied(pixels)
    if pixels.shape[1:3] == size:
        return pixels.astype(np.float32)
    height, width = size
    way = Image.Resampling.BOX if pixels.shape[1] > height else Image.Resampling.BILINEAR
    images = []
    for image in pixels:
        shown = image[..., 0] if image.shape[-1] == 1 else image
        images.append(np.asarray(Image.fromarray(shown).resize((width, height), way)))
    return np.asarray(images, np.float32).reshape(len(pixels), height, width, pixels.shape[-1])


def _patches(small: Singles) -> Singles:
    """(n, height, width, channels) -> (n, down, across, pixels of a patch)."""
    step = 1 if max(small.shape[1:3]) <= DENSE else 2
    seen = sliding_window_view(small, (PATCH, PATCH), axis=(1, 2))[:, ::step, ::step]
    return np.ascontiguousarray(seen).reshape(*seen.shape[:3], -1)


def _even(patches: Singles) -> Singles:
    """Patches of one brightness and contrast."""
    off = patches - patches.mean(axis=-1, keepdims=True)
    return np.asarray(off / np.sqrt((off**2).mean(axis=-1, keepdims=True) + _SOFT))


def _drawn_patches(small: Singles, rng: np.random.Generator) -> Singles:
    each = max(1, PATCHES // len(small))
    chosen = rng.permutation(len(small))[:PATCHES]
    found = []
    for start in range(0, len(chosen), _CHUNK):
        patches = _patches(small[chosen[start : start + _CHUNK]])
        flat = patches.reshape(len(patches), -1, patches.shape[-1])
        at = rng.integers(flat.shape[1], size=(len(flat), each))
        found.append(np.take_along_axis(flat, at[..., None], axis=1).reshape(-1, flat.shape[-1]))
    return _even(np.concatenate(found))


def _flat(small: Singles) -> Singles:
    """Pixels in a row, each image of one brightness and contrast."""
    flat = small.reshape(len(small), -1)
    off = flat - flat.mean(axis=1, keepdims=True)
    return np.asarray(off / (off.std(axis=1, keepdims=True) + 1.0))


def _principal(off: Singles) -> Singles:
    """(n, pixels) around 0 -> (SHAPES, pixels) principal components."""
    _, _, axes = np.linalg.svd(off[:: max(1, len(off) // 2000)], full_matrices=False)
    return np.asarray(axes[:SHAPES], np.float32)


def standardised(values: Singles, by: Singles) -> Floats:
    """Numbers around 0 with a spread of 1, as those of ``by`` have."""
    mean, spread = by.mean(axis=0), by.std(axis=0)
    return np.asarray((values - mean) / np.where(spread > 1e-6, spread, 1.0), np.float64)
