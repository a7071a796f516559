"""One file of running text as rows: its paragraphs or its lines."""

from __future__ import annotations

import re

import polars as pl

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.words import count
from tidemill.io.file import FILE, LINE, PARAGRAPH, File
from tidemill.io.formats import delimited
from tidemill.io.formats.dialect import is_running_text
from tidemill.io.formats.encoding import as_utf8, utf8_of
from tidemill.io.source import KnownColumn, Raw
from tidemill.io.texts.front_matter import parted

TEXT = "text"
_HEAD = 1 << 16
_GAP = re.compile(r"\n(?:[^\S\n]*\n)+")
_OF_TABLES = ("header", "skip", "footer", "decimal", "formulas")


def read(file: File, run: Run) -> Raw:
    """A table where the file holds one, else a row for each paragraph of running text, or for each
    line where no blank line parts paragraphs.

    A Markdown file is always text; of others ``?by=`` says so.

    Raises:
        InputError: The file is no text, or there is nothing in it.
    """
    where = str(file.path)
    of_tables = [key for key in _OF_TABLES if key in file.part]
    if file.by and of_tables:
        raise InputError(
            f"'?by={file.by}' is for running text, '?{of_tables[0]}=' for tables",
            where=where,
            hint="leave out one of them",
        )
    if file.by or file.ending == "md":
        return _read(file, run)
    if of_tables:
        return delimited.read(file, run)
    content, _ = utf8_of(file.content(), where, file.encoding)
    if not is_running_text(content[:_HEAD].decode("utf-8", errors="ignore")):
        return delimited.read(file, run)
    raw = _read(file, run)
    run.warn(
        f"{where} is running text: it was read as {count(len(raw.frame))} "
        f"{_by(file, content.decode('utf-8'))}s, a row each; say ?by={LINE}, ?by={PARAGRAPH} or "
        f"?by={FILE} behind its name for others.",
        "read",
    )
    return raw


def _read(file: File, run: Run) -> Raw:
    text = whole_text(as_utf8(file.content(), str(file.path), run, file.encoding))
    if file.ending == "md":
        _, text = parted(text)
    by = _by(file, text)
    texts = cut(text, by)
    known = KnownColumn("text", None, f"the {by}s of a text" if by != FILE else "a text")
    return Raw(pl.DataFrame({TEXT: texts}, schema={TEXT: pl.String}), True, known={TEXT: known})


def _by(file: File, text: str) -> str:
    if file.by:
        return file.by
    return PARAGRAPH if _GAP.search(text.strip()) else LINE


def whole_text(content: bytes) -> str:
    """UTF-8 as text with "\\n" between lines, without what is blank around it."""
    text = content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return text.strip("\n").rstrip()


def cut(text: str, by: str) -> list[str]:
    """The parts of a text that are not blank.

    Args:
        text: With "\\n" between lines.
        by: "file" for all of it, "paragraph" for what blank lines part, or "line".

    Example:
        >>> cut("One.\\nStill one.\\n \\nTwo.", "paragraph")
        ['One.\\nStill one.', 'Two.']
    """
    parts = [text]
    if by == PARAGRAPH:
        parts = _GAP.split(text)
    elif by == LINE:
        parts = text.split("\n")
    trimmed = [part.strip("\n").rstrip() for part in parts]
    return [part for part in trimmed if part.strip()]
