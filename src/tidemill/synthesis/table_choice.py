"""Models of a table compete where that is asked for: each learns most of the rows, and a classifier
tells its rows from those that were kept back."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError
from tidemill.core.modality import TABLES
from tidemill.core.run import Run
from tidemill.core.split import split
from tidemill.core.words import plural
from tidemill.metrics.detection import FEWEST_ROWS, judged_by_trees
from tidemill.supervised.auc import Auc
from tidemill.synthesis.model_choice import Distinguished, TableChoice
from tidemill.synthesis.synthesizer import Synthesizer

CANDIDATES: Mapping[str, str] = {
    "trees": "lightgbm",
    "autoregressive": "torch",
    "flow": "torch",
    "vae": "torch",
    "gan": "torch",
}
"""Model -> the package that it takes; the first is preferred where others are hardly better."""
NETWORKS = frozenset(CANDIDATES) - {"trees"}
"""They learn for hours unless the time is limited."""
MINUTES, OF_TIME = 1.0, 1 / 3
"""So long does each network learn for the race; or all together for that part of the time for
learning, where this is limited."""
HELD_BACK = 0.25
CHANCE = 2.0
"""Standard errors by which a model must be ahead of one that is preferred to it."""
DIGITS = 4
"""Of the figures that are told."""


def table_choice(data: Dataset, run: Run) -> TableChoice:
    """The model whose rows a classifier tells least from rows that no model learned.

    Args:
        data: What is to be learned.
        run: Is told what was chosen, and by what figures.

    Raises:
        OptionError: The data are no rows, or too few to judge by.
    """
    if data.schema.modality not in TABLES:
        raise OptionError(
            f"models compete for tables, and these are {data.schema.modality}",
            hint="name a model: `tidemill models` lists them",
        )
    quiet = run.child("choose", quiet=True)
    # later rows are unlike earlier ones, and no model's rows would be like them
    learned, kept_back = split(data, quiet, HELD_BACK, latest=False)
    if len(kept_back) < FEWEST_ROWS:
        raise OptionError(
            f"a quarter of {plural(len(data), 'row')} is too few to judge models by",
            hint="leave option 'model' out, which takes trees",
        )
    names = [name for name, package in CANDIDATES.items() if find_spec(package) is not None]
    minutes = MINUTES
    if run.minutes is not None:
        minutes = run.minutes * OF_TIME / max(len(NETWORKS.intersection(names)), 1)
    found: dict[str, Auc] = {}
    refused = []
    for name in run.track(names, "choose", f"letting {', '.join(names)} make rows"):
        part = quiet.child(name, quiet=True, minutes=minutes if name in NETWORKS else None)
        try:
            model = Synthesizer.fit(learned, part, name)
        except (DataError, OptionError) as refusal:
            refused.append(f"'{name}' does not compete: {refusal.what.rstrip('.')}.")
            continue
        made = model.sample_dataset(len(kept_back), run=part)
        found[name] = judged_by_trees(kept_back, made, quiet).auc
    for reason in refused:
        run.emit("note", "choose", reason)
    return _chosen(found, len(kept_back), run)


def _chosen(found: Mapping[str, Auc], rows: int, run: Run) -> TableChoice:
    """The first model that is not behind the best one beyond chance; which is told.

    Raises:
        OptionError: None could learn the rows.
    """
    if not found:
        raise OptionError("no model could learn these rows", hint="name one with option 'model'")
    best = min(found.values(), key=lambda auc: auc.value)
    model = next(
        name
        for name, own in found.items()
        if own.value - best.value <= CHANCE * (own.error**2 + best.error**2) ** 0.5
    )
    scores = [
        Distinguished(name, round(auc.value, DIGITS), round(auc.error, DIGITS))
        for name, auc in found.items()
    ]
    choice = TableChoice(model, tuple(scores), rows)
    run.emit("note", "choose", str(choice))
    return choice
