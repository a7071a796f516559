"""A whole account made by hand from a real table that plotly carries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import plotly.data
import polars as pl
import pytest

from tidemill.core.change import Issue
from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding, Findings
from tidemill.core.picture import Picture, Table
from tidemill.core.schema import Column, Rule, Schema
from tidemill.core.score import Score, Scores
from tidemill.reporting.base import ReportInput, Round

Kind = Literal["bars", "across", "lines", "points", "heat"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.fixture(scope="session")
def tips() -> Dataset:
    frame = plotly.data.tips(return_type="polars").with_columns(pl.lit("x").alias("guest"))
    schema = Schema(
        (
            Column(
                "total_bill",
                "number",
                step="0.01",
                dtype="Float64",
                reason="every value reads as a number",
            ),
            Column(
                "tip",
                "number",
                role="target",
                step="0.01",
                dtype="Float64",
                role_reason="given by the user",
            ),
            Column("sex", "category", role="sensitive"),
            Column("smoker", "boolean"),
            Column("day", "category"),
            Column("time", "category"),
            Column("size", "number", step="1", dtype="Int64"),
            Column("guest", "text"),
        )
    )
    return Dataset(frame.select(schema.names), schema, name="tips")


def split(data: Dataset) -> tuple[Dataset, Dataset, Dataset]:
    """Train, holdout, and shuffled columns in the place of synthetic rows."""
    rng = np.random.default_rng(0)
    order = rng.permutation(len(data))
    half = len(data) // 2
    train = data.rows(order[:half])
    shuffled = train.frame.select(s.gather(rng.permutation(half)) for s in train.frame)
    return train, data.rows(order[half:]), train.with_frame(shuffled)


FINDINGS = Findings(
    (
        Finding(
            "drivers",
            "model",
            "tip can be predicted from the other columns with R² 0.42 (baseline 0.00).",
            0.42,
            "R²",
            122,
            interval=(0.31, 0.53),
            columns=("total_bill", "size"),
            picture=Picture(
                "across",
                "What moves the prediction, in dollars",
                ("total_bill", "size", "smoker"),
                (("mean effect", (0.71, 0.22, 0.05)),),
            ),
            table=Table(("Model", "R²"), (("boosted trees", 0.42), ("the mean", 0.0))),
        ),
        Finding(
            "drivers",
            "direction",
            "A higher total_bill goes with a higher tip.",
            0.7,
            "dollars",
            122,
            picture=Picture(
                "lines",
                "tip by total_bill",
                (5, 15, 25, 35, 45),
                (("effect", (-1.2, -0.3, 0.4, None, 1.9)),),
                "total_bill",
                "dollars",
            ),
        ),
        Finding(
            "drivers",
            "direction",
            "Larger parties tip more.",
            0.2,
            "dollars",
            122,
            picture=Picture(
                "bars",
                "tip by size",
                (1, 2, 3, 4),
                (("effect", (-0.5, -0.1, 0.2, 0.4)),),
                "size",
                "dollars",
            ),
        ),
        Finding(
            "segments",
            "segment",
            "Large dinners at the weekend: 18 % of rows, mean tip 4.10.",
            0.4,
            "silhouette",
            22,
            condition=Condition((Test("day", "=", "Sun"), Test("size", ">=", 4))),
            picture=Picture(
                "bars", "size of the groups", ("lunch", "dinner"), (("rows", (60.0, 62.0)),)
            ),
        ),
        *(
            Finding(
                "rules",
                "rule",
                f"Rule {i}: time = Lunch goes with day = Thur.",
                2.0 + i,
                "lift",
                30,
                p_value=0.001,
            )
            for i in range(14)
        ),
        Finding(
            "anomalies",
            "anomaly",
            "A bill of 7.25 with a tip of 5.15.",
            0.9,
            "score",
            1,
            picture=Picture(
                "points",
                "bill and tip",
                (7.25, 20.0, 30.0),
                (("tip", (5.15, 3.0, 4.0)),),
                "bill",
                "tip",
            ),
        ),
    )
)

SCORES = Scores(
    (
        Score(
            "marginals",
            "column shapes",
            0.97,
            0.98,
            0.985,
            sentence="Columns look like the real ones.",
        ),
        Score("marginals", "column shape", 0.91, column="tip"),
        Score("marginals", "column shape", 0.99, column="day"),
        Score(
            "pairs",
            "pair trends",
            0.93,
            0.71,
            0.96,
            sentence="Pairs of columns move together as they do in real rows.",
            picture=Picture(
                "heat",
                "Differences between pair trends",
                ("total_bill", "tip"),
                (("total_bill", (0.0, 0.12)), ("tip", (0.12, 0.0))),
            ),
        ),
        Score(
            "detection",
            "detection by trees (AUC)",
            0.56,
            0.93,
            0.5,
            "low",
            "Trees tell them apart with AUC 0.56.",
        ),
        Score("utility", "utility", None, why="there are too few rows"),
        Score(
            "privacy",
            "closeness to training rows",
            0.02,
            0.0,
            1.0,
            "low",
            "51 % of generated rows are nearer to a training row than to an unseen one.",
            figures={"limit": 0.15, "could_have_missed": 0.06},
            interval=(-0.02, 0.06),
            light="green",
        ),
    ),
    verdict="The generated rows can stand for the real ones in most analyses.",
    limit="Similarity is not a legal guarantee of anonymity.",
)


@pytest.fixture
def account(tips: Dataset) -> ReportInput:
    train, holdout, synthetic = split(tips)
    changes = pl.DataFrame(
        {
            "row": [3, 9, 11],
            "column": ["day", "day", "guest"],
            "before": ["sun ", "sun ", "a@b.org"],
            "after": ["Sun", "Sun", None],
            "check": ["labels", "labels", "missing"],
            "reason": ["r", "r", "r"],
        }
    )
    return ReportInput(
        name="tips",
        command="tidemill run tips.csv --target tip",
        seed=7,
        threads=2,
        versions={"tidemill": "0.1.0"},
        seconds={"read": 0.1, "mine": 2.5, "learn": 12.0},
        rows=244,
        columns=8,
        train=train,
        holdout=holdout,
        synthetic=synthetic,
        changes=changes,
        findings=FINDINGS,
        scores=SCORES,
        model="trees",
        model_note="It took all of its 7 steps.",
        privacy_note="Values that occur at least 10 times.",
        issues=(
            Issue(
                "labels",
                "2 cells of 'day' differ from 'Sun' only in case or spaces.",
                ("day",),
                2,
                "“sun ”",
                True,
                action="Written as 'Sun'.",
            ),
            Issue(
                "privacy",
                "'guest' holds 122 e-mail addresses.",
                ("guest",),
                122,
                "a…@…",
                severity="personal data",
                action="Leave it out with --ignore guest.",
            ),
            Issue(
                "duplicates", "1 row occurs twice.", (), 1, severity="warning", action="Look at it."
            ),
        ),
        rules=(Rule("a<=b", ("tip", "total_bill"), 122, 122),),
        warnings=("Only 122 rows are held out.",),
        rounds=(
            Round(
                2,
                122,
                {"are near-copies of real rows": 2},
                120,
                "R²",
                0.42,
                0.44,
                (-0.01, 0.05),
                ("New.",),
                ("Old.",),
            ),
        ),
    )


@pytest.fixture
def nasty(account: ReportInput) -> Callable[[str], ReportInput]:
    """An account in which everything that comes from data is a given text."""

    def made(text: str) -> ReportInput:
        def renamed(data: Dataset | None) -> Dataset:
            assert data is not None
            frame = data.frame.rename({"day": text}).with_columns(pl.lit(text).alias("time"))
            columns = (
                replace(c, name=text, reason=text) if c.name == "day" else c for c in data.schema
            )
            return Dataset(frame, Schema(tuple(columns)), name=text)

        def picture(kind: Kind) -> Picture:
            return Picture(
                kind,
                text,
                (text, text + "2"),
                ((text, (0.1, -0.2)), (text + "2", (0.3, None))),
                text,
                text,
            )

        finding = Finding(
            text,
            text,
            text,
            1.0,
            text,
            1,
            picture=picture("bars"),
            table=Table((text,), ((text,),), text),
        )
        scores = tuple(
            Score(text, text, 0.5, 0.1, 0.9, sentence=text, picture=picture(kind)) for kind in KINDS
        )
        issue = Issue(text, text, (text,), 1, text, action=text)
        changes = pl.DataFrame(
            {name: [text] for name in ("row", "column", "before", "after", "check", "reason")}
        )
        return replace(
            account,
            name=text,
            command=text,
            versions={text: text},
            generated=text,
            seconds={text: 1.0, "b": 2.0},
            train=renamed(account.train),
            holdout=renamed(account.holdout),
            synthetic=renamed(account.synthetic),
            issues=(issue, replace(issue, severity="personal data", columns=("guest",))),
            changes=changes,
            rules=(Rule("a decides b", (text, text), 1),),
            findings=Findings((finding, replace(finding, picture=None))),
            scores=Scores((*scores, Score("nearest", text, None, why=text)), text, text),
            model=text,
            model_note=text,
            privacy_note=text,
            warnings=(text,),
            rounds=(Round(1, 1, {text: 1}, 0, text, 0.1, 0.2, (0.0, 0.1), (text,), (text,)),),
        )

    return made
