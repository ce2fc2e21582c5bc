"""Rows of a table as batches: one query, a cursor of the server, types that do not vary."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from tvb.errors import ParameterError, explain
from tvb.io.batches import Batch, arrow_batch
from tvb.io.database_query import SridWindow, TableInfo, matching, source_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

__all__ = ["GEOMETRY", "Row", "RowQuery"]

GEOMETRY = ""
"""Name of the geometry in a batch: no column of a table can have it."""

_CURVED = re.compile("GEOMETRY|CURVE|SURFACE|CIRCULAR")
"""In the type of a column that may hold curves."""

_EXACT_DIGITS = 18

Row: TypeAlias = Sequence[Any]


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Rows of a table in the order of their key.

    Parameters
    ----------
    info : TableInfo
        Table.
    columns : tuple of str
        Attributes read.
    key : str or None
        The one of them that holds the key of the layer.
    with_srid : bool
        Whether the geometry says the SRID of each row.
    """

    info: TableInfo
    columns: tuple[str, ...]
    key: str | None
    with_srid: bool = False

    def select(
        self,
        *,
        where: Mapping[str, Any],
        window: SridWindow | None,
        after: Any,
    ) -> Select[Any]:
        """Return the query.

        Parameters
        ----------
        where : mapping of str to object
            Column and value of the rows wanted.
        window : tuple or None
            West, south, east, north and SRID of the window wanted.
        after : object
            Key after which the rows begin; None for all.

        Returns
        -------
        sqlalchemy.Select
            Attributes, then the geometry as well-known binary.

        Raises
        ------
        ParameterError
            If a column does not exist, or the rows have no key to begin after.
        """
        from sqlalchemy import func, select

        source = source_of(self.info)
        geometry: ColumnElement[Any] = source.c[self.info.geometry]
        if _CURVED.search(self.info.kind):
            geometry = func.ST_CurveToLine(geometry)
        values = [_readable(source.c[name])[0] for name in self.columns]
        binary = func.ST_AsEWKB if self.with_srid else func.ST_AsBinary
        query: Select[Any] = select(*values, binary(geometry))
        query = matching(query, self.info, source, where=where, window=window)
        if after is not None:
            query = query.where(self._is_after(source.c, after))
        order = dict.fromkeys([*([self.key] if self.key else []), *self.info.key])
        return query.order_by(*(source.c[name] for name in order))

    def _is_after(self, columns: Any, after: Any) -> ColumnElement[bool]:
        from sqlalchemy import String, cast, literal

        if self.key is None:
            raise ParameterError(explain(f"table « {self.info.name} »", "its rows have no key"))
        key = columns[self.key]
        foreign = isinstance(after, str) and not isinstance(key.type, String)
        beyond: ColumnElement[bool] = key > (cast(literal(after), key.type) if foreign else after)
        return beyond if self.key in self.info.key else beyond | key.is_(None)

    def stream(
        self, session: Connection, query: Select[Any], size: int
    ) -> Generator[Sequence[Row]]:
        """Yield rows as the server sends them; those of one key stay together.

        Parameters
        ----------
        session : sqlalchemy.engine.Connection
            Open connection.
        query : sqlalchemy.Select
            Of `select`.
        size : int
            Rows fetched at a time, and at most held back.

        Yields
        ------
        sequence of rows
            At least one, at most twice `size`.
        """
        options = {"stream_results": True, "yield_per": size}
        place = None if self.key is None else self.columns.index(self.key)
        held: list[Row] = []
        with session.execute(query, execution_options=options) as result:
            for part in result.partitions():
                rows = [*held, *part]
                cut = len(rows)
                if place is not None and len(part) == size:  # others follow
                    cut = _start_of_last_key(rows, place, size)
                if cut:
                    yield rows[:cut]
                held = rows[cut:]
        if held:
            yield held

    def last_key(self, rows: Sequence[Row], before: Any) -> Any:
        """Return the last key of some rows.

        Parameters
        ----------
        rows : sequence of rows
            In their order.
        before : object
            What to return where they have none.

        Returns
        -------
        object
            As the table holds it.
        """
        if self.key is None:
            return None
        place = self.columns.index(self.key)
        return next((row[place] for row in reversed(rows) if row[place] is not None), before)

    def arrow(self, rows: Sequence[Row]) -> pa.RecordBatch:
        """Return rows as Arrow holds them, in the types of the table, whatever the values.

        Parameters
        ----------
        rows : sequence of rows
            Any number.

        Returns
        -------
        pyarrow.RecordBatch
            Attributes, then the geometry as binary under the name `GEOMETRY`.
        """
        source = source_of(self.info)
        types = [_readable(source.c[name])[1] for name in self.columns]
        columns = list(zip(*rows, strict=True)) if rows else [()] * (len(types) + 1)
        arrays = [
            pa.array(values, kind)
            for values, kind in zip(columns, [*types, pa.binary()], strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, [*self.columns, GEOMETRY])

    def batch(self, rows: Sequence[Row]) -> Batch:
        """Return rows as a batch.

        Parameters
        ----------
        rows : sequence of rows
            Any number.

        Returns
        -------
        Batch
            Attributes and geometry.
        """
        return arrow_batch(self.arrow(rows), GEOMETRY)


def _start_of_last_key(rows: Sequence[Row], place: int, most: int) -> int:
    """Return where the rows of the last key begin, or the end where they need not wait."""
    last = rows[-1][place]
    if last is None or last == "":  # not a key
        return len(rows)
    start = len(rows)
    while start and rows[start - 1][place] == last:
        start -= 1
    return start if len(rows) - start <= most else len(rows)


def _readable(column: ColumnElement[Any]) -> tuple[ColumnElement[Any], pa.DataType]:
    """Return what to ask for, so that Arrow takes it, and the type of Arrow."""
    from sqlalchemy import BigInteger, Double, Text, cast, types

    kind = column.type
    if isinstance(kind, types.Numeric):
        digits, decimals = getattr(kind, "precision", None), getattr(kind, "scale", None)
        if decimals == 0 and digits is not None and digits <= _EXACT_DIGITS:
            return cast(column, BigInteger), pa.int64()
        return cast(column, Double), pa.float64()
    zone = "UTC" if getattr(kind, "timezone", False) else None
    plain: tuple[tuple[type, pa.DataType], ...] = (
        (types.Boolean, pa.bool_()),
        (types.Integer, pa.int64()),
        (types.Date, pa.date32()),
        (types.DateTime, pa.timestamp("us", zone)),
        (types.String, pa.string()),
    )
    for known, arrow in plain:
        if isinstance(kind, known) and not isinstance(kind, types.Enum):
            return column, arrow
    return cast(column, Text), pa.string()
