"""GeoPackage parsed from its pages: what GDAL gives, or nothing, or an error."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from tvb.errors import SourceError
from tvb.io import open_footprints, read_layer
from tvb.io.batches import Deferred
from tvb.io.direct_rows import stream_rows
from tvb.io.geopackage_rows import GeoPackageTable
from tvb.io.locate import locate
from tvb.io.ogr import GEOMETRY, OgrReader, open_ogr
from tvb.io.sqlite_pages import open_table_pages

X, Y = 700_000.0, 7_030_000.0

COLUMNS = ["cleabs", "usage_1", "construction_legere", "nombre_de_logements", "hauteur"]


def buildings(count: int, *, seed: int = 0, corners: int = 4) -> gpd.GeoDataFrame:
    """Return buildings with nulls, accents, blanks, numbers of all sizes."""
    rng = np.random.default_rng(seed)
    x, y = X + 20.0 * np.arange(count), Y + rng.integers(0, 500, count).astype(float)
    numbers = rng.choice(
        [0, 1, 2, 127, 128, -1, -129, 40_000, 2**23, -(2**31), 2**40, 2**60], count
    )
    shapes = shapely.box(x, y, x + 10, y + 10)
    if corners > 4:
        shapes = shapely.segmentize(shapes, 40 / corners)
    return gpd.GeoDataFrame(
        {
            "cleabs": [f"BATIMENT{i:016d}" for i in range(count)],
            "usage_1": rng.choice(["Résidentiel", "Annexe", "", "é", None], count),
            "construction_legere": pd.array(rng.choice([True, False, None], count), "boolean"),
            "nombre_de_logements": pd.array(numbers, "Int64").copy(),
            "hauteur": rng.choice([3.0, -2.5, 1e300, 0.0, np.nan], count),
        },
        geometry=shapes,
        crs=2154,
    )


def write(frame: gpd.GeoDataFrame, path: Path, *statements: str) -> Path:
    """Write a layer, then change the database."""
    frame.to_file(path, layer="batiment", engine="pyogrio", SPATIAL_INDEX="NO")
    change(path, *statements)
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def reader_of(path: Path) -> tuple[OgrReader, int | None]:
    opened = open_ogr(locate(path, "batiment", None), "batiment", None)
    assert isinstance(opened.read, OgrReader)
    return opened.read, opened.rows


def portions(path: Path, rows: int, columns: list[str]) -> list[pa.RecordBatch | Deferred]:
    reader, of_all = reader_of(path)
    return list(stream_rows(reader, columns, key="cleabs", rows=rows, of_all=of_all))


def parsed(path: Path, rows: int, columns: list[str] = COLUMNS) -> list[pa.RecordBatch]:
    """Return the rows as they are parsed; GDAL gives none of the portions."""
    found = portions(path, rows, columns)
    assert all(isinstance(portion, Deferred) for portion in found)
    batches = [portion.load() for portion in found]
    assert [len(batch) for batch in batches] == [len(portion) for portion in found]
    return batches


def assert_same(batches: list[pa.RecordBatch], path: Path, columns: list[str] = COLUMNS) -> None:
    """Compare with what GDAL gives."""
    reader, _ = reader_of(path)
    given = pa.Table.from_batches(list(reader.stream(columns, None, rows=1000)))
    for name in (*columns, GEOMETRY):
        expected = given.column(name)
        arrays = [batch.column(name) for batch in batches]
        for array in arrays:
            array.validate(full=True)
        plain = [a.dictionary_decode() if isinstance(a, pa.DictionaryArray) else a for a in arrays]
        found = pa.chunked_array([array.cast(expected.type) for array in plain], expected.type)
        assert found.equals(expected), name


@pytest.fixture
def read_again(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the conditions under which rows are read through GDAL."""
    asked: list[str] = []
    kept = OgrReader.read_where

    def note(self: OgrReader, columns: list[str], condition: str) -> pa.RecordBatch:
        asked.append(condition)
        return kept(self, columns, condition)

    monkeypatch.setattr(OgrReader, "read_where", note)
    return asked


@pytest.mark.parametrize("rows", [1, 7, 100, 10_000])
def test_equals_gdal(tmp_path: Path, rows: int, read_again: list[str]) -> None:
    """Kills: wrong sizes of whole numbers, signs, real numbers stored as whole, cut portions."""
    path = write(buildings(5_000 if rows > 10 else 200), tmp_path / "b.gpkg")
    batches = parsed(path, rows)
    assert max(len(batch) for batch in batches) <= rows
    assert_same(batches, path)
    assert read_again == []


@pytest.mark.parametrize("page_bytes", [512, 1024, 65_536])
def test_pages_of_any_size(tmp_path: Path, page_bytes: int, read_again: list[str]) -> None:
    """Kills: 65 536, which the header writes as 1; limits of what lies in a page."""
    path = write(
        buildings(2_000), tmp_path / "b.gpkg", f"PRAGMA page_size = {page_bytes}", "VACUUM"
    )
    assert open_table_pages(path, "batiment").page_bytes == page_bytes  # type: ignore[union-attr]
    assert_same(parsed(path, 500), path)
    assert read_again == []


@pytest.mark.parametrize("corners", [200, 250, 260, 1_000, 40_000])
def test_records_of_several_pages(tmp_path: Path, corners: int, read_again: list[str]) -> None:
    """Kills: a wrong share of a long record in its page; a chain of pages cut short."""
    frame = buildings(300)
    frame.loc[[3, 4, 299], "geometry"] = buildings(3, corners=corners).geometry.to_numpy()
    frame.loc[7, "usage_1"] = "long " * 3_000
    path = write(frame, tmp_path / "b.gpkg")
    assert_same(parsed(path, 100), path)
    assert read_again == []


def test_many_texts_and_long_keys(tmp_path: Path) -> None:
    """Kills: texts numbered beyond the room for them; keys copied beyond theirs."""
    frame = buildings(3_000)
    frame["usage_1"] = [f"usage {i % 70}" for i in range(3_000)]
    frame["cleabs"] = [f"{'B' * (i % 90)}{i}" for i in range(3_000)]
    path = write(frame, tmp_path / "b.gpkg")
    batches = parsed(path, 2_000)
    assert not isinstance(batches[0].column("usage_1"), pa.DictionaryArray)
    assert_same(batches, path)


def test_few_texts_are_a_dictionary(tmp_path: Path) -> None:
    """Kills: texts taken for the same that only start or end alike."""
    texts = ["", "a", "A", "aaaaaaaa", "aaaaaaab", "baaaaaaa", "aaaaaaaaa", "aaaaaaaaaaaaaaaab"]
    frame = buildings(800).assign(usage_1=texts * 100)
    path = write(frame, tmp_path / "b.gpkg")
    (batch,) = parsed(path, 10_000)
    assert batch.column("usage_1").dictionary.to_pylist() == texts
    assert_same([batch], path)


@pytest.mark.parametrize("wanted", [["cleabs"], ["hauteur", "cleabs"], COLUMNS[::-1]])
def test_columns_in_any_order(tmp_path: Path, wanted: list[str]) -> None:
    path = write(buildings(500), tmp_path / "b.gpkg")
    assert_same(parsed(path, 200, wanted), path, wanted)


def test_null_and_empty_geometry(tmp_path: Path) -> None:
    frame = buildings(50)
    frame.loc[3, "geometry"] = None
    frame.loc[4, "geometry"] = shapely.Polygon()
    frame.loc[5, "geometry"] = shapely.force_3d(frame.geometry[5], 12.0)
    frame.loc[6, "geometry"] = shapely.MultiPolygon([frame.geometry[6], frame.geometry[8]])
    path = write(frame, tmp_path / "b.gpkg")
    assert_same(parsed(path, 20), path)


def test_rows_that_are_missing(tmp_path: Path, read_again: list[str]) -> None:
    """Kills: portions counted by the numbers of rows, some of which are no more."""
    path = write(
        buildings(3_000), tmp_path / "b.gpkg", "DELETE FROM batiment WHERE fid % 7 = 0",
        "DELETE FROM batiment WHERE fid BETWEEN 500 AND 1500",
    )  # fmt: skip
    assert_same(parsed(path, 300), path)
    assert read_again == []


def test_pages_out_of_order(tmp_path: Path) -> None:
    """Kills: pages taken for neighbours because the first and the last are as far apart."""
    path = write(buildings(4_000), tmp_path / "b.gpkg")
    # Rows put in between others, in turn at the start and at the end, go to pages at the end.
    change(path, "UPDATE batiment SET fid = fid * 1000000")
    statement = "INSERT INTO batiment (fid, cleabs) VALUES (?, ?)"
    with closing(sqlite3.connect(path)) as database:
        for i in range(1_000):
            fid = (i if i % 2 else 3_999 - i) * 1_000_000 + 7
            rows = [(fid + k, f"{fid + k}" * 8) for k in range(20)]
            database.executemany(statement, rows)
        database.commit()
    leaves = open_table_pages(path, "batiment").leaves  # type: ignore[union-attr]
    assert (np.diff(leaves) < 0).sum() > 100
    assert_same(parsed(path, 500), path)


def test_numbers_of_rows_that_start_elsewhere(tmp_path: Path) -> None:
    path = write(buildings(2_000), tmp_path / "b.gpkg", "UPDATE batiment SET fid = fid - 1000000")
    assert_same(parsed(path, 300), path)


def test_a_wrong_count_of_rows_is_found_out(tmp_path: Path, read_again: list[str]) -> None:
    """Kills: trusting the count that the file tells, when rows are missing."""
    path = write(buildings(3_000), tmp_path / "b.gpkg")
    change(path, "DROP TRIGGER trigger_delete_feature_count_batiment")
    change(path, "DELETE FROM batiment WHERE fid = 1000")
    reader, rows = reader_of(path)
    assert rows == 3_000
    found = list(stream_rows(reader, COLUMNS, key="cleabs", rows=500, of_all=rows))
    batches = [portion.load() for portion in found]  # type: ignore[union-attr]
    # The Arrow stream of GDAL 3.12 trusts the count, and gives a row twice.
    keys = [key for batch in batches for key in batch.column("cleabs").to_pylist()]
    assert keys == [f"BATIMENT{i:016d}" for i in range(3_000) if i != 999]
    assert len(read_again) == 1


def test_values_of_another_kind_are_left_to_gdal(tmp_path: Path, read_again: list[str]) -> None:
    """Kills: a text in a column of numbers read as a number, and the reverse."""
    path = write(
        buildings(3_000), tmp_path / "b.gpkg",
        "UPDATE batiment SET nombre_de_logements = 'douze' WHERE fid = 20",
        "UPDATE batiment SET usage_1 = CAST('x' AS BLOB) WHERE fid = 1020",
        "UPDATE batiment SET construction_legere = 2 WHERE fid = 2020",
    )  # fmt: skip
    assert_same([portion.load() for portion in portions(path, 500, COLUMNS)], path)  # type: ignore[union-attr]
    assert len(read_again) == 3


@pytest.mark.parametrize("blob", [b"", b"GP", b"XX" + bytes(60), b"GP\0\x21" + bytes(60)])
def test_other_geometry_is_left_to_gdal(tmp_path: Path, blob: bytes, read_again: list[str]) -> None:
    path = write(buildings(600), tmp_path / "b.gpkg")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE batiment SET geom = ? WHERE fid = 20", (blob,))
    batches = [portion.load() for portion in portions(path, 200, COLUMNS)]  # type: ignore[union-attr]
    assert_same(batches, path)
    assert len(read_again) == 1


def test_a_column_that_was_added(tmp_path: Path, read_again: list[str]) -> None:
    """Kills: null where a short record stands for the default value."""
    path = write(buildings(600), tmp_path / "b.gpkg")
    change(path, "ALTER TABLE batiment ADD COLUMN plus INTEGER")
    assert_same(parsed(path, 200, ["cleabs", "plus"]), path, ["cleabs", "plus"])
    assert read_again == []
    change(path, "ALTER TABLE batiment ADD COLUMN neuf INTEGER DEFAULT 9")
    assert_same(parsed(path, 200, ["cleabs", "neuf"]), path, ["cleabs", "neuf"])
    assert len(read_again) == 4


def left_to_gdal(path: Path) -> bool:
    return not any(isinstance(portion, Deferred) for portion in portions(path, 100, ["cleabs"]))


def test_what_is_left_to_gdal(tmp_path: Path) -> None:
    """Kills: pages read while rows lie in another file, or columns that records do not hold."""
    frame = buildings(300)
    path = write(frame, tmp_path / "wal.gpkg", "PRAGMA journal_mode = WAL")
    assert left_to_gdal(path)
    path = write(frame, tmp_path / "computed.gpkg")
    assert not left_to_gdal(path)
    change(path, "ALTER TABLE batiment ADD COLUMN twice INTEGER AS (2 * fid)")
    assert left_to_gdal(path)
    path = write(frame, tmp_path / "days.gpkg", "ALTER TABLE batiment ADD COLUMN day DATE")
    assert not left_to_gdal(path)
    assert not any(isinstance(p, Deferred) for p in portions(path, 100, ["cleabs", "day"]))


def test_a_database_being_written_is_left_to_sqlite(tmp_path: Path) -> None:
    path = write(buildings(300), tmp_path / "b.gpkg")
    assert open_table_pages(path, "batiment") is not None
    assert open_table_pages(path, "other") is None
    assert open_table_pages(tmp_path / "none.gpkg", "batiment") is None
    path.with_name("b.gpkg-journal").write_bytes(b"rollback")
    assert open_table_pages(path, "batiment") is None


def test_a_file_that_changes_is_an_error(tmp_path: Path) -> None:
    path = write(buildings(3_000), tmp_path / "b.gpkg")
    reader, rows = reader_of(path)
    found = stream_rows(reader, COLUMNS, key="cleabs", rows=500, of_all=rows)
    next(found)
    change(path, "UPDATE batiment SET hauteur = 1 WHERE fid = 7")
    with pytest.raises(SourceError, match=r"b.gpkg: was written to .* close it in the other"):
        list(found)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def stamp_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for page in range(20, len(data) // 4096):
        data[page * 4096] = 7
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, stamp_pages])
def test_damaged_pages(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = write(buildings(3_000), tmp_path / "b.gpkg")
    reader, rows = reader_of(path)
    table = stream_rows(reader, COLUMNS, key="cleabs", rows=500, of_all=rows)
    first = next(table)
    damage(path)
    assert isinstance(first, Deferred)
    with pytest.raises(SourceError, match=r"b.gpkg.*(damaged|cannot be read|written to)"):
        [portion.load() for portion in (first, *table)]  # type: ignore[union-attr]


def test_no_byte_ends_the_process(tmp_path: Path) -> None:
    """Kills: a place in the bytes taken from them and not checked. One wrong byte at a time."""
    path = write(buildings(60, corners=60), tmp_path / "b.gpkg", "VACUUM")
    data, rng = path.read_bytes(), np.random.default_rng(1)
    pages = open_table_pages(path, "batiment")
    assert pages is not None
    reader, _ = reader_of(path)
    schema = reader.head(COLUMNS).schema
    ends: dict[str, int] = {}
    for _ in range(1_500):
        wrong = bytearray(data)
        # Heads of pages and of records more often than geometry.
        page = int(rng.choice(pages.leaves)) - 1
        place = page * 4096 + int(rng.choice([rng.integers(0, 60), rng.integers(0, 4096)]))
        wrong[place] = int(rng.integers(0, 256))
        other = tmp_path / "wrong.gpkg"
        other.write_bytes(wrong)
        end = _outcome(other, schema)
        ends[end] = ends.get(end, 0) + 1
    assert set(ends) == {"read", "left", "damaged"}


def _outcome(path: Path, schema: pa.Schema) -> str:
    """Tell how reading all rows of a file ends."""
    pages = open_table_pages(path, "batiment")
    if pages is None:
        return "damaged"
    left: list[int] = []

    def read_again(above: int, up_to: int) -> pa.RecordBatch:
        left.append(above + up_to)
        return pa.RecordBatch.from_pylist([], schema=schema)

    names = {name: name for name in schema.names} | {GEOMETRY: "geom"}
    views = schema.set(len(schema) - 1, pa.field(GEOMETRY, pa.binary_view()))
    table = GeoPackageTable(pages, names, 60, views, "cleabs", path.name, read_again)
    try:
        for portion in table.portions(25):
            for array in portion.load().columns:
                array.to_pylist() if pa.types.is_binary_view(array.type) else array.validate()
    except SourceError:
        return "damaged"
    return "left" if left else "read"


def test_the_same_chunks_as_the_reader_of_layers(tmp_path: Path) -> None:
    """Kills: rows that are odd, read from bytes that are not theirs."""
    frame = buildings(2_000)
    bow_tie = shapely.Polygon([(X, Y), (X + 9, Y + 9), (X + 9, Y), (X, Y + 9)])
    frame.loc[[5, 700], "geometry"] = bow_tie
    frame.loc[[6, 701], "geometry"] = shapely.Polygon()
    frame.loc[[7, 702], "geometry"] = None
    frame.loc[[8, 703], "cleabs"] = None
    frame.loc[[9, 704], "cleabs"] = " BATIMENTé "
    frame.loc[[10, 705], "nombre_de_logements"] = -3
    path = write(frame, tmp_path / "b.gpkg")
    footprints = open_footprints(path, chunk_rows=300)
    chunks = list(footprints.chunks())
    frame, report = read_layer(path, "buildings", extra_columns=False)
    rows = [chunk.in_file_order() for chunk in chunks]
    keys = [k for chunk, at in zip(chunks, rows, strict=True) for k in chunk.describe(at)["cleabs"]]
    shapes = np.concatenate([c.polygons(at) for c, at in zip(chunks, rows, strict=True)])
    assert keys == frame["cleabs"].tolist()
    assert shapely.equals(shapes, frame.geometry.to_numpy()).all()
    assert _entries(footprints.report()) == _entries(report)


def _entries(report: Any) -> list[Any]:
    return [sorted(map(repr, page)) for page in (report.dropped, report.repaired)]
