"""Is a column an identifier? What its name says, and what its values look like."""

from __future__ import annotations

import re
from typing import Literal

import polars as pl

from tidemill.core.spelling import says_code
from tidemill.core.words import plural
from tidemill.personal.masking import mask

_STRONG = frozenset(
    {"id", "ids", "uuid", "guid", "key", "pk", "hash", "token", "email", "mail", "url"}
)
_WEAK = frozenset({"no", "nr", "num", "number", "ref", "reference", "index", "idx"})
_JOINED = re.compile(
    r"(cust|customer|client|user|patient|pt|emp|employee|order|product|prod|item|account|acct"
    r"|txn|trans|transaction|session|member|household|invoice|store|record|row|case|person"
    r"|subject|student|loan|policy|claim|visit|booking|ticket|device|card|model|part|serial)"
    r"(id|no|nr|num|number)"
)
# numbers of things; not models, signals, signs, and sizes of shoes and letters
_CHINESE = re.compile(r"((?<![型信符括问鞋字尺标])号|号码)$")
_COUNTED = frozenset(
    {
        "year",
        "yr",
        "month",
        "quarter",
        "week",
        "day",
        "hour",
        "minute",
        "second",
        "time",
        "t",
        "step",
        "age",
        "period",
        "rank",
        "年",
        "月",
        "日",
        "周",
    }
)
_DIGEST = r"^(?:0x)?[0-9A-Za-z+/_-]+={0,2}$"
FEW = 50
FEWEST_GROUPED = 7
"""Digits of a number in groups, at least."""


def words_of(name: str) -> list[str]:
    """The words of a column's name in lower case.

    Example:
        >>> words_of("CustomerID"), words_of("patient no."), words_of("nr.employed")
        (['customer', 'id'], ['patient', 'no'], ['nr', 'employed'])
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [word for word in re.split(r"[^0-9A-Za-z\u4e00-\u9fff]+", apart.lower()) if word]


def said_by(name: str) -> Literal["", "weak", "strong"]:
    """How strongly a name says that the column identifies something: "customer_id" does, "invoice
    no." may."""
    words = words_of(name)
    if not words:
        return ""
    if words[-1] in _STRONG or words[0] == "id":
        return "strong"
    if _JOINED.fullmatch(words[-1]) or _CHINESE.search(name):
        return "strong"
    return "weak" if words[-1] in _WEAK else ""


def is_coded(name: str) -> bool:
    """Whether a name says that values are codes, which may stand for few things or for many: "zip",
    "StockCode"."""
    return says_code(name) or words_of(name)[-1:] == ["code"]


def integers_identify(values: pl.Series, distinct: int) -> str:
    """Why whole numbers are identifiers, in words; "" where they are not.

    Args:
        values: An Int64 series.
        distinct: How many different values there are.
    """
    present, name = values.drop_nulls(), values.name
    share = distinct / max(1, len(present))
    unique = share >= 0.99 and distinct >= 5
    strength = said_by(name)
    if strength == "strong" and (unique or distinct > FEW):
        return (
            f"its name says so, and there are {plural(distinct, 'different number')} in "
            f"{plural(len(present), 'row')}"
        )
    if (strength == "weak" and unique) or (is_coded(name) and share > 0.5 and distinct > FEW):
        return f"its name says so, and {distinct:,} of {len(present):,} numbers are different"
    running = distinct == len(present) >= 10 and (present.diff() == 1).all()
    if running and not _COUNTED.intersection(words_of(name)):
        return "a running number, in the order of the rows"
    return ""


def texts_identify(values: pl.Series, distinct: int) -> str:
    """Why texts are identifiers, in words; "" where they are not.

    Args:
        values: A String series.
        distinct: How many different values there are.
    """
    present = values.drop_nulls()
    share = distinct / max(1, len(present))
    strength, coded = said_by(values.name), is_coded(values.name)
    levels = present.head(100_000).unique(maintain_order=True).head(10_000)
    # a Chinese sentence has no blanks either, so codes are mostly ASCII
    length, foreign = levels.str.len_chars(), levels.str.count_matches(r"[^\x00-\x7f]")
    short = (length <= 64) | levels.str.contains(_DIGEST)
    compact = short & (foreign * 2 <= length) & (~levels.str.contains(r"\s") | _in_groups(levels))
    codes = float((compact & levels.str.contains(r"[0-9]")).mean() or 0.0)  # type: ignore[arg-type]
    shown = (
        levels.filter(levels.str.contains(r"[0-9]")).head(1).to_list() or levels.head(1).to_list()
    )
    example = f"codes of the form {mask(shown[0])}" if shown else ""
    counted = f"{plural(distinct, 'different value')} in {plural(len(present), 'row')}"
    if strength == "strong" and (distinct > FEW or (share >= 0.99 and distinct >= 5)):
        return f"its name says so; {counted}"
    many = coded and share > 0.5
    if strength == "weak":
        many = share >= 0.9 or distinct > 1000
    if codes >= 0.9 and many:
        return f"{counted}, {example}, and its name says so"
    if codes >= 0.95 and share > 0.5 and distinct > FEW and not coded:
        return f"{counted}, {example}"
    if share >= 0.99 and distinct > FEW and float(compact.mean() or 0.0) >= 0.99:  # type: ignore[arg-type]
        return f"{counted}, single words"
    return ""


def _in_groups(levels: pl.Series) -> pl.Series:
    """(n,) whether a text is a number in groups, as of a phone, a card or an account."""
    digits = levels.str.count_matches("[0-9]")
    letters = levels.str.count_matches(r"\p{L}")
    apart = levels.str.contains(r"\s\s|[,:;]|[^\S ]")
    return (digits >= FEWEST_GROUPED) & (letters * 3 <= digits) & ~apart
