"""Least cost from the nearest patch, for all cells in one sweep, and searches from one patch."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from tvb.connectivity.field import CostField
from tvb.connectivity.sweep import (
    TILE,
    Goals,
    Local,
    Queue,
    Raster,
    Room,
    Steps,
    forget,
    overflowed,
    search,
    sweep_tile,
    trace,
)

__all__ = ["Allocation", "Searcher", "allocate", "default_threads", "trace_path"]

_PATH_CELLS = 4096


def default_threads() -> int:
    """Return how many threads are worth starting.

    Returns
    -------
    int
        The number of processors, four at most. Results do not depend on it.
    """
    return min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class Allocation:
    """The nearest patch of every cell.

    Parameters
    ----------
    field : CostField
        Costs; its steps may have been made coarser than those given.
    dist : numpy.ndarray of float64
        Least cost from the nearest patch, inf out of reach, with the margin.
    owner : numpy.ndarray of int32
        Number of that patch, the smaller of two as near; negative inside it; 0 out of reach.
    """

    field: CostField
    dist: NDArray[np.float64]
    owner: NDArray[np.int32]


def allocate(
    costs: CostField, labels: NDArray[np.int32], *, threads: int | None = None
) -> Allocation:
    """Return the nearest patch of every cell and the least cost from it.

    The raster is settled by tiles that fit the cache; a tile is settled again when its
    surroundings have improved. Tiles of one colour of four do not touch and may be settled at once.

    Parameters
    ----------
    costs : CostField
        What steps cost.
    labels : numpy.ndarray of int32
        Number of the patch that holds each cell, from 1 on, 0 outside; without the margin.
    threads : int, optional
        Number of threads; the result is the same for any.

    Returns
    -------
    Allocation
        Exact: every finite cost is below `CostField.exact_below`.
    """
    while True:
        owner = np.zeros(costs.cost.shape, dtype=np.int32)
        np.negative(labels, out=owner[1:-1, 1:-1])
        dist = np.full(owner.shape, np.inf)
        dist[owner < 0] = 0.0
        _settle(costs, Raster(costs.cost, dist, owner), threads or default_threads())
        farthest = float(np.max(dist, where=dist < np.inf, initial=0.0))
        if farthest < costs.exact_below / 4:
            return Allocation(costs, dist, owner)
        costs = costs.coarser(8 * farthest)


def _settle(costs: CostField, raster: Raster, threads: int) -> None:
    """Settle tiles until none has surroundings that have improved."""
    rows, columns = (-(-(size - 2) // TILE) for size in raster.cost.shape)
    first = _tiles_with_patches(raster.owner, rows, columns)
    dirty = first.copy()
    colour = np.add.outer(np.arange(rows) % 2 * 2, np.arange(columns) % 2)
    workers = _Workers(costs, threads)

    def settle(tile: NDArray[np.intp]) -> int:
        row, column = int(tile[0]), int(tile[1])
        return workers.settle(raster, (row * TILE, column * TILE), bool(first[row, column]))

    with ThreadPoolExecutor(threads) as pool:
        while dirty.any():
            for one in range(4):
                tiles = np.argwhere(dirty & (colour == one))
                dirty[tiles[:, 0], tiles[:, 1]] = False
                for tile, sides in zip(tiles, pool.map(settle, tiles), strict=True):
                    _spread(dirty, tile, sides)
                first[tiles[:, 0], tiles[:, 1]] = False


def _tiles_with_patches(owner: NDArray[np.int32], rows: int, columns: int) -> NDArray[np.bool_]:
    held = np.zeros((rows, columns), dtype=bool)
    for row in range(rows):
        band: NDArray[np.bool_] = np.any(owner[1 + row * TILE : -1][:TILE] < 0, axis=0)[1:-1]
        held[row] = [band[c * TILE : (c + 1) * TILE].any() for c in range(columns)]
    return held


def _spread(dirty: NDArray[np.bool_], tile: NDArray[np.intp], sides: int) -> None:
    """Mark the tiles that touch the sides that have changed, over a corner too."""
    rows = [d for d, bit in ((-1, 1), (0, 15), (1, 2)) if sides & bit]
    columns = [d for d, bit in ((-1, 4), (0, 15), (1, 8)) if sides & bit]
    for dr in rows:
        for dc in columns:
            row, column = tile[0] + dr, tile[1] + dc
            inside = 0 <= row < dirty.shape[0] and 0 <= column < dirty.shape[1]
            if inside and (dr or dc):
                dirty[row, column] = True


def _queue(costs: CostField, entries: int) -> Queue:
    return Queue(
        head=np.empty(costs.buckets + 1, dtype=np.int32),
        cell=np.empty(entries, dtype=np.int32),
        next=np.empty(entries, dtype=np.int32),
        state=np.zeros(7, dtype=np.int64),
    )


def _steps(costs: CostField) -> Steps:
    return Steps(costs.half, 1.5 * 2.0**52 * costs.quantum, 1.0 / costs.least)


class _Workers:
    """Room for some threads to settle tiles in."""

    def __init__(self, costs: CostField, threads: int) -> None:
        self.costs = costs
        self.steps = _steps(costs)
        self.free: SimpleQueue[tuple[Local, Queue]] = SimpleQueue()
        cells = (TILE + 2) ** 2
        for _ in range(threads):
            local = Local(
                cost=np.empty(cells, dtype=np.float32),
                dist=np.empty(cells, dtype=np.float64),
                owner=np.empty(cells, dtype=np.int32),
                queued=np.empty(cells, dtype=np.uint8),
            )
            self.free.put((local, _queue(costs, 2 * cells)))

    def settle(self, raster: Raster, corner: tuple[int, int], first: bool) -> int:
        local, queue = self.free.get()
        sides = sweep_tile(raster, corner, local, queue, self.steps, first)
        while sides < 0:
            queue = _queue(self.costs, 2 * len(queue.cell))
            sides = sweep_tile(raster, corner, local, queue, self.steps, first)
        self.free.put((local, queue))
        return int(sides)


@dataclass
class Searcher:
    """Room to search from one patch after the other.

    Parameters
    ----------
    costs : CostField
        What steps cost.
    """

    costs: CostField
    room: Room = field(init=False)
    queue: Queue = field(init=False)

    def __post_init__(self) -> None:
        cells = self.costs.cost.size
        self.room = Room(
            dist=np.full(cells, np.inf),
            queued=np.zeros(cells, dtype=np.uint8),
            touched=np.empty(cells, dtype=np.int32),
        )
        self.queue = _queue(self.costs, max(1024, cells // 8))

    @contextmanager
    def spread(
        self,
        sources: NDArray[np.int64],
        limit: float,
        *,
        bound: NDArray[np.float64] | None = None,
        goals: Goals | None = None,
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.int32]]]:
        """Give the least costs from some cells, as long as the context lasts.

        Parameters
        ----------
        sources : numpy.ndarray
            Cells at distance 0, in the flat raster with its margin.
        limit : float
            Largest cost, inclusive.
        bound : numpy.ndarray, optional
            What is at least left to go from each cell, flat: cells where both add up to more than
            the limit are left out.
        goals : Goals, optional
            Patches to reach: what lies farther than the last of them is left out.

        Yields
        ------
        tuple of numpy.ndarray
            Least costs of all cells (inf where not reached) and the cells reached.
        """
        nothing = np.empty(0, dtype=np.float64)
        no_goal = Goals(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64), nothing)
        count = 0
        try:
            while True:
                count = search(
                    self.costs.cost.reshape(-1),
                    sources,
                    self.room,
                    self.queue,
                    _steps(self.costs),
                    (self.costs.width, limit),
                    nothing if bound is None else bound,
                    goals or no_goal,
                )
                if not overflowed(self.queue):
                    break
                forget(self.room, count)
                self.queue = _queue(self.costs, 2 * len(self.queue.cell))
            yield self.room.dist, self.room.touched[:count]
        finally:
            forget(self.room, count)


def trace_path(
    costs: CostField,
    dist: NDArray[np.float64],
    owner: NDArray[np.int32],
    *,
    start: int,
    patch: int,
    only: bool,
) -> NDArray[np.int64]:
    """Return the cells of the least-cost path from a patch to a cell.

    Of several cells by which the path may come, the first in the order N W E S NW NE SW SE is
    taken, one at a lower cost before one at the same.

    Parameters
    ----------
    costs : CostField
        What steps cost.
    dist, owner : numpy.ndarray
        Least costs from the patch and owners of the cells, flat.
    start : int
        The cell from which to go back.
    patch : int
        Number of the patch.
    only : bool
        Whether the path stays in the cells that the patch owns.

    Returns
    -------
    numpy.ndarray
        Flat positions, from the border of the patch to the cell.
    """
    raster = (costs.cost.reshape(-1), dist, owner)
    keep_to = patch if only else 0
    path = [start]
    buffer = np.empty(_PATH_CELLS, dtype=np.int64)
    while owner[path[-1]] != -patch:
        ends = (path[-1], -patch, keep_to)
        count = trace(raster, _steps(costs), costs.width, ends, buffer)
        path += buffer[:count].tolist() if count else _over_plateau(costs, raster, ends)
    return np.array(path[::-1], dtype=np.int64)


def _over_plateau(
    costs: CostField,
    raster: tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.int32]],
    ends: tuple[int, int, int],
) -> list[int]:
    """Return the fewest free steps that lead to the patch or to a cell with a way down.

    Where steps are free, costs alone do not tell where a path came from.
    """
    cost, dist, owner = raster
    start, goal, only = ends
    offsets = _neighbours(costs.width)
    came_from = {start: start}
    front = deque([start])
    probe = np.empty(1, dtype=np.int64)
    while front:
        cell = front.popleft()
        if owner[cell] == goal or (
            cell != start
            and trace(raster, _steps(costs), costs.width, (cell, goal, only), probe) > 0
        ):
            path = []
            while cell != start:
                path.append(cell)
                cell = came_from[cell]
            return path[::-1]
        for direction, offset in enumerate(offsets):
            there = cell + offset
            if there in came_from or dist[there] != dist[cell]:
                continue
            if only and abs(owner[there]) != only:
                continue
            if costs.step(cost[[cell]], cost[[there]], direction)[0] == 0:
                came_from[there] = cell
                front.append(there)
    raise AssertionError("a finite cost has no path")  # pragma: no cover


def _neighbours(width: int) -> tuple[int, ...]:
    return (-width, -1, 1, width, -width - 1, -width + 1, width - 1, width + 1)
