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
from PIL import Image
from safetensors.numpy import load

from tidemill.core.words import plural

ROWS = 480
GIVEN = ["Anna", "Ben", "Carla", "Dan", "Emma", "Frank", "Grace", "Henry", "Ida", "Jack", "Kate"]
FAMILY = ["Smith", "Jones", "Brown", "Miller", "Davis", "Wilson", "Moore", "Taylor", "Clark"]
BROKEN = 77
"""Which picture is none."""
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
    planted.day("birth_date", "the latest date of birth", date(2012, 11, 23), 40)
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


def courses(persons: int = 60, seed: int = 0) -> Planted:
    """Series of patients, 9 to 14 days each, with secrets in what never changes of a patient, in
    single days, and in a patient's every day."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), rng.integers(9, 15, persons))
    rows = len(person)
    first = np.flatnonzero(np.r_[True, person[1:] != person[:-1]])
    begins = date(2024, 1, 1) + timedelta(1) * rng.integers(0, 200, persons)
    at = np.arange(rows) - first[person]
    planted = Planted(
        {
            "patient": [f"K{700 + 3 * k}" for k in person],
            "day": [(begins[k] + timedelta(int(at[n]))).isoformat() for n, k in enumerate(person)],
            "full_name": [f"{GIVEN[k % 11]} {FAMILY[k % 9]}" for k in person],
            "ward": np.array(["north", "south", "west"])[person % 3].tolist(),
            "born": [f"{1940 + (k * 7) % 60}-0{1 + k % 9}-{10 + k % 18}" for k in person],
            "height": (150 + np.round(rng.normal(20, 8, persons))[person]).tolist(),
            "state": rng.choice(["stable", "worse", "better"], rows).tolist(),
            "pulse": np.round(rng.normal(75, 9, rows)).tolist(),
            "cost": np.round(rng.gamma(3, 20, rows), 2).tolist(),
            "note": [" ".join(rng.choice(WORDS, 7)) for _ in range(rows)],
        }
    )
    own = [np.flatnonzero(person == k).tolist() for k in range(8)]
    planted.text("patient", "the id of one patient", "K993317", *own[0])
    planted.text("full_name", "the name of one patient", "Zebulon Quarrenstein", *own[0])
    planted.text("ward", "a level of one patient", "Xanthopolis", *own[1])
    planted.text("ward", "a misspelt level of one patient", "norrth", *own[2])
    planted.day("born", "the earliest date of birth", date(1903, 2, 11), *own[3])
    planted.number("height", "the largest number of a patient", 27125.75, *own[4])
    planted.text("state", "a level of three days of a patient", "moribund", *own[5][2:5])
    planted.number("pulse", "a number of every day of a patient", 21775.5, *own[6])
    planted.number("pulse", "the smallest number", -4162.75, own[6][0])
    planted.number("cost", "the largest number", 98765.43, own[7][3])
    planted.day("day", "the earliest day", date(1971, 3, 17), own[1][0])
    planted.day("day", "the latest day", date(2033, 8, 19), own[2][-1])
    note = "asked for her sister Belladonnia Prott, see file"
    planted.text("note", "a free text", note, own[3][1], forms="Belladonnia")
    return planted


ASKED = {
    "card": ("my card has not come yet", "卡还没有收到"),
    "cash": ("the machine kept my money", "取款机没有给我钱"),
    "rate": ("the rate for dollars was too low", "汇率太低了"),
    "login": ("i can not log in with my password", "密码不对登录不了"),
}
BEFORE = ("hello", "please help me", "excuse me", "i wrote to you last week", "for two days now")
AFTER = ("thank you", "please call me today", "what shall i do", "the rose was for winter")
VOR = ("您好", "请帮帮我", "上周开始", "已经两天了")
NACH = ("谢谢", "请尽快回电话", "怎么办", "非常不满意", "希望能解决")


def letters(rows: int = ROWS, seed: int = 0) -> Planted:
    """Letters to a bank in two languages, with secrets of one writer or of three in them."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(list(ASKED), rows)
    planted = Planted(
        {
            "letter": [
                f"{rng.choice(BEFORE)}, {ASKED[one][0]}. {rng.choice(AFTER)}, {rng.choice(BEFORE)}"
                for one in kind
            ],
            "brief": [
                f"{rng.choice(VOR)}，{ASKED[one][1]}，{rng.choice(NACH)}，{rng.choice(NACH)}。"
                for one in kind
            ],
            "kind": kind.tolist(),
            "town": rng.choice(["Leeds", "York", "Hull"], rows).tolist(),
            "age": rng.integers(18, 90, rows).tolist(),
            "churn": np.where(
                rng.random(rows) < 0.3 + 0.4 * (kind == "cash"), "yes", "no"
            ).tolist(),
        }
    )

    def within(column: str, what: str, said: str, *at: int, forms: str) -> None:
        """A secret in the midst of the texts of some rows."""
        for row in at:
            begun, rest = str(planted.table[column][row]).replace("，", ", ").split(", ", 1)
            planted.table[column][row] = f"{begun}, {said}, {rest}"
        planted.secrets.append(Secret(column, what, tuple(forms.split("|"))))

    for persons, one in ((1, 0), (3, 1)):
        whose = f"of {plural(persons, 'writer')}"
        at = [np.flatnonzero(kind == name)[9 + one : 9 + one + 3 * persons : 3] for name in ASKED]
        rows_of = [places.tolist() for places in at]
        sentence = ("the vicar of Dunkelwald sold his teapots", "our cat Grimbartson ate it")[one]
        form = ("Dunkelwald|teapots", "Grimbartson")[one]
        within("letter", f"a sentence {whose}", sentence, *rows_of[0], forms=form)
        mail = ("voldemarius.kron@secretmail.example", "qwist.aaron@post.example")[one]
        within("letter", f"an e-mail {whose}", mail, *rows_of[1], forms=mail.split("@")[0])
        phone = ("+44 7811 903 117", "0161 496 0777")[one]
        within("letter", f"a phone number {whose}", f"call {phone}", *rows_of[2], forms=phone)
        code = ("PX-4711-ZQ", "KW-9932-TT")[one]
        within("letter", f"a code {whose}", f"file {code}", *rows_of[3], forms=code)
        name = ("Belladonnia Prott", "Rose Winter")[one]
        within("letter", f"a name {whose}", f"my name is {name}", *rows_of[3][:3], forms=name)
        called = ("欧阳震华", "谢天回")[one]
        within("brief", f"a Chinese name {whose}", f"我叫{called}", *rows_of[0], forms=called)
        mobile = ("13912348765", "13687654321")[one]
        within("brief", f"a mobile number {whose}", f"电话{mobile}", *rows_of[1], forms=mobile)
    return planted


def portraits(pictures: int = 240, seed: int = 0) -> Planted:
    """What a file labels.csv tells of pictures, whose names are "file": labels of single ones,
    names of whom they show, notes."""
    rng = np.random.default_rng(seed)
    planted = Planted(
        {
            "file": [f"p{k:04d}.png" for k in range(pictures)],
            "label": np.array(["benign", "malign"])[np.arange(pictures) % 2].tolist(),
            "full_name": [f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}" for _ in range(pictures)],
            "age": rng.integers(18, 90, pictures).tolist(),
            "taken": [
                (date(2022, 1, 1) + timedelta(int(day))).isoformat()
                for day in rng.integers(0, 700, pictures)
            ],
            "camera": rng.choice(["old", "new"], pictures).tolist(),
            "note": [" ".join(rng.choice(WORDS, 7)) for _ in range(pictures)],
        }
    )
    planted.text("file", "the name of a file", "quarrenstein-zebulon.png", 0, forms="quarrenstein")
    planted.text("file", "the name of a file that cannot be read", "grimbartson.png", BROKEN)
    planted.text("label", "a label of one picture", "melanoma-xq", 3)
    planted.text("label", "a label of four pictures", "naevus-zy", 10, 20, 30, 40)
    planted.text("full_name", "the name of one person", "Zyxo Ähnström-Vance", 0)
    planted.number("age", "the largest number", 11719, 14)
    planted.day("taken", "the earliest date", date(1971, 3, 17), 5)
    planted.day("taken", "the latest date", date(2033, 8, 19), 6)
    planted.text("camera", "a level of one picture", "Wolkenkuckuck", 70)
    note = "asked for her sister Belladonnia Prott, see file"
    planted.text("note", "a free text", note, 9, forms="Belladonnia")
    return planted


def write_pictures(folder: Path, planted: Planted, labelled: bool) -> None:
    """Pictures of 8 x 8 pixels with what is told of them.

    Args:
        folder: Into which they are written.
        planted: What :func:`portraits` gave.
        labelled: Whether a file labels.csv tells it; else sub-folders tell the labels alone.
    """
    folder.mkdir()
    rng = np.random.default_rng(0)
    shows = np.array(planted.table["label"]) == "malign"
    pixels = rng.integers(0, 120, (len(shows), 8, 8)) + 100 * shows[:, None, None]
    rare = [3, 10, 20, 30, 40]
    pixels[rare] = pixels[[at + 1 for at in rare]]  # the same under two labels
    for row, (file, label) in enumerate(planted.frame.select("file", "label").iter_rows()):
        place = folder if labelled else folder / label
        place.mkdir(exist_ok=True)
        Image.fromarray(pixels[row].astype(np.uint8)).save(place / file)
        if row == BROKEN:
            (place / file).write_bytes(b"no picture")
    if labelled:
        planted.frame.write_csv(folder / "labels.csv")


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
        case ".npz":
            with np.load(path) as arrays:
                texts = {name: array for name, array in arrays.items() if array.dtype.kind == "U"}
                yield path.name, json.dumps({name: list(text) for name, text in texts.items()})
        case _:
            yield path.name, path.read_text(errors="replace")


def _cells(frame: pl.DataFrame) -> str:
    texts = [values for values in frame if not isinstance(values.dtype, pl.Array)]
    return pl.DataFrame(texts).write_csv()


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
