"""Identifiers met so far, so that a building given twice is kept once."""

from __future__ import annotations

import tempfile
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tvb.geometry.arrays import BoolArray
from tvb.io.footprint_kernels import bytes_of, claim, hash_texts

__all__ = ["KeyTexts", "SeenKeys", "hash_keys", "inspect_keys"]

Hashes = NDArray[np.uint64]

_FEWEST_PLACES = 2**16
_IN_MEMORY = 2**23


def hash_keys(keys: pa.Array) -> Hashes:
    """Return a number of 64 bits for each identifier.

    Two different ones among fifty million have the same number with a probability of 1 in 15 000.

    Parameters
    ----------
    keys : pyarrow.Array
        Texts, none of them null.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Never 0.
    """
    return inspect_keys(keys).hashes


class KeyTexts(NamedTuple):
    """Identifiers looked at.

    ``hashes`` are as `hash_keys` gives them; ``plain`` ones are ASCII and not empty; null ones are
    not. ``blank`` tells whether some may have a blank at the start or end.
    """

    hashes: Hashes
    plain: BoolArray
    blank: bool


def inspect_keys(keys: pa.Array) -> KeyTexts:
    """Return what there is to say of identifiers, after one look at their bytes.

    Parameters
    ----------
    keys : pyarrow.Array
        Texts; null ones have the number of an empty one.

    Returns
    -------
    KeyTexts
        One row for each.
    """
    rows = len(keys)
    hashes, plain = np.empty(rows, dtype=np.uint64), np.zeros(rows, dtype=bool)
    if rows == 0:
        return KeyTexts(hashes, plain, blank=False)
    _, ends, content = keys.buffers()
    size = np.int64 if pa.types.is_large_string(keys.type) else np.int32
    offsets = np.frombuffer(ends, dtype=size)[keys.offset :][: rows + 1].astype(np.int64)
    blank = hash_texts(bytes_of(content), offsets, hashes, plain)
    return KeyTexts(hashes, plain, blank=blank)


class SeenKeys:
    """Remembers the identifiers of the rows before; beyond six million, in a temporary file.

    The table takes 11 to 21 bytes for each identifier, in pages that the system may give away.

    Parameters
    ----------
    expected : int, optional
        How many there will be, where that is known; more may come.
    """

    def __init__(self, expected: int | None = None) -> None:
        self._table = _free_places(_places_for(expected or 0))
        self._count = 0

    def add(self, hashes: Hashes) -> BoolArray:
        """Enter identifiers, and tell which ones were known before their turn.

        Parameters
        ----------
        hashes : numpy.ndarray, shape (n,)
            From `hash_keys`, in the order of the file.

        Returns
        -------
        numpy.ndarray of bool, shape (n,)
            True for the second and further rows of an identifier.
        """
        self._count += len(hashes)
        places = _places_for(self._count)
        if places > len(self._table):
            self._grow(places)
        known = np.empty(len(hashes), dtype=bool)
        claim(self._table, hashes, known)
        return known

    def _grow(self, places: int) -> None:
        before, self._table = self._table, _free_places(places)
        for first in range(0, len(before), _IN_MEMORY):
            some = before[first : first + _IN_MEMORY]
            some = some[some > 0]
            claim(self._table, some, np.empty(len(some), dtype=bool))


def _places_for(count: int) -> int:
    """Return a power of two of places, of which a quarter at least stays free."""
    places = _FEWEST_PLACES
    while 3 * places < 4 * count:
        places *= 2
    return places


def _free_places(places: int) -> Hashes:
    if places <= _IN_MEMORY:
        # Written at once, it is given in large pages; here and there, in thousands of small ones.
        table = np.empty(places, dtype=np.uint64)
        table.fill(0)
        return table
    # The file has no name: it is gone with the table, which keeps it open.
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, dtype=np.uint64, shape=(places,))
