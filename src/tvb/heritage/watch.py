"""A first table of watched objects, for an analyst to keep."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from tvb.geometry import attribute_to_commune
from tvb.schema import CRS, get_schema, require_crs

__all__ = ["build_watch_list"]

# Columns of the layers that hold what the table of watched objects asks for.
_SOURCES = {"listed_buildings": "typologie", "estates": "type"}
_TOLD = ("nom", "proprietaire", "protection")


def build_watch_list(
    communes: gpd.GeoDataFrame, layers: Mapping[str, gpd.GeoDataFrame]
) -> gpd.GeoDataFrame:
    """Return the buildings and estates of the layers as objects to be watched.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Layer ``communes``, EPSG:2154.
    layers : mapping of str to geopandas.GeoDataFrame
        ``listed_buildings`` (pit heads and collieries among them) and ``estates``, EPSG:2154; an
        absent layer counts as empty.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``watched_objects``, in order of ``id_objet``: the number in the property, or
        the name of the layer for what lies outside it, then a number where several objects would
        bear the same. ``etat``, ``date_observation`` and ``note`` are null: they are for the
        analyst to fill in, for example in the file that ``tvb.io.write_csv(…, geometry="wkt")``
        writes.

    Raises
    ------
    CrsError
        If a layer is not in EPSG:2154.
    """
    tables = [
        _as_watched(layers[name], name, kind)
        for name, kind in _SOURCES.items()
        if name in layers and len(layers[name])
    ]
    columns = [column.name for column in get_schema("watched_objects").columns]
    if not tables:
        empty = pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
        return gpd.GeoDataFrame(empty, geometry=[], crs=CRS)
    table = pd.concat(tables, ignore_index=True)
    table["insee"] = attribute_to_commune(table, communes)
    place = table.bounds[["minx", "miny"]]
    order = ["id_objet", "nom", "minx", "miny"]
    table = table.join(place).sort_values(order, ignore_index=True).drop(columns=place.columns)
    number = table.groupby("id_objet").cumcount() + 1
    alone = table.groupby("id_objet")["id_objet"].transform("size") == 1
    table["id_objet"] = table["id_objet"].where(alone, table["id_objet"] + "-" + number.astype(str))
    return table.reindex(columns=[*columns, "geometry"]).astype(dict.fromkeys(columns, "str"))


def _as_watched(frame: gpd.GeoDataFrame, layer: str, kind: str) -> gpd.GeoDataFrame:
    require_crs(frame, layer)
    null = pd.Series(None, index=frame.index, dtype="str")
    told = {name: frame.get(name, null) for name in _TOLD}
    identity = frame.get("id_unesco", null).fillna(layer)
    table = {"id_objet": identity, "categorie": frame.get(kind, null), **told}
    return gpd.GeoDataFrame(table, geometry=frame.geometry, crs=CRS)
