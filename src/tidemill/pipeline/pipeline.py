"""One run: from a dataset to findings, a generator, new rows and a report, and with them to the
top again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tidemill.auditing.attacking import evidence
from tidemill.cleaning import plan as cleaning
from tidemill.codecs.choosing import default_model, is_market
from tidemill.core.artifact import write_json
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.finding import Findings
from tidemill.core.modality import TABLES
from tidemill.core.options import whole
from tidemill.core.run import Run
from tidemill.core.score import Scores
from tidemill.core.sensitive import suggest, suggestion
from tidemill.core.split import split
from tidemill.core.states import HasState
from tidemill.core.words import plural
from tidemill.io.conforming import conform
from tidemill.metrics.evaluate import evaluate
from tidemill.metrics.unseen import LEARNED, learned
from tidemill.mining.mine import mine
from tidemill.models.base import unfitted
from tidemill.pipeline import estimate
from tidemill.pipeline.feedback import once_more
from tidemill.pipeline.folder import Folder
from tidemill.reporting.base import BETWEEN, Learning, ReportInput, Round
from tidemill.reporting.build import build
from tidemill.reporting.finding_cards import FindingCards
from tidemill.reporting.page import Report
from tidemill.synthesis.caution import check_privacy, with_caution
from tidemill.synthesis.competing import AUTO, competed, no_options
from tidemill.synthesis.model_choice import told_choices
from tidemill.synthesis.synthesizer import Synthesizer, versions

ENOUGH = 0.1
"""Of the steps that it planned, a model that made fewer is told to have learned nothing."""
WAYS = 6
"""Ways from one made image to another that the report shows."""


@dataclass(frozen=True)
class RunResult(HasState):
    """All that one run gave.

    Attributes:
        train, holdout: The real rows, cleaned.
        synthetic: The rows that were generated.
        cleaned: All real rows after cleaning, with the log of changes.
        findings: What mining found.
        model: The generator.
        scores: What the generated rows are worth and leak.
        report: The page.
        out: The folder that was written, or None.
    """

    STATE = ("rows", "cleaned", "findings", "scores", "out")

    train: Dataset
    holdout: Dataset
    synthetic: Dataset
    cleaned: cleaning.Cleaned
    findings: Findings
    model: Synthesizer
    scores: Scores
    report: Report
    out: Path | None

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows of each sort there are."""
        sorts = {"train": self.train, "holdout": self.holdout, "synthetic": self.synthetic}
        return {name: len(data) for name, data in sorts.items()}

    def _repr_html_(self) -> str:
        return self.report._repr_html_()


@dataclass
class _Clock:
    """Seconds of each step, in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began


def run_pipeline(
    data: Dataset,
    run: Run,
    folder: Folder | None,
    *,
    model: str | None = None,
    options: Mapping[str, Any] | None = None,
    privacy: str = "none",
    rows: int | None = None,
    rounds: int = 1,
    command: str = "",
    source: str = "",
) -> RunResult:
    """Once around, and ``rounds - 1`` times more with the generated rows fed back.

    Raises:
        DataError: The target is constant or missing throughout, or there are too few rows.
        OptionError: A number makes no sense.
    """
    rounds = whole(rounds, "rounds")
    rows = None if rows is None else whole(rows, "rows")
    if rounds < 1 or (rows is not None and rows < 1):
        raise OptionError("rounds and rows must be at least 1")
    _check_options(model, options, privacy, run)
    clock = _Clock({"read": run.seconds})
    _check_target(data)
    suggest(data.schema, run)
    with clock.step("clean"):
        records = cleaning.records(data, run)
    with clock.step("split"):
        train, holdout = split(records.data, run)
    if model is None and (options or run.steps or not is_market(train)):
        model = default_model(data, None, run)
    beside = estimate.of_run(train, holdout, rows, rounds)
    estimate.announce(None if model == AUTO else model, options, train, run, beside)
    real = _study(data, records.plan, train, holdout, folder, clock, run)
    with clock.step("learn"):
        learned = _learned(real.train, model, options, run, privacy)
        if folder is not None:
            learned.save(folder / "model.tidemill", overwrite=True)
    made = _generate(learned, real, rows or len(train), folder, clock, run)
    told = _further_rounds(rounds, real, made, clock, run)
    account = replace(
        _report_input(data, command, real, made, told, clock, run),
        source=source,
        out="" if folder is None else str(folder.out),
        files={} if folder is None else folder.files(),
    )
    with clock.step("report"), run.stage("report", "writing the report"):
        page = build(account)
        if folder is not None:
            write_json(folder / "report.json", page.to_state())
            page.save(folder / "report.html", overwrite=True)
    run.emit("done", "report", "")
    return RunResult(
        train=real.train,
        holdout=real.holdout,
        synthetic=made.rows,
        cleaned=real.cleaned,
        findings=FindingCards(real.findings),
        model=learned,
        scores=made.scores,
        report=page,
        out=None if folder is None else folder.out,
    )


def _check_options(
    model: str | None, options: Mapping[str, Any] | None, privacy: str, run: Run
) -> None:
    """See that the model has these options, which should not be found out after minutes of mining.

    Raises:
        OptionError: There is no such model, option or privacy.
    """
    if model == AUTO and (options or run.steps):
        raise no_options()
    if model not in (None, AUTO):
        unfitted(model, options)
    check_privacy(privacy, None if model == AUTO else model, options)


def _learned(
    train: Dataset,
    model: str | None,
    options: Mapping[str, Any] | None,
    run: Run,
    privacy: str = "none",
) -> Synthesizer:
    """A generator that has learned the training rows; where no model is named, models of a market
    compete first, and where that is asked for, those of tables."""
    choice = competed(train, model, run)
    if choice is not None:
        model = choice.model
    model = model or default_model(train, None, run)
    options, told = with_caution(train, model, options, privacy, run)
    learned = Synthesizer.fit(train, run, model, options, outcome=True)
    learned.manifest.update(told)
    if choice is not None:
        learned.manifest["choice"] = choice.to_state()
    return learned


@dataclass(frozen=True)
class _Real:
    """The real rows, cleaned, and what mining found in them."""

    train: Dataset
    holdout: Dataset
    plan: cleaning.Plan
    cleaned: cleaning.Cleaned
    findings: Findings


@dataclass(frozen=True)
class _Generated:
    """The generator, its rows, and what they are worth and leak."""

    model: Synthesizer
    rows: Dataset
    scores: Scores


def _study(
    data: Dataset,
    records: cleaning.Plan,
    train: Dataset,
    holdout: Dataset,
    folder: Folder | None,
    clock: _Clock,
    run: Run,
) -> _Real:
    with clock.step("clean"):
        plan = cleaning.learn(train, run, holdout=holdout, after=records)
        cleaned = cleaning.apply(plan, data)
        if data.schema.modality in TABLES:
            cleaned = cleaning.recounted(cleaned, data, run)
        train = cleaning.apply(plan, train).data
        holdout = cleaning.apply(plan, holdout).data
        if folder is not None:
            tables = {"train": train, "holdout": holdout, "clean": cleaned.data}
            for name, table in tables.items():
                folder.write(name, table, run)
            folder.write_frame("changes", cleaned.changes, run)
    with clock.step("mine"):
        findings = mine(train, holdout, run)
        if folder is not None:
            write_json(folder / "findings.json", findings.to_state())
    return _Real(train, holdout, plan, cleaned, findings)


def _generate(
    learned: Synthesizer, real: _Real, rows: int, folder: Folder | None, clock: _Clock, run: Run
) -> _Generated:
    with clock.step("generate"):
        synthetic = learned.sample_dataset(learned.about(rows), run=run)
        if folder is not None:
            folder.write("synthetic", synthetic, run)
    with clock.step("evaluate"):
        compared = evidence(real.train, real.holdout, synthetic, real.findings, run)
        if learned.modality == "rows":
            compared = replace(compared, fair=_fairly(learned, run))
        scores = evaluate(compared, run)
        if folder is not None:
            write_json(folder / "scores.json", scores.to_state())
    return _Generated(learned, synthetic, scores)


def _further_rounds(
    rounds: int, real: _Real, made: _Generated, clock: _Clock, run: Run
) -> tuple[Round, ...]:
    """The rounds after the first; each but the last has rows drawn for the next one."""
    told = []
    fed = made.rows
    for number in range(2, rounds + 1):
        with clock.step(f"round {number}"):
            told.append(
                once_more(number, fed, real.train, real.holdout, real.plan, real.findings, run)
            )
            if number < rounds:
                again = made.model.about(len(made.rows))
                fed = made.model.sample_dataset(again, run=run, round_number=number)
    return tuple(told)


def _report_input(
    data: Dataset,
    command: str,
    real: _Real,
    made: _Generated,
    rounds: tuple[Round, ...],
    clock: _Clock,
    run: Run,
) -> ReportInput:
    learned = made.model
    found = real.train.schema.rules
    kept = tuple(rule for rule in found if rule in learned.schema.rules)
    return ReportInput(
        name=data.name,
        command=command,
        seed=run.seed,
        threads=run.threads,
        versions=versions(),
        seconds=clock.seconds,
        rows=len(data),
        columns=len(data.schema),
        train=real.train,
        holdout=real.holdout,
        synthetic=made.rows,
        issues=real.cleaned.issues,
        changes=real.cleaned.changes,
        rules=kept,
        loose_rules=tuple(rule for rule in found if rule not in kept),
        findings=real.findings,
        scores=made.scores,
        model=learned.manifest["model"],
        model_note=_model_note(learned),
        choice_note=" ".join(told_choices(learned.manifest)),
        unlearned=_unlearned(learned, clock.seconds["learn"]),
        learning=_learning(learned, run),
        between=learned.between(WAYS, BETWEEN, run),
        privacy_note=learned.privacy_note,
        warnings=tuple(run.warnings),
        rounds=rounds,
    )


def _check_target(data: Dataset) -> None:
    target = data.target
    if target is None:
        return
    values = data[target.name].drop_nulls()
    if not len(values):
        raise DataError(
            "every value of the target is missing",
            where=f"column '{target.name}'",
            hint="choose another column with option 'target', or none",
        )
    if values.n_unique() == 1:
        raise DataError(
            f"the target has one value only ({values[0]})",
            where=f"column '{target.name}'",
            hint="choose another column with option 'target', or none",
        )


def fairness(
    model: Synthesizer,
    train: Dataset,
    holdout: Dataset,
    run: Run,
    *,
    sensitive: Sequence[str] = (),
    target: str | None = None,
) -> Scores:
    """How groups are treated by a model's rows, and by learners of the target that learned from
    them.

    Args:
        model: The generator.
        train, holdout: The rows that it learned from, and real rows that it has not seen.
        run: Seed, threads and progress.
        sensitive: Columns whose groups are compared, beside those that the model holds to be
            sensitive.
        target: The outcome; the model's target by default.

    Raises:
        OptionError: No column is sensitive.
        DataError: The held-out rows were learned.
        SchemaError: A column does not exist, or the tables' columns differ.
    """
    model.only_rows("measuring of fairness")
    like = model.sample_dataset(0, run=run.child(quiet=True))
    schema = like.schema.with_roles("sensitive", sensitive)
    if target is not None:
        schema = schema.with_roles("target", [target])
    if not schema.of_role("sensitive"):
        raise OptionError(
            "no column is sensitive",
            hint=suggestion(schema) or "name columns with option 'sensitive'",
        )
    real = conform(train, replace(like, schema=schema), run)
    held = conform(holdout, real, run)
    if learned(real, held, run):
        raise DataError(
            f"groups cannot be compared: {LEARNED}",
            where=held.name,
            hint="give held-out rows that were not learned",
        )
    made = conform(model.sample_dataset(len(real), run=run), real, run)
    compared = evidence(real, held, made, None, run)
    return evaluate(replace(compared, fair=_fairly(model, run)), run, ["parity"])


def _fairly(model: Synthesizer, run: Run) -> Callable[[Mapping[str, str], int], Dataset]:
    """Draws rows with equal rates, without a word on the single groups."""
    return lambda asked, n: model.draw(n, fair=asked, run=run.child(quiet=True)).data


def _learning(model: Synthesizer, run: Run) -> Learning | None:
    if not model.curves:
        return None
    return Learning(model.curves, model.best_step, model.snapshots(run))


def _unlearned(model: Synthesizer, seconds: float) -> str:
    """That a model was stopped, after so many seconds, before it can have learned."""
    done, planned = model.manifest["steps_done"], model.manifest["steps_planned"]
    if model.complete or done >= ENOUGH * planned:
        return ""
    text = f"It made {done:,} of {planned:,} steps, so its rows say little about real ones. "
    if not done:
        return f"{text}Give it more time with option 'minutes'."
    minutes = max(round(seconds / done * planned / 60), 1)
    return (
        f"{text}All steps would take about {plural(minutes, 'minute')}: option 'minutes={minutes}'."
    )


def _model_note(model: Synthesizer) -> str:
    manifest = model.manifest
    if model.complete:
        return f"Training finished after {plural(manifest['steps_done'], 'step')}."
    return (
        f"Training was stopped after {manifest['steps_done']:,} of {manifest['steps_planned']:,} "
        f"steps; option 'steps={manifest['steps_done']}' gives the same model again."
    )
