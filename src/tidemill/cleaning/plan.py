"""The cleaning plan: learned from training rows, applied to any rows, with a log of every changed
cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from tidemill.cleaning import CHECKS, changes
from tidemill.cleaning.base import Check, Diagnosis
from tidemill.cleaning.discretion import discreet
from tidemill.core.change import Issue
from tidemill.core.dataset import Dataset
from tidemill.core.errors import ArtifactError, InputError
from tidemill.core.notebook import paragraph, table
from tidemill.core.run import Run
from tidemill.core.schema import Rule
from tidemill.core.states import HasState, from_state
from tidemill.core.words import as_sentence, plural

_RECORDS = "rows"


@dataclass(frozen=True)
class Plan:
    """What the checks saw in the training rows, and what is to be repaired in any rows.

    Attributes:
        issues: What was seen, in the order of the checks.
        repairs: Check -> plain JSON values for its repair, in the order in which they are applied.
        rules: Rules that always hold between columns.
    """

    issues: tuple[Issue, ...] = ()
    repairs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def to_state(self) -> dict[str, Any]:
        """The plan as plain JSON values."""
        return {
            "issues": [issue.to_state() for issue in self.issues],
            "repairs": [
                {"check": name, "repair": dict(repair)} for name, repair in self.repairs.items()
            ],
            "rules": [_rule_state(rule) for rule in self.rules],
        }

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Plan:
        """The plan that :meth:`to_state` wrote.

        Raises:
            ArtifactError: The state is not one of a plan.
        """
        try:
            issues = from_state(tuple[Issue, ...], state["issues"])
            repairs = {raw["check"]: dict(raw["repair"]) for raw in state["repairs"]}
            rules = from_state(tuple[Rule, ...], state["rules"])
        except (InputError, KeyError, TypeError) as error:
            raise ArtifactError(
                f"this is not a stored cleaning plan ({error})", hint="clean again"
            ) from error
        return Plan(issues, repairs, rules)

    def _repr_html_(self) -> str:
        return _issues_html(self.issues)


@dataclass(frozen=True)
class Cleaned(HasState):
    """Cleaned rows, and what was changed in them and why.

    Attributes:
        data: The rows after all repairs, under the new schema with its rules.
        changes: One row a changed cell: row (position), column, before, after, check, reason. A row
            that was left out stands here once, with its cells and with "" as its column. Positions
            are those of the rows that came in.
        plan: The plan that was applied.
    """

    STATE = ("rows", "changed", "left_out", "issues")

    data: Dataset
    changes: pl.DataFrame
    plan: Plan

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.data)

    @property
    def changed(self) -> int:
        """How many cells were changed."""
        return self.changes.height - self.left_out

    @property
    def left_out(self) -> int:
        """How many rows were left out, since they are no records."""
        return int((self.changes["column"] == "").sum())

    @property
    def summary(self) -> str:
        """How many cells were changed, in how many columns, and how many rows were left out."""
        columns = self.changes["column"].n_unique() - bool(self.left_out)
        said = f"{plural(self.changed, 'cell')} changed"
        if columns:
            said += f" in {plural(columns, 'column')}"
        if self.left_out:
            said += f", {plural(self.left_out, 'row')} left out"
        return said

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What the checks saw in the rows from which the plan was learned."""
        return self.plan.issues

    def __repr__(self) -> str:
        seen = "".join(f"\n- {issue}" for issue in self.issues)
        return f"{self.data.name}, cleaned: {self.summary}{seen}"

    def _repr_html_(self) -> str:
        said = f", cleaned: {self.summary}"
        return paragraph(said, bold=self.data.name) + _issues_html(self.issues)


def records(data: Dataset, run: Run) -> Cleaned:
    """The rows without those that are no records, such as totals: to be left out before the rows
    are divided, since a total cannot be told without the rows that it adds up."""
    if _RECORDS not in CHECKS.for_modality(data.schema.modality):
        return apply(Plan(), data)
    cleaned = clean(data, run, [_RECORDS])
    if cleaned.left_out:
        said = " ".join(issue.sentence for issue in cleaned.issues if issue.applied)
        run.warn(f"{said} Nothing is learned of {_them(cleaned.left_out)}.", "clean")
    return cleaned


def learn(
    train: Dataset,
    run: Run,
    checks: Sequence[str] | None = None,
    holdout: Dataset | None = None,
    after: Plan | None = None,
) -> Plan:
    """Learn a cleaning plan from training rows; repairs take effect before the later checks look.

    Args:
        train: The rows to learn from.
        run: Seed, progress and cancelling.
        checks: Names of registered checks; None for all that look at such data. Their order is
            always the registry's.
        holdout: Rows that must confirm the rules; nothing else is learned from them.
        after: The plan by which rows were left out before these were divided; the new one begins
            with it.

    Raises:
        OptionError: A check does not exist.
    """
    chosen, came = _chosen(train, run, checks), train
    issues: list[Issue] = []
    repairs: dict[str, Mapping[str, Any]] = {}
    rules: list[Rule] = []
    if after is not None:
        chosen.pop(_RECORDS, None)
        issues += after.issues
        repairs.update(after.repairs)
    for name, check in run.track(chosen.items(), "clean", "checking the data", total=len(chosen)):
        diagnosis = check.diagnose(train, run)
        if diagnosis.repair and check.repair is not None:
            repairs[name] = diagnosis.repair
            train = check.repair(train, diagnosis.repair).data
            if holdout is not None:
                holdout = check.repair(holdout, diagnosis.repair).data
        if holdout is not None and check.confirm is not None:
            diagnosis = check.confirm(diagnosis, train, holdout)
        issues += diagnosis.issues
        rules += diagnosis.rules
    return Plan(discreet(issues, came), repairs, tuple(rules))


def apply(plan: Plan, data: Dataset) -> Cleaned:
    """Repair any rows as planned: training rows, holdout rows, or rows that a generator made.

    Raises:
        SchemaError: The rows lack a column that the plan repairs.
    """
    log = []
    at = np.arange(len(data))
    for name, repair in plan.repairs.items():
        check: Check = CHECKS.load(name)
        if check.repair is None:
            raise ArtifactError(f"the check '{name}' repairs nothing", hint="clean again")
        repaired = check.repair(data, repair)
        data = repaired.data
        rows = pl.Series("row", at[repaired.changes["row"].to_numpy()], dtype=pl.UInt32)
        entries = repaired.changes.with_columns(rows, pl.lit(name).alias("check"))
        log.append(entries.select(*changes.LOG))
        at = at if repaired.kept is None else at[repaired.kept]
    schema = replace(data.schema, rules=_rules(plan, data))
    table = pl.concat([pl.DataFrame(schema=changes.LOG), *log]).sort("row", maintain_order=True)
    made = [step for step in plan.repairs.items() if step not in data.repairs]
    return Cleaned(replace(data, schema=schema, repairs=(*data.repairs, *made)), table, plan)


def recounted(cleaned: Cleaned, data: Dataset, run: Run) -> Cleaned:
    """The same, with the issues as they are in all rows and not only in those learned from.

    Only what is told changes: an issue that all rows show in the same way gives its words and
    counts, any other says that it is about the rows learned from. Nothing of it is learned.

    Args:
        cleaned: What came of the plan that was learned from some of the rows.
        data: All rows, as they came in.
        run: Cancelling.
    """
    plan, quiet = cleaned.plan, run.child(quiet=True)
    told: dict[str, list[Issue]] = {}
    for name in CHECKS.for_modality(data.schema.modality):
        check: Check = CHECKS.load(name)
        known = [issue for issue in plan.issues if issue.check == name]
        # records are looked for in all rows anyway, and rules are confirmed on held-out rows
        if known and name != _RECORDS and check.confirm is None:
            seen = discreet(check.diagnose(data, quiet).issues, data)
            told[name] = [_of_all(issue, known, seen) for issue in known]
        if name in plan.repairs and check.repair is not None:
            data = check.repair(data, plan.repairs[name]).data
    issues = [told[issue.check].pop(0) if issue.check in told else issue for issue in plan.issues]
    return replace(cleaned, plan=replace(plan, issues=tuple(issues)))


def _of_all(issue: Issue, known: Sequence[Issue], seen: Sequence[Issue]) -> Issue:
    """The one issue among those seen in all rows that is like this one, where there is one."""
    alike = [one for one in seen if _kind(one) == _kind(issue)]
    if len(alike) == 1 and sum(_kind(one) == _kind(issue) for one in known) == 1:
        return alike[0]
    return replace(issue, sentence=f"{issue.sentence.rstrip('.')} (of the rows learned from).")


def _kind(issue: Issue) -> tuple[str, tuple[str, ...], bool, str]:
    return issue.check, issue.columns, issue.applied, issue.severity


def clean(data: Dataset, run: Run, checks: Sequence[str] | None = None) -> Cleaned:
    """Learn a plan from rows and apply it to the same rows.

    Raises:
        OptionError: A check does not exist.
    """
    return apply(learn(data, run, checks), data)


def _them(rows: int) -> str:
    return "it" if rows == 1 else "them"


def _chosen(train: Dataset, run: Run, checks: Sequence[str] | None) -> dict[str, Check]:
    modality = train.schema.modality
    loaded = CHECKS.chosen(modality, checks)
    for sentence in CHECKS.unsuited(modality, checks).values():
        run.warn(as_sentence(sentence), "clean")
    return {name: loaded[name] for name in CHECKS if name in loaded}


def _rule_state(rule: Rule) -> dict[str, Any]:
    return {**asdict(rule), "columns": list(rule.columns)}


def _rules(plan: Plan, data: Dataset) -> tuple[Rule, ...]:
    """The rules that the schema had already, and the learned ones that speak of its columns."""
    known = {(rule.kind, rule.columns) for rule in data.schema.rules}
    names = set(data.schema.names)
    rules = list(data.schema.rules)
    for rule in plan.rules:
        if names.issuperset(rule.columns) and (rule.kind, rule.columns) not in known:
            rules.append(rule)
    return tuple(rules)


def _issues_html(issues: Sequence[Issue]) -> str:
    if not issues:
        return paragraph("Nothing was seen.")
    titles = ("check", "what was seen", "example", "what was done")
    return table(titles, [(i.check, i.sentence, i.example, i.action) for i in issues])


__all__ = ["Cleaned", "Diagnosis", "Plan", "apply", "clean", "learn", "recounted", "records"]
