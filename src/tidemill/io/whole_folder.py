"""A folder that appears whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tidemill.core.artifact import folder_for, unwritable
from tidemill.core.temporary import temporary_prefix


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """An empty folder to be filled, which takes the place of ``path`` when the block is left, and
    is gone where it fails.

    Raises:
        OutputError: It cannot be written.
    """
    path = Path(os.path.realpath(path))
    with folder_for(path):
        try:
            prefix = temporary_prefix(path.parent)
            with tempfile.TemporaryDirectory(prefix=prefix, dir=path.parent) as aside:
                whole = Path(aside) / "whole"
                whole.mkdir()
                yield whole
                if path.is_dir():
                    path.rename(Path(aside) / "before")
                whole.rename(path)
        except OSError as error:
            raise unwritable(path, error) from error
