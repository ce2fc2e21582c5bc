"""The modelled relief: level of the ground, with the bowls that mining left behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.datasets.noise import Frame, noise_on
from tvb.grid import Grid

__all__ = ["TERRAIN_NODATA", "build_relief"]

TERRAIN_NODATA = -9999.0

_KEY = 851
# Level of the rivers about the middle of the territory, and its fall to the north-east.
_LEVEL_M, _MIDDLE, _FALL_M_PER_KM = 30.0, (695_000.0, 7_030_000.0), 0.22
_SWELL_M, _SWELL_WAVE_M = 4.0, 14_000.0
# How far the ground of a basin sank, at most, and over which distance from its outline.
_SUNK_M, _SLOPE_M = 6.0, 180.0


def build_relief(
    height_m: NDArray[np.float32],
    inside: NDArray[np.bool_],
    frame: Frame,
    *,
    basins: NDArray[Any],
    seed: int,
) -> Grid:
    """Return the level of the ground.

    The ground lies its height above the nearest river over the level of that river, less what it
    sank in a drained basin: nothing on the outline, more towards the middle. Depths of the modelled
    floods stand on the same heights; basins are kept dry, so that they have no part in them.

    Parameters
    ----------
    height_m : numpy.ndarray of float32
        Height above the nearest river on the cells of `frame`.
    inside : numpy.ndarray of bool
        Where the territory lies.
    frame : Frame
        The cells.
    basins : numpy.ndarray of shapely polygons
        Drained basins.
    seed : int
        Gives the swell of the land.

    Returns
    -------
    Grid
        ``terrain``: float32 metres NGF to the centimetre; -9999 outside.
    """
    x0, y0 = _MIDDLE
    east, north = (frame.x - x0)[None, :] / 1_000.0, (frame.y - y0)[:, None] / 1_000.0
    level = np.asarray(_LEVEL_M - _FALL_M_PER_KM * (east + 0.5 * north), dtype=np.float32)
    level = level + np.float32(_SWELL_M) * noise_on(frame, _SWELL_WAVE_M, key=seed + _KEY)
    level = level + height_m
    for basin in basins:
        _sink(level, frame, basin)
    ground = np.round(level, 2).astype(np.float32)
    ground[~inside] = TERRAIN_NODATA
    return Grid(
        ground, frame.x_min, frame.y_max, frame.cell_m, frame.cell_m, TERRAIN_NODATA, "terrain"
    )


def _sink(level: NDArray[np.float32], frame: Frame, basin: Any) -> None:
    """Lower the ground of one basin, the more the farther its outline."""
    west, south, east, north = shapely.bounds(basin)
    columns = slice(*np.searchsorted(frame.x, (west, east)))
    rows = slice(*np.searchsorted(-frame.y, (-north, -south)))
    if not level[rows, columns].size:
        return
    points = np.asarray(shapely.points(*np.meshgrid(frame.x[columns], frame.y[rows])))
    shapely.prepare(basin)
    held = shapely.contains(basin, points)
    depth = np.minimum(shapely.distance(basin.boundary, points[held]) / _SLOPE_M, 1.0)
    # As mining leaves it: steepest half-way down, flat at the bottom.
    level[rows, columns][held] -= (_SUNK_M * np.sin(0.5 * np.pi * depth)).astype(np.float32)
