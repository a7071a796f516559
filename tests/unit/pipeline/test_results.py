"""Folders of results in the place of single files."""

from __future__ import annotations

from pathlib import Path

import pytest

import tidemill as tm
from tests.conformance.tables import business
from tidemill.core.errors import InputError, OptionError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    tm.run(business(400), target="churn", out=out, model="independent")
    return out


def test_a_run_s_folder_stands_for_its_model_and_rows(folder: Path, tmp_path: Path) -> None:
    found = tm.score(folder, business(20, seed=2))
    assert found.data.frame["chance"].null_count() == 0
    assert tm.what_if(folder, business(20, seed=2), {"plan": "team"}, draws=2).rows == 20
    assert "detection" in {
        score.metric for score in tm.evaluate(folder=folder, metrics=["detection"])
    }
    audited = tm.audit(folder, attacks=["copies"], canaries=0)
    assert audited.light in ("green", "yellow", "red")


def test_what_is_no_folder_of_results_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model in this folder"):
        tm.score(tmp_path, business(5))
    with pytest.raises(InputError, match="no folder"):
        tm.evaluate(folder=folder / "model.tidemill")
    with pytest.raises(OptionError, match="'train'"):
        tm.audit(folder / "model.tidemill", canaries=0)
    with pytest.raises(OptionError, match="'holdout'"):
        tm.evaluate(business(40), synthetic=business(40))
