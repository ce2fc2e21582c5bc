"""The loss of PC where crossing a patch has a length: each patch and link removed in turn.

A path of such a graph is not one of patches but one of links, and the slices of
`tvb.connectivity.engine` do not hold. Only the component of what is removed is counted anew.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.indices import Floats, Weight, index_numerator, sum_within_reach
from tvb.progress import Bar

__all__ = ["lose_one_by_one"]


def lose_one_by_one(
    graph: HabitatGraph, weight: Weight, *, removed: tuple[bool, bool]
) -> tuple[Floats, Floats, Floats]:
    """Return what each patch reaches, and what is lost with each patch and each link.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links, with the ends of the links.
    weight : callable
        From an array of path lengths to weights.
    removed : tuple of bool
        Whether patches, and whether links are removed.

    Returns
    -------
    reach : numpy.ndarray
        Σⱼ aⱼ wᵢⱼ for each patch, in the unit of capacity, shape (n,).
    patches : numpy.ndarray
        Loss of the pairs of other patches when each patch is removed, shape (n,); 0 if not asked.
    links : numpy.ndarray
        Loss when each link is removed, shape (m,); 0 if not asked.
    """
    label = graph.components().to_numpy()
    reach, patches = np.zeros((2, len(graph.ids)))
    links = np.zeros(len(graph.i))
    total = removed[0] * len(patches) + removed[1] * len(links)
    with Bar("Removing patches and links", unit="removals", total=total) as bar:
        for component in np.unique(label):
            members = np.flatnonzero(label == component)
            part, rows = graph.take_patches(members), _links_of(graph, members)
            reach[members] = sum_within_reach(part, weight)
            if removed[0]:
                patches[members] = _lose_patches(part, weight, reach[members], bar=bar)
            if removed[1]:
                whole = float(part.capacity @ reach[members])
                links[rows] = _lose_links(part, weight, whole, bar=bar)
    return reach, patches, links


def _links_of(graph: HabitatGraph, members: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the rows of the links inside a component, in the order of `take_patches`."""
    return np.flatnonzero(np.isin(graph.i, members) & np.isin(graph.j, members))


def _lose_patches(part: HabitatGraph, weight: Weight, reach: Floats, *, bar: Bar) -> Floats:
    """Return what the others lose: what they reach, each other and the patch, less the rest."""
    everyone = np.arange(len(part.ids))
    whole, lost = float(part.capacity @ reach), np.zeros(len(everyone))
    for k in everyone:
        rest = part.take_patches(everyone != k)
        own = part.capacity[k] * (2 * reach[k] - part.capacity[k])
        lost[k] = max(whole - own - index_numerator(rest, weight), 0.0)
        bar.advance(1)
    return lost


def _lose_links(part: HabitatGraph, weight: Weight, whole: float, *, bar: Bar) -> Floats:
    everyone = np.arange(len(part.i))
    lost = np.zeros(len(everyone))
    for k in everyone:
        if np.isfinite(part.distance[k]):
            lost[k] = max(whole - index_numerator(part.take_links(everyone != k), weight), 0.0)
        bar.advance(1)
    return lost
