"""What each patch and each link contributes to a connectivity index: the loss when it is removed.

Indices and references: `tvb.connectivity.indices`. How it is computed: `tvb.connectivity.engine`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tvb.connectivity.engine import Losses, measure_losses
from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.indices import Floats, Index, ratio

__all__ = ["rank_graph", "rank_links", "rank_patches"]


def rank_patches(
    graph: HabitatGraph,
    index: Index = "PC",
    *,
    distance: float,
    probability: float = 0.5,
    p_min: float = 0.0,
    threads: int | None = None,
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
    p_min : float
        Pairs of this weight or less count zero, with and without what is removed; from 0, where all
        count and the result is exact, to 1, excluded. It saves time on large graphs.
    threads : int, optional
        Number of threads, by default one for each core. The result is the same, to the last bit.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``patch``, in the order of the graph; columns ``d``, ``d_intra``, ``d_flux``,
        ``d_connector`` in percent; all 0 where the index is 0. If ``p_min`` is above 0, also
        ``d_error``: the exact ``d`` is at most that far from ``d``, in percent of the index too.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds or the index is unknown.

    Notes
    -----
    Memory grows with the number of patches and links, time a little faster than its square. The
    first call on a machine compiles, for about ten seconds. Where crossing a patch has a length
    (`HabitatGraph.with_crossings`), PC is counted anew for each removal, exactly whatever `p_min`:
    time grows with the cube of the number of patches of a component.

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
    losses = measure_losses(
        graph, index, distance=distance, probability=probability, p_min=p_min, threads=threads,
        removed=(True, False),
    )  # fmt: skip
    return _patch_table(graph, losses, bounded=p_min > 0)


def rank_links(
    graph: HabitatGraph,
    index: Index = "PC",
    *,
    distance: float,
    probability: float = 0.5,
    p_min: float = 0.0,
    threads: int | None = None,
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
    p_min : float
        Pairs of this weight or less count zero, with and without what is removed; from 0, where all
        count and the result is exact, to 1, excluded. It saves time on large graphs.
    threads : int, optional
        Number of threads, by default one for each core. The result is the same, to the last bit.

    Returns
    -------
    pandas.DataFrame
        One row for each link, in the order of the graph and of `HabitatGraph.to_frames`: ``i``,
        ``j`` (ids of its patches) and ``d`` in percent; 0 for a link longer than the ``distance``
        of IIC, and everywhere where the index is 0. If ``p_min`` is above 0, also ``d_error``, as
        for patches.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds or the index is unknown.

    Notes
    -----
    As for `rank_patches`.

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
    losses = measure_losses(
        graph, index, distance=distance, probability=probability, p_min=p_min, threads=threads,
        removed=(False, True),
    )  # fmt: skip
    return _link_table(graph, losses, bounded=p_min > 0)


def rank_graph(
    graph: HabitatGraph,
    index: Index = "PC",
    *,
    distance: float,
    probability: float = 0.5,
    p_min: float = 0.0,
    threads: int | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the loss of the index when each patch, and when each link, is removed.

    The tables of `rank_patches` and `rank_links`, in little more than the time of one of them.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    index : {"PC", "IIC"}
        Index that is measured.
    distance, probability, p_min, threads
        As `rank_patches` takes them.

    Returns
    -------
    patches : pandas.DataFrame
        As `rank_patches`.
    links : pandas.DataFrame
        As `rank_links`.

    Raises
    ------
    ParameterError
        As `rank_patches` does.

    Examples
    --------
    >>> graph = HabitatGraph.from_arrays([1, 1, 1], [0, 1], [1, 2], [500, 500])
    >>> patches, links = rank_graph(graph, distance=500)
    >>> patches["d"].round(2).tolist(), links["d"].round(2).tolist()
    ([45.45, 63.64, 45.45], [27.27, 27.27])
    """
    losses = measure_losses(
        graph, index, distance=distance, probability=probability, p_min=p_min, threads=threads
    )
    bounded = p_min > 0
    return _patch_table(graph, losses, bounded=bounded), _link_table(graph, losses, bounded=bounded)


def _patch_table(graph: HabitatGraph, losses: Losses, *, bounded: bool) -> pd.DataFrame:
    capacity = graph.capacity
    parts = {
        "d_intra": capacity**2,
        "d_flux": 2 * capacity * np.maximum(losses.reach - capacity, 0),
        "d_connector": losses.patches,
    }
    table = pd.DataFrame(
        {name: 100 * ratio(loss, losses.total) for name, loss in parts.items()},
        index=pd.Index(graph.ids, name="patch"),
    )
    table.insert(0, "d", table.sum(axis=1))
    if bounded:
        table["d_error"] = _error(losses, np.sum(list(parts.values()), axis=0), losses.patch_error)
    return table


def _link_table(graph: HabitatGraph, losses: Losses, *, bounded: bool) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "i": graph.ids[graph.i],
            "j": graph.ids[graph.j],
            "d": 100 * ratio(losses.links, losses.total),
        }
    )
    if bounded:
        table["d_error"] = _error(losses, losses.links, losses.link_error)
    return table


def _error(losses: Losses, loss: Floats, either_side: Floats) -> Floats:
    """Return how far the exact percentage may be, for what truncation left out."""
    less, more = either_side.T
    lowest = ratio(np.maximum(loss - less, 0), losses.total + losses.missing)
    highest = ratio(loss + more, losses.total)
    found = ratio(loss, losses.total)
    return 100 * np.maximum(found - lowest, highest - found)
