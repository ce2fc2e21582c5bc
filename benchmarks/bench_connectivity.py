"""How long patches, links and the removal of every patch and link take.

Run with ``pytest benchmarks/bench_connectivity.py``. The world: patches drawn at random, on average
500 m apart, linked by a Delaunay triangulation; p = 0.5 at 1 km.
"""

from __future__ import annotations

import time

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay

from tvb.connectivity import HabitatGraph, build_links, build_patches, rank_links, rank_patches

SPACING_M = 500.0


def random_graph(patches: int) -> HabitatGraph:
    random = np.random.default_rng(2154)
    points = random.random((patches, 2)) * SPACING_M * np.sqrt(patches)
    corners = Delaunay(points).simplices
    sides = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    i, j = np.unique(np.sort(sides, axis=1), axis=0).T
    lengths = np.hypot(*(points[i] - points[j]).T)
    return HabitatGraph.from_arrays(random.uniform(1, 50, patches), i, j, lengths)


def random_areas(count: int) -> gpd.GeoDataFrame:
    random = np.random.default_rng(2154)
    x, y = random.random((2, count)) * SPACING_M * np.sqrt(count)
    half = random.uniform(10, 150, count)
    return gpd.GeoDataFrame(geometry=shapely.box(x - half, y - half, x + half, y + half), crs=2154)


def pc_of_all_pairs(graph: HabitatGraph, kept: np.ndarray) -> float:
    """Return PCnum of some patches, from all the paths between them."""
    lengths = dijkstra(graph.adjacency[kept][:, kept])
    capacity = graph.capacity[kept]
    return float(capacity @ 0.5 ** (lengths / 1000) @ capacity)


@pytest.mark.parametrize("patches", [200, 500])
def test_rank_patches(benchmark, patches):
    graph = random_graph(patches)
    ranks = benchmark.pedantic(rank_patches, (graph,), {"distance": 1000}, rounds=1)
    assert len(ranks) == patches


@pytest.mark.parametrize("patches", [200, 500])
def test_rank_links(benchmark, patches):
    graph = random_graph(patches)
    ranks = benchmark.pedantic(rank_links, (graph,), {"distance": 1000}, rounds=1)
    assert len(ranks) == len(graph.i)


def test_patches_against_all_pairs_for_each_removal():
    """The loop that scipy allows gives the same losses, many times slower (ratio printed)."""
    graph = random_graph(200)
    everyone = np.arange(200)
    start = time.perf_counter()
    ranks = rank_patches(graph, distance=1000)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    whole = pc_of_all_pairs(graph, everyone)
    losses = [100 * (1 - pc_of_all_pairs(graph, everyone[everyone != k]) / whole) for k in everyone]
    theirs = time.perf_counter() - start
    np.testing.assert_allclose(ranks["d"], losses, rtol=1e-9)
    print(f"\n200 patches: {ours:.2f} s, all pairs for each removal {theirs:.2f} s")
    assert theirs > 5 * ours


def test_build_patches(benchmark):
    """50 000 areas, a good part of which overlap."""
    areas = random_areas(50_000)
    patches = benchmark.pedantic(
        build_patches, (areas,), {"min_area_m2": 1000, "merge_distance_m": 20}, rounds=1
    )
    assert 10_000 < len(patches) < 50_000


def test_build_links(benchmark):
    """From the patches of 50 000 areas, links up to 1 km: 0.03 % of all pairs."""
    patches = build_patches(random_areas(50_000))
    links = benchmark.pedantic(build_links, (patches,), {"max_distance_m": 1000}, rounds=1)
    assert len(links) < 0.001 * len(patches) ** 2
