"""Writers: what is written is read back, whole or not at all, and QGIS finds its styles."""

from __future__ import annotations

import csv
import datetime
import itertools
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tvb.errors import CrsError, LayerError, ParameterError, SourceError
from tvb.io import geopackage
from tvb.io.fields import describe_fields
from tvb.io.styles import (
    Hatch,
    Style,
    StyleClass,
    Symbol,
    graduated_classes,
    style_for,
    to_qml,
    to_sld,
)  # fmt: skip
from tvb.io.write import atomic_path, write_csv, write_geopackage, write_geoparquet
from tvb.schema import SCHEMAS
from worlds import X0, Y0, box, communes

SCRIPT = "<script>alert('l\"été')</script> & Nœux-les-Mines"


def awkward() -> gpd.GeoDataFrame:
    """Four communes with every type of column, nulls, and names that look like markup."""
    frame = communes().assign(
        nom=pd.Series([SCRIPT, "", None, "=1+1"], dtype="str"),
        population=pd.array([1, None, -3, 2**53 + 1], dtype="Int64"),
        actif=pd.array([True, None, False, True], dtype="boolean"),
        part=[0.1 + 0.2, np.nan, -1e-300, 1e300],
        rang=np.array([4, 3, 2, 1]),
        sur=[True, False, True, False],
    )
    frame.loc[2, "geometry"] = None
    return frame


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def rows_of(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


# Atomic ------------------------------------------------------------------------------------------


def test_file_appears_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
        assert temporary.suffix == ".txt"  # drivers decide by the suffix
    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_interrupted_write_keeps_the_older_file(tmp_path: Path, error: type[BaseException]) -> None:
    """Kills: writing in place, and cleaning up after ``Exception`` only."""
    path = tmp_path / "a.gpkg"
    path.write_text("old")

    def write() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            temporary.with_name("a.gpkg-wal").write_text("side file of SQLite")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.gpkg"]


def test_nothing_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nothing was written"), atomic_path(tmp_path / "a"):
        pass
    with (
        pytest.raises(SourceError, match=r"folder does not exist.*create the folder"),
        atomic_path(tmp_path / "none" / "a"),
    ):
        pass
    with pytest.raises(SourceError, match="is a folder"), atomic_path(tmp_path):
        pass
    assert names_in(tmp_path) == []


def test_refusal_of_the_folder_or_the_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "a.txt"
    path.write_text("old")

    def write() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("new")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(SourceError, match=r"cannot be replaced \(Permission denied\).*close"):
        write()
    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(SourceError, match=r"cannot be written \(Permission denied\).*rights"):
        write()
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


def test_link_keeps_its_target(tmp_path: Path) -> None:
    """Kills: replacing the link, so that the file it points at grows old unseen."""
    target, link = tmp_path / "real.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    with atomic_path(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


# GeoPackage --------------------------------------------------------------------------------------


def test_geopackage_is_read_back(tmp_path: Path) -> None:
    """Kills: text escaped twice, nulls turned into text or 0, rows in another order."""
    path, frame = tmp_path / "a.gpkg", awkward()
    write_geopackage({"communes": frame}, path)
    read = pyogrio.read_dataframe(
        path,
        layer="communes",
        use_arrow=True,
        arrow_to_pandas_kwargs={"integer_object_nulls": True},
    )
    assert_geodataframe_equal(
        read.astype({"population": "Int64", "actif": "boolean"})[frame.columns], frame
    )
    exact = rows_of(path, "SELECT population, typeof(part), actif, nom FROM communes ORDER BY fid")
    assert exact[3] == (2**53 + 1, "real", 1, "=1+1")  # no detour through floats
    assert exact[1] == (None, "null", None, "")
    assert exact[2][3] is None
    assert_geodataframe_equal(awkward(), frame)  # the argument is untouched


def test_loose_columns_get_a_type(tmp_path: Path) -> None:
    """Kills: numbers kept as objects that arrive as text, because one of them is missing."""
    path, day = tmp_path / "a.gpkg", datetime.date(2012, 7, 1)
    loose = pd.DataFrame(
        {
            "entier": pd.Series([1, None, 3], dtype=object),
            "logique": pd.Series([True, None, False], dtype=object),
            "nombre": pd.Series([1, None, 0.5], dtype=object),
            "vide": pd.Series([None, None, None], dtype=object),
            "jour": pd.Series([day, None, day], dtype=object),
            "heure": pd.to_datetime(["2012-07-01T12:00", None, "2012-07-02T00:00"]),
            "classe": pd.Categorical(["b", None, "a"]),
            "rang": pd.Categorical([2, 1, 2]),
        }
    )
    write_geopackage({"t": loose}, path)
    types = {row[1]: row[2] for row in rows_of(path, "PRAGMA table_info(t)")}
    assert types == {
        "fid": "INTEGER", "entier": "INTEGER", "logique": "BOOLEAN", "nombre": "REAL",
        "vide": "TEXT", "jour": "DATE", "heure": "DATETIME", "classe": "TEXT", "rang": "INTEGER",
    }  # fmt: skip
    assert rows_of(path, "SELECT * FROM t") == [
        (1, 1, 1, 1.0, None, "2012-07-01", "2012-07-01T12:00:00.000", "b", 2),
        (2, None, None, None, None, None, None, None, 1),
        (3, 3, 0, 0.5, None, "2012-07-01", "2012-07-02T00:00:00.000", "a", 2),
    ]


def test_geopackage_is_version_1_2(tmp_path: Path) -> None:
    """QGIS 3.22 warns about newer ones."""
    path = tmp_path / "a.gpkg"
    write_geopackage({"communes": communes()}, path)
    assert rows_of(path, "PRAGMA user_version") == [(10200,)]
    assert rows_of(path, "PRAGMA application_id") == [(0x47504B47,)]
    assert rows_of(path, "PRAGMA integrity_check") == [("ok",)]
    assert names_in(tmp_path) == ["a.gpkg"]


def test_layers_and_tables_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    exposure = pd.DataFrame(
        {"buildings": [1, 2]},
        index=pd.MultiIndex.from_tuples([("62001", "01For"), ("62001", "02Moy")],
                                        names=["insee", "scenario"]),
    )  # fmt: skip
    layers = {"communes": communes(), "exposure": exposure, "sources": pd.DataFrame({"a": ["é"]})}
    write_geopackage(layers, path)
    contents = rows_of(
        path, "SELECT table_name, data_type, identifier FROM gpkg_contents ORDER BY table_name"
    )
    assert contents == [
        ("communes", "features", "Communes"), ("exposure", "attributes", "exposure"),
        ("layer_styles", "attributes", "layer_styles"), ("sources", "attributes", "sources"),
    ]  # fmt: skip
    read = pyogrio.read_dataframe(path, layer="exposure")
    assert_frame_equal(read, exposure.reset_index())
    assert list(pyogrio.read_dataframe(path, layer="sources").columns) == ["a"]


def test_titles_follow_the_language_and_differ(tmp_path: Path) -> None:
    """Kills: two prescriptions with one title, which the format forbids."""
    path = tmp_path / "a.gpkg"
    line = gpd.GeoDataFrame(geometry=communes().boundary)
    write_geopackage(
        {"prescription_surf": communes(), "prescription_lin": line, "terrils": communes()},
        path, lang="en",
    )  # fmt: skip
    titles = dict(rows_of(path, "SELECT table_name, identifier FROM gpkg_contents"))
    assert titles["prescription_surf"] == "Prescriptions (prescription_surf)"
    assert titles["prescription_lin"] == "Prescriptions (prescription_lin)"
    assert titles["terrils"] == "Terrils (slag heaps)"


def test_styles_lie_where_qgis_looks(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    mine = Style("single", (StyleClass(Symbol("polygon", fill="#123456")),), name="mien")
    write_geopackage(
        {"communes": communes(), "zones": communes(), "t": pd.DataFrame({"a": [1]})},
        path, styles={"zones": mine},
    )  # fmt: skip
    columns = [row[1:3] for row in rows_of(path, "PRAGMA table_info(layer_styles)")]
    assert columns == [
        ("id", "INTEGER"), ("f_table_catalog", "TEXT(256)"), ("f_table_schema", "TEXT(256)"),
        ("f_table_name", "TEXT(256)"), ("f_geometry_column", "TEXT(256)"),
        ("styleName", "TEXT(30)"), ("styleQML", "TEXT"), ("styleSLD", "TEXT"),
        ("useAsDefault", "BOOLEAN"), ("description", "TEXT"), ("owner", "TEXT(30)"),
        ("ui", "TEXT(30)"), ("update_time", "DATETIME"),
    ]  # fmt: skip
    query = (
        "SELECT f_table_catalog, f_table_schema, f_table_name, f_geometry_column, useAsDefault, "
        "styleName FROM layer_styles ORDER BY id"
    )
    assert rows_of(path, query) == [
        ("", "", "communes", "geom", 1, "tvb"), ("", "", "zones", "geom", 1, "mien"),
    ]  # fmt: skip
    (qml, sld), _ = rows_of(path, "SELECT styleQML, styleSLD FROM layer_styles ORDER BY id DESC")
    fields = describe_fields("zones", communes().columns.drop("geometry"))
    assert (qml, sld) == (to_qml(mine, fields=fields), to_sld(mine))


def test_columns_named_as_those_of_the_format(tmp_path: Path) -> None:
    """Kills: a column ``fid`` taken for the row number, a column ``geom`` lost."""
    path = tmp_path / "a.gpkg"
    frame = communes().assign(FID=[7, 7, 8, 8], geom=["a", "b", "c", "d"])
    write_geopackage({"zones": frame}, path)
    read = pyogrio.read_dataframe(path, layer="zones", use_arrow=True)
    assert read["FID"].tolist() == [7, 7, 8, 8]
    assert read["geom"].tolist() == ["a", "b", "c", "d"]
    assert rows_of(path, "SELECT f_geometry_column FROM layer_styles") == [("geom_1",)]


def test_single_and_multiple_become_multiple(tmp_path: Path) -> None:
    """Kills: a layer declared POLYGON that holds MULTIPOLYGON, which QGIS splits in two."""
    path = tmp_path / "a.gpkg"
    two = shapely.union_all([box(0, 0, 1, 1), box(5, 5, 6, 6)])
    line, point = shapely.LineString([(X0, Y0), (X0, Y0 + 1)]), shapely.Point(X0, Y0)
    solid = shapely.force_3d(box(0, 0, 1, 1), 4.0)
    layers = {
        "both": [box(0, 0, 1, 1), two], "single": [box(0, 0, 1, 1), None], "multi": [two],
        "mixed": [line, two], "solid": [solid], "point": [point],
    }  # fmt: skip
    write_geopackage({k: gpd.GeoDataFrame(geometry=v, crs=2154) for k, v in layers.items()}, path)
    declared = rows_of(path, "SELECT table_name, geometry_type_name, z FROM gpkg_geometry_columns")
    assert declared == [
        ("both", "MULTIPOLYGON", 0), ("single", "POLYGON", 0), ("multi", "MULTIPOLYGON", 0),
        ("mixed", "GEOMETRY", 0), ("solid", "POLYGON", 1), ("point", "POINT", 0),
    ]  # fmt: skip
    both = pyogrio.read_dataframe(path, layer="both").geometry
    assert both.geom_type.tolist() == ["MultiPolygon"] * 2
    assert shapely.equals(both.to_numpy(), np.array(layers["both"])).all()
    assert pyogrio.read_dataframe(path, layer="mixed").geom_type.tolist() == [
        "LineString", "MultiPolygon",
    ]  # fmt: skip


def test_empty_layers_keep_columns_and_type(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    write_geopackage({"communes": communes().iloc[:0], "x": communes().iloc[:0]}, path)
    declared = rows_of(path, "SELECT geometry_type_name FROM gpkg_geometry_columns")
    assert declared == [("POLYGON",), ("GEOMETRY",)]
    read = pyogrio.read_dataframe(path, layer="communes")
    assert list(read.columns) == list(communes().columns)
    assert rows_of(path, "SELECT f_table_name FROM layer_styles") == [("communes",), ("x",)]


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """Kills: times of writing, and anything kept from the run before."""
    layers = {"communes": awkward(), "zones": communes(), "t": pd.DataFrame({"a": [1, None]})}
    for name in ("a", "b", "a"):
        write_geopackage(layers, tmp_path / f"{name}.gpkg")
        write_geoparquet(layers["communes"], tmp_path / f"{name}.parquet")
        write_csv(layers["communes"], tmp_path / f"{name}.csv", geometry="wkt")
    for suffix in ("gpkg", "parquet", "csv"):
        first, second = (tmp_path / f"{name}.{suffix}" for name in "ab")
        assert first.read_bytes() == second.read_bytes(), suffix
    assert len(names_in(tmp_path)) == 6


def test_interrupted_geopackage_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(geopackage, "_finish", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_geopackage({"communes": communes()}, tmp_path / "a.gpkg")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("raised", "error", "message"),
    [
        (
            pyogrio.errors.DataSourceError("disk full"),
            SourceError,
            r"cannot be written \(disk full",
        ),
        (ValueError("odd"), LayerError, r"communes: cannot be written \(odd\).*text, numbers"),
    ],
)
def test_failure_of_gdal_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, error: type[Exception],
    message: str,
) -> None:  # fmt: skip
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(pyogrio, "write_dataframe", fail)
    with pytest.raises(error, match=message):
        write_geopackage({"communes": communes()}, tmp_path / "a.gpkg")
    assert names_in(tmp_path) == []


def test_file_that_another_program_changes_is_refused(tmp_path: Path) -> None:
    """Kills: SQLite laying the changes kept beside the old file over the new one."""
    path = tmp_path / "a.gpkg"
    write_geopackage({"communes": communes()}, path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("CREATE TABLE note (a)")
        other.commit()
        with pytest.raises(SourceError, match=r"a\.gpkg-wal holds its changes.*save and close it"):
            write_geopackage({"communes": communes()}, path)
    write_geopackage({"communes": communes()}, path)
    assert rows_of(path, "SELECT count(*) FROM sqlite_master WHERE name = 'note'") == [(0,)]


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ({}, ParameterError, "layers: none given"),
        ({"": communes()}, ParameterError, "layer «  »: not possible as the name of a table"),
        ({"gpkg_x": communes()}, ParameterError, "layer « gpkg_x »: not possible"),
        ({"Layer_Styles": communes()}, ParameterError, "not possible as the name of a table"),
        ({"a\n": communes()}, ParameterError, "not possible as the name of a table"),
        ({"a": communes(), "A": communes()}, ParameterError, "two names that differ by case only"),
        (
            {"a": communes().assign(Nom=1)},
            LayerError,
            "a: columns that differ by case only: nom, Nom",
        ),
        (
            {"a": communes().assign(g=communes().geometry)},
            LayerError,
            "geometry column « g » beside",
        ),
        (
            {"a": pd.DataFrame({"g": communes().geometry})},
            LayerError,
            "geometry column « g » beside",
        ),
        (
            {"a": communes().set_crs(None, allow_override=True)},
            CrsError,
            "a: the coordinate reference",
        ),
        ({"a": communes().set_index(communes()["insee"])}, LayerError, "both named « insee »"),
        ({"a": pd.DataFrame({"x": [{1, 2}]})}, LayerError, "« x » holds values of type mixed"),
    ],
)
def test_impossible_layers_are_refused(
    tmp_path: Path, layers: dict[str, gpd.GeoDataFrame], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        write_geopackage(layers, tmp_path / "a.gpkg")
    assert names_in(tmp_path) == []


def test_impossible_options_are_refused(tmp_path: Path) -> None:
    path, layers = tmp_path / "a.gpkg", {"communes": communes()}
    with pytest.raises(ParameterError, match=r"style « x »: belongs to no layer.*communes"):
        write_geopackage(layers, path, styles={"x": style_for("terrils")})
    with pytest.raises(ParameterError, match="lang: « de »"):
        write_geopackage(layers, path, lang="de")  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=4),
    name=st.from_regex("[aé][aé'\"`\\];%[ -]{0,6}[a'\"]", fullmatch=True),
)
def test_any_text_and_any_layer_name(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], name: str
) -> None:
    """Kills: names pasted into SQL, and text that is changed on its way."""
    path = tmp_path_factory.mktemp("text") / "a.gpkg"
    points = [shapely.Point(X0 + i, Y0) for i in range(len(texts))]
    data = {"t": pd.Series(texts, dtype="str"), 'c"]; --': range(len(texts))}
    frame = gpd.GeoDataFrame(data, geometry=points, crs=2154)
    write_geopackage({name: frame}, path)
    read = pyogrio.read_dataframe(path, layer=name, use_arrow=True)
    assert read["t"].tolist() == texts
    assert list(read.columns) == list(frame.columns)


# GeoParquet --------------------------------------------------------------------------------------


def test_geoparquet_is_read_back(tmp_path: Path) -> None:
    path, frame = tmp_path / "a.parquet", awkward()
    frame.attrs["path"] = "/home/me"
    write_geoparquet(frame, path)
    assert_geodataframe_equal(gpd.read_parquet(path), awkward())
    assert frame.attrs == {"path": "/home/me"}
    assert b"/home/me" not in path.read_bytes()
    found = gpd.read_parquet(path, bbox=(X0 + 10, Y0 + 10, X0 + 20, Y0 + 20))
    assert found["insee"].tolist() == ["62001"]


def test_geoparquet_refuses_what_it_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(CrsError, match=r"a\.parquet: the coordinate reference system"):
        write_geoparquet(communes().set_crs(None, allow_override=True), tmp_path / "a.parquet")
    for frame in (pd.DataFrame({"a": [1]}), gpd.GeoDataFrame({"a": [1]})):
        with pytest.raises(LayerError, match=r"a\.parquet: no active geometry"):
            write_geoparquet(frame, tmp_path / "a.parquet")
    assert names_in(tmp_path) == []


# CSV ---------------------------------------------------------------------------------------------


def test_csv_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    table = pd.DataFrame(awkward().drop(columns="geometry")).assign(
        nom=[SCRIPT, "a\nb", None, ";,"]
    )
    write_csv(table, path, index=False)
    read = pd.read_csv(path, dtype={c: str(t) for c, t in table.dtypes.items()})
    assert_frame_equal(read, table)
    assert b"\r" not in path.read_bytes()


def test_csv_for_excel(tmp_path: Path) -> None:
    """Kills: decimal points, which a French Excel reads as dates, and formulas from a layer."""
    path = tmp_path / "a.csv"
    table = pd.DataFrame(
        {
            "=nom": ["=HYPERLINK(1)", "+33", "-", "@x", "\t=1", SCRIPT, None],
            "part_ha": [0.5, -1.25, np.nan, 1e-7, 1e22, 3.0, -0.0],
            "n": pd.array([1, -2, None, 4, 5, 6, 7], dtype="Int64"),
            "mixed": ["a", 1.5, 2, None, True, "1.5", pd.NA],
        },
        index=pd.Index(list("=bcdefg"), name="-k"),
    )
    write_csv(table, path, excel=True)
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf'-k;'=nom;part_ha;n;mixed\n")
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines(), delimiter=";"))[1:]
    columns = list(zip(*rows, strict=True))
    assert columns[0][0] == "'="
    assert columns[1] == ("'=HYPERLINK(1)", "'+33", "'-", "'@x", "'\t=1", SCRIPT, "")
    assert columns[2] == ("0,5", "-1,25", "", "1e-07", "1e+22", "3,0", "-0,0")
    assert columns[3] == ("1", "-2", "", "4", "5", "6", "7")
    assert columns[4] == ("a", "1,5", "2", "", "True", "1.5", "")


def test_csv_index(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    table = pd.DataFrame({"a": [1]})
    for excel, index, text in [
        (False, True, ",a\n0,1\n"), (False, False, "a\n1\n"),
        (True, True, "\ufeff;a\n0;1\n"), (True, False, "\ufeffa\n1\n"),
    ]:  # fmt: skip
        write_csv(table, path, excel=excel, index=index)
        content = path.read_text(encoding="utf-8")
        assert content.replace('""', "") == text
    write_csv(table.set_index([["x"], ["y"]]), path, excel=True)
    assert path.read_text(encoding="utf-8-sig").endswith("x;y;1\n")


def test_csv_of_no_row(tmp_path: Path) -> None:
    for excel in (False, True):
        write_csv(pd.DataFrame({"a": [], "b": []}), tmp_path / "a.csv", excel=excel, index=False)
        assert len((tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines()) == 1


def test_csv_refuses_geometry_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(LayerError, match=r'a\.csv: .*no geometry.*« geometry ».*geometry="wkt"'):
        write_csv(communes(), path)
    with pytest.raises(ParameterError, match="geometry: « wkb »"):
        write_csv(communes(), path, geometry="wkb")  # type: ignore[arg-type]
    assert names_in(tmp_path) == []
    for excel in (False, True):
        write_csv(communes(), path, geometry="wkt", excel=excel)
        read = pd.read_csv(path, sep=";" if excel else ",", encoding="utf-8-sig")
        assert (shapely.from_wkt(read["geometry"]) == communes().geometry).all()


# Styles ------------------------------------------------------------------------------------------


def all_styles() -> Iterator[Style]:
    for layer in (*SCHEMAS, "patches", "links"):
        for lang in ("fr", "en"):
            yield style_for(layer, lang=lang)
    data = communes().assign(d=[0.0, 1e-3, 0.2, np.nan], buildings_exposed_02Moy=[0, 10, 25, 3000])
    yield style_for("patches", data)
    yield style_for("communes", data)
    yield style_for("unknown", data)
    for marker in ("circle", "square", "triangle", "diamond", "star"):
        yield Style("single", (StyleClass(Symbol("point", fill="#000000", marker=marker)),))


def parse(text: str) -> ET.Element:
    return ET.fromstring(text.encode())  # noqa: S314 (written a moment ago)


def luminance(colour: str) -> float:
    """Return the relative luminance of the W3C, 0 for black and 1 for white."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_layer_has_a_style_of_its_geometry() -> None:
    for name, schema in SCHEMAS.items():
        style = style_for(name)
        assert style.family in schema.families, name
        if style.column is not None:
            assert style.column in {c.name for c in schema.columns}


def test_plan_zones_have_the_official_colours() -> None:
    fills = {c.value: c.symbol.fill for c in style_for("zone_urba").classes}
    official = {"U": "#e60000", "AUc": "#ff6565", "AUs": "#feccbe", "A": "#ffff00", "N": "#56aa02"}
    assert {key: fills[key] for key in official} == official
    symbol = style_for("zone_urba").classes[0].symbol
    assert (symbol.opacity, symbol.stroke) == (0.6, "#343434")
    assert symbol.stroke_mm == pytest.approx(0.8 * 25.4 / 72)


def test_ordered_classes_darken() -> None:
    """Kills: a ramp whose order is lost in grey print or for colour-blind readers."""
    scenarios = [c.symbol.fill for c in style_for("flood_zones").classes if c.value]
    ramps = [scenarios]
    for family in ("polygon", "line"):
        classes = graduated_classes(range(100), family=family)
        ramps.append([c.symbol.fill or c.symbol.stroke for c in classes])
    for ramp in ramps:
        lights = [luminance(colour) for colour in ramp]
        assert all(a > b + 0.02 for a, b in itertools.pairwise(lights)), ramp


def test_qml_has_the_parts_that_qgis_reads() -> None:
    for style in all_styles():
        text = to_qml(style)
        assert text.startswith("<!DOCTYPE qgis")
        root = parse(text.split("\n", 1)[1])
        renderer = root.find("renderer-v2")
        assert renderer is not None
        symbols = renderer.findall("symbols/symbol")
        assert [s.get("name") for s in symbols] == [str(i) for i in range(len(style.classes))]
        entries = renderer.findall("categories/category") + renderer.findall("ranges/range")
        if style.kind != "single":
            assert renderer.get("attr") == style.column
            levels = [s.find("layer").get("pass") for s in symbols]  # type: ignore[union-attr]
            assert levels == [s.get("name") for s in symbols]  # frequent floods over rare ones
            assert [e.get("symbol") for e in entries] == [s.get("name") for s in symbols]
            assert [e.get("label") for e in entries] == [c.label for c in style.classes]
        kind = {"point": "marker", "line": "line", "polygon": "fill"}[style.family]
        assert {s.get("type") for s in symbols} == {kind}
        for option in root.iter("Option"):
            if (option.get("name") or "").endswith("color"):
                assert re.fullmatch(r"(\d{1,3},){3}\d{1,3}", option.get("value") or "")


def test_sld_has_one_rule_for_each_class_in_the_order_of_the_standard() -> None:
    sld = "{http://www.opengis.net/sld}"
    symbolizer = {
        "point": "PointSymbolizer",
        "line": "LineSymbolizer",
        "polygon": "PolygonSymbolizer",
    }
    order = ["Name", "Title", "Filter", "ElseFilter"]
    for style in all_styles():
        root = parse(to_sld(style))
        assert root.get("version") == "1.0.0"
        rules = root.findall(f".//{sld}Rule")
        assert len(rules) == len(style.classes)
        for rule in rules:
            tags = [child.tag.rpartition("}")[2] for child in rule]
            head = [t for t in tags if t in order]
            assert head == sorted(head, key=order.index)
            assert set(tags[len(head) :]) == {symbolizer[style.family]}


def test_markup_in_a_style_stays_text() -> None:
    """Kills: XML pasted together from strings."""
    label = 'a < b & "c" \' ]]> <!-- é'
    symbol = Symbol("polygon", fill="#000000")
    style = Style("categorised", (StyleClass(symbol, label, label),), 'col"<&', title=label)
    qml = parse(to_qml(style).split("\n", 1)[1])
    category = qml.find(".//category")
    assert category is not None
    assert (category.get("label"), category.get("value")) == (label, label)
    assert qml.find("renderer-v2").get("attr") == 'col"<&'  # type: ignore[union-attr]
    text = parse(to_sld(style))
    assert text.findtext(".//{http://www.opengis.net/ogc}Literal") == label
    assert text.findtext(".//{http://www.opengis.net/ogc}PropertyName") == 'col"<&'


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(st.integers(0, 5), st.floats(-1e9, 1e9), st.floats(0, 1e-6), st.just(np.nan)),
        min_size=1,
        max_size=30,
    )
)
def test_every_value_falls_into_one_class(values: list[float]) -> None:
    """Kills: rounding that drops the largest value, and zero mixed with small values."""
    numbers = [v for v in values if np.isfinite(v)]
    if not numbers:
        with pytest.raises(ParameterError, match="no number among them"):
            graduated_classes(values)
        return
    classes = graduated_classes(values)
    for a, b in itertools.pairwise(classes):
        assert a.upper == b.lower
    assert classes[0].lower <= min(numbers)
    assert classes[-1].upper >= max(numbers)
    if min(numbers) == 0:
        assert (classes[0].lower, classes[0].upper, classes[0].label) == (0, 0, "0")
    assert len({c.label for c in classes}) == len(classes)
    Style("graduated", classes, "x")


def test_bounds_are_round_and_labels_french() -> None:
    classes = graduated_classes([1234.5, 20_000, 30_000.4, 45_678], colours=("#ffffff", "#000000"))
    assert [(c.lower, c.upper) for c in classes] == [(1200, 25_000), (25_000, 46_000)]
    assert classes[0].label == "1\u202f200 – 25\u202f000"
    english = graduated_classes([0.25, 0.5], colours=("#000000",), lang="en")
    assert english[0].label == "0.25 – 0.5"
    assert graduated_classes([0.25, 0.5], colours=("#000000",))[0].label == "0,25 – 0,5"


def test_style_follows_the_frame() -> None:
    line = gpd.GeoDataFrame(geometry=communes().boundary)
    assert style_for("cavaliers").family == "line"
    assert style_for("cavaliers", communes()).family == "polygon"
    assert style_for("corridors", line).family == "line"
    assert style_for("buildings", line).family == "line"  # not what the layer is, but drawn
    assert style_for("communes", communes()).kind == "single"
    exposed = communes().assign(buildings_exposed_02Moy=[0, 1, 2, 3])
    assert style_for("communes", exposed).column == "buildings_exposed_02Moy"
    assert style_for("links", line.assign(distance_m=1.0)).column == "distance_m"
    assert style_for("flood_zones", communes()).kind == "single"  # no scenario to tell apart
    empty = exposed.iloc[:0]
    assert style_for("communes", empty).kind == "single"
    with pytest.raises(ParameterError, match=r"layer « x »: has no style.*give its frame"):
        style_for("x")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Symbol("area"), "family: « area »"),
        (lambda: Symbol("point", marker="bird"), "marker: « bird »"),
        (lambda: Symbol("line", stroke="red"), "colour: « red ».*#rrggbb"),
        (lambda: Symbol("polygon", opacity=2), "opacity: 2.*0 to 1"),
        (lambda: Symbol("line", stroke_mm=0), "stroke_mm: 0.*positive"),
        (lambda: Symbol("line", dash_mm=(1.0,)), "dash_mm: 1 lengths"),
        (lambda: Hatch("#000000", angle=30), "angle: 30"),
        (lambda: Hatch("#00000"), "colour: « #00000 »"),
        (lambda: Style("rule", ()), "kind: « rule »"),
        (lambda: Style("single", ()), "classes: 0 in a single style"),
        (lambda: Style("single", (PLAIN,), "x"), "column: x in a single style"),
        (lambda: Style("graduated", (PLAIN,)), "column: None in a graduated style"),
        (lambda: Style("single", (PLAIN,), name="n" * 31), "1 to 30 characters"),
        (lambda: Style("single", (PLAIN,), title="a\0"), r"control character in 'a\\x00'"),
        (
            lambda: Style("categorised", (PLAIN, StyleClass(Symbol("line"))), "x"),
            "symbols of several families",
        ),
        (
            lambda: Style("graduated", (StyleClass(Symbol("line"), upper=1.0),) * 2, "x"),
            "ranges that do not touch",
        ),
    ],
)
def test_impossible_styles_are_refused(make: object, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make()  # type: ignore[operator]


PLAIN = StyleClass(Symbol("polygon", fill="#000000"))
