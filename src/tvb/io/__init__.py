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
    from tvb.io.graphs import (
        GraphabSettings,
        read_conefor,
        read_graphab_project,
        read_graphab_settings,
        write_conefor,
    )
    from tvb.io.origin import read_origin
    from tvb.io.raster import iter_grids, read_grid, write_grid
    from tvb.io.read import conform, read_layer
    from tvb.io.report import Entry, LayerReport
    from tvb.io.sources import fetch_layer, get_source, list_sources, source_metadata
    from tvb.io.styles import Style, style_for
    from tvb.io.write import write_csv, write_geopackage, write_geoparquet

_HOME = {
    "Entry": "report",
    "GraphabSettings": "graphs",
    "LayerReport": "report",
    "Style": "styles",
    "atomic_path": "atomic",
    "conform": "read",
    "fetch_layer": "sources",
    "get_source": "sources",
    "iter_grids": "raster",
    "list_sources": "sources",
    "read_conefor": "graphs",
    "read_database": "database",
    "read_graphab_project": "graphs",
    "read_graphab_settings": "graphs",
    "read_grid": "raster",
    "read_layer": "read",
    "read_origin": "origin",
    "source_metadata": "sources",
    "style_for": "styles",
    "write_conefor": "graphs",
    "write_csv": "write",
    "write_geopackage": "write",
    "write_geoparquet": "write",
    "write_grid": "raster",
}

__all__ = [
    "Entry",
    "GraphabSettings",
    "LayerReport",
    "Style",
    "atomic_path",
    "conform",
    "fetch_layer",
    "get_source",
    "iter_grids",
    "list_sources",
    "read_conefor",
    "read_database",
    "read_graphab_project",
    "read_graphab_settings",
    "read_grid",
    "read_layer",
    "read_origin",
    "source_metadata",
    "style_for",
    "write_conefor",
    "write_csv",
    "write_geopackage",
    "write_geoparquet",
    "write_grid",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"tvb.io.{_HOME[name]}"), name)
    raise AttributeError(f"module 'tvb.io' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
