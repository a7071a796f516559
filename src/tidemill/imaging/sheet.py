"""Contact sheets: many small images in one picture."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from tidemill.core.picture import Strip
from tidemill.imaging.transparency import CHANNELS

GAP = 1
"""Pixels between two images."""


def paper(channels: int) -> int:
    """What stands between images of so many channels: white, or nothing where they are transparent
    in part."""
    return 0 if channels == CHANNELS else 255


def contact_sheet(pixels: np.ndarray, across: int = 8, *, scale: int = 1) -> np.ndarray:
    """(n, height, width, channels) -> one image (H, W, channels) uint8, row by row from the top
    left.

    Args:
        pixels: The images.
        across: How many stand in a row, at most.
        scale: Every pixel becomes a square of so many.

    Example:
        >>> contact_sheet(np.zeros((5, 4, 4, 1), np.uint8), across=3).shape
        (9, 14, 1)
    """
    n, height, width, channels = pixels.shape
    across = max(min(across, n), 1)
    down = max(-(-n // across), 1)
    sheet = np.full(
        (down * (height + GAP) - GAP, across * (width + GAP) - GAP, channels),
        paper(channels),
        np.uint8,
    )
    for i, image in enumerate(pixels):
        top, left = (i // across) * (height + GAP), (i % across) * (width + GAP)
        sheet[top : top + height, left : left + width] = image
    return sheet.repeat(scale, 0).repeat(scale, 1)


def png(image: np.ndarray) -> bytes:
    """(height, width, 1, 3 or 4) uint8 -> the bytes of a PNG file."""
    out = io.BytesIO()
    shown = image[..., 0] if image.shape[-1] == 1 else image
    Image.fromarray(shown).save(out, "PNG", optimize=False)
    return out.getvalue()


def strip(label: str, pixels: np.ndarray, across: int = 16) -> Strip:
    """Images (n, height, width, channels) with a label, to be shown in a report."""
    sheet = contact_sheet(pixels, across)
    height, width, _ = sheet.shape
    return Strip(label, base64.b64encode(png(sheet)).decode("ascii"), width, height)
