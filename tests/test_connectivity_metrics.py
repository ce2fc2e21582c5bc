"""Global indices, local metrics, profiles and regressions, against pencil, networkx, properties."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies import graphs
from tvb.connectivity import (
    INDICES,
    METRICS,
    HabitatGraph,
    build_spanning_tree,
    compute_awf,
    compute_bc_evenness,
    compute_ccp,
    compute_ec,
    compute_ecs,
    compute_f,
    compute_gd,
    compute_h,
    compute_iic,
    compute_indices,
    compute_lcp,
    compute_mpc,
    compute_msc,
    compute_pc,
    compute_slc,
    cost_to_distance,
    count_components,
    count_links,
    find_modules,
    measure_modularity,
    measure_patches,
    species_profile,
    sweep_thresholds,
)
from tvb.errors import ParameterError

MEDIAN = {"distance": 500.0, "probability": 0.5}
PATH = HabitatGraph.from_arrays([2, 1, 4, 3], [0, 1], [1, 2], [500, 1000])  # and one apart


def random_graph(seed, patches, links, shortest=0):
    """Lengths are multiples of 50 m, so that paths of the same length abound."""
    random = np.random.default_rng(seed)
    i, j = random.integers(0, patches, (2, links))
    length = 50.0 * random.integers(shortest, 16, links)
    apart = i != j
    return HabitatGraph.from_arrays(
        random.integers(0, 20, patches), i[apart], j[apart], length[apart]
    )


def as_networkx(graph, longest=np.inf):
    """Positions, ``length`` and ``conductance``; links that are passable and short enough."""
    result = nx.Graph()
    result.add_nodes_from(range(len(graph.ids)))
    for i, j, length in zip(graph.i, graph.j, graph.distance, strict=True):
        if length <= longest and length < np.inf:
            result.add_edge(int(i), int(j), length=float(length), conductance=1 / max(length, 1e-9))
    return result


def expected_indices(graph, distance, probability, area):
    """Every index as it is written, over pairs, with networkx for components and paths."""
    whole, near = as_networkx(graph), as_networkx(graph, distance)
    a = graph.capacity.tolist()
    parts = [sum(a[v] for v in part) for part in nx.connected_components(near)]
    lengths = dict(nx.all_pairs_dijkstra_path_length(near, weight="length"))
    far = dict(nx.all_pairs_dijkstra_path_length(whole, weight="length"))
    hops = dict(nx.all_pairs_shortest_path_length(near))
    p = {(i, j): probability ** (d / distance) for i in far for j, d in far[i].items()}
    pairs = [(i, j, n) for i in hops for j, n in hops[i].items() if i != j]
    pc = sum(a[i] * a[j] * w for (i, j), w in p.items())
    iic = sum(a[i] * a[j] / (1 + n) for i in hops for j, n in hops[i].items())
    return {
        "NL": near.number_of_edges(),
        "NC": len(parts),
        "MSC": sum(parts) / len(parts),
        "SLC": max(parts),
        "CCP": sum(c**2 for c in parts) / sum(parts) ** 2,
        "ECS": sum(c**2 for c in parts) / sum(parts),
        "LCP": sum(c**2 for c in parts) / area**2,
        "GD": max(d for row in lengths.values() for d in row.values()),
        "MPC": sum(n for *_, n in pairs) / len(pairs) if pairs else 0,
        "H": sum(1 / n for *_, n in pairs) / 2,
        "IIC": iic / area**2,
        "EC(IIC)": math.sqrt(iic),
        "AWF": 2
        * sum(
            a[i] * a[j] * probability ** (data["length"] / distance)
            for i, j, data in whole.edges(data=True)
        ),
        "F": sum(a[j] * w for (i, j), w in p.items() if i != j),
        "PC": pc / area**2,
        "EC(PC)": math.sqrt(pc),
    }


# With a pencil


def test_indices_by_hand():
    """Path 2 –500– 1 –1000– 4, and 3 apart; with 500 m the second link does not count.

    Components at 500 m: {2, 1}, {4}, {3}. Kills isolated patches left out, links counted twice, and
    the threshold applied to PC.
    """
    found = compute_indices(PATH, **MEDIAN, landscape_area=20)
    expected = {
        "NL": 1, "NC": 3, "MSC": 10 / 3, "SLC": 4, "CCP": 0.34, "ECS": 3.4, "LCP": 34 / 400,
        "GD": 500, "MPC": 1, "H": 1, "IIC": 32 / 400, "EC(IIC)": 32**0.5,
        "AWF": 2 * (2 * 0.5 + 4 * 0.25),
        # p = 1/2, 1/4 and 1/8 along both
        "F": (2 + 1) / 2 + (1 + 4) / 4 + (2 + 4) / 8,
        "PC": (30 + 2 * (2 / 2 + 4 / 4 + 8 / 8)) / 400, "EC(PC)": 6, "E#BC": 0,
    }  # fmt: skip
    assert list(found.index) == list(INDICES) == list(expected)
    assert found.to_dict() == pytest.approx(expected)
    assert (found.index.name, found.name) == ("index", "value")
    everything = compute_indices(PATH, ["NL", "GD", "MPC"], **MEDIAN, threshold=np.inf)
    assert everything.tolist() == pytest.approx([2, 1500, 4 / 3])


def test_each_function_gives_what_the_table_gives():
    graph, area = random_graph(5, 20, 30), 1000.0
    near = graph.threshold(500)
    found = compute_indices(graph, **MEDIAN, landscape_area=area)
    singly = {
        "NL": count_links(near), "NC": count_components(near), "MSC": compute_msc(near),
        "SLC": compute_slc(near), "CCP": compute_ccp(near), "ECS": compute_ecs(near),
        "LCP": compute_lcp(near, landscape_area=area), "GD": compute_gd(near),
        "MPC": compute_mpc(near), "H": compute_h(near),
        "IIC": compute_iic(graph, distance=500, landscape_area=area),
        "EC(IIC)": compute_ec(graph, "IIC", distance=500), "AWF": compute_awf(graph, **MEDIAN),
        "F": compute_f(graph, **MEDIAN), "PC": compute_pc(graph, **MEDIAN, landscape_area=area),
        "EC(PC)": compute_ec(graph, **MEDIAN), "E#BC": compute_bc_evenness(graph, **MEDIAN),
    }  # fmt: skip
    assert found.to_dict() == pytest.approx(singly, rel=1e-12)


def test_metrics_by_hand():
    """Path 2 – 1 – 4 (500 and 1000 m), and 3 apart."""
    found = measure_patches(PATH, **MEDIAN)
    assert list(found) == list(METRICS)
    rows = {
        # F, IF, BC, Dg, CC, CCe, Ec, CF
        0: [1 / 2 + 4 / 8, 4 + 2 * 1, 0, 1, 0, 1000, 1500, 0],
        1: [2 / 2 + 4 / 4, 1 + 2, 8 / 8, 2, 0, 750, 1000, 8],
        2: [2 / 8 + 1 / 4, 16 + 2, 0, 1, 0, 1250, 1500, 0],
        3: [0, 9, 0, 0, 0, 0, 0, 0],
    }
    for patch, row in rows.items():
        assert found.loc[patch].tolist() == pytest.approx(row), patch


def test_ways_of_equal_length_share_what_passes():
    """A square of equal sides: each corner carries half of the pair across it.

    Kills the single path that one search happens to keep.
    """
    square = HabitatGraph.from_arrays([1] * 4, [0, 1, 2, 3], [1, 2, 3, 0], [500] * 4)
    found = measure_patches(square, ["BC", "CF"], **MEDIAN)
    assert found["BC"].tolist() == pytest.approx([0.25 / 2] * 4)
    # across: half the current each way; along a side: a quarter of it goes the long way round
    assert found["CF"].tolist() == pytest.approx([0.5 + 2 * 0.25] * 4)


def test_links_of_no_length_on_the_way():
    """0 –0– 1 –500– 2: what goes from 0 to 2 passes 1; nothing passes the ends.

    Kills ways that run to and fro over a link of no length, and divisions by zero.
    """
    graph = HabitatGraph.from_arrays([1, 1, 1], [0, 1], [1, 2], [0, 500])
    found = measure_patches(graph, **MEDIAN)
    assert found["BC"].tolist() == pytest.approx([0, 0.5, 0])
    assert found["CF"].tolist() == pytest.approx([0, 1, 0])
    knot = HabitatGraph.from_arrays([1] * 4, [0, 1, 0, 2], [1, 2, 2, 3], [0, 0, 0, 500])
    # 0 → 3 goes by 2 alone and not by 1: fewer links of no length
    assert measure_patches(knot, ["BC"], **MEDIAN)["BC"].tolist() == pytest.approx([0, 0, 1, 0])


# By brute force


@pytest.mark.parametrize(("seed", "patches", "links"), [(1, 9, 9), (2, 25, 30), (3, 60, 110)])
def test_indices_equal_their_definition(seed, patches, links):
    graph = random_graph(seed, patches, links)
    expected = expected_indices(graph, 400.0, 0.3, 2000.0)
    found = compute_indices(
        graph, list(expected), distance=400, probability=0.3, landscape_area=2000
    )
    assert found.to_dict() == pytest.approx(expected, rel=1e-10)


def expected_betweenness(graph, alpha, beta):
    """Every shortest path of every pair, listed one by one."""
    links = as_networkx(graph)
    result = np.zeros(len(graph.ids))
    for i, j in itertools.combinations(links, 2):
        if not nx.has_path(links, i, j):
            continue
        paths = list(nx.all_shortest_paths(links, i, j, weight="length"))
        length = nx.path_weight(links, paths[0], "length")
        weight = (graph.capacity[i] * graph.capacity[j]) ** beta * math.exp(-alpha * length)
        for path in paths:
            result[path[1:-1]] += weight / len(paths)
    return result


@pytest.mark.parametrize("beta", [0, 0.5, 1])
@pytest.mark.parametrize(("seed", "patches", "links"), [(1, 12, 18), (2, 40, 70)])
def test_betweenness_equals_its_definition(seed, patches, links, beta):
    graph = random_graph(seed, patches, links, shortest=1)
    found = measure_patches(graph, ["BC"], distance=400, beta=beta)["BC"]
    expected = expected_betweenness(graph, math.log(2) / 400, beta)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("seed", "patches", "links"), [(1, 12, 18), (2, 60, 100)])
def test_current_flow_equals_that_of_networkx(seed, patches, links):
    """Component by component, for networkx takes one at a time and counts pairs its own way."""
    graph = random_graph(seed, patches, links, shortest=1)
    found = measure_patches(graph, ["CF"], **MEDIAN, beta=0)["CF"].to_numpy()
    expected = np.zeros(patches)
    whole = as_networkx(graph)
    for part in nx.connected_components(whole):
        if len(part) > 2:
            values = nx.current_flow_betweenness_centrality(
                whole.subgraph(part), weight="conductance"
            )
            pairs = (len(part) - 1) * (len(part) - 2) / 2
            for patch, value in values.items():
                expected[patch] = value * pairs
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


def test_weighted_current_flow_by_summing_pairs():
    """Kirchhoff solved anew for every pair, with pairs weighted by capacity."""
    graph = random_graph(7, 12, 20, shortest=1)
    links = as_networkx(graph)
    expected = np.zeros(12)
    for part in nx.connected_components(links):
        names = sorted(part)
        laplacian = nx.laplacian_matrix(links, names, weight="conductance").toarray().astype(float)
        inverse = np.linalg.pinv(laplacian)
        for s, t in itertools.combinations(range(len(names)), 2):
            voltage = inverse[:, s] - inverse[:, t]
            for k in set(range(len(names))) - {s, t}:
                current = np.abs(laplacian[k] * (voltage - voltage[k])).sum() / 2
                expected[names[k]] += current * graph.capacity[names[s]] * graph.capacity[names[t]]
    found = measure_patches(graph, ["CF"], **MEDIAN)["CF"]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("seed", "patches", "links"), [(1, 12, 18), (2, 60, 90)])
def test_other_metrics_equal_their_definition(seed, patches, links):
    graph = random_graph(seed, patches, links)
    found = measure_patches(graph, distance=400, beta=0.5)
    whole = as_networkx(graph)
    a = graph.capacity**0.5
    far = dict(nx.all_pairs_dijkstra_path_length(whole, weight="length"))
    for i in range(patches):
        others = {j: d for j, d in far[i].items() if j != i}
        flux = sum(a[j] * 0.5 ** (d / 400) for j, d in others.items())
        expected = {
            "F": flux,
            "IF": a[i] * (a[i] + flux),
            "Dg": whole.degree(i),
            "CC": nx.clustering(whole, i),
            "CCe": sum(others.values()) / max(len(others), 1),
            "Ec": max(others.values(), default=0),
        }
        assert found.loc[i, list(expected)].to_dict() == pytest.approx(expected)


def test_interaction_flux_sums_to_the_numerator_of_pc():
    graph = random_graph(11, 150, 400)
    found = measure_patches(graph, ["IF"], **MEDIAN)["IF"].sum()
    assert found == pytest.approx(compute_pc(graph, **MEDIAN), rel=1e-12)


# Properties

WORLDS = graphs((1, 8), (0, 14), [0.0, 100.0, 200.0, 300.0, 900.0, np.inf]).flatmap(
    lambda drawn: st.tuples(*map(st.just, drawn), st.permutations(range(len(drawn[0]))))
)


def made(world, ids=None, factor=1.0):
    i, j, length = np.array(world[1], dtype=float).reshape(-1, 3).T
    capacity = np.array(world[0]) * factor
    return HabitatGraph.from_arrays(capacity, i.astype(int), j.astype(int), length, ids=ids)


@settings(max_examples=60, deadline=None)
@given(WORLDS)
def test_names_do_not_matter(world):
    """Relabelled patches: the same indices, the metrics relabelled."""
    graph, renamed = made(world), made(world, ids=[10 + n for n in world[2]])
    one, other = (compute_indices(g, **MEDIAN) for g in (graph, renamed))
    np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-9)
    metrics, relabelled = (measure_patches(g, **MEDIAN) for g in (graph, renamed))
    back = relabelled.loc[[10 + n for n in world[2]]]
    np.testing.assert_allclose(back, metrics, rtol=1e-6, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(WORLDS)
def test_capacities_scale_and_bounds_hold(world):
    """Capacities × 3: areas × 3, their squares × 9, what has no unit unchanged."""
    one, three = (compute_indices(made(world, factor=f), **MEDIAN) for f in (1, 3))
    power = {"MSC": 3, "SLC": 3, "ECS": 3, "EC(IIC)": 3, "F": 3, "EC(PC)": 3}
    power |= {"LCP": 9, "IIC": 9, "AWF": 9, "PC": 9}
    expected = one * [power.get(name, 1) for name in one.index]
    np.testing.assert_allclose(three, expected, rtol=1e-9, atol=1e-9)
    total = sum(world[0])
    assert 0 <= one["CCP"] <= 1 + 1e-12
    assert one["MSC"] <= one["SLC"] + 1e-9
    assert one["ECS"] <= one["SLC"] + 1e-9 <= total + 2e-9
    assert one["EC(PC)"] <= total + 1e-9
    assert 0 <= one["E#BC"] <= 1 + 1e-9
    assert one["NC"] + one["NL"] >= len(world[0])


@settings(max_examples=60, deadline=None)
@given(WORLDS, st.sampled_from([0.0, 250.0, 500.0]))
def test_one_more_link_never_lowers_connectivity(world, length):
    if len(world[0]) < 2:
        return
    more = (world[0], [*world[1], (0, 1, length)], world[2])
    rising = ["NL", "SLC", "CCP", "ECS", "LCP", "H", "IIC", "AWF", "F", "PC"]
    before, after = (compute_indices(made(w), rising, **MEDIAN) for w in (world, more))
    assert (after >= before - 1e-9).all()
    assert count_components(made(more)) <= count_components(made(world))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_do_not_matter(monkeypatch, threads):
    """To the last bit. Kills sums in the order in which threads come to an end."""
    graph = random_graph(12, 200, 400)
    here = compute_indices(graph, **MEDIAN), measure_patches(graph, **MEDIAN)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(threads)))
    pd.testing.assert_series_equal(compute_indices(graph, **MEDIAN), here[0], check_exact=True)
    pd.testing.assert_frame_equal(measure_patches(graph, **MEDIAN), here[1], check_exact=True)


# Several at once


def test_profile_is_one_row_for_each_species():
    graph = random_graph(3, 30, 45)
    found = species_profile(graph, [800, 100], ["NC", "PC", "EC(PC)"], probability=0.05)
    assert found.index.tolist() == [800, 100]
    assert found.index.name == "distance"
    for distance, row in found.iterrows():
        one = compute_indices(graph, list(found), distance=distance, probability=0.05)
        assert row.tolist() == one.tolist()
    assert found["PC"].is_monotonic_decreasing


def test_sweep_cuts_the_graph_and_not_the_dispersal():
    """At 500 m the second link is gone for PC too, though its α stays that of 1 km.

    Kills thresholds that are taken as distances of dispersal.
    """
    found = sweep_thresholds(PATH, [0, 500, 1000], ["NC", "SLC", "PC"], distance=1000)
    assert found.to_numpy().tolist() == [
        [4, 4, pytest.approx(30)],
        [3, 4, pytest.approx(30 + 4 * 0.5**0.5)],
        [2, 7, pytest.approx(30 + 4 * 0.5**0.5 + 8 * 0.5 + 16 * 0.5**1.5)],
    ]
    without = sweep_thresholds(PATH, [500.0], ["NC", "EC(IIC)"])
    assert without.loc[500].tolist() == pytest.approx([3, 32**0.5])


# Skeleton and groups


def test_spanning_tree_weighs_what_that_of_networkx_weighs():
    graph = random_graph(4, 60, 150)
    tree = build_spanning_tree(graph)
    expected = nx.minimum_spanning_tree(as_networkx(graph), weight="length")
    assert tree.distance.sum() == pytest.approx(expected.size(weight="length"))
    assert count_links(tree) == 60 - count_components(graph)
    assert tree.components().equals(graph.components())


def test_spanning_tree_takes_the_first_of_equals():
    """Kills libraries that drop links of no length and leave ties to chance."""
    square = HabitatGraph.from_arrays([1] * 4, [3, 2, 1, 0], [0, 3, 2, 1], [0, 5, 5, 5])
    tree = build_spanning_tree(square)
    assert list(zip(tree.i, tree.j, strict=True)) == [(0, 1), (0, 3), (1, 2)]
    far = HabitatGraph.from_arrays([1, 1], [0], [1], [np.inf])
    assert count_links(build_spanning_tree(far)) == 0


def test_modules_of_two_cliques():
    """Two triangles and a long bridge; Q as networkx computes it; the same for the same seed."""
    i, j = [0, 0, 1, 3, 3, 4, 2], [1, 2, 2, 4, 5, 5, 3]
    graph = HabitatGraph.from_arrays([1, 2, 3, 4, 5, 6], i, j, [10] * 6 + [2000])
    found = find_modules(graph, **MEDIAN)
    assert found.tolist() == [1, 1, 1, 2, 2, 2]
    assert find_modules(graph, **MEDIAN, number=2).tolist() == found.tolist()
    links = as_networkx(graph)
    for a, b, data in links.edges(data=True):
        data["weight"] = graph.capacity[a] * graph.capacity[b] * 0.5 ** (data["length"] / 500)
    expected = nx.community.modularity(links, [{0, 1, 2}, {3, 4, 5}], weight="weight")
    assert measure_modularity(graph, found, **MEDIAN) == pytest.approx(expected)
    everyone = find_modules(graph, **MEDIAN, number=1)
    assert measure_modularity(graph, everyone, **MEDIAN) == pytest.approx(0)
    nothing = HabitatGraph.from_arrays([1, 1], [0], [1], [np.inf])
    assert find_modules(nothing, **MEDIAN).tolist() == [1, 2]
    assert measure_modularity(nothing, find_modules(nothing, **MEDIAN), **MEDIAN) == 0


# From metres to costs


def test_regression_by_hand():
    """ln cost = ln 2 + 2 ln length exactly; a link of no length and an endless one are counted."""
    fit = cost_to_distance([2, 8, 32, 0, np.inf], [1, 2, 4, 5, 6])
    assert (fit.intercept, fit.slope) == pytest.approx((math.log(2), 2))
    assert (fit.r_squared, fit.links, fit.left_out) == (pytest.approx(1), 3, 2)
    assert fit.cost_of(10) == pytest.approx(200)
    assert fit.distance_of(200) == pytest.approx(10)


def test_regression_equals_least_squares():
    """Kills length explained by cost, which has another slope as soon as there is scatter."""
    random = np.random.default_rng(1)
    length = random.uniform(100, 5000, 200)
    cost = 3 * length**1.2 * random.lognormal(0, 0.4, 200)
    fit = cost_to_distance(cost, length)
    slope, intercept = np.polyfit(np.log(length), np.log(cost), 1)
    assert (fit.intercept, fit.slope) == pytest.approx((intercept, slope))
    assert fit.r_squared == pytest.approx(np.corrcoef(np.log(length), np.log(cost))[0, 1] ** 2)


def test_flat_costs():
    fit = cost_to_distance([5, 5, 5], [1, 2, 3])
    assert (fit.slope, fit.r_squared) == (0, 1)
    assert fit.cost_of(100) == pytest.approx(5)
    with pytest.raises(ParameterError, match=r"slope: is 0. Required: costs that grow with length"):
        fit.distance_of(5)


# Nothing, and next to nothing


def test_nothing():
    nothing = HabitatGraph.from_arrays([], [], [], [])
    assert (compute_indices(nothing, **MEDIAN, landscape_area=1) == 0).all()
    assert measure_patches(nothing, **MEDIAN).shape == (0, len(METRICS))
    assert find_modules(nothing, **MEDIAN).empty
    assert species_profile(nothing, [100]).loc[100].tolist() == [0, 0, 0]
    assert sweep_thresholds(nothing, []).shape == (0, 4)
    assert count_links(build_spanning_tree(nothing)) == 0


def test_alone_without_capacity_or_far_beyond_reach():
    alone = HabitatGraph.from_arrays([3], [], [], [])
    assert measure_patches(alone, **MEDIAN).loc[0].tolist() == [0, 9, 0, 0, 0, 0, 0, 0]
    barren = HabitatGraph.from_arrays([0, 0, 0], [0, 1], [1, 2], [5, 5])
    found = compute_indices(barren, **MEDIAN)
    assert found.drop(["NL", "NC", "GD", "MPC", "H"]).eq(0).all()
    far = HabitatGraph.from_arrays([1, 2, 3], [0, 1], [1, 2], [1e9, 1e9])
    found = measure_patches(far, ["F", "BC", "Ec"], distance=1)
    assert found.to_numpy().tolist() == [[0, 0, 2e9], [0, 0, 1e9], [0, 0, 2e9]]
    assert compute_bc_evenness(far, distance=1) == 0


# Refusals


def test_refusals():
    with pytest.raises(
        ParameterError, match=r"^indices: « IFC » is unknown. Required: NL, NC, MSC"
    ):
        compute_indices(PATH, ["NC", "IFC"], **MEDIAN)
    with pytest.raises(ParameterError, match=r"^indices: « PCC » is unknown"):
        sweep_thresholds(PATH, [1], ["PCC"])
    with pytest.raises(ParameterError, match=r"^distance: none is given, and PC cannot do without"):
        sweep_thresholds(PATH, [1], ["NC", "PC"])
    with pytest.raises(ParameterError, match=r"^metrics: « BCE » is unknown. Required: F, IF, BC"):
        measure_patches(PATH, ["BCE"], **MEDIAN)
    with pytest.raises(ParameterError, match=r"^beta: is 2. Required: between 0 and 1"):
        measure_patches(PATH, **MEDIAN, beta=2)
    with pytest.raises(ParameterError, match=r"^distance: is 0"):
        measure_patches(PATH, distance=0)
    with pytest.raises(
        ParameterError, match=r"^number: is 9. Required: between 2 components and 4"
    ):
        find_modules(PATH, **MEDIAN, number=9)
    with pytest.raises(ParameterError, match=r"^modules: patch without a module"):
        measure_modularity(PATH, pd.Series({0: 1}), **MEDIAN)


@pytest.mark.parametrize(
    ("costs", "lengths", "message"),
    [
        ([1, 2], [1, 2, 3], r"costs have shape \(2,\), lengths \(3,\)"),
        ([1, 2, -1], [1, 2, 3], "links: cost or length negative or NaN"),
        ([1, 2, np.nan], [1, 2, 3], "links: cost or length negative or NaN"),
        ([1, 2, 0], [1, 2, 3], "2 with a cost and a length above 0. Required: at least three"),
        ([1, 2, 3], [5, 5, 5], "of several lengths"),
    ],
)
def test_absurd_regressions_are_refused(costs, lengths, message):
    with pytest.raises(ParameterError, match=message):
        cost_to_distance(costs, lengths)


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf])
def test_absurd_conversions_are_refused(value):
    fit = cost_to_distance([1, 2, 4], [1, 2, 3])
    with pytest.raises(ParameterError, match=rf"^distance_m: is {value}. Required: a finite"):
        fit.cost_of(value)
    with pytest.raises(ParameterError, match=rf"^cost: is {value}. Required: a finite"):
        fit.distance_of(value)
