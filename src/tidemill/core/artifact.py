"""Stored models: a zip with fixed timestamps of a JSON manifest, JSON, safetensors and text. Never
pickle."""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from tidemill.core.errors import ArtifactError, OutputError, SchemaError
from tidemill.core.outputs import refuse_existing
from tidemill.core.temporary import temporary_prefix
from tidemill.core.words import listing

FORMAT = 3
FORMATS = (1, 2, 3)
"""Formats that can be read; :mod:`tidemill.synthesis.formats` brings earlier ones into this one."""
MAX_BYTES = 4 << 30
MAX_MEMBERS = 64
MAX_RATIO = 500
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
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        yield
    except BaseException:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        raise


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
    """
    from safetensors.numpy import save as pack

    members = {f"{name}.json": _json(value) for name, value in sorted(documents.items())}
    # safetensors orders tensors by dtype and name by itself, so the bytes do not depend on
    # insertion order
    members["arrays.safetensors"] = pack(
        {name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}
    )
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    whole = _json({"format": FORMAT, **manifest, "sha256": hashes})
    members = {"manifest.json": whole, **members}
    with (
        writing(path, overwrite=overwrite) as aside,
        zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, data in members.items():
            info = zipfile.ZipInfo(name, TIMESTAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, compresslevel=6)


def load(path: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, np.ndarray]]:
    """Manifest, documents and arrays of a stored model, checked against its hashes and bounds.

    Raises:
        ArtifactError: It is damaged, too large, or of another format.
    """
    members = _members(path)
    manifest = _parsed(members.pop("manifest.json", b""), path, "manifest.json")
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise ArtifactError(
            "this is not a Tidemill model",
            where=str(path),
            hint="give a file that `tidemill fit` wrote",
        )
    if manifest["format"] not in FORMATS:
        known = listing([str(number) for number in FORMATS])
        raise ArtifactError(
            f"the model has format {manifest['format']!r}, this version reads formats {known}",
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
    arrays = _arrays(members.pop("arrays.safetensors", b""), path)
    documents = {
        name.removesuffix(".json"): _parsed(data, path, name) for name, data in members.items()
    }
    return manifest, documents, arrays


@contextmanager
def trusted_shape(path: Path) -> Iterator[None]:
    """Turn what a wrongly shaped state raises while it is restored into an ArtifactError."""
    try:
        yield
    except (
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        AttributeError,
        OverflowError,
        SchemaError,
    ) as error:
        raise ArtifactError(
            f"the model's parts do not fit together ({type(error).__name__}: {error})",
            where=str(path),
            hint="fit again",
        ) from error


def _members(path: Path) -> dict[str, bytes]:
    if not path.is_file():
        raise ArtifactError(
            "there is no such file", where=str(path), hint="give a file that `tidemill fit` wrote"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _check_bounds(infos, path)
            return {info.filename: _bounded(archive, info) for info in infos}
    except (
        zipfile.BadZipFile,
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
    except zipfile.zlib.error as error:  # type: ignore[attr-defined]
        raise ArtifactError(
            "the file is damaged", where=str(path), hint="copy it again, or fit again"
        ) from error


def _check_bounds(infos: list[zipfile.ZipInfo], path: Path) -> None:
    names = [info.filename for info in infos]
    if len(names) > MAX_MEMBERS or len(set(names)) < len(names):
        raise ArtifactError(
            "the archive has too many parts, or one twice",
            where=str(path),
            hint="do not trust this file",
        )
    for info in infos:
        in_folder = "/" in info.filename or "\\" in info.filename
        if in_folder or not info.filename.endswith((".json", ".safetensors")):
            raise ArtifactError(
                f"the archive holds a part that no model has ({info.filename!r})",
                where=str(path),
                hint="do not trust this file",
            )
        if info.file_size > max(MAX_RATIO * info.compress_size, 1 << 20):
            raise ArtifactError(
                "the archive unpacks to far more than it holds",
                where=str(path),
                hint="do not trust this file",
            )
    if sum(info.file_size for info in infos) > MAX_BYTES:
        raise ArtifactError(
            f"the model is larger than {MAX_BYTES >> 30} GiB",
            where=str(path),
            hint="do not trust this file",
        )


def _bounded(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as stream:
        data = stream.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise zipfile.BadZipFile("a part is not as long as it says")
    return data


def _parsed(data: bytes, path: Path, name: str) -> Any:
    try:
        return json.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ArtifactError(
            f"the part '{name}' is damaged or missing", where=str(path), hint="fit again"
        ) from error


def _arrays(data: bytes, path: Path) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load as unpack

    try:
        return dict(unpack(data))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            "the model's arrays are damaged", where=str(path), hint="fit again"
        ) from error


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
