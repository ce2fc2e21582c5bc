"""What each patch is in its graph: how much flows to it, through it, and how central it lies.

Names are those of Graphab. Notation: aᵢ capacity of patch i, β its exponent; dᵢⱼ length of the
shortest path; kᵢ number of links of patch i; α as `compute_alpha` makes it.

References
----------
.. [1] Foltête, J.-C., Clauzel, C. & Vuidel, G. (2012). A software tool dedicated to the modelling
   of landscape networks. Environmental Modelling & Software 38, 316-327.
.. [2] Foltête, J.-C., Clauzel, C., Vuidel, G. & Tournant, P. (2012). Integrating graph-based
   connectivity metrics into species distribution models. Landscape Ecology 27, 557-569.
.. [3] Bodin, Ö. & Saura, S. (2010). Ranking individual habitat patches as connectivity providers.
   Ecological Modelling 221, 2393-2405.
.. [4] Freeman, L. C. (1978). Centrality in social networks: conceptual clarification. Social
   Networks 1, 215-239.
.. [5] Newman, M. E. J. (2005). A measure of betweenness centrality based on random walks. Social
   Networks 27, 39-54.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from tvb.connectivity.betweenness import measure_betweenness
from tvb.connectivity.current_flow import measure_current_flow
from tvb.connectivity.dispersal import compute_alpha
from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.shortest_paths import Floats, iter_lengths
from tvb.errors import ParameterError, explain

__all__ = ["METRICS", "measure_patches"]

METRICS = ("F", "IF", "BC", "Dg", "CC", "CCe", "Ec", "CF")
"""Names of the metrics, in the order of `measure_patches`."""

_OF_LENGTHS = frozenset({"F", "IF", "CCe", "Ec"})


def measure_patches(
    graph: HabitatGraph,
    metrics: Sequence[str] = METRICS,
    *,
    distance: float,
    probability: float = 0.5,
    beta: float = 1.0,
) -> pd.DataFrame:
    """Return metrics of each patch.

    - F, flux: Σ_{j≠i} aⱼ^β exp(−α dᵢⱼ);
    - IF, interaction flux: Σⱼ (aᵢ aⱼ)^β exp(−α dᵢⱼ), j = i included: with β = 1 they sum to the
      numerator of PC;
    - BC, betweenness: Σ_{j<k} (aⱼ aₖ)^β exp(−α dⱼₖ) over the pairs whose shortest path passes
      through i, j and k other than i; paths of the same length share;
    - Dg, degree: number of its links;
    - CC, clustering: share of the pairs of its neighbours that are linked; 0 if it has fewer than
      two;
    - CCe, closeness: mean dᵢⱼ to the other patches of its component, so small where central; 0 if
      it is alone;
    - Ec, eccentricity: max dᵢⱼ in its component;
    - CF, current flow: Σ_{j<k} (aⱼ aₖ)^β times the part of a unit current from j to k that passes
      through i when the resistance of a link is its length.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links. Infinite links do not count.
    metrics : sequence of str
        Which of `METRICS`, by default all.
    distance : float
        A distance of dispersal, in the unit of the links; F, IF and BC use it.
    probability : float
        Probability to cover it.
    beta : float
        Exponent β of the capacities, from 0, all patches alike, to 1.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``patch``, in the order of the graph; float64 columns in the order asked. F is in
        the unit of capacity (to the power β), IF, BC and CF in its square, CCe and Ec in the unit
        of the links.

    Raises
    ------
    ParameterError
        If a metric is unknown, a parameter is out of bounds, or CF is asked of a graph with
        crossings.

    Notes
    -----
    F, IF, CCe, Ec and BC take one search for each patch, of the order of n (n + m) log n in all; CF
    one solution of the circuit for each link, of the order of m n log n; Dg and CC next to nothing.

    References
    ----------
    Foltête et al. 2012 (F, IF); Foltête, Clauzel, Vuidel & Tournant 2012 and Bodin & Saura 2010
    (BC); Freeman 1978 (Dg, CCe, Ec); Newman 2005 (CF).

    Examples
    --------
    A path of patches of 2, 1 and 4 ha at the median distance. To the first flow 0.5 × 1 + 0.25 × 4;
    through the middle pass 2 × 4 × 0.25.

    >>> graph = HabitatGraph.from_arrays([2, 1, 4], [0, 1], [1, 2], [500, 500])
    >>> measure_patches(graph, ["F", "BC", "CCe"], distance=500).round(9).reset_index()
       patch    F   BC    CCe
    0      0  1.5  0.0  750.0
    1      1  3.0  2.0  500.0
    2      2  1.0  0.0  750.0
    """
    alpha = compute_alpha(distance, probability)
    _check(graph, metrics, beta)
    weight = graph.capacity**beta
    columns: dict[str, Floats] = {}
    if _OF_LENGTHS & set(metrics):
        columns |= _of_lengths(graph, weight, alpha)
    if "BC" in metrics:
        columns["BC"] = measure_betweenness(graph, weight, alpha)
    if {"Dg", "CC"} & set(metrics):
        columns |= _of_neighbours(graph)
    if "CF" in metrics:
        columns["CF"] = measure_current_flow(graph, weight)
    index = pd.Index(graph.ids, name="patch")
    return pd.DataFrame({name: columns[name] for name in metrics}, index=index, dtype=np.float64)


def _check(graph: HabitatGraph, metrics: Sequence[str], beta: float) -> None:
    unknown = [name for name in metrics if name not in METRICS]
    if unknown:
        raise ParameterError(
            explain("metrics", f"« {unknown[0]} » is unknown", required=", ".join(METRICS))
        )
    if not 0 <= beta <= 1:
        raise ParameterError(explain("beta", f"is {beta}", required="between 0 and 1"))
    if graph.ends is not None and "CF" in metrics:
        raise ParameterError(
            explain(
                "metrics",
                "CF has no meaning where crossing a patch has a length",
                remedy="a graph made without with_crossings",
            )
        )


def _of_lengths(graph: HabitatGraph, weight: Floats, alpha: float) -> dict[str, Floats]:
    flux, mean, longest = (np.zeros(len(graph.ids)) for _ in range(3))
    for rows, lengths in iter_lengths(graph):
        self_ = (np.arange(len(rows)), rows)
        probability = np.exp(-alpha * lengths)
        probability[self_] = 0
        flux[rows] = probability @ weight
        lengths[np.isinf(lengths)] = -1  # marks no path
        others = (lengths >= 0).sum(axis=1) - 1
        np.maximum(lengths, 0, out=lengths)
        mean[rows] = lengths.sum(axis=1) / np.maximum(others, 1)
        longest[rows] = lengths.max(axis=1)
    return {"F": flux, "IF": weight * (flux + weight), "CCe": mean, "Ec": longest}


def _of_neighbours(graph: HabitatGraph) -> dict[str, Floats]:
    adjacency = graph.adjacency
    ones = np.ones(adjacency.nnz)
    linked = csr_array((ones, adjacency.indices, adjacency.indptr), shape=adjacency.shape)
    degree = np.diff(linked.indptr).astype(np.float64)
    corners: Floats = np.asarray((linked @ linked).multiply(linked).sum(axis=1)).ravel()
    pairs = degree * (degree - 1)
    return {"Dg": degree, "CC": corners / np.where(pairs > 0, pairs, 1)}
