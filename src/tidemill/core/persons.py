"""Whose each row is: a floor counts persons, not rows, so that nothing is kept of a value that only
a few of them share, however many rows they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeVar

import numpy as np
import polars as pl

from tidemill.core.column_words import says, words_of
from tidemill.core.dataset import Dataset
from tidemill.core.extremes import around, outward
from tidemill.core.run import Run
from tidemill.core.schema import MEDIA, NAMES, Column
from tidemill.core.split import entity_numbers
from tidemill.core.words import plural

FEWEST_PERSONS = 5
"""What fewer persons share is not kept: no value, level, word, form or bound. A row of nobody that
is known is a person of its own."""
FEWEST_FOUND = 20
"""Different values of a column that is taken for that of persons at least."""
MOST_FOUND = 2_000
"""Values of such a column by which it is told what does not change beside it."""
REPEATS = 1.2
"""Rows of each value that it has on average at least, where its name does not say persons."""

Sort = Literal["person", "anything", "visit", "thing"]
T = TypeVar("T")

_PERSONS = frozenset(
    """
    customer cust customerid custid client clientid patient pat patientid user userid uid username
    login member memberid account acct accountid accountno card cardno cardholder person personid
    pid subject subjectid employee emp employeeid employeeno empid staff worker student studentid
    pupil subscriber passenger guest buyer shopper donor participant respondent applicant borrower
    policyholder insured citizen resident tenant household owner holder driver author reviewer
    viewer listener reader player voter learner mrn
    msisdn imsi ssn iban kunde kunden kundennummer kundennr kundenid konto kontonummer nutzer
    benutzer mitglied mitarbeiter versicherter cliente usuario paciente cuenta socio empleado
    utilisateur abonné compte salarié utente conto paziente dipendente klant patiënt gebruiker
    клиент пациент пользователь сотрудник
    """.split()  # noqa: SIM905
)
_PERSONS_UNSPACED = (
    *("客户", "用户", "会员", "患者", "病人", "账户", "账号", "帐号", "卡号", "员工", "学生"),
    *("学号", "工号", "顾客", "顧客", "会員", "고객", "회원", "환자", "사용자"),
)
_VISITS = frozenset(
    """
    order orderid orderno invoice invoiceid invoiceno visit visitid transaction txn trans booking
    reservation ticket receipt basket cart session claim encounter admission hadm stay case call
    trip ride shipment delivery payment purchase bestellung rechnung auftrag besuch buchung beleg
    pedido factura commande facture
    """.split()  # noqa: SIM905
)
_VISITS_UNSPACED = ("订单", "发票", "交易", "注文", "주문")
_THINGS = frozenset(
    """
    product productid prod item itemid sku stock stockcode store storeid shop station article
    artikel part material asset machine sensor vehicle ticker symbol isbn asin ean upc barcode gtin
    branch warehouse region country city county state zip postcode plz category class department
    dept campaign supplier vendor merchant company firm brand model route line flight airport hotel
    room movie film song track album book course lesson school team league match game event venue
    location site cell node gene species batch lot tariff plan project version currency group
    parent type status reason code artículo produit produkt
    """.split()  # noqa: SIM905
)
_THINGS_UNSPACED = ("商品", "产品", "門店", "门店", "店", "站", "型号", "품목", "상품")
_NUMBERS = frozenset("id ids key no nr num number code uuid guid nummer numero número".split())  # noqa: SIM905


def persons_of(data: Dataset, run: Run | None = None) -> np.ndarray | None:
    """(rows,) the number of the person that each row is of: of its entity, where a column has that
    role, or else of a column that is found to tell persons apart. None where each row is a person
    of its own.

    Args:
        data: The rows.
        run: Is told of a column that was found, and where there are too few entities to count.
    """
    declared = entity_numbers(data)
    if declared is not None:
        count = int(declared.max(initial=-1)) + 1
        if count >= FEWEST_PERSONS:
            return declared
        if run is not None:
            run.warn(
                f"There are {plural(count, 'entity', 'entities')} only, so what the model keeps is "
                f"what {FEWEST_PERSONS} rows share, of however few of them.",
                "learn",
            )
        return None
    name = person_column(data)
    if name is None:
        return None
    if run is not None:
        run.emit(
            "note",
            "learn",
            f"Rows of one '{name}' count as one person: what fewer than {FEWEST_PERSONS} of them "
            "share is not kept.",
        )
    return entity_numbers(data, [name])


def person_column(data: Dataset) -> str | None:
    """The column that tells persons apart by its name and its values, where none has the role of an
    entity; None where there is none.

    Of several whose names say the same, such as those of patients and of doctors, it is the one
    beside whose values most other columns never change: these are what it would give away.
    """
    ranks: dict[Sort, int] = {"person": 0, "anything": 1, "visit": 2}
    found: dict[int, dict[str, int]] = {}
    for column in data.schema:
        sort = _sort_of(column)
        if sort not in ranks:
            continue
        known = data[column.name].drop_nulls()
        different = known.n_unique()
        least = 1.0 if sort == "person" and column.kind == "id" else REPEATS
        if different < FEWEST_FOUND or len(known) <= least * different:
            continue
        if column.personal == NAMES and not _are_whole(known):
            continue
        found.setdefault(ranks[sort], {})[column.name] = different
    if not found:
        return None
    alike = found[min(found)]
    if len(alike) == 1:
        return next(iter(alike))
    return max(alike, key=lambda name: (_decided(data, name), alike[name]))


def tells_persons(column: Column) -> bool:
    """Whether the values of a column are persons, by its name and kind.

    Example:
        >>> [tells_persons(Column(name, "id")) for name in ("patient_id", "ticker")]
        [True, False]
    """
    return bool(column.personal) or _sort_of(column) == "person"


def _decided(data: Dataset, name: str) -> int:
    """How many other columns never change beside a value of this one; of many values the first
    MOST_FOUND tell it."""
    few = data[name].drop_nulls().unique(maintain_order=True).head(MOST_FOUND)
    frame = data.frame.filter(data[name].is_in(few.implode()))
    decided = 0
    for column in data.schema:
        if column.name == name or column.kind in ("text", *MEDIA) or column.role == "ignore":
            continue
        pairs = pl.DataFrame({"key": frame[name], "value": frame[column.name]}).drop_nulls()
        keys, values = pairs["key"].n_unique(), pairs["value"].n_unique()
        decided += values > 1 and keys < pairs.height and pairs.n_unique() == keys
    return decided


def _sort_of(column: Column) -> Sort:
    """What a column tells apart, by its name and kind."""
    if column.role in ("target", "time") or column.kind in ("datetime", "boolean", *MEDIA):
        return "thing"
    if column.personal:
        return "person" if column.kind == "id" or column.kept else "thing"
    words = set(words_of(column.name))
    if words & _VISITS or any(says(column.name, one) for one in _VISITS_UNSPACED):
        return "visit" if column.kind == "id" else "thing"
    if words & _PERSONS or any(says(column.name, one) for one in _PERSONS_UNSPACED):
        # "account balance" counts money, "account no" accounts
        numbered = words <= _PERSONS | _NUMBERS or bool(words & _NUMBERS)
        is_id = numbered or any(says(column.name, one) for one in _PERSONS_UNSPACED)
        return (
            "person" if column.kind == "id" or (is_id and column.step in (None, "1")) else "thing"
        )
    if words & _THINGS or any(says(column.name, one) for one in _THINGS_UNSPACED):
        return "thing"
    return "anything" if column.kind == "id" else "thing"


def _are_whole(names: pl.Series) -> bool:
    """Whether names are of a given and a family name, as one alone is that of many."""
    whole = names.cast(pl.String).str.contains(r"\s|^[\u{2e80}-\u{ffff}]{2,}$")
    return 2 * int(whole.sum()) > len(names)


def sharing(place: np.ndarray, size: int, persons: np.ndarray | None) -> np.ndarray:
    """(size,) how many persons have rows at each place.

    Args:
        place: (n,) from 0 on, below ``size``.
        size: How many places there are.
        persons: (n,) whose each row is; None where each is a person of its own.

    Example:
        >>> sharing(np.array([0, 0, 1]), 2, np.array([7, 7, 8])).tolist()
        [1, 1]
    """
    if persons is None or not len(place):
        return np.bincount(place, minlength=size)
    apart = int(persons.max()) + 1
    pairs = np.unique(place.astype(np.int64) * apart + persons)
    return np.bincount(pairs // apart, minlength=size)


def level_counts(values: pl.Series, persons: np.ndarray | None) -> pl.DataFrame:
    """Levels of a column: "level" (as text), "count" (rows) and "persons", the most frequent first;
    those that may be kept or shown are of FEWEST_PERSONS persons or more. Where persons are given,
    "person" is one that has the level."""
    texts = values.cast(pl.String).rename("level")
    if persons is None:
        counted = texts.drop_nulls().value_counts().with_columns(persons=pl.col("count"))
    else:
        frame = pl.DataFrame({"level": texts, "person": persons}).drop_nulls("level")
        counted = frame.group_by("level", maintain_order=True).agg(
            count=pl.len(), persons=pl.col("person").n_unique(), person=pl.col("person").first()
        )
    return counted.sort(["count", "level"], descending=[True, False])


def shared_items(of_rows: Iterable[Iterable[T]], persons: Sequence[int] | None) -> set[T]:
    """The things that rows of FEWEST_PERSONS persons or more have.

    Args:
        of_rows: For each row its things.
        persons: Whose each row is; None where each is a person of its own.
    """
    seen: dict[T, set[int]] = {}
    for row, things in enumerate(of_rows):
        person = row if persons is None else persons[row]
        for one in things:
            own = seen.setdefault(one, set())
            if len(own) < FEWEST_PERSONS:
                own.add(person)
    return {one for one, own in seen.items() if len(own) >= FEWEST_PERSONS}


def ends_of(numbers: np.ndarray, persons: np.ndarray | None) -> tuple[int, int]:
    """The smallest and the largest of (n,) whole numbers where FEWEST_PERSONS share them, else
    rounded outward."""
    ends = int(numbers.min()), int(numbers.max())
    if is_of_enough(np.ones(len(numbers), bool), persons):
        rounded = outward(*ends)
    else:
        rounded = around(*ends)
    low, high = (
        end if is_of_enough(numbers == end, persons) else other
        for end, other in zip(ends, rounded, strict=True)
    )
    return low, high


def is_of_enough(chosen: np.ndarray, persons: np.ndarray | None) -> bool:
    """Whether the rows under a mask are of FEWEST_PERSONS persons or more."""
    if persons is None:
        return int(np.count_nonzero(chosen)) >= FEWEST_PERSONS
    return len(np.unique(persons[chosen])) >= FEWEST_PERSONS


def surely_enough(persons: np.ndarray | None) -> int:
    """Of how many rows it is sure, whichever they are, that FEWEST_PERSONS have them: one more than
    the rows of those FEWEST_PERSONS - 1 that have most.

    Example:
        >>> surely_enough(None), surely_enough(np.repeat(np.arange(20), 3))
        (5, 13)
    """
    if persons is None or not len(persons):
        return FEWEST_PERSONS
    rows = np.sort(np.bincount(persons))
    return int(rows[-(FEWEST_PERSONS - 1) :].sum()) + 1


def rows_a_person(persons: np.ndarray | None) -> float:
    """How many rows a person has on average."""
    if persons is None or not len(persons):
        return 1.0
    return len(persons) / len(np.unique(persons))
