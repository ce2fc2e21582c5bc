"""S1: the zones as a drawing: they cover the communes once, and nothing else."""

from __future__ import annotations

from functools import partial
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely

from tvb.geometry.arrays import BoolArray
from tvb.plu.case import Case
from tvb.plu.coverage import measure_zone_faults
from tvb.plu.declare import Found, Outcome, Rule, Words
from tvb.plu.thresholds import BORDER_WIDTH, ZONE_WIDTH

__all__ = ["DRAWING_RULES"]

_LAW = "R151-17 ; standard CNIG PLU"
_NEEDS = ("communes", "plan.zones")
_ON_BORDER_M = 0.01


def _faults(case: Case) -> gpd.GeoDataFrame:
    """Return the faults of the drawing that are wide enough, with the commune of each."""
    faults = measure_zone_faults(case.plan.zones, case.communes)
    inner = (faults["kind"] == "overlap").to_numpy(dtype=bool) | ~_along_border(case, faults)
    limit = np.where(inner, case.limit(ZONE_WIDTH), case.limit(BORDER_WIDTH))
    faults = faults[(faults["width_m"] >= limit).to_numpy(dtype=bool)].reset_index(drop=True)
    outline = case.communes.geometry.to_numpy()
    at, commune = shapely.STRtree(outline).query_nearest(
        shapely.point_on_surface(faults.geometry.to_numpy()), all_matches=False
    )
    code = np.full(len(faults), None, dtype=object)
    code[at] = case.communes["insee"].to_numpy(dtype=object)[commune]
    return faults.assign(insee=code)


def _along_border(case: Case, faults: gpd.GeoDataFrame) -> BoolArray:
    border = shapely.boundary(case.outline)
    shapely.prepare(border)
    return np.asarray(shapely.dwithin(border, faults.geometry.to_numpy(), _ON_BORDER_M))


def _answer(case: Case, *, kind: Literal["overlap", "gap", "outside"]) -> Outcome:
    faults = case.once("zone faults", lambda: _faults(case))
    labels = case.plan.zones.set_index("objet")["libelle"].to_dict()
    found = []
    for row in faults[(faults["kind"] == kind).to_numpy(dtype=bool)].itertuples():
        names = [n for n in (row.zone, row.other) if isinstance(n, str)]
        labelled = [
            n if not isinstance(labels.get(n), str) else f"{labels[n]} ({n})" for n in names
        ]
        label = " ; ".join(str(labels[n]) for n in names if isinstance(labels.get(n), str))
        facts = {"zones": " / ".join(labelled), "width": float(row.width_m)}
        found.append(
            Found(row.insee, " / ".join(names) or "ZONE_URBA", float(row.area_m2), "m²",
                  row.geometry, facts, table="zone_urba", libelle=label)
        )  # fmt: skip
    return Outcome(found)


def _rule(number: int, kind: Literal["overlap", "gap", "outside"], *texts: Words) -> Rule:
    question, message = texts
    return Rule(f"S1.{number}", question, message, _LAW, "à corriger", _NEEDS,
                partial(_answer, kind=kind), (ZONE_WIDTH, BORDER_WIDTH))  # fmt: skip


DRAWING_RULES = (
    _rule(17, "overlap",
          Words("Chaque terrain est-il dans une seule zone ?", "Is all ground in one zone only?"),
          Words("Les zones {zones} se chevauchent sur {measure} m². Retirer cette emprise de "
                "l'une des deux.",
                "The zones {zones} overlap on {measure} m². Take this ground out of one.")),
    _rule(18, "gap",
          Words("Chaque terrain est-il dans une zone ?", "Is all ground in a zone?"),
          Words("{measure} m² de la commune ne sont dans aucune zone. Étendre une zone voisine.",
                "{measure} m² of the commune are in no zone. Extend a zone beside it.")),
    _rule(19, "outside",
          Words("Les zones restent-elles dans le territoire du plan ?",
                "Do zones stay within the territory of the plan?"),
          Words("La zone {zones} sort du territoire du plan sur {measure} m². Couper la zone à la "
                "limite communale.",
                "The zone {zones} leaves the territory of the plan on {measure} m². Cut the zone "
                "at the border of the commune.")),
)  # fmt: skip
"""Overlaps, gaps, zones outside."""
