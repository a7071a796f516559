"""Running text: folders and zips of texts, single files, what is said before a text; what is
refused, and what is told."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.unit.io.opening import read
from tidemill.core.dataset import Dataset
from tidemill.core.errors import InputError, OutputError
from tidemill.core.run import Run
from tidemill.io.bounds import MAX_TEXTS
from tidemill.io.formats.dialect import is_running_text
from tidemill.io.target import Target
from tidemill.io.texts import documents
from tidemill.io.texts.front_matter import parted, with_fields
from tidemill.io.texts.passages import cut
from tidemill.io.writing import write, write_chunks

NOVEL = """It was late when they came to the inn; nobody was awake.

"Who is there?" called a voice, after a while.

They answered, all at once, and the door was opened.

The host, a tall man with a lamp, looked at them.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sub-folders with three texts each."""
    for sort in ("good", "bad"):
        (tmp_path / "texts" / sort).mkdir(parents=True)
        for k in range(3):
            path = tmp_path / "texts" / sort / f"{sort}-{k}.txt"
            path.write_text(f"It was {sort}.\n\nI bought {k}.\n", encoding="utf-8")
    return tmp_path / "texts"


def test_a_folder_is_a_row_a_file(folder: Path, run: Run) -> None:
    data = read(folder, run)
    assert data.schema.names == ("name", "folder", "text")
    assert [(c.kind, c.role) for c in data.schema] == [
        ("id", "key"),
        ("category", "feature"),
        ("text", "feature"),
    ]
    assert data["name"].to_list() == [f"{sort}-{k}" for sort in ("bad", "good") for k in range(3)]
    assert data["folder"].to_list() == ["bad"] * 3 + ["good"] * 3
    assert data["text"][0] == "It was bad.\n\nI bought 0."
    assert data.name == "texts"
    assert data.schema.texts == (data.schema["text"],)
    assert not run.warnings


def test_paragraphs_and_lines_of_a_folder(folder: Path, run: Run) -> None:
    data = read(f"{folder}?by=paragraph", run)
    assert data["text"].to_list()[:3] == ["It was bad.", "I bought 0.", "It was bad."]
    assert data.schema["name"].role == "entity"
    assert data["name"].to_list()[:3] == ["bad-0", "bad-0", "bad-1"]
    assert read(f"{folder}?by=line", run).frame.equals(data.frame)


def test_what_the_user_says_of_columns_counts(folder: Path, run: Run, tmp_path: Path) -> None:
    schema = tmp_path / "schema.toml"
    schema.write_text('[columns.name]\nrole = "ignore"\n[columns.text]\nkind = "category"\n')
    data = read(folder, run, target="folder", schema=schema)
    assert [(c.kind, c.role) for c in data.schema] == [
        ("id", "ignore"),
        ("category", "target"),
        ("category", "feature"),
    ]
    assert data.schema["text"].reason == "given by the user"


def test_names_tell_files_apart(tmp_path: Path, run: Run) -> None:
    for name in ("a/1.txt", "b/1.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(f"In {name}.")
    assert read(tmp_path, run)["name"].to_list() == ["a/1", "b/1"]
    (tmp_path / "a" / "1.md").write_text("In Markdown.")
    assert read(tmp_path, run)["name"].to_list() == ["a/1.md", "a/1.txt", "b/1.txt"]


def test_a_zip_is_read_like_its_folder(folder: Path, run: Run, tmp_path: Path) -> None:
    (folder / "good" / "more.md").write_text("---\nyear: 1999\n---\nIt was fine.")
    with zipfile.ZipFile(tmp_path / "texts.zip", "w") as packed:
        for path in folder.rglob("*.*"):
            packed.write(path, path.relative_to(tmp_path))
        packed.writestr("__MACOSX/texts/x.txt", "x")
    zipped = read(tmp_path / "texts.zip", run)
    assert zipped.frame.equals(read(folder, run).frame)
    assert zipped.name == "texts"


def test_zips_that_are_refused(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("a.csv", "b.csv", "c.txt"):
            packed.writestr(name, "x")
    with pytest.raises(InputError, match="holds 3 files"):
        read(path, run)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.txt", "x" * 100)
        packed.writestr("b.txt", "y" * 100)
    content = bytearray(path.read_bytes())
    content[content.index(b"x" * 100)] = 0
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        read(path, run)


def test_front_matter_is_columns(tmp_path: Path, run: Run) -> None:
    for k in range(20):
        rare = "mood: glad\n" if not k else ""
        text = f"---\ntitle: 'No: {k}'\nyear: {1900 + k}\n{rare}tags:\n  - x\n---\n\n# Ode {k}\n"
        (tmp_path / f"{k:02}.md").write_text(text)
    data = read(tmp_path, run)
    assert data.schema.names == ("name", "text", "title", "year")
    assert data.frame.row(3) == ("03", "# Ode 3", "No: 3", 1903)
    assert "1 key before texts" in run.warnings[0]


def test_a_key_named_as_a_column_is_numbered(tmp_path: Path, run: Run) -> None:
    for k in range(3):
        (tmp_path / f"{k}.md").write_text(f"---\ntext: of {k}\n---\nBody {k}.")
    data = read(tmp_path, run)
    assert data.schema.names == ("name", "text", "text (2)")
    assert data["text"].to_list() == ["Body 0.", "Body 1.", "Body 2."]


def test_what_is_left_out_is_told(folder: Path, run: Run) -> None:
    (folder / "README.md").write_text("About them.")
    (folder / "empty.txt").write_text(" \n\n")
    (folder / "table.csv").write_text("a,b\n")
    (folder / ".hidden.txt").write_text("unseen")
    (folder / "good" / "old.txt").write_bytes(
        "Schöne Grüße, das ist schön für Möller.".encode("cp1252")
    )
    data = read(folder, run)
    assert len(data) == 7
    assert data["text"][6] == "Schöne Grüße, das ist schön für Möller."
    said = "\n".join(run.warnings)
    for told in (
        "1 file of",
        "1 text of",
        "1 as Windows-1252",
        "1 empty text of",
        "being about it: README.md",
    ):
        assert told in said, told


def test_a_readme_by_itself_is_a_text(tmp_path: Path, run: Run) -> None:
    (tmp_path / "readme.txt").write_text("All there is.")
    assert read(tmp_path, run)["text"].to_list() == ["All there is."]


def test_links_that_lead_nowhere_or_back(folder: Path, run: Run) -> None:
    (folder / "back").symlink_to(folder)
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "gone.txt").symlink_to(folder / "nothing.txt")
    (folder / "zero.txt").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.txt")
    assert len(read(folder, run)) == 6


def test_names_that_are_no_text(tmp_path: Path, run: Run) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt"))).write_text("Named oddly.")
    assert read(tmp_path, run)["name"].to_list() == ["\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"\x00\x01\x02" * 50, "no text"), (b"PK\x03\x04zip", "zip"), (b"%PDF-1.7", "PDF")],
)
def test_a_file_that_is_no_text_is_named(folder: Path, run: Run, content: bytes, what: str) -> None:
    (folder / "good" / "odd.txt").write_bytes(content)
    with pytest.raises(InputError, match=what) as found:
        read(folder, run)
    assert "good/odd.txt" in str(found.value)


def test_bounds(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="at most 1,000,000"):
        documents.check_number(MAX_TEXTS + 1, "there")
    monkeypatch.setattr(documents, "MAX_TEXT_BYTES", 100)
    with pytest.raises(InputError, match="larger than"):
        read(folder, run)
    with zipfile.ZipFile(folder.parent / "t.zip", "w") as packed:
        packed.writestr("a.txt", "x" * 60)
        packed.writestr("b.txt", "x" * 60)
    with pytest.raises(InputError, match="larger than"):
        read(folder.parent / "t.zip", run)


def _with_images(folder: Path, many: int) -> None:
    for k in range(many):
        Image.fromarray(np.full((4, 4), 9 * k, np.uint8)).save(folder / f"{k}.png")


def test_a_mixed_folder(tmp_path: Path, run: Run) -> None:
    _with_images(tmp_path, 4)
    (tmp_path / "about.txt").write_text("Drawn by hand.")
    assert read(tmp_path, run).schema.modality == "images"
    assert "1 text among the images" in run.warnings[-1]
    for k in range(3):
        (tmp_path / f"{k}.txt").write_text(f"Image {k}.")
    with pytest.raises(InputError, match="4 images and 4 texts") as found:
        read(tmp_path, run)
    assert "?by=file" in str(found.value)
    assert read(f"{tmp_path}?by=file", run)["text"].to_list()[:2] == ["Image 0.", "Image 1."]
    assert len(read(f"{tmp_path}?size=4", run)) == 4
    for k in range(20):
        (tmp_path / f"more-{k}.txt").write_text(f"More {k}.")
    assert len(read(tmp_path, run)) == 24
    assert "4 files of" in run.warnings[-1]


def test_a_folder_without_anything(tmp_path: Path, run: Run) -> None:
    (tmp_path / "empty.txt").touch()
    with pytest.raises(InputError, match="only empty ones"):
        read(tmp_path, run)


def test_a_file_of_paragraphs_and_one_of_lines(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "novel.txt"
    path.write_text(NOVEL, encoding="utf-8")
    data = read(path, run)
    assert data.schema.names == ("text",)
    assert data["text"].to_list() == [part.strip() for part in NOVEL.split("\n\n")]
    assert "is running text: it was read as 4 paragraphs" in run.warnings[0]
    assert len(read(f"{path}?by=file", run)) == 1
    assert len(read(f"{path}?by=line", run)) == 4
    assert len(run.warnings) == 1
    path.write_text("A sentence of nine words that stands by itself.\n" * 6)
    assert len(read(path, run)) == 6
    assert "6 lines" in run.warnings[-1]


def test_a_markdown_file(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "page.md"
    path.write_bytes(b"\xef\xbb\xbf---\r\ntitle: X\r\n---\r\n# Head\r\n\r\n- a\r\n- b\r\n")
    assert read(path, run)["text"].to_list() == ["# Head", "- a\n- b"]
    assert not run.warnings


def test_tables_in_txt_files_stay_tables(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "t.txt"
    path.write_text("day;shop;sold\n" + "2024-01-05;North, in town;3\n\n" * 9)
    assert read(path, run).schema.names == ("day", "shop", "sold")
    path.write_text("name,remark\n" + 'Ann,"Good.\n\nVery good."\n' * 9)
    assert read(path, run).schema.names == ("name", "remark")
    assert read(f"{path}?header=1", run).schema.names == ("name", "remark")
    with pytest.raises(InputError, match=r"'\?by=line' is for running text"):
        read(f"{path}?by=line&header=1", run)
    with pytest.raises(InputError, match="makes no sense"):
        read(f"{path}?by=word", run)
    (tmp_path / "t.csv").write_text(NOVEL)
    with pytest.raises(InputError, match="means nothing"):
        read(f"{tmp_path / 't.csv'}?by=line", run)


def test_what_running_text_is() -> None:
    assert is_running_text(NOVEL)
    assert is_running_text(
        "MARY:\nWho comes?\n\nANN:\nIt is I;\nlet me in.\n\nMARY:\nNo.\n\nANN:\nAlas!"
    )
    assert is_running_text("天气很好。\n\n我们去公园，好吗？\n\n好的。\n\n走吧！")
    assert not is_running_text("name\nAnn\nBob\n\nCid\n\nDora\n\nEve\n\nFay")
    assert not is_running_text("a,b\n1,2\n3,4")
    assert not is_running_text("")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_parts_hold_what_the_text_holds(text: str) -> None:
    text = text.replace("\r", "\n")
    for by in ("file", "paragraph", "line"):
        parts = cut(text, by)
        assert all(part.strip() for part in parts)
        assert "".join("".join(parts).split()) == "".join(text.split())
    fields, body = parted(text)
    assert text.endswith(body)
    assert fields or body == text or text.startswith("---")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(max_size=60), min_size=1, max_size=4))
def test_any_bytes_are_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    for k, content in enumerate(contents):
        (folder / f"{k}.{'md' if k % 2 else 'txt'}").write_bytes(content)
    try:
        data = read(folder, Run())
    except InputError:
        return
    assert 1 <= len(data) <= len(contents)


def same_table(one: Dataset, other: Dataset) -> bool:
    return one.frame.equals(other.frame) and one.schema.names == other.schema.names


def test_texts_are_written_as_a_folder_and_read_back(folder: Path, run: Run) -> None:
    data = read(folder, run)
    assert data.schema["text"].files == "txt"
    write(data, folder.parent / "again")
    assert same_table(read(folder.parent / "again", run), data)
    assert (folder.parent / "again" / "bad" / "bad-0.txt").read_text() == (
        "It was bad.\n\nI bought 0.\n"
    )
    assert read(f"{folder}?by=paragraph", run).schema["text"].files == ""


def test_what_stands_before_texts_is_written_there(tmp_path: Path, run: Run) -> None:
    poems = tmp_path / "poems"
    for k in range(6):
        (poems / "sea").mkdir(parents=True, exist_ok=True)
        said = f"---\nyear: {1800 + k}\nmood: \"'{'sad' if k % 2 else '| gay'}'\"\n---\n"
        (poems / ("sea" if k < 3 else "") / f"Ode {k % 3}.md").write_text(f"{said}O sea! {k}")
    (poems / "plain.md").write_text("---\nnot: a field\n---")
    (poems / "rule.md").write_text("---\n---\n---\na: b\n---\nO sea!")
    data = read(poems, run)
    assert data.schema.names == ("name", "folder", "text", "year", "mood")
    assert data["name"][0] == "Ode 0" or "sea/Ode 0" in data["name"].to_list()
    assert data["text"].to_list().count("---\na: b\n---\nO sea!") == 1
    write(data, tmp_path / "again")
    assert same_table(read(tmp_path / "again", run), data)


def test_nothing_is_replaced_by_texts(folder: Path, run: Run) -> None:
    data = read(folder, run)
    full = folder.parent / "full"
    full.mkdir()
    (full / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="there are files in this folder already"):
        write(data, full, overwrite=True)
    with pytest.raises(OutputError, match="there are files in this folder already"):
        Target.parse(str(full)).check(data.schema, overwrite=True)
    (full / "mine.txt").unlink()
    write(data, full)
    assert same_table(read(full, run), data)

    def failing() -> Iterator[Dataset]:
        yield data
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_chunks(failing(), folder.parent / "half" / "way")
    assert sorted(path.name for path in folder.parent.iterdir()) == ["full", "texts"]


def test_names_are_made_safe_and_told_apart(tmp_path: Path, run: Run, folder: Path) -> None:
    data = read(folder, run)
    names = ["../up", "up", "UP", ".hidden", "a:b", "a*b"]
    odd = data.with_frame(data.frame.with_columns(pl.Series("name", names), folder=pl.lit("x/..")))
    write(odd, tmp_path / "odd")
    found = sorted(
        path.relative_to(tmp_path / "odd").as_posix() for path in files(tmp_path / "odd")
    )
    assert len(found) == 6
    assert all(place.startswith("x/_/") for place in found)
    assert "x/_/UP (2).txt" in found or "x/_/up (2).txt" in found


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\x85\u2028\u2029"), min_size=1)


@given(st.dictionaries(st.sampled_from(["title", "a b", "année"]), FIELD, max_size=3), st.text())
def test_fields_before_a_text_come_back(fields: dict[str, str], text: str) -> None:
    assert parted(with_fields(fields, text)) == (fields, text)
