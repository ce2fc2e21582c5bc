"""Where buildings stand with respect to the union of some zones, by two paths that agree.

The fast path lays the zones on a lattice (`tvb.geometry.cover`): the bounding box of most buildings
lies wholly inside or wholly outside, and only the others meet a predicate of GEOS. The plain path
asks GEOS for every building, and is there to be compared with.
"""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.geometry.arrays import (
    BoolArray,
    FloatArray,
    GeometryArray,
    IntArray,
    make_valid,
)
from tvb.geometry.cover import DOUBTFUL, Lattice, build_cover
from tvb.geometry.overlap import measure_overlap

__all__ = ["FastPlacing", "Placing", "PlainPlacing"]


class Placing(Protocol):
    """Answers about buildings and the union of the zones of one scenario."""

    def touched(self) -> BoolArray:
        """Tell which buildings share at least a point with the union.

        Returns
        -------
        numpy.ndarray
            One answer for each building.
        """

    def centroid_in(self) -> BoolArray:
        """Tell whose centroid lies in or on the border of the union.

        Returns
        -------
        numpy.ndarray
            One answer for each building.
        """

    def share(self) -> FloatArray:
        """Return the share of each footprint that lies in the union.

        Returns
        -------
        numpy.ndarray
            From 0 to 1; 0 for a footprint without area.
        """


class FastPlacing:
    """Placing by a lattice, and by GEOS for the buildings that a border may cross.

    Parameters
    ----------
    buildings : numpy.ndarray
        Footprints, None and empty ones among them.
    zones : numpy.ndarray
        Valid single polygons, which may overlap.
    lattice : Lattice
        Spanned over both.
    windows : numpy.ndarray
        Cells that the buildings meet.
    absent : numpy.ndarray of bool
        Footprints that are None or empty.
    """

    def __init__(
        self,
        buildings: GeometryArray,
        zones: GeometryArray,
        *,
        lattice: Lattice,
        windows: NDArray[np.int32],
        absent: BoolArray,
    ) -> None:
        self._zones = zones
        self._lattice = lattice
        self._cover = build_cover(zones, np.ones(len(zones), dtype=np.int64), lattice)
        located = self._cover.locate(windows)
        located[absent] = 0
        self._buildings = buildings
        self._inside = located > 0
        self._doubtful = np.flatnonzero(located == DOUBTFUL)
        self._footprints = make_valid(buildings[self._doubtful])

    def touched(self) -> BoolArray:
        """See `Placing.touched`."""
        met = _met(self._footprints, self._zones, "intersects")
        return self._with(self._doubtful[met])

    def centroid_in(self) -> BoolArray:
        """See `Placing.centroid_in`."""
        centroids = shapely.centroid(self._footprints)
        located = self._cover.locate(self._lattice.windows(shapely.bounds(centroids)))
        doubtful = np.flatnonzero(located == DOUBTFUL)
        met = _met(centroids[doubtful], self._zones, "intersects")
        return self._with(
            np.concatenate([self._doubtful[located > 0], self._doubtful[doubtful[met]]])
        )

    def share(self) -> FloatArray:
        """See `Placing.share`."""
        solid = _is_solid(self._buildings)
        share = (self._inside & solid).astype(np.float64)
        met = _met(self._footprints, self._zones, "intersects")
        covered = met[_met(self._footprints[met], self._zones, "covers")]
        share[self._doubtful[covered]] = solid[self._doubtful[covered]]
        partly = np.setdiff1d(met, covered, assume_unique=True)
        footprints = self._footprints[partly]
        share[self._doubtful[partly]] = _ratio(
            measure_overlap(footprints, self._zones), shapely.area(footprints)
        )
        return share

    def _with(self, rows: IntArray) -> BoolArray:
        """Return the buildings that are surely inside, and some others."""
        found = self._inside.copy()
        found[rows] = True
        return found


class PlainPlacing:
    """Placing by GEOS for every building.

    Parameters
    ----------
    buildings : numpy.ndarray
        Footprints, None and empty ones among them.
    zones : numpy.ndarray
        Valid single polygons, which may overlap.
    """

    def __init__(self, buildings: GeometryArray, zones: GeometryArray) -> None:
        self._buildings = make_valid(buildings)
        self._zones = zones
        shapely.prepare(zones)

    def touched(self) -> BoolArray:
        """See `Placing.touched`."""
        return self._meets(self._buildings)

    def centroid_in(self) -> BoolArray:
        """See `Placing.centroid_in`."""
        return self._meets(shapely.centroid(self._buildings))

    def share(self) -> FloatArray:
        """See `Placing.share`."""
        if not len(self._zones):
            return np.zeros(len(self._buildings))
        flooded = shapely.intersection(self._buildings, shapely.union_all(self._zones))
        return _ratio(shapely.area(flooded), shapely.area(self._buildings))

    def _meets(self, geometry: GeometryArray) -> BoolArray:
        found = np.zeros(len(geometry), dtype=bool)
        for zone in self._zones:
            found |= shapely.intersects(zone, geometry)
        return found


def _is_solid(buildings: GeometryArray) -> BoolArray:
    """Tell which footprints have an area, once valid: the two halves of a bow-tie may cancel."""
    area = shapely.area(buildings)
    flat = np.flatnonzero(area == 0)
    area[flat] = shapely.area(make_valid(buildings[flat]))
    return np.asarray(area > 0)


def _met(
    geometry: GeometryArray, zones: GeometryArray, predicate: Literal["intersects", "covers"]
) -> IntArray:
    """Return the positions of the geometries of which a predicate of any zone is true.

    Zones are asked, not buildings: GEOS then prepares each large polygon once.
    """
    _, met = shapely.STRtree(geometry).query(zones, predicate=predicate)
    return np.unique(met)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    ratio = np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
    return np.asarray(np.clip(np.nan_to_num(ratio), 0.0, 1.0))
