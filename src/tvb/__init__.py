"""tvb: green-blue network, flood exposure, heritage and town plans of the Bassin minier.

Modules are loaded on first use, so that ``import tvb`` stays light::

    import tvb

    territory = tvb.datasets.bassin_minier()
    graph = tvb.connectivity.HabitatGraph.from_frames(patches, links)
    counts = tvb.flood.count_exposed_buildings(...)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tvb import (
        connectivity,
        datasets,
        dossier,
        errors,
        facts,
        flood,
        geometry,
        heritage,
        io,
        maps,
        names,
        plan,
        plu,
        schema,
        study,
    )
    from tvb.io.load import (
        load_buffer,
        load_buildings,
        load_cavaliers,
        load_communes,
        load_core_areas,
        load_corridors,
        load_cycle_routes,
        load_drained_basins,
        load_estates,
        load_flood_depth,
        load_flood_hazard,
        load_land_cover,
        load_pits,
        load_population_grid,
        load_property,
        load_property_elements,
        load_pumping_stations,
        load_terrain,
        load_terrils,
        load_watched_objects,
    )

_MODULES = (
    "connectivity", "datasets", "dossier", "errors", "facts", "flood", "geometry", "heritage", "io",
    "maps", "names", "plan", "plu", "schema", "study",
)  # fmt: skip
_LOADERS = (
    "load_buffer", "load_buildings", "load_cavaliers", "load_communes", "load_core_areas",
    "load_corridors", "load_cycle_routes", "load_drained_basins", "load_estates",
    "load_flood_depth", "load_flood_hazard", "load_land_cover", "load_pits",
    "load_population_grid", "load_property", "load_property_elements", "load_pumping_stations",
    "load_terrain", "load_terrils", "load_watched_objects",
)  # fmt: skip

__all__ = [
    "__version__",
    "connectivity",
    "datasets",
    "dossier",
    "errors",
    "facts",
    "flood",
    "geometry",
    "heritage",
    "io",
    "load_buffer",
    "load_buildings",
    "load_cavaliers",
    "load_communes",
    "load_core_areas",
    "load_corridors",
    "load_cycle_routes",
    "load_drained_basins",
    "load_estates",
    "load_flood_depth",
    "load_flood_hazard",
    "load_land_cover",
    "load_pits",
    "load_population_grid",
    "load_property",
    "load_property_elements",
    "load_pumping_stations",
    "load_terrain",
    "load_terrils",
    "load_watched_objects",
    "maps",
    "names",
    "plan",
    "plu",
    "schema",
    "study",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"tvb.{name}")
    if name in _LOADERS:
        return getattr(importlib.import_module("tvb.io.load"), name)
    raise AttributeError(f"module 'tvb' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
