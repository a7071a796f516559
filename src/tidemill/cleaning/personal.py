"""Personal data are reported: names of people, addresses, and phone, card, account and identity
numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from stdnum.cn import ric
from stdnum.us import ssn

from tidemill.cleaning import checksums
from tidemill.cleaning.base import Check, Diagnosis, counted, sampled
from tidemill.cleaning.masking import mask
from tidemill.cleaning.names import says, words_of
from tidemill.cleaning.people import CHINESE_FAMILY, GIVEN, TITLES
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column
from tidemill.core.words import percent, plural

_MOST_ROWS = 200_000
_MOST_CHECKED = 2_000
_LONG_NUMBER = 10**9


@dataclass(frozen=True, slots=True)
class PersonalPattern:
    """What one sort of personal data looks like.

    Attributes:
        what: Its name in the plural.
        pattern: A regular expression whose first group is the datum; "" where only the column's
            name can tell.
        valid: A further test of one datum, at which at least half of the found ones must pass.
        fewest: Data that must be found.
        part: The part of the column's cells that must hold one, from 0 (anywhere in a text) to 1.
        names: Phrases that in a column's name say what it holds.
        loose: A regular expression that is enough where the name says so.
    """

    what: str
    pattern: str
    valid: Callable[[str], bool] | None = None
    fewest: int = 1
    part: float = 0.0
    names: tuple[str, ...] = ()
    loose: str = ""


FORMS = (
    PersonalPattern("e-mail addresses", r"([\p{L}\d._%+-]+@(?:[A-Za-z\d-]+\.)+[A-Za-z]{2,})"),
    PersonalPattern(
        "bank account numbers (IBAN)",
        r"\b([A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?)\b",
        checksums.iban,
    ),
    *(
        PersonalPattern(what, f"^({pattern})$", valid, fewest=3, part=0.5)
        for what, pattern, valid in checksums.NATIONAL_IDS
    ),
    PersonalPattern(
        "payment card numbers",
        r"(?:^|[^\d.,-])([2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}|3[47]\d{2} \d{6} "
        r"\d{5})(?:[^\d.]|$)",
        checksums.card,
        fewest=3,
    ),
    PersonalPattern(
        "Chinese resident identity numbers",
        r"(?:^|\D)([1-9]\d{16}[\dXx])(?:\W|$)",
        ric.is_valid,
    ),
    PersonalPattern(
        "US social security numbers",
        r"(?:^|[^\d-])(\d{3}-\d{2}-\d{4})(?:[^\d-]|$)",
        ssn.is_valid,
        fewest=3,
        part=0.5,
    ),
    PersonalPattern(
        "phone numbers",
        r"^((?:\+|00)\d[\d ()./-]{6,18}\d|\(?\d{3}\)?[ .-]\d{3}[.-]\d{4}(?: ?x\d+)?|1[3-9]\d{9})$",
        fewest=3,
        part=0.5,
        names=("phone", "telephone", "mobile", "cell", "tel", "fax", "电话", "手机"),
        loose=r"(\d[\d ()./+-]{5,}\d)",
    ),
    PersonalPattern(
        "phone numbers",
        r"(\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]\d{2,4}){2,4}|\(\d{3}\) ?\d{3}[. -]\d{4})(?:\D|$)",
        fewest=3,
    ),
    PersonalPattern(
        "IP addresses", r"^(\d{1,3}(?:\.\d{1,3}){3})$", checksums.ipv4, fewest=3, part=0.5
    ),
    PersonalPattern(
        "IP addresses",
        r"^([\da-fA-F]{0,4}(?::[\da-fA-F]{0,4}){2,7})$",
        checksums.ipv6,
        fewest=3,
        part=0.5,
    ),
    PersonalPattern(
        "street addresses",
        "",
        fewest=3,
        part=0.3,
        names=("address", "street", "地址", "住址"),
        loose=r"(\d.*[\p{L}]{3}|[\p{L}]{3}.*\d|[\u4e00-\u9fff]{4})",
    ),
)
_NAMES_OF_PEOPLE = (
    "first name",
    "last name",
    "surname",
    "full name",
    "given name",
    "family name",
    "middle name",
    "maiden name",
    "customer name",
    "client name",
    "patient name",
    "employee name",
    "contact name",
    "person name",
    "holder name",
    "cardholder",
    "firstname",
    "lastname",
    "fullname",
    "forename",
    "姓名",
    "联系人",
    "名字",
)
_MAYBE_PEOPLE = (
    "name",
    "passenger",
    "contact",
    "holder",
    "owner",
    "employee",
    "customer",
    "client",
    "patient",
    "person",
    "author",
    "manager",
    "agent",
    "doctor",
    "nurse",
    "driver",
    "seller",
    "buyer",
    "user",
)
_BIRTH = (
    "dob",
    "birth date",
    "birthdate",
    "date of birth",
    "birthday",
    "date birth",
    "born",
    "出生日期",
    "生日",
)
_NAME_FORM = r"^\p{L}[\p{L}'’.\-]*(?:,? [\p{L}(\"][\p{L}'’.\-)\"]*){0,6}$"


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Look for personal data in every column, also in those that models leave out."""
    rows, note = sampled(train, _MOST_ROWS, run, "clean/personal")
    issues = []
    for column in train.schema:
        what, count, example = _found(column, rows[column.name])
        if what:
            share = percent(count, int(rows[column.name].count()))
            said = f"'{column.name}' holds {what} in {plural(count, 'cell')} ({share}{note})."
            issues.append(_issue(column.name, said, count, example))
    return Diagnosis(tuple(issues))


def _issue(name: str, said: str, count: int, example: str) -> Issue:
    return Issue(
        "personal",
        said,
        (name,),
        count,
        example,
        severity="personal data",
        action="kept; leave the column out before you share the data, or a model of it",
    )


def _found(column: Column, values: pl.Series) -> tuple[str, int, str]:
    """What personal data a column holds, in how many cells, and a masked example; ("", 0, "") for
    none."""
    known = values.drop_nulls()
    if known.dtype.is_temporal():
        if not len(known) or not _says(column, _BIRTH):
            return "", 0, ""
        return "dates of birth", len(known), mask(str(known[0]))
    long = known.dtype.is_integer() and (known.max() or 0) > _LONG_NUMBER  # type: ignore[operator]
    if known.dtype != pl.String and not long:
        return "", 0, ""
    counts = counted(known.cast(pl.String)).sort("value")
    for form in FORMS:
        count, example = _of_form(column, counts, form)
        if count:
            return form.what, count, example
    count, example = names_of_people(column, counts)
    return ("names of people", count, example) if count else ("", 0, "")


def _says(column: Column, phrases: tuple[str, ...]) -> bool:
    return any(says(column.name, phrase) for phrase in phrases)


def _of_form(column: Column, counts: pl.DataFrame, form: PersonalPattern) -> tuple[int, str]:
    """Cells that hold such a datum, and a masked one of them.

    Args:
        column: The column.
        counts: Its different texts ("value") and how many cells hold each ("count").
        form: What to look for.
    """
    pattern = form.loose if form.loose and _says(column, form.names) else form.pattern
    if not pattern:
        return 0, ""
    data = counts.with_columns(counts["value"].str.extract(pattern).alias("datum")).drop_nulls()
    if not data.height:
        return 0, ""
    if form.valid is not None:
        tried = data.head(_MOST_CHECKED)["datum"].to_list()
        passed = [datum for datum in tried if form.valid(datum)]
        if len(passed) < max(0.5 * len(tried), form.fewest):
            return 0, ""
    count, total = int(data["count"].sum()), int(counts["count"].sum())
    if count < form.fewest or count < form.part * total:
        return 0, ""
    return count, mask(data["datum"][0])


def names_of_people(column: Column, counts: pl.DataFrame) -> tuple[int, str]:
    """Cells that hold a person's name, judged by the column's name, the form of its texts and
    frequent given names.

    Args:
        column: The column.
        counts: Its different texts ("value") and how many cells hold each ("count").

    Returns:
        The count, and a masked example; (0, "") where it holds none.
    """
    sure = _says(column, _NAMES_OF_PEOPLE)
    likely = sure or set(words_of(column.name)).intersection(_MAYBE_PEOPLE)
    if not likely or counts.height < 3:
        return 0, ""
    shaped = counts.filter(
        counts["value"].str.contains(_NAME_FORM) & (counts["value"].str.len_chars() < 60)
    )
    if shaped.height < 0.7 * counts.height:
        return 0, ""
    tried = [_is_named(text) for text in shaped["value"].head(_MOST_CHECKED)]
    if not sure and sum(tried) < 0.1 * len(tried):
        return 0, ""
    return int(shaped["count"].sum()), mask(shaped["value"][0])


def _is_named(text: str) -> bool:
    """Whether a frequent given name or a title stands in the text, or a frequent Chinese family
    name before it."""
    if text[0] in CHINESE_FAMILY and 2 <= len(text) <= 4:
        return True
    words = {word.strip('.,()"') for word in text.lower().replace("-", " ").split()}
    return bool(words & GIVEN or words & TITLES)


CHECK = Check(diagnose)
