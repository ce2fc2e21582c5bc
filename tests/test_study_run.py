"""Running a study: cache, resume, parallel, and bytes that do not change."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import rasterio

from tvb import datasets
from tvb.errors import ParameterError, StudyError
from tvb.study import LayerFile, Study, read_study, run_study, runner
from tvb.study.config import GraphParameters, MapParameters, StudyParameters, TerritoryParameters

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
        if path.is_file() and path.name not in ("manifest.json", "steps.json")
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
    """A step that dies leaves no half-written file; the next run keeps what was done before it."""
    heritage = runner.STEPS["heritage"]

    def die(study: Study, store: object) -> None:
        heritage.run(study, store)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setitem(runner.STEPS, "heritage", replace(heritage, run=die))
    with pytest.raises(KeyboardInterrupt):
        run_study(SMALL, tmp_path, only=["heritage"])
    assert not [p for p in tmp_path.rglob("*") if "tmp" in p.name]
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


def test_a_missing_layer_is_named_before_anything_runs(tmp_path: Path) -> None:
    """Kills the study that works for minutes and then stops at its fourth step."""
    communes = LayerFile(paths=(tmp_path / "communes.shp",))
    study = Study(layers={"communes": communes})
    with pytest.raises(StudyError) as caught:
        run_study(study, tmp_path)
    assert "step « flood »: no layer buildings. Remedy: give its file in [layers]" in str(
        caught.value
    )
    assert "step « connectivity »: no layer core_areas or terrils" in str(caught.value)
    assert not list(tmp_path.iterdir())


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


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    (tmp_path / ".tvb").mkdir()
    (tmp_path / ".tvb" / "steps.json").write_text("{")
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
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    for trap in (
        "T140",
        "36,9 ha",
        "1 117",
        "null geometry",
        "invalid geometry",
        "moins de 100 m²",
    ):
        assert trap in text.replace("\u202f", " "), trap
