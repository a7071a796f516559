"""UTF-8 that was read as Latin-1 or Windows-1252 ("MÃ¼nchen") is read again, where there is no
other sense in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tidemill.cleaning.base import Check, Diagnosis, Repaired
from tidemill.cleaning.texts.columns import rewrite, rewritten
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run


def _bytes() -> dict[str, int]:
    """The byte of each character that Latin-1 or Windows-1252 reads from 0x80 on."""
    found = {chr(byte): byte for byte in range(0x80, 0x100)}
    for byte in range(0x80, 0xA0):
        try:
            found[bytes([byte]).decode("cp1252")] = byte
        except UnicodeDecodeError:  # 0x81, 0x8D, 0x8F, 0x90 and 0x9D are not assigned
            continue
    return found


_BYTES = _bytes()
_NEXT = "[" + "".join(re.escape(char) for char, byte in _BYTES.items() if byte < 0xC0) + "]"
_RUN = re.compile(
    f"(?:[\u00c2-\u00df]{_NEXT}|[\u00e0-\u00ef]{_NEXT}{{2}}|[\u00f0-\u00f4]{_NEXT}{{3}})+"
)
"""Characters of which each is written as UTF-8 writes one, read byte by byte."""
_PIECE = re.compile(
    "(?P<letters>[\u0370-\u03ff]{2,}|[\u0400-\u04ff]{2,}|[\u0590-\u05ff]{2,}|[\u0600-\u06ff]{2,}|"
    "[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]{2,})|"
    "(?P<beside>[\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc])|"
    "(?P<alone>[\u0080-\u00ff\u2010-\u2026\u20ac\u2122\U0001f000-\U0001faff])|.",
    re.DOTALL,
)
"""Two letters or more of a script other than Latin; or what Windows-1252 has beside Latin-1; or
what is no mistake even where it stands alone: letters of Western Europe, marks, emoji; or anything
else."""
_OE = re.compile("\u00c5[\u201c\u0093](?=[^\\W\\d_])")
"""The French letter œ, with a letter behind it."""
_ENDS_OF_CAPITALS = frozenset("\u201d\u2019\u00bb\u2026\u00a0")


def undone(text: str) -> str:
    """The text with what was read in the wrong encoding read in the right one.

    Letters of other scripts are read again only where there are two or more in a row, as "été »"
    with a no-break space holds the bytes of one Chinese character; and a capital Ã at the end of a
    word in capitals is left.

    Example:
        >>> undone("MÃ¼nchen â€“ itâ€™s cafÃ©"), undone("ä¸­å›½"), undone("CAFÉ» été\u00a0»")
        ('München – it’s café', '中国', 'CAFÉ» été\xa0»')
    """
    while True:
        again = _OE.sub("œ", _RUN.sub(_read, text))
        if again == text:
            return text
        text = again


def _read(run: re.Match[str]) -> str:
    """The characters that a run of bytes stands for, and the bytes where that is not sure."""
    try:
        chars = bytes(_BYTES[char] for char in run[0]).decode("utf-8")
    except UnicodeDecodeError:
        return run[0]
    written, at = "", 0
    for piece in _PIECE.finditer(chars):
        end = at + len(piece[0].encode("utf-8"))
        came = run[0][at:end]
        written += piece[0] if _is_sure(piece, run, at) else came
        at = end
    return written


def _is_sure(piece: re.Match[str], run: re.Match[str], at: int) -> bool:
    """Whether the characters at this place of a run can mean nothing but the piece."""
    if piece.lastgroup == "beside":
        return len(piece.string) > 1
    if piece.lastgroup != "alone":
        return piece.lastgroup == "letters"
    lead, end = run[0][at], run[0][at + 1]
    if piece[0] < "\u00a0":
        return end < "\u00a0"  # no quote behind a letter, as in "Â“"
    before = run.string[: run.start() + at][-1:]
    return not (lead == "Ã" and end in _ENDS_OF_CAPITALS and before.isupper())


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find texts with characters that were read in the wrong encoding."""
    said = "characters that were read in the wrong encoding, such as 'Ã¼' for 'ü'"
    return rewritten(train, run, "mojibake", undone, (said, "read again in the right one"))


def repair(data: Dataset, learned: Mapping[str, Any]) -> Repaired:
    """Read them again."""
    return rewrite(data, learned, undone, "characters read in the wrong encoding")


CHECK = Check(diagnose, repair)
