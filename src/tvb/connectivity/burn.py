"""Polygons, lines and points turned into cells of a raster."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, explain
from tvb.geometry.arrays import polygon_edges
from tvb.grid import Grid

__all__ = ["cells_of_lines", "cells_of_polygons", "label_patches"]

_CHUNK = 4_000_000


def cells_of_polygons(
    grid: Grid, shapes: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the cells whose centre lies in polygons.

    Parameters
    ----------
    grid : Grid
        Where the cells lie.
    shapes : numpy.ndarray
        Valid polygons or multipolygons in EPSG:2154.

    Returns
    -------
    tuple of numpy.ndarray
        Flat positions of cells, and for each the position of its shape; in the order of the shapes.
        A centre on an edge belongs to the east and the south of it.
    """
    row, shape, x = _crossings(grid, shapes)
    order = np.lexsort((x, row, shape))
    row, shape = row[order], shape[order]
    # The n-th and the (n+1)-th crossing of a row, for even n, are the ends of a run of cells.
    column = np.ceil((x[order] - grid.x_min) / grid.cell_width - 0.5)
    column = np.clip(column, 0, grid.shape[1]).astype(np.int64)
    first, length = column[::2], column[1::2] - column[::2]
    begin = row[::2] * grid.shape[1] + first
    ends = np.cumsum(length)
    cells = np.arange(ends[-1] if len(ends) else 0) + np.repeat(begin - ends + length, length)
    return cells, np.repeat(shape[::2], length)


def _crossings(
    grid: Grid, shapes: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return row, shape and x wherever an edge meets the line of the centres of a row."""
    parts, owner = shapely.get_parts(shapely.force_2d(shapes), return_index=True)
    a, b, edge_of = polygon_edges(parts)
    position = (grid.y_max - np.stack([a[:, 1], b[:, 1]])) / grid.cell_height - 0.5
    low = np.clip(np.ceil(position.min(axis=0, initial=np.inf)), 0, grid.shape[0]).astype(np.int64)
    high = np.clip(np.ceil(position.max(axis=0, initial=-np.inf)), 0, grid.shape[0])
    count = high.astype(np.int64) - low
    edge = np.repeat(np.arange(len(a)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + low[edge]
    # Always from the upper end, so that neighbours that share an edge agree on the crossing.
    upper = (position[0] < position[1])[:, None]
    top, foot = np.where(upper, a, b)[edge], np.where(upper, b, a)[edge]
    start, end = position.min(axis=0, initial=np.inf)[edge], position.max(axis=0)[edge]
    x = top[:, 0] + (row - start) / (end - start) * (foot[:, 0] - top[:, 0])
    return row, owner[edge_of[edge]].astype(np.int64), x


def label_patches(grid: Grid, shapes: NDArray[Any], ids: NDArray[Any]) -> NDArray[np.int32]:
    """Return the number of the patch that holds each cell.

    Parameters
    ----------
    grid : Grid
        Where the cells lie.
    shapes : numpy.ndarray
        Polygons of the patches; where some overlap, the first one holds the cell.
    ids : numpy.ndarray
        Names of the patches in messages.

    Returns
    -------
    numpy.ndarray of int32
        1 for the first patch, 0 outside all. A patch that holds no centre of a cell has the one
        cell of a point on its surface.

    Raises
    ------
    LayerError
        If a patch lies outside the raster, or two that are smaller than a cell share one.
    """
    labels = np.zeros(grid.shape, dtype=np.int32)
    flat = labels.reshape(-1)
    cells, shape = cells_of_polygons(grid, shapes)
    for end in range(len(cells), 0, -_CHUNK):  # the first patches last, so that they stay
        part = slice(max(0, end - _CHUNK), end)
        flat[cells[part][::-1]] = shape[part][::-1] + 1
    missing = np.setdiff1d(np.arange(len(shapes)), np.unique(flat[cells]) - 1)
    if len(missing):
        _label_small(grid, flat, (shapes, ids), missing=missing)
    return labels


def _label_small(
    grid: Grid,
    flat: NDArray[np.int32],
    patches: tuple[NDArray[Any], NDArray[Any]],
    *,
    missing: NDArray[np.int64],
) -> None:
    """Give a cell to each patch that has none."""
    shapes, ids = patches
    points = shapely.point_on_surface(shapes[missing])
    row, column = grid.cell_of(shapely.get_x(points), shapely.get_y(points))
    if (row < 0).any():
        names = ids[missing[row < 0]]
        raise LayerError(
            explain("patches", "patch outside the raster", count=len(names), ids=names,
                    remedy="give a raster that covers the patches")
        )  # fmt: skip
    flat[row * grid.shape[1] + column] = missing + 1
    names = ids[np.bincount(flat, minlength=len(shapes) + 1)[1:] == 0]
    if len(names):
        raise LayerError(
            explain("patches", "patch left without a cell by others as small",
                    count=len(names), ids=names, remedy="raise min_area_m2 or merge_distance_m of "
                    "build_patches, or use smaller cells")
        )  # fmt: skip


def cells_of_lines(grid: Grid, lines: NDArray[Any]) -> NDArray[np.int64]:
    """Return the cells that lines pass through, none left out: the chain holds by its sides.

    Where a line passes exactly through the corner of four cells, the cell to the east or south
    joins the two cells, so that a diagonal step cannot cross it.

    Parameters
    ----------
    grid : Grid
        Where the cells lie.
    lines : numpy.ndarray
        Lines, or multiple lines, in EPSG:2154.

    Returns
    -------
    numpy.ndarray
        Flat positions, sorted, each once.
    """
    parts = shapely.get_parts(shapely.force_2d(lines))
    xy, line = shapely.get_coordinates(parts, return_index=True)
    u = np.column_stack([(xy[:, 0] - grid.x_min) / grid.cell_width,
                         (grid.y_max - xy[:, 1]) / grid.cell_height])  # fmt: skip
    same = line[1:] == line[:-1]
    a, b, line = u[:-1][same], u[1:][same], line[1:][same]
    segment, share = _cuts(a, b)
    # From one crossing of a grid line to the next, a line stays in one cell, that of the middle.
    inner = np.flatnonzero(segment[1:] == segment[:-1])
    share, segment = (share[inner] + share[inner + 1]) / 2, segment[inner]
    index = np.arange(len(a))
    order = np.lexsort((np.concatenate([np.full(len(a), -1.0), share, np.full(len(a), 2.0)]),
                        np.concatenate([index, segment, index])))  # fmt: skip
    points = np.concatenate([a, a[segment] + share[:, None] * (b - a)[segment], b])[order]
    chain = np.floor(points).astype(np.int64)
    owner = line[np.concatenate([index, segment, index])[order]]
    diagonal = (np.abs(np.diff(chain, axis=0)).sum(axis=1) > 1) & (owner[1:] == owner[:-1])
    beside = np.column_stack([chain[1:][diagonal, 0], chain[:-1][diagonal, 1]])
    column, row = np.concatenate([chain, beside]).T
    rows, columns = grid.shape
    kept = (row >= 0) & (column >= 0) & (row < rows) & (column < columns)
    return np.unique(row[kept] * columns + column[kept])


def _cuts(
    a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return segment and share of its length at its ends and where it meets a grid line, sorted."""
    index = np.arange(len(a))
    segments, shares = [index, index], [np.zeros(len(a)), np.ones(len(a))]
    for axis in (0, 1):
        low = np.ceil(np.minimum(a, b)[:, axis]).astype(np.int64)
        high = np.floor(np.maximum(a, b)[:, axis]).astype(np.int64)
        count = np.where(a[:, axis] == b[:, axis], 0, np.maximum(high - low + 1, 0))
        segment = np.repeat(index, count)
        at = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count) + low[segment]
        segments.append(segment)
        shares.append(np.clip((at - a[segment, axis]) / (b - a)[segment, axis], 0, 1))
    segment, share = np.concatenate(segments), np.concatenate(shares)
    order = np.lexsort((share, segment))
    return segment[order], share[order]
