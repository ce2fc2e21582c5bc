"""U2: whether the plan protects what is inscribed, element by element."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely

from tvb.facts import HECTARE_M2
from tvb.geometry.arrays import BoolArray, FloatArray, GeometryArray
from tvb.plu.case import Case
from tvb.plu.declare import Found, Outcome, Rule, Words
from tvb.plu.overlay import is_wide, uncovered_parts
from tvb.plu.thresholds import COVERED_SHARE, OVERLAP_WIDTH, POINT_AREA, PROTECTED_SHARE

__all__ = ["RULES"]

Fault = Literal["none", "part", "mark"]

_LAW = "L151-19, L151-23, L113-1, L151-6 ; Code du patrimoine L612-1"
_CODES = ("07-", "01-", "25-00", "18-05")
_SUP = ("AC1", "AC2")
_NEEDS = ("communes", "property_elements", "plan.prescriptions")


@dataclass(frozen=True, slots=True)
class _Judged:
    """Elements of the property in the communes of a plan, and what protects them.

    Parameters
    ----------
    pieces : geopandas.GeoDataFrame
        One row for each element and commune.
    share : numpy.ndarray
        Share of the area that is protected.
    bare : numpy.ndarray
        What is not.
    marked : numpy.ndarray of bool
        Whether it is so small that a point or a line of protection may mean it, and one lies there.
    """

    pieces: gpd.GeoDataFrame
    share: FloatArray
    bare: GeometryArray
    marked: BoolArray


def _judge(case: Case) -> _Judged:
    pieces = case.cut("property_elements")
    whole = case.reference.layer("property_elements").area.to_numpy()
    # A piece counts if it is more than a sliver along the border, or most of a tiny element.
    area = pieces.area.to_numpy()
    counted = is_wide(pieces.geometry.to_numpy(), case.limit(OVERLAP_WIDTH))
    counted |= area > 0.5 * whole[pieces["row"].to_numpy(dtype=np.int64)]
    pieces = pieces[counted & (area > 0)].reset_index(drop=True)
    shapes = pieces.geometry.to_numpy()
    bare = uncovered_parts(shapes, case.covering(*_CODES, sup=_SUP))
    share = 1 - shapely.area(bare) / shapely.area(shapes)
    marks = case.items("prescriptions", *_CODES, geometry="LP").geometry.to_numpy()
    marked = np.zeros(len(shapes), dtype=bool)
    marked[shapely.STRtree(marks).query(shapes, predicate="intersects")[0]] = True
    marked &= shapely.area(shapes) <= case.limit(POINT_AREA)
    return _Judged(pieces, share, bare, marked)


def _answer(case: Case, *, fault: Fault) -> Outcome:
    judged = case.once("elements", lambda: _judge(case))
    none = judged.share < case.limit(COVERED_SHARE)
    chosen = {
        "none": none & ~judged.marked,
        "mark": none & judged.marked,
        "part": ~none & (judged.share < case.limit(PROTECTED_SHARE)),
    }[fault]
    found = [_found(judged, int(at)) for at in np.flatnonzero(chosen)]
    return Outcome(found, set(judged.pieces["insee"]))


def _found(judged: _Judged, at: int) -> Found:
    row = judged.pieces.iloc[at]
    named = row.get("nom")
    facts: dict[str, Any] = {
        "number": str(row["no_element"]),
        "named": f" ({named})" if isinstance(named, str) else "",
        "area": shapely.area(row.geometry) / HECTARE_M2,
        "bare": shapely.area(judged.bare[at]) / HECTARE_M2,
    }
    share = max(100 * float(judged.share[at]), 0.0)
    return Found(row["insee"], f"élément {row['no_element']}", share, "%", judged.bare[at], facts,
                 table="prescription_surf")  # fmt: skip


RULES = (
    Rule(
        "U2.1",
        Words("Chaque élément inscrit a-t-il une protection ?",
              "Has each inscribed element a protection?"),
        Words("L'élément inscrit n° {number}{named} n'a aucune protection sur ses {area} ha dans "
              "la commune. Le protéger : 07-01 (bâti), 07-02 (paysage), 07-04 ou 25-00 "
              "(écologie), 01-00 (boisement) ou OAP 18-05.",
              "The inscribed element {number}{named} has no protection on its {area} ha in the "
              "commune. Protect it: 07-01 (built), 07-02 (landscape), 07-04 or 25-00 (ecology), "
              "01-00 (wood) or a guideline 18-05."),
        _LAW, "bloquant", _NEEDS, partial(_answer, fault="none"),
        (COVERED_SHARE, POINT_AREA, OVERLAP_WIDTH),
    ),
    Rule(
        "U2.2",
        Words("Chaque élément inscrit est-il protégé en entier ?",
              "Is each inscribed element protected as a whole?"),
        Words("L'élément inscrit n° {number}{named} est protégé à {measure} % ; il manque "
              "{bare} ha. Étendre la protection aux parties portées par ce constat.",
              "{measure} % of the inscribed element {number}{named} is protected; {bare} ha are "
              "not. Extend the protection to the parts that this finding draws."),
        _LAW, "à corriger", _NEEDS, partial(_answer, fault="part"),
        (PROTECTED_SHARE, COVERED_SHARE, OVERLAP_WIDTH),
    ),
    Rule(
        "U2.3",
        Words("La protection de chaque élément inscrit est-elle surfacique ?",
              "Is the protection of each inscribed element an area?"),
        Words("L'élément inscrit n° {number}{named} n'est protégé que par un point ou une ligne. "
              "Vérifier que ses {area} ha sont couverts, sinon dessiner une prescription "
              "surfacique.",
              "The inscribed element {number}{named} is protected by a point or a line only. "
              "Check that its {area} ha are covered, or else draw an area."),
        _LAW, "à vérifier", _NEEDS, partial(_answer, fault="mark"),
        (COVERED_SHARE, POINT_AREA, OVERLAP_WIDTH),
    ),
)  # fmt: skip
"""Each inscribed element and commune falls under one of these at most."""
