"""Arrays of geometries: the valid polygons in them, and their edges as coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.geometry.winding import repair_outlines

__all__ = [
    "BoolArray",
    "FloatArray",
    "GeometryArray",
    "IntArray",
    "make_valid",
    "polygon_edges",
    "polygon_parts",
    "total_bounds",
]

GeometryArray = NDArray[np.object_]
FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.signedinteger[Any]]
BoolArray = NDArray[np.bool_]

_POLYGON = 3


def make_valid(geometries: GeometryArray) -> GeometryArray:
    """Return the geometries, the invalid ones repaired as the reader of layers repairs them.

    Parameters
    ----------
    geometries : numpy.ndarray
        Any geometries, None among them.

    Returns
    -------
    numpy.ndarray
        The same array when all are valid, otherwise a new one. Ground that an outline goes around
        twice, or that lies in two parts, is covered (the *structure* method of GEOS), never a hole;
        an outline without area leaves a line. None where coordinates are not finite.
    """
    wrong = np.flatnonzero(~shapely.is_valid(geometries) & ~shapely.is_missing(geometries))
    if not len(wrong):
        return geometries
    repaired = geometries.copy()
    points, owner = shapely.get_coordinates(geometries[wrong], return_index=True)
    nowhere = np.unique(owner[~np.isfinite(points).all(axis=1)])
    repaired[wrong[nowhere]] = None
    wrong = np.delete(wrong, nowhere)
    repaired[wrong] = repair_outlines(geometries[wrong])
    return repaired


def polygon_parts(geometries: GeometryArray) -> tuple[GeometryArray, IntArray]:
    """Return the valid single polygons of which areas are made, and the rows that they come from.

    Parameters
    ----------
    geometries : numpy.ndarray
        Any geometries; points, lines, empty ones and None are left out.

    Returns
    -------
    tuple of numpy.ndarray
        Polygons, two-dimensional, and for each the position of its geometry.
    """
    parts, rows = shapely.get_parts(make_valid(geometries), return_index=True)
    # Repairs may put a multipolygon inside a collection.
    parts, again = shapely.get_parts(parts, return_index=True)
    area = (shapely.get_type_id(parts) == _POLYGON) & ~shapely.is_empty(parts)
    return shapely.force_2d(parts[area]), rows[again][area].astype(np.int64)


def polygon_edges(polygons: GeometryArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return the edges of polygons, the interior always on the left.

    Parameters
    ----------
    polygons : numpy.ndarray
        Single polygons in two dimensions.

    Returns
    -------
    tuple of numpy.ndarray
        Starts and ends, both of shape (n, 2), and for each edge the position of its polygon.
    """
    if len(polygons) == 0:
        return np.empty((0, 2)), np.empty((0, 2)), np.empty(0, dtype=np.int64)
    _, points, (ring_ends, polygon_ends) = shapely.to_ragged_array(
        shapely.orient_polygons(polygons), include_z=False
    )
    starts_edge = np.ones(len(points), dtype=bool)
    starts_edge[ring_ends[1:] - 1] = False
    at = np.flatnonzero(starts_edge)
    ring_owner = np.repeat(np.arange(len(polygons)), np.diff(polygon_ends))
    owner = np.repeat(ring_owner, np.diff(ring_ends) - 1)
    return points[at], points[at + 1], owner


def total_bounds(bounds: NDArray[Any]) -> FloatArray:
    """Return the box around boxes; not a number where there is none.

    Parameters
    ----------
    bounds : numpy.ndarray
        West, south, east, north, of shape (n, 4); rows may be not a number.

    Returns
    -------
    numpy.ndarray
        The four bounds of all.
    """
    # Side by side, numpy takes ten times as long for the same.
    west, south, east, north = bounds.T
    if len(bounds) and np.isnan(west.min()):
        west, south, east, north = bounds[~np.isnan(west)].T
    if len(west) == 0:
        return np.full(4, np.nan)
    return np.array([west.min(), south.min(), east.max(), north.max()])
