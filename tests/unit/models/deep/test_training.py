"""The trainer on its own, with losses that anyone can check."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from tidemill.core.run import Event, Run
from tidemill.models.deep.training import Objective, Trainer, Training, generator, takes_bfloat16

CPU = torch.device("cpu")
ROWS = {"x": torch.linspace(-1, 1, 64)[:, None], "y": 3 * torch.linspace(-1, 1, 64)[:, None] + 1}


def line(**options: object) -> tuple[nn.Linear, Trainer, object]:
    """A straight line that is to be found, and its held-out error."""
    net = nn.Linear(1, 1)
    nn.init.zeros_(net.weight)
    nn.init.zeros_(net.bias)

    def loss(rows: dict[str, Tensor], rng: torch.Generator, step: int) -> Tensor:
        return (net(rows["x"]) - rows["y"]).square().mean()

    said = Training(
        **{
            "precision": "float32",
            "batch": 16,
            "rate": 0.05,
            "eval_every": 20,
            "steps": 600,
            "clip": 100.0,
            **options,
        }
    )
    trainer = Trainer(net, [Objective("error", list(net.parameters()), loss)], said, 0, CPU)
    return net, trainer, lambda rng: float(loss(ROWS, rng, 0))


def test_it_learns_and_keeps_the_best_average() -> None:
    net, trainer, score = line()
    trainer.learn(ROWS, None, score, Run())
    trainer.keep_best()
    assert net.weight.item() == pytest.approx(3, abs=0.05)
    assert net.bias.item() == pytest.approx(1, abs=0.05)
    assert trainer.progress.curves["error"][-1][1] < trainer.progress.curves["error"][0][1]


def test_it_cuts_the_rate_and_ends_by_itself() -> None:
    _, trainer, _ = line(steps=100_000, patience=2, lr_cuts=1)
    ended = trainer.learn(ROWS, None, lambda rng: 1.0, Run())
    # the first look is the best one; two cuts of two looks each follow
    assert ended
    assert trainer.progress.step == 20 * (1 + 2 + 2)
    assert trainer.progress.cut == 2


def test_every_row_is_taken_once_an_epoch() -> None:
    _, trainer, _ = line()
    taken = torch.cat([trainer._turn(64, step, 0) for step in range(4)])
    assert sorted(taken.tolist()) == list(range(64))
    assert (
        taken.tolist() != torch.cat([trainer._turn(64, step, 0) for step in range(4, 8)]).tolist()
    )


def test_two_objectives_move_their_own_parameters_only() -> None:
    net = nn.ParameterDict({"a": nn.Parameter(torch.ones(1)), "b": nn.Parameter(torch.ones(1))})

    def both(rows: dict[str, Tensor], rng: torch.Generator, step: int) -> Tensor:
        return net["a"].square().sum() + net["b"].square().sum()

    objectives = [Objective("a", [net["a"]], both), Objective("b", [net["b"]], both, every=10**6)]
    trainer = Trainer(
        net, objectives, Training(steps=50, rate=0.01, decay=0.0, eval_every=50), 0, CPU
    )
    trainer.progress.step = 1  # at step 0 every objective is due
    trainer.learn(ROWS, None, lambda rng: 0.0, Run())
    assert net["a"].item() < 0.9
    assert net["b"].item() == 1.0


def test_a_loss_that_is_not_finite_ends_learning_and_keeps_the_last_good_state() -> None:
    net, trainer, score = line(steps=200, patience=100)
    [objective] = trainer.objectives
    broken = Objective(
        "error",
        objective.parameters,
        lambda rows, rng, step: objective.loss(rows, rng, step) * (math.nan if step == 130 else 1),
    )
    trainer.objectives = [broken]
    run = Run()
    assert not trainer.learn(ROWS, None, score, run)
    assert "diverged at step 130" in run.warnings[0]
    assert "step 120" in run.warnings[0]
    trainer.keep_best()
    assert all(torch.isfinite(p).all() for p in net.parameters())


def test_progress_shows_the_curves_and_steps() -> None:
    events: list[Event] = []
    _, trainer, score = line(steps=100)
    trainer.learn(ROWS, None, score, Run(listener=events.append))
    last = [event for event in events if event.kind == "progress"][-1]
    assert last.done == last.total == 100
    assert "error" in last.text
    assert "score" in last.text


def test_streams_differ_by_every_number() -> None:
    seeds = {
        generator(CPU, *numbers).initial_seed()
        for numbers in ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (0, -1, 0))
    }
    assert len(seeds) == 5


def test_precision_is_as_asked() -> None:
    assert takes_bfloat16("bfloat16", CPU)
    assert not takes_bfloat16("float32", CPU)
