"""The study of a flood: people, indicators, depths and spill levels, from files to tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

import worlds
from tvb.errors import LayerError
from tvb.flood import OUTSIDE
from tvb.grid import Grid
from tvb.io import read_layer, write_grid
from tvb.study import LayerFile, Study, run_study
from tvb.study.config import FloodParameters, StudyParameters
from tvb.study.report import summarise_exposure

# The cell of 200 m of the grid of INSEE that holds the middle of Sud, and the one two to the east.
_TO_GRID = Transformer.from_crs(2154, 3035, always_xy=True)
_EAST, _NORTH = (int(v // 200 * 200) for v in _TO_GRID.transform(worlds.X0 + 500, worlds.Y0 + 500))
_CX, _CY = _TO_GRID.transform(_EAST + 100, _NORTH + 100, direction="INVERSE")
CX, CY = _CX - worlds.X0, _CY - worlds.Y0
CELLS = [f"CRS3035RES200mN{_NORTH}E{_EAST + 200 * k}" for k in (0, 2)]

# The bowl of station S1 in Port: 10 by 10 cells, a rim at 10 m with a gap at 9 m, ground at 7 m.
WEST, SOUTH = 1500, 500


def buildings() -> gpd.GeoDataFrame:
    """Return A and B in one cell of the grid, C at the bottom of the bowl, D on its rim."""
    boxes = {
        "A": worlds.box(CX - 25, CY - 5, CX - 15, CY + 5),
        "B": worlds.box(CX + 15, CY - 5, CX + 25, CY + 5),
        "C": worlds.box(WEST + 41, SOUTH + 41, WEST + 49, SOUTH + 49),
        "D": worlds.box(WEST + 41, SOUTH + 1, WEST + 49, SOUTH + 9),
    }
    table = {
        "cleabs": list(boxes), "usage_1": "Résidentiel", "construction_legere": False,
        "etat_de_l_objet": "En service", "nombre_de_logements": [3, 1, 2, 2],
    }  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=list(boxes.values()), crs=2154)


def population() -> pd.DataFrame:
    """Return 40 people, imputed, about A and B, and 7 where nobody can live; no geometry."""
    columns = {
        "Idcar_200m": CELLS, "I_est_200": [1, 0], "Lcog_geo": ["62001", "6200162003"],
        "Ind": [40.0, 7.0], "Ind_80p": [4.0, 1.0],
    }  # fmt: skip
    return pd.DataFrame(columns)


def watched() -> gpd.GeoDataFrame:
    """Return a school and a pit in the water, a town hall out of it."""
    places = [(CX - 20, CY), (CX - 22, CY), (CX + 100, CY)]
    kinds = ["École maternelle", "Fosse", "Mairie"]
    return gpd.GeoDataFrame(
        {"id_objet": ["1", "2", "3"], "categorie": kinds},
        geometry=[worlds.at(shapely.Point(p)) for p in places],
        crs=2154,
    )


def grid(values: np.ndarray, name: str, *, west: float = 0, north: float = 2000) -> Grid:
    return Grid(values, worlds.X0 + west, worlds.Y0 + north, 10.0, 10.0, -9999.0, name)


def depth() -> Grid:
    """Return 0.7 m west of the middle of the cell, a hair below 0 east of it, dry ground beyond."""
    values = np.zeros((200, 200), dtype="float32")
    row, column = int((2000 - CY) // 10), int(CX // 10)
    values[row - 3 : row + 4, column - 4 : column] = 0.7
    values[row - 3 : row + 4, column : column + 4] = -0.004
    return grid(values, "flood_depth_02Moy")


def terrain() -> Grid:
    """Return a plain at 10 m with the bowl in it."""
    values = np.full((200, 200), 10.0, dtype="float32")
    row, column = (2000 - SOUTH) // 10 - 10, WEST // 10
    values[row + 1 : row + 9, column + 1 : column + 9] = 7.0
    values[row + 4, column + 9] = 9.0
    return grid(values, "terrain")


def deliver(folder: Path, *, without: tuple[str, ...] = ()) -> Study:
    """Write the files of a study and return it."""
    folder.mkdir()
    zones = gpd.GeoDataFrame(
        {"scenario": ["02Moy"]}, geometry=[worlds.box(CX - 30, CY - 20, CX, CY + 20)], crs=2154
    )
    basins = gpd.GeoDataFrame(
        {"id_station": ["S1", "S2"]},
        geometry=[
            worlds.box(WEST, SOUTH, WEST + 100, SOUTH + 100),
            worlds.box(100, 1500, 200, 1600),
        ],
        crs=2154,
    )
    stations = gpd.GeoDataFrame(
        {"id_station": ["S1", "S2"], "nom": ["Port", "Nord"]},
        geometry=basins.centroid,
        crs=2154,
    )
    frames = {
        "communes": worlds.communes(), "buildings": buildings(), "flood_zones": zones,
        "drained_basins": basins, "pumping_stations": stations, "watched_objects": watched(),
    }  # fmt: skip
    for name, frame in frames.items():
        frame.to_file(folder / f"{name}.gpkg", VERSION="1.2")
    population().to_csv(folder / "carreaux.csv", index=False)
    for raster in (depth(), terrain()):
        write_grid(raster, folder / f"{raster.name}.tif")
    files = {name: f"{name}.gpkg" for name in frames}
    files |= {"population_grid": "carreaux.csv", "terrain": "terrain.tif"}
    files |= {"flood_depth_02Moy": "flood_depth_02Moy.tif"}
    layers = {n: LayerFile(paths=(folder / f,)) for n, f in files.items() if n not in without}
    return Study(layers=layers, flood=FloodParameters(floor_height_m=0.5))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return deliver(tmp_path_factory.mktemp("delivered") / "files")


@pytest.fixture(scope="module")
def out(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    run_study(study, folder, only=["report"])
    return folder


def table(out: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(out / "tables" / f"{name}.parquet")


def test_people_follow_dwellings_and_no_cell_loses_any(out: Path) -> None:
    """40 people on 3 + 1 dwellings: 30 in A, the only one in the water; 7 stay with their cell."""
    people = table(out, "people").xs("02Moy", level="scenario")
    assert people.index.tolist() == ["62001", "62002", "62003", "62004", OUTSIDE]
    assert people["people"].tolist() == pytest.approx([30.0, 0, 0, 0, 0])
    assert people["people_imputed"].tolist() == pytest.approx([30.0, 0, 0, 0, 0])
    assert people["ind_80p"].tolist() == pytest.approx([3.0, 0, 0, 0, 0])
    assert "men" not in people  # the file says nothing of households: no zero in their place
    cells = table(out, "people_cells").loc[CELLS]
    kept = cells[["people", "spread", "no_building", "outside"]].to_numpy()
    np.testing.assert_allclose(kept, [[40, 40, 0, 0], [7, 0, 7, 0]])
    assert cells["communes"].tolist() == ["62001", "62001, 62003"]
    assert table(out, "exposure")["people"].sum() == pytest.approx(30.0)
    communes = pd.read_csv(out / "communes.csv", dtype={"insee": str}).set_index("insee")
    assert communes["people_exposed_02Moy"].tolist() == [30.0, 0, 0, 0]


def test_indicators_count_watched_objects_by_what_they_are(out: Path) -> None:
    """Kills: a pit counted as an establishment; zero for what nobody gave."""
    found = table(out, "indicators").xs("02Moy", level="scenario")
    sud = found.loc["62001"]
    assert sud[["sensitive_establishments", "crisis_buildings", "wastewater_plants"]].tolist() == [
        1, 0, 0,
    ]  # fmt: skip
    assert sud["people"] == pytest.approx(30.0)
    assert sud["people_share"] == pytest.approx(30 / 40)
    assert pd.isna(sud["people_0_3"])
    assert pd.isna(sud["low_income_share"])
    assert found["listed_buildings"].isna().all()
    assert found["property_flooded_ha"].isna().all()


def test_what_must_be_known_of_the_layers_is_observed(out: Path) -> None:
    seen = table(out, "observations").set_index(["layer", "kind"])
    assert seen.loc[("watched_objects", "no_group"), "ids"] == "Fosse"
    assert seen.loc[("population_grid", "imputed"), "count"] == 1
    negative = seen.loc[("flood_depth_02Moy", "negative_depth")]
    assert negative["count"] == 28
    assert "-0,004 m" in negative["remark"]


def test_depths_are_counted_by_class_and_above_the_floor(out: Path) -> None:
    """A stands in 0.7 m, its floor at 0.5 m; a depth below 0 is dry ground, and counted."""
    sud = table(out, "depths").loc[("62001", "02Moy")]
    assert sud[["buildings", "buildings_05-1m", "buildings_Inf05", "buildings_above_floor"]].tolist(
    ) == [1, 1, 0, 1]  # fmt: skip
    account = table(out, "depths_account").loc["02Moy"]
    assert (account["wet"], account["dry"]) == (1, 3)
    assert account["cells_negative"] > 0


def test_water_stands_at_the_spill_level_where_the_ground_is_known(out: Path) -> None:
    """64 cells at 7 m up to 9 m: 6 400 m², 12 800 m³; C is in it, D on the rim is not."""
    basins = table(out, "basins").set_index("id_station")
    assert basins["source"].to_dict() == {"S1": "terrain", "S2": "polygon"}
    s1 = basins.loc["S1"]
    assert (s1["level_m"], s1["area_m2"], s1["volume_m3"]) == (9.0, 6_400.0, 12_800.0)
    assert pd.isna(basins.loc["S2", "level_m"])
    water = gpd.read_parquet(out / "layers" / "basins_water.parquet").set_index("id_station")
    assert water.area.to_dict() == pytest.approx({"S1": 6_400.0, "S2": 10_000.0})
    stations = table(out, "stations").loc["S1"]
    assert (stations["buildings"], stations["buildings_drawn"]) == (1, 2)
    assert (stations["level_m"], stations["buildings_above_floor"]) == (9.0, 1)
    assert table(out, "stations").loc["S2", "buildings_above_floor"] is pd.NA


@pytest.mark.parametrize(
    ("options", "level_m", "found", "above"),
    [
        ({"floor_height_m": 2.0}, 9.0, 1, 0),
        ({"floor_height_m": 1.9}, 9.0, 1, 1),
        # Over the whole plain the water leaves at 10 m: the gap is a part of the hollow.
        ({"basin_water": "relief"}, 10.0, 1, 1),
        ({"basin_water": "drawn"}, None, 2, None),
        ({"min_depth_m": 2.5}, None, 2, None),  # the hollow is 2 m deep: left out
    ],
)
def test_how_high_water_stands_is_chosen(
    study: Study,
    tmp_path: Path,
    options: dict[str, object],
    level_m: float | None,
    found: int,
    above: int | None,
) -> None:
    changed = replace(study, flood=FloodParameters(**options))  # type: ignore[arg-type]
    run_study(changed, tmp_path, only=["stations"])
    station = table(tmp_path, "stations").loc["S1"]
    assert station["buildings"] == found
    assert station["buildings_drawn"] == 2
    if level_m is None:
        assert station["source"] == "polygon"
        assert pd.isna(station["level_m"])
        assert pd.isna(station["buildings_above_floor"])
    else:
        assert (station["source"], station["level_m"]) == ("terrain", level_m)
        assert station["buildings_above_floor"] == above


def test_a_study_without_these_layers_is_what_it_was(tmp_path: Path) -> None:
    """Kills: columns of people that are all zero, depths of a raster that was not given."""
    without = ("population_grid", "watched_objects", "terrain", "flood_depth_02Moy")
    study = deliver(tmp_path / "files", without=without)
    run_study(study, tmp_path / "out", only=["report"])
    tables = {path.stem for path in (tmp_path / "out" / "tables").glob("*.parquet")}
    assert not tables & {"people", "people_cells", "depths"}
    assert "people" not in table(tmp_path / "out", "exposure")
    assert "people_exposed_02Moy" not in pd.read_csv(tmp_path / "out" / "communes.csv")
    assert table(tmp_path / "out", "indicators")["sensitive_establishments"].isna().all()
    stations = table(tmp_path / "out", "stations")
    assert stations["buildings"].tolist() == stations["buildings_drawn"].tolist() == [2, 0]
    assert set(stations["source"]) == {"polygon"}


def test_the_report_and_the_terminal_tell_it(study: Study, out: Path) -> None:
    report = (out / "report.md").read_text(encoding="utf-8")
    shown = summarise_exposure(study, out)
    for text in (report, shown):
        assert "| 02Moy | 30 | 30 | 3 |" in text  # people, imputed, of 80 and more
        assert "niveau du terrain | 9 | 12\u202f800 | 1 | 1 | 2 |" in text
        assert "zone dessinée" in text
    assert "Établissements sensibles en zone inondable | 1 |" in shown
    assert "Bâtiments patrimoniaux" not in shown  # not assessed
    assert "Bâtiments patrimoniaux en zone inondable |  |" in report
    english = replace(study, study=StudyParameters(lang="en"))
    assert "level of the terrain" in summarise_exposure(english, out)


# The grid of INSEE as it is delivered -----------------------------------------------------------


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.gpkg", "drawn.gpkg", "drawn.parquet"])
def test_the_grid_is_read_with_and_without_geometry(name: str, tmp_path: Path) -> None:
    """Kills: a table without geometry refused; codes read as numbers; squares off by a corner."""
    raw = population()
    path = tmp_path / name
    if name.startswith("drawn"):
        x = [_EAST, _EAST + 400]
        squares = [shapely.box(e, _NORTH, e + 200, _NORTH + 200) for e in x]
        raw = gpd.GeoDataFrame(raw, geometry=squares, crs=3035)
    if path.suffix == ".csv":
        raw.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        raw.to_parquet(path)
    elif isinstance(raw, gpd.GeoDataFrame):
        raw.to_file(path)
    else:
        import pyogrio

        pyogrio.write_dataframe(raw, path)
    cells, report = read_layer(path, "population_grid")
    assert cells["idcar_200m"].tolist() == CELLS
    assert cells["lcog_geo"].tolist() == ["62001", "6200162003"]
    assert cells["ind"].tolist() == [40.0, 7.0]
    assert cells["men"].isna().all()
    corners = cells.to_crs(3035).bounds.to_numpy()
    expected = [[e, _NORTH, e + 200, _NORTH + 200] for e in (_EAST, _EAST + 400)]
    np.testing.assert_allclose(corners, expected, atol=1e-3)
    assert report.rows_read == report.rows_kept == 2


def test_rows_that_name_no_square_are_dropped_and_counted(tmp_path: Path) -> None:
    """Cells of 1 km, other grids, null, the same cell twice."""
    names = [*CELLS, CELLS[0], "CRS3035RES1000mN3079000E3834000", "CRS3035RES200mN1E200", None]
    raw = pd.DataFrame({"idcar_200m": names, "ind": 1.0})
    raw.to_parquet(tmp_path / "a.parquet")
    cells, report = read_layer(tmp_path / "a.parquet", "population_grid")
    assert len(cells) == 2
    assert report.rows_read == 6
    dropped = report.to_frame().query("kind == 'dropped'").set_index("reason")["count"]
    assert dropped["unreadable geometry"] == 3
    assert dropped.sum() == 4


def test_a_table_that_names_no_squares_is_still_refused(tmp_path: Path) -> None:
    raw = pd.DataFrame({"cellule": CELLS, "ind": 1.0})
    raw.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(LayerError, match="no column holds coordinates among: cellule"):
        read_layer(tmp_path / "a.csv", "population_grid")
    bare = population().drop(columns="Ind")
    bare.to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(LayerError, match="required column « ind » not found"):
        read_layer(tmp_path / "b.csv", "population_grid")
