"""What images show: whether their label can be seen, groups of like images, odd ones, and labels
that are likely wrong."""

from __future__ import annotations

from collections.abc import Iterable

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.run import Run
from tidemill.mining.images.classes import recognised
from tidemill.mining.images.gallery import Gallery, gallery
from tidemill.mining.images.groups import groups
from tidemill.mining.images.labels import doubtful_labels, same_under_two_labels
from tidemill.mining.images.outliers import odd_images


def images(train: Dataset, holdout: Dataset, run: Run) -> Iterable[Finding]:
    """Look at images through one small classifier: of their label, or where they have none
    through one that learned what is where in them.

    Args:
        train: Images to learn from, 20,000 at most.
        holdout: Images that every figure is taken from.
        run: Seed, threads, and cancelling; 15,000 images take about a minute.
    """
    seen = _seen(train, holdout, run)
    if seen is None:
        return
    for look in (recognised, doubtful_labels, same_under_two_labels, groups, odd_images):
        run.check()
        yield from look(seen, run)


def _seen(train: Dataset, holdout: Dataset, run: Run) -> Gallery | None:
    try:
        return gallery(train, holdout, run)
    except ImportError:
        run.warn(
            "nothing was looked for in the images, as that needs PyTorch: install 'tidemill[deep]'",
            "mine",
        )
        return None
