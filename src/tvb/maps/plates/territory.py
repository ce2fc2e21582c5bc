"""The plate of a territory: World Heritage, terrils, corridors."""

from __future__ import annotations

from typing import Unpack

import numpy as np
import shapely

from tvb.maps.basemap import (
    base_layers,
    commune_labels,
    frame_bounds,
    names_for,
    overview_of,
    to_array,
    within,
)
from tvb.maps.compose import Plate, compose
from tvb.maps.content import Content
from tvb.maps.labels import Label
from tvb.maps.page import Bounds, Page, PageOptions, View
from tvb.maps.plates.layers import (
    has_layer,
    in_property,
    largest_terrils,
    layer_of,
    layers_of,
    study_area_layers,
    terril_names,
)
from tvb.maps.texts import number, say
from tvb.names import of_place
from tvb.schema import require_crs
from tvb.territory import Territory

__all__ = ["in_property", "plot_territory"]

_ORDER = (
    "property", "buffer", "terrils", "core_areas", "corridors", "cavaliers", "water_bodies",
    "cycle_routes",
)  # fmt: skip


def plot_territory(territory: Territory, **page: Unpack[PageOptions]) -> Plate:
    """Return the plate of the World Heritage property, the terrils and the corridors.

    Parameters
    ----------
    territory : tvb.territory.Territory
        In EPSG:2154, with the layer ``communes`` and any of ``property`` (or
        ``property_elements``), ``buffer``, ``terrils``, ``core_areas``, ``corridors``,
        ``cavaliers``, ``water_bodies``, ``cycle_routes``, ``study_area``. A layer that is absent,
        empty or out of sight is left out of the legend.
    **page
        Title, language, paper, extent and other wishes: see `tvb.maps.Page`.

    Returns
    -------
    Plate
        Property and buffer filled, terrils as triangles at small scales and as areas at large
        ones, corridors and cavaliers as lines.

    Raises
    ------
    LayerError
        If the territory has no communes, or a layer drawn has no source.
    CrsError
        If a layer is not in EPSG:2154.
    ParameterError
        If a wish is out of range or the page cannot hold the map.
    """
    wishes = Page(**page)
    communes = territory["communes"]
    drawn = [name for name in _ORDER if has_layer(territory, name)]
    for name in ("communes", *drawn):
        require_crs(layer_of(territory, name), name)
    ground = _ground(territory, wishes)
    layers = [layer for name in drawn for layer in layers_of(territory, name, wishes)]
    layers += study_area_layers(territory, wishes)
    content = Content(
        title=say("territory_title", wishes.lang),
        subtitle=_figures(territory, drawn, wishes),
        ground=ground,
        layers=(*layers, *base_layers(communes, wishes, territory.sources_of("communes"))),
        labels=lambda view: _names(territory, wishes, view),
        notes=() if wishes.extent else (say("projected_areas", wishes.lang),),
        overview=overview_of(communes),
        table=largest_terrils(territory, ground, wishes),
        parameters={"territory": territory.name, "layers": tuple(drawn)},
    )
    return compose(content, wishes)


def _ground(territory: Territory, page: Page) -> Bounds:
    if page.extent:
        return Bounds(*page.extent)
    ground = frame_bounds(territory["communes"], "communes")
    if not has_layer(territory, "study_area"):
        return ground
    area = frame_bounds(territory["study_area"], "study_area")
    return Bounds(*np.minimum(ground, area)[:2], *np.maximum(ground, area)[2:])


def _figures(territory: Territory, drawn: list[str], page: Page) -> str:
    """Return the subtitle: the place, and the figures that sum it up when all of it is shown."""
    if page.extent:
        middle = _middle(territory, page)
        where = of_place(middle) if page.lang == "fr" else middle
        return f"{territory.name}, {say('around', page.lang, where)}"
    parts = [say("n_communes", page.lang, number(len(territory["communes"]), page.lang))]
    if "terrils" in drawn:
        parts.append(say("n_terrils", page.lang, number(len(territory["terrils"]), page.lang)))
    for name in ("property", "buffer"):
        if name in drawn:
            union = shapely.union_all(shapely.make_valid(to_array(layer_of(territory, name))))
            parts.append(say(f"{name}_area", page.lang, number(union.area / 1e4, page.lang)))
    return " · ".join([territory.name, *parts])


def _middle(territory: Territory, page: Page) -> str:
    """Return the name of the commune in the middle of the extent, or nearest to it."""
    communes = territory["communes"]
    centre = shapely.Point(_ground(territory, page).centre)
    return str(communes["nom"].iloc[int(np.argmin(communes.distance(centre).to_numpy()))])


def _names(territory: Territory, page: Page, view: View) -> list[Label]:
    """Return the names of the plate: main towns, large terrils, other communes."""
    main, rest = commune_labels(within(territory["communes"], view.bounds), page)
    terrils = terril_names(territory, page, view)
    return names_for(page, view, main=main, middle=terrils, rest=rest)
