"""Options are stated once: verbs, the command line and the schemas say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from jsonschema import Draft202012Validator, ValidationError
from typer.testing import CliRunner

import tidemill as tm
from tests.conformance.results import fits_its_schema
from tests.conformance.tables import business
from tidemill import cli, describe
from tidemill.core import options
from tidemill.core.options import Doc
from tidemill.core.states import schema_of

VERBS = [
    *("read", "split", "clean", "mine", "fit", "sample", "infill", "what_if", "score"),
    *("evaluate", "verdict", "fairness", "audit", "share", "run", "loop", "recipe"),
]
OF_SURFACE = {"out", "log", "train", "holdout", "threads", "overwrite", "quiet", "json"}
READING = {"target", "schema", "ignore", "id", "sensitive", "time", "entity", "keep"}
LIMITS = {"seed", "steps", "minutes", "device"}


def stated(function: Callable[..., Any]) -> dict[Doc, Any]:
    return {one.doc: one.default for one in describe.options_of(function)}


@pytest.mark.parametrize("name", VERBS)
def test_a_command_has_the_options_of_its_verb(name: str) -> None:
    verb, command = stated(getattr(tm, name)), stated(getattr(cli, name))
    if name in (
        "read",
        "fit",
        "sample",
        "evaluate",
        "run",
    ):  # one command for one table and for several
        verb.update(stated(getattr(tm, f"{name}_database")))
    for doc, default in verb.items():
        assert command[doc] == default, doc
    more = [one for one in describe.options_of(getattr(cli, name)) if one.doc not in verb]
    assert {one.name for one in more} <= OF_SURFACE | READING | LIMITS


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_has_a_schema(name: str) -> None:
    schema = describe.schema(getattr(tm, name))
    Draft202012Validator.check_schema(schema)
    for one in describe.options_of(getattr(tm, name)):
        said = schema["properties"][one.name]
        assert said["description"] == one.doc.help
        assert set(said) > {"description"}
        assert (one.name in schema["required"]) == (one.default is describe.REQUIRED)


def test_a_schema_takes_what_fits_and_refuses_what_does_not() -> None:
    asks = Draft202012Validator(describe.schema(tm.sample))
    asks.validate({"model": "m.tidemill", "rows": 10, "where": ["age>=30"], "fair_strength": 0.5})
    for wrong in (
        {"rows": 10},
        {"model": "m.tidemill", "rows": 0},
        {"model": "m.tidemill", "where": "age>=30"},
        {"model": "m.tidemill", "fair_strength": 2},
        {"model": "m.tidemill", "colour": "red"},
    ):
        with pytest.raises(ValidationError):
            asks.validate(wrong)
    fit = describe.schema(tm.fit)["properties"]
    assert fit["device"]["default"] == "auto"
    assert fit["options"]["type"] == "object"


def test_results_say_what_they_are_in_a_schema() -> None:
    frame = business(60)
    assert fits_its_schema("clean", tm.clean(frame))
    assert fits_its_schema("mine", tm.mine(frame, target="churn", techniques=["segments"]))
    made = tm.fit(frame, model="independent")
    drawn = made.draw(20, ["plan=team"], run=tm.Run())
    Draft202012Validator(schema_of(type(drawn))).validate(drawn.to_state())
    assert describe.result_schema(tm.fit) is None


@dataclass(frozen=True)
class Ink:
    """A group of options."""

    colour: Annotated[str, Doc("Its colour.", "NAME")] = "black"
    bold: Annotated[bool, Doc("In bold type.")] = False


def test_groups_become_options_and_are_put_together_again() -> None:
    taken: list[Any] = []

    def draw(
        path: Annotated[Path, Doc("Where to.", "FILE")],
        *,
        shares: Annotated[options.Mapping[str, Any], Doc("Shares.", "K=V", flag="share")] = {},  # noqa: B006
        ink: Ink,
        roles: Annotated[options.Roles, describe.Only(("ignore", "time"))],
    ) -> None:
        """Draw."""
        taken.append((path, shares, ink, roles))

    app = typer.Typer()
    app.command()(describe.command(draw, str.upper))
    words = ["a.png", "--share", "x=1", "--colour", "red", "--ignore", "a", "--ignore", "b"]
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    assert taken == [(Path("a.png"), {"x": "1"}, Ink("red"), {"ignore": ["a", "b"]})]
    shown = CliRunner().invoke(app, ["--help"]).output
    assert "ITS COLOUR." in shown
    assert "--entity" not in shown


def test_the_command_line_spells_options_that_texts_name() -> None:
    assert cli.spelled("leave it out with option 'ignore'") == "leave it out with --ignore"
    assert cli.spelled("option 'fair_strength=1'") == "--fair-strength 1"
    assert cli.spelled("option 'ignore=first name'") == "--ignore 'first name'"
    assert cli.spelled("its option least") == "its option least"


def test_a_value_of_the_table_is_no_option() -> None:
    """An answer "option 'b'" of a survey stays what it is, as text and as JSON."""
    assert cli.spelled("answer = option 'b' is rare") == "answer = option 'b' is rare"
    assert cli.spelled("leave 'x' out with option 'ignore'") == "leave 'x' out with --ignore"
