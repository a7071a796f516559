"""The page of a loop, from accounts made by hand."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from tests.unit.reporting.conftest import FINDINGS, split
from tests.unit.reporting.test_schema import validated
from tidemill.core.dataset import Dataset
from tidemill.core.verdict import Candidate, Contrast, RoundRecord, Verdict
from tidemill.reporting.blocks import Callout, CodeBlock, PictureBlock, Series, walk
from tidemill.reporting.loop import LoopReportInput, build_loop, sentences
from tidemill.reporting.page import Report
from tidemill.reporting.plots import Intervals, plot

MADE = "generated rows for weak spots"


def contrast(
    gain: float,
    low: float,
    high: float,
    *,
    learner: str = "boosting",
    share: float = 1.0,
    measure: str = "average_precision",
    level: float = 0.95,
) -> Contrast:
    return Contrast(
        MADE, "class weights", learner, measure, share, 0.5 + gain, 0.5, gain, low, high, level
    )


def verdict(main: Contrast, test: Contrast | None, *, helps: bool) -> Verdict:
    others = tuple(
        contrast(0.01, -0.01, 0.03, learner=learner, share=share)
        for learner in ("boosting", "logistic")
        for share in (1.0, 0.3, 0.1)
    )
    return Verdict(
        helps,
        main.gain,
        main.low,
        main.high,
        "average precision",
        "boosting",
        MADE,
        "class weights",
        "the reason",
        (main, *others),
        test,
    )


@pytest.fixture
def loop_account(tips: Dataset) -> LoopReportInput:
    train, test, _ = split(tips)
    first = RoundRecord(
        0,
        candidates=(
            Candidate("real rows alone", "real", 0, 0.48),
            Candidate("class weights", "real", 0, 0.5, 0.02, -0.01, 0.05, True),
        ),
        reason="beat this",
    )
    second = RoundRecord(
        1,
        ("day is Fri: 19 real rows", "size is 1: 4 real rows"),
        300,
        {"break a rule that always holds": 12},
        (
            Candidate(MADE, "generated", 120, 0.52, 0.02, 0.005, 0.035, True),
            Candidate(
                "generated rows more of all kinds", "generated", 122, 0.49, -0.01, -0.03, 0.01
            ),
        ),
        "Round 1 paid.",
        0.97,
        0.004,
        0.99,
    )
    said = verdict(
        contrast(0.021, 0.008, 0.033, level=0.975), contrast(0.018, -0.002, 0.04), helps=True
    )
    return LoopReportInput(
        "tips",
        said,
        (first, second),
        train,
        test,
        MADE,
        "generated",
        130,
        {"average_precision": "average precision"},
        {"boosting": "boosted trees", "logistic": "a linear model"},
        "all rounds were made",
        FINDINGS,
        folder="out",
        command="tidemill loop tips.csv",
        seed=0,
        seconds={"loop": 3.0},
        warnings=("Careful.",),
    )


def test_the_verdict_comes_first_with_its_interval_and_the_one_look(
    loop_account: LoopReportInput,
) -> None:
    first = build_loop(loop_account).blocks[0]
    assert isinstance(first, Callout)
    assert first.level == "good"
    assert first.title == (
        "Use generated rows: average precision rises by 2.1 points, 97.5 % interval of the change "
        "0.8 to "
        "3.3."
    )
    assert any(
        "122 untouched test rows" in item and "rises by 1.8 points" in item for item in first.items
    )


@pytest.mark.parametrize(
    ("gain", "low", "high", "said"),
    [
        (0.004, -0.01, 0.02, "may be chance"),
        (-0.03, -0.05, -0.01, "does worse"),
        (0.02, 0.01, 0.03, "was not confirmed"),
        (0.0, -inf, inf, "one fold only"),
    ],
)
def test_whatever_does_not_help_is_not_advised(
    loop_account: LoopReportInput, gain: float, low: float, high: float, said: str
) -> None:
    told = replace(
        loop_account,
        verdict=verdict(contrast(gain, low, high), contrast(-0.01, -0.02, 0.01), helps=False),
        strategy="class weights",
        kind="real",
        generated=0,
    )
    title, text, basis = sentences(told)
    assert title.startswith("Do not use generated rows")
    assert said in f"{title} {text}"
    assert "What to use instead: class weights." in basis
    page = build_loop(told)
    validated("report", page.to_state())
    assert page.html()


def test_a_loop_that_generated_nothing_has_a_page(loop_account: LoopReportInput) -> None:
    bare = replace(
        loop_account,
        turns=loop_account.turns[:1],
        findings=None,
        warnings=(),
        kind="real",
        generated=0,
        strategy="real rows alone",
        verdict=replace(loop_account.verdict, helps=False, contrasts=(), test=None),
    )
    page = build_loop(bare)
    assert "nothing to judge" in page.html()
    assert "with generated rows</span>" not in page.html(), "nothing was tried"
    validated("report", page.to_state())


def test_the_page_fits_its_schema_and_comes_back(loop_account: LoopReportInput) -> None:
    page = build_loop(loop_account)
    validated("report", page.to_state())
    assert Report.from_state(page.to_state()) == page
    text = page.html()
    for part in (
        "How sure is that?",
        "Round 1",
        "12",
        "day is Fri",
        "Has anything been lost",
        "Sampler.load",
        "Careful.",
    ):
        assert part in text
    assert "97 % of the rare values" in text.replace("\N{NO-BREAK SPACE}", " ")


def test_every_candidate_has_its_interval(loop_account: LoopReportInput) -> None:
    pictures = [
        b
        for b in walk(build_loop(loop_account).blocks)
        if isinstance(b, PictureBlock) and b.kind == "intervals"
    ]
    names = [name for picture in pictures for name in picture.x]
    assert any(str(name).startswith("The verdict") for name in names)
    assert {
        "Rows for weak spots – accepted",
        "Rows more of all kinds",
        "Class weights – to be beaten",
    } <= {*names}


def test_costs_are_money_and_lower_is_better(loop_account: LoopReportInput) -> None:
    main = Contrast(
        MADE, "class weights", "boosting", "cost", 1.0, 1900.0, 2150.0, 250.0, 40.0, 460.0
    )
    told = replace(
        loop_account,
        verdict=replace(loop_account.verdict, contrasts=(main,)),
        cost={"fp": 5, "fn": 200},
        measures={"cost": "cost per 1,000 rows"},
    )
    title, _, _ = sentences(told)
    assert title == (
        "Use generated rows: cost per 1,000 rows falls by 250 (from 2,150), 95 % interval of the "
        "saving 40 to "
        "460."
    )
    assert "A false alarm costs 5, a missed case 200." in build_loop(told).html()


def test_the_summary_for_a_terminal_is_short(loop_account: LoopReportInput) -> None:
    lines = build_loop(loop_account).summary().splitlines()
    assert lines[0].startswith("Verdict    Use generated rows")
    assert all(len(line) <= 100 for line in lines)


def test_classifiers_of_weights_are_given_weights(loop_account: LoopReportInput) -> None:
    told = replace(loop_account, strategy=f"{MADE} with class weights")
    code = [b.text for b in build_loop(told).blocks if isinstance(b, CodeBlock)]
    assert any('class_weight="balanced"' in text for text in code)


def test_intervals_stand_beside_zero() -> None:
    drawn = plot(
        PictureBlock(
            "intervals",
            "t",
            ("a", "b", "c"),
            (
                Series("gain", (1.0, -2.0, 0.0)),
                Series("low", (0.5, -3.0, None)),
                Series("high", (1.5, -1.0, None)),
            ),
        )
    )
    assert isinstance(drawn, Intervals)
    assert [row[1] for row in drawn.rows] == ["above", "below", ""]
    (_, _, point, left, width, text, _), below, unknown = drawn.rows
    assert point is not None
    assert drawn.zero < left < point < left + width
    assert below[3] + below[4] < drawn.zero
    assert (unknown[3], round(unknown[4])) == (0.0, 100)
    assert text == "+1.0 (0.5 to 1.5)"
    assert unknown[5] == "0.0 (– to –)"


def test_rows_from_elsewhere_are_used_as_they_were_proven(loop_account: LoopReportInput) -> None:
    """Who puts them below the own rows without their weight uses another strategy."""
    words = "rows from elsewhere, up to 4 for each real one, each counting 0.33 with class weights"
    last = replace(
        loop_account.turns[1], candidates=(Candidate(words, "elsewhere", 400, 0.6, accepted=True),)
    )
    told = replace(
        loop_account, turns=(loop_account.turns[0], last), strategy=words, kind="elsewhere"
    )
    text = build_loop(told).html()
    assert "Use rows from elsewhere" in text
    assert "the added rows count less than yours and all classes count the same together" in text
    assert "sample_weight" in text
    assert "also=(X_elsewhere, y_elsewhere)" in text
    plain = replace(told, strategy="rows from elsewhere, up to 4 for each real one")
    assert "sample_weight" not in build_loop(plain).html()
    validated("report", build_loop(told).to_state())
