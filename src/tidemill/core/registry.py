"""Named things that can be listed without importing them: one dict literal per room."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Any

from tidemill.core.errors import MissingExtra, OptionError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a registered thing is, one line on it, and the extra that it needs."""

    target: str
    line: str
    extra: str | None = None


class Registry(Mapping[str, Entry]):
    """Names of one sort of thing; third parties add theirs by entry points of the group
    ``tidemill.<sort>``."""

    def __init__(self, sort: str, entries: Mapping[str, Entry]) -> None:
        self.sort = sort
        self._own = dict(entries)

    def _entries(self) -> dict[str, Entry]:
        found = {
            point.name: Entry(point.value, f"from {point.dist.name if point.dist else 'a plug-in'}")
            for point in entry_points(group=f"tidemill.{self.sort}")
        }
        return {**found, **self._own}

    def __getitem__(self, name: str) -> Entry:
        # entry points are looked up on disk at every call, which is not needed for what is our own
        return self._own[name] if name in self._own else self._entries()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries())

    def __len__(self) -> int:
        return len(self._entries())

    def load(self, name: str) -> Any:
        """The registered thing itself, imported now.

        Raises:
            OptionError: No such name.
            MissingExtra: It needs a package that is not installed.
        """
        if name not in self:
            entries = self._entries()
            close = get_close_matches(name, entries, n=1)
            raise OptionError(
                f"there is no {self.sort.rstrip('s')} called '{name}'",
                hint=f"did you mean '{close[0]}'?"
                if close
                else f"choose one of {', '.join(entries)}",
            )
        entry = self[name]
        module, _, attribute = entry.target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if entry.extra is None:
                raise
            raise MissingExtra(
                f"'{name}' needs the package '{error.name}'",
                hint=f"pip install 'tidemill[{entry.extra}]'",
            ) from error
