"""What names of columns say about the bounds of their numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a column's name says its numbers are, and the bounds that such a quantity keeps.

    Attributes:
        what: The quantity with its article, for the sentence.
        names: Phrases in a column's name that mean it.
        low, high: Bounds; None for none.
        zero: Whether zero itself can be.
        unless: Words in the name that mean something else.
        verdict: What is wrong with values beyond.
        above, below: How far above the highest, or below the lowest, a value must lie to be
            impossible without doubt. Where there is such a margin, other things may be meant (the
            age of a house), so what lies beyond must also lie apart from all other values.
    """

    what: str
    names: tuple[str, ...]
    low: float | None = 0.0
    high: float | None = None
    zero: bool = True
    unless: tuple[str, ...] = ()
    verdict: str = "cannot be"
    above: float = 0.0
    below: float = 0.0


# words in a name that make something else of any quantity
ELSE = (
    "change",
    "diff",
    "difference",
    "delta",
    "growth",
    "return",
    "score",
    "std",
    "scaled",
    "norm",
    "log",
    "group",
    "id",
    "code",
    "class",
    "category",
    "index",
    "rank",
)
QUANTITIES = (
    Quantity(
        "a blood pressure",
        (
            "blood pressure",
            "bp",
            "sbp",
            "dbp",
            "meanbp",
            "sysbp",
            "diabp",
            "trestbps",
            "systolic",
            "diastolic",
            "blutdruck",
            "tensión arterial",
            "血压",
            "收缩压",
            "舒张压",
        ),
        zero=False,
    ),
    Quantity(
        "a heart rate",
        ("heart rate", "pulse", "bpm", "puls", "herzfrequenz", "pouls", "心率", "脉搏"),
        zero=False,
    ),
    Quantity(
        "a body measure",
        (
            *("height", "weight", "bmi", "body mass index", "skin thickness"),
            *("körpergröße", "gewicht", "poids", "peso", "altura", "вес", "рост", "身高", "体重"),
        ),
        zero=False,
    ),
    Quantity(
        "a laboratory value",
        (
            "glucose",
            "cholesterol",
            "chol",
            "insulin",
            "hemoglobin",
            "haemoglobin",
            "creatinine",
            "albumin",
        ),
        zero=False,
    ),
    Quantity(
        "an age in years",
        (
            *("age", "alter", "lebensalter", "âge", "edad", "età", "idade", "leeftijd", "возраст"),
            *("wiek", "ålder", "年龄", "年齢", "나이", "연령"),
        ),
        high=120,
        above=30.0,
        unless=("days", "months", "weeks", "hours", "account", "page", "monate", "meses", "mois"),
    ),
    Quantity(
        "a price",
        (
            *("price", "unit price", "preis", "einzelpreis", "stückpreis", "prix", "precio"),
            *("prezzo", "preço", "prijs", "цена", "价格", "单价", "価格", "단가"),
        ),
        zero=False,
        verdict="seldom is",
    ),
    Quantity(
        "a wage or a rent",
        (
            *("salary", "wage", "rent", "gehalt", "lohn", "miete", "salaire", "loyer", "salario"),
            *("sueldo", "stipendio", "salário", "зарплата", "оклад", "工资", "薪资", "租金"),
        ),
        verdict="seldom is",
    ),
    Quantity(
        "a quantity",
        (
            *("quantity", "qty", "menge", "stückzahl", "anzahl", "quantité", "qté", "cantidad"),
            *("quantità", "quantidade", "aantal", "количество", "ilość", "数量", "수량"),
        ),
        verdict="cannot be, unless it marks something taken back",
    ),
    Quantity("a count", ("count", "number of", "num")),
    Quantity("a duration", ("duration", "tenure", "elapsed", "dauer", "durée", "duración", "时长")),
    Quantity(
        "a size",
        (
            *("distance", "width", "length", "area", "mileage", "fläche", "wohnfläche"),
            *("entfernung", "kilometerstand", "superficie", "面积", "距离", "里程"),
        ),
    ),
    Quantity(
        "a percentage",
        (
            *("percent", "percentage", "pct", "prozent", "pourcentage", "porcentaje"),
            *("percentuale", "porcentagem", "百分比"),
        ),
        high=100,
        above=5,
    ),
    Quantity("a probability", ("probability", "prob", "概率"), high=1, above=0.05),
    Quantity("a latitude", ("latitude", "lat", "breitengrad", "latitud", "纬度"), low=-90, high=90),
    Quantity(
        "a longitude",
        ("longitude", "lon", "lng", "längengrad", "longitud", "经度"),
        low=-180,
        high=180,
    ),
    Quantity(
        "a month of the year",
        ("month", "monat", "mois", "mes", "mese", "mês", "月份"),
        low=1,
        high=12,
        unless=("months", "per", "pro", "par", "por", "monthly", "since"),
    ),
    Quantity(
        "an hour of the day", ("hour", "stunde"), high=24, unless=("hours", "per", "pro", "since")
    ),
    Quantity(
        "a calendar year",
        ("year", "birth year", "jahr", "baujahr", "geburtsjahr", "année", "año", "anno", "年份"),
        low=1000,
        high=2200,
        unless=("years", "per", "pro", "par", "por", "since", "of"),
        above=1,
        below=1,
    ),
    Quantity("a pH", ("ph",), high=14),
)
