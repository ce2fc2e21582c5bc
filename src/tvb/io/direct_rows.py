"""Rows of a file, parsed by many threads where its format is known here, or else by GDAL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from tvb.io.batches import Deferred
from tvb.io.flatgeobuf_rows import stream_flatgeobuf
from tvb.io.geopackage_rows import GeoPackageTable
from tvb.io.geopackage_values import can_read
from tvb.io.ogr import GEOMETRY, OgrReader
from tvb.io.sqlite_pages import open_table_pages

__all__ = ["stream_rows"]


def stream_rows(
    reader: OgrReader, columns: Sequence[str], *, key: str, rows: int, of_all: int | None
) -> Iterator[pa.RecordBatch] | Iterator[Deferred]:
    """Return what `OgrReader.stream` gives, or portions that become it in any thread.

    Parameters
    ----------
    reader : OgrReader
        Of the file.
    columns : sequence of str
        Attributes wanted.
    key : str
        The one of them hardly two values of which are the same.
    rows : int
        Most rows of a portion.
    of_all : int or None
        Rows of the file, where it tells.

    Returns
    -------
    iterator of pyarrow.RecordBatch or Deferred
        In the order of the file. The geometry, in well-known binary, is column `GEOMETRY`; its
        type, and those of texts, may be others than `OgrReader.stream` gives.

    Raises
    ------
    SourceError
        While iterating, if the file cannot be read.
    """
    known = reader.found.member is None and not reader.options
    if known and reader.driver == "GPKG":
        table = _open_geopackage(reader, columns, key=key, of_all=of_all)
        if table is not None:
            return table.portions(rows)
    if known and reader.driver == "FlatGeobuf":
        schema = reader.head(columns).schema
        few = [name for name in columns if name != key]
        found = stream_flatgeobuf(reader.found, columns, rows=rows, schema=schema, different=few)
        if found is not None:
            return found
    return reader.stream(columns, None, rows=rows)


def _open_geopackage(
    reader: OgrReader, columns: Sequence[str], *, key: str, of_all: int | None
) -> GeoPackageTable | None:
    """Return a layer whose pages can be parsed; None if it is for GDAL to read."""
    pages = open_table_pages(reader.found.path, reader.layer or "")
    if pages is None:
        return None
    head = reader.head(columns)
    names = {field.name: field.name for field in head.schema} | {GEOMETRY: head.geometry}
    if not {*names.values(), head.number} <= set(pages.columns):
        return None
    schema = head.schema.set(len(head.schema) - 1, pa.field(GEOMETRY, pa.binary_view()))
    if not all(can_read(field.type) for field in schema):
        return None
    number = '"' + head.number.replace('"', '""') + '"'

    def read_again(above: int, up_to: int) -> pa.RecordBatch:
        return reader.read_where(columns, f"{number} > {above} AND {number} <= {up_to}")

    return GeoPackageTable(pages, names, of_all, schema, key, reader.found.label, read_again)
