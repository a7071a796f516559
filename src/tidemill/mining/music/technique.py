"""What pieces of music are like: their keys, phrases that recur in many of them, and odd ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tidemill.core.dataset import Dataset
from tidemill.core.finding import Finding
from tidemill.core.picture import Picture, Table
from tidemill.core.run import Run
from tidemill.core.words import number, percent, plural
from tidemill.music.keys import key_of
from tidemill.music.runs import PHRASE_NOTES, note_runs
from tidemill.music.runs import Run as NoteRun
from tidemill.music.scores import REST, is_held, pitches, score_name, score_pieces

SHOWN_PHRASES, SHOWN_ODD, SHOWN_KEYS = 6, 5, 12
LEAST_PIECES = 3
"""Training pieces that must have a phrase."""
FAR = 4.0
"""Deviations from the median, from which on a piece is odd: the median one, or half the standard
one where that is more."""


def music(train: Dataset, holdout: Dataset, run: Run) -> Iterable[Finding]:
    """Look at pieces: the share of keys, phrases of the first voice that recur, and pieces unlike
    all others in pitch, motion or chords.

    Args:
        train: Pieces to learn from.
        holdout: Pieces that every figure is taken from.
        run: For cancelling.
    """
    column = score_name(train.schema)
    learned, held = score_pieces(train), score_pieces(holdout)
    for look in (_keys, _phrases, _odd):
        run.check()
        yield from look(learned, held, column)


def _keys(
    train: Sequence[np.ndarray], holdout: Sequence[np.ndarray], column: str
) -> Iterator[Finding]:
    """How often each key is the best one."""
    found = [(key, fit) for key, fit in map(key_of, holdout) if key]
    if not found:
        return
    counted = Counter(key for key, _ in found)
    shown = counted.most_common(SHOWN_KEYS)
    fit = float(np.mean([fit for _, fit in found]))
    major = sum(count for key, count in counted.items() if not key.endswith("m"))
    first, often = shown[0]
    yield Finding(
        technique="music",
        name="keys",
        sentence=(
            f"{percent(major, len(found))} of {len(found):,} held-out pieces are in a major key; "
            f"the most frequent key is {first} ({percent(often, len(found))}). Their notes fit "
            f"their best key with a correlation of {number(fit, 2)}."
        ),
        strength=fit,
        measure="correlation with the best key",
        support=len(found),
        columns=(column,),
        picture=Picture(
            "bars",
            "Held-out pieces by their best key",
            tuple(key for key, _ in shown),
            (("pieces", tuple(float(count) for _, count in shown)),),
            "key",
            "pieces",
        ),
    )


def _phrases(
    train: Sequence[np.ndarray], holdout: Sequence[np.ndarray], column: str
) -> Iterator[Finding]:
    """Phrases that most training pieces share, and how many held-out ones have them."""
    pieces_with: Counter[NoteRun] = Counter()
    for piece in train:
        pieces_with.update({run for _, run in note_runs(piece, PHRASE_NOTES)})
    phrases = [(run, count) for run, count in pieces_with.items() if count >= LEAST_PIECES]
    phrases = sorted(phrases, key=lambda one: (-one[1], one[0]))[:SHOWN_PHRASES]
    if not phrases or not holdout:
        return
    in_holdout = [{run for _, run in note_runs(piece, PHRASE_NOTES)} for piece in holdout]
    rows = []
    for run, count in phrases:
        there = sum(run in runs for runs in in_holdout)
        rows.append((_intervals(run), _lengths(run), count, there))
    intervals, _, _, often = rows[0]
    share = often / len(holdout)
    yield Finding(
        technique="music",
        name="phrases",
        sentence=(
            f"{plural(often, 'held-out piece')} of {len(holdout):,} ({percent(share)}) have the "
            f"phrase that most training pieces share: {PHRASE_NOTES} notes that move by "
            f"{intervals} semitones."
        ),
        strength=share,
        measure="share of pieces",
        support=often,
        columns=(column,),
        table=Table(
            ("semitones from note to note", "sixteenths", "training pieces", "held-out pieces"),
            tuple(rows),
            "Phrases that recur, in any key",
        ),
    )


def _intervals(run: NoteRun) -> str:
    return ", ".join(f"{move:+d}" for move, _ in run)


def _lengths(run: NoteRun) -> str:
    return ", ".join(str(length) for _, length in run)


_TRAITS = ("key fit", "mean pitch", "share of held notes", "share of silence", "semitones a move")


def _odd(
    train: Sequence[np.ndarray], holdout: Sequence[np.ndarray], column: str
) -> Iterator[Finding]:
    """Held-out pieces far from the middle of training pieces in one of their traits."""
    if len(train) < LEAST_PIECES or not holdout:
        return
    usual = np.array([_traits(piece) for piece in train])
    middle = np.median(usual, axis=0)
    # of a trait that most pieces share exactly, the median deviation would be nothing
    spread = np.maximum(np.median(np.abs(usual - middle), axis=0), usual.std(axis=0) / 2) + 1e-9
    away = (np.array([_traits(piece) for piece in holdout]) - middle) / spread
    furthest = np.abs(away).max(axis=1)
    odd = np.argsort(-furthest, kind="stable")[:SHOWN_ODD]
    odd = odd[furthest[odd] >= FAR]
    if not len(odd):
        return
    rows = []
    for k in odd.tolist():
        trait = int(np.abs(away[k]).argmax())
        sounds = _traits(holdout[k])[trait]
        rows.append((k + 1, _TRAITS[trait], number(sounds, 3), number(float(middle[trait]), 3)))
    yield Finding(
        technique="music",
        name="odd pieces",
        sentence=(
            f"{plural(int((furthest >= FAR).sum()), 'held-out piece')} of {len(holdout):,} lie "
            f"{number(FAR, 1)} or more usual deviations from the middle of training pieces in one "
            f"of {len(_TRAITS)} traits; the oddest, piece {rows[0][0]}, by its {rows[0][1]}."
        ),
        strength=float(furthest[odd[0]]),
        measure="usual deviations",
        support=len(odd),
        columns=(column,),
        table=Table(
            ("held-out piece", "odd in", "value", "usual"), tuple(rows), "The oddest pieces"
        ),
    )


def _traits(piece: np.ndarray) -> list[float]:
    """A number for each of the traits; 0 where it cannot be told."""
    sounds = pitches(piece)
    sounding = piece != REST
    moves = np.abs(np.diff(sounds, axis=0))[sounding[1:] & sounding[:-1] & ~is_held(piece)[1:]]
    return [
        key_of(piece)[1],
        float(sounds[sounding].mean()) if sounding.any() else 0.0,
        float(is_held(piece).sum() / max(sounding.sum(), 1)),
        1 - float(sounding.mean()) if piece.size else 1.0,
        float(moves.mean()) if len(moves) else 0.0,
    ]
