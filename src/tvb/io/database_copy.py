"""A frame as a table of PostGIS: types of its columns, units in its comments, rows for COPY."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import shapely

from tvb.errors import LayerError, ParameterError, explain
from tvb.io.batches import BATCH_ROWS
from tvb.io.layer_tables import as_multiple, as_table, free_name, geometry_type
from tvb.schema import SCHEMAS, require_crs

__all__ = ["TableShape", "check_identifier", "copy_rows", "shape_of"]

SRID = 2154

_IDENTIFIER_BYTES = 63
"""What PostgreSQL keeps of a name; it cuts the rest off without a word."""

_UNITS = {"_m3_s": "m³/s", "_m2": "m²", "_ha": "ha", "_km": "km", "_m": "m"}
"""Unit by the end of the name of a column that no schema declares."""


@dataclass(frozen=True, slots=True)
class TableShape:
    """What a table must look like to hold a frame.

    Parameters
    ----------
    name : str
        Name of the table.
    types : mapping of str to str
        SQL type of each attribute.
    geometry : str
        Geometry column; empty for a plain table.
    kind : str
        Its type, such as ``MultiPolygon Z``; ``Unknown`` for any.
    key : tuple of str
        Primary key; empty where there is none.
    comments : mapping of str to str
        Meaning and unit of the columns that have them.
    """

    name: str
    types: Mapping[str, str]
    geometry: str = ""
    kind: str = ""
    key: tuple[str, ...] = ()
    comments: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, str]:
        """SQL type of each column, the geometry last."""
        if not self.geometry:
            return dict(self.types)
        kind = "Geometry" if self.kind == "Unknown" else self.kind.replace(" ", "")
        return {**self.types, self.geometry: f"geometry({kind},{SRID})"}


def check_identifier(name: str, what: str) -> None:
    """Raise unless a name can be one of PostgreSQL.

    Parameters
    ----------
    name : str
        Any text: quotes, spaces, accents and semicolons are parts of a name like others.
    what : str
        What it names, for the message.

    Raises
    ------
    ParameterError
        If it is empty, holds a null character or is longer than 63 bytes.
    """
    if not name or "\0" in name or len(name.encode("utf-8", "replace")) > _IDENTIFIER_BYTES:
        raise ParameterError(
            explain(
                f"{what} « {name[:80]} »".replace("\0", "\\0"),
                "not possible as a name in the database",
                required=f"1 to {_IDENTIFIER_BYTES} bytes, without a null character",
            )
        )


def shape_of(frame: pd.DataFrame, name: str, *, streamed: bool) -> TableShape:
    """Return what a table must look like to hold a frame.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame or pandas.DataFrame
        In EPSG:2154 where it has geometry.
    name : str
        Name of the table.
    streamed : bool
        Whether other frames follow: lines and polygons are then stored as multiple ones.

    Returns
    -------
    TableShape
        With the key of the schema of that name; without one, the named index if it is unique and
        the frame is whole.

    Raises
    ------
    LayerError
        If the frame cannot be a table.
    CrsError
        If its geometry is not in EPSG:2154.
    ParameterError
        If a name of a column is not possible.
    """
    table = _checked(frame, name)
    geometry, kind = "", ""
    if isinstance(table, gpd.GeoDataFrame):
        geometry, kind = free_name("geom", _attributes(table)), geometry_type(table, name)
        if streamed and kind.startswith(("LineString", "Polygon")):
            kind = f"Multi{kind}"
    attributes = _attributes(table)
    types = {str(column): _sql_type(attributes[column], name) for column in attributes}
    for column in types:
        check_identifier(column, f"{name}: column")
    key = _key_of(frame, name, tuple(types), streamed=streamed)
    return TableShape(name, types, geometry, kind, key, _comments_of(types, name))


def copy_rows(frame: pd.DataFrame, shape: TableShape) -> Iterator[bytes]:
    """Yield the rows of a frame as COPY takes them: CSV in UTF-8, null unquoted.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame or pandas.DataFrame
        The one that the shape was taken from, or one like it.
    shape : TableShape
        Table to be filled.

    Yields
    ------
    bytes
        Some thousand rows.

    Raises
    ------
    LayerError
        If the frame has other columns than the table, or geometry that it cannot hold.
    CrsError
        If its geometry is not in EPSG:2154.
    """
    table = _checked(frame, shape.name)
    attributes = _attributes(table)
    if list(attributes) != list(shape.types) or bool(shape.geometry) != _has_geometry(table):
        raise LayerError(
            explain(
                shape.name,
                f"a frame has the columns {', '.join(table.columns)}",
                required=f"those of the first frame: {', '.join(shape.columns)}",
            )
        )
    for first in range(0, len(table), BATCH_ROWS):
        rows = slice(first, first + BATCH_ROWS)
        arrow = _as_arrow(attributes.iloc[rows], shape.name)
        if isinstance(table, gpd.GeoDataFrame):
            hexadecimal = _as_hexadecimal(table.geometry.iloc[rows], shape)
            arrow = arrow.append_column(shape.geometry, pa.array(hexadecimal, pa.large_string()))
        sink = io.BytesIO()
        options = pyarrow.csv.WriteOptions(include_header=False)
        pyarrow.csv.write_csv(arrow, sink, options)
        yield sink.getvalue()


def _has_geometry(table: pd.DataFrame) -> bool:
    return isinstance(table, gpd.GeoDataFrame)


def _checked(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the frame with its named index as columns, fit to be one table in EPSG:2154."""
    table = as_table(frame, name)
    if isinstance(table, gpd.GeoDataFrame):
        require_crs(table, name)
    return table


def _attributes(table: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(table, gpd.GeoDataFrame):
        return table
    return pd.DataFrame(table.drop(columns=table.active_geometry_name))


def _sql_type(values: pd.Series[Any], name: str) -> str:
    """Return the type of PostgreSQL that holds a column without loss."""
    kinds: tuple[tuple[Callable[[Any], bool], str], ...] = (
        (pd.api.types.is_bool_dtype, "boolean"),
        (lambda column: str(column.dtype).casefold() == "uint64", "numeric(20)"),
        (pd.api.types.is_integer_dtype, "bigint"),
        (pd.api.types.is_float_dtype, "double precision"),
        (lambda column: isinstance(column.dtype, pd.DatetimeTZDtype), "timestamp with time zone"),
        (pd.api.types.is_datetime64_dtype, "timestamp"),
        (lambda column: isinstance(column.dtype, pd.StringDtype), "text"),
        (lambda column: pd.api.types.infer_dtype(column, skipna=True) == "date", "date"),
    )
    for is_kind, sql in kinds:
        if is_kind(values):
            return sql
    raise LayerError(
        explain(
            name,
            f"column « {values.name} » holds {values.dtype}",
            required="text, numbers, booleans or dates",
        )
    )


def _key_of(
    frame: pd.DataFrame, name: str, columns: Collection[str], *, streamed: bool
) -> tuple[str, ...]:
    schema = SCHEMAS.get(name)
    if schema is not None and schema.key is not None and schema.key in columns:
        unique = schema.on_duplicate != "keep" and not schema.column(schema.key).nullable
        return (schema.key,) if unique else ()
    index = frame.index
    named = all(n is not None for n in index.names)
    if streamed or not named or not index.is_unique or index.to_frame().isna().any(axis=None):
        return ()
    return tuple(str(n) for n in index.names)


def _comments_of(columns: Iterable[str], name: str) -> dict[str, str]:
    """Return the meaning and the unit of the columns."""
    schema = SCHEMAS.get(name)
    declared = {c.name: c for c in schema.columns} if schema else {}
    comments = {}
    for column in columns:
        known = declared.get(column)
        meaning = known.description if known else ""
        unit = known.unit if known else next((_UNITS[e] for e in _UNITS if column.endswith(e)), "")
        text = f"{meaning} [{unit}]".strip() if unit else meaning
        if text:
            comments[column] = text
    return comments


def _as_arrow(attributes: pd.DataFrame, name: str) -> pa.Table:
    try:
        return pa.Table.from_pandas(attributes, preserve_index=False)
    except (pa.ArrowException, UnicodeError) as error:
        raise LayerError(
            explain(
                name,
                f"values that are no text in UTF-8 or of mixed types ({error})",
                required="text, numbers, booleans or dates",
            )
        ) from error


def _as_hexadecimal(geometry: gpd.GeoSeries, shape: TableShape) -> Any:
    """Return geometry as extended well-known binary in hexadecimal; None where it is null."""
    values = geometry.to_numpy()
    deep = shapely.has_z(values)
    flat = ~deep & ~shapely.is_missing(values) & ~shapely.is_empty(values)
    if shapely.has_m(values).any() or (deep.any() and flat.any()):
        raise LayerError(
            explain(
                shape.name,
                "measures (M), or heights (Z) on some rows only",
                count=int((deep | shapely.has_m(values)).sum()),
                remedy="shapely.force_2d(…)",
            )
        )
    if shape.kind.startswith("Multi"):
        values = np.asarray(as_multiple(geometry).to_numpy())
    return shapely.to_wkb(shapely.set_srid(values, SRID), hex=True, include_srid=True)
