from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.errors import InputError
from tidemill.core.finding import Finding, Findings
from tidemill.core.picture import Sheet, Strip
from tidemill.core.schema import Column, Schema
from tidemill.core.score import Score, Scores
from tidemill.core.states import from_state, to_state
from tidemill.imaging.pixels import images as column_of
from tidemill.imaging.pixels import pixels
from tidemill.imaging.sheet import strip
from tidemill.reporting.base import BETWEEN, Learning, ReportInput
from tidemill.reporting.blocks import (
    SORTS,
    Block,
    Gauges,
    Heading,
    Paragraph,
    PictureBlock,
    SheetBlock,
    TableBlock,
    walk,
)
from tidemill.reporting.build import build
from tidemill.reporting.cleaning import cleaned
from tidemill.reporting.findings import found
from tidemill.reporting.generation import generated
from tidemill.reporting.images import images
from tidemill.reporting.page import Report
from tidemill.reporting.schema import schema
from tidemill.reporting.share import share
from tidemill.reporting.trust import trust


def digits(start: int, stop: int) -> Dataset:
    """Images of 8 x 8 pixels with their labels."""
    loaded = load_digits()
    drawn = (loaded.images[start:stop] * 15).astype(np.uint8)
    frame = pl.DataFrame(
        [column_of("image", drawn), pl.Series("label", [str(v) for v in loaded.target[start:stop]])]
    )
    return Dataset(
        frame,
        Schema((Column("image", "image"), Column("label", "category", role="target"))),
        name="digits",
    )


def sheet(title: str) -> Sheet:
    return Sheet(title, (strip("made", pixels(digits(0, 4)["image"])),))


SCORES = Scores(
    (
        Score(
            "images", "image coverage", 0.4, 0.0, 0.9, sentence="Four in ten have one near to them."
        ),
        Score(
            "images",
            "closeness to training images",
            0.02,
            0.0,
            1.0,
            "low",
            "51 % of them are closer.",
            figures={"limit": 0.15, "could_have_missed": 0.04},
            interval=(0.0, 0.04),
            light="green",
        ),
        Score(
            "images",
            "near-copies of training images",
            0.01,
            0.0,
            1.0,
            "low",
            "1 % of them lie near.",
            figures={"limit": 0.05, "could_have_missed": 0.02},
            interval=(0.0, 0.02),
            light="green",
            picture=sheet("closest pairs"),
        ),
    )
)


@pytest.fixture(scope="module")
def account() -> ReportInput:
    made = digits(400, 600)
    way = made.rows(np.arange(2 * BETWEEN))
    some = made.rows(np.arange(20))
    learning = Learning({"score": [[1, 0.5], [40, 0.2]]}, 40, ((10, some), (40, some)))
    finding = Finding(
        "images",
        "groups",
        "There are two sorts of 1.",
        0.3,
        "silhouette",
        9,
        picture=sheet("two sorts"),
    )
    issue = Issue(
        "repeated images",
        "2 images occur twice.",
        ("image",),
        2,
        severity="warning",
        picture=sheet("twice"),
    )
    return ReportInput(
        "digits",
        seed=3,
        rows=400,
        columns=2,
        train=digits(0, 300),
        holdout=digits(300, 400),
        synthetic=made,
        issues=(issue,),
        findings=Findings((finding,)),
        scores=SCORES,
        model="gan",
        learning=learning,
        between=way,
    )


def sheets(blocks: list[Block]) -> list[SheetBlock]:
    return [block for block in walk(blocks) if isinstance(block, SheetBlock)]


def opened(strip: Strip) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(strip.png))))


def said(blocks: list[Block]) -> str:
    return "\n".join(
        block.text for block in walk(blocks) if isinstance(block, (Paragraph, Heading))
    )


def test_the_chapter_shows_real_beside_generated_then_classes_then_ways(
    account: ReportInput,
) -> None:
    real, made, classes, ways = sheets(images(account))
    assert (real.title, made.title) == ("Real training images", "Generated images")
    assert [one.strips[0].width for one in (real, made)] == [8 * (3 * 8 + 1) - 1] * 2
    assert [one.label for one in classes.strips] == [str(i) for i in range(10)]
    assert len(ways.strips) == 2


def test_it_says_that_real_images_are_shown(account: ReportInput) -> None:
    assert "This page shows real training images" in build(account).html()


def test_what_is_shown_of_a_class_is_of_that_class(account: ReportInput) -> None:
    assert account.train is not None
    assert account.synthetic is not None
    zeros = sheets(images(account))[2].strips[0]
    picture = opened(zeros)
    for data, left in ((account.train, 0), (account.synthetic, 8 * 9 - 1 + 12)):
        own = pixels(data.frame.filter(pl.col("label") == "0")["image"])[..., 0]
        assert (own == picture[:, left : left + 8]).all(axis=(1, 2)).any()


def test_a_class_that_was_never_generated_leaves_its_place_empty(account: ReportInput) -> None:
    assert account.synthetic is not None
    few = account.synthetic.with_frame(account.synthetic.frame.filter(pl.col("label") != "0"))
    zeros = sheets(images(replace(account, synthetic=few)))[2].strips[0]
    assert (opened(zeros)[:, 8 * 9 :] == 255).all()


def test_the_same_account_gives_the_same_page(account: ReportInput) -> None:
    assert build(account).to_state() == build(account).to_state()
    assert images(account) != images(replace(account, seed=4))


def test_learning_is_told_by_strips_instead_of_columns(account: ReportInput) -> None:
    shown = sheets(generated(account))
    assert [one.label for one in shown[-1].strips] == ["step 10", "step 40"]
    assert {(one.width, one.height) for one in shown[-1].strips} == {(12 * 9 - 1, 8)}
    assert "First generated rows" not in said(generated(account))


def test_sheets_stand_where_they_belong(account: ReportInput) -> None:
    for chapter, title in ((cleaned, "twice"), (found, "two sorts")):
        assert [one.title for one in sheets(chapter(account))] == [title]
    assert "closest pairs" in said(share(account))
    assert len(sheets(share(account))) == 1


def test_scores_of_copies_are_told_where_sharing_is(account: ReportInput) -> None:
    gauges = [g.name for b in trust(account) if isinstance(b, Gauges) for g in b.items]
    assert gauges == ["image coverage"]
    leaks = next(b for b in share(account) if isinstance(b, TableBlock))
    assert [row[0].lower() for row in leaks.rows] == [score.name for score in SCORES][1:]


def test_images_are_called_images(account: ReportInput) -> None:
    page = build(account)
    assert page.summary().startswith("Read       400 images of 8 x 8 pixels, from digits.")
    assert page.subtitle == (
        "400 images, 8 x 8 pixels · target: label · 200 generated images by the model 'gan'"
    )
    assert "rows" not in page.summary()


def anchors(account: ReportInput) -> list[str]:
    return [block.anchor for block in build(account).blocks if isinstance(block, Heading)]


def test_data_without_images_have_no_such_chapter(account: ReportInput) -> None:
    assert account.train is not None
    assert account.synthetic is not None
    train, synthetic = (data.select(["label"]) for data in (account.train, account.synthetic))
    assert "images" in anchors(account)
    assert "images" not in anchors(replace(account, train=train, synthetic=synthetic))


def test_classes_are_not_shown_where_labels_are_personal_data(account: ReportInput) -> None:
    personal = Issue(
        "personal", "'label' holds names of people.", ("label",), 300, severity="personal data"
    )
    shown = images(replace(account, issues=(personal,)))
    assert "Class by class" not in said(shown)
    assert "On the way from one image to another" in said(shown)


def test_images_without_labels_have_no_classes(account: ReportInput) -> None:
    assert account.train is not None
    assert account.synthetic is not None
    bare = replace(
        account,
        train=account.train.select(["image"]),
        synthetic=account.synthetic.select(["image"]),
    )
    assert len(sheets(images(bare))) == 3
    assert "real against generated" not in said(generated(bare))


def test_the_page_comes_back_from_its_figures_and_fits_the_schema(
    account: ReportInput, tmp_path: Path
) -> None:
    page = build(account)
    page.save(tmp_path / "report.json")
    assert Report.load(tmp_path / "report.json") == page
    for name, state in (
        ("report", page.to_state()),
        ("scores", SCORES.to_state()),
        ("findings", (account.findings or Findings()).to_state()),
    ):
        jsonschema.Draft202012Validator(schema(name)).validate(json.loads(json.dumps(state)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("png", '"><script>alert(1)</script>'),
        ("png", ""),
        ("png", base64.b64encode(b"<svg onload=alert(1)>" * 9).decode()),
        ("width", 9),
        ("width", "8"),
        ("height", -1),
        ("label", 3),
        ("onload", "x"),
    ],
)
def test_a_strip_that_is_no_image_is_refused(name: str, value: object) -> None:
    state = to_state(SheetBlock.of(sheet("t")), SORTS)
    state["strips"][0][name] = value
    with pytest.raises(InputError, match=r"Strip|SheetBlock"):
        from_state(SheetBlock, state, SORTS)


def test_a_label_stays_text() -> None:
    nasty = SheetBlock(
        "<b>t</b>", (replace(sheet("").strips[0], label='"><img src=x onerror=alert(1)>'),)
    )
    html = Report("t", "", (nasty,), "").html()
    assert html.count("<img ") == 1
    assert "<b>t</b>" not in html


def test_small_images_are_shown_larger() -> None:
    assert SheetBlock.of(sheet("")).scale == 8
    assert SheetBlock("", (strip("", np.zeros((16, 8, 8, 1), np.uint8)),)).scale == 6
    assert SheetBlock("", (strip("", np.zeros((16, 28, 28, 1), np.uint8)),)).scale == 2


def test_learning_that_was_cut_short_has_no_empty_curves(account: ReportInput) -> None:
    cut = replace(
        account,
        learning=Learning(
            {"score": [[100, 0.5]]}, 100, (account.learning or Learning({}, 0)).snapshots
        ),
    )
    shown = list(walk(generated(cut)))
    assert not [block for block in shown if isinstance(block, PictureBlock)]
    assert "Learning took 100 steps" in said(shown)
