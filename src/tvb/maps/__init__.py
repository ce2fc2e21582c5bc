"""Plates: maps on a page, with everything that a published map must carry.

Each function returns a `Plate`, which saves itself as PDF, PNG or SVG and shows itself in Jupyter.
"""

from tvb.maps.compose import Plate
from tvb.maps.page import Page, PageOptions
from tvb.maps.plates.exposure import plot_exposure
from tvb.maps.plates.graph import plot_graph
from tvb.maps.plates.territory import plot_territory
from tvb.maps.sweep import plot_sweep

__all__ = [
    "Page",
    "PageOptions",
    "Plate",
    "plot_exposure",
    "plot_graph",
    "plot_sweep",
    "plot_territory",
]
