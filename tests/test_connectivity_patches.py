"""`build_patches` and `trace_areas`: pencil answers, a cell-by-cell oracle, refusals."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label
from shapely import affinity

from tvb.connectivity import build_patches, build_patches_from_grid, trace_areas
from tvb.connectivity.burn import label_patches
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.grid import Grid
from worlds import X0, Y0, box, communes


def areas(*shapes: shapely.Geometry | None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(shapes), crs="EPSG:2154")


def test_overlap_counts_once():
    """Kills a dissolve by row, which gives two patches, and a sum of areas, which gives 2 ha."""
    patches = build_patches(areas(box(0, 0, 100, 100), box(50, 0, 150, 100)))
    assert patches["patch"].tolist() == [1]
    assert patches["area_m2"].tolist() == [15_000.0]
    assert patches["perimeter_m"].tolist() == [500.0]
    assert patches["capacity"].tolist() == [1.5]


def test_merging_adds_no_ground():
    """Kills the buffer-and-unbuffer way of merging, which fills the 10 m between two squares."""
    patches = build_patches(areas(box(0, 0, 100, 100), box(110, 0, 210, 100)), merge_distance_m=10)
    assert patches["area_m2"].tolist() == [20_000.0]
    assert patches.geometry.iloc[0].geom_type == "MultiPolygon"


def test_merging_passes_from_one_to_the_next():
    """Kills merging by pairs: the ends of the row are 120 m apart, its gaps 10 m."""
    row = areas(box(0, 0, 50, 50), box(120, 0, 170, 50), box(60, 0, 110, 50))
    assert len(build_patches(row, merge_distance_m=10)) == 1
    assert len(build_patches(row, merge_distance_m=9.99)) == 3


def test_minimum_area_is_asked_of_patches_not_of_areas():
    """Kills a filter before the union: two halves of 5 000 m² make a patch of 1 ha."""
    halves = areas(box(0, 0, 50, 100), box(50, 0, 100, 100), box(500, 0, 510, 10))
    patches = build_patches(halves, min_area_m2=10_000)
    assert patches["area_m2"].tolist() == [10_000.0]


def test_touching_at_a_corner_is_one_patch():
    """Kills a union alone, which leaves two parts that meet at a point as two patches."""
    assert len(build_patches(areas(box(0, 0, 10, 10), box(10, 10, 20, 20)))) == 1


def test_parts_far_apart_are_two_patches():
    """Kills one patch for each row: layers of core areas come dissolved into one row."""
    both = shapely.MultiPolygon([box(0, 0, 10, 10), box(500, 0, 510, 10)])
    assert build_patches(areas(both))["area_m2"].tolist() == [100.0, 100.0]


def test_hole_counts_in_perimeter_not_in_area():
    ring = box(0, 0, 100, 100).difference(box(40, 40, 60, 60))
    patch = build_patches(areas(ring)).iloc[0]
    assert (patch["area_m2"], patch["perimeter_m"]) == (9_600.0, 480.0)


def test_third_dimension_is_flattened():
    assert not build_patches(areas(shapely.force_3d(box(0, 0, 1, 1), 5.0))).has_z.any()


def test_layers_are_named():
    terrils, wood = areas(box(0, 0, 10, 10)), areas(box(5, 0, 20, 10), box(90, 0, 95, 5))
    named = build_patches({"terrils": terrils, "core_areas": wood})
    assert named["layers"].tolist() == ["core_areas; terrils", "core_areas"]
    assert build_patches([terrils, wood])["layers"].tolist() == ["areas 1; areas 2", "areas 2"]


def test_numbers_run_from_west_to_east():
    shapes = [box(500, 0, 510, 10), box(0, 50, 10, 60), box(0, 0, 10, 10)]
    patches = build_patches(areas(*shapes))
    corners = patches.bounds[["minx", "miny"]].to_numpy() - [X0, Y0]
    assert corners.tolist() == [[0, 0], [0, 50], [500, 0]]
    assert patches["patch"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("nothing", [[], {}, areas(), [areas(), areas()]])
def test_no_area_no_patch(nothing):
    patches = build_patches(nothing)
    assert len(patches) == 0
    assert patches.crs.to_epsg() == 2154
    types = patches[["patch", "capacity", "area_m2", "perimeter_m"]].dtypes.astype(str)
    assert types.tolist() == ["int64", "float64", "float64", "float64"]
    assert len(trace_areas(nothing, patches)) == 0


def test_argument_is_left_alone():
    given_areas = areas(box(0, 0, 10, 10), box(5, 0, 20, 10))
    before = given_areas.copy()
    build_patches(given_areas, merge_distance_m=5)
    assert_geodataframe_equal(given_areas, before)


def test_every_area_is_traced():
    """Rows in = rows with a patch + rows left out; kills a silent minimum area."""
    both = shapely.MultiPolygon([box(0, 0, 100, 100), box(500, 0, 510, 10)])
    layer = areas(both, box(100, 0, 200, 100)).set_index(np.array(["a", "b"]))
    patches = build_patches({"wood": layer}, min_area_m2=1_000)
    trace = trace_areas({"wood": layer}, patches)
    assert trace["row"].tolist() == ["a", "a", "b"]
    assert trace["area_m2"].tolist() == [10_000.0, 100.0, 10_000.0]
    assert trace["patch"].isna().tolist() == [False, True, False]
    assert trace["patch"].dropna().tolist() == [1, 1]


def test_order_of_rows_changes_no_digit():
    """Kills a union in the order of the rows: oblique crossings differ in their last bit.

    The squares turn around one point: a spatial index has nothing to tell them apart by.
    """
    random = np.random.default_rng(7)
    square = box(-50, -50, 50, 50)
    turned = [affinity.rotate(square, angle) for angle in random.uniform(0, 90, 24)]
    patches = build_patches(areas(*turned))
    for _ in range(5):
        random.shuffle(turned)
        again = build_patches(areas(*turned))
        assert patches.drop(columns="geometry").equals(again.drop(columns="geometry"))
        assert shapely.equals_identical(patches.geometry, again.geometry).all()


BOXES = st.lists(
    st.tuples(*(st.integers(0, 12), st.integers(0, 12), st.integers(1, 4), st.integers(1, 4))),
    max_size=8,
)


def cells(boxes):
    return {(c, r) for x, y, w, h in boxes for c in range(x, x + w) for r in range(y, y + h)}


def cell_patches(boxes, gap):
    """Groups of unit cells with gaps of at most ``gap``, by flooding: no geometry involved."""
    left, groups = cells(boxes), []
    while left:
        group, front = set(), [min(left)]
        while front:
            x, y = front.pop()
            if (x, y) in left:
                left.remove((x, y))
                group.add((x, y))
                front += [
                    (u, v)
                    for u, v in left
                    if np.hypot(max(abs(u - x) - 1, 0), max(abs(v - y) - 1, 0)) <= gap
                ]
        groups.append(group)
    return groups


@settings(max_examples=60, deadline=None)
@given(BOXES, st.sampled_from([0, 1, 2]), st.randoms(use_true_random=False))
def test_equals_flooding_of_cells(boxes, gap, random):
    """Same patches and areas as a flood of unit cells, whatever the order and number of rows."""
    shapes = [box(x, y, x + w, y + h) for x, y, w, h in boxes]
    patches = build_patches(areas(*shapes), merge_distance_m=gap)
    groups = cell_patches(boxes, gap)
    assert sorted(patches["area_m2"]) == sorted(len(group) for group in groups)
    shuffled = shapes + random.sample(shapes, len(shapes) // 2)
    random.shuffle(shuffled)
    again = build_patches(areas(*shuffled), merge_distance_m=gap)
    assert_geodataframe_equal(patches, again)


@settings(max_examples=30, deadline=None)
@given(BOXES, st.sampled_from([0, 1]))
def test_longer_merge_distance_never_makes_more_patches(boxes, gap):
    layer = areas(*(box(x, y, x + w, y + h) for x, y, w, h in boxes))
    near, far = (build_patches(layer, merge_distance_m=d) for d in (gap, gap + 1))
    assert len(far) <= len(near)
    assert far["area_m2"].sum() == near["area_m2"].sum()


# Capacity and commune


def test_capacity_of_a_column():
    """Kills a first() over the areas, and a part apart that brings the whole figure of its area."""
    far = shapely.union_all([box(0, 0, 100, 100), box(500, 0, 600, 100), box(600, 0, 800, 100)])
    frame = areas(far, box(100, 0, 200, 100)).assign(species=[8.0, 3.0])
    patches = build_patches(frame, capacity="species")
    assert patches["capacity"].tolist() == [8 / 4 + 3, 8 * 3 / 4]
    assert patches["area_m2"].tolist() == [20_000.0, 30_000.0]
    layers = {"a": frame.iloc[:1], "b": frame.iloc[1:]}
    assert build_patches(layers, capacity="species")["capacity"].tolist() == [5.0, 6.0]
    assert build_patches(frame.iloc[:0], capacity="species").empty


@pytest.mark.parametrize("figure", [None, -1.0, np.inf, "many"])
def test_unfit_capacity_is_refused(figure):
    frame = areas(box(0, 0, 9, 9), box(50, 0, 59, 9)).assign(
        species=pd.Series([1, figure], dtype=object)
    )
    with pytest.raises(LayerError, match=r"^areas: « species » is not a capacity \(1 feature: 1\)"):
        build_patches(frame, capacity="species")
    with pytest.raises(LayerError, match=r"^areas: column « worth » is missing"):
        build_patches(frame, capacity="worth")


def test_capacity_of_another_raster():
    """By hand: cells of 10 m, 2 in the west and 7 in the east; one holds no data."""
    values = np.full((10, 20), 2.0)
    values[:, 10:] = 7
    values[0, 0] = -1
    quality = Grid(values, X0, Y0 + 100, 10, 10, nodata=-1, name="quality")
    patches = build_patches(areas(box(0, 0, 100, 100), box(120, 0, 140, 20)), capacity=quality)
    assert patches["capacity"].tolist() == [2 * 99, 7 * 4]
    with pytest.raises(LayerError, match=r"^quality: adds up to less than nothing in a patch"):
        build_patches(
            areas(box(0, 0, 100, 100)), capacity=Grid(-values, X0, Y0 + 100, 10, 10, name="quality")
        )


def test_commune_of_a_patch_of_areas():
    frame = communes()
    inside = frame.geometry.iloc[0].buffer(-10)
    patches = build_patches(areas(inside), communes=frame)
    assert patches["insee"].tolist() == [frame["insee"].iloc[0]]
    assert build_patches(areas(), communes=frame)["insee"].tolist() == []


def test_other_crs_is_refused():
    layer = areas(box(0, 0, 1, 1))
    with pytest.raises(CrsError, match=r"^terrils: coordinates are in EPSG:4326"):
        build_patches({"terrils": layer.to_crs(4326)})
    with pytest.raises(CrsError, match=r"^patches: "):
        trace_areas(layer, build_patches(layer).to_crs(4326))


BOW_TIE = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        (None, "null or empty geometry"),
        (shapely.Polygon(), "null or empty geometry"),
        (shapely.Point(0, 0), "geometry that is not a polygon"),
        (BOW_TIE, "invalid geometry"),
    ],
)
def test_unfit_shape_is_refused(shape, problem):
    layer = areas(box(0, 0, 1, 1), shape)
    with pytest.raises(LayerError, match=rf"^areas 1: {problem} \(1 feature: 1\).*make_valid"):
        build_patches([layer])


@pytest.mark.parametrize("name", ["min_area_m2", "merge_distance_m"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_absurd_parameter_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"^{name}: is {value}. Required: a finite number"):
        build_patches(areas(), **{name: value})


@pytest.mark.official
def test_real_terrils(official):
    """All 162 rows are accounted for; T140, in both files, gives ground to one patch only."""
    layers = {
        name: gpd.read_file(official / f"{name}.geojson").to_crs(2154)
        for name in ("terrils", "zt-terrils")
    }
    layers = {name: frame.set_geometry(frame.make_valid()) for name, frame in layers.items()}
    patches = build_patches(layers, min_area_m2=10_000, merge_distance_m=20)
    trace = trace_areas(layers, patches)
    assert trace.groupby(["layer", "row"]).ngroups == 162
    assert trace["patch"].nunique() == len(patches)
    assert 0 < trace["patch"].isna().sum() < 30
    corners = patches["geometry"].bounds[["minx", "miny"]].to_numpy().tolist()
    assert all(a < b for a, b in pairwise(corners))
    assert not patches.geometry.overlaps(patches.union_all()).any()


def cover(values, *, cell=(10.0, 20.0), nodata=None):
    array = np.asarray(values)
    return Grid(array, X0, Y0 + len(array) * cell[1], *cell, nodata=nodata, name="land_cover")


CORNERS = [[1, 0, 2, 2], [0, 1, 0, 0], [0, 0, 0, 1]]


def test_cells_hang_together_by_sides_or_corners():
    """Kills one neighbourhood for both, classes kept apart, and areas of square cells."""
    patches = build_patches_from_grid(cover(CORNERS), [1, 2])
    assert patches["patch"].tolist() == [1, 2]
    assert patches["area_m2"].tolist() == [800.0, 200.0]
    assert patches["capacity"].tolist() == [0.08, 0.02]
    assert patches["perimeter_m"].tolist() == [60.0 + 60 + 80, 60.0]
    apart = build_patches_from_grid(cover(CORNERS), {1, 2}, neighbours=4)
    assert apart["area_m2"].tolist() == [200.0, 200.0, 400.0, 200.0]
    assert apart.geometry.geom_type.unique().tolist() == ["Polygon"]
    large = build_patches_from_grid(cover(CORNERS), [1, 2], neighbours=4, min_area_m2=400)
    assert large["patch"].tolist() == [1]
    assert large.geometry.item().equals(box(20, 40, 40, 60))


def test_quality_makes_the_capacity():
    quality = cover([[1.0, 9, 3, np.nan], [9, 2, 9, 9], [9, 9, 9, -1]], nodata=-1.0)
    land = cover(CORNERS)
    assert build_patches_from_grid(land, [1, 2], capacity=quality)["capacity"].tolist() == [6, 0]
    mean = build_patches_from_grid(land, [1, 2], capacity=quality, statistic="mean")
    assert mean["capacity"].tolist() == [2, 0]


def test_no_data_is_no_habitat():
    land = cover([[1, 0]], nodata=0)
    assert build_patches_from_grid(land, [0, 1])["area_m2"].tolist() == [200.0]
    assert len(build_patches_from_grid(land, [7])) == len(build_patches_from_grid(land, [])) == 0


def test_commune_of_a_patch():
    land = cover([[1, 0, 1, 1]], cell=(500.0, 1000.0))
    found = build_patches_from_grid(land, [1], communes=communes())
    assert found["insee"].tolist() == ["62001", "62002"]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32), st.sampled_from([4, 8]))
def test_outlines_cover_their_cells_and_no_other(rows, columns, seed, neighbours):
    """Valid polygons, holes and corner contacts included, whose burning gives the cells back."""
    values = np.random.default_rng(seed).integers(0, 2, (rows, columns))
    land = cover(values)
    patches = build_patches_from_grid(land, [1], neighbours=neighbours)
    assert patches.geometry.is_valid.all()
    np.testing.assert_allclose(patches.geometry.area, patches["area_m2"], rtol=1e-9)
    shapes = patches.geometry.to_numpy()
    labels = label_patches(land, shapes, patches["patch"].to_numpy())
    np.testing.assert_array_equal(labels > 0, values == 1)
    np.testing.assert_array_equal(np.bincount(labels[labels > 0])[1:] * 200.0, patches["area_m2"])
    around = np.ones((3, 3)) if neighbours == 8 else None
    assert len(patches) == label(values, structure=around)[1]


def test_unfit_rasters_are_refused():
    land = cover(CORNERS)
    with pytest.raises(ParameterError, match=r"^patches: neighbours 6, statistic « sum »"):
        build_patches_from_grid(land, [1], neighbours=6)
    with pytest.raises(ParameterError, match=r"^min_area_m2: is -1. Required: a finite number"):
        build_patches_from_grid(land, [1], min_area_m2=-1)
    with pytest.raises(LayerError, match=r"lies on other cells. Required: the cells of <Grid land"):
        build_patches_from_grid(land, [1], capacity=cover([[1]]))
