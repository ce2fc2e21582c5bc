"""The loss of an index with each patch and each link, against removal one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from tvb import kernels
from tvb.connectivity import HabitatGraph, rank_links, rank_patches
from tvb.connectivity.engine import measure_losses
from tvb.connectivity.importance import rank_graph
from tvb.errors import ParameterError

MEDIAN = {"distance": 500.0, "probability": 0.5}
PARTS = ["d_intra", "d_flux", "d_connector"]


def path_lengths(count, edges):
    """Floyd and Warshall, on a full matrix: nothing in common with a search from each source."""
    lengths = np.full((count, count), np.inf)
    np.fill_diagonal(lengths, 0)
    for i, j, length in edges:
        lengths[i, j] = lengths[j, i] = min(lengths[i, j], length)
    for stop in range(count):
        np.minimum(lengths, lengths[:, stop, None] + lengths[stop], out=lengths)
    return lengths


def numerator(capacity, edges, index, p_min=0.0):
    """Σ aᵢ aⱼ wᵢⱼ by definition; pairs of a weight of p_min or less are left out."""
    if index == "IIC":
        edges = [(i, j, 1.0) for i, j, length in edges if length <= 500 and length < np.inf]
    lengths = path_lengths(len(capacity), edges)
    weights = 0.5 ** (lengths / 500) if index == "PC" else 1 / (1 + lengths)
    weights[weights <= p_min] = 0
    return float(capacity @ weights @ capacity)


def expected(capacity, edges, index, p_min=0.0):
    """Loss of each patch with its three parts, and of each link, in percent of the index."""
    capacity = np.asarray(capacity, dtype=float)
    whole = numerator(capacity, edges, index, p_min)
    rows = []
    for k in range(len(capacity)):
        others = np.where(np.arange(len(capacity)) == k, 0.0, capacity)
        without = numerator(others, [e for e in edges if k not in e[:2]], index, p_min)
        connector = numerator(others, edges, index, p_min) - without
        intra = capacity[k] ** 2
        rows.append((whole - without, intra, whole - without - intra - connector, connector))
    links = [whole - numerator(capacity, edges[:e] + edges[e + 1 :], index, p_min)
             for e in range(len(edges))]  # fmt: skip
    return 100 * np.array(rows) / whole, 100 * np.array(links) / whole


def graph_of(capacity, edges, **more):
    i, j, length = np.array(edges, dtype=float).reshape(-1, 3).T
    return HabitatGraph.from_arrays(capacity, i.astype(int), j.astype(int), length, **more)


def assert_as_expected(capacity, edges, index, p_min=0.0):
    """The rows of `rank_links` are sorted by patch: so must ``edges`` be."""
    graph = graph_of(capacity, edges)
    patches, links = rank_graph(graph, index, **MEDIAN, p_min=p_min)
    by_patch, by_link = expected(capacity, edges, index, p_min)
    found = patches[["d", *PARTS]].to_numpy()
    np.testing.assert_allclose(found, by_patch, rtol=1e-9, atol=1e-9)
    assert list(zip(links["i"], links["j"], strict=True)) == [e[:2] for e in edges]
    np.testing.assert_allclose(links["d"], by_link, rtol=1e-9, atol=1e-9)
    alone = rank_patches(graph, index, **MEDIAN, p_min=p_min)
    np.testing.assert_allclose(alone, patches, rtol=1e-9, atol=1e-12)
    alone = rank_links(graph, index, **MEDIAN, p_min=p_min)
    np.testing.assert_allclose(alone["d"], links["d"], rtol=1e-9, atol=1e-12)
    return patches, links


# Shapes with a trap in each


def lattice(rows, columns, length=500.0):
    number = np.arange(rows * columns).reshape(rows, columns)
    steps = [(number[:, :-1], number[:, 1:]), (number[:-1], number[1:])]
    pairs = np.vstack([np.column_stack([a.ravel(), b.ravel()]) for a, b in steps])
    return sorted((int(i), int(j), length) for i, j in pairs)


def complete(count, length):
    return [(i, j, length(i, j)) for i in range(count) for j in range(i + 1, count)]


SHAPES = {
    "chain": (30, [(v, v + 1, 400.0) for v in range(29)]),
    "star": (20, [(0, v, 300.0) for v in range(1, 20)]),
    "wheel": (20, sorted([(0, v, 300.0) for v in range(1, 20)]
                         + [(v, v + 1, 90.0 + v) for v in range(1, 19)])),
    "ring": (11, sorted([(v, v + 1, 200.0) for v in range(10)] + [(0, 10, 200.0)])),
    "lattice": (36, lattice(6, 6)),
    "ladder": (40, lattice(2, 20, 250.0)),
    "lattice of no length": (16, lattice(4, 4, 0.0)),
    "complete, equal": (12, complete(12, lambda *_: 500.0)),
    "complete, on a line": (14, complete(14, lambda i, j: 100.0 * (j - i))),
    "complete, steps are cheaper": (14, complete(14, lambda i, j: 50.0 * (j - i) ** 2)),
    "two lattices": (24, lattice(3, 4) + [(i + 12, j + 12, 100.0) for i, j, _ in lattice(3, 4)]),
    "shortcut of no length": (8, [(0, 1, 500.0), (0, 7, 0.0), (1, 2, 500.0), (2, 3, 0.0),
                                  (3, 4, 500.0), (4, 5, 500.0), (5, 6, 0.0), (6, 7, 500.0)]),
    "infinite links": (6, [(0, 1, 100.0), (0, 5, np.inf), (1, 2, np.inf), (1, 3, 200.0),
                           (2, 3, 100.0), (4, 5, np.inf)]),
}  # fmt: skip


@pytest.mark.parametrize("index", ["PC", "IIC"])
@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape, index):
    """Kills a way round a patch that passes through it, equal paths that count as a loss, and a
    hub of which each spoke needs a way of its own."""
    count, edges = SHAPES[shape]
    assert_as_expected(1.0 + np.arange(count) % 4, edges, index)


def random_edges(seed, patches, links, lengths):
    random = np.random.default_rng(seed)
    pairs = random.integers(0, patches, (links, 2))
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    drawn = lengths(random, len(pairs))
    capacity = random.integers(0, 20, patches).astype(float)
    return capacity, [(int(i), int(j), float(w)) for (i, j), w in zip(pairs, drawn, strict=True)]


def rounded(random, count):
    return 50.0 * random.integers(0, 16, count)


def spread(random, count):
    return random.uniform(1, 1500, count)


@pytest.mark.parametrize("index", ["PC", "IIC"])
@pytest.mark.parametrize("lengths", [rounded, spread])
@pytest.mark.parametrize(
    ("seed", "patches", "links"), [(1, 8, 10), (2, 30, 35), (3, 40, 200), (4, 60, 120), (5, 60, 75)]
)
def test_random_graphs(seed, patches, links, lengths, index):
    """Ties, zeros, capacities of zero, isolated patches, several components.

    Kills a search that stops when all but one of the subtrees below a patch are reached, and
    entrances dropped for the sake of a patch that is itself removed.
    """
    capacity, edges = random_edges(seed, patches, links, lengths)
    assert_as_expected(capacity, edges, index)


def planar(seed, patches):
    """Patches drawn at random, 500 m apart on average, links of a triangulation."""
    random = np.random.default_rng(seed)
    points = random.random((patches, 2)) * 500 * np.sqrt(patches)
    corners = Delaunay(points).simplices
    sides = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    i, j = np.unique(np.sort(sides, axis=1), axis=0).T
    lengths = np.hypot(*(points[i] - points[j]).T)
    return random.uniform(1, 50, patches), [
        (int(a), int(b), float(w)) for a, b, w in zip(i, j, lengths, strict=True)
    ]


def test_planar_graph():
    """150 patches: trees deep enough for every kind of detour."""
    capacity, edges = planar(7, 150)
    graph = graph_of(capacity, edges)
    patches, links = rank_graph(graph, **MEDIAN)
    whole = numerator(capacity, edges, "PC")
    random = np.random.default_rng(0)
    for k in random.choice(150, 25, replace=False):
        others = np.where(np.arange(150) == k, 0.0, capacity)
        kept = [e for e in edges if k not in e[:2]]
        lost = 100 * (1 - numerator(others, kept, "PC") / whole)
        assert patches["d"][k] == pytest.approx(lost, rel=1e-9)
    for e in random.choice(len(edges), 25, replace=False):
        lost = 100 * (1 - numerator(capacity, edges[:e] + edges[e + 1 :], "PC") / whole)
        assert links["d"][e] == pytest.approx(lost, rel=1e-9, abs=1e-9)


def test_long_chain():
    """2 000 patches of 1, each link a half: the link in the middle carries 2 (Σ 2⁻ᵏ)² / 2 = 4.

    Kills recursion on the tree, and a pass over all that is below each patch.
    """
    ends = np.arange(1999)
    graph = HabitatGraph.from_arrays(np.ones(2000), ends, ends + 1, np.full(1999, 500.0))
    whole = 2000 + 2 * sum((2000 - k) / 2**k for k in range(1, 2000))
    patches, links = rank_graph(graph, **MEDIAN)
    assert links["d"][999] == pytest.approx(100 * 4 / whole, rel=1e-12)
    # From one side of a patch to the other: 2 (Σ_{k ≥ 1} 2⁻ᵏ)² = 2.
    assert patches["d_connector"][1000] == pytest.approx(100 * 2 / whole, rel=1e-12)
    assert patches["d_connector"][[0, 1999]].tolist() == [0, 0]


# Ties


@pytest.mark.parametrize("index", ["PC", "IIC"])
@pytest.mark.parametrize("edges", [complete(9, lambda *_: 500.0), lattice(2, 2)])
def test_equal_paths_lose_nothing_at_all(edges, index):
    """Not even a rounding: kills ratios of products of probabilities."""
    count = 1 + max(j for _, j, _ in edges)
    patches = rank_patches(graph_of(np.ones(count), edges), index, **MEDIAN)
    assert patches["d_connector"].tolist() == [0] * count


def test_ties_of_lengths_that_are_not_exact():
    """0.1 + 0.2 ≠ 0.3 in double precision: a loss of the order of the rounding, never below 0."""
    edges = [(0, 1, 0.1), (0, 2, 0.3), (1, 2, 0.2), (1, 3, 0.7), (2, 3, 0.1)]
    patches, links = rank_graph(graph_of([1, 1, 1, 1], edges), distance=1)
    assert (patches["d_connector"] >= 0).all()
    assert (links["d"] >= 0).all()
    assert patches["d_connector"][1] == pytest.approx(0, abs=1e-12)


# Nothing, and next to nothing


@pytest.mark.parametrize("index", ["PC", "IIC"])
@pytest.mark.parametrize("p_min", [0, 0.01])
def test_nothing_to_remove(index, p_min):
    columns = ["d", *PARTS] + ["d_error"] * (p_min > 0)
    for capacity in ([], [3.0], [3.0, 0.0, 1.0]):
        patches, links = rank_graph(graph_of(capacity, []), index, **MEDIAN, p_min=p_min)
        assert list(patches) == columns
        assert list(links) == ["i", "j", "d"] + ["d_error"] * (p_min > 0)
        assert len(patches) == len(capacity)
        assert links.empty
        squares = np.square(capacity)
        assert patches["d"].to_numpy() == pytest.approx(100 * squares / max(squares.sum(), 1))


def test_probabilities_that_vanish():
    """exp(−α d) underflows on the way: what is left beyond counts for nothing, the rest for all."""
    edges = [(0, 1, 500.0), (1, 2, 1e9), (2, 3, 500.0)]
    patches, links = rank_graph(graph_of([1, 1, 1, 1], edges), **MEDIAN)
    assert links["d"].tolist() == pytest.approx([100 / 6, 0, 100 / 6])
    assert patches["d_connector"].tolist() == [0, 0, 0, 0]
    # 600 links of 2⁻²: the whole chain weighs 2⁻¹²⁰⁰, which no double holds.
    ends = np.arange(600)
    chain = HabitatGraph.from_arrays(np.ones(601), ends, ends + 1, np.full(600, 1000.0))
    assert rank_links(chain, **MEDIAN)["d"][300] == pytest.approx(
        100 * (8 / 9) / (601 + 2 * sum((601 - k) / 4**k for k in range(1, 601))), rel=1e-12
    )


def test_lengths_whose_sum_overflows():
    edges = [(0, 1, 1.5e308), (1, 2, 1.5e308)]
    patches, links = rank_graph(graph_of([1, 2, 3], edges), distance=1e308, probability=0.5)
    assert np.isfinite(patches).all(axis=None)
    assert (links["d"] > 0).all()


# Truncation


@pytest.mark.parametrize(("index", "p_min"), [("PC", 0.13), ("PC", 0.27), ("IIC", 0.3)])
@pytest.mark.parametrize(("seed", "patches", "links"), [(11, 20, 26), (12, 45, 90), (13, 60, 70)])
def test_truncated_index_is_what_it_says(seed, patches, links, index, p_min):
    """Pairs of a weight of p_min or less count zero before and after, and `d_error` holds.

    Kills paths dropped before the removal but not after it, and a bound that forgets the pairs
    that the removal takes below p_min.
    """
    capacity, edges = random_edges(seed, patches, links, spread)
    tables = assert_as_expected(capacity, edges, index, p_min)
    for table, exact in zip(tables, expected(capacity, edges, index), strict=True):
        off = np.abs(table["d"] - (exact[:, 0] if exact.ndim == 2 else exact))
        assert (off <= table["d_error"] + 1e-9).all()
        assert off.max() > 0.01  # the bound has something to hold


def test_weight_of_exactly_p_min_counts_zero():
    """A chain of 5: three links weigh 1/4. Kills a limit that is taken inclusive."""
    edges = [(v, v + 1, 500.0) for v in range(4)]
    assert_as_expected(np.ones(5), edges, "IIC", p_min=0.25)


@pytest.mark.parametrize("index", ["PC", "IIC"])
@pytest.mark.parametrize("p_min", [0.13, 0.27, 0.4])
@pytest.mark.parametrize("seed", [21, 22, 23, 24, 25, 26])
def test_each_side_of_the_bound_holds(seed, p_min, index):
    """The exact numerator and losses lie between what was found less one side, plus the other.

    Kills a pair taken below p_min by the removal that is not counted as gone: the larger of the two
    sides, which is what tables show, hides it.
    """
    capacity, edges = random_edges(seed, 40, 75, spread)
    graph = graph_of(capacity, edges)
    found = measure_losses(graph, index, **MEDIAN, p_min=p_min)
    whole = numerator(capacity, edges, index)
    assert found.total - 1e-9 <= whole <= found.total + found.missing + 1e-9
    by_patch, by_link = (table * whole / 100 for table in expected(capacity, edges, index))
    own = capacity**2 + 2 * capacity * (found.reach - capacity)
    for loss, (less, more), exact in (
        (own + found.patches, found.patch_error.T, by_patch[:, 0]),
        (found.links, found.link_error.T, by_link),
    ):
        assert (exact >= loss - less - 1e-9).all()
        assert (exact <= loss + more + 1e-9).all()


def test_bound_shrinks_with_p_min():
    capacity, edges = planar(3, 120)
    graph = graph_of(capacity, edges)
    exact_patches, exact_links = rank_graph(graph, **MEDIAN)
    widest = []
    for p_min in (1e-1, 1e-2, 1e-3, 1e-5):
        patches, links = rank_graph(graph, **MEDIAN, p_min=p_min)
        assert (abs(patches["d"] - exact_patches["d"]) <= patches["d_error"] + 1e-9).all()
        assert (abs(links["d"] - exact_links["d"]) <= links["d_error"] + 1e-9).all()
        widest.append(patches["d_error"].max())
    assert widest == sorted(widest, reverse=True)
    assert widest[-1] < 0.001 * exact_patches["d"].max()


# Properties


@st.composite
def worlds(draw):
    patches = draw(st.integers(1, 9))
    capacity = draw(st.lists(st.integers(0, 9), min_size=patches, max_size=patches))
    node = st.integers(0, patches - 1)
    link = st.tuples(node, node, st.sampled_from([0.0, 100.0, 250.0, 500.0, 9000.0, np.inf]))
    return capacity, draw(st.lists(link.filter(lambda x: x[0] != x[1]), max_size=18))


@settings(max_examples=60, deadline=None)
@given(worlds(), st.sampled_from(["PC", "IIC"]), st.randoms(use_true_random=False))
def test_names_and_units_do_not_matter(drawn, index, random):
    """Relabelling the patches relabels the rows; capacities × 3 change no percentage.

    Kills a result that depends on which of two equal paths is found first.
    """
    capacity, edges = drawn
    names = list(range(10, 10 + len(capacity)))
    random.shuffle(names)
    patches, links = rank_graph(graph_of(capacity, edges), index, **MEDIAN)
    other = graph_of([3 * a for a in capacity], edges, ids=names)
    renamed, relinked = rank_graph(other, index, **MEDIAN)
    np.testing.assert_allclose(renamed.loc[names], patches, rtol=1e-9, atol=1e-12)
    pairs = {frozenset(p): d for *p, d in relinked.itertuples(index=False)}
    for i, j, d in links.itertuples(index=False):
        assert pairs[frozenset({names[i], names[j]})] == pytest.approx(d, rel=1e-9, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(worlds(), st.sampled_from(["PC", "IIC"]), st.sampled_from([0.0, 0.3]))
def test_parts_and_bounds(drawn, index, p_min):
    """d = intra + flux + connector, none below 0; no removal of a link raises the index."""
    patches, links = rank_graph(graph_of(*drawn), index, **MEDIAN, p_min=p_min)
    assert patches["d"].to_numpy() == pytest.approx(patches[PARTS].sum(axis=1).to_numpy())
    assert (patches >= 0).all(axis=None)
    assert (patches["d"] <= 100 + 1e-9).all()
    assert ((links["d"] >= 0) & (links["d"] <= 100 + 1e-9)).all()


def test_threads_change_nothing():
    """To the last bit, on more sources than a thread takes at once."""
    graph = graph_of(*planar(5, 400))
    for index in ("PC", "IIC"):
        once = rank_graph(graph, index, **MEDIAN, threads=1)
        for threads in (2, 3):
            for one, two in zip(
                once, rank_graph(graph, index, **MEDIAN, threads=threads), strict=True
            ):
                assert one.equals(two)


# Refusals, and where nothing can be kept


@pytest.mark.parametrize("p_min", [-0.1, 1, np.nan])
def test_absurd_p_min_is_refused(p_min):
    with pytest.raises(ParameterError, match=rf"^p_min: is {p_min}. Required: from 0 to 1, 1 excl"):
        rank_patches(graph_of([1], []), **MEDIAN, p_min=p_min)


@pytest.mark.parametrize("threads", [0, -1, 1.5])
def test_absurd_number_of_threads_is_refused(threads):
    with pytest.raises(ParameterError, match=rf"^threads: is {threads}. Required: an integer abov"):
        rank_links(graph_of([1], []), **MEDIAN, threads=threads)


def test_compiles_where_nothing_can_be_written(monkeypatch):
    """numba refuses to keep a compiled function if neither package nor home can be written."""
    seen = []

    def njit(*, nogil, error_model, cache=False):
        if cache:
            raise RuntimeError("no locator available")
        seen.append((nogil, error_model))
        return lambda function: function

    monkeypatch.setattr(kernels, "njit", njit)
    assert kernels.compiled(len) is len
    assert seen == [(True, "numpy")]


# Crossings


def pc_with_crossings(capacity, links, k_patch=None, k_link=None):
    """Σ aᵢ aⱼ 0.5^(d/10) by relaxing (patch, link it was reached by); apart from any search."""
    steps = [
        (a, b, length, leave, reach)
        for n, (i, j, length, at_i, at_j) in enumerate(links)
        if n != k_link and k_patch not in {i, j}
        for a, b, leave, reach in ((i, j, at_i, at_j), (j, i, at_j, at_i))
    ]
    total = 0.0
    for source in range(len(capacity)):
        if source == k_patch:
            continue
        best = {n: s[2] for n, s in enumerate(steps) if s[0] == source}
        for _ in range(len(steps)):
            for n, m in [(n, m) for n in best for m in range(len(steps))]:
                if steps[m][0] == steps[n][1]:
                    there = best[n] + np.hypot(*(steps[n][4] - steps[m][3])) + steps[m][2]
                    best[m] = min(best.get(m, np.inf), there)
        lengths = {source: 0.0}
        for n, length in best.items():
            target = steps[n][1]
            lengths[target] = min(lengths.get(target, np.inf), length)
        total += sum(capacity[source] * capacity[t] * 0.5 ** (d / 10) for t, d in lengths.items())
    return total


@pytest.mark.parametrize("seed", [1, 2])
def test_losses_count_crossings(seed):
    """Kills a rank that forgets the length inside patches, or walks through what is removed."""
    random = np.random.default_rng(seed)
    pairs = [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3), (4, 5)]
    capacity = random.integers(1, 9, 7).astype(float)
    length = random.integers(1, 9, len(pairs)).astype(float)
    ends = random.integers(0, 12, (len(pairs), 2, 2)).astype(float)
    i, j = np.array(pairs).T
    graph = HabitatGraph(ids=np.arange(7), capacity=capacity, i=i, j=j, distance=length, ends=ends)
    links = [
        (a, b, d, *points)
        for a, b, d, points in zip(graph.i, graph.j, graph.distance, graph.ends, strict=True)
    ]
    whole = pc_with_crossings(capacity, links)
    patches, lost = rank_graph(graph, distance=10)
    for k in range(7):
        without = pc_with_crossings(capacity, links, k_patch=k)
        assert patches["d"].iloc[k] == pytest.approx(100 * (whole - without) / whole)
    assert patches["d"].to_numpy() == pytest.approx(patches[PARTS].sum(axis=1).to_numpy())
    assert lost["d"].tolist() == pytest.approx(
        [100 * (1 - pc_with_crossings(capacity, links, k_link=n) / whole) for n in range(6)],
        abs=1e-9,
    )
    assert (rank_patches(graph, distance=10, p_min=0.1)["d_error"] == 0).all()
    assert rank_links(graph, "IIC", distance=10)["d"].notna().all()
