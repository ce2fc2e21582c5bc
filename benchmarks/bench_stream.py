"""How long the exposure of a file takes, beside reading that file and beside plain joins.

    python benchmarks/bench_stream.py --full

writes the embedded territory with three million modelled buildings and its four scenarios of 10 m
detail into a folder, then runs all calls in turn, several rounds of them, and prints the medians.
Ours do everything: zones and communes made ready, file read, touch, centroid, exact share, commune,
tables. Beside them: reading the same file into a frame, or through Arrow; the best order of
geopandas joins (large polygons first), read included; SedonaDB, where it is installed, joining the
zones as delivered, without communes. Each call is made twice, the second one is timed. Reading is
what takes the machine longest, so that files are in its cache before the first round.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from tvb.flood.stream import count_exposure_stream, count_prepared
from tvb.flood.stream_zones import prepare_exposure
from tvb.io.footprints import open_footprints

FILES = {"GeoParquet": "b.parquet", "GeoPackage": "b.gpkg", "FlatGeobuf": "b.fgb"}
SEDONA_COUNT = """
    SELECT z.scenario, COUNT(DISTINCT b.cleabs) AS buildings FROM b JOIN z
    ON ST_Intersects(b.geometry, z.geometry) GROUP BY z.scenario"""
SEDONA_SHARE = """
    SELECT z.scenario, COUNT(DISTINCT b.cleabs) AS buildings,
    SUM(ST_Area(ST_Intersection(b.geometry, z.geometry))) AS area_m2 FROM b JOIN z
    ON ST_Intersects(b.geometry, z.geometry) GROUP BY z.scenario"""


def write_files(buildings: gpd.GeoDataFrame, folder: Path) -> None:
    """Write buildings in each format."""
    buildings.to_parquet(folder / FILES["GeoParquet"], write_covering_bbox=True)
    for name in ("GeoPackage", "FlatGeobuf"):
        buildings.to_file(folder / FILES[name], engine="pyogrio", layer="buildings")


def compare(
    folder: Path,
    zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    rounds: int = 3,
    shares: bool = False,
) -> pd.DataFrame:
    """Return the median wall and CPU seconds of each call."""
    calls = _calls(folder, zones, communes)
    if not shares:
        calls.pop("SedonaDB shares", None)
    measured = [(name, *_time_again(call)) for _ in range(rounds) for name, call in calls.items()]
    table = pd.DataFrame(measured, columns=["call", "seconds", "cpu"])
    return table.groupby("call", sort=False).median()


def ratios(median: pd.DataFrame) -> pd.Series:
    """Return the ratios that the bars are about."""
    seconds = median["seconds"]
    ours = seconds["ours, GeoParquet"]
    wanted = {
        "ours / geopandas.read_parquet": ours / seconds["geopandas.read_parquet"],
        "joins of geopandas / ours": seconds["geopandas joins"] / ours,
    }
    for name in ("GeoPackage", "FlatGeobuf"):
        wanted[f"ours / Arrow, {name}"] = seconds[f"ours, {name}"] / seconds[f"Arrow, {name}"]
    for name in ("SedonaDB counts", "SedonaDB shares"):
        if name in seconds:
            wanted[f"{name} / ours"] = seconds[name] / ours
    return pd.Series(wanted)


def _calls(
    folder: Path, zones: gpd.GeoDataFrame, communes: gpd.GeoDataFrame
) -> dict[str, Callable[[], object]]:
    calls: dict[str, Callable[[], object]] = {}
    parquet = folder / FILES["GeoParquet"]
    for name, file in FILES.items():
        calls[f"ours, {name}"] = lambda path=folder / file: count_exposure_stream(
            open_footprints(path), zones, communes
        )
        if name != "GeoParquet":
            calls[f"Arrow, {name}"] = lambda path=folder / file: pyogrio.read_arrow(path)
    calls["geopandas.read_parquet"] = lambda: gpd.read_parquet(parquet)
    calls["geopandas joins"] = lambda: join(gpd.read_parquet(parquet), zones, communes)
    if importlib.util.find_spec("sedona") and importlib.util.find_spec("sedona.db"):
        calls |= _sedona_calls(parquet, zones)
    prepared = prepare_exposure(zones, communes)
    window = tuple(communes.geometry.iloc[0].bounds)
    package = folder / FILES["GeoPackage"]
    calls["one commune, zones ready"] = lambda: count_prepared(
        open_footprints(package, bbox=window), prepared
    )
    calls["one commune, all"] = lambda: count_exposure_stream(
        open_footprints(package, bbox=window), zones, communes.iloc[:1]
    )
    return calls


def join(
    buildings: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, communes: gpd.GeoDataFrame
) -> pd.Series:
    """Return buildings by commune and scenario as an experienced user of geopandas counts them."""
    hit = gpd.sjoin(zones[["scenario", "geometry"]], buildings[["geometry"]])
    pairs = hit[["scenario", "index_right"]].drop_duplicates()
    at_risk = buildings.loc[pairs["index_right"].unique(), ["geometry"]]
    points = at_risk.set_geometry(at_risk.centroid)
    held = gpd.sjoin(communes[["insee", "geometry"]], points)[["insee", "index_right"]]
    return pairs.merge(held, on="index_right").groupby(["insee", "scenario"]).size()


def _sedona_calls(parquet: Path, zones: gpd.GeoDataFrame) -> dict[str, Callable[[], object]]:
    import sedona.db

    def run(query: str) -> Any:
        context = sedona.db.connect()
        context.read_parquet(str(parquet)).to_view("b")
        context.create_data_frame(zones[["scenario", "geometry"]]).to_view("z")
        return context.sql(query).to_pandas()

    return {
        "SedonaDB counts": lambda: run(SEDONA_COUNT),
        "SedonaDB shares": lambda: run(SEDONA_SHARE),
    }


def _time_again(call: Callable[[], object]) -> tuple[float, float]:
    # Right after a call of another library, a first one also takes back the memory that it leaves.
    call()
    gc.collect()
    return _time(call)


def _time(call: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def prepare_folder(folder: Path, count: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Write modelled buildings, unless they are there; return the zones and the communes."""
    from tvb.datasets import bassin_minier

    if not (folder / FILES["FlatGeobuf"]).exists():
        territory = bassin_minier(buildings=count, detail=4.0, cell_m=10.0, rasters=False)
        write_files(territory["buildings"], folder)
        for name in ("flood_zones", "communes"):
            territory[name].to_parquet(folder / f"{name}.parquet")
    zones, communes = (
        gpd.read_parquet(folder / f"{name}.parquet") for name in ("flood_zones", "communes")
    )
    return zones, communes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--buildings", type=int, default=100_000)
    parser.add_argument("--full", action="store_true", help="three million buildings")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shares", action="store_true", help="shares by SedonaDB: minutes")
    parser.add_argument("--folder", type=Path, help="where the files are, or are to be kept")
    options = parser.parse_args()
    count = 3_000_000 if options.full else options.buildings
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        zones, communes = prepare_folder(folder, count)
        count_exposure_stream(open_footprints(folder / FILES["GeoParquet"]), zones, communes)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        median = compare(folder, zones, communes, rounds=options.rounds, shares=options.shares)
    print(median.round(2).to_string(), ratios(median).round(2).to_string(), sep="\n")
    print(f"peak memory of the process up to the first count: {peak:.2f} GB")


if __name__ == "__main__":
    main()
