"""Exposure to flooding: which buildings stand in the zones of each scenario, and how many."""

from tvb.flood.exposure import (
    DEFAULT_EXCLUDED,
    OUTSIDE,
    USES,
    count_exposed_buildings,
    flag_excluded_buildings,
    flag_exposed_buildings,
    measure_flooded_share,
)

__all__ = [
    "DEFAULT_EXCLUDED",
    "OUTSIDE",
    "USES",
    "count_exposed_buildings",
    "flag_excluded_buildings",
    "flag_exposed_buildings",
    "measure_flooded_share",
]
