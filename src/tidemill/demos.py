"""Real tables that dependencies carry, made readable; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from tidemill.core.errors import MissingExtra, OptionError


@dataclass(frozen=True, slots=True)
class Demo:
    """A table, one line on it, its target, and where it comes from."""

    line: str
    target: str
    source: str
    load: Callable[[], pl.DataFrame]


def load(name: str) -> tuple[pl.DataFrame, str]:
    """A demo's table and its target.

    Raises:
        OptionError: There is no such demo.
        MissingExtra: The package that carries it is not installed.
    """
    if name not in DEMOS:
        raise OptionError(
            f"there is no demo called '{name}'", hint=f"choose one of {', '.join(DEMOS)}"
        )
    return DEMOS[name].load(), DEMOS[name].target


def _health_insurance() -> pl.DataFrame:
    frame = _carried("statsmodels", "datasets/randhie/randhie.csv")
    health = (
        pl.when(pl.col("hlthg") == 1)
        .then(pl.lit("good"))
        .when(pl.col("hlthf") == 1)
        .then(pl.lit("fair"))
        .when(pl.col("hlthp") == 1)
        .then(pl.lit("poor"))
        .otherwise(pl.lit("excellent"))
    )
    # a person's years follow each other with the same answers; only the first is kept, so that a
    # split has nobody twice
    first = frame.drop("mdvis").select(
        pl.any_horizontal(pl.all() != pl.all().shift()).fill_null(True)
    )
    # the file holds logarithms of amounts plus one; the amounts themselves are what a reader knows
    return frame.filter(first.to_series()).select(
        pl.col("mdvis").alias("doctor_visits"),
        (pl.col("lncoins").exp() - 1).round(0).cast(pl.Int64).alias("coinsurance_percent"),
        pl.when(pl.col("idp") == 1)
        .then(pl.lit("yes"))
        .otherwise(pl.lit("no"))
        .alias("individual_deductible"),
        pl.col("lpi").exp().round(0).cast(pl.Int64).alias("participation_incentive_usd"),
        pl.col("fmde").exp().round(0).cast(pl.Int64).alias("deductible_limit_usd"),
        pl.col("physlm").round(2).alias("physical_limitation"),
        pl.col("disea").round(1).alias("chronic_diseases"),
        health.alias("self_rated_health"),
    )


def _reader_survey() -> pl.DataFrame:
    frame = _carried("statsmodels", "datasets/fair/fair.csv")
    return frame.with_columns(
        pl.when(pl.col("affairs") > 0).then(pl.lit("yes")).otherwise(pl.lit("no")).alias("affair")
    ).drop("affairs")


def _tips() -> pl.DataFrame:
    return _carried("plotly", "package_data/datasets/tips.csv.gz")


def _breast_cancer() -> pl.DataFrame:
    frame = _carried("sklearn", "datasets/data/breast_cancer.csv", has_header=False, skip_rows=1)
    from sklearn.datasets import load_breast_cancer

    names = [name.replace(" ", "_") for name in load_breast_cancer().feature_names]
    diagnosis = (
        pl.when(pl.col("diagnosis") == 0).then(pl.lit("malignant")).otherwise(pl.lit("benign"))
    )
    return frame.rename(dict(zip(frame.columns, [*names, "diagnosis"], strict=True))).with_columns(
        diagnosis.alias("diagnosis")
    )


def _carried(
    package: str, path: str, *, has_header: bool = True, skip_rows: int = 0
) -> pl.DataFrame:
    """A CSV file inside an installed package; the package itself is not imported."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise MissingExtra(
            f"this demo's data come with the package '{package}'",
            hint="pip install 'tidemill[demo]'",
        )
    return pl.read_csv(
        Path(spec.origin).parent / path,
        has_header=has_header,
        skip_rows=skip_rows,
        infer_schema_length=None,
    )


DEMOS: Mapping[str, Demo] = {
    "reader-survey": Demo(
        "what 6,366 readers told a magazine about their lives and marriages (Redbook, USA 1974)",
        "affair",
        "statsmodels, fair (public domain)",
        _reader_survey,
    ),
    "health-insurance": Demo(
        "how often 5,294 people saw a doctor in a year, and what their insurance paid (RAND, USA "
        "1974-82)",
        "doctor_visits",
        "statsmodels, randhie (public domain)",
        _health_insurance,
    ),
    "tips": Demo("244 restaurant bills and what guests tipped", "tip", "plotly, tips", _tips),
    "breast-cancer": Demo(
        "569 tumours measured under a microscope, malignant or benign",
        "diagnosis",
        "scikit-learn, breast cancer Wisconsin",
        _breast_cancer,
    ),
}
