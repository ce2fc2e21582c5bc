"""A table of a PostGIS database by chunks: a cursor of the server, valid frames, their accounts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Unpack, get_args

import geopandas as gpd

from tvb.display import frame_table
from tvb.errors import ParameterError, explain
from tvb.io.batches import BATCH_ROWS
from tvb.io.database_reading import TableOptions, TableReading
from tvb.io.database_rows import Row
from tvb.io.database_session import open_session
from tvb.io.report import Kind, LayerReport, Ledger
from tvb.schema import LayerSchema, get_schema

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["DatabaseChunk", "iter_database", "join_reports"]


@dataclass(frozen=True, slots=True)
class DatabaseChunk:
    """Some rows of a table as a valid frame, with their account.

    Parameters
    ----------
    number : int
        Place in the reading, from 0.
    frame : geopandas.GeoDataFrame
        In EPSG:2154, with the columns of the schema, then the others; index from 0.
    report : LayerReport
        Account of the rows of this chunk.
    last : object
        Last key read, as the table holds it: ``after=`` takes it to go on from there. None where
        the layer has no key.
    """

    number: int
    frame: gpd.GeoDataFrame
    report: LayerReport
    last: Any = None

    def __repr__(self) -> str:
        return f"<DatabaseChunk {self.number}: {len(self.frame)} rows of {self.report.layer}>"

    def _repr_html_(self) -> str:
        return frame_table(self, self.frame, then=(".frame", ".report"))


def iter_database(
    connection: Engine | Connection,
    table: str,
    layer: str,
    *,
    chunk_rows: int = BATCH_ROWS,
    after: Any = None,
    **options: Unpack[TableOptions],
) -> Iterator[DatabaseChunk]:
    """Return the rows of a table by chunks, each a valid frame with its account.

    Parameters
    ----------
    connection : sqlalchemy.engine.Engine or sqlalchemy.engine.Connection
        Open connection, or an engine of which one is borrowed while the chunks are read.
    table : str
        As in `tvb.io.read_database`.
    layer : str
        Name of the schema, for example ``buildings``.
    chunk_rows : int
        Rows held at a time. A chunk may hold up to twice as many: rows of one key stay together.
    after : object, optional
        Only rows whose key is greater than this one: the `DatabaseChunk.last` of an earlier reading
        that was interrupted.
    **options
        ``where``, ``geometry``, ``bbox``, ``crs`` and ``extra_columns``; see `TableOptions`.

    Returns
    -------
    iterator of DatabaseChunk
        In the order of the key of the layer, then of the primary key of the table; a table with
        neither comes in the order that it is stored in. Frames are those of `tvb.io.read_layer`,
        with the same repairs. A table without rows gives one empty chunk. Nothing is asked of the
        database before the first chunk is.

    Raises
    ------
    MissingExtraError
        If SQLAlchemy is not installed.
    ParameterError
        If an argument is none that can be accepted.
    SourceError
        If the table does not exist or the database refuses.
    LayerError
        If a required column is missing, or the geometry column is not known.
    CrsError
        If the system is missing or contradicted by the coordinates.

    See Also
    --------
    join_reports : One account of all chunks.

    Notes
    -----
    The rows come through a cursor of the server, inside one transaction that sees one state of the
    table. Keys that are equal only once repaired (spaces, lost zeros) are found within a chunk.
    """
    schema = get_schema(layer)
    if chunk_rows < 1:
        raise ParameterError(explain("chunk_rows", str(chunk_rows), required="1 or more"))
    if after is not None and schema.key is None:
        raise ParameterError(explain("after", f"rows of the layer « {layer} » have no key"))
    return _read_chunks(connection, _Request(table, schema, options, chunk_rows, after))


def join_reports(reports: Sequence[LayerReport]) -> LayerReport:
    """Return one account of what was read in several goes.

    Parameters
    ----------
    reports : sequence of LayerReport
        Of chunks of one layer, at least one.

    Returns
    -------
    LayerReport
        Rows, entries and seconds added up; each file, checksum and system once.

    Raises
    ------
    ParameterError
        If there is no report.
    """
    if not reports:
        raise ParameterError(explain("reports", "none given", required="at least one"))
    ledger = Ledger(reports[0].layer)
    for kind in get_args(Kind):
        for entry in chain.from_iterable(getattr(report, kind) for report in reports):
            ledger.add(kind, entry.reason, entry.count, ids=entry.ids)
    return ledger.close(
        (sum(r.rows_read for r in reports), sum(r.rows_kept for r in reports)),
        files=tuple(dict.fromkeys(chain.from_iterable(r.files for r in reports))),
        checksums=tuple(dict.fromkeys(chain.from_iterable(r.checksums for r in reports))),
        crs_in=", ".join(dict.fromkeys(r.crs_in for r in reports)),
        seconds=sum(r.seconds for r in reports),
    )


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked for."""

    table: str
    schema: LayerSchema
    options: TableOptions
    chunk_rows: int
    after: Any


def _read_chunks(connection: Engine | Connection, request: _Request) -> Iterator[DatabaseChunk]:
    with open_session(connection, request.table, read_only=True) as session:
        start = time.perf_counter()
        reading = TableReading.plan(session, request.table, request.schema, options=request.options)
        number, last, rows = 0, request.after, reading.rows
        query = reading.select(request.after)
        with closing(rows.stream(session, query, request.chunk_rows)) as stream:
            for number, some in enumerate(stream, 1):
                last = rows.last_key(some, last)
                yield _chunk(reading, number - 1, some, last=last, start=start)
                start = time.perf_counter()
        if number == 0:
            yield _chunk(reading, 0, [], last=last, start=start)


def _chunk(
    reading: TableReading, number: int, rows: Sequence[Row], *, last: Any, start: float
) -> DatabaseChunk:
    assembly = reading.begin()
    assembly.add(reading.in_one_system(reading.rows.batch(rows), assembly.ledger))
    dropped = sum(entry.count for entry in assembly.ledger.entries("dropped"))
    # An assembly refuses a file of which no row is left; here other chunks may have some.
    whole = assembly if dropped < assembly.rows_read else reading.empty_assembly()
    frame = whole.finish()
    report = assembly.ledger.close(
        (assembly.rows_read, len(frame)),
        files=(reading.table,),
        checksums=(),
        crs_in=reading.systems.names,
        seconds=time.perf_counter() - start,
    )
    return DatabaseChunk(number, frame, report, last)
