"""Groups of images of which more are answered wrongly than of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tidemill.core.dataset import Dataset
from tidemill.core.persons import is_of_enough
from tidemill.core.shown import is_hidden
from tidemill.diagnosing.measuring import SURE, Bools, MeasuredShare, Places, share_of
from tidemill.effects.estimates import mean_of

FEWEST = 20
"""Images that a group, and the rest, have at least."""
MOST_LEVELS = 12
THIRDS = ("lowest third", "middle third", "highest third")


@dataclass(frozen=True)
class ImageGroup:
    """Images that are alike in something.

    Attributes:
        name: What they are like.
        wrong: The share of them that is answered wrongly.
        others: The same of the other images.
        difference, low, high: wrong - others, and its 95 % interval.
        p_value: How often chance alone brings about such a difference.
        proven: Whether they are worse, or better, with all groups reckoned with.
    """

    name: str
    wrong: MeasuredShare
    others: float
    difference: float
    low: float
    high: float
    p_value: float
    proven: bool = False


def failing_groups(
    test: Dataset, pixels: np.ndarray, shown: list[str], wrong: Bools, whose: Places
) -> tuple[ImageGroup, ...]:
    """All groups with their shares of wrong answers, the worst first; "proven" ones by Holm's
    correction (1979).

    Args:
        test: The rows of the images.
        pixels: (n, height, width, channels) uint8.
        shown: (n,) what each shows, as text.
        wrong: (n,) which are answered wrongly.
        whose: (n,) the person of each.
    """
    found = []
    for name, inside in _groups(test, pixels, shown):
        if min(inside.sum(), (~inside).sum()) < FEWEST or not is_of_enough(inside, whose):
            continue
        found.append(_compared(name, inside, wrong, whose))
    order = np.argsort([one.p_value for one in found], kind="stable")
    proven: set[int] = set()
    for rank, at in enumerate(order.tolist()):
        if found[at].p_value * (len(found) - rank) >= SURE:
            break
        proven.add(at)
    marked = [ImageGroup(**{**vars(one), "proven": at in proven}) for at, one in enumerate(found)]
    return tuple(sorted(marked, key=lambda one: (-one.difference, one.name)))


def _compared(name: str, inside: Bools, wrong: Bools, whose: Places) -> ImageGroup:
    from scipy.stats import norm

    share = share_of(wrong[inside], whose[inside])
    others = share_of(wrong[~inside], whose[~inside])
    # Newcombe (1998): the ends of both intervals together, which few wrong answers do not mislead
    difference = share.value - others.value
    low = difference - sqrt((share.value - share.low) ** 2 + (others.high - others.value) ** 2)
    high = difference + sqrt((share.high - share.value) ** 2 + (others.value - others.low) ** 2)
    # of no difference at all: both sides as one, with persons that stand on both
    centred = wrong - wrong.mean()
    weight = np.where(inside, 1 / inside.sum(), -1 / (~inside).sum()) * len(wrong)
    error = mean_of(weight * centred, whose).error
    p_value = float(2 * norm.sf(abs(difference) / error)) if error > 0 else 1.0
    return ImageGroup(name, share, others.value, difference, low, high, p_value)


def _groups(
    test: Dataset, pixels: np.ndarray, shown: list[str]
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each group with its images."""
    texts = np.array(shown)
    for label in np.unique(texts).tolist():
        yield f"shows {label}", texts == label
    grey = pixels.reshape(len(pixels), -1).astype(np.float32)
    for what, values in (("brightness", grey.mean(axis=1)), ("contrast", grey.std(axis=1))):
        yield from _thirds(what, values)
    for column in test.schema:
        if column.role not in ("feature", "sensitive") or is_hidden(column):
            continue
        values = test[column.name]
        if column.kind == "number":
            known = values.cast(pl.Float64).to_numpy()
            yield from _thirds(column.name, known)
        elif column.kind in ("category", "boolean"):
            levels = values.cast(pl.String)
            named = levels.drop_nulls().value_counts(sort=True).head(MOST_LEVELS)
            for level in sorted(named.to_series(0).to_list()):
                yield f"{column.name} is {level}", (levels == level).fill_null(False).to_numpy()


def _thirds(what: str, values: NDArray[np.floating]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    known = ~np.isnan(values)
    if known.sum() < 3 * FEWEST:
        return
    cuts = np.quantile(values[known], [1 / 3, 2 / 3])
    if cuts[0] == cuts[1]:
        return
    third = np.searchsorted(cuts, values, side="left")
    for k, words in enumerate(THIRDS):
        yield f"{what}: {words}", known & (third == k)
