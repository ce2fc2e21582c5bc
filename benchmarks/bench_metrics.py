"""How long indices, metrics of patches and gains of candidates take.

Run with ``pytest -s benchmarks/bench_metrics.py``; it prints seconds of CPU beside those of wall.
For 10 000 patches set ``TVB_BENCH_PATCHES=10000``. The world is that of `random_graph`:
patches at random, on average 500 m apart, linked by a Delaunay triangulation; p = 0.5 at 1 km.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from benchmarks.random_graph import random_graph

from tvb.connectivity import (
    METRICS,
    HabitatGraph,
    add_links,
    compute_indices,
    compute_pc,
    gain_of_links,
    measure_patches,
)

PATCHES = int(os.environ.get("TVB_BENCH_PATCHES", "1000"))
FAR = {"distance": 1000.0, "probability": 0.5}


def timed(what: str, work: Callable[[], object]) -> tuple[float, object]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"\n{what}: {wall:.2f} s, {cpu:.2f} s CPU", end="")
    return cpu, result


@pytest.fixture(scope="module")
def graph() -> HabitatGraph:
    small = random_graph(20)  # compiles, or reads what was compiled
    compute_indices(small, **FAR)
    measure_patches(small, **FAR)
    gain_of_links(small, candidates(small, 2), **FAR)
    return random_graph(PATCHES)


def candidates(graph: HabitatGraph, count: int) -> pd.DataFrame:
    """Pairs of patches at random: most of them far apart, so that much is to be gained."""
    random = np.random.default_rng(62)
    i = random.integers(0, len(graph.ids), count)
    j = (i + random.integers(1, len(graph.ids), count)) % len(graph.ids)
    return pd.DataFrame({"i": i, "j": j, "distance_m": random.uniform(100, 3000, count)})


def test_indices(graph):
    _, found = timed(f"all indices, {PATCHES} patches", lambda: compute_indices(graph, **FAR))
    assert found["NC"] >= 1


@pytest.mark.parametrize("metric", METRICS)
def test_metric(graph, metric):
    work = lambda: measure_patches(graph, [metric], **FAR)  # noqa: E731
    _, found = timed(f"{metric}, {PATCHES} patches", work)
    assert (found[metric] >= 0).all()


def test_gain_of_a_hundred_links(graph):
    table = candidates(graph, 100)
    work = lambda: gain_of_links(graph, table, **FAR)  # noqa: E731
    cpu, found = timed(f"gain of 100 links, {PATCHES} patches", work)
    one, after = timed(
        "the index anew for one of them",
        lambda: compute_pc(add_links(graph, table.iloc[[0]]), **FAR),
    )
    assert found["gain"].iloc[0] == pytest.approx(after - compute_pc(graph, **FAR), abs=1e-3)
    print(f"\nratio: {100 * one / cpu:.1f}", end="")
    assert cpu < 100 * one


def test_betweenness_against_networkx():
    """networkx with its own weights: the same work, one pair at a time in Python."""
    graph = random_graph(300)
    ours, _ = timed("BC, 300 patches", lambda: measure_patches(graph, ["BC"], **FAR))
    links = graph.to_networkx()
    theirs, _ = timed("networkx", lambda: nx.betweenness_centrality(links, weight="distance_m"))
    print(f"\nratio: {theirs / ours:.0f}", end="")
    assert theirs > 5 * ours


def test_current_flow_against_networkx():
    graph = random_graph(400)
    ours, _ = timed("CF, 400 patches", lambda: measure_patches(graph, ["CF"], **FAR))
    links = graph.to_networkx()
    for *_, data in links.edges(data=True):
        data["conductance"] = 1 / data["distance_m"]
    theirs, _ = timed(
        "networkx", lambda: nx.current_flow_betweenness_centrality(links, weight="conductance")
    )
    print(f"\nratio: {theirs / ours:.0f}", end="")
    assert theirs > 2 * ours
