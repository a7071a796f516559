"""Floors count persons: nothing comes back that fewer than five of them share, however many rows
they have, with every model and whether the entity is given or found."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.core.grid import Batch, Code, Real, Spec
from tidemill.core.persons import FEWEST_PERSONS, ends_of, level_counts, person_column, persons_of
from tidemill.models import MODELS
from tidemill.models.bins import Bins
from tidemill.synthesis.synthesizer import Synthesizer

PERSONS = 250
DEEP = [name for name, entry in MODELS.items() if entry.extra == "deep" and name != "latent"]
CONSTANT = {"salary": 100, "latitude": 1_000_000}
"""Columns that never change within a person, and what one of them counts in ticks."""


def people(seed: int = 0) -> pl.DataFrame:
    """PERSONS with 5 to 8 rows each, and secrets of single ones."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(PERSONS), rng.integers(5, 9, PERSONS))
    n = len(person)
    first = np.flatnonzero(np.r_[True, person[1:] != person[:-1]])

    def own(one: int, values: np.ndarray, secret: object) -> list[object]:
        """The secret in five rows of one person, or all where that are fewer."""
        changed = values.astype(object)
        changed[first[one] : first[one] + 5] = secret
        return changed.tolist()

    words = [rng.choice(few, n) for few in (["short", "long", "next"], ["calm", "busy", "late"])]
    notes = np.array(
        [f"the {a} and {b} visit number {k}" for k, (a, b) in enumerate(zip(*words, strict=True))]
    )
    birth = np.datetime64("1940-01-01") + rng.choice(22_000, PERSONS, replace=False)
    town = rng.choice(["Aachen", "Bremen", "Celle", "Dresden", "Essen"], PERSONS)
    days = [np.sort(rng.choice(700, count, replace=False)) for count in np.bincount(person)]
    return pl.DataFrame(
        {
            "customer_id": person + 1000,
            "salary": rng.lognormal(10.5, 0.4, PERSONS).round(2)[person],
            "latitude": rng.uniform(47, 55, PERSONS).round(6)[person],
            "birth_date": birth[person],
            "town": np.where(person == 7, "Xanthopolis", town[person]).tolist(),
            "note": [
                f"{note} Kryptonheimer" if one == 11 else note
                for note, one in zip(notes.tolist(), person.tolist(), strict=True)
            ],
            "visits": own(13, rng.poisson(3, n), 444),
            "status": own(17, rng.choice(["new", "open", "done"], n), "Zweckform"),
            "when": np.datetime64("2022-01-01") + np.concatenate(days),
            "amount": rng.normal(50, 10, n).round(1),
            "churn": rng.choice(["yes", "no"], n).tolist(),
        },
        strict=False,
    )


FRAME = people()
OTHERS = people(99)
WORDS = ("Xanthopolis", "Kryptonheimer", "Zweckform")


def learned(model: str, **roles: str) -> Synthesizer:
    """A model of the table that took a few steps."""
    options = {"effort": "plain"} if model == "trees" else {}
    steps = 3 if model in DEEP else None
    return tm.fit(tm.read(FRAME, **roles), model=model, options=options, run=tm.Run(1, steps=steps))


def assert_kept_from(path: Path) -> None:
    """No secret stands in a part of the stored model, be it text or array."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    arrays = load_arrays(parts.pop("arrays.safetensors"))
    text = "\n".join(part.decode() for part in parts.values())
    assert not [word for word in WORDS if word in text]
    numbers = {float(one) for one in re.findall(r"-?\d+\.?\d*", text)}
    for name, unit in CONSTANT.items():
        real = {round(value * unit) for value in FRAME[name].unique().to_list()}
        in_json = {value for value in numbers if value in real or round(value * unit, 6) in real}
        assert len(in_json) <= 1, (name, in_json)
        for array_name, array in arrays.items():
            if array.dtype.kind in "iu":
                assert len(real & set(array.ravel().tolist())) <= 1, (name, array_name)
    visits = [a for name, a in arrays.items() if "piece" in name and a.max(initial=0) in (443, 444)]
    assert not visits


def load_arrays(part: bytes) -> dict[str, np.ndarray]:
    """The arrays of a stored model."""
    from safetensors.numpy import load

    return load(part)


def assert_generated_by_chance(new: pl.DataFrame) -> None:
    """Generated rows hold no secret, and no more values of learned persons than chance gives."""
    for name in WORDS:
        assert (
            not new.select(pl.any_horizontal(pl.col(pl.String).str.contains(name)))
            .to_series()
            .any()
        )
    assert not (new["visits"] == 444).any()
    for name in CONSTANT:
        assert new[name].is_in(FRAME[name].unique().to_list()).sum() <= 2
    real, others = (
        int(new["birth_date"].is_in(frame["birth_date"].unique().to_list()).sum())
        for frame in (FRAME, OTHERS)
    )
    assert real <= 3 * others + 30


@pytest.mark.parametrize("roles", [{}, {"entity": "customer_id"}], ids=["found", "declared"])
@pytest.mark.parametrize("model", ["trees", "independent"])
def test_nothing_of_one_person_comes_back(
    model: str, roles: dict[str, str], tmp_path: Path
) -> None:
    made = learned(model, **roles)
    assert_kept_from(made.save(tmp_path / "m.tidemill"))
    assert_generated_by_chance(made.sample(2000, seed=2))


@pytest.mark.slow
@pytest.mark.parametrize("roles", [{}, {"entity": "customer_id"}], ids=["found", "declared"])
@pytest.mark.parametrize("model", DEEP)
def test_nothing_of_one_person_comes_back_from_a_network(
    model: str, roles: dict[str, str], tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    made = learned(model, **roles)
    assert_kept_from(made.save(tmp_path / "m.tidemill"))
    assert_generated_by_chance(made.sample(2000, seed=2))


@pytest.mark.slow
@pytest.mark.parametrize("model", DEEP)
def test_nothing_of_one_person_comes_back_from_series(model: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    made = learned(model, entity="customer_id", time="when")
    assert made.modality == "series"
    assert_kept_from(made.save(tmp_path / "m.tidemill"))
    assert_generated_by_chance(made.sample(300, seed=2))


def test_rows_without_repeated_ids_are_persons_of_their_own() -> None:
    once = FRAME.unique("customer_id", keep="first", maintain_order=True)
    assert persons_of(tm.read(once)) is None
    assert persons_of(tm.read(FRAME.drop("customer_id"))) is None


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        *(("customer_id", True), ("patient_no", True), ("AccountID", True), ("id", True)),
        *(("用户编号", True), ("kunden_nr", True), ("card_number", True), ("pid", True)),
        *(("product_id", False), ("store_id", False), ("sku_id", False), ("ticker_id", False)),
    ],
)
def test_columns_that_tell_persons_apart_are_found(name: str, taken: bool) -> None:
    frame = FRAME.select(pl.col("customer_id").alias(name), "amount")
    assert person_column(tm.read(frame)) == (name if taken else None)


def test_an_order_counts_only_where_nothing_better_is_there() -> None:
    order = pl.Series("order_id", np.arange(len(FRAME)) // 2 + 70_000)
    data = tm.read(FRAME.select("customer_id", "amount").with_columns(order))
    assert person_column(data) == "customer_id"
    assert person_column(data.select(["order_id", "amount"])) == "order_id"


def test_a_count_of_money_tells_no_persons_apart() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {name: rng.integers(0, 300, 2000) for name in ("account_balance", "customers")}
    )
    assert person_column(tm.read(frame)) is None


def test_it_is_said_which_rows_are_one_person() -> None:
    said: list[str] = []
    run = tm.Run(listener=lambda event: said.append(event.text))
    persons_of(tm.read(FRAME), run)
    assert sum("Rows of one 'customer_id' count as one person" in text for text in said) == 1


def test_too_few_entities_are_not_counted_and_that_is_said() -> None:
    frame = FRAME.with_columns(machine=pl.col("customer_id") % 3)
    run = tm.Run()
    assert persons_of(tm.read(frame, entity="machine"), run) is None
    assert any("3 entities only" in text for text in run.warnings)


def test_pieces_hold_enough_persons_or_lie_between_two_shared_values() -> None:
    rng = np.random.default_rng(4)
    for _ in range(60):
        persons = np.sort(rng.integers(0, rng.integers(3, 120), 600))
        ticks = rng.integers(0, int(10.0 ** rng.integers(1, 8)), 121)[persons]
        ticks = np.where(rng.random(600) < 0.2, rng.integers(0, 9, 600), ticks)
        pieces = Bins.of(ticks, persons=persons)
        assert pieces.count.sum() == len(ticks)
        place = pieces.nearest(ticks)
        atom = pieces.low == pieces.high
        for k in range(len(pieces)):
            shared = len(np.unique(persons[place == k]))
            between = 0 < k < len(pieces) - 1 and atom[k - 1] and atom[k + 1]
            assert shared >= FEWEST_PERSONS or between or len(pieces) == 1


def test_ends_are_those_of_enough_persons_or_rounded() -> None:
    numbers = np.r_[np.repeat(17, 6), np.arange(20, 80), 103]
    assert ends_of(numbers, None) == (17, 104)
    assert ends_of(numbers, np.r_[np.zeros(6, int), np.arange(1, 62)]) == (16, 104)


def test_levels_are_counted_by_person() -> None:
    counted = level_counts(pl.Series(["a", "a", "b", None]), np.array([1, 1, 2, 3]))
    assert counted.select("level", "count", "persons").rows() == [("a", 2, 1), ("b", 1, 1)]


def test_whose_rows_are_goes_along_with_them() -> None:
    spec = Spec((Real("x"),), (Code("c", 2),))
    batch = Batch(np.arange(4)[:, None], np.zeros((4, 1), np.int32), person=np.array([0, 0, 1, 2]))
    assert batch.rows(np.array([3, 0])).person.tolist() == [2, 0]
    assert Batch.joined([Batch.blank(spec, 4), batch]).person.tolist() == [0, 0, 1, 2]
