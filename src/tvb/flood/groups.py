"""Where a building counts: in the one commune, or in every area of a zoning."""

from __future__ import annotations

from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.rules import require_columns
from tvb.geometry import OUTSIDE, attribute_to_commune
from tvb.geometry.arrays import IntArray, make_valid
from tvb.schema import require_crs

__all__ = [
    "NO_GROUP",
    "OUTSIDE",
    "OUTSIDE_AREAS",
    "TOTAL",
    "BelongingRule",
    "attribute_buildings",
    "find_members",
    "locate_in_communes",
]

OUTSIDE_AREAS = "hors zonage"
"""Key under which buildings outside every area are counted."""

NO_GROUP = "sans groupe"
"""Key under which communes without a group are added up."""

TOTAL = "ensemble"
"""Key of the row in which each building counts once, whatever number of areas it lies in."""

BelongingRule = Literal["centroid", "touches"]


def attribute_buildings(
    buildings: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, attribution: str
) -> pd.Series[Any]:
    """Return the code of the commune in which each building counts.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints, EPSG:2154.
    communes : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``insee``.
    attribution : str
        "largest_share" or "centroid", or else the column of the buildings that holds the code.

    Returns
    -------
    pandas.Series
        Text named ``insee`` on the index of the buildings; null outside all communes.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If the column is missing, or a code of a commune is missing or given twice.
    """
    if attribution == "largest_share":
        return attribute_to_commune(buildings, communes)
    if attribution == "centroid":
        return attribute_to_commune(buildings, communes, rule="centroid")
    require_columns(buildings, "buildings", attribution)
    codes: pd.Series[Any] = buildings[attribution].astype("str")
    return codes.rename("insee")


def locate_in_communes(
    buildings: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, attribution: str
) -> tuple[pd.Index[Any], IntArray]:
    """Return the rows of a table by commune, and the one in which each building counts.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints, EPSG:2154.
    communes : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``insee``.
    attribution : str
        See `CountingRule`.

    Returns
    -------
    tuple
        Codes in order, "hors communes" last, named ``insee``; and a position for each building.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a column is missing, or a code of a commune is missing or given twice.
    """
    require_columns(communes, "communes", "insee")
    codes = [*sorted(communes["insee"].dropna().unique()), OUTSIDE]
    insee = attribute_buildings(buildings, communes, attribution)
    found = pd.Index(codes).get_indexer(pd.Index(insee))
    position = np.where(found < 0, len(codes) - 1, found)
    return pd.Index(codes, name="insee", dtype="str"), position


def find_members(
    buildings: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, *, key: str, belongs: BelongingRule
) -> tuple[list[str], IntArray, IntArray]:
    """Return the areas to which each building belongs.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints, EPSG:2154.
    areas : geopandas.GeoDataFrame
        Polygons, EPSG:2154, which may overlap.
    key : str
        Column that names them; rows of the same key are one area.
    belongs : {"centroid", "touches"}
        Every area that holds the centroid, or that shares a point with the building.

    Returns
    -------
    tuple
        Names of the areas in order, and pairs of positions of a building and of a name.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If the key is missing or null.
    ParameterError
        If the rule is unknown.
    """
    require_crs(buildings, "buildings")
    require_crs(areas, "areas")
    require_columns(areas, "areas", key)
    if belongs not in get_args(BelongingRule):
        raise ParameterError(
            explain("belongs", f"« {belongs} » is unknown", required="centroid or touches")
        )
    null = areas[key].isna()
    if null.any():
        raise LayerError(
            explain(
                "areas", f"column « {key} » is null", count=int(null.sum()), ids=areas.index[null],
                required="a name for each area",
            )
        )  # fmt: skip
    label = areas[key].astype("str").to_numpy(dtype=object)
    names = sorted(set(label))
    position = pd.Index(names).get_indexer(pd.Index(label)) if names else np.empty(0, dtype=int)
    footprints = make_valid(buildings.geometry.to_numpy())
    where = shapely.centroid(footprints) if belongs == "centroid" else footprints
    tree = shapely.STRtree(where)
    area, row = tree.query(make_valid(areas.geometry.to_numpy()), predicate="intersects")
    pairs = np.unique(np.stack([position[area], row], axis=1), axis=0)
    return names, pairs[:, 1], pairs[:, 0]
