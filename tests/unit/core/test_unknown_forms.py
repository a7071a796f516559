"""Texts that look like dates, lengths of time or amounts are told from codes that do not."""

from __future__ import annotations

import polars as pl
import pytest

from tidemill.core.unknown_forms import resembled


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["15-Apr", "16-May", "1-Jun"], "dates"),
        (["12 May", "3 June", "4 July"], "dates"),
        (["2024-01-05", "05/01/2024"], "dates"),
        (["31/02/2024", "30/02/2024"], "dates"),
        (["12.05.2024 - 13.05.2024"], "dates"),
        (["due 05/01/2024", "due 06/01/2024"], "dates"),
        (["1 hour 5 min", "2 hours 3 min"], "lengths of time"),
        (["2.5 hours", "3 hours"], "lengths of time"),
        (["INV-2024-01-05-1", "INV-2024-01-05-2"], ""),
        (["ORD-20240105-1"], ""),
        (["MAR-1", "MAR-2"], ""),
        (["may be 1", "mar 2"], ""),
        (["1.2.3", "4.5.6"], ""),
        (["192.168.0.1"], ""),
        (["555-123-4567", "+49 30 1234"], ""),
        (["978-3-16-148410-0"], ""),
        (["2nd floor", "3rd floor"], ""),
        (["Room 1, March street"], ""),
        (["5 km", "7 km"], ""),
        (["12:30-14:00"], ""),
    ],
)
def test_what_looks_like_a_date(cells: list[str], what: str) -> None:
    assert resembled(pl.Series("x", cells)) == what


@pytest.mark.parametrize(
    ("cells", "looks"),
    [
        (["$12.50/hr", "$9.00/hr"], "amounts"),
        (["€5-€10", "€10-€20"], "amounts"),
        (["12.50 DB", "9.00 KR"], "amounts"),
        (["9007199254740993.25"], "amounts"),
        (["(8,037.50)", "(1674,013.50)"], "amounts"),
        ([f"{i * 91.37:,.2f}".replace(",", ".") for i in range(60)], "amounts"),
        ([f"10.{i}.{i * 7 % 90 + 10}.{i * 13 % 90 + 10}" for i in range(60)], ""),
        ([f"{i % 3}.{i % 10}.{i % 17}" for i in range(60)], ""),
        (["USD 12.50 each"], "amounts"),
        (["1:07.037", "2:53.403"], "lengths of time"),
        (["4:12.5", "1:04:12.75"], "lengths of time"),
        (["<0.5", "1.5", "2.25"], "numbers"),
        (["100", "200", "300+"], "numbers"),
        (["192.168.1.10", "10.0.0.25"], ""),
        (["10.100.200.25"], ""),
        (["1.10.2", "v1.25"], ""),
        (["12.34AB", "15.20CD"], ""),
        (["A-12", "B-7"], ""),
        (["555-1234"], ""),
        (["18-25", "26-35"], ""),
        (["12 apples", "3 pears"], ""),
        ([f"{i}.{i % 10} km{'pl' if i % 2 else '/kg'}" for i in range(20)], "numbers"),
        ([f"{i % 10}.{i % 7}/10" for i in range(20)], "numbers"),
        ([f"v{i}.{i % 10}" for i in range(20)], ""),
        (["1,536*", "9,086", "475†"], "numbers"),
        (["1,536[1]", "9,086"], "numbers"),
        (["1536A", "9086"], ""),
        ([f"Section {i}.{i % 10}" for i in range(20)], ""),
        ([f"{i % 3}.{i}.{i % 17}" for i in range(10, 70)], ""),
        ([f"84{i}.{i}.00" for i in range(10, 70)], ""),
        (["1 years 11 months", "2 years 3 months"], "lengths of time"),
        (["02:54.5", "53:14.9"], "lengths of time"),
        (["1 day 23:09:00", "07:09:00"], "lengths of time"),
        (["令和6年2月13日", "平成30年1月5日"], "dates"),
        (["２０２４-０２-１３", "２０２４-０２-１４"], "dates"),
        (["we paid $5 for the tea", "it was $7"], ""),
        (["$12.50/hr", "free", "ask us", "later"], ""),
        ([None], ""),
    ],
)
def test_what_a_column_looks_like(cells: list[str | None], looks: str) -> None:
    assert resembled(pl.Series(cells, dtype=pl.String)) == looks


def test_a_name_tells_dates_without_a_year() -> None:
    cells = ["13/02", "18/02", "11/03"]
    assert resembled(pl.Series("date", cells)) == "dates"
    assert resembled(pl.Series("answered", cells)) == ""
