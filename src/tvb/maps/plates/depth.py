"""The plate of the depth of water: classes of the CNIG, buildings at large scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, explain
from tvb.grid import Grid
from tvb.maps.basemap import (
    base_layers,
    class_labels,
    frame_bounds,
    overview_of,
    place_names,
    to_array,
)
from tvb.maps.compose import Plate, compose
from tvb.maps.content import Content, MapLayer, raster_layers
from tvb.maps.legend import Block
from tvb.maps.page import Bounds, Page, PageOptions
from tvb.maps.patterns import Ruling
from tvb.maps.plates.areas import is_positive, positive_cells, rank_by_area
from tvb.maps.raster import classify
from tvb.maps.style import DEPTHS
from tvb.maps.symbols import Fill
from tvb.maps.texts import number, say, scenario_name
from tvb.schema import require_crs
from tvb.schema.hazard import DEPTH_CLASSES
from tvb.territory import Source

__all__ = ["plot_depth"]

_BREAKS = np.array([high for _, high in DEPTH_CLASSES.values() if high is not None])
_BUILDINGS_FROM = (0.0, 30_001.0)
_OFTEN_UNSEEN = ("buildings", "protected_zones")
_WET = Fill("#e0862f", "#5a2600", 0.35)
_DRY = Fill("#b4afa6", "#7d776d", 0.2)
_PROTECTED = Fill(None, "#1b7a4b", 1.0, patterns=(Ruling("#1b7a4b", 135, 5, 0.7),))


def plot_depth(
    depth: Grid,
    sources: Sequence[Source],
    *,
    scenario: str,
    communes: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    protected: gpd.GeoDataFrame | None = None,
    **page: Unpack[PageOptions],
) -> Plate:
    """Return the plate of the depth of water in one scenario.

    Parameters
    ----------
    depth : tvb.grid.Grid
        Metres of water above ground. 0 is dry; cells without data were not modelled.
    sources : sequence of tvb.territory.Source
        Of the depths and of every frame given; those of layers ``buildings`` and
        ``protected_zones`` are named where the map shows them.
    scenario : str
        Its code, such as ``02Moy``, for the subtitle.
    communes : geopandas.GeoDataFrame, optional
        Ground of the map.
    buildings : geopandas.GeoDataFrame, optional
        Polygons in EPSG:2154, drawn from 1:30 000 on. With a column ``exposed`` (true or false)
        the exposed ones stand out; without it, those that meet a cell under water.
    protected : geopandas.GeoDataFrame, optional
        Polygons in EPSG:2154 that dykes or pumps keep dry: hatched.
    **page
        Title, language, paper, extent and other wishes: see `tvb.maps.Page`.

    Returns
    -------
    Plate
        Classes of the CNIG: below 0.5 m, to 1 m, to 2 m, above. Title with the ground under water
        in the place or the extent.

    Raises
    ------
    LayerError
        If there is no source, or neither communes nor raster have an extent.
    CrsError
        If a frame is not in EPSG:2154.
    ParameterError
        If the page cannot hold the map.
    """
    wishes = Page(**page)
    for name, frame in (
        ("communes", communes), ("buildings", buildings), ("protected", protected),
    ):  # fmt: skip
        if frame is not None:
            require_crs(frame, name)
    ground = Bounds(*depth.bounds) if communes is None else frame_bounds(communes, "communes")
    seen = Bounds(*wishes.extent) if wishes.extent else ground
    cells = classify(depth, _BREAKS, DEPTHS)
    always, told = _split_sources(sources)
    block = say("depth", wishes.lang)
    content = Content(
        title=_finding(depth, seen, wishes),
        subtitle=say("depth_subtitle", wishes.lang, scenario_name(scenario, wishes.lang)),
        ground=ground,
        layers=(
            *raster_layers(cells, class_labels(_BREAKS, wishes.lang), block=block),
            *_told(_building_layers(buildings, depth, seen, page=wishes), told["buildings"]),
            *_told(_protected_layers(protected, wishes), told["protected_zones"]),
            *base_layers(communes, wishes),
        ),
        sources=always,
        labels=lambda view: place_names(communes, wishes, view),
        blocks={block: Block(block, (), touching=True)},
        overview=None if communes is None else overview_of(communes),
        table=rank_by_area(
            depth, communes, seen, heading=say("depth_table", wishes.lang), page=wishes
        ),
        parameters={"scenario": scenario},
    )
    return compose(content, wishes)


def _split_sources(
    sources: Sequence[Source],
) -> tuple[tuple[Source, ...], dict[str, tuple[Source, ...]]]:
    """Return the sources that are always named, and those named where their layer is drawn."""
    told = {name: tuple(s for s in sources if s.layer == name) for name in _OFTEN_UNSEEN}
    always = tuple(s for s in sources if s.layer not in _OFTEN_UNSEEN)
    return always, told


def _told(layers: list[MapLayer], sources: tuple[Source, ...]) -> list[MapLayer]:
    return [replace(layer, sources=sources) for layer in layers]


def _finding(depth: Grid, seen: Bounds, page: Page) -> str:
    water = positive_cells(depth, seen, page.focus)
    if not len(water):
        return say("depth_title_none", page.lang)
    hectares = [n * depth.cell_area_m2 / 1e4 for n in (len(water), (water >= 1).sum())]
    figures = [number(h, page.lang, int(h < 10)) for h in hectares]
    if not hectares[1]:
        return say("depth_title_shallow", page.lang, figures[0])
    return say("depth_title", page.lang, *figures)


def _building_layers(
    buildings: gpd.GeoDataFrame | None, depth: Grid, seen: Bounds, *, page: Page
) -> list[MapLayer]:
    width, height = page.size_mm
    largest = page.scale or 1000 * max(seen.width / width, seen.height / height)
    if buildings is None or not len(buildings) or largest >= _BUILDINGS_FROM[1]:
        return []  # no map of this ground on this paper is at such a scale
    # twice the extent: the frame shows more than what was asked for
    wide = shapely.buffer(shapely.box(*seen), max(seen.width, seen.height))
    shapes = buildings.geometry.to_numpy()
    near = buildings[shapely.intersects(shapes, wide)]
    exposed = _exposed(near, depth)
    block = say("buildings_layer", page.lang)
    return [
        MapLayer(to_array(near[rows]), symbol, level, say(text, page.lang), block,
                 scales=_BUILDINGS_FROM)
        for rows, symbol, level, text in (
            (exposed, _WET, 4.6, "building_wet"), (~exposed, _DRY, 4.5, "building_dry"),
        )
    ]  # fmt: skip


def _exposed(buildings: gpd.GeoDataFrame, depth: Grid) -> NDArray[np.bool_]:
    """Tell which buildings are exposed: as the frame says, else those that meet a wet cell."""
    if "exposed" in buildings:
        flags = buildings["exposed"]
        if flags.isna().any() or not flags.isin([True, False]).all():
            problem = "column « exposed » holds something else than true and false"
            raise LayerError(explain("buildings", problem))
        return np.asarray(flags, dtype=bool)
    boxes = _wet_boxes(depth, buildings)
    meets = np.zeros(len(buildings), dtype=bool)
    meets[shapely.STRtree(boxes).query(buildings.geometry.to_numpy(), "intersects")[0]] = True
    return meets


def _wet_boxes(depth: Grid, buildings: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the cells under water around buildings, as squares."""
    try:
        part = depth.crop(tuple(buildings.total_bounds))
    except (ParameterError, ValueError):  # beside the raster, or no building
        return np.empty(0, dtype=object)
    row, column = np.nonzero(is_positive(part))
    west, north = part.x_min + column * part.cell_width, part.y_max - row * part.cell_height
    boxes = shapely.box(west, north - part.cell_height, west + part.cell_width, north)
    return np.asarray(boxes, dtype=object)


def _protected_layers(protected: gpd.GeoDataFrame | None, page: Page) -> list[MapLayer]:
    if protected is None:
        return []
    text, block = say("protected", page.lang), say("protection", page.lang)
    return [MapLayer(to_array(protected), _PROTECTED, 4.8, text, block)]
