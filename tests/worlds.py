"""A squared town whose answers are computed by hand.

Four communes of 1 km, EPSG:2154, origin (700 000, 7 000 000)::

    (0, 1000)  ┌────────────┬────────────┐
               │ 62003 Nord │ 62004 Est  │
               ├────────────┼────────────┤
               │ 62001 Sud  │ 62002 Port │
    (0, 0)     └────────────┴────────────┘ (2000, 0)

Coordinates below are local metres; `at` moves them to the origin.
"""

from __future__ import annotations

import geopandas as gpd
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

X0, Y0 = 700_000.0, 7_000_000.0


def at(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry in local metres moved to the origin of the town."""
    return affinity.translate(geometry, X0, Y0)


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """Return a rectangle in local metres, moved to the origin of the town."""
    return shapely.box(X0 + west, Y0 + south, X0 + east, Y0 + north)


def communes() -> gpd.GeoDataFrame:
    """Return the four communes, a partition of the square of 2 km."""
    return gpd.GeoDataFrame(
        {
            "insee": ["62001", "62002", "62003", "62004"],
            "nom": ["Sud", "Port", "Nord", "Est"],
            "population": [1000, 2000, 3000, 0],
            "epci_siren": ["200000001", "200000001", "200000002", "200000002"],
            "epci_nom": ["CA du Sud", "CA du Sud", "CC du Nord", "CC du Nord"],
        },
        geometry=[
            box(0, 0, 1000, 1000),
            box(1000, 0, 2000, 1000),
            box(0, 1000, 1000, 2000),
            box(1000, 1000, 2000, 2000),
        ],
        crs="EPSG:2154",
    ).astype({"population": "Int64"})
