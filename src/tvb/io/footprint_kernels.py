"""Compiled loops over the bytes of footprints and of their identifiers.

Most buildings are drawn as one ring of a few walls that plainly do not cross: `read_rings` reads
these without making objects of them. Everything else is left to GEOS.
"""

# ruff: noqa: PLR0917 (numba takes arguments by position)

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tvb.geometry.arrays import BoolArray, FloatArray, IntArray
from tvb.io.words import Bytes, load_float, load_half, load_word
from tvb.kernels import compiled, inner

__all__ = ["Rings", "bytes_of", "claim", "hash_texts", "read_rings"]

Hashes = NDArray[np.uint64]

_FEWEST, _MOST = 4, 64  # vertices: fewer make no ring, more are worth an index of edges
_POLYGON, _MULTIPOLYGON = 3, 6
_EWKB_Z, _EWKB_M, _EWKB_CODE = 0x80000000, 0x40000000, 0x0FFFFFFF
# A product of two differences is wrong by a few units in the last place; this is some more.
_ROUNDING = 1e-15

# Odd numbers of 64 bits, half of whose bits are set.
_ODD = np.uint64(0x9E3779B97F4A7C15)
_ODD_TOO = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(32)
_ONE, _NONE = np.uint64(1), np.uint64(0)
_HIGH_BITS = np.uint64(0x8080808080808080)
_WORD, _BLANK = 8, 0x20
_ASKED_AT_ONCE = 64  # rows: their bytes are kept nearest to the processor


def bytes_of(buffer: Any) -> Bytes:
    """Return bytes for compiled code to read.

    Parameters
    ----------
    buffer : buffer or None
        Bytes; they are shared, and only to be read.

    Returns
    -------
    numpy.ndarray
        Of eight at least.
    """
    if buffer is None or len(buffer) < _WORD:
        buffer = bytes(buffer or b"").ljust(_WORD, b"\0")
    data = np.frombuffer(buffer, dtype=np.uint8)
    data.flags.writeable = False
    return data


@inner
def _header(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return kind of geometry (0 where the bytes are no such thing) and numbers per place."""
    if end - at < 9 or data[at] != 1:
        return 0, 0
    code = int(load_half(data, at + 1))
    kind = code & _EWKB_CODE
    extra = (code & _EWKB_Z != 0) + (code & _EWKB_M != 0)
    extra += 2 if kind // 1000 == 3 else min(kind // 1000, 1)
    return kind % 1000, 2 + extra


@inner
def _only_ring(data: Bytes, start: int, end: int) -> tuple[int, int, int]:
    """Return where the only ring of a polygon starts, its places, numbers per place; or zeros."""
    kind, width = _header(data, start, end)
    at = start + 5
    if kind == _MULTIPOLYGON:
        if load_half(data, at) != 1:
            return 0, 0, 0
        inner, same = _header(data, at + 4, end)
        kind = inner if same == width else 0
        at += 9
    if kind != _POLYGON or end - at < 8 or load_half(data, at) != 1:
        return 0, 0, 0
    places = int(load_half(data, at + 4))
    if places < _FEWEST or places > _MOST or at + 8 + 8 * width * places != end:
        return 0, 0, 0
    return at + 8, places, width


@inner
def _side(points: FloatArray, a: int, b: int, c: int) -> int:
    """Return on which side of the line from a to b the place c lies; 0 where it is not sure."""
    left = (points[b, 0] - points[a, 0]) * (points[c, 1] - points[a, 1])
    right = (points[b, 1] - points[a, 1]) * (points[c, 0] - points[a, 0])
    if abs(left - right) <= _ROUNDING * (abs(left) + abs(right)):
        return 0
    return 1 if left > right else -1


@inner
def _apart(points: FloatArray, a: int, c: int) -> bool:
    """Tell whether the edges that start at a and at c surely have no point in common."""
    b, d = a + 1, c + 1
    for axis in range(2):
        if max(points[a, axis], points[b, axis]) < min(points[c, axis], points[d, axis]):
            return True
        if max(points[c, axis], points[d, axis]) < min(points[a, axis], points[b, axis]):
            return True
    one = _side(points, a, b, c)
    if one != 0 and one == _side(points, a, b, d):
        return True
    other = _side(points, c, d, a)
    return other != 0 and other == _side(points, c, d, b)


@inner
def _turns(points: FloatArray, a: int, b: int, c: int) -> bool:
    """Tell whether the edges from a to b and from b to c surely do not fold back."""
    ahead = (points[b, 0] - points[a, 0]) * (points[c, 0] - points[b, 0]) + (
        points[b, 1] - points[a, 1]
    ) * (points[c, 1] - points[b, 1])
    return ahead > 0 or _side(points, a, b, c) != 0


@inner
def _is_convex(points: FloatArray, first: int) -> bool:
    """Tell whether four walls, as most buildings have, surely turn one way at all corners."""
    side = _side(points, first + 3, first, first + 1)
    for i in range(first, first + 3):
        if side == 0 or _side(points, i, i + 1, i + 2) != side:
            return False
    return True


@inner
def _is_simple(points: FloatArray, first: int, last: int) -> bool:
    """Tell whether the ring of the places first to last, which are the same, is surely valid."""
    if last - first == 4 and _is_convex(points, first):
        return True
    if not _turns(points, last - 1, first, first + 1):
        return False
    for i in range(first, last):
        if i + 2 <= last and not _turns(points, i, i + 1, i + 2):
            return False
        for j in range(i + 2, last if i > first else last - 1):
            if not _apart(points, i, j):
                return False
    return True


@inner
def _area(points: FloatArray, first: int, last: int) -> float:
    """Return the area within a ring.

    Areas are added in whole square centimetres, and coordinates are whole centimetres: half a
    square centimetre is rounded up or down by the last bit. So this adds in the order of GEOS.
    """
    x0, twice = points[first, 0], 0.0
    for i in range(first + 1, last):
        twice += (points[i, 0] - x0) * (points[i - 1, 1] - points[i + 1, 1])
    return abs(twice / 2.0)


class Rings(NamedTuple):
    """Footprints that are one ring: written by `read_rings`, given room for n of them.

    ``row``, of shape (n,), are their numbers; ``first``, of shape (n + 1,), their first vertices;
    ``points``, of shape (at least a sixteenth of the bytes, 2), the vertices, the first repeated at
    the end of a ring; ``bounds``, of shape (n, 4), west, south, east, north; ``area_m2``, of shape
    (n,), areas; ``deep``, of shape (n,), tells whether there were heights or measures, which are
    left out.
    """

    row: IntArray
    first: IntArray
    points: FloatArray
    bounds: FloatArray
    area_m2: FloatArray
    deep: BoolArray


@compiled
def read_rings(data: Bytes, starts: IntArray, ends: IntArray, rings: Rings) -> int:
    """Read the footprints that are one plain ring, and return how many there are.

    Parameters
    ----------
    data : numpy.ndarray
        Well-known binary of all footprints.
    starts, ends : numpy.ndarray, shape (n,)
        Where each of them starts and ends; nothing between two equal ones.
    rings : Rings
        Written.

    Returns
    -------
    int
        Footprints read. All are valid, of one part, without holes; the others are not written.
    """
    points, bounds = rings.points, rings.bounds
    count, wanted = 0, np.int64(0)
    rings.first[0] = 0
    for i in range(len(starts)):
        if i % _ASKED_AT_ONCE == 0:
            # They may lie far apart: asked for together, they come together.
            for k in range(i, min(i + _ASKED_AT_ONCE, len(starts))):
                if ends[k] > starts[k]:
                    wanted += data[starts[k]] + data[ends[k] - 1]
        at, places, width = _only_ring(data, starts[i], ends[i])
        if places == 0:
            continue
        start = rings.first[count]
        last = start + places - 1
        west = south = np.inf
        east = north = -np.inf
        sum_of_all = 0.0
        for k in range(start, last + 1):
            x, y = load_float(data, at), load_float(data, at + 8)
            points[k, 0], points[k, 1] = x, y
            at += 8 * width
            west, east = min(west, x), max(east, x)
            south, north = min(south, y), max(north, y)
            sum_of_all += x + y
        closed = points[start, 0] == points[last, 0] and points[start, 1] == points[last, 1]
        if not (np.isfinite(sum_of_all) and closed and _is_simple(points, start, last)):
            continue
        rings.row[count], rings.deep[count] = i, width > 2
        rings.area_m2[count] = _area(points, start, last)
        bounds[count, 0], bounds[count, 1] = west, south
        bounds[count, 2], bounds[count, 3] = east, north
        count += 1
        rings.first[count] = last + 1
    return count if wanted >= 0 else 0


@compiled
def hash_texts(data: Bytes, offsets: IntArray, hashes: Hashes, plain: BoolArray) -> bool:
    """Write a number of 64 bits for each text, the same for equal ones, never 0.

    Parameters
    ----------
    data : numpy.ndarray
        Bytes of all texts.
    offsets : numpy.ndarray, shape (n + 1,)
        Where each of them starts.
    hashes : numpy.ndarray, shape (n,)
        Written.
    plain : numpy.ndarray of bool, shape (n,)
        Written: whether the text is ASCII and not empty.

    Returns
    -------
    bool
        Whether some text may have a blank at its start or end.
    """
    blank = False
    for i in range(len(hashes)):
        start, end = offsets[i], offsets[i + 1]
        state = np.uint64(end - start) * _ODD
        every = _NONE
        for at in range(start, end, 8):
            word = _NONE
            if at + 8 <= end:
                word = load_word(data, at)
            else:
                for k in range(end - at):
                    word |= np.uint64(data[at + k]) << np.uint64(8 * k)
            every |= word
            state = (state ^ word) * _ODD_TOO
            state ^= state >> _SHIFT
        state = (state ^ (state >> _SHIFT)) * _ODD
        hashes[i] = max(state ^ (state >> _SHIFT), _ONE)
        plain[i] = end > start and (every & _HIGH_BITS) == 0
        blank |= end > start and (data[start] <= _BLANK or data[end - 1] <= _BLANK)
    return blank


@compiled
def claim(table: Hashes, hashes: Hashes, taken: BoolArray) -> None:
    """Enter numbers into a table, and tell which were there already.

    Parameters
    ----------
    table : numpy.ndarray
        A power of two of places, 0 where free; at least one more than will ever be entered.
    hashes : numpy.ndarray, shape (n,)
        Numbers other than 0, in order.
    taken : numpy.ndarray, shape (n,)
        Written: whether the number was there before its turn.
    """
    mask = np.uint64(len(table) - 1)
    for i in range(len(hashes)):
        place = hashes[i] & mask
        while table[place] not in (_NONE, hashes[i]):
            place = (place + _ONE) & mask
        taken[i] = table[place] == hashes[i]
        table[place] = hashes[i]
