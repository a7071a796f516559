"""Fresh ids that are no real ones, keep their type and look like ids of their kind."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import uuid

import numpy as np
import polars as pl
import pytest
from stdnum import iban, isbn, luhn
from stdnum.br import cpf
from stdnum.cn import ric
from stdnum.iso7064 import mod_11_2, mod_97_10

import tidemill as tm
from tests.unit.codecs.test_surrogate import made
from tidemill.codecs.columns.base import SurrogateStream
from tidemill.codecs.columns.check_digits import SCHEMES, detected, with_check
from tidemill.codecs.columns.ids import IdCodec
from tidemill.core.run import Run
from tidemill.core.schema import Column

RNG = np.random.default_rng(5)


def fresh_ids(real: pl.Series, n: int = 2000, dtype: str = "") -> list:
    """Made in two parts; none is real, none is met twice."""
    run = Run()
    codec = IdCodec().fit(Column("id", "id", dtype=dtype), real, run)
    state = json.loads(json.dumps(codec.to_state()))
    again = IdCodec.from_state(Column("id", "id", dtype=dtype), state)
    parts = [made(codec, n, SurrogateStream(first, 3)) for first in (0, n)]
    assert parts[1].equals(made(again, n, SurrogateStream(n, 3)))
    ids = pl.concat(parts)
    assert ids.n_unique() == 2 * n
    assert not set(ids) & set(real)
    return ids.to_list()


def digits(n: int, width: int, first: int = 0) -> list[str]:
    return [f"{first + i:0{width}d}" for i in range(n)]


def drawn(n: int, alphabet: str, width: int) -> list[str]:
    return ["".join(RNG.choice(list(alphabet), width)) for _ in range(n)]


@pytest.mark.parametrize("width", [3, 15, 16, 19, 25, 40])
def test_long_padded_ids_count_on(width: int) -> None:
    ids = fresh_ids(pl.Series(digits(300, width, 1)), 300)
    assert ids == digits(len(ids), width, 310)


def test_a_shared_beginning_stays() -> None:
    ids = fresh_ids(pl.Series([f"INV2024{i:016d}" for i in range(300)]))
    assert ids[0] == f"INV2024{300:016d}"
    assert all(re.fullmatch(r"INV2024\d{16}", one) for one in ids)


def test_a_marker_does_not_decide_where_ids_begin() -> None:
    real = [1000 + i for i in range(299)]
    assert fresh_ids(pl.Series([*real, 2**63 - 1]))[:2] == [1300, 1301]
    assert fresh_ids(pl.Series([*real, 999_999_999]))[:2] == [1300, 1301]
    assert fresh_ids(pl.Series([-(2**63), *real]))[0] == 1300
    assert fresh_ids(pl.Series([*digits(299, 8), "99999999"]))[0] == "00000300"


def test_at_the_edge_of_64_bits_ids_count_down() -> None:
    assert fresh_ids(pl.Series([2**63 - 1 - i for i in range(300)]))[0] == 2**63 - 308


def test_negative_ids_stay_negative() -> None:
    assert fresh_ids(pl.Series([-1 - i for i in range(300)]))[0] == -310


def test_scattered_numbers_stay_between_the_real_ones() -> None:
    real = RNG.choice(10**9, 500, replace=False) * 10 + 10**10
    ids = np.array(fresh_ids(pl.Series(real)))
    room = (real.max() - real.min()) // 20
    assert real.min() - room <= ids.min()
    assert ids.max() <= real.max() + room
    assert (ids % 10 == 0).all()
    assert abs(np.median(ids) / np.median(real) - 1) < 0.1


@pytest.mark.parametrize(
    ("dtype", "first"), [(pl.UInt64, 2**63), (pl.Int128, 2**80), (pl.UInt64, 2**64 - 300)]
)
def test_whole_numbers_above_64_bits_keep_their_type(dtype: type[pl.DataType], first: int) -> None:
    frame = pl.DataFrame(
        {
            "id": pl.Series([first + i for i in range(300)], dtype=dtype),
            "x": list(range(60)) * 5,
        }
    )
    new = tm.fit(frame, seed=1, model="independent").sample(200, seed=2)["id"]
    assert new.dtype == dtype
    assert new.n_unique() == 200
    assert not set(new) & set(frame["id"])
    behind = first + 500 < 2**64 or dtype == pl.Int128
    # from a round number on, which does not tell the last real one
    assert new[0] % 10 == 0
    assert 0 < (new[0] - first - 299 if behind else first - new[0]) <= 10


def test_a_small_type_without_room_is_widened_with_a_word() -> None:
    frame = pl.DataFrame({"id": pl.Series(range(250), dtype=pl.UInt8), "x": list(range(50)) * 5})
    run = tm.Run(seed=1)
    model = tm.fit(frame, model="independent", run=run)
    assert any("room for 6 fresh ones in UInt8" in text for text in run.warnings)
    new = model.sample(100, seed=1)["id"]
    assert new.dtype == pl.Int64
    assert new.max() == 349
    assert not set(new) & set(frame["id"])
    within = model.sample(5, seed=1)["id"]
    assert within.dtype == pl.UInt8
    assert within.to_list() == [250, 251, 252, 253, 254]


@pytest.mark.parametrize("name", SCHEMES)
def test_check_digits_are_found_and_agree(name: str) -> None:
    bodies = drawn(200, "0123456789", 9)
    real = sorted({with_check(name, body) for body in bodies})
    found = detected(real)
    assert found
    for one in fresh_ids(pl.Series(real), 500):
        width = SCHEMES[found].width
        assert with_check(found, one[:-width]) == one


def test_check_digits_of_kinds_that_are_known() -> None:
    cards = [
        luhn_card
        for body in drawn(300, "0123456789", 11)
        if (luhn_card := "4539" + body + luhn.calc_check_digit("4539" + body))
    ]
    assert all(luhn.is_valid(one) and one.startswith("4539") for one in fresh_ids(pl.Series(cards)))
    books = [with_check("ean", f"97836{i:07d}") for i in range(300)]
    assert all(isbn.is_valid(one) for one in fresh_ids(pl.Series(books)))
    old_books = [with_check("mod 11", f"{i:09d}") for i in range(300_000, 300_300)]
    assert all(isbn.is_valid(one) for one in fresh_ids(pl.Series(old_books)))
    accounts = [with_check("iban", "DE" + body) for body in drawn(300, "0123456789", 18)]
    assert all(iban.is_valid(one) for one in fresh_ids(pl.Series(accounts)))
    leis = [body + mod_97_10.calc_check_digits(body) for body in drawn(300, "0123456789ABCDEF", 18)]
    assert all(mod_97_10.is_valid(one) for one in fresh_ids(pl.Series(leis)))
    persons = [with_check("two mod 11", body) for body in drawn(300, "0123456789", 9)]
    assert all(cpf.is_valid(one) for one in fresh_ids(pl.Series(persons)))


def test_barcodes_that_are_numbers_keep_check_digit_and_type() -> None:
    real = pl.Series([int(with_check("ean", f"40063813{i:04d}")) for i in range(300)])
    ids = fresh_ids(real)
    assert all(with_check("ean", str(one)[:-1]) == str(one) for one in ids)
    assert len(str(ids[0])) == 13


def test_digits_that_agree_by_chance_are_no_check_digits() -> None:
    assert not detected([f"{i:08d}" for i in range(1000)])
    assert not detected([f"{i * 10}" for i in range(1000)])
    assert not detected(drawn(500, "0123456789", 10))
    assert not detected(["79927398713"] * 5)


def test_resident_ids_have_a_day_of_birth_and_a_check_digit() -> None:
    real = []
    for i in range(400):
        born = dt.date(1950, 1, 1) + dt.timedelta(days=int(RNG.integers(20_000)))
        real.append(
            with_check(
                "mod 11-2", f"{RNG.choice([110105, 310101, 440301])}{born:%Y%m%d}{i % 900:03d}"
            )
        )
    ids = fresh_ids(pl.Series(real))
    assert all(mod_11_2.is_valid(one) and ric.get_birth_date(one) for one in ids)
    assert {one[:6] for one in ids} <= {"110105", "310101", "440301"}


@pytest.mark.parametrize("style", ["%Y%m%d", "%y%m%d", "%d%m%Y", "%Y-%m-%d"])
def test_a_date_in_an_id_is_a_date(style: str) -> None:
    days = [dt.date(2023, 1, 1) + dt.timedelta(days=i * 2 % 700) for i in range(300)]
    real = pl.Series([f"INV-{day.strftime(style)}-{i % 40:04d}" for i, day in enumerate(days)])
    for one in fresh_ids(real.unique()):
        found = re.fullmatch(r"INV-(.*)-\d{4,}", one)
        assert found
        day = dt.datetime.strptime(found[1], style).date()
        assert dt.date(2023, 1, 1) <= day <= dt.date(2024, 11, 30)


def test_hashes_look_like_hashes() -> None:
    hashes = [hashlib.sha1(bytes([i % 256, i // 256])).hexdigest() for i in range(300)]
    assert all(re.fullmatch(r"[0-9a-f]{40}", one) for one in fresh_ids(pl.Series(hashes)))
    tokens = pl.Series([f"0x{one}" for one in hashes])
    ids = fresh_ids(tokens)
    assert all(re.fullmatch(r"0x[0-9a-f]{40}", one) for one in ids)
    assert {letter for one in ids for letter in one[2:]} == set("0123456789abcdef")
    few = pl.Series([f"0x{one[:8].upper()}" for one in hashes[:25]])
    assert all(re.fullmatch(r"0x[0-9A-F]{8}", one) for one in fresh_ids(few, 500))


def test_uuids_keep_version_and_variant() -> None:
    real = pl.Series([str(uuid.UUID(bytes=RNG.bytes(16), version=4)) for _ in range(300)])
    for one in fresh_ids(real):
        made_one = uuid.UUID(one)
        assert made_one.version == 4
        assert made_one.variant == uuid.RFC_4122


def test_letters_come_from_the_alphabet_of_the_form() -> None:
    base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    ids = fresh_ids(pl.Series(drawn(300, base32, 16)))
    assert {letter for one in ids for letter in one} == set(base32)
    safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    ids = fresh_ids(pl.Series(drawn(400, safe, 11)))
    assert {letter for one in ids for letter in one} == set(safe)
    assert {len(one) for one in ids} == {11}
    plates = [
        f"{a}{i:03d}{b}"
        for i, (a, b) in enumerate(zip(drawn(300, "BCDF", 3), drawn(300, "GHJK", 2), strict=True))
    ]
    assert all(
        re.fullmatch(r"[BCDF]{3}\d{3,}[GHJK]{2}", one) for one in fresh_ids(pl.Series(plates))
    )


def test_addresses_keep_their_domains() -> None:
    names = drawn(300, "abcdefghijklmnoprstuvw", 9)
    cuts = RNG.integers(3, 7, 300)
    people = [
        f"{name[:cut]}.{name[cut:]}{'xy'[: i % 3]}"
        for i, (name, cut) in enumerate(zip(names, cuts, strict=True))
    ]
    mails = pl.Series(
        [f"{one}@{'gmail.com' if i % 3 else 'mail.org'}" for i, one in enumerate(people)]
    )
    ids = fresh_ids(mails)
    assert all(re.fullmatch(r"[a-z.]+@(gmail\.com|mail\.org)", one) for one in ids)
    pages = pl.Series([f"https://shop.example/item/{one}" for one in people])
    ids = fresh_ids(pages)
    assert all(re.fullmatch(r"https://shop\.example/item/[a-z.]+", one) for one in ids)


def test_what_is_stored_holds_no_real_id() -> None:
    real = [f"{RNG.integers(10**9):09d}-{RNG.integers(10**6):06d}" for _ in range(300)]
    state = json.dumps(IdCodec().fit(Column("id", "id"), pl.Series(real), Run()).to_state())
    assert not [one for one in real if one in state]


def test_the_reproducer_of_padded_keys() -> None:
    frame = pl.DataFrame(
        {
            "doc_id": digits(300, 16, 1),
            "x": list(range(60)) * 5,
            "g": list("abc") * 100,
        }
    )
    new = tm.fit(frame, seed=1, model="independent").sample(200, seed=2)["doc_id"]
    assert new.to_list() == digits(200, 16, 310)


def test_addresses_of_hosts_hold_bytes_only() -> None:
    rng = np.random.default_rng(5)
    real = [".".join(map(str, row)) for row in rng.integers(1, 256, (500, 4)).tolist()]
    frame = pl.DataFrame({"ip": real, "x": rng.normal(size=500)})
    new = tm.fit(frame, model="independent").sample(1_000)["ip"]
    parts = [text.split(".") for text in new]
    assert all(len(row) == 4 and all(str(int(one)) == one for one in row) for row in parts)
    assert max(int(one) for row in parts for one in row) <= 255
    assert not set(new) & set(real)
    assert new.n_unique() == len(new)


@pytest.mark.parametrize(
    ("form", "shape"),
    [
        ("(2{:02d}) 5{:02d}-{:04d}", r"^\(\d{3}\) \d{3}-\d{4}$"),
        ("+49 30 {:02d}{:02d}{:04d}", r"^\+49 30 \d{8}$"),
        ("41{:02d} 8{:02d}0 {:04d} 1111", r"^\d{4} \d{4} \d{4} \d{4}$"),
    ],
)
def test_numbers_in_groups_are_ids(form: str, shape: str) -> None:
    rng = np.random.default_rng(1)
    real = [
        form.format(a, b, c)
        for a, b, c in zip(
            rng.integers(0, 99, 300), rng.integers(0, 99, 300), rng.permutation(9999), strict=False
        )
    ]
    data = tm.read(pl.DataFrame({"contact": real, "x": rng.normal(size=300)}))
    assert data.schema["contact"].kind == "id"
    new = tm.fit(data, model="independent").sample(500)["contact"]
    assert new.str.contains(shape).all()
    assert not set(new) & set(real)
    notes = [f"Paid {k} of 2024 in {k + 3} parts 100200" for k in range(300)]
    assert tm.read(pl.DataFrame({"note": notes})).schema["note"].kind == "text"
