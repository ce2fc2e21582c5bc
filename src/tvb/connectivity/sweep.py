"""Compiled loops over the cells of a raster: least cost from patches, exact whatever the order.

Arrays are flat views of rasters with a margin of one impassable cell all round, so that the eight
neighbours of a cell always exist. Step costs are multiples of a quantum so small that every sum is
exact (`tvb.connectivity.field`): the result is one and the same for any order of tiles or threads.
"""

# Compiled functions take their arguments by position.
# ruff: noqa: PLR0917

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tvb.kernels import compiled

__all__ = [
    "TILE",
    "Goals",
    "Local",
    "Queue",
    "Raster",
    "Room",
    "Steps",
    "forget",
    "overflowed",
    "search",
    "sweep_tile",
    "trace",
]

TILE = 192
"""Side of a tile in cells: what one tile needs fits in the second-level cache (1 MiB)."""

_FREE, _USED, _LIVE, _BASE, _FAR_LIVE, _FAR_FROM, _FULL = range(7)
_NOWHERE = 2**62
_HALO = -1.0
_NORTH, _SOUTH, _WEST, _EAST = 1, 2, 4, 8


class Steps(NamedTuple):
    """What a step costs: ``round((cost of one cell + cost of the other) × half)``."""

    half: NDArray[np.float64]  # half the length of the step, N W E S NW NE SW SE
    magic: float  # 1.5 × 2^52 quanta: added and taken away, it rounds to a quantum
    per_cost: float  # buckets for one unit of cost


class Raster(NamedTuple):
    """Costs, distances and owners of all cells, two-dimensional, margin included."""

    cost: NDArray[np.float32]
    dist: NDArray[np.float64]
    owner: NDArray[np.int32]  # −k in patch k, k where patch k is nearest, 0 out of reach


class Local(NamedTuple):
    """The same for one tile and its halo, flat."""

    cost: NDArray[np.float32]
    dist: NDArray[np.float64]
    owner: NDArray[np.int32]
    queued: NDArray[np.uint8]


class Room(NamedTuple):
    """What one search over the whole raster writes, flat; all infinite and empty in between."""

    dist: NDArray[np.float64]
    queued: NDArray[np.uint8]
    touched: NDArray[np.int32]  # cells whose distance was written, in no order


class Goals(NamedTuple):
    """Patches to reach; the search ends with the last one. None if there are no numbers."""

    owner: NDArray[np.int32]  # −k in patch k, flat
    numbers: NDArray[np.int64]
    at_most: NDArray[np.float64]  # by number of patch: what reaching it costs at most, updated


class Queue(NamedTuple):
    """Cells waiting in a ring of buckets of equal cost, and one bucket for all that lies beyond."""

    head: NDArray[np.int32]  # a power of two of buckets, then the far one
    cell: NDArray[np.int32]
    next: NDArray[np.int32]
    state: NDArray[np.int64]


@compiled
def _start(queue: Queue, bucket: int | np.int64) -> None:
    queue.head[:] = -1
    queue.state[:] = 0
    queue.state[_FREE] = -1
    queue.state[_BASE] = bucket
    queue.state[_FAR_FROM] = _NOWHERE


@compiled
def _push(queue: Queue, cell: int, bucket: int | np.int64) -> None:
    state = queue.state
    entry = state[_FREE]
    if entry >= 0:
        state[_FREE] = queue.next[entry]
    else:
        entry = state[_USED]
        if entry == len(queue.cell):
            state[_FULL] = 1
            return
        state[_USED] += 1
    ring = len(queue.head) - 1
    slot = bucket & (ring - 1)
    if bucket - state[_BASE] >= ring:
        slot = ring
        state[_FAR_LIVE] += 1
        state[_FAR_FROM] = min(state[_FAR_FROM], bucket)
    queue.cell[entry] = cell
    queue.next[entry] = queue.head[slot]
    queue.head[slot] = entry
    state[_LIVE] += 1


@compiled
def _bring_near(
    queue: Queue, dist: NDArray[np.float64], queued: NDArray[np.uint8], per_cost: float
) -> None:
    """Put what lay beyond the ring, and now is within, in its bucket."""
    state = queue.state
    ring = len(queue.head) - 1
    entry = queue.head[ring]
    queue.head[ring] = -1
    state[_BASE] = state[_FAR_FROM]
    state[_FAR_FROM] = _NOWHERE
    state[_LIVE] -= state[_FAR_LIVE]
    state[_FAR_LIVE] = 0
    while entry >= 0:
        following, cell = queue.next[entry], queue.cell[entry]
        queue.next[entry] = state[_FREE]
        state[_FREE] = entry
        if queued[cell]:
            _push(queue, cell, max(np.int64(dist[cell] * per_cost), state[_BASE]))
        entry = following


@compiled
def _pop(
    queue: Queue, dist: NDArray[np.float64], queued: NDArray[np.uint8], per_cost: float
) -> int:
    """Return a cell of the cheapest bucket, or -1; a cell in several buckets counts once."""
    state = queue.state
    ring = len(queue.head) - 1
    while state[_LIVE] > 0:
        if state[_LIVE] == state[_FAR_LIVE] or state[_BASE] == state[_FAR_FROM]:
            _bring_near(queue, dist, queued, per_cost)
            continue
        slot = state[_BASE] & (ring - 1)
        entry = queue.head[slot]
        if entry < 0:
            state[_BASE] += 1
            continue
        cell = int(queue.cell[entry])
        queue.head[slot] = queue.next[entry]
        queue.next[entry] = state[_FREE]
        state[_FREE] = entry
        state[_LIVE] -= 1
        if queued[cell]:
            queued[cell] = 0
            return cell
    return -1


@compiled
def _offsets(width: int) -> NDArray[np.int64]:
    return np.array([-width, -1, 1, width, -width - 1, -width + 1, width - 1, width + 1])


@compiled
def _drain(local: Local, queue: Queue, steps: Steps, width: int) -> None:
    """Settle a tile: of equal costs, the smaller owner wins."""
    cost, dist, owner, queued = local
    offset = _offsets(width)
    while True:
        cell = _pop(queue, dist, queued, steps.per_cost)
        if cell < 0:
            return
        here, own, mine = dist[cell], np.float64(cost[cell]), abs(owner[cell])
        for k in range(8):
            there = cell + offset[k]
            if dist[there] < here:
                continue
            step = (own + cost[there]) * steps.half[k] + steps.magic - steps.magic
            reached = here + step
            if reached < dist[there] or (reached == dist[there] and mine < owner[there]):
                before, bucket = dist[there], np.int64(reached * steps.per_cost)
                dist[there] = reached
                owner[there] = mine
                if not queued[there] or np.int64(before * steps.per_cost) != bucket:
                    queued[there] = 1
                    _push(queue, there, bucket)


@compiled
def _enter(local: Local, steps: Steps, shape: tuple[int, int], first: bool) -> int | np.int64:
    """Queue what the halo improves and, the first time, the borders of patches; cheapest bucket."""
    cost, dist, owner, queued = local
    height, width = shape
    offset = _offsets(width)
    cheapest = np.int64(_NOWHERE)
    for y in range(1, height - 1):
        on_side = y in (1, height - 2)
        stride = 1 if on_side or first else max(1, width - 3)
        for x in range(1, width - 1, stride):
            cell = y * width + x
            if first and owner[cell] < 0:
                for k in range(8):
                    if owner[cell + offset[k]] >= 0:
                        queued[cell] = 1
            if on_side or x in (1, width - 2):
                for k in range(8):
                    there = cell + offset[k]
                    ty = there // width
                    tx = there - ty * width
                    if 0 < ty < height - 1 and 0 < tx < width - 1:
                        continue
                    mine = abs(owner[there])
                    step = np.float64(cost[cell]) + cost[there]
                    reached = dist[there] + (step * steps.half[k] + steps.magic - steps.magic)
                    if reached < dist[cell] or (reached == dist[cell] and mine < owner[cell]):
                        dist[cell] = reached
                        owner[cell] = mine
                        queued[cell] = 1
            if queued[cell]:
                cheapest = min(cheapest, np.int64(dist[cell] * steps.per_cost))
    return cheapest


@compiled
def _close_halo(dist: NDArray[np.float64], height: int, width: int) -> None:
    """Make the halo unreachable: it belongs to other tiles."""
    for x in range(width):
        dist[x] = _HALO
        dist[(height - 1) * width + x] = _HALO
    for y in range(height):
        dist[y * width] = _HALO
        dist[y * width + width - 1] = _HALO


@compiled
def _write_back(
    raster: Raster, local: Local, corner: tuple[int, int], shape: tuple[int, int]
) -> int:
    """Copy a settled tile to the raster; sides (bits) whose cells have changed."""
    top, left = corner
    height, width = shape
    changed = 0
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            cell = y * width + x
            dist, owner = local.dist[cell], local.owner[cell]
            if dist != raster.dist[top + y, left + x] or owner != raster.owner[top + y, left + x]:
                changed |= _NORTH * (y == 1) | _SOUTH * (y == height - 2)
                changed |= _WEST * (x == 1) | _EAST * (x == width - 2)
                raster.dist[top + y, left + x] = dist
                raster.owner[top + y, left + x] = owner
    return changed


@compiled
def sweep_tile(
    raster: Raster,
    corner: tuple[int, int],
    local: Local,
    queue: Queue,
    steps: Steps,
    first: bool,
) -> int:
    """Settle one tile given its surroundings.

    Parameters
    ----------
    raster : Raster
        All cells; those of the tile are updated.
    corner : tuple of int
        Row and column of the north-west cell of the halo.
    local, queue, steps : Local, Queue, Steps
        Room to work in, for one thread, and what steps cost.
    first : bool
        Whether the patches of the tile have not been started from yet.

    Returns
    -------
    int
        Sides whose cells have changed (1 north, 2 south, 4 west, 8 east); -1 if the queue is too
        small, and nothing is changed then.
    """
    top, left = corner
    rows, columns = raster.cost.shape
    height, width = min(TILE + 2, rows - top), min(TILE + 2, columns - left)
    for y in range(height):
        at = y * width
        local.cost[at : at + width] = raster.cost[top + y, left : left + width]
        local.dist[at : at + width] = raster.dist[top + y, left : left + width]
        local.owner[at : at + width] = raster.owner[top + y, left : left + width]
        local.queued[at : at + width] = 0
    cheapest = _enter(local, steps, (height, width), first)
    if cheapest == _NOWHERE:
        return 0
    _close_halo(local.dist, height, width)
    _start(queue, cheapest)
    for cell in range(height * width):
        if local.queued[cell]:
            _push(queue, cell, np.int64(local.dist[cell] * steps.per_cost))
    _drain(local, queue, steps, width)
    sides = -1
    if not queue.state[_FULL]:
        # The patches themselves do not change: their neighbours must hear of them all the same.
        sides = _write_back(raster, local, corner, (height, width)) | 15 * first
    return sides


@compiled
def _queue_borders(sources: NDArray[np.int64], room: Room, queue: Queue, width: int) -> None:
    """Queue the sources that have other cells around them; the others lead nowhere."""
    offset = _offsets(width)
    _start(queue, 0)
    for cell in sources:
        for k in range(8):
            if room.dist[cell + offset[k]] > 0:
                room.queued[cell] = 1
        if room.queued[cell]:
            _push(queue, cell, 0)


@compiled
def search(
    cost: NDArray[np.float32],
    sources: NDArray[np.int64],
    room: Room,
    queue: Queue,
    steps: Steps,
    frame: tuple[int, float],
    bound: NDArray[np.float64],
    goals: Goals,
) -> int:
    """Write least costs from some cells as far as they may matter.

    Parameters
    ----------
    cost : numpy.ndarray
        Costs, flat.
    sources : numpy.ndarray
        Cells at distance 0.
    room, queue, steps : Room, Queue, Steps
        Room to work in, for one thread, and what steps cost.
    frame : tuple of int and float
        Width of the raster, margin included; limit, inclusive.
    bound : numpy.ndarray
        What is at least left to go from each cell: a cell is entered only where the sum of both
        is within the limit. Of length 0 if nothing is known.
    goals : Goals
        Patches whose least cost, and paths to them, are all that is asked for.

    Returns
    -------
    int
        Number of cells touched. `overflowed` tells whether the queue was too small.
    """
    dist, queued, touched = room
    width, limit = frame
    offset = _offsets(width)
    count = 0
    for cell in sources:
        dist[cell] = 0.0
        touched[count] = cell
        count += 1
    _queue_borders(sources, room, queue, width)
    while True:
        cell = _pop(queue, dist, queued, steps.per_cost)
        if cell < 0:
            return count
        here, own = dist[cell], np.float64(cost[cell])
        if len(goals.numbers) and goals.owner[cell] < 0:
            goals.at_most[-goals.owner[cell]] = min(here, goals.at_most[-goals.owner[cell]])
            limit = min(limit, goals.at_most[goals.numbers].max())
        for k in range(8):
            there = cell + offset[k]
            before = dist[there]
            if before <= here:
                continue
            reached = here + ((own + cost[there]) * steps.half[k] + steps.magic - steps.magic)
            least = reached + bound[there] if len(bound) else reached
            if reached >= before or least > limit:
                continue
            if before == np.inf:
                touched[count] = there
                count += 1
            bucket = np.int64(reached * steps.per_cost)
            dist[there] = reached
            if not queued[there] or np.int64(before * steps.per_cost) != bucket:
                queued[there] = 1
                _push(queue, there, bucket)


@compiled
def forget(room: Room, count: int) -> None:
    """Make a room ready for the next search.

    Parameters
    ----------
    room : Room
        What a search wrote.
    count : int
        What it returned.
    """
    for at in range(count):
        cell = room.touched[at]
        room.dist[cell] = np.inf
        room.queued[cell] = 0


def overflowed(queue: Queue) -> bool:
    """Return whether a queue was too small for the last sweep or search.

    Parameters
    ----------
    queue : Queue
        The queue used.

    Returns
    -------
    bool
        True if the result is to be thrown away.
    """
    return bool(queue.state[_FULL])


@compiled
def trace(
    raster: tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.int32]],
    steps: Steps,
    width: int,
    ends: tuple[int, int, int],
    path: NDArray[np.int64],
) -> int:
    """Write the cells of a least-cost path back to its source, as long as the cost goes down.

    Of several cells by which a path may come, the first in the order N W E S NW NE SW SE is taken.

    Parameters
    ----------
    raster : tuple of numpy.ndarray
        Costs, distances and owners, flat.
    steps : Steps
        What steps cost.
    width : int
        Width of the raster, margin included.
    ends : tuple of int
        Cell to start from; owner whose first cell ends the path; owner of the cells that
        the path may use, 0 for any.
    path : numpy.ndarray
        Where the cells after the start are written.

    Returns
    -------
    int
        Number of cells written.
    """
    cost, dist, owner = raster
    cell, goal, only = ends
    offset = _offsets(width)
    count = 0
    while owner[cell] != goal and count < len(path):
        following = -1
        for k in range(8):
            there = cell + offset[k]
            if dist[there] >= dist[cell] or (only and abs(owner[there]) != only):
                continue
            step = (np.float64(cost[there]) + cost[cell]) * steps.half[k]
            if dist[there] + (step + steps.magic - steps.magic) == dist[cell]:
                following = there
                break
        if following < 0:
            break
        path[count] = following
        count += 1
        cell = following
    return count
