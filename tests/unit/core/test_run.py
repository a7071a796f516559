"""A part of a job keeps what belongs to the job, and parts beside each other change no result."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from tidemill.core.errors import Cancelled, DataError
from tidemill.core.run import Event, Run


def test_a_child_keeps_threads_device_and_deadline_but_not_what_belongs_to_one_fit() -> None:
    run = Run(3, threads=5, device="cpu", deadline=7.0, steps=9, checkpoint=Path("kept"))
    child = run.child()
    assert (child.seed, child.threads, child.device, child.deadline) == (3, 5, "cpu", 7.0)
    assert child.steps is child.checkpoint is None
    assert run.child(to_end=True).deadline is None
    assert run.child(minutes=1).deadline == 7.0
    assert 0 < Run().child(minutes=1).deadline - time.monotonic() <= 60
    again = run.child(steps=run.steps, checkpoint=run.checkpoint)
    assert (again.steps, again.checkpoint) == (9, Path("kept"))


def test_only_a_child_with_a_name_or_seed_has_streams_of_its_own() -> None:
    run = Run(3)
    assert run.child().rng("draw").random() == run.rng("draw").random()
    assert run.child("fold", 1).seed == run.seed_of("fold", 1) != run.child("fold", 2).seed
    assert run.child("fold", 1, seed=8).seed == 8


def test_cancelling_a_child_cancels_the_job_and_all_its_parts() -> None:
    run = Run()
    child, other = run.child("a").child("b"), run.child(quiet=True)
    apart = run.child(stoppable=False)
    child.cancel()
    assert run.cancelled
    assert other.must_stop(0)
    with pytest.raises(Cancelled):
        other.check()
    assert not apart.cancelled


def test_warnings_of_a_child_reach_the_job_and_its_progress_only_if_asked() -> None:
    heard: list[Event] = []
    run = Run(listener=heard.append)
    with run.child().child().stage("learn") as stage:
        stage.run.warn("mind")
    assert run.warnings == ["mind"]
    assert [event.kind for event in heard] == ["warning"]
    with run.child(quiet=True).stage("learn") as stage:
        stage.run.warn("gap")
    assert run.warnings == ["mind"]
    with run.child(progress=True).stage("learn", total=1) as stage:
        stage.advance()
    assert [event.kind for event in heard[1:]] == ["start", "progress", "end"]


@pytest.mark.parametrize("threads", [1, 4])
def test_results_come_in_order_whatever_the_threads(threads: int) -> None:
    def slow(k: int) -> int:
        time.sleep(0.001 * (k % 3))
        return k * k

    assert list(Run(threads=threads).map(slow, range(40))) == [k * k for k in range(40)]


def test_parts_are_taken_only_a_few_ahead() -> None:
    taken = []

    def parts():
        for k in range(1000):
            taken.append(k)
            yield k

    assert next(iter(Run(threads=2).map(str, parts()))) == "0"
    assert len(taken) < 20


def test_an_error_of_a_part_reaches_the_caller_and_ends_the_others() -> None:
    begun = []

    def failing(k: int) -> int:
        begun.append(k)
        if k == 2:
            raise DataError("part 2 is empty")
        return k

    with pytest.raises(DataError, match="part 2"):
        list(Run(threads=1).map(failing, range(1000)))
    assert len(begun) < 20


def test_no_part_begins_after_cancelling() -> None:
    run, begun = Run(threads=2), []

    def stopping(k: int) -> None:
        begun.append(k)
        if k == 3:
            threading.Thread(target=run.cancel).start()
            time.sleep(0.05)

    with pytest.raises(Cancelled):
        list(run.child().map(stopping, range(1000)))
    assert len(begun) < 20


def test_the_time_left_is_told_when_something_is_known_of_it() -> None:
    heard: list[Event] = []
    run = Run(listener=heard.append)
    with run.stage("loop", total=20) as stage:
        for _ in range(2):
            stage.advance()
            time.sleep(0.11)  # events lie a tenth of a second apart
    told = [event.left for event in heard if event.kind == "progress"]
    assert told[0] is None
    assert told[1] is not None
    assert told[1] > 0
