"""Writing to PostGIS: all or nothing, whatever the names, the values and the moment of the failure.

Every test runs on the server of `postgis_server` but those that never reach it.
"""

# ruff: noqa: S608 (the tests write the queries that the library must not)

from __future__ import annotations

import builtins
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

import tvb
from postgis_server import PASSWORD, READER, Server
from tvb.errors import CrsError, LayerError, MissingExtraError, ParameterError, SourceError
from tvb.io import iter_database, read_database, write_database
from worlds import X0, Y0, box, communes

NASTY = 'Ta%ble "x"; drop table communes; -- é'
TEXTS = [
    "'); DROP TABLE communes; --", "\\.", "a\n\\.\nb", "", "NULL", "\\N", 'un "mot", deux',
    "tab\tet\r\nfin", "%s %(x)s %%", "Noyelles-Godault ’œuf 🏚", " ",
]  # fmt: skip


@pytest.fixture
def engine(real: Any) -> Any:
    return real


def ask(engine: Any, question: str, *values: Any) -> list[tuple[Any, ...]]:
    with engine.connect() as session:
        return [tuple(row) for row in session.exec_driver_sql(question, values)]


def run(engine: Any, *statements: str) -> None:
    with engine.begin() as session:
        for statement in statements:
            session.exec_driver_sql(statement)


def tables(engine: Any) -> set[str]:
    """Return all that there is, provisional tables too."""
    return {
        name
        for (name,) in ask(
            engine,
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'extensions') "
            "AND relkind <> 'i'",
        )
    }


def state(engine: Any, table: str) -> Any:
    """Return what a table is and holds, its identity included."""
    return (
        ask(engine, "SELECT %s::regclass::oid, obj_description(%s::regclass)", table, table),
        ask(
            engine, f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"
        ),
    )


def sample(layer: str) -> gpd.GeoDataFrame:
    """Return three rows of a layer that fill all its columns with awkward values and nulls."""
    schema = tvb.schema.get_schema(layer)
    shapes = {
        "point": [shapely.Point(X0 + i, Y0) for i in range(3)],
        "line": [shapely.LineString([(X0, Y0), (X0 + i + 1, Y0)]) for i in range(3)],
        "polygon": [box(i, 0, i + 1, 1) for i in range(3)],
    }[sorted(schema.families)[-1]]
    values = {
        "integer": [7, -(2**53) - 1, None], "number": [0.1, -1e-300, None],
        "boolean": [True, False, None],
    }  # fmt: skip
    table: dict[str, Any] = {}
    for column in schema.columns:
        if column.dtype == "text":
            words: list[Any] = [f"a{i};' \"é{i}" for i in range(2)]
            if column.width:
                words = [f"{i + 1:0{column.width}}" for i in range(2)]
            words = list(column.allowed[:2]) or words
            table[column.name] = [*words, None if column.nullable else words[-1] + "z"]
        else:
            table[column.name] = values[column.dtype]
        if column.width and not column.nullable:
            table[column.name][2] = "9" * column.width
    frame = gpd.GeoDataFrame(table, geometry=shapes, crs=2154)
    return tvb.io.conform(frame, layer)[0]


# What is written


def test_every_layer_comes_back(engine: Any) -> None:
    """Kills: a null integer turned into a decimal, a boolean into text, a text into a number."""
    layers = {name: sample(name) for name in tvb.schema.SCHEMAS}
    rows = write_database(layers, engine)
    assert rows == dict.fromkeys(layers, 3)
    assert tables(engine) == set(layers)
    for name, frame in layers.items():
        (chunk,) = iter_database(engine, name, name)
        back = chunk.frame
        assert not chunk.report.dropped
        assert not chunk.report.repaired
        order = tvb.schema.get_schema(name).key
        frame = frame.sort_values(order, ignore_index=True) if order else frame  # noqa: PLW2901
        assert_geodataframe_equal(back, frame)


def test_other_types_come_back(engine: Any) -> None:
    """Kills: hours moved by a time zone, large integers rounded, NaN written as a number."""
    table = pd.DataFrame(
        {
            "jour": [pd.Timestamp("2024-02-29").date(), None],
            "heure": pd.to_datetime(["2024-05-01 10:00:00.123456", None]),
            "zone": pd.to_datetime(["2024-05-01 10:00:00.5", None]).tz_localize("Europe/Paris"),
            "grand": np.array([2**64 - 1, 0], dtype="uint64"),
            "petit": pd.array([-1, None], dtype="Int8"),
            "simple": np.array([0.5, np.nan], dtype="float32"),
            "genre": pd.Categorical(["b", None], categories=["a", "b"]),
            "vrai": pd.array([True, None], dtype="boolean"),
            "infini": [np.inf, -np.inf],
        },
        index=pd.Index(["62001", "62002"], name="insee"),
    )
    write_database({"table": table}, engine)
    types = ask(
        engine,
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'table'",
    )
    assert dict(types) == {
        "insee": "text", "jour": "date", "heure": "timestamp without time zone",
        "zone": "timestamp with time zone", "grand": "numeric", "petit": "bigint",
        "simple": "double precision", "genre": "text", "vrai": "boolean",
        "infini": "double precision",
    }  # fmt: skip
    back = ask(
        engine,
        "SELECT insee, jour::text, heure::text, (zone AT TIME ZONE 'UTC')::text, grand::text, "
        'petit, simple, genre, vrai, infini FROM "table" ORDER BY 1',
    )
    assert back == [
        ("62001", "2024-02-29", "2024-05-01 10:00:00.123456", "2024-05-01 08:00:00.5",
         "18446744073709551615", -1, 0.5, "b", True, np.inf),
        ("62002", None, None, None, "0", None, None, None, None, -np.inf),
    ]  # fmt: skip
    key = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass"
    assert ask(engine, key, '"table"') == [("PRIMARY KEY (insee)",)]


def test_names_and_values_are_only_that(engine: Any) -> None:
    """Kills: a name or a value pasted into a statement; the end mark of COPY found in a text."""
    schema = 'Schéma "v.2" %s'
    run(engine, 'CREATE SCHEMA "Schéma ""v.2"" %%s"')
    frame = gpd.GeoDataFrame(
        {
            'a%(b)s "c"; --': TEXTS,
            "geom": range(len(TEXTS)),
            "ta\nb\tœ": [*TEXTS[1:], None],
        },
        geometry=[box(i, 0, i + 1, 1) for i in range(len(TEXTS))],
        crs=2154,
    )
    origins = {NASTY: "modelled: l'origine; -- \\ %s"}
    for mode in ("fail", "replace", "append"):
        write_database({NASTY: frame}, engine, schema=schema, if_exists=mode, origins=origins)
    back = read_database(engine, f"{schema}.{NASTY}")
    assert back.active_geometry_name == "geom_1"
    assert len(back) == 2 * len(frame)
    for column in frame.columns[:-1]:
        for half in (back[: len(frame)], back[len(frame) :]):
            told, true = half[column].tolist(), frame[column].tolist()
            assert [t for t in told if not pd.isna(t)] == [t for t in true if not pd.isna(t)]
    ((comment,),) = ask(
        engine, "SELECT obj_description(oid) FROM pg_class WHERE relname = %s", NASTY
    )
    assert comment == origins[NASTY]


def test_table_says_what_it_holds(engine: Any) -> None:
    """Kills: a table without system, key or index, of which nobody knows the units."""
    result = pd.DataFrame(
        {"surface_ha": [1.5], "debit_m3_s": [2.0], "emprise_m2": [3.0], "long_m": [1.0]}
    )
    layers = {"buildings": sample("buildings"), "cavaliers": sample("cavaliers"), "bilan": result}
    write_database(layers, engine, origins={"buildings": "modelled: x"})
    listed = ask(engine, "SELECT f_table_name, type, srid FROM geometry_columns ORDER BY 1")
    assert listed == [("buildings", "POLYGON", 2154), ("cavaliers", "POLYGON", 2154)]
    indexes = ask(engine, "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'")
    assert [(t, d.split(" USING ")[1]) for t, d in sorted(indexes)] == [
        ("buildings", "gist (geom)"),
        ("buildings", "btree (cleabs)"),
        ("cavaliers", "gist (geom)"),
    ]
    comments = ask(
        engine,
        "SELECT obj_description(c.oid), attname, col_description(c.oid, attnum) "
        "FROM pg_class c JOIN pg_attribute ON attrelid = c.oid WHERE relname = ANY (%s)",
        ["buildings", "bilan"],
    )
    units = {column: text for _, column, text in comments if text}
    assert units["hauteur"] == "Height; null or 0 when unknown [m]"
    assert units["nombre_de_logements"] == "Dwellings; null when unknown [dwellings]"
    assert {units[c] for c in result} == {"[ha]", "[m³/s]", "[m²]", "[m]"}
    assert "Bâtiments (One building footprint). modelled: x" in {text for text, *_ in comments}


def test_shapes_of_every_kind(engine: Any) -> None:
    polygon, pair = box(0, 0, 1, 1), shapely.MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)])
    line = shapely.LineString([(X0, Y0), (X0 + 1, Y0)])
    heights = [shapely.force_3d(polygon, 5.0), None]

    def frame(*shapes: Any) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=list(shapes), crs=2154)

    layers = {
        "un": frame(polygon, None), "plusieurs": frame(polygon, pair, None),
        "meles": frame(polygon, line), "hauteurs": frame(*heights), "vides": frame(),
        "nuls": frame(None, None), "creux": frame(shapely.Point(), shapely.Point(X0, Y0)),
    }  # fmt: skip
    write_database(layers, engine)
    kinds = dict(ask(engine, "SELECT f_table_name, type FROM geometry_columns"))
    assert kinds == {
        "un": "POLYGON", "plusieurs": "MULTIPOLYGON", "meles": "GEOMETRY", "hauteurs": "POLYGON",
        "vides": "GEOMETRY", "nuls": "GEOMETRY", "creux": "POINT",
    }  # fmt: skip
    for name, written in layers.items():
        back = read_database(engine, name).sort_values("n").geometry.to_numpy()
        expected = written.geometry.to_numpy()
        assert (shapely.is_missing(back) == shapely.is_missing(expected)).all()
        assert (shapely.is_missing(expected) | shapely.equals(back, expected)).all(), name
    back = read_database(engine, "hauteurs").sort_values("n").geometry
    assert shapely.get_coordinates(back.iloc[0], include_z=True)[:, 2].tolist() == [5.0] * 5
    assert set(ask(engine, "SELECT ST_SRID(geom) FROM plusieurs")) == {(2154,), (None,)}


def test_chunks_are_written_as_they_come(engine: Any) -> None:
    """Kills: all frames gathered first; the type of the first one taken for that of all."""
    alive: list[int] = []

    def chunks() -> Iterator[gpd.GeoDataFrame]:
        for i in range(5):
            alive.append(i)
            geometry = box(i, 0, i + 1, 1) if i < 3 else shapely.MultiPolygon([box(i, 0, i + 1, 1)])
            yield gpd.GeoDataFrame(
                {"cleabs": [f"B{i}"], "etages": pd.array([None if i else 2], dtype="Int64")},
                geometry=[geometry],
                crs=2154,
            )

    assert write_database({"buildings": chunks()}, engine) == {"buildings": 5}
    assert ask(engine, "SELECT DISTINCT GeometryType(geom) FROM buildings") == [("MULTIPOLYGON",)]
    assert alive == list(range(5))
    with pytest.raises(LayerError, match="buildings: no frame is given"):
        write_database({"buildings": iter([])}, engine, if_exists="replace")
    other = [sample("buildings"), sample("buildings").drop(columns="hauteur")]
    with pytest.raises(LayerError, match=r"columns cleabs.* Required: those of the first frame"):
        write_database({"buildings": other}, engine, if_exists="replace")
    assert ask(engine, "SELECT count(*) FROM buildings") == [(5,)]


# All or nothing


def test_a_failure_leaves_all_as_it_was(engine: Any) -> None:
    """Kills: a table dropped before the new one is there; the first of two tables left behind."""
    write_database({"communes": communes()}, engine)
    before = state(engine, "communes")

    def stops() -> Iterator[pd.DataFrame]:
        yield communes()
        raise KeyboardInterrupt

    def doubles() -> Iterable[pd.DataFrame]:
        return [communes(), communes()]

    for mode in ("replace", "append"):
        with pytest.raises(KeyboardInterrupt):
            write_database({"un": communes(), "communes": stops()}, engine, if_exists=mode)
        with pytest.raises(SourceError, match=r"« communes »: a key is given twice"):
            write_database({"un": communes(), "communes": doubles()}, engine, if_exists=mode)
        wrong = communes().assign(nom=["a", "b", "c", "nul\0"])
        with pytest.raises(SourceError, match="« communes »: a value does not fit its column"):
            write_database({"communes": wrong}, engine, if_exists=mode)
        assert state(engine, "communes") == before
        assert tables(engine) == {"communes"}
    with pytest.raises(SourceError, match=r"« communes »: it exists already\..*append"):
        write_database({"un": communes(), "communes": communes()}, engine)
    assert state(engine, "communes") == before
    assert tables(engine) == {"communes"}


_KILLED = """
import sys, time, sqlalchemy
sys.path.insert(0, sys.argv[2])
from tvb.io import write_database
from worlds import communes
def chunks():
    for i in range(50):
        yield communes().assign(insee=[f"{i:03}{k:02}" for k in range(4)])
    print("half", flush=True)
    time.sleep(60)
write_database({"un": communes(), "communes": chunks()}, sqlalchemy.create_engine(sys.argv[1]),
               if_exists="replace")
"""


def test_a_killed_run_leaves_all_as_it_was(postgres: Server, engine: Any) -> None:
    """Kills: what only a handler of exceptions cleans up, provisional tables and locks among it."""
    write_database({"communes": communes()}, engine)
    before = state(engine, "communes")
    here = os.path.dirname(__file__)  # noqa: PTH120
    writer = subprocess.Popen(
        [sys.executable, "-c", _KILLED, postgres.url().render_as_string(), here],
        stdout=subprocess.PIPE,
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"half\n"
        with pytest.raises(SourceError, match=r"« communes »: another run .*wait_s="):
            write_database({"communes": communes()}, engine, if_exists="append", wait_s=0.05)
        writer.send_signal(signal.SIGKILL)
    assert state(engine, "communes") == before
    assert write_database({"un": communes()}, engine) == {"un": 4}  # waits until the server knows
    assert tables(engine) == {"communes", "un"}


def test_two_runs_follow_each_other(engine: Any) -> None:
    """Kills: the rows of one run mixed into or laid over those of the other; a ring of locks."""
    begun, go = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    def slow() -> Iterator[pd.DataFrame]:
        yield communes().assign(nom="lent")
        begun.set()
        go.wait(20)

    def first() -> None:
        try:
            write_database({"b": slow(), "a": communes()}, engine, if_exists="replace")
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(20)
    quick = {"a": communes().assign(nom="vite"), "b": communes().assign(nom="vite")}
    with pytest.raises(SourceError, match=r"« a »: another run .*wait longer with wait_s="):
        write_database(quick, engine, if_exists="replace", wait_s=0.05)
    write_database({"c": communes()}, engine, wait_s=0.05)  # another table waits for nobody
    threading.Timer(0.2, go.set).start()
    write_database(quick, engine, if_exists="replace")
    thread.join()
    assert not failed
    assert ask(engine, "SELECT DISTINCT nom FROM a UNION SELECT nom FROM b") == [("vite",)]


def test_readers_wait_for_the_last_moment_only(engine: Any) -> None:
    """Kills: the old table locked while the new one is filled; a reader waited for without end."""
    write_database({"communes": communes()}, engine)

    def chunks() -> Iterator[pd.DataFrame]:
        yield communes()
        assert len(read_database(engine, "communes")) == 4

    write_database({"communes": chunks()}, engine, if_exists="replace")
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT * FROM communes").all()
        start = time.monotonic()
        with pytest.raises(SourceError, match=r"« communes »: another run or program .*holds it"):
            write_database({"communes": communes()}, engine, if_exists="replace", wait_s=0.1)
        assert time.monotonic() - start < 5
    write_database({"communes": communes()[:2]}, engine, if_exists="replace")
    assert len(read_database(engine, "communes")) == 2


# Tables that are there


def test_a_replaced_table_keeps_its_rights(postgres: Server, engine: Any) -> None:
    import sqlalchemy

    write_database({"communes": communes()}, engine)
    run(engine, f"GRANT SELECT ON communes TO {READER}", "GRANT INSERT ON communes TO PUBLIC")
    write_database({"communes": communes()}, engine, if_exists="replace")
    url = postgres.url(user=READER, password=PASSWORD)
    reader = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    assert len(read_database(reader, "communes")) == 4
    with pytest.raises(SourceError, match=r"« public »: the account may not create tables.*GRANT"):
        write_database({"communes": communes()}, reader, if_exists="replace")
    run(engine, f"GRANT CREATE ON SCHEMA public TO {READER}")
    with pytest.raises(SourceError, match="« communes »: it belongs to another account"):
        write_database({"communes": communes()}, reader, if_exists="replace")
    run(engine, "REVOKE INSERT ON communes FROM PUBLIC")
    with pytest.raises(SourceError, match="« communes »: the account may not add rows"):
        write_database({"communes": communes()}, reader, if_exists="append")
    run(engine, "CREATE VIEW v AS SELECT insee FROM communes")
    with pytest.raises(SourceError, match="« communes »: views or other tables are made from it"):
        write_database({"communes": communes()}, engine, if_exists="replace")
    with pytest.raises(SourceError, match="« v »: it exists and is no table"):
        write_database({"v": communes()}, engine, if_exists="replace")


def test_rows_are_appended_to_what_fits(engine: Any) -> None:
    run(
        engine,
        "CREATE TABLE t (id serial PRIMARY KEY, n int, forme geometry(MultiPolygon, 2154))",
        "CREATE TABLE ailleurs (n int, geom geometry(Polygon, 4326))",
        "CREATE TABLE sans (n int)",
    )
    frame = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[box(0, 0, 1, 1)] * 2, crs=2154)
    for _ in range(2):
        assert write_database({"t": frame}, engine, if_exists="append") == {"t": 2}
    assert ask(engine, "SELECT id, n, ST_Area(forme) FROM t ORDER BY id")[3] == (4, 2, 1.0)
    assert write_database({"neuf": frame}, engine, if_exists="append") == {"neuf": 2}
    assert write_database({"sans": pd.DataFrame({"n": [1]})}, engine, if_exists="append")
    refusals: list[tuple[str, pd.DataFrame, type[Exception], str]] = [
        ("ailleurs", frame, CrsError, "« ailleurs »: its geometry is in EPSG:4326"),
        ("sans", frame, LayerError, "« sans »: 0 geometry columns. Required: one"),
        ("t", frame.assign(x=1), SourceError, "« t »: the table lacks a column .*x"),
        ("t", frame.assign(n="a"), SourceError, "« t »: a value does not fit its column .*integer"),
    ]
    for name, rows, error, message in refusals:
        with pytest.raises(error, match=message):
            write_database({name: rows}, engine, if_exists="append")


def test_a_transaction_of_the_user_is_used_and_kept(engine: Any) -> None:
    """Kills: a commit in the middle of what the user may yet undo."""
    with engine.connect() as session:
        write_database({"communes": communes()}, session)
        assert not session.in_transaction()
    assert tables(engine) == {"communes"}
    with engine.connect() as session:
        session.exec_driver_sql("CREATE TABLE mien ()")
        write_database({"un": communes()}, session)
        with pytest.raises(SourceError, match="it exists already"):
            write_database({"deux": communes(), "un": communes()}, session)
        session.exec_driver_sql("CREATE TABLE aussi ()")
        session.rollback()
    assert tables(engine) == {"communes"}
    with engine.connect() as session:
        session.exec_driver_sql("CREATE TABLE mien ()")
        write_database({"un": communes()}, session)
        session.commit()
    assert tables(engine) == {"communes", "mien", "un"}
    automatic = engine.execution_options(isolation_level="AUTOCOMMIT")
    with pytest.raises(SourceError, match="exists already"):
        write_database({"deux": communes(), "un": communes()}, automatic)
    assert tables(engine) == {"communes", "mien", "un"}
    with (
        automatic.connect() as session,
        pytest.raises(ParameterError, match=r"commits each statement by itself .*pass the engine"),
    ):
        write_database({"deux": communes()}, session)


# What never reaches a server, or finds another one than it needs


def test_frames_and_names_that_cannot_be_written(engine: Any) -> None:
    square = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1), box(0, 0, 1, 1)], crs=2154)
    some = square.set_geometry([shapely.force_3d(box(0, 0, 1, 1), 1.0), box(0, 0, 1, 1)])
    measured = square.set_geometry([shapely.from_wkt("POINT M (0 0 1)")] * 2)
    refusals: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"t": square.set_crs(4326, allow_override=True)}, CrsError, "t: coordinates are in"),
        ({"t": square.set_crs(None, allow_override=True)}, CrsError, "t: .* is not known"),
        ({"t": some}, LayerError, r"t: measures \(M\), or heights .*\(1 feature\).*force_2d"),
        ({"t": measured}, LayerError, r"t: measures \(M\)"),
        ({"t": pd.DataFrame({"x": [{}]})}, LayerError, "column « x » holds values of type mixed"),
        ({"t": pd.DataFrame({"x": [1j]})}, LayerError, "column « x » holds complex128"),
        ({"t": pd.DataFrame({"é" * 32: [1]})}, ParameterError, "t: column « é+ »: not possible"),
        ({"é" * 32: square}, ParameterError, "table « é+ »: not possible .* 1 to 63 bytes"),
        ({"": square}, ParameterError, "table «  »"),
        ({"a\0b": square}, ParameterError, r"table « a\\0b »"),
        ({}, ParameterError, "layers: none given"),
    ]
    for layers, error, message in refusals:
        with pytest.raises(error, match=message):
            write_database(layers, engine)
    assert not tables(engine)
    with pytest.raises(ParameterError, match=r"if_exists: « x ».* fail, replace or append"):
        write_database({"t": square}, engine, if_exists="x")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="wait_s: 0"):
        write_database({"t": square}, engine, wait_s=0)
    with pytest.raises(SourceError, match=r"schema « x »: not in the database.*CREATE SCHEMA"):
        write_database({"t": square}, engine, schema="x")


def test_servers_that_cannot_be_written(postgres: Server) -> None:
    import sqlalchemy

    bare = sqlalchemy.create_engine(
        postgres.url(user="postgres", database="bare"), poolclass=sqlalchemy.pool.NullPool
    )
    with pytest.raises(SourceError, match=r"the database has no PostGIS.*CREATE EXTENSION"):
        write_database({"t": communes()}, bare)
    locked = sqlalchemy.create_engine(
        postgres.url(),
        poolclass=sqlalchemy.pool.NullPool,
        connect_args={"options": "-c default_transaction_read_only=on"},
    )
    with locked.connect() as session, pytest.raises(SourceError, match="it may only be read"):
        write_database({"t": communes()}, session)


def test_other_drivers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="the extra postgis is not installed")
    pytest.importorskip("psycopg", reason="the extra postgis is not installed")
    engine = sqlalchemy.create_engine("sqlite://")
    with pytest.raises(ParameterError, match=r"its driver is pysqlite.*postgresql\+psycopg"):
        write_database({"t": communes()}, engine)
    original = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("psycopg"):
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"psycopg is not installed.*\[postgis\]"):
        write_database({"t": communes()}, engine)
