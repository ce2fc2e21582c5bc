"""Least-cost links between patches on a raster of costs, and the lines that they follow."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.connectivity.allocation import (
    Allocation,
    Searcher,
    allocate,
    default_threads,
    trace_path,
)
from tvb.connectivity.field import CostField
from tvb.connectivity.sweep import Goals

__all__ = [
    "Ground",
    "Path",
    "allocation_paths",
    "least_cost_path",
    "least_cost_paths",
    "least_costs",
    "line_of",
]

_BAND_ROWS = 512


class Path(NamedTuple):
    """A link between patches, by number from 1 on, ``i < j``."""

    i: int
    j: int
    cost: float
    cells: NDArray[np.int64]  # flat, with the margin, from the border of i to the border of j
    crossed: tuple[int, ...]  # numbers of the other patches on the way


class _Meeting(NamedTuple):
    """Where the grounds of patches meet, one row for each pair, sorted."""

    i: NDArray[np.int64]
    j: NDArray[np.int64]
    cost: NDArray[np.float64]
    cell_i: NDArray[np.int64]
    cell_j: NDArray[np.int64]


@dataclass(frozen=True)
class Ground:
    """Costs and the patches on them, with the nearest patch of every cell.

    Parameters
    ----------
    allocation : Allocation
        Costs, distances and owners.
    """

    allocation: Allocation

    @classmethod
    def of(
        cls, costs: CostField, labels: NDArray[np.int32], *, threads: int | None = None
    ) -> Ground:
        """Return the ground of a field and of the patches on it.

        Parameters
        ----------
        costs : CostField
            What steps cost.
        labels : numpy.ndarray of int32
            Number of the patch that holds each cell, 0 outside.
        threads : int, optional
            Number of threads; the result is the same for any.

        Returns
        -------
        Ground
            The ground.
        """
        return cls(allocate(costs, labels, threads=threads))

    @property
    def costs(self) -> CostField:
        """What steps cost."""
        return self.allocation.field

    @property
    def owner(self) -> NDArray[np.int32]:
        """Owners, flat."""
        return self.allocation.owner.reshape(-1)

    @property
    def dist(self) -> NDArray[np.float64]:
        """Least costs from the nearest patch, flat."""
        return self.allocation.dist.reshape(-1)

    @cached_property
    def _cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        cells = np.flatnonzero(self.owner < 0)
        number = -self.owner[cells]
        order = np.argsort(number, kind="stable")
        starts = np.searchsorted(number[order], np.arange(1, number.max(initial=0) + 2))
        return cells[order], starts

    @property
    def patches(self) -> int:
        """Number of patches."""
        return len(self._cells[1]) - 1

    def cells_of(self, patch: int) -> NDArray[np.int64]:
        """Return the cells of a patch.

        Parameters
        ----------
        patch : int
            Its number, from 1 on.

        Returns
        -------
        numpy.ndarray
            Flat positions, sorted.
        """
        cells, starts = self._cells
        return cells[starts[patch - 1] : starts[patch]]

    @cached_property
    def meetings(self) -> _Meeting:
        """Cheapest crossing from the ground of one patch to that of another.

        Of equal ones, that with the first cell of i, then of j, row by row from the north.
        """
        rows, width = self.costs.cost.shape
        found = [self._meetings(top, min(top + _BAND_ROWS, rows - 1), width)
                 for top in range(1, rows - 1, _BAND_ROWS)]  # fmt: skip
        i, j, cost, cell_i, cell_j = (np.concatenate(column) for column in zip(*found, strict=True))
        order = np.lexsort((cell_j, cell_i, cost, j, i))
        first = np.ones(len(order), dtype=bool)
        first[1:] = (np.diff(i[order]) != 0) | (np.diff(j[order]) != 0)
        kept = order[first]
        return _Meeting(i[kept], j[kept], cost[kept], cell_i[kept], cell_j[kept])

    def _meetings(self, top: int, end: int, width: int) -> _Meeting:
        """Return every step, in a band of rows, between cells of two owners."""
        owner, dist, cost = self.owner, self.dist, self.costs.cost.reshape(-1)
        here = slice(top * width, end * width - 1)  # the last cell is of the margin
        columns: list[list[NDArray[Any]]] = [[], [], [], [], []]
        for direction, offset in ((2, 1), (3, width), (6, width - 1), (7, width + 1)):
            there = slice(here.start + offset, here.stop + offset)
            mine, other = np.abs(owner[here]), np.abs(owner[there])
            one = np.flatnonzero((mine != other) & (mine > 0) & (other > 0)) + here.start
            two = one + offset
            total: NDArray[np.float64] = dist[one] + dist[two]
            total += self.costs.step(cost[one], cost[two], direction)
            mine, other = np.abs(owner[one]), np.abs(owner[two])
            turned = mine > other
            for column, values in zip(
                columns,
                (np.minimum(mine, other), np.maximum(mine, other), total,
                 np.where(turned, two, one), np.where(turned, one, two)),
                strict=True,
            ):  # fmt: skip
                column.append(values[np.isfinite(total)])
        i, j, total, cell_i, cell_j = (np.concatenate(column) for column in columns)
        return _Meeting(
            i.astype(np.int64), j.astype(np.int64), total.astype(np.float64),
            cell_i.astype(np.int64), cell_j.astype(np.int64),
        )  # fmt: skip


def allocation_paths(ground: Ground, *, max_cost: float = np.inf) -> list[Path]:
    """Return one link for each pair of patches whose grounds meet.

    Parameters
    ----------
    ground : Ground
        Costs and patches.
    max_cost : float
        Largest cost of a link, inclusive.

    Returns
    -------
    list of Path
        Sorted by i, j. No link passes through a third patch.
    """
    paths = []
    for i, j, cost, cell_i, cell_j in zip(*ground.meetings, strict=True):
        if cost <= max_cost:
            to_i, to_j = (
                trace_path(
                    ground.costs,
                    ground.dist,
                    ground.owner,
                    start=int(cell),
                    patch=int(p),
                    only=True,
                )
                for cell, p in ((cell_i, i), (cell_j, j))
            )
            cells = np.concatenate([to_i, to_j[::-1]])
            paths.append(Path(int(i), int(j), float(cost), cells, ()))
    return paths


def least_cost_paths(
    ground: Ground,
    *,
    complete: bool = False,
    max_cost: float = np.inf,
    threads: int | None = None,
) -> list[Path]:
    """Return the true least-cost path of pairs of patches.

    Parameters
    ----------
    ground : Ground
        Costs and patches.
    complete : bool
        All pairs; otherwise those whose grounds meet.
    max_cost : float
        Largest cost of a link, inclusive.
    threads : int, optional
        Number of threads; the result is the same for any.

    Returns
    -------
    list of Path
        Sorted by i, j.
    """
    meetings = ground.meetings
    threads = threads or default_threads()
    searchers: SimpleQueue[Searcher] = SimpleQueue()
    for _ in range(threads):
        searchers.put(Searcher(ground.costs))

    def from_patch(i: int) -> list[Path]:
        rows = slice(*np.searchsorted(meetings.i, [i, i + 1]))
        goals = None if complete else _goals(ground, meetings.j[rows], meetings.cost[rows])
        searcher = searchers.get()
        try:
            return _paths_from(ground, searcher, i, goals=goals, limit=max_cost)
        finally:
            searchers.put(searcher)

    with ThreadPoolExecutor(threads) as pool:
        return [p for paths in pool.map(from_patch, range(1, ground.patches + 1)) for p in paths]


def _goals(ground: Ground, numbers: NDArray[np.int64], at_most: NDArray[np.float64]) -> Goals:
    """Return patches to reach, each at no more than what the crossing of the grounds costs."""
    limits = np.zeros(ground.patches + 1)
    limits[numbers] = at_most
    return Goals(ground.owner, numbers, limits)


def _paths_from(
    ground: Ground, searcher: Searcher, i: int, *, goals: Goals | None, limit: float
) -> list[Path]:
    numbers = np.arange(i + 1, ground.patches + 1) if goals is None else goals.numbers
    if len(numbers) == 0:
        return []
    if goals is not None:
        limit = min(limit, float(goals.at_most.max()))
    paths = []
    with searcher.spread(ground.cells_of(i), limit, bound=ground.dist, goals=goals) as (dist, _):
        for j in numbers.tolist():
            cells = ground.cells_of(j)
            end = int(cells[np.argmin(dist[cells])])
            if dist[end] <= limit:
                path = trace_path(ground.costs, dist, ground.owner, start=end, patch=i, only=False)
                on_way = np.unique(-ground.owner[path])
                crossed = tuple(int(k) for k in on_way if k > 0 and k not in (i, j))
                paths.append(Path(i, j, float(dist[end]), path, crossed))
    return paths


def least_costs(
    ground: Ground, searcher: Searcher, i: int, *, others: Sequence[int]
) -> dict[int, float]:
    """Return the least cost from a patch to others, those out of reach left out.

    Parameters
    ----------
    ground : Ground
        Costs and patches.
    searcher : Searcher
        Room to search in.
    i : int
        Number of the patch.
    others : sequence of int
        Numbers of the others.

    Returns
    -------
    dict
        Cost by number.
    """
    goals = _goals(ground, np.array(others, dtype=np.int64), np.full(len(others), np.inf))
    with searcher.spread(ground.cells_of(i), np.inf, bound=ground.dist, goals=goals) as (dist, _):
        costs = {j: float(dist[ground.cells_of(j)].min()) for j in others}
    return {j: cost for j, cost in costs.items() if np.isfinite(cost)}


def least_cost_path(ground: Ground, i: int, j: int) -> NDArray[np.int64]:
    """Return the cells of the least-cost path between two patches that a path joins.

    Parameters
    ----------
    ground : Ground
        Costs and patches.
    i, j : int
        Their numbers, ``i < j``.

    Returns
    -------
    numpy.ndarray
        Flat positions, from the border of i to the border of j.
    """
    goals = _goals(ground, np.array([j]), np.array([np.inf]))
    return _paths_from(ground, Searcher(ground.costs), i, goals=goals, limit=np.inf)[0].cells


def line_of(costs: CostField, cells: NDArray[np.int64]) -> shapely.LineString:
    """Return the line through the centres of cells, without the points on its straight parts.

    Parameters
    ----------
    costs : CostField
        Where the cells lie.
    cells : numpy.ndarray
        Flat positions, with the margin, at least two.

    Returns
    -------
    shapely.LineString
        In EPSG:2154.
    """
    row, column = np.divmod(cells, costs.width)
    turn = np.ones(len(cells), dtype=bool)
    turn[1:-1] = (np.diff(row, 2) != 0) | (np.diff(column, 2) != 0)
    grid = costs.grid
    x = grid.x_min + (column[turn] - 0.5) * grid.cell_width
    y = grid.y_max - (row[turn] - 0.5) * grid.cell_height
    return shapely.LineString(np.column_stack([x, y]))
