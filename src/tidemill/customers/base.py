"""Purchases of customers, what is known of each at a day, and what expects what comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tidemill.core.run import Run
from tidemill.supervised.arrays import Bools, Floats, Ints

WEEK = 7.0


@dataclass(frozen=True)
class Purchases:
    """Days on which customers bought something.

    Attributes:
        names: (n,) customers.
        who: (m,) the customer of each purchase, as a place in ``names``; ascending, and by day
            within each.
        day: (m,) whole days since 1970.
        money: (m,) what was paid, above 0; None where nothing is known of money.
        back_who, back_day, back_money: Refunds that belong to no single purchase, in the same way;
            money above 0.
        end: The day after the last one of the table.
        notes: What was left out, as sentences.
    """

    names: tuple[str, ...]
    who: Ints
    day: Ints
    money: Floats | None
    back_who: Ints
    back_day: Ints
    back_money: Floats
    end: int
    notes: tuple[str, ...]

    @property
    def begin(self) -> int:
        """The first day."""
        return int(self.day.min())

    def between(self, first: int, after: int) -> tuple[Floats, Floats]:
        """(n,) purchases, and (n,) money without refunds, from a day to before another."""
        inside = (self.day >= first) & (self.day < after)
        n = len(self.names)
        times = np.bincount(self.who[inside], minlength=n).astype(float)
        if self.money is None:
            return times, np.zeros(n)
        paid = np.bincount(self.who[inside], self.money[inside], minlength=n).astype(float)
        refunded = (self.back_day >= first) & (self.back_day < after)
        back = np.bincount(self.back_who[refunded], self.back_money[refunded], minlength=n)
        return times, paid - back


@dataclass(frozen=True)
class KnownCustomers:
    """What is known before a day of those who had bought by then.

    Attributes:
        at: The day.
        place: (n,) of customers in the table's.
        repeats: (n,) purchases after the first one: the models' x.
        recency: (n,) weeks from the first to the last one: t_x.
        age: (n,) weeks from the first one to ``at``: T.
        spent: (n,) mean money of a purchase; 0 where nothing is known of money.
        refunded: The share of all money that was given back later.
        last: (n,) purchases in the last span.
        last_money: (n,) money in it.
    """

    at: int
    place: Ints
    repeats: Floats
    recency: Floats
    age: Floats
    spent: Floats
    refunded: float
    last: Floats
    last_money: Floats

    @staticmethod
    def of(purchases: Purchases, at: int, span: int) -> KnownCustomers:
        """Those of purchases before a day, with the span of so many days before it."""
        before = purchases.day < at
        who, day = purchases.who[before], purchases.day[before]
        place, start = np.unique(who, return_index=True)
        many = np.diff(np.append(start, len(who)))
        first, last = day[start], day[start + many - 1]
        spent, refunded = np.zeros(len(place)), 0.0
        if purchases.money is not None:
            paid = np.add.reduceat(purchases.money[before], start)
            spent = paid / many
            back = purchases.back_money[purchases.back_day < at].sum()
            refunded = float(min(back / paid.sum(), 1.0))
        times, money = purchases.between(at - span, at)
        return KnownCustomers(
            at=at,
            place=place,
            repeats=many - 1.0,
            recency=(last - first) / WEEK,
            age=(at - first) / WEEK,
            spent=spent,
            refunded=refunded,
            last=times[place],
            last_money=money[place],
        )

    def of_customers(self, part: Ints) -> KnownCustomers:
        """Some of them, by their places here."""
        return KnownCustomers(
            at=self.at,
            place=self.place[part],
            repeats=self.repeats[part],
            recency=self.recency[part],
            age=self.age[part],
            spent=self.spent[part],
            refunded=self.refunded,
            last=self.last[part],
            last_money=self.last_money[part],
        )

    @property
    def bought_again(self) -> Bools:
        """(n,) who has bought more than once."""
        return np.asarray(self.repeats > 0)


@dataclass(frozen=True)
class ExpectedBuying:
    """What is expected of customers in a span.

    Attributes:
        purchases, money: (n,).
    """

    purchases: Floats
    money: Floats


class ValueModel(Protocol):
    """Expects what customers will buy."""

    def expect(self, purchases: Purchases, at: int, span: int, run: Run) -> ExpectedBuying:
        """What those known at a day will buy in a span from it on, by what was before it alone.

        Args:
            purchases: Of all customers; what is at or after ``at`` must not be looked at.
            at: The day.
            span: Days.
            run: Its seed.

        Returns:
            Of the customers of ``KnownCustomers.of(purchases, at, span)``.
        """
        ...
