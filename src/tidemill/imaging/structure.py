"""Images with their structure disturbed: what a network that judges structure learns from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

INTACT = "intact"
SMALLEST_PIECE = 4
"""Pixels of a side of a piece that still shows something."""


def disturbed(pixels: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Images as they are, and as many of each way of disturbing them, with its name.

    To tell turned images (Gidaris et al. 2018, "Unsupervised Representation Learning by Predicting
    Image Rotations") or shuffled pieces (Noroozi and Favaro 2016, "Unsupervised Learning of Visual
    Representations by Solving Jigsaw Puzzles") from intact ones, a network must know what is where
    in an image; to tell random phases, blends and images of two halves, that its parts belong
    together.

    Args:
        pixels: (n, height, width, channels) uint8.
        rng: Draws pieces, phases and partners.

    Example:
        >>> images = np.zeros((3, 8, 8, 1), np.uint8)
        >>> [name for name, _ in disturbed(images, np.random.default_rng(0))][:3]
        ['intact', 'turned by 180', 'turned by 90']
    """
    height, width = pixels.shape[1:3]
    yield INTACT, pixels
    yield "turned by 180", pixels[:, ::-1, ::-1]
    if height == width:
        yield "turned by 90", np.rot90(pixels, 1, (1, 2))
        yield "turned by 270", np.rot90(pixels, 3, (1, 2))
    for across in (2, 4):
        if min(height, width) >= SMALLEST_PIECE * across:
            yield f"{across} x {across} pieces shuffled", _shuffled(pixels, across, rng)
    yield "random phases", _scrambled(pixels, rng)
    partner = pixels[rng.permutation(len(pixels))]
    yield "blended", ((pixels.astype(np.uint16) + partner) // 2).astype(np.uint8)
    halves = pixels.copy()
    halves[:, :, width // 2 :] = partner[:, :, width // 2 :]
    yield "two halves", halves


def _shuffled(pixels: np.ndarray, across: int, rng: np.random.Generator) -> np.ndarray:
    """Images cut into ``across`` times as many pieces, which stand in another order; what is left
    over at the right and below stays."""
    n, height, width, channels = pixels.shape
    down, right = height // across, width // across
    whole = pixels[:, : down * across, : right * across]
    pieces = whole.reshape(n, across, down, across, right, channels).swapaxes(2, 3)
    pieces = pieces.reshape(n, across**2, down, right, channels)
    order = rng.permuted(np.tile(np.arange(across**2), (n, 1)), axis=1)
    moved = pieces[np.arange(n)[:, None], order]
    moved = moved.reshape(n, across, across, down, right, channels).swapaxes(2, 3)
    shuffled = pixels.copy()
    shuffled[:, : down * across, : right * across] = moved.reshape(whole.shape)
    return shuffled


def _scrambled(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Images with the strengths of their frequencies, and the phases of noise, which are the same
    in all colours."""
    strength = np.abs(np.fft.fft2(pixels.astype(np.float32), axes=(1, 2)))
    noise = np.fft.fft2(rng.normal(size=pixels.shape[:3]).astype(np.float32), axes=(1, 2))
    phase = noise / np.maximum(np.abs(noise), 1e-9)
    phase[:, 0, 0] = 1  # an image stays as bright as it was
    made = np.real(np.fft.ifft2(strength * phase[..., None], axes=(1, 2)))
    return np.rint(made.clip(0, 255)).astype(np.uint8)
