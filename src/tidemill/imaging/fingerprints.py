"""Perceptual hashes: images that look alike have hashes that differ in few bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

from tidemill.imaging.pixels import brightness
from tidemill.imaging.transparency import has_alpha, on_ground

SIDE = 32
LOW = 8
"""Frequencies across and down that are kept, without the constant ones: 64 bits."""
BITS = LOW * LOW
NEAR = 6
"""Copies that were scaled, stored as JPEG or made a little brighter differ in hardly more bits than
these."""
SAME = 0.99
"""Correlation of the grey values of two images beyond which they are called copies of each
other."""
FAINTER = 0.8
"""A copy has at least so much of the other's contrast: a dark and a white coat of one cut are two
coats."""
_CHUNK = 1024


def fingerprints(pixels: np.ndarray) -> NDArray[np.uint64]:
    """Which low frequencies of an image are stronger than their median: the DCT hash of Zauner
    (2010).

    Args:
        pixels: (n, height, width, channels) uint8.

    Returns:
        (n,) of 64 bits each; an image without any contrast has 0.

    Source:
        Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010.

    Example:
        >>> ramp = np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1)
        >>> bool(fingerprints(ramp)[0] == fingerprints(ramp * 2)[0])
        True
    """
    parts = [np.zeros(0, np.uint64)]
    for start in range(0, len(pixels), _CHUNK):
        parts.append(_hashed(small(pixels[start : start + _CHUNK], SIDE)))
    return np.concatenate(parts)


def near_pairs(prints: NDArray[np.uint64], bits: int, most: int) -> NDArray[np.int64]:
    """Pairs of fingerprints that differ in at most so many bits, the nearest first.

    Args:
        prints: (n,) of :func:`fingerprints`.
        bits: How many of the 64 may differ.
        most: Pairs to return at most.

    Returns:
        (pairs, 2) positions, the smaller first.

    Example:
        >>> near_pairs(np.array([0, 255, 1], np.uint64), bits=2, most=10).tolist()
        [[0, 2]]
    """
    # of vectors of -1 and 1 the product is 64 less twice the bits that differ, which small floats
    # hold exactly
    signs = np.unpackbits(prints.view(np.uint8).reshape(-1, 8), axis=1).astype(np.float32) * 2 - 1
    pairs, apart = np.zeros((0, 2), np.int64), np.zeros(0)
    for start in range(0, len(signs), _CHUNK):
        differ = (BITS - signs[start : start + _CHUNK] @ signs[start:].T) / 2
        first, second = np.nonzero(differ <= bits)
        later = second > first
        first, second = first[later], second[later]
        apart = np.concatenate([apart, differ[first, second]])
        # of many equal images all pairs would not fit in memory
        nearest = np.argsort(apart, kind="stable")[:most]
        pairs = np.concatenate([pairs, np.column_stack([first, second]) + start])[nearest]
        apart = apart[nearest]
    return pairs


def copies(pixels: np.ndarray, most: int) -> NDArray[np.int64]:
    """Pairs of images that are the same, or nearly so: their fingerprints are near, and their grey
    values go together.

    Images without any contrast are in no pair. Sprites of one shape in other colours are two
    things, so their colours must go together, too.

    Args:
        pixels: (n, height, width, channels) uint8.
        most: Pairs to return at most; of more, those with the nearest fingerprints.

    Returns:
        (pairs, 2) positions, the smaller first.
    """
    grey = brightness(pixels).reshape(len(pixels), pixels.shape[1] * pixels.shape[2])
    looks = on_ground(pixels).reshape(len(pixels), -1) if has_alpha(pixels) else grey
    contrast = grey.std(axis=1)
    seen = np.flatnonzero(contrast > 0)
    pairs = seen[near_pairs(fingerprints(pixels[seen]), NEAR, most)]
    one, other = pairs[:, 0], pairs[:, 1]
    weaker = np.minimum(contrast[one], contrast[other])
    stronger = np.maximum(contrast[one], contrast[other])
    as_strong = weaker >= FAINTER * stronger
    return pairs[(similarity(looks[one], looks[other]) >= SAME) & as_strong]


def repeats(pixels: np.ndarray) -> NDArray[np.int64]:
    """(n, height, width, channels) -> (n,) where each image occurs first; its own position where it
    is new.

    Example:
        >>> repeats(np.array([1, 2, 1], np.uint8).reshape(3, 1, 1, 1)).tolist()
        [0, 1, 0]
    """
    first: dict[bytes, int] = {}
    places = [first.setdefault(image.tobytes(), at) for at, image in enumerate(pixels)]
    return np.array(places, dtype=np.int64)


def similarity(one: np.ndarray, other: np.ndarray) -> NDArray[np.float64]:
    """Correlation of grey values, (n, pixels) with (n, pixels) -> (n,)."""
    one = one - one.mean(axis=1, keepdims=True)
    other = other - other.mean(axis=1, keepdims=True)
    size = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return np.asarray((one * other).sum(axis=1) / np.maximum(size, 1e-9), dtype=np.float64)


def small(pixels: np.ndarray, side: int) -> NDArray[np.float64]:
    """(n, height, width, channels) uint8 -> (n, side, side) grey values from 0 to 255, averaged
    over squares."""
    scaled = [
        np.asarray(Image.fromarray(grey).resize((side, side), Image.Resampling.BOX))
        for grey in brightness(pixels)
    ]
    return np.asarray(scaled, dtype=np.float64).reshape(-1, side, side)


def _hashed(grey: NDArray[np.float64]) -> NDArray[np.uint64]:
    low = dctn(grey, axes=(1, 2))[:, 1 : LOW + 1, 1 : LOW + 1].reshape(len(grey), -1)
    # what is left by rounding is nothing
    low = np.where(np.abs(low) < 1e-6 * SIDE * SIDE, 0.0, low)
    bits = low > np.median(low, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(np.uint64).reshape(-1)
