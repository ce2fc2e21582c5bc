"""The web map of a territory, with what was computed on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypedDict, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import LayerError, explain
from tvb.maps.basemap import class_labels
from tvb.maps.palette import (
    CAVALIER,
    CORRIDOR_AREA,
    CORRIDOR_LINE,
    SYMBOLS,
    TERRIL_BEYOND,
    TERRIL_INSIDE,
)
from tvb.maps.plates.exposure import align_communes, select_scenario
from tvb.maps.plates.graph import LINK_BREAKS, PATCH_BREAKS
from tvb.maps.plates.layers import in_property
from tvb.maps.style import BLUES, GREENS, LINKS, ramp, round_breaks
from tvb.maps.symbols import Fill, Marker, Stroke, Symbol
from tvb.maps.texts import Lang, say, scenario_name
from tvb.maps.web.document import WebMap, build_web_map
from tvb.maps.web.layers import WebLayer
from tvb.maps.web.words import popup_labels, say_web
from tvb.schema import SCHEMAS
from tvb.territory import Source, Territory

__all__ = ["WebOptions", "web_map"]

_HEADINGS = {"property_elements": "nom", "terrils": "nom", "cycle_routes": "nom", "estates": "nom"}
_GROUND = Fill("#fbfaf6", "#9a958b", 0.6)
_NONE_EXPOSED = Fill("#f1efe8", "#9a958b", 0.6)
_NOT_ASSESSED = Fill("#c9c5bb", "#9a958b", 0.6)
_STATION = Marker("triangle", 3.2, "#b3261e", "#ffffff")
_PIT = Marker("circle", 2.2, "#ffffff", "#262626")
_SHOWN = {"property_elements", "property", "buffer", "terrils", "corridors", "core_areas"}
_ORDER = (
    "pumping_stations", "pits", "terrils", "cycle_routes", "cavaliers", "property_elements",
    "property", "estates", "water_bodies", "corridors", "core_areas", "buffer",
)  # fmt: skip
_PLAIN: dict[str, Symbol] = {
    "pumping_stations": _STATION,
    "pits": _PIT,
    "property_elements": SYMBOLS["property"][2],
    "estates": Fill("#c9a0a0", "#7c3b3b", 0.4, alpha=0.7),
}


class WebOptions(TypedDict, total=False):
    """Keywords of `tvb.maps.web.build_web_map`, but for the title."""

    lang: Lang
    producer: str
    date: str
    tolerance_m: float
    max_mb: float


def web_map(
    territory: Territory,
    *,
    title: str | None = None,
    exposure: pd.DataFrame | None = None,
    scenario: str = "02Moy",
    patches: gpd.GeoDataFrame | None = None,
    links: gpd.GeoDataFrame | None = None,
    sources: Sequence[Source] = (),
    **options: Unpack[WebOptions],
) -> WebMap:
    """Return the web map of a territory: one HTML file that opens without a network.

    Parameters
    ----------
    territory : tvb.territory.Territory
        In EPSG:2154, with ``communes``; the other layers are drawn where it has them.
    title : str, optional
        By default the name of the territory.
    exposure : pandas.DataFrame, optional
        Of `tvb.flood.count_exposed_buildings`: communes are then classed by exposed buildings.
    scenario : str
        Which scenario of it.
    patches, links : geopandas.GeoDataFrame, optional
        The habitat graph; classed by ``d`` where they have been ranked.
    sources : sequence of tvb.territory.Source
        Of the exposure and the graph, beside those of the territory.
    **options
        Language, producer, date, tolerance and largest size: see `tvb.maps.web.build_web_map`.

    Returns
    -------
    WebMap
        Communes can be looked for by name.

    Raises
    ------
    LayerError
        If there are no communes, or no source.
    ParameterError
        If the scenario is not in the table, or the page would be too large.
    MissingExtraError
        If the library of the page is not installed.
    """
    lang = options.get("lang", "fr")
    communes = territory["communes"]
    if not len(communes):
        raise LayerError(explain("communes", "no feature to draw", required="at least one"))
    layers = [layer for name in _ORDER if (layer := _layer(territory, name, lang)) is not None]
    graph = [_patches(patches, sources, lang), _links(links, sources, lang)]
    middle = [layer for layer in reversed(graph) if layer is not None]
    ground = _communes(territory, exposure, scenario, lang=lang, sources=sources)
    return build_web_map(
        [*layers, *middle, ground],
        title=territory.name if title is None else title,
        subtitle=say("territory_title", lang),
        **options,
    )


def _layer(territory: Territory, name: str, lang: Lang) -> WebLayer | None:
    if name not in territory or not len(territory[name]):
        return None
    if name == "property" and "property_elements" in territory:
        return None
    frame = _with_communes(territory[name])
    symbol, classes, of_class = _symbols(territory, name, frame, lang=lang)
    heading = _HEADINGS.get(name, "nom")
    return WebLayer(
        _title(name, lang),
        frame,
        symbol,
        territory.sources_of(name),
        popup=popup_labels(name, _filled(frame), lang),
        heading=heading if heading in frame else "",
        classes=classes,
        of_class=of_class,
        shown=name in _SHOWN,
    )


def _title(name: str, lang: Lang) -> str:
    schema = SCHEMAS[name]
    return schema.title_fr if lang == "fr" else schema.title_en


def _symbols(
    territory: Territory, name: str, frame: gpd.GeoDataFrame, *, lang: Lang
) -> tuple[Symbol | Sequence[Symbol], Sequence[str], np.ndarray | None]:
    """Return the symbol of a layer, or those of its classes and the class of each feature."""
    if name == "terrils":
        texts = (say("terril_in", lang), say("terril_out", lang))
        return (TERRIL_INSIDE, TERRIL_BEYOND), texts, (~in_property(territory)).astype(int)
    if name in ("corridors", "cavaliers"):
        wide = Fill(CAVALIER.colour, CAVALIER.colour, CAVALIER.width_pt)
        area, line = (CORRIDOR_AREA, CORRIDOR_LINE) if name == "corridors" else (wide, CAVALIER)
        dimension = shapely.get_dimensions(frame.geometry.to_numpy())
        if (dimension == 2).all():
            return area, (), None
        return line, (), None
    symbol = _PLAIN[name] if name in _PLAIN else SYMBOLS[name][2]
    return symbol, (), None


def _with_communes(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a layer with the communes of each feature in one column, not in one for each."""
    numbered = [column for column in frame if re.fullmatch(r"commune_\d+", str(column))]
    if not numbered:
        return frame
    rows = frame[numbered].itertuples(index=False)
    told = [", ".join(str(name) for name in row if pd.notna(name) and name) for row in rows]
    return frame.assign(communes=told)


def _filled(frame: gpd.GeoDataFrame) -> list[str]:
    return [str(column) for column in frame if frame[column].notna().any()]


def _communes(
    territory: Territory,
    exposure: pd.DataFrame | None,
    scenario: str,
    *,
    lang: Lang,
    sources: Sequence[Source],
) -> WebLayer:
    communes = territory["communes"]
    named = territory.sources_of("communes")
    popup = popup_labels("communes", communes, lang)
    if exposure is None:
        return WebLayer(
            say("commune", lang), communes, _GROUND, named, popup, "nom", coverage=True,
            search="nom",
        )  # fmt: skip
    count = align_communes(select_scenario(exposure, scenario)["buildings"], communes)
    frame = communes.assign(_exposed=count)
    breaks = round_breaks(count[count > 0])
    colours = ramp(BLUES, len(breaks) + 1)
    of_class = np.searchsorted(breaks, count, side="right")
    of_class[count == 0] = len(colours)
    of_class[np.isnan(count)] = len(colours) + 1
    labels = [*class_labels(breaks, lang), say("none_exposed", lang), say("not_assessed", lang)]
    return WebLayer(
        f"{say('buildings', lang)}, {scenario_name(scenario, lang)}",
        frame,
        [*(Fill(c, "#9a958b", 0.6) for c in colours), _NONE_EXPOSED, _NOT_ASSESSED],
        (*named, *sources),
        popup | {"_exposed": say("buildings", lang)},
        "nom",
        classes=labels,
        of_class=of_class,
        coverage=True,
        search="nom",
    )


def _patches(
    patches: gpd.GeoDataFrame | None, sources: Sequence[Source], lang: Lang
) -> WebLayer | None:
    if patches is None or not len(patches):
        return None
    popup = popup_labels("patches", patches, lang)
    patches = patches.assign(_name=[say_web("patch", lang, patch) for patch in patches["patch"]])
    if "d" not in patches:
        return WebLayer(
            say("patches", lang), patches, Fill(GREENS[2], "#0b3b3f", 0.5), tuple(sources), popup,
            "_name", shown=False,
        )  # fmt: skip
    value = patches["d"].to_numpy(dtype=np.float64)
    breaks = np.array(PATCH_BREAKS)
    colours = ramp(GREENS, len(breaks) + 1)
    return WebLayer(
        say("importance", lang), patches, [Fill(c, "#0b3b3f", 0.5) for c in colours],
        tuple(sources), popup, "_name", class_labels(breaks, lang),
        np.searchsorted(breaks, value, side="right"), shown=False,
    )  # fmt: skip


def _links(
    links: gpd.GeoDataFrame | None, sources: Sequence[Source], lang: Lang
) -> WebLayer | None:
    if links is None or not len(links):
        return None
    ranked = "d" in links
    value = links["d" if ranked else "distance_m"].to_numpy(dtype=np.float64)
    breaks = np.array(LINK_BREAKS) if ranked else round_breaks(value, classes=3)
    strokes = [Stroke(c, w) for c, w in zip(LINKS[::-1], (0.8, 1.3, 2.0), strict=True)]
    strokes = strokes[-(len(breaks) + 1) :] if ranked else strokes[len(breaks) :: -1]
    ends = zip(links["i"], links["j"], strict=True)
    frame = links.assign(_name=[say_web("link", lang, i, j) for i, j in ends])
    return WebLayer(
        say("links_lost" if ranked else "links", lang), frame, strokes, tuple(sources),
        popup_labels("links", links, lang), "_name",
        class_labels(breaks, lang), np.searchsorted(breaks, value, side="right"), shown=False,
    )  # fmt: skip
