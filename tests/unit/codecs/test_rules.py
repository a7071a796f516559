"""Rules compiled into the codec: whatever the channels hold, the rows that come out keep them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.codecs.test_known import satisfied
from tidemill.codecs.table import TableCodec
from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, DataError
from tidemill.core.grid import Batch, Constraints
from tidemill.core.run import Run
from tidemill.core.schema import Column, Rule, Schema

ROWS = 300
KINDS: dict[str, Any] = {
    "ordered": "datetime",
    "shipped": "datetime",
    "begun": "datetime",
    "ended": "datetime",
}
RULES = (
    Rule("a<=b", ("low", "middle")),
    Rule("a<=b", ("middle", "high")),
    Rule("a<=b", ("low", "high")),
    Rule("a<=b", ("cents", "fives")),
    Rule("a<=b", ("ordered", "shipped")),
    Rule("a<=b", ("begun", "ended")),
    Rule("a<=b", ("same", "twin")),
    Rule("a<=b", ("twin", "same")),
    Rule("a+b=c", ("net", "tax", "gross")),
    Rule("a+b=c", ("gross", "tip", "paid")),
    Rule("a decides b", ("city", "country")),
    Rule("a decides b", ("country", "continent")),
    Rule("a decides b", ("item", "price")),
    Rule("a decides b", ("age", "band")),
    Rule("a decides b", ("name", "number")),
    Rule("a decides b", ("number", "name")),
    Rule("a decides b", ("item", "maker")),
    Rule("a decides b", ("shade", "maker")),
    Rule("allowed combinations", ("size", "fit", "sort")),
    Rule("range", ("high",), low=0, high=120),
    Rule("range", ("shipped",), high="2025-01-01"),
)
PARTS = {
    "low": {"low", "middle", "high"},
    "cents": {"cents", "fives"},
    "dates": {"ordered", "shipped", "begun", "ended"},
    "twins": {"same", "twin"},
    "sums": {"net", "tax", "gross", "tip", "paid"},
    "places": {"city", "country", "continent"},
    "items": {"item", "price", "maker", "shade"},
    "ages": {"age", "band"},
    "names": {"name", "number"},
    "sizes": {"size", "fit", "sort"},
}


def frame_of(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    day, hour = date(2024, 1, 1), datetime(2024, 1, 1)
    low = rng.integers(0, 50, ROWS)
    middle = low + rng.poisson(3, ROWS)
    cents = np.round(rng.gamma(2, 20, ROWS), 2)
    ordered = rng.integers(0, 300, ROWS)
    begun = rng.integers(0, 9000, ROWS)
    net, tax, tip = (
        rng.integers(1, 5000, ROWS),
        rng.integers(0, 100, ROWS),
        rng.integers(0, 50, ROWS),
    )
    city, item = rng.integers(0, 6, ROWS), rng.integers(0, 5, ROWS)
    age, name = rng.integers(18, 70, ROWS), rng.integers(0, 4, ROWS)
    size = rng.integers(0, 3, ROWS)
    return pl.DataFrame(
        {
            "low": low,
            "middle": middle,
            "high": middle + rng.poisson(5, ROWS),
            "cents": cents,
            "fives": (5 * np.ceil(cents / 5 + rng.poisson(1, ROWS))).astype(int),
            "ordered": [day + timedelta(days=int(d)) for d in ordered],
            "shipped": [day + timedelta(days=int(d)) for d in ordered + rng.poisson(4, ROWS)],
            "begun": [hour + timedelta(minutes=int(m)) for m in begun],
            "ended": [hour + timedelta(minutes=int(m)) for m in begun + rng.poisson(90, ROWS)],
            "same": tip,
            "twin": tip,
            "net": net / 100,
            "tax": tax / 10,
            "gross": np.round(net / 100 + tax / 10, 2),
            "tip": tip,
            "paid": np.round(net / 100 + tax / 10 + tip, 2),
            "city": np.array(["Rome", "Oslo", "Lima", "Bern", "Cali", "Bari"])[city],
            "country": np.array(["Italy", "Norway", "Peru", "Swiss", "Colombia", "Italy"])[city],
            "continent": np.array(["Europe", "Europe", "America", "Europe", "America", "Europe"])[
                city
            ],
            "item": np.array(list("pqrst"))[item],
            "price": np.array([9.99, 1.5, 1.5, 20.0, 3.25])[item],
            "maker": np.array(["A", "A", "B", "B", "C"])[item],
            "shade": np.array(["x", "y", "z", "z", "w"])[item],
            "age": age,
            "band": np.array(["young", "old", "oldest"])[np.digitize(age, [30, 60])],
            "name": np.array(["low", "mid", "top", "all"])[name],
            "number": np.array([3, 1, 7, 5])[name],
            "size": np.array(["S", "M", "L"])[size],
            "fit": rng.choice(["slim", "wide"], ROWS),
            "sort": np.where(size == 0, "kids", rng.choice(["men", "women"], ROWS)),
        }
    )


def table(seed: int, gaps: str = "none", parts: Iterable[str] = tuple(PARTS)) -> Dataset:
    """Rows that keep RULES. Gaps: "none", "after" (what is reckoned or looked up is missing at
    times) or "any"."""
    frame, rng = frame_of(seed), np.random.default_rng(seed + 100)
    gone = {
        "none": [],
        "after": ["high", "shipped", "ended", "fives", "paid", "price", "band"],
        "any": frame.columns,
    }[gaps]
    frame = frame.with_columns(
        pl.when(pl.Series(rng.random(ROWS) < 0.85)).then(pl.col(name)).alias(name) for name in gone
    )
    if (
        gaps == "any"
    ):  # a row with low and high, but nothing between, is no matter of their rules only
        frame = frame.with_columns(
            middle=pl.when(pl.col("low").is_not_null()).then(pl.col("middle"))
        )
    columns = [name for name in frame.columns if any(name in PARTS[part] for part in parts)]
    schema = Schema(
        tuple(
            Column(
                name,
                KINDS.get(name) or ("category" if frame[name].dtype == pl.String else "number"),
                nullable=frame[name].has_nulls(),
                step="5" if name == "fives" else None,
            )
            for name in columns
        ),
        tuple(rule for rule in RULES if set(rule.columns) <= set(columns)),
    )
    return Dataset(frame.select(columns), schema)


def keeps(rule: Rule, frame: pl.DataFrame, reference: pl.DataFrame) -> bool:
    """Whether all rows keep a rule wherever its columns are known."""
    known = frame.drop_nulls(rule.columns)
    values = [known[name] for name in rule.columns]
    if rule.kind == "a<=b":
        return bool((values[0] <= values[1]).all())
    if rule.kind == "a+b=c":
        cents = [(value * 100).round().cast(pl.Int64) for value in values]
        return bool((cents[0] + cents[1] == cents[2]).all())
    if rule.kind == "range":
        ends = [
            date.fromisoformat(end) if isinstance(end, str) else end
            for end in (rule.low, rule.high)
        ]
        return bool(
            ((values[0] >= ends[0]).all() if ends[0] is not None else True)
            and ((values[0] <= ends[1]).all() if ends[1] is not None else True)
        )
    seen = reference.select(rule.columns).drop_nulls().unique()
    if rule.kind == "a decides b":
        a, _ = rule.columns
        together = pl.concat([known.select(rule.columns), seen]).unique()
        return together[a].n_unique() == len(together)
    return known.select(rule.columns).join(seen, on=list(rule.columns), how="anti").is_empty()


def arbitrary(codec: TableCodec, data: Dataset, n: int, seed: int) -> Batch:
    """Channels drawn one by one, within what training rows held."""
    encoded, rng = codec.encode(data), np.random.default_rng(seed)
    tick = (
        np.stack(
            [
                rng.integers(encoded.tick[:, r].min(), encoded.tick[:, r].max() + 1, n)
                for r in range(encoded.tick.shape[1])
            ]
            or [np.zeros((n, 0))],
            axis=-1,
        )
        .reshape(n, -1)
        .astype(np.int64)
    )
    code = np.stack(
        [rng.integers(0, code.size, n) for code in codec.spec.codes] or [np.zeros(n)], axis=1
    ).astype(np.int32)
    for r, real in enumerate(codec.spec.reals):
        if real.presence is not None:
            tick[code[:, real.presence] != 0, r] = 0
    return Batch(tick, code[:, : len(codec.spec.codes)])


def check_all_kept(n: int, gaps: str, seed: int) -> None:
    data = table(seed, gaps)
    codec = TableCodec().fit(data, Run())
    assert not codec.refused
    made = codec.decode(arbitrary(codec, data, n, seed), np.random.default_rng(seed)).frame
    broken = [str(rule) for rule in RULES if not keeps(rule, made, data.frame)]
    assert not broken
    assert made.schema == data.frame.schema
    nullable = {column.name for column in data.schema if column.nullable}
    assert {name for name in made.columns if made[name].has_nulls()} <= nullable


@pytest.mark.parametrize("gaps", ["none", "after", "any"])
def test_arbitrary_channels_give_rows_that_keep_every_rule(gaps: str) -> None:
    check_all_kept(20_000, gaps, 1)


@pytest.mark.slow
@pytest.mark.parametrize("gaps", ["none", "any"])
def test_a_million_rows_keep_every_rule(gaps: str) -> None:
    check_all_kept(1_000_000, gaps, 2)


@pytest.mark.parametrize("gaps", ["none", "after", "any"])
@pytest.mark.parametrize("seed", range(4))
def test_rows_come_back_and_states_restore(gaps: str, seed: int) -> None:
    data = table(seed, gaps)
    codec = TableCodec().fit(data, Run())
    batch = codec.encode(data)
    assert codec.decode(batch, np.random.default_rng(0)).frame.equals(data.frame)
    again = TableCodec.from_state(json.loads(json.dumps(codec.to_state(), allow_nan=False)))
    assert again.spec == codec.spec
    other = again.encode(data)
    assert np.array_equal(other.tick, batch.tick)
    assert np.array_equal(other.code, batch.code)
    assert again.decode(batch, np.random.default_rng(0)).frame.equals(data.frame)


def test_what_a_rule_decides_has_no_channels() -> None:
    codec = TableCodec().fit(table(0), Run())
    reals, codes = (
        {real.name for real in codec.spec.reals},
        {code.name for code in codec.spec.codes},
    )
    assert {
        "middle - low",
        "high - middle",
        "shipped - ordered",
        "ended - begun",
        "fives - cents",
    } <= reals
    assert not {"middle", "high", "gross", "paid", "price", "twin", "number"} & reals
    assert not {"country", "continent", "band"} & codes
    assert "size & fit & sort" in codes


NUMBERS = {
    "low": 60,
    "middle": 60,
    "high": 80,
    "cents": 90,
    "fives": 90,
    "net": 50,
    "gross": 60,
    "paid": 100,
    "price": 20,
    "age": 70,
    "number": 7,
    "same": 50,
    "twin": 50,
    "tip": 50,
}


@st.composite
def asked_of(draw: st.DrawFn, data: Dataset) -> Test:
    name = draw(st.sampled_from(data.schema.names))
    operator = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "in", "missing", "present"]))
    if operator in ("missing", "present"):
        return Test(name, operator)
    present = st.sampled_from(data[name].drop_nulls().unique().sort().to_list())
    if name not in NUMBERS and name not in KINDS:
        operator = operator if operator in ("=", "!=", "in") else "="
    elif operator not in ("=", "in") and name in NUMBERS:
        present |= st.floats(-5, NUMBERS[name] + 5)
    if operator == "in":
        return Test(
            name, operator, tuple(draw(st.lists(present, min_size=1, max_size=3, unique=True)))
        )
    return Test(name, operator, draw(present))


@dataclass(frozen=True)
class Learned:
    """A table of one part of the columns, its codec, and rows of arbitrary channels."""

    data: Dataset
    codec: TableCodec
    batch: Batch
    arbitrary: Batch
    made: pl.DataFrame


@cache
def learned(seed: int, gaps: str, part: str) -> Learned:
    data = table(seed, gaps, [part])
    codec = TableCodec().fit(data, Run())
    assert not codec.refused
    batch = arbitrary(codec, data, 2000, seed)
    made = codec.decode(batch, np.random.default_rng(0)).frame
    return Learned(data, codec, codec.encode(data), batch, made)


@settings(max_examples=500, deadline=None)
@given(
    drawn=st.data(),
    seed=st.integers(0, 2),
    gaps=st.sampled_from(["none", "after", "any"]),
    part=st.sampled_from(sorted(PARTS)),
)
def test_conditions_on_all_columns(drawn: st.DataObject, seed: int, gaps: str, part: str) -> None:
    one = learned(seed, gaps, part)
    data, codec = one.data, one.codec
    condition = Condition(tuple(drawn.draw(st.lists(asked_of(data), min_size=1, max_size=3))))
    try:
        known, refusal = codec.constraints(condition), ""
    except ConditionError as error:
        known, refusal = Constraints(), str(error)
    if refusal:
        assert not condition.mask(data.frame).any() or "one span" in refusal
        return
    own = satisfied(codec.spec, known, one.batch)
    assert (own == condition.mask(data.frame).to_numpy()).all()
    # of arbitrary channels those that keep what is known give rows that pass
    kept = satisfied(codec.spec, known, one.arbitrary)
    passing = condition.mask(one.made).to_numpy()
    if not any(code.name.endswith("present") for code in codec.spec.codes):
        assert (passing >= kept).all()
    assert (passing | ~kept).all()


@settings(max_examples=200, deadline=None)
@given(
    drawn=st.data(),
    seed=st.integers(0, 2),
    gaps=st.sampled_from(["none", "after", "any"]),
    part=st.sampled_from(sorted(PARTS)),
)
def test_given_values_are_known_exactly(
    drawn: st.DataObject, seed: int, gaps: str, part: str
) -> None:
    one = learned(seed, gaps, part)
    data, codec, batch = one.data, one.codec, one.batch
    columns = drawn.draw(st.lists(st.sampled_from(data.schema.names), min_size=1, unique=True))
    share = drawn.draw(st.sampled_from([0.5, 1.0]))
    rng = np.random.default_rng(seed)
    rows = data.select(columns)
    rows = rows.with_frame(
        rows.frame.with_columns(
            pl.when(pl.Series(rng.random(ROWS) < share)).then(pl.col(name)).alias(name)
            for name in columns
        )
    )
    whole = (
        data.select(columns)
        .frame.with_columns(pl.all().is_not_null())
        .select(pl.all_horizontal(pl.all()))
        .to_series()
    )
    met = np.zeros(ROWS, bool)
    groups = codec.completions(rows)
    assert sorted(np.concatenate([index for index, _ in groups]).tolist()) == list(range(ROWS))
    for index, known in groups:
        partial = known.rows
        assert partial is not None
        # the rows themselves, where they have all of these values, keep what is known of them
        own = batch.rows(index)
        here = whole.to_numpy()[index]
        ticks_kept = ((own.tick == partial.batch.tick) | ~partial.tick).all(axis=1)
        codes_kept = ((own.code == partial.batch.code) | ~partial.code).all(axis=1)
        met[index] = (satisfied(codec.spec, known, own) & codes_kept & ticks_kept) | ~here
    assert met.all()


def test_given_values_come_out_whatever_is_drawn_for_the_rest() -> None:
    for part in PARTS:
        data = table(0, "none", [part])
        codec = TableCodec().fit(data, Run())
        for name in data.schema.names:
            rows = data.select([name])
            for index, known in codec.completions(rows):
                assert known.rows is not None
                batch = arbitrary(codec, data, len(index), 3)
                tick, code = batch.tick.copy(), batch.code.copy()
                tick[known.rows.tick] = known.rows.batch.tick[known.rows.tick]
                code[known.rows.code] = known.rows.batch.code[known.rows.code]
                made = codec.decode(Batch(tick, code), np.random.default_rng(0)).frame
                kept = satisfied(codec.spec, known, Batch(tick, code))
                assert (made[name] == rows.frame[name][index]).to_numpy()[kept].all()


def test_missing_values_that_are_facts_stay_missing() -> None:
    data = table(0, "after", ["dates"])
    codec = TableCodec().fit(data, Run())
    rows = data.select(["ordered", "shipped"])
    [(_, known)] = codec.completions(rows, kept=["shipped"])
    assert known.rows is not None
    batch = arbitrary(codec, data, ROWS, 0)
    tick, code = batch.tick.copy(), batch.code.copy()
    tick[known.rows.tick] = known.rows.batch.tick[known.rows.tick]
    code[known.rows.code] = known.rows.batch.code[known.rows.code]
    made = codec.decode(Batch(tick, code), np.random.default_rng(0)).frame
    assert made.select("ordered", "shipped").equals(rows.frame)


def test_given_values_that_break_a_rule_are_told_with_their_row() -> None:
    data = table(0, "none", ["low", "sums", "places"])
    codec = TableCodec().fit(data, Run())
    for columns, change in (
        (["low", "middle"], {"middle": -1}),
        (["net", "tax", "gross"], {"gross": 0.01}),
        (["city", "country"], {"country": "Peru"}),
    ):
        frame = data.frame.select(columns).with_columns(
            **{name: pl.lit(value).cast(data.frame[name].dtype) for name, value in change.items()}
        )
        with pytest.raises(DataError, match=r"row \d+"):
            codec.completions(data.select(columns).with_frame(frame))


@pytest.mark.parametrize(
    "change",
    [
        {"units": []},
        {"columns_twice": True},
        {"table": [[99, 0, 0]]},
    ],
)
def test_states_that_do_not_fit_are_refused(change: dict[str, Any]) -> None:
    state = json.loads(
        json.dumps(TableCodec().fit(table(0, "none", ["sizes", "low"]), Run()).to_state())
    )
    if "columns_twice" in change:
        state["units"].append(state["units"][0])
    elif "table" in change:
        [joint] = [unit for unit in state["units"] if unit["unit"] == "joint"]
        joint |= {"table": change["table"], "counts": [1]}
    else:
        state |= change
    with pytest.raises(ValueError, match=r"made|fit"):
        TableCodec.from_state(state)


def two_columns(a: list[Any], b: list[Any], *rules: Rule) -> Dataset:
    frame = pl.DataFrame({"a": a, "b": b})
    kinds: list[Any] = [
        "category" if frame[name].dtype == pl.String else "number" for name in ("a", "b")
    ]
    return Dataset(
        frame,
        Schema(
            tuple(
                Column(name, kind, nullable=frame[name].has_nulls())
                for name, kind in zip(("a", "b"), kinds, strict=True)
            ),
            rules,
        ),
    )


def test_a_declared_rule_that_a_row_breaks_is_an_error_with_the_row() -> None:
    values = list(range(40))
    for rule in (
        Rule("a<=b", ("a", "b"), declared=True),
        Rule("range", ("b",), high=30, declared=True),
        Rule("a decides b", ("a", "b"), declared=True),
    ):
        later = values.copy()
        later[35:] = [33] * 5
        first = [33] * 34 + values[34:] if rule.kind == "a decides b" else values
        with pytest.raises(DataError, match=r"row \d+: the rule that .* is broken"):
            TableCodec().fit(two_columns(first, later, rule), Run())


def test_a_found_rule_that_a_row_breaks_is_told() -> None:
    run = Run()
    codec = TableCodec().fit(
        two_columns([1, 2, 3] * 20, [1, 2, 2] * 20, Rule("a<=b", ("a", "b"))), run
    )
    [(rule, why)] = codec.refused
    assert rule.kind == "a<=b"
    assert why == "row 3 breaks it"
    assert any(
        "may break the rule that 'a' is never above 'b'" in warning for warning in run.warnings
    )
    assert TableCodec.from_state(json.loads(json.dumps(codec.to_state()))).refused == codec.refused


def test_what_cannot_be_reckoned_is_told() -> None:
    big = [2**60 + k for k in range(40)]
    [(_, why)] = TableCodec().fit(
        two_columns(big, [2 * v for v in range(2**59, 2**59 + 40)], Rule("a<=b", ("b", "a"))), Run()
    ).refused or [(None, "")]
    assert why in ("its numbers are too large", "row 1 breaks it", "row 2 breaks it")
    endless = [1.0, float("inf"), 3.0] * 20
    [(_, why)] = (
        TableCodec().fit(two_columns(endless, endless, Rule("a<=b", ("a", "b"))), Run()).refused
    )
    assert "infinite" in why


def test_a_row_that_breaks_a_rule_cannot_be_encoded() -> None:
    data = table(0)
    codec = TableCodec().fit(data, Run())
    for change in (
        {"middle": pl.lit(-1)},
        {"gross": pl.lit(0.01)},
        {"country": pl.lit("Peru")},
        {"price": pl.lit(9.99)},
        {"sort": pl.lit("kids")},
    ):
        frame = data.frame.with_columns(
            **{name: value.cast(data.frame[name].dtype) for name, value in change.items()}
        )
        with pytest.raises(DataError, match=r"row \d+"):
            codec.encode(data.with_frame(frame))


def test_of_columns_that_decide_a_third_only_what_agrees_is_made() -> None:
    data = table(0, "none", ["items"])
    codec = TableCodec().fit(data, Run())
    assert not codec.refused
    assert [code.name for code in codec.spec.codes] == ["shade & item & maker"]


def test_rare_levels_keep_what_they_decide() -> None:
    rng = np.random.default_rng(0)
    a = [*rng.choice(["p", "q", "r"], 300).tolist(), "s", "t"]
    decided = {"p": "x", "q": "y", "r": "x", "s": "y", "t": "x"}
    data = two_columns(a, [decided[value] for value in a], Rule("a decides b", ("a", "b")))
    codec = TableCodec().fit(data, Run())
    assert not codec.refused
    made = codec.decode(arbitrary(codec, data, 5000, 0), np.random.default_rng(0)).frame
    assert keeps(data.schema.rules[0], made, data.frame)
    assert set(made["a"]) == {"p", "q", "r"}
    known = codec.constraints(Condition((Test("b", "=", "x"),)))
    batch = arbitrary(codec, data, 5000, 0)
    kept = satisfied(codec.spec, known, batch)
    assert kept.any()
    assert (codec.decode(batch.rows(kept), np.random.default_rng(0))["b"] == "x").all()


@settings(max_examples=120, deadline=None)
@given(drawn=st.data(), seed=st.integers(0, 10_000))
def test_any_rules_together_hold_or_are_told(drawn: st.DataObject, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, size = 120, drawn.draw(st.integers(2, 6))
    columns: dict[str, np.ndarray] = {"n0": rng.integers(-20, 20, n)}
    rules = []
    for k in range(1, size):
        names = list(columns)
        one, other = (drawn.draw(st.sampled_from(names)) for _ in range(2))
        sort = drawn.draw(st.sampled_from(["above", "below", "equal", "sum", "decided", "free"]))
        made = {
            "above": columns[one] + rng.poisson(2, n),
            "below": columns[one] - rng.poisson(2, n),
            "equal": columns[one].copy(),
            "sum": columns[one] + columns[other],
            "decided": columns[one] // 7 * 3,
            "free": rng.integers(0, 5, n),
        }[sort]
        columns[f"n{k}"] = made
        if sort == "sum" and one != other:
            rules.append(Rule("a+b=c", (one, other, f"n{k}")))
        if sort == "decided":
            rules.append(Rule("a decides b", (one, f"n{k}")))
    names = list(columns)
    rules += [
        Rule("a<=b", (a, b))
        for a in names
        for b in names
        if a != b and (columns[a] <= columns[b]).all()
    ]
    rules.append(
        Rule(
            "range",
            (names[-1],),
            low=int(columns[names[-1]].min()),
            high=int(columns[names[-1]].max()),
        )
    )
    gaps = drawn.draw(st.sampled_from([0.0, 0.2]))
    frame = pl.DataFrame(columns).with_columns(
        pl.when(pl.Series(rng.random(n) >= gaps)).then(pl.col(name)).alias(name) for name in names
    )
    data = Dataset(
        frame,
        Schema(
            tuple(Column(name, "number", nullable=frame[name].has_nulls()) for name in names),
            tuple(drawn.draw(st.permutations(rules))),
        ),
    )
    codec = TableCodec().fit(data, Run())
    assert codec.decode(codec.encode(data), np.random.default_rng(0)).frame.equals(frame)
    made_rows = codec.decode(arbitrary(codec, data, 1000, seed), np.random.default_rng(0)).frame
    refused = {rule for rule, _ in codec.refused}
    assert [
        rule for rule in rules if rule not in refused and not keeps(rule, made_rows, frame)
    ] == []


def test_columns_that_are_ordered_stay_within_their_own_ends() -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0.2, 2.2, 400).round(3)
    high = np.ceil((low + rng.exponential(3, 400)) * 10) / 10
    data = two_columns(low.tolist(), high.tolist(), Rule("a<=b", ("a", "b")))
    codec = TableCodec().fit(data, Run())
    assert not codec.refused
    made = codec.decode(arbitrary(codec, data, 5000, 0), np.random.default_rng(0)).frame
    assert (made["a"] <= made["b"]).all()
    for name in ("a", "b"):  # rounded outward
        assert made[name].min() >= 0.9 * data[name].min()
        assert made[name].max() <= 1.05 * data[name].max()
