"""Recurrent judges of series after TimeGAN (Yoon, Jarrett and van der Schaar, NeurIPS 2019),
several trained side by side.

By default they are the networks of the paper's published code: one layer of gated recurrent units
(Cho et al. 2014; the reset gate before the matrix product), half as many units as features,
Glorot's weights, gates that begin open (bias 1), Adam with a rate of 0.001 and batches of 128. They
are so small that numpy, which runs all of them in one go, needs no torch.

On slow series such as prices that classifier sees little but the level: windows whose steps are
shuffled pass it (a score of .003 on the paper's stock prices). With :data:`SHARP` it is shown the
changes from step to step as well, and gets .49 there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BATCH = 128
SEEDS = 3
_RATE, _BETA1, _BETA2, _EPSILON = 1e-3, 0.9, 0.999, 1e-8
_CLIP = 30.0

Floats = NDArray[np.float32]
Weights = dict[str, Floats]
Loss = Callable[[Floats, NDArray[np.int64]], Floats]
"""Outputs (groups, rows, steps) and the rows that they are of (groups, rows) -> the loss's gradient
by the outputs."""


@dataclass(frozen=True)
class Windows:
    """Series as floats.

    Attributes:
        values: (n, steps, features), finite; 0 beyond a series' end.
        length: (n,) steps in use, at least 1.
    """

    values: NDArray[np.float64]
    length: NDArray[np.int64]

    @staticmethod
    def whole(values: np.ndarray) -> Windows:
        """(n, steps, features) series of equal length."""
        return Windows(
            np.asarray(values, np.float64), np.full(len(values), values.shape[1], np.int64)
        )

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, index: NDArray[np.int64]) -> Windows:
        """The series at these positions."""
        return Windows(self.values[index], self.length[index])

    @property
    def used(self) -> NDArray[np.bool_]:
        """(n, steps) the steps in use."""
        return np.arange(self.values.shape[1]) < self.length[:, None]


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
    return discriminative_scores(
        _windows(real), [_windows(made)], seed, seeds=seeds, classifier=classifier
    )[0]


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
    return predictive_scores(_windows(real), [_windows(made)], seed, seeds=seeds, steps=steps)[0]


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
    shown = _with_changes([real, *made]) if classifier.changes else _in_range([real, *made])
    parts = [part.rows(np.sort(rng.permutation(len(part))[:size])) for part in shown]
    half = size - max(size // 5, 1)
    groups = [(k, s) for k in range(len(made)) for s in range(seeds)]
    orders = np.stack([np.stack([rng.permutation(size), rng.permutation(size)]) for _ in groups])
    values = np.concatenate([part.values for part in parts]).astype(np.float32)
    length = np.concatenate([part.length for part in parts])
    shift = np.array([[0, (k + 1) * size] for k, _ in groups])[:, :, None]
    known, unseen = orders[:, :, :half] + shift, orders[:, :, half:] + shift
    network = _Network(
        values, length, len(groups), classifier.hidden or _half(values.shape[2]), rng
    )
    batch = min(BATCH, half)
    target = np.repeat(np.array([1.0, 0.0], np.float32), batch)

    def loss(out: Floats, rows: NDArray[np.int64]) -> Floats:
        last = length[rows] - 1
        shown = np.take_along_axis(out, last[:, :, None], axis=2)[:, :, 0]
        gradient = np.zeros_like(out)
        np.put_along_axis(
            gradient, last[:, :, None], ((_sigmoid(shown) - target) / batch)[:, :, None], axis=2
        )
        return gradient

    for _ in range(classifier.steps):
        pick = rng.integers(half, size=(len(groups), 2, batch))
        network.step(np.take_along_axis(known, pick, axis=2).reshape(len(groups), -1), loss)
    tested = unseen.reshape(len(groups), -1)
    out = np.take_along_axis(network.outputs(tested), (length[tested] - 1)[:, :, None], axis=2)[
        :, :, 0
    ]
    right = (out > 0) == (np.arange(tested.shape[1]) < size - half)
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
    values = np.concatenate([part.values for part in scaled]).astype(np.float32)
    length = np.concatenate([part.length for part in scaled]) - 1
    ends = np.cumsum([0, *map(len, scaled)])
    groups = [k for k in range(len(made)) for _ in range(seeds)]
    first, size = ends[1:-1][groups][:, None], np.diff(ends)[1:][groups][:, None]
    seen, wanted = values[:, :-1, : max(features - 1, 1)], values[:, 1:, -1]
    network = _Network(seen, length, len(groups), _half(features), rng)
    used = np.arange(wanted.shape[1]) < length[:, None]

    def loss(out: Floats, rows: NDArray[np.int64]) -> Floats:
        shown = _sigmoid(out)
        return np.asarray(
            np.sign(shown - wanted[rows])
            * shown
            * (1 - shown)
            * used[rows]
            / used[rows].sum(axis=(1, 2), keepdims=True),
            np.float32,
        )

    for _ in range(steps):
        network.step(first + rng.integers(size, size=(len(groups), BATCH)), loss)
    tested = np.broadcast_to(np.arange(ends[1]), (len(groups), int(ends[1])))
    error = np.abs(_sigmoid(network.outputs(tested)) - wanted[: ends[1]]) * used[: ends[1]]
    each = (error.sum(axis=2) / used[: ends[1]].sum(axis=1)).mean(axis=1).reshape(len(made), seeds)
    return [float(one) for one in each.mean(axis=1)]


class _Network:
    """So many recurrent networks with one output a step, side by side, and their Adam.

    Args:
        values: (n, steps, features) that rows are taken from.
        length: (n,) steps in use.
        groups: How many networks.
        hidden: Units of each.
        rng: Draws the weights.
    """

    def __init__(
        self,
        values: Floats,
        length: NDArray[np.int64],
        groups: int,
        hidden: int,
        rng: np.random.Generator,
    ) -> None:
        features = values.shape[2]
        self.values, self.used = (
            values,
            (np.arange(values.shape[1]) < length[:, None]).astype(np.float32),
        )
        self.ragged = bool((self.used == 0).any())

        def glorot(rows: int, columns: int, incoming: int, outgoing: int) -> Floats:
            limit = np.sqrt(6 / (incoming + outgoing))
            return rng.uniform(-limit, limit, (groups, rows, columns)).astype(np.float32)

        wide = features + hidden
        self.weights: Weights = {
            "input": np.concatenate(
                [
                    glorot(features, 2 * hidden, wide, 2 * hidden),
                    glorot(features, hidden, wide, hidden),
                ],
                axis=2,
            ),
            "bias": np.repeat(np.array([1, 1, 0], np.float32), hidden)[None, None].repeat(
                groups, axis=0
            ),
            "gates": glorot(hidden, 2 * hidden, wide, 2 * hidden),
            "new": glorot(hidden, hidden, wide, hidden),
            "out": glorot(hidden, 1, hidden, 1),
            "out bias": np.zeros((groups, 1, 1), np.float32),
        }
        self.means = {name: np.zeros_like(weight) for name, weight in self.weights.items()}
        self.squares = {name: np.zeros_like(weight) for name, weight in self.weights.items()}
        self.taken = 0

    def outputs(self, rows: NDArray[np.int64]) -> Floats:
        """(groups, m) rows -> (groups, m, steps), in parts that fit into the processor's cache."""
        parts = [
            self._forward(rows[:, at : at + 2 * BATCH])[0]
            for at in range(0, rows.shape[1], 2 * BATCH)
        ]
        return np.concatenate(parts, axis=2).transpose(0, 2, 1)

    def step(self, rows: NDArray[np.int64], loss: Loss) -> None:
        """One step of Adam on (groups, m) rows."""
        out, trace = self._forward(rows)
        gradients = self.gradients(loss(out.transpose(0, 2, 1), rows).transpose(0, 2, 1), trace)
        self.taken += 1
        rate = _RATE * np.sqrt(1 - _BETA2**self.taken) / (1 - _BETA1**self.taken)
        for name, gradient in gradients.items():
            self.means[name] += (1 - _BETA1) * (gradient - self.means[name])
            self.squares[name] += (1 - _BETA2) * (gradient * gradient - self.squares[name])
            self.weights[name] -= rate * self.means[name] / (np.sqrt(self.squares[name]) + _EPSILON)

    def _forward(self, rows: NDArray[np.int64]) -> tuple[Floats, dict[str, Floats]]:
        """(groups, m) rows -> (groups, steps, m) outputs, and what the gradients need."""
        w = self.weights
        groups, m = rows.shape
        hidden, steps, features = w["new"].shape[1], self.values.shape[1], self.values.shape[2]
        x = np.ascontiguousarray(self.values[rows].transpose(0, 2, 1, 3)).reshape(
            groups, steps * m, features
        )
        pre = (x @ w["input"] + w["bias"]).reshape(groups, steps, m, 3 * hidden)
        used = self.used[rows].transpose(0, 2, 1)[..., None]
        h = np.zeros((groups, m, hidden), np.float32)
        before, after, new, reset = (
            np.empty((groups, steps, m, hidden), np.float32) for _ in range(4)
        )
        gates = np.empty((groups, steps, m, 2 * hidden), np.float32)
        for t in range(steps):
            before[:, t] = h
            gate = gates[:, t]
            gate[...] = _sigmoid(pre[:, t, :, : 2 * hidden] + h @ w["gates"])
            reset[:, t] = gate[..., :hidden] * h
            new[:, t] = np.tanh(pre[:, t, :, 2 * hidden :] + reset[:, t] @ w["new"])
            keep = gate[..., hidden:]
            moved = keep * h + (1 - keep) * new[:, t]
            h = np.asarray(
                moved * used[:, t] + h * (1 - used[:, t]) if self.ragged else moved, np.float32
            )
            after[:, t] = h
        out = (after.reshape(groups, steps * m, hidden) @ w["out"] + w["out bias"]).reshape(
            groups, steps, m
        )
        return out, {
            "x": x,
            "before": before,
            "after": after,
            "new": new,
            "reset": reset,
            "gates": gates,
            "used": used,
        }

    def gradients(self, by_out: Floats, trace: dict[str, Floats]) -> Weights:
        """(groups, steps, m) gradient by the outputs -> gradient by each weight (backpropagation
        through time)."""
        w, before, new, gates = self.weights, trace["before"], trace["new"], trace["gates"]
        groups, steps, m, hidden = before.shape
        by_after = by_out[..., None] * w["out"].reshape(groups, 1, 1, hidden)
        by_pre = np.empty((groups, steps, m, 3 * hidden), np.float32)
        back_gates, back_new = (
            np.ascontiguousarray(w[name].transpose(0, 2, 1)) for name in ("gates", "new")
        )
        by_h = np.zeros((groups, m, hidden), np.float32)
        for t in reversed(range(steps)):
            by_h = by_h + by_after[:, t]
            held = by_h * (1 - trace["used"][:, t]) if self.ragged else np.float32(0)
            moved: Floats = by_h * trace["used"][:, t] if self.ragged else by_h
            open_, keep = gates[:, t, :, :hidden], gates[:, t, :, hidden:]
            here = by_pre[:, t]
            here[..., 2 * hidden :] = moved * (1 - keep) * (1 - new[:, t] ** 2)
            by_reset = here[..., 2 * hidden :] @ back_new
            here[..., :hidden] = by_reset * before[:, t] * open_ * (1 - open_)
            here[..., hidden : 2 * hidden] = moved * (before[:, t] - new[:, t]) * keep * (1 - keep)
            by_h = np.asarray(
                moved * keep + by_reset * open_ + here[..., : 2 * hidden] @ back_gates + held,
                np.float32,
            )

        def summed(left: Floats, right: Floats) -> Floats:
            """Sum over steps and rows of the outer products."""
            return np.asarray(
                left.reshape(groups, steps * m, -1).transpose(0, 2, 1)
                @ right.reshape(groups, steps * m, -1)
            )

        flat = by_pre.reshape(groups, steps * m, 3 * hidden)
        return {
            "input": summed(trace["x"], flat),
            "bias": flat.sum(axis=1, keepdims=True),
            "gates": summed(before, by_pre[..., : 2 * hidden]),
            "new": summed(trace["reset"], by_pre[..., 2 * hidden :]),
            "out": summed(trace["after"], by_out[..., None]),
            "out bias": by_out.sum(axis=(1, 2)).reshape(groups, 1, 1),
        }


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -_CLIP, _CLIP))), np.float32)


def _half(features: int) -> int:
    return max(features // 2, 1)


def _windows(values: np.ndarray | Windows) -> Windows:
    return values if isinstance(values, Windows) else Windows.whole(values)


def _in_range(parts: Sequence[Windows]) -> list[Windows]:
    """Each feature in shares of the first part's range."""
    known = parts[0].values[parts[0].used]
    low, high = known.min(axis=0), known.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return [
        Windows((part.values - low) / span * part.used[..., None], part.length) for part in parts
    ]


def _with_changes(parts: Sequence[Windows]) -> list[Windows]:
    """Each feature and its changes since the step before, standardised by the first part."""
    both = [
        np.concatenate(
            [part.values, np.diff(part.values, axis=1, prepend=part.values[:, :1])], axis=2
        )
        for part in parts
    ]
    known = both[0][parts[0].used]
    centre, spread = known.mean(axis=0), known.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    return [
        Windows(np.clip((values - centre) / spread, -5, 5) * part.used[..., None], part.length)
        for values, part in zip(both, parts, strict=True)
    ]
