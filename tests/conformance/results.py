"""The law of results: what a verb gives has a state, and the published schema takes it."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

import tidemill as tm
from tidemill import describe
from tidemill.core.artifact import finite


def fits_its_schema(verb: str, result: Any) -> bool:
    """Whether the state of a verb's result is as its schema says; raises where it is not."""
    schema = describe.result_schema(getattr(tm, verb))
    assert schema is not None
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(json.dumps(finite(result.to_state()))))
    return True
