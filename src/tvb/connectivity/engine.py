"""The loss of an index when each patch and each link is removed, without n times all pairs.

From each source the shortest paths make a tree. The removal of a patch, or of the link above it,
changes only the paths to the patches below it. Numbered in preorder, these are a slice; once one
of them is reached again, all that is below it in the tree is too, with the same extra length. So a
removal costs about as much as the patches below that find a way of their own. Lengths add up and
probabilities are taken at the end: equal paths are equal, and nothing underflows on the way.
The loops are in `tvb.connectivity.engine_trees` and `tvb.connectivity.engine_kernels`.

A truncated index counts as zero the pairs whose weight is at most ``p_min``, before and after the
removal. What that can change:

- before, I' ≤ I ≤ I' + p_min Σᵢⱼ aᵢ aⱼ over the pairs of a component that are not counted;
- a pair that is no longer counted after the removal is over-charged by p_min at most;
- a pair that was not counted, and whose path goes through the patch k, loses at most wᵢⱼ: summed
  over the pairs with dᵢₖ + dₖⱼ beyond the limit, from the one tree of k.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from tvb.connectivity.dispersal import compute_alpha
from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.indices import Floats, Index, Weight, weigh_paths
from tvb.connectivity.removal import lose_one_by_one
from tvb.errors import ParameterError, explain
from tvb.progress import Bar

if TYPE_CHECKING:
    from tvb.connectivity.engine_kernels import Removal

__all__ = ["Losses", "measure_losses"]

Result = TypeVar("Result")

_SOURCES_AT_ONCE = 64  # whatever the number of threads: sums do not depend on it
_VANISHED = 746.0  # exp(−746) is 0 in double precision


@dataclass(frozen=True)
class Losses:
    """Losses of the numerator of an index, in the square of the unit of capacity.

    Parameters
    ----------
    total : float
        The numerator, Σᵢⱼ aᵢ aⱼ wᵢⱼ.
    reach : numpy.ndarray
        Σⱼ aⱼ wᵢⱼ for each patch, in the unit of capacity, shape (n,).
    patches : numpy.ndarray
        Loss of the pairs of other patches when each patch is removed, shape (n,); 0 if not asked.
    links : numpy.ndarray
        Loss when each link is removed, shape (m,); 0 if not asked.
    missing : float
        How much greater the numerator may be, for what truncation left out; 0 without.
    patch_error, link_error : numpy.ndarray
        How much smaller, and how much greater, the loss of each patch (own part and flux included)
        and of each link may be; shapes (n, 2) and (m, 2).
    """

    total: float
    reach: Floats
    patches: Floats
    links: Floats
    missing: float
    patch_error: Floats
    link_error: Floats


def measure_losses(
    graph: HabitatGraph,
    index: Index,
    *,
    distance: float,
    probability: float,
    p_min: float = 0.0,
    threads: int | None = None,
    removed: tuple[bool, bool] = (True, True),
) -> Losses:
    """Return what is lost with each patch and with each link.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    index : {"PC", "IIC"}
        Index that is measured.
    distance, probability : float
        As `compute_pc` or `compute_iic` take them.
    p_min : float
        Pairs of this weight or less count zero, from 0 (all count) to 1, excluded.
    threads : int, optional
        Number of threads; by default one for each core. The result is the same for any.
    removed : tuple of bool
        Whether patches, and whether links are removed. Both at once cost little more than one.

    Returns
    -------
    Losses
        In the order of the graph.

    Raises
    ------
    ParameterError
        If a parameter is out of bounds or the index is unknown.
    """
    model, weight = weigh_paths(graph, index, distance=distance, probability=probability)
    if not 0 <= p_min < 1:
        raise ParameterError(explain("p_min", f"is {p_min}", required="from 0 to 1, 1 excluded"))
    if threads is not None and not (isinstance(threads, int) and threads > 0):
        raise ParameterError(explain("threads", f"is {threads}", required="an integer above 0"))
    if model.ends is not None:
        return _with_crossings(model, weight, removed)
    from tvb.connectivity.engine_kernels import Removal  # numba: on first use only

    rate = compute_alpha(distance, probability) if index == "PC" else -1.0
    rule = Removal(rate, _longest(rate, p_min), *removed)
    total, reach, known, echo, patches, links = _run(model, rule, threads or os.cpu_count() or 1)
    unknown = np.maximum(_capacity_within(model) - known, 0) if p_min > 0 else np.zeros_like(known)
    # Through a patch, from or to what it does not reach (both orders), or between two of these.
    both = 2 * reach + p_min * unknown if index == "PC" else 2 * known + unknown
    more = echo + p_min * unknown * both
    lost, gone = np.zeros((2, len(graph.i)))
    rows = _rows_in(graph, model)
    lost[rows], gone[rows] = links.T
    return Losses(
        total=total,
        reach=reach,
        patches=patches[:, 0],
        links=lost,
        missing=float(p_min * (graph.capacity @ unknown)),
        patch_error=np.column_stack([p_min * patches[:, 1], more]),
        # A path that uses a link passes at both of its ends.
        link_error=np.column_stack([p_min * gone, np.minimum(more[graph.i], more[graph.j])]),
    )


def _with_crossings(graph: HabitatGraph, weight: Weight, removed: tuple[bool, bool]) -> Losses:
    """Return the losses of a graph whose patches have a length; nothing is left out of them."""
    reach, patches, links = lose_one_by_one(graph, weight, removed=removed)
    return Losses(
        total=float(graph.capacity @ reach),
        reach=reach,
        patches=patches,
        links=links,
        missing=0.0,
        patch_error=np.zeros((len(patches), 2)),
        link_error=np.zeros((len(links), 2)),
    )


def _longest(rate: float, p_min: float) -> float:
    """Return the length from which a path counts for nothing."""
    if rate < 0:
        return 1 / p_min - 1 if p_min > 0 else np.inf
    if rate == 0:
        return np.inf
    return (-float(np.log(p_min)) if p_min > 0 else _VANISHED) / rate


def _run(
    model: HabitatGraph, rule: Removal, threads: int
) -> tuple[float, Floats, Floats, Floats, Floats, Floats]:
    """Share the sources out among threads; return the sums, in the order of the model."""
    from tvb.connectivity.engine_kernels import lose
    from tvb.connectivity.engine_trees import sweep

    capacity = np.ascontiguousarray(model.capacity, dtype=np.float64)
    n, m = len(capacity), len(model.i)
    reach, patches, links = np.zeros((n, 3)), np.zeros((n, 2)), np.zeros((m, 2))
    with Bar("Removing patches and links", unit="patches", total=n) as bar:
        start, arcs, rows = _arcs(model)
        order = sweep(start, arcs)
        rank = np.empty(n, dtype=np.int64)
        rank[order] = np.arange(n)

        def work(sources: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
            return lose(start, arcs, capacity, rank, rule, sources)

        for sources, (near, by_patch, by_link) in _in_threads(work, order, threads):
            reach[sources] = near
            patches += by_patch
            links[rows] += by_link
            bar.advance(len(sources))
    return float(capacity @ reach[:, 0]), *reach.T, patches, links


def _arcs(model: HabitatGraph) -> tuple[NDArray[np.int64], NDArray[np.void], NDArray[np.intp]]:
    """Return the links that can be passed, in both directions by patch, and their rows."""
    from tvb.connectivity.engine_trees import ARC

    rows = np.flatnonzero(np.isfinite(model.distance))
    i, j = model.i[rows], model.j[rows]
    source, other = np.concatenate([i, j]), np.concatenate([j, i])
    order = np.lexsort((other, source))
    arcs = np.empty(len(order), dtype=ARC)
    arcs["other"] = other[order]
    arcs["length"] = np.tile(model.distance[rows], 2)[order]
    arcs["link"] = np.tile(np.arange(len(rows)), 2)[order]
    start = np.zeros(len(model.ids) + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=len(model.ids)), out=start[1:])
    return start, arcs, rows


def _in_threads(
    work: Callable[[NDArray[np.int64]], Result], sources: NDArray[np.int64], threads: int
) -> Iterator[tuple[NDArray[np.int64], Result]]:
    """Yield what is found from some sources at a time, always the same ones and in order."""
    parts = [sources[at : at + _SOURCES_AT_ONCE] for at in range(0, len(sources), _SOURCES_AT_ONCE)]
    if min(threads, len(parts)) < 2:
        yield from zip(parts, map(work, parts), strict=True)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from zip(parts, pool.map(work, parts), strict=True)


def _rows_in(graph: HabitatGraph, model: HabitatGraph) -> NDArray[np.intp]:
    """Return where the links of a model are in the graph that it was made from."""
    keys, wanted = (g.i * len(graph.ids) + g.j for g in (graph, model))
    return np.searchsorted(keys, wanted)


def _capacity_within(model: HabitatGraph) -> Floats:
    """Return the capacity of the component of each patch."""
    label = model.components().to_numpy()
    within = np.zeros(label.max(initial=0) + 1)
    np.add.at(within, label, model.capacity)
    return within[label]
