"""Plates: maps on a page, with everything that a published map must carry.

Each function returns a `Plate`, which saves itself as PDF, PNG or SVG and shows itself in Jupyter;
`web_map` returns a `WebMap`, which saves itself as one HTML file.
"""

from tvb.maps.atlas import Atlas, build_atlas
from tvb.maps.compose import Plate
from tvb.maps.page import Locator, Page, PageOptions
from tvb.maps.plates.change import plot_change
from tvb.maps.plates.corridors import plot_corridors
from tvb.maps.plates.cycling import plot_cycling
from tvb.maps.plates.depth import plot_depth
from tvb.maps.plates.exposure import plot_exposure
from tvb.maps.plates.graph import plot_graph
from tvb.maps.plates.heritage import plot_property, plot_terrils
from tvb.maps.plates.network import plot_network
from tvb.maps.plates.plan import plot_plan_findings
from tvb.maps.plates.territory import plot_territory
from tvb.maps.series import SeriesSheet, build_series
from tvb.maps.sweep import plot_sweep
from tvb.maps.web import WebLayer, WebMap, build_web_map, web_map

__all__ = [
    "Atlas",
    "Locator",
    "Page",
    "PageOptions",
    "Plate",
    "SeriesSheet",
    "WebLayer",
    "WebMap",
    "build_atlas",
    "build_series",
    "build_web_map",
    "plot_change",
    "plot_corridors",
    "plot_cycling",
    "plot_depth",
    "plot_exposure",
    "plot_graph",
    "plot_network",
    "plot_plan_findings",
    "plot_property",
    "plot_sweep",
    "plot_terrils",
    "plot_territory",
    "web_map",
]


def __dir__() -> list[str]:
    return sorted(__all__)
