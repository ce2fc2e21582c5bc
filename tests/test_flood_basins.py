"""Depressions of a terrain, water in them, and wetlands that hold it back."""

from __future__ import annotations

import heapq
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from benchmarks.bench_basins import compare, make_ground
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.flood import (
    FilledTerrain,
    build_stage_curve,
    build_station_failures,
    counter_scenario,
    fill_depressions,
    flood_basins,
    isolate_basins,
    measure_storage,
    outline_water,
)
from tvb.grid import Grid

AROUND = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]

# Cells of 10 m. A bowl with an island at its spill level in the west (spill level 5, over the
# cell in the middle of the east rim), a pit in the east that spills at 4.
GROUND = np.array(
    [
        [9, 9, 9, 9, 9, 9, 9, 9, 9],
        [9, 2, 3, 3, 9, 9, 9, 9, 9],
        [9, 3, 5, 1, 5, 4, 3, 4, 2],
        [9, 3, 3, 3, 9, 9, 9, 9, 9],
        [9, 9, 9, 9, 9, 9, 9, 9, 9],
    ]
)


def grid(values: Any, cell: tuple[float, float] = (10.0, 10.0), **options: Any) -> Grid:
    values = np.asarray(values)
    top = worlds.Y0 + len(values) * cell[1]
    return Grid(values, worlds.X0, top, *cell, **options)


def terrain(values: Any = GROUND, **options: Any) -> FilledTerrain:
    return fill_depressions(grid(values), **options)


def test_depressions_of_the_hand_world() -> None:
    """Kills a spill over the island, a level by the highest rim, an island counted as water."""
    found = terrain()
    assert repr(found) == "<FilledTerrain: 5 × 9 cells, 2 depressions>"
    assert found.depression.values[2].tolist() == [0, 1, 0, 1, 0, 0, 2, 0, 0]
    west, east = found.depressions.loc[1], found.depressions.loc[2]
    assert (west["level_m"], west["lowest_m"], west["depth_max_m"]) == (5, 1, 4)
    assert (west["spill_x"] - worlds.X0, west["spill_y"] - worlds.Y0) == (45, 25)
    assert (west["lowest_x"] - worlds.X0, west["lowest_y"] - worlds.Y0) == (35, 25)
    # Depth 3 m over the ground at 2, 2 m over six cells at 3, 4 m over the ground at 1.
    assert (west["area_m2"], west["volume_m3"]) == (800, 100 * (3 + 6 * 2 + 4))
    assert (east["level_m"], east["spill_x"] - worlds.X0) == (4, 75)
    assert (east["area_m2"], east["volume_m3"]) == (100, 100)
    depth = found.depth()
    assert depth.values[2].tolist() == [0, 2, 0, 4, 0, 0, 1, 0, 0]
    assert depth.values.sum() * 100 == west["volume_m3"] + east["volume_m3"]


def test_nodata_lets_water_out_or_holds_it_back() -> None:
    ground = GROUND.astype(float)
    ground[0, 2] = np.nan  # next to cells of the bowl at 3
    out, wall = terrain(ground), terrain(ground, nodata="wall")
    # Water now leaves from the cells at 2 and 3 in the north: only the ground at 1 holds some.
    assert out.depressions["level_m"].tolist() == [3, 4]
    assert out.depressions["volume_m3"].tolist() == [200, 100]
    assert np.isnan(out.level.values[0, 2])
    assert out.depth().values[0, 2] == out.depth().nodata == -9999
    assert wall.depressions["level_m"].tolist() == [5, 4]
    coded = np.where(np.isnan(ground), -32768, ground).astype(np.int16)
    same = fill_depressions(grid(coded, nodata=-32768))
    pd.testing.assert_frame_equal(same.depressions, out.depressions)
    shut = np.array([[9.0] * 5] * 5)
    shut[1:4, 1:4] = np.inf
    shut[2, 2] = 1.0
    inner = fill_depressions(grid(shut), nodata="wall")
    assert inner.depressions.empty
    assert np.isnan(inner.level.values[2, 2])
    assert inner.catchment.values.sum() == 0
    nothing = fill_depressions(grid(np.full((3, 3), np.nan)))
    assert nothing.depressions.empty
    assert np.isnan(nothing.level.values).all()


def minimax(ground: np.ndarray, outlet: np.ndarray) -> np.ndarray:
    """Return the least highest ground on a way to an outlet, by Dijkstra's algorithm."""
    level = np.full(ground.shape, np.inf)
    heap = [(ground[i, j], i, j) for i, j in np.argwhere(outlet)]
    for height, i, j in heap:
        level[i, j] = height
    heapq.heapify(heap)
    while heap:
        height, i, j = heapq.heappop(heap)
        if height > level[i, j]:
            continue
        for di, dj in AROUND:
            k, m = i + di, j + dj
            if 0 <= k < len(ground) and 0 <= m < len(ground[0]) and not np.isnan(ground[k, m]):
                above = max(height, ground[k, m])
                if above < level[k, m]:
                    level[k, m] = above
                    heapq.heappush(heap, (above, k, m))
    return level


def leads_out(found: FilledTerrain, number: int, spill: tuple[int, int], out: np.ndarray) -> bool:
    """Tell whether water leaves from a cell without rising and without crossing a depression."""
    level, inside = found.level.values, found.depression.values == number
    seen, stack = {spill}, [spill]
    while stack:
        i, j = stack.pop()
        if out[i, j]:
            return True
        for di, dj in AROUND:
            there = i + di, j + dj
            ok = 0 <= there[0] < len(level) and 0 <= there[1] < len(level[0])
            if ok and there not in seen and not inside[there] and level[there] <= level[spill]:
                seen.add(there)
                stack.append(there)
    return False


RASTERS = st.tuples(st.integers(1, 14), st.integers(1, 14), st.integers(1, 6), st.integers(0, 9999))


@settings(max_examples=60, deadline=None)
@given(raster=RASTERS, holes=st.sampled_from([0.0, 0.1, 0.4]), wall=st.booleans())
def test_levels_and_spills_by_brute_force(
    raster: tuple[int, int, int, int], holes: float, wall: bool
) -> None:
    """Few heights and so many ties; kills floods that stop at an island or cross a hole."""
    rows, columns, heights, seed = raster
    draw = np.random.default_rng(seed)
    ground = draw.integers(0, heights, size=(rows, columns)).astype(np.float64)
    ground[draw.random(ground.shape) < holes] = np.nan
    known = ~np.isnan(ground)
    outside = np.pad(~known & (not wall), 1, constant_values=True)
    views = [outside[1 + i : 1 + i + rows, 1 + j : 1 + j + columns] for i, j in AROUND]
    outlet = known & np.any(views, axis=0)
    found = fill_depressions(grid(ground, (10.0, 5.0)), nodata="wall" if wall else "outlet")
    expected = minimax(ground, outlet)
    reached = np.isfinite(expected)
    assert (found.level.values[reached] == expected[reached]).all()
    assert np.isnan(found.level.values[~reached]).all()
    label = found.depression.values
    assert ((label > 0) == (reached & (expected > np.nan_to_num(ground)))).all()
    firsts = [np.flatnonzero(label == n)[0] for n in found.depressions.index]
    assert firsts == sorted(firsts)
    for number, row in found.depressions.iterrows():
        (i,), (j,) = found.ground.cell_of(np.array([row["spill_x"]]), np.array([row["spill_y"]]))
        near = label[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
        assert (near == number).any()
        assert label[i, j] != number
        assert ground[i, j] == row["level_m"]
        assert leads_out(found, number, (i, j), outlet)
        inside = label == number
        depth = row["level_m"] - ground[inside]
        assert row["volume_m3"] == depth.sum() * 50
        assert row["depth_max_m"] == depth.max()
        assert row["area_m2"] == inside.sum() * 50
    check_catchments(found, ground, outlet)


def check_catchments(found: FilledTerrain, ground: np.ndarray, outlet: np.ndarray) -> None:
    """Each cell has the depression of a neighbour to which its water can run."""
    home, label = found.catchment.values, found.depression.values
    lengths = {(i, j): np.hypot(10.0 * j, 5.0 * i) for i, j in AROUND}
    for i, j in np.argwhere(np.isfinite(found.level.values)):
        if label[i, j]:
            assert home[i, j] == label[i, j]
            continue
        falls = {}
        for step in AROUND:
            k, m = i + step[0], j + step[1]
            if 0 <= k < len(home) and 0 <= m < len(home[0]) and not np.isnan(ground[k, m]):
                falls[k, m] = (ground[i, j] - ground[k, m]) / lengths[step]
        steepest = max(falls.values(), default=-1.0)
        if steepest > 0:
            first = min(cell for cell, fall in falls.items() if fall == steepest)
            assert home[i, j] == home[first]
        elif outlet[i, j]:
            assert home[i, j] == 0
        else:
            assert home[i, j] in {home[cell] for cell, fall in falls.items() if fall == 0}
    total = found.contributing_m2().sum() + (home[np.isfinite(found.level.values)] == 0).sum() * 50
    assert total == np.isfinite(found.level.values).sum() * 50


def test_whole_raster_equals_reconstruction_by_erosion() -> None:
    """Against scikit-image, cell by cell, and both floating types; a plain priority flood too."""
    morphology = pytest.importorskip("skimage.morphology")
    for dtype in (np.float32, np.float64):
        ground = make_ground(300, seed=4).values.astype(dtype)
        seed = np.full_like(ground, ground.max())
        seed[[0, -1]], seed[:, [0, -1]] = ground[[0, -1]], ground[:, [0, -1]]
        expected = morphology.reconstruction(
            seed, ground, method="erosion", footprint=np.ones((3, 3))
        )
        found = terrain(ground)
        assert found.level.values.dtype == dtype
        assert (found.level.values == expected).all()
    turned = terrain(ground[::-1, ::-1])
    assert (turned.level.values[::-1, ::-1] == found.level.values).all()
    again = terrain(found.level.values)
    assert again.depressions.empty


def test_stage_curve_by_hand() -> None:
    """Kills a volume that jumps at a height, and an area that counts ground at the water line."""
    curve = build_stage_curve(terrain(), 1)
    # One cell at 1, one at 2, six at 3; water at 5 spills.
    assert curve.to_frame().to_numpy().tolist() == [
        [1, 0, 0], [2, 100, 100], [3, 200, 300], [5, 800, 1900],
    ]  # fmt: skip
    assert [curve.volume_at(level) for level in (0, 1, 1.5, 3, 4, 5, 7)] == [
        0, 0, 50, 300, 1100, 1900, 1900,
    ]  # fmt: skip
    assert [curve.area_at(level) for level in (1, 1.5, 2, 2.5, 3, 3.5, 9)] == [
        0, 100, 100, 200, 200, 800, 800,
    ]  # fmt: skip
    assert [curve.level_at(volume) for volume in (0, 50, 100, 300, 1100, 1900, 9000)] == [
        1, 1.5, 2, 3, 4, 5, 5,
    ]  # fmt: skip
    assert curve.capacity_m3 == 1900
    with pytest.raises(ParameterError, match=r"volume_m3: is -1.*0 or more"):
        curve.level_at(-1)
    with pytest.raises(ParameterError, match=r"depression: 3 does not exist.*1 to 2"):
        build_stage_curve(terrain(), 3)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), share=st.floats(0, 1))
def test_stage_curve_and_level_are_inverse(seed: int, share: float) -> None:
    draw = np.random.default_rng(seed)
    found = terrain(draw.integers(0, 50, size=(9, 9)) / 4)
    for number, row in found.depressions.iterrows():
        curve = build_stage_curve(found, number)
        assert curve.capacity_m3 == pytest.approx(row["volume_m3"])
        level = row["lowest_m"] + share * row["depth_max_m"]
        ground = found.ground.values.reshape(-1)[found.cells_of(number)]
        volume = np.maximum(level - ground, 0).sum() * 100
        assert curve.volume_at(level) == pytest.approx(volume)
        assert curve.level_at(curve.volume_at(level)) == pytest.approx(level)
        assert curve.area_at(level) == (ground < level).sum() * 100


def test_outline_of_water() -> None:
    water = outline_water(terrain())
    assert water.index.tolist() == [1, 2]
    assert water.area.tolist() == [800, 100]
    assert len(water.geometry.iloc[0].interiors) == 1  # the island
    low = outline_water(terrain(), pd.Series({2: 99.0, 1: 2.5}))
    assert low["level_m"].tolist() == [4, 2.5]
    assert low.geometry.iloc[0].equals(worlds.box(60, 20, 70, 30))
    # At 2.5 m, two cells that do not touch.
    assert low.geometry.iloc[1].equals(
        shapely.union(worlds.box(10, 30, 20, 40), worlds.box(30, 20, 40, 30))
    )
    assert outline_water(terrain(), pd.Series({1: 1.0})).geometry.is_empty.all()
    assert outline_water(terrain(np.zeros((3, 3)))).empty
    with pytest.raises(ParameterError, match="depression: 7 does not exist"):
        outline_water(terrain(), pd.Series({7: 1.0}))


def basins() -> gpd.GeoDataFrame:
    """Return the basins of stations W and E over the depressions, and of N where there is none."""
    return gpd.GeoDataFrame(
        {"id_station": ["N", "W", "E"]},
        geometry=[
            worlds.box(0, 40, 90, 50), worlds.box(25, 15, 45, 35), worlds.box(50, 10, 75, 40)
        ],
        crs="EPSG:2154",
        index=[7, 7, 9],
    )  # fmt: skip


def test_flooded_basins_at_the_spill_level() -> None:
    """The water stands beyond the outline drawn; a basin without a depression floods as drawn."""
    water = flood_basins(basins(), terrain())
    assert water["scenario"].tolist() == water["id_station"].tolist() == ["N", "W", "E"]
    assert water["source"].tolist() == ["polygon", "terrain", "terrain"]
    assert water["depression"].isna().tolist() == [True, False, False]
    assert water["level_m"].fillna(-1).tolist() == [-1, 5, 4]
    assert water["volume_m3"].fillna(-1).tolist() == [-1, 1900, 100]
    assert water.area.tolist() == [900, 800, 100]
    assert water["overflow_m3"].iloc[1:].tolist() == [0, 0]
    drawn = flood_basins(basins())
    assert drawn["source"].tolist() == ["polygon"] * 3
    assert drawn.geometry.geom_equals(basins().geometry.reset_index(drop=True)).all()
    deep = flood_basins(basins(), terrain(), min_depth_m=1.5)
    assert deep["source"].tolist() == ["polygon", "terrain", "polygon"]
    assert flood_basins(basins().iloc[:0], terrain()).empty
    assert flood_basins(basins(), terrain(np.zeros((3, 3))))["source"].eq("polygon").all()


def test_flooded_basins_by_rain_and_by_volume() -> None:
    found = terrain()
    assert found.contributing_m2().sum() <= 4500
    ground = found.contributing_m2()
    rain = flood_basins(basins(), found, rain_mm=100.0)
    assert (rain["volume_m3"] + rain["overflow_m3"]).iloc[1:].tolist() == pytest.approx(
        (ground * 0.1).tolist()
    )
    curve = build_stage_curve(found, 1)
    assert rain["level_m"].iloc[1] == curve.level_at(ground[1] * 0.1)
    given_ = flood_basins(basins(), found, volume_m3=pd.Series({"W": 1100.0, "N": 5.0}))
    assert given_["level_m"].iloc[1:].tolist() == [4, 4]  # E is not given: full
    assert given_["area_m2"].iloc[1] == 800
    over = flood_basins(basins(), found, volume_m3=pd.Series({"W": 2000.0, "E": 0.0}))
    assert over["overflow_m3"].iloc[1:].tolist() == [100, 0]
    assert over["level_m"].iloc[1:].tolist() == [5, 3]
    assert over.geometry.is_empty.tolist() == [False, False, True]
    # One basin over both depressions: the volume is shared out as the ground that drains to them.
    both = basins().iloc[1:2].set_geometry([worlds.box(0, 0, 90, 50)])
    shared = flood_basins(both, found, volume_m3=pd.Series({"W": 450.0}))
    all_water = shared["volume_m3"] + shared["overflow_m3"]
    assert all_water.tolist() == pytest.approx((450 * ground / ground.sum()).tolist())


def test_isolated_basins_spill_over_their_own_outline() -> None:
    """A bowl in a larger depression: its level is its own sill, not that of the larger one."""
    nested = np.full((7, 9), 9)
    nested[1:6, 1:8] = 4  # spills at 9
    nested[2:5, 4:7] = 3
    nested[3, 5] = 1  # the lowest ground; a pit at 2 in the west
    nested[3, 2] = 2
    pit = gpd.GeoDataFrame({"id_station": ["P"]}, geometry=[worlds.box(10, 20, 35, 50)], crs=2154)
    everything = flood_basins(pit, terrain(nested))
    assert everything["source"].tolist() == ["polygon"]  # the lowest ground lies in another basin
    alone = isolate_basins(grid(nested.astype(np.int16), nodata=-1), pit)
    assert alone.values.dtype == np.float32
    assert np.isfinite(alone.values).sum() == 9  # centres at x = 35 lie on the outline
    water = flood_basins(pit, fill_depressions(alone))
    assert water[["source", "level_m", "volume_m3"]].to_numpy().tolist() == [["terrain", 4, 200]]
    floating = grid(nested.astype(np.float64))
    assert isolate_basins(floating, pit).values.dtype == np.float64
    afar = pit.set_geometry(pit.translate(9000, 0))
    assert np.isnan(isolate_basins(floating, afar).values).all()
    coded = grid(np.where(nested == 2, -1, nested), nodata=-1)
    assert np.isfinite(isolate_basins(coded, pit).values).sum() == 8
    with pytest.raises(CrsError, match="drained_basins"):
        isolate_basins(floating, pit.to_crs(4326))


def houses() -> gpd.GeoDataFrame:
    """Return houses on ground at 1, 2 and 3 m in the west, and one in the east."""
    places = [(33, 23), (13, 33), (13, 13), (63, 23)]
    return gpd.GeoDataFrame(
        {
            "usage_1": "Résidentiel", "construction_legere": False,
            "etat_de_l_objet": "En service", "nombre_de_logements": [1, 2, 4, 8],
        },
        geometry=[worlds.box(x, y, x + 4, y + 4) for x, y in places],
        crs="EPSG:2154",
    )  # fmt: skip


def test_water_of_a_terrain_feeds_the_failures_of_stations() -> None:
    water = flood_basins(basins(), terrain(), volume_m3=pd.Series({"W": 200.0}))
    assert water["level_m"].iloc[1] == 2.5
    model = build_station_failures(houses(), water, worlds.communes())
    assert model.count_by_station()["dwellings"].to_dict() == {"E": 8, "N": 0, "W": 3}
    assert model.find_worst(1, by="buildings").stations == ("W",)


def wetlands() -> gpd.GeoDataFrame:
    """Return wetlands on the west slope: 100 m² of 5 m, 200 m² of 2 m that overlap by 50 m²."""
    return gpd.GeoDataFrame(
        {"profondeur_m": [2.0, 5.0]},
        geometry=[worlds.box(0, 10, 10, 30), worlds.box(0, 25, 10, 35)],
        crs="EPSG:2154",
        index=["low", "deep"],
    )


def test_storage_counts_ground_once_and_stays_inside_protected_areas() -> None:
    found = terrain()
    storage = measure_storage(wetlands(), found)
    assert storage["wetland"].tolist() == ["low", "deep"]
    assert storage["area_m2"].tolist() == [150, 100]
    assert storage["stored_m3"].tolist() == [300, 500]
    assert storage["depression"].tolist() == [1, 1]
    core = gpd.GeoDataFrame(
        geometry=[worlds.box(0, 0, 4, 50), worlds.box(2, 0, 5, 50)], crs="EPSG:2154"
    )
    inside = measure_storage(wetlands(), found, protected=core, depth_m=1.0)
    assert inside["stored_m3"].sum() == 125
    assert inside["area_m2"].sum() == 125
    none = measure_storage(wetlands(), found, protected=core.iloc[:0])
    assert none.empty
    assert measure_storage(wetlands().iloc[:0], found).empty
    afar = wetlands().set_geometry(wetlands().translate(5000, 0))
    assert measure_storage(afar, found)["depression"].isna().all()


def test_counter_scenario_by_hand() -> None:
    """Full: 1900 m³ at 5 m. Stored 800 m³: 1100 m³ are left, at 4 m (`test_stage_curve`)."""
    found = terrain()
    storage = measure_storage(wetlands(), found)
    result = counter_scenario(basins(), found, storage)
    west = result.balance.set_index("id_station").loc["W"]
    assert west["stored_m3"] == 800
    assert (west["volume_m3_before"], west["volume_m3_after"]) == (1900, 1100)
    assert (west["level_m_before"], west["level_m_after"]) == (5, 4)
    assert result.balance["stored_m3"].tolist() == [0, 800, 0]
    assert repr(result) == "<CounterScenario: 3 rows of basins, 1 with lower water>"
    assert not result.flag_spared(houses())["spared"].any()
    # 1 000 m³ come, 200 are left, at 2.5 m: the house at 3 m is dry.
    coming = pd.Series({"W": 1000.0, "E": 100.0})
    result = counter_scenario(basins(), found, storage, volume_m3=coming)
    assert result.balance["level_m_after"].iloc[1] == 2.5
    flags = result.flag_spared(houses())
    assert flags["before"].tolist() == [True] * 4
    assert flags["spared"].tolist() == [False, False, True, False]
    counted = result.count_spared(houses(), worlds.communes())
    assert counted["dwellings_spared"].to_dict() == {"E": 0, "N": 0, "W": 4}
    assert counted.loc["W", ["buildings_before", "buildings_after"]].tolist() == [3, 2]
    # What overflows is stored first: 2 500 m³ come, 600 overflow, 200 are missing at the end.
    over = counter_scenario(basins(), found, storage, volume_m3=pd.Series({"W": 2500.0}))
    assert over.balance.loc[1, ["overflow_m3_before", "overflow_m3_after"]].tolist() == [600, 0]
    assert over.balance.loc[1, "volume_m3_after"] == 1700
    dry = counter_scenario(basins(), found, storage, volume_m3=pd.Series({"W": 700.0}))
    assert dry.balance.loc[1, "volume_m3_after"] == 0
    assert dry.flag_spared(houses())["spared"].tolist() == [True, True, True, False]


def test_faults_are_named() -> None:
    found = terrain()
    with pytest.raises(ParameterError, match="nodata: « sea » is unknown"):
        terrain(nodata="sea")
    with pytest.raises(LayerError, match=r"grid: 2 × 2 cells of complex128.*crop it"):
        terrain(np.ones((2, 2), dtype=complex))
    with pytest.raises(CrsError, match="drained_basins"):
        flood_basins(basins().to_crs(4326), found)
    with pytest.raises(LayerError, match="« id_station » is missing"):
        flood_basins(basins().drop(columns="id_station"), found)
    volume = pd.Series({"W": 1.0})
    with pytest.raises(ParameterError, match="rain_mm: given with volume_m3"):
        flood_basins(basins(), found, rain_mm=1.0, volume_m3=volume)
    with pytest.raises(ParameterError, match="rain_mm: is -1"):
        flood_basins(basins(), found, rain_mm=-1)
    with pytest.raises(ParameterError, match="min_depth_m: is nan"):
        flood_basins(basins(), found, min_depth_m=np.nan)
    with pytest.raises(ParameterError, match=r"terrain: is missing.*fill_depressions"):
        flood_basins(basins(), rain_mm=10.0)
    with pytest.raises(LayerError, match=r"volume_m3: negative.*\(1 feature: W\)"):
        flood_basins(basins(), found, volume_m3=-volume)
    with pytest.raises(LayerError, match=r"stored_m3: .*given twice \(1 feature: 1\)"):
        flood_basins(basins(), found, stored_m3=pd.Series([1.0, 2.0], index=[1, 1]))
    bare = wetlands().drop(columns="profondeur_m")
    with pytest.raises(LayerError, match=r"« profondeur_m » is missing.*give depth_m"):
        measure_storage(bare, found)
    with pytest.raises(LayerError, match=r"negative or unknown \(1 feature: low\)"):
        measure_storage(wetlands().assign(profondeur_m=[None, 1.0]), found)
    with pytest.raises(ParameterError, match="depth_m: is -1"):
        measure_storage(bare, found, depth_m=-1)
    with pytest.raises(CrsError, match="protected"):
        measure_storage(bare, found, depth_m=1, protected=bare.to_crs(4326))


def test_benchmark_runs_and_its_ground_is_deterministic() -> None:
    table = compare(64)
    assert (table["seconds"] > 0).all()
    assert (make_ground(64, seed=1).values == make_ground(64, seed=1).values).all()
