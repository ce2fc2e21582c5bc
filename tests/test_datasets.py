"""The embedded territory: facts are true, shapes fit them, models are the same everywhere."""

from __future__ import annotations

import hashlib
import importlib.util
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import tvb
import worlds
from tvb import flood
from tvb.datasets import (
    MODELLED,
    bassin_minier,
    facts_files,
    find_data,
    list_facts,
    load_facts,
    model,
    model_buildings,
    model_missing_layers,
)
from tvb.datasets.buildings import share_out
from tvb.datasets.communes import grow_communes
from tvb.datasets.flood import level_polygons
from tvb.datasets.land_cover import gabriel_pairs
from tvb.datasets.noise import Frame, hash_uniform, noise_at, noise_on, sample, spread
from tvb.datasets.raster import burn_lines, label_polygons
from tvb.datasets.shapes import resize
from tvb.errors import CrsError, ParameterError, SourceError, UnknownNameError
from tvb.schema import validate
from tvb.schema.layers import SCENARIOS, TERRITORY_SCHEMAS
from tvb.territory import Territory

ROOT = Path(__file__).resolve().parents[1]
LENS, DOUAI, RURAL = "62498", "59178", "62720"


@pytest.fixture(scope="module")
def basin() -> Territory:
    """The whole territory, small."""
    return bassin_minier(buildings=20_000, cell_m=50.0)


@pytest.fixture(scope="module")
def part() -> Territory:
    """Three of its communes."""
    return bassin_minier(communes=[DOUAI, LENS, RURAL], buildings=20_000, cell_m=50.0)


def fingerprint(territory: Territory) -> str:
    """Return a digest of everything that a territory holds."""
    digest = hashlib.sha256()
    for name, frame in sorted(territory.layers.items()):
        digest.update(name.encode())
        digest.update(b"".join(shapely.to_wkb(frame.geometry.to_numpy())))
        digest.update(frame.drop(columns="geometry").to_csv().encode())
    for name, grid in sorted(territory.grids.items()):
        digest.update(name.encode() + grid.values.tobytes() + str(grid.bounds).encode())
    return digest.hexdigest()


# Facts ----------------------------------------------------------------------------------------


def test_facts_have_the_published_numbers_of_rows() -> None:
    rows = {name: len(load_facts(name)) for name in list_facts()}
    assert rows["communes"] == 330
    assert rows["terrils"] == 161  # 51 + 111, T140 once
    assert rows["elements"] == 109
    assert rows["pits"] == 636
    assert rows["cavaliers"] == 1316 + 14


def test_codes_stay_text_and_t140_is_known_to_stand_in_two_files() -> None:
    """Kills reading codes as numbers, and dropping the double without a trace."""
    assert load_facts("communes")["insee"].str.len().eq(5).all()
    terrils = load_facts("terrils")
    assert terrils["in_property"].sum() == 51
    assert terrils.loc[terrils["files"] == 2, "no_terril"].tolist() == ["T140"]


def test_a_table_of_facts_can_be_changed_without_changing_the_next() -> None:
    table = load_facts("terrils")
    table["nom"] = "?"
    assert "?" not in load_facts("terrils")["nom"].tolist()


def test_unknown_facts_are_named_with_what_exists() -> None:
    with pytest.raises(ParameterError, match=r"facts « rivières »: unknown.*rivers, terrils"):
        load_facts("rivières")


def test_missing_data_say_where_they_were_looked_for() -> None:
    with pytest.raises(SourceError, match=r"« nothing\.csv »: found neither in .*_data nor in"):
        find_data("nothing.csv")


def test_data_are_found_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills a path that only a checkout has."""
    (tmp_path / "_data" / "facts").mkdir(parents=True)
    (tmp_path / "_data" / "facts" / "new.csv").write_text("insee\n62001\n", encoding="utf-8")
    monkeypatch.setattr(facts_files.resources, "files", lambda _: tmp_path)
    assert find_data("facts/new.csv") == tmp_path / "_data" / "facts" / "new.csv"


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_facts", ROOT / "tools" / "build_facts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.official
def test_the_facts_are_those_of_the_published_layers(official: Path, tmp_path: Path) -> None:
    """The checked-in tables are what the script makes, byte for byte."""
    for name, table in _tool().build_all(official).items():
        table.to_csv(tmp_path / "new.csv", index=False, lineterminator="\n")
        kept = (ROOT / "data" / "facts" / f"{name}.csv").read_bytes()
        assert (tmp_path / "new.csv").read_bytes() == kept, name


@pytest.mark.official
def test_points_of_communes_lie_in_the_official_ones(official: Path) -> None:
    shapes = gpd.read_file(official / "communes-mbm.geojson").to_crs(2154).set_index("insee")
    facts = load_facts("communes")
    own = shapes.geometry.loc[facts["insee"]].to_numpy()
    assert shapely.contains_xy(own, facts[["x", "y"]].to_numpy(dtype=float)).all()


# The territory --------------------------------------------------------------------------------


def test_every_layer_is_valid_and_says_what_it_is(basin: Territory) -> None:
    expected = {schema.name for schema in TERRITORY_SCHEMAS} - {"listed_buildings"}
    assert set(basin.layers) == expected | {"population_grid", "watched_objects"}
    for name, frame in basin.layers.items():
        validate(frame, name)
        assert len(frame), name
    natures = {s.layer: s.nature for s in basin.sources_of(*basin.layers, *basin.grids)}
    assert "real" not in natures.values()
    assert natures["terrils"] == "schematic"
    assert {natures[name] for name in MODELLED} == {"modelled"}


def test_communes_share_their_borders_and_have_nearly_their_areas(basin: Territory) -> None:
    """Kills a plain Voronoi diagram (areas off by half) and borders wound one polygon at a time."""
    communes, facts = basin["communes"], load_facts("communes")
    shapes = communes.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.union_all(shapes).geom_type == "Polygon"
    assert shapely.union_all(shapes).area == pytest.approx(shapely.area(shapes).sum(), rel=1e-9)
    assert shapely.area(shapes).sum() / 1e4 == pytest.approx(facts["area_ha"].sum(), rel=0.01)
    error = np.abs(shapely.area(shapes) / 1e4 / facts["area_ha"].to_numpy() - 1)
    assert np.median(error) < 0.03
    assert np.quantile(error, 0.95) < 0.15
    assert shapely.contains_xy(shapes, facts[["x", "y"]].to_numpy(dtype=float)).all()


def test_another_seed_gives_another_partition(basin: Territory) -> None:
    communes = grow_communes(load_facts("communes"), seed=1)
    assert shapely.coverage_is_valid(communes.geometry.to_numpy())
    validate(communes, "communes")
    assert not communes.geometry.iloc[0].equals(basin["communes"].geometry.iloc[0])


def test_terrils_and_estates_have_their_true_areas(basin: Territory) -> None:
    for name in ("terrils", "estates", "water_bodies"):
        facts = load_facts(name)
        np.testing.assert_allclose(basin[name].area / 1e4, facts["area_ha"], rtol=1e-9)
        points = facts[["x", "y"]].to_numpy(dtype=float)
        assert shapely.contains_xy(basin[name].geometry.to_numpy(), points).all()


def test_the_property_is_made_of_its_elements(basin: Territory) -> None:
    """109 elements that do not overlap, 3 969 ha as measured on the official layer, 1 % off."""
    elements = basin["property_elements"].geometry.to_numpy()
    union = shapely.union_all(basin["property"].geometry.to_numpy())
    assert shapely.area(elements).sum() == pytest.approx(union.area, rel=1e-6)
    assert union.area / 1e4 == pytest.approx(3969, rel=0.01)
    inscribed = basin["terrils"].loc[basin["terrils"]["id_unesco"].notna()].geometry.to_numpy()
    assert len(inscribed) == 51
    assert shapely.area(shapely.intersection(inscribed, union)).sum() == pytest.approx(
        shapely.area(inscribed).sum(), rel=0.01
    )


def test_the_buffer_has_its_published_area_and_leaves_out_the_property(basin: Territory) -> None:
    zone = shapely.union_all(basin["buffer"].geometry.to_numpy())
    assert zone.area / 1e4 == pytest.approx(18_804 - 3_943, rel=0.01)
    assert shapely.union_all(basin["property"].geometry.to_numpy()).intersection(zone).area < 1


def test_cavaliers_have_nearly_their_true_length(basin: Territory) -> None:
    lines = basin["cavaliers"]
    assert len(lines) == 1316
    assert lines.length.sum() == pytest.approx(lines["longueur_m"].sum(), rel=0.02)


def test_forty_stations_keep_forty_basins(basin: Territory) -> None:
    stations, basins = basin["pumping_stations"], basin["drained_basins"]
    assert len(stations) == 40
    assert stations["id_station"].tolist() == basins["id_station"].tolist()
    held = shapely.contains(basins.geometry.to_numpy(), stations.geometry.to_numpy())
    assert held.all()
    shape = basin["communes"].set_index("insee").geometry
    own = shape.loc[stations["id_station"].str.extract(r"_S(\d{5})_", expand=False)].to_numpy()
    assert shapely.contains(own, stations.geometry.to_numpy()).all()


# Floods ---------------------------------------------------------------------------------------


def test_a_rarer_flood_covers_a_more_frequent_one(basin: Territory) -> None:
    """Exactly, on unions of zones; kills simplifying each scenario by itself."""
    zones = basin["flood_zones"]
    covered = [
        shapely.union_all(zones.loc[zones["scenario"] == s].geometry.to_numpy()) for s in SCENARIOS
    ]
    for inner, outer in pairwise(covered):
        assert shapely.difference(inner, outer).area < 1e-3
        assert outer.area > 1.1 * inner.area
    depths = [basin.grids[f"flood_depth_{s}"].values for s in SCENARIOS]
    for inner, outer in pairwise(depths):
        assert (inner <= outer).all()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_depths_and_zones_agree(basin: Territory, scenario: str) -> None:
    """A cell is under water where its centre lies in a zone; no data only out of the territory."""
    grid = basin.grids[f"flood_depth_{scenario}"]
    assert grid.values.dtype == np.float32
    rng = np.random.default_rng(0)
    row, column = rng.integers(0, grid.shape[0], 6_000), rng.integers(0, grid.shape[1], 6_000)
    points = shapely.points(grid.x_min + (column + 0.5) * 50, grid.y_max - (row + 0.5) * 50)
    value = grid.values[row, column]
    zones = basin["flood_zones"]
    shapes = zones.loc[zones["scenario"] == scenario].geometry.to_numpy()
    wet = np.zeros(len(points), dtype=bool)
    wet[shapely.STRtree(shapes).query(points, predicate="intersects")[0]] = True
    inside = shapely.intersects(basin["study_area"].geometry.iloc[0], points)
    np.testing.assert_array_equal(value == -9999, ~inside)
    np.testing.assert_array_equal(value > 0, wet)
    assert value.max() < 30


def test_detail_makes_ragged_edges() -> None:
    count = [
        bassin_minier(communes=[DOUAI], detail=detail, rasters=False)["flood_zones"]
        .get_coordinates()
        .shape[0]
        for detail in (0.0, 6.0)
    ]
    assert count[1] > 1.3 * count[0]


def test_level_polygons_of_a_cone_are_discs() -> None:
    """Pencil: less than 300 m from the origin lies a disc; folded at 200 m, a ring."""
    frame = Frame.around((-500, -500, 500, 500), 5.0)
    distance = np.hypot(*np.meshgrid(frame.x, frame.y)).astype(np.float32)
    (disc,) = level_polygons(distance, frame, [300.0])[0]
    assert disc.area == pytest.approx(np.pi * 300**2, rel=1e-3)
    (ring,) = level_polygons(np.abs(distance - 200), frame, [100.0])[0]
    assert ring.area == pytest.approx(np.pi * (300**2 - 100**2), rel=1e-3)
    assert len(level_polygons(distance, frame, [-1.0])[0]) == 0
    assert len(level_polygons(distance[:1], frame, [1.0])[0]) == 0


def test_the_relief_drains_to_bowls_that_stations_keep_dry(basin: Territory) -> None:
    """Ground is the height above the river but in the basins, where it sank below their outline."""
    ground, stage = basin.grids["terrain"], {"01For": 0.15, "04Fai": 1.3}
    known = ground.values != ground.nodata
    np.testing.assert_array_equal(known, basin.grids["land_cover"].values != 0)
    assert (ground.values[known] > 0).all()
    assert (ground.values[known] < 150).all()
    dry = flood.isolate_basins(ground, basin["drained_basins"])
    sunk = ~np.isnan(dry.values)
    wet = [basin.grids[f"flood_depth_{s}"].values for s in stage]
    both = (wet[0] > 0) & ~sunk
    rise = (ground.values + wet[1])[both] - (ground.values + wet[0])[both]  # one level, two stages
    np.testing.assert_allclose(rise, 1.3 - 0.15, atol=0.02)
    water = flood.flood_basins(basin["drained_basins"], flood.fill_depressions(dry))
    of_terrain = water[water["source"].eq("terrain").to_numpy()]
    assert of_terrain["id_station"].nunique() >= 30
    assert (of_terrain.area <= basin["drained_basins"].area.max() * 1.1).all()


# People and what is watched ---------------------------------------------------------------------


def test_people_of_the_grid_are_those_of_the_communes(basin: Territory) -> None:
    """Kills people lost between commune and cell, and ages that are not those of the people."""
    cells, communes = basin["population_grid"], basin["communes"]
    assert cells["ind"].sum() == pytest.approx(communes["population"].sum(), abs=1)
    assert cells["idcar_200m"].is_monotonic_increasing
    ages = [c for c in cells.columns if c.startswith("ind_") and c != "ind_snv"]
    assert cells[ages].sum(axis=1).to_numpy() == pytest.approx(cells["ind"].to_numpy(), abs=0.06)
    assert (cells["i_est_200"] == (cells["men"] < 11)).all()
    assert cells["i_est_200"].mean() < 0.6
    codes = flood.population.split_commune_codes(cells["lcog_geo"])
    assert codes.map(len).max() > 1
    assert set().union(*codes) <= set(communes["insee"])
    spread = flood.spread_population(basin["buildings"], cells)
    assert spread.cells["no_building"].sum() < 0.001 * cells["ind"].sum()


def test_names_that_were_made_up_are_french(basin: Territory) -> None:
    """Kills « Bois de Isbergues » and « École de Oignies »."""
    for layer in ("core_areas", "pumping_stations", "watched_objects"):
        names = basin[layer]["nom"]
        assert not names.str.contains(r"\b[Dd]e (?:[AEIOUÉÈŒ]|L[ea]s? nan)", na=False).any()
        assert names.str.contains(r" d'[A-ZÉ]", na=False).any()
    assert basin["core_areas"]["nom"].str.contains("Bois d'Isbergues").any()


def test_watched_objects_stand_on_buildings_of_their_commune(basin: Territory) -> None:
    objects, buildings = basin["watched_objects"], basin["buildings"]
    assert objects["id_objet"].is_unique
    town_halls = objects[objects["categorie"].eq("Mairie").to_numpy()]
    built = set(buildings["cleabs"].str[8:13])
    assert set(town_halls["insee"]) == built
    at, building = shapely.STRtree(buildings.geometry.to_numpy()).query(
        objects.geometry.to_numpy(), predicate="dwithin", distance=10.0
    )
    code = buildings["cleabs"].str[8:13].to_numpy()[building]
    assert set(at[code == objects["insee"].to_numpy()[at]]) == set(range(len(objects)))
    groups = flood.group_watched_objects(objects["categorie"])
    assert set(groups) == set(flood.WATCHED_GROUPS)


# Buildings ------------------------------------------------------------------------------------


def test_buildings_are_shared_out_by_population(basin: Territory) -> None:
    buildings = basin["buildings"]
    assert len(buildings) == 20_000
    found = buildings["cleabs"].str[8:13].value_counts()
    people = basin["communes"].set_index("insee")["population"].astype(float)
    exact = 20_000 * people / people.sum()
    assert (found.reindex(people.index).fillna(0) - exact).abs().max() < 1


def test_buildings_stand_in_their_commune_and_not_on_each_other(basin: Territory) -> None:
    buildings = basin["buildings"].geometry.to_numpy()
    shape = basin["communes"].set_index("insee").geometry
    own = shape.loc[basin["buildings"]["cleabs"].str[8:13]].to_numpy()
    # The block is placed by the centre of its cell: a building may lie across a border.
    assert (shapely.distance(own, shapely.centroid(buildings)) < 90).all()
    first, second = shapely.STRtree(buildings).query(buildings, predicate="overlaps")
    shared = shapely.area(shapely.intersection(buildings[first], buildings[second]))
    assert shared.max(initial=0.0) < 0.5
    terrils = shapely.union_all(basin["terrils"].geometry.to_numpy())
    assert not shapely.intersects(terrils, buildings).any()


def test_columns_are_as_empty_as_those_of_bd_topo(basin: Territory) -> None:
    """Dwellings null about 41 %, storeys about 64 %, heights null or zero (STANDARDS 2.4)."""
    buildings = basin["buildings"]
    assert buildings["nombre_de_logements"].isna().mean() == pytest.approx(0.41, abs=0.06)
    assert buildings["nombre_d_etages"].isna().mean() == pytest.approx(0.64, abs=0.05)
    assert 0.01 < buildings["hauteur"].eq(0).mean() < 0.06
    assert set(buildings["usage_1"]) >= {"Résidentiel", "Annexe", "Industriel"}


def test_model_buildings_gives_any_number_on_given_communes() -> None:
    """750 over 1 000, 2 000, 3 000 and 0 inhabitants: 125, 250, 375, 0."""
    buildings = model_buildings(750, worlds.communes())
    validate(buildings, "buildings")
    counts = buildings["cleabs"].str[8:13].value_counts().to_dict()
    assert counts == {"62001": 125, "62002": 250, "62003": 375}


def test_a_full_commune_passes_its_surplus_on() -> None:
    """Nearly all inhabitants in one square kilometre, which cannot hold 12 000 buildings."""
    communes = worlds.communes().assign(population=[10_000_000, 1, 1, 1])
    counts = model_buildings(14_000, communes)["cleabs"].str[8:13].value_counts()
    assert counts.sum() == 14_000
    assert counts.drop("62001").min() > 100


def test_communes_that_cannot_hold_the_buildings_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"buildings: 3000000 do not fit in 4.*at most \d+"):
        model_buildings(3_000_000, worlds.communes())


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(0, 1_000), min_size=1, max_size=20),
)
def test_share_out_sums_and_is_fair(total: int, weights: list[int]) -> None:
    """Kills rounding each share, which loses or invents some."""
    shares = share_out(total, np.array(weights, dtype=float))
    assert shares.sum() == total
    fair = np.array(weights) if sum(weights) else np.ones(len(weights))
    assert (np.abs(shares - total * fair / fair.sum()) < 1).all()


# Same seed, same bytes; same place, same shapes -----------------------------------------------


def test_same_seed_same_bytes(part: Territory) -> None:
    """Whatever was made before, and in whatever order the communes are asked for."""
    model.partition.cache_clear()
    model.objects.cache_clear()
    model.buffer_zone.cache_clear()
    again = bassin_minier(cell_m=50.0, buildings=20_000, communes=[RURAL, LENS, DOUAI])
    assert fingerprint(again) == fingerprint(part)


def test_a_selection_has_what_the_whole_has_there(basin: Territory, part: Territory) -> None:
    """Kills noise drawn for the extent, and buildings drawn for the whole list."""
    insee = part["communes"]["insee"].tolist()
    whole = basin["communes"]
    pd.testing.assert_frame_equal(
        whole[whole["insee"].isin(insee)].reset_index(drop=True), part["communes"]
    )
    mine = basin["buildings"]["cleabs"].str[8:13].isin(insee)
    pd.testing.assert_frame_equal(
        basin["buildings"][mine].reset_index(drop=True), part["buildings"]
    )
    watched = basin["watched_objects"]
    pd.testing.assert_frame_equal(
        watched[watched["insee"].isin(insee)].reset_index(drop=True), part["watched_objects"]
    )
    for name, grid in part.grids.items():
        large = basin.grids[name]
        row = round((large.y_max - grid.y_max) / 50)
        column = round((grid.x_min - large.x_min) / 50)
        window = large.values[row:, column:][: grid.shape[0], : grid.shape[1]]
        inside = grid.values != grid.nodata
        np.testing.assert_array_equal(window[inside], grid.values[inside])
    outline = part["study_area"].geometry.iloc[0]
    for scenario in SCENARIOS:
        a, b = (
            shapely.union_all(
                shapely.intersection(z.loc[z["scenario"] == scenario].geometry.to_numpy(), outline)
            )
            for z in (basin["flood_zones"], part["flood_zones"])
        )
        assert a.symmetric_difference(b).area < 1e-3


def test_layers_handed_out_may_be_changed() -> None:
    first = bassin_minier(communes=[LENS], buildings=0, rasters=False)
    first["communes"]["nom"] = "?"
    again = bassin_minier(communes=[LENS], buildings=0, rasters=False)
    assert again["communes"]["nom"].tolist() == ["Lens"]
    assert len(again["buildings"]) == 0
    assert not again.grids


# Models on the communes of the user -----------------------------------------------------------


def test_missing_layers_are_made_on_foreign_communes() -> None:
    """The squared town lies where no river is known: a brook crosses it all the same."""
    communes = worlds.communes()
    before = communes.copy()
    made = model_missing_layers(communes, MODELLED, buildings=500)
    pd.testing.assert_frame_equal(communes, before)
    assert set(made.layers) | set(made.grids) == set(MODELLED)
    for name, frame in made.layers.items():
        validate(frame, name)
    assert len(made["flood_zones"]) > 0
    assert {s.nature for s in made.sources} == {"modelled"}
    again = model_missing_layers(communes.iloc[::-1], MODELLED[::-1], buildings=500)
    assert fingerprint(again) == fingerprint(made)


@pytest.mark.official
def test_missing_layers_on_the_official_communes(official: Path) -> None:
    """Their overlaps and slivers give no cell to two communes, and every building is made."""
    columns = ["insee", "nom", "population", "epci_siren", "epci_nom", "geometry"]
    communes = gpd.read_file(official / "communes-mbm.geojson").to_crs(2154)[columns]
    names = ["buildings", "pumping_stations", "flood_zones", "flood_depth_02Moy"]
    made = model_missing_layers(communes, names, buildings=20_000, cell_m=80.0)
    assert len(made["buildings"]) == 20_000
    assert len(made["pumping_stations"]) == 40
    assert list(made.grids) == ["flood_depth_02Moy"]


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"buildings: 3000001 asked for\. Required: 0 to 3"):
        bassin_minier(buildings=3_000_001)
    with pytest.raises(ParameterError, match=r"communes: none is given.*at least one code"):
        bassin_minier(communes=[])
    with pytest.raises(UnknownNameError, match=r"not in the territory \(1 feature: 75056\)"):
        bassin_minier(communes=[LENS, "75056"])
    with pytest.raises(ParameterError, match=r"cell_m: 1\.0 m\. Required: 5 to 100 m"):
        bassin_minier(communes=[LENS], cell_m=1.0)
    with pytest.raises(ParameterError, match=r"detail: 11\. Required: 0 to 10"):
        bassin_minier(communes=[LENS], detail=11)
    with pytest.raises(ParameterError, match=r"layer « terrils »: cannot be modelled"):
        model_missing_layers(worlds.communes(), ["terrils"])
    with pytest.raises(ParameterError, match=r"communes: none is given\. Required: at least one\."):
        model_missing_layers(worlds.communes().iloc[:0], ["buildings"])
    with pytest.raises(CrsError, match="communes: coordinates are in EPSG:4326"):
        model_buildings(10, worlds.communes().to_crs(4326))


# Bricks ---------------------------------------------------------------------------------------


def test_noise_is_the_same_by_points_and_by_cells() -> None:
    frame = Frame.around((700_000, 7_000_000, 701_000, 7_000_600), 20.0)
    assert (frame.x_min, frame.y_max, frame.shape) == (700_000, 7_000_600, (30, 50))
    cells = noise_on(frame, 130.0, key=5)
    x, y = np.meshgrid(frame.x, frame.y)
    np.testing.assert_allclose(cells, noise_at(x, y, 130.0, key=5), atol=1e-5)


def test_noise_has_unit_deviation_and_hash_is_uniform() -> None:
    values = noise_on(Frame.around((0, 0, 40_000, 40_000), 100.0), 200.0, key=1)
    assert values.mean() == pytest.approx(0, abs=0.02)
    assert values.std() == pytest.approx(1, abs=0.02)
    i, j = np.meshgrid(np.arange(-300, 300), np.arange(-300, 300))
    draws = hash_uniform(i, j, 3)
    assert len(np.unique(draws)) == draws.size
    assert np.histogram(draws, bins=10, range=(0, 1))[0] == pytest.approx(36_000, rel=0.02)
    assert abs(np.corrcoef(draws[:-1].ravel(), draws[1:].ravel())[0, 1]) < 0.01


def test_a_coarse_plane_is_interpolated_exactly() -> None:
    """Pencil: a plane is its own bilinear interpolation, away from the edges."""
    coarse = Frame.around((0, 0, 800, 800), 80.0)
    plane = (coarse.x[None, :] + 2 * coarse.y[:, None]).astype(np.float32)
    fine = Frame.around((100, 100, 700, 700), 20.0)
    wanted = fine.x[None, :] + 2 * fine.y[:, None]
    np.testing.assert_allclose(spread(plane, coarse, fine), wanted, rtol=1e-5)
    x, y = np.array([123.0]), np.array([456.0])
    np.testing.assert_allclose(sample(plane, coarse, x=x, y=y), x + 2 * y, rtol=1e-5)


boxes = st.tuples(*(st.integers(0, 30) for _ in range(4))).map(
    lambda b: shapely.box(b[0], b[1], b[0] + 1 + b[2], b[1] + 1 + b[3])
)


@given(st.lists(boxes, min_size=1, max_size=5))
@settings(max_examples=40)
def test_labels_are_those_of_point_in_polygon(shapes: list[shapely.Polygon]) -> None:
    """Centres at odd tenths, never on an edge; where shapes overlap the first one wins."""
    frame = Frame.around((-2.0, -2.0, 66.0, 66.0), 0.8)
    x, y = np.meshgrid(frame.x, frame.y)
    wanted = np.zeros(frame.shape, dtype=int)
    for k in reversed(range(len(shapes))):
        wanted[shapely.contains_xy(shapes[k], x + 1e-7, y + 1e-7)] = k + 1
    moved = shapely.transform(np.array(shapes), lambda xy: xy - 1e-7)
    np.testing.assert_array_equal(label_polygons(frame, moved), wanted)


def test_labels_leave_holes_and_multipolygons_right() -> None:
    holed = shapely.Polygon(shapely.box(0, 0, 9, 9).exterior, [shapely.box(3, 3, 6, 6).exterior])
    shape = shapely.MultiPolygon([holed, shapely.box(20, 0, 22, 2)])
    labels = label_polygons(Frame.around((-1, -1, 25, 10), 1.0), np.array([shape]))
    assert labels.sum() == 81 - 9 + 4


def test_lines_are_burnt_without_gaps() -> None:
    frame = Frame.around((0, 0, 10, 10), 1.0)
    values = np.zeros(frame.shape, dtype=np.uint8)
    burn_lines(values, frame, np.array([shapely.LineString([(-5, 5.5), (15, 5.5)])]), code=6)
    assert values.sum() == 60
    assert (values[4] == 6).all()


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12, unique=True))
@settings(max_examples=40)
def test_gabriel_pairs_are_those_of_brute_force(points: list[tuple[int, int]]) -> None:
    xy = np.array(points, dtype=float).reshape(-1, 2)
    wanted = set()
    for i in range(len(xy)):
        for j in range(i + 1, len(xy)):
            others = np.delete(xy, [i, j], axis=0)
            reach = ((others - (xy[i] + xy[j]) / 2) ** 2).sum(axis=1)
            if not (reach < ((xy[i] - xy[j]) ** 2).sum() / 4 - 1e-9).any():
                wanted.add((i, j))
    found = {tuple(pair) for pair in gabriel_pairs(xy).tolist()}
    if len(xy) >= 4:
        # Four points on one circle: a triangulation keeps one of two equal diagonals.
        assert found <= wanted
        return
    assert found >= wanted


@pytest.mark.parametrize("factor", [0.3, 0.9, 1.0, 1.5, 6.0])
def test_resize_reaches_an_area(factor: float) -> None:
    shape = shapely.union_all([shapely.box(0, 0, 300, 100), shapely.box(500, 0, 600, 100)])
    assert resize(shape, factor * shape.area).area == pytest.approx(factor * shape.area, rel=2e-3)


def test_the_module_is_reached_from_the_package() -> None:
    assert tvb.datasets.bassin_minier is bassin_minier
