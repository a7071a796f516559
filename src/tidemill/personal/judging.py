"""The one judgement of what is personal: names of people, addresses, and phone, card, account and
identity numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from stdnum.cn import ric
from stdnum.us import ssn

from tidemill.core.column_words import BIRTHS, says, words_of
from tidemill.core.schema import ADDRESSES, BIRTH_DATES, MAILS, NAMES, Column
from tidemill.personal import checksums
from tidemill.personal.masking import mask
from tidemill.personal.people import is_eastern_name, is_full_name, is_name, is_of_things

_MOST_CHECKED = 2_000
_MOSTLY = 0.5
"""The part of a column's cells from which on it is personal as a whole."""
_LONG_NUMBER = 10**8
_MARK = r"[\d@:]"
"""What a datum of any form has, but for street addresses."""


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
    PersonalPattern(MAILS, r"([\p{L}\d._%+-]+@(?:[A-Za-z\d-]+\.)+[A-Za-z]{2,})"),
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
        r"^((?:\+|00)\d[\d ()./-]{6,18}\d|\(?\d{3}\)?[ .-]\d{3}[.-]\d{4}(?: ?x\d+)?|1[3-9]\d{9}|"
        r"0[1-9](?:[ .]\d\d){4})$",
        fewest=3,
        part=0.5,
        names=(
            *("phone", "telephone", "mobile", "cell phone", "tel", "fax", "contact no", "whatsapp"),
            *("telefon", "handy", "mobil", "rufnummer", "téléphone", "portable", "teléfono"),
            *("telefono", "móvil", "celular", "cellulare", "telefone", "телефон", "telefoon"),
            *("电话", "手机", "联系方式", "電話", "携帯", "전화", "휴대폰"),
        ),
        loose=r"(\d[\d ()./+-]{5,}\d)",
    ),
    PersonalPattern(
        "phone numbers",
        r"(\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]\d{2,4}){2,4}|\(\d{3}\) ?\d{3}[. -]\d{4}|"
        r"(?:\p{L} |[:：] ?)\d{3}-\d{3}-\d{4}|[\u2e80-\uffff] ?1[3-9]\d{9})(?:\D|$)",
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
        ADDRESSES,
        "",
        fewest=3,
        part=0.3,
        names=(
            *("address", "street", "addr", "adresse", "anschrift", "straße", "strasse", "rue"),
            *("dirección", "direccion", "domicilio", "indirizzo", "endereço", "адрес", "adres"),
            *("地址", "住址", "住所", "주소"),
        ),
        # a street has a blank, a hash has none
        loose=r"(\d\S*\s.*\p{L}{3}|\p{L}{3}.*\s.*\d|^\p{L}{4,}[.,]?\d{1,4}\w?$|"
        r"[\u4e00-\u9fff]{4})",
    ),
    PersonalPattern(
        ADDRESSES,
        r"(?i)^(\d{1,5}\w? (?:[\p{L}.'-]+ ){1,4}(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|"
        r"boulevard|blvd|way|court|ct|place|pl)\.?(?:,.*)?|[\p{L}. -]+(?:straße|strasse|str\.|weg|"
        r"platz|allee|gasse) ?\d{1,4} ?\w?(?:,.*)?)$",
        fewest=3,
        part=0.5,
    ),
    PersonalPattern(
        "numbers of identity papers, taxpayers or vehicles",
        "",
        fewest=3,
        part=0.5,
        names=(
            *("passport", "passport no", "ssn", "social security", "national insurance", "nino"),
            *("national id", "identity number", "aadhaar", "tax id", "driver license", "nric"),
            *("driving licence", "license plate", "licence plate", "number plate", "ausweis"),
            *("steuer id", "steuernummer", "personalausweis", "kennzeichen", "dni", "nif", "cpf"),
            *("codice fiscale", "паспорт", "инн", "снилс", "护照", "身份证", "证件号", "车牌"),
        ),
        loose=r"^([\p{L}\d][\p{L}\d ./-]{3,19}\d[\p{L}\d]*)$",
    ),
)
_NAMES_OF_PEOPLE = tuple(
    """
first name;last name;surname;full name;given name;family name;middle name;maiden name;customer name
client name;patient name;employee name;contact name;person name;holder name;cardholder;firstname
lastname;fullname;forename;last nm;first nm;lname;fname;vorname;nachname;familienname;kundenname
mitarbeitername;ansprechpartner;prénom;nom de famille;apellido;apellidos;nombre completo;cognome
sobrenome;nome completo;фио;фамилия;имя;отчество;姓名;联系人;名字;收货人;收件人
氏名;お名前;担当者名;성명;이름;imię;nazwisko;imię i nazwisko;ad soyad;voornaam;achternaam;förnamn
efternamn;fornavn;etternavn;jméno;příjmení;cognome e nome
""".strip()
    .replace("\n", ";")
    .split(";")
)
_MAYBE_PEOPLE = frozenset(
    """
name passenger contact holder owner employee customer client patient person author manager agent
doctor nurse driver seller buyer user payee rep salesperson supervisor host guest member teacher
student assignee approver cashier attorney witness beneficiary recipient sender kunde kundin
mitarbeiter patient empfänger inhaber nom client employé salarié propriétaire destinataire cliente
empleado propietario titular contacto paciente nombre nome dipendente cliënt klant medewerker клиент
сотрудник sachbearbeiter sachbearbeiterin bearbeiter verkäufer betreuer berater vendedor vendeur
login username
""".split()  # noqa: SIM905
)
_MAYBE_CHINESE = (
    "客户",
    "员工",
    "顾客",
    "患者",
    "学生",
    "业主",
    "经办人",
    "负责人",
    "收款人",
    "付款人",
    "户名",
    "操作",
    "制单",
    "审核",
    "申请人",
    "医生",
    "教师",
    "司机",
    "担当",
)
# a name of something else: its texts must be full names, as in a column of any name
_NAMES_OF_THINGS = frozenset(
    """
product item file brand company city country state street school film movie song hotel restaurant
station event category table column shop store host domain field model team department branch
""".split()  # noqa: SIM905
)
_NAME_FORM = (
    r"^\s*[\p{L}＊*][\p{L}\p{M}＊*々'’.\-]*"
    r"(?:(?:\s*[,，]\s*|\s+)[\p{L}(\"][\p{L}\p{M}'’.\-)\"]*){0,6}\s*$"
)
_SURE, _LIKELY, _ANYWHERE = 0.0, 0.1, 0.5
"""The share of a column's names that must be known, by what its own name says."""
_FEWEST_ANYWHERE = 8
_THINGS = 0.3
"""The share of names of firms or products from which on a column is about these."""


@dataclass(frozen=True, slots=True)
class Personal:
    """What personal data a column holds.

    Attributes:
        what: Its sort in the plural, as in "names of people".
        cells: How many cells hold such a datum.
        share: Their part of the cells that are not missing.
        example: A masked one.
    """

    what: str
    cells: int
    share: float
    example: str

    @property
    def replaced(self) -> bool:
        """Whether all values of the column are such data, which point to a person by themselves, so
        that fresh ones are generated in their place."""
        return self.what != BIRTH_DATES and self.share >= _MOSTLY


def judged(column: Column, values: pl.Series) -> Personal | None:
    """What personal data a column holds, by its name and its values; None for none.

    Args:
        column: The column.
        values: Its cells, or a sample of them.

    Example:
        >>> people = pl.Series(["Anna Lee", "Ben Smith", "Carla Jones", "Dan Brown"])
        >>> found = judged(Column("customer_name", "category"), people)
        >>> found.what, found.cells, found.replaced
        ('names of people', 4, True)
    """
    known = values.drop_nulls()
    if known.dtype.is_temporal():
        if not len(known) or not _says(column, BIRTHS):
            return None
        return Personal(BIRTH_DATES, len(known), 1.0, mask(str(known[0])))
    long = known.dtype.is_integer() and (known.max() or 0) > _LONG_NUMBER  # type: ignore[operator]
    if known.dtype != pl.String and not long:
        return None
    counts = known.cast(pl.String).alias("value").value_counts().sort("value")
    marked = counts.filter(counts["value"].str.contains(_MARK))
    for form in FORMS:
        among = counts if form.what == ADDRESSES else marked
        cells, example = _of_form(column, among, form, len(known)) if len(among) else (0, "")
        if cells:
            return Personal(form.what, cells, cells / len(known), example)
    cells, example = names_of_people(column, counts)
    return Personal(NAMES, cells, cells / len(known), example) if cells else None


def _says(column: Column, phrases: tuple[str, ...]) -> bool:
    return any(says(column.name, phrase) for phrase in phrases)


def _of_form(
    column: Column, counts: pl.DataFrame, form: PersonalPattern, total: int
) -> tuple[int, str]:
    """Cells that hold such a datum, and a masked one of them.

    Args:
        column: The column.
        counts: Its different texts ("value") and how many cells hold each ("count"), of those that
            may hold one.
        form: What to look for.
        total: All cells of the column.
    """
    pattern = form.loose if form.loose and _says(column, form.names) else form.pattern
    if not pattern:
        return 0, ""
    least = max(form.fewest, form.part * total)
    if int(counts["count"].sum()) < least:
        return 0, ""
    found = counts["value"].str.extract(pattern)
    if found.null_count() == len(found):
        return 0, ""
    data = counts.with_columns(found.alias("datum")).drop_nulls()
    if form.valid is not None:
        tried = data.head(_MOST_CHECKED)["datum"].to_list()
        passed = [datum for datum in tried if form.valid(datum)]
        if len(passed) < max(0.5 * len(tried), form.fewest):
            return 0, ""
    count = int(data["count"].sum())
    if count < least:
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
    least = _least_known(column)
    fewest = 3 if least < _ANYWHERE else _FEWEST_ANYWHERE
    if counts.height < fewest:
        return 0, ""
    sample = counts["value"].gather_every(max(1, counts.height // _MOST_CHECKED))
    shaped = sample.filter(_shaped(sample))
    if len(shaped) < 0.7 * len(sample):
        return 0, ""
    if least > _SURE:
        judged = is_full_name if least == _ANYWHERE else is_name
        known = _known(judged, shaped, least * len(sample))
        if known is None or (least == _ANYWHERE and not _are_full(shaped, known)):
            return 0, ""
        if sum(map(is_of_things, shaped)) > _THINGS * len(sample):
            return 0, ""
    found = counts.filter(_shaped(counts["value"]))
    return int(found["count"].sum()), mask(found["value"][0])


def _known(passes: Callable[[str], bool], texts: pl.Series, least: float) -> int | None:
    """How many texts pass a test; None as soon as fewer than so many can, as in most columns."""
    passed = 0
    for number, text in enumerate(texts):
        if passed + len(texts) - number < least:
            return None
        passed += passes(text)
    return passed if passed >= least else None


def _shaped(texts: pl.Series) -> pl.Series:
    """(n,) Whether texts have the form of a name."""
    return texts.str.contains(_NAME_FORM) & (texts.str.len_chars() < 60)


def _least_known(column: Column) -> float:
    """The share of names that must be known for a column of this name."""
    if _says(column, _NAMES_OF_PEOPLE):
        return _SURE
    words = set(words_of(column.name))
    maybe = not words.isdisjoint(_MAYBE_PEOPLE) or _says(column, _MAYBE_CHINESE)
    return _LIKELY if maybe and words.isdisjoint(_NAMES_OF_THINGS) else _ANYWHERE


def _are_full(names: pl.Series, known: int) -> bool:
    """Whether names suffice without a word of their column's name: those in Chinese characters or
    in Hangul, which are words as well, must all but all begin with a family name."""
    eastern = sum(map(is_eastern_name, names))
    if 2 * eastern < known:
        return True
    return eastern >= 0.9 * len(names) and len(names) >= 20 and _differ(names)


def _differ(names: pl.Series) -> bool:
    """Whether names begin with many different characters, as those of one family do not."""
    return names.str.slice(0, 1).n_unique() >= 5
