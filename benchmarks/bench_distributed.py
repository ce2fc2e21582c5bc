"""What a million buildings cost a worker of a cluster, and what a cluster adds to it.

    python benchmarks/bench_distributed.py --buildings 3000000 --workers 2

writes the embedded territory with modelled buildings and four scenarios of 10 m detail into a
folder of GeoParquet files and counts their parts one after the other in this process, as a worker
does: CPU time, bytes read and bytes sent back. With workers, a local cluster counts them before,
twice. Files are in the cache of the machine.
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from tvb.flood.stream_zones import prepare_exposure
from tvb.io.footprint_parts import list_footprint_parts

PART_ROWS = 100_000


def write_parts(buildings: gpd.GeoDataFrame, folder: Path, *, rows: int = PART_ROWS) -> None:
    """Write buildings into files of one row group each."""
    for number, first in enumerate(range(0, len(buildings), rows)):
        some = buildings.iloc[first : first + rows]
        some.to_parquet(folder / f"{number:05d}.parquet", write_covering_bbox=True)


def measure(folder: Path, zones: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> dict[str, float]:
    """Return what it takes to count all parts in this process, once what is compiled is there."""
    from tvb.study.workers import count_part

    nothing = np.empty(0, dtype=np.uint64)
    wall, cpu = time.perf_counter(), time.process_time()
    prepared = prepare_exposure(zones, communes)
    ready_wall, ready_cpu = time.perf_counter() - wall, time.process_time() - cpu
    parts = list_footprint_parts(folder)
    count_part(parts[0], prepared, repeated=nothing, method="fast")
    read, wall, cpu = _bytes_read(), time.perf_counter(), time.process_time()
    counted = [count_part(part, prepared, repeated=nothing, method="fast") for part in parts]
    return {
        "buildings": sum(one.buildings for one in counted),
        "parts": len(parts),
        "seconds": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "bytes_read": _bytes_read() - read,
        "bytes_back": sum(len(pickle.dumps(one)) for one in counted),
        "ready_seconds": ready_wall,
        "ready_cpu": ready_cpu,
        "ready_bytes": len(pickle.dumps(prepared)),
    }


def per_million(measured: dict[str, float]) -> pd.Series:
    """Return the cost of a million buildings."""
    millions = measured["buildings"] / 1e6
    return pd.Series(
        {
            "CPU seconds": measured["cpu"] / millions,
            "seconds": measured["seconds"] / millions,
            "MB read": measured["bytes_read"] / 1e6 / millions,
            "MB sent back": measured["bytes_back"] / 1e6 / millions,
        }
    )


def _bytes_read() -> int:
    """Return the bytes that this process has read, those of the cache included."""
    told = Path("/proc/self/io").read_text().split()
    return int(told[told.index("rchar:") + 1])


def run_cluster(
    folder: Path, zones: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, *, workers: int
) -> pd.Series:
    """Return the seconds that a local cluster takes, and the most memory of a worker."""
    from distributed import Client, LocalCluster

    from tvb.study import count_exposure_distributed

    measured = {}
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        for run in ("first run", "second run"):
            wall, cpu = time.perf_counter(), _spent(client)
            counted = count_exposure_distributed(folder, zones, communes, client=client)
            measured[f"{run}, seconds"] = time.perf_counter() - wall
            measured[f"{run}, CPU of the workers"] = _spent(client) - cpu
        measured["peak of a worker, GB"] = max(client.run(_peak_gb).values())
    measured["peak of the client, GB"] = _peak_gb()
    print(counted.summary(), counted.report.summary(), sep="\n")
    return pd.Series(measured)


def _spent(client: Any) -> float:
    return float(sum(client.run(time.process_time).values()))


def _peak_gb() -> float:
    """Return the most memory that this process has held."""
    told = Path("/proc/self/status").read_text().split()
    return int(told[told.index("VmHWM:") + 1]) / 1e6


def main() -> None:
    from tvb.datasets import bassin_minier

    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--buildings", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=0, help="0: without a cluster")
    parser.add_argument("--folder", type=Path, help="where the files are, or are to be kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        parts = folder / "batiment"
        if not parts.exists():
            parts.mkdir(parents=True)
            territory = bassin_minier(
                buildings=options.buildings, detail=4.0, cell_m=10.0, rasters=False
            )
            write_parts(territory["buildings"], parts)
            for name in ("flood_zones", "communes"):
                territory[name].to_parquet(folder / f"{name}.parquet")
            del territory
        zones, communes = (
            gpd.read_parquet(folder / f"{name}.parquet") for name in ("flood_zones", "communes")
        )
        if options.workers:
            print(run_cluster(parts, zones, communes, workers=options.workers).to_string())
        measured = measure(parts, zones, communes)
    print(pd.Series(measured).to_string(), per_million(measured).to_string(), sep="\n\n")


if __name__ == "__main__":
    main()
