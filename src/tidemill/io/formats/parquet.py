"""Parquet files."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import polars as pl
from polars.exceptions import PolarsError

from tidemill.core.errors import InputError
from tidemill.core.run import Run
from tidemill.core.temporary import temporary_prefix
from tidemill.io.arrow_frames import with_known_zones
from tidemill.io.bounds import check_parquet
from tidemill.io.file import File
from tidemill.io.names import named
from tidemill.io.source import Raw

_GROUP = 1 << 18
_SCHEMA = "ARROW:schema"
_OFFSET = re.compile(rb"[+-][0-9]{2}:[0-9]{2}\0")


def read(file: File, run: Run) -> Raw:
    """The columns as they are stored.

    Raises:
        InputError: The file is damaged or no Parquet.
    """
    where, content = str(file.path), file.content()
    try:
        odd = _has_odd_zone(content)
        frame = _by_arrow(content, where, run) if odd else _by_polars(content, where)
    except (PolarsError, OSError) as error:
        why = str(error).splitlines()[0]
        hint = "copy it again, or write it anew with plain types"
        if "more than one occurrence" in why:
            hint = "write it anew, with a name of its own for each column"
        raise InputError(
            f"the file cannot be read as Parquet ({why})", where=where, hint=hint
        ) from error
    frame.columns = named(frame.columns, where, run)
    return Raw(frame)


def _by_polars(content: bytes, where: str) -> pl.DataFrame:
    scan = pl.scan_parquet(io.BytesIO(content), hive_partitioning=False)
    rows = int(scan.select(pl.len()).collect().item())
    check_parquet(rows * len(scan.collect_schema()), len(content), where)
    return pl.read_parquet(content, hive_partitioning=False)


def _has_odd_zone(content: bytes) -> bool:
    """Whether moments may have an offset in the place of a time zone's name, as pandas and pyarrow
    write them; polars knows none but whole hours."""
    schema = pl.read_parquet_metadata(io.BytesIO(content)).get(_SCHEMA, "")
    try:
        return _OFFSET.search(base64.b64decode(schema)) is not None
    except ValueError:
        return False


def _by_arrow(content: bytes, where: str, run: Run) -> pl.DataFrame:
    """The columns as pyarrow reads them.

    Raises:
        InputError: pyarrow is not installed, or cannot read the file either.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise InputError(
            "it has moments with an offset in the place of a time zone",
            where=where,
            hint="pip install 'tidemill[frames]', or write the moments in UTC",
        ) from error
    try:
        file = ParquetFile(io.BytesIO(content))
        about = file.metadata
        check_parquet(about.num_rows * about.num_columns, len(content), where)
        return pl.DataFrame(with_known_zones(file.read(), run))
    except (ArrowException, TypeError, ValueError) as error:
        raise InputError(
            f"the file cannot be read as Parquet ({(str(error).splitlines() or [''])[0]})",
            where=where,
            hint="copy it again, or write it anew with plain types",
        ) from error


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
    beside = Path(file.name).parent
    with TemporaryDirectory(prefix=temporary_prefix(beside), dir=beside) as folder:
        scans = []
        for number, part in enumerate(chain((first, second), following)):
            path = Path(folder) / f"{number}.parquet"
            part.write_parquet(path, compression="lz4", statistics=False)
            scans.append(pl.scan_parquet(path))
        pl.concat(scans, how="vertical_relaxed").sink_parquet(
            file, row_group_size=_GROUP, metadata=marks() if marks else None
        )
