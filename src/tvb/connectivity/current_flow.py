"""Current through the patches of a graph, seen as a circuit of resistors."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import splu

from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.shortest_paths import Floats, Ints, map_sources

__all__ = ["measure_current_flow"]

_SHORT_CIRCUIT = 1e-6  # resistance of a link of length 0, in shortest lengths above 0


def measure_current_flow(graph: HabitatGraph, weight: Floats) -> Floats:
    """Return the current that passes through each patch, summed over the pairs of other patches.

    CFₖ = Σ_{i<j} wᵢ wⱼ Iᵢⱼ(k), i and j other than k, Iᵢⱼ(k) being the part of a unit current from
    i to j that passes through k when the resistance of a link is its length.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links. Infinite links carry nothing; links of length 0 have a millionth of the
        smallest resistance above 0.
    weight : numpy.ndarray
        wᵢ of each patch, shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (n,), in the square of the unit of the weights; 0 in components of two patches or one.

    Notes
    -----
    One sparse factorisation of the Laplacian for each component, one solution and one sort for each
    link: of the order of m n log n operations.

    References
    ----------
    Newman, M. E. J. (2005). A measure of betweenness centrality based on random walks. Social
    Networks 27, 39-54. Brandes, U. & Fleischer, D. (2005). Centrality measures based on current
    flow. STACS 2005, LNCS 3404, 533-544.
    """
    flow = np.zeros(len(graph.ids))
    passable = np.isfinite(graph.distance)
    label = graph.components().to_numpy()
    order = np.argsort(label, kind="stable")
    rows = np.flatnonzero(passable)
    rows = rows[np.argsort(label[graph.i[rows]], kind="stable")]
    conductance = _conductance(graph.distance[rows])
    count = int(label.max(initial=0))
    patch_cuts = np.searchsorted(label[order], np.arange(1, count + 2))
    link_cuts = np.searchsorted(label[graph.i[rows]], np.arange(1, count + 2))
    place = np.empty(len(graph.ids), dtype=np.int64)
    for k in range(count):
        members = order[patch_cuts[k] : patch_cuts[k + 1]]
        if len(members) < 3:
            continue
        place[members] = np.arange(len(members))
        links = slice(link_cuts[k], link_cuts[k + 1])
        ends = place[graph.i[rows[links]]], place[graph.j[rows[links]]]
        flow[members] = _component_flow(*ends, conductance[links], weight=weight[members])
    return flow


def _conductance(length: Floats) -> Floats:
    shortest = float(np.min(length, where=length > 0, initial=np.inf))
    least = _SHORT_CIRCUIT * (shortest if np.isfinite(shortest) else 1.0)
    return 1 / np.where(length > 0, length, least)


def _component_flow(i: Ints, j: Ints, conductance: Floats, *, weight: Floats) -> Floats:
    """Return the current through each patch of one component."""
    from tvb.connectivity.current_kernels import sum_differences  # numba: not before it is needed

    scaled = conductance / conductance.max()  # only ratios matter
    factors = splu(
        _grounded_laplacian(i, j, scaled),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0,  # symmetric, and its diagonal dominates: no pivot is better
        options={"SymmetricMode": True},
    )
    triangles = _arrays(factors.L), _arrays(factors.U)
    orders = factors.perm_r.astype(np.int64), factors.perm_c.astype(np.int64)

    def work(links: Ints) -> Floats:
        return sum_differences(links, (i, j), triangles, orders, weight)

    # Σ_{s<t} w_s w_t |current| of each link, then of all the links of each patch
    current = scaled * np.concatenate(list(map_sources(len(i), work)))
    total = np.bincount(np.concatenate([i, j]), weights=np.tile(current, 2))
    ending = weight * (weight.sum() - weight)  # pairs that start or end here: all of their current
    passing: Floats = np.maximum((total - ending) / 2, 0)
    return passing


def _arrays(triangle: csc_array) -> tuple[Ints, Ints, Floats]:
    triangle.sort_indices()
    return triangle.indptr.astype(np.int64), triangle.indices.astype(np.int64), triangle.data


def _grounded_laplacian(i: Ints, j: Ints, conductance: Floats) -> csc_array:
    """Return the Laplacian without the row and the column of patch 0."""
    count = int(max(i.max(), j.max())) + 1
    both = (np.concatenate([i, j]), np.concatenate([j, i]))
    off = coo_array((np.tile(-conductance, 2), both), shape=(count, count))
    degree = -np.asarray(off.sum(axis=1)).ravel()
    every = np.arange(count)
    full = coo_array(
        (
            np.concatenate([off.data, degree]),
            (np.concatenate([both[0], every]), np.concatenate([both[1], every])),
        ),
        shape=(count, count),
    )
    return csc_array(full.tocsc()[1:, 1:])
