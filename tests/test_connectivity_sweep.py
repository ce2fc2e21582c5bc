"""The compiled sweep and searches, cell by cell against a plain Dijkstra with a heap."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tvb.connectivity import allocation, sweep
from tvb.connectivity.allocation import Searcher, allocate
from tvb.connectivity.field import cost_field, interior
from tvb.errors import LayerError, ParameterError
from tvb.grid import Grid

STEPS = ((-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
LAND = {
    "classes": lambda r, shape: r.choice([1, 3, 10, 30, 100, 300], shape),
    "free cells": lambda r, shape: r.choice([0, 0, 1, 5], shape),
    "walls": lambda r, shape: r.choice([1, 2, np.nan, np.inf], shape, p=[0.3, 0.3, 0.2, 0.2]),
    "huge ratios": lambda r, shape: r.choice([1, 1e4, 1e9], shape),
    "reals": lambda r, shape: r.random(shape),
    "one cost": lambda _, shape: np.ones(shape),
    "all free": lambda _, shape: np.zeros(shape),
}


def grid(values, width=10.0, height=10.0):
    return Grid(np.asarray(values, dtype=np.float32), 0.0, 1000.0, width, height)


def by_heap(costs, labels):
    """Least cost and smallest label of the nearest patches, one cell at a time."""
    cost = costs.cost.astype(float)
    dist = np.full(cost.shape, np.inf)
    owner = np.zeros(cost.shape, dtype=int)
    owner[1:-1, 1:-1] = labels
    seed = owner > 0
    dist[seed] = 0
    heap = [(0.0, int(owner[cell]), cell) for cell in map(tuple, np.argwhere(seed).tolist())]
    heapq.heapify(heap)
    while heap:
        reached, label, (y, x) = heapq.heappop(heap)
        if (reached, label) != (dist[y, x], owner[y, x]):
            continue
        for half, (dy, dx) in zip(costs.half, STEPS, strict=True):
            v, u = y + dy, x + dx
            step = (cost[y, x] + cost[v, u]) * half
            if not np.isfinite(step) or seed[v, u]:
                continue
            step = float(np.rint(step / costs.quantum) * costs.quantum)
            if (reached + step, label) < (dist[v, u], owner[v, u]) or owner[v, u] == 0:
                dist[v, u], owner[v, u] = reached + step, label
                heapq.heappush(heap, (reached + step, label, (v, u)))
    return interior(dist), interior(owner)


def random_world(seed, kind, shape, cell=(10.0, 10.0)):
    random = np.random.default_rng(seed)
    costs = cost_field(grid(LAND[kind](random, shape), *cell), "m")
    labels = np.where(random.random(shape) < 0.03, random.integers(1, 9, shape), 0)
    return costs, labels.astype(np.int32)


@pytest.fixture
def small_tiles(monkeypatch):
    """Tiles of 5 cells: the kernels take the size as a constant, so they run as Python here."""
    for name in ("_enter", "_drain", "_pop", "_push", "_start", "_bring_near", "_close_halo",
                 "_offsets", "_write_back", "sweep_tile"):  # fmt: skip
        monkeypatch.setattr(sweep, name, getattr(sweep, name).py_func)
    monkeypatch.setattr(sweep, "TILE", 5)
    monkeypatch.setattr(allocation, "TILE", 5)
    monkeypatch.setattr(allocation, "sweep_tile", sweep.sweep_tile)


@pytest.mark.parametrize("cell", [(10.0, 10.0), (7.0, 11.0)])
@pytest.mark.parametrize("kind", LAND)
def test_every_cell_of_several_tiles(kind, cell):
    """Four tiles and more, whose borders lie at 192 cells.

    Kills a sweep that is right in sums and counts and wrong in some cells; steps of one length on
    rectangular cells; and the label of whichever tile came first where two patches are as near.
    """
    costs, labels = random_world(3, kind, (30, 400), cell)
    labels[:, 180:200] *= np.arange(30)[:, None] % 7 == 0
    done = allocate(costs, labels, threads=1)
    dist, owner = by_heap(done.field, labels)
    np.testing.assert_array_equal(interior(done.dist), dist)
    np.testing.assert_array_equal(np.abs(interior(done.owner)), owner)
    again = allocate(costs, labels, threads=2)
    np.testing.assert_array_equal(again.dist, done.dist)
    np.testing.assert_array_equal(again.owner, done.owner)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("kind", ["classes", "free cells", "walls", "one cost"])
@pytest.mark.parametrize("seed", range(3))
def test_every_cell_of_many_tiles(kind, seed):
    """Paths that leave a tile and come back, through corners too; run as plain Python."""
    costs, labels = random_world(seed, kind, (17, 23))
    done = allocate(costs, labels, threads=1)
    dist, owner = by_heap(done.field, labels)
    np.testing.assert_array_equal(interior(done.dist), dist)
    np.testing.assert_array_equal(np.abs(interior(done.owner)), owner)


def test_steps_are_rounded_by_less_than_a_float32():
    """The quantum makes sums exact; it must not be a coarse price: 1e-6 of any least cost."""
    costs, labels = random_world(1, "reals", (40, 40))
    done = allocate(costs, labels)
    plain = cost_field(grid(interior(costs.cost)), "m")
    object.__setattr__(plain, "quantum", 1e-13)
    np.testing.assert_allclose(interior(done.dist), by_heap(plain, labels)[0], rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_small_world(data):
    rows, columns = data.draw(st.integers(1, 7)), data.draw(st.integers(1, 7))
    size = rows * columns
    cost = data.draw(st.lists(st.sampled_from([0, 1, 2, 7, np.nan]), min_size=size, max_size=size))
    labels = data.draw(st.lists(st.sampled_from([0, 0, 0, 1, 2]), min_size=size, max_size=size))
    costs = cost_field(grid(np.reshape(cost, (rows, columns))), "m")
    burnt = np.reshape(labels, (rows, columns)).astype(np.int32)
    done = allocate(costs, burnt)
    dist, owner = by_heap(done.field, burnt)
    np.testing.assert_array_equal(interior(done.dist), dist)
    np.testing.assert_array_equal(np.abs(interior(done.owner)), owner)


@pytest.mark.parametrize("kind", LAND)
def test_search_from_one_patch(kind):
    """The search over the whole raster, its limit inclusive, and its room clean afterwards."""
    costs, labels = random_world(5, kind, (30, 60))
    dist, _ = by_heap(costs, labels == 1)
    wide = np.pad(dist, 1, constant_values=np.inf)
    sources = np.flatnonzero(np.pad(labels == 1, 1))
    searcher = Searcher(costs)
    finite = np.sort(dist[np.isfinite(dist)])
    for limit in (np.inf, finite[len(finite) // 2], np.inf):
        with searcher.spread(sources, limit) as (found, reached):
            expected = np.where(wide <= limit, wide, np.inf)
            np.testing.assert_array_equal(found, expected.reshape(-1))
            assert sorted(reached) == np.flatnonzero(np.isfinite(found)).tolist()
    assert np.isinf(searcher.room.dist).all()
    assert not searcher.room.queued.any()


def test_queue_that_is_too_small_grows(monkeypatch):
    """Kills a queue that drops what does not fit."""
    make, asked = allocation._queue, []

    def small_at_first(costs, entries):
        asked.append(entries)
        return make(costs, 8 if len(asked) == 1 else entries)

    monkeypatch.setattr(allocation, "_queue", small_at_first)
    costs, labels = random_world(2, "classes", (30, 60))
    done = allocate(costs, labels, threads=1)
    np.testing.assert_array_equal(interior(done.dist), by_heap(costs, labels)[0])
    assert len(asked) > 1
    asked.clear()
    with Searcher(costs).spread(np.flatnonzero(np.pad(labels == 1, 1)), np.inf) as (found, _):
        expected = by_heap(costs, labels == 1)[0]
        np.testing.assert_array_equal(interior(found.reshape(costs.cost.shape)), expected)
    assert len(asked) > 1


def test_long_way_makes_the_quantum_coarser():
    """A corridor that winds through dear ground: sums stay exact, the first guess was too fine."""
    values = np.full((101, 101), np.nan)
    values[::2] = 1e9
    values[1::4, -1] = values[3::4, 0] = 1e9
    values[0, 0] = 1.0
    costs = cost_field(grid(values), "m")
    labels = np.zeros(values.shape, dtype=np.int32)
    labels[0, 0] = 1
    done = allocate(costs, labels)
    assert done.field.quantum > costs.quantum
    assert done.dist[np.isfinite(done.dist)].max() < done.field.exact_below
    np.testing.assert_array_equal(interior(done.dist), by_heap(done.field, labels)[0])


def test_no_cell_and_no_patch():
    costs, labels = random_world(1, "classes", (3, 4))
    assert np.isinf(allocate(costs, 0 * labels).dist).all()
    empty = cost_field(grid(np.empty((0, 5))), "m")
    assert allocate(empty, np.empty((0, 5), dtype=np.int32)).dist.size == 14


def test_unit_of_a_step():
    """By « cell », a cell counts as long as it is wide; the diagonal is √2 on square cells."""
    metres = cost_field(grid(np.ones((2, 2)), 20, 20), "m")
    cells = cost_field(grid(np.ones((2, 2)), 20, 20), "cell")
    np.testing.assert_allclose(2 * metres.half, 20 * np.array([1] * 4 + [2**0.5] * 4))
    np.testing.assert_allclose(2 * cells.half, [1] * 4 + [2**0.5] * 4)
    oblong = cost_field(grid(np.ones((2, 2)), 10, 20), "cell")
    assert (2 * oblong.half[:3]).tolist() == [2, 1, 1]


def test_refusals():
    with pytest.raises(
        LayerError, match=r"^grid: negative cost \(1 feature\). Required: costs ≥ 0"
    ):
        cost_field(grid([[1, -1]]), "m")
    with pytest.raises(ParameterError, match=r"^unit: « km » is unknown. Required: m or cell"):
        cost_field(grid([[1]]), "km")
    large = Grid(np.broadcast_to(np.float32(1), (50_000, 50_000)), 0, 0, 1, 1)
    with pytest.raises(ParameterError, match=r"50000 × 50000 cells. Required: fewer than 2\^31"):
        cost_field(large, "m")
