"""The plate of the Trame verte et bleue: core areas by kind, corridors by what is asked of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, explain
from tvb.facts import HECTARE_M2
from tvb.maps.basemap import base_layers, frame_bounds, overview_of, place_names, to_array
from tvb.maps.compose import Plate, compose
from tvb.maps.content import Content, MapLayer
from tvb.maps.furniture import is_srce
from tvb.maps.page import Bounds, Page, PageOptions
from tvb.maps.patterns import Ruling
from tvb.maps.plates.layers import has_layer, layers_of, place_of
from tvb.maps.symbols import Fill, Stroke, Symbol
from tvb.maps.table import Row, Table
from tvb.maps.texts import number, say
from tvb.schema import require_crs
from tvb.territory import Territory

__all__ = ["plot_network"]

# By a piece of the word, in lower case; what holds none of them is of the last kind.
_KINDS: dict[str, tuple[tuple[str, ...], Fill]] = {
    "core_wooded": (("bois", "forêt", "foret"), Fill("#9fcfa4", "#2f7d5b", 0.4)),
    "core_wet": (
        ("humide", "eau", "aqua"),
        Fill("#c3e0e6", "#2b7f94", 0.4, patterns=(Ruling("#2b7f94", 0.0, 3.2, 0.5, (6.0, 4.0)),)),
    ),
    "core_other": ((), Fill("#e3e6b4", "#7d8433", 0.4, "....", "#7d8433")),
}
_GREEN, _RUST = "#1c7a4d", "#b4500f"
_AIMS: dict[str, tuple[tuple[str, ...], Stroke, Fill]] = {
    "corridor_restore": (
        ("remettre", "restaur", "rétabl"),
        Stroke(_RUST, 1.7, (2.6, 1.1), casing="white"),
        Fill("#e8b48d", _RUST, 0.6, "////", _RUST, alpha=0.6),
    ),
    "corridor_keep": (
        ("préserv", "maint", "conserv"),
        Stroke(_GREEN, 1.7, casing="white"),
        Fill("#7fbf9b", _GREEN, 0.6, alpha=0.6),
    ),
    "corridor_any": (
        (),
        Stroke(_GREEN, 1.0, (1.2, 1.4), casing="white"),
        Fill("#cfe3d6", _GREEN, 0.6, "....", _GREEN, alpha=0.6),
    ),
}


def plot_network(territory: Territory, **page: Unpack[PageOptions]) -> Plate:
    """Return the plate of the Trame verte et bleue: core areas and corridors.

    Parameters
    ----------
    territory : tvb.territory.Territory
        In EPSG:2154, with ``communes`` and one at least of ``core_areas`` (``milieu``, ``nom``) and
        ``corridors`` (``objectif``), lines or polygons; ``water_bodies`` if known.
    **page
        Title, language, paper, extent and other wishes: see `tvb.maps.Page`.

    Returns
    -------
    Plate
        Core areas by habitat, corridors by what is asked of them: to be kept, or to be restored.
        Title with hectares and kilometres of the place, the extent, or everything.

    Raises
    ------
    LayerError
        If the territory has no communes, neither core areas nor corridors, or a layer drawn has no
        source.
    CrsError
        If a layer is not in EPSG:2154.
    ParameterError
        If a wish is out of range or the page cannot hold the map.
    """
    wishes = Page(**page)
    communes = territory["communes"]
    drawn = [n for n in ("core_areas", "corridors", "water_bodies") if has_layer(territory, n)]
    if not {"core_areas", "corridors"} & set(drawn):
        raise LayerError(
            explain("core_areas, corridors", "no feature to draw", required="one of the two")
        )
    for name in ("communes", *drawn):
        require_crs(territory[name], name)
    water = layers_of(territory, "water_bodies", wishes) if "water_bodies" in drawn else []
    water = [replace(layer, block=say("water", wishes.lang)) for layer in water]
    content = Content(
        title=_finding(territory, wishes),
        subtitle=say("network_subtitle", wishes.lang),
        ground=frame_bounds(communes, "communes"),
        layers=(
            *(_core_layers(territory, wishes) if "core_areas" in drawn else []),
            *(_corridor_layers(territory, wishes) if "corridors" in drawn else []),
            *water,
            *base_layers(communes, wishes, territory.sources_of("communes")),
        ),
        labels=lambda view: place_names(communes, wishes, view),
        notes=(say("projected_areas", wishes.lang),),
        overview=overview_of(communes),
        table=_table(territory, wishes) if "core_areas" in drawn else None,
        parameters={"territory": territory.name, "layers": tuple(drawn)},
    )  # fmt: skip
    return compose(content, wishes)


def _sorted_out(frame: gpd.GeoDataFrame, column: str, kinds: dict[str, Any]) -> NDArray[np.str_]:
    """Return the key of the kind of each feature, by a word of one of its columns."""
    if column not in frame:
        return np.full(len(frame), list(kinds)[-1])
    words = frame[column].astype("string").fillna("").str.lower().tolist()
    last = list(kinds)[-1]
    return np.asarray(
        [
            next((key for key, (parts, *_) in kinds.items() if any(p in w for p in parts)), last)
            for w in words
        ],
        dtype=str,
    )


def _core_layers(territory: Territory, page: Page) -> list[MapLayer]:
    frame, sources = territory["core_areas"], territory.sources_of("core_areas")
    found = _sorted_out(frame, "milieu", _KINDS)
    block = say("core_block", page.lang)
    return [
        MapLayer(to_array(frame[found == key]), symbol, 3.2, say(key, page.lang), block, sources)
        for key, (_, symbol) in _KINDS.items()
    ]


def _corridor_layers(territory: Territory, page: Page) -> list[MapLayer]:
    """Return lines above areas; what is to be restored above what is to be kept."""
    frame, sources = territory["corridors"], territory.sources_of("corridors")
    found = _sorted_out(frame, "objectif", _AIMS)
    annulled = f" ({say('srce', page.lang)})" if any(map(is_srce, sources)) else ""
    block = say("corridor_block", page.lang) + annulled
    layers = []
    for step, (key, (_, stroke, fill)) in enumerate(_AIMS.items()):
        shapes = to_array(frame[found == key])
        areal = np.isin(shapely.get_type_id(shapes), (3, 6))
        groups: tuple[tuple[NDArray[np.bool_], Symbol, float], ...] = (
            (areal, fill, 3.4), (~areal, stroke, 5.9),
        )  # fmt: skip
        layers += [
            MapLayer(shapes[rows], symbol, level - step / 10, say(key, page.lang), block, sources)
            for rows, symbol, level in groups
        ]
    return layers


def _cut(shapes: NDArray[Any], page: Page) -> NDArray[Any]:
    here = place_of(page)
    valid = shapely.make_valid(shapes)
    cut = valid if here is None else shapely.intersection(valid, here)
    return np.asarray(cut, dtype=object)


def _finding(territory: Territory, page: Page) -> str:
    """Return hectares of core areas, kilometres of corridors, and how many to restore."""
    parts = []
    if has_layer(territory, "core_areas"):
        shapes = _cut(to_array(territory["core_areas"]), page)
        hectares = float(shapely.area(shapely.union_all(shapes))) / HECTARE_M2
        figure = number(hectares, page.lang, int(hectares < 10))
        parts.append(say("core_ha", page.lang, figure) if hectares else say("core_none", page.lang))
    if has_layer(territory, "corridors"):
        parts.append(_corridor_finding(territory, page))
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def _corridor_finding(territory: Territory, page: Page) -> str:
    frame = territory["corridors"]
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    shapes = _cut(frame.geometry.to_numpy(), page)
    restore = _sorted_out(frame, "objectif", _AIMS) == "corridor_restore"
    areal = np.isin(shapely.get_type_id(frame.geometry.to_numpy()), (3, 6))
    if areal.all():
        size, unit = shapely.area(shapes) / HECTARE_M2, "ha"
    else:  # where corridors come as lines and areas, the lines tell how long they are
        size, unit = np.where(areal, 0.0, shapely.length(shapes)) / 1000, "km"
    total, part = float(size.sum()), float(size[restore].sum())
    if not total:
        return say("corridor_none", page.lang)
    text = say(f"corridor_{unit}", page.lang, number(total, page.lang))
    if not part:
        return text
    return say("of_which_restore", page.lang, text, number(part, page.lang), unit)


def _table(territory: Territory, page: Page) -> Table | None:
    """Return the largest core areas of the extent."""
    frame = territory["core_areas"]
    ground = Bounds(*page.extent) if page.extent else None
    if ground is not None:
        frame = frame[frame.intersects(shapely.box(*ground))]
    if "nom" not in frame or not len(frame):
        return None
    named = frame.assign(area=frame.area / HECTARE_M2)[["nom", "area"]].dropna()
    sums = pd.DataFrame(named).groupby("nom")["area"].sum().reset_index()
    sums = sums.sort_values(["area", "nom"], ascending=[False, True])
    rows = tuple(
        Row(str(name), area, number(area, page.lang)) for name, area in sums.itertuples(index=False)
    )
    return Table(say("largest_core_areas", page.lang), rows) if rows else None
