"""The comparison with DuckDB spatial and PostGIS, at a small size.

DuckDB is compared where it is installed, which the project does not ask for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from benchmarks import bench_rivals, bench_stream

import worlds


def some_buildings() -> gpd.GeoDataFrame:
    """Return 400 squares of 40 m, one in three light, all over the town."""
    corners = [(x, y) for x in range(0, 2000, 100) for y in range(0, 2000, 100)]
    return gpd.GeoDataFrame(
        {
            "cleabs": [f"BATIMENT{i:016d}" for i in range(len(corners))],
            "construction_legere": [i % 3 == 0 for i in range(len(corners))],
        },
        geometry=[worlds.box(x, y, x + 40, y + 40) for x, y in corners],
        crs="EPSG:2154",
    )


def some_zones() -> gpd.GeoDataFrame:
    """Return a disc of 1600 edges, two zones whose borders halve buildings, one that meets none."""
    disc = worlds.at(shapely.Point(1000, 1000).buffer(640, quad_segs=400))
    parts = {
        "01For": [disc],
        "02Moy": [disc, worlds.box(0, 0, 320, 2000), worlds.box(1720, 0, 2000, 2000)],
        "04Fai": [worlds.box(5000, 0, 5100, 100)],
    }
    rows = [(scenario, part) for scenario, some in parts.items() for part in some]
    return gpd.GeoDataFrame(rows, columns=["scenario", "geometry"], crs="EPSG:2154")


def measured(folder: Path, engine: Any, **options: Any) -> tuple[pd.Series, dict[str, Any]]:
    bench_stream.write_files(some_buildings(), folder)
    return bench_rivals.compare(
        folder, some_zones(), worlds.communes(), engine=engine, rounds=1, **options
    )


def test_rivals_count_what_we_count(tmp_path: Path, real: Any) -> None:
    """Kills: a benchmark that rots; a rival that counts a building once for each piece of a zone,
    or without light constructions; a scenario without buildings taken for a difference."""
    seconds, counts = measured(tmp_path, real, delivered_s=60)
    assert {"ours", "PostGIS, loading", "PostGIS, zones cut"} <= set(seconds.index)
    assert (seconds < 60).all()
    assert bench_rivals.differences(counts) == []
    cut, uncut = counts["PostGIS shares"], counts["PostGIS counts, zones as delivered"]
    assert cut["touches"].to_dict() == uncut["touches"].to_dict()
    assert cut.loc["04Fai"].tolist() == [0, 0]
    # The disc covers a third of the town; the boxes touch 80 and 60 of its 400 buildings.
    assert cut["touches"]["02Moy"] == cut["touches"]["01For"] + 140
    assert cut["share"]["02Moy"] == cut["share"]["01For"] + 140
    found = bench_rivals.ratios(seconds)
    assert (found > 0).all()
    assert {"PostGIS counts, cutting included / ours", "PostGIS shares / ours, zones ready"} <= set(
        found.index
    )


def test_what_is_stopped_is_infinite(tmp_path: Path, real: Any) -> None:
    """Kills: a statement stopped by its time limit that ends the benchmark, or counts as quick."""
    seconds, counts = measured(tmp_path, real, delivered_s=0.001)
    for name in ("PostGIS counts, zones as delivered", "PostGIS shares, zones as delivered"):
        assert seconds[name] == float("inf")
        assert name not in counts


def test_without_a_server_its_lines_are_absent(tmp_path: Path) -> None:
    seconds, counts = measured(tmp_path, None)
    assert not [name for name in seconds.index if name.startswith("PostGIS")]
    assert bench_rivals.differences(counts) == []


def test_a_difference_is_told() -> None:
    """Kills: a check of the totals over scenarios, or of the rules that all calls count."""
    right = pd.DataFrame({"touches": [5, 7], "share": [4, 6]}, index=["01For", "02Moy"])
    wrong = pd.DataFrame({"touches": [7, 5]}, index=["01For", "02Moy"])
    told = bench_rivals.differences({"ours": right, "fair": right, "DuckDB counts": wrong})
    assert told == [
        "DuckDB counts, touches, 01For: 7 buildings, ours 5",
        "DuckDB counts, touches, 02Moy: 5 buildings, ours 7",
    ]
