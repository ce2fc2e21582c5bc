"""Plates: maps on a page, with everything that a published map must carry.

Each function returns a `Plate`, which saves itself as PDF, PNG or SVG and shows itself in Jupyter;
`web_map` returns a `WebMap`, which saves itself as one HTML file.
"""

from tvb.maps.atlas import Atlas, build_atlas
from tvb.maps.compose import Plate
from tvb.maps.page import Page, PageOptions
from tvb.maps.plates.exposure import plot_exposure
from tvb.maps.plates.graph import plot_graph
from tvb.maps.plates.territory import plot_territory
from tvb.maps.sweep import plot_sweep
from tvb.maps.web import WebLayer, WebMap, build_web_map, web_map

__all__ = [
    "Atlas",
    "Page",
    "PageOptions",
    "Plate",
    "WebLayer",
    "WebMap",
    "build_atlas",
    "build_web_map",
    "plot_exposure",
    "plot_graph",
    "plot_sweep",
    "plot_territory",
    "web_map",
]
