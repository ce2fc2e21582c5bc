"""Tables that join the themes: one row per commune, and measured figures beside official ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import geopandas as gpd
import pandas as pd

from tvb import facts
from tvb.facts import HECTARE_M2, Fact
from tvb.geometry import share_by_commune
from tvb.heritage import count_communes_with, measure_length_m
from tvb.messages.typography import mark_number

__all__ = [
    "COMMUNE_MIN_HA",
    "add_connectivity",
    "add_exposure",
    "build_dashboard",
    "compare_with_facts",
    "round_measures",
]

COMMUNE_MIN_HA = 0.1
"""A commune counts as holding the property or the buffer from this area on, in hectares."""

_How = Literal["rows", "identified", "identified_km", "fosse", "area", "communes"]

_HOW: dict[str, dict[_How, str]] = {
    "fr": {
        "rows": "lignes de la couche",
        "identified": "objets qui portent un identifiant du bien",
        "identified_km": "cavaliers qui portent un identifiant du bien",
        "fosse": "bâtis de type « Fosse »",
        "area": "en Lambert-93, recouvrements comptés une fois",
        "communes": f"communes qui en ont plus de {mark_number(f'{COMMUNE_MIN_HA:g}', 'fr')} ha",
    },
    "en": {
        "rows": "rows of the layer",
        "identified": "objects with an identifier of the property",
        "identified_km": "cavaliers with an identifier of the property",
        "fosse": "buildings of type « Fosse »",
        "area": "in Lambert-93, overlaps counted once",
        "communes": f"communes with more than {COMMUNE_MIN_HA:g} ha of it",
    },
}


_FIGURES: dict[str, tuple[Fact, _How]] = {
    "property_elements": (facts.ELEMENTS, "rows"),
    "terrils": (facts.PROPERTY_TERRILS, "identified"),
    "estates": (facts.ESTATES, "identified"),
    "listed_buildings": (facts.COLLIERIES, "fosse"),
    "cavaliers": (facts.INSCRIBED_RAILWAY, "identified_km"),
    "property": (facts.PROPERTY_AREA, "area"),
}


def build_dashboard(communes: gpd.GeoDataFrame, heritage: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return one row per commune with its identity and its heritage.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Partition in EPSG:2154 with ``insee``, ``nom``, ``population``, ``epci_nom``.
    heritage : pandas.DataFrame
        From `tvb.heritage.measure_heritage`.

    Returns
    -------
    geopandas.GeoDataFrame
        Sorted by ``insee``, with the geometry of the commune.
    """
    identity = ["insee", "nom", "population", "epci_siren", "epci_nom"]
    table = communes[[*identity, "geometry"]].merge(heritage, left_on="insee", right_index=True)
    return table.sort_values("insee", ignore_index=True)


def add_connectivity(dashboard: gpd.GeoDataFrame, patches: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the dashboard with what each commune holds of the habitat graph.

    Parameters
    ----------
    dashboard : geopandas.GeoDataFrame
        From `build_dashboard`.
    patches : geopandas.GeoDataFrame
        Habitat patches with ``pc_share``, the part of each in the numerator of PC.

    Returns
    -------
    geopandas.GeoDataFrame
        With ``patches_ha`` and ``ec_share``: share of the regional equivalent connectivity, the
        parts in PC of the patches, spread on communes by area; sums to 1 when every patch lies in
        the communes.
    """
    parts = share_by_commune(patches.set_index("patch"), dashboard[["insee", "geometry"]])
    pc_share = patches.set_index("patch")["pc_share"].reindex(parts["feature"]).to_numpy()
    parts = parts.assign(ec_share=parts["share"] * pc_share)
    sums = parts.groupby("insee")[["area_m2", "ec_share"]].sum()
    sums = sums.reindex(dashboard["insee"], fill_value=0.0)
    return dashboard.assign(
        patches_ha=sums["area_m2"].to_numpy() / HECTARE_M2, ec_share=sums["ec_share"].to_numpy()
    )


def add_exposure(
    dashboard: gpd.GeoDataFrame, buildings: pd.Series[int], exposure: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the dashboard with the buildings and dwellings exposed in each scenario.

    Parameters
    ----------
    dashboard : geopandas.GeoDataFrame
        From `build_dashboard`.
    buildings : pandas.Series
        Buildings of each commune that the count takes in, on ``insee``.
    exposure : pandas.DataFrame
        From `tvb.flood.count_exposed_buildings`, on ``insee`` and ``scenario``.

    Returns
    -------
    geopandas.GeoDataFrame
        With ``buildings_counted``, and for each scenario ``buildings_exposed_<scenario>``,
        ``dwellings_exposed_<scenario>`` and, where people are known, ``people_exposed_<scenario>``.
    """
    insee = dashboard["insee"]
    columns = {"buildings_counted": buildings.reindex(insee, fill_value=0).to_numpy()}
    told = ("buildings", "dwellings", *(["people"] if "people" in exposure else []))
    for measure in told:
        wide = exposure[measure].unstack("scenario", fill_value=0).reindex(insee, fill_value=0)
        wide = wide.round(1)  # people are parts of persons
        columns |= {f"{measure}_exposed_{s}": wide[s].to_numpy() for s in wide.columns}
    return dashboard.assign(**columns)


def round_measures(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a table whose measures have the digits that they deserve.

    Parameters
    ----------
    table : geopandas.GeoDataFrame
        Columns named with their unit.

    Returns
    -------
    geopandas.GeoDataFrame
        Hectares to the square metre, kilometres to the metre, shares to the millionth.
    """
    digits = {"_ha": 4, "_km": 3, "_share": 6}
    kept = {c: n for c in table.columns for suffix, n in digits.items() if c.endswith(suffix)}
    return table.round(kept)


def compare_with_facts(
    layers: Mapping[str, gpd.GeoDataFrame], heritage: pd.DataFrame, lang: Literal["fr", "en"]
) -> pd.DataFrame:
    """Return the figures measured on the layers beside the published ones.

    Parameters
    ----------
    layers : mapping of str to geopandas.GeoDataFrame
        Layers of the study; figures whose layer is absent, or holds no identifier of the property,
        are left out.
    heritage : pandas.DataFrame
        From `tvb.heritage.measure_heritage`.
    lang : {"fr", "en"}
        Language of the words.

    Returns
    -------
    pandas.DataFrame
        Columns ``figure``, ``measured``, ``official``, ``unit``, ``how`` (how it was measured) and
        ``source`` of the official one. Measured figures are never tuned to the official ones.
    """
    found: list[tuple[Fact, float, _How]] = []
    for name, (fact, how) in _FIGURES.items():
        if name in layers and _is_told(layers[name], how):
            found.append((fact, _measure(layers[name], how), how))
    if "property" in layers:
        count = count_communes_with(heritage["property_ha"], min_ha=COMMUNE_MIN_HA)
        found.append((facts.PROPERTY_COMMUNES, count, "communes"))
    if "property" in layers and "buffer" in layers:
        both = pd.concat([layers["property"][["geometry"]], layers["buffer"][["geometry"]]])
        area_ha = _measure(gpd.GeoDataFrame(both, crs=layers["buffer"].crs), "area")
        found.append((facts.PROPERTY_AND_BUFFER_AREA, area_ha, "area"))
        count = count_communes_with(heritage["buffer_ha"], min_ha=COMMUNE_MIN_HA)
        found.append((facts.BUFFER_COMMUNES, count, "communes"))
    rows = [
        {
            "figure": fact.meaning_fr if lang == "fr" else fact.meaning,
            "measured": measured,
            "official": fact.value,
            "unit": fact.unit,
            "how": _HOW[lang][how],
            "source": f"{fact.source}, {fact.date}",
        }
        for fact, measured, how in found
    ]
    columns = ["figure", "measured", "official", "unit", "how", "source"]
    return pd.DataFrame(rows, columns=columns)


def _is_told(frame: gpd.GeoDataFrame, how: _How) -> bool:
    """Whether the layer says what is inscribed: without identifiers nothing can be measured."""
    return not how.startswith("identified") or bool(frame["id_unesco"].notna().any())


def _measure(frame: gpd.GeoDataFrame, how: _How) -> float:
    if how == "area":
        return float(frame.union_all().area / HECTARE_M2)
    if how == "rows":
        return len(frame)
    if how == "fosse":
        return int(frame["typologie"].eq("Fosse").sum())
    inside = frame["id_unesco"].notna()
    if how == "identified_km":
        return float(measure_length_m(frame[inside]).sum() / 1000.0)
    return int(inside.sum())
