"""Identifiers met so far, so that a building given twice is kept once."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tvb.geometry.arrays import BoolArray
from tvb.io.footprint_kernels import claim, hash_texts

__all__ = ["SeenKeys", "hash_keys"]

Hashes = NDArray[np.uint64]

_FEWEST_PLACES = 2**16
_IN_MEMORY = 2**20


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
    texts = keys.cast(pa.large_string())
    hashes = np.empty(len(texts), dtype=np.uint64)
    if len(texts):
        _, ends, data = texts.buffers()
        offsets = np.frombuffer(ends, dtype=np.int64)[texts.offset :][: len(texts) + 1]
        hash_texts(_bytes(data), offsets, hashes)
    return hashes


def _bytes(buffer: Any) -> NDArray[np.uint8]:
    return np.frombuffer(buffer or b"", dtype=np.uint8)


class SeenKeys:
    """Remembers the identifiers of the rows before; beyond a million, in a temporary file.

    The table takes 16 to 32 bytes for each identifier, in pages that the system may give away.
    """

    def __init__(self) -> None:
        self._table: Hashes = np.zeros(_FEWEST_PLACES, dtype=np.uint64)
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
        if 2 * self._count > len(self._table):
            self._grow()
        known = np.empty(len(hashes), dtype=bool)
        claim(self._table, hashes, known)
        return known

    def _grow(self) -> None:
        places = len(self._table)
        while 2 * self._count > places:
            places *= 2
        before, self._table = self._table, _free_places(places)
        for first in range(0, len(before), _IN_MEMORY):
            some = before[first : first + _IN_MEMORY]
            some = some[some > 0]
            claim(self._table, some, np.empty(len(some), dtype=bool))


def _free_places(places: int) -> Hashes:
    if places <= _IN_MEMORY:
        return np.zeros(places, dtype=np.uint64)
    # The file has no name: it is gone with the table, which keeps it open.
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, dtype=np.uint64, shape=(places,))
