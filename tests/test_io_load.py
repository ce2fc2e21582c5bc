"""Loaders: one function for each layer, one warning for what was changed, and the bar."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

import tvb
import worlds
from tvb.errors import LayerError, SourceError, TvbWarning
from tvb.io import database, read_layer
from tvb.io import load as loaders
from tvb.io.scenarios import scenario_of_name

FAMILY = {
    "point": shapely.Point(worlds.X0, worlds.Y0),
    "line": shapely.LineString([(worlds.X0, worlds.Y0), (worlds.X0 + 9, worlds.Y0)]),
    "polygon": worlds.box(0, 0, 10, 10),
}
LAYER = {
    "load_buffer": "buffer", "load_buildings": "buildings", "load_cavaliers": "cavaliers",
    "load_communes": "communes", "load_core_areas": "core_areas", "load_corridors": "corridors",
    "load_cycle_routes": "cycle_routes", "load_drained_basins": "drained_basins",
    "load_estates": "estates", "load_flood_hazard": "flood_zones", "load_pits": "pits",
    "load_population_grid": "population_grid", "load_property": "property",
    "load_property_elements": "property_elements", "load_pumping_stations": "pumping_stations",
    "load_terrils": "terrils", "load_watched_objects": "watched_objects",
}  # fmt: skip


def test_every_loader_that_the_package_names_exists() -> None:
    assert set(loaders.__all__) == set(tvb._LOADERS)
    rasters = {"load_flood_depth", "load_land_cover", "load_terrain"}
    assert set(LAYER) == set(tvb._LOADERS) - rasters


@pytest.mark.parametrize("name", sorted(LAYER))
def test_each_loader_returns_its_layer(name: str, tmp_path: Path) -> None:
    schema = tvb.schema.get_schema(LAYER[name])
    columns = {c.name: ["62001" if c.width else "1"] for c in schema.columns if c.required}
    family = sorted(schema.families)[0]
    raw = gpd.GeoDataFrame({"rien": [0], **columns}, geometry=[FAMILY[family]], crs=2154)
    raw.to_file(tmp_path / "a.gpkg")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = getattr(tvb, name)(tmp_path / "a.gpkg")
    tvb.schema.validate(frame, LAYER[name])
    assert len(frame) == 1


def test_a_loader_says_in_one_line_what_it_changed(tmp_path: Path) -> None:
    """Kills: rows dropped without a word; a warning that points into the library."""
    bow_tie = worlds.at(shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))
    shapes = [worlds.box(0, 0, 9, 9), None, bow_tie]
    raw = gpd.GeoDataFrame({"no_terril": ["T1", "T2", "T3"]}, geometry=shapes, crs=2154)
    raw.to_file(tmp_path / "a.gpkg")
    with pytest.warns(TvbWarning) as caught:
        tvb.load_terrils(tmp_path / "a.gpkg")
    (warning,) = caught
    assert warning.filename == __file__
    assert str(warning.message) == (
        "terrils ← a.gpkg: dropped, null geometry: 1 (T2); repaired, invalid geometry repaired: "
        "1 (T3). Details: tvb.io.read_layer(…)[1].summary()"
    )


def test_options_reach_the_reader(tmp_path: Path) -> None:
    worlds.communes().to_file(tmp_path / "a.gpkg", layer="x")
    worlds.communes().to_file(tmp_path / "a.gpkg", layer="y")
    window = (worlds.X0 + 10, worlds.Y0 + 10, worlds.X0 + 20, worlds.Y0 + 20)
    frame = tvb.load_communes(tmp_path / "a.gpkg", source_layer="y", bbox=window)
    assert frame["insee"].tolist() == ["62001"]


@pytest.mark.parametrize(
    ("stem", "scenario"),
    [
        ("N_DOUAI_INONDABLE_01_01FOR_S_059", "01For"),
        ("N_LENS_INONDABLE_01_02MOY_S_062", "02Moy"),
        ("n_lens_inondable_moy_s_062", "02Moy"),
        ("N_VAL_ISO_HT_01_03MCC_S_059", "03Mcc"),
        ("N_VAL_ISO_HT_01_03MCC_CT_S_059", "03Mcc_ct"),
        ("N_VAL_INONDABLE_01_01FORCC_CT_S_059", "01Forcc_ct"),
        ("N_VAL_INONDABLE_FORCC_100_S_059", "01Forcc_100"),
        ("N_VAL_INONDABLE_04FAI_S_059", "04Fai"),
        ("N_MOY_INONDABLE_04FAI_S_059", None),
        ("FORET_S_059", None),
        ("zones", None),
    ],
)
def test_scenarios_of_covadis_names(stem: str, scenario: str | None) -> None:
    assert scenario_of_name(stem) == scenario


def _zones(path: Path, **columns: Any) -> Path:
    shapes = [worlds.box(0, 0, 10, 10), worlds.box(20, 0, 30, 10)]
    raw = gpd.GeoDataFrame({"rien": [0, 0], **columns}, geometry=shapes, crs=2154)
    raw.to_file(path)
    return path


def test_scenario_from_the_file_then_the_argument_then_the_name(tmp_path: Path) -> None:
    named = _zones(tmp_path / "N_LENS_INONDABLE_01_02MOY_S_062.gpkg")
    assert set(tvb.load_flood_hazard(named)["scenario"]) == {"02Moy"}
    assert set(tvb.load_flood_hazard(named, "04Fai")["scenario"]) == {"04Fai"}
    told = _zones(tmp_path / "N_LENS_INONDABLE_01_04FAI_S_062.gpkg", SCENARIO=["01For", None])
    assert tvb.load_flood_hazard(told)["scenario"].tolist() == ["01For", "04Fai"]
    both = tvb.load_flood_hazard([named, told], extra_columns=False)
    assert both["scenario"].tolist() == ["02Moy", "02Moy", "01For", "04Fai"]
    with pytest.raises(LayerError, match="required column « scenario » not found"):
        tvb.load_flood_hazard(_zones(tmp_path / "zones.gpkg"))


class _Engine:
    dialect = "any"


def test_a_connection_gives_the_same_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def read_database(connection: Any, table: str, **_: object) -> gpd.GeoDataFrame:
        asked.append((connection, table))
        return worlds.communes().rename(columns={"insee": "INSEE_COM"}).rename_geometry("geom")

    monkeypatch.setattr(database, "read_database", read_database)
    engine = _Engine()
    frame = tvb.load_communes(engine, source_layer="public.commune")
    assert frame["insee"].tolist() == ["62001", "62002", "62003", "62004"]
    assert frame.geometry.name == "geometry"
    assert asked == [(engine, "public.commune")]
    with pytest.raises(SourceError, match=r"no table.*name it with source_layer="):
        tvb.load_communes(engine)


# The bar


def test_nothing_is_written_when_piped(tmp_path: Path) -> None:
    worlds.communes().to_file(tmp_path / "a.gpkg")
    code = (
        "import tvb.progress as p; p._PATIENCE_S = 0\n"
        f"import tvb; tvb.load_communes({str(tmp_path / 'a.gpkg')!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == done.stderr == b""


# The official layers

OFFICIAL = [
    ("communes-mbm", "communes", 330), ("bassin-minier", "study_area", 1),
    ("bien-inscrit", "property", 109), ("bien-inscrit", "property_elements", 109),
    ("zone-tampon", "buffer", 15), ("terrils", "terrils", 51), ("zt-terrils", "terrils", 111),
    ("cavaliers", "cavaliers", 14), ("zt-cavaliers", "cavaliers", 1317),
    ("cites-minieres", "estates", 159), ("zt-cites-minieres", "estates", 162),
    ("batis", "listed_buildings", 159), ("puits-de-mines", "pits", 636),
    ("espace-neonaturel", "water_bodies", 5), ("zt-espaces-neonaturels", "water_bodies", 7),
    ("zt-parvis-agricoles", "core_areas", 138), ("epci", "study_area", 9),
    ("departements", "study_area", 2),
]  # fmt: skip
REPAIRED = {"zt-cites-minieres": {"invalid geometry repaired": 1}}
DROPPED = {"zt-cavaliers": {"null geometry": 1}}


@pytest.mark.official
@pytest.mark.parametrize(("name", "layer", "rows"), OFFICIAL)
def test_each_official_layer(name: str, layer: str, rows: int, official: Path) -> None:
    frame, report = read_layer(official / f"{name}.geojson", layer)
    assert report.rows_read == rows
    assert len(frame) == report.rows_kept == rows - len(DROPPED.get(name, ()))
    assert {e.reason: e.count for e in report.repaired} == REPAIRED.get(name, {})
    assert {e.reason: e.count for e in report.dropped} == DROPPED.get(name, {})
    tvb.schema.validate(frame, layer)
    assert "reprojected from EPSG:4326 to EPSG:2154" in [e.reason for e in report.notes]


@pytest.mark.official
def test_official_terrils_are_162_with_t140_in_both_files(official: Path) -> None:
    """Kills: « 0 », « 1 », … as identifiers; T140 counted twice, or lost."""
    files = [official / "terrils.geojson", official / "zt-terrils.geojson"]
    frame, report = read_layer(files, "terrils")
    assert len(frame) == 161
    (entry,) = report.dropped
    assert entry.reason == (
        "key given twice, in terrils.geojson and again in zt-terrils.geojson; only the first kept"
    )
    assert entry.ids == ("T140",)
    assert frame["no_terril"].str.match(r"T\d").all()
    assert frame["id_unesco"].notna().sum() == 51


@pytest.mark.official
def test_official_areas_and_lengths(official: Path) -> None:
    """Measured in EPSG:2154: 3 969 ha of property, 54.8 km of inscribed cavaliers as published."""
    elements, _ = read_layer(official / "bien-inscrit.geojson", "property_elements")
    assert elements.area.sum() / 1e4 == pytest.approx(3969, abs=1)
    assert elements.set_index("no_element").area["20"] < 20
    cavaliers, _ = read_layer(official / "cavaliers.geojson", "cavaliers")
    assert set(cavaliers.geom_type) == {"Polygon"}
    assert cavaliers["longueur_m"].sum() == 54_816
    lines, _ = read_layer(official / "zt-cavaliers.geojson", "cavaliers")
    assert lines.length.sum() / 1e3 == pytest.approx(797, rel=0.005)


@pytest.mark.official
def test_official_pits_of_unknown_height_are_noted(official: Path) -> None:
    frame, report = read_layer(official / "puits-de-mines.geojson", "pits")
    notes = {entry.reason: entry.count for entry in report.notes}
    assert notes["« cote » is 0, which means unknown"] == 29
    assert frame["cote"].notna().sum() == 608
    assert (frame["cote"] == 0).sum() == 29
