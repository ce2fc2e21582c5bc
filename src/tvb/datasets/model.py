"""One model of a territory: each layer is made when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.datasets import heritage
from tvb.datasets.buildings import build_buildings
from tvb.datasets.communes import grow_communes
from tvb.datasets.facts_files import load_facts
from tvb.datasets.flood import build_depths, build_zones, fine_height
from tvb.datasets.habitats import build_core_areas
from tvb.datasets.land_cover import build_land_cover, road_lines
from tvb.datasets.lines import build_cavaliers, build_corridors, build_cycle_routes
from tvb.datasets.noise import Frame
from tvb.datasets.raster import label_polygons
from tvb.datasets.relief import build_relief
from tvb.datasets.society import build_people, build_watched
from tvb.datasets.stations import build_stations
from tvb.datasets.tables import as_layer, clip_layer
from tvb.datasets.terrain import Terrain, build_terrain
from tvb.errors import ParameterError, explain
from tvb.grid import Grid
from tvb.schema.layers import SCENARIOS

__all__ = ["FACTS", "GRIDS", "MODELLED", "Model", "partition"]

FACTS = (
    "communes", "study_area", "property_elements", "property", "buffer", "terrils", "cavaliers",
    "pits", "estates", "water_bodies",
)  # fmt: skip
"""Layers made of facts, on schematic shapes."""

MODELLED = (
    "core_areas", "corridors", "cycle_routes", "flood_zones", "buildings", "pumping_stations",
    "drained_basins", "watched_objects", "population_grid", "land_cover",
    *(f"flood_depth_{scenario}" for scenario in SCENARIOS), "terrain",
)  # fmt: skip
"""Layers and rasters that are invented."""

GRIDS = MODELLED[MODELLED.index("land_cover") :]
"""Those of them that are rasters."""

_CELL_M = (5.0, 100.0)


@dataclass(frozen=True)
class Model:
    """A territory in the making.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Layer ``communes``, in order of code.
    counts : numpy.ndarray of int64
        Number of buildings of each.
    seed : int
        Seed of everything.
    cell_m : float
        Side of the cells of rasters and floods.
    detail : float
        Raggedness of the floods.
    everywhere : geopandas.GeoDataFrame
        The communes among which the stations are shared out.

    Raises
    ------
    ParameterError
        If the cells or the detail are out of range.
    """

    communes: gpd.GeoDataFrame
    counts: NDArray[Any]
    seed: int
    cell_m: float
    detail: float
    everywhere: gpd.GeoDataFrame

    def __post_init__(self) -> None:
        low, high = _CELL_M
        if not low <= self.cell_m <= high:
            raise ParameterError(
                explain("cell_m", f"{self.cell_m} m", required=f"{low:g} to {high:g} m")
            )
        if not 0.0 <= self.detail <= 10.0:
            raise ParameterError(explain("detail", f"{self.detail}", required="0 to 10"))

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """Return one layer.

        Parameters
        ----------
        name : str
            One of `FACTS` or `MODELLED`, not a raster.

        Returns
        -------
        geopandas.GeoDataFrame
            Valid for its schema.
        """
        if name == "communes":
            return self.communes.copy()
        if name in FACTS and name != "study_area":
            return self._facts(name)
        frame: gpd.GeoDataFrame = getattr(self, name)
        return frame

    def grid(self, name: str) -> Grid:
        """Return one raster.

        Parameters
        ----------
        name : str
            One of `GRIDS`.

        Returns
        -------
        Grid
            On the cells of `frame`.
        """
        if name == "terrain":
            # A basin of a neighbour may reach across the border.
            basins = self._all_stations[1].geometry.to_numpy()
            return build_relief(
                self.height_m, self.inside, self.frame, basins=basins, seed=self.seed
            )
        if name != "land_cover":
            return self._depths[name]
        return build_land_cover(
            self.terrain, self.frame, self.inside, roads=self.roads,
            water=objects(self.seed)["water_bodies"].geometry.to_numpy(),
            terrils=objects(self.seed)["terrils"].geometry.to_numpy(),
        )  # fmt: skip

    @cached_property
    def _depths(self) -> dict[str, Grid]:
        return build_depths(self.height_m, self.inside, self.frame)

    @cached_property
    def outline(self) -> Any:
        """Union of the communes."""
        return shapely.union_all(self.communes.geometry.to_numpy())

    @cached_property
    def frame(self) -> Frame:
        """Cells of the rasters."""
        return Frame.around(self.communes.total_bounds, self.cell_m)

    @cached_property
    def inside(self) -> NDArray[Any]:
        """Cells whose centre lies in a commune."""
        return label_polygons(self.frame, self.communes.geometry.to_numpy()) > 0

    @cached_property
    def towns(self) -> pd.DataFrame:
        """Centres of the communes of the facts, and of those of the user that are not there."""
        facts = load_facts("communes")[["insee", "population", "x", "y"]]
        others = self.communes[~self.communes["insee"].isin(facts["insee"])]
        inner = shapely.get_coordinates(shapely.point_on_surface(others.geometry.to_numpy()))
        more = others[["insee", "population"]].assign(x=inner[:, 0], y=inner[:, 1])
        return pd.concat([facts, more], ignore_index=True) if len(more) else facts

    @cached_property
    def terrain(self) -> Terrain:
        """The modelled ground."""
        return build_terrain(self.communes.total_bounds, self.towns, seed=self.seed)

    @cached_property
    def height_m(self) -> NDArray[Any]:
        """Height above the nearest river on the cells of the rasters."""
        return fine_height(self.terrain, self.frame, detail=self.detail)

    @cached_property
    def roads(self) -> NDArray[Any]:
        """Roads between towns."""
        return road_lines(self.towns, seed=self.seed)

    @cached_property
    def study_area(self) -> gpd.GeoDataFrame:
        """Layer of the same name, like those below."""
        table = pd.DataFrame({"nom": ["Périmètre d'étude"]})
        return as_layer(table, _array([self.outline]), "study_area")

    @cached_property
    def core_areas(self) -> gpd.GeoDataFrame:
        """Larger woods and wetlands."""
        return build_core_areas(self.terrain, self.communes, self.outline)

    @cached_property
    def corridors(self) -> gpd.GeoDataFrame:
        """Rivers, cavaliers, chains of woods and of terrils."""
        facts = objects(self.seed)
        lines = build_corridors(
            rivers=self.terrain.rivers, cavaliers=facts["cavaliers"],
            core_areas=self.core_areas, terrils=facts["terrils"], seed=self.seed,
        )  # fmt: skip
        return clip_layer(lines, self.outline)

    @cached_property
    def cycle_routes(self) -> gpd.GeoDataFrame:
        """Towpaths, greenways, links along roads."""
        cavaliers = objects(self.seed)["cavaliers"]
        routes = build_cycle_routes(self.terrain.rivers, cavaliers, self.roads, seed=self.seed)
        return clip_layer(routes, self.outline)

    @cached_property
    def flood_zones(self) -> gpd.GeoDataFrame:
        """Ground under water in each scenario."""
        return build_zones(self.height_m, self.frame, self.outline)

    @cached_property
    def buildings(self) -> gpd.GeoDataFrame:
        """Modelled buildings."""
        facts = objects(self.seed)
        avoid = pd.concat([facts["terrils"].geometry, facts["water_bodies"].geometry])
        return build_buildings(self.communes, self.counts, self.terrain, avoid=avoid.to_numpy())

    @cached_property
    def _all_stations(self) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
        return build_stations(self.everywhere, seed=self.seed)

    @cached_property
    def _stations(self) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
        both = self._all_stations
        mine = both[0]["id_station"].str[len("MODELE_S") :].str[:5].isin(self.communes["insee"])
        stations, basins = (frame[mine].reset_index(drop=True) for frame in both)
        return stations, basins

    @property
    def pumping_stations(self) -> gpd.GeoDataFrame:
        """Pumping stations."""
        return self._stations[0]

    @property
    def drained_basins(self) -> gpd.GeoDataFrame:
        """Ground that each station keeps dry."""
        return self._stations[1]

    @cached_property
    def watched_objects(self) -> gpd.GeoDataFrame:
        """Town halls, schools, homes, fire stations, plants."""
        return build_watched(self.buildings, self.communes, seed=self.seed)

    @cached_property
    def population_grid(self) -> gpd.GeoDataFrame:
        """People who live in the modelled buildings; those of a selection of communes only."""
        return build_people(self.buildings, self.communes)

    def _facts(self, name: str) -> gpd.GeoDataFrame:
        """Return a layer made of facts, or what of it touches a selection of communes."""
        frame = buffer_zone(self.seed) if name == "buffer" else objects(self.seed)[name]
        if len(self.communes) == len(self.everywhere):
            return frame.copy()
        if name == "buffer":
            return clip_layer(frame, self.outline)
        touching = shapely.intersects(self.outline, frame.geometry.to_numpy())
        return frame[touching].reset_index(drop=True)


@lru_cache(maxsize=2)
def partition(seed: int) -> gpd.GeoDataFrame:
    """Return the 330 communes on schematic shapes; not to be modified.

    Parameters
    ----------
    seed : int
        Seed of the model.

    Returns
    -------
    geopandas.GeoDataFrame
        Layer ``communes`` in order of code.
    """
    return grow_communes(load_facts("communes"), seed=seed)


@lru_cache(maxsize=2)
def objects(seed: int) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers made of facts other than communes and buffer; not to be modified.

    Parameters
    ----------
    seed : int
        Seed of the model.

    Returns
    -------
    dict of str to geopandas.GeoDataFrame
        Keyed by the name of their schema.
    """
    terrils = heritage.build_terrils(seed=seed)
    estates = heritage.build_estates(seed=seed)
    water = heritage.build_water_bodies(seed=seed)
    elements = heritage.build_elements([terrils, estates, water], seed=seed)
    return {
        "property_elements": elements,
        "property": heritage.build_property(elements),
        "terrils": terrils,
        "cavaliers": build_cavaliers(),
        "pits": heritage.build_pits(),
        "estates": estates,
        "water_bodies": water,
    }


@lru_cache(maxsize=2)
def buffer_zone(seed: int) -> gpd.GeoDataFrame:
    """Return the buffer zone; not to be modified.

    Parameters
    ----------
    seed : int
        Seed of the model.

    Returns
    -------
    geopandas.GeoDataFrame
        Layer ``buffer``.
    """
    outline = shapely.union_all(partition(seed).geometry.to_numpy())
    return heritage.build_buffer(objects(seed)["property"], outline)


def _array(shapes: list[Any]) -> NDArray[Any]:
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return array
