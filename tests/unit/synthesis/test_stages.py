"""What the stages of a dataset hand to each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.e2e.test_texts import reviews
from tidemill.codecs.texts import TextsCodec
from tidemill.core.grid import Batch
from tidemill.core.run import Run
from tidemill.io.reading import read
from tidemill.synthesis.stages import Stage, Stages


class Repeating:
    """A generator that gives out nothing but training texts."""

    steps_done = steps_planned = 1

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def sample(self, n: int, rng: np.random.Generator, run: Run | None = None) -> Batch:
        return self.batch.rows(rng.integers(0, len(self.batch), n))


def test_texts_that_are_always_copies_become_fresh_words_and_that_is_said() -> None:
    texts = reviews(200).select("text").unique(maintain_order=True)
    data = read(texts, Run())
    codec = TextsCodec().fit(data, Run())
    generator: Any = Repeating(codec.encode(data))
    stages, run = Stages([Stage(codec, "repeating", generator)], "repeating"), Run()
    batch = stages.sample(50, np.random.default_rng(0), run)
    made = codec.decode(batch, np.random.default_rng(0))
    assert not set(texts["text"]) & set(made["text"])
    assert any("50 of 50 rows" in warning and "copy" in warning for warning in run.warnings)
