"""The pages of one table of an SQLite database, as its file holds them.

References
----------
SQLite, "Database File Format", sections 1.3 (header), 1.5 and 1.6 (b-tree pages, overflow pages).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tvb.geometry.arrays import IntArray

__all__ = ["DamagedPagesError", "TablePages", "open_table_pages"]

Bytes = NDArray[np.uint8]

_MAGIC, _HEAD_BYTES = b"SQLite format 3\0", 100
_ROLLBACK, _UTF_8, _NEWEST_SCHEMA = 1, 1, 4
_FEWEST_BYTES = 512
_INTERIOR, _LEAF = 0x05, 0x0D
_INTERIOR_HEAD = 12
_LONGEST_VARINT, _MORE = 9, 0x80
_MOST_LEVELS = 20
_BLOCK_PAGES = 256
_SIDE_FILES = ("-journal", "-wal")


class DamagedPagesError(Exception):
    """What should be a page of the table is none."""


class _Head(NamedTuple):
    """What the header of the file says."""

    page_bytes: int
    usable: int
    changes: int
    pages: int


class TablePages:
    """The leaf pages of a table, which hold its rows in the order of their numbers.

    The file is read without locking it: `is_changed` tells, at the end, whether all of what was
    read belongs together. Made by `open_table_pages`; any thread may read.

    Parameters
    ----------
    path : pathlib.Path
        The database.
    file : file object
        The same, open without a buffer.
    head : tuple
        What its header says.
    columns : sequence of str
        Names in the order of the records; that of the key, which is the number of the row and null
        in its record, among them.
    has_defaults : bool
        Whether a value that a record does not hold may be another than null.

    Attributes
    ----------
    leaves : numpy.ndarray, shape (k,)
        Numbers of the pages.
    last : numpy.ndarray, shape (k,)
        Largest number of a row that each of them may hold.
    """

    def __init__(
        self,
        path: Path,
        file: BinaryIO,
        head: _Head,
        *,
        columns: Sequence[str],
        has_defaults: bool,
    ) -> None:
        self._path, self._file, self._head = path, file, head
        self._lock = threading.Lock()
        # Portions keep the table, any of them may be the last one to be read.
        weakref.finalize(self, file.close)
        self.columns, self.has_defaults = columns, has_defaults
        self.leaves = self.last = self._gaps = np.empty(0, dtype=np.int64)

    @property
    def page_bytes(self) -> int:
        """Bytes of a page."""
        return self._head.page_bytes

    @property
    def usable(self) -> int:
        """Bytes of a page that hold cells."""
        return self._head.usable

    def read(self, leaves: slice, pages: Bytes) -> None:
        """Read some leaf pages.

        Parameters
        ----------
        leaves : slice
            Which of them.
        pages : numpy.ndarray of uint8, shape (k * page_bytes,)
            Written: their bytes.

        Raises
        ------
        DamagedPagesError
            If the file ends before.
        """
        low, high = np.searchsorted(self._gaps, (leaves.start + 1, leaves.stop))
        self._read_runs(self.leaves[leaves], self._gaps[low:high] - leaves.start, pages)

    def read_overflow(self, number: int, count: int) -> Bytes:
        """Read what of a record did not fit into its page.

        Parameters
        ----------
        number : int
            The first page of the others.
        count : int
            Bytes wanted.

        Returns
        -------
        numpy.ndarray of uint8, shape (count,)
            The bytes.

        Raises
        ------
        DamagedPagesError
            If there are not so many.
        """
        if count > self._head.pages * self.page_bytes:
            raise DamagedPagesError
        page, found, done = np.empty(self.page_bytes, np.uint8), np.empty(count, np.uint8), 0
        while done < count:
            if not 0 < number <= self._head.pages:
                raise DamagedPagesError
            self._read_at((number - 1) * self.page_bytes, page)
            some = page[4 : self.usable][: count - done]
            found[done : done + len(some)] = some
            done += len(some)
            number = int.from_bytes(page[:4].tobytes(), "big")
        return found

    def count_rows(self) -> IntArray:
        """Return the number of rows of each leaf page, which takes reading them all.

        Returns
        -------
        numpy.ndarray, shape (k,)
            Numbers.

        Raises
        ------
        DamagedPagesError
            If the file ends before.
        """
        counts = np.empty(len(self.leaves), dtype=np.int64)
        pages = np.empty((_BLOCK_PAGES, self.page_bytes), dtype=np.uint8)
        for first in range(0, len(counts), _BLOCK_PAGES):
            leaves = slice(first, min(first + _BLOCK_PAGES, len(counts)))
            some = pages[: leaves.stop - first]
            self.read(leaves, some.reshape(-1))
            counts[leaves] = _number(some[:, 3:5])
        return counts

    def is_changed(self) -> bool:
        """Tell whether the file was written to since it was opened, or is being written to."""
        try:
            return _is_busy(self._path) or _read_head(self._file, self._lock) != self._head
        except OSError:
            return True

    def find_leaves(self, root: int) -> None:
        """Find the leaf pages, which all lie as deep.

        Parameters
        ----------
        root : int
            The page at the top.

        Raises
        ------
        DamagedPagesError
            If there is no such tree.
        """
        self.leaves, self.last = np.array([root]), np.array([np.iinfo(np.int64).max])
        for _ in range(_MOST_LEVELS):
            self._gaps = np.flatnonzero(np.diff(self.leaves) != 1) + 1
            first = np.empty(self.page_bytes, dtype=np.uint8)
            self.read(slice(0, 1), first)
            if first[0] == _LEAF:
                return
            pages = np.empty((len(self.leaves), self.page_bytes), dtype=np.uint8)
            self.read(slice(0, len(self.leaves)), pages.reshape(-1))
            self.leaves, self.last = _list_children(pages, self.usable, self.last)
        raise DamagedPagesError

    def _read_runs(self, numbers: IntArray, starts: IntArray, pages: Bytes) -> None:
        """Read pages, some of which follow each other in the file but for where runs start."""
        size = self.page_bytes
        for first, last in zip([0, *starts], [*starts, len(numbers)], strict=True):
            self._read_at((int(numbers[first]) - 1) * size, pages[first * size : last * size])

    def _read_at(self, place: int, into: Bytes) -> None:
        view = into.data
        while view.nbytes:
            count = self._read_some(place, view)
            if not count:
                raise DamagedPagesError
            place, view = place + count, view[count:]

    def _read_some(self, place: int, into: memoryview) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [into], place)
        with self._lock:  # Windows
            self._file.seek(place)
            return int(self._file.readinto(into))  # type: ignore[attr-defined]


def open_table_pages(path: Path, table: str) -> TablePages | None:
    """Return the pages of a table.

    Parameters
    ----------
    path : pathlib.Path
        An SQLite database.
    table : str
        Its name.

    Returns
    -------
    TablePages or None
        None where the file must be left to SQLite: it is being written to, or damaged; its texts
        are not in UTF-8; rows are not kept in the order of an integer key; a column is computed.
    """
    try:
        if _is_busy(path):
            return None
        described = _describe(path, table)
        file = path.open("rb", buffering=0)
    except (OSError, sqlite3.Error):
        return None
    try:
        head = _read_head(file, threading.Lock())
        if described is None or head is None:
            file.close()
            return None
        root, columns, has_defaults = described
        found = TablePages(path, file, head, columns=columns, has_defaults=has_defaults)
        found.find_leaves(root)
    except (OSError, DamagedPagesError):
        file.close()
        return None
    return None if found.is_changed() else found


def _is_busy(path: Path) -> bool:
    """Tell whether some of the database may lie in another file."""
    beside = (path.with_name(path.name + suffix) for suffix in _SIDE_FILES)
    return any(file.exists() and file.stat().st_size > 0 for file in beside)


def _read_head(file: BinaryIO, lock: threading.Lock) -> _Head | None:
    """Return what the header says; None where this is not known here."""
    with lock:
        file.seek(0)
        head = file.read(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES or not head.startswith(_MAGIC):
        return None
    page_bytes = int.from_bytes(head[16:18], "big")
    page_bytes = 65_536 if page_bytes == 1 else page_bytes
    known = (
        page_bytes >= _FEWEST_BYTES
        and set(head[18:20]) == {_ROLLBACK}
        and int.from_bytes(head[44:48], "big") <= _NEWEST_SCHEMA
        and int.from_bytes(head[56:60], "big") == _UTF_8
    )
    if not known:
        return None
    pages = os.fstat(file.fileno()).st_size // page_bytes
    return _Head(page_bytes, page_bytes - head[20], int.from_bytes(head[24:28], "big"), pages)


def _describe(path: Path, table: str) -> tuple[int, list[str], bool] | None:
    """Return the first page of a table, its columns, and whether some have a default value."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        found = database.execute(
            "SELECT rootpage, sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
        ).fetchone()
        columns = database.execute(
            "SELECT name, type, dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid",
            (table,),
        ).fetchall()
    keys = [kind.upper() for _, kind, _, key, _ in columns if key]
    computed = any(hidden for *_, hidden in columns)
    if found is None or keys != ["INTEGER"] or computed or "WITHOUT" in str(found[1]).upper():
        return None
    has_defaults = any(default is not None for _, _, default, _, _ in columns)
    return int(found[0]), [name for name, *_ in columns], has_defaults


def _list_children(pages: Bytes, usable: int, last: IntArray) -> tuple[IntArray, IntArray]:
    """Return the pages below interior pages, in order, and the largest key that each may hold."""
    counts = _number(pages[:, 3:5])
    if (pages[:, 0] != _INTERIOR).any() or (_INTERIOR_HEAD + 2 * counts > usable).any():
        raise DamagedPagesError
    above = np.repeat(np.arange(len(pages)), counts)
    cell = np.arange(len(above)) - np.repeat(np.cumsum(counts) - counts, counts)
    pointer = _INTERIOR_HEAD + 2 * cell
    start = _number(pages[above[:, None], pointer[:, None] + np.arange(2)])
    if (start + 4 + _LONGEST_VARINT > pages.shape[1]).any():
        # A short key may end the page: the bytes beyond are not looked at.
        pages = np.pad(pages, [(0, 0), (0, 4 + _LONGEST_VARINT)])
    if (start >= usable).any():
        raise DamagedPagesError
    child = _number(pages[above[:, None], start[:, None] + np.arange(4)])
    key = _varint(pages[above[:, None], start[:, None] + np.arange(4, 4 + _LONGEST_VARINT)])
    # After the cells of a page comes one page more, with the keys up to those of the page itself.
    ends = np.cumsum(counts)
    return np.insert(child, ends, _number(pages[:, 8:12])), np.insert(key, ends, last)


def _number(digits: NDArray[Any]) -> IntArray:
    """Return numbers written in some bytes each, the highest first."""
    places = 256 ** np.arange(digits.shape[1])[::-1]
    return np.asarray(digits.astype(np.int64) @ places)


def _varint(digits: Bytes) -> IntArray:
    """Return numbers written in up to nine bytes each."""
    number, going = np.zeros(len(digits), dtype=np.int64), np.ones(len(digits), dtype=bool)
    for i in range(_LONGEST_VARINT):
        byte = digits[:, i].astype(np.int64)
        last = i == _LONGEST_VARINT - 1
        longer = number << 8 | byte if last else number << 7 | (byte & (_MORE - 1))
        number = np.where(going, longer, number)
        going &= byte >= _MORE
    return number
