"""Depth of water at buildings: brute force over the cells, windows, and the three answers."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from benchmarks.bench_depth import check_against_exactextract, compare, make_world
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import corpus
from strategies import SIZE, area_of, cells, frame
from tvb.connectivity.burn import cells_of_polygons
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.flood import classify_depth, depth_cells, measure_depth, measure_flooded_share
from tvb.flood.depth_footprints import are_simple
from tvb.geometry.arrays import polygon_parts
from tvb.grid import Grid
from tvb.io import iter_grids, read_grid, write_grid
from worlds import X0, Y0

NODATA = -9999.0
STATISTICS = ("max", "mean", "mean_wet", "p50", "p90", "p100", "door")
Boxes = list[tuple[float, float, float, float]]


def town(boxes: Boxes) -> gpd.GeoDataFrame:
    return frame([shapely.box(*box) for box in boxes])


def small(**options: Any) -> Grid:
    """Return cells of 10 m: two dry, a shallow and a deep one, one without observation."""
    values = np.array([[0.0, 0.5, NODATA], [0.0, 2.0, NODATA]])
    return Grid(values, 0, 20, 10, 10, **{"nodata": NODATA, "name": "02Moy"} | options)


# --- The answers, by hand ------------------------------------------------------------------------


def test_dry_ground_no_data_and_outside_are_three_answers() -> None:
    """Kills no data read as 0, as -9999, and buildings outside counted as dry."""
    boxes = {
        "wet": (12, 2, 18, 8),
        "dry": (2, 2, 8, 18),
        "nodata": (22, 2, 28, 8),
        "outside": (40, 2, 48, 8),
        "wet and nodata": (18, 2, 22, 8),
        "dry and outside": (-4, 2, 4, 8),
        "nodata and outside": (28, 2, 32, 8),
    }
    found = measure_depth(town(list(boxes.values())), small())
    table = found.scenario("02Moy").set_axis(list(boxes))
    answers = ["wet", "dry", "nodata", "outside", "wet", "partly_dry", "nodata"]
    assert table["answer"].tolist() == answers
    shares = table[["share_wet", "share_dry", "share_nodata", "share_outside"]]
    assert shares.loc["wet and nodata"].tolist() == pytest.approx([0.5, 0.0, 0.5, 0.0])
    assert shares.loc["dry and outside"].tolist() == pytest.approx([0.0, 0.5, 0.0, 0.5])
    assert shares.loc["nodata and outside"].tolist() == pytest.approx([0.0, 0.0, 0.5, 0.5])
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    assert table["depth_max_m"].fillna(-1).tolist() == [2.0, 0.0, -1, -1, 2.0, 0.0, -1]
    account = found.account.loc["02Moy"]
    assert account[["wet", "dry", "partly_dry", "nodata", "outside"]].tolist() == [2, 1, 1, 2, 1]
    assert found.summary().startswith("02Moy: 2 wet, 1 dry, 1 partly_dry, 2 nodata, 1 outside\n")
    assert repr(found) == "<BuildingDepths: 7 buildings, scenarios 02Moy>"


def test_statistics_by_hand() -> None:
    """Cells weigh by the share that is covered; kills centres, means of cells, plain quantiles."""
    # 10 m2 of 0, 30 m2 of 0.5 and 60 m2 of 2, each cell met in part.
    shape = shapely.union_all(
        [shapely.box(5, 14, 10, 16), shapely.box(10, 10, 16, 15), shapely.box(10, 4, 20, 10)]
    )
    found = measure_depth(frame([shape]), small(), statistics=("mean", "mean_wet", "p10", "p40",
                          "p41", "p99.9")).scenario("02Moy").loc[0]  # fmt: skip
    assert found["depth_mean_m"] == pytest.approx(1.35)
    assert found["depth_mean_wet_m"] == pytest.approx(1.5)
    depths = [found[f"depth_{p}_m"] for p in ("p10", "p40", "p41", "p99.9")]
    assert depths == [0.0, 0.5, 2.0, 2.0]
    assert found["share_wet"] == pytest.approx(0.9)
    assert found["share_dry"] == pytest.approx(0.1)


def test_door_where_the_water_is_deepest_or_where_it_is_known() -> None:
    """Kills the mean at the door, the inner side of a wall only, and a negative depth in a house.

    The house fills the shallow cell: the deep cell is on the other side of its south wall.
    """
    house = town([(10, 10, 20, 20), (12, 12, 18, 18), (12, 12, 18, 18)])
    house["seuil"] = pd.array([0.25, 0.7, None], dtype="Float64")

    def doors_of(**options: Any) -> list[float]:
        found = measure_depth(house, small(), statistics=("door",), **options)
        return found.table["depth_door_m", "02Moy"].fillna(-1).tolist()

    assert doors_of() == [2.0, 0.5, 0.5]
    assert doors_of(floor_height_m=0.5) == [1.5, 0.0, 0.0]
    assert doors_of(floor_height_m="seuil") == [1.75, 0.0, -1]
    doors = gpd.GeoSeries([shapely.Point(15, 15), None, shapely.Point(25, 5)], crs=2154)
    assert doors_of(doors=doors) == [0.5, 0.5, -1]
    account = measure_depth(house, small(), floor_height_m="seuil", doors=doors).account
    assert account.loc["02Moy", ["doors_known", "floors_unknown"]].tolist() == [2, 1]


def test_holes_have_no_door() -> None:
    """A court with deep water does not put water at the outer walls."""
    depth = np.zeros((9, 9))
    depth[4, 4] = 3.0
    court = shapely.box(0.5, 0.5, 8.5, 8.5).difference(shapely.box(3.5, 3.5, 5.5, 5.5))
    found = measure_depth(frame([court]), Grid(depth, 0, 9, 1, 1), statistics=("door", "max"))
    assert found.table.loc[0, ["depth_door_m", "depth_max_m"]].tolist() == [0.0, 0.0]


def test_negative_and_tiny_depths_are_dry_and_counted() -> None:
    values = np.array([[-0.02, 0.004, 0.01, 0.5]])
    building = town([(0, 0, 4, 1)])
    found = measure_depth(building, Grid(values, 0, 1, 1, 1), statistics=("max", "mean"))
    account = found.account.loc["grid"]
    assert account[["cells", "cells_negative", "cells_tiny"]].tolist() == [4, 1, 1]
    assert found.table.loc[0, "share_wet"].item() == 0.5
    assert found.table.loc[0, "depth_mean_m"].item() == pytest.approx(0.51 / 4)
    every = measure_depth(building, Grid(values, 0, 1, 1, 1), tiny_m=0)
    assert every.account.loc["grid", ["cells_negative", "cells_tiny"]].tolist() == [1, 0]
    assert every.table.loc[0, "share_wet"].item() == 0.75


def test_rectangular_cells_are_honoured() -> None:
    """Kills a square cell assumed: the footprint covers half of a cell of 20 by 5 m."""
    depth = Grid(np.array([[1.0, 0.0]]), 0, 5, 20, 5)
    found = measure_depth(town([(10, 0, 30, 2.5)]), depth).scenario("grid").loc[0]
    assert [found["share_wet"], found["share_dry"]] == [0.5, 0.5]


# --- Brute force ---------------------------------------------------------------------------------


def by_cells(shape: shapely.Geometry, grid: Grid, tiny_m: float = 0.01) -> dict[str, Any]:
    """Return the measures of one building by intersecting it with every cell."""
    parts, _ = polygon_parts(np.array([shape], dtype=object))
    rows, columns = np.indices(grid.shape).reshape(2, -1)
    west = grid.x_min + columns * grid.cell_width
    north = grid.y_max - rows * grid.cell_height
    boxes = shapely.box(west, north - grid.cell_height, west + grid.cell_width, north)
    area = sum(shapely.area(shapely.intersection(boxes, part)) for part in parts)
    rings = shapely.multilinestrings(shapely.get_exterior_ring(parts))
    depth = grid.values.reshape(-1).astype(float)
    known = np.isfinite(depth) & (depth != grid.nodata)
    depth = np.where(depth < tiny_m, 0.0, depth)
    covered = np.where(area > 1e-9 * grid.cell_area_m2, area, 0.0)
    found: dict[str, Any] = {
        "wet": covered[known & (depth > 0)].sum(),
        "dry": covered[known & (depth == 0)].sum(),
        "nodata": covered[~known].sum(),
    }
    found["outside"] = shapely.area(parts).sum() - sum(found.values())
    met = known & (covered > 0)
    on_ring = known & (shapely.distance(boxes, rings) <= 1e-9)
    found["door"] = depth[on_ring].max() if on_ring.any() else np.nan
    if not met.any():
        return found | dict.fromkeys(("max", "mean", "p50", "p90"), np.nan)
    order = np.argsort(depth[met], kind="stable")
    depths, areas = depth[met][order], covered[met][order]
    for p in (50, 90, 100):
        enough = np.flatnonzero(areas.cumsum() >= (p / 100 - 1e-9) * areas.sum())
        found[f"p{p}"] = depths[enough[0]]
    return found | {"max": depths[-1], "mean": (depths * areas).sum() / areas.sum()}


def check_by_cells(buildings: gpd.GeoDataFrame, grid: Grid) -> None:
    found = measure_depth(buildings, grid, statistics=STATISTICS).scenario(grid.name)
    for (_, row), shape in zip(found.iterrows(), buildings.geometry, strict=True):
        expected = by_cells(shape, grid)
        area = sum(expected[part] for part in ("wet", "dry", "nodata", "outside"))
        for part in ("wet", "dry", "nodata", "outside"):
            assert row[f"share_{part}"] * area == pytest.approx(expected[part], abs=1e-6)
        for name in ("max", "p50", "p90", "p100", "door"):
            np.testing.assert_equal(row[f"depth_{name}_m"], expected.get(name, np.nan), name)
        np.testing.assert_allclose(row["depth_mean_m"], expected["mean"], atol=1e-9)


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Return grids of few depths around the shapes of `strategies`, or over a part of them."""
    width, height = draw(st.sampled_from([(1.0, 1.0), (2.0, 0.5), (0.75, 3.0), (4.0, 4.0)]))
    x_min = draw(st.sampled_from([-4.0, -0.5, 0.0, 2.5]))
    rows, columns = int(12 / height), int(12 / width)
    depths = st.sampled_from([0.0, 0.0, 0.0, 0.004, 0.25, 0.5, 1.75, -0.5, NODATA, np.nan])
    values = draw(st.lists(depths, min_size=rows * columns, max_size=rows * columns))
    array = np.array(values, dtype=draw(st.sampled_from(["float32", "float64"])))
    return Grid(array.reshape(rows, columns), x_min, 10.0, width, height, nodata=NODATA)


@st.composite
def polygons(draw: st.DrawFn) -> shapely.Geometry:
    """Return unions of cells with holes, rings that cross themselves, and slivers."""
    kind = draw(st.sampled_from(["cells", "ring", "sliver", "holed"]))
    if kind == "cells":
        return area_of(draw(cells()))
    quarter = st.integers(0, 4 * SIZE).map(lambda q: q / 4)
    points = draw(st.lists(st.tuples(quarter, quarter), min_size=3, max_size=7, unique=True))
    ring = shapely.Polygon(points)
    if kind == "ring":
        return ring
    if kind == "sliver":
        a, b = points[:2]
        return shapely.Polygon([a, b, (b[0] + 1e-4, b[1] + 1e-4), (a[0] + 1e-4, a[1] - 1e-4)])
    return shapely.box(0, 0, SIZE, SIZE).difference(shapely.make_valid(ring))


@settings(max_examples=150, deadline=None)
@given(st.lists(polygons(), min_size=1, max_size=3), grids())
def test_equals_the_intersection_with_every_cell(
    shapes: list[shapely.Geometry], grid: Grid
) -> None:
    """Kills centres of cells, filled holes, parts counted twice, and edges that lose a cell."""
    shapes = [shape for shape in shapes if shapely.area(polygon_parts(np.array([shape]))[0]).sum()]
    check_by_cells(frame(shapes), grid)


def test_equals_the_cells_at_true_coordinates() -> None:
    """Coordinates of 7 000 km and cells of 0.1 m, whose corners have no exact value."""
    random = np.random.default_rng(3)
    grid = Grid(random.choice([0, 0.3, 1.2], (60, 60)), X0, Y0 + 6, 0.1, 0.1)
    corners = random.uniform(0.2, 4, (20, 2)).round(2)
    shapes = [
        shapely.affinity.rotate(shapely.box(X0 + x, Y0 + y, X0 + x + 1.5, Y0 + y + 0.8), 20 * i)
        for i, (x, y) in enumerate(corners)
    ]
    check_by_cells(frame(shapes), grid)


@pytest.mark.parametrize("case", corpus.cases("polygon"), ids=lambda case: case.name)
def test_awkward_footprints_have_the_area_that_repair_leaves(case: corpus.Case) -> None:
    grid = Grid(np.full((40, 40), 1.5), X0 - 10, Y0 + 30, 1, 1)
    grid.values[0, 0] = 0.5  # far away: what is alike needs no measure
    mixed = Grid(np.indices((40, 40)).sum(axis=0) % 2 * 1.0, X0 - 10, Y0 + 30, 1, 1, name="mixed")
    found = measure_depth(frame([case.geometry]), {"a": grid, "mixed": mixed})
    answers = found.table["answer"].loc[0].tolist()
    if case.size is None:
        assert answers == ["no_footprint", "no_footprint"]
        return
    assert answers == ["wet", "wet"]
    assert found.account.loc["mixed", "repaired"] == (not case.valid)
    # Share by share, the squares of a chessboard.
    expected = by_cells(case.geometry, mixed)
    assert expected["wet"] + expected["dry"] == pytest.approx(case.size)
    share = found.table.loc[0, ("share_wet", "mixed")]
    assert share == pytest.approx(expected["wet"] / case.size, abs=1e-9)


def test_null_points_and_empty_layers() -> None:
    rows = frame([None, shapely.Polygon(), shapely.Point(5, 5)])
    found = measure_depth(rows, small())
    assert found.table["answer", "02Moy"].tolist() == ["no_footprint"] * 3
    assert found.table.drop(columns="answer", level="measure").isna().all(axis=None)
    assert len(measure_depth(rows.iloc[:0], small()).table) == 0
    outside = measure_depth(town([(0, 0, 1, 1)]), iter(()))
    assert outside.table["answer", "depth"].tolist() == ["outside"]
    assert measure_depth(rows, {}).table.shape == (3, 0)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=8),
    st.floats(0, 6),
)
def test_rings_called_simple_are_valid(points: list[tuple[int, int]], angle: float) -> None:
    """Rings that touch, cross, or turn back on themselves, at true coordinates and turned.

    Only validity is promised; that most valid rings are found is what makes it worth its while.
    """
    ring = shapely.affinity.rotate(shapely.Polygon(points), angle, use_radians=True)
    ring = shapely.affinity.translate(ring, X0, Y0)
    xy = shapely.get_coordinates(ring)
    simple = are_simple(xy, np.array([0, len(xy)]))[0]
    assert ring.is_valid or not simple
    flat = shapely.affinity.translate(shapely.Polygon(points), X0, Y0)
    xy = shapely.get_coordinates(flat)
    assert flat.is_valid or not are_simple(xy, np.array([0, len(xy)]))[0]


def test_most_footprints_are_called_simple() -> None:
    """Walls in line, as of a building in the form of a U, are no reason for doubt."""
    u_shape = "POLYGON ((0 0, 9 0, 9 6, 6 6, 6 3, 3 3, 3 6, 0 6, 0 0))"
    xy = shapely.get_coordinates(shapely.from_wkt(u_shape))
    assert are_simple(xy, np.array([0, len(xy)])).all()
    turned = shapely.get_coordinates(make_world(200, cells=100)[0].geometry.to_numpy())
    assert are_simple(turned, np.arange(0, 1401, 7)).all()


# --- Windows, scenarios, threads -----------------------------------------------------------------


def random_world(
    count: int = 60, cell: float = 0.7, seed: int = 5
) -> tuple[gpd.GeoDataFrame, Grid]:
    """Return turned boxes at true coordinates, some beyond a raster of 40 by 50 cells."""
    random = np.random.default_rng(seed)
    depth = np.round(random.uniform(-0.5, 2, (40, 50)).clip(0), 2).astype("float32")
    depth[random.random((40, 50)) < 0.1] = NODATA
    grid = Grid(depth, X0, Y0, cell, cell, nodata=NODATA, name="02Moy")
    x, y = random.uniform(-2, 36, count) + X0, Y0 - random.uniform(-2, 30, count)
    size = random.uniform(0.05, 9, count)
    boxes = shapely.box(x, y - size, x + size, y)
    shapes = [
        shapely.affinity.rotate(box, angle)
        for box, angle in zip(boxes, random.uniform(0, 90, count), strict=True)
    ]
    return frame(shapes), grid


def split(grid: Grid, rows: list[int], columns: list[int]) -> list[Grid]:
    """Return the windows between some cuts, from the north-west on."""
    tops, lefts = [0, *rows, grid.shape[0]], [0, *columns, grid.shape[1]]
    return [
        Grid(grid.values[top:foot, left:right], grid.x_min + left * grid.cell_width,
             grid.y_max - top * grid.cell_height, grid.cell_width, grid.cell_height,
             nodata=grid.nodata, name=grid.name)
        for top, foot in pairwise(tops)
        for left, right in pairwise(lefts)
    ]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 39), unique=True, max_size=4).map(sorted),
    st.lists(st.integers(1, 49), unique=True, max_size=4).map(sorted),
    st.randoms(use_true_random=False),
)
def test_windows_give_what_the_whole_raster_gives(
    rows: list[int], columns: list[int], shuffle: Any
) -> None:
    """To the last bit. Kills a building counted in one window only, maxima and means of windows."""
    buildings, grid = random_world()
    whole = measure_depth(buildings, grid, statistics=STATISTICS)
    first, *others = split(grid, rows, columns)
    shuffle.shuffle(others)
    parts = measure_depth(buildings, iter([first, *others]), statistics=STATISTICS)
    pd.testing.assert_frame_equal(parts.table, whole.table, check_exact=True)
    left_out = ["cells", "windows", "repaired"]
    pd.testing.assert_frame_equal(
        parts.account.drop(columns=left_out), whole.account.drop(columns=left_out)
    )
    assert parts.account.loc["02Moy", "windows"] == 1 + len(others)


def test_first_window_need_not_be_the_corner() -> None:
    buildings, grid = random_world()
    whole = measure_depth(buildings, grid, statistics=STATISTICS).table
    windows = split(grid, [13, 20], [7, 31])[::-1]
    pd.testing.assert_frame_equal(
        measure_depth(buildings, windows, statistics=STATISTICS).table, whole, rtol=1e-12
    )


def test_threads_chunks_and_order_of_rows_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    buildings, grid = random_world()
    expected = measure_depth(buildings, grid, statistics=STATISTICS, threads=1)
    shuffled = buildings.sample(frac=1, random_state=1)
    for chunk, room, threads in ((7, 80, 2), (1, 1000, 3)):
        monkeypatch.setattr(depth_cells, "CHUNK", chunk)
        monkeypatch.setattr(depth_cells, "_ROOM", room)  # footprints in bands of few rows
        found = measure_depth(shuffled, grid, statistics=STATISTICS, threads=threads)
        pd.testing.assert_frame_equal(
            found.table.reindex(buildings.index), expected.table, check_exact=True
        )
        pd.testing.assert_frame_equal(found.account, expected.account)


def test_scenarios_in_one_call_are_those_of_single_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """And those that share their cells share the coverage; another lattice has its own."""
    buildings, grid = random_world()
    deeper = Grid(np.where(grid.values > 0, grid.values + 1, grid.values), X0, Y0, 0.7, 0.7,
                  nodata=NODATA, name="04Fai")  # fmt: skip
    coarse = Grid(grid.values[:20, :20].astype("float64"), X0 + 1, Y0, 1.5, 1.1, nodata=NODATA)
    scenarios = {"02Moy": grid, "04Fai": split(deeper, [20], []), "coarse": coarse}
    together = measure_depth(buildings, scenarios, statistics=STATISTICS)
    for name, depth in scenarios.items():
        alone = measure_depth(buildings, {name: depth}, statistics=STATISTICS)
        pd.testing.assert_frame_equal(
            together.scenario(name), alone.scenario(name), check_exact=True
        )
    calls: list[int] = []
    cover = depth_cells.cover_cells
    monkeypatch.setattr(
        depth_cells, "cover_cells", lambda *args: (calls.append(1), cover(*args))[1]
    )
    measure_depth(buildings, {"02Moy": grid, "04Fai": deeper}, threads=1)
    assert len(calls) == 1


def test_tiles_of_a_mosaic_may_have_cells_of_their_own() -> None:
    """Two tiles of 1 m and 2 m cells side by side; kills a lattice taken from the first tile."""
    west = Grid(np.full((4, 4), 1.0), 0, 4, 1, 1)
    east = Grid(np.array([[2.0], [4.0]]), 4, 4, 2, 2)
    found = measure_depth(town([(3, 1, 5, 3)]), [west, east], statistics=("mean", "max"))
    assert found.table.loc[0, ["depth_mean_m", "depth_max_m"]].tolist() == [2.0, 4.0]
    assert found.table.loc[0, "share_wet"].item() == 1.0


def test_windows_of_a_file_are_read_one_at_a_time(tmp_path: Path) -> None:
    """Kills a list made of the windows: at most one is alive when the next one is asked for."""
    buildings, grid = random_world()
    write_grid(grid, tmp_path / "depth.tif")
    alive: list[weakref.ref[NDArray[Any]]] = []

    def windows() -> Iterator[Grid]:
        stream = iter_grids(tmp_path / "depth.tif", "flood_depth_02Moy", tile_cells=16)
        for window in stream:
            alive.append(weakref.ref(window.values))
            yield window
            del window
            assert alive[-1]() is None

    found = measure_depth(buildings, {"02Moy": windows()}, statistics=STATISTICS)
    assert len(alive) == 12
    whole = read_grid(tmp_path / "depth.tif", "flood_depth_02Moy")
    expected = measure_depth(buildings, {"02Moy": whole}, statistics=STATISTICS)
    pd.testing.assert_frame_equal(found.table, expected.table, check_exact=True)


@pytest.mark.parametrize(
    ("values", "nodata"),
    [
        (np.array([[0, 1], [255, 2]], dtype="uint8"), 255),
        (np.array([[0, 1], [-1, 2]], dtype="int32"), -1),
        (np.array([[0, 1], [-3.4028234663852886e38, 2]], dtype="float32"), -3.4028235e38),
        (np.array([[9, 0, 1], [9, np.inf, 2]], dtype="float64")[:, 1:], None),
    ],
)
def test_types_of_values_and_marks_of_no_data(values: NDArray[Any], nodata: float | None) -> None:
    found = measure_depth(town([(0, 0, 2, 2)]), Grid(values, 0, 2, 1, 1, nodata=nodata))
    row = found.scenario("grid").loc[0]
    assert row[["share_wet", "share_dry", "share_nodata"]].tolist() == [0.5, 0.25, 0.25]
    assert row["depth_mean_m"] == 1.0


# --- Against others ------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(cells(40), cells(), st.sampled_from([0.5, 1.0, 2.0]))
def test_zones_burnt_to_cells_agree_within_the_edge_cells(
    zone: frozenset[tuple[int, int]], building: frozenset[tuple[int, int]], cell: float
) -> None:
    """Depth 1 where the centre of a cell lies in the zone: shares differ by edge cells at most."""
    tilt = shapely.affinity.rotate(area_of(zone), 30, origin=(4, 4))
    house = frame([area_of(building)])
    exact = measure_flooded_share(
        house, frame([tilt], scenario=["02Moy"])
    ).loc[0, "02Moy"]  # fmt: skip
    count = int(20 / cell)
    grid = Grid(np.zeros((count, count)), -5, 15, cell, cell)
    wet, _ = cells_of_polygons(grid, np.array([tilt]))
    grid.values.reshape(-1)[wet] = 1.0
    share = measure_depth(house, grid).table.loc[0, "share_wet"].item()
    corner = np.arange(count) * cell
    west, south = np.meshgrid(corner - 5, 15 - corner - cell)
    boxes = shapely.box(west, south, west + cell, south + cell)
    edge = shapely.intersects(boxes, tilt.boundary)
    doubt = shapely.intersection(boxes[edge], house.geometry.iloc[0])
    assert abs(share - exact) * house.area[0] <= shapely.area(doubt).sum() + 1e-9


def test_equals_exactextract() -> None:
    """Maximum exactly, covered area within 1e-5 m2, mean within the precision of its weights."""
    buildings, grid = make_world(2_000, cells=400)
    check_against_exactextract(buildings, grid)


def test_benchmark_runs() -> None:
    table = compare(*make_world(300, cells=100), rounds=1, rivals=False)
    assert (table["seconds"] > 0).all()


# --- Classes and errors --------------------------------------------------------------------------


def test_classes_of_the_cnig_and_of_the_user() -> None:
    """The lower bound belongs to a class; dry ground and unknown depths stay apart."""
    depth = pd.Series([-0.1, 0, 0.01, 0.49, 0.5, 1, 1.99, 2, 30, np.nan], index=range(10, 20))
    found = classify_depth(depth)
    assert found.astype("object").fillna("").tolist() == [
        "Emerg", "Emerg", "Inf05", "Inf05", "05-1m", "1m-2m", "1m-2m", "Sup2m", "Sup2m", "",
    ]  # fmt: skip
    assert found.index.equals(depth.index)
    assert found.cat.categories.tolist() == ["Emerg", "Inf05", "05-1m", "1m-2m", "Sup2m"]
    mine = classify_depth(depth, classes={"faible": (0.3, 1), "fort": (1, 3)})
    assert mine.astype("object").fillna("").tolist() == [
        "Emerg", "Emerg", "", "faible", "faible", "fort", "fort", "fort", "", "",
    ]  # fmt: skip
    for classes in ({}, {"a": (0, 1), "b": (2, 3)}, {"a": (1, 0.5)}, {"a": (0, None), "b": (1, 2)}):
        with pytest.raises(ParameterError, match="classes: they do not follow upon each other"):
            classify_depth(depth, classes=classes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistics": ("max", "median")}, "statistics: « median » is unknown. Required: max, "),
        ({"statistics": ("p0",)}, "statistics: « p0 » is unknown"),
        ({"statistics": ("pmax",)}, "statistics: « pmax » is unknown"),
        ({"statistics": ("p101",)}, "statistics: « p101 » is unknown"),
        ({"tiny_m": -0.1}, "tiny_m: -0.1. Required: 0 or more, in metres"),
        ({"floor_height_m": float("nan")}, "floor_height_m: nan. Required: metres, or the name"),
    ],
)
def test_parameters_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        measure_depth(town([(0, 0, 1, 1)]), small(), **options)


def test_layers_are_checked() -> None:
    buildings = town([(2, 2, 8, 8), (12, 2, 18, 8)]).assign(seuil=["a", "b"])
    with pytest.raises(CrsError, match="buildings: coordinates are in EPSG:3857"):
        measure_depth(buildings.to_crs(3857), small())
    with pytest.raises(LayerError, match="buildings: column « seuils » is missing"):
        measure_depth(buildings, small(), floor_height_m="seuils")
    with pytest.raises(LayerError, match=r"buildings: « seuil » holds .* Required: metres"):
        measure_depth(buildings, small(), floor_height_m="seuil")
    with pytest.raises(ParameterError, match=r"02Moy: ndarray among the windows. Required: tvb"):
        measure_depth(buildings, {"02Moy": [small().values]})  # type: ignore[list-item]
    with pytest.raises(ParameterError, match=r"scenario: « 04Fai » was not measured. Required: "):
        measure_depth(buildings, small()).scenario("04Fai")
    with pytest.raises(LayerError, match=r"02Moy: window 2 overlaps a window before it. Required"):
        measure_depth(buildings, [small_at(0), small_at(29)])
    assert measure_depth(buildings, [small_at(0), small_at(30)]).account["windows"].item() == 2


def small_at(x_min: float) -> Grid:
    return Grid(small().values, x_min, 20, 10, 10, nodata=NODATA, name="02Moy")


def test_a_mark_of_no_data_that_is_not_declared_is_refused() -> None:
    """Kills -9999 read as a negative depth, that is as dry ground, at a footprint or a door."""
    buildings = town([(2, 2, 8, 8), (22, 2, 28, 8)])
    message = (
        r"02Moy: cells under buildings hold what cannot be a depth \(1 feature: 1\). Required: -1"
    )
    with pytest.raises(LayerError, match=message):
        measure_depth(buildings, small(nodata=None))
    doors = gpd.GeoSeries([None, shapely.Point(25, 5)], crs=2154)
    dry = town([(2, 2, 8, 8), (1, 1, 9, 9)])
    with pytest.raises(LayerError, match=message):
        measure_depth(dry, small(nodata=None), doors=doors)
    with pytest.raises(LayerError, match="what cannot be a depth"):
        measure_depth(town([(12, 2, 18, 8)]), Grid(np.full((2, 3), 31.0), 0, 20, 10, 10))


def test_doors_are_checked() -> None:
    buildings = town([(2, 2, 8, 8)])
    points = gpd.GeoSeries([shapely.Point(2, 2)], crs=2154)
    with pytest.raises(CrsError, match="doors: coordinates are in EPSG:3857"):
        measure_depth(buildings, small(), doors=points.to_crs(3857))
    with pytest.raises(ParameterError, match="doors: are not on the index of the buildings"):
        measure_depth(buildings, small(), doors=points.set_axis([9]))
    with pytest.raises(LayerError, match=r"doors: not a point \(1 feature: 0\). Required: points"):
        measure_depth(buildings, small(), doors=buildings.geometry)
