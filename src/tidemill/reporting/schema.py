"""The published JSON schemas of scores.json, findings.json and report.json."""

from __future__ import annotations

from typing import Any

from tidemill.core.errors import OptionError
from tidemill.core.finding import Findings
from tidemill.core.score import Scores
from tidemill.core.states import schema_of
from tidemill.reporting.page import Report

SCHEMAS = {"scores": Scores, "findings": Findings, "report": Report}


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
    about = {"$id": f"urn:tidemill:schema:{name}", "title": f"{name}.json of Tidemill"}
    return schema_of(SCHEMAS[name], **about)
