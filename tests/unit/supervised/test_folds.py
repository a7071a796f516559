from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.core.errors import DataError
from tidemill.core.run import Run
from tidemill.supervised.folds import folds, subset


@given(st.integers(10, 80), st.integers(2, 4), st.integers(2, 6), st.integers(0, 99))
def test_each_row_is_tested_once_a_repeat_and_classes_are_spread(
    rows: int, classes: int, splits: int, seed: int
) -> None:
    label = np.random.default_rng(seed).permutation(np.arange(rows) % classes).astype(float)
    parts = folds(label, Run(seed), splits=splits, repeats=2, classes=classes)
    made = len(parts) // 2
    assert made == min(splits, int(np.bincount(label.astype(int)).min()))
    for repeat in range(2):
        tested = [test for _, test in parts[repeat * made : (repeat + 1) * made]]
        assert sorted(np.concatenate(tested)) == list(range(rows))
        for k in range(classes):
            counts = [int((label[test] == k).sum()) for test in tested]
            assert max(counts) - min(counts) <= 1
            assert min(counts) >= 1
    for train, test in parts:
        assert sorted([*train, *test]) == list(range(rows))


def test_rows_without_a_label_are_in_no_fold() -> None:
    label = np.array([0.0, 1, 0, 1, np.nan, 0, 1])
    assert {
        int(k) for pair in folds(label, Run(), splits=3, classes=2) for part in pair for k in part
    } == {0, 1, 2, 3, 5, 6}


def test_repeats_and_seeds_differ_and_the_same_seed_does_not() -> None:
    label = np.arange(40) % 2.0
    first, second, again = (folds(label, Run(seed), classes=2) for seed in (0, 1, 0))
    assert not np.array_equal(first[0][1], first[5][1])
    assert not np.array_equal(first[0][1], second[0][1])
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first, again, strict=True))


def test_groups_are_never_on_both_sides() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(40, size=200)
    label = (groups % 2).astype(float)
    for train, test in folds(label, Run(), classes=2, groups=groups):
        assert not set(groups[train]) & set(groups[test])
        assert len(test)


def test_a_number_is_spread_over_the_folds() -> None:
    label = np.random.default_rng(0).exponential(size=100)
    for _, test in folds(label, Run(), classes=0):
        assert len(test) == 20
        assert abs((label[test] > np.median(label)).mean() - 0.5) <= 0.1


@pytest.mark.parametrize("label", [np.arange(12.0), np.repeat([0.0, 1.0], [11, 1]), np.ones(5)])
@pytest.mark.parametrize("entities", [False, True])
def test_few_rows_of_a_number_and_ties_are_spread_too(label: np.ndarray, entities: bool) -> None:
    groups = np.arange(len(label)) // 2 if entities else None
    parts = folds(label, Run(), classes=0, groups=groups, repeats=1)
    tested = [test for _, test in parts]
    assert sorted(np.concatenate(tested)) == list(range(len(label)))
    assert min(map(len, tested)) >= 1


def test_a_class_of_one_row_is_told() -> None:
    with pytest.raises(DataError, match="1 row; two are needed"):
        folds(np.array([0.0, 0, 0, 1]), Run(), classes=2)
    with pytest.raises(DataError, match="1 entity"):
        folds(np.array([0.0, 0, 0, 0, 1, 1]), Run(), classes=2, groups=np.array([0, 1, 2, 3, 4, 4]))


def test_a_subset_has_its_part_of_each_class() -> None:
    label = np.repeat([0.0, 1.0], [90, 10])
    taken = subset(label, 0.3, 2, np.random.default_rng(0))
    assert np.bincount(label[taken].astype(int)).tolist() == [27, 3]
    assert np.bincount(
        label[subset(label, 0.01, 2, np.random.default_rng(0))].astype(int)
    ).tolist() == [2, 2]
