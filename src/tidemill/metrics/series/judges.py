"""Recurrent judges of series after TimeGAN (Yoon, Jarrett and van der Schaar, NeurIPS 2019),
several trained side by side.

By default they are as large as those of the paper's published code: one layer of gated recurrent
units (Cho et al. 2014), half as many units as features, Glorot's weights, gates that begin open
(bias 1), Adam with a rate of 0.001 and batches of 128.

On slow series such as prices that classifier sees little but the level: windows whose steps are
shuffled pass it (a score of .003 on the paper's stock prices). With :data:`SHARP` it is shown the
changes from step to step as well, and gets .49 there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tidemill.core.torch_threads import torch_threads
from tidemill.metrics.series.windows import Windows

BATCH = 128
SEEDS = 3
RATE = 1e-3
_CHUNK = 1024

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class SeriesClassifier:
    """What the discriminative score is measured with.

    Attributes:
        steps: Learning steps; 2,000 as in the paper's code.
        hidden: Recurrent units; None for half the number of features, as in the paper.
        changes: Whether it is shown, beside each feature, how that changed since the step before;
            features then are standardised, and what is further than five deviations from the mean
            is taken to be there.
    """

    steps: int = 2000
    hidden: int | None = None
    changes: bool = False


PAPER = SeriesClassifier()
"""As in TimeGAN's published code."""
SHARP = SeriesClassifier(steps=1000, hidden=8, changes=True)
"""Sees how series move, too."""
FORECAST_STEPS = 5000
"""Steps of the forecaster, as in the paper's code."""


def discriminative(
    real: np.ndarray | Windows,
    made: np.ndarray | Windows,
    seed: int = 0,
    *,
    seeds: int = SEEDS,
    classifier: SeriesClassifier = PAPER,
) -> float:
    """How well a recurrent classifier tells made from real series: |accuracy - 0.5| on the fifth
    that it has not seen.

    0 is guessing, 0.5 always right. The mean over several classifiers, each with its own split,
    weights and batches.

    Args:
        real, made: (n, steps, features) floats, or :class:`Windows`; each feature is brought to [0,
            1] by the range of the real ones. At least five series of each sort.
        seed: Of splits, weights and batches.
        seeds: How many classifiers.
        classifier: What they are.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> smooth = rng.normal(size=(200, 1, 2)).repeat(8, axis=1)
        >>> discriminative(smooth, rng.normal(size=(200, 8, 2)), classifier=SHARP) > 0.4
        True
    """
    [score] = discriminative_scores(
        _windows(real), [_windows(made)], seed, seeds=seeds, classifier=classifier
    )
    return score


def predictive(
    real: np.ndarray | Windows,
    made: np.ndarray | Windows,
    seed: int = 0,
    *,
    seeds: int = SEEDS,
    steps: int = FORECAST_STEPS,
) -> float:
    """How far off a forecaster that learned from made series is on real ones: its mean absolute
    error.

    It sees all features but the last, step by step, and forecasts the last feature of the next step
    ("train on synthetic, test on real"); of a single feature, it sees that one. The mean over
    several forecasters. The arguments are those of :func:`discriminative`; errors are in shares of
    the last feature's range in real series.
    """
    [score] = predictive_scores(_windows(real), [_windows(made)], seed, seeds=seeds, steps=steps)
    return score


def discriminative_scores(
    real: Windows,
    made: Sequence[Windows],
    seed: int = 0,
    *,
    seeds: int = SEEDS,
    classifier: SeriesClassifier = PAPER,
) -> list[float]:
    """:func:`discriminative` of several sets at the cost of little more than one; all are cut to
    equally many series."""
    size = min(len(real), *map(len, made))
    rng = np.random.default_rng(seed)
    scale = _with_changes if classifier.changes else _in_range
    parts = []
    for part in scale([real, *made]):
        parts.append(part.rows(np.sort(rng.permutation(len(part))[:size])))
    values = np.concatenate([part.values for part in parts])
    last = np.concatenate([part.length for part in parts]) - 1
    groups = len(made) * seeds
    # (groups, 2, size) positions among all series: the real ones, and those of the group's set
    orders = np.array([[rng.permutation(size), rng.permutation(size)] for _ in range(groups)])
    orders[:, 1] += size * (1 + np.repeat(np.arange(len(made)), seeds)[:, None])
    half = size - max(size // 5, 1)
    known, unseen = orders[:, :, :half], orders[:, :, half:]
    hidden = classifier.hidden or _half(values.shape[2])
    judges = _Judges(values, groups, hidden, rng)
    batch = min(BATCH, half)
    target = torch.cat([torch.ones(batch), torch.zeros(batch)]).expand(groups, -1)
    with torch_threads(1):
        for _ in range(classifier.steps):
            pick = rng.integers(half, size=(groups, 2, batch))
            rows = np.take_along_axis(known, pick, axis=2).reshape(groups, -1)
            logits = _at(judges(rows), last[rows])
            loss = functional.binary_cross_entropy_with_logits(logits, target, reduction="sum")
            judges.learn(loss / batch)
        tested = unseen.reshape(groups, -1)
        logits = _at(judges.outputs(tested), last[tested])
    right = (logits > 0).numpy() == (np.arange(tested.shape[1]) < size - half)
    score = np.abs(right.mean(axis=1) - 0.5).reshape(len(made), seeds)
    return [float(one) for one in score.mean(axis=1)]


def predictive_scores(
    real: Windows,
    made: Sequence[Windows],
    seed: int = 0,
    *,
    seeds: int = SEEDS,
    steps: int = FORECAST_STEPS,
) -> list[float]:
    """:func:`predictive` of several sets at the cost of little more than one; series of a single
    step are left out."""
    scaled = [part.rows(np.flatnonzero(part.length > 1)) for part in _in_range([real, *made])]
    rng = np.random.default_rng(seed)
    features = real.values.shape[2]
    values = np.concatenate([part.values for part in scaled])
    length = np.concatenate([part.length for part in scaled]) - 1
    ends = np.cumsum([0, *map(len, scaled)])
    groups = len(made) * seeds
    first = np.repeat(ends[1:-1], seeds)[:, None]
    size = np.repeat(np.diff(ends)[1:], seeds)[:, None]
    judges = _Judges(values[:, :-1, : max(features - 1, 1)], groups, _half(features), rng)
    wanted = torch.from_numpy(values[:, 1:, -1].astype(np.float32))
    used = torch.from_numpy((np.arange(wanted.shape[1]) < length[:, None]).astype(np.float32))
    with torch_threads(1):
        for _ in range(steps):
            rows = first + rng.integers(size, size=(groups, BATCH))
            off = (judges(rows).sigmoid() - wanted[rows]).abs() * used[rows]
            judges.learn((off.sum(dim=(1, 2)) / used[rows].sum(dim=(1, 2))).sum())
        real_rows = np.tile(np.arange(ends[1]), (groups, 1))
        off = (judges.outputs(real_rows).sigmoid() - wanted[: ends[1]]).abs() * used[: ends[1]]
    each = (off.sum(dim=2) / used[: ends[1]].sum(dim=1)).mean(dim=1).reshape(len(made), seeds)
    return [float(one) for one in each.mean(dim=1)]


class _Judges(nn.Module):
    """So many recurrent networks with one output a step, side by side, and their Adam.

    They are one layer whose matrices are zero between networks, which takes a third of the time
    that a layer for each of them does.

    Args:
        values: (n, steps, features) that rows are taken from.
        groups: How many networks.
        hidden: Units of each.
        rng: Draws the weights.
    """

    def __init__(
        self, values: NDArray[np.float64], groups: int, hidden: int, rng: np.random.Generator
    ) -> None:
        super().__init__()
        features = values.shape[2]
        self._values = torch.from_numpy(values.astype(np.float32))
        with torch.random.fork_rng(devices=[]):  # what torch draws is replaced below
            self._layer = nn.GRU(groups * features, groups * hidden)
            self._out = nn.Linear(groups * hidden, groups)

        def glorot(rows: int, columns: int, incoming: int, outgoing: int) -> Tensor:
            limit = np.sqrt(6 / (incoming + outgoing))
            drawn = rng.uniform(-limit, limit, (groups, rows, columns)).astype(np.float32)
            return torch.block_diag(*torch.from_numpy(drawn))  # type: ignore[no-untyped-call]

        wide = features + hidden
        widths = (2 * hidden, 2 * hidden, hidden)  # of both gates, which are one matrix, and of new
        by_input = torch.cat([glorot(hidden, features, wide, width) for width in widths])
        by_state = torch.cat([glorot(hidden, hidden, wide, width) for width in widths])
        bias = torch.tensor([1.0, 1.0, 0.0]).repeat_interleave(groups * hidden)
        self._layer.load_state_dict(
            {
                "weight_ih_l0": by_input,
                "weight_hh_l0": by_state,
                "bias_ih_l0": bias,
                "bias_hh_l0": torch.zeros_like(bias),
            }
        )
        self._out.load_state_dict(
            {"weight": glorot(1, hidden, hidden, 1), "bias": torch.zeros(groups)}
        )
        for parameter in self.parameters():
            if parameter.ndim == 2:  # what is zero stays so
                within = (parameter.detach() != 0).mul
                parameter.register_hook(within)  # type: ignore[no-untyped-call]
        self._adam = torch.optim.Adam(self.parameters(), RATE, fused=True)

    def forward(self, rows: Positions) -> Tensor:
        """(groups, m) rows -> (groups, m, steps) outputs."""
        x = self._values[torch.from_numpy(rows)].permute(2, 1, 0, 3)
        states, _ = self._layer(x.flatten(2))
        outputs: Tensor = self._out(states).permute(2, 1, 0)
        return outputs

    def outputs(self, rows: Positions) -> Tensor:
        """The same without gradients, of any number of rows."""
        with torch.inference_mode():
            parts = np.array_split(rows, -(-rows.shape[1] // _CHUNK), axis=1)
            return torch.cat([self(part) for part in parts], dim=1)

    def learn(self, loss: Tensor) -> None:
        """One step down the loss."""
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._adam.step()


def _at(outputs: Tensor, steps: Positions) -> Tensor:
    """(groups, m, steps) -> (groups, m) the outputs at these steps."""
    return outputs.gather(2, torch.from_numpy(steps)[:, :, None])[:, :, 0]


def _half(features: int) -> int:
    return max(features // 2, 1)


def _windows(values: np.ndarray | Windows) -> Windows:
    return values if isinstance(values, Windows) else Windows.whole(values)


def _in_range(parts: Sequence[Windows]) -> list[Windows]:
    """Each feature in shares of the first part's range."""
    known = parts[0].values[parts[0].used]
    low, high = known.min(axis=0), known.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    scaled = []
    for part in parts:
        values = (part.values - low) / span * part.used[..., None]
        scaled.append(Windows(values, part.length))
    return scaled


def _with_changes(parts: Sequence[Windows]) -> list[Windows]:
    """Each feature and its changes since the step before, standardised by the first part."""
    both = []
    for part in parts:
        changes = np.diff(part.values, axis=1, prepend=part.values[:, :1])
        both.append(np.concatenate([part.values, changes], axis=2))
    known = both[0][parts[0].used]
    centre, spread = known.mean(axis=0), known.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    standardised = []
    for values, part in zip(both, parts, strict=True):
        inside = np.clip((values - centre) / spread, -5, 5) * part.used[..., None]
        standardised.append(Windows(inside, part.length))
    return standardised
