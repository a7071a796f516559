"""The encoding of a text file found out, and its bytes brought to UTF-8."""

from __future__ import annotations

import codecs
import re

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.io.formats.scripts import CANDIDATES, ranked

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = {
    b"\x1f\x8b": "a gzip file",
    b"PK\x03\x04": "a zip or Excel file",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "an SQLite file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
}
_CHARACTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
"""A character of several bytes in UTF-8."""
_SAMPLE = 200_000
_ASCII = frozenset(map(chr, range(128)))
_ALPHABETS = re.compile("[\u00a0-\u017f\u0386-\u03ce\u0400-\u045f\u05d0-\u05ea\u0621-\u064a]")
_LIKELY = 0.4
_LEGACY = {
    "cp1252": "Windows-1252 (Western European)",
    "latin-1": "Latin-1 (Western European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "gb18030": "GB18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "shift_jis": "Shift-JIS (Japanese)",
    "euc_kr": "EUC-KR (Korean)",
}


def as_utf8(content: bytes, where: str, run: Run, said: str | None = None) -> bytes:
    """The text as UTF-8 without a byte order mark and with "\\n" or "\\r\\n" line ends.

    Where the user has not said the encoding, it is found, and a guess is told.

    Raises:
        InputError: These bytes are no text, or of a damaged encoding.
    """
    content, guessed = utf8_of(content, where, said)
    if guessed:
        run.warn(
            f"{where} was read as {guessed}, not as UTF-8, by the letters in it; if that "
            "is wrong, write ?encoding=NAME behind the file's name.",
            "read",
        )
    return content


def utf8_of(content: bytes, where: str, said: str | None = None) -> tuple[bytes, str]:
    """What :func:`as_utf8` gives, and what an encoding is called that was guessed; "" for none.

    Raises:
        InputError: These bytes are no text, or of a damaged encoding.
    """
    for magic, what in _MAGIC.items():
        if content.startswith(magic):
            raise InputError(
                f"this is {what}, not text", where=where, hint="give it the ending of its format"
            )
    encoding = said or _encoding(content, where)
    guessed = "" if said else _LEGACY.get(encoding, "")
    if said or encoding != "utf-8":
        try:
            content = content.decode(encoding).encode("utf-8").removeprefix(codecs.BOM_UTF8)
        except UnicodeError as error:
            raise InputError(
                f"the text cannot be decoded as {encoding}: {error}",
                where=where,
                hint="save it as UTF-8, or write its encoding as ?encoding=NAME behind the file's "
                "name",
            ) from error
    if b"\0" in content or _control_share(content[:65536]) > 0.01:
        raise InputError(
            "these bytes are no text",
            where=where,
            hint="give a text file, or the ending of its format",
        )
    if codecs.BOM_UTF8 in content:  # of a file that was put below another one
        content = content.replace(b"\n" + codecs.BOM_UTF8, b"\n")
    if b"\r\r\n" in content:  # a line end that a program of Windows ended once more
        content = content.replace(b"\r\r\n", b"\r\n")
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    return content, guessed


def _encoding(content: bytes, where: str) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    zeros = content[:4096].count(0)
    if zeros:  # ASCII characters in UTF-16 have a zero as every other byte
        odd = content[1:4096:2].count(0)
        if zeros >= 0.3 * min(len(content), 4096) and max(odd, zeros - odd) >= 0.9 * zeros:
            return "utf-16-le" if odd > zeros / 2 else "utf-16-be"
        raise InputError(
            "these bytes are no text",
            where=where,
            hint="give a text file, or the ending of its format",
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _legacy(content, where, error)
    return "utf-8" if _is_written(text) else "gb18030"


def _is_written(text: str) -> bool:
    """Whether the characters of a text that is valid UTF-8 are any that people write: "12元" in
    GB18030 is valid UTF-8 as well, for a letter that is in no alphabet of today."""
    foreign = set(text[:_SAMPLE]) - _ASCII
    if not foreign or any(letter > "\u07ff" or _ALPHABETS.match(letter) for letter in foreign):
        return True
    found = ranked("".join(foreign).encode("utf-8"))
    return not found or found[0] != ("gb18030", 1.0)


def _legacy(content: bytes, where: str, error: UnicodeDecodeError) -> str:
    """The likeliest of the encodings from before Unicode."""
    from charset_normalizer import from_bytes

    valid = len(_CHARACTER.findall(content))
    broken = content.decode("utf-8", errors="replace").count("\ufffd")
    if valid > 10 * broken:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"line {line} is not valid UTF-8, though the rest is ({broken} damaged places)",
            where=where,
            hint="mend that line, or save the file again as UTF-8",
        )
    foreign = b"\n".join(line for line in content.split(b"\n") if not line.isascii())
    sample = foreign[:_SAMPLE]
    if len(foreign) > _SAMPLE:
        sample = sample[: sample.rfind(b"\n") + 1] or foreign  # no character is cut
    for encoding, share in ranked(sample):
        if share >= _LIKELY and _decodes(content, encoding):
            return encoding
    best = from_bytes(sample, cp_isolation=list(CANDIDATES), threshold=1.0).best()
    if best is not None and best.encoding != "cp1252" and _decodes(content, best.encoding):
        return best.encoding
    return "cp1252" if _decodes(content, "cp1252") else "latin-1"


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
        return True
    except UnicodeDecodeError:
        return False


def _control_share(head: bytes) -> float:
    return sum(byte < 32 and byte not in b"\t\n\r\f\v\x1a" for byte in head) / max(1, len(head))
