"""A recipe from the table to its page and its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

import polars as pl

from tidemill import verbs
from tidemill.augmentation.loop import INSTEAD, LoopResult
from tidemill.core.artifact import finite, write_json
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.notebook import paragraph
from tidemill.core.outputs import refuse_inputs, refuse_results
from tidemill.core.run import Run
from tidemill.io.writing import write_frame
from tidemill.recipes import RECIPES
from tidemill.recipes.base import Recipe, RecipePage
from tidemill.recipes.binary import prepared
from tidemill.recipes.parts import making
from tidemill.reporting.blocks import Heading
from tidemill.reporting.page import Report
from tidemill.reporting.summary import wrapped

OUTPUTS = ("report.html", "report.json", "verdict.json", "figures.json", "scored.csv")


@dataclass(frozen=True)
class RecipeResult:
    """What a recipe gave.

    Attributes:
        name: The recipe.
        report: The page.
        figures: Its key figures by name.
        scored: Rows that no model has learned from, the highest chance first.
        looped: The loop behind it.
        out: The folder that was written, or None.
    """

    name: str
    report: Report
    figures: Mapping[str, float]
    scored: pl.DataFrame | None
    looped: LoopResult = field(repr=False)
    out: Path | None = None

    def __str__(self) -> str:
        return self.report.summary()

    def _repr_html_(self) -> str:
        return paragraph("", bold=self.report.title) + self.report._repr_html_()


def recipe(
    name: str,
    source: Any,
    *,
    target: str | None = None,
    positive: str | None = None,
    cost: Mapping[str, float] | None = None,
    assume: Mapping[str, float | str] | None = None,
    out: str | Path | None = None,
    rounds: int = 1,
    minutes: float | None = None,
    seed: int = 0,
    model: str = "trees",
    model_options: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    run: Run | None = None,
    command: str = "",
    **options: Any,
) -> RecipeResult:
    """A business question answered from a table, on one page that a manager of that trade reads.

    Args:
        name: A registered recipe: "churn" or "fraud".
        source: Anything that :func:`tidemill.read` takes.
        target: The column that says who left, or what was a fraud.
        positive: Its value that is looked for ("Yes"); by default the rarer one.
        cost: What a false alarm and a missed case cost, for recipes that reckon with that: ``{"fp":
            5, "fn": 200}``.
        assume: Other numbers that the table does not hold: ``{"prior": 0.00173}``; ``tidemill
            recipes`` lists them.
        out: A folder for report.html, report.json, verdict.json, figures.json, scored.csv and, in
            ``loop/``, the loop's own results; None to write nothing.
        rounds: Most rounds of the loop that proves whether generated rows help.
        minutes: No further round of the loop begins after so many minutes.
        seed: The same seed, data and versions give the same results.
        model, model_options: The generator.
        overwrite: Whether outputs that exist may be replaced.
        run: For progress and cancelling; its seed and deadline take the place of the others.
        command: How it was started, for the page.
        **options: The other options of :func:`tidemill.read`.

    Raises:
        TidemillError: Something that the user can mend.
    """
    cook: Recipe = RECIPES.load(name)
    job = run or Run(seed, deadline=None if minutes is None else monotonic() + 60 * minutes)
    folder = None if out is None else Path(out)
    if folder is not None:
        refuse_results(folder, OUTPUTS, overwrite)
        refuse_inputs([folder / name for name in OUTPUTS], verbs.files_read(source))
    data = _read(source, job, target=target, **options)
    for sentence in RECIPES.unsuited(data.schema.modality, [name]).values():
        raise OptionError(sentence, where=data.name, hint=INSTEAD)
    case = prepared(
        cook,
        data,
        job,
        positive=positive,
        cost=cost,
        assume=assume or {},
        rounds=rounds,
        out=None if folder is None else folder / "loop",
        overwrite=overwrite,
        command=command,
        model={"model": model, "model_options": model_options},
    )
    told = cook.tell(case, job)
    blocks = [*told.blocks, Heading("How it was made", 2, "made"), *making(case, command, job.seed)]
    text = "\n".join(line for head, said in _lines(told) for line in wrapped(head, said, 4))
    page = Report(told.title, f"{data.name}: {case.target} = {case.positive}", tuple(blocks), text)
    found = RecipeResult(name, page, told.figures, told.scored, case.looped, folder)
    if folder is not None:
        _written(folder, found)
    return found


def _read(source: Any, run: Run, **options: Any) -> Dataset:
    if not isinstance(source, Dataset):
        return verbs.read(
            source, run=run, **{name: value for name, value in options.items() if value is not None}
        )
    target = options.pop("target", None)
    if any(options.values()):
        raise OptionError(
            "options of reading cannot be applied to data that are read already",
            hint="give them to read(...)",
        )
    return (
        source
        if target is None
        else replace(source, schema=source.schema.with_roles("target", [target]))
    )


def _lines(told: RecipePage) -> list[tuple[str, str]]:
    return [(head, said) for head, _, said in (line.partition(": ") for line in told.text)]


def _written(folder: Path, found: RecipeResult) -> None:
    write_json(folder / "verdict.json", found.looped.verdict.to_state())
    write_json(folder / "figures.json", finite(dict(found.figures)))
    if found.scored is not None:
        write_frame(found.scored, folder / "scored.csv", overwrite=True)
    write_json(folder / "report.json", found.report.to_state())
    found.report.save(folder / "report.html", overwrite=True)
