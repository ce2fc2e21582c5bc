"""How long the depth of water at each building takes, beside exactextract and extractrs.

    TVB_BENCH_BUILDINGS=1000000 python benchmarks/bench_depth.py --cells 10000 --cell 1

The world is L-shaped buildings, turned at random, on a smooth random raster of which about a third
is wet. Calls are run in turn, several rounds of them; medians of wall and CPU time are printed with
their ratio to ours. The rivals are run where they are installed (``pip install exactextract
extractrs``); exactextract takes minutes and is run on buildings drawn at random, its time
multiplied by the sampling ratio, unless ``--full`` is given. extractrs gives a statistic at a time
and no percentile; ours is measured with the same statistics (maximum and mean), and with all.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.flood import measure_depth
from tvb.grid import Grid

X0, Y0 = 700_000.0, 7_000_000.0
SAMPLE = 10_000
OURS = "measure_depth, max and mean"
_CORNERS = np.array([[-5, -5], [5, -5], [5, 1], [0, 1], [0, 5], [-5, 5]]) / 10.0
_WAVES = 60


def make_world(
    buildings: int, *, cells: int = 10_000, cell: float = 1.0, seed: int = 0
) -> tuple[gpd.GeoDataFrame, Grid]:
    """Return buildings of 6 corners and 4 to 20 m on a square raster, in a random order."""
    random = np.random.default_rng(seed)
    side = cells * cell
    sizes = random.uniform(4, 20, (buildings, 1, 2))
    angle = random.uniform(0, 2 * np.pi, buildings)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.einsum("ijn,nkj->nki", turn, _CORNERS * sizes)
    middle = random.uniform(0, side, (buildings, 1, 2)) + np.array([X0, Y0])
    footprints = shapely.polygons(np.round(corners + middle, 2))
    coarse = random.normal(size=(_WAVES + 1, _WAVES + 1))
    at = np.linspace(0, _WAVES, cells)
    rows = np.stack([np.interp(at, np.arange(_WAVES + 1), row) for row in coarse])
    low = np.minimum(at.astype(int), _WAVES - 1)
    part = (at - low)[:, None]
    field = (rows[low] * (1 - part) + rows[low + 1] * part).astype(np.float32)
    depth = np.round(np.maximum(field - np.float32(0.3), 0), 2)
    depth[: cells // 50] = -9999.0
    grid = Grid(depth, X0, Y0 + side, cell, cell, nodata=-9999.0, name="02Moy")
    return gpd.GeoDataFrame(geometry=footprints, crs="EPSG:2154"), grid


def check_against_exactextract(buildings: gpd.GeoDataFrame, grid: Grid) -> None:
    """Assert that maxima are equal, areas within 1e-5 m2 and means within 1e-6 m."""
    theirs = _exactextract(buildings, grid, ["max", "mean", "count"])
    ours = measure_depth(buildings, grid, statistics=("max", "mean"), tiny_m=0).scenario(grid.name)
    np.testing.assert_array_equal(ours["depth_max_m"], theirs["max"].to_numpy(dtype=float))
    area = (ours["share_wet"] + ours["share_dry"]).to_numpy() * buildings.area.to_numpy()
    inside = ours["share_outside"].to_numpy() < 1
    covered = theirs["count"].to_numpy(dtype=float) * grid.cell_area_m2
    np.testing.assert_allclose(area[inside], covered[inside], rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        ours["depth_mean_m"], theirs["mean"].to_numpy(dtype=float), rtol=0, atol=1e-6
    )


def compare(
    buildings: gpd.GeoDataFrame,
    grid: Grid,
    *,
    rounds: int = 3,
    rivals: bool = True,
    sample: int | None = SAMPLE,
) -> pd.DataFrame:
    """Return the median seconds of each call, and how many times longer than ours it takes."""
    calls: dict[str, Callable[[], object]] = {
        OURS: lambda: measure_depth(buildings, grid, statistics=("max", "mean")),
        "measure_depth, all": lambda: measure_depth(buildings, grid),
        "measure_depth, four scenarios": lambda: measure_depth(
            buildings, {f"{i}": grid for i in range(4)}
        ),
    }
    factors = {}
    if rivals:
        drawn = buildings if sample is None else buildings.sample(min(sample, len(buildings)))
        for name, call in (("exactextract", _exactextract), ("extractrs", _extractrs)):
            frame = drawn if name == "exactextract" else buildings
            calls[name] = lambda call=call, frame=frame: call(frame, grid, ["max", "mean"])
            factors[name] = len(buildings) / len(frame)
        calls = {n: c for n, c in calls.items() if n not in factors or _installed(n)}
    for call in calls.values():
        call() if len(buildings) <= SAMPLE else None
    measure_depth(buildings.head(10), grid)  # compiled, or read from the cache
    times = [{n: _time(call) for n, call in calls.items()} for _ in range(rounds)]
    wall = pd.DataFrame([{n: t[0] for n, t in row.items()} for row in times]).median()
    cpu = pd.DataFrame([{n: t[1] for n, t in row.items()} for row in times]).median()
    factor = pd.Series(factors, dtype=float).reindex(wall.index, fill_value=1.0)
    table = pd.DataFrame({"seconds": wall * factor, "cpu_seconds": cpu * factor})
    return table.assign(ratio=table["seconds"] / table.loc[OURS, "seconds"])


def _installed(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


def _exactextract(buildings: gpd.GeoDataFrame, grid: Grid, statistics: list[str]) -> Any:
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource

    west, south, east, north = grid.bounds
    source = NumPyRasterSource(
        grid.values.astype("float64"), xmin=west, ymin=south, xmax=east, ymax=north,
        nodata=grid.nodata, srs_wkt=buildings.crs.to_wkt(),
    )  # fmt: skip
    return exact_extract(source, buildings, statistics, output="pandas")


def _extractrs(buildings: gpd.GeoDataFrame, grid: Grid, statistics: list[str]) -> Any:
    import extractrs

    wkb = list(shapely.to_wkb(buildings.geometry.to_numpy()))
    size = grid.cell_width, grid.cell_height
    cache = extractrs.build_cache(wkb, list(range(len(wkb))), *grid.bounds, *size)
    values = grid.values.astype("float64")
    return [extractrs.apply_stat(cache, values, grid.nodata, name) for name in statistics]


def _time(call: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, default=1_000, help="side of the raster in cells")
    parser.add_argument("--cell", type=float, default=1.0, help="side of a cell in metres")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="no sampling for exactextract")
    options = parser.parse_args()
    count = int(os.environ.get("TVB_BENCH_BUILDINGS", "10000"))
    buildings, grid = make_world(count, cells=options.cells, cell=options.cell)
    print(f"{count} buildings on {grid!r}; wet: {(grid.values > 0).mean():.0%} of the cells")
    if _installed("exactextract"):
        check_against_exactextract(buildings.head(SAMPLE), grid)
    sample = None if options.full else SAMPLE
    print(compare(buildings, grid, rounds=options.rounds, sample=sample).round(2).to_string())


if __name__ == "__main__":
    main()
