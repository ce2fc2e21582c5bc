"""Polygons and lines burnt into cells, without a raster library."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.datasets.noise import Frame

__all__ = ["burn_lines", "label_polygons"]


def label_polygons(frame: Frame, polygons: NDArray[Any]) -> NDArray[np.int32]:
    """Return, for each cell, the number of the polygon that holds its centre.

    Each edge adds its polygon's number to the cells east of it, or takes it away, according to
    its direction: a running sum along the rows leaves the number inside and zero outside.

    Parameters
    ----------
    frame : Frame
        The cells.
    polygons : numpy.ndarray of shapely polygons or multipolygons
        Valid. Where some overlap, the first one holds the cell.

    Returns
    -------
    numpy.ndarray of int32
        1 for the first polygon, 0 outside all.
    """
    parts, owner = shapely.get_parts(shapely.orient_polygons(polygons), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    a, b = xy[:-1][same], xy[1:][same]
    number = owner[part[ring[:-1][same]]] + 1
    row, column, sign, edge = _crossings(frame, a, b)
    labels = _running_sum(frame, (row, column), sign * number[edge])
    crowded = np.nonzero(_running_sum(frame, (row, column), sign) > 1)
    if len(crowded[0]):
        points = np.asarray(shapely.points(frame.x[crowded[1]], frame.y[crowded[0]]))
        point, holder = shapely.STRtree(polygons).query(points, predicate="intersects")
        first = np.full(len(points), len(polygons), dtype=np.int32)
        np.minimum.at(first, point, holder.astype(np.int32))
        labels[crowded] = first + 1
    return labels


def _running_sum(
    frame: Frame, cells: tuple[NDArray[np.int64], NDArray[np.int64]], change: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return the sum, from the west, of changes written in some cells."""
    flat = cells[0] * (frame.columns + 1) + cells[1]
    size = frame.rows * (frame.columns + 1)
    first = np.bincount(flat, weights=change, minlength=size).astype(np.int32)
    return np.cumsum(first.reshape(frame.rows, -1)[:, :-1], axis=1, dtype=np.int32)


def _crossings(
    frame: Frame, a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return row, column to the east, sign and edge wherever an edge meets a line of centres."""
    position = (frame.y_max - np.stack([a[:, 1], b[:, 1]])) / frame.cell_m - 0.5
    first = np.clip(np.ceil(position.min(axis=0)), 0, frame.rows).astype(np.int64)
    last = np.clip(np.ceil(position.max(axis=0)), 0, frame.rows).astype(np.int64)
    count = last - first
    edge = np.repeat(np.arange(len(a)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    share = (row - position[0, edge]) / (position[1, edge] - position[0, edge])
    x = a[edge, 0] + share * (b[edge, 0] - a[edge, 0])
    column = np.ceil((x - frame.x_min) / frame.cell_m - 0.5)
    # Rings of polygons run counter-clockwise: an edge that goes down has its inside to the east.
    sign = np.where(position[1, edge] > position[0, edge], 1, -1)
    return row, np.clip(column, 0, frame.columns).astype(np.int64), sign, edge


def burn_lines(
    values: NDArray[Any], frame: Frame, lines: NDArray[Any], *, code: int, width_m: float = 0.0
) -> None:
    """Write a code in the cells that lines cross.

    Parameters
    ----------
    values : numpy.ndarray
        On the frame; changed in place.
    frame : Frame
        The cells.
    lines : numpy.ndarray of shapely lines
        Lines.
    code : int
        Written.
    width_m : float
        Width of the line; at least one cell is written.
    """
    step = frame.cell_m / 3
    xy = shapely.get_coordinates(shapely.segmentize(lines, step))
    reach = int(width_m / 2 / frame.cell_m)
    column = np.floor((xy[:, 0] - frame.x_min) / frame.cell_m).astype(np.int64)
    row = np.floor((frame.y_max - xy[:, 1]) / frame.cell_m).astype(np.int64)
    for dr in range(-reach, reach + 1):
        for dc in range(-reach, reach + 1):
            r, c = row + dr, column + dc
            kept = (r >= 0) & (c >= 0) & (r < frame.rows) & (c < frame.columns)
            values[r[kept], c[kept]] = code
