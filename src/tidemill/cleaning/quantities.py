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
        margin: How far above the highest a value must lie to be impossible without doubt.
    """

    what: str
    names: tuple[str, ...]
    low: float | None = 0.0
    high: float | None = None
    zero: bool = True
    unless: tuple[str, ...] = ()
    verdict: str = "cannot be"
    margin: float = 0.0


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
            "血压",
        ),
        zero=False,
    ),
    Quantity("a heart rate", ("heart rate", "pulse", "bpm", "心率"), zero=False),
    Quantity(
        "a body measure",
        ("height", "weight", "bmi", "body mass index", "skin thickness", "身高", "体重"),
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
        ("age", "年龄"),
        high=120,
        margin=30.0,
        unless=("days", "months", "weeks", "hours", "account", "page"),
    ),
    Quantity("a price", ("price", "unit price", "价格", "单价"), zero=False, verdict="seldom is"),
    Quantity("a wage or a rent", ("salary", "wage", "rent", "工资"), verdict="seldom is"),
    Quantity(
        "a quantity",
        ("quantity", "qty", "数量"),
        verdict="cannot be, unless it marks something taken back",
    ),
    Quantity("a count", ("count", "number of", "num")),
    Quantity("a duration", ("duration", "tenure", "elapsed")),
    Quantity("a size", ("distance", "width", "length", "area", "mileage", "面积")),
    Quantity("a percentage", ("percent", "percentage", "pct", "百分比"), high=100, margin=5),
    Quantity("a probability", ("probability", "prob", "概率"), high=1, margin=0.05),
    Quantity("a latitude", ("latitude", "lat", "纬度"), low=-90, high=90),
    Quantity("a longitude", ("longitude", "lon", "lng", "经度"), low=-180, high=180),
    Quantity(
        "a month of the year",
        ("month",),
        low=1,
        high=12,
        unless=("months", "per", "monthly", "since"),
    ),
    Quantity("an hour of the day", ("hour",), high=24, unless=("hours", "per", "since")),
    Quantity(
        "a calendar year",
        ("year", "birth year"),
        low=1800,
        high=2100,
        unless=("years", "per", "since", "of"),
    ),
    Quantity("a pH", ("ph",), high=14),
)
