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
    assert "3 cells in 'town' differ only in spaces or capitals" in issues[0].sentence


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


def levels_after(table, values):
    _, done = repaired(table(x=values))
    return sorted(set(done.data["x"].to_list()))


@pytest.mark.parametrize(
    ("values", "after"),
    [
        (["Noodles\n\n"] * 9 + ["Noodles"] * 3 + ["Rice"] * 4, ["Noodles", "Rice"]),
        (["Production       "] * 9 + ["IT"] * 3, ["IT", "Production"]),
        (["\u3000北京 "] * 9 + ["上海"] * 3, ["上海", "北京"]),
        (["LUNCH BAG  RED"] * 9 + ["LUNCH BAG RED"] * 2 + ["MUG"], ["LUNCH BAG RED", "MUG"]),
        (["M"] * 50 + ["F"] * 50 + ["m"] * 9 + ["f"] * 5, ["F", "M"]),
        (["北京"] * 9 + ["北京市"] * 3 + ["上海市"] * 4 + ["上海"], ["上海市", "北京"]),
        (
            ["内蒙古自治区"] * 4 + ["内蒙古"] * 2 + ["苏州", "苏州市", "苏州"],
            ["内蒙古自治区", "苏州"],
        ),
        (["广东省"] * 4 + ["广东"] * 2 + ["广西"] * 2, ["广东省", "广西"]),
    ],
)
def test_what_is_written_without_needless_blanks_wins(table, values, after):
    assert levels_after(table, values) == after


@pytest.mark.parametrize(
    "values",
    [
        ["吉林", "吉林省", "吉林市"],  # a province and a city
        ["吉林", "吉林市"],
        ["超", "超市", "城", "城市"],
        ["南山", "南山区"],
        ["a", "A", "b", "B"],  # each as often as its other case
    ],
)
def test_what_may_be_another_level_is_not_joined(table, values):
    assert levels_after(table, values * 5) == sorted(values)


@pytest.mark.parametrize(
    "pair",
    [
        ("Acme Inc.", "Acme Inc"),
        ("Acme", "Acme GmbH"),
        ("Café", "Cafe"),
        ("AT&T", "AT & T"),
        ("R&D", "R and D"),
        ("Smith-Jones", "Smith Jones"),
        ("St. Ives", "St Ives"),
    ],
)
def test_levels_that_are_likely_the_same_are_told_and_kept(table, pair):
    issues, done = repaired(table(x=[*pair, "other"] * 5))
    assert [issue.applied for issue in issues] == [False]
    assert done.changes.height == 0


@pytest.mark.parametrize(
    "values", [["A+", "A-", "A"], ["1.5", "15", "1-5"], ["C", "C++", "C#"], ["18-24", "18+24"]]
)
def test_marks_that_mean_something_are_not_told(table, values):
    assert not repaired(table(x=values * 5))[0]


def test_a_new_level_loses_its_outer_blanks(table):
    _, done = repaired(table(x=["Rice", "Rice"]), table(x=["Soup\n", "Rice "]))
    assert done.data["x"].to_list() == ["Soup", "Rice"]


def test_options_in_a_cell_are_no_form_of_a_company(table):
    cells = ["wifi", "wifi;spa", "wifi;pool;spa", "wifi;pool", "pool"] * 40
    assert not CHECK.diagnose(table(amenities=cells), Run()).issues


@pytest.mark.parametrize("pair", [("mW", "MW"), ("BRCA1", "Brca1"), ("aB3", "Ab3")])
def test_capitals_inside_a_word_may_mean_something(table, pair):
    one, other = pair
    _, done = repaired(table(c=[one] * 40 + [other] * 30 + ["none"] * 5))
    assert done.changes.height == 0
    _, done = repaired(table(c=[one] * 40 + [other] * 3 + ["none"] * 5))
    assert done.changes.height == 3


def test_invisible_characters_go(table):
    _, done = repaired(table(c=["Rome"] * 9 + ["Rome\u200b", "\ufeffRome"]))
    assert done.data["c"].unique().to_list() == ["Rome"]
