"""Series on one calendar, by the measure of today's volatility."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.unit.markets.market import garch_returns
from tidemill.core.errors import DataError, OptionError
from tidemill.core.grid import Batch, Constraints, Real, Spec
from tidemill.core.run import Run
from tidemill.models.courses import OF_ITSELF, WANDERS, Courses
from tidemill.models.fhs import Fhs
from tidemill.models.garch import Garch


def calendar(levels: np.ndarray, tick: float = 1e-3) -> tuple[Spec, Batch]:
    """(T, R) values as the only row of a grid."""
    reals = tuple(Real(f"x{k}", tick, scale="linear") for k in range(levels.shape[1]))
    ticks = np.rint(levels / tick).astype(np.int64)[None]
    spec = Spec(reals, sites=(len(levels),), topology="calendar")
    return spec, Batch(ticks, np.zeros((1, len(levels), 0), np.int32))


def prices(returns: np.ndarray) -> np.ndarray:
    return np.asarray(100 * np.exp(np.vstack([np.zeros(returns.shape[1]), returns]).cumsum(0)))


def days(batch: Batch, to: int, begin: int = 0) -> Batch:
    return Batch(batch.tick[:, begin:to], batch.code[:, begin:to])


@pytest.mark.parametrize("kind", [Fhs, Garch])
def test_it_knows_what_today_is_like(kind: type[Fhs]) -> None:
    """In turmoil tomorrow moves as much as a known GARCH says, and on a calm day as little."""
    returns, volatility = garch_returns(3000, 3, np.random.default_rng(0))
    spec, batch = calendar(prices(returns))
    model = kind().fit(spec, batch, Run())
    order = np.argsort(volatility[1000:, 0]) + 1000
    found = []
    for day in (int(order[20]), int(order[-20])):
        past = days(batch, day + 1)
        made = model.go_on(past, 1, 4000, np.random.default_rng(1)).tick[:, 0, 0]
        spread = np.log(made / past.tick[0, -1, 0]).std()
        found.append(spread / volatility[day, 0])
        assert spread == pytest.approx(volatility[day, 0], rel=0.35)
    assert max(found) / min(found) < 1.6  # the volatilities are far apart
    assert volatility[order[-20], 0] > 2.5 * volatility[order[20], 0]


def test_what_happens_on_a_day_happens_to_all() -> None:
    returns, _ = garch_returns(2000, 4, np.random.default_rng(2))
    spec, batch = calendar(prices(returns))
    made = Fhs().fit(spec, batch, Run()).sample(3, np.random.default_rng(0)).tick
    for one in made:
        moves = np.diff(np.log(one), axis=0)
        found, real = np.corrcoef(moves.T), np.corrcoef(returns.T)
        assert np.abs(found - real).max() < 0.12
    turned = Fhs(block=1).fit(spec, batch, Run()).go_on(batch, 5, 500, np.random.default_rng(0))
    moves = np.diff(
        np.log(np.concatenate([np.tile(batch.tick[:, -1:], (500, 1, 1)), turned.tick], 1)), axis=1
    )
    assert np.corrcoef(moves[:, 0].T)[0, 1] > 0.25


def test_volatility_remembers_for_two_months() -> None:
    rng = np.random.default_rng(3)
    state = np.repeat(rng.choice([0.4, 2.5], 40), 100)  # 100 calm or wild days in a row
    returns = 0.01 * state[:, None] * rng.normal(size=(4000, 1))
    spec, batch = calendar(prices(returns))
    made = Fhs().fit(spec, batch, Run()).sample(5, np.random.default_rng(0)).tick[..., 0]
    sizes = np.abs(np.diff(np.log(made), axis=1))
    real = np.abs(returns[:, 0])

    def far(size: np.ndarray) -> float:
        return float(np.mean([np.corrcoef(size[40:], size[:-40])[0, 1]]))

    assert np.mean([far(one) for one in sizes]) > 0.4 * far(real) > 0.05


def test_the_days_lowest_price_stays_below_its_highest_and_volumes_come_back() -> None:
    rng = np.random.default_rng(4)
    returns, volatility = garch_returns(1500, 2, rng)
    close = prices(returns)
    wide = np.vstack([volatility[:1], volatility[:-1]])
    wide = np.vstack([wide, wide[-1:]])[: len(close)]
    high = close * np.exp(np.abs(rng.normal(size=close.shape)) * wide)
    low = close * np.exp(-np.abs(rng.normal(size=close.shape)) * wide)
    volume = 1e3 * np.exp(rng.normal(size=(len(close), 1)))
    spec, batch = calendar(np.hstack([close, high, low, volume]))
    model = Fhs().fit(spec, batch, Run())
    leader = model.courses.leader.tolist()
    assert leader == [WANDERS, WANDERS, 0, 1, 0, 1, OF_ITSELF]
    made = model.go_on(batch, 250, 40, np.random.default_rng(0)).tick
    assert (made[..., 4] <= made[..., 0]).all()
    assert (made[..., 0] <= made[..., 2]).all()
    assert (made[..., 5] <= made[..., 1]).all()
    last = np.log(made[:, -1, 6] / 1e6)
    assert abs(last.mean()) < 0.5
    assert last.std() == pytest.approx(1.0, abs=0.3)


def test_independent_wanderers_keep_near_to_nothing() -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        returns = 0.02 * rng.normal(size=(300, 8))
        tick = np.rint(prices(returns) * 1000).astype(np.int64)
        assert (Courses.learned(tick).leader == WANDERS).all()


def test_what_never_moves_stays() -> None:
    spec, batch = calendar(np.hstack([np.full((100, 1), 5.0), np.zeros((100, 1))]))
    made = Fhs().fit(spec, batch, Run()).go_on(batch, 3, 4, np.random.default_rng(0)).tick
    assert (made[..., 0] == 5000).all()
    assert (made[..., 1] == 0).all()


def test_numbers_below_0_move_by_differences() -> None:
    rng = np.random.default_rng(5)
    spec, batch = calendar(rng.normal(size=(500, 1)).cumsum(0))
    made = Fhs().fit(spec, batch, Run()).go_on(batch, 1, 4000, np.random.default_rng(0)).tick
    assert (made[:, 0, 0] - batch.tick[0, -1, 0]).std() == pytest.approx(1000, rel=0.25)


def test_a_short_past_is_as_wild_as_what_was_learned() -> None:
    returns, _ = garch_returns(1500, 1, np.random.default_rng(6))
    spec, batch = calendar(prices(returns))
    model = Fhs().fit(spec, batch, Run())
    for known in (1, 3):
        past = days(batch, 700 + known, 700)
        made = model.go_on(past, 1, 4000, np.random.default_rng(0)).tick[:, 0, 0]
        spread = np.log(made / past.tick[0, -1, 0]).std()
        assert spread == pytest.approx(returns.std(), rel=0.4)


def test_what_it_cannot_do_is_said() -> None:
    spec, batch = calendar(np.full((10, 1), 5.0))
    with pytest.raises(DataError, match="10 times"):
        Fhs().fit(spec, batch, Run())
    spec, batch = calendar(np.full((50, 1), 5.0))
    model = Fhs().fit(spec, batch, Run())
    with pytest.raises(OptionError, match="nothing can be asked"):
        model.infill(3, Constraints(), np.random.default_rng(0))


def test_a_damaged_state_is_refused() -> None:
    returns, _ = garch_returns(300, 2, np.random.default_rng(7))
    spec, batch = calendar(prices(returns))
    document, arrays = Garch().fit(spec, batch, Run()).to_state()
    document = json.loads(json.dumps(document))
    wild = {**arrays, "weights": arrays["weights"] + 1.0}
    with pytest.raises(ValueError, match="runs away"):
        Garch.from_state(spec, document, wild)
    with pytest.raises(ValueError, match="shape"):
        Garch.from_state(spec, document, {**arrays, "tick": arrays["tick"][1:]})
    with pytest.raises(OptionError, match="block"):
        Fhs.from_state(spec, {"options": {"block": 0}}, arrays)
