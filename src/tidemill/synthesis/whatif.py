"""What if: the same rows with some columns set, and how far an outcome would be expected to
move."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from typing import Any

import numpy as np
import polars as pl

from tidemill.core.columns import by_name
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ConditionError, OptionError
from tidemill.core.options import whole
from tidemill.core.run import Run
from tidemill.core.schema import Column, Schema
from tidemill.core.words import plural
from tidemill.effects.hidden_cause import strength_needed
from tidemill.io.reading import Input
from tidemill.supervised.arrays import Floats
from tidemill.supervised.auc import NORMAL_95
from tidemill.synthesis.expected import Expected, Expecting, OutcomeMeasure, measures
from tidemill.synthesis.infilling import FRESH, GivenRows
from tidemill.synthesis.outcome_design import feature_columns
from tidemill.synthesis.overlap import LIKE, Overlap, has_value, overlap
from tidemill.synthesis.synthesizer import Synthesizer
from tidemill.synthesis.whatif_answer import DRAWS, GENERATED, Basis, Shift, WhatIf

FEWEST_BALANCED = 20
"""Rows with and without what is set that show whether chance decided it."""


def what_if(
    model: Synthesizer,
    rows: Input,
    set: Mapping[str, Any] | Sequence[str] | str,
    outcome: str | Sequence[str] | None = None,
    *,
    redraw: Sequence[str] | None = None,
    keep: Sequence[str] | None = None,
    draws: int = DRAWS,
    randomised: bool = False,
    because: Sequence[str] | None = None,
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
    wanted = _outcomes(model, outcome)
    given = model.read_given(rows, run).records
    drawn_anew = _redrawn(model.schema, given, asked, wanted, redraw, keep)
    fixed = [test.column for test in asked.tests]
    measured = measures(model, wanted)
    outcomes = list(dict.fromkeys(name for one in measured for name in one.asked))
    causes = _causes(model.schema, because, randomised, [*fixed, *outcomes])
    needed = _needed(model.schema, fixed, outcomes, causes)
    sides = _Sides.of(model, given, asked, drawn_anew, needed, draws, run)
    shared = _overlap(model, asked, needed, drawn_anew, outcomes, run)
    already = _already(given, asked)
    supported = (sides.mean_of_draws(shared.ratio(sides.after)) >= LIKE) | already
    if not (supported & ~already).any() and not already.all():
        supported[:] = False  # no row that would change has an answer
    if not supported.all():
        run.warn(
            f"{plural(int((~supported).sum()), 'row')} of {len(given):,} have no answer: rows like "
            f"them hardly ever have {asked}"
        )
    expecting = Expecting(model, given.known, fixed, outcomes, causes, run)
    told = _Answers()
    if supported.any():
        for one in run.track(measured, "expect", "what would be expected"):
            told.add(one, expecting.of(one), sides, supported, given, fixed, causes is not None)
    moving = {*fixed, *drawn_anew, *outcomes}
    return WhatIf(
        asked=asked,
        rows=len(given),
        already=int(already.sum()),
        refused=int((~supported).sum()),
        basis=_basis(causes, randomised=randomised),
        because=tuple(causes or ()),
        told=_told(model, shared, given, asked, run) if randomised else None,
        draws=sides.draws,
        kept=_kept(model.schema, given, needed, moving, texts=causes is None and told.by_texts),
        redrawn=tuple(drawn_anew),
        learned_from=told.source,
        left_out=tuple(told.left_out),
        shifts=tuple(told.shifts),
        untold=tuple(told.untold),
        data=_answered(sides.shown, told.rows, supported),
    )


def _overlap(
    model: Synthesizer,
    asked: Condition,
    needed: Sequence[str],
    anew: Sequence[str],
    outcomes: Sequence[str],
    run: Run,
) -> Overlap:
    """Who has what is set, by what is kept of the rows."""
    names = [column.name for column in feature_columns(model.schema)]
    away = [name for name in names if name not in needed or name in anew]
    with run.stage("overlap", f"looking who has {asked}", total=1) as stage:
        found = overlap(model, asked, [*outcomes, *away], run)
        stage.advance()
    return found


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


def _set(own: GivenRows, given: GivenRows, value: pl.DataFrame, model: Synthesizer) -> GivenRows:
    """The rows with what is set, one row, in the place of their own values."""
    typed = [pl.lit(value[name].item(), value.schema[name]).alias(name) for name in value.columns]
    known = own.known.frame.with_columns(typed)
    schema = model.schema.select([name for name in model.schema.names if name in known.columns])
    source = own.source.frame.with_columns(typed)
    columns = {column.name: column for column in given.source.schema}
    columns |= {name: model.schema[name] for name in value.columns}
    shown = Schema(tuple(columns[name] for name in source.columns))
    return GivenRows(
        replace(own.source, frame=source, schema=shown, origin=None),
        Dataset(known.select(by_name(*schema.names)), schema, name=own.known.name),
    )


@dataclass(frozen=True)
class _Sides:
    """The rows as they are and as they are set, in the model's columns.

    Attributes:
        before, after: ``draws`` times n rows; all rows of the first draw come first.
        draws: How often what changes as well was drawn; 1 where nothing was.
        shown: (n rows) as given, with what is set.
    """

    before: Dataset
    after: Dataset
    draws: int
    shown: Dataset

    @staticmethod
    def of(
        model: Synthesizer,
        given: GivenRows,
        asked: Condition,
        anew: Sequence[str],
        needed: Sequence[str],
        draws: int,
        run: Run,
    ) -> _Sides:
        """Set the rows, and draw what is needed and not known."""
        own = _without(given, anew)
        wanted = [pl.Series(test.column, [test.value]) for test in asked.tests]
        value = model.read_given(pl.DataFrame(wanted), run.child(quiet=True)).known.frame
        changed = _set(own, given, value, model)
        sides = []
        for rows, name in ((own, "before"), (changed, "after")):
            sides.append(_completed(model, rows, needed, draws, run, name))
        most = max(len(side) for side in sides)
        sides = [side if len(side) == most else _repeated(side, draws) for side in sides]
        shown = _shown(_set(given, given, value, model).source, model, sides[1], asked, anew)
        return _Sides(sides[0], sides[1], most // max(len(given), 1), shown)

    def mean_of_draws(self, values: Floats) -> Floats:
        """(draws * n,) -> (n,)."""
        return np.asarray(values.reshape(self.draws, -1).mean(axis=0))

    def supported(self, mask: np.ndarray) -> tuple[Dataset, Dataset]:
        """Both sides of the rows under a mask, (n,)."""
        rows = np.tile(mask, self.draws)
        return self.before.rows(rows), self.after.rows(rows)


def _completed(
    model: Synthesizer, rows: GivenRows, needed: Sequence[str], draws: int, run: Run, name: str
) -> Dataset:
    """The rows as they are where all that is needed is known; else drawn so many times."""
    known = rows.known
    lacking = []
    for column in needed:
        is_fact = model.schema[column].nullable
        if column not in known.schema or (known[column].null_count() and not is_fact):
            lacking.append(column)
    if not lacking or not len(rows):
        return known
    facts = [c for c in known.schema.names if model.schema[c].nullable and c not in lacking]
    inner = run.child("what-if", name, quiet=True, progress=True)
    drawn = model.infill_drawn(rows, draws, keep=facts, run=inner).data
    made_up = {column.name for column in model.schema.texts if column.name not in known.schema}
    names = [c for c in model.schema.names if c in drawn.schema and c not in made_up]
    return Dataset(drawn.frame.select(by_name(*names)), model.schema.select(names), name=known.name)


def _shown(
    rows: Dataset, model: Synthesizer, after: Dataset, asked: Condition, anew: Sequence[str]
) -> Dataset:
    """The rows as they are set; of what was drawn anew the first draw, so that they keep the rules.
    An outcome that was not drawn stays as it was given, unless a rule ties it to what is set."""
    fixed = [test.column for test in asked.tests]
    tied = _tied(model.schema, {*fixed}, set())
    frame, columns = rows.frame, {column.name: column for column in rows.schema}
    for name in anew:
        if name not in columns:
            continue
        if name in after.schema:
            frame = frame.with_columns(after[name].head(len(rows)))
            columns[name] = model.schema[name]
        elif name in tied:
            frame = frame.with_columns(pl.lit(None, dtype=frame.schema[name]).alias(name))
            columns[name] = replace(columns[name], nullable=True)
    return replace(rows, frame=frame, schema=Schema(tuple(columns.values())))


def _repeated(rows: Dataset, times: int) -> Dataset:
    return rows.rows(np.tile(np.arange(len(rows)), times))


def _causes(
    schema: Schema, because: Sequence[str] | None, randomised: bool, asked: Sequence[str]
) -> tuple[str, ...] | None:
    """The columns that the user says decided what is set; None where none are named.

    Raises:
        OptionError: They make no sense.
        SchemaError: There is no such column.
    """
    if not because:
        return None
    if randomised:
        raise OptionError(
            "chance set the columns, or other columns decided it, but not both",
            hint="leave randomised or because out",
        )
    names = tuple(dict.fromkeys(schema[name].name for name in because))
    for name in names:
        if name in asked:
            raise OptionError(
                f"the column '{name}' cannot be a cause and be set or measured as well",
                hint="name the columns that decided what is set",
            )
        if name not in {column.name for column in feature_columns(schema)}:
            raise OptionError(
                f"'{name}' is of the kind {schema[name].kind}, which cannot be adjusted for",
                where=f"column '{name}'",
                hint="name a number, a date or a category",
            )
    return names


def _needed(
    schema: Schema, fixed: Sequence[str], outcomes: Sequence[str], causes: Sequence[str] | None
) -> list[str]:
    """The columns that must be known of a row."""
    if causes is not None:
        return [*causes, *fixed]
    return [column.name for column in feature_columns(schema, outcomes)]


def _kept(
    schema: Schema,
    given: GivenRows,
    needed: Sequence[str],
    moving: Collection[str],
    *,
    texts: bool,
) -> tuple[str, ...]:
    """The columns that stay as they are, and with ``texts`` those of texts."""
    names = [name for name in needed if name not in moving]
    if texts:
        names += [column.name for column in schema.texts if column.name in given.known.schema]
    return tuple(names)


def _already(given: GivenRows, asked: Condition) -> np.ndarray:
    """(n,) which rows have what is set by themselves."""
    if any(test.column not in given.known.schema for test in asked.tests):
        return np.zeros(len(given), bool)
    return asked.mask(given.known.frame).fill_null(False).to_numpy()


def _told(
    model: Synthesizer, shared: Overlap, given: GivenRows, asked: Condition, run: Run
) -> tuple[float, float, float] | None:
    """How well other columns tell who has what is set, and the 95 % interval; of rows that are not
    those by which it was learned."""
    rows = given.known
    names = () if shared.design is None else shared.design.names
    needed = [*names, *(test.column for test in asked.tests)]
    has = np.zeros(0, bool)
    if all(name in rows.schema for name in needed):
        has = _have(rows, asked)
    if min(has.sum(), (~has).sum()) < FEWEST_BALANCED:
        rows = model.tabular_rows(2000, run=run.child("what-if", "balance", quiet=True))
        has = _have(rows, asked)
    found = shared.told(rows, has)
    return None if found is None else (found.value, *found.interval)


def _have(rows: Dataset, asked: Condition) -> np.ndarray:
    has = np.ones(len(rows), bool)
    for test in asked.tests:
        has &= has_value(rows, test, near=True)
    return has


@dataclass
class _Answers:
    """What is told of the outcomes, one by one.

    Attributes:
        shifts: Of those that can be told.
        rows: Words of an outcome -> (n, 2) what is expected of each row before and after.
        untold: Outcomes that hardly any rows have.
        source: What they were learned from; of several sources the one that is trusted least.
        left_out: Columns that are an outcome in other words.
    """

    shifts: list[Shift] = field(default_factory=list)
    rows: dict[str, Floats] = field(default_factory=dict)
    untold: list[str] = field(default_factory=list)
    source: str = ""
    left_out: dict[str, None] = field(default_factory=dict)

    @property
    def by_texts(self) -> bool:
        """Whether texts told of them: the made words of generated rows say nothing."""
        return self.source != GENERATED

    def add(
        self,
        one: OutcomeMeasure,
        expected: Expected | None,
        sides: _Sides,
        supported: np.ndarray,
        given: GivenRows,
        fixed: Sequence[str],
        sensitivity: bool,
    ) -> None:
        """Tell an outcome."""
        if expected is None:
            self.untold.append(one.words)
            return
        shift, rows = _shift(one, expected, sides, supported, given, fixed, sensitivity=sensitivity)
        self.shifts.append(shift)
        self.rows[one.words] = rows
        self.left_out |= dict.fromkeys(expected.left_out)
        if self.source != GENERATED:
            self.source = expected.source


def _shift(
    one: OutcomeMeasure,
    expected: Expected,
    sides: _Sides,
    supported: np.ndarray,
    given: GivenRows,
    fixed: Sequence[str],
    *,
    sensitivity: bool,
) -> tuple[Shift, Floats]:
    """How far an outcome moves, and (n, 2) what is expected of each row before and after."""
    before, after = sides.supported(supported)
    model, place = expected.model, expected.place
    found = model.contrast(before, after, place)
    own = found.rows.reshape(sides.draws, -1, 2)
    moved = (own[:, :, 1] - own[:, :, 0]).mean(axis=1)
    error = found.error
    if sides.draws > 1:
        error = sqrt(error**2 + float(moved.var(ddof=1)) / sides.draws)
    shift = found.after - found.before
    raw = None
    if len(fixed) == 1 and fixed[0] in model.design.names:
        raw = model.raw_difference(before, after, fixed[0], place)
    robustness = None
    if sensitivity:
        robustness = strength_needed(shift / error if error else 0.0, model.degrees_of_freedom)
    told = Shift(
        one.words,
        one.unit,
        found.before,
        found.after,
        shift - NORMAL_95 * error,
        shift + NORMAL_95 * error,
        _observed(one, given, supported),
        raw,
        model.shift_by_trees(before, after, place),
        robustness,
    )
    return told, own.mean(axis=0)


def _observed(one: OutcomeMeasure, given: GivenRows, supported: np.ndarray) -> float | None:
    """The outcome of the rows as they were given, where all have it."""
    if any(name not in given.known.schema for name in one.asked):
        return None
    values = one.values(given.known)[supported]
    return float(values.mean()) if len(values) and np.isfinite(values).all() else None


def _basis(causes: Sequence[str] | None, *, randomised: bool) -> Basis:
    if randomised:
        return "randomised"
    return "association" if causes is None else "because"


def _answered(shown: Dataset, each: Mapping[str, Floats], supported: np.ndarray) -> Dataset:
    """The rows with what is expected of each before and after."""
    frame, columns = shown.frame, list(shown.schema)
    for words, own in each.items():
        for side, name in enumerate(("before", "after")):
            values = np.full(len(shown), np.nan)
            values[supported] = own[:, side]
            series = pl.Series(f"{name}: {words}", values, dtype=pl.Float64).fill_nan(None)
            frame = frame.with_columns(series)
            columns.append(Column(series.name, "number", "ignore", True, dtype="Float64"))
    return replace(shown, frame=frame, schema=Schema(tuple(columns)))
