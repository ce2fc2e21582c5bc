"""The values of a column of a GeoPackage, read record by record into an array of Arrow."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tvb.io.batches import fresh_array
from tvb.io.sqlite_kernels import (
    SLOTS,
    are_texts,
    copy_texts,
    find_geometries,
    number_texts,
    read_numbers,
)
from tvb.io.words import SLACK, Bytes

__all__ = ["Found", "ValueReader", "can_read", "reader_of"]

Places: TypeAlias = NDArray[np.int32]

_WHOLE = (pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64())
_MOST_DIFFERENT = 64  # texts, beyond which they are not numbered
_KEY_BYTES = 32  # room for each key; where they are longer, more is made


class Found(NamedTuple):
    """The values of a column in n records, as `tvb.io.sqlite_kernels.find_values` finds them.

    ``kind`` is the serial type of each, 0 for null, ``place`` where its bytes start.
    """

    kind: Places
    place: Places

    def array(self, wanted: pa.DataType, *buffers: Any) -> pa.Array:
        """Return an array of Arrow over buffers, null where there is no value."""
        given = self.kind != 0
        valid = None if given.all() else pa.py_buffer(np.packbits(given, bitorder="little"))
        buffers = tuple(pa.py_buffer(buffer) for buffer in buffers)
        return pa.Array.from_buffers(wanted, len(given), [valid, *buffers])


class ValueReader(Protocol):
    """Reads the values of a column."""

    def read(self, content: Bytes, low: int, high: int) -> bool:
        """Read some records, most often those that follow the last ones.

        Parameters
        ----------
        content : numpy.ndarray
            Bytes, and `tvb.io.words.SLACK` more.
        low, high : int
            Which records.

        Returns
        -------
        bool
            False if some value is not of the type of the column.
        """

    def finish(self, content: Bytes) -> pa.Array | None:
        """Return all values; None if some is beyond the limits of the type."""


def can_read(wanted: pa.DataType) -> bool:
    """Tell whether there is a reader for a type.

    Parameters
    ----------
    wanted : pyarrow.DataType
        Of a column, as GDAL gives it.

    Returns
    -------
    bool
        False for dates, real numbers of 32 bits and other rare types.
    """
    return wanted in {*_WHOLE, pa.float64(), pa.string(), pa.binary_view()}


def reader_of(wanted: pa.DataType, found: Found, *, is_key: bool) -> ValueReader:
    """Return the reader of a column.

    Parameters
    ----------
    wanted : pyarrow.DataType
        Type of the values; well-known binary is ``binary_view``.
    found : Found
        Where they are.
    is_key : bool
        Whether hardly two of them are the same.

    Returns
    -------
    ValueReader
        Of all records.
    """
    if wanted == pa.binary_view():
        return _Geometries(found)
    if wanted == pa.string():
        return _Keys(found) if is_key else _Texts(found)
    return _Numbers(found, wanted)


class _Geometries:
    """Well-known binary, left where it is."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._views = fresh_array((len(found.kind), 4), np.int32)

    def read(self, content: Bytes, low: int, high: int) -> bool:
        return find_geometries(content, *self._found, low, high, self._views)

    def finish(self, content: Bytes) -> pa.Array | None:
        return self._found.array(pa.binary_view(), self._views, content)


class _Numbers:
    """Numbers, and truth values, which are 0 and 1."""

    def __init__(self, found: Found, wanted: pa.DataType) -> None:
        self._found, self._wanted = found, wanted
        self._stored: Any = np.dtype(wanted.to_pandas_dtype())
        self._whole = fresh_array((len(found.kind),), np.int64)

    def read(self, content: Bytes, low: int, high: int) -> bool:
        as_real = self._stored.kind == "f"
        return read_numbers(content, *self._found, low, high, self._whole, as_real)

    def finish(self, content: Bytes) -> pa.Array | None:
        del content
        kind, whole = self._stored.kind, self._whole
        if kind == "f":
            return self._found.array(self._wanted, whole)
        low, high = (0, 1)
        if kind != "b":
            low, high = np.iinfo(self._stored).min, np.iinfo(self._stored).max
        if len(whole) and (whole.min() < low or whole.max() > high):
            return None
        if kind == "b":
            return self._found.array(self._wanted, np.packbits(whole, bitorder="little"))
        return self._found.array(self._wanted, whole.astype(self._stored, copy=False))


class _Keys:
    """Texts that are copied one after the other."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._ends = np.zeros(len(found.kind) + 1, dtype=np.int32)
        self._texts = fresh_array((len(found.kind) * _KEY_BYTES + SLACK,), np.uint8)
        self._copied = 0

    def read(self, content: Bytes, low: int, high: int) -> bool:
        if low == self._copied:
            ends, into = self._ends, self._texts
            self._copied = copy_texts(content, *self._found, low, high, ends, into)
        else:  # there was no room, or a record is read again
            self._copied = -1
        return are_texts(self._found.kind, low, high)

    def finish(self, content: Bytes) -> pa.Array | None:
        if self._copied != len(self._found.kind):
            return _copy_all(content, self._found)
        return self._found.array(pa.string(), self._ends, self._texts)


class _Texts:
    """Texts of which there may be a few different ones only: then they make a dictionary."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._index = np.empty(len(found.kind), dtype=np.int32)
        self._slots = np.full(SLOTS, -1, dtype=np.int32)
        self._examples = np.full(_MOST_DIFFERENT, -1, dtype=np.int32)
        self._different = 0

    def read(self, content: Bytes, low: int, high: int) -> bool:
        if not are_texts(self._found.kind, low, high):
            return False
        if self._different >= 0:
            self._different = number_texts(
                content, *self._found, low, high, self._index, self._slots, self._examples
            )
        return True

    def finish(self, content: Bytes) -> pa.Array | None:
        if self._different < 1:
            return _copy_all(content, self._found)
        rows = self._examples[: self._different]
        different = _copy_all(content, Found(*(array[rows] for array in self._found)))
        return pa.DictionaryArray.from_arrays(self._found.array(pa.int32(), self._index), different)


def _copy_all(content: Bytes, found: Found) -> pa.Array | None:
    """Return texts; None if they are more than an array of Arrow holds."""
    size = int(np.maximum(found.kind.astype(np.int64) - 12, 0).sum()) // 2
    if size > np.iinfo(np.int32).max - SLACK:
        return None
    rows = len(found.kind)
    ends, texts = np.zeros(rows + 1, dtype=np.int32), np.empty(size + SLACK, dtype=np.uint8)
    copy_texts(content, *found, 0, rows, ends, texts)
    return found.array(pa.string(), ends, texts)
