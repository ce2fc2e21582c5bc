"""`build_links`: every pair within the distance and no other, against all pairs by brute force."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st

from tvb.connectivity import build_links
from tvb.errors import CrsError, LayerError, ParameterError
from worlds import box


def patches(*shapes, ids=None):
    ids = range(1, len(shapes) + 1) if ids is None else ids
    return gpd.GeoDataFrame({"patch": list(ids)}, geometry=list(shapes), crs="EPSG:2154")


def test_distance_runs_from_edge_to_edge():
    """Kills centroid distances (140 m here) and a strict comparison with the longest link."""
    links = build_links(patches(box(0, 0, 100, 100), box(140, 0, 240, 100)), max_distance_m=40)
    assert links[["i", "j", "distance_m"]].to_numpy().tolist() == [[1, 2, 40]]
    assert links.geometry.length.tolist() == [40]
    assert len(build_links(patches(box(0, 0, 1, 1), box(5, 0, 6, 1)), max_distance_m=3.9)) == 0


def test_touching_patches_are_linked_at_no_distance():
    """Kills the shortcut that drops pairs at distance 0 along with each patch and itself."""
    links = build_links(patches(box(0, 0, 10, 10), box(10, 0, 20, 10)), max_distance_m=0)
    assert links["distance_m"].tolist() == [0.0]
    assert links.geometry.iloc[0].length == 0


def test_line_leads_from_i_to_j():
    """Ids rule, not rows: patch 3 stands first in the frame."""
    links = build_links(patches(box(50, 0, 60, 1), box(0, 0, 10, 1), ids=[3, 2]), max_distance_m=99)
    line = links.geometry.iloc[0]
    assert links[["i", "j"]].to_numpy().tolist() == [[2, 3]]
    assert line.coords[0][0] < line.coords[-1][0]


def test_parts_of_a_patch_share_its_links():
    two = shapely.MultiPolygon([box(0, 0, 10, 10), box(90, 0, 100, 10)])
    links = build_links(patches(two, box(120, 0, 130, 10)), max_distance_m=1000)
    assert links["distance_m"].tolist() == [20.0]


BOXES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=15)


@settings(max_examples=60, deadline=None)
@given(BOXES, st.integers(0, 30), st.randoms(use_true_random=False))
def test_equals_all_pairs(corners, longest, random):
    """Same links as all pairs of boxes by arithmetic, in one order whatever the order of rows."""
    shapes = [box(x, y, x + 3, y + 2) for x, y in corners]
    layer = patches(*shapes)
    links = build_links(layer, max_distance_m=longest)
    expected = {}
    for a, (x, y) in enumerate(corners):
        for b, (u, v) in enumerate(corners[:a]):
            gap = np.hypot(max(abs(x - u) - 3, 0), max(abs(y - v) - 2, 0))
            if gap <= longest:
                expected[b + 1, a + 1] = gap
    found = zip(links["i"], links["j"], strict=True)
    assert dict(zip(found, links["distance_m"], strict=True)) == pytest.approx(expected)
    rows = list(range(len(layer)))
    random.shuffle(rows)
    assert_geodataframe_equal(links, build_links(layer.iloc[rows], max_distance_m=longest))


@pytest.mark.parametrize("layer", [patches(), patches(box(0, 0, 1, 1))])
def test_no_pair_no_link(layer):
    links = build_links(layer.astype({"patch": "int64"}), max_distance_m=100)
    assert len(links) == 0
    assert [str(t) for t in links.dtypes] == ["int64", "int64", "float64", "geometry"]
    assert links.crs.to_epsg() == 2154


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_absurd_distance_is_refused(value):
    with pytest.raises(ParameterError, match=rf"^max_distance_m: is {value}. Required: a finite"):
        build_links(patches(), max_distance_m=value)


def test_unfit_patches_are_refused():
    square = box(0, 0, 1, 1)
    with pytest.raises(CrsError, match=r"^patches: coordinates are in EPSG:3857"):
        build_links(patches(square).to_crs(3857), max_distance_m=1)
    with pytest.raises(LayerError, match=r"column « patch » is missing.*build_patches"):
        build_links(patches(square).drop(columns="patch"), max_distance_m=1)
    with pytest.raises(LayerError, match=r"id given twice \(1 feature: 7\)"):
        build_links(patches(square, square, ids=[7, 7]), max_distance_m=1)
    with pytest.raises(LayerError, match=r"null or empty geometry \(2 features: 1, 2\)"):
        build_links(patches(None, shapely.Polygon()), max_distance_m=1)
