"""Columns whose names say that they may hold what no one should be treated by."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema

PHRASES: Mapping[str, tuple[str, ...]] = {
    "sex or gender": ("sex", "gender", "geschlecht", "sexe", "sexo", "genero", "性别"),
    "race or ethnicity": (
        "race",
        "ethnicity",
        "ethnic",
        "ethnic group",
        "skin color",
        "skin colour",
        "rasse",
        "ethnie",
        "ethnizitat",
        "etnia",
        "raza",
        "hautfarbe",
        "种族",
        "民族",
    ),
    "age": (
        "birth",
        "birthdate",
        "birthday",
        "dob",
        "geburtsdatum",
        "geburtsjahr",
        "naissance",
        "nacimiento",
        "年龄",
        "出生",
        "生日",
    ),
    "religion": ("religion", "religious", "konfession", "confession", "宗教"),
    "nationality": (
        "nationality",
        "citizenship",
        "native country",
        "country of birth",
        "birth country",
        "foreigner",
        "foreign worker",
        "immigrant",
        "immigration",
        "staatsangehorigkeit",
        "staatsburgerschaft",
        "nationalitat",
        "nationalite",
        "citoyennete",
        "nacionalidad",
        "ciudadania",
        "auslander",
        "国籍",
    ),
    "disability": (
        "disability",
        "disabled",
        "handicap",
        "behinderung",
        "schwerbehindert",
        "invalidite",
        "discapacidad",
        "残疾",
    ),
    "marital status": (
        "marital",
        "married",
        "civil status",
        "familienstand",
        "verheiratet",
        "etat civil",
        "situation matrimoniale",
        "situation familiale",
        "estado civil",
        "婚姻",
        "婚否",
    ),
}
"""What it may be -> phrases that say so, without accents and in lower case."""
AGES = frozenset({"age", "ages", "alter", "edad"})
BESIDE_AGE = frozenset(
    {
        "cat",
        "category",
        "group",
        "band",
        "class",
        "range",
        "bin",
        "bucket",
        "years",
        "year",
        "yrs",
        "in",
        "at",
        "of",
        "customer",
        "client",
        "person",
        "patient",
        "applicant",
        "employee",
        "user",
        "member",
        "driver",
        "student",
        "gruppe",
        "klasse",
        "kunde",
        "kunden",
        "jahre",
        "jahren",
        "tranche",
        "annees",
        "groupe",
        "grupo",
        "anos",
    }
)
"""An account and a house have an age, too: only these words may stand beside it."""


def may_be_sensitive(schema: Schema) -> dict[str, str]:
    """Columns without a role of their own that may be sensitive by their names, and what they may
    hold.

    Example:
        >>> columns = ("Gender", "age_cat", "account_age", "genre", "middlesex")
        >>> may_be_sensitive(Schema(tuple(Column(name, "category") for name in columns)))
        {'Gender': 'sex or gender', 'age_cat': 'age'}
    """
    found = {}
    for column in schema:
        what = _what_it_may_hold(column)
        if what and column.role == "feature":
            found[column.name] = what
    return found


def suggestion(schema: Schema) -> str:
    """What to tell a user who has declared no sensitive column; empty where nothing is to be said.

    Example:
        >>> said = suggestion(Schema((Column("sex", "category"), Column("plan", "category"))))
        >>> said.partition(".")[0]
        'By its name, this column may be sensitive: sex'
    """
    names = list(may_be_sensitive(schema))
    if not names or any(column.role == "sensitive" for column in schema):
        return ""
    which = "By their names, these columns may be"
    if len(names) == 1:
        which = "By its name, this column may be"
    return (
        f"{which} sensitive: {', '.join(names)}. Add option 'sensitive={names[0]}' to see "
        "how groups are treated."
    )


def suggest(schema: Schema, run: Run) -> None:
    """Tell the user of columns that may be sensitive, where none was declared; their roles stay as
    they are."""
    text = suggestion(schema)
    if text:
        run.emit("note", "sensitive", text)


def _what_it_may_hold(column: Column) -> str:
    if column.kind in ("text", "id"):
        return ""
    words = _words(column.name)
    if AGES.intersection(words) and BESIDE_AGE.issuperset(set(words) - AGES):
        return "age"
    text = f" {' '.join(words)} "
    for what, phrases in PHRASES.items():
        for phrase in phrases:
            if f" {phrase} " in text if phrase.isascii() else phrase in column.name:
                return what
    return ""


def _words(name: str) -> list[str]:
    """The words of a name, in lower case and without accents; digits at their ends are dropped."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    plain = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c))
    words = [part.rstrip("0123456789") for part in re.split(r"[\W_]+", plain.lower())]
    return [word for word in words if word]
