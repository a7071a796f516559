"""Encoded images (PNG, JPEG, WebP) become pixels of one size."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import shortlist
from tidemill.io.images.alpha import keeps_alpha

ENDINGS = (".png", ".jpg", ".jpeg", ".webp")
MAGIC = re.compile(rb"\x89PNG|\xff\xd8\xff|RIFF....WEBP", re.DOTALL)
"""How PNG, JPEG and WebP files begin."""
LARGEST = 256
"""Sides of the largest images that are learned."""
MOST_PIXELS = 80_000_000
"""Larger images are held to be unreadable: a small file may unpack to more than the memory."""
SHARE = 0.5
"""Images of other sizes are resized to the commonest one, if so many have it."""
_TURNED = (5, 6, 7, 8)
_ORIENTATION = 0x0112

Encoded = Path | bytes | None
Found = TypeVar("Found")


@dataclass(frozen=True)
class Decoded:
    """Images of one size.

    Attributes:
        pixels: (n, height, width) or (n, height, width, 3 or 4) uint8.
        kept: (n,) which of the sources they are; unreadable ones are left out.
    """

    pixels: np.ndarray
    kept: np.ndarray


def decoded(
    sources: Sequence[Encoded],
    names: Sequence[str],
    where: str,
    run: Run,
    size: str = "",
    alpha: str = "",
) -> Decoded:
    """Images as pixels: grey where none is coloured, all of the commonest size or of the one that
    is asked for. Where at least half are transparent in part, all keep their alpha.

    Args:
        sources: Files, or their bytes; None where there is none.
        names: What each is called, for messages.
        where: Where they are, for messages.
        run: Shows the progress and takes the warnings.
        size: "32" or "28x28" (width x height) to resize all.
        alpha: "white" or "keep", whatever most are like.

    Raises:
        InputError: None can be read, no size is common enough, or they are too large.
    """
    looked_at = run.track(sources, "read", f"looking at the images of {where}")
    heads = [_read(source, _head) for source in looked_at]
    target = _asked(size, where) if size else _commonest(heads, where)
    readable = [head for head in heads if head]
    clear = sum(head.see_through for head in readable)
    mode = "RGB" if any(head.coloured for head in readable) else "L"
    if keeps_alpha(clear, len(readable), alpha, where, run):
        mode = "RGBA"
    pixels: list[np.ndarray] = []
    kept: list[int] = []
    lost: list[str] = []
    resized = 0
    for k, source in enumerate(run.track(sources, "read", f"reading the images of {where}")):
        head, image = heads[k], None
        if head is not None:
            image = _read(source, partial(_pixels, size=target, mode=mode))
        if head is None or image is None:
            lost.append(names[k])
            continue
        pixels.append(image)
        kept.append(k)
        resized += head.size != target
    if not kept:
        raise InputError(
            "none of the images can be read", where=where, hint="give PNG, JPEG or WebP files"
        )
    if lost:
        run.warn(
            f"{len(lost):,} of {len(sources):,} images cannot be read and are left out "
            f"({shortlist(lost, 3)}).",
            "read",
        )
    if resized and not size:
        run.warn(
            f"{resized:,} of {len(kept):,} images were resized to {target[0]} x {target[1]} "
            "pixels, which most have.",
            "read",
        )
    return Decoded(np.stack(pixels), np.array(kept))


@dataclass(frozen=True)
class _Head:
    size: tuple[int, int]
    coloured: bool
    see_through: bool


def _head(image: Image.Image) -> _Head:
    """Width and height as shown, and whether there may be colour."""
    width, height = image.size
    if image.getexif().get(_ORIENTATION) in _TURNED:
        width, height = height, width
    see_through = False
    if _has_alpha(image):
        see_through = bool((np.asarray(image.convert("RGBA"))[..., 3] < 255).any())
    return _Head((width, height), not _is_grey(image), see_through)


def _has_alpha(image: Image.Image) -> bool:
    return "A" in image.mode or "transparency" in image.info


def _is_grey(image: Image.Image) -> bool:
    if image.mode in ("1", "L", "LA", "I", "F") or image.mode.startswith("I;16"):
        return True
    # a grey photograph may be stored with colours
    small = np.asarray(image.convert("RGB").resize((16, 16))).astype(int)
    return bool(np.ptp(small, axis=-1).max() <= 2)


def _read(source: Encoded, look: Callable[[Image.Image], Found]) -> Found | None:
    """What a function sees in an image; None where it cannot be read."""
    if source is None:
        return None
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with Image.open(file, formats=("PNG", "JPEG", "WEBP")) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            return look(image)
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        return None


def _pixels(image: Image.Image, size: tuple[int, int], mode: str) -> np.ndarray:
    """(height, width) for the mode L, (height, width, 3) for RGB, in both of which what is
    transparent shows white, or (height, width, 4) for RGBA; uint8."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16 bits of grey
        grey = np.asarray(upright).astype(float) / 257
        upright = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    if mode != "RGBA" and _has_alpha(upright):
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
    plain = upright.convert(mode)
    if plain.size != size:
        # the pixels of sprites stay crisp, and of their own colours
        filtering = Image.Resampling.NEAREST if mode == "RGBA" else Image.Resampling.LANCZOS
        plain = plain.resize(size, filtering)
    return np.asarray(plain)


def _asked(size: str, where: str) -> tuple[int, int]:
    """(width, height) of "32" or "28x28".

    Raises:
        InputError: It is no size, or too large a one.
    """
    parts = size.lower().split("x")
    if len(parts) > 2 or not all(part.isdigit() and 1 <= int(part) <= LARGEST for part in parts):
        raise InputError(
            f"'?size={size}' is no size",
            where=where,
            hint=f"write ?size=32, or ?size=28x32 for width x height, up to {LARGEST}",
        )
    return int(parts[0]), int(parts[-1])


def _commonest(heads: Sequence[_Head | None], where: str) -> tuple[int, int]:
    """The size that at least half of the images have.

    Raises:
        InputError: No size is so common, or it is too large to be learned.
    """
    sizes = Counter(head.size for head in heads if head)
    if not sizes:
        raise InputError(
            "none of the images can be read", where=where, hint="give PNG, JPEG or WebP files"
        )
    counted = [f"{count:,} of {size[0]} x {size[1]}" for size, count in sizes.most_common()]
    [(size, count)] = sizes.most_common(1)
    if count < SHARE * sizes.total():
        raise InputError(
            f"the images are of {len(sizes):,} sizes ({shortlist(counted, 3)})",
            where=where,
            hint="add ?size=32 to the path, or ?size=WIDTHxHEIGHT, to resize all of them",
        )
    if max(size) > LARGEST:
        raise InputError(
            f"the images are too large to be learned ({', '.join(counted[:3])}; at most {LARGEST} "
            "pixels a side)",
            where=where,
            hint="add ?size=64 to the path, or ?size=WIDTHxHEIGHT, to resize all of them",
        )
    return size
