"""U1: whether the plan transcribes the World Heritage property and its buffer zone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely
from shapely import affinity

from tvb.facts import HECTARE_M2
from tvb.geometry.arrays import GeometryArray, IntArray
from tvb.geometry.overlay import intersect
from tvb.plu.case import Case
from tvb.plu.declare import Found, Outcome, Rule, Words
from tvb.plu.overlay import is_wide
from tvb.plu.shift import estimate_shift
from tvb.plu.thresholds import (
    COVERED_SHARE,
    MATCH_SHARE,
    OVERLAP_WIDTH,
    PARTIAL_SHARE,
    SHIFT_EXPLAINED,
    TOLERANCE,
)

__all__ = ["FAULT_OF_RULE", "RULES"]

Fault = Literal["missing", "shifted", "partial", "miscoded", "beyond"]

_LAW = "Code du patrimoine L612-1, R612-1, R612-2 ; R151-53"
_CODES = {"property": "40-01", "buffer": "40-02"}
_NAMES = {
    "property": Words("bien inscrit", "World Heritage property"),
    "buffer": Words("zone tampon", "buffer zone"),
}
_OTHER_PRESCRIPTIONS = ("97-", "99-")
"""Prescriptions under which a perimeter may have been filed by mistake, beside all informations.

Not 07-xx nor 18-05: they protect what the perimeter holds, and may well have its ground.
"""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A perimeter in one commune: what the reference says, and what the plan drew.

    Parameters
    ----------
    insee : str
        The commune.
    ground, wanted : shapely.Geometry
        The commune; the perimeter in it.
    around : shapely.Geometry
        The perimeter near the commune, beyond its border too.
    drawn : shapely.Geometry
        What the plan drew near the commune.
    """

    insee: str
    ground: Any
    wanted: Any
    around: Any
    drawn: Any

    @property
    def inside(self) -> Any:
        """What the plan drew in the commune."""
        return intersect(self.drawn, self.ground)

    def lack(self, tolerance_m: float, *, undo: tuple[float, float] = (0.0, 0.0)) -> Any:
        """Return what is lacking, the drawing moved back by a shift first."""
        drawn = affinity.translate(self.drawn, -undo[0], -undo[1])
        return shapely.difference(self.wanted, shapely.buffer(drawn, tolerance_m, quad_segs=4))

    def excess(self, tolerance_m: float) -> Any:
        """Return what is drawn beyond the perimeter."""
        return shapely.difference(
            self.inside, shapely.buffer(self.around, tolerance_m, quad_segs=4)
        )

    def apart(self, *, undo: tuple[float, float] = (0.0, 0.0)) -> Any:
        """Return the symmetric difference, the drawing moved back by a shift first."""
        drawn = affinity.translate(self.drawn, -undo[0], -undo[1])
        return shapely.symmetric_difference(self.wanted, intersect(drawn, self.ground))


def _sheets(case: Case, layer: str) -> list[_Sheet]:
    """Return one sheet for each commune that holds more than a sliver of the perimeter."""
    cut = case.cut(layer)
    drawn = case.ground_of(case.items("infos", _CODES[layer]))
    tree = shapely.STRtree(drawn)
    sheets = []
    margin_m = 2 * case.limit(TOLERANCE)
    for insee, rows in cut.groupby("insee", sort=True):
        wanted = shapely.union_all(rows.geometry.to_numpy())
        if not is_wide(np.array([wanted]), case.limit(OVERLAP_WIDTH))[0]:
            continue
        ground = case.outline_of(str(insee))
        near = shapely.buffer(ground, margin_m, quad_segs=2)
        around = shapely.union_all(case.reference.parts(layer).near(np.array([near])))
        mine = shapely.union_all(drawn[np.sort(tree.query(near, predicate="intersects"))])
        sheets.append(_Sheet(str(insee), ground, wanted, around, mine))
    return sheets


def _diagnose(case: Case, layer: str) -> list[tuple[Fault, Found]]:
    """Return what is wrong with a perimeter, commune by commune."""
    found: list[tuple[Fault, Found]] = []
    for sheet in case.once(("sheets", layer), lambda: _sheets(case, layer)):
        tolerance, share = case.limit(TOLERANCE), case.limit(PARTIAL_SHARE)
        area = shapely.area(sheet.wanted)
        lack = sheet.lack(tolerance)
        if shapely.area(lack) > share * area:
            found += _explain_lack(case, layer, sheet)
            continue
        excess = sheet.excess(tolerance)
        if shapely.area(excess) > share * area:
            found.append(
                ("beyond", _found(sheet, layer, (shapely.area(excess), "m²"), where=excess))
            )
    return found


def _explain_lack(case: Case, layer: str, sheet: _Sheet) -> list[tuple[Fault, Found]]:
    """Return why a part of the perimeter is not drawn where it should be."""
    tolerance, area = case.limit(TOLERANCE), shapely.area(sheet.wanted)
    lack = sheet.lack(tolerance)
    covered = 1 - shapely.area(lack) / area
    if covered < case.limit(COVERED_SHARE):
        other = _find_miscoded(case, layer, sheet)
        if other is not None:
            return [("miscoded", other)]
    shift = _find_shift(case, layer, sheet)
    if np.hypot(*shift) > tolerance and _undoes(case, sheet, shift):
        return _tell_shift(case, layer, sheet, shift=shift)
    if covered >= case.limit(COVERED_SHARE):
        return [("partial", _found(sheet, layer, (100 * covered, "%"), where=lack))]
    return [("missing", _found(sheet, layer, (area / HECTARE_M2, "ha"), where=sheet.wanted))]


def _tell_shift(
    case: Case, layer: str, sheet: _Sheet, *, shift: tuple[float, float]
) -> list[tuple[Fault, Found]]:  # fmt: skip
    """Return a shift, and what is lacking once it is undone."""
    told = _found(
        sheet, layer, (float(np.hypot(*shift)), "m"), where=sheet.apart(),
        east=abs(shift[0]), north=abs(shift[1]), way=_way(shift),
    )  # fmt: skip
    found: list[tuple[Fault, Found]] = [("shifted", told)]
    lack = sheet.lack(case.limit(TOLERANCE), undo=shift)
    left = shapely.area(lack) / shapely.area(sheet.wanted)
    if left > case.limit(PARTIAL_SHARE):
        found.append(("partial", _found(sheet, layer, (100 * (1 - left), "%"), where=lack)))
    return found


def _find_shift(case: Case, layer: str, sheet: _Sheet) -> tuple[float, float]:
    """Return the shift of the whole plan or that of the commune: the one that explains more."""
    if shapely.is_empty(sheet.inside):
        return 0.0, 0.0
    whole = case.once(("shift", layer), lambda: _shift_of_plan(case, layer))
    mine = estimate_shift(sheet.inside, intersect(sheet.around, case.outline))
    return min(whole, mine, key=lambda shift: shapely.area(sheet.apart(undo=shift)))


def _shift_of_plan(case: Case, layer: str) -> tuple[float, float]:
    drawn = shapely.union_all(case.ground_of(case.items("infos", _CODES[layer])))
    return estimate_shift(drawn, shapely.union_all(case.cut(layer).geometry.to_numpy()))


def _undoes(case: Case, sheet: _Sheet, shift: tuple[float, float]) -> bool:
    """Tell whether moving the drawing back makes most of the difference disappear."""
    before, after = shapely.area(sheet.apart()), shapely.area(sheet.apart(undo=shift))
    return bool(after <= (1 - case.limit(SHIFT_EXPLAINED)) * before)


def _way(shift: tuple[float, float]) -> Words:
    """Return towards where a drawing was moved."""
    east, north = shift
    fr = f"vers l'{'est' if east >= 0 else 'ouest'} et le {'nord' if north >= 0 else 'sud'}"
    en = f"to the {'east' if east >= 0 else 'west'} and {'north' if north >= 0 else 'south'}"
    return Words(fr, en)


def _found(
    sheet: _Sheet, layer: str, measure: tuple[float, str], *, where: Any, **facts: object
) -> Found:
    facts = {
        "name": _NAMES[layer], "code": _CODES[layer],
        "area": shapely.area(sheet.wanted) / HECTARE_M2,
        **facts,
    }  # fmt: skip
    return Found(
        sheet.insee, f"INFO_SURF {_CODES[layer]}", float(measure[0]), measure[1], where, facts,
        table="info_surf",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Others:
    """Areas that may be a perimeter under another code.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns ``objet``, ``table``, ``libelle``, ``code``.
    shapes : numpy.ndarray
        Their areas.
    group : numpy.ndarray
        Number of table and code of each.
    tree : shapely.STRtree
        Of the areas.
    """

    rows: pd.DataFrame
    shapes: GeometryArray
    group: IntArray
    tree: shapely.STRtree

    @classmethod
    def of(cls, case: Case, layer: str) -> _Others:
        """Return those of a plan."""
        infos = case.items("infos", "")
        infos = infos[(infos["code"] != _CODES[layer]).to_numpy(dtype=bool)]
        prescriptions = case.items("prescriptions", *_OTHER_PRESCRIPTIONS)
        columns = ["objet", "table", "libelle", "code", "geometry"]
        rows = pd.concat([infos[columns], prescriptions[columns]], ignore_index=True)
        rows = rows[rows["code"].notna().to_numpy(dtype=bool)]
        shapes = rows.geometry.to_numpy()
        group = rows.groupby(["table", "code"], sort=True).ngroup().to_numpy(dtype=np.int64)
        return cls(pd.DataFrame(rows).drop(columns="geometry"), shapes, group,
                   shapely.STRtree(shapes))  # fmt: skip

    def candidates(self, wanted: Any, least_m2: float) -> list[tuple[int, Any]]:
        """Return rows, and shapes of one code together, that hold enough of a perimeter."""
        near = np.sort(self.tree.query(wanted, predicate="intersects"))
        shared = shapely.area(intersect(self.shapes[near], wanted))
        found = [(int(at), self.shapes[at]) for at in near[shared >= least_m2]]
        for group in np.unique(self.group[near]):
            mine = self.group[near] == group
            if mine.sum() > 1 and shared[mine].sum() >= least_m2:
                together = shapely.union_all(self.shapes[near[mine]])
                found.append((int(near[mine][0]), together))
        return found


def _find_miscoded(case: Case, layer: str, sheet: _Sheet) -> Found | None:
    """Return the object of another code whose ground is that of the perimeter."""
    others = case.once(("other codes", layer), lambda: _Others.of(case, layer))
    area, least = shapely.area(sheet.wanted), case.limit(MATCH_SHARE)
    judged = []
    for at, shape in others.candidates(sheet.wanted, least * area):
        shared = shapely.area(intersect(shape, sheet.wanted))
        mine = shapely.area(intersect(shape, sheet.ground))
        judged.append((shared / (area + mine - shared), at, shape))
    share, at, shape = max(judged, key=lambda one: round(one[0], 9), default=(0.0, 0, None))
    if share < least:
        return None
    row = others.rows.iloc[at]
    facts = {"name": _NAMES[layer], "code": _CODES[layer], "given": row["code"]}
    return Found(
        sheet.insee, row["objet"], 100 * float(share), "%", shape, facts, table=row["table"],
        libelle=row["libelle"],
    )  # fmt: skip


def _answer(case: Case, *, layer: str, fault: Fault) -> Outcome:
    """Return what one rule says of one perimeter."""
    diagnosed = case.once(("transcription", layer), lambda: _diagnose(case, layer))
    judged = {s.insee for s in case.once(("sheets", layer), lambda: _sheets(case, layer))}
    if fault in ("shifted", "partial", "beyond"):
        judged -= {f.insee for kind, f in diagnosed if kind in ("missing", "miscoded") and f.insee}
    return Outcome([f for kind, f in diagnosed if kind == fault], judged)


_FAULTS: tuple[tuple[Fault, Any, Words, Words], ...] = (
    (
        "missing", "bloquant",
        Words("Le périmètre ({name}) est-il transcrit en INFO_SURF {code} ?",
              "Is the perimeter ({name}) transcribed as INFO_SURF {code}?"),
        Words("Le plan ne transcrit pas ce périmètre : {name}, {area} ha dans la commune. "
              "Ajouter un objet INFO_SURF {code} sur le périmètre officiel.",
              "The plan does not transcribe this perimeter: {name}, {area} ha in the commune. Add "
              "an object INFO_SURF {code} on the official perimeter."),
    ),
    (
        "shifted", "à corriger",
        Words("Le périmètre transcrit ({name}) est-il à sa place ?",
              "Does the perimeter transcribed ({name}) lie in its place?"),
        Words("Le périmètre transcrit en {code} ({name}) est décalé de {measure} m : {east} m et "
              "{north} m, {way}. Reprendre le périmètre officiel, sans reprojection ni calage.",
              "The perimeter transcribed as {code} ({name}) is {measure} m away: {east} m and "
              "{north} m, {way}. Take the official perimeter again, as it is."),
    ),
    (
        "partial", "à corriger",
        Words("Le périmètre transcrit ({name}) est-il complet ?",
              "Is the perimeter transcribed ({name}) complete?"),
        Words("Le plan transcrit {measure} % du périmètre en {code} ({name}, {area} ha dans la "
              "commune). Compléter avec les parties manquantes, portées par ce constat.",
              "The plan transcribes {measure} % of the perimeter as {code} ({name}, {area} ha in "
              "the commune). Add the parts that are missing, which this finding draws."),
    ),
    (
        "miscoded", "bloquant",
        Words("Le périmètre ({name}) porte-t-il le code {code} ?",
              "Does the perimeter ({name}) bear the code {code}?"),
        Words("L'objet {objet} a l'emprise du périmètre ({name}) mais le code {given}. Lui donner "
              "le code INFO_SURF {code}.",
              "The object {objet} lies where the perimeter ({name}) does, but bears the code "
              "{given}. Give it the code INFO_SURF {code}."),
    ),
    (
        "beyond", "à vérifier",
        Words("Le périmètre transcrit ({name}) s'arrête-t-il où il doit ?",
              "Does the perimeter transcribed ({name}) end where it should?"),
        Words("Le périmètre transcrit en {code} ({name}) dépasse la référence de {measure} m². "
              "Reprendre le périmètre officiel.",
              "The perimeter transcribed as {code} ({name}) is {measure} m² larger than the "
              "reference. Take the official perimeter again."),
    ),
)  # fmt: skip


def _declare(layer: str, first: int) -> tuple[Rule, ...]:
    """Return the rules about a perimeter."""
    name, code = _NAMES[layer], _CODES[layer]
    return tuple(
        Rule(
            f"U1.{first + at}",
            Words(question.fr.format(name=name.fr, code=code),
                  question.en.format(name=name.en, code=code)),
            message, _LAW, level, ("communes", layer, "plan.infos"),
            partial(_answer, layer=layer, fault=fault),
            (TOLERANCE, PARTIAL_SHARE, SHIFT_EXPLAINED, MATCH_SHARE, COVERED_SHARE,
             OVERLAP_WIDTH),
        )
        for at, (fault, level, question, message) in enumerate(_FAULTS)
    )  # fmt: skip


RULES = (*_declare("property", 1), *_declare("buffer", 6))
"""U1.1 to U1.5 about the property, U1.6 to U1.10 about the buffer zone."""

FAULT_OF_RULE: dict[str, tuple[str, Fault]] = {
    f"U1.{first + at}": (layer, fault)
    for layer, first in (("property", 1), ("buffer", 6))
    for at, (fault, *_) in enumerate(_FAULTS)
}
"""Perimeter and fault that each rule is about."""
