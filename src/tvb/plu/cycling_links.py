"""C1: whether the plan keeps room for the cycle links that are planned or missing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely

from tvb.geometry.arrays import FloatArray, GeometryArray
from tvb.plu.case import Case
from tvb.plu.declare import Found, Outcome, Rule, Words
from tvb.plu.overlay import is_wide, uncovered_parts
from tvb.plu.thresholds import COVERED_SHARE, CYCLE_COVER, CYCLE_TOLERANCE, OVERLAP_WIDTH

__all__ = ["RULES"]

_LAW = "L151-41 1°, L151-38, R151-48"
_CODES = ("05-01", "24-")
_NEEDS = ("communes", "cycle_links", "plan.prescriptions")


@dataclass(frozen=True, slots=True)
class _Links:
    """Links in the communes of a plan.

    Parameters
    ----------
    pieces : geopandas.GeoDataFrame
        One row for each link and commune.
    bare : numpy.ndarray
        What no reservation serves.
    share : numpy.ndarray
        Share of the length that one serves.
    """

    pieces: gpd.GeoDataFrame
    bare: GeometryArray
    share: FloatArray


def _measure(case: Case) -> _Links:
    pieces = case.cut("cycle_links")
    pieces = pieces[is_wide(pieces.geometry.to_numpy(), case.limit(OVERLAP_WIDTH))]
    pieces = pieces.reset_index(drop=True)
    shapes = pieces.geometry.to_numpy()
    items = case.items("prescriptions", *_CODES, geometry="SLP").geometry.to_numpy()
    served = shapely.buffer(items, case.limit(CYCLE_TOLERANCE), quad_segs=4)
    bare = uncovered_parts(shapes, served)
    return _Links(pieces, bare, 1 - shapely.length(bare) / shapely.length(shapes))


def _answer(case: Case, *, fault: Literal["none", "part"]) -> Outcome:
    links = case.once("cycle links", lambda: _measure(case))
    none = links.share < case.limit(COVERED_SHARE)
    chosen = none if fault == "none" else ~none & (links.share < case.limit(CYCLE_COVER))
    found = []
    for at in np.flatnonzero(chosen):
        row = links.pieces.iloc[at]
        names = [row.get("id_local"), row.get("nom")]
        known = [n for n in names if isinstance(n, str)]
        facts = {"named": f" ({known[1]})" if len(known) > 1 else "",
                 "share": 100 * max(float(links.share[at]), 0.0)}  # fmt: skip
        objet = known[0] if known else f"liaison {row['row']}"
        length = float(shapely.length(links.bare[at]))
        found.append(
            Found(row["insee"], objet, length, "m", links.bare[at], facts,
                  table="prescription_lin")
        )  # fmt: skip
    return Outcome(found, set(links.pieces["insee"]))


RULES = (
    Rule(
        "C1.1",
        Words("Chaque liaison cyclable attendue a-t-elle une réservation ?",
              "Has each cycle link expected a reservation?"),
        Words("La liaison cyclable {objet}{named} n'a aucune réservation dans la commune "
              "({measure} m). Ajouter un emplacement réservé 05-01 ou un tracé 24-03 (L151-38).",
              "The cycle link {objet}{named} has no reservation in the commune ({measure} m). Add "
              "a reserved site 05-01 or a line 24-03 (L151-38)."),
        _LAW, "à vérifier", _NEEDS, partial(_answer, fault="none"),
        (CYCLE_TOLERANCE, COVERED_SHARE, OVERLAP_WIDTH),
    ),
    Rule(
        "C1.2",
        Words("Chaque liaison cyclable attendue est-elle réservée d'un bout à l'autre ?",
              "Is each cycle link expected reserved from end to end?"),
        Words("La liaison cyclable {objet}{named} est réservée à {share} % ; il manque "
              "{measure} m. Compléter la réservation 05-01 ou 24-xx.",
              "{share} % of the cycle link {objet}{named} is reserved; {measure} m are not. "
              "Complete the reservation 05-01 or 24-xx."),
        _LAW, "à vérifier", _NEEDS, partial(_answer, fault="part"),
        (CYCLE_TOLERANCE, CYCLE_COVER, COVERED_SHARE, OVERLAP_WIDTH),
    ),
)  # fmt: skip
"""Each link and commune falls under one of these at most."""
