"""The ground that outlines go around, whatever they do on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["repair_outlines"]

_POLYGON = 3
_LOST = 1e-9  # share of an area that rounding does not take


def repair_outlines(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return invalid geometries as the *structure* method of GEOS repairs them, its faults mended.

    Parameters
    ----------
    geometries : numpy.ndarray
        Geometries with finite coordinates.

    Returns
    -------
    numpy.ndarray
        Valid ones; an outline without area leaves a line.
    """
    repaired = np.asarray(shapely.make_valid(geometries, method="structure"), dtype=object)
    # GEOS 3.14 may give parts that share an edge, which is not valid: they are joined.
    for row in np.flatnonzero(~shapely.is_valid(repaired)):
        repaired[row] = shapely.union_all(shapely.get_parts(repaired[row]))
    # It may also lose the ground of an outline that goes along an edge several times; the other
    # method then gives a larger area, though not always the right one.
    parts, row_of = shapely.get_parts(geometries, return_index=True)
    rings, part_of = shapely.get_rings(parts, return_index=True)
    outlines = shapely.polygons(rings)
    held = shapely.area(shapely.make_valid(outlines, method="structure"))
    lost = held < shapely.area(shapely.make_valid(outlines)) * (1 - _LOST)
    for row in np.unique(row_of[part_of[lost]]):
        mine = parts[row_of == row]
        for place in np.flatnonzero(shapely.get_type_id(mine) == _POLYGON):
            mine[place] = _ground_of(mine[place])
        repaired[row] = shapely.union_all(mine)
    return repaired


def _ground_of(polygon: Any) -> Any:
    """Return what the outline of a polygon goes around, without what its holes go around."""
    outline, *holes = map(_wound, shapely.get_rings(polygon))
    return shapely.difference(outline, shapely.union_all(holes))


def _wound(ring: Any) -> Any:
    """Return the faces between the lines of a ring around which it winds."""
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all([ring])]))
    places = shapely.get_coordinates(shapely.point_on_surface(faces))
    return shapely.union_all(faces[_count_turns(shapely.get_coordinates(ring), places) != 0])


def _count_turns(corners: NDArray[Any], places: NDArray[Any]) -> NDArray[np.signedinteger[Any]]:
    """Return how many times a ring goes around each place, to the left."""
    start, end = corners[:-1], corners[1:]
    up = start[:, 1] < end[:, 1]
    # From the lower end to the upper one, so that an edge there and back counts for nothing, even
    # at a place that lies on it.
    low, high = np.where(up[:, None], start, end), np.where(up[:, None], end, start)
    run, rise = (high - low).T
    x, y = places[:, :1], places[:, 1:]
    left = run * (y - low[:, 1]) - rise * (x - low[:, 0]) > 0
    passes = (low[:, 1] <= y) & (y < high[:, 1])
    return np.asarray(((left & passes) * np.where(up, 1, -1)).sum(axis=1))
