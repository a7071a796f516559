"""Models that earlier versions stored."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tidemill.synthesis.synthesizer import Synthesizer

DATA = Path(__file__).parents[2] / "data"


@pytest.mark.parametrize("number", [1, 2])
def test_a_table_of_an_earlier_format_gives_the_same_rows(number: int) -> None:
    model = Synthesizer.load(DATA / f"table-format-{number}.tidemill")
    assert model.manifest["codec"] == "table"
    made: pl.DataFrame = model.sample(20, seed=2)
    assert made.write_csv() == (DATA / f"table-format-{number}.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["series", "images"])
def test_a_model_of_two_stages_of_format_1_is_stored_anew(name: str, tmp_path: Path) -> None:
    model = Synthesizer.load(DATA / f"{name}-format-1.tidemill")
    assert model.manifest["codec"] == model.modality == name
    assert [stage.model for stage in model._stages.stages] == ["trees", "vae"]
    again = Synthesizer.load(model.save(tmp_path / "new.tidemill"))
    assert "format" not in again.manifest
    one, other = model.sample(5, seed=3), again.sample(5, seed=3)
    assert one.equals(other)
    assert one.columns == list(model.schema.names)
