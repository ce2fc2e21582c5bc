"""The skeleton of a graph and the groups in it: spanning tree and modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.connectivity.dispersal import compute_alpha
from tvb.connectivity.graph import HabitatGraph
from tvb.errors import ParameterError, explain

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["build_spanning_tree", "find_modules", "measure_modularity"]


def build_spanning_tree(graph: HabitatGraph) -> HabitatGraph:
    """Return the graph with the links of its minimum spanning tree only.

    The links that join everything that the graph joins, at the least total length. Of links of
    the same length the one whose patches come first is taken.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links; infinite links are left out.

    Returns
    -------
    HabitatGraph
        All patches; n − NC links, one tree for each component.

    References
    ----------
    Kruskal, J. B. (1956). On the shortest spanning subtree of a graph and the traveling salesman
    problem. Proceedings of the American Mathematical Society 7, 48-50.

    Examples
    --------
    >>> triangle = HabitatGraph.from_arrays([1, 1, 1], [0, 1, 0], [1, 2, 2], [300, 400, 500])
    >>> build_spanning_tree(triangle).distance.tolist()
    [300.0, 400.0]
    """
    parent = list(range(len(graph.ids)))

    def root(patch: int) -> int:
        while parent[patch] != patch:
            parent[patch] = parent[parent[patch]]
            patch = parent[patch]
        return patch

    kept = []
    order = np.argsort(graph.distance, kind="stable")  # links are sorted by their patches already
    for row in order[np.isfinite(graph.distance[order])].tolist():
        one, other = root(int(graph.i[row])), root(int(graph.j[row]))
        if one != other:
            parent[max(one, other)] = min(one, other)
            kept.append(row)
    return graph.take_links(np.sort(np.array(kept, dtype=np.int64)))


def find_modules(
    graph: HabitatGraph,
    *,
    distance: float,
    probability: float = 0.5,
    beta: float = 1.0,
    number: int | None = None,
    seed: int = 0,
) -> pd.Series[int]:
    """Return the module of each patch: groups with strong links inside and weak ones between.

    A link weighs (aᵢ aⱼ)^β exp(−α lᵢⱼ), as in Graphab.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    distance : float
        A distance of dispersal, in the unit of the links.
    probability : float
        Probability to cover it.
    beta : float
        Exponent β of the capacities.
    number : int, optional
        Number of modules, at least that of components. By default the number that makes modularity
        highest among those that the method visits.
    seed : int
        For the order in which the default method looks at patches; the same seed gives the same
        modules.

    Returns
    -------
    pandas.Series
        Indexed by ``patch``: number of its module, from 1 on, in the order of the first patch of
        each.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds.

    Notes
    -----
    networkx does the work: ``louvain_communities`` [1]_ without a number,
    ``greedy_modularity_communities`` [2]_ with one. Both are heuristics: modularity is high, not
    proven highest.

    References
    ----------
    .. [1] Blondel, V. D. et al. (2008). Fast unfolding of communities in large networks. Journal of
       Statistical Mechanics P10008.
    .. [2] Clauset, A., Newman, M. E. J. & Moore, C. (2004). Finding community structure in very
       large networks. Physical Review E 70, 066111.

    Examples
    --------
    Two pairs close together, far from each other.

    >>> graph = HabitatGraph.from_arrays([1] * 4, [0, 1, 2], [1, 2, 3], [10, 5000, 10])
    >>> find_modules(graph, distance=500).tolist()
    [1, 1, 2, 2]
    """
    from networkx.algorithms import community

    links = _weighted(graph, compute_alpha(distance, probability), beta)
    components = int(graph.components().max()) if len(graph.ids) else 0
    if number is not None and not components <= number <= len(graph.ids):
        required = f"between {components} components and {len(graph.ids)} patches"
        raise ParameterError(explain("number", f"is {number}", required=required))
    if links.number_of_edges() == 0:
        groups = [{patch} for patch in range(len(graph.ids))]
    elif number is None:
        groups = community.louvain_communities(links, weight="weight", seed=seed)
    else:
        groups = community.greedy_modularity_communities(
            links, weight="weight", cutoff=number, best_n=number
        )
    label = np.zeros(len(graph.ids), dtype=np.int64)
    for count, group in enumerate(sorted(groups, key=min), start=1):
        label[sorted(group)] = count
    return pd.Series(label, index=pd.Index(graph.ids, name="patch"), name="module")


def measure_modularity(
    graph: HabitatGraph,
    modules: pd.Series[int],
    *,
    distance: float,
    probability: float = 0.5,
    beta: float = 1.0,
) -> float:
    """Return how much more weight lies inside the modules than chance would put there.

    Q = Σ over modules of L / W − (K / 2W)², with W the weight of all links, L that of the links
    inside the module and K the sum over its patches of the weight of their links.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    modules : pandas.Series
        Indexed by ``patch``, as `find_modules` returns it.
    distance, probability, beta : float
        As `find_modules` takes them.

    Returns
    -------
    float
        Q, below 1; 0 where no link weighs anything.

    Raises
    ------
    ParameterError
        If a patch has no module or a parameter is out of bounds.

    References
    ----------
    Newman, M. E. J. & Girvan, M. (2004). Finding and evaluating community structure in networks.
    Physical Review E 69, 026113.

    Examples
    --------
    Two pairs that nothing joins: 2 × (1/2 − (1/2)²).

    >>> graph = HabitatGraph.from_arrays([1] * 4, [0, 2], [1, 3], [10, 10])
    >>> measure_modularity(graph, find_modules(graph, distance=500), distance=500)
    0.5
    """
    label = modules.reindex(graph.ids)
    if label.isna().any():
        raise ParameterError(
            explain("modules", "patch without a module", ids=label.index[label.isna()])
        )
    weight = _weights(graph, compute_alpha(distance, probability), beta)
    total = float(weight.sum())
    if total == 0:
        return 0.0
    group = pd.factorize(label)[0]
    one, other = group[graph.i], group[graph.j]
    inside = float(weight[one == other].sum())
    strength = np.bincount(np.concatenate([one, other]), weights=np.tile(weight, 2))
    return inside / total - float(strength @ strength) / (2 * total) ** 2


def _weights(graph: HabitatGraph, alpha: float, beta: float) -> NDArray[np.float64]:
    pairs = graph.capacity[graph.i] * graph.capacity[graph.j]
    weight: NDArray[np.float64] = pairs**beta * np.exp(-alpha * graph.distance)
    return weight


def _weighted(graph: HabitatGraph, alpha: float, beta: float) -> nx.Graph:
    """Return positions and weights as networkx takes them; links that weigh nothing left out."""
    import networkx as nx

    weight = _weights(graph, alpha, beta)
    rows = weight > 0
    # Only ratios matter to modularity, and products of areas in m² would be far from 1.
    scaled = weight[rows] / weight.max(initial=0.0) if rows.any() else weight[rows]
    links = nx.Graph()
    links.add_nodes_from(range(len(graph.ids)))
    links.add_weighted_edges_from(
        zip(graph.i[rows].tolist(), graph.j[rows].tolist(), scaled.tolist(), strict=True)
    )
    return links
