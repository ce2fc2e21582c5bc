"""What a table of a database holds, and the query of some of its rows.

SQLAlchemy quotes every name and binds every value: nothing is pasted into a query.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tvb.errors import LayerError, ParameterError, SourceError, explain
from tvb.io.database_session import is_postgres

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Inspector, Select, TableClause

__all__ = [
    "SridWindow",
    "TableInfo",
    "count_changes",
    "describe_table",
    "find_srids",
    "geometry_columns",
    "matching",
    "source_of",
]

SridWindow: TypeAlias = "tuple[float, float, float, float, int]"

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A table or view that exists.

    Parameters
    ----------
    schema, name : str
        As the database spells them.
    geometry : str
        Geometry column read.
    srid : int
        That of the column; 0 where it does not say.
    kind : str
        Type of the geometry column, such as ``MULTIPOLYGON``.
    types : mapping of str to object
        SQLAlchemy type of every column, in the order of the table.
    hidden : frozenset of str
        Geometry columns, the one read included.
    key : tuple of str
        Primary key; empty for a view.
    """

    schema: str
    name: str
    geometry: str
    srid: int
    kind: str
    types: Mapping[str, Any]
    hidden: frozenset[str]
    key: tuple[str, ...]

    @property
    def attributes(self) -> tuple[str, ...]:
        """Columns without geometry, in the order of the table."""
        return tuple(name for name in self.types if name not in self.hidden)


def describe_table(session: Connection, table: str, geometry: str | None) -> TableInfo:
    """Return what a table holds.

    Parameters
    ----------
    session : sqlalchemy.engine.Connection
        Open connection.
    table : str
        Its name, ``schema.table`` outside the default schema.
    geometry : str or None
        Geometry column wanted; None for the only one.

    Returns
    -------
    TableInfo
        Description.

    Raises
    ------
    SourceError
        If the table does not exist; the message names tables that look like it.
    LayerError
        If it has no geometry column, several of them, or not the one wanted.
    """
    from sqlalchemy import literal, select

    schema, name = _find_table(session, table)
    rows = geometry_columns(session, schema, name)
    if not rows:  # PostGIS does not list what the account may not read: let the server say so
        session.execute(select(literal(1)).select_from(_named(schema, name)).limit(0))
    chosen = _choose_geometry(rows, name, wanted=geometry)
    inspector = _inspect(session)
    columns = inspector.get_columns(name, schema=schema)
    key = inspector.get_pk_constraint(name, schema=schema)["constrained_columns"]
    return TableInfo(
        schema,
        name,
        chosen.f_geometry_column,
        chosen.srid,
        str(chosen.type).upper(),
        types={column["name"]: column["type"] for column in columns},
        hidden=frozenset(row.f_geometry_column for row in rows),
        key=tuple(key),
    )


def _inspect(session: Connection) -> Inspector:
    """Return what reads the columns of tables, and does not warn of types that it does not know.

    To silence it is not enough: the filters of warnings are the whole process's, and a thread that
    leaves a filter takes down those of the others. So all types are named, in a dialect of ours.
    """
    from sqlalchemy import column, func, inspect, null, select, table
    from sqlalchemy.types import NullType

    def unknown(*_given: object, **_options: object) -> NullType:
        return NullType()

    inspector = inspect(session)
    if is_postgres(session):
        wanted: list[Any] = [column(name) for name in ("oid", "typtype", "typcategory")]
        every = table("pg_type", *wanted, schema="pg_catalog").c
        plain = (every.typtype.not_in(["d", "e"]), every.typcategory != "A")  # it knows the others
        names = session.scalars(select(func.format_type(every.oid, null())).where(*plain))
        dialect: Any = copy.copy(session.dialect)
        dialect.ischema_names = (
            dict.fromkeys((name.lower() for name in names), unknown) | dialect.ischema_names
        )
        inspector.dialect = dialect
    return inspector


def _find_table(session: Connection, table: str) -> tuple[str, str]:
    """Return schema and name of a table that exists."""
    from sqlalchemy import inspect

    inspector = inspect(session)
    default = inspector.default_schema_name or ""
    if inspector.has_table(table):  # its name may hold a point
        return default, table
    schema, _, name = table.rpartition(".")
    schemas = inspector.get_schema_names()
    if schema and schema not in schemas:
        raise SourceError(
            explain(
                f"schema « {schema} »", "not in the database", required=_nearest(schema, schemas)
            )
        )
    if schema and inspector.has_table(name, schema=schema):
        return schema, name
    known = [row.f_table_name for row in geometry_columns(session, schema or default)]
    raise SourceError(
        explain(
            f"table « {table} »",
            f"not in the schema « {schema or default} »",
            required=_nearest(name, known),
            remedy="schema.table for a table of another schema",
        )
    )


def _nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the names that look like one, or the first few."""
    near = difflib.get_close_matches(name, known, n=_SHOWN, cutoff=0.4)
    return " or ".join(near or sorted(known)[:_SHOWN]) or None


def geometry_columns(session: Connection, schema: str, name: str | None = None) -> Sequence[Any]:
    """Return the geometry columns that PostGIS lists in a schema, or those of one table.

    Parameters
    ----------
    session : sqlalchemy.engine.Connection
        Open connection.
    schema : str
        Schema.
    name : str, optional
        Table or view.

    Returns
    -------
    sequence of rows
        With ``f_table_name``, ``f_geometry_column``, ``srid`` and ``type``.
    """
    from sqlalchemy import column, select
    from sqlalchemy import table as source

    columns = ("f_table_name", "f_geometry_column", "srid", "type")
    query = select(source("geometry_columns", *map(column, columns)))
    query = query.where(column("f_table_schema") == schema)
    if name is not None:
        query = query.where(column("f_table_name") == name)
    return list(session.execute(query))


def _choose_geometry(rows: Sequence[Any], name: str, *, wanted: str | None) -> Any:
    """Return the row of the geometry column."""
    chosen = [row for row in rows if wanted in (None, row.f_geometry_column)]
    if len(chosen) == 1:
        return chosen[0]
    found = sorted(row.f_geometry_column for row in rows)
    raise LayerError(
        explain(
            f"table « {name} »",
            f"no geometry column « {wanted} »" if wanted else f"{len(found)} geometry columns",
            required="geometry=, one of " + ", ".join(found) if found else "a table with geometry",
        )
    )


def find_srids(session: Connection, info: TableInfo, where: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the systems of the rows: that of the column, or those that the rows say.

    Parameters
    ----------
    session : sqlalchemy.engine.Connection
        Open connection.
    info : TableInfo
        Table.
    where : mapping of str to object
        Rows concerned.

    Returns
    -------
    tuple of int
        SRIDs in ascending order, 0 where a row says none; empty where there is no geometry.

    Raises
    ------
    ParameterError
        If a column does not exist.
    """
    from sqlalchemy import func, select

    if info.srid > 0:
        return (info.srid,)
    source = source_of(info)
    geometry = source.c[info.geometry]
    query = select(func.ST_SRID(geometry)).where(geometry.is_not(None)).distinct()
    found = session.scalars(matching(query, info, source, where=where))
    return tuple(sorted(int(srid) for srid in found))


def count_changes(session: Connection, info: TableInfo) -> tuple[int, int | None]:
    """Return how many rows a table has, and the transaction that last wrote one of them.

    Parameters
    ----------
    session : sqlalchemy.engine.Connection
        Open connection.
    info : TableInfo
        Table or view.

    Returns
    -------
    tuple of (int, int or None)
        Together they change with every change of the table. The second is None for what has no
        primary key: a view has no transactions of its own.
    """
    from sqlalchemy import BigInteger, Text, cast, column, func, select

    written = func.max(cast(cast(column("xmin"), Text), BigInteger))
    counted = [func.count(), *([written] if info.key else [])]
    found = session.execute(select(*counted).select_from(source_of(info))).one()
    return int(found[0]), (found[1] if info.key else None)


def source_of(info: TableInfo) -> TableClause:
    """Return the table as SQLAlchemy names it, every part quoted.

    Parameters
    ----------
    info : TableInfo
        Table.

    Returns
    -------
    sqlalchemy.TableClause
        With all its columns.
    """
    from sqlalchemy import column
    from sqlalchemy.sql import quoted_name

    columns = (column(quoted_name(c, quote=True), kind) for c, kind in info.types.items())
    return _named(info.schema, info.name, *columns)


def _named(schema: str, name: str, *columns: Any) -> TableClause:
    from sqlalchemy import table
    from sqlalchemy.sql import quoted_name

    return table(quoted_name(name, quote=True), *columns, schema=quoted_name(schema, quote=True))


def matching(
    query: Select[Any],
    info: TableInfo,
    source: TableClause,
    *,
    where: Mapping[str, Any],
    window: SridWindow | None = None,
) -> Select[Any]:
    """Return a query of those rows only that fit; the values are bound.

    Parameters
    ----------
    query : sqlalchemy.Select
        Query of all rows.
    info : TableInfo
        Table.
    source : sqlalchemy.TableClause
        The same for SQLAlchemy.
    where : mapping of str to object
        Column and value; a list of values keeps any of them, None keeps nulls.
    window : tuple, optional
        West, south, east, north and SRID of the rows; those whose box meets the window are kept.

    Returns
    -------
    sqlalchemy.Select
        With its conditions.

    Raises
    ------
    ParameterError
        If a column does not exist.
    """
    from sqlalchemy import func

    unknown = [c for c in where if c not in info.types]
    if unknown:
        raise ParameterError(
            explain(
                f"table « {info.name} »",
                f"no column « {unknown[0]} »",
                required=", ".join(info.types),
            )
        )
    for key, value in where.items():
        query = query.where(_condition(source.c[key], value))
    if window is not None:
        envelope = func.ST_MakeEnvelope(*map(float, window[:4]), window[4])
        query = query.where(source.c[info.geometry].op("&&")(envelope))
    return query


def _condition(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    several = isinstance(value, list | tuple | set | frozenset)
    wanted: ColumnElement[bool] = column.in_(list(value)) if several else column == value
    return wanted
