"""The steps about flooding: who is exposed, how sure that is, and what fails with the pumps."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd

from tvb import flood
from tvb.flood.groups import attribute_buildings
from tvb.study.basins import Water, find_water
from tvb.study.config import Study
from tvb.study.counting import counting_rule, write_sensitivity
from tvb.study.exposed import HAZARD_LAYERS, expose_buildings, write_buildings, write_groups
from tvb.study.people import spread_people, write_depths, write_indicators, write_people
from tvb.study.store import Store
from tvb.territory import Territory, worst_nature

__all__ = ["write_exposure", "write_stations"]

_WORST = 3
_WHOLE = "every building"


def write_exposure(study: Study, store: Store) -> None:
    """Write who is exposed by the rule of the study, and by every other rule.

    Parameters
    ----------
    study : Study
        Section ``flood``.
    store : Store
        Folder of the run, with the layers of the first step.
    """
    territory = store.territory(
        *HAZARD_LAYERS, "population_grid", "watched_objects", "listed_buildings",
        "property_elements", "property",
    )  # fmt: skip
    rule = counting_rule(study)
    spread = spread_people(territory)
    people = None if spread is None else spread.people
    exposed = expose_buildings(territory, rule, people=people)
    territory = exposed.territory
    buildings, zones, communes = (territory[n] for n in ("buildings", "flood_zones", "communes"))
    exposure = flood.count_by_commune(
        buildings, exposed.measures, communes, rule=rule, people=people
    )
    nature = exposed.nature_with()
    store.write_table("tables/exposure", exposure.assign(nature=nature))
    write_buildings(exposed, store)
    write_groups(exposed, exposure, store)
    _write_totals(territory, store, rule)
    write_sensitivity(
        study, store, buildings=buildings, zones=zones, communes=communes, nature=nature
    )
    if spread is not None:
        write_people(territory, exposed.flags, store, rule=rule, spread=spread)
    write_indicators(territory, exposed.flags, store, rule=rule, spread=spread)
    write_depths(study, territory, store)


def _write_totals(territory: Territory, store: Store, rule: flood.CountingRule) -> None:
    """Write how many buildings of each commune a count takes in, exposed or not."""
    buildings, communes = territory["buildings"], territory["communes"]
    excluded = flood.flag_excluded_buildings(buildings, exclude=rule.exclude).any(axis=1)
    counted = buildings[~excluded.to_numpy(dtype=bool)]
    insee = attribute_buildings(counted, communes, rule.attribution)
    totals = insee.value_counts().reindex(communes["insee"], fill_value=0)
    table = totals.rename_axis("insee").to_frame("buildings")
    nature = worst_nature(territory.sources_of("buildings", "communes"))
    told = {**rule.describe(), "rule": _WHOLE, "nature": nature}
    store.write_table("tables/buildings", table.assign(**told))


def write_stations(study: Study, store: Store) -> None:
    """Write what the failure of each pumping station floods, and of the worst few together.

    Parameters
    ----------
    study : Study
        Section ``flood``.
    store : Store
        Folder of the run, with the layers of the first step.
    """
    territory = store.territory(
        "buildings", "drained_basins", "pumping_stations", "communes", "population_grid"
    )
    water = find_water(study, store, territory["drained_basins"])
    spread = spread_people(territory)
    failures = _failures(study, territory, water.ground, spread=spread)
    drawn = _failures(study, territory, territory["drained_basins"])
    table = _count_failures(study, territory, water, failures=failures, drawn=drawn)
    used = ["buildings", "drained_basins", "pumping_stations", "communes", *water.layers]
    used += ["population_grid"] if spread is not None else []
    sources = territory.sources_of(*used)
    nature = worst_nature(sources)
    store.write_table("tables/stations", table.assign(nature=nature).sort_values("rank"))
    by_commune = failures.count_by_station_and_commune().assign(nature=nature)
    store.write_table("tables/stations_communes", by_commune[by_commune["buildings"] > 0])
    store.write_table("tables/stations_pairs", failures.count_by_pair().assign(nature=nature))
    plain = pd.DataFrame(water.ground.drop(columns=["geometry", "scenario"]))
    store.write_table("tables/basins", plain.assign(nature=nature), index=False)
    store.write_layer("basins_water", water.ground, sources)
    found = _sum_up(failures, water, table, drawn=drawn)
    store.write_json("tables/stations.json", found | failures.rule.describe() | {"nature": nature})


def _failures(
    study: Study,
    territory: Territory,
    basins: gpd.GeoDataFrame,
    *,
    spread: flood.PopulationSpread | None = None,
    buildings: gpd.GeoDataFrame | None = None,
) -> flood.StationFailures:
    return flood.build_station_failures(
        territory["buildings"] if buildings is None else buildings,
        basins,
        territory["communes"],
        stations=territory["pumping_stations"],
        people=None if spread is None else spread.people,
        rule=counting_rule(study),
    )


def _count_failures(
    study: Study,
    territory: Territory,
    water: Water,
    *,
    failures: flood.StationFailures,
    drawn: flood.StationFailures,
) -> pd.DataFrame:
    """Return a row for each station: what it floods, how that was found, and how deep."""
    ranks = failures.rank_stations().reset_index().set_index("id_station")
    table = failures.count_by_station().assign(rank=ranks["rank"], together=ranks["together"])
    names = territory["pumping_stations"].set_index("id_station")["nom"]
    table.insert(0, "nom", names.reindex(table.index))
    table["buildings_drawn"] = drawn.count_by_station()["buildings"]
    table = table.join(water.by_station().reindex(table.index))
    table["floor_height_m"] = study.flood.floor_height_m
    floods = water.flag_above_floor(territory["buildings"], study.flood.floor_height_m)
    if floods is None:
        return table.assign(buildings_above_floor=pd.array([pd.NA] * len(table), dtype="Int64"))
    inside = territory["buildings"][floods.to_numpy()]
    # Where the ground was drawn, no level is known.
    known = water.ground[water.ground["source"].eq("terrain").to_numpy()]
    above = _failures(study, territory, known, buildings=inside).count_by_station()["buildings"]
    return table.assign(
        buildings_above_floor=above.astype("Int64").where(table["source"].eq("terrain"))
    )


def _sum_up(
    failures: flood.StationFailures,
    water: Water,
    table: pd.DataFrame,
    *,
    drawn: flood.StationFailures,
) -> dict[str, Any]:
    """Return the figures of all the stations together, and of the worst few."""
    inside, as_drawn = (f.count().drop(index=flood.OUTSIDE) for f in (failures, drawn))
    worst = [failures.find_worst(k) for k in range(1, min(_WORST, len(failures.stations)) + 1)]
    found: dict[str, Any] = {
        "stations": len(failures.stations),
        "buildings": int(inside["buildings"].sum()),
        "communes": int((inside["buildings"] > 0).sum()),
        "buildings_drawn": int(as_drawn["buildings"].sum()),
        "communes_drawn": int((as_drawn["buildings"] > 0).sum()),
        "worst": [
            {"stations": list(w.stations), "buildings": w.value, "exact": w.guarantee == 1}
            for w in worst
        ],
        "water": water.how,
        "stations_by_source": {
            str(k): int(v) for k, v in table["source"].value_counts().sort_index().items()
        },
    }
    if failures.has_people:
        found["people"] = round(float(inside["people"].sum()), 1)
    return found
