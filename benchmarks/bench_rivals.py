"""How long the exposure of a file takes, beside DuckDB spatial and PostGIS.

    pip install duckdb-extension-spatial
    python -m benchmarks.bench_rivals --full

from the root of the repository writes the embedded territory with one million modelled buildings
and its four scenarios of 10 m detail into a folder, then runs all calls in turn, several rounds of
them, prints the medians, and says where a number of buildings differs from ours.

Ours do everything: zones and communes made ready, file read, touch, centroid, exact share, commune,
tables. The rivals count each scenario, without centroid and communes, from zones that they hold
already. Their first step cuts these into pieces of at most 256 vertices, as their users are told
to. ``--delivered 300`` also joins the zones uncut where that is slow, each statement for at most
300 seconds.

- DuckDB reads the same file. Left out where it is not installed: the wheel named above brings it,
  and its extension.
- PostGIS counts in a throw-away server, that of the tests; loading, indexes included, is timed
  once, apart. It also counts from the uncut zones, which takes it less than cutting them. Left out
  where PostgreSQL or PostGIS is not installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import math
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import geopandas as gpd
import pandas as pd
import pyarrow as pa
from benchmarks.bench_stream import FILES, _time, prepare_folder

from tvb.flood.stream import StreamedExposure, count_exposure_stream, count_prepared
from tvb.flood.stream_zones import prepare_exposure
from tvb.io.database_write import write_database
from tvb.io.footprints import open_footprints

if TYPE_CHECKING:
    import sqlalchemy

# Statement and most seconds to rows, if it gives any.
Run: TypeAlias = Callable[[str, float | None], list[Any]]
# Buildings by scenario, a column for each rule; a step that only makes ready gives none.
Call: TypeAlias = Callable[[], pd.DataFrame | None]

OURS = "ours"
RULES = ("touches", "share")
COUNT = """
    SELECT z.scenario, COUNT(DISTINCT b.cleabs) AS touches
    FROM buildings b JOIN {zones} z ON ST_Intersects(b.geom, z.geom) GROUP BY z.scenario"""
# Half of the footprint, less what ours allow for rounding. What saves the rivals most: asking first
# whether the zone covers the building, the zone named first (PostGIS then keeps it prepared for the
# next building), and before rows are sorted.
SHARE = """
    WITH met AS MATERIALIZED (
      SELECT z.scenario, b.cleabs, ST_Area(b.geom) AS footprint_m2,
             CASE WHEN ST_Covers(z.geom, b.geom) THEN ST_Area(b.geom)
                  ELSE ST_Area(ST_Intersection(b.geom, z.geom)) END AS inside_m2
      FROM buildings b JOIN {zones} z ON ST_Intersects(b.geom, z.geom)),
    each AS (
      SELECT scenario, MIN(footprint_m2) AS footprint_m2, SUM(inside_m2) AS inside_m2
      FROM met GROUP BY scenario, cleabs)
    SELECT scenario, COUNT(*) AS touches,
           COUNT(*) FILTER (WHERE inside_m2 >= 0.499999999 * footprint_m2) AS share
    FROM each GROUP BY scenario"""
QUERIES = {"counts": COUNT, "shares": SHARE}
# As on a server that is set up for such work: by default, sorts go through files, and statements
# are compiled for longer than they run.
POSTGIS_SETTINGS = ("work_mem = '256MB'", "maintenance_work_mem = '1GB'", "jit = off")
POSTGIS_PIECES = (
    "DROP TABLE IF EXISTS pieces",
    "CREATE TABLE pieces AS SELECT scenario, ST_Subdivide(geom, 256) AS geom FROM zones",
    "CREATE INDEX ON pieces USING gist (geom)",
    "ANALYZE pieces",
)
# DuckDB has no ST_Subdivide: nine tiles of what has too many vertices, and so on. Nine were the
# fastest of 4, 9, 16 and 64.
DUCKDB_PIECES = """
    CREATE OR REPLACE TABLE pieces AS
    WITH RECURSIVE cut AS (
      SELECT scenario, geom FROM zones
      UNION ALL
      SELECT scenario, geom FROM (
        SELECT scenario, ST_CollectionExtract(ST_Intersection(geom, ST_MakeEnvelope(
          x + i * w, y + j * h, x + (i + 1) * w, y + (j + 1) * h)), 3) AS geom
        FROM (SELECT scenario, geom, ST_XMin(geom) AS x, ST_YMin(geom) AS y,
                     (ST_XMax(geom) - ST_XMin(geom)) / 3 AS w,
                     (ST_YMax(geom) - ST_YMin(geom)) / 3 AS h
              FROM cut WHERE ST_NPoints(geom) > 256),
        range(3) AS columns(i), range(3) AS rows(j))
      WHERE NOT ST_IsEmpty(geom))
    SELECT scenario, geom FROM cut WHERE ST_NPoints(geom) <= 256"""


class TooSlowError(Exception):
    """A statement was stopped."""


def compare(
    folder: Path,
    zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    engine: sqlalchemy.Engine | None = None,
    rounds: int = 3,
    delivered_s: float | None = None,
) -> tuple[pd.Series[float], dict[str, pd.DataFrame]]:
    """Return the median seconds of each call, infinite if stopped, and what each counted."""
    parquet = folder / FILES["GeoParquet"]
    seconds: dict[str, list[float]] = {}
    calls = _our_calls(parquet, zones, communes)
    session = _open_duckdb(parquet, zones)
    if session is not None:
        run = _run_duckdb(session)
        calls |= _rival_calls("DuckDB", run, [DUCKDB_PIECES], delivered_s=delivered_s)
    if engine is not None:
        buildings = gpd.read_parquet(parquet, columns=["cleabs", "geometry"])
        seconds["PostGIS, loading"] = [_time(lambda: load(engine, buildings, zones))[0]]
        calls |= _rival_calls(
            "PostGIS", _run_postgis(engine), POSTGIS_PIECES, delivered_s=delivered_s, quick="counts"
        )
    counts: dict[str, pd.DataFrame] = {}
    for name in list(calls) * rounds:
        taken = seconds.setdefault(name, [])
        if math.inf not in taken:
            taken.append(_seconds(name, calls[name], counts))
    scenarios = sorted(zones["scenario"].unique())
    # A scenario in which nothing counts has no row in the answer of a join.
    counts = {name: found.reindex(scenarios, fill_value=0) for name, found in counts.items()}
    return pd.Series({name: pd.Series(taken).median() for name, taken in seconds.items()}), counts


def ratios(seconds: pd.Series[float]) -> pd.Series[float]:
    """Return how many times longer than ours each rival takes, its cutting of zones included."""
    ready, ours = seconds[f"{OURS}, zones ready"], seconds[OURS]
    wanted = {}
    for rival, what in itertools.product(("DuckDB", "PostGIS"), QUERIES):
        name, uncut = f"{rival} {what}", f"{rival} {what}, zones as delivered"
        if name in seconds:
            cut = seconds[f"{rival}, zones cut"]
            wanted[f"{name}, cutting included / ours"] = (cut + seconds[name]) / ours
            wanted[f"{name} / ours, zones ready"] = seconds[name] / ready
        if uncut in seconds:
            wanted[f"{uncut} / ours"] = seconds[uncut] / ours
    return pd.Series(wanted, dtype=float)


def differences(counts: dict[str, pd.DataFrame]) -> list[str]:
    """Return where a call counted other buildings than ours, in words."""
    ours = counts[OURS]
    return [
        f"{name}, {rule}, {scenario}: {found[rule][scenario]} buildings, ours {right}"
        for name, found in counts.items()
        for rule in found.columns
        for scenario, right in ours[rule].items()
        if found[rule][scenario] != right
    ]


def load(engine: sqlalchemy.Engine, buildings: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> None:
    """Put what the joins need into tables with indexes, and let the server look at them."""
    tables = {
        "buildings": buildings[["cleabs", "geometry"]],
        "zones": zones[["scenario", "geometry"]],
    }
    write_database(tables, engine, if_exists="replace")
    run = _run_postgis(engine)
    for name in tables:
        run(f"ANALYZE {name}", None)


def _seconds(name: str, call: Call, counts: dict[str, pd.DataFrame]) -> float:
    """Return the seconds of a call, and put what it counted where it belongs."""

    def keep() -> None:
        found = call()
        if found is not None:
            counts[name] = found

    try:
        return _time(keep)[0]
    except TooSlowError:
        return math.inf


def _our_calls(
    parquet: Path, zones: gpd.GeoDataFrame, communes: gpd.GeoDataFrame
) -> dict[str, Call]:
    prepared = prepare_exposure(zones, communes)
    return {
        OURS: lambda: _totals(count_exposure_stream(open_footprints(parquet), zones, communes)),
        f"{OURS}, zones ready": lambda: _totals(count_prepared(open_footprints(parquet), prepared)),
    }


def _totals(counted: StreamedExposure) -> pd.DataFrame:
    """Return all buildings of each scenario: rivals know no light constructions or ruins."""
    columns = ["buildings", "buildings_excluded"]
    found = {
        rule.split()[0]: table.groupby("scenario")[columns].sum().sum(axis=1)
        for rule, table in counted.tables.items()
    }
    return pd.DataFrame({rule: found[rule] for rule in RULES})


def _rival_calls(
    name: str, run: Run, pieces: Sequence[str], *, delivered_s: float | None, quick: str = ""
) -> dict[str, Call]:
    """Return the calls of a rival; the quick one of the uncut zones is always among them."""

    def cut() -> None:
        for statement in pieces:
            run(statement, None)

    def count(what: str, zones: str, most_s: float | None = None) -> pd.DataFrame:
        rows = map(tuple, run(QUERIES[what].format(zones=zones), most_s))
        rules = RULES[: 1 if what == "counts" else 2]
        return pd.DataFrame(rows, columns=["scenario", *rules]).set_index("scenario")

    calls: dict[str, Call] = {f"{name}, zones cut": cut}
    for what in QUERIES:
        calls[f"{name} {what}"] = partial(count, what, "pieces")
        if what == quick or delivered_s is not None:
            calls[f"{name} {what}, zones as delivered"] = partial(count, what, "zones", delivered_s)
    return calls


def _connect_duckdb() -> Any:
    """Return a session with the extension spatial; None where either is not installed."""
    if not importlib.util.find_spec("duckdb"):
        return None
    import duckdb

    session = duckdb.connect()
    wheel = importlib.util.find_spec("duckdb_extension_spatial")
    inside = f"extensions/v{duckdb.__version__}/spatial.duckdb_extension"
    extension = Path(wheel.origin).parent / inside if wheel and wheel.origin else "spatial"
    try:
        session.load_extension(str(extension))
    except duckdb.Error:
        return None
    return session


def _open_duckdb(parquet: Path, zones: gpd.GeoDataFrame) -> Any:
    """Return a session that knows the file and the zones, where there is one."""
    session = _connect_duckdb()
    if session is None:
        return None
    session.read_parquet(str(parquet)).project("cleabs, geometry AS geom").create_view("buildings")
    columns = {"scenario": zones["scenario"].to_list(), "wkb": zones.geometry.to_wkb().to_list()}
    session.register("delivered", pa.table(columns))
    session.execute(
        "CREATE TABLE zones AS SELECT scenario, ST_GeomFromWKB(wkb) AS geom FROM delivered"
    )
    return session


def _run_duckdb(session: Any) -> Run:
    import duckdb

    def run(statement: str, most_s: float | None) -> list[Any]:
        timer = threading.Timer(most_s or threading.TIMEOUT_MAX, session.interrupt)
        timer.daemon = True
        timer.start()
        try:
            return list(session.execute(statement).fetchall())
        except duckdb.InterruptException as error:
            raise TooSlowError from error
        finally:
            timer.cancel()

    return run


def _run_postgis(engine: sqlalchemy.Engine) -> Run:
    import psycopg
    import sqlalchemy

    def run(statement: str, most_s: float | None) -> list[Any]:
        with engine.begin() as session:
            for setting in POSTGIS_SETTINGS:
                session.exec_driver_sql(f"SET LOCAL {setting}")
            session.exec_driver_sql(f"SET LOCAL statement_timeout = {int((most_s or 0) * 1000)}")
            try:
                answer = session.exec_driver_sql(statement)
            except sqlalchemy.exc.OperationalError as error:
                if isinstance(error.orig, psycopg.errors.QueryCanceled):
                    raise TooSlowError from error
                raise
            return list(answer) if answer.returns_rows else []

    return run


def _start_postgis() -> sqlalchemy.Engine | None:
    """Return an engine on the server of the tests; say why there is none."""
    sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
    import pytest

    import postgis_server

    try:
        server = postgis_server.server()
    except pytest.skip.Exception as reason:
        print(f"PostGIS is left out: {reason}")
        return None
    import sqlalchemy

    return sqlalchemy.create_engine(server.url())


def _versions(engine: sqlalchemy.Engine | None) -> str:
    """Return which rivals run."""
    found = []
    duckdb = _connect_duckdb()
    if duckdb is not None:
        found.append("DuckDB {}".format(*duckdb.execute("SELECT version()").fetchone()))
    if engine is not None:
        query = "SELECT current_setting('server_version'), postgis_lib_version()"
        found.append("PostgreSQL {}, PostGIS {}".format(*_run_postgis(engine)(query, None)[0]))
    return "; ".join(found) or "no rival is installed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--buildings", type=int, default=100_000)
    parser.add_argument("--full", action="store_true", help="one million buildings")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--delivered", type=float, nargs="?", const=300.0, metavar="S",
        help="join the zones uncut too, each statement for at most S seconds (300)",
    )  # fmt: skip
    parser.add_argument("--folder", type=Path, help="where the files are, or are to be kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        count = 1_000_000 if options.full else options.buildings
        zones, communes = prepare_folder(folder, count)
        footprints = open_footprints(folder / FILES["GeoParquet"])
        print(f"{count_exposure_stream(footprints, zones, communes).buildings} buildings")
        engine = _start_postgis()
        print(_versions(engine))
        seconds, counts = compare(
            folder, zones, communes,
            engine=engine, rounds=options.rounds, delivered_s=options.delivered,
        )  # fmt: skip
    stopped = f"> {options.delivered:g}" if options.delivered else ""
    said = seconds.map(lambda s: stopped if s == math.inf else f"{s:.2f}")
    print(said.to_string(), ratios(seconds).round(2).to_string(), sep="\n")
    print(*(differences(counts) or ["all counts are equal"]), sep="\n")


if __name__ == "__main__":
    main()
