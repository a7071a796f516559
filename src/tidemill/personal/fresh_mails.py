"""E-mail addresses of made persons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.core import checked_values as checked
from tidemill.personal.fresh_names import FreshNames, scrambled

FEWEST = 5
"""A domain of fewer persons may be one person's own."""
NEUTRAL = "example.com"
Domains = tuple[tuple[str, int], ...]
"""Domains, and how many addresses have each."""


@dataclass(frozen=True, slots=True)
class FreshMails:
    """Makes addresses by number: the same number, and the same name, always go together.

    Attributes:
        names: Makes what stands before the @.
        domains: What stands behind it, and how many addresses have it.
    """

    names: FreshNames
    domains: Domains

    def made(self, number: np.ndarray, seed: int) -> pl.Series:
        """(n,) numbers of persons -> (n,) their addresses."""
        before = self.names.made(number, seed).str.replace_all(r"[^A-Za-z0-9._%+-]", "")
        return before + "@" + drawn_domains(self.domains, number, seed)

    def to_state(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"names": self.names.to_state(), "domains": [list(one) for one in self.domains]}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The ones that :meth:`to_state` described.

        Raises:
            ValueError: There is no domain.
        """
        domains = domains_of(state["domains"])
        if not domains:
            raise ValueError("there is no domain of addresses")
        return cls(FreshNames.from_state(state["names"]), domains)


def drawn_domains(domains: Domains, number: np.ndarray, seed: int) -> pl.Series:
    """(n,) numbers of persons -> (n,) the domains of their addresses."""
    rows = np.array([rows for _, rows in domains], float)
    ends = np.cumsum(rows / rows.sum())
    at = np.searchsorted(ends, scrambled(number, seed % 2**63, 999) / 2**63, side="right")
    return pl.Series([domain for domain, _ in domains])[np.minimum(at, len(domains) - 1)]


def domains_of(state: Iterable[Sequence[Any]]) -> Domains:
    """Domains from plain JSON values.

    Raises:
        ValueError: One has no rows.
    """
    return tuple(
        (checked.text(domain), checked.whole(rows, 1, checked.MOST_COUNTED))
        for domain, rows in state
    )


def shared_domains(addresses: pl.Series) -> Domains:
    """The domains that FEWEST different addresses have, and how many; a neutral one for the others
    where these are a fifth or more."""
    domains = addresses.str.extract(r"@([^@\s]+)\s*$").str.to_lowercase().rename("domain")
    counted = domains.drop_nulls().value_counts().sort("domain")
    kept = counted.filter(pl.col("count") >= FEWEST)
    shared = [(str(domain), int(rows)) for domain, rows in kept.iter_rows()]
    others = int(counted["count"].sum()) - sum(rows for _, rows in shared)
    if not shared or 5 * others >= int(counted["count"].sum()):
        shared.append((NEUTRAL, max(others, 1)))
    return tuple(shared)


def before_at(addresses: Sequence[str]) -> list[str]:
    """What stands before the @ of addresses, each once."""
    return list(dict.fromkeys(one.strip().partition("@")[0] for one in addresses))
