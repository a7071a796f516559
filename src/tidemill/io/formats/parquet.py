"""Parquet files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import polars as pl
from polars.exceptions import PolarsError

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.io.file import File
from tidemill.io.names import named
from tidemill.io.source import Raw

_GROUP = 1 << 18


def read(file: File, run: Run) -> Raw:
    """The columns as they are stored.

    Raises:
        InputError: The file is damaged or no Parquet.
    """
    try:
        frame = pl.read_parquet(file.content(), hive_partitioning=False)
    except (PolarsError, OSError) as error:
        raise InputError(
            f"the file is damaged or no Parquet ({str(error).splitlines()[0]})",
            where=str(file.path),
            hint="copy it again",
        ) from error
    frame.columns = named(frame.columns, str(file.path), run)
    return Raw(frame)


def write(
    parts: Iterable[pl.DataFrame],
    file: IO[bytes],
    marks: Callable[[], dict[str, str]] | None = None,
) -> None:
    """Write the columns with their dtypes; where parts differ in a dtype, with one that holds both.

    Parts go to files of their own first, and these in one stream to the file: polars writes no
    Parquet by parts, and what the dtypes are is known with the last. So a few parts are in memory,
    never all.

    Args:
        parts: One below the other.
        file: An open file of the disk.
        marks: What to keep in the file's metadata, asked after the last part.
    """
    following = iter(parts)
    first = next(following)
    second = next(following, None)
    if second is None:
        first.write_parquet(file, row_group_size=_GROUP, metadata=marks() if marks else None)
        return
    with TemporaryDirectory(prefix=".parts-", dir=Path(file.name).parent) as folder:
        scans = []
        for number, part in enumerate(chain((first, second), following)):
            path = Path(folder) / f"{number}.parquet"
            part.write_parquet(path, compression="lz4", statistics=False)
            scans.append(pl.scan_parquet(path))
        pl.concat(scans, how="vertical_relaxed").sink_parquet(
            file, row_group_size=_GROUP, metadata=marks() if marks else None
        )
