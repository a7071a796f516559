"""The verdict's words follow the figures and their errors."""

from __future__ import annotations

import pytest

from tidemill.core.score import Score, Scores
from tidemill.metrics.detection import BY_TREES
from tidemill.metrics.membership import MEMBERSHIP
from tidemill.metrics.nearest import CLOSENESS, COPIES
from tidemill.metrics.utility import MEAN
from tidemill.metrics.verdict import verdict


def detection(value: float, floor: float = 0.99) -> Score:
    return Score(
        "detection", BY_TREES, value, floor, 0.5, "low", interval=(value - 0.01, value + 0.01)
    )


def closeness(value: float, error: float = 0.005) -> Score:
    return Score(
        "nearest", CLOSENESS, value, 0.5, 0.5, "low", figures={"error": error, "if_copied": 1.0}
    )


def copies(excess: float) -> Score:
    return Score(
        "nearest",
        COPIES,
        0.01 + excess,
        0.0,
        0.01,
        "low",
        figures={"excess": excess, "excess_error": 0.001},
    )


def membership(value: float) -> Score:
    return Score("membership", MEMBERSHIP, value, 0.5, 0.5, "low", figures={"error": 0.005})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.505, "cannot tell"),
        (0.53, "very close to"),
        (0.6, "close to"),
        (0.75, "roughly like"),
        (0.95, "hardly like"),
    ],
)
def test_fidelity(value: float, words: str) -> None:
    assert words in verdict([detection(value)])


def test_a_table_without_relations() -> None:
    assert "little between the columns to be learned" in verdict([detection(0.52, floor=0.53)])


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.9, "worth as much as"), (0.87, "nearly as much"), (0.75, "less than"), (0.55, "far less")],
)
def test_use(value: float, words: str) -> None:
    assert words in verdict([Score("utility", MEAN, value, 0.5, 0.9)])


def test_a_target_that_cannot_be_predicted() -> None:
    assert "Not even real rows" in verdict([Score("utility", MEAN, 0.51, 0.5, 0.52)])


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ([closeness(0.51), copies(0.001), membership(0.51)], "no sign of copying"),
        (
            [closeness(0.55), copies(0.001), membership(0.51)],
            "lean slightly towards the training rows: 55 %",
        ),
        (
            [closeness(0.51), copies(0.005), membership(0.51)],
            "lean slightly towards the training rows: 1.5 %",
        ),
        ([closeness(0.60), copies(0.0), membership(0.51)], "Warning"),
        ([closeness(0.51), copies(0.02), membership(0.51)], "Warning"),
        ([closeness(0.51), copies(0.0), membership(0.70)], "Warning"),
        ([closeness(0.60, error=0.1), copies(0.0), membership(0.5)], "no sign of copying"),
    ],
)
def test_copying(scores: list[Score], words: str) -> None:
    assert words in verdict(scores)


def test_a_warning_comes_first_and_names_its_figure() -> None:
    said = verdict([detection(0.51), closeness(0.9), copies(0.0), membership(0.51)])
    assert said.startswith("Warning")
    assert "90 % of them are closer" in said
    assert "AUC 0.510 (0.5 is guessing)." not in said.split("A tree")[0]


def test_scores_show_themselves() -> None:
    scores = Scores(
        (detection(0.6), Score("utility", MEAN, None, why="no <target>")), "A verdict.", "A limit."
    )
    shown = scores._repr_html_()
    assert "0.600" in shown
    assert "no &lt;target&gt;" in shown
    assert scores[BY_TREES].reach == pytest.approx(0.39 / 0.49)
    assert scores.to_state()["limit"] == "A limit."
    with pytest.raises(KeyError):
        scores["nothing"]


def test_a_score_without_value_must_say_why() -> None:
    with pytest.raises(ValueError, match="neither a value"):
        Score("utility", MEAN, None)
    with pytest.raises(ValueError, match="finite"):
        Score("utility", MEAN, float("nan"))
