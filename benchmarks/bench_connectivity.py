"""How long patches and the links between them take.

Run with ``pytest benchmarks/bench_connectivity.py``. The world: squares drawn at random, on average
500 m apart.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from tvb.connectivity import build_links, build_patches

SPACING_M = 500.0


def random_areas(count: int) -> gpd.GeoDataFrame:
    random = np.random.default_rng(2154)
    x, y = random.random((2, count)) * SPACING_M * np.sqrt(count)
    half = random.uniform(10, 150, count)
    return gpd.GeoDataFrame(geometry=shapely.box(x - half, y - half, x + half, y + half), crs=2154)


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
