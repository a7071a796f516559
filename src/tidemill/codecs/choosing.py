"""Which codec a dataset is learned with."""

from __future__ import annotations

from collections.abc import Collection
from importlib.util import find_spec

from tidemill.codecs import CODECS
from tidemill.codecs.codec import Claim, Codec
from tidemill.core.column_words import says
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.persons import tells_persons
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.split import entity_numbers

LONG, SHARED = 250, 0.9
"""Times, and the share of them at which entities have a row, from which on they are taken for a
market."""
ASSETS = (
    *("ticker", "symbol", "isin", "wkn", "cusip", "sedol", "asset", "share", "stock", "security"),
    *("fund", "etf", "bond", "currency", "coin", "commodity", "aktie", "fonds", "wertpapier"),
    *("acción", "azione", "股票", "证券", "基金", "债券", "货币", "銘柄", "종목"),
)
PRICES = (
    *("price", "close", "adj close", "nav", "quote", "exchange rate", "kurs", "schlusskurs"),
    *("preis", "precio", "cierre", "prix", "cours", "prezzo", "chiusura", "preço", "цена"),
    *("价格", "收盘", "股价", "净值", "汇率", "終値", "株価", "종가", "주가"),
)
SALES = (
    *("quantity", "qty", "sold", "sale", "sales", "revenue", "units", "order"),
    *("orders", "demand", "customers", "visitors", "discount", "menge", "umsatz", "absatz"),
    *("cantidad", "ventas", "ventes", "vendite", "销量", "销售", "数量", "订单", "売上", "수량"),
)
"""Words that name assets, what they cost, and what is told of shops, whose goods have prices,
too."""
LEAST_STEPS = 2
"""Rows of an entity, on average, from which on they are taken for a series."""


def default_model(data: Dataset, window: int | None, run: Run) -> str:
    """The model that is taken for such data where none is named.

    Rows of one entity, in the order of a time, are learned as a series, if there are several of
    them and the package is installed that it takes; else it is said that rows are learned one by
    one.

    Args:
        data: What is to be learned.
        window: Steps that series are to be cut to, where the user says so.
        run: Is told.
    """
    for name in CODECS:
        kind: type[Codec] = CODECS.load(name)
        if kind.claims(data.schema, window) == "must":
            return kind.default_model
    if window is None and data.schema.modality == "series":
        return _of_series(data, run)
    if data.schema.texts and not data.schema.modelled:
        return "ngram"
    return Codec.default_model


def _of_series(data: Dataset, run: Run) -> str:
    entities = entity_numbers(data)
    if entities is None or len(data) < LEAST_STEPS * (int(entities.max(initial=0)) + 1):
        run.warn("Hardly any entity has two rows, so rows are learned one by one.", "learn")
        return Codec.default_model
    kind: type[Codec] = CODECS.load("series")
    model = kind.default_model
    if looks_like_market(data):
        run.emit(
            "note",
            "learn",
            "The entities share their times and all their numbers are above 0, as prices are: "
            "option 'model=fhs' learns them together.",
        )
    if find_spec("torch") is not None:
        return model
    run.warn(
        f"The model '{model}' needs the package 'torch' (pip install 'tidemill[deep]'), so rows "
        "are learned one by one, and what follows on what is not learned.",
        "learn",
    )
    return Codec.default_model


def looks_like_market(data: Dataset) -> bool:
    """Whether rows look like prices of one market: many times that the entities share, numbers
    above 0 alone, and no persons."""
    entities = entity_numbers(data)
    if entities is None or any(map(tells_persons, data.schema.of_role("entity"))):
        return False
    [time] = data.schema.of_role("time")
    times = data[time.name].n_unique()
    others = _of_steps(data.schema)
    if times < LONG or len(data) < SHARED * times * (int(entities.max()) + 1) or not others:
        return False
    return all(c.kind == "number" and (data[c.name].drop_nulls() > 0).all() for c in others)


def is_market(data: Dataset) -> bool:
    """Whether rows look like prices of one market, and the names of the columns say so, too:
    readings of many households look the same, and are not to be kept."""
    if data.schema.modality != "series" or not looks_like_market(data):
        return False
    entities, numbers = data.schema.of_role("entity"), _of_steps(data.schema)
    if _is_named(numbers, SALES):
        return False
    return _is_named(entities, ASSETS) or _is_named(numbers, PRICES)


def _is_named(columns: Collection[Column], words: Collection[str]) -> bool:
    return any(says(column.name, word) for column in columns for word in words)


def _of_steps(schema: Schema) -> list[Column]:
    return [c for c in schema if c.role not in ("entity", "time", "ignore")]


def choose(
    schema: Schema,
    learns: Collection[str],
    model: str,
    window: int | None,
    run: Run,
    *,
    writes: bool = True,
) -> tuple[str, Codec]:
    """The registered name of the codec for a dataset, and the codec, not fitted yet.

    A codec that must have such data comes first, then the first one that may have them and whose
    grid the model learns.

    Args:
        schema: Of the dataset.
        learns: The topologies that the model learns.
        model: Its name, for messages.
        window: Steps that series are to be cut to, where the user says so.
        run: Is told what else could be learned of such data.
        writes: Whether texts are learned, beside the model by another one where it cannot.

    Raises:
        OptionError: The model cannot learn such data, or the window makes no sense.
    """
    kinds: dict[str, type[Codec]] = {name: CODECS.load(name) for name in CODECS}
    claims: dict[str, Claim] = {name: kind.claims(schema, window) for name, kind in kinds.items()}
    for name, claim in claims.items():
        if claim == "must":
            kind = kinds[name]
            if kind.topology not in learns:
                raise OptionError(
                    f"the model '{model}' cannot learn {kind.items}",
                    hint=f"choose a neural model: see `tidemill models`; or {kind.as_table}",
                )
            return name, kind.unfitted(window)
    for kind in kinds.values():
        if window is None and kind.topology in learns and kind.overlooked(schema):
            run.emit("note", "learn", kind.overlooked(schema))
    for name, claim in claims.items():
        kind = kinds[name]
        learned = (
            writes if kind.topology == "tokens" and kind.rows_first else kind.topology in learns
        )
        if claim == "may" and learned:
            return name, kind.unfitted(window)
    raise OptionError(
        f"the model '{model}' cannot learn such data", hint="choose another: see `tidemill models`"
    )
