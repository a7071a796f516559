"""Whether images are sprites, which keep what is transparent in them, or photographs, of which some
are transparent."""

from __future__ import annotations

from tidemill.core.errors import InputError
from tidemill.core.run import Run

WHITE, KEEP = "white", "keep"
SPRITES = 0.5
"""Images are taken for sprites where at least so many are transparent in part."""


def keeps_alpha(clear: int, images: int, asked: str, where: str, run: Run) -> bool:
    """Whether images keep their alpha; where they do not, what is transparent is shown white.

    Args:
        clear: How many are transparent in part.
        images: How many there are.
        asked: "white" or "keep" behind "?alpha="; "" where nothing was asked for.
        where: Where they are, for messages.
        run: Is told, where there is anything transparent.

    Raises:
        InputError: Something else was asked for.
    """
    if asked not in ("", WHITE, KEEP):
        raise InputError(
            f"'?alpha={asked}' means nothing",
            where=where,
            hint="write ?alpha=white to show white what is transparent, or ?alpha=keep to keep it",
        )
    kept = asked == KEEP or (asked != WHITE and clear >= SPRITES * max(images, 1))
    if clear:
        what = "that is shown white (?alpha=keep keeps it)"
        if kept:
            what = "they are taken for sprites, and that is kept (?alpha=white shows it white)"
        run.emit("note", "read", f"{clear:,} of {images:,} images are transparent in part; {what}.")
    return kept
