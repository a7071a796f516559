"""A modality that the package knows nothing of: one codec, one metric and a line a registry take it
from a file to scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.conformance.quick import quick
from tidemill.codecs import CODECS
from tidemill.codecs.codec import Claim, Codec
from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, Code, Constraints, Spec
from tidemill.core.modality import MODALITIES, Shape
from tidemill.core.registry import Entry
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.core.score import Evidence, Score
from tidemill.metrics import METRICS

MODALITY = "words"


def is_words(schema: Schema) -> bool:
    """One column, of free text."""
    return [column.kind for column in schema] == ["text"]


class WordCodec(Codec):
    """Short texts as letters, empty ones included."""

    modality: ClassVar[str] = MODALITY
    topology: ClassVar[str] = "tokens"
    noun: ClassVar[str] = "words"
    items: ClassVar[str] = "words"
    keeps: ClassVar[str] = "The model keeps the letters."
    as_table: ClassVar[str] = "give it another kind"
    default_model: ClassVar[str] = "autoregressive"
    conditions: ClassVar[bool] = False

    @classmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        return "must" if is_words(schema) else "no"

    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        texts = data.frame.to_series().to_list()
        letters = "".join(sorted(set("".join(texts))))
        return self._made(data.schema, letters, max(map(len, texts)))

    def _made(self, schema: Schema, letters: str, longest: int) -> Self:
        self.schema, self.letters = schema, letters
        codes = (Code("letter", len(letters)),)
        self.spec = Spec(codes=codes, sites=(longest,), ragged=True, topology="tokens")
        return self

    def encode(self, data: Dataset) -> Batch:
        texts = data.frame.to_series().to_list()
        batch = Batch.blank(self.spec, len(texts))
        assert batch.mask is not None
        batch.mask[:] = False
        for row, text in enumerate(texts):
            for site, letter in enumerate(text):
                batch.code[row, site, 0] = self.letters.index(letter)
                batch.mask[row, site] = True
        return batch

    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        assert batch.mask is not None
        texts = [
            "".join(self.letters[code] for code in codes[used])
            for codes, used in zip(batch.code[..., 0], batch.mask, strict=True)
        ]
        [column] = self.schema.names
        return Dataset(pl.DataFrame({column: texts}), self.schema, name=name)

    def constraints(self, condition: Condition) -> Constraints:
        raise self.unsupported("condition")

    def levels(self, name: str) -> list[str]:
        return []

    def to_state(self) -> dict[str, Any]:
        [longest] = self.spec.sites
        return {"schema": self.schema.to_state(), "letters": self.letters, "longest": longest}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        schema = Schema.from_state(state["schema"])
        return cls()._made(schema, state["letters"], state["longest"])


def pairs(evidence: Evidence, run: Run) -> Iterable[Score]:
    """How much of the pairs of letters that follow each other is shared with real words."""

    def shares(data: Dataset) -> dict[str, float]:
        counted: dict[str, float] = {}
        for text in data.frame.to_series().to_list():
            for first in range(len(text) - 1):
                pair = text[first : first + 2]
                counted[pair] = counted.get(pair, 0) + 1
        whole = max(sum(counted.values()), 1)
        return {pair: count / whole for pair, count in counted.items()}

    real = shares(evidence.holdout)

    def shared(data: Dataset) -> float:
        own = shares(data)
        return sum(min(share, own.get(pair, 0.0)) for pair, share in real.items())

    yield Score(
        "pairs-of-letters",
        "pairs of letters shared with real words",
        shared(evidence.synthetic),
        floor=shared(evidence.floor),
        ceiling=shared(evidence.train),
    )


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    here = "tests.e2e.test_new_modality"
    monkeypatch.setitem(MODALITIES, MODALITY, Shape(is_words, "words"))
    codec = Entry(f"{here}:WordCodec", "short words", sees=(MODALITY,))
    monkeypatch.setitem(CODECS._own, "words", codec)
    metric = Entry(f"{here}:pairs", "letters that follow each other", sees=(MODALITY,))
    monkeypatch.setitem(METRICS._own, "pairs-of-letters", metric)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    names = ["anna lee ", "otto may ", "mia rose ", "noel ray "]
    texts = ["".join(rng.choice(names, 3)).strip() + f" {k % 7}" for k in range(400)]
    path = tmp_path / "words.csv"
    pl.DataFrame({"said": texts}).write_csv(path)
    return path


def test_a_new_modality_goes_from_a_file_to_scores(table: Path, tmp_path: Path) -> None:
    data = tm.read(table)
    assert data.schema.modality == MODALITY
    train, holdout = tm.split(data)
    options = quick("autoregressive", steps=300, width=32, rate=4e-3)
    model = tm.fit(train, options=options, seed=1)
    assert (model.manifest["codec"], model.manifest["model"]) == ("words", "autoregressive")
    made = model.sample_dataset(280, run=Run(2))
    again = tm.Synthesizer.load(model.save(tmp_path / "words.tidemill"))
    assert again.sample_dataset(280, run=Run(2)).frame.equals(made.frame)
    scores = tm.evaluate(train, holdout, made)
    assert [score.metric for score in scores] == ["pairs-of-letters"]
    [score] = scores
    assert score.floor is not None
    assert score.ceiling is not None
    assert score.floor < score.value < score.ceiling + 0.02
    assert score.reach is not None
    assert score.reach > 0.5


def test_what_cannot_be_asked_of_it_is_refused(table: Path) -> None:
    data = tm.read(table)
    with pytest.raises(OptionError, match="the model 'trees' cannot learn words"):
        tm.fit(data, model="trees")
    model = tm.fit(data, options=quick("autoregressive", steps=3))
    with pytest.raises(OptionError, match="a model of words, for which there is no condition"):
        model.sample(3, where={"said": "anna"})
