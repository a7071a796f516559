"""Models of a market compete where none is named: each learns all but the last times, and foretells
stretches of these."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

import numpy as np
from scipy.spatial.distance import pdist

from tidemill.codecs.calendar import CalendarCodec
from tidemill.codecs.choosing import is_market
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.run import Run
from tidemill.core.series import layout
from tidemill.supervised.arrays import Floats
from tidemill.synthesis.model_choice import ForesightScore, ModelChoice
from tidemill.synthesis.synthesizer import Synthesizer

CANDIDATES: Mapping[str, str] = {"fhs": "numpy", "garch": "arch", "autoregressive": "torch"}
"""Model -> the package that it takes; the first is preferred where others are hardly better."""
NETWORKS = frozenset({"autoregressive"})
"""They learn for hours unless the time is limited, and compete only where it is."""
OF_TIME = 1 / 3
"""Of the time for learning, networks have so much more in which to compete."""
HELD_BACK, STRETCHES, STEPS, PATHS = 0.2, 20, 5, 60
"""The share of the times that is foretold, at most so many stretches of so many times, so often."""
CHANCE = 2.0
"""Standard errors by which a model must be ahead of one that is preferred to it."""
TINY = 1e-12
DIGITS = 4
"""Of the figures that are told."""


def market_choice(data: Dataset, run: Run) -> ModelChoice | None:
    """The model of those that are cheap, and of networks within their time, that foretells the last
    times best; None where the data are not said to be a market, or none can learn it.

    Args:
        data: What is to be learned.
        run: Is told what was chosen, and by what figures; networks compete for a part of its
            minutes.
    """
    if not is_market(data):
        return None
    quiet = run.child(quiet=True)
    codec = CalendarCodec()
    try:
        codec.fit(data, quiet)
    except DataError as refusal:
        run.warn(f"Models of a market cannot learn this: {refusal.what}.", "choose")
        return None
    market = _Market(codec.decode(codec.encode(data), quiet.rng("market")), data)
    names = [name for name, package in CANDIDATES.items() if find_spec(package) is not None]
    if run.minutes is None:
        names = [name for name in names if name not in NETWORKS]
    found: dict[str, Floats] = {}
    refused = []
    for name in run.track(names, "choose", f"letting {', '.join(names)} foretell the last times"):
        try:
            found[name] = market.scores(name, quiet)
        except (DataError, OptionError) as refusal:
            refused.append(f"'{name}' does not compete: {refusal.what}.")
    for reason in refused:
        run.emit("note", "choose", reason)
    return _chosen(found, run) if found else None


def _chosen(found: Mapping[str, Floats], run: Run) -> ModelChoice:
    """The first model that is not behind the best one beyond chance.

    Args:
        found: Model -> (stretches, 2) energy score and CRPS.
        run: Is told.
    """
    best = min(found.values(), key=lambda scores: float(scores[:, 0].mean()))
    scores = []
    for name, own in found.items():
        apart = own[:, 0] - best[:, 0]
        error = apart.std(ddof=1) / np.sqrt(len(apart))
        behind = float(apart.mean() / max(error, TINY))
        energy, crps = own.mean(axis=0).tolist()
        scores.append(
            ForesightScore(name, round(energy, DIGITS), round(crps, DIGITS), round(behind, DIGITS))
        )
    model = next(one.model for one in scores if one.behind <= CHANCE)
    choice = ModelChoice(model, tuple(scores), len(best), STEPS)
    run.emit("note", "choose", str(choice))
    return choice


class _Market:
    """The numbers of all entities at the times that they share.

    Args:
        rows: Entity by entity, time by time.
        data: The rows that they are from.
    """

    def __init__(self, rows: Dataset, data: Dataset) -> None:
        schema = data.schema.select(rows.schema.names[1:])
        self.rows = Dataset(rows.frame.select(schema.names), schema, name=data.name)
        self.entities = len(layout(self.rows))
        self.days = len(rows) // self.entities
        self.names = [c.name for c in schema if c.kind == "number" and rows[c.name].n_unique() > 1]
        levels = np.stack([rows[name].cast(float).to_numpy() for name in self.names], axis=1)
        self.levels = np.log(levels.reshape(self.entities, self.days, -1))
        first = int((1 - HELD_BACK) * self.days)
        most = min(STRETCHES, (self.days - first) // STEPS)
        self.starts = np.linspace(first, self.days - STEPS, most).astype(int)
        usual = np.diff(self.levels[:, :first], axis=1).std(axis=1)
        self.moving = usual > TINY
        self.usual = usual[self.moving]

    def before(self, day: int) -> Dataset:
        """The rows of the times before one."""
        keep = np.tile(np.arange(self.days) < day, self.entities)
        return self.rows.rows(np.flatnonzero(keep))

    def scores(self, name: str, run: Run) -> Floats:
        """(stretches, 2) the energy score and the CRPS of a model of the times before the first
        stretch.

        Raises:
            DataError: The model cannot learn the market.
            OptionError: Neither, or its time was too short.
        """
        minutes = None if run.minutes is None else run.minutes * OF_TIME
        part = run.child("choose", name, quiet=True, minutes=minutes)
        model = Synthesizer.fit(self.before(int(self.starts[0])), part, name)
        found = []
        for day in self.starts.tolist():
            run.check()
            inner = part.child("day", day, quiet=True)
            made = model.extension(self.before(day), STEPS, PATHS, run=inner, check=False).data
            values = np.stack([made[one].cast(float).to_numpy() for one in self.names], axis=1)
            ahead = values.reshape(self.entities, PATHS, STEPS, -1).transpose(1, 2, 0, 3)
            known, last = self.levels.transpose(1, 0, 2), self.levels[:, day - 1]
            moved = (np.log(np.maximum(ahead, TINY)) - last)[..., self.moving] / self.usual
            came = (known[day : day + STEPS] - last)[:, self.moving] / self.usual
            found.append([energy(moved[:, -1], came[-1]), crps(moved[:, 0], came[0])])
        return np.array(found)


def crps(made: Floats, came: Floats) -> float:
    """Continuous ranked probability score (Gneiting and Raftery 2007) of (paths, k) futures of (k,)
    values, the mean over k.

    Example:
        >>> crps(np.array([[0.0], [2.0]]), np.array([1.0]))
        0.5
    """
    apart = np.abs(made - came).mean()
    within = np.abs(made[:, None] - made[None]).mean()
    return float(apart - within / 2)


def energy(made: Floats, came: Floats) -> float:
    """Energy score (Gneiting and Raftery 2007) of (paths, k) futures of k values together.

    Example:
        >>> energy(np.array([[0.0, 0.0], [6.0, 8.0]]), np.array([3.0, 4.0]))
        2.5
    """
    apart = np.linalg.norm(made - came, axis=1).mean()
    within = 2 * pdist(made).sum() / len(made) ** 2
    return float(apart - within / 2)
