"""New pieces for given voices, or that go on with given beginnings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tidemill.codecs.scores import ScoreCodec
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.grid import Batch
from tidemill.core.run import Run
from tidemill.io.reading import read
from tidemill.models.base import FillsParts
from tidemill.music.scores import score_pieces, voices_of
from tidemill.synthesis.sampling import SampledModel
from tidemill.synthesis.stages import Stages


def pieces_like(model: SampledModel, given: Any, n: int | None, run: Run) -> Batch:
    """Pieces whose first voices are the given ones; where all voices are given, pieces that begin
    so and go on.

    Args:
        model: Of pieces.
        given: A Dataset, a frame or a Source with a column of pieces.
        n: How many to make, in turn for each of the given ones; as many as these by default.
        run: For progress.

    Raises:
        DataError: There are no pieces, more voices than the model has, or notes beyond its own.
        OptionError: The model cannot be given voices.
    """
    stage = model.whole.last
    codec, generator = stage.codec, stage.generator
    if not isinstance(codec, ScoreCodec) or not isinstance(generator, FillsParts):
        raise OptionError(
            f"the model '{stage.model}' cannot be given voices",
            hint="fit with option 'model=autoregressive' or option 'model=part_ngram'",
        )
    data = given if isinstance(given, Dataset) else read(given, run.child(quiet=True))
    if data.schema.score is None or not len(data):
        raise DataError(
            "there are no pieces", where=data.name, hint="give MIDI files, tunes, or such a column"
        )
    voices = voices_of(data[data.schema.score.name])
    if voices > codec.voices:
        raise DataError(
            f"the pieces have {voices} voices, and the model's {codec.voices}",
            where=data.name,
            hint="read them with fewer voices, such as ?voices=1",
        )
    batch, known = codec.partly(score_pieces(data))
    turn = np.arange(len(batch) if n is None else n) % len(batch)
    batch, known = batch.rows(turn), known.rows(turn)
    what = "the other voices are made" if voices < codec.voices else "they are gone on with"
    run.emit("note", "like", f"The given pieces have {voices} of {codec.voices} voices: {what}.")
    rng = run.rng("like", "pieces")
    before = model.whole.stages[:-1]
    context = None
    if before:
        context = Stages(before, before[-1].model).sample(len(batch), rng, run.child(quiet=True))
    return replace(
        generator.fill(replace(batch, context=context), known, rng, run), context=context
    )
