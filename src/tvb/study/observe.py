"""What an analyst must know of a layer although nothing in it needs repair."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.facts import HECTARE_M2
from tvb.flood import group_watched_objects
from tvb.geometry import attribute_to_commune
from tvb.grid import Grid
from tvb.heritage import COUNTED_LAYERS
from tvb.messages.typography import mark_number
from tvb.names import resolve_communes
from tvb.schema import get_schema

__all__ = ["Observation", "count_pieces", "observations_table", "observe", "observe_partition"]

Kind = Literal[
    "empty", "overlaps", "slivers", "outside", "tiny_element", "touching_terril", "strip", "pieces",
    "unknown_height", "not_a_year", "unknown_name", "imputed", "no_group", "negative_depth",
]  # fmt: skip

TINY_ELEMENT_M2 = 100.0
"""An element smaller than this is a building or a point drawn as a polygon."""

JOIN_DISTANCES_M = (0.5, 50.0)
"""Gaps across which sections of a former railway are joined when its pieces are counted."""

# Less than this is the rounding of coordinates.
_NOISE_M2 = 1e-3
_DECIMAL = re.compile(r"\d+\.\d+")
_YEAR = r"1[6-9]\d\d|20\d\d"

# What was seen, and what tvb does about it.
_WORDS: dict[str, dict[Kind, tuple[str, str]]] = {
    "fr": {
        "empty": ("aucun objet", "compté comme zéro : vérifiez le fichier"),
        "overlaps": ("recouvrements de {:.1f} ha", "chacun va au plus petit code"),
        "slivers": (
            "interstices de {:.1f} ha entre voisines",
            "chacun va à la voisine de plus longue limite",
        ),
        "outside": ("hors de toute commune de l'étude", "gardé ; compté dans aucune commune"),
        "tiny_element": (
            "moins de {:g} m²",
            "gardé ; la surface publiée est dans surface_ha",
        ),
        "touching_terril": (
            "hors du bien mais touche un de ses terrils",
            "terrils distincts, une même tache d'habitat",
        ),
        "strip": (
            "bande de terrain là où la documentation dit une ligne",
            "la longueur est celle qui est publiée",
        ),
        "pieces": (
            "morceaux si l'on joint les tronçons à moins de {:g} m",
            "lignes non raccordées : aucun trajet n'est mesuré dessus",
        ),
        "unknown_name": (
            "noms de communes sans code dans l'étude",
            "aucun code n'est deviné ; la place de l'objet dit sa commune",
        ),
        "unknown_height": ("cote 0, qui veut dire inconnue", "gardé tel quel"),
        "not_a_year": ("fermeture qui n'est pas une année", "gardé tel quel"),
        "imputed": (
            "carreaux aux valeurs imputées par l'INSEE",
            "comptés ; leurs habitants sont dans people_imputed",
        ),
        "no_group": (
            "catégories qui ne relèvent d'aucun indicateur des guides",
            "gardé ; compté dans aucun indicateur",
        ),
        "negative_depth": (
            "cellules de hauteur négative, au plus bas {:.3f} m",
            "lues comme sol sec",
        ),
    },
    "en": {
        "empty": ("no feature", "counted as zero: check the file"),
        "overlaps": ("overlaps of {:.1f} ha", "each goes to the smaller code"),
        "slivers": (
            "slivers of {:.1f} ha between neighbours",
            "each goes to the neighbour of longest border",
        ),
        "outside": ("outside every commune of the study", "kept; counted in no commune"),
        "tiny_element": ("under {:g} m²", "kept; the published area stands in surface_ha"),
        "touching_terril": (
            "outside the property but touching a terril of it",
            "apart as terrils, one habitat patch",
        ),
        "strip": (
            "strip of land where the documentation says a line",
            "its length is the published one",
        ),
        "pieces": (
            "pieces when sections within {:g} m are joined",
            "the lines are not noded: no route is measured along them",
        ),
        "unknown_name": (
            "names of communes without a code in the study",
            "no code is guessed; the place of the object tells its commune",
        ),
        "unknown_height": ("spot height 0, which means unknown", "kept as delivered"),
        "not_a_year": ("closing that is not a year", "kept as delivered"),
        "imputed": (
            "cells with values that INSEE imputed",
            "counted; their people stand in people_imputed",
        ),
        "no_group": (
            "categories of no indicator of the guides",
            "kept; counted in no indicator",
        ),
        "negative_depth": ("cells of negative depth, down to {:.3f} m", "read as dry ground"),
    },
}


@dataclass(frozen=True, slots=True)
class Observation:
    """One remark on a layer.

    Parameters
    ----------
    layer : str
        Name of the layer.
    kind : str
        What was seen.
    count : int
        How many features, or pieces.
    ids : tuple of str
        The first of them.
    value : float
        The measure that goes with the remark, 0 when there is none.
    """

    layer: str
    kind: Kind
    count: int
    ids: tuple[str, ...] = ()
    value: float = 0.0


def observations_table(observations: tuple[Observation, ...], lang: str) -> pd.DataFrame:
    """Return the remarks as a table for people.

    Parameters
    ----------
    observations : tuple of Observation
        From `observe` and `observe_partition`.
    lang : {"fr", "en"}
        Language of the remarks.

    Returns
    -------
    pandas.DataFrame
        Columns ``layer``, ``kind``, ``remark``, ``count``, ``ids``, ``consequence``.
    """
    rows = []
    for o in observations:
        remark, consequence = _WORDS[lang][o.kind]
        text = _DECIMAL.sub(lambda found: mark_number(found[0], lang), remark.format(o.value))
        rows.append((o.layer, o.kind, text, o.count, ", ".join(o.ids), consequence))
    columns = ["layer", "kind", "remark", "count", "ids", "consequence"]
    return pd.DataFrame(rows, columns=columns)


def observe_partition(
    delivered: gpd.GeoDataFrame, partition: gpd.GeoDataFrame
) -> list[Observation]:
    """Return how far the communes were from covering the area exactly once.

    Parameters
    ----------
    delivered : geopandas.GeoDataFrame
        Communes as read.
    partition : geopandas.GeoDataFrame
        The same, as `tvb.geometry.partition_communes` made them.

    Returns
    -------
    list of Observation
        Overlaps and slivers; none when there are none.
    """
    area = shapely.union_all(delivered.geometry.to_numpy())
    overlap_m2 = float(delivered.area.sum() - area.area)
    whole = shapely.union_all(partition.geometry.to_numpy())
    slivers = shapely.get_parts(shapely.difference(whole, area))
    sliver_m2 = float(shapely.area(slivers).sum())
    found = []
    if overlap_m2 > _NOISE_M2:
        changed = shapely.area(delivered.geometry) > shapely.area(partition.geometry) + 1.0
        codes = delivered["insee"].to_numpy(dtype=object)[changed]
        overlap_ha = overlap_m2 / HECTARE_M2
        found.append(Observation("communes", "overlaps", len(codes), _some(codes), overlap_ha))
    slivers = slivers[shapely.area(slivers) > _NOISE_M2]
    if len(slivers):
        sliver_ha = sliver_m2 / HECTARE_M2
        found.append(Observation("communes", "slivers", len(slivers), (), sliver_ha))
    return found


def observe(
    layers: Mapping[str, gpd.GeoDataFrame], grids: Mapping[str, Grid] | None = None
) -> list[Observation]:
    """Return the remarks on the layers and rasters of a study.

    Parameters
    ----------
    layers : mapping of str to geopandas.GeoDataFrame
        Valid layers; those that are absent give no remark.
    grids : mapping of str to Grid, optional
        Rasters.

    Returns
    -------
    list of Observation
        In a fixed order.
    """
    found = [Observation(name, "empty", 0) for name, frame in layers.items() if frame.empty]
    found += _outside_communes(layers)
    found += _unknown_names(layers)
    for name, look in (
        ("property_elements", _tiny_elements),
        ("terrils", _touching_terrils),
        ("cavaliers", _cavaliers),
        ("pits", _pits),
        ("population_grid", _imputed_cells),
        ("watched_objects", _strange_objects),
    ):
        if name in layers and len(layers[name]):
            found += look(layers[name])
    for name, grid in (grids or {}).items():
        if name.startswith("flood_depth"):
            found += _negative_depths(name, grid)
    return found


def _some(values: NDArray[Any]) -> tuple[str, ...]:
    return tuple(str(v) for v in values[:3])


def _seen(
    frame: gpd.GeoDataFrame, which: NDArray[np.bool_], *, label: str
) -> tuple[int, tuple[str, ...]]:
    """Return how many rows, and the labels of the first."""
    return int(which.sum()), _some(frame[label].to_numpy(dtype=object)[which])


def _outside_communes(layers: Mapping[str, gpd.GeoDataFrame]) -> Iterator[Observation]:
    """Objects that no commune can count, so that sums over communes miss them."""
    for name in (*COUNTED_LAYERS, "buildings") if "communes" in layers else ():
        if name not in layers or layers[name].empty:
            continue
        outside = attribute_to_commune(layers[name], layers["communes"]).isna().to_numpy()
        if outside.any():
            label = get_schema(name).key or ("puits" if name == "pits" else "nom")
            yield Observation(name, "outside", *_seen(layers[name], outside, label=label))


def _unknown_names(layers: Mapping[str, gpd.GeoDataFrame]) -> Iterator[Observation]:
    """Names in the layers that no commune bears, once case, accents and hyphens are set aside."""
    for layer, frame in layers.items() if "communes" in layers else ():
        columns = [c for c in frame.columns if re.fullmatch(r"commune(_\d)?", c)]
        names = pd.concat([frame[c] for c in columns]).dropna() if columns else pd.Series(dtype=str)
        if len(names):
            unresolved = resolve_communes(names, layers["communes"]).unresolved
            if len(unresolved):
                shown = _some(unresolved["name"].to_numpy(dtype=object))
                yield Observation(layer, "unknown_name", len(unresolved), shown)


def _tiny_elements(elements: gpd.GeoDataFrame) -> Iterator[Observation]:
    tiny = (elements.area < TINY_ELEMENT_M2).to_numpy()
    if tiny.any():
        count, ids = _seen(elements, tiny, label="no_element")
        yield Observation("property_elements", "tiny_element", count, ids, TINY_ELEMENT_M2)


def _touching_terrils(terrils: gpd.GeoDataFrame) -> Iterator[Observation]:
    """Other terrils that touch one of the property: a patch may hold both."""
    inside = terrils["id_unesco"].notna().to_numpy()
    geometry = terrils.geometry.to_numpy()
    pairs = shapely.STRtree(geometry[inside]).query(geometry[~inside], predicate="intersects")
    touching = np.zeros(len(terrils), dtype=bool)
    touching[np.flatnonzero(~inside)[pairs[0]]] = True
    if touching.any():
        yield Observation(
            "terrils", "touching_terril", *_seen(terrils, touching, label="no_terril")
        )


def _cavaliers(cavaliers: gpd.GeoDataFrame) -> Iterator[Observation]:
    geometry = cavaliers.geometry.to_numpy()
    strip = shapely.get_dimensions(geometry) == 2
    if strip.any():
        yield Observation("cavaliers", "strip", *_seen(cavaliers, strip, label="id_unesco"))
    lines = shapely.get_parts(geometry[~strip])
    if len(lines):
        for gap_m in JOIN_DISTANCES_M:
            yield Observation("cavaliers", "pieces", count_pieces(lines, gap_m), (), gap_m)


def count_pieces(geometry: NDArray[Any], gap_m: float) -> int:
    """Return the number of pieces once features within a gap of each other are joined.

    Parameters
    ----------
    geometry : numpy.ndarray
        Geometries in metres.
    gap_m : float
        Largest gap that is bridged.

    Returns
    -------
    int
        Number of connected groups.

    Examples
    --------
    >>> ends = shapely.linestrings([[(0, 0), (10, 0)], [(12, 0), (20, 0)]])
    >>> count_pieces(ends, 1.0), count_pieces(ends, 2.0)
    (2, 1)
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    i, j = shapely.STRtree(geometry).query(geometry, predicate="dwithin", distance=gap_m)
    size = len(geometry)
    links = coo_array((np.ones(len(i), dtype=np.int8), (i, j)), shape=(size, size))
    return int(connected_components(links, directed=False)[0])


def _pits(pits: gpd.GeoDataFrame) -> Iterator[Observation]:
    unknown = pits["cote"].eq(0).fillna(value=False).to_numpy(dtype=bool)
    if unknown.any():
        yield Observation("pits", "unknown_height", *_seen(pits, unknown, label="puits"))
    closing = pits["fermeture"]
    strange = (closing.notna() & ~closing.str.fullmatch(_YEAR).fillna(value=True)).to_numpy(bool)
    if strange.any():
        yield Observation("pits", "not_a_year", *_seen(pits, strange, label="fermeture"))


def _imputed_cells(cells: gpd.GeoDataFrame) -> Iterator[Observation]:
    imputed = cells["i_est_200"].eq(1).fillna(value=False).to_numpy(dtype=bool)
    if imputed.any():
        yield Observation("population_grid", "imputed", *_seen(cells, imputed, label="idcar_200m"))


def _strange_objects(objects: gpd.GeoDataFrame) -> Iterator[Observation]:
    """Categories that no word of the guides tells: heritage as a rule, a missing word at times."""
    unknown = objects.loc[group_watched_objects(objects["categorie"]).isna(), "categorie"]
    if len(unknown):
        shown = _some(unknown.dropna().drop_duplicates().to_numpy(dtype=object))
        yield Observation("watched_objects", "no_group", len(unknown), shown)


def _negative_depths(name: str, grid: Grid) -> Iterator[Observation]:
    negative = grid.values < 0
    if grid.nodata is not None:
        negative &= grid.values != grid.nodata
    if negative.any():
        lowest = float(grid.values[negative].min())
        yield Observation(name, "negative_depth", int(negative.sum()), (), lowest)
