"""How much passes through each patch on the shortest paths between the others."""

from __future__ import annotations

import numpy as np

from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.shortest_paths import Floats, Ints, build_states, map_sources

__all__ = ["measure_betweenness"]


def measure_betweenness(graph: HabitatGraph, weight: Floats, alpha: float) -> Floats:
    """Return the betweenness of each patch, pairs weighted.

    BCₖ = Σ_{i<j} wᵢ wⱼ exp(−α dᵢⱼ) σᵢⱼ(k) / σᵢⱼ, i and j other than k, σᵢⱼ being the number of
    shortest paths from i to j and σᵢⱼ(k) that of those through k.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links. Links of length 0 are taken as infinitely short: among paths of the same
        length those with the fewest of them are the shortest.
    weight : numpy.ndarray
        wᵢ of each patch, shape (n,).
    alpha : float
        As `compute_alpha` returns it; 0 for pairs that weigh the same near and far.

    Returns
    -------
    numpy.ndarray
        Shape (n,), in the square of the unit of the weights.

    Notes
    -----
    One search for each patch, of the order of (n + m) log n operations, in parallel, and sums that
    do not depend on the number of threads [1]_. Paths of the same length (to 1e-12) share.

    References
    ----------
    .. [1] Brandes, U. (2001). A faster algorithm for betweenness centrality. Journal of
       Mathematical Sociology 25, 163-177.
    """
    from tvb.connectivity.path_kernels import betweenness  # numba: not before it is needed

    through = np.zeros(len(graph.ids))
    if not len(graph.ids):
        return through
    states = build_states(graph)

    def work(sources: Ints) -> Floats:
        return betweenness(sources, *states[:3], weight, alpha)

    for part in map_sources(len(graph.ids), work):
        through += part
    return through / 2  # each pair was met from both ends
