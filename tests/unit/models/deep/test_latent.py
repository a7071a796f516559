"""Another family on the latents of an autoencoder."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest

from tests.unit.models.deep.test_vae import clusters
from tidemill.core.errors import ConditionError, OptionError
from tidemill.core.grid import Batch, Constraints
from tidemill.core.run import Run
from tidemill.models.deep.latent import Latent

TINY = {
    "width": 48,
    "depth": 1,
    "batch": 128,
    "eval_every": 50,
    "cores": 1,
    "vae_options": "latent=3",
}


def fitted(run: Run | None = None, **options: Any) -> Latent:
    return Latent(**{**TINY, "steps": 60, **options}).fit(*clusters(), run or Run(1))


def same(a: Batch, b: Batch) -> bool:
    return np.array_equal(a.tick, b.tick) and np.array_equal(a.code, b.code)


@pytest.mark.parametrize("inner", ["flow", "trees", "vae"])
def test_any_family_learns_latents(inner: str) -> None:
    given = "" if inner == "trees" else "hide=0" if inner == "vae" else "sampling_steps=10"
    model = fitted(inner=inner, steps=1000, vae_steps=500, inner_options=given)
    made = model.sample(1000, np.random.default_rng(0))
    assert (made.code[:, 0] == made.code[:, 2]).mean() > 0.9
    document, arrays = model.to_state()
    again = Latent.from_state(model.spec, json.loads(json.dumps(document)), arrays)
    assert same(made, again.sample(1000, np.random.default_rng(0)))
    assert (again.steps_done, again.steps_planned) == (model.steps_done, model.steps_planned)


def test_options_reach_the_parts() -> None:
    model = Latent(
        width=32,
        rate=0.01,
        inner_options="sampling_steps=7, width=64",
        vae_options="latent=5,beta=0.2",
    )
    assert (
        model.vae.options.width,
        model.vae.options.rate,
        model.vae.options.latent,
        model.vae.options.beta,
    ) == (32, 0.01, 5, 0.2)
    inner = model.inner.options  # type: ignore[attr-defined]
    assert (inner.width, inner.sampling_steps, inner.rate) == (64, 7, 0.01)
    assert Latent().inner.options.depth == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "options",
    [
        {"inner": "latent"},
        {"inner": "flaw"},
        {"inner_options": "wide=3"},
        {"vae_options": "latent=many"},
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(OptionError):
        Latent(**options)


def test_steps_are_counted_through_and_curves_are_of_both() -> None:
    model = fitted(steps=150, vae_steps=50)
    assert (model.vae.steps_done, model.inner.steps_done, model.steps_done) == (50, 100, 150)
    assert [step for step, _ in model.curves["vae score"]] == [50]
    assert [step for step, _ in model.curves["score"]] == [100, 150]
    assert [step for step, _ in model.snapshots] == [
        50,
        100,
        150,
    ]  # the last with the weights that were kept
    assert all(batch.code.shape[1] == 3 for _, batch in model.snapshots)


@pytest.mark.parametrize("steps", [20, 90])
def test_a_replayed_part_is_the_same(steps: int) -> None:
    part, again = (fitted(Run(1, steps=steps), steps=120, vae_steps=40) for _ in range(2))
    assert part.steps_done == steps
    assert part.vae.steps_done == min(steps, 40)
    assert same(
        part.sample(50, np.random.default_rng(0)), again.sample(50, np.random.default_rng(0))
    )


def test_where_time_is_short_the_autoencoder_leaves_some_and_the_same_can_be_learned_again() -> (
    None
):
    run = Run(1, deadline=time.monotonic() + 1.5)
    short = fitted(run, steps=1_000_000, vae_steps=400_000)
    assert 0 < short.vae.steps_done < 400_000
    assert short.inner.steps_done > 0
    taken = short.vae.steps_done
    assert any(f"vae_steps={taken}" in warning for warning in run.warnings)
    again = fitted(Run(1, steps=short.steps_done), steps=1_000_000, vae_steps=taken)
    assert same(
        short.sample(50, np.random.default_rng(0)), again.sample(50, np.random.default_rng(0))
    )


def test_a_cancelled_fit_keeps_what_it_has() -> None:
    run = Run(1)
    run._listener = lambda event: run.cancel() if "score" in event.text else None
    model = fitted(run, steps=200, vae_steps=100)
    assert model.steps_done < 200
    assert len(model.sample(10, np.random.default_rng(0))) == 10


def test_conditions_are_met_or_refused() -> None:
    model = fitted(steps=800, vae_steps=400)
    known = Constraints({0: np.array([[800, 1200]])}, {0: np.array([False, True, False, False])})
    found = model.infill(30, known, np.random.default_rng(0))
    assert known.satisfied_by(found.batch).all()
    assert found.chance[0] == pytest.approx(1 / 3, abs=0.12)
    with pytest.raises(ConditionError, match="no training row"):
        model.infill(
            5,
            Constraints(code={0: np.array([False, False, False, True])}),
            np.random.default_rng(0),
        )
