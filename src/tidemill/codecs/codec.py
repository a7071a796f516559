"""What a codec of a dataset is, whatever the dataset holds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.core.condition import Condition
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, Constraints, Spec, Topology
from tidemill.core.run import Run
from tidemill.core.schema import Schema

Claim = Literal["no", "may", "must"]
NO_CONDITION = Condition()
SOUND = -1
"""In the place of a site: there is none from which on a row is to be drawn again."""


@dataclass(frozen=True)
class Past:
    """What is known of series that are to go on.

    Attributes:
        batch: Rows of the grid, every site of which is known: the last steps of each.
        last: The last step of each entity, as a row of the dataset.
    """

    batch: Batch
    last: Dataset


class Codec(ABC):
    """Turns a dataset into a grid, and back.

    Attributes:
        modality: What it takes a dataset for: "rows", "series", "images" or another one.
        topology: What the sites of its grid are; a model says in ``learns`` which it can learn.
        noun: What the rows of the dataset are called, in the plural.
        items: What the rows of its grid are called, in the plural; ``sample(n)`` counts these.
        keeps: What a model keeps of real rows, in words.
        as_table: How the user gets the data learned as the rows of a table instead.
        schema: The columns that go in and come out, and their rules; known after :meth:`fit`.
        spec: What its grid carries; known after :meth:`fit`.
        default_model: The model that learns such data where none is named.
        instead: What :meth:`without` gives in the place of copies, as a clause.
        conditions: Whether anything can be asked of what is made.
        together: Whether a row of the grid holds all entities of a dataset.
        interpolates: Whether what lies between two rows can be looked at.
        rows_first: Whether what a row of the grid is made for is the user's row, which the model
            that the user chose makes too, where it can; else it is only the context of what was
            asked for, and made by the default model.
        longest: Rows of the dataset that one row of the grid holds at most.
    """

    modality: ClassVar[str]
    topology: ClassVar[Topology]
    noun: ClassVar[str] = "rows"
    items: ClassVar[str] = "rows"
    keeps: ClassVar[str]
    as_table: ClassVar[str] = ""
    default_model: ClassVar[str] = "trees"
    instead: ClassVar[str] = "they are left as they are"
    conditions: ClassVar[bool] = True
    together: ClassVar[bool] = False
    interpolates: ClassVar[bool] = False
    rows_first: ClassVar[bool] = False

    schema: Schema
    spec: Spec
    longest: int = 1

    @classmethod
    @abstractmethod
    def claims(cls, schema: Schema, window: int | None) -> Claim:
        """Whether datasets of this schema are for this codec: not at all, where the model can learn
        its grid, or in any case.

        Args:
            schema: Of the dataset.
            window: Steps that series are to be cut to, where the user says so.

        Raises:
            OptionError: The window makes no sense for such data.
        """

    @classmethod
    def unfitted(cls, window: int | None) -> Self:
        """A codec that was not fitted yet."""
        return cls()

    @classmethod
    def overlooked(cls, schema: Schema) -> str:
        """What the user should say for this codec to be taken, where the schema comes near to it;
        empty where it does not."""
        return ""

    @property
    def given(self) -> Codec | None:
        """The codec of what a row of the grid is made for, as the context of the grid; None where
        rows are made for nothing."""
        return None

    @abstractmethod
    def fit(self, data: Dataset, run: Run, persons: np.ndarray | None = None) -> Self:
        """Learn from training rows what can be encoded.

        Args:
            data: The rows.
            run: For progress and warnings.
            persons: (rows,) the number of the person that each row is of, as floors count persons
                (:func:`tidemill.core.persons.persons_of`); None where each is a person of its own.

        Raises:
            DataError: The rows cannot be learned.
        """

    @abstractmethod
    def encode(self, data: Dataset) -> Batch:
        """The dataset as rows of the grid.

        Raises:
            DataError: A row breaks a rule, or holds what never occurred in training.
        """

    def fitted_to(self, made: Dataset, given: Dataset) -> Dataset:
        """Made rows that fit to what is given of the same rows, where values decide each other
        beyond what the grid says.

        Args:
            made: n rows of the codec.
            given: The same rows, with some of their columns; null where nothing is given.
        """
        return made

    @abstractmethod
    def decode(
        self,
        batch: Batch,
        rng: np.random.Generator,
        name: str = "data",
        surrogates: SurrogateStream = FIRST,
    ) -> Dataset:
        """Rows of the grid as a dataset of the same schema.

        Args:
            batch: The rows; whatever their channels hold.
            rng: Draws what is not learned.
            name: What the dataset is called.
            surrogates: Where ids go on; counted in rows of the grid.
        """

    @abstractmethod
    def constraints(self, condition: Condition) -> Constraints:
        """What a condition says of the channels of the first stage (see :func:`stages`).

        Raises:
            ConditionError: A test cannot be asked of its column, or no row can pass all of them.
            OptionError: Nothing can be asked of such data.
        """

    def checked(self, condition: Condition) -> Condition:
        """The tests of a condition that :meth:`constraints` cannot say, or not exactly: they are
        made on rows, of which those are kept that pass."""
        return self.untold(condition)

    def untold(self, condition: Condition) -> Condition:
        """The tests of a condition that :meth:`constraints` cannot say at all."""
        return NO_CONDITION

    def passing(self, condition: Condition, batch: Batch, rows: Dataset) -> np.ndarray:
        """(n,) whether rows of the grid pass tests that are made on rows.

        Args:
            condition: The tests.
            batch: n rows of the grid.
            rows: What they are as a dataset.
        """
        return condition.mask(rows.frame).to_numpy()

    @abstractmethod
    def levels(self, name: str) -> list[str]:
        """The levels of a column that are kept by name, the most frequent first; none for a column
        that has no levels.

        Raises:
            SchemaError: There is no such column.
        """

    @abstractmethod
    def to_state(self) -> dict[str, Any]:
        """Plain JSON values."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The codec that :meth:`to_state` described.

        Raises:
            ValueError: The state does not fit together.
        """

    def whose(self, data: Dataset, persons: np.ndarray | None) -> np.ndarray | None:
        """(n, *sites) the number of the person that each site of the grid is of, where
        :meth:`encode` gives n rows of it; None where each is of its own.

        Args:
            data: What is encoded.
            persons: (rows,) of its rows.
        """
        return persons

    def guarded(self, data: Dataset, persons: np.ndarray | None) -> np.ndarray | None:
        """(n, *sites) whether a site of the grid is of what only a few persons share, where
        :meth:`encode` gives n rows of it; None where none is."""
        return None

    def begun(self, rows: Dataset, context: Batch | None) -> Batch:
        """How rows of the grid begin that are made for given rows: the sites that the mask has are
        those that are known.

        Args:
            rows: Some of the columns; null where a value is not known.
            context: What the rows are made for.
        """
        nothing = Batch.blank(replace(self.spec, context=None), len(rows))
        mask = None if nothing.mask is None else np.zeros_like(nothing.mask)
        return replace(nothing, mask=mask, context=context)

    def ahead(self, steps: int) -> int:
        """How many of so many steps that are to follow can be made at once.

        Raises:
            OptionError: These are no series.
        """
        raise self.unsupported("going on from a past")

    def pasts(self, data: Dataset, ahead: int, run: Run) -> list[Past]:
        """The ends of series, in groups of which equally many steps are known.

        Args:
            data: Series, in this codec's columns and types.
            ahead: Steps that are to follow.
            run: Is told what is left out.

        Raises:
            DataError: A value is none that can go on.
            OptionError: These are no series.
        """
        raise self.unsupported("going on from a past")

    def onward(self, past: Past, made: Batch, each: int, rng: np.random.Generator) -> pl.DataFrame:
        """The steps that follow, as rows: those of the first past first, ``each`` times.

        Args:
            past: What was known.
            made: ``each`` rows of the grid for each row of the past, whose sites are what follows.
            each: How often each past goes on.
            rng: Draws what is not learned.

        Raises:
            OptionError: These are no series.
        """
        raise self.unsupported("going on from a past")

    def copied(self, batch: Batch, begun: Batch | None = None) -> np.ndarray:
        """(n,) whether a made row is a copy of a training row, or holds what only a few of these
        hold, where the codec can tell.

        Args:
            batch: The rows.
            begun: How they began (:meth:`begun`), which is not looked at.
        """
        return np.zeros(len(batch), bool)

    def fault(
        self, batch: Batch, begun: Batch | None = None, sound: np.ndarray | None = None
    ) -> np.ndarray:
        """(n,) the site of a made row from which on it is to be drawn again: 0 for a whole copy,
        where the codec can tell; SOUND where it may stay as it is.

        Args:
            batch: The rows.
            begun: How they began (:meth:`begun`), which is not looked at.
            sound: (n,) how many of the first sites of each were looked at before.
        """
        return np.where(self.copied(batch, begun), 0, SOUND)

    def without(self, batch: Batch, copies: np.ndarray) -> Batch:
        """The rows, at these positions others that tell of no training row."""
        return batch

    def check(self, data: Dataset) -> None:
        """See that every value is one that the codec knows, so that learning can go on from a model
        with this codec.

        Raises:
            DataError: A value never occurred in the rows that the codec was fitted on.
            OptionError: Learning cannot go on from a model of such data.
        """
        raise self.unsupported("learning that begins from it")

    def nearest(self, rows: Dataset) -> tuple[Dataset, dict[str, int]]:
        """Rows of some of the columns, each value as near to its own as the codec can give back,
        and null where there is none or where it breaks a rule with the others of its row.

        Returns:
            The rows, and each broken rule in words with the number of rows that break it.
        """
        return rows, {}

    def completions(
        self,
        rows: Dataset,
        condition: Condition = NO_CONDITION,
        *,
        keep_missing: bool = False,
        kept: Collection[str] = (),
    ) -> list[tuple[np.ndarray, Constraints]]:
        """What is known of rows that are to be completed.

        Args:
            rows: Some of the columns of :attr:`schema`, in their types; null where a value is to be
                filled in.
            condition: What shall hold for all rows besides.
            keep_missing: Whether a null that is to be filled may stay missing, if that is likely.
            kept: Columns whose missing values are facts: it becomes known that they are missing.

        Returns:
            Groups of rows, most often one: positions in ``rows``, and what is known of them
            (``Constraints.rows`` holds as many). Every row is in one group.

        Raises:
            DataError: A value is none that the column can have, or a row breaks a rule.
            ConditionError: As in :meth:`constraints`.
            OptionError: Rows of such data cannot be completed.
        """
        raise self.unsupported("completing of given rows")

    def items_of(self, rows: int) -> int:
        """How many rows of the grid hold about so many rows of a dataset."""
        return rows

    def facts(self, batch: Batch) -> dict[str, Any]:
        """What the manifest of a model says of the training rows, beside their number."""
        return {}

    def described(self, manifest: Mapping[str, Any]) -> str:
        """What a model with this manifest learned from: "1,000 rows"."""
        return f"{manifest['rows']:,} {self.noun}"

    def unsupported(self, what: str) -> OptionError:
        """For what there is no such thing of such data yet."""
        return OptionError(
            f"this is a model of {self.items}, for which there is no {what} yet",
            hint=self.as_table,
        )


def stages(codec: Codec) -> tuple[Codec, ...]:
    """The codecs of what is made one after the other, each given what the one before it made."""
    found = [codec]
    while found[0].given is not None:
        found.insert(0, found[0].given)
    return tuple(found)
