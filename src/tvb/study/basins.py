"""Water in the basins of a study that are no longer drained: from its terrain, or as drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from tvb import flood
from tvb.grid import Grid
from tvb.study.config import Study
from tvb.study.people import raster_names
from tvb.study.store import Store

__all__ = ["Water", "find_water"]

_TERRAIN = "terrain"
_DIGITS = {"level_m": 3, "volume_m3": 1, "area_m2": 1, "overflow_m3": 1}


@dataclass(frozen=True)
class Water:
    """Ground under water, basin by basin.

    Parameters
    ----------
    ground : geopandas.GeoDataFrame
        From `tvb.flood.flood_basins`: one row for each basin and hollow of it, with ``source``
        ("terrain" or "polygon").
    how : {"outline", "relief", "drawn"}
        How levels were found; "drawn" where the study has no terrain, too.
    depth : Grid, optional
        Depth of water where a level is known.
    """

    ground: gpd.GeoDataFrame
    how: str
    depth: Grid | None = None

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers used besides the basins."""
        return () if self.depth is None else (_TERRAIN,)

    def by_station(self) -> pd.DataFrame:
        """Return what is known of the water of each station.

        Returns
        -------
        pandas.DataFrame
            On the index ``id_station``: ``source`` ("terrain", "polygon", or both, joined);
            ``level_m``, the highest level; ``volume_m3`` and ``area_m2`` of the water, null for a
            polygon.
        """
        rows = self.ground.groupby("id_station")
        source = rows["source"].agg(lambda s: ", ".join(sorted(set(s), reverse=True)))
        sums = rows[["volume_m3", "area_m2"]].sum(min_count=1)
        level_m = rows["level_m"].max()
        return pd.DataFrame({"source": source, "level_m": level_m}).join(sums)

    def flag_above_floor(
        self, buildings: gpd.GeoDataFrame, floor_height_m: float
    ) -> pd.Series[Any] | None:
        """Return whether water stands above the floor of each building at its door.

        Parameters
        ----------
        buildings : geopandas.GeoDataFrame
            Footprints, EPSG:2154.
        floor_height_m : float
            Height of the floor above the ground.

        Returns
        -------
        pandas.Series or None
            On the index of the buildings, with all basins under water; None where no level is
            known.
        """
        if self.depth is None:
            return None
        found = flood.measure_depth(
            buildings, self.depth, statistics=("door",), floor_height_m=floor_height_m
        )
        return found.scenario(self.depth.name)["depth_door_m"].gt(0)


def find_water(study: Study, store: Store, basins: gpd.GeoDataFrame) -> Water:
    """Return the water that stands in basins that are no longer drained.

    Parameters
    ----------
    study : Study
        Section ``flood``: ``basin_water``, ``min_depth_m``.
    store : Store
        Folder of the run, with the raster ``terrain`` where the study has one.
    basins : geopandas.GeoDataFrame
        Layer ``drained_basins``.

    Returns
    -------
    Water
        A basin in which the terrain has no hollow stands as it was drawn, and says so.
    """
    how = study.flood.basin_water
    if how == "drawn" or _TERRAIN not in raster_names(store) or basins.empty:
        return Water(flood.flood_basins(basins), "drawn")
    ground = store.read_raster(_TERRAIN)
    relief = ground if how == "relief" else flood.isolate_basins(ground, basins)
    terrain = flood.fill_depressions(relief)
    water = flood.flood_basins(basins, terrain, min_depth_m=study.flood.min_depth_m)
    # Heights of the ground may have few digits: 31.16 is not 31.159999847.
    water = water.round(_DIGITS)
    return Water(water, how, terrain.depth())
