"""Rules that hold in all rows, for a generator that learns the rows as they are."""

from __future__ import annotations

from tidemill.cleaning import CHECKS
from tidemill.cleaning.plan import clean
from tidemill.core.dataset import Dataset
from tidemill.core.run import Run
from tidemill.core.words import listing, plural

RULES = "rules"
SHOWN = 3


def with_found_rules(data: Dataset, run: Run) -> Dataset:
    """The same rows with the rules that hold in all of them in their schema, which is told."""
    if RULES not in CHECKS.for_modality(data.schema.modality):
        return data
    found = clean(data, run.child("rules", quiet=True), [RULES]).data
    new = found.schema.rules[len(data.schema.rules) :]
    if new:
        shown = [str(rule) for rule in new[:SHOWN]]
        if len(new) > SHOWN:
            shown.append(plural(len(new) - SHOWN, "other"))
        verb = "holds" if len(new) == 1 else "hold"
        run.emit(
            "note",
            "rules",
            f"{plural(len(new), 'rule')} {verb} in all rows, to be kept in those that are made: "
            f"{listing(shown)}. With option 'no-rules' none is looked for.",
        )
    return found
