"""Ground that a raster marks: in a view, and by commune."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.errors import ParameterError
from tvb.grid import Grid
from tvb.maps.page import Bounds, Page
from tvb.maps.table import Row, Table
from tvb.maps.texts import number

__all__ = ["cells_inside", "is_positive", "positive_cells", "rank_by_area"]

_LEAST_HA = 0.5  # less would be printed as 0


def is_positive(grid: Grid) -> NDArray[np.bool_]:
    """Tell which cells hold a number above 0.

    Parameters
    ----------
    grid : Grid
        Any raster of numbers.

    Returns
    -------
    numpy.ndarray
        Of its shape; false where there is no data.
    """
    values = grid.values
    positive = np.isfinite(values) & (values > 0)
    if grid.nodata is not None:
        positive &= values != grid.nodata
    return np.asarray(positive)


def cells_inside(grid: Grid, view: Bounds) -> Grid | None:
    """Return the cells whose centre lies in a view.

    Parameters
    ----------
    grid : Grid
        Any raster.
    view : Bounds
        In metres.

    Returns
    -------
    Grid or None
        None where there are none.
    """
    try:
        part = grid.crop(view)
    except ParameterError:  # the view lies beside the raster
        return None
    rows, columns = part.shape
    x = part.x_min + (np.arange(columns) + 0.5) * part.cell_width
    y = part.y_max - (np.arange(rows) + 0.5) * part.cell_height
    across = np.flatnonzero((x >= view.west) & (x < view.east))
    along = np.flatnonzero((y > view.south) & (y <= view.north))
    if not (len(across) and len(along)):
        return None
    return replace(
        part, values=part.values[along[0] : along[-1] + 1, across[0] : across[-1] + 1],
        x_min=part.x_min + across[0] * part.cell_width,
        y_max=part.y_max - along[0] * part.cell_height,
    )  # fmt: skip


def positive_cells(grid: Grid, view: Bounds, place: Any = None) -> NDArray[Any]:
    """Return the numbers above 0 of the cells whose centre lies in a view, and in a place.

    Parameters
    ----------
    grid : Grid
        Any raster of numbers.
    view : Bounds
        In metres.
    place : shapely.Polygon or MultiPolygon, optional
        What the figures are about, inside the view.

    Returns
    -------
    numpy.ndarray
        Empty where there are none.
    """
    from tvb.connectivity.burn import cells_of_polygons

    part = cells_inside(grid, view)
    if part is None:
        return np.empty(0)
    marked = is_positive(part)
    if place is not None:
        cells, _ = cells_of_polygons(part, np.array([place], dtype=object))
        here = np.zeros(part.values.size, dtype=bool)
        here[cells] = True
        marked &= here.reshape(marked.shape)
    return np.asarray(part.values[marked])


def rank_by_area(
    grid: Grid, communes: gpd.GeoDataFrame | None, view: Bounds, *, heading: str, page: Page
) -> Table | None:
    """Return the communes by how much of their ground in a view a raster marks.

    Parameters
    ----------
    grid : Grid
        Cells above 0 are marked; each counts for the commune that holds its centre.
    communes : geopandas.GeoDataFrame, optional
        Columns ``insee`` and ``nom``.
    view : Bounds
        In metres.
    heading : str
        Of the table.
    page : Page
        Its language.

    Returns
    -------
    Table or None
        In hectares, from half of one on; None without communes or where nothing is marked.
    """
    from tvb.connectivity.burn import cells_of_polygons

    part = cells_inside(grid, view)
    if communes is None or part is None:
        return None
    marked = is_positive(part).reshape(-1)
    shapes = shapely.make_valid(np.asarray(communes.geometry.to_numpy(), dtype=object))
    cells, owner = cells_of_polygons(part, shapes)
    counts = np.bincount(owner[marked[cells]], minlength=len(shapes))
    hectares = counts * part.cell_area_m2 / 1e4
    codes, names = communes["insee"].tolist(), communes["nom"].tolist()
    told = np.flatnonzero(hectares >= _LEAST_HA).tolist()
    order = sorted(told, key=lambda i: (-hectares[i], codes[i]))
    rows = tuple(Row(names[i], hectares[i], number(hectares[i], page.lang)) for i in order)
    return Table(heading, rows) if rows else None
