"""Which commune features lie in, and how much of each lies in which."""

from __future__ import annotations

from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import LayerError, ParameterError, explain
from tvb.geometry.arrays import (
    FloatArray,
    GeometryArray,
    IntArray,
    make_valid,
    polygon_parts,
)
from tvb.geometry.cover import DOUBTFUL, build_cover, span_lattice
from tvb.geometry.overlay import intersect
from tvb.geometry.partition import partition_communes
from tvb.schema import require_crs

__all__ = [
    "OUTSIDE",
    "AttributionRule",
    "attribute_to_commune",
    "find_largest",
    "order_partition",
    "share_by_commune",
]

OUTSIDE = "hors communes"
"""Code under which what lies outside every commune is told."""

AttributionRule = Literal["largest_share", "centroid"]

# A feature this near to the study area lies on its border: reprojection and noding move a point
# that was exactly on it by less.
_ON_BORDER_M = 1e-3
_EQUAL = 1e-9
_NONE = -1


def attribute_to_commune(
    features: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    rule: AttributionRule = "largest_share",
) -> pd.Series[Any]:
    """Return the one commune to which each feature belongs.

    The communes are made a partition first (`partition_communes`), so that features in overlaps
    and slivers have a commune like any other.

    Parameters
    ----------
    features : geopandas.GeoDataFrame
        Points, lines or polygons, EPSG:2154.
    communes : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``insee``.
    rule : {"largest_share", "centroid"}
        Commune that holds the largest area of a polygon or length of a line; or the commune of
        the centroid, which may lie outside a curved feature.

    Returns
    -------
    pandas.Series
        Text named ``insee`` on the index of the features. Equal shares (to 1e-9), points on a
        border and lines along one go to the smallest code. Null for a feature that meets no
        commune, is empty or null. A feature that touches the study area from outside, to a
        millimetre, belongs to it.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a code of a commune is missing or given twice.
    ParameterError
        If the rule is unknown.

    See Also
    --------
    share_by_commune : All the communes of each feature.

    Examples
    --------
    >>> square = shapely.box(700000, 7000000, 701000, 7001000)
    >>> communes = gpd.GeoDataFrame({"insee": ["62001"]}, geometry=[square], crs=2154)
    >>> pit = gpd.GeoDataFrame(geometry=gpd.points_from_xy([700500], [7000500]), crs=2154)
    >>> attribute_to_commune(pit, communes).tolist()
    ['62001']
    """
    require_crs(features, "features")
    if rule not in get_args(AttributionRule):
        raise ParameterError(
            explain("rule", f"« {rule} » is unknown", required="largest_share or centroid")
        )
    codes, units = order_partition(communes)
    geometry = features.geometry.to_numpy()
    if rule == "centroid":
        geometry = shapely.centroid(geometry)
    found = find_largest(geometry, units)
    return pd.Series(_codes_at(codes, found), index=features.index, dtype="str", name="insee")


def share_by_commune(features: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return how much of each feature lies in each commune.

    Parameters
    ----------
    features : geopandas.GeoDataFrame
        Polygons only or lines only, EPSG:2154.
    communes : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``insee``; made a partition first (`partition_communes`).

    Returns
    -------
    pandas.DataFrame
        One row for each feature and commune that share more than 1e-9 of the feature, in the
        order of the features and then by code: ``feature`` (its label in the index of the
        features), ``insee``, ``area_m2`` or ``length_m``, ``share`` (0 to 1). What lies outside
        every commune is a row with a null code, so that the rows of a feature add up to the whole
        of it. A line along a border belongs to the smaller code. Empty and null features have no
        row.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If the features are points or of several kinds, or a code of a commune is missing or
        given twice.
    """
    require_crs(features, "features")
    geometry = make_valid(features.geometry.to_numpy())
    size, name = _sizes(geometry)
    codes, units = order_partition(communes)
    row, unit = pairs = _pairs(geometry, units)
    part = _parts(geometry, units, pairs)
    outside = size - np.bincount(row, weights=part, minlength=len(size))
    everything = np.arange(len(size))
    row = np.concatenate([row, everything])
    unit = np.concatenate([unit, np.full(len(size), _NONE)])
    part = np.concatenate([part, outside])
    kept = part > _EQUAL * size[row]
    row, unit, part = row[kept], unit[kept], part[kept]
    order = np.lexsort([unit, unit == _NONE, row])
    row, unit, part = row[order], unit[order], part[order]
    return pd.DataFrame(
        {
            "feature": features.index.take(row),
            "insee": pd.array(_codes_at(codes, unit), dtype="str"),
            name: part,
            "share": part / size[row],
        }
    )


def order_partition(communes: gpd.GeoDataFrame) -> tuple[GeometryArray, GeometryArray]:
    """Return the codes and the geometry of the partition, in order of code.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``insee``.

    Returns
    -------
    tuple of numpy.ndarray
        Codes; geometry, prepared.

    Raises
    ------
    CrsError, LayerError
        As `partition_communes` does.
    """
    table = partition_communes(communes).sort_values("insee")
    units = table.geometry.to_numpy()
    shapely.prepare(units)
    return table["insee"].to_numpy(dtype=object), units


def _codes_at(codes: GeometryArray, positions: IntArray) -> GeometryArray:
    """Return the codes at positions; None at -1."""
    return np.concatenate([codes, np.array([None], dtype=object)])[positions]


def _sizes(geometry: GeometryArray) -> tuple[FloatArray, str]:
    """Return areas or lengths, and the name of their column."""
    dimensions = set(shapely.get_dimensions(geometry)[~shapely.is_empty(geometry)]) - {-1}
    if dimensions <= {2}:
        return shapely.area(geometry), "area_m2"
    if dimensions == {1}:
        return shapely.length(geometry), "length_m"
    raise LayerError(
        explain(
            "features",
            "neither all lines nor all polygons",
            required="features with a length, or features with an area",
            remedy="call once for each kind; use attribute_to_commune for points",
        )
    )


def find_largest(geometry: GeometryArray, units: GeometryArray) -> IntArray:
    """Return the position of the unit with the largest part of each geometry, or -1.

    Parameters
    ----------
    geometry : numpy.ndarray
        Points, lines or polygons.
    units : numpy.ndarray
        Areas of a partition, in order of code: equal parts go to the first.

    Returns
    -------
    numpy.ndarray
        One position for each geometry.
    """
    row, unit = _pairs(geometry, units)
    first = np.full(len(geometry), _NONE)
    first[row[::-1]] = unit[::-1]
    several = np.bincount(row, minlength=len(geometry))[row] > 1
    row, unit = row[several], unit[several]
    part = _parts(geometry, units, (row, unit))
    most = np.zeros(len(geometry))
    np.maximum.at(most, row, part)
    best = part >= most[row] * (1 - _EQUAL)
    first[row[best][::-1]] = unit[best][::-1]
    return first


def _pairs(geometry: GeometryArray, units: GeometryArray) -> tuple[IntArray, IntArray]:
    """Return every geometry and unit that meet, ordered by geometry, then by unit."""
    polygons, owner = polygon_parts(units)
    bounds = shapely.bounds(geometry)
    known = np.flatnonzero(~np.isnan(bounds[:, 0]))
    lattice = span_lattice(bounds, shapely.bounds(polygons), len(geometry))
    cover = build_cover(polygons, owner + 1, lattice)
    located = cover.locate(lattice.windows(bounds[known]))
    sure = located > 0
    doubtful = known[located == DOUBTFUL]
    row, unit = _meeting(geometry[doubtful], units)
    row = np.concatenate([known[sure], doubtful[row]])
    unit = np.concatenate([located[sure] - 1, unit])
    order = np.lexsort([unit, row])
    return row[order], unit[order]


def _meeting(geometry: GeometryArray, units: GeometryArray) -> tuple[IntArray, IntArray]:
    """Return every geometry and unit that meet, by exact predicates."""
    unit, row = shapely.STRtree(geometry).query(units, predicate="intersects")
    alone = np.flatnonzero(np.bincount(row, minlength=len(geometry)) == 0)
    near_unit, near_row = shapely.STRtree(geometry[alone]).query(
        units, predicate="dwithin", distance=_ON_BORDER_M
    )
    return np.concatenate([row, alone[near_row]]), np.concatenate([unit, near_unit])


def _parts(
    geometry: GeometryArray, units: GeometryArray, pairs: tuple[IntArray, IntArray]
) -> FloatArray:
    """Return the area, or else the length, that each pair of geometry and unit shares."""
    row, unit = pairs
    whole = make_valid(geometry[row])
    alone = np.bincount(row, minlength=len(geometry))[row] == 1
    inside = alone & shapely.covers(units[unit], whole)
    shared = whole.copy()
    shared[~inside] = intersect(whole[~inside], units[unit[~inside]])
    is_line = shapely.get_dimensions(whole) == 1
    part = np.where(is_line, shapely.length(shared), shapely.area(shared))
    left: dict[int, shapely.Geometry] = {}
    for at in np.flatnonzero(is_line & ~alone):
        # Along a border, a line lies in two communes. The pairs of a line come in order of code:
        # what one commune takes, the next cannot.
        line = left.get(row[at], whole[at])
        part[at] = shapely.length(shapely.intersection(line, units[unit[at]]))
        left[row[at]] = shapely.difference(line, units[unit[at]])
    return part


# Names of before, for modules that still use them.
_largest, _ordered_partition = find_largest, order_partition
