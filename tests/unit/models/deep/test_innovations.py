"""What is new in the steps of a series: normal, uncorrelated, and all that is needed to have the
series back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from tidemill.models.deep.innovations import Innovations


def walks(n: int = 800, steps: int = 12) -> np.ndarray:
    """Random walks with fat tails, and a second channel that follows the first."""
    rng = np.random.default_rng(0)
    first = (0.1 * rng.standard_t(4, (n, steps))).cumsum(1) + rng.normal(0, 2, (n, 1))
    return np.stack([first, 0.5 * first + 0.02 * rng.normal(size=(n, steps))], axis=-1)


def test_what_is_new_is_normal_and_uncorrelated_and_leads_back() -> None:
    z = walks()
    there = np.ones(z.shape, bool)
    innovations = Innovations.learned(z, there)
    new = innovations.of(torch.from_numpy(z), torch.from_numpy(there))
    assert new[:, 3:].std(0).numpy() == pytest.approx(1, abs=0.1)
    assert abs(stats.kurtosis(new[:, 3:].flatten().numpy())) < 0.5
    flat = new[:, 5].numpy()
    assert abs(np.corrcoef(flat.T)[0, 1]) < 0.1
    assert abs(np.corrcoef(new[:, 5, 0], new[:, 6, 0])[0, 1]) < 0.1
    assert innovations.back(new, torch.from_numpy(there)).numpy() == pytest.approx(z, abs=1e-8)


def test_numbers_that_are_not_there_are_left_out() -> None:
    z = walks()
    there = np.arange(12)[None, :, None] < np.random.default_rng(1).integers(2, 13, (len(z), 1, 1))
    there = there & np.random.default_rng(2).choice([True, False], z.shape, p=[0.8, 0.2])
    innovations = Innovations.learned(z, there)
    mask = torch.from_numpy(there)
    new = innovations.of(torch.from_numpy(z), mask)
    back = innovations.back(new, mask).numpy()
    assert back[there] == pytest.approx(z[there], abs=1e-8)
    assert not back[~there].any()


def test_too_few_series_are_taken_as_they_are() -> None:
    z = walks(4, 3)
    innovations = Innovations.learned(z, np.ones(z.shape, bool))
    mask = torch.ones(z.shape, dtype=torch.bool)
    new = innovations.of(torch.from_numpy(z), mask)
    assert innovations.back(new, mask).numpy() == pytest.approx(z, abs=1e-8)
