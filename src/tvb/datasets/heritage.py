"""Terrils, elements of the property, estates and water bodies: true areas at the true places.

The shapes are schematic. An element of the property is made of the terrils, estates and water
bodies that really belong to it, grown or shrunk until its area is the true one.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb import facts
from tvb.datasets.facts_files import load_facts
from tvb.datasets.shapes import blobs, code_numbers, estates, resize
from tvb.datasets.tables import as_layer, commune_columns

__all__ = [
    "build_buffer",
    "build_elements",
    "build_estates",
    "build_pits",
    "build_property",
    "build_terrils",
    "build_water_bodies",
]

_STRETCH = {"Cavalier": 5.0, "Plat": 1.9, "Grand terril moderne": 1.6, "Conique": 1.15}
_OTHER_STRETCH = 1.5


def build_terrils(*, seed: int) -> gpd.GeoDataFrame:
    """Return the 161 terrils.

    Parameters
    ----------
    seed : int
        Gives the directions and bumps.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``terrils`` in EPSG:2154, of exactly the true areas.
    """
    table = load_facts("terrils")
    stretch = np.array([_STRETCH.get(form, _OTHER_STRETCH) for form in table["forme"]])
    shapes = blobs(
        *_place(table), codes=code_numbers(table["no_terril"]), stretch=stretch, seed=seed
    )
    return as_layer(_with_communes(table), shapes, "terrils")


def build_estates(*, seed: int) -> gpd.GeoDataFrame:
    """Return the mining estates of the property and of its buffer zone.

    Parameters
    ----------
    seed : int
        Gives the directions and proportions.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``estates`` in EPSG:2154, of exactly the true areas.
    """
    table = load_facts("estates")
    codes = code_numbers(table["nom"] + table["x"].astype(str))
    return as_layer(
        _with_communes(table), estates(*_place(table), codes=codes, seed=seed), "estates"
    )


def build_water_bodies(*, seed: int) -> gpd.GeoDataFrame:
    """Return the water bodies made by mining.

    Parameters
    ----------
    seed : int
        Gives the directions and bumps.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``water_bodies`` in EPSG:2154, of exactly the true areas.
    """
    table = load_facts("water_bodies")
    stretch = np.full(len(table), 2.2)
    shapes = blobs(*_place(table), codes=code_numbers(table["nom"]), stretch=stretch, seed=seed)
    return as_layer(_with_communes(table), shapes, "water_bodies")


def build_pits() -> gpd.GeoDataFrame:
    """Return the 636 shafts at their true points.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``pits`` in EPSG:2154.
    """
    table = load_facts("pits")
    return as_layer(table, np.asarray(shapely.points(_place_xy(table))), "pits")


def build_elements(parts: list[gpd.GeoDataFrame], *, seed: int) -> gpd.GeoDataFrame:
    """Return the 109 elements of the property, none over another.

    Parameters
    ----------
    parts : list of geopandas.GeoDataFrame
        Layers with ``id_unesco``, such as ``48E``: part E of element 48.
    seed : int
        Gives the shape of elements without known parts.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``property_elements`` in EPSG:2154; areas are within a few per cent of the true
        ones, less where two elements would meet.
    """
    table = load_facts("elements")
    area_m2 = table["area_ha"].to_numpy(dtype=float) * 1e4
    codes = code_numbers(table["no_element"])
    shapes = blobs(
        _place_xy(table), area_m2, codes=codes, stretch=np.full(len(table), 1.6), seed=seed
    )
    members = _members(parts)
    for k, (number, area) in enumerate(zip(table["no_element"], area_m2, strict=True)):
        if number in members:
            shapes[k] = resize(members[number], area)
    return as_layer(table, _apart(shapes, area_m2), "property_elements")


def _members(parts: list[gpd.GeoDataFrame]) -> dict[str, Any]:
    """Return the union of the known parts of each element."""
    together = pd.concat([part[["id_unesco", "geometry"]] for part in parts])
    together = together[together["id_unesco"].notna()]
    number = together["id_unesco"].str.extract(r"^(\d+)", expand=False)
    return {
        str(n): shapely.union_all(group.geometry.to_numpy())
        for n, group in together.groupby(number)
    }


def _apart(shapes: NDArray[Any], area_m2: NDArray[np.float64]) -> NDArray[Any]:
    """Return shapes from which those of smaller area have been taken out, so that none is lost."""
    order = np.argsort(area_m2, kind="stable")
    apart = shapes.copy()
    tree = shapely.STRtree(shapes)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    for k in order:
        smaller = [i for i in tree.query(shapes[k], predicate="intersects") if place[i] < place[k]]
        if smaller:
            apart[k] = shapely.difference(shapes[k], shapely.union_all(apart[smaller]))
    return apart


def build_property(elements: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the union of the elements.

    Parameters
    ----------
    elements : geopandas.GeoDataFrame
        Layer ``property_elements``.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``property``, one polygon for each separate piece.
    """
    pieces = shapely.get_parts(shapely.union_all(elements.geometry.to_numpy()))
    table = pd.DataFrame({"nom": ["Bassin minier du Nord-Pas de Calais"] * len(pieces)})
    return as_layer(table, pieces, "property")


def build_buffer(inscribed: gpd.GeoDataFrame, outline: Any) -> gpd.GeoDataFrame:
    """Return a buffer zone about the property, of the published area.

    Parameters
    ----------
    inscribed : geopandas.GeoDataFrame
        Layer ``property``.
    outline : shapely.Polygon
        Where the territory lies.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``buffer``, the property excluded.
    """
    target_m2 = (facts.PROPERTY_AND_BUFFER_AREA.value - facts.PROPERTY_AREA.value) * 1e4
    core = shapely.union_all(inscribed.geometry.to_numpy())
    rough = shapely.simplify(core, 5.0)
    low, high = 0.0, 2_000.0
    zone = core
    for _ in range(14):
        distance = (low + high) / 2
        grown = shapely.intersection(shapely.buffer(rough, distance, quad_segs=4), outline)
        zone = shapely.difference(grown, core)
        low, high = (distance, high) if zone.area < target_m2 else (low, distance)
    pieces = shapely.get_parts(zone)
    pieces = pieces[(shapely.get_dimensions(pieces) == 2) & (shapely.area(pieces) > 1.0)]
    return as_layer(pd.DataFrame({"surface_ha": shapely.area(pieces) / 1e4}), pieces, "buffer")


def _place_xy(table: pd.DataFrame) -> NDArray[np.float64]:
    return table[["x", "y"]].to_numpy(dtype=float)


def _place(table: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return _place_xy(table), table["area_ha"].to_numpy(dtype=float) * 1e4


def _with_communes(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, commune_columns(table["communes"], 3)], axis=1)
