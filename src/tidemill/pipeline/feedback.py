"""Generated rows sent back to the top: gates, mining beside the real rows, and what it changed for
the target's model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from tidemill.cleaning import plan as cleaning
from tidemill.core.columns import by_name
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Findings
from tidemill.core.lawful import obeys
from tidemill.core.run import Run
from tidemill.metrics.findings import matched
from tidemill.metrics.nearest import NEAR
from tidemill.mining.mine import mine
from tidemill.reporting.base import Round
from tidemill.supervised.arrays import FeatureLayout, Features, Floats, features
from tidemill.supervised.auc import auc
from tidemill.supervised.boosting import boosted, tree_matrix
from tidemill.supervised.points import learn_embedding, nearest
from tidemill.supervised.targets import targets

REFERENCES = 20_000
BOOTSTRAPS = 400
TREES = 100


def once_more(
    number: int,
    generated: Dataset,
    train: Dataset,
    holdout: Dataset,
    plan: cleaning.Plan,
    findings: Findings,
    run: Run,
) -> Round:
    """Feed generated rows back and tell what became of them; the generator itself is not taught
    anew.

    Args:
        number: Of the round; 2 is the first in which anything is fed back.
        generated: The rows of the round before.
        train, holdout: The real rows, cleaned by the plan.
        plan: The plan learned from the training rows.
        findings: What mining found in the real rows.
        run: Seed, threads and progress.
    """
    kept, dropped = gated(generated, train, holdout, plan, run)
    if not len(kept):
        return Round(number, len(generated), dropped, 0)
    both = joined(train, kept)
    again = mine(both, holdout, run)
    outcome = Round(
        number,
        len(generated),
        dropped,
        len(kept),
        gained=_only(again, findings, holdout),
        lost=_only(findings, again, holdout),
    )
    return _judged(outcome, train, both, holdout, run)


def gated(
    generated: Dataset, train: Dataset, holdout: Dataset, plan: cleaning.Plan, run: Run
) -> tuple[Dataset, dict[str, int]]:
    """The rows that pass the cleaning, the rules and the search for near-copies, and how many fell
    at each gate."""
    cleaned = cleaning.apply(plan, generated).data
    names = [name for name in train.schema.names if name in cleaned.schema]
    rows = cleaned.select(names)
    dropped: dict[str, int] = {}
    lawful = np.ones(len(rows), bool)
    for rule in train.schema.rules:
        lawful &= obeys(rule, rows.frame, train.frame)
    dropped["break a rule that always holds"] = int((~lawful).sum())
    rows = rows.rows(lawful)
    copies = np.zeros(0, bool)
    if len(rows):
        copies = near_copies(rows, train.select(names), holdout.select(names), run)
    dropped["are near-copies of real rows"] = int(copies.sum())
    return rows.rows(~copies), dropped


def near_copies(rows: Dataset, train: Dataset, holdout: Dataset, run: Run) -> np.ndarray:
    """(n,) whether a row is nearer to a training row than all but NEAR of the held-out rows are,
    and not by chance equal.

    Where held-out rows often equal training rows, equality says nothing, and only then nothing is
    dropped.
    """
    layout, (learned, unseen, made) = features((train, holdout, rows))
    embed = learn_embedding(layout, learned, run)
    rng = run.rng("feedback", "references")
    references = embed(learned.rows(np.sort(rng.permutation(len(learned))[:REFERENCES])))
    held = embed(unseen.rows(np.sort(rng.permutation(len(unseen))[: REFERENCES // 2])))
    _, usual = nearest(held, references, run)
    _, distances = nearest(embed(made), references, run)
    return np.asarray(distances < float(np.quantile(usual, NEAR)))


def joined(train: Dataset, kept: Dataset) -> Dataset:
    """Training rows and kept rows one below the other, each with its origin."""
    real = pl.repeat(0, len(train), dtype=pl.Int16, eager=True)
    shared = train.select([name for name in train.schema.names if name in kept.schema])
    made = kept.frame.select(
        by_name(name).cast(dtype) for name, dtype in shared.frame.schema.items()
    )
    origin = kept.origin
    if origin is None:
        origin = pl.repeat(1, len(kept), dtype=pl.Int16, eager=True)
    return replace(shared, frame=pl.concat([shared.frame, made]), origin=pl.concat([real, origin]))


def _judged(outcome: Round, train: Dataset, both: Dataset, holdout: Dataset, run: Run) -> Round:
    """The round with the target's model on the real holdout, before and after; as it is where there
    is no target."""
    tables = (train.select(both.schema.names), both, holdout.select(both.schema.names))
    target = targets(tables)
    if isinstance(target, str):
        return outcome
    layout, parts = features(tables, [c for c in both.schema.modelled if c.name != target.column])
    classes = len(target.classes)
    before, after = (
        _predicted(layout, parts[k], target.values[k], parts[2], classes, run) for k in (0, 1)
    )
    truth = target.values[2]
    known = np.flatnonzero(~np.isnan(truth))

    def gained(rows: np.ndarray) -> float:
        quality = _quality(after[rows], truth[rows], classes)
        return quality - _quality(before[rows], truth[rows], classes)

    rng = run.rng("feedback", "bootstrap")
    gains = [gained(rng.choice(known, len(known))) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile(gains, [0.025, 0.975])
    return replace(
        outcome,
        measure=_measure(classes),
        before=_quality(before[known], truth[known], classes),
        after=_quality(after[known], truth[known], classes),
        interval=(float(low), float(high)),
    )


def _measure(classes: int) -> str:
    if not classes:
        return "R²"
    return "AUC" if classes == 2 else "accuracy"


def _predicted(
    layout: FeatureLayout, rows: Features, label: Floats, test: Features, classes: int, run: Run
) -> Floats:
    """(n,) the chance of the second class, the most likely class, or the number."""
    known = ~np.isnan(label)
    matrix = tree_matrix(rows.rows(known))
    model = boosted(layout, matrix, label[known], run, trees=TREES, classes=classes)
    predicted: Floats = np.asarray(model.predict(tree_matrix(test), num_threads=run.threads))
    return predicted.argmax(axis=1).astype(float) if classes > 2 else predicted


def _quality(predicted: Floats, truth: Floats, classes: int) -> float:
    if not classes:
        return float(1 - ((truth - predicted) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())
    if classes == 2:
        return auc(predicted[truth == 1], predicted[truth == 0]).value
    return float((predicted == truth).mean())


def _only(these: Findings, others: Findings, holdout: Dataset) -> tuple[str, ...]:
    """Sentences of those findings that have no like among the others."""
    return tuple(
        match.finding.sentence for match in matched(these, others, holdout) if match.again is None
    )
