"""The steps about flooding: who is exposed, how sure that is, and what fails with the pumps."""

from __future__ import annotations

from typing import Any, Literal

import geopandas as gpd
import pandas as pd

from tvb import facts, flood
from tvb.geometry import attribute_to_commune
from tvb.study.basins import Water, find_water
from tvb.study.config import Study
from tvb.study.people import spread_people, write_depths, write_indicators, write_people
from tvb.study.store import Store
from tvb.territory import Territory, worst_nature

__all__ = ["compare_exposure", "write_exposure", "write_stations"]

_WORST = 3
_HOW = {
    "fr": {
        "scenario": "scénario {scenario}, dans les communes",
        "failure": "toutes les stations arrêtées",
        "stations": "couche des stations",
    },
    "en": {
        "scenario": "scenario {scenario}, inside the communes",
        "failure": "all the stations stopped",
        "stations": "layer of the stations",
    },
}


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
        "buildings", "flood_zones", "communes", "population_grid", "watched_objects",
        "listed_buildings", "property_elements", "property",
    )  # fmt: skip
    buildings, zones, communes = (territory[n] for n in ("buildings", "flood_zones", "communes"))
    rule = _rule(study)
    flags = flood.flag_exposed_buildings(
        buildings, zones, rule=rule.exposure, min_share=rule.min_share
    )
    spread = spread_people(territory)
    people = None if spread is None else spread.people
    exposure = flood.count_by_commune(buildings, flags, communes, rule=rule, people=people)
    nature = worst_nature(territory.sources_of("buildings", "flood_zones", "communes"))
    store.write_table("tables/exposure", exposure.assign(nature=nature))
    counted = buildings[~flood.flag_excluded_buildings(buildings).any(axis=1).to_numpy()]
    insee = attribute_to_commune(counted, communes)
    totals = insee.value_counts().reindex(communes["insee"], fill_value=0)
    store.write_table("tables/buildings", totals.rename_axis("insee").to_frame("buildings"))
    found = flood.sensitivity(buildings, zones, communes, min_shares=(study.flood.min_share,))
    store.write_table("tables/sensitivity", found.summary().assign(nature=nature))
    store.write_table("tables/sensitivity_totals", found.totals.assign(nature=nature))
    store.write_table("tables/sensitivity_choices", found.by_choice)
    store.write_table("tables/sensitivity_communes", found.spread.assign(nature=nature))
    if spread is not None:
        write_people(territory, flags, store, rule=rule, spread=spread)
    write_indicators(territory, flags, store, rule=rule, spread=spread)
    write_depths(study, territory, store)


def _rule(study: Study) -> flood.CountingRule:
    return flood.CountingRule(study.flood.rule, min_share=study.flood.min_share)


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
    table = _count_failures(study, territory, water, failures=failures)
    used = ["buildings", "drained_basins", "pumping_stations", "communes", *water.layers]
    used += ["population_grid"] if spread is not None else []
    sources = territory.sources_of(*used)
    nature = worst_nature(sources)
    store.write_table("tables/stations", table.assign(nature=nature).sort_values("rank"))
    by_commune = failures.count_by_station_and_commune()
    store.write_table("tables/stations_communes", by_commune[by_commune["buildings"] > 0])
    store.write_table("tables/stations_pairs", failures.count_by_pair())
    plain = pd.DataFrame(water.ground.drop(columns=["geometry", "scenario"]))
    store.write_table("tables/basins", plain.assign(nature=nature), index=False)
    store.write_layer("basins_water", water.ground, sources)
    store.write_json("tables/stations.json", _sum_up(failures, water, table))


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
        rule=_rule(study),
    )


def _count_failures(
    study: Study, territory: Territory, water: Water, *, failures: flood.StationFailures
) -> pd.DataFrame:
    """Return a row for each station: what it floods, how that was found, and how deep."""
    ranks = failures.rank_stations().reset_index().set_index("id_station")
    table = failures.count_by_station().assign(rank=ranks["rank"], together=ranks["together"])
    names = territory["pumping_stations"].set_index("id_station")["nom"]
    table.insert(0, "nom", names.reindex(table.index))
    drawn = _failures(study, territory, territory["drained_basins"]).count_by_station()
    table["buildings_drawn"] = drawn["buildings"]
    table = table.join(water.by_station().reindex(table.index))
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


def _sum_up(failures: flood.StationFailures, water: Water, table: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of all the stations together, and of the worst few."""
    inside = failures.count().drop(index=flood.OUTSIDE)
    worst = [failures.find_worst(k) for k in range(1, min(_WORST, len(failures.stations)) + 1)]
    found: dict[str, Any] = {
        "stations": len(failures.stations),
        "buildings": int(inside["buildings"].sum()),
        "communes": int((inside["buildings"] > 0).sum()),
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


def compare_exposure(
    study: Study, exposure: pd.DataFrame, stations: dict[str, Any] | None
) -> pd.DataFrame:
    """Return the figures of a run beside those that the source report gives.

    Parameters
    ----------
    study : Study
        Language, and the scenario shown.
    exposure : pandas.DataFrame
        As `write_exposure` wrote it.
    stations : dict, optional
        What `write_stations` summed up.

    Returns
    -------
    pandas.DataFrame
        ``figure``, ``measured``, ``official``, ``how``: never tuned to one another.
    """
    lang: Literal["fr", "en"] = study.study.lang
    scenario = study.flood.map_scenario
    here = exposure.xs(scenario, level="scenario").drop(index=flood.OUTSIDE, errors="ignore")
    measured = {"communes": int((here["buildings"] > 0).sum()),
                "buildings": int(here["buildings"].sum())}  # fmt: skip
    official = {"communes": facts.EXPOSED_COMMUNES, "buildings": facts.EXPOSED_BUILDINGS}
    rows = [
        (official[name], measured[name], _HOW[lang]["scenario"].format(scenario=scenario))
        for name in official
    ]
    if stations is not None:
        rows += [(official[name], stations[name], _HOW[lang]["failure"]) for name in official]
        rows.append((facts.PUMPING_STATIONS, stations["stations"], _HOW[lang]["stations"]))
    return pd.DataFrame(
        {
            "figure": [fact.meaning_fr if lang == "fr" else fact.meaning for fact, _, _ in rows],
            "measured": [count for _, count, _ in rows],
            "official": [fact.value for fact, _, _ in rows],
            "how": [how for _, _, how in rows],
        }
    )
