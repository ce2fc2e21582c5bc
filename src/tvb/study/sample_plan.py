"""A modelled town plan of any commune of a study, with faults planted in it.

Only the ground is that of the study: the zones and what they prescribe are invented, and say
nothing about the plan of the commune.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import shapely

from tvb import io
from tvb.datasets.plan_tables import Item, PlanSpec, build_tables
from tvb.datasets.plan_zones import Ground, build_zones, find_place
from tvb.errors import ParameterError
from tvb.plan import Plan
from tvb.schema import CRS
from tvb.territory import Territory

__all__ = ["model_plan"]

_DATE = "20260101"
_AU_SIDES_M = (160.0, 100.0, 60.0)
_EDGE_M = 30.0
_PLANNED = ("projet", "à étudier")
# Layers that the ground of a plan asks for, with the columns that it reads.
_ASKED = {
    "property": (), "buffer": (), "property_elements": ("no_element",), "corridors": (),
    "core_areas": (), "flood_zones": ("scenario",), "water_bodies": (), "terrils": (),
    "buildings": (), "estates": (), "cycle_routes": ("statut", "id_local"),
}  # fmt: skip


def model_plan(territory: Territory, insee: str) -> Plan:
    """Return a modelled plan of one commune.

    Parameters
    ----------
    territory : Territory
        In EPSG:2154, with ``communes``; what other layers it lacks, the plan knows nothing of.
    insee : str
        Code of the commune.

    Returns
    -------
    tvb.plan.Plan
        As read from a delivery of the standard of 2024, its sources said to be modelled. Faults,
        where the commune has the ground for them: the buffer zone is not transcribed, the largest
        element of the property has no protection, a zone to be urbanised lies in the property.

    Raises
    ------
    ParameterError
        If the territory has no such commune.
    """
    empty = {
        name: gpd.GeoDataFrame({column: [] for column in columns}, geometry=[], crs=CRS)
        for name, columns in _ASKED.items()
        if name not in territory
    }
    held = Territory(territory.name, {**territory.layers, **empty})
    ground = Ground.of(held, (insee,))
    spec = PlanSpec(
        f"{insee}_PLU_{_DATE}", "PLU", "2024", insee, _DATE, (insee,), "geopackage", "UTF-8"
    )
    items = {
        "zone_urba": _zones(ground), "prescription": _prescriptions(ground), "info": _infos(ground),
    }  # fmt: skip
    return io.read_plan(build_tables(spec, items), nature="modelled", progress=False)


def _zones(ground: Ground) -> list[Item]:
    """Cover the commune: towns, fields, nature, a place to build on and one in the property."""
    types = {"UA": "U", "1AU": "AUc", "1AUp": "AUc", "N": "N", "A": "A"}
    layers = [
        ("1AUp", _place(ground.property, ground.town)), ("1AU", _place(ground.free, ground.town)),
        ("N", ground.nature), ("UA", ground.town),
    ]  # fmt: skip
    table = build_zones(ground.outline, layers, "A")
    rows = zip(table["name"], table["geometry"], strict=True)
    return [Item(name, types[name], shape) for name, shape in rows]


def _place(within: Any, near: Any) -> Any:
    """Return the largest square that fits, empty where none does."""
    inner = shapely.buffer(within, -_EDGE_M)
    for side in _AU_SIDES_M:
        if shapely.is_empty(inner) or shapely.is_empty(near):
            break
        try:
            return find_place(inner, near, side)
        except ParameterError:  # no room for so much
            continue
    return shapely.Polygon()


def _prescriptions(ground: Ground) -> list[Item]:
    elements = ground.cut("property_elements")
    order = elements.area.sort_values(ascending=False, kind="stable").index[1:]
    protected = elements.loc[order].sort_values("no_element")
    routes = ground.cut("cycle_routes").sort_values("id_local")
    planned = routes[routes["statut"].isin(_PLANNED)]
    return [
        *(Item(f"Élément inscrit n° {number}", "07-02", shape)
          for number, shape in zip(protected["no_element"], protected.geometry, strict=True)),
        Item("Continuité écologique", "25-00", ground.corridors),
        Item("Réservoir de biodiversité", "25-00", ground.core_areas),
        Item("Secteur inondable", "02-02", ground.flooded),
        *(Item(f"Liaison cyclable {name}", "24-03", shape)
          for name, shape in zip(planned["id_local"], planned.geometry, strict=True)),
    ]  # fmt: skip


def _infos(ground: Ground) -> list[Item]:
    return [Item("Bien inscrit", "40-01", ground.property)]
