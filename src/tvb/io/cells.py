"""Tables without geometry whose rows are squares that an identifier names.

INSEE delivers its grid of 200 m as text, Parquet or GeoPackage, with the geometry or without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from tvb.errors import SourceError, explain
from tvb.geometry.squares import GRID_CRS, square_cells
from tvb.io.batches import BATCH_ROWS, Batch, Opened, Window, read_attributes
from tvb.io.columns import fold
from tvb.io.locate import Located
from tvb.schema import LayerSchema

__all__ = ["cell_column", "open_cells"]

_ERRORS = (DataSourceError, DataLayerError, pa.ArrowInvalid, OSError, ValueError)
_Stream = Callable[[Sequence[str] | None], Iterator[pa.RecordBatch]]
_Table = tuple[tuple[str, ...], int | None, _Stream]
_NOTHING: _Table = ((), None, lambda _: iter(()))


def cell_column(names: Sequence[str], schema: LayerSchema) -> str | None:
    """Return the column of a file that names squares.

    Parameters
    ----------
    names : sequence of str
        Columns of the file.
    schema : LayerSchema
        Declaration of the layer.

    Returns
    -------
    str or None
        As in the file; None where there is none, or the layer is not made of squares.
    """
    if schema.cells is None:
        return None
    column = schema.column(schema.cells)
    by_fold = {fold(name): name for name in reversed(names)}
    known = (by_fold.get(fold(word)) for word in (column.name, *column.aliases))
    return next(filter(None, known), None)


def open_cells(found: Located, schema: LayerSchema, encoding: str | None) -> Opened | None:
    """Return a table without geometry ready to be read as squares.

    Parameters
    ----------
    found : Located
        Parquet, or any format that GDAL reads.
    schema : LayerSchema
        Declaration of the layer.
    encoding : str or None
        Encoding of the texts, where the user forces one.

    Returns
    -------
    Opened or None
        Squares in EPSG:3035; None where the file has a geometry, or no column that names squares:
        it is then like any other.

    Raises
    ------
    SourceError
        If the file cannot be read.
    """
    try:
        names, rows, stream = _parquet(found) if found.is_parquet else _plain_table(found, encoding)
    except _ERRORS as error:
        raise _unreadable(found, error) from error
    column = cell_column(names, schema)
    if column is None:
        return None
    notes = (f"squares of {GRID_CRS} made from « {column} »",)
    return Opened(GRID_CRS, names, rows, _Reader(found, column, stream), notes)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads batches of one table and draws the square of each row."""

    found: Located
    column: str
    stream: _Stream

    def __call__(self, columns: Sequence[str] | None, window: Window | None) -> Iterator[Batch]:
        del window
        try:
            for batch in self.stream(columns):
                table = read_attributes(batch)
                yield with_squares(table, self.column)
        except _ERRORS as error:
            raise _unreadable(self.found, error) from error


def with_squares(table: pd.DataFrame, column: str) -> Batch:
    """Return rows with the squares that they name.

    Parameters
    ----------
    table : pandas.DataFrame
        Attributes, on an index from 0.
    column : str
        Column of identifiers.

    Returns
    -------
    Batch
        In EPSG:3035; what names no square cannot be read.
    """
    squares, wrong = square_cells(table[column])
    return Batch(table, squares, np.zeros(len(table), dtype=bool), wrong)


def _parquet(found: Located) -> _Table:
    """Return columns, rows and batches of a Parquet file; no column if it has a geometry.

    A Parquet file in an archive is left to `tvb.io.parquet`.
    """
    if found.member is not None:
        return _NOTHING
    file = pq.ParquetFile(found.path)
    if b"geo" in (file.schema_arrow.metadata or {}):
        file.close()
        return _NOTHING

    def stream(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        with file:
            yield from file.iter_batches(BATCH_ROWS, columns=columns)

    names = tuple(n for n in file.schema_arrow.names if not n.startswith("__index"))
    return names, file.metadata.num_rows, stream


def _plain_table(found: Located, encoding: str | None) -> _Table:
    """Return columns, rows and batches of what GDAL reads; no column if it has a geometry."""
    listed = pyogrio.list_layers(found.address)
    tables = [str(name) for name, geometry in listed if geometry is None]
    wanted = found.source_layer or (tables[0] if len(listed) == len(tables) == 1 else None)
    if wanted not in tables:
        return _NOTHING
    options: dict[str, Any] = {"layer": wanted}
    options |= {"encoding": encoding} if encoding else {}
    info = pyogrio.read_info(found.address, **options)

    def stream(columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        chosen = {} if columns is None else {"columns": list(columns)}
        with pyogrio.open_arrow(
            found.address, read_geometry=False, use_pyarrow=True, batch_size=BATCH_ROWS,
            **chosen, **options,
        ) as (_, batches):  # fmt: skip
            yield from batches

    rows = int(info["features"])
    return tuple(map(str, info["fields"])), rows if rows >= 0 else None, stream


def _unreadable(found: Located, error: Exception) -> SourceError:
    text = " ".join(str(error).split()).rstrip(".")[:200]
    return SourceError(
        explain(found.label, f"cannot be read: {text}", remedy="export the table again")
    )
