"""How long the removal of every patch and link takes, against all pairs of scipy for each.

Run with ``pytest -s benchmarks/bench_importance.py``; ``TVB_BENCH_PATCHES=10000`` for the size of a
region. The world: patches drawn at random, on average 500 m apart, linked by a Delaunay
triangulation up to 5 km; p = 0.5 at 1 km. Seconds of CPU are printed beside those of the wall: the
loops use both cores, and the machine may have others to serve.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from benchmarks.random_graph import random_graph
from scipy.sparse.csgraph import dijkstra

from tvb.connectivity import HabitatGraph, rank_links, rank_patches
from tvb.connectivity.importance import rank_graph

PATCHES = int(os.environ.get("TVB_BENCH_PATCHES", "1000"))
REACH_M = 1000.0
SAMPLE = 5  # removals timed for the loop: one for each patch would take hours


@pytest.fixture(scope="module")
def graph() -> HabitatGraph:
    warm = random_graph(PATCHES)
    rank_graph(warm.take_patches(np.arange(10)), distance=REACH_M)  # compiled, or read from disk
    return warm


def timed(
    label: str, function: Callable[..., Any], *args: Any, **options: Any
) -> tuple[Any, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = function(*args, **options)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"\n{PATCHES} patches, {label}: {wall:.2f} s wall, {cpu:.2f} s CPU")
    return result, wall


def pc_of_all_pairs(graph: HabitatGraph, kept: np.ndarray) -> float:
    """Return PCnum of some patches, from all the paths between them, a block at a time."""
    part = graph.take_patches(kept)
    total = 0.0
    for start in range(0, len(kept), 500):
        rows = np.arange(start, min(start + 500, len(kept)))
        lengths = dijkstra(part.adjacency, indices=rows)
        total += part.capacity[rows] @ 0.5 ** (lengths / REACH_M) @ part.capacity
    return float(total)


def test_patches_and_links(graph):
    (patches, links), _ = timed("patches and links", rank_graph, graph, distance=REACH_M)
    assert len(patches) == PATCHES
    assert len(links) == len(graph.i)


def test_truncated(graph):
    """Pairs of a probability of 10⁻⁶ or less left out."""
    patches, _ = timed("patches, p > 1e-6", rank_patches, graph, distance=REACH_M, p_min=1e-6)
    print(f"error up to {(patches['d_error'] / patches['d'].max()).max():.1e} of the largest d")
    assert (patches["d_error"] < patches["d"].max() / 50).all()


def test_links_of_iic(graph):
    links, _ = timed("links, IIC", rank_links, graph, "IIC", distance=REACH_M)
    assert (links["d"] >= 0).all()


def test_patches_against_all_pairs_for_each_removal(graph):
    """The loop that scipy allows gives the same losses; its time is that of a sample, times n."""
    ranks, ours = timed("patches", rank_patches, graph, distance=REACH_M)
    everyone = np.arange(PATCHES)
    sample = np.random.default_rng(1).choice(PATCHES, SAMPLE, replace=False)
    whole = pc_of_all_pairs(graph, everyone)
    losses, spent = timed(
        f"{SAMPLE} removals by all pairs",
        lambda: [100 * (1 - pc_of_all_pairs(graph, everyone[everyone != k]) / whole)
                 for k in sample],
    )  # fmt: skip
    np.testing.assert_allclose(ranks["d"].to_numpy()[sample], losses, rtol=1e-8)
    ratio = spent / SAMPLE * PATCHES / ours
    print(f"all pairs for each patch would take {ratio:.0f} times as long")
    assert ratio > 20
