"""Geometry as a browser reads it: degrees, simplified, in few characters."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.maps.furniture import to_degrees
from tvb.maps.symbols import Geometries

__all__ = ["DECIMALS", "encode", "simplify"]

DECIMALS = 5
"""Decimals of a degree: about a metre of ground, less than what is simplified away."""

_POINT, _LINE, _AREA = "p", "l", "a"
_KINDS = {0: _POINT, 4: _POINT, 1: _LINE, 2: _LINE, 5: _LINE, 3: _AREA, 6: _AREA}


def simplify(geometry: Geometries, tolerance_m: float, *, coverage: bool = False) -> Geometries:
    """Return geometries with fewer vertices.

    Parameters
    ----------
    geometry : numpy.ndarray
        In EPSG:2154.
    tolerance_m : float
        What is narrower may vanish; 0 changes nothing.
    coverage : bool
        Whether the areas are neighbours, whose common borders must stay common.

    Returns
    -------
    numpy.ndarray
        An area that would vanish is kept as it was.
    """
    if tolerance_m <= 0 or not len(geometry):
        return geometry
    if coverage:
        # The tolerance of a coverage is the side of the square of a triangle's area.
        found = shapely.coverage_simplify(list(geometry), 2 * tolerance_m)
    else:
        found = shapely.simplify(geometry, tolerance_m)
    found = np.asarray(found, dtype=object)
    lost = shapely.is_empty(found) | ~shapely.is_valid(found)
    return np.asarray(np.where(lost, geometry, found), dtype=object)


def encode(geometry: Geometries) -> list[list[Any]]:
    """Return what the page decodes: a letter and lists of whole numbers.

    Parameters
    ----------
    geometry : numpy.ndarray
        In EPSG:2154, none of them null or empty.

    Returns
    -------
    list
        For each geometry its kind (``p``, ``l``, ``a``) and its parts. A part is a list of paths,
        of which the first is the outer ring; a path is a flat list of longitudes and latitudes in
        units of 10⁻⁵ degree, each pair after the first told as a difference.
    """
    found = []
    for shape in geometry:
        kind = _KINDS.get(shapely.get_type_id(shape))
        if kind is None:  # a collection: what it holds of the highest dimension
            parts = shapely.get_parts(shape)
            top = shapely.get_dimensions(parts)
            kind = (_POINT, _LINE, _AREA)[top.max()]
            parts = parts[top == top.max()]
        else:
            parts = shapely.get_parts(shape)
        paths = [_paths(part, kind) for part in parts]
        found.append([kind, [part for part in paths if part]])
    return found


def _paths(part: Any, kind: str) -> list[list[int]]:
    if kind != _AREA:
        return [_path(shapely.get_coordinates(part), least=1 if kind == _POINT else 2)]
    rings = [part.exterior, *part.interiors]
    paths = [_path(shapely.get_coordinates(ring)[:-1], least=3) for ring in rings]
    if not paths[0]:  # smaller than the unit: its true corners, be they equal once rounded
        paths[0] = _whole(shapely.get_coordinates(rings[0])[:-1])
    return [path for path in paths if path]


def _path(xy: NDArray[np.float64], *, least: int) -> list[int]:
    """Return a path without points that fall on the one before, empty if too few are left."""
    units = _units(xy)
    new = np.ones(len(units), dtype=bool)
    new[1:] = (np.diff(units, axis=0) != 0).any(axis=1)
    kept = units[new]
    if len(kept) < least:
        return [] if least > 2 else _differences(units)
    return _differences(kept)


def _whole(xy: NDArray[np.float64]) -> list[int]:
    return _differences(_units(xy))


def _units(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    degrees = np.column_stack(to_degrees().transform(xy[:, 0], xy[:, 1]))
    units: NDArray[np.int64] = np.rint(degrees * 10**DECIMALS).astype(np.int64)
    return units


def _differences(units: NDArray[np.int64]) -> list[int]:
    steps = np.diff(units, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    found: list[int] = steps.ravel().tolist()
    return found
