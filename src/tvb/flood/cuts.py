"""Areas cut in single polygons, quick to find what they share and what they leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from tvb.geometry.arrays import FloatArray, GeometryArray, IntArray, polygon_parts

__all__ = ["Cut", "cut_areas", "find_overlaps", "ground_outside"]


@dataclass(frozen=True, slots=True)
class Cut:
    """Areas cut in single polygons.

    Parameters
    ----------
    polygons : numpy.ndarray
        Valid polygons.
    owner : numpy.ndarray
        Position of the area that each is a part of.
    odd : numpy.ndarray
        Polygons with an edge that crosses or enters another one, or that neighbours do not share
        vertex by vertex. Without any, the areas touch at most, and their union is quick.
    """

    polygons: GeometryArray
    owner: IntArray
    odd: IntArray

    def union(self) -> shapely.Geometry:
        """Return the ground of all areas.

        Returns
        -------
        shapely.Geometry
            Their union.
        """
        if len(self.odd):
            return shapely.union_all(self.polygons)
        return shapely.coverage_union_all(self.polygons)

    def areas_m2(self, count: int) -> FloatArray:
        """Return the area of each of the areas that were cut.

        Parameters
        ----------
        count : int
            How many there were.

        Returns
        -------
        numpy.ndarray
            Square metres.
        """
        sizes = shapely.area(self.polygons)
        return np.bincount(self.owner, weights=sizes, minlength=count).astype(np.float64)


def cut_areas(areas: GeometryArray) -> Cut:
    """Return areas as single polygons.

    Parameters
    ----------
    areas : numpy.ndarray
        Any geometries; what is no polygon is left out.

    Returns
    -------
    Cut
        Valid polygons, with the area that each is a part of.
    """
    polygons, owner = polygon_parts(areas)
    odd = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(polygons)))
    return Cut(polygons, owner, odd)


def find_overlaps(
    cut: Cut, kinds: IntArray | None = None
) -> Iterator[tuple[int, int, shapely.Geometry]]:
    """Yield the ground that areas share.

    Parameters
    ----------
    cut : Cut
        The areas.
    kinds : numpy.ndarray, optional
        Kind of each area, -1 where it is not known; areas of two known kinds may overlap.

    Yields
    ------
    tuple of (int, int, shapely.Geometry)
        Position of both areas, then the polygons that they share.
    """
    polygons, owner = cut.polygons, cut.owner
    # A polygon inside another has edges at odds with it, while the other has none.
    at, other = shapely.STRtree(polygons).query(polygons[cut.odd], predicate="intersects")
    pairs = np.sort(np.column_stack([cut.odd[at], other]), axis=1)
    mine, theirs = owner[pairs].T
    meant = mine != theirs
    if kinds is not None:
        one, two = kinds[mine], kinds[theirs]
        meant &= (one == two) | (one < 0) | (two < 0)
    first, second = np.unique(pairs[meant], axis=0).T
    shared = shapely.intersection(polygons[first], polygons[second])
    solid = shapely.area(shared) > 0
    areas = np.sort(np.column_stack([owner[first], owner[second]])[solid], axis=1)
    pairs, group, count = np.unique(areas, axis=0, return_inverse=True, return_counts=True)
    in_order = shared[solid][np.argsort(group, kind="stable")]
    for (one, two), parts in zip(pairs, np.split(in_order, np.cumsum(count))[:-1], strict=True):
        yield int(one), int(two), shapely.union_all(parts)


def ground_outside(inner: GeometryArray, outer: GeometryArray) -> GeometryArray:
    """Return the ground of some polygons that is outside the union of others.

    Polygons that one of the others covers need no operation; the rest meets only those near it.

    Parameters
    ----------
    inner, outer : numpy.ndarray
        Valid single polygons.

    Returns
    -------
    numpy.ndarray
        One geometry, or none where all is covered.
    """
    tree = shapely.STRtree(inner)
    shapely.prepare(outer)
    _, covered = tree.query(outer, predicate="covers")
    rest = np.delete(inner, np.unique(covered))
    if len(rest) == 0:
        return rest
    _, near = shapely.STRtree(outer).query(rest, predicate="intersects")
    return np.array([_difference(rest, outer[np.unique(near)])], dtype=object)


def _difference(one: GeometryArray, other: GeometryArray) -> shapely.Geometry:
    return shapely.difference(shapely.union_all(one), shapely.union_all(other))
