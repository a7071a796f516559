from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import jsonschema
import pytest

from tidemill.core.artifact import finite
from tidemill.core.errors import OptionError
from tidemill.core.states import sort_of
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import Block
from tidemill.reporting.build import build
from tidemill.reporting.schema import SCHEMAS, schema


def validated(name: str, state: Any) -> None:
    jsonschema.Draft202012Validator(schema(name)).validate(json.loads(json.dumps(finite(state))))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_what_is_written_fits_the_schemas(
    account: ReportInput, nasty: Callable[[str], ReportInput]
) -> None:
    for told in (account, nasty("text"), ReportInput("empty")):
        validated("report", build(told).to_state())
        if told.scores is not None and told.findings is not None:
            validated("scores", told.scores.to_state())
            validated("findings", told.findings.to_state())


def test_every_block_has_its_schema() -> None:
    assert {sort_of(sort) for sort in get_args(Block)} <= set(schema("report")["$defs"])


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("scores", {"verdict": "", "limit": "", "scores": [{"metric": "m"}]}),
        ("findings", [{"sentence": "s"}]),
        (
            "report",
            {
                "format": 1,
                "title": "",
                "subtitle": "",
                "summary": "",
                "blocks": [{"sort": "Paragraph", "text": 1}],
            },
        ),
    ],
)
def test_what_is_not_whole_does_not_fit(name: str, state: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validated(name, state)


def test_there_is_no_other_schema() -> None:
    with pytest.raises(OptionError, match="scores"):
        schema("../scores")
