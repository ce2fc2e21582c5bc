"""The study of a flood: people, indicators, depths and spill levels, from files to tables."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

import worlds
from tvb.errors import LayerError, StudyError
from tvb.flood import OUTSIDE
from tvb.grid import Grid
from tvb.io import read_layer, write_grid
from tvb.study import LayerFile, Study, read_study, run_study
from tvb.study.coherence import describe_coherence
from tvb.study.config import FloodParameters, StudyParameters, TerritoryParameters
from tvb.study.report import summarise_exposure
from tvb.study.store import Store

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
    each = table(out, "depths_buildings")
    assert each[["cleabs", "scenario"]].values.tolist() == [["A", "02Moy"]]
    assert each.loc[0, ["depth_max_m", "depth_door_m"]].tolist() == pytest.approx([0.7, 0.2])
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


# The official figures ----------------------------------------------------------------------------


def with_nature(study: Study, nature: str, *names: str) -> Study:
    """Return a study some layers of which say what they are worth."""
    changed = {name: replace(study.layers[name], nature=nature) for name in names}
    return replace(study, layers={**study.layers, **changed})


def test_official_figures_stand_beside_those_of_the_run_with_their_source(out: Path) -> None:
    """Kills: figures on the terminal only; 29 communes of the basin taken as those of the run."""
    found = table(out, "official")
    assert found["value"].tolist() == [1, 1, 1, 1, 2]
    assert found["official"].tolist() == [29, 2233, 29, 2233, 40]
    assert found["how"].tolist() == [
        *["zones du scénario 02Moy, dans les communes"] * 2,
        *["toutes les stations arrêtées"] * 2,
        "objets de la couche",
    ]
    assert set(found["source"]) == {"Mission Bassin Minier, s. d."}
    assert set(found["nature"]) == {"real"}
    assert found["rule"].iloc[:4].eq("touches").all()
    assert found.loc[4, ["rule", "exclude", "attribution"]].isna().all()
    assert (out / "tables" / "official.csv").is_file()


def test_a_modelled_flood_is_not_called_measured(study: Study, out: Path, tmp_path: Path) -> None:
    """Kills: « mesuré » above numbers made of invented zones; 40 stations that prove themselves."""
    real = summarise_exposure(study, out)
    assert "| chiffre | mesuré | officiel | ce qui est compté | source |" in real
    assert "Nombres modélisés" not in real
    assert "par construction" not in real
    modelled = with_nature(study, "modelled", "flood_zones", "pumping_stations")
    run_study(modelled, tmp_path, only=["report"])
    shown = summarise_exposure(modelled, tmp_path)
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "Nombres modélisés : bâtiments ou zones sont inventés" in shown
    for text in (shown, report):
        assert "| chiffre | modélisé | officiel |" in text
        assert "| 2 | 40 | par construction : la couche modélisée prend le nombre" in text
    found = table(tmp_path, "official")
    assert set(found["nature"]) == {"modelled"}
    stations = with_nature(study, "schematic", "flood_zones")
    run_study(stations, tmp_path, only=["official"])
    assert "| chiffre | schématique |" in summarise_exposure(stations, tmp_path)


def test_figures_of_a_part_of_the_territory_are_not_compared(study: Study, tmp_path: Path) -> None:
    part = replace(study, territory=TerritoryParameters(communes=("62001", "62002")))
    run_study(part, tmp_path, only=["official"])
    how = table(tmp_path, "official")["how"]
    assert how.str.endswith("; une partie du territoire (2 communes) : non comparable").all()


# The rule ----------------------------------------------------------------------------------------

RULE = ["rule", "exclude", "attribution"]
LIGHT = "BATLIGHT"


@pytest.mark.parametrize(
    "name",
    ["exposure", "exposure_epci", "exposed_buildings", "sensitivity", "sensitivity_totals",
     "sensitivity_choices", "sensitivity_communes", "buildings", "people", "indicators", "depths",
     "stations", "stations_communes", "stations_pairs", "official"],
)  # fmt: skip
def test_every_table_states_its_rule(out: Path, name: str) -> None:
    """Kills the table that is sent on without the report beside it."""
    plain = table(out, name).reset_index()
    assert len(plain)
    assert not set(RULE) - set(plain)
    kept = (
        plain[plain["figure"] != "Stations de relevage, environ"] if name == "official" else plain
    )
    assert kept[RULE].notna().all(axis=None)


def test_the_terminal_states_the_rule_before_any_number(study: Study, out: Path) -> None:
    first = summarise_exposure(study, out).split("|", 1)[0]
    assert first.startswith(
        "Règle de comptage : le bâtiment a au moins un point dans une zone. Un bâtiment compte une "
        "fois par scénario, dans la commune de sa plus grande part. Hors du compte : constructions "
        "légères, annexes, bâtiments qui ne sont pas en service."
    )
    keys = FloodParameters(rule="share", min_share=0.25, exclude=(), attribution="centroid")
    other = replace(study, study=StudyParameters(lang="en"), flood=keys)
    assert summarise_exposure(other, out).startswith(
        "Counting rule: a share of at least 25 % of the footprint lies in a zone. A building "
        "counts once per scenario, in the one commune of its centre. No building is left out."
    )


@pytest.fixture(scope="module")
def bent(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Return a study whose only building is light and bent over the border of Sud and Port.

    200 m² in Sud, 180 m² in a long arm in Port, where the centre is: x = (990 · 200 + 1030 · 180) /
    380 = 1009. The zone holds 100 m² of it, 26 %, without the centre.
    """
    folder = tmp_path_factory.mktemp("bent") / "files"
    study = deliver(folder, without=("population_grid", "terrain", "watched_objects"))
    shape = worlds.box(980, 0, 1000, 10).union(worlds.box(1000, 0, 1060, 3))
    table = {
        "cleabs": [LIGHT], "usage_1": "Résidentiel", "construction_legere": True,
        "etat_de_l_objet": "En service", "nombre_de_logements": [2],
    }  # fmt: skip
    building = gpd.GeoDataFrame(table, geometry=[shape], crs=2154)
    building.to_file(folder / "buildings.gpkg", VERSION="1.2")
    zone = gpd.GeoDataFrame(
        {"scenario": ["02Moy"]}, geometry=[worlds.box(980, 0, 990, 10)], crs=2154
    )
    zone.to_file(folder / "flood_zones.gpkg", VERSION="1.2")
    return study


@pytest.mark.parametrize(
    ("keys", "counted", "excluded"),
    [
        ({}, {}, {"62001": 1}),
        ({"exclude": ("annexe",)}, {"62001": 1}, {}),
        ({"exclude": (), "attribution": "centroid"}, {"62002": 1}, {}),
        ({"exclude": (), "rule": "centroid"}, {}, {}),
        ({"exclude": (), "rule": "share", "min_share": 0.25}, {"62001": 1}, {}),
        ({"exclude": (), "rule": "share", "min_share": 0.3}, {}, {}),
    ],
)
def test_the_keys_of_a_study_are_the_rule_of_every_count(
    bent: Study,
    tmp_path: Path,
    keys: dict[str, object],
    counted: dict[str, int],
    excluded: dict[str, int],
) -> None:
    """Kills: a key that changes the head of a table and not its numbers, or one table of many."""
    study = replace(bent, flood=FloodParameters(**keys))  # type: ignore[arg-type]
    run_study(study, tmp_path, only=["official"])

    def told(name: str, column: str) -> dict[str, int]:
        found = table(tmp_path, name)[column].droplevel("scenario")
        return found[found > 0].drop("ensemble", errors="ignore").to_dict()

    assert told("exposure", "buildings") == told("indicators", "buildings") == counted
    assert told("exposure", "buildings_excluded") == excluded
    assert told("sensitivity_communes", "buildings") == counted
    totals = table(tmp_path, "buildings")["buildings"]
    is_kept = keys.get("exclude") is not None
    assert totals.sum() == int(is_kept)
    if is_kept:
        assert totals.idxmax() == ("62002" if "attribution" in keys else "62001")
    assert table(tmp_path, "sensitivity")["buildings"].tolist() == [sum(counted.values())]
    assert table(tmp_path, "official")["value"].tolist()[:2] == [sum(counted.values())] * 2
    choices = table(tmp_path, "sensitivity_choices").xs("02Moy").drop(columns="nature")
    said = study.flood
    assert choices.loc["rule", RULE].tolist() == [
        "(varies)", ", ".join(said.exclude) or "nothing", said.attribution,
    ]  # fmt: skip
    # Light constructions left out, or not: it is the only building there is.
    assert choices.loc["exclude", ["min", "max"]].tolist() == [
        0, int(bool(counted or excluded)),
    ]  # fmt: skip


def test_unknown_values_of_the_keys_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(
        '[territory]\nembedded = true\n[flood]\nrule = "near"\nmin_share = 0\n'
        'exclude = ["ruins"]\nattribution = "largest"\n',
        encoding="utf-8",
    )
    with pytest.raises(StudyError) as caught:
        read_study(path)
    for line in (
        r"line 4, [flood] rule: 'near' is not one of touches, centroid, share",
        r"line 5, [flood] min_share: 0 is less than the least allowed, 1e-09",
        r"line 6, [flood] exclude: 'ruins' is not one of light, annexe, not_in_service",
        r"line 7, [flood] attribution: 'largest' is not one of largest_share, centroid",
    ):
        assert line in str(caught.value)
    path.write_text("[territory]\nembedded = true\n[flood]\nexclude = []\n", encoding="utf-8")
    assert read_study(path).flood.exclude == ()


# Floors and people -------------------------------------------------------------------------------


def test_floors_at_the_level_of_the_ground_have_no_column(study: Study, tmp_path: Path) -> None:
    """Kills the column that repeats the one of the buildings."""
    flat = replace(study, flood=FloodParameters())
    run_study(flat, tmp_path, only=["report"])
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    for text in (report, summarise_exposure(flat, tmp_path)):
        assert "planchers au niveau du sol" in text
        assert "au-dessus du plancher" not in text
    assert table(tmp_path, "depths")["floor_height_m"].eq(0).all()


def test_floors_above_the_ground_are_told(study: Study, out: Path) -> None:
    report = (out / "report.md").read_text(encoding="utf-8")
    for text in (report, summarise_exposure(study, out)):
        assert "planchers à 0,5 m du sol" in text
        assert "au-dessus du plancher" in text
    assert table(out, "stations")["floor_height_m"].eq(0.5).all()


@pytest.mark.parametrize(
    ("people", "dwellings", "shown"),
    [
        # 40 people on 3 + 1 dwellings.
        (40.0, [3, 1, 2, 2], "À NE PAS CITER : 10,0 habitants par logement connu. De 1 à 4"),
        (2.0, [3, 1, 2, 2], "À NE PAS CITER : 0,5 habitants par logement connu."),
        (8.0, [3, 1, 2, 2], ""),
        (40.0, [None] * 4, "Aucun nombre de logements n'est connu : rien ne dit si"),
    ],
)
def test_people_too_many_for_their_dwellings_are_not_to_be_quoted(
    tmp_path: Path, people: float, dwellings: list[int | None], shown: str
) -> None:
    """Kills: 30 000 people in 1 300 dwellings, told without a word."""
    study = deliver(tmp_path / "files", without=("terrain", "watched_objects"))
    homes = buildings().assign(nombre_de_logements=pd.array(dwellings, dtype="Int64"))
    homes.to_file(tmp_path / "files" / "buildings.gpkg", VERSION="1.2")
    grid_file = population().assign(Ind=[people, 7.0])
    grid_file.to_csv(tmp_path / "files" / "carreaux.csv", index=False)
    run_study(study, tmp_path / "out", only=["report"])
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    unknown = dwellings[0] is None
    spread = (
        f"Les {people:g} habitants de 2 carreaux de 200 m sont répartis sur 2 bâtiments, dont "
        + ("2 au nombre de logements inconnu ; les autres ont 0 logement."
           if unknown else "0 au nombre de logements inconnu ; les autres ont 4 logements.")
    )  # fmt: skip
    for text in (report, summarise_exposure(study, tmp_path / "out")):
        assert spread in text
        assert ("À NE PAS CITER" in text) == shown.startswith("À NE")
        assert shown in text
        assert "trop peu nombreux" not in text  # the buildings are not modelled
    told = json.loads((tmp_path / "out" / "tables" / "people.json").read_text())
    assert told["people_per_dwelling"] == (None if unknown else people / 4)
    assert told["plausible"] == (None if unknown else people == 8)


def test_modelled_buildings_are_said_to_be_too_few(study: Study, tmp_path: Path) -> None:
    modelled = with_nature(study, "modelled", "buildings")
    run_study(modelled, tmp_path, only=["official"])
    assert "modélisés sont trop peu nombreux" in summarise_exposure(modelled, tmp_path)


# Classes, protected ground, and other places than communes ---------------------------------------


def hazard_study(folder: Path, *, dry: bool = False, level: str | None = None) -> Study:
    """Return a study with two classes of depth under A, a work that protects it, and an element."""
    study = deliver(folder, without=("population_grid", "terrain", "watched_objects"))
    if level is not None:
        path = folder / "flood_zones.gpkg"
        zones = gpd.read_file(path).assign(niveau=level)
        zones.to_file(path, VERSION="1.2")
        return study
    zone = (CX - 30, CY - 20, CX - 10, CY + 20)
    frames = {
        "depth_classes": gpd.GeoDataFrame(
            {"scenario": "02Moy", "classe": ["Emerg" if dry else "Inf05", "05-1m"]},
            geometry=[worlds.box(*zone), worlds.box(CX - 16, CY - 20, CX, CY + 20)],
            crs=2154,
        ).iloc[: 1 if dry else 2],
        "protected_zones": gpd.GeoDataFrame(
            {"id_zone": ["P"]}, geometry=[worlds.box(*zone)], crs=2154
        ),
        "property_elements": gpd.GeoDataFrame(
            {"no_element": ["7", "12"], "nom": ["Cité", "Fosse"]},
            geometry=[worlds.box(*zone), worlds.box(0, 0, 10, 10)],
            crs=2154,
        ),
    }
    for name, frame in frames.items():
        frame.to_file(folder / f"{name}.gpkg", VERSION="1.2")
    files = {name: LayerFile(paths=(folder / f"{name}.gpkg",)) for name in frames}
    return replace(study, layers={**study.layers, **files})


def test_class_and_protection_of_each_building_and_commune(tmp_path: Path) -> None:
    """A meets both classes: the worst counts; a work protects the ground of its centre."""
    study = hazard_study(tmp_path / "files")
    run_study(study, tmp_path / "out", only=["report"])
    sud = table(tmp_path / "out", "exposure").loc[("62001", "02Moy")]
    assert sud[["buildings", "class_Inf05", "class_05-1m", "class_unknown"]].tolist() == [
        1,
        0,
        1,
        0,
    ]
    assert sud["buildings_protected"] == 1
    rows = table(tmp_path / "out", "exposed_buildings")
    assert rows[["cleabs", "insee", "hazard_class", "protected", "left_out"]].values.tolist() == [
        ["A", "62001", "05-1m", True, False]
    ]
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    for text in (report, summarise_exposure(study, tmp_path / "out")):
        assert "| 02Moy | 1 | 0 | 1 | 0 | 1 |" in text
        assert "dont protégés par un ouvrage" in text


def test_ground_of_a_dry_class_exposes_nobody(tmp_path: Path) -> None:
    """Kills « Emerg » counted as water because it lies within the outline of the flood."""
    run_study(hazard_study(tmp_path / "files", dry=True), tmp_path / "out", only=["official"])
    assert table(tmp_path / "out", "exposure")["buildings"].sum() == 0
    assert table(tmp_path / "out", "indicators")["flooded_ha"].sum() == pytest.approx(0.04)
    assert table(tmp_path / "out", "exposed_buildings").empty


@pytest.mark.parametrize(("level", "column"), [("1m-2m", "class_1m-2m"), ("Fort", None)])
def test_levels_of_zones_are_classes_where_their_order_is_known(
    tmp_path: Path, level: str, column: str | None
) -> None:
    """Kills « Faible », « Fort », « Moyen » ranked by the alphabet."""
    run_study(hazard_study(tmp_path / "files", level=level), tmp_path / "out", only=["official"])
    exposure = table(tmp_path / "out", "exposure")
    assert [name for name in exposure if name.startswith("class_") and exposure[name].any()] == (
        [] if column is None else [column]
    )
    assert ("class_unknown" in exposure) == (column is not None)


def test_counts_by_intercommunality_and_by_element_of_the_property(tmp_path: Path) -> None:
    run_study(hazard_study(tmp_path / "files"), tmp_path / "out", only=["official"])
    epci = table(tmp_path / "out", "exposure_epci").xs("02Moy", level="scenario")
    assert epci.index.tolist() == ["200000001", "200000002", OUTSIDE]
    assert epci["epci_nom"].tolist()[:2] == ["CA du Sud", "CC du Nord"]
    assert epci["buildings"].tolist() == [1, 0, 0]
    assert epci["class_05-1m"].tolist() == [1, 0, 0]
    elements = table(tmp_path / "out", "exposure_elements").xs("02Moy", level="scenario")
    assert elements["nom"].dropna().to_dict() == {"12": "Fosse", "7": "Cité"}
    assert elements["buildings"].to_dict() == {"12": 0, "7": 1, "hors zonage": 0, "ensemble": 1}
    assert set(elements["attribution"]) == {"every area: centroid"}


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


def deliver_zones(folder: Path, name: str, frame: gpd.GeoDataFrame) -> Study:
    """Write the files of a study whose flood zones are delivered by the CNIG."""
    without = ("population_grid", "watched_objects", "terrain", "flood_depth_02Moy")
    study = deliver(folder, without=without)
    frame.to_file(folder / f"{name}.gpkg", VERSION="1.2")
    layers = {**study.layers, "flood_zones": LayerFile(paths=(folder / f"{name}.gpkg",))}
    return replace(study, layers=layers)


def test_a_delivery_of_emerged_ground_exposes_nobody(tmp_path: Path) -> None:
    """Kills « Emerg » read as flooded, and « 02Moy » not found in a file that says « Moy »."""
    frame = gpd.GeoDataFrame(
        {"idsurfaceinondable": ["S1"], "occurrence": ["Moy"], "classehauteur": ["Emerg"]},
        geometry=[worlds.box(CX - 30, CY - 20, CX, CY + 20)], crs=2154,
    )  # fmt: skip
    study = deliver_zones(tmp_path / "files", "zone_iso_classe_hauteur_s", frame)
    run_study(study, tmp_path / "out", only=["flood", "coherence"])
    exposure = table(tmp_path / "out", "exposure")
    assert set(exposure.index.get_level_values("scenario")) == {"02Moy"}
    assert exposure["buildings"].sum() == 0
    (told,) = describe_coherence(Store(tmp_path / "out"), lang="en")
    assert told == "Coherence of the flood zones: no defect by 16 rules."
    wet = deliver_zones(tmp_path / "wet", "zones", frame.assign(classehauteur="Inf05"))
    run_study(wet, tmp_path / "wet_out", only=["flood"])
    assert table(tmp_path / "wet_out", "exposure")["buildings"].sum() == 1
    assert describe_coherence(Store(tmp_path / "wet_out"), lang="en") == []


def test_defects_of_the_zones_are_told(tmp_path: Path) -> None:
    """02Moy delivered in both formats, beside an overlap, a sliver of 01For outside, a null one."""
    zone = worlds.box(CX - 30, CY - 20, CX, CY + 20)
    again = worlds.box(CX - 10, CY - 40, CX + 0, CY - 10)
    frame = gpd.GeoDataFrame(
        {"id_zone": list("ABCDE"), "scenario": ["02Moy", "Moy", "02Moy", "For", "Moy"]},
        geometry=[zone, zone, again, shapely.box(*zone.bounds[:2], zone.bounds[2] + 0.01,
                                                 zone.bounds[3]), None], crs=2154,
    )  # fmt: skip
    study = deliver_zones(tmp_path / "files", "zones", frame)
    out = tmp_path / "out"
    run_study(study, out, only=["flood", "coherence", "official", "geopackage"])
    found = table(out, "coherence")
    assert found[["rule", "kind", "scenario"]].to_numpy().tolist() == [
        ["HAZ-01", "slivers", "01For"], ["HAZ-05", "defect", "02Moy"],
        ["HAZ-05", "defect", "02Moy"], ["HAZ-15", "defect", "02Moy"],
    ]  # fmt: skip
    assert (out / "tables" / "coherence.csv").is_file()
    assert "deux zones de 02Moy partagent" in found["message"][1]
    line = "3 défauts, 1 éclat (HAZ-01 × 1, HAZ-05 × 2, HAZ-15 × 1)"
    store = Store(out)
    assert line in describe_coherence(store, lang="fr")[0]
    shown = summarise_exposure(study, out)
    assert shown.count("Cohérence des zones inondables : 3 défauts") == 1
    layer = gpd.read_file(out / "tvb.gpkg", layer="hazard_defects")
    assert layer["rule"].tolist() == found["rule"].tolist()
    assert layer.area.sum() == pytest.approx(found["area_m2"].sum())
