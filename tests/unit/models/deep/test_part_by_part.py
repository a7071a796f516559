"""Parts that are learned step by step: what is planted is made again, and steps are what the whole
is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tidemill.core.errors import OptionError
from tidemill.core.grid import GOES_ON, SILENT, Batch, Code, Known, Spec, levels_had
from tidemill.core.run import Run
from tidemill.models.deep.autoregressive import Autoregressive
from tidemill.models.deep.backbones.parts import Steps
from tidemill.models.deep.part_by_part import PartByPart

SPEC = Spec(
    codes=(Code("upper", 20), Code("lower", 20)),
    sites=(16,),
    ragged=True,
    topology="parts",
    cycles=(4,),
    shifts=(-2, 2),
)


def planted(n: int, seed: int) -> Batch:
    """Rows whose upper part moves every second step, and whose lower one is 4 levels below it."""
    rng = np.random.default_rng(seed)
    length = rng.integers(6, 15, n)
    code = np.zeros((n, 16, 2), np.int32)
    upper = np.clip(np.cumsum(rng.integers(-1, 2, (n, 8)), axis=1) + 12, 10, 15)
    code[:, ::2, 0], code[:, ::2, 1] = upper, upper - 4
    code[:, 1::2] = GOES_ON
    mask = np.arange(16) < length[:, None]
    code = np.where(mask[..., None], code, SILENT).astype(np.int32)
    return Batch(np.zeros((n, 16, 0), np.int64), code, mask)


@pytest.fixture(scope="module")
def model() -> Autoregressive:
    options = {"state": 32, "width": 32, "embedding": 16, "dropout": 0.0, "window": 16}
    fit = Autoregressive(cores=1, batch=64, **options)
    return fit.fit(SPEC, planted(120, 0), Run(0, steps=250))


def test_made_rows_keep_to_what_was_planted(model: Autoregressive) -> None:
    made = model.sample(60, np.random.default_rng(0))
    had = levels_had(made.code)
    assert made.mask is not None
    below = (had[..., 0] - had[..., 1] == 4)[made.mask]
    assert below.mean() > 0.9
    assert ((made.code == GOES_ON)[:, 1::2].all(axis=2) | ~made.mask[:, 1::2]).mean() > 0.9
    real = planted(400, 1)
    assert real.mask is not None
    assert abs(made.mask.sum(axis=1).mean() - real.mask.sum(axis=1).mean()) < 1.5
    assert set(np.unique(made.code[made.mask][:, 0])) <= set(np.unique(real.code[..., 0]))
    nats = -model.scores(real) / real.mask.sum(axis=1)
    assert nats.mean() < 1.0  # of log(3) / 2 for the upper part, and an end


def test_known_parts_stay_and_others_go_with_them(model: Autoregressive) -> None:
    real = planted(60, 2)
    known = np.zeros(real.code.shape, bool)
    known[..., 1] = True
    made = model.fill(real, Known(known, np.ones(60, bool)), np.random.default_rng(0))
    assert real.mask is not None
    assert made.mask is not None
    assert np.array_equal(made.mask, real.mask)
    assert np.array_equal(made.code[..., 1], real.code[..., 1])
    had = levels_had(made.code)
    fits = (had[..., 0] - had[..., 1] == 4)[made.mask].mean()
    others = np.roll(had[..., 1], 1, axis=0)
    assert fits > (had[..., 0] - others == 4)[made.mask].mean() + 0.05


def test_a_beginning_stays_and_the_row_goes_on(model: Autoregressive) -> None:
    real = planted(40, 3)
    assert real.mask is not None
    begun = np.zeros(real.code.shape, bool)
    begun[:, :4] = True
    given = Batch(real.tick, real.code, real.mask & (np.arange(16) < 4))
    made = model.fill(given, Known(begun, np.zeros(40, bool)), np.random.default_rng(0))
    assert made.mask is not None
    assert np.array_equal(made.code[:, :4], real.code[:, :4])
    assert (made.mask.sum(axis=1) >= 4).all()
    assert made.mask.sum(axis=1).max() > 4


def test_steps_are_what_the_whole_is(model: Autoregressive) -> None:
    way, net = model.turn, model.net
    assert isinstance(way, PartByPart)
    rows = way.rows(planted(8, 4))
    start = torch.zeros(8, dtype=torch.long)
    with torch.inference_mode():
        steps, _, _ = way._windows(net, rows, start, 14, start + 2)
        whole = net(steps)
        cache = net.cache(8, 14)
        for site in range(14):
            at = slice(site, site + 1)
            one = Steps(
                *(getattr(steps, name)[:, at] for name in ("before", "went_on", "now", "goes_on")),
                steps.at[:, at],
                steps.shift,
                steps.ahead[:, site : site + net.ahead + 1],
            )
            hidden = net.state_at(one, site, cache)
            for part in range(2):
                own = net.part_at(hidden, steps.now[:, site], steps.goes_on[:, site], part)
                assert torch.allclose(own, whole[:, site, part], atol=1e-4)


def test_other_grids_know_no_parts() -> None:
    spec = Spec(codes=(Code("letter", 3),), sites=(4,), topology="tokens")
    rows = Batch(np.zeros((30, 4, 0), np.int64), np.zeros((30, 4, 1), np.int32))
    model = Autoregressive(steps=1, state=8, cores=1).fit(spec, rows, Run())
    with pytest.raises(OptionError, match="has learned no parts"):
        model.fill(
            rows, Known(np.ones((30, 4, 1), bool), np.ones(30, bool)), np.random.default_rng(0)
        )
