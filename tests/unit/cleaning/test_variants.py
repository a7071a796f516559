import pytest

from tidemill.cleaning.variants import CHECK
from tidemill.core.run import Run


def repaired(seen, data=None):
    diagnosis = CHECK.diagnose(seen, Run())
    return diagnosis.issues, CHECK.repair(data or seen, diagnosis.repair)


def test_levels_are_written_as_most_are(table):
    issues, done = repaired(
        table(town=["New York"] * 5 + ["new  york", " NEW YORK ", "Ｎew York", "Oslo", "Oslo"])
    )
    assert done.data["town"].unique(maintain_order=True).to_list() == ["New York", "Oslo"]
    assert issues[0].count == done.changes.height == 3
    assert "one level is written in several ways" in issues[0].sentence


def test_a_new_way_of_writing_a_known_level_is_mended(table):
    issues, done = repaired(
        table(town=["Oslo", "Bergen"] * 5), table(town=["OSLO", "Rome", "rome", None])
    )
    assert not issues
    assert done.data["town"].to_list() == ["Oslo", "Rome", "rome", None]


@pytest.mark.parametrize("values", [["M", "m"], ["µ", "m"], ["ab", "a b"]])
def test_other_levels_are_not_joined(table, values):
    issues, done = repaired(table(x=values * 10))
    assert not issues
    assert done.changes.height == 0


def test_blanks_around_one_letter_go(table):
    _, done = repaired(table(sex=["M", "F", "M ", "F"] * 5))
    assert done.data["sex"].n_unique() == 2


def test_ids_and_texts_stay(table):
    issues, _ = repaired(
        table(kinds={"id": "id", "note": "text"}, id=["a1", "A1"] * 5, note=["Ok", "ok"] * 5)
    )
    assert not issues


def test_levels_seen_once_are_not_remembered(table):
    diagnosis = CHECK.diagnose(table(name=["Ann", "Bob", "Bob"]), Run())
    assert diagnosis.repair == {"written": {"name": ["Bob"]}}
