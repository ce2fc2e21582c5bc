"""Rows of a FlatGeobuf file, read from its bytes by any number of threads.

After its head, such a file holds its features one after the other, each after its length. The last
level of the index says where each of them starts: so a portion of rows is a stretch of the file,
which a thread reads without those before it. Without an index, the lengths are gone through first.

Features beyond what compiled loops read (`tvb.io.flatgeobuf_kernels`) are written, as they are, to
a file of their own, which GDAL reads.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from tvb.errors import SourceError, explain
from tvb.io.flatgeobuf_features import (
    GEOMETRY_TYPE,
    WIDTHS,
    Blocks,
    Features,
    ManySpellingsError,
    Wanted,
    type_of,
)
from tvb.io.flatgeobuf_header import Header, read_header
from tvb.io.flatgeobuf_kernels import Layout, skip_features
from tvb.io.locate import Located, changed_meanwhile
from tvb.io.ogr import GEOMETRY, OgrReader

__all__ = ["FlatGeobufRows", "stream_flatgeobuf"]

_KINDS = (0, 3, 6)  # each feature has its own, polygons, multiple polygons
_MOST_BYTES = 64 * 2**20


def stream_flatgeobuf(
    found: Located,
    columns: Sequence[str],
    *,
    rows: int,
    schema: pa.Schema,
    different: Sequence[str] = (),
) -> Iterator[FlatGeobufRows] | None:
    """Return the portions of a file whose features may be footprints.

    Parameters
    ----------
    found : Located
        The file.
    columns : sequence of str
        Attributes wanted.
    rows : int
        Most rows of a portion.
    schema : pyarrow.Schema
        As GDAL gives it for these columns.
    different : sequence of str
        Texts to be read as dictionaries, because few of them are different.

    Returns
    -------
    iterator of FlatGeobufRows, or None
        In the order of the file, cut in the same places each time. None where the file is not one
        that this module knows, or ends early: it is for GDAL to read.

    Raises
    ------
    SourceError
        While iterating, if a file without an index ends early, or was changed.
    """
    if found.member is not None or sys.byteorder != "little":
        return None
    try:
        with found.path.open("rb") as file:
            header = read_header(file)
            wanted = None if header is None else _choose(header, columns, schema)
            if header is None or wanted is None:
                return None
            fields = pa.schema([(one.name, schema.field(one.name).type) for one in wanted])
            layout = _lay_out(header, wanted)
            source = _Source(found, header, layout, wanted, fields, _stamp(file), set(different))
            cuts = _look_up(source, file, rows) if header.indexed else []
    except (OSError, OverflowError, ValueError):  # what the index says may be anything
        return None
    if cuts is None:
        return None
    return _cut(source, cuts) if header.indexed else _walk(source, rows)


def _choose(header: Header, columns: Sequence[str], schema: pa.Schema) -> tuple[Wanted, ...] | None:
    """Return the columns wanted; None where not all can be read here."""
    types = dict(header.columns)
    wanted = tuple(Wanted(name, types.get(name, -1)) for name in schema.names if name in columns)
    known = (
        header.kind in _KINDS
        and max(types.values(), default=0) < len(WIDTHS)
        and len(wanted) == len(set(columns))
        and all(type_of(one.code) == schema.field(one.name).type for one in wanted)
    )
    return wanted if known else None


def _lay_out(header: Header, wanted: Sequence[Wanted]) -> Layout:
    slots = {one.name: slot for slot, one in enumerate(wanted)}
    return Layout(
        header.kind,
        header.deep,
        np.array([WIDTHS[code] for _, code in header.columns], dtype=np.int64),
        np.array([slots.get(name, -1) for name, _ in header.columns], dtype=np.int64),
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """A file, and what of it is wanted; shared by its portions.

    ``stamp`` changes with the file. ``spelled`` are the texts that are read as dictionaries, as
    long as few of them are different.
    """

    found: Located
    header: Header
    layout: Layout
    wanted: tuple[Wanted, ...]
    fields: pa.Schema
    stamp: tuple[int, ...]
    spelled: set[str]

    def open(self) -> FileIO:
        """Return the file, which must be the same."""
        file = self.found.path.open("rb", buffering=0)
        if _stamp(file) != self.stamp:
            file.close()
            raise changed_meanwhile(self.found.label)
        return file

    def damaged(self, feature: int) -> SourceError:
        return SourceError(
            explain(self.found.label, f"is damaged at feature {feature}", remedy="export it again")
        )


def _stamp(file: BinaryIO | FileIO) -> tuple[int, ...]:
    stat = os.fstat(file.fileno())
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _look_up(source: _Source, file: BinaryIO, rows: int) -> list[tuple[int, int]] | None:
    """Return first feature and start of each portion, then the end, from what the index says.

    None where it does not have the features in their order, or the file ends before them.
    """
    header = source.header

    def number(at: int, size: int) -> int:
        file.seek(at)
        return int.from_bytes(file.read(size), "little")

    def start_of(feature: int) -> int:
        if feature == header.count:
            last = start_of(feature - 1)
            return last + 4 + number(last, 4)
        return header.features_at + number(header.offset_at(feature), 8)

    end = start_of(header.count)
    cuts = [(0, start_of(0))]
    if cuts[0][1] != header.features_at or end > source.stamp[1]:
        return None
    while cuts[-1][0] < header.count:
        first, start = cuts[-1]
        count = min(rows, header.count - first)
        stop = start_of(first + count)
        while stop - start > _MOST_BYTES and count > 1:
            count //= 2
            stop = start_of(first + count)
        if not start < stop <= end:
            return None
        cuts.append((first + count, stop))
    return cuts


def _cut(source: _Source, cuts: Sequence[tuple[int, int]]) -> Iterator[FlatGeobufRows]:
    for (first, start), (last, end) in pairwise(cuts):
        yield FlatGeobufRows(source, first=first, count=last - first, span=(start, end))


def _walk(source: _Source, rows: int) -> Iterator[FlatGeobufRows]:
    """Yield the portions of a file without an index, from the lengths of its features."""
    header, first, start = source.header, 0, source.header.features_at
    with source.open() as file:
        blocks = Blocks(file, (start, source.stamp[1]))
        while first < header.count:
            most, count, end = min(rows, header.count - first), 0, start
            while count < most and (count == 0 or end - start < _MOST_BYTES):
                skipped, used = skip_features(blocks.data, blocks.held, most - count)
                blocks.drop(used)
                count, end = count + skipped, end + used
                if skipped == 0 and not blocks.fill():
                    raise source.damaged(first + count)
            yield FlatGeobufRows(source, first=first, count=count, span=(start, end))
            first, start = first + count, end


class FlatGeobufRows:
    """Some rows of a file, not read yet; made by `stream_flatgeobuf`.

    Parameters
    ----------
    source : _Source
        The file.
    first : int
        Its feature that comes first.
    count : int
        How many there are.
    span : tuple of int
        Where they start and end in the file.
    """

    def __init__(self, source: _Source, *, first: int, count: int, span: tuple[int, int]) -> None:
        self._source, self._first, self._count, self._span = source, first, count, span

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"<FlatGeobufRows {self._source.found.label}: {self._count} rows>"

    def load(self) -> pa.RecordBatch:
        """Return the rows; several portions may be loaded at a time.

        Returns
        -------
        pyarrow.RecordBatch
            What GDAL gives for them, but the geometry, in column `tvb.io.ogr.GEOMETRY`, is of type
            ``large_binary``. Texts to be read as dictionaries are, unless many are different or
            some row was left to GDAL.

        Raises
        ------
        SourceError
            If the file cannot be read, is damaged, or was changed.
        """
        source = self._source
        while True:
            spelled = set(source.spelled)
            size = self._span[1] - self._span[0]
            features = Features(source.layout, source.wanted, (self._count, size), spelled=spelled)
            try:
                self._read(features)
                break
            except ManySpellingsError as error:
                source.spelled.discard(error.name)
        names = [*source.fields.names, GEOMETRY]
        batch = pa.RecordBatch.from_arrays([*features.arrays()], names=names)
        return self._with_odd(batch, features.odd) if features.odd else batch

    def _read(self, features: Features) -> None:
        source, row = self._source, 0
        try:
            with source.open() as file:
                blocks = Blocks(file, self._span)
                while row < self._count:
                    if not blocks.fill():
                        raise source.damaged(self._first + row)
                    row, used = features.take(blocks, row)
                    blocks.drop(used)
        except SourceError:
            raise
        except OSError as error:
            raise SourceError(
                explain(
                    source.found.label,
                    f"cannot be read: {error}",
                    remedy="check the file and its rights",
                )
            ) from error
        if blocks.rest:
            raise source.damaged(self._first + row)

    def _with_odd(self, batch: pa.RecordBatch, odd: dict[int, bytes]) -> pa.RecordBatch:
        """Return the rows, with what GDAL makes of those that are odd."""
        rows, given = list(odd), self._read_through_gdal(odd)
        if sum(map(len, given)) != len(rows):
            raise self._source.damaged(self._first + rows[0])
        fields = pa.schema([*self._source.fields, pa.field(GEOMETRY, GEOMETRY_TYPE)])
        tables = [pa.Table.from_batches(batches).cast(fields) for batches in ([batch], given)]
        order = np.arange(len(batch))
        order[rows] = len(batch) + np.arange(len(rows))
        return pa.concat_tables(tables).take(pa.array(order)).combine_chunks().to_batches()[0]

    def _read_through_gdal(self, odd: dict[int, bytes]) -> list[pa.RecordBatch]:
        """Return features as GDAL reads them from a file of their own."""
        source = self._source
        with tempfile.TemporaryDirectory() as folder:
            # Messages name the file: it has the name of the whole one.
            path = Path(folder) / source.found.path.name
            with path.open("wb") as file:
                file.write(source.header.head_for(len(odd)))
                file.writelines(odd.values())
            reader = OgrReader(Located(path), None, {}, "FlatGeobuf")
            return list(reader.stream(source.fields.names, None, rows=len(odd)))
