"""Compiled removal of patches and links from trees: `tvb.connectivity.engine` says what for.

Words: those of `tvb.connectivity.engine_trees`. The *extra* of a patch that is reached again is
also that of all that is below it in the tree. The *border* of a subtree is the list of its
*entrances*, the links that enter it.
"""

# ruff: noqa: PLR0917 (numba takes arguments by position)

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tvb.connectivity.engine_trees import (
    Records,
    Work,
    drop_top,
    grow,
    measure_dropped,
    offer,
    prepare,
    unfold,
    weigh,
)
from tvb.kernels import compiled

__all__ = ["Removal", "lose"]

_ROUNDING = 1e-9  # of a sum of lengths, relative to the longest: far more than doubles need


class Removal(NamedTuple):
    """What a path is worth, which paths count, and what is removed.

    ``rate`` is α of exp(−α d), or −1 for 1 / (1 + d); paths of length ``limit`` or more weigh 0.
    """

    rate: float
    limit: float
    patches: bool
    links: bool


class _Search(NamedTuple):
    """What is removed, the first place to reach below, and an extra that none needed exceeds."""

    k: int
    first: int
    bound: float


@compiled
def _gather(
    start: NDArray[np.int64], arcs: Records, trail: Records, tree: Records, border: Records,
    exits: Records, u: int, top: int,
) -> int:  # fmt: skip
    """Make the border of a subtree from those of its children, and return where it ends.

    The borders of the children end at ``top``. Read from the end, a border goes through the places
    inside in order. Exits are written from the end, so that those of a subtree are a slice.
    """
    leaving = tree[u + 1].exits
    above, size, far, branch = tree[u].above, tree[u].size, tree[u].far, tree[u].branch
    base = tree[u].base if tree[u].base >= 0 else top
    end = u + size
    kept = base
    for at in range(base, top):
        if not u <= border[at].outside < end:
            border[kept] = border[at]
            kept += 1
    cut = onward = np.inf
    v = tree[u].patch
    for a in range(start[v], start[v + 1]):
        w = trail[arcs[a].other].place
        if w == above:
            tree[u].up = far + arcs[a].length - tree[w].far
        if w < 0 or w == above or tree[w].above == u:
            continue
        extra = tree[w].far + arcs[a].length - far
        if tree[w].branch != branch:
            cut = min(cut, extra)
            continue
        leaving -= 1
        exits[leaving].extra, exits[leaving].to = far + arcs[a].length - tree[w].far, w
        onward = min(onward, exits[leaving].extra)
        if not u <= w < end:
            border[kept].extra, border[kept].inside, border[kept].outside = extra, u, w
            kept += 1
    if cut < np.inf:
        border[kept].extra, border[kept].inside, border[kept].outside = cut, u, -1
        kept += 1
    tree[u].cut, tree[u].onward, tree[u].base, tree[u].exits = cut, onward, base, leaving
    if tree[above].base < 0:
        tree[above].base = base
    return kept


@compiled
def _trim(tree: Records, border: Records, u: int, top: int) -> int:
    """Drop the entrances of no use when ``u`` is not removed; return the end of the border.

    A link from another branch of the source enters every subtree between ``u`` and the source: no
    longer entrance below ``u`` is needed any more.
    """
    cut, kept = tree[u].cut, int(tree[u].base)
    if cut == np.inf:
        return top
    for at in range(kept, top):
        if border[at].extra < cut or at == top - 1:
            border[kept] = border[at]
            kept += 1
    return kept


@compiled
def _bound(tree: Records, border: Records, removal: Removal, k: int, top: int) -> float:
    """Return an extra that none needed exceeds, once ``k`` or the link above it is removed.

    A patch can be reached from any place entered below it: there, then back along the tree.
    """
    base, end_k = tree[k].base, k + tree[k].size
    bound = 0.0
    if removal.links:
        bound = np.inf
        for at in range(base, top):
            bound = min(bound, border[at].extra + 2 * (tree[border[at].inside].far - tree[k].far))
    if removal.patches and tree[k].kids > 0:
        at = top - 1
        while at >= base and border[at].inside == k:
            at -= 1
        child = k + 1
        while child < end_k:
            end = child + tree[child].size
            best = np.inf
            while at >= base and border[at].inside < end:
                inside = tree[border[at].inside].far
                best = min(best, border[at].extra + 2 * (inside - tree[child].far))
                at -= 1
            if tree[child].count > 0:
                bound = max(bound, best)
            child = end
    return float(np.nextafter(bound + _ROUNDING * (bound + tree[k].farthest), np.inf))


@compiled
def _enter(
    tree: Records, border: Records, heap: Records, chain: Records, k: int, top: int,
    bound: float, itself: bool,
) -> int:  # fmt: skip
    """Offer the entrances below ``k``, and to ``k`` itself if asked; return the size of the heap.

    Those over the bound are left out, and those below a patch that is entered at less.
    """
    size = depth = 0
    chain[0].end, chain[0].extra = k + tree[k].size, bound
    for at in range(top - 1, tree[k].base - 1, -1):
        extra, inside = border[at].extra, border[at].inside
        if inside == k:
            if itself and extra < bound:
                size = offer(heap, size, k, extra)
            continue
        while inside >= chain[depth].end:
            depth -= 1
        if extra < chain[depth].extra:
            size = offer(heap, size, inside, extra)
            depth += 1
            chain[depth].end, chain[depth].extra = inside + tree[inside].size, extra
    return size


@compiled
def _share(rate: float, far: float, extra: float, share: float) -> float:
    """Return the share of its weight that a path loses: that given, unless the index is IIC."""
    return share if rate >= 0 else extra / (1 + far + extra)


@compiled
def _settle(
    tree: Records, exits: Records, heap: Records, removal: Removal, search: _Search, u: int,
    extra: float, size: int,
) -> tuple[int, int, float, float, float, float]:  # fmt: skip
    """Give the rest of the subtree of ``u`` its extra, and offer what can be reached from there.

    Return the size of the heap; count, weight and capacity settled; loss, and capacity gone.
    """
    k, first, bound = search.k, search.first, search.bound
    end, end_k = u + tree[u].size, k + tree[k].size
    share = -np.expm1(-removal.rate * extra)
    count = 0
    weight = capacity = lost = gone = 0.0
    at = u
    while at < end:
        if tree[at].done == k:
            at += tree[at].size
            continue
        tree[at].done = k
        if tree[at].weighed > 0:
            count += 1
            weight += tree[at].weighed
            capacity += tree[at].capacity
            if tree[at].far + extra >= removal.limit:
                lost += tree[at].weighed
                gone += tree[at].capacity
            else:
                lost += tree[at].weighed * _share(removal.rate, tree[at].far, extra, share)
        if extra + tree[at].onward < bound:
            for e in range(tree[at].exits, tree[at + 1].exits):
                w, there = exits[e].to, extra + exits[e].extra
                if there < bound and first <= w < end_k and not u <= w < end and tree[w].done != k:
                    size = offer(heap, size, w, there)
        at += 1
    above = tree[u].above
    if above >= first and tree[above].done != k and extra + tree[u].up < bound:
        size = offer(heap, size, above, extra + tree[u].up)
    return size, count, weight, capacity, lost, gone


@compiled
def _rest(
    tree: Records, removal: Removal, k: int, u: int, extra: float, weight: float
) -> tuple[float, float]:
    """Return the loss and the capacity gone over what is not settled below ``u``.

    ``weight`` is what it weighs: enough where all of it loses the same share.
    """
    share = -np.expm1(-removal.rate * extra)
    if removal.rate >= 0 and tree[u].farthest + extra < removal.limit:
        return share * weight, 0.0
    lost = gone = 0.0
    at, end = u, u + tree[u].size
    while at < end:
        if tree[at].done == k:
            at += tree[at].size
            continue
        if tree[at].far + extra >= removal.limit:
            lost += tree[at].weighed
            gone += tree[at].capacity
        else:
            lost += tree[at].weighed * _share(removal.rate, tree[at].far, extra, share)
        at += 1
    return lost, gone


@compiled
def _remove(
    tree: Records, border: Records, exits: Records, heap: Records, chain: Records,
    removal: Removal, k: int, top: int,
) -> tuple[float, float, float, float]:  # fmt: skip
    """Remove the patch at ``k``, and the link above it, at once.

    The search for what is below ``k`` is the same for both until ``k`` itself is reached: then all
    that is left is reached through it if only the link is missing, and goes on without it else.

    Return the loss and the capacity gone, for the patch and for the link.
    """
    pending = removal.links
    own, own_capacity = tree[k].weighed, tree[k].capacity
    left, kids = tree[k].count - (1 if own > 0 else 0), tree[k].kids
    weight, capacity = tree[k].all_weighed - own, tree[k].all_capacity - own_capacity
    lost = gone = link_lost = link_gone = 0.0
    bound = _bound(tree, border, removal, k, top)
    search = _Search(k, k if pending else k + 1, bound)
    size = _enter(tree, border, heap, chain, k, top, bound, pending)
    while size > 0 and (pending or (removal.patches and left > 0)):
        u, extra = heap[0].item, heap[0].key
        size = drop_top(heap, size)
        if tree[u].done == k:
            continue
        if tree[k].far + extra >= removal.limit:
            break
        if u == k:
            link_lost, link_gone = _rest(tree, removal, k, k, extra, max(0.0, weight) + own)
            link_lost, link_gone = link_lost + lost, link_gone + gone
            pending = False
            tree[k].done = k
            continue
        kids -= 1 if tree[u].above == k and tree[u].count > 0 else 0
        if kids == 0 and not pending:
            more, more_gone = _rest(tree, removal, k, u, extra, max(0.0, weight))
            lost, gone, left = lost + more, gone + more_gone, 0
            break
        size, count, settled, settled_capacity, more, more_gone = _settle(
            tree, exits, heap, removal, search, u, extra, size
        )
        left, weight, capacity = left - count, weight - settled, capacity - settled_capacity
        lost, gone = lost + more, gone + more_gone
    for at in range(size):
        heap[heap[at].item].spot = -1
    if left > 0:
        lost, gone = lost + max(0.0, weight), gone + max(0.0, capacity)
    if pending:
        link_lost, link_gone = lost + own, gone + own_capacity
    return lost, gone, link_lost, link_gone


@compiled
def _link_between(start: NDArray[np.int64], arcs: Records, v: int, w: int) -> int:
    """Return the number of a link: the other ends of a patch are sorted."""
    low, high = start[v], start[v + 1]
    while high - low > 1:
        middle = (low + high) // 2
        if arcs[middle].other <= w:
            low = middle
        else:
            high = middle
    return int(arcs[low].link)


@compiled
def _lose_from(
    start: NDArray[np.int64], arcs: Records, work: Work, removal: Removal, count: int,
    both: float, patches: NDArray[np.float64], links: NDArray[np.float64],
) -> None:  # fmt: skip
    """Add what one source loses when each patch of its tree, and the link above it, goes."""
    trail, tree, border, exits = work.trail, work.tree, work.border, work.exits
    heap, chain = work.heap, work.chain
    tree[count].exits = len(exits)
    top = 0
    for k in range(count - 1, 0, -1):
        top = _gather(start, arcs, trail, tree, border, exits, k, top)
        if tree[k].count > 0 and (removal.links or tree[k].kids > 0):
            lost, gone, link_lost, link_gone = _remove(
                tree, border, exits, heap, chain, removal, k, top
            )
            v = tree[k].patch
            patches[v, 0] += both * lost
            patches[v, 1] += both * gone
            if removal.links:
                link = _link_between(start, arcs, v, trail[v].parent)
                links[link, 0] += both * link_lost
                links[link, 1] += both * link_gone
        top = _trim(tree, border, k, top)


@compiled
def lose(
    start: NDArray[np.int64], arcs: Records, capacity: NDArray[np.float64],
    rank: NDArray[np.int64], removal: Removal, sources: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Add up, over some sources, what the pairs of patches lose when each patch or link goes.

    Parameters
    ----------
    start, arcs : numpy.ndarray
        The links of each patch in CSR; records `ARC`, sorted by the other patch.
    capacity, rank : numpy.ndarray
        Of each patch, its capacity and its rank in an order where neighbours are close.
    removal : Removal
        The index, and what is removed.
    sources : numpy.ndarray
        The patches to start from.

    Returns
    -------
    reach : numpy.ndarray
        For each source what it reaches, weighed and not, and what `measure_dropped` finds; shape
        (s, 3).
    patches : numpy.ndarray
        For each patch Σᵢⱼ aᵢ aⱼ (wᵢⱼ − wᵢⱼ without it), i in the sources and j after i in the
        order, twice; and Σᵢⱼ aᵢ aⱼ over those that end up at the limit or beyond; shape (n, 2).
    links : numpy.ndarray
        Idem for each link; shape (m, 2).
    """
    n = len(capacity)
    work = prepare(n, len(arcs))
    trail, tree, order = work.trail, work.tree, work.order
    reach = np.zeros((len(sources), 3))
    patches, links = np.zeros((n, 2)), np.zeros((len(arcs) // 2, 2))
    for row in range(len(sources)):
        s = sources[row]
        count = grow(start, arcs, trail, work.heap, order, s, removal.limit)
        unfold(trail, tree, order, count)
        reach[row, 0], reach[row, 1] = weigh(tree, count, removal.rate, capacity, rank)
        reach[row, 2] = measure_dropped(trail, order, count, removal.rate, removal.limit, capacity)
        if capacity[s] > 0 and tree[0].count > 0 and (removal.patches or removal.links):
            _lose_from(start, arcs, work, removal, count, 2 * capacity[s], patches, links)
        for v in order[:count]:
            trail[v].distance, trail[v].place = np.inf, -1
    return reach, patches, links
