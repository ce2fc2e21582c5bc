"""Habitat patches from a classified raster."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.connectivity.capacity import sum_cells
from tvb.errors import LayerError, ParameterError, explain
from tvb.facts import HECTARE_M2
from tvb.geometry import attribute_to_commune
from tvb.grid import Grid
from tvb.schema import CRS

__all__ = ["build_patches_from_grid"]


def build_patches_from_grid(
    land_cover: Grid,
    codes: Collection[int],
    *,
    neighbours: Literal[4, 8] = 8,
    min_area_m2: float = 0.0,
    capacity: Grid | None = None,
    statistic: Literal["sum", "mean"] = "sum",
    communes: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Return the habitat patches that cells of some classes form.

    Parameters
    ----------
    land_cover : Grid
        Codes of classes.
    codes : collection of int
        Classes that are habitat.
    neighbours : {4, 8}
        Whether cells hang together by their sides only, or by their corners too.
    min_area_m2 : float
        Smallest area of a patch, in m², inclusive.
    capacity : Grid, optional
        Quality of the cells, on the same cells as ``land_cover``; by default the capacity of a
        patch is its area in hectares. No data and what is not a number count for nothing.
    statistic : {"sum", "mean"}
        How the quality of its cells makes the capacity of a patch. The mean of no observation is 0.
    communes : geopandas.GeoDataFrame, optional
        Polygons with ``insee``, EPSG:2154: adds the column ``insee``.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for each patch, in EPSG:2154, in the order of `build_patches`:

        - ``patch``: id, from 1 on, from west to east, then from south to north;
        - ``capacity``: area in hectares, or the sum or mean of its quality;
        - ``area_m2``, ``perimeter_m``: area and length of the boundary, holes included;
        - ``insee``: commune that holds the largest share of it, if asked for;
        - ``geometry``: Polygon, or MultiPolygon, along the sides of its cells.

        No row if no cell is habitat.

    Raises
    ------
    LayerError
        If ``capacity`` lies on other cells.
    ParameterError
        If a parameter is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> land_cover = Grid(np.array([[3, 3, 5], [5, 5, 3]]), 0, 200, 100, 100)
    >>> build_patches_from_grid(land_cover, [3])[["patch", "capacity", "perimeter_m"]]
       patch  capacity  perimeter_m
    0      1       3.0       1000.0
    >>> build_patches_from_grid(land_cover, [3], neighbours=4)["capacity"].tolist()
    [2.0, 1.0]
    """
    from tvb.geometry.outlines import outline_cells

    if neighbours not in (4, 8) or statistic not in ("sum", "mean"):
        raise ParameterError(
            explain("patches", f"neighbours {neighbours}, statistic « {statistic} »",
                    required="neighbours 4 or 8, statistic sum or mean")
        )  # fmt: skip
    if not (np.isfinite(min_area_m2) and min_area_m2 >= 0):
        raise ParameterError(
            explain("min_area_m2", f"is {min_area_m2}", required="a finite number ≥ 0")
        )
    labels = _labels(land_cover, codes, neighbours)
    count = np.bincount(labels.reshape(-1))
    count[0] = 0
    kept = np.flatnonzero((count > 0) & (count * land_cover.cell_area_m2 >= min_area_m2))
    position = np.full(len(count), -1)
    position[kept] = np.arange(len(kept))
    flat = position[labels.reshape(-1)]
    cells = np.flatnonzero(flat >= 0)
    owner = flat[cells]
    geometry = outline_cells(land_cover, cells, owner)
    area_m2 = count[kept] * land_cover.cell_area_m2
    weight = area_m2 / HECTARE_M2
    if capacity is not None:
        _require_same_cells(capacity, land_cover)
        weight = sum_cells(
            capacity, cells, owner=owner, patches=len(kept), mean=statistic == "mean"
        )
    west, south, east, north = shapely.bounds(geometry).reshape(-1, 4).T
    # The first cell tells apart patches of one box: one may lie in the arms of another.
    order = np.lexsort((np.unique(owner, return_index=True)[1], area_m2, north, east, south, west))
    patches = gpd.GeoDataFrame(
        {
            "patch": np.arange(1, len(order) + 1, dtype=np.int64),
            "capacity": weight[order],
            "area_m2": area_m2[order],
            "perimeter_m": shapely.length(geometry[order]).astype(np.float64),
        },
        geometry=geometry[order],
        crs=CRS,
    )
    if communes is not None:
        patches.insert(4, "insee", attribute_to_commune(patches, communes))
    return patches


def _labels(land_cover: Grid, codes: Collection[int], neighbours: int) -> NDArray[np.int32]:
    """Return 1 and on in the cells of habitat that hang together, 0 elsewhere."""
    from scipy.ndimage import label

    habitat = np.isin(land_cover.values, np.array(sorted(codes)))
    if land_cover.nodata is not None:
        habitat &= land_cover.values != land_cover.nodata
    around = np.ones((3, 3)) if neighbours == 8 else [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    labels = np.empty(land_cover.shape, dtype=np.int32)
    label(habitat, structure=around, output=labels)
    return labels


def _require_same_cells(capacity: Grid, land_cover: Grid) -> None:
    if (capacity.shape, capacity.transform) != (land_cover.shape, land_cover.transform):
        raise LayerError(
            explain(capacity.name, "lies on other cells", required=f"the cells of {land_cover!r}")
        )
