"""Whether generated images can be told from real ones by a network that looks for the
difference."""

from __future__ import annotations

import numpy as np

from tidemill.core.run import Run
from tidemill.core.score import Score
from tidemill.core.words import percent
from tidemill.metrics.images.features import ImageSets
from tidemill.supervised.auc import auc

BY_NETWORK = "images told apart"
STEPS = 400
FEWEST = 100
MOST_IMAGES = 5000
REAL, MADE = "real", "made"


def told_apart(sets: ImageSets, run: Run, *, steps: int = STEPS) -> Score:
    """The share of pairs of a real and a generated image in which a classifier finds the generated
    one (the area under its ROC curve): a two-sample test by a classifier (Lopez-Paz and Oquab 2017,
    "Revisiting Classifier Two-Sample Tests").

    It learns from training images and two thirds of the generated ones, and is tried on held-out
    images and the other third. It notices what features do not, such as a grain that all generated
    images share and the eye overlooks: read it beside the other scores and the pictures. Floor: 1,
    all are found out. Ceiling: 0.5, guessing.

    Args:
        sets: The images.
        run: Threads, cancelling.
        steps: Of its training.
    """
    if min(map(len, sets)) < FEWEST:
        why = f"there are fewer than {FEWEST} images of a sort"
        return Score("images", BY_NETWORK, None, better="low", why=why)
    from tidemill.imaging.classifier import Classifier

    made = sets.synthetic.pixels[:MOST_IMAGES]
    cut = 2 * len(made) // 3
    real = sets.train.pixels[:MOST_IMAGES]
    tested = sets.holdout.pixels[:MOST_IMAGES]
    weight = np.concatenate([np.full(len(real), 1 / len(real)), np.full(cut, 1 / cut)])
    classifier = Classifier.learned(
        np.concatenate([real, made[:cut]]),
        [REAL] * len(real) + [MADE] * cut,
        run,
        shift=True,
        steps=steps,
        weight=weight,
    )
    of_made = classifier.classes.index(MADE)
    on_made, on_real = (classifier.chances(some)[:, of_made] for some in (made[cut:], tested))
    value = auc(on_made, on_real).value
    return Score(
        "images",
        BY_NETWORK,
        value,
        1.0,
        0.5,
        "low",
        figures={"images": len(on_made), "real": len(on_real)},
        sentence=f"Of a held-out image and a generated one, a network that learned the difference "
        f"finds the generated one in {percent(value)} of pairs; guessing would in 50 %.",
    )
