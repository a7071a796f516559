"""The page that tells a loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tidemill.augmentation.loop import LoopOptions, LoopResult
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.reporting.loop import LoopReportInput, build_loop
from tidemill.supervised.learners import learners_of, words_of
from tidemill.supervised.measures import measures
from tidemill.synthesis.synthesizer import versions
from tidemill.trials.problem import problem_of


def paged(
    looped: LoopResult,
    data: Dataset,
    asked: LoopOptions,
    run: Run,
    command: str = "",
    out: str | Path | None = None,
) -> LoopResult:
    """The loop's result with its page.

    Args:
        looped: What the loop gave.
        data: What was read.
        asked: What it was to do.
        run: For its seed, threads and warnings.
        command: How it was started.
        out: Where the results lie.
    """
    problem, settings = problem_of(looped.train), looped.settings
    suited = measures(len(problem.classes), problem.label, asked.cost)
    options = ", ".join(f"{name}={value}" for name, value in settings.options.items())
    account = LoopReportInput(
        data.name,
        looped.verdict,
        looped.turns,
        looped.train,
        looped.test,
        str(looped.strategy),
        looped.strategy.kind,
        0 if looped.generated is None else len(looped.generated),
        {name: one.words for name, one in suited.items()},
        {name: words_of(name) for name in learners_of(problem.modality)},
        looped.stopped,
        looped.findings,
        asked.cost,
        f"{settings.model} ({options})" if options else settings.model,
        "" if out is None else str(out),
        command,
        run.seed,
        run.threads,
        versions(),
        "",
        looped.seconds,
        len(data),
        len(data.schema),
        tuple(run.warnings),
    )
    return replace(looped, report=build_loop(account))
