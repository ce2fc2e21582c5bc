"""Modelled land cover: towns about their centres, marshes along rivers, woods, fields, roads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.datasets.noise import Frame, noise_at, noise_on, spread
from tvb.datasets.raster import burn_lines, label_polygons
from tvb.datasets.terrain import Terrain
from tvb.grid import Grid
from tvb.schema.layers import LAND_COVER

__all__ = ["build_land_cover", "road_lines"]

Field = NDArray[np.float32]

WATER, MARSH, WOOD, GRASS, CROP, ROAD, BUILT, TERRIL = range(1, 9)
_CODES = dict(LAND_COVER.legend)
_FINE_KEY, _PARCEL_KEY, _ROAD_KEY = 201, 211, 221
_ROAD_WIDTH_M = 24.0
_RIVER_WIDTH_M = {1: 10.0, 2: 20.0, 3: 45.0}


def build_land_cover(
    terrain: Terrain,
    frame: Frame,
    inside: NDArray[np.bool_],
    *,
    roads: NDArray[Any],
    water: NDArray[Any],
    terrils: NDArray[Any],
) -> Grid:
    """Return the modelled land cover of a territory.

    Parameters
    ----------
    terrain : Terrain
        The modelled ground.
    frame : Frame
        The cells.
    inside : numpy.ndarray of bool
        Where the territory lies.
    roads, water, terrils : numpy.ndarray of shapely geometries
        Lines of the roads, polygons of the water bodies and of the terrils.

    Returns
    -------
    Grid
        ``land_cover``: uint8 codes of `tvb.schema.layers.LAND_COVER`, 0 outside.
    """
    codes = _natural(terrain, frame)
    _lay_towns(codes, terrain, frame)
    burn_lines(codes, frame, roads, code=ROAD, width_m=_ROAD_WIDTH_M)
    for size, width in _RIVER_WIDTH_M.items():
        rivers = terrain.rivers["geometry"][terrain.rivers["size"] == size].to_numpy()
        burn_lines(codes, frame, rivers, code=WATER, width_m=width)
    codes[label_polygons(frame, terrils) > 0] = TERRIL
    codes[label_polygons(frame, water) > 0] = WATER
    codes[~inside] = 0
    return Grid(
        codes, frame.x_min, frame.y_max, frame.cell_m, frame.cell_m, 0, "land_cover", _CODES
    )


def _natural(terrain: Terrain, frame: Frame) -> NDArray[np.uint8]:
    """Return crops, grass, woods, marshes and their ponds."""
    seed = terrain.seed
    fine = noise_on(frame, 130.0, key=seed + _FINE_KEY)
    codes = np.full(frame.shape, CROP, dtype=np.uint8)
    parcel = noise_on(frame, 420.0, key=seed + _PARCEL_KEY)
    height = spread(terrain.height_m, terrain.frame, frame)
    codes[parcel + 0.3 * fine - 0.45 * np.minimum(height, 4.0) > -0.35] = GRASS
    del parcel, height
    wood = spread(terrain.wood, terrain.frame, frame)
    codes[(wood > -0.35) & (fine > 1.1)] = GRASS
    codes[wood + 0.12 * fine > 0] = WOOD
    del wood
    marsh = spread(terrain.marsh, terrain.frame, frame)
    codes[marsh + 0.06 * fine > 0] = MARSH
    codes[marsh + 0.25 * fine > 0.6] = WATER
    return codes


def _lay_towns(codes: NDArray[np.uint8], terrain: Terrain, frame: Frame) -> None:
    """Write towns, with their parks and gardens, and the meadows around them."""
    town = spread(terrain.town, terrain.frame, frame)
    block = noise_on(frame, 90.0, key=terrain.seed + _FINE_KEY + 1)
    fringe = (town + 0.1 * block > -0.22) & (codes == CROP)
    codes[fringe & (block > 0.1)] = GRASS
    built = (town + 0.12 * block > 0) & (codes != MARSH) & (codes != WATER)
    codes[built] = BUILT
    garden = built & (block > 0.95 + 1.6 * np.maximum(town, 0))
    codes[garden] = GRASS


def road_lines(towns: pd.DataFrame, *, seed: int) -> NDArray[Any]:
    """Return roads between neighbouring towns.

    Two towns are joined when no third one lies in the disc between them (Gabriel graph).

    Parameters
    ----------
    towns : pandas.DataFrame
        ``x`` and ``y`` of the centres.
    seed : int
        Gives the bends.

    Returns
    -------
    numpy.ndarray of shapely.LineString
        In EPSG:2154.
    """
    xy = towns[["x", "y"]].to_numpy(dtype=float)
    pairs = gabriel_pairs(xy)
    lines = shapely.segmentize(shapely.linestrings(xy[pairs]), 60.0)

    def bend(points: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = points.copy()
        for axis in (0, 1):
            for wavelength, amplitude in ((1_800.0, 70.0), (500.0, 14.0)):
                key = seed + _ROAD_KEY + axis + int(wavelength)
                moved[:, axis] += amplitude * noise_at(
                    points[:, 0], points[:, 1], wavelength, key=key
                )
        return moved

    return np.asarray(shapely.transform(lines, bend))


def gabriel_pairs(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the pairs of points whose disc holds no other point.

    Parameters
    ----------
    xy : numpy.ndarray
        Points, one a row.

    Returns
    -------
    numpy.ndarray of int64
        One pair a row, smaller number first, in ascending order.
    """
    from scipy.spatial import Delaunay, cKDTree

    if len(xy) < 2:
        return np.empty((0, 2), dtype=np.int64)
    if len(xy) < 4:
        first, second = np.triu_indices(len(xy), 1)
        return np.column_stack([first, second]).astype(np.int64)
    triangles = Delaunay(xy, qhull_options="QJ Pp").simplices
    sides = np.sort(np.concatenate([triangles[:, p] for p in ([0, 1], [1, 2], [0, 2])]), axis=1)
    pairs = np.unique(sides, axis=0).astype(np.int64)
    middle = xy[pairs].mean(axis=1)
    radius = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) / 2
    nearest, _ = cKDTree(xy).query(middle)
    empty = np.asarray(nearest) >= radius * (1 - 1e-9)
    return np.asarray(pairs[empty])
