"""`build_links`: every pair within the distance and no other, against all pairs by brute force."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st

from tvb.connectivity import build_links
from tvb.connectivity.burn import label_patches
from tvb.connectivity.field import cost_field
from tvb.connectivity.paths import Ground, least_cost_paths
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.grid import Grid
from worlds import X0, Y0, box


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


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_absurd_cost_is_refused(value):
    with pytest.raises(ParameterError, match=rf"^max_cost: is {value}. Required: a finite cost"):
        build_links(patches(), ground([[1]]), max_cost=value)


def test_arguments_that_do_not_go_together_are_refused():
    flat = ground([[1]])
    for wrong, message in (
        ({"method": "lcp"}, r"^method: « lcp » without a raster. Required: edge or centroid"),
        ({"resistance": flat, "method": "edge"}, r"^method: « edge » with a raster"),
        ({"method": "ring"}, r"^method: « ring » is unknown. Required: edge or centroid or lcp"),
        ({"topology": "ring"}, r"^topology: « ring » is unknown. Required: planar or complete"),
        ({"topology": "planar"}, r"^topology: « planar » with the method « edge »"),
        ({"resistance": flat, "topology": "complete", "method": "allocation"},
         r"^topology: « complete » with the method « allocation »"),
        ({"max_cost": 5}, r"^max_cost: given without resistance. Required: max_distance_m"),
    ):  # fmt: skip
        with pytest.raises(ParameterError, match=message):
            build_links(patches(), **wrong)


def test_centroids():
    """Kills the edge distance (8 here), and pairs beyond the longest link."""
    layer = patches(box(0, 0, 2, 2), box(10, 0, 12, 2), box(90, 0, 91, 1))
    links = build_links(layer, method="centroid", max_distance_m=10)
    assert links[["i", "j", "distance_m"]].to_numpy().tolist() == [[1, 2, 10]]
    assert links.geometry.length.tolist() == [10]
    assert len(build_links(layer, method="centroid")) == len(build_links(layer)) == 3


def ground(costs, *, cell=(1.0, 1.0)):
    """A raster of costs whose lower left corner is the origin of the town."""
    values = np.array(costs, dtype=np.float32)
    return Grid(values, X0, Y0 + len(values) * cell[1], *cell, name="resistance")


def rows(links):
    return links[["i", "j", "cost"]].to_numpy().tolist()


def test_pencil_path():
    """Steps of 5.5 then 5.5 through the hill, or round it by two diagonals: 2 √2.

    Kills the cost of the cell entered (11 or √2 + √2 × 1), four neighbours, and a cost that starts
    inside the patch.
    """
    layer = patches(box(0, 0, 1, 1), box(2, 0, 3, 1))
    links = build_links(layer, ground([[1, 1, 1], [1, 10, 1]]))
    assert links["cost"].item() == pytest.approx(8**0.5, rel=1e-7)
    assert links["length_m"].item() == pytest.approx(8**0.5, rel=1e-12)
    assert [[x - X0, y - Y0] for x, y in links.geometry.item().coords] == [
        [0.5, 0.5], [1.5, 1.5], [2.5, 0.5],
    ]  # fmt: skip
    through = build_links(layer, ground([[np.inf] * 3, [1, 10, 1]]))
    assert through["cost"].item() == 11.0
    assert len(build_links(layer, ground([[1, np.nan, 1], [1, np.nan, 1]]))) == 0


def test_where_lcp_and_allocation_differ():
    """The example of docs/links.md: the cheap way from 1 to 3 runs over the ground of 2.

    Kills links « by least cost » that are those of the allocation, as in some packages.
    """
    layer = patches(box(0, 2, 1, 3), box(3, 3, 4, 4), box(6, 2, 7, 3))
    x = np.nan
    costs = ground([
        [x, x, x, 1, x, x, x],
        [1, 1, 1, 1, 1, 1, 1],
        [9, x, x, x, x, x, 9],
        [x, 9, 9, 9, 9, 9, x],
    ])  # fmt: skip
    allocation = build_links(layer, costs, method="allocation")
    assert allocation[["i", "j"]].to_numpy().tolist() == [[1, 2], [1, 3], [2, 3]]
    near = 2 + 2**0.5
    assert allocation["cost"].tolist() == pytest.approx([near, 46 + 18 * 2**0.5, near], rel=1e-6)
    lcp = build_links(layer, costs)
    assert lcp["cost"].tolist() == pytest.approx([near, 6, near], rel=1e-6)


def test_path_through_a_third_patch():
    layer = patches(box(0, 0, 1, 1), box(2, 0, 3, 1), box(4, 0, 5, 1))
    costs = ground([[50] * 5, [1] * 5])
    links = build_links(layer, costs, topology="complete")
    assert rows(links) == [[1, 2, 2], [1, 3, 4], [2, 3, 2]]
    assert links["patches_crossed"].tolist() == ["", "2", ""]
    kept = build_links(layer, costs, topology="complete", drop_crossing=True)
    assert rows(kept) == [[1, 2, 2], [2, 3, 2]]
    assert rows(build_links(layer, costs, topology="complete", max_cost=3)) == rows(kept)
    assert rows(build_links(layer, costs, topology="complete", max_distance_m=2)) == rows(kept)
    assert rows(build_links(layer, costs, method="allocation", max_cost=3)) == rows(kept)


def test_cells_and_metres():
    layer = patches(box(0, 0, 20, 20), box(60, 0, 80, 20))
    costs = ground([[1, 4, 4, 1]], cell=(20.0, 20.0))
    assert build_links(layer, costs)["cost"].tolist() == [20 * (2.5 + 4 + 2.5)]
    assert build_links(layer, costs, unit="cell")["cost"].tolist() == [9.0]


def test_touching_patches_on_a_raster():
    layer = patches(box(0, 0, 1, 1), box(1, 0, 2, 1))
    for method in ("lcp", "allocation"):
        links = build_links(layer, ground([[2, 4]]), method=method)
        assert links[["cost", "length_m"]].to_numpy().tolist() == [[3.0, 1.0]]


def test_free_ground_has_paths_too():
    """Kills a path that is followed by falling costs only, and one that turns in circles."""
    layer = patches(box(0, 0, 1, 1), box(5, 2, 6, 3))
    for method in ("lcp", "allocation"):
        links = build_links(layer, ground(np.zeros((3, 6))), method=method)
        assert links["cost"].tolist() == [0.0]
        assert links["length_m"].item() == pytest.approx(3 + 8**0.5)


def world(seed, shape=(24, 31), cell=(1.0, 1.0)):
    random = np.random.default_rng(seed)
    costs = random.choice([1, 2, 5, 20, np.nan], shape, p=[0.4, 0.2, 0.2, 0.15, 0.05])
    labels = np.zeros(shape, dtype=int)
    for label in range(1, 9):
        y, x = random.integers(0, shape[0] - 3), random.integers(0, shape[1] - 3)
        part = labels[y : y + 3, x : x + 2]
        part[part == 0] = label
    cells = {label: np.argwhere(labels == label) for label in np.unique(labels[labels > 0])}
    w, h = cell
    shapes = [
        shapely.union_all([box(x * w, (shape[0] - y - 1) * h, (x + 1) * w, (shape[0] - y) * h)
                           for y, x in found])
        for found in cells.values()
    ]  # fmt: skip
    return patches(*shapes, ids=list(cells)), costs, labels


def networkx_costs(costs, labels, cell):
    """Least costs between all pairs of patches, by networkx on a graph of cells."""
    graph = nx.Graph()
    height, width = costs.shape
    for y, x in np.ndindex(costs.shape):
        for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
            v, u = y + dy, x + dx
            step = (costs[y, x] + costs[v, u]) / 2 if v < height and 0 <= u < width else np.nan
            if np.isfinite(step):
                length = np.hypot(dy * cell[1], dx * cell[0])
                graph.add_edge((y, x), (v, u), weight=step * length)
    cells = {label: set(map(tuple, np.argwhere(labels == label).tolist())) & set(graph)
             for label in np.unique(labels[labels > 0])}  # fmt: skip
    found = {}
    for i, sources in cells.items():
        reached = nx.multi_source_dijkstra_path_length(graph, sources) if sources else {}
        for j, targets in cells.items():
            least = min((reached.get(cell, np.inf) for cell in targets), default=np.inf)
            if i < j and np.isfinite(least):
                found[int(i), int(j)] = least
    return found


@pytest.mark.parametrize("cell", [(1.0, 1.0), (3.0, 2.0)])
@pytest.mark.parametrize("seed", range(3))
def test_all_pairs_cost_what_networkx_finds(seed, cell):
    """Kills steps of one length on rectangular cells, and searches that stop too early."""
    layer, costs, labels = world(seed, cell=cell)
    links = build_links(layer, ground(costs, cell=cell), topology="complete")
    expected = networkx_costs(costs, labels, cell)
    found = dict(zip(zip(links["i"], links["j"], strict=True), links["cost"], strict=True))
    assert found == pytest.approx(expected, rel=1e-6)
    near = build_links(layer, ground(costs, cell=cell))
    pairs = list(zip(near["i"], near["j"], strict=True))
    assert near["cost"].tolist() == pytest.approx([expected[pair] for pair in pairs], rel=1e-6)
    allocation = build_links(layer, ground(costs, cell=cell), method="allocation")
    assert list(zip(allocation["i"], allocation["j"], strict=True)) == pairs
    assert (near["cost"] <= allocation["cost"]).all()
    trees = [nx.Graph(), nx.Graph()]
    trees[0].add_weighted_edges_from((*pair, cost) for pair, cost in expected.items())
    trees[1].add_weighted_edges_from(allocation[["i", "j", "cost"]].to_numpy().tolist())
    weights = [nx.minimum_spanning_tree(tree).size(weight="weight") for tree in trees]
    assert weights[0] == pytest.approx(weights[1], rel=1e-6)


@pytest.mark.parametrize("method", ["lcp", "allocation"])
@pytest.mark.parametrize("seed", range(2))
def test_cost_is_that_of_the_line(seed, method):
    """The line steps from cell to cell, and its steps add up to the cost, to the last digit.

    Kills a geometry that is not that of the cost, as in packages that trace it apart.
    """
    layer, costs, labels = world(seed)
    raster = ground(costs)
    field = cost_field(raster, "m")
    for link in build_links(layer, raster, method=method).itertuples():
        xy = np.array(shapely.segmentize(link.geometry, 1.5).coords)
        xy = np.concatenate([
            np.linspace(a, b, int(np.abs(b - a).max()) + 1)[: -1]
            for a, b in pairwise(np.array(link.geometry.coords))
        ] + [xy[-1:]])  # fmt: skip
        row, column = raster.cell_of(xy[:, 0], xy[:, 1])
        assert labels[row[0], column[0]] == link.i
        assert labels[row[-1], column[-1]] == link.j
        slanted = np.abs(np.diff(row)) + np.abs(np.diff(column)) == 2
        cell = raster.values[row, column].astype(float)
        steps = (cell[1:] + cell[:-1]) * np.where(slanted, 2**0.5, 1) / 2
        steps = np.rint(steps / field.quantum) * field.quantum
        assert steps.sum() == link.cost
        between = set(labels[row, column].tolist()) - {0, link.i, link.j}
        assert link.patches_crossed == "; ".join(map(str, sorted(between)))


def test_threads_and_rows_change_nothing():
    layer, costs, labels = world(4)
    raster = ground(costs)
    links = build_links(layer, raster, topology="complete")
    assert_geodataframe_equal(links, build_links(layer.iloc[::-1], raster, topology="complete"))
    field = cost_field(raster, "m")
    labels = label_patches(raster, layer.geometry.to_numpy(), layer["patch"].to_numpy())
    grounds = [Ground.of(field, labels, threads=threads) for threads in (1, 2)]
    one, two = (least_cost_paths(g, threads=t) for t, g in enumerate(grounds, start=1))
    assert [(p[:3], p.cells.tolist()) for p in one] == [(p[:3], p.cells.tolist()) for p in two]


@pytest.mark.parametrize("method", ["lcp", "allocation"])
def test_no_pair_no_link_on_a_raster(method):
    layer = patches(box(0, 0, 1, 1))
    for given_patches in (layer, layer.iloc[:0]):
        links = build_links(given_patches, ground([[1, 1]]), method=method)
        assert len(links) == 0
        assert [str(t) for t in links.dtypes] == [
            "int64", "int64", "float64", "float64", "str", "geometry",
        ]  # fmt: skip
