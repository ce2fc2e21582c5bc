"""How long it takes to find the depressions of a terrain, beside reconstruction by erosion.

    python benchmarks/bench_basins.py --side 5000

The ground is fractal noise in centimetres: a third of it lies in depressions, far more than in a
real terrain, which takes less time. scikit-image's reconstruction gives the filled heights only,
without depressions, spill points and volumes; it is compared where it is installed. The first call
compiles, and is not counted.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from tvb.flood import FilledTerrain, build_stage_curve, fill_depressions
from tvb.grid import Grid

CELL_M = 5.0
SLOWER_SIDE = 3_000
"""Side beyond which the reconstruction is not waited for."""


def make_ground(side: int, *, seed: int = 0) -> Grid:
    """Return hills and hollows of all sizes, as float32 in whole centimetres."""
    draw = np.random.default_rng(seed)
    height = np.zeros((side, side), dtype=np.float32)
    knots, amplitude = 4, 40.0
    while knots <= side:
        coarse = draw.standard_normal((knots + 1, knots + 1)).astype(np.float32)
        height += np.float32(amplitude) * _spread(coarse, side)
        knots, amplitude = 2 * knots, 0.55 * amplitude
    values = np.round(height, 2)
    return Grid(values, 700_000.0, 7_000_000.0 + CELL_M * side, CELL_M, CELL_M, name="ground")


def compare(side: int) -> pd.DataFrame:
    """Return the seconds of each step, on the wall and on the processor."""
    ground = make_ground(side)
    fill_depressions(make_ground(16)).contributing_m2()
    terrain = fill_depressions(ground)  # held by the calls below; its catchments are not yet known
    calls: dict[str, Callable[[], object]] = {
        "fill_depressions": lambda: fill_depressions(ground),
        "contributing_m2": terrain.contributing_m2,
        "100 stage curves": lambda: _curves(terrain),
    }
    if importlib.util.find_spec("skimage") and side <= SLOWER_SIDE:
        calls["skimage.morphology.reconstruction"] = lambda: _reconstruct(ground.values)
    seconds = {name: _time(call) for name, call in calls.items()}
    return pd.DataFrame(seconds, index=["seconds", "cpu_seconds"]).T


def _curves(terrain: FilledTerrain) -> None:
    largest = terrain.depressions["volume_m3"].nlargest(100)
    for number in largest.index:
        build_stage_curve(terrain, number)


def _reconstruct(values: np.ndarray) -> None:
    from skimage.morphology import reconstruction

    seed = np.full_like(values, values.max())
    seed[[0, -1]], seed[:, [0, -1]] = values[[0, -1]], values[:, [0, -1]]
    reconstruction(seed, values, method="erosion", footprint=np.ones((3, 3)))


def _spread(coarse: np.ndarray, side: int) -> np.ndarray:
    """Return values between knots, along rows and then along columns."""
    place = np.linspace(0, len(coarse) - 1, side, dtype=np.float32)
    low = np.minimum(place.astype(np.int64), len(coarse) - 2)
    share = place - low
    rows = coarse[low] * (1 - share)[:, None] + coarse[low + 1] * share[:, None]
    return rows[:, low] * (1 - share) + rows[:, low + 1] * share


def _time(call: Callable[[], object]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=5_000, help="cells of a side")
    side = parser.parse_args().side
    print(f"{side} × {side} cells")
    print(compare(side).round(3).to_string())


if __name__ == "__main__":
    main()
