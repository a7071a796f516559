"""What is new in the steps of a series: normal, uncorrelated, and all that is needed to have the
series back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from tidemill.models.deep.innovations import Innovations
from tidemill.models.deep.level_curves import curves_told


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


def prices(n: int = 600, steps: int = 16, seed: int = 0) -> np.ndarray:
    """Prices from 1 to 100, whose days are calm or wild for a while, and a copy of each."""
    rng = np.random.default_rng(seed)
    wild = (rng.random((n, steps)) < 0.1).cumsum(1) % 2
    moves = rng.normal(size=(n, steps)) * np.where(wild == 1, 0.04, 0.01)
    price = np.exp(rng.uniform(0, np.log(100), (n, 1)) + moves.cumsum(1))
    return np.stack([price, price], axis=-1) / 30


def test_what_is_new_looks_the_same_at_all_levels_and_after_all_days() -> None:
    z = prices()
    z[..., 1] += np.random.default_rng(1).uniform(-1e-6, 1e-6, z.shape[:2])  # within its tick
    there = np.ones(z.shape, bool)
    innovations = Innovations.learned(z, there)
    new = innovations.of(torch.from_numpy(z), torch.from_numpy(there)).numpy()[..., 0]
    size, level = np.abs(new[:, 3:]), z[:, 2:-1, 0]
    assert abs(stats.spearmanr(size.ravel(), level.ravel()).statistic) < 0.05
    assert abs(stats.spearmanr(size[:, 1:].ravel(), size[:, :-1].ravel()).statistic) < 0.12
    moved = np.abs(np.diff(np.log(z[..., 0]), axis=1))[:, 2:]  # of which the same is not true
    assert stats.spearmanr(moved[:, 1:].ravel(), moved[:, :-1].ravel()).statistic > 0.25


def test_a_copied_channel_comes_back_as_a_copy() -> None:
    z = prices()
    tick = 1e-5
    z[..., 1] += np.random.default_rng(1).uniform(-tick / 2, tick / 2, z.shape[:2])
    there = np.ones(z.shape, bool)
    innovations = Innovations.learned(z, there)
    drawn = torch.from_numpy(np.random.default_rng(2).normal(size=(200, 16, 2)))
    made = innovations.back(drawn, torch.ones(drawn.shape, dtype=torch.bool)).numpy()
    assert np.abs(made[..., 0] - made[..., 1]).max() < 2 * tick
    assert made[..., 0].std() > 0.5


def test_moves_that_are_alike_at_all_times_have_one_scale() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(800, 12, 2)).cumsum(1)
    there = torch.ones(z.shape, dtype=torch.bool)
    innovations = Innovations.learned(z, there.numpy())
    told = curves_told(torch.from_numpy(z), innovations.bends)
    found = innovations.scale.of(torch.from_numpy(np.diff(z, axis=1, prepend=0)), told, there)
    assert found[:, 3:].log().std((0, 1)).numpy() == pytest.approx(0, abs=0.1)


def test_a_series_that_stands_still_far_out_comes_back_exactly() -> None:
    z = prices()
    z[:3, 4:] = z[:3, 4:5] * 6
    there = np.ones(z.shape, bool)
    innovations = Innovations.learned(z, there)
    mask = torch.from_numpy(there)
    new = innovations.of(torch.from_numpy(z), mask)
    assert innovations.back(new, mask).numpy() == pytest.approx(z, rel=1e-6)


def test_moves_that_are_drawn_far_out_stay_finite() -> None:
    innovations = Innovations.learned(prices(), np.ones((600, 16, 2), bool))
    drawn = torch.full((4, 300, 2), 6.0, dtype=torch.float64)
    made = innovations.back(drawn, torch.ones(drawn.shape, dtype=torch.bool))
    assert bool(torch.isfinite(made).all())


def test_what_was_stored_before_there_were_scales_is_read() -> None:
    z = prices()
    there = np.ones(z.shape, bool)
    arrays = Innovations.learned(z, there).to_arrays()
    whole = Innovations.from_arrays(arrays, 2)
    mask, numbers = torch.from_numpy(there), torch.from_numpy(z)
    assert whole.back(whole.of(numbers, mask), mask).numpy() == pytest.approx(z, abs=1e-8)
    old = {f"new.{name}": arrays[f"new.{name}"] for name in ("weight", "level", "knots")}
    old["new.weight"] = old["new.weight"][..., :6]
    straight = Innovations.from_arrays(old, 2)
    new = straight.of(numbers, mask)
    assert straight.scale.of(new, curves_told(numbers, straight.bends), mask).unique() == 1
    assert straight.back(new, mask).numpy() == pytest.approx(z, abs=1e-8)


def test_a_stored_scale_of_other_channels_is_refused() -> None:
    z = prices()
    arrays = Innovations.learned(z, np.ones(z.shape, bool)).to_arrays()
    broken = {**arrays, "scale.usual": np.zeros(3)}
    with pytest.raises(ValueError, match="usual"):
        Innovations.from_arrays(broken, 2)
    with pytest.raises(ValueError, match="ends"):
        Innovations.from_arrays({**arrays, "new.bends": np.zeros((2, 1))}, 2)


def test_what_is_known_by_other_means_tells_the_steps_after_it_where_it_stands() -> None:
    """A number that is 1 in a third of the steps, as a level of its own, and near to it after."""
    rng = np.random.default_rng(3)
    z = np.clip(rng.normal(0, 0.3, (600, 12, 1)).cumsum(1) + rng.normal(size=(600, 1, 1)), -9, 1.0)
    at_end = z == 1.0
    assert 0.1 < at_end.mean() < 0.6
    innovations = Innovations.learned(z, ~at_end, at_end)
    there, placed = torch.from_numpy(~at_end), torch.from_numpy(at_end)
    new = innovations.of(torch.from_numpy(z), there, placed)
    known = torch.from_numpy(np.where(at_end, 1.0, 0.0))
    assert innovations.back(new, there, None, known).numpy() == pytest.approx(z, abs=1e-8)
    drawn = torch.from_numpy(rng.normal(size=z.shape))
    made = innovations.back(drawn, there, None, known).numpy()
    after = ~at_end[:, 1:] & at_end[:, :-1]
    assert np.median(np.abs(made[:, 1:][after] - 1.0)) < 0.5
    forgets = Innovations.learned(z, ~at_end)
    lost = forgets.back(drawn, there).numpy()
    assert np.median(np.abs(lost[:, 1:][after] - 1.0)) > np.median(np.abs(made[:, 1:][after] - 1.0))
