"""Tables in which one row is one item of a basket."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.schema import MEDIA, Column
from tidemill.mining.itemsets import Bits, pack

FEWEST_BASKETS = 50
FEWEST_ITEMS = 10
MOST_BASKETS = 200_000
HELD_SHARE = 0.3
FEWEST_ITEMS_OF_A_SHOP = 4
_IDS = {"id", "no", "nr", "number", "key"}
_GROUPS = {"session", "customer", "user", "household", "visit", "client", "member", "playlist"}
_SHOPS = {
    *("order", "invoice", "basket", "transaction", "receipt", "ticket", "cart", "bill", "purchase"),
    *("checkout", "bestellung", "rechnung", "bon", "warenkorb", "beleg", "commande", "facture"),
    *("panier", "pedido", "factura", "compra", "recibo", "carrito", "ordine", "fattura"),
    *("scontrino", "заказ", "заказа", "чек", "чека", "покупка"),
}
_SHOPS_IN_ASIA = (
    "订单",
    "订单号",
    "单号",
    "发票",
    "交易",
    "小票",
    "購物",
    "購入",
    "注文",
    "伝票",
    "주문",
)
_MEASURES = {
    *(
        "of",
        "count",
        "n",
        "num",
        "total",
        "sum",
        "amount",
        "value",
        "price",
        "rate",
        "ratio",
        "share",
    ),
    *("age", "avg", "mean", "average", "days", "since", "per", "date", "time", "score", "spend"),
}
"""Words beside which 'order' or 'visit' is what is counted: 'number of visits', 'order value'."""


@dataclass(frozen=True)
class Baskets:
    """Items of baskets as bit sets.

    Attributes:
        basket, item: The two columns.
        names: The frequent items as text, the most frequent first.
        values: The same as they stand in the column.
        train, holdout: Baskets that hold each item, (items, words).
        train_rows, holdout_rows: Baskets of each set.
        split_again: Whether baskets had been cut by the caller's split, and were split anew.
        sampled: Baskets in all, where not all are used; else 0.
        bought: Whether the basket's name speaks of a shop.
    """

    basket: str
    item: str
    names: tuple[str, ...]
    values: tuple[object, ...]
    train: Bits
    holdout: Bits
    train_rows: int
    holdout_rows: int
    split_again: bool
    sampled: int
    bought: bool


def find_baskets(train: Dataset, holdout: Dataset) -> tuple[str, str] | None:
    """The basket column and the item column of a table in long form, or None where it is an
    ordinary table.

    A basket column is a key, an entity, an id, or a whole number or category named like one, whose
    values repeat. An item column is a category (or text or id whose values repeat) of names, or of
    codes in a shop, that varies within baskets and seldom repeats there. Of several basket columns
    the finest is taken; of several item columns one with many levels and legible names.
    """
    frame = pl.concat([train.frame, holdout.frame], how="vertical_relaxed")
    keys = [column for column in train.schema if _may_be_basket(column, frame[column.name])]
    for key in sorted(keys, key=lambda column: -frame[column.name].n_unique()):
        levels: dict[str, int] = {}
        shop = _names_a_shop(key.name)
        for item in train.schema:
            if not _may_be_item(item, frame[item.name], shop=shop):
                continue
            if item.name != key.name and _varies_within(frame, key.name, item.name):
                levels[item.name] = frame[item.name].n_unique()
        if levels:
            most = max(levels.values())
            wide = [name for name, count in levels.items() if count >= most / 2]
            return key.name, max(wide, key=lambda name: _legibility(frame[name]))
    return None


def learn_baskets(train: Dataset, holdout: Dataset, basket: str, item: str, run: Run) -> Baskets:
    """The baskets of both sets; where the split of rows has cut baskets, all are split anew, by
    basket.

    Args:
        train, holdout: The rows.
        basket, item: The two columns.
        run: Seed of the new split.
    """
    frame = _items_of_baskets(train, holdout, basket, item)
    number = frame["basket"].rank("dense").to_numpy().astype(np.int64) - 1
    total = int(number.max()) + 1 if len(number) else 0
    held = _held(number, frame["held"].to_numpy(), total)
    split_again = held is None
    if held is None:
        held = run.rng("mining/rules/baskets").random(total) < HELD_SHARE
    used = np.ones(total, bool)
    if total > MOST_BASKETS:
        used[run.rng("mining/rules/sample").permutation(total)[MOST_BASKETS:]] = False
    names, values = _vocabulary(frame, number, used & ~held)
    return Baskets(
        basket=basket,
        item=item,
        names=names,
        values=values,
        train=_bits(frame, number, used & ~held, names),
        holdout=_bits(frame, number, used & held, names),
        train_rows=int((used & ~held).sum()),
        holdout_rows=int((used & held).sum()),
        split_again=split_again,
        sampled=total if total > MOST_BASKETS else 0,
        bought=_names_a_shop(basket),
    )


def _items_of_baskets(train: Dataset, holdout: Dataset, basket: str, item: str) -> pl.DataFrame:
    """Each item of each basket once, and whether its row is held out."""
    sides = []
    for held, part in ((False, train), (True, holdout)):
        columns = (by_name(basket).alias("basket"), by_name(item).alias("value"))
        sides.append(part.frame.select(*columns, pl.lit(held).alias("held")))
    frame = pl.concat(sides, how="vertical_relaxed").drop_nulls()
    frame = frame.with_columns(name=pl.col("value").cast(pl.String).str.strip_chars())
    return frame.filter(pl.col("name") != "").unique(["basket", "name"], maintain_order=True)


def _may_be_basket(column: Column, series: pl.Series) -> bool:
    if column.kind in ("datetime", "boolean", "text", *MEDIA):
        return False
    is_key = column.role in ("key", "entity") or column.kind == "id"
    words = _words(column.name)
    named_like_one = _names_a_shop(column.name) or not words.isdisjoint(_GROUPS)
    # a name such as 'no' alone is also that of a gas or of an answer
    named_like_one |= words == {"id"} or (len(words) > 1 and not words.isdisjoint(_IDS))
    measured = not words.isdisjoint(_MEASURES) or series.dtype.is_float()
    if not is_key and (not named_like_one or measured):
        return False
    distinct = series.drop_nulls().n_unique()
    return distinct >= FEWEST_BASKETS and 1.2 <= len(series) / distinct <= 300


def _words(name: str) -> set[str]:
    """The words of a column's name; 'NO2' is one, 'InvoiceNo' two."""
    return set(re.findall(r"[^\W_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))


def _names_a_shop(name: str) -> bool:
    words = {word.removesuffix("s") for word in _words(name)}
    return not words.isdisjoint(_SHOPS) or any(word in name for word in _SHOPS_IN_ASIA)


def _may_be_item(column: Column, series: pl.Series, *, shop: bool) -> bool:
    if column.kind not in ("category", "text", "id") or column.role == "target":
        return False
    distinct = series.drop_nulls().n_unique()
    fewest = FEWEST_ITEMS_OF_A_SHOP if shop else FEWEST_ITEMS
    # clock times and measurements are no things; codes of articles are, in a shop
    return fewest <= distinct <= len(series) / 5 and (shop or _legibility(series) >= 1)


def _varies_within(frame: pl.DataFrame, key: str, item: str) -> bool:
    known = frame.select(by_name(key, item)).drop_nulls()
    pairs, baskets = known.n_unique(), known[key].n_unique()
    return pairs >= 0.8 * known.height and pairs >= 1.2 * baskets


def _legibility(series: pl.Series) -> float:
    """Mean count of letters and blanks: names are more legible than codes."""
    few = series.drop_nulls().cast(pl.String).unique(maintain_order=True).head(500)
    return float(few.str.count_matches(r"[\p{L} ]").mean() or 0)  # type: ignore[arg-type]


def _held(number: np.ndarray, held: np.ndarray, total: int) -> np.ndarray | None:
    """Which baskets are held out by the caller's split; None where it cut some in two."""
    inside = np.bincount(number[held], minlength=total) > 0
    outside = np.bincount(number[~held], minlength=total) > 0
    return None if (inside & outside).any() else inside


def _bits(frame: pl.DataFrame, number: np.ndarray, kept: np.ndarray, names: Sequence[str]) -> Bits:
    """Which of the kept baskets, numbered anew, hold each item, (items, words)."""
    anew = np.cumsum(kept) - 1
    part = frame.select("name").with_columns(at=pl.Series(anew[number]))
    groups = part.filter(pl.Series(kept[number])).partition_by("name", as_dict=True)
    baskets = []
    for name in names:
        group = groups.get((name,))
        baskets.append(np.empty(0, np.int64) if group is None else group["at"].to_numpy())
    return pack(baskets, int(kept.sum()))


def _vocabulary(
    frame: pl.DataFrame, number: np.ndarray, kept: np.ndarray
) -> tuple[tuple[str, ...], tuple[object, ...]]:
    least = fewest(int(kept.sum()))
    counts = (
        frame.filter(pl.Series(kept[number]))
        .group_by("name")
        .agg(pl.len().alias("rows"), pl.col("value").first())
        .filter(pl.col("rows") >= least)
        .sort(["rows", "name"], descending=[True, False])
    )
    return tuple(counts["name"].to_list()), tuple(counts["value"].to_list())


def fewest(rows: int) -> int:
    """Fewest training baskets that an itemset must be in."""
    return max(10, int(np.ceil(0.003 * rows)))
