"""Restored wetlands as a counter-scenario: the water that they keep lowers the basins below them.

What is assumed: a wetland is empty when the water comes, receives enough of it, and keeps all that
it can hold until the end; what it keeps is missing, to the last cubic metre, in the depression to
which its ground drains; the ground of that depression stays as it is. The gain is therefore the
most that such a restoration can bring.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.display import frame_table
from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.basins import flood_basins
from tvb.flood.checks import is_number, read_numbers, require_columns
from tvb.flood.exposure import flag_exposed_buildings
from tvb.flood.rules import DEFAULT_RULE, CountingRule
from tvb.flood.stations import build_station_failures
from tvb.flood.terrain import FilledTerrain, require_terrain
from tvb.geometry.arrays import GeometryArray, IntArray, polygon_parts
from tvb.schema import require_polygons
from tvb.schema.declare import CRS

__all__ = ["CounterScenario", "counter_scenario", "measure_storage"]

_DEPTH = "profondeur_m"
_BALANCE = ("level_m", "volume_m3", "area_m2", "overflow_m3")


def measure_storage(
    wetlands: gpd.GeoDataFrame,
    terrain: FilledTerrain,
    *,
    protected: gpd.GeoDataFrame | None = None,
    depth_m: float | None = None,
) -> gpd.GeoDataFrame:
    """Return the water that restored wetlands can keep away from depressions.

    Parameters
    ----------
    wetlands : geopandas.GeoDataFrame
        Ground that could be restored (polygons), EPSG:2154; with ``profondeur_m``, the depth of
        water that it can hold on average, unless `depth_m` is given. Ground in several wetlands
        counts once, in the deepest.
    terrain : FilledTerrain
        From `tvb.flood.fill_depressions`.
    protected : geopandas.GeoDataFrame, optional
        Polygons, EPSG:2154: only what lies in them is restored.
    depth_m : float, optional
        The same depth for all.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for each separate piece of ground, EPSG:2154, in the order of the wetlands:
        ``wetland`` (label in their index), ``depth_m``, ``area_m2``, ``stored_m3``, and
        ``depression``, the one to which a point inside it drains; null where it drains to none.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a frame is not of polygons, the terrain is not one with its depressions, or a wetland has
        no depth, or one that is not a number from 0 on.
    ParameterError
        If the depth for all is negative.
    """
    require_polygons(wetlands, "wetlands")
    require_terrain(terrain)
    depth = _depths(wetlands, depth_m)
    geometry = wetlands.geometry.to_numpy()
    if protected is not None:
        require_polygons(protected, "protected")
        kept, _ = polygon_parts(protected.geometry.to_numpy())
        parts, row = polygon_parts(geometry)
        parts, again = polygon_parts(shapely.intersection(parts, shapely.union_all(kept)))
        row = row[again]
    else:
        parts, row = polygon_parts(geometry)
    parts, row = _count_once(parts, row, depth)
    area = shapely.area(parts)
    # Pieces of a wetland from west to east, whatever way it was cut.
    order = np.lexsort((area, *shapely.bounds(parts).reshape(-1, 4).T[:2], row))
    parts, row, area = parts[order], row[order], area[order]
    number = pd.Series(_drains_to(parts, terrain), dtype="Int64")
    return gpd.GeoDataFrame(
        {
            "wetland": wetlands.index.take(row), "depth_m": depth[row], "area_m2": area,
            "stored_m3": area * depth[row], "depression": number.where(number > 0),
        },
        geometry=parts, crs=CRS,
    )  # fmt: skip


def counter_scenario(
    basins: gpd.GeoDataFrame,
    terrain: FilledTerrain,
    storage: gpd.GeoDataFrame,
    *,
    rain_mm: float | None = None,
    volume_m3: pd.Series[Any] | None = None,
    min_depth_m: float = 0.0,
) -> CounterScenario:
    """Return the water in undrained basins without and with restored wetlands.

    Parameters
    ----------
    basins, terrain, rain_mm, volume_m3, min_depth_m
        As in `tvb.flood.flood_basins`.
    storage : geopandas.GeoDataFrame
        From `measure_storage`.

    Returns
    -------
    CounterScenario
        Zones before and after, and the balance of water between them.

    Raises
    ------
    CrsError, LayerError, ParameterError
        As `tvb.flood.flood_basins` does, and if the storage is not from `measure_storage`.

    Notes
    -----
    Water that stands after = water that comes − water stored, down to nothing; its level is read
    from the curve of the depression (`tvb.flood.StageCurve`). Where more comes than the depression
    holds, storage first takes from the overflow and the level may not change. Where nothing is said
    of the water that comes, the depression is just full.
    """
    require_terrain(terrain)
    require_columns(
        storage, "storage", "depression", "stored_m3",
        remedy="tvb.flood.measure_storage(wetlands, terrain)",
    )  # fmt: skip
    kept = storage.dropna(subset=["depression"]).groupby("depression")["stored_m3"].sum()
    options: dict[str, Any] = {
        "rain_mm": rain_mm, "volume_m3": volume_m3, "min_depth_m": min_depth_m
    }  # fmt: skip
    before = flood_basins(basins, terrain, **options)
    after = flood_basins(basins, terrain, stored_m3=kept, **options)
    columns = {"stored_m3": kept.reindex(before["depression"]).fillna(0.0).to_numpy()}
    for name in _BALANCE:
        columns |= {
            f"{name}_before": before[name].to_numpy(),
            f"{name}_after": after[name].to_numpy(),
        }
    balance = before[["id_station", "depression", "source"]].assign(**columns)
    return CounterScenario(before, after, balance)


@dataclass(frozen=True, slots=True, repr=False)
class CounterScenario:
    """Water in undrained basins without and with restored wetlands.

    Parameters
    ----------
    before, after : geopandas.GeoDataFrame
        From `tvb.flood.flood_basins`, row by row the same basins and depressions.
    balance : pandas.DataFrame
        Row by row: ``id_station``, ``depression``, ``source``, ``stored_m3`` and, before and after,
        ``level_m``, ``volume_m3``, ``area_m2``, ``overflow_m3``, null for a basin without terrain,
        in which nothing changes.
    """

    before: gpd.GeoDataFrame
    after: gpd.GeoDataFrame
    balance: pd.DataFrame

    def __repr__(self) -> str:
        lower = (self.balance["level_m_after"] < self.balance["level_m_before"]).sum()
        return f"<CounterScenario: {len(self.balance)} rows of basins, {lower} with lower water>"

    def _repr_html_(self) -> str:
        then = (".balance", ".flag_spared(buildings)", ".count_spared(buildings, communes)")
        shown = ["id_station", "stored_m3", "level_m_before", "level_m_after", "area_m2_before",
                 "area_m2_after"]  # fmt: skip
        return frame_table(self, self.balance[shown], then=then)

    def flag_spared(
        self, buildings: gpd.GeoDataFrame, *, rule: CountingRule = DEFAULT_RULE
    ) -> pd.DataFrame:
        """Return which buildings no longer flood when all stations fail.

        Parameters
        ----------
        buildings : geopandas.GeoDataFrame
            Footprints (polygons), EPSG:2154.
        rule : CountingRule
            What floods a building; what it leaves out is flagged too.

        Returns
        -------
        pandas.DataFrame
            Boolean ``before``, ``after`` and ``spared``, on the index of the buildings.

        Raises
        ------
        CrsError
            If the buildings are not in EPSG:2154.
        """
        flags = {
            name: flag_exposed_buildings(
                buildings, zones.assign(scenario=name),
                rule=rule.exposure, min_share=rule.min_share, scenarios=[name],
            )[name]
            for name, zones in (("before", self.before), ("after", self.after))
        }  # fmt: skip
        table = pd.DataFrame(flags)
        return table.assign(spared=table["before"] & ~table["after"])

    def count_spared(
        self,
        buildings: gpd.GeoDataFrame,
        communes: gpd.GeoDataFrame,
        *,
        people: pd.Series[Any] | None = None,
        rule: CountingRule = DEFAULT_RULE,
    ) -> pd.DataFrame:
        """Return what no longer floods when each station fails alone.

        Parameters
        ----------
        buildings, communes, people, rule
            As in `tvb.flood.build_station_failures`.

        Returns
        -------
        pandas.DataFrame
            One row for each station: the columns of `StationFailures.count_by_station`, each with
            ``_before``, ``_after`` and ``_spared``, the difference of the two; and the rule.

        Raises
        ------
        CrsError, LayerError
            As `tvb.flood.build_station_failures` does.
        """
        tables = [
            build_station_failures(
                buildings, zones, communes, people=people, rule=rule
            ).count_by_station()
            for zones in (self.before, self.after)
        ]
        before, after = (table.select_dtypes("number") for table in tables)
        columns = {}
        for name in before:
            columns[f"{name}_before"], columns[f"{name}_after"] = before[name], after[name]
            columns[f"{name}_spared"] = before[name] - after[name]
        return pd.DataFrame(columns).assign(**rule.describe())


def _depths(wetlands: gpd.GeoDataFrame, depth_m: float | None) -> NDArray[np.float64]:
    if depth_m is None and _DEPTH not in wetlands.columns:
        raise LayerError(
            explain("wetlands", f"column « {_DEPTH} » is missing",
                    remedy="give depth_m, one depth for all")
        )  # fmt: skip
    if depth_m is not None:
        if not (is_number(depth_m) and 0 <= depth_m < np.inf):
            raise ParameterError(explain("depth_m", f"is {depth_m}", required="0 or more"))
        return np.full(len(wetlands), float(depth_m))
    depth = read_numbers(wetlands[_DEPTH], "wetlands", negative=True)
    wrong = ~(depth >= 0)
    if wrong.any():
        raise LayerError(
            explain("wetlands", f"« {_DEPTH} » negative or unknown", count=int(wrong.sum()),
                    ids=wetlands.index[wrong], required="metres, 0 or more")
        )  # fmt: skip
    return depth


def _count_once(
    parts: GeometryArray, row: IntArray, depth: NDArray[np.float64]
) -> tuple[GeometryArray, IntArray]:
    """Return parts that do not overlap: the deepest keep the ground, of equals the first."""
    names = shapely.to_wkb(shapely.normalize(parts))
    order = np.array(sorted(range(len(parts)), key=lambda i: (-depth[row[i]], names[i])), dtype=int)
    parts, row = parts[order], row[order]
    later, earlier = shapely.STRtree(parts).query(parts, predicate="intersects")
    own = parts.copy()
    for at in np.unique(later[earlier < later]):
        taken = parts[earlier[(later == at) & (earlier < at)]]
        own[at] = shapely.difference(parts[at], shapely.union_all(taken))
    pieces, of = polygon_parts(own)
    return pieces, row[of]


def _drains_to(parts: GeometryArray, terrain: FilledTerrain) -> IntArray:
    """Return the depression to which a point inside each part drains; 0 for none."""
    points = shapely.get_coordinates(shapely.point_on_surface(parts)).reshape(-1, 2)
    row, column = terrain.catchment.cell_of(points[:, 0], points[:, 1])
    number = terrain.catchment.values[row, column].astype(np.int64)
    return np.where(row < 0, 0, number)
