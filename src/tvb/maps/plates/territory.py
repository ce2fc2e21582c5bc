"""The plate of a territory: World Heritage, terrils, corridors."""

from __future__ import annotations

from typing import Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.maps.basemap import (
    base_layers,
    commune_labels,
    frame_bounds,
    names_for,
    overview_of,
    to_array,
    within,
)  # fmt: skip
from tvb.maps.compose import Plate, compose
from tvb.maps.content import Content, MapLayer
from tvb.maps.furniture import is_srce
from tvb.maps.labels import Label
from tvb.maps.page import Bounds, Page, PageOptions, View
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
)  # fmt: skip
from tvb.maps.symbols import Fill, Marker, Symbol
from tvb.maps.table import Row, Table
from tvb.maps.texts import number, say
from tvb.schema import require_crs
from tvb.territory import Territory

__all__ = ["in_property", "plot_territory"]

_TERRIL_TEXT = "#5a3210"
_TRIANGLES_FROM = 75_000
_TERRIL_MM = 2.1
_NAMED_TERRILS = 24

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
    drawn = [name for name in _ORDER if _has(territory, name)]
    study_area = ["study_area"] if _has(territory, "study_area") else []
    for name in ("communes", *drawn, *study_area):
        require_crs(_layer(territory, name), name)
    ground = _ground(territory, wishes)
    layers = [layer for name in drawn for layer in _layers(territory, name, wishes)]
    if study_area:
        layers.append(
            MapLayer(
                to_array(territory["study_area"]), STUDY_AREA, 5.0,
                say("study_area", wishes.lang), say("base", wishes.lang),
                territory.sources_of("study_area"),
            )
        )  # fmt: skip
    content = Content(
        title=say("territory_title", wishes.lang),
        subtitle=_figures(territory, drawn, wishes),
        ground=ground,
        layers=(*layers, *base_layers(communes, wishes, territory.sources_of("communes"))),
        labels=lambda view: _names(territory, wishes, view),
        notes=() if wishes.extent else (say("projected_areas", wishes.lang),),
        overview=overview_of(communes),
        table=_table(territory, wishes),
        parameters={"territory": territory.name, "layers": tuple(drawn)},
    )
    return compose(content, wishes)


def _source_name(territory: Territory, name: str) -> str:
    """Return under which name a layer is held: the property may come as its elements."""
    return "property_elements" if name == "property" and "property" not in territory else name


def _layer(territory: Territory, name: str) -> gpd.GeoDataFrame:
    return territory[_source_name(territory, name)]


def _has(territory: Territory, name: str) -> bool:
    held = _source_name(territory, name)
    return held in territory and bool(len(to_array(territory[held])))


def _ground(territory: Territory, page: Page) -> Bounds:
    if page.extent:
        return Bounds(*page.extent)
    ground = frame_bounds(territory["communes"], "communes")
    if not _has(territory, "study_area"):
        return ground
    area = frame_bounds(territory["study_area"], "study_area")
    return Bounds(*np.minimum(ground, area)[:2], *np.maximum(ground, area)[2:])


def _layers(territory: Territory, name: str, page: Page) -> list[MapLayer]:
    if name == "terrils":
        return _terril_layers(territory, page)
    if name in ("corridors", "cavaliers"):
        return _linear_layers(territory, name, page)
    geometry = to_array(_layer(territory, name))
    label = say(name, page.lang)
    level, block, symbol = SYMBOLS[name]
    sources = territory.sources_of(_source_name(territory, name))
    return [MapLayer(geometry, symbol, level, label, say(block, page.lang), sources)]


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
    limit = _TRIANGLES_FROM + 1.0
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
    if not _has(territory, "property"):
        return np.zeros(len(terrils), dtype=bool)
    parts = shapely.STRtree(to_array(_layer(territory, "property")))
    points = shapely.point_on_surface(terrils.geometry.to_numpy())
    found = np.zeros(len(terrils), dtype=bool)
    found[parts.query(points, predicate="intersects")[0]] = True
    return found


def _figures(territory: Territory, drawn: list[str], page: Page) -> str:
    """Return the subtitle: the place, and the figures that sum it up when all of it is shown."""
    if page.extent:
        return f"{territory.name}, {say('around', page.lang, _middle(territory, page))}"
    parts = [say("n_communes", page.lang, number(len(territory["communes"]), page.lang))]
    if "terrils" in drawn:
        parts.append(say("n_terrils", page.lang, number(len(territory["terrils"]), page.lang)))
    for name in ("property", "buffer"):
        if name in drawn:
            union = shapely.union_all(shapely.make_valid(to_array(_layer(territory, name))))
            parts.append(say(f"{name}_area", page.lang, number(union.area / 1e4, page.lang)))
    return " · ".join([territory.name, *parts])


def _middle(territory: Territory, page: Page) -> str:
    """Return the name of the commune in the middle of the extent, or nearest to it."""
    communes = territory["communes"]
    centre = shapely.Point(_ground(territory, page).centre)
    return str(communes["nom"].iloc[int(np.argmin(communes.distance(centre).to_numpy()))])


def _table(territory: Territory, page: Page) -> Table | None:
    """Return the largest terrils of the extent."""
    if not _has(territory, "terrils"):
        return None
    terrils = territory["terrils"]
    terrils = terrils[terrils.intersects(shapely.box(*_ground(territory, page)))]
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


def _names(territory: Territory, page: Page, view: View) -> list[Label]:
    """Return the names of the plate: main towns, large terrils, other communes."""
    main, rest = commune_labels(within(territory["communes"], view.bounds), page)
    terrils = _terril_names(territory, page, view)
    return names_for(page, view, main=main, middle=terrils, rest=rest)


def _terril_names(territory: Territory, page: Page, view: View) -> list[Label]:
    """Return the names of terrils by area, each once: several heaps of one pit share a name."""
    if not _has(territory, "terrils"):
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
    symbols = view.denominator > _TRIANGLES_FROM
    size, clearance = 6.5 * page.text_scale, _TERRIL_MM / 2 if symbols else None
    return [
        Label(text, point.x, point.y, size, "italic", _TERRIL_TEXT, clearance)
        for text, point in table[["text", "point"]]
        .head(_NAMED_TERRILS if symbols else len(table))
        .itertuples(index=False)
    ]
