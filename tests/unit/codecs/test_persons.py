"""Names and addresses of people: fresh ones in the form of real ones, and never a real one."""

from __future__ import annotations

import json
import re
import zipfile
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import tidemill as tm
from tidemill.codecs.columns.base import SurrogateStream
from tidemill.codecs.columns.persons import MAILS, PersonCodec
from tidemill.core.grid import Batch
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.personal.judging import ADDRESSES, NAMES
from tidemill.personal.word_lists import name_words


def nothing(n: int) -> Batch:
    return Batch(np.zeros((n, 0), np.int64), np.zeros((n, 0), np.int32))


def made(names: list[str], n: int, column: str = "name", what: str = NAMES) -> pl.Series:
    known = pl.Series(column, names)
    codec = PersonCodec().fit(Column(column, "id", personal=what), known, Run())
    state = json.loads(json.dumps(codec.to_state(), allow_nan=False))
    again = PersonCodec.from_state(Column(column, "id", personal=what), state)
    stream = SurrogateStream(0, 7)
    out = codec.decode(nothing(n), np.random.default_rng(0), stream)
    assert out.equals(again.decode(nothing(n), np.random.default_rng(0), stream))
    assert not set(out) & set(known), "a real value came back"
    return out


def listed(language: str, pattern: str, n: int = 600) -> list[str]:
    """Training names of a language's own lists, in an order like "{given} {family}"."""
    rng = np.random.default_rng(3)
    words = name_words(language)[0]
    names = {
        pattern.format(
            given=words.given[rng.integers(len(words.given))],
            family=words.family[rng.integers(len(words.family))],
            middle=words.middle[rng.integers(len(words.middle))] if words.middle else "",
        )
        for _ in range(n)
    }
    return sorted(names)


LATIN = r"[^\W\d_][\w'’-]*"
LANGUAGES = (
    ("English", "{given} {family}", rf"^{LATIN} {LATIN}$"),
    ("English", "{family}, {given}", rf"^{LATIN}, {LATIN}$"),
    ("German", "{given} {family}", rf"^{LATIN} {LATIN}$"),
    ("French", "{given} {family}", rf"^{LATIN} {LATIN}$"),
    ("Spanish", "{given} {family}", rf"^{LATIN} {LATIN}$"),
    ("Simplified Chinese", "{family}{given}", r"^[\u4e00-\u9fff]{2,4}$"),
    ("Traditional Chinese", "{family}{given}", r"^[\u4e00-\u9fff]{2,4}$"),
    ("Japanese", "{family} {given}", r"^[\u3040-\u30ff\u3005\u4e00-\u9fff]+ [\u3040-\u9fff]+$"),
    ("Korean", "{family}{given}", r"^[\uac00-\ud7a3]{3,4}$"),
    ("Russian", "{family} {given} {middle}", r"^[А-ЯЁа-яё-]+ [А-ЯЁа-яё]+ [А-ЯЁа-яё]+$"),
    ("Arabic", "{given} {family}", r"^[\u0600-\u06ff-]+ [\u0600-\u06ff-]+$"),
)


@pytest.mark.parametrize(("language", "pattern", "form"), LANGUAGES)
def test_names_are_of_the_language_and_order_of_real_ones(
    language: str, pattern: str, form: str
) -> None:
    names = made(listed(language, pattern), 3_000)
    assert names.str.contains(form).mean() > 0.97  # type: ignore[operator]
    assert names.n_unique() == 3_000
    words = name_words(language)
    listed_words = {word for one in words for word in (*one.given, *one.family)}
    if pattern.count(" ") == 1:
        own = [set(re.split(r"[ ,-]+", name)) for name in names]
        assert np.mean([bool(one & listed_words) for one in own]) > 0.9


def test_chinese_stays_simplified_or_traditional() -> None:
    simple = made(listed("Simplified Chinese", "{family}{given}"), 2_000)
    for letter in set("".join(simple)):
        assert letter.encode("gb2312"), letter
    traditional = "".join(made(listed("Traditional Chinese", "{family}{given}"), 2_000))
    assert traditional.encode("big5", errors="replace").count(b"?") < 0.02 * len(traditional)


@pytest.mark.parametrize(
    ("names", "column", "form"),
    [
        ("SMITH, JOHN A.;HILL, ANNA B.;LEE, MARY C.", "name", r"^[A-Z'-]+, [A-Z]+ [A-Z]\.$"),
        ("Mr. John Smith;Mr. Tom Hill;Mr. Jack Lee", "name", r"^Mr\. \S+ \S+$"),
        ("anna.lee;tom.hill;mary.smith;john.brown", "login", r"^[a-z'-]+\.[a-z'-]+$"),
        ("Baker, Linda  K   ;Hill, Tom  Z   ", "Employee_Name", r"^\S+, \S+  [A-Z]   $"),
        ("王*明;李*华;张*红;刘*伟;陈*强;杨*军", "客户", r"^[\u4e00-\u9fff]\*[\u4e00-\u9fff]$"),
        ("J*** S***;A*** L***;B*** K***", "customer", r"^[A-Z]\*\*\* [A-Z]\*\*\*$"),
    ],
)
def test_forms_are_kept(names: str, column: str, form: str) -> None:
    values = pl.Series(column, names.split(";"))
    codec = PersonCodec().fit(Column(column, "id", personal=NAMES), values, Run())
    out = codec.decode(nothing(200), np.random.default_rng(0), SurrogateStream(0, 1))
    assert out.str.contains(form).all(), out.to_list()[:5]


def test_scripts_are_mixed_in_their_shares() -> None:
    names = [*listed("English", "{given} {family}", 300), *listed("Korean", "{family}{given}", 100)]
    korean = made(names, 4_000).str.contains("[\uac00-\ud7a3]").mean()
    assert 0.15 < korean < 0.35  # type: ignore[operator]


@pytest.mark.slow
def test_no_name_is_real_where_all_words_of_the_lists_are_real_ones() -> None:
    words = name_words("English")[0]
    rng = np.random.default_rng(0)
    given, family = np.array(words.given), np.array(words.family)
    real = [*map(" ".join, zip(rng.choice(given, 50_000), rng.choice(family, 50_000), strict=True))]
    real += [f"{one} {two}" for one, two in product(given[:5], family)]
    names = made(real, 1_000_000)
    assert names.n_unique() > 40_000


def test_addresses_go_with_the_names_of_their_row() -> None:
    rng = np.random.default_rng(0)
    words = name_words("English")[0]
    pairs = {(str(rng.choice(words.given)), str(rng.choice(words.family))) for _ in range(300)}
    rows = sorted(pairs)
    frame = pl.DataFrame(
        {
            "name": [f"{given} {family}" for given, family in rows],
            "email": [f"{a.lower()}.{b.lower()}@mail.com" for a, b in rows],
            "manager": [f"{rows[k % 9][0]} {rows[k % 9][1]}" for k in range(len(rows))],
            "age": rng.integers(18, 80, len(rows)),
        }
    )
    new = tm.fit(frame, model="independent").sample(2_000)
    for name, email in new.select("name", "email").iter_rows():
        given, family = name.lower().split(" ")
        plain = f"{given}.{family}".replace("'", "").replace("-", "")
        assert email.replace("-", "") == f"{plain}@mail.com"
    assert (new["name"] == new["manager"]).mean() < 0.01  # type: ignore[operator]
    for column in ("name", "email", "manager"):
        assert not set(new[column]) & set(frame[column])
    assert new["manager"].n_unique() == 9


def test_own_domains_do_not_come_back() -> None:
    mails = [f"p{k}@family{k}.org" for k in range(50)] + [f"q{k}@mail.com" for k in range(50)]
    out = made(mails, 500, "email", MAILS)
    assert set(out.str.extract("@(.+)$")) == {"example.com", "mail.com"}


def persons(seed: int = 0) -> pl.DataFrame:
    """250 persons with up to five visits each; name, e-mail and phone are the person's own."""
    rng = np.random.default_rng(seed)
    words = name_words("English")[0]
    who = rng.integers(0, 250, 900)
    names = [f"{words.given[k]} {words.family[2 * k]}" for k in range(250)]
    return pl.DataFrame(
        {
            "patient": [f"P-{k:05d}" for k in who],
            "full_name": [names[k] for k in who],
            "email": [f"{names[k].replace(' ', '.').lower()}@mail.com" for k in who],
            "phone": [f"+44 20 7{k:03d} {7919 * k % 10_000:04d}" for k in who],
            "age": 20 + who % 60,
            "visit": rng.integers(1, 9, 900),
        }
    )


def test_an_entity_has_one_name() -> None:
    frame = persons()
    model = tm.fit(tm.read(frame, entity="patient"), model="independent")
    new = model.sample(1_000)
    for column in ("full_name", "email", "phone"):
        assert new.select("patient", column).n_unique() == new["patient"].n_unique()
        assert new[column].n_unique() == new["patient"].n_unique()
        assert not set(new[column]) & set(frame[column])
    assert 0.5 < new["patient"].n_unique() / (1_000 * 243 / 900) < 1.5


def test_parts_of_a_draw_give_the_same_names(tmp_path: Path) -> None:
    model = tm.fit(tm.read(persons(), entity="patient"), model="independent")
    path = model.save(tmp_path / "m.tidemill")
    again = tm.Synthesizer.load(path)
    assert again.sample(700).equals(model.sample(700))
    with zipfile.ZipFile(path) as archive:
        text = "".join(archive.read(name).decode("latin-1") for name in archive.namelist())
    frame = persons()
    for column in ("patient", "full_name", "email", "phone"):
        assert not [value for value in set(frame[column]) if value in text]


def test_series_have_one_name_each() -> None:
    frame = persons().with_columns(day=pl.int_range(pl.len()).over("patient"))
    model = tm.fit(tm.read(frame, entity="patient", time="day"), run=tm.Run(0, steps=3))
    new = model.sample(40)
    assert new.select("patient", "full_name").n_unique() == 40 == new["full_name"].n_unique()
    assert not set(new["full_name"]) & set(frame["full_name"])


def test_a_missing_name_is_filled_in_and_a_given_one_stays() -> None:
    frame = persons()
    model = tm.fit(frame, model="independent")
    rows = frame.head(20).with_columns(
        full_name=pl.when(pl.int_range(20) < 10).then(None).otherwise("full_name")
    )
    filled = model.infill(rows)
    assert filled["full_name"][10:].equals(rows["full_name"][10:])
    assert filled["full_name"][:10].null_count() == 0
    assert not set(filled["full_name"][:10]) & set(frame["full_name"])


def test_kept_names_are_learned_as_they_are() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "full_name": rng.choice(["Anna Lee", "Tom Hill", "Mary Smith"], 300),
            "age": rng.integers(0, 9, 300),
        }
    )
    new = tm.fit(tm.read(frame, keep="full_name"), model="independent").sample(100)
    assert set(new["full_name"]) == {"Anna Lee", "Tom Hill", "Mary Smith"}


ADDRESSES_OF = (
    (
        [f"{name}straße {k}" for k, name in enumerate(["Haupt", "Garten", "Schul", "Linden"] * 12)],
        r"^\S+straße \d+$",
    ),
    (
        [f"{k + 10} {name} St" for k, name in enumerate(["Main", "Oak", "Elm", "Park"] * 12)],
        r"^\d\d \S+ St$",
    ),
    (
        [f"北京市朝阳区{name}路{k + 10}号" for k, name in enumerate(["建国", "光华", "工体"] * 15)],
        r"^北京市朝阳区[\u4e00-\u9fff]{2}路\d\d号$",
    ),
    (
        [f"ул. {name}, д. {k + 10}" for k, name in enumerate(["Ленина", "Мира", "Гоголя"] * 15)],
        r"^ул\. [А-Яа-яЁё-]+, д\. \d\d$",
    ),
)


@pytest.mark.parametrize(("addresses", "form"), ADDRESSES_OF)
def test_streets_are_of_the_language_and_none_is_real(addresses: list[str], form: str) -> None:
    out = made(addresses, 400, "address", ADDRESSES)
    assert out.str.contains(form).mean() > 0.9, out.to_list()[:5]  # type: ignore[operator]
