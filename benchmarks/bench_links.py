"""How long links over a raster take.

Run with ``pytest benchmarks/bench_links.py -s`` for small sizes, or by itself for large ones::

    python benchmarks/bench_links.py 1000 2000 5000 10000

The world: discs of habitat on six classes of cost (1 to 300) made of smoothed noise.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from tvb.connectivity.field import cost_field, interior
from tvb.connectivity.paths import Ground, allocation_paths, least_cost_paths, line_of
from tvb.grid import Grid

COSTS = np.array([1, 3, 10, 30, 100, 300], dtype=np.float32)
CELLS_PER_PATCH = 50_000


def landscape(side: int) -> tuple[Grid, NDArray[np.int32]]:
    """Return costs of cells of 10 m and the labels of patches."""
    random = np.random.default_rng(2154)
    field = gaussian_filter(random.standard_normal((side, side), dtype=np.float32), 6)
    field += 10 * gaussian_filter(random.standard_normal((side, side), dtype=np.float32), 30)
    breaks = np.quantile(field[::7, ::7], [0.3, 0.5, 0.7, 0.85, 0.95]).astype(np.float32)
    costs = COSTS[np.digitize(field, breaks)]
    labels = np.zeros((side, side), dtype=np.int32)
    y, x = np.mgrid[-40:41, -40:41]
    for label in range(1, max(3, side * side // CELLS_PER_PATCH) + 1):
        row, column = random.integers(41, side - 41, 2)
        part = labels[row - 40 : row + 41, column - 40 : column + 41]
        part[(y**2 + x**2 <= random.integers(4, 40) ** 2) & (part == 0)] = label
    labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
    costs[labels > 0] = 1
    return Grid(costs, 0.0, 10.0 * side, 10.0, 10.0), labels


def build(grid: Grid, labels: NDArray[np.int32], method: str) -> list[float]:
    """Return the costs of the links, once their lines are made too."""
    ground = Ground.of(cost_field(grid, "m"), labels)
    paths = allocation_paths(ground) if method == "allocation" else least_cost_paths(ground)
    assert all(line_of(ground.costs, path.cells).length > 0 for path in paths)
    return [path.cost for path in paths]


@pytest.mark.parametrize("method", ["allocation", "lcp"])
def test_links(benchmark, method):
    grid, labels = landscape(500)
    costs = benchmark.pedantic(build, (grid, labels, method), rounds=1)
    assert len(costs) > 3


def test_sweep_against_one_patch_at_a_time():
    """scikit-image finds the same distances, one patch at a time (skipped where it is absent)."""
    graph = pytest.importorskip("skimage.graph")
    grid, labels = landscape(500)
    start = time.process_time()
    ground = Ground.of(cost_field(grid, "cell"), labels)
    ours = time.process_time() - start
    start = time.process_time()
    least = np.full(labels.shape, np.inf)
    for label in range(1, labels.max() + 1):
        search = graph.MCP_Geometric(grid.values.astype(float))
        least = np.minimum(least, search.find_costs(np.argwhere(labels == label))[0])
    theirs = time.process_time() - start
    np.testing.assert_allclose(interior(ground.allocation.dist), least, rtol=1e-6)
    print(f"\n{labels.max()} patches: sweep {ours:.2f} s of CPU, one at a time {theirs:.2f} s")


def main(sides: list[int]) -> None:
    build(*landscape(200), "allocation")
    build(*landscape(200), "lcp")
    for side in sides:
        grid, labels = landscape(side)
        for method in ("allocation", "lcp") if side <= 5000 else ("allocation",):
            Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the landscape
            wall, cpu = time.perf_counter(), time.process_time()
            links = build(grid, labels, method)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            status = Path("/proc/self/status").read_text().split()
            peak = int(status[status.index("VmHWM:") + 1]) // 1024
            print(
                f"{side * side / 1e6:g} million cells, {labels.max()} patches, {method}: "
                f"{len(links)} links, {wall:.1f} s wall, {cpu:.1f} s CPU, peak {peak} MB",
                flush=True,
            )


if __name__ == "__main__":
    main([int(side) for side in sys.argv[1:]] or [1000])
