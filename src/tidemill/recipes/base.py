"""What a recipe is, and what it is given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.augmentation.loop import LoopResult
from tidemill.augmentation.training_sets import TrainingSets
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.registry import Registry
from tidemill.core.run import Run
from tidemill.reporting.blocks import Block
from tidemill.supervised.arrays import Floats
from tidemill.trials.problem import Problem

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Assumption:
    """A number that the table does not hold and a recipe reckons with.

    Attributes:
        name: By which it is given.
        default: Where it is not given; None for none.
        words: In the page, with its unit.
        least, most: Between which it makes sense.
    """

    name: str
    default: float | None
    words: str
    least: float = 0.0
    most: float = float("inf")


@dataclass(frozen=True)
class Recipe:
    """A business question.

    Attributes:
        assumptions: What it reckons with.
        tell: From the case to the page.
        cost: What a false alarm and a missed case cost by default, where money decides; None where
            a ranking decides.
        lever: Whether its what-if question can be chosen, as lever="plan=team".
    """

    assumptions: tuple[Assumption, ...]
    tell: Callable[[Case, Run], RecipePage]
    cost: Mapping[str, float] | None = None
    lever: bool = False


@dataclass(frozen=True)
class RecipePage:
    """What a recipe has to say.

    Attributes:
        title: The question.
        blocks: The page from top to bottom.
        text: For the terminal.
        figures: Key figures, for machines.
        scored: Rows that no model has learned from, with their chances; None where there is none to
            give.
    """

    title: str
    blocks: tuple[Block, ...]
    text: tuple[str, ...]
    figures: Mapping[str, float] = field(default_factory=dict)
    scored: pl.DataFrame | None = None


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
        assumed: The recipe's assumptions by name, those without a value left out.
        cost: What a false alarm ("fp") and a missed case ("fn") cost, where money decides.
        lever: What is to be set in the what-if question, as "plan=team"; "" to choose it from the
            data.
        workshop: Makes what the strategies learn from.
        folder: Where results are written; "" for nowhere.
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


def assumed(recipe: Recipe, given: Mapping[str, float | str]) -> dict[str, float]:
    """The assumptions, as given or by default.

    Raises:
        OptionError: There is no such assumption, or its value makes no sense.
    """
    known = {one.name: one for one in recipe.assumptions}
    strange = [name for name in given if name not in known]
    if strange:
        raise OptionError(
            f"'{strange[0]}' is nothing that this recipe assumes",
            hint=f"choose one of {', '.join(known)}",
        )
    values = {}
    for name, one in known.items():
        value = _number(name, given[name]) if name in given else one.default
        if value is None:
            continue
        if not one.least <= value <= one.most:
            raise OptionError(
                f"{name} is {value:g}, which makes no sense",
                hint=f"give a number from {one.least:g} to {one.most:g}",
            )
        values[name] = value
    return values


def listed(recipes: Registry, *, as_json: bool) -> Iterator[str]:
    """Each recipe with what it assumes: lines for a terminal, or one JSON value a recipe."""
    width = max(map(len, recipes))
    for name, entry in recipes.items():
        made: Recipe = recipes.load(name)
        if as_json:
            yield json.dumps(
                {
                    "name": name,
                    "line": entry.line,
                    "cost": made.cost,
                    "assumes": {
                        one.name: {"default": one.default, "words": one.words}
                        for one in made.assumptions
                    },
                },
                ensure_ascii=False,
            )
            continue
        yield f"{name:{width}}  {entry.line}"
        cost = ",".join(f"{key}={value:g}" for key, value in (made.cost or {}).items())
        costs = [("--cost", cost, "what a false alarm and a missed case cost")] if cost else []
        levers = (
            [("--assume", "lever=COL=VALUE", "what is set in the what-if question")]
            if made.lever
            else []
        )
        given = [
            (
                "--assume",
                f"{one.name}={'NUMBER' if one.default is None else f'{one.default:g}'}",
                one.words,
            )
            for one in made.assumptions
        ]
        for option, value, words in [*costs, *given, *levers]:
            yield f"{'':{width}}    {option:8} {value:16}  {words}"


def _number(name: str, value: float | str) -> float:
    try:
        return float(value)
    except ValueError:
        raise OptionError(
            f"{name} is '{value}', which is no number", hint=f"write {name}=NUMBER"
        ) from None
