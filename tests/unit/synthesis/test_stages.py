"""What the stages of a dataset hand to each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from tests.e2e.test_texts import reviews
from tidemill.codecs.texts import TextsCodec
from tidemill.core.dataset import Dataset
from tidemill.core.grid import Batch
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.io.reading import read
from tidemill.models.ngram import Ngram
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


BEGINNINGS = ("wa", "sto", "fle", "gri", "plo", "tru", "ske", "blu")
ENDINGS = ("ter", "ring", "mish", "dent", "kle", "ven", "lop", "nast")


def rows_of_words(rows: int) -> Dataset:
    """Texts of words that have their beginnings in common with some words, and their ends with
    others."""
    rng = np.random.default_rng(0)
    every = [one + other for one in BEGINNINGS for other in ENDINGS]
    words = rng.permutation(every)[:24]
    texts = [" ".join(rng.choice(words, 8)) for _ in range(rows)]
    columns = {"first": texts, "second": texts[1:] + texts[:1]}
    return Dataset(
        pl.DataFrame(columns), Schema((Column("first", "text"), Column("second", "text")))
    )


def test_words_that_no_text_holds_are_drawn_again() -> None:
    data = rows_of_words(100)
    known = {word for name in ("first", "second") for text in data[name] for word in text.split()}
    codec = TextsCodec().fit(data, Run())
    model = Ngram(order=3).fit(codec.spec, codec.encode(data), Run())
    stages = Stages([Stage(codec, "ngram", model)], "ngram")

    def unknown(batch: Batch) -> float:
        frame = codec.decode(batch, np.random.default_rng(0)).frame
        words = [word for text in [*frame["first"], *frame["second"]] for word in text.split()]
        return sum(word not in known for word in words) / len(words)

    def length(batch: Batch) -> float:
        assert batch.mask is not None
        return float(batch.mask.sum(axis=1).mean())

    plain, made = (
        model.sample(200, np.random.default_rng(0)),
        stages.sample(200, np.random.default_rng(0)),
    )
    assert unknown(plain) > 0.2
    assert unknown(made) < 0.01
    assert length(made) > 0.8 * length(plain)
    again = stages.sample(200, np.random.default_rng(0))
    assert np.array_equal(made.code, again.code)
