"""The plate of exposure to floods: classes of colour by commune, circles for numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, explain
from tvb.maps.basemap import (
    base_layers,
    class_labels,
    commune_labels,
    frame_bounds,
    names_for,
    overview_of,
    to_array,
    within,
)  # fmt: skip
from tvb.maps.compose import Plate, compose
from tvb.maps.content import Content, MapLayer
from tvb.maps.labels import Label
from tvb.maps.legend import Block, Entry
from tvb.maps.page import Page, PageOptions, View
from tvb.maps.plates.layers import place_of
from tvb.maps.style import BLUES, check_breaks, nice_number, ramp, round_breaks
from tvb.maps.symbols import Fill, Marker
from tvb.maps.table import Row, Table
from tvb.maps.texts import Lang, number, plural, say, scenario_name
from tvb.schema import require_crs
from tvb.territory import Source

__all__ = [
    "align_communes", "inside_extent", "largest_symbol_mm", "plot_exposure", "select_scenario",
]  # fmt: skip

_CIRCLE = ("#f08a2c", "#a04000")
_LARGEST_MM, _LEAST_LARGEST_MM = 6.5, 3.6
_SMALLEST_MM = 0.9
_MOST_COVERED = 0.5  # of a commune, by the symbol of all but a tenth of them
_WHOLE = 100.0  # per cent
_NOTHING, _REASONS = "nothing", ("light", "annexe", "not_in_service")  # as tables write them
_NONE = Fill("#ffffff", "#b9b4aa", 0.35)
_UNKNOWN = Fill("#e4e2de", None, 0.3, "////", "#a8a49c")


def plot_exposure(
    communes: gpd.GeoDataFrame,
    exposure: pd.DataFrame,
    sources: Sequence[Source],
    *,
    scenario: str,
    totals: pd.Series[int] | None = None,
    breaks: Sequence[float] | None = None,
    **page: Unpack[PageOptions],
) -> Plate:
    """Return the plate of the buildings exposed to one flood scenario.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Polygons in EPSG:2154 with ``insee``, ``nom`` and, if known, ``population``,
        ``epci_siren``.
    exposure : pandas.DataFrame
        Indexed by ``insee`` and ``scenario``; column ``buildings`` (number exposed) and, if known,
        ``rule`` and ``exclude`` (how they were counted, and which were not), as
        `tvb.flood.count_exposed_buildings` returns it. A commune without a row is drawn as not
        assessed.
    sources : sequence of tvb.territory.Source
        Of the communes, the buildings and the flood zones.
    scenario : str
        Which scenario to draw, such as ``02Moy``.
    totals : pandas.Series, optional
        All buildings of each commune, indexed by ``insee``. With it colours show the share of
        buildings exposed (%); without it, the number exposed per km² of commune.
    breaks : sequence of float, optional
        Inner limits of the classes of colour, at most four, so that several plates can share them.
    **page
        Title, language, paper, extent and other wishes: see `tvb.maps.Page`.

    Returns
    -------
    Plate
        Colours for the relative figure, circles of proportional area for the number. The title
        counts the communes whose inner point lies in the place or the extent; when no building is
        exposed there, the map says so.

    Raises
    ------
    LayerError
        If there is no source, a column or index level is missing, or a commune has no geometry.
    CrsError
        If the communes are not in EPSG:2154.
    ParameterError
        If the table has no such scenario, a limit is wrong, or the page cannot hold the map.
    """
    wishes = Page(**page)
    limits = check_breaks(breaks, len(BLUES) - 1)
    require_crs(communes, "communes")
    _require_shapes(communes)
    case = _case(communes, select_scenario(exposure, scenario), totals, page=wishes)
    parameters = {"scenario": scenario, "relative": "density" if totals is None else "share"}
    symbol_mm = largest_symbol_mm(communes, case.counts, wishes)
    case = replace(case, breaks=limits, symbol_mm=symbol_mm)
    return compose(_content(case, wishes, tuple(sources), parameters=parameters), wishes)


@dataclass(frozen=True)
class _Case:
    """One scenario, aligned with the communes; NaN where a figure is not known."""

    communes: gpd.GeoDataFrame
    counts: NDArray[np.float64]
    relative: NDArray[np.float64]
    inside: NDArray[np.bool_]
    heading: str
    unit: str
    rule: str
    lang: Lang
    breaks: NDArray[np.float64] | None = None
    symbol_mm: float = _LARGEST_MM

    @property
    def exposed(self) -> NDArray[np.bool_]:
        """Communes of the sheet with buildings exposed."""
        return self.inside & (self.counts > 0)

    @property
    def largest(self) -> float:
        return float(np.nanmax(self.counts, initial=0.0))


def _content(
    case: _Case, page: Page, sources: tuple[Source, ...], *, parameters: dict[str, str]
) -> Content:
    return Content(
        title=_finding(case),
        subtitle=say("scenario", page.lang, scenario_name(parameters["scenario"], page.lang)),
        ground=frame_bounds(case.communes, "communes"),
        layers=(
            *_circle_layers(case, page),
            *_colour_layers(case),
            *base_layers(case.communes, page),
        ),
        sources=sources,
        labels=lambda view: _names(case, page, view),
        blocks=_blocks(case, page),
        banner="" if case.exposed.any() else say("no_exposure", page.lang),
        overview=overview_of(case.communes),
        table=_table(case),
        parameters=parameters,
    )


def _require_shapes(communes: gpd.GeoDataFrame) -> None:
    geometry = communes.geometry.to_numpy()
    nowhere = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    if nowhere.any() and not nowhere.all():
        raise LayerError(
            explain("communes", "without a geometry", count=int(nowhere.sum()),
                    ids=communes.loc[nowhere, "insee"], remedy="leave them out, or draw them")
        )  # fmt: skip


def select_scenario(exposure: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """Return the rows of one scenario, indexed by commune."""
    if list(exposure.index.names) != ["insee", "scenario"]:
        problem = f"indexed by {', '.join(map(str, exposure.index.names))}"
        raise LayerError(explain("exposure", problem, required="index levels insee, scenario"))
    if "buildings" not in exposure:
        raise LayerError(explain("exposure", "column « buildings » is missing"))
    known = exposure.index.unique("scenario")
    if scenario not in known:
        problem = f"« {scenario} » is not in the table"
        required = ", ".join(map(str, known)) or "a table with rows"
        raise ParameterError(explain("scenario", problem, required=required))
    return exposure[exposure.index.get_level_values("scenario") == scenario].droplevel("scenario")


def _case(
    communes: gpd.GeoDataFrame,
    rows: pd.DataFrame,
    totals: pd.Series[int] | None,
    *,
    page: Page,
) -> _Case:
    """Return what is drawn. Colours show a relative figure: numbers would favour large communes."""
    lang, counts = page.lang, align_communes(rows["buildings"], communes)
    if totals is None:
        relative, heading, unit = counts / (communes.area.to_numpy() / 1e6), "density", ""
    else:
        every = align_communes(totals, communes)
        relative, heading, unit = np.full(len(counts), np.nan), "share", say("percent", lang)
        np.divide(100 * counts, every, out=relative, where=every > 0)
        relative[counts == 0] = 0.0
    inside = inside_extent(communes, page)
    rule = _rule(rows, lang)
    return _Case(communes, counts, relative, inside, say(heading, lang), unit, rule, lang)


def inside_extent(communes: gpd.GeoDataFrame, page: Page) -> NDArray[np.bool_]:
    """Tell which communes a sheet is about: those whose inner point lies in its place or extent."""
    here = place_of(page)
    if here is None:
        return np.ones(len(communes), dtype=bool)
    points = shapely.point_on_surface(communes.geometry.to_numpy())
    return np.asarray(shapely.intersects(points, here))


def align_communes(values: pd.Series[Any], communes: gpd.GeoDataFrame) -> NDArray[np.float64]:
    aligned: NDArray[np.float64] = values.reindex(communes["insee"]).to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    return aligned


def _finding(case: _Case) -> str:
    counts = case.counts[case.exposed]
    total, where = int(counts.sum()), len(counts)
    if not total:
        return say("no_exposure_title", case.lang)
    buildings = plural(total, "building", case.lang)
    return say("exposure_title", case.lang, buildings, plural(where, "commune", case.lang))


def _colour_layers(case: _Case) -> list[MapLayer]:
    """Return one layer for each class that is not empty, the highest first."""
    breaks = case.breaks
    if breaks is None:
        breaks = round_breaks(case.relative)
        if case.unit:
            breaks = breaks[breaks < _WHOLE]  # « 100 % and more » is no class
    classes = np.searchsorted(breaks, case.relative, side="right")
    labels = class_labels(breaks, case.lang, unit=case.unit)
    areas = [
        (Fill(colour), label, (classes == k) & (case.relative > 0))
        for k, (colour, label) in enumerate(zip(ramp(BLUES, len(labels)), labels, strict=True))
    ]
    areas.reverse()
    areas.append((_NONE, say("none_exposed", case.lang), case.relative == 0))
    areas.append((_UNKNOWN, say("not_assessed", case.lang), np.isnan(case.relative)))
    return [
        MapLayer(to_array(case.communes[rows]), symbol, 2.0, label, case.heading)
        for symbol, label, rows in areas
        if rows.any()
    ]


def largest_symbol_mm(communes: gpd.GeoDataFrame, counts: NDArray[np.float64], page: Page) -> float:
    """Return the diameter of the largest symbol, at text scale 1.

    Smaller where it must be, so that the colour of small communes is seen around their symbol.
    """
    size = np.abs(counts)
    shown = np.nan_to_num(size) > 0
    if not shown.any():
        return _LARGEST_MM
    ground = page.extent or tuple(communes.total_bounds)
    width, height = page.size_mm
    metres = max((ground[2] - ground[0]) / width, (ground[3] - ground[1]) / height)
    paper_mm2 = communes.area.to_numpy()[shown] / metres**2
    share = size[shown] / size[shown].max()
    per_mm2 = np.pi / 4 * page.text_scale**2 * share / paper_mm2  # covered, for 1 mm of diameter
    wanted = np.sqrt(_MOST_COVERED / np.quantile(per_mm2, 0.9))
    return float(np.clip(wanted, _LEAST_LARGEST_MM, _LARGEST_MM))


def _circle(count: float | NDArray[np.float64], case: _Case, scale: float) -> Marker:
    """Return circles whose areas are in proportion to the counts."""
    part = np.sqrt(np.asarray(count) / (case.largest or 1.0))
    size = np.maximum(case.symbol_mm * part, _SMALLEST_MM) * scale
    return Marker("circle", size, _CIRCLE[0], _CIRCLE[1], 1.0, 0.12, "#ffffff")


def _circle_layers(case: _Case, page: Page) -> list[MapLayer]:
    rows = case.counts > 0
    if not rows.any():
        return []
    places = np.asarray(case.communes.geometry.to_numpy()[rows], dtype=object)
    circles = _circle(case.counts[rows], case, page.text_scale)
    return [MapLayer(places, circles, 6.0, block=say("buildings", page.lang))]


def _blocks(case: _Case, page: Page) -> dict[str, Block]:
    """Return the form of the legend: three round circles, and classes that touch."""
    block = say("buildings", page.lang)
    shared = "" if case.breaks is None else say("shared_breaks", page.lang)
    note = " ".join(filter(None, (case.rule, shared)))
    classes = {case.heading: Block(case.heading, (), note, touching=True)}
    if not case.largest:
        return classes
    # large, middle and small, so that the eye can judge the others
    steps = sorted({max(1.0, nice_number(case.largest / f)) for f in (1, 5, 40)}, reverse=True)
    circles = tuple(Entry(_circle(v, case, page.text_scale), number(v, page.lang)) for v in steps)
    return {block: Block(block, circles, in_row=True), **classes}


def _rule(rows: pd.DataFrame, lang: Lang) -> str:
    """Return the sentences that say how buildings were counted, as far as the table does."""
    said = []
    if "rule" in rows:
        rules = sorted(rows["rule"].dropna().unique())
        said.append(say("counting_rule", lang, ", ".join(_rule_name(str(r), lang) for r in rules)))
    if "exclude" in rows:
        given = sorted(rows["exclude"].dropna().unique())
        said += [_left_out(str(reasons), lang) for reasons in given]
    return " ".join(said)


def _left_out(reasons: str, lang: Lang) -> str:
    """Return the sentence that says which buildings do not count."""
    if reasons == _NOTHING:
        return say("nothing_left_out", lang)
    names = (
        say(f"left_out_{reason}", lang) if reason in _REASONS else reason
        for reason in reasons.split(", ")
    )
    return say("left_out", lang, ", ".join(names))


def _rule_name(rule: str, lang: Lang) -> str:
    if rule in ("touches", "centroid"):
        return say(f"rule_{rule}", lang)
    if found := re.fullmatch(r"share >= ([\d.]+)", rule):
        return say("rule_share", lang, number(100 * float(found[1]), lang, None))
    return rule


def _table(case: _Case) -> Table:
    """Return the communes from the most exposed."""
    codes, names = case.communes["insee"].tolist(), case.communes["nom"].tolist()
    rows_exposed = np.flatnonzero(case.exposed).tolist()
    order = sorted(rows_exposed, key=lambda i: (-case.counts[i], codes[i]))
    rows = (Row(names[i], case.counts[i], number(case.counts[i], case.lang)) for i in order)
    return Table(say("most_exposed", case.lang), tuple(rows))


def _names(case: _Case, page: Page, view: View) -> list[Label]:
    """Return the names of the exposed communes, beside their circles, then of the others."""
    rows = case.counts > 0
    radii = np.asarray(_circle(case.counts[rows], case, page.text_scale).size_mm) / 2
    codes = case.communes["insee"].to_numpy()[rows]
    clearance = dict(zip(codes, radii.tolist(), strict=True))
    main, rest = commune_labels(within(case.communes, view.bounds), page, clearance)
    return names_for(page, view, main=main, rest=rest)
