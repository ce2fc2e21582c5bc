"""The plate of the habitat graph: which patches and links matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, explain
from tvb.maps.basemap import (
    base_layers,
    class_labels,
    frame_bounds,
    overview_of,
    place_names,
    to_array,
)
from tvb.maps.compose import Plate, compose
from tvb.maps.content import Content, MapLayer
from tvb.maps.labels import Label
from tvb.maps.legend import Block
from tvb.maps.listing import Badge
from tvb.maps.page import Page, PageOptions, View
from tvb.maps.plates.layers import place_of
from tvb.maps.style import GREENS, INK, LINKS, check_breaks, ramp, round_breaks
from tvb.maps.symbols import Fill, Marker, Stroke
from tvb.maps.table import Row, Table
from tvb.maps.texts import number, plural, say
from tvb.schema import require_crs
from tvb.territory import Source

__all__ = ["LINK_BREAKS", "PATCH_BREAKS", "plot_graph"]

_EDGE = "#0b3b3f"
_CONNECTOR = "#d95f02"
_IDLE = Fill("#f1efe8", "#8a857c", 0.4)
_UNRANKED = Fill("#e2e0da", "#8a857c", 0.4, "////", "#a8a49c")
_LINK_WIDTHS = (1.2, 0.8, 0.5)
_NUMBERED = 10
_BADGE_MM = 3.8

PATCH_BREAKS = (0.5, 2.0, 5.0, 20.0)
"""Limits of the classes of patches on the plates of every study, in % of connectivity."""
LINK_BREAKS = (0.1, 1.0)
"""Limits of the classes of links by ``d``, in % of connectivity."""

Measure = Literal["d", "d_connector"]


@dataclass(frozen=True)
class _Words:
    """Keys of the texts of a measure; ``idle`` is empty where 0 is a value as any other."""

    subtitle: str
    heading: str
    foremost: str
    finding: str
    idle: str = ""


_WORDS: dict[str, _Words] = {
    "d": _Words("graph_subtitle", "importance", "foremost", "graph_finding"),
    "d_connector": _Words(
        "connector_subtitle", "passage", "foremost_passages", "passage_finding", "no_passage"
    ),
}


def plot_graph(
    patches: gpd.GeoDataFrame,
    links: gpd.GeoDataFrame,
    sources: Sequence[Source],
    *,
    communes: gpd.GeoDataFrame | None = None,
    ranking: pd.DataFrame | None = None,
    by: Measure = "d",
    breaks: Sequence[float] | None = None,
    link_breaks: Sequence[float] | None = None,
    **page: Unpack[PageOptions],
) -> Plate:
    """Return the plate of a habitat graph.

    Parameters
    ----------
    patches : geopandas.GeoDataFrame
        Polygons in EPSG:2154 with ``patch`` (identifier).
    links : geopandas.GeoDataFrame
        Lines in EPSG:2154 with ``i``, ``j``, ``distance_m`` and, once ranked, ``d`` (share of
        connectivity lost without the link, %). May be empty.
    sources : sequence of tvb.territory.Source
        Of the layers from which the graph was built, and of the communes.
    communes : geopandas.GeoDataFrame, optional
        Ground of the map.
    ranking : pandas.DataFrame, optional
        Indexed by ``patch``: ``d``, share of connectivity lost without the patch (%), and
        ``d_connector``, the part of it lost because routes pass through the patch.
    by : {"d", "d_connector"}
        Which of the two patches are classed by.
    breaks : sequence of float, optional
        Inner limits of the classes of patches, at most four, so that several plates can be
        compared: `PATCH_BREAKS` are those of a study. The legend says that they were given.
    link_breaks : sequence of float, optional
        The same for links, at most two. By default `LINK_BREAKS` for ``d``, which has the same
        meaning in every graph, and limits drawn from the data for distances.
    **page
        Title, language, paper, extent and other wishes: see `tvb.maps.Page`.

    Returns
    -------
    Plate
        Title with the foremost patch, or what the place or the extent holds of the ten foremost.
        Patches in classes, the ten foremost numbered; by ``d``, those are outlined where half of it
        or more comes from passage. Links in classes of ``d``, or of distance where they have none.

    Raises
    ------
    LayerError
        If there is no source, no patch, or a column is missing.
    CrsError
        If a frame is not in EPSG:2154.
    ParameterError
        If a limit is wrong, or the page cannot hold the map.
    """
    wishes = Page(**page)
    limits = check_breaks(breaks, len(GREENS) - 1)
    link_limits = check_breaks(link_breaks, len(LINKS) - 1)
    _check(patches, links, communes)
    words = _WORDS[by]
    importance = _importance(patches, ranking, by)
    whole = communes if communes is not None else patches
    nodes = _patch_layers(patches, importance, words, limits=limits, page=wishes)
    nodes += _rank_layer(patches, importance, words, page=wishes)
    if by == "d":
        nodes += _connector_layer(patches, ranking, wishes)
    content = Content(
        title=_title(patches, links, importance, words=words, page=wishes),
        subtitle=_subtitle(patches, links, importance, words=words, page=wishes),
        ground=frame_bounds(whole, "patches"),
        layers=(*nodes, *_link_layers(links, link_limits, wishes), *base_layers(communes, wishes)),
        sources=tuple(sources),
        labels=lambda view: [
            *_ranks(patches, importance, view, page=wishes),
            *place_names(communes, wishes, view),
        ],
        blocks=_blocks(words, limits, link_limits, page=wishes),
        overview=overview_of(whole),
        table=_table(patches, importance, words, page=wishes),
        parameters={
            "patches": len(patches),
            "links": len(links),
            "ranked": ranking is not None,
            "by": by,
        },
    )
    return compose(content, wishes)


def _counts(patches: gpd.GeoDataFrame, links: gpd.GeoDataFrame, page: Page) -> str:
    nodes, edges = plural(len(patches), "patch", page.lang), plural(len(links), "link", page.lang)
    return say("graph_title", page.lang, nodes, edges)


def _title(
    patches: gpd.GeoDataFrame,
    links: gpd.GeoDataFrame,
    importance: NDArray[np.float64] | None,
    *,
    words: _Words,
    page: Page,
) -> str:
    """Return what the foremost patch carries, or how many of the foremost an extent holds."""
    foremost = [] if importance is None else _foremost(patches, importance)
    if place_of(page) is not None:
        seen = shapely.intersects(patches.geometry.to_numpy(), place_of(page))
        here = plural(int(seen.sum()), "patch", page.lang)
        mine = [str(rank) for rank, i in enumerate(foremost, start=1) if seen[i]]
        if mine:
            return say("graph_here", page.lang, here, ", ".join(mine))
        return say("graph_here_none", page.lang, here) if foremost else here
    if importance is None or not foremost:
        return _counts(patches, links, page)
    value = number(importance[foremost[0]], page.lang, 1)
    return say(words.finding, page.lang, _plain_name(patches, foremost[0], page), value)


def _subtitle(
    patches: gpd.GeoDataFrame,
    links: gpd.GeoDataFrame,
    importance: NDArray[np.float64] | None,
    *,
    words: _Words,
    page: Page,
) -> str:
    if importance is None:
        return say("graph_plain", page.lang)
    meaning = say(words.subtitle, page.lang)
    ranked = bool(_foremost(patches, importance)) or page.extent is not None
    return f"{_counts(patches, links, page)} · {meaning}" if ranked else meaning


def _check(
    patches: gpd.GeoDataFrame, links: gpd.GeoDataFrame, communes: gpd.GeoDataFrame | None
) -> None:
    frames = {"patches": (patches, ("patch",)), "links": (links, ("i", "j", "distance_m"))}
    for name, (frame, columns) in frames.items():
        missing = [c for c in columns if c not in frame]
        if missing:
            problem = f"column « {missing[0]} » is missing"
            raise LayerError(explain(name, problem, required=", ".join(columns)))
        require_crs(frame, name)
    if communes is not None:
        require_crs(communes, "communes")


def _importance(
    patches: gpd.GeoDataFrame, ranking: pd.DataFrame | None, by: Measure
) -> NDArray[np.float64] | None:
    if ranking is None:
        return None
    if by not in ranking:
        raise LayerError(explain("ranking", f"column « {by} » is missing"))
    values: NDArray[np.float64] = (
        ranking[by].reindex(patches["patch"]).to_numpy(dtype=np.float64, na_value=np.nan)
    )
    return values


def _patch_layers(
    patches: gpd.GeoDataFrame,
    importance: NDArray[np.float64] | None,
    words: _Words,
    *,
    limits: NDArray[np.float64] | None,
    page: Page,
) -> list[MapLayer]:
    if importance is None:
        symbol = Fill(GREENS[2], _EDGE, 0.5)
        block = say("patches", page.lang)
        return [MapLayer(to_array(patches), symbol, 5.0, say("patch", page.lang), block)]
    absent = np.isnan(importance)
    # Most patches are no passage at all: they are no class of values.
    idle = (importance == 0) & (words.idle != "")
    known = ~absent & ~idle
    breaks = limits
    if breaks is None:
        breaks = round_breaks(importance[known], weights=patches.area[known])
    colours = ramp(GREENS, len(breaks) + 1)
    labels = class_labels(breaks, page.lang)
    classes = np.searchsorted(breaks, importance, side="right")
    block = say(words.heading, page.lang)
    layers = [
        MapLayer(
            to_array(patches[rows]), Fill(colours[k], _EDGE, 0.3 + 0.1 * k), 5.0 + k / 10,
            labels[k], block,
        )
        for k in reversed(range(len(colours)))
        if (rows := known & (classes == k)).any()
    ]  # fmt: skip
    for rows, symbol, text in ((idle, _IDLE, words.idle), (absent, _UNRANKED, "unranked")):
        if rows.any():
            layers.append(
                MapLayer(to_array(patches[rows]), symbol, 4.9, say(text, page.lang), block)
            )
    return layers


def _connector_layer(
    patches: gpd.GeoDataFrame, ranking: pd.DataFrame | None, page: Page
) -> list[MapLayer]:
    if ranking is None or "d_connector" not in ranking:
        return []
    table = ranking.reindex(patches["patch"])
    d, passage = (table[c].to_numpy(dtype=np.float64, na_value=0) for c in ("d", "d_connector"))
    rows = (d > 0) & (passage >= d / 2)
    if not rows.any():
        return []
    ring = Fill(None, _CONNECTOR, 1.1)
    block = say("patches", page.lang)
    return [MapLayer(to_array(patches[rows]), ring, 6.0, say("connector", page.lang), block)]


def _link_layers(
    links: gpd.GeoDataFrame, limits: NDArray[np.float64] | None, page: Page
) -> list[MapLayer]:
    """Return links in classes of what their loss costs, or else of distance, strongest on top."""
    if not len(links):
        return []
    by_loss = "d" in links and bool((links["d"] > 0).any())
    value = links["d" if by_loss else "distance_m"].to_numpy(dtype=np.float64)
    breaks = limits
    if breaks is None:
        breaks = np.asarray(LINK_BREAKS) if by_loss else round_breaks(value, classes=3)
    labels = class_labels(breaks, page.lang)
    classes = np.searchsorted(breaks, value, side="right")
    block = say("links_lost" if by_loss else "links", page.lang)
    if by_loss:  # the strongest stroke is for what matters most
        labels, classes = labels[::-1], len(labels) - 1 - classes
    return [
        MapLayer(
            to_array(links[rows]), Stroke(LINKS[k], _LINK_WIDTHS[k]), 4.4 - k / 10, labels[k], block
        )
        for k in range(len(labels))
        if (rows := classes == k).any()
    ]


def _rank_layer(
    patches: gpd.GeoDataFrame,
    importance: NDArray[np.float64] | None,
    words: _Words,
    *,
    page: Page,
) -> list[MapLayer]:
    """Return what tells the legend that numbers are in view."""
    rows = [] if importance is None else _foremost(patches, importance)
    if not rows:
        return []
    note = say("numbered" if len(rows) == _NUMBERED else "numbered_all", page.lang)
    shapes = np.asarray(patches.geometry.to_numpy()[rows], dtype=object)
    heading = say(words.heading, page.lang)
    return [MapLayer(shapes, _ring(page), 6.5, block=heading, legend_only=True, note=note)]


def _blocks(
    words: _Words,
    limits: NDArray[np.float64] | None,
    link_limits: NDArray[np.float64] | None,
    *,
    page: Page,
) -> dict[str, Block]:
    """Return the blocks whose limits the user gave, which say so."""
    shared = say("shared_breaks", page.lang)
    headings = [say(words.heading, page.lang)] if limits is not None else []
    if link_limits is not None:
        headings += [say(key, page.lang) for key in ("links_lost", "links")]
    return {heading: Block(heading, (), shared) for heading in headings}


def _foremost(patches: gpd.GeoDataFrame, importance: NDArray[np.float64]) -> list[int]:
    """Return the rows of the patches that are numbered, the first one first."""
    ids = patches["patch"].tolist()
    rows = np.flatnonzero(importance > 0).tolist()
    return sorted(rows, key=lambda i: (-importance[i], str(ids[i])))[:_NUMBERED]


def _table(
    patches: gpd.GeoDataFrame,
    importance: NDArray[np.float64] | None,
    words: _Words,
    *,
    page: Page,
) -> Table | None:
    if importance is None:
        return None
    rows = tuple(
        Row(_patch_name(patches, i, rank, page=page), importance[i],
            number(importance[i], page.lang, 1))
        for rank, i in enumerate(_foremost(patches, importance), start=1)
    )  # fmt: skip
    return Table(say(words.foremost, page.lang), rows)


def _patch_name(patches: gpd.GeoDataFrame, i: int, rank: int, *, page: Page) -> str:
    """Return rank and name of a patch; without a name, its identifier."""
    name = _name(patches, i)
    if name is None:
        return say("patch_number", page.lang, rank, patches["patch"].iloc[i])
    return say("named_patch", page.lang, rank, name)


def _plain_name(patches: gpd.GeoDataFrame, i: int, page: Page) -> str:
    name = _name(patches, i)
    return name if name is not None else say("patch_id", page.lang, patches["patch"].iloc[i])


def _name(patches: gpd.GeoDataFrame, i: int) -> str | None:
    name = patches["nom"].iloc[i] if "nom" in patches else None
    return None if name is None or pd.isna(name) else str(name)


def _ranks(
    patches: gpd.GeoDataFrame,
    importance: NDArray[np.float64] | None,
    view: View,
    *,
    page: Page,
) -> list[Label]:
    """Return the numbers, each on the part of its patch that the map shows."""
    if importance is None:
        return []
    window, labels = shapely.box(*view.bounds), []
    for rank, i in enumerate(_foremost(patches, importance), start=1):
        seen = shapely.intersection(shapely.make_valid(patches.geometry.iloc[i]), window)
        if not shapely.is_empty(seen):
            point = shapely.point_on_surface(seen)
            badge = Badge(str(rank), _ring(page), INK)
            labels.append(Label(str(rank), point.x, point.y, badge=badge))
    return labels


def _ring(page: Page) -> Marker:
    return Marker("circle", _BADGE_MM * page.text_scale, "#ffffff", _EDGE, 0.8)
