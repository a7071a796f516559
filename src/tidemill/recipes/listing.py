"""The recipes and what each takes, for `tidemill recipes`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from tidemill.core.registry import Registry
from tidemill.recipes.base import Assumption, Recipe, RecipeColumn, RecipeOption


def listed(recipes: Registry, *, as_json: bool) -> Iterator[str]:
    """Each recipe with what it takes: lines for a terminal, or one JSON value a recipe."""
    width = max(map(len, recipes))
    for name, entry in recipes.items():
        made: Recipe = recipes.load(name)
        if as_json:
            state = {"name": name, "line": entry.line, **_state(made)}
            yield json.dumps(state, ensure_ascii=False)
            continue
        yield f"{name:{width}}  {entry.line}"
        for said, words in _rows(made):
            # the command line shortens every "option 'name=value'" by the same
            neutral = f"option '{said}'"
            yield f"{'':{width}}    {neutral:32}  {words}"


def _state(recipe: Recipe) -> dict[str, object]:
    return {
        "columns": {
            one.name: {"words": one.words, "required": one.required, "several": one.several}
            for one in recipe.columns
        },
        "options": {
            one.name: {"default": one.default, "words": one.doc.help} for one in recipe.options
        },
        "assumes": {
            one.name: {"default": one.default, "words": one.words} for one in recipe.assumptions
        },
    }


def _rows(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Each option that a recipe takes with its value, and what it is."""
    for column in recipe.columns:
        said = f"{column.name}=COL"
        yield said if column.in_schema else f"column={said}", _column_words(column)
    for option in recipe.options:
        words = option.doc.help
        yield _said(option), words[:1].lower() + words[1:].removesuffix(".")
    for assumption in recipe.assumptions:
        yield f"assume={assumption.name}={_form(assumption)}", assumption.words


def _column_words(column: RecipeColumn) -> str:
    words = f"the column that says {column.words}"
    if column.several:
        words += "; may repeat"
    return words if column.required else f"{words}; may be left out"


def _said(option: RecipeOption) -> str:
    return option.flag if option.default is False else f"{option.flag}={_value(option)}"


def _value(option: RecipeOption) -> str:
    if option.default in (None, ""):
        return option.doc.metavar
    if isinstance(option.default, Mapping):
        return ",".join(f"{key}={value:g}" for key, value in option.default.items())
    return str(option.default)


def _form(assumption: Assumption) -> str:
    if assumption.form:
        return assumption.form
    return "NUMBER" if assumption.default is None else f"{assumption.default:g}"
