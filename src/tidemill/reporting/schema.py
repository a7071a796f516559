"""The published JSON schemas of scores.json, findings.json and report.json."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from tidemill.core.errors import OptionError

SCHEMAS = ("scores", "findings", "report")


def schema(name: str) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of the file ``<name>.json``.

    Raises:
        OptionError: There is no schema of this name.

    Example:
        >>> schema("scores")["title"]
        'scores.json of Tidemill'
    """
    if name not in SCHEMAS:
        raise OptionError(
            f"there is no schema called '{name}'", hint=f"choose one of {', '.join(SCHEMAS)}"
        )
    text = (
        files("tidemill.reporting")
        .joinpath("schemas", f"{name}.schema.json")
        .read_text(encoding="utf-8")
    )
    loaded: dict[str, Any] = json.loads(text)
    return loaded
