"""Stored models: a zip with fixed timestamps of a JSON manifest, JSON, safetensors and text. Never
pickle."""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from tidemill.core import stored_parts
from tidemill.core.errors import (
    ArtifactError,
    Cancelled,
    MissingExtra,
    OutputError,
    TidemillError,
)
from tidemill.core.outputs import refuse_existing
from tidemill.core.temporary import temporary_prefix
from tidemill.core.words import listing

FORMAT = 3
FORMATS = (1, 2, 3)
"""Formats that can be read; :mod:`tidemill.synthesis.formats` brings earlier ones into this one."""
DATABASE = "database"
"""The ``kind`` in the manifest of a model of several tables."""
TIMESTAMP = (1980, 1, 1, 0, 0, 0)


@contextmanager
def writing(path: Path, *, overwrite: bool = True) -> Iterator[Path]:
    """A temporary path beside ``path`` that replaces it when the block ends well, and vanishes when
    it does not.

    A link is followed: the file that it leads to is replaced. What is replaced keeps its
    permissions.

    Raises:
        OutputError: The output exists and may not be replaced, it is no file, or it cannot be
            written.
    """
    refuse_existing(path, overwrite)
    real = Path(os.path.realpath(path))
    with folder_for(real):
        try:
            ending = "".join([".aside", *real.suffixes[-2:]])  # by which formats are known
            handle, name = tempfile.mkstemp(ending, temporary_prefix(real.parent), real.parent)
            os.close(handle)
            permissions = _permissions(real)
        except OSError as error:
            raise unwritable(path, error) from error
        aside = Path(name)
        try:
            yield aside
            aside.chmod(permissions)
            aside.replace(real)
        except OSError as error:
            raise unwritable(path, error) from error
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def folder_for(path: Path) -> Iterator[None]:
    """The folder of a file, made where it is not there, and taken away again where the block fails
    and nothing else is in it.

    Raises:
        OutputError: It cannot be made.
    """
    made = [folder for folder in path.parents if not folder.exists()]
    try:
        make_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        yield
    except BaseException:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise


def make_folder(folder: Path) -> None:
    """Make a folder and those that it lies in, where they are not there.

    ``Path.mkdir`` says that the folder exists where another process takes it away between the
    attempt to make it and the look at what is there; then it is made after all.

    Raises:
        OSError: It cannot be made.
    """
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            with suppress(FileNotFoundError):
                if not stat.S_ISDIR(folder.lstat().st_mode):
                    raise
        else:
            return


def unwritable(path: Path, error: OSError) -> OutputError:
    """What to say where the disk does not take an output."""
    return OutputError(
        f"cannot write here ({error.strerror or error})",
        where=str(path),
        hint="check free space and permissions, or choose another folder with option 'out'",
    )


def _permissions(path: Path) -> int:
    """Those of the file that is replaced, or else as of any new file."""
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()


def write_json(path: Path, value: Any, *, overwrite: bool = True) -> None:
    """Write plain JSON values, whole or not at all; numbers that are not finite become null."""
    text = json.dumps(finite(value), ensure_ascii=False, indent=1, allow_nan=False)
    with writing(path, overwrite=overwrite) as aside:
        aside.write_text(text + "\n", encoding="utf-8")


def finite(value: Any) -> Any:
    """The same JSON value with numpy scalars made plain, and numbers that are not finite made
    None."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


def save(
    path: Path,
    manifest: Mapping[str, Any],
    documents: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    *,
    overwrite: bool = True,
) -> None:
    """Write a stored model: the same input gives the same bytes.

    Args:
        path: Where to.
        manifest: Plain JSON values; ``format`` and hashes of the members are added.
        documents: Name -> plain JSON value.
        arrays: Name -> array.
        overwrite: Whether an existing file may be replaced.

    Raises:
        OutputError: It cannot be written, or a part would be too large to be read again.
    """
    from safetensors.numpy import save as pack

    members = {f"{name}.json": _json(value) for name, value in sorted(documents.items())}
    # safetensors orders tensors by dtype and name by itself, so the bytes do not depend on
    # insertion order
    members[stored_parts.ARRAYS] = pack(
        {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    )
    for name, data in members.items():
        if name != stored_parts.ARRAYS and len(data) > stored_parts.MAX_JSON:
            raise OutputError(
                f"the part '{name}' of the model is larger than {stored_parts.MAX_JSON >> 20} MB",
                where=str(path),
                hint="leave columns of very many levels or words out with option 'ignore'",
            )
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    whole = _json({"format": FORMAT, **manifest, "sha256": hashes})
    members = {"manifest.json": whole, **members}
    with writing(path, overwrite=overwrite) as aside:
        _pack(aside, members, zipfile.ZIP_DEFLATED)
        if not stored_parts.affordable(members, aside.stat().st_size):
            _pack(aside, members, zipfile.ZIP_STORED)  # so well packed it would pass for a bomb


def _pack(path: Path, members: Mapping[str, bytes], packing: int) -> None:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, TIMESTAMP)
            info.compress_type = packing
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, compresslevel=6)


def is_stored_model(path: Path) -> bool:
    """Whether a file is packed as a stored model; it may still be damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "manifest.json" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def is_of_database(path: Path) -> bool:
    """Whether a file is a stored model of several tables; it may still be damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            told = archive.getinfo("manifest.json")
            if told.file_size > stored_parts.MAX_JSON:
                return False
            manifest = stored_parts.parsed(archive.read(told), path, told.filename)
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError, ArtifactError):
        return False
    return isinstance(manifest, dict) and manifest.get("kind") == DATABASE


def load(path: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, np.ndarray]]:
    """Manifest, documents and arrays of a stored model, checked against its hashes and bounds.

    Raises:
        ArtifactError: It is damaged, too large, or of another format.
    """
    members = stored_parts.members(path)
    manifest = stored_parts.parsed(members.pop("manifest.json", b""), path, "manifest.json")
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise ArtifactError(
            "this is not a Tidemill model",
            where=str(path),
            hint="give a file that `tidemill fit` wrote",
        )
    number = manifest["format"]
    if type(number) is not int or number not in FORMATS:
        known = listing([str(number) for number in FORMATS])
        raise ArtifactError(
            f"the model has format {number!r:.40}, this version reads formats {known}",
            where=str(path),
            hint="use the version of Tidemill that wrote it, or fit again",
        )
    hashes = manifest.get("sha256")
    if not isinstance(hashes, dict) or set(hashes) != set(members):
        raise ArtifactError(
            "the manifest does not list the file's members", where=str(path), hint="fit again"
        )
    for name, data in members.items():
        if hashlib.sha256(data).hexdigest() != hashes[name]:
            raise ArtifactError(
                f"the part '{name}' is damaged",
                where=str(path),
                hint="copy the file again, or fit again",
            )
    arrays = stored_parts.arrays_of(members.pop(stored_parts.ARRAYS, b""), path)
    documents = {
        name.removesuffix(".json"): stored_parts.parsed(data, path, name)
        for name, data in members.items()
    }
    return manifest, documents, arrays


@contextmanager
def trusted_shape(path: Path) -> Iterator[None]:
    """Turn whatever a stored state raises while it is restored into an ArtifactError."""
    try:
        yield
    except BaseException as error:
        if _is_told(error) and not isinstance(error, TidemillError):
            raise
        if isinstance(error, (ArtifactError, MissingExtra, Cancelled)):
            raise
        said = (
            error.what if isinstance(error, TidemillError) else f"{type(error).__name__}: {error}"
        )
        raise ArtifactError(
            f"the model's parts do not fit together ({said:.300})",
            where=str(path),
            hint="fit again",
        ) from error


@contextmanager
def trusted_use(path: Path) -> Iterator[None]:
    """Turn what a stored state raises while it is used, and nobody meant, into an ArtifactError."""
    try:
        yield
    except BaseException as error:
        if _is_told(error):
            raise
        raise ArtifactError(
            f"the stored model cannot do this ({type(error).__name__}: {error!s:.300})",
            where=str(path),
            hint="fit again; where it goes wrong again, it is a fault of Tidemill",
        ) from error


def _is_told(error: BaseException) -> bool:
    """Whether an error says all by itself, or is none of the model's."""
    if isinstance(error, (TidemillError, OSError, ImportError, Warning)):
        return True
    # what a library in Rust raises where it gives up is no Exception
    return not isinstance(error, Exception) and type(error).__name__ != "PanicException"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
