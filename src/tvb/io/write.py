"""Frames and tables to files, byte for byte the same on every run.

`write_geopackage` has a module of its own; it is repeated here so that all writers are found in one
place.
"""

from __future__ import annotations

import os
from typing import Any, Literal, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import CrsError, LayerError, ParameterError, explain
from tvb.io.atomic import atomic_path
from tvb.io.geopackage import write_geopackage

__all__ = ["atomic_path", "write_csv", "write_geopackage", "write_geoparquet"]

_ROWS_PER_GROUP = 100_000
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_geoparquet(
    frame: gpd.GeoDataFrame, path: str | os.PathLike[str], *, origin: str = ""
) -> None:
    """Write a frame as GeoParquet 1.1, with the bounding box of each row in a column of its own.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Any geometry, any known CRS. Row order, index and column types are kept; ``attrs`` are not.
    path : str or os.PathLike
        File to write or replace.
    origin : str, optional
        Where the content comes from, kept in the metadata of the file; pandas reads it back as
        ``frame.attrs["origin"]``.

    Raises
    ------
    LayerError
        If it is not a frame with an active geometry.
    CrsError
        If the frame has no CRS.
    SourceError
        If the file cannot be written.

    Notes
    -----
    The bounding boxes let a reader skip row groups (of 100 000 rows) that lie outside its window.
    No time of writing is stored: the same frame gives the same bytes, as long as geopandas, pandas
    and pyarrow stay the same.

    References
    ----------
    .. [1] GeoParquet specification 1.1.0, https://geoparquet.org
    """
    name = os.path.basename(path)  # noqa: PTH119
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        raise LayerError(explain(name, "no active geometry", required="a GeoDataFrame"))
    if frame.crs is None:
        raise CrsError(
            explain(
                name,
                "the coordinate reference system is not known",
                remedy="frame.set_crs(…) with the system of the coordinates",
            )
        )
    bare = frame.copy(deep=False)
    # pandas would store them all, with whatever paths and times they hold
    bare.attrs = {"origin": origin} if origin else {}
    with atomic_path(path) as temporary:
        bare.to_parquet(
            temporary,
            compression="zstd",
            schema_version="1.1.0",
            write_covering_bbox=True,
            row_group_size=_ROWS_PER_GROUP,
        )


def write_csv(
    table: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    excel: bool = False,
    index: bool = True,
    geometry: Literal["refuse", "wkt"] = "refuse",
) -> None:
    """Write a table as CSV: UTF-8, Unix line ends, the shortest digits that read back the same.

    Parameters
    ----------
    table : pandas.DataFrame
        Null cells are left empty.
    path : str or os.PathLike
        File to write or replace.
    excel : bool
        Make the file open well in a French Excel: byte-order mark, semicolons, decimal commas. Text
        that a spreadsheet would run as a formula gets an apostrophe in front.
    index : bool
        Write the index as the first columns.
    geometry : {"refuse", "wkt"}
        What to do with geometry: refuse it, or write it as well-known text.

    Raises
    ------
    LayerError
        If the table holds geometry and ``geometry`` is ``"refuse"``.
    ParameterError
        If ``geometry`` is neither of the two words.
    SourceError
        If the file cannot be written.
    """
    if geometry not in ("refuse", "wkt"):
        raise ParameterError(explain("geometry", f"« {geometry} »", required="refuse or wkt"))
    plain = _without_geometry(table, os.path.basename(path), geometry)  # noqa: PTH119
    if index and excel:  # as columns, because the index too may hold formulas
        names = ["" if n is None else n for n in plain.index.names]
        plain = plain.reset_index(names=names, allow_duplicates=True)
    if excel:
        plain = _for_excel(plain)
    with atomic_path(path) as temporary:
        plain.to_csv(
            temporary,
            sep=";" if excel else ",",
            encoding="utf-8-sig" if excel else "utf-8",
            index=index and not excel,
            lineterminator="\n",
        )


def _without_geometry(table: pd.DataFrame, name: str, geometry: str) -> pd.DataFrame:
    """Return the table with its geometry columns as text, or refuse them."""
    geometric = [
        i for i, t in enumerate(table.dtypes) if isinstance(t, gpd.array.GeometryDtype)
    ]  # fmt: skip
    if geometric and geometry == "refuse":
        columns = ", ".join(f"« {table.columns[i]} »" for i in geometric)
        raise LayerError(
            explain(
                name,
                f"a CSV file holds no geometry, the table has {columns}",
                remedy='drop it, write GeoPackage or GeoParquet, or ask for geometry="wkt"',
            )
        )
    plain = pd.DataFrame(table).copy(deep=False)
    for i in geometric:
        plain.isetitem(i, shapely.to_wkt(plain.iloc[:, i].to_numpy(), rounding_precision=-1))
    return plain


def _for_excel(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with decimal commas, and with text that no spreadsheet runs."""
    safe = table.copy(deep=False)
    for i in range(safe.shape[1]):
        values = safe.iloc[:, i]
        cells = [None if pd.isna(v) else _excel_cell(v) for v in values]
        safe.isetitem(i, np.array([*cells, None], dtype=object)[:-1])  # None: never a 2-D array
    safe.columns = pd.Index([_excel_cell(str(c)) for c in safe.columns])
    return safe


def _excel_cell(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return repr(float(value)).replace(".", ",")
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return cast("Any", value)
