"""Names of people, their e-mail addresses and where they live: fresh ones in the place of real
ones."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import polars as pl

from tidemill.codecs.columns.base import FIRST, SurrogateStream
from tidemill.codecs.columns.ids import IdCodec
from tidemill.codecs.columns.presence import Presence
from tidemill.codecs.columns.surrogate import SurrogateCodec
from tidemill.core import checked_values as checked
from tidemill.core.grid import Batch, Spec
from tidemill.core.run import Run
from tidemill.core.schema import ADDRESSES, MAILS, Column
from tidemill.personal.address_forms import address_forms, free_places
from tidemill.personal.fresh_mails import (
    Domains,
    FreshMails,
    before_at,
    domains_of,
    drawn_domains,
    shared_domains,
)
from tidemill.personal.fresh_names import FreshNames, free_words, scrambled
from tidemill.personal.name_forms import NameForm, best_language, mail_forms, name_forms
from tidemill.personal.word_lists import LATIN

_TRIES = 5
_FAR = 2**40
Maker = FreshNames | FreshMails


class PersonCodec(SurrogateCodec):
    """Names of people, or their addresses, that no training row has.

    The language, the order of the words, titles, initials and cases are learned; the names are
    drawn from lists of that language. Persons are numbered, so that the columns of one person
    agree, and as many rows have the same one as in training. What has no form that is known is made
    as ids are.

    Args:
        group: The training values of all columns that name the same persons; of this one alone
            where there are none.
        leader: The name of the first of these.
        pool: How many persons there are; 0 for as many as rows, None for as in the column.
    """

    inexact_because = "names are made afresh, so that none is a real one"

    maker: Maker | None
    ids: IdCodec | None
    domains: Domains
    pool: int
    repeats: float

    def __init__(
        self, group: Sequence[pl.Series] = (), leader: str = "", pool: int | None = None
    ) -> None:
        self._group, self._leader, self._pool = group, leader, pool

    @property
    def dtype(self) -> pl.DataType:

        return pl.String() if self.ids is None else self.ids.dtype

    def fit(
        self, column: Column, values: pl.Series, run: Run, persons: np.ndarray | None = None
    ) -> Self:
        """Learn how the names are written, and choose what fresh ones are made of."""
        known = values.drop_nulls()
        one_each = known
        if persons is not None:
            whose = pl.Series(persons[values.is_not_null().to_numpy()])
            one_each = known.filter(whose.is_first_distinct())
        self.presence = Presence.of(values)
        self.spec = Spec(codes=self.presence.codes(column.name))
        self.repeats = max(len(known) / max(known.n_unique(), 1), 1.0)
        self.pool = pool_of(len(known), known.n_unique()) if self._pool is None else self._pool
        self.maker, self.ids, self.domains = None, None, ()
        if known.dtype == pl.String and len(known):
            self.maker = self._learned(column, known, shared_domains(one_each.unique()), run)
        if self.maker is None:
            if column.personal == MAILS:
                self.domains = shared_domains(one_each.unique())
                values = pl.Series(before_at(known.unique().sort().to_list()), dtype=pl.String)
            self.ids = IdCodec().fit(column, values, run)
        return self

    def _learned(
        self, column: Column, known: pl.Series, domains: Domains, run: Run
    ) -> Maker | None:
        """What makes such values; None where their form is not known."""
        leader = self._leader or column.name
        group = list(self._group) or [known]
        salt = zlib.crc32(leader.encode())
        everything = pl.concat([one.drop_nulls() for one in group])
        latin = everything.filter(~everything.str.contains(r"[^\x00-\u024f’]")).unique().sort()
        language = ""
        if len(latin):
            sample = latin.gather_every(-(-len(latin) // 2_000)).str.replace(r"@.*$", "")
            language = best_language(tuple(LATIN), sample.to_list())
        texts = known.unique().sort().to_list()
        if column.personal == ADDRESSES:
            return _addresses(texts, salt, run, leader)
        mails = column.personal == MAILS
        if mails:
            forms = mail_forms(before_at(texts), column.name, language)
        else:
            forms = name_forms(texts, column.name, language)
        if not forms:
            return None
        every = [*forms, *_forms_beside(group, known, language)]
        plain = all(map(str.isascii, texts))
        rng_of = {one: run.rng("surrogates", leader, one) for one in {f.language for f in forms}}
        words = {
            one: free_words(one, every, everything, rng) for one, rng in sorted(rng_of.items())
        }
        names = FreshNames(tuple(forms), words, plain, salt)
        return FreshMails(names, domains) if mails else names

    def decode(
        self, batch: Batch, rng: np.random.Generator, fresh: SurrogateStream = FIRST
    ) -> pl.Series:
        """Fresh values: of the persons that the rows belong to."""
        if self.maker is None:
            return self._in_form(batch, rng, fresh)
        number = fresh.whose
        if number is None:
            number = np.arange(len(batch)) + fresh.first
        if self.pool:
            number = scrambled(number, fresh.seed % 2**63, 0) % self.pool
        number, at = np.unique(number, return_inverse=True)
        values = self.maker.made(number, fresh.seed)
        for k in range(_TRIES if not self.pool else 0):
            twice = (~values.is_first_distinct()).arg_true()
            if not len(twice):
                break
            again = number[twice.to_numpy()] + (k + 1) * _FAR
            values = values.scatter(twice, self.maker.made(again, fresh.seed))
        return self.presence.decode(values[at], batch.code)

    def _in_form(self, batch: Batch, rng: np.random.Generator, fresh: SurrogateStream) -> pl.Series:
        """Values made as ids are, with one of the shared domains where they are addresses."""
        assert self.ids is not None
        if not self.domains:
            return self.ids.decode(batch, rng, fresh)
        whose = fresh.whose
        if whose is None:
            whose = self.owners(len(batch), rng, fresh)
        nothing = Batch(batch.tick, batch.code[:, :0])
        before = self.ids.decode(nothing, rng, replace(fresh, whose=whose))
        behind = drawn_domains(self.domains, whose, fresh.seed)
        return self.presence.decode(before + "@" + behind, batch.code)

    def owners(self, n: int, rng: np.random.Generator, fresh: SurrogateStream) -> np.ndarray:
        """(n,) the numbers of the persons of n rows, which come again as often as real ones do."""
        different = max(round(n / self.repeats), min(n, 1))
        at = np.arange(n) if different == n else rng.integers(0, different, n)
        return at + fresh.first

    def to_state(self) -> dict[str, Any]:

        return {
            "maker": None if self.maker is None else self.maker.to_state(),
            "ids": None if self.ids is None else self.ids.to_state(),
            "domains": [list(one) for one in self.domains],
            "pool": self.pool,
            "repeats": self.repeats,
            "absences": list(self.presence.absences),
        }

    @classmethod
    def from_state(cls, column: Column, state: Mapping[str, Any]) -> Self:

        codec = cls()
        codec.presence = Presence.from_state(state["absences"])
        codec.spec = Spec(codes=codec.presence.codes(column.name))
        codec.pool = checked.whole(state["pool"], 0)
        codec.repeats = checked.real(state["repeats"], 1, checked.MOST_COUNTED)
        if (state["maker"] is None) == (state["ids"] is None):
            raise ValueError("nothing says how the values are made")
        codec.maker = codec.ids = None
        codec.domains = domains_of(state["domains"])
        if state["ids"] is not None:
            codec.ids = IdCodec.from_state(column, state["ids"])
            return codec
        kind = FreshMails if column.personal == MAILS else FreshNames
        codec.maker = kind.from_state(state["maker"])
        return codec


def _addresses(texts: list[str], salt: int, run: Run, leader: str) -> FreshNames | None:
    """What makes street addresses; None where their form is not known."""
    forms = address_forms(texts)
    values = pl.Series(texts, dtype=pl.String)
    words = {}
    for language in sorted({form.language for form in forms}):
        rng = run.rng("surrogates", leader, language)
        words[language] = (free_places(language, values, rng),)
    return FreshNames(tuple(forms), words, all(map(str.isascii, texts)), salt) if forms else None


def _forms_beside(group: Sequence[pl.Series], known: pl.Series, language: str) -> list[NameForm]:
    """The forms of the other columns of a group, so that all choose the same words."""
    forms: list[NameForm] = []
    for one in group:
        texts = one.drop_nulls().unique().sort().to_list()
        if one.name == known.name or not texts:
            continue
        if "@" in texts[0]:
            forms += mail_forms(before_at(texts), one.name, language)
        else:
            forms += name_forms(texts, one.name, language)
    return forms


def pool_of(rows: int, different: int) -> int:
    """Of how many persons as many rows show so many different ones; 0 where each row has its own.

    Example:
        >>> pool_of(1_000, 1_000), pool_of(1_000, 20), 400 < pool_of(1_200, 374) < 410
        (0, 20, False)
    """
    if different >= rows:
        return 0
    low, high = float(different), 1e9
    for _ in range(60):
        middle = (low + high) / 2
        if middle * -np.expm1(-rows / middle) < different:
            low = middle
        else:
            high = middle
    return max(round(high), 1)
