"""What a study says of people, of the indicators of the national guides, and of depths."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from tvb import flood
from tvb.flood.population import VULNERABLE
from tvb.schema.hazard import DEPTH_CLASSES
from tvb.study.config import Study
from tvb.study.store import Store
from tvb.territory import Territory, worst_nature

__all__ = [
    "DEPTH_RULE",
    "raster_names",
    "spread_people",
    "write_depths",
    "write_indicators",
    "write_people",
]

DEPTH_RULE = "depth > 0"
"""What exposes a building in the table of depths."""

_DEPTH = "flood_depth_"
_TOLD = ("rule", "exclude", "attribution")


def raster_names(store: Store) -> list[str]:
    """Return the names of the rasters that the first step wrote.

    Parameters
    ----------
    store : Store
        Folder of the run.

    Returns
    -------
    list of str
        In the order of the territory.
    """
    return list(store.read_json("layers/territory.json")["rasters"])


def spread_people(territory: Territory) -> flood.PopulationSpread | None:
    """Return the people of each building of a study.

    Parameters
    ----------
    territory : Territory
        ``buildings``, ``communes`` and, where it has one, ``population_grid``.

    Returns
    -------
    PopulationSpread or None
        With the vulnerable groups of which the grid holds a number; cells partly outside the
        communes give the share of their area inside. None without a grid.
    """
    grid = territory.layers.get("population_grid")
    if grid is None:
        return None
    told = [name for name in VULNERABLE if grid[name].notna().any()]
    return flood.spread_population(
        territory["buildings"], grid, variables=told, territory=territory["communes"]
    )


def write_people(
    territory: Territory,
    flags: pd.DataFrame,
    store: Store,
    *,
    rule: flood.CountingRule,
    spread: flood.PopulationSpread,
) -> None:
    """Write the people exposed in each commune and scenario, and what became of every cell.

    Parameters
    ----------
    territory : Territory
        ``buildings``, ``communes``, ``population_grid``, ``flood_zones``.
    flags : pandas.DataFrame
        Exposed buildings, by scenario.
    store : Store
        Folder of the run.
    rule : CountingRule
        Rule of the study.
    spread : PopulationSpread
        From `spread_people`.
    """
    nature = worst_nature(
        territory.sources_of("buildings", "flood_zones", "communes", "population_grid")
    )
    table = flood.count_by_commune(
        territory["buildings"], flags, territory["communes"], rule=rule, people=spread.table
    )
    shown = table[["buildings", *spread.table.columns, *_TOLD]]
    store.write_table("tables/people", shown.assign(nature=nature))
    store.write_table("tables/people_basis", spread.summary().assign(nature=nature))
    store.write_table("tables/people_cells", spread.cells.astype({"basis": "str"}))


def write_indicators(
    territory: Territory,
    flags: pd.DataFrame,
    store: Store,
    *,
    rule: flood.CountingRule,
    spread: flood.PopulationSpread | None,
) -> None:
    """Write the indicators of the national guides; those that need a layer that is absent are null.

    Parameters
    ----------
    territory : Territory
        ``buildings``, ``flood_zones``, ``communes``, and any of ``watched_objects``,
        ``listed_buildings``, ``property_elements`` and ``property``.
    flags : pandas.DataFrame
        Exposed buildings, by scenario.
    store : Store
        Folder of the run.
    rule : CountingRule
        Rule of the study.
    spread : PopulationSpread, optional
        From `spread_people`.
    """
    heritage = ("listed_buildings", "property_elements", "property")
    given = {name: territory[name] for name in heritage if name in territory}
    used = ["buildings", "flood_zones", "communes", *given]
    if "watched_objects" in territory:
        given |= flood.split_watched_objects(territory["watched_objects"])
        used.append("watched_objects")
    used += ["population_grid"] if spread is not None else []
    table = flood.measure_indicators(
        territory["buildings"],
        territory["flood_zones"],
        territory["communes"],
        exposure=flags,
        rule=rule,
        people=None if spread is None else spread.table,
        layers=given,
    )
    nature = worst_nature(territory.sources_of(*used))
    store.write_table("tables/indicators", table.assign(nature=nature))


def write_depths(study: Study, territory: Territory, store: Store) -> None:
    """Write how deep the water is at the buildings, where the study has rasters of depth.

    Parameters
    ----------
    study : Study
        Section ``flood``.
    territory : Territory
        ``buildings``, ``communes``.
    store : Store
        Folder of the run. Each ``flood_depth_<scenario>`` is a scenario.
    """
    names = [name for name in raster_names(store) if name.startswith(_DEPTH)]
    if not names:
        return
    buildings, communes = territory["buildings"], territory["communes"]
    found = flood.measure_depth(
        buildings,
        {name.removeprefix(_DEPTH): store.read_raster(name) for name in names},
        statistics=("max", "door"),
        floor_height_m=study.flood.floor_height_m,
    )
    tables = [
        _count_depths(buildings, found.scenario(scenario), communes, scenario=scenario)
        for scenario in found.account.index
    ]
    table = pd.concat(tables).sort_index(level=["insee", "scenario"], sort_remaining=False)
    order = [*communes["insee"].sort_values(), flood.OUTSIDE]
    table = table.reindex(order, level="insee")
    nature = worst_nature(territory.sources_of("buildings", "communes", *names))
    store.write_table("tables/depths", table.assign(nature=nature))
    store.write_table("tables/depths_account", found.account)


def _count_depths(
    buildings: gpd.GeoDataFrame, depth: pd.DataFrame, communes: gpd.GeoDataFrame, *, scenario: str
) -> pd.DataFrame:
    """Return the buildings under water in each commune, by class of their largest depth."""
    classes = flood.classify_depth(depth["depth_max_m"])
    parts = {f"buildings_{name}": classes.eq(name).astype(float) for name in DEPTH_CLASSES}
    parts["buildings_above_floor"] = depth["depth_door_m"].gt(0).astype(float)
    wet = pd.DataFrame({scenario: depth["depth_max_m"].gt(0)})
    table = flood.count_by_commune(buildings, wet, communes, people=pd.DataFrame(parts))
    told = {name: table[name].round().astype(np.int64) for name in parts}
    shown: dict[str, Any] = {
        **{name: table[name] for name in ("buildings", "dwellings", "dwellings_unknown")},
        **told,
        **{name: table[name] for name in ("buildings_excluded", "exclude", "attribution")},
    }
    return pd.DataFrame(shown).assign(rule=DEPTH_RULE)
