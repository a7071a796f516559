"""What a reader of a run's page may do next, as commands to be copied."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tidemill.core.condition import Test
from tidemill.core.finding import Finding
from tidemill.core.sensitive import may_be_sensitive
from tidemill.reporting.base import ReportInput
from tidemill.reporting.blocks import NextStep

MORE = 500
"""Rows that are drawn to be like those of a finding."""
QUESTIONS = (
    ("churn", re.compile("churn|attrition|exited|流失", re.IGNORECASE), "Whom to call first:"),
    ("fraud", re.compile("fraud|欺诈", re.IGNORECASE), "Which payments to look at first:"),
)
"""Recipes, what the targets that they are about are called, and what they answer."""
_MARK = "--"


def about_data(account: ReportInput) -> tuple[NextStep, ...]:
    """Leave out columns with personal data that were learned from, or get the cleaned table."""
    learned = account.learned_private_columns
    if learned and account.command:
        ignored = [("ignore", name) for name in sorted(learned)]
        again = [account.command, shlex.join(_options(*ignored))]
        if f"{_MARK}overwrite" not in account.command.split():
            again.append(f"{_MARK}overwrite")
        it = "it" if len(learned) == 1 else "them"
        return (NextStep(f"Run again without {it}:", " ".join(again)),)
    changed = account.changed is not None and account.changed.height > 0
    if account.source and (changed or account.undecided):
        out = "clean.parquet" if account.modality in ("images", "sounds") else "clean.csv"
        return (_step("Get the cleaned data:", "clean", account.source, out=out),)
    return ()


def about_findings(account: ReportInput) -> tuple[NextStep, ...]:
    """The recipe that the target asks for, or what would be if its strongest driver were
    another."""
    target = account.target
    if target is None:
        return _with_target(account)
    for recipe, names, answer in QUESTIONS:
        if account.source and names.search(target):
            return (_step(answer, "recipe", recipe, account.source, target=target),)
    for finding in account.findings or ():
        steps = what_if(account, finding)
        if steps:
            return steps
    return ()


def _with_target(account: ReportInput) -> tuple[NextStep, ...]:
    """Another run with a target: a column of two values, or else of numbers."""
    data = account.train
    if data is None or not account.source or account.modality != "rows":
        return ()
    columns = [column for column in data.schema.modelled if column.role == "feature"]
    columns.sort(key=lambda column: (column.kind == "boolean", column.kind == "number"))
    if not columns:
        return ()
    words = "Say what you would like to predict; for example:"
    name = columns[-1].name
    return (_step(words, "run", account.source, target=name, out="with-target"),)


def about_rows(account: ReportInput, shareable: bool) -> tuple[NextStep, ...]:
    """Attack the rows or, where nothing speaks against it, make rows to be passed on."""
    if not account.out or account.modality != "rows":
        return ()
    if shareable:
        words = "Make rows to be passed on, if a full audit lets them:"
        return (_step(words, "share", account.out, out="shared"),)
    return (_step("See what leaks, and how much:", "audit", account.out, out="audit"),)


def score_new_rows(folder: str) -> NextStep:
    """Rank new rows by the model in a folder of results."""
    return _step("Rank new rows, raw or clean:", "score", folder, "NEW.csv", out="list.csv")


def like_these(account: ReportInput, finding: Finding) -> tuple[NextStep, ...]:
    """New rows of the kind that a finding speaks of."""
    hidden = account.private_columns.intersection(test.column for test in finding.tests)
    if not account.out or not finding.tests or hidden or account.modality != "rows":
        return ()
    words = f"Make {MORE} new rows like these:"
    where = _options(*(("where", _where(test)) for test in finding.tests))
    return (_step(words, "sample", _model(account), *where, rows=str(MORE), out="more.csv"),)


def _where(test: Test) -> str:
    """A test as the command line reads it, with all of its digits."""
    if test.operator in ("missing", "present"):
        return f"{test.column} {test.operator}"
    if test.operator == "in":
        values = (str(value).replace('"', '""') for value in test.value)
        return f"{test.column} in " + ",".join(f'"{value}"' for value in values)
    whole = isinstance(test.value, float) and test.value.is_integer()
    return f"{test.column}{test.operator}{int(test.value) if whole else test.value}"


def what_if(account: ReportInput, finding: Finding) -> tuple[NextStep, ...]:
    """What the target would be if a driver with named levels had the one at which it is lowest."""
    data, table = account.train, finding.table
    if not account.out or data is None or table is None or finding.name != "driver":
        return ()
    name = finding.columns[0]
    if name in account.private_columns or name in may_be_sensitive(data.schema):
        return ()
    level = str(min(table.rows, key=lambda row: row[-1])[0])
    if data.schema[name].kind != "category" or level not in data[name].cast(str).unique():
        return ()
    words = f"See what the model expects if {name} were '{level}' in all rows:"
    clean = str(Path(account.out) / "clean.parquet")
    asked = _options(("set", f"{name}={level}"))
    return (_step(words, "what-if", _model(account), clean, *asked),)


def _model(account: ReportInput) -> str:
    return str(Path(account.out) / "model.tidemill")


def _step(words: str, *parts: str, **options: str) -> NextStep:
    return NextStep(words, shlex.join(("tidemill", *parts, *_options(*options.items()))))


def _options(*given: tuple[str, str]) -> list[str]:
    """Names and values as the command line takes them; a value that looks like an option is tied to
    its name."""
    parts = []
    for name, value in given:
        tied = value.startswith("-")
        parts += [f"{_MARK}{name}={value}"] if tied else [f"{_MARK}{name}", value]
    return parts
