"""Helpers that give a table the columns and types of its layer."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.datasets.facts_files import load_facts
from tvb.schema import CRS, get_schema

__all__ = ["as_layer", "clip_layer", "commune_columns", "communes_met"]

_DTYPES: dict[str, Any] = {
    "text": "str",
    "integer": "Int64",
    "number": "float64",
    "boolean": "boolean",
}


def as_layer(table: pd.DataFrame, geometry: NDArray[Any], layer: str) -> gpd.GeoDataFrame:
    """Return a frame with the columns of a layer, in order and of the right types.

    Parameters
    ----------
    table : pandas.DataFrame
        Some of the columns of the layer; the others become null.
    geometry : numpy.ndarray of shapely geometries
        In EPSG:2154, one for each row.
    layer : str
        Name of the schema.

    Returns
    -------
    geopandas.GeoDataFrame
        With a new index.
    """
    columns = {}
    for column in get_schema(layer).columns:
        values = table[column.name] if column.name in table else [None] * len(table)
        series = pd.Series(np.asarray(values, dtype=object) if column.dtype == "text" else values)
        if column.dtype == "text":
            series = series.where(series.notna(), None)
        columns[column.name] = series.reset_index(drop=True).astype(_DTYPES[column.dtype])
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=CRS)


def commune_columns(codes: pd.Series[Any], number: int) -> pd.DataFrame:
    """Return the names of communes from codes joined by spaces.

    Parameters
    ----------
    codes : pandas.Series
        Text such as ``62510 62427``; null where none is known.
    number : int
        How many columns ``commune_1``, … to return.

    Returns
    -------
    pandas.DataFrame
        With a new index.
    """
    facts = load_facts("communes")
    name = dict(zip(facts["insee"], facts["nom"], strict=True))
    rows = [[name[c] for c in str(text).split()] if pd.notna(text) else [] for text in codes]
    padded = [(row + [None] * number)[:number] for row in rows]
    return pd.DataFrame(padded, columns=[f"commune_{i + 1}" for i in range(number)], dtype=object)


def communes_met(geometry: NDArray[Any], communes: gpd.GeoDataFrame, number: int) -> pd.DataFrame:
    """Return the names of the communes that shapes meet, the largest share first.

    Parameters
    ----------
    geometry : numpy.ndarray of shapely polygons
        In EPSG:2154.
    communes : geopandas.GeoDataFrame
        Layer ``communes``.
    number : int
        How many columns ``commune_1``, … to return.

    Returns
    -------
    pandas.DataFrame
        With a new index.
    """
    shapes = communes.geometry.to_numpy()
    item, commune = shapely.STRtree(shapes).query(geometry, predicate="intersects")
    share = shapely.area(shapely.intersection(geometry[item], shapes[commune]))
    table = pd.DataFrame({"item": item, "share": share, "nom": communes["nom"].to_numpy()[commune]})
    table = table[table["share"] > 0].sort_values(
        ["item", "share", "nom"], ascending=[True, False, True]
    )
    table["place"] = table.groupby("item").cumcount() + 1
    wide = table[table["place"] <= number].pivot(index="item", columns="place", values="nom")
    wide = wide.reindex(index=range(len(geometry)), columns=range(1, number + 1)).astype(object)
    return wide.set_axis([f"commune_{i}" for i in wide.columns], axis=1)


def clip_layer(frame: gpd.GeoDataFrame, outline: Any) -> gpd.GeoDataFrame:
    """Return the parts of a layer inside an outline, of the same dimension.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Lines or polygons in EPSG:2154.
    outline : shapely.Polygon or MultiPolygon
        Where the territory lies.

    Returns
    -------
    geopandas.GeoDataFrame
        With a new index; features outside are left out.
    """
    shapely.prepare(outline)
    geometry = frame.geometry.to_numpy().copy()
    kept = shapely.intersects(outline, geometry)
    crossing = kept & ~shapely.covers(outline, geometry)
    cut = shapely.intersection(geometry[crossing], outline)
    geometry[crossing] = [
        _of_dimension(c, d)
        for c, d in zip(cut, shapely.get_dimensions(geometry[crossing]), strict=True)
    ]
    kept &= ~shapely.is_empty(geometry)
    return frame.set_geometry(geometry, crs=CRS)[kept].reset_index(drop=True)


def _of_dimension(shape: Any, dimension: int) -> Any:
    """Return the parts of a shape of one dimension, merged where they are lines."""
    parts = shapely.get_parts(shape)
    parts = parts[shapely.get_dimensions(parts) == dimension]
    if len(parts) == 1:
        return parts[0]
    if dimension == 1:
        return shapely.line_merge(shapely.multilinestrings(parts))
    return shapely.union_all(parts)
