"""What QGIS finds in a GeoPackage: a project in groups, names of columns, styles of every family.

Checked by the structure that QGIS 3.22 writes itself and, where Debian's ``python3-qgis`` is
installed, by QGIS: it opens the file, and every layer must be valid, named and drawn.
"""

from __future__ import annotations

import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from headless_qgis import ask_qgis
from tvb.errors import ParameterError
from tvb.io.fields import describe_fields
from tvb.io.qgis_layers import tree_data
from tvb.io.styles import Style, StyleClass, Symbol, style_for, styles_for, to_qml, to_sld
from tvb.io.write import write_geopackage
from tvb.schema import SCHEMAS
from tvb.schema.fields import fields_data
from tvb.schema.layers import GRID_SCHEMAS
from worlds import X0, Y0, at, box, communes

TITLE = 'Étude « a < b & "c" »'
SCENARIOS = ["01For", "02Moy", "03Mcc", "04Fai"]
STUDY_TABLES = {
    "communes": [
        "insee", "property_ha", "property_share", "buffer_ha", "buffer_share", "property_elements",
        "terrils", "pits", "estates", "cavaliers_km", "patches_ha", "ec_share",
        "buildings_counted", *(f"buildings_exposed_{s}" for s in SCENARIOS),
        *(f"dwellings_exposed_{s}" for s in SCENARIOS), "nature",
    ],
    "patches": [
        "patch", "capacity", "area_m2", "perimeter_m", "layers", "d", "d_intra", "d_flux",
        "d_connector", "pc_share", "component", "nature",
    ],
    "links": ["i", "j", "distance_m", "d", "nature"],
    "exposure": [
        "insee", "scenario", "buildings", "footprint_m2", "dwellings", "dwellings_unknown",
        "buildings_residentiel", "buildings_autre", "buildings_excluded", "rows_repeated", "rule",
        "exclude", "attribution", "nature",
    ],
    "sensitivity": [
        "insee", "scenario", "default", "min", "max", "ratio", "lowest", "highest", "nature",
    ],
    "station_failures": ["id_station", "nom", "buildings", "communes", "rank", "together"],
    "register": [
        "insee", "layer", "feature", "id", "nom", "kind", "status", "part_m2", "part_m",
        "counted_m", "share", "main", "brushed", "perimeter", "property_share", "buffer_share",
    ],
    "sources": [
        "layer", "features", "nature", "title", "producer", "licence", "vintage", "file",
        "checksum", "rows_read", "rows_kept", "dropped",
    ],
}  # fmt: skip
"""Columns that a study writes and no schema declares."""


def frame(geometry: list[Any], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(dict(columns), geometry=geometry, crs="EPSG:2154")


def town() -> dict[str, gpd.GeoDataFrame | pd.DataFrame]:
    """Return a file's layers: results, codes, lines mixed with strips, a layer nobody knows."""
    line = shapely.LineString([(100, 500), (900, 500)])
    lines = shapely.MultiLineString([[(1100, 500), (1900, 500)], [(1100, 600), (1900, 600)]])
    squares = [box(100, 100, 400, 400), box(1600, 1600, 1900, 1900)]
    exposed = communes().assign(buildings_exposed_02Moy=[0, 1, 20, 300])
    points = [at(shapely.Point(300, 1300)), at(shapely.Point(600, 1600))]
    return {
        "zone d'essai": frame([box(500, 1100, 800, 1400)], rang=[1]),
        'mesures "é"': frame(points, nom=["a", "b"]),
        "communes": exposed,
        "cavaliers": frame(
            [at(shapely.force_3d(line, 1.0)), at(lines), box(200, 1500, 900, 1520)],
            id_troncon=["1", "2", "3"], longueur_m=[800.0, 1600.0, 700.0],
        ),
        "flood_zones": frame(squares, scenario=["01For", "04Fai"], typ_inond=["01", "02"]),
        "terrils": frame(squares, no_terril=["T1", "T2"], nom=["Un", "Deux"], hauteur_m=[1.0, 2]),
        "pumping_stations": frame(points, id_station=["S1", "S2"], nom=["Une", "Deux"]),
        "patches": frame(squares, patch=[1, 2], d=[0.0, 12.5]),
        "exposure": pd.DataFrame({"insee": ["62001"], "scenario": ["01For"], "buildings": [3]}),
        "sources": pd.DataFrame({"layer": ["communes"], "title": ["<b>"]}),
    }  # fmt: skip


def write(folder: Path, layers: Mapping[str, Any] | None = None, **options: Any) -> Path:
    path = folder / "étude tvb.gpkg"
    write_geopackage(town() if layers is None else layers, path, project=TITLE, **options)
    return path


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town in a file that tests read only."""
    return write(tmp_path_factory.mktemp("package"), origins={"terrils": "real: Terrils"})


def rows_of(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def parse(text: str) -> ET.Element:
    return ET.fromstring(text.split("\n", 1)[1].encode())  # noqa: S314 (written a moment ago)


def project_of(path: Path) -> ET.Element:
    ((content,),) = rows_of(path, "SELECT content FROM qgis_projects")
    with zipfile.ZipFile(io.BytesIO(bytes.fromhex(content))) as archive:
        return parse(archive.read(archive.namelist()[0]).decode())


def tree_of(project: ET.Element) -> dict[str, list[str]]:
    """Return the titles of the layers in each group, from top to bottom."""
    return {
        group.get("name", ""): [layer.get("name", "") for layer in group]
        for group in project.findall("layer-tree-group/layer-tree-group")
    }


def layer_of(project: ET.Element, title: str) -> ET.Element:
    (layer,) = (x for x in project.iter("maplayer") if x.findtext("layername") == title)
    return layer


# Names of columns --------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_declared_column_has_a_name(lang: str) -> None:
    for layer, schema in SCHEMAS.items():
        for field in describe_fields(layer, [c.name for c in schema.columns], lang=lang):  # type: ignore[arg-type]
            assert field.alias, (layer, field.name)
            assert bool(field.description) == (lang == "en")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_column_of_a_study_has_a_name(lang: str) -> None:
    for layer, columns in STUDY_TABLES.items():
        for field in describe_fields(layer, columns, lang=lang):  # type: ignore[arg-type]
            assert field.alias, (layer, field.name)


@pytest.mark.parametrize(
    ("layer", "column", "french", "english"),
    [
        ("terrils", "hauteur_m", "Hauteur (m)", "Height (m)"),
        ("pits", "profondeur", "Profondeur, 0 si inconnue (m)", "Depth, 0 if unknown (m)"),
        ("pumping_stations", "debit_m3_s", "Débit (m³/s)", "Flow (m³/s)"),
        ("patches", "area_m2", "Surface (m²)", "Area (m²)"),  # by its end, no schema has it
        ("buildings", "nombre_de_logements", "Logements", "Dwellings"),  # the name is the unit
        ("terrils", "commune_2", "Commune 2", "Commune 2"),
        ("communes", "buildings_exposed_02Moy", "Bâtiments exposés : Probabilité moyenne",
         "Exposed buildings: Medium probability"),
        ("communes", "dwellings_exposed_unheard", "Logements exposés : unheard",
         "Exposed dwellings: unheard"),
        ("ppr_hazard", "occurrence", "Période de retour (ans)", "Return period (years)"),
        ("protective_works", "occurrence", "Occurrence", "Occurrence"),
        ("buildings", "nature", "Nature (BD TOPO)", "Nature (BD TOPO)"),
        ("communes", "nature", "Nature des données", "Nature of the data"),
        ("terrils", "brgm", "", ""),  # of a delivery: its own name stays
    ],
)  # fmt: skip
def test_names_carry_units_and_follow_the_layer(
    layer: str, column: str, french: str, english: str
) -> None:
    """Kills: one name for columns that mean two things, and a unit that repeats the name."""
    assert describe_fields(layer, [column])[0].alias == french
    assert describe_fields(layer, [column], lang="en")[0].alias == english


def test_codes_have_the_words_of_the_legend() -> None:
    zones = dict(describe_fields("flood_zones", ["scenario"])[0].values)
    assert zones["02Moy"] == "Probabilité moyenne"
    assert describe_fields("exposure", ["scenario"])[0].values == tuple(zones.items())
    plan = dict(describe_fields("zone_urba", ["typezone"], lang="en")[0].values)
    assert plan["AUc"] == "AUc: to be urbanised, open"
    types = describe_fields("flood_zones", ["typ_inond"])[0].values
    assert types[0] == ("01", "01 : débordement de cours d'eau")
    # in BD TOPO « nature » is another thing, whose values stay as they are
    assert describe_fields("buildings", ["nature"])[0].values == ()
    assert describe_fields("exposure", ["nature"])[0].values[0] == ("real", "réelle")


def test_data_files_are_whole() -> None:
    """Kills: a text in one language only, a unit without text, a layer that no group has."""
    fields, tree = fields_data(), tree_data()
    tables = [fields["columns"], fields["units"], *fields["layers"].values()]
    for table in (*tables, *fields["values"].values(), tree["tables"]["names"], tree["shapes"]):
        assert all(len(pair) == 2 for pair in table.values())
    units = {c.unit for s in SCHEMAS.values() for c in s.columns if c.unit}
    assert units | set(fields["suffixes"].values()) - {"m³", "km"} <= set(fields["units"])
    for layer, names in fields["layers"].items():
        if layer in SCHEMAS:
            assert set(names) <= {c.name for c in SCHEMAS[layer].columns}
        else:  # a layer of results
            assert layer in tree["tables"]["names"]
    specs = [spec for group in tree["groups"] for spec in group["layers"]]
    grouped = [spec["table"] for spec in specs if "table" in spec]
    rasters = [spec["raster"] for spec in specs if "raster" in spec]
    assert sorted(rasters) == sorted([*(s.name for s in GRID_SCHEMAS), "resistance"])
    assert set(SCHEMAS) <= set(grouped)
    assert set(grouped) <= set(SCHEMAS) | set(tree["tables"]["names"])
    assert {t for t in grouped if grouped.count(t) > 1} == {"communes"}


def test_names_lie_in_the_style_and_in_the_standard_table(tmp_path: Path) -> None:
    path = write(tmp_path, lang="en")
    rows = rows_of(path, "SELECT table_name, column_name, title, description, name "
                         "FROM gpkg_data_columns")  # fmt: skip
    standard = {(table, column): title for table, column, title, _, _ in rows}
    assert standard["terrils", "hauteur_m"] == "Height (m)"
    assert ("zone d'essai", "rang") not in standard
    assert {name for *_, name in rows} == {None}  # unique in a table, which titles need not be
    described = {(table, column): text for table, column, _, text, _ in rows}
    assert described["terrils", "hauteur_m"] == "Height of the top above the ground around"
    assert described["exposure", "buildings"] is None
    styled = {
        (table, alias.get("field")): alias.get("name")
        for table, qml in rows_of(path, "SELECT f_table_name, styleQML FROM layer_styles")
        for alias in parse(qml).iter("alias")
    }
    assert styled == standard
    extensions = rows_of(path, "SELECT table_name, extension_name, scope FROM gpkg_extensions "
                               "WHERE extension_name = 'gpkg_schema'")  # fmt: skip
    assert extensions == [
        ("gpkg_data_columns", "gpkg_schema", "read-write"),
        ("gpkg_data_column_constraints", "gpkg_schema", "read-write"),
    ]
    assert rows_of(path, "PRAGMA integrity_check") == [("ok",)]


def test_tables_have_a_style_that_only_names(package: Path) -> None:
    query = "SELECT f_geometry_column, styleQML, styleSLD FROM layer_styles WHERE f_table_name = "
    ((geometry, qml, sld),) = rows_of(package, query + "'exposure'")
    assert (geometry, sld) == ("", "")
    root = parse(qml)
    assert root.get("styleCategories") == "Fields|Forms"
    assert root.find("renderer-v2") is None
    field = root.find("fieldConfiguration/field[@name='scenario']")
    assert field is not None
    pairs = {o.get("name"): o.get("value") for o in field.iter("Option") if o.get("value")}
    assert pairs["Probabilité forte"] == "01For"


# Several families of geometry --------------------------------------------------------------------


def test_each_family_has_its_style() -> None:
    """Kills: strips of railways that QGIS draws in a colour of chance."""
    layer = town()["cavaliers"]
    styles = styles_for("cavaliers", layer)
    assert [style.family for style in styles] == ["line", "polygon"]
    root = parse(to_qml(styles))
    assert root.find("layerGeometryType") is None  # QGIS would refuse it for the other family
    renderer = root.find("renderer-v2")
    assert renderer is not None
    assert renderer.get("type") == "RuleRenderer"
    kinds = {s.get("name"): s.get("type") for s in renderer.findall("symbols/symbol")}
    rules = {r.get("filter"): kinds[r.get("symbol")] for r in renderer.findall("rules/rule")}
    assert rules == {
        "geometry_type($geometry) = 'Line'": "line",
        "geometry_type($geometry) = 'Polygon'": "fill",
    }
    assert styles_for("cavaliers", layer.iloc[:0]) == (style_for("cavaliers"),)
    assert styles_for("cavaliers", layer.iloc[:1]) == (style_for("cavaliers", layer.iloc[:1]),)


def test_rules_hold_the_classes_of_each_family() -> None:
    """Kills: a quote in a value that ends the expression, and a bound that two classes share."""
    area, line = Symbol("polygon", fill="#000000"), Symbol("line", stroke="#000000")
    classes = (StyleClass(area, "a", "l'eau \\"), StyleClass(area, "b", None))
    ranges = (StyleClass(line, "c", lower=0, upper=1), StyleClass(line, "d", lower=1, upper=2))
    styles = (Style("categorised", classes, 'no"m'), Style("graduated", ranges, "x"))
    root = parse(to_qml(styles))
    rules = root.findall("renderer-v2/rules/rule/rule")
    assert [rule.get("filter") for rule in rules] == [
        '"no""m" = \'l\'\'eau \\\\\'', "ELSE",
        '"x" >= 0.0 AND "x" <= 1.0', '"x" > 1.0 AND "x" <= 2.0',
    ]  # fmt: skip
    assert [rule.get("symbol") for rule in rules] == ["0", "1", "2", "3"]
    symbols = root.findall("renderer-v2/symbols/symbol")
    assert [s.get("type") for s in symbols] == ["fill", "fill", "line", "line"]


def test_map_servers_tell_families_apart() -> None:
    sld, ogc = "{http://www.opengis.net/sld}", "{http://www.opengis.net/ogc}"
    root = parse(to_sld(styles_for("cavaliers", town()["cavaliers"]), geometry="geom_1"))
    found = {}
    for types in root.iter(f"{sld}FeatureTypeStyle"):
        test = types.find(f"{sld}Rule/{ogc}Filter/{ogc}PropertyIsEqualTo")
        assert test is not None
        function = test.find(f"{ogc}Function")
        assert function is not None
        assert function.get("name") == "dimension"
        assert function.findtext(f"{ogc}PropertyName") == "geom_1"
        symbolizer = types.findall(f"{sld}Rule/*")[-1].tag.rpartition("}")[2]
        found[test.findtext(f"{ogc}Literal")] = symbolizer
    assert found == {"1": "LineSymbolizer", "2": "PolygonSymbolizer"}


def test_own_style_replaces_that_of_its_family(tmp_path: Path) -> None:
    mine = Style("single", (StyleClass(Symbol("polygon", fill="#123456")),), title="x")
    path = write(tmp_path, styles={"cavaliers": mine})
    ((qml,),) = rows_of(path, "SELECT styleQML FROM layer_styles WHERE f_table_name = 'cavaliers'")
    assert parse(qml).find("renderer-v2/rules") is not None
    assert "18,52,86,255" in qml
    project = project_of(path)
    assert "18,52,86,255" in ET.tostring(layer_of(project, "Cavaliers (surfaces)"), "unicode")
    line = style_for("cavaliers").classes[0].symbol.stroke
    assert line is not None
    assert "18,52,86,255" not in ET.tostring(layer_of(project, "Cavaliers (lignes)"), "unicode")


# Project -----------------------------------------------------------------------------------------


def test_project_is_stored_as_qgis_stores_it(package: Path) -> None:
    ((sql,),) = rows_of(package, "SELECT sql FROM sqlite_master WHERE name = 'qgis_projects'")
    assert re.sub(r"\s", "", sql) == (
        "CREATETABLEqgis_projects(nameTEXTPRIMARYKEY,metadataBLOB,contentBLOB)"
    )
    ((name, metadata, content, kind),) = rows_of(
        package, "SELECT name, metadata, content, typeof(content) FROM qgis_projects"
    )
    assert (name, kind) == ("tvb", "text")
    assert set(json.loads(metadata)) == {"last_modified_time", "last_modified_user"}
    with zipfile.ZipFile(io.BytesIO(bytes.fromhex(content))) as archive:
        (member,) = archive.infolist()
        text = archive.read(member).decode()
    assert member.filename == "tvb.qgs"
    assert member.date_time == (1980, 1, 1, 0, 0, 0)
    assert text.startswith("<!DOCTYPE qgis")
    project = parse(text)
    assert project.findtext("title") == project.get("projectname") == TITLE
    assert project.findtext("projectCrs/spatialrefsys/authid") == "EPSG:2154"
    assert project.findtext("properties/Paths/Absolute") == "false"


def test_groups_hold_small_layers_over_large_ones(tmp_path: Path, package: Path) -> None:
    """Kills: stations under zones, communes that hide everything, a group without layers."""
    assert tree_of(project_of(package)) == {
        "Patrimoine mondial": ["Cavaliers (lignes)", "Cavaliers (surfaces)", "Terrils"],
        "Trame verte et bleue": ["Réservoirs : importance pour la connectivité"],
        "Inondation": ["Stations de relevage", "Zones inondables",
                       "Bâtiments exposés par commune"],
        "Autres couches": ['mesures "é"', "zone d'essai"],
        "Fond": ["Communes"],
        "Tables": ["Exposition par commune et scénario", "Sources des couches"],
    }  # fmt: skip
    english = tree_of(project_of(write(tmp_path, lang="en")))
    assert [*english] == ["World Heritage", "Green and blue network", "Floods", "Other layers",
                          "Background", "Tables"]  # fmt: skip
    assert english["World Heritage"][0] == "Cavaliers (former mine railways) (lines)"


def test_tree_layers_and_tables_match(package: Path) -> None:
    """Kills: a layer of the tree that the project does not hold, a source that does not exist."""
    project = project_of(package)
    nodes = {n.get("id", ""): n.get("source") for n in project.iter("layer-tree-layer")}
    layers = {x.findtext("id"): x.findtext("datasource") for x in project.iter("maplayer")}
    assert layers == nodes
    assert len(nodes) == len(list(project.iter("layer-tree-layer")))
    assert [x.get("id") for x in project.findall("layerorder/layer")] == [*nodes]
    assert min(map(len, nodes)) > 10  # QGIS takes shorter ones for those of an old version
    tables = {name for (name,) in rows_of(package, "SELECT table_name FROM gpkg_contents")}
    named = [re.fullmatch(r"\./étude tvb\.gpkg\|layername=([^|]+)(\|geometrytype=\w+)?", s or "")
             for s in nodes.values()]  # fmt: skip
    assert {m[1] for m in named if m} == tables - {"layer_styles"}
    assert all(named)
    parts = [m[2] for m in named if m and m[2]]
    assert parts == ["|geometrytype=LineString", "|geometrytype=Polygon"]


def test_layers_are_styled_named_and_placed(package: Path) -> None:
    project = project_of(package)
    kinds = {"Point": "marker", "Line": "line", "Polygon": "fill"}
    for layer in project.iter("maplayer"):
        geometry = layer.get("geometry", "")
        renderer = layer.find("renderer-v2")
        assert (renderer is None) == (geometry == "No geometry")
        if renderer is not None:
            assert {s.get("type") for s in renderer.iterfind("symbols/symbol")} == {kinds[geometry]}
            assert layer.findtext("srs/spatialrefsys/authid") == "EPSG:2154"
    terrils = layer_of(project, "Terrils")
    assert [terrils.findtext(f"extent/{c}") for c in ("xmin", "ymax")] == ["700100.0", "7001900.0"]
    assert terrils.findtext("resourceMetadata/abstract") == "real: Terrils"
    aliases = {a.get("field"): a.get("name") for a in terrils.iter("alias")}
    assert aliases["hauteur_m"] == "Hauteur (m)"
    zones = layer_of(project, "Zones inondables")
    assert [f.get("name") for f in zones.iter("field")] == ["scenario", "typ_inond"]


def test_communes_are_outlined_and_coloured(tmp_path: Path, package: Path) -> None:
    """Kills: communes filled by their results under every other theme."""
    project = project_of(package)
    kinds = {
        title: layer_of(project, title).find("renderer-v2").get("type")  # type: ignore[union-attr]
        for title in ("Communes", "Bâtiments exposés par commune")
    }
    assert [*kinds.values()] == ["singleSymbol", "graduatedSymbol"]
    checked = {n.get("name"): n.get("checked") for n in project.iter("layer-tree-layer")}
    assert checked["Communes"] == "Qt::Checked"
    assert checked["Bâtiments exposés par commune"] == "Qt::Unchecked"
    plain = project_of(write(tmp_path, {"communes": communes()}))
    assert tree_of(plain) == {"Fond": ["Communes"]}
    text = layer_of(plain, "Communes").find("labeling/settings/text-style")
    assert text is not None
    assert text.get("fieldName") == "nom"
    unnamed = project_of(write(tmp_path, {"communes": communes().drop(columns="nom")}))
    assert layer_of(unnamed, "Communes").find("labeling") is None


def test_many_buildings_are_drawn_from_near_only(tmp_path: Path) -> None:
    buildings = frame([box(0, 0, 10, 10)], cleabs=["a"])
    layer = layer_of(project_of(write(tmp_path, {"buildings": buildings})), "Bâtiments")
    assert (layer.get("hasScaleBasedVisibilityFlag"), layer.get("minScale")) == ("1", "25000")


def test_rows_of_tables_belong_to_places(package: Path) -> None:
    project = project_of(package)
    ids = {x.findtext("id"): x.findtext("layername") for x in project.iter("maplayer")}
    found = [
        (ids[r.get("referencedLayer")], ids[r.get("referencingLayer")],
         r.find("fieldRef").attrib)  # type: ignore[union-attr]
        for r in project.findall("relations/relation")
    ]  # fmt: skip
    assert found == [
        ("Communes", "Exposition par commune et scénario",
         {"referencedField": "insee", "referencingField": "insee"}),
    ]  # fmt: skip


def extent_of(project: ET.Element) -> list[float]:
    canvas = project.find("mapcanvas/extent")
    assert canvas is not None
    shown = [float(child.text or "nan") for child in canvas]
    full = project.find("ProjectViewSettings/PresetFullExtent")
    assert full is not None
    assert shown == [float(full.get(c, "nan")) for c in ("xmin", "ymin", "xmax", "ymax")]
    return shown


def test_project_opens_on_the_study_area(tmp_path: Path) -> None:
    far = frame([box(50_000, 0, 60_000, 10_000)], nom=["loin"])
    area = frame([box(0, 0, 1000, 500)], nom=["ici"])
    local = [X0, Y0, X0, Y0]
    opened = extent_of(project_of(write(tmp_path, {"far": far, "study_area": area})))
    assert np.subtract(opened, local).tolist() == pytest.approx([-30, -30, 1030, 530])
    opened = extent_of(project_of(write(tmp_path, {"far": far, "communes": communes()})))
    assert np.subtract(opened, local).tolist() == pytest.approx([-60, -60, 2060, 2060])
    degrees = area.to_crs("EPSG:4326")
    opened = extent_of(project_of(write(tmp_path, {"far": far, "near": degrees})))
    assert np.subtract(opened, local)[[0, 2]] == pytest.approx([-1800, 61_800], abs=10)


def test_project_of_tables_or_of_nothing(tmp_path: Path) -> None:
    project = project_of(write(tmp_path, {"t": pd.DataFrame({"a": [1]})}))
    assert tree_of(project) == {"Tables": ["t"]}
    assert project.find("mapcanvas") is None
    assert project.findtext("projectCrs/spatialrefsys/authid") == "EPSG:2154"
    empty = write(tmp_path, {"terrils": town()["terrils"].iloc[:0]})
    assert layer_of(project_of(empty), "Terrils").find("extent") is None
    assert not rows_of(
        write(tmp_path, {"t": pd.DataFrame({"a": [1]})}),
        "SELECT name FROM sqlite_master WHERE name IN ('layer_styles', 'gpkg_data_columns')",
    )


def test_layers_with_alike_names_have_keys_of_their_own(tmp_path: Path) -> None:
    layers = {name: communes() for name in ("a b", "a-b", "a_b_1")}
    ids = [x.findtext("id") for x in project_of(write(tmp_path, layers)).iter("maplayer")]
    assert sorted(ids) == ["tvb_layer_a_b", "tvb_layer_a_b_1", "tvb_layer_a_b_1_1"]  # type: ignore[type-var]


def test_two_projects_are_the_same_bytes(tmp_path: Path) -> None:
    """Kills: the time in the archive, and random keys as QGIS gives them."""
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        contents.append(write(tmp_path / name, origins={"terrils": "x"}).read_bytes())
    assert contents[0] == contents[1]


def test_no_project_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    write_geopackage({"communes": communes()}, path)
    assert not rows_of(path, "SELECT name FROM sqlite_master WHERE name = 'qgis_projects'")


@pytest.mark.parametrize("name", ["a|b", "a/b", "a\\b"])
def test_names_that_qgis_cannot_address_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.gpkg"
    with pytest.raises(ParameterError, match=r"cannot write this name.*without \|.*leave out"):
        write_geopackage({name: communes()}, path, project="x")
    write_geopackage({name: communes()}, path)
    if name == "a|b":
        with pytest.raises(ParameterError, match="cannot write this name"):
            write_geopackage({"a": communes()}, tmp_path / "a|b.gpkg", project="x")


# With QGIS ---------------------------------------------------------------------------------------

PROBE = r"""
path, folder = sys.argv[1:]


def describe(layer):
    spatial = layer.isSpatial()
    fields = layer.fields()
    maps = [i for i in range(fields.count()) if layer.editorWidgetSetup(i).type() == "ValueMap"]
    features = list(layer.getFeatures())
    return {
        "valid": layer.isValid(), "crs": layer.crs().authid(), "rows": len(features),
        "geometries": sum(f.hasGeometry() for f in features),
        "renderer": layer.renderer().type() if spatial else None,
        "aliases": {f.name(): f.alias() for f in fields},
        "maps": [fields[i].name() for i in maps],
        "abstract": layer.metadata().abstract(),
        "min_scale": layer.minimumScale() if layer.hasScaleBasedVisibility() else None,
        "drawn": draw([layer], layer.extent()) if spatial else None,
    }


def draw(layers, extent, name=None):
    side = 120 if name is None else 600
    image = render(layers, extent.buffered(50), side, side)
    if name is not None:
        image.save(folder + "/" + name)
    size = image.width(), image.height()
    colours = {image.pixelColor(x, y).name() for x in range(size[0]) for y in range(size[1])}
    return len(colours - {"#ffffff"})


project = QgsProject.instance()
uri = "geopackage:" + path + "?projectName=tvb"
answer = {
    "names": QgsApplication.projectStorageRegistry().projectStorageFromType("geopackage")
    .listProjects("geopackage:" + path),
    "read": project.read(uri), "title": project.title(), "crs": project.crs().authid(),
}
root = project.layerTreeRoot()
answer["groups"] = {g.name(): [n.name() for n in g.findLayers()] for g in root.children()}
answer["layers"] = {n.name(): describe(n.layer()) for n in root.findLayers()}
answer["relations"] = [r.isValid() for r in project.relationManager().relations().values()]
shown = [n.layer() for n in root.findLayers() if n.isVisible() and n.layer().isSpatial()]
extent = project.viewSettings().presetFullExtent()
answer["extent"] = [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()]
answer["colours"] = draw(shown, extent, "project.png")
provider = QgsProviderRegistry.instance().providerMetadata("ogr")
plain = provider.querySublayers(path, Qgis.SublayerQueryFlag.ResolveGeometryType)
answer["plain"] = {
    s.uri().split("|", 1)[1]: describe(QgsVectorLayer(s.uri(), s.name(), "ogr")) for s in plain
}
answer["messages"] = messages
"""


@pytest.fixture(scope="module")
def opened(package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What QGIS says of the town."""
    folder = tmp_path_factory.mktemp("qgis")
    return ask_qgis(PROBE, str(package), str(folder), home=folder)


def test_qgis_opens_the_project(opened: dict[str, Any], package: Path) -> None:
    assert opened["names"] == ["tvb"]
    assert opened["read"]
    assert (opened["title"], opened["crs"]) == (TITLE, "EPSG:2154")
    assert opened["groups"] == tree_of(project_of(package))
    assert opened["relations"] == [True]
    assert np.subtract(opened["extent"], [X0, Y0, X0, Y0]).tolist() == pytest.approx(
        [-60, -60, 2060, 2060]
    )
    assert opened["messages"] == []


def test_qgis_finds_every_layer_of_the_project(opened: dict[str, Any]) -> None:
    """Kills: keys that QGIS drops, sources it does not find, families that it mixes."""
    for title, layer in opened["layers"].items():
        assert layer["valid"], title
        assert all(alias for name, alias in layer["aliases"].items()
                   if name not in ("fid", "rang")), title  # fmt: skip
        if layer["renderer"]:
            assert layer["crs"] == "EPSG:2154"
            assert layer["geometries"] == layer["rows"] > 0, title
            assert layer["drawn"], title
    rows = {title: layer["rows"] for title, layer in opened["layers"].items()}
    # the line has heights and the other is multiple: both are lines
    assert (rows["Cavaliers (lignes)"], rows["Cavaliers (surfaces)"]) == (2, 1)
    kinds = {title: layer["renderer"] for title, layer in opened["layers"].items()}
    assert kinds["Cavaliers (lignes)"] == kinds["Communes"] == "singleSymbol"
    assert kinds["Zones inondables"] == "categorizedSymbol"
    assert kinds["Réservoirs : importance pour la connectivité"] == "graduatedSymbol"
    assert opened["layers"]["Terrils"]["aliases"]["hauteur_m"] == "Hauteur (m)"
    assert opened["layers"]["Terrils"]["abstract"] == "real: Terrils"
    assert opened["layers"]["Zones inondables"]["maps"] == ["scenario", "typ_inond"]
    assert opened["layers"]["Cavaliers (lignes)"]["min_scale"] == 150_000
    assert opened["colours"] > 5


def test_qgis_styles_layers_that_are_added_by_hand(opened: dict[str, Any]) -> None:
    """Kills: a default style that fits one family only, so that QGIS refuses it for the other."""
    plain = opened["plain"]
    assert len(plain) == 11  # ten layers and tables, one of them in two families
    parts = {source: layer for source, layer in plain.items() if "geometrytype" in source}
    assert len(parts) == 2
    assert {layer["renderer"] for layer in parts.values()} == {"RuleRenderer"}
    assert all(layer["drawn"] for layer in parts.values())
    assert plain["layername=flood_zones"]["renderer"] == "categorizedSymbol"
    assert plain["layername=exposure"]["aliases"]["buildings"] == "Bâtiments exposés"
    assert plain["layername=exposure"]["maps"] == ["scenario"]
    assert plain["layername=terrils"]["aliases"]["no_terril"] == "N° de terril"
