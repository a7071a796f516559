"""The privacy audit: all attacks on one table of synthetic rows, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import polars as pl

from tidemill.auditing import ATTACKS
from tidemill.auditing.attacking import attacked, evidence, without_control
from tidemill.auditing.base import AttackData
from tidemill.auditing.canaries import CANARIES
from tidemill.auditing.control import CONTROL, few_entities
from tidemill.auditing.setup import attack_data
from tidemill.core.artifact import write_json
from tidemill.core.dataset import Dataset
from tidemill.core.errors import OptionError
from tidemill.core.leak import Leak
from tidemill.core.light import Light
from tidemill.core.notebook import paragraph, table
from tidemill.core.options import whole
from tidemill.core.privacy import SCALE, found, privacy_of
from tidemill.core.results_folder import making
from tidemill.core.run import Run
from tidemill.core.score import Evidence
from tidemill.core.states import HasState
from tidemill.io.conforming import conform
from tidemill.io.writing import write_frame
from tidemill.reporting.audit import Audited, audited
from tidemill.reporting.page import Report
from tidemill.synthesis.synthesizer import Synthesizer, versions

OUTPUTS = ("audit.json", "rows-at-risk.parquet", "report.json", "report.html")
AT_RISK = "rows-at-risk.parquet"
LIMIT = (
    "An audit makes the attacks that it knows. That they fail is no proof, and no legal "
    "guarantee, that a person cannot be recognised. It judges the rows, not the model's file: do "
    "not pass that on without need."
)


@dataclass(frozen=True)
class Audit(HasState):
    """What attacks on synthetic rows found.

    Attributes:
        name: What the training rows are called.
        made: How the rows were made: model, options, seed, rows learned from, as far as it is
            known; and whether they were drawn from the model or given.
        rows: Rows of each sort: training, holdout, synthetic, and those attacked.
        leaks: One figure an attack, or several.
        light: The worst of their lights; planted rows count only where they are red, as they are
            made to be remembered.
        verdict, advice: What they say together, and what the owner of the data should do.
        at_risk: One row for each exposed training row: its number in the training table (from 1),
            how it was exposed, and distances. Only for the data's owner: it is in no state and no
            report.
        warnings: What the audit told the user.
        seed, versions: What is needed to make it again.
    """

    STATE = (
        *("name", "made", "rows", "light", "verdict", "advice", "limit", "seed", "versions"),
        *("rows_at_risk", "leaks"),
    )

    name: str
    made: Mapping[str, Any]
    rows: Mapping[str, int]
    leaks: tuple[Leak, ...]
    light: Light
    verdict: str
    advice: str
    at_risk: pl.DataFrame = field(repr=False)
    warnings: tuple[str, ...] = ()
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        width = max((len(leak.score.name) for leak in self.leaks), default=0)
        lines = [f"{self.verdict} {self.advice}".strip(), ""]
        for leak in self.leaks:
            lines.append(f"{leak.light:9}  {leak.score.name:{width}}  {found(leak.score)}")
        lines.append("")
        for leak in self.leaks:
            if leak.light == "green":
                continue
            if leak.score.sentence:
                lines.append(f"{leak.score.name}: {leak.score.sentence} {leak.reason}")
            else:
                lines.append(f"{leak.score.name}: {leak.score.why}.")
        return "\n".join([*lines, LIMIT])

    def of(self, attack: str) -> tuple[Leak, ...]:
        """What one attack found."""
        return tuple(leak for leak in self.leaks if leak.attack == attack)

    @property
    def limit(self) -> str:
        """What an audit cannot say."""
        return LIMIT

    @property
    def controlled(self) -> bool:
        """Whether the held-out rows were a control at all."""
        return not self.of(CONTROL)

    @property
    def rows_at_risk(self) -> int:
        """How many training rows are exposed."""
        return self.at_risk.height

    def report(self) -> Report:
        """The page, for those who decide; it shows no row of anybody."""
        return audited(
            Audited(
                self.name,
                self.made,
                self.rows,
                self.leaks,
                self.light,
                self.verdict,
                self.advice,
                LIMIT,
                self.at_risk.height,
                self.warnings,
                self.seed,
                self.versions,
            )
        )

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write report.html, report.json, audit.json and, for the data's owner only,
        rows-at-risk.parquet.

        Raises:
            OutputError: They are there already, or cannot be written.
        """
        page = self.report()
        with making(Path(folder), OUTPUTS, "audit", overwrite=overwrite) as results:
            page.save(results.aside / "report.html")
            page.save(results.aside / "report.json")
            write_json(results.aside / "audit.json", self.to_state())
            write_frame(self.at_risk, results.aside / AT_RISK)
        return Path(folder)

    def _repr_html_(self) -> str:
        rows = []
        for leak in self.leaks:
            said = f"{leak.score.sentence or leak.score.why} {leak.reason}"
            rows.append((leak.light, leak.score.name, said))
        attacks = table(("light", "attack", "what it found"), rows)
        return paragraph("", bold=self.verdict) + attacks + paragraph(LIMIT)


def audit(
    model: Synthesizer | None,
    train: Dataset,
    holdout: Dataset,
    run: Run,
    *,
    synthetic: Dataset | None = None,
    sensitive: Sequence[str] = (),
    canaries: int | None = None,
    attacks: Sequence[str] | None = None,
) -> Audit:
    """Attack synthetic rows in every known way, with holdout rows as the control.

    Args:
        model: The generator; None where only its rows are at hand, and then no canaries are
            planted.
        train: The rows that it learned from.
        holdout: Real rows that it has not seen, at least 100, better 1,000.
        run: Seed, threads, progress and cancelling.
        synthetic: The rows to be audited; as many as training rows are drawn from the model by
            default.
        sensitive: Columns whose values an attacker wants to know, beside those that the model holds
            to be sensitive.
        canaries: How many rows to plant in all; CANARIES by default, 0 for none.
        attacks: Registered names; None for all.

    Raises:
        DataError: There are too few rows.
        OptionError: There is no such attack, or there is neither a model nor a table of synthetic
            rows.
        SchemaError: The tables' columns differ.
    """
    if model is None and synthetic is None:
        raise OptionError(
            "there is nothing to audit", hint="give a model, or the rows that it made"
        )
    # warnings of reading may quote a first line, so they stay out of the report
    earlier = len(run.warnings)
    # columns are attacked row by row, whatever else is there
    chosen = ATTACKS.chosen("rows", attacks)
    few = few_entities(train, holdout)
    others = [holdout] if synthetic is None else [holdout, synthetic]
    train, holdout, *made = _comparable(model, train, others, run)
    train = replace(train, schema=train.schema.with_roles("sensitive", sensitive), origin=None)
    sets = _evidence(model, train, holdout, made[0] if made else None, run)
    source = "drawn from the model for this audit" if synthetic is None else "given"
    with run.stage("scene", "measuring distances between the tables"):
        data = attack_data(sets, run, model, _to_plant(model, canaries))
    leaks = without_control(few, data.whole, run) if few else attacked(chosen, data, run)
    said = privacy_of([leak.score for leak in leaks])
    assert said is not None
    return Audit(
        name=train.name if model is None else model.manifest["name"],
        made={**_made(model), "source": source},
        rows=_row_counts(data),
        leaks=leaks,
        light=said.light,
        verdict=f"{said.sentence} {_planted(leaks, data)}".strip(),
        advice=said.advice,
        at_risk=_at_risk(leaks, data),
        warnings=tuple(run.warnings[earlier:]),
        seed=run.seed,
        versions=versions(),
    )


def _comparable(
    model: Synthesizer | None, train: Dataset, others: Sequence[Dataset], run: Run
) -> list[Dataset]:
    """The training rows and the others with the columns that are attacked: the modelled ones, and
    what else all of them have, such as ids and texts, also what the model did not learn."""
    whole = train
    if model is not None:
        model.only_rows("audit")
        like = model.sample_dataset(0, run=run.child(quiet=True))
        whole = conform(train, like, run)
        if len(others) > 1:  # rows that are given may have columns that are not the model's
            whole = _with_further(whole, train, others)
    modelled = {column.name for column in whole.schema.modelled}
    names = []
    for name in whole.schema.names:
        if name in modelled or all(name in table.schema for table in others):
            names.append(name)
    tables = [whole.select(names), *others]
    for name in set(names) - modelled:
        if len({table.frame[name].dtype for table in tables}) > 1:
            tables = [_as_text(table, name) for table in tables]
    return tables


def _as_text(data: Dataset, name: str) -> Dataset:
    return data.with_frame(data.frame.with_columns(data.frame[name].cast(pl.String)))


def _with_further(whole: Dataset, train: Dataset, others: Sequence[Dataset]) -> Dataset:
    """With the columns that all tables have beside those of the model."""
    further = [name for name in train.schema.names if name not in whole.schema]
    further = [name for name in further if all(name in table.schema for table in others)]
    columns = [replace(train.schema[name], role="ignore") for name in further]
    return replace(
        whole,
        frame=whole.frame.with_columns(train.select(further).frame),
        schema=replace(whole.schema, columns=(*whole.schema, *columns)),
    )


def _evidence(
    model: Synthesizer | None,
    train: Dataset,
    holdout: Dataset,
    synthetic: Dataset | None,
    run: Run,
) -> Evidence:
    """All tables in the types of the training rows; synthetic rows are drawn where none are
    given."""
    holdout = conform(_known(holdout, train), train, run)
    _check_rows(model, train, run)
    if synthetic is None:
        synthetic = cast(Synthesizer, model).sample_dataset(len(train), run=run)
    synthetic = conform(_known(synthetic, train), train, run)
    return evidence(train, holdout, synthetic, None, run)


def _to_plant(model: Synthesizer | None, canaries: int | None) -> int:
    if model is None:
        return 0
    return CANARIES if canaries is None else whole(canaries, "canaries")


def _row_counts(data: AttackData) -> dict[str, int]:
    return {
        "training": len(data.evidence.train),
        "holdout": len(data.evidence.holdout),
        "synthetic": len(data.evidence.synthetic),
        "attacked training": len(data.train),
        "attacked holdout": len(data.holdout),
        "synthetic used": len(data.synthetic.rows),
    }


def _known(data: Dataset, train: Dataset) -> Dataset:
    """The columns that are attacked, as far as they are there."""
    return data.select([name for name in data.schema.names if name in train.schema])


def _check_rows(model: Synthesizer | None, train: Dataset, run: Run) -> None:
    learned = len(train) if model is None else model.manifest["rows"]
    if learned != len(train):
        run.warn(
            f"the model learned from {learned:,} rows, but {len(train):,} are given as its "
            "training rows: an audit with other rows than those finds too little"
        )


def _made(model: Synthesizer | None) -> dict[str, Any]:
    if model is None:
        return {}
    names = ("model", "options", "seed", "rows", "steps_done", "steps_planned")
    return {name: model.manifest[name] for name in names}


def _planted(leaks: Sequence[Leak], data: AttackData) -> str:
    """What came of planted rows, where that is not the light itself."""
    if any(leak.attack == CONTROL for leak in leaks):
        return ""
    planted = [leak for leak in leaks if leak.attack == "canaries"]
    if not planted:
        why = "the model is not at hand" if data.model is None else "none were asked for"
        return f"No canaries were planted, as {why}."
    light = planted[0].light
    if light == "amber":
        return (
            "Canaries, rows planted to be remembered, are found again more than by chance: "
            f"{found(planted[0].score)} {SCALE}. The rarest people may be, too."
        )
    return f"Canaries, rows planted to be remembered: {light}."


def _at_risk(leaks: Sequence[Leak], data: AttackData) -> pl.DataFrame:
    """The exposed training rows, those first that were exposed in most ways and that a synthetic
    row comes nearest to."""
    reasons: dict[int, list[str]] = {}
    for leak in leaks:
        for place in leak.exposed:
            reasons.setdefault(int(place), []).append(leak.why)
    to_other_rows, _ = data.apart
    rows = []
    for at, place in enumerate(data.train.places):
        if int(place) in reasons:
            whys = reasons[int(place)]
            distances = (float(data.synthetic.to_train[at]), float(to_other_rows[at]))
            rows.append((int(place) + 1, "; ".join(whys), len(whys), *distances))
    columns = {
        "row": pl.Int64,
        "why": pl.String,
        "ways": pl.Int64,
        "nearest_synthetic": pl.Float64,
        "nearest_other_real": pl.Float64,
    }
    table = pl.DataFrame(rows, columns, orient="row")
    return table.sort("ways", "nearest_synthetic", "row", descending=[True, False, False])
