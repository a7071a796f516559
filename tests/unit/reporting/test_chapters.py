from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from tidemill.core.finding import Finding, Findings
from tidemill.core.picture import Picture, Table
from tidemill.core.score import Score, Scores
from tidemill.reporting.answers import answers
from tidemill.reporting.base import ReportInput, Round
from tidemill.reporting.blocks import (
    Block,
    Card,
    Details,
    Gauges,
    Grid,
    Paragraph,
    TableBlock,
    walk,
)
from tidemill.reporting.cleaning import cleaned
from tidemill.reporting.findings import found
from tidemill.reporting.generation import generated
from tidemill.reporting.rounds import outcome, rounds
from tidemill.reporting.share import share
from tidemill.reporting.trust import trust


def texts(blocks: list[Block]) -> str:
    return "\n".join(b.text for b in walk(blocks) if isinstance(b, Paragraph))


def tables(blocks: list[Block]) -> list[TableBlock]:
    return [b for b in walk(blocks) if isinstance(b, TableBlock)]


def test_equal_changes_are_counted_together_and_personal_data_left_out(
    account: ReportInput,
) -> None:
    changes = next(t for t in tables(cleaned(account)) if "Before → after" in t.columns)
    assert changes.rows == (("day", "a rare value → mended", 2, "r"),)


def test_rules_are_told_once(account: ReportInput) -> None:
    assert account.issues is not None
    rule = replace(account.issues[2], check="rules", sentence="'tip' is never above 'total_bill'.")
    told = replace(account, issues=(*account.issues, rule))
    assert len(told.undecided) == 2
    assert not [t for t in tables(cleaned(told)) if any(rule.sentence == row[0] for row in t.rows)]


def test_many_findings_without_pictures_are_a_table_with_its_tail_folded(
    account: ReportInput,
) -> None:
    blocks = found(account)
    shown = next(b for b in blocks if isinstance(b, TableBlock) and b.columns[1] == "Lift")
    assert len(shown.rows) == 5
    assert any(isinstance(b, Details) and b.summary == "9 more" for b in blocks)


def test_findings_with_pictures_are_cards_with_their_figures_folded(account: ReportInput) -> None:
    picture, table = Picture("bars", "p", (1, 2), (("s", (1.0, 2.0)),)), Table(("a",), ((1,),))
    several = Findings(
        Finding("segments", "segment", f"{i}", 1.0, "m", 1, picture=picture, table=table)
        for i in range(3)
    )
    grid = next(b for b in found(replace(account, findings=several)) if isinstance(b, Grid))
    assert all(
        isinstance(card, Card) and isinstance(card.blocks[-1], Details) for card in grid.blocks
    )


def test_nothing_found_is_said(account: ReportInput) -> None:
    assert "Nothing was found" in texts(found(replace(account, findings=Findings())))
    assert found(replace(account, findings=None)) == []


def test_scores_stand_in_the_chapter_that_they_are_about(account: ReportInput) -> None:
    names = [
        [g.name for b in chapter(account) if isinstance(b, Gauges) for g in b.items]
        for chapter in (trust, share)
    ]
    assert names == [["column shapes", "pair trends", "detection by trees (AUC)"], []]
    leaks = tables(share(account))[0]
    assert leaks.rows[0][:3] == ("Closeness to training rows", "Green", "2 %")
    assert "Not computed: utility (there are too few rows)." in texts(trust(account))


def test_columns_with_the_lowest_score_come_first(account: ReportInput) -> None:
    grid = next(b for b in generated(account) if isinstance(b, Grid))
    scores = [b.match if b.score is None else b.score for b in grid.blocks if hasattr(b, "match")]
    assert len(scores) == 7
    assert scores == sorted(scores)


def test_real_rows_may_be_typed_otherwise_than_generated_ones(account: ReportInput) -> None:
    assert account.holdout is not None
    other = account.holdout.with_frame(
        account.holdout.frame.with_columns(
            pl.col("size").cast(pl.Float64), pl.col("day").cast(pl.Categorical)
        )
    )
    assert texts(generated(replace(account, holdout=other))) == texts(generated(account))


@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (Round(2, 10, {}, 0), "No generated row passed"),
        (Round(2, 10, {}, 5), "no target to judge"),
        (
            Round(2, 10, {}, 5, "AUC", 0.8, 0.81, (-0.01, 0.03)),
            "0.800 to 0.810 on the real held-out rows: no clear difference",
        ),
        (Round(2, 10, {}, 5, "AUC", 0.8, 0.9, (0.05, 0.15)), "a clear difference"),
    ],
)
def test_what_a_round_did_is_one_sentence(turn: Round, words: str, account: ReportInput) -> None:
    assert words in outcome(turn, "tip")
    assert rounds(replace(account, rounds=(turn,)))


def test_no_holdout_no_scores_no_model(account: ReportInput) -> None:
    bare = ReportInput("bare", synthetic=account.synthetic)
    assert answers(bare) == ()
    assert "122" in texts(generated(bare))
    assert trust(bare) == []
    assert share(bare) == []
    assert account.synthetic is not None
    none = account.synthetic.with_frame(account.synthetic.frame.clear())
    assert generated(
        replace(
            account,
            synthetic=none,
            scores=Scores((Score("pairs", "pair trends", None, why="no rows"),)),
        )
    )


def test_rows_left_out_are_counted_and_never_shown(account: ReportInput) -> None:
    assert account.changes is not None
    left = {"row": 200, "column": "", "before": "Total | a@b.org", "after": None}
    entry = pl.DataFrame([{**left, "check": "rows", "reason": "a row of totals"}])
    told = replace(account, changes=pl.concat([account.changes, entry], how="vertical_relaxed"))
    assert "3 cells repaired in 2 columns, 1 row left out; " in answers(told)[0].answer
    assert "a@b.org" not in str(cleaned(told))
    only = replace(account, changes=entry, issues=())
    assert answers(only)[0].answer == "1 row left out; nothing is left for you to decide."
