"""Modelled core areas: the larger woods and wetlands of the modelled land cover."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.datasets.flood import level_polygons
from tvb.datasets.tables import as_layer, clip_layer, communes_met
from tvb.datasets.terrain import Terrain
from tvb.names import of_place

__all__ = ["build_core_areas"]

# Least area in hectares, and the name that a core area takes from its commune.
_KINDS = {"boisé": (15.0, "Bois"), "zone humide": (8.0, "Marais")}


def build_core_areas(
    terrain: Terrain, communes: gpd.GeoDataFrame, outline: Any
) -> gpd.GeoDataFrame:
    """Return the larger woods and wetlands.

    Parameters
    ----------
    terrain : Terrain
        The modelled ground.
    communes : geopandas.GeoDataFrame
        Layer ``communes``.
    outline : shapely.Polygon or MultiPolygon
        Where the territory lies.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``core_areas``, polygons in EPSG:2154 cut at the outline.
    """
    parts = []
    for kind, field in (("boisé", terrain.wood), ("zone humide", terrain.marsh)):
        (shapes,) = level_polygons(-field, terrain.frame, [0.0])
        part = as_layer(pd.DataFrame({"milieu": [kind] * len(shapes)}), shapes, "core_areas")
        part = clip_layer(part, outline).explode(ignore_index=True)
        parts.append(part[part.area >= _KINDS[kind][0] * 1e4])
    together = pd.concat(parts, ignore_index=True)
    shapes = together.geometry.to_numpy()
    order = np.lexsort(
        [shapely.get_y(shapely.centroid(shapes)), shapely.get_x(shapely.centroid(shapes))]
    )
    return _named(together.iloc[order], communes)


def _named(areas: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return core areas with identifiers and the names of their communes."""
    shapes: NDArray[Any] = areas.geometry.to_numpy()
    met = communes_met(shapes, communes, 3)
    kinds = areas["milieu"].to_numpy()
    table = met.assign(
        id_reservoir=[f"MODELE_R{i:04d}" for i in range(len(areas))],
        nom=[
            f"{_KINDS[kind][1]} {of_place(str(commune))}"
            for kind, commune in zip(kinds, met["commune_1"], strict=True)
        ],
        milieu=kinds,
    )
    return as_layer(table, shapes, "core_areas")
