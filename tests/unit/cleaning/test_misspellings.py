import pytest

from tidemill.cleaning.misspellings import CHECK, distance, misspelt
from tidemill.core.run import Run


@pytest.mark.parametrize(
    ("one", "other", "apart"), [("", "abc", 3), ("abc", "acb", 1), ("kitten", "sitting", 3)]
)
def test_distance(one, other, apart):
    assert distance(one, other) == distance(other, one) == apart


@pytest.mark.parametrize(
    ("rare", "often"),
    [
        ("Surburban", "Suburban"),
        ("Managment", "Management"),
        ("Recieved", "Received"),
        ("Tresspass of land", "Trespass of land"),
        ("Universtiy degre", "University degre"),
    ],
)
def test_slips_of_the_pen_are_found(rare, often):
    assert misspelt({often: 500, rare: 2, "Something else": 500}) == {rare: often}


@pytest.mark.parametrize(
    ("rare", "often"),
    [
        ("basic.4y", "basic.6y"),
        ("Employed", "Unemployed"),
        ("atypical pain", "typical pain"),
        ("cat", "bat"),
        ("Order 1a", "Order 2a"),
        ("candles", "candle"),
        ("Male", "Female"),
        ("Married", "Divorced"),
        ("Slovakia", "Slovenia"),
    ],
)
def test_words_of_their_own_are_not(rare, often):
    assert misspelt({often: 500, rare: 2, "Something else": 500}) == {}


def test_a_frequent_level_is_not_misspelt():
    assert misspelt({"Suburban": 500, "Surburban": 400}) == {}


def test_a_word_that_is_frequent_elsewhere_is_not_misspelt():
    assert misspelt({"green lamp": 500, "greek lamp": 2, "greek salad": 900}) == {}


def test_thousands_of_levels_take_seconds():
    counts = {
        f"{a}{b}{c}ville place": 3
        for a in "abcdefghijklmnop"
        for b in "aeiou"
        for c in "bcdfghklmnprstvwxyz"
    }
    counts |= {"Springfield place": 5_000, "Springfeild place": 2}
    assert misspelt(counts) == {"Springfeild place": "Springfield place"}


def test_the_issue_names_both(table):
    data = table(area=["Suburban"] * 90 + ["Rural"] * 90 + ["Surburban"])
    (issue,) = CHECK.diagnose(data, Run()).issues
    assert issue.count == 1
    assert "'Surburban' (1) beside 'Suburban' (90)" in issue.sentence


def test_names_of_people_have_no_right_spelling(table):
    data = table(last_name=["Smith"] * 90 + ["Jones", "Miller", "Brown"] * 30 + ["Smyth", "Smiths"])
    assert not CHECK.diagnose(data, Run()).issues


def test_other_forms_of_a_word_are_no_slips():
    forms = {"Martin": 400, "Martina": 3, "Twister": 300, "Twisted": 2, "Baker": 300, "Bakery": 3}
    assert misspelt(forms) == {}
    assert misspelt({"England": 400, "Englan": 2, "Wales": 300}) == {"Englan": "England"}
