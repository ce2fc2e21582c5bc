"""Shortest paths, compiled: what `tvb.connectivity.shortest_paths` and `betweenness` run on.

A state is a place where a path may be: a patch or, where crossing a patch has a length, a patch
together with the link by which it was reached. Arcs lead from state to state, in CSR.
"""

# ruff: noqa: PLR0917 (compiled functions take their arguments by position)
from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tvb.kernels import compiled

__all__ = ["betweenness", "fewest_steps", "shortest_lengths"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Csr = tuple[Ints, Ints, Floats]
Work = tuple[Floats, Ints, Floats, Ints, Ints, Ints]

_UNSEEN, _SETTLED = -1, -2
_TIE = 1e-12  # lengths that differ by less, relatively, are equal: sums depend on their order


@compiled
def _push(heap: Ints, place: Ints, order: tuple[Floats, Ints], state: int, size: int) -> int:
    """Put a state in the heap, or move it up after its order has improved; return the size."""
    key, empty = order
    at = place[state]
    if at < 0:
        at = size
        size += 1
    while at > 0:
        parent = (at - 1) >> 1
        other = heap[parent]
        if key[other] < key[state] or (key[other] == key[state] and empty[other] <= empty[state]):
            break
        heap[at] = other
        place[other] = at
        at = parent
    heap[at] = state
    place[state] = at
    return size


@compiled
def _pop(heap: Ints, place: Ints, order: tuple[Floats, Ints], size: int) -> int:
    """Take the first of ``size`` states out of the heap and mark it as settled."""
    key, empty = order
    first = heap[0]
    last = heap[size - 1]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size - 1:
            break
        a = heap[child]
        if child + 1 < size - 1:
            b = heap[child + 1]
            if key[b] < key[a] or (key[b] == key[a] and empty[b] < empty[a]):
                child += 1
                a = b
        if key[a] > key[last] or (key[a] == key[last] and empty[a] >= empty[last]):
            break
        heap[at] = a
        place[a] = at
        at = child
    heap[at] = last
    place[last] = at
    place[first] = _SETTLED
    return int(first)


@compiled
def shortest_lengths(sources: Ints, starts: Csr, arcs: Csr, patch_of: Ints, out: Floats) -> None:
    """Write the length of the shortest path from each source to each patch, infinite if none.

    Parameters
    ----------
    sources : numpy.ndarray
        Patches, shape (k,).
    starts, arcs : tuple of numpy.ndarray
        CSR (pointers, states, lengths) from patches to the states where their paths begin, and from
        states to states.
    patch_of : numpy.ndarray
        Patch of each state.
    out : numpy.ndarray
        Shape (k, n), written.
    """
    first, begin, head = starts
    pointer, target, length = arcs
    states = len(patch_of)
    key = np.empty(states)
    empty = np.zeros(states, dtype=np.int64)  # equal lengths need no order here
    order = (key, empty)
    heap = np.empty(states, dtype=np.int64)
    place = np.empty(states, dtype=np.int64)
    for row in range(len(sources)):
        source = sources[row]
        key[:] = np.inf
        place[:] = _UNSEEN
        out[row] = np.inf
        size = 0
        for at in range(first[source], first[source + 1]):
            if head[at] < key[begin[at]]:
                key[begin[at]] = head[at]
                size = _push(heap, place, order, begin[at], size)
        while size > 0:
            state = _pop(heap, place, order, size)
            size -= 1
            out[row, patch_of[state]] = min(out[row, patch_of[state]], key[state])
            for arc in range(pointer[state], pointer[state + 1]):
                reached = key[state] + length[arc]
                if reached < key[target[arc]]:
                    key[target[arc]] = reached
                    size = _push(heap, place, order, target[arc], size)
        out[row, source] = 0.0


@compiled
def fewest_steps(sources: Ints, pointer: Ints, target: Ints, out: Floats) -> None:
    """Write the least number of arcs from each source to each patch, infinite if none lead there.

    Parameters
    ----------
    sources : numpy.ndarray
        Patches, shape (k,).
    pointer, target : numpy.ndarray
        CSR of the arcs from patch to patch.
    out : numpy.ndarray
        Shape (k, n), written.
    """
    queue = np.empty(out.shape[1], dtype=np.int64)
    for row in range(len(sources)):
        steps = out[row]
        steps[:] = np.inf
        steps[sources[row]] = 0.0
        queue[0] = sources[row]
        waiting, known = 0, 1
        while waiting < known:
            patch = queue[waiting]
            waiting += 1
            for arc in range(pointer[patch], pointer[patch + 1]):
                if np.isinf(steps[target[arc]]):
                    steps[target[arc]] = steps[patch] + 1
                    queue[known] = target[arc]
                    known += 1


@compiled
def _same(one: float, other: float) -> bool:
    return abs(one - other) <= _TIE * one


@compiled
def _count_ways(source: int, starts: Csr, arcs: Csr, work: Work) -> int:
    """Settle the states that a source reaches, count the shortest ways to each; return how many.

    A link of no length is taken as infinitely short, not as nothing: of two ways of equal length
    the one with fewer of them is shorter. So the states always have an order.
    """
    key, empty, ways, heap, place, settled = work
    first, begin, head = starts
    pointer, target, length = arcs
    key[:] = np.inf
    place[:] = _UNSEEN
    size = 0
    count = 0
    for at in range(first[source], first[source + 1]):
        key[begin[at]] = head[at]
        empty[begin[at]] = 1 if head[at] == 0 else 0
        ways[begin[at]] = 1.0
        size = _push(heap, place, (key, empty), begin[at], size)
    while size > 0:
        state = _pop(heap, place, (key, empty), size)
        size -= 1
        settled[count] = state
        count += 1
        for arc in range(pointer[state], pointer[state + 1]):
            there = target[arc]
            if place[there] == _SETTLED:
                continue
            reached = key[state] + length[arc]
            void = empty[state] + (1 if length[arc] == 0 else 0)
            same = _same(reached, key[there])
            if (not same and reached < key[there]) or (same and void < empty[there]):
                key[there] = reached
                empty[there] = void
                ways[there] = ways[state]
                size = _push(heap, place, (key, empty), there, size)
            elif same and void == empty[there]:
                ways[there] += ways[state]
    return count


@compiled
def _weigh_targets(
    states: Ints, patch_of: Ints, work: Work, pairs: tuple[float, Floats, Floats, Ints, Floats]
) -> None:
    """Share what goes to each patch among the shortest ways that lead to it."""
    key, empty, ways = work[0], work[1], work[2]
    alpha, weight, total, best, credit = pairs
    for state in states:
        best[patch_of[state]] = -1
        total[patch_of[state]] = 0.0
    for state in states:
        patch = patch_of[state]
        if best[patch] < 0:
            best[patch] = state
        if _same(key[state], key[best[patch]]) and empty[state] == empty[best[patch]]:
            total[patch] += ways[state]
    for state in states:
        patch = patch_of[state]
        credit[state] = 0.0
        if _same(key[state], key[best[patch]]) and empty[state] == empty[best[patch]]:
            credit[state] = weight[patch] * np.exp(-alpha * key[best[patch]]) / total[patch]


@compiled
def betweenness(
    sources: Ints,
    starts: Csr,
    arcs: Csr,
    patch_of: Ints,
    weight: Floats,
    alpha: float,
) -> Floats:
    """Return what passes through each patch on the way from some sources to all patches.

    Parameters
    ----------
    sources : numpy.ndarray
        Patches, shape (k,).
    starts, arcs : tuple of numpy.ndarray
        As in `shortest_lengths`.
    patch_of : numpy.ndarray
        Patch of each state.
    weight : numpy.ndarray
        Weight of each patch, shape (n,).
    alpha : float
        A pair weighs the product of its patches' weights times exp(−α length).

    Returns
    -------
    numpy.ndarray
        Shape (n,).
    """
    pointer, target, length = arcs
    states, patches = len(patch_of), len(weight)
    key, ways = np.empty(states), np.empty(states)
    empty, heap = np.empty(states, dtype=np.int64), np.empty(states, dtype=np.int64)
    place, settled = np.empty(states, dtype=np.int64), np.empty(states, dtype=np.int64)
    work = (key, empty, ways, heap, place, settled)
    total, best = np.empty(patches), np.empty(patches, dtype=np.int64)
    credit, passing = np.empty(states), np.empty(states)
    through = np.zeros(patches)
    for source in sources:
        count = _count_ways(source, starts, arcs, work)
        _weigh_targets(settled[:count], patch_of, work, (alpha, weight, total, best, credit))
        for state in settled[:count]:
            if patch_of[state] == source:  # a way back to where it came from leads nowhere
                credit[state] = 0.0
        for at in range(count - 1, -1, -1):
            state = settled[at]
            place[state] = at
            passing[state] = 0.0
            for arc in range(pointer[state], pointer[state + 1]):
                there = target[arc]
                if place[there] <= at:  # settled before, or the state itself
                    continue
                void = empty[state] + (1 if length[arc] == 0 else 0)
                if _same(key[state] + length[arc], key[there]) and void == empty[there]:
                    passing[state] += ways[state] * (credit[there] + passing[there] / ways[there])
            if patch_of[state] != source:
                through[patch_of[state]] += weight[source] * passing[state]
    return through
