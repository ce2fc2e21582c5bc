"""The buildings of a PostGIS table of any size, for `tvb.flood.count_exposure_stream`."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Any, Unpack

import pyarrow as pa
from numpy.typing import NDArray

from tvb.errors import ParameterError, SourceError, explain
from tvb.io.batches import Batch, Window
from tvb.io.columns import plan_columns
from tvb.io.database_query import count_changes
from tvb.io.database_reading import TableOptions, TableReading
from tvb.io.database_rows import GEOMETRY, Row
from tvb.io.database_session import open_session
from tvb.io.footprint_chunks import COUNTED, ROW, ChunkLedger, ChunkReader, Claim, FootprintChunk
from tvb.io.footprints import CHUNK_ROWS
from tvb.io.report import LayerReport, Ledger
from tvb.schema import get_schema

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["DatabaseFootprints"]

_SCHEMA = get_schema("buildings")


class DatabaseFootprints:
    """The buildings of a table, by chunks, any number of times.

    Parameters
    ----------
    connection : sqlalchemy.engine.Engine or sqlalchemy.engine.Connection
        Open connection, or an engine of which one is borrowed each time.
    table : str
        As in `tvb.io.read_database`.
    chunk_rows : int
        Rows fetched at a time.
    **options
        ``where``, ``geometry``, ``bbox`` and ``crs``, as in `tvb.io.iter_database`.

    Attributes
    ----------
    identity : str
        Tells apart tables, states of a table, and ways of reading it. A table without a primary
        key has no order of rows to rely on, and another identity each time: a run over it does not
        resume.
    rows : int
        Rows of the whole table.
    bbox : tuple of float or None
        Window in EPSG:2154.

    Raises
    ------
    SourceError, LayerError, CrsError, ParameterError, MissingExtraError
        As `tvb.io.iter_database` does.

    See Also
    --------
    tvb.io.open_footprints : The same for a file.

    Examples
    --------
    >>> footprints = DatabaseFootprints(engine, "public.batiment")  # doctest: +SKIP
    >>> tvb.flood.count_exposure_stream(footprints, zones, communes)  # doctest: +SKIP
    """

    def __init__(
        self,
        connection: Engine | Connection,
        table: str,
        *,
        chunk_rows: int = CHUNK_ROWS,
        **options: Unpack[TableOptions],
    ) -> None:
        if chunk_rows < 1:
            raise ParameterError(explain("chunk_rows", str(chunk_rows), required="1 or more"))
        self._connection, self._table, self._chunk_rows = connection, table, chunk_rows
        self._options: TableOptions = options
        self._ledger = ChunkLedger()
        self._account: tuple[Ledger, str] | None = None
        self.bbox: Window | None = options.get("bbox")
        with open_session(connection, table, read_only=True) as session:
            reading = self._plan(session)
            self.rows, self.identity = self._identify(session, reading)

    def __repr__(self) -> str:
        return f"<DatabaseFootprints {self._table}: {self.rows} rows>"

    def chunks(
        self, done: Mapping[int, Mapping[str, NDArray[Any]]] | None = None
    ) -> Iterator[FootprintChunk]:
        """Yield the chunks in the order of the identifiers.

        Parameters
        ----------
        done : mapping of int to mapping of str to numpy.ndarray, optional
            Chunks not to be read, by number, with what their claims gave as arrays when they were.

        Yields
        ------
        FootprintChunk
            A building that an earlier row has too is not `present` in it.

        Raises
        ------
        SourceError
            If the table has changed since it was opened, and some chunks were read before.
        CrsError, LayerError
            As `tvb.io.iter_database` does.
        """
        start, first = time.perf_counter(), 0
        claims = {number: Claim.from_arrays(arrays) for number, arrays in (done or {}).items()}
        self._ledger, self._account = ChunkLedger(), None
        with open_session(self._connection, self._table, read_only=True) as session:
            reading = self._plan(session)
            if claims and self._identify(session, reading)[1] != self.identity:
                raise SourceError(
                    explain(self._table, "the table has changed meanwhile", remedy="open it again")
                )
            ledger = reading.begin().ledger
            reader = _chunk_reader(reading)
            with closing(reading.rows.stream(session, reading.select(), self._chunk_rows)) as parts:
                for number, rows in enumerate(parts):
                    if number in claims:
                        self._ledger.enter(claims[number])
                    else:
                        chunk = reader.read(number, first, _portion(reading, rows, ledger))
                        yield self._ledger.settle(chunk)
                    first += len(rows)
        self._seconds = time.perf_counter() - start
        self._account = ledger, reading.systems.names

    def report(self) -> LayerReport:
        """Return the account of the last time that all chunks were gone through.

        Returns
        -------
        LayerReport
            Rows read, repaired and dropped, as those of `tvb.io.iter_database` added up.

        Raises
        ------
        ParameterError
            If the table has not been gone through to the end.
        """
        if self._account is None:
            raise ParameterError(
                explain(
                    self._table, "has not been read to its end", remedy="go through chunks() first"
                )
            )
        remarks, systems = self._account
        account = Ledger(_SCHEMA.name)
        for entry in remarks.entries("notes"):
            account.add("notes", entry.reason, entry.count)
        for kind, entry in chain.from_iterable(claim.entries for claim in self._ledger.claims):
            account.add(kind, entry.reason, entry.count, ids=entry.ids)
        read = sum(claim.rows_read for claim in self._ledger.claims)
        dropped = sum(entry.count for entry in account.entries("dropped"))
        return account.close(
            (read, read - dropped),
            files=(self._table,),
            checksums=(),
            crs_in=systems,
            seconds=self._seconds,
        )

    def _plan(self, session: Connection) -> TableReading:
        wanted = (str(_SCHEMA.key), *COUNTED)
        return TableReading.plan(
            session, self._table, _SCHEMA, options=self._options, wanted=wanted
        )

    def _identify(self, session: Connection, reading: TableReading) -> tuple[int, str]:
        """Return the number of rows and a name for the state of the table and the question."""
        info = reading.rows.info
        rows, last_change = count_changes(session, info)
        if not info.key:
            return rows, secrets.token_hex(16)
        url = session.engine.url
        where = (url.host, dict(url.query), url.port, url.database, info.schema, info.name)
        told = repr((where, rows, last_change, self._chunk_rows, sorted(self._options.items())))
        return rows, hashlib.sha256(told.encode()).hexdigest()


def _chunk_reader(reading: TableReading) -> ChunkReader:
    plan = plan_columns(reading.rows.columns, _SCHEMA, reading.table)
    bbox = reading.options.get("bbox")
    return ChunkReader(reading.begin(ROW), plan.source_of, geometry=GEOMETRY, bbox=bbox)


def _portion(reading: TableReading, rows: Sequence[Row], ledger: Ledger) -> pa.RecordBatch | Batch:
    if not reading.systems.of_srid:
        return reading.rows.arrow(rows)
    return reading.in_one_system(reading.rows.batch(rows), ledger)
