"""Where text is printed: what it shows cannot rewrite a terminal, and what cannot be printed does
not end the work."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from tidemill.core.words import UNPRINTABLE, unprintable_removed


def say(text: str, stream: TextIO | None = None) -> None:
    """Print a line, on standard output where nothing else is said.

    A name, a level or a message may come from a file that someone else wrote: its control
    characters are made visible.
    """
    stream = sys.stdout if stream is None else stream
    stream.write(unprintable_removed(text) + "\n")
    stream.flush()


def json_line(value: Any, stream: TextIO) -> str:
    """A JSON value as one line of text: exact, without a character that a terminal obeys or that
    the stream cannot write.

    Example:
        >>> json_line({"name": "a\\x9bb"}, sys.stdout)
        '{"name": "a\\\\u009bb"}'
    """
    is_utf8 = (getattr(stream, "encoding", None) or "").lower().replace("-", "") == "utf8"
    text = json.dumps(value, ensure_ascii=not is_utf8)
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Steady:
    """A stream that takes what it is given: the work goes on when its reader is gone or its disk is
    full.

    Attributes:
        failed: Why something could not be written; None where all was.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failed: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write the text, if that is possible."""
        if self.failed is None:
            try:
                self._stream.write(text)
            except OSError as error:
                self.failed = error
        return len(text)

    def flush(self) -> None:
        """Write what is still held back, if that is possible."""
        if self.failed is None:
            try:
                self._stream.flush()
            except OSError as error:
                self.failed = error


@contextmanager
def steady() -> Iterator[Steady]:
    """While the block lasts, standard output and standard error never end the work; gives the
    former.

    A character that a stream's encoding lacks is written as its code.
    """
    before = sys.stdout, sys.stderr
    errors = [getattr(stream, "errors", None) for stream in before]
    out = Steady(sys.stdout)
    _reconfigure(before, ["backslashreplace"] * 2)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, Steady(sys.stderr))
    try:
        yield out
    finally:
        sys.stdout, sys.stderr = before
        _reconfigure(before, errors)


def _reconfigure(streams: tuple[TextIO, TextIO], errors: list[Any]) -> None:
    for stream, wanted in zip(streams, errors, strict=True):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=wanted)
