"""What every kind of file turns into: its columns, its system, and batches of raw rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from tvb.io.text import TEXT

__all__ = [
    "BATCH_ROWS",
    "TO_PANDAS",
    "Batch",
    "Deferred",
    "Opened",
    "Window",
    "arrow_batch",
    "decode_wkb",
    "fresh_array",
    "has_hollow_values",
    "read_attributes",
]

BATCH_ROWS = 32_768
"""Rows held at a time beside the result."""

Window = tuple[float, float, float, float]

TO_PANDAS = {
    **dict.fromkeys((pa.string(), pa.large_string()), TEXT),
    **dict.fromkeys(
        (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32()),
        pd.Int64Dtype(),
    ),
    pa.bool_(): pd.BooleanDtype(),
}
"""Types of pandas that keep what types of Arrow hold, nulls included."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows as the file holds them.

    Parameters
    ----------
    table : pandas.DataFrame
        Attributes, on an index from 0.
    geometry : numpy.ndarray of shapely.Geometry
        In the system of the file.
    healed : numpy.ndarray of bool
        Rows whose bytes broke the format (a ring not closed) and could be read all the same.
    unreadable : numpy.ndarray of bool
        Rows whose bytes could not be read; their geometry is null.
    """

    table: pd.DataFrame
    geometry: NDArray[Any]
    healed: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.table)


@runtime_checkable
class Deferred(Protocol):
    """Some rows of a file, still to be read, by any thread."""

    def __len__(self) -> int:
        """Return how many there are."""

    def load(self) -> pa.RecordBatch:
        """Return them as the file holds them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A dataset ready to be read.

    Parameters
    ----------
    crs : object
        What the file says of its system; None when it says nothing.
    columns : tuple of str
        Attributes, geometry excluded.
    rows : int or None
        Number of rows, where the file tells.
    read : callable
        Takes the columns wanted (None for all) and a window in the system of the file (or None);
        yields batches.
    notes : tuple of str
        Remarks for the report.
    """

    crs: Any
    columns: tuple[str, ...]
    rows: int | None
    read: Callable[[Sequence[str] | None, Window | None], Iterator[Batch]]
    notes: tuple[str, ...] = ()


def decode_wkb(
    values: NDArray[Any],
) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return geometry from well-known binary.

    Parameters
    ----------
    values : numpy.ndarray of bytes
        None where the geometry is null.

    Returns
    -------
    tuple of numpy.ndarray
        Geometry; rows whose rings had to be closed; rows that could not be read.

    Raises
    ------
    NotImplementedError
        If a geometry is a curve.
    """
    geometry = np.asarray(shapely.from_wkb(values, on_invalid="ignore"), dtype=object)
    given = np.array([value is not None for value in values], dtype=bool)
    failed = given & shapely.is_missing(geometry)
    if failed.any():
        geometry[failed] = shapely.from_wkb(values[failed], on_invalid="fix")
    unreadable = failed & shapely.is_missing(geometry)
    return geometry, failed & ~unreadable, unreadable


def has_hollow_values(column: pa.Array) -> bool:
    """Tell whether some values of a column end where, or before, they begin.

    Parameters
    ----------
    column : pyarrow.BinaryArray
        Well-known binary, of which no geometry takes less than a byte. Only the ends of its values
        are looked at: where they go back, to look at the values themselves may end the process.

    Returns
    -------
    bool
        Nulls that the column marks as such do not count.
    """
    first, count = column.offset, len(column)
    if count == 0:
        return False
    ends = np.frombuffer(column.buffers()[1], dtype=np.int32, count=count + 1, offset=4 * first)
    hollow = np.diff(ends) <= 0
    if column.null_count:
        hollow &= column.is_valid().to_numpy(zero_copy_only=False)
    return bool(hollow.any())


def arrow_batch(batch: pa.RecordBatch, geometry_column: str) -> Batch:
    """Return the rows of an Arrow batch.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        Attributes and one column of well-known binary.
    geometry_column : str
        Its name.

    Returns
    -------
    Batch
        Text as ``str``, integers as ``Int64``, booleans as ``boolean``.

    Raises
    ------
    NotImplementedError
        If a geometry is a curve.
    """
    place = batch.schema.get_field_index(geometry_column)
    column = batch.column(place)
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    geometry, healed, unreadable = decode_wkb(column.to_numpy(zero_copy_only=False))
    return Batch(read_attributes(batch.remove_column(place)), geometry, healed, unreadable)


def read_attributes(batch: pa.RecordBatch) -> pd.DataFrame:
    """Return the attributes of an Arrow batch.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
        Attributes only.

    Returns
    -------
    pandas.DataFrame
        Text as ``str``, integers as ``Int64``, booleans as ``boolean``, on an index from 0.
    """
    if batch.num_columns == 0:  # Arrow then forgets how many rows there are
        return pd.DataFrame(index=pd.RangeIndex(batch.num_rows))
    table: pd.DataFrame = pa.Table.from_batches([batch]).to_pandas(
        types_mapper=TO_PANDAS.get, date_as_object=False, ignore_metadata=True
    )
    return table


def fresh_array(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Return an array to be written, in memory that Arrow keeps for the next one.

    The system takes longer to give new memory than it takes to fill it.

    Parameters
    ----------
    shape : tuple of int
        Its shape.
    dtype : type
        Of its values.

    Returns
    -------
    numpy.ndarray
        Anything may be in it.
    """
    count = math.prod(shape)
    buffer = pa.allocate_buffer(count * np.dtype(dtype).itemsize)
    return np.frombuffer(buffer, dtype=dtype, count=count).reshape(shape)
