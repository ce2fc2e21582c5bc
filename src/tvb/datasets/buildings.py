"""Modelled buildings: houses in rows, their annexes, and a few large ones, with BD TOPO columns."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.datasets.attributes import ANNEXE, HOUSE, LARGE, describe
from tvb.datasets.noise import Frame, hash_uniform
from tvb.datasets.plots import PLOTS_IN_ROW, SEAM_M, Blocks, build_blocks, clear_of_seams
from tvb.datasets.raster import burn_lines, label_polygons
from tvb.datasets.terrain import Terrain
from tvb.errors import ParameterError, explain
from tvb.schema import CRS

__all__ = ["build_buildings", "share_out"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LABEL_CELL_M = 20.0
# A block yields about 24 buildings: blocks are taken with a margin, then cut to the number asked.
# Communes that a pass cannot serve go to the next, which looks further (field ``town``).
_EVERYWHERE = -99.0
_PASSES = ((-0.5, 1.3), (-0.5, np.inf), (_EVERYWHERE, np.inf))
_EXPECTED, _SPARE_BLOCKS = 24.0, 12
# From the middle of a block, which is up to 80 m from its corner, to terrils, ponds and rivers.
_CLEAR_M, _BANK_M = 95.0, 60.0
_FRONT_M = 7.5  # from the middle of the street to the wall
_HOUSE_DEPTH_M = np.array([8.2, 8.8, 10.0, 10.5])
_VACANT, _WITH_ANNEXE, _LARGE_BLOCK = 0.06, 0.5, 0.16
_ANGLED = 0.35
_BOX = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 2
_ELL = np.array([[-1, -1], [1, -1], [1, 0.1], [0.1, 0.1], [0.1, 1], [-1, 1], [-1, -1]]) / 2
_CHUNK = 250_000  # footprints made at a time, to bound the memory
_KEY = 401


def share_out(total: int, weights: Floats) -> Ints:
    """Return whole numbers that sum to a total, in proportion to weights (largest remainder).

    Parameters
    ----------
    total : int
        Their sum.
    weights : numpy.ndarray
        Not negative.

    Returns
    -------
    numpy.ndarray of int64
        Ties go to the first.
    """
    if weights.sum() <= 0:
        weights = np.ones(len(weights))
    exact = total * weights / weights.sum()
    number: Ints = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - number), kind="stable")
    number[order[: total - number.sum()]] += 1
    return number


def build_buildings(
    communes: gpd.GeoDataFrame, counts: Ints, terrain: Terrain, *, avoid: NDArray[Any]
) -> gpd.GeoDataFrame:
    """Return the modelled buildings of communes.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Layer ``communes``, in order of ``insee``.
    counts : numpy.ndarray of int64
        Number of buildings of each commune. What a full commune cannot hold goes to the others.
    terrain : Terrain
        The modelled ground.
    avoid : numpy.ndarray of shapely polygons
        Where nothing is built.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``buildings``: polygons that do not overlap within a commune.

    Raises
    ------
    ParameterError
        If the communes cannot hold as many.
    """
    built, held = _fill(communes, counts, terrain, avoid=avoid)
    full = held < counts
    while (held < counts).any():
        counts = _spill(counts, held, full)
        built, held = _fill(communes, counts, terrain, avoid=avoid)
        full |= held < counts
    return _frame(built.take(_cut(built.commune, counts)), communes, terrain.seed)


def _fill(
    communes: gpd.GeoDataFrame, counts: Ints, terrain: Terrain, *, avoid: NDArray[Any]
) -> tuple[_Buildings, Ints]:
    """Return at least the buildings asked for, or all that a commune can hold, and how many."""
    parts = [_Buildings.none()]
    lacking = counts > 0
    for least_town, margin in _PASSES:
        if lacking.any():
            blocks = _blocks_of(communes, lacking, terrain, avoid=avoid, least_town=least_town)
            built = _build_on(_first(blocks, counts, margin), terrain.seed)
            held = np.bincount(built.commune, minlength=len(counts))
            done = lacking & ((held >= counts) | (least_town == _EVERYWHERE))
            parts.append(built.take(done[built.commune]))
            lacking &= ~done
    together = _Buildings.join(parts)
    return together, np.bincount(together.commune, minlength=len(counts)).astype(np.int64)


def _blocks_of(
    communes: gpd.GeoDataFrame,
    chosen: NDArray[np.bool_],
    terrain: Terrain,
    *,
    avoid: NDArray[Any],
    least_town: float,
) -> Blocks:
    """Return the blocks of some communes."""
    frame = Frame.around(tuple(communes[chosen].total_bounds), _LABEL_CELL_M)
    labels = label_polygons(frame, communes.geometry.to_numpy())
    labels[~np.append(False, chosen)[labels]] = 0
    labels[label_polygons(frame, shapely.buffer(avoid, _CLEAR_M)) > 0] = 0
    burn_lines(labels, frame, terrain.rivers["geometry"].to_numpy(), code=0, width_m=2 * _BANK_M)
    return build_blocks(terrain, labels, frame, least_town=least_town)


@dataclass(frozen=True)
class _Buildings:
    """Rectangles and L shapes before they become geometry; lengths in metres, angle in radians."""

    x: Floats
    y: Floats
    angle: Floats
    width: Floats
    depth: Floats
    kind: Ints
    key: Ints
    commune: Ints
    estate: Ints
    block: Ints

    @classmethod
    def none(cls) -> _Buildings:
        empty: list[Any] = [np.empty(0)] * 5 + [np.empty(0, dtype=np.int64)] * 5
        return cls(*empty)

    @classmethod
    def join(cls, parts: list[_Buildings]) -> _Buildings:
        columns = [[getattr(part, f.name) for part in parts] for f in fields(cls)]
        return cls(*(np.concatenate(column) for column in columns))

    def take(self, rows: NDArray[Any] | slice) -> _Buildings:
        return _Buildings(*(getattr(self, f.name)[rows] for f in fields(self)))


def _spill(counts: Ints, held: Ints, full: NDArray[np.bool_]) -> Ints:
    """Return the counts, what the full communes cannot hold shared out among the others."""
    if full.all():
        raise ParameterError(
            explain(
                "buildings",
                f"{int(counts.sum())} do not fit in {len(counts)} communes",
                required=f"at most {int(held.sum())}",
            )
        )
    final = np.minimum(counts, held)
    missing = int((counts - final).sum())
    final[~full] += share_out(missing, counts[~full].astype(float))
    return final


def _ordinal(group: Ints) -> Ints:
    """Return, for each item, how many of its group stand before it."""
    order = np.argsort(group, kind="stable")
    ranked = group[order]
    start = np.searchsorted(ranked, ranked)
    ordinal = np.empty(len(group), dtype=np.int64)
    ordinal[order] = np.arange(len(group)) - start
    return ordinal


def _cut(commune: Ints, counts: Ints) -> Ints:
    """Return the positions of the first buildings of each commune, commune by commune."""
    order = np.argsort(commune, kind="stable")
    kept = _ordinal(commune[order]) < counts[commune[order]]
    return order[kept]


def _first(blocks: Blocks, counts: Ints, margin: float) -> Blocks:
    """Return the blocks of each commune that are built on first, with a margin."""
    if np.isinf(margin):
        return blocks
    needed = np.ceil(counts * margin / _EXPECTED) + _SPARE_BLOCKS * (counts > 0)
    return blocks.take(_ordinal(blocks.commune) < needed[blocks.commune])


def _build_on(blocks: Blocks, seed: int) -> _Buildings:
    """Return every building of some blocks, block by block, clear of the next district."""
    large = hash_uniform(blocks.identifier, 7, seed + _KEY) < _LARGE_BLOCK
    rows = np.flatnonzero(~large)
    block = np.repeat(rows, 2 * PLOTS_IN_ROW)
    place = np.tile(np.arange(2 * PLOTS_IN_ROW), len(rows))
    halls = _halls(blocks, np.flatnonzero(large), seed)
    built = _Buildings.join([*_houses(blocks, block, place, seed=seed), halls])
    built = built.take(np.lexsort([built.key, built.block]))
    margin = np.where(built.kind == LARGE, SEAM_M + 0.4 * built.width, SEAM_M)
    own = blocks.take(built.block)
    return built.take(clear_of_seams(own, built.x, built.y, seed=seed, margin_m=margin))


def _houses(
    blocks: Blocks, block: Ints, place: Ints, *, seed: int
) -> tuple[_Buildings, _Buildings]:
    """Return the houses of the two rows of each block and the annexes in their gardens."""
    key = blocks.identifier[block] * 64 + place
    chance = [hash_uniform(key, n, seed + _KEY) for n in range(6)]
    kind, pitch = blocks.kind[block], blocks.pitch_m[block]
    # Terraced; two by two; detached; terraced with uneven depths.
    width = pitch * np.array([1.0, 0.84, 0.66, 1.0])[kind]
    beside = np.where(kind == 1, (0.5 - place % 2) * (pitch - width), 0.0)
    beside += np.where(kind == 2, (chance[1] - 0.5) * (pitch - width) * 0.8, 0.0)
    depth = _HOUSE_DEPTH_M[kind] + np.array([0.0, 0.6, 2.0, 3.0])[kind] * (chance[2] - 0.5)
    back = _FRONT_M + np.where(kind == 2, 3.0 * chance[3], 0.0) + depth
    side = np.where(place < PLOTS_IN_ROW, 1.0, -1.0)
    u = (place % PLOTS_IN_ROW - (PLOTS_IN_ROW - 1) / 2) * pitch
    half = blocks.depth_m[block] / 2
    built = chance[0] >= _VACANT
    at = (u + beside, side * (half - back + depth / 2))
    house = _place(blocks, block, at=at, size=(width, depth))
    shed = (np.minimum(0.55 * pitch, 3.0 + 3.0 * chance[4]), 2.2 + 1.4 * chance[5])
    at = (u, side * np.clip(half - back - 2.6, 2.0, 5.0))
    garden = _place(blocks, block, at=at, size=shed)
    sheds = built & (chance[4] < _WITH_ANNEXE)
    return (
        replace(house, key=2 * key, kind=np.full(len(key), HOUSE)).take(built),
        replace(garden, key=2 * key + 1, kind=np.full(len(key), ANNEXE)).take(sheds),
    )


def _halls(blocks: Blocks, block: Ints, seed: int) -> _Buildings:
    """Return one large building in the middle of each block."""
    key = blocks.identifier[block]
    chance = [hash_uniform(key, n, seed + _KEY + 9) for n in range(2)]
    width = (0.45 + 0.5 * chance[0]) * PLOTS_IN_ROW * blocks.pitch_m[block]
    depth = (0.4 + 0.3 * chance[1]) * blocks.depth_m[block]
    zero = np.zeros(len(block))
    hall = _place(blocks, block, at=(zero, zero), size=(width, depth))
    return replace(hall, key=128 * key, kind=np.full(len(key), LARGE))


def _place(
    blocks: Blocks, block: Ints, *, at: tuple[Floats, Floats], size: tuple[Floats, Floats]
) -> _Buildings:
    """Return buildings laid out along (u) and across (v) their blocks."""
    u, v = at
    angle = blocks.angle[block]
    cos, sin = np.cos(angle), np.sin(angle)
    x = blocks.x[block] + cos * u - sin * v
    y = blocks.y[block] + sin * u + cos * v
    unset = np.zeros(len(block), dtype=np.int64)
    return _Buildings(
        x, y, angle, *size, unset, unset, blocks.commune[block], blocks.kind[block], block
    )


def _frame(built: _Buildings, communes: gpd.GeoDataFrame, seed: int) -> gpd.GeoDataFrame:
    """Return the layer ``buildings``."""
    insee = communes["insee"].to_numpy(dtype=object)
    table = describe(
        kind=built.kind, estate=built.estate, key=built.key, area_m2=built.width * built.depth,
        seed=seed,
    )  # fmt: skip
    number = _ordinal(built.commune)
    table.insert(0, "cleabs", _identifiers(insee, built.commune, number))
    return gpd.GeoDataFrame(table, geometry=_footprints(built, seed), crs=CRS)


def _identifiers(insee: NDArray[Any], commune: Ints, number: Ints) -> pd.Series[Any]:
    """Return ``BATMODEL`` + code of the commune + number in the commune."""
    width = 7
    prefix = pd.Series(insee).map("BATMODEL{}".format).to_numpy(dtype="U13")
    digits = number[:, None] // 10 ** np.arange(width - 1, -1, -1) % 10
    letters = np.empty((len(number), 13 + width), dtype=np.uint32)
    letters[:, :13] = prefix.view(np.uint32).reshape(-1, 13)[commune]
    letters[:, 13:] = digits + ord("0")
    return pd.Series(letters.view(f"U{13 + width}").ravel()).astype("str")


def _footprints(built: _Buildings, seed: int) -> NDArray[Any]:
    """Return rectangles, and an L shape for a third of the large and of the detached ones."""
    polygons = np.empty(len(built.x), dtype=object)
    for start in range(0, len(built.x), _CHUNK):
        rows = slice(start, start + _CHUNK)
        some = built.take(rows)
        roomy = (some.kind == LARGE) | ((some.kind == HOUSE) & (some.estate >= 2))
        angled = roomy & (hash_uniform(some.key, 3, seed + _KEY) < _ANGLED)
        for shape, chosen in ((_BOX, ~angled), (_ELL, angled)):
            polygons[start + np.flatnonzero(chosen)] = _polygons(some.take(chosen), shape)
    return polygons


def _polygons(built: _Buildings, shape: Floats) -> NDArray[Any]:
    """Return one shape, given in a unit square, at the place and size of each building."""
    u, v = built.width[:, None] * shape[:, 0], built.depth[:, None] * shape[:, 1]
    cos, sin = np.cos(built.angle)[:, None], np.sin(built.angle)[:, None]
    xy = np.empty((*u.shape, 2))
    xy[..., 0] = built.x[:, None] + cos * u - sin * v
    xy[..., 1] = built.y[:, None] + sin * u + cos * v
    return np.asarray(shapely.polygons(np.round(xy, 2)))
