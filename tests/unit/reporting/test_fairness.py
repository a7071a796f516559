"""The chapter on fairness."""

from __future__ import annotations

from dataclasses import replace

from tidemill.core.picture import Picture, Table
from tidemill.core.schema import Column
from tidemill.core.score import Score, Scores
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import (
    CodeBlock,
    Details,
    Gauges,
    Heading,
    Paragraph,
    PictureBlock,
    walk,
)
from tidemill.reporting.build import build
from tidemill.reporting.fairness import fairness, gaps
from tidemill.reporting.trust import trust

TABLE = Table(("group", "rows"), (("Male", 90), ("Female", 60)), "Who is there")
PARITY = (
    Score(
        "parity",
        "quality in the worst served group of 'sex'",
        0.9,
        0.8,
        0.95,
        sentence="Served.",
        table=TABLE,
    ),
    Score(
        "parity",
        "outcome gap by 'sex' (difference of rates)",
        0.2,
        0.0,
        0.2,
        "ceiling",
        "They are 20 points apart.",
    ),
    Score(
        "parity", "errors by 'sex' (equalized odds difference)", None, why="there are too few rows"
    ),
    Score(
        "parity",
        "decisions by 'sex' after fair generation (demographic parity difference)",
        0.1,
        better="low",
        sentence="10 points instead of 20.",
        picture=Picture("lines", "What it costs", (0.0, 1.0), (("AUC", (90.0, 89.0)),)),
    ),
)


def watched(account: ReportInput) -> ReportInput:
    """The account with scores of parity and a target of two classes."""
    assert account.scores is not None
    assert account.train is not None
    schema = account.train.schema.with_roles("target", ["smoker"]).with_roles("feature", ["tip"])
    return replace(
        account,
        train=replace(account.train, schema=schema),
        scores=replace(account.scores, scores=(*account.scores.scores, *PARITY)),
    )


def test_groups_are_told_from_the_gap_to_its_cost(account: ReportInput) -> None:
    blocks = list(walk(fairness(watched(account))))
    assert [b.text for b in blocks if isinstance(b, Heading)] == ["Groups of 'sex'"]
    [gauges] = [b for b in blocks if isinstance(b, Gauges)]
    assert [one.sentence for one in gauges.items] == ["They are 20 points apart.", "Served."]
    said = [b.text for b in blocks if isinstance(b, Paragraph)]
    assert any("too few rows" in text for text in said)
    assert "10 points instead of 20." in said
    assert [b.title for b in blocks if isinstance(b, PictureBlock)] == ["What it costs"]
    assert [b.summary for b in blocks if isinstance(b, Details)] == ["Who is there"]
    assert [b.text for b in blocks if isinstance(b, CodeBlock)] == [
        'tidemill.sample("model.tidemill", 1000, fair={"sex": "smoker"})'
    ]


def test_the_scores_have_one_place_and_a_line(account: ReportInput) -> None:
    full = watched(account)
    assert not any(
        "'sex'" in one.name for b in walk(trust(full)) if isinstance(b, Gauges) for one in b.items
    )
    assert gaps(full) == ["They are 20 points apart."]
    page = build(full)
    assert "Fair       They are 20 points apart." in page.summary()
    assert [b.text for b in page.blocks if isinstance(b, Heading) and b.anchor == "fairness"] == [
        "Is it fair?"
    ]


def test_undeclared_columns_are_suggested(account: ReportInput) -> None:
    assert account.train is not None
    schema = account.train.schema.replacing(Column("sex", "category"))
    [said] = fairness(replace(account, train=replace(account.train, schema=schema)))
    assert isinstance(said, Paragraph)
    assert said.text.startswith("By its name, this column may be sensitive: sex.")


def test_nothing_is_said_where_nothing_is_known(account: ReportInput) -> None:
    assert not fairness(ReportInput("tips"))
    assert not fairness(replace(account, scores=Scores(())))
    assert account.train is not None
    plain = account.train.select(["total_bill", "tip"])
    assert not fairness(replace(account, train=plain))
