"""Rows of totals: a word such as "Total" in one cell, and numbers that are the sum of other rows,
or nothing in the cells that all other rows fill."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tidemill.cleaning.cells import Cells, words_in
from tidemill.core import calendar_names

# these may stand beside other words: "West total", "Total 2024"
_BESIDE = frozenset(
    """
total totals subtotal subtotals sub-total sub-totals totale totaal subtotaal totalt totales summe
gesamtsumme zwischensumme endsumme gesamt insgesamt gesamtergebnis sous-total somme итого всего
razem ogółem celkem összesen toplam yhteensä σύνολο المجموع الإجمالي tổng jumlah
""".split()  # noqa: SIM905 - a word is found faster without its quotes
)
_BESIDE_CHINESE = ("合计", "合計", "小计", "小計", "总计", "總計", "共计", "累计", "합계", "소계")
_MEANS = frozenset(
    """
mean average avg averages moyenne durchschnitt mittelwert promedio media média gemiddelde среднее
średnia 平均 平均值 均值 平均数
""".split()  # noqa: SIM905
)
# these mean a total or a balance only where the cell holds nothing else
_ALONE = _MEANS | frozenset(
    """
sum;sums;all;overall;ensemble;suma;soma;somma;som;summa;i alt;сумма;总和;总额;汇总;总量;全部;計;计
총계;총합;総計;opening balance;closing balance;beginning balance;ending balance;starting balance
balance brought forward;balance carried forward;brought forward;carried forward;anfangssaldo
endsaldo;saldovortrag;übertrag;saldo;saldo inicial;saldo final;solde;solde initial;solde final
期初余额;期末余额;上期结转;结转下期
""".strip()
    .replace("\n", ";")
    .split(";")
)
_QUALIFIERS = frozenset(
    """
grand sub net overall running report page column row final général générale general generale geral
total genel cộng for the year month week quarter day period
""".split()  # noqa: SIM905
)
_WORDS = {*_BESIDE, *_BESIDE_CHINESE, *_ALONE, "合", "小", "总"}
# letters beyond ASCII are compared as they are written
_HINTS = sorted({form for word in _WORDS for form in (word, word.capitalize(), word.upper())})
_MONTHS = frozenset(calendar_names.month_words())
_PERIOD = re.compile(r"\d+|[a-z]?\d{1,2}")
_LONGEST = 40
_MOST_WORDS = 5
_MOST_CANDIDATES = 20_000
_FILLED = 0.6
_RARE = 0.01
_LOOKED_AT = 200


def label_of(text: str) -> str:
    """What kind of summary a cell announces: "total", "mean", or "" for none.

    Example:
        >>> [label_of(text) for text in ("Grand Total:", "West total", "合 计", "Ø", "Totally Tea")]
        ['total', 'total', 'total', '', '']
    """
    plain = _plain(text)
    if not plain or len(plain) > _LONGEST:
        return ""
    if plain in _MEANS:
        return "mean"
    if plain in _ALONE or plain.startswith(_BESIDE_CHINESE) or plain.endswith(_BESIDE_CHINESE):
        return "total"
    words = re.split(r"[\s:,]+", plain)
    beside = len(words) <= _MOST_WORDS and (words[0] in _BESIDE or words[-1] in _BESIDE)
    second = len(words) > 1 and words[1] in _BESIDE  # "grand total 2024", "sub total West"
    return "total" if beside or (second and len(words) <= _MOST_WORDS) else ""


def _plain(text: str) -> str:
    """A text in lower case, without marks and blanks around it and between Chinese characters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = re.sub(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", "", plain)
    return " ".join(plain.split()).strip(" :=*-–—_#()[]\"'.")


def _says_nothing_else(text: str) -> bool:
    """Whether a label is no name of something ("Total Eclipse")."""
    plain = _plain(text)
    known = {*_BESIDE, *_BESIDE_CHINESE, *_QUALIFIERS}
    return plain in _ALONE or known.issuperset(plain.split())


def _says_of_what(cells: Cells, text: str) -> bool:
    """Whether a label names what it adds up, a period or a level of a column ("Total 2024", "West
    total", "华东小计"), and is no name of its own ("Total Recall")."""
    rest = _plain(text)
    for word in _BESIDE_CHINESE:
        rest = rest.removeprefix(word).removesuffix(word)
    known = {*_BESIDE, *_ALONE, *_QUALIFIERS, *_MONTHS}
    told = {word for word in words_in(rest) if not _PERIOD.fullmatch(word)} - known
    return told <= cells.vocabulary


@dataclass(frozen=True, slots=True)
class Total:
    """One row that may be a total.

    Attributes:
        row: Its position.
        column: Where its label stands; "" where it has none.
        sure: Whether it is left out.
    """

    row: int
    column: str
    sure: bool


def totals(cells: Cells) -> list[Total]:
    """The rows that are, or may be, totals of other rows."""
    labels = _labels(cells)
    if not labels and not cells.textless.any():
        return []
    sums = _AddedUp(cells, labels)
    alike: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, (name, _) in labels.items():
        alike[name, cells.frame[name][row]].append(row)
    found: list[Total | None] = []
    for (name, text), rows in alike.items():
        others = [one for one in cells.named if one != name and cells.filled[one] >= _FILLED]
        label = _Label(name, text, labels[rows[0]][1], others, rows)
        found += [_judged(cells, sums, row, label) for row in rows]
    found += _unlabelled(cells, sums, labels)
    return sorted((total for total in found if total is not None), key=lambda total: total.row)


@dataclass(frozen=True, slots=True)
class _Label:
    """A text that announces a summary.

    Attributes:
        column, text: Where it stands.
        kind: "total" or "mean".
        others: The other columns that hold words or dates, and are filled as a rule.
        rows: The rows that hold it.
    """

    column: str
    text: str
    kind: str
    others: list[str]
    rows: list[int]

    def is_level(self, cells: Cells) -> bool:
        """Whether it is a value like others: it stands in rows whose other cells are full."""
        for row in self.rows[:_LOOKED_AT]:
            if not any(cells.is_blank(other, row) for other in self.others):
                return True
        return False


def _labels(cells: Cells) -> dict[int, tuple[str, str]]:
    """Row -> the column whose cell announces a summary, and of what kind; in the order of rows."""
    labels: dict[int, tuple[str, str]] = {}
    for name in cells.texts:
        text = cells.frame[name]
        likely = text.str.contains_any(_HINTS, ascii_case_insensitive=True).fill_null(False)
        if not likely.any():
            continue
        hits = text.filter(likely).unique().to_list()
        if len(hits) > _MOST_CANDIDATES:
            continue
        kinds = {hit: label_of(hit) for hit in hits}
        words = [hit for hit, kind in kinds.items() if kind]
        rows = text.is_in(words).fill_null(False).arg_true()
        if len(rows) > min(_MOST_CANDIDATES, len(text) / 2):  # a word of many rows is a level
            continue
        for row, hit in zip(rows, text[rows], strict=True):
            labels.setdefault(row, (name, kinds[hit]))
    return dict(sorted(labels.items()))


class _AddedUp:
    """The numbers of the rows that are no totals, added up."""

    def __init__(self, cells: Cells, labels: dict[int, tuple[str, str]]) -> None:
        self.numbers = cells.numbers()
        ordinary = np.ones(len(cells.frame), bool)
        ordinary[list(labels)] = False
        self.ordinary = ordinary
        self.above = np.concatenate([[0], np.cumsum(ordinary)])  # ordinary rows before each row
        starts = np.array(sorted(labels), dtype=int)
        self.starts = starts
        self.cumulated = {}
        for name, values in self.numbers.items():
            known = np.where(ordinary, np.nan_to_num(values), 0.0)
            self.cumulated[name] = np.concatenate([[0.0], np.cumsum(known)])

    def explained(self, row: int, means: bool, least: int) -> tuple[int, int]:
        """How many numbers a row holds, and how many of them add up rows above, or all rows, and at
        least so many of them."""
        before = int(np.searchsorted(self.starts, row))
        begin = int(self.starts[before - 1]) if before else 0
        last = len(self.above) - 1
        spans = {(begin, row), (0, row), (0, last), (row, last)}
        present = explained = 0
        for name, values in self.numbers.items():
            value = values[row]
            if not np.isfinite(value):
                continue
            present += 1
            added = self.cumulated[name]
            own = value if self.ordinary[row] else 0.0
            for first, end in spans:
                inside = first <= row < end
                count = int(self.above[end] - self.above[first]) - (inside and self.ordinary[row])
                sum_ = added[end] - added[first] - (own if inside else 0.0)
                wanted = sum_ / count if means and count else sum_
                if count >= least and value != 0 and _equal(value, wanted, count):
                    explained += 1
                    break
        return present, explained


def _equal(value: float, wanted: float, count: int) -> bool:
    return abs(value - wanted) <= 0.011 + 1e-9 * count * abs(wanted)


def _judged(cells: Cells, sums: _AddedUp, row: int, label: _Label) -> Total | None:
    name, others = label.column, label.others
    pure = _says_nothing_else(label.text)
    blank = sum(cells.is_blank(other, row) for other in others)
    present, explained = sums.explained(row, label.kind == "mean", 2 if pure else 5)
    proven = explained >= 1 and 2 * explained >= present
    mostly_blank = 2 * blank >= len(others)
    rare = len(label.rows) <= max(2, _RARE * len(cells.frame))
    if cells.is_alien(name, row):  # a word among dates or numbers
        return Total(row, name, mostly_blank or proven)
    if proven and mostly_blank:
        return Total(row, name, True)
    if explained and explained == present and blank == 0:
        return Total(row, name, rare and present >= min(2, len(sums.numbers)))
    if others and blank == len(others):
        of_others = pure or explained or not present or _says_of_what(cells, label.text)
        return Total(row, name, bool(of_others) and not label.is_level(cells))
    return Total(row, name, False) if rare and mostly_blank and pure else None


def _unlabelled(
    cells: Cells, sums: _AddedUp, labels: dict[int, tuple[str, str]]
) -> Iterator[Total]:
    """Rows of numbers alone, every one of which adds up the rows above or all rows."""
    rows = np.flatnonzero(cells.textless)
    if len(rows) > max(3, _RARE * len(cells.frame)):
        return
    for row in rows.tolist():
        present, explained = sums.explained(row, False, 5)
        if row not in labels and row >= 5 and explained == present > 0:
            yield Total(row, "", True)
