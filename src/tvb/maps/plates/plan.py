"""The plate of a town plan: official symbols, and the findings of its review, numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, explain
from tvb.maps.basemap import base_layers, frame_bounds, overview_of, place_names, to_array
from tvb.maps.cnig import (
    INFORMATIONS,
    LARGE_SCALE,
    PRESCRIPTIONS,
    ZONES,
    Item,
    find_item,
    zone_symbol,
    zone_type,
)
from tvb.maps.compose import Plate, compose
from tvb.maps.content import ALL_SCALES, Content, MapLayer
from tvb.maps.labels import Label
from tvb.maps.listing import Badge, Listing
from tvb.maps.listing import Item as Remark
from tvb.maps.page import Bounds, Page, PageOptions, View
from tvb.maps.style import INK
from tvb.maps.symbols import Fill, Marker, Stroke, Symbol
from tvb.maps.texts import plural, say, typeset
from tvb.plan import LEVELS, Plan
from tvb.schema import require_crs
from tvb.territory import Source

__all__ = ["plot_plan_findings"]

_COLUMNS = ("rule", "level", "message")
_ZONE_NAMES_FROM = 30_000
_MOST = 99
_FEW = 3
_BADGE_MM = 4.2
_PURPLE = "#7b2d8e"
_DRAWN = ("zone_urba", "prescription", "info")


@dataclass(frozen=True, slots=True)
class _Level:
    """How a level of findings is marked: ground, edge and ink of its badge, line on the map."""

    shape: Literal["square", "circle"]
    face: str
    edge: str
    ink: str
    line: Stroke


# In grey: a black square, a dark disc, a white ring, a pale ring.
_LEVELS: dict[str, _Level] = {
    "bloquant": _Level("square", "#1c1c1c", "#ffffff", "#ffffff", Stroke(_PURPLE, 2.4)),
    "à corriger": _Level("circle", _PURPLE, "#ffffff", "#ffffff", Stroke(_PURPLE, 1.5)),
    "à vérifier": _Level("circle", "#ffffff", _PURPLE, "#1c1c1c", Stroke(_PURPLE, 1.5, (3.0, 1.5))),
    "information": _Level(
        "circle", "#ffffff", "#8a8a8a", "#4a4a4a", Stroke("#5c5c5c", 1.2, (1.0, 1.5))
    ),
}


def plot_plan_findings(
    plan: Plan,
    findings: gpd.GeoDataFrame,
    sources: Sequence[Source] = (),
    *,
    communes: gpd.GeoDataFrame | None = None,
    **page: Unpack[PageOptions],
) -> Plate:
    """Return the plate of a town plan and of the findings of its review.

    Parameters
    ----------
    plan : tvb.plan.Plan
        Zones, prescriptions and informations in EPSG:2154, drawn in the symbols of the CNIG.
    findings : geopandas.GeoDataFrame
        In EPSG:2154: ``rule``, ``level`` (bloquant, à corriger, à vérifier, information),
        ``message`` and a geometry, null where a finding has no place. May be empty.
    sources : sequence of tvb.territory.Source
        Of what does not come from the plan, such as the communes; the plan brings its own.
    communes : geopandas.GeoDataFrame, optional
        Ground of the map.
    **page
        Title, language, paper, extent and other wishes: see `tvb.maps.Page`.

    Returns
    -------
    Plate
        Findings of the extent numbered from the gravest, on the map and in a list beside it that
        says how many found no room. Zones have a band instead of a ground from 1:2500 on.

    Raises
    ------
    LayerError
        If there is no source, no zone, a column is missing or a level is unknown.
    CrsError
        If a frame is not in EPSG:2154.
    ParameterError
        If the page cannot hold the map.
    """
    wishes = Page(**page)
    _check(plan, findings, communes)
    ground = frame_bounds(plan.zones, "zone_urba")
    seen = Bounds(*wishes.extent) if wishes.extent else ground
    listed = _in_order(findings, seen if wishes.extent else None)
    placed = np.asarray(_has_place(listed))
    numbers = [str(rank) for rank in range(1, len(listed) + 1)]
    badges = [
        _badge(text, level, wishes) for text, level in zip(numbers, listed["level"], strict=True)
    ]
    own = _plan_sources(plan, wishes)
    modelled = any(source.nature == "modelled" for source in own)
    content = Content(
        title=_title(listed, _name(plan, communes, wishes), wishes),
        subtitle=say("plan_modelled" if modelled else "plan_subtitle", wishes.lang),
        ground=ground,
        layers=(
            *_finding_layers(listed[placed], wishes),
            *_item_layers(plan.prescriptions, PRESCRIPTIONS, "plan_prescriptions", page=wishes),
            *_item_layers(plan.infos, INFORMATIONS, "plan_infos", page=wishes),
            *_zone_layers(plan.zones, wishes),
            *base_layers(communes, wishes),
        ),
        sources=(*own, *sources),
        labels=lambda view: [
            *_badge_labels(listed, badges, placed),
            *_zone_names(plan.zones, wishes, view),
            *place_names(communes, wishes, view),
        ],
        notes=_unplaced(placed, wishes),
        overview=overview_of(plan.zones if communes is None else communes),
        listing=_listing(listed, badges, placed, page=wishes),
        parameters={"plan": plan.name, "findings": len(listed)},
    )
    return compose(content, wishes)


def _check(plan: Plan, findings: gpd.GeoDataFrame, communes: gpd.GeoDataFrame | None) -> None:
    missing = [column for column in _COLUMNS if column not in findings]
    if missing:
        problem = f"column « {missing[0]} » is missing"
        raise LayerError(explain("findings", problem, required=", ".join(_COLUMNS)))
    unknown = sorted(set(findings["level"].astype(str)) - set(LEVELS))
    if unknown:
        raise LayerError(
            explain("findings", f"level « {unknown[0]} » is unknown", required=", ".join(LEVELS))
        )
    frames = {
        "zone_urba": plan.zones, "prescriptions": plan.prescriptions, "infos": plan.infos,
        "findings": findings, "communes": communes,
    }  # fmt: skip
    for name, frame in frames.items():
        if frame is not None and len(frame):
            require_crs(frame, name)


def _plan_sources(plan: Plan, page: Page) -> tuple[Source, ...]:
    """Return the sources of the tables that are drawn, under the name of the plan."""
    title = say("plan_source", page.lang, plan.name)
    return tuple(replace(s, title=title) for s in plan.sources if s.layer.startswith(_DRAWN))


def _has_place(findings: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    shapes = findings.geometry.to_numpy()
    return np.asarray(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))


def _in_order(findings: gpd.GeoDataFrame, seen: Bounds | None) -> gpd.GeoDataFrame:
    """Return the findings of a view, the gravest first; of a level, those with a place first."""
    kept = findings
    if seen is not None:
        meets = shapely.intersects(findings.geometry.to_numpy(), shapely.box(*seen))
        kept = findings[meets | ~_has_place(findings)]
    shapes = kept.geometry.to_numpy()
    west, south, _, _ = shapely.bounds(shapes).reshape(-1, 4).T
    rank = kept["level"].map(LEVELS.index).to_numpy()
    texts = [kept[c].astype(str).to_numpy() for c in ("message", "rule")]
    nowhere = ~_has_place(kept)
    # the last key sorts first; west and south settle findings that say the same
    return kept.iloc[np.lexsort((south, west, *texts, nowhere, rank))]


def _name(plan: Plan, communes: gpd.GeoDataFrame | None, page: Page) -> str:
    """Return kind, place and year of a plan; its name where they are not known."""
    if communes is None or plan.approved is None:
        return plan.name
    names = communes.loc[communes["insee"].isin(plan.communes), "nom"].sort_values().tolist()
    where = ", ".join(names)
    if len(names) > _FEW:
        where = plural(len(names), "commune", page.lang)
    return f"{plan.kind} ({where}, {plan.approved.year})" if names else plan.name


def _title(listed: gpd.GeoDataFrame, name: str, page: Page) -> str:
    if not len(listed):
        return say("plan_title_none", page.lang, name)
    text = plural(len(listed), "finding", page.lang)
    grave = int((listed["level"] == LEVELS[0]).sum())
    if grave:
        text = say("of_which", page.lang, text, plural(grave, "blocking", page.lang))
    return say("plan_title", page.lang, text, name)


def _badge(text: str, level: str, page: Page) -> Badge:
    form = _LEVELS[level]
    size = _BADGE_MM * page.text_scale * (1.0 if len(text) < 3 else 1.35)
    symbol = Marker(form.shape, size, form.face, form.edge, 0.9)
    return Badge(text, symbol, form.ink)


def _finding_layers(listed: gpd.GeoDataFrame, page: Page) -> list[MapLayer]:
    """Return what findings are about, and a legend of their levels."""
    block, layers = say("plan_findings", page.lang), []
    for level in LEVELS:
        shapes = to_array(listed[listed["level"] == level])
        if not len(shapes):
            continue
        form = _LEVELS[level]
        key = Marker(form.shape, 3.2, form.face, form.edge, 0.9)
        # the badges stand for the points: this layer only tells what they mean
        label = say(level, page.lang)
        layers.append(MapLayer(shapes, key, 7.0, label, block, legend_only=True))
        kind = shapely.get_type_id(shapes)
        areal = np.isin(kind, (3, 6))
        linear = np.isin(kind, (1, 2, 5))
        line = form.line
        outline = Fill(None, line.colour, line.width_pt, dashes=line.dashes)
        layers += [
            MapLayer(shapes[rows], symbol, 6.8, block=block)
            for rows, symbol in ((areal, outline), (linear, line))
            if rows.any()
        ]
    return layers


def _item_layers(
    frame: gpd.GeoDataFrame, items: tuple[Item, ...], block: str, *, page: Page
) -> list[MapLayer]:
    """Return a layer for each item and each geometry, in the order of the standard."""
    if not len(frame):
        return []
    found = frame["code"].map(lambda code: find_item(items, code)).to_numpy()
    layers = []
    for k, item in enumerate(items):
        shapes = to_array(frame[found == k])
        kind = shapely.get_type_id(shapes)
        groups: tuple[tuple[NDArray[np.bool_], Symbol], ...] = (
            (np.isin(kind, (3, 6)), item.area),
            (np.isin(kind, (1, 5)), item.line),
            (np.isin(kind, (0, 4)), item.point),
        )
        layers += [
            MapLayer(shapes[rows], symbol, 4.2 + step / 10 - k / 100, item.label(page.lang),
                     say(block, page.lang))
            for step, (rows, symbol) in enumerate(groups)
            if rows.any()
        ]  # fmt: skip
    return layers


def _zone_layers(zones: gpd.GeoDataFrame, page: Page) -> list[MapLayer]:
    kinds = zones["typezone"].map(zone_type).to_numpy()
    block = say("plan_zones", page.lang)
    scales = {False: (LARGE_SCALE + 1, ALL_SCALES[1]), True: (0.0, LARGE_SCALE + 1)}
    return [
        MapLayer(to_array(zones[kinds == kind]), zone_symbol(kind, large=large), 2.0,
                 ZONES[kind].label(page.lang), block, scales=shown)
        for kind in ZONES
        if (kinds == kind).any()
        for large, shown in scales.items()
    ]  # fmt: skip


def _badge_labels(
    listed: gpd.GeoDataFrame, badges: Sequence[Badge], placed: NDArray[np.bool_]
) -> list[Label]:
    shapes = listed.geometry.to_numpy()
    rows = np.flatnonzero(placed)[:_MOST]
    points = shapely.get_coordinates(shapely.point_on_surface(shapes[rows]))
    return [
        Label(badges[i].text, x, y, badge=badges[i])
        for i, (x, y) in zip(rows.tolist(), points.tolist(), strict=True)
    ]


def _zone_names(zones: gpd.GeoDataFrame, page: Page, view: View) -> list[Label]:
    """Return the names of the zones, the largest first."""
    if view.denominator > _ZONE_NAMES_FROM or "libelle" not in zones:
        return []
    named = zones[zones["libelle"].notna().to_numpy()]
    cut = shapely.intersection(
        shapely.make_valid(named.geometry.to_numpy()), shapely.box(*view.bounds)
    )
    area = shapely.area(cut)
    points = shapely.get_coordinates(shapely.point_on_surface(cut[area > 0]))
    table = pd.DataFrame(
        {"text": named["libelle"].astype(str).to_numpy()[area > 0], "area": area[area > 0],
         "x": points[:, 0], "y": points[:, 1]}
    ).sort_values(["area", "x", "y"], ascending=[False, True, True])  # fmt: skip
    size = 7.0 * page.text_scale
    return [
        Label(text, x, y, size, "bold", INK)
        for text, x, y in table[["text", "x", "y"]].itertuples(index=False)
    ]


def _listing(
    listed: gpd.GeoDataFrame, badges: Sequence[Badge], placed: NDArray[np.bool_], *, page: Page
) -> Listing | None:
    """Return the remarks; findings of one rule that have no place on the map make one remark."""
    if not len(listed):
        return None
    rules, levels = listed["rule"].tolist(), listed["level"].tolist()
    messages = listed["message"].astype(str).tolist()
    remarks = []
    first = 0
    for i in range(1, len(listed) + 1):
        same = (
            i < len(listed)
            and not placed[i] and not placed[first]
            and (rules[i], levels[i]) == (rules[first], levels[first])
        )  # fmt: skip
        if same:
            continue
        count = i - first
        head = f"{rules[first]} · {say(levels[first], page.lang)}"
        text = typeset(messages[first], page.lang)
        if count > 1:
            numbers = say("range", page.lang, first + 1, i)
            head = f"{head} · {say('plan_numbers', page.lang, numbers)}"
            text = say("plan_for_instance", page.lang, text)
        remarks.append(Remark(badges[first], head, text, count))
        first = i
    heading = say("plan_list", page.lang)
    return Listing(
        heading, tuple(remarks),
        lambda left: say("plan_rest", page.lang, plural(left, "other", page.lang)),
    )  # fmt: skip


def _ranges(numbers: Sequence[int], page: Page) -> str:
    """Return « 3 to 7, 9 » for 3, 4, 5, 6, 7, 9."""
    runs: list[list[int]] = []
    for value in numbers:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    few = 2  # two neighbours are named each
    texts = [
        [say("range", page.lang, run[0], run[-1])] if len(run) > few else map(str, run)
        for run in runs
    ]
    return ", ".join(text for part in texts for text in part)


def _unplaced(placed: NDArray[np.bool_], page: Page) -> tuple[str, ...]:
    """Return the note that names the findings that no marker shows."""
    without = (np.flatnonzero(~placed) + 1).tolist()
    return (say("plan_unplaced", page.lang, _ranges(without, page)),) if without else ()
