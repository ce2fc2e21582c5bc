"""Footprints of buildings, made ready to be laid on rasters."""

# Compiled functions take their arguments by position.
# ruff: noqa: PLR0917

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.flood.depth_kernels import Rings, Window
from tvb.geometry.arrays import (
    BoolArray,
    FloatArray,
    GeometryArray,
    IntArray,
    polygon_parts,
    total_bounds,
)
from tvb.grid import Grid
from tvb.kernels import compiled

__all__ = ["CHUNK", "Footprints", "are_simple"]

CHUNK = 4_096
"""Footprints in the hands of a thread at a time."""

_STRIP_M, _STRIPS = 500.0, 32_767
"""Footprints are taken by strips and bands, so that the cells that they share stay in the cache."""

_LEAST_M2 = 1e-6
"""Ground below this is rounding: a square millimetre."""

_POLYGON = 3
_POLYGONS = (_POLYGON, 6)
_FEW_EDGES = 32
# Of the two products compared: far above their rounding.
_CLOSE = 1e-9


class Footprints:
    """Polygons of buildings, in the order in which windows ask for them.

    Those that windows find on ground that is not all alike are repaired where they are invalid; it
    does not matter for the others.

    Parameters
    ----------
    geometry : numpy.ndarray
        Footprints, None and empty ones among them.
    threads : int
        Number of threads.
    """

    def __init__(self, geometry: GeometryArray, *, threads: int) -> None:
        self.geometry = geometry
        cuts = range(0, max(len(geometry), 1), CHUNK)
        with ThreadPoolExecutor(threads) as pool:
            sizes = list(pool.map(_size_up, (geometry[i : i + CHUNK] for i in cuts)))
        self.area_m2, bounds, self._plain = (
            np.concatenate(part) for part in zip(*sizes, strict=True)
        )
        self.solid = (self.area_m2 >= _LEAST_M2) & np.isfinite(bounds.sum(axis=1))
        self.repaired = np.zeros(len(geometry), dtype=bool)
        rows = np.flatnonzero(self.solid)
        box = total_bounds(bounds[rows])
        self._west, self._strip_m = float(box[0]), max(_STRIP_M, float(box[2] - box[0]) / _STRIPS)
        strip = self._strip_of(bounds[rows, 0])
        order = np.argsort(strip, kind="stable")
        self._rows, self._bounds, self._strip = rows[order], bounds[rows[order]], strip[order]
        self._widest_m = float((self._bounds[:, 2] - self._bounds[:, 0]).max(initial=0.0))

    def _strip_of(self, x: FloatArray) -> NDArray[np.int16]:
        """Return numbers of strips from west to east, so few that they are sorted at once."""
        strip = np.floor((x - self._west) / self._strip_m)
        return np.asarray(np.clip(strip, 0, _STRIPS), dtype=np.int16)

    def near(self, grid: Grid) -> tuple[IntArray, FloatArray]:
        """Return the footprints whose box meets a window or its rim, and their boxes.

        Parameters
        ----------
        grid : Grid
            The window.

        Returns
        -------
        tuple of numpy.ndarray
            Rows, neighbours together, and bounds of shape (n, 4).
        """
        west, south, east, north = grid.bounds
        rim = max(grid.cell_width, grid.cell_height)
        if not len(self._rows):
            return self._rows, self._bounds
        ends = self._strip_of(np.array([west - rim - self._widest_m, east + rim]))
        first = np.searchsorted(self._strip, ends[0], side="left")
        last = np.searchsorted(self._strip, ends[1], side="right")
        bounds = self._bounds[first:last]
        met = (bounds[:, 0] <= east + rim) & (bounds[:, 2] >= west - rim)
        met &= (bounds[:, 1] <= north + rim) & (bounds[:, 3] >= south - rim)
        at = np.flatnonzero(met)
        band = np.clip((north - bounds[at, 3]) / _STRIP_M, 0, _STRIPS).astype(np.int16)
        at = at[np.argsort(band, kind="stable")]
        return self._rows[first:last][at], bounds[at]

    def plain_first(self, rows: IntArray) -> IntArray:
        """Return the order in which `rings` takes some footprints.

        Parameters
        ----------
        rows : numpy.ndarray
            Which footprints.

        Returns
        -------
        numpy.ndarray
            Positions in the rows, those of single polygons without holes before the others.
        """
        return np.argsort(~self._plain[rows], kind="stable")

    def rings(self, rows: IntArray, window: Window) -> Rings:
        """Return footprints in the coordinates of a lattice.

        Parameters
        ----------
        rows : numpy.ndarray
            Which footprints, in the order of `plain_first`.
        window : Window
            On the lattice.

        Returns
        -------
        Rings
            One shape for each row.
        """
        polygons = self.geometry[rows]
        plain = int(self._plain[rows].sum())
        points, ends = _single_rings(polygons[:plain])
        doubtful = np.ones(len(rows), dtype=bool)
        doubtful[:plain] = ~are_simple(points, ends[0])
        doubtful[doubtful] = ~_are_polygons(polygons[doubtful])
        if doubtful.any():
            polygons[doubtful] = _as_polygons(polygons[doubtful])
            self.repaired[rows[doubtful]] = True
            self.area_m2[rows[doubtful]] = shapely.area(polygons[doubtful])
            points, ends = _any_rings(polygons)
        elif plain < len(rows):
            more_points, more_ends = _any_rings(polygons[plain:])
            points = np.concatenate([points, more_points])
            ends = [np.append(a, b[1:] + a[-1]) for a, b in zip(ends, more_ends, strict=True)]
        place = np.empty_like(points)
        np.subtract(points[:, 0], window.x_min, out=place[:, 0])
        np.subtract(window.y_max, points[:, 1], out=place[:, 1])
        place /= (window.cell_width, window.cell_height)
        return Rings(place, *ends)


@compiled
def are_simple(points: NDArray[np.float64], ends: NDArray[np.int64]) -> BoolArray:
    """Tell which rings surely do not touch or cross themselves.

    Parameters
    ----------
    points : numpy.ndarray
        Vertices of closed rings, of shape (n, 2).
    ends : numpy.ndarray
        Where each ring begins, and the end of the last one.

    Returns
    -------
    numpy.ndarray
        False where a ring has many vertices, or two edges are so close that rounding matters: a
        question for GEOS, which takes ten times as long.
    """
    simple = np.empty(len(ends) - 1, dtype=np.bool_)
    for ring in range(len(ends) - 1):
        start, edges = ends[ring], ends[ring + 1] - ends[ring] - 1
        fine = 3 <= edges <= _FEW_EDGES
        i = 0
        while fine and i < edges:
            for j in range(i + 1, edges):
                a, c = start + i, start + j
                if j == i + 1:
                    fine = fine and _goes_on(points, a, a + 1, c + 1)
                elif i == 0 and j == edges - 1:
                    fine = fine and _goes_on(points, c, a, a + 1)
                else:
                    fine = fine and (_apart(points, a, c) or _apart(points, c, a))
            i += 1
        simple[ring] = fine
    return simple


@compiled
def _side(points: NDArray[np.float64], a: int, b: int, c: int) -> int:
    """Return 1 if c lies left of the line from a to b, -1 if right, 0 if it may lie on it."""
    one = (points[b, 0] - points[a, 0]) * (points[c, 1] - points[a, 1])
    two = (points[b, 1] - points[a, 1]) * (points[c, 0] - points[a, 0])
    if abs(one - two) <= _CLOSE * (abs(one) + abs(two)):
        return 0
    return 1 if one > two else -1


@compiled
def _goes_on(points: NDArray[np.float64], a: int, b: int, c: int) -> bool:
    """Tell whether a path surely does not turn back on itself at b."""
    ahead = (points[b, 0] - points[a, 0]) * (points[c, 0] - points[b, 0])
    ahead += (points[b, 1] - points[a, 1]) * (points[c, 1] - points[b, 1])
    return ahead > 0.0 or _side(points, a, b, c) != 0


@compiled
def _apart(points: NDArray[np.float64], a: int, c: int) -> bool:
    """Tell whether the edge from c on surely lies on one side of the edge from a on, or beyond."""
    for k in range(2):
        if max(points[a, k], points[a + 1, k]) < min(points[c, k], points[c + 1, k]):
            return True
    side = _side(points, a, a + 1, c)
    return side != 0 and side == _side(points, a, a + 1, c + 1)


def _single_rings(polygons: GeometryArray) -> tuple[NDArray[np.float64], list[NDArray[np.int64]]]:
    """Return polygons without holes as `Rings` has them, in metres."""
    points, owner = shapely.get_coordinates(polygons, return_index=True)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    count = np.arange(len(polygons) + 1)
    return points, [np.append(first, len(points)), count, count]


def _any_rings(polygons: GeometryArray) -> tuple[NDArray[np.float64], list[NDArray[np.int64]]]:
    """Return polygons and multipolygons as `Rings` has them, in metres."""
    _, points, found = shapely.to_ragged_array(polygons, include_z=False)
    ends = [np.asarray(level, dtype=np.int64) for level in found]
    if len(ends) == 2:  # no multipolygon among them
        ends.append(np.arange(len(polygons) + 1))
    return points, ends


def _are_polygons(geometry: GeometryArray) -> BoolArray:
    """Tell which geometries are valid polygons or multipolygons."""
    fit = np.isin(shapely.get_type_id(geometry), _POLYGONS)
    fit[fit] = shapely.is_valid(geometry[fit])
    return np.asarray(fit)


def _size_up(geometry: GeometryArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return areas, boxes, and which geometries are single polygons without holes."""
    area_m2 = np.nan_to_num(shapely.area(geometry))
    # The two halves of a bow-tie may cancel: it has the area that is left once repaired.
    flat = np.flatnonzero((area_m2 < _LEAST_M2) & ~shapely.is_missing(geometry))
    if len(flat):
        area_m2[flat] = shapely.area(_as_polygons(geometry[flat]))
    plain = (shapely.get_type_id(geometry) == _POLYGON) & (
        shapely.get_num_interior_rings(geometry) == 0
    )
    return area_m2, _bounds_of_vertices(geometry), plain


def _bounds_of_vertices(geometry: GeometryArray) -> FloatArray:
    """Return the box of all vertices, not a number where there is none.

    That of shapely leaves out holes, which lie outside the ring of some invalid polygons.
    """
    points, owner = shapely.get_coordinates(geometry, return_index=True)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    bounds = np.full((len(geometry), 4), np.nan)
    if len(first):
        bounds[owner[first], :2] = np.minimum.reduceat(points, first)
        bounds[owner[first], 2:] = np.maximum.reduceat(points, first)
    return bounds


def _as_polygons(geometry: GeometryArray) -> GeometryArray:
    """Return the polygons in geometries of any kind as valid multipolygons."""
    parts, of = polygon_parts(geometry)
    whole = np.full(len(geometry), shapely.MultiPolygon(), dtype=object)
    if len(parts):
        shapely.multipolygons(parts, indices=of, out=whole)
    return whole
