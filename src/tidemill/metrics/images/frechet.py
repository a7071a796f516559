"""The Fréchet distance between two clouds of features."""

from __future__ import annotations

import numpy as np

from tidemill.supervised.arrays import Floats


def frechet(one: np.ndarray, other: np.ndarray) -> float:
    """The squared Fréchet distance of the normal distributions with the means and covariances of
    two sets of features.

    Heusel et al. (2017), "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
    Equilibrium", equation 6, in features of your own instead of those of Inception. The root of the
    product of covariances is taken by eigenvalues of symmetric matrices, so it is real and needs no
    inverse: fewer rows than features are no obstacle. They make the distance too large, however, so
    compare only distances of equally many rows.

    Args:
        one, other: (n, features) and (m, features), of two rows or more.

    Example:
        >>> a = np.random.default_rng(0).normal(size=(500, 3))
        >>> round(frechet(a, a), 6), round(frechet(a, a + 1), 6)
        (0.0, 3.0)
    """
    from scipy.linalg import eigh

    a, b = (np.asarray(part, dtype=np.float64) for part in (one, other))
    gap = a.mean(axis=0) - b.mean(axis=0)
    first, second = (np.atleast_2d(np.cov(part, rowvar=False)) for part in (a, b))
    root = _root(first)
    product = root @ second @ root  # has the eigenvalues of first @ second, and is symmetric
    common = np.sqrt(np.clip(eigh((product + product.T) / 2, eigvals_only=True), 0, None)).sum()
    return max(0.0, float(gap @ gap + np.trace(first) + np.trace(second) - 2 * common))


def _root(covariance: Floats) -> Floats:
    """The symmetric root; eigenvalues below 0 are rounding."""
    from scipy.linalg import eigh

    values, vectors = eigh(covariance)
    root: Floats = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return root
