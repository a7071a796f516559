"""All attacks on one table of synthetic rows, or why the held-out rows are no control for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from tidemill.auditing import ATTACKS
from tidemill.auditing.base import Attack, AttackData, unknown
from tidemill.auditing.control import CONTROL, few_entities, no_control
from tidemill.auditing.rare_values import kept_columns, personal_values
from tidemill.auditing.setup import FEWEST_ROWS, attack_data
from tidemill.core.dataset import Dataset
from tidemill.core.finding import Findings
from tidemill.core.leak import Leak
from tidemill.core.privacy import UNCONTROLLED
from tidemill.core.run import Run
from tidemill.core.score import Evidence, Score
from tidemill.mining.mine import mine
from tidemill.synthesis.synthesizer import Synthesizer


def evidence(
    train: Dataset, holdout: Dataset, synthetic: Dataset, findings: Findings | None, run: Run
) -> Evidence:
    """The three sets with the floor that is learned from the training rows, a way to mine again,
    and a way to attack."""
    # rules would tie columns together, which the floor must not be
    untied = replace(train, schema=replace(train.schema, rules=()))
    beside = run.child(quiet=True, to_end=True)
    floor = Synthesizer.fit(untied, beside, "independent").sample_dataset(
        len(synthetic), run=beside
    )
    # ignored columns are not generated, so nothing is compared in them
    real, held, floor = (_like(part, synthetic) for part in (train, holdout, floor))
    return Evidence(
        real,
        held,
        synthetic,
        floor,
        findings,
        lambda one, other: mine(one, other, beside),
        attack,
    )


def _like(real: Dataset, made: Dataset) -> Dataset:
    """The columns of made rows; where these tell several courses of the same entities apart, real
    ones are a single course."""
    more = [column for column in made.schema if column.name not in real.schema]
    if more:
        frame = real.frame.with_columns(pl.lit(0).alias(column.name) for column in more)
        schema = replace(real.schema, columns=(*real.schema.columns, *more))
        real = replace(real, frame=frame, schema=schema)
    return real.select(made.schema.names)


def attacked(attacks: Mapping[str, Attack], data: AttackData, run: Run) -> tuple[Leak, ...]:
    """What the attacks found; without a control, only why there is none, and real values of
    personal columns."""
    missing = no_control(data, run)
    if missing is not None:
        return without_control(missing, data.whole, run)
    leaks: list[Leak] = list(kept_columns(data.whole.train))
    for name, attack in run.track(tuple(attacks.items()), "audit", "attacking the synthetic rows"):
        run.emit("note", "audit", f"attack: {ATTACKS[name].line}")
        leaks += attack(data, run)
    return tuple(leaks)


def without_control(missing: Leak, sets: Evidence, run: Run) -> tuple[Leak, ...]:
    """Why there is no control, and what can be told without one."""
    return (missing, *kept_columns(sets.train), *personal_values(sets, run))


def attack(compared: Evidence, run: Run) -> Iterable[Score]:
    """Each leak as a score; attacks that need the model are left to an audit."""
    for leak in _leaks(compared, run):
        sentence = f"{leak.score.sentence} {leak.reason}".strip()
        yield replace(leak.score, sentence=sentence)


def _leaks(compared: Evidence, run: Run) -> tuple[Leak, ...]:
    few = few_entities(compared.train, compared.holdout)
    if few is not None:
        return without_control(few, compared, run)
    fewest = min(len(compared.train), len(compared.holdout), len(compared.synthetic))
    if fewest < FEWEST_ROWS:
        why = f"there are fewer than {FEWEST_ROWS} training, held-out or synthetic rows"
        return without_control(unknown(CONTROL, UNCONTROLLED, why), compared, run)
    return attacked(ATTACKS.chosen("rows"), attack_data(compared, run), run)
