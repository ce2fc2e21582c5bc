"""The plate of what changed between two studies: relative figures as colours, counts as symbols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, explain
from tvb.maps.basemap import (
    base_layers,
    commune_labels,
    frame_bounds,
    names_for,
    overview_of,
    to_array,
    within,
)
from tvb.maps.compose import Plate, compose
from tvb.maps.content import Content, MapLayer
from tvb.maps.labels import Label
from tvb.maps.legend import Block, Entry
from tvb.maps.page import Page, PageOptions, View
from tvb.maps.patterns import Ruling
from tvb.maps.plates.exposure import align_communes, inside_extent, largest_symbol_mm
from tvb.maps.style import FALL, RISE, check_breaks, nice_number, ramp, round_breaks, to_grey
from tvb.maps.symbols import Fill, Marker
from tvb.maps.table import Row, Table
from tvb.maps.texts import number, plural, say, signed, typeset
from tvb.schema import require_crs
from tvb.territory import Source

__all__ = ["plot_change"]

_COLUMNS = ("before", "after")
_SAME = Fill("#ffffff", "#b9b4aa", 0.35)
_UNKNOWN = Fill("#e4e2de", None, 0.3, "////", "#a8a49c")
_FALLING = ("#14304a", "#ffffff")  # rulings of light and of dark classes
_LIGHT = 0.25
_UP, _DOWN = ("#b1402a", "#5f160b"), ("#ffffff", "#14304a")
_SMALLEST_MM = 1.0


@dataclass(frozen=True)
class _Change:
    """Differences aligned with the communes; NaN where one of the two is not known."""

    communes: gpd.GeoDataFrame
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    shown: NDArray[np.float64]
    inside: NDArray[np.bool_]
    indicator: str
    heading: str
    rate: bool
    page: Page
    compared: str = ""
    shared: bool = False
    symbol_mm: float = 6.5

    @property
    def difference(self) -> NDArray[np.float64]:
        """After less before."""
        return self.after - self.before

    @property
    def largest(self) -> float:
        """Greatest absolute difference."""
        return float(np.nanmax(np.abs(self.difference), initial=0.0))


def plot_change(
    communes: gpd.GeoDataFrame,
    table: pd.DataFrame,
    sources: Sequence[Source],
    *,
    indicator: str,
    totals: pd.Series[int] | None = None,
    rate: bool = False,
    breaks: Sequence[float] | None = None,
    compared: str = "",
    **page: Unpack[PageOptions],
) -> Plate:
    """Return the plate of the change of one indicator between two studies.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Polygons in EPSG:2154 with ``insee``, ``nom`` and, if known, ``population``,
        ``epci_siren``.
    table : pandas.DataFrame
        Indexed by ``insee``: ``before`` and ``after``. A commune that lacks one of them is drawn as
        not assessed.
    sources : sequence of tvb.territory.Source
        Of the communes and of both studies.
    indicator : str
        What is compared, in the language of the page: the beginning of the title.
    totals : pandas.Series, optional
        Of what the indicator counts a part, indexed by ``insee``: colours show the difference in
        percentage points. Without it they show the difference per km² of commune.
    rate : bool
        Whether the indicator is no count but a share, a density or an index: colours show the
        difference itself and there are no symbols.
    breaks : sequence of float, optional
        Limits of the classes above 0, at most three; below 0 they are the same. The legend says
        that they were given.
    compared : str
        What stands on both sides, such as « avant 2020, après 2026 »: begins the subtitle.
    **page
        Title, language, paper, extent and other wishes: see `tvb.maps.Page`.

    Returns
    -------
    Plate
        Classes on both sides of 0 in one scale, those of falls hatched, and symbols of an area in
        proportion to the absolute difference: discs for rises, hollow squares for falls.

    Raises
    ------
    LayerError
        If there is no source, or a column is missing.
    CrsError
        If the communes are not in EPSG:2154.
    ParameterError
        If a limit is wrong, totals are given for a rate, or the page cannot hold the map.
    """
    wishes = Page(**page)
    limits = check_breaks(breaks, len(RISE) - 1)
    require_crs(communes, "communes")
    missing = [column for column in _COLUMNS if column not in table]
    if missing:
        problem = f"column « {missing[0]} » is missing"
        raise LayerError(explain("table", problem, required=", ".join(_COLUMNS)))
    if rate and totals is not None:
        problem = "given for an indicator that is a rate"
        raise ParameterError(explain("totals", problem, remedy="leave out one of the two"))
    change = _change(communes, table, totals, indicator=indicator, rate=rate, page=wishes)
    change = replace(
        change, compared=typeset(compared, wishes.lang), shared=breaks is not None,
        symbol_mm=largest_symbol_mm(communes, change.difference, wishes),
    )  # fmt: skip
    content = Content(
        title=_finding(change),
        subtitle=_subtitle(change),
        ground=frame_bounds(communes, "communes"),
        layers=(
            *_symbol_layers(change), *_colour_layers(change, limits),
            *base_layers(communes, wishes),
        ),
        sources=tuple(sources),
        labels=lambda view: _names(change, view),
        blocks=_blocks(change),
        overview=overview_of(communes),
        table=_table(change),
        parameters={"indicator": indicator, "rate": rate},
    )  # fmt: skip
    return compose(content, wishes)


def _change(
    communes: gpd.GeoDataFrame,
    table: pd.DataFrame,
    totals: pd.Series[int] | None,
    *,
    indicator: str,
    rate: bool,
    page: Page,
) -> _Change:
    before, after = (align_communes(table[column], communes) for column in _COLUMNS)
    shown = after - before
    heading = "change_rate"
    if totals is not None:
        every, heading = align_communes(totals, communes), "change_share"
        share = np.full(len(shown), np.nan)
        np.divide(100 * shown, every, out=share, where=every > 0)
        share[shown == 0] = 0.0
        shown = share
    elif not rate:
        shown, heading = shown / (communes.area.to_numpy() / 1e6), "change_density"
    inside = inside_extent(communes, page)
    return _Change(communes, before, after, shown, inside, indicator, say(heading, page.lang),
                   rate, page)  # fmt: skip


def _counts(change: _Change) -> tuple[int, int]:
    difference = change.difference[change.inside]
    return int((difference > 0).sum()), int((difference < 0).sum())


def _finding(change: _Change) -> str:
    lang = change.page.lang
    up, down = _counts(change)
    if up == down == 0:
        return say("change_none", lang, change.indicator)
    if change.rate:
        where = (plural(n, "commune", lang) for n in (up, down))
        return say("change_rate_title", lang, change.indicator, *where)
    known = change.inside & ~np.isnan(change.difference)
    before, after = (v[known].sum() for v in (change.before, change.after))
    figures = (signed(after - before, lang), number(before, lang), number(after, lang))
    return say("change_title", lang, change.indicator, *figures)


def _subtitle(change: _Change) -> str:
    lang = change.page.lang
    up, down = _counts(change)
    counts = ""
    if not change.rate and (up or down):
        where = [plural(n, "commune", lang) for n in (up, down) if n]
        key = "change_subtitle" if len(where) > 1 else f"change_only_{'up' if up else 'down'}"
        counts = say(key, lang, *where)
    return " · ".join(filter(None, (change.compared, counts)))


def _colour_layers(change: _Change, limits: NDArray[np.float64] | None) -> list[MapLayer]:
    """Return classes from the greatest rise to the greatest fall, at equal limits."""
    size = np.abs(change.shown)
    breaks = round_breaks(size, len(RISE)) if limits is None else limits
    classes = np.searchsorted(breaks, size, side="right")
    lang, count = change.page.lang, len(breaks) + 1
    rises, falls = ramp(RISE, count), ramp(FALL, count)
    groups = [
        (Fill(rises[k]), _class_label(breaks, k, 1, page=change.page),
         (classes == k) & (change.shown > 0))
        for k in reversed(range(count))
    ]  # fmt: skip
    groups.append((_SAME, say("no_change", lang), change.shown == 0))
    groups += [
        (_fall(falls[k]), _class_label(breaks, k, -1, page=change.page),
         (classes == k) & (change.shown < 0))
        for k in range(count)
    ]  # fmt: skip
    groups.append((_UNKNOWN, say("not_assessed", lang), np.isnan(change.shown)))
    return [
        MapLayer(to_array(change.communes[rows]), symbol, 2.0, label, change.heading)
        for symbol, label, rows in groups
        if rows.any()
    ]


def _fall(colour: str) -> Fill:
    """Return a hatched ground: in grey, a fall must not be read as a rise."""
    ink = _FALLING[int(to_grey(colour) < _LIGHT)]
    return Fill(colour, patterns=(Ruling(ink, 135, 3.2, 0.5),))


def _class_label(breaks: NDArray[np.float64], k: int, sign: int, *, page: Page) -> str:
    """Return « +5 to +20 » or « −20 to −5 »."""
    lang = page.lang
    if not len(breaks):
        return say("change_up" if sign > 0 else "change_down", lang)
    ends = [0.0, *breaks.tolist()]
    low = signed(sign * ends[k], lang, None)
    if k == len(breaks):
        return say("above" if sign > 0 else "and_less", lang, low)
    high = signed(sign * ends[k + 1], lang, None)
    first, last = (low, high) if sign > 0 else (high, low)
    return say("between", lang, first, last)


def _symbol(size: NDArray[np.float64] | float, change: _Change, *, up: bool) -> Marker:
    """Return symbols whose areas are in proportion: discs for rises, squares for falls."""
    part = np.sqrt(np.asarray(size) / (change.largest or 1.0))
    mm = np.maximum(change.symbol_mm * part, _SMALLEST_MM) * change.page.text_scale
    face, edge = _UP if up else _DOWN
    return Marker("circle" if up else "square", mm, face, edge, 1.0, 0.25, "#ffffff")


def _symbol_layers(change: _Change) -> list[MapLayer]:
    if change.rate:
        return []
    layers = []
    for up in (True, False):
        rows = (change.difference > 0) if up else (change.difference < 0)
        if rows.any():
            places = np.asarray(change.communes.geometry.to_numpy()[rows], dtype=object)
            symbol = _symbol(np.abs(change.difference[rows]), change, up=up)
            heading = say("change_up" if up else "change_down", change.page.lang)
            layers.append(MapLayer(places, symbol, 6.0, block=heading))
    return layers


def _blocks(change: _Change) -> dict[str, Block]:
    shared = say("shared_breaks", change.page.lang) if change.shared else ""
    blocks = {change.heading: Block(change.heading, (), shared, touching=True)}
    if change.rate or not change.largest:
        return blocks
    lang = change.page.lang
    steps = {max(1.0, nice_number(change.largest / f)) for f in (1, 5, 40)}
    for up in (True, False):
        heading = say("change_up" if up else "change_down", lang)
        entries = tuple(
            Entry(_symbol(v, change, up=up), signed(v if up else -v, lang, None))
            for v in sorted(steps, reverse=True)
        )
        blocks[heading] = Block(heading, entries, in_row=True)
    return blocks


def _table(change: _Change) -> Table | None:
    """Return the communes that changed most, either way."""
    difference = np.where(change.inside, change.difference, np.nan)
    codes, names = (change.communes[c].tolist() for c in ("insee", "nom"))
    rows = np.flatnonzero(np.nan_to_num(difference) != 0).tolist()
    order = sorted(rows, key=lambda i: (-abs(difference[i]), codes[i]))
    lang, decimals = change.page.lang, 2 if change.rate else 0
    return Table(
        say("greatest_changes", lang),
        tuple(
            Row(names[i], abs(difference[i]), signed(difference[i], lang, decimals)) for i in order
        ),
    )


def _names(change: _Change, view: View) -> list[Label]:
    """Return the names of the communes beside their symbols, then of the others."""
    clearance: dict[str, float] = {}
    if not change.rate:
        rows = np.nan_to_num(change.difference) != 0
        sizes = np.asarray(_symbol(np.abs(change.difference[rows]), change, up=True).size_mm)
        codes = change.communes["insee"].to_numpy()[rows]
        clearance = dict(zip(codes, (sizes / 2).tolist(), strict=True))
    page = change.page
    main, rest = commune_labels(within(change.communes, view.bounds), page, clearance)
    return names_for(page, view, main=main, rest=rest)
