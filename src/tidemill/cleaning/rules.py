"""Rules that always hold between columns (a <= b, a + b = c, a * b = c, b = k * a + m, a decides b)
are found and kept in the schema.

A rule counts if it holds in every training row in which its columns are known, if it would often be
broken were the columns shuffled (so that it is no matter of course), and if no holdout row breaks
it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import numpy as np
import polars as pl

from tidemill.cleaning.base import Check, Diagnosis, has_more_levels
from tidemill.cleaning.date_parts import one_dates
from tidemill.cleaning.dependencies import dependencies
from tidemill.cleaning.measures import come_in_turn, may_be_compared
from tidemill.cleaning.multiples import multiples
from tidemill.cleaning.orderings import DATES, IN_TURN, UNNAMED, USUAL, OrderEvidence, orderings
from tidemill.cleaning.products import products
from tidemill.cleaning.skips import skips
from tidemill.cleaning.spans import SpanRule, spans
from tidemill.cleaning.sums import sums, totals
from tidemill.core.change import Issue
from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.lawful import MOST_KEYS, agrees, as_numbers, obeys
from tidemill.core.run import Run
from tidemill.core.schema import Rule
from tidemill.core.shown import ShownColumn, shown_columns
from tidemill.core.words import plural

_MOST_COLUMNS = 200
_MOST_SUMMED = 100
_MOST_LEVELS = 5_000
_MOST_RULES = 100
_MOST_SENTENCES = 25
_MOST_SLIPS = 5
_EXACT = 2**53


def diagnose(train: Dataset, run: Run) -> Diagnosis:
    """Find the rules that hold on all training rows, and the few rows that break what holds in all
    others."""
    if len(train) < 2:
        return Diagnosis()
    numbers, coded = _numbers(train), _coded(train)
    decided = _dependencies(train, coded[:_MOST_COLUMNS], run)
    multiplied = numbers[:_MOST_SUMMED]
    made, slips = _arithmetic(train, multiplied, numbers[:_MOST_COLUMNS], run)
    same = {rule.columns for rule in decided}
    ordered, more = _orderings(train, [numbers[:_MOST_COLUMNS], *_dates(train)], same, run)
    made = _without_twins(made, ordered)
    ordered = [rule for rule in ordered if not _is_part(rule, made, train)]
    reckoned = {frozenset(rule.columns) for rule in made if rule.kind == "b=k*a+m"}
    decided = [rule for rule in decided if frozenset(rule.columns) not in reckoned]
    decided = [rule for rule in decided if not _is_chance(rule, made, same)]
    dates = one_dates(train)
    rules = [*decided, *ordered, *made, *_skips(train)]
    # what columns that tell one date say of each other follows from it
    rules = [rule for rule in rules if not any(set(rule.columns) <= set(d.columns) for d in dates)]
    rules = [*dates, *rules]
    kept = _diagnosis(rules[:_MOST_RULES], train)
    left_out = _not_looked_at(len(numbers), len(coded))
    return replace(kept, issues=(*kept.issues, *(slips + more)[:_MOST_SLIPS], *left_out))


def _not_looked_at(numbers: int, coded: int) -> tuple[Issue, ...]:
    """A word on the columns of a very wide table that were left out."""
    if max(numbers, coded) <= _MOST_COLUMNS:
        return ()
    said = (
        f"Rules were looked for among the first {_MOST_COLUMNS:,} columns of numbers (sums and "
        f"products among the first {_MOST_SUMMED:,}) and the first {_MOST_COLUMNS:,} columns that "
        f"repeat their values; this table has {numbers:,} and {coded:,}."
    )
    return (
        Issue(
            "rules",
            said,
            (),
            max(numbers, coded) - _MOST_COLUMNS,
            action="leave columns that matter less out with option 'ignore', to look among others",
        ),
    )


def confirm(diagnosis: Diagnosis, train: Dataset, holdout: Dataset) -> Diagnosis:
    """Drop the rules that a holdout row breaks, and count the holdout rows that keep the others."""
    # the sentences on the rules come first, then those on slips and on what was left out
    others = diagnosis.issues[len(_diagnosis(diagnosis.rules, train).issues) :]
    rules = []
    for rule in diagnosis.rules:
        confirmed = _confirmed(rule, train.frame, holdout.frame)
        if confirmed is not None:
            rules.append(replace(rule, confirmed=confirmed))
    kept = _diagnosis(rules, train)
    return replace(kept, issues=kept.issues + others)


def _numbers(train: Dataset) -> list[str]:
    """Columns of numbers that a float holds exactly and that take at least three values."""
    names = []
    for column in train.schema.modelled:
        values = train[column.name]
        if column.kind != "number" or not values.dtype.is_numeric() or values.n_unique() <= 2:
            continue
        if (values.cast(pl.Float64).abs().drop_nans() <= _EXACT).all():
            names.append(column.name)
    return names


def _dates(train: Dataset) -> list[list[str]]:
    """Columns of dates without a zone, and of dates with one: the two cannot be compared."""
    plain = []
    zoned = []
    for column in train.schema.modelled:
        dtype = train[column.name].dtype
        if column.kind != "datetime" or not dtype.is_temporal():
            continue
        if getattr(dtype, "time_zone", None):
            zoned.append(column.name)
        else:
            plain.append(column.name)
    return [plain, zoned]


def _coded(train: Dataset) -> list[str]:
    """Columns that take few enough different values to decide or be decided."""
    names = []
    for column in train.schema.modelled:
        values = train[column.name]
        if not values.dtype.is_nested() and 2 <= values.n_unique() <= _MOST_LEVELS:
            names.append(column.name)
    return names


def _matrix(train: Dataset, names: Sequence[str]) -> np.ndarray:
    """(n, m) The columns as floats, dates in microseconds; NaN where missing."""
    columns = [_in_microseconds(train[name]) for name in names]
    frame = pl.DataFrame(columns)
    return frame.select(pl.all().to_physical().cast(pl.Float64)).to_numpy()


def _in_microseconds(values: pl.Series) -> pl.Series:
    """Dates and instants in one unit; other values as they are."""
    if values.dtype == pl.Date:
        return values.cast(pl.Datetime("us"))
    if values.dtype.is_temporal():
        return values.dt.cast_time_unit("us")
    return values


def _whole(train: Dataset, names: Sequence[str]) -> np.ndarray:
    """(m,) Whether a column holds whole numbers only; dates count as one sort."""
    return np.array([_is_whole(train[name]) for name in names])


def _is_whole(values: pl.Series) -> bool:
    return not values.dtype.is_float() or bool((values.floor() == values).all())


def _orderings(
    train: Dataset, groups: Sequence[Sequence[str]], same: Collection[tuple[str, ...]], run: Run
) -> tuple[list[Rule], list[Issue]]:
    """The rules a <= b within each group of columns, and a word on those that few rows break.

    Args:
        train: The rows.
        groups: Names of columns that can be compared with each other.
        same: Pairs of which one decides the other: where they are equal, that is reported already.
        run: Draws rows.
    """
    rules, slips = [], []
    for names in groups:
        if len(names) < 2:
            continue
        rng = run.rng("clean/rules", "orderings")

        def evidence(low: int, high: int, names: Sequence[str] = names) -> OrderEvidence | None:
            return _evidence(train, names[low], names[high])

        for ordering in orderings(_matrix(train, names), _whole(train, names), rng, evidence):
            pair = names[ordering.low], names[ordering.high]
            if ordering.broken:
                slips.append(_slip(train, pair, ordering.support, ordering.broken))
            elif not (ordering.equal and pair in same):
                rules += _ways("a<=b", pair, ordering.support, both=ordering.equal)
    return rules, slips


def _evidence(train: Dataset, low: str, high: str) -> OrderEvidence | None:
    """What two columns must show before one counts as never above the other."""
    one, other = train.schema[low], train.schema[high]
    if one.kind == "datetime":
        return IN_TURN if come_in_turn(low, high) else DATES
    compared = may_be_compared(one, other)
    if compared is None:
        return UNNAMED
    return USUAL if compared else None


def _ways(
    kind: Literal["a<=b", "a decides b"], pair: tuple[str, str], support: int, *, both: bool
) -> list[Rule]:
    """The rule on a pair, and its reverse where it holds both ways."""
    rules = [Rule(kind, pair, support)]
    if both:
        rules.append(Rule(kind, pair[::-1], support))
    return rules


def _slip(train: Dataset, pair: tuple[str, str], support: int, broken: int) -> Issue:
    """A word on the few rows that break what holds in all others."""
    low, high = pair
    wrong = train.frame.select(by_name(low) > by_name(high)).to_series()
    word = "later than" if train.schema[low].kind == "datetime" else "above"
    these = "this row" if broken == 1 else "these rows"
    said = (
        f"'{low}' is {word} '{high}' in {plural(broken, 'row')}, but in none of the other "
        f"{support - broken:,}: {these} may be wrong."
    )
    return Issue(
        "rules",
        said,
        pair,
        broken,
        f"row {train.row_number(int(wrong.arg_true()[0])):,}",
        severity="warning",
        action="kept; look at the rows",
    )


def _arithmetic(
    train: Dataset, few: Sequence[str], numbers: Sequence[str], run: Run
) -> tuple[list[Rule], list[Issue]]:
    """Sums, products and multiples, of which none follows from others, and a word on products and
    multiples that few rows break.

    Args:
        train: The rows.
        few: Columns among which sums and products are looked for.
        numbers: Columns among which multiples are looked for.
        run: Draws rows.
    """
    made, slips = _multiples(train, [numbers, *_dates(train)], run)
    added = _sums(train, few, run)
    multiplied, more = _products(train, few, run)
    for total in added:
        inside = [rule for rule in made if set(rule.columns) < set(total.columns)]
        if len(inside) > 1:  # two of them and the sum say the third
            made = [
                rule for rule in made if rule not in inside or total.columns[2] not in rule.columns
            ]
    products = {rule.columns[2] for rule in multiplied}
    made = [rule for rule in made if not products.issuperset(rule.columns)]
    follow = {rule.columns[-1] for rule in (*made, *added) if not _is_rounded(rule, train)}
    free = [name for name in few if name not in follow]
    told = [*_totals(train, free, run), *_spans(train, numbers, run)]
    return [*made, *added, *told, *multiplied], slips + more


def _is_rounded(rule: Rule, train: Dataset) -> bool:
    """Whether a multiple is one but for rounding, so that sums tell it from its base."""
    if rule.kind != "b=k*a+m" or train.schema[rule.columns[0]].kind == "datetime":
        return False
    base, derived = (as_numbers(train[name]) for name in rule.columns)
    made = base * float(rule.scale) + float(rule.shift)
    off = ~np.isnan(made + derived) & ~agrees(made, derived, 0.0)
    return int(off.sum()) > len(base) // 10


def _sums(train: Dataset, names: Sequence[str], run: Run) -> list[Rule]:
    if len(names) < 3:
        return []
    rules = []
    for found in sums(_matrix(train, names), run.rng("clean/rules", "sums")):
        columns = (names[found.first], names[found.second], names[found.total])
        rules.append(Rule("a+b=c", columns, found.support))
    return rules


def _totals(train: Dataset, names: Sequence[str], run: Run) -> list[Rule]:
    rules = []
    for found in totals(_matrix(train, names), run.rng("clean/rules", "totals")):
        columns = tuple(names[at] for at in (*found.parts, found.total))
        rules.append(Rule("a+b=c", columns, found.support, signs=found.signs))
    return rules


def _spans(train: Dataset, numbers: Sequence[str], run: Run) -> list[Rule]:
    """Dates that lie as many days (hours, ...) behind another as a column tells."""
    rules = []
    for dates in _dates(train):
        if len(dates) < 2 or not numbers:
            continue
        rng = run.rng("clean/rules", "spans")
        matrix = _matrix(train, dates)
        told: list[SpanRule] = []
        for found in spans(matrix, _matrix(train, numbers), rng):
            if any(_same_span(found, other, matrix) for other in told):
                continue
            told.append(found)
            columns = (dates[found.start], numbers[found.count], dates[found.end])
            rules.append(Rule("a+b=c", columns, found.support, factor=found.unit))
    return rules


def _same_span(one: SpanRule, other: SpanRule, dates: np.ndarray) -> bool:
    """Whether two numbers of days are one, told of columns that repeat each other."""
    if one.count != other.count:
        return False
    for first, second in ((one.start, other.start), (one.end, other.end)):
        known = ~np.isnan(dates[:, [first, second]]).any(axis=1)
        if not known.any() or (dates[known, first] != dates[known, second]).any():
            return False
    return True


def _products(train: Dataset, names: Sequence[str], run: Run) -> tuple[list[Rule], list[Issue]]:
    """The rules a * b = c, one for each c, and a word on those that few rows break."""
    rules: dict[str, Rule] = {}
    slips = []
    if len(names) < 3:
        return [], []
    for found in products(_matrix(train, names), run.rng("clean/rules", "products")):
        columns = (names[found.first], names[found.second], names[found.product])
        rule = Rule("a*b=c", columns, found.support)
        if found.broken:
            slips.append(_unlike(train, rule, found.broken))
        else:
            rules.setdefault(columns[2], rule)
    return list(rules.values()), slips


def _multiples(
    train: Dataset, groups: Sequence[Sequence[str]], run: Run
) -> tuple[list[Rule], list[Issue]]:
    """The rules b = k * a + m, between dates b = a + m, and a word on those that few rows break."""
    rules, slips = [], []
    for names in groups:
        if len(names) < 2:
            continue
        dated = train.schema[names[0]].kind == "datetime"
        rng = run.rng("clean/rules", "multiples")
        for found in multiples(_matrix(train, names), rng, only_offsets=dated):
            rule = Rule(
                "b=k*a+m",
                (names[found.base], names[found.derived]),
                found.support,
                factor=_shortest(found.factor),
                offset=_span(found.offset) if dated else _shortest(found.offset),
            )
            if found.broken:
                slips.append(_unlike(train, rule, found.broken))
            else:
                rules.append(rule)
    return rules, slips


def _shortest(number: Fraction) -> str:
    """A number as decimal text where that is short, else as a fraction."""
    decimal = format(Decimal(number.numerator) / Decimal(number.denominator), "f")
    if Fraction(decimal) == number:
        return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal
    return str(number)


def _span(microseconds: Fraction) -> str:
    """A span of time in the largest unit that counts it in whole numbers."""
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)):
        count = microseconds / (size * 1_000_000)
        if count.denominator == 1 or unit == "seconds":
            return f"{_shortest(count)} {unit if abs(count) != 1 else unit[:-1]}"
    raise AssertionError


def _unlike(train: Dataset, rule: Rule, broken: int) -> Issue:
    """A word on the few rows that break what is reckoned so in all others."""
    wrong = ~obeys(rule, train.frame, train.frame)
    these = "this row" if broken == 1 else "these rows"
    said = (
        f"{rule} in {rule.support - broken:,} rows, but not in {plural(broken, 'other row')}: "
        f"{these} may be wrong, or hold something that the columns do not tell."
    )
    return Issue(
        "rules",
        said,
        rule.columns,
        broken,
        f"row {train.row_number(int(np.flatnonzero(wrong)[0])):,}",
        severity="warning",
        action="kept; look at the rows",
    )


def _dependencies(train: Dataset, names: Sequence[str], run: Run) -> list[Rule]:
    if len(names) < 2:
        return []
    codes = np.stack([_levels(train[name]) for name in names], axis=1)
    rules = []
    for found in dependencies(codes, run.rng("clean/rules", "dependencies")):
        pair = names[found.decider], names[found.decided]
        rules += _ways("a decides b", pair, found.support, both=found.both)
    return rules


def _skips(train: Dataset) -> list[Rule]:
    """The rules "b only if a"."""
    columns = [c.name for c in train.schema.modelled if not train[c.name].dtype.is_nested()]
    columns = columns[:_MOST_COLUMNS]
    if not any(train[name].has_nulls() for name in columns):
        return []
    known = train.frame.select(by_name(*columns).is_not_null()).to_numpy()
    levels = []
    for name in columns:
        values = train[name]
        if has_more_levels(values, MOST_KEYS + 1):
            levels.append(values.is_null().cast(pl.Int32).to_numpy() * -1)
        else:
            levels.append(_levels(values))
    found = skips(levels, known)
    return [Rule("b only if a", (columns[s.key], columns[s.column]), s.support) for s in found]


def _levels(values: pl.Series) -> np.ndarray:
    """(n,) Levels counted from 0; -1 where missing."""
    if values.dtype == pl.String:  # in no order, which would take ten times as long
        known = values.drop_nulls().unique(maintain_order=True)
        return values.cast(pl.Enum(known)).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
    if values.dtype == pl.Boolean:
        values = values.cast(pl.UInt8)
    return values.rank("dense").cast(pl.Int32).fill_null(0).to_numpy() - 1


def _without_twins(made: Sequence[Rule], ordered: Sequence[Rule]) -> list[Rule]:
    """The rules without those that are told of a column and of another one that equals it."""
    pairs = {rule.columns for rule in ordered}
    twins = {high: low for low, high in pairs if (high, low) in pairs}
    for rule in ordered:  # of each two the first stays
        low, high = rule.columns
        if twins.get(low) == high and twins.get(high) == low:
            del twins[low]
    told = {(rule.kind, rule.columns) for rule in made}
    kept = []
    for rule in made:
        same = tuple(twins.get(name, name) for name in rule.columns)
        if same == rule.columns or (rule.kind, same) not in told:
            kept.append(rule)
    return kept


def _is_part(rule: Rule, made: Sequence[Rule], train: Dataset) -> bool:
    """Whether a <= b follows from what is reckoned: the total from parts that are never negative,
    the product from factors, one column from the other."""
    low, high = rule.columns
    for other in made:
        *parts, total = other.columns
        if total == high and low in parts:
            rest = [(part, one) for part, one in _signed(other) if part != low]
            if other.kind != "a+b=c" or (
                (low, 1) in _signed(other)
                and all(one > 0 and _never_negative(train[part]) for part, one in rest)
            ):
                return True
        if other.kind == "b=k*a+m" and {low, high} == set(other.columns):
            return True
    factors = {other.columns[2]: set(other.columns[:2]) for other in made if other.kind == "a*b=c"}
    return bool(factors.get(low, set()) & factors.get(high, set()))


def _is_chance(rule: Rule, made: Sequence[Rule], decided: Collection[tuple[str, ...]]) -> bool:
    """Whether a sum or a product only happens to tell what it was made of, as few prices and
    quantities do."""
    totals = {other.columns[-1] for other in made if other.kind in ("a+b=c", "a*b=c")}
    return rule.columns[0] in totals and rule.columns[::-1] not in decided


def _signed(rule: Rule) -> list[tuple[str, int]]:
    return list(zip(rule.columns[:-1], rule.signed(), strict=True))


def _never_negative(values: pl.Series) -> bool:
    return float(values.min() or 0) >= 0  # type: ignore[arg-type]


def _confirmed(rule: Rule, train: pl.DataFrame, holdout: pl.DataFrame) -> int | None:
    """Holdout rows in which the rule could be checked and holds; None if one breaks it."""
    known = holdout
    there = pl.all_horizontal(by_name(*rule.columns).is_not_null())
    if rule.kind != "b only if a":
        known = holdout.filter(there)
    if rule.kind == "a decides b":  # of what training rows do not show nothing is decided
        decider = rule.columns[0]
        seen = train.filter(there)[decider].unique()
        known = known.filter(by_name(decider).is_in(seen.implode()))
    return len(known) if obeys(rule, known, train).all() else None


def _diagnosis(rules: Sequence[Rule], train: Dataset) -> Diagnosis:
    """The rules and a sentence on each; a rule and its reverse share one."""
    known = {(rule.kind, rule.columns) for rule in rules}
    seen = set()
    issues = []
    for rule in rules:
        reverse = rule.kind, rule.columns[::-1]
        if reverse not in seen:
            both = reverse in known and rule.kind in ("a<=b", "a decides b")
            issues.append(_issue(rule, both, train))
        seen.add((rule.kind, rule.columns))
    rest = len(issues) - _MOST_SENTENCES
    if rest > 0:
        issues = issues[:_MOST_SENTENCES]
        hold = "holds" if rest == 1 else "hold"
        more = f"{plural(rest, 'further rule')} always {hold}; the schema lists them."
        issues.append(Issue("rules", more, (), rest, action="kept in the schema"))
    return Diagnosis(tuple(issues), rules=tuple(rules))


def _issue(rule: Rule, both: bool, train: Dataset) -> Issue:
    """A sentence on a rule, or on a rule and its reverse."""
    checked = "it is missing for that" if rule.kind == "b only if a" else "it can be checked"
    confirmed = f" and in {plural(rule.confirmed, 'holdout row')}" if rule.confirmed else ""
    return Issue(
        "rules",
        f"{_words(rule, both, train)}, in all {rule.support:,} rows where {checked}{confirmed}.",
        rule.columns,
        rule.support,
        action="kept in the schema as a rule for new rows",
    )


def _skip_words(rule: Rule, train: Dataset) -> str:
    """Beside what a column is known, or beside what it is missing, whichever is shorter."""
    key, name = rule.columns
    known = train[name].is_not_null()
    shown, rest = train[key].filter(known), train[key].filter(~known)
    if not shown.has_nulls() and train[key].n_unique() > MOST_KEYS:
        return f"'{name}' is known only where '{key}' is known"
    shown = shown.unique().sort()
    hidden = rest.unique().sort()
    hidden = hidden.filter(~hidden.is_in(shown.implode(), nulls_equal=True))
    told = shown_columns(train, [key])[key]
    if len(hidden) < len(shown):
        return f"'{name}' is missing wherever '{key}' is {_any_of(hidden, told)}"
    return f"'{name}' is known only where '{key}' is {_any_of(shown, told)}"


def _any_of(values: pl.Series, told: ShownColumn) -> str:
    said = [told.said(value) for value in values.head(4 if len(values) <= 4 else 3)]
    if len(values) > 4:
        return f"{', '.join(said)} or one of {len(values) - 3} more"
    return " or ".join(said)


def _words(rule: Rule, both: bool, train: Dataset) -> str:
    """The beginning of the sentence on a rule."""
    if rule.kind == "b only if a":
        return _skip_words(rule, train)
    if rule.kind in ("a+b=c", "a*b=c", "b=k*a+m", "one date"):
        return str(rule)
    one, other = train[rule.columns[0]], train[rule.columns[1]]
    a, b = f"'{one.name}'", f"'{other.name}'"
    if both and one.equals(other):
        return f"{a} and {b} are equal"
    if rule.kind == "a<=b":
        if both:
            return f"{a} and {b} are equal where both are known"
        word = "later than" if train.schema[one.name].kind == "datetime" else "above"
        return f"{a} is never {word} {b}"
    if both:
        return f"{a} and {b} say the same in two ways: each decides the other"
    levels = one.drop_nulls().n_unique()
    return f"{a} decides {b}: each of its {levels:,} values always comes with the same {b}"


CHECK = Check(diagnose, confirm=confirm)
