"""Running a study: cache, resume, parallel, and bytes that do not change."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import rasterio
from filelock import FileLock

import worlds
from tvb import datasets
from tvb.errors import ParameterError, SourceError, StudyError
from tvb.study import LayerFile, Study, read_study, run_study, runner
from tvb.study.config import (
    FloodParameters,
    GraphParameters,
    MapParameters,
    StudyParameters,
    TerritoryParameters,
)
from tvb.study.report import summarise_graph
from tvb.study.store import Store

COMMUNES = ("62473", "59526", "59616", "62666", "62215", "59028")  # some are exposed

SMALL = Study(
    study=StudyParameters(name="Petit territoire"),
    territory=TerritoryParameters(embedded=True, communes=COMMUNES, buildings=30_000, cell_m=40.0),
    maps=MapParameters(formats=("png",)),
)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of one finished run of the small study."""
    folder = tmp_path_factory.mktemp("run")
    run_study(SMALL, folder)
    return folder


def _bytes(folder: Path) -> dict[str, bytes]:
    """Return every file that must not change from one run to the next."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json" and path.parent.name != ".tvb"
    }


def test_one_row_per_commune(done: Path) -> None:
    table = pd.read_csv(done / "communes.csv", dtype={"insee": str})
    assert sorted(table["insee"]) == sorted(COMMUNES)
    assert table["ec_share"].sum() <= 1 + 1e-9
    exposure = pd.read_parquet(done / "tables" / "exposure.parquet")["buildings"]
    exposed = table[[c for c in table.columns if c.startswith("buildings_exposed_")]]
    assert exposed.sum().sum() <= exposure.sum()
    assert exposed.sum().sum() > 0


def test_the_geopackage_holds_every_layer_and_the_table(done: Path) -> None:
    names = set(gpd.list_layers(done / "tvb.gpkg")["name"])
    assert {"communes", "terrils", "buildings", "patches", "links", "exposure", "sources"} <= names
    communes = gpd.read_file(done / "tvb.gpkg", layer="communes")
    assert {"property_ha", "patches_ha", "buildings_exposed_02Moy"} <= set(communes.columns)


def test_the_manifest_tells_all(done: Path) -> None:
    manifest = json.loads((done / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["graph"]["max_distance_m"] == 3000.0
    assert all((done / file).is_file() for file in manifest["outputs"])
    for source in manifest["inputs"]:
        assert source["nature"] in ("real", "schematic", "modelled")
    written = {name for name in _bytes(done) if not name.startswith(".tvb")}
    assert written == set(manifest["outputs"])


def test_the_report_says_what_is_modelled_and_how_it_counted(done: Path) -> None:
    text = (done / "report.md").read_text(encoding="utf-8")
    assert "modélisé" in text
    assert "le bâtiment a au moins un point dans une zone" in text
    assert "| couche | nature |" in text
    plurals = "taches|liens|composantes|stations|bâtiments|communes"
    assert not re.search(rf"\b[01] (?:{plurals})\b", text)


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("fr", "1 tache d'habitat, 2 liens, 0 composante, EC(PC) 1\u202f235 ha"),
        ("en", "1 patch, 2 links, 0 components, EC(PC) 1,235 ha"),
    ],
)
def test_counts_of_a_graph_agree_with_their_nouns(lang: str, told: str, tmp_path: Path) -> None:
    """Kills « 1 patches » on a French terminal."""
    store = Store(tmp_path)
    graph = {"patches": 1, "links": 2, "components": 0, "ec_ha": 1234.5678}
    store.write_json("tables/connectivity.json", graph)
    shares = {name: [1.0] for name in ("d", "d_intra", "d_flux", "d_connector")}
    shape = {"geometry": [worlds.box(0, 0, 1, 1)], "crs": 2154}
    store.write_layer("patches", gpd.GeoDataFrame(
        {"patch": [1], "area_m2": [1.0], **shares}, **shape), ())  # fmt: skip
    store.write_layer("links", gpd.GeoDataFrame(
        {"i": [1], "j": [2], "distance_m": [3.0], "d": [1.0]}, **shape), ())  # fmt: skip
    study = replace(Study(), study=replace(Study().study, lang=lang))
    assert summarise_graph(study, tmp_path).splitlines()[0] == told


def test_a_second_run_does_nothing_and_changes_nothing(done: Path) -> None:
    before = _bytes(done)
    again = run_study(SMALL, done)
    assert all(step.cached for step in again.steps)
    assert _bytes(done) == before


def test_another_folder_and_two_jobs_give_the_same_bytes(done: Path, tmp_path: Path) -> None:
    """Kills results that depend on the order in which steps end, and dates inside files."""
    run_study(SMALL, tmp_path, jobs=2)
    ours, theirs = _bytes(done), _bytes(tmp_path)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_a_parameter_runs_again_only_what_reads_it(tmp_path: Path) -> None:
    run_study(SMALL, tmp_path)
    changed = replace(SMALL, graph=GraphParameters(max_distance_m=500.0))
    again = {step.step: step.cached for step in run_study(changed, tmp_path).steps}
    assert again["layers"]
    assert again["heritage"]
    assert again["flood"]
    assert again["map_exposure"]
    assert not again["connectivity"]
    assert not again["dashboard"]
    assert not again["map_graph"]


def test_a_file_touched_by_hand_is_made_again(tmp_path: Path) -> None:
    run_study(SMALL, tmp_path, only=["heritage"])
    good = (tmp_path / "tables" / "heritage.csv").read_bytes()
    (tmp_path / "tables" / "heritage.csv").write_text("spoiled")
    again = run_study(SMALL, tmp_path, only=["heritage"])
    assert [s.step for s in again.steps if not s.cached] == ["heritage"]
    assert (tmp_path / "tables" / "heritage.csv").read_bytes() == good


def test_only_and_force(tmp_path: Path) -> None:
    first = run_study(SMALL, tmp_path, only=["heritage"])
    assert [s.step for s in first.steps] == ["layers", "heritage"]
    forced = run_study(SMALL, tmp_path, only=["heritage"], force=True)
    assert [s.step for s in forced.steps if not s.cached] == ["heritage"]


def test_an_interrupted_run_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heritage = runner.STEPS["heritage"]

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(runner.STEPS, "heritage", replace(heritage, run=die))
    with pytest.raises(KeyboardInterrupt):
        run_study(SMALL, tmp_path, only=["heritage"])
    monkeypatch.setitem(runner.STEPS, "heritage", heritage)
    again = {s.step: s.cached for s in run_study(SMALL, tmp_path, only=["heritage"]).steps}
    assert again == {"layers": True, "heritage": False}


def test_what_a_step_no_longer_writes_is_removed(tmp_path: Path) -> None:
    wide = replace(SMALL, maps=MapParameters(formats=("png", "svg")))
    run_study(wide, tmp_path, only=["map_territory"])
    assert (tmp_path / "maps" / "territoire.svg").is_file()
    run_study(SMALL, tmp_path, only=["map_territory"])
    assert not (tmp_path / "maps" / "territoire.svg").exists()


def test_wrong_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"step « maps »: unknown.*one of layers, heritage"):
        run_study(SMALL, tmp_path, only=["maps"])
    with pytest.raises(ParameterError, match=r"jobs: 0\. Required: 1 or more"):
        run_study(SMALL, tmp_path, jobs=0)


def test_steps_without_their_layer_are_left_out_and_said(tmp_path: Path) -> None:
    """Kills the study of the green-blue network that stops for want of flood zones."""
    delivered = tmp_path / "delivered"
    delivered.mkdir()
    worlds.communes().to_file(delivered / "communes.gpkg", VERSION="1.2")
    study = Study(
        layers={"communes": LayerFile(paths=(delivered / "communes.gpkg",))},
        maps=MapParameters(formats=("png",)),
    )
    result = run_study(study, tmp_path / "out")
    assert result.skipped["flood"] == "buildings"
    assert result.skipped["map_graph"].startswith("core_areas or terrils")
    assert [s.step for s in result.steps] == [
        "layers", "heritage", "dashboard", "geopackage", "map_territory", "report",
    ]  # fmt: skip
    text = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "Étape sautée : pas de couche buildings" in text
    with pytest.raises(StudyError, match=r"step « flood »: the study has no layer buildings\. Rem"):
        run_study(study, tmp_path / "out", only=["flood"])


def _delivery(folder: Path) -> Study:
    """Return a study on files: the squared town, one building in Sud, one across to Port."""
    folder.mkdir()
    worlds.communes().to_file(folder / "communes.gpkg", VERSION="1.2")
    buildings = gpd.GeoDataFrame(
        {"ID": ["a", "b", "c"], "NB_LOGTS": [1, 2, 3]},
        geometry=[
            worlds.box(10, 10, 20, 20),  # in Sud
            worlds.box(991, 50, 1001, 60),  # 9 m in Sud, 1 m in Port
            worlds.box(1500, 9, 1510, 19),  # in Port
        ],
        crs=2154,
    )
    buildings.to_file(folder / "bati.shp")
    zones = gpd.GeoDataFrame(
        {"scenario": ["02Moy"]}, geometry=[worlds.box(0, 0, 2000, 100)], crs=2154
    )
    zones.to_file(folder / "zones.gpkg", VERSION="1.2")
    files = {"communes": "communes.gpkg", "buildings": "bati.shp", "flood_zones": "zones.gpkg"}
    layers = {name: LayerFile(paths=(folder / file,)) for name, file in files.items()}
    return Study(layers=layers, maps=MapParameters(formats=("png",)))


def _dwellings(folder: Path) -> dict[str, int]:
    table = pd.read_csv(folder / "communes.csv", dtype={"insee": str}).set_index("insee")
    return dict(table["dwellings_exposed_02Moy"])


@pytest.mark.parametrize("part", ["bati.dbf", "bati.prj"])
def test_every_part_of_a_shapefile_counts_for_the_cache(tmp_path: Path, part: str) -> None:
    """Kills the hash of the .shp alone, which gives yesterday's dwellings."""
    study = _delivery(tmp_path / "delivered")
    out = tmp_path / "out"
    run_study(study, out, only=["dashboard"])
    assert _dwellings(out) == {"62001": 3, "62002": 3, "62003": 0, "62004": 0}
    path = tmp_path / "delivered" / part
    path.write_bytes(path.read_bytes().replace(b" 3", b" 9") + b" ")
    again = {s.step: s.cached for s in run_study(study, out, only=["dashboard"]).steps}
    assert not again["layers"]
    if part == "bati.dbf":
        assert _dwellings(out)["62002"] == 9


def test_a_renamed_file_is_read_again(tmp_path: Path) -> None:
    study = _delivery(tmp_path / "delivered")
    out = tmp_path / "out"
    run_study(study, out, only=["layers"])
    renamed = tmp_path / "delivered" / "autre.gpkg"
    (tmp_path / "delivered" / "zones.gpkg").rename(renamed)
    layers = {**study.layers, "flood_zones": LayerFile(paths=(renamed,))}
    result = run_study(replace(study, layers=layers), out, only=["layers"])
    assert not result.steps[0].cached


def test_a_commune_alone_has_the_counts_that_it_has_among_the_others(tmp_path: Path) -> None:
    """Kills the cut before the attribution, which gives Port the building that brushes it."""
    study = _delivery(tmp_path / "delivered")
    alone = replace(study, territory=TerritoryParameters(communes=("62002",)))
    run_study(alone, tmp_path / "out", only=["dashboard"])
    assert _dwellings(tmp_path / "out") == {"62002": 3}


def test_a_scenario_that_no_zone_holds_is_named_before_any_work(tmp_path: Path) -> None:
    study = replace(_delivery(tmp_path / "delivered"), flood=FloodParameters(map_scenario="02moy"))
    with pytest.raises(StudyError, match=r"\[flood\] map_scenario: « 02moy » is in none.*02Moy"):
        run_study(study, tmp_path / "out")


def test_what_an_interrupted_run_leaves_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run killed while it writes leaves no half-written file, and none that nobody knows of."""
    wide = replace(SMALL, maps=MapParameters(formats=("png", "svg")))
    step = runner.STEPS["map_territory"]

    def die(study: Study, store: Store) -> None:
        step.run(study, store)
        (tmp_path / ".tvb-left").mkdir()  # what a kill leaves of an atomic write
        raise KeyboardInterrupt

    monkeypatch.setitem(runner.STEPS, "map_territory", replace(step, run=die))
    with pytest.raises(KeyboardInterrupt):
        run_study(wide, tmp_path, only=["map_territory"])
    assert (tmp_path / "maps" / "territoire.svg").is_file()
    monkeypatch.setitem(runner.STEPS, "map_territory", step)
    run_study(SMALL, tmp_path, only=["map_territory"])
    assert not (tmp_path / "maps" / "territoire.svg").exists()
    assert not (tmp_path / ".tvb-left").exists()


def test_a_write_that_fails_leaves_the_older_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_study(SMALL, tmp_path, only=["heritage"])
    good = (tmp_path / "tables" / "heritage.parquet").read_bytes()

    def die(_: pd.DataFrame, path: Path, **options: object) -> None:
        assert options
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", die)
    with pytest.raises(OSError, match="No space left"):
        run_study(SMALL, tmp_path, only=["heritage"], force=True)
    assert (tmp_path / "tables" / "heritage.parquet").read_bytes() == good
    assert not list(tmp_path.rglob(".tvb-*"))


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / ".tvb").mkdir()
    with (
        FileLock(tmp_path / ".tvb" / "lock"),
        pytest.raises(StudyError, match="another run is working in this folder"),
    ):
        run_study(SMALL, tmp_path)


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(SourceError, match=r"the folder of the results cannot be used.*--out"):
        run_study(SMALL, tmp_path / "out")


def test_files_of_other_parameters_are_called_stale(tmp_path: Path) -> None:
    """Kills the folder that holds a report of one rule and a table of another, and says nothing."""
    study = _delivery(tmp_path / "delivered")
    out = tmp_path / "out"
    assert run_study(study, out).stale == ()
    changed = replace(study, flood=FloodParameters(rule="centroid"))
    assert set(run_study(changed, out, only=["flood"]).stale) >= {"report", "dashboard"}
    assert "report" in json.loads((out / "manifest.json").read_text())["stale"]
    assert run_study(changed, out).stale == ()


def test_a_modelled_file_read_back_is_not_real(done: Path, tmp_path: Path) -> None:
    """Kills the demonstration that comes back as survey data."""
    layers = {
        "communes": LayerFile(paths=(done / "layers" / "communes.parquet",)),
        "terrils": LayerFile(paths=(done / "tvb.gpkg",), source_layer="terrils"),
    }
    run_study(Study(layers=layers), tmp_path, only=["layers"])
    natures = pd.read_csv(tmp_path / "tables" / "sources.csv").set_index("layer")["nature"]
    assert natures["communes"] == "schematic"
    assert natures["terrils"] == "modelled"


def test_every_output_says_what_it_is(done: Path) -> None:
    """A file taken out of its folder still says that it is modelled."""
    buildings = gpd.read_parquet(done / "layers" / "buildings.parquet")
    assert buildings.attrs["origin"].startswith("modelled: Bâtiments modélisés [modelled]")
    assert gpd.read_parquet(done / "layers" / "terrils.parquet").attrs["origin"].startswith("schem")
    for name in ("communes.csv", "tables/exposure.csv"):
        assert set(pd.read_csv(done / name)["nature"]) == {"modelled"}
    with rasterio.open(done / "rasters" / "land_cover.tif") as raster:
        assert raster.tags()["TIFFTAG_IMAGEDESCRIPTION"].startswith("modelled")
    with closing(sqlite3.connect(done / "tvb.gpkg")) as database:
        described = dict(database.execute("SELECT table_name, description FROM gpkg_contents"))
    assert described["buildings"].startswith("modelled")
    assert described["communes"].startswith("modelled")
    assert described["terrils"].startswith("schematic")


@pytest.mark.parametrize("text", ["{", "null", "[1]", '{"layers": {}}'])
def test_a_damaged_record_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / ".tvb").mkdir()
    (tmp_path / ".tvb" / "steps.json").write_text(text)
    with pytest.raises(StudyError, match=r"record of earlier runs is damaged.*delete the file"):
        run_study(SMALL, tmp_path)


def test_the_demo_study_is_valid() -> None:
    study = read_study(datasets.find_data("studies/demo.toml"))
    assert study.territory.embedded


@pytest.mark.official
def test_the_official_layers(official: Path, tmp_path: Path) -> None:
    """The figures that issue 2 asks for, on the real layers, and an account of their faults."""
    path = datasets.find_data("studies/bassin-minier-officiel.toml")
    study = read_study(path, layers=official)
    study = replace(study, territory=TerritoryParameters(buildings=5000, cell_m=80.0))
    run_study(study, tmp_path, only=["report", "geopackage"])
    figures = pd.read_csv(tmp_path / "tables" / "figures.csv").set_index("figure")["measured"]
    assert figures["Éléments du bien inscrit"] == 109
    assert figures["Terrils du bien"] == 51
    assert figures["Cités minières du bien"] == 124
    assert figures["Fosses du bien"] == 17
    assert figures["Cavaliers inscrits"] == pytest.approx(54.8, abs=0.05)
    assert figures["Surface du bien"] == pytest.approx(3969, abs=1)
    assert figures["Surface du bien et de sa zone tampon"] == pytest.approx(18941, abs=1)
    assert figures["Communes concernées par le bien"] == pytest.approx(87, abs=3)
    assert figures["Communes concernées par la zone tampon"] == pytest.approx(124, abs=3)
    table = pd.read_csv(tmp_path / "communes.csv", dtype={"insee": str})
    assert len(table) == 330
    # 4.2 ha of the property lie outside the 330 communes.
    assert table["property_ha"].sum() == pytest.approx(3969 - 4.2, abs=0.2)
    # 51 + 111, T140 once, and one that lies 27 m outside the 330 communes.
    assert table["terrils"].sum() == 160
    seen = pd.read_csv(tmp_path / "tables" / "observations.csv")
    assert seen[seen["kind"] == "outside"]["layer"].tolist() == ["terrils", "pits"]
    assert {"unknown_name", "strip", "pieces", "tiny_element"} <= set(seen["kind"])
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    for trap in (
        "T140",
        "36,9 ha",
        "1 117",
        "géométrie absente",
        "géométrie invalide",
        "objet donné deux fois",
        "moins de 100 m²",
    ):
        assert trap in text.replace("\u202f", " "), trap
