"""Levels from a folder or a table to new ones that can be crossed, by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tests.e2e.conftest import Tidemill
from tidemill.core.errors import DataError, OptionError
from tidemill.levels.crossing import crossing
from tidemill.levels.legend import read_legend

LEGEND = 'game = "hills"\ngoal = "across"\nsolid = "#="\njump = 3\nempty = "-"\n'


def plane(rng: np.random.Generator) -> str:
    """A ground with holes, hills and floating bars."""
    tiles = np.full((8, 30), "-")
    tiles[-1] = "#"
    for column in rng.integers(4, 26, 3):
        tiles[-1, column : column + 2] = "-"
    for column in rng.integers(3, 26, 4):
        tiles[-2 - int(rng.integers(2)) : -1, column : column + 2] = "#"
        tiles[3, column : column + 3] = "="
    return "\n".join("".join(row) for row in tiles)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "levels.parquet"
    pl.DataFrame({"tiles": [plane(rng) for _ in range(40)]}).write_parquet(path)
    (tmp_path / "hills.toml").write_text(LEGEND)
    return path


def test_new_levels_can_be_crossed(tidemill: Tidemill, table: Path, tmp_path: Path) -> None:
    legend, out = tmp_path / "hills.toml", tmp_path / "page"
    wanted = ("--assume", f"legend={legend}", "--assume", "levels=6", "--assume", "width=24")
    command = ("recipe", "level", table, "--model", "tile_ngram", *wanted)
    done = tidemill(*command, "--out", out)
    assert done.code == 0, done.err
    made = tm.read(out / "levels.csv").frame
    figures = json.loads((out / "figures.json").read_text())
    assert figures["levels"] == made.height == 6
    rules = read_legend(legend)
    assert all(crossing(one, rules).crossed for one in made["tiles"])
    assert {len(line) for one in made["tiles"] for line in one.split("\n")} == {24}
    again = tmp_path / "again"
    tidemill(*command, "--out", again)
    assert (again / "levels.csv").read_bytes() == (out / "levels.csv").read_bytes()


def test_a_folder_of_levels_is_learned_and_written_and_half_a_level_gone_on_with(
    tidemill: Tidemill, table: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, one in enumerate(pl.read_parquet(table)["tiles"]):
        (folder / f"{number:02d}.txt").write_text(one + "\n")
    model, out = tmp_path / "hills.tidemill", tmp_path / "out"
    assert tidemill("fit", folder, "--out", model, "--model", "tile_ngram").code == 0
    assert tidemill("sample", model, "--rows", "5", "--out", out).code == 0
    assert sorted(path.name for path in out.glob("*.txt")) == [f"0000{k}.txt" for k in range(1, 6)]
    half = (folder / "00.txt").read_text().strip()
    half = "\n".join(line[:15] + "~" * (len(line) - 15) for line in half.split("\n"))
    path = tmp_path / "half.csv"
    pl.DataFrame({"text": [half]}).write_csv(path)
    done = tidemill("infill", model, path, "--out", tmp_path / "whole.csv")
    assert done.code == 0, done.err
    [whole] = tm.read(tmp_path / "whole.csv")["text"]
    for new, old in zip(whole.split("\n"), half.split("\n"), strict=True):
        assert new[:15] == old[:15]
        assert len(new) == len(old)
        assert "~" not in new


def test_what_cannot_be_answered_is_told(table: Path, tmp_path: Path) -> None:
    data = tm.read(table)
    with pytest.raises(OptionError, match="nothing says by which rules"):
        tm.recipe("level", data)
    few = data.rows(np.arange(6))
    refused = tm.recipe("level", few, assume={"legend": str(tmp_path / "hills.toml")})
    assert refused.refused[0].what == "New levels cannot be learned."
    ragged = pl.DataFrame({"tiles": [*data["tiles"].to_list(), "--\n---\n--\n--"]})
    with pytest.raises(DataError, match="line 2 has 3 tiles"):
        tm.fit(tm.read(ragged), model="tile_ngram")
    with pytest.raises(OptionError, match="cannot learn levels"):
        tm.fit(data, model="trees")
