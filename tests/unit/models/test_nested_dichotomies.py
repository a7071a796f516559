"""Trees of questions over symbols."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.models.nested_dichotomies import NestedDichotomies, halved, joined

COUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=60).map(
    lambda counts: np.array(counts, np.int64)
)


def check(questions: NestedDichotomies, count: np.ndarray) -> None:
    assert sorted(questions.symbols) == list(range(len(count)))
    assert questions.rows[0] == count.sum()
    for node in range(len(questions)):
        left, right = questions.left[node], questions.right[node]
        assert (left < 0) == (right < 0)
        if left >= 0:
            assert left > node
            assert right > node
            assert questions.start[left] == questions.start[node]
            assert questions.stop[left] == questions.start[right]
            assert questions.stop[right] == questions.stop[node]
            assert questions.rows[left] + questions.rows[right] == questions.rows[node]


@settings(deadline=None)
@given(COUNTS)
def test_halved_keeps_order_and_counts(count: np.ndarray) -> None:
    questions = halved(count)
    check(questions, count)
    assert questions.symbols.tolist() == list(range(len(count)))


@settings(deadline=None)
@given(COUNTS)
def test_joined_asks_down_to_single_symbols(count: np.ndarray) -> None:
    questions = joined(count)
    check(questions, count)
    leaves = questions.left < 0
    assert (questions.stop - questions.start)[leaves].tolist() == [1] * len(count)


def test_huffman_spends_about_the_entropy() -> None:
    count = np.array([50, 25, 12, 6, 4, 2, 1])
    questions = joined(count)
    asked = questions.rows[questions.left >= 0].sum() / count.sum()
    share = count / count.sum()
    entropy = -(share * np.log2(share)).sum()
    assert entropy <= asked < entropy + 1


@pytest.mark.parametrize("make", [halved, joined])
def test_very_many_symbols(make: object) -> None:
    check(make(np.ones(20_000, np.int64)), np.ones(20_000, np.int64))
