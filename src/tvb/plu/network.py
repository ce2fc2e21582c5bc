"""T1: how the plan zones and covers the corridors and core areas of the Trame verte et bleue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.facts import HECTARE_M2
from tvb.geometry.arrays import FloatArray, GeometryArray
from tvb.geometry.overlay import intersect
from tvb.plu.case import Case, take_row, tell_row
from tvb.plu.declare import Found, Outcome, Rule, Words
from tvb.plu.overlay import (
    extent_of,
    is_wide,
    meeting_pairs,
    of_dimension,
    uncovered_parts,
)
from tvb.plu.thresholds import NETWORK_COVER, OVERLAP_WIDTH

__all__ = ["RULES"]

_LAW = "L151-23, R151-43 4° et 8°, L151-41 3°, L151-6-2"
_CODES = ("25-00", "07-04", "05-04", "18-15")
_UNITS = {"m²": "ha", "m": "km"}
_CLASSES = ("U", "AU", "A", "N")
_NAMES = {
    "corridors": Words("corridors écologiques", "ecological corridors"),
    "core_areas": Words("réservoirs de biodiversité", "core areas"),
}


@dataclass(frozen=True, slots=True)
class _Network:
    """A layer in the communes of a plan, and the part of it that no prescription covers.

    Parameters
    ----------
    pieces : geopandas.GeoDataFrame
        One row for each feature and commune, lines and polygons.
    extent : numpy.ndarray
        Its area or length.
    bare : numpy.ndarray
        What is not covered.
    unit : str
        Of the extents; a layer of both kinds is measured by its areas alone.
    """

    pieces: gpd.GeoDataFrame
    extent: FloatArray
    bare: GeometryArray
    unit: str


def _network(case: Case, layer: str) -> _Network:
    pieces = case.cut(layer)
    flat = shapely.get_dimensions(pieces.geometry.to_numpy()) == 2
    if flat.any():
        pieces = pieces[flat].reset_index(drop=True)
    shapes = pieces.geometry.to_numpy()
    bare = uncovered_parts(shapes, case.covering(*_CODES))
    return _Network(pieces, extent_of(shapes), bare, "m²" if flat.any() else "m")


def _read(case: Case, layer: str) -> _Network:
    return case.once(("network", layer), lambda: _network(case, layer))


def _share_by_class(case: Case, *, layer: str) -> Outcome:
    """Return the share of the layer that each class of zone holds, commune by commune."""
    network, zones = _read(case, layer), case.zones
    shapes = network.pieces.geometry.to_numpy()
    piece, zone = meeting_pairs(shapes, zones.geometry.to_numpy())
    shared = intersect(shapes[piece], zones.geometry.to_numpy()[zone])
    shared = of_dimension(shared, shapely.get_dimensions(shapes[piece]))
    table = pd.DataFrame(
        {"insee": network.pieces["insee"].to_numpy(dtype=object)[piece],
         "classe": zones["classe"].to_numpy(dtype=object)[zone], "extent": extent_of(shared)}
    )  # fmt: skip
    held = table.groupby(["insee", "classe"])["extent"].sum()
    whole = pd.Series(network.extent).groupby(network.pieces["insee"].to_numpy()).sum()
    found = []
    for insee, total in whole[whole > 0].items():
        shares = {c: 100 * float(held.get((insee, c), 0.0)) / total for c in _CLASSES}
        found += [
            Found(str(insee), f"zones {c}", share, "%",
                  facts={"classe": c, "total": _large(total, network.unit),
                         "of": _UNITS[network.unit]})
            for c, share in shares.items()
        ]  # fmt: skip
    return Outcome(found, set(network.pieces["insee"]))


def _large(extent: float, unit: str) -> float:
    """Return hectares or kilometres."""
    return extent / (HECTARE_M2 if unit == "m²" else 1e3)


def _bare_in_town(case: Case, *, layer: str) -> Outcome:
    """Return the U and AU zones in which a part of the layer has no prescription."""
    network, zones = _read(case, layer), case.zones_of("U", "AU")
    shapes = zones.geometry.to_numpy()
    zone, piece = meeting_pairs(shapes, network.bare)
    shared = intersect(network.bare[piece], shapes[zone])
    shared = of_dimension(shared, shapely.get_dimensions(network.bare[piece]))
    found = []
    for at in np.unique(zone):
        mine = shapely.union_all(shared[zone == at])
        wide = is_wide(np.array([mine]), case.limit(OVERLAP_WIDTH))
        if wide[0]:
            extent = float(extent_of(np.array([mine]))[0])
            found.append(tell_row(take_row(zones, at), (extent, network.unit), mine))
    return Outcome(found, set(network.pieces["insee"]))


def _cover(case: Case, *, layer: str) -> Outcome:
    """Return the communes where prescriptions cover too little of the layer."""
    network = _read(case, layer)
    bare = pd.Series(extent_of(network.bare))
    codes = network.pieces["insee"].to_numpy(dtype=object)
    table = pd.DataFrame({"whole": network.extent, "bare": bare, "insee": codes})
    table = table.groupby("insee")[["whole", "bare"]].sum()
    found = []
    for insee, row in table[table["whole"] > 0].iterrows():
        share = 1 - row["bare"] / row["whole"]
        if share < case.limit(NETWORK_COVER) - 1e-9:
            left = shapely.union_all(network.bare[codes == insee])
            facts = {"bare": _large(row["bare"], network.unit),
                     "of": _UNITS[network.unit]}  # fmt: skip
            found.append(Found(str(insee), layer, 100 * share, "%", left, facts))
    return Outcome(found, set(codes))


def _declare(layer: str, first: int) -> tuple[Rule, ...]:
    name = _NAMES[layer]
    return (
        Rule(
            f"T1.{first}",
            Words(f"Dans quelles zones du plan sont les {name.fr} ?",
                  f"In which zones of the plan do {name.en} lie?"),
            Words("{measure} % " + f"des {name.fr}" + " de la commune ({total} {of}) sont en zone "
                  "{classe}.",
                  "{measure} % of the " + name.en + " of the commune ({total} {of}) lie in "
                  "{classe} zones."),
            _LAW, "information", ("communes", layer, "plan.zones"),
            partial(_share_by_class, layer=layer),
        ),
        Rule(
            f"T1.{first + 1}",
            Words(f"Les {name.fr} situés en zone U ou AU sont-ils couverts par une prescription ?",
                  f"Are {name.en} in U or AU zones covered by a prescription?"),
            Words("La zone {zone} ({classe}) contient {measure} {unit}" + f" de {name.fr}" +
                  " sans prescription. Ajouter 25-00, 07-04, 05-04 ou une OAP 18-15, ou sortir "
                  "cette emprise de la zone.",
                  "The zone {zone} ({classe}) holds {measure} {unit} of " + name.en + " without "
                  "prescription. Add 25-00, 07-04, 05-04 or a guideline 18-15, or take this ground "
                  "out of the zone."),
            _LAW, "à corriger", ("communes", layer, "plan.zones", "plan.prescriptions"),
            partial(_bare_in_town, layer=layer), (OVERLAP_WIDTH,),
        ),
        Rule(
            f"T1.{first + 2}",
            Words(f"Les {name.fr} de la commune sont-ils couverts par une prescription ?",
                  f"Are the {name.en} of the commune covered by a prescription?"),
            Words("Les prescriptions 25-00, 07-04, 05-04 ou 18-15 couvrent {measure} %" +
                  f" des {name.fr}" + " de la commune ; il reste {bare} {of}. Vérifier que le "
                  "règlement des zones A et N suffit, sinon compléter.",
                  "The prescriptions 25-00, 07-04, 05-04 or 18-15 cover {measure} % of the " +
                  name.en + " of the commune; {bare} {of} are left. Check that the rules of A and "
                  "N zones are enough, or else add some."),
            _LAW, "à vérifier", ("communes", layer, "plan.prescriptions"),
            partial(_cover, layer=layer), (NETWORK_COVER,),
        ),
    )  # fmt: skip


RULES = (*_declare("corridors", 1), *_declare("core_areas", 4))
"""T1.1 to T1.3 about corridors, T1.4 to T1.6 about core areas."""
