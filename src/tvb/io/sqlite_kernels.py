"""Compiled loops over the pages of an SQLite database and over the records that they hold.

All that is read of the bytes is checked against their number before it is used as a place. Each
page is gone through once, while it is near to the processor.

References
----------
SQLite, "Database File Format", sections 1.6 (b-tree pages) and 2.1 (records).
OGC 12-128r18, GeoPackage Encoding Standard 1.3.1, 2.1.3 (GeoPackageBinary).
"""

# ruff: noqa: PLR0917 (numba takes arguments by position)

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tvb.geometry.arrays import IntArray
from tvb.io.words import SLACK, Bytes, load_half, load_word, store_word
from tvb.kernels import compiled, inlined, inner

__all__ = [
    "DAMAGED",
    "SLOTS",
    "TOO_MANY",
    "are_texts",
    "copy_texts",
    "find_cells",
    "find_geometries",
    "find_values",
    "number_texts",
    "read_numbers",
]

DAMAGED, TOO_MANY = -1, -2
"""What the bytes are where they are not records; what different texts are that have no room."""

SLOTS = 256
"""Room that `number_texts` takes to find texts again."""

Places = NDArray[np.int32]

_LEAF = 0x0D
_LEAF_HEAD = 8
_LONGEST_VARINT, _MORE = 9, 0x80
_MOST_KIND = 2**31 - 1
_BYTES = np.array([0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0], dtype=np.int64)  # by kind of number
_NULL, _FLOAT, _ONE, _BLOB = 0, 7, 9, 12
# Magic « GP », version, flags, system: then the envelope, by the number that the flags tell.
_BLOB_HEAD, _EXTENDED = 8, 0x20
_ENVELOPE_BYTES = np.array([0, 32, 48, 48, 64, -1, -1, -1], dtype=np.int64)
_INLINE = 12  # bytes that a view of Arrow holds itself
_WORD = 8
_TOP_BITS, _ODD = np.uint64(56), np.uint64(0x9E3779B97F4A7C15)
_NONE = np.uint64(0)
_LINE_BYTES = 64  # that a processor asks for at once


@inner
def _long_varint(data: Bytes, at: Any, end: Any) -> tuple[Any, Any]:
    """Return a number of one to nine bytes and the place after it, -1 where it has no end."""
    number = np.int64(0)
    for i in range(min(_LONGEST_VARINT, end - at)):
        byte = np.int64(data[at + i])
        if i == _LONGEST_VARINT - 1:
            return number << 8 | byte, at + i + 1
        number = number << 7 | (byte & 0x7F)
        if byte < _MORE:
            return number, at + i + 1
    return 0, -1


@inlined
def _varint(data: Bytes, at: Any, end: Any) -> tuple[Any, Any]:
    """Return a number and the place after it, as `_long_varint`; most have one or two bytes."""
    number: Any = np.int64(data[at])
    after = at + 1
    if number >= _MORE:
        second = np.int64(data[at + 1])
        if second < _MORE:
            number, after = (number & 0x7F) << 7 | second, at + 2
        else:
            number, after = _long_varint(data, at, end)
    return number, after if after <= end else -1


@compiled
def find_cells(
    data: Bytes, page_bytes: int, usable: int, start: int, end: int, cells: IntArray, low: int
) -> int:
    """Find the records of some leaf pages of a table.

    Parameters
    ----------
    data : numpy.ndarray
        Bytes of pages.
    page_bytes, usable : int
        Bytes of a page, and those of them that are not reserved for extensions.
    start, end : int
        Where the pages start and end.
    cells : numpy.ndarray, shape (n, 4)
        Written from the row ``low`` on: number of the row, where its record starts, the bytes of
        it, and those of them that lie in the page.
    low : int
        Records of the pages before.

    Returns
    -------
    int
        Records up to here, or `DAMAGED`.
    """
    most, least, wanted = usable - 35, (usable - 12) * 32 // 255 - 23, np.int64(0)
    # Asked for in order, bytes come while others are waited for; one by one they would not.
    for line in range(start, end, _LINE_BYTES):
        wanted += data[line]
    for first in range(start, end, page_bytes):
        last = first + usable
        count: Any = np.int64(data[first + 3]) << 8 | np.int64(data[first + 4])
        room = _LEAF_HEAD + 2 * count <= usable and low + count <= len(cells)
        if data[first] != _LEAF or not room:
            return DAMAGED
        for i in range(low, low + count):
            pointer = first + _LEAF_HEAD + 2 * (i - low)
            at: Any = first + (np.int64(data[pointer]) << 8 | np.int64(data[pointer + 1]))
            if at >= last:
                return DAMAGED
            total, at = _varint(data, at, last)
            if at < 0 or at >= last or total < 0:
                return DAMAGED
            cells[i, 0], at = _varint(data, at, last)
            held = total
            if total > most:
                held = least + (total - least) % (usable - 4)
                held = least if held > most else held
            if at < 0 or at + held + (4 if total > held else 0) > last:
                return DAMAGED
            cells[i, 1], cells[i, 2], cells[i, 3] = at, total, held
        low += count
    return low if wanted >= 0 else DAMAGED


@compiled
def find_values(
    data: Bytes, columns: Places, cells: IntArray, low: int, high: int, kind: Places, place: Places
) -> int:
    """Find the values of some records.

    Parameters
    ----------
    data : numpy.ndarray
        Bytes, `tvb.io.words.SLACK` more than those of the records.
    columns : numpy.ndarray, shape (k,)
        Columns wanted, in ascending order.
    cells : numpy.ndarray, shape (n, 4)
        From `find_cells`.
    low, high : int
        Which records.
    kind : numpy.ndarray, shape (k, n)
        Written: the serial type of each value; 0, which is that of null, beyond the end of a short
        record, and in a record that does not all lie in the page.
    place : numpy.ndarray, shape (k, n)
        Written: where its bytes start.

    Returns
    -------
    int
        How many records are short, or `DAMAGED`.
    """
    many, short = len(columns), 0
    for i in range(low, high):
        start, end = cells[i, 1], cells[i, 1] + cells[i, 2]
        column = k = 0
        if cells[i, 3] == cells[i, 2]:
            head, at = _varint(data, start, end)
            body = head_end = start + head
            if at < 0 or head < 1 or body > end:
                return DAMAGED
            while k < many and at < head_end:
                serial: Any = np.int64(data[at])
                at += 1
                if serial >= _MORE:
                    serial, at = _varint(data, at - 1, head_end)
                    if at < 0 or serial < 0 or serial > _MOST_KIND:
                        return DAMAGED
                held = _BYTES[serial] if serial < _BLOB else (serial - _BLOB) // 2
                if column == columns[k]:
                    kind[k, i], place[k, i] = serial, body
                    k += 1
                body += held
                column += 1
                if body > end:
                    return DAMAGED
            short += k < many
        for beyond in range(k, many):
            kind[beyond, i], place[beyond, i] = _NULL, start
    return short


@compiled
def are_texts(kind: Places, low: int, high: int) -> bool:
    """Tell whether all values are texts, or null.

    Parameters
    ----------
    kind : numpy.ndarray, shape (n,)
        From `find_values`.
    low, high : int
        Which records.

    Returns
    -------
    bool
        False if there is a number, or bytes.
    """
    for i in range(low, high):
        if kind[i] != _NULL and (kind[i] <= _BLOB or kind[i] % 2 == 0):
            return False
    return True


@compiled
def number_texts(
    data: Bytes, kind: Places, place: Places, low: int, high: int, index: Places, slots: Places,
    examples: Places,
) -> int:  # fmt: skip
    """Number texts of which there are only a few different ones.

    Parameters
    ----------
    data : numpy.ndarray
        Bytes, `tvb.io.words.SLACK` more than those of the records.
    kind, place : numpy.ndarray, shape (n,)
        From `find_values`.
    low, high : int
        Which records.
    index : numpy.ndarray, shape (n,)
        Written: number of each text, in the order in which they come first; 0 for null.
    slots : numpy.ndarray, shape (`SLOTS`,)
        Kept from call to call; at first, -1.
    examples : numpy.ndarray, shape (at most half of the slots,)
        Kept from call to call; at first, -1. Written: a row for each text.

    Returns
    -------
    int
        How many different ones there are; `TOO_MANY` if there is no room for one.
    """
    count = 0
    while count < len(examples) and examples[count] >= 0:
        count += 1
    for i in range(low, high):
        serial: Any = np.int64(kind[i])
        at: Any = np.int64(place[i])
        index[i] = 0
        if serial == _NULL:
            continue
        held = (serial - _BLOB) // 2
        # The word that ends the text; of the first one, for a shorter text, what lies in it.
        last, cut = max(held - _WORD, 0), np.uint64(8 * max(_WORD - held, 0))
        ending = load_word(data, at + last) << cut if held > 0 else _NONE
        slot = np.int64(((ending ^ np.uint64(serial)) * _ODD) >> _TOP_BITS)
        while slots[slot] >= 0:
            row = examples[slots[slot]]
            move = np.int64(place[row]) - at
            same = kind[row] == serial
            if same and held > 0:
                same = ending == load_word(data, at + move + last) << cut
            for word in range(at, at + last, _WORD):
                same = same and load_word(data, word) == load_word(data, word + move)
            if same:
                break
            slot = (slot + 1) % SLOTS
        if slots[slot] < 0:
            if count == len(examples):
                return TOO_MANY
            examples[count], slots[slot], count = i, count, count + 1
        index[i] = slots[slot]
    return count


@compiled
def copy_texts(
    data: Bytes, kind: Places, place: Places, low: int, high: int, ends: Places, into: Bytes
) -> int:
    """Copy texts one after the other, by words of eight bytes.

    Parameters
    ----------
    data : numpy.ndarray
        As in `number_texts`.
    kind, place : numpy.ndarray, shape (n,)
        From `find_values`.
    low, high : int
        Which records: those that follow the ones copied before.
    ends : numpy.ndarray, shape (n + 1,)
        Written from ``low + 1`` on: where each text ends.
    into : numpy.ndarray
        Written: their bytes, and up to `tvb.io.words.SLACK` more after the last one.

    Returns
    -------
    int
        Up to which record there was room.
    """
    for i in range(low, high):
        first: Any = np.int64(ends[i])
        held: Any = max(np.int64(kind[i]) - _BLOB, 0)
        held //= 2
        if first + held + SLACK > len(into):
            return i
        move = np.int64(place[i]) - first
        for at in range(first, first + held, _WORD):
            store_word(into, at, load_word(data, at + move))
        ends[i + 1] = first + held
    return high


@compiled
def read_numbers(
    data: Bytes, kind: Places, place: Places, low: int, high: int, whole: IntArray, as_real: bool
) -> bool:
    """Read numbers.

    Parameters
    ----------
    data : numpy.ndarray
        Bytes.
    kind, place : numpy.ndarray, shape (n,)
        From `find_values`.
    low, high : int
        Which records.
    whole : numpy.ndarray, shape (n,)
        Written: the numbers, or the bits of real ones; 0 for null.
    as_real : bool
        Whether real numbers are wanted.

    Returns
    -------
    bool
        False if a value is no number, or a real one where whole ones are wanted.
    """
    bits = np.empty(1, dtype=np.int64)
    for i in range(low, high):
        serial, at = kind[i], place[i]
        if serial > _ONE or (serial == _FLOAT and not as_real):
            return False
        number, held = np.int64(1 if serial == _ONE else 0), _BYTES[serial]
        if held > 0:
            number = np.int64(np.int8(data[at]))
            for byte in range(1, held):
                number = number << 8 | np.int64(data[at + byte])
        if as_real and serial != _FLOAT:
            bits.view(np.float64)[0] = float(number)
            number = bits[0]
        whole[i] = number
    return True


@compiled
def find_geometries(
    data: Bytes, kind: Places, place: Places, low: int, high: int, views: Places
) -> bool:
    """Find the well-known binary in the geometry of a GeoPackage.

    Parameters
    ----------
    data : numpy.ndarray
        Bytes.
    kind, place : numpy.ndarray, shape (n,)
        From `find_values`.
    low, high : int
        Which records.
    views : numpy.ndarray, shape (n, 4)
        Written: views of Arrow on the bytes.

    Returns
    -------
    bool
        False where a value is no GeoPackageBinary of the standard kind.
    """
    for i in range(low, high):
        serial, at = np.int64(kind[i]), np.int64(place[i])
        views[i, 0] = views[i, 1] = views[i, 2] = views[i, 3] = 0
        if serial == _NULL:
            continue
        held = (serial - _BLOB) // 2
        if serial < _BLOB or serial % 2 == 1 or held < _BLOB_HEAD:
            return False
        flags = data[at + 3]
        envelope = _ENVELOPE_BYTES[(flags >> 1) & 7]
        size = held - _BLOB_HEAD - envelope
        standard = data[at] == 0x47 and data[at + 1] == 0x50 and flags & _EXTENDED == 0
        if not standard or envelope < 0 or size < 1:
            return False
        at += _BLOB_HEAD + envelope
        views[i, 0] = size
        if size > _INLINE:
            views[i, 1], views[i, 3] = np.int32(load_half(data, at)), at
        else:
            for byte in range(size):
                views[i, 1 + byte // 4] |= np.int32(data[at + byte]) << 8 * (byte % 4)
    return True
