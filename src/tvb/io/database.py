"""Layers from a PostGIS database."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from tvb.errors import LayerError, MissingExtraError, ParameterError, SourceError, explain

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Select

__all__ = ["read_database"]

_SHOWN = 3


def read_database(
    connection: Engine | Connection,
    table: str,
    *,
    where: Mapping[str, Any] | None = None,
    geometry: str | None = None,
) -> gpd.GeoDataFrame:
    """Return a table of a PostGIS database as it is; nothing is written there.

    Parameters
    ----------
    connection : sqlalchemy.engine.Engine or sqlalchemy.engine.Connection
        Open connection, or an engine of which one is borrowed.
    table : str
        Name of a table or view, ``schema.table`` outside the default schema. Each part is one
        identifier as the database spells it; it is quoted, never run.
    where : mapping of str to object, optional
        Rows to keep: column and value; a list of values keeps any of them, None keeps nulls. Values
        are bound, never written into the query.
    geometry : str, optional
        Geometry column; needed when there are several.

    Returns
    -------
    geopandas.GeoDataFrame
        All columns, in the order of the table, in the CRS of the geometry column (none if its SRID
        is 0). Rows come in the order that the database chooses.

    Raises
    ------
    MissingExtraError
        If SQLAlchemy is not installed.
    ParameterError
        If the connection is not one of SQLAlchemy, or ``where`` names a column that does not exist.
    SourceError
        If the table does not exist or the database refuses; the message names tables that look like
        it, never the address or the password of the server.
    LayerError
        If the table has no geometry column, several of them, or not the one named.
    """
    alchemy = _sqlalchemy()
    if not isinstance(connection, (alchemy.engine.Engine, alchemy.engine.Connection)):
        raise ParameterError(
            explain(
                "connection",
                f"a {type(connection).__name__}",
                required="an engine or connection of SQLAlchemy",
                remedy="sqlalchemy.create_engine(…)",
            )
        )
    borrowed = isinstance(connection, alchemy.engine.Engine)
    try:
        with connection.connect() if borrowed else nullcontext(connection) as session:
            schema, name = _find_table(session, table)
            column, srid = _geometry_column(session, schema, name, wanted=geometry)
            query = _query(session, schema, name, where=where or {})
            crs = f"EPSG:{srid}" if srid > 0 else None
            return gpd.read_postgis(query, session, geom_col=column, crs=crs)
    except (alchemy.exc.SQLAlchemyError, pd.errors.DatabaseError) as error:
        # The text of these errors quotes the query and sometimes the address of the server.
        reason = type(getattr(error.__cause__, "orig", None) or error.__cause__ or error).__name__
        raise SourceError(
            explain(
                table,
                f"the database refuses ({reason})",
                remedy="check the server, the account and its rights",
            )
        ) from error


def _sqlalchemy() -> Any:
    try:
        import sqlalchemy
        import sqlalchemy.exc
    except ImportError as error:
        raise MissingExtraError(
            explain(
                "read_database",
                "SQLAlchemy is not installed",
                remedy='pip install "tvb-bassin-minier[postgis]"',
            )
        ) from error
    return sqlalchemy


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
    known = [row.f_table_name for row in _geometry_columns(session, schema or default)]
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


def _geometry_columns(session: Connection, schema: str, name: str | None = None) -> Sequence[Any]:
    """Return the geometry columns that PostGIS lists in a schema, or those of one table."""
    from sqlalchemy import column, select
    from sqlalchemy import table as source

    columns = ("f_table_name", "f_geometry_column", "srid")
    query = select(source("geometry_columns", *map(column, columns)))
    query = query.where(column("f_table_schema") == schema)
    if name is not None:
        query = query.where(column("f_table_name") == name)
    return list(session.execute(query))


def _geometry_column(
    session: Connection, schema: str, name: str, *, wanted: str | None
) -> tuple[str, int]:
    """Return the name and the SRID of the geometry column."""
    rows = _geometry_columns(session, schema, name)
    found: dict[str, int] = {row.f_geometry_column: row.srid for row in rows}
    if wanted is not None and wanted in found:
        return wanted, found[wanted]
    if wanted is None and len(found) == 1:
        return next(iter(found.items()))
    raise LayerError(
        explain(
            f"table « {name} »",
            f"no geometry column « {wanted} »" if wanted else f"{len(found)} geometry columns",
            required="geometry=, one of " + ", ".join(sorted(found))
            if found
            else "a table with geometry",
        )
    )


def _query(session: Connection, schema: str, name: str, *, where: Mapping[str, Any]) -> Select[Any]:
    """Return the query of all columns; SQLAlchemy quotes the names and binds the values."""
    from sqlalchemy import column, inspect, select, table
    from sqlalchemy.exc import SAWarning
    from sqlalchemy.sql import quoted_name

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # it does not know the type of geometry
        columns = [c["name"] for c in inspect(session).get_columns(name, schema=schema)]
    unknown = [c for c in where if c not in columns]
    if unknown:
        raise ParameterError(
            explain(f"table « {name} »", f"no column « {unknown[0]} »", required=", ".join(columns))
        )
    source = table(
        quoted_name(name, quote=True),
        *(column(quoted_name(c, quote=True)) for c in columns),
        schema=quoted_name(schema, quote=True),
    )
    query = select(source)
    for key, value in where.items():
        if isinstance(value, list | tuple | set | frozenset):
            query = query.where(source.c[key].in_(list(value)))
        else:
            query = query.where(source.c[key] == value)
    return query
