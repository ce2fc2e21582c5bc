"""Patterns in points of paper: rulings, circles, bands along an outline, ticks.

The hatches of matplotlib have few angles and fixed spacings; official symbols ask for others, and a
pattern made of lines is the same in every viewer of PDF and survives black-and-white printing.
Patterns are anchored to the ground, so that neighbours of one class join without a seam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["Band", "Circles", "Geometries", "Pattern", "Ruling", "Ticks"]

Geometries = NDArray[np.object_]

_KEY_PT = 30.0  # circles larger than that are cut in the legend, so that two sizes stay apart
_CORNERS = 16  # segments of a quarter of a circle


@dataclass(frozen=True, slots=True)
class Ruling:
    """Parallel lines.

    Parameters
    ----------
    colour : str
        Of the lines.
    angle : float
        Degrees counter-clockwise from the east.
    spacing_pt, width_pt : float
        Between two lines, and of one line.
    dashes : tuple of float
        Lengths on and off, in widths; solid when empty.
    """

    colour: str
    angle: float = 45.0
    spacing_pt: float = 5.0
    width_pt: float = 0.5
    dashes: tuple[float, ...] = ()

    @property
    def reach_pt(self) -> float:
        """Size of what is repeated."""
        return self.spacing_pt

    def shape(self, areas: Geometries, per_pt: float) -> Geometries:
        """Return the lines inside areas.

        Parameters
        ----------
        areas : numpy.ndarray
            Polygons.
        per_pt : float
            Units of their coordinates in a point of paper.

        Returns
        -------
        numpy.ndarray
            Lines; none where there is no area.
        """
        if not len(areas):
            return areas
        step = self.spacing_pt * per_pt
        angle = math.radians(self.angle)
        across = np.array([-math.sin(angle), math.cos(angle)])
        along = np.array([math.cos(angle), math.sin(angle)])
        west, south, east, north = shapely.total_bounds(areas)
        corners = np.array([(west, south), (west, north), (east, south), (east, north)])
        low, high = np.ceil((corners @ across).min() / step), (corners @ across).max() / step
        rank = np.arange(low, np.floor(high) + 1)
        ends = [(corners @ along).min(), (corners @ along).max()]
        points = rank[:, None, None] * step * across + np.array(ends)[None, :, None] * along
        return _inside(shapely.linestrings(points), areas)


@dataclass(frozen=True, slots=True)
class Circles:
    """Circles in rows.

    Parameters
    ----------
    colour : str
        Of their outline.
    diameter_pt, every_pt, width_pt : float
        Of one circle, from centre to centre, and of the outline.
    """

    colour: str
    diameter_pt: float
    every_pt: float
    width_pt: float = 0.5

    @property
    def reach_pt(self) -> float:
        """Size of what is repeated."""
        return min(self.diameter_pt, _KEY_PT)

    def shape(self, areas: Geometries, per_pt: float) -> Geometries:
        """Return the circles inside areas, cut by their outline; see `Ruling.shape`."""
        if not len(areas):
            return areas
        step, radius = self.every_pt * per_pt, self.diameter_pt / 2 * per_pt
        west, south, east, north = shapely.total_bounds(areas)
        columns = np.arange(np.floor((west - radius) / step), np.ceil((east + radius) / step) + 1)
        rows = np.arange(np.floor((south - radius) / step), np.ceil((north + radius) / step) + 1)
        x, y = np.meshgrid(columns * step, rows * step)
        centres: Geometries = np.asarray(shapely.points(x.ravel(), y.ravel()), dtype=object)
        near = np.unique(shapely.STRtree(centres).query(areas, "dwithin", distance=radius)[1])
        rings = shapely.boundary(shapely.buffer(centres[near], radius, quad_segs=_CORNERS))
        return _inside(np.asarray(rings, dtype=object), areas)


@dataclass(frozen=True, slots=True)
class Band:
    """A band along the inside of the outline.

    Parameters
    ----------
    colour : str
        Of the band.
    width_pt, offset_pt : float
        Of the band, and from the outline to it.
    """

    colour: str
    width_pt: float
    offset_pt: float = 0.0

    @property
    def reach_pt(self) -> float:
        """Size of what is repeated."""
        return 2.6 * (self.width_pt + self.offset_pt)

    def shape(self, areas: Geometries, per_pt: float) -> Geometries:
        """Return the polygons of the band, one for each area; see `Ruling.shape`."""
        outer = shapely.buffer(areas, -self.offset_pt * per_pt, join_style="mitre")
        depth = self.offset_pt + self.width_pt
        band: Geometries = shapely.difference(
            outer, shapely.buffer(areas, -depth * per_pt, join_style="mitre")
        )
        return band


@dataclass(frozen=True, slots=True)
class Ticks:
    """Short strokes across a line, or out of an area.

    Parameters
    ----------
    colour : str
        Of the strokes.
    length_pt, every_pt, width_pt : float
        Of a stroke, from one to the next, and its thickness.
    """

    colour: str
    length_pt: float
    every_pt: float
    width_pt: float = 1.0

    @property
    def reach_pt(self) -> float:
        """Size of what is repeated."""
        return 2 * (self.every_pt + self.length_pt)

    def shape(self, shapes: Geometries, per_pt: float) -> Geometries:
        """Return the strokes: to the outside of areas, to both sides of lines; see `Ruling`."""
        parts = shapely.get_parts(shapes)
        areal = shapely.get_type_id(parts) == 3
        rings = shapely.get_rings(shapely.orient_polygons(parts[areal]))
        strokes = [self._along(ring, per_pt, both=False) for ring in rings]
        strokes += [self._along(line, per_pt, both=True) for line in parts[~areal]]
        return np.concatenate([np.empty(0, dtype=object), *strokes])

    def _along(self, line: Any, per_pt: float, *, both: bool) -> Geometries:
        step = self.every_pt * per_pt
        places = np.arange(step / 2, shapely.length(line), step)
        at = shapely.get_coordinates(shapely.line_interpolate_point(line, places))
        ahead = shapely.line_interpolate_point(line, places + step / 100)
        way = shapely.get_coordinates(ahead) - at
        norm = np.hypot(way[:, 0], way[:, 1])
        norm[norm == 0] = 1.0
        right = np.column_stack([way[:, 1], -way[:, 0]]) / norm[:, None]  # rings turn left
        reach = right * self.length_pt * per_pt * (0.5 if both else 1.0)
        start = at - reach if both else at
        return np.asarray(shapely.linestrings(np.stack([start, at + reach], axis=1)), dtype=object)


Pattern = Ruling | Circles | Band | Ticks


def _inside(lines: Geometries, areas: Geometries) -> Geometries:
    """Return lines cut by areas, each area on its own: a whole basin is one costly polygon."""
    which, area = shapely.STRtree(areas).query(lines, "intersects")
    cut: Geometries = shapely.intersection(lines[which], shapely.make_valid(areas)[area])
    return cut[~shapely.is_empty(cut)]
