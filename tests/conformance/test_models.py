"""Laws of every registered generator of rows."""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.conformance.quick import NEURAL, OF_ROWS, quick
from tests.conformance.tables import business, dataset
from tidemill.codecs.table import TableCodec
from tidemill.core.errors import ConditionError
from tidemill.core.extremes import outward
from tidemill.core.grid import Batch, Code, Constraints, Real, Spec
from tidemill.core.run import Run
from tidemill.models import MODELS
from tidemill.models.base import Generator, unfitted
from tidemill.synthesis.synthesizer import Synthesizer

DATA = dataset(business(), target="churn")
FEW = {"steps": 40, "eval_every": 20, "blocks": 1, "state": 32}


def grid() -> tuple[Spec, Batch]:
    codec = TableCodec().fit(DATA, Run())
    return codec.spec, codec.encode(DATA)


def same(a: Batch, b: Batch) -> bool:
    return np.array_equal(a.tick, b.tick) and np.array_equal(a.code, b.code)


@cache
def fitted(name: str, **options: int) -> Generator:
    spec, batch = grid()
    return learned(name, spec, batch, Run(3, **options))


def learned(name: str, spec: Spec, batch: Batch, run: Run) -> Generator:
    return unfitted(name, quick(name)).fit(spec, batch, run)


@cache
def begun(name: str, **options: int) -> Generator:
    """Learned in a few steps, where bytes are compared and what was learned is not."""
    spec, batch = grid()
    return unfitted(name, quick(name, **FEW)).fit(spec, batch, Run(3, **options))


@pytest.mark.parametrize("name", OF_ROWS)
def test_rows_stay_within_the_spec_and_what_was_seen(name: str) -> None:
    spec, batch = grid()
    made = fitted(name).sample(1000, np.random.default_rng(0))
    assert len(made) == 1000
    for k, code in enumerate(spec.codes):
        assert set(np.unique(made.code[:, k])) <= set(np.unique(batch.code[:, k])), code.name
    for r, real in enumerate(spec.reals):
        here = np.ones(1000, bool) if real.presence is None else made.code[:, real.presence] == 0
        low, high = outward(int(batch.tick[:, r].min()), int(batch.tick[:, r].max()))
        assert made.tick[here, r].min() >= low
        assert made.tick[here, r].max() <= high
        assert (made.tick[~here, r] == 0).all()


@pytest.mark.parametrize("name", OF_ROWS)
def test_same_seed_same_rows_whatever_the_threads(name: str) -> None:
    one, other = begun(name, threads=1), begun(name, threads=4)
    draws = [
        model.sample(10_000, np.random.default_rng(5), run=Run(threads=threads))
        for model, threads in ((one, 1), (one, 4), (other, 1))
    ]
    assert all(same(draws[0], draw) for draw in draws[1:])
    assert not same(draws[0], one.sample(10_000, np.random.default_rng(6)))


@pytest.mark.parametrize("name", OF_ROWS)
def test_state_restores(name: str) -> None:
    model = fitted(name)
    document, arrays = model.to_state()
    again = MODELS.load(name).from_state(grid()[0], json.loads(json.dumps(document)), arrays)
    assert same(
        model.sample(500, np.random.default_rng(1)), again.sample(500, np.random.default_rng(1))
    )
    assert (again.steps_done, again.steps_planned) == (model.steps_done, model.steps_planned)


@pytest.mark.parametrize("name", OF_ROWS)
def test_columns_keep_their_shares(name: str) -> None:
    spec, batch = grid()
    made = fitted(name).sample(20_000, np.random.default_rng(2))
    for k, code in enumerate(spec.codes):
        real, drawn = (
            np.bincount(b.code[:, k], minlength=code.size) / len(b) for b in (batch, made)
        )
        # networks are given a few hundred steps here
        assert np.abs(real - drawn).sum() / 2 < (0.1 if name in NEURAL else 0.05), code.name


@pytest.mark.parametrize("name", OF_ROWS)
def test_what_never_occurs_is_refused(name: str) -> None:
    spec = Spec((Real("x"),), (Code("c", 3),))
    batch = Batch(
        np.arange(200).reshape(-1, 1) % 7, (np.arange(200) % 2).astype(np.int32).reshape(-1, 1)
    )
    model = unfitted(name, quick(name, **FEW)).fit(spec, batch, Run())
    for known in (
        Constraints(code={0: np.array([False, False, True])}),
        Constraints({0: np.array([[1_000_000, 1_000_000]])}),
    ):
        with pytest.raises(ConditionError, match="no training row"):
            model.infill(10, known, np.random.default_rng(0))


@pytest.mark.parametrize("name", OF_ROWS)
@pytest.mark.parametrize(("reals", "codes"), [(1, 0), (0, 1), (0, 0)])
def test_narrow_and_empty_grids(name: str, reals: int, codes: int) -> None:
    spec = Spec((Real("x"),) * reals, (Code("c", 1),) * codes)
    batch = Batch(np.full((30, reals), 7, np.int64), np.zeros((30, codes), np.int32))
    made = learned(name, spec, batch, Run()).sample(5, np.random.default_rng(0))
    assert same(made, Batch(np.full((5, reals), 7, np.int64), np.zeros((5, codes), np.int32)))


@pytest.mark.parametrize("name", OF_ROWS)
def test_no_rows(name: str) -> None:
    assert len(fitted(name).sample(0, np.random.default_rng(0))) == 0


@pytest.mark.parametrize("name", OF_ROWS)
def test_a_replayed_part_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    full = begun(name, threads=1)
    steps = full.steps_planned // 2
    part, again = (begun(name, steps=steps, threads=threads) for threads in (1, 4))
    assert part.steps_done == again.steps_done == (steps if full.steps_planned > 1 else 1)
    assert same(
        part.sample(200, np.random.default_rng(0)), again.sample(200, np.random.default_rng(0))
    )


@pytest.mark.parametrize("name", OF_ROWS)
def test_out_of_time_and_cancelled_fits_are_usable(name: str) -> None:
    spec, batch = grid()
    late = Run(deadline=time.monotonic() - 1)
    assert len(learned(name, spec, batch, late).sample(50, np.random.default_rng(0))) == 50
    cancelled = Run()
    cancelled.cancel()
    if name != "independent":  # instant: nothing to cut short
        with pytest.raises(Exception, match="stopped"):
            learned(name, spec, batch, cancelled)


@pytest.mark.parametrize("name", OF_ROWS)
def test_the_artefact_is_the_same_bytes(name: str, tmp_path: Path) -> None:
    paths = [
        Synthesizer.fit(DATA, Run(1, threads=threads), name, quick(name, **FEW)).save(
            tmp_path / f"{threads}.tidemill"
        )
        for threads in (1, 3)
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    model = Synthesizer.load(paths[0])
    assert model.sample(20, seed=4).equals(Synthesizer.load(paths[1]).sample(20, seed=4))


@pytest.mark.parametrize("name", OF_ROWS)
def test_what_has_nothing_to_do_with_each_other_is_not_tied_together(name: str) -> None:
    """Fair coins stay independent of each other, also far down the row and where every chance is
    one half."""
    n, coins = 2000, 16
    codes = np.random.default_rng(0).integers(0, 2, (n, coins)).astype(np.int32)
    spec = Spec((Real("x"),), tuple(Code(f"coin {k}", 2) for k in range(coins)))
    batch = Batch(np.random.default_rng(1).integers(0, 5000, (n, 1)), codes)
    made = learned(name, spec, batch, Run()).sample(n, np.random.default_rng(2))
    drawn = np.corrcoef(np.column_stack([made.code, made.tick[:, 0] % 97]).T)
    # what `trees` takes for a relation in 2,000 rows of noise is at most as large as noise
    # a network of a few hundred steps leaves more
    assert np.abs(drawn - np.eye(coins + 1)).max() < (9 if name in NEURAL else 4.5) / np.sqrt(n)
