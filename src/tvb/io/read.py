"""One reader for every vector file: whatever comes in, a valid frame and its account come out."""

from __future__ import annotations

import codecs
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from tvb.errors import LayerError, ParameterError, SourceError, explain
from tvb.io.assembly import Assembly
from tvb.io.batches import BATCH_ROWS, Batch, Opened, Window
from tvb.io.cells import open_cells
from tvb.io.crs import name_of, resolve_crs, window_in
from tvb.io.locate import Located, checksum, locate
from tvb.io.ogr import open_ogr
from tvb.io.parquet import open_parquet
from tvb.io.report import LayerReport
from tvb.io.scenarios import fill_of_name
from tvb.io.tables import open_table
from tvb.progress import Bar
from tvb.schema import get_schema

__all__ = [
    "PathLike",
    "PathOrPaths",
    "Request",
    "begin_assembly",
    "conform",
    "conform_request",
    "open_dataset",
    "read_layer",
    "read_quietly",
    "read_request",
]

PathLike: TypeAlias = "str | os.PathLike[str]"
PathOrPaths: TypeAlias = "PathLike | Sequence[PathLike]"

_Rows = TypeVar("_Rows")


@dataclass(frozen=True, slots=True)
class Request:
    """How a layer is to be read.

    Parameters
    ----------
    layer : str
        Name of the schema.
    source_layer, crs, encoding, extra_columns, bbox, progress
        As in `read_layer`.
    fill : callable, optional
        From the name of a dataset to the values of canonical columns that it lacks.
    """

    layer: str
    source_layer: str | None = None
    crs: Any = None
    encoding: str | None = None
    extra_columns: bool = True
    bbox: Window | None = None
    progress: bool | None = None
    fill: Callable[[str], Mapping[str, str]] | None = None


def read_layer(
    path: PathOrPaths,
    layer: str,
    *,
    source_layer: str | None = None,
    crs: Any = None,
    encoding: str | None = None,
    extra_columns: bool = True,
    bbox: Window | None = None,
    progress: bool | None = None,
) -> tuple[gpd.GeoDataFrame, LayerReport]:
    """Return a valid frame read from one or several files, and the account of the reading.

    Parameters
    ----------
    path : str, os.PathLike or sequence of them
        Any format that GDAL reads as vectors (GeoPackage, shapefile, GeoJSON, FlatGeobuf, file
        geodatabase, …), GeoParquet, a text table with coordinates, or a zip archive of one of
        them, read in place. Several files are read one after the other.
    layer : str
        Name of the schema, for example ``terrils``; see ``tvb.schema.SCHEMAS``.
    source_layer : str, optional
        Which layer of the file, where it holds several.
    crs : str, int or pyproj.CRS, optional
        System of the coordinates, where the file does not say it or says it wrongly.
    encoding : str, optional
        Encoding of the texts of a shapefile or text table; found by itself otherwise.
    extra_columns : bool
        Whether to keep the columns that the schema does not declare.
    bbox : tuple of float, optional
        West, south, east, north in EPSG:2154; only what meets the window is read.
    progress : bool, optional
        Whether to show a progress bar; by default after two seconds, on a terminal or notebook.

    Returns
    -------
    tuple of (geopandas.GeoDataFrame, LayerReport)
        The frame: EPSG:2154, two-dimensional valid geometry of the families of the schema, single
        or multiple as in the file; canonical columns in their declared types, those absent from
        the file all null; then the others; index from 0. Order of the file. The report: rows
        read, repaired, dropped by reason. An empty file gives an empty frame.

    Raises
    ------
    SourceError
        If a file is absent, unreadable, unsafe to open, or holds several layers and none is named.
    CrsError
        If the system is missing or contradicted by the coordinates.
    LayerError
        If a required column is missing, or a fault is left that reading may not repair.
    ParameterError
        If the layer is unknown, no path is given, or the window is empty.

    Warns
    -----
    CrsWarning
        If an old system is converted without the grid of the accurate conversion.

    See Also
    --------
    conform : The same for a frame in memory.

    Examples
    --------
    >>> frame, report = read_layer("terrils.gpkg", "terrils")  # doctest: +SKIP
    >>> print(report.summary())  # doctest: +SKIP
    """
    request = Request(
        layer, source_layer, crs, encoding, extra_columns, bbox, progress, fill_of_name(layer)
    )
    return read_request(path, request)


def read_request(path: PathOrPaths, request: Request) -> tuple[gpd.GeoDataFrame, LayerReport]:
    """Return a valid frame and its account; see `read_layer`.

    Parameters
    ----------
    path : str, os.PathLike or sequence of them
        Files.
    request : Request
        How to read them.

    Returns
    -------
    tuple of (geopandas.GeoDataFrame, LayerReport)
        As `read_layer` does.

    Raises
    ------
    SourceError, CrsError, LayerError, ParameterError
        As `read_layer` does.
    """
    start = time.perf_counter()
    paths = _as_paths(path, request.layer)
    assembly = begin_assembly(request, many=len(paths) > 1)
    systems: dict[str, None] = {}
    sums = []
    # A checksum takes as long as the disk and the hash do, and neither needs the interpreter.
    with (
        ThreadPoolExecutor(1) as pool,
        Bar(request.layer, unit="rows", shown=request.progress) as bar,
    ):
        for one in paths:
            found = locate(one, request.layer, request.source_layer)
            sums.append(pool.submit(checksum, found.path))
            opened = open_dataset(found, request)
            try:
                system = _feed(
                    opened, request, assembly, label=found.label, stem=found.stem, bar=bar
                )
            except (pa.ArrowInvalid, UnicodeDecodeError) as error:
                raise _unreadable_texts(found.label, request.encoding) from error
            systems[system] = None
    frame = assembly.finish()
    report = assembly.ledger.close(
        (assembly.rows_read, len(frame)),
        files=assembly.files,
        checksums=[one.result() for one in sums],
        crs_in=", ".join(systems),
        seconds=time.perf_counter() - start,
    )
    return frame, report


def _unreadable_texts(label: str, encoding: str | None) -> SourceError:
    stated = f"the encoding {encoding}" if encoding else "the encoding that the file states"
    return SourceError(
        explain(
            label,
            f"its texts are not in {stated}",
            remedy='name another with encoding= (tvb check: --encoding), for example "cp1252"',
        )
    )


def conform(
    frame: pd.DataFrame,
    layer: str,
    *,
    crs: Any = None,
    extra_columns: bool = True,
    bbox: Window | None = None,
    name: str = "frame",
) -> tuple[gpd.GeoDataFrame, LayerReport]:
    """Return a valid frame made from a raw one, and the account of what was done.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Any columns, any system; left as it is.
    layer : str
        Name of the schema.
    crs : str, int or pyproj.CRS, optional
        System of the coordinates, where the frame does not say it or says it wrongly.
    extra_columns : bool
        Whether to keep the columns that the schema does not declare.
    bbox : tuple of float, optional
        West, south, east, north in EPSG:2154; the rest is not counted as read.
    name : str
        What messages and the report call the frame.

    Returns
    -------
    tuple of (geopandas.GeoDataFrame, LayerReport)
        As `read_layer` does.

    Raises
    ------
    CrsError, LayerError, ParameterError
        As `read_layer` does.
    """
    request = Request(layer, crs=crs, extra_columns=extra_columns, bbox=bbox)
    return conform_request(frame, request, name)


def conform_request(
    frame: pd.DataFrame, request: Request, name: str
) -> tuple[gpd.GeoDataFrame, LayerReport]:
    """Return a valid frame made from a raw one; see `conform`.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Any columns, any system.
    request : Request
        What is wanted.
    name : str
        What messages and the report call the frame.

    Returns
    -------
    tuple of (geopandas.GeoDataFrame, LayerReport)
        As `conform` does.

    Raises
    ------
    CrsError, LayerError, ParameterError
        As `conform` does.
    """
    start = time.perf_counter()
    assembly = begin_assembly(request, many=False)
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        raise LayerError(
            explain(
                name,
                "the table has no geometry",
                required="a geopandas.GeoDataFrame",
                remedy="name its column with set_geometry(…)",
            )
        )
    system = _feed(_open_frame(frame), request, assembly, label=name, stem=name)
    result = assembly.finish()
    report = assembly.ledger.close(
        (assembly.rows_read, len(result)),
        files=(name,),
        checksums=(),
        crs_in=system,
        seconds=time.perf_counter() - start,
    )
    return result, report


def begin_assembly(request: Request, *, many: bool) -> Assembly:
    """Return the empty assembly that a request fills.

    Parameters
    ----------
    request : Request
        What is wanted.
    many : bool
        Whether several files come.

    Returns
    -------
    Assembly
        Without rows.

    Raises
    ------
    ParameterError
        If the layer or the encoding is unknown, or the window is empty.
    """
    try:
        codecs.lookup(request.encoding or "utf-8")
    except LookupError:
        raise ParameterError(
            explain("encoding", f"« {request.encoding} » is unknown", required="utf-8, cp1252, …")
        ) from None
    bbox = request.bbox
    if bbox is not None and not (
        len(bbox) == 4 and np.isfinite(bbox).all() and bbox[0] < bbox[2] and bbox[1] < bbox[3]
    ):
        raise ParameterError(
            explain(
                "bbox",
                f"{bbox} is not a window",
                required="west < east and south < north, in metres",
            )
        )
    return Assembly(
        get_schema(request.layer), extra_columns=request.extra_columns, bbox=bbox, many=many
    )


def _as_paths(path: PathOrPaths, layer: str) -> list[PathLike]:
    paths = [path] if isinstance(path, (str, os.PathLike)) else list(path)
    if not paths:
        raise ParameterError(explain(layer, "no file is given", required="at least one path"))
    return paths


def open_dataset(found: Located, request: Request) -> Opened:
    """Return a file ready to be read, by the reader of its format.

    Parameters
    ----------
    found : Located
        The file.
    request : Request
        What is wanted of it.

    Returns
    -------
    Opened
        Columns, system and rows.

    Raises
    ------
    SourceError, LayerError, ParameterError
        As `read_layer` does.
    """
    schema = get_schema(request.layer)
    if found.is_text:
        return open_table(found, request.encoding, schema=schema)
    if schema.cells is not None and (opened := open_cells(found, schema, request.encoding)):
        return opened
    if found.is_parquet:
        return open_parquet(found)
    return open_ogr(found, request.layer, request.encoding)


def _feed(
    opened: Opened,
    request: Request,
    assembly: Assembly,
    *,
    label: str,
    stem: str,
    bar: Bar | None = None,
) -> str:
    """Pour a dataset into the assembly; return the name of its system."""
    crs, remark = resolve_crs(opened.crs, request.crs, label)
    fill = request.fill(stem) if request.fill else {}
    plan = assembly.begin(label, opened.columns, crs=crs, fill=fill)
    system = name_of(crs)
    for note in filter(None, (*opened.notes, remark, _reprojection(system, assembly.reprojects))):
        assembly.remark(note)
    window = None if request.bbox is None else window_in(request.bbox, crs)
    columns = [*plan.source_of.values(), *(plan.extra if request.extra_columns else ())]
    if bar is not None:
        bar.expect(opened.rows)
    for batch in read_quietly(opened.read(columns, window), assembly):
        assembly.add(batch)
        if bar is not None:
            bar.advance(len(batch))
    return system


def _reprojection(system: str, reprojects: bool) -> str | None:
    return f"reprojected from {system} to EPSG:2154" if reprojects else None


def read_quietly(batches: Iterator[_Rows], assembly: Assembly) -> Iterator[_Rows]:
    """Yield batches; what the driver says while it reads them goes to the report.

    Parameters
    ----------
    batches : iterator of Batch or pyarrow.RecordBatch
        Rows as a file gives them.
    assembly : Assembly
        Whose report notes the warnings.

    Yields
    ------
    Batch or pyarrow.RecordBatch
        The same.
    """
    while True:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            batch = next(batches, None)
        for warning in said:
            assembly.remark(f"reader: {' '.join(str(warning.message).split())[:200]}")
        if batch is None:
            return
        yield batch


# Names of before, for modules that still use them.
_assembly, _open, _quietly = begin_assembly, open_dataset, read_quietly


def _open_frame(frame: gpd.GeoDataFrame) -> Opened:
    """Return a frame in memory as if it were a file."""
    attributes = pd.DataFrame(frame.drop(columns=frame.active_geometry_name))
    attributes.columns = attributes.columns.astype(str)

    def read(columns: Sequence[str] | None, window: Window | None) -> Iterator[Batch]:
        del window
        for first in range(0, len(frame), BATCH_ROWS):
            rows = slice(first, first + BATCH_ROWS)
            table = attributes.iloc[rows].reset_index(drop=True)
            nothing = np.zeros(len(table), dtype=bool)
            geometry = np.asarray(frame.geometry.iloc[rows].array, dtype=object)
            yield Batch(
                table if columns is None else table[list(columns)], geometry, nothing, nothing
            )

    return Opened(frame.crs, tuple(attributes.columns), len(frame), read)
