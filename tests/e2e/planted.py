"""Tables with unique secrets in every kind of column, and the search for them in whatever a verb
says or writes."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from safetensors.numpy import load

ROWS = 480
GIVEN = ["Anna", "Ben", "Carla", "Dan", "Emma", "Frank", "Grace", "Henry", "Ida", "Jack", "Kate"]
FAMILY = ["Smith", "Jones", "Brown", "Miller", "Davis", "Wilson", "Moore", "Taylor", "Clark"]
WORDS = ["came", "late", "paid", "called", "again", "today", "fine", "left", "soon"]


@dataclass(frozen=True)
class Secret:
    """One thing that nobody may read who was not given the rows.

    Attributes:
        column: Where it stands.
        what: What it is, in words.
        forms: The texts that tell it.
    """

    column: str
    what: str
    forms: tuple[str, ...]


@dataclass
class Planted:
    """A table, and the secrets in it.

    Attributes:
        table: Column -> its cells.
        secrets: What was planted.
    """

    table: dict[str, list[object]]
    secrets: list[Secret] = field(default_factory=list)

    @property
    def frame(self) -> pl.DataFrame:
        return pl.DataFrame(self.table, strict=False)

    def text(self, column: str, what: str, value: str, *rows: int, forms: str = "") -> None:
        """A text, and the words of it that tell it (all of it by default), between bars."""
        self._put(column, value, rows)
        self.secrets.append(Secret(column, what, tuple(forms.split("|")) if forms else (value,)))

    def number(self, column: str, what: str, value: float, *rows: int) -> None:
        """A number in the forms that figures have: as it is, with commas, without decimals."""
        self._put(column, value, rows)
        forms = {repr(value), f"{value:,}", f"{value:.0f}", f"{value:,.0f}", repr(float(value))}
        self.secrets.append(Secret(column, what, tuple(sorted(forms))))

    def day(self, column: str, what: str, day: date, *rows: int, time: str = "") -> None:
        """A date or moment as text, and as a count of days or seconds since 1970."""
        self._put(column, f"{day.isoformat()}{time}", rows)
        days = (day - date(1970, 1, 1)).days
        forms = (day.isoformat(), f"{day:%d.%m.%Y}", str(days * 86_400), str(days))
        self.secrets.append(Secret(column, what, tuple(form for form in forms if len(form) > 4)))

    def _put(self, column: str, value: object, rows: tuple[int, ...]) -> None:
        for row in rows:
            self.table[column][row] = value


def patients(rows: int = ROWS, seed: int = 0) -> Planted:
    """Patients with a secret of every kind: names, addresses, extremes, rare and misspelt levels,
    odd texts, free text, codes, ids."""
    planted = Planted(_table(rows, seed))
    text, first = planted.text, 0
    text("full_name", "the first name", "Zebulon Quarrenstein", first)
    text("full_name", "the last name in order", "Zyxo Ähnström-Vance", 60)
    text(
        "email",
        "the first e-mail",
        "voldemarius.kron@secretmail.example",
        first,
        forms="voldemarius.kron|secretmail",
    )
    text("email", "the first e-mail in order", "aaron.qwist@mail.example", 33, forms="aaron.qwist")
    text("phone", "a phone number", "+44 7811 903 117", first)
    text("client_ip", "an IP address", "10.67.48.194", first)
    text("homepage", "a URL", "https://zanzolino.example/~me", first, forms="zanzolino")
    text("address", "an address", "77 Quagmire-Belsen Street", first, forms="Quagmire")
    text("licence", "a code", "xq7731zz", first)
    text("reference_word", "a single word", "kryptonwort", first)
    text("weight", "an odd text in numbers", "ask Voldemarius", 17, forms="Voldemarius")
    text("town", "a level of one row", "Xanthopolis", 3)
    text("town", "a level of four rows", "Ypsilonburg", 100, 200, 300, 400)
    text("town", "a misspelt level", "Leedds", 21)
    text("plan", "a level in other letter case", "PREMiUM", 23)
    text("plan", "a level with a letter too many", "premiuum", 24)
    text("diagnosis", "a sensitive level of one row", "B20 (HIV)", 31, forms="(HIV)")
    text("outcome", "a rare level of a target", "exhumed", 50, 51, 52)
    text(
        "note",
        "a free text",
        "asked for her sister Belladonnia Prott, see file",
        9,
        forms="Belladonnia",
    )
    text(
        "doctor_note",
        "a text among levels",
        "moved to Wolkenkuckucksheim by own wish",
        70,
        forms="Wolkenkuckuck",
    )
    text(
        "internal_comment", "an ignored cell", "do not lend to Grimbartson", 80, forms="Grimbartson"
    )
    planted.number("fee", "the largest number", 98765.43, first)
    planted.number("fee", "the smallest number", -8172.64, 11)
    planted.number("age", "the largest whole number", 11719, 14)
    planted.number("visit_id", "the largest id", 999_331_777, first)
    planted.day("birth_date", "the earliest date of birth", date(1903, 2, 11), first)
    planted.day("birth_date", "the latest date of birth", date(2019, 11, 23), 40)
    planted.day("since", "the earliest date", date(1971, 3, 17), 5)
    planted.day("since", "the latest date", date(2033, 8, 19), 6)
    planted.day("seen_at", "the latest moment", date(2029, 5, 6), 8, time=" 07:13:00")
    return planted


def _table(rows: int, seed: int) -> dict[str, list[object]]:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, rows)
    plan = rng.choice(["basic", "premium", "family"], rows, p=[0.5, 0.3, 0.2])
    churn = np.where(rng.random(rows) < 1 / (1 + np.exp((age - 45) / 8)), "yes", "no")
    letters = list("abcdefghijklmnopqrstuvwxyz")

    def days(since: date, most: int) -> list[object]:
        return [(since + timedelta(int(day))).isoformat() for day in rng.integers(0, most, rows)]

    return {
        "visit_id": [700_001 + 13 * k for k in range(rows)],
        "full_name": [f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}" for _ in range(rows)],
        "email": [f"{rng.choice(GIVEN).lower()}.{k}@mail.example" for k in range(rows)],
        "phone": [f"+44 20 7946 {k:04d}" for k in range(rows)],
        "client_ip": [f"10.{k % 200}.{k // 7}.{k % 250}" for k in range(rows)],
        "homepage": [f"https://site{k}.example/u/{k * 7919 % 10007}" for k in range(rows)],
        "address": [f"{rng.integers(1, 300)} {rng.choice(FAMILY)} Street" for _ in range(rows)],
        "birth_date": days(date(1940, 1, 1), 22_000),
        "licence": [f"{letters[k % 8]}{k:03d}q{rng.integers(100)}" for k in range(rows)],
        "age": age.tolist(),
        "plan": plan.tolist(),
        "fee": np.round(rng.gamma(3, 20, rows) + 30 * (plan == "premium"), 2).tolist(),
        "weight": [f"{weight:.1f}" for weight in rng.normal(75, 12, rows)],
        "town": rng.choice(["Leeds", "York", "Hull", "Ripon"], rows).tolist(),
        "diagnosis": rng.choice(["flu", "asthma", "sprain"], rows, p=[0.5, 0.3, 0.2]).tolist(),
        "since": days(date(2015, 1, 1), 3_000),
        "seen_at": [
            (datetime(2024, 1, 1) + timedelta(minutes=int(minute))).isoformat(" ")
            for minute in rng.integers(0, 400_000, rows)
        ],
        "note": [" ".join(rng.choice(WORDS, 9)) for _ in range(rows)],
        "reference_word": ["".join(rng.choice(letters, 9)) for _ in range(rows)],
        "doctor_note": rng.choice(["ok", "see again", "closed"], rows).tolist(),
        "internal_comment": [f"file {k * 31 % 977}" for k in range(rows)],
        "outcome": rng.choice(["better", "same", "worse"], rows).tolist(),
        "churn": churn.tolist(),
    }


def visits(persons: int = 60, seed: int = 0) -> Planted:
    """Visits of persons, 5 to 8 rows each: what one person has stands in many rows."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), rng.integers(5, 9, persons))
    rows = len(person)
    planted = Planted(
        {
            "person": [f"P{k:04d}" for k in person],
            "town": np.array(["Leeds", "York", "Hull"])[person % 3].tolist(),
            "weight": np.round(rng.normal(75, 12, persons)[person], 1).tolist(),
            "ward": rng.choice(["north", "south"], rows).tolist(),
            "cost": np.round(rng.gamma(3, 20, rows), 2).tolist(),
            "again": rng.choice(["yes", "no"], rows).tolist(),
        }
    )
    own = [np.flatnonzero(person == k).tolist() for k in range(3)]
    planted.text("town", "a level of one person", "Xanthopolis", *own[0])
    planted.number("weight", "the largest number, of one person", 9614.25, *own[1])
    planted.number("cost", "a number of one person", 77731.5, *own[2])
    return planted


def texts_of(path: Path) -> Iterator[tuple[str, str]]:
    """(name, text) of whatever a file holds: members of archives, cells of tables, arrays."""
    match path.suffix:
        case ".parquet":
            yield path.name, _cells(pl.read_parquet(path))
            yield path.name, json.dumps(pl.read_parquet_metadata(path))
        case ".xlsx":
            yield path.name, _cells(pl.read_excel(path, infer_schema_length=0))
        case ".tidemill":
            yield from _members(path)
        case _:
            yield path.name, path.read_text(errors="replace")


def _cells(frame: pl.DataFrame) -> str:
    return frame.write_csv()


def _members(path: Path) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith(".safetensors"):
                for key, array in load(content).items():
                    if array.dtype == np.uint8:
                        text = array.tobytes().decode("utf-8", "replace")
                    else:
                        text = " ".join(map(repr, np.unique(array).tolist()))
                    yield f"{path.name}/{key}", text
            else:
                yield f"{path.name}/{name}", content.decode("utf-8", "replace")


def leaks(text: str, secrets: Sequence[Secret]) -> Iterator[tuple[Secret, str]]:
    """The secrets that a text tells, each with where it does."""
    for secret in secrets:
        for form in secret.forms:
            pattern = re.escape(form)
            if form.strip("-")[0].isdigit():
                pattern = rf"(?<!\d)(?<!\d\.){pattern}(?!\d|\.\d)"
            found = re.search(pattern, text)
            if found:
                yield secret, text[max(0, found.start() - 60) : found.end() + 40]
                break
