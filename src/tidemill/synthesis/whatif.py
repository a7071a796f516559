"""What if: the same rows with some columns set, others drawn anew, and how far an outcome moves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl

from tidemill.core.condition import Condition, Test
from tidemill.core.dataset import Dataset
from tidemill.core.drawn import Drawn
from tidemill.core.errors import ConditionError, OptionError
from tidemill.core.notebook import bullets, paragraph
from tidemill.core.options import whole
from tidemill.core.run import Run
from tidemill.core.schema import Schema
from tidemill.core.states import HasState
from tidemill.core.words import number, percent, plural
from tidemill.io.reading import Input
from tidemill.synthesis.infilling import FRESH, GivenRows
from tidemill.synthesis.synthesizer import Synthesizer

DRAWS = 20
BOOTSTRAPS = 1000
BLOCK = 20_000_000
"""Numbers held at a time while resampling."""
SHOWN_LEVELS = 10
UNLIKELY = 0.01
"""A row is unlike anything learned where what is set is so many times as likely as what the row
had."""
MANY_UNLIKELY = 0.1
LIMIT = (
    "This is what the model expects of rows with these values, learned from rows that came to "
    "have them by themselves. "
    "It does not prove that setting them would bring it about."
)


@dataclass(frozen=True, slots=True)
class Shift:
    """How far one outcome moves.

    Attributes:
        outcome: What is measured, in words.
        unit: "share" of rows, or "mean" of a number.
        before, after: Its value with the rows' own values, and with those that are set; both by the
            model.
        low, high: The 95 % interval of ``after - before``, resampled over rows and draws.
        observed: Its value in the rows as they were given, where they have it.
    """

    STATE: ClassVar = ("outcome", "unit", "before", "after", "shift", "low", "high", "observed")

    outcome: str
    unit: str
    before: float
    after: float
    low: float
    high: float
    observed: float | None = None

    @property
    def shift(self) -> float:
        """``after - before``."""
        return self.after - self.before

    def __str__(self) -> str:
        worded = percent if self.unit == "share" else number
        moved, low, high = (
            _signed(value, self.unit) for value in (self.shift, self.low, self.high)
        )
        points = " points" if self.unit == "share" else ""
        return (
            f"{self.outcome}: {worded(self.before)} -> {worded(self.after)}, {moved}{points} "
            f"(95 % interval {low} to {high})"
        )


@dataclass(frozen=True)
class WhatIf(HasState):
    """What a model expects of rows if some of their columns were set.

    It is the model's conditional, not a causal effect.

    Attributes:
        asked: What was set.
        rows: How many rows.
        already: How many of them had these values anyway.
        draws: How often each row was drawn.
        kept: Columns that stay as they are.
        redrawn: Columns of the rows that are drawn anew.
        shifts: One entry for each outcome.
        unlikely: The share of rows for which the model holds what is set for under a hundredth as
            likely as what they had.
        data: The rows with what is set and drawn; the column ``draw`` counts the draws where there
            are several.
    """

    STATE = (
        ("set", "tests"),
        *("rows", "already", "draws", "kept", "redrawn", "unlikely", "shifts"),
    )

    asked: Condition
    rows: int
    already: int
    draws: int
    kept: tuple[str, ...]
    redrawn: tuple[str, ...]
    shifts: tuple[Shift, ...]
    unlikely: float
    data: Dataset = field(repr=False)

    def _lines(self) -> list[str]:
        had = f", {self.already:,} of which have it already" if self.already else ""
        kept = ", ".join(self.kept) or "nothing"
        notes = [f"Kept: {kept}. Drawn anew: {', '.join(self.redrawn)}."]
        if self.unlikely > 0:
            notes.append(
                f"For {percent(self.unlikely)} of the rows the model has hardly seen the like; "
                "their outcome is extrapolated."
            )
        return [
            f"What if {self.asked}, for {plural(self.rows, 'row')}{had}, "
            f"{plural(self.draws, 'draw')} each",
            *(str(shift) for shift in self.shifts),
            *notes,
            LIMIT,
        ]

    def __str__(self) -> str:
        head, *rest = self._lines()
        shifts = len(self.shifts)
        return "\n".join([head, *(f"  {line}" for line in rest[:shifts]), *rest[shifts:]])

    def _repr_html_(self) -> str:
        head, *rest = self._lines()
        shifts = len(self.shifts)
        notes = "".join(map(paragraph, rest[shifts:]))
        return paragraph("", bold=head) + bullets(rest[:shifts]) + notes

    @property
    def tests(self) -> tuple[Test, ...]:
        """What was set, column by column."""
        return self.asked.tests


def what_if(
    model: Synthesizer,
    rows: Input,
    set: Mapping[str, Any] | Sequence[str] | str,
    outcome: str | Sequence[str] | None = None,
    *,
    redraw: Sequence[str] | None = None,
    keep: Sequence[str] | None = None,
    draws: int = DRAWS,
    run: Run,
) -> WhatIf:
    """The shift of outcomes if some columns of rows were set: the arguments of
    :func:`tidemill.what_if`.

    Raises:
        ConditionError: What is set is no plain value, or an outcome cannot be understood.
        DataError: A value of the rows is none that its column can have.
        OptionError: A column is to be set, kept or drawn anew, and something else as well.
    """
    draws = whole(draws, "draws")
    asked = _asked(model, set, run)
    measured = _outcomes(model, outcome)
    given = model.read_given(rows, run).records
    drawn_anew = _redrawn(model.schema, given, asked, measured, redraw, keep)
    own = _without(given, drawn_anew)
    changed = _set(own, given, asked, model)
    facts = [name for name in changed.known.schema.names if model.schema[name].kind not in FRESH]
    known = [name for name in facts if name in own.known.schema]
    before = _drawn(model, own, draws, known, run, "before")
    after = _drawn(model, changed, draws, facts, run, "after")
    shifts = _shifts(model, measured, before.data, after.data, given, draws, run)
    fixed = {test.column for test in asked.tests}
    unlikely, already = 0.0, 0
    if fixed.issubset(own.known.schema.names):
        unlikely = _unlikely(before, after, len(given), run)
    if fixed.issubset(given.known.schema.names):
        already = int(asked.mask(given.known.frame).sum())
    names = given.source.schema.names
    added = [name for name in after.data.schema.names if name not in names]
    return WhatIf(
        asked=asked,
        rows=len(given),
        already=already,
        draws=draws,
        kept=tuple(name for name in facts if name not in fixed),
        redrawn=tuple(drawn_anew),
        shifts=shifts,
        unlikely=unlikely,
        data=after.data.select([*names, *added]),
    )


def _without(given: GivenRows, names: Collection[str]) -> GivenRows:
    """The rows without these columns."""
    source, known = given.source, given.known
    return GivenRows(
        source.select([name for name in source.schema.names if name not in names]),
        known.select([name for name in known.schema.names if name not in names]),
    )


def _asked(model: Synthesizer, wanted: Any, run: Run) -> Condition:
    """What is set: one plain value for each column."""
    asked = model.condition(wanted)
    names = [test.column for test in asked.tests]
    if not names or len({*names}) < len(names):
        raise ConditionError(
            "what is set must name one value for each column", hint='write set={"plan": "team"}'
        )
    for test in asked.tests:
        kind = model.schema[test.column].kind
        if test.operator not in ("=", "missing") or kind in FRESH:
            raise ConditionError(
                f"'{test}' is no plain value that can be set",
                where=f"column '{test.column}'",
                hint='write COL=VALUE, in Python {"COL": VALUE}',
            )
        if (
            test.operator == "="
            and model.levels(test.column)
            and test.value not in model.levels(test.column)
        ):
            model.draw(
                0, Condition((test,)), run=run.child(quiet=True)
            )  # raises, and names the levels
    return asked


def _outcomes(model: Synthesizer, outcome: str | Sequence[str] | None) -> list[str | Condition]:
    """Columns, and conditions whose share is measured."""
    if outcome is None:
        target = model.schema.target
        if target is None:
            raise OptionError(
                "it is not said which outcome is meant",
                hint='name a column, or a condition such as "fee>50"',
            )
        return [target.name]
    texts = [outcome] if isinstance(outcome, str) else list(outcome)
    measured: list[str | Condition] = [
        text if text in model.schema else model.condition(text) for text in texts
    ]
    for one in measured:
        if isinstance(one, str) and model.schema[one].kind not in ("number", "category", "boolean"):
            raise OptionError(
                f"of a {model.schema[one].kind} there is no share and no mean",
                where=f"column '{one}'",
                hint=f'name a condition, such as "{one}>=..."',
            )
    return measured


def _redrawn(
    schema: Schema,
    given: GivenRows,
    asked: Condition,
    measured: Sequence[str | Condition],
    redraw: Sequence[str] | None,
    keep: Sequence[str] | None,
) -> list[str]:
    """The columns that are drawn anew: outcomes, what rules tie to what is set, and what the user
    names.

    Raises:
        OptionError: A column has two parts to play.
    """
    if redraw is not None and keep is not None:
        raise OptionError(
            "say what is kept, or what is drawn anew, not both", hint="leave keep or redraw out"
        )
    own = [name for name in given.known.schema.names if schema[name].kind not in FRESH]
    fixed = {test.column for test in asked.tests}
    outcomes = {
        name
        for one in measured
        for name in ([one] if isinstance(one, str) else [t.column for t in one.tests])
    }
    kept = {schema[name].name for name in keep or ()}
    named = {schema[name].name for name in redraw or ()} if keep is None else {*own} - kept - fixed
    for both, said in (
        (outcomes & fixed, "set and measured"),
        (named & fixed, "set and drawn anew"),
        (outcomes & kept, "kept and measured"),
        (kept & fixed, "set and kept"),
    ):
        if both:
            raise OptionError(
                f"the column '{min(both)}' cannot be both {said}", hint="name another column"
            )
    anew = outcomes | named
    return [name for name in schema.names if name in anew | _tied(schema, fixed, anew) - kept]


def _tied(schema: Schema, fixed: set[str], anew: set[str]) -> set[str]:
    """The columns that a rule makes change with those that change."""
    changing, tied = fixed | anew, set[str]()
    while True:
        more = set[str]()
        for rule in schema.rules:
            if changing.isdisjoint(rule.columns) or rule.kind in ("a<=b", "range"):
                continue
            parts, total = rule.columns[:-1], rule.columns[-1]
            if (
                rule.kind in ("a+b=c", "a*b=c")
                and total not in fixed
                and not changing.isdisjoint(parts)
            ):
                more.add(total)  # follows from its parts
            else:
                more |= {*rule.columns}
        more -= changing
        if not more:
            return tied
        changing, tied = changing | more, tied | more


def _set(own: GivenRows, given: GivenRows, asked: Condition, model: Synthesizer) -> GivenRows:
    """The rows with what is set in the place of their own values."""
    values = [pl.Series(test.column, [test.value] * len(own)) for test in asked.tests]
    typed = model.read_given(pl.DataFrame(values)).known if values else own.known
    known = own.known.frame.with_columns(typed.frame)
    schema = model.schema.select([name for name in model.schema.names if name in known.columns])
    source = own.source.frame.with_columns(typed.frame)
    columns = {column.name: column for column in given.source.schema}
    shown = Schema(
        tuple(
            model.schema[name] if name in typed.schema else columns[name] for name in source.columns
        )
    )
    return GivenRows(
        replace(own.source, frame=source, schema=shown, origin=None),
        Dataset(known.select(schema.names), schema, name=own.known.name),
    )


def _drawn(
    model: Synthesizer, rows: GivenRows, draws: int, facts: Sequence[str], run: Run, name: str
) -> Drawn:
    """The rows drawn so many times, without a word about it."""
    inner = run.child("what-if", name, quiet=True)
    with run.stage(name, f"drawing the rows {name}", total=1) as stage:
        drawn = model.infill_drawn(rows, draws, keep=facts, run=inner)
        stage.advance()
    return drawn


def _unlikely(before: Drawn, after: Drawn, n: int, run: Run) -> float:
    """The share of rows that are unlike anything learned once they are set."""
    if before.chance is None or after.chance is None:
        return 0.0
    was, becomes = (drawn.reshape(-1, n).mean(axis=0) for drawn in (before.chance, after.chance))
    unlikely = float((becomes < UNLIKELY * was).mean())
    if unlikely > MANY_UNLIKELY:
        run.warn(
            f"for {percent(unlikely)} of the rows the model has hardly seen the like of what is "
            "set; their outcome is extrapolated"
        )
    return unlikely


# --- outcomes -------------------------------------------------------------------------------------


def _shifts(
    model: Synthesizer,
    measured: Sequence[str | Condition],
    before: Dataset,
    after: Dataset,
    given: GivenRows,
    draws: int,
    run: Run,
) -> tuple[Shift, ...]:
    shifts = []
    for outcome, unit, expression in _measures(model, measured):
        shifts.append(_shift(outcome, unit, expression, before, after, given, draws, run))
    return tuple(shifts)


def _measures(
    model: Synthesizer, measured: Sequence[str | Condition]
) -> Iterator[tuple[str, str, pl.Expr]]:
    """The words, the unit and the value in a row of each outcome."""
    for one in measured:
        if isinstance(one, Condition):
            yield str(one), "share", one.expression()
        elif model.schema[one].kind == "number":
            yield f"mean of {one}", "mean", pl.col(one)
        else:
            for test in _levels(model, one):
                condition = Condition((test,))
                yield str(condition), "share", condition.expression()


def _levels(model: Synthesizer, name: str) -> list[Test]:
    """The levels whose shares are told; of two the rarer one."""
    levels = model.levels(name)
    missing = [Test(name, "missing")] if model.schema[name].nullable else []
    shown = levels[1:] if len(levels) == 2 and not missing else levels[:SHOWN_LEVELS]
    return [*(Test(name, "=", level) for level in shown), *missing]


def _shift(
    outcome: str,
    unit: str,
    expression: pl.Expr,
    before: Dataset,
    after: Dataset,
    given: GivenRows,
    draws: int,
    run: Run,
) -> Shift:
    """One outcome before and after, and the interval of the difference."""
    rng = run.rng("what-if", "bootstrap", outcome)
    n = len(given)
    sides = [_values(data.frame, expression).reshape(draws, n).T for data in (before, after)]
    known = [~np.isnan(side) for side in sides]
    means = []
    for side, there in zip(sides, known, strict=True):
        means.append(float(side[there].mean()) if there.any() else float("nan"))
    moved: list[np.ndarray] = []
    block = max(1, min(BOOTSTRAPS, BLOCK // max(n, 1)))
    for start in range(0, BOOTSTRAPS, block):
        size = min(block, BOOTSTRAPS - start)
        rows = rng.multinomial(n, np.full(n, 1 / n), size=size).astype(float)
        resampled = []
        for side, there in zip(sides, known, strict=True):
            draw = rng.multinomial(draws, np.full(draws, 1 / draws), size=size)
            total = ((rows @ np.where(there, side, 0.0)) * draw).sum(axis=1)
            count = ((rows @ there.astype(float)) * draw).sum(axis=1)
            resampled.append(total / np.maximum(count, 1e-300))
        moved.append(resampled[1] - resampled[0])
    low, high = np.quantile(np.concatenate(moved), [0.025, 0.975])
    names = expression.meta.root_names()
    observed = None
    if all(name in given.known.schema and not given.known[name].null_count() for name in names):
        observed = float(np.nanmean(_values(given.known.frame, expression)))
    return Shift(outcome, unit, means[0], means[1], float(low), float(high), observed)


def _values(frame: pl.DataFrame, expression: pl.Expr) -> np.ndarray:
    """(n,) float64, NaN where a number is missing."""
    return (
        frame.select(expression.cast(pl.Float64).alias("value"))["value"]
        .fill_null(float("nan"))
        .to_numpy()
    )


def _signed(value: float, unit: str) -> str:
    if unit == "share":
        return f"{100 * value:+.1f}"
    return f"{'+' if value >= 0 else '-'}{number(abs(value))}"
