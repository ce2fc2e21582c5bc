"""The quiet ground of every plate: communes, intercommunalities, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, explain
from tvb.maps.content import MapLayer
from tvb.maps.labels import Label
from tvb.maps.page import Bounds, Page, View
from tvb.maps.style import LAND
from tvb.maps.symbols import Fill, Geometries, Stroke
from tvb.maps.texts import Lang, apostrophe, number, say
from tvb.territory import Source

__all__ = [
    "base_layers", "class_labels", "commune_labels", "frame_bounds", "names_for", "outline",
    "overview_of", "place_names", "to_array", "within",
]  # fmt: skip

_COMMUNE_LINE, _EPCI_LINE = "#b9b4aa", "#7d776d"
_SLIVER_M = 15.0
_PAPER_PER_NAME_MM2 = 1350.0
_SMALL_SCALE = 150_000
_TIERS = ((30_000, 8.5), (15_000, 7.5))


def to_array(frame: gpd.GeoDataFrame) -> Geometries:
    """Return the geometries of a frame that can be drawn.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        In EPSG:2154.

    Returns
    -------
    numpy.ndarray
        Those that are neither null nor empty.
    """
    geometry: Geometries = np.asarray(frame.geometry.to_numpy(), dtype=object)
    return geometry[~(shapely.is_missing(geometry) | shapely.is_empty(geometry))]


def frame_bounds(frame: gpd.GeoDataFrame, layer: str) -> Bounds:
    """Return the ground that a frame covers.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        In EPSG:2154.
    layer : str
        Its name in messages.

    Returns
    -------
    Bounds
        In metres.

    Raises
    ------
    LayerError
        If there is nothing to draw.
    """
    geometry = to_array(frame)
    if not len(geometry):
        raise LayerError(explain(layer, "no feature to draw", required="at least one"))
    return Bounds(*shapely.total_bounds(geometry))


def class_labels(breaks: NDArray[np.float64], lang: Lang, *, unit: str = "") -> list[str]:
    """Return the legend texts of classes.

    Parameters
    ----------
    breaks : numpy.ndarray
        Inner limits, increasing.
    lang : {"fr", "en"}
        Language.
    unit : str
        Appended to the last number of each text.

    Returns
    -------
    list of str
        One more than there are limits: below the first, between, above the last.
    """
    limits = [number(b, lang, None) for b in breaks]
    if not limits:
        return [say("all_values", lang)]
    pairs = pairwise(limits)
    middle = [say("between", lang, low, f"{high}{unit}") for low, high in pairs]
    first, last = (f"{limit}{unit}" for limit in (limits[0], limits[-1]))
    return [say("below", lang, first), *middle, say("above", lang, last)]


def outline(geometry: Geometries) -> Geometries:
    """Return the union of communes, without the slivers that generalisation left between them.

    Parameters
    ----------
    geometry : numpy.ndarray
        Polygons of neighbours.

    Returns
    -------
    numpy.ndarray
        One polygon or multipolygon, for drawing only: its corners are rounded.
    """
    grown = shapely.buffer(geometry, _SLIVER_M, join_style="mitre")
    union = shapely.buffer(shapely.union_all(grown), -_SLIVER_M, join_style="mitre")
    return np.array([union], dtype=object)


def overview_of(frame: gpd.GeoDataFrame) -> Geometries:
    """Return what the locator shows of a territory.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Communes, or the polygons or lines of a theme.

    Returns
    -------
    numpy.ndarray
        The intercommunalities where they are known, else the outline of all polygons; none of
        lines.
    """
    geometry = to_array(frame)
    areal = geometry[np.isin(shapely.get_type_id(geometry), (3, 6))]
    groups = _epci(frame)
    if len(groups):
        return groups
    return outline(areal) if len(areal) else areal


def base_layers(
    communes: gpd.GeoDataFrame | None, page: Page, sources: tuple[Source, ...] = ()
) -> tuple[MapLayer, ...]:
    """Return the ground of the communes and their limits.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame, optional
        Columns ``insee`` and, for the intercommunalities, ``epci_siren``. None draws nothing.
    page : Page
        Its language.
    sources : tuple of Source
        Of the communes, unless the plate names them itself.

    Returns
    -------
    tuple of MapLayer
        Thin grey lines for communes, stronger ones for intercommunalities.
    """
    if communes is None:
        return ()
    block = say("base", page.lang)
    geometry = to_array(communes)
    layers = [
        MapLayer(geometry, Fill(LAND), 1.0, sources=sources),
        MapLayer(
            geometry, Stroke(_COMMUNE_LINE, 0.35), 3.6, say("commune", page.lang), block
        ),
    ]  # fmt: skip
    groups = _epci(communes)
    if len(groups):
        layers.append(MapLayer(groups, Stroke(_EPCI_LINE, 0.9), 3.8, say("epci", page.lang), block))
    return tuple(layers)


def _epci(communes: gpd.GeoDataFrame) -> Geometries:
    if "epci_siren" not in communes or communes["epci_siren"].isna().all():
        return np.empty(0, dtype=object)
    shapes = shapely.to_wkb(np.asarray(communes.geometry.to_numpy(), dtype=object))
    return _outlines(tuple(shapes), tuple(communes["epci_siren"]))


@lru_cache(maxsize=2)
def _outlines(shapes: tuple[bytes | None, ...], groups: tuple[Any, ...]) -> Geometries:
    """Return the outline of each group: every sheet of an atlas asks for the same ones."""
    geometry = np.asarray(shapely.from_wkb(list(shapes)), dtype=object)
    members = pd.Series(groups).groupby(list(groups), sort=True).indices
    found = np.concatenate([outline(geometry[rows]) for rows in members.values()])
    found.flags.writeable = False
    return found


def commune_labels(
    communes: gpd.GeoDataFrame, page: Page, clearance_mm: Mapping[str, float] | None = None
) -> tuple[list[Label], list[Label]]:
    """Return the names of the communes: those that must be tried first, then the others.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Columns ``insee``, ``nom``, ``population``.
    page : Page
        Its text size.
    clearance_mm : mapping of str to float, optional
        Radius of the symbols beside which names must stand, by INSEE code; these communes are
        served first, by decreasing radius.

    Returns
    -------
    tuple of list of Label
        Communes with a symbol and main towns, then the rest by population.
    """
    radius = clearance_mm or {}
    codes = communes["insee"].tolist()
    population = _population(communes)
    order = sorted(
        range(len(communes)),
        key=lambda i: (-radius.get(codes[i], 0.0), -population[i], codes[i]),
    )
    points = shapely.get_coordinates(shapely.point_on_surface(communes.geometry.to_numpy()))
    main: list[Label] = []
    rest: list[Label] = []
    for i in order:
        size = next((s for limit, s in _TIERS if population[i] >= limit), 6.5)
        label = Label(
            apostrophe(communes["nom"].iloc[i]),
            points[i, 0],
            points[i, 1],
            size * page.text_scale,
            "bold" if size > 7 else "",
            clearance_mm=radius.get(codes[i]),
        )
        (main if size > 7 or codes[i] in radius else rest).append(label)
    return main, rest


def _population(communes: gpd.GeoDataFrame) -> NDArray[np.float64]:
    if "population" not in communes:
        return np.zeros(len(communes))
    numbers = pd.to_numeric(communes["population"]).fillna(0)
    return np.asarray(numbers, dtype=np.float64)


def names_for(
    page: Page,
    view: View,
    *,
    main: Sequence[Label],
    middle: Sequence[Label] = (),
    rest: Sequence[Label],
) -> list[Label]:
    """Return names by order of importance, fewer where the scale is small.

    Parameters
    ----------
    page : Page
        Its size.
    view : View
        What the frame shows.
    main, middle, rest : sequence of Label
        Main towns; names of the theme; other communes.

    Returns
    -------
    list of Label
        All of them at large scales.
    """
    if view.denominator <= _SMALL_SCALE:
        return [*main, *middle, *rest]
    width, height = page.size_mm
    few = int(width * height / _PAPER_PER_NAME_MM2)
    return [*main, *middle, *rest[: max(0, few - len(main))]]


def place_names(communes: gpd.GeoDataFrame | None, page: Page, view: View) -> list[Label]:
    """Return the names of the communes of a plate whose symbols do not ask for room.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame, optional
        Columns ``insee``, ``nom``, ``population``.
    page : Page
        Its size.
    view : View
        What the frame shows.

    Returns
    -------
    list of Label
        By order of importance.
    """
    if communes is None:
        return []
    main, rest = commune_labels(within(communes, view.bounds), page)
    return names_for(page, view, main=main, rest=rest)


def within(frame: gpd.GeoDataFrame, view: Bounds) -> gpd.GeoDataFrame:
    """Return the features seen in a view, cut to it, so that their names stand inside it.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Polygons in EPSG:2154.
    view : Bounds
        Ground shown.

    Returns
    -------
    geopandas.GeoDataFrame
        Features of at least a hundredth of the view or a third of themselves inside.
    """
    geometry = frame.geometry.to_numpy()
    cut = shapely.intersection(shapely.make_valid(geometry), shapely.box(*view))
    area = shapely.area(cut)
    enough = (area > 0.01 * view.width * view.height) | (area > shapely.area(geometry) / 3)
    return frame.set_geometry(gpd.GeoSeries(cut, index=frame.index, crs=frame.crs))[enough]
