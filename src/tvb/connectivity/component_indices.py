"""Indices of how habitat is parted into components: patches that links join, however far around.

They know links or no links: shorten the graph to the links that count first, with
`HabitatGraph.threshold`. Notation: c_k sum of the capacities of component k; aᵢ capacity of patch
i; A_L area of the landscape. All are 0 without patches.

References
----------
.. [1] Pascual-Hortal, L. & Saura, S. (2006). Comparison and development of new graph-based
   landscape connectivity indices. Landscape Ecology 21, 959-967.
.. [2] Urban, D. & Keitt, T. (2001). Landscape connectivity: a graph-theoretic perspective. Ecology
   82, 1205-1218.
.. [3] O'Brien, D., Manseau, M., Fall, A. & Fortin, M.-J. (2006). Testing the importance of spatial
   configuration of winter habitat for woodland caribou. Biological Conservation 130, 70-83.
"""

from __future__ import annotations

import numpy as np

from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.indices import Floats, normalise

__all__ = [
    "compute_ccp",
    "compute_ecs",
    "compute_lcp",
    "compute_msc",
    "compute_slc",
    "count_components",
    "count_links",
]


def count_links(graph: HabitatGraph) -> int:
    """Return the number of links NL, infinite ones left out.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    int
        NL, at most one for each pair of patches.

    References
    ----------
    Pascual-Hortal & Saura 2006.

    Examples
    --------
    >>> count_links(HabitatGraph.from_arrays([1, 1, 1], [0, 1], [1, 2], [500, float("inf")]))
    1
    """
    return int(np.isfinite(graph.distance).sum())


def count_components(graph: HabitatGraph) -> int:
    """Return the number of components NC, isolated patches included.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    int
        NC.

    References
    ----------
    Urban & Keitt 2001.

    Examples
    --------
    A pair and a patch by itself.

    >>> count_components(HabitatGraph.from_arrays([2, 1, 3], [0], [1], [500]))
    2
    """
    return len(measure_components(graph))


def compute_msc(graph: HabitatGraph) -> float:
    """Return the mean size of the components, MSC = Σ aᵢ / NC.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    float
        In the unit of capacity.

    References
    ----------
    Pascual-Hortal & Saura 2006.

    Examples
    --------
    A pair of 2 and 1 ha and a patch of 3 ha: 6 / 2 = 3 ha.

    >>> compute_msc(HabitatGraph.from_arrays([2, 1, 3], [0], [1], [500]))
    3.0
    """
    sizes = measure_components(graph)
    return float(sizes.mean()) if len(sizes) else 0.0


def compute_slc(graph: HabitatGraph) -> float:
    """Return the size of the largest component, SLC = max c_k.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    float
        In the unit of capacity.

    References
    ----------
    Pascual-Hortal & Saura 2006.

    Examples
    --------
    A pair of 2 and 1 ha and a patch of 4 ha: the patch.

    >>> compute_slc(HabitatGraph.from_arrays([2, 1, 4], [0], [1], [500]))
    4.0
    """
    return float(measure_components(graph).max(initial=0.0))


def compute_ccp(graph: HabitatGraph) -> float:
    """Return the class coincidence probability, CCP = Σ (c_k / Σ aᵢ)².

    Two points drawn at random in the habitat lie in one component with this probability.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    float
        From 0 to 1, without unit; 0 without habitat.

    References
    ----------
    Pascual-Hortal & Saura 2006.

    Examples
    --------
    Components of 3 and 1 ha: (3/4)² + (1/4)² = 10/16.

    >>> compute_ccp(HabitatGraph.from_arrays([2, 1, 1], [0], [1], [500]))
    0.625
    """
    sizes = measure_components(graph)
    habitat = float(sizes.sum())
    return float(sizes @ sizes) / habitat**2 if habitat > 0 else 0.0


def compute_ecs(graph: HabitatGraph) -> float:
    """Return the expected size of the component of a point of habitat, ECS = Σ c_k² / Σ aᵢ.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    float
        In the unit of capacity; 0 without habitat.

    References
    ----------
    O'Brien et al. 2006.

    Examples
    --------
    Components of 3 and 1 ha: (9 + 1) / 4 = 2.5 ha.

    >>> compute_ecs(HabitatGraph.from_arrays([2, 1, 1], [0], [1], [500]))
    2.5
    """
    sizes = measure_components(graph)
    habitat = float(sizes.sum())
    return float(sizes @ sizes) / habitat if habitat > 0 else 0.0


def compute_lcp(graph: HabitatGraph, *, landscape_area: float | None = None) -> float:
    """Return the landscape coincidence probability, LCP = Σ c_k² / A_L², or its numerator.

    Two points drawn at random in the landscape lie in one component with this probability.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    landscape_area : float, optional
        A_L, in the unit of the capacities, at least their sum.

    Returns
    -------
    float
        From 0 to 1, without unit. Without ``landscape_area``, Σ c_k², in the square of the unit
        of capacity.

    Raises
    ------
    ParameterError
        If the area is out of bounds.

    References
    ----------
    Pascual-Hortal & Saura 2006.

    Examples
    --------
    Components of 3 and 1 ha in 10 ha: (9 + 1) / 100.

    >>> compute_lcp(HabitatGraph.from_arrays([2, 1, 1], [0], [1], [500]), landscape_area=10)
    0.1
    """
    sizes = measure_components(graph)
    return normalise(float(sizes @ sizes), graph, landscape_area)


def measure_components(graph: HabitatGraph) -> Floats:
    """Return the sum of the capacities of each component.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    numpy.ndarray
        Shape (NC,), in the order of `HabitatGraph.components`.
    """
    label = graph.components().to_numpy()
    return np.bincount(label, weights=graph.capacity)[1:].astype(np.float64)
