"""Overlays of areas whose outlines may run along each other, checked and done again where wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import shapely

from tvb.geometry.arrays import BoolArray, GeometryArray

__all__ = ["intersect", "subtract"]

Geometries: TypeAlias = "GeometryArray | shapely.Geometry"

_LATTICE_M = 1e-4
_EQUAL, _BORDER_M = 1e-9, 1e-3
_SHARE_AREA, _LEAVES_AREA = "2********", "**2******"
"""Relations of two areas, as DE-9IM: the insides meet; the inside of one meets the outside."""


def intersect(one: Geometries, other: Geometries) -> Any:
    """Return what each geometry shares with another, after a check.

    Parameters
    ----------
    one, other : numpy.ndarray or shapely.Geometry
        Valid geometries, pair by pair, or one for all; may be None.

    Returns
    -------
    numpy.ndarray or shapely.Geometry
        As `shapely.intersection` gives them, or on a lattice of 0.1 mm where that went wrong.

    Notes
    -----
    Where outlines run along each other to within the rounding of a coordinate, GEOS (seen in
    3.14.1) may take inside for outside and lose a whole commune. A point inside each of two areas
    and one inside the answer are asked where they lie; an answer may not be larger or smaller than
    its areas allow, and not empty where a corner of one lies inside the other. An answer of several
    parts that lacks one of them, with none of these points, passes.
    """
    return _overlay(shapely.intersection, one, other, kept_inside=True)


def subtract(one: Geometries, other: Geometries) -> Any:
    """Return what each geometry has outside another, after the check of `intersect`.

    Parameters
    ----------
    one, other : numpy.ndarray or shapely.Geometry
        Valid geometries, pair by pair, or one for all; may be None.

    Returns
    -------
    numpy.ndarray or shapely.Geometry
        As `shapely.difference` gives them, or on a lattice of 0.1 mm where that went wrong.
    """
    return _overlay(shapely.difference, one, other, kept_inside=False)


def _overlay(
    compute: Callable[..., Any], one: Geometries, other: Geometries, *, kept_inside: bool
) -> Any:
    left, right = np.broadcast_arrays(np.asarray(one, object), np.asarray(other, object))
    answer = np.asarray(compute(left, right), dtype=object)
    areas = (shapely.get_dimensions(left) == 2) & (shapely.get_dimensions(right) == 2)
    left, right, told = left[areas], right[areas], answer[areas]
    wrong = _is_wrong(left, right, told, kept_inside=kept_inside)
    told[wrong] = compute(left[wrong], right[wrong], grid_size=_LATTICE_M)
    answer[areas] = told
    return answer[()]


def _is_wrong(
    one: GeometryArray, other: GeometryArray, answer: GeometryArray, *, kept_inside: bool
) -> BoolArray:
    """Tell which answers about areas hold a point that they should not, lack one, or cannot be."""
    area, first, second = shapely.area(answer), shapely.area(one), shapely.area(other)
    largest = np.minimum(first, second) if kept_inside else first
    least = np.zeros(len(one)) if kept_inside else first - second
    margin = _EQUAL * np.maximum(first, second)
    wrong: BoolArray = (area > largest + margin) | (area < least - margin)
    for shapes in (one, other, answer):
        points = _inner_points(shapes)
        asked = ~shapely.is_empty(points)
        meant = shapely.intersects(other, points) == kept_inside
        if shapes is not one:
            meant &= shapely.intersects(one, points)
        wrong |= asked & (shapely.intersects(answer, points) != meant)
    nothing = np.flatnonzero((area == 0) & ~wrong)
    pattern = _SHARE_AREA if kept_inside else _LEAVES_AREA
    nothing = nothing[shapely.relate_pattern(one[nothing], other[nothing], pattern)]
    if kept_inside:  # neighbours that overlap by a rounding share nothing, and are many
        mine, others = one[nothing], other[nothing]
        nothing = nothing[_reaches_into(mine, others) | _reaches_into(others, mine)]
    wrong[nothing] = True
    return wrong


def _reaches_into(one: GeometryArray, other: GeometryArray) -> BoolArray:
    """Tell of which areas a corner lies inside another, more than a millimetre from its border."""
    places, row = shapely.get_coordinates(one, return_index=True)
    inside = shapely.contains_xy(other[row], places)
    row, points = row[inside], shapely.points(places[inside])
    deep = shapely.distance(shapely.boundary(other)[row], points) > _BORDER_M
    return np.bincount(row[deep], minlength=len(one)) > 0


def _inner_points(shapes: GeometryArray) -> GeometryArray:
    """Return a point inside each area, found once for one that comes again and again."""
    code, _ = pd.factorize(np.fromiter(map(id, shapes), dtype=np.int64, count=len(shapes)))
    first = np.flatnonzero(np.diff(np.maximum.accumulate(code), prepend=-1))
    return np.asarray(shapely.point_on_surface(shapes[first]), dtype=object)[code]
