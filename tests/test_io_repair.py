"""Geometry: awkward shapes through the reader, one by one and together."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import CASES, Case, cases
from tvb.io import conform, read_layer
from tvb.io.repair import flatten, repair_geometry
from worlds import X0, Y0, box

LAYER = {"polygon": "study_area", "line": "cycle_routes", "point": "pits"}
SIZE = {"polygon": shapely.area, "line": shapely.length, "point": shapely.get_num_geometries}


def _frame(geometry: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"nom": ["x"] * len(geometry)}, geometry=geometry, crs=2154)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_awkward_shape_comes_out_valid_or_is_counted(case: Case) -> None:
    """Kills: make_valid by even-odd (overlap lost), a line left by a collapsed polygon."""
    family = "polygon" if case.family in ("none", "collection") else case.family
    frame, report = conform(_frame([case.geometry, _good(family)]), LAYER[family])
    assert report.rows_read == 2
    assert report.rows_read == report.rows_kept + sum(e.count for e in report.dropped)
    if case.size is None:
        assert len(frame) == 1
        assert report.dropped[0].ids == ("row 0",)
        return
    assert not report.dropped
    assert shapely.is_valid(frame.geometry.array).all()
    assert not frame.geometry.has_z.any()
    assert not shapely.has_m(frame.geometry.to_numpy()).any()
    assert SIZE[family](frame.geometry.iloc[0]) == pytest.approx(case.size, rel=1e-9)
    assert bool(report.repaired) == (not case.valid or case.family == "collection")


def _good(family: str) -> shapely.Geometry:
    return {
        "polygon": box(100, 100, 110, 110),
        "line": shapely.LineString([(X0, Y0), (X0 + 1, Y0)]),
        "point": shapely.Point(X0, Y0),
    }[family]


def test_the_whole_corpus_in_a_polygon_layer() -> None:
    frame, report = conform(_frame([case.geometry for case in CASES]), "study_area")
    expected = [c for c in cases("polygon", "collection") if c.size is not None]
    assert len(frame) == len(expected)
    np.testing.assert_allclose(frame.geometry.area, [c.size for c in expected], rtol=1e-9)
    dropped = {entry.reason: entry.count for entry in report.dropped}
    assert dropped == {
        "null geometry": 1,
        "empty geometry": 4,
        "coordinates that are not finite": 1,
        "line in a layer of polygons": len([c for c in cases("line") if c.name != "empty line"]),
        "point in a layer of polygons": 3,
        "invalid geometry of which repair leaves nothing": 1,
    }


@pytest.mark.parametrize("suffix", ["gpkg", "parquet"])
def test_the_corpus_survives_a_file(suffix: str, tmp_path: Path) -> None:
    """The same account from memory and from disk, whatever the format makes of empty and M."""
    # pyogrio writes no measures, and no format takes an infinite point.
    left_out = {"infinite point"} | ({"line with measures"} if suffix == "gpkg" else set())
    raw = _frame([c.geometry for c in CASES if c.name not in left_out])
    path = tmp_path / f"corpus.{suffix}"
    if suffix == "gpkg":
        raw.to_file(path, layer="study_area", engine="pyogrio")
    else:
        raw.to_parquet(path)
    frame, report = read_layer(path, "study_area")
    same, account = conform(raw, "study_area")
    assert frame.geometry.geom_equals_exact(same.geometry, 0).all()
    assert report.dropped == account.dropped
    assert report.repaired == account.repaired


def test_single_and_multiple_stay_what_they_are() -> None:
    frame, _ = conform(_frame([c.geometry for c in cases("polygon") if c.valid and c.size]),
                       "study_area")  # fmt: skip
    assert set(frame.geom_type) == {"Polygon", "MultiPolygon"}


def test_a_layer_of_lines_and_polygons_takes_the_polygons_of_a_collection() -> None:
    frame, report = conform(_frame([cases("collection")[-1].geometry]), "corridors")
    assert frame.geom_type.tolist() == ["Polygon"]
    assert report.repaired[0].reason == "line or polygon taken out of a geometry collection"


def test_nested_collections_are_opened() -> None:
    inner = shapely.GeometryCollection([box(0, 0, 1, 1), shapely.Point(X0, Y0)])
    nested = shapely.GeometryCollection([inner, shapely.MultiPolygon([box(5, 5, 6, 7)])])
    frame, _ = conform(_frame([nested]), "study_area")
    assert frame.area.tolist() == [3.0]


def test_collection_without_any_part_that_fits_is_dropped() -> None:
    points = shapely.GeometryCollection([shapely.Point(X0, Y0)])
    frame, report = conform(_frame([points, box(0, 0, 1, 1)]), "study_area")
    assert len(frame) == 1
    assert report.dropped[0].reason == "geometry collection without any polygon"


def test_repair_does_not_touch_its_argument() -> None:
    bow_tie = [c.geometry for c in CASES if c.name == "bow-tie"]
    geometry = np.array(bow_tie, dtype=object)
    repair_geometry(geometry, frozenset({"polygon"}))
    assert geometry[0] is bow_tie[0]


def test_flatten_tells_heights_from_measures() -> None:
    given_ = np.array([c.geometry for c in CASES], dtype=object)
    flat, deep = flatten(given_)
    assert [c.name for c, d in zip(CASES, deep, strict=True) if d] == [
        "square with heights", "line with measures", "point with height",
    ]  # fmt: skip
    assert not shapely.has_z(flat).any()


_PLACES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=8)
_OFF_GRID = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(
    # No segment between places of the grid goes through such a point.
    lambda p: (p[0] + 0.5 + 1e-3 * 2**0.5, p[1] + 0.5 + 1e-3 * 3**0.5)
)


def _turns(ring: list[tuple[int, int]], x: float, y: float) -> int:
    """Return how many times a ring turns around a point, counter-clockwise."""
    turns = 0
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        side = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
        turns += (y1 <= y < y2 and side > 0) - (y2 <= y < y1 and side < 0)
    return turns


@given(_PLACES, st.lists(_OFF_GRID, min_size=12, max_size=12))
@settings(max_examples=80, deadline=None)
def test_repaired_ground_is_what_the_ring_turns_around(
    ring: list[tuple[int, int]], points: list[tuple[float, float]]
) -> None:
    """Kills: even-odd repair (ground turned around twice becomes a hole), invented ground."""
    repair = repair_geometry(
        np.array([shapely.Polygon(ring)], dtype=object), frozenset({"polygon"})
    )
    (left,) = repair.geometry if repair.keep[0] else (shapely.Polygon(),)
    assert left.is_valid
    assert left.geom_type in ("Polygon", "MultiPolygon")
    for x, y in points:
        assert left.contains(shapely.Point(x, y)) == (_turns(ring, x, y) != 0)
