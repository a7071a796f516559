"""Measurements that are kept as they come, and the table that they become on a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any


def kept(
    results: Path, asked: Iterable[str], measure: Callable[[str], Any], *, again: bool
) -> dict[str, Any]:
    """Name -> what was measured, all that a file holds; each that is asked for and not there is
    measured and written down.

    Args:
        results: The file, of JSON.
        asked: The names.
        measure: Gives what is measured of one.
        again: Whether those that are there are measured again, too.
    """
    found = json.loads(results.read_text()) if results.exists() else {}
    for name in asked:
        if name in found and not again:
            continue
        print(name, flush=True)
        found[name] = measure(name)
        results.write_text(json.dumps(found, indent=1) + "\n")
    return found


def shown(page: Path, mark: str, table: str) -> None:
    """Put a table between the marks of this name on a page."""
    begin, end = f"<!-- {mark}:start -->\n", f"<!-- {mark}:end -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}{table}\n{end}{after}", encoding="utf-8")
