"""The time for learning: counted from where learning begins, and refused where it is too short."""

from __future__ import annotations

import time

import pytest

import tidemill as tm
from tests.conformance.tables import business
from tidemill.core.errors import OptionError
from tidemill.core.run import Run

ROWS = business(300)


def test_minutes_count_from_where_learning_begins_and_once() -> None:
    run = Run(minutes=1)
    assert run.deadline is None
    assert not run.must_stop(0)
    run.begin_learning()
    first = run.deadline
    assert first is not None
    assert 59 < first - time.monotonic() <= 60
    run.begin_learning()
    assert run.deadline == first == run.child().deadline
    assert run.child(to_end=True).minutes is None


def test_what_comes_before_takes_nothing_of_the_minutes() -> None:
    run = Run(minutes=1)
    run._began -= 3600  # an hour of mining
    assert tm.fit(ROWS, run=run).complete


@pytest.mark.parametrize("model", ["trees", "flow"])
def test_a_model_without_a_step_is_refused(model: str) -> None:
    with pytest.raises(OptionError, match=r"learned nothing: its time was over after 0 of") as told:
        tm.fit(ROWS, model=model, minutes=1e-9)
    assert "option 'minutes'" in str(told.value)


def test_a_model_with_hardly_a_step_is_told_how_long_all_would_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = iter(range(1000))
    monkeypatch.setattr(Run, "must_stop", lambda run, step: next(steps) >= 4)
    with pytest.raises(OptionError, match=r"after 4 of 30,000 steps") as told:
        tm.fit(ROWS, model="flow", options={"width": 16, "depth": 1, "steps": 30_000})
    assert "all steps would take about" in str(told.value)


def test_no_steps_are_no_fault_where_they_are_asked_for() -> None:
    assert tm.fit(ROWS, steps=0).manifest["steps_done"] == 0
