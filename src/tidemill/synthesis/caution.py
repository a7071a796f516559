"""How cautious a model must be for its rows to be no nearer to those that it learned than to unseen
ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.run import Run
from tidemill.core.split import MIN_ROWS, split
from tidemill.core.words import plural
from tidemill.metrics.detection import FEWEST_ROWS, judged_by_trees
from tidemill.metrics.nearest import Closeness, closeness
from tidemill.models import MODELS
from tidemill.supervised.arrays import features
from tidemill.supervised.points import learn_embedding
from tidemill.synthesis.model_choice import CautionChoice
from tidemill.synthesis.synthesizer import Synthesizer

LEVELS = (0.0, 4.0, 16.0, 64.0)
"""That are tried, the least first."""
REJECTED = 1.645
"""Standard errors above one half at which a share of nearer rows is no chance (one side, 5 %)."""
MADE = 10_000
"""Rows that are made to judge by, at least: it is the model that is judged, and not the luck of one
sample."""
COMPARED = 10_000
"""Learned and unseen rows, each, at most, to which they are compared."""
OPTION = "caution"
KINDS = ("none", "tested")


def with_caution(
    data: Dataset, model: str, options: Mapping[str, Any] | None, privacy: str, run: Run
) -> tuple[Mapping[str, Any] | None, dict[str, Any]]:
    """The model's options with the caution that is asked for, and what its manifest shall say of
    how that was tested.

    Args:
        data: What is to be learned.
        model, options: Of the generator.
        privacy: "none" leaves the options as they are; "tested" finds the least caution at which
            rows pass, learned from one half of the data and judged by the other.
        run: Is told what was found.

    Raises:
        OptionError: As of :func:`check_privacy`, or there are too few rows.
    """
    check_privacy(privacy, model, options)
    if privacy == "none":
        return options, {}
    options = dict(options or {})
    if len(data) < 2 * MIN_ROWS:
        raise OptionError(
            f"{plural(len(data), 'row')} are too few to test a model's privacy by",
            hint=f"give at least {2 * MIN_ROWS} rows, or leave option 'privacy' out",
        )
    found = _tested(data, model, options, run)
    if found.passed and not found.weak and not found.costly:
        run.emit("note", "privacy", str(found))
    else:
        run.warn(str(found))
    return {**options, OPTION: found.caution}, {"privacy": found.to_state()}


def check_privacy(privacy: str, model: str | None, options: Mapping[str, Any] | None) -> None:
    """See that what is asked for can be had, which should not be found out after minutes of mining.

    Args:
        privacy: What is asked for, one of KINDS.
        model: None where it is not known yet.
        options: Of the model.

    Raises:
        OptionError: There is no such word, the model has no such option, or it is given beside.
    """
    if privacy not in KINDS:
        raise OptionError(
            f"there is no privacy '{privacy}'", hint=f"choose one of {', '.join(KINDS)}"
        )
    if privacy == "none":
        return
    if model is not None and OPTION not in MODELS.load(model).parameters:
        able = ", ".join(name for name in MODELS if OPTION in MODELS.load(name).parameters)
        raise OptionError(
            f"'{model}' has no dial between fidelity and privacy",
            hint=f"leave option 'privacy' out, or choose another model: {able}",
        )
    if OPTION in (options or {}):
        raise OptionError(
            "both option 'privacy' and the model's own 'caution' are given",
            hint="leave one of them out",
        )


def _tested(data: Dataset, model: str, options: Mapping[str, Any], run: Run) -> CautionChoice:
    """The least caution that passes; the most that was tried where none does."""
    # a model that was cut short would pass, as it says nothing
    quiet = run.child("privacy", quiet=True, to_end=True)
    # later rows are unlike earlier ones, and would seem to be further away for that
    learned, unseen = split(data, quiet, 0.5, latest=False)
    words = "testing whether rows hide those learned from"
    with run.stage("privacy", words, len(LEVELS)) as stage:
        for caution in LEVELS:
            made = Synthesizer.fit(learned, quiet, model, {**options, OPTION: caution})
            run.check()
            rows = made.tabular_rows(max(MADE, len(learned)), run=quiet)
            near = _closeness(rows, learned, unseen, quiet)
            chance = 0.5 + REJECTED * near.error
            stage.advance()
            if near.share <= chance:
                break
    told = None
    if len(unseen) >= FEWEST_ROWS:
        same = np.arange(min(len(unseen), len(rows)))
        told = judged_by_trees(unseen.rows(same), rows.rows(same), quiet).auc.value
    return CautionChoice(caution, near.share, chance, near.share <= chance, told, len(learned))


def _closeness(made: Dataset, learned: Dataset, unseen: Dataset, run: Run) -> Closeness:
    size = min(len(learned), len(unseen), COMPARED)
    rng = run.rng("privacy", "compared")
    sides = [side.rows(rng.permutation(len(side))[:size]) for side in (learned, unseen)]
    layout, parts = features([*sides, made])
    embed = learn_embedding(layout, parts[0], run)
    points = [embed(part) for part in parts]
    return closeness(points[2], points[0], points[1], run)
