"""What of a page, or of a text, is read aloud."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_READ = ("h1", "p", "li")
_SILENT = ("style", "script", "pre", "nav", "svg", "table", "figure", "details", "dl")
_BEFORE = ("brand",)
"""Classes of paragraphs that say nothing of the page."""
_MARKS = re.compile(r"^\s*(?:[#>*+-]+|\d+\.)\s+|[*`_|]{1,3}", re.MULTILINE)
_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])|\n+")
_HAN = re.compile(r"[\u3400-\u9fff]")


def is_chinese(sentence: str) -> bool:
    """Whether a sentence has Chinese characters."""
    return _HAN.search(sentence) is not None


def sentences(text: str) -> list[str]:
    """A text's sentences, without the marks of Markdown.

    Example:
        >>> sentences("# Churn\\n\\nIt rose by 3.5 %. *Why?*\\n你好。再见。")
        ['Churn', 'It rose by 3.5 %.', 'Why?', '你好。', '再见。']
    """
    parts = (" ".join(part.split()) for part in _END.split(_MARKS.sub("", text)))
    return [part for part in parts if re.search(r"\w", part)]


def summary_of_page(html: str) -> str:
    """A report's title and first page, a paragraph a line: all before its first chapter, without
    tables, pictures and commands. Of other pages all paragraphs.

    Example:
        >>> summary_of_page("<h1>Churn</h1><p>It rose.</p><pre>run</pre><h2>Why</h2><p>No.</p>")
        'Churn\\nIt rose.'
    """
    first = _Paragraphs(to_chapter=True)
    first.feed(html)
    if len(first.found) > 2:
        return "\n".join(first.found)
    whole = _Paragraphs(to_chapter=len(first.found) == 2)
    whole.feed(html)
    return "\n".join(whole.found)


class _Paragraphs(HTMLParser):
    """Texts of headings, paragraphs and points of lists.

    Args:
        to_chapter: Whether to end before the first heading of a chapter.
    """

    def __init__(self, *, to_chapter: bool) -> None:
        super().__init__()
        self.found: list[str] = []
        self._to_chapter = to_chapter
        self._over = False
        self._silent: list[str] = []
        self._open: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A beginning."""
        if tag in _SILENT:
            self._silent.append(tag)
        self._over |= tag == "h2" and self._to_chapter
        classes = (dict(attrs).get("class") or "").split()
        if tag in (*_READ, "h2", "h3"):
            self._close()
            if tag in _READ and not self._over and not set(classes) & set(_BEFORE):
                self._open = []

    def handle_endtag(self, tag: str) -> None:
        """An end."""
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        if tag in _READ:
            self._close()

    def handle_data(self, data: str) -> None:
        """What stands between."""
        if self._open is not None and not self._silent:
            self._open.append(data)

    def _close(self) -> None:
        text = " ".join("".join(self._open or ()).split())
        if text and not text.endswith(":"):  # what it leads to is not read
            self.found.append(text)
        self._open = None
