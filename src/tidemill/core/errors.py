"""Every error that Tidemill raises on purpose.

TidemillError                 anything below; str() says what, where and what to do next
├── InputError                a file or table cannot be read
├── SchemaError               kinds, roles or columns do not fit the data
├── DataError                 the values of a table do not allow what was asked
├── ConditionError            a condition cannot be understood, or never holds
├── OptionError               an option or a registered name that does not exist
├── OutputError               a result cannot be written
├── ArtifactError             a stored model is damaged, hostile or from another format
├── MissingExtra              an optional dependency is not installed
└── Cancelled                 the user stopped the run
"""

from __future__ import annotations

STOPPED = "stopped by the user"


class TidemillError(Exception):
    """Something the user can mend: what happened, where, and what to do next.

    Args:
        what: One sentence on what is wrong.
        where: File, column or row it is about.
        hint: What to do next.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.hint:
            text += f"\n  Next: {self.hint}"
        return text


class InputError(TidemillError):
    """A file or table cannot be read."""


class SchemaError(TidemillError):
    """Kinds, roles or columns do not fit the data."""


class DataError(TidemillError):
    """The values of a table do not allow what was asked."""


class ConditionError(TidemillError):
    """A condition cannot be understood, or never holds."""


class OptionError(TidemillError):
    """An option or a registered name that does not exist."""


class OutputError(TidemillError):
    """A result cannot be written."""


class ArtifactError(TidemillError):
    """A stored model is damaged, hostile or from another format."""


class MissingExtra(TidemillError):
    """An optional dependency is not installed."""


class Cancelled(TidemillError):
    """The user stopped the run; finished outputs are whole."""

    exit_code = 130
