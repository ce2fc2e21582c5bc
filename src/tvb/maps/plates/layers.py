"""What several plates of the territory share: its layers as they are drawn, and their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.maps.basemap import to_array
from tvb.maps.content import MapLayer
from tvb.maps.furniture import is_srce
from tvb.maps.labels import Label
from tvb.maps.page import Bounds, Page, View
from tvb.maps.palette import (
    CAVALIER,
    CORRIDOR_AREA,
    CORRIDOR_LINE,
    STUDY_AREA,
    SYMBOLS,
    TERRIL_BEYOND,
    TERRIL_DARK,
    TERRIL_GREY,
    TERRIL_INSIDE,
)
from tvb.maps.symbols import Fill, Marker, Symbol
from tvb.maps.table import Row, Table
from tvb.maps.texts import apostrophe, number, say
from tvb.schema import require_crs
from tvb.territory import Territory

__all__ = [
    "TRIANGLES_FROM", "has_layer", "in_property", "largest_terrils", "layer_of", "layers_of",
    "place_of", "source_name", "study_area_layers", "terril_names",
]  # fmt: skip

TRIANGLES_FROM = 75_000
"""Denominator above which terrils are symbols."""
_TERRIL_TEXT = "#5a3210"
_TERRIL_MM = 2.1
_NAMED_TERRILS = 24


def source_name(territory: Territory, name: str) -> str:
    """Return under which name a layer is held: the property may come as its elements.

    Parameters
    ----------
    territory : tvb.territory.Territory
        Its layers.
    name : str
        Layer wanted.

    Returns
    -------
    str
        Layer held.
    """
    return "property_elements" if name == "property" and "property" not in territory else name


def layer_of(territory: Territory, name: str) -> gpd.GeoDataFrame:
    """Return a layer, or the one that stands for it.

    Parameters
    ----------
    territory : tvb.territory.Territory
        Its layers.
    name : str
        Layer wanted.

    Returns
    -------
    geopandas.GeoDataFrame
        As the territory holds it.

    Raises
    ------
    LayerError
        If there is none.
    """
    return territory[source_name(territory, name)]


def has_layer(territory: Territory, name: str) -> bool:
    """Tell whether a territory has a layer with something to draw.

    Parameters
    ----------
    territory : tvb.territory.Territory
        Its layers.
    name : str
        Layer wanted.

    Returns
    -------
    bool
        False also for an empty one.
    """
    held = source_name(territory, name)
    return held in territory and bool(len(to_array(territory[held])))


def place_of(page: Page) -> Any:
    """Return the ground that the figures of a plate are about.

    Parameters
    ----------
    page : Page
        What the user asks.

    Returns
    -------
    shapely.Geometry or None
        The place, else the extent; None for everything.
    """
    if page.focus is not None and not shapely.is_empty(page.focus):
        return page.focus
    return shapely.box(*page.extent) if page.extent else None


def layers_of(territory: Territory, name: str, page: Page) -> list[MapLayer]:
    """Return a layer of a territory in its symbol, the same on every plate.

    Parameters
    ----------
    territory : tvb.territory.Territory
        With that layer.
    name : str
        One of `tvb.maps.palette.SYMBOLS`, or terrils, corridors, cavaliers.
    page : Page
        Its language and size.

    Returns
    -------
    list of MapLayer
        With the sources of the layer.
    """
    if name == "terrils":
        return _terril_layers(territory, page)
    if name in ("corridors", "cavaliers"):
        return _linear_layers(territory, name, page)
    geometry = to_array(layer_of(territory, name))
    label = say(name, page.lang)
    level, block, symbol = SYMBOLS[name]
    sources = territory.sources_of(source_name(territory, name))
    return [MapLayer(geometry, symbol, level, label, say(block, page.lang), sources)]


def study_area_layers(territory: Territory, page: Page) -> list[MapLayer]:
    """Return the outline of the study area.

    Parameters
    ----------
    territory : tvb.territory.Territory
        With or without it.
    page : Page
        Its language.

    Returns
    -------
    list of MapLayer
        Empty without a layer ``study_area``.

    Raises
    ------
    CrsError
        If it is not in EPSG:2154.
    """
    if not has_layer(territory, "study_area"):
        return []
    require_crs(territory["study_area"], "study_area")
    return [
        MapLayer(
            to_array(territory["study_area"]), STUDY_AREA, 5.0, say("study_area", page.lang),
            say("base", page.lang), territory.sources_of("study_area"),
        )
    ]  # fmt: skip


def _linear_layers(territory: Territory, name: str, page: Page) -> list[MapLayer]:
    """Corridors and cavaliers come as lines or as areas, sometimes as both."""
    geometry = to_array(territory[name])
    label, block = say(name, page.lang), say("network", page.lang)
    sources = territory.sources_of(name)
    if any(map(is_srce, sources)):
        label += f" ({say('srce', page.lang)})"
    areal = np.isin(shapely.get_type_id(geometry), (3, 6))
    if name == "cavaliers":
        wide = Fill(CAVALIER.colour, CAVALIER.colour, CAVALIER.width_pt)
        area, line, below, level = wide, CAVALIER, 5.8, 6.0
    else:
        area, line, below, level = CORRIDOR_AREA, CORRIDOR_LINE, 3.4, 5.6
    layers = [
        MapLayer(geometry[areal], area, below, label, block, sources),
        MapLayer(geometry[~areal], line, level, label, block, sources),
    ]
    present = [la for la in layers if len(la.geometry)]
    if name == "cavaliers" and len(present) == 2:
        # areas are drawn as thick as the lines: one key says both
        present[0] = MapLayer(geometry[areal], area, below, sources=sources)
    return present


def _terril_layers(territory: Territory, page: Page) -> list[MapLayer]:
    """Return terrils as triangles at small scales, as areas at large ones."""
    terrils = territory["terrils"]
    inside = in_property(territory)
    geometry = terrils.geometry.to_numpy()
    block, sources = say("terrils", page.lang), territory.sources_of("terrils")
    size = _TERRIL_MM * page.text_scale
    dark = Marker("triangle", size, TERRIL_DARK, "#ffffff", 0.35)
    grey = Marker("triangle", size * 0.9, TERRIL_GREY, "#3a3a3a", 0.45)
    groups: tuple[tuple[NDArray[np.bool_], tuple[Symbol, Symbol], str, float], ...] = (
        (inside, (dark, TERRIL_INSIDE), "terril_in", 7.5),
        (~inside, (grey, TERRIL_BEYOND), "terril_out", 7.0),
    )
    limit = TRIANGLES_FROM + 1.0
    return [
        MapLayer(
            np.asarray(geometry[rows]), symbol, level, say(text, page.lang), block, sources, scales
        )
        for rows, symbols, text, level in groups
        if rows.any()
        for symbol, scales in zip(symbols, ((limit, np.inf), (0.0, limit)), strict=True)
    ]


def in_property(territory: Territory) -> NDArray[np.bool_]:
    """Tell which terrils are objects of the property: by their identifier, else by their place.

    Parameters
    ----------
    territory : tvb.territory.Territory
        With ``terrils``, and the property or its elements.

    Returns
    -------
    numpy.ndarray
        One answer for each terril.
    """
    terrils = territory["terrils"]
    if "id_unesco" in terrils and terrils["id_unesco"].notna().any():
        return np.asarray(terrils["id_unesco"].notna())
    if not has_layer(territory, "property"):
        return np.zeros(len(terrils), dtype=bool)
    parts = shapely.STRtree(to_array(layer_of(territory, "property")))
    points = shapely.point_on_surface(terrils.geometry.to_numpy())
    found = np.zeros(len(terrils), dtype=bool)
    found[parts.query(points, predicate="intersects")[0]] = True
    return found


def largest_terrils(territory: Territory, ground: Bounds, page: Page) -> Table | None:
    """Return the largest terrils of an extent.

    Parameters
    ----------
    territory : tvb.territory.Territory
        With or without terrils.
    ground : Bounds
        The extent.
    page : Page
        Its language.

    Returns
    -------
    Table or None
        In hectares; None without terrils.
    """
    if not has_layer(territory, "terrils"):
        return None
    terrils = territory["terrils"]
    terrils = terrils[terrils.intersects(shapely.box(*ground))]
    hectares = terrils.area.to_numpy() / 1e4
    ids = terrils["no_terril"].tolist()
    named = terrils["nom"].tolist() if "nom" in terrils else ids
    order = sorted(range(len(ids)), key=lambda i: (-hectares[i], ids[i]))
    rows = (
        Row(ids[i] if pd.isna(named[i]) or named is ids else f"{ids[i]} {named[i]}",
            hectares[i], number(hectares[i], page.lang, 1))
        for i in order
    )  # fmt: skip
    return Table(say("largest_terrils", page.lang), tuple(rows))


def terril_names(
    territory: Territory,
    page: Page,
    view: View,
    *,
    clearance_mm: Mapping[str, float] | None = None,
) -> list[Label]:
    """Return the names of terrils by area, each once: several heaps of one pit share a name.

    Parameters
    ----------
    territory : tvb.territory.Territory
        With or without terrils.
    page : Page
        Its text size.
    view : View
        What the frame shows.
    clearance_mm : mapping of str to float, optional
        Radius of their symbols at small scales, by ``no_terril``; by default all have one size.

    Returns
    -------
    list of Label
        From the largest terril; the first few at small scales.
    """
    if not has_layer(territory, "terrils"):
        return []
    terrils = territory["terrils"]
    terrils = terrils[terrils.intersects(shapely.box(*view.bounds))]
    texts = terrils["no_terril"]
    if "nom" in terrils:
        texts = terrils["nom"].fillna(texts)
    table = pd.DataFrame(
        {
            "text": texts.to_numpy(),
            "id": terrils["no_terril"].to_numpy(),
            "area": terrils.area.to_numpy(),
            "point": shapely.point_on_surface(terrils.geometry.to_numpy()),
        }
    ).sort_values(["area", "id"], ascending=[False, True])
    table = table.drop_duplicates("text")
    symbols = view.denominator > TRIANGLES_FROM
    size, radius = 6.5 * page.text_scale, clearance_mm or {}
    return [
        Label(
            apostrophe(text), point.x, point.y, size, "italic", _TERRIL_TEXT,
            radius.get(key, _TERRIL_MM / 2) if symbols else None,
        )
        for text, key, point in table[["text", "id", "point"]]
        .head(_NAMED_TERRILS if symbols else len(table))
        .itertuples(index=False)
    ]  # fmt: skip
