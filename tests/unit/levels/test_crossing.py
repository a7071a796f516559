"""Ways through small levels that are known beforehand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.core.errors import DataError, InputError
from tidemill.levels.crossing import crossing
from tidemill.levels.legend import Legend, read_legend, ready_legends
from tidemill.levels.patterns import divergence, windows
from tidemill.levels.planes import are_planes, decoded, encoded, lines, size, symbols_of

RUN = Legend("run", "across", solid="#", climb="H", hazard="^", jump=2)
DIG = ready_legends()["Lode Runner"]


@pytest.mark.parametrize(
    ("plane", "crossed"),
    [
        ("------\n------\n######", True),
        ("------\n--##--\n######", True),  # a wall as high as a jump has
        ("------\n---#--\n---#--\n---#--\n######", False),  # three tiles are higher than a jump
        ("------\n-H----\n-H#---\n-H#---\n-H#---\n######", True),
        ("--------\n--------\n##---###", True),
        ("------------------\n------------------\n##--------------##", False),
        ("------\n------\n##^^##", True),
        ("^^^^^^\n^^^^^^\n######", False),
        ("------\n------\n------", False),
    ],
)
def test_a_level_is_crossed_where_it_can_be(plane: str, crossed: bool) -> None:
    found = crossing(plane, RUN)
    assert found.crossed == crossed
    assert (found.why == "") == crossed
    if crossed:
        assert found.path[-1][1] == len(lines(plane)[0]) - 1
        steps = np.abs(np.diff(np.array(found.path), axis=0))
        assert steps.max() <= 1
    elif found.path:
        assert found.stuck is not None


@pytest.mark.parametrize(
    ("plane", "why"),
    [
        ("......\n.M..G.\nbbbbbb", ""),
        ("G.....\n#.....\n#M....\nbbbbbb", ""),  # up a ladder
        ("......\nM----G\nbb...b\nb....b\nbbbbbb", ""),  # along a rope
        ("......\n.M....\nbbbbbb\n...G..\nBBBBBB", ""),  # through bricks
        ("......\n.M....\nBBBBBB\n...G..\nBBBBBB", "1 of 1 to be collected are not reached"),
        ("...G..\n.M....\nbbbbbb", "1 of 1 to be collected are not reached"),
        ("......\n....G.\nbbbbbb", "there is no start"),
        (".M..M.\n....G.\nbbbbbb", "there are 2 starts"),
        ("......\n.M....\nbbbbbb", "there is nothing to collect"),
        (  # down on either side, and up on none
            "..M..\n..B..\n..B..\nG.B.G",
            "two to be collected are reached, but neither after the other",
        ),
    ],
)
def test_everything_is_collected_where_it_can_be(plane: str, why: str) -> None:
    found = crossing(plane, DIG)
    assert (found.crossed, found.why) == (not why, why)


def test_a_higher_jump_never_crosses_less() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        code = rng.random((8, 24)) < 0.25
        code[-1] |= rng.random(24) < 0.6
        plane = decoded(code.astype(int), "-#")
        crossed = [crossing(plane, replace(RUN, jump=jump)).crossed for jump in (0, 1, 2, 4)]
        assert crossed == sorted(crossed)


def test_a_legend_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('game = "Mine"\ngoal = "across"\nsolid = "#"\njump = 3\n')
    assert read_legend(path) == Legend("Mine", "across", "#", jump=3)
    for text in (
        "game = 3",
        'game = "Mine"',
        'game = "Mine"\ngoal = "win"\nsolid = "#"',
        'game = "Mine"\ngoal = "collect"\nsolid = "#"',
        'game = "Mine"\ngoal = "across"\nsolid = "#"\njump = 99',
        'game = "Mine"\ngoal = "across"\nsolid = "#"\nwings = 2',
        "= no toml",
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=r"legend|goal|jumps|starts"):
            read_legend(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_legend(tmp_path / "none.toml")


@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
            lambda shape: st.lists(
                st.text("-#oX", min_size=shape[1], max_size=shape[1]),
                min_size=shape[0],
                max_size=shape[0],
            )
        ),
        min_size=1,
        max_size=5,
    )
)
def test_planes_come_back_from_their_codes(found: list[list[str]]) -> None:
    planes = ["\n".join(rows) for rows in found]
    symbols = symbols_of(planes)
    assert [decoded(code, symbols) for code in encoded(planes, symbols)] == planes
    assert [size(plane) for plane in planes] == [(len(rows), len(rows[0])) for rows in found]


def test_what_is_no_plane_is_told() -> None:
    with pytest.raises(DataError, match="line 2 has 3 tiles, and the first one 4"):
        size("----\n---\n----")
    with pytest.raises(DataError, match="no tiles"):
        size("")
    with pytest.raises(DataError, match="too many"):
        size("-" * 10_000)
    with pytest.raises(DataError, match="not among those that were learned"):
        encoded(["--?"], "-#")
    assert not are_planes(pl.Series(["a poem\nof two l", "Dear Anna,\nthe parcel\nis late"]))
    assert not are_planes(pl.Series([1, 2]))


def test_windows_are_told_apart() -> None:
    one, other = "---\n-#-\n---", "---\n-o-\n---"
    assert divergence(windows([one], 2), windows([one, one], 2)) == 0.0
    assert divergence(windows([one], 2), windows([other], 2)) == pytest.approx(1.0)
    assert len(windows([one], 2)) == 4
    assert len(windows([one], 4)) == 0
