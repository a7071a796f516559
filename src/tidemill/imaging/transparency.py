"""Images with transparency: (n, height, width, 4) red, green, blue and alpha, not premultiplied.

What is wholly clear has no colour: it is kept as 0, whatever a file says below it.
"""

from __future__ import annotations

import numpy as np

CHANNELS = 4
OPAQUE, SOLID = 255, 128
"""The alpha of what nothing shines through, and that from which on a pixel is taken for such."""
GROUND = 128
"""Grey on which images are put that are compared by what the eye sees."""


def has_alpha(pixels: np.ndarray) -> bool:
    """Whether images (n, height, width, channels) have an alpha."""
    return pixels.shape[-1] == CHANNELS


def without_hidden(pixels: np.ndarray) -> np.ndarray:
    """The images, whose clear pixels have no colour; others as they are.

    Example:
        >>> without_hidden(np.array([[[[9, 9, 9, 0], [9, 9, 9, 1]]]], np.uint8)).tolist()
        [[[[0, 0, 0, 0], [9, 9, 9, 1]]]]
    """
    if pixels.ndim != 4 or not has_alpha(pixels):
        return pixels
    return np.where(pixels[..., 3:] > 0, pixels, np.uint8(0))


def premultiplied(pixels: np.ndarray) -> np.ndarray:
    """Colours times alpha, so that near values look alike; images without alpha as they are.

    Example:
        >>> premultiplied(np.array([[[[200, 100, 0, 51]]]], np.uint8)).tolist()
        [[[[40, 20, 0, 51]]]]
    """
    if not has_alpha(pixels):
        return pixels
    colours = _times(pixels[..., :3], pixels[..., 3:])
    return np.concatenate([colours, pixels[..., 3:]], axis=-1)


def straight(pixels: np.ndarray) -> np.ndarray:
    """The images of which :func:`premultiplied` made these, as far as rounding allows.

    Example:
        >>> straight(np.array([[[[40, 20, 0, 51]]]], np.uint8)).tolist()
        [[[[200, 100, 0, 51]]]]
    """
    if not has_alpha(pixels):
        return pixels
    alpha = pixels[..., 3:]
    colours = pixels[..., :3].astype(np.uint32) * OPAQUE // np.maximum(alpha, 1)
    return without_hidden(np.concatenate([np.minimum(colours, OPAQUE).astype(np.uint8), alpha], -1))


def on_ground(pixels: np.ndarray, ground: int = GROUND) -> np.ndarray:
    """Red, green and blue of images in front of a grey; images without alpha as they are.

    Example:
        >>> on_ground(np.array([[[[200, 100, 0, 51]]]], np.uint8), 255).tolist()
        [[[[244, 224, 204]]]]
    """
    if not has_alpha(pixels):
        return pixels
    alpha = pixels[..., 3:]
    behind = _times(np.full_like(pixels[..., :3], ground), OPAQUE - alpha)
    return _times(pixels[..., :3], alpha) + behind


def _times(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    product = colours.astype(np.uint32) * alpha
    return ((product + OPAQUE // 2) // OPAQUE).astype(np.uint8)
