"""Texts that stand for "missing", and words that say that an answer is not known."""

from __future__ import annotations

import polars as pl

from tidemill.core.spelling import is_missing

# words that often are an answer ("guarantor: none"), so they are never touched
_ANSWERS = ["none", "nil", "missing", "not available", "not applicable"]
_MARKS = r"^[?\-._*]+$"
_UNKNOWN = frozenset(
    """
unknown;unk;unspecified;undefined;undetermined;not stated;not specified;not known;not available
not recorded;not reported;not provided;not given;not disclosed;not entered;no data;no value
no information;missing;no answer;refused;prefer not to say;don't know;dont know;n/r;tbd;tba
tbc;to be determined;to be confirmed;to be announced;unbekannt;k.a.;k. a.;keine angabe
keine angaben;nicht angegeben;nicht bekannt;nicht erfasst;inconnu;inconnue;non renseigné
non renseignée;non communiqué;n.c.;s/o;sans objet;desconocido;desconocida;sin datos;s/d
no consta;no especificado;no informado;não informado;desconhecido;sconosciuto;non disponibile
non specificato;onbekend;niet bekend;неизвестно;не указано;нет данных;nieznany;brak danych;未知;不详
未填;未填写;未提供;未说明;无数据;暂无;暂无数据;待定;待确认;保密;未登记;不明
n.r.;not avail.;ohne angabe;o.a.;无记录
n/d;n.d.;н/д;н.д.;sin dato;n.v.;nicht verfügbar;keine daten;néant;該当なし;不詳;データなし;没有
missing data;blank;未記入;未回答;미상;알 수 없음
""".strip()
    .replace("\n", ";")
    .split(";")
)
_LONGEST = 80
_CROSSES = r"^x{3,}$"


def are_markers(texts: pl.Series) -> pl.Series:
    """(rows,) True where a text is a marker of a missing value and nothing else; never null.

    Example:
        >>> are_markers(pl.Series(["N/A", "???", "none", None])).to_list()
        [True, True, False, False]
    """
    levels = texts.drop_nulls().unique()
    levels = levels.filter(levels.str.len_bytes() <= _LONGEST)
    normal = _normal(levels)
    found = (is_missing(levels) & ~normal.is_in(_ANSWERS)) | normal.str.contains(_MARKS)
    return texts.is_in(levels.filter(found).to_list()).fill_null(False)


def say_unknown(texts: pl.Series) -> pl.Series:
    """(rows,) True where a text is a word such as "unknown"; never null.

    Example:
        >>> say_unknown(pl.Series(["Unknown", "k.A.", "XXX", "other", None])).to_list()
        [True, True, True, False, False]
    """
    normal = _normal(texts.fill_null(""))
    return normal.is_in(sorted(_UNKNOWN)) | normal.str.contains(_CROSSES)


def _normal(texts: pl.Series) -> pl.Series:
    return texts.str.strip_chars().str.to_lowercase()
