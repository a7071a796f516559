"""Numbers as ledgers, banks and languages write them; and what is no number."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidemill.core.amounts import are_codes, read_leniently, units_among
from tidemill.core.schema import Spelling
from tidemill.core.spelling import mended, spelled, typed

GERMAN = Spelling(thousands=".", decimal=",")
ENGLISH = Spelling(thousands=",")


def one(cell: str, marks: Spelling = ENGLISH) -> float | int | None:
    found: float | int | None = read_leniently(pl.Series([cell]), marks)[0]
    return found


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("(1,234.50)", -1234.5),
        ("($12.50)", -12.5),
        ("123.45-", -123.45),
        ("\u2212123.45", -123.45),
        ("12.50 DR", -12.5),
        ("12.50 CR", 12.5),
        ("12.50Dr.", -12.5),
        ("12.50 S", -12.5),
        ("12.50 H", 12.5),
        ("5.00借", -5),
        ("DR 12.50", -12.5),
        ("贷12.50", 12.5),
        ("$ (12.50)", -12.5),
        ("12,-", 12),
        ("CHF 12.--", 12),
        ("٣٫٥", 3.5),
        ("-$5", -5),
        ("$-5", -5),
        ("USD 5", 5),
        ("￥12.50", 12.5),
        ("12.50元", 12.5),
        ("人民币12元", 12),
        ("RMB 12", 12),
        ("Rs. 1,500", 1500),
        ("1,500 zł", 1500),
        ("12,34,567.00", 1234567),
        ("１２，３４５．６７", 12345.67),
        ("19M", 19_000_000),
        ("14k", 14_000),
        ("0.57k", 570),
        ("$1.2B", 1.2e9),
        ("2bn", 2e9),
        ("£5m", 5e6),
        ("3 Mio.", 3e6),
        ("1.5亿", 1.5e8),
        ("2万", 20_000),
        ("12万元", 120_000),
        ("5 lakh", 500_000),
        ("1.5 GB", 1.5e9),
        ("512 B", 512),
        ("~30", 30),
        ("ca. 30", 30),
        ("1.5E+03", 1500),
        ("1e-5", 1e-5),
        (".5", 0.5),
        ("5.", 5),
        ("+5", 5),
        ("5‰", 5),
        ("0.30000000000000004", 0.30000000000000004),
    ],
)
def test_forms_that_are_read(cell: str, value: float) -> None:
    assert one(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1.234.567,89", 1234567.89),
        ("3.914,17 €", 3914.17),
        ("-1.234,50", -1234.5),
        ("1.234,50-", -1234.5),
        ("1,5E+03", 1500),
        ("1,5 Mio. €", 1.5e6),
    ],
)
def test_forms_with_a_decimal_comma(cell: str, value: float) -> None:
    assert one(cell, GERMAN) == value


@pytest.mark.parametrize(
    "cell",
    [
        *("80E0", "18E7", "1E3", "007", "05.50", "0x1F", "1e400", "9007199254740993.25"),
        *("12345678901234567890", "<5", ">100", "10,000+", "5-10", "1/2", "1 1/2", "(12", "12)"),
        *(
            "DR 5 CR",
            "-5,-3",
            "-12-",
            "(-12)",
            "555-1234",
            "+49 30 123456",
            "1.2.3",
            "192.168.0.1",
            "12:30",
            "1h 18m",
        ),
        *(
            "85123K",
            "R5",
            "5m",
            "5B",
            "12 S",
            "A-5",
            "No. 5",
            "#5",
            "$5/kg",
            "$5 €",
            "USD",
            "",
            "k",
            "五",
        ),
        *("2024-01-05", "05.01.2024", "18.07.00", "1,2", "Total", "nan", "inf", "1_000"),
    ],
)
def test_what_is_no_number(cell: str) -> None:
    assert one(cell) is None


@pytest.mark.parametrize(
    ("cells", "values", "said"),
    [
        (["1,234.50", "(12.50)"], [1234.5, -12.5], {"negative": "(#)"}),
        (["$3.00", "($12.50)"], [3, -12.5], {"negative": "(#)", "prefix": "$"}),
        (["123.45-", "99.10"], [-123.45, 99.1], {"negative": "#-"}),
        (["12.50-", "99.10 "], [-12.5, 99.1], {"positive": "# "}),
        (["66.12 DR", "5.10 CR"], [-66.12, 5.1], {"negative": "# DR", "positive": "# CR"}),
        (["12,50 S", "3,40 H"], [-12.5, 3.4], {"decimal": ","}),
        (["−5", "7"], [-5, 7], {"negative": "−#"}),
        (["１２，３４５．６７", "３．００"], [12345.67, 3], {"full_width": True}),
        (["10,000+", "500+"], [10000, 500], {"suffix": "+"}),
        (["12,34,567.00", "12.00"], [1234567, 12], {"lakhs": True}),
        (["1'234.50", "5.00"], [1234.5, 5], {"thousands": "'"}),
        ([".5", "-.25"], [0.5, -0.25], {"leading_zero": False}),
        (["+5%", "-3%"], [5, -3], {}),
        (["$ 5.00", "$ -5.00"], [5, -5], {}),
        (["12kg", "15kg"], [12, 15], {"suffix": "kg"}),
        (["1 234,50 €", "-5,00 €"], [1234.5, -5], {"suffix": " €"}),
        (["CHF 5.00", "CHF 1'500.00"], [5, 1500], {"prefix": "CHF "}),
    ],
)
def test_forms_that_lose_nothing(
    cells: list[str], values: list[float], said: dict[str, object]
) -> None:
    found = typed(pl.Series(cells))
    assert found is not None
    assert found[0].to_list() == values
    assert spelled(*found).to_list() == cells
    assert {key: getattr(found[1], key) for key in said} == said


@pytest.mark.parametrize(
    "cells",
    [
        *(["5+", "3+"], ["R1", "R2"], ["12-", "13-"], ["(1)", "(2)"], ["5m", "6m"], ["5B", "7B"]),
        *(["12 S", "13 S"], ["80E0", "18E7"], ["12A", "12B"], ["1-2", "3-4"], ["#1", "#2"]),
        *(["555-1234"], ["$5", "€6"], ["5%", "6‰"], ["00501", "10001"], ["+4930123456"]),
    ],
)
def test_what_is_not_typed_at_the_door(cells: list[str]) -> None:
    assert typed(pl.Series("x", cells)) is None


FORMS = st.sampled_from(
    [
        *(
            "#|-#",
            "#|(#)",
            "$#|($#)",
            "#|#-",
            "# CR|# DR",
            "# H|# S",
            "+#|-#",
            "#|\u2212#",
            "#元|-#元",
        ),
        *(
            "EUR #|EUR -#",
            "#€|-#€",
            "R$ #|-R$ #",
            "#贷|#借",
            "# kr|-# kr",
            "Cr #|Dr #",
            "贷#|借#",
            "$ #|$ (#)",
        ),
    ]
)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=12), FORMS, st.booleans())
def test_every_form_is_written_back(cents: list[int], forms: str, german: bool) -> None:
    cents = [cent or 1 for cent in (*cents, 5, -7)]
    plus, minus = forms.split("|")
    cells = []
    for cent in cents:
        digits = f"{abs(cent) / 100:,.2f}"
        if german:
            digits = digits.translate(str.maketrans(",.", ".,"))
        cells.append((minus if cent < 0 else plus).replace("#", digits))
    found = typed(pl.Series(cells))
    assert found is not None
    assert found[0].to_list() == [cent / 100 for cent in cents]
    assert spelled(*found).to_list() == cells


def test_currencies_of_one_family_are_one_unit() -> None:
    assert units_among(pl.Series(["¥5", "￥6", "7元", "RMB 8"]), ENGLISH) == ["yuan"]
    assert units_among(pl.Series(["$5", "USD 6", "7"]), ENGLISH) == ["", "dollars"]
    assert units_among(pl.Series(["$5", "€6"]), ENGLISH) == ["dollars", "euros"]
    assert units_among(pl.Series(["5 KB", "1 GB", "7 B"]), ENGLISH) == ["bytes"]


def test_codes_are_told_by_their_length() -> None:
    assert are_codes(pl.Series(["10500", "00003", "20001"]))
    assert are_codes(pl.Series(["1107", "80E0", "18E7"]))
    assert not are_codes(pl.Series(["10500", "3", "20001"]))


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["6,8", "11,21", "9", "16,0"], [6.8, 11.21, 9, 16]),
        (["¥12", "￥13", "14元", "15"], [12, 13, 14, 15]),
        (["19M", "14k", "201k"], [19_000_000, 14_000, 201_000]),
        (["-5", "(6.50)", "7.00"], [-5, -6.5, 7]),
    ],
)
def test_mixtures_are_mended(cells: list[str], values: list[float]) -> None:
    found = mended(pl.Series("x", cells))
    assert found is not None
    assert found.values.to_list() == values


@pytest.mark.parametrize(
    "cells",
    [
        ["10500"] * 30 + ["00003"],
        ["2210"] * 30 + ["80E0", "18E7"],
        ["9007199254740993.25"] * 5,
        ["66.12", "5.10 CR"],
    ],
)
def test_what_mending_would_spoil_is_left(cells: list[str]) -> None:
    assert mended(pl.Series("x", cells)) is None


def test_what_is_mended_keeps_its_form() -> None:
    found = mended(pl.Series("x", ["$5.00", " $6.50", "$7.25 ", "$1,200.00"]))
    assert found is not None
    assert spelled(found.values, found.spelling).to_list() == [
        "$5.00",
        "$6.50",
        "$7.25",
        "$1,200.00",
    ]


def test_a_dash_beside_a_currency_is_zero() -> None:
    cells = pl.Series([" $ 1,690.15 ", " $ -   ", "- €"])
    assert read_leniently(cells, Spelling(thousands=",")).to_list() == [1690.15, 0.0, 0.0]
