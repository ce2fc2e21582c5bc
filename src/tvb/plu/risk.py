"""R1: whether the plan limits building where the ground may be flooded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely

from tvb.facts import HECTARE_M2
from tvb.flood import flag_excluded_buildings
from tvb.geometry.arrays import FloatArray, GeometryArray, make_valid, polygon_parts
from tvb.plu.case import Case, take_row, tell_row
from tvb.plu.declare import Found, Outcome, Rule, Words
from tvb.plu.overlay import is_wide, shared_parts, uncovered_parts
from tvb.plu.reference import Reference
from tvb.plu.thresholds import OVERLAP_WIDTH
from tvb.schema import CRS

__all__ = ["RULES"]

_LAW = "R151-31 2°, R151-34 1°, R151-42 4° ; Code de l'environnement L562-1"
_CODES = ("02-01", "02-02", "37-01")
_UNDETERMINED, _FORBIDDEN = ("02-00",), ("02-01",)
_SUP = ("PM1",)
_NEEDS = ("communes", "flood_zones", "plan.zones", "plan.prescriptions")


@dataclass(frozen=True, slots=True)
class _Wet:
    """The zones to be built on that may be flooded.

    Parameters
    ----------
    zones : geopandas.GeoDataFrame
        U and AU zones.
    wet : numpy.ndarray
        Their flooded ground.
    bare : numpy.ndarray
        What of it has no rule, not even an undetermined one.
    vague : numpy.ndarray
        What of it has an undetermined rule only.
    """

    zones: gpd.GeoDataFrame
    wet: GeometryArray
    bare: GeometryArray
    vague: GeometryArray


def _measure(case: Case) -> _Wet:
    zones = case.zones_of("U", "AU")
    shapes = zones.geometry.to_numpy()
    near = case.reference.parts("flood_zones").near(shapes)
    wet = shared_parts(shapes, near)
    unruled = uncovered_parts(wet, case.covering(*_CODES, sup=_SUP))
    undetermined = case.covering(*_UNDETERMINED)
    return _Wet(
        zones, wet, uncovered_parts(unruled, undetermined), shared_parts(unruled, undetermined)
    )


def _read(case: Case) -> _Wet:
    return case.once("flooded zones", lambda: _measure(case))


def _flooded_communes(case: Case) -> set[str]:
    return set(case.cut("flood_zones")["insee"])


def _zones_without_rule(
    case: Case, *, classe: Literal["U", "AU"] | None, ground: Literal["bare", "vague"]
) -> Outcome:
    measured = _read(case)
    shapes: GeometryArray = getattr(measured, ground)
    told = is_wide(shapes, case.limit(OVERLAP_WIDTH))
    if classe is not None:
        told &= (measured.zones["classe"] == classe).to_numpy(dtype=bool)
    found = []
    for at in np.flatnonzero(told):
        row = take_row(measured.zones, at)
        area = float(shapely.area(shapes[at]))
        share = 100 * area / row["geometry"].area
        found.append(tell_row(row, (area, "m²"), shapes[at], share=share))
    return Outcome(found, _flooded_communes(case))


def _counted(reference: Reference) -> gpd.GeoDataFrame:
    """Return the inner points of the buildings that count, and their footprints."""
    frame = reference.layer("buildings")
    kept = ~flag_excluded_buildings(frame).any(axis=1).to_numpy(dtype=bool)
    shapes = make_valid(frame.geometry.to_numpy()[kept])
    points = shapely.point_on_surface(shapes)
    return gpd.GeoDataFrame({"footprint": shapes}, geometry=points, crs=CRS)


def _placed(case: Case) -> gpd.GeoDataFrame:
    return case.once("buildings", lambda: _place(case))


def _place(case: Case) -> gpd.GeoDataFrame:
    """Return the buildings whose inner point lies in a commune of the plan, each once."""
    reference = case.reference
    every = reference.once("counted buildings", lambda: _counted(reference))
    outline = case.communes.geometry.to_numpy()
    commune, row = every.sindex.query(outline, predicate="intersects", sort=True)
    _, first = np.unique(row, return_index=True)
    placed = every.iloc[row[first]].reset_index(drop=True)
    return placed.assign(insee=case.communes["insee"].to_numpy(dtype=object)[commune[first]])


def _meets(shapes: GeometryArray, others: GeometryArray) -> Any:
    met = np.zeros(len(shapes), dtype=bool)
    met[shapely.STRtree(others).query(shapes, predicate="intersects")[0]] = True
    return met


def _buildings_without_rule(case: Case) -> Outcome:
    """Return, for each commune, the buildings on flooded ground that meet no rule."""
    buildings = _placed(case)
    shapes = buildings["footprint"].to_numpy()
    told = _meets(shapes, case.cut("flood_zones").geometry.to_numpy())
    told &= ~_meets(shapes, case.covering(*_CODES, *_UNDETERMINED, sup=_SUP))
    found = []
    for insee, mine in buildings[told].groupby("insee", sort=True):
        polygons, _ = polygon_parts(mine["footprint"].to_numpy())
        found.append(Found(str(insee), "bâtiments", float(len(mine)), "",
                           shapely.multipolygons(polygons)))  # fmt: skip
    return Outcome(found, _flooded_communes(case))


def _buildings_to_come(case: Case) -> Outcome:
    """Return, for each AU zone that may be flooded, how many buildings it would bring there."""
    measured = _read(case)
    au = np.flatnonzero((measured.zones["classe"] == "AU").to_numpy(dtype=bool))
    built = uncovered_parts(measured.wet[au], case.covering(*_FORBIDDEN))
    told = is_wide(built, case.limit(OVERLAP_WIDTH))
    density = _neighbour_density(case, measured.zones, au[told]) if told.any() else np.empty(0)
    found = []
    for at, shape, per_ha in zip(au[told], built[told], density, strict=True):
        row = take_row(measured.zones, at)
        hectares = float(shapely.area(shape)) / HECTARE_M2
        count = float(per_ha) * hectares
        one = tell_row(row, (count, ""), shape, wet=hectares, density=float(per_ha))
        if count == 0:  # without a density nothing is estimated, which is not « none »
            one = replace(one, measure=None, message=_NO_DENSITY)
        elif round(count, 6) < 1:
            one = replace(one, message=_LESS_THAN_ONE)
        found.append(one)
    return Outcome(found, _flooded_communes(case))


def _neighbour_density(case: Case, zones: gpd.GeoDataFrame, rows: Any) -> FloatArray:
    """Return buildings per hectare in the U zone nearest to each of some zones, 0 without one."""
    town = zones[(zones["classe"] == "U").to_numpy(dtype=bool)].geometry.to_numpy()
    if not len(town):
        return np.zeros(len(rows))
    at, nearest = shapely.STRtree(town).query_nearest(zones.geometry.to_numpy()[rows])
    first = np.full(len(rows), len(town))
    np.minimum.at(first, at, nearest)
    inner = _placed(case).geometry.to_numpy()
    _, zone = shapely.STRtree(town).query(inner, predicate="intersects")
    count = np.bincount(zone, minlength=len(town))
    per_ha = count / np.maximum(shapely.area(town) / HECTARE_M2, 1e-9)
    return np.asarray(per_ha[first], dtype=float)


_ADD = Words(
    "Ajouter une prescription 02-01 (interdiction), 02-02 (conditions) ou 37-01 "
    "(rez-de-chaussée), ou joindre la servitude PM1 du PPR en vigueur.",
    "Add a prescription 02-01 (ban), 02-02 (conditions) or 37-01 (ground floors), or deliver the "
    "servitude PM1 of the risk plan in force.",
)


def _to_come(fr: str, en: str) -> Words:
    """Return how many buildings a zone would add, where its neighbour has a density."""
    return Words(
        "Estimation : à la densité de la zone U voisine ({density} bâtiment{density:|s} par "
        f"hectare), la zone AU {{zone}} ajouterait {fr} sur {{wet}} ha inondables. Réduire la zone "
        "ou y interdire la construction (02-01).",
        "Estimate: at the density of the neighbouring U zone ({density} building{density:|s} a "
        f"hectare), the AU zone {{zone}} would add {en} on {{wet}} ha that may be flooded. Reduce "
        "the zone or forbid building there (02-01).",
    )


_LESS_THAN_ONE = _to_come("moins d'un bâtiment", "less than one building")
_NO_DENSITY = Words(
    "Pas d'estimation : la zone AU {zone} ouvre à la construction {wet} ha inondables, mais aucune "
    "zone U bâtie n'est voisine, dont on prendrait la densité. Réduire la zone ou y interdire la "
    "construction (02-01).",
    "No estimate: the AU zone {zone} opens to building {wet} ha that may be flooded, but no U zone "
    "with buildings is its neighbour, whose density could be taken. Reduce the zone or forbid "
    "building there (02-01).",
)


def _zone_rule(number: int, classe: Literal["U", "AU"]) -> Rule:
    return Rule(
        f"R1.{number}",
        Words(f"Les zones {classe} inondables ont-elles une règle sur le risque ?",
              f"Have {classe} zones that may be flooded a rule about it?"),
        Words("La zone {zone} ({classe}) est inondable sur {measure} m² ({share} %) sans règle. "
              + _ADD.fr,
              "The zone {zone} ({classe}) may be flooded on {measure} m² ({share} %) without a "
              "rule. " + _ADD.en),
        _LAW, "bloquant", _NEEDS, partial(_zones_without_rule, classe=classe, ground="bare"),
        (OVERLAP_WIDTH,),
    )  # fmt: skip


RULES = (
    _zone_rule(1, "U"),
    _zone_rule(2, "AU"),
    Rule(
        "R1.3",
        Words("La règle sur le risque dit-elle si l'on peut bâtir ?",
              "Does the rule about the risk say whether one may build?"),
        Words("La zone {zone} ({classe}) n'a sur {measure} m² inondables qu'une prescription "
              "02-00, qui ne dit pas si l'on peut bâtir. Préciser 02-01 (interdiction) ou 02-02 "
              "(conditions).",
              "On {measure} m² that may be flooded, the zone {zone} ({classe}) has only a "
              "prescription 02-00, which does not say whether one may build. State 02-01 (ban) or "
              "02-02 (conditions)."),
        _LAW, "à vérifier", _NEEDS, partial(_zones_without_rule, classe=None, ground="vague"),
        (OVERLAP_WIDTH,),
    ),
    Rule(
        "R1.4",
        Words("Les bâtiments existants en zone inondable sont-ils sous une règle ?",
              "Are existing buildings in flood zones under a rule?"),
        Words("{measure} bâtiment{measure:|s} de la commune touche{measure:|nt} une zone "
              "inondable hors de toute prescription ou servitude. " + _ADD.fr,
              "{measure} building{measure:|s} of the commune touch{measure:es|} a flood zone "
              "out of any prescription or servitude. " + _ADD.en),
        _LAW, "à corriger",
        ("communes", "flood_zones", "buildings", "plan.prescriptions"),
        _buildings_without_rule,
    ),
    Rule(
        "R1.5",
        Words("Combien de bâtiments les zones AU ajouteraient-elles en zone inondable ?",
              "How many buildings would AU zones add in flood zones?"),
        _to_come(
            "{measure} bâtiment{measure:|s}", "{measure} building{measure:|s}"),
        _LAW, "information", (*_NEEDS, "buildings"), _buildings_to_come, (OVERLAP_WIDTH,),
    ),
)  # fmt: skip
"""Zones without a rule, buildings without a rule, buildings to come."""
