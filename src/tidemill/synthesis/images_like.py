"""New images that are near to given ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tidemill.core.condition import Condition
from tidemill.core.errors import DataError, OptionError
from tidemill.core.grid import Batch
from tidemill.core.run import Run
from tidemill.core.words import number, shortlist
from tidemill.imaging.pixels import brightness
from tidemill.imaging.transparency import CHANNELS, OPAQUE, on_ground
from tidemill.models.base import Varies
from tidemill.synthesis.sampling import SampledModel
from tidemill.synthesis.stages import Stages, drawn

HARDLY = 0.9
"""Made images that are so many times as far from the given ones as others are not called near."""


def images_like(
    model: SampledModel, given: Batch, condition: Condition, n: int | None, run: Run
) -> Batch:
    """Images near to given ones.

    Args:
        model: Of images.
        given: Them, encoded; without a context where what stands beside them is to be drawn.
        condition: What that shall be.
        n: How many to make, in turn for each of the given ones; as many as these by default.
        run: For progress; is told how near they are.

    Raises:
        ConditionError: What is asked never occurs together.
        OptionError: The model knows no images near to given ones.
    """
    stage, before = model.whole.last, model.whole.stages[:-1]
    names = [name for part in before for name in part.codec.schema.names]
    if not isinstance(stage.generator, Varies):
        raise _cannot(stage.model)
    turn = np.arange(len(given) if n is None else n) % len(given)
    batch = given.rows(turn)
    rng, quiet = run.rng("like", "images"), run.child(quiet=True)
    if before and batch.context is None:
        if not condition.tests:
            run.warn(
                f"What stands beside the given images ({shortlist(names, 3)}) is not told with all "
                "of them, so it is drawn; option 'where' says what it shall be.",
                "like",
            )
        known = stage.codec.constraints(condition)
        beside = Stages(before, before[-1].model).infill(len(turn), known, rng, quiet)
        batch = replace(batch, context=beside.batch)
    made = stage.generator.vary(batch, rng, run)
    if made is None:
        raise _cannot(stage.model)
    others = _away(drawn(stage, len(turn), batch.context, rng, quiet), batch)
    if others:
        _tell(_away(made, batch) / others, run)
    return made


def _tell(share: float, run: Run) -> None:
    """How much nearer to the given images the made ones are than others."""
    said = (
        f"on average they are {number(share, 2)} times as far from the given ones, pixel by pixel, "
        "as others that the model makes"
    )
    if share < HARDLY:
        run.emit("note", "like", f"{said[0].upper()}{said[1:]}.")
    else:
        run.warn(
            f"These are no variations of the given images: {said}. Let the model learn for longer, "
            "or choose option 'model=gan' or option 'model=flow'.",
            "like",
        )


def _away(one: Batch, other: Batch) -> float:
    return float(np.abs(one.tick - other.tick).mean()) if len(one) else 0.0


def fitted(pixels: np.ndarray, size: tuple[int, int, int], where: str) -> np.ndarray:
    """Images with the channels of a model's.

    Args:
        pixels: (n, height, width, channels) uint8.
        size: The model's.
        where: What they are called, for messages.

    Raises:
        DataError: They have another height or width.
    """
    height, width, channels = size
    if pixels.shape[1:3] != (height, width):
        raise DataError(
            f"these images are of {pixels.shape[2]} x {pixels.shape[1]} pixels, and the model's "
            f"of {width} x {height}",
            where=where,
            hint=f"read them with ?size={width}x{height} behind the path",
        )
    return with_channels(pixels, channels)


def with_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Images with as many channels: grey ones with colours, coloured ones as bright as the eye sees
    them; opaque where they had no alpha, and in front of white where they are to have none.

    Example:
        >>> with_channels(np.full((1, 2, 2, 1), 7, np.uint8), 4)[0, 0, 0].tolist()
        [7, 7, 7, 255]
    """
    if pixels.shape[3] == CHANNELS and channels < CHANNELS:
        pixels = on_ground(pixels, OPAQUE)
    if pixels.shape[3] == 1 and channels > 1:
        pixels = pixels.repeat(3, axis=3)
    if pixels.shape[3] == 3 and channels == 1:
        return np.rint(brightness(pixels)).astype(np.uint8)[..., None]
    if pixels.shape[3] == 3 and channels == CHANNELS:
        opaque = np.full((*pixels.shape[:3], 1), OPAQUE, np.uint8)
        return np.concatenate([pixels, opaque], axis=3)
    return pixels


def _cannot(model: str) -> OptionError:
    return OptionError(
        f"the model '{model}' cannot make images near to given ones",
        hint="fit with option 'model=gan', 'model=vae', 'model=flow' or 'model=latent'",
    )
