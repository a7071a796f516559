"""Who writes the texts of a recipe, as a user says it: "template", "local=small.gguf"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from tidemill.core.errors import OptionError
from tidemill.core.options import WRITER, Doc
from tidemill.recipes.base import RecipeOption
from tidemill.writing import WRITERS
from tidemill.writing.endpoint import Endpoint, EndpointOptions
from tidemill.writing.local import Local, LocalOptions
from tidemill.writing.own import Own, TextsOfRows
from tidemill.writing.writer import Writer

TEMPLATE, LOCAL, ENDPOINT, OWN = "template", "local", "endpoint", "own"
WRITER_OPTIONS = (
    RecipeOption("writer", TEMPLATE, WRITER),
    RecipeOption(
        "model_options",
        None,
        Doc(
            "An option of the writer, as in temperature=0.5; may repeat.",
            "KEY=VALUE",
            flag="option",
        ),
    ),
)
_WHERE = {LOCAL: "FILE", ENDPOINT: "URL"}
"""Writers that stand somewhere, and what that is called."""
Options = TypeVar("Options", LocalOptions, EndpointOptions)
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")


@contextmanager
def opened_writer(
    said: str, given: Mapping[str, Any] | None, own: TextsOfRows
) -> Iterator[Writer | None]:
    """The writer that was asked for; None for the template alone.

    Args:
        said: "template", "own", "local=FILE" or "endpoint=URL".
        given: Options of the writer.
        own: What a model that learned from the user's texts writes.

    Raises:
        OptionError: There is no such writer, or it has no such option.
    """
    name, _, where = said.partition("=")
    options = dict(given or {})
    if name not in (TEMPLATE, LOCAL, ENDPOINT, OWN):
        raise OptionError(
            f"there is no writer '{name}'", hint=f"choose one of {', '.join(WRITERS)}"
        )
    if (name in _WHERE) != bool(where):
        form = f"{name}={_WHERE[name]}" if name in _WHERE else name
        raise OptionError(f"'{said}' is no writer", hint=f"write option 'writer={form}'")
    if name == LOCAL:
        with Local(_made(LocalOptions, {**options, "path": where})) as local:
            yield local
    elif name == ENDPOINT:
        yield Endpoint(_made(EndpointOptions, {**options, "url": where}))
    elif options:
        raise OptionError(
            f"the writer '{name}' has no option '{next(iter(options))}'", hint="leave it out"
        )
    else:
        yield Own(own) if name == OWN else None


def _made(sort: type[Options], given: Mapping[str, Any]) -> Options:
    """The options of a writer, each read as its default is."""
    known = {one.name: one.default for one in fields(sort)}
    for name in given:
        if name not in known:
            raise OptionError(
                f"this writer has no option '{name}'", hint=f"it has {', '.join(known)}"
            )
    for name, default in known.items():
        if default is MISSING and name not in given and name != "fields":
            raise OptionError(
                f"this writer needs '{name}'", hint=f"give option 'option={name}=VALUE'"
            )
    return sort(**{name: _read(name, value, known[name]) for name, value in given.items()})


def _read(name: str, value: Any, default: Any) -> Any:
    if name in ("path", "cache"):
        return Path(value)
    if not isinstance(value, str):
        return value
    if isinstance(default, bool):
        if value.casefold() not in (*_YES, *_NO):
            raise OptionError(f"{name}={value} is neither yes nor no", hint=f"write {name}=yes")
        return value.casefold() in _YES
    if isinstance(default, int | float):
        try:
            return type(default)(value)
        except ValueError:
            raise OptionError(
                f"{name}={value} is no number", hint=f"write it as in {name}={default}"
            ) from None
    return value
