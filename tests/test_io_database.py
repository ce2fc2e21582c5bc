"""Reading from PostGIS: names quoted, values bound, chunks that equal the file, a bounded memory.

The first tests need no server: SQLite stands in for it, and the queries are those of SQLAlchemy in
both. The others run on the server of `postgis_server`.
"""

# ruff: noqa: S608 (the tests write the queries that the library must not)

from __future__ import annotations

import builtins
import traceback
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import shapely

from postgis_server import BUILDINGS, PASSWORD, READER, Server, buildings, put, run
from tvb.errors import LayerError, MissingExtraError, ParameterError, SourceError, TvbError
from tvb.io import iter_database, read_database
from worlds import X0, Y0, communes

HOSTILE = 'Ta%ble "x"; drop table communes; --'


@pytest.fixture
def engine() -> Iterator[Any]:
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="the extra postgis is not installed")
    engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    with engine.begin() as session:
        run = session.exec_driver_sql
        listed = "f_table_schema, f_table_name, f_geometry_column, srid, type"
        run(f"create table geometry_columns ({listed})")
        for name in ("communes", quoted, "two", "plain", "unknown"):
            run(f'create table {name} ("Code: insee" text, population int, geom blob)')
        for insee, population, shape in zip(
            *communes()[["insee", "population"]].astype(object).to_numpy().T,
            communes().geometry,
            strict=True,
        ):
            for name in ("communes", quoted, "unknown"):
                row = (insee, population, shape.wkb)
                run(f"insert into {name} values (?, ?, ?)", row)
        listed = [("communes", "geom", 2154), (HOSTILE, "geom", 2154), ("unknown", "geom", 0)]
        for row in [*listed, ("two", "a", 2154), ("two", "b", 2154)]:
            run("insert into geometry_columns values ('main', ?, ?, ?, 'POLYGON')", row)
    yield engine
    engine.dispose()


def test_table_is_read_as_it_is(engine: Any) -> None:
    frame = read_database(engine, "communes")
    assert list(frame.columns) == ["Code: insee", "population", "geom"]
    assert frame.crs == 2154
    assert frame.active_geometry_name == "geom"
    assert shapely.equals(frame.geometry.to_numpy(), communes().geometry.to_numpy()).all()


@pytest.mark.parametrize("name", [HOSTILE, f"main.{HOSTILE}"])
def test_hostile_names_are_names(engine: Any, name: str) -> None:
    """Kills: a table name pasted into the query."""
    assert len(read_database(engine, name)) == 4
    assert len(read_database(engine, "main.communes")) == 4


def test_values_are_bound(engine: Any) -> None:
    """Kills: a condition pasted into the query, and ``= NULL``, which is never true."""
    for where, rows in [
        ({"Code: insee": "62001"}, 1),
        ({"Code: insee": "62001' or '1'='1"}, 0),
        ({"Code: insee": ["62001", "62003", "x"]}, 2),
        ({"Code: insee": []}, 0),
        ({"Code: insee": "62001", "population": 2000}, 0),
        ({"population": None}, 0),
    ]:
        assert len(read_database(engine, "communes", where=where)) == rows


def test_connection_stays_open(engine: Any) -> None:
    with engine.connect() as session:
        read_database(session, "communes")
        assert not session.closed


def test_unknown_srid_gives_no_crs(engine: Any) -> None:
    assert read_database(engine, "unknown").crs is None


def test_what_does_not_exist_is_named_with_its_neighbours(engine: Any) -> None:
    with pytest.raises(SourceError, match=r"« comunes ».*schema « main ».*Required: communes"):
        read_database(engine, "comunes")
    with pytest.raises(SourceError, match=r"schema « mian »: not in the database.*main"):
        read_database(engine, "mian.communes")
    with pytest.raises(ParameterError, match=r"no column « insee »\. Required: Code: insee"):
        read_database(engine, "communes", where={"insee": "62001"})
    with pytest.raises(LayerError, match=r"« plain »: 0 geometry columns.*a table with geometry"):
        read_database(engine, "plain")
    with pytest.raises(LayerError, match=r"2 geometry columns\. Required: geometry=, one of a, b"):
        read_database(engine, "two")
    with pytest.raises(LayerError, match=r"no geometry column « g ».*one of geom"):
        read_database(engine, "communes", geometry="g")


def test_refusal_does_not_quote_the_query(engine: Any) -> None:
    """The column is listed but the table has no such column: the database itself refuses."""
    with engine.begin() as session:
        session.exec_driver_sql("alter table geometry_columns rename column srid to srid2")
    with pytest.raises(SourceError, match=r"communes: the database refuses \(OperationalError\)"):
        read_database(engine, "communes")


def test_address_of_a_dead_server_is_not_told() -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="the extra postgis is not installed")
    engine = sqlalchemy.create_engine("sqlite:////no/such/folder/secret.db")
    with pytest.raises(SourceError, match="the database refuses") as caught:
        read_database(engine, "communes")
    assert "secret" not in str(caught.value)


def test_other_connections_are_refused() -> None:
    pytest.importorskip("sqlalchemy", reason="the extra postgis is not installed")
    with pytest.raises(ParameterError, match=r"connection: a str\..*create_engine") as caught:
        read_database("postgresql://me:secret@host/db", "communes")  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("sqlalchemy"):
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"tvb-bassin-minier\[postgis\]") as caught:
        read_database(None, "communes")  # type: ignore[arg-type]
    assert isinstance(caught.value, TvbError)
    assert isinstance(caught.value, ImportError)


# On a real server


# What can go wrong between here and a server


def refused(call: Any, match: str) -> None:
    """Check what is said, and that not even the trace of the error tells the password."""
    with pytest.raises(SourceError, match=match) as caught:
        call()
    trace = "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in trace
    assert "nothing" not in str(caught.value)


def test_wrong_ways_to_a_server(postgres: Server) -> None:
    import sqlalchemy

    def reading(**address: Any) -> Any:
        url = postgres.url(**{"user": READER, "password": PASSWORD} | address)
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
        return lambda: read_database(engine, "communes")

    refused(reading(password=PASSWORD[::-1] + "nothing"), "its password is refused .*pg_hba")
    refused(reading(database="nothing"), "the database or the account does not exist")
    refused(reading(user="nothing"), "the database or the account does not exist")
    refused(reading(database="bare"), "the database has no PostGIS.*CREATE EXTENSION postgis")
    away = sqlalchemy.create_engine(f"postgresql+psycopg://x:{PASSWORD}@/x?host=/nothing")
    refused(lambda: read_database(away, "communes"), "no server answers .*its address, its port")
    shut = sqlalchemy.create_engine(f"postgresql+psycopg://x:{PASSWORD}@127.0.0.1:1/x")
    refused(lambda: read_database(shut, "communes"), "no server answers")


def test_rights_and_types_are_named(postgres: Server, real: Any) -> None:
    import sqlalchemy

    run(real, BUILDINGS)
    url = postgres.url(user=READER, password=PASSWORD)
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    refused(
        lambda: read_database(engine, "batiments"),
        r"batiments: the account has not the right \(permission denied .*GRANT SELECT",
    )
    refused(
        lambda: read_database(real, "batiments", where={"geom": 1}),
        "a value and its column are of different types",
    )


def test_postgis_is_found_outside_the_search_path(postgres: Server, real: Any) -> None:
    """Kills: the view of the geometry columns asked for as if it were always in sight."""
    import sqlalchemy

    run(real, BUILDINGS)
    put(real, "batiments", buildings(30))
    options = {"options": "-c search_path=public"}
    engine = sqlalchemy.create_engine(postgres.url(), connect_args=options)
    assert len(read_database(engine, "batiments")) == 30
    window = (X0, Y0, X0 + 9, Y0 + 9)
    assert list(iter_database(engine, "batiments", "buildings", bbox=window))
    engine.dispose()


def test_types_are_read_without_a_warning(real: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: SQLAlchemy's warning of types that it does not know, silenced by a filter, which is
    the whole process's: the thread that prepares the zones took it down."""
    kinds = {
        "other": "geography(Point, 4326)", "many": "geometry[]", "place": "lieu", "plot": "terre",
        "flow": "debits", "risk": "alea", "page": "xid",
    }  # fmt: skip
    run(
        real,
        BUILDINGS,
        "CREATE TYPE lieu AS (rue text, numero int)",
        "CREATE TYPE debits AS RANGE (subtype = float8)",
        "CREATE TYPE alea AS ENUM ('Faible', 'Fort')",
        "CREATE DOMAIN terre AS geometry(Polygon, 2154)",
        *(f"ALTER TABLE batiments ADD {name} {kind}" for name, kind in kinds.items()),
    )
    put(real, "batiments", buildings(30))
    run(real, "UPDATE batiments SET risk = 'Fort', place = ROW('du Puits', 3)")
    monkeypatch.setattr(warnings, "simplefilter", lambda *_rule: None)  # as another thread does
    frame = read_database(real, "batiments")
    assert frame.loc[0, ["risk", "place", "flow"]].tolist() == ["Fort", '("du Puits",3)', None]
