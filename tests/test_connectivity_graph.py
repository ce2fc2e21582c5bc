"""`HabitatGraph`: one canonical order, refusals, and the ways in and out."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st

from tvb.connectivity import HabitatGraph, build_links, build_patches
from tvb.errors import CrsError, LayerError, ParameterError
from worlds import box


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
