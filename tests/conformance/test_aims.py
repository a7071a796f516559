"""Laws of every registered aim."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.augmentation import AIMS
from tidemill.augmentation.aims import Studied
from tidemill.augmentation.training_sets import GeneratorOptions, TrainingSets
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run


def table(kind: str, rows: int = 500) -> Dataset:
    """Rows whose target is rare, depends on a segment, and is hard to tell in another."""
    rng = np.random.default_rng(3)
    age, plan = (
        rng.integers(18, 80, rows),
        rng.choice(["solo", "team", "firm"], rows, p=[0.6, 0.35, 0.05]),
    )
    chance = np.where(plan == "firm", 0.8, np.where(age > 60, 0.45, 0.05))
    churn = rng.random(rows) < chance
    target = {
        "classes": pl.Series(np.where(churn, "yes", "no")),
        "boolean": pl.Series(churn),
        "codes": pl.Series(churn.astype(int)),
        "number": pl.Series(10 * churn + age / 10 + rng.normal(size=rows)),
        "three": pl.Series(np.where(churn, "gone", np.where(age > 50, "old", "young"))),
    }[kind]
    return tm.read(pl.DataFrame({"age": age, "plan": plan, "churn": target}), target="churn")


def studied(data: Dataset, newer: Dataset | None = None) -> Studied:
    return TrainingSets(
        data, GeneratorOptions(options={"effort": "plain"}, newer=newer), Run(1)
    ).studied(())


@pytest.mark.parametrize("kind", ["classes", "boolean", "codes", "number", "three"])
@pytest.mark.parametrize("aim", AIMS)
def test_wants_name_rows_that_exist_and_can_be_generated(aim: str, kind: str) -> None:
    data = table(kind)
    grown = data.rows(np.flatnonzero((data.frame["age"] > 40).to_numpy()))
    shop = TrainingSets(data, GeneratorOptions(options={"effort": "plain"}, newer=grown), Run(1))
    wants = AIMS.load(aim)(shop.studied(()))
    assert all(want.rows >= 0 and want.why for want in wants)
    if kind != "number" or aim not in ("rare", "uncertain", "thin rules"):
        assert wants or aim == "thin rules"
    pool = shop.pool((), aim)
    assert len(pool.data) + sum(pool.dropped.values()) == pool.generated
    for k, want in enumerate([want for want in wants if want.rows]):
        made = shop.generator(()).draw(20, want.condition, run=Run(2)).data
        assert len(made) == 20
        assert k >= len(pool.whys) or pool.whys[k] in [each.why for each in wants]


def test_rare_wants_what_each_class_lacks() -> None:
    data = table("three")
    wants = AIMS.load("rare")(studied(data))
    counts = dict(data.frame["churn"].value_counts().iter_rows())
    assert {str(want.condition).split(" = ")[1]: want.rows for want in wants} == {
        name: max(counts.values()) - rows
        for name, rows in counts.items()
        if rows < max(counts.values())
    }


def test_weak_spots_and_thin_rules_find_what_was_hidden() -> None:
    found = studied(table("classes", 2000))
    assert any("age" in want.why for want in AIMS.load("weak spots")(found))
    assert any("firm" in want.why for want in AIMS.load("thin rules")(found))


def test_shifted_names_what_has_grown() -> None:
    data = table("classes")
    newer = data.rows(np.flatnonzero((data.frame["plan"] != "solo").to_numpy()))
    assert "plan" in AIMS.load("shifted")(studied(data, newer))[0].why
    assert AIMS.load("shifted")(studied(data)) == []
