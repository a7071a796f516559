"""Whether a stored model is what storing it again would write: then nothing in it was bent to fit,
and nothing stands in it that nobody reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tidemill.core.frame_form import FrameForm
from tidemill.core.states import from_state
from tidemill.synthesis.model_choice import told_choices

DOCUMENTS = frozenset({"codec", "stages", "raw_form", "outcome"})
_TEXTS = ("codec", "model", "name", "schema")
_COUNTS = ("rows", "steps_done", "steps_planned")
_FACTS = ("series", "window")
"""What codecs say of the rows, where they are counts."""


def check_manifest(manifest: Mapping[str, Any]) -> None:
    """See that a manifest says what it is to say.

    Raises:
        InputError, KeyError, ValueError: It does not.
    """
    wrong = [name for name in _TEXTS if type(manifest[name]) is not str]
    counts = [*_COUNTS, *(name for name in _FACTS if name in manifest)]
    wrong += [name for name in counts if not _is_count(manifest[name])]
    if type(manifest["seed"]) is not int:
        wrong.append("seed")
    for name, kinds in (("options", (str, int, float, bool)), ("versions", (str,))):
        told = manifest[name]
        if not isinstance(told, dict) or any(type(one) not in kinds for one in told.values()):
            wrong.append(name)
    if wrong:
        raise ValueError(f"the manifest's '{wrong[0]}' makes no sense")
    from_state(FrameForm, manifest["frame_form"])
    told_choices(manifest)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**53


def check_documents(stored: Mapping[str, Any], again: Mapping[str, Any]) -> None:
    """See that each document says what its model says; what the model says beside, by default,
    need not stand in it.

    Raises:
        ValueError: One does not.
    """
    for name, document in stored.items():
        if name not in again:
            raise ValueError(f"the part '{name}' belongs to no model")
        way = _difference(document, again[name])
        if way is not None:
            raise ValueError(f"the part '{name}' does not say what a model says ({way or 'all'})")


def check_arrays(stored: Mapping[str, np.ndarray], again: Mapping[str, np.ndarray]) -> None:
    """See that there are the arrays that the model would store, and no others.

    Raises:
        ValueError: There are others.
    """
    for name in stored.keys() ^ again.keys():
        raise ValueError(f"the array '{name}' is missing, or belongs to no model")
    for name, array in stored.items():
        if array.dtype != again[name].dtype or array.shape != again[name].shape:
            raise ValueError(f"the array '{name}' is another one")


def _difference(stored: Any, again: Any) -> str | None:
    """The way to the first place at which two JSON values differ; None where they do not."""
    if isinstance(stored, dict):
        if not isinstance(again, Mapping):
            return ""
        for key, value in stored.items():
            inner = "" if key not in again else _difference(value, again[key])
            if inner is not None:
                return f"{key:.40}.{inner}".rstrip(".")
        return None
    if not isinstance(stored, list):
        return None if type(stored) is type(again) and stored == again else ""
    if not isinstance(again, (list, tuple)) or len(stored) != len(again):
        return ""
    kinds = list(map(type, stored))
    if not {dict, list} & set(kinds):  # long lists of numbers are compared at once
        return None if kinds == list(map(type, again)) and stored == list(again) else ""
    for at, (value, other) in enumerate(zip(stored, again, strict=True)):
        inner = _difference(value, other)
        if inner is not None:
            return f"{at}.{inner}".rstrip(".")
    return None
