"""Compiled walk along the edges of polygons over the cells of a lattice."""

# ruff: noqa: PLR0917 (numba takes arguments by position)

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tvb.geometry.arrays import BoolArray, FloatArray
from tvb.kernels import compiled, inner

__all__ = ["Frame", "count_edges", "list_edges", "sum_marked"]


class Frame(NamedTuple):
    """A lattice of square cells; an edge meets those that it comes nearer to than the margin."""

    west: float
    south: float
    cell_m: float
    columns: int
    rows: int
    margin_m: float


@inner
def _x_at(edges: FloatArray, k: int, y: float) -> float:
    """Return where an edge passes a height, kept between its ends; the start of a level one."""
    rise = edges[k, 3] - edges[k, 1]
    part = 0.0 if rise == 0 else (y - edges[k, 1]) / rise
    return float(edges[k, 0] + min(max(part, 0.0), 1.0) * (edges[k, 2] - edges[k, 0]))


@inner
def _rows(edges: FloatArray, k: int, frame: Frame) -> tuple[int, int]:
    """Return the first and the last row that an edge meets; of those far from all, none.

    East of the lattice, and in rows that it does not have, edges change nothing.
    """
    low, high = min(edges[k, 1], edges[k, 3]), max(edges[k, 1], edges[k, 3])
    beyond = min(edges[k, 0], edges[k, 2]) > frame.west + frame.columns * frame.cell_m
    if beyond or low > frame.south + frame.rows * frame.cell_m or high < frame.south:
        return 0, -1
    first = np.floor((low - frame.margin_m - frame.south) / frame.cell_m)
    last = np.floor((high + frame.margin_m - frame.south) / frame.cell_m)
    return int(min(max(first, 0), frame.rows - 1)), int(min(max(last, 0), frame.rows - 1))


@inner
def _run(edges: FloatArray, k: int, frame: Frame, row: int) -> tuple[int, int]:
    """Return the first and the last cell of a row that an edge comes near to; there may be none."""
    cell_m, margin_m = frame.cell_m, frame.margin_m
    if abs(edges[k, 3] - edges[k, 1]) <= margin_m:
        one, two = edges[k, 0], edges[k, 2]
    else:
        bottom = frame.south + row * cell_m - margin_m
        one = _x_at(edges, k, bottom)
        two = _x_at(edges, k, bottom + cell_m + 2 * margin_m)
    first = np.floor((min(one, two) - margin_m - frame.west) / cell_m)
    last = np.floor((max(one, two) + margin_m - frame.west) / cell_m)
    if last < 0 or first >= frame.columns:
        return 0, -1
    return int(max(first, 0)), int(min(last, frame.columns - 1))


@compiled
def count_edges(
    edges: FloatArray, frame: Frame, count: NDArray[np.int32], values: NDArray[np.int32]
) -> None:
    """Count the edges of each cell, and sum up the labels of the polygons that hold its centre.

    Labels are picked up at the edges met from the west: along the line of centres of a row, an edge
    that goes down enters its polygon and one that goes up leaves it. The change is booked at the
    first centre east of it.

    Parameters
    ----------
    edges : numpy.ndarray, shape (n, 5)
        Ends, and label of the polygon on the left.
    frame : Frame
        The lattice.
    count : numpy.ndarray, shape (rows * columns,)
        Zeros; written: number of edges.
    values : numpy.ndarray, shape (rows * columns,)
        Zeros; written: sums of labels.
    """
    columns, rows = frame.columns, frame.rows
    for k in range(len(edges)):
        first, last = _rows(edges, k, frame)
        label = int(edges[k, 4])
        for row in range(first, last + 1):
            start, end = _run(edges, k, frame, row)
            for column in range(start, end + 1):
                count[row * columns + column] += 1
            middle = frame.south + (row + 0.5) * frame.cell_m
            if (edges[k, 1] <= middle) == (edges[k, 3] <= middle):
                continue
            at = np.floor((_x_at(edges, k, middle) - frame.west) / frame.cell_m + 0.5)
            if at < columns:
                change = label if edges[k, 3] <= middle else -label
                values[row * columns + int(max(at, 0.0))] += change
    for row in range(rows):
        for cell in range(row * columns + 1, (row + 1) * columns):
            values[cell] += values[cell - 1]


@compiled
def list_edges(
    edges: FloatArray, frame: Frame, free: NDArray[np.int32], listed: FloatArray
) -> None:
    """Write the edges of each cell one after the other.

    Parameters
    ----------
    edges, frame
        As in `count_edges`.
    free : numpy.ndarray, shape (rows * columns,)
        Where the first edge of each cell goes; it is moved on.
    listed : numpy.ndarray, shape (m, 5)
        Written.
    """
    columns = frame.columns
    for k in range(len(edges)):
        first, last = _rows(edges, k, frame)
        for row in range(first, last + 1):
            start, end = _run(edges, k, frame, row)
            for cell in range(row * columns + start, row * columns + end + 1):
                for i in range(5):
                    listed[free[cell], i] = edges[k, i]
                free[cell] += 1


@compiled
def sum_marked(marked: BoolArray, sums: NDArray[np.int32]) -> None:
    """Count the marked cells south-west of each corner.

    Parameters
    ----------
    marked : numpy.ndarray of bool, shape (rows, columns)
        Cells.
    sums : numpy.ndarray, shape (rows + 1, columns + 1)
        Zeros; written but for the first row and column.
    """
    for row in range(marked.shape[0]):
        here = 0
        for column in range(marked.shape[1]):
            here += marked[row, column]
            sums[row + 1, column + 1] = sums[row, column + 1] + here
