"""Codes drawn one after the other: likelihoods, orders and completion."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, Code, Constraints, PartialRows, Real, Spec
from tidemill.core.run import Run
from tidemill.models.deep.autoregressive import Autoregressive
from tidemill.models.deep.code_by_code import Sequence, chosen

QUICK = {"steps": 150, "eval_every": 50, "batch": 128, "width": 16, "cores": 1}


@cache
def fitted() -> tuple[Autoregressive, Batch]:
    """A number of five values that may be missing, which a code says, and a code that depends on
    both."""
    rng = np.random.default_rng(0)
    missing, x = rng.random(2000) < 0.2, rng.integers(0, 5, 2000)
    kind = np.where(missing, 2, (x + (rng.random(2000) < 0.1)) % 3)
    spec = Spec(
        (Real("x", presence=1),),
        (Code("kind", 4), Code("x present", 2)),
        order=(("code", 1), ("real", 0), ("code", 0)),
    )
    batch = Batch(
        np.where(missing, 0, x)[:, None], np.column_stack([kind, missing]).astype(np.int32)
    )
    return Autoregressive(**QUICK).fit(spec, batch, Run(0)), batch


def every() -> Batch:
    """Each row that there can be."""
    rows = [(x, kind, 0) for x, kind in product(range(5), range(4))] + [
        (0, kind, 1) for kind in range(4)
    ]
    cells = np.array(rows)
    return Batch(cells[:, :1], cells[:, 1:].astype(np.int32))


def test_likelihoods_of_all_rows_are_one_and_agree_with_the_rows_that_are_made() -> None:
    model, _ = fitted()
    chance = np.exp(model.scores(every()))
    assert chance.sum() == pytest.approx(1, abs=1e-4)
    assert (chance[every().code[:, 0] == 3] == 0).all()  # a level that never occurs
    made = model.sample(100_000, np.random.default_rng(0))
    key = made.tick[:, 0] + 10 * made.code[:, 0] + 100 * made.code[:, 1]
    keys = every().tick[:, 0] + 10 * every().code[:, 0] + 100 * every().code[:, 1]
    share = (key[:, None] == keys).mean(0)
    assert (
        np.abs(share - chance).max() < 0.01
    )  # rows are drawn in bfloat16 where the processor gains by it


def test_numbers_are_uniform_within_their_piece() -> None:
    rng = np.random.default_rng(0)
    spec = Spec((Real("x"),))
    batch = Batch(rng.integers(0, 3000, (1500, 1)), np.zeros((1500, 0), np.int32))
    model = Autoregressive(**QUICK).fit(spec, batch, Run(0))
    low, high = model.turn.stream.pieces[0].low[0], model.turn.stream.pieces[0].high[-1]
    whole = Batch(np.arange(low, high + 1)[:, None], np.zeros((high - low + 1, 0), np.int32))
    assert np.exp(model.scores(whole)).sum() == pytest.approx(1, abs=1e-4)
    assert model.scores(Batch(np.array([[10**9]]), np.zeros((1, 0), np.int32)))[0] == -np.inf


def test_any_pattern_is_completed_from_the_models_own_distribution() -> None:
    model, _ = fitted()
    table, chance = every(), np.exp(model.scores(every()))
    wanted = Batch(np.array([[3]]), np.array([[1, 0]], np.int32))
    for tick, code in (
        (True, [False, True]),
        (False, [True, False]),
        (False, [False, True]),
        (True, [True, True]),
        (False, [False, False]),
    ):
        fits = np.ones(len(table), bool)
        fits &= (table.tick[:, 0] == 3) | (not tick)
        for k in range(2):
            fits &= (table.code[:, k] == wanted.code[0, k]) | (not code[k])
        rows = 4000
        given = PartialRows(
            wanted.rows(np.zeros(rows, int)), np.full((rows, 1), tick), np.tile(code, (rows, 1))
        )
        made = model.infill(rows, Constraints(rows=given), np.random.default_rng(1), Run(0))
        assert made.chance.mean() == pytest.approx(chance[fits].sum(), rel=0.03)
        own = np.array(
            [
                ((made.batch.tick[:, 0] == x) & (made.batch.code == c).all(1)).mean()
                for x, c in zip(table.tick[:, 0], table.code, strict=True)
            ]
        )
        assert np.abs(own - np.where(fits, chance, 0) / chance[fits].sum()).max() < 0.04


def test_rare_conditions_are_met() -> None:
    model, _ = fitted()
    known = Constraints(
        {0: np.array([[4, 4]])},
        {0: np.array([True, False, False, False]), 1: np.array([True, False])},
    )
    made = model.infill(500, known, np.random.default_rng(0), Run(0))
    assert (made.batch.tick == 4).all()
    assert not made.batch.code.any()
    where = (every().tick[:, 0] == 4) & ~every().code.any(1)
    assert made.chance[0] == pytest.approx(np.exp(model.scores(every()))[where].sum(), rel=0.1)


def test_positions_see_what_comes_before_them_in_a_rows_order() -> None:
    model, _ = fitted()
    net = model.net
    assert isinstance(net, Sequence)
    rng = torch.Generator().manual_seed(0)
    canonical = net.orders(50, 1.0, 0.0, rng)
    assert (canonical == net.earlier).all()
    mixed = net.orders(2000, 0.0, 0.0, rng)
    source = net.inner.sources
    seen = torch.zeros(2000, 3, 3, dtype=torch.bool)
    seen.scatter_(2, source.expand(2000, -1, -1), mixed)
    assert not (seen & seen.transpose(1, 2)).any()  # of two positions one comes first
    assert not seen[:, 0, 1].any()  # what says that there is a number comes before it
    assert seen[:, 0, 2].any()
    assert seen[:, 1, 2].any()


def test_codes_without_a_chance_are_not_drawn() -> None:
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf, 1.0, -torch.inf]]).expand(5000, -1)
    drawn = chosen(logits, torch.Generator().manual_seed(0))
    assert set(drawn.tolist()) == {1, 3}
    assert (drawn == 3).float().mean().item() == pytest.approx(
        torch.tensor(1.0).sigmoid().item(), abs=0.03
    )


def test_series_are_drawn_as_they_are_scored() -> None:
    """What the transformer keeps of earlier sites gives the same states as all sites at once."""
    rng = np.random.default_rng(0)
    side = (rng.random((300, 5)) < 0.5).cumsum(1) % 2
    mask = np.arange(5) < rng.integers(2, 6, 300)[:, None]
    spec = Spec(codes=(Code("side", 2),), sites=(5,), ragged=True, topology="steps")
    batch = Batch(
        np.zeros((300, 5, 0), np.int64), np.where(mask, side, 0)[..., None].astype(np.int32), mask
    )
    model = Autoregressive(**QUICK, state=16, precision="float32").fit(spec, batch, Run(0))
    rows = [(length, sides) for length in range(1, 6) for sides in product((0, 1), repeat=length)]
    shape = (len(rows), 5)
    table = Batch(
        np.zeros((*shape, 0), np.int64), np.zeros((*shape, 1), np.int32), np.zeros(shape, bool)
    )
    for k, (length, sides) in enumerate(rows):
        table.mask[k, :length], table.code[k, :length, 0] = True, sides
    chance = np.exp(model.scores(table))
    assert chance.sum() == pytest.approx(1, abs=1e-4)
    made = model.sample(40_000, np.random.default_rng(0))
    key = [
        (int(m.sum()), tuple(c[: m.sum(), 0])) for m, c in zip(made.mask, made.code, strict=True)
    ]
    counted = dict.fromkeys(rows, 0)
    for one in key:
        counted[one] += 1
    assert np.abs(np.array(list(counted.values())) / 40_000 - chance).max() < 0.01
    given = PartialRows(batch, np.zeros((300, 0), bool), np.ones((300, 1), bool))
    with pytest.raises(OptionError, match="cannot complete"):
        model.infill(300, Constraints(rows=given), np.random.default_rng(0))
