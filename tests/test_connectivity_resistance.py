"""`build_resistance`: costs of classes, slopes, barriers without a hole, crossings."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from tvb.connectivity import build_resistance
from tvb.connectivity.burn import cells_of_lines, cells_of_polygons, label_patches
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.grid import Grid

COSTS = {1: 1.0, 2: 10.0, 3: np.inf}


def land(values, *, cell=(10.0, 10.0), nodata=0.0, dtype="uint8"):
    array = np.asarray(values, dtype=dtype)
    return Grid(array, 0.0, array.shape[0] * cell[1], *cell, nodata=nodata, name="land_cover")


def lines(*shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs="EPSG:2154")


def test_classes_and_no_data():
    """Kills a table that gives 0, or the cost of the nearest code, where there is no data."""
    resistance = build_resistance(land([[1, 2], [3, 0]]), COSTS)
    np.testing.assert_array_equal(resistance.values, [[1, 10], [np.inf, np.nan]])
    assert resistance.values.dtype == np.float32
    assert np.isnan(resistance.nodata)
    real = land([[1.0, np.nan]], nodata=None, dtype="float64")
    np.testing.assert_array_equal(build_resistance(real, COSTS).values, [[1, np.nan]])


def test_rows_beyond_one_block():
    codes = np.random.default_rng(1).choice([1, 2], (600, 3))
    np.testing.assert_array_equal(
        build_resistance(land(codes), COSTS).values, np.where(codes == 1, 1, 10)
    )


def test_unknown_codes_are_all_listed():
    codes = np.ones((300, 2))
    codes[0, 0] = codes[299, 1] = 9
    codes[5, 0] = 7
    message = r"^land_cover: no cost for code 7 \(1 cells\), 9 \(2 cells\). Required: a cost for"
    with pytest.raises(LayerError, match=message):
        build_resistance(land(codes), COSTS)
    with pytest.raises(LayerError, match=r"no cost for code 1 \(1 cells\)"):
        build_resistance(land([[1]]), {})


def test_slope_on_rectangular_cells():
    """A plane that rises 5 m over cells of 10 m to the east: slope 0.5, and over 20 m to the north.

    Kills a slope that takes both sides of a cell for the same, and one in degrees.
    """
    east = 5.0 * np.arange(4) + np.zeros((300, 1))
    flat = land(np.ones((300, 4)), cell=(10.0, 20.0))
    dem = Grid(east, 0.0, 6000.0, 10.0, 20.0, name="dem")
    found = build_resistance(flat, COSTS, dem=dem, slope_weight=2.0).values
    np.testing.assert_allclose(found, 2.0)
    north = 5.0 * np.arange(300)[:, None] + np.zeros((1, 4))
    dem = Grid(north, 0.0, 6000.0, 10.0, 20.0, nodata=0.0, name="dem")
    found = build_resistance(flat, COSTS, dem=dem, slope_weight=2.0).values
    assert np.isnan(found[:2]).all()
    np.testing.assert_allclose(found[2:], 1.5)


def test_barrier_costs_at_least_as_much_and_crossing_opens_it():
    """Kills a cheap lane that makes dear ground cheaper, and the order of the rows."""
    ground = land([[1, 1, 2], [1, 1, 2], [1, 1, 2]])
    road = shapely.LineString([(0, 15), (30, 15)])
    lane = shapely.LineString([(0, 16), (30, 16)])
    barriers = lines(road, lane, cost=[50.0, 5.0])
    expected = [[1, 1, 10], [50, 50, 50], [1, 1, 10]]
    for order in ([0, 1], [1, 0]):
        found = build_resistance(ground, COSTS, barriers=barriers.iloc[order])
        assert found.values.tolist() == expected
    found = build_resistance(ground, COSTS, barriers=barriers.iloc[[1]])
    assert found.values[1].tolist() == [5, 5, 10]
    bridge = lines(shapely.Point(12, 15))
    found = build_resistance(ground, COSTS, barriers=barriers, crossings=bridge)
    assert found.values[1].tolist() == [50, 1, 50]
    path = lines(shapely.LineString([(25, 0), (25, 30)]), cost=[3.0])
    found = build_resistance(ground, COSTS, barriers=barriers, crossings=path)
    assert found.values.tolist() == [[1, 1, 3], [50, 50, 3], [1, 1, 3]]


def test_crossing_reaches_parallel_barriers():
    ground = land(np.ones((5, 1)))
    barriers = lines(*(shapely.LineString([(0, y), (10, y)]) for y in (15, 35)), cost=[9.0, 9.0])
    bridge = lines(shapely.Point(5, 25))
    open_one = build_resistance(ground, COSTS, barriers=barriers, crossings=bridge)
    assert open_one.values.ravel().tolist() == [1, 9, 1, 9, 1]
    both = build_resistance(
        ground, COSTS, barriers=barriers, crossings=bridge, crossing_reach_m=10.5
    )
    assert both.values.ravel().tolist() == [1, 1, 1, 1, 1]


POINT = st.tuples(st.integers(-2, 26), st.integers(-2, 26))


@settings(max_examples=80, deadline=None)
@given(st.lists(POINT, min_size=2, max_size=5, unique=True), st.sampled_from([2, 3, 4]))
def test_no_diagonal_step_slips_through(points, side):
    """Cells of a line hang together by their sides, and each is met by the line.

    Points on corners of cells, lines along their sides and through their corners included.
    """
    grid = Grid(np.zeros((16, 16)), -4.0, 28.0, side, 2.0)
    line = shapely.LineString(points)
    burnt = np.zeros(grid.shape, dtype=bool)
    burnt.reshape(-1)[cells_of_lines(grid, np.array([line]))] = True
    row, column = np.nonzero(burnt)
    west, north = grid.x_min + column * side, grid.y_max - row * 2.0
    assert shapely.intersects(shapely.box(west, north - 2, west + side, north), line).all()
    inside = shapely.box(*grid.bounds).buffer(-1e-6).covers(line)
    if inside:
        assert label(burnt)[1] == 1
    row, column = np.divmod(np.arange(burnt.size), 16)
    west, north = grid.x_min + column * side, grid.y_max - row * 2.0
    cells = shapely.box(west, north - 2, west + side, north)
    through = shapely.length(shapely.intersection(cells.__array__(), line)) > 1e-9
    open_cells = shapely.intersects(shapely.buffer(cells, -1e-6), line)
    assert burnt.reshape(-1)[through & open_cells].all()


# Nanometres: GEOS itself divides by zero where a side is shorter than 1e-154 m.
_PLACE = st.floats(0, 20).map(lambda metres: round(metres, 9))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[_PLACE] * 2), min_size=3, max_size=7))
def test_cells_of_a_polygon_are_those_whose_centre_it_holds(points):
    shape = shapely.convex_hull(shapely.MultiPoint(points))
    if shape.geom_type != "Polygon" or shape.area < 0.1:
        return
    shape = shape.difference(shape.centroid.buffer(1.3))
    grid = Grid(np.zeros((10, 10)), 0.0, 20.0, 2.0, 2.0)
    centre = np.arange(1.0, 20, 2)
    x, y = np.meshgrid(centre, centre[::-1])
    near = shapely.dwithin(shape.boundary, shapely.points(x, y), 1e-9)
    expected = shapely.contains_xy(shape, x, y)
    found = np.zeros(100, dtype=bool)
    found[cells_of_polygons(grid, np.array([shape]))[0]] = True
    np.testing.assert_array_equal(found.reshape(10, 10)[~near], expected[~near])


def test_patches_burnt_by_order_and_the_smallest_kept():
    """Kills a small patch that vanishes, and an overlap that goes to the last one."""
    grid = Grid(np.zeros((1, 4)), 0.0, 10.0, 10.0, 10.0)
    shapes = np.array([shapely.box(0, 0, 20, 10), shapely.box(10, 0, 30, 10),
                       shapely.box(31, 1, 33, 3)])  # fmt: skip
    ids = np.array(["a", "b", "c"])
    assert label_patches(grid, shapes, ids).tolist() == [[1, 1, 2, 3]]
    with pytest.raises(LayerError, match=r"^patches: patch outside the raster \(1 feature: b\)"):
        label_patches(grid, np.array([shapes[0], shapely.box(90, 0, 91, 1)]), ids[:2])
    tiny = np.array([shapely.box(1, 1, 2, 2), shapely.box(7, 7, 8, 8)])
    message = r"left without a cell by others as small \(1 feature: a\).*min_area_m2"
    with pytest.raises(LayerError, match=message):
        label_patches(grid, tiny, ids[:2])
    pair = np.array([shapely.box(0, 0, 10, 10), shapely.box(1, 1, 2, 2)])
    with pytest.raises(LayerError, match=message):
        label_patches(grid, pair, ids[:2])


def test_refusals():
    ground = land([[1, 2]])
    road = lines(shapely.LineString([(0, 5), (20, 5)]), cost=[5.0])
    for name in ("slope_weight", "crossing_reach_m"):
        with pytest.raises(ParameterError, match=f"^{name}: is -1. Required: a finite number"):
            build_resistance(ground, COSTS, **{name: -1})
    with pytest.raises(
        ParameterError, match=r"^costs: cost negative or not a number \(1 feature: 2"
    ):
        build_resistance(ground, {1: 1, 2: -3})
    with pytest.raises(CrsError, match=r"^barriers: "):
        build_resistance(ground, COSTS, barriers=road.to_crs(3857))
    with pytest.raises(CrsError, match=r"^crossings: "):
        build_resistance(ground, COSTS, crossings=road.to_crs(3857))
    with pytest.raises(LayerError, match=r"^barriers: column « cost » is missing"):
        build_resistance(ground, COSTS, barriers=road.drop(columns="cost"))
    with pytest.raises(LayerError, match=r"^barriers: negative cost \(1 feature: 0\)"):
        build_resistance(ground, COSTS, barriers=road.assign(cost=-1.0))
    with pytest.raises(LayerError, match=r"^barriers: without cost \(1 feature\)"):
        build_resistance(ground, COSTS, barriers=road.assign(cost=np.nan))
    dem = Grid(np.zeros((2, 2)), 0, 0, 1, 1, name="dem")
    with pytest.raises(LayerError, match=r"^dem: lies on other cells. Required: the cells of"):
        build_resistance(ground, COSTS, dem=dem)
