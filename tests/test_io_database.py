"""PostGIS: names are quoted, values are bound, and messages never tell the way to the server.

Without a server, SQLite stands in for it: the queries are those of SQLAlchemy in both. Set
TVB_TEST_POSTGIS to the address of a scratch database to run the last test on a real one.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator
from typing import Any

import pytest
import shapely

from tvb.errors import LayerError, MissingExtraError, ParameterError, SourceError, TvbError
from tvb.io.database import read_database
from worlds import communes

HOSTILE = 'Ta%ble "x"; drop table communes; --'


@pytest.fixture
def engine() -> Iterator[Any]:
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="the extra postgis is not installed")
    engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    with engine.begin() as session:
        run = session.exec_driver_sql
        run("create table geometry_columns (f_table_schema, f_table_name, f_geometry_column, srid)")
        for name in ("communes", quoted, "two", "plain", "unknown"):
            run(f'create table {name} ("Code: insee" text, population int, geom blob)')
        for insee, population, shape in zip(
            *communes()[["insee", "population"]].astype(object).to_numpy().T,
            communes().geometry,
            strict=True,
        ):
            for name in ("communes", quoted, "unknown"):
                row = (insee, population, shape.wkb)
                run(f"insert into {name} values (?, ?, ?)", row)  # noqa: S608
        listed = [("communes", "geom", 2154), (HOSTILE, "geom", 2154), ("unknown", "geom", 0)]
        for row in [*listed, ("two", "a", 2154), ("two", "b", 2154)]:
            run("insert into geometry_columns values ('main', ?, ?, ?)", row)
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


def test_real_server() -> None:
    address = os.environ.get("TVB_TEST_POSTGIS")
    if not address:
        pytest.skip("no PostGIS server (set TVB_TEST_POSTGIS to a scratch database)")
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="the extra postgis is not installed")
    engine = sqlalchemy.create_engine(address)
    name, quoted = 'tvb % "test"', '"tvb %% ""test"""'
    try:
        with engine.begin() as session:
            run = session.exec_driver_sql
            run(f"drop table if exists {quoted}")
            run(f"create table {quoted} (insee text, geom geometry(Polygon, 2154))")
            for insee, shape in zip(communes()["insee"], communes().geometry, strict=True):
                geometry = f"ST_GeomFromText('{shape.wkt}', 2154)"
                run(f"insert into {quoted} values ('{insee}', {geometry})")  # noqa: S608
        frame = read_database(engine, name, where={"insee": ["62002", "62003"]})
        assert sorted(frame["insee"]) == ["62002", "62003"]
        assert frame.crs == 2154
    finally:
        with engine.begin() as session:
            session.exec_driver_sql(f"drop table if exists {quoted}")
        engine.dispose()
