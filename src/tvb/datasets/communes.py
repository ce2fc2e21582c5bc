"""Communes as a partition grown from one point each, with nearly their true areas.

The partition is a power diagram (a Voronoi diagram with one weight for each site) in a plane that
a smooth map then bends, so that borders wind. Borders are cut into shared edges before they are
bent: neighbours have the same vertices.
"""

from __future__ import annotations

from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.datasets.noise import Frame, noise_at
from tvb.schema import CRS

__all__ = ["grow_communes"]

Floats = NDArray[np.float64]
Points = NDArray[np.float64]

# Wavelength and amplitude in metres of the bends; the sum of slopes stays below one, so that the
# map folds nowhere.
_BENDS = ((4200.0, 420.0), (1500.0, 130.0), (520.0, 42.0), (190.0, 11.0))
_VERTEX_SPACING_M = 50.0
_SAMPLE_M = 200.0
_NEIGHBOURS = 12
_ROUNDS = 60
_GAIN = 0.4
_KEEP_SITE_INSIDE = 0.95
_CLOSING_M = 2_500.0


def grow_communes(facts: pd.DataFrame, *, seed: int) -> gpd.GeoDataFrame:
    """Return communes that share their borders exactly, each around its point.

    Parameters
    ----------
    facts : pandas.DataFrame
        Table ``communes``: ``insee``, ``nom``, ``population``, ``epci_siren``, ``epci_nom``,
        ``area_ha``, ``x``, ``y``.
    seed : int
        Gives the bends of the borders.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``communes``, polygons in EPSG:2154, in the order of the facts.
    """
    points = facts[["x", "y"]].to_numpy(dtype=float)
    sites = _straighten(points, seed)
    area_m2 = facts["area_ha"].to_numpy(dtype=float) * 1e4
    outline = _outline(sites, area_m2, seed)
    weights = _fit_weights(sites, area_m2, outline, seed=seed)
    edges = _edges(sites, weights, outline)
    faces, owner = _faces(edges, sites, weights, seed=seed)
    merged = [shapely.coverage_union_all(faces[owner == k]) for k in range(len(sites))]
    columns = ["insee", "nom", "population", "epci_siren", "epci_nom"]
    frame = facts[columns].astype({"population": "Int64"}).reset_index(drop=True)
    return gpd.GeoDataFrame(frame, geometry=merged, crs=CRS)


def _bend(points: Points, seed: int) -> Points:
    """Return where the bending map takes points of the straight plane."""
    x, y = points[:, 0], points[:, 1]
    shift = np.zeros_like(points)
    for k, (wavelength, amplitude) in enumerate(_BENDS):
        for axis in (0, 1):
            key = seed + 10 * k + axis
            shift[:, axis] += amplitude * noise_at(x, y, wavelength, key=key)
    return points + shift


def _straighten(points: Points, seed: int) -> Points:
    """Return the points that `_bend` takes to the given ones."""
    straight = points.copy()
    for _ in range(30):
        straight += points - _bend(straight, seed)
    return straight


def _outline(sites: Points, area_m2: Floats, seed: int) -> shapely.Polygon:
    """Return a rounded union of discs whose area, once bent, is the sum of the areas."""
    radius = np.sqrt(area_m2 / np.pi)
    low, high = 0.5, 2.0
    for _ in range(10):
        factor = (low + high) / 2
        discs = shapely.buffer(shapely.points(sites), radius * factor, quad_segs=6)
        union = shapely.union_all(discs).buffer(_CLOSING_M).buffer(-_CLOSING_M)
        bent = shapely.transform(union.segmentize(_SAMPLE_M), lambda xy: _bend(xy, seed))
        low, high = (factor, high) if bent.area < area_m2.sum() else (low, factor)
    parts = shapely.get_parts(union)
    # A ring without its holes: the territory is one piece, and a gap inside it belongs to someone.
    return cast(
        "shapely.Polygon", shapely.union_all(shapely.polygons(shapely.get_exterior_ring(parts)))
    )


def _fit_weights(sites: Points, area_m2: Floats, outline: shapely.Polygon, *, seed: int) -> Floats:
    """Return the weights under which the cells have nearly the given areas."""
    from scipy.spatial import cKDTree  # loaded on use: import tvb stays light

    frame = Frame.around(outline.bounds, _SAMPLE_M)
    x, y = (a.ravel() for a in np.meshgrid(frame.x, frame.y))
    inside = shapely.contains_xy(outline, x, y)
    cells = np.column_stack([x, y])[inside]
    cell_m2 = _bent_area(cells, seed)
    tree = cKDTree(sites)
    count = np.arange(1, min(_NEIGHBOURS, len(sites)) + 1)
    distance, near = map(np.asarray, tree.query(cells, k=count))
    gap, other = map(np.asarray, tree.query(sites, k=count))
    limit = _KEEP_SITE_INSIDE * gap**2
    weights: Floats = area_m2 / np.pi
    rows = np.arange(len(cells))
    for _ in range(_ROUNDS):
        owner = near[rows, (distance**2 - weights[near]).argmin(axis=1)]
        found = np.bincount(owner, weights=cell_m2, minlength=len(sites))
        weights = weights + _GAIN * (area_m2 - found) / np.pi
        # A cell holds its site while no weight exceeds another by the square of their distance:
        # the heavier gives way by half, the lighter by the other half.
        over = np.maximum(weights - (weights[other] + limit).min(axis=1), 0)
        under = np.maximum((weights[other] - limit).max(axis=1) - weights, 0)
        weights = weights + (under - over) / 2
    weights = np.minimum(weights, (weights[other] + limit).min(axis=1))
    return weights


def _bent_area(cells: Points, seed: int) -> Floats:
    """Return the area of each sample cell once bent."""
    half = _SAMPLE_M / 2
    along, across = np.array([half, 0.0]), np.array([0.0, half])
    ax, ay = (_bend(cells + along, seed) - _bend(cells - along, seed)).T
    bx, by = (_bend(cells + across, seed) - _bend(cells - across, seed)).T
    area: Floats = np.abs(ax * by - ay * bx)
    return area


def _edges(sites: Points, weights: Floats, outline: shapely.Polygon) -> NDArray[Any]:
    """Return the noded borders of the cells, in the straight plane.

    The cells of a power diagram are the projections of the lower faces dual to the convex hull of
    the sites lifted to (x, y, x² + y² − weight).

    References
    ----------
    .. [1] F. Aurenhammer, "Power diagrams: properties, algorithms and applications", SIAM Journal
       on Computing 16 (1), 1987.
    """
    from scipy.spatial import ConvexHull

    centre = sites.mean(axis=0)
    reach = 20 * np.ptp(sites, axis=0).max() + 1e4
    corners = reach * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=float)
    plane = np.vstack([sites - centre, corners])
    height = (plane**2).sum(axis=1) - np.append(weights, np.zeros(4))
    hull = ConvexHull(np.column_stack([plane, height]))
    normal = hull.equations
    lower = normal[:, 2] < -1e-12
    vertex = -normal[:, :2] / (2 * np.where(lower, normal[:, 2], 1.0))[:, None] + centre
    first = np.repeat(np.arange(len(normal)), 3)
    second = hull.neighbors.ravel()
    kept = lower[first] & lower[second] & (first < second)
    ends = np.stack([vertex[first[kept]], vertex[second[kept]]], axis=1)
    lines = shapely.intersection(shapely.linestrings(ends), outline)
    noded = shapely.union_all(
        np.append(np.asarray(lines, dtype=object), np.array([outline.boundary], dtype=object)),
        grid_size=0.01,
    )
    return np.asarray(shapely.get_parts(noded))


def _faces(
    edges: NDArray[Any], sites: Points, weights: Floats, *, seed: int
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the bent faces and, for each, the site that owns it."""
    straight = shapely.segmentize(edges, _VERTEX_SPACING_M)
    bent = shapely.transform(straight, lambda xy: np.round(_bend(xy, seed), 2))
    faces = shapely.get_parts(shapely.polygonize(bent))
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    apart = ((_straighten(inner, seed)[:, None, :] - sites[None, :, :]) ** 2).sum(axis=2)
    return faces, np.argmin(apart - weights, axis=1)
