"""Measurements that are kept as they come, and the table that they become on a page."""

from __future__ import annotations

import argparse
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


def divisions(
    words: str | None,
    sets: Iterable[str],
    results: Path,
    measure: Callable[[str, int], Any],
    *,
    seeds: int,
) -> dict[str, Any]:
    """ "SET, SEED" -> what was measured, of the sets and seeds that the command line names.

    Args:
        words: What the command does.
        sets: Those that there are.
        results: As for :func:`kept`.
        measure: Gives what is measured of one set by one seed.
        seeds: How many seeds there are by default.
    """
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("sets", nargs="*", default=list(sets))
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--again", action="store_true")
    given = parser.parse_args()
    asked = {f"{name}, {seed}": (name, seed) for seed in range(given.seeds) for name in given.sets}
    return kept(results, asked, lambda key: measure(*asked[key]), again=given.again)


def shown(page: Path, mark: str, table: str) -> None:
    """Put a table between the marks of this name on a page."""
    begin, end = f"<!-- {mark}:start -->\n", f"<!-- {mark}:end -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}{table}\n{end}{after}", encoding="utf-8")
