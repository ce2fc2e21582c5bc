"""The head of a FlatGeobuf file: its columns, and where its features start.

Nothing here says what is wrong with a file: what is not as it is known here is for GDAL to read, or
to refuse.

References
----------
FlatGeobuf, version 3: https://flatgeobuf.org; FlatBuffers: https://flatbuffers.dev.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

__all__ = ["Header", "read_header"]

_MAGIC, _MAGIC_BYTES = b"fgb\x03fgb", 8
_MOST_HEADER_BYTES = 10 * 2**20
_NODE_BYTES, _OFFSET_IN_NODE = 40, 32
# GDAL takes any index for one of the usual nodes, and misreads what follows it.
_NO_INDEX, _USUAL_INDEX = 0, 16
# Fields of the header and of a column, by their number.
_KIND, _Z, _M, _T, _TM, _COLUMNS, _COUNT, _NODES = range(2, 10)
_NAME, _TYPE, _NULLABLE = 0, 1, 7


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the features.

    Parameters
    ----------
    content : bytes
        The first bytes of the file, up to the index.
    kind : int
        Type of all geometries, as in well-known binary; 0 where each has its own.
    deep : bool
        Whether they have heights.
    columns : tuple of (str, int)
        Names and types of the attributes.
    count : int
        Number of features.
    count_at : int
        Where in the content this number stands.
    indexed : bool
        Whether there is an index.
    required_at : tuple of int
        Where in the content it stands that all rows have a value of some column.
    """

    content: bytes
    kind: int
    deep: bool
    columns: tuple[tuple[str, int], ...]
    count: int
    count_at: int
    indexed: bool
    required_at: tuple[int, ...]

    @property
    def features_at(self) -> int:
        """Where the features start."""
        return len(self.content) + _index_bytes(self.count, self.indexed)

    def offset_at(self, feature: int) -> int:
        """Return where the index says at what place a feature starts.

        Parameters
        ----------
        feature : int
            Its number.

        Returns
        -------
        int
            Position of eight bytes; the place counts from where the features start.
        """
        return self.features_at - (self.count - feature) * _NODE_BYTES + _OFFSET_IN_NODE

    def head_for(self, count: int) -> bytes:
        """Return the first bytes of a file of some features, which follow them.

        Parameters
        ----------
        count : int
            How many there are.

        Returns
        -------
        bytes
            The header, and an index of zeros, which is not for use. Values may be missing: where
            they may not, GDAL (seen in 3.12) writes over those of other rows.
        """
        content = bytearray(self.content)
        struct.pack_into("<Q", content, self.count_at, count)
        for place in self.required_at:
            content[place] = True
        return bytes(content) + bytes(_index_bytes(count, self.indexed))


def read_header(file: BinaryIO) -> Header | None:
    """Return the head of a file.

    Parameters
    ----------
    file : binary file
        At its start.

    Returns
    -------
    Header or None
        None where it is not as this module knows it: another version, unsound, without the number
        of features, with an index of another kind, with geometry that has measures or times.
    """
    start = file.read(_MAGIC_BYTES + 4)
    if len(start) < _MAGIC_BYTES + 4 or not start.startswith(_MAGIC):
        return None
    size = int.from_bytes(start[_MAGIC_BYTES:], "little")
    if size > _MOST_HEADER_BYTES:
        return None
    content = start + file.read(size)
    if len(content) < len(start) + size:
        return None
    try:
        return _parse(content, len(start))
    except (struct.error, UnicodeDecodeError, ValueError):
        return None


def _parse(content: bytes, at: int) -> Header | None:
    table = _Table(content, at + _read(content, "<I", at))
    listed = table.tables(_COLUMNS)
    columns = tuple((one.text(_NAME), int(one.number(_TYPE, "<B", 0))) for one in listed)
    required = [one.place(_NULLABLE) for one in listed if not one.number(_NULLABLE, "<?", True)]
    count, count_at = int(table.number(_COUNT, "<Q", 0)), table.place(_COUNT)
    nodes = table.number(_NODES, "<H", _USUAL_INDEX)
    more = any(table.number(number, "<?", False) for number in (_M, _T, _TM))
    names = {name for name, _ in columns}
    usual = nodes in (_NO_INDEX, _USUAL_INDEX) and not more and len(names) == len(columns)
    if not usual or not count or count_at is None:
        return None
    kind, deep = int(table.number(_KIND, "<B", 0)), bool(table.number(_Z, "<?", False))
    return Header(
        content,
        kind,
        deep,
        columns,
        count,
        count_at,
        nodes == _USUAL_INDEX,
        tuple(place for place in required if place is not None),
    )


def _index_bytes(count: int, indexed: bool) -> int:
    """Return the size of an index: a level of nodes above the features, others above, one root."""
    if not indexed:
        return 0
    nodes = count
    while True:
        count = -(-count // _USUAL_INDEX)
        nodes += count
        if count == 1:
            return nodes * _NODE_BYTES


class _Table:
    """A table of a flatbuffer, whose fields have numbers; those left out have no place."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content, self._at = content, at
        self._fields = at - _read(content, "<i", at)

    def place(self, number: int) -> int | None:
        """Return where a field is."""
        size = _read(self._content, "<H", self._fields)
        within = 4 + 2 * number
        offset = _read(self._content, "<H", self._fields + within) if within < size else 0
        return self._at + offset if offset else None

    def number(self, number: int, code: str, default: Any) -> Any:
        """Return the value of a field."""
        place = self.place(number)
        return default if place is None else _read(self._content, code, place)

    def text(self, number: int) -> str:
        """Return the text of a field, which must be there."""
        start, size = self._vector(number)
        if size > len(self._content) - start:
            raise ValueError
        return self._content[start : start + size].decode()

    def tables(self, number: int) -> list[_Table]:
        """Return the tables of a field."""
        if self.place(number) is None:
            return []
        start, size = self._vector(number)
        places = range(start, start + 4 * size, 4)
        return [_Table(self._content, at + _read(self._content, "<I", at)) for at in places]

    def _vector(self, number: int) -> tuple[int, int]:
        """Return where the elements of a field start, and how many there are."""
        place = self.place(number)
        if place is None:
            raise ValueError
        at = place + _read(self._content, "<I", place)
        return at + 4, _read(self._content, "<I", at)


def _read(content: bytes, code: str, at: int) -> Any:
    """Return a number; before the start of the bytes there is none, as beyond their end."""
    if at < 0:
        raise ValueError
    return struct.unpack_from(code, content, at)[0]
