"""From a table to a case: the loop, and chances for rows that no model has learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tidemill import verbs
from tidemill.augmentation.loop import LoopResult
from tidemill.augmentation.strategy import Strategy
from tidemill.augmentation.training_sets import TrainingSets, apart
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.recipes.base import Case, Recipe, assumed
from tidemill.supervised.arrays import Floats
from tidemill.supervised.measures import checked_cost
from tidemill.trials.problem import Problem, problem_of
from tidemill.trials.trial import predicted

PRIOR = "prior"
"""The assumption that says how frequent cases really are."""


def prepared(
    recipe: Recipe,
    data: Dataset,
    run: Run,
    *,
    positive: str | None,
    cost: Mapping[str, float] | None,
    assume: Mapping[str, float | str],
    rounds: int,
    out: Path | None,
    overwrite: bool,
    command: str,
    model: Mapping[str, Any],
) -> Case:
    """The loop over a table, and the chances that its best strategies give to the test rows.

    Args:
        recipe: Its assumptions and costs.
        data: With a target of two classes.
        run: Seed, progress, cancelling and deadline.
        positive: The class that is looked for; by default the rarer one.
        cost: Of a false alarm and of a missed case; by default the recipe's.
        assume: What is assumed, by name; "lever" may be among them where the recipe takes one.
        rounds: Most rounds of the loop.
        out: The folder of the loop's own results; None for none.
        overwrite: Whether they may be replaced.
        command: How it was started.
        model: The loop's options of the generator.

    Raises:
        DataError: The target has not two classes.
        OptionError: An assumption, a cost or the class makes no sense.
    """
    lever = str(assume.get("lever", "")) if recipe.lever else ""
    values = assumed(
        recipe,
        {name: value for name, value in assume.items() if not (recipe.lever and name == "lever")},
    )
    known = _known(data, run)
    wanted = _wanted(known, positive)
    if cost is not None and recipe.cost is None:
        raise OptionError(
            "this recipe reckons with what a call costs and a customer is worth, not with --cost",
            hint="see its assumptions: tidemill recipes",
        )
    money = checked_cost(cost or recipe.cost) if recipe.cost is not None else None
    seen = float((problem_of(known).label == wanted).mean())
    prior = values.get(PRIOR, seen)
    turned = None if money is None else _reweighed(money, wanted, seen, prior)
    looped = verbs.loop(
        data,
        out=out,
        rounds=rounds,
        cost=turned,
        overwrite=overwrite,
        run=run,
        command=command,
        **model,
    )
    problem = problem_of(looped.train)
    name = problem_of(known).classes[
        wanted
    ]  # the order of about equally frequent classes may be another one in a part
    wanted = problem.classes.index(name) if name in problem.classes else wanted
    told = ~np.isnan(problem.coded(looped.test))
    looped = looped if told.all() else replace(looped, test=looped.test.rows(told))
    truth = problem.coded(looped.test) == wanted
    workshop = TrainingSets(looped.train, looped.settings, apart(run, "whole"))
    compared = list(dict.fromkeys((looped.strategy, looped.candidate, looped.control)))
    chances = {
        str(strategy): _chance(workshop, strategy, looped, wanted, problem, run)
        for strategy in run.track(compared, "recipe", "scoring rows that no model has learned from")
    }
    # by the same share as the loop's costs, so that both decide alike
    chances = {name: shifted(chance, seen, prior) for name, chance in chances.items()}
    own = float(truth.mean())
    weight = np.ones(len(truth))
    if PRIOR in values and 0 < own < 1:
        weight = np.where(truth, prior / own, (1 - prior) / (1 - own))
    return Case(
        looped,
        problem,
        problem.classes[wanted],
        truth,
        chances,
        weight,
        values,
        money,
        lever,
        workshop,
        "" if out is None else str(out.parent),
    )


def _reweighed(
    cost: Mapping[str, float], wanted: int, seen: float, prior: float
) -> dict[str, float]:
    """The costs for the loop, which are those of the rarer class in the shares that the table has.

    A mistake that is in truth so many times as frequent as in the table costs so many times as
    much: what the loop measures is then the cost per 1,000 rows in the real shares.
    """
    fp, fn = cost["fp"] * (1 - prior) / (1 - seen), cost["fn"] * prior / seen
    return {"fp": fp, "fn": fn} if wanted == 1 else {"fp": fn, "fn": fp}


def shifted(chance: Floats, seen: float, prior: float) -> Floats:
    """Chances under another share of the class.

    Saerens et al. (2002), "Adjusting the Outputs of a Classifier to New a Priori Probabilities",
    eq. 2.4.

    Example:
        >>> shifted(np.array([0.5, 1.0]), 0.5, 0.1).tolist()
        [0.1, 1.0]
    """
    case, other = chance * prior / seen, (1 - chance) * (1 - prior) / (1 - seen)
    return case / np.maximum(case + other, 1e-300)


def _known(data: Dataset, run: Run) -> Dataset:
    """The rows with a target, cleaned where it may have more than two classes by being dirty
    only."""
    if data.target is None:
        raise DataError(
            "there is no target",
            where=data.name,
            hint="name the column to be predicted with --target",
        )
    known = data.rows(data[data.target.name].is_not_null().to_numpy())
    return known if len(problem_of(known).classes) == 2 else verbs.clean(known, run=run).data


def _wanted(data: Dataset, positive: str | None) -> int:
    """The code of the class that is looked for."""
    problem = problem_of(data)
    classes = problem.classes
    if len(classes) != 2:
        raise DataError(
            f"the target has {len(classes) or 'no'} classes, not two",
            where=f"column '{problem.target.name}'",
            hint="give a target that says yes or no",
        )
    if positive is None:
        return 1
    if positive not in classes:
        raise OptionError(
            f"the target '{problem.target.name}' is never '{positive}'",
            hint=f"choose one of {', '.join(classes)}",
        )
    return classes.index(positive)


def _chance(
    workshop: TrainingSets,
    strategy: Strategy,
    looped: LoopResult,
    wanted: int,
    problem: Problem,
    run: Run,
) -> Floats:
    says = predicted(
        workshop.rows(strategy),
        looped.test,
        looped.verdict.learner,
        run.child("proof", "looping", "test"),
        problem=problem,
    )
    return np.asarray(says[:, wanted])
