"""A recipe from the table to its page and its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Unpack

import polars as pl

from tidemill import verbs
from tidemill.augmentation import checkpoint
from tidemill.augmentation import outputs as loop_folder
from tidemill.augmentation.loop import INSTEAD, LoopResult
from tidemill.core import options as stated
from tidemill.core.artifact import finite, write_json
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.notebook import paragraph
from tidemill.core.results_folder import ResultsFolder, making
from tidemill.core.run import Run
from tidemill.core.states import HasState
from tidemill.core.verdict import Verdict
from tidemill.core.words import seconds
from tidemill.io.writing import write_frame
from tidemill.pipeline.results import MODEL
from tidemill.recipes import RECIPES
from tidemill.recipes.base import (
    LOOP,
    Given,
    Recipe,
    RecipeOutput,
    RecipePage,
    Refused,
    assumed,
    chosen_columns,
    parse_columns,
)
from tidemill.reporting.blocks import Block, Heading, Pairs
from tidemill.reporting.page import Report
from tidemill.reporting.summary import wrapped
from tidemill.synthesis.synthesizer import Synthesizer, versions

PAGE = ("figures.json", "report.json", "report.html")
VERDICT = "verdict.json"
JOURNAL = f"{LOOP}/{checkpoint.NAME}"


@dataclass(frozen=True)
class RecipeResult(HasState):
    """What a recipe gave.

    Attributes:
        name: The recipe.
        report: The page.
        figures: Its key figures by name.
        tables: Its tables by name.
        refused: What the data cannot answer.
        looped: The loop behind it; None where it needs none.
        model: What scores new rows; None where nothing does.
        files: Other files beside the page, by name.
        out: The folder that was written, or None.
    """

    STATE = ("name", "figures", "rows", "refused", "verdict", "out")

    name: str
    report: Report
    figures: Mapping[str, float]
    tables: Mapping[str, pl.DataFrame]
    refused: tuple[Refused, ...]
    looped: LoopResult | None = field(repr=False)
    model: Synthesizer | None = field(repr=False, default=None)
    files: Mapping[str, bytes] = field(repr=False, default_factory=dict)
    out: Path | None = None

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows each table has."""
        return {name: table.height for name, table in self.tables.items()}

    @property
    def verdict(self) -> Verdict | None:
        """What the loop says; None where there is none."""
        return None if self.looped is None else self.looped.verdict

    @property
    def scored(self) -> pl.DataFrame | None:
        """Rows that no model has learned from, the highest chance first; None where there are
        none."""
        return self.tables.get("scored")

    def __str__(self) -> str:
        return self.report.summary()

    def _repr_html_(self) -> str:
        return paragraph("", bold=self.report.title) + self.report._repr_html_()


def recipe(
    name: Annotated[str, stated.RECIPE],
    source: verbs.Data,
    *,
    target: stated.Target = None,
    columns: Annotated[Mapping[str, Given] | Sequence[str], stated.COLUMNS] = (),
    positive: stated.Positive = None,
    cost: Annotated[Mapping[str, float] | None, stated.COST] = None,
    assume: stated.Assumed = None,
    out: str | Path | None = None,
    rounds: stated.RecipeRounds = None,
    quick: stated.Quick = False,
    currency: stated.Currency = None,
    minutes: stated.LoopMinutes = None,
    seed: stated.Seed = 0,
    writer: stated.RecipeWriter = None,
    model: stated.RecipeModel = None,
    model_options: stated.ModelOptions = None,
    new: Annotated[verbs.Table | None, stated.NEW_CUSTOMERS] = None,
    overwrite: bool = False,
    run: Run | None = None,
    command: str = "",
    **roles: Unpack[stated.Roles],
) -> RecipeResult:
    """A business question answered from a table, on one page that a manager of that trade reads.

    ``tidemill recipes`` lists which of the options each recipe takes.

    Args:
        name: A registered recipe, see :data:`tidemill.recipes.RECIPES`.
        source: Anything that :func:`tidemill.read` takes.
        target: The column that says who left, or what was a fraud.
        columns: Others by what they are: ``{"item": "StockCode"}``, or ``["item=StockCode"]``.
        positive: The target's value that is looked for ("Yes"); by default the rarer one.
        cost: What a false alarm and a missed case cost: ``{"fp": 5, "fn": 200}``.
        assume: Other numbers that the table does not hold: ``{"prior": 0.00173}``.
        out: A folder for report.html, report.json, figures.json, the recipe's tables (scored.csv),
            model.tidemill for :func:`tidemill.score` and, with a loop, verdict.json and the loop's
            results in ``loop/``; None for none.
        rounds, minutes: Limits of the loop behind the page; by default 1 round.
        quick: Make no round, so that the page is made from real rows alone.
        currency: What amounts are in: "EUR", "$".
        writer: Who writes texts: "template", "own", "local=FILE.gguf" or "endpoint=URL".
        seed: The same seed, data and versions give the same results.
        model, model_options: The generator; without one, options of the writer.
        new: Lines of new customers, for lists by what was learned from the others.
        overwrite: Whether outputs that exist may be replaced.
        run: For progress and cancelling, with a seed and a deadline of its own.
        command: How it was started, for the page.
        **roles: The other options of :func:`tidemill.read`.

    Raises:
        TidemillError: Something that the user can mend.
    """
    chosen: Recipe = RECIPES.load(name)
    given = {
        "positive": positive,
        "cost": cost,
        "rounds": rounds,
        "quick": quick or None,
        "currency": currency,
        "writer": writer,
        "model": model,
        "model_options": model_options,
        "new": new,
    }
    if quick and rounds is not None:
        raise OptionError("option 'quick' makes no round", hint="leave option 'rounds' out")
    if out is not None:
        verbs.refuse_over(out, outputs_of(chosen), source, new, roles.get("schema"))
    own = _options(chosen, given)
    if target is not None:
        chosen.refuse_option("target")
    own["assumed"] = assumed(chosen, assume or {})
    named = columns if isinstance(columns, Mapping) else parse_columns(columns)
    job = verbs.job_of(run, seed, until=minutes)
    with ExitStack() as stack:
        results = None
        if out is not None:
            # the first page of an unfinished loop that is gone on with may be replaced
            replaced = overwrite or (Path(out) / JOURNAL).exists()
            made = making(Path(out), outputs_of(chosen), "recipe", overwrite=replaced)
            results = stack.enter_context(made)
        data = _read(name, source, job, target, roles)
        own["columns"] = chosen_columns(chosen, data, named)
        own["output"] = _output(results, overwrite, command)
        result = _result(name, chosen, data, job, own, results)
    if out is not None:
        (Path(out) / JOURNAL).unlink(missing_ok=True)
    return result


def _options(recipe: Recipe, given: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's own options, as given or by default."""
    options = {option.name: option.default for option in recipe.options}
    for name, value in given.items():
        if value is not None:
            recipe.refuse_option(stated.MODEL_OPTIONS.flag if name == "model_options" else name)
            options[name] = value
    return options


def _output(results: ResultsFolder | None, overwrite: bool, command: str) -> RecipeOutput:
    """Where results go."""
    if results is None:
        return RecipeOutput(None, None, overwrite, command)
    return RecipeOutput(results.path, results.aside, overwrite, command)


def _read(
    name: str, source: verbs.Table, run: Run, target: str | None, roles: stated.Roles
) -> Dataset:
    if not isinstance(source, Dataset):
        data = verbs.read(source, run=run, target=target, **roles)
    elif any(roles.values()):
        raise OptionError(
            "options of reading cannot be applied to data that are read already",
            hint="give them to read(...)",
        )
    elif target is not None:
        data = replace(source, schema=source.schema.with_roles("target", [target]))
    else:
        data = source
    for sentence in RECIPES.unsuited(data.schema.modality, [name]).values():
        raise OptionError(sentence, where=data.name, hint=INSTEAD)
    return data


def _result(
    name: str,
    recipe: Recipe,
    data: Dataset,
    run: Run,
    options: Mapping[str, Any],
    results: ResultsFolder | None,
) -> RecipeResult:
    """The page, and its files where they are wanted."""
    output: RecipeOutput = options["output"]

    def result(page: RecipePage) -> RecipeResult:
        report = _report(page, data.name, output.command, run.seed)
        made = RecipeResult(
            name,
            report,
            page.figures,
            page.tables,
            page.refused,
            page.looped,
            page.model,
            page.files,
            output.folder,
        )
        if output.aside is not None:
            _write(output.aside, made)
        return made

    def first(page: RecipePage) -> None:
        made = result(page)
        if results is not None:
            results.put()
            words = f"The first page, which a better one replaces: {results.path / 'report.html'}"
            run.emit("note", "recipe", f"\n{made}\n\n{words}\n")

    if results is not None:
        options = {**options, "output": replace(output, early=first)}
    return result(recipe.run(data, run, **options))


# --- the page -------------------------------------------------------------------------------------


def _report(page: RecipePage, name: str, command: str, seed: int) -> Report:
    blocks: list[Block] = []
    for block in page.blocks:
        blocks.append(block.block() if isinstance(block, Refused) else block)
    blocks += [Heading("How it was made", 2, "made"), _making(page, command, seed)]
    subtitle = f"{name}: {page.subtitle}" if page.subtitle else name
    return Report(page.title, subtitle, tuple(blocks), _text(page))


def _making(page: RecipePage, command: str, seed: int) -> Pairs:
    """What is needed to make the page again."""
    items = [("Command", command), *page.made, ("Seed", str(seed))]
    if page.looped is not None:
        took = sum(page.looped.seconds.values())
        stopped = page.looped.stopped
        items.append(("Loop", f"{stopped}; {seconds(took)}" if took else stopped))
    used = [f"{package} {version}" for package, version in versions().items()]
    items.append(("Versions", ", ".join(used)))
    return Pairs(tuple((head, text) for head, text in items if text))


def _text(page: RecipePage) -> str:
    lines: list[str] = []
    for line in page.text:
        head, _, text = line.partition(": ")
        if text.startswith("tidemill "):  # a command is copied, and stays in one line
            lines += [head, f"    {text}"]
        else:
            lines += wrapped(head, text, 4)
    for refusal in page.refused:
        needs = f" What would answer it: {refusal.needs}" if refusal.needs else ""
        lines += wrapped("Refused", f"{refusal.what} {refusal.why}{needs}", 4)
    return "\n".join(lines)


# --- the folder -----------------------------------------------------------------------------------


def outputs_of(recipe: Recipe) -> list[str]:
    """What a recipe may write to its folder, its page last."""
    looped = [f"{LOOP}/{name}" for name in loop_folder.OUTPUTS]
    return [
        *looped,
        VERDICT,
        MODEL,
        *(f"{name}.csv" for name in recipe.tables),
        *recipe.files,
        *PAGE,
    ]


def _write(folder: Path, result: RecipeResult) -> None:
    """Write all files of a page."""
    refused = [refusal.to_state() for refusal in result.refused]
    write_json(folder / "figures.json", finite({**result.figures, "refused": refused}))
    if result.looped is not None:
        write_json(folder / VERDICT, result.looped.verdict.to_state())
    for name, table in result.tables.items():
        write_frame(table, folder / f"{name}.csv", overwrite=True)
    for name, content in result.files.items():
        (folder / name).write_bytes(content)
    if result.model is not None:
        result.model.save(folder / MODEL, overwrite=True)
    for name in ("report.json", "report.html"):
        result.report.save(folder / name, overwrite=True)
