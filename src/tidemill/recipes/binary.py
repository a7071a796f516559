"""What recipes about a target of two classes share: the loop over the table, and the chances of
rows that no model has learned from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypedDict

import numpy as np

from tidemill import verbs
from tidemill.augmentation import outputs as loop_folder
from tidemill.augmentation.loop import MOST_ROWS, LoopOptions, LoopResult, loop, refuse_unsuited
from tidemill.augmentation.page import paged as loop_paged
from tidemill.augmentation.strategy import Strategy
from tidemill.augmentation.training_sets import TrainingSets, apart
from tidemill.core import options
from tidemill.core.cost import Cost, pace
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.recipes.base import LOOP, RecipeOption, RecipeOutput, RecipePage
from tidemill.supervised.arrays import Bools, Floats
from tidemill.supervised.measures import checked_cost
from tidemill.trials.problem import Problem, problem_of
from tidemill.trials.trial import predicted

PRIOR = "prior"
"""The assumption that says how frequent cases really are."""
TRAINED = 0.7
"""Of all rows, what the loop learns from."""
LEVER = "lever"
"""The assumption that says what is set in the what-if question, as "plan=team"."""

BINARY_OPTIONS = (
    RecipeOption("positive", None, options.POSITIVE),
    RecipeOption("rounds", 1, options.RECIPE_ROUNDS),
    RecipeOption("quick", False, options.QUICK),
    RecipeOption("currency", "", options.CURRENCY),
    RecipeOption("model", "trees", options.RECIPE_MODEL),
    RecipeOption("model_options", None, options.MODEL_OPTIONS),
)


class BinaryOptions(TypedDict, total=False):
    """What :func:`page_of_case` takes beside the data and the run."""

    columns: Mapping[str, tuple[str, ...]]
    assumed: Mapping[str, float | str]
    output: RecipeOutput
    positive: str | None
    cost: Mapping[str, float] | None
    rounds: int
    quick: bool
    currency: str
    model: str
    model_options: Mapping[str, Any] | None


@dataclass(frozen=True, eq=False)
class Case:
    """A table with a target of two classes, and how a model predicts rows that it has not learned
    from.

    Attributes:
        looped: The loop over the table.
        problem: The target.
        positive: The class that is looked for ("Yes").
        truth: Which test rows are of it, (n,).
        chances: Strategy in words -> the chance of each test row to be of it, (n,); the recommended
            strategy comes first.
        weight: What each test row counts for, (n,); other than 1 where the real share of the class
            is given.
        assumed: The recipe's numbers by name, those without a value left out.
        cost: What a false alarm ("fp") and a missed case ("fn") cost, where money decides.
        lever: What is to be set in the what-if question, as "plan=team"; "" to choose it from the
            data.
        workshop: Makes what the strategies learn from.
        folder: Where results are written; "" for nowhere.
        currency: What amounts are in, as "EUR" or "$"; "" where that is not said.
        early: Whether rounds of generated rows are still to come.
    """

    looped: LoopResult
    problem: Problem
    positive: str
    truth: Bools
    chances: Mapping[str, Floats]
    weight: Floats
    assumed: Mapping[str, float]
    cost: Mapping[str, float] | None
    lever: str
    workshop: TrainingSets
    folder: str
    currency: str = ""
    early: bool = False

    @property
    def test(self) -> Dataset:
        """The rows that no model has learned from."""
        return self.looped.test

    @property
    def best(self) -> str:
        """The recommended strategy."""
        return next(iter(self.chances))

    @property
    def share(self) -> float:
        """The share of the class, as it really is."""
        return float(self.weight[self.truth].sum() / self.weight.sum())

    @property
    def target(self) -> str:
        """The name of the target."""
        return self.problem.target.name

    @property
    def code(self) -> int:
        """The class's code."""
        return self.problem.classes.index(self.positive)

    @property
    def trained(self) -> Bools:
        """Which training rows are of the class, (n,)."""
        return self.problem.label == self.code

    @property
    def seen(self) -> float:
        """The share of the class in the training rows."""
        return float(self.trained.mean())


def page_of_case(
    data: Dataset,
    run: Run,
    page: Callable[[Case, Run], RecipePage],
    *,
    columns: Mapping[str, tuple[str, ...]],
    assumed: Mapping[str, float | str],
    output: RecipeOutput,
    positive: str | None = None,
    cost: Mapping[str, float] | None = None,
    rounds: int = 1,
    quick: bool = False,
    currency: str = "",
    model: str = "trees",
    model_options: Mapping[str, Any] | None = None,
) -> RecipePage:
    """The page of the loop over a table, and of the chances that its best strategies give to the
    test rows; before the rounds of the loop, a page from real rows alone.

    Args:
        data: With a target of two classes.
        run: Seed, progress, cancelling and deadline.
        page: Makes it.
        columns: None is asked for beside the target.
        assumed: What is assumed, by name.
        output: Where results go, those of the loop to "loop" in it; takes the first page.
        positive: The class that is looked for; by default the rarer one.
        cost: Of a false alarm and of a missed case, where money decides.
        rounds: Most rounds of the loop.
        quick: Make no round.
        currency: What amounts are in.
        model, model_options: The generator.

    Raises:
        DataError: The target has not two classes.
        OptionError: An assumption, a cost or the class makes no sense.
    """
    wanted = _wanted(_known(data, run), positive)
    numbers = {name: value for name, value in assumed.items() if isinstance(value, float)}
    prior = numbers.get(PRIOR, wanted.share)
    money = None if cost is None else checked_cost(cost)
    weighed = None if money is None else _reweighed(money, wanted, prior)
    rounds = 0 if quick else options.whole(rounds, "rounds")
    _announce(data, rounds, run)

    def paged(looped: LoopResult, *, early: bool = False) -> RecipePage:
        problem = problem_of(looped.train)
        code = _code(wanted, problem)
        looped = _with_known_target(looped, problem)
        truth = problem.coded(looped.test) == code
        workshop = TrainingSets(looped.train, looped.settings, apart(run, "whole"))
        chances = _chances(looped, problem, code, workshop, run)
        case = Case(
            looped=looped,
            problem=problem,
            positive=problem.classes[code],
            truth=truth,
            # by the same share as the loop's costs, so that both decide alike
            chances={
                name: shifted(chance, wanted.share, prior) for name, chance in chances.items()
            },
            weight=_weights(truth, numbers.get(PRIOR)),
            assumed=numbers,
            cost=money,
            lever=str(assumed.get(LEVER, "")),
            workshop=workshop,
            folder="" if output.folder is None else str(output.folder),
            currency=currency,
            early=early,
        )
        return page(case, run)

    def first(looped: LoopResult) -> None:
        if output.early is not None:
            output.early(paged(looped, early=True))

    asked = LoopOptions(rounds, None, weighed, model, model_options)
    return paged(_loop(data, run, output, asked, first if output.early else None))


def _announce(data: Dataset, rounds: int, run: Run) -> None:
    """Say how long the first page and the whole take on this machine."""
    rows = min(TRAINED * len(data), MOST_ROWS)
    # fitted to 1,000 and 7,043 rows of 20 columns
    pages = (14 + 1.2e-3 * rows, 40 + 1.2e-3 * rows + rounds * (25 + 0.028 * rows))
    slower = pace(run.rng("estimate"))
    first, whole = (Cost(seconds * slower, 0).time for seconds in pages)
    text = f"This will take {whole}."
    if rounds:
        text = (
            f"The first page takes {first}, the whole {whole}; option 'quick' stops at the first."
        )
    run.emit("note", "estimate", text)


def _loop(
    data: Dataset,
    run: Run,
    output: RecipeOutput,
    asked: LoopOptions,
    early: Callable[[LoopResult], None] | None,
) -> LoopResult:
    """The loop over the table; its own results go with those of the recipe."""
    refuse_unsuited(data)
    if output.folder is None or output.aside is None:
        return loop_paged(loop(data, run, asked, early=early), data, asked, run, output.command)
    folder = output.folder / LOOP
    journal = loop_folder.opened(folder, data, run, asked, overwrite=output.overwrite)
    looped = loop(data, run, asked, journal, early)
    looped = loop_paged(looped, data, asked, run, output.command, folder)
    loop_folder.written(output.aside / LOOP, looped, run)
    return looped


# --- the class that is looked for -----------------------------------------------------------------


@dataclass(frozen=True)
class _Wanted:
    """The class that is looked for: its name, its code and its share in the whole table."""

    name: str
    code: int
    share: float


def _known(data: Dataset, run: Run) -> Dataset:
    """The rows with a target, cleaned where it may have more than two classes by being dirty
    only."""
    assert data.target is not None, "a recipe for two classes asks for a target"
    known = data.rows(data[data.target.name].is_not_null().to_numpy())
    if len(problem_of(known).classes) == 2:
        return known
    return verbs.clean(known, run=run).data


def _wanted(known: Dataset, positive: str | None) -> _Wanted:
    problem = problem_of(known)
    classes = problem.classes
    if len(classes) != 2:
        raise DataError(
            f"the target has {len(classes) or 'no'} classes, not two",
            where=f"column '{problem.target.name}'",
            hint="give a target that says yes or no",
        )
    if positive is not None and positive not in classes:
        raise OptionError(
            f"the target '{problem.target.name}' is never '{positive}'",
            hint=f"choose one of {', '.join(classes)}",
        )
    code = 1 if positive is None else classes.index(positive)
    return _Wanted(classes[code], code, float((problem.label == code).mean()))


def _code(wanted: _Wanted, problem: Problem) -> int:
    """The code among the training rows; two classes of about the same size may stand in another
    order there."""
    if wanted.name in problem.classes:
        return problem.classes.index(wanted.name)
    return wanted.code


# --- rows that no model has learned from ----------------------------------------------------------


def _with_known_target(looped: LoopResult, problem: Problem) -> LoopResult:
    known = ~np.isnan(problem.coded(looped.test))
    if known.all():
        return looped
    return replace(looped, test=looped.test.rows(known))


def _chances(
    looped: LoopResult, problem: Problem, code: int, workshop: TrainingSets, run: Run
) -> dict[str, Floats]:
    """Strategy in words -> the chance of each test row to be of the class; the recommended one
    comes first."""
    compared: list[Strategy] = []
    for strategy in (looped.strategy, looped.candidate, looped.control):
        if strategy not in compared:
            compared.append(strategy)
    chances = {}
    for strategy in run.track(compared, "recipe", "scoring rows that no model has learned from"):
        says = predicted(
            workshop.rows(strategy),
            looped.test,
            strategy.learner or looped.verdict.learner,
            run.child("proof", "looping", "test"),
            problem=problem,
        )
        chances[str(strategy)] = np.asarray(says[:, code])
    return chances


# --- how frequent cases really are ----------------------------------------------------------------


def _reweighed(cost: Mapping[str, float], wanted: _Wanted, prior: float) -> dict[str, float]:
    """The costs for the loop, which are those of the rarer class in the shares that the table has.

    A mistake that is in truth so many times as frequent as in the table costs so many times as
    much: what the loop measures is then the cost per 1,000 rows in the real shares.
    """
    false_alarm = cost["fp"] * (1 - prior) / (1 - wanted.share)
    missed = cost["fn"] * prior / wanted.share
    if wanted.code == 1:
        return {"fp": false_alarm, "fn": missed}
    return {"fp": missed, "fn": false_alarm}


def _weights(truth: Bools, prior: float | None) -> Floats:
    """What each test row counts for, so that cases have the share that is given."""
    own = float(truth.mean())
    if prior is None or own in (0, 1):
        return np.ones(len(truth))
    return np.where(truth, prior / own, (1 - prior) / (1 - own))


def shifted(chance: Floats, seen: float, prior: float) -> Floats:
    """Chances under another share of the class.

    Saerens et al. (2002), "Adjusting the Outputs of a Classifier to New a Priori Probabilities",
    eq. 2.4.

    Example:
        >>> shifted(np.array([0.5, 1.0]), 0.5, 0.1).tolist()
        [0.1, 1.0]
    """
    case = chance * prior / seen
    other = (1 - chance) * (1 - prior) / (1 - seen)
    return case / np.maximum(case + other, 1e-300)
