from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.unit.supervised.texts import reviews
from tidemill.synthesis.outcome_texts import OutcomeText

Damage = Callable[[dict[str, Any], dict[str, np.ndarray]], object]


@pytest.fixture(scope="module")
def text() -> OutcomeText:
    data = reviews(300, "a word")
    label = (data["label"] == "yes").to_numpy().astype(float)
    found = OutcomeText.learned(data["review"], label, 2, None, np.random.default_rng(0))
    assert found is not None
    return found[0]


def test_what_decides_weighs_most_and_the_state_restores(text: OutcomeText) -> None:
    assert text.terms[int(text.model.weights[:, 0].argmax())] == "never"
    document, arrays = text.to_state("text")
    data = reviews(50, "a word", seed=1)
    again = OutcomeText.from_state(document, arrays, "text", data.schema)
    assert np.array_equal(again.scores(data["review"]), text.scores(data["review"]))


DAMAGES: dict[str, Damage] = {
    "a term twice": lambda document, arrays: document["terms"].__setitem__(0, document["terms"][1]),
    "a term that is too long": lambda document, arrays: document["terms"].__setitem__(0, "a" * 101),
    "a term too few": lambda document, arrays: document["terms"].pop(),
    "no term": lambda document, arrays: document["terms"].clear(),
    "another column": lambda document, arrays: document.update(name="x"),
    "no score": lambda document, arrays: arrays.update(
        {"text.base": np.zeros(0), "text.weights": np.zeros((len(document["terms"]), 0))}
    ),
    "weights of another type": lambda document, arrays: arrays.update(
        {"text.weights": arrays["text.weights"].astype(np.float32)}
    ),
    "a weight that is no number": lambda document, arrays: arrays["text.weights"].fill(np.nan),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state_is_refused(text: OutcomeText, damage: str) -> None:
    document, arrays = text.to_state("text")
    arrays = {name: array.copy() for name, array in arrays.items()}
    DAMAGES[damage](document, arrays)
    with pytest.raises((KeyError, TypeError, ValueError)):
        OutcomeText.from_state(document, arrays, "text", reviews(5, "a word").schema)
