"""A throw-away PostgreSQL with PostGIS, on a socket in a temporary folder, for the tests of tvb.io.

Debian's packages are looked for (.ci/packages.txt names them). Without them the tests are skipped,
except where CI is set: there they fail.
"""

# ruff: noqa: S608 (tests write the queries that the library must not)

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from corpus import cases

OWNER, READER, PASSWORD = "tvb", "lecteur", "s3cret'word"

# No crash of the machine has to be survived: only crashes of its clients.
_FAST = (
    "fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=",
    "autovacuum=off", "max_wal_size=4GB", "lc_messages=C",
)  # fmt: skip
_ENTRY = f"local all {READER} scram-sha-256\nlocal all all trust\n"


class Server:
    """A running server; `url` gives the addresses of its databases."""

    def __init__(self, programs: Path) -> None:
        # Not pytest's tmp_path: the account of the server may not enter it, and the path of a
        # socket has no more than 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="tvb-pg-"))
        self.programs = programs
        self.account: dict[str, Any] = {}
        if hasattr(os, "geteuid") and os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
            self.account = {"user": "postgres", "group": "postgres", "extra_groups": []}
        atexit.register(self.stop)
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        (self.folder / "data" / "pg_hba.conf").write_text(_ENTRY)
        options = " ".join(f"-c {option}" for option in _FAST)
        self._run("pg_ctl", "start", "-w", "-D", data, "-l", str(self.folder / "log"),
                  "-o", f"{options} -k {self.folder}")  # fmt: skip
        self._prepare()

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self.programs / program, *words],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,  # a pipe would be inherited by the server, and never end
            stderr=subprocess.DEVNULL,
            check=False,
            **self.account,
        )
        if done.returncode:
            raise RuntimeError(f"{program} {words[0]}: exit {done.returncode}")

    def _prepare(self) -> None:
        import psycopg

        with psycopg.connect(host=str(self.folder), user="postgres", autocommit=True) as session:
            session.execute(f"CREATE ROLE {OWNER} LOGIN")
            quoted = PASSWORD.replace("'", "''")
            session.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{quoted}'")
            session.execute(f"CREATE DATABASE tvb OWNER {OWNER}")
            session.execute("CREATE DATABASE bare")
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="tvb") as session:
            session.execute("CREATE SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO PUBLIC")
            session.execute("CREATE EXTENSION postgis SCHEMA extensions")
            session.execute("ALTER DATABASE tvb SET search_path = public, extensions")

    def url(self, user: str = OWNER, database: str = "tvb", password: str | None = None) -> Any:
        """Return the address of a database for SQLAlchemy."""
        import sqlalchemy

        return sqlalchemy.URL.create(
            "postgresql+psycopg",
            username=user,
            password=password,
            database=database,
            query={"host": str(self.folder)},
        )

    def empty(self) -> None:
        """Remove all that a test left."""
        import psycopg

        with psycopg.connect(host=str(self.folder), user="postgres", dbname="tvb") as session:
            found = session.execute(
                "SELECT quote_ident(nspname) FROM pg_namespace "
                "WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'extensions')"
            )
            for (schema,) in found.fetchall():
                session.execute(f"DROP SCHEMA {schema} CASCADE")
            session.execute(f"CREATE SCHEMA public AUTHORIZATION {OWNER}")
            session.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "-m", "immediate", "-D", str(self.folder / "data"))
        shutil.rmtree(self.folder, ignore_errors=True)


def server() -> Server:
    """Return the server of this run, started when first asked for; skip where there is none."""
    lacking = _lacking()
    if lacking and os.environ.get("CI"):
        pytest.fail(f"{lacking}, and CI is set: .ci/run installs what .ci/packages.txt lists")
    if lacking:
        pytest.skip(f"{lacking} (.ci/packages.txt lists Debian's packages)")
    return _started()


@functools.cache
def _started() -> Server:
    return Server(_programs()[-1])


def _programs() -> list[Path]:
    """Return the folders of the installed versions, the newest last."""
    found = [Path("/usr/lib/postgresql").glob("*/bin/initdb"), _on_path("initdb")]
    folders = [program.resolve().parent for some in found for program in some]
    return sorted(folders, key=lambda folder: folder.parent.name.zfill(9))


def _on_path(program: str) -> list[Path]:
    path = shutil.which(program)
    return [Path(path)] if path else []


def _lacking() -> str | None:
    """Return what the machine lacks for a server."""
    try:
        import psycopg  # noqa: F401
        import sqlalchemy  # noqa: F401
    except ImportError as error:
        return f"the extra postgis is not installed ({error.name})"
    if not _programs():
        return "no PostgreSQL server is installed"
    version = _programs()[-1].parent.name
    if not Path(f"/usr/share/postgresql/{version}/extension/postgis.control").exists():
        return f"PostgreSQL {version} is installed without PostGIS"
    return None


# Tables for the tests of reading


def run(engine: Any, *statements: str, values: Any = None) -> None:
    with engine.begin() as session:
        for statement in statements:
            session.exec_driver_sql(statement, values)


def put(engine: Any, table: str, rows: pd.DataFrame, srid: int = 2154) -> None:
    """Put rows into a table by a way of its own; `table` is SQL, ``geometry`` is any shape."""
    names = ", ".join(f'"{c}"' for c in rows.columns if c != "geometry")
    marks = ", ".join(["%s"] * (rows.shape[1] - 1))
    plain = rows.astype(object).where(rows.notna(), None)
    values = [
        (*row.drop("geometry"), None if row["geometry"] is None else row["geometry"].wkb)
        for _, row in plain.iterrows()
    ]
    statement = (
        f"INSERT INTO {table} ({names}, geom) "
        f"VALUES ({marks}, ST_SetSRID(ST_GeomFromWKB(%s), {srid}))"
    )
    run(engine, statement, values=values)


BUILDINGS = """CREATE TABLE batiments (gid int PRIMARY KEY, cleabs text, "Hauteur" numeric(6, 2),
leger boolean, nb_logts smallint, geom geometry)"""


def buildings(number: int) -> gpd.GeoDataFrame:
    """Return rows in the order of their key: awkward shapes, keys given twice, and no key at all
    on rows that fill several chunks."""
    shapes = [case.geometry for case in cases("polygon", "line", "collection")]
    shapes = [shape for shape in shapes if not shapely.has_m(shape)]
    keys = [f"BAT{i - (i % 5 == 4):04}" for i in range(number - 20)] + [None] * 20
    table = pd.DataFrame(
        {
            "gid": range(number),
            "cleabs": keys,
            "Hauteur": [None if i % 7 == 0 else i / 4 for i in range(number)],
            "leger": pd.array([[True, False, None][i % 3] for i in range(number)], "boolean"),
            "nb_logts": pd.array([None if i % 2 else i for i in range(number)], "Int64"),
        }
    )
    shapes = [shapes[i % len(shapes)] for i in range(number)]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=2154)
