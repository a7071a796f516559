"""Small stored models of every family and sort of data, quickly learned, to be damaged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import tidemill as tm
from tests.conformance.quick import quick
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import Column, Rule, Schema
from tidemill.imaging.pixels import images

SMALL: Mapping[str, Any] = {"steps": 4, "eval_every": 4, "batch": 32, "width": 16, "depth": 1}
TABLES = ("trees", "independent", "flow", "vae", "gan", "autoregressive", "latent")
TEXTS = ("ngram", "autoregressive")
SEQUENCES = ("flow", "vae", "gan", "autoregressive", "latent")


def mixed(rows: int = 240) -> pl.DataFrame:
    """Every kind of column and of rule that a codec knows."""
    rng = np.random.default_rng(2)
    item, quantity = rng.integers(0, 12, rows), rng.choice([1, 2, 3, 5], rows)
    cents = rng.integers(100, 900, 12)[item]
    day = rng.integers(0, 700, rows)
    plan = rng.choice(["solo", "team", "corporate"], rows, p=[0.5, 0.3, 0.2])
    skipped = plan == "solo"
    town = rng.choice(["Ulm", "Kiel", "Jena"], rows)
    ends = rng.integers(9, 70, rows)
    zips = {"Ulm": "890", "Kiel": "241", "Jena": "077"}
    return pl.DataFrame(
        {
            "order": [f"A-{n:05d}" for n in rng.permutation(rows)],
            "card": rng.permutation(10**6)[:rows] * 7 + 10**8,
            "zip": [f"{zips[one]}{n:02d}" for one, n in zip(town, ends, strict=True)],
            "town": town,
            "item": [f"item {one}" for one in item],
            "quantity": quantity,
            "price": cents / 100,
            "amount": quantity * cents / 100,
            "low": np.round(rng.normal(50, 9, rows), 1),
            "weight": pl.Series(rng.normal(size=rows) / 3).scatter([3, 9, 40], None),
            "day": [date(2023, 1, 1) + timedelta(days=int(d)) for d in day],
            "due": [date(2023, 1, 31) + timedelta(days=int(d)) for d in day],
            "first": [date(2020 + m // 12, m % 12 + 1, 1) for m in rng.integers(0, 36, rows)],
            "seen": [
                datetime(2024, 1, 1) + timedelta(minutes=15 * int(m))
                for m in rng.integers(0, 9_000, rows)
            ],
            "plan": plan,
            "team": pl.Series(
                np.where(skipped, None, rng.choice(["a", "b"], rows)), dtype=pl.String
            ),
            "active": pl.Series(rng.random(rows) < 0.5).scatter([5, 6, 7, 8, 9], None),
            "note": [" ".join(rng.choice(["late", "paid", "ok", "again"], 4)) for _ in range(rows)],
            "churn": np.where(rng.random(rows) < 0.3, "yes", "no"),
        }
    ).with_columns(high=pl.col("low") + pl.Series(rng.gamma(2, 2, rows).round(1)))


RULES = (
    Rule("a decides b", ("item", "price")),
    Rule("a*b=c", ("quantity", "price", "amount")),
    Rule("a<=b", ("low", "high")),
    Rule("b=k*a+m", ("day", "due"), offset="30 days"),
    Rule("b only if a", ("plan", "team")),
    Rule("allowed combinations", ("plan", "active")),
    Rule("range", ("low",), low=0, high=90),
)
KINDS: Mapping[str, Any] = {"order": "id", "card": "id", "zip": "id", "note": "text"}


def table() -> Dataset:
    """The rows of :func:`mixed`, cleaned, with their kinds and rules."""
    data = tm.clean(tm.read(mixed(), target="churn"), checks=["missing", "variants"]).data
    columns = [replace(c, kind=KINDS.get(c.name, c.kind)) for c in data.schema]
    return replace(data, schema=replace(data.schema, columns=tuple(columns), rules=RULES))


def framed() -> Dataset:
    """The rows of :func:`mixed` as pandas holds them, with an index and categories."""
    frame = mixed().to_pandas().astype({"plan": "category", "quantity": "Int16"})
    return tm.read(frame.set_index("order"), target="churn")


def series(shares: int = 40) -> Dataset:
    """Shares of two sectors on some days, 3 to 7 of them."""
    rng = np.random.default_rng(4)
    rows = []
    for k in range(shares):
        day = date(2024, 1, 1) + timedelta(days=int(rng.integers(60)))
        for _ in range(int(rng.integers(3, 8))):
            close = None if rng.random() < 0.1 else round(float(rng.normal(50, 9)), 2)
            rows.append((f"AB{k:03d}", day, ["bank", "tech"][k % 2], close, int(rng.integers(9))))
            day += timedelta(days=int(rng.integers(1, 4)))
    names = ["ticker", "date", "sector", "close", "calls"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return tm.read(frame, entity="ticker", time="date")


def pictures(count: int = 60) -> Dataset:
    """Grey images of 6 x 6 pixels with a label."""
    rng = np.random.default_rng(6)
    label = rng.integers(0, 2, count)
    bright = np.where(label[:, None, None] == 1, 180, 40) + rng.integers(0, 40, (count, 6, 6))
    columns = [images("image", bright.astype(np.uint8)), pl.Series("label", label.astype(str))]
    schema = Schema((Column("image", "image"), Column("label", "category", "target")))
    return Dataset(pl.DataFrame(columns), schema)


SAID: Mapping[str, str] = {
    "card": "my card has not arrived yet and i need it",
    "cash": "the machine kept my money and gave no cash",
    "rate": "what is the exchange rate for dollars today",
    "login": "i forgot my password and cannot log in",
}


def texts(rows: int = 400) -> Dataset:
    """Short questions in an order that can be learned, by topic."""
    rng = np.random.default_rng(3)
    topic = rng.choice(list(SAID), rows)
    begins, ends = (
        ["hello", "please help", "excuse me"],
        ["thank you", "today", "as soon as you can"],
    )
    asked = [
        f"{rng.choice(begins)}, {SAID[one] if rng.random() < 0.6 else _shuffled(SAID[one], rng)}. "
        f"{rng.choice(ends)}"
        for one in topic
    ]
    stars = rng.integers(1, 6, rows)
    return tm.read(pl.DataFrame({"text": asked, "topic": topic, "stars": stars}), target="topic")


def _shuffled(text: str, rng: np.random.Generator) -> str:
    return " ".join(rng.permutation(text.split())[:6])


def begun(rows: int = 12) -> pl.DataFrame:
    """Rows of :func:`texts` with holes, to be filled in and judged."""
    frame = texts(rows).frame
    gone = {"text": np.arange(rows) % 2 == 0, "topic": np.arange(rows) % 3 == 0}
    return frame.with_columns(
        pl.when(pl.Series(there)).then(None).otherwise(pl.col(name)).alias(name)
        for name, there in gone.items()
    )


def holed(rows: int = 12) -> pl.DataFrame:
    """Rows of :func:`mixed` with holes, to be filled in and judged."""
    frame = mixed().head(rows)
    at = np.arange(rows)
    gone = {"item": at % 3 == 0, "low": at % 2 == 0, "due": at % 4 == 1, "plan": at % 5 == 2}
    return frame.with_columns(
        pl.when(pl.Series(there)).then(None).otherwise(pl.col(name)).alias(name)
        for name, there in gone.items()
    )


def stored(folder: Path, wanted: Collection[str] | None = None) -> dict[str, Path]:
    """Name -> a stored model: of each family and modality, or of those that are wanted."""
    sets: tuple[tuple[str, Callable[[], Dataset], Sequence[str]], ...] = (
        ("table", table, TABLES),
        ("pandas", framed, ("independent",)),
        ("series", series, SEQUENCES),
        ("images", pictures, ("independent", *SEQUENCES)),
        ("texts", texts, TEXTS),
    )
    found = {}
    for modality, made, models in sets:
        names = [name for name in models if wanted is None or f"{modality}-{name}" in wanted]
        data = made() if names else None
        for name in names:
            options = small(name)
            model = tm.fit(data, model=name, options=options, run=Run(1))
            found[f"{modality}-{name}"] = model.save(folder / f"{modality}-{name}.tidemill")
    return found


def small(name: str) -> dict[str, Any]:
    """Options with which a model learns in a moment."""
    options = quick(name, **SMALL, latent=4, parts=4, noise=4, embedding=4, state=8, blocks=1)
    if name == "latent":
        options["vae_options"] = "latent=4,parts=4"
    return options
