"""What rows lack beside a text is drawn given the text, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tidemill.codecs.texts import TextsCodec
from tidemill.core.columns import by_name
from tidemill.core.grid import ConditionalSample
from tidemill.core.run import Run
from tidemill.models.base import WritesOn
from tidemill.synthesis.infilling import GivenRows
from tidemill.synthesis.stages import Stage

CANDIDATES = 32
"""Ways to complete a row of which one is taken."""

Completing = Callable[[GivenRows], ConditionalSample]


def given_texts(
    made: ConditionalSample,
    given: GivenRows,
    stage: Stage,
    complete: Completing,
    rng: np.random.Generator,
    run: Run,
) -> ConditionalSample:
    """Completed rows; those that lack values beside a text are drawn anew given that text: one of
    several candidates, taken by how likely each makes the text (sampling importance resampling,
    Rubin 1987).

    Args:
        made: n rows, completed by their values.
        given: What is known of them.
        stage: That of the texts.
        complete: Completes rows by their values.
        rng: The random stream.
        run: For cancelling.
    """
    codec, writer = stage.codec, stage.generator
    if not isinstance(codec, TextsCodec) or not isinstance(writer, WritesOn):
        return made
    rows = np.flatnonzero(given.incomplete(codec.schema) & _holds_text(given, codec.texts))
    if not len(rows):
        return made
    each = np.repeat(rows, CANDIDATES)
    some = given.rows(each)
    found = complete(some)
    texts = codec.written(codec.leading(some.known), found.batch)
    likely = writer.scores(texts, run).reshape(len(rows), CANDIDATES)
    # the largest of logarithms and Gumbel noise is a draw by their weights
    noisy = likely + rng.gumbel(size=likely.shape)
    taken = np.arange(len(rows)) * CANDIDATES + noisy.argmax(axis=1)
    batch = made.batch.replaced(rows, found.batch.rows(taken))
    chance = made.chance.copy()
    chance[rows] = found.chance[taken]
    return replace(made, batch=batch, chance=chance)


def _holds_text(given: GivenRows, texts: tuple[str, ...]) -> np.ndarray:
    """(n,) whether the first text of a row is known."""
    if texts[0] not in given.known.schema:
        return np.zeros(len(given), bool)
    return given.known.frame.select(by_name(texts[0]).is_not_null()).to_series().to_numpy()
