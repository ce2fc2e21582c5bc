"""FlatGeobuf files made by hand: what GDAL reads, but does not write.

A flatbuffer is put together from the outside in: the list of fields of a table, the table, then
what its fields lead to. A piece is its bytes and where in them it is entered.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

Piece = tuple[bytes, int]

TYPES = dict(
    zip(
        ("byte", "ubyte", "bool", "short", "ushort", "int", "uint", "long", "ulong", "float",
         "double", "string", "json", "datetime", "binary"),
        range(15), strict=True,
    )
)  # fmt: skip
_CODES = "bB?hHiIqQfd"


def table(fields: dict[int, bytes | Piece]) -> Piece:
    """Return a table: numbers as they are, or pieces that it leads to, by number of field."""
    body, places = bytearray(4), {}
    for number, value in fields.items():
        raw = value if isinstance(value, bytes) else bytes(4)
        body += bytes(-len(body) % len(raw))
        places[number] = len(body)
        body += raw
    listed = [places.get(number, 0) for number in range(max(fields, default=-1) + 1)]
    head = struct.pack(f"<HH{len(listed)}H", 4 + 2 * len(listed), len(body), *listed)
    start = len(head) + -len(head) % 8
    whole = bytearray(head.ljust(start, b"\0") + body)
    struct.pack_into("<i", whole, start, start)
    for number, value in fields.items():
        if not isinstance(value, bytes):
            _append(whole, start + places[number], value)
    return bytes(whole), start


def vector(code: str, values: Sequence[Any]) -> Piece:
    """Return numbers after their count."""
    return struct.pack(f"<I{len(values)}{code}", len(values), *values), 0


def text(value: str) -> Piece:
    """Return a text."""
    return vector("B", value.encode())[0] + b"\0", 0


def tables(pieces: Sequence[Piece]) -> Piece:
    """Return tables after their count."""
    whole = bytearray(struct.pack("<I", len(pieces)) + bytes(4 * len(pieces)))
    for i, piece in enumerate(pieces):
        _append(whole, 4 + 4 * i, piece)
    return bytes(whole), 0


def _append(whole: bytearray, field: int, piece: Piece) -> None:
    whole += bytes(-len(whole) % 8)
    struct.pack_into("<I", whole, field, len(whole) + piece[1] - field)
    whole += piece[0]


def sized(piece: Piece) -> bytes:
    """Return a whole buffer, after its size."""
    content = struct.pack("<I4x", 8 + piece[1]) + piece[0]
    return struct.pack("<I", len(content)) + content


def polygon(rings: Sequence[Sequence[tuple[float, ...]]], axes: str = "", **more: Any) -> Piece:
    """Return a geometry of rings of places, with heights (« z ») and measures (« m »)."""
    places = [place for ring in rings for place in ring]
    fields: dict[int, bytes | Piece] = {1: vector("d", [n for place in places for n in place[:2]])}
    if len(rings) > 1 or more.get("ends"):
        ends = [sum(map(len, rings[: i + 1])) for i in range(len(rings))]
        fields[0] = vector("I", more.get("ends", ends))
    for i, axis in enumerate(axes):
        fields[2 + "zm".index(axis)] = vector("d", [place[2 + i] for place in places])
    if "kind" in more:
        fields[6] = bytes([more["kind"]])
    return table(fields)


def multiple(parts: Sequence[Piece], kind: int = 6) -> Piece:
    """Return a geometry of parts."""
    return table({6: bytes([kind]), 7: tables(parts)})


def properties(values: Sequence[tuple[int, str, Any]]) -> Piece:
    """Return the values of a feature: number and type of column, value."""
    raw = b""
    for number, kind, value in values:
        raw += struct.pack("<H", number)
        if TYPES[kind] < len(_CODES):
            raw += struct.pack("<" + _CODES[TYPES[kind]], value)
        else:
            text = value if isinstance(value, bytes) else value.encode()
            raw += struct.pack("<I", len(text)) + text
    return vector("B", raw)


def feature(
    geometry: Piece | None, values: Sequence[tuple[int, str, Any]] | Piece | None = None
) -> bytes:
    """Return a feature, after its size."""
    fields: dict[int, bytes | Piece] = {}
    if geometry is not None:
        fields[0] = geometry
    if values is not None:
        fields[1] = values if isinstance(values, tuple) else properties(values)
    return sized(table(fields))


def file(
    kind: int,
    columns: Sequence[tuple[str, str]],
    features: Sequence[bytes],
    *,
    axes: str = "",
    node_size: int | None = 0,
    count: int | None = None,
    required: bool = False,
) -> bytes:
    """Return a whole file; with `node_size` None, of an index whose size is the one by default."""
    more: dict[int, bytes | Piece] = {7: b"\0"} if required else {}
    listed = [table({0: text(name), 1: bytes([TYPES[of]]), **more}) for name, of in columns]
    head: dict[int, bytes | Piece] = {
        2: bytes([kind]),
        7: tables(listed),
        8: struct.pack("<Q", len(features) if count is None else count),
    }
    for i, axis in enumerate("zmt"):
        if axis in axes:
            head[3 + i] = b"\1"
    if node_size is not None:
        head[9] = struct.pack("<H", node_size)
    index = b"" if node_size == 0 else _index(features, node_size or 16)
    return b"fgb\x03fgb\x00" + sized(table(head)) + index + b"".join(features)


def _index(features: Sequence[bytes], node_size: int) -> bytes:
    """Return an index with the starts of the features, and boxes of nothing."""
    starts = [sum(map(len, features[:i])) for i in range(len(features))]
    above, level = 0, len(features)
    while above == 0 or level > 1:
        level = -(-level // max(node_size, 2))
        above += level
    return bytes(40 * above) + b"".join(bytes(32) + struct.pack("<Q", start) for start in starts)
