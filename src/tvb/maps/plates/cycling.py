"""The plate of cycle routes: what kind, in service or to come, and what they reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, explain
from tvb.maps.basemap import base_layers, frame_bounds, overview_of, place_names, to_array
from tvb.maps.compose import Plate, compose
from tvb.maps.content import Content, MapLayer
from tvb.maps.labels import Label
from tvb.maps.page import Bounds, Page, PageOptions, View
from tvb.maps.palette import TERRIL_BEYOND, TERRIL_DARK, TERRIL_GREY
from tvb.maps.plates.layers import place_of
from tvb.maps.symbols import Marker, Stroke, Symbol
from tvb.maps.table import Row, Table
from tvb.maps.texts import number, plural, say
from tvb.schema import require_crs
from tvb.territory import Source

__all__ = ["plot_cycling"]

# Facilities of the national schema, by the word that their code holds; the best side counts.
_KINDS = (
    ("greenway", ("VOIE VERTE",)),
    ("track", ("PISTE",)),
    ("lane", ("BANDE",)),
)
_STATES = {"travaux": "works", "en travaux": "works", "projet": "project", "en projet": "project",
           "à étudier": "to_study"}  # fmt: skip
# In grey: a thick line, a double one, a thin one, dots; then dashes of three lengths.
_STROKES: dict[str, tuple[float, str, Stroke]] = {
    "greenway": (6.6, "open", Stroke("#0f5c3a", 1.9, casing="#ffffff")),
    "track": (6.5, "open", Stroke("#ffffff", 0.9, casing="#1f5fa8")),
    "lane": (6.4, "open", Stroke("#1f5fa8", 0.9, casing="#ffffff")),
    "shared": (6.3, "open", Stroke("#1f5fa8", 1.1, (1.0, 1.4))),
    "works": (6.2, "planned", Stroke("#c2500e", 1.7, (3.0, 0.8))),
    "project": (6.1, "planned", Stroke("#c2500e", 1.3, (3.5, 2.2))),
    "to_study": (6.0, "planned", Stroke("#d98a58", 0.9, (1.6, 2.4))),
}
_GAP_LINE = Stroke("#8e1a6b", 2.4, casing="#ffffff")
_TRIANGLES_FROM = 75_000
_NAMED_STATIONS = 40


def plot_cycling(
    routes: gpd.GeoDataFrame,
    sources: Sequence[Source],
    *,
    communes: gpd.GeoDataFrame | None = None,
    terrils: gpd.GeoDataFrame | None = None,
    stations: gpd.GeoDataFrame | None = None,
    gaps: gpd.GeoDataFrame | None = None,
    **page: Unpack[PageOptions],
) -> Plate:
    """Return the plate of the cycle routes.

    Parameters
    ----------
    routes : geopandas.GeoDataFrame
        Lines in EPSG:2154, the layer ``cycle_routes``: ``ame_d``, ``ame_g`` (facility on each side,
        of which the best counts), ``statut`` (existant, travaux, projet, à étudier; a null one is
        in service) and, for the table, ``nom``.
    sources : sequence of tvb.territory.Source
        Of every frame given.
    communes : geopandas.GeoDataFrame, optional
        Ground of the map.
    terrils : geopandas.GeoDataFrame, optional
        Polygons in EPSG:2154.
    stations : geopandas.GeoDataFrame, optional
        Railway stations in EPSG:2154, named if they have a column ``nom``.
    gaps : geopandas.GeoDataFrame, optional
        Points or lines in EPSG:2154 where routes break off.
    **page
        Title, language, paper, extent and other wishes: see `tvb.maps.Page`.

    Returns
    -------
    Plate
        Title with kilometres in service and to come in the place or the extent, and the number of
        gaps there.

    Raises
    ------
    LayerError
        If there is no source, nothing to draw, or a column is missing.
    CrsError
        If a frame is not in EPSG:2154.
    ParameterError
        If the page cannot hold the map.
    """
    wishes = Page(**page)
    _check({"cycle_routes": routes, "communes": communes, "terrils": terrils,
            "stations": stations, "gaps": gaps})  # fmt: skip
    whole = communes if communes is not None else routes
    ground = frame_bounds(whole, "communes" if communes is not None else "cycle_routes")
    seen = Bounds(*wishes.extent) if wishes.extent else ground
    kinds = _kinds(routes)
    content = Content(
        title=_finding(routes, kinds, gaps, seen=seen, page=wishes),
        subtitle=_subtitle(terrils, stations, wishes),
        ground=ground,
        layers=(
            *_route_layers(routes, kinds, wishes),
            *_gap_layers(gaps, wishes),
            *_place_layers(terrils, stations, wishes),
            *base_layers(communes, wishes),
        ),
        sources=tuple(sources),
        labels=lambda view: [
            *_station_names(stations, wishes, view), *place_names(communes, wishes, view),
        ],
        overview=overview_of(whole),
        table=_table(routes, seen, wishes),
        parameters={"routes": len(routes), "gaps": None if gaps is None else len(gaps)},
    )  # fmt: skip
    return compose(content, wishes)


def _subtitle(
    terrils: gpd.GeoDataFrame | None, stations: gpd.GeoDataFrame | None, page: Page
) -> str:
    given = [name for name, frame in (("terrils", terrils), ("stations", stations))
             if frame is not None]  # fmt: skip
    if not given:
        return say("cycling_plain", page.lang)
    places = "cycling_both" if len(given) > 1 else f"cycling_{given[0]}"
    return say("cycling_subtitle", page.lang, say(places, page.lang))


def _check(frames: dict[str, gpd.GeoDataFrame | None]) -> None:
    for name, frame in frames.items():
        if frame is not None:
            require_crs(frame, name)
    routes = frames["cycle_routes"]
    needed = ("ame_d", "ame_g", "statut")
    missing = [c for c in needed if routes is not None and c not in routes]
    if missing:
        problem = f"column « {missing[0]} » is missing"
        raise LayerError(explain("cycle_routes", problem, required=", ".join(needed)))


def _kinds(routes: gpd.GeoDataFrame) -> NDArray[np.str_]:
    """Return the key of `_STROKES` of each section."""
    sides = [routes[side].astype("string").fillna("").str.upper() for side in ("ame_d", "ame_g")]
    found = np.full(len(routes), "shared", dtype="U12")
    for kind, words in reversed(_KINDS):  # the best last, so that it stays
        for side in sides:
            found[side.map(lambda code, w=words: any(x in code for x in w)).to_numpy(bool)] = kind
    states = routes["statut"].astype("string").str.strip().str.lower().map(_STATES)
    planned = states.notna().to_numpy()
    found[planned] = states.to_numpy()[planned]
    return found


def _lengths_km(routes: gpd.GeoDataFrame, here: Any) -> NDArray[np.float64]:
    cut = shapely.intersection(routes.geometry.to_numpy(), here)
    return np.asarray(np.nan_to_num(shapely.length(cut)) / 1000)


def _finding(
    routes: gpd.GeoDataFrame,
    kinds: NDArray[np.str_],
    gaps: gpd.GeoDataFrame | None,
    *,
    seen: Bounds,
    page: Page,
) -> str:
    here = place_of(page) or shapely.box(*seen)
    length = _lengths_km(routes, here)
    planned = np.array([_STROKES[kind][1] == "planned" for kind in kinds], dtype=bool)
    figures = [number(length[rows].sum(), page.lang) for rows in (~planned, planned)]
    shapes = np.empty(0, dtype=object) if gaps is None else to_array(gaps)
    count = int(shapely.intersects(shapes, here).sum())
    if not count:
        return say("cycling_title", page.lang, *figures)
    return say("cycling_gaps_title", page.lang, *figures, plural(count, "gap", page.lang))


def _route_layers(routes: gpd.GeoDataFrame, kinds: NDArray[np.str_], page: Page) -> list[MapLayer]:
    return [
        MapLayer(
            to_array(routes[kinds == kind]), stroke, level, say(kind, page.lang),
            say(f"cycling_{block}", page.lang),
        )
        for kind, (level, block, stroke) in _STROKES.items()
    ]  # fmt: skip


def _gap_layers(gaps: gpd.GeoDataFrame | None, page: Page) -> list[MapLayer]:
    if gaps is None:
        return []
    shapes = to_array(gaps)
    points = np.isin(shapely.get_type_id(shapes), (0, 4))
    marker = Marker("diamond", 3.0 * page.text_scale, "#8e1a6b", "#ffffff", 0.6)
    text, block = say("gap", page.lang), say("cycling_planned", page.lang)
    symbols: tuple[tuple[NDArray[np.bool_], Symbol], ...] = ((points, marker), (~points, _GAP_LINE))
    return [
        MapLayer(shapes[rows], symbol, 7.6, text, block) for rows, symbol in symbols if rows.any()
    ]


def _place_layers(
    terrils: gpd.GeoDataFrame | None, stations: gpd.GeoDataFrame | None, page: Page
) -> list[MapLayer]:
    block, layers = say("places", page.lang), []
    if stations is not None:
        square = Marker("square", 2.5 * page.text_scale, "#1c1c1c", "#ffffff", 0.6)
        layers.append(MapLayer(to_array(stations), square, 7.4, say("station", page.lang), block))
    if terrils is not None:
        small = Marker("triangle", 2.1 * page.text_scale, TERRIL_GREY, TERRIL_DARK, 0.5)
        scales = ((_TRIANGLES_FROM + 1.0, np.inf), (0.0, _TRIANGLES_FROM + 1.0))
        symbols: tuple[Symbol, ...] = (small, TERRIL_BEYOND)
        layers += [
            MapLayer(to_array(terrils), symbol, level, say("terril", page.lang), block,
                     scales=shown)
            for symbol, level, shown in zip(symbols, (7.2, 4.4), scales, strict=True)
        ]  # fmt: skip
    return layers


def _station_names(stations: gpd.GeoDataFrame | None, page: Page, view: View) -> list[Label]:
    if stations is None or "nom" not in stations or view.denominator > _TRIANGLES_FROM:
        return []
    named = stations[stations["nom"].notna() & stations.intersects(shapely.box(*view.bounds))]
    points = shapely.get_coordinates(shapely.point_on_surface(named.geometry.to_numpy()))
    clear = 1.3 * page.text_scale
    rows = sorted(zip(named["nom"].astype(str), points.tolist(), strict=True))[:_NAMED_STATIONS]
    return [
        Label(name, x, y, 6.5 * page.text_scale, "italic", clearance_mm=clear)
        for name, (x, y) in rows
    ]


def _table(routes: gpd.GeoDataFrame, seen: Bounds, page: Page) -> Table | None:
    """Return the longest routes of the extent by their name, in service or not."""
    if "nom" not in routes:
        return None
    lengths = (
        pd.Series(_lengths_km(routes, shapely.box(*seen))).groupby(routes["nom"].to_numpy()).sum()
    )
    order = sorted(lengths[lengths > 0].items(), key=lambda pair: (-pair[1], str(pair[0])))
    rows = tuple(Row(str(name), km, number(km, page.lang, 1)) for name, km in order)
    return Table(say("longest_routes", page.lang), rows)
