"""T2: what the habitat graph loses if the AU zones are built, computed on the graph itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.connectivity import HabitatGraph, compute_ec
from tvb.geometry.arrays import BoolArray, FloatArray, GeometryArray, IntArray
from tvb.geometry.overlay import intersect
from tvb.plu.case import Case, take_row, tell_row
from tvb.plu.declare import Found, Outcome, Rule, Words
from tvb.plu.overlay import meeting_pairs
from tvb.plu.thresholds import EC_LOSS, LINK_CROSSED, PATCH_SHARE

__all__ = ["RULES"]

_LAW = "L101-2 6°, L151-23 ; Code de l'environnement L371-1"
_NEEDS = ("communes", "graph", "plan.zones")
_WHOLE = 1 - 1e-6


@dataclass(frozen=True, slots=True)
class _Built:
    """The graph and the AU zones of a plan: who takes what.

    Parameters
    ----------
    graph : HabitatGraph
        Before, without geometry.
    patches, links : numpy.ndarray
        Geometry of its rows.
    zones : geopandas.GeoDataFrame
        AU zones.
    on_patch : tuple of numpy.ndarray
        Zone, patch, and area that the zone takes of it, in square metres.
    on_link : tuple of numpy.ndarray
        Zone and link that it cuts.
    """

    graph: HabitatGraph
    patches: GeometryArray
    links: GeometryArray
    zones: gpd.GeoDataFrame
    on_patch: tuple[IntArray, IntArray, FloatArray]
    on_link: tuple[IntArray, IntArray]


def _build(case: Case) -> _Built:
    graph: Any = case.reference.graph
    patches, links = (t.geometry.to_numpy() for t in (graph.patch_data, graph.link_data))
    bare = replace(graph, patch_data=None, link_data=None)
    zones = case.zones_of("AU")
    shapes = zones.geometry.to_numpy()
    zone, patch = meeting_pairs(shapes, patches)
    taken = shapely.area(intersect(shapes[zone], patches[patch]))
    hit = taken > 0
    crossing, link = meeting_pairs(shapes, links)
    length = shapely.length(shapely.intersection(shapes[crossing], links[link]))
    cut = length >= case.limit(LINK_CROSSED)
    on_patch, on_link = (zone[hit], patch[hit], taken[hit]), (crossing[cut], link[cut])
    return _Built(bare, patches, links, zones, on_patch, on_link)


def _read(case: Case) -> _Built:
    return case.once("graph built", lambda: _build(case))


def _after(built: _Built, chosen: BoolArray) -> HabitatGraph:
    """Return the graph once some of the zones are built."""
    zone, patch, taken = built.on_patch
    mine = chosen[zone]
    area = np.maximum(shapely.area(built.patches), 1e-9)
    # Zones that overlap would take the same ground twice: no more than all of it can go.
    lost = np.clip(np.bincount(patch[mine], taken[mine], minlength=len(area)) / area, 0, 1)
    after = replace(built.graph, capacity=built.graph.capacity * (1 - lost))
    crossing, link = built.on_link
    kept = np.ones(len(built.links), dtype=bool)
    kept[link[chosen[crossing]]] = False
    return after.take_links(kept).take_patches(lost < _WHOLE)


def _loss_percent(case: Case, built: _Built, chosen: BoolArray) -> float:
    """Return the loss of EC(PC) in percent of the whole graph's, computed once for some zones."""
    key = ("ec loss", chosen.tobytes())
    return case.once(key, lambda: _compute_loss(case, built, chosen))


def _compute_loss(case: Case, built: _Built, chosen: BoolArray) -> float:
    # EC² adds up over components: only those that change are counted again.
    reference = case.reference
    zone, patch, _ = built.on_patch
    crossing, link = built.on_link
    touched = np.concatenate([patch[chosen[zone]], built.graph.i[link[chosen[crossing]]]])
    label = reference.once("components", lambda: built.graph.components().to_numpy())
    near = np.isin(label, label[touched])
    before = _ec(case, built.graph.take_patches(near)) ** 2
    left = _after(built, chosen)
    after = _ec(case, left.take_patches(np.isin(left.ids, built.graph.ids[near]))) ** 2
    whole = reference.once("ec", lambda: _ec(case, built.graph))
    if whole == 0:
        return 0.0
    return float(100 * (1 - np.sqrt(max(whole**2 - before + after, 0.0)) / whole))


def _ec(case: Case, graph: HabitatGraph) -> float:
    reference = case.reference
    return compute_ec(graph, distance=reference.dispersal, probability=reference.probability)


def _cut_links(case: Case) -> Outcome:
    built = _read(case)
    crossing, link = built.on_link
    found = []
    for at in np.unique(crossing):
        mine, row = link[crossing == at], take_row(built.zones, at)
        chosen = np.arange(len(built.zones)) == at
        ends = [f"{built.graph.ids[built.graph.i[k]]}–{built.graph.ids[built.graph.j[k]]}"
                for k in mine]  # fmt: skip
        lines = shapely.union_all(built.links[mine])
        loss = _loss_percent(case, built, chosen)
        found.append(tell_row(row, (len(mine), ""), lines, links=", ".join(ends), loss=loss))
    return Outcome(found, set(built.zones["insee"]))


def _take_patches(case: Case) -> Outcome:
    built = _read(case)
    zone, patch, taken = built.on_patch
    shapes = built.patches
    told = taken >= case.limit(PATCH_SHARE) * shapely.area(shapes[patch])
    found = []
    for at, k, area in zip(zone[told], patch[told], taken[told], strict=True):
        row = take_row(built.zones, at)
        share = 100 * float(area / shapely.area(shapes[k]))
        shared = shapely.intersection(row["geometry"], shapes[k])
        name = str(built.graph.ids[k])
        found.append(tell_row(row, (area, "m²"), shared, patch=name, share=share))
    return Outcome(found, set(built.zones["insee"]))


def _degrees(graph: HabitatGraph) -> pd.Series[int]:
    ends = np.concatenate([graph.i, graph.j])
    return pd.Series(np.bincount(ends, minlength=len(graph.ids)), index=graph.ids)


def _isolate(case: Case) -> Outcome:
    """Return the patches that all AU zones of a commune leave without any link."""
    built = _read(case)
    before = _degrees(built.graph)
    shapes = pd.Series(built.patches, index=built.graph.ids)
    found = []
    for insee, chosen in _by_commune(built):
        after = _degrees(_after(built, chosen))
        lonely = after.index[(after == 0) & (before.reindex(after.index) > 0)]
        found += [
            Found(insee, f"patch {name}", float(before[name]), "",
                  shapes[name], {"patch": str(name)})
            for name in lonely
        ]  # fmt: skip
    return Outcome(found, set(built.zones["insee"]))


def _lose_ec(case: Case) -> Outcome:
    built = _read(case)
    whole = case.reference.once("ec", lambda: _ec(case, built.graph))
    found = []
    for insee, chosen in _by_commune(built):
        loss = _loss_percent(case, built, chosen)
        if loss >= case.limit(EC_LOSS):
            shape = shapely.union_all(built.zones.geometry.to_numpy()[chosen])
            facts = {"loss": loss, "before": whole, "after": whole * (1 - loss / 100)}
            found.append(Found(insee, "zones AU", loss, "%", shape, facts))
    return Outcome(found, set(built.zones["insee"]))


def _by_commune(built: _Built) -> list[tuple[str, BoolArray]]:
    """Return the zones of each commune of which one meets the graph."""
    codes = built.zones["insee"].to_numpy(dtype=object)
    hit = np.unique(np.concatenate([built.on_patch[0], built.on_link[0]]))
    return [(str(insee), codes == insee) for insee in sorted(set(codes[hit]))]


RULES = (
    Rule(
        "T2.1",
        Words("Les zones AU laissent-elles passer les liens entre réservoirs ?",
              "Do AU zones leave links between patches open?"),
        Words("Bâtir la zone AU {zone} coupe {measure} lien{measure:|s} du graphe ({links}) : "
              "EC(PC) perd {loss} %. Garder un passage, ou réduire la zone.",
              "Building the AU zone {zone} cuts {measure} link{measure:|s} of the graph ({links}): "
              "EC(PC) loses {loss} %. Keep a passage, or reduce the zone."),
        _LAW, "à vérifier", _NEEDS, _cut_links, (LINK_CROSSED,),
    ),
    Rule(
        "T2.2",
        Words("Les zones AU évitent-elles les taches d'habitat ?",
              "Do AU zones avoid habitat patches?"),
        Words("La zone AU {zone} prend {measure} m² de la tache d'habitat {patch}, soit {share} %. "
              "Sortir cette emprise de la zone, ou la couvrir par 25-00.",
              "The AU zone {zone} takes {measure} m² of the habitat patch {patch}, {share} % of "
              "it. Take this ground out of the zone, or cover it by 25-00."),
        _LAW, "à vérifier", _NEEDS, _take_patches, (PATCH_SHARE,),
    ),
    Rule(
        "T2.3",
        Words("Les zones AU laissent-elles chaque tache d'habitat reliée à une autre ?",
              "Do AU zones leave each habitat patch linked to another?"),
        Words("Bâties, les zones AU de la commune isolent la tache d'habitat {patch}, qui a "
              "{measure} lien{measure:|s} aujourd'hui. Garder au moins un passage.",
              "Once built, the AU zones of the commune isolate the habitat patch {patch}, which "
              "has {measure} link{measure:|s} today. Keep one passage at least."),
        _LAW, "à vérifier", _NEEDS, _isolate, (LINK_CROSSED,),
    ),
    Rule(
        "T2.4",
        Words("Le graphe garde-t-il sa connectivité une fois les zones AU bâties ?",
              "Does the graph keep its connectivity once AU zones are built?"),
        Words("Bâties ensemble, les zones AU de la commune font passer EC(PC) de {before} à "
              "{after}, soit une perte de {loss} %. Revoir les zones qui coupent des liens ou "
              "prennent des taches d'habitat.",
              "Built together, the AU zones of the commune take EC(PC) from {before} to {after}, a "
              "loss of {loss} %. See to the zones that cut links or take habitat patches."),
        _LAW, "à vérifier", _NEEDS, _lose_ec, (EC_LOSS, LINK_CROSSED),
    ),
)  # fmt: skip
"""What each AU zone does, then what those of a commune do together."""
