"""A connection to a database: opened, checked, and its refusals said in words.

No message tells the address of the server, the account or the password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd

from tvb.errors import MissingExtraError, ParameterError, SourceError, explain

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["is_postgres", "open_session", "refusal"]

_EXTRA = 'pip install "tvb-bassin-minier[postgis]"'

_NO_SERVER = ("no server answers", "check that it runs, its address, its port and the network")
_NO_ENTRY = (
    "the account or its password is refused",
    "check the user, the password and the rules of the server (pg_hba.conf)",
)
_ABSENT = ("the database or the account does not exist", "check both names on the server")
_CUT = ("the connection was cut", "try again; the target is as it was")

# What a failed connection says; it bears no code, and servers speak the language they are set to.
_BEFORE_SESSION = (
    (re.compile(r"password|mot de passe|authenti|pg_hba", re.IGNORECASE), _NO_ENTRY),
    (re.compile(r"does not exist|n'existe pas", re.IGNORECASE), _ABSENT),
    (re.compile(r"refused|No such file|translate|resolve|time|unreach|route", re.I), _NO_SERVER),
    (re.compile(r"closed|terminat|SSL|EOF|reset|lost", re.IGNORECASE), _CUT),
)

# SQLSTATE, or its first characters → what happened and what to do; the first that fits.
_REASONS = {
    "25P01": ("it has no transaction", "pass the engine, or a connection without AUTOCOMMIT"),
    "25006": ("it may only be read", "connect to the main server, not to its copy"),
    "28": _NO_ENTRY,
    "3D": _ABSENT,
    "08": _CUT,
    "57P": _CUT,
    "57014": ("the server gave up the query", "raise its statement_timeout"),
    "55P03": (
        "another run or program is writing it or holds it open",
        "wait until it ends, or wait longer with wait_s=",
    ),
    "40": ("another transaction is in the way", "try again; the target is as it was"),
    "42501": (
        "the account has not the right",
        "ask the owner for GRANT SELECT to read, INSERT to append, CREATE ON SCHEMA to write",
    ),
    "42P07": ("it exists already", 'if_exists="replace" or "append"'),
    "42703": ("the table lacks a column", 'if_exists="replace", or add the column'),
    "42883": ("a value and its column are of different types", "give values of the column's type"),
    "2BP01": (
        "views or other tables are made from it",
        'drop them first, or empty the table and use if_exists="append"',
    ),
    "23505": ("a key is given twice", "keep one row for each key"),
    "22": ("a value does not fit its column", "compare the frame with the columns of the table"),
    "23": ("a value breaks a rule of the table", "compare the frame with the rules of the table"),
    "53": ("the server lacks space, memory or connections", "ask its administrator"),
}
_OTHER = ("the database refuses", "check the server, the account and its rights")


def is_postgres(session: Connection) -> bool:
    """Tell whether the database is PostgreSQL.

    Parameters
    ----------
    session : sqlalchemy.engine.Connection
        Open connection.

    Returns
    -------
    bool
        False for the databases that stand in for it in tests.
    """
    return session.dialect.name == "postgresql"


@contextmanager
def open_session(
    connection: Engine | Connection, label: str, *, read_only: bool
) -> Iterator[Connection]:
    """Return a connection inside a transaction, on which the types of PostGIS can be seen.

    Parameters
    ----------
    connection : sqlalchemy.engine.Engine or sqlalchemy.engine.Connection
        Open connection, which is left open, or an engine of which one is borrowed.
    label : str
        What messages call the work.
    read_only : bool
        Whether nothing is written. A borrowed connection then refuses to, and sees one state of the
        database. Otherwise the block is one transaction, or a part of the one that is open: if it
        fails, nothing of it is left.

    Yields
    ------
    sqlalchemy.engine.Connection
        Connection to work with.

    Raises
    ------
    MissingExtraError
        If SQLAlchemy or the driver that its engine names is not installed.
    ParameterError
        If the connection is not one of SQLAlchemy.
    SourceError
        If the database cannot be reached, has no PostGIS, or refuses anything in the block; the
        message says why and what to do, never the address or the password.
    """
    alchemy = _sqlalchemy(label)
    if not isinstance(connection, (alchemy.engine.Engine, alchemy.engine.Connection)):
        raise ParameterError(
            explain(
                "connection",
                f"a {type(connection).__name__}",
                required="an engine or connection of SQLAlchemy",
                remedy="sqlalchemy.create_engine(…)",
            )
        )
    try:
        with _borrow(connection, read_only=read_only) as session:
            if is_postgres(session):
                _see_postgis(session, label)
            yield session
    except (alchemy.exc.SQLAlchemyError, pd.errors.DatabaseError) as error:
        raise refusal(error, label) from error


def _sqlalchemy(label: str) -> Any:
    try:
        import sqlalchemy
        import sqlalchemy.exc
    except ImportError as error:
        raise MissingExtraError(
            explain(label, "SQLAlchemy is not installed", remedy=_EXTRA)
        ) from error
    return sqlalchemy


@contextmanager
def _borrow(connection: Any, *, read_only: bool) -> Iterator[Connection]:
    """Yield a connection inside a transaction; one that was made for it is closed at the end."""
    from sqlalchemy import Engine

    if isinstance(connection, Engine):
        level = "REPEATABLE READ" if read_only else "READ COMMITTED"
        with connection.connect() as session:
            if is_postgres(session):
                session.execution_options(isolation_level=level, postgresql_readonly=read_only)
            with session.begin():
                yield session
    elif read_only:
        yield connection
    else:
        with connection.begin_nested() if connection.in_transaction() else connection.begin():
            yield connection


def _see_postgis(session: Connection, label: str) -> None:
    """Put the schema that PostGIS lives in on the search path, for this transaction only."""
    from sqlalchemy import text

    found = session.execute(
        text(
            "SELECT quote_ident(nspname), nspname = ANY (current_schemas(true)) "
            "FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace "
            "WHERE extname = 'postgis'"
        )
    ).one_or_none()
    if found is None:
        raise SourceError(
            explain(
                label,
                "the database has no PostGIS",
                remedy="CREATE EXTENSION postgis in this database, by its administrator",
            )
        )
    home, visible = found
    if not visible:
        path = "set_config('search_path', current_setting('search_path') || ', ' || :home, true)"
        session.execute(text(f"SELECT {path}"), {"home": home})


def refusal(error: Exception, label: str) -> SourceError:
    """Return the error that says in words what a database refuses.

    Parameters
    ----------
    error : Exception
        Of SQLAlchemy, pandas or the driver.
    label : str
        What messages call the work.

    Returns
    -------
    SourceError
        With what the server says of its own (never the query, the values bound or the address).
    """
    origin: Any = getattr(error.__cause__, "orig", None) or getattr(error, "orig", None)
    origin = origin or error.__cause__ or error
    state = str(getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None) or "")
    told = getattr(getattr(origin, "diag", None), "message_primary", None) if state else None
    known = (reason for start, reason in _REASONS.items() if state.startswith(start))
    if not state and type(origin).__name__ in ("OperationalError", "ConnectionTimeout"):
        text = str(origin)
        known = (reason for pattern, reason in _BEFORE_SESSION if pattern.search(text))
    problem, remedy = next(known, _OTHER)
    return SourceError(
        explain(label, f"{problem} ({told or type(origin).__name__})", remedy=remedy)
    )
