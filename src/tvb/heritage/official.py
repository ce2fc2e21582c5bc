"""Why the number of communes with a part of the property is not the official one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import geopandas as gpd
import pandas as pd

from tvb.errors import ParameterError, explain
from tvb.geometry import share_by_commune
from tvb.heritage.measures import measure_heritage
from tvb.names import resolve_communes

__all__ = ["explain_communes_met"]

_NAMING = ("terrils", "cavaliers", "estates", "listed_buildings", "water_bodies")
_COLUMNS = [
    "insee", "nom", "held_ha", "counted", "named", "why", "layer", "id", "object", "part_m2",
]  # fmt: skip
_PART_COLUMNS = ["insee", "layer", "id", "object", "part_m2", "as_delivered"]
_NEAR = 10.0

Perimeter = Literal["property", "buffer"]


def explain_communes_met(
    communes: gpd.GeoDataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    perimeter: Perimeter = "property",
    min_ha: float = 0.1,
) -> pd.DataFrame:
    """Return, object by object, the communes whose count may be disputed.

    A commune is *counted* when it holds more than a threshold of the perimeter, and *named* when
    the published attributes of an object of the property name it. Listed are the communes that are
    one and not the other, those whose area lies within ten times of the threshold, and names that
    are no commune of the layer.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Layer ``communes``, EPSG:2154; a partition.
    layers : mapping of str to geopandas.GeoDataFrame
        ``property`` or ``buffer``; ``property_elements``; and any layer with ``id_unesco`` and
        ``commune_1``, …. An absent layer counts as empty.
    perimeter : {"property", "buffer"}
        What is counted. No object of the buffer zone names communes: ``named`` is then null.
    min_ha : float
        The threshold, as in `tvb.heritage.count_communes_with`.

    Returns
    -------
    pandas.DataFrame
        In order of code, then of layer and id: ``insee`` (null for an unknown name), ``nom``,
        ``held_ha``, ``counted``, ``named``, ``why`` (``not named``, ``not counted``, ``near the
        threshold``, ``unknown name``), and the object: ``layer``, ``id``, ``object`` (its name),
        ``part_m2`` in the commune (0 where it names the commune and has no part there).

    Raises
    ------
    CrsError
        If a layer is not in EPSG:2154.
    ParameterError
        If the perimeter is unknown or the threshold is negative.
    """
    if perimeter not in get_args(Perimeter):
        raise ParameterError(
            explain("perimeter", f"« {perimeter} » is unknown", required="property or buffer")
        )
    if min_ha < 0:
        raise ParameterError(explain("min_ha", f"{min_ha} ha", required="0 or more"))
    held_ha = measure_heritage(communes, layers)[f"{perimeter}_ha"]
    lands = "property_elements" if perimeter == "property" else "buffer"
    table = _parts(lands, layers, communes)
    naming = _names(layers, communes) if perimeter == "property" else None
    verdict = _judge(held_ha, min_ha, naming)
    table = pd.concat([table, naming], ignore_index=True).join(verdict, on="insee")
    nom = table["insee"].map(communes.set_index("insee")["nom"])
    table["nom"] = nom.fillna(table["as_delivered"])
    unknown = table["insee"].isna()
    table["why"] = table["why"].mask(unknown, "unknown name")
    table["named"] = table["named"].mask(unknown, True)
    disputed = table[table["why"].notna()]
    return disputed.sort_values(["insee", "layer", "id", "nom"], ignore_index=True)[_COLUMNS]


def _judge(held_ha: pd.Series[float], min_ha: float, naming: pd.DataFrame | None) -> pd.DataFrame:
    """Return for each commune whether it is counted and named, and why that may be disputed."""
    counted = held_ha > min_ha
    near = held_ha.between(min_ha / _NEAR, min_ha * _NEAR)
    why = pd.Series("near the threshold", index=held_ha.index).where(near)
    named = pd.Series(pd.NA, index=held_ha.index, dtype="boolean")
    if naming is not None:
        named[:] = held_ha.index.isin(naming["insee"].dropna())
        why = why.mask(counted & ~named, "not named").mask(~counted & named, "not counted")
    return pd.DataFrame({"held_ha": held_ha, "counted": counted, "named": named, "why": why})


def _parts(
    layer: str, layers: Mapping[str, gpd.GeoDataFrame], communes: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return the parts that communes hold of the polygons of a layer."""
    frame = layers.get(layer, communes.iloc[:0]).reset_index(drop=True)
    parts = share_by_commune(frame, communes).rename(columns={"area_m2": "part_m2"})
    own = frame.reindex(columns=["no_element", "nom"]).loc[parts["feature"]]
    parts = parts.assign(
        layer=layer,
        id=own["no_element"].to_numpy(),
        object=own["nom"].to_numpy(),
        as_delivered=None,
    )
    return parts.loc[parts["insee"].notna(), _PART_COLUMNS]


def _names(layers: Mapping[str, gpd.GeoDataFrame], communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the communes that objects of the property name, and the part that each holds."""
    tables = []
    for layer in _NAMING:
        frame = layers.get(layer)
        if frame is None or "id_unesco" not in frame.columns:
            continue
        frame = frame[frame["id_unesco"].notna()].reset_index(drop=True)
        names = [column for column in frame.columns if column.startswith("commune_")]
        long = frame[names].melt(ignore_index=False)["value"].dropna()
        own = frame.loc[long.index]
        table = pd.DataFrame(
            {
                "insee": resolve_communes(long, communes).insee.to_numpy(),
                "layer": layer,
                "id": own["id_unesco"].to_numpy(),
                "object": own.get("nom", own["id_unesco"]).to_numpy(),
                "as_delivered": long.to_numpy(),
                "feature": long.index,
            }
        )
        tables.append(table.join(_held(frame, communes), on=["feature", "insee"]))
    if not tables:
        return pd.DataFrame(columns=_PART_COLUMNS)
    table = pd.concat(tables, ignore_index=True)
    return table.assign(part_m2=table["part_m2"].fillna(0.0)).drop(columns="feature")


def _held(frame: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> pd.Series[Any]:
    """Return square metres of each polygon in each commune."""
    wide = frame[frame.area > 0]
    parts = share_by_commune(wide, communes).dropna(subset=["insee"])
    return parts.set_index(["feature", "insee"])["area_m2"].rename("part_m2")
