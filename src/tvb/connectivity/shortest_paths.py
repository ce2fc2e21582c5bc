"""Shortest paths through a habitat graph."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tvb.connectivity.graph import HabitatGraph

__all__ = ["States", "build_states", "iter_lengths", "map_sources", "measure_lengths", "search"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Result = TypeVar("Result")

_SOURCES_AT_ONCE = 64  # rows of lengths held by each thread: 64 × n × 8 bytes


class States(NamedTuple):
    """Where a path may be, and how it goes on; see `tvb.connectivity.path_kernels`.

    Parameters
    ----------
    starts, arcs : tuple of numpy.ndarray
        CSR (pointers, states, lengths): from a patch to its first states, from state to state.
    patch_of : numpy.ndarray
        Patch of each state.
    unit : bool
        Whether states are patches and every arc is 1 long, so that steps need only be counted.
    """

    starts: tuple[Ints, Ints, Floats]
    arcs: tuple[Ints, Ints, Floats]
    patch_of: Ints
    unit: bool


def build_states(graph: HabitatGraph) -> States:
    """Return the states of a graph: its patches or, with crossings, its links in both directions.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Returns
    -------
    States
        States and arcs; links of infinite length are left out.
    """
    patches = np.arange(len(graph.ids) + 1, dtype=np.int64)
    if graph.ends is None:
        matrix = graph.adjacency
        arcs = (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data)
        starts = (patches, patches[:-1], np.zeros(len(graph.ids)))
        return States(starts, arcs, patches[:-1], unit=bool((matrix.data == 1).all()))
    passable = graph.take_links(np.isfinite(graph.distance))
    ends = graph.ends[np.isfinite(graph.distance)]
    # State 2l has gone through link l from i to j, state 2l + 1 from j to i.
    tail = np.column_stack([passable.i, passable.j]).ravel()
    head = np.column_stack([passable.j, passable.i]).ravel()
    length = np.repeat(passable.distance, 2)
    leave, reach = ends.reshape(-1, 2), ends[:, ::-1].reshape(-1, 2)
    order = np.argsort(tail, kind="stable").astype(np.int64)
    first = np.searchsorted(tail[order], patches).astype(np.int64)
    fan = np.diff(first)[head]
    pointer = np.concatenate([[0], np.cumsum(fan)]).astype(np.int64)
    origin = np.repeat(np.arange(len(head)), fan)
    target = order[np.arange(len(origin)) - pointer[origin] + first[head[origin]]]
    crossing = np.hypot(*(reach[origin] - leave[target]).T)
    arcs = (pointer, target, crossing + length[target])
    return States((first, order, length[order]), arcs, head, unit=False)


def map_sources(count: int, work: Callable[[Ints], Result]) -> Iterator[Result]:
    """Yield what a function makes of each block of sources, in order.

    Parameters
    ----------
    count : int
        Number of sources.
    work : callable
        From an array of sources to a result; it should let go of the interpreter.

    Yields
    ------
    object
        The results. Blocks and their order do not depend on the number of threads.
    """
    blocks = np.split(
        np.arange(count, dtype=np.int64), range(_SOURCES_AT_ONCE, count, _SOURCES_AT_ONCE)
    )
    threads = min(len(os.sched_getaffinity(0)), len(blocks))
    if threads == 1:
        yield from map(work, blocks)
        return
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(blocks), 2 * threads):  # results are not hoarded
            yield from pool.map(work, blocks[start : start + 2 * threads])


def iter_lengths(graph: HabitatGraph) -> Iterator[tuple[Ints, Floats]]:
    """Yield blocks of patches with the lengths of the shortest paths from them to all patches.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.

    Yields
    ------
    sources : numpy.ndarray
        Positions of patches, shape (k,), all patches in order.
    lengths : numpy.ndarray
        Shape (k, n), in the unit of the links, infinite where there is no path.
    """
    states = build_states(graph)

    def work(sources: Ints) -> tuple[Ints, Floats]:
        return sources, search(states, sources, len(graph.ids))

    if len(graph.ids):
        yield from map_sources(len(graph.ids), work)


def measure_lengths(graph: HabitatGraph, sources: NDArray[np.integer]) -> Floats:
    """Return the lengths of the shortest paths from some patches to all patches.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    sources : numpy.ndarray
        Positions of patches, shape (k,).

    Returns
    -------
    numpy.ndarray
        Shape (k, n), in the unit of the links, infinite where there is no path.
    """
    states = build_states(graph)
    places = np.asarray(sources, dtype=np.int64)
    if not len(places):
        return np.empty((0, len(graph.ids)))
    rows = map_sources(len(places), lambda block: search(states, places[block], len(graph.ids)))
    return np.concatenate(list(rows))


def search(states: States, sources: Ints, patches: int) -> Floats:
    """Return the lengths of the shortest paths from some patches, once the states are built.

    Parameters
    ----------
    states : States
        Of the graph.
    sources : numpy.ndarray
        Positions of patches, shape (k,).
    patches : int
        Number of patches, n.

    Returns
    -------
    numpy.ndarray
        Shape (k, n).
    """
    # numba: not before it is needed
    from tvb.connectivity.path_kernels import fewest_steps, shortest_lengths

    out = np.empty((len(sources), patches))
    if states.unit:
        fewest_steps(sources, *states.arcs[:2], out)
    else:
        shortest_lengths(sources, *states[:3], out)
    return out
