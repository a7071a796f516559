"""Rules of thumb."""

from __future__ import annotations

import numpy as np

from tidemill.core.run import Run
from tidemill.customers.base import WEEK, ExpectedBuying, KnownCustomers, Purchases


class AsInTheLastSpan:
    """As many purchases and as much money as in the span before."""

    def expect(self, purchases: Purchases, at: int, span: int, run: Run) -> ExpectedBuying:
        """See :class:`tidemill.customers.base.ValueModel`."""
        known = KnownCustomers.of(purchases, at, span)
        return ExpectedBuying(known.last, np.maximum(known.last_money, 0))


class AtTheirOwnRate:
    """As many a week as since the first purchase, each for what was spent in the mean."""

    def expect(self, purchases: Purchases, at: int, span: int, run: Run) -> ExpectedBuying:
        """See :class:`tidemill.customers.base.ValueModel`."""
        known = KnownCustomers.of(purchases, at, span)
        # who came this week has a rate that nobody knows yet
        rate = known.repeats / np.maximum(known.age, 1.0)
        times = rate * span / WEEK
        return ExpectedBuying(times, times * known.spent * (1 - known.refunded))


AS_IN_THE_LAST_SPAN = AsInTheLastSpan()
AT_THEIR_OWN_RATE = AtTheirOwnRate()
