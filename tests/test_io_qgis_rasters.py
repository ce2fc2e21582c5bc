"""Rasters in the project of a GeoPackage: in groups, in classes, named with their unit, relative.

Checked by the structure that QGIS 3.22 writes itself and, where Debian's ``python3-qgis`` is
installed, by QGIS: it finds the files after all was moved, and draws the colours that were meant.
"""

from __future__ import annotations

import io
import math
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from headless_qgis import ask_qgis
from tvb.errors import LayerError, ParameterError, SourceError
from tvb.grid import Grid
from tvb.io import write_grid
from tvb.io.qgis_rasters import describe_raster
from tvb.io.raster import read_head
from tvb.io.styles import style_for
from tvb.io.write import write_geopackage
from tvb.schema.layers import LAND_COVER
from worlds import X0, Y0, communes

DEPTHS = [-9999.0, 0.0, 0.2, 0.5, 0.7, 1.5, 2.5]
COLOURS = {e.value: e.symbol.fill for e in style_for("depth_classes").classes}


def grid(values: list[Any], dtype: str = "float32", **options: Any) -> Grid:
    """Return one row of cells of 100 m in the south-west of the town."""
    return Grid(np.array([values], dtype=dtype), X0, Y0 + 100, 100, 100, **options)


def rasters_of(folder: Path) -> dict[str, Path]:
    """Write one raster of each kind beside the package, as a study does."""
    grids = {
        "flood_depth_02Moy": grid(DEPTHS, nodata=-9999.0),
        "flood_depth_extreme": grid(DEPTHS, nodata=-9999.0),
        "land_cover": grid([0, 1, 8], "uint8", nodata=0, legend=dict(LAND_COVER.legend)),
        "resistance": grid([1.0, 2.0, 300.0, math.inf, math.nan], nodata=math.nan),
        "terrain": grid([20.0, 30.0, 60.0]),
        "corine": grid([111, 311], "uint16", legend={111: "urbain <dense>", 311: "feuillus"}),
    }
    (folder / "rasters").mkdir()
    paths = {name: folder / f"rasters/{name}.tif" for name in grids}
    for name, one in grids.items():
        write_grid(one, paths[name], origin=f"modelled: {name}")
    return paths


def write(folder: Path, **options: Any) -> Path:
    path = folder / "étude.gpkg"
    layers = {"communes": communes()}
    write_geopackage(layers, path, project="Essai", rasters=rasters_of(folder), **options)
    return path


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package and its rasters, which tests read only."""
    return write(tmp_path_factory.mktemp("package"))


def project_of(path: Path) -> ET.Element:
    with closing(sqlite3.connect(path)) as database:
        ((content,),) = database.execute("SELECT content FROM qgis_projects").fetchall()
    with zipfile.ZipFile(io.BytesIO(bytes.fromhex(content))) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    return ET.fromstring(text.split("\n", 1)[1].encode())  # noqa: S314 (written a moment ago)


def tree_of(path: Path) -> dict[str, list[str]]:
    groups = project_of(path).findall("layer-tree-group/layer-tree-group")
    return {g.get("name", ""): [layer.get("name", "") for layer in g] for g in groups}


def renderer_of(path: Path, title: str) -> ET.Element:
    (layer,) = (x for x in project_of(path).iter("maplayer") if x.findtext("layername") == title)
    renderer = layer.find("pipe/rasterrenderer")
    assert renderer is not None
    return renderer


def entries_of(renderer: ET.Element) -> list[tuple[str, str, str]]:
    """Return value, label and colour of each class; no colour where it is not drawn."""
    found = [*renderer.iter("item"), *renderer.iter("paletteEntry")]
    return [
        (
            e.get("value", ""),
            e.get("label", ""),
            e.get("color", "") if e.get("alpha") != "0" else "",
        )
        for e in found
    ]


def test_rasters_stand_in_the_groups_of_their_theme_with_unit_and_scenario(package: Path) -> None:
    """Kills: two scenarios of one name, a raster drawn over the layers of its group."""
    assert tree_of(package) == {
        "Trame verte et bleue": ["Résistance au déplacement", "Occupation du sol"],
        "Inondation": ["Hauteur d'eau : Probabilité moyenne (m)", "Hauteur d'eau : extreme (m)"],
        "Autres couches": ["corine"],
        "Fond": ["Communes", "Niveau du sol (m)"],
    }


def test_words_are_english_in_an_english_project(tmp_path: Path) -> None:
    path = write(tmp_path, lang="en")
    assert tree_of(path)["Floods"] == ["Water depth: Medium probability (m)",
                                       "Water depth: extreme (m)"]  # fmt: skip
    assert [e[1] for e in entries_of(renderer_of(path, "Land cover"))][:3] == [
        "water", "wetland", "wood"
    ]  # fmt: skip
    assert entries_of(renderer_of(path, "Resistance to movement"))[-1][1] == "above 100"


def test_paths_are_relative_and_files_found_in_a_folder_beside(package: Path) -> None:
    """Kills: the path of the machine that wrote the project."""
    project = project_of(package)
    assert project.findtext("properties/Paths/Absolute") == "false"
    rasters = [x for x in project.iter("maplayer") if x.get("type") == "raster"]
    sources = [x.findtext("datasource") for x in rasters]
    assert sorted(sources) == sorted(
        f"./rasters/{name}.tif"
        for name in ("flood_depth_02Moy", "flood_depth_extreme", "land_cover", "resistance",
                     "terrain", "corine")
    )  # fmt: skip
    for layer in rasters:
        assert layer.findtext("provider") == "gdal"
        assert layer.findtext("srs/spatialrefsys/authid") == "EPSG:2154"
        assert layer.findtext("resourceMetadata/abstract", "").startswith("modelled: ")
        assert layer.findtext("extent/xmin") == repr(X0)
    tree = {n.get("id"): n for n in project.iter("layer-tree-layer")}
    assert {tree[x.findtext("id")].get("providerKey") for x in rasters} == {"gdal"}
    assert {tree[x.findtext("id")].get("checked") for x in rasters} == {"Qt::Unchecked"}


def test_a_path_leads_out_of_the_folder_where_it_must(tmp_path: Path) -> None:
    paths = rasters_of(tmp_path)
    (tmp_path / "deep").mkdir()
    told = describe_raster(paths["terrain"], "terrain", folder=tmp_path / "deep", lang="fr")
    assert told.source == "../rasters/terrain.tif"


def test_depths_have_the_classes_of_the_layer_of_depths(package: Path) -> None:
    """Kills: dry ground drawn blue, a bound that belongs to the deeper class."""
    renderer = renderer_of(package, "Hauteur d'eau : Probabilité moyenne (m)")
    assert renderer.get("type") == "singlebandpseudocolor"
    shader = renderer.find("rastershader/colorrampshader")
    assert shader is not None
    assert shader.get("colorRampType") == "DISCRETE"
    assert entries_of(renderer) == [
        ("0", "Émergé", ""),
        ("0.5", "Moins de 0,5 m", COLOURS["Inf05"]),
        ("1", "De 0,5 à 1 m", COLOURS["05-1m"]),
        ("2", "De 1 à 2 m", COLOURS["1m-2m"]),
        ("inf", "Plus de 2 m", COLOURS["Sup2m"]),
    ]


def test_codes_have_the_legend_of_the_file(package: Path) -> None:
    """Kills: another legend drawn with the words of the modelled one; codes without a colour."""
    cover = renderer_of(package, "Occupation du sol")
    assert cover.get("type") == "paletted"
    assert [e[:2] for e in entries_of(cover)] == [(str(k), v) for k, v in LAND_COVER.legend.items()]
    assert len({e[2] for e in entries_of(cover)}) == len(LAND_COVER.legend)
    other = entries_of(renderer_of(package, "corine"))
    assert [e[:2] for e in other] == [("111", "urbain <dense>"), ("311", "feuillus")]
    assert other[0][2] != other[1][2]


def test_costs_read_alike_in_every_study_and_heights_fill_their_range(package: Path) -> None:
    costs = entries_of(renderer_of(package, "Résistance au déplacement"))
    assert [e[0] for e in costs] == ["1", "3", "10", "30", "100", "inf"]
    assert [costs[0][1], costs[-1][1]] == ["0 – 1", "plus de 100"]
    contrast = renderer_of(package, "Niveau du sol (m)").find("contrastEnhancement")
    assert contrast is not None
    assert [contrast.findtext(tag) for tag in ("minValue", "maxValue")] == ["20.0", "60.0"]


def test_a_project_of_tables_opens_on_its_rasters(tmp_path: Path) -> None:
    paths = rasters_of(tmp_path)
    table = communes().drop(columns="geometry")
    write_geopackage({"t": table}, tmp_path / "a.gpkg", project="x", rasters=paths)
    extent = project_of(tmp_path / "a.gpkg").find("mapcanvas/extent")
    assert extent is not None
    assert float(extent.findtext("xmin", "0")) == pytest.approx(X0 - 21)


def test_bytes_are_the_same_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name)
    one, two = (tmp_path / name / "étude.gpkg" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_rasters_that_cannot_be_shown_are_refused(tmp_path: Path) -> None:
    path, layers = tmp_path / "a.gpkg", {"communes": communes()}
    with pytest.raises(ParameterError, match=r"are shown by a project.*give project="):
        write_geopackage(layers, path, rasters={"land_cover": tmp_path / "x.tif"})
    with pytest.raises(SourceError, match="no such file"):
        write_geopackage(layers, path, project="x", rasters={"land_cover": tmp_path / "x.tif"})
    assert not path.exists()


def test_another_drive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    raster = rasters_of(tmp_path)["terrain"]
    monkeypatch.setattr("tvb.io.qgis_rasters.os.path.relpath", fail)
    with pytest.raises(ParameterError, match=r"no relative path leads to it from.*same drive"):
        describe_raster(raster, "terrain", folder=tmp_path, lang="fr")


def test_head_of_a_raster_without_values_or_position(tmp_path: Path) -> None:
    write_grid(grid([math.nan, math.nan], nodata=math.nan), tmp_path / "a.tif")
    assert read_head(tmp_path / "a.tif", "a").limits is None
    rasterio = pytest.importorskip("rasterio")
    with (
        pytest.warns(rasterio.errors.NotGeoreferencedWarning),
        rasterio.open(
            tmp_path / "b.tif", "w", driver="GTiff", height=1, width=1, count=1, dtype="uint8"
        ),
    ):
        pass
    with pytest.raises(LayerError, match="does not say where its cells lie"):
        read_head(tmp_path / "b.tif", "b")


# With QGIS ---------------------------------------------------------------------------------------

PROBE = r"""
path, = sys.argv[1:]


def colours(layer):
    # The colour of the middle of each cell, on a white page; cells lie in one row.
    count = layer.width()
    image = render([layer], layer.extent(), count * 8, 8)
    return [image.pixelColor(i * 8 + 4, 4).name() for i in range(count)]


project = QgsProject.instance()
answer = {"read": project.read("geopackage:" + path + "?projectName=tvb")}
root = project.layerTreeRoot()
answer["groups"] = {g.name(): [n.name() for n in g.findLayers()] for g in root.children()}
rasters = [l for l in project.mapLayers().values() if isinstance(l, QgsRasterLayer)]
answer["rasters"] = {
    l.name(): {
        "valid": l.isValid(), "crs": l.crs().authid(), "renderer": l.renderer().type(),
        "colours": colours(l), "abstract": l.metadata().abstract(),
        "legend": [text for text, _ in l.renderer().legendSymbologyItems()],
        "opacity": l.renderer().opacity(),
    }
    for l in rasters
}
answer["messages"] = messages
"""


@pytest.fixture(scope="module")
def opened(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What QGIS says of the package, moved with its rasters to another folder."""
    home = tmp_path_factory.mktemp("qgis")
    shutil.copytree(package.parent, home / "moved")
    return ask_qgis(PROBE, str(home / "moved" / package.name), home=home)


def mixed(colour: str, opacity: float) -> tuple[int, ...]:
    """Return a colour laid over white."""
    return tuple(round(255 - opacity * (255 - int(colour[i : i + 2], 16))) for i in (1, 3, 5))


def test_qgis_finds_the_rasters_where_the_folder_was_moved_to(
    opened: dict[str, Any], package: Path
) -> None:
    """Kills: absolute paths, keys that QGIS drops, a provider that it does not know."""
    assert opened["read"]
    assert opened["groups"] == tree_of(package)
    assert len(opened["rasters"]) == 6
    assert all(r["valid"] and r["crs"] == "EPSG:2154" for r in opened["rasters"].values())
    assert all(r["abstract"].startswith("modelled: ") for r in opened["rasters"].values())
    assert opened["messages"] == []


def test_qgis_draws_the_classes(opened: dict[str, Any]) -> None:
    """Kills: cells without observation and dry ground in the colour of shallow water."""
    depth = opened["rasters"]["Hauteur d'eau : Probabilité moyenne (m)"]
    assert depth["renderer"] == "singlebandpseudocolor"
    assert depth["colours"][:2] == ["#ffffff", "#ffffff"]
    classes = ["Inf05", "Inf05", "05-1m", "1m-2m", "Sup2m"]
    for drawn, name in zip(depth["colours"][2:], classes, strict=True):
        want = mixed(COLOURS[name] or "", depth["opacity"])
        assert [int(drawn[i : i + 2], 16) for i in (1, 3, 5)] == pytest.approx(want, abs=2)
    assert "Plus de 2 m" in depth["legend"]
    cover = opened["rasters"]["Occupation du sol"]
    assert cover["renderer"] == "paletted"
    assert cover["legend"][-8:] == list(LAND_COVER.legend.values())
    assert cover["colours"] == ["#ffffff", "#6fa8d6", "#3d3d3d"]
    costs = opened["rasters"]["Résistance au déplacement"]
    assert costs["colours"][-1] == "#ffffff"
    assert len(set(costs["colours"])) == 4  # 300 and what nothing passes are one class
    terrain = opened["rasters"]["Niveau du sol (m)"]
    assert terrain["renderer"] == "singlebandgray"
    assert [terrain["colours"][0], terrain["colours"][-1]] == ["#000000", "#ffffff"]
