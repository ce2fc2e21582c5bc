"""Whether the zones of a plan cover its communes once, and nothing else."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import ParameterError, explain
from tvb.geometry.arrays import FloatArray, GeometryArray, IntArray, polygon_parts
from tvb.geometry.overlay import intersect, subtract
from tvb.plu.overlay import shared_parts
from tvb.schema import CRS, require_crs

__all__ = ["measure_zone_faults"]

_COLUMNS = ("kind", "insee", "zone", "other", "area_m2", "width_m")


def measure_zone_faults(
    zones: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, *, min_m2: float = 1.0
) -> gpd.GeoDataFrame:
    """Return where zones overlap, where they leave a gap, and where they leave their communes.

    Parameters
    ----------
    zones : geopandas.GeoDataFrame
        Valid polygons in EPSG:2154, such as ``plan.zones``; ``objet`` names them in the answer, the
        index where there is no such column.
    communes : geopandas.GeoDataFrame
        Polygons in EPSG:2154 with ``insee``: the communes of the plan and no other.
    min_m2 : float
        Pieces smaller than this are left out, in square metres.

    Returns
    -------
    geopandas.GeoDataFrame
        One polygon for each piece, in EPSG:2154: ``kind`` (``overlap``, ``gap``, ``outside``),
        ``insee`` (the commune of a gap, null otherwise), ``zone`` and ``other`` (the two zones of
        an overlap, the zone outside; null otherwise), ``area_m2``, and ``width_m``, twice the area
        over the perimeter: the width of a long sliver. By kind, then from large to small. Without
        zones, each commune is a gap.

    Raises
    ------
    CrsError
        If a layer is not in EPSG:2154.
    ParameterError
        If `min_m2` is negative.

    Notes
    -----
    Zones are drawn on the cadastre and communes may be generalised: along the border of a commune,
    slivers narrower than the generalisation say nothing of the plan. Judge them by ``width_m``.

    Examples
    --------
    >>> commune = gpd.GeoDataFrame({"insee": ["62001"]}, geometry=[shapely.box(0, 0, 100, 100)],
    ...                            crs=2154)
    >>> zones = gpd.GeoDataFrame({"objet": ["UA", "N"]}, crs=2154,
    ...     geometry=[shapely.box(0, 0, 60, 100), shapely.box(50, 0, 100, 90)])
    >>> measure_zone_faults(zones, commune)[["kind", "area_m2"]].values.tolist()
    [['gap', 400.0], ['overlap', 900.0]]
    """
    require_crs(zones, "zones")
    require_crs(communes, "communes")
    if min_m2 < 0:
        raise ParameterError(explain("min_m2", f"{min_m2} m²", required="0 or more"))
    shapes = zones.geometry.to_numpy()
    names = np.asarray(
        zones["objet"] if "objet" in zones else zones.index.astype(str), dtype=object
    )
    insee = communes["insee"].to_numpy(dtype=object)
    outline = communes.geometry.to_numpy()
    one, other = _touching_pairs(shapes)
    covered, ground = shapely.union_all(shapes), shapely.union_all(outline)
    parts = [
        _pieces("overlap", intersect(shapes[one], shapes[other]), min_m2=min_m2)
        .assign(zone=lambda t: names[one[t["row"]]], other=lambda t: names[other[t["row"]]]),
        _pieces("gap", _split(ground, covered, outline), min_m2=min_m2)
        .assign(insee=lambda t: insee[t["row"]]),
        _pieces("outside", _split(covered, ground, shapes), min_m2=min_m2)
        .assign(zone=lambda t: names[t["row"]]),
    ]  # fmt: skip
    found = pd.concat(parts, ignore_index=True).reindex(columns=[*_COLUMNS, "geometry"])
    found = found.sort_values(
        ["kind", "area_m2", "zone", "other"], ascending=[True, False, True, True], kind="stable"
    )
    texts = dict.fromkeys(("kind", "insee", "zone", "other"), "str")
    frame = gpd.GeoDataFrame(found.astype(texts), geometry="geometry", crs=CRS)
    return frame.reset_index(drop=True)


def _touching_pairs(shapes: GeometryArray) -> tuple[IntArray, IntArray]:
    """Return the pairs of shapes whose inside may meet, each pair once."""
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = one < other
    one, other = one[once], other[once]
    apart = shapely.touches(shapes[one], shapes[other])
    return one[~apart], other[~apart]


def _split(
    whole: shapely.Geometry, taken: shapely.Geometry, owners: GeometryArray
) -> GeometryArray:
    """Return what is left of a whole, by owner: one answer for each, mostly empty."""
    left, _ = polygon_parts(np.array([subtract(whole, taken)]))
    return shared_parts(owners, left)


def _pieces(kind: str, geometry: GeometryArray, *, min_m2: float) -> pd.DataFrame:
    """Return the polygons of some geometries that are large enough, and the rows they come from."""
    polygons, rows = polygon_parts(geometry)
    area: FloatArray = shapely.area(polygons)
    kept = area >= max(min_m2, np.finfo(float).tiny)
    polygons, area, rows = polygons[kept], area[kept], rows[kept]
    return pd.DataFrame(
        {
            "kind": kind,
            "row": rows,
            "area_m2": area,
            "width_m": 2 * area / shapely.length(polygons),
            "geometry": polygons,
        }
    )
