"""Before and after: graphs with patches and links removed, added or changed, and their indices.

Each function returns a new graph and leaves the one given as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.connectivity.checks import require_table
from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.overview import INDICES, compute_indices
from tvb.errors import LayerError, ParameterError, explain

__all__ = [
    "add_links",
    "add_patches",
    "change_capacities",
    "change_lengths",
    "compare",
    "find_links",
    "find_patches",
    "remove_links",
    "remove_patches",
]


def remove_patches(graph: HabitatGraph, patches: Iterable[object]) -> HabitatGraph:
    """Return the graph without some patches and their links.

    Parameters
    ----------
    graph : HabitatGraph
        Before.
    patches : iterable
        Ids of the patches.

    Returns
    -------
    HabitatGraph
        After.

    Raises
    ------
    LayerError
        If the graph has no such patch.

    Examples
    --------
    >>> path = HabitatGraph.from_arrays([1, 1, 1], [0, 1], [1, 2], [500, 500])
    >>> remove_patches(path, [1])
    <HabitatGraph: 2 patches, 0 links, 2 components, 2 isolated patches>
    """
    kept = np.ones(len(graph.ids), dtype=bool)
    kept[find_patches(graph, patches)] = False
    return graph.take_patches(kept)


def remove_links(graph: HabitatGraph, links: pd.DataFrame) -> HabitatGraph:
    """Return the graph without some links.

    Parameters
    ----------
    graph : HabitatGraph
        Before.
    links : pandas.DataFrame
        With ``i`` and ``j``, ids of patches in either order.

    Returns
    -------
    HabitatGraph
        After.

    Raises
    ------
    LayerError
        If a column is missing or the graph has no such link.

    Examples
    --------
    >>> path = HabitatGraph.from_arrays([1, 1, 1], [0, 1], [1, 2], [500, 500])
    >>> remove_links(path, pd.DataFrame({"i": [2], "j": [1]}))
    <HabitatGraph: 3 patches, 1 link, 2 components, 1 isolated patch>
    """
    kept = np.ones(len(graph.i), dtype=bool)
    kept[find_links(graph, links)] = False
    return graph.take_links(kept)


def add_links(graph: HabitatGraph, links: pd.DataFrame) -> HabitatGraph:
    """Return the graph with more links; where there is one already, the shorter is kept.

    Parameters
    ----------
    graph : HabitatGraph
        Before.
    links : pandas.DataFrame
        With ``i``, ``j`` and the length, as `HabitatGraph.from_frames` takes them.

    Returns
    -------
    HabitatGraph
        After.

    Raises
    ------
    LayerError
        If a column is missing or a link names a patch that is not in the graph.
    ParameterError
        As `HabitatGraph` does, or if crossing a patch has a length.

    Examples
    --------
    >>> apart = HabitatGraph.from_arrays([1, 1], [], [], [])
    >>> add_links(apart, pd.DataFrame({"i": [0], "j": [1], "distance_m": [500.0]}))
    <HabitatGraph: 2 patches, 1 link, 1 component, 0 isolated patches>
    """
    return add_patches(graph, None, links)


def add_patches(
    graph: HabitatGraph, patches: pd.DataFrame | None, links: pd.DataFrame
) -> HabitatGraph:
    """Return the graph with more patches and links.

    Parameters
    ----------
    graph : HabitatGraph
        Before.
    patches : pandas.DataFrame or None
        With ``patch``, a new id, and ``capacity``.
    links : pandas.DataFrame
        With ``i``, ``j`` and the length, between patches old and new.

    Returns
    -------
    HabitatGraph
        After. Columns that only one side has are null on the other.

    Raises
    ------
    LayerError
        If a column is missing or a link names a patch that is nowhere.
    ParameterError
        As `HabitatGraph` does, an id that is in the graph already among others, or if crossing a
        patch has a length.

    Examples
    --------
    >>> apart = HabitatGraph.from_arrays([1, 1], [], [], [])
    >>> stone = pd.DataFrame({"patch": [9], "capacity": [0.5]})
    >>> steps = pd.DataFrame({"i": [0, 9], "j": [9, 1], "distance_m": [200.0, 300.0]})
    >>> add_patches(apart, stone, steps)
    <HabitatGraph: 3 patches, 2 links, 1 component, 0 isolated patches>
    """
    if graph.ends is not None:
        raise ParameterError(
            explain(
                "graph",
                "crossing a patch has a length, unknown for what is added",
                remedy="add to the graph made without with_crossings, then call it again",
            )
        )
    before, joined = graph.to_frames()
    if patches is not None:
        require_table(patches, "patches", ("patch", "capacity"))
        before = _stack(before, patches)
    require_table(links, "links", ("i", "j", graph.length_column))
    return HabitatGraph.from_frames(before, _stack(joined, links), length=graph.length_column)


def change_capacities(graph: HabitatGraph, capacities: pd.Series[float]) -> HabitatGraph:
    """Return the graph with other capacities for some patches.

    Parameters
    ----------
    graph : HabitatGraph
        Before.
    capacities : pandas.Series
        Indexed by id of patch.

    Returns
    -------
    HabitatGraph
        After.

    Raises
    ------
    LayerError
        If the graph has no such patch.
    ParameterError
        If a capacity is negative or not finite.

    Examples
    --------
    >>> apart = HabitatGraph.from_arrays([1, 1], [], [], [])
    >>> change_capacities(apart, pd.Series({1: 5.0})).capacity.tolist()
    [1.0, 5.0]
    """
    values = graph.capacity.copy()
    values[find_patches(graph, capacities.index)] = capacities.to_numpy(dtype=np.float64)
    return replace(graph, capacity=values)


def change_lengths(graph: HabitatGraph, links: pd.DataFrame) -> HabitatGraph:
    """Return the graph with other lengths for some links.

    Parameters
    ----------
    graph : HabitatGraph
        Before.
    links : pandas.DataFrame
        With ``i``, ``j`` (ids, in either order) and the new length; infinite closes the link.

    Returns
    -------
    HabitatGraph
        After.

    Raises
    ------
    LayerError
        If a column is missing or the graph has no such link.
    ParameterError
        If a length is negative or NaN.

    Examples
    --------
    >>> pair = HabitatGraph.from_arrays([1, 1], [0], [1], [500])
    >>> table = pd.DataFrame({"i": [1], "j": [0], "distance_m": [80.0]})
    >>> change_lengths(pair, table).distance.tolist()
    [80.0]
    """
    require_table(links, "links", ("i", "j", graph.length_column))
    values = graph.distance.copy()
    values[find_links(graph, links)] = links[graph.length_column].to_numpy(dtype=np.float64)
    return replace(graph, distance=values)


def compare(
    before: HabitatGraph,
    after: HabitatGraph,
    indices: Sequence[str] = INDICES,
    *,
    distance: float,
    probability: float = 0.5,
    threshold: float | None = None,
    landscape_area: float | None = None,
) -> pd.DataFrame:
    """Return the indices of two graphs, and what changed.

    Parameters
    ----------
    before, after : HabitatGraph
        Two states of a landscape.
    indices : sequence of str
        Which of `INDICES`.
    distance, probability, threshold, landscape_area : float
        As `compute_indices` takes them, the same for both.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``index``: ``before``, ``after``, ``change`` (after − before) and
        ``change_percent`` of before, null where before is 0.

    Raises
    ------
    ParameterError
        As `compute_indices` does.

    Examples
    --------
    >>> pair = HabitatGraph.from_arrays([2, 1], [0], [1], [500])
    >>> gone = remove_patches(pair, [1])
    >>> compare(pair, gone, ["NC", "PC"], distance=500).round(6).reset_index()
      index  before  after  change  change_percent
    0    NC     1.0    1.0     0.0        0.000000
    1    PC     7.0    4.0    -3.0      -42.857143
    """
    first, second = (
        compute_indices(
            graph,
            indices,
            distance=distance,
            probability=probability,
            threshold=threshold,
            landscape_area=landscape_area,
        )
        for graph in (before, after)
    )
    change = second - first
    return pd.DataFrame(
        {
            "before": first,
            "after": second,
            "change": change,
            "change_percent": 100 * change / first.where(first != 0),
        }
    )


def find_patches(graph: HabitatGraph, patches: Iterable[object]) -> NDArray[np.intp]:
    """Return the positions of some patches.

    Parameters
    ----------
    graph : HabitatGraph
        Patches.
    patches : iterable
        Ids.

    Returns
    -------
    numpy.ndarray
        Positions in ``graph.ids``, in the order given.

    Raises
    ------
    LayerError
        If the graph has no such patch.
    """
    names = list(patches)
    found = pd.Index(graph.ids).get_indexer(pd.Index(names)) if names else np.zeros(0, np.intp)
    unknown = [name for name, at in zip(names, found, strict=True) if at < 0]
    if unknown:
        raise LayerError(
            explain("patches", "no such patch in the graph", count=len(unknown), ids=unknown)
        )
    return found


def find_links(graph: HabitatGraph, links: pd.DataFrame) -> NDArray[np.intp]:
    """Return the rows of some links.

    Parameters
    ----------
    graph : HabitatGraph
        Links.
    links : pandas.DataFrame
        With ``i`` and ``j``, ids of patches in either order.

    Returns
    -------
    numpy.ndarray
        Rows in ``graph.i``, in the order given.

    Raises
    ------
    LayerError
        If a column is missing or the graph has no such link.
    """
    require_table(links, "links", ("i", "j"))
    ends = np.sort([find_patches(graph, links[end]) for end in ("i", "j")], axis=0)
    every = pd.MultiIndex.from_arrays([graph.i, graph.j])
    found = every.get_indexer(pd.MultiIndex.from_arrays(list(ends)))
    if (found < 0).any():
        rows = links[found < 0]
        names = [f"{a}–{b}" for a, b in zip(rows["i"], rows["j"], strict=True)]
        raise LayerError(explain("links", "no such link in the graph", count=len(names), ids=names))
    return found


def _stack(before: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return both tables in one; an empty one has no say in the types of columns."""
    if not len(before):
        return more
    if not len(more):
        return before
    table: Any = pd.concat([before, more], ignore_index=True)
    return table  # type: ignore[no-any-return]
