"""Currents of links, compiled: what `tvb.connectivity.current_flow` runs on."""

# ruff: noqa: PLR0917 (compiled functions take their arguments by position)
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tvb.kernels import compiled

__all__ = ["sum_differences"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Csc = tuple[Ints, Ints, Floats]


@compiled
def _solve(lower: Csc, upper: Csc, y: Floats) -> None:
    """Solve L U x = y in place; L has a diagonal of ones, columns are sorted by row."""
    pointer, row, value = lower
    for column in range(len(y)):
        known = y[column]
        if known != 0:
            for at in range(pointer[column] + 1, pointer[column + 1]):
                y[row[at]] -= value[at] * known
    pointer, row, value = upper
    for column in range(len(y) - 1, -1, -1):
        last = pointer[column + 1] - 1
        y[column] /= value[last]
        for at in range(pointer[column], last):
            y[row[at]] -= value[at] * y[column]


@compiled
def sum_differences(
    links: Ints,
    ends: tuple[Ints, Ints],
    factors: tuple[Csc, Csc],
    orders: tuple[Ints, Ints],
    weight: Floats,
) -> Floats:
    """Return Σ_{s<t} w_s w_t |x_s − x_t| for some links, x the potentials that each makes.

    A unit of current enters at its patch i and leaves at its patch j. By reciprocity the difference
    of potential between s and t is then what it would be between i and j if the current ran from s
    to t.

    Parameters
    ----------
    links : numpy.ndarray
        Which links, shape (k,).
    ends : tuple of numpy.ndarray
        Patches i and j of every link.
    factors : tuple
        L and U of the Laplacian without its first row and column, each in CSC.
    orders : tuple of numpy.ndarray
        Row of the factors for each row, column of them for each column.
    weight : numpy.ndarray
        Shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (k,).
    """
    patches = len(weight)
    y, x = np.empty(patches - 1), np.empty(patches)
    total = weight.sum()
    result = np.empty(len(links))
    for n in range(len(links)):
        i, j = ends[0][links[n]], ends[1][links[n]]
        y[:] = 0.0
        if i > 0:
            y[orders[0][i - 1]] += 1.0
        if j > 0:
            y[orders[0][j - 1]] -= 1.0
        _solve(factors[0], factors[1], y)
        x[0] = 0.0  # the ground
        for patch in range(1, patches):
            x[patch] = y[orders[1][patch - 1]]
        before, sum_ = 0.0, 0.0
        for patch in np.argsort(x):  # once sorted, each is above all before it and below the rest
            after = total - before - weight[patch]
            sum_ += x[patch] * weight[patch] * (before - after)
            before += weight[patch]
        result[n] = sum_
    return result
