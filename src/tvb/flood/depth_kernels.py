"""Compiled loops over the cells under footprints: how much of each is covered, and its water.

Coordinates are those of a lattice: columns to the east and rows to the south of the corner of a
whole raster, of which a window holds some cells. What a cell counts for does not depend on the
window it is read in, to the last bit.
"""

# Compiled functions take their arguments by position.
# ruff: noqa: PLR0913, PLR0917

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tvb.geometry.arrays import FloatArray, IntArray
from tvb.kernels import compiled

__all__ = [
    "CELLS",
    "CROSSING",
    "DOOR",
    "DRY",
    "FIRST_SHARE",
    "MAX",
    "MIXED",
    "NEGATIVE",
    "NO_DATA",
    "TINY",
    "UNKNOWN",
    "UNREAL",
    "VOLUME",
    "WET",
    "ZERO",
    "Cells",
    "Reading",
    "Rings",
    "Window",
    "cover_cells",
    "judge_boxes",
    "sum_up",
]

WET, DRY, UNKNOWN, VOLUME, MAX, DOOR, NEGATIVE, TINY, UNREAL, CELLS, FIRST_SHARE = range(11)
"""Columns of the sums: areas in m², m³, depths in m, numbers of cells; then shares of the area."""

ZERO, NO_DATA, MIXED, CROSSING, AWAY = range(5)
"""What lies in the box of a footprint; CROSSING if it leaves the window."""

# Of a cell: far above the rounding of coordinates, and of a cell that a footprint borders upon.
_CLOSE = 1e-9


class Window(NamedTuple):
    """Cells of a raster; the lattice starts at the corner (x_min, y_max)."""

    x_min: float
    y_max: float
    cell_width: float
    cell_height: float
    left: int
    top: int
    columns: int
    rows: int


class Rings(NamedTuple):
    """Polygons as to_ragged_array gives them, columns and rows of a lattice for coordinates."""

    place: NDArray[np.float64]
    ring_ends: IntArray
    polygon_ends: IntArray
    shape_ends: IntArray


class Cells(NamedTuple):
    """Cells of each footprint in a window: those of the k-th from ``starts[k]`` on."""

    starts: NDArray[np.int64]
    cell: NDArray[np.int64]  # flat position
    covered: NDArray[np.float64]  # share of the cell, 0 for one that the outer ring only touches
    on_ring: NDArray[np.uint8]


class Reading(NamedTuple):
    """How a value is read: what no observation is, and which depths cannot be."""

    no_data: float  # not a number where it only means not a number
    tiny_m: float
    lowest_m: float
    highest_m: float


@compiled
def _is_unknown(value: float, no_data: float) -> bool:
    return value == no_data or not math.isfinite(value)


@compiled
def judge_boxes(
    bounds: FloatArray, window: Window, values: FloatArray, no_data: float
) -> NDArray[np.uint8]:
    """Return what lies under the box of each footprint, a cell that it only touches included.

    Parameters
    ----------
    bounds : numpy.ndarray
        West, south, east, north in metres, of shape (n, 4).
    window : Window
        Where the cells lie.
    values : numpy.ndarray
        Depths, of shape (rows, columns).
    no_data : float
        Value of cells without observation.

    Returns
    -------
    numpy.ndarray of uint8
        ZERO or NO_DATA where all cells are alike and the footprint needs no measure, otherwise
        MIXED, CROSSING or AWAY.
    """
    verdict = np.empty(len(bounds), dtype=np.uint8)
    for k in range(len(bounds)):
        west = (bounds[k, 0] - window.x_min) / window.cell_width
        east = (bounds[k, 2] - window.x_min) / window.cell_width
        north = (window.y_max - bounds[k, 3]) / window.cell_height
        south = (window.y_max - bounds[k, 1]) / window.cell_height
        left = math.floor(west - _CLOSE) - window.left
        right = math.floor(east + _CLOSE) - window.left
        top = math.floor(north - _CLOSE) - window.top
        foot = math.floor(south + _CLOSE) - window.top
        if right < 0 or foot < 0 or left >= window.columns or top >= window.rows:
            verdict[k] = AWAY
        elif left < 0 or top < 0 or right >= window.columns or foot >= window.rows:
            verdict[k] = CROSSING
        else:
            verdict[k] = _judge_box(values[top : foot + 1, left : right + 1], no_data)
    return verdict


@compiled
def _judge_box(values: FloatArray, no_data: float) -> int:
    unknown = _is_unknown(values[0, 0], no_data)
    rows, columns = values.shape
    for row in range(rows):
        for column in range(columns):
            value = values[row, column]
            if _is_unknown(value, no_data) != unknown or not (unknown or value == 0.0):
                return MIXED
    return NO_DATA if unknown else ZERO


@compiled
def cover_cells(
    rings: Rings,
    window: Window,
    cells: Cells,
    sums: NDArray[np.float64],
    marks: NDArray[np.uint8],
    with_ring: bool,
) -> None:
    """Write the cells of each footprint, with the exact share of them that it covers.

    Parameters
    ----------
    rings : Rings
        Valid polygons.
    window : Window
        Where the cells lie.
    cells : Cells
        To be filled, with room for the boxes of all footprints; in the order of the rows, each from
        west to east. A cell of which less than 1e-9 is covered is only touched.
    sums, marks : numpy.ndarray
        Room to work in: at least a row of the widest footprint and two cells.
    with_ring : bool
        Whether to give the cells that an outer ring touches as well.
    """
    used = 0
    cells.starts[0] = 0
    for k in range(len(rings.shape_ends) - 1):
        first, last = rings.shape_ends[k], rings.shape_ends[k + 1]
        left, right, top, foot = _box_of(rings, first, last)
        stride = right - left + 2  # what lies right of an edge is added to the cell after it
        top, foot = max(top, window.top), min(foot, window.top + window.rows)
        while top < foot:
            rows = min(len(sums) // stride, foot - top)
            for i in range(rows * stride):
                sums[i] = 0.0
                marks[i] = 0
            _add_shape(rings, first, last, sums, marks, stride, left, top, rows, with_ring)
            used = _give(cells, used, sums, marks, stride, left, top, rows, window)
            top += rows
        cells.starts[k + 1] = used


@compiled
def _box_of(
    rings: Rings, first: int | np.integer, last: int | np.integer
) -> tuple[int, int, int, int]:
    """Return the first column, the one after the last, and the same for rows."""
    if first == last:
        return 0, 0, 0, 0
    west, east, north, south = np.inf, -np.inf, np.inf, -np.inf
    start = rings.ring_ends[rings.polygon_ends[first]]
    end = rings.ring_ends[rings.polygon_ends[last]]
    for i in range(start, end):
        x, y = rings.place[i, 0], rings.place[i, 1]
        west, east = min(west, x), max(east, x)
        north, south = min(north, y), max(south, y)
    return (
        math.floor(west - _CLOSE), math.floor(east + _CLOSE) + 1,
        math.floor(north - _CLOSE), math.floor(south + _CLOSE) + 1,
    )  # fmt: skip


@compiled
def _add_shape(
    rings: Rings,
    first: int | np.integer,
    last: int | np.integer,
    sums: NDArray[np.float64],
    marks: NDArray[np.uint8],
    stride: int,
    left: int,
    top: int,
    rows: int,
    with_ring: bool,
) -> None:
    """Add all rings of a footprint to a band of rows."""
    place = rings.place
    for polygon in range(first, last):
        outer = rings.polygon_ends[polygon]
        for ring in range(outer, rings.polygon_ends[polygon + 1]):
            start, end = rings.ring_ends[ring], rings.ring_ends[ring + 1]
            twice = 0.0
            for i in range(start, end - 1):
                twice += (place[i, 0] - place[start, 0]) * (place[i + 1, 1] - place[start, 1])
                twice -= (place[i + 1, 0] - place[start, 0]) * (place[i, 1] - place[start, 1])
            sign = 1.0 if (twice < 0.0) == (ring == outer) else -1.0
            for i in range(start, end - 1):
                ax, ay = place[i, 0] - left, place[i, 1] - top
                bx, by = place[i + 1, 0] - left, place[i + 1, 1] - top
                if ay > by:
                    _add_edge(sums, stride, rows, bx, by, ax, ay, -sign)
                elif ay < by:
                    _add_edge(sums, stride, rows, ax, ay, bx, by, sign)
                if with_ring and ring == outer:
                    _mark_edge(marks, stride, rows, ax, ay, bx, by)


@compiled
def _add_edge(
    sums: NDArray[np.float64],
    stride: int,
    rows: int,
    ax: float,
    ay: float,
    bx: float,
    by: float,
    sign: float,
) -> None:
    """Add the ground east of an edge, going south, as differences from a cell to the next."""
    slope = (bx - ax) / (by - ay)
    west, east = min(ax, bx), max(ax, bx)
    row = int(max(ay, 0.0))
    while row < rows and row < by:
        y0, y1 = max(ay, float(row)), min(by, row + 1.0)
        # From the same end always, so that two rows agree on where the edge passes.
        x0 = min(max(ax + (y0 - ay) * slope, west), east)
        x1 = min(max(ax + (y1 - ay) * slope, west), east)
        x, end, height = min(x0, x1), max(x0, x1), sign * (y1 - y0)
        column = int(x)
        base = row * stride
        if end <= column + 1.0:
            beside = height * ((x + end) / 2.0 - column)
            sums[base + column] += height - beside
            sums[base + column + 1] += beside
        else:
            per_cell = height / (end - x)
            while x < end:
                stop = min(end, column + 1.0)
                piece = (stop - x) * per_cell
                beside = piece * ((x + stop) / 2.0 - column)
                sums[base + column] += piece - beside
                sums[base + column + 1] += beside
                x = stop
                column += 1
        row += 1


@compiled
def _mark_edge(
    marks: NDArray[np.uint8],
    stride: int,
    rows: int,
    ax: float,
    ay: float,
    bx: float,
    by: float,
) -> None:
    """Mark the cells that an edge touches, those on whose border it runs on both sides."""
    north, south = min(ay, by), max(ay, by)
    west, east = min(ax, bx), max(ax, bx)
    for row in range(max(0, math.floor(north - _CLOSE)), min(rows, math.floor(south + _CLOSE) + 1)):
        x, end = west, east
        if south - north > _CLOSE:
            slope = (bx - ax) / (by - ay)
            x0 = ax + (max(north, row - _CLOSE) - ay) * slope
            x1 = ax + (min(south, row + 1.0 + _CLOSE) - ay) * slope
            x, end = max(min(x0, x1), west), min(max(x0, x1), east)
        for column in range(math.floor(x - _CLOSE), math.floor(end + _CLOSE) + 1):
            marks[row * stride + column] = 1


@compiled
def _give(
    cells: Cells,
    used: int,
    sums: NDArray[np.float64],
    marks: NDArray[np.uint8],
    stride: int,
    left: int,
    top: int,
    rows: int,
    window: Window,
) -> int:
    """Write the cells of a band that are in the window; return how many are written in all."""
    for row in range(rows):
        flat = (top + row - window.top) * window.columns + left - window.left
        base = row * stride
        share = 0.0
        for column in range(stride - 1):
            share += sums[base + column]
            here = left + column - window.left
            if here < 0 or here >= window.columns:
                continue
            inside = share > _CLOSE
            if inside or marks[base + column]:
                cells.cell[used] = flat + column
                cells.covered[used] = min(share, 1.0) if inside else 0.0
                cells.on_ring[used] = marks[base + column]
                used += 1
    return used


@compiled
def sum_up(
    values: FloatArray,
    cells: Cells,
    area_m2: FloatArray,
    reading: Reading,
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the water under each footprint.

    Parameters
    ----------
    values : numpy.ndarray
        Depths in metres, flat.
    cells : Cells
        Cells of each footprint.
    area_m2 : numpy.ndarray
        Area of one cell, for each entry of `cells`; or of length 1 where all are alike.
    reading : Reading
        How values are read.
    shares : numpy.ndarray
        Shares of the area, above 0 and at most 1, for which to give the depth not exceeded.

    Returns
    -------
    numpy.ndarray
        Of shape (n, FIRST_SHARE + shares); depths are not a number where nothing is known.
    """
    count = len(cells.starts) - 1
    sums = np.zeros((count, FIRST_SHARE + len(shares)))
    most = 0
    for k in range(count):
        most = max(most, cells.starts[k + 1] - cells.starts[k])
    depth, area = np.empty(most), np.empty(most)
    for k in range(count):
        row = sums[k]
        row[MAX] = row[DOOR] = np.nan
        known = 0
        for i in range(cells.starts[k], cells.starts[k + 1]):
            covered = cells.covered[i]
            ground = covered * area_m2[i if len(area_m2) > 1 else 0]
            value = np.float64(values[cells.cell[i]])
            row[CELLS] += covered > 0.0
            if _is_unknown(value, reading.no_data):
                row[UNKNOWN] += ground
                continue
            water = _read_depth(value, covered, reading, row)
            if cells.on_ring[i] and not water <= row[DOOR]:
                row[DOOR] = water
            if covered > 0.0:
                if not water <= row[MAX]:
                    row[MAX] = water
                row[WET if water > 0.0 else DRY] += ground
                row[VOLUME] += ground * water
                depth[known], area[known] = water, ground
                known += 1
        for p in range(len(shares)):
            row[FIRST_SHARE + p] = row[MAX]
            if row[MAX] > 0.0:
                enough = (row[WET] + row[DRY]) * (shares[p] - _CLOSE)
                row[FIRST_SHARE + p] = _depth_of_share(depth[:known], area[:known], enough)
    return sums


@compiled
def _read_depth(value: float, covered: float, reading: Reading, row: NDArray[np.float64]) -> float:
    """Return a depth, that of dry ground for a negative or tiny one, and count those."""
    row[UNREAL] += value < reading.lowest_m or value > reading.highest_m
    if value < 0.0:
        row[NEGATIVE] += covered > 0.0
        return 0.0
    if 0.0 < value < reading.tiny_m:
        row[TINY] += covered > 0.0
        return 0.0
    return value


@compiled
def _depth_of_share(depth: NDArray[np.float64], area: NDArray[np.float64], enough: float) -> float:
    """Return the smallest depth such that enough ground has no more; the arrays are reordered."""
    low, high, below = 0, len(depth), 0.0
    while True:
        middle = depth[(low + high) // 2]
        a, b = depth[low], depth[high - 1]
        pivot = max(min(a, b), min(max(a, b), middle))
        i, less, more = low, low, high
        shallower, equal = 0.0, 0.0
        while i < more:
            if depth[i] < pivot:
                shallower += area[i]
                depth[i], depth[less] = depth[less], depth[i]
                area[i], area[less] = area[less], area[i]
                less += 1
                i += 1
            elif depth[i] > pivot:
                more -= 1
                depth[i], depth[more] = depth[more], depth[i]
                area[i], area[more] = area[more], area[i]
            else:
                equal += area[i]
                i += 1
        if below + shallower >= enough and less > low:
            high = less
        elif below + shallower + equal >= enough or more == high:
            return float(pivot)
        else:
            below += shallower + equal
            low = more
