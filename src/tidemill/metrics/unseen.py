"""Whether held-out rows were learned from, also where they were changed so that no row is equal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.metrics.nearest import NEAR
from tidemill.supervised.arrays import FeatureLayout, Features, Floats, features, together
from tidemill.supervised.auc import auc
from tidemill.supervised.excess import Excess, of_auc, of_hits
from tidemill.supervised.points import learn_embedding, nearest, two_nearest

LEARNED = (
    "the held-out rows are no control, for many of them were learned: they lie nearer to the "
    "training rows than these lie to each other; hold out rows before anything is learned, as "
    "`tidemill split` does"
)
MADE_OF_UNSEEN = (
    "the synthetic rows lie nearer to the held-out rows than to those said to be learned from: "
    "the two files were mixed up, or the held-out rows were learned, too"
)
LEAST = 0.05
"""From which lean of all held-out rows on they are no control."""
LEAST_FEW = 0.03
"""The same for the share of them that are training rows, or nearly."""
COMPARED = 2000
"""Rows of each side whose nearest training rows are looked for."""
REFERENCES = 20_000
"""Training rows that they are looked for among."""
CERTAIN = 4.5
"""Standard errors by which held-out rows must stand out to be accused: seven figures are looked at,
and a verdict that is refused by chance is one too many. Of 3,000 pairs of independent samples of
200 and 300 rows of a survey one in 300 stands out by 3.3, three by 4, and none by 4.2."""
CROWDED = 1.5
"""Standard errors of a lean are so many times larger than an AUC tells: all distances are to the
same training rows. Among independent samples of 200 rows leans lie 1.2 errors around 0."""
FOREIGN = 0.5
"""A column is left out of which more held-out values than this are levels that no training row has,
or whose ranks are all but apart: it was written or measured in another way."""
_APART = 0.9
_TOUCHING = 1e-3  # added to distances, so that a ratio of two zeros is 1


def learned(train: Dataset, holdout: Dataset, run: Run) -> bool:
    """Whether many of the held-out rows are training rows: equal, or changed a little.

    Training rows among each other say what chance gives. Held-out rows were learned if surely more
    of them equal a training row; if one training row lies far nearer than the second nearest more
    often, as the original of a changed row does; or if they lie nearer as a whole.

    Args:
        train, holdout: With the same columns; the modelled ones are compared.
        run: Draws samples of large tables.
    """
    sides = [_plainly_written(part) for part in (train, holdout)]
    layout, parts = features(sides, train.schema.modelled)
    if not layout.names or min(map(len, parts)) < 2:
        return False
    ours, theirs = (_once(part) for part in _comparable(parts, layout))
    if not ours.numbers.shape[1] + ours.codes.shape[1]:
        return False
    equal, usual = np.isin(_keys(theirs), _keys(ours)), _repeated(ours)
    chance = _by_chance(ours, theirs)
    if chance > usual.mean() + LEAST_FEW:
        # repeats were removed from the training rows, which so lie apart from each other
        return False
    if _surely(of_hits(equal, usual), LEAST_FEW):
        return True
    ours, theirs = _sample(ours, REFERENCES, run), _sample(theirs, COMPARED, run)
    return any(_surely(gain, least) for gain, least in _nearly(ours, theirs, run))


def nearer_to_unseen(of_training: Floats, of_holdout: Floats) -> bool:
    """Whether generated rows were made of the held-out rows, which lie nearer to them.

    Args:
        of_training, of_holdout: Distance of each row to the nearest generated one.
    """
    limit = float(np.quantile(of_training, NEAR, method="inverted_cdf"))
    few = of_hits(of_holdout <= limit, of_training <= limit)
    return _surely(_lean(of_training, of_holdout), LEAST) or _surely(few, LEAST_FEW)


def _lean(far: Floats, near: Floats) -> Excess:
    """How much smaller the latter distances are as a whole."""
    gain = of_auc(auc(far, near))
    return gain._replace(error=CROWDED * gain.error)


def _surely(gain: Excess, least: float) -> bool:
    return gain.end(-CERTAIN) > 0 and gain.value >= least


def made_of_unseen(train: Dataset, holdout: Dataset, made: Dataset, run: Run) -> bool:
    """Whether generated rows were made of the held-out rows.

    Args:
        train: The rows that are said to be learned from.
        holdout, made: With the same columns.
        run: Draws samples of large tables.
    """
    layout, parts = features((train, holdout, made), train.schema.modelled)
    if not layout.names or not min(map(len, parts)):
        return False
    samples = [_sample(part, COMPARED, run) for part in parts[:2]]
    embed = learn_embedding(layout, together(*samples), run)
    points = embed(_sample(parts[2], REFERENCES, run))
    apart = [np.sqrt(nearest(embed(part), points, run)[1]) for part in samples]
    return nearer_to_unseen(apart[0], apart[1])


def _plainly_written(data: Dataset) -> Dataset:
    """Texts in lower case and without blanks around them."""
    texts = [name for name, dtype in data.frame.schema.items() if dtype == pl.String]
    columns = []
    for name in texts:
        plain = data.frame[name].str.to_lowercase().str.replace_all(r"\s+", " ")
        columns.append(plain.str.strip_chars())
    return replace(data, frame=data.frame.with_columns(columns))


def _comparable(parts: tuple[Features, ...], layout: FeatureLayout) -> list[Features]:
    """Both sides without columns that were written or measured in another way."""
    train, holdout = parts
    numbers, codes = [], []
    for at in range(train.numbers.shape[1]):
        known = [part.numbers[~np.isnan(part.numbers[:, at]), at] for part in parts]
        apart = min(map(len, known)) and abs(2 * auc(*known).value - 1) > _APART
        if not apart:
            numbers.append(at)
    for at, levels in enumerate(layout.levels):
        counts = np.bincount(train.codes[:, at], minlength=len(levels) + 1)
        theirs = holdout.codes[holdout.codes[:, at] > 0, at]
        strange = float((counts[theirs] == 0).mean()) if len(theirs) else 0.0
        # as many of the training rows have a level for themselves
        alone = float((counts[train.codes[:, at]] == 1).mean())
        if strange - alone <= FOREIGN:
            codes.append(at)
    return [_taken(part, numbers, codes) for part in parts]


def _taken(rows: Features, numbers: list[int], codes: list[int]) -> Features:
    return Features(rows.numbers[:, numbers], rows.codes[:, codes])


def _once(rows: Features) -> Features:
    """The rows without the repeats of a table that was written several times below itself."""
    first, counts = np.unique(_keys(rows), return_index=True, return_counts=True)[1:]
    times = int(np.gcd.reduce(counts))
    if times == 1:
        return rows
    return rows.rows(np.sort(np.repeat(first, counts // times)))


def _keys(rows: Features) -> NDArray[np.uint64]:
    """A 64-bit hash of each row."""
    columns = [pl.Series(f"n{k}", values) for k, values in enumerate(rows.numbers.T)]
    columns += [pl.Series(f"c{k}", values) for k, values in enumerate(rows.codes.T)]
    return pl.DataFrame(columns).hash_rows(seed=0).to_numpy()


def _repeated(rows: Features) -> NDArray[np.bool_]:
    """(n,) whether a row equals another one."""
    _, inverse, counts = np.unique(_keys(rows), return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse] > 1)


def _by_chance(train: Features, holdout: Features) -> float:
    """The share of held-out rows that would equal a training row if no column had to do with
    another: where repeats were removed, training rows among each other do not say so."""
    pairs = np.full(len(holdout), float(len(train)))
    sides = zip(
        (*train.numbers.T, *train.codes.T), (*holdout.numbers.T, *holdout.codes.T), strict=True
    )
    for ours, theirs in sides:
        values, counts = np.unique(ours, return_counts=True)
        at = np.minimum(np.searchsorted(values, theirs), len(values) - 1)
        same = (values[at] == theirs) | (np.isnan(values[at]) & np.isnan(theirs))
        pairs *= np.where(same, counts[at] / len(ours), 0)
    return float((1 - np.exp(-pairs)).mean())


def _sample(rows: Features, most: int, run: Run) -> Features:
    order = run.rng("metrics", "unseen").permutation(len(rows))
    return rows.rows(order[:most])


def _nearly(train: Features, holdout: Features, run: Run) -> list[tuple[Excess, float]]:
    """How much nearer held-out rows lie to training rows than these to each other, each with the
    gain from which on they were learned."""
    size = min(len(train), len(holdout))
    numbers, categories = train.numbers.shape[1], train.codes.shape[1]
    both = together(train.rows(np.arange(size)), holdout.rows(np.arange(size)))
    levels = tuple(
        tuple(map(str, range(1, 1 + int(max(train.codes[:, k].max(), holdout.codes[:, k].max())))))
        for k in range(categories)
    )
    layout = FeatureLayout(
        tuple(f"n{k}" for k in range(numbers)),
        tuple(f"c{k}" for k in range(categories)),
        levels,
        tuple([bool(np.isnan(both.numbers[:, k]).any()) for k in range(numbers)])
        + (False,) * categories,
    )
    by_rank = learn_embedding(layout, both, run)
    # beside many equal values a small change is a large one of ranks, but not of amounts
    by_amount = replace(by_rank, knots=tuple(_ends(knots) for knots, _ in by_rank.knots))
    gains = []
    for embed in (by_rank, by_amount) if numbers else (by_rank,):
        ours, theirs = embed(train), embed(holdout)
        usual = two_nearest(ours[:COMPARED], ours, run, own=True)
        found = two_nearest(theirs, ours, run)
        gains.append((_lean(usual[0], found[0]), LEAST))
        for one, other in ((found[0], usual[0]), (_ratio(*found), _ratio(*usual))):
            limit = float(np.quantile(other, NEAR, method="inverted_cdf"))
            gains.append((of_hits(one <= limit, other <= limit), LEAST_FEW))
    return gains


def _ends(values: Floats) -> tuple[Floats, Floats]:
    """Knots at which numbers lie by their distance, those at the far ends together."""
    ends = np.unique(np.quantile(values, [0.005, 0.995]))
    return (ends, np.linspace(0, 1, len(ends))) if len(ends) > 1 else (ends, np.full(1, 0.5))


def _ratio(first: Floats, second: Floats) -> Floats:
    """How much nearer the nearest training row is than the second nearest."""
    return (first + _TOUCHING) / (second + _TOUCHING)
