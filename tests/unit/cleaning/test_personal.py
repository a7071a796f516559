import random

import pytest
from stdnum.cn import ric

from tidemill.cleaning import checksums
from tidemill.cleaning.personal import CHECK
from tidemill.core.run import Run

RANDOM = random.Random(0)


def digits(count):
    return "".join(RANDOM.choice("0123456789") for _ in range(count))


def card():
    stem = "4" + digits(14)
    return next(stem + last for last in "0123456789" if checksums.card(stem + last))


def resident():
    year, month, day = (RANDOM.randrange(*ends) for ends in ((1950, 2005), (1, 13), (1, 29)))
    stem = f"110105{year}{month:02d}{day:02d}{digits(3)}"
    return next(stem + last for last in "0123456789X" if ric.is_valid(stem + last))


ENDS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
STEMS = {
    "Belgian national": lambda year: f"{year}.05.14-0{year}.{RANDOM.randrange(10)}",
    "CPF": lambda year: f"{digits(3)}.{digits(3)}.{digits(3)}-{RANDOM.randrange(10)}",
    "Finnish": lambda year: f"0105{year}-2{digits(2)}",
    "French": lambda year: f"1 {year} 05 49 588 1{year} {RANDOM.randrange(10)}",
    "Italian": lambda year: f"RSSMRA{year}A01H501",
    "Korean": lambda year: f"{year}0514-1{digits(5)}",
    "CURP": lambda year: f"BOXW{year}0514HNERXN0",
    "Norwegian": lambda year: f"0105{year}2{digits(3)}",
    "PESEL": lambda year: f"{year}0514{digits(4)}",
    "Romanian": lambda year: f"1{year}051403{digits(3)}",
    "South African": lambda year: f"{year}0514{digits(4)}08",
    "DNI": lambda year: digits(8),
    "NIE": lambda year: f"X{digits(7)}",
    "Swedish": lambda year: f"{year}0514-{digits(3)}",
    "Turkish": lambda year: f"1{digits(8)}{RANDOM.randrange(10)}",
}


def persons(what):
    """Thirty valid numbers of persons of the sort, found by trying ends."""
    valid = next(valid for name, _, valid in checksums.NATIONAL_IDS if what in name)
    found = []
    while len(found) < 30:
        stem = STEMS[what](RANDOM.randrange(50, 90))
        found += [stem + end for end in ENDS if valid(stem + end)][:1]
    return found


def issues(data):
    return CHECK.diagnose(data, Run()).issues


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("note", ["call anna@mail.co.uk", "nothing", "none"], "e-mail"),
        ("x", [card() for _ in range(30)], "card"),
        ("x", [int(card()) for _ in range(30)], "card"),
        ("x", [resident() for _ in range(30)], "Chinese resident"),
        ("x", ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"], "IBAN"),
        (
            "x",
            [
                f"{RANDOM.randrange(1, 600):03d}-12-{RANDOM.randrange(1, 9999):04d}"
                for _ in range(30)
            ],
            "social security",
        ),
        ("x", [f"13{digits(9)}" for _ in range(30)], "phone"),
        ("x", [f"+44 20 {digits(4)} {digits(4)}" for _ in range(30)], "phone"),
        ("Tel.", [f"0{digits(8)}" for _ in range(30)], "phone"),
        ("note", [f"ring (415) 555-{digits(4)} now" for _ in range(5)] + ["later"] * 50, "phone"),
        (
            "host",
            [f"10.{RANDOM.randrange(256)}.4.{RANDOM.randrange(32, 256)}" for _ in range(30)],
            "IP",
        ),
        ("host", ["2001:db8::1", "fe80::1", "2001:0DB8:0:0:8:800:200C:417A"], "IP"),
        ("LastName", ["Nguyen", "O'Brien", "van Dyk", "Müller"] * 5, "names of people"),
        (
            "passenger",
            ["Braund, Mr. Owen", "Heikkinen, Miss. Laina", "Allen, Mr. William"] * 5,
            "names of people",
        ),
        ("姓名", ["王伟", "李娜", "张敏"] * 5, "names of people"),
        ("ShipAddress", [f"{i} Main Street" for i in range(20)], "street addresses"),
    ],
)
def test_personal_data_are_told_and_masked(table, name, values, what):
    (issue,) = issues(table(**{name: values}))
    assert what in issue.sentence
    assert issue.severity == "personal data"
    assert not any(str(value) in issue.sentence + issue.example for value in values)
    assert not set(issue.example) & set("123456789abcdefghijklmnopqrstuvwyz")


@pytest.mark.parametrize("what", STEMS)
def test_numbers_of_persons_are_told_by_their_country(table, what):
    (issue,) = issues(table(x=persons(what)))
    assert what in issue.sentence
    assert not set(issue.example) & set("123456789abcdefghijklmnopqrstuvwyz")


def test_every_sort_of_numbers_of_persons_is_tested():
    assert len(STEMS) == len(checksums.NATIONAL_IDS)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("order", [digits(16) for _ in range(200)]),
        ("ean", [f"40{digits(11)}" for _ in range(200)]),
        ("isbn", [f"978-3-16-1484{i:02d}-0" for i in range(60)]),
        ("order", [digits(11) for _ in range(200)]),
        ("order", [f"{i}{digits(7)}" for i in range(123450, 123650)]),
        ("milliseconds", [1_700_000_000_000 + i * 86_412_345 for i in range(200)]),
        ("part", [f"{digits(8)}{RANDOM.choice('ABCDEFGHJKLMN')}" for _ in range(200)]),
        ("batch", [f"{240100 + i}-{digits(4)}" for i in range(1, 31)]),
        ("time", [f"{i % 24:02d}:{i % 60:02d}:00" for i in range(60)]),
        ("mac", [f"00:1b:44:11:3a:{i:02x}" for i in range(60)]),
        ("version", [f"1.{i}.0.2" for i in range(30)]),
        ("amount", [f"{i * 1234567.25}" for i in range(60)]),
        ("phone", ["yes", "none"] * 20),
        ("name", ["hawaiian", "classic_dlx", "mexicana"] * 20),
        ("product_name", ["Toy Story", "Green Lamp", "Old Chair"] * 20),
        ("email_opened", ["yes", "no"] * 20),
        ("email_address_known", ["yes", "no"] * 20),
    ],
)
def test_other_data_are_not(table, name, values):
    assert not issues(table(**{name: values}))


def test_a_date_of_birth(table):
    from datetime import date

    (issue,) = issues(table(DateOfBirth=[date(1980, 2, 3)] * 5))
    assert issue.example == "0000-00-00"


def test_columns_that_the_user_ignores_are_looked_at(table):
    assert issues(table(roles={"mail": "ignore"}, mail=["a@b.com", "c@d.org"]))
