"""Tags and entities of HTML that were left in texts are taken out, but not where a text is about
them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from html.entities import html5
from typing import Any

from tidemill.cleaning.base import Check, Diagnosis, Repaired
from tidemill.cleaning.texts.columns import rewrite, rewritten
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run

_BLOCKS = "p|br|hr|div|ul|ol|li|dl|dt|dd|h[1-6]|table|thead|tbody|tr|td|th|blockquote|center"
_INLINE = "a|b|i|u|s|em|strong|span|font|small|big|sup|sub|img"
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_BLOCK = re.compile(rf"\s*</?(?:{_BLOCKS})(?:\s[^<>]*)?/?>\s*", re.IGNORECASE)
_WITHIN = re.compile(rf"</?(?:{_INLINE})(?:\s+[a-z-]+\s*=[^<>]*)?\s*/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,24}|#\d{2,7}|#[xX][0-9a-fA-F]{2,6});")
_ABOUT = re.compile(
    r"\b(?:html|xml|css|tags?|markup|entity|entities|element|escap\w+|javascript|balise\w*)\b|"
    r"标签|代码|网页源",
    re.IGNORECASE,
)
"""Words of texts that are about HTML."""


def plain(text: str) -> str:
    """The text without tags, and with the characters that entities stand for.

    Example:
        >>> plain("Tom &amp; Jerry<br/>are <b>back</b>"), plain("the tag <b> makes bold")
        ('Tom & Jerry are back', 'the tag <b> makes bold')
        >>> plain("a < b and b > c; R&D; ?a=1&copy=2")
        'a < b and b > c; R&D; ?a=1&copy=2'
    """
    if ("<" not in text and "&" not in text) or _ABOUT.search(_WITHIN.sub("", text)):
        return text
    while True:
        again = _WITHIN.sub("", _BLOCK.sub(" ", _HIDDEN.sub(" ", text)))
        again = _ENTITY.sub(_character, again)
        if again == text:
            return text
        text = again.strip()


def _character(entity: re.Match[str]) -> str:
    if entity[0][1] != "#" and entity[0][1:] not in html5:
        return entity[0]
    char = unescape(entity[0])
    if char == "\u00a0":
        return " "
    return char if char.isprintable() or char.isspace() else entity[0]


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find texts with remnants of HTML."""
    said = "remnants of HTML, such as '<br>' or '&amp;'"
    action = "tags taken out, entities written as the characters that they stand for"
    return rewritten(train, run, "html", plain, (said, action))


def repair(data: Dataset, learned: Mapping[str, Any]) -> Repaired:
    """Take them out."""
    return rewrite(data, learned, plain, "remnants of HTML")


CHECK = Check(diagnose, repair)
