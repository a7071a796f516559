"""How long the runs of an n-gram model are, and how much the classes of texts count, chosen by
held-out texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tidemill.core.grid import Batch, Spec
from tidemill.models.kneser_ney import KneserNey, Term
from tidemill.models.ngram_classes import ContextClasses, best_classes
from tidemill.models.ngram_counts import (
    NONE,
    RunTable,
    UnitStream,
    counted,
    persons_of_rows,
)

MOST_ORDER, USUAL_ORDER = 7, 3
"""The longest runs that are tried, and those that are taken where too few texts tell it."""
HELD, FEWEST_HELD, MOST_HELD = 0.1, 20, 2000
"""Share of the persons whose texts are held out, the fewest texts by which anything is chosen, and
about the most."""
WORTH = 0.002
"""Longer runs are taken where they make held-out texts so much likelier, as a share of the nats."""
TURNS_WORTH = 0.01
"""So much less likely held-out texts may be, as a share of the nats, where it is not forgotten who
speaks: in few units of a dialogue this counts, but in all turns."""
SURE = 2.0
"""Standard errors by which classes must make held-out texts likelier to be used."""
ROUNDS = 2
"""In which the shares of the classes are chosen, one after the other."""
SHARES = np.linspace(0.0, 0.95, 20)
"""Of which each is one."""


@dataclass(frozen=True)
class NgramChoice:
    """What held-out texts say of a model.

    Attributes:
        order: Units of the longest runs.
        classes: Within which runs are counted, too; None where that does not help.
        shares: For each length of such runs, from 1 on, how much of a chance is the class's own.
        held: (n,) bool, the texts that were held out.
        voices: How many speakers there are whose words are counted by themselves; 0 where that
            makes texts much less likely, or there are none.
    """

    order: int
    classes: ContextClasses | None = None
    shares: np.ndarray = field(default_factory=lambda: np.zeros(0))
    held: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    voices: int = 0


def chosen(spec: Spec, batch: Batch, order: int, rng: np.random.Generator) -> NgramChoice:
    """What suits these texts.

    Args:
        spec, batch: Texts of one code a site.
        order: Units of the longest runs; 0 where it is to be chosen.
        rng: Says which texts are held out.
    """
    persons = persons_of_rows(batch)
    held = _held_out(persons, rng)
    if held.sum() < FEWEST_HELD:
        return NgramChoice(order or USUAL_ORDER)
    learned, asked = (
        UnitStream.of(spec, batch.rows(np.flatnonzero(rows))) for rows in (~held, held)
    )
    voices = 0
    chances = _chances(learned, asked, order or MOST_ORDER, voices)
    if spec.voices:
        others = _chances(learned, asked, order or MOST_ORDER, spec.voices)
        if min(map(_loss, others)) < min(map(_loss, chances)) * (1 + TURNS_WORTH):
            chances, voices = others, spec.voices
    losses = np.array([_loss(chance) for chance in chances])
    order = order or 1 + int(np.argmax(losses <= losses.min() * (1 + WORTH)))
    plain = NgramChoice(order, voices=voices)
    if spec.context is None or batch.context is None:
        return plain
    table, context = spec.context.joint, batch.context.joint
    classes = best_classes(table, context, persons, UnitStream.of(spec, batch), held)
    if classes is None:
        return plain
    of_row = classes.of(table, context)
    roots = roots_of(of_row[~held][learned.row], learned.voice, voices)
    models = _models(learned.size, counted(learned, order, roots, classes.count * (voices + 1)))
    asked_roots = roots_of(of_row[held][asked.row], asked.voice, voices)
    terms = [_terms(model, asked, asked_roots) for model in models]
    shares = _shares(chances[order - 1], terms, asked.row[asked.predicted])
    return replace(plain, classes=classes, shares=shares, held=held) if len(shares) else plain


def roots_of(of: np.ndarray, voice: np.ndarray, voices: int) -> np.ndarray:
    """(m,) the class of each unit by that of its text and by who speaks; NONE of no class."""
    return np.where(of >= 0, of * (voices + 1) + np.where(voices > 0, voice, 0), NONE)


def _chances(learned: UnitStream, asked: UnitStream, order: int, voices: int) -> list[np.ndarray]:
    """(p,) the chances of held-out units by runs of up to 1, 2, ... units."""
    found = []
    of, own = (stream.voice if voices else np.zeros_like(stream.row) for stream in (asked, learned))
    tables = counted(learned, order, own if voices else None, voices + 1)
    for model in _models(learned.size, tables):
        chance = np.full(len(asked.predicted), 1 / (learned.size + 1))
        for mass, rest in _terms(model, asked, of):
            chance = mass + rest * chance
        found.append(chance)
    return found


def _loss(chances: np.ndarray) -> float:
    """Nats a unit."""
    return -float(np.log(chances).mean())


def mixed(general: np.ndarray, terms: Sequence[Term], shares: np.ndarray) -> np.ndarray:
    """(p,) chances of units by the counts of a class, each length of runs behind a mixture of its
    own shorter ones and of what all texts say.

    Args:
        general: (p,) the chances by all texts.
        terms: For each length of runs what it gives and what it leaves over.
        shares: For each length how much of a chance is the class's own.

    Example:
        >>> one = (np.array([0.4]), np.array([0.5]))
        >>> mixed(np.array([0.2]), [one], np.array([0.5])).tolist()
        [0.35]
    """
    chance = general
    for (own, rest), share in zip(terms, shares, strict=True):
        chance = share * (own + rest * chance) + (1 - share) * general
    return chance


def _held_out(persons: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) bool, the rows of some of the persons."""
    different = np.unique(persons)
    share = min(HELD, MOST_HELD / max(len(persons), 1))
    return np.isin(persons, rng.permutation(different)[: int(share * len(different))])


def _models(size: int, tables: Sequence[RunTable]) -> list[KneserNey]:
    """The models of runs of up to 1, 2, ... units."""
    return [KneserNey.learned(size, tables[:k]) for k in range(1, len(tables) + 1)]


def _terms(model: KneserNey, stream: UnitStream, of: np.ndarray) -> list[Term]:
    """Of all units of a stream that follow something.

    Args:
        model: Counts.
        stream: Texts.
        of: (m,) the class of each unit's row.
    """
    at = stream.predicted
    return model.terms(of[at], stream.recent(at, model.order - 1), stream.unit[at])


def _shares(general: np.ndarray, terms: Sequence[Sequence[Term]], row: np.ndarray) -> np.ndarray:
    """The shares of a class's own runs under which held-out texts are likeliest; of no length where
    classes do not make them surely likelier.

    Args:
        general: (p,) the chances of their units by all texts.
        terms: For runs of up to 1, 2, ... units those of each length.
        row: (p,) the text of each unit.
    """
    best, found = float(np.log(general).sum()), np.zeros(0)
    for own in terms:
        shares = _likeliest(general, own)
        chance = mixed(general, own, shares)
        likelihood = float(np.log(chance).sum())
        gains = np.bincount(row, np.log(chance / general))
        is_sure = gains.mean() > SURE * gains.std() / np.sqrt(len(gains))
        if is_sure and likelihood > best + WORTH * abs(best):
            best, found = likelihood, shares
    return found


def _likeliest(general: np.ndarray, terms: Sequence[Term]) -> np.ndarray:
    """(lengths,) the shares under which the units are likeliest, chosen one after the other: a
    chance is linear in each."""
    shares = np.full(len(terms), 0.5)
    for _ in range(ROUNDS):
        for k in range(len(terms) - 1, -1, -1):
            shares[k] = 0.0
            low = mixed(general, terms, shares)
            shares[k] = 1.0
            slope = mixed(general, terms, shares) - low
            gains = [float(np.log(low + share * slope).sum()) for share in SHARES]
            shares[k] = SHARES[int(np.argmax(gains))]
    return shares
