"""What features of one set share with the union of those of another, and what they leave."""

from __future__ import annotations

import numpy as np
import shapely

from tvb.geometry.arrays import (
    BoolArray,
    FloatArray,
    GeometryArray,
    IntArray,
    polygon_parts,
)
from tvb.geometry.overlay import intersect, subtract

__all__ = [
    "extent_of",
    "is_wide",
    "meeting_pairs",
    "of_dimension",
    "shared_parts",
    "subdivide",
    "uncovered_parts",
]

_COLLECTION = 7
_ROUNDING_M = 1e-3
_FEW_VERTICES, _SMALL_M = 250, 10.0


def subdivide(polygons: GeometryArray, rows: IntArray) -> tuple[GeometryArray, IntArray]:
    """Return polygons cut into pieces of few vertices, so that what is near one is little.

    Parameters
    ----------
    polygons : numpy.ndarray
        Valid single geometries; only polygons are cut.
    rows : numpy.ndarray
        A number for each.

    Returns
    -------
    tuple of numpy.ndarray
        Pieces, which add up to the polygons, and the number of each; in the order of the polygons.
    """
    large = shapely.get_num_coordinates(polygons) > _FEW_VERTICES
    large &= shapely.get_dimensions(polygons) == 2
    if not large.any():
        return polygons, rows
    order = np.arange(len(polygons), dtype=np.float64)
    pieces, numbers, places = [polygons[~large]], [rows[~large]], [order[~large]]
    for at in np.flatnonzero(large):
        cut = np.array(_cut(polygons[at]), dtype=object)
        pieces.append(cut)
        numbers.append(np.full(len(cut), rows[at]))
        places.append(np.full(len(cut), order[at]))
    sorting = np.argsort(np.concatenate(places), kind="stable")
    return np.concatenate(pieces)[sorting], np.concatenate(numbers)[sorting]


def _cut(polygon: shapely.Polygon) -> list[shapely.Polygon]:
    """Return the pieces of a polygon, halved across its longer side until they are small."""
    done, waiting = [], [polygon]
    while waiting:
        piece = waiting.pop()
        west, south, east, north = piece.bounds
        width, height = east - west, north - south
        if shapely.get_num_coordinates(piece) <= _FEW_VERTICES or max(width, height) < _SMALL_M:
            done.append(piece)
            continue
        x, y = west + width / 2, south + height / 2
        halves = (
            ((west, south, x, north), (x, south, east, north))
            if width > height
            else ((west, south, east, y), (west, y, east, north))
        )
        for half in halves:
            parts, _ = polygon_parts(np.array([shapely.clip_by_rect(piece, *half)]))
            waiting += list(parts)
    return done


def meeting_pairs(features: GeometryArray, others: GeometryArray) -> tuple[IntArray, IntArray]:
    """Return every feature and other that have a point in common.

    Parameters
    ----------
    features, others : numpy.ndarray
        Geometries.

    Returns
    -------
    tuple of numpy.ndarray
        Positions, in the order of the features and then of the others.
    """
    feature, other = shapely.STRtree(others).query(features, predicate="intersects")
    order = np.lexsort([other, feature])
    return feature[order], other[order]


def _grounds(features: GeometryArray, others: GeometryArray) -> tuple[IntArray, GeometryArray]:
    """Return the features that meet others, and the union of those that each meets."""
    feature, other = meeting_pairs(features, others)
    starts = np.flatnonzero(np.diff(feature, prepend=-1))
    grounds = others[other[starts]]
    count = np.diff(starts, append=len(feature))
    for at in np.flatnonzero(count > 1):
        grounds[at] = shapely.union_all(others[other[starts[at] : starts[at] + count[at]]])
    return feature[starts], grounds


def shared_parts(
    features: GeometryArray, others: GeometryArray, *, dimension: int = 2
) -> GeometryArray:
    """Return the part of each feature that lies in the union of others.

    Parameters
    ----------
    features : numpy.ndarray
        Polygons or lines.
    others : numpy.ndarray
        Valid polygons, which may overlap; or lines.
    dimension : int
        Of the answer: 1 where lines are among the two, or else 2.

    Returns
    -------
    numpy.ndarray
        Empty where nothing is shared.
    """
    shared = np.full(len(features), shapely.Polygon(), dtype=object)
    at, grounds = _grounds(features, others)
    shared[at] = intersect(features[at], grounds)
    return of_dimension(shared, np.full(len(shared), dimension))


def uncovered_parts(features: GeometryArray, others: GeometryArray) -> GeometryArray:
    """Return the part of each feature that lies outside the union of some polygons.

    Parameters
    ----------
    features : numpy.ndarray
        Polygons or lines.
    others : numpy.ndarray
        Valid polygons, which may overlap.

    Returns
    -------
    numpy.ndarray
        Of the dimension of the features.
    """
    left = features.copy()
    at, grounds = _grounds(features, others)
    left[at] = subtract(features[at], grounds)
    return of_dimension(left, shapely.get_dimensions(features))


def of_dimension(geometries: GeometryArray, dimensions: IntArray) -> GeometryArray:
    """Return the parts of geometries that have the dimension wanted.

    Parameters
    ----------
    geometries : numpy.ndarray
        Answers of an overlay: collections may hold points and lines beside polygons.
    dimensions : numpy.ndarray
        0, 1 or 2 for each.

    Returns
    -------
    numpy.ndarray
        Empty where there is no such part.
    """
    kept = geometries.copy()
    odd = shapely.get_type_id(geometries) == _COLLECTION
    odd |= shapely.get_dimensions(geometries) != dimensions
    for at in np.flatnonzero(odd):
        parts = shapely.get_parts(geometries[at])
        mine = parts[shapely.get_dimensions(parts) == dimensions[at]]
        kept[at] = shapely.union_all(mine) if len(mine) else shapely.Polygon()
    return kept


def extent_of(geometries: GeometryArray) -> FloatArray:
    """Return the area of polygons and the length of lines.

    Parameters
    ----------
    geometries : numpy.ndarray
        Each of one dimension.

    Returns
    -------
    numpy.ndarray
        Square metres, or metres.
    """
    lines = shapely.get_dimensions(geometries) == 1
    return np.where(lines, shapely.length(geometries), shapely.area(geometries))


def is_wide(geometries: GeometryArray, width_m: float) -> BoolArray:
    """Tell which geometries are more than slivers.

    Parameters
    ----------
    geometries : numpy.ndarray
        Polygons or lines.
    width_m : float
        A polygon is a sliver if no circle of this diameter fits in it; a line, if it is shorter.

    Returns
    -------
    numpy.ndarray of bool
        False for empty ones.
    """
    flat = shapely.get_dimensions(geometries) == 2
    wide = (shapely.length(geometries) >= width_m) & ~flat
    # A circle of this diameter has π/4 of the square: most slivers need no erosion.
    large = flat & (shapely.area(geometries) >= np.pi / 4 * width_m**2)
    eroded = shapely.buffer(geometries[large], _ROUNDING_M - width_m / 2, quad_segs=4)
    wide[large] = ~shapely.is_empty(eroded)
    return np.asarray(wide, dtype=bool)
