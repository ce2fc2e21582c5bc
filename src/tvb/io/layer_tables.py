"""Frames made fit to be tables of a GeoPackage or a database: columns, geometry, free names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import CrsError, LayerError, explain
from tvb.schema import SCHEMAS

__all__ = ["as_multiple", "as_table", "free_name", "geometry_type"]

_TYPE_NAMES = {
    frozenset({0}): "Point", frozenset({4}): "MultiPoint", frozenset({0, 4}): "MultiPoint",
    frozenset({1}): "LineString", frozenset({5}): "MultiLineString",
    frozenset({1, 5}): "MultiLineString", frozenset({3}): "Polygon",
    frozenset({6}): "MultiPolygon", frozenset({3, 6}): "MultiPolygon",
}  # fmt: skip
"""Type declared, by the types of shapely present; others are declared as any geometry."""

_MULTIPLE: dict[int, Callable[..., Any]] = {
    0: shapely.multipoints,
    1: shapely.multilinestrings,
    3: shapely.multipolygons,
}
_OBJECT_TYPES: dict[str, Any] = {
    "string": "str", "empty": "str", "boolean": "boolean", "integer": "Int64",
    "floating": "float64", "mixed-integer-float": "float64", "date": "object",
    "datetime": "datetime64[us]",
}  # fmt: skip
_EMPTY_TYPES = {"point": "Point", "line": "LineString", "polygon": "Polygon"}


def as_table(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the frame with its named index as columns, fit to be one table.

    Parameters
    ----------
    frame : pandas.DataFrame
        With geometry or without.
    name : str
        What messages call it.

    Returns
    -------
    pandas.DataFrame
        Names of columns as text; values in types of which GDAL and PostGIS keep the nulls.

    Raises
    ------
    LayerError
        If two columns differ by case only, a column holds values of no such type, the index bears
        the name of a column, or there are two geometries.
    CrsError
        If a frame with geometry has no CRS.
    """
    table = frame
    if any(n is not None for n in frame.index.names):
        clash = [n for n in frame.index.names if n in frame.columns]
        if clash:
            raise LayerError(explain(name, f"index and column are both named « {clash[0]} »"))
        table = frame.reset_index()
    columns = [str(c) for c in table.columns]
    folded = pd.Series([c.casefold() for c in columns], dtype="str")
    if folded.duplicated().any():
        twice = [c for c, d in zip(columns, folded.duplicated(keep=False), strict=True) if d]
        raise LayerError(
            explain(
                name,
                "columns that differ by case only: " + ", ".join(twice),
                remedy="rename one of them",
            )
        )
    table = table.set_axis(columns, axis=1)
    for column in columns:
        table[column] = _as_column(table[column], name)
    if getattr(frame, "active_geometry_name", "") is None:
        table = pd.DataFrame(table)
    _check_geometry(table, name)
    return table


def _as_column(values: pd.Series[Any], layer: str) -> pd.Series[Any]:
    """Return the values in a type of which GDAL keeps the values and the nulls."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.astype(values.cat.categories.dtype)
    if values.dtype != object:
        return values
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind not in _OBJECT_TYPES:
        raise LayerError(
            explain(
                layer,
                f"column « {values.name} » holds values of type {kind}",
                required="text, numbers, booleans or dates",
            )
        )
    return values.astype(_OBJECT_TYPES[kind])


def _check_geometry(table: pd.DataFrame, name: str) -> None:
    geometric = [
        str(c)
        for c, t in zip(table.columns, table.dtypes, strict=True)
        if isinstance(t, gpd.array.GeometryDtype)
    ]
    active = table.active_geometry_name if isinstance(table, gpd.GeoDataFrame) else None
    extra = [c for c in geometric if c != active]
    if extra:
        raise LayerError(
            explain(
                name,
                f"geometry column « {extra[0]} » beside the active one",
                required="one geometry for each table",
                remedy="drop it or write it as a layer of its own",
            )
        )
    if isinstance(table, gpd.GeoDataFrame) and table.crs is None:
        raise CrsError(
            explain(
                name,
                "the coordinate reference system is not known",
                remedy="frame.set_crs(…) with the system of the coordinates",
            )
        )


def free_name(wanted: str, frame: pd.DataFrame) -> str:
    """Return the name of a technical column that no column of the frame bears.

    Parameters
    ----------
    wanted : str
        The name, if it is free.
    frame : pandas.DataFrame
        Its columns count whatever their case.

    Returns
    -------
    str
        The name, or the name with a number.
    """
    taken = {str(c).casefold() for c in frame.columns}
    name, number = wanted, 1
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def geometry_type(frame: gpd.GeoDataFrame, name: str) -> str:
    """Return the type of geometry to declare for a table.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        What it will hold.
    name : str
        Of the layer: its schema tells the type of an empty one.

    Returns
    -------
    str
        Such as ``MultiPolygon`` or ``Point Z``; ``Unknown`` where types of several families mix.
    """
    geometry = frame.geometry.to_numpy()
    types = np.unique(shapely.get_type_id(geometry))
    kinds = frozenset(int(t) for t in types if t >= 0)
    if not kinds:
        families = sorted(SCHEMAS[name].families) if name in SCHEMAS else []
        return _EMPTY_TYPES[families[0]] if len(families) == 1 else "Unknown"
    kind = _TYPE_NAMES.get(kinds, "Unknown")
    return f"{kind} Z" if kind != "Unknown" and shapely.has_z(geometry).any() else kind


def as_multiple(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the geometries as multiple ones, nulls as they are.

    Parameters
    ----------
    geometry : geopandas.GeoSeries
        Of one family.

    Returns
    -------
    geopandas.GeoSeries
        The same where none is single.
    """
    values = geometry.to_numpy()
    single = np.flatnonzero(np.isin(shapely.get_type_id(values), list(_MULTIPLE)))
    if not len(single):
        return geometry
    values = values.copy()
    gather = _MULTIPLE[int(shapely.get_type_id(values[single[0]]))]
    values[single] = gather(values[single], indices=np.arange(len(single)))
    return gpd.GeoSeries(values, index=geometry.index, crs=geometry.crs)
