"""Stored models that were damaged on purpose are refused with an error, or make rows: no crash, no
hang, no traceback, and no more memory than ten times the file and 200 MB."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fuzz.harness import Outcome, outcomes
from tests.fuzz.stored_models import SEQUENCES, TABLES, TEXTS, stored

FEW = {
    *("table-trees", "table-autoregressive", "series-vae", "images-independent", "images-gan"),
    "texts-ngram",
}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return stored(tmp_path_factory.mktemp("few"), FEW)


def test_whole_models_of_all_sorts_can_be_used(few: dict[str, Path], tmp_path: Path) -> None:
    assert set(few) == FEW
    untouched = outcomes(few, len(few), 0, damage=False)
    assert [(one.of, one.loaded, one.fault) for one in untouched] == [
        (name, True, "") for name in few
    ]


def test_damaged_models_do_no_harm(few: dict[str, Path]) -> None:
    _no_harm(few, 100, seed=11, spare=True)


@pytest.mark.slow
def test_many_damaged_models_of_every_family_do_no_harm(tmp_path: Path) -> None:
    models = stored(tmp_path)
    assert len(models) == len(TABLES) + 2 * len(SEQUENCES) + len(TEXTS) + 2  # and quick ones
    _no_harm(models, 2_000, seed=1, spare=False)


def _no_harm(models: dict[str, Path], count: int, seed: int, *, spare: bool) -> None:
    def part(first: int) -> list[Outcome]:
        return list(outcomes(models, count, seed, first, CHILDREN, spare=spare))

    with ThreadPoolExecutor(CHILDREN) as pool:
        found = [one for some in pool.map(part, range(CHILDREN)) for one in some]
    faults = [one for one in found if one.fault]
    assert not faults, "\n\n".join(map(str, faults[:5]))
    assert len(found) == count
    # what is tried must be no mere rubbish: some of it can be loaded
    assert 0.1 * count < sum(one.loaded for one in found) < 0.7 * count


CHILDREN = 2
