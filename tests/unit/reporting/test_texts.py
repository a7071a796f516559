"""The chapter on texts shows made texts, never real ones, and how they are judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tidemill.core.dataset import Dataset
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Score, Scores
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Gauges, TableBlock, walk
from tidemill.reporting.build import build
from tidemill.reporting.texts import SHOWN, WITHHELD, texts
from tidemill.reporting.trust import trust

SCHEMA = Schema(
    (Column("label", "category", "target"), Column("note", "text"), Column("price", "number"))
)


def notes(seed: int, rows: int = 40) -> Dataset:
    rng = np.random.default_rng(seed)
    words = [f"word{k}" for k in range(200)]
    frame = pl.DataFrame(
        {
            "label": rng.choice(["good", "bad"], rows),
            "note": [" ".join(rng.choice(words, 10)) for _ in range(rows)],
            "price": rng.random(rows),
        }
    )
    return Dataset(frame, SCHEMA, name="notes")


SCORES = Scores(
    (
        Score("text_detection", "text detection by words (AUC)", 0.6, 0.99, 0.5, "low"),
        Score("text_copies", "copied texts (share)", 0.1, 1.0, 0.0, "low"),
        Score(
            "text_copies", "copies of training texts", 0.1, light="amber", figures={"limit": 0.05}
        ),
    )
)


@pytest.fixture
def account() -> ReportInput:
    return ReportInput(
        "notes", train=notes(1), holdout=notes(2), synthetic=notes(3), scores=SCORES, rows=80
    )


def table(account: ReportInput) -> TableBlock:
    [found] = [block for block in walk(texts(account)) if isinstance(block, TableBlock)]
    return found


def test_the_first_texts_stand_beside_their_rows(account: ReportInput) -> None:
    shown = table(account)
    assert shown.columns == ("label", "price", "note")
    assert len(shown.rows) == SHOWN
    assert account.synthetic is not None
    assert shown.rows[0][2] == account.synthetic["note"][0]
    assert shown.stacked


def test_no_real_text_is_shown(account: ReportInput) -> None:
    assert account.synthetic is not None
    assert account.train is not None
    assert account.holdout is not None
    real = [account.train["note"][0], f"{account.holdout['note'][1]} or so", "Thanks!"]
    made = [*real, *account.synthetic["note"][3:]]
    train = [*account.train["note"][:35], *["thanks"] * 5]
    account = replace(
        account,
        synthetic=account.synthetic.with_frame(
            account.synthetic.frame.with_columns(note=pl.Series(made))
        ),
        train=account.train.with_frame(account.train.frame.with_columns(note=pl.Series(train))),
    )
    assert [row[2] for row in table(account).rows[:3]] == [WITHHELD, WITHHELD, "Thanks!"]
    told = str([*walk(build(account).blocks)])
    for data in (account.train, account.holdout):
        assert not [text for text in data["note"].filter(data["note"] != "thanks") if text in told]


def test_scores_stand_in_one_chapter(account: ReportInput) -> None:
    gauges = [block for block in walk(texts(account)) if isinstance(block, Gauges)]
    assert [item.name for block in gauges for item in block.items] == [
        "text detection by words (AUC)",
        "copied texts (share)",
    ]
    assert not trust(account)


def test_it_is_left_out_without_texts_and_with_private_ones(account: ReportInput) -> None:
    columns = tuple(replace(c, personal="names of people") for c in SCHEMA if c.kind == "text")
    schema = Schema((SCHEMA.columns[0], *columns, SCHEMA.columns[2]))
    sets = {
        name: Dataset(data.frame, schema)
        for name in ("train", "holdout", "synthetic")
        if (data := getattr(account, name)) is not None
    }
    assert not texts(replace(account, **sets))
    assert not texts(replace(account, synthetic=None))
