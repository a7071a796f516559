"""Planes of tiles by the code of their context that tells most of their tiles."""

from __future__ import annotations

import numpy as np

from tidemill.core.grid import Batch, Spec

MOST_CLASSES = 64
"""Levels of such a code, at most."""


def telling_code(spec: Spec, batch: Batch, within: np.ndarray) -> int | None:
    """The code of the context that tells most of the tiles (by mutual information); None where
    none tells anything."""
    if spec.context is None or batch.context is None:
        return None
    sites, best, found = within.sum(), 0.0, None
    for k, code in enumerate(spec.context.joint.codes):
        if not 1 < code.size <= MOST_CLASSES:
            continue
        joint = tiles_by_class(spec, batch, within, k) / max(sites, 1)
        apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
        here = joint > 0
        told = float((joint[here] * np.log(joint[here] / apart[here])).sum())
        if told > best:
            best, found = told, k
    return found


def tiles_by_class(spec: Spec, batch: Batch, within: np.ndarray, split: int) -> np.ndarray:
    """(classes, levels) how often each tile occurs in planes of each level of a code of their
    context.

    Args:
        spec, batch: The planes.
        within: (n, H, W) the sites of each.
        split: The code.
    """
    assert spec.context is not None
    assert batch.context is not None
    size = spec.codes[0].size
    found = np.zeros((spec.context.joint.codes[split].size, size), np.int64)
    classes = batch.context.joint.code[:, split]
    for of, code, here in zip(classes, batch.code[..., 0], within, strict=True):
        found[of] += np.bincount(code[here], minlength=size)
    return found
