"""`HabitatGraph`: one canonical order, refusals, and the ways in and out."""

from __future__ import annotations

import itertools
from dataclasses import replace

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st

from tvb.connectivity import (
    HabitatGraph,
    add_links,
    build_links,
    build_patches,
    compute_gd,
    compute_h,
    compute_pc,
    gain_of_links,
    measure_patches,
)
from tvb.connectivity.shortest_paths import measure_lengths
from tvb.errors import CrsError, LayerError, ParameterError
from worlds import X0, Y0, box


def row_of_squares():
    """Three squares of 1 ha, 50 m apart, and a fourth far away."""
    west = [0, 150, 300, 5000]
    shapes = [box(x, 0, x + 100, 100) for x in west]
    patches = build_patches(gpd.GeoDataFrame(geometry=shapes, crs=2154))
    return patches, build_links(patches, max_distance_m=60)


def same(one: HabitatGraph, other: HabitatGraph) -> bool:
    names = ("ids", "capacity", "i", "j", "distance")
    return all(np.array_equal(getattr(one, n), getattr(other, n)) for n in names)


def test_order_is_canonical():
    """Kills a graph that keeps the order of rows: ids, ends and links are all shuffled here."""
    graph = HabitatGraph.from_arrays([3, 1, 2], [2, 1], [1, 0], [7, 5], ids=[30, 10, 20])
    assert graph.ids.tolist() == [10, 20, 30]
    assert graph.capacity.tolist() == [1, 2, 3]
    assert (graph.i.tolist(), graph.j.tolist()) == ([0, 0], [1, 2])
    assert graph.distance.tolist() == [7, 5]


def test_shortest_of_parallel_links_is_kept():
    """Kills a sparse matrix built as it comes, which adds the two lengths up."""
    graph = HabitatGraph.from_arrays([1, 1], [0, 1, 0], [1, 0, 1], [9, 4, 6])
    assert graph.distance.tolist() == [4]
    assert graph.adjacency.toarray().tolist() == [[0, 4], [4, 0]]


def test_link_of_no_length_is_a_link():
    """Kills matrices in which a stored 0 means no link."""
    graph = HabitatGraph.from_arrays([1, 1, 1], [0], [1], [0.0])
    assert graph.adjacency.nnz == 2
    assert graph.components().tolist() == [1, 1, 2]


def test_infinite_link_is_kept_but_joins_nothing():
    graph = HabitatGraph.from_arrays([1, 1], [0], [1], [np.inf])
    assert len(graph.distance) == 1
    assert graph.components().tolist() == [1, 2]


def test_arrays_are_copies_and_read_only():
    capacity = np.array([1.0, 2.0])
    graph = HabitatGraph.from_arrays(capacity, [0], [1], [5])
    capacity[0] = 99
    assert graph.capacity.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        graph.capacity[0] = 0


def test_components_are_numbered_by_their_first_patch():
    graph = HabitatGraph.from_arrays([1] * 5, [0, 1], [3, 4], [1, 1], ids=list("edcba"))
    labels = graph.components()
    assert labels.to_dict() == {"a": 1, "b": 2, "c": 3, "d": 1, "e": 2}
    assert (labels.name, labels.index.name) == ("component", "patch")


def test_threshold_keeps_patches_and_near_links():
    patches, links = row_of_squares()
    links["nom"] = ["a", "b"]
    links["distance_m"] = [50.0, 55.0]
    graph = HabitatGraph.from_frames(patches, links).threshold(50)
    assert len(graph.ids) == 4
    assert graph.to_frames()[1]["nom"].tolist() == ["a"]
    assert len(HabitatGraph.from_arrays([1, 1], [0], [1], [5]).threshold(np.inf).i) == 1


def test_frames_to_graph_to_frames_is_the_identity():
    patches, links = row_of_squares()
    again, links_again = HabitatGraph.from_frames(
        patches.iloc[::-1], links.rename(columns={"i": "j", "j": "i"}).iloc[::-1]
    ).to_frames()
    assert_geodataframe_equal(again, patches)
    assert_geodataframe_equal(links_again, links)


def test_plain_tables_with_text_ids():
    patches = pd.DataFrame({"patch": ["T2", "T10"], "capacity": [1.0, 2.0]})
    links = pd.DataFrame({"i": ["T2"], "j": ["T10"], "distance_m": [3.0]})
    again, links_again = HabitatGraph.from_frames(patches, links).to_frames()
    pd.testing.assert_frame_equal(again, patches.iloc[::-1].reset_index(drop=True))
    assert links_again.to_numpy().tolist() == [["T10", "T2", 3.0]]
    arrays = HabitatGraph.from_arrays([1.0], [], [], [], ids=["T2"])
    assert arrays.to_frames()[0].to_numpy().tolist() == [["T2", 1.0]]


def test_frames_given_are_left_alone():
    patches, links = row_of_squares()
    before, links_before = patches.copy(), links.copy()
    returned, _ = HabitatGraph.from_frames(patches, links).to_frames()
    returned["capacity"] = 0.0
    assert_geodataframe_equal(patches, before)
    assert_geodataframe_equal(links, links_before)


def test_networkx_and_back_is_the_identity():
    graph = HabitatGraph.from_frames(*row_of_squares())
    exchanged = graph.to_networkx()
    assert exchanged.graph["crs"] == "EPSG:2154"
    assert exchanged.edges[1, 2]["distance_m"] == 50
    again = HabitatGraph.from_networkx(exchanged)
    for one, other in zip(again.to_frames(), graph.to_frames(), strict=True):
        assert_geodataframe_equal(one, other)


def test_networkx_multigraph_and_order_of_nodes():
    exchanged = nx.MultiGraph()
    exchanged.add_node(2, capacity=2.0)
    exchanged.add_node(1, capacity=1.0)
    exchanged.add_edge(2, 1, distance_m=9.0)
    exchanged.add_edge(1, 2, distance_m=4.0)
    expected = HabitatGraph.from_arrays([1, 2], [0], [1], [4], ids=[1, 2])
    assert same(HabitatGraph.from_networkx(exchanged), expected)


GRAPHS = st.integers(1, 7).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 9), min_size=n, max_size=n),
        st.lists(
            st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), st.integers(0, 9)).filter(
                lambda link: link[0] != link[1]
            ),
            max_size=10,
        ),
        st.permutations(range(n)),
    )
)


@settings(max_examples=60, deadline=None)
@given(GRAPHS)
def test_order_of_rows_is_irrelevant(world):
    """Rows permuted, ends swapped: the same graph, and through networkx the same again."""
    capacity, links, order = world
    i, j, distance = np.array(links, dtype=np.int64).reshape(-1, 3).T
    graph = HabitatGraph.from_arrays(capacity, i, j, distance)
    position = np.argsort(order)
    permuted = HabitatGraph.from_arrays(
        np.array(capacity)[order], position[j][::-1], position[i][::-1], distance[::-1], ids=order
    )
    assert same(graph, permuted)
    assert same(graph, HabitatGraph.from_networkx(graph.to_networkx()))


def test_repr_tells_the_shape():
    graph = HabitatGraph.from_frames(*row_of_squares())
    assert repr(graph) == "<HabitatGraph: 4 patches, 2 links, 2 components, 1 isolated patch>"
    nothing = HabitatGraph.from_arrays([], [], [], [])
    assert repr(nothing) == "<HabitatGraph: 0 patches, 0 links, 0 components, 0 isolated patches>"


@pytest.mark.parametrize(
    ("arrays", "ids", "message"),
    [
        (([1, -1], [0], [1], [1]), None, r"patches: capacity negative .*\(1 feature: 1\).*≥ 0"),
        (([1, np.nan], [0], [1], [1]), None, r"patches: capacity negative or not finite \(1"),
        (([1, 1], [0], [1], [1]), [4, 4], r"patches: id given twice \(1 feature: 4\)"),
        (([1, 1], [0], [1], [1]), [1.5, 2], "patches: ids of another type. Required: integers"),
        (([1, 1], [0], [1], [1]), [1], r"ids have shape \(1,\), capacities \(2,\)"),
        (([1, 1], [0], [1, 0], [1]), None, r"links: i, j and distance have shapes \(1,\), \(2,\)"),
        (([1, 1], [0.0], [1.0], [1]), None, "links: i or j are not integers"),
        (([1, 1], [0], [2], [1]), None, r"links: no such patch \(1 feature: 0–2\).* from 0 to 1"),
        (([1, 1], [-1], [1], [1]), None, r"links: no such patch \(1 feature: -1–1\)"),
        (([1, 1], [1], [1], [1]), ["a", "b"], r"patch linked to itself \(1 feature: b–b\)"),
        (([1, 1], [0], [1], [-1]), None, r"links: distance negative or NaN \(1 feature: 0–1\)"),
        (([1, 1], [0], [1], [np.nan]), None, "links: distance negative or NaN"),
    ],
)
def test_absurd_arrays_are_refused(arrays, ids, message):
    with pytest.raises(ParameterError, match=message):
        HabitatGraph.from_arrays(*arrays, ids=ids)


def test_absurd_tables_are_refused():
    patches, links = row_of_squares()
    with pytest.raises(LayerError, match=r"patches: no column capacity. Required: patch, capacity"):
        HabitatGraph.from_frames(patches.drop(columns="capacity"), links)
    with pytest.raises(LayerError, match="links: no column j, distance_m"):
        HabitatGraph.from_frames(patches, links.drop(columns=["j", "distance_m"]))
    with pytest.raises(
        LayerError, match=r"links: patch that is not in the table \(2 features: 1, 2"
    ):
        HabitatGraph.from_frames(patches.iloc[2:], links)
    with pytest.raises(ParameterError, match=r"patches: id given twice \(1 feature: 3\)"):
        HabitatGraph.from_frames(pd.concat([patches, patches.iloc[[2]]]), links)
    with pytest.raises(CrsError, match="patches: coordinates are in EPSG:4326"):
        HabitatGraph.from_frames(patches.to_crs(4326), links)
    with pytest.raises(ParameterError, match=r"patch_data: has 4 rows. Required: 1 rows"):
        HabitatGraph(*map(np.array, ([1], [1.0], [], [], [])), patch_data=patches)


def test_absurd_threshold_is_refused():
    with pytest.raises(ParameterError, match=r"max_distance: is nan. Required: a length ≥ 0"):
        HabitatGraph.from_arrays([1], [], [], []).threshold(float("nan"))


def test_unfit_networkx_graph_is_refused():
    with pytest.raises(LayerError, match=r"networkx graph: is directed.*to_undirected"):
        HabitatGraph.from_networkx(nx.DiGraph())
    with pytest.raises(LayerError, match="patches: no column capacity"):
        HabitatGraph.from_networkx(nx.path_graph(2))


# Some of it, and other lengths


def test_cost_instead_of_distance():
    """The column named is the length; the other travels along, and both come back."""
    patches = pd.DataFrame({"patch": [1, 2], "capacity": [1.0, 2.0]})
    links = pd.DataFrame({"i": [2], "j": [1], "distance_m": [90.0], "cost": [7.0]})
    graph = HabitatGraph.from_frames(patches, links, length="cost")
    assert graph.distance.tolist() == [7]
    assert graph.to_frames()[1].to_dict("list") == {
        "i": [1], "j": [2], "cost": [7.0], "distance_m": [90.0],
    }  # fmt: skip
    again = HabitatGraph.from_networkx(graph.to_networkx(), length="cost")
    pd.testing.assert_frame_equal(again.to_frames()[1], graph.to_frames()[1])
    with pytest.raises(LayerError, match=r"links: no column price. Required: i, j, price"):
        HabitatGraph.from_frames(patches, links, length="price")


def test_taking_patches_takes_the_links_between_them():
    """Kills positions that still count the patches left out."""
    patches, links = row_of_squares()
    graph = HabitatGraph.from_frames(patches, links)
    part = graph.take_patches(np.array([False, True, True, True]))
    assert part.ids.tolist() == [2, 3, 4]
    assert (part.i.tolist(), part.j.tolist()) == ([0], [1])
    assert_geodataframe_equal(part.to_frames()[0], patches.iloc[1:].reset_index(drop=True))
    assert part.to_frames()[1].geometry.iloc[0].equals(links.geometry.iloc[1])
    assert len(graph.take_patches(np.array([], dtype=int)).ids) == 0


# Crossings


def shortest_with_crossings(graph):
    """Lengths between all patches, by relaxing every (patch, link it was reached by) in turn."""
    steps = [
        (a, b, length, *points)
        for i, j, length, (at_i, at_j) in zip(
            graph.i, graph.j, graph.distance, graph.ends, strict=True
        )
        for a, b, points in ((i, j, (at_i, at_j)), (j, i, (at_j, at_i)))
        if length < np.inf
    ]
    lengths = np.full((len(graph.ids), len(graph.ids)), np.inf)
    for source in range(len(graph.ids)):
        best = {n: s[2] for n, s in enumerate(steps) if s[0] == source}
        changed = True
        while changed:
            changed = False
            for n, reached in list(best.items()):
                for m, (tail, _, length, leave, _) in enumerate(steps):
                    if tail != steps[n][1]:
                        continue
                    there = reached + float(np.hypot(*(steps[n][4] - leave))) + length
                    if there < best.get(m, np.inf):
                        best[m], changed = there, True
        for n, reached in best.items():
            lengths[source, steps[n][1]] = min(lengths[source, steps[n][1]], reached)
        lengths[source, source] = 0
    return lengths


def test_crossing_by_hand():
    """Squares of 100 m, 50 m apart: 0 → 2 is 50 + 100 + 50 m, for the line across the middle."""
    patches, links = row_of_squares()
    graph = HabitatGraph.from_frames(patches, links)
    lines = [shapely.LineString([(x, 50), (x + 50, 50)]).normalize() for x in (X0 + 100, X0 + 250)]
    links = links.set_geometry([shapely.affinity.translate(g, 0, Y0) for g in lines], crs=2154)
    # a line may be drawn from j to i
    turned = links.set_geometry(
        [links.geometry.iloc[0].reverse(), links.geometry.iloc[1]], crs=2154
    )
    for table in (links, turned):
        graph = HabitatGraph.from_frames(patches, table)
        assert compute_gd(graph) == 100
        assert compute_gd(graph.with_crossings()) == pytest.approx(200)
        assert compute_gd(graph.with_crossings(2.5)) == pytest.approx(350)
        assert compute_h(graph.with_crossings()) == compute_h(graph) == 2.5
    pc = compute_pc(graph.with_crossings(), distance=50)
    assert pc == pytest.approx(4 + 4 * 0.5 + 2 / 16)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_crossings_equal_relaxation(seed):
    """Kills a search that settles each patch once, whichever link it is then left by."""
    random = np.random.default_rng(seed)
    i, j = random.integers(0, 9, (2, 18))
    apart = i != j
    graph = HabitatGraph(
        ids=np.arange(9)[::-1],
        capacity=random.integers(1, 9, 9),
        i=i[apart],
        j=j[apart],
        distance=np.where(random.random(18) < 0.1, np.inf, random.integers(0, 9, 18))[apart],
        ends=random.integers(0, 12, (18, 2, 2))[apart],
    )
    expected = shortest_with_crossings(graph)
    np.testing.assert_allclose(measure_lengths(graph, np.arange(9)), expected, rtol=1e-12)
    finite = np.isfinite(expected)
    assert compute_gd(graph) == pytest.approx(expected[finite].max())
    weights = np.where(finite, 0.5 ** (expected / 10), 0)
    assert compute_pc(graph, distance=10) == pytest.approx(
        graph.capacity @ weights @ graph.capacity
    )
    metrics = measure_patches(graph, ["F", "Ec", "BC"], distance=10)
    np.fill_diagonal(weights, 0)
    np.testing.assert_allclose(metrics["F"], weights @ graph.capacity)
    # as much passes as there are patches on the way, end points left out
    assert (metrics["BC"] >= 0).all()


def test_betweenness_with_crossings_follows_the_paths():
    """networkx finds each path from link to link; whatever patch it crosses carries the pair."""
    random = np.random.default_rng(8)
    i, j = random.integers(0, 12, (2, 30))
    apart = i != j
    graph = HabitatGraph(
        ids=np.arange(12),
        capacity=random.integers(1, 9, 12),
        i=i[apart],
        j=j[apart],
        distance=random.uniform(1, 5, 30)[apart],
        ends=random.uniform(0, 9, (30, 2, 2))[apart],
    )
    ways = nx.DiGraph()
    both = [(n, a, b) for n in range(len(graph.i)) for a, b in ((0, 1), (1, 0))]
    patch = np.column_stack([graph.i, graph.j])
    for n, a, b in both:
        ways.add_edge(("from", patch[n, a]), (n, b), weight=graph.distance[n])
        ways.add_edge((n, b), ("to", patch[n, b]), weight=0)
        for m, c, d in both:
            if patch[m, c] == patch[n, b]:
                across = np.hypot(*(graph.ends[n, b] - graph.ends[m, c]))
                ways.add_edge((n, b), (m, d), weight=across + graph.distance[m])
    expected = np.zeros(12)
    for s, t in itertools.combinations(range(12), 2):
        if nx.has_path(ways, ("from", s), ("to", t)):
            length, path = nx.single_source_dijkstra(ways, ("from", s), ("to", t))
            for n, b in path[1:-2]:
                expected[patch[n, b]] += (
                    graph.capacity[s] * graph.capacity[t] * 0.5 ** (length / 10)
                )
    found = measure_patches(graph, ["BC"], distance=10)["BC"]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_crossings_of_links_all_one_long():
    """Steps may be counted only where crossing is free, be there as many states as patches.

    Two links make four states, four patches too: 1 + 7 + 1 from end to end.
    """
    graph = HabitatGraph(
        ids=np.arange(4),
        capacity=np.ones(4),
        i=np.array([0, 1]),
        j=np.array([1, 2]),
        distance=np.ones(2),
        ends=np.array([[[0, 0], [0, 0]], [[7, 0], [7, 0]]]),
    )
    assert measure_lengths(graph, np.array([0])).tolist() == [[0, 1, 9, np.inf]]
    assert compute_h(graph) == 2.5


def test_crossing_that_costs_nothing_changes_nothing():
    """Betweenness over links, with all crossings of length 0, is betweenness over patches."""
    random = np.random.default_rng(5)
    i, j = random.integers(0, 20, (2, 40))
    apart = i != j
    plain = HabitatGraph.from_arrays(
        random.integers(1, 9, 20), i[apart], j[apart], random.uniform(1, 9, 40)[apart]
    )
    free = replace(plain, ends=np.zeros((len(plain.i), 2, 2)))
    one, other = (measure_patches(g, ["F", "BC", "CCe"], distance=5) for g in (plain, free))
    pd.testing.assert_frame_equal(one, other)


def test_refused_crossings():
    patches, links = row_of_squares()
    graph = HabitatGraph.from_frames(patches, links)
    with pytest.raises(ParameterError, match=r"per_metre: is -1. Required: a finite number ≥ 0"):
        graph.with_crossings(-1)
    with pytest.raises(LayerError, match=r"links: have no geometry. Required: a GeoDataFrame"):
        HabitatGraph.from_frames(
            patches, pd.DataFrame(links.drop(columns="geometry"))
        ).with_crossings()
    points = links.set_geometry(links.geometry.centroid)
    with pytest.raises(
        LayerError, match=r"links: geometry that is not a line \(2 features: 1–2, 2"
    ):
        HabitatGraph.from_frames(patches, points).with_crossings()
    crossed = graph.with_crossings()
    assert crossed.ends.flags.writeable is False
    assert crossed.threshold(0).ends.shape == (0, 2, 2)
    with pytest.raises(
        ParameterError, match="crossing a patch has a length, which losses and gain"
    ):
        gain_of_links(crossed, links, distance=50)
    with pytest.raises(ParameterError, match="crossing a patch has a length, unknown for what is"):
        add_links(crossed, links)
    with pytest.raises(ParameterError, match="CF has no meaning where crossing"):
        measure_patches(crossed, distance=50)
    with pytest.raises(ParameterError, match=r"ends: have shape \(2, 2\). Required: \(2, 2, 2\)"):
        replace(graph, ends=np.zeros((2, 2)))
    with pytest.raises(ParameterError, match=r"ends: NaN or infinite. Required: coordinates"):
        replace(graph, ends=np.full((2, 2, 2), np.nan))
