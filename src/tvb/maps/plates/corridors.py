"""The plate of least-cost corridors: a raster of where they run, under patches and paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, Unpack

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
from tvb.maps.plates.areas import is_positive, positive_cells, rank_by_area
from tvb.maps.raster import classify
from tvb.maps.style import ORANGES, check_breaks, ramp, round_breaks
from tvb.maps.symbols import Fill, Stroke
from tvb.maps.texts import number, plural, say
from tvb.schema import require_crs
from tvb.territory import Source

__all__ = ["plot_corridors"]

Measure = Literal["count", "weight", "cost"]

_PATCH = Fill("#8dbfae", "#0b3b3f", 0.5, "....", "#2b6b60")
_PATH = Stroke("#1c1c1c", 0.55, (5.0, 1.8))
_MEASURES = ("count", "weight", "cost")
_SAMPLE = 200_000
_COUNT_STEPS = ((2, 3, 4, 5), (2, 3, 5, 10), (2, 5, 10, 20), (2, 5, 20, 50), (2, 10, 50, 200))


class _Classes(NamedTuple):
    """Limits of the classes, and how they are coloured and named."""

    breaks: NDArray[np.float64]
    colours: list[str]
    labels: list[str]


def plot_corridors(
    corridors: Grid,
    patches: gpd.GeoDataFrame,
    sources: Sequence[Source],
    *,
    links: gpd.GeoDataFrame | None = None,
    communes: gpd.GeoDataFrame | None = None,
    by: Measure = "count",
    breaks: Sequence[float] | None = None,
    left_out: int = 0,
    **page: Unpack[PageOptions],
) -> Plate:
    """Return the plate of the corridors between habitat patches.

    Parameters
    ----------
    corridors : tvb.grid.Grid
        As `tvb.connectivity.accumulate_corridors` returns it, or the grid of one
        `tvb.connectivity.corridor`. Cells of 0, NaN or no data are no corridor.
    patches : geopandas.GeoDataFrame
        Polygons in EPSG:2154, drawn above the raster; what it holds inside them is not shown.
    sources : sequence of tvb.territory.Source
        Of the patches, of the land cover that gave the costs, and of the communes.
    links : geopandas.GeoDataFrame, optional
        Lines in EPSG:2154: the least-cost paths.
    communes : geopandas.GeoDataFrame, optional
        Ground of the map.
    by : {"count", "weight", "cost"}
        What the cells hold: how many corridors, their importance added up, or the cost of a path
        through each cell, of which the least is drawn darkest.
    breaks : sequence of float, optional
        Inner limits of the classes, at most four, so that several plates can be compared; the
        legend says so.
    left_out : int
        Patches that the corridors do not take in, such as those beyond the land cover: told in the
        foot.
    **page
        Title, language, paper, extent and other wishes: see `tvb.maps.Page`.

    Returns
    -------
    Plate
        Title with the ground that corridors cover in the place or the extent, outside the patches,
        by cells whose centre lies there.

    Raises
    ------
    LayerError
        If there is no source or no patch.
    CrsError
        If a frame is not in EPSG:2154.
    ParameterError
        If a limit or the measure is wrong, or the page cannot hold the map.
    """
    wishes = Page(**page)
    if by not in _MEASURES:
        raise ParameterError(explain("by", f"« {by} »", required=", ".join(_MEASURES)))
    frames = {"patches": patches, "links": links, "communes": communes}
    for name, frame in frames.items():
        if frame is not None:
            require_crs(frame, name)
    whole = communes if communes is not None else patches
    ground = frame_bounds(whole, "patches" if communes is None else "communes")
    if not len(to_array(patches)):
        raise LayerError(explain("patches", "no feature to draw", required="at least one"))
    seen = Bounds(*wishes.extent) if wishes.extent else ground
    outside, drawn = _outside_patches(corridors, patches)
    classes = _classes(outside, by, breaks, page=wishes)
    block = say(f"corridors_{by}", wishes.lang)
    shared = "" if breaks is None else say("shared_breaks", wishes.lang)
    content = Content(
        title=_finding(outside, seen, by, page=wishes),
        subtitle=say("corridors_subtitle", wishes.lang),
        ground=ground,
        layers=(
            *_vector_layers(patches, links, wishes),
            *raster_layers(
                classify(drawn, classes.breaks, classes.colours), classes.labels, block=block
            ),
            *base_layers(communes, wishes),
        ),
        sources=tuple(sources),
        labels=lambda view: place_names(communes, wishes, view),
        blocks={block: Block(block, (), shared, touching=True)},
        notes=()
        if not left_out
        else (say("corridors_left_out", wishes.lang, plural(left_out, "patch", wishes.lang)),),
        overview=overview_of(whole),
        table=rank_by_area(
            outside, communes, seen, heading=say("corridors_table", wishes.lang), page=wishes
        ),
        parameters={"by": by, "breaks": tuple(classes.breaks.tolist())},
    )
    return compose(content, wishes)


def _vector_layers(
    patches: gpd.GeoDataFrame, links: gpd.GeoDataFrame | None, page: Page
) -> list[MapLayer]:
    block = say("patches", page.lang)
    layers = [MapLayer(to_array(patches), _PATCH, 5.0, say("patch", page.lang), block)]
    if links is not None:
        paths = to_array(links)
        layers.append(MapLayer(paths, _PATH, 4.4, say("least_cost_link", page.lang), block))
    return layers


def _outside_patches(corridors: Grid, patches: gpd.GeoDataFrame) -> tuple[Grid, Grid]:
    """Return the raster without what lies inside patches, where every corridor ends, and as drawn.

    The drawn one goes on under the edges of the patches: no white seam is left along them.
    """
    from scipy.ndimage import maximum_filter

    from tvb.connectivity.burn import cells_of_polygons

    values = np.where(is_positive(corridors), corridors.values, 0)
    inside, _ = cells_of_polygons(corridors, shapely.make_valid(to_array(patches)))
    values.reshape(-1)[inside] = 0
    drawn = values.copy()
    drawn.reshape(-1)[inside] = maximum_filter(values, size=3).reshape(-1)[inside]
    return replace(corridors, values=values, nodata=0), replace(corridors, values=drawn, nodata=0)


def _classes(grid: Grid, by: Measure, breaks: Sequence[float] | None, *, page: Page) -> _Classes:
    limits = check_breaks(breaks, len(ORANGES) - 1)
    if limits is None:
        limits = _limits(grid.values[grid.values > 0], by)
    labels = class_labels(limits, page.lang)
    if by == "count":
        labels = _count_labels(limits, page)
    colours = ramp(ORANGES, len(labels))
    return _Classes(limits, colours[::-1] if by == "cost" else colours, labels)


def _limits(positive: NDArray[Any], by: Measure) -> NDArray[np.float64]:
    """Return round limits: whole numbers for counts, of which most are small."""
    if by == "count":
        most = float(positive.max(initial=0))
        steps = np.array(next((s for s in _COUNT_STEPS if most <= 2 * s[-1]), _COUNT_STEPS[-1]))
        return np.asarray(steps[steps <= most], dtype=np.float64)
    # even steps through the sorted values suffice to place round limits
    return round_breaks(np.sort(positive)[:: max(1, len(positive) // _SAMPLE)])


def _count_labels(limits: NDArray[np.float64], page: Page) -> list[str]:
    """Return classes of whole numbers: « 1 », « 2 to 4 », « 5 and more »."""
    starts = [1, *(int(np.ceil(limit)) for limit in limits)]
    labels = [
        number(low, page.lang)
        if high == low
        else say("between", page.lang, number(low, page.lang), number(high, page.lang))
        for low, high in zip(starts[:-1], (start - 1 for start in starts[1:]), strict=True)
    ]
    if len(starts) == 1:
        return [say("all_values", page.lang)]
    return [*labels, say("above", page.lang, number(starts[-1], page.lang))]


def _finding(grid: Grid, seen: Bounds, by: Measure, *, page: Page) -> str:
    values = positive_cells(grid, seen, page.focus)
    if not len(values):
        return say("corridors_title_none", page.lang)
    hectares = number(len(values) * grid.cell_area_m2 / 1e4, page.lang)
    if by == "count":
        return say("corridors_title", page.lang, hectares, number(values.max(), page.lang))
    return say("corridors_title_weight", page.lang, hectares)
