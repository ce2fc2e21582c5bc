"""The steps about flooding: who is exposed, how sure that is, and what fails with the pumps."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from tvb import facts, flood
from tvb.geometry import attribute_to_commune
from tvb.study.config import Study
from tvb.study.store import Store
from tvb.territory import worst_nature

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
    territory = store.territory("buildings", "flood_zones", "communes")
    buildings, zones, communes = (territory[n] for n in ("buildings", "flood_zones", "communes"))
    rule = {"rule": study.flood.rule, "min_share": study.flood.min_share}
    exposure = flood.count_exposed_buildings(buildings, zones, communes, **rule)  # type: ignore[arg-type]
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


def write_stations(study: Study, store: Store) -> None:
    """Write what the failure of each pumping station floods, and of the worst few together.

    Parameters
    ----------
    study : Study
        Section ``flood``.
    store : Store
        Folder of the run, with the layers of the first step.
    """
    territory = store.territory("buildings", "drained_basins", "pumping_stations", "communes")
    rule = flood.CountingRule(study.flood.rule, min_share=study.flood.min_share)
    failures = flood.build_station_failures(
        territory["buildings"],
        territory["drained_basins"],
        territory["communes"],
        stations=territory["pumping_stations"],
        rule=rule,
    )
    nature = worst_nature(
        territory.sources_of("buildings", "drained_basins", "pumping_stations", "communes")
    )
    alone = failures.count_by_station()
    ranks = failures.rank_stations().reset_index().set_index("id_station")
    names = territory["pumping_stations"].set_index("id_station")["nom"]
    table = alone.assign(rank=ranks["rank"], together=ranks["together"], nature=nature)
    table.insert(0, "nom", names.reindex(table.index))
    store.write_table("tables/stations", table.sort_values("rank"))
    by_commune = failures.count_by_station_and_commune()
    store.write_table("tables/stations_communes", by_commune[by_commune["buildings"] > 0])
    store.write_table("tables/stations_pairs", failures.count_by_pair())
    everything = failures.count()
    inside = everything.drop(index=flood.OUTSIDE)
    worst = [failures.find_worst(k) for k in range(1, min(_WORST, len(failures.stations)) + 1)]
    summary = {
        "stations": len(failures.stations),
        "buildings": int(inside["buildings"].sum()),
        "communes": int((inside["buildings"] > 0).sum()),
        "worst": [
            {"stations": list(w.stations), "buildings": w.value, "exact": w.guarantee == 1}
            for w in worst
        ],
    }
    store.write_json("tables/stations.json", summary)


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
