"""Lines of sight: against the pencil, against dense samples, and against themselves turned."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import worlds
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.grid import Grid
from tvb.heritage import (
    Sight,
    build_viewshed,
    find_visible_terrils,
    list_sights,
    measure_horizon_m,
    measure_views_along,
    sample_route,
    views_lost,
)
from tvb.heritage.scene import Scene
from tvb.io import read_layer

R, K = 6_371_000.0, 0.13
BEND = (1 - K) / (2 * R)
X0, Y0 = worlds.X0, worlds.Y0


def terrils(
    *middles: tuple[float, float], height: object = 30.0, half: float = 5
) -> gpd.GeoDataFrame:
    """Return square terrils around places in local metres."""
    return gpd.GeoDataFrame(
        {"no_terril": [f"T{i:03}" for i in range(len(middles))], "hauteur_m": height},
        geometry=[worlds.box(x - half, y - half, x + half, y + half) for x, y in middles],
        crs=2154,
    ).astype({"hauteur_m": "float64"})


def points(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        geometry=[worlds.at(shapely.Point(place)) for place in places], crs=2154
    )


def relief(z: object, *, width: float = 10.0, height: float = 10.0, **options: object) -> Grid:
    """Return a relief whose south-west corner is the origin of the town."""
    values = np.asarray(z, dtype="float64")
    top = Y0 + values.shape[0] * height
    return Grid(values, X0, top, width, height, **options)  # type: ignore[arg-type]


def one(table: pd.DataFrame, column: str = "visible") -> object:
    (value,) = table[column].tolist()
    return value


# The pencil -------------------------------------------------------------------------------------


def test_horizon_is_that_computed_by_hand() -> None:
    """√(2 · 6 371 000 · 1.6 / 0.87) = 4 840.8 m. Kills k on the wrong side, and a forgotten 2."""
    assert float(measure_horizon_m(1.6)) == pytest.approx(4840.8, abs=0.05)
    assert float(measure_horizon_m(1.6, refraction=0.0)) == pytest.approx(4515.2, abs=0.05)
    assert measure_horizon_m(np.array([0.0, 30.0])).tolist() == pytest.approx([0, 20961.0], abs=0.5)
    with pytest.raises(ParameterError, match="height_m: -1 m"):
        measure_horizon_m(-1.0)


@pytest.mark.parametrize("with_relief", [False, True])
def test_a_terril_sinks_below_the_horizon(with_relief: bool) -> None:
    """Seen up to 4 840.8 + 20 961.2 m. Kills a flat earth, and the drop taken from one end only."""
    # 26 km of flat ground, a cell of 25 m wide.
    dem = relief(np.zeros((2, 1060)), width=25.0) if with_relief else None
    limit = float(measure_horizon_m(1.6) + measure_horizon_m(30.0))
    assert limit == pytest.approx(25_802, abs=1)
    eye = points((100, 10))
    for distance, seen in ((limit - 1, True), (limit + 1, False)):
        table = find_visible_terrils(eye, terrils((100 + distance, 10)), dem=dem)
        assert one(table) is seen
    # At 15 km what is lower than 0.87 / 2R · (15 000 − 4 840.8)² = 7.05 m is below the horizon.
    table = find_visible_terrils(eye, terrils((15_100, 10)), dem=dem)
    assert one(table, "visible_m") == pytest.approx(30 - 7.047, abs=1e-3)
    assert one(table, "distance_m") == pytest.approx(15_000)
    assert one(table, "azimuth_deg") == pytest.approx(90)


def _behind_wall(wall: float, *, along: str) -> pd.DataFrame:
    """Look 1 000 m far over one row of cells of a height, half way."""
    z = np.zeros((3, 121))
    z[:, 60] = wall  # centre at 605 m
    if along == "east":
        return find_visible_terrils(
            points((105, 15)), terrils((1105, 15), height=21.6), dem=relief(z)
        )
    return find_visible_terrils(
        points((15, 105)), terrils((15, 1105), height=21.6), dem=relief(z.T[::-1])
    )


@pytest.mark.parametrize("along", ["east", "north"])
def test_a_wall_just_hides_and_just_does_not(along: str) -> None:
    """The line is at (1.6 + 21.6) / 2 = 11.6 m half way, less 0.0171 m of curvature: 11.5829.

    Kills the ground taken from the nearest cell, a wall tested before or behind its ridge, and rows
    for columns.
    """
    assert one(_behind_wall(11.582, along=along)) is True
    assert one(_behind_wall(11.584, along=along)) is False
    assert one(_behind_wall(11.584, along=along), "visible_m") == 0.0
    # A wall of 6 m leaves 2 · (6 + 0.0171) − 1.6 = 10.43 m hidden.
    shown = one(_behind_wall(6.0, along=along), "visible_m")
    assert shown == pytest.approx(21.6 - (2 * (6 + BEND * 500 * 500) - 1.6), abs=1e-9)


def test_the_ground_below_the_terril_counts() -> None:
    """Kills heights above sea level: eye and terril both stand on 100 m of ground."""
    table = find_visible_terrils(
        points((105, 15)), terrils((605, 15)), dem=relief(np.full((3, 80), 100.0))
    )
    assert one(table, "visible_m") == pytest.approx(30.0)


# Dense samples ----------------------------------------------------------------------------------


def bilinear(dem: Grid, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the ground, written again in the plainest way."""
    u = (x - dem.x_min) / dem.cell_width - 0.5
    v = (dem.y_max - y) / dem.cell_height - 0.5
    i, j = np.floor(u).astype(int), np.floor(v).astype(int)
    z = dem.values
    rows, columns = z.shape

    def cell(j: np.ndarray, i: np.ndarray) -> np.ndarray:
        return z[np.clip(j, 0, rows - 1), np.clip(i, 0, columns - 1)]

    a, b = u - i, v - j
    north = cell(j, i) * (1 - a) + cell(j, i + 1) * a
    south = cell(j + 1, i) * (1 - a) + cell(j + 1, i + 1) * a
    return north * (1 - b) + south * b


def dense_hidden_m(
    dem: Grid, eye: tuple[float, float], top: tuple[float, float], samples: int = 4000
) -> float:
    """Return the height below which a target is hidden, from samples along the line.

    The ground breaks where the line passes from centre to centre: those places are sampled as well.
    """
    steps = [(np.arange(samples) + 1) / samples]
    for start, end, origin, size in (
        (eye[0], top[0], dem.x_min, dem.cell_width), (eye[1], top[1], dem.y_max, dem.cell_height)
    ):  # fmt: skip
        if start != end:
            lines = origin + (np.arange(-200, 200) + 0.5) * size
            steps.append((lines - start) / (end - start))
    t = np.concatenate(steps)
    t = t[(t > 0) & (t <= 1)]
    x, y = eye[0] + t * (top[0] - eye[0]), eye[1] + t * (top[1] - eye[1])
    length = np.hypot(top[0] - eye[0], top[1] - eye[1])
    eye_z = bilinear(dem, np.array([eye[0]]), np.array([eye[1]]))[0] + 1.6
    d = t * length
    ground = bilinear(dem, x, y)
    needed = eye_z + (ground + BEND * d * (length - d) - eye_z) / t
    return float(needed.max() - bilinear(dem, np.array([top[0]]), np.array([top[1]]))[0])


def hidden_m(dem: Grid, eye: tuple[float, float], top: tuple[float, float]) -> float:
    """Return the same from the library: a terril high enough is always seen in part."""
    table = find_visible_terrils(
        gpd.GeoDataFrame(geometry=[shapely.Point(eye)], crs=2154),
        gpd.GeoDataFrame(
            {"no_terril": ["T1"], "hauteur_m": [1e6]},
            geometry=[shapely.Point(top).buffer(1e-3)], crs=2154,
        ),
        dem=dem,
    )  # fmt: skip
    return 1e6 - float(one(table, "visible_m"))


heights = st.lists(st.integers(0, 40), min_size=48, max_size=48)
place = st.tuples(st.floats(0.1, 79.9), st.floats(0.1, 89.9))


@settings(max_examples=60, deadline=None)
@given(z=heights, eye=place, top=place)
def test_the_line_is_compared_with_all_of_the_ground(
    z: list[int], eye: tuple[float, float], top: tuple[float, float]
) -> None:
    """Kills samples every cell, ridges missed between lines of the lattice, and wrong corners."""
    dem = relief(np.reshape(z, (6, 8)), width=10.0, height=15.0)
    eye, top = (eye[0] + X0, eye[1] + Y0), (top[0] + X0, top[1] + Y0)
    assume(np.hypot(eye[0] - top[0], eye[1] - top[1]) > 1)
    exact, dense = hidden_m(dem, eye, top), dense_hidden_m(dem, eye, top)
    # Samples never find a higher slope than there is, and miss the highest by a little.
    assert dense - 1e-6 * max(1.0, abs(dense)) <= exact <= dense + 1e-3 * max(1.0, abs(dense))


def test_blocks_of_ground_are_skipped_only_below_the_line() -> None:
    """Over many blocks of cells, in all directions; kills a block left out that hides."""
    rng = np.random.default_rng(5)
    z = rng.normal(size=(70, 90)).cumsum(axis=0).cumsum(axis=1)
    dem = relief(40 * (z - z.min()) / np.ptp(z) + rng.uniform(0, 3, z.shape))
    ends = rng.uniform([X0, Y0], [X0 + 900, Y0 + 700], size=(120, 2, 2))
    middle = np.array([X0 + 450.0, Y0 + 350.0])
    ends[:8, 0] = middle + 5.0  # on the centre of a cell, along rows, columns and diagonals
    ends[:8, 1] = ends[:8, 0] + 200.0 * np.array(
        [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
    )
    for eye, top in ends:
        exact = hidden_m(dem, tuple(eye), tuple(top))
        dense = dense_hidden_m(dem, tuple(eye), tuple(top))
        assert dense - 1e-6 <= exact <= dense + 1e-3 * max(1.0, abs(dense))


@settings(max_examples=60, deadline=None)
@given(z=heights, eye=place, top=place, low=st.floats(0.5, 30), high=st.floats(0.5, 30))
def test_who_sees_is_seen(
    z: list[int], eye: tuple[float, float], top: tuple[float, float], low: float, high: float
) -> None:
    """Sight is the same both ways. Kills the drop of the earth taken from the eye alone."""
    dem = relief(np.reshape(z, (6, 8)), width=400.0, height=500.0)
    eye, top = (eye[0] * 40, eye[1] * 33), (top[0] * 40, top[1] * 33)
    assume(np.hypot(eye[0] - top[0], eye[1] - top[1]) > 1)
    there = find_visible_terrils(
        points(eye), terrils(top, height=high, half=1e-3), dem=dem, sight=Sight(observer_m=low)
    )
    back = find_visible_terrils(
        points(top), terrils(eye, height=low, half=1e-3), dem=dem, sight=Sight(observer_m=high)
    )
    shown = float(one(there, "visible_m")), float(one(back, "visible_m"))
    assume(not any(0 < part < 1e-3 for part in shown))
    assert one(there) == one(back)


# What is not known ------------------------------------------------------------------------------


def test_ground_without_data_is_neither_seen_through_nor_a_wall() -> None:
    """Kills missing ground that passes for low, or for -9999 m."""
    z = np.zeros((3, 60))
    z[:, 30] = -9999
    dem = relief(z, nodata=-9999.0)
    near, far = terrils((205, 15)), terrils((505, 15))
    assert one(find_visible_terrils(points((105, 15)), near, dem=dem)) is True
    assert one(find_visible_terrils(points((105, 15)), far, dem=dem)) is pd.NA
    assert np.isnan(float(one(find_visible_terrils(points((105, 15)), far, dem=dem), "visible_m")))
    z[:, 20] = 500  # what is hidden anyhow is known to be
    dem = relief(z, nodata=-9999.0)
    assert one(find_visible_terrils(points((105, 15)), far, dem=dem)) is False


def test_missing_ground_far_below_the_line_is_not_known_either() -> None:
    """Kills a block of ground passed over because what is known of it is low."""
    z = np.zeros((3, 80))
    z[:, 14], z[:, 50] = 20.0, -9999.0
    eye, high = points((105, 15)), terrils((705, 15), height=500.0)
    assert one(find_visible_terrils(eye, high, dem=relief(z, nodata=-9999.0))) is pd.NA
    z[:, 50] = 0.0
    assert one(find_visible_terrils(eye, high, dem=relief(z))) is True


def test_what_curvature_just_hides_is_known_to_be_hidden() -> None:
    """The wall that just hides, and missing ground behind it. Kills a limit on a flat earth."""
    z = np.zeros((3, 121))
    z[:, 60], z[:, 80] = 11.584, np.nan
    eye, heap = points((105, 15)), terrils((1105, 15), height=21.6)
    assert one(find_visible_terrils(eye, heap, dem=relief(z))) is False


def test_unknown_heights_and_places_are_not_known() -> None:
    dem = relief(np.zeros((10, 10)))
    unknown = terrils((50, 50), height=None)
    assert one(find_visible_terrils(points((10, 10)), unknown)) is pd.NA
    assert one(find_visible_terrils(points((10, 10)), unknown.drop(columns="hauteur_m"))) is pd.NA
    supposed = Sight(default_height_m=20.0)
    assert one(find_visible_terrils(points((10, 10)), unknown, sight=supposed)) is True
    outside = points((-10, 50))
    assert one(find_visible_terrils(outside, terrils((50, 50)), dem=dem)) is pd.NA
    assert one(find_visible_terrils(points((50, 60)), terrils((500, 50)), dem=dem)) is pd.NA


def test_what_lies_inside_its_outline_does_not_hide_a_terril() -> None:
    """A flat heap: from below, its near rim stands before its highest cell, at the far rim."""
    z = np.zeros((3, 60))
    z[:, 30:41] = 20.0
    z[:, 40] = 20.5
    z[:, 30] = 20.4
    heap = terrils((355, 15), half=60)
    dem, eye = relief(z), points((105, 15))
    surface = Sight(dem_shows="surface")
    table = find_visible_terrils(eye, heap, dem=dem, sight=surface)
    assert one(table) is True
    assert one(table, "height_m") == pytest.approx(0.5)  # above the lowest cell inside
    # What stands between two parts of it does.
    z[:, 34], z[:, 35], z[:, 36:41] = 40.0, 10.0, 21.0
    parts = shapely.MultiPolygon([worlds.box(295, 5, 340, 25), worlds.box(360, 5, 415, 25)])
    assert one(find_visible_terrils(eye, heap.assign(geometry=[parts]).set_crs(2154), dem=relief(z),
                                    sight=surface)) is False  # fmt: skip
    # The same ground, of another terril, does hide it.
    z[:, 34:36] = 20.0
    both = pd.concat([terrils((305, 15), half=8), terrils((405, 15), half=8)], ignore_index=True)
    both["no_terril"] = ["near", "far"]
    z[:, 30] = 30.0
    table = find_visible_terrils(eye, both, dem=relief(z), sight=surface).set_index("no_terril")
    assert table["visible"].to_dict() == {"near": True, "far": False}


def test_heaps_between_the_cells_and_beyond_the_relief() -> None:
    surface = Sight(dem_shows="surface")
    dem = relief(np.zeros((10, 10)))
    small = terrils((50, 50), half=2)  # holds no centre of a cell
    assert one(find_visible_terrils(points((15, 15)), small, dem=dem, sight=surface)) is True
    away = terrils((500, 50))
    assert one(find_visible_terrils(points((15, 15)), away, dem=dem, sight=surface)) is pd.NA


# Points, routes, viewsheds ----------------------------------------------------------------------


def test_order_and_index_do_not_matter() -> None:
    dem = relief(np.random.default_rng(1).uniform(0, 20, (40, 40)))
    heaps = terrils((50, 50), (350, 300), (200, 100), (10, 390))
    eyes = points((100, 100), (300, 50), (50, 350))
    plain = find_visible_terrils(eyes, heaps, dem=dem)
    moved = eyes.iloc[[2, 0, 1]].set_index(pd.Index(["c", "a", "b"]))
    again = find_visible_terrils(moved, heaps.iloc[[3, 1, 0, 2]], dem=dem)
    again["point"] = again["point"].map({"a": 0, "b": 1, "c": 2})
    again = again.sort_values(["point", "no_terril"], ignore_index=True)
    pd.testing.assert_frame_equal(plain, again)
    assert plain["no_terril"].tolist() == ["T000", "T001", "T002", "T003"] * 3


def test_what_is_too_far_is_left_out_and_where_one_stands_is_seen() -> None:
    table = find_visible_terrils(
        points((0, 0)), terrils((0, 0), (3, 4), (30, 40)), sight=Sight(max_distance_m=5.0)
    )
    assert table["distance_m"].tolist() == pytest.approx([0.0, 5.0])
    assert table["visible_m"].tolist() == [30.0, 30.0]
    on_it = find_visible_terrils(points((55, 55)), terrils((55, 55)), dem=relief(np.zeros((9, 9))))
    assert one(on_it) is True


def test_nothing_in_nothing_out() -> None:
    assert len(find_visible_terrils(points(), terrils((0, 0)))) == 0
    empty = terrils((0, 0)).iloc[:0]
    dem = relief(np.zeros((3, 3)))
    assert len(find_visible_terrils(points((1, 1)), empty, dem=dem)) == 0
    assert (build_viewshed(dem, empty).values == 0).all()
    routes = gpd.GeoDataFrame(geometry=[worlds.at(shapely.LineString([(0, 0), (9, 9)]))], crs=2154)
    assert len(measure_views_along(routes, empty)) == 0


def test_pieces_of_a_route_add_up_to_it() -> None:
    """Kills points at the ends of the pieces, and a last piece that is shorter than told."""
    lines = [
        shapely.LineString([(0, 0), (100, 0), (100, 20)]),
        shapely.LineString([(0, 0), (0, 9)]),
    ]
    routes = gpd.GeoDataFrame(geometry=[worlds.at(g) for g in lines], index=["a", "b"], crs=2154)
    table = sample_route(routes, step_m=50.0)
    assert table["route"].tolist() == ["a", "a", "a", "b"]
    assert table["along_m"].tolist() == pytest.approx([20, 60, 100, 4.5])
    assert table.groupby("route")["piece_m"].sum().tolist() == pytest.approx([120, 9])
    assert table.geometry.iloc[2].distance(worlds.at(shapely.Point(100, 0))) < 1e-6


def test_a_terril_is_seen_from_the_part_of_a_route_before_a_wall() -> None:
    """A wall at 500 m, the terril at 900 m: it is hidden until the wall. Pencil: 595 m of 600."""
    z = np.zeros((3, 100))
    z[:, 50] = 200.0
    line = worlds.at(shapely.LineString([(200, 15), (800, 15)]))
    routes = gpd.GeoDataFrame(geometry=[line], index=["way"], crs=2154)
    table = measure_views_along(routes, terrils((900, 15)), dem=relief(z), step_m=1.0)
    row = table.iloc[0]
    # From the ridge at 505 m on; on the slope of the wall itself one stands above it.
    assert row["route"] == "way"
    assert row["seen_m"] == pytest.approx(295, abs=2)
    assert row["first_m"] == pytest.approx(305, abs=2)
    assert row["last_m"] == pytest.approx(599.5)
    assert row["nearest_m"] == pytest.approx(100.5)
    assert row["seen_share"] == pytest.approx(row["seen_m"] / 600)
    assert row["unknown_m"] == 0


def test_a_viewshed_is_what_each_cell_sees() -> None:
    """Kills rows for columns, and eyes at corners instead of centres."""
    rng = np.random.default_rng(3)
    z = rng.uniform(0, 15, (12, 17))
    z[3, 4] = np.nan
    dem = relief(z, width=10.0, height=20.0)
    heaps = terrils((50, 50), (130, 180), height=8.0)
    shed = build_viewshed(dem, heaps, sight=Sight(max_distance_m=150.0))
    x, y = np.meshgrid(np.arange(17) * 10 + 5.0, 240 - (np.arange(12) * 20 + 10.0))
    eyes = points(*zip(x.ravel(), y.ravel(), strict=True))
    table = find_visible_terrils(eyes, heaps, dem=dem, sight=Sight(max_distance_m=150.0))
    seen = table.groupby("point")["visible"].agg(lambda v: -1 if v.isna().any() else v.sum())
    expected = seen.reindex(range(12 * 17), fill_value=0).to_numpy().reshape(12, 17)
    assert (shed.values == expected).all()
    assert {-1, 0, 1, 2} == set(np.unique(shed.values))
    assert (shed.nodata, shed.x_min, shed.cell_height) == (-1.0, dem.x_min, 20.0)


# Messages ---------------------------------------------------------------------------------------


def test_settings_out_of_range_are_refused() -> None:
    for wrong, message in (
        ({"observer_m": 0.0}, "observer_m: 0.0. Required: more than 0 m"),
        ({"refraction": 1.0}, "refraction: 1.0. Required: less than 1"),
        ({"max_distance_m": -1.0}, "max_distance_m"),
        ({"dem_shows": "trees"}, "dem_shows: trees. Required: ground or surface"),
        ({"default_height_m": -3.0}, "default_height_m"),
    ):
        with pytest.raises(ParameterError, match=message):
            Sight(**wrong)  # type: ignore[arg-type]


def test_wrong_frames_are_refused() -> None:
    with pytest.raises(CrsError, match="points: coordinates are in EPSG:4326"):
        find_visible_terrils(points((0, 0)).to_crs(4326), terrils((0, 0)))
    with pytest.raises(CrsError, match="terrils: coordinates are in EPSG:4326"):
        find_visible_terrils(points((0, 0)), terrils((0, 0)).to_crs(4326))
    with pytest.raises(LayerError, match=r"points: geometry that is not a point.*sample_route"):
        find_visible_terrils(terrils((0, 0)), terrils((0, 0)))
    lost = terrils((0, 0))
    lost.loc[0, "geometry"] = None
    with pytest.raises(LayerError, match=r"terrils: no geometry \(1 feature: T000\)"):
        find_visible_terrils(points((0, 0)), lost)
    routes = gpd.GeoDataFrame(geometry=[worlds.at(shapely.LineString([(0, 0), (9, 9)]))], crs=2154)
    with pytest.raises(ParameterError, match="step_m: 0 m"):
        sample_route(routes, step_m=0)


# Views lost -------------------------------------------------------------------------------------


def farmland(*views: str) -> gpd.GeoDataFrame:
    """Return fields of 400 × 400 m from the south-west corner of the town eastwards."""
    return gpd.GeoDataFrame(
        {"id_parvis": [str(i) for i in range(len(views))], "vue_sur": list(views)},
        geometry=[worlds.box(400 * i, 0, 400 * i + 400, 400) for i in range(len(views))],
        crs=2154,
    )


def zones(*boxes: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[worlds.box(*b) for b in boxes], crs=2154)


def test_sights_are_codes_names_or_told_as_unresolved() -> None:
    """Kills a split at hyphens that loses T117, and a name guessed from one word."""
    heaps = gpd.GeoDataFrame(
        {
            "no_terril": ["T058", "T058a", "T074", "T074a", "T116", "T117"],
            "nom": ["Lavoir Ouest", "Lavoir Est", "11/19 de Lens Est", "11/19 de Lens Ouest",
                    "10 d'Oignies", "Sainte-Henriette"],
            "commune_1": ["Grenay", None, "Loos-en-Gohelle", "Loos-en-Gohelle", "Dourges", None],
        },
        geometry=[worlds.box(0, 0, 1, 1)] * 6, crs=2154,
    )  # fmt: skip
    fields = farmland(
        "T058a, T058", "T116-117", "Terrils 11/19 Loos-En-Gohelle", "sainte henriette",
        "T123-139", "Fosse Lewarde", "11/19 Lens",
    )  # fmt: skip
    fields.loc[7] = fields.loc[6]
    fields.loc[7, "vue_sur"] = None
    table = list_sights(fields, heaps).set_index("feature")
    assert table.loc[0, "no_terril"].tolist() == ["T058", "T058a"]
    assert table.loc[1, "no_terril"].tolist() == ["T116", "T117"]
    assert table.loc[2, "no_terril"].tolist() == ["T074", "T074a"]
    assert table.loc[3, ["no_terril", "how"]].tolist() == ["T117", "name"]
    assert table.loc[4, ["no_terril", "how"]].to_numpy().tolist() == [
        ["T123", "absent"], ["T139", "absent"],
    ]  # fmt: skip
    assert table.loc[[5, 6], "how"].tolist() == ["unresolved", "unresolved"]
    assert table.loc[[5, 6], "no_terril"].isna().all()
    assert 7 not in table.index


def test_what_a_zone_takes_is_that_computed_by_hand() -> None:
    """Kills the zone found for a field that it only touches, and the share taken of the zone."""
    heap = terrils((1000, 200))
    fields = farmland("T000", "Fosse Lewarde")
    taken = zones((0, 0, 100, 200), (500, 100, 600, 300), (0, 1000, 100, 1100))
    table = views_lost(taken.set_index(pd.Index(["z1", "z2", "z3"])), fields, heap)
    assert table["zone"].tolist() == ["z1", "z2", "z2"]
    assert table["farmland"].tolist() == [0, 0, 1]
    # z1 takes 2 ha of 16; z2 takes none of the first field, and stands between it and the terril.
    assert table["built_m2"].tolist() == pytest.approx([20_000, 0, 20_000])
    assert table["built_share"].tolist() == pytest.approx([0.125, 0, 0.125])
    assert table["between"].tolist() == [False, True, pd.NA]
    assert table[["seen_points", "masked_points"]].isna().all(axis=None)


@pytest.mark.parametrize(("height", "share"), [(5.0, 1.0), (100.0, 0.0)])
def test_buildings_hide_a_low_terril_and_not_a_high_one(height: float, share: float) -> None:
    """Behind 9 m of buildings at 450–550 m, a terril of 5 m at 1 km is lost, one of 100 m not."""
    dem = relief(np.zeros((60, 130)), width=10.0, height=10.0)
    heap = terrils((1000, 200), height=height)
    across = zones((450, 0, 550, 400))
    table = views_lost(across, farmland("T000"), heap, dem=dem, step_m=40.0)
    row = table.iloc[0]
    # A lattice of 40 m on whole coordinates holds 9 × 9 points inside 400 m; those on the border
    # of the field are not inside.
    assert row["seen_points"] == 81
    assert row["unknown_points"] == 0
    assert row["masked_share"] == pytest.approx(share)
    assert bool(row["between"])


def test_views_are_lost_the_same_in_the_elevations_of_a_region(monkeypatch) -> None:
    """Kills a window that cuts off a ray, and the whole region built on for each zone."""
    rng = np.random.default_rng(5)
    dem = relief(rng.uniform(0, 8, (400, 500)))  # 5 km by 4 km
    heap = terrils((1000, 200), (3000, 3500), height=12.0)
    some = zones((450, 0, 550, 400), (700, 100, 800, 150))
    built = []
    plain = Scene.raise_ground
    monkeypatch.setattr(Scene, "raise_ground", lambda scene, grid, *args: (
        built.append(grid.shape), plain(scene, grid, *args))[1])  # fmt: skip
    near = views_lost(some, farmland("T000"), heap, dem=dem, step_m=40.0)
    assert max(built) < (60, 120)
    monkeypatch.setattr(sys.modules["tvb.heritage.views_lost"], "_around", lambda grid, _: grid)
    whole = views_lost(some, farmland("T000"), heap, dem=dem, step_m=40.0)
    assert max(built) == (400, 500)
    assert_frame_equal(near, whole)
    assert near["masked_points"].sum() > 0
    beyond = relief(np.zeros((5, 5))).values
    far = Grid(beyond, X0 + 90_000, Y0 + 90_000, 10.0, 10.0)
    assert (views_lost(some, farmland("T000"), heap, dem=far)["unknown_points"] > 0).all()


def test_points_on_the_zone_are_not_asked_and_unknown_ones_are_told() -> None:
    dem = relief(np.zeros((60, 130)))
    half = zones((0, 0, 200, 400))
    table = views_lost(half, farmland("T000, T999"), terrils((1000, 200)), dem=dem, step_m=40.0)
    assert table["no_terril"].tolist() == ["T000", "T999"]
    # Columns at 240, 280, 320, 360 m of 9 rows are left, nothing hides from them.
    assert table["seen_points"].tolist() == [36, pd.NA]
    assert table["masked_points"].tolist() == [0, pd.NA]
    assert np.isnan(table["masked_share"].iloc[1])
    unknown = views_lost(
        half, farmland("T000"), terrils((1000, 200), height=None), dem=dem, step_m=40.0
    )
    assert (unknown["seen_points"].iloc[0], unknown["unknown_points"].iloc[0]) == (0, 36)
    assert np.isnan(unknown["masked_share"].iloc[0])


def test_views_lost_refuses_what_it_cannot_use() -> None:
    fields, heap, taken = farmland("T000"), terrils((1000, 200)), zones((0, 0, 1, 1))
    with pytest.raises(CrsError, match="zones: coordinates are in EPSG:4326"):
        views_lost(taken.to_crs(4326), fields, heap)
    with pytest.raises(ParameterError, match="building_m: 0 m"):
        views_lost(taken, fields, heap, building_m=0)
    with pytest.raises(ParameterError, match="step_m: -1 m"):
        views_lost(taken, fields, heap, step_m=-1)
    assert len(views_lost(taken.iloc[:0], fields, heap)) == 0
    assert len(views_lost(taken, fields.iloc[:0], heap)) == 0


@pytest.mark.official
def test_published_views_name_terrils(official: Path) -> None:
    """138 stretches of farmland; 16 codes that the layer of terrils lacks are told as such."""
    files = [official / "terrils.geojson", official / "zt-terrils.geojson"]
    heaps, _ = read_layer(files, "terrils")
    fields, _ = read_layer(official / "zt-parvis-agricoles.geojson", "farmland")
    table = list_sights(fields, heaps)
    assert table["feature"].nunique() == len(fields) == 138
    named = table[table["how"].isin(["code", "name"])]
    assert set(named["no_terril"]) <= set(heaps["no_terril"])
    assert table[table["how"] == "absent"]["no_terril"].nunique() == 13
    loos = table[table["sight"].str.contains("11/19")]
    assert set(loos["no_terril"]) == {"T074", "T074a", "T074b"}
