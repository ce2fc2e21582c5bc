"""Former mine railways through the true points of their sections; modelled routes and corridors."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from tvb.datasets.facts_files import load_facts
from tvb.datasets.noise import hash_uniform
from tvb.datasets.shapes import code_numbers
from tvb.datasets.tables import as_layer, commune_columns

__all__ = ["build_cavaliers", "build_corridors", "build_cycle_routes"]

Floats = NDArray[np.float64]

# Two sections of a line are joined when their middles are about as far apart as their lengths say.
_BREAK = 2.0
_CURVE = np.linspace(0.0, 1.0, 9)
_ROUTE_M = 2_500.0
_STATES = {"existant": 0.58, "travaux": 0.07, "projet": 0.2, "à étudier": 0.15}
_FACILITIES = {
    "towpath": {"VOIE VERTE": 0.9, "AMENAGEMENT MIXTE PIETON VELO HORS VOIE VERTE": 0.1},
    "cavalier": {"VOIE VERTE": 1.0},
    "road": {"PISTE CYCLABLE": 0.55, "BANDE CYCLABLE": 0.35, "AUCUN": 0.1},
}
_SURFACES = {"LISSE": 0.55, "RUGUEUX": 0.35, "MEUBLE": 0.1}
_TERRIL_HOP_M = 5_000.0


def build_cavaliers() -> gpd.GeoDataFrame:
    """Return the former mine railways of the basin, as lines through their true points.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``cavaliers``: 1 316 sections in EPSG:2154. The 14 inscribed strips run along
        some of them and are not drawn again. ``longueur_m`` is the true length, not that of the
        line.
    """
    facts = load_facts("cavaliers")
    facts = facts[~facts["inscribed"]].sort_values("id_troncon", kind="stable")
    away = _toward_other_lines(facts)
    parts = [_lay(part, away[part.index]) for _, part in facts.groupby("nom", sort=True)]
    lines = pd.concat(parts).reindex(facts.index)
    table = facts[["id_troncon", "nom", "longueur_m"]].reset_index(drop=True)
    table = pd.concat([table, commune_columns(facts["communes"], 6)], axis=1)
    return as_layer(table, np.array(lines), "cavaliers")


def _toward_other_lines(facts: pd.DataFrame) -> Floats:
    """Return, by index, the direction from each section to the nearest one of another line."""
    from scipy.spatial import cKDTree

    xy = facts[["x", "y"]].to_numpy(dtype=float)
    near = np.asarray(cKDTree(xy).query(xy, k=64)[1])
    name = facts["nom"].to_numpy(dtype=object)
    other = near[np.arange(len(xy)), (name[near] != name[:, None]).argmax(axis=1)]
    step = xy[other] - xy
    unit = np.zeros((facts.index.max() + 1, 2))
    unit[facts.index] = step / np.maximum(np.hypot(*step.T), 1.0)[:, None]
    return unit


def _lay(part: pd.DataFrame, away: Floats) -> pd.Series[Any]:
    """Return the sections of one line, in order, each a curve through its point."""
    middle = part[["x", "y"]].to_numpy(dtype=float)
    half = part["longueur_m"].to_numpy(dtype=float)[:, None] / 2
    step = np.diff(middle, axis=0)
    gap = np.hypot(*step.T)
    joined = gap < _BREAK * (half[1:, 0] + half[:-1, 0])
    share = half[:-1] / np.maximum(half[:-1] + half[1:], 1.0)
    meeting = middle[:-1] + share * step
    toward = step / np.maximum(gap, 1.0)[:, None]
    # The ends keep the direction of the line; a lone section points at the nearest other line.
    ahead = np.vstack([toward, toward[-1:]]) if len(step) else away
    behind = np.vstack([toward[:1], toward]) if len(step) else away
    start, end = middle - half * behind, middle + half * ahead
    start[1:][joined] = meeting[joined]
    end[:-1][joined] = meeting[joined]
    return pd.Series(_curves(start, middle, end), index=part.index)


def _curves(start: Floats, middle: Floats, end: Floats) -> NDArray[Any]:
    """Return parabolas through three points."""
    before = np.hypot(*(middle - start).T)
    after = np.hypot(*(end - middle).T)
    m = np.clip(before / np.maximum(before + after, 1e-9), 0.2, 0.8)[:, None, None]
    t = _CURVE[None, :, None]
    at_start = (t - m) * (t - 1) / m
    at_middle = t * (t - 1) / (m * (m - 1))
    at_end = t * (t - m) / (1 - m)
    xy = at_start * start[:, None] + at_middle * middle[:, None] + at_end * end[:, None]
    return np.asarray(shapely.linestrings(np.round(xy, 2)))


def build_cycle_routes(
    rivers: pd.DataFrame, cavaliers: gpd.GeoDataFrame, roads: NDArray[Any], *, seed: int
) -> gpd.GeoDataFrame:
    """Return modelled cycle routes: towpaths, greenways on cavaliers, links along roads.

    Parameters
    ----------
    rivers : pandas.DataFrame
        ``river``, ``size``, ``geometry``.
    cavaliers : geopandas.GeoDataFrame
        Layer ``cavaliers``.
    roads : numpy.ndarray of shapely.LineString
        Roads between towns.
    seed : int
        Gives which exist and which are planned.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``cycle_routes``, sections of about 2.5 km with gaps between them.
    """
    big = rivers[rivers["size"] >= 2]
    towpaths = [
        (f"Véloroute {river}", g) for river, g in zip(big["river"], big["geometry"], strict=True)
    ]
    rails = cavaliers[["nom", "geometry"]].dissolve("nom").geometry
    greenways = [
        (f"Voie verte {i}", part)
        for i, line in enumerate(rails)
        for part in shapely.get_parts(shapely.line_merge(line))
        if part.length > 1_500.0
    ]
    used = hash_uniform(np.arange(len(roads)), 1, seed + 601) < 0.16
    links = [(f"Liaison {i}", roads[i]) for i in np.flatnonzero(used)]
    rows = []
    for kind, routes in (("towpath", towpaths), ("cavalier", greenways), ("road", links)):
        for name, line in routes:
            rows += [(kind, name, piece) for piece in _pieces(line)]
    return _described(rows, seed)


def _pieces(line: Any) -> list[Any]:
    """Return a line cut into equal sections of about 2.5 km, vertices kept."""
    count = max(1, round(line.length / _ROUTE_M))
    marks = np.linspace(0.0, line.length, count + 1)
    return [substring(line, a, b) for a, b in pairwise(marks)]


def _described(rows: list[tuple[str, str, Any]], seed: int) -> gpd.GeoDataFrame:
    """Return sections with their columns."""
    table = pd.DataFrame(rows, columns=["kind", "nom", "geometry"])
    name = table["nom"] + " " + (table.groupby("nom").cumcount() + 1).astype(str)
    codes = code_numbers(name)
    facility = [
        _draw(_FACILITIES[kind], chance)
        for kind, chance in zip(table["kind"], hash_uniform(codes, 2, seed), strict=True)
    ]
    table["id_local"] = "MODELE_" + name.str.replace(" ", "_")
    table["num_iti"] = table["nom"].where(table["kind"] == "towpath")
    table["ame_d"] = table["ame_g"] = facility
    table["revet_d"] = [_draw(_SURFACES, c) for c in hash_uniform(codes, 3, seed)]
    table["statut"] = [_draw(_STATES, c) for c in hash_uniform(codes, 4, seed)]
    return as_layer(table.drop(columns="geometry"), table["geometry"].to_numpy(), "cycle_routes")


def _draw(shares: dict[str, float], chance: float) -> str:
    steps = np.cumsum(list(shares.values()))[:-1]
    return list(shares)[int(np.searchsorted(steps, chance, side="right"))]


def build_corridors(
    *,
    rivers: pd.DataFrame,
    cavaliers: gpd.GeoDataFrame,
    core_areas: gpd.GeoDataFrame,
    terrils: gpd.GeoDataFrame,
    seed: int,
) -> gpd.GeoDataFrame:
    """Return modelled corridors: rivers, cavaliers, chains of woods, chains of terrils.

    Parameters
    ----------
    rivers : pandas.DataFrame
        ``river``, ``size``, ``geometry``.
    cavaliers, core_areas, terrils : geopandas.GeoDataFrame
        Layers of the same names.
    seed : int
        Gives the objectives.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``corridors``, lines in EPSG:2154.
    """
    woods = core_areas[core_areas["milieu"] == "boisé"].geometry
    rails = cavaliers[["nom", "geometry"]].dissolve("nom").geometry
    rails = shapely.get_parts(shapely.line_merge(rails.to_numpy()))
    rows = [
        *(
            ("cours d'eau", name, g)
            for name, g in zip(rivers["river"], rivers["geometry"], strict=True)
        ),
        *(("cavalier", "Ancienne voie minière", g) for g in rails if g.length > 3_000.0),
        *(("boisé", "Liaison boisée", g) for g in chain_lines(woods, 4_000.0)),
        *(
            ("terril", "Chaîne des terrils", g)
            for g in chain_lines(terrils.geometry, _TERRIL_HOP_M)
        ),
    ]
    table = pd.DataFrame(rows, columns=["milieu", "nom", "geometry"])
    code = code_numbers(table["geometry"].map(lambda g: g.wkt[:60]))
    restore = hash_uniform(code, 5, seed) < 0.45
    table["objectif"] = np.where(restore, "À remettre en bon état", "À préserver")
    table["id_corridor"] = [f"MODELE_C{i:04d}" for i in range(len(table))]
    return as_layer(table.drop(columns="geometry"), table["geometry"].to_numpy(), "corridors")


def chain_lines(shapes: gpd.GeoSeries, limit_m: float) -> list[Any]:
    """Return the shortest tree between shapes, as lines between their nearest points.

    Parameters
    ----------
    shapes : geopandas.GeoSeries
        Polygons in EPSG:2154.
    limit_m : float
        Longest gap crossed.

    Returns
    -------
    list of shapely.LineString
        One for each branch longer than zero.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    geometry = shapes.to_numpy()
    if len(geometry) < 2:
        return []
    first, second = shapely.STRtree(geometry).query(geometry, predicate="dwithin", distance=limit_m)
    once = first < second
    first, second = first[once], second[once]
    gap = shapely.distance(geometry[first], geometry[second]) + 1e-3
    size = (len(geometry), len(geometry))
    tree = minimum_spanning_tree(coo_array((gap, (first, second)), shape=size)).tocoo()
    lines = shapely.shortest_line(geometry[tree.row], geometry[tree.col])
    return list(lines[shapely.length(lines) > 1.0])
