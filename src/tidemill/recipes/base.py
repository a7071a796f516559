"""What a recipe is: what it asks for, and the page that it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from tidemill.augmentation.loop import LoopResult
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.options import Doc
from tidemill.core.schema import ROLES
from tidemill.core.states import HasState
from tidemill.reporting.blocks import Block, Callout
from tidemill.synthesis.synthesizer import Synthesizer

LOOP = "loop"
"""The folder, in that of a recipe, of the loop behind it."""


@dataclass(frozen=True)
class Assumption:
    """Something that the table does not hold and a recipe reckons with.

    Attributes:
        name: By which it is given.
        default: Where it is not given; None for none.
        words: What it is, with its unit.
        least, most: Between which a number makes sense.
        form: How it is written where it is a text ("COL=VALUE"); "" for a number.
    """

    name: str
    default: float | None
    words: str
    least: float = 0.0
    most: float = float("inf")
    form: str = ""


@dataclass(frozen=True)
class RecipeColumn:
    """A column that a recipe asks for by what it is.

    Attributes:
        name: A role of the schema ("target", "entity", "time"), which is given when the table is
            read; or a name of the recipe's own ("item"), which the user gives a column to.
        words: What the column holds.
        required: Whether there is no answer without it.
        several: Whether more than one column may be given.
    """

    name: str
    words: str
    required: bool = True
    several: bool = False

    @property
    def in_schema(self) -> bool:
        """Whether the schema says which column it is."""
        return self.name in ROLES


@dataclass(frozen=True)
class RecipeOption:
    """An option that a recipe takes.

    Attributes:
        name: Of the option in Python, and of the argument of ``Recipe.run``.
        default: What the recipe is given where the user gives nothing.
        doc: What it is.
    """

    name: str
    default: Any
    doc: Doc

    @property
    def flag(self) -> str:
        """How messages name it."""
        return self.doc.flag or self.name


@dataclass(frozen=True)
class RecipeOutput:
    """Where a recipe's results go.

    Attributes:
        folder: The folder; None for nowhere.
        aside: Where results are made for it.
        overwrite: Whether results in it may be replaced.
        command: How the recipe was started.
        early: Takes a page that a later one replaces; None where nobody waits for it.
    """

    folder: Path | None = None
    aside: Path | None = None
    overwrite: bool = False
    command: str = ""
    early: Callable[[RecipePage], None] | None = None


@dataclass(frozen=True)
class Refused(HasState):
    """A question that the data cannot answer. That is a result: the rest of the page stands.

    Attributes:
        what: The question that is not answered, as a sentence.
        why: What is wrong.
        needs: What data would answer it.
    """

    what: str
    why: str
    needs: str = ""

    def block(self) -> Block:
        """What the page says in place of the answer."""
        needs = f"What would answer it: {self.needs}" if self.needs else ""
        return Callout("note", self.what, self.why, note=needs)


@dataclass(frozen=True)
class RecipePage:
    """What a recipe has to say.

    Attributes:
        title: The question.
        blocks: The page from top to bottom; a refusal stands in the place of what is refused.
        text: For the terminal, each line as "Head: sentence".
        subtitle: What the page speaks of, beside the name of the data.
        figures: Key figures, for machines.
        tables: Tables to be written, by names that the recipe lists.
        made: Names and words for "How it was made": rows, settings.
        looped: The loop behind the page, if there is one.
        model: To be stored, so that new rows can be scored; None for none.
        files: Other files beside the page, by names that the recipe lists.
    """

    title: str
    blocks: tuple[Block | Refused, ...]
    text: tuple[str, ...]
    subtitle: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    made: tuple[tuple[str, str], ...] = ()
    looped: LoopResult | None = None
    model: Synthesizer | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def refused(self) -> tuple[Refused, ...]:
        """What the data cannot answer."""
        return tuple(block for block in self.blocks if isinstance(block, Refused))


@dataclass(frozen=True)
class Recipe:
    """A business question.

    Attributes:
        run: ``run(data, run, **options)`` gives the page. The options are ``columns`` (name -> the
            columns that were given), ``assumed`` (name -> value), ``output``, and each of
            ``options`` by its name.
        columns: The columns that it asks for.
        options: The options that it takes.
        assumptions: What it reckons with.
        tables: Names of the tables that its page may hold; each is written as a csv file.
        files: Names of other files that it may write.
    """

    run: Callable[..., RecipePage]
    columns: tuple[RecipeColumn, ...] = ()
    options: tuple[RecipeOption, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    tables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def takes(self) -> tuple[str, ...]:
        """The options by which a user can say something to this recipe."""
        flags = [column.name for column in self.columns if column.in_schema]
        if len(flags) < len(self.columns):
            flags.append("column")
        flags += [option.flag for option in self.options]
        if self.assumptions:
            flags.append("assume")
        return tuple(flags)

    def refuse_option(self, flag: str) -> None:
        """Raises OptionError where the recipe does not take this option."""
        if flag not in self.takes():
            taken = ", ".join(f"option '{one}'" for one in self.takes())
            raise OptionError(
                f"this recipe does not take option '{flag}'", hint=f"it takes {taken or 'none'}"
            )


Given = str | Sequence[str]


def chosen_columns(
    recipe: Recipe, data: Dataset, given: Mapping[str, Given]
) -> dict[str, tuple[str, ...]]:
    """Which columns of the table a recipe is to use, by what they are.

    Args:
        recipe: What it asks for.
        data: The table.
        given: What the user said: name -> column or columns.

    Raises:
        OptionError: The recipe asks for no such column, or for one only.
        DataError: A column that it must have is not named.
        SchemaError: The table has no such column.
    """
    own = {column.name: column for column in recipe.columns if not column.in_schema}
    for name in given:
        if name not in own:
            recipe.refuse_option("column")
            raise OptionError(
                f"this recipe asks for no column '{name}'", hint=f"it asks for {', '.join(own)}"
            )
    return {column.name: _chosen(column, data, given) for column in recipe.columns}


def _chosen(column: RecipeColumn, data: Dataset, given: Mapping[str, Given]) -> tuple[str, ...]:
    if column.in_schema:
        names = tuple(one.name for one in data.schema if one.role == column.name)
        option = column.name
    else:
        said = given.get(column.name, ())
        names = (said,) if isinstance(said, str) else tuple(said)
        option = f"column={column.name}=COL"
    for name in names:
        data.schema[name]  # raises where there is none
    if column.required and not names:
        raise DataError(
            f"there is no {column.name}",
            where=data.name,
            hint=f"name the column that says {column.words} with option '{option}'",
        )
    if len(names) > 1 and not column.several:
        raise OptionError(
            f"{column.name} is one column, not {len(names)}",
            hint=f"choose one of {', '.join(names)}",
        )
    return names


def parse_columns(texts: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The columns that texts name, in the order given.

    Raises:
        OptionError: A text is not of the form "item=StockCode".

    Example:
        >>> parse_columns(["item=StockCode", "after=died", "after=left"])
        {'item': ['StockCode'], 'after': ['died', 'left']}
    """
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, column = (piece.strip() for piece in text.partition("="))
        if not (equals and name and column):
            raise OptionError(
                f"'{text}' names no column", hint="write what it is and its name, as item=StockCode"
            )
        found.setdefault(name, []).append(column)
    return found


def assumed(recipe: Recipe, given: Mapping[str, float | str]) -> dict[str, float | str]:
    """The assumptions, as given or by default; those without a value are left out.

    Raises:
        OptionError: There is no such assumption, or its value makes no sense.
    """
    known = {one.name: one for one in recipe.assumptions}
    for name in given:
        if name not in known:
            recipe.refuse_option("assume")
            raise OptionError(
                f"'{name}' is nothing that this recipe assumes",
                hint=f"choose one of {', '.join(known)}",
            )
    values: dict[str, float | str] = {}
    for name, one in known.items():
        value = given.get(name, one.default)
        if value is None:
            continue
        values[name] = str(value) if one.form else _number(one, value)
    return values


def _number(assumption: Assumption, given: float | str) -> float:
    name = assumption.name
    try:
        value = float(given)
    except ValueError:
        raise OptionError(
            f"{name} is '{given}', which is no number", hint=f"write {name}=NUMBER"
        ) from None
    if not assumption.least <= value <= assumption.most:
        raise OptionError(
            f"{name} is {value:g}, which makes no sense",
            hint=f"give a number from {assumption.least:g} to {assumption.most:g}",
        )
    return value
