"""What `tidemill --help` shows: commands and options in sections, with examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "Begin here": ("demo", "run", "recipe"),
    "Data": ("read", "split", "clean", "mine"),
    "Models": ("fit", "sample", "infill", "extend", "what-if", "score"),
    "Judging": ("evaluate", "verdict", "fairness", "audit", "loop"),
    "Passing on": ("share", "report", "speak"),
}
"""Commands by what they are for; all others list what there is to choose from."""
LISTS = "Lists"

OPTIONS = {
    "Data": {
        *(
            "target",
            "schema",
            "ignore",
            "id",
            "sensitive",
            "time",
            "entity",
            "keep",
            "column",
            "positive",
        ),
        *("train", "holdout", "synthetic", "newer", "also", "like"),
    },
    "Model": {
        *("model", "option", "preset", "start", "window", "minutes", "steps", "device"),
        *("rounds", "quick", "threads", "seed"),
    },
    "Output": {"out", "log", "overwrite", "quiet", "json"},
}
"""Options by what they are about; all others are about what a command does."""
OWN = "Options"

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "demo": ("tidemill demo", "tidemill demo --list", "tidemill demo health-insurance"),
    "run": (
        "tidemill run customers.csv --target churn",
        "tidemill run sales.xlsx --target amount --ignore customer_id --out sales-page",
        "tidemill run shop.sqlite --keep-table products --out runs/shop",
    ),
    "recipe": (
        "tidemill recipe churn customers.csv --target churn --quick --assume call=8 --currency EUR",
        "tidemill recipe fraud cards.parquet --target is_fraud --cost fp=5,fn=120",
        "tidemill recipe describe catalogue.csv --writer local=small.gguf --minutes 3",
    ),
    "read": (
        "tidemill read customers.csv --target churn",
        'tidemill read "shop.sqlite?table=Order Details"',
    ),
    "split": (
        "tidemill split customers.csv --train train.csv --holdout holdout.csv --target churn",
        "tidemill split visits.csv --train a.csv --holdout b.csv --time day --entity customer",
    ),
    "clean": (
        "tidemill clean customers.csv --out clean.csv --log changes.csv",
        "tidemill clean customers.xlsx --out clean.xlsx --check missing",
    ),
    "mine": (
        "tidemill mine customers.csv --target churn",
        "tidemill mine customers.csv --target churn --technique drivers --out findings.json",
    ),
    "fit": (
        "tidemill fit customers.csv --target churn --out customers.tidemill",
        "tidemill fit prices.csv --time day --entity ticker --model autoregressive --minutes 5 "
        "--out prices.tidemill",
    ),
    "sample": (
        "tidemill sample customers.tidemill --rows 1000 --out new.csv",
        'tidemill sample customers.tidemill --rows 500 --where "age>=30" --balance churn=equal '
        "--out new.xlsx",
    ),
    "infill": (
        "tidemill infill customers.tidemill gaps.csv --out filled.csv",
        "tidemill infill customers.tidemill gaps.csv --draws 5 --out filled.parquet",
    ),
    "extend": (
        "tidemill extend prices.tidemill --past prices.csv --out futures.csv",
        "tidemill extend prices.tidemill --past prices.csv --steps 20 --paths 1000 "
        "--out futures.parquet",
    ),
    "what-if": (
        "tidemill what-if customers.tidemill customers.csv --set plan=team",
        'tidemill what-if customers.tidemill customers.csv --set plan=team --outcome "fee>50"',
    ),
    "score": (
        "tidemill score customers.tidemill july.csv --out ranked.csv",
        "tidemill score tidemill-recipe july.csv --out ranked.xlsx",
    ),
    "evaluate": (
        "tidemill evaluate --train train.csv --holdout holdout.csv --synthetic new.csv "
        "--target churn",
        "tidemill evaluate --train train.csv --holdout holdout.csv --synthetic new.csv "
        "--metric marginals",
        "tidemill evaluate runs/shop",
    ),
    "verdict": (
        "tidemill verdict --train train.csv --synthetic new.csv --target churn",
        "tidemill verdict --train train.csv --synthetic new.csv --target churn "
        "--holdout holdout.csv --cost fp=5,fn=200",
    ),
    "fairness": (
        "tidemill fairness customers.tidemill --train train.csv --holdout holdout.csv "
        "--sensitive gender",
        "tidemill fairness customers.tidemill --train train.csv --holdout holdout.csv "
        "--sensitive gender --target churn --out fairness.json",
    ),
    "audit": (
        "tidemill audit customers.tidemill --train train.csv --holdout holdout.csv",
        "tidemill audit customers.tidemill --train train.csv --holdout holdout.csv "
        "--synthetic new.csv --out audit",
    ),
    "share": (
        "tidemill share customers.tidemill --train train.csv --holdout holdout.csv --out shared",
        "tidemill share customers.tidemill --train train.csv --holdout holdout.csv --out shared "
        '--licence "for tests only"',
    ),
    "loop": (
        "tidemill loop customers.csv --target churn",
        "tidemill loop customers.csv --target churn --rounds 1 --cost fp=5,fn=200",
    ),
    "report": (
        "tidemill report tidemill-out",
        "tidemill report tidemill-out --out page.html",
    ),
    "speak": (
        "tidemill speak tidemill-out/report.html --out report.wav",
        "tidemill speak notes.txt --out notes.wav --voice en-us",
    ),
}
"""Command -> how it is called."""

GREETING = """\
Tidemill makes findings, a generator and new rows from a business table, and proves what they are
worth.

To begin with:
  tidemill demo                                        the whole job on a real table
  tidemill run customers.csv --target churn            the same on your own
  tidemill recipe churn customers.csv --target churn   who leaves, and whom to call first

All commands: tidemill --help
"""


class SectionedCommand(TyperCommand):
    """A command whose help has its options in sections, and examples at its end."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, by sections."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            is_option = parameter.param_type_name == "option"
            title = _section(parameter.opts) if is_option else "Arguments"
            sections.setdefault(title, []).append(record)
        for title in ("Arguments", OWN, *OPTIONS):
            if title in sections:
                with formatter.section(title):
                    formatter.write_dl(sections[title])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        examples = EXAMPLES.get(self.name or "", ())
        if examples:
            formatter.write_paragraph()
            formatter.write("Examples:\n" + "".join(f"  {line}\n" for line in examples))


class SectionedGroup(TyperGroup):
    """The whole, whose help has the commands in sections."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, by sections."""
        listed = {name for names in COMMANDS.values() for name in names}
        rest = tuple(name for name in self.list_commands(ctx) if name not in listed)
        width = max(map(len, self.commands))
        for title, names in {**COMMANDS, LISTS: rest}.items():
            lines = []
            for name in names:
                if name in self.commands:
                    lines.append((f"{name:{width}}", self.commands[name].get_short_help_str(120)))
            with formatter.section(title):
                formatter.write_dl(lines)


def _section(flags: Iterable[str]) -> str:
    names = {flag.lstrip("-") for flag in flags}
    return next((title for title, about in OPTIONS.items() if names & about), OWN)
