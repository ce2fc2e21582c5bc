"""Modelled flood zones and water depths for the four scenarios of the Directive inondation.

The water of a scenario stands a fixed height above the river, so that a rarer one always covers a
more frequent one. Zones are the level lines of the same field as the depths, at cell centres:
a centre is inside a zone where its depth is above zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.datasets.noise import Frame, noise_on, spread
from tvb.datasets.tables import as_layer
from tvb.datasets.terrain import Terrain
from tvb.grid import Grid
from tvb.schema.layers import SCENARIOS

__all__ = ["DEPTH_NODATA", "build_depths", "build_zones", "fine_height"]

DEPTH_NODATA = -9999.0

# Height of the water above the river in metres, from frequent to rare.
_STAGE_M = dict(zip(SCENARIOS, (0.15, 0.55, 0.8, 1.3), strict=True))
_ROUGH_KEY = 171
_CRUMB_M2 = 1.0  # left where a zone grazes the outline


def fine_height(terrain: Terrain, frame: Frame, *, detail: float) -> NDArray[np.float32]:
    """Return the height above the nearest river on fine cells.

    Parameters
    ----------
    terrain : Terrain
        The modelled ground.
    frame : Frame
        The cells.
    detail : float
        Weight of the shortest waves, which make the edge of the water ragged.

    Returns
    -------
    numpy.ndarray of float32
        Metres.
    """
    height = spread(terrain.height_m, terrain.frame, frame)
    for wavelength, amplitude in ((260.0, 0.17), (100.0, 0.09)):
        key = terrain.seed + _ROUGH_KEY + int(wavelength)
        height += np.float32(amplitude * detail) * noise_on(frame, wavelength, key=key)
    return height


def build_depths(
    height_m: NDArray[np.float32], inside: NDArray[np.bool_], frame: Frame
) -> dict[str, Grid]:
    """Return the depth of water in each scenario.

    Parameters
    ----------
    height_m : numpy.ndarray of float32
        Height above the river on the cells of `frame`.
    inside : numpy.ndarray of bool
        Where the territory lies.
    frame : Frame
        The cells.

    Returns
    -------
    dict of str to Grid
        ``flood_depth_<scenario>``, float32 metres to the centimetre; 0 dry, -9999 outside.
    """
    grids = {}
    for scenario, stage in _STAGE_M.items():
        depth = np.ceil(np.maximum(np.float32(stage) - height_m, 0) * 100) / np.float32(100)
        depth[~inside] = DEPTH_NODATA
        name = f"flood_depth_{scenario}"
        grids[name] = Grid(
            depth, frame.x_min, frame.y_max, frame.cell_m, frame.cell_m, DEPTH_NODATA, name
        )
    return grids


def build_zones(
    height_m: NDArray[np.float32], frame: Frame, outline: shapely.Geometry
) -> gpd.GeoDataFrame:
    """Return the ground under water in each scenario.

    Parameters
    ----------
    height_m : numpy.ndarray of float32
        Height above the river on the cells of `frame`.
    frame : Frame
        The cells.
    outline : shapely.Polygon or MultiPolygon
        Where the territory lies.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``flood_zones``: polygons in EPSG:2154, nested from a scenario to the next.
    """
    shapely.prepare(outline)
    levels = [float(np.float32(stage)) for stage in _STAGE_M.values()]  # as depths compare them
    zones = [_clip(polygons, outline) for polygons in level_polygons(height_m, frame, levels)]
    scenarios = np.repeat(np.array(SCENARIOS, dtype=object), [len(z) for z in zones])
    table = pd.DataFrame({"scenario": scenarios})
    number = table.groupby("scenario").cumcount().astype(str).str.zfill(5)
    table = table.assign(id_zone="MODELE_" + table["scenario"] + "_" + number, typ_inond="01")
    return as_layer(table, np.concatenate(zones), "flood_zones")


def level_polygons(
    field: NDArray[np.float32], frame: Frame, levels: Sequence[float]
) -> list[NDArray[Any]]:
    """Return, for each level, the polygons where a field lies below it, with their holes.

    Parameters
    ----------
    field : numpy.ndarray of float32
        Values at the centres of the cells.
    frame : Frame
        The cells.
    levels : sequence of float
        The levels.

    Returns
    -------
    list of numpy.ndarray of shapely.Polygon
        Valid, from the level lines of the field between the outermost centres.
    """
    from contourpy import FillType, contour_generator

    if min(field.shape) < 2:
        return [np.array([], dtype=object) for _ in levels]
    generator: Any = contour_generator(
        frame.x - frame.x_min, frame.y - frame.y_max, field, fill_type=FillType.OuterOffset
    )
    found = [generator.filled(-np.inf, level) for level in levels]
    return [_polygons(parts, offsets, frame) for parts, offsets in found]


def _polygons(parts: list[Any], offsets: list[Any], frame: Frame) -> NDArray[Any]:
    """Return polygons from rings laid end to end, the outer one of each first."""
    if not parts:
        return np.array([], dtype=object)
    xy = np.concatenate(parts) + np.array([frame.x_min, frame.y_max])
    size = np.concatenate([np.diff(o.astype(np.int64)) for o in offsets])
    owner = np.repeat(np.arange(len(offsets)), [len(o) - 1 for o in offsets])
    ring = np.repeat(np.arange(len(size)), size)
    real = size >= 4
    number = (np.cumsum(real) - 1)[ring[real[ring]]]
    rings = np.asarray(shapely.linearrings(xy[real[ring]], indices=number))
    polygons = np.asarray(shapely.polygons(rings, indices=_compact(owner[real])))
    broken = ~shapely.is_valid(polygons)
    polygons[broken] = shapely.make_valid(polygons[broken])
    return polygons


def _compact(owner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers 0, 1, … in the order of first use of sorted ones."""
    return np.unique(owner, return_inverse=True)[1].astype(np.int64)


def _clip(polygons: NDArray[Any], outline: shapely.Geometry) -> NDArray[Any]:
    """Return the parts of polygons inside an outline, without crumbs."""
    inside = shapely.contains_properly(outline, polygons)
    crossing = polygons[~inside & shapely.intersects(outline, polygons)]
    cut = shapely.get_parts(shapely.intersection(crossing, outline))
    parts = np.concatenate([polygons[inside], cut[shapely.get_dimensions(cut) == 2]])
    return parts[shapely.area(parts) > _CRUMB_M2]
