"""The outside world and valid frames: reading with an account, writing at one go.

Names are loaded on first use, so that rasterio and the drivers of databases are imported only by
those who need them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tvb.io.atomic import atomic_path
    from tvb.io.database import read_database
    from tvb.io.database_chunks import DatabaseChunk, iter_database, join_reports
    from tvb.io.database_footprints import DatabaseFootprints
    from tvb.io.database_write import write_database
    from tvb.io.footprint_chunks import FootprintChunk
    from tvb.io.footprint_parts import FootprintPart, list_footprint_parts
    from tvb.io.footprints import Footprints, open_footprints
    from tvb.io.graphs import (
        GraphabSettings,
        read_conefor,
        read_graphab_project,
        read_graphab_settings,
        write_conefor,
    )
    from tvb.io.hazard import HazardDelivery, read_hazard
    from tvb.io.origin import read_origin
    from tvb.io.plan import read_plan
    from tvb.io.plan_write import write_plan
    from tvb.io.raster import iter_grids, read_grid, write_grid
    from tvb.io.read import conform, read_layer
    from tvb.io.report import Entry, LayerReport
    from tvb.io.review_store import ReviewStore, StoredDelivery, find_deliveries
    from tvb.io.sources import fetch_layer, get_source, list_sources, source_metadata
    from tvb.io.styles import Style, style_for
    from tvb.io.write import write_csv, write_geopackage, write_geoparquet

_HOME = {
    "DatabaseChunk": "database_chunks",
    "DatabaseFootprints": "database_footprints",
    "Entry": "report",
    "FootprintChunk": "footprint_chunks",
    "FootprintPart": "footprint_parts",
    "Footprints": "footprints",
    "GraphabSettings": "graphs",
    "HazardDelivery": "hazard",
    "LayerReport": "report",
    "ReviewStore": "review_store",
    "StoredDelivery": "review_store",
    "Style": "styles",
    "atomic_path": "atomic",
    "conform": "read",
    "fetch_layer": "sources",
    "find_deliveries": "review_store",
    "get_source": "sources",
    "iter_database": "database_chunks",
    "iter_grids": "raster",
    "join_reports": "database_chunks",
    "list_footprint_parts": "footprint_parts",
    "list_sources": "sources",
    "open_footprints": "footprints",
    "read_conefor": "graphs",
    "read_database": "database",
    "read_graphab_project": "graphs",
    "read_graphab_settings": "graphs",
    "read_grid": "raster",
    "read_hazard": "hazard",
    "read_layer": "read",
    "read_origin": "origin",
    "read_plan": "plan",
    "source_metadata": "sources",
    "style_for": "styles",
    "write_conefor": "graphs",
    "write_csv": "write",
    "write_database": "database_write",
    "write_geopackage": "write",
    "write_geoparquet": "write",
    "write_grid": "raster",
    "write_plan": "plan_write",
}

__all__ = [
    "DatabaseChunk",
    "DatabaseFootprints",
    "Entry",
    "FootprintChunk",
    "FootprintPart",
    "Footprints",
    "GraphabSettings",
    "HazardDelivery",
    "LayerReport",
    "ReviewStore",
    "StoredDelivery",
    "Style",
    "atomic_path",
    "conform",
    "fetch_layer",
    "find_deliveries",
    "get_source",
    "iter_database",
    "iter_grids",
    "join_reports",
    "list_footprint_parts",
    "list_sources",
    "open_footprints",
    "read_conefor",
    "read_database",
    "read_graphab_project",
    "read_graphab_settings",
    "read_grid",
    "read_hazard",
    "read_layer",
    "read_origin",
    "read_plan",
    "source_metadata",
    "style_for",
    "write_conefor",
    "write_csv",
    "write_database",
    "write_geopackage",
    "write_geoparquet",
    "write_grid",
    "write_plan",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"tvb.io.{_HOME[name]}"), name)
    raise AttributeError(f"module 'tvb.io' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
