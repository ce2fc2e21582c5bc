"""Where a building counts: in the one commune, or in every area of a zoning."""

from __future__ import annotations

from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.checks import (
    commune_codes,
    find_codes,
    require_columns,
    text_codes,
    warn_of_unknown_codes,
)
from tvb.geometry import OUTSIDE, attribute_to_commune
from tvb.geometry.arrays import IntArray, make_valid
from tvb.geometry.attribution import AttributionRule
from tvb.schema import require_crs, require_polygons

__all__ = [
    "NO_GROUP",
    "OUTSIDE",
    "OUTSIDE_AREAS",
    "TOTAL",
    "BelongingRule",
    "attribute_buildings",
    "check_attribution",
    "find_members",
    "locate_in_communes",
    "with_text_codes",
]

OUTSIDE_AREAS = "hors zonage"
"""Key under which buildings outside every area are counted."""

NO_GROUP = "sans groupe"
"""Key under which communes without a group are added up."""

TOTAL = "ensemble"
"""Key of the row in which each building counts once, whatever number of areas it lies in."""

BelongingRule = Literal["centroid", "touches"]


def with_text_codes(communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return communes whose codes are text, be they held as text or as numbers.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        With ``insee``.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows and columns.

    Raises
    ------
    LayerError
        If the column or a code is missing, or a code is given twice.
    """
    codes = commune_codes(communes)
    return communes.assign(insee=codes)


def check_attribution(
    buildings: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, attribution: str
) -> None:
    """Raise if buildings hold no code that a commune has; warn of those that none has.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        All of them: those that are exposed may well lie outside the communes.
    communes : geopandas.GeoDataFrame
        With ``insee``.
    attribution : str
        See `CountingRule`; nothing is to be checked unless it is a column.

    Raises
    ------
    LayerError
        If the column is missing, or no code in it is known.
    """
    if attribution not in get_args(AttributionRule):
        require_columns(buildings, "buildings", attribution)
        codes = commune_codes(communes)
        warn_of_unknown_codes(buildings[attribution], codes.tolist(), "buildings")


def attribute_buildings(
    buildings: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, attribution: str
) -> pd.Series[Any]:
    """Return the code of the commune in which each building counts.

    Parameters
    ----------
    buildings, communes, attribution
        As in `locate_in_communes`.

    Returns
    -------
    pandas.Series
        Text named ``insee`` on the index of the buildings; null outside all communes.

    Raises
    ------
    CrsError, LayerError
        As `locate_in_communes` does.
    """
    names, position = locate_in_communes(buildings, communes, attribution)
    codes = pd.Series(names.take(position), index=buildings.index, name="insee")
    return codes.mask(position == len(names) - 1)


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
        "largest_share" or "centroid", or else the column of the buildings that holds the code:
        text or a number, compared as a text of five characters.

    Returns
    -------
    tuple
        Codes as text in order, "hors communes" last, named ``insee``; and a position for each
        building.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a column is missing, or a code of a commune is missing or given twice.
    """
    communes = with_text_codes(communes)
    codes = sorted(communes["insee"])
    if attribution == "largest_share":
        insee = attribute_to_commune(buildings, communes)
    elif attribution == "centroid":
        insee = attribute_to_commune(buildings, communes, rule="centroid")
    else:
        require_columns(buildings, "buildings", attribution)
        insee = buildings[attribution]
    found = find_codes(insee, codes)
    position = np.where(found < 0, len(codes), found)
    return pd.Index([*codes, OUTSIDE], name="insee", dtype="str"), position


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
        If the areas are not polygons, or the key is missing or null.
    ParameterError
        If the rule is unknown.
    """
    require_crs(buildings, "buildings")
    require_polygons(areas, "areas")
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
    label = text_codes(areas[key], width=0).to_numpy(dtype=object)
    names = sorted(set(label))
    position = pd.Index(names).get_indexer(pd.Index(label)) if names else np.empty(0, dtype=int)
    footprints = make_valid(buildings.geometry.to_numpy())
    where = shapely.centroid(footprints) if belongs == "centroid" else footprints
    tree = shapely.STRtree(where)
    area, row = tree.query(make_valid(areas.geometry.to_numpy()), predicate="intersects")
    pairs = np.unique(np.stack([position[area], row], axis=1), axis=0)
    return names, pairs[:, 1], pairs[:, 0]
