"""The published JSON schemas of scores.json, findings.json and report.json."""

from __future__ import annotations

from typing import Any

from tidemill.core.database_scores import DatabaseScores
from tidemill.core.errors import OptionError
from tidemill.core.finding import Findings
from tidemill.core.score import Scores
from tidemill.core.states import schema_of
from tidemill.reporting.page import Report

SCHEMAS = {
    "scores": Scores,
    "findings": Findings,
    "report": Report,
    "database scores": DatabaseScores,
}


def schema(name: str) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of the file ``<name>.json``; of a database's run the scores
    have one of their own, "database scores".

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
    urn = name.replace(" ", "-")
    about = {"$id": f"urn:tidemill:schema:{urn}", "title": f"{name}.json of Tidemill"}
    if name == "database scores":
        about["title"] = "scores.json of Tidemill, of a database"
    return schema_of(SCHEMAS[name], **about)
