"""How high water stands in subsidence basins when they are no longer drained.

With a terrain: at the spill point, or as high as a volume of water reaches. Without: the ground of
the basin as it was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.display import frame_table
from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.checks import is_number, read_numbers, require_columns
from tvb.flood.terrain import FilledTerrain, require_terrain
from tvb.geometry.arrays import GeometryArray, IntArray, make_valid, polygon_parts
from tvb.geometry.outlines import outline_cells
from tvb.grid import Grid
from tvb.schema import require_polygons, require_type
from tvb.schema.declare import CRS

__all__ = ["StageCurve", "build_stage_curve", "flood_basins", "isolate_basins", "outline_water"]

Floats = NDArray[np.float64]

_M_PER_MM = 1e-3


@dataclass(frozen=True, slots=True)
class StageCurve:
    """Level, wet area and volume of water in a depression, exact between its points.

    The cells have level tops: as water rises from one height of ground to the next, its area stays
    the same and its volume grows in proportion. All water of the depression stands at one level,
    also in parts of it that meet only higher up: as where ditches join them.

    Parameters
    ----------
    level_m : numpy.ndarray
        Heights of the ground, each once and in order, then the spill level.
    area_m2 : numpy.ndarray
        Ground below each of them.
    volume_m3 : numpy.ndarray
        Water when it stands at each of them.
    """

    level_m: Floats
    area_m2: Floats
    volume_m3: Floats

    @property
    def capacity_m3(self) -> float:
        """Volume at the spill level; more flows out."""
        return float(self.volume_m3[-1])

    def volume_at(self, level_m: float) -> float:
        """Return the volume of water that stands at a level.

        Parameters
        ----------
        level_m : float
            In metres; above the spill level it counts as that level.

        Returns
        -------
        float
            Cubic metres; 0 from the lowest ground down.
        """
        at = self._segment(level_m)
        if at < 0:
            return 0.0
        rise = min(level_m, float(self.level_m[-1])) - float(self.level_m[at])
        return float(self.volume_m3[at] + rise * self._area_above(at))

    def area_at(self, level_m: float) -> float:
        """Return the area of ground below a level.

        Parameters
        ----------
        level_m : float
            In metres; above the spill level it counts as that level.

        Returns
        -------
        float
            Square metres.
        """
        at = int(np.searchsorted(self.level_m, level_m, side="left"))
        return float(self.area_m2[min(at, len(self.level_m) - 1)])

    def level_at(self, volume_m3: float) -> float:
        """Return the level that a volume of water reaches.

        Parameters
        ----------
        volume_m3 : float
            In cubic metres; more than the capacity reaches the spill level and flows out.

        Returns
        -------
        float
            In metres; the lowest ground for no water.

        Raises
        ------
        ParameterError
            If the volume is negative or not a number.
        """
        if not (is_number(volume_m3) and volume_m3 >= 0):
            raise ParameterError(explain("volume_m3", f"is {volume_m3}", required="0 or more"))
        if volume_m3 >= self.capacity_m3:
            return float(self.level_m[-1])
        at = int(np.searchsorted(self.volume_m3, volume_m3, side="right")) - 1
        return float(self.level_m[at] + (volume_m3 - self.volume_m3[at]) / self._area_above(at))

    def to_frame(self) -> pd.DataFrame:
        """Return the points of the curve.

        Returns
        -------
        pandas.DataFrame
            ``level_m``, ``area_m2``, ``volume_m3``.
        """
        return pd.DataFrame(
            {"level_m": self.level_m, "area_m2": self.area_m2, "volume_m3": self.volume_m3}
        )

    def _segment(self, level_m: float) -> int:
        return int(np.searchsorted(self.level_m, level_m, side="right")) - 1

    def _area_above(self, at: int) -> float:
        """Return the area just above a point: that below the next one."""
        return float(self.area_m2[min(at + 1, len(self.area_m2) - 1)])

    def __repr__(self) -> str:
        return (
            f"<StageCurve: {self.level_m[0]:.2f} to {self.level_m[-1]:.2f} m, "
            f"{len(self.level_m)} levels, {self.capacity_m3:.0f} m³>"
        )

    def _repr_html_(self) -> str:
        return frame_table(
            self, self.to_frame(), then=(".volume_at(level_m)", ".level_at(volume_m3)")
        )


def build_stage_curve(terrain: FilledTerrain, depression: int) -> StageCurve:
    """Return level, area and volume of the water in a depression.

    Parameters
    ----------
    terrain : FilledTerrain
        From `tvb.flood.fill_depressions`.
    depression : int
        Number of the depression.

    Returns
    -------
    StageCurve
        From the lowest ground to the spill level.

    Raises
    ------
    LayerError
        If it is no terrain with its depressions.
    ParameterError
        If there is no such depression.

    Examples
    --------
    >>> from tvb.flood import fill_depressions
    >>> from tvb.grid import Grid
    >>> ground = np.array([[9, 9, 9, 9], [9, 5, 6, 9], [9, 9, 9, 9]], dtype=float)
    >>> terrain = fill_depressions(Grid(ground, 0.0, 30.0, 10.0, 10.0))
    >>> curve = build_stage_curve(terrain, 1)
    >>> curve.volume_m3.tolist()
    [0.0, 100.0, 700.0]
    >>> curve.level_at(300.0)
    7.0
    """
    require_terrain(terrain)
    brim = float(terrain.depressions["level_m"].get(depression, np.nan))
    cells = terrain.cells_of(depression)
    ground = terrain.ground.values.reshape(-1)[cells].astype(np.float64)
    heights, count = np.unique(ground, return_counts=True)
    level = np.append(heights, brim)
    below = np.concatenate([[0], np.cumsum(count)]) * terrain.ground.cell_area_m2
    volume = np.concatenate([[0.0], np.cumsum(np.diff(level) * below[1:])])
    return StageCurve(level, below, volume)


def outline_water(
    terrain: FilledTerrain, levels_m: pd.Series[Any] | None = None
) -> gpd.GeoDataFrame:
    """Return the ground under water in depressions.

    Parameters
    ----------
    terrain : FilledTerrain
        From `tvb.flood.fill_depressions`.
    levels_m : pandas.Series, optional
        Level of the water in metres, on numbers of depressions; by default all of them at their
        spill level. Above that it counts as that level.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for each depression asked for, on the index ``depression``, EPSG:2154: ``level_m``
        and the sides of the cells whose ground is below it (Polygon or MultiPolygon, empty where
        there is none).

    Raises
    ------
    LayerError
        If it is no terrain with its depressions.
    ParameterError
        If there is no such depression.
    """
    require_terrain(terrain)
    spill = terrain.depressions["level_m"]
    asked = spill if levels_m is None else levels_m
    cells = [terrain.cells_of(number) for number in asked.index]
    levels = np.minimum(asked.to_numpy(dtype=np.float64), spill.reindex(asked.index).to_numpy())
    ground = terrain.ground.values.reshape(-1)
    wet = [c[ground[c] < level] for c, level in zip(cells, levels, strict=True)]
    shapes = np.full(len(wet), shapely.Polygon(), dtype=object)
    filled = np.flatnonzero([len(w) > 0 for w in wet])
    if len(filled):
        owner = np.repeat(np.arange(len(filled)), [len(wet[i]) for i in filled])
        shapes[filled] = outline_cells(
            terrain.ground, np.concatenate([wet[i] for i in filled]), owner
        )
    return gpd.GeoDataFrame(
        {"level_m": levels}, geometry=shapes, crs=CRS,
        index=pd.Index(asked.index, name="depression"),
    )  # fmt: skip


def isolate_basins(ground: Grid, basins: gpd.GeoDataFrame) -> Grid:
    """Return the ground of the basins alone: water that reaches their outline leaves.

    To fill this (`tvb.flood.fill_depressions`) gives the level at which each basin spills over its
    own outline, were it inside a larger depression: what floods when its station alone fails and
    the ground around stays drained. To fill the whole terrain gives the level of the larger one.

    Parameters
    ----------
    ground : Grid
        Height of the ground.
    basins : geopandas.GeoDataFrame
        Layer ``drained_basins``, EPSG:2154. Basins that overlap or touch are one ground.

    Returns
    -------
    Grid
        Heights where the centre of a cell lies in a basin or on its outline, elsewhere not a
        number; of the type of the heights if that is a floating type, float64 otherwise.

    Raises
    ------
    CrsError
        If the basins are not in EPSG:2154.
    LayerError
        If the basins are not polygons, or the ground is no grid.
    """
    require_type(ground, Grid, "ground", remedy="tvb.io.read_grid")
    require_polygons(basins, "drained_basins")
    inside = replace(ground, values=np.zeros(ground.shape, dtype=bool), nodata=None)
    west, south, east, north = ground.bounds
    parts, _ = polygon_parts(basins.geometry.to_numpy())
    shapely.prepare(parts)
    for part, box in zip(parts, shapely.bounds(parts), strict=True):
        if box[0] < east and box[2] > west and box[1] < north and box[3] > south:
            window = inside.crop(tuple(box))
            rows, columns = window.shape
            x = window.x_min + (np.arange(columns) + 0.5) * window.cell_width
            y = window.y_max - (np.arange(rows) + 0.5) * window.cell_height
            window.values[:] |= shapely.intersects_xy(part, *np.meshgrid(x, y))
    kept = (
        inside.values if ground.nodata is None else inside.values & (ground.values != ground.nodata)
    )
    dtype = np.result_type(ground.values.dtype, np.float32)
    return replace(
        ground, values=np.where(kept, ground.values, np.nan).astype(dtype, copy=False), nodata=None
    )


def flood_basins(
    basins: gpd.GeoDataFrame,
    terrain: FilledTerrain | None = None,
    *,
    rain_mm: float | None = None,
    volume_m3: pd.Series[Any] | None = None,
    stored_m3: pd.Series[Any] | None = None,
    min_depth_m: float = 0.0,
) -> gpd.GeoDataFrame:
    """Return the ground that water covers in each basin when it is not drained.

    Parameters
    ----------
    basins : geopandas.GeoDataFrame
        Layer ``drained_basins``, EPSG:2154; further columns are kept.
    terrain : FilledTerrain, optional
        From `tvb.flood.fill_depressions`, of the whole ground or of that of the basins alone
        (`tvb.flood.isolate_basins`). A depression is part of a basin when its lowest cell has its
        centre in it; water may then stand beyond the outline of the basin. A basin without a
        depression, and any basin when there is no terrain, floods as it is drawn.
    rain_mm : float, optional
        Water that runs to each depression from all the ground whose water comes to it first, none
        of it lost. By default depressions are full, to their spill level.
    volume_m3 : pandas.Series, optional
        Instead: water in m³ that comes to the basins of each station, on ``id_station``; shared out
        among their depressions as that ground is. A station that is absent has full depressions.
    stored_m3 : pandas.Series, optional
        Water in m³ kept away from depressions, on their numbers: taken from what comes to them, or
        from their capacity where they are simply full.
    min_depth_m : float
        Depressions less deep than this are left out: the roughness of a terrain makes many.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for each basin and depression of it, in the order of the basins and then of the
        numbers: the columns of the basins; ``scenario``, the station, so that the frame is fit for
        `tvb.flood.flag_exposed_buildings` and `tvb.flood.build_station_failures`; ``source``
        ("terrain" or "polygon"); from a terrain also ``depression``, ``level_m``, ``volume_m3``
        and ``area_m2`` of the water, ``overflow_m3``, which leaves over the spill point, all null
        for a polygon. Overflow is not followed into other depressions. A depression where no
        water stands has an empty geometry.

    Raises
    ------
    CrsError
        If the basins are not in EPSG:2154.
    LayerError
        If the basins are not polygons, ``id_station`` is missing, the terrain is not one with its
        depressions, or a volume is negative, not a number, or that of a station of no basin.
    ParameterError
        If rain and volumes are both given, the rain or the depth is negative, or one of them is
        given without a terrain.
    """
    require_polygons(basins, "drained_basins")
    require_columns(basins, "drained_basins", "id_station")
    if rain_mm is not None and volume_m3 is not None:
        raise ParameterError(explain("rain_mm", "given with volume_m3", required="one of them"))
    for name, value in (("rain_mm", rain_mm), ("min_depth_m", min_depth_m)):
        if value is not None and not (is_number(value) and 0 <= value < np.inf):
            raise ParameterError(explain(name, f"is {value}", required="a number, 0 or more"))
    if terrain is None:
        if not (rain_mm is None and volume_m3 is None and stored_m3 is None):
            raise ParameterError(
                explain("terrain", "is missing", required="a terrain, to know levels from volumes",
                        remedy="tvb.flood.fill_depressions")
            )  # fmt: skip
        everything = np.arange(len(basins))
        return _lay_out(basins, everything, _Water.none(basins.geometry.to_numpy()))
    require_terrain(terrain)
    _require_stations(volume_m3, basins)
    row, number = _depressions_in(basins, terrain, min_depth_m)
    station = basins["id_station"].to_numpy(dtype=object)[row]
    inflow = _inflow(terrain, station, number, rain_mm=rain_mm, volume_m3=volume_m3)
    if stored_m3 is not None:
        inflow = np.maximum(inflow - _volumes(stored_m3, "stored_m3", number), 0.0)
    drawn = np.setdiff1d(np.arange(len(basins)), row)
    water = _stand(terrain, number, inflow)
    dry = _Water.none(basins.geometry.to_numpy()[drawn])
    return _lay_out(basins, np.concatenate([row, drawn]), water.then(dry))


@dataclass(frozen=True, slots=True)
class _Water:
    """Ground under water and, row by row, what is known of it."""

    shapes: GeometryArray
    depression: IntArray  # 0 for a basin as drawn
    measures: Floats  # level, volume, area, overflow

    @classmethod
    def none(cls, shapes: GeometryArray) -> _Water:
        """Return basins as they are drawn, of which no level is known."""
        unknown = np.full((len(shapes), 4), np.nan)
        return cls(shapes, np.zeros(len(shapes), dtype=np.int64), unknown)

    def then(self, other: _Water) -> _Water:
        """Return these rows and those of another."""
        return _Water(
            np.concatenate([self.shapes, other.shapes]),
            np.concatenate([self.depression, other.depression]),
            np.concatenate([self.measures, other.measures]),
        )


def _lay_out(basins: gpd.GeoDataFrame, row: IntArray, water: _Water) -> gpd.GeoDataFrame:
    """Return rows of basins with the water in them, in the order of the basins."""
    order = np.argsort(row, kind="stable")
    table = pd.DataFrame(basins.drop(columns=basins.geometry.name)).iloc[row[order]]
    number = pd.Series(water.depression[order], dtype="Int64")
    source = np.where(number == 0, "polygon", "terrain")
    measures = water.measures[order].T
    columns = dict(zip(("level_m", "volume_m3", "area_m2", "overflow_m3"), measures, strict=True))
    table = table.reset_index(drop=True).assign(
        scenario=lambda t: t["id_station"], source=pd.array(source, dtype="str"),
        depression=number.where(number > 0), **columns,
    )  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=water.shapes[order], crs=CRS)


def _depressions_in(
    basins: gpd.GeoDataFrame, terrain: FilledTerrain, min_depth_m: float
) -> tuple[IntArray, IntArray]:
    """Return the row of a basin and the number of a depression for each that is part of it."""
    table = terrain.depressions
    table = table[table["depth_max_m"] >= min_depth_m]
    points = shapely.points(np.column_stack([table["lowest_x"], table["lowest_y"]]))
    tree = shapely.STRtree(np.asarray(points))
    row, at = tree.query(make_valid(basins.geometry.to_numpy()), predicate="intersects")
    number = table.index.to_numpy()[at]
    order = np.lexsort([number, row])
    return row[order].astype(np.int64), number[order].astype(np.int64)


def _inflow(
    terrain: FilledTerrain,
    station: GeometryArray,
    number: IntArray,
    *,
    rain_mm: float | None,
    volume_m3: pd.Series[Any] | None,
) -> Floats:
    """Return the water that comes to the depressions of the stations, in m³."""
    full = terrain.depressions["volume_m3"].reindex(number).to_numpy(dtype=np.float64)
    if rain_mm is None and volume_m3 is None:
        return full
    ground = terrain.contributing_m2().reindex(number).to_numpy(dtype=np.float64)
    if rain_mm is not None:
        return np.asarray(ground * (rain_mm * _M_PER_MM))
    given = _volumes(volume_m3, "volume_m3", station, absent=np.nan)
    all_ground = pd.Series(ground).groupby(station).transform("sum").to_numpy(dtype=np.float64)
    return np.where(np.isnan(given), full, given * ground / all_ground)


def _require_stations(volume_m3: pd.Series[Any] | None, basins: gpd.GeoDataFrame) -> None:
    """Raise if volumes are given for what is no station of a basin."""
    if volume_m3 is None:
        return
    require_type(volume_m3, pd.Series, "volume_m3")
    unknown = volume_m3.index[~volume_m3.index.isin(basins["id_station"])]
    if len(unknown):
        raise LayerError(
            explain("volume_m3", "unknown station", count=len(unknown), ids=unknown,
                    required="id_station of the basins, as index")
        )  # fmt: skip


def _volumes(
    values: pd.Series[Any] | None, name: str, labels: NDArray[Any], *, absent: float = 0.0
) -> Floats:
    """Return volumes by label, where there is one."""
    if values is None:
        return np.full(len(labels), absent)
    require_type(values, pd.Series, name)
    wrong = ~(read_numbers(values, name, negative=True) >= 0) | values.index.duplicated()
    if wrong.any():
        ids = values.index[wrong]
        raise LayerError(
            explain(name, "negative, not a number or given twice", count=len(ids), ids=ids,
                    required="one volume in m³ for each")
        )  # fmt: skip
    return np.asarray(values.reindex(labels).fillna(absent), dtype=np.float64)


def _stand(terrain: FilledTerrain, number: IntArray, inflow: Floats) -> _Water:
    """Return the water that stands in depressions, and what flows over."""
    measures = np.empty((len(number), 4))
    for at, (one, volume) in enumerate(zip(number, inflow, strict=True)):
        curve = build_stage_curve(terrain, int(one))
        level = curve.level_at(volume)
        held = min(float(volume), curve.capacity_m3)
        measures[at] = level, held, curve.area_at(level), volume - held
    levels = pd.Series(measures[:, 0], index=number)
    return _Water(outline_water(terrain, levels).geometry.to_numpy(), number, measures)
