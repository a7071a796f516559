"""The options of a model, said once: constructor, command line, checks, documents and manifest
derive from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from tidemill.core.errors import OptionError


def option(
    default: Any,
    line: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A field of a :class:`Configuration`.

    Args:
        default: Its default, of the type that every value must have.
        line: What it is, in one line, for listings.
        low, high: Inclusive bounds of a number.
        choices: The texts that it may be.
    """
    return field(
        default=default, metadata={"line": line, "low": low, "high": high, "choices": choices}
    )


@dataclass(frozen=True)
class Configuration:
    """Options of a model, checked when they are made.

    Raises:
        OptionError: A value is of another type than its default, or out of bounds.

    Example:
        >>> @dataclass(frozen=True)
        ... class Small(Configuration):
        ...     width: int = option(64, "units of a layer", low=1)
        >>> Small.parameters()
        {'width': 64}
        >>> Small(width=0)
        Traceback (most recent call last):
        tidemill.core.errors.OptionError: width=0 makes no sense
          Next: width is units of a layer: at least 1
    """

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if (
                isinstance(one.default, float)
                and isinstance(value, int)
                and not isinstance(value, bool)
            ):
                object.__setattr__(self, one.name, float(value))
            elif type(value) is not type(one.default):
                raise OptionError(
                    f"{one.name}={value!r} makes no sense",
                    hint=f"write it as in {one.name}={one.default}",
                )
            if not _within(value, one.metadata):
                raise OptionError(
                    f"{one.name}={value} makes no sense",
                    hint=f"{one.name} is {one.metadata['line']}: {_bounds(one.metadata)}",
                )

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """Each option's name and its default."""
        return {one.name: one.default for one in fields(cls)}

    @classmethod
    def lines(cls) -> dict[str, str]:
        """Each option's name and what it is."""
        said = {}
        for one in fields(cls):
            bounds = _bounds(one.metadata)
            said[one.name] = one.metadata["line"] + (f" ({bounds})" if bounds else "")
        return said

    def to_state(self) -> dict[str, Any]:
        """Every option as a plain JSON value."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def _within(value: Any, metadata: Mapping[str, Any]) -> bool:
    if metadata["choices"]:
        return value in metadata["choices"]
    low, high = metadata["low"], metadata["high"]
    return (low is None or value >= low) and (
        high is None or value <= high
    )  # not-a-number is in no bounds


def _bounds(metadata: Mapping[str, Any]) -> str:
    low, high = metadata["low"], metadata["high"]
    if metadata["choices"]:
        return ", ".join(metadata["choices"][:-1]) + f" or {metadata['choices'][-1]}"
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"at least {low}" if low is not None else f"at most {high}" if high is not None else ""
