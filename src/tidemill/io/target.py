"""Where a table is written to: a file; of each scheme one class, with one method that writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tidemill.core.dataset import Dataset
from tidemill.core.errors import OutputError
from tidemill.core.redaction import redacted
from tidemill.core.schema import Schema
from tidemill.io import TARGETS
from tidemill.io.source import of_scheme


@dataclass(frozen=True, repr=False, eq=False)
class Target(ABC):
    """A place for a table.

    A class is registered in ``TARGETS`` under its scheme, and made from the whole text that begins
    with it.

    Attributes:
        text: As the user wrote it. It may hold a password, so :attr:`shown` is what messages have.
    """

    text: str

    @abstractmethod
    def write(
        self, parts: Iterable[Dataset], *, overwrite: bool = False, rows: int | None = None
    ) -> int:
        """Write parts of one table, one below the other, as each is made: all of them or nothing.

        Args:
            parts: At least one; all of one schema.
            overwrite: Whether what is there may be replaced.
            rows: How many will come, where that is known.

        Returns:
            How many rows were written.

        Raises:
            OutputError: There is something already, or it cannot be written.
        """

    @abstractmethod
    def check(
        self,
        schema: Schema | None = None,
        *,
        overwrite: bool = False,
        reads: Iterable[Path] = (),
    ) -> None:
        """Say before the work that nothing can be written.

        Args:
            schema: Of the table, where it is known.
            overwrite: Whether what is there may be replaced.
            reads: The files that the work reads, which are never replaced.

        Raises:
            OutputError: There is something already, or it takes no such table.
        """

    @property
    def path(self) -> Path | None:
        """The file or folder that is written; None where it is none."""
        return None

    @property
    def shown(self) -> str:
        """The text without what is secret in it."""
        return redacted(self.text)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.shown}>"

    @staticmethod
    def parse(text: str) -> Target:
        """The target that a text names: a path, or what the scheme before "://" stands for.

        Raises:
            OutputError: There is no such scheme.
        """
        made: Target = of_scheme(text, TARGETS, OutputError)
        return made
