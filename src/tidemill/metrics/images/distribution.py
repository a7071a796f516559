"""Whether images are like real ones, as varied, as useful to a classifier, and no copies of those
that were learned from."""

from __future__ import annotations

from collections.abc import Iterable

from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.imaging.pixels import label_column
from tidemill.metrics.images.copies import copies
from tidemill.metrics.images.features import albums
from tidemill.metrics.images.fidelity import LIKENESS, fidelity
from tidemill.metrics.images.learning import ACCURACY, accuracy
from tidemill.metrics.images.telling import BY_NETWORK, told_apart

STEPS = 900
"""Of training a classifier of the user's labels."""
STRUCTURE_STEPS = 400
DIGIT_STEPS = 300
KEPT = 0.25
"""The share of the training images that the judges do not learn: they are the ceiling."""
NO_TORCH = "it needs the package 'torch': pip install 'tidemill[deep]'"


def images(evidence: Evidence, run: Run, *, steps: int = STEPS) -> Iterable[Score]:
    """How generated images compare with held-out real ones.

    - Likeness: Fréchet distance (:mod:`tidemill.metrics.images.frechet`), precision, recall,
      density and coverage (:mod:`tidemill.metrics.images.manifolds`), in the features of a network
      that learned what is where in the training images
      (:func:`tidemill.imaging.judge.judge_of_structure`). Images that it has learned lie elsewhere
      among its features than unseen ones do, so a quarter of the training images is kept from it,
      for the ceiling.
    - Likeness to a sharp eye: how often a network that learned the difference tells generated
      images from real ones (:mod:`tidemill.metrics.images.telling`).
    - Use: the accuracy on held-out images of a classifier that learned from generated ones.
    - Copies: closeness to training images, as in :mod:`tidemill.metrics.nearest`, and near-copies
      (:mod:`tidemill.metrics.memorisation`), with the nearest pairs as pictures.

    Floor: images of independent pixels; figures of the mean image, again and again, are with the
    Scores. Ceiling: training images in the place of the generated ones; for closeness and copies,
    held-out images. The compared sets have equally many images.

    Args:
        evidence: The sets.
        run: Draws the images; threads; cancelling.
        steps: Of each classifier's training.
    """
    sets = albums(evidence, run)
    label = label_column(evidence.train.schema)
    try:
        from tidemill.imaging.judge import judge_of_digits, judge_of_structure

        run.emit(
            "note", "evaluate", "training small networks, in whose features images are compared"
        )
        digits = judge_of_digits(sets.train, run, steps=min(steps, DIGIT_STEPS))
    except ImportError:
        yield from (
            Score("images", name, None, better=better, why=NO_TORCH) for name, better in LIKENESS
        )
        yield Score("images", BY_NETWORK, None, better="low", why=NO_TORCH)
        if label is not None:
            yield Score("images", ACCURACY, None, why=NO_TORCH)
        yield from copies(sets, None, len(evidence.train), run)
        return
    first = int(KEPT * len(sets.train))
    kept, rest = sets.train.rows(slice(first)), sets.train.rows(slice(first, None))
    structure = judge_of_structure(rest, run, steps=STRUCTURE_STEPS)
    yield from fidelity(sets._replace(train=kept), structure, run)
    yield told_apart(sets, run)
    if label is not None:
        yield accuracy(sets._replace(train=rest), label.name, run, steps)
    yield from copies(sets, digits, len(evidence.train), run)
