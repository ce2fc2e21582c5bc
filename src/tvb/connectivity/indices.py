"""Connectivity indices of a habitat graph.

Two indices are known by name. ``"PC"``, the probability of connectivity, weighs a pair of patches
by the probability exp(−α d) of the best path between them, d being the sum of the lengths of its
links. ``"IIC"``, the integral index of connectivity, keeps the links up to a length and weighs a
pair by 1 / (1 + n), n being the number of links of the path that has the fewest. A patch and itself
weigh 1; two patches that no path joins weigh 0.

Notation: aᵢ capacity of patch i; Σᵢⱼ a sum over ordered pairs, i = j included; A_L the area of the
landscape.

References
----------
.. [1] Pascual-Hortal, L. & Saura, S. (2006). Comparison and development of new graph-based
   landscape connectivity indices. Landscape Ecology 21, 959-967.
.. [2] Saura, S. & Pascual-Hortal, L. (2007). A new habitat availability index to integrate
   connectivity in landscape conservation planning. Landscape and Urban Planning 83, 91-103.
.. [3] Saura, S. & Rubio, L. (2010). A common currency for the different ways in which patches and
   links can contribute to habitat availability and connectivity. Ecography 33, 523-537.
.. [4] Saura, S., Estreguil, C., Mouton, C. & Rodríguez-Freire, M. (2011). Network analysis to
   assess landscape connectivity trends. Ecological Indicators 11, 407-416.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.connectivity.dispersal import compute_alpha
from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.shortest_paths import iter_lengths
from tvb.errors import ParameterError, explain

__all__ = [
    "compute_alpha",
    "compute_ec",
    "compute_iic",
    "compute_pc",
    "share_of_pc",
]

Index: TypeAlias = Literal["PC", "IIC"]
Floats: TypeAlias = NDArray[np.float64]
Weight: TypeAlias = Callable[[Floats], Floats]

_ROUNDING = 1e-9  # a landscape that is all habitat may sum to a little more than its area


def compute_pc(
    graph: HabitatGraph,
    *,
    distance: float,
    probability: float = 0.5,
    landscape_area: float | None = None,
) -> float:
    """Return the probability of connectivity PC, or its numerator where no area is given.

    PC = Σᵢⱼ aᵢ aⱼ pᵢⱼ / A_L², with pᵢⱼ = exp(−α dᵢⱼ) along the best path.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    distance : float
        A distance of dispersal, in the unit of the links.
    probability : float
        Probability to cover it.
    landscape_area : float, optional
        A_L, in the unit of the capacities, at least their sum.

    Returns
    -------
    float
        PC, from 0 to 1 and without unit. Without ``landscape_area``, its numerator PCnum, in the
        square of the unit of capacity. 0 without patches.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds.

    References
    ----------
    Saura & Pascual-Hortal 2007.

    Examples
    --------
    Two patches of 2 and 1 ha at the median distance: 2² + 1² + 2 × (2 × 1 × 0.5) = 7.

    >>> graph = HabitatGraph.from_arrays([2, 1], [0], [1], [500])
    >>> round(compute_pc(graph, distance=500), 9)
    7.0
    >>> round(compute_pc(graph, distance=500, landscape_area=10), 9)
    0.07
    """
    numerator = index_numerator(
        *weigh_paths(graph, "PC", distance=distance, probability=probability)
    )
    return normalise(numerator, graph, landscape_area)


def compute_iic(
    graph: HabitatGraph, *, distance: float, landscape_area: float | None = None
) -> float:
    """Return the integral index of connectivity IIC, or its numerator where no area is given.

    IIC = Σᵢⱼ aᵢ aⱼ / (1 + nᵢⱼ) / A_L², nᵢⱼ being the number of links of the path with the fewest.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    distance : float
        Longest link that counts, inclusive, in the unit of the links; infinity to count all.
    landscape_area : float, optional
        A_L, in the unit of the capacities, at least their sum.

    Returns
    -------
    float
        IIC, from 0 to 1 and without unit. Without ``landscape_area``, its numerator, in the square
        of the unit of capacity. 0 without patches.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds.

    References
    ----------
    Pascual-Hortal & Saura 2006.

    Examples
    --------
    A path of three patches of 1 ha: 3 × 1 + 4 × 1/2 + 2 × 1/3 = 17/3.

    >>> graph = HabitatGraph.from_arrays([1, 1, 1], [0, 1], [1, 2], [500, 500])
    >>> round(compute_iic(graph, distance=500), 4)
    5.6667
    """
    model, weight = weigh_paths(graph, "IIC", distance=distance)
    return normalise(index_numerator(model, weight), graph, landscape_area)


def compute_ec(
    graph: HabitatGraph, index: Index = "PC", *, distance: float, probability: float = 0.5
) -> float:
    """Return the equivalent connected area: one patch of this capacity would give the same index.

    EC = √(Σᵢⱼ aᵢ aⱼ pᵢⱼ), the root of the numerator of the index.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    index : {"PC", "IIC"}
        Index of which it is the root.
    distance, probability : float
        As `compute_pc` or `compute_iic` take them; IIC has no use for the probability.

    Returns
    -------
    float
        EC, in the unit of capacity: between √(Σ aᵢ²), nothing connected, and Σ aᵢ, all one patch.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds or the index is unknown.

    References
    ----------
    Saura et al. 2011.

    Examples
    --------
    Two patches of 2 and 1 ha at the median distance: √7 ha.

    >>> graph = HabitatGraph.from_arrays([2, 1], [0], [1], [500])
    >>> round(compute_ec(graph, distance=500), 4)
    2.6458
    """
    model, weight = weigh_paths(graph, index, distance=distance, probability=probability)
    return float(np.sqrt(index_numerator(model, weight)))


def share_of_pc(
    graph: HabitatGraph, *, distance: float, probability: float = 0.5
) -> pd.Series[float]:
    """Return the share of PC that each patch holds.

    shareᵢ = aᵢ Σⱼ aⱼ pᵢⱼ / PCnum. It splits the index without rest, where the losses by removal
    of `rank_patches` overlap: use it to attribute PC to communes.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    distance, probability : float
        As `compute_pc` takes them.

    Returns
    -------
    pandas.Series
        Indexed by ``patch``, from 0 to 1, of sum 1; all 0 where PC is 0.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds.

    References
    ----------
    Saura & Pascual-Hortal 2007, for PC.

    Examples
    --------
    Two patches of 2 and 1 ha at the median distance: (4 + 1) / 7 and (1 + 1) / 7.

    >>> graph = HabitatGraph.from_arrays([2, 1], [0], [1], [500])
    >>> share_of_pc(graph, distance=500).round(4).tolist()
    [0.7143, 0.2857]
    """
    model, weight = weigh_paths(graph, "PC", distance=distance, probability=probability)
    held = model.capacity * sum_within_reach(model, weight)
    return pd.Series(ratio(held, held.sum()), index=pd.Index(graph.ids, name="patch"), name="share")


def path_model(
    graph: HabitatGraph, index: Index, *, distance: float, probability: float = 0.5
) -> tuple[HabitatGraph, Weight]:
    """Return the graph whose path lengths an index counts, and how it weighs a length.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    index : {"PC", "IIC"}
        The index.
    distance, probability : float
        As `compute_pc` or `compute_iic` take them.

    Returns
    -------
    model : HabitatGraph
        The same patches; for IIC the links that are short enough, each of length 1.
    weight : callable
        From an array of path lengths, infinite where there is no path, to weights.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds or the index is unknown, or if crossing a patch has a
        length: what is lost or gained cannot be told from lengths between patches then.
    """
    if index == "PC" and graph.ends is not None:
        raise ParameterError(
            explain(
                "graph",
                "crossing a patch has a length, which losses and gains do not count",
                remedy="a graph made without with_crossings, or PC before and after (compare)",
            )
        )
    return weigh_paths(graph, index, distance=distance, probability=probability)


def weigh_paths(
    graph: HabitatGraph, index: Index, *, distance: float, probability: float = 0.5
) -> tuple[HabitatGraph, Weight]:
    """Return what `path_model` does, for a graph with crossings too.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    index : {"PC", "IIC"}
        The index.
    distance, probability : float
        As `compute_pc` or `compute_iic` take them.

    Returns
    -------
    model, weight
        As `path_model`.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds or the index is unknown.
    """
    if index == "PC":
        alpha = compute_alpha(distance, probability)
        return graph, lambda length: np.exp(-alpha * length)
    if index == "IIC":
        if not distance >= 0:
            raise ParameterError(explain("distance", f"is {distance}", required="a length ≥ 0"))
        near = graph.threshold(distance)
        return count_steps(near), lambda length: 1 / (1 + length)
    raise ParameterError(explain("index", f"« {index} » is unknown", required="PC or IIC"))


def count_steps(graph: HabitatGraph) -> HabitatGraph:
    """Return the graph with links of length 1, in which a path is as long as its links are many.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    HabitatGraph
        Infinite links stay infinite; patches are crossed for nothing.
    """
    steps = np.where(np.isfinite(graph.distance), 1.0, np.inf)
    return replace(graph, distance=steps, ends=None)


def sum_within_reach(graph: HabitatGraph, weight: Weight) -> Floats:
    """Return the capacity that each patch reaches, its own included: Σⱼ aⱼ wᵢⱼ.

    Parameters
    ----------
    graph : HabitatGraph
        As `path_model` returns it.
    weight : callable
        Idem.

    Returns
    -------
    numpy.ndarray
        One sum for each patch, in the unit of capacity.
    """
    reach = np.zeros(len(graph.ids))
    for rows, lengths in iter_lengths(graph):
        reach[rows] = weight(lengths) @ graph.capacity
    return reach


def index_numerator(graph: HabitatGraph, weight: Weight) -> float:
    """Return the numerator of an index, Σᵢⱼ aᵢ aⱼ wᵢⱼ.

    Parameters
    ----------
    graph : HabitatGraph
        As `path_model` returns it.
    weight : callable
        Idem.

    Returns
    -------
    float
        In the square of the unit of capacity.
    """
    return float(graph.capacity @ sum_within_reach(graph, weight))


def ratio(part: Floats, total: float) -> Floats:
    """Return parts of a total, all 0 where the total is 0.

    Parameters
    ----------
    part : numpy.ndarray
        The parts.
    total : float
        Not negative.

    Returns
    -------
    numpy.ndarray
        ``part / total``.
    """
    return part / total if total > 0 else np.zeros_like(part)


def normalise(numerator: float, graph: HabitatGraph, landscape_area: float | None) -> float:
    """Return the numerator of an index over the square of the landscape's area.

    Parameters
    ----------
    numerator : float
        In the square of the unit of capacity.
    graph : HabitatGraph
        Whose habitat the landscape holds.
    landscape_area : float or None
        In the unit of capacity; None for the numerator itself.

    Returns
    -------
    float
        From 0 to 1, or the numerator.

    Raises
    ------
    ParameterError
        If the area is not positive and finite, or less than the habitat.
    """
    if landscape_area is None:
        return numerator
    habitat = float(graph.capacity.sum())
    if not (np.isfinite(landscape_area) and landscape_area > 0):
        raise ParameterError(
            explain("landscape_area", f"is {landscape_area}", required="a finite area above 0")
        )
    if landscape_area < habitat * (1 - _ROUNDING):
        raise ParameterError(
            explain(
                "landscape_area",
                f"{landscape_area:g} is less than the sum of the capacities, {habitat:g}",
                required="the area of the landscape, in the unit of the capacities",
            )
        )
    return min(numerator / landscape_area**2, 1.0)
