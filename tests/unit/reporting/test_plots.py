from __future__ import annotations

from typing import Literal

import pytest

from tidemill.reporting.blocks import Comparison, Gauge, PictureBlock, Series
from tidemill.reporting.plots import Across, Intervals, Upright, gauge, heat, histogram, plot
from tidemill.reporting.scale import date, labels, ticks
from tidemill.reporting.trust import MAX_HEAT, largest


def bars(x: tuple[str | int, ...], *values: tuple[float | None, ...]) -> PictureBlock:
    return PictureBlock("bars", "t", x, tuple(Series(f"s{i}", v) for i, v in enumerate(values)))


def test_bars_under_long_or_many_names_are_turned() -> None:
    assert isinstance(plot(bars(("a", "b"), (1, 2))), Upright)
    assert isinstance(
        plot(bars(("a very long name of a level", "another one as long"), (1, 2))), Across
    )
    assert isinstance(plot(bars(tuple("abcdefghijklmnop"), tuple(range(16)))), Across)


def test_bars_stand_on_zero() -> None:
    drawn = plot(bars((1, 2, 3), (-1.0, 2.0, None)))
    assert isinstance(drawn, Upright)
    (_, _, y0, _, h0, tip), (_, _, y1, _, h1, _) = drawn.bars
    assert y0 == pytest.approx(100 - drawn.baseline)
    assert y1 + h1 == pytest.approx(100 - drawn.baseline)
    assert h1 == pytest.approx(2 * h0, abs=0.1)
    assert tip == "1: -1"


def test_bars_across_start_at_zero() -> None:
    drawn = plot(PictureBlock("across", "t", ("a", "b"), (Series("s", (-1.0, 3.0)),)))
    assert isinstance(drawn, Across)
    assert [bar[1:3] for _, (bar,) in drawn.rows] == [(0.0, 25.0), (25.0, 75.0)]


def test_bars_may_start_at_what_guessing_reaches() -> None:
    drawn = plot(PictureBlock("bars", "t", (1, 2), (Series("s", (0.75, 0.5)),), start=0.5))
    assert isinstance(drawn, Upright)
    assert drawn.baseline == 0
    assert [height for _, _, _, _, height, _ in drawn.bars][1] == 0
    assert drawn.y_ticks[0][1] == "0.50"


def test_ratios_are_as_long_for_a_half_as_for_twice() -> None:
    values = (2.0, 0.5, 1.0, 4.0, 0.0)
    drawn = plot(PictureBlock("ratios", "t", tuple("abcde"), (Series("lift", values),)))
    assert isinstance(drawn, Across)
    bars = [bar for _, (bar,) in drawn.rows]
    lengths = [width for _, _, width, _ in bars]
    assert lengths[0] == lengths[1] == lengths[3] / 2
    assert lengths[2] == 0
    assert bars[1][1] + lengths[1] == pytest.approx(bars[0][1]), "both begin at 1"
    assert bars[0][0] != bars[1][0], "more and less have two colours"
    assert lengths[4] == max(lengths[:2]) * 2, "what never occurs is drawn longer than a half"


def test_numbers_beside_bars_have_the_digits_of_the_largest() -> None:
    drawn = plot(PictureBlock("across", "t", tuple("abc"), (Series("s", (14.6, 9.2, -0.001)),)))
    assert isinstance(drawn, Across)
    assert [bar[3] for _, (bar,) in drawn.rows] == ["14.6", "9.2", "0.0"]


def test_a_matrix_that_is_hardly_off_looks_calm() -> None:
    rows = (Series("a", (None, 0.01)), Series("b", (0.01, None)))
    pale = heat(PictureBlock("heat", "t", ("a", "b"), rows, most=0.5))
    assert pale.rows[0][1][1][0] == 0.02
    assert pale.ends == ("0", "0.5")
    assert heat(PictureBlock("heat", "t", ("a", "b"), rows)).rows[0][1][1][0] == 1


def test_pictures_beside_each_other_may_share_their_axis() -> None:
    low, high = (
        plot(PictureBlock("lines", "t", (1, 2), (Series("s", values),), ends=(0.0, 100.0)))
        for values in ((1.0, 2.0), (50.0, 100.0))
    )
    assert isinstance(low, Upright)
    assert isinstance(high, Upright)
    assert low.y_ticks == high.y_ticks
    assert [tip for _, _, tip in low.tips] == ["1: 1", "2: 2"]


def test_limits_stand_beside_intervals() -> None:
    names = ("found", "low", "high", "red from")
    values = ((5.0, 0.0, 30.0), (1.0, 0.0, 20.0), (9.0, 2.0, 40.0), (10.0, 10.0, 15.0))
    series = tuple(Series(name, column) for name, column in zip(names, values, strict=True))
    drawn = plot(PictureBlock("intervals", "t", ("a", "b", "c"), series))
    assert isinstance(drawn, Intervals)
    assert [row[1] for row in drawn.rows] == ["above", "above", "below"]
    assert drawn.rows[0][5] == "5.0 (1.0 to 9.0)", "a leak has no sign"
    assert drawn.rows[0][6] == drawn.rows[1][6] != drawn.rows[2][6]


def test_lines_have_gaps_where_values_are_missing() -> None:
    drawn = plot(PictureBlock("lines", "t", (0, 1, 2, 3), (Series("s", (0.0, None, 1.0, 2.0)),)))
    assert isinstance(drawn, Upright)
    assert drawn.paths[0][1].count("M") == 2
    assert drawn.paths[0][1].count("L") == 1


@pytest.mark.parametrize("kind", ["bars", "across", "lines", "points", "heat"])
@pytest.mark.parametrize(
    ("x", "values"),
    [
        ((), ()),
        (("a",), (None,)),
        ((1,), (0.0,)),
        ((1, 1), (5.0, 5.0)),
        (("a", "b"), (-3.0, -1.0)),
        ((1.5, None), (1e12, 1e-9)),
    ],
)
def test_poor_pictures_are_drawn_too(
    kind: str, x: tuple[str, ...], values: tuple[float | None, ...]
) -> None:
    plot(PictureBlock(kind, "t", x, (Series("s", values),)))  # type: ignore[arg-type]
    plot(PictureBlock(kind, "t", x, ()))  # type: ignore[arg-type]


def test_a_matrix_is_cut_down_to_its_largest_entries() -> None:
    names = tuple(f"c{i}" for i in range(60))
    rows = tuple(
        Series(n, tuple(1.0 if 7 in (i, j) else 0.01 * i for j in range(60)))
        for i, n in enumerate(names)
    )
    cut = largest(PictureBlock("heat", "t", names, rows))
    assert len(cut.x) == MAX_HEAT == len(cut.series) == len(cut.series[0].values)
    assert "c7" in cut.x
    drawn = heat(cut)
    assert drawn.names == tuple(name for name, _ in drawn.rows)
    assert not drawn.signed


def test_the_better_end_of_a_gauge_is_the_right_one() -> None:
    low = gauge(Gauge("AUC", 0.6, 0.9, 0.5, "low", ""))
    high = gauge(Gauge("R²", 0.6, 0.1, 0.7, "high", ""))
    for dial in (low, high):
        assert 0 <= (dial.floor or 0) < (dial.value or 0) < (dial.ceiling or 0) <= 100


def test_a_gauge_shows_almost_equal_as_almost_equal() -> None:
    dial = gauge(Gauge("shapes", 0.985, 0.986, 0.987, "high", ""))
    assert 0 < (dial.ceiling or 0) - (dial.value or 0) < 5
    assert gauge(Gauge("none", None, None, None, "high", "")).value is None
    assert gauge(Gauge("zero", 0.0, 0.0, 0.0, "ceiling", "")).value == 50


@pytest.mark.parametrize(
    ("floor", "ceiling", "better", "drawn"),
    [
        (0.958, 0.966, "high", False),
        (0.5, 0.8, "high", True),
        (0.076, 0.053, "low", True),
        (0.99, 0.5, "low", True),
        (0.537, 0.557, "low", False),
        (0.0, 0.0, "low", False),
        (0.4, 18.8, "ceiling", True),
        (None, 0.8, "high", False),
    ],
)
def test_a_bar_is_drawn_where_real_rows_are_better_than_the_floor(
    floor: float | None, ceiling: float, better: Literal["high", "low", "ceiling"], drawn: bool
) -> None:
    assert gauge(Gauge("score", 0.5, floor, ceiling, better, "")).bar is drawn


def test_histograms_span_their_box() -> None:
    drawn = histogram(Comparison("x", (), (0.0, 1.0, 2.0), (0.5, 0.5), (1.0, 0.0), (0.0, 0.0), 0.5))
    assert drawn.area == "M0 100V52H50V52H100V100Z"
    assert drawn.line == "M0 100V4H50V100H100V100"


def test_axes_have_round_numbers() -> None:
    assert ticks(0.13, 0.87) == [0.2, 0.4, 0.6, 0.8]
    assert labels([0, 2e6, 4e6]) == ["0", "2M", "4M"]
    assert labels([0, 500, 1000, 1500]) == ["0", "500", "1,000", "1,500"]
    assert labels([-0.5, 0, 0.5]) == ["-0.5", "0", "0.5"]
    assert date(-62135596800.0) == "0001-01-01 00:00:00"
    assert date(1e30) == "–"


def test_a_band_lies_around_the_first_line_and_is_on_the_axis() -> None:
    ends = (Series("lower end", (0.0, None, 2.0)), Series("upper end", (2.0, None, 8.0)))
    picture = PictureBlock("lines", "", (0, 1, 2), (Series("found", (1.0, 2.0, 4.0)),), band=ends)
    drawn = plot(picture)
    assert isinstance(drawn, Upright)
    first, *_, last = drawn.band.removeprefix("M").removesuffix("Z").split("L")
    assert first.split()[0] == last.split()[0], "up on one side and back on the other"
    assert len(drawn.band.split("L")) == 4, "where an end is missing there is a gap"
    assert max(float(text) for _, text in drawn.y_ticks) >= 8


def test_a_point_without_a_neighbour_is_seen_beside_a_line() -> None:
    picture = PictureBlock(
        "lines",
        "what came",
        tuple(f"2024-01-{day:02d}" for day in range(1, 21)),
        (
            Series("return", tuple(float(k % 5) for k in range(20))),
            Series("beyond", tuple(0.0 if k in (3, 8, 9) else None for k in range(20))),
        ),
    )
    drawn = plot(picture)
    assert isinstance(drawn, Upright)
    [(colour, path)] = drawn.alone
    assert colour == drawn.paths[1][0]
    assert path.count("M") == 1  # of the 8th and the 9th a line is drawn
    assert all(5 <= at <= 95 for at, _ in drawn.x_ticks)
