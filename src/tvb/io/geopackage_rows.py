"""Rows of a layer of a GeoPackage, parsed from its pages by any number of threads.

GDAL reads them one by one through SQLite, in one thread, for which all that follows has to wait.
What is not plain is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tvb.errors import SourceError, explain
from tvb.geometry.arrays import IntArray
from tvb.io.batches import fresh_array
from tvb.io.geopackage_values import Found, reader_of
from tvb.io.locate import changed_meanwhile
from tvb.io.sqlite_kernels import DAMAGED, find_cells, find_values
from tvb.io.sqlite_pages import DamagedPagesError, TablePages
from tvb.io.words import SLACK

__all__ = ["GeoPackageRows", "GeoPackageTable"]

ReadAgain: TypeAlias = Callable[[int, int], pa.RecordBatch]
Bytes: TypeAlias = NDArray[np.uint8]

_NEAR_BYTES = 2**18  # that a processor keeps at hand while all columns are read
_MOST_BYTES = 2**31 - 1


@dataclass(frozen=True, slots=True)
class GeoPackageTable:
    """What of a table is wanted.

    Parameters
    ----------
    pages : TablePages
        Its pages.
    names : mapping of str to str
        Column of the table for each column of the schema.
    rows : int or None
        Number of its rows, where the file tells.
    schema : pyarrow.Schema
        Of the batches; `tvb.io.geopackage_values.can_read` its types.
    key : str
        Column of texts, hardly two of which are the same.
    label : str
        Name of the file in messages.
    read_again : callable
        Reads the rows whose number lies above a first and up to a last one, through GDAL.
    """

    pages: TablePages
    names: Mapping[str, str]
    rows: int | None
    schema: pa.Schema
    key: str
    label: str
    read_again: ReadAgain

    def portions(self, rows: int) -> Iterator[GeoPackageRows]:
        """Yield the rows in the order of their numbers.

        Parameters
        ----------
        rows : int
            Most rows of a portion.

        Yields
        ------
        GeoPackageRows
            To be read by any thread.

        Raises
        ------
        SourceError
            If the file is damaged, or was written to meanwhile.
        """
        try:
            ends = np.cumsum(self._count_rows())
        except DamagedPagesError as error:
            raise self.damaged() from error
        first = before = 0
        while first < len(ends):
            last = max(int(np.searchsorted(ends, before + rows, side="right")), first + 1)
            held = int(ends[last - 1]) - before
            # A page that holds more rows than are wanted is read once for each part of them.
            for low in range(0, held, rows):
                yield GeoPackageRows(self, (first, last), held, low, min(rows, held - low))
            first, before = last, before + held
        if self.pages.is_changed():
            raise changed_meanwhile(self.label)

    def damaged(self) -> SourceError:
        """Return the error of a file that is not what it should be."""
        return SourceError(
            explain(
                self.label,
                "cannot be read: its pages are damaged",
                remedy="open it in QGIS to see whether it is complete, then export it again",
            )
        )

    def _count_rows(self) -> IntArray:
        """Return the number of rows of each leaf page."""
        last = self.pages.last[:-1]
        if self.rows is not None and len(last) and last[-1] < self.rows:
            # Numbers are given from 1 on: where there are as many rows, none is left out.
            counts = np.diff(np.append(last, self.rows), prepend=0)
            if (counts > 0).all():
                return counts
        return self.pages.count_rows()


@dataclass(frozen=True, slots=True)
class GeoPackageRows:
    """Rows that are to be read.

    Parameters
    ----------
    table : GeoPackageTable
        Where they are from.
    leaves : tuple of int
        First leaf page, and the one after the last.
    held : int
        Rows of these pages.
    first, count : int
        Which of them are wanted.
    """

    table: GeoPackageTable
    leaves: tuple[int, int]
    held: int
    first: int
    count: int

    def __len__(self) -> int:
        return self.count

    def load(self) -> pa.RecordBatch:
        """Return the rows.

        Returns
        -------
        pyarrow.RecordBatch
            What GDAL gives for them, but for types: few different texts may be a dictionary, and
            the geometry is of type ``binary_view``.

        Raises
        ------
        SourceError
            If the file is damaged.
        """
        pages = self.table.pages
        try:
            batch = _Parser(self.table, self.leaves, self.held).read()
        except DamagedPagesError as error:
            raise self.table.damaged() from error
        if batch is None:
            after, last = self.leaves[0] - 1, self.leaves[1] - 1
            above = int(pages.last[after]) if after >= 0 else np.iinfo(np.int64).min
            batch = self.table.read_again(int(above), int(pages.last[last]))
        is_last = self.first + self.count == self.held
        return batch.slice(self.first, None if is_last else self.count)


class _Parser:
    """Reads the records of some leaf pages."""

    def __init__(self, table: GeoPackageTable, leaves: tuple[int, int], count: int) -> None:
        place = {name: i for i, name in enumerate(table.pages.columns)}
        places = [place[table.names[name]] for name in table.schema.names]
        wanted = sorted(places)
        shape = (len(wanted), count)
        self._table, self._leaves = table, leaves
        self._columns = np.array(wanted, dtype=np.int32)
        self._kind, self._place = fresh_array(shape, np.int32), fresh_array(shape, np.int32)
        self._cells = fresh_array((count, 4), np.int64)
        self._plain = True
        self._readers = []
        for field, column in zip(table.schema, places, strict=True):
            k = wanted.index(column)
            found = Found(self._kind[k], self._place[k])
            self._readers.append(reader_of(field.type, found, is_key=field.name == table.key))

    def read(self) -> pa.RecordBatch | None:
        """Return the records; None if something in them is not as the schema says."""
        content = self._read_pages()
        if content is None:
            return None
        long = np.flatnonzero(self._cells[:, 2] > self._cells[:, 3])
        if len(long):
            content = self._append(content, long)
            for i in long.tolist():
                self._read_records(content, i, i + 1)
        arrays = [reader.finish(content) for reader in self._readers] if self._plain else [None]
        if any(array is None for array in arrays):
            return None
        return pa.RecordBatch.from_arrays(arrays, names=self._table.schema.names)

    def _read_pages(self) -> Bytes | None:
        """Read pages, and the records that lie in them; None if there are not as many."""
        table, count, before = self._table.pages, 0, self._leaves[0]
        size, usable = table.page_bytes, table.usable
        data = fresh_array(((self._leaves[1] - before) * size + SLACK,), np.uint8)
        step = max(_NEAR_BYTES // size, 1)
        for first in range(*self._leaves, step):
            last, low = min(first + step, self._leaves[1]), count
            start, end = (first - before) * size, (last - before) * size
            table.read(slice(first, last), data[start:end])
            count = find_cells(data, size, usable, start, end, self._cells, low)
            if count == DAMAGED:
                return None
            self._read_records(data, low, count)
        return data if count == len(self._cells) else None

    def _read_records(self, content: Bytes, low: int, high: int) -> None:
        short = find_values(content, self._columns, self._cells, low, high, self._kind, self._place)
        if short == DAMAGED:
            raise DamagedPagesError
        self._plain &= short == 0 or not self._table.pages.has_defaults
        for reader in self._readers:
            self._plain = self._plain and reader.read(content, low, high)

    def _append(self, data: Bytes, long: IntArray) -> Bytes:
        """Return the bytes, with records of several pages whole at their end; mend their cells."""
        pieces, end = [data], len(data)
        for i in long.tolist():
            _, start, size, held = self._cells[i].tolist()
            first = int.from_bytes(data[start + held : start + held + 4].tobytes(), "big")
            rest = self._table.pages.read_overflow(first, size - held)
            pieces += [data[start : start + held], rest]
            self._cells[i, 1:] = end, size, size
            end += size
        if end > _MOST_BYTES:
            raise DamagedPagesError
        return np.concatenate([*pieces, np.zeros(SLACK, dtype=np.uint8)])
