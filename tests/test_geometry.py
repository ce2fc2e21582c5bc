"""Communes as a partition, features attributed to them, measures shared among them."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from strategies import SIZE, Cell, Cells, area_of, cells, cells_of, frame, rectangles, touching
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.geometry import attribute_to_commune, partition_communes, share_by_commune
from tvb.geometry.cover import DOUBTFUL, Lattice, build_cover, span_lattice
from tvb.geometry.overlap import measure_overlap


def town(*boxes: tuple[float, float, float, float], codes: str = "") -> gpd.GeoDataFrame:
    """Return communes A, B, … made of boxes in local metres."""
    names = list(codes or "ABCDEFGH"[: len(boxes)])
    return gpd.GeoDataFrame(
        {"insee": names}, geometry=[worlds.box(*b) for b in boxes], crs="EPSG:2154"
    )


def areas(communes: gpd.GeoDataFrame) -> dict[str, float]:
    return dict(zip(communes["insee"], communes.area.round(6), strict=True))


# Partition -----------------------------------------------------------------------------------


def test_overlap_goes_to_the_smallest_code_whatever_the_order_of_rows() -> None:
    """Kills « the first row wins »."""
    # B and A overlap on 100 m × 1000 m.
    delivered = town((0, 0, 1000, 1000), (900, 0, 2000, 1000), codes="BA")
    for rows in ([0, 1], [1, 0]):
        found = partition_communes(delivered.iloc[rows])
        assert areas(found) == {"A": 1_100_000.0, "B": 900_000.0}
        assert found.index.tolist() == rows


def test_sliver_goes_to_the_longest_border() -> None:
    # A gap of 10 m × 500 m between A (west) and B (east), C south and D north of it:
    # 500 m of border with A, 500 m with B, 10 m with C and D. Equal: the smallest code.
    delivered = town((0, 0, 490, 500), (500, 0, 1000, 500), (0, -500, 1000, 0), (0, 500, 1000, 900))
    assert areas(partition_communes(delivered))["A"] == 500 * 500
    # One metre less of A, taken by E: now B has the longest border.
    delivered = town(
        (0, 0, 490, 499), (500, 0, 1000, 500), (0, -500, 1000, 0), (0, 500, 1000, 900),
        (0, 499, 490, 500),
    )  # fmt: skip
    found = areas(partition_communes(delivered))
    assert found["B"] == 510 * 500
    assert found["A"] == 490 * 499


def test_wide_hole_is_ground_outside_the_layer_and_stays() -> None:
    """Kills « fill every hole »: a commune of another territory may lie inside this one."""
    frame_of_four = town((0, 0, 100, 30), (0, 70, 100, 100), (0, 30, 30, 70), (70, 30, 100, 70))
    found = partition_communes(frame_of_four)
    assert found.area.sum() == pytest.approx(100 * 100 - 40 * 40)
    assert shapely.equals(found.geometry.to_numpy(), frame_of_four.geometry.to_numpy()).all()
    # The same hole is a sliver for one who says that slivers are up to 41 m wide.
    assert partition_communes(frame_of_four, sliver_width_m=41).area.sum() == pytest.approx(10_000)


def test_partition_keeps_columns_and_rows_and_leaves_its_argument_alone() -> None:
    delivered = worlds.communes().set_index(pd.Index(list("wxyz"), name="row"))
    delivered.loc["w", "geometry"] = worlds.box(0, 0, 1050, 1000)
    before = delivered.copy()
    found = partition_communes(delivered)
    assert delivered.equals(before)
    assert found.drop(columns="geometry").equals(delivered.drop(columns="geometry"))
    assert found.crs == delivered.crs
    assert found.area.tolist() == [1_050_000.0, 950_000.0, 1_000_000.0, 1_000_000.0]


def test_partition_of_a_partition_is_the_same_object_by_value() -> None:
    communes = worlds.communes()
    found = partition_communes(communes)
    assert found.equals(communes)
    assert found is not communes


def test_a_commune_under_others_is_left_empty() -> None:
    found = partition_communes(town((0, 0, 100, 100), (20, 20, 40, 40)))
    assert areas(found) == {"A": 10_000.0, "B": 0.0}
    assert found.geometry.iloc[1].is_empty


def test_empty_layer_of_communes_has_an_empty_partition() -> None:
    assert partition_communes(worlds.communes().iloc[:0]).empty


@pytest.mark.parametrize("codes", [["A", "A"], ["A", None]])
def test_codes_must_identify_communes(codes: list[str]) -> None:
    delivered = town((0, 0, 1, 1), (1, 0, 2, 1)).assign(insee=codes)
    with pytest.raises(LayerError, match="communes: code missing or given twice"):
        partition_communes(delivered)
    with pytest.raises(LayerError, match="column « insee » is missing"):
        partition_communes(delivered.drop(columns="insee"))


def beside(cell: Cell) -> list[Cell]:
    x, y = cell
    return [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)]


def _owners(communes: list[Cells], *, keep_wide_holes: bool) -> dict[Cell, int]:
    """Return the commune of each cell, holes filled but those with a block of 2 × 2 cells."""
    owner = {
        (x, y): min((i for i, c in enumerate(communes) if (x, y) in c), default=-1)
        for x in range(-1, SIZE + 1)
        for y in range(-1, SIZE + 1)
    }
    filled = {c: o for c, o in owner.items() if o >= 0}
    free = {c for c, o in owner.items() if o < 0}
    while free:
        hole, reached = set(), [min(free)]
        while reached:
            cell = reached.pop()
            if cell in free:
                free.remove(cell)
                hole.add(cell)
                reached += beside(cell)
        block = any({(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)} <= hole for x, y in hole)
        if (-1, -1) in hole or (block and keep_wide_holes):
            continue
        around = [owner[n] for c in hole for n in beside(c) if n not in hole]
        best = min(set(around), key=lambda o: (-around.count(o), o))
        filled |= dict.fromkeys(hole, best)
    return filled


_TOWNS = st.lists(cells(), min_size=1, max_size=5)


@given(_TOWNS)
@settings(max_examples=60, deadline=None)
def test_partition_equals_the_count_of_cells(shapes: list[Cells]) -> None:
    communes = frame([area_of(s) for s in shapes], insee=[f"{i:05d}" for i in range(len(shapes))])
    owner = _owners(shapes, keep_wide_holes=True)
    # No circle of 1.5 m fits where there is no block of 2 × 2 cells.
    found = partition_communes(communes, sliver_width_m=1.5)
    for i, geometry in enumerate(found.geometry):
        mine = {cell for cell, o in owner.items() if o == i}
        assert shapely.equals(geometry, area_of(mine)) or (not mine and geometry.is_empty)
    assert shapely.coverage_is_valid(found.geometry.to_numpy())


@given(st.lists(st.lists(st.tuples(*[st.integers(0, 40)] * 2), min_size=3, max_size=6), max_size=5))
@settings(max_examples=60, deadline=None)
def test_partition_of_any_polygons_covers_their_union_and_no_more(
    outlines: list[list[tuple[int, int]]],
) -> None:
    shapes = [shapely.convex_hull(shapely.multipoints(o)) for o in outlines]
    shapes = [s for s in shapes if s.geom_type == "Polygon"]
    communes = frame(shapes, insee=[f"{i:05d}" for i in range(len(shapes))])
    found = partition_communes(communes, sliver_width_m=0.0)
    assert found.area.sum() == pytest.approx(shapely.union_all(shapes).area, abs=1e-6)
    assert found.is_valid.all()
    assert shapely.coverage_is_valid(found.geometry[~found.is_empty].to_numpy())


# Attribution ---------------------------------------------------------------------------------


def test_points_on_borders_and_corners_go_to_the_smallest_code() -> None:
    """Kills `sjoin`, which gives a point on a border two rows and one on a corner four."""
    places = [(500, 500), (1000, 500), (1000, 1000), (2000, 2000), (2000.5, 500), (1500, 1000)]
    points = gpd.GeoDataFrame(
        geometry=[worlds.at(shapely.Point(p)) for p in places], index=list("abcdef"), crs=2154
    )
    found = attribute_to_commune(points, worlds.communes())
    assert found.fillna("none").to_dict() == {
        "a": "62001", "b": "62001", "c": "62001", "d": "62004", "e": "none", "f": "62002",
    }  # fmt: skip
    assert found.name == "insee"


def test_largest_share_and_centroid_may_differ() -> None:
    # 400 m² in Sud and 400 m² in Port: equal shares, the smallest code. Centroid at
    # x = (10 + 1995) / 2 = 1002.5 m: Port.
    parts = shapely.MultiPolygon([worlds.box(0, 0, 20, 20), worlds.box(1990, 0, 2000, 40)])
    feature = gpd.GeoDataFrame(geometry=[parts], crs=2154)
    assert attribute_to_commune(feature, worlds.communes()).tolist() == ["62001"]
    assert attribute_to_commune(feature, worlds.communes(), rule="centroid").tolist() == ["62002"]


def test_the_larger_share_wins_however_little_larger() -> None:
    feature = gpd.GeoDataFrame(geometry=[worlds.box(951, 0, 1050, 10)], crs=2154)
    assert attribute_to_commune(feature, worlds.communes()).tolist() == ["62002"]


def test_shares_of_a_u_across_two_communes() -> None:
    # Sud: 600 × 800 − 100 × 700 = 410 000 m²; Port: 400 × 800 − 300 × 700 = 110 000 m².
    shape = worlds.box(400, 100, 1400, 900).difference(worlds.box(900, 200, 1300, 900))
    feature = gpd.GeoDataFrame(geometry=[shape], crs=2154)
    shares = share_by_commune(feature, worlds.communes())
    assert shares["insee"].tolist() == ["62001", "62002"]
    assert shares["area_m2"].tolist() == [410_000.0, 110_000.0]
    assert shares["share"].tolist() == [410 / 520, 110 / 520]


def test_a_line_along_a_border_is_counted_once() -> None:
    """Kills the sum of intersections, which gives such a line twice its length."""
    along = worlds.at(shapely.LineString([(1000, 200), (1000, 800)]))
    bent = worlds.at(shapely.LineString([(1000, 200), (1000, 300), (1200, 300)]))
    leaving = worlds.at(shapely.LineString([(1900, 500), (2100, 500)]))
    lines = gpd.GeoDataFrame(geometry=[along, bent, leaving], index=[7, 8, 9], crs=2154)
    shares = share_by_commune(lines, worlds.communes())
    assert shares["feature"].tolist() == [7, 8, 8, 9, 9]
    assert shares["insee"].fillna("").tolist() == ["62001", "62001", "62002", "62002", ""]
    assert shares["length_m"].tolist() == pytest.approx([600.0, 100.0, 200.0, 100.0, 100.0])
    assert shares["share"].tolist() == pytest.approx([1.0, 1 / 3, 2 / 3, 0.5, 0.5])
    assert attribute_to_commune(lines, worlds.communes()).tolist() == ["62001", "62002", "62002"]


def test_a_line_along_a_border_and_outside_is_counted_once() -> None:
    """Kills the check of the sum against the whole, which the part outside hides."""
    # 400 m along the border of Sud and Port, then 600 m south of the town.
    line = worlds.at(shapely.LineString([(1000, 400), (1000, -600)]))
    lines = gpd.GeoDataFrame(geometry=[line], crs=2154)
    shares = share_by_commune(lines, worlds.communes())
    assert shares["insee"].fillna("").tolist() == ["62001", ""]
    assert shares["length_m"].tolist() == pytest.approx([400.0, 600.0])
    # 200 m in Port, 400 m along Sud and Port, 300 m along Nord and Est, 1 000 m outside.
    long = worlds.at(
        shapely.LineString([(1200, 600), (1000, 600), (1000, 1300), (1000, 2000), (1000, 2300)])
    )
    features = gpd.GeoDataFrame(geometry=[long], crs=2154)
    # Nord takes the 1 000 m of its border with Est.
    assert attribute_to_commune(features, worlds.communes()).tolist() == ["62003"]


def test_features_that_are_null_empty_or_away_have_no_commune() -> None:
    shapes = [None, shapely.Polygon(), worlds.box(5000, 0, 5001, 1), worlds.box(-9, 0, 0, 9)]
    features = gpd.GeoDataFrame(geometry=shapes, crs=2154)
    found = attribute_to_commune(features, worlds.communes())
    # The last one touches Sud from outside along its border.
    assert found.isna().tolist() == [True, True, True, False]
    shares = share_by_commune(features, worlds.communes())
    assert shares["feature"].tolist() == [2, 3]
    assert shares["insee"].isna().all()
    assert shares["share"].tolist() == [1.0, 1.0]


def test_without_communes_or_features_nothing_is_attributed() -> None:
    features = gpd.GeoDataFrame(geometry=[worlds.box(0, 0, 1, 1)], crs=2154)
    assert attribute_to_commune(features, worlds.communes().iloc[:0]).isna().all()
    assert attribute_to_commune(features.iloc[:0], worlds.communes()).empty
    shares = share_by_commune(features.iloc[:0], worlds.communes())
    assert shares.columns.tolist() == ["feature", "insee", "area_m2", "share"]
    assert shares.empty


def test_attribution_refuses_what_it_cannot_do() -> None:
    points = gpd.GeoDataFrame(geometry=[worlds.at(shapely.Point(1, 1))], crs=2154)
    with pytest.raises(ParameterError, match="rule: « nearest » is unknown"):
        attribute_to_commune(points, worlds.communes(), rule="nearest")  # type: ignore[arg-type]
    with pytest.raises(LayerError, match="features: neither all lines nor all polygons"):
        share_by_commune(points, worlds.communes())
    boxes = gpd.GeoDataFrame(geometry=[worlds.box(0, 0, 1, 1)], crs=2154)
    for frames in (
        (boxes.to_crs(4326), worlds.communes()),
        (boxes, worlds.communes().to_crs(4326)),
    ):
        with pytest.raises(CrsError, match=re.escape("frame.to_crs(2154)")):
            attribute_to_commune(*frames)
        with pytest.raises(CrsError, match=re.escape("frame.to_crs(2154)")):
            share_by_commune(*frames)


@given(_TOWNS, st.lists(rectangles(), max_size=8))
@settings(max_examples=50, deadline=None)
def test_attribution_equals_the_count_of_cells(shapes: list[Cells], features: list) -> None:
    codes = [f"{i:05d}" for i in range(len(shapes))]
    communes = frame([area_of(s) for s in shapes], insee=codes)
    # No hole on this grid takes a circle of 20 m.
    owner = {c: codes[i] for c, i in _owners(shapes, keep_wide_holes=False).items()}
    rects = frame([shapely.box(*f) for f in features])
    expected = []
    for feature in features:
        own = [owner[c] for c in cells_of(feature) if c in owner]
        near = [owner[c] for c in touching(cells_of(feature)) if c in owner]
        best = min(set(own), key=lambda code: (-own.count(code), code)) if own else None
        expected.append(best or min(near, default=None))
    found = attribute_to_commune(rects, communes)
    assert [None if pd.isna(code) else code for code in found] == expected
    shares = share_by_commune(rects, communes)
    assert shares.groupby("feature")["area_m2"].sum().tolist() == pytest.approx(rects.area.tolist())
    points = frame([shapely.Point(x, y) for x, y, _, _ in features])
    corner = [
        min((owner[c] for c in touching([(x, y)]) if c in owner and c[0] <= x and c[1] <= y),
            default=None)
        for x, y, _, _ in features
    ]  # fmt: skip
    found = attribute_to_commune(points, communes)
    assert [None if pd.isna(code) else code for code in found] == corner


@pytest.mark.official
def test_the_330_communes_become_a_partition(official: Path) -> None:
    """Holds against: 36.9 ha of overlaps, 1 045 slivers (README of the layers)."""
    delivered = gpd.read_file(official / "communes-mbm.geojson").to_crs(2154)
    union = shapely.union_all(delivered.geometry.to_numpy())
    parts = shapely.get_parts(union)
    assert (delivered.area.sum() - union.area) / 1e4 == pytest.approx(36.9, abs=0.1)
    assert shapely.get_num_interior_rings(parts).sum() == 1045
    found = partition_communes(delivered)
    solid = shapely.polygons(shapely.get_exterior_ring(parts))
    assert found.area.sum() == pytest.approx(shapely.area(solid).sum(), abs=0.01)
    assert shapely.coverage_is_valid(found.geometry.to_numpy())
    assert found.is_valid.all()
    assert ((found.area / delivered.area - 1).abs() < 0.002).all()
    shuffled = partition_communes(delivered.sample(frac=1, random_state=1)).sort_index()
    assert shuffled.geometry.geom_equals_exact(found.geometry, 0).all()


@pytest.mark.official
def test_everything_in_the_330_communes_has_exactly_one(official: Path) -> None:
    """Kills the join that gives a point in an overlap two communes and one in a sliver none."""
    delivered = gpd.read_file(official / "communes-mbm.geojson").to_crs(2154)
    area = shapely.multipolygons(
        shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(delivered.union_all())))
    )
    shapely.prepare(area)
    rng = np.random.default_rng(62)
    xy = rng.uniform(*np.reshape(shapely.bounds(area), (2, 2)), (60_000, 2))
    vertices = shapely.get_coordinates(delivered.geometry.to_numpy())[::7]
    points = shapely.points(np.concatenate([xy, vertices]))
    found = attribute_to_commune(gpd.GeoDataFrame(geometry=points, crs=2154), delivered)
    assert len(found) == len(points)
    assert (found.notna().to_numpy() == shapely.intersects(area, points)).all()
    # Inside one delivered commune only, the answer is that commune. (A vertex of one may be on the
    # border of another, once that has taken the sliver between them.)
    points = points[: len(xy)]
    unit, row = shapely.STRtree(points).query(delivered.geometry.to_numpy(), predicate="intersects")
    once = np.bincount(row, minlength=len(points))[row] == 1
    assert (found.to_numpy()[row[once]] == delivered["insee"].to_numpy()[unit[once]]).all()
    boxes = gpd.GeoDataFrame(geometry=shapely.buffer(points[:3000], 150), crs=2154)
    shares = share_by_commune(boxes, delivered)
    assert shares.groupby("feature")["area_m2"].sum().to_numpy() == pytest.approx(boxes.area)
    inside = shares.dropna(subset="insee").sort_values(["share", "insee"], ascending=[False, True])
    best = inside.drop_duplicates("feature").set_index("feature")["insee"].sort_index()
    assert best.equals(attribute_to_commune(boxes, delivered).dropna().rename_axis("feature"))


# Lattice and overlap --------------------------------------------------------------------------


@given(st.lists(cells(), min_size=1, max_size=4), st.lists(rectangles(), min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_cover_is_never_wrong_when_it_is_sure(shapes: list[Cells], features: list) -> None:
    """Kills the lattice that forgets an edge along a border of cells, or a corner contact."""
    polygons = shapely.get_parts([area_of(s) for s in shapes])
    union = frozenset().union(*shapes)
    boxes = np.array([shapely.box(*f) for f in features])
    lattice = span_lattice(shapely.bounds(boxes), shapely.bounds(polygons), 1)
    cover = build_cover(polygons, np.ones(len(polygons), dtype=np.int64), lattice)
    found = cover.locate(lattice.windows(shapely.bounds(boxes)))
    for value, feature in zip(found, features, strict=True):
        mine = cells_of(feature)
        if value == 0:
            assert not touching(mine) & union
        elif value != DOUBTFUL:
            assert mine <= union


def test_cover_doubts_within_a_millimetre_of_an_edge_in_the_next_cell() -> None:
    cover = build_cover(
        np.array([shapely.box(3, 3, 6, 6)]), np.array([5]), Lattice(0.0, 0.0, 1.0, 9, 9)
    )
    sides = [(2.2, 2.9995), (4.2, 4.8), (1.2, 1.8), (6.0005, 6.5)]
    bounds = np.array([[west, 4.2, east, 4.8] for west, east in sides])
    found = cover.locate(cover.lattice.windows(bounds))
    assert found.tolist() == [DOUBTFUL, 5, 0, DOUBTFUL]


@given(st.lists(cells(), max_size=4), st.lists(rectangles(), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_overlap_equals_the_count_of_cells(shapes: list[Cells], features: list) -> None:
    """Kills the sum of intersections over polygons that overlap."""
    polygons = shapely.get_parts([area_of(s) for s in shapes])
    union = frozenset().union(*shapes)
    boxes = np.array([shapely.box(*f) for f in features])
    found = measure_overlap(boxes, polygons)
    assert found == pytest.approx([len(cells_of(f) & union) for f in features], abs=1e-9)


def test_overlap_with_polygons_of_many_vertices() -> None:
    """The blocks are cut several times here; the plain intersection is the oracle."""
    angle = np.linspace(0, 2 * np.pi, 6001)
    radius = 500 + 40 * np.sin(60 * angle) + 3 * np.sin(900 * angle)
    flower = shapely.polygons(np.c_[radius * np.cos(angle), radius * np.sin(angle)])
    zones = np.array([flower, shapely.transform(flower, lambda c: c + np.array([300, 100]))])
    assert shapely.is_valid(zones).all()
    x, y = np.random.default_rng(4).uniform(-700, 900, (2, 500))
    squares = shapely.box(x, y, x + 15, y + 10)
    expected = shapely.area(shapely.intersection(squares, shapely.union_all(zones)))
    assert 50 < (expected > 0).sum() < 450
    assert measure_overlap(squares, zones) == pytest.approx(expected, abs=1e-7)
