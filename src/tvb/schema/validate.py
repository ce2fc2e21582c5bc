"""One check for all frames: every fault is listed, then one error is raised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import CrsError, LayerError, explain
from tvb.schema.catalogue import get_schema
from tvb.schema.declare import CRS, Column, Dtype, Family, LayerSchema

__all__ = [
    "Fault",
    "find_faults",
    "require_crs",
    "require_polygons",
    "require_type",
    "validate",
    "validate_repaired",
]

_FAMILY_OF_TYPE: dict[int, Family] = {
    0: "point", 1: "line", 2: "line", 3: "polygon", 4: "point", 5: "line", 6: "polygon",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a frame.

    Parameters
    ----------
    problem : str
        What is wrong.
    count : int
        Rows concerned; 0 when the fault is not one of rows.
    ids : tuple
        Keys of the rows concerned, or row numbers where the layer has no key.
    remedy : str
        What to do.
    """

    problem: str
    count: int = 0
    ids: tuple[Any, ...] = ()
    remedy: str = "read the file with tvb.io.read_layer, which repairs what can be repaired"

    def message(self, layer: str) -> str:
        """Return the fault as a sentence.

        Parameters
        ----------
        layer : str
            Name of the layer.

        Returns
        -------
        str
            In the form of `tvb.errors.explain`.
        """
        return explain(
            layer, self.problem, count=self.count or None, ids=self.ids, remedy=self.remedy
        )


def require_crs(frame: gpd.GeoDataFrame, layer: str) -> None:
    """Raise unless a frame has geometry, in the working system EPSG:2154.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Any frame.
    layer : str
        Its name in messages.

    Raises
    ------
    CrsError
        If the frame has no CRS or another one.
    LayerError
        If it is something else than a GeoDataFrame, or has no geometry.
    """
    require_type(frame, gpd.GeoDataFrame, layer, remedy="read the file with tvb.io.read_layer")
    if frame.active_geometry_name not in frame.columns:
        raise LayerError(explain(layer, "a table without geometry", remedy="frame.set_geometry(…)"))
    if frame.crs is None:
        raise CrsError(
            explain(
                layer,
                "the coordinate reference system is not known",
                required=CRS,
                remedy="frame.set_crs(…) with the system of the file, then frame.to_crs(2154)",
            )
        )
    if not is_working_crs(frame):
        raise CrsError(
            explain(
                layer,
                f"coordinates are in {frame.crs.to_string()[:40]}",
                required=CRS,
                remedy="frame.to_crs(2154)",
            )
        )


def require_type(value: object, kind: type, name: str, *, remedy: str | None = None) -> None:
    """Raise unless something given is of a type.

    Parameters
    ----------
    value : object
        What was given.
    kind : type
        What it must be.
    name : str
        Its name in messages.
    remedy : str, optional
        How to get one.

    Raises
    ------
    LayerError
        If it is of another type.
    """
    if not isinstance(value, kind):
        raise LayerError(
            explain(
                name,
                f"is of type {type(value).__name__}",
                required=f"{kind.__name__}",
                remedy=remedy,
            )
        )


def require_polygons(frame: gpd.GeoDataFrame, layer: str) -> None:
    """Raise unless a frame is in EPSG:2154 and holds areas only.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Any frame; null and empty geometries are accepted, and so are collections with an area.
    layer : str
        Its name in messages.

    Raises
    ------
    CrsError
        If the frame has no CRS or another one.
    LayerError
        If it holds points or lines.
    """
    require_crs(frame, layer)
    geometry = frame.geometry.to_numpy()
    foreign = np.isin(shapely.get_dimensions(geometry), (0, 1)) & ~shapely.is_empty(geometry)
    if foreign.any():
        raise LayerError(
            explain(
                layer,
                "geometry that is not polygon",
                count=int(foreign.sum()),
                ids=frame.index[foreign],
                required="polygons",
            )
        )


def is_working_crs(frame: gpd.GeoDataFrame) -> bool:
    """Tell whether a frame is in EPSG:2154.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        A frame with a CRS.

    Returns
    -------
    bool
        True for EPSG:2154, however it is written.
    """
    return bool(frame.crs == CRS or frame.crs.to_epsg() == 2154)


def validate(frame: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    """Return the frame untouched if it fits its schema; list every fault otherwise.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        In EPSG:2154, with the canonical columns of the layer.
    layer : str
        Name of its schema.

    Returns
    -------
    geopandas.GeoDataFrame
        The same object.

    Raises
    ------
    CrsError
        If the CRS is missing or is not EPSG:2154.
    LayerError
        If there is any other fault; all are listed in one message.
    """
    require_crs(frame, layer)
    return _refuse(find_faults(frame, layer), frame, layer)


def validate_repaired(frame: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    """Return the frame untouched if its columns fit their schema; for the reader alone.

    The reader has just looked at each geometry (`tvb.io.repair`) and at each key: to do it again
    would take a tenth of the time of a reading.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        In EPSG:2154; two-dimensional valid geometry of the families of the layer, keys unique where
        the layer wants it.
    layer : str
        Name of its schema.

    Returns
    -------
    geopandas.GeoDataFrame
        The same object.

    Raises
    ------
    CrsError
        If the CRS is missing or is not EPSG:2154.
    LayerError
        If a column is at fault.

    See Also
    --------
    validate : The same for a frame of which nothing is known.
    """
    require_crs(frame, layer)
    return _refuse(_all_column_faults(frame, get_schema(layer)), frame, layer)


def _refuse(faults: list[Fault], frame: gpd.GeoDataFrame, layer: str) -> gpd.GeoDataFrame:
    if faults:
        raise LayerError("\n".join(fault.message(layer) for fault in faults))
    return frame


def find_faults(frame: gpd.GeoDataFrame, layer: str) -> list[Fault]:
    """Return everything that a frame lacks to fit its schema.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        With any columns, in EPSG:2154.
    layer : str
        Name of its schema.

    Returns
    -------
    list of Fault
        Empty when the frame is valid. An empty frame with the right columns is valid.
    """
    schema = get_schema(layer)
    faults = _all_column_faults(frame, schema)
    ids = _RowIds(frame, schema)
    if schema.key in frame.columns and schema.on_duplicate != "keep":
        keys = frame[schema.key]
        faults += _rows("key given twice", (keys.duplicated() & keys.notna()).to_numpy(), ids)
    return faults + _geometry_faults(frame, schema, ids)


def _all_column_faults(frame: gpd.GeoDataFrame, schema: LayerSchema) -> list[Fault]:
    ids = _RowIds(frame, schema)
    faults = [
        Fault(f"column « {c.name} » is missing")
        for c in schema.columns
        if c.name not in frame.columns
    ]
    for column in schema.columns:
        if column.name in frame.columns:
            faults += _column_faults(frame[column.name], column, ids)
    return faults


class _RowIds:
    """Names of the rows of a frame, made for those that are asked for."""

    def __init__(self, frame: gpd.GeoDataFrame, schema: LayerSchema) -> None:
        self.keys = frame[schema.key] if schema.key in frame.columns else None

    def first(self, rows: NDArray[np.bool_]) -> tuple[Any, ...]:
        """Return the names of the first four rows of a mask."""
        places = np.flatnonzero(rows)[:4]
        if self.keys is None:
            return tuple(f"row {place}" for place in places)
        return tuple(np.asarray(self.keys.iloc[places], dtype=object))


def _rows(problem: str, wrong: NDArray[np.bool_], ids: _RowIds) -> list[Fault]:
    """Return no fault, or one that counts the rows."""
    if not wrong.any():
        return []
    return [Fault(problem, int(wrong.sum()), ids.first(wrong))]


def _column_faults(values: pd.Series[Any], column: Column, ids: _RowIds) -> list[Fault]:
    if not _has_dtype(values, column.dtype):
        return [Fault(f"column « {column.name} » holds {values.dtype}, not {column.dtype}")]
    null = values.isna().to_numpy()
    faults = [] if column.nullable else _rows(f"column « {column.name} » is null", null, ids)
    if column.allowed:
        wrong = ~values.isin(column.allowed).to_numpy() & ~null
        allowed = ", ".join(column.allowed)
        faults += _rows(f"column « {column.name} » holds a value other than {allowed}", wrong, ids)
    if column.width is not None:
        short = (values.str.len() != column.width).fillna(False).to_numpy(dtype=bool) & ~null
        faults += _rows(f"column « {column.name} » is not {column.width} characters", short, ids)
    return faults


def _has_dtype(values: pd.Series[Any], dtype: Dtype) -> bool:
    test = {
        "text": pd.api.types.is_string_dtype,
        "integer": pd.api.types.is_integer_dtype,
        "number": pd.api.types.is_float_dtype,
        "boolean": pd.api.types.is_bool_dtype,
    }[dtype]
    return bool(test(values.dtype))


def _geometry_faults(frame: gpd.GeoDataFrame, schema: LayerSchema, ids: _RowIds) -> list[Fault]:
    geometry = frame.geometry.to_numpy()
    missing = shapely.is_missing(geometry)
    empty = shapely.is_empty(geometry)
    families = [code for code, f in _FAMILY_OF_TYPE.items() if f in schema.families]
    foreign = ~np.isin(shapely.get_type_id(geometry), families) & ~missing
    required = " or ".join(sorted(schema.families))
    return [
        *_rows("null geometry", missing, ids),
        *_rows("empty geometry", empty, ids),
        *_rows(f"geometry that is not {required}", foreign, ids),
        *_rows("invalid geometry", ~shapely.is_valid(geometry) & ~missing, ids),
        *_rows("geometry with a third dimension", shapely.has_z(geometry), ids),
    ]
