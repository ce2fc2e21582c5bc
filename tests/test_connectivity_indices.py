"""Indices and losses by removal, against pencil, brute force, and properties."""

from __future__ import annotations

import doctest
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tvb.connectivity import (
    HabitatGraph,
    compute_alpha,
    compute_ec,
    compute_iic,
    compute_pc,
    rank_links,
    rank_patches,
    share_of_pc,
)
from tvb.errors import ParameterError

MEDIAN = {"distance": 500.0, "probability": 0.5}
PATH = HabitatGraph.from_arrays([1, 2, 3], [0, 1], [1, 2], [500, 1000])
STAR = HabitatGraph.from_arrays([4, 1, 1, 1], [0, 0, 0], [1, 2, 3], [500] * 3)
TWO_PAIRS = HabitatGraph.from_arrays([1, 2, 3, 4], [0, 2], [1, 3], [500, 500])


def by_definition(capacity, links, index, *, distance=500.0, probability=0.5, without=()):
    """The numerator as the papers write it: networkx finds the paths, Python adds them up."""
    graph = nx.Graph()
    graph.add_nodes_from(v for v in range(len(capacity)) if v not in without)
    for i, j, length in links:
        if graph.has_node(i) and graph.has_node(j) and (index == "PC" or length <= distance):
            known = graph.get_edge_data(i, j, {"length": np.inf})["length"]
            graph.add_edge(i, j, length=min(length, known))
    total = 0.0
    weight = "length" if index == "PC" else None
    for i in graph:
        for j, length in nx.single_source_dijkstra_path_length(
            graph, i, weight=weight or (lambda *_: 1)
        ).items():
            pair = probability ** (length / distance) if index == "PC" else 1 / (1 + length)
            total += capacity[i] * capacity[j] * pair
    return total


def expected_patches(capacity, links, index):
    """Loss of each patch and its part as connector, in percent, by definition."""
    whole = by_definition(capacity, links, index)
    rows = []
    for k in range(len(capacity)):
        lost = whole - by_definition(capacity, links, index, without={k})
        silent = [a if v != k else 0 for v, a in enumerate(capacity)]
        others = by_definition(silent, links, index)
        connector = others - by_definition(capacity, links, index, without={k})
        rows.append((100 * lost / whole, 100 * capacity[k] ** 2 / whole, 100 * connector / whole))
    return np.array(rows)


def world(links, capacity):
    i, j, length = np.array(links, dtype=float).reshape(-1, 3).T
    return HabitatGraph.from_arrays(capacity, i.astype(int), j.astype(int), length)


def random_world(seed, patches, links):
    """Links are drawn from whole multiples of 50 m, 0 included, so that equal paths abound."""
    random = np.random.default_rng(seed)
    capacity = random.integers(0, 20, patches).tolist()
    pairs = random.integers(0, patches, (links, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    lengths = 50.0 * random.integers(0, 16, len(pairs))
    pairs, first = np.unique(np.sort(pairs, axis=1), axis=0, return_index=True)
    return capacity, [(int(i), int(j), w) for (i, j), w in zip(pairs, lengths[first], strict=True)]


# With a pencil


def test_alpha():
    assert compute_alpha(1000, 0.05) == pytest.approx(0.0029957323)
    assert np.exp(-compute_alpha(700, 0.3) * 700) == pytest.approx(0.3)


def test_path_by_hand():
    """p01 = 1/2, p12 = 1/4, p02 = 1/8: 1 + 4 + 9 + 2 (2/2 + 6/4 + 3/8) = 19.75.

    Kills pairs counted once, and p02 taken as the best single link.
    """
    assert compute_pc(PATH, **MEDIAN) == pytest.approx(19.75)
    assert compute_pc(PATH, **MEDIAN, landscape_area=10) == pytest.approx(0.1975)
    assert compute_ec(PATH, **MEDIAN) == pytest.approx(19.75**0.5)
    # Weights 1/2, 1/2 and 1/3 by number of links: 14 + 2 (2/2 + 6/2 + 3/3) = 24.
    assert compute_iic(PATH, distance=1000) == pytest.approx(24)
    assert compute_ec(PATH, "IIC", distance=1000) == pytest.approx(24**0.5)
    # The link of 1000 m is too long: 14 + 2 × 2/2 = 16.
    assert compute_iic(PATH, distance=999, landscape_area=8) == pytest.approx(0.25)


def test_star_by_hand():
    """Hub 4, leaves 1, p = 1/2 and 1/4: 19 + 6 × 4/2 + 6 × 1/4 = 32.5; the hub connects 1.5.

    Kills a flux counted in one order (6 instead of 12 for the hub).
    """
    ranks = rank_patches(STAR, **MEDIAN) * 32.5 / 100
    assert ranks.loc[0].tolist() == pytest.approx([29.5, 16, 12, 1.5])
    assert ranks.loc[1].tolist() == pytest.approx([6, 1, 5, 0])
    assert (rank_links(STAR, **MEDIAN)["d"] * 32.5 / 100).tolist() == pytest.approx([5, 5, 5])
    assert share_of_pc(STAR, **MEDIAN)[0] == pytest.approx(4 * (4 + 3 / 2) / 32.5)


def test_two_components_by_hand():
    """30 + 2 (1×2 + 3×4) / 2 = 44; kills pairs without a path that count for something.

    1 / (1 + n) with n left at 0, or a distance left at 0, would give (1 + 2 + 3 + 4)² = 100.
    """
    assert compute_pc(TWO_PAIRS, **MEDIAN) == pytest.approx(44)
    assert compute_iic(TWO_PAIRS, distance=500) == pytest.approx(44)
    assert rank_links(TWO_PAIRS, **MEDIAN)["d"].tolist() == pytest.approx([200 / 44, 1200 / 44])


def test_link_of_no_length_is_a_certain_passage():
    """Kills a sparse matrix that forgets stored zeros: (1 + 2)² = 9 and not 5."""
    graph = HabitatGraph.from_arrays([1, 2], [0], [1], [0.0])
    assert compute_pc(graph, **MEDIAN) == pytest.approx(9)
    assert compute_iic(graph, distance=0) == pytest.approx(5 + 2)
    assert rank_links(graph, **MEDIAN)["d"].tolist() == pytest.approx([100 * 4 / 9])


def test_equal_paths_replace_each_other():
    """A square of equal sides: without a corner, the way round is as good; no connector."""
    square = HabitatGraph.from_arrays([1] * 4, [0, 1, 2, 3], [1, 2, 3, 0], [500] * 4)
    assert rank_patches(square, **MEDIAN)["d_connector"].tolist() == [0, 0, 0, 0]


def test_longer_links_matter_to_pc_not_to_iic():
    """One row for each link, in the order of `to_frames`, 0 for those that IIC does not see."""
    links = rank_links(PATH, "IIC", distance=500)
    assert links[["i", "j"]].to_numpy().tolist() == [[0, 1], [1, 2]]
    assert links["d"].tolist() == pytest.approx([100 * 2 / 16, 0])
    assert (rank_links(PATH, **MEDIAN)["d"] > 0).all()


def test_long_path_by_hand():
    """600 patches in a row, each link a sure half: Σ 2^−|i − j| = 600 + 2 Σ (600 − k) / 2^k.

    Kills blocks of sources that lose their last row.
    """
    ends = np.arange(599)
    graph = HabitatGraph.from_arrays(np.ones(600), ends, ends + 1, np.full(599, 500.0))
    expected = 600 + 2 * sum((600 - k) / 2**k for k in range(1, 600))
    assert compute_pc(graph, **MEDIAN) == pytest.approx(expected, rel=1e-12)


# By brute force


@pytest.mark.parametrize("index", ["PC", "IIC"])
@pytest.mark.parametrize(("seed", "patches", "links"), [(1, 12, 18), (2, 25, 60), (3, 40, 55)])
def test_equals_definition(index, seed, patches, links):
    """Index, every loss of a patch and of a link, on graphs with ties, zeros and isolates."""
    capacity, edges = random_world(seed, patches, links)
    graph = world(edges, capacity)
    whole = by_definition(capacity, edges, index)
    assert compute_ec(graph, index, **MEDIAN) ** 2 == pytest.approx(whole)
    ranks = rank_patches(graph, index, **MEDIAN)
    expected = expected_patches(capacity, edges, index)
    found = ranks[["d", "d_intra", "d_connector"]].to_numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    expected_links = [
        100 * (1 - by_definition(capacity, edges[:n] + edges[n + 1 :], index) / whole)
        for n in range(len(edges))
    ]
    found_links = rank_links(graph, index, **MEDIAN)
    assert list(zip(found_links["i"], found_links["j"], strict=True)) == [e[:2] for e in edges]
    np.testing.assert_allclose(found_links["d"], expected_links, rtol=1e-9, atol=1e-9)


# Properties


@st.composite
def worlds(draw):
    patches = draw(st.integers(1, 8))
    capacity = draw(st.lists(st.integers(0, 9), min_size=patches, max_size=patches))
    node = st.integers(0, patches - 1)
    link = st.tuples(node, node, st.sampled_from([0.0, 100.0, 250.0, 500.0, 9000.0, np.inf]))
    return capacity, draw(st.lists(link.filter(lambda x: x[0] != x[1]), max_size=14))


@settings(max_examples=50, deadline=None)
@given(worlds(), st.sampled_from(["PC", "IIC"]))
def test_parts_make_the_whole(drawn, index):
    """d = intra + flux + connector = the loss measured; connectors and losses in 0…100 %."""
    capacity, edges = drawn
    ranks = rank_patches(world(edges, capacity), index, **MEDIAN)
    parts = ranks[["d_intra", "d_flux", "d_connector"]]
    assert ranks["d"].to_numpy() == pytest.approx(parts.sum(axis=1).to_numpy())
    assert (parts >= 0).all(axis=None)
    assert (ranks["d"] <= 100 + 1e-9).all()
    if sum(capacity):
        finite = [edge for edge in edges if edge[2] < np.inf]
        expected = expected_patches(capacity, finite, index)[:, 0]
        np.testing.assert_allclose(ranks["d"], expected, rtol=1e-9, atol=1e-9)
    else:
        assert (ranks == 0).all(axis=None)


@settings(max_examples=50, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_names_do_not_matter(drawn, random):
    """Relabelling the patches relabels the answers."""
    capacity, edges = drawn
    graph = world(edges, capacity)
    names = list(range(10, 10 + len(capacity)))
    random.shuffle(names)
    i, j, distance = np.array(edges, dtype=float).reshape(-1, 3).T
    other = HabitatGraph.from_arrays(capacity, i.astype(int), j.astype(int), distance, ids=names)
    ranks, renamed = (rank_patches(g, **MEDIAN) for g in (graph, other))
    np.testing.assert_allclose(renamed.loc[names], ranks, rtol=1e-9, atol=1e-12)
    shares, reshared = (share_of_pc(g, **MEDIAN) for g in (graph, other))
    np.testing.assert_allclose(reshared.loc[names], shares, rtol=1e-9)


@settings(max_examples=50, deadline=None)
@given(worlds(), st.sampled_from(["PC", "IIC"]))
def test_index_stays_in_bounds_and_scales(drawn, index):
    """√Σa² ≤ EC ≤ Σa; capacities × 3 give EC × 3 and the same percentages; shares sum to 1."""
    capacity, edges = drawn
    graph, triple = world(edges, capacity), world(edges, [3 * a for a in capacity])
    ec = compute_ec(graph, index, **MEDIAN)
    assert np.hypot.reduce(capacity) - 1e-9 <= ec <= sum(capacity) + 1e-9
    assert compute_ec(triple, index, **MEDIAN) == pytest.approx(3 * ec)
    np.testing.assert_allclose(
        rank_patches(triple, index, **MEDIAN), rank_patches(graph, index, **MEDIAN), atol=1e-9
    )
    assert share_of_pc(graph, **MEDIAN).sum() == pytest.approx(1 if sum(capacity) else 0)
    if sum(capacity):
        assert 0 <= compute_pc(graph, **MEDIAN, landscape_area=sum(capacity)) <= 1


@settings(max_examples=50, deadline=None)
@given(worlds(), st.floats(0, 2000), st.sampled_from(["PC", "IIC"]))
def test_one_more_link_never_lowers_an_index(drawn, length, index):
    capacity, edges = drawn
    more = [*edges, (0, len(capacity) - 1, length)] if len(capacity) > 1 else edges
    before, after = (compute_ec(world(links, capacity), index, **MEDIAN) for links in (edges, more))
    assert after >= before - 1e-9


# Nothing, and next to nothing


def test_no_patch():
    nothing = HabitatGraph.from_arrays([], [], [], [])
    assert compute_pc(nothing, **MEDIAN) == 0
    assert compute_iic(nothing, distance=500, landscape_area=1) == 0
    assert compute_ec(nothing, **MEDIAN) == 0
    assert share_of_pc(nothing, **MEDIAN).empty
    assert list(rank_patches(nothing, **MEDIAN)) == ["d", "d_intra", "d_flux", "d_connector"]
    assert list(rank_links(nothing, **MEDIAN)) == ["i", "j", "d"]
    assert rank_links(nothing, "IIC", **MEDIAN).empty


def test_one_patch_and_isolated_patches():
    alone = HabitatGraph.from_arrays([3], [], [], [])
    assert compute_ec(alone, **MEDIAN) == 3
    assert rank_patches(alone, **MEDIAN).to_numpy().tolist() == [[100, 100, 0, 0]]
    apart = HabitatGraph.from_arrays([3, 1], [0], [1], [np.inf])
    assert compute_pc(apart, **MEDIAN) == 10
    assert rank_patches(apart, "IIC", **MEDIAN)["d"].tolist() == [90, 10]
    assert rank_links(apart, **MEDIAN)["d"].tolist() == [0]
    assert rank_links(apart, "IIC", distance=np.inf)["d"].tolist() == [0]


def test_no_capacity_no_index():
    """Kills 0 / 0: percentages and shares of nothing are 0, without a warning."""
    empty = HabitatGraph.from_arrays([0, 0], [0], [1], [500])
    assert compute_pc(empty, **MEDIAN) == 0
    assert rank_patches(empty, **MEDIAN).to_numpy().tolist() == [[0, 0, 0, 0]] * 2
    assert rank_links(empty, **MEDIAN)["d"].tolist() == [0]
    assert share_of_pc(empty, **MEDIAN).tolist() == [0, 0]


def test_probabilities_that_vanish():
    """exp(−α d) underflows to 0 on every link: as if there were none."""
    far = HabitatGraph.from_arrays([1, 2], [0], [1], [1e9])
    assert compute_pc(far, distance=1, probability=0.5) == 5
    assert rank_links(far, distance=1)["d"].tolist() == [0]
    assert rank_patches(far, distance=1)["d_connector"].tolist() == [0, 0]


# Refusals


@pytest.mark.parametrize("distance", [0, -1, np.inf, np.nan])
def test_absurd_dispersal_distance_is_refused(distance):
    with pytest.raises(ParameterError, match=rf"^distance: is {distance}. Required: a finite leng"):
        compute_pc(PATH, distance=distance)


@pytest.mark.parametrize("probability", [0, 1, -0.1, 50, np.nan])
def test_absurd_probability_is_refused(probability):
    with pytest.raises(ParameterError, match=rf"^probability: is {probability}. Required: between"):
        rank_patches(PATH, distance=500, probability=probability)


def test_absurd_link_length_of_iic_is_refused():
    with pytest.raises(ParameterError, match=r"^distance: is nan. Required: a length ≥ 0"):
        compute_iic(PATH, distance=np.nan)


@pytest.mark.parametrize("area", [0, -1, np.nan, np.inf])
def test_absurd_landscape_is_refused(area):
    with pytest.raises(ParameterError, match=rf"^landscape_area: is {area}. Required: a finite"):
        compute_pc(PATH, distance=500, landscape_area=area)


def test_landscape_smaller_than_its_habitat_is_refused():
    """Kills km² given for hectares, which makes an index above 1."""
    with pytest.raises(ParameterError, match=r"5.9 is less than the sum of the capacities, 6"):
        compute_iic(PATH, distance=500, landscape_area=5.9)


def test_unknown_index_is_refused():
    with pytest.raises(ParameterError, match=r"index: « EC » is unknown. Required: PC or IIC"):
        rank_patches(PATH, "EC", distance=500)


# What the documentation says


def test_documented_numbers_are_computed():
    """Every example of docs/indices.md, worked there by hand."""
    page = Path(__file__).parents[1] / "docs" / "indices.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert (failed, tried > 5) == (0, True)
