"""Reading as the doors do it: a path is parsed, a frame is taken as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.io import reading
from tidemill.io.source import Source


def read(given: Any, run: Run, **options: Any) -> Dataset:
    source = Source.parse(str(given)) if isinstance(given, str | Path) else given
    return reading.read(source, run, **options)
