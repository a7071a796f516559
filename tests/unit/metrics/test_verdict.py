"""The verdict's words follow the figures and their errors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tidemill.core.privacy import privacy_of
from tidemill.core.score import Score, Scores
from tidemill.metrics.detection import BY_TREES
from tidemill.metrics.pairs import TRENDS
from tidemill.metrics.utility import MEAN
from tidemill.metrics.verdict import verdict


def detection(value: float, floor: float = 0.99) -> Score:
    return Score(
        "detection", BY_TREES, value, floor, 0.5, "low", interval=(value - 0.01, value + 0.01)
    )


def leak(value: float, light: str, limit: float = 0.15, name: str = "copies") -> Score:
    return Score(
        "privacy",
        name,
        value,
        0.0,
        1.0,
        "low",
        interval=(value - 0.02, value + 0.02),
        figures={"limit": limit, "could_have_missed": value + 0.02},
        light=light,
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.505, "no better than a coin"),
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
        ([leak(0.01, "green"), leak(0.02, "green")], "one above 4 % of the way"),
        ([leak(0.01, "green"), leak(0.1, "amber")], "'copies': 10 % (8 % to 12 %) of the way"),
        ([leak(0.08, "amber", 0.05, "few"), leak(0.1, "amber")], "Seen by 'few': 8 %"),
        ([leak(0.3, "red"), leak(0.1, "amber")], "do not share them. Seen by 'copies': 30 %"),
        ([leak(0.3, "red")] * 3, "2 other figures say so, too"),
        ([leak(0.1, "not known")], "do not rule out one of 12 %"),
        ([], "was not measured"),
    ],
)
def test_privacy(scores: list[Score], words: str) -> None:
    assert words in verdict(scores)


def test_planted_rows_count_only_where_they_are_red() -> None:
    planted = leak(0.2, "amber", 0.25)
    rows = leak(0.01, "green")
    for light, said in (("amber", "green"), ("red", "red")):
        found = privacy_of([rows, replace(planted, metric="canaries", light=light)])
        assert found is not None
        assert found.light == said


def test_a_red_light_comes_first() -> None:
    said = verdict([detection(0.51), leak(0.9, "red"), leak(0.0, "green")])
    assert said.startswith("Red: the synthetic rows give away those learned from")
    assert verdict([detection(0.501), leak(0.1, "amber")]).startswith("The synthetic rows pass")


def test_one_poor_score_is_not_averaged_away() -> None:
    near = Score("pairs", TRENDS, 0.03, 0.13, 0.03, "low")
    assert "hardly like" in verdict([detection(0.93, floor=0.999), near])
    assert "roughly like" in verdict([detection(0.75), near])


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


@pytest.mark.parametrize(
    ("values", "words"),
    [((0.5, 0.505), "pass for real ones, too"), ((0.52, 0.7), "told from real ones with AUC 0.7")],
)
def test_texts_are_judged_by_the_best_judge(values: tuple[float, float], words: str) -> None:
    judges = [
        Score("text_detection", f"judge {k}", value, 0.99, 0.5, "low", interval=(value - 0.01, 1.0))
        for k, value in enumerate(values)
    ]
    assert words in verdict([detection(0.505), *judges])
