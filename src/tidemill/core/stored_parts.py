"""The parts of a stored model, read without a trust in any of them.

How much memory they take is known before they are unpacked: of JSON by its marks, of arrays by
their sizes.
"""

from __future__ import annotations

import json
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tidemill.core.errors import ArtifactError

MAX_BYTES = 4 << 30
MAX_JSON = 64 << 20
MAX_HEADER = 16 << 20
"""Bytes of what the arrays are called."""
MAX_MEMBERS = 64
MAX_RATIO = 500
TIMES, ROOM = 10, 128 << 20
"""Loading takes no more memory than so many times the file and so many bytes."""
_ITEM = 160
"""Bytes that an item of a list and what is made of it take in memory, beside its text."""
_COPIES = 3
"""The bytes of a part, its arrays or texts, and what is made of these."""
ARRAYS = "arrays.safetensors"
_SURROGATE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]")
"""Half a character, which no text holds."""
_DISTRUST = "do not trust this file"


def members(path: Path) -> dict[str, bytes]:
    """The bytes of each part.

    Raises:
        ArtifactError: The file is no archive of such parts, or they are too large.
    """
    if not path.is_file():
        raise ArtifactError(
            "there is no such file", where=str(path), hint="give a file that `tidemill fit` wrote"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _check_bounds(infos, path)
            found = {info.filename: _bounded(archive, info) for info in infos}
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        struct.error,
        ValueError,
    ) as error:
        raise ArtifactError(
            f"the file is damaged or no model ({error})",
            where=str(path),
            hint="give a file that `tidemill fit` wrote, or copy it again",
        ) from error
    if not affordable(found, path.stat().st_size):
        _refuse("the parts take far more memory than the file is large", path)
    return found


def affordable(found: Mapping[str, bytes], stored: int) -> bool:
    """Whether such parts may come out of a file of so many bytes."""
    needed = _COPIES * sum(map(len, found.values()))
    for name, data in found.items():
        if name != ARRAYS:
            needed += _ITEM * sum(data.count(mark) for mark in (b",", b"[", b"{"))
    return needed <= TIMES * stored + ROOM


def parsed(data: bytes, path: Path, name: str) -> Any:
    """The value of a part in JSON.

    Raises:
        ArtifactError: It is none.
    """
    try:
        if b"\\u" in data and _SURROGATE.search(data):
            raise ValueError("half a character")
        return json.loads(data.decode("utf-8"), parse_float=_finite, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(
            f"the part '{name}' is damaged or missing", where=str(path), hint="fit again"
        ) from error


def arrays_of(data: bytes, path: Path) -> dict[str, np.ndarray]:
    """The arrays of a part.

    Raises:
        ArtifactError: It holds no arrays, or others.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as unpack

    try:
        [header] = struct.unpack("<Q", data[:8])
        if header > MAX_HEADER:
            raise ValueError("too many arrays")
        return dict(unpack(data))
    except (SafetensorError, struct.error, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            "the model's arrays are damaged", where=str(path), hint="fit again"
        ) from error


def _check_bounds(infos: list[zipfile.ZipInfo], path: Path) -> None:
    names = [info.filename for info in infos]
    if len(names) > MAX_MEMBERS or len(set(names)) < len(names):
        _refuse("the archive has too many parts, or one twice", path)
    for info in infos:
        in_folder = "/" in info.filename or "\\" in info.filename
        is_json = info.filename.endswith(".json")
        if in_folder or not (is_json or info.filename == ARRAYS):
            _refuse(f"the archive holds a part that no model has ({info.filename!r})", path)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            _refuse("the archive is packed in a way that no model is", path)
        if info.file_size > max(MAX_RATIO * info.compress_size, 1 << 20):
            _refuse("the archive unpacks to far more than it holds", path)
        if is_json and info.file_size > MAX_JSON:
            _refuse(f"the part '{info.filename}' is larger than {MAX_JSON >> 20} MB", path)
    whole = sum(info.file_size for info in infos)
    if whole > MAX_BYTES:
        _refuse(f"the model is larger than {MAX_BYTES >> 30} GiB", path)
    if _COPIES * whole > TIMES * path.stat().st_size + ROOM:
        _refuse("the archive unpacks to far more than it holds", path)


def _refuse(what: str, path: Path) -> NoReturn:
    raise ArtifactError(what, where=str(path), hint=_DISTRUST)


def _bounded(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as stream:
        data = stream.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise zipfile.BadZipFile("a part is not as long as it says")
    return data


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text:.20} is no number")
    return number


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
