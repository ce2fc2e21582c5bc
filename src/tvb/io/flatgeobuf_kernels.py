"""Compiled loops over the bytes of FlatGeobuf features: footprints, numbers and texts.

A feature is a flatbuffer: tables whose fields stand anywhere, each found through an offset. Every
offset is looked at before it is followed. What a feature holds beyond attributes and a polygon,
single or multiple, or where its bytes do not fit together, makes it an odd one: it is left to GDAL.

References
----------
FlatGeobuf, version 3: https://flatgeobuf.org; FlatBuffers, "Internals": https://flatbuffers.dev.
"""

# ruff: noqa: PLR0917 (numba takes arguments by position)

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tvb.geometry.arrays import BoolArray, IntArray
from tvb.io.words import Bytes, Words, load_word, store_word
from tvb.kernels import compiled, inner

__all__ = [
    "MOST_SPELLINGS",
    "TIME",
    "Layout",
    "Rows",
    "Spellings",
    "copy_texts",
    "match_texts",
    "new_rows",
    "new_spellings",
    "read_features",
    "skip_features",
]


MOST_SPELLINGS = 64
"""Different texts of a column that `match_texts` keeps."""

TIME = -1
"""Width of a date or time: a text of at most 32 bytes."""

_WORD, _SPELLED_WORDS, _MOST_TIME = 8, 8, 32
_POLYGON, _MULTIPOLYGON, _HEIGHTS = 3, 6, 1000
_MOST_PARTS = 2**16
# Fields of a feature and of a geometry, by their number, and what they are: vectors whose elements
# have so many bytes, or something else.
_GEOMETRY, _PROPERTIES, _OWN_COLUMNS = range(3)
_ENDS, _XY, _Z, _M, _T, _TM, _TYPE, _PARTS = range(8)
_BYTE, _TABLE = -1, -2
_FEATURE_FIELDS = np.array([_TABLE, 1, 4], dtype=np.int64)
_GEOMETRY_FIELDS = np.array([4, 8, 8, 8, 8, 8, _BYTE, 4], dtype=np.int64)
_SIGN = 2**31
_U8, _U16, _U32 = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)
_ALL, _HALF, _ONE = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(32), np.uint64(1)


class Layout(NamedTuple):
    """What the header says of all features.

    ``kind`` is their type of geometry, 0 where each has its own; ``deep`` tells whether they have
    heights. ``widths`` are the bytes of a value of each column: 0 for a text, `TIME` for a
    time, which come after their length. ``slots`` are the places of the columns among those wanted,
    -1 for the others.
    """

    kind: int
    deep: bool
    widths: IntArray
    slots: IntArray


class Rows(NamedTuple):
    """What is written for each of n features.

    ``values``, shape (wanted, n), are the bits of a number, or position and length of a text in two
    halves; ``given``, of the same shape, tells where there is one. ``ends``, shape (n + 1,), are
    those of the geometry. ``odd``, shape (n,), is where an odd feature starts, -1 for the others.
    ``seen`` has the last feature with a value of each column; ``fields`` is room to work in.
    """

    values: Words
    given: BoolArray
    ends: IntArray
    odd: IntArray
    seen: IntArray
    fields: IntArray


class Spellings(NamedTuple):
    """Different texts, in the order in which they were met: ``known[0]`` of them."""

    words: Words
    sizes: IntArray
    known: IntArray


def new_rows(layout: Layout, values: Words) -> Rows:
    """Return room for features.

    Parameters
    ----------
    layout : Layout
        Of the file.
    values : numpy.ndarray of uint64, shape (wanted, n)
        Room for their values.

    Returns
    -------
    Rows
        Of n features.
    """
    values.fill(0)
    count = values.shape[1]
    return Rows(
        values,
        np.zeros(values.shape, dtype=bool),
        np.zeros(count + 1, dtype=np.int64),
        np.empty(count, dtype=np.int64),
        np.full(len(layout.slots), -1, dtype=np.int64),
        np.zeros(len(_GEOMETRY_FIELDS), dtype=np.int64),
    )


def new_spellings() -> Spellings:
    """Return room for `MOST_SPELLINGS` texts of 64 bytes at most.

    Returns
    -------
    Spellings
        Of no text.
    """
    words = np.zeros((MOST_SPELLINGS, _SPELLED_WORDS), dtype=np.uint64)
    return Spellings(words, np.zeros(MOST_SPELLINGS, np.int64), np.zeros(1, np.int64))


_int: Any = np.int64  # signed: with words, which are not, it would make real numbers


@inner
def _u32(data: Bytes, at: int) -> int:
    """Return the number of four bytes."""
    number: int = _int(load_word(data, at) & _U32)
    return number


@inner
def _follow(data: Bytes, base: int, end: int, at: int) -> int:
    """Return where the offset at a place leads to, with four bytes there; else 0."""
    if (at - base) & 3 or at + 4 > end:
        return 0
    offset = _u32(data, at)
    at += offset
    return 0 if offset == 0 or offset >= _SIGN or (at - base) & 3 or at + 4 > end else at


@inner
def _find_fields(
    data: Bytes, base: int, end: int, table: int, kinds: IntArray, fields: IntArray
) -> bool:  # fmt: skip
    """Find what the fields of a table lead to, 0 where it has none, and tell whether all is there.

    Vectors start with the number of their elements.
    """
    back = _u32(data, table)
    listed = table - (back if back < _SIGN else back - 2 * _SIGN)
    if listed < base or (listed - base) & 1 or listed + 4 > end:
        return False
    size = _int(load_word(data, listed) & _U16)
    if size < 4 or size & 1 or listed + size > end:
        return False
    for number in range(len(kinds)):
        place, kind = 4 + 2 * number, kinds[number]
        offset = _int(load_word(data, listed + place) & _U16) if place < size else 0
        at = table + offset if offset else 0
        if offset and kind == _BYTE and at >= end:
            return False
        if offset and kind != _BYTE:
            at = _follow(data, base, end, at)
            if at == 0 or (kind != _TABLE and at + 4 + kind * _u32(data, at) > end):
                return False
        fields[number] = at
    return True


@inner
def _polygon(data: Bytes, fields: IntArray, deep: bool, wkb: Bytes, to: int, limit: int) -> int:
    """Write a polygon, and return where it ends; 0 where it is odd."""
    xy, ends = fields[_XY], fields[_ENDS]
    if xy == 0 or fields[_M] or fields[_T] or fields[_TM] or fields[_PARTS]:
        return 0
    places, rings, width = _u32(data, xy) >> 1, 1, 16 + 8 * deep
    if ends and _u32(data, ends) > 1:
        rings = _u32(data, ends)
    if deep != (fields[_Z] > 0) or (deep and _u32(data, fields[_Z]) != places):
        return 0
    if _u32(data, xy) & 1 or to + 9 + 4 * rings + width * places > limit:
        return 0
    store_word(wkb, to, _ONE)
    store_word(wkb, to + 1, np.uint64(_POLYGON + _HEIGHTS * deep) | np.uint64(rings) << _HALF)
    to += 9
    first = 0
    for ring in range(rings):
        last = _u32(data, ends + 4 + 4 * ring) if rings > 1 else places
        if last <= first or last > places:
            return 0
        store_word(wkb, to, np.uint64(last - first))
        to += 4
        for column in range(width >> 3):
            at, step = xy + 4 + 16 * first + 8 * column, 16
            if column == 2:
                at, step = fields[_Z] + 4 + 8 * first, 8
            for i in range(last - first):
                store_word(wkb, to + width * i + 8 * column, load_word(data, at + step * i))
        to += width * (last - first)
        first = last
    return to if first == places else 0


@inner
def _multipolygon(
    data: Bytes, base: int, end: int, fields: IntArray, deep: bool, wkb: Bytes, to: int
) -> int:  # fmt: skip
    """Write a polygon of several parts, and return where it ends; 0 where it is odd."""
    limit, parts = to + end - base, fields[_PARTS]
    count = _u32(data, parts) if parts else 0
    for number in range(_TYPE):
        count = 0 if fields[number] else count
    if count == 0 or count > _MOST_PARTS:
        return 0
    store_word(wkb, to, _ONE)
    store_word(wkb, to + 1, np.uint64(_MULTIPOLYGON + _HEIGHTS * deep) | np.uint64(count) << _HALF)
    to += 9
    for i in range(count):
        part = _follow(data, base, end, parts + 4 + 4 * i)
        if part == 0 or not _find_fields(data, base, end, part, _GEOMETRY_FIELDS, fields):
            return 0
        to = _polygon(data, fields, deep, wkb, to, limit)
        if to == 0:
            return 0
    return to


@inner
def _take_properties(
    data: Bytes, at: int, row: int, widths: IntArray, slots: IntArray, seen: IntArray,
    values: Words, given: BoolArray,
) -> bool:  # fmt: skip
    """Take the values of a feature, and tell whether they fill its properties, each given once."""
    end = at + 4 + _u32(data, at)
    at += 4
    while at + 2 <= end:
        column = _int(load_word(data, at) & _U16)
        at += 2
        if column >= len(widths) or seen[column] == row:
            return False
        seen[column] = row
        size, value = widths[column], load_word(data, at)
        if size <= 0:
            limited = size == TIME
            size = _int(value & _U32)
            at += 4
            value = np.uint64(at) << _HALF | np.uint64(size)
            if limited and size > _MOST_TIME:
                return False
        elif size < _WORD:
            value &= (_ONE << np.uint64(8 * size)) - _ONE
        at += size
        slot = slots[column]
        if slot >= 0:
            values[slot, row] = value
            given[slot, row] = True
    return at == end


@compiled
def read_features(
    data: Bytes, held: int, row: int, layout: Layout, rows: Rows, wkb: Bytes
) -> tuple[int, int]:
    """Take the features that are whole in a block.

    Parameters
    ----------
    data : numpy.ndarray of uint8
        Bytes of the file, from the start of a feature, and `tvb.io.words.SLACK` more.
    held : int
        How many of them are there.
    row : int
        Place of the first feature.
    layout : Layout
        Of the file.
    rows : Rows
        Written, for as many features as there is room for; their ``values`` of texts are good as
        long as the block is.
    wkb : numpy.ndarray of uint8
        Written: well-known binary. Room for the bytes of all features and `SLACK` more.

    Returns
    -------
    tuple of int
        Place of the next feature, and where it starts in the block.
    """
    kind, deep, widths, slots = layout
    values, given, ends, odd, seen, fields = rows
    at = 0
    while row < len(odd) and at + 4 <= held:
        base, to, geometry = at + 4, 0, 0
        end = base + _u32(data, at)
        if end > held:
            break
        table = _follow(data, base, end, base)
        if table and _find_fields(data, base, end, table, _FEATURE_FIELDS, fields):
            geometry = fields[_GEOMETRY] if fields[_OWN_COLUMNS] == 0 else 0
        properties = fields[_PROPERTIES]
        if geometry and properties and not _take_properties(
            data, properties, row, widths, slots, seen, values, given
        ):  # fmt: skip
            geometry = 0
        if geometry and _find_fields(data, base, end, geometry, _GEOMETRY_FIELDS, fields):
            of_this = kind
            if kind == 0 and fields[_TYPE]:
                of_this = _int(load_word(data, fields[_TYPE]) & _U8)
            # No more room than the feature takes itself: a portion has room for all of its own.
            if of_this == _POLYGON:
                to = _polygon(data, fields, deep, wkb, ends[row], ends[row] + end - base)
            elif of_this == _MULTIPOLYGON:
                to = _multipolygon(data, base, end, fields, deep, wkb, ends[row])
        odd[row] = -1 if to else at
        if to == 0:
            to = ends[row]
            for slot in range(len(given)):
                given[slot, row] = False
        row += 1
        ends[row] = to
        at = end
    return row, at


@compiled
def skip_features(data: Bytes, held: int, most: int) -> tuple[int, int]:
    """Count the features that are whole in a block.

    Parameters
    ----------
    data : numpy.ndarray of uint8
        As for `read_features`.
    held : int
        How many bytes of it are there.
    most : int
        Features to stop after.

    Returns
    -------
    tuple of int
        Their number, and where the next one starts in the block.
    """
    count, at = 0, 0
    while count < most and at + 4 <= held:
        end = at + 4 + _u32(data, at)
        if end > held:
            break
        at = end
        count += 1
    return count, at


@compiled
def copy_texts(
    data: Bytes, places: Words, given: BoolArray, ends: NDArray[np.int32], texts: Bytes
) -> None:
    """Copy texts one after the other.

    Parameters
    ----------
    data : numpy.ndarray of uint8
        As for `read_features`.
    places : numpy.ndarray, shape (n,)
        Position and length of each.
    given : numpy.ndarray of bool, shape (n,)
        Whether there is one.
    ends : numpy.ndarray, shape (n + 1,)
        Written, but for the first.
    texts : numpy.ndarray of uint8
        Written: room for all and `SLACK` bytes more.
    """
    for i in range(len(places)):
        to, size = _int(ends[i]), 0
        if given[i]:
            at, size = _int(places[i] >> _HALF), _int(places[i] & _U32)
            for k in range(0, size, _WORD):
                store_word(texts, to + k, load_word(data, at + k))
        ends[i + 1] = to + size


@inner
def _word(data: Bytes, at: int, left: int) -> Any:
    """Return eight bytes of a text, zeros after its end."""
    word = load_word(data, at)
    return word if left >= _WORD else word & ~(_ALL << np.uint64(8 * left))


@compiled
def match_texts(
    data: Bytes, places: Words, given: BoolArray, spellings: Spellings, matched: NDArray[np.int32]
) -> bool:  # fmt: skip
    """Number texts by their different spellings.

    Parameters
    ----------
    data : numpy.ndarray of uint8
        As for `read_features`.
    places, given : numpy.ndarray, shape (n,)
        As for `copy_texts`.
    spellings : Spellings
        Those known; new ones are entered.
    matched : numpy.ndarray, shape (n,)
        Written: the place of each text among them, 0 where there is none.

    Returns
    -------
    bool
        Whether there was room for all.
    """
    words, sizes, known = spellings
    count = known[0]
    for i in range(len(places)):
        matched[i] = 0
        if not given[i]:
            continue
        at, size = _int(places[i] >> _HALF), _int(places[i] & _U32)
        if size > _WORD * _SPELLED_WORDS:
            return False
        j, same = 0, False
        while j < count and not same:
            k, same = 0, sizes[j] == size
            while same and k < size:
                same = words[j, k >> 3] == _word(data, at + k, size - k)
                k += _WORD
            j += 1
        if not same:
            if count == MOST_SPELLINGS:
                return False
            for k in range(0, size, _WORD):
                words[count, k >> 3] = _word(data, at + k, size - k)
            sizes[count] = size
            count += 1
            known[0] = count
            j = count
        matched[i] = j - 1
    return True
