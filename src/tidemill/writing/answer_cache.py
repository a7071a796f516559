"""Answers kept as files, by a hash of what was asked: the same again without a call."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tidemill.core.errors import OutputError
from tidemill.core.temporary import temporary_prefix
from tidemill.writing.writer import WrittenText

_FORMAT = 1
_MOST_BYTES = 1 << 21


def key_of(url: str, fields: Mapping[str, Any]) -> str:
    """The hash of what is asked of whom.

    Example:
        >>> key_of("http://a", {"x": 1, "y": 2}) == key_of("http://a", {"y": 2, "x": 1})
        True
    """
    text = json.dumps([_FORMAT, url, fields], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class AnswerCache:
    """Answers in a folder, one file each, with the text and the model that wrote it and nothing of
    what was asked; nothing is kept where there is no folder.

    Args:
        folder: Where; it is made when the first answer is kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, key: str) -> WrittenText | None:
        """The answer that is kept under a key; None for none, and for a file that is no answer."""
        if self.folder is None:
            return None
        path = self.folder / f"{key}.json"
        try:
            if path.stat().st_size > _MOST_BYTES:
                return None
            value = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(value, dict) or value.get("format") != _FORMAT:
            return None
        text, model = value.get("text"), value.get("model")
        if not isinstance(text, str) or not isinstance(model, str):
            return None
        return WrittenText(text, model)

    def put(self, key: str, answer: WrittenText) -> None:
        """Keep an answer; whoever reads at the same time sees all of it or nothing.

        Raises:
            OutputError: The folder cannot be written to.
        """
        if self.folder is None:
            return
        state = {"format": _FORMAT, "text": answer.text, "model": answer.model}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(
                prefix=temporary_prefix(self.folder), suffix=".json", dir=self.folder
            )
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(state, file, ensure_ascii=False)
            Path(name).replace(self.folder / f"{key}.json")
        except OSError as error:
            raise OutputError(
                f"answers cannot be kept: {error.strerror}",
                where=str(self.folder),
                hint="choose another folder for the cache, or none",
            ) from error
