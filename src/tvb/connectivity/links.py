"""Links between the patches that lie within a distance of each other."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import LayerError, ParameterError, explain
from tvb.schema import CRS, require_crs

__all__ = ["build_links"]


def build_links(patches: gpd.GeoDataFrame, *, max_distance_m: float) -> gpd.GeoDataFrame:
    """Return the pairs of patches within a distance, each with its shortest line.

    Distances run in a straight line from edge to edge. The patches are searched through a spatial
    index, so that the cost follows the number of links and not the number of pairs.

    Parameters
    ----------
    patches : geopandas.GeoDataFrame
        One row for each patch, in EPSG:2154, with the column ``patch``, as `build_patches` returns.
    max_distance_m : float
        Longest link kept, in metres, inclusive; finite and not negative.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for each link, sorted, in EPSG:2154:

        - ``i``, ``j``: ids of its patches, ``i < j``;
        - ``distance_m``: distance from edge to edge, 0 when the patches touch or overlap;
        - ``geometry``: shortest LineString from i to j; where the distance is 0 its two ends
          coincide at a point common to both patches.

        No row if there are fewer than two patches or none near another.

    Raises
    ------
    CrsError
        If the patches are not in EPSG:2154.
    LayerError
        If the column ``patch`` is missing or holds an id twice, or a geometry is null or empty.
    ParameterError
        If the distance is negative or not finite.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> squares = [shapely.box(0, 0, 10, 10), shapely.box(40, 0, 50, 10)]
    >>> patches = gpd.GeoDataFrame({"patch": [1, 2]}, geometry=squares, crs=2154)
    >>> build_links(patches, max_distance_m=30)[["i", "j", "distance_m"]]
       i  j  distance_m
    0  1  2        30.0
    """
    _require_patches(patches)
    if not (np.isfinite(max_distance_m) and max_distance_m >= 0):
        raise ParameterError(
            explain("max_distance_m", f"is {max_distance_m}", required="a finite length ≥ 0")
        )
    ordered = patches.sort_values("patch")
    ids = ordered["patch"].to_numpy()
    geometry = ordered.geometry.to_numpy()
    tree = shapely.STRtree(geometry)
    first, second = tree.query(geometry, predicate="dwithin", distance=max_distance_m)
    once = first < second
    first, second = first[once], second[once]
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    return gpd.GeoDataFrame(
        {
            "i": pd.Series(ids[first], dtype=ordered["patch"].dtype),
            "j": pd.Series(ids[second], dtype=ordered["patch"].dtype),
            "distance_m": shapely.distance(geometry[first], geometry[second]).astype(np.float64),
        },
        geometry=shapely.shortest_line(geometry[first], geometry[second]),
        crs=CRS,
    )


def _require_patches(patches: gpd.GeoDataFrame) -> None:
    require_crs(patches, "patches")
    if "patch" not in patches.columns:
        raise LayerError(
            explain(
                "patches", "column « patch » is missing", remedy="tvb.connectivity.build_patches"
            )
        )
    repeated = patches["patch"].duplicated().to_numpy()
    nowhere = (patches.geometry.isna() | patches.geometry.is_empty).to_numpy()
    for problem, wrong in (("id given twice", repeated), ("null or empty geometry", nowhere)):
        if wrong.any():
            ids = patches["patch"].to_numpy()[wrong]
            raise LayerError(
                explain(
                    "patches", problem, count=len(ids), ids=ids, required="one shape for each id"
                )
            )
