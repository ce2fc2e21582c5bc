"""What people hand to the functions of `tvb.flood`: read as it is meant, or refused in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import affinity

import worlds
from strategies import frame
from tvb import flood
from tvb.errors import LayerError, ParameterError, TvbError, TvbWarning
from tvb.flood import CountingRule
from tvb.flood.population import measure_floor_area
from tvb.grid import Grid

SCENARIO = "02Moy"
HOME = worlds.box(100, 100, 110, 110)
CELL = "CRS3035RES200mN3079000E3834200"


def buildings(**columns: Any) -> gpd.GeoDataFrame:
    """Return a house in Sud, a shop in Port and a farm outside, all in the zones."""
    shapes = [HOME, worlds.box(1100, 100, 1110, 110), worlds.box(-100, 100, -90, 110)]
    table = frame(
        shapes,
        cleabs=["A", "B", "C"],
        usage_1=["Résidentiel", "Commercial et services", "Agricole"],
        construction_legere=[False, False, False],
        etat_de_l_objet=["En service"] * 3,
        nombre_de_logements=pd.array([1, 2, None], dtype="Int64"),
    )
    return table.assign(**columns)


def zones(*shapes: shapely.Geometry, scenario: Any = SCENARIO) -> gpd.GeoDataFrame:
    some = shapes or (worlds.box(-500, 0, 1500, 500),)
    names = [scenario] * len(some) if isinstance(scenario, str) else scenario
    return frame(some, scenario=names)


def communes(insee: Any = None) -> gpd.GeoDataFrame:
    table = worlds.communes()
    return table if insee is None else table.assign(insee=insee)


def basins(**columns: Any) -> gpd.GeoDataFrame:
    shapes = [worlds.box(0, 0, 500, 500), worlds.box(1000, 0, 1500, 500)]
    return frame(shapes, id_station=["S1", "S2"]).assign(**columns)


def flags() -> pd.DataFrame:
    return flood.flag_exposed_buildings(buildings(), zones())


def ground() -> Grid:
    """Return a plain of 50 m around a hole of 100 m² in the first basin."""
    heights = np.full((10, 10), 10.0)
    heights[4, 4] = 7.0
    return Grid(heights, worlds.X0, worlds.Y0 + 100, 10.0, 10.0)


def water(depth_m: float = 0.5) -> Grid:
    return Grid(np.full((3, 3), depth_m), worlds.X0 + 90, worlds.Y0 + 120, 10.0, 10.0, name="w")


# Codes of communes ----------------------------------------------------------------------------


AS_GEOPANDAS_READS = {
    "integers": [62001, 62002, 62003, 62004],
    "floats": [62001.0, 62002.0, 62003.0, 62004.0],
    "nullable": pd.array([62001, 62002, 62003, 62004], dtype="Int64"),
    "objects": np.array([62001, "62002", 62003.0, "62004"], dtype=object),
}


@pytest.mark.parametrize("insee", AS_GEOPANDAS_READS.values(), ids=AS_GEOPANDAS_READS)
def test_codes_that_are_numbers_are_codes(insee: Any) -> None:
    """Kills a table of zeros with all buildings in « hors communes »."""
    here, people = buildings(), pd.Series(1.0, range(3))
    plain = flood.count_exposed_buildings(here, zones(), communes())
    assert plain["buildings"].tolist() == [1, 1, 0, 0, 1]
    found = flood.count_exposed_buildings(here, zones(), communes(insee))
    pd.testing.assert_frame_equal(found, plain)
    pd.testing.assert_frame_equal(
        flood.group_counts(found, communes(insee), key="epci_siren"),
        flood.group_counts(plain, communes(), key="epci_siren"),
    )
    for given in (communes(insee), communes()):
        failures = flood.build_station_failures(here, basins(), given, people=people)
        assert failures.count()["buildings"].tolist() == [1, 1, 0, 0, 0]
        assert flood.sensitivity(here, zones(), given).summary()["communes_max"].tolist() == [2]
        indicators = flood.measure_indicators(here, zones(), given)
        assert indicators["flooded_ha"].dropna().tolist() == [50.0, 25.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ([62001.0, 62002.0, np.nan], None),
        (["62001.0", "62002.0", None], None),
        (pd.array([62001, 62002, None], dtype="Int64"), None),
        ([1001.0, 2002.0, np.nan], ["01001", "02002", "62003", "62004"]),
        (["01001", "02002", None], [1001, 2002, 62003, 62004]),
        (["1001", "2002", None], ["01001", "02002", "62003", "62004"]),
    ],
)
def test_codes_in_a_column_of_the_buildings(told: Any, known: Any) -> None:
    """Kills: « 62001.0 » for 62001 (a null makes floats of integers), a lost leading zero."""
    rule = CountingRule(attribution="code")
    here = buildings(code=told)
    counted = flood.count_by_commune(here, flags(), communes(known), rule=rule)
    assert counted["buildings"].tolist() == [1, 1, 0, 0, 1]
    assert counted.index.get_level_values("insee").str.len().tolist() == [
        5,
        5,
        5,
        5,
        len("hors communes"),
    ]
    failures = flood.build_station_failures(here, basins(), communes(known), rule=rule)
    assert failures.count()["buildings"].tolist() == [1, 1, 0, 0, 0]


COUNTS: dict[str, Callable[[gpd.GeoDataFrame, CountingRule], Any]] = {
    "count_by_commune": lambda b, rule: flood.count_by_commune(b, flags(), communes(), rule=rule),
    "build_station_failures": lambda b, rule: flood.build_station_failures(
        b, basins(), communes(), rule=rule
    ),
    "sensitivity": lambda b, rule: flood.sensitivity(
        b, zones(), communes(), attributions=(rule.attribution,)
    ),
    "count_damage_by_commune": lambda b, rule: flood.count_damage_by_commune(
        b, damage(b), communes(), rule=rule
    ),
}


@pytest.mark.parametrize("count", COUNTS.values(), ids=COUNTS)
def test_codes_that_no_commune_has_do_not_vanish(count: Callable[..., Any]) -> None:
    rule = CountingRule(attribution="code")
    said = "buildings: codes of « code » that no commune has: counted in « hors communes »"
    with pytest.warns(TvbWarning, match=re.escape(f"{said} (2 features: 59001, 59002).")):
        count(buildings(code=["62001", "59001", 59002]), rule)
    message = r"buildings: no code of « code » is that of a commune \(2 features: 59001, 59002\)"
    with pytest.raises(LayerError, match=message):
        count(buildings(code=["59001", None, "59002"]), rule)
    count(buildings(code=[None, None, None]), rule)  # nothing is claimed


def test_one_exposed_building_of_another_commune_is_no_fault() -> None:
    """Kills a check of the exposed buildings alone: the others have known codes."""
    here = buildings(code=["59001", "62002", "62002"])
    zone = zones(HOME)
    exposed = flood.flag_exposed_buildings(here, zone)
    rule = CountingRule(attribution="code")
    with pytest.warns(TvbWarning, match="1 feature: 59001"):
        counted = flood.count_by_commune(here, exposed, communes(), rule=rule)
    assert counted["buildings"].tolist() == [0, 0, 0, 0, 1]


def test_groups_of_codes_that_no_commune_has() -> None:
    counts = flood.count_exposed_buildings(buildings(), zones(), communes())
    one, others = communes().iloc[:1], communes().assign(insee=["1", "2", "3", "4"])
    with pytest.warns(TvbWarning, match=r"counts: codes of « insee » that no commune has.*62002"):
        grouped = flood.group_counts(counts, one, key="epci_siren")
    assert grouped["buildings"].tolist() == [1, 2]
    with pytest.raises(LayerError, match="counts: no code of « insee » is that of a commune"):
        flood.group_counts(counts, others, key="epci_siren")


def test_groups_that_are_numbers_and_tables_of_another_form() -> None:
    counts = flood.count_exposed_buildings(buildings(), zones(), communes())
    numbered = communes().assign(epci_siren=[200000001.0, 200000001.0, 200000002.0, np.nan])
    names = flood.group_counts(counts, numbered, key="epci_siren").index.unique("epci_siren")
    assert names.tolist() == ["200000001", "200000002", "sans groupe", "hors communes"]
    with pytest.raises(LayerError, match="counts: is not on « insee » and « scenario »"):
        flood.group_counts(counts.reset_index(), communes(), key="epci_siren")
    twice = pd.concat([communes(), communes().iloc[:1]])
    with pytest.raises(LayerError, match=r"communes: code missing or given twice \(1 feature: 620"):
        flood.group_counts(counts, twice, key="epci_siren")


# Dry ground below a floor ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("depth_m", "floor_m", "door_m"),
    [(0.0, -1.0, 0.0), (0.5, -1.0, 1.5), (0.5, 0.2, 0.3), (0.5, 0.7, 0.0), (0.005, -1.0, 0.0),
     (np.nan, -1.0, np.nan), (0.0, np.nan, np.nan)],
)  # fmt: skip
def test_a_cellar_brings_no_water(depth_m: float, floor_m: float, door_m: float) -> None:
    """Kills water minus floor on dry ground: a cellar of 1 m would stand under 1 m of nothing."""
    here = buildings(floor=floor_m).iloc[:1]
    door = gpd.GeoSeries([HOME.centroid], crs=2154)
    for doors in (None, door):
        depths = flood.measure_depth(
            here, water(depth_m), statistics=("door",), floor_height_m="floor", doors=doors
        )
        found = depths.scenario("w")["depth_door_m"].tolist()
        np.testing.assert_allclose(found, [door_m])


# Wrong numbers and wrong words ----------------------------------------------------------------


def damage(here: gpd.GeoDataFrame, depth_m: Any = 0.5, **options: Any) -> flood.BuildingDamage:
    curve = pd.DataFrame(
        {"use": "Résidentiel", "depth_m": [0.0, 1.0], "share_min": [0.0, 0.1],
         "share_mean": [0.0, 0.2], "share_max": [0.0, 0.4], "value_per_m2": 1000.0}
    )  # fmt: skip
    depth = pd.DataFrame({SCENARIO: depth_m}, index=here.index)
    return flood.measure_damage(here, depth, curve, **options)


def grid(**columns: Any) -> pd.DataFrame:
    table = pd.DataFrame({"idcar_200m": [CELL], "ind": [12.0]})
    return table.assign(**columns)


def test_one_scenario_may_be_given_as_a_text() -> None:
    """Kills the scenarios 0, 2, M, o and y, in which nothing is exposed."""
    here = buildings()
    both = [flood.measure_exposure(here, zones(), scenarios=s) for s in (SCENARIO, [SCENARIO])]
    pd.testing.assert_frame_equal(*both)
    counted = flood.count_exposed_buildings(here, zones(), communes(), scenarios=SCENARIO)
    assert counted["buildings"].sum() == 3
    prepared = flood.prepare_exposure(zones(), communes(), scenarios=SCENARIO)
    assert prepared.scenarios == (SCENARIO,)


NO_AREAS = {
    "point": HOME.centroid,
    "line": HOME.exterior,
    "lines": shapely.MultiLineString([HOME.exterior]),
    "collection": shapely.GeometryCollection([HOME.centroid, HOME.exterior]),
}
ON_ZONES: dict[str, Callable[[gpd.GeoDataFrame], Any]] = {
    "flood_zones": lambda z: flood.measure_exposure(buildings(), z),
    "classes": lambda z: flood.measure_exposure(buildings(), zones(), classes=z.assign(classe="a"),
                                                order=["a"]),
    "protected": lambda z: flood.measure_exposure(buildings(), zones(), protected=z),
    "areas": lambda z: flood.count_by_area(buildings(), flags(), z, key="scenario"),
    "drained_basins": lambda z: flood.build_station_failures(
        buildings(), z.assign(id_station="S"), communes()
    ),
    "territory": lambda z: flood.spread_population(buildings(), grid(), variables=(), territory=z),
    "wetlands": lambda z: flood.measure_storage(z, flood.fill_depressions(ground()), depth_m=1.0),
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_AREAS)
@pytest.mark.parametrize("layer", ON_ZONES)
def test_points_and_lines_flood_nothing_and_are_refused(layer: str, kind: str) -> None:
    given = zones(HOME, NO_AREAS[kind], NO_AREAS[kind])
    message = rf"^{layer}: geometry that is not polygon \(2 features: 1, 2\)\. Required: polygons"
    with pytest.raises(LayerError, match=message):
        ON_ZONES[layer](given)


def test_areas_in_collections_and_nothing_at_all_are_accepted() -> None:
    both = shapely.GeometryCollection([HOME, HOME.centroid])
    given = zones(both, None, shapely.Point(), shapely.LineString())  # type: ignore[arg-type]
    assert (
        flood.flag_exposed_buildings(buildings(), given)[SCENARIO].tolist() == [True] + [False] * 2
    )
    with pytest.raises(LayerError, match=r"flood_zones: geometry that is not polygon \(1 feature"):
        flood.prepare_exposure(zones(HOME.centroid), communes())


@pytest.mark.parametrize("value", ["Oui", "Non", "true", "1", 2])
def test_light_buildings_are_told_by_true_and_false(value: Any) -> None:
    """Kills « Oui » read as no light building, and counted."""
    here = buildings(construction_legere=np.array([value, None, value], dtype=object))
    message = (
        rf"buildings: « construction_legere » holds « {value} » \(2 features: 0, 2\)\. Required: "
        "true, false or null. Remedy: read the file with tvb.io.read_layer"
    )
    with pytest.raises(LayerError, match=message):
        flood.count_exposed_buildings(here, zones(), communes())


@pytest.mark.parametrize(
    "light",
    [
        [True, False, None],
        pd.array([True, False, None], dtype="boolean"),
        [1, 0, 0],
        [1.0, 0.0, np.nan],
    ],
)
def test_light_buildings_told_by_whole_columns(light: Any) -> None:
    flagged = flood.flag_excluded_buildings(buildings(construction_legere=light), exclude=["light"])
    assert flagged["light"].tolist() == [True, False, False]


def test_a_state_is_read_whatever_its_case() -> None:
    """Kills « EN SERVICE » taken for a ruin, which leaves every building out."""
    states = ["EN SERVICE", "en service ", "En ruine"]
    here = buildings(etat_de_l_objet=states)
    flagged = flood.flag_excluded_buildings(here, exclude=["not_in_service"])
    assert flagged["not_in_service"].tolist() == [False, False, True]
    blank = buildings(etat_de_l_objet=[None, "", " "])
    assert not flood.flag_excluded_buildings(blank).any(axis=None)
    nothing = buildings(etat_de_l_objet=np.nan)
    assert not flood.flag_excluded_buildings(nothing).any(axis=None)


NUMBERS: dict[str, tuple[Callable[[], Any], str]] = {
    "dwellings, negative": (
        lambda: flood.count_exposed_buildings(buildings(nombre_de_logements=[1, -2, 3]), zones(),
                                              communes()),
        "buildings: « nombre_de_logements » holds « -2 » (1 feature: 1). Required: whole numbers",
    ),
    "dwellings, infinite": (
        lambda: flood.build_station_failures(buildings(nombre_de_logements=[np.inf, 1, 1]),
                                             basins(), communes()),
        "buildings: « nombre_de_logements » holds « inf » (1 feature: 0)",
    ),
    "dwellings, in parts": (
        lambda: flood.sensitivity(buildings(nombre_de_logements=[1.5, 1, 1]), zones(), communes()),
        "buildings: « nombre_de_logements » holds « 1.5 » (1 feature: 0)",
    ),
    "dwellings, text": (
        lambda: flood.measure_indicators(buildings(nombre_de_logements=["1", "2", "3"]), zones(),
                                         communes()),
        "buildings: « nombre_de_logements » holds « 1 » (3 features: 0, 1, 2)",
    ),
    "storeys": (
        lambda: flood.measure_indicators(buildings(nombre_d_etages=["a", 1, 2]), zones(),
                                         communes()),
        "buildings: « nombre_d_etages » holds « a » (1 feature: 0). Required: numbers, or null",
    ),
    "height": (
        lambda: measure_floor_area(buildings(hauteur=[1, np.inf, 2])),
        "buildings: « hauteur » holds « inf » (1 feature: 1)",
    ),
    "area": (
        lambda: damage(buildings(area=[1.0, -5.0, 1.0]), area_m2="area"),
        "buildings: « area » holds « -5.0 » (1 feature: 1). Required: numbers from 0 on, or null",
    ),
    "depth, infinite": (
        lambda: damage(buildings(), [1.0, np.inf, 1.0]),
        "depth_m: « 02Moy » holds « inf » (1 feature: 1). Required: numbers, or null",
    ),
    "depth, text": (
        lambda: damage(buildings(), ["0.5", 1.0, None]),
        "depth_m: « 02Moy » holds « 0.5 » (1 feature: 0)",
    ),
    "depth to class": (
        lambda: flood.classify_depth(pd.Series(["0.5", "1"], name="depth")),
        "depth_m: « depth » holds « 0.5 » (2 features: 0, 1)",
    ),
    "people": (
        lambda: flood.count_by_commune(buildings(), flags(), communes(),
                                       people=pd.Series(["a", "b", "c"], name="people")),
        "people: « people » holds « a » (3 features: 0, 1, 2)",
    ),
    "people, infinite": (
        lambda: flood.count_by_commune(buildings(), flags(), communes(),
                                       people=pd.Series([1.0, np.inf, 1.0], name="people")),
        "people: « people » holds « inf » (1 feature: 1)",
    ),
    "people of stations": (
        lambda: flood.build_station_failures(buildings(), basins(), communes(),
                                             people=pd.Series(["a", 1, 2], name="n")),
        "people: « n » holds « a » (1 feature: 0)",
    ),
    "cells": (
        lambda: flood.spread_population(buildings(), grid(ind=["x"]), variables=()),
        f"population_grid: « ind » holds « x » (1 feature: {CELL})",
    ),
    "cells, infinite": (
        lambda: flood.spread_population(buildings(), grid(ind=[np.inf]), variables=()),
        f"population_grid: « ind » holds « inf » (1 feature: {CELL})",
    ),
    "depth of a wetland": (
        lambda: flood.measure_storage(zones(HOME).assign(profondeur_m="0,5"),
                                      flood.fill_depressions(ground())),
        "wetlands: « profondeur_m » holds « 0,5 » (1 feature: 0)",
    ),
    "flow of a basin": (
        lambda: flood.build_station_failures(buildings(), basins(debit_requis_m3_s="fort"),
                                             communes()),
        "drained_basins: « debit_requis_m3_s » holds « fort » (2 features: 0, 1)",
    ),
    "flow of a station": (
        lambda: flood.build_station_failures(
            buildings(), basins(), communes(), stations=basins(debit_m3_s="fort")
        ),
        "pumping_stations: « debit_m3_s » holds « fort » (2 features: S1, S2)",
    ),
    "volume of a basin": (
        lambda: flood.flood_basins(basins(), flood.fill_depressions(ground()),
                                   volume_m3=pd.Series({"S1": "5"}, name="v")),
        "volume_m3: « v » holds « 5 » (1 feature: S1)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "message"), NUMBERS.values(), ids=NUMBERS)
def test_columns_of_numbers_hold_numbers(call: Callable[[], Any], message: str) -> None:
    """Kills -2 and 2⁶³ dwellings in a sum, parts cut off, and the tracebacks of numpy."""
    with pytest.raises(LayerError, match=re.escape(message)):
        call()


def test_numbers_of_an_object_column_are_numbers() -> None:
    here = buildings(nombre_de_logements=np.array([1, None, 2.0], dtype=object))
    counted = flood.count_exposed_buildings(here, zones(), communes())
    assert counted["dwellings"].sum() == 3
    assert counted["dwellings_unknown"].sum() == 1


def test_cells_of_a_table_without_types() -> None:
    """Kills « 1 » read as « not imputed »."""
    squares = flood.build_population_grid(grid())
    house = buildings().iloc[:1].set_geometry([squares.geometry[0].centroid.buffer(5)], crs=2154)
    for told in ("1", 1, 1.0):
        spread = flood.spread_population(house, grid(i_est_200=[told], ind=["12"]), variables=())
        assert spread.cells["imputed"].tolist() == [True]
        assert spread.table["people_imputed"].sum() == pytest.approx(12.0)


def test_an_outline_that_crosses_itself_has_the_people_and_the_damage_of_its_ground() -> None:
    """Kills: no people in a bow-tie, whose two signed halves cancel; ground valued twice."""
    square = flood.build_population_grid(grid()).geometry[0].centroid
    bow = shapely.Polygon([(0, 0), (8, 8), (8, 0), (0, 8)])
    loop = shapely.Polygon([(0, 0), (12, 0), (12, 8), (2, 8), (2, 2), (10, 2), (10, 10), (0, 10)])
    assert (bow.area, loop.area) == (0, 164)
    shapes = [affinity.translate(g, square.x, square.y) for g in (bow, loop, HOME)]
    here = buildings(nombre_de_logements=np.nan, usage_1="Résidentiel").set_geometry(
        gpd.GeoSeries(shapes, crs=2154)
    )
    people = flood.spread_population(here, grid(), variables=()).people
    assert people[:2].tolist() == pytest.approx([12 * 32 / (32 + 116), 12 * 116 / (32 + 116)])
    costs = damage(here, [0.5, 0.5, 0.0]).table["cost_max"][SCENARIO]
    assert costs.tolist() == pytest.approx([32 * 200, 116 * 200, 0.0])


def test_the_remedy_for_a_poor_grid_names_the_parameter() -> None:
    poor = grid(men=[5.0])
    message = (
        r"population_grid: column « ind_0_3 », « ind_80p », « men_pauv », « men_1ind » is missing"
        r"\. Remedy: name the columns that the grid has with variables=\(…\), or none with "
        r"variables=\(\)"
    )
    with pytest.raises(LayerError, match=message):
        flood.spread_population(buildings(), poor)
    assert "men" in flood.spread_population(buildings(), poor, variables="men").table


def test_volumes_are_those_of_stations() -> None:
    """Kills volumes on 0, 1, …, which left every basin full."""
    terrain = flood.fill_depressions(ground())
    known = flood.flood_basins(basins(), terrain, volume_m3=pd.Series({"S1": 50.0}))
    assert known["volume_m3"].iloc[0] == 50.0
    for given in ([50.0, 60.0], {"S1": 50.0, "S9": 1.0}):
        with pytest.raises(LayerError, match=r"volume_m3: unknown station .*Required: id_station"):
            flood.flood_basins(basins(), terrain, volume_m3=pd.Series(given))


# No traceback of another library --------------------------------------------------------------


def test_a_sensitivity_without_scenario_is_empty() -> None:
    for z, scenarios in ((zones().iloc[:0], None), (zones(), [])):
        found = flood.sensitivity(buildings(), z, communes(), scenarios=scenarios)
        full = flood.sensitivity(buildings(), zones(), communes())
        for name in ("counts", "totals", "spread", "by_choice"):
            table, other = getattr(found, name), getattr(full, name)
            assert table.empty
            assert table.columns.tolist() == other.columns.tolist()
            assert table.index.names == other.index.names
            assert table.dtypes.tolist() == other.dtypes.tolist(), name
        assert found.summary().empty
        assert repr(found) == "<Sensitivity: 0 ways to count, 0 scenarios>"
        assert flood.count_exposed_buildings(buildings(), z, communes(), scenarios=scenarios).empty


FRAMES: dict[str, Callable[[Any], Any]] = {
    "buildings 1": lambda b: flood.count_exposed_buildings(b, zones(), communes()),
    "buildings 2": lambda b: flood.flag_exposed_buildings(b, zones()),
    "buildings 3": lambda b: flood.measure_exposure(b, zones()),
    "buildings 4": lambda b: flood.measure_flooded_share(b, zones()),
    "buildings 5": lambda b: flood.count_by_commune(b, flags(), communes()),
    "buildings 6": lambda b: flood.count_by_area(b, flags(), zones(), key="scenario"),
    "buildings 7": lambda b: flood.sensitivity(b, zones(), communes()),
    "buildings 8": lambda b: flood.build_station_failures(b, basins(), communes()),
    "buildings 9": lambda b: flood.measure_depth(b, water()),
    "buildings 10": lambda b: flood.measure_damage(b, flags(), pd.DataFrame()),
    "buildings 11": lambda b: flood.count_damage_by_commune(b, damage(buildings()), communes()),
    "buildings 12": lambda b: flood.measure_indicators(b, zones(), communes()),
    "buildings 13": lambda b: flood.spread_population(b, grid()),
    "buildings 14": flood.find_repeated_buildings,
    "flood_zones 1": lambda z: flood.count_exposed_buildings(buildings(), z, communes()),
    "flood_zones 2": lambda z: flood.flag_exposed_buildings(buildings(), z),
    "flood_zones 3": lambda z: flood.measure_exposure(buildings(), z),
    "flood_zones 4": lambda z: flood.measure_flooded_share(buildings(), z),
    "flood_zones 5": lambda z: flood.sensitivity(buildings(), z, communes()),
    "flood_zones 6": lambda z: flood.measure_indicators(buildings(), z, communes()),
    "flood_zones 7": lambda z: flood.measure_indicators(buildings(), z, communes(),
                                                        exposure=flags()),
    "flood_zones 8": lambda z: flood.prepare_exposure(z, communes()),
    "communes 1": lambda c: flood.count_exposed_buildings(buildings(), zones(), c),
    "communes 2": lambda c: flood.count_by_commune(buildings(), flags(), c),
    "communes 3": lambda c: flood.sensitivity(buildings(), zones(), c),
    "communes 4": lambda c: flood.build_station_failures(buildings(), basins(), c),
    "communes 5": lambda c: flood.measure_indicators(buildings(), zones(), c),
    "communes 6": lambda c: flood.count_damage_by_commune(buildings(), damage(buildings()), c),
    "communes 7": lambda c: flood.prepare_exposure(zones(), c),
    "areas": lambda a: flood.count_by_area(buildings(), flags(), a, key="scenario"),
    "drained_basins 1": lambda b: flood.build_station_failures(buildings(), b, communes()),
    "drained_basins 2": flood.flood_basins,
    "drained_basins 3": lambda b: flood.isolate_basins(ground(), b),
    "drained_basins 4": lambda b: flood.counter_scenario(
        b, flood.fill_depressions(ground()), storage()
    ),
    "wetlands": lambda w: flood.measure_storage(w, flood.fill_depressions(ground()), depth_m=1.0),
    "watched_objects": flood.split_watched_objects,
}  # fmt: skip


def storage() -> gpd.GeoDataFrame:
    return flood.measure_storage(zones(HOME), flood.fill_depressions(ground()), depth_m=1.0)


@pytest.mark.parametrize("value", [None, "a.gpkg", pd.DataFrame({"insee": ["62001"]})],
                         ids=["None", "text", "table"])  # fmt: skip
@pytest.mark.parametrize("name", FRAMES)
def test_frames_are_frames(name: str, value: Any) -> None:
    """Kills AttributeError: 'NoneType' object has no attribute 'crs', in 37 functions."""
    layer = name.split(" ", maxsplit=1)[0]
    kind = type(value).__name__
    message = rf"^{layer}: is of type {kind}\. Required: (Geo)?DataFrame\. Remedy: read the file"
    with pytest.raises(LayerError, match=message):
        FRAMES[name](value)


def test_a_frame_without_geometry_is_none() -> None:
    bare = gpd.GeoDataFrame({"scenario": [SCENARIO]})
    with pytest.raises(LayerError, match="flood_zones: a table without geometry"):
        flood.flag_exposed_buildings(buildings(), bare)


def test_tables_that_need_no_geometry_are_tables() -> None:
    for call in (
        flood.flag_excluded_buildings,
        flood.build_population_grid,
        lambda v: flood.spread_population(buildings(), v),
        lambda v: flood.measure_damage(buildings(), flags(), v),
        lambda v: flood.group_counts(v, communes(), key="epci_siren"),
        lambda v: flood.count_by_commune(buildings(), v, communes()),
        flood.group_watched_objects,
        flood.classify_depth,
    ):
        for value in (None, "a"):
            with pytest.raises(
                LayerError, match=r"is of type (NoneType|str)\. Required: (Data|Seri)"
            ):
                call(value)  # type: ignore[no-untyped-call]


CALLS: dict[str, tuple[Callable[[], Any], type[TvbError], str]] = {
    "scenarios of several types": (
        lambda: flood.measure_exposure(buildings(), zones(HOME, HOME, scenario=["a", 2])),
        LayerError, "flood_zones: « scenario » holds values of several types",
    ),
    "share as text": (
        lambda: CountingRule("share", min_share="0.5"), ParameterError,  # type: ignore[arg-type]
        "min_share: 0.5 is not a share. Required: above 0, at most 1",
    ),
    "share None": (
        lambda: flood.sensitivity(buildings(), zones(), communes(), min_shares=[None]),  # type: ignore[list-item]
        ParameterError, "min_share: None is not a share",
    ),
    "people as a list": (
        lambda: flood.count_by_commune(buildings(), flags(), communes(), people=[1, 2, 3]),  # type: ignore[arg-type]
        ParameterError, "people: is not on the index of the buildings",
    ),
    "people of stations as a table": (
        lambda: flood.build_station_failures(buildings(), basins(), communes(), people=flags()),  # type: ignore[arg-type]
        LayerError, "people: is of type DataFrame. Required: Series",
    ),
    "people without people": (
        lambda: flood.measure_indicators(buildings(), zones(), communes(),
                                         people=pd.DataFrame({"men": [1.0, 2, 3]})),
        LayerError, "people: column « people » is missing. Remedy: the table of",
    ),
    "no dwellings": (
        lambda: flood.measure_indicators(buildings().drop(columns="nombre_de_logements"), zones(),
                                         communes()),
        LayerError, "buildings: column « nombre_de_logements » is missing",
    ),
    "depth as a column": (
        lambda: flood.measure_damage(buildings(), pd.Series([1.0, 2, 3]), pd.DataFrame()),  # type: ignore[arg-type]
        LayerError, "depth_m: is of type Series. Required: DataFrame. Remedy: depth_m.to_frame",
    ),
    "damage as a table": (
        lambda: flood.count_damage_by_commune(buildings(), flags(), communes()),  # type: ignore[arg-type]
        LayerError, "damage: is of type DataFrame. Required: BuildingDamage",
    ),
    "no depth": (
        lambda: flood.measure_depth(buildings(), None),  # type: ignore[arg-type]
        ParameterError, "depth: NoneType among the windows",
    ),
    "no depth of a scenario": (
        lambda: flood.measure_depth(buildings(), {"s": None}),  # type: ignore[dict-item]
        ParameterError, "s: NoneType among the windows",
    ),
    "path of a depth": (
        lambda: flood.measure_depth(buildings(), "a.tif"),  # type: ignore[arg-type]
        ParameterError, "depth: str among the windows",
    ),
    "threads": (
        lambda: flood.measure_depth(buildings(), water(), threads=-1),
        ParameterError, "threads: is -1. Required: a whole number, at least 1",
    ),
    "no thread": (
        lambda: flood.measure_depth(buildings(), water(), threads=0),
        ParameterError, "threads: is 0",
    ),
    "depth that is dry": (
        lambda: flood.measure_depth(buildings(), water(), tiny_m="0.1"),  # type: ignore[arg-type]
        ParameterError, "tiny_m: 0.1",
    ),
    "no floor": (
        lambda: flood.measure_depth(buildings(), water(), floor_height_m=None),  # type: ignore[arg-type]
        ParameterError, "floor_height_m: None",
    ),
    "doors as a list": (
        lambda: flood.measure_depth(buildings(), water(), doors=[None] * 3),  # type: ignore[arg-type]
        LayerError, "doors: is of type list. Required: GeoSeries",
    ),
    "heights for a terrain": (
        lambda: flood.flood_basins(basins(), ground()),  # type: ignore[arg-type]
        LayerError, "terrain: is of type Grid. Required: FilledTerrain. Remedy: tvb.flood.fill_dep",
    ),
    "heights for storage": (
        lambda: flood.measure_storage(zones(HOME), ground(), depth_m=1.0),  # type: ignore[arg-type]
        LayerError, "terrain: is of type Grid",
    ),
    "heights for a curve": (
        lambda: flood.build_stage_curve(ground(), 1),  # type: ignore[arg-type]
        LayerError, "terrain: is of type Grid",
    ),
    "heights for an outline": (
        lambda: flood.outline_water(ground()),  # type: ignore[arg-type]
        LayerError, "terrain: is of type Grid",
    ),
    "no ground": (
        lambda: flood.fill_depressions(None),  # type: ignore[arg-type]
        LayerError, "ground: is of type NoneType. Required: Grid. Remedy: tvb.io.read_grid",
    ),
    "no ground to isolate": (
        lambda: flood.isolate_basins(None, basins()),  # type: ignore[arg-type]
        LayerError, "ground: is of type NoneType",
    ),
    "wetlands for storage": (
        lambda: flood.counter_scenario(basins(), flood.fill_depressions(ground()), zones(HOME)),
        LayerError, "storage: column « depression », « stored_m3 » is missing. Remedy: tvb.flood.m",
    ),
    "no terrain below wetlands": (
        lambda: flood.counter_scenario(basins(), None, storage()),  # type: ignore[arg-type]
        LayerError, "terrain: is of type NoneType",
    ),
    "volumes as a number": (
        lambda: flood.flood_basins(basins(), flood.fill_depressions(ground()), volume_m3=5.0),  # type: ignore[arg-type]
        LayerError, "volume_m3: is of type float. Required: Series",
    ),
    "rain as text": (
        lambda: flood.flood_basins(basins(), flood.fill_depressions(ground()), rain_mm="50"),  # type: ignore[arg-type]
        ParameterError, "rain_mm: is 50. Required: a number, 0 or more",
    ),
    "depth of all as text": (
        lambda: flood.measure_storage(zones(HOME), flood.fill_depressions(ground()), depth_m="1"),  # type: ignore[arg-type]
        ParameterError, "depth_m: is 1",
    ),
    "a volume as text": (
        lambda: flood.build_stage_curve(flood.fill_depressions(ground()), 1).level_at("1"),  # type: ignore[arg-type]
        ParameterError, "volume_m3: is 1",
    ),
    "one and a half stations": (
        lambda: flood.build_station_failures(buildings(), basins(), communes()).find_worst(1.5),  # type: ignore[arg-type]
        ParameterError, "number: is 1.5. Required: a whole number, at least 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), CALLS.values(), ids=CALLS)
def test_what_cannot_be_meant_is_refused_in_words(
    call: Callable[[], Any], error: type[TvbError], message: str
) -> None:
    with pytest.raises(error, match="^" + re.escape(message)):
        call()


def test_a_door_that_is_empty_is_not_known() -> None:
    """Kills a cell looked for at a place that is not a number."""
    here = buildings().iloc[:1]
    doors = gpd.GeoSeries([shapely.Point()], crs=2154)
    found = flood.measure_depth(here, water(), doors=doors)
    assert found.account["doors_known"].tolist() == [0]
    plain = flood.measure_depth(here, water())
    pd.testing.assert_frame_equal(found.table, plain.table)


def test_people_of_each_building_are_enough_for_indicators() -> None:
    people = pd.Series([1.0, 2.0, 4.0], name="people")
    found = flood.measure_indicators(buildings(), zones(), communes(), people=people)
    assert found["people"].tolist() == [1.0, 2.0, 0.0, 0.0, 4.0]
    assert found["people_0_3"].isna().all()


# Repeated buildings ---------------------------------------------------------------------------


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_blank_identifiers_identify_nothing(blank: str | None) -> None:
    """Kills two buildings without an identifier counted as one."""
    here = buildings(cleabs=[blank, blank, "C"])
    counted = flood.count_exposed_buildings(here, zones(), communes())
    assert counted["buildings"].sum() == 3
    assert counted["rows_repeated"].sum() == 0
    assert flood.find_repeated_buildings(here).empty
    twice = buildings(cleabs=["A", "A", "C"])
    assert flood.count_exposed_buildings(twice, zones(), communes())["rows_repeated"].sum() == 1


def test_the_row_of_largest_footprint_stands_for_a_building_that_crosses_itself() -> None:
    """Kills a largest row found by an area that counts ground twice."""
    loop = [(0, 0), (12, 0), (12, 8), (2, 8), (2, 2), (10, 2), (10, 10), (0, 10)]
    crossed = worlds.at(shapely.Polygon(loop))
    assert crossed.area == 12 * 8 + 10 * 2 + 8 * 6  # the square of 8 by 6 m twice
    here = buildings(cleabs=["A", "A", "C"]).set_geometry([crossed, worlds.box(0, 0, 11, 11), HOME],
                                                          crs=2154)  # fmt: skip
    assert flood.find_repeated_buildings(here)["counted"].to_dict() == {1: True, 0: False}
