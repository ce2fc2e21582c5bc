"""U3: zones to be built on and reserved sites on ground that matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from tvb.geometry import attribute_to_commune
from tvb.plu.case import Case, take_row, tell_row
from tvb.plu.declare import Found, Outcome, Rule, Words
from tvb.plu.overlay import extent_of, is_wide, shared_parts
from tvb.plu.thresholds import OVERLAP_WIDTH, VIEW_AREA

__all__ = ["RULES"]

_GROUNDS = {
    "property": (Words("le bien inscrit", "the World Heritage property"),
                 "Code du patrimoine L612-1 ; L151-19"),
    "buffer": (Words("la zone tampon", "the buffer zone"), "Code du patrimoine L612-1"),
    "corridors": (Words("un corridor écologique", "an ecological corridor"),
                  "L151-23, R151-43 4°"),
    "core_areas": (Words("un réservoir de biodiversité", "a core area"), "L151-23, R151-43 4°"),
    "flood_zones": (Words("une zone inondable", "a flood zone"),
                    "R151-31 2°, R151-34 1°, L101-2 5°"),
}  # fmt: skip
_GREEN = "05-04"
_HARMLESS = {"corridors": (_GREEN,), "core_areas": (_GREEN,), "flood_zones": (_GREEN,)}
"""Reserved sites that serve the ground rather than harm it."""


def _view(fr: str, en: str) -> Words:
    return Words(
        f"La zone AU {{zone}} {fr} : vue sur {{sights}}. Déplacer la zone, ou limiter les hauteurs "
        "par une OAP.",
        f"The AU zone {{zone}} {en}: view of {{sights}}. Move the zone, or limit heights by a "
        "guideline (OAP).",
    )


_TAKEN = _view("prend {measure} m² de parvis agricole", "takes {measure} m² of viewing farmland")
_HIDDEN = _view(
    "cache ce que l'on voit d'un parvis agricole", "hides what is seen from viewing farmland"
)
_BOTH = _view(
    "prend {measure} m² de parvis agricole et cache ce que l'on voit du reste",
    "takes {measure} m² of viewing farmland and hides what is seen from the rest",
)


def _sites(case: Case) -> gpd.GeoDataFrame:
    """Return the areas of reserved sites in the communes of the plan."""
    items = case.items("prescriptions", "05-")
    placed = items.drop(columns="insee", errors="ignore").assign(
        insee=attribute_to_commune(items, case.communes).astype(object)
    )
    return placed[placed["insee"].notna().to_numpy(dtype=bool)].reset_index(drop=True)


def _answer(case: Case, *, layer: str, reserved: bool) -> Outcome:
    """Return the zones to be built on, or the reserved sites, that meet a layer."""
    if reserved:
        rows = case.once("reserved sites", lambda: _sites(case))
        rows = rows[~rows["code"].isin(_HARMLESS.get(layer, ()))].reset_index(drop=True)
    else:
        rows = case.zones_of("AU")
    judged = set(case.cut(layer)["insee"])
    shapes = rows.geometry.to_numpy()
    near = case.reference.parts(layer).near(shapes)
    found = []
    for dimension, unit in ((2, "m²"), (1, "m")):
        mine = near[shapely.get_dimensions(near) == dimension]
        shared = shared_parts(shapes, mine, dimension=dimension)
        for at in np.flatnonzero(is_wide(shared, case.limit(OVERLAP_WIDTH))):
            found.append(_found(take_row(rows, at), shared[at], layer=layer, unit=unit))  # noqa: PERF401
    return Outcome(found, judged)


def _found(row: Mapping[str, Any], shared: Any, *, layer: str, unit: str) -> Found:
    extent = float(extent_of(np.array([shared]))[0])
    ground, _ = _GROUNDS[layer]
    return tell_row(row, (extent, unit), shared, ground=ground, code=str(row.get("code", "")))


def _lose_views(case: Case) -> Outcome:
    """Return the views of terrils that building AU zones would take."""
    from tvb.heritage import views_lost  # its kernels are for those who have farmland

    zones, reference = case.zones_of("AU"), case.reference
    farmland, terrils = reference.layer("farmland"), reference.layer("terrils")
    lost = views_lost(zones, farmland, terrils, dem=reference.terrain)
    masked = lost["masked_points"].fillna(0) > 0
    least_m2 = case.limit(VIEW_AREA)
    found = []
    told = lost[(lost["built_m2"] >= least_m2) | masked]
    pairs: Any = told.groupby(["zone", "farmland"], sort=True)
    for (zone, place), views in pairs:
        row = take_row(zones, zone)
        shape = shapely.intersection(row["geometry"], farmland.geometry.loc[place])
        sights = ", ".join(sorted(set(views["sight"])))
        built_m2 = float(views["built_m2"].max())
        how = _HIDDEN if built_m2 < least_m2 else _BOTH if masked[views.index].any() else _TAKEN
        where = row["geometry"] if shapely.area(shape) == 0 else shape
        found.append(replace(tell_row(row, (built_m2, "m²"), where, sights=sights), message=how))
    return Outcome(found, set(zones["insee"]))


def _declare(layer: str, *, reserved: bool) -> Rule:
    number = 1 + list(_GROUNDS).index(layer) + (len(_GROUNDS) if reserved else 0)
    ground, law = _GROUNDS[layer]
    what = Words("emplacements réservés", "reserved sites") if reserved else Words(
        "zones AU", "AU zones")  # fmt: skip
    question = Words(f"Les {what.fr} évitent-ils {ground.fr} ?" if reserved
                     else f"Les {what.fr} évitent-elles {ground.fr} ?",
                     f"Do {what.en} avoid {ground.en}?")  # fmt: skip
    message = Words(
        "L'emplacement réservé {zone} ({code}) prend {measure} {unit} sur {ground}. Vérifier qu'il "
        "est compatible, ou le déplacer." if reserved else
        "La zone AU {zone} prend {measure} {unit} sur {ground}. Vérifier qu'elle est compatible, "
        "réduire la zone ou encadrer l'aménagement par une OAP.",
        "The reserved site {zone} ({code}) takes {measure} {unit} of {ground}. Check that it is "
        "compatible, or move it." if reserved else
        "The AU zone {zone} takes {measure} {unit} of {ground}. Check that it is compatible, "
        "reduce the zone or frame it by a guideline (OAP).",
    )  # fmt: skip
    needs = ("communes", layer, "plan.prescriptions" if reserved else "plan.zones")
    return Rule(f"U3.{number}", question, message, f"{'L151-41 ; ' if reserved else ''}{law}",
                "à vérifier", needs, partial(_answer, layer=layer, reserved=reserved),
                (OVERLAP_WIDTH,))  # fmt: skip


RULES = (
    *(_declare(layer, reserved=False) for layer in _GROUNDS),
    *(_declare(layer, reserved=True) for layer in _GROUNDS),
    Rule(
        "U3.11",
        Words("Les zones AU gardent-elles les vues sur les terrils depuis les parvis agricoles ?",
              "Do AU zones keep the views of terrils from farmland?"),
        _TAKEN, "Code du patrimoine L612-1 ; L151-19", "à vérifier",
        ("communes", "farmland", "terrils", "plan.zones"), _lose_views, (VIEW_AREA,),
    ),
)  # fmt: skip
"""AU zones, then reserved sites, on each ground; then views."""
