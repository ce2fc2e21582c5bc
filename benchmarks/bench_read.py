"""How long a file of buildings takes to become a valid frame, and in how much memory.

Run with ``pytest benchmarks/bench_read.py -s``; ``TVB_BENCH_ROWS=1000000`` for the figures of the
documentation. The file: buildings of seven corners with heights and the 28 columns of BD TOPO.
Memory is the peak of a fresh process above what its imports hold, over the size of the file; for
GeoParquet also over the size that its own metadata gives for the data before compression. The text
table holds one point of each building and the same columns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from tvb.io import read_layer

ROWS = int(os.environ.get("TVB_BENCH_ROWS", "20000"))
FULL_ROWS = 1_000_000
MAX_RATIO = 3.0

MEASURE = """
import json, pathlib, re, sys, time
import geopandas, pyarrow.parquet, pyogrio
from tvb.io import read_layer
status = pathlib.Path("/proc/self/status")  # getrusage would give the peak of the parent
peak = lambda: 1024 * int(re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1])
before, start = peak(), time.perf_counter()
layer, options = sys.argv[2], {"crs": 2154, "extra_columns": sys.argv[3] == "all"}
frame, report = read_layer(sys.argv[1], layer, **options)
print(json.dumps([peak() - before, time.perf_counter() - start, len(frame)]))
"""


def buildings(rows: int) -> gpd.GeoDataFrame:
    """Return modelled buildings with the columns of BD TOPO."""
    random = np.random.default_rng(2154)
    width, depth = random.uniform(6, 20, (2, rows, 1))
    angle = random.uniform(0, np.pi, (rows, 1))
    along, across = np.array([[0, 1, 1, 0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5, 1, 1, 0]])
    x = width * along * np.cos(angle) - depth * across * np.sin(angle)
    y = width * along * np.sin(angle) + depth * across * np.cos(angle)
    x += random.uniform(650_000, 740_000, (rows, 1))
    y += random.uniform(7_010_000, 7_060_000, (rows, 1))
    z = np.broadcast_to(random.uniform(20, 80, (rows, 1)), x.shape)
    return gpd.GeoDataFrame(
        _attributes(random, rows),
        geometry=shapely.polygons(np.stack([x, y, z], axis=2).round(1)),
        crs=2154,
    )


def _attributes(random: np.random.Generator, rows: int) -> pd.DataFrame:
    def some(values: list[object], missing: float = 0.0) -> pd.Series:
        chosen = pd.Series(random.choice(np.array(values), rows))
        return chosen.mask(random.random(rows) < missing)

    heights = {
        name: random.uniform(20, 80, rows).round(1)
        for name in ("altitude_minimale_sol", "altitude_minimale_toit", "altitude_maximale_toit",
                     "altitude_maximale_sol")
    }  # fmt: skip
    nothing = pd.Series(np.nan, index=range(rows), dtype="str")
    return pd.DataFrame(
        {
            "cleabs": [f"BATIMENT{i:016d}" for i in range(rows)],
            "nature": some(["Indifférenciée", "Industriel, agricole ou commercial"]),
            "usage_1": some(["Résidentiel", "Indifférencié", "Annexe", "Agricole"]),
            "usage_2": some(["Annexe", "Indifférencié"], 0.95),
            "construction_legere": random.random(rows) < 0.1,
            "etat_de_l_objet": "En service",
            "date_creation": "2012-03-06 10:14:35",
            "date_modification": "2023-09-01 08:00:00",
            "date_d_apparition": nothing,
            "date_de_confirmation": nothing,
            "sources": nothing,
            "identifiants_sources": nothing,
            "methode_d_acquisition_planimetrique": "BDParcellaire recalée",
            "methode_d_acquisition_altimetrique": "Interpolation bâti BDTopo",
            "precision_planimetrique": 3.0,
            "precision_altimetrique": 2.5,
            "nombre_de_logements": some([0, 1, 2, 3], 0.41).astype("Int64"),
            "nombre_d_etages": some([1, 2, 3], 0.64).astype("Int64"),
            "materiaux_des_murs": some(["50", "10"], 0.5),
            "materiaux_de_la_toiture": some(["10", "20"], 0.5),
            "hauteur": random.uniform(2, 12, rows).round(1),
            **heights,
            "origine_du_batiment": "Cadastre",
            "appariement_fichiers_fonciers": some(["A 1.0", "B 0.8"]),
            "identifiants_rnb": [f"{i:012X}" for i in range(rows)],
        }
    )


@pytest.fixture(scope="module", params=["fgb", "gpkg", "parquet", "csv"])
def path(request, tmp_path_factory):
    target = tmp_path_factory.mktemp("read") / f"batiment.{request.param}"
    frame = buildings(ROWS)
    if request.param == "parquet":
        frame.to_parquet(target)
    elif request.param == "csv":
        points = shapely.get_coordinates(shapely.centroid(frame.geometry.to_numpy())).round(2)
        table = pd.DataFrame(frame.drop(columns="geometry")).rename(
            columns={"cleabs": "id_station"}
        )
        table.assign(x=points[:, 0], y=points[:, 1]).to_csv(target, sep=";", index=False)
    else:
        pyogrio.write_dataframe(frame, target)
    return target


def _layer(path: Path) -> str:
    return "pumping_stations" if path.suffix == ".csv" else "buildings"


def _uncompressed(path: Path) -> int:
    """Return the bytes of a Parquet file before compression, as its metadata tells."""
    told = pq.read_metadata(path) if path.suffix == ".parquet" else None
    return sum(told.row_group(i).total_byte_size for i in range(told.num_row_groups)) if told else 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("columns", ["all", "declared"])
def test_memory_of_reading(path: Path, columns: str):
    words = [sys.executable, "-c", MEASURE, str(path), _layer(path), columns]
    done = subprocess.run(words, capture_output=True, check=True)  # noqa: S603
    peak, seconds, rows = json.loads(done.stdout)
    size = path.stat().st_size
    plain = f", {peak / _uncompressed(path):.2f} times it uncompressed" * (
        path.suffix == ".parquet"
    )
    print(
        f"\n{path.name}, {columns} columns: {rows} rows, {size / 1e6:.0f} MB, {seconds:.1f} s, "
        f"peak {peak / 1e6:.0f} MB = {peak / size:.2f} times the file{plain}"
    )
    assert rows == ROWS
    if ROWS >= FULL_ROWS and path.suffix != ".parquet":  # Parquet is compressed five times
        assert peak <= MAX_RATIO * size


@pytest.mark.benchmark(group="read")
def test_read_layer(benchmark, path: Path):
    frame, _ = benchmark.pedantic(read_layer, (path, _layer(path)), {"crs": 2154}, rounds=1)
    assert len(frame) == ROWS


@pytest.mark.benchmark(group="read")
def test_read_without_repair_nor_account(benchmark, path: Path):
    """The same rows through geopandas, for comparison."""
    if path.suffix == ".csv":
        pytest.skip("geopandas reads no points from a text table")
    read = gpd.read_parquet if path.suffix == ".parquet" else gpd.read_file
    options = {} if path.suffix == ".parquet" else {"use_arrow": True}
    frame = benchmark.pedantic(read, (path,), options, rounds=1)
    assert len(frame) == ROWS
