"""What each patch and each link contributes to a connectivity index: the loss when it is removed.

Indices and references: `tvb.connectivity.indices`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.indices import (
    Floats,
    Index,
    Weight,
    index_numerator,
    path_model,
    ratio,
    sum_within_reach,
)

__all__ = ["rank_links", "rank_patches"]

Link: TypeAlias = tuple[int, int, float]
Item = TypeVar("Item")


def rank_patches(
    graph: HabitatGraph, index: Index = "PC", *, distance: float, probability: float = 0.5
) -> pd.DataFrame:
    """Return the loss of the index when each patch is removed, and the three ways it comes about.

    For patch k, in percent of the intact index: d = 100 (I − I₋ₖ) / I = intra + flux + connector,

    - intra, what k holds by itself: aₖ²;
    - flux, what goes to and from it: 2 aₖ Σ_{j≠k} aⱼ pₖⱼ;
    - connector, what the others reach through it and by no path as good without it:
      Σᵢⱼ aᵢ aⱼ (pᵢⱼ − pᵢⱼ without k), i and j other than k.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    index : {"PC", "IIC"}
        Index that is measured.
    distance, probability : float
        As `compute_pc` or `compute_iic` take them; IIC has no use for the probability.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``patch``, in the order of the graph; columns ``d``, ``d_intra``, ``d_flux``,
        ``d_connector`` in percent; all 0 where the index is 0.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds or the index is unknown.

    Notes
    -----
    By definition, on dense matrices: a component of n patches takes of the order of n³ log₂ n
    operations and 8 n² log₂ n bytes.

    References
    ----------
    Saura & Rubio 2010. As in Conefor, flux counts both orders of a pair.

    Examples
    --------
    A path of three patches of 1 ha, links at the median distance: PCnum = 3 + 4 × 0.5 + 2 × 0.25
    = 5.5. The middle loses 1 by itself, 4 × 0.5 of flux, and 2 × 0.25 between the two others.

    >>> graph = HabitatGraph.from_arrays([1, 1, 1], [0, 1], [1, 2], [500, 500])
    >>> rank_patches(graph, distance=500).loc[1].round(2).tolist()
    [63.64, 18.18, 36.36, 9.09]
    """
    model, weight = path_model(graph, index, distance=distance, probability=probability)
    capacity, reach = model.capacity, sum_within_reach(model, weight)
    total = float(capacity @ reach)
    parts = {
        "d_intra": capacity**2,
        "d_flux": 2 * capacity * np.maximum(reach - capacity, 0),
        "d_connector": _connector_losses(model, weight),
    }
    table = pd.DataFrame(
        {name: 100 * ratio(loss, total) for name, loss in parts.items()},
        index=pd.Index(graph.ids, name="patch"),
    )
    table.insert(0, "d", table.sum(axis=1))
    return table


def rank_links(
    graph: HabitatGraph, index: Index = "PC", *, distance: float, probability: float = 0.5
) -> pd.DataFrame:
    """Return the loss of the index when each link is removed.

    d = 100 (I − I₋ₗ) / I for link l, in percent of the intact index.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    index : {"PC", "IIC"}
        Index that is measured.
    distance, probability : float
        As `compute_pc` or `compute_iic` take them; IIC has no use for the probability.

    Returns
    -------
    pandas.DataFrame
        One row for each link, in the order of the graph and of `HabitatGraph.to_frames`: ``i``,
        ``j`` (ids of its patches) and ``d`` in percent; 0 for a link longer than the ``distance``
        of IIC, and everywhere where the index is 0.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds or the index is unknown.

    Notes
    -----
    By definition, on dense matrices: a component of n patches takes 8 n² log₂ m bytes.

    References
    ----------
    Saura & Rubio 2010.

    Examples
    --------
    A path of three patches of 1 ha, links at the median distance: without the first link,
    2 × 0.5 + 2 × 0.25 is lost out of 5.5.

    >>> graph = HabitatGraph.from_arrays([1, 1, 1], [0, 1], [1, 2], [500, 500])
    >>> rank_links(graph, distance=500)["d"].round(2).tolist()
    [27.27, 27.27]
    """
    model, weight = path_model(graph, index, distance=distance, probability=probability)
    loss = pd.Series(
        100 * ratio(_link_losses(model, weight), index_numerator(model, weight)),
        index=pd.MultiIndex.from_arrays([model.i, model.j]),
    )
    every = pd.MultiIndex.from_arrays([graph.i, graph.j])
    return pd.DataFrame(
        {
            "i": graph.ids[graph.i],
            "j": graph.ids[graph.j],
            "d": loss.reindex(every, fill_value=0.0).to_numpy(),
        }
    )


def _connector_losses(graph: HabitatGraph, weight: Weight) -> Floats:
    """Return, for each patch k, Σᵢⱼ aᵢ aⱼ (wᵢⱼ − wᵢⱼ without k) over i, j other than k."""
    losses = np.zeros(len(graph.ids))
    for members, links in _components(graph):
        direct = _no_paths(len(members))
        for i, j, length in links:
            direct[i, j] = direct[j, i] = length
        # A patch with one link is on no path between two others.
        stops = np.flatnonzero(np.isfinite(direct).sum(axis=0) > 2).tolist()
        intact = direct.copy()
        for stop in stops:
            _open_stop(intact, stop)
        capacity = graph.capacity[members]
        for stop, lengths in _leave_one_out(direct, stops, _open_stop):
            # Paths from and to the stop are as short as before: only the others lose.
            losses[members[stop]] = _lost(capacity, intact=intact, lengths=lengths, weight=weight)
    return losses


def _link_losses(graph: HabitatGraph, weight: Weight) -> Floats:
    """Return, for each link, Σᵢⱼ aᵢ aⱼ (wᵢⱼ − wᵢⱼ without the link)."""
    losses = np.zeros(len(graph.i))
    row_of = {pair: row for row, pair in enumerate(zip(graph.i, graph.j, strict=True))}
    for members, links in _components(graph):
        nothing = _no_paths(len(members))
        intact = nothing.copy()
        for link in links:
            _open_link(intact, link)
        capacity = graph.capacity[members]
        for (i, j, _), lengths in _leave_one_out(nothing, links, _open_link):
            row = row_of[members[i], members[j]]
            losses[row] = _lost(capacity, intact=intact, lengths=lengths, weight=weight)
    return losses


def _components(graph: HabitatGraph) -> Iterator[tuple[NDArray[np.int64], list[Link]]]:
    """Yield the patches of each component that has links, and its links by position in it."""
    label = graph.components().to_numpy()
    passable = np.isfinite(graph.distance)
    for component in np.unique(label[graph.i[passable]]):
        members = np.flatnonzero(label == component)
        rows = np.flatnonzero(passable & (label[graph.i] == component))
        i = np.searchsorted(members, graph.i[rows]).tolist()
        j = np.searchsorted(members, graph.j[rows]).tolist()
        yield members, list(zip(i, j, graph.distance[rows].tolist(), strict=True))


def _no_paths(count: int) -> Floats:
    lengths = np.full((count, count), np.inf)
    np.fill_diagonal(lengths, 0)
    return lengths


def _leave_one_out(
    lengths: Floats, items: Sequence[Item], open_item: Callable[[Floats, Item], None]
) -> Iterator[tuple[Item, Floats]]:
    """Yield each item with the path lengths once all the others are open.

    Opening is cheap where closing is not. So one half is opened before the other is dealt with, and
    so on down: each item is opened log₂ n times instead of once for every other item.
    """
    if len(items) == 1:
        yield items[0], lengths
        return
    middle = len(items) // 2
    for part, rest in ((items[:middle], items[middle:]), (items[middle:], items[:middle])):
        if part:
            opened = lengths.copy()
            for item in rest:
                open_item(opened, item)
            yield from _leave_one_out(opened, part, open_item)


def _open_stop(lengths: Floats, stop: int) -> None:
    """Shorten paths in place, now that they may pass through a patch."""
    through = lengths[:, stop, None] + lengths[stop]
    np.minimum(lengths, through, out=lengths)


def _open_link(lengths: Floats, link: Link) -> None:
    """Shorten paths in place, now that they may use a link.

    Only patches nearer to one end through the link than around it have anything to gain.
    """
    i, j, length = link
    if lengths[i, j] <= length:
        return
    before = np.flatnonzero(lengths[:, i] + length < lengths[:, j])
    after = np.flatnonzero(lengths[:, j] + length < lengths[:, i])
    through = lengths[before, i, None] + length + lengths[j, after]
    block = np.ix_(before, after)
    shorter = np.minimum(lengths[block], through)
    lengths[block] = shorter
    lengths[np.ix_(after, before)] = shorter.T


def _lost(capacity: Floats, *, intact: Floats, lengths: Floats, weight: Weight) -> float:
    """Return Σᵢⱼ aᵢ aⱼ times the loss of weight, over the pairs that are now further apart."""
    i, j = np.nonzero(lengths > intact)
    loss = weight(intact[i, j]) - weight(lengths[i, j])
    return float(np.sum(capacity[i] * capacity[j] * loss))
