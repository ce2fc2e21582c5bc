"""The reader: formats, systems, encodings, windows, doubled keys, and errors that help."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

import worlds
from tvb.errors import CrsError, CrsWarning, LayerError, ParameterError, SourceError
from tvb.io import batches, conform, ogr, parquet, read, read_layer, tables
from tvb.io.assembly import find_twins
from tvb.io.crs import Projector, resolve_crs


def _reasons(entries: Any) -> dict[str, int]:
    return {entry.reason: entry.count for entry in entries}


def _towns(path: Path, **options: Any) -> Path:
    """Write the four communes; the suffix tells the format."""
    towns = worlds.communes()
    if path.suffix == ".parquet":
        towns.to_parquet(path, **options)
    else:
        towns.to_file(path, **options)
    return path


# Formats


@pytest.mark.parametrize(
    "name", ["a.gpkg", "a.shp", "a.geojson", "a.fgb", "a.parquet", "a.gml", "a.tab", "a.sqlite"]
)
def test_every_format_gives_the_same_frame(name: str, tmp_path: Path) -> None:
    """Kills: a format whose order, types or columns differ; files left beside the source."""
    options = {} if name.endswith("parquet") else {"encoding": "utf-8"}
    if name.endswith(("tab", "sqlite")):
        options = {"driver": "MapInfo File" if name.endswith("tab") else "SQLite"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyogrio about field names and truncation
        path = _towns(tmp_path / name, **options)
    if name.endswith("gml"):
        path.with_suffix(".xsd").unlink()
    before = sorted(tmp_path.iterdir())
    frame, report = read_layer(path, "communes", extra_columns=False)
    assert sorted(tmp_path.iterdir()) == before
    expected = worlds.communes()
    order = expected.set_index("insee").loc[frame["insee"]].reset_index()
    assert sorted(frame["insee"]) == expected["insee"].tolist()
    for column in ("nom", "population", "epci_siren", "epci_nom"):
        assert frame[column].astype(object).tolist() == order[column].tolist()
    # MapInfo stores whole steps of some millimetres.
    gap = 0.02 if name.endswith("tab") else 0
    assert frame.geometry.hausdorff_distance(order.geometry).max() <= gap
    assert frame.crs.to_epsg() == 2154
    assert report.files == (name,)
    assert len(report.checksums[0]) == 64


def test_write_then_read_is_the_identity(tmp_path: Path) -> None:
    first, _ = read_layer(_towns(tmp_path / "a.gpkg"), "communes")
    first.to_file(tmp_path / "b.gpkg")
    first.to_parquet(tmp_path / "b.parquet")
    for name in ("b.gpkg", "b.parquet"):
        again, report = read_layer(tmp_path / name, "communes")
        pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(first))
        assert not report.repaired
        assert not report.dropped


def test_conform_of_a_frame_and_reading_of_its_file_agree(tmp_path: Path) -> None:
    towns = worlds.communes().to_crs(4326)
    towns.to_file(tmp_path / "a.fgb", SPATIAL_INDEX="NO")
    from_disk, _ = read_layer(tmp_path / "a.fgb", "communes")
    from_memory, report = conform(towns.set_index(pd.Index([9, 9, 3, 1])), "communes")
    pd.testing.assert_frame_equal(pd.DataFrame(from_disk), pd.DataFrame(from_memory))
    assert report.files == ("frame",)
    assert report.checksums == ()


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "fgb", "parquet", "geojson"])
def test_an_empty_file_gives_an_empty_frame(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    empty = worlds.communes().iloc[:0]
    if suffix == "parquet":
        empty.to_parquet(path)
    else:
        empty.to_file(path, geometry_type="Polygon")
    if suffix == "geojson":
        path.write_text('{"type": "FeatureCollection", "features": []}')
        with pytest.raises((LayerError, SourceError)):
            read_layer(path, "communes")
        return
    frame, report = read_layer(path, "communes")
    assert len(frame) == report.rows_read == report.rows_kept == 0
    assert str(frame["population"].dtype) == "Int64"
    assert frame.crs.to_epsg() == 2154


def test_many_batches_give_what_one_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: row numbers that start again, types that depend on the batch, duplicates missed."""
    rows = 50
    shapes = [worlds.box(20 * i, 0, 20 * i + 10, 10) for i in range(rows)]
    shapes[37] = None
    keys = [f"B{i}" for i in range(rows)]
    keys[44] = "B2"
    raw = gpd.GeoDataFrame(
        {"cleabs": keys, "hauteur": np.arange(rows) / 2, "etages": [None] * 40 + [2] * 10,
         "x": [None] * 20 + [7] * 30, "y": range(rows)},
        geometry=shapes, crs=2154,
    )  # fmt: skip
    raw.to_file(tmp_path / "a.gpkg")
    raw.to_parquet(tmp_path / "a.parquet")
    raw.drop(columns="geometry").assign(wkt=[s and s.wkt for s in shapes]).to_csv(
        tmp_path / "a.csv", index=False
    )
    for name in ("a.gpkg", "a.parquet", "a.csv"):
        crs = 2154 if name == "a.csv" else None
        whole, one = read_layer(tmp_path / name, "buildings", crs=crs)
        with monkeypatch.context() as patch:
            for module in (batches, ogr, parquet, tables, read):
                if hasattr(module, "BATCH_ROWS"):
                    patch.setattr(module, "BATCH_ROWS", 7)
            parts, many = read_layer(tmp_path / name, "buildings", crs=crs)
        pd.testing.assert_frame_equal(pd.DataFrame(parts), pd.DataFrame(whole))
        assert (one.dropped, one.repaired) == (many.dropped, many.repaired)
        assert _reasons(one.dropped) == {
            "null geometry": 1,
            "key given twice; only the first kept": 1,
        }
        assert one.dropped[0].ids == ("B37",)
        assert one.dropped[1].ids == ("B2",)


def test_geoparquet_with_native_geometry_and_without_description(tmp_path: Path) -> None:
    towns = worlds.communes()
    towns.to_parquet(
        tmp_path / "native.parquet", geometry_encoding="geoarrow", schema_version="1.1.0"
    )
    assert len(read_layer(tmp_path / "native.parquet", "communes")[0]) == 4
    pd.DataFrame(towns.drop(columns="geometry")).to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(SourceError, match="without the GeoParquet description of its geometry"):
        read_layer(tmp_path / "plain.parquet", "communes")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 cut off")
    with pytest.raises(SourceError, match=r"cut\.parquet: cannot be read: .*export it again"):
        read_layer(tmp_path / "cut.parquet", "communes")


def test_geoparquet_keeps_a_named_index_as_a_column(tmp_path: Path) -> None:
    """Kills: pandas metadata that turn the key into an index, then lose it."""
    worlds.communes().set_index("insee").to_parquet(tmp_path / "a.parquet")
    assert read_layer(tmp_path / "a.parquet", "communes")[0]["insee"].iloc[0] == "62001"


def test_curves_become_segments(tmp_path: Path) -> None:
    """A circle of radius 10 m through four points, in the standard binary of curves."""
    path = _towns(tmp_path / "a.gpkg", layer="communes")
    ring = [(0, 0), (10, 10), (20, 0), (10, -10), (0, 0)]
    arcs = struct.pack("<BII", 1, 8, 5) + b"".join(
        struct.pack("<dd", worlds.X0 + x, worlds.Y0 + y) for x, y in ring
    )
    blob = b"GP\x00\x01" + struct.pack("<i", 2154) + struct.pack("<BII", 1, 10, 1) + arcs
    with sqlite3.connect(path) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE communes SET geom = ? WHERE insee = '62003'", (blob,))
    database.close()
    frame, _ = read_layer(path, "communes")
    assert len(frame) == 4
    area = frame.set_index("insee").area["62003"]
    assert area == pytest.approx(np.pi * 100, rel=2e-3)


def test_a_ring_left_open_is_closed_and_counted(tmp_path: Path) -> None:
    towns = worlds.communes()
    path = _towns(tmp_path / "a.gpkg", layer="communes")
    square = shapely.get_coordinates(towns.geometry.iloc[0])[:4]
    wkb = struct.pack("<BIII", 1, 3, 1, 4) + b"".join(struct.pack("<dd", *p) for p in square)
    with sqlite3.connect(path) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            database.execute(f'DROP TRIGGER "{name}"')
        blob = b"GP\x00\x01" + struct.pack("<i", 2154)
        database.execute("UPDATE communes SET geom = ? WHERE insee = '62001'", (blob + wkb,))
        database.execute("UPDATE communes SET geom = ? WHERE insee = '62002'", (blob + wkb[:-9],))
    database.close()
    frame, report = read_layer(path, "communes")
    assert frame.set_index("insee").area["62001"] == 1e6
    assert report.repaired[0].reason == "ring closed"
    assert report.rows_read == 4
    assert report.rows_dropped == 1


# Layers of a file


def test_a_geopackage_of_several_layers(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    for name in ("commune", "epci"):
        _towns(path, layer=name)
    pd.DataFrame({"a": [1]}).pipe(gpd.GeoDataFrame).to_file(path, layer="layer_styles")
    with pytest.raises(
        SourceError, match=r"^a\.gpkg: has 2 layers with geometry; it holds: commune, epci"
    ):
        read_layer(path, "communes")
    with pytest.raises(SourceError, match="has no layer « canton »; it holds: commune, epci"):
        read_layer(path, "communes", source_layer="canton")
    assert len(read_layer(path, "communes", source_layer="COMMUNE")[0]) == 4
    _towns(path, layer="communes")
    assert len(read_layer(path, "communes")[0]) == 4


@pytest.mark.parametrize("name", ["", "x" * 121, "a;b", "../a", 'a"b', "a\nb", "a\u202eb", ".a"])
def test_odd_layer_names_are_refused(name: str, tmp_path: Path) -> None:
    path = _towns(tmp_path / "a.gpkg", layer="commune")
    with pytest.raises(SourceError, match=r"source_layer: layer name .* refused"):
        read_layer(path, "communes", source_layer=name)


def test_a_file_whose_only_layer_has_an_odd_name_is_refused(tmp_path: Path) -> None:
    path = _towns(tmp_path / "a.gpkg", layer='x"; DROP TABLE y; --')
    with pytest.raises(SourceError, match=r"^a\.gpkg: layer name .* refused"):
        read_layer(path, "communes")


def test_a_table_without_geometry_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame(pd.DataFrame({"insee": ["62001"]})).to_file(path, layer="communes")
    with pytest.raises(SourceError, match="has 0 layers with geometry; it holds: none"):
        read_layer(path, "communes")
    (tmp_path / "a.dbf").write_bytes(b"\x03\x7c\x01\x01" + bytes(28) + b"\x0d\x1a")
    with pytest.raises(SourceError):
        read_layer(tmp_path / "a.dbf", "communes")


# What is not there, or not what it seems


def test_a_missing_file_suggests_near_names(tmp_path: Path) -> None:
    _towns(tmp_path / "Communes_MBM.gpkg")
    with pytest.raises(SourceError, match=r"no such file.*did you mean « Communes_MBM\.gpkg »"):
        read_layer(tmp_path / "commune_mbm.gpkg", "communes")
    with pytest.raises(SourceError, match="check the path; the folder holds 1 other files"):
        read_layer(tmp_path / "zzz.tif", "communes")
    with pytest.raises(SourceError, match="does not exist either"):
        read_layer(tmp_path / "none" / "a.gpkg", "communes")


def test_source_error_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no such file"):
        read_layer(str(tmp_path / "a.gpkg"), "communes")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a folder"):
        read_layer(tmp_path, "communes")


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_bytes(b"not a geopackage")
    with pytest.raises(SourceError, match=r"a\.gpkg: cannot be read: .*open it in QGIS"):
        read_layer(tmp_path / "a.gpkg", "communes")


def test_a_shapefile_without_its_parts_is_refused(tmp_path: Path) -> None:
    path = _towns(tmp_path / "a.shp")
    (tmp_path / "a.shx").unlink()
    (tmp_path / "a.dbf").unlink()
    with pytest.raises(SourceError, match=r"comes without its \.dbf and \.shx"):
        read_layer(path, "communes")


@pytest.mark.parametrize("name", ["a.vrt", "a.geojson"])
def test_a_virtual_file_is_refused(name: str, tmp_path: Path) -> None:
    """Kills: GDAL following an address to any file or server, whatever the suffix says."""
    (tmp_path / name).write_text("<OGRVRTDataSource></OGRVRTDataSource>")
    with pytest.raises(SourceError, match="is a virtual file"):
        read_layer(tmp_path / name, "communes")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = _towns(tmp_path / "a.gpkg")
    path.chmod(0)
    with pytest.raises(SourceError, match="cannot be opened"):
        read_layer(path, "communes")


def test_no_file_no_layer_no_window(tmp_path: Path) -> None:
    path = _towns(tmp_path / "a.gpkg")
    with pytest.raises(ParameterError, match="communes: no file is given"):
        read_layer([], "communes")
    with pytest.raises(ParameterError, match="layer « comunes »: unknown"):
        read_layer(path, "comunes")
    with pytest.raises(ParameterError, match=r"bbox: .* is not a window"):
        read_layer(path, "communes", bbox=(1, 0, 0, 1))
    with pytest.raises(LayerError, match="the table has no geometry"):
        conform(pd.DataFrame({"insee": ["62001"]}), "communes")


# Systems of coordinates


def test_other_systems_are_converted_and_said(tmp_path: Path) -> None:
    expected = worlds.communes()
    for code in (4326, 3857, 3950, 4171):
        path = tmp_path / f"{code}.gpkg"
        expected.to_crs(code).to_file(path)
        frame, report = read_layer(path, "communes")
        gap = frame.geometry.centroid.distance(expected.geometry.centroid).max()
        assert gap < 1e-3
        assert report.crs_in == f"EPSG:{code}"
        assert f"reprojected from EPSG:{code} to EPSG:2154" in _reasons(report.notes)


def test_a_missing_system_says_how_to_declare_it(tmp_path: Path) -> None:
    path = _towns(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    with pytest.raises(CrsError, match=r'does not say its .*declare it with crs=.*"EPSG:2154"'):
        read_layer(path, "communes")
    frame, report = read_layer(path, "communes", crs="EPSG:2154")
    assert frame.crs.to_epsg() == 2154
    assert report.crs_in == "EPSG:2154"


def test_a_system_that_geopackage_calls_undefined_is_missing(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        worlds.communes().set_crs(None, allow_override=True).to_file(tmp_path / "a.gpkg")
    with pytest.raises(CrsError, match="does not say its coordinate reference system"):
        read_layer(tmp_path / "a.gpkg", "communes")
    assert len(read_layer(tmp_path / "a.gpkg", "communes", crs=2154)[0]) == 4


def test_a_declared_system_wins_and_is_noted(tmp_path: Path) -> None:
    wrong = worlds.communes().set_crs(3950, allow_override=True)
    wrong.to_file(tmp_path / "a.gpkg")
    frame, report = read_layer(tmp_path / "a.gpkg", "communes", crs=2154)
    assert frame.geometry.iloc[0].equals(worlds.communes().geometry.iloc[0])
    assert "read as EPSG:2154, as declared, though the file says EPSG:3950" in _reasons(
        report.notes
    )
    with pytest.raises(CrsError, match="'Lambert' is not a coordinate reference system"):
        read_layer(tmp_path / "a.gpkg", "communes", crs="Lambert")


def test_degrees_declared_as_lambert_93_are_refused() -> None:
    degrees = worlds.communes().to_crs(4326).set_crs(2154, allow_override=True)
    with pytest.raises(CrsError, match=r"is in degrees, but EPSG:2154 is in metres.*first corner"):
        conform(degrees, "communes")


def test_metres_declared_as_degrees_are_refused(tmp_path: Path) -> None:
    """A GeoJSON file that forgets its system is taken for degrees."""
    path = tmp_path / "a.geojson"
    path.write_text(worlds.communes().to_json())
    content = path.read_text().replace('"crs":', '"was":')
    path.write_text(content)
    with pytest.raises(CrsError, match="is in metres, but EPSG:4326 is in degrees"):
        read_layer(path, "communes")
    assert len(read_layer(path, "communes", crs=2154)[0]) == 4


@pytest.mark.parametrize("what", ["axes", "lambert 2"])
def test_coordinates_that_land_outside_france_are_refused(what: str) -> None:
    """Kills: latitude first taken for longitude; the old Lambert II taken for Lambert-93."""
    if what == "axes":
        towns = worlds.communes().to_crs(4326)
        towns = towns.set_geometry(shapely.transform(towns.geometry, lambda c: c[:, ::-1]))
        towns = towns.set_crs(4326, allow_override=True)
    else:
        towns = worlds.communes().translate(-50_000, -4_400_000)
        towns = worlds.communes().set_geometry(towns)
    with pytest.raises(CrsError, match="is outside metropolitan France once read as EPSG:"):
        conform(towns, "communes")


def test_a_row_outside_france_is_noted_and_a_place_without_image_is_dropped() -> None:
    points = gpd.GeoDataFrame(
        {"puits": ["1", "2", "3"]},
        geometry=gpd.points_from_xy([3.0, 0.0, 200.0], [50.4, 0.0, 95.0]),
        crs=4326,
    )
    frame, report = conform(points, "pits")
    assert frame["puits"].tolist() == ["1", "2"]
    assert _reasons(report.dropped) == {"coordinates that are not finite": 1}
    assert [e.ids for e in report.notes if "France" in e.reason] == [("row 1",)]


def test_null_geometry_only_does_not_contradict_the_system() -> None:
    nothing = gpd.GeoDataFrame({"puits": ["1"]}, geometry=[None], crs=4326)
    assert len(conform(nothing, "pits")[0]) == 0


def test_ntf_without_its_grid_warns_and_names_the_remedy(tmp_path: Path) -> None:
    towns = worlds.communes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        towns.to_crs(27572).to_file(tmp_path / "a.gpkg")
    with pytest.warns(CrsWarning, match=r"2 to 3 m off.*fr_ign_gr3df97a\.tif.*pyproj sync"):
        frame, report = read_layer(tmp_path / "a.gpkg", "communes")
    assert report.crs_in == "EPSG:27572"
    assert frame.geometry.centroid.distance(towns.geometry.centroid).max() < 5


def test_lambert_93_under_another_name_is_not_converted() -> None:
    """EPSG:9793 is Lambert-93 on the second realisation of RGF93: the same to a millimetre."""
    assert Projector(pyproj.CRS(9793), "file").same
    assert not Projector(pyproj.CRS(3950), "file").same


def test_a_compound_system_keeps_its_horizontal_part() -> None:
    crs, remark = resolve_crs("EPSG:2154+5720", None, "file")
    assert (crs.to_epsg(), remark) == (2154, None)


# Encodings


@pytest.mark.parametrize("written", ["utf-8", "cp1252"])
@pytest.mark.parametrize("told", [None, "UTF-8", "ISO-8859-1"])
def test_shapefile_texts_are_read_whatever_their_cpg_says(
    written: str, told: str | None, tmp_path: Path
) -> None:
    """Kills: trust in a missing or wrong « .cpg »."""
    towns = worlds.communes().assign(nom=["Liévin", "Hénin", "Nœux", "Angrès"])
    path = tmp_path / "a.shp"
    towns.to_file(path, encoding=written)
    (tmp_path / "a.cpg").unlink(missing_ok=True)
    if told:
        (tmp_path / "a.cpg").write_text(told)
    frame, report = read_layer(path, "communes")
    assert frame["nom"].tolist() == towns["nom"].tolist()
    assert not report.repaired


def test_encoding_can_be_forced(tmp_path: Path) -> None:
    towns = worlds.communes().assign(nom=["Liévin", "Hénin", "Neux", "Angrès"])
    towns.to_file(tmp_path / "a.shp", encoding="cp850")
    (tmp_path / "a.cpg").unlink(missing_ok=True)
    frame, report = read_layer(tmp_path / "a.shp", "communes", encoding="cp850")
    assert frame["nom"].tolist() == towns["nom"].tolist()
    assert "texts read as cp850" in _reasons(report.notes)


# Text tables


@pytest.mark.parametrize(
    ("header", "row", "crs"),
    [
        ("Commune;Xlong;Ylat", "Liévin;3,05;50,43", None),
        ("Commune,longitude,latitude", 'Liévin,"3,05",50.43', None),
        ("Commune\tlon\tlat", "Liévin\t3.05\t50.43", None),
        ("Commune;coordonneesxy", "Liévin;[3.05, 50.43]", None),
        ("Commune;geo_point_2d", "Liévin;50.43, 3.05", None),
        ("Commune;WKT", "Liévin;POINT (3.05 50.43)", 4326),
        ("Commune;X;Y", "Liévin;3,05;50,43", 4326),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_text_tables(header: str, row: str, crs: int | None, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "puits.csv"
    path.write_text(f"{header}\n{row}\n", encoding=encoding)
    frame, report = read_layer(path, "pits", crs=crs)
    expected = gpd.GeoSeries(gpd.points_from_xy([3.05], [50.43]), crs=4326).to_crs(2154)
    assert frame.geometry.iloc[0].distance(expected.iloc[0]) < 1e-6
    assert frame["commune"].tolist() == ["Liévin"]
    assert report.crs_in == "EPSG:4326"
    assert any(reason.startswith("geometry made from") for reason in _reasons(report.notes))


def test_text_table_rows_without_place_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "puits.csv"
    path.write_text("puits;lon;lat;cote\n1;3,05;50,43;12,5\n2;;;1\n3;x;50;2\n4;3;50;3\n")
    frame, report = read_layer(path, "pits")
    assert frame["puits"].tolist() == ["1", "4"]
    assert frame["cote"].tolist() == [12.5, 3.0]
    assert _reasons(report.dropped) == {"unreadable geometry": 1, "null geometry": 1}


def test_text_table_in_metres_asks_for_its_system(tmp_path: Path) -> None:
    path = tmp_path / "puits.csv"
    path.write_text("puits;x;y\n1;700000;7000000\n")
    with pytest.raises(CrsError, match="does not say its coordinate reference system"):
        read_layer(path, "pits")
    assert len(read_layer(path, "pits", crs="EPSG:2154")[0]) == 1


def test_text_table_without_coordinates_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "puits.csv"
    path.write_text("puits;adresse\n1;Lens\n")
    with pytest.raises(LayerError, match="no column holds coordinates among: puits, adresse"):
        read_layer(path, "pits")
    path.write_text("")
    with pytest.raises(SourceError, match=r"puits\.csv: is empty"):
        read_layer(path, "pits")
    path.write_bytes("puits;lon;lat\nLiévin;3;50\n".encode("cp1252"))
    with pytest.raises(SourceError, match=r"cannot be read as utf-8.*name the encoding"):
        read_layer(path, "pits", encoding="utf-8")


# Keys, files, windows


def test_a_key_in_two_files_names_both(tmp_path: Path) -> None:
    """Kills: duplicates looked for in each file alone; the second kept instead of the first."""
    first = worlds.communes().iloc[:3]
    second = worlds.communes().iloc[2:].assign(nom="again")
    first.to_file(tmp_path / "a.gpkg")
    second.to_crs(4326).to_parquet(tmp_path / "b.parquet")
    frame, report = read_layer([tmp_path / "a.gpkg", tmp_path / "b.parquet"], "communes")
    assert frame["nom"].tolist() == ["Sud", "Port", "Nord", "again"]
    (entry,) = report.dropped
    assert entry.reason == (
        "key given twice, in a.gpkg and again in b.parquet; geometry joined to the first row"
    )
    assert (entry.count, entry.ids) == (1, ("62003",))
    assert report.files == ("a.gpkg", "b.parquet")
    assert len(report.checksums) == 2
    assert report.crs_in == "EPSG:2154, EPSG:4326"
    assert (report.rows_read, report.rows_kept) == (5, 4)


def test_keys_given_twice_are_kept_where_the_schema_says_so() -> None:
    line = shapely.LineString([(worlds.X0, worlds.Y0), (worlds.X0 + 9, worlds.Y0)])
    raw = gpd.GeoDataFrame({"id_troncon": ["1", "1", None, None]}, geometry=[line] * 4, crs=2154)
    frame, report = conform(raw, "cavaliers")
    assert len(frame) == 4
    assert _reasons(report.notes)["key given twice; all kept"] == 1
    assert not report.dropped


@pytest.mark.parametrize("name", ["a.gpkg", "a.fgb", "a.parquet", "a.shp", "a.geojson"])
@pytest.mark.parametrize("code", [2154, 4326])
def test_a_window_is_given_in_lambert_93_whatever_the_file(
    name: str, code: int, tmp_path: Path
) -> None:
    """Kills: a window handed over in the system of the file, or counted rows that lie outside."""
    path = tmp_path / name
    towns = worlds.communes().to_crs(code)
    towns.to_parquet(path) if name.endswith("parquet") else towns.to_file(path)
    west, south = worlds.X0, worlds.Y0
    frame, report = read_layer(
        path, "communes", bbox=(west + 100, south + 100, west + 200, south + 900)
    )
    assert frame["insee"].tolist() == ["62001"]
    assert report.rows_read == 1
    nothing, _ = read_layer(path, "communes", bbox=(west - 900, south, west - 800, south + 1))
    assert len(nothing) == 0


# Null geometry of a FlatGeobuf


@pytest.mark.parametrize("window", [None, (worlds.X0 + 150, 6e6, 1e6, 8e6)])
@pytest.mark.parametrize(
    "places", [(0, None, 2, 3), (None, None, 2, 3), (0, 1, None, None), (None,) * 3, (0, "", 2)]
)
def test_null_geometry_of_a_flatgeobuf_is_dropped_and_counted(
    places: tuple[int | str | None, ...],
    window: tuple[float, ...] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Kills: the Arrow reader of GDAL as it is, which writes the square after a null one over the
    first, and ends in « Wrapping » or in no process at all; null ones counted in any window."""
    monkeypatch.setattr(ogr, "BATCH_ROWS", 3)
    squares = {i: shapely.box(0, 0, 90, 90 + i) for i in range(4)}
    kinds = {None: None, "": shapely.Polygon()} | {
        i: shapely.transform(s, lambda c, i=i: c + np.array([worlds.X0 + 100 * i, worlds.Y0]))
        for i, s in squares.items()
    }
    names = [f"T{i}" for i in range(len(places))]
    raw = gpd.GeoDataFrame({"no_terril": names}, geometry=[kinds[p] for p in places], crs=2154)
    found = {}
    for name, options in (("a.gpkg", {}), ("a.fgb", {"SPATIAL_INDEX": "NO"})):
        raw.to_file(tmp_path / name, **options)
        frame, report = read_layer(tmp_path / name, "terrils", bbox=window)
        found[name] = frame
        assert report.rows_read == len(frame) + sum(_reasons(report.dropped).values())
        if window is None:
            assert sum(_reasons(report.dropped).values()) == sum(
                not isinstance(place, int) for place in places
            )
            assert report.rows_read == len(places)
    reached = 0 if window is None else 1
    wanted = [n for n, p in zip(names, places, strict=True) if isinstance(p, int) and p >= reached]
    assert found["a.fgb"]["no_terril"].tolist() == wanted
    assert_geodataframe_equal(found["a.fgb"], found["a.gpkg"], normalize=True)


def test_a_flatgeobuf_keeps_columns_named_as_gdal_names_its_own(tmp_path: Path) -> None:
    """Kills: the number of a feature, which GDAL calls OGC_FID, taken for a column of the file."""
    raw = gpd.GeoDataFrame(
        {"no_terril": ["1", "2"], "OGC_FID": [7, 8]},
        geometry=[worlds.box(0, 0, 9, 9), None],
        crs=2154,
    )
    raw.to_file(tmp_path / "a.fgb", SPATIAL_INDEX="NO")
    frame, _ = read_layer(tmp_path / "a.fgb", "terrils")
    assert frame["OGC_FID"].tolist() == [7]


def test_a_flatgeobuf_without_attributes_keeps_its_rows(tmp_path: Path) -> None:
    """Kills: rows lost where no column but the geometry tells how many there are."""
    shapes = [worlds.box(0, 0, 9, 9), None, worlds.box(20, 0, 29, 9)]
    gpd.GeoDataFrame(geometry=shapes, crs=2154).to_file(tmp_path / "a.fgb", SPATIAL_INDEX="NO")
    frame, report = read_layer(tmp_path / "a.fgb", "study_area")
    assert frame.geometry.tolist() == [shapes[0], shapes[2]]
    assert _reasons(report.dropped) == {"null geometry": 1}


# GeoJSON identifiers


def test_the_identifier_of_a_geojson_feature_is_not_a_key(tmp_path: Path) -> None:
    """Kills: « 0 », « 1 », … as keys of buildings because GDAL shows them as a column « id »."""
    path = tmp_path / "a.geojson"
    shape = shapely.to_geojson(worlds.communes().to_crs(4326).geometry.iloc[0])
    feature = f'{{"type": "Feature", "id": "%s", "properties": {{%s}}, "geometry": {shape}}}'
    start = '{"type": "FeatureCollection", "features": ['
    path.write_text(start + feature % ("0", '"hauteur": 3') + "]}")
    with pytest.raises(LayerError, match="« cleabs » not found among: hauteur"):
        read_layer(path, "buildings")
    path.write_text(start + feature % ("0", '"id": "B7"') + "]}")
    assert read_layer(path, "buildings")[0]["cleabs"].tolist() == ["B7"]
    path.write_text(start + feature % ("0", '"cleabs": "B8"') + "]}")
    frame, report = read_layer(path, "buildings")
    assert "id" not in frame.columns
    assert any("feature identifier of GeoJSON" in reason for reason in _reasons(report.notes))


def test_checksum_of_a_shapefile_covers_its_parts(tmp_path: Path) -> None:
    """Kills: an unchanged checksum when only the attributes change."""
    path = _towns(tmp_path / "a.shp", encoding="utf-8")
    shutil.copytree(tmp_path, tmp_path / "copy")
    _, before = read_layer(path, "communes")
    _, same = read_layer(tmp_path / "copy" / "a.shp", "communes")
    worlds.communes().assign(nom="X").to_file(path, encoding="utf-8")
    _, after = read_layer(path, "communes")
    assert before.checksums == same.checksums != after.checksums


def test_a_commune_in_two_rows_is_one_commune(tmp_path: Path) -> None:
    """Kills the reader that keeps the first half of a commune and a hole in the map."""
    whole = worlds.communes()
    halves = pd.concat([whole, whole.iloc[[0]]], ignore_index=True)
    halves.loc[0, "geometry"] = worlds.box(0, 0, 1000, 400)
    halves.loc[4, "geometry"] = worlds.box(0, 400, 1000, 1000)
    halves.to_file(tmp_path / "communes.gpkg", VERSION="1.2")
    frame, report = read_layer(tmp_path / "communes.gpkg", "communes")
    assert frame.area.tolist() == [1e6] * 4
    assert report.rows_dropped == 1
    assert "key given twice; geometry joined to the first row: 1 (62001)" in report.summary()


def test_a_commune_without_name_bears_its_code(tmp_path: Path) -> None:
    communes = worlds.communes()
    communes.loc[1, "nom"] = None
    communes.to_file(tmp_path / "communes.gpkg", VERSION="1.2")
    frame, report = read_layer(tmp_path / "communes.gpkg", "communes")
    assert frame["nom"].tolist() == ["Sud", "62002", "Nord", "Est"]
    assert "repaired: no « nom »: insee put in: 1 (62002)" in report.summary()


def test_the_name_of_a_delivery_tells_its_scenario(tmp_path: Path) -> None:
    """The same at every door: `read_layer`, `load_flood_hazard`, ``tvb check``, a study."""
    zone = gpd.GeoDataFrame({"ID_S_INOND": ["SIN_1"]}, geometry=[worlds.box(0, 0, 9, 9)], crs=2154)
    path = tmp_path / "N_LENS_INONDABLE_02_02MOY_S_062.gpkg"
    zone.to_file(path, VERSION="1.2")
    frame, _ = read_layer(path, "flood_zones")
    assert frame["scenario"].tolist() == ["02Moy"]


def test_a_wrong_encoding_is_named(tmp_path: Path) -> None:
    communes = worlds.communes().assign(nom=["Nœux", "Béthune", "Liévin", "Lens"])
    communes.to_file(tmp_path / "communes.shp", encoding="cp1252")
    with pytest.raises(
        SourceError, match=r"communes\.shp: its texts are not in the encoding utf-8"
    ):
        read_layer(tmp_path / "communes.shp", "communes", encoding="utf-8")
    with pytest.raises(ParameterError, match="encoding: « utf-9 » is unknown"):
        read_layer(tmp_path / "communes.shp", "communes", encoding="utf-9")


def _estates(path: Path, names: list[str], boxes: list[int], **more: Any) -> Path:
    """Write estates of 10 m by 10 m, each at its place."""
    shapes = [worlds.box(20 * i, 0, 20 * i + 10, 10) for i in boxes]
    gpd.GeoDataFrame({"nom": names, **more}, geometry=shapes, crs=2154).to_file(path)
    return path


def test_features_without_a_key_given_twice_are_noted_and_kept(tmp_path: Path) -> None:
    """Kills a second estate that nobody hears of, one that is dropped, and a twin that is none:
    same outline under another name, same name elsewhere."""
    one = _estates(tmp_path / "a.gpkg", ["Cité du Jard", "Cité 4", "Cité 5"], [0, 1, 2])
    two = _estates(
        tmp_path / "b.gpkg", ["Autre", "CITÉ DU JARD", "Cité 5", "Cité 4", "Cité 4"],
        [1, 0, 7, 1, 1], extra=[1, 2, 3, 4, 5],
    )  # fmt: skip
    frame, report = read_layer([one, two], "estates")
    assert (len(frame), report.rows_dropped) == (8, 0)
    notes = {entry.reason: entry for entry in report.notes if "given twice" in entry.reason}
    assert list(notes) == ["feature given twice, in a.gpkg and again in b.gpkg; all kept"]
    (note,) = notes.values()
    assert (note.count, list(note.ids)) == (3, ["b.gpkg row 1", "b.gpkg row 3", "b.gpkg row 4"])
    assert "objet donné deux fois, dans a.gpkg puis dans b.gpkg" in report.summary("fr")
    alone = read_layer(two, "estates")[1]
    told = [(e.reason, e.count, list(e.ids)) for e in alone.notes if "twice" in e.reason]
    assert told == [("feature given twice; all kept", 1, ["row 4"])]


def test_a_ring_that_begins_elsewhere_is_the_same_outline() -> None:
    square = shapely.box(0, 0, 1, 1)
    turned = shapely.Polygon(shapely.get_coordinates(square)[[2, 3, 4, 1, 2]])
    shapes = np.array([square, shapely.box(5, 5, 6, 6), turned, square], dtype=object)
    values = pd.DataFrame(
        {"a": pd.array([1, None, 1, 2], "Int64"), "b": pd.array(["x"] * 4, "str")}
    )
    assert find_twins(values, shapes).tolist() == [0, 1, 0, 3]
    nulls = pd.DataFrame({"a": pd.array([None] * 4, "Int64"), "b": pd.array([None] * 4, "str")})
    assert find_twins(nulls, shapes).tolist() == [0, 1, 0, 0]
    assert find_twins(nulls.iloc[:0], shapes[:0]).tolist() == []


@pytest.mark.official
def test_estates_in_both_published_files_are_noted(official: Path) -> None:
    """Fourteen estates stand in the file of the property and in that of its buffer zone."""
    files = [official / "cites-minieres.geojson", official / "zt-cites-minieres.geojson"]
    frame, report = read_layer(files, "estates")
    assert len(frame) == 321
    twice = [entry for entry in report.notes if entry.reason.startswith("feature given twice")]
    assert [entry.count for entry in twice] == [14]
