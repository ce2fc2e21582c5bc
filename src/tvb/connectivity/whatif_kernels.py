"""What a shortcut is worth, compiled: what `tvb.connectivity.whatif` runs on."""

# ruff: noqa: PLR0917 (compiled functions take their arguments by position)
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tvb.kernels import compiled

__all__ = ["gain_through"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@compiled
def gain_through(
    sources: Ints,
    lengths: Floats,
    capacity: Floats,
    inward: Floats,
    outward: Floats,
    targets: tuple[Ints, Ints],
    alpha: float,
) -> Floats:
    """Return what pairs of patches gain by each candidate, over pairs (source, target) in order.

    Parameters
    ----------
    sources : numpy.ndarray
        Patches, shape (k,).
    lengths : numpy.ndarray
        Of the shortest paths from them without any candidate, shape (k, n).
    capacity : numpy.ndarray
        Shape (n,).
    inward, outward : numpy.ndarray
        Length from each patch to each candidate and from there on, shape (c, n); infinite in
        ``inward`` for patches that have nothing to gain.
    targets : tuple of numpy.ndarray
        CSR (pointers, patches): the patches that may be gained by each candidate.
    alpha : float
        A path weighs exp(−α length), or 1 / (1 + length) where α is negative.

    Returns
    -------
    numpy.ndarray
        Shape (c,).
    """
    pointer, target = targets
    gain = np.zeros(len(inward))
    for candidate in range(len(inward)):
        for row in range(len(sources)):
            start = inward[candidate, sources[row]]
            if np.isinf(start) or capacity[sources[row]] == 0:
                continue
            sum_ = 0.0
            for at in range(pointer[candidate], pointer[candidate + 1]):
                patch = target[at]
                known = lengths[row, patch]
                through = start + outward[candidate, patch]
                if through < known:
                    if alpha >= 0:
                        more = np.exp(-alpha * through) - np.exp(-alpha * known)
                    else:
                        more = 1 / (1 + through) - 1 / (1 + known)
                    sum_ += capacity[patch] * more
            gain[candidate] += capacity[sources[row]] * sum_
    return gain
