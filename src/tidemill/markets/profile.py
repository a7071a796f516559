"""Six answers of a client, and the one number that follows: the loss that must not be exceeded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tidemill.core.words import number, percent, plural

SOON = 1.0
"""Years within which money that has fallen may not have risen again."""
MUCH_SOON = 0.20
"""More than this is not to be lost of money that is needed soon."""
NEW = 1.0
"""Years below which a client has hardly seen money fall."""
MUCH_NEW = 0.30
"""A client who has never seen a fall and says to bear this much does not know it."""
LEAST_SEEN = 0.10
"""What a client may lose at most who has hardly seen money fall."""
RESERVE = 3.0
"""Months of spending below which the money may be needed at any time."""

QUESTIONS: Mapping[str, str] = {
    "horizon": "in how many years the money is needed",
    "loss": "how many percent of it the client would bear to have lost by then",
    "income": "how many percent of it are drawn in a year to live on; 0 for none",
    "experience": "for how many years the client has held what rises and falls; 0 for never",
    "debt": "what the client owes, in percent of it; 0 for nothing",
    "reserve": "for how many months of spending there is other money",
}


@dataclass(frozen=True)
class LossBound:
    """The number that binds.

    Attributes:
        loss: At most this share of the money may be lost, but for 5 % chance.
        years: Over this time.
        limits: What each answer allows, in words, with the share; the smallest binds.
        notes: What else follows.
    """

    loss: float
    years: float
    limits: tuple[tuple[str, float], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ClientAnswers:
    """What a client said.

    Attributes:
        horizon: Years.
        loss: A share of the money.
        income: A share of it, a year.
        experience: Years.
        debt: A share of it.
        reserve: Months.
    """

    horizon: float
    loss: float
    income: float
    experience: float
    debt: float
    reserve: float

    @staticmethod
    def of(said: Mapping[str, float]) -> ClientAnswers:
        """By the names of QUESTIONS, shares in percent."""
        return ClientAnswers(
            said["horizon"],
            said["loss"] / 100,
            said["income"] / 100,
            said["experience"],
            said["debt"] / 100,
            said["reserve"],
        )

    @property
    def free(self) -> float:
        """The share of the money that is neither owed nor drawn before it is needed."""
        return 1 - self.debt - self.income * self.horizon

    def words(self) -> tuple[tuple[str, str], ...]:
        """Each question with its answer."""
        said = (
            _years(self.horizon),
            percent(self.loss),
            f"{percent(self.income)} a year",
            _years(self.experience),
            percent(self.debt),
            _months(self.reserve),
        )
        heads = (
            *("Needed in", "May be lost, says the client", "Drawn to live on"),
            *("Experience with what rises and falls", "Owed", "Other money for"),
        )
        return tuple(zip(heads, said, strict=True))

    def contradictions(self) -> tuple[str, ...]:
        """Answers that cannot all be right, as sentences; they are to be asked again.

        Example:
            >>> [found] = ClientAnswers(20, 0.1, 0.06, 5, 0, 6).contradictions()
            >>> found[:68]
            'What is owed (0 %) and drawn (6 % a year over 20 years) is all of th'
        """
        found = []
        if self.loss > 0 and self.free <= 0:
            found.append(
                f"What is owed ({percent(self.debt)}) and drawn ({percent(self.income)} a year "
                f"over {_years(self.horizon)}) is all of the money, and yet {percent(self.loss)} "
                "of it may be lost: ask again for horizon, income, debt and loss."
            )
        if self.horizon < SOON and self.loss > MUCH_SOON:
            found.append(
                f"The money is needed in {_years(self.horizon)}, and yet {percent(self.loss)} of "
                "it may be lost, with no time to wait for a rise: ask again for horizon and loss."
            )
        if self.experience < NEW and self.loss > MUCH_NEW:
            found.append(
                f"The client has held what rises and falls for {_years(self.experience)}, and yet "
                f"says to bear a loss of {percent(self.loss)}: ask again for experience and loss, "
                "with the loss as an amount of money."
            )
        return tuple(found)

    def bound(self) -> LossBound:
        """The number that binds: the smallest loss that any answer allows."""
        limits = [("The client would bear it", self.loss)]
        if self.debt > 0 or self.income > 0:
            limits.append(("Neither owed nor drawn before", max(self.free, 0.0)))
        if self.experience < NEW:
            seen = f"Has held what rises and falls for less than {_years(NEW)}"
            limits.append((seen, LEAST_SEEN))
        years, notes = self.horizon, []
        if self.reserve < RESERVE and self.horizon > SOON:
            years = SOON
            notes.append(
                f"Other money is there for {_months(self.reserve)} only: this money may be needed "
                f"at any time, so that the loss counts over {_years(SOON)}, not over "
                f"{_years(self.horizon)}."
            )
        loss = min(limit for _, limit in limits)
        return LossBound(loss, years, tuple(limits), tuple(notes))


def _years(time: float) -> str:
    if time < 1 and time > 0:
        return _months(12 * time)
    if float(time).is_integer():
        return plural(int(time), "year")
    return f"{number(time)} years"


def _months(time: float) -> str:
    if float(time).is_integer():
        return plural(int(time), "month")
    return f"{number(time, 2)} months"
