"""PostGIS by chunks: what one reading gives, in the memory of a chunk; names and values bound."""

# ruff: noqa: S608 (the tests write the queries that the library must not)

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal

import tvb
from postgis_server import BUILDINGS, Server, buildings, put, run
from tvb.errors import CrsError, LayerError, ParameterError, SourceError
from tvb.flood.stream import count_exposure_stream
from tvb.io import (
    DatabaseChunk,
    DatabaseFootprints,
    LayerReport,
    conform,
    iter_database,
    join_reports,
    read_database,
)
from tvb.io.footprints import open_footprints
from worlds import X0, Y0, box, communes


def keys_of(chunks: Iterable[DatabaseChunk]) -> list[str]:
    return [key for chunk in chunks for key in chunk.frame["cleabs"]]


def account(report: LayerReport) -> dict[tuple[str, str], int]:
    table = report.to_frame()
    table = table[~table["reason"].str.startswith("columns")]
    return table.set_index(["kind", "reason"])["count"].to_dict()


@pytest.mark.parametrize("chunk_rows", [1, 7, 1000])
def test_chunks_equal_one_reading(real: Any, chunk_rows: int) -> None:
    """Kills: a key repeated on both sides of a cut kept twice; a chunk whose rows are all dropped
    taken for a wrong file; repairs other than those of a file; rows in the order of the disk."""
    raw = buildings(100)
    run(real, BUILDINGS)
    put(real, "batiments", raw.sample(frac=1, random_state=1))
    options = {"chunk_rows": chunk_rows, "extra_columns": False}
    chunks = list(iter_database(real, "batiments", "buildings", **options))
    joined = pd.concat([chunk.frame for chunk in chunks], ignore_index=True)
    frame, report = conform(raw, "buildings", extra_columns=False)
    assert_geodataframe_equal(joined, frame)
    total = join_reports([chunk.report for chunk in chunks])
    assert account(total) == account(report)
    assert (total.rows_read, total.rows_kept) == (100, len(frame))
    assert max(chunk.report.rows_read for chunk in chunks) <= 2 * chunk_rows
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))


@pytest.mark.parametrize("stop", [0, 1, 4])
def test_a_reading_goes_on_after_the_last_key(real: Any, stop: int) -> None:
    """Kills: rows counted instead of keys, which a chunk of rows held back makes wrong."""
    run(real, BUILDINGS)
    put(real, "batiments", buildings(60))
    whole = list(iter_database(real, "batiments", "buildings", chunk_rows=7))
    after = whole[stop].last
    rest = list(iter_database(real, "batiments", "buildings", chunk_rows=7, after=after))
    assert keys_of([*whole[: stop + 1], *rest]) == keys_of(whole)
    assert sum(c.report.rows_read for c in rest) == 60 - sum(
        c.report.rows_read for c in whole[: stop + 1]
    )


def test_keys_of_any_type(real: Any) -> None:
    """Kills: a key compared as text with a number or a uuid."""
    shape = f"'SRID=2154;{box(0, 0, 1, 1).wkt}'::geometry"
    for kind, value in [("bigint", "n"), ("numeric", "n"), ("uuid", "md5(n::text)::uuid")]:
        run(
            real,
            "DROP TABLE IF EXISTS t",
            f"CREATE TABLE t AS SELECT ({value})::{kind} AS cleabs, {shape} AS geom "
            "FROM generate_series(1, 20) n",
        )
        chunks = list(iter_database(real, "t", "buildings", chunk_rows=6))
        rest = iter_database(real, "t", "buildings", after=chunks[1].last)
        read = sum(len(c.frame) for c in (*chunks[:2], *rest))
        assert (kind, sum(len(c.frame) for c in chunks), read) == (kind, 20, 20)


def test_window_and_conditions_are_bound(real: Any) -> None:
    run(real, BUILDINGS)
    shapes = [box(i * 10, 0, i * 10 + 5, 5) for i in range(10)]
    table = {"gid": range(10), "cleabs": [f"{'x' * (i % 2)}'; --{i}" for i in range(10)]}
    put(real, "batiments", gpd.GeoDataFrame(table, geometry=shapes, crs=2154))
    window = (X0 + 12, Y0, X0 + 41, Y0 + 5)

    def read(**options: Any) -> list[str]:
        return keys_of(iter_database(real, "batiments", "buildings", chunk_rows=2, **options))

    assert read(bbox=window) == ["'; --2", "'; --4", "x'; --1", "x'; --3"]
    assert read(where={"cleabs": "'; --2"}) == ["'; --2"]
    assert read(where={"cleabs": "x' OR '1'='1"}) == []
    assert read(where={"gid": [3, 5]}, bbox=window) == ["x'; --3"]
    assert len(read_database(real, "batiments", bbox=window)) == 4
    assert read_database(real, "batiments", where={"gid": 3}, bbox=window)["gid"].tolist() == [3]
    with pytest.raises(SourceError, match=r"of different types \(operator does not exist"):
        read_database(real, "batiments", where={"gid": "1 OR 1=1"})
    with pytest.raises(ParameterError, match="no column « x »"):
        read(where={"x": 1})


def test_heights_nulls_curves_and_types(real: Any) -> None:
    """Kills: types that depend on the values of a chunk; a curve that stops the reading."""
    run(
        real,
        "CREATE TYPE etat AS ENUM ('En service', 'En projet')",
        "CREATE TABLE t (cleabs char(6), etat etat, hauteur numeric, logements numeric(10, 0), "
        "leve timestamptz, fait date, note json, mots text[], geom geometry, autre geometry)",
        f"INSERT INTO t (cleabs, geom) VALUES ('a', 'SRID=2154;POLYGON Z (({X0} {Y0} 1, "
        f"{X0 + 1} {Y0} 1, {X0} {Y0 + 1} 1, {X0} {Y0} 1))'), ('b', NULL), "
        f"('c', 'SRID=2154;CURVEPOLYGON (CIRCULARSTRING ({X0} {Y0}, {X0 + 1} {Y0 + 1}, "
        f"{X0 + 2} {Y0}, {X0 + 1} {Y0 - 1}, {X0} {Y0}))')",
        f"INSERT INTO t SELECT 'd', 'En projet', 2.5, 12, '2024-05-01 10:00+02', '2024-05-01', "
        f"'{{}}', '{{a,b}}', 'SRID=2154;{box(0, 0, 2, 1).wkt}'",
    )
    chunks = list(iter_database(real, "t", "buildings", chunk_rows=1, geometry="geom"))
    a, b, c, d = (chunk.frame for chunk in chunks)
    assert [len(frame) for frame in (a, b, c, d)] == [1, 0, 1, 1]
    assert c.geometry.area.sum() == pytest.approx(np.pi, rel=1e-2)
    assert not a.geometry.has_z.any()
    total = account(join_reports([chunk.report for chunk in chunks]))
    assert total[("dropped", "null geometry")] == 1
    assert total[("note", "heights or measures (Z, M) left out")] == 1
    assert (a.dtypes == d.dtypes)[["etat_de_l_objet", "hauteur", "fait", "leve", "note"]].all()
    assert d.drop(columns="geometry").iloc[0].dropna().to_dict() == {
        "cleabs": "d",
        "etat_de_l_objet": "En projet",
        "hauteur": 2.5,
        "logements": 12,
        "leve": pd.Timestamp("2024-05-01 08:00", tz="UTC"),
        "fait": pd.Timestamp("2024-05-01"),
        "note": "{}",
        "mots": "{a,b}",
    }


def test_rows_of_several_systems(real: Any) -> None:
    """Kills: the system of the first row taken for that of all."""
    square = gpd.GeoSeries([box(0, 0, 1000, 1000)], crs=2154)
    shapes = {srid: square.to_crs(srid).iloc[0].wkt for srid in (2154, 4326, 3857)}
    run(
        real,
        "CREATE TABLE t (cleabs int, geom geometry)",
        *(f"INSERT INTO t VALUES ({s}, 'SRID={s};{w}')" for s, w in shapes.items()),
    )
    (chunk,) = iter_database(real, "t", "buildings")
    assert chunk.frame["cleabs"].tolist() == ["2154", "3857", "4326"]
    assert chunk.frame.crs == 2154
    np.testing.assert_allclose(chunk.frame.geometry.bounds, square.bounds.loc[[0] * 3], atol=1e-3)
    assert chunk.report.crs_in == "EPSG:2154, EPSG:3857, EPSG:4326"
    assert account(chunk.report)[("note", "reprojected from EPSG:4326 to EPSG:2154")] == 1
    inside = (X0, Y0, X0 + 5, Y0 + 5)
    assert len(next(iter_database(real, "t", "buildings", bbox=inside)).frame) == 3
    one = {"where": {"cleabs": 4326}, "bbox": inside}  # one system: the server looks at the window
    assert next(iter_database(real, "t", "buildings", **one)).report.crs_in == "EPSG:4326"
    run(real, f"INSERT INTO t VALUES (0, '{shapes[2154]}')")
    with pytest.raises(CrsError, match=r"some rows do not say their .*ST_SetSRID"):
        next(iter_database(real, "t", "buildings"))
    only = {"where": {"cleabs": [0, 2154]}, "crs": 2154}
    assert len(next(iter_database(real, "t", "buildings", **only)).frame) == 2
    with pytest.raises(CrsError, match="does not say its coordinate reference system"):
        read_database(real, "t", bbox=inside)


def test_layers_without_key_and_tables_without_rows(real: Any) -> None:
    run(
        real,
        "CREATE TABLE n_lens_inondable_01_02moy_s_062 (geom geometry(Polygon, 2154))",
        "CREATE TABLE vide (cleabs text, geom geometry(Polygon, 2154))",
        f"INSERT INTO n_lens_inondable_01_02moy_s_062 VALUES ('SRID=2154;{box(0, 0, 1, 1).wkt}')",
    )
    name = "n_lens_inondable_01_02moy_s_062"
    (chunk,) = iter_database(real, name, "flood_zones")
    assert chunk.frame["scenario"].tolist() == ["02Moy"]
    assert chunk.last is None
    (chunk,) = iter_database(real, "vide", "buildings")
    assert chunk.frame.empty
    assert tvb.schema.validate(chunk.frame, "buildings") is chunk.frame
    with pytest.raises(ParameterError, match="rows of the layer « flood_zones » have no key"):
        iter_database(real, name, "flood_zones", after="x")
    with pytest.raises(ParameterError, match="chunk_rows: 0"):
        iter_database(real, "vide", "buildings", chunk_rows=0)
    with pytest.raises(LayerError, match="required column « cleabs » not found"):
        next(iter_database(real, name, "buildings"))
    with pytest.raises(ParameterError, match="reports: none given"):
        join_reports([])
    run(real, "CREATE TABLE iti (nom text, geom geometry(LineString, 2154))")
    with pytest.raises(ParameterError, match="« iti »: its rows have no key"):
        next(iter_database(real, "iti", "cycle_routes", after="x"))


def test_one_state_of_the_table_is_read_and_nothing_is_written(real: Any) -> None:
    """Kills: pages asked for one by one, which see what others write in between."""
    run(real, BUILDINGS)
    put(real, "batiments", buildings(50))
    chunks = iter_database(real, "batiments", "buildings", chunk_rows=5)
    first = next(chunks)
    run(real, "DELETE FROM batiments")
    assert first.report.rows_read + sum(c.report.rows_read for c in chunks) == 50
    assert sum(c.report.rows_read for c in iter_database(real, "batiments", "buildings")) == 0
    stopped = iter_database(real, "batiments", "buildings")
    next(stopped)
    stopped.close()  # gives its connection back
    assert real.pool.checkedout() == 0


def test_a_connection_of_the_user(real: Any) -> None:
    run(real, BUILDINGS)
    put(real, "batiments", buildings(50))
    with real.connect() as session:
        assert len(list(iter_database(session, "batiments", "buildings", chunk_rows=9))) > 4
        assert not session.closed
    with (
        real.connect().execution_options(isolation_level="AUTOCOMMIT") as session,
        pytest.raises(SourceError, match=r"it has no transaction .*pass the engine"),
    ):
        next(iter_database(session, "batiments", "buildings"))


# Not ru_maxrss, which begins with what the parent had.
_MEASURE = """
import pathlib, re, sys, sqlalchemy
from tvb.io import iter_database
def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", status)[1]) // 1024
engine = sqlalchemy.create_engine(sys.argv[1])
list(iter_database(engine, "batiments", "buildings", where={"gid": 1}))
start, rows = peak(), 0
for chunk in iter_database(engine, "batiments", "buildings", chunk_rows=5000):
    rows += len(chunk.frame)
print(rows, peak() - start)
engine.dispose()
"""


def test_memory_is_that_of_a_chunk(postgres: Server, real: Any) -> None:
    """Kills: a cursor of the client, which receives the whole result before the first row (67 MB
    more), and the table read as one chunk (350 MB)."""
    run(
        real,
        BUILDINGS,
        "INSERT INTO batiments SELECT n, 'BATIMENT' || lpad(n::text, 16, '0'), n %% 100, "
        f"n %% 9 = 0, n %% 5, ST_MakeEnvelope({X0} + n %% 1000, {Y0} + n / 1000, "
        f"{X0} + n %% 1000 + 9, {Y0} + n / 1000 + 9, 2154) FROM generate_series(1, 200000) n",
    )
    address = postgres.url().render_as_string()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, address], capture_output=True, text=True, check=True
    )
    rows, grown_mb = map(int, done.stdout.split())
    assert rows == 200_000
    assert grown_mb < 45


# Counted as it is read


@pytest.fixture
def counted() -> Any:
    """Return what counts a source of footprints on two zones of the town."""
    zones = gpd.GeoDataFrame(
        {"id_zone": ["a", "b"], "scenario": ["02Moy", "04Fai"]},
        geometry=[box(-5, -5, 6, 2.5), box(-5, -5, 30, 30)],
        crs=2154,
    )
    zones = conform(zones, "flood_zones")[0]
    return lambda source, **options: count_exposure_stream(source, zones, communes(), **options)


@pytest.mark.parametrize("chunk_rows", [3, 1000])
def test_counts_equal_those_of_the_file(
    real: Any, tmp_path: Path, counted: Any, chunk_rows: int
) -> None:
    """Kills: a building given twice counted twice, and rows lost between two chunks."""
    raw = buildings(90).drop(columns="gid").assign(usage="Résidentiel")
    run(real, BUILDINGS)
    put(real, "batiments", buildings(90))
    source = DatabaseFootprints(real, "batiments", chunk_rows=chunk_rows)
    tables = counted(source).tables
    raw.to_parquet(tmp_path / "batiments.parquet")
    file = open_footprints(tmp_path / "batiments.parquet")
    for rule, table in counted(file).tables.items():
        pd.testing.assert_frame_equal(tables[rule], table)
        assert table["buildings"].sum() > 0
    assert account(source.report()) == account(file.report())
    assert source.rows == 90


class Memory:
    """Keeps what was counted, by chunk."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[int, Any]] = {}

    def load(self, identity: str) -> dict[int, Any]:
        return dict(self.kept.get(identity, {}))

    def save(self, identity: str, number: int, arrays: Any) -> None:
        self.kept.setdefault(identity, {})[number] = arrays


def test_a_count_goes_on_where_it_stopped(real: Any, counted: Any) -> None:
    """Kills: chunks counted in an earlier state of the table added to those of a later one."""
    run(real, BUILDINGS)
    put(real, "batiments", buildings(90))
    store = Memory()
    source = DatabaseFootprints(real, "batiments", chunk_rows=10)
    whole = counted(source, store=store).tables
    (done,) = store.kept.values()
    missing = sorted(done)[3:6]
    for number in missing:
        del done[number]
    assert [chunk.number for chunk in source.chunks(dict(done))] == missing
    again = DatabaseFootprints(real, "batiments", chunk_rows=10)
    assert again.identity == source.identity
    for rule, table in counted(again, store=store).tables.items():
        pd.testing.assert_frame_equal(table, whole[rule])
    run(real, "UPDATE batiments SET leger = NOT leger WHERE gid = 1")
    assert DatabaseFootprints(real, "batiments", chunk_rows=10).identity != source.identity
    with pytest.raises(SourceError, match=r"the table has changed meanwhile.*open it again"):
        list(source.chunks(done))
    with pytest.raises(ParameterError, match="has not been read to its end"):
        source.report()
    with pytest.raises(ParameterError, match="chunk_rows: 0"):
        DatabaseFootprints(real, "batiments", chunk_rows=0)
