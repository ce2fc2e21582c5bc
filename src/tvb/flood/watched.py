"""Watched objects sorted into what the national guides count in flood zones.

The words are those of the categories of BD TOPO, FINESS and the base of equipments, and of tables
kept by hand [recalled]. A category in which none of them stands belongs to no group, and is
counted.
"""

from __future__ import annotations

import re
from typing import Any

import geopandas as gpd
import pandas as pd

from tvb.flood.checks import require_columns
from tvb.names import normalise_name
from tvb.schema import require_crs, require_type

__all__ = ["WATCHED_GROUPS", "group_watched_objects", "split_watched_objects"]

WATCHED_GROUPS: dict[str, tuple[str, ...]] = {
    "crisis_buildings": (
        "mairie", "hotel de ville", "pompiers?", "sdis", "centre d incendie", "centre de secours",
        "gendarmerie", "police", "prefecture", "sous prefecture", "caserne",
    ),
    "wastewater_plants": (
        "station d epuration", "epuration", "eaux usees", "step", "steu",
    ),
    "hazardous_sites": (
        "seveso", "icpe", "site dangereux", "sites? industriels? dangereux", "depot petrolier",
        "depot d hydrocarbures", "usine chimique",
    ),
    "sensitive_establishments": (
        "ecole", "maternelle", "elementaire", "enseignement", "college", "lycee", "creche",
        "halte garderie", "hopital", "hospitalier", "clinique", "ehpad", "maison de retraite",
        "residence autonomie", "foyer", "foyer logement", "ime", "esat", "etablissement sensible",
        "prison", "maison d arret", "penitentiaire", "camping",
        "personnes agees", "handicap", "handicape",
    ),
}  # fmt: skip
"""For each layer of the indicators, the words of a category, without accents, that belong to it.

The first group in this order in which a word stands has the object: a fire station is there to
help, and does not count among those who need help.
"""

_PATTERNS = {
    group: re.compile(r"\b(?:" + "|".join(words) + r")s?\b")
    for group, words in WATCHED_GROUPS.items()
}


def group_watched_objects(categories: pd.Series[Any]) -> pd.Series[Any]:
    """Return the group of the indicators to which each category belongs.

    Parameters
    ----------
    categories : pandas.Series
        Column ``categorie`` of the layer ``watched_objects``.

    Returns
    -------
    pandas.Series
        Names of `WATCHED_GROUPS` on the same index; null for a category of no group, or none.

    Raises
    ------
    LayerError
        If it is no column.

    Examples
    --------
    >>> kinds = pd.Series(["École primaire", "Caserne de pompiers", "Fosse"])
    >>> group_watched_objects(kinds).tolist()
    ['sensitive_establishments', 'crisis_buildings', nan]
    """
    require_type(categories, pd.Series, "categories")
    texts = categories.astype("str").fillna("")
    found = {text: _group(normalise_name(text)) for text in texts.unique()}
    return texts.map(found).astype("str").rename("group")


def split_watched_objects(objects: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Return watched objects as the layers that `tvb.flood.measure_indicators` takes.

    Parameters
    ----------
    objects : geopandas.GeoDataFrame
        Layer ``watched_objects``: points or polygons, EPSG:2154, with ``categorie``.

    Returns
    -------
    dict of str to geopandas.GeoDataFrame
        Their rows, by group: every one of `WATCHED_GROUPS`, be it empty. Rows of no group are in
        none.

    Raises
    ------
    CrsError
        If the objects are not in EPSG:2154.
    LayerError
        If the column is missing.
    """
    require_crs(objects, "watched_objects")
    require_columns(objects, "watched_objects", "categorie")
    group = group_watched_objects(objects["categorie"])
    return {name: objects[group.eq(name).to_numpy(dtype=bool)] for name in WATCHED_GROUPS}


def _group(category: str) -> str | None:
    return next((name for name, words in _PATTERNS.items() if words.search(category)), None)
