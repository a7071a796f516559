"""What follows from a client's answers."""

from __future__ import annotations

import pytest

from tidemill.markets.profile import QUESTIONS, ClientAnswers

SOUND = {"horizon": 10, "loss": 25, "income": 2, "experience": 8, "debt": 10, "reserve": 6}


def said(**other: float) -> ClientAnswers:
    return ClientAnswers.of({**SOUND, **other})


def test_sound_answers_bind_by_what_the_client_bears() -> None:
    bound = said().bound()
    assert said().contradictions() == ()
    assert (bound.loss, bound.years, bound.notes) == (0.25, 10, ())
    assert set(SOUND) == set(QUESTIONS)
    assert len(said().words()) == 6


@pytest.mark.parametrize(
    ("other", "loss", "years"),
    [
        ({"debt": 65.0}, 0.15, 10),  # what is owed and drawn is not there to be lost
        ({"income": 8.0}, 0.1, 10),
        ({"experience": 0.5}, 0.1, 10),
        ({"reserve": 1.0}, 0.25, 1),
        ({"loss": 0.0}, 0.0, 10),
        ({"loss": 0.0, "debt": 300.0}, 0.0, 10),
        ({"reserve": 0.0, "horizon": 0.5, "loss": 10.0}, 0.1, 0.5),
    ],
)
def test_each_answer_may_bind(other: dict[str, float], loss: float, years: float) -> None:
    answers = said(**other)
    assert answers.contradictions() == ()
    bound = answers.bound()
    assert bound.loss == pytest.approx(loss)
    assert bound.years == years
    assert bound.loss in [limit for _, limit in bound.limits]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"debt": 100.0}, "all of the money"),
        ({"income": 10.0, "horizon": 20.0}, "all of the money"),
        ({"horizon": 0.5, "loss": 30.0}, "needed in 6 months"),
        ({"experience": 0.0, "loss": 40.0}, "for 0 years"),
    ],
)
def test_contradictions_are_asked_again(other: dict[str, float], words: str) -> None:
    [found] = said(**other).contradictions()
    assert words in found
    assert "ask again for" in found


def test_all_contradictions_are_told_at_once() -> None:
    assert len(said(horizon=0.5, loss=50, experience=0, debt=120).contradictions()) == 3
