"""Toy grids of every topology: models know nothing of columns, words and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tidemill.core.grid import GOES_ON, Batch, Code, Real, Spec

ROWS = 60


def table() -> tuple[Spec, Batch]:
    """Numbers, one of which may be missing, and codes, one level of which never occurs."""
    rng = np.random.default_rng(0)
    spec = Spec((Real("x"), Real("y", presence=1)), (Code("c", 4), Code("y present", 2)))
    code = np.column_stack([rng.integers(0, 3, ROWS), rng.random(ROWS) < 0.3]).astype(np.int32)
    tick = np.column_stack(
        [rng.integers(0, 900, ROWS), np.where(code[:, 1] == 0, rng.integers(5, 9, ROWS), 0)]
    )
    return spec, Batch(tick.astype(np.int64), code)


def told_table() -> tuple[Spec, Batch]:
    """Rows of a table, for a context of another."""
    about, given = table()
    spec = Spec((Real("sum"),), (Code("copy", 4),), context=about)
    return spec, Batch(given.tick[:, :1] + 5, given.code[:, :1], context=given)


def steps() -> tuple[Spec, Batch]:
    """Series of 5 steps with a number."""
    rng = np.random.default_rng(3)
    tick = rng.normal(0, 40, (ROWS, 5, 1)).cumsum(1).astype(np.int64)
    spec = Spec((Real("level", scale="linear"),), sites=(5,), topology="steps")
    return spec, Batch(tick, np.zeros((ROWS, 5, 0), np.int32))


def sequence() -> tuple[Spec, Batch]:
    """Series of 1 to 7 steps with a number and a code, for a context of both."""
    rng = np.random.default_rng(1)
    about, given = table()
    spec = Spec(
        (Real("price", scale="linear"),),
        (Code("side", 2),),
        sites=(7,),
        ragged=True,
        context=about,
        topology="steps",
    )
    mask = np.arange(7) < rng.integers(1, 8, ROWS)[:, None]
    tick = np.where(mask, rng.normal(0, 40, (ROWS, 7)).cumsum(1).astype(np.int64), 0)
    code = (rng.integers(0, 2, (ROWS, 7)) * mask)[..., None].astype(np.int32)
    return spec, Batch(tick[..., None], code, mask, given)


def calendar() -> tuple[Spec, Batch]:
    """Two prices and a number that keeps near to the first one, on 200 days."""
    rng = np.random.default_rng(6)
    prices = 1000 * np.exp(rng.normal(0, 0.02, (200, 2)).cumsum(0))
    near = prices[:, :1] * np.exp(rng.normal(0, 0.01, (200, 1)))
    tick = np.concatenate([prices, near], axis=1).astype(np.int64)[None]
    reals = tuple(Real(name, scale="linear") for name in ("one", "other", "near one"))
    spec = Spec(reals, sites=(200,), topology="calendar")
    return spec, Batch(tick, np.zeros((1, 200, 0), np.int32))


def texts() -> tuple[Spec, Batch]:
    """Short texts over an alphabet, one in six of which is empty; a letter never occurs."""
    rng = np.random.default_rng(4)
    words = [[], [0, 1, 2], [3, 1, 4, 5, 6], [0, 6, 6], [7, 8, 1, 2, 0, 9], [5, 1]]
    code = np.zeros((300, 12, 1), np.int32)
    mask = np.zeros((300, 12), bool)
    for row, used in zip(code, mask, strict=True):
        first, second = (words[int(k)] for k in rng.integers(0, len(words), 2))
        letters = first + second if first else []
        row[: len(letters), 0] = letters
        used[: len(letters)] = True
    spec = Spec(codes=(Code("letter", 11),), sites=(12,), ragged=True, topology="tokens")
    return spec, Batch(np.zeros((300, 12, 0), np.int64), code, mask)


def image() -> tuple[Spec, Batch]:
    """Pictures of 6 by 5 pixels: a grey square on black."""
    rng = np.random.default_rng(2)
    tick = np.zeros((ROWS, 6, 5, 1), np.int64)
    for row in tick:
        i, j = rng.integers(0, 4), rng.integers(0, 3)
        row[i : i + 2, j : j + 2] = rng.integers(60, 256, (2, 2, 1))
    spec = Spec((Real("grey", scale="bounded"),), sites=(6, 5), topology="pixels")
    return spec, Batch(tick, np.zeros((ROWS, 6, 5, 0), np.int32))


def tiles() -> tuple[Spec, Batch]:
    """Planes of 3 to 6 lines and 4 to 9 columns, striped along one of the two axes, for a context
    that says how large they are and along which."""
    rng = np.random.default_rng(7)
    size = np.column_stack([rng.integers(3, 7, ROWS), rng.integers(4, 10, ROWS)])
    along = rng.integers(0, 2, (ROWS, 1)).astype(np.int32)
    about = Spec((Real("height"), Real("width")), (Code("along", 2),))
    given = Batch(size.astype(np.int64), along)
    spec = Spec(
        codes=(Code("tile", 5),),
        sites=(6, 9),
        context=about,
        topology="tiles",
        extent=(0, 1),
    )
    line, column = np.indices((6, 9))
    first = rng.integers(0, 3, (ROWS, 1, 1))
    code = (np.where(along[:, :, None] == 1, line, column) + first) % 3
    code = np.where(spec.within(ROWS, given), code, 4).astype(np.int32)
    return spec, Batch(np.zeros((ROWS, 6, 9, 0), np.int64), code[..., None], context=given)


def board() -> tuple[Spec, Batch]:
    """Planes of one size: a square of its own tile on another."""
    rng = np.random.default_rng(8)
    code = np.zeros((ROWS, 5, 6, 1), np.int32)
    for row in code:
        i, j = rng.integers(0, 3), rng.integers(0, 4)
        row[i : i + 2, j : j + 2] = 1
    spec = Spec(codes=(Code("tile", 3),), sites=(5, 6), topology="tiles")
    return spec, Batch(np.zeros((ROWS, 5, 6, 0), np.int64), code)


def parts() -> tuple[Spec, Batch]:
    """Rows of 3 to 8 steps of two parts, the second of which lies below the first."""
    rng = np.random.default_rng(7)
    spec = Spec(
        codes=(Code("upper", 14), Code("lower", 14)),
        sites=(8,),
        ragged=True,
        topology="parts",
        cycles=(4, 3),
        shifts=(-1, 1),
    )
    mask = np.arange(8) < rng.integers(3, 9, ROWS)[:, None]
    begins = rng.integers(6, 12, (ROWS, 8, 1)) + np.array([0, -3])
    goes_on = rng.random((ROWS, 8, 2)) < 0.4
    goes_on[:, 0] = False
    code = np.where(goes_on, GOES_ON, begins) * mask[..., None]
    return spec, Batch(np.zeros((ROWS, 8, 0), np.int64), code.astype(np.int32), mask)


GRIDS: Mapping[str, Callable[[], tuple[Spec, Batch]]] = {
    "table": table,
    "table in a context": told_table,
    "steps": steps,
    "calendar": calendar,
    "sequence": sequence,
    "texts": texts,
    "image": image,
    "tiles": tiles,
    "board": board,
    "parts": parts,
}


def same(a: Batch, b: Batch) -> bool:
    masks = a.mask is b.mask is None or np.array_equal(a.mask, b.mask)
    return np.array_equal(a.tick, b.tick) and np.array_equal(a.code, b.code) and masks
