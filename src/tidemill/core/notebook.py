"""What a result shows of itself in a notebook: pieces of HTML in which every value is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


def paragraph(text: str, *, bold: str = "") -> str:
    """A paragraph, with what stands in bold before the text.

    Example:
        >>> paragraph(": 5 rows", bold="a < b")
        '<p><b>a &lt; b</b>: 5 rows</p>'
    """
    before = f"<b>{html.escape(bold)}</b>" if bold else ""
    return f"<p>{before}{html.escape(text)}</p>"


def bullets(items: Iterable[str]) -> str:
    """A list; nothing where there is no item.

    Example:
        >>> bullets(["one", "two"])
        '<ul><li>one</li><li>two</li></ul>'
    """
    lines = "".join(f"<li>{html.escape(item)}</li>" for item in items)
    return f"<ul>{lines}</ul>" if lines else ""


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table: numbers stand right, all else left, and nothing where a value is None.

    Example:
        >>> table(["n"], [[1]])
        '<table><tr><th>n</th></tr><tr><td>1</td></tr></table>'
    """
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: object) -> str:
    if value is None:
        return "<td></td>"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"<td>{value}</td>"
    return f"<td style='text-align:left'>{html.escape(str(value))}</td>"
