"""What a study says of people, of the indicators of the national guides, and of depths."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb import flood
from tvb.flood.population import VULNERABLE
from tvb.schema.hazard import DEPTH_CLASSES
from tvb.study.config import Study
from tvb.study.counting import counting_rule
from tvb.study.store import Store
from tvb.territory import Territory, worst_nature

__all__ = [
    "DEPTH_RULE",
    "PEOPLE_KNOWN",
    "PLAUSIBLE_PEOPLE",
    "raster_names",
    "spread_people",
    "write_depths",
    "write_indicators",
    "write_people",
]

DEPTH_RULE = "depth > 0"
"""What exposes a building in the table of depths."""

PEOPLE_KNOWN = "people_known_dwellings"
"""Column of the people in buildings whose number of dwellings is known."""

PLAUSIBLE_PEOPLE = (1.0, 4.0)
"""People per dwelling between which a spread is believed, a rule of thumb.

INSEE counts 1.9 to 2.3 people per household by department of mainland France (2022), 2.32 in
Pas-de-Calais (2019) and 3.37 there in 1968; vacant and second homes lower the number per dwelling.
"""

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
    buildings = territory["buildings"]
    known = buildings["nombre_de_logements"].gt(0).fillna(value=False).to_numpy(dtype=bool)
    added = spread.table.assign(**{PEOPLE_KNOWN: spread.people.where(known, 0.0)})
    table = flood.count_by_commune(buildings, flags, territory["communes"], rule=rule, people=added)
    shown = table[["buildings", "dwellings", "dwellings_unknown", *added.columns, *_TOLD]]
    store.write_table("tables/people", shown.assign(nature=nature))
    store.write_table("tables/people_basis", spread.summary().assign(nature=nature))
    store.write_table("tables/people_cells", spread.cells.astype({"basis": "str"}))
    basis = worst_nature(territory.sources_of("buildings", "communes", "population_grid"))
    natures = {"nature": basis, "buildings_nature": worst_nature(territory.sources_of("buildings"))}
    store.write_json("tables/people.json", _sum_up(buildings, spread, known) | natures)


def _sum_up(
    buildings: gpd.GeoDataFrame, spread: flood.PopulationSpread, known: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return on how many buildings and dwellings the people of the grid were spread."""
    got = spread.people.gt(0).to_numpy()
    dwellings = int(buildings.loc[got & known, "nombre_de_logements"].sum())
    low, high = PLAUSIBLE_PEOPLE
    ratio = round(float(spread.people[got & known].sum()) / dwellings, 2) if dwellings else None
    return {
        "cells": len(spread.cells),
        "people": round(float(spread.cells["people"].sum()), 1),
        "spread": round(float(spread.cells["spread"].sum()), 1),
        "buildings": int(got.sum()),
        "dwellings": dwellings,
        "buildings_dwellings_unknown": int((got & ~known).sum()),
        "people_per_dwelling": ratio,
        "plausible_from": low,
        "plausible_to": high,
        "plausible": None if ratio is None else low <= ratio <= high,
    }


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
    rule = counting_rule(study)
    tables = [
        _count_depths(buildings, found.scenario(scenario), communes, scenario=scenario, rule=rule)
        for scenario in found.account.index
    ]
    table = pd.concat(tables).sort_index(level=["insee", "scenario"], sort_remaining=False)
    order = [*communes["insee"].sort_values(), flood.OUTSIDE]
    table = table.reindex(order, level="insee")
    nature = worst_nature(territory.sources_of("buildings", "communes", *names))
    told = {"floor_height_m": study.flood.floor_height_m, "nature": nature}
    store.write_table("tables/depths", table.assign(**told))
    wet = [_list_wet(buildings, found.scenario(s), str(s)) for s in found.account.index]
    each = pd.concat(wet).sort_values(["cleabs", "scenario"], kind="stable")
    store.write_table("tables/depths_buildings", each.assign(rule=DEPTH_RULE, **told), index=False)
    store.write_table("tables/depths_account", found.account)


def _list_wet(buildings: gpd.GeoDataFrame, depth: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """Return the buildings under water in a scenario, those that counts leave out among them."""
    wet = depth["depth_max_m"].gt(0).to_numpy(dtype=bool)
    columns = {
        "cleabs": buildings["cleabs"][wet],
        "scenario": scenario,
        "depth_max_m": depth["depth_max_m"][wet].round(3),
        "depth_door_m": depth["depth_door_m"][wet].round(3),
    }
    return pd.DataFrame(columns)


def _count_depths(
    buildings: gpd.GeoDataFrame,
    depth: pd.DataFrame,
    communes: gpd.GeoDataFrame,
    *,
    scenario: str,
    rule: flood.CountingRule,
) -> pd.DataFrame:
    """Return the buildings under water in each commune, by class of their largest depth."""
    classes = flood.classify_depth(depth["depth_max_m"])
    parts = {f"buildings_{name}": classes.eq(name).astype(float) for name in DEPTH_CLASSES}
    parts["buildings_above_floor"] = depth["depth_door_m"].gt(0).astype(float)
    wet = pd.DataFrame({scenario: depth["depth_max_m"].gt(0)})
    table = flood.count_by_commune(buildings, wet, communes, rule=rule, people=pd.DataFrame(parts))
    told = {name: table[name].round().astype(np.int64) for name in parts}
    shown: dict[str, Any] = {
        **{name: table[name] for name in ("buildings", "dwellings", "dwellings_unknown")},
        **told,
        **{name: table[name] for name in ("buildings_excluded", "exclude", "attribution")},
    }
    return pd.DataFrame(shown).assign(rule=DEPTH_RULE)
