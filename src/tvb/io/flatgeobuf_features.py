"""Features of a FlatGeobuf file turned into columns of Arrow, a block of bytes at a time.

New memory costs the system more than filling it: bytes are of the pool of Arrow, which gives the
same ones again from portion to portion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import FileIO
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tvb.geometry.arrays import BoolArray
from tvb.io.batches import fresh_array
from tvb.io.flatgeobuf_kernels import (
    TIME,
    Layout,
    Rows,
    copy_texts,
    match_texts,
    new_rows,
    new_spellings,
    read_features,
)
from tvb.io.words import SLACK, Bytes, Words

__all__ = [
    "GEOMETRY_TYPE",
    "WIDTHS",
    "Blocks",
    "Features",
    "ManySpellingsError",
    "Wanted",
    "type_of",
]

GEOMETRY_TYPE = pa.large_binary()
"""Type of the column of well-known binary."""

WIDTHS = (1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 0, 0, TIME, 0)
"""Bytes of a value, as `Layout` has them, by type of column."""

# Not those of one byte (types 0 and 1): GDAL (seen in 3.12) gives other numbers for them in Arrow.
_NUMBERS: dict[int, tuple[type[np.generic], pa.DataType]] = {
    2: (np.uint8, pa.bool_()),
    3: (np.int16, pa.int16()),
    4: (np.uint16, pa.int32()),
    5: (np.int32, pa.int32()),
    6: (np.uint32, pa.int64()),
    7: (np.int64, pa.int64()),
    8: (np.uint64, pa.float64()),
    9: (np.float32, pa.float32()),
    10: (np.float64, pa.float64()),
}
_TEXT = 11

# A block stays in the cache of a core from reading to the last look at it.
_BLOCK_BYTES = 2**20
_MOST_FEATURE_BYTES = 2**30


def type_of(code: int) -> pa.DataType | None:
    """Return what GDAL makes of a type of column.

    Parameters
    ----------
    code : int
        As the header has it.

    Returns
    -------
    pyarrow.DataType or None
        None for times, numbers of one byte and others that are not read here.
    """
    return pa.string() if code == _TEXT else _NUMBERS.get(code, (None, None))[1]


class Wanted(NamedTuple):
    """A column wanted: its name, and its type in the header."""

    name: str
    code: int


class Blocks:
    """A stretch of a file, a block at a time; what of one is not used comes first in the next.

    Parameters
    ----------
    file : binary file
        Without a buffer of its own.
    span : tuple of int
        Where the stretch starts and ends.

    Attributes
    ----------
    data : numpy.ndarray of uint8
        The block.
    held : int
        Bytes of it that are there.
    """

    def __init__(self, file: FileIO, span: tuple[int, int]) -> None:
        self._file, self._left, self.held = file, span[1] - span[0], 0
        self.data = fresh_array((_BLOCK_BYTES + SLACK,), np.uint8)
        file.seek(span[0])

    @property
    def rest(self) -> int:
        """Bytes that were not used, or not read."""
        return self._left + self.held

    def fill(self) -> bool:
        """Read on.

        Returns
        -------
        bool
            Whether there was more.
        """
        room = len(self.data) - SLACK - self.held
        if room == 0:
            room = self._grow()
        stop = self.held + min(room, self._left)
        read = self._file.readinto(self.data[self.held : stop].data)  # none: the file was cut short
        self._left -= read
        self.held += read
        return read > 0

    def drop(self, used: int) -> None:
        """Forget the first bytes.

        Parameters
        ----------
        used : int
            How many.
        """
        self.data[: self.held - used] = self.data[used : self.held]
        self.held -= used

    def _grow(self) -> int:
        """Make room for a feature that is larger than a block, and return how much there is."""
        size = 4 + _number_at(self.data, 0)
        if size > min(self.rest, _MOST_FEATURE_BYTES):
            return 0
        before, self.data = self.data, fresh_array((size + SLACK,), np.uint8)
        self.data[: self.held] = before[: self.held]
        return size - self.held


class ManySpellingsError(Exception):
    """Too many texts of a column are different for a dictionary.

    Parameters
    ----------
    name : str
        The column.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Features:
    """The features of a portion, as far as they have been read.

    Parameters
    ----------
    layout : Layout
        Of the file.
    columns : sequence of Wanted
        In the order of their slots.
    shape : tuple of int
        Number of features, and of bytes.
    spelled : collection of str
        Texts to be read as dictionaries.

    Attributes
    ----------
    odd : dict of int to bytes
        Those that are left to GDAL, by row.
    """

    def __init__(
        self,
        layout: Layout,
        columns: Sequence[Wanted],
        shape: tuple[int, int],
        *,
        spelled: set[str],
    ) -> None:
        self.odd: dict[int, bytes] = {}
        self._layout, self._columns = layout, columns
        count, size = shape
        values = fresh_array((len(columns), count), np.uint64)
        self._rows = new_rows(layout, values)
        self._wkb = fresh_array((size + SLACK,), np.uint8)
        self._texts = {
            slot: (_Spelled if column.name in spelled else _Copied)(self._rows, slot, size)
            for slot, column in enumerate(columns)
            if column.code == _TEXT
        }

    def take(self, blocks: Blocks, row: int) -> tuple[int, int]:
        """Take the features that are whole in a block.

        Parameters
        ----------
        blocks : Blocks
            Filled.
        row : int
            Of the first.

        Returns
        -------
        tuple of int
            The row that comes next, and the bytes used.

        Raises
        ------
        ManySpellingsError
            If a text to be read as a dictionary cannot be.
        """
        rows, data = self._rows, blocks.data
        last, used = read_features(data, blocks.held, row, self._layout, rows, self._wkb)
        for slot, texts in self._texts.items():
            if not texts.take(data, slice(row, last)):
                raise ManySpellingsError(self._columns[slot].name)
        odd = rows.odd[row:last]
        for at in np.flatnonzero(odd >= 0).tolist():
            start = int(odd[at])
            size = 4 + _number_at(data, start)
            self.odd[row + at] = data[start : start + size].tobytes()
        return last, used

    def arrays(self) -> Iterator[pa.Array]:
        """Yield the columns wanted, the geometry last; odd rows have no value in them.

        Yields
        ------
        pyarrow.Array
            Of all features.
        """
        rows = self._rows
        for slot, column in enumerate(self._columns):
            if slot in self._texts:
                yield self._texts[slot].array()
            else:
                yield _numbers(rows.values[slot], rows.given[slot], column.code)
        wkb = self._wkb[: rows.ends[-1]]
        yield _array(GEOMETRY_TYPE, np.ones(len(rows.odd), dtype=bool), rows.ends, wkb)


class _Copied:
    """The texts of a column, as they are."""

    def __init__(self, rows: Rows, slot: int, size: int) -> None:
        self._places, self._given = rows.values[slot], rows.given[slot]
        self._ends = np.zeros(len(rows.ends), dtype=np.int32)
        self._texts = fresh_array((size + SLACK,), np.uint8)

    def take(self, data: Bytes, rows: slice) -> bool:
        ends = self._ends[rows.start : rows.stop + 1]
        copy_texts(data, self._places[rows], self._given[rows], ends, self._texts)
        return True

    def array(self) -> pa.Array:
        return _array(pa.string(), self._given, self._ends, self._texts[: self._ends[-1]])


class _Spelled:
    """The texts of a column of which few are different, by their spellings."""

    def __init__(self, rows: Rows, slot: int, _: int) -> None:
        self._places, self._given = rows.values[slot], rows.given[slot]
        self._matched = np.empty(len(rows.odd), dtype=np.int32)
        self._spellings = new_spellings()

    def take(self, data: Bytes, rows: slice) -> bool:
        places, given, matched = self._places[rows], self._given[rows], self._matched[rows]
        return match_texts(data, places, given, self._spellings, matched)

    def array(self) -> pa.Array:
        words, sizes, (known,) = self._spellings
        texts = [words[i].tobytes()[: sizes[i]] for i in range(known)]
        different = pa.array(texts, pa.binary()).view(pa.string())
        index = _array(pa.int32(), self._given, self._matched)
        return pa.DictionaryArray.from_arrays(index, different)


def _numbers(values: Words, given: BoolArray, code: int) -> pa.Array:
    """Return a column from the bits of its numbers, the low ones of eight bytes."""
    stored, wanted = _NUMBERS[code]
    numbers = values.view(stored)[:: values.itemsize // np.dtype(stored).itemsize]
    if pa.types.is_boolean(wanted):
        return _array(wanted, given, np.packbits(numbers != 0, bitorder="little"))
    return _array(wanted, given, numbers.astype(wanted.to_pandas_dtype()))


def _array(wanted: pa.DataType, given: BoolArray, *buffers: NDArray[Any]) -> pa.Array:
    """Return an array of Arrow over the bytes of numpy arrays."""
    valid = None if given.all() else np.packbits(given, bitorder="little")
    return pa.Array.from_buffers(
        wanted,
        len(given),
        [None if buffer is None else pa.py_buffer(buffer) for buffer in (valid, *buffers)],
    )


def _number_at(data: Bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4].tobytes(), "little")
