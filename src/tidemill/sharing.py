"""Rows to be passed on: made, cleared of copies, audited, and written with a data card, or
refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from tidemill.auditing.attacking import evidence
from tidemill.auditing.audit import AT_RISK, LIMIT, Audit, audit
from tidemill.auditing.audit import OUTPUTS as AUDIT_OUTPUTS
from tidemill.core.artifact import write_json
from tidemill.core.dataset import Dataset
from tidemill.core.errors import DataError, OptionError, OutputError
from tidemill.core.options import whole
from tidemill.core.outputs import refuse_results
from tidemill.core.results_folder import making
from tidemill.core.run import Run
from tidemill.core.score import Score
from tidemill.core.states import HasState
from tidemill.io.conforming import conform
from tidemill.io.writing import write
from tidemill.metrics.evaluate import evaluate
from tidemill.pipeline.feedback import near_copies
from tidemill.reporting.card import DataCard, data_card
from tidemill.synthesis.synthesizer import Synthesizer

OUTPUTS = ("synthetic.csv", "synthetic.parquet", "card.json", "card.html")
METRICS = ("marginals", "pairs", "detection", "coverage", "utility")
DRAWS = 10
"""How often rows are drawn, to take the place of those that were dropped."""


@dataclass(frozen=True)
class Shared(HasState):
    """What was written to be passed on.

    Attributes:
        data: The rows.
        card: What goes with them.
        audit: What was found out about them.
        out: The folder with the rows and the card.
        audited: The folder with the audit, which stays with the owner of the data.
    """

    STATE = ("rows", "out", "audited", "audit")

    data: Dataset
    card: DataCard
    audit: Audit
    out: Path
    audited: Path

    @property
    def rows(self) -> int:
        """How many rows are shared."""
        return len(self.data)

    def __str__(self) -> str:
        return (
            f"{self.audit.verdict}\n{len(self.data):,} rows and "
            f"their card are in {self.out}.\nThe audit is in {self.audited}: it stays with you, "
            f"{AT_RISK} above all."
        )


def share(
    model: Synthesizer,
    train: Dataset,
    holdout: Dataset,
    out: Path,
    run: Run,
    *,
    rows: int | None = None,
    licence: str = "",
    despite_audit: str | None = None,
    canaries: int | None = None,
    overwrite: bool = False,
) -> Shared:
    """Make rows, drop copies and near copies of training rows, audit the rest, and write it with a
    data card.

    Nothing is written to ``out`` where the audit's light is red, or where the held-out rows are no
    control for an audit, unless a reason is given, which is written on the card. The audit lies
    beside it, in a folder whose name ends in ``-audit``.

    Args:
        model: The generator.
        train: The rows that it learned from.
        holdout: Real rows that it has not seen.
        out: A folder for synthetic.csv, synthetic.parquet, card.html and card.json; it appears
            whole or not at all.
        run: Seed, threads, progress and cancelling.
        rows: How many; as many as training rows by default.
        licence: What others may do with the rows.
        despite_audit: Why they shall be shared although the light is red.
        canaries: How many rows to plant for the audit.
        overwrite: Whether folders that exist may be replaced.

    Raises:
        OutputError: The light is red, or the folders exist or cannot be written.
        DataError: No row is left that is no copy.
        OptionError: The reason is empty, or there is no such number of rows.
    """
    rows = None if rows is None else whole(rows, "rows")
    _check(out, rows, despite_audit, overwrite)
    model.only_rows("sharing with an audit")
    with making(out, OUTPUTS, "share", overwrite=overwrite) as results:
        like = model.sample_dataset(0, run=run)
        train = conform(train, like, run)
        holdout = conform(holdout, train, run)
        kept, dropped = _no_copies(model, train, holdout, rows or len(train), run)
        audited = audit(model, train, holdout, run, synthetic=kept, canaries=canaries)
        audit_folder = audited.save(beside_of(out), overwrite=overwrite)
        if despite_audit is None:
            _refuse(audited, audit_folder, out)
        scores = _scores(train, holdout, kept, run)
        card = _card(audited, kept, dropped, scores, licence, despite_audit or "")
        _write(kept, card, results.aside)
    run.emit("done", "share", "")
    return Shared(kept, card, audited, out, audit_folder)


def _refuse(audited: Audit, audit_folder: Path, out: Path) -> None:
    """No rows leave whose light is red, or of which no audit could be made."""
    if audited.light == "red":
        raise OutputError(
            f"nothing was written, as the audit's light is red. {audited.verdict}",
            where=str(out),
            hint=f"read {audit_folder / 'report.html'}; coarser columns, more training rows or a "
            "model that keeps less may help",
        )
    if not audited.controlled:
        raise OutputError(
            f"nothing was written, as these rows cannot be audited. {audited.verdict}",
            where=str(out),
            hint=f"read {audit_folder / 'report.html'}; give held-out rows that were not learned, "
            "of the same sort as the training rows, or say with option 'despite-audit' why the "
            "rows are shared all the same",
        )


def beside_of(out: Path) -> Path:
    """The folder of the audit."""
    return out.with_name(f"{out.name}-audit")


def _card(
    audited: Audit,
    kept: Dataset,
    dropped: int,
    scores: tuple[Score, ...],
    licence: str,
    despite_audit: str,
) -> DataCard:
    return DataCard(
        name=audited.name,
        rows=len(kept),
        columns=kept.schema.names,
        dropped=dropped,
        made={**audited.made, "source": "these"},
        audited=audited.rows,
        scores=scores,
        leaks=audited.leaks,
        light=audited.light,
        verdict=audited.verdict,
        limit=LIMIT,
        licence=licence,
        made_up=_made_up(kept),
        despite=despite_audit,
        seed=audited.seed,
        versions=audited.versions,
    )


def _made_up(kept: Dataset) -> tuple[str, ...]:
    """The columns of personal data of which nothing was learned."""
    return tuple(
        f"'{column.name}' ({column.personal})"
        for column in kept.schema
        if column.personal and column.kind == "id" and not column.kept
    )


def _check(out: Path, rows: int | None, despite: str | None, overwrite: bool) -> None:
    if rows is not None and rows < 1:
        raise OptionError(f"{rows} rows cannot be shared", hint="ask for 1 or more")
    if despite is not None and not despite.strip():
        raise OptionError(
            "no reason is given", hint="say why the rows are shared although the light is red"
        )
    if out.is_file():
        raise OutputError(
            "this is a file, not a folder", where=str(out), hint="give a folder with option 'out'"
        )
    refuse_results(out, OUTPUTS, overwrite)
    refuse_results(beside_of(out), AUDIT_OUTPUTS, overwrite)


def _no_copies(
    model: Synthesizer, train: Dataset, holdout: Dataset, wanted: int, run: Run
) -> tuple[Dataset, int]:
    """So many rows that are no copies, fewer where the model has no more, and how many were
    dropped."""
    parts: list[Dataset] = []
    dropped = 0
    left = wanted
    for number in range(DRAWS):
        if not left:
            break
        name = ("sharing", number) if number else ()
        drawn = model.sample_dataset(left, run=run.child(*name, quiet=True))
        run.check()
        copies = near_copies(drawn, train, holdout, run)
        parts.append(drawn.rows(~copies))
        dropped += int(copies.sum())
        left -= len(parts[-1])
    kept = replace(parts[0], frame=pl.concat([part.frame for part in parts]), origin=None)
    if 0 < len(kept) < wanted:
        run.warn(
            f"only {len(kept):,} of {wanted:,} rows are no copies of training rows: the model "
            "repeats what it learned"
        )
    if not len(kept):
        raise DataError(
            "every row that the model makes is a copy or a near copy of a training row",
            where=train.name,
            hint="learn with a model that keeps less, such as option 'least=30'",
        )
    return kept, dropped


def _scores(train: Dataset, holdout: Dataset, kept: Dataset, run: Run) -> tuple[Score, ...]:
    """The first overall score of each metric that says what rows are worth."""
    scores = evaluate(evidence(train, holdout, kept, None, run), run, METRICS)
    first = {score.metric: score for score in reversed(scores.overall())}
    return tuple(first[name] for name in METRICS if name in first)


def _write(kept: Dataset, card: DataCard, folder: Path) -> None:
    marked = replace(kept, origin=pl.Series(np.ones(len(kept), np.int16)))
    write(marked, folder / "synthetic.csv")
    write(marked, folder / "synthetic.parquet")
    write_json(folder / "card.json", card.to_state())
    data_card(card).save(folder / "card.html")
