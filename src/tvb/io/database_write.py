"""Frames into a PostGIS database: all of them or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, LiteralString, TypeAlias

import pandas as pd

from tvb.errors import CrsError, LayerError, MissingExtraError, ParameterError, SourceError, explain
from tvb.io.database_copy import SRID, TableShape, check_identifier, copy_rows, shape_of
from tvb.io.database_query import geometry_columns
from tvb.io.database_session import open_session, refusal
from tvb.schema import CRS, SCHEMAS

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composable
    from sqlalchemy import Connection, Engine

__all__ = ["write_database"]

IfExists = Literal["fail", "replace", "append"]
Rows: TypeAlias = "pd.DataFrame | Iterable[pd.DataFrame]"

_EXISTING = """
SELECT c.oid, c.relkind IN ('r', 'p'), pg_has_role(c.relowner, 'USAGE'),
       has_table_privilege(c.oid, 'INSERT')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s AND c.relkind NOT IN ('i', 'I', 'c')
"""

# The server quotes the names of the accounts itself.
_RIGHTS = """
SELECT format('ALTER TABLE %%s OWNER TO %%I', %(new)s::text, pg_get_userbyid(relowner))
FROM pg_class WHERE oid = %(old)s::oid AND pg_get_userbyid(relowner) <> current_user
UNION ALL
SELECT format('GRANT %%s ON TABLE %%s TO %%s%%s', privilege_type, %(new)s::text,
              CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
              CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_class, aclexplode(relacl) WHERE oid = %(old)s::oid AND grantee <> relowner
"""


def write_database(
    layers: Mapping[str, Rows],
    connection: Engine | Connection,
    *,
    schema: str | None = None,
    if_exists: IfExists = "fail",
    origins: Mapping[str, str] | None = None,
    wait_s: float = 10.0,
) -> dict[str, int]:
    """Write layers and tables into a PostGIS database, in one transaction.

    Parameters
    ----------
    layers : mapping of str to geopandas.GeoDataFrame, pandas.DataFrame or an iterable of them
        By name of table. Geometry in EPSG:2154; a frame without geometry becomes a plain table. An
        index that has a name is written as columns, another one is not. An iterable gives one table
        chunk by chunk, and is never held whole; its frames have the same columns.
    connection : sqlalchemy.engine.Engine or sqlalchemy.engine.Connection
        With the driver psycopg (``postgresql+psycopg://…``). Of an engine, a connection is borrowed
        and the transaction committed. A connection with a transaction open keeps it open: what is
        written becomes part of it.
    schema : str, optional
        Schema of the database; by default the one that the account works in.
    if_exists : {"fail", "replace", "append"}
        What to do with a table of that name. A replaced table keeps its owner and its grants, not
        its triggers, rules and policies; it is not replaced while views depend on it.
    origins : mapping of str to str, optional
        Where the content of a table comes from; kept in its comment.
    wait_s : float
        How long to wait for another run that writes the same tables, or a program that holds one
        open, in seconds.

    Returns
    -------
    dict of str to int
        Rows written into each table.

    Raises
    ------
    MissingExtraError
        If SQLAlchemy or psycopg is not installed.
    ParameterError
        If an argument is none that can be accepted.
    LayerError
        If a frame cannot be a table, or does not fit the table it is appended to.
    CrsError
        If geometry, or the table appended to, is not in EPSG:2154.
    SourceError
        If the database cannot be reached, has no PostGIS, or refuses; the message says why and what
        to do, never the password. The target is then as it was, also when the run is killed.

    Notes
    -----
    New tables are filled under a provisional name, which nobody sees before the end, and take their
    place in the last moment: readers wait for that moment only. Each has the primary key of its
    schema (of the named index for other frames), a spatial index, and comments with the meaning and
    the unit of its columns. Two runs on one table follow each other (advisory lock).
    """
    _check(layers, if_exists, wait_s)
    with open_session(connection, "write_database", read_only=False) as session:
        driver = _psycopg_of(session)
        with _in_words("write_database"):
            writer = _Writer(session, driver, _schema_of(driver, schema), if_exists)
            writer.lock(layers, wait_s)
        targets = {name: writer.examine(name) for name in layers}
        filled = [writer.fill(targets[name], rows) for name, rows in layers.items()]
        for table in filled:
            writer.settle(table, (origins or {}).get(table.shape.name, ""))
    return {table.shape.name: table.rows for table in filled}


def _check(layers: Mapping[str, Rows], if_exists: str, wait_s: float) -> None:
    if not layers:
        raise ParameterError(explain("layers", "none given", required="at least one"))
    if if_exists not in ("fail", "replace", "append"):
        raise ParameterError(
            explain("if_exists", f"« {if_exists} »", required="fail, replace or append")
        )
    if not wait_s > 0:
        raise ParameterError(explain("wait_s", str(wait_s), required="more than 0 seconds"))
    for name in layers:
        check_identifier(name, "table")


@contextmanager
def _in_words(label: str) -> Iterator[None]:
    """Say in words what the server refuses."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise refusal(error, label) from error


def _psycopg_of(session: Connection) -> psycopg.Connection[Any]:
    """Return the connection of the driver, which alone can copy."""
    try:
        import psycopg
    except ImportError as error:
        raise MissingExtraError(
            explain(
                "write_database",
                "psycopg is not installed",
                remedy='pip install "tvb-bassin-minier[postgis]"',
            )
        ) from error
    driver = session.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise ParameterError(
            explain(
                "connection",
                f"its driver is {session.dialect.driver}",
                required="psycopg",
                remedy='sqlalchemy.create_engine("postgresql+psycopg://…")',
            )
        )
    if driver.autocommit:
        raise ParameterError(
            explain(
                "connection",
                "it commits each statement by itself (AUTOCOMMIT)",
                required="one transaction for all tables",
                remedy="pass the engine, or a connection without AUTOCOMMIT",
            )
        )
    return driver


def _schema_of(driver: psycopg.Connection[Any], wanted: str | None) -> str:
    """Return the schema to write to, once it is sure that it exists and may be written to."""
    query = (
        "SELECT nspname, has_schema_privilege(oid, 'CREATE') FROM pg_namespace "
        "WHERE nspname = coalesce(%s, current_schema())"
    )
    found = driver.execute(query, (wanted,)).fetchone()
    if found is None:
        raise SourceError(
            explain(
                f"schema « {wanted or 'default'} »",
                "not in the database",
                remedy="CREATE SCHEMA, or name another with schema=",
            )
        )
    name, writable = found
    if not writable:
        raise SourceError(
            explain(
                f"schema « {name} »",
                "the account may not create tables in it",
                remedy="GRANT CREATE ON SCHEMA by its owner, or name another with schema=",
            )
        )
    return str(name)


@dataclass(frozen=True, slots=True)
class _Target:
    """A table to be written; `oid` is the one of that name that exists."""

    name: str
    oid: int | None = None


@dataclass(frozen=True, slots=True)
class _Filled:
    """A table whose rows are in the database."""

    shape: TableShape
    target: _Target
    place: str
    rows: int

    @property
    def is_new(self) -> bool:
        return self.place != self.target.name


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes tables in the transaction of a connection."""

    session: Connection
    driver: psycopg.Connection[Any]
    schema: str
    if_exists: IfExists

    def lock(self, names: Iterable[str], wait_s: float) -> None:
        """Let one run at a time write a table; in one order, so that two never wait in a ring."""
        milliseconds = f"{max(1, round(wait_s * 1000))}ms"
        self.driver.execute("SELECT set_config('lock_timeout', %s, true)", (milliseconds,))
        for name in sorted(names):
            with _in_words(f"table « {name} »"):
                self.driver.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                    (f"tvb write_database {self.schema}.{name}",),
                )

    def examine(self, name: str) -> _Target:
        """Return what is there, or refuse before anything is copied."""
        found = self.driver.execute(_EXISTING, (self.schema, name)).fetchone()
        if found is None:
            return _Target(name)
        oid, is_table, owned, insertable = found
        refused = {
            "fail": ("it exists already", 'if_exists="replace" or "append"'),
            "replace": None if owned else ("it belongs to another account", "ask its owner"),
            "append": None if insertable else ("the account may not add rows", "GRANT INSERT"),
        }[self.if_exists]
        if not is_table:
            refused = ("it exists and is no table", "write under another name")
        if refused is not None:
            raise SourceError(explain(f"table « {name} »", refused[0], remedy=refused[1]))
        return _Target(name, int(oid))

    def fill(self, target: _Target, rows: Rows) -> _Filled:
        """Copy the rows into a provisional table, or at the end of the one that is there."""
        streamed = not isinstance(rows, pd.DataFrame)
        frames = iter([rows] if isinstance(rows, pd.DataFrame) else rows)
        first = next(frames, None)
        if first is None:
            raise LayerError(explain(target.name, "no frame is given", required="one at least"))
        shape = shape_of(first, target.name, streamed=streamed)
        appended = target.oid is not None and self.if_exists == "append"
        if appended:
            shape, place = self._fitted(shape), target.name
        else:
            place = f"tvb_{secrets.token_hex(8)}"
        with _in_words(f"table « {target.name} »"):
            if not appended:
                self._create(place, shape)
            count = self._copy(place, shape, chain([first], frames))
        return _Filled(shape, target, place, count)

    def _fitted(self, shape: TableShape) -> TableShape:
        """Return the shape with the geometry column of the table that is there."""
        found = geometry_columns(self.session, self.schema, shape.name)
        if not shape.geometry:
            return shape
        if len(found) != 1:
            raise LayerError(
                explain(
                    f"table « {shape.name} »",
                    f"{len(found)} geometry columns",
                    required="one, to append geometry to",
                )
            )
        if found[0].srid not in (0, SRID):
            raise CrsError(
                explain(
                    f"table « {shape.name} »",
                    f"its geometry is in EPSG:{found[0].srid}",
                    required=CRS,
                    remedy='frame and table in one system, or if_exists="replace"',
                )
            )
        kind = shape.kind.removeprefix("Multi")
        if str(found[0].type).startswith("MULTI") and kind != "Unknown":
            kind = f"Multi{kind}"
        return replace(shape, geometry=found[0].f_geometry_column, kind=kind)

    def _create(self, place: str, shape: TableShape) -> None:
        from psycopg.sql import SQL, Identifier

        columns = [SQL("{} {}").format(Identifier(c), SQL(t)) for c, t in shape.columns.items()]
        self._run("CREATE TABLE {} ({})", self._name(place), SQL(", ").join(columns))

    def _copy(self, place: str, shape: TableShape, frames: Iterable[pd.DataFrame]) -> int:
        from psycopg.sql import SQL, Identifier

        names = SQL(", ").join(map(Identifier, shape.columns))
        statement = SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv, ENCODING 'UTF8')")
        with self.driver.cursor() as cursor:
            with cursor.copy(statement.format(self._name(place), names)) as copy:
                for frame in frames:
                    for some in copy_rows(frame, shape):
                        copy.write(some)
            return cursor.rowcount

    def settle(self, table: _Filled, origin: str) -> None:
        """Give a new table its key, index and comments, and its name in the place of the old."""
        if not table.is_new:
            return
        from psycopg.sql import SQL, Identifier

        shape, place = table.shape, self._name(table.place)
        with _in_words(f"table « {shape.name} »"):
            if shape.key:
                key = SQL(", ").join(map(Identifier, shape.key))
                self._run("ALTER TABLE {} ADD PRIMARY KEY ({})", place, key)
            if shape.geometry:
                self._run("CREATE INDEX ON {} USING gist ({})", place, Identifier(shape.geometry))
            self._comment(shape, place, origin)
            self._run("ANALYZE {}", place)
            if table.target.oid is not None:
                self._take_over(table.target.oid, place)
                self._run("DROP TABLE {}", self._name(shape.name))
            self._run("ALTER TABLE {} RENAME TO {}", place, Identifier(shape.name))

    def _comment(self, shape: TableShape, place: Composable, origin: str) -> None:
        from psycopg.sql import Identifier, Literal

        known = SCHEMAS.get(shape.name)
        texts = [f"{known.title_fr} ({known.description})." if known else "", origin]
        self._run("COMMENT ON TABLE {} IS {}", place, Literal(" ".join(filter(None, texts))))
        for column, text in shape.comments.items():
            name = Identifier(column)
            self._run("COMMENT ON COLUMN {}.{} IS {}", place, name, Literal(text))

    def _take_over(self, old: int, place: Composable) -> None:
        """Give the new table the owner and the grants of the one that it replaces."""
        values = {"old": old, "new": place.as_string(self.driver)}
        for (statement,) in self.driver.execute(_RIGHTS, values).fetchall():
            self.driver.execute(statement)

    def _name(self, table: str) -> Composable:
        from psycopg.sql import Identifier

        return Identifier(self.schema, table)

    def _run(self, statement: LiteralString, *parts: Composable) -> None:
        """Run a statement whose names and texts are quoted by the driver."""
        from psycopg.sql import SQL

        self.driver.execute(SQL(statement).format(*parts))
