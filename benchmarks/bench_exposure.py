"""How long the count of exposed buildings takes, beside reading them and beside plain joins.

    python benchmarks/bench_exposure.py --buildings 1000000 --detail 4

The world is the embedded territory with its four modelled scenarios. All calls are run in turn,
several rounds of them, and medians are printed with their ratio to the count by touch (which
includes the communes and the table). The plain ``geopandas.sjoin(buildings, zones)`` asks every
building about large zones and takes minutes: it is run on buildings drawn at random and its time
multiplied by the sampling ratio, unless ``--full`` is given. The join with its arguments swapped
prepares each zone once; it is the best that geopandas does, and is run whole.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd

from tvb.flood import count_exposed_buildings, flag_exposed_buildings

SAMPLE = 10_000
OURS = "count_exposed_buildings, touches"


def compare(
    buildings: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    rounds: int = 3,
    sample: int | None = SAMPLE,
) -> pd.DataFrame:
    """Return the median seconds of each call, and how many times longer than ours it takes."""
    drawn = buildings if sample is None else buildings.sample(min(sample, len(buildings)))
    factors = {"sjoin(buildings, zones)": len(buildings) / len(drawn)}
    with tempfile.TemporaryDirectory() as folder:
        calls = _readers(buildings, Path(folder))
        for rule in ("touches", "centroid", "share"):
            calls[f"count_exposed_buildings, {rule}"] = lambda rule=rule: count_exposed_buildings(
                buildings, zones, communes, rule=rule
            )
        calls["sjoin(zones, buildings)"] = lambda: gpd.sjoin(zones, buildings)
        calls["sjoin(buildings, zones)"] = lambda: gpd.sjoin(drawn, zones)
        seconds = pd.DataFrame(
            [{n: _time(call) for n, call in calls.items()} for _ in range(rounds)]
        )
    median = seconds.median() * pd.Series(factors).reindex(seconds.columns, fill_value=1.0)
    return pd.DataFrame({"seconds": median, "ratio": median / median[OURS]})


def check_against_sjoin(buildings: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> None:
    """Assert that the buildings found by touch are those of the join, each once."""
    flags = flag_exposed_buildings(buildings, zones)
    joined = gpd.sjoin(zones[["scenario", "geometry"]], buildings[["geometry"]])
    label = joined.columns[-1]
    for scenario, group in joined.groupby("scenario"):
        assert set(group[label]) == set(buildings.index[flags[scenario]])


def _readers(buildings: gpd.GeoDataFrame, folder: Path) -> dict[str, Callable[[], object]]:
    package, parquet = folder / "buildings.gpkg", folder / "buildings.parquet"
    buildings.to_file(package, layer="buildings", engine="pyogrio")
    buildings.to_parquet(parquet)
    return {
        "read GeoPackage (Arrow)": lambda: gpd.read_file(package, use_arrow=True),
        "read GeoParquet": lambda: gpd.read_parquet(parquet),
    }


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    from tvb.datasets import bassin_minier

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--buildings", type=int, default=1_000_000)
    parser.add_argument("--detail", type=float, default=4.0, help="raggedness of the zones")
    parser.add_argument("--cell", type=float, default=10.0, help="cell of the terrain, in metres")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="no sampling for the plain join")
    options = parser.parse_args()
    territory = bassin_minier(
        buildings=options.buildings, detail=options.detail, cell_m=options.cell, rasters=False
    )
    layers = [territory[name] for name in ("buildings", "flood_zones", "communes")]
    vertices = layers[1].count_coordinates().groupby(layers[1]["scenario"]).sum()
    print(f"{len(layers[0])} buildings; vertices of the zones: {vertices.to_dict()}")
    check_against_sjoin(*layers[:2])
    table = compare(*layers, rounds=options.rounds, sample=None if options.full else SAMPLE)
    print(table.round(2).to_string())


if __name__ == "__main__":
    main()
