from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tidemill.core.errors import InputError, OutputError
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Comparison, Heading, Paragraph, walk
from tidemill.reporting.build import build
from tidemill.reporting.page import Report

NASTY = (
    "<script>alert(1)</script>{{7*7}}</style></title>\"'><img src=x "
    "onerror=alert(2)>\x1b[2J\u202eevil"
)


class Seen(HTMLParser):
    """Tags and attributes of a page, and whether every tag that was opened is closed."""

    VOID = ("meta", "img", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_chapters_stand_in_a_readers_order(account: ReportInput) -> None:
    heads = [b.text for b in build(account).blocks if isinstance(b, Heading) and b.level == 2]
    assert heads == [
        "What was cleaned",
        "What was found",
        "What was generated",
        "Can it be trusted?",
        "Can it be shared?",
        "What another round changed",
        "How it was made",
    ]


def test_the_page_is_well_formed_and_asks_for_nothing_from_outside(account: ReportInput) -> None:
    seen = Seen(build(account).html())
    assert not seen.open
    assert not seen.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert all(
        value.startswith("#")
        for name, value in seen.attributes
        if name in ("href", "src", "srcset", "action")
    )
    assert not re.search(r"url\(|@import|@font-face", build(account).html())
    assert ("http-equiv", "Content-Security-Policy") in seen.attributes


def test_files_beside_the_page_are_linked_with_their_sizes(account: ReportInput) -> None:
    files = {"synthetic.csv": 34_000, "model.tidemill": 2_100_000, "a:b.csv": 1}
    seen = Seen(build(replace(account, files=files)).html())
    links = [value for name, value in seen.attributes if name == "href" and value[0] != "#"]
    assert links == ["synthetic.csv", "model.tidemill", "a%3Ab.csv"]
    assert "synthetic.csv: the generated rows (34 kB)" in seen.text
    assert "2.1 MB" in seen.text


def test_everything_from_data_is_escaped(nasty: Callable[[str], ReportInput]) -> None:
    page = build(nasty(NASTY)).html()
    seen = Seen(page)
    assert not seen.tags & {"script", "img"}
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert not seen.open
    assert "alert(1)" in seen.text
    assert "{{7*7}}" in seen.text
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_styles_hold_numbers_only(nasty: Callable[[str], ReportInput]) -> None:
    styles = [
        value for name, value in Seen(build(nasty(NASTY)).html()).attributes if name == "style"
    ]
    assert styles
    allowed = re.compile(r"(--a|--n|left|bottom|width|margin-left):[\d.]+%?(;width:[\d.]+%)?")
    assert all(map(allowed.fullmatch, styles))


def test_personal_data_are_on_the_first_page_and_their_values_nowhere(account: ReportInput) -> None:
    page = build(account).html()
    assert page.index("Personal data in 1 column") < page.index("What was cleaned</h2>")
    assert "a@b.org" not in page
    assert "guest" not in {
        b.column for b in walk(build(account).blocks) if isinstance(b, Comparison)
    }


def test_what_did_not_run_is_left_out(account: ReportInput) -> None:
    report = build(ReportInput("only read", rows=3, columns=2))
    assert [b.text for b in report.blocks if isinstance(b, Heading)] == ["How it was made"]
    assert not Seen(report.html()).open
    only = ReportInput(
        "scores alone", synthetic=account.synthetic, holdout=account.holdout, scores=account.scores
    )
    heads = [b.text for b in build(only).blocks if isinstance(b, Heading) and b.level == 2]
    assert heads == [
        "What was generated",
        "Generated texts",
        "Can it be trusted?",
        "Can it be shared?",
        "How it was made",
    ]


def test_the_page_can_be_drawn_from_its_json_alone(account: ReportInput, tmp_path: Path) -> None:
    report = build(account)
    report.save(tmp_path / "report.json")
    again = Report.load(tmp_path)
    assert again == report
    assert Report.load(tmp_path / "report.json") == report
    assert again.html() == report.html()
    again.save(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == report.html()


def test_the_same_account_gives_the_same_bytes(account: ReportInput) -> None:
    assert build(account).html() == build(account).html()


def test_an_existing_page_is_refused_on_request(account: ReportInput, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        build(account).save(tmp_path / "report.html", overwrite=False)
    assert (tmp_path / "report.html").read_text() == "mine"


@pytest.mark.parametrize(
    "state",
    [
        None,
        [],
        {},
        {"format": 1},
        {"format": 2, "blocks": []},
        {"format": 1, "blocks": []},
        {"format": 1, "title": "t", "subtitle": "", "summary": "", "blocks": ["text"]},
        {"format": 1, "title": "t", "subtitle": "", "summary": "", "blocks": 3},
        {
            "format": 1,
            "title": "t",
            "subtitle": "",
            "summary": "",
            "blocks": [{"sort": "Paragraph"}],
        },
        {
            "format": 1,
            "title": "t",
            "subtitle": "",
            "summary": "",
            "blocks": [{"sort": "Paragraph", "text": 3}],
        },
        {
            "format": 1,
            "title": "t",
            "subtitle": "",
            "summary": "",
            "blocks": [{"sort": "eval", "text": "x"}],
        },
        {
            "format": 1,
            "title": "t",
            "subtitle": "",
            "summary": "",
            "blocks": [{"sort": "Card", "blocks": ["x"]}],
        },
    ],
)
def test_what_is_no_report_is_refused(state: object) -> None:
    with pytest.raises(InputError):
        Report.from_state(state)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [None, "", "{", "[" * 100_000, "\xff", "3"])
def test_a_folder_without_a_whole_report_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "report.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError):
        Report.load(tmp_path)


def test_a_notebook_shows_it_in_a_frame_of_its_own() -> None:
    seen = Seen(Report("t", "", (Paragraph("a < b"),), "")._repr_html_())
    assert seen.tags == {"iframe"}
    assert ("sandbox", "") in seen.attributes
    assert "a &lt; b" in dict(seen.attributes)["srcdoc"]


def test_the_summary_is_short_plain_and_to_the_point(
    account: ReportInput, nasty: Callable[[str], ReportInput]
) -> None:
    lines = build(account).summary().splitlines()
    assert 10 <= len(lines) <= 25
    assert max(map(len, lines)) <= 100
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [
        "Read",
        "Data",
        "Findings",
        "Rows",
        "Round",
    ]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", build(nasty(NASTY)).summary())


def test_many_columns_are_folded_away(account: ReportInput) -> None:
    import polars as pl

    from tidemill.core.dataset import Dataset
    from tidemill.core.schema import Column, Schema

    names = [f"列 {i} " + "long " * 20 * (i == 3) for i in range(200)]
    frame = pl.DataFrame({name: [i % 7, 1, 2, 3] for i, name in enumerate(names)})
    wide = Dataset(frame, Schema(tuple(Column(name, "number", step="1") for name in names)))
    report = build(replace(account, train=wide, holdout=wide, synthetic=wide, scores=None))
    assert sum(isinstance(b, Comparison) for b in walk(report.blocks)) == 84
    assert len(report.html()) < 400_000
