"""The command line: thin, over the verbs; nothing heavy is imported before a command runs."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from tidemill import __version__
from tidemill.core.errors import Cancelled, OptionError, TidemillError

if TYPE_CHECKING:
    from tidemill.core.dataset import Dataset
    from tidemill.core.run import Event, Run

_STARTED = time.monotonic()
# OpenMP's threads otherwise spin long while they wait, which on a busy machine made LightGBM ten
# times slower; where they do not spin at all, small networks learn at half their speed (both
# measured)
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
LEARNING_SHARE = 0.9
"""Of --minutes, learning may use this much; the rest is for packing and storing the model."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="From a business table to findings, a generator, new rows and the proof of what they are "
    "worth.",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        show_default=False,
        help="A csv, tsv, parquet, jsonl or xlsx file, or file.sqlite?table=NAME.",
    ),
]
Target = Annotated[
    str | None, typer.Option("--target", metavar="COL", help="The column to be predicted.")
]
Schema = Annotated[
    Path | None,
    typer.Option("--schema", metavar="FILE", help="TOML that overrides kinds and roles."),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="COL", help="Leave this column out; may repeat."),
]
Id = Annotated[
    list[str] | None,
    typer.Option("--id", metavar="COL", help="This column names a row; may repeat."),
]
Sensitive = Annotated[
    list[str] | None,
    typer.Option("--sensitive", metavar="COL", help="Watch fairness for this column; may repeat."),
]
Time = Annotated[
    str | None,
    typer.Option("--time", metavar="COL", help="Hold out the latest rows by this column."),
]
Entity = Annotated[
    str | None,
    typer.Option("--entity", metavar="COL", help="Never split the rows of one value of this."),
]
Model = Annotated[
    Path,
    typer.Argument(metavar="MODEL", show_default=False, help="A model that `tidemill fit` wrote."),
]
Seed = Annotated[
    int,
    typer.Option("--seed", metavar="N", help="Same seed, same data, same versions: same bytes."),
]
Named = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="See `tidemill models`; trees by default, and gan for images.",
    ),
]
Preset = Annotated[
    str | None, typer.Option("--preset", metavar="NAME", help="A model with options: dcgan.")
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option", metavar="KEY=VALUE", help="An option of the model, as in least=30; may repeat."
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        min=0,
        help="Learn so many steps only (replays a run that was cut short).",
    ),
]
Minutes = Annotated[
    float | None,
    typer.Option(
        "--minutes",
        metavar="M",
        min=0.01,
        help="Stop learning in time for the model to be stored after so many minutes.",
    ),
]
Device = Annotated[
    str,
    typer.Option(
        "--device", metavar="NAME", help="Where networks learn and draw: cpu, cuda, or auto."
    ),
]
Canaries = Annotated[
    int | None,
    typer.Option(
        "--canaries",
        metavar="N",
        min=0,
        help="Rows to plant in all before the model learns again; 500 by default.",
    ),
]
RoundMinutes = Annotated[
    float | None,
    typer.Option(
        "--minutes", metavar="M", min=0.01, help="Begin no further round after so many minutes."
    ),
]
Costs = Annotated[
    str | None,
    typer.Option(
        "--cost",
        metavar="COSTS",
        help="What mistakes cost, fp=5,fn=200: a false alarm, a missed case of the rarer class.",
    ),
]
Threads = Annotated[
    int,
    typer.Option(
        "--threads", metavar="N", min=1, max=64, help="Threads; results do not depend on it."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show warnings and errors only.")]
Json = Annotated[
    bool, typer.Option("--json", help="Write events and results as JSON lines to standard output.")
]


@dataclass(frozen=True)
class Job:
    """A run with its listener: progress goes to standard error, results to standard output."""

    run: Run
    as_json: bool
    quiet: bool

    def say(self, text: str, **figures: Any) -> None:
        """A result: plain text, or one JSON line."""
        if self.as_json:
            from tidemill.core.artifact import finite

            print(
                json.dumps(finite({"kind": "result", "text": text, **figures}), ensure_ascii=False),
                flush=True,
            )
        elif not self.quiet:
            print(text, flush=True)


@contextlib.contextmanager
def _job(
    *,
    seed: int = 0,
    threads: int = 2,
    quiet: bool = False,
    as_json: bool = False,
    steps: int | None = None,
    minutes: float | None = None,
    device: str = "auto",
    checkpoint: Path | None = None,
) -> Iterator[Job]:
    """A run that shows itself and can be stopped with Ctrl-C: once to end well, twice to end at
    once."""
    if device not in ("auto", "cpu", "cuda"):
        raise OptionError(f"there is no device '{device}'", hint="choose cpu, cuda or auto")
    from tidemill.core.run import Run
    from tidemill.reporting.terminal import Display, json_lines

    with contextlib.ExitStack() as stack:
        listener: Callable[[Event], None]
        listener = (
            json_lines(sys.stdout)
            if as_json
            else stack.enter_context(Display(sys.stderr, quiet=quiet))
        )
        deadline = None if minutes is None else _STARTED + LEARNING_SHARE * 60 * minutes
        run = Run(
            seed,
            threads=threads,
            deadline=deadline,
            steps=steps,
            listener=listener,
            device=device,
            checkpoint=checkpoint,
        )

        def stop(number: int, frame: object) -> None:
            if run.cancelled:
                raise KeyboardInterrupt
            run.cancel()
            run.warn("stopping; press Ctrl-C again to stop at once")

        before = signal.signal(signal.SIGINT, stop)
        stack.callback(signal.signal, signal.SIGINT, before)
        yield Job(run, as_json, quiet)


def _read(data: str, job: Job, **options: Any) -> Dataset:
    from tidemill import verbs

    given = {name: value for name, value in options.items() if value is not None}
    return verbs.read(data, run=job.run, **given)


@app.command()
def read(
    data: Data,
    target: Target = None,
    schema: Schema = None,
    ignore: Ignore = None,
    id: Id = None,
    sensitive: Sensitive = None,
    time: Time = None,
    entity: Entity = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Show each column's kind and role, and why."""
    from tidemill.core.sensitive import suggest
    from tidemill.io.profile import profile
    from tidemill.reporting.profile import shown

    with _job(quiet=quiet, as_json=json) as job:
        table = _read(
            data,
            job,
            target=target,
            schema=schema,
            ignore=ignore,
            id=id,
            sensitive=sensitive,
            time=time,
            entity=entity,
        )
        about = profile(table)
        suggest(table.schema, job.run)
        job.say(shown(table, about), rows=len(table), columns=about.to_dicts())


@app.command()
def split(
    data: Data,
    train: Annotated[Path, typer.Option("--train", metavar="FILE", help="The rows to learn from.")],
    holdout: Annotated[
        Path, typer.Option("--holdout", metavar="FILE", help="The rows that are held out.")
    ],
    share: Annotated[float, typer.Option("--share", metavar="S", help="The held-out share.")] = 0.3,
    target: Target = None,
    schema: Schema = None,
    time: Time = None,
    entity: Entity = None,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Hold rows out: no entity on both sides, the latest held out."""
    from tidemill import verbs

    _refuse([train, holdout], overwrite, tables=True)
    with _job(seed=seed, quiet=quiet, as_json=json) as job:
        table = _read(data, job, target=target, schema=schema, time=time, entity=entity)
        parts = verbs.split(table, share, seed=seed)
        for part, path in zip(parts, (train, holdout), strict=True):
            verbs.write(part, path, overwrite=overwrite)
        job.say(
            f"{len(parts[0]):,} rows in {train}, {len(parts[1]):,} held out in {holdout}",
            train=len(parts[0]),
            holdout=len(parts[1]),
        )


@app.command()
def clean(
    data: Data,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The cleaned table.")],
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FILE", help="One row for every changed cell.")
    ] = None,
    check: Annotated[
        list[str] | None,
        typer.Option("--check", metavar="NAME", help="Only this check; may repeat."),
    ] = None,
    target: Target = None,
    schema: Schema = None,
    ignore: Ignore = None,
    id: Id = None,
    sensitive: Sensitive = None,
    time: Time = None,
    entity: Entity = None,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Mend what is plainly wrong, and log every change."""
    from tidemill import verbs
    from tidemill.io.writing import write, write_frame

    _refuse([out, *([log] if log else [])], overwrite, tables=True)
    with _job(seed=seed, quiet=quiet, as_json=json) as job:
        table = _read(
            data,
            job,
            target=target,
            schema=schema,
            ignore=ignore,
            id=id,
            sensitive=sensitive,
            time=time,
            entity=entity,
        )
        cleaned = verbs.clean(table, checks=check, run=job.run)
        write(cleaned.data, out, overwrite=overwrite)
        if log:
            write_frame(cleaned.changes, log, overwrite=overwrite)
        for issue in cleaned.issues:
            job.say(f"- {issue}", issue=issue.to_state())
        job.say(
            f"{cleaned.changes.height:,} cells changed; wrote {out}"
            + (f" and {log}" if log else ""),
            changes=cleaned.changes.height,
            out=str(out),
        )


@app.command()
def mine(
    data: Data,
    target: Target = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The findings as JSON.")
    ] = None,
    technique: Annotated[
        list[str] | None,
        typer.Option("--technique", metavar="NAME", help="Only this technique; may repeat."),
    ] = None,
    schema: Schema = None,
    ignore: Ignore = None,
    id: Id = None,
    sensitive: Sensitive = None,
    time: Time = None,
    entity: Entity = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Find drivers, segments, rules and anomalies."""
    from tidemill import verbs
    from tidemill.core.artifact import write_json

    _refuse([out] if out else [], overwrite)
    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json) as job:
        table = _read(
            data,
            job,
            target=target,
            schema=schema,
            ignore=ignore,
            id=id,
            sensitive=sensitive,
            time=time,
            entity=entity,
        )
        findings = verbs.mine(table, techniques=technique, run=job.run)
        if out:
            write_json(out, findings.to_state(), overwrite=overwrite)
        job.say(str(findings) + (f"\nWrote {out}" if out else ""), findings=findings.to_state())


@app.command()
def fit(
    data: Data,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The model, as NAME.tidemill.")
    ],
    model: Named = None,
    option: Options = None,
    preset: Preset = None,
    target: Target = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--start",
            metavar="MODEL",
            help="Begin from the weights of this neural model of the same columns.",
        ),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            "--window",
            metavar="N",
            min=1,
            help="Cut series into windows of N steps; 1 learns rows one by one.",
        ),
    ] = None,
    minutes: Minutes = None,
    steps: Steps = None,
    device: Device = "auto",
    schema: Schema = None,
    ignore: Ignore = None,
    id: Id = None,
    sensitive: Sensitive = None,
    time: Time = None,
    entity: Entity = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Learn a generator from a table as it is."""
    from tidemill import verbs

    _refuse([out], overwrite)
    # a fit that was killed goes on from here, when the same command is given again
    kept = out.with_name(out.name + ".checkpoint")
    with _job(
        seed=seed,
        threads=threads,
        quiet=quiet,
        as_json=json,
        steps=steps,
        minutes=minutes,
        device=device,
        checkpoint=kept,
    ) as job:
        table = _read(
            data,
            job,
            target=target,
            schema=schema,
            ignore=ignore,
            id=id,
            sensitive=sensitive,
            time=time,
            entity=entity,
        )
        learned = verbs.fit(
            table,
            model=model,
            options=_pairs(option),
            preset=preset,
            start=start,
            window=window,
            run=job.run,
        )
        learned.save(out, overwrite=overwrite)
        kept.unlink(missing_ok=True)
        done, planned = learned.manifest["steps_done"], learned.manifest["steps_planned"]
        cut = (
            ""
            if learned.complete
            else f" after {done:,} of {planned:,} steps; --steps {done} gives the same model again"
        )
        job.say(
            f"Learned {len(table):,} {learned.unit}; wrote {out}{cut}",
            out=str(out),
            steps_done=done,
            steps_planned=planned,
        )
        job.run.check()


@app.command()
def sample(
    model: Model,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FILE",
            help="csv, tsv, parquet, jsonl or xlsx; of images "
            "npz, png (a contact sheet), parquet or a folder.",
        ),
    ],
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows",
            metavar="N",
            min=1,
            help="How many rows, or series of a model of series; as many as --like has by default.",
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help='What every row shall be like: plan=team, "age>=30"; may repeat.',
        ),
    ] = None,
    balance: Annotated[
        list[str] | None,
        typer.Option(
            "--balance",
            metavar="SHARES",
            help="Shares of levels, such as churn=Yes:0.5 or churn=equal; may repeat.",
        ),
    ] = None,
    fair: Annotated[
        list[str] | None,
        typer.Option(
            "--fair",
            metavar="COL=OUTCOME",
            help="Equal rates of an outcome in all groups of a column: sex=income; may repeat.",
        ),
    ] = None,
    fair_strength: Annotated[
        float,
        typer.Option(
            "--fair-strength",
            metavar="S",
            min=0,
            max=1,
            help="How far rates are moved: 0 as learned, 1 equal.",
        ),
    ] = 1.0,
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="DATA",
            help="Rows whose values are given; the other columns are drawn.",
        ),
    ] = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make new rows with a stored model, also with given values."""
    from tidemill.io.writing import ending_of, write_chunks
    from tidemill.synthesis.synthesizer import Synthesizer

    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json) as job:
        learned = Synthesizer.load(model)
        ending_of(out, images=learned.makes_images)
        _refuse([] if out.is_dir() and learned.makes_images else [out], overwrite)
        parts = learned.parts(
            rows,
            where,
            balance=balance,
            fair=fair,
            fair_strength=fair_strength,
            like=like,
            run=job.run,
        )
        made = write_chunks(parts, out, overwrite=overwrite, rows=rows)
        what = (
            f"{rows:,} series of {made:,} rows"
            if learned.makes_series
            else f"{made:,} {learned.unit}"
        )
        job.say(f"Made {what}; wrote {out}", out=str(out), rows=made)


@app.command()
def infill(
    model: Model,
    data: Data,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The completed rows.")],
    draws: Annotated[
        int,
        typer.Option(
            "--draws", metavar="N", min=1, help="How often; the column 'draw' tells them apart."
        ),
    ] = 1,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep", metavar="COL", help="Missing values of this column stay missing; may repeat."
        ),
    ] = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Fill in what rows lack, as a stored model expects it."""
    from tidemill.io.writing import write_chunks
    from tidemill.synthesis.synthesizer import Synthesizer

    _refuse([out], overwrite, tables=True)
    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json) as job:
        parts = Synthesizer.load(model).infill_parts(data, draws, keep=keep or (), run=job.run)
        made = write_chunks(parts, out, overwrite=overwrite)
        job.say(f"Completed {made:,} rows; wrote {out}", out=str(out), rows=made)


@app.command("what-if")
def what_if(
    model: Model,
    data: Data,
    set_: Annotated[
        list[str],
        typer.Option("--set", metavar="COL=VALUE", help="What a column is set to; may repeat."),
    ],
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            "--outcome",
            metavar="COL",
            help="What is measured: a column "
            'or a condition such as "fee>50"; the target by '
            "default; may repeat.",
        ),
    ] = None,
    redraw: Annotated[
        list[str] | None,
        typer.Option("--redraw", metavar="COL", help="Draw this column anew, too; may repeat."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="COL", help="Keep only the columns named so; may repeat."),
    ] = None,
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", min=1, help="How often each row is drawn.")
    ] = 20,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The rows with what is set and drawn."),
    ] = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Set columns of rows, and see how an outcome moves."""
    from tidemill import verbs
    from tidemill.io.writing import write

    _refuse([out] if out else [], overwrite, tables=True)
    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json) as job:
        found = verbs.what_if(
            model, data, set_, outcome, redraw=redraw, keep=keep, draws=draws, run=job.run
        )
        if out:
            write(found.data, out, overwrite=overwrite)
        job.say(str(found) + (f"\nWrote {out}" if out else ""), **found.to_state())


@app.command()
def evaluate(
    train: Annotated[
        str, typer.Option("--train", metavar="A", help="The rows the generator learned from.")
    ],
    holdout: Annotated[
        str, typer.Option("--holdout", metavar="B", help="Real rows that it has not seen.")
    ],
    synthetic: Annotated[
        str, typer.Option("--synthetic", metavar="C", help="The rows that it made.")
    ],
    target: Target = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The scores as JSON.")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="NAME", help="Only this metric; may repeat."),
    ] = None,
    schema: Schema = None,
    ignore: Ignore = None,
    id: Id = None,
    sensitive: Sensitive = None,
    time: Time = None,
    entity: Entity = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Measure synthetic rows against real ones."""
    from tidemill import verbs
    from tidemill.core.artifact import write_json

    _refuse([out] if out else [], overwrite)
    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json) as job:
        real = _read(
            train,
            job,
            target=target,
            schema=schema,
            ignore=ignore,
            id=id,
            sensitive=sensitive,
            time=time,
            entity=entity,
        )
        scores = verbs.evaluate(real, holdout, synthetic, metrics=metric, run=job.run)
        if out:
            write_json(out, scores.to_state(), overwrite=overwrite)
        job.say(f"{scores}" + (f"\nWrote {out}" if out else ""), scores=scores.to_state())


@app.command()
def verdict(
    train: Annotated[str, typer.Option("--train", metavar="A", help="Real rows.")],
    synthetic: Annotated[str, typer.Option("--synthetic", metavar="B", help="Generated rows.")],
    target: Target = None,
    holdout: Annotated[
        str | None,
        typer.Option(
            "--holdout",
            metavar="H",
            help="Real rows the generator has not seen: all tests are then made on them.",
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric",
            metavar="NAME",
            help="What decides: average_precision, balanced_accuracy, roc_auc, r2 or cost.",
        ),
    ] = None,
    cost: Costs = None,
    learner: Annotated[
        list[str] | None,
        typer.Option(
            "--learner",
            metavar="NAME",
            help="Only one of boosting, "
            "logistic, nearest, perceptron (of images: "
            "convolutional, mirrored); may repeat.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The verdict as JSON.")
    ] = None,
    schema: Schema = None,
    ignore: Ignore = None,
    id: Id = None,
    sensitive: Sensitive = None,
    time: Time = None,
    entity: Entity = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Say whether generated rows help models of the target, and how sure that is."""
    from tidemill import verbs
    from tidemill.core.artifact import write_json
    from tidemill.supervised.measures import parse_cost
    from tidemill.trials.wording import told

    _refuse([out] if out else [], overwrite)
    costs = None if cost is None else parse_cost(cost)
    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json) as job:
        real = _read(
            train,
            job,
            target=target,
            schema=schema,
            ignore=ignore,
            id=id,
            sensitive=sensitive,
            time=time,
            entity=entity,
        )
        found = verbs.verdict(
            real,
            synthetic,
            learners=learner,
            metric=metric,
            cost=costs,
            holdout=holdout,
            run=job.run,
        )
        if out:
            write_json(out, found.to_state(), overwrite=overwrite)
        job.say(told(found) + (f"\nWrote {out}" if out else ""), verdict=found.to_state())


@app.command()
def fairness(
    model: Model,
    train: Annotated[
        str, typer.Option("--train", metavar="A", help="The rows the model learned from.")
    ],
    holdout: Annotated[
        str, typer.Option("--holdout", metavar="B", help="Real rows that it has not seen.")
    ],
    sensitive: Sensitive = None,
    target: Target = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The figures as JSON.")
    ] = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """See how a model's rows treat groups, and what equal rates would cost."""
    from tidemill import verbs
    from tidemill.core.artifact import write_json

    _refuse([out] if out else [], overwrite)
    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json) as job:
        scores = verbs.fairness(
            model, train, holdout, sensitive=sensitive or (), target=target, run=job.run
        )
        if out:
            write_json(out, scores.to_state(), overwrite=overwrite)
        said = "\n\n".join(
            score.sentence or f"{score.name}: not computed, {score.why}." for score in scores
        )
        job.say(said + (f"\nWrote {out}" if out else ""), scores=scores.to_state())


@app.command()
def audit(
    model: Model,
    train: Annotated[
        str, typer.Option("--train", metavar="A", help="The rows the model learned from.")
    ],
    holdout: Annotated[
        str, typer.Option("--holdout", metavar="B", help="Real rows that it has not seen.")
    ],
    synthetic: Annotated[
        str | None,
        typer.Option(
            "--synthetic",
            metavar="C",
            help="The rows to be audited; drawn from the model by default.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="A folder for report.html, audit.json and, "
            "for the data's owner, rows-at-risk.parquet.",
        ),
    ] = None,
    canaries: Canaries = None,
    attack: Annotated[
        list[str] | None,
        typer.Option("--attack", metavar="NAME", help="Only this attack; may repeat."),
    ] = None,
    sensitive: Annotated[
        list[str] | None,
        typer.Option(
            "--sensitive", metavar="COL", help="An attacker wants to know this column; may repeat."
        ),
    ] = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Attack a model's rows: do they give away whom it learned from?"""
    from tidemill import verbs
    from tidemill.auditing.audit import check_outputs

    if out:
        check_outputs(out, overwrite)
    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json) as job:
        found = verbs.audit(
            model,
            train,
            holdout,
            synthetic=synthetic,
            sensitive=sensitive or (),
            canaries=canaries,
            attacks=attack,
            run=job.run,
        )
        if out:
            found.save(out, overwrite=overwrite)
        job.say(
            f"{found}" + (f"\n\nThe report: {(out / 'report.html').resolve()}" if out else ""),
            audit=found.to_state(),
        )


@app.command()
def share(
    model: Model,
    train: Annotated[
        str, typer.Option("--train", metavar="A", help="The rows the model learned from.")
    ],
    holdout: Annotated[
        str, typer.Option("--holdout", metavar="B", help="Real rows that it has not seen.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="A folder for the rows and their data card; the "
            "audit goes beside it, to DIR-audit.",
        ),
    ],
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows", metavar="N", min=1, help="How many; as many as training rows by default."
        ),
    ] = None,
    licence: Annotated[
        str, typer.Option("--licence", metavar="TEXT", help="What others may do with the rows.")
    ] = "",
    despite_audit: Annotated[
        str | None,
        typer.Option(
            "--despite-audit",
            metavar="TEXT",
            help="Share although the light is red; the reason goes on the card.",
        ),
    ] = None,
    canaries: Canaries = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make rows to be passed on, if the audit lets them, with a data card."""
    from tidemill import verbs

    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json) as job:
        done = verbs.share(
            model,
            train,
            holdout,
            out,
            rows=rows,
            licence=licence,
            despite_audit=despite_audit,
            canaries=canaries,
            overwrite=overwrite,
            run=job.run,
        )
        job.say(str(done), out=str(out), rows=len(done.data), light=done.audit.light)


@app.command()
def report(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", show_default=False, help="A folder that `tidemill run` wrote."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The page; in the folder by default."),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make the page again from a run's report.json."""
    from tidemill import verbs

    path = out or folder / "report.html"
    _refuse([path], overwrite)
    with _job(quiet=quiet, as_json=json) as job:
        verbs.report(folder).save(path, overwrite=overwrite)
        job.say(f"Wrote {path}", out=str(path))


@app.command()
def run(
    data: Data,
    target: Target = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The folder for all results.")
    ] = Path("tidemill-out"),
    model: Named = None,
    option: Options = None,
    preset: Preset = None,
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows",
            metavar="N",
            min=1,
            help="Rows to generate; as many as training rows by default.",
        ),
    ] = None,
    rounds: Annotated[
        int,
        typer.Option(
            "--rounds",
            metavar="K",
            min=1,
            max=100,
            help="From round 2 on, generated rows are fed back.",
        ),
    ] = 1,
    minutes: Minutes = None,
    steps: Steps = None,
    device: Device = "auto",
    schema: Schema = None,
    ignore: Ignore = None,
    id: Id = None,
    sensitive: Sensitive = None,
    time: Time = None,
    entity: Entity = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Do the whole job, from the table to the report."""
    with _job(
        seed=seed,
        threads=threads,
        quiet=quiet,
        as_json=json,
        steps=steps,
        minutes=minutes,
        device=device,
    ) as job:
        _whole(
            data,
            job,
            out,
            overwrite,
            target=target,
            model=model,
            model_options=_pairs(option),
            preset=preset,
            rows=rows,
            rounds=rounds,
            schema=schema,
            ignore=ignore,
            id=id,
            sensitive=sensitive,
            time=time,
            entity=entity,
        )


@app.command()
def loop(
    data: Data,
    target: Target = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="The folder for results; an unfinished loop in it is gone on with.",
        ),
    ] = Path("tidemill-loop"),
    rounds: Annotated[
        int, typer.Option("--rounds", metavar="K", min=0, max=100, help="The most rounds to make.")
    ] = 3,
    minutes: RoundMinutes = None,
    metric: Annotated[
        str | None,
        typer.Option(
            "--metric",
            metavar="NAME",
            help="What decides: average_precision, balanced_accuracy, roc_auc, r2 or cost.",
        ),
    ] = None,
    cost: Costs = None,
    newer: Annotated[
        str | None,
        typer.Option(
            "--newer", metavar="DATA", help="Newer rows: generate for what has grown in them."
        ),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="See `tidemill models`.")
    ] = "trees",
    option: Options = None,
    schema: Schema = None,
    ignore: Ignore = None,
    id: Id = None,
    sensitive: Sensitive = None,
    time: Time = None,
    entity: Entity = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Generate where it is thin, keep only what helps, and prove it."""
    from tidemill import verbs
    from tidemill.supervised.measures import parse_cost

    costs = None if cost is None else parse_cost(cost)
    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json, minutes=minutes) as job:
        table = _read(
            data,
            job,
            target=target,
            schema=schema,
            ignore=ignore,
            id=id,
            sensitive=sensitive,
            time=time,
            entity=entity,
        )
        looped = verbs.loop(
            table,
            out=out,
            rounds=rounds,
            metric=metric,
            cost=costs,
            newer=newer,
            model=model,
            model_options=_pairs(option) or None,
            overwrite=overwrite,
            run=job.run,
            command=_command(),
        )
        job.say(looped.summary(), out=str(out), verdict=looped.verdict.to_state())
        job.say(
            f"\nThe report: {(out / 'report.html').resolve()}",
            report=str((out / "report.html").resolve()),
        )


@app.command()
def recipe(
    name: Annotated[
        str, typer.Argument(metavar="NAME", show_default=False, help="See `tidemill recipes`.")
    ],
    data: Data,
    target: Target = None,
    positive: Annotated[
        str | None,
        typer.Option(
            "--positive",
            metavar="VALUE",
            help="The target's value that is looked for; by default the rarer one.",
        ),
    ] = None,
    cost: Costs = None,
    assume: Annotated[
        list[str] | None,
        typer.Option(
            "--assume",
            metavar="NAME=NUMBER",
            help="What the table does not hold, as prior=0.0017; may repeat.",
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="The folder for all results; an unfinished loop in it is gone on with.",
        ),
    ] = Path("tidemill-recipe"),
    rounds: Annotated[
        int,
        typer.Option("--rounds", metavar="K", min=0, max=100, help="Most rounds of generation."),
    ] = 1,
    minutes: RoundMinutes = None,
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="See `tidemill models`.")
    ] = "trees",
    option: Options = None,
    schema: Schema = None,
    ignore: Ignore = None,
    id: Id = None,
    sensitive: Sensitive = None,
    time: Time = None,
    entity: Entity = None,
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Answer a business question from a table, on one page."""
    from tidemill.recipes.run import recipe as cook
    from tidemill.supervised.measures import parse_cost

    costs = None if cost is None else parse_cost(cost)
    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json, minutes=minutes) as job:
        made = cook(
            name,
            data,
            target=target,
            positive=positive,
            cost=costs,
            assume=_pairs(assume),
            out=out,
            rounds=rounds,
            model=model,
            model_options=_pairs(option) or None,
            overwrite=overwrite,
            run=job.run,
            command=_command(),
            schema=schema,
            ignore=ignore or (),
            id=id or (),
            sensitive=sensitive or (),
            time=time,
            entity=entity,
        )
        job.say(str(made), out=str(out), figures=dict(made.figures))
        job.say(
            f"\nThe report: {(out / 'report.html').resolve()}",
            report=str((out / "report.html").resolve()),
        )


@app.command()
def demo(
    name: Annotated[str, typer.Argument(metavar="NAME", help="See --list.")] = "reader-survey",
    list_: Annotated[bool, typer.Option("--list", help="Show the demos.")] = False,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The folder for all results.")
    ] = Path("demo-out"),
    seed: Seed = 0,
    threads: Threads = 2,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Do the whole job on a real table at hand."""
    from tidemill.demos import DEMOS, load

    with _job(seed=seed, threads=threads, quiet=quiet, as_json=json) as job:
        if list_:
            for key, entry in DEMOS.items():
                job.say(f"{key:18} {entry.line}", name=key)
            return
        frame, target = load(name)
        job.say(f"{name}: {DEMOS[name].line}", demo=name)
        _whole(frame, job, out, overwrite, target=target, name=name)


@app.command()
def models(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[MODEL]", show_default=False, help="List the options of this one."),
    ] = None,
    json: Json = False,
) -> None:
    """List the generators, or the options of one."""
    from tidemill.models import MODELS
    from tidemill.models.base import options_of

    if name is None:
        return _listed(MODELS, json)
    for line in options_of(name, as_json=json):
        print(line)
    return None


@app.command()
def recipes(json: Json = False) -> None:
    """List the recipes, and what each assumes."""
    from tidemill.recipes import RECIPES
    from tidemill.recipes.base import listed

    for line in listed(RECIPES, as_json=json):
        print(line)


@app.command()
def codecs(json: Json = False) -> None:
    """List the codecs."""
    from tidemill.codecs import CODECS

    _listed(CODECS, json)


@app.command()
def metrics(json: Json = False) -> None:
    """List the metrics."""
    from tidemill.metrics import METRICS

    _listed(METRICS, json)


@app.command()
def techniques(json: Json = False) -> None:
    """List the mining techniques."""
    from tidemill.mining import TECHNIQUES

    _listed(TECHNIQUES, json)


@app.command()
def attacks(json: Json = False) -> None:
    """List the attacks of the privacy audit."""
    from tidemill.auditing import ATTACKS

    _listed(ATTACKS, json)


@app.command()
def learners(json: Json = False) -> None:
    """List the learners that verdicts are made with."""
    from tidemill.supervised.learners import LEARNERS

    _listed(LEARNERS, json)


@app.command()
def checks(json: Json = False) -> None:
    """List the cleaning checks."""
    from tidemill.cleaning import CHECKS

    _listed(CHECKS, json)


def _whole(source: Any, job: Job, out: Path, overwrite: bool, **options: Any) -> None:
    from tidemill import verbs

    given = {name: value for name, value in options.items() if value is not None}
    turned = verbs.run(
        source, out=out, overwrite=overwrite, run=job.run, command=_command(), **given
    )
    job.say(turned.report.summary(), out=str(out))
    job.say(
        f"\nThe report: {(out / 'report.html').resolve()}",
        report=str((out / "report.html").resolve()),
    )


def _listed(registry: Any, as_json: bool) -> None:
    width = max(map(len, registry))
    for name, entry in registry.items():
        print(
            json.dumps({"name": name, "line": entry.line})
            if as_json
            else f"{name:{width}}  {entry.line}"
        )


def _pairs(texts: Sequence[str] | None) -> dict[str, str]:
    """The options that KEY=VALUE texts give."""
    pairs = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals:
            raise OptionError(
                f"'{text}' is no option of a model", hint="write KEY=VALUE, as in --option least=30"
            )
        pairs[key.strip()] = value.strip()
    return pairs


def _refuse(outputs: Sequence[Path], overwrite: bool, *, tables: bool = False) -> None:
    """Say before the work, not behind it, that an output cannot be written."""
    from tidemill.core.errors import OutputError

    for path in outputs:
        if tables:
            from tidemill.io.writing import ending_of

            ending_of(path)
        if path.exists() and not overwrite:
            raise OutputError(
                "the output exists already",
                where=str(path),
                hint="give another name, or add --overwrite",
            )


def _command() -> str:
    return shlex.join(["tidemill", *sys.argv[1:]])


def _version(wanted: bool) -> None:
    if wanted:
        print(f"tidemill {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """The entry point; exit code 0 done, 2 the user can mend it, 1 our fault, 130 cancelled."""
    try:
        app(standalone_mode=False)
    except TidemillError as error:
        _fail(error, error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _fail(Cancelled("stopped by the user"), 130)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        if hasattr(error, "format_message"):  # what click says of a wrong option
            _fail(OptionError(error.format_message(), hint="see `tidemill --help`"), 2)
        _fail(_ours(error), 1)
    sys.exit(0)


def _ours(error: Exception) -> TidemillError:
    with tempfile.NamedTemporaryFile(
        "w", prefix="tidemill-", suffix=".log", delete=False, encoding="utf-8"
    ) as log:
        traceback.print_exception(error, file=log)
    return TidemillError(
        f"this is a fault of Tidemill, not yours ({type(error).__name__}: {error})",
        hint=f"report it with the file {log.name}",
    )


def _fail(error: TidemillError, code: int) -> NoReturn:
    if "--json" in sys.argv:
        print(
            json.dumps(
                {
                    "kind": "error",
                    "text": error.what,
                    "where": error.where,
                    "hint": error.hint,
                    "code": code,
                },
                ensure_ascii=False,
            ),
            flush=True,
        )
    else:
        print(f"error: {error}" if code != 130 else str(error), file=sys.stderr)
    sys.exit(code)
