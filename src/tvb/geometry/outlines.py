"""Cells of a raster turned into polygons."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.grid import Grid

__all__ = ["outline_cells"]


def outline_cells(
    grid: Grid, cells: NDArray[np.int64], owner: NDArray[np.integer[Any]]
) -> NDArray[np.object_]:
    """Return the ground that sets of cells cover.

    Parameters
    ----------
    grid : Grid
        Where the cells lie.
    cells : numpy.ndarray
        Flat positions, none twice in a set.
    owner : numpy.ndarray
        Set of each cell, from 0 on, none left out.

    Returns
    -------
    numpy.ndarray
        For each set, a valid Polygon or MultiPolygon along the sides of its cells.
    """
    order = np.lexsort((cells, owner))
    cells, owner = cells[order], owner[order]
    column = cells % grid.shape[1]
    begins = np.ones(len(cells), dtype=bool)
    begins[1:] = (np.diff(cells) != 1) | (np.diff(owner) != 0) | (column[1:] == 0)
    first = np.flatnonzero(begins)
    length = np.diff(np.append(first, len(cells)))
    row, column, owner = cells[first] // grid.shape[1], column[first], owner[first]
    boxes = shapely.box(
        grid.x_min + column * grid.cell_width,
        grid.y_max - (row + 1) * grid.cell_height,
        grid.x_min + (column + length) * grid.cell_width,
        grid.y_max - row * grid.cell_height,
    )
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    sets = [shapely.union_all(rows) for rows in np.split(boxes, starts[1:])] if len(boxes) else []
    shapes = np.array(sets, dtype=object)
    # The points where runs of cells meet along a straight side add nothing.
    return np.asarray(shapely.normalize(shapely.simplify(shapes, 0.0)), dtype=object)
