"""Exposure to flooding: which buildings stand in the zones of each scenario, and how many."""

from tvb.flood.basins import (
    StageCurve,
    build_stage_curve,
    flood_basins,
    isolate_basins,
    outline_water,
)
from tvb.flood.coherence import COHERENCE_RULES, check_hazard
from tvb.flood.counting import USES, count_by_area, count_by_commune, group_counts
from tvb.flood.damage import BuildingDamage, count_damage_by_commune, measure_damage
from tvb.flood.depth import BuildingDepths, classify_depth, measure_depth
from tvb.flood.exposure import (
    count_exposed_buildings,
    flag_exposed_buildings,
    measure_exposure,
    measure_flooded_share,
)
from tvb.flood.groups import NO_GROUP, OUTSIDE, OUTSIDE_AREAS, TOTAL
from tvb.flood.hazard import (
    SCENARIO_CHAINS,
    Hazard,
    classified_zones,
    nested_scenarios,
    wet_zones,
)
from tvb.flood.indicators import INDICATORS, indicator_definitions, measure_indicators
from tvb.flood.population import PopulationSpread, build_population_grid, spread_population
from tvb.flood.repeated import find_repeated_buildings
from tvb.flood.rules import (
    DEFAULT_EXCLUDED,
    DEFAULT_RULE,
    CountingRule,
    flag_excluded_buildings,
)
from tvb.flood.sensitivity import Sensitivity, sensitivity
from tvb.flood.stations import StationFailures, WorstFailures, build_station_failures
from tvb.flood.stream import StreamedExposure, count_exposure_stream, count_prepared
from tvb.flood.stream_chunk import ExposedBuildings, ExposureCounts, count_chunk, expose_chunk
from tvb.flood.stream_store import FolderStore
from tvb.flood.stream_zones import Prepared, prepare_exposure
from tvb.flood.terrain import FilledTerrain, fill_depressions
from tvb.flood.watched import WATCHED_GROUPS, group_watched_objects, split_watched_objects
from tvb.flood.wetlands import CounterScenario, counter_scenario, measure_storage

__all__ = [
    "COHERENCE_RULES",
    "DEFAULT_EXCLUDED",
    "DEFAULT_RULE",
    "INDICATORS",
    "NO_GROUP",
    "OUTSIDE",
    "OUTSIDE_AREAS",
    "SCENARIO_CHAINS",
    "TOTAL",
    "USES",
    "WATCHED_GROUPS",
    "BuildingDamage",
    "BuildingDepths",
    "CounterScenario",
    "CountingRule",
    "ExposedBuildings",
    "ExposureCounts",
    "FilledTerrain",
    "FolderStore",
    "Hazard",
    "PopulationSpread",
    "Prepared",
    "Sensitivity",
    "StageCurve",
    "StationFailures",
    "StreamedExposure",
    "WorstFailures",
    "build_population_grid",
    "build_stage_curve",
    "build_station_failures",
    "check_hazard",
    "classified_zones",
    "classify_depth",
    "count_by_area",
    "count_by_commune",
    "count_chunk",
    "count_damage_by_commune",
    "count_exposed_buildings",
    "count_exposure_stream",
    "count_prepared",
    "counter_scenario",
    "expose_chunk",
    "fill_depressions",
    "find_repeated_buildings",
    "flag_excluded_buildings",
    "flag_exposed_buildings",
    "flood_basins",
    "group_counts",
    "group_watched_objects",
    "indicator_definitions",
    "isolate_basins",
    "measure_damage",
    "measure_depth",
    "measure_exposure",
    "measure_flooded_share",
    "measure_indicators",
    "measure_storage",
    "nested_scenarios",
    "outline_water",
    "prepare_exposure",
    "sensitivity",
    "split_watched_objects",
    "spread_population",
    "wet_zones",
]


def __dir__() -> list[str]:
    return sorted(__all__)
