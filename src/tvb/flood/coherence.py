"""Whether a flood hazard holds together: each defect with its ground, its area and what to do.

Rules are those of the COVADIS standard and of its validator, tested on unions: a zone of a frequent
scenario may lie inside several zones of the rare one and inside none of them alone. The validator
compares three chains; the other pairs follow from what scenarios mean (`nested_scenarios`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import ParameterError, explain
from tvb.flood.classes import flag_wet_zones
from tvb.flood.coherence_classes import check_bounds, check_classes
from tvb.flood.cuts import cut_areas, find_overlaps, ground_outside
from tvb.flood.defects import (
    Limits,
    Place,
    Row,
    build_defects,
    join_names,
    make_row,
    make_rows,
    plain_text,
    square_metres,
)
from tvb.flood.hazard import HAZARD_LAYERS, Hazard, climate_of, nested_scenarios
from tvb.geometry.arrays import polygon_parts
from tvb.schema.hazard import DEPTH_CLASSES, DRY, FLOOD_TYPES, SCENARIO_OF_OCCURRENCE

__all__ = ["COHERENCE_RULES", "check_hazard"]

COHERENCE_RULES = {
    "HAZ-01": "A frequent scenario lies inside the rarer one of the same climate",
    "HAZ-02": "Classes of depth of a zone do not overlap",
    "HAZ-03": "Classes of depth of a zone cover it",
    "HAZ-04": "Classes of depth stay inside their zone",
    "HAZ-05": "Zones of one scenario and one kind of flood do not overlap",
    "HAZ-06": "A scenario is in both layers, zones and classes of depth",
    "HAZ-07": "A class of depth has the scenario of its zone",
    "HAZ-08": "Codes are those of the standards",
    "HAZ-09": "The bounds of a class of depth are known, and the lower is below the upper",
    "HAZ-10": "A class of depth names a zone that exists",
    "HAZ-11": "The depths of a zone follow one another from 0",
    "HAZ-12": "Zones and classes of depth have a scenario",
    "HAZ-13": "Zones and classes of depth have a geometry",
    "HAZ-14": "Zones and classes of depth are polygons",
    "HAZ-15": "A scenario is delivered once",
    "HAZ-16": "A scenario lies inside the one that is as rare in a more changed climate",
}
"""What is checked, by the identifier that defects bear."""

_POLYGONS = ("Polygon", "MultiPolygon")
_SAME = 0.999
"""Part of the larger of two zones that both hold, for them to be one zone in two precisions."""

_HELD = 0.5
"""Part of the smaller of two zones that both hold, for deliveries in two codes to be the same."""


class _Delivery(Protocol):
    """What `tvb.io.read_hazard` returns, and a territory: frames by the name of their layer."""

    @property
    def layers(self) -> Mapping[str, gpd.GeoDataFrame]: ...


def check_hazard(
    hazard: Hazard | _Delivery | gpd.GeoDataFrame,
    *,
    tolerance_m: float = 1e-7,
    sliver_m2: float = 1.0,
) -> gpd.GeoDataFrame:
    """Return the defects of a hazard, with the ground of each.

    Parameters
    ----------
    hazard : Hazard, HazardDelivery, Territory or geopandas.GeoDataFrame
        Zones and classes of depth; either may be empty. What `tvb.io.read_hazard` returns and a
        territory are taken as they are; a frame is the layer ``flood_zones``.
    tolerance_m : float
        Ground of a mean width (twice the area by the perimeter) up to this is rounding of
        coordinates, no defect: 1e-7 m in the validator of the standard.
    sliver_m2 : float
        Parts of a defect smaller than this are not listed one by one: a row of kind "slivers"
        gives their number, their ground and their area together.

    Returns
    -------
    geopandas.GeoDataFrame
        Polygons in EPSG:2154, a row for each defect, none when all is well; an empty polygon where
        a defect has no ground. ``rule``: see `COHERENCE_RULES`. ``kind``: "defect" or "slivers".
        ``scenario``, ``other_scenario``: those at odds. ``id_zone``: the zone or zones, by their
        row (from 0) where they have no name. ``count``: polygons, parts, pairs of zones (HAZ-15)
        or rows (HAZ-12 to 14). ``area_m2``: of the ground shown; overlaps of three zones count
        once for each pair. ``message``: what is wrong and what to do. In order of rule, scenario
        and zone, the largest first.

    Raises
    ------
    ParameterError
        If a limit is negative, or `hazard` is or holds nothing of a hazard.
    LayerError
        If a required column of a frame is missing.
    CrsError
        If a frame is not in EPSG:2154.

    Notes
    -----
    A scenario is compared with each next one that it has to lie inside (`nested_scenarios`):

    - rarer, same climate (HAZ-01): ground that floods often floods when the flood is rare. The
      validator has these chains: 01For in 02Moy in 04Fai; 01Forcc_ct in 03Mcc_ct in 04Faicc_ct;
      01Forcc_100 in 03Mcc. 03Mcc in 04Fai_100 is the same reason, one step further;
    - as rare or rarer, more changed climate (HAZ-16): 01For in 01Forcc_ct in 01Forcc_100, 02Moy in
      03Mcc_ct in 03Mcc, 04Fai in 04Faicc_ct in 04Fai_100. The validator has no such rule: it holds
      where the climate brings more water, as the sea does; a study of a river may differ and say
      so.

    03Mcc and 04Fai are not compared: one is rarer, the other of a more changed climate. Only ground
    under water is compared, so without zones of the class « Emerg ».

    Two zones of a scenario that are the same ground, or of which the one holds the other while the
    file named their scenario by two codes (``02Moy`` and ``Moy``), are the scenario delivered twice
    (HAZ-15), no overlap (HAZ-05). Zones of two kinds of flood may overlap; a kind that is not known
    may be any.

    Examples
    --------
    >>> zone = gpd.GeoDataFrame(
    ...     {"scenario": ["01For", "02Moy"]}, crs=2154,
    ...     geometry=[shapely.box(0, 0, 10, 10), shapely.box(0, 0, 10, 8)],
    ... )  # fmt: skip
    >>> check_hazard(zone)[["rule", "area_m2"]].values.tolist()
    [['HAZ-01', 20.0]]
    """
    if tolerance_m < 0 or sliver_m2 < 0:
        raise ParameterError(
            explain("check_hazard", "a limit is negative", required="metres from 0, m² from 0")
        )
    limits, given = Limits(tolerance_m, sliver_m2), _as_hazard(hazard)
    zones, classes = given.zones, given.depth_classes
    rows = [
        *_check_rows("flood_zones", zones),
        *_check_rows("depth_classes", classes),
        *_check_codes(zones, classes),
        *check_bounds(classes),
        *_check_layers(zones, classes),
    ]
    zones, classes = (f[f["scenario"].notna().to_numpy()] for f in (zones, classes))
    wet = zones[flag_wet_zones(zones)]
    for scenario, other in nested_scenarios(set(wet["scenario"])):
        rows += _check_inclusion(wet, scenario, other, limits=limits)
    for name, own in zones.groupby("scenario"):
        rows += _check_overlaps(str(name), own, limits)
    rows += check_classes(zones, classes, limits)
    return build_defects(rows)


def _as_hazard(given: Hazard | _Delivery | gpd.GeoDataFrame) -> Hazard:
    if isinstance(given, Hazard):
        return given
    if isinstance(given, gpd.GeoDataFrame):
        return Hazard.from_layers({"flood_zones": given})
    layers = getattr(given, "layers", None)
    found = {n: layers[n] for n in HAZARD_LAYERS if n in layers} if layers is not None else {}
    if not found:
        raise ParameterError(
            explain(
                "hazard",
                f"« {type(given).__name__} » holds no layer of a hazard",
                required="a Hazard, what tvb.io.read_hazard returns, or a frame of flood zones",
                remedy="tvb.flood.Hazard.from_layers({…})",
            )
        )
    return Hazard.from_layers(found)


def _check_rows(layer: str, frame: gpd.GeoDataFrame) -> Iterator[Row]:
    """Yield a row for all that lack a scenario, all that lack a geometry, all that are no area."""
    kind = frame.geometry.geom_type
    nowhere = frame.geometry.isna() | frame.geometry.is_empty
    for rule, wrong, problem in (
        ("HAZ-12", frame["scenario"].isna(), "without a scenario count in none; name it"),
        ("HAZ-13", nowhere, "without a geometry flood nothing; draw or remove them"),
        ("HAZ-14", ~nowhere & ~kind.isin(_POLYGONS),
         "are points, lines or mixtures, of which only areas flood; draw their outlines"),
    ):  # fmt: skip
        bad = frame[wrong.to_numpy(dtype=bool)]
        if len(bad):
            names = bad["id_zone"].where(bad["id_zone"].notna(), [f"row {r}" for r in bad.index])
            scenarios = join_names(bad["scenario"])
            place = Place(rule, scenarios, zone=join_names(names))
            yield make_row(place, bad.geometry.to_numpy(), f"{layer}: {len(bad)} rows {problem}")


def _check_codes(zones: gpd.GeoDataFrame, classes: gpd.GeoDataFrame) -> Iterator[Row]:
    """Yield codes that no standard knows, a row for each code."""
    scenarios = tuple(SCENARIO_OF_OCCURRENCE.values())
    asked = [
        ("flood_zones", zones, "scenario", scenarios),
        ("flood_zones", zones, "typ_inond", FLOOD_TYPES),
        ("depth_classes", classes, "scenario", scenarios),
        ("depth_classes", classes, "typ_inond", FLOOD_TYPES),
        ("depth_classes", classes, "classe", (*DEPTH_CLASSES, DRY)),
    ]
    for layer, frame, column, accepted in asked:
        wrong = frame[frame[column].notna() & ~frame[column].isin(accepted)]
        for code, rows in wrong.groupby(column):
            scenario = plain_text(rows["scenario"].iloc[0])
            yield make_row(
                Place("HAZ-08", scenario, zone=join_names(rows["id_zone"])),
                rows.geometry.to_numpy(),
                f"{layer}: « {code} » is no code of « {column} »; replace it by one of "
                f"{', '.join(accepted)}, or read the file with tvb.io.read_hazard",
            )


def _check_layers(zones: gpd.GeoDataFrame, classes: gpd.GeoDataFrame) -> Iterator[Row]:
    """Yield scenarios that are in one layer only; a layer that is empty is no defect."""
    if zones.empty or classes.empty:
        return
    for mine, others, words in (
        (zones, classes, "has flood zones but no class of depth: ask for the table of depths"),
        (classes, zones, "has classes of depth but no flood zone: ask for the table of zones"),
    ):
        alone = mine[~mine["scenario"].isin(others["scenario"])]
        for scenario, rows in alone.groupby("scenario"):
            yield make_row(Place("HAZ-06", str(scenario)), rows.geometry.to_numpy(),
                           f"{scenario} {words}")  # fmt: skip


def _check_inclusion(
    zones: gpd.GeoDataFrame, scenario: str, other: str, *, limits: Limits
) -> Iterator[Row]:
    inner, _ = polygon_parts(zones.geometry[zones["scenario"] == scenario].to_numpy())
    outer, _ = polygon_parts(zones.geometry[zones["scenario"] == other].to_numpy())
    rule, why = "HAZ-01", "what floods more often must flood in the rarer scenario too"
    if climate_of(scenario) != climate_of(other):
        rule, why = "HAZ-16", "what floods must flood in a climate that brings more water too"
    yield from make_rows(
        Place(rule, scenario, other),
        ground_outside(inner, outer),
        f"{scenario} leaves {other} on {{}}: {why}; widen {other} there, or cut {scenario}",
        limits=limits,
    )


def _check_overlaps(scenario: str, zones: gpd.GeoDataFrame, limits: Limits) -> Iterator[Row]:
    """Yield the zones of a scenario that overlap, and the scenario if it is there twice."""
    unknown = zones["typ_inond"].isna().any()
    # Only a kind that is not known brings zones of several kinds together.
    groups = [zones] if unknown else [own for _, own in zones.groupby("typ_inond")]
    twice: list[tuple[pd.DataFrame, shapely.Geometry]] = []
    for rows in groups:
        cut = cut_areas(rows.geometry.to_numpy())
        areas_m2 = cut.areas_m2(len(rows))
        codes = rows["scenario_livre"].fillna(rows["scenario"]).to_numpy(dtype=object)
        for one, two, shared in find_overlaps(cut, pd.factorize(rows["typ_inond"])[0]):
            both, sizes = rows.iloc[[one, two]], areas_m2[[one, two]]
            one_code = codes[one] == codes[two]
            least = _SAME * sizes.max() if one_code else _HELD * sizes.min()
            if shapely.area(shared) >= least:
                twice.append((both.assign(code=codes[[one, two]]), shared))
                continue
            yield from make_rows(
                Place("HAZ-05", scenario, zone=join_names(both["id_zone"])),
                np.array([shared]),
                f"two zones of {scenario} share {{}}: join them, or cut one of them",
                limits=limits,
            )
    if twice:
        yield _delivered_twice(scenario, twice)


def _delivered_twice(scenario: str, pairs: list[tuple[pd.DataFrame, shapely.Geometry]]) -> Row:
    """Return the row of a scenario of which pairs of zones are the same ground."""
    zones = pd.concat([both for both, _ in pairs])
    ground = np.array([shared for _, shared in pairs])
    size = square_metres(shapely.union_all(ground).area)
    codes = sorted(zones["code"].unique())
    named = ", ".join(f"« {code} »" for code in codes)
    twice = "delivered twice" if len(codes) == 1 else f"delivered twice, as {named}"
    return make_row(
        Place("HAZ-15", scenario, zone=join_names(zones["id_zone"])),
        ground,
        f"{scenario} is {twice}: {len(pairs)} pairs of zones share {size}; keep one delivery",
    )
