"""Stored models with something wrong in them, re-signed so that no hash tells."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors.numpy import load as unpack
from safetensors.numpy import save as pack

Rng = np.random.Generator

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 7, 255, 65_536, 2**31 - 1, 2**31, -(2**31), 2**53),
    *(2**62, 2**63 - 1, 2**63, -(2**63), 2**64, 10**9, -(10**9), 10**12, 10**30, -(10**400)),
    *(0.0, 0.5, -0.5, 1.0, 1e-9, 5e-324, 1e18, 1e308, -1e308, float("nan"), float("inf")),
    *("", "x", "0", "-1", "ß" * 40, "9" * 60, "a" * 50_000, "\0", "../x", "2024-01-01", "NaN"),
    *("{%Y-%m-%d|0001-01-01|9999-12-31}", "(" * 40, "[a-z", "9" * 3_000, "(a|b)", "\\", "%Y"),
    *([], {}, [[]], [0], [1, 2], [None], [-1, 2**40], ["a"], {"a": 1}, {"": []}, [0] * 2_000),
)
"""What takes the place of a JSON value."""
DTYPES = ("bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8")
NUMBERS = (0, 1, -1, 2, 255, 32_767, -32_768, 2**31 - 1, -(2**31), 2**32 - 1, 2**62, 2**63 - 1)


@dataclass
class Parts:
    """What is in a stored model."""

    manifest: Any
    documents: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @staticmethod
    def of(content: bytes) -> Parts:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        arrays = unpack(members.pop("arrays.safetensors"))
        documents = {name: json.loads(data) for name, data in members.items()}
        return Parts(documents.pop("manifest.json"), documents, arrays)

    def members(self) -> dict[str, bytes]:
        """Each part's bytes, but for the manifest."""
        members = {name: _json(value) for name, value in self.documents.items()}
        arrays = {name: np.ascontiguousarray(array) for name, array in self.arrays.items()}
        return members | {"arrays.safetensors": pack(arrays)}


def signed(manifest: Any, members: Mapping[str, bytes]) -> bytes:
    """A stored model whose hashes are right."""
    if isinstance(manifest, dict) and "sha256" in manifest:
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
        manifest = {**manifest, "sha256": hashes}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", _json(manifest))
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def mutated(content: bytes, rng: Rng) -> tuple[str, bytes]:
    """What was done to a stored model, and what came of it."""
    kinds = list(MUTATIONS)
    kind = kinds[int(rng.choice(len(kinds), p=_SHARES))]
    if kind == "flipped":
        return _flipped(content, rng)
    parts = Parts.of(content)
    if kind == "bytes":
        return _bytes(parts, rng)
    said = MUTATIONS[kind](parts, rng)
    return f"{kind} {said}", signed(parts.manifest, parts.members())


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")


# --- JSON -----------------------------------------------------------------------------------------


def _document(parts: Parts, rng: Rng) -> tuple[str, Any]:
    """One of the documents, the larger ones more often, and rarely the manifest."""
    if rng.random() < 0.15:
        return "manifest", parts.manifest
    names = sorted(parts.documents)
    sizes = np.array([len(_json(parts.documents[name])) ** 0.5 for name in names])
    name = names[int(rng.choice(len(names), p=sizes / sizes.sum()))]
    return name, parts.documents[name]


def _place(document: Any, rng: Rng) -> tuple[list[Any], Any, Any]:
    """The way to a place in a document, what holds it, and its key there."""
    way: list[Any] = []
    holder, key, value = None, None, document
    while isinstance(value, (dict, list)) and value:
        if way and rng.random() < 0.15:
            break
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        holder, key = value, keys[int(rng.integers(len(keys)))]
        way.append(key)
        value = holder[key]
    return way, holder, key


def _json_value(parts: Parts, rng: Rng) -> str:
    name, document = _document(parts, rng)
    way, holder, key = _place(document, rng)
    if holder is None:
        return "nothing"
    holder[key] = _other(holder[key], rng)
    return f"{name} {way} = {json.dumps(holder[key])[:60]}"


def _other(value: Any, rng: Rng) -> Any:
    """Another value, often one that is near."""
    near: list[Any] = []
    if isinstance(value, bool):
        near = [not value, int(value)]
    elif isinstance(value, int):
        near = [
            value + 1,
            value - 1,
            -value,
            value * 1_000,
            float(value),
            str(value),
            value + 2**32,
        ]
    elif isinstance(value, float):
        near = [-value, value * 1e9, value / 1e9, int(value), value + 1]
    elif isinstance(value, str):
        near = [value + "x", value[:-1], value * 100, value.upper(), value + "\0", [value]]
    elif isinstance(value, list):
        near = [
            value[::-1],
            value * 2,
            value[1:],
            value[:-1],
            [value],
            value * (9_000 // (len(value) + 1)),
        ]
    elif isinstance(value, dict):
        near = [list(value), {**value, "more": 1}, dict(list(value.items())[1:])]
    if near and rng.random() < 0.45:
        return near[int(rng.integers(len(near)))]
    return copy.deepcopy(VALUES[int(rng.integers(len(VALUES)))])


def _json_key(parts: Parts, rng: Rng) -> str:
    name, document = _document(parts, rng)
    way, holder, key = _place(document, rng)
    if isinstance(holder, dict):
        change = int(rng.integers(3))
        value = holder.pop(key)
        if change == 1:
            holder[key + "x"] = value
        elif change == 2:
            holder[key] = value
            holder[("zz", "", "a" * 300)[int(rng.integers(3))]] = copy.deepcopy(value)
        return f"{name} {way} {('dropped', 'renamed', 'added beside')[change]}"
    if isinstance(holder, list):
        change = int(rng.integers(3))
        if change == 0:
            del holder[key]
        elif change == 1:
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            other = int(rng.integers(len(holder)))
            holder[key], holder[other] = holder[other], holder[key]
        return f"{name} {way} {('dropped', 'twice', 'swapped')[change]}"
    return "nothing"


def _json_swap(parts: Parts, rng: Rng) -> str:
    """A value from one place of a document at another."""
    name, document = _document(parts, rng)
    way, holder, key = _place(document, rng)
    other_way, other, other_key = _place(document, rng)
    if holder is None or other is None:
        return "nothing"
    holder[key] = copy.deepcopy(other[other_key])
    return f"{name} {way} from {other_way}"


def _document_gone(parts: Parts, rng: Rng) -> str:
    name = sorted(parts.documents)[int(rng.integers(len(parts.documents)))]
    change = int(rng.integers(3))
    value = parts.documents.pop(name)
    if change == 1:
        parts.documents[f"more-{name}"] = value
    elif change == 2:
        parts.documents |= {name: value, "extra.json": value}
    return f"{name} {('dropped', 'renamed', 'added to')[change]}"


# --- arrays ---------------------------------------------------------------------------------------


def _array(parts: Parts, rng: Rng) -> tuple[str, np.ndarray]:
    names = sorted(parts.arrays)
    sorts = sorted({_sort(name) for name in names})  # each sort of array as often as another
    sort = sorts[int(rng.integers(len(sorts)))]
    names = [name for name in names if _sort(name) == sort]
    name = names[int(rng.integers(len(names)))]
    return name, parts.arrays[name].copy()


def _sort(name: str) -> str:
    return "".join(one for one in name if not one.isdigit())


def _element(parts: Parts, rng: Rng) -> str:
    name, array = _array(parts, rng)
    if not array.size:
        return "nothing"
    flat = array.reshape(-1)
    at = int(rng.choice([0, len(flat) - 1, int(rng.integers(len(flat)))]))
    if array.dtype.kind == "f":
        value: Any = rng.choice([0.0, -1.0, 1e-9, 9e-5, 1e9, 1e30, np.nan, np.inf, -np.inf, 0.5])
    elif array.dtype.kind == "b":
        value = not flat[at]
    else:
        info = np.iinfo(array.dtype)
        near = [int(flat[at]) + 1, int(flat[at]) - 1, info.min, info.max, *NUMBERS]
        value = near[int(rng.integers(len(near)))]
        value = min(max(value, info.min), info.max)
    with np.errstate(all="ignore"):
        if rng.random() < 0.1:
            flat[:] = value
        else:
            flat[at] = value
    parts.arrays[name] = array
    return f"{name} [{at}] = {value}"


def _dtype(parts: Parts, rng: Rng) -> str:
    name, array = _array(parts, rng)
    dtype = DTYPES[int(rng.integers(len(DTYPES)))]
    with np.errstate(all="ignore"):
        parts.arrays[name] = array.astype(dtype)
    return f"{name} as {dtype}"


def _shape(parts: Parts, rng: Rng) -> str:
    name, array = _array(parts, rng)
    shapes: list[Callable[[], np.ndarray]] = [
        lambda: array[:-1] if array.ndim else array.reshape(1),
        lambda: np.concatenate([array, array]) if array.ndim else np.stack([array, array]),
        lambda: array[None],
        lambda: array[..., None],
        lambda: array.reshape(-1),
        lambda: array[:0] if array.ndim else array.reshape(1)[:0],
        lambda: array.reshape(-1)[:1].reshape(()) if array.size else array,
        lambda: np.zeros((0, *array.shape), array.dtype),
        lambda: np.ascontiguousarray(array.T),
        lambda: array[::-1] if array.ndim else array,
    ]
    parts.arrays[name] = shapes[int(rng.integers(len(shapes)))]()
    return f"{name} {array.shape} as {parts.arrays[name].shape}"


def _array_gone(parts: Parts, rng: Rng) -> str:
    name, array = _array(parts, rng)
    other, _ = _array(parts, rng)
    change = int(rng.integers(4))
    if change == 0:
        del parts.arrays[name]
    elif change == 1:
        parts.arrays[other] = array
    elif change == 2:
        parts.arrays[f"{name}x"] = array
    else:
        parts.arrays[f"{name}x"] = parts.arrays.pop(name)
    return f"{name} {('dropped', f'at {other}', 'added', 'renamed')[change]}"


# --- bytes ----------------------------------------------------------------------------------------


def _bytes(parts: Parts, rng: Rng) -> tuple[str, bytes]:
    """Bytes of one part changed, and the hashes made right."""
    members = parts.members()
    name = sorted(members)[int(rng.integers(len(members)))]
    data = bytearray(members[name])
    end = min(len(data), 4_000) if rng.random() < 0.5 else len(data)
    for _ in range(int(rng.integers(1, 4))):
        data[int(rng.integers(end))] = int(rng.integers(256))
    if rng.random() < 0.2:
        data = data[: int(rng.integers(len(data)))]
    members[name] = bytes(data)
    return f"bytes of {name}", signed(parts.manifest, members)


def _flipped(content: bytes, rng: Rng) -> tuple[str, bytes]:
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(max(len(data) - 900, 0), len(data)))
        if rng.random() < 0.5:
            at = int(rng.integers(len(data)))
        data[at] ^= 1 << int(rng.integers(8))
    return "flipped bits of the archive", bytes(data)


def _none(parts: Parts, rng: Rng) -> str:
    raise AssertionError("these change bytes, not parts")


MUTATIONS: Mapping[str, Callable[[Parts, Rng], str]] = {
    "json value": _json_value,
    "json key": _json_key,
    "json swap": _json_swap,
    "document": _document_gone,
    "element": _element,
    "dtype": _dtype,
    "shape": _shape,
    "array": _array_gone,
    "bytes": _none,
    "flipped": _none,
}
_SHARES = np.array([30, 10, 8, 2, 20, 10, 8, 4, 4, 4]) / 100
