"""Bad inputs, made by a seed: a format, its columns' names and values, what is done to its bytes,
and the options that a command is given with it."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import os
import sqlite3
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

LONG = "x" * 10_000
NAMES = (
    *("*", "^b.*$", "^.*$", "^a", "$", "", " ", LONG, "a", "A", "é", "e\u0301", "日本語", "مرحبا"),
    *("seen", "holds", "value", "count", "key", "draw", "rows", "index", "level", "len", "literal"),
    *("row", "column", "name", "target", "label", "image", "text", "entity", "probability", "0"),
    *("a=b", "a>=3", "a,b", "a;b", 'a"b', "a'b", "a`b", "a|b", "a/b", "a\\b", "a\tb", "a b"),
    *("\x1b[31mred", "\x1b]0;owned\x07", "\u202eabc", "\x9b31m", "a\x00b", "-", "--out", "=1+1"),
    *("nan", "None", "null", "True", "1", "2024-01-01", "a not in b", "__index_level_0__", "%s"),
)
TEXTS = (
    *(
        "",
        " ",
        "x",
        "y",
        "Yes",
        "No",
        "nan",
        "NaN",
        "inf",
        "-inf",
        "null",
        "NULL",
        "#N/A",
        "-",
        "?",
    ),
    *(
        "1e400",
        "-1e400",
        "1e-400",
        "9" * 400,
        "-0",
        "0x10",
        "1_000",
        "١٢٣",
        "½",
        "１２",
        "1,5",
        "1.5",
    ),
    *("2024-02-30", "0000-00-00", "9999-12-31", "10000-01-01", "24:00:00", "99:99", "1/2/3", "P1D"),
    *("=cmd|' /C calc'!A0", "+1", "@x", "'", '"', '""', "\t", "a,b", "a;b", "\x1b[2J", "\u202eabc"),
    *(
        "e\u0301",
        "\ufffd",
        "\ufeff",
        "𝔘",
        "x" * 40_000,
        "a@b.example",
        "+49 170 1234567",
        "(1)",
        "$5",
    ),
)
FORMATS = ("csv", "tsv", "txt", "parquet", "jsonl", "json", "xlsx", "sqlite", "csv.gz", "csv.zip")
NUMBERS = (
    "0",
    "-1",
    "1",
    "1.5",
    "nan",
    "inf",
    "-inf",
    "1e308",
    "1e-320",
    "x",
    "",
    "٣",
    " 3",
    "0x3",
)
HUGE = (*NUMBERS, "2147483648", "9223372036854775808", "1" + "0" * 18, "9" * 5_000)


@dataclass(frozen=True)
class Case:
    """What a command is given.

    Attributes:
        what: What is bad about it.
        arguments: Of the command line; its files are in the working folder.
    """

    what: str
    arguments: tuple[str, ...]


def case(folder: Path, seed: int, number: int) -> Case:
    """Write the files of a case to a folder that has stored models."""
    rng = np.random.default_rng((seed, number))
    if rng.random() < 0.3:
        return _asked(folder, rng)
    if rng.random() < 0.25:
        make = CRAFTED[int(rng.integers(len(CRAFTED)))]
        return _with_command(make(folder, rng), make.__name__.strip("_"), rng)
    frame = _frame(rng)
    ending = _of(FORMATS, rng)
    name = f"data.{ending}"
    content = _written(frame, ending)
    fault = "whole"
    if rng.random() < 0.6:
        damage = DAMAGE[int(rng.integers(len(DAMAGE)))]
        content, fault = damage(content, rng), damage.__name__.strip("_")
    (folder / name).write_bytes(content)
    return _with_command(name, f"{ending}, {fault}", rng, frame.columns)


def _of(choices: tuple[str, ...], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]


# --- tables ---------------------------------------------------------------------------------------


def _frame(rng: np.random.Generator) -> pl.DataFrame:
    rows = int(rng.choice([1, 2, 5, 40, 90]))
    names = rng.permutation(len(NAMES))[: int(rng.integers(1, 6))]
    kinds = COLUMNS
    columns = {}
    for at in names:
        values = kinds[int(rng.integers(len(kinds)))](rows, rng)
        if rng.random() < 0.2:
            values = values.set(pl.Series(rng.random(rows) < 0.3), None)
        columns[NAMES[at]] = values
    return pl.DataFrame(columns)


def _texts(rows: int, rng: np.random.Generator) -> pl.Series:
    few = [_of(TEXTS, rng) for _ in range(int(rng.integers(1, 6)))]
    return pl.Series(rng.choice(few, rows).tolist(), dtype=pl.String)


def _integers(rows: int, rng: np.random.Generator) -> pl.Series:
    ends = [0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63)]
    return pl.Series(rng.choice(ends[: int(rng.integers(1, 8))], rows).tolist(), dtype=pl.Int64)


def _floats(rows: int, rng: np.random.Generator) -> pl.Series:
    ends = [0.0, -0.0, 1.5, float("nan"), float("inf"), -float("inf"), 1.7e308, 5e-324, 0.1]
    return pl.Series(rng.choice(ends, rows).tolist(), dtype=pl.Float64)


def _moments(rows: int, rng: np.random.Generator) -> pl.Series:
    ends = [dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(2024, 2, 29), dt.date(1582, 10, 10)]
    return pl.Series([ends[int(k)] for k in rng.integers(0, len(ends), rows)], dtype=pl.Date)


def _plain(rows: int, rng: np.random.Generator) -> pl.Series:
    return pl.Series(rng.normal(size=rows).round(2).tolist())


def _levels(rows: int, rng: np.random.Generator) -> pl.Series:
    return pl.Series(rng.choice(["x", "y", "z"], rows).tolist())


COLUMNS = (_texts, _integers, _floats, _moments, _plain, _levels, _levels, _plain)


def _written(frame: pl.DataFrame, ending: str) -> bytes:
    file = io.BytesIO()
    if ending == "parquet":
        frame.write_parquet(file)
        return file.getvalue()
    if ending == "xlsx":
        texts = [[str(cell) for cell in row] for row in frame.iter_rows()]
        return _sheet([frame.columns, *texts])
    if ending == "sqlite":
        return _database(frame)
    lines = [dict(zip(frame.columns, map(_cell, row), strict=True)) for row in frame.iter_rows()]
    if ending == "json":
        return json.dumps(lines).encode()
    if ending == "jsonl":
        return "\n".join(map(json.dumps, lines)).encode()
    mark = "\t" if ending in ("tsv", "txt") else ","
    rows = [frame.columns, *([str(cell) for cell in row] for row in frame.iter_rows())]
    quoted = [mark.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    content = "\n".join(quoted).encode()
    if ending == "csv.gz":
        return gzip.compress(content)
    if ending == "csv.zip":
        with zipfile.ZipFile(file, "w") as packed:
            packed.writestr("data.csv", content)
        return file.getvalue()
    return content


def _cell(value: object) -> object:
    return str(value) if isinstance(value, dt.date) else value


def _database(frame: pl.DataFrame, *further: str) -> bytes:
    base = sqlite3.connect(":memory:")
    names = [name.replace('"', '""').replace("\0", "") or "x" for name in frame.columns]
    unlike = dict.fromkeys(name.lower() for name in names)
    if len(unlike) == len(names):
        columns = ", ".join(f'"{name}"' for name in names)
        base.execute(f"CREATE TABLE data ({columns})")
        places = ", ".join("?" * len(names))
        rows = [tuple(map(_cell, row)) for row in frame.iter_rows()]
        base.executemany(f"INSERT INTO data VALUES ({places})", rows)
    for statement in further:
        base.execute(statement)
    base.commit()
    content = base.serialize()
    base.close()
    return content


def _sheet(rows: list[list[str]]) -> bytes:
    from xlsxwriter import Workbook

    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write_string(at, place, cell[:32_000].replace("\0", ""))
    return file.getvalue()


# --- damage ---------------------------------------------------------------------------------------


def _cut_off(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: int(rng.integers(0, len(content)))]


def _flipped(content: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(content)
    for at in rng.integers(0, len(content), int(rng.integers(1, 20))):
        changed[at] = int(rng.integers(256))
    return bytes(changed)


def _blotted(content: bytes, rng: np.random.Generator) -> bytes:
    at, size = int(rng.integers(len(content))), int(rng.integers(1, 200))
    return (
        content[:at] + bytes([int(rng.choice([0, 255, 34, 10, 27]))]) * size + content[at + size :]
    )


def _with_junk(content: bytes, rng: np.random.Generator) -> bytes:
    junk = rng.bytes(int(rng.integers(1, 500)))
    return content + junk if rng.random() < 0.5 else junk + content


def _twice(content: bytes, rng: np.random.Generator) -> bytes:
    return content * 2


def _of_another_format(content: bytes, rng: np.random.Generator) -> bytes:
    return _written(_frame(rng), _of(FORMATS, rng))


def _in_another_encoding(content: bytes, rng: np.random.Generator) -> bytes:
    encoding = _of(("utf-16", "utf-16-le", "utf-32", "cp1252", "utf-7", "cp500"), rng)
    return content.decode("utf-8", "replace").encode(encoding, "replace")


def _unclosed(content: bytes, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(len(content)))
    return content[:at] + b'"' + content[at:]


def _with_line_ends(content: bytes, rng: np.random.Generator) -> bytes:
    return content.replace(b"\n", _of(("\r", "\r\n", "\n\n", "\r\r\n", "\0\n"), rng).encode())


DAMAGE: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (
    *(_cut_off, _flipped, _blotted, _with_junk, _twice, _of_another_format, _in_another_encoding),
    *(_unclosed, _with_line_ends),
)


# --- made by whoever knows the formats ------------------------------------------------------------

_SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    'main"><sheetData>{}</sheetData></worksheet>'
)
_ODS = (
    '<?xml version="1.0"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="S">{}</table:table></office:spreadsheet></office:body>'
    "</office:document-content>"
)


def _with_far_cells(folder: Path, rng: np.random.Generator) -> str:
    place = _of(
        (
            "XFD1048576",
            "XFD2",
            "A1048576",
            "ZZ99999",
            "ZZZZZZ9999999999",
            "A0",
            "AAAA1",
            "B4294967297",
        ),
        rng,
    )
    template = _sheet([["a", "b"], ["1", "2"], ["3", "4"]])
    cells = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
        f'<row r="3"><c r={_of(chr(34) + chr(39), rng)[0]}{place}"><v>1</v></c></row>'
    ).replace("r='", 'r="')
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(template)) as whole,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in whole.namelist():
            content = whole.read(name)
            if name.endswith("sheet1.xml"):
                content = _SHEET.format(cells).encode()
            packed.writestr(name, content)
    (folder / "data.xlsx").write_bytes(file.getvalue())
    return "data.xlsx"


def _with_repeats(folder: Path, rng: np.random.Generator) -> str:
    times, rows = int(rng.choice([1, 200, 16_384, 10**9])), int(rng.choice([1, 5, 10**6, 10**12]))
    value = ' office:value-type="float" office:value="1"' if rng.random() < 0.7 else ""
    cell = f'<table:table-cell{value} table:number-columns-repeated="{times}"/>'
    body = f'<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>'
    with zipfile.ZipFile(folder / "data.ods", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", "<manifest/>")
        packed.writestr("content.xml", _ODS.format(body * 2))
    return "data.ods"


def _as_bomb(folder: Path, rng: np.random.Generator) -> str:
    much = (b"0" * 99 + b"\n") * (1 << 22)
    name = _of(("data.csv.gz", "data.jsonl.gz", "data.csv.zip", "data.npz", "data.xlsx"), rng)
    if name.endswith(".gz"):
        (folder / name).write_bytes(gzip.compress(much, 1))
        return name
    inner = {"data.npz": "images.npy", "data.xlsx": "xl/worksheets/sheet1.xml"}.get(name, "a.csv")
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr(inner, much)
    return name


def _as_odd_zip(folder: Path, rng: np.random.Generator) -> str:
    with zipfile.ZipFile(folder / "data.zip", "w") as packed:
        for name in ("a.csv", "../b.csv", "\x1b[31m.csv", "c.zip")[: int(rng.integers(0, 5))]:
            packed.writestr(name, "a,b\n1,2\n")
    return "data.zip"


def _in_odd_types(folder: Path, rng: np.random.Generator) -> str:
    ends = pa.array([2**63 - 1, -(2**63), 0] * 20)
    arrays = {
        "us": lambda: ends.view(pa.timestamp("us")),
        "ns": lambda: ends.view(pa.timestamp("ns")),
        "ms": lambda: ends.view(pa.timestamp("ms")),
        "day": lambda: pa.array([2**31 - 1, -(2**31), 0] * 20, pa.int32()).view(pa.date32()),
        "zone": lambda: pa.array([0, 10**15] * 30, pa.timestamp("us", _of(ZONES, rng))),
        "long": lambda: pa.array([1] * 60).cast(pa.decimal256(70, 2)),
        "decimal": lambda: pa.array([1] * 60).cast(pa.decimal128(38, 10)),
        "span": lambda: ends.view(pa.duration("ns")),
        "list": lambda: pa.array([[1, 2], []] * 30),
        "record": lambda: pa.array([{"x": {"y": [1]}}] * 60),
        "map": lambda: pa.array([[("k", 1)]] * 60, pa.map_(pa.string(), pa.int64())),
        "none": lambda: pa.nulls(60),
        "levels": lambda: pa.array(["a", "\x1b[2J"] * 30).dictionary_encode(),
        "bytes": lambda: pa.array([b"\xff\0", b""] * 30),
        "time": lambda: pa.array([0, 86_399_999_999] * 30, pa.time64("us")),
        "half": lambda: pa.array(np.array([1, np.nan] * 30, np.float16)),
        "whole": lambda: pa.array([2**64 - 1, 0] * 30, pa.uint64()),
    }
    name = _of(tuple(arrays), rng)
    names = ["v", "v"] if rng.random() < 0.1 else ["v", "a"]
    table = pa.table([arrays[name](), pa.array(rng.normal(size=60))], names=names)
    pq.write_table(table.slice(0, int(rng.choice([0, 1, 60]))), folder / "data.parquet")
    return "data.parquet"


ZONES = ("+05:30", "-03:00", "Z", "UTC", "Asia/Kolkata", "Nowhere/Land", "+99:99", "\x1b")


def _with_views(folder: Path, rng: np.random.Generator) -> str:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    views = (
        endless + "SELECT x FROM n",
        endless + "SELECT x, printf('%.*c', 100000, 'x') AS y FROM n",
        "SELECT zeroblob(1000000000) AS b",
        "SELECT nosuch(a) FROM data",
        "SELECT a FROM gone",
        "SELECT * FROM v",
        "SELECT CAST(x'ff41' AS TEXT) AS t, a FROM data",
        'SELECT a AS "*", b AS "^b.*$" FROM data',
    )
    frame = pl.DataFrame({"a": rng.integers(0, 9, 50), "b": rng.choice(["x", "y"], 50)})
    view = f"CREATE VIEW v AS {_of(views, rng)}"
    (folder / "data.sqlite").write_bytes(_database(frame, view))
    return _of(
        ("data.sqlite?table=v", "data.sqlite?table=v", "data.sqlite", "data.sqlite?table="), rng
    )


def _as_odd_json(folder: Path, rng: np.random.Generator) -> str:
    deep = "[" * 100_000
    good = '{"a": 1, "b": "x"}\n'
    lines = (
        '{"a": ' + "9" * 5_000 + "}",
        '{"a": ' + deep + "]" * 100_000 + "}",
        deep,
        '{"a": "\\ud800x"}',
        '{"\\ud800": 1}',
        '{"a": "\\u0000\\u001b[31m"}',
        '{"a": 1e999, "b": -1e999}',
        '{"a": NaN}',
        '{"a": {"$numberLong": "' + "9" * 5_000 + '"}}',
        '{"a": {"$date": 1e300}}',
        '{"a": [1, "x", {"b": []}]}',
        '{"a": 1, "a": 2}',
        "{" + ", ".join(f'"c{k}": {k}' for k in range(20_000)) + "}",
        "[]",
        "null",
        '{"columns": ["a"], "data": 5}',
        '{"turns": [' + "[" * 90_000 + "]" * 90_000 + "]}",
        '{"turns": [{"speaker": "a", "text": "x", "*": 1, "turn": [2]}, {"role": 3}]}',
        '{"turns": ["x", "\\ud800", ""], "turn": 9, "text": NaN, "": 1}',
        '{"turns": [' + ", ".join(['{"speaker": null, "text": "x"}'] * 9_999) + "]}",
        '{"a": "' + "x" * 10**6 + '", "turns": [' + ", ".join(['""'] * 10**5) + "]}",
    )
    line = _of(lines, rng)
    text = good * int(rng.choice([0, 1, 60])) + line + "\n" + good * int(rng.choice([0, 3]))
    name = _of(("data.jsonl", "data.json", "data.ndjson"), rng)
    (folder / name).write_text(line if rng.random() < 0.3 else text, encoding="utf-8")
    return name


def _as_odd_images(folder: Path, rng: np.random.Generator) -> str:
    arrays: dict[str, np.ndarray] = {"images": rng.integers(0, 255, (10, 8, 8), np.uint8)}
    which = int(rng.integers(7))
    if which == 0:
        arrays["labels"] = np.arange(9)
    elif which == 1:
        arrays["images"] = np.zeros((3, 8, 8, 7), np.uint8)
    elif which == 2:
        arrays["images"] = rng.normal(size=(4, 8, 8))
    elif which == 3:
        arrays["images"] = np.zeros((0, 8, 8), np.uint8)
    elif which == 4:
        arrays["y"] = np.array([b"\xff"] * 10)
    file = io.BytesIO()
    np.savez(file, **arrays)
    content = file.getvalue()
    (folder / "data.npz").write_bytes(content if which < 5 else _flipped(content, rng))
    return "data.npz"


def _as_pictures(folder: Path, rng: np.random.Generator) -> str:
    from PIL import Image

    (folder / "data").mkdir()
    for at in range(8):
        file = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (8, 8), np.uint8)).save(
            file, _of(("PNG", "JPEG"), rng)
        )
        content = file.getvalue()
        content = content if rng.random() < 0.5 else _flipped(content, rng)
        (folder / "data" / f"{at}{_of(('.png', '.jpg', '.webp'), rng)}").write_bytes(content)
    labels = _of(("", "*,label\n0.png,x\n", "\xff", "file,label\n" + "0.png,x\n" * 9), rng)
    if labels:
        (folder / "data" / "labels.csv").write_text(labels, encoding="latin-1")
    return _of(
        ("data", "data?size=0", "data?size=9999999999", "data?size=4", "data/?size=4x4x4"), rng
    )


def _as_texts(folder: Path, rng: np.random.Generator) -> str:
    texts = (
        *(
            b"",
            b"\n \n",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\x00\x01" * 99,
            b"\x1b[2J\xe2\x80\xae",
            b"x" * 10**7,
        ),
        *(
            b"---\n" * 9_999,
            b"---\n*: 1\n^a$: 2\n: 3\n---\nx",
            b"---\ntext: 1\nname: [\n---\n",
            b"\n" * 10**6,
        ),
        *(
            "Gr\u00fc\u00dfe.".encode("cp1252"),
            "\u4f60\u597d\u3002".encode("gb18030"),
            b"%PDF-1.4",
            b"\n\xc2\n" * 9,
        ),
        *(b"One, two.\n\nThree; four.\n\n" * 99, b"a,b\n1,2\n", b" \n" * 10**5 + b"x"),
    )
    names = (
        "a.txt",
        "A.txt",
        "b.md",
        "\udcff.txt",
        "\x1b[31m.md",
        "c/a.txt",
        "c/d/a.md",
        "README.md",
    )
    names += (".txt", "e.csv", "f.png", "*.txt")
    sort = _of(("data", "data.zip", "data.txt", "data.md", "data.txt.gz"), rng)
    content = texts[int(rng.integers(len(texts)))]
    if sort in ("data", "data.zip"):
        chosen = rng.permutation(len(names))[: int(rng.integers(1, 9))]
        files = {names[at]: texts[int(rng.integers(len(texts)))] for at in chosen}
        if sort == "data":
            _put_texts(folder / sort, files, rng)
        else:
            with zipfile.ZipFile(folder / sort, "w") as packed:
                for name, text in files.items():
                    packed.writestr(name.encode("utf-8", "replace").decode(), text)
                    packed.writestr("../" + name.encode("utf-8", "replace").decode(), text)
    else:
        (folder / sort).write_bytes(gzip.compress(content) if sort.endswith(".gz") else content)
    ask = _of(("", "", "?by=file", "?by=line", "?by=paragraph", "?by=x", "?encoding=cp037"), rng)
    return sort + ask


def _put_texts(folder: Path, files: dict[str, bytes], rng: np.random.Generator) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    if rng.random() < 0.3:
        (folder / "back").symlink_to(folder)
        (folder / "loop.txt").symlink_to(folder / "loop.txt")
        (folder / "zero.txt").symlink_to("/dev/zero")
    if rng.random() < 0.1:
        for at in range(3_000):
            (folder / f"none-{at}.txt").touch()


def _as_no_file(folder: Path, rng: np.random.Generator) -> str:
    name = _of(
        ("pipe.csv", "folder.csv", "loop.csv", "gone.csv", "/dev/null", "n" * 400 + ".csv"), rng
    )
    if name == "pipe.csv":
        os.mkfifo(folder / name)
    elif name == "folder.csv":
        (folder / name).mkdir()
    elif name == "loop.csv":
        (folder / name).symlink_to(folder / name)
    return name


def _with_many_columns(folder: Path, rng: np.random.Generator) -> str:
    width = int(rng.choice([3_000, 60_000]))
    lines = [",".join(f"c{at}" for at in range(width)), *[",".join(["1"] * width)] * 3]
    (folder / "data.csv").write_text("\n".join(lines))
    return "data.csv"


def _asked_oddly(folder: Path, rng: np.random.Generator) -> str:
    (folder / "data.csv").write_text("a,b\n" + "1,x\n2,y\n3,z\n" * 20)
    ask = _of(
        ("header", "skip", "footer", "decimal", "encoding", "table", "nosuch", "%00", "&"), rng
    )
    return (
        f"data.csv?{ask}={_of((*HUGE, 'utf-8', 'idna', 'rot13', 'base64', 'unicode_escape'), rng)}"
    )


CRAFTED: tuple[Callable[[Path, np.random.Generator], str], ...] = (
    *(_with_far_cells, _with_repeats, _as_bomb, _as_odd_zip, _in_odd_types, _in_odd_types),
    *(_with_views, _as_odd_json, _as_odd_json, _as_odd_images, _as_pictures, _as_texts),
    *(_as_no_file, _with_many_columns, _asked_oddly),
)


# --- commands -------------------------------------------------------------------------------------

READERS = (
    *(("read",),) * 6,
    *(
        ("clean", "--out", "out.csv"),
        ("clean", "--out", "out.xlsx"),
        ("clean", "--out", "out.jsonl"),
    ),
    *(("clean", "--out", "out.parquet", "--log", "log.csv"), ("fit", "--out", "out.tidemill")),
    ("fit", "--out", "out.tidemill", "--model", "independent"),
    ("split", "--train", "out.csv", "--holdout", "held.csv"),
    ("split", "--train", "out.parquet", "--holdout", "held.jsonl"),
    ("mine", "--technique", "rules"),
)
ROLES = ("--target", "--ignore", "--id", "--time", "--entity", "--sensitive", "--keep")


def _with_command(
    data: str, what: str, rng: np.random.Generator, names: list[str] | None = None
) -> Case:
    """A command that reads the data, now and then with roles of columns, that there are or not."""
    verb, *rest = READERS[int(rng.integers(len(READERS)))]
    arguments = [verb, data, *rest]
    if rng.random() < 0.3:
        known = [name for name in names or NAMES if "\0" not in name]
        arguments += [_of(ROLES, rng), _of(tuple(known or ("a",)), rng)]
    if rng.random() < 0.1:
        arguments.append("--json")
    return Case(f"{what}: {' '.join(arguments):.200}", tuple(arguments))


SCHEMAS = (
    "x = " + "[" * 5_000 + "]" * 5_000,
    "x = " + "9" * 5_000,
    '[columns."*"]\nkind = "number"\n',
    "[columns.age]\nkind = 5\n",
    "[columns]\nage = 5\n",
    '[[rules]]\nkind = "a<=b"\ncolumns = ["age", "plan"]\n',
    '[[rules]]\nkind = "range"\ncolumns = ["age"]\nlow = nan\nhigh = inf\n',
    '[[rules]]\nkind = "a+b=c"\ncolumns = ["age"]\nfactor = 1e999\nsigns = ["x"]\n',
    "\ufeff[columns]\n",
    "\x1b[31m",
)
CONDITIONS = (
    *("age", "age=", "age>", "age=nan", "age>=inf", "age<=-1e999", "age in 1,2,", "age between 5"),
    *("age between 9 and 1", "=5", "*=1", "plan=", "plan=\x1b]0;x\x07", "plan in " + "x," * 50_000),
    *(
        "a" * 100_000 + "=1",
        "age=" + "9" * 5_000,
        "age = 1e400",
        "since!=2022-02-09",
        "since=0000-00-00",
    ),
    *("since>9999-99-99", "plan not in team,solo,enterprise", "active=maybe", "fee=1,5", "age=١٢"),
    *(
        "customer_id=C-00001",
        "note=late",
        "plan=team" + "\u202e",
        "age=1/0",
        "last_seen<1",
        "fee!=x",
    ),
)


def _asked(folder: Path, rng: np.random.Generator) -> Case:
    """A good table or model, and options that make no sense."""
    model = _of(("trees.tidemill", "independent.tidemill"), rng)
    schema = folder / "schema.toml"
    schema.write_text(_of(SCHEMAS, rng), encoding="utf-8")
    number, huge = _of(NUMBERS, rng), _of(HUGE, rng)
    condition, other = _of(CONDITIONS, rng), _of(CONDITIONS, rng)
    out = _of(
        ("out.csv", "out.parquet", "out", "out.nosuch", "o" * 400 + ".csv", "no/such/out.csv"), rng
    )
    sample = ["sample", model, "--out", "out.csv"]
    fit = ["fit", "good.csv", "--out", "out.tidemill"]
    choices = (
        [*sample, "--rows", huge],
        [*sample, "--rows", "20", "--seed", huge],
        [*sample, "--rows", "20", "--where", condition],
        [*sample, "--rows", "20", "--where", condition, "--where", other],
        [*sample, "--rows", "20", "--balance", f"churn={_of(('', 'equal', 'Yes:' + number), rng)}"],
        [
            *sample,
            "--rows",
            "20",
            "--balance",
            _of(("churn", "=", "plan=team:0.5,solo:0.9", "*"), rng),
        ],
        [
            *sample,
            "--rows",
            "20",
            "--fair",
            _of(("plan=churn", "plan", "=", "*=*", "age=fee"), rng),
        ],
        [*sample, "--rows", "20", "--fair", "plan=churn", "--fair-strength", number],
        [*sample, "--rows", "20", "--threads", huge],
        ["sample", model, "--rows", "20", "--out", out],
        [*sample, "--like", _of(("good.csv", "gone.csv", "schema.toml", model), rng)],
        ["infill", model, "good.csv", "--out", "out.csv", "--draws", huge],
        ["infill", model, "good.csv", "--out", "out.csv", "--keep", _of(NAMES[:4], rng)],
        ["what-if", model, "good.csv", "--set", condition, "--draws", _of(("1", "2"), rng)],
        [
            "what-if",
            model,
            "good.csv",
            "--set",
            "plan=team",
            "--outcome",
            condition,
            "--draws",
            "2",
        ],
        ["what-if", model, "good.csv", "--set", "plan=team", "--draws", huge],
        ["score", model, "good.csv", "--out", out],
        [*fit, "--schema", "schema.toml"],
        ["read", "good.csv", "--schema", "schema.toml"],
        [*fit, "--model", _of(("", "*", "trees ", "vae"), rng), "--minutes", number],
        [*fit, "--option", f"{_of(('least', 'nosuch', 'effort', ''), rng)}={huge}"],
        [*fit, "--window", huge],
        [*fit, "--steps", huge, "--model", "independent"],
        [*fit, "--target", _of(("churn", "note", "customer_id", "*", ""), rng), "--seed", huge],
        ["split", "good.csv", "--train", "out.csv", "--holdout", "held.csv", "--share", number],
        ["clean", "good.csv", "--out", out, "--check", _of(("", "*", "types", "\x1b[31m"), rng)],
        [
            "mine",
            "good.csv",
            "--technique",
            _of(("", "*", "rules", "\u202e"), rng),
            "--target",
            "churn",
        ],
        ["evaluate", "--train", "good.csv", "--holdout", "schema.toml", "--synthetic", "good.csv"],
        [
            "verdict",
            "--train",
            "good.csv",
            "--synthetic",
            "gone.csv",
            "--cost",
            f"fp={number},fn=1",
        ],
        ["audit", model, "--train", "good.csv", "--holdout", "good.csv", "--canaries", huge],
        ["run", "good.csv", "--rows", huge, "--rounds", number, "--out", "out"],
        ["loop", "good.csv", "--minutes", number, "--rounds", huge, "--out", "out"],
        [
            "recipe",
            _of(("churn", "fraud", "", "*"), rng),
            "good.csv",
            "--assume",
            f"prior={number}",
        ],
        ["report", _of((".", "good.csv", "gone", "schema.toml"), rng)],
        ["models", _of(("trees", "*", "", "\x1b[31m"), rng)],
        [_of(("", "nosuch", "--nosuch", "read"), rng)],
    )
    arguments = choices[int(rng.integers(len(choices)))]
    return Case(f"options: {' '.join(arguments):.200}", tuple(arguments))
