"""The command line: thin, over the verbs; nothing heavy is imported before a command runs."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shlex
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Unpack

import typer

from tidemill import __version__, describe
from tidemill.command_help import GREETING, SectionedCommand, SectionedGroup
from tidemill.core import options
from tidemill.core.errors import STOPPED, Cancelled, OptionError, TidemillError
from tidemill.core.interrupts import interrupts
from tidemill.core.options import Doc
from tidemill.core.panics import is_panic
from tidemill.core.redaction import redacted
from tidemill.core.states import to_state
from tidemill.core.words import shorten
from tidemill.describe import Only
from tidemill.reporting.streams import json_line, say, steady

if TYPE_CHECKING:
    from tidemill.core.database import Database
    from tidemill.core.dataset import Dataset
    from tidemill.core.run import Event, Run
    from tidemill.io.target import Target
    from tidemill.synthesis.synthesizer import Synthesizer

_STARTED = time.monotonic()
# OpenMP's threads otherwise spin long while they wait, which on a busy machine made LightGBM ten
# times slower; where they do not spin at all, small networks learn at half their speed (both
# measured)
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
_NEUTRAL = re.compile(r"(?<!no )option '(?P<name>[a-z][a-z_-]*)(?:=(?P<value>[^']*))?'")

app = typer.Typer(
    cls=SectionedGroup,
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="From a business table to findings, a generator, new rows and the proof of what they are "
    "worth.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, Doc("Write events and results as JSON lines to standard output.")]
Overwrite = Annotated[bool, Doc("Replace outputs that exist.")]


@dataclass(frozen=True)
class Work:
    """What every command has that works on data."""

    seed: options.Seed = 0
    threads: Annotated[int, Doc("Threads; results do not depend on it.", "N", low=1, high=64)] = 2
    overwrite: Overwrite = False
    quiet: Annotated[bool, Doc("Show warnings and errors only.")] = False
    json: Json = False


Data = Annotated[str, options.DATA]
Model = Annotated[Path, options.MODEL]
ALL_RESULTS = Doc("The folder for all results.", "DIR", writes="folder")
Silent = Annotated[Work, Only(("quiet", "json"))]
OneThread = Annotated[Work, Only(("seed", "overwrite", "quiet", "json"))]


def spelled(text: str) -> str:
    """A text with its options as a command line has them: ``--name`` for "option 'name'".

    A name that no command has stays as it is: it may be a value of the user's table.

    Example:
        >>> spelled("leave it out with option 'ignore', or choose option 'model=trees'")
        'leave it out with --ignore, or choose --model trees'
        >>> spelled("option 'least=30' of the model keeps less")
        '--option least=30 of the model keeps less'
        >>> spelled("rows with answer = option 'b' are rare")
        "rows with answer = option 'b' are rare"
    """

    def flag(found: re.Match[str]) -> str:
        name, value = f"--{found['name'].replace('_', '-')}", found["value"]
        known = name in _flags()
        if value is None:
            return name if known else found[0]
        if known:
            return f"{name} {shlex.quote(value)}"
        return f"--option {found['name']}={shlex.quote(value)}"  # of a model

    return _NEUTRAL.sub(flag, text)


def _spelled_help(text: str) -> str:
    """The same of a help text, while not all commands are there."""
    return _NEUTRAL.sub(lambda found: f"--{found['name'].replace('_', '-')}", text)


@functools.cache
def _flags() -> frozenset[str]:
    """The options of all commands, when all are there."""
    group = typer.main.get_group(app)
    commands = group.commands.values()
    return frozenset(flag for one in commands for told in one.params for flag in told.opts)


@dataclass(frozen=True)
class Job:
    """A run with its listener: progress goes to standard error, results to standard output."""

    run: Run
    work: Work

    def say(self, text: str, **figures: Any) -> None:
        """A result: plain text, or one JSON line."""
        if self.work.json:
            from tidemill.core.artifact import finite

            # figures may quote the user's data, which stay as they are
            said = finite({"kind": "result", "text": spelled(text), **figures})
            say(json_line(said, sys.stdout))
        elif not self.work.quiet:
            say(spelled(text))

    def tell(self, text: str, out: Path | None, **state: Any) -> None:
        """A result with one state, which goes to a file where there is one."""
        from tidemill.core.artifact import write_json

        if out is not None:
            [content] = state.values()
            write_json(out, content, overwrite=self.work.overwrite)
            text = f"{text}\nWrote {out}"
        self.say(text, **state)

    def show(self, text: str, out: Path, **figures: Any) -> None:
        """A result, and the page in its folder."""
        page = str((out / "report.html").resolve())
        self.say(text, out=str(out), **figures)
        self.say(f"\nThe report: {page}", report=page)


def _command(function: Callable[..., None]) -> Callable[..., None]:
    """A command of this name, whose parameters are options."""
    name = function.__name__.replace("_", "-")
    called = describe.command(function, _spelled_help, _refuse_clashes)
    app.command(name, cls=SectionedCommand)(called)
    return function


def _refuse_clashes(given: Sequence[tuple[describe.Option, Any]]) -> None:
    """Say before the work, not behind it, that an output is what is read, or another output, or
    cannot be written: of every command, by what its options are."""
    files = [(option.doc, value) for option, value in given if value is not None]
    outputs = [path for doc, value in files for path in _written(doc, value)]
    if not outputs:
        return
    from tidemill.core.outputs import refuse_clashes, refuse_existing

    refuse_clashes(outputs, [path for doc, value in files for path in _files_read(doc, value)])
    replaced = any(option.name == "overwrite" and value for option, value in given)
    for doc, value in files:
        if doc.writes == "file":
            refuse_existing(value, replaced)


def _written(doc: Doc, value: Any) -> list[Path]:
    """What an option has replaced as a whole; the files in a folder of results know their verbs."""
    if not doc.writes:
        return []
    from tidemill.core.outputs import UNFINISHED
    from tidemill.io.target import Target

    if doc.writes == "table":
        path = Target.parse(value).path
        return [] if path is None else [path]
    return [value / UNFINISHED if doc.writes == "folder" else value]


def _files_read(doc: Doc, value: Any) -> list[Path]:
    if not doc.reads:
        return []
    from tidemill.io.source import Source, files_of
    from tidemill.pipeline.results import files_in

    if doc.reads == "model":
        return files_in(value)
    return files_of([Source.parse(value)]) if doc.reads == "table" else [value]


@contextlib.contextmanager
def _job(
    work: Work,
    *,
    until: float | None = None,
    checkpoint: Path | None = None,
    **limits: Unpack[options.Limits],
) -> Iterator[Job]:
    """A run that shows itself and can be stopped with Ctrl-C: once to end well, twice to end at
    once.

    Args:
        work: Seed, threads, and how it shows itself.
        until: The minutes from the start after which nothing new begins.
        checkpoint: In which a long fit keeps its state.
        **limits: Of learning.
    """
    device = limits.get("device", "auto")
    if device not in ("auto", "cpu", "cuda"):
        raise OptionError(f"there is no device '{device}'", hint="choose cpu, cuda or auto")
    from tidemill.core.run import Run
    from tidemill.reporting.terminal import Display, json_lines

    with contextlib.ExitStack() as stack:
        listener: Callable[[Event], None]
        listener = (
            json_lines(sys.stdout)
            if work.json
            else stack.enter_context(Display(sys.stderr, quiet=work.quiet))
        )
        run = Run(
            work.seed,
            threads=work.threads,
            minutes=limits.get("minutes"),
            deadline=None if until is None else _STARTED + 60 * until,
            steps=limits.get("steps"),
            listener=lambda event: listener(replace(event, text=spelled(event.text))),
            device=device,
            checkpoint=checkpoint,
        )

        stack.enter_context(interrupts().stopping(run))
        yield Job(run, work)


def _read(data: str, job: Job, target: str | None, roles: options.Roles) -> Dataset:
    from tidemill import verbs

    return verbs.read(data, target=target, run=job.run, **roles)


@_command
def read(
    data: Data,
    *,
    target: options.Target = None,
    keys: Annotated[Sequence[str], options.KEYS] = (),
    links: Annotated[Sequence[str], options.LINKS] = (),
    roles: options.Roles,
    work: Silent,
) -> None:
    """Show each column's kind and role, and why; of several tables, how they are linked."""
    from tidemill.core.sensitive import suggest
    from tidemill.io.profile import profile
    from tidemill.reporting.database import as_state
    from tidemill.reporting.database import shown as shown_database
    from tidemill.reporting.profile import shown

    with _job(work) as job:
        database = _database(data, keys, links, job)
        if database is not None:
            _refuse_of_one({**roles, "target": target}, data, database)
            job.say(shown_database(database), **as_state(database))
            return
        table = _read(data, job, target, roles)
        about = profile(table)
        suggest(table.schema, job.run)
        job.say(
            shown(table, about),
            rows=len(table),
            columns=about.to_dicts(),
            aside=[asdict(line) for line in table.aside],
        )


def _database(
    data: str, keys: Sequence[str], links: Sequence[str], job: Job, kept: Sequence[str] = ()
) -> Database | None:
    """The tables of a source that holds several which are linked; None where it does not."""
    from tidemill.io.databases.reading import is_database, is_spreadsheet, read_database

    if not is_database(data):
        if keys or links or kept:
            raise OptionError(
                "tables, keys and links are named of several tables, and this is one",
                where=redacted(data),
                hint="give a database without ?table=, a spreadsheet or a folder of tables",
            )
        return None
    database = read_database(data, job.run, keys=keys, links=links)
    if is_spreadsheet(data) and not database.links:
        return None  # sheets of notes, or of other matters
    return database


def _refuse_of_one(
    of_one: Mapping[str, Any], data: str | None, database: Database | None = None
) -> None:
    """See that nothing is said that is about one table."""
    said = [name for name, value in of_one.items() if value]
    if said:
        number = "several" if database is None else len(database.tables)
        raise OptionError(
            f"option '{said[0].replace('_', '-')}' is about the columns of one table, and these "
            f"are {number}",
            where=None if data is None else redacted(data),
            hint="name one as FILE?table=NAME, or FILE?table=NAME&with=links for what its links "
            "tell",
        )


@_command
def split(
    data: Data,
    *,
    train: Annotated[str, Doc("The rows to learn from.", "FILE", writes="table")],
    holdout: Annotated[str, Doc("The rows that are held out.", "FILE", writes="table")],
    share: options.Share = 0.3,
    target: options.Target = None,
    roles: Annotated[options.Roles, Only(("schema", "time", "entity"))],
    work: OneThread,
) -> None:
    """Hold rows out: no entity on both sides, the latest held out."""
    from tidemill import verbs
    from tidemill.io.writing import write_together

    targets = [_to(out, work) for out in (train, holdout)]
    with _job(work) as job:
        table = _read(data, job, target, roles)
        parts = verbs.split(table, share, seed=work.seed)
        write_together(list(zip(targets, parts, strict=True)), overwrite=work.overwrite)
        shown = [to.shown for to in targets]
        job.say(
            f"{len(parts[0]):,} rows in {shown[0]}, {len(parts[1]):,} held out in {shown[1]}",
            train=len(parts[0]),
            holdout=len(parts[1]),
        )


@_command
def clean(
    data: Data,
    *,
    out: Annotated[str, Doc("The cleaned table.", "FILE", writes="table")],
    log: Annotated[
        Path | None, Doc("One row for every changed cell.", "FILE", writes="file")
    ] = None,
    checks: options.Checks = None,
    target: options.Target = None,
    roles: options.Roles,
    work: OneThread,
) -> None:
    """Mend what is plainly wrong, and log every change."""
    from tidemill import verbs
    from tidemill.io.writing import write_frame

    to = _to(out, work)
    if log:
        _to(str(log), work)
    with _job(work) as job:
        cleaned = verbs.clean(_read(data, job, target, roles), checks=checks, run=job.run)
        to.write([cleaned.data], overwrite=work.overwrite, rows=len(cleaned.data))
        if log:
            write_frame(cleaned.changes, log, overwrite=work.overwrite)
        for issue in cleaned.issues:
            job.say(f"- {issue}", issue=issue.to_state())
        also = f" and {log}" if log else ""
        job.say(
            f"{cleaned.summary}; wrote {to.shown}{also}",
            changes=cleaned.changed,
            left_out=cleaned.left_out,
            out=to.shown,
        )


@_command
def mine(
    data: Data,
    *,
    target: options.Target = None,
    out: Annotated[Path | None, Doc("The findings as JSON.", "FILE", writes="file")] = None,
    techniques: options.Techniques = None,
    clean: options.Clean = False,
    roles: options.Roles,
    work: Work,
) -> None:
    """Find drivers, segments, rules and anomalies."""
    from tidemill import verbs

    with _job(work) as job:
        table = _read(data, job, target, roles)
        findings = verbs.mine(table, techniques=techniques, clean=clean, run=job.run)
        job.tell(str(findings), out, findings=findings.to_state())


@_command
def fit(
    data: Data,
    *,
    out: Annotated[Path, Doc("The model, as NAME.tidemill.", "FILE", writes="file")],
    model: options.ModelName = None,
    model_options: options.ModelOptions = None,
    preset: options.Preset = None,
    target: options.Target = None,
    clean: options.Clean = False,
    no_rules: options.NoRules = False,
    privacy: options.Privacy = "none",
    start: Annotated[Path | None, options.START] = None,
    window: options.Window = None,
    keep_tables: Annotated[Sequence[str], options.KEPT_TABLES] = (),
    keys: Annotated[Sequence[str], options.KEYS] = (),
    links: Annotated[Sequence[str], options.LINKS] = (),
    limits: options.Limits,
    roles: options.Roles,
    work: Work,
) -> None:
    """Learn a generator from a table as it is, or from several that are linked."""
    from tidemill import verbs
    from tidemill.core.outputs import refuse_clashes

    # a fit that was killed goes on from here, when the same command is given again
    kept = out.with_name(out.name + ".checkpoint")
    states = [kept, kept.with_name(kept.name + ".latents")]
    refuse_clashes(states, verbs.files_read(data, roles.get("schema"), model=start))
    of_one = {**roles, "target": target, "preset": preset, "clean": clean, "no_rules": no_rules}
    of_one |= {"privacy": privacy != "none", "start": start, "window": window}
    of_one["steps"] = limits.get("steps")
    with _job(work, checkpoint=kept, **limits) as job:
        database = _database(data, keys, links, job, keep_tables)
        if database is not None:
            _refuse_of_one(of_one, data, database)
            of_model = {"model": model, "options": model_options, "keep_tables": keep_tables}
            _fit_database(database, out, of_model, work, job)
            return
        table = _read(data, job, target, roles)
        learned = verbs.fit(
            table,
            model=model,
            options=model_options,
            preset=preset,
            clean=clean,
            no_rules=no_rules,
            privacy=privacy,
            start=start,
            window=window,
            run=job.run,
        )
        learned.save(out, overwrite=work.overwrite)
        kept.unlink(missing_ok=True)
        _say_learned(learned, len(table), out, job)


def _say_learned(learned: Synthesizer, rows: int, out: Path, job: Job) -> None:
    done, planned = learned.manifest["steps_done"], learned.manifest["steps_planned"]
    cut = f" after {done:,} of {planned:,} steps; --steps {done} gives the same model again"
    job.say(
        f"Learned {rows:,} {learned.noun}; wrote {out}{'' if learned.complete else cut}",
        out=str(out),
        steps_done=done,
        steps_planned=planned,
    )


def _fit_database(
    database: Database,
    out: Path,
    of_model: Mapping[str, Any],
    work: Work,
    job: Job,
) -> None:
    """Learn several tables."""
    from tidemill import verbs

    learned = verbs.fit_database(database, **of_model, run=job.run)
    learned.save(out, overwrite=work.overwrite)
    job.say(
        f"Learned {len(database.tables):,} tables with {len(database):,} rows; wrote {out}",
        out=str(out),
        tables={name: len(rows) for name, rows in database.tables.items()},
    )


@_command
def sample(
    model: Model,
    *,
    out: Annotated[
        str,
        Doc(
            "csv, tsv, parquet, jsonl or xlsx; of images npz, png (a contact sheet), parquet or a "
            "folder.",
            "FILE",
            writes="table",
        ),
    ],
    rows: options.Rows = None,
    where: options.Conditions = None,
    sampling: options.Sampling,
    like: Annotated[str | None, options.LIKE] = None,
    table_rows: Annotated[Sequence[str] | None, options.TABLE_ROWS] = None,
    work: Work,
) -> None:
    """Make new rows with a stored model, also with given values; of several tables a database."""
    from tidemill import verbs
    from tidemill.core.artifact import is_of_database

    with _job(work) as job:
        if is_of_database(Path(model)):
            of_one = {**sampling, "rows": rows, "like": like}
            _sample_database(model, out, of_one, table_rows, where, work, job)
            return
        if table_rows:
            raise OptionError(
                "rows of tables are asked of a model of several, and this is of one",
                where=str(model),
                hint="give option 'rows'",
            )
        made = verbs.sample_to(
            model,
            out,
            rows,
            where,
            like=like,
            overwrite=work.overwrite,
            run=job.run,
            **sampling,
        )
        job.say(f"Made {made}; wrote {made.out}", out=made.out, rows=made.rows)


def _sample_database(
    model: str | Path,
    out: str,
    of_one: Mapping[str, Any],
    table_rows: Sequence[str] | None,
    where: options.Conditions,
    work: Work,
    job: Job,
) -> None:
    """Make a database."""
    from tidemill import verbs
    from tidemill.io.databases.writing import refuse_early
    from tidemill.relational.model import DatabaseModel

    plain = {"fair_strength": 1.0}
    said = [name for name, value in of_one.items() if value and value != plain.get(name)]
    if said:
        raise OptionError(
            f"option '{said[0].replace('_', '-')}' is about one table, and this model makes "
            "several",
            where=str(model),
            hint="give option 'table-rows' as customers=1000, and option 'where' as "
            "customers.country=Spain",
        )
    learned = DatabaseModel.load(model)
    refuse_early(out, list(learned.columns), [Path(model)], overwrite=work.overwrite)
    made = verbs.sample_database(learned, table_rows, where, run=job.run)
    verbs.write_database(made, out, overwrite=work.overwrite, run=job.run)
    tables = {name: len(rows) for name, rows in made.tables.items()}
    job.say(f"Made {made}; wrote {redacted(out)}", out=redacted(out), tables=tables)


@_command
def infill(
    model: Model,
    data: Data,
    *,
    out: Annotated[str, Doc("The completed rows.", "FILE", writes="table")],
    draws: options.Draws = 1,
    keep: options.Kept = (),
    work: Work,
) -> None:
    """Fill in what rows lack, as a stored model expects it."""
    from tidemill import verbs

    with _job(work) as job:
        made = verbs.infill_to(
            model, data, out, draws, keep=keep, overwrite=work.overwrite, run=job.run
        )
        job.say(f"Completed {made.rows:,} rows; wrote {made.out}", out=made.out, rows=made.rows)


@_command
def extend(
    model: Model,
    *,
    past: Annotated[str, options.PAST],
    out: Annotated[str, Doc("What may follow.", "FILE", writes="table")],
    steps: options.Ahead = 10,
    paths: options.Paths = 100,
    work: Work,
) -> None:
    """Go on with series many times: what may come next, given their past."""
    from tidemill import verbs

    with _job(work) as job:
        made, found = verbs.extend_to(
            model, past, out, steps, paths, overwrite=work.overwrite, run=job.run
        )
        said = f"{found}\n" if found.columns else ""
        job.say(
            f"{said}Made {made}; wrote {made.out}",
            out=made.out,
            rows=made.rows,
            columns=[to_state(one) for one in found.columns],
        )


@_command
def what_if(
    model: Model,
    data: Data,
    *,
    set: Annotated[list[str], options.SET],
    outcome: Annotated[list[str] | None, options.OUTCOME] = None,
    redraw: options.Redrawn = None,
    keep: options.KeptOnly = None,
    draws: options.RowDraws = 20,
    randomised: options.Randomised = False,
    because: options.Because = None,
    out: Annotated[
        str | None,
        Doc("The rows, and what is expected of each before and after.", "FILE", writes="table"),
    ] = None,
    work: Work,
) -> None:
    """Set columns of rows, and see how an outcome moves."""
    from tidemill import verbs

    to = None if out is None else _to(out, work)
    with _job(work) as job:
        found = verbs.what_if(
            model,
            data,
            set,
            outcome,
            redraw=redraw,
            keep=keep,
            draws=draws,
            randomised=randomised,
            because=because,
            run=job.run,
        )
        if to:
            to.write([found.data], overwrite=work.overwrite, rows=len(found.data))
        job.say(str(found) + (f"\nWrote {to.shown}" if to else ""), **found.to_state())


@_command
def score(
    model: Model,
    data: Data,
    *,
    out: Annotated[
        str, Doc("The rows with their chance, ranked, or their number.", "FILE", writes="table")
    ],
    work: Annotated[Work, Only(("overwrite", "quiet", "json"))],
) -> None:
    """Say what a model expects of the target of new rows."""
    from tidemill import verbs

    to = _to(out, work)
    with _job(work) as job:
        found = verbs.score(model, data, run=job.run)
        to.write([found.data], overwrite=work.overwrite, rows=len(found.data))
        job.say(f"{found}\nWrote {to.shown}", out=to.shown, **found.to_state())


@_command
def evaluate(
    folder: Annotated[Path | None, options.RUN_FOLDER] = None,
    *,
    train: Annotated[str | None, options.TRAIN] = None,
    holdout: Annotated[str | None, options.HOLDOUT] = None,
    synthetic: Annotated[str | None, options.SYNTHETIC] = None,
    target: options.Target = None,
    out: Annotated[Path | None, Doc("The scores as JSON.", "FILE", writes="file")] = None,
    metrics: options.Metrics = None,
    keys: Annotated[Sequence[str], options.KEYS] = (),
    links: Annotated[Sequence[str], options.LINKS] = (),
    roles: options.Roles,
    work: Work,
) -> None:
    """Measure synthetic rows, or a made database, against real ones."""
    from tidemill import verbs
    from tidemill.pipeline.databases import is_run_of_database

    with _job(work) as job:
        base = None if train is None else _database(train, keys, links, job)
        if base is not None or (train is None and is_run_of_database(folder)):
            where = str(folder) if base is None else train
            _refuse_of_one({**roles, "target": target, "metric": metrics}, where)
            found = verbs.evaluate_database(
                base, holdout, synthetic, folder=None if base else folder, run=job.run
            )
            job.tell(str(found), out, scores=found.to_state())
            return
        real = None if train is None else _read(train, job, target, roles)
        if real is None and folder is None:
            raise OptionError(
                "there are no rows", hint="give the folder of a run, or option 'train'"
            )
        scores = verbs.evaluate(
            real, holdout, synthetic, folder=folder, metrics=metrics, run=job.run
        )
        job.tell(str(scores), out, scores=scores.to_state())


@_command
def verdict(
    *,
    train: Annotated[str, options.REAL],
    synthetic: Annotated[str, options.GENERATED],
    target: options.Target = None,
    holdout: Annotated[str | None, options.UNSEEN] = None,
    metric: options.Deciding = None,
    cost: Annotated[str | None, options.COST] = None,
    learners: options.Learners = None,
    out: Annotated[Path | None, Doc("The verdict as JSON.", "FILE", writes="file")] = None,
    roles: options.Roles,
    work: Work,
) -> None:
    """Say whether generated rows help models of the target, and how sure that is."""
    from tidemill import verbs
    from tidemill.trials.wording import told

    costs = _costs(cost)
    with _job(work) as job:
        real = _read(train, job, target, roles)
        found = verbs.verdict(
            real,
            synthetic,
            learners=learners,
            metric=metric,
            cost=costs,
            holdout=holdout,
            run=job.run,
        )
        job.tell(told(found), out, verdict=found.to_state())


@_command
def fairness(
    model: Model,
    *,
    train: Annotated[str | None, options.MODEL_TRAIN] = None,
    holdout: Annotated[str | None, options.HOLDOUT] = None,
    sensitive: options.Sensitive = (),
    target: options.Target = None,
    out: Annotated[Path | None, Doc("The figures as JSON.", "FILE", writes="file")] = None,
    work: Work,
) -> None:
    """See how a model's rows treat groups, and what equal rates would cost."""
    from tidemill import verbs

    with _job(work) as job:
        scores = verbs.fairness(
            model, train, holdout, sensitive=sensitive, target=target, run=job.run
        )
        said = "\n\n".join(
            score.sentence or f"{score.name}: not computed, {score.why}." for score in scores
        )
        job.tell(said, out, scores=scores.to_state())


@_command
def audit(
    model: Model,
    *,
    train: Annotated[str | None, options.MODEL_TRAIN] = None,
    holdout: Annotated[str | None, options.HOLDOUT] = None,
    synthetic: Annotated[str | None, options.AUDITED] = None,
    out: Annotated[
        Path | None,
        Doc(
            "A folder for report.html, audit.json and, for the data's owner, rows-at-risk.parquet.",
            "DIR",
            writes="folder",
        ),
    ] = None,
    canaries: options.Canaries = None,
    attacks: options.Attacks = None,
    sensitive: options.Attacked = (),
    work: Work,
) -> None:
    """Attack a model's rows: do they give away whom it learned from?"""
    from tidemill import verbs
    from tidemill.auditing.audit import OUTPUTS
    from tidemill.core.outputs import refuse_results

    if out:
        refuse_results(out, OUTPUTS, work.overwrite)
        verbs.refuse_over(out, OUTPUTS, train, holdout, synthetic, model=model)
    with _job(work) as job:
        found = verbs.audit(
            model,
            train,
            holdout,
            synthetic=synthetic,
            sensitive=sensitive,
            canaries=canaries,
            attacks=attacks,
            run=job.run,
        )
        if out:
            found.save(out, overwrite=work.overwrite)
        page = f"\n\nThe report: {(out / 'report.html').resolve()}" if out else ""
        job.say(f"{found}{page}", audit=found.to_state())


@_command
def share(
    model: Model,
    *,
    train: Annotated[str | None, options.MODEL_TRAIN] = None,
    holdout: Annotated[str | None, options.HOLDOUT] = None,
    out: Annotated[
        Path,
        Doc(
            "A folder for the rows and their data card; the audit goes beside it, to DIR-audit.",
            "DIR",
            writes="folder",
        ),
    ],
    rows: options.SharedRows = None,
    licence: options.Licence = "",
    despite_audit: options.DespiteAudit = None,
    canaries: options.Canaries = None,
    work: Work,
) -> None:
    """Make rows to be passed on, if the audit lets them, with a data card."""
    from tidemill import verbs

    with _job(work) as job:
        done = verbs.share(
            model,
            train,
            holdout,
            out,
            rows=rows,
            licence=licence,
            despite_audit=despite_audit,
            canaries=canaries,
            overwrite=work.overwrite,
            run=job.run,
        )
        job.say(str(done), out=str(out), rows=len(done.data), light=done.audit.light)


@_command
def report(
    folder: Annotated[Path, options.FOLDER],
    *,
    out: Annotated[
        Path | None, Doc("The page; in the folder by default.", "FILE", writes="file")
    ] = None,
    work: Annotated[Work, Only(("overwrite", "quiet", "json"))],
) -> None:
    """Make the page again from a run's report.json."""
    from tidemill import verbs

    path = out or folder / "report.html"
    with _job(work) as job:
        verbs.report(folder).save(path, overwrite=work.overwrite)
        job.say(f"Wrote {path}", out=str(path))


@_command
def speak(
    source: Annotated[Path, options.SPOKEN],
    *,
    out: Annotated[Path, Doc("The sound, as WAV.", "FILE", writes="file")],
    voice: options.Voice = None,
    work: Annotated[Work, Only(("overwrite", "quiet", "json"))],
) -> None:
    """Read a report's first page, or a text, aloud; nothing leaves this machine."""
    from tidemill import verbs

    with _job(work) as job:
        speech = verbs.speak(source, voice=voice, out=out, overwrite=work.overwrite, run=job.run)
        seconds = len(speech.samples) / speech.rate
        job.say(f"Wrote {out}, {seconds:.0f} seconds", out=str(out), seconds=round(seconds, 1))


@_command
def run(
    data: Data,
    *,
    target: options.Target = None,
    out: Annotated[Path, ALL_RESULTS] = Path("tidemill-out"),
    model: options.ModelName = None,
    model_options: options.ModelOptions = None,
    preset: options.Preset = None,
    privacy: options.Privacy = "none",
    rows: options.RunRows = None,
    rounds: options.RunRounds = 1,
    keep_tables: Annotated[Sequence[str], options.KEPT_TABLES] = (),
    table_rows: Annotated[Sequence[str] | None, options.TABLE_ROWS] = None,
    keys: Annotated[Sequence[str], options.KEYS] = (),
    links: Annotated[Sequence[str], options.LINKS] = (),
    limits: options.Limits,
    roles: options.Roles,
    work: Work,
) -> None:
    """Do the whole job, from a table, or from several that are linked, to the report."""
    from tidemill import verbs
    from tidemill.pipeline import databases, folder

    of_one = {**roles, "target": target, "preset": preset, "privacy": privacy != "none"}
    of_one |= {"rows": rows, "rounds": rounds != 1, "steps": limits.get("steps")}
    outputs = sorted({*folder.OUTPUTS, *databases.OUTPUTS})
    verbs.refuse_over(out, outputs, data, roles.get("schema"))
    with _job(work, **limits) as job:
        database = _database(data, keys, links, job, [*keep_tables, *(table_rows or ())])
        if database is not None:
            _refuse_of_one(of_one, data, database)
            made = verbs.run_database(
                database,
                out=out,
                model=model,
                model_options=model_options,
                keep_tables=keep_tables,
                table_rows=table_rows,
                overwrite=work.overwrite,
                run=job.run,
                command=_called(),
            )
            job.show(made.report.summary(), out)
            return
        turned = verbs.run(
            data,
            out=out,
            target=target,
            model=model,
            model_options=model_options,
            preset=preset,
            privacy=privacy,
            rows=rows,
            rounds=rounds,
            overwrite=work.overwrite,
            run=job.run,
            command=_called(),
            **roles,
        )
        job.show(turned.report.summary(), out)


@_command
def loop(
    data: Data,
    *,
    target: options.Target = None,
    out: Annotated[
        Path,
        Doc(
            "The folder for results; an unfinished loop in it is gone on with.",
            "DIR",
            writes="folder",
        ),
    ] = Path("tidemill-loop"),
    rounds: options.LoopRounds = 3,
    minutes: options.LoopMinutes = None,
    metric: options.Deciding = None,
    cost: Annotated[str | None, options.COST] = None,
    newer: Annotated[str | None, options.NEWER] = None,
    also: Annotated[str | None, options.ALSO] = None,
    model: options.LoopModel = "trees",
    model_options: options.ModelOptions = None,
    roles: options.Roles,
    work: Work,
) -> None:
    """Generate where it is thin, keep only what helps, and prove it."""
    from tidemill import verbs

    costs = _costs(cost)
    with _job(work, until=minutes) as job:
        looped = verbs.loop(
            data,
            out=out,
            target=target,
            rounds=rounds,
            metric=metric,
            cost=costs,
            newer=newer,
            also=also,
            model=model,
            model_options=model_options,
            overwrite=work.overwrite,
            run=job.run,
            command=_called(),
            **roles,
        )
        job.show(looped.summary(), out, verdict=looped.verdict.to_state())


@_command
def recipe(
    name: Annotated[str, options.RECIPE],
    data: Data,
    *,
    target: options.Target = None,
    columns: Annotated[Sequence[str], options.COLUMNS] = (),
    positive: options.Positive = None,
    cost: Annotated[str | None, options.COST] = None,
    assume: options.Assumed = None,
    out: Annotated[
        Path,
        Doc(
            "The folder for all results; an unfinished loop in it is gone on with.",
            "DIR",
            writes="folder",
        ),
    ] = Path("tidemill-recipe"),
    rounds: options.RecipeRounds = None,
    quick: options.Quick = False,
    currency: options.Currency = None,
    minutes: options.LoopMinutes = None,
    writer: options.RecipeWriter = None,
    model: options.RecipeModel = None,
    model_options: options.ModelOptions = None,
    new: Annotated[str | None, options.NEW_CUSTOMERS] = None,
    roles: options.Roles,
    work: Work,
) -> None:
    """Answer a business question from a table, on one page."""
    from tidemill.recipes.run import recipe as cook

    costs = _costs(cost)
    with _job(work, until=minutes) as job:
        made = cook(
            name,
            data,
            target=target,
            columns=columns,
            positive=positive,
            cost=costs,
            assume=assume,
            out=out,
            rounds=rounds,
            quick=quick,
            currency=currency,
            writer=writer,
            model=model,
            model_options=model_options,
            new=new,
            overwrite=work.overwrite,
            run=job.run,
            command=_called(),
            **roles,
        )
        refused = [refusal.to_state() for refusal in made.refused]
        job.show(str(made), out, figures=dict(made.figures), refused=refused)


@_command
def demo(
    name: Annotated[str, Doc("See --list.", "NAME")] = "reader-survey",
    *,
    list: Annotated[bool, Doc("Show the demos.")] = False,
    out: Annotated[Path, ALL_RESULTS] = Path("demo-out"),
    work: Work,
) -> None:
    """Do the whole job on a real table at hand."""
    from tidemill import verbs
    from tidemill.demos import DEMOS, load

    with _job(work) as job:
        if list:
            for key, entry in DEMOS.items():
                job.say(f"{key:18} {entry.line}", name=key)
            return
        frame, target = load(name)
        job.say(f"{name}: {DEMOS[name].line}", demo=name)
        turned = verbs.run(
            frame,
            out=out,
            target=target,
            name=name,
            overwrite=work.overwrite,
            run=job.run,
            command=_called(),
        )
        job.show(turned.report.summary(), out)


@_command
def models(
    name: Annotated[str | None, Doc("List the options of this one.", "[MODEL]")] = None,
    *,
    json: Json = False,
) -> None:
    """List the generators, or the options of one."""
    from tidemill.models import MODELS
    from tidemill.models.base import options_of

    if name is None:
        return _listed(MODELS, json)
    for line in options_of(name, as_json=json):
        say(line)
    return None


@_command
def recipes(*, json: Json = False) -> None:
    """List the recipes, and what each takes."""
    from tidemill.recipes import RECIPES
    from tidemill.recipes.listing import listed

    for line in listed(RECIPES, as_json=json):
        say(spelled(line))


@_command
def codecs(*, json: Json = False) -> None:
    """List the codecs, of datasets and of columns."""
    from tidemill.codecs import CODECS
    from tidemill.codecs.columns import COLUMNS

    _listed(CODECS, json)
    _listed(COLUMNS, json)


@_command
def metrics(*, json: Json = False) -> None:
    """List the metrics."""
    from tidemill.metrics import METRICS

    _listed(METRICS, json)


@_command
def techniques(*, json: Json = False) -> None:
    """List the mining techniques."""
    from tidemill.mining import TECHNIQUES

    _listed(TECHNIQUES, json)


@_command
def attacks(*, json: Json = False) -> None:
    """List the attacks of the privacy audit."""
    from tidemill.auditing import ATTACKS

    _listed(ATTACKS, json)


@_command
def learners(*, json: Json = False) -> None:
    """List the learners that verdicts are made with."""
    from tidemill.supervised.learners import LEARNERS

    _listed(LEARNERS, json)


@_command
def checks(*, json: Json = False) -> None:
    """List the cleaning checks."""
    from tidemill.cleaning import CHECKS

    _listed(CHECKS, json)


def _listed(registry: Any, as_json: bool) -> None:
    width = max(map(len, registry))
    for name, entry in registry.items():
        plain = f"{name:{width}}  {entry.line}"
        said = {"name": name, "line": entry.line}
        say(json_line(said, sys.stdout) if as_json else plain)


def _costs(text: str | None) -> Mapping[str, float] | None:
    from tidemill.supervised.measures import parse_cost

    return None if text is None else parse_cost(text)


def _to(out: str, work: Work) -> Target:
    """Where a table is written to; said before the work, not behind it, that it cannot be."""
    from tidemill.io.target import Target

    to = Target.parse(out)
    to.check(overwrite=work.overwrite)
    return to


def _called() -> str:
    """The command line as it was given, without what is secret in it."""
    return shlex.join(["tidemill", *map(redacted, sys.argv[1:])])


def _version(wanted: bool) -> None:
    if wanted:
        say(f"tidemill {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        say(GREETING.rstrip("\n"))


def main() -> NoReturn:
    """The entry point; exit code 0 done, 2 the user can mend it, 1 our fault, 130 cancelled."""
    before = signal.getsignal(signal.SIGINT)
    handler = interrupts()
    signal.signal(signal.SIGINT, handler)
    with steady() as out:
        try:
            # Typer turns a KeyboardInterrupt into an exit code, which it hands back
            code = app(standalone_mode=False)
            if code == Cancelled.exit_code or handler.asked:
                raise Cancelled(STOPPED)
            out.flush()
            # whoever reads a pipe may stop when he has seen enough
            if out.failed is not None and not isinstance(out.failed, BrokenPipeError):
                _fail(_of_system(out.failed, "standard output"), 2)
            sys.exit(code)
        except (Exception, KeyboardInterrupt) as error:
            _end(error, stopped=handler.asked)
        except BaseException as error:
            if not is_panic(error):
                raise
            _end(error, stopped=handler.asked)
        finally:
            signal.signal(signal.SIGINT, before)


def _end(error: BaseException, *, stopped: bool) -> NoReturn:
    """Say what went wrong, and whose fault that is."""
    if isinstance(error, TidemillError):
        _fail(error, error.exit_code)
    if stopped or isinstance(error, (KeyboardInterrupt, typer.Abort)):  # whatever a library makes
        _fail(Cancelled(STOPPED), Cancelled.exit_code)
    if hasattr(error, "format_message"):  # what click says of a wrong option
        _fail(OptionError(error.format_message(), hint="see `tidemill --help`"), 2)
    if isinstance(error, OSError):
        _fail(_of_system(error), 2)
    if isinstance(error, MemoryError):
        _fail(
            TidemillError(
                "there is not enough memory", hint="give fewer rows or columns, or ask for fewer"
            ),
            2,
        )
    _fail(_ours(error), 1)


def _of_system(error: OSError, where: str | None = None) -> TidemillError:
    return TidemillError(
        error.strerror or str(error),
        where=shorten(where or str(error.filename or "a file"), 200),
        hint="check the path, its permissions and the free space",
    )


def _ours(error: BaseException) -> TidemillError:
    lines = "".join(traceback.format_exception(error)).splitlines()
    hint = "report it"
    with (
        contextlib.suppress(OSError),
        tempfile.NamedTemporaryFile(
            "w", prefix="tidemill-", suffix=".log", delete=False, encoding="utf-8"
        ) as log,
    ):
        # a driver may tell its address
        log.writelines(f"{redacted(line)}\n".encode(errors="replace").decode() for line in lines)
        hint = f"report it with the file {log.name}"
    return TidemillError(
        f"this is a fault of Tidemill, not yours ({type(error).__name__}: {redacted(str(error))})",
        hint=hint,
    )


def _fail(error: TidemillError, code: int) -> NoReturn:
    if "--json" in sys.argv:
        said: dict[str, Any] = {"kind": "error"}
        for key, text in (("text", error.what), ("where", error.where), ("hint", error.hint)):
            said[key] = None if text is None else spelled(text)
        said["code"] = code
        say(json_line(said, sys.stdout))
    else:
        shown = str(error) if code == 130 else f"error: {error}"
        say(spelled(shown), sys.stderr)
    sys.exit(code)
