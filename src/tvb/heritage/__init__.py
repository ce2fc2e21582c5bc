"""Heritage: what each commune holds of the World Heritage property, what is at risk, and views."""

from tvb.heritage.at_risk import DEFAULT_POINTS, RiskRanking, rank_at_risk
from tvb.heritage.measures import (
    ALONG_M,
    COUNTED_LAYERS,
    count_communes_with,
    measure_counted_m,
    measure_heritage,
    measure_length_m,
)
from tvb.heritage.objects import (
    OBJECT_LAYERS,
    OUTSIDE,
    PERIMETERS,
    list_objects,
    place_in_perimeters,
)
from tvb.heritage.official import explain_communes_met
from tvb.heritage.register import Register, build_register
from tvb.heritage.sight import EARTH_RADIUS_M, Sight, measure_horizon_m
from tvb.heritage.sights import list_sights
from tvb.heritage.views import (
    build_viewshed,
    find_visible_terrils,
    measure_views_along,
    sample_route,
)
from tvb.heritage.views_lost import views_lost
from tvb.heritage.watch import build_watch_list

__all__ = [
    "ALONG_M",
    "COUNTED_LAYERS",
    "DEFAULT_POINTS",
    "EARTH_RADIUS_M",
    "OBJECT_LAYERS",
    "OUTSIDE",
    "PERIMETERS",
    "Register",
    "RiskRanking",
    "Sight",
    "build_register",
    "build_viewshed",
    "build_watch_list",
    "count_communes_with",
    "explain_communes_met",
    "find_visible_terrils",
    "list_objects",
    "list_sights",
    "measure_counted_m",
    "measure_heritage",
    "measure_horizon_m",
    "measure_length_m",
    "measure_views_along",
    "place_in_perimeters",
    "rank_at_risk",
    "sample_route",
    "views_lost",
]


def __dir__() -> list[str]:
    return sorted(__all__)
