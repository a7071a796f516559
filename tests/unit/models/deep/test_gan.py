from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tidemill.core.grid import Batch, Code, Real, Spec
from tidemill.core.run import Run
from tidemill.models.deep.gan import Gan, GanNets, Visible
from tidemill.models.deep.quality import two_sample_auc
from tidemill.models.deep.training import generator

CPU = torch.device("cpu")
QUICK: dict[str, Any] = {
    "cores": 1,
    "width": 16,
    "depth": 1,
    "pairs": 8,
    "noise": 4,
    "batch": 32,
    "eval_every": 4,
    "steps": 4,
}
LOSSES = ("relativistic", "nonsaturating", "wasserstein")


def table(n: int = 300) -> tuple[Spec, Batch]:
    """A number that may be missing and is often 0, one that is not, a number of few values, codes,
    one level never."""
    rng = np.random.default_rng(0)
    spec = Spec(
        (Real("gain", presence=0), Real("size"), Real("rooms")),
        (Code("gain?", 2), Code("kind", 4, ordered=True)),
    )
    missing, kind = rng.random(n) < 0.2, rng.integers(0, 3, n)
    gain = np.where(missing | (rng.random(n) < 0.5), 0, rng.integers(1, 5000, n))
    tick = np.column_stack(
        [gain, rng.normal(0, 1000, n).astype(int) + 900 * kind, rng.integers(1, 5, n)]
    )
    return spec, Batch(tick, np.column_stack([missing, kind]).astype(np.int32))


def sequence(n: int = 200) -> tuple[Spec, Batch]:
    """Ragged rows with a context."""
    rng = np.random.default_rng(1)
    owner = Spec((Real("age"),), (Code("sort", 3),))
    context = Batch(rng.integers(18, 90, (n, 1)), rng.integers(0, 3, (n, 1)).astype(np.int32))
    mask = np.arange(5) < rng.integers(1, 6, n)[:, None]
    tick = np.where(mask, rng.normal(0, 500, (n, 5)).astype(int).cumsum(1), 0)[..., None]
    code = np.where(mask, rng.integers(0, 3, (n, 5)), 0)[..., None].astype(np.int32)
    price = Real("price", scale="linear")
    spec = Spec((price,), (Code("day", 3),), (5,), True, context=owner, topology="steps")
    return spec, Batch(tick, code, mask, context)


def image(n: int = 200) -> tuple[Spec, Batch]:
    """Numbers and codes on 6 x 6 sites."""
    rng = np.random.default_rng(2)
    tick = rng.normal(0, 300, (n, 6, 6, 1)).astype(int)
    grey = Real("grey", scale="bounded")
    spec = Spec((grey,), (Code("ink", 2),), (6, 6), topology="pixels")
    return spec, Batch(tick, (tick > 0).astype(np.int32))


GRIDS = {"table": table, "sequence": sequence, "image": image}


def fitted(grid: str, **options: Any) -> Gan:
    spec, batch = GRIDS[grid]()
    return Gan(**{**QUICK, **options}).fit(spec, batch, Run(1))


def same(a: Batch, b: Batch) -> bool:
    return (
        np.array_equal(a.tick, b.tick)
        and np.array_equal(a.code, b.code)
        and np.array_equal(a.mask, b.mask)
    )


@pytest.mark.parametrize("codes", ["straight-through", "gumbel"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("grid", GRIDS)
def test_every_loss_learns_on_every_grid(grid: str, loss: str, codes: str) -> None:
    _, batch = GRIDS[grid]()
    model = fitted(grid, loss=loss, codes=codes)
    assert model.steps_done == 4
    assert {"discriminator", "generator", "score"} <= set(model.curves)
    context = None if batch.context is None else batch.context.rows(np.arange(50))
    made = model.sample(50, np.random.default_rng(0), context=context)
    assert made.tick.shape == (50, *batch.tick.shape[1:])
    assert made.code.shape == (50, *batch.code.shape[1:])
    assert all(
        set(np.unique(made.code[..., k])) <= set(np.unique(batch.code[..., k]))
        for k in range(made.code.shape[-1])
    )
    if made.mask is not None:
        assert made.mask[:, 0].all()
        assert not (made.mask[:, 1:] & ~made.mask[:, :-1]).any()
        assert not made.tick[~made.mask].any()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("grid", GRIDS)
def test_the_penalty_is_differentiated_twice_and_both_networks_are_moved(
    grid: str, loss: str
) -> None:
    spec, batch = GRIDS[grid]()
    model = Gan(**QUICK, loss=loss, precision="float32")
    model.spec = spec
    model.view(spec, batch, Run())
    net = model._new_net(0)
    assert isinstance(net, GanNets)
    rows = model.rows(batch)

    def gradients(penalty: float) -> list[torch.Tensor]:
        model.options = type(model.options)(**{**QUICK, "loss": loss, "penalty": penalty})
        value = model.discriminator_loss(net, rows, generator(CPU, 1), 0)
        found = torch.autograd.grad(value, list(net.judge.parameters()), allow_unused=True)
        return [g for g in found if g is not None]

    without, with_it = gradients(0.0), gradients(10.0)
    assert all(torch.isfinite(g).all() for g in with_it)
    assert (
        sum(not torch.allclose(a, b) for a, b in zip(without, with_it, strict=False))
        > len(without) / 2
    )
    moved = torch.autograd.grad(
        model.generator_loss(net, rows, generator(CPU, 2)),
        list(net.maker.parameters()),
        allow_unused=True,
    )
    assert all(g is not None and torch.isfinite(g).all() for g in moved)
    assert sum(bool(g.any()) for g in moved if g is not None) > len(moved) / 2


@pytest.mark.parametrize("grid", GRIDS)
def test_the_discriminator_sees_the_same_of_made_rows_as_if_they_were_real(grid: str) -> None:
    _, batch = GRIDS[grid]()
    model = fitted(grid)
    dense, n = model.dense, len(batch)
    told = dense.told(batch.context)
    told = torch.zeros((n, 0)) if told is None else told
    made = model.made(model.net, told, generator(CPU, 3), whole=True)  # type: ignore[arg-type]
    code = torch.stack(
        [part.argmax(-1) for part in torch.split(made.level, list(dense.sizes), dim=-1)], dim=-1
    )
    rows = model.rows(dense.batch(made.z, code, np.random.default_rng(0), batch.context))
    seen = model.real(rows, generator(CPU, 4))
    assert torch.equal(seen.level, made.level)
    assert torch.equal(seen.z == 0, made.z == 0)
    assert ((seen.z - made.z).abs() < 0.1).float().mean() > 0.97  # pieces are wide at the ends
    assert bool((made.z == 0).any()) == (grid != "image")


def test_what_makes_a_number_absent_is_learned_through_it() -> None:
    model = fitted("table")
    z = torch.ones((1, len(model.dense.reals)))
    level = torch.zeros((1, sum(model.dense.sizes)))
    level[0, 0] = 1.0
    level.requires_grad_()
    shown: Visible = model.show(z, level)
    (gradient,) = torch.autograd.grad(shown.z.sum(), level)
    assert gradient[0, 0] != 0 or gradient[0, 2:].any()


@pytest.mark.parametrize(("reals", "codes"), [(0, 2), (2, 0)])
def test_grids_of_one_sort_of_channel(reals: int, codes: int) -> None:
    rng = np.random.default_rng(0)
    spec = Spec((Real("x"),) * reals, (Code("c", 3),) * codes)
    batch = Batch(
        rng.integers(0, 10**6, (100, reals)), rng.integers(0, 3, (100, codes)).astype(np.int32)
    )
    made = Gan(**QUICK).fit(spec, batch, Run()).sample(9, rng)
    assert made.tick.shape == (9, reals)
    assert made.code.shape == (9, codes)


@pytest.mark.parametrize("grid", GRIDS)
def test_stored_models_make_the_same_rows(grid: str) -> None:
    spec, batch = GRIDS[grid]()
    model = fitted(grid, rare_oversampling=0.5)
    again = Gan.from_state(spec, *model.to_state())
    made = [
        one.sample(
            20,
            np.random.default_rng(5),
            context=None if batch.context is None else batch.context.rows(np.arange(20)),
        )
        for one in (model, again, fitted(grid, rare_oversampling=0.5))
    ]
    assert same(made[0], made[1])
    assert same(made[0], made[2])


def test_rare_rows_are_taken_more_often_and_count_less() -> None:
    spec = Spec((), (Code("c", 2),))
    batch = Batch(
        np.zeros((1000, 0), np.int64), (np.arange(1000) < 20).astype(np.int32).reshape(-1, 1)
    )
    model = Gan(**QUICK, rare_oversampling=1.0)
    model.spec = spec
    model.view(spec, batch, Run())
    rows = model.rows(batch)
    assert model.picker is not None
    taken = model.picker(rows, 20_000, generator(CPU, 0))
    rare = rows["code"][taken, 0] == 1
    assert 0.1 < rare.float().mean() < 0.15  # 0.02 ** 0.5 to 0.98 ** 0.5, as chances
    assert (rare / rows["chance"][taken]).mean() == pytest.approx(0.02, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
def test_what_belongs_together_is_found(loss: str) -> None:
    rng = np.random.default_rng(0)
    told, n = rng.integers(0, 2, 3000), 3000
    a = np.where(rng.random(n) < 0.9, told, 1 - told)
    b = 3 * a + rng.integers(0, 2, n)
    x = np.where(b % 2 == 0, 1, -1) * rng.integers(500, 1500, n)
    spec = Spec((Real("x"),), (Code("a", 2), Code("b", 5)), context=Spec((), (Code("told", 2),)))
    batch = Batch(
        x[:, None],
        np.column_stack([a, b]).astype(np.int32),
        None,
        Batch(np.zeros((n, 0), np.int64), told[:, None].astype(np.int32)),
    )
    options = {
        **QUICK,
        "width": 64,
        "noise": 16,
        "batch": 256,
        "steps": 600,
        "eval_every": 600,
        "pairs": 32,
    }
    model = Gan(**options, loss=loss).fit(spec, batch, Run(0))
    made = model.sample(n, np.random.default_rng(1), context=batch.context)
    agreed = (made.code[:, 0] == told).mean()  # 0.9 of the real rows
    assert 0.82 < agreed < (1.001 if loss == "wasserstein" else 0.97)
    assert (made.code[:, 1] // 3 == made.code[:, 0]).mean() > 0.9
    assert ((made.tick[:, 0] > 0) == (made.code[:, 1] % 2 == 0)).mean() > 0.85


def test_trees_tell_strange_rows_from_real_ones() -> None:
    _, batch = table(2000)
    rng = np.random.default_rng(0)
    halves = np.split(rng.permutation(2000), 2)
    real, other = (batch.rows(part) for part in halves)
    assert two_sample_auc(real, other, np.random.default_rng(1)) == pytest.approx(0.5, abs=0.05)
    assert two_sample_auc(real, other, np.random.default_rng(1)) == two_sample_auc(
        real, other, np.random.default_rng(1)
    )
    loose = Batch(np.column_stack([rng.permutation(column) for column in other.tick.T]), other.code)
    assert two_sample_auc(real, loose, np.random.default_rng(1)) > 0.6


@pytest.mark.parametrize("grid", GRIDS)
def test_the_score_takes_any_grid_and_few_rows(grid: str) -> None:
    _, batch = GRIDS[grid]()
    for n in (1, 12, 60):
        assert (
            0
            <= two_sample_auc(
                batch.rows(np.arange(n)), batch.rows(np.arange(n, 2 * n)), np.random.default_rng(0)
            )
            <= 1
        )
