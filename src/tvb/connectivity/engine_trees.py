"""Trees of shortest paths, compiled: what `tvb.connectivity.engine_kernels` works on.

Words. The *place* of a patch is its rank in the preorder of a source's tree of shortest paths: the
places below ``u`` are those from ``u`` to ``u + size``. The *extra* of a patch is by how much its
path from the source grows when something is removed.

Arrays of records, for each array handed to a compiled function costs two atomic operations.
"""

# ruff: noqa: PLR0917 (numba takes arguments by position)

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tvb.kernels import compiled

__all__ = [
    "ARC",
    "Records",
    "Work",
    "drop_top",
    "grow",
    "measure_dropped",
    "offer",
    "prepare",
    "sweep",
    "unfold",
    "weigh",
]

Records: TypeAlias = NDArray[Any]

# One direction of a link: the other patch, the number of the link, its length.
ARC = np.dtype([("length", "f8"), ("other", "i4"), ("link", "i4")])
# By patch: length of the path from the source, patch before, place, size of the subtree.
_TRAIL = np.dtype([("distance", "f8"), ("parent", "i4"), ("place", "i4"), ("size", "i4"),
                  ("next", "i4")])  # fmt: skip
# By place. Sums over the subtree: all_weighed, all_capacity, count (patches that weigh something),
# farthest. kids: children whose subtree weighs something. onward: least extra of a link from here
# to its own branch. cut: least extra of a link from another branch. base: start of the border.
_NODE = np.dtype(
    [("far", "f8"), ("weighed", "f8"), ("capacity", "f8"), ("onward", "f8"), ("cut", "f8"),
     ("all_weighed", "f8"), ("all_capacity", "f8"), ("farthest", "f8"), ("patch", "i4"),
     ("above", "i4"), ("size", "i4"), ("branch", "i4"), ("done", "i4"), ("count", "i4"),
     ("kids", "i4"), ("base", "i4"), ("up", "f8"), ("exits", "i8")]
)  # fmt: skip
# Exit: another place of the same branch, and the extra of going there.
_EXIT = np.dtype([("extra", "f8"), ("to", "i8")])
# Entrance: place inside, place outside or −1 if in another branch, and what it takes.
_ENTRANCE = np.dtype([("extra", "f8"), ("inside", "i4"), ("outside", "i4")])
# Binary heap: key and item by rank; by item, spot is its rank, or −1.
_HEAP = np.dtype([("key", "f8"), ("item", "i4"), ("spot", "i4")])
# Ways in above the place that is read: the least extra, and where the subtree ends.
_CHAIN = np.dtype([("extra", "f8"), ("end", "i8")])


class Work(NamedTuple):
    """Working arrays, used for one source after another."""

    trail: Records
    tree: Records
    order: NDArray[np.int32]
    border: Records
    exits: Records
    heap: Records
    chain: Records


@compiled
def prepare(n: int, arcs: int) -> Work:
    """Return working arrays for a number of patches and of arcs, with no patch reached."""
    work = Work(
        np.empty(n, _TRAIL), np.empty(n + 1, _NODE), np.empty(n, np.int32),
        np.empty(arcs + 1, _ENTRANCE), np.empty(arcs, _EXIT), np.empty(n, _HEAP),
        np.empty(n + 1, _CHAIN),
    )  # fmt: skip
    for v in range(n):
        work.trail[v].distance, work.trail[v].place, work.heap[v].spot = np.inf, -1, -1
    return work


@compiled
def offer(heap: Records, size: int, item: int, key: float) -> int:
    """Put an item, or bring it nearer the top; return the size of the heap."""
    at = heap[item].spot
    if at < 0:
        at = size
        size += 1
    elif heap[at].key <= key:
        return size
    while at > 0:
        up = (at - 1) >> 1
        if heap[up].key <= key:
            break
        heap[at].key, heap[at].item = heap[up].key, heap[up].item
        heap[heap[at].item].spot = at
        at = up
    heap[at].key, heap[at].item = key, item
    heap[item].spot = at
    return size


@compiled
def drop_top(heap: Records, size: int) -> int:
    """Take the top item off; return the size of the heap."""
    size -= 1
    heap[heap[0].item].spot = -1
    if size == 0:
        return 0
    item, key, at = heap[size].item, heap[size].key, 0
    while True:
        down = 2 * at + 1
        if down >= size:
            break
        if down + 1 < size and heap[down + 1].key < heap[down].key:
            down += 1
        if heap[down].key >= key:
            break
        heap[at].key, heap[at].item = heap[down].key, heap[down].item
        heap[heap[at].item].spot = at
        at = down
    heap[at].key, heap[at].item = key, item
    heap[item].spot = at
    return size


@compiled
def grow(
    start: NDArray[np.int64], arcs: Records, trail: Records, heap: Records,
    order: NDArray[np.int32], source: int, limit: float,
) -> int:  # fmt: skip
    """Find the shortest paths under a limit; return how many patches they reach.

    ``order`` holds them from the nearest to the farthest. Of equal paths one is kept.
    """
    trail[source].distance = 0.0
    trail[source].parent = -1
    size = offer(heap, 0, source, 0.0)
    count = 0
    while size > 0:
        u = heap[0].item
        size = drop_top(heap, size)
        order[count] = u
        count += 1
        here = trail[u].distance
        for a in range(start[u], start[u + 1]):
            v = arcs[a].other
            there = here + arcs[a].length
            if there < trail[v].distance and there < limit:
                trail[v].distance = there
                trail[v].parent = u
                size = offer(heap, size, v, there)
    return count


@compiled
def unfold(trail: Records, tree: Records, order: NDArray[np.int32], count: int) -> None:
    """Number the patches reached so that each subtree is a slice."""
    for v in order[:count]:
        trail[v].size = 1
    for v in order[count - 1 : 0 : -1]:
        trail[trail[v].parent].size += trail[v].size
    for at in range(count):
        v = order[at]
        u, above, branch = 0, -1, 0
        if at > 0:
            parent = trail[v].parent
            u, above = trail[parent].next, trail[parent].place
            branch = tree[above].branch if above > 0 else u
            trail[parent].next += trail[v].size
        trail[v].place = u
        trail[v].next = u + 1
        tree[u].patch, tree[u].above, tree[u].size = v, above, trail[v].size
        tree[u].branch, tree[u].far = branch, trail[v].distance
        tree[u].done = tree[u].base = -1


@compiled
def weigh(
    tree: Records, count: int, rate: float, capacity: NDArray[np.float64], rank: NDArray[np.int64]
) -> tuple[float, float]:
    """Weigh the capacities and add them up by subtree; return what the source reaches.

    That is the sum of what is weighed, and the sum of the capacities. A pair of patches has the
    same path from both ends: only the patches after the source, in the order given by ``rank``, are
    held, and the subtrees that hold none are left alone.
    """
    reached = known = 0.0
    first = rank[tree[0].patch]
    for u in range(count):
        v, far = tree[u].patch, tree[u].far
        weighed = capacity[v] * (np.exp(-rate * far) if rate >= 0 else 1 / (1 + far))
        reached += weighed
        known += capacity[v]
        if rank[v] <= first:
            weighed = 0.0
        tree[u].weighed = tree[u].all_weighed = weighed
        tree[u].capacity = tree[u].all_capacity = capacity[v] if weighed > 0 else 0.0
        tree[u].farthest = far
        tree[u].count = 1 if weighed > 0 else 0
        tree[u].kids = 0
    for u in range(count - 1, 0, -1):
        above = tree[u].above
        tree[above].all_weighed += tree[u].all_weighed
        tree[above].all_capacity += tree[u].all_capacity
        tree[above].farthest = max(tree[above].farthest, tree[u].farthest)
        tree[above].count += tree[u].count
        tree[above].kids += 1 if tree[u].count > 0 else 0
    return reached, known


@compiled
def measure_dropped(
    trail: Records, order: NDArray[np.int32], count: int, rate: float, limit: float,
    capacity: NDArray[np.float64],
) -> float:  # fmt: skip
    """Return what pairs weigh at most whose path through the source is dropped.

    Σᵢⱼ aᵢ aⱼ w(dᵢ + dⱼ) over i, j reached with dᵢ + dⱼ ≥ limit; 1 / (1 + d) is taken at the limit.
    """
    total = beyond = 0.0
    at = count - 1
    for v in order[:count]:
        near = trail[v].distance
        while at >= 0 and trail[order[at]].distance + near >= limit:
            far = trail[order[at]].distance
            beyond += capacity[order[at]] * (np.exp(-rate * far) if rate >= 0 else 1 / (1 + limit))
            at -= 1
        total += capacity[v] * beyond * (np.exp(-rate * near) if rate >= 0 else 1.0)
    return total


@compiled
def sweep(start: NDArray[np.int64], arcs: Records) -> NDArray[np.int64]:
    """Return the patches in an order that goes through each component from one end to the other.

    Parameters
    ----------
    start, arcs : numpy.ndarray
        As `lose` takes them.

    Returns
    -------
    numpy.ndarray
        All patches, once.
    """
    n = len(start) - 1
    work = prepare(n, 0)
    trail, heap, order = work.trail, work.heap, work.order
    swept, seen = np.empty(n, np.int64), np.zeros(n, np.bool_)
    filled = 0
    for v in range(n):
        if seen[v]:
            continue
        count = grow(start, arcs, trail, heap, order, v, np.inf)
        end = order[count - 1]
        for w in order[:count]:
            trail[w].distance = np.inf
        count = grow(start, arcs, trail, heap, order, end, np.inf)
        for w in order[:count]:
            seen[w] = True
            swept[filled] = w
            filled += 1
    return swept
