"""Rows of a file of buildings as arrays, most of them without an object for each.

Rows of which nothing has to be said are read as they stand: one ring that is plainly valid, values
that need no repair. All others, whatever is odd about them, go through the reader of whole layers
(`tvb.io.assembly`), so that a chunk holds what `tvb.io.read_layer` would give for its rows.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from tvb.geometry.arrays import (
    BoolArray,
    FloatArray,
    GeometryArray,
    IntArray,
    total_bounds,
)
from tvb.io.assembly import Assembly
from tvb.io.batches import Batch, Deferred, Window, arrow_batch, fresh_array
from tvb.io.crs import inside_france
from tvb.io.footprint_columns import ValueColumn, read_column, read_keys
from tvb.io.footprint_kernels import Rings, bytes_of, read_rings
from tvb.io.footprint_keys import Hashes, SeenKeys, hash_keys
from tvb.io.report import KEPT_IDS, Entry, Kind, Ledger

__all__ = ["COUNTED", "ROW", "ChunkLedger", "ChunkReader", "Claim", "FootprintChunk"]

Portion: TypeAlias = "pa.RecordBatch | Batch | Deferred"

ROW = "tvb_row"
"""Column in which the rows that go through the reader of layers carry their position."""

COUNTED = ("usage_1", "construction_legere", "etat_de_l_objet", "nombre_de_logements")
"""Columns that buildings are counted by."""

_IN_VIEW = 12  # bytes that a view of Arrow holds itself
_KINDS: tuple[Kind, ...] = ("repaired", "dropped", "notes")
_DEEP = "heights or measures (Z, M) left out"
_REPEATED = "key given twice; only the first kept"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a chunk adds to the account of its file.

    Parameters
    ----------
    rows_read : int
        Rows found, inside the window if there is one.
    entries : tuple
        Pairs of a page of the account and an entry.
    hashes : numpy.ndarray
        A number for each identifier of the rows that can be used, in the order of the file.
    """

    rows_read: int
    entries: tuple[tuple[Kind, Entry], ...]
    hashes: Hashes

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the claim as arrays, to be stored.

        Returns
        -------
        dict of str to numpy.ndarray
            ``hashes``, and ``account``: the bytes of a text in JSON.
        """
        entries = [(kind, e.reason, e.count, e.ids) for kind, e in self.entries]
        text = json.dumps({"rows_read": self.rows_read, "entries": entries})
        return {"hashes": self.hashes, "account": np.frombuffer(text.encode(), dtype=np.uint8)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Claim:
        """Return the claim that `to_arrays` gave.

        Parameters
        ----------
        arrays : mapping of str to numpy.ndarray
            May hold others too.

        Returns
        -------
        Claim
            Equal to the first one.
        """
        account = json.loads(arrays["account"].tobytes())
        entries = tuple(
            (kind, Entry(reason, count, tuple(ids)))
            for kind, reason, count, ids in account["entries"]
        )
        return cls(account["rows_read"], entries, arrays["hashes"])


@dataclass(frozen=True, slots=True)
class FootprintChunk:
    """Some rows of a file, as arrays.

    Parameters
    ----------
    number : int
        Place of the chunk in the file.
    row : numpy.ndarray, shape (n,)
        Rows of the file, from 0.
    bounds : numpy.ndarray, shape (n, 4)
        West, south, east, north, EPSG:2154.
    first : numpy.ndarray, shape (n + 1,)
        First ring of each row.
    rings : numpy.ndarray, shape (r + 1,)
        First vertex of each ring.
    points : numpy.ndarray, shape (p, 2)
        Vertices, the first repeated at the end of each ring. The interior lies on the same side of
        all rings of a row.
    area_m2 : numpy.ndarray, shape (n,)
        Areas, the very numbers that GEOS gives.
    present : numpy.ndarray of bool, shape (n,)
        False for rows that do not count: an earlier row has their identifier.
    keys : pyarrow.Array
        Identifiers.
    columns : mapping of str to ValueColumn
        Attributes.
    shapes : numpy.ndarray of shapely.Geometry
        Geometry of the last rows, those not read as plain rings.
    claim : Claim
        For the account.
    """

    number: int
    row: IntArray
    bounds: FloatArray
    first: IntArray
    rings: IntArray
    points: FloatArray
    area_m2: FloatArray
    present: BoolArray
    keys: pa.Array
    columns: Mapping[str, ValueColumn]
    shapes: GeometryArray
    claim: Claim

    def __len__(self) -> int:
        return len(self.row)

    def __repr__(self) -> str:
        return f"<FootprintChunk {self.number}: {int(self.present.sum())} buildings>"

    def describe(self, rows: IntArray) -> pd.DataFrame:
        """Return the attributes of some rows.

        Parameters
        ----------
        rows : numpy.ndarray, shape (k,)
            Positions in the chunk.

        Returns
        -------
        pandas.DataFrame
            As `tvb.io.read_layer` gives them, on an index from 0: ``cleabs`` and the columns that
            are counted by.
        """
        keys: Any = pd.Series(self.keys.take(pa.array(rows)).to_pandas(), dtype="str")
        table = {"cleabs": keys.array}
        return pd.DataFrame(table | {n: column.take(rows) for n, column in self.columns.items()})

    def polygons(self, rows: IntArray) -> GeometryArray:
        """Return the geometry of some rows.

        Parameters
        ----------
        rows : numpy.ndarray, shape (k,)
            Positions in the chunk.

        Returns
        -------
        numpy.ndarray of shapely.Geometry, shape (k,)
            Valid polygons, single or multiple. Those of one part may be single where they are
            multiple in the file.
        """
        geometry = np.empty(len(rows), dtype=object)
        rings = len(self) - len(self.shapes)
        plain = rows < rings
        geometry[~plain] = self.shapes[rows[~plain] - rings]
        start = self.rings[self.first[rows[plain]]]
        count = self.rings[self.first[rows[plain]] + 1] - start
        ends = np.concatenate([[0], np.cumsum(count)])
        at = np.repeat(start - ends[:-1], count) + np.arange(ends[-1])
        if len(count):
            geometry[plain] = shapely.from_ragged_array(
                shapely.GeometryType.POLYGON, self.points[at], (ends, np.arange(len(ends)))
            )
        return geometry

    def in_file_order(self) -> IntArray:
        """Return the positions of the rows that count, in the order of the file.

        Returns
        -------
        numpy.ndarray
            Positions in the chunk.
        """
        at = np.flatnonzero(self.present)
        return at[np.argsort(self.row[at], kind="stable")] if len(self.shapes) else at

    def without(self, positions: IntArray) -> FootprintChunk:
        """Return the chunk without rows whose identifier was given before, which it accounts for.

        Parameters
        ----------
        positions : numpy.ndarray
            Rows that do not count.

        Returns
        -------
        FootprintChunk
            The same one if there are none.
        """
        if len(positions) == 0:
            return self
        present = self.present.copy()
        present[positions] = False
        names = dict.fromkeys(self.keys.take(pa.array(positions)).to_pylist())
        entry = Entry(_REPEATED, len(positions), tuple(names)[:KEPT_IDS])
        claim = replace(self.claim, entries=(*self.claim.entries, ("dropped", entry)))
        return replace(self, present=present, claim=claim)


class ChunkLedger:
    """The claims of the chunks of a file, entered in its order.

    Parameters
    ----------
    expected : int, optional
        Rows of the file, where it tells.

    Attributes
    ----------
    claims : list of Claim
        Those entered so far.
    """

    def __init__(self, expected: int | None = None) -> None:
        self.claims: list[Claim] = []
        self._seen = SeenKeys(expected)

    def enter(self, claim: Claim) -> None:
        """Enter the claim of a chunk that need not be read.

        Parameters
        ----------
        claim : Claim
            What it claimed when it was read.
        """
        self._seen.add(claim.hashes)
        self.claims.append(claim)

    def settle(self, chunk: FootprintChunk) -> FootprintChunk:
        """Enter a chunk, and return it without buildings that an earlier row has.

        Parameters
        ----------
        chunk : FootprintChunk
            As it was read.

        Returns
        -------
        FootprintChunk
            Rows left out are not `present`, and its claim accounts for them.
        """
        known = self._seen.add(chunk.claim.hashes)
        if known.any():
            chunk = chunk.without(chunk.in_file_order()[known])
        self.claims.append(chunk.claim)
        return chunk


class ChunkReader:
    """Turns portions of a file into chunks; may be called by several threads.

    Parameters
    ----------
    assembly : Assembly
        Of the layer, begun with the columns of `sources` and `ROW`, which it keeps.
    sources : mapping of str to str
        Column of the file for each column of the layer that is wanted; the key among them.
    geometry : str
        Column of the geometry, in portions of Arrow.
    bbox : tuple of float or None
        Window in EPSG:2154.
    """

    def __init__(
        self, assembly: Assembly, sources: Mapping[str, str], *, geometry: str, bbox: Window | None
    ) -> None:
        self._assembly = assembly
        self._sources = sources
        self._geometry = geometry
        self._bbox = bbox

    def read(self, number: int, start: int, portion: Portion) -> FootprintChunk:
        """Return a chunk.

        Parameters
        ----------
        number : int
            Place of the chunk in the file.
        start : int
            Row of the file that comes first.
        portion : pyarrow.RecordBatch, Batch or Deferred
            Rows as the file holds them.

        Returns
        -------
        FootprintChunk
            Rows that can be used, repaired where they must be. Those of repeated identifiers are
            still among them.

        Raises
        ------
        CrsError
            If the coordinates contradict the system of the file.
        """
        if isinstance(portion, Deferred):
            portion = portion.load()
        if isinstance(portion, pa.RecordBatch) and not self._assembly.reprojects:
            light, odd = self._read_light(portion)
        else:
            light, odd = self._no_rows(), np.arange(len(portion))
        account, rows_read, frame = self._read_odd(portion, odd)
        chunk = _append(light, frame, self._assembly.schema.key or "")
        own = Ledger(self._assembly.schema.name)
        deep = light.present & light.deep
        if deep.any():
            names = light.keys.take(pa.array(np.flatnonzero(deep)[:KEPT_IDS])).to_pylist()
            own.add("notes", _DEEP, int(deep.sum()), ids=names)
        entries = [(kind, e) for kind in _KINDS for e in own.entries(kind)]
        entries += [
            (kind, _renamed(e, start + odd)) for kind in _KINDS for e in account.entries(kind)
        ]
        rows_read += int(light.present.sum())
        hashes = np.concatenate([light.hashes, hash_keys(chunk.keys[len(light.row) :])])
        chunk = replace(chunk, number=number, row=chunk.row + start)
        claim = Claim(rows_read, tuple(entries), hashes[chunk.in_file_order()])
        return replace(chunk, claim=claim)

    def _read_light(self, batch: pa.RecordBatch) -> tuple[_Light, IntArray]:
        """Return the plain rows, and the positions of those that must go the long way."""
        schema, rows = self._assembly.schema, len(batch)
        key = self._sources[schema.key or ""]
        keys, odd, hashes = read_keys(batch.column(key), schema.column(schema.key or ""))
        columns = {}
        for name in COUNTED:
            source = self._sources.get(name)
            array = None if source is None else batch.column(source)
            columns[name], wrong = read_column(array, schema.column(name), rows)
            odd |= wrong
        light = _read_geometry(batch.column(self._geometry))
        apart = np.zeros(rows, dtype=bool)
        fits = ~odd[light.row] & _in_france(light.bounds)
        if self._bbox is not None:
            within, beyond = _compare(light.bounds, self._bbox)
            apart[light.row] = beyond
            fits &= within
        plain = np.zeros(rows, dtype=bool)
        plain[light.row] = fits
        if len(light.row) < rows:
            keys, hashes = keys.take(pa.array(light.row)), hashes[light.row]
            columns = {name: column.only(light.row) for name, column in columns.items()}
        odd = ~plain & ~apart
        if odd.any() and fits.any():
            # Among odd rows alone, the reader of layers could take the system for a wrong one.
            witness = int(np.argmax(fits))
            fits[witness], odd[light.row[witness]] = False, True
        light = replace(light, present=fits, keys=keys, hashes=hashes, columns=columns)
        return light, np.flatnonzero(odd)

    def _no_rows(self) -> _Light:
        """Return the plain rows of a portion that has none."""
        schema = self._assembly.schema
        columns = {name: read_column(None, schema.column(name), 0)[0] for name in COUNTED}
        return replace(_read_geometry(pa.array([], pa.large_binary())), columns=columns)

    def _read_odd(
        self, portion: pa.RecordBatch | Batch, odd: IntArray
    ) -> tuple[Ledger, int, gpd.GeoDataFrame | None]:
        """Return the account of some rows, their number, and those of them that can be used."""
        if len(odd) == 0:
            return Ledger(self._assembly.schema.name), 0, None
        assembly = copy.deepcopy(self._assembly)
        assembly.ledger = Ledger(assembly.schema.name)
        if isinstance(portion, pa.RecordBatch):
            plain = _without_views(portion, self._geometry)
            portion = arrow_batch(plain.take(pa.array(odd)), self._geometry)
        # The reader numbers the rows that it is given, and these are its numbers.
        table = portion.table.assign(**{ROW: odd})
        assembly.add(replace(portion, table=table))
        dropped = sum(entry.count for entry in assembly.ledger.entries("dropped"))
        # With no row left, it would take the file for one without identifiers.
        some_left = dropped < assembly.rows_read
        frame = assembly.finish() if some_left else None
        return assembly.ledger, assembly.rows_read, frame


@dataclass(frozen=True, slots=True)
class _Light:
    """Plain rows of a portion, in its order.

    Rows that are not ``present`` are those of another way, or of none.
    """

    row: IntArray
    bounds: FloatArray
    first: IntArray
    points: FloatArray
    area_m2: FloatArray
    deep: BoolArray
    present: BoolArray
    keys: pa.Array
    hashes: Hashes
    columns: Mapping[str, ValueColumn]


def _read_geometry(column: pa.Array) -> _Light:
    """Return the footprints of a column that are one plain ring, all as present."""
    starts, ends, data = _find_bytes(column)
    rows = len(column)
    rings = Rings(
        np.empty(rows, dtype=np.int64),
        np.empty(rows + 1, dtype=np.int64),
        fresh_array((int((ends - starts).sum()) // 16 + 1, 2), np.float64),
        fresh_array((rows, 4), np.float64),
        np.empty(rows),
        np.empty(rows, dtype=bool),
    )
    count = read_rings(bytes_of(data), starts, ends, rings)
    given = column.is_valid().to_numpy(zero_copy_only=False)
    row, first = rings.row[:count], rings.first[: count + 1]
    return _Light(
        row, rings.bounds[:count], first, rings.points[: first[-1]], rings.area_m2[:count],
        rings.deep[:count], given[row], pa.array([], pa.large_string()),
        np.empty(0, dtype=np.uint64), {},
    )  # fmt: skip


def _find_bytes(column: pa.Array) -> tuple[IntArray, IntArray, Any]:
    """Return where the bytes of each value start and end, and the buffer in which they lie."""
    if column.type == pa.binary_view():
        _, views, data = column.buffers()
        first, rows = column.offset, len(column)
        view = np.frombuffer(views, dtype=np.int32).reshape(-1, 4)[first : first + rows]
        # A short value lies in its view; it is no ring.
        size = np.where(view[:, 0] > _IN_VIEW, view[:, 0], 0).astype(np.int64)
        starts = np.where(size > 0, view[:, 3], 0)
        ends = starts + size
        starts.flags.writeable = ends.flags.writeable = False  # one type of array for kernels
        return starts, ends, data
    column = column.storage if isinstance(column, pa.ExtensionArray) else column
    column = column.cast(pa.large_binary())
    _, ends, data = column.buffers()
    offsets = np.frombuffer(ends or bytes(8), dtype=np.int64)[column.offset :][: len(column) + 1]
    return offsets[:-1], offsets[1:], data


def _without_views(batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
    """Return a batch whose binary column is of a type from which rows can be taken."""
    place = batch.schema.get_field_index(name)
    if batch.schema.field(place).type != pa.binary_view():
        return batch
    return batch.set_column(place, name, batch.column(place).cast(pa.large_binary()))


def _in_france(bounds: FloatArray) -> BoolArray:
    """Return which boxes the reader of layers would not remark upon, in one look for most files."""
    around = total_bounds(bounds)[None]
    corners = np.concatenate([around[:, [0, 1, 0, 1]], around[:, [2, 3, 2, 3]]])
    if inside_france(corners).all():
        return np.ones(len(bounds), dtype=bool)
    return inside_france(np.asarray(bounds, dtype=np.float64))


def _compare(bounds: FloatArray, window: Window) -> tuple[BoolArray, BoolArray]:
    """Return which boxes lie within a window, and which ones apart from it."""
    low, high = bounds[:, :2], bounds[:, 2:]
    within = (low >= window[:2]).all(axis=1) & (high <= window[2:]).all(axis=1)
    apart = (low > window[2:]).any(axis=1) | (high < window[:2]).any(axis=1)
    return np.asarray(within), np.asarray(apart)


def _append(light: _Light, frame: gpd.GeoDataFrame | None, key: str) -> FootprintChunk:
    """Return plain rows, then those of a frame; without a claim."""
    nothing = Claim(0, (), np.empty(0, dtype=np.uint64))
    count = len(light.row)
    plain = FootprintChunk(
        0, light.row, light.bounds, np.arange(count + 1), light.first, light.points,
        light.area_m2, light.present, light.keys, light.columns, np.empty(0, dtype=object), nothing,
    )  # fmt: skip
    if frame is None:
        return plain
    shapes = frame.geometry.to_numpy()
    parts, owner = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    _, points, (ring_ends, part_ends) = shapely.to_ragged_array(parts, include_z=False)
    first = part_ends[np.searchsorted(owner, np.arange(len(shapes) + 1))]
    keys = pa.array(frame[key], pa.large_string(), from_pandas=True)
    return replace(
        plain,
        row=np.concatenate([light.row, frame[ROW].to_numpy(dtype=np.int64)]),
        bounds=np.concatenate([light.bounds, shapely.bounds(shapes)]),
        first=np.concatenate([plain.first, count + first[1:]]),
        rings=np.concatenate([light.first, light.first[-1] + ring_ends[1:]]),
        points=np.concatenate([light.points, points]),
        area_m2=np.concatenate([light.area_m2, shapely.area(shapes)]),
        present=np.concatenate([light.present, np.ones(len(shapes), dtype=bool)]),
        keys=pa.concat_arrays([light.keys.cast(pa.large_string()), keys]),
        columns={name: column.append(frame[name]) for name, column in light.columns.items()},
        shapes=shapes,
    )


def _renamed(entry: Entry, rows: IntArray) -> Entry:
    """Return an entry in which rows without a key have their number in the file."""
    ids = tuple(
        f"row {rows[int(name[4:])]}" if name.startswith("row ") else name for name in entry.ids
    )
    return replace(entry, ids=ids)
