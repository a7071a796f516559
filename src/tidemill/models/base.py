"""What a generator is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self, cast, runtime_checkable

import numpy as np

from tidemill.core.errors import OptionError
from tidemill.core.grid import Batch, ConditionalSample, Constraints, Known, Spec, Topology
from tidemill.core.run import Run
from tidemill.models import MODELS
from tidemill.models.renamed import new_name

State = tuple[dict[str, Any], dict[str, np.ndarray]]
"""Plain JSON values, and arrays."""


class Generator(Protocol):
    """Learns grids and makes more of them.

    Its class is called with the options that the user gives, by name; every one has a default.
    """

    parameters: ClassVar[Mapping[str, Any]]
    """Each option's name and its default."""
    learns: ClassVar[frozenset[Topology]]
    """The grids that it can learn; it refuses others."""
    steps_done: int
    """How many learning steps were taken; ``Run(steps=...)`` replays as many."""
    steps_planned: int
    """How many a full fit takes."""

    def fit(self, spec: Spec, batch: Batch, run: Run) -> Self:
        """Learn the rows; after any number of steps the generator is usable.

        Raises:
            OptionError: It cannot learn such a grid.
        """
        ...

    def sample(self, n: int, rng: np.random.Generator, run: Run | None = None) -> Batch:
        """New rows."""
        ...

    def infill(
        self, n: int, known: Constraints, rng: np.random.Generator, run: Run | None = None
    ) -> ConditionalSample:
        """n new rows that keep to what is known, drawn from the model's conditional distribution.

        Raises:
            ConditionError: What is known never occurs together under the model.
        """
        ...

    def to_state(self) -> State:
        """What is needed to sample."""
        ...

    @classmethod
    def from_state(
        cls, spec: Spec, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Self:
        """The generator that :meth:`to_state` described."""
        ...


@runtime_checkable
class LearnsInSteps(Protocol):
    """A generator that is watched as it learns, and whose learning can begin from the weights of
    another.

    Attributes:
        curves: Name -> [step, value] points of the losses, and of the "score" on held-out rows, as
            learning went.
        best_step: The step whose weights were kept.
        glimpses: (step, rows made then); not stored.
    """

    curves: dict[str, list[list[float]]]
    best_step: int
    snapshots: list[tuple[int, Batch]]

    def fit(self, spec: Spec, batch: Batch, run: Run, start: Any = None) -> Self:
        """Learn the rows.

        Raises:
            OptionError: ``start`` is another sort of model, or of other columns.
        """
        ...


class Conditional(Generator, Protocol):
    """A generator that makes rows for given contexts."""

    def sample(
        self, n: int, rng: np.random.Generator, run: Run | None = None, context: Batch | None = None
    ) -> Batch:
        """n new rows, one for each row of the context."""
        ...


@runtime_checkable
class WritesOn(Protocol):
    """A generator of texts that can be told how each begins, or of planes of tiles some of which
    are known, and how likely each is."""

    def write_on(self, begun: Batch, rng: np.random.Generator, run: Run | None = None) -> Batch:
        """Rows that begin as these, one each: the sites of their masks stay, and others follow.
        Their context is what the rows are made for."""
        ...

    def scores(self, batch: Batch, run: Run | None = None) -> np.ndarray:
        """(n,) the log-likelihood of each row given its context, in nats."""
        ...


@runtime_checkable
class FillsParts(Protocol):
    """A generator of rows of parts that can be given some of their codes, and says how likely each
    row is."""

    def fill(
        self, given: Batch, known: Known, rng: np.random.Generator, run: Run | None = None
    ) -> Batch:
        """The rows with all other codes drawn given these, and their context."""
        ...

    def scores(self, batch: Batch, run: Run | None = None) -> np.ndarray:
        """(n,) the log-likelihood of each row given its context, in nats."""
        ...


@runtime_checkable
class GoesOn(Protocol):
    """A generator of series that can say what follows on a past."""

    def go_on(
        self,
        past: Batch,
        steps: int,
        paths: int,
        rng: np.random.Generator,
        run: Run | None = None,
    ) -> Batch:
        """What may follow.

        Args:
            past: (n, known sites) all of them in use; with its context, where there is one.
            steps: Sites that follow; with those that are known no more than a row has, but on a
                calendar.
            paths: How often each past goes on.
            rng: The random stream.
            run: For progress, and its device.

        Returns:
            n * paths rows of ``steps`` sites, those of the first past first.
        """
        ...


@runtime_checkable
class Interpolates(Protocol):
    """A generator that may know rows between two others."""

    def between(
        self,
        ways: int,
        steps: int,
        rng: np.random.Generator,
        run: Run | None = None,
        context: Batch | None = None,
    ) -> Batch | None:
        """``ways * steps`` rows, each way from one made row to another; None where there is no such
        way."""
        ...


@runtime_checkable
class Varies(Protocol):
    """A generator that may know rows near to given ones."""

    def vary(self, given: Batch, rng: np.random.Generator, run: Run | None = None) -> Batch | None:
        """A new row near to each given one, made for the context that this one has; None where
        rows are not made of noise."""
        ...


_CALLED: Mapping[Topology, str] = {
    "row": "rows one by one",
    "steps": "series",
    "tokens": "texts",
    "pixels": "images",
    "tiles": "planes of tiles",
    "calendar": "series on one calendar",
    "parts": "parts that sound together",
}


OF_TEXTS = "text."
"""What the names of options begin with that are for the model of texts."""


def cannot_learn(model: str, topology: Topology) -> OptionError:
    """For a model that cannot learn grids of this topology."""
    hint = "choose a neural model, such as option 'model=autoregressive'"
    if topology in ("tokens", "parts"):
        hint = "choose 'ngram' or 'autoregressive'"
    if topology == "row":
        hint = "choose 'trees', or a neural model such as 'autoregressive'"
    return OptionError(f"the model '{model}' cannot learn {_CALLED[topology]}", hint=hint)


def check_learns(model: str, learns: frozenset[Topology], spec: Spec) -> None:
    """See that a model can learn such a grid.

    Raises:
        OptionError: It cannot.
    """
    if spec.topology not in learns:
        raise cannot_learn(model, spec.topology)


def check_context(model: str, spec: Spec, context: Batch | None) -> None:
    """See that a context is there where rows are made for one.

    Raises:
        OptionError: It is missing.
    """
    if spec.context is not None and context is None:
        raise OptionError(
            f"rows of this '{model}' are made for given contexts",
            hint="give a context for each row",
        )


def steps_of(document: Mapping[str, Any]) -> tuple[int, int]:
    """How many steps a stored generator took, and how many a full fit takes.

    Raises:
        KeyError, ValueError: They are no such numbers.
    """
    done, planned = document["steps_done"], document["steps_planned"]
    if type(done) is not int or type(planned) is not int or not 0 <= done <= planned < 2**53:
        raise ValueError("the steps of learning make no sense")
    return done, planned


def unfitted(model: str, options: Mapping[str, Any] | None = None) -> Generator:
    """A registered model with these options.

    Args:
        model: Its name.
        options: Option -> value, or its text where it comes from a command line. Those that begin
            with "text." are for the model of texts: they are checked, and not this model's.

    Raises:
        OptionError: There is no such model or option, an option has another name now, or a value
            makes no sense.
    """
    options = dict(options or {})
    own = {name: value for name, value in options.items() if not name.startswith(OF_TEXTS)}
    generator = _unfitted(model, own)
    if len(own) < len(options):
        of_texts(model, options)
    return generator


def of_texts(model: str, options: Mapping[str, Any] | None = None) -> tuple[str, Generator] | None:
    """The model that writes texts beside a model of this name: what "text.model" says, by default
    the model itself where it learns texts, else an n-gram model; with the options that begin with
    "text.", and those of the model itself where it is the same.

    Returns:
        Its name and it, unfitted; None where "text.model" is "none": then texts are fresh words.

    Raises:
        OptionError: There is no such model or option, or it cannot learn texts.

    Example:
        >>> of_texts("independent")[0], of_texts("trees", {"text.model": "none"})
        ('independent', None)
    """
    options = dict(options or {})
    own = {name: value for name, value in options.items() if not name.startswith(OF_TEXTS)}
    told = {
        name.removeprefix(OF_TEXTS): value
        for name, value in options.items()
        if name.startswith(OF_TEXTS)
    }
    by_default = model if "tokens" in MODELS.load(model).learns else "ngram"
    name = str(told.pop("model", by_default))
    if name == "none":
        if told:
            raise OptionError(
                f"option '{OF_TEXTS}{min(told)}' is for a model of texts, and there is to be none",
                hint="leave it out, or name a model with text.model=ngram",
            )
        return None
    if "tokens" not in MODELS.load(name).learns:
        raise cannot_learn(name, "tokens")
    return name, _unfitted(name, {**own, **told} if name == model else told)


def _unfitted(model: str, options: Mapping[str, Any]) -> Generator:
    made = MODELS.load(model)
    for name in options:
        renamed = new_name(name, made.parameters)
        if renamed is not None:
            raise OptionError(
                f"'{name}' is now '{renamed}'",
                hint=f"write it as in {renamed}={made.parameters[renamed]}",
            )
        if name not in made.parameters:
            known = ", ".join(
                f"{key} (by default {value})" for key, value in made.parameters.items()
            )
            raise OptionError(
                f"the model '{model}' has no option '{name}'",
                hint=f"its options: {known}" if known else "it has none",
            )
    return cast(
        Generator,
        made(
            **{name: _read(name, value, made.parameters[name]) for name, value in options.items()}
        ),
    )


def options_of(model: str, *, as_json: bool = False) -> list[str]:
    """A model's options with their defaults and what they are, a line each.

    Raises:
        OptionError: There is no such model.
    """
    made = MODELS.load(model)
    said = made.Options.lines() if hasattr(made, "Options") else {}
    rows = [(name, default, said.get(name, "")) for name, default in made.parameters.items()]
    if as_json:
        return [
            json.dumps({"name": name, "default": default, "line": line})
            for name, default, line in rows
        ]
    wide = max((len(f"{name}={default}") for name, default, _ in rows), default=0)
    return [f"{f'{name}={default}':{wide}}  {line}".rstrip() for name, default, line in rows] or [
        "it has no options"
    ]


def _read(name: str, value: Any, default: Any) -> Any:
    """A value of the default's type."""
    if not isinstance(value, str) or isinstance(default, str):
        return value
    try:
        return type(default)(value)
    except ValueError:
        raise OptionError(
            f"{name}={value} is no {'whole number' if isinstance(default, int) else 'number'}",
            hint=f"write it as in {name}={default}",
        ) from None
