"""What drawing codes one after the other is on a sort of grid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, Constraints, Known, Spec
from tidemill.core.options import option
from tidemill.core.run import Run
from tidemill.models.base import State
from tidemill.models.deep.neural import CHUNK, GLIMPSE
from tidemill.models.deep.training import DEEPEST, Picking, Tensors, Training


@dataclass(frozen=True)
class AutoregressiveOptions(Training):
    """Options of :class:`Autoregressive`."""

    eval_every: int = option(50, "steps between two looks at the held-out rows", low=1)
    lr_cuts: int = option(
        0, "cuts of the learning rate to a third, after which learning ends", low=0
    )
    width: int = option(128, "units of the layers of each position", low=4)
    embedding: int = option(16, "units of a code's vector", low=1)
    depth: int = option(1, "layers behind the first one", low=0, high=DEEPEST)
    dropout: float = option(0.3, "share of a layer's units left out of a step", low=0.0, high=0.95)
    state: int = option(128, "units of what is told of earlier sites", low=4)
    blocks: int = option(
        0,
        "blocks of the transformer over the sites; 0 for 4 of texts and 3 of others",
        low=0,
        high=DEEPEST,
    )
    fixed_order: float = option(
        0.6,
        "share of the rows that are learned in the grid's order, others in random ones",
        low=0.0,
        high=1.0,
    )
    source_dropout: float = option(
        0.1, "chance that an earlier code is not shown", low=0.0, high=1.0
    )
    window: int = option(
        256, "units of a text, or levels of parts, that are seen at once", low=1, high=4096
    )
    mix: str = option(
        "ngram",
        "what the network's chances of texts are mixed with",
        choices=("ngram", "none"),
    )
    temperature: float = option(
        1.0,
        "of texts and parts: below 1 likelier units are drawn more often than they occur",
        low=0.05,
        high=20.0,
    )
    top_p: float = option(
        1.0,
        "of texts and parts: only the likeliest units are drawn, that have this chance together",
        low=0.01,
        high=1.0,
    )


class InTurn(ABC):
    """A view of rows and a network of it: what :class:`Autoregressive` leaves to its grids.

    Attributes:
        rate: Times the learning rate.
    """

    rate: ClassVar[float] = 1.0

    @classmethod
    @abstractmethod
    def learned(
        cls,
        spec: Spec,
        batch: Batch,
        rng: np.random.Generator,
        options: AutoregressiveOptions,
    ) -> InTurn:
        """The view of training rows."""

    @classmethod
    @abstractmethod
    def from_state(
        cls, spec: Spec, arrays: Mapping[str, np.ndarray], options: AutoregressiveOptions
    ) -> InTurn:
        """The view that :meth:`to_state` gave.

        Raises:
            KeyError, ValueError: The arrays do not fit the spec.
        """

    @abstractmethod
    def rows(self, batch: Batch) -> Tensors:
        """Rows as the network reads them, on the CPU."""

    @abstractmethod
    def build(self) -> nn.Module:
        """The network, untrained."""

    @abstractmethod
    def loss(self, net: nn.Module, rows: Tensors, rng: torch.Generator) -> Tensor:
        """What is minimised."""

    @abstractmethod
    def score(self, net: nn.Module, held: Tensors) -> float:
        """The mean negative log-likelihood of a code of held-out rows."""

    @abstractmethod
    def likelihood(self, net: nn.Module, batch: Batch, device: torch.device) -> np.ndarray:
        """(n,) the log-likelihood of rows."""

    @abstractmethod
    def draw(self, net: nn.Module, n: int, context: Batch | None, rng: torch.Generator) -> Batch:
        """New rows."""

    @abstractmethod
    def check(self, known: Constraints) -> None:
        """See that what is known can occur.

        Raises:
            ConditionError: It cannot.
        """

    @abstractmethod
    def to_state(self) -> dict[str, np.ndarray]:
        """The view as arrays."""

    @abstractmethod
    def step_rows(self) -> int:
        """How many rows a step takes."""

    @property
    def picker(self) -> Picking | None:
        """What says which rows a step takes, where not all shall come in turn."""
        return None

    @property
    @abstractmethod
    def precision(self) -> str:
        """Of matrix products."""

    @property
    def together(self) -> int:
        """Rows drawn at a time."""
        return CHUNK

    @property
    def glimpsed(self) -> int:
        """Rows drawn to show how learning goes."""
        return GLIMPSE

    @abstractmethod
    def finish(self, net: nn.Module, batch: Batch, held: np.ndarray, run: Run) -> None:
        """Learn what stands beside the network, which has not seen the held-out rows."""

    def written(self, net: nn.Module, begun: Batch, rng: torch.Generator) -> Batch:
        """Texts that begin as these, or planes some tiles of which are known.

        Raises:
            OptionError: These are neither.
        """
        raise OptionError(
            "this model has learned no texts, which could be gone on with",
            hint="fit a model of a table with a column of texts",
        )

    def filled(self, net: nn.Module, given: Batch, known: Known, rng: torch.Generator) -> Batch:
        """Rows of which some codes are known, with all others drawn given these.

        Raises:
            OptionError: These are no rows of parts.
        """
        raise OptionError(
            "this model has learned no parts, of which some could be given",
            hint="fit a model of rows with several parts",
        )

    def continued(self, net: nn.Module, begun: Batch, known: int, rng: torch.Generator) -> Batch:
        """Series whose first sites are known, with all others drawn given these.

        Raises:
            OptionError: These are no series.
        """
        raise OptionError(
            "this model has learned no series, which could go on",
            hint="fit with option 'entity' and option 'time'",
        )

    @abstractmethod
    def beside(self) -> State:
        """What :meth:`finish` learned."""

    @abstractmethod
    def take_beside(self, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """What :meth:`beside` gave.

        Raises:
            KeyError, OptionError, TypeError, ValueError: It is no such state.
        """
