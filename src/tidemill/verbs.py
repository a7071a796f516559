"""Each step as one plain function; the command line has the same names and the same
defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, Unpack, cast

import polars as pl

from tidemill import sharing
from tidemill.auditing.attacking import evidence
from tidemill.auditing.audit import OUTPUTS as AUDIT_OUTPUTS
from tidemill.auditing.audit import Audit
from tidemill.auditing.audit import audit as attack
from tidemill.augmentation import elsewhere
from tidemill.augmentation import outputs as loop_folder
from tidemill.augmentation.loop import LoopOptions, LoopResult, refuse_unsuited
from tidemill.augmentation.loop import loop as turn_round_by_round
from tidemill.augmentation.page import paged
from tidemill.cleaning import plan as cleaning
from tidemill.cleaning.found_rules import with_found_rules
from tidemill.cleaning.plan import Cleaned
from tidemill.cleaning.unmended import warn_unmended
from tidemill.codecs.choosing import default_model
from tidemill.core import options as stated
from tidemill.core.artifact import is_stored_model
from tidemill.core.database import Database
from tidemill.core.database_scores import DatabaseScores
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.finding import Findings
from tidemill.core.outputs import UNFINISHED, refuse_clashes, refuse_existing
from tidemill.core.redaction import redacted
from tidemill.core.results_folder import making
from tidemill.core.run import Run
from tidemill.core.schema import Role
from tidemill.core.score import Scores
from tidemill.core.split import split as divide
from tidemill.core.states import HasState
from tidemill.core.verdict import Verdict
from tidemill.io.conforming import conform
from tidemill.io.databases.reading import read_database as read_tables
from tidemill.io.databases.writing import write_database as write_tables
from tidemill.io.file import content_of
from tidemill.io.formats.encoding import utf8_of
from tidemill.io.reading import Input
from tidemill.io.reading import read as read_table
from tidemill.io.sound.wav import write_wav
from tidemill.io.source import Source, files_of
from tidemill.io.target import Target
from tidemill.metrics.evaluate import evaluate as measure
from tidemill.mining.mine import mine as find
from tidemill.models.presets import preset as settings
from tidemill.pipeline import databases, estimate, pipeline
from tidemill.pipeline import folder as run_folder
from tidemill.pipeline.results import files_in, model_in, tables_in
from tidemill.relational.judging import judge
from tidemill.relational.model import DatabaseModel
from tidemill.reporting.base import ReportInput
from tidemill.reporting.build import build
from tidemill.reporting.finding_cards import FindingCards
from tidemill.reporting.page import Report
from tidemill.reporting.terminal import NotebookLine, in_notebook
from tidemill.sharing import Shared
from tidemill.sharing import share as pass_on
from tidemill.speaking.page import summary_of_page
from tidemill.speaking.reading_aloud import read_aloud
from tidemill.speaking.speaker import Speech
from tidemill.synthesis import scoring
from tidemill.synthesis.caution import check_privacy, with_caution
from tidemill.synthesis.competing import AUTO, competed, no_options
from tidemill.synthesis.extending import Extended
from tidemill.synthesis.scoring import ScoredRows
from tidemill.synthesis.synthesizer import Synthesizer
from tidemill.synthesis.whatif_answer import DRAWS, WhatIf
from tidemill.trials.strategies import Resampler
from tidemill.trials.verdict import verdict as prove

Table = Input | str | Path
"""A table, or the path of one; only here a text is a path."""
Data = Annotated[Table, stated.DATA]
Model = Annotated[Synthesizer | str | Path, stated.MODEL]


@dataclass(frozen=True)
class Written(HasState):
    """Rows that were made and written.

    Attributes:
        rows: How many.
        noun: What they are called.
        series: How many series they are; None where they are none.
        out: Where they are.
    """

    rows: int
    noun: str
    series: int | None
    out: str

    def __str__(self) -> str:
        if self.series is not None:
            return f"{self.series:,} series of {self.rows:,} rows"
        return f"{self.rows:,} {self.noun}"


def read(source: Data, *, run: Run | None = None, **reading: Unpack[stated.Reading]) -> Dataset:
    """A table with its schema inferred, a reason for each column.

    Args:
        source: A path (csv, tsv, parquet, jsonl, xlsx, ``file.sqlite?table=t``; text also gzipped
            or zipped), a table of a server (``postgresql://user@host/database?table=t``), or a
            polars, pandas or pyarrow table.
        target: The column to be predicted.
        ignore: Columns to be left out of everything.
        id: Columns that name a row.
        sensitive: Columns that fairness is watched for.
        time: The column by which the latest rows are held out.
        entity: The column whose rows belong together and are never split.
        schema: A TOML file that overrides kinds and roles.
        run: For progress.

    Raises:
        InputError: The source cannot be read.
        SchemaError: A named column does not exist, or a kind does not fit.

    Example:
        >>> import polars as pl
        >>> data = read(pl.DataFrame({"age": [31, 42, 57], "plan": ["team", "solo", "team"]}),
        ...     target="plan")
        >>> [(column.name, column.kind, column.role) for column in data.schema]
        [('age', 'number', 'feature'), ('plan', 'category', 'target')]
    """
    return read_table(_source(source), run or _run(), **reading)


def read_database(
    source: str | Path,
    *,
    keys: Annotated[Sequence[str], stated.KEYS] = (),
    links: Annotated[Sequence[str], stated.LINKS] = (),
    run: Run | None = None,
) -> Database:
    """All tables of a database on a server, a file of SQLite or DuckDB, a spreadsheet or a folder
    of files, with their keys and links.

    Args:
        source: The path, or the address: "postgresql://user@host/database?schema=shop".
        keys: What names a row of a table, where that is not found: "orders.id", or with several
            columns "lines.(order, product)".
        links: What points to what, where that is not found: "orders.customer_id=customers.id".
        run: For progress.

    Raises:
        InputError: It holds no tables, one of them cannot be read, or a server says no.
        SchemaError: A key or a link names what is not there.
        OptionError: A key or a link is not written so.
    """
    return read_tables(source, run or _run(), keys=keys, links=links)


def split(
    data: Data,
    share: stated.Share = 0.3,
    *,
    target: stated.Target = None,
    seed: stated.Seed = 0,
) -> tuple[Dataset, Dataset]:
    """Training rows and held-out rows: no entity on both sides, the latest held out where a column
    is the time.

    Args:
        data: A Dataset, or anything that :func:`read` takes.
        share: The held-out share, between 0 and 1.
        target: The column to be predicted, where ``data`` is no Dataset; each of its levels has its
            share on both sides.
        seed: Another seed gives other rows.

    Raises:
        DataError: There are too few rows to hold some out.
    """
    run = _run(seed)
    return divide(_dataset(data, run, target=target), run, share)


def write(data: Dataset, path: str | Path, *, overwrite: bool = False) -> None:
    """Write a dataset in the format of the file's ending, its values spelled as they were read.

    Raises:
        OutputError: The ending is unknown, the file exists, or it cannot be written.
    """
    Target.parse(str(path)).write([data], overwrite=overwrite, rows=len(data))


def clean(data: Data, *, checks: stated.Checks = None, run: Run | None = None) -> Cleaned:
    """The data with what is plainly wrong mended, a log of every changed cell, and what else was
    noticed.

    Args:
        data: A Dataset, or anything that :func:`read` takes.
        checks: Names of the checks to be made; all of them by default.
        run: For progress.
    """
    run = run or _run()
    return cleaning.clean(_dataset(data, run), run, checks)


def mine(
    data: Data,
    *,
    holdout: Dataset | None = None,
    techniques: stated.Techniques = None,
    target: stated.Target = None,
    clean: stated.Clean = False,
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> Findings:
    """What the data say: drivers of the target, segments, rules, anomalies, each with held-out
    figures.

    Args:
        data: A Dataset, or anything that :func:`read` takes.
        holdout: Rows that figures are taken from; 30 % of the data by default.
        techniques: Names of the techniques to be used; all of them by default.
        target: The column to be predicted, where ``data`` is no Dataset.
        clean: Whether the rows are cleaned first, as training rows teach it.
        seed: Of the split and the techniques.
        run: For progress; its seed takes the place of ``seed``.
    """
    run = run or _run(seed)
    train = _dataset(data, run, target=target)
    if not clean:
        warn_unmended(train, run)
    if holdout is None:
        train, holdout = divide(train, run)
    if clean:
        plan = cleaning.learn(train, run, holdout=holdout)
        train, holdout = (cleaning.apply(plan, part).data for part in (train, holdout))
    return FindingCards(find(train, holdout, run, techniques))


def fit(
    data: Data,
    *,
    model: stated.ModelName = None,
    options: stated.ModelOptions = None,
    preset: stated.Preset = None,
    target: stated.Target = None,
    clean: stated.Clean = False,
    no_rules: stated.NoRules = False,
    privacy: stated.Privacy = "none",
    start: Annotated[Synthesizer | str | Path | None, stated.START] = None,
    window: stated.Window = None,
    seed: stated.Seed = 0,
    steps: stated.Steps = None,
    minutes: stated.Minutes = None,
    device: stated.Device = "auto",
    run: Run | None = None,
) -> Synthesizer:
    """A generator that has learned the data as they are, or cleaned; every column is kept.

    Args:
        data: A Dataset, or anything that :func:`read` takes.
        model: A registered model's name; ``trees`` by default, ``gan`` for images and sounds. Where
            the columns say that the data are prices of a market, models compete in foretelling the
            last times.
        options: The model's own options, as ``{"least": 30}``.
        preset: The name of a model with options, as "dcgan"; see :mod:`tidemill.models.presets`.
        target: The column to be predicted, where ``data`` is no Dataset.
        clean: Whether the rows are cleaned first; the model then knows how, and takes rows that are
            written as the raw ones were. So it does of rows that :func:`clean` made.
        no_rules: Rules that hold in all rows (see :func:`clean`) are not looked for; else generated
            rows keep them by construction. With ``start`` they are those of that model.
        privacy: "none" leaves the model as it is; "tested" learns one half of the rows first, with
            more and more caution, until new rows are no nearer to these than to the other half.
        start: A neural model, or its path, learned from a table with the same columns, from whose
            weights learning begins.
        window: Steps that series are cut to, of data with an entity and a time, or only a time; 1
            learns rows one by one. By default series of up to 64 steps stay whole, and longer ones
            are cut to 24. Only neural models learn series.
        seed: The same seed, data and versions give the same model.
        steps: Learn only so many steps: replays a fit that was cut short.
        minutes: Stop learning after so many minutes of it.
        device: Where a neural model learns: "cpu", "cuda", or "auto" for CUDA where there is one.
        run: For progress and cancelling; its seed takes the place of ``seed``, and it has steps, a
            deadline and a device of its own.

    Raises:
        DataError: There are too few rows, nothing to learn, or values that ``start`` does not know.
        OptionError: There is no such model or option.

    Example:
        >>> import polars as pl
        >>> frame = pl.DataFrame({"age": [20 + i % 50 for i in range(200)],
        ...     "plan": ["team", "solo"] * 100})
        >>> model = fit(frame, seed=1)
        >>> model.sample(3, where={"plan": "team"})["plan"].to_list()
        ['team', 'team', 'team']
    """
    run = job_of(run, seed, steps=steps, minutes=minutes, device=device)
    if model == AUTO and (preset or options or start or window or run.steps):
        raise no_options()
    check_privacy(privacy, None if model == AUTO else model, options)
    train = _dataset(data, run, target=target)
    if clean:
        cleaned = cleaning.clean(train, run)
        run.emit("note", "clean", f"{cleaned.summary}.")
        train = cleaned.data
    else:
        warn_unmended(train, run)
        if start is None and not no_rules:  # what goes on from a model keeps the rules of that one
            train = with_found_rules(train, run)
    start = None if start is None else _loaded(start)
    choice = None
    if not (preset or options or start or window or run.steps):
        choice = competed(train, model, run)
    if choice is not None:
        model = choice.model
    model, options = _chosen(train, model, options, preset, run, window)
    options, told = with_caution(train, model, options, privacy, run)
    estimate.announce(model, options, train, run)
    learned = Synthesizer.fit(train, run, model, options, start, window, outcome=True)
    learned.manifest.update(told)
    if choice is not None:
        learned.manifest["choice"] = choice.to_state()
    return learned


def fit_database(
    source: Database | str | Path,
    *,
    model: stated.ModelName = None,
    options: stated.ModelOptions = None,
    keep_tables: Annotated[Sequence[str], stated.KEPT_TABLES] = (),
    keys: Annotated[Sequence[str], stated.KEYS] = (),
    links: Annotated[Sequence[str], stated.LINKS] = (),
    seed: stated.Seed = 0,
    minutes: stated.Minutes = None,
    device: stated.Device = "auto",
    run: Run | None = None,
) -> DatabaseModel:
    """A generator that has learned several linked tables.

    Args:
        source: A Database, or what :func:`read_database` takes.
        model, options: Of each table, as for :func:`fit`; ``trees`` by default.
        keep_tables: Tables whose rows stay as they are.
        keys, links: As for :func:`read_database`, where ``source`` is a path.
        seed, minutes, device, run: As for :func:`fit`; the minutes are those of all tables.

    Raises:
        OptionError: There is no such table, model or option.
        InputError, SchemaError: As for :func:`read_database`.

    Example:
        >>> import polars as pl, tidemill as tm
        >>> shops = tm.read(pl.DataFrame({"id": range(100), "town": ["Rome", "Oslo"] * 50}))
        >>> sales = tm.read(pl.DataFrame({"shop": [i % 100 for i in range(400)],
        ...     "paid": [i % 7 for i in range(400)]}))
        >>> link = tm.Link("sales", ("shop",), "shops", ("id",))
        >>> base = tm.Database({"shops": shops, "sales": sales},
        ...     {"shops": tm.TableKey("shops", ("id",))}, (link,))
        >>> made = tm.sample_database(tm.fit_database(base), {"shops": 50})
        >>> len(made["shops"]), made.holds(link).astray
        (50, 0)
    """
    job = job_of(run, seed, minutes=minutes, device=device)
    if not isinstance(source, Database):
        source = read_tables(source, job, keys=keys, links=links)
    return DatabaseModel.fit(source, job, model or "trees", options, keep_tables)


def sample_database(
    model: DatabaseModel | str | Path,
    table_rows: Annotated[Mapping[str, int] | Sequence[str] | None, stated.TABLE_ROWS] = None,
    where: stated.Conditions = None,
    *,
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> Database:
    """A new database of a fitted or stored model of one.

    Args:
        model: A DatabaseModel, or the path of a stored one.
        table_rows: Tables that are made for no others, and how many rows of each: ``{"customers":
            1000}`` or ``["customers=1000"]``; as many as were learned by default. All other tables
            follow.
        where: What rows of such tables shall be like, as ``["customers.country=Spain"]``.
        seed: Another seed gives another database.
        run: For progress and cancelling; its seed takes the place of ``seed``.

    Raises:
        ConditionError: No row can be so.
        OptionError: A table is made for another one, or a number makes no sense.
    """
    if not isinstance(model, DatabaseModel):
        model = DatabaseModel.load(model)
    return model.sample(table_rows, where, run=run or _run(seed))


def write_database(
    database: Database,
    path: str | Path,
    *,
    overwrite: bool = False,
    run: Run | None = None,
) -> None:
    """Write all tables: to a server, or a file of SQLite or DuckDB, with their keys and links, or
    to a folder of csv files.

    Args:
        database: The tables.
        path: A path that ends in .sqlite, .sqlite3, .db or .duckdb, a folder, or the address of a
            server: "postgresql://user@host/database?schema=new".
        overwrite: Whether what is there may be replaced; on a server it never is.
        run: For progress.

    Raises:
        OutputError: There is something already, it cannot be written, or a key is broken.
    """
    write_tables(database, path, run or _run(), overwrite=overwrite)


def sample(
    model: Model,
    rows: stated.Rows = None,
    where: stated.Conditions = None,
    *,
    like: Annotated[Table | None, stated.LIKE] = None,
    seed: stated.Seed = 0,
    run: Run | None = None,
    **sampling: Unpack[stated.Sampling],
) -> Any:
    """New rows of a fitted or stored model, as the kind of frame that it learned from.

    Args:
        model: A Synthesizer, or the path of a stored one.
        rows: How many rows, or series where the model makes these; as many as ``like`` has by
            default.
        where: What every row shall be like: ``["age>=30", "plan in team,solo"]``, or ``{"age":
            ">=30", "plan": ["team", "solo"]}``; drawn from the model's conditional distribution.
        balance: Shares that levels shall have: ``{"churn": {"Yes": 0.5}}`` or ``{"churn":
            "equal"}``.
        fair: A sensitive column and an outcome whose rates shall be equal in all of its groups:
            ``{"sex": "income"}``.
        fair_strength: How far the rates are moved, from 0 (as learned) to 1 (equal).
        like: Rows with some of the columns, the others of which are drawn.
        seed: Another seed gives other rows.
        run: For progress and cancelling, and told how likely what was asked is; its seed takes the
            place of ``seed``.
    """
    given = None if like is None else _source(like)
    return _loaded(model).sample(rows, where, like=given, run=run or _run(seed), **sampling)


def sample_to(
    model: Model,
    out: str | Path,
    rows: stated.Rows = None,
    where: stated.Conditions = None,
    *,
    like: Annotated[Table | None, stated.LIKE] = None,
    overwrite: bool = False,
    seed: stated.Seed = 0,
    run: Run | None = None,
    **sampling: Unpack[stated.Sampling],
) -> Written:
    """The rows of :func:`sample`, written part by part: more than memory holds.

    Args:
        model: A Synthesizer, or the path of a stored one.
        out: Where to, as for :func:`write`.
        rows, where, like, seed, run: As for :func:`sample`.
        overwrite: Whether what is there may be replaced.
        **sampling: The other options of :func:`sample`.

    Raises:
        OutputError: There is something already, or it cannot be written.
    """
    learned, target = _loaded(model), Target.parse(str(out))
    given = None if like is None else _source(like)
    reads = files_read(like, model=model)
    target.check(learned.schema, overwrite=overwrite, reads=reads)
    parts = learned.parts(rows, where, like=given, run=run or _run(seed), **sampling)
    with learned.in_use():
        written = target.write(parts, overwrite=overwrite, rows=rows)
    series = rows if learned.items == "series" else None
    return Written(written, learned.noun, series, target.shown)


def infill_to(
    model: Model,
    rows: Data,
    out: str | Path,
    draws: stated.Draws = 1,
    *,
    keep: stated.Kept = (),
    overwrite: bool = False,
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> Written:
    """The rows of :func:`infill`, written part by part: more than memory holds.

    Args:
        model: A Synthesizer, or the path of a stored one.
        rows, draws, keep, seed, run: As for :func:`infill`.
        out: Where to, as for :func:`write`.
        overwrite: Whether what is there may be replaced.

    Raises:
        OutputError: There is something already, or it cannot be written.
    """
    learned, target = _loaded(model), Target.parse(str(out))
    target.check(learned.schema, overwrite=overwrite, reads=files_read(rows, model=model))
    parts = learned.infill_parts(_source(rows), draws, keep=keep, run=run or _run(seed))
    with learned.in_use():
        written = target.write(parts, overwrite=overwrite)
    return Written(written, learned.noun, None, target.shown)


def infill(
    model: Model,
    rows: Data,
    draws: stated.Draws = 1,
    *,
    keep: stated.Kept = (),
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> Any:
    """The rows with their missing values filled in, and the columns that they lack, drawn given all
    that they have.

    Args:
        model: A Synthesizer, or the path of a stored one.
        rows: Anything that :func:`read` takes; given values, ids, texts and columns unknown to the
            model stay as they are.
        draws: How often; with more than one, the last column ``draw`` counts them from 1.
        keep: Columns whose missing values are facts and stay missing.
        seed: Another seed gives other values.
        run: For progress and cancelling; its seed takes the place of ``seed``.

    Raises:
        DataError: A value is none that its column can have.
    """
    return _loaded(model).infill(_source(rows), draws, keep=keep, run=run or _run(seed))


def extend(
    model: Model,
    past: Annotated[Table, stated.PAST],
    steps: stated.Ahead = 10,
    paths: stated.Paths = 100,
    *,
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> Any:
    """What may follow on given series: the next steps of each, many times.

    Args:
        model: A Synthesizer of series, or the path of a stored one.
        past: The series so far, with all columns that the model learned.
        steps: Steps that follow on each.
        paths: How often each goes on; the last column ``path`` counts them from 1. Entities that
            were learned on one calendar go on together in each.
        seed: Another seed gives other futures.
        run: For progress and cancelling; its seed takes the place of ``seed``.

    Raises:
        DataError: A column is missing, or a value is none that can go on.
        OptionError: The model is of no series, or too much is asked.
    """
    return _loaded(model).extend(_source(past), steps, paths, run=run or _run(seed))


def extend_to(
    model: Model,
    past: Annotated[Table, stated.PAST],
    out: str | Path,
    steps: stated.Ahead = 10,
    paths: stated.Paths = 100,
    *,
    overwrite: bool = False,
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> tuple[Written, Extended]:
    """The rows of :func:`extend`, written; and what they say of each number.

    Args:
        model, past, steps, paths, seed, run: As for :func:`extend`.
        out: Where to, as for :func:`write`.
        overwrite: Whether what is there may be replaced.

    Raises:
        OutputError: There is something already, or it cannot be written.
    """
    learned, target = _loaded(model), Target.parse(str(out))
    target.check(learned.schema, overwrite=overwrite, reads=files_read(past, model=model))
    found = learned.extension(_source(past), steps, paths, run=run or _run(seed))
    written = target.write([found.data], overwrite=overwrite, rows=len(found.data))
    return Written(written, learned.noun, None, target.shown), found


def what_if(
    model: Model,
    rows: Data,
    set: Annotated[Mapping[str, Any] | Sequence[str] | str, stated.SET],
    outcome: Annotated[str | Sequence[str] | None, stated.OUTCOME] = None,
    *,
    redraw: stated.Redrawn = None,
    keep: stated.KeptOnly = None,
    draws: stated.RowDraws = DRAWS,
    randomised: stated.Randomised = False,
    because: stated.Because = None,
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> WhatIf:
    """How far an outcome of rows would be expected to move if some of their columns were set.

    The outcome is expected twice, with the rows' own values of the columns and with those that are
    set, by a model that was learned of it directly. Rows without their like among those that have
    what is set get no answer. Where rows came to have these values by themselves, the shift is
    **no causal effect**: setting a value need not bring about what goes along with it.

    Args:
        model: A Synthesizer, or the path of a stored one.
        rows: Anything that :func:`read` takes.
        set: One value for each column that is set: ``{"plan": "team"}`` or ``["plan=team"]``.
        outcome: Columns (shares of levels, or the mean of a number), or conditions (``"fee>50"``:
            the share of rows); the target by default.
        redraw: Columns that are drawn anew because they would change, too. By default only the
            outcome is, and what rules tie to what changes; all else is kept.
        keep: Instead of ``redraw``, the columns that stay as they are; all others are drawn anew.
        draws: How often each row is drawn, where something is drawn.
        randomised: Whether chance decided who has what, as in an experiment; then the shift is an
            effect. It is checked, as far as other columns can tell.
        because: The columns that decided who has what: only these are adjusted for, and it is told
            how strong a hidden cause would have to be to undo the shift.
        seed: Another seed gives other draws.
        run: For progress and cancelling; its seed takes the place of ``seed``.

    Raises:
        ConditionError: What is set is no plain value, or never occurs.
        DataError: A value of the rows is none that its column can have.
        OptionError: A column has two parts to play, or there is no outcome.
    """
    # what learns is imported where it is used
    from tidemill.synthesis import whatif

    loaded = _loaded(model)
    with loaded.in_use():
        return whatif.what_if(
            loaded,
            _source(rows),
            set,
            outcome,
            redraw=redraw,
            keep=keep,
            draws=draws,
            randomised=randomised,
            because=because,
            run=run or _run(seed),
        )


def score(model: Model, rows: Data, *, run: Run | None = None) -> ScoredRows:
    """What a model expects of the target of rows: the chance of each, ranked, or the number.

    Args:
        model: A Synthesizer that was learned with a target, the path of a stored one, or the folder
            of a run or a recipe.
        rows: Anything that :func:`read` takes, in the form of the rows that were learned, raw or
            clean; the target need not be known.
        run: For progress; told what the model does not know.

    Raises:
        DataError: The rows have none of the columns that the target is expected from.
        OptionError: The model has no target.
    """
    loaded = _loaded(model)
    with loaded.in_use():
        return scoring.score(loaded, _source(rows), run or _run())


def evaluate(
    train: Annotated[Table | None, stated.TRAIN] = None,
    holdout: Annotated[Table | None, stated.HOLDOUT] = None,
    synthetic: Annotated[Table | None, stated.SYNTHETIC] = None,
    *,
    folder: Annotated[str | Path | None, stated.RUN_FOLDER] = None,
    target: stated.Target = None,
    metrics: stated.Metrics = None,
    found: Findings | None = None,
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> Scores:
    """What synthetic rows are worth and what they leak, each figure between its floor and its
    ceiling.

    Args:
        train: The rows that the generator learned from.
        holdout: Real rows that it has not seen.
        synthetic: The rows that it made.
        folder: The folder of a run, in the place of all three.
        target: The column to be predicted, where ``train`` is no Dataset.
        metrics: Names of the metrics; all of them by default.
        found: What :func:`mine` found in train and holdout, where that is known already.
        seed: Of samples, learners and the floor.
        run: For progress; its seed takes the place of ``seed``.
    """
    run = run or _run(seed)
    if folder is not None:
        train, holdout, synthetic = tables_in(folder, "train", "holdout", "synthetic")
        learned = _loaded(folder)
        like = learned.sample_dataset(0, run=run.child(quiet=True))
        train = conform(_dataset(train, run), like, run)
    if train is None or holdout is None or synthetic is None:
        sides = {"train": train, "holdout": holdout, "synthetic": synthetic}
        raise _unnamed(next(name for name, rows in sides.items() if rows is None))
    real = _dataset(train, run, target=target)
    real = real.select([column.name for column in real.schema if column.role != "ignore"])
    held = conform(_dataset(holdout, run), real, run)
    made = conform(_dataset(synthetic, run), real, run)
    if metrics is not None and "findings" not in metrics:
        found = None
    elif found is None:
        found = find(real, held, run)
    return measure(evidence(real, held, made, found, run), run, metrics)


def evaluate_database(
    train: Annotated[Database | str | Path | None, stated.TRAIN] = None,
    holdout: Annotated[Database | str | Path | None, stated.HOLDOUT] = None,
    synthetic: Annotated[Database | str | Path | None, stated.SYNTHETIC] = None,
    *,
    folder: Annotated[str | Path | None, stated.RUN_FOLDER] = None,
    keys: Annotated[Sequence[str], stated.KEYS] = (),
    links: Annotated[Sequence[str], stated.LINKS] = (),
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> DatabaseScores:
    """Whether a made database hangs together as the real one, and whom it gives away.

    Args:
        train: The database that was learned.
        holdout: The same tables with other rows of one of them, such as other customers with their
            orders; what does not belong to these may be the same.
        synthetic: The made database.
        folder: The folder of a run of a database, in the place of all three.
        keys, links: As for :func:`read_database`, where ``train`` is a path.
        seed: Of samples and trees.
        run: For progress and cancelling; its seed takes the place of ``seed``.

    Raises:
        DataError: Nothing was held out.
        InputError, SchemaError: As for :func:`read_database`, or the tables differ.
    """
    job = run or _run(seed)
    if folder is not None:
        return databases.judged_in(Path(folder), job)
    sides = {"train": train, "holdout": holdout, "synthetic": synthetic}
    read_in = []
    for name, given in sides.items():
        if given is None:
            raise _unnamed(name)
        named = (keys, links) if name == "train" else ((), ())
        if not isinstance(given, Database):
            given = read_tables(given, job, keys=named[0], links=named[1])
        read_in.append(given)
    real, *others = read_in
    held, made = (databases.alike(one, real, job) for one in others)
    return judge(real, held, made, job)


def verdict(
    train: Annotated[Table, stated.REAL],
    synthetic: Annotated[Table | Resampler, stated.GENERATED],
    *,
    target: stated.Target = None,
    learners: stated.Learners = None,
    metric: stated.Deciding = None,
    cost: Annotated[Mapping[str, float] | None, stated.COST] = None,
    holdout: Annotated[Table | None, stated.UNSEEN] = None,
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> Verdict:
    """Whether models of the target do better on real rows if they also learn from generated ones,
    and how sure that is.

    See :func:`tidemill.trials.verdict.verdict` for what is compared, and how.

    Args:
        train: Real rows.
        synthetic: Generated rows, or a sampler with imbalanced-learn's ``fit_resample(X, y)``,
            which is fitted anew in each fold of the cross-validation and so never sees the rows
            that are tested on.
        target: The column to be predicted, where ``train`` is no Dataset.
        learners: "boosting", "logistic", "nearest" and "perceptron", all by default; of images
            "convolutional" (the default) and "mirrored".
        metric: What decides: "average_precision" (default for two classes), "balanced_accuracy"
            (for more), "roc_auc", "r2" (for numbers) or "cost".
        cost: What a false alarm and a missed case of the rarer class cost, ``{"fp": 5, "fn":
            200}``; it then decides.
        holdout: Real rows that nobody has seen: all tests of a table are made on them; a sampler is
            tested on them once.
        seed: Of folds and learners.
        run: For progress and cancelling; its seed takes the place of ``seed``.

    Raises:
        DataError: There is no target, or there are too few rows.
        OptionError: There is no such learner or measure.
    """
    run = run or _run(seed)
    real = _dataset(train, run, target=target)
    made = synthetic if isinstance(synthetic, Resampler) else _to_learn_from(synthetic, real, run)
    held = None if holdout is None else _to_learn_from(holdout, real, run)
    return prove(real, made, run, learners=learners, metric=metric, cost=cost, holdout=held)


def fairness(
    model: Model,
    train: Annotated[Table | None, stated.MODEL_TRAIN] = None,
    holdout: Annotated[Table | None, stated.HOLDOUT] = None,
    *,
    sensitive: stated.Sensitive = (),
    target: stated.Target = None,
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> Scores:
    """How groups are treated by a model's rows, and by learners of the target that learned from
    them.

    Args:
        model: A Synthesizer, or the path of a stored one.
        train: The rows that it learned from; by default those of the run whose folder ``model`` is.
        holdout: Real rows that it has not seen.
        sensitive: Columns whose groups are compared, beside those that the model holds to be
            sensitive.
        target: The outcome; the model's target by default.
        seed: Of samples and learners.
        run: For progress and cancelling; its seed takes the place of ``seed``.

    Raises:
        OptionError: No column is sensitive.
        SchemaError: A column does not exist, or the tables' columns differ.
    """
    run = run or _run(seed)
    real, held = (_dataset(data, run) for data in _sides(model, train, holdout))
    names = [sensitive] if isinstance(sensitive, str) else sensitive
    return pipeline.fairness(_loaded(model), real, held, run, sensitive=names, target=target)


def audit(
    model: Annotated[Synthesizer | str | Path | None, stated.MODEL],
    train: Annotated[Table | None, stated.MODEL_TRAIN] = None,
    holdout: Annotated[Table | None, stated.HOLDOUT] = None,
    *,
    synthetic: Annotated[Table | None, stated.AUDITED] = None,
    sensitive: stated.Attacked = (),
    canaries: stated.Canaries = None,
    attacks: stated.Attacks = None,
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> Audit:
    """What synthetic rows give away about the rows that their model learned from, by attacks with a
    control.

    Args:
        model: A Synthesizer, or the path of a stored one; None where only its rows are at hand.
        train: The rows that it learned from; by default those of the run whose folder ``model`` is.
        holdout: Real rows that it has not seen, at least 100, better 1,000.
        synthetic: The rows to be audited; as many as training rows are drawn from the model by
            default.
        sensitive: Columns whose values an attacker wants to know, beside those that the model holds
            to be sensitive.
        canaries: How many rows to plant before the model learns again; 500 by default, 0 for none.
        attacks: Names of the attacks; all of them by default.
        seed: Of samples, canaries and the floor.
        run: For progress and cancelling; its seed takes the place of ``seed``.

    Raises:
        DataError: There are too few rows.
        OptionError: There is no such attack, or neither a model nor synthetic rows.
        SchemaError: The tables' columns differ.
    """
    run = run or _run(seed)
    real, held = (_dataset(data, run) for data in _sides(model, train, holdout))
    made = None if synthetic is None else _dataset(synthetic, run)
    return attack(
        None if model is None else _loaded(model),
        real,
        held,
        run,
        synthetic=made,
        sensitive=sensitive,
        canaries=canaries,
        attacks=attacks,
    )


def share(
    model: Model,
    train: Annotated[Table | None, stated.MODEL_TRAIN] = None,
    holdout: Annotated[Table | None, stated.HOLDOUT] = None,
    out: str | Path = "shared",
    *,
    rows: stated.SharedRows = None,
    licence: stated.Licence = "",
    despite_audit: stated.DespiteAudit = None,
    canaries: stated.Canaries = None,
    overwrite: bool = False,
    seed: stated.Seed = 0,
    run: Run | None = None,
) -> Shared:
    """Rows to be passed on with a data card, without copies, and only if the audit's light is not
    red.

    Args:
        model: A Synthesizer, or the path of a stored one.
        train: The rows that it learned from; by default those of the run whose folder ``model`` is.
        holdout: Real rows that it has not seen.
        out: A folder for synthetic.csv, synthetic.parquet, card.html and card.json. The audit goes
            to a folder beside it whose name ends in ``-audit``.
        rows: How many; as many as training rows by default.
        licence: What others may do with the rows, for the card.
        despite_audit: Why they shall be shared although the light is red, for the card.
        canaries: How many rows to plant for the audit.
        overwrite: Whether outputs that exist may be replaced.
        seed: Another seed gives other rows.
        run: For progress and cancelling; its seed takes the place of ``seed``.

    Raises:
        OutputError: The light is red, or an output exists or cannot be written.
    """
    run = run or _run(seed)
    train, holdout = _sides(model, train, holdout)
    refuse_over(out, sharing.OUTPUTS, train, holdout, model=model)
    refuse_over(sharing.beside_of(Path(out)), AUDIT_OUTPUTS, train, holdout, model=model)
    real, held = (_dataset(data, run) for data in (train, holdout))
    return pass_on(
        _loaded(model),
        real,
        held,
        Path(out),
        run,
        rows=rows,
        licence=licence,
        despite_audit=despite_audit,
        canaries=canaries,
        overwrite=overwrite,
    )


def report(source: ReportInput | str | Path) -> Report:
    """The page that tells a run: from its account, or again from the ``report.json`` in its folder.

    Raises:
        InputError: There is no report in the folder, or it is damaged.
    """
    return build(source) if isinstance(source, ReportInput) else Report.load(source)


def speak(
    source: str | Path,
    *,
    voice: str | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    run: Run | None = None,
) -> Speech:
    """A text read aloud, or the first page of a report; nothing leaves this machine.

    Args:
        source: A file: .html, or a text of any other ending, in English or Chinese.
        voice: Who reads; the usual one of what is installed by default.
        out: A WAV file to write.
        overwrite: Whether it may be replaced.
        run: Progress and cancelling.

    Raises:
        InputError: The file cannot be read.
        OptionError: There is no such voice.
        MissingExtra: Nothing that speaks is installed.
    """
    path = Path(source)
    if out is not None:
        refuse_clashes([Path(out)], [path])
        refuse_existing(Path(out), overwrite)
    content, _ = utf8_of(content_of(path), str(path))
    text = content.decode("utf-8")
    if path.suffix.lower() in (".html", ".htm"):
        text = summary_of_page(text)
    speech = read_aloud(text, voice, path.name, run or Run())
    if out is not None:
        write_wav(Path(out), speech.samples, speech.rate, overwrite=overwrite)
    return speech


def run(
    source: Data,
    *,
    out: str | Path | None = None,
    model: stated.ModelName = None,
    model_options: stated.ModelOptions = None,
    preset: stated.Preset = None,
    privacy: stated.Privacy = "none",
    rows: stated.RunRows = None,
    rounds: stated.RunRounds = 1,
    seed: stated.Seed = 0,
    steps: stated.Steps = None,
    minutes: stated.Minutes = None,
    device: stated.Device = "auto",
    overwrite: bool = False,
    name: str | None = None,
    run: Run | None = None,
    command: str = "",
    **reading: Unpack[stated.Reading],
) -> pipeline.RunResult:
    """Once around: read, split, clean, mine, learn, generate, evaluate, report.

    The split comes first: cleaning, mining and the generator learn from training rows only.

    Args:
        source: Anything that :func:`read` takes.
        out: A folder for report.html, report.json, findings.json, scores.json, model.tidemill and
            the tables train, holdout, clean, changes and synthetic, as Parquet and in the form of
            the source; None to write nothing.
        model: A registered model's name; ``trees`` by default, ``gan`` for images and sounds. Where
            the columns say that the data are prices of a market, models compete in foretelling the
            last training times.
        model_options: The model's own options, as ``{"least": 30}``.
        preset: The name of a model with options, as "dcgan"; see :mod:`tidemill.models.presets`.
        privacy: "none", or "tested" for a model as cautious as it takes; see :func:`fit`.
        rows: How many rows to generate; as many as training rows by default.
        rounds: How many rounds: from the second on, generated rows are fed back.
        seed: The same seed, data and versions give the same results.
        steps: Learn only so many steps: replays a run that was cut short.
        minutes: Stop learning after so many minutes of it; the rest takes the time it takes.
        device: Where a neural model learns: "cpu", "cuda", or "auto" for CUDA where there is one.
        overwrite: Whether outputs that exist may be replaced.
        name: What the data are called in the report; the file's name by default.
        run: For progress and cancelling, with a seed, steps, a deadline and a device of its own.
        command: How the run was started, for the report.
        **reading: The options of :func:`read`; what needs no target runs without one.

    Raises:
        TidemillError: Something that the user can mend; nothing half-written is left.
    """
    job = job_of(run, seed, steps=steps, minutes=minutes, device=device)
    refuse_over(out, run_folder.OUTPUTS, source, reading.get("schema"))
    with ExitStack() as stack:
        folder = None
        if out is not None:
            made = making(Path(out), run_folder.OUTPUTS, "run", overwrite=overwrite)
            results = stack.enter_context(made)
            folder = run_folder.Folder(results.aside, _ending(source), results.path)
        data = _named(_dataset(source, job, **reading), name)
        if preset is not None:
            model, model_options = settings(preset, model, model_options)
        return pipeline.run_pipeline(
            data,
            job,
            folder,
            model=model,
            options=model_options,
            privacy=privacy,
            rows=rows,
            rounds=rounds,
            command=command,
            source=redacted(str(source)) if isinstance(source, str | Path) else "",
        )


def run_database(
    source: Database | str | Path,
    *,
    out: str | Path | None = None,
    model: stated.ModelName = None,
    model_options: stated.ModelOptions = None,
    keep_tables: Annotated[Sequence[str], stated.KEPT_TABLES] = (),
    table_rows: Annotated[Mapping[str, int] | Sequence[str] | None, stated.TABLE_ROWS] = None,
    keys: Annotated[Sequence[str], stated.KEYS] = (),
    links: Annotated[Sequence[str], stated.LINKS] = (),
    seed: stated.Seed = 0,
    minutes: stated.Minutes = None,
    device: stated.Device = "auto",
    overwrite: bool = False,
    run: Run | None = None,
    command: str = "",
) -> databases.DatabaseRun:
    """Once around with a whole database: read, divide, learn, make, judge, report.

    Of the persons, or else of the rows of the first table, 30 % are held out with all that is
    theirs.

    Args:
        source: A Database, or what :func:`read_database` takes.
        out: A folder for report.html, report.json, scores.json, model.tidemill and the databases
            train, holdout and synthetic, as SQLite files; None to write nothing.
        model, model_options: Of each table, as for :func:`fit`; ``trees`` by default.
        keep_tables: Tables whose rows stay as they are.
        table_rows: How many rows of tables that are made for no others; as many as were learned by
            default. All other tables follow.
        keys, links: As for :func:`read_database`, where ``source`` is a path.
        seed: The same seed, data and versions give the same results.
        minutes, device: As for :func:`fit`; the minutes are those of all tables.
        overwrite: Whether outputs that exist may be replaced.
        run: For progress and cancelling, with a seed, a deadline and a device of its own.
        command: How the run was started, for the report.

    Raises:
        TidemillError: Something that the user can mend; nothing half-written is left.
    """
    job = job_of(run, seed, minutes=minutes, device=device)
    text = "" if isinstance(source, Database) else redacted(str(source))
    if out is not None and not isinstance(source, Database):
        written = [Path(out) / name for name in (*databases.OUTPUTS, UNFINISHED)]
        refuse_clashes(written, [Path(source)])
    with ExitStack() as stack:
        results = None
        if out is not None:
            results = stack.enter_context(
                making(Path(out), databases.OUTPUTS, "run of a database", overwrite=overwrite)
            )
        if not isinstance(source, Database):
            source = read_tables(source, job, keys=keys, links=links)
        return databases.run_database(
            source,
            job,
            None if results is None else results.aside,
            out=None if results is None else results.path,
            model=model,
            options=model_options,
            keep=keep_tables,
            rows=table_rows,
            command=command,
            source=text,
        )


def loop(
    source: Data,
    *,
    out: str | Path | None = None,
    rounds: stated.LoopRounds = 3,
    metric: stated.Deciding = None,
    cost: Annotated[Mapping[str, float] | None, stated.COST] = None,
    newer: Annotated[Table | None, stated.NEWER] = None,
    also: Annotated[Table | Synthesizer | None, stated.ALSO] = None,
    model: stated.LoopModel = "trees",
    model_options: stated.ModelOptions = None,
    seed: stated.Seed = 0,
    minutes: stated.LoopMinutes = None,
    overwrite: bool = False,
    name: str | None = None,
    run: Run | None = None,
    command: str = "",
    early: Callable[[LoopResult], None] | None = None,
    **reading: Unpack[stated.Reading],
) -> LoopResult:
    """Whether generated rows help a model of the target: generate where real rows are thin, keep
    what helps, and prove it.

    Each round finds rare classes, weak spots and thin rules, generates for them, lets several
    strategies compete with real rows alone, class weights and SMOTE in cross-validation, and
    accepts or rolls back. Test rows are used once, at the end.

    Args:
        source: Anything that :func:`read` takes.
        out: A folder for verdict.json, strategy.json, generated.parquet, report.html and
            report.json; None to write nothing. A loop that was killed goes on when it is started
            again with the same data, options and folder.
        rounds: Most rounds; the loop stops by itself when a round does not pay.
        metric: "average_precision", "balanced_accuracy", "roc_auc", "r2" or "cost"; by default what
            suits the target.
        cost: What a false alarm and a missed case of the rarer class cost: ``{"fp": 5, "fn":
            200}``.
        newer: Newer rows, with or without the target: segments that have grown in them are
            generated for.
        also: Rows of another source with the same columns, target included, or a model of them;
            rows that are like one's own are tried beside them, in the place of generated ones.
        model, model_options: The generator; by default ``trees`` with ``effort="plain"``, as it
            learns once for every fold.
        seed: The same seed, data and versions give the same results.
        minutes: No further round begins after so many minutes.
        overwrite: Whether outputs that exist may be replaced.
        name: What the data are called in the report.
        run: For progress and cancelling, with a seed and a deadline of its own.
        command: How the loop was started, for the report.
        early: Is given what real rows alone can do, before the first round.
        **reading: The options of :func:`read`.

    Raises:
        TidemillError: Something that the user can mend.
    """
    job = job_of(run, seed, until=minutes)
    model_beside = _model_beside(also)
    others = () if model_beside is not None else (also,)
    refuse_over(
        out, loop_folder.FILES, source, newer, *others, reading.get("schema"), model=model_beside
    )
    data = _named(_dataset(source, job, **reading), name)
    refuse_unsuited(data)
    beside = None if newer is None else _newer(_dataset(newer, job), data, job)
    most = stated.whole(rounds, "rounds")
    other = None if also is None else _from_elsewhere(also, data, job)
    options = LoopOptions(most, metric, cost, model, model_options, beside, other)
    if out is None:
        looped = turn_round_by_round(data, job, options, early=early)
        return paged(looped, data, options, job, command)
    with making(Path(out), loop_folder.OUTPUTS, "loop", overwrite=overwrite) as results:
        journal = loop_folder.opened(results.path, data, job, options, overwrite=overwrite)
        looped = turn_round_by_round(data, job, options, journal, early)
        result = paged(looped, data, options, job, command, out)
        loop_folder.written(results.aside, result, job)
    journal.done()
    return result


def job_of(
    run: Run | None,
    seed: int,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    until: float | None = None,
    device: str = "auto",
) -> Run:
    """The run that is given, or else one from the seed and the limits.

    Args:
        run: The run that is given.
        seed, steps, minutes, device: Of one that is made.
        until: The minutes from now after which nothing new begins.

    Raises:
        OptionError: Limits are given beside a run, which has its own.
    """
    if run is None:
        deadline = None if until is None else monotonic() + 60 * until
        return _run(seed, steps=steps, minutes=minutes, deadline=deadline, device=device)
    own = (
        ("steps", steps is not None, "Run(steps=...)"),
        ("minutes", minutes is not None, "Run(minutes=...)"),
        ("minutes", until is not None, "Run(deadline=time.monotonic() + 60 * minutes)"),
        ("device", device != "auto", "Run(device=...)"),
    )
    for name, given, instead in own:
        if given:
            raise OptionError(
                f"option '{name}' is given beside a run, which has its own",
                hint=f"make the run with {instead}, or leave the run out",
            )
    return run


def _chosen(
    data: Dataset,
    model: str | None,
    options: Mapping[str, Any] | None,
    preset: str | None,
    run: Run,
    window: int | None = None,
) -> tuple[str, Mapping[str, Any] | None]:
    """The model and its options that are asked for by name, by preset, or not at all."""
    if preset is not None:
        return settings(preset, model, options)
    return model or default_model(data, window, run), options


def _of_folder(model: Synthesizer | str | Path | None, *names: str) -> list[Path]:
    """The tables of the run whose folder is given in the place of a model."""
    if model is None or isinstance(model, Synthesizer) or Path(model).is_file():
        raise _unnamed(names[0])
    return tables_in(model, *names)


def _unnamed(name: str) -> OptionError:
    return OptionError(
        f"it is not said which rows are meant by '{name}'",
        hint=f"give the folder of a run, or the rows with option '{name}'",
    )


def _sides(
    model: Synthesizer | str | Path | None, train: Table | None, holdout: Table | None
) -> tuple[Table, Table]:
    """The rows that a model learned from, and those held out: as given, or those of its run's
    folder."""
    if train is None:
        [train] = _of_folder(model, "train")
    if holdout is None:
        [holdout] = _of_folder(model, "holdout")
    return train, holdout


def _newer(newer: Dataset, data: Dataset, run: Run) -> Dataset:
    """Newer rows under the schema of the data; their target need not be known yet."""
    frame = newer.frame
    columns = list(newer.schema.columns)
    for target in data.schema.of_role("target"):
        if target.name not in newer.schema:
            kind = data.frame.schema[target.name]
            frame = frame.with_columns(pl.lit(None, kind).alias(target.name))
            columns.append(target)
    schema = replace(newer.schema, columns=tuple(columns))
    return conform(replace(newer, frame=frame, schema=schema), data, run)


def _from_elsewhere(also: Table | Synthesizer, data: Dataset, run: Run) -> Dataset:
    """Rows of another source, or so many as its model makes, with the columns of the data."""
    model = _model_beside(also)
    if model is None:
        also = cast(Table, also)
        return elsewhere.matched(_dataset(also, run), data, run)
    loaded = _loaded(model)
    made = loaded.sample_dataset(elsewhere.MOST_MADE, run=run.child("proof", "elsewhere"))
    name = "a model's rows" if isinstance(model, Synthesizer) else f"rows of {Path(model).name}"
    return elsewhere.matched(replace(made, name=name), data, run)


def _model_beside(also: Table | Synthesizer | None) -> Synthesizer | str | Path | None:
    """What is given, where it is a model or the folder of a run."""
    if isinstance(also, Synthesizer):
        return also
    if isinstance(also, str | Path) and (Path(also).is_dir() or is_stored_model(Path(also))):
        return also
    return None


def _to_learn_from(data: Table, real: Dataset, run: Run) -> Dataset:
    """Rows of another source with the modelled columns of the real ones; of ids and texts those
    that they have."""
    rows = _dataset(data, run)
    modelled = {column.name for column in real.schema.modelled}
    names = [name for name in real.schema.names if name in modelled or name in rows.schema]
    return conform(rows, real.select(names), run)


def _named(data: Dataset, name: str | None) -> Dataset:
    return data if name is None else replace(data, name=name)


def _dataset(data: Table, run: Run, **reading: Unpack[stated.Reading]) -> Dataset:
    if not isinstance(data, Dataset):
        return read_table(_source(data), run, **reading)
    if reading.pop("schema", None) is not None:
        raise OptionError(
            "a schema file cannot be applied to data that are read already",
            hint="give it to read(..., schema=...)",
        )
    schema = data.schema
    for role, names in reading.items():
        given = [names] if isinstance(names, str) else list(cast(Sequence[str], names or ()))
        schema = schema.with_roles("key" if role == "id" else cast(Role, role), given)
    return replace(data, schema=schema)


def _source(given: Table) -> Input:
    """What a text names; all else as it is."""
    return Source.parse(str(given)) if isinstance(given, str | Path) else given


def _ending(given: Table) -> str:
    """The ending of the file that is read; "" where it is none."""
    read = _source(given)
    return read.ending if isinstance(read, Source) else ""


def files_read(*inputs: Table | None, model: Synthesizer | str | Path | None = None) -> list[Path]:
    """The files among what is read, those of a model's folder with it; what is in memory is
    none."""
    files = files_of(_source(given) for given in inputs if given is not None)
    if isinstance(model, str | Path):
        files += files_in(model)
    return files


def refuse_over(
    out: str | Path | None,
    names: Sequence[str],
    *inputs: Table | None,
    model: Synthesizer | str | Path | None = None,
) -> None:
    """Refuse to write results of these names to a folder in the place of what is read.

    Raises:
        OutputError: One of them is read.
    """
    if out is not None:
        written = [Path(out) / name for name in (*names, UNFINISHED)]
        refuse_clashes(written, files_read(*inputs, model=model))


def _loaded(model: Synthesizer | str | Path) -> Synthesizer:
    return model if isinstance(model, Synthesizer) else Synthesizer.load(model_in(model))


def _run(
    seed: int = 0,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    deadline: float | None = None,
    device: str = "auto",
) -> Run:
    return Run(
        seed,
        steps=None if steps is None else stated.whole(steps, "steps"),
        minutes=minutes,
        deadline=deadline,
        listener=NotebookLine() if in_notebook() else None,
        device=device,
    )
