import random

import pytest

from tidemill.cleaning import checksums
from tidemill.cleaning.personal import CHECK
from tidemill.core.run import Run

RANDOM = random.Random(0)


def digits(count):
    return "".join(RANDOM.choice("0123456789") for _ in range(count))


def card():
    stem = "4" + digits(14)
    return next(stem + last for last in "0123456789" if checksums.luhn(stem + last))


def resident():
    year, month, day = (RANDOM.randrange(*ends) for ends in ((1950, 2005), (1, 13), (1, 29)))
    stem = f"110105{year}{month:02d}{day:02d}{digits(3)}"
    return next(stem + last for last in "0123456789X" if checksums.resident_id(stem + last))


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


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("order", [digits(16) for _ in range(200)]),
        ("ean", [f"40{digits(11)}" for _ in range(200)]),
        ("isbn", [f"978-3-16-1484{i:02d}-0" for i in range(60)]),
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
