"""The packages that databases need."""

from __future__ import annotations

from importlib.util import find_spec

from tidemill.core.errors import MissingExtra


def needed(*packages: str) -> None:
    """Say which package is not installed.

    Raises:
        MissingExtra: One of them is not.
    """
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtra(
                f"such a database needs the package '{package}'",
                hint="pip install 'tidemill[databases]'",
            )
