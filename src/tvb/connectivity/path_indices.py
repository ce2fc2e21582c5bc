"""Indices of the paths of a graph: how long they are, how many links they count, what flows.

Notation: dᵢⱼ length of the shortest path between patches i and j; nᵢⱼ number of links of the path
that has the fewest; pᵢⱼ = exp(−α dᵢⱼ). A pair that no path joins counts for nothing in any of them.

References
----------
.. [1] Ricotta, C., Stanisci, A., Avena, G. C. & Blasi, C. (2000). Quantifying the network
   connectivity of landscape mosaics: a graph-theoretical approach. Community Ecology 1, 89-94.
.. [2] Minor, E. S. & Urban, D. L. (2008). A graph-theory framework for evaluating landscape
   connectivity and conservation planning. Conservation Biology 22, 297-307.
.. [3] Bunn, A. G., Urban, D. L. & Keitt, T. H. (2000). Landscape connectivity: a conservation
   application of graph theory. Journal of Environmental Management 59, 265-278.
.. [4] Foltête, J.-C., Clauzel, C. & Vuidel, G. (2012). A software tool dedicated to the modelling
   of landscape networks. Environmental Modelling & Software 38, 316-327.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tvb.connectivity.betweenness import measure_betweenness
from tvb.connectivity.dispersal import compute_alpha
from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.indices import Floats, count_steps
from tvb.connectivity.shortest_paths import iter_lengths

__all__ = [
    "compute_awf",
    "compute_bc_evenness",
    "compute_f",
    "compute_gd",
    "compute_h",
    "compute_mpc",
    "sum_lengths",
    "sum_steps",
]


class LengthSums(NamedTuple):
    """What the lengths of all paths add up to.

    Parameters
    ----------
    reach : numpy.ndarray
        Σⱼ aⱼ pᵢⱼ of each patch i, its own aᵢ included.
    flux : numpy.ndarray
        The same without j = i.
    longest : float
        max dᵢⱼ.
    """

    reach: Floats
    flux: Floats
    longest: float


class StepSums(NamedTuple):
    """What the numbers of links of all paths add up to.

    Parameters
    ----------
    steps, inverse : float
        Σ nᵢⱼ and Σ 1 / nᵢⱼ over the ordered pairs that a path joins, i ≠ j.
    pairs : int
        Number of those pairs.
    iic : float
        Σᵢⱼ aᵢ aⱼ / (1 + nᵢⱼ), i = j included.
    """

    steps: float
    inverse: float
    pairs: int
    iic: float


def compute_gd(graph: HabitatGraph) -> float:
    """Return the diameter of the graph, GD = max dᵢⱼ over the pairs that a path joins.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    float
        In the unit of the links; 0 where no path joins two patches.

    References
    ----------
    Urban & Keitt 2001, in `tvb.connectivity.component_indices`.

    Examples
    --------
    >>> compute_gd(HabitatGraph.from_arrays([1, 1, 1, 1], [0, 1], [1, 2], [500, 300]))
    800.0
    """
    return max((_largest(lengths) for _, lengths in iter_lengths(graph)), default=0.0)


def compute_mpc(graph: HabitatGraph) -> float:
    """Return the mean number of links of a path: the characteristic path length, MPC or CPL.

    MPC = Σ nᵢⱼ / number of pairs, over the pairs i ≠ j that a path joins.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    float
        In links; 0 where no path joins two patches.

    References
    ----------
    Minor & Urban 2008.

    Examples
    --------
    A path of three patches: (1 + 1 + 2) / 3.

    >>> round(compute_mpc(HabitatGraph.from_arrays([1, 1, 1], [0, 1], [1, 2], [5, 5])), 4)
    1.3333
    """
    return mean_steps(sum_steps(graph))


def compute_h(graph: HabitatGraph) -> float:
    """Return the Harary index, H = ½ Σ 1 / nᵢⱼ over i ≠ j.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    float
        Without unit: 0 without links, n (n − 1) / 2 if each patch is linked to all others.

    References
    ----------
    Ricotta et al. 2000.

    Examples
    --------
    A path of three patches: 1 + 1 + 1/2.

    >>> compute_h(HabitatGraph.from_arrays([1, 1, 1], [0, 1], [1, 2], [500, 500]))
    2.5
    """
    return sum_steps(graph).inverse / 2


def compute_f(graph: HabitatGraph, *, distance: float, probability: float = 0.5) -> float:
    """Return the flux F = Σᵢ Fᵢ, with Fᵢ = Σ_{j≠i} aⱼ pᵢⱼ along the best path.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    distance : float
        A distance of dispersal, in the unit of the links.
    probability : float
        Probability to cover it.

    Returns
    -------
    float
        In the unit of capacity.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds.

    References
    ----------
    Foltête et al. 2012: S#F in Graphab. Conefor calls F the sum of direct pᵢⱼ, without areas.

    Examples
    --------
    Two patches of 2 and 1 ha at the median distance: 0.5 × 1 + 0.5 × 2.

    >>> graph = HabitatGraph.from_arrays([2, 1], [0], [1], [500])
    >>> round(compute_f(graph, distance=500), 9)
    1.5
    """
    alpha = compute_alpha(distance, probability)
    return float(sum_lengths(graph, [alpha])[0].flux.sum())


def compute_awf(graph: HabitatGraph, *, distance: float, probability: float = 0.5) -> float:
    """Return the area-weighted flux over links, AWF = Σ_{i≠j} aᵢ aⱼ exp(−α lᵢⱼ), in both orders.

    Only the link from i to j counts, of length lᵢⱼ, not the paths around: give a graph with all the
    pairs (topology « complete ») to have AWF as it was defined.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    distance : float
        A distance of dispersal, in the unit of the links.
    probability : float
        Probability to cover it.

    Returns
    -------
    float
        In the square of the unit of capacity.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds.

    References
    ----------
    Bunn et al. 2000; Urban & Keitt 2001.

    Examples
    --------
    A path of patches of 2, 1 and 4 ha at the median distance: 2 × (2 × 1 + 1 × 4) × 0.5.

    >>> graph = HabitatGraph.from_arrays([2, 1, 4], [0, 1], [1, 2], [500, 500])
    >>> round(compute_awf(graph, distance=500), 9)
    6.0
    """
    alpha = compute_alpha(distance, probability)
    pairs = graph.capacity[graph.i] * graph.capacity[graph.j]
    return 2 * float(pairs @ np.exp(-alpha * graph.distance))


def compute_bc_evenness(graph: HabitatGraph, *, distance: float, probability: float = 0.5) -> float:
    """Return how evenly the paths pass through the patches, E#BC.

    E#BC = −Σ qᵢ ln qᵢ / ln m over the m patches with BCᵢ > 0, qᵢ = BCᵢ / Σ BC; BC is the
    betweenness of `measure_patches`.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    distance : float
        A distance of dispersal, in the unit of the links.
    probability : float
        Probability to cover it.

    Returns
    -------
    float
        1 if each patch that is passed carries as much as the others; 0 if there are fewer than two.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds.

    References
    ----------
    Foltête et al. 2012.

    Examples
    --------
    On a path of four patches of 1 ha, the two inner ones carry the same.

    >>> graph = HabitatGraph.from_arrays([1] * 4, [0, 1, 2], [1, 2, 3], [500] * 3)
    >>> round(compute_bc_evenness(graph, distance=500), 9)
    1.0
    """
    alpha = compute_alpha(distance, probability)
    passing = measure_betweenness(graph, graph.capacity, alpha)
    share = passing[passing > 0] / passing.sum() if passing.any() else passing[:0]
    if len(share) < 2:
        return 0.0
    return float(-(share @ np.log(share)) / np.log(len(share)))


def sum_lengths(graph: HabitatGraph, alphas: Sequence[float]) -> list[LengthSums]:
    """Return what the lengths of all paths add up to, for one rate of dispersal or several.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    alphas : sequence of float
        As `compute_alpha` returns them. The paths are searched once for all.

    Returns
    -------
    list of LengthSums
        The sums, one for each.
    """
    reach, flux = np.zeros((2, len(alphas), len(graph.ids)))
    longest = 0.0
    for rows, lengths in iter_lengths(graph):
        longest = max(longest, _largest(lengths))
        for k, alpha in enumerate(alphas):
            probability = np.exp(-alpha * lengths)
            reach[k, rows] = probability @ graph.capacity
            probability[np.arange(len(rows)), rows] = 0  # a difference would leave rounding
            flux[k, rows] = probability @ graph.capacity
    return [LengthSums(*sums, longest) for sums in zip(reach, flux, strict=True)]


def sum_steps(graph: HabitatGraph) -> StepSums:
    """Return what the numbers of links of all paths add up to.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links; each link counts as one.

    Returns
    -------
    StepSums
        The sums.
    """
    steps = inverse = iic = 0.0
    pairs = 0
    for rows, lengths in iter_lengths(count_steps(graph)):
        iic += float(graph.capacity[rows] @ (1 / (1 + lengths)) @ graph.capacity)
        known = lengths[np.isfinite(lengths) & (lengths > 0)]
        steps += float(known.sum())
        inverse += float((1 / known).sum())
        pairs += len(known)
    return StepSums(steps, inverse, pairs, iic)


def mean_steps(sums: StepSums) -> float:
    """Return the mean number of links of a path.

    Parameters
    ----------
    sums : StepSums
        Of `sum_steps`.

    Returns
    -------
    float
        0 without paths.
    """
    return sums.steps / sums.pairs if sums.pairs else 0.0


def _largest(lengths: Floats) -> float:
    return float(np.max(lengths, where=np.isfinite(lengths), initial=0.0))
