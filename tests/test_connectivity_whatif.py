"""Gains of candidates, greedy sequences and scenarios, against the index computed from scratch."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies import graphs
from tvb.connectivity import (
    HabitatGraph,
    add_links,
    add_links_greedily,
    add_patches,
    change_capacities,
    change_lengths,
    compare,
    compute_ec,
    gain_of_links,
    gain_of_patches,
    rank_patches,
    remove_links,
    remove_patches,
    remove_patches_greedily,
)
from tvb.errors import LayerError, ParameterError

MEDIAN = {"distance": 500.0, "probability": 0.5}
PATH = HabitatGraph.from_arrays([1, 2, 4], [0, 1], [1, 2], [500, 500], ids=[10, 20, 30])


def numerator(graph, index):
    return compute_ec(graph, index, **MEDIAN) ** 2


def links_of(rows):
    i, j, length = zip(*rows, strict=True) if rows else ((), (), ())
    table = pd.DataFrame({"i": i, "j": j, "distance_m": length})
    return table.astype({"i": np.int64, "j": np.int64, "distance_m": float})


def random_graph(seed, patches, links):
    random = np.random.default_rng(seed)
    i, j = random.integers(0, patches, (2, links))
    apart = i != j
    length = 50.0 * random.integers(0, 16, links)
    return HabitatGraph.from_arrays(
        random.integers(0, 20, patches), i[apart], j[apart], length[apart]
    )


def random_links(seed, patches, count):
    random = np.random.default_rng(seed)
    i = random.integers(0, patches, count)
    j = (i + random.integers(1, patches, count)) % patches
    length = random.choice([0.0, 50.0, 300.0, 500.0, 900.0, np.inf], count)
    return pd.DataFrame({"i": i, "j": j, "distance_m": length})


# Gains


def test_gain_of_a_link_by_hand():
    """1 – 2 – 4 in a row; a link of 500 m between the ends makes 0.25 of them 0.5.

    Kills a link counted in one order (1 instead of 2), and one that only counts its own two ends
    where it also shortens the way of others.
    """
    found = gain_of_links(PATH, links_of([(30, 10, 500.0)]), **MEDIAN)
    before = 21 + 2 * (2 / 2 + 8 / 2 + 4 / 4)
    assert found[["gain", "d"]].to_numpy().tolist() == [
        [pytest.approx(2), pytest.approx(200 / before)]
    ]
    apart = HabitatGraph.from_arrays([1, 2, 4, 8], [0, 2], [1, 3], [500, 500])
    found = gain_of_links(apart, links_of([(1, 2, 0.0)]), **MEDIAN)
    assert found["gain"].item() == pytest.approx(2 * (2 * 4 + 1 * 4 / 2 + 2 * 8 / 2 + 8 / 4))


@pytest.mark.parametrize("index", ["PC", "IIC"])
@pytest.mark.parametrize(("seed", "patches", "links"), [(1, 8, 6), (2, 30, 35), (3, 60, 90)])
def test_gain_of_links_equals_recomputation(index, seed, patches, links):
    """Ties, links of no length, endless ones, and candidates where a link is already."""
    graph = random_graph(seed, patches, links)
    candidates = random_links(seed, patches, 25)
    candidates.index = pd.Index([f"c{n}" for n in range(25)])
    found = gain_of_links(graph, candidates, index=index, **MEDIAN)
    pd.testing.assert_index_equal(found.index, candidates.index)
    before = numerator(graph, index)
    expected = [
        numerator(add_links(graph, candidates.iloc[[n]]), index) - before for n in range(25)
    ]
    np.testing.assert_allclose(found["gain"], expected, rtol=1e-9, atol=1e-8)
    np.testing.assert_allclose(found["d"], np.array(expected) * 100 / before, atol=1e-8)


@pytest.mark.parametrize("index", ["PC", "IIC"])
@pytest.mark.parametrize(("seed", "patches", "links"), [(1, 8, 6), (2, 40, 50)])
def test_gain_of_patches_equals_recomputation(index, seed, patches, links):
    """Candidates with none to five links; those between candidates serve neither alone."""
    graph = random_graph(seed, patches, links)
    new = pd.DataFrame({"patch": [205, 203, 201, 202], "capacity": [3.0, 0.0, 5.0, 1.0]})
    rows = random_links(seed + 10, patches, 12).to_numpy().tolist()
    ends = [201, 202, 203, 201, 201, 202, 203, 201, 202, 203, 201, 202]
    anchored = [
        (new_id, int(i), d) if d > 100 else (int(i), new_id, d)
        for new_id, (i, _, d) in zip(ends, rows, strict=True)
    ]
    links = links_of([*anchored, (201, 202, 0.0)])
    found = gain_of_patches(graph, new, links, index=index, **MEDIAN)
    assert found.index.tolist() == new["patch"].tolist()
    before = numerator(graph, index)
    for row in range(len(new)):
        patch = new["patch"][row]
        mine = links[links[["i", "j"]].eq(patch).any(axis=1)]
        mine = mine[~(mine[["i", "j"]] > 200).all(axis=1)]
        after = add_patches(graph, new.iloc[[row]], mine)
        assert found.loc[patch, "gain"] == pytest.approx(numerator(after, index) - before)
        # what it would lose if it were there: the mirror of the ranks
        ranks = rank_patches(after, index, **MEDIAN).loc[patch] * numerator(after, index) / before
        parts = ["d", "d_intra", "d_flux", "d_connector"]
        assert found.loc[patch, parts].tolist() == pytest.approx(ranks[parts].tolist(), abs=1e-8)


WORLDS = graphs((2, 7), (1, 12), [0.0, 100.0, 250.0, 500.0, 9000.0, np.inf])


@settings(max_examples=60, deadline=None)
@given(WORLDS, st.sampled_from(["PC", "IIC"]))
def test_a_gain_is_never_negative_and_undoes_a_loss(world, index):
    """The last link removed and offered again: the gain is what its removal lost."""
    capacity, rows = world
    graph = add_links(HabitatGraph.from_arrays(capacity, [], [], []), links_of(rows))
    link = links_of([(graph.ids[graph.i[-1]], graph.ids[graph.j[-1]], graph.distance[-1])])
    without = remove_links(graph, link)
    found = gain_of_links(without, link, index=index, **MEDIAN)["gain"].item()
    assert found >= 0
    lost = numerator(graph, index) - numerator(without, index)
    assert found == pytest.approx(lost, rel=1e-9, abs=1e-8)


def test_candidates_in_batches(monkeypatch):
    """Kills batches that lose their last rows, and sums that depend on how they are cut."""
    graph, candidates = random_graph(2, 150, 200), random_links(2, 150, 20)
    whole = gain_of_links(graph, candidates, **MEDIAN)
    new = pd.DataFrame({"patch": range(500, 505), "capacity": 2.0})
    steps = candidates.assign(j=np.arange(20) % 5 + 500)
    patches = gain_of_patches(graph, new, steps, **MEDIAN)
    monkeypatch.setattr("tvb.connectivity.whatif._TABLE_BYTES", 32 * 150 * 3)
    pd.testing.assert_frame_equal(gain_of_links(graph, candidates, **MEDIAN), whole)
    pd.testing.assert_frame_equal(gain_of_patches(graph, new, steps, **MEDIAN), patches)


def test_costs_are_read_from_their_own_column():
    patches = pd.DataFrame({"patch": [1, 2, 3], "capacity": [1.0, 1.0, 1.0]})
    links = pd.DataFrame({"i": [1], "j": [2], "distance_m": [10.0], "cost": [500.0]})
    graph = HabitatGraph.from_frames(patches, links, length="cost")
    candidates = pd.DataFrame({"i": [2], "j": [3], "distance_m": [10.0], "cost": [500.0]})
    found = gain_of_links(graph, candidates, **MEDIAN)
    assert list(found) == ["i", "j", "cost", "gain", "d"]
    assert found["gain"].item() == pytest.approx(1.5)
    with pytest.raises(LayerError, match=r"^candidates: no column cost. Required: i, j, cost"):
        gain_of_links(graph, candidates.drop(columns="cost"), **MEDIAN)


def test_no_candidate_and_nothing_to_gain():
    nobody = links_of([])
    assert list(gain_of_links(PATH, nobody, **MEDIAN)) == ["i", "j", "distance_m", "gain", "d"]
    none = pd.DataFrame({"patch": [], "capacity": []})
    assert gain_of_patches(PATH, none, nobody, **MEDIAN).empty
    barren = HabitatGraph.from_arrays([0, 0], [], [], [])
    found = gain_of_links(barren, links_of([(0, 1, 5.0)]), **MEDIAN)
    assert found[["gain", "d"]].to_numpy().tolist() == [[0, 0]]
    nothing = HabitatGraph.from_arrays([], [], [], [])
    new = pd.DataFrame({"patch": [1], "capacity": [3.0]})
    assert gain_of_patches(nothing, new, nobody, **MEDIAN).loc[1].tolist() == [9, 0, 0, 0, 0]
    far = gain_of_links(PATH, links_of([(10, 30, 1e9)]), distance=1e-3)
    assert far["gain"].item() == 0


def test_refused_candidates():
    with pytest.raises(LayerError, match=r"patches: no such patch in the graph \(1 feature: 99\)"):
        gain_of_links(PATH, links_of([(10, 99, 5.0)]), **MEDIAN)
    with pytest.raises(ParameterError, match=r"candidates: patch linked to itself \(1 feature: 10"):
        gain_of_links(PATH, links_of([(10, 10, 5.0)]), **MEDIAN)
    with pytest.raises(ParameterError, match=r"candidates: distance_m negative or NaN \(1 feature"):
        gain_of_links(PATH, links_of([(10, 20, -5.0)]), **MEDIAN)
    new = pd.DataFrame({"patch": [99], "capacity": [1.0]})
    with pytest.raises(LayerError, match=r"links: patch that is nowhere \(1 feature: 99–98\)"):
        gain_of_patches(PATH, new, links_of([(99, 98, 5.0)]), **MEDIAN)
    with pytest.raises(LayerError, match=r"link that joins no candidate \(1 feature: 10–20\)"):
        gain_of_patches(PATH, new, links_of([(10, 20, 5.0)]), **MEDIAN)
    for bad, message in (
        ({"patch": [10], "capacity": [1.0]}, "id that is in the graph already"),
        ({"patch": [99, 99], "capacity": [1.0, 1.0]}, "id given twice"),
        ({"patch": [99], "capacity": [-1.0]}, "capacity negative or not finite"),
    ):
        with pytest.raises(ParameterError, match=f"candidates: {message}"):
            gain_of_patches(PATH, pd.DataFrame(bad), links_of([]), **MEDIAN)


# Sequences


@pytest.mark.parametrize("index", ["PC", "IIC"])
def test_greedy_addition_equals_recomputation(index):
    """At each step the best of all candidates, tried one by one on the graph so far."""
    graph, candidates = random_graph(3, 25, 20), random_links(4, 25, 12)
    found = add_links_greedily(graph, candidates, number=4, index=index, **MEDIAN)
    assert found.index.tolist() == [1, 2, 3, 4]
    start = numerator(graph, index)
    for _, row in found.iterrows():
        before = numerator(graph, index)
        gains = [
            numerator(add_links(graph, candidates.iloc[[n]]), index) - before
            for n in range(len(candidates))
        ]
        assert row["gain"] == pytest.approx(max(gains))
        chosen = candidates[
            (candidates["i"] == row["i"])
            & (candidates["j"] == row["j"])
            & (candidates["distance_m"] == row["distance_m"])
        ]
        graph = add_links(graph, chosen)
        assert row["numerator"] == pytest.approx(numerator(graph, index))
        assert row["d"] == pytest.approx(100 * (row["numerator"] / start - 1))


def test_greedy_addition_stops_and_takes_the_first_of_equals():
    """Two candidates worth the same in any order of rows; a useless third is never taken."""
    apart = HabitatGraph.from_arrays([1, 1, 1, 1], [], [], [])
    rows = [(2, 3, 500.0), (1, 0, 500.0), (0, 1, np.inf)]
    for order in (rows, rows[::-1]):
        found = add_links_greedily(apart, links_of(order), number=9, **MEDIAN)
        assert found[["i", "j"]].to_numpy().tolist() == [[1, 0], [2, 3]]
    assert add_links_greedily(apart, links_of([]), number=3, **MEDIAN).empty
    nothing = add_links_greedily(apart, links_of(rows), number=0, **MEDIAN)
    assert list(nothing) == ["i", "j", "distance_m", "gain", "numerator", "d"]


@pytest.mark.parametrize("first", ["least", "most"])
def test_greedy_removal_equals_recomputation(first):
    graph = random_graph(5, 20, 30)
    found = remove_patches_greedily(graph, number=6, first=first, **MEDIAN)
    start = numerator(graph, "PC")
    for _, row in found.iterrows():
        before = numerator(graph, "PC")
        losses = {p: before - numerator(remove_patches(graph, [p]), "PC") for p in graph.ids}
        extreme = min(losses.values()) if first == "least" else max(losses.values())
        assert row["loss"] == pytest.approx(extreme, abs=1e-8)
        assert losses[row["patch"]] == pytest.approx(extreme, abs=1e-8)
        graph = remove_patches(graph, [row["patch"]])
        assert row["numerator"] == pytest.approx(numerator(graph, "PC"))
        assert row["d"] == pytest.approx(100 * (1 - row["numerator"] / start))


def test_removal_to_the_last_patch():
    found = remove_patches_greedily(PATH, number=9, first="most", **MEDIAN)
    assert sorted(found["patch"]) == [10, 20, 30]
    assert found["d"].iloc[-1] == 100
    assert found["patch"].iloc[0] == 30
    with pytest.raises(ParameterError, match=r"^number: is -1. Required: 0 or more"):
        remove_patches_greedily(PATH, number=-1, **MEDIAN)
    with pytest.raises(ParameterError, match=r"^first: « worst » is unknown"):
        remove_patches_greedily(PATH, number=1, first="worst", **MEDIAN)


# Scenarios


def test_scenarios_leave_the_graph_and_change_its_copy():
    """Each in turn, on ids that are not positions."""
    assert remove_patches(PATH, [20]).ids.tolist() == [10, 30]
    assert remove_patches(PATH, []).i.tolist() == [0, 1]
    assert remove_links(PATH, links_of([(20, 10, 0.0)])).i.tolist() == [1]
    shorter = add_links(PATH, links_of([(20, 10, 100.0), (10, 30, 7.0)]))
    assert shorter.distance.tolist() == [100, 7, 500]
    new = pd.DataFrame({"patch": [15], "capacity": [9.0]})
    more = add_patches(PATH, new, links_of([(15, 30, 8.0)]))
    assert (more.ids.tolist(), more.capacity.tolist()) == ([10, 15, 20, 30], [1, 9, 2, 4])
    assert change_capacities(PATH, pd.Series({30: 0.5})).capacity.tolist() == [1, 2, 0.5]
    closed = change_lengths(PATH, links_of([(30, 20, np.inf)]))
    assert closed.distance.tolist() == [500, np.inf]
    assert (PATH.capacity.tolist(), PATH.distance.tolist()) == ([1, 2, 4], [500, 500])


def test_scenarios_of_named_patches_with_shapes():
    """Text ids, geometries and other columns survive; what is new has none."""
    shapes = gpd.GeoDataFrame(
        {"patch": ["T2", "T1"], "capacity": [2.0, 1.0], "nom": ["b", "a"]},
        geometry=[shapely.box(9, 0, 10, 1), shapely.box(0, 0, 1, 1)],
        crs=2154,
    )
    lines = gpd.GeoDataFrame(
        {"i": ["T2"], "j": ["T1"], "distance_m": [8.0]},
        geometry=[shapely.LineString([(1, 0), (9, 0)])],
        crs=2154,
    )
    graph = HabitatGraph.from_frames(shapes, lines)
    new = pd.DataFrame({"patch": ["T0"], "capacity": [5.0]})
    links = pd.DataFrame({"i": ["T0"], "j": ["T2"], "distance_m": [3.0]})
    patches, joined = add_patches(graph, new, links).to_frames()
    assert patches["patch"].tolist() == ["T0", "T1", "T2"]
    assert patches["nom"].fillna("").tolist() == ["", "a", "b"]
    assert patches.geometry.isna().tolist() == [True, False, False]
    assert joined.geometry.isna().tolist() == [True, False]
    gone = remove_links(graph, pd.DataFrame({"i": ["T1"], "j": ["T2"]}))
    assert len(gone.to_frames()[1]) == 0
    assert remove_links(graph, links.iloc[:0]).i.tolist() == [0]
    found = gain_of_links(gone, lines, **MEDIAN)
    assert found["gain"].item() == pytest.approx(4 * 0.5 ** (8 / 500))


def test_comparison_by_hand():
    """31 before; without the middle 1 + 16: −14; a share of nothing is null."""
    before = 21 + 2 * (2 / 2 + 8 / 2 + 4 / 4)
    found = compare(PATH, remove_patches(PATH, [20]), ["NL", "NC", "PC", "E#BC"], **MEDIAN)
    assert found.loc["PC"].tolist() == pytest.approx(
        [before, 17, 17 - before, 100 * (17 / before - 1)]
    )
    assert found["change"].tolist()[:2] == [-2, 1]
    assert found["change_percent"].isna().tolist() == [False, False, False, True]


def test_refused_scenarios():
    with pytest.raises(LayerError, match=r"patches: no such patch in the graph \(2 features: 1, 2"):
        remove_patches(PATH, [1, 10, 2])
    with pytest.raises(LayerError, match=r"links: no such link in the graph \(1 feature: 30–10\)"):
        remove_links(PATH, links_of([(30, 10, 0.0)]))
    with pytest.raises(LayerError, match=r"links: no column distance_m"):
        change_lengths(PATH, pd.DataFrame({"i": [10], "j": [20]}))
    with pytest.raises(ParameterError, match=r"patches: id given twice \(1 feature: 10\)"):
        add_patches(PATH, pd.DataFrame({"patch": [10], "capacity": [1.0]}), links_of([]))
    with pytest.raises(ParameterError, match="capacity negative or not finite"):
        change_capacities(PATH, pd.Series({10: -1.0}))
