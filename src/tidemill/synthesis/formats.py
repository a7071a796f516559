"""Stored models of earlier formats, brought into the present one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Parts = tuple[dict[str, Any], dict[str, Any], dict[str, np.ndarray]]
"""Manifest, documents and arrays of a stored model."""


def upgraded(
    manifest: Mapping[str, Any], documents: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> Parts:
    """The parts as the present format has them.

    Raises:
        KeyError, TypeError, ValueError: They do not fit together.
    """
    if manifest["format"] == 1:
        manifest, documents, arrays = _from_format_1(manifest, documents, arrays)
    codec = documents["codec"]
    heads = codec.get("heads") or {}
    for state in (codec, codec.get("steps"), codec.get("others"), heads.get("static")):
        _tell_rules(state)
    return dict(manifest), dict(documents), dict(arrays)


def _tell_rules(state: dict[str, Any] | None) -> None:
    """Rules that a table's codec does not keep, of which only the place in the schema was told."""
    if state and "refused" in state:
        rules = state["schema"]["rules"]
        state["refused"] = [
            [rules[told] if type(told) is int else told, why] for told, why in state["refused"]
        ]


def _from_format_1(
    manifest: Mapping[str, Any], documents: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> Parts:
    """Format 1 did not name the codec, and nested the generator of contexts in the other one."""
    codec = dict(documents["codec"])
    name = "table"
    if "window" in manifest:
        name = "series"
        times = [column for column in codec["schema"]["columns"] if column["role"] == "time"]
        codec["heads"] = {
            "static": codec.pop("static"),
            "times": codec.pop("times"),
            "time": {"columns": times},
        }
    elif "size" in manifest:
        name = "images"
    stages, renamed = _stages(manifest["model"], documents["generator"], arrays)
    of_manifest = {**manifest, "codec": name, "frame_library": manifest["door"]}
    del of_manifest["door"]
    return of_manifest, {"codec": codec, "stages": stages}, renamed


def _stages(
    model: str, generator: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    if "contexts" not in generator:
        return [{"model": model, "generator": generator}], {
            f"0.{name}": array for name, array in arrays.items()
        }
    stages = [
        {"model": generator["contexts"], "generator": generator["context"]},
        {"model": generator["family"], "generator": generator["rows"]},
    ]
    renamed = {}
    for name, array in arrays.items():
        part, _, rest = name.partition(".")
        renamed[f"{('context', 'rows').index(part)}.{rest}"] = array
    return stages, renamed
