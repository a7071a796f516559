"""Which items or values occur together more often than by chance."""

from __future__ import annotations

from collections.abc import Iterable

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.run import Run
from tidemill.mining.basket_rules import basket_rules
from tidemill.mining.baskets import find_baskets
from tidemill.mining.table_rules import table_rules


def rules(train: Dataset, holdout: Dataset, run: Run) -> Iterable[Finding]:
    """Association rules of baskets where the table is in long form (basket, item), of values
    otherwise.

    Baskets are split as wholes: where the caller's split has put rows of one basket on both sides,
    the baskets of both sets together are split anew, and rules are learned from 70 % of them and
    confirmed on the others.

    Args:
        train: Rows to learn from.
        holdout: Rows that every figure is taken from.
        run: Seed.
    """
    form = find_baskets(train, holdout)
    if form is not None:
        yield from basket_rules(train, holdout, *form, run)
    else:
        yield from table_rules(train, holdout, run)
