"""Building plots: rows of houses along the streets of districts, each with its own direction.

The plane is cut into districts about jittered points. In a district, blocks of two rows of plots
back to back lie on a grid of streets; blocks are what a town fills one after the other. Everything
comes from the place and the seed, so that a commune has the same plots in any territory.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tvb.datasets.noise import Frame, hash_uniform
from tvb.datasets.terrain import Terrain

__all__ = ["PLOTS_IN_ROW", "SEAM_M", "Blocks", "build_blocks", "clear_of_seams"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PLOTS_IN_ROW = 10
_DISTRICT_M = 700.0
_REACH_M = 620.0
SEAM_M = 14.0
_CROSS_STREET_M = 14.0
_BY_THE_WATER = 0.035
_KEY = 301

_INDEX_BITS, _PLACE_BITS = 15, 12
_HALF = 2 ** (_INDEX_BITS - 1)
_NEIGHBOURS = [
    (di, dj)
    for di in range(-2, 3)
    for dj in range(-2, 3)
    if (di, dj) != (0, 0) and abs(di) + abs(dj) < 4
]

# Width of a plot and depth of a block of two rows, in metres: coron, garden city, detached
# houses, old centre.
_PITCH_M = np.array([6.4, 8.8, 13.0, 7.6])
_BLOCK_M = np.array([46.0, 54.0, 62.0, 52.0])
_SHARE = np.array([0.34, 0.62, 0.86])


@dataclass(frozen=True)
class Blocks:
    """Blocks of two rows of plots.

    Parameters
    ----------
    x, y : numpy.ndarray
        Centres in metres.
    angle : numpy.ndarray
        Direction of the rows in radians.
    pitch_m, depth_m : numpy.ndarray
        Width of a plot, depth of the block from street to street.
    kind : numpy.ndarray of int
        0 coron, 1 garden city, 2 detached houses, 3 old centre.
    identifier : numpy.ndarray of int
        The same in any territory.
    rank : numpy.ndarray
        The higher, the earlier it is built on.
    commune : numpy.ndarray of int
        Number of the commune, from 0.
    """

    x: Floats
    y: Floats
    angle: Floats
    pitch_m: Floats
    depth_m: Floats
    kind: Ints
    identifier: Ints
    rank: Floats
    commune: Ints

    def take(self, rows: NDArray[Any]) -> Blocks:
        """Return some of the blocks.

        Parameters
        ----------
        rows : numpy.ndarray
            Positions, or one boolean for each block.

        Returns
        -------
        Blocks
            In the order of `rows`.
        """
        return Blocks(*(getattr(self, f.name)[rows] for f in fields(self)))

    def __len__(self) -> int:
        return len(self.x)


def build_blocks(
    terrain: Terrain,
    labels: NDArray[np.int32],
    frame: Frame,
    *,
    least_town: float,
) -> Blocks:
    """Return the blocks of a territory, in order of building.

    Parameters
    ----------
    terrain : Terrain
        The modelled ground.
    labels : numpy.ndarray of int32
        Number of the commune of each cell, from 1; 0 outside, and where nothing is built.
    frame : Frame
        Its cells.
    least_town : float
        Blocks where the field ``town`` is below are left out.

    Returns
    -------
    Blocks
        By falling rank; ties by identifier.
    """
    i, j, seed_x, seed_y = _districts(frame, terrain.seed)
    kept = terrain.at(terrain.town, seed_x, seed_y) > least_town - 1.2
    blocks = _lay(i[kept], j[kept], seed=terrain.seed)
    town = terrain.at(terrain.town, blocks.x, blocks.y)
    commune = _commune_of(frame, labels, x=blocks.x, y=blocks.y)
    kept = (commune >= 0) & (town > least_town)
    blocks, town = replace(blocks, commune=commune).take(kept), town[kept]
    height = terrain.at(terrain.height_m, blocks.x, blocks.y)
    kept = clear_of_seams(blocks, blocks.x, blocks.y, seed=terrain.seed, margin_m=0.0)
    rank = _rank(blocks, town, height, seed=terrain.seed)
    blocks = replace(blocks, rank=rank).take(kept)
    return blocks.take(np.lexsort([blocks.identifier, -blocks.rank]))


def _districts(frame: Frame, seed: int) -> tuple[Ints, Ints, Floats, Floats]:
    """Return the indices and points of the districts that may touch a frame."""
    west, north = frame.x_min - _DISTRICT_M, frame.y_max + _DISTRICT_M
    east = frame.x_min + frame.columns * frame.cell_m + _DISTRICT_M
    south = frame.y_max - frame.rows * frame.cell_m - _DISTRICT_M
    i = np.arange(int(west // _DISTRICT_M), int(east // _DISTRICT_M) + 1)
    j = np.arange(int(south // _DISTRICT_M), int(north // _DISTRICT_M) + 1)
    gi, gj = (a.ravel() for a in np.meshgrid(i, j))
    return gi, gj, *_district_points(gi, gj, seed)


def _district_points(i: Ints, j: Ints, seed: int) -> tuple[Floats, Floats]:
    x = (i + 0.2 + 0.6 * hash_uniform(i, j, seed + _KEY)) * _DISTRICT_M
    y = (j + 0.2 + 0.6 * hash_uniform(i, j, seed + _KEY + 1)) * _DISTRICT_M
    return x, y


def _lay(i: Ints, j: Ints, *, seed: int) -> Blocks:
    """Return every block that districts could hold."""
    kind = np.searchsorted(_SHARE, hash_uniform(i, j, seed + _KEY + 2))
    angle = np.pi * hash_uniform(i, j, seed + _KEY + 3)
    pitch, depth = _PITCH_M[kind], _BLOCK_M[kind]
    length = PLOTS_IN_ROW * pitch + _CROSS_STREET_M
    reach_u = int(_REACH_M / (PLOTS_IN_ROW * _PITCH_M.min() + _CROSS_STREET_M))
    reach_v = int(_REACH_M / _BLOCK_M.min())
    c, r = np.meshgrid(np.arange(-reach_u, reach_u + 1), np.arange(-reach_v, reach_v + 1))
    u, v = c.ravel()[None, :] * length[:, None], r.ravel()[None, :] * depth[:, None]
    district, place = np.nonzero(u**2 + v**2 < _REACH_M**2)
    along, across = u[district, place], v[district, place]
    cos, sin = np.cos(angle)[district], np.sin(angle)[district]
    seed_x, seed_y = _district_points(i, j, seed)
    return Blocks(
        x=seed_x[district] + cos * along - sin * across,
        y=seed_y[district] + sin * along + cos * across,
        angle=angle[district],
        pitch_m=pitch[district],
        depth_m=depth[district],
        kind=kind[district],
        identifier=(_pack(i, j)[district] << _PLACE_BITS) + place,
        rank=np.zeros(len(district)),
        commune=np.zeros(len(district), dtype=np.int64),
    )


def _pack(i: Ints, j: Ints) -> Ints:
    """Return one number for the indices of a district."""
    packed: Ints = ((i + _HALF) << _INDEX_BITS) + (j + _HALF)
    return packed


def clear_of_seams(
    blocks: Blocks, x: Floats, y: Floats, *, seed: int, margin_m: float | Floats = SEAM_M
) -> NDArray[np.bool_]:
    """Tell which points keep away from the next district, where directions change.

    Parameters
    ----------
    blocks : Blocks
        The block of each point.
    x, y : numpy.ndarray
        The points, in metres.
    seed : int
        Seed of the model.
    margin_m : float or numpy.ndarray
        Distance to keep from the border of the district, in metres.

    Returns
    -------
    numpy.ndarray of bool
        One value for each point.
    """
    packed, row = np.unique(blocks.identifier >> _PLACE_BITS, return_inverse=True)
    i, j = (packed >> _INDEX_BITS) - _HALF, (packed & (2**_INDEX_BITS - 1)) - _HALF
    own_x, own_y = _district_points(i, j, seed)
    own = (x - own_x[row]) ** 2 + (y - own_y[row]) ** 2
    clear = np.ones(len(x), dtype=bool)
    for di, dj in _NEIGHBOURS:
        other_x, other_y = _district_points(i + di, j + dj, seed)
        gap = np.hypot(other_x - own_x, other_y - own_y)[row]
        clear &= (x - other_x[row]) ** 2 + (y - other_y[row]) ** 2 - own > 2 * gap * margin_m
    return clear


def _commune_of(frame: Frame, labels: NDArray[np.int32], *, x: Floats, y: Floats) -> Ints:
    """Return the number of the commune of points, from 0; -1 outside."""
    row = np.floor((frame.y_max - y) / frame.cell_m).astype(np.int64)
    column = np.floor((x - frame.x_min) / frame.cell_m).astype(np.int64)
    within = (row >= 0) & (column >= 0) & (row < frame.rows) & (column < frame.columns)
    commune = np.full(len(x), -1, dtype=np.int64)
    commune[within] = labels[row[within], column[within]].astype(np.int64) - 1
    return commune


def _rank(blocks: Blocks, town: Floats, height: Floats, *, seed: int) -> Floats:
    """Return the order of building: estates within towns, then outwards; valleys late."""
    near = np.floor(np.stack([blocks.x, blocks.y]) / 260.0).astype(np.int64)
    estate = hash_uniform(near[0], near[1], seed + _KEY + 4)
    block = hash_uniform(blocks.identifier, blocks.identifier >> 20, seed + _KEY + 5)
    inner = 0.5 * estate + 0.35 * block + 0.35 * np.clip(town, 0.0, 1.0)
    rank = np.where(town > 0.04, inner, town - 0.04 + 0.1 * block)
    wet = 0.9 * np.clip((1.8 - height) / 1.2, 0.0, 2.5)
    # Some quarters were built by the water all the same: exposure is spread over many communes.
    bold = hash_uniform(near[0], near[1], seed + _KEY + 6) < _BY_THE_WATER
    return rank - np.where(bold, 0.0, wet)
