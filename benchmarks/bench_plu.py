"""How long the review of a large plan takes, and of a plan for each commune.

    python benchmarks/bench_plu.py --zones 5000 --prescriptions 50000
    python benchmarks/bench_plu.py --portfolio

The plan covers all communes of the embedded territory: zones are Voronoi cells cut at the border of
each commune, with a vertex every 15 m; prescriptions are areas, lines and points of the codes that
the rules look for, strewn over it. The reference is the whole territory with its habitat graph.
Wall time, CPU time and the largest memory of the process are printed, and the time of each family.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb import connectivity
from tvb.io import read_plan
from tvb.plan import Plan
from tvb.plu import FAMILIES, Reference, review_plan, review_portfolio
from tvb.territory import Territory

CODES = ("07-01", "07-02", "07-04", "25-00", "01-00", "02-02", "05-01", "05-04", "24-03", "43-00")
CLASSES = ("U", "U", "U", "AUc", "A", "A", "A", "N", "N", "N")


def make_reference(territory: Territory) -> Reference:
    """Return the territory with the graph of its core areas, terrils and water bodies."""
    layers = {n: territory[n] for n in ("core_areas", "terrils", "water_bodies")}
    patches = connectivity.build_patches(layers, min_area_m2=10_000, merge_distance_m=10)
    links = connectivity.build_links(patches, max_distance_m=2_000)
    graph = connectivity.HabitatGraph.from_frames(patches, links)
    return Reference.of(territory, graph=graph, dispersal=1_000.0)


def model_large_plan(
    communes: gpd.GeoDataFrame, *, zones: int, prescriptions: int, seed: int = 7
) -> Plan:
    """Return a plan of some communes with about that many zones and prescriptions."""
    rng = np.random.default_rng(seed)
    area = communes.area.to_numpy()
    codes = communes["insee"].to_numpy(dtype=object)
    share = area / area.sum()
    cells = [
        _cells(shape, max(1, round(zones * part)), rng)
        for shape, part in zip(communes.geometry, share, strict=True)
    ]
    shapes = np.concatenate(cells)
    types = rng.choice(CLASSES, len(shapes))
    several = len(communes) > 1
    idurba = "200000001_PLUi_20240101" if several else f"{codes[0]}_PLU_20240101"
    tables: dict[str, pd.DataFrame] = {
        "zone_urba": gpd.GeoDataFrame(
            {"LIBELLE": types, "TYPEZONE": types, "NOMFIC": "r.pdf", "IDURBA": idurba},
            geometry=shapes, crs=2154,
        ),
        "doc_urba": pd.DataFrame({"IDURBA": [idurba], "ETAT": "03", "DATAPPRO": "20240101"}),
        "doc_urba_com": pd.DataFrame({"INSEE": codes, "IDURBA": idurba}),
    }  # fmt: skip
    inside = shapely.get_coordinates(shapely.point_on_surface(shapes))
    for name, items in _items(inside, prescriptions, rng):
        code = rng.choice(CODES, len(items))
        tables[name] = gpd.GeoDataFrame(
            {"LIBELLE": code, "TYPEPSC": [c[:2] for c in code],
             "STYPEPSC": [c[3:] for c in code], "IDURBA": idurba},
            geometry=items, crs=2154,
        )  # fmt: skip
    return read_plan(tables, nature="modelled", progress=False)


def _cells(shape: Any, count: int, rng: np.random.Generator) -> Any:
    """Return a partition of a commune in cells."""
    west, south, east, north = shape.bounds
    seeds = shapely.points(rng.uniform(west, east, count), rng.uniform(south, north, count))
    if count == 1:
        return np.array([shape])
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=shape))
    parts = shapely.intersection(cells, shape)
    parts = parts[(shapely.get_dimensions(parts) == 2) & (shapely.area(parts) > 1)]
    return shapely.segmentize(parts, 15.0)


def _items(inside: Any, count: int, rng: np.random.Generator) -> Iterator[tuple[str, Any]]:
    place = inside[rng.integers(0, len(inside), count)] + rng.normal(0, 150, (count, 2))
    points = shapely.points(place)
    first, second = int(0.6 * count), int(0.75 * count)
    yield "prescription_surf", shapely.buffer(points[:first], rng.uniform(10, 60, first))
    ends = place[first:second] + rng.normal(0, 100, (second - first, 2))
    yield "prescription_lin", shapely.linestrings(np.stack([place[first:second], ends], axis=1))
    yield "prescription_pct", points[second:]


@dataclass
class Clock:
    """Wall and CPU seconds of a block."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __enter__(self) -> Clock:
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall_s = time.perf_counter() - self._start[0]
        self.cpu_s = time.process_time() - self._start[1]

    def __str__(self) -> str:
        return f"{self.wall_s:.1f} s (CPU {self.cpu_s:.1f} s)"


def measure_families(plan: Plan, reference: Reference) -> pd.DataFrame:
    """Return the seconds and findings of each family of rules, one after the other."""
    rows = []
    for family in FAMILIES:
        with Clock() as clock:
            review = review_plan(plan, reference, rules=[family])
        rows.append((family, clock.wall_s, clock.cpu_s, len(review.findings)))
    return pd.DataFrame(rows, columns=["family", "wall_s", "cpu_s", "findings"])


def peak_mb() -> float:
    """Return the largest memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@dataclass(frozen=True)
class Made:
    """A plan that is made when its turn comes."""

    commune: gpd.GeoDataFrame
    zones: int
    prescriptions: int

    @property
    def name(self) -> str:
        return f"{self.commune['insee'].iloc[0]}_PLU_20240101"

    def checksum(self) -> str:
        return self.name

    def read(self) -> Plan:
        return model_large_plan(self.commune, zones=self.zones, prescriptions=self.prescriptions)


def portfolio_of(territory: Territory, zones: int, prescriptions: int) -> Sequence[Made]:
    """Return one delivery for each commune."""
    communes = territory["communes"].sort_values("insee")
    return [
        Made(communes.iloc[[i]].reset_index(drop=True), zones, prescriptions)
        for i in range(len(communes))
    ]


def test_a_large_plan_is_reviewed_whole() -> None:
    """Small: what the benchmark runs is run in the suite, so that it cannot rot."""
    from tvb.datasets import PLAN_COMMUNES, bassin_minier

    territory = bassin_minier(communes=PLAN_COMMUNES, rasters=False)
    reference = make_reference(territory)
    plan = model_large_plan(territory["communes"], zones=60, prescriptions=200)
    review = review_plan(plan, reference)
    # Cells cut at the borders of the communes are a partition.
    assert not review.findings["rule"].isin(["S1.17", "S1.18", "S1.19"]).any()
    portfolio = review_portfolio(portfolio_of(territory, 20, 40)[:2], reference)
    assert portfolio.plans["state"].tolist() == ["revu", "revu"]


def main() -> None:
    from tvb.datasets import bassin_minier

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--zones", type=int, default=5_000)
    parser.add_argument("--prescriptions", type=int, default=50_000)
    parser.add_argument("--portfolio", action="store_true", help="one plan for each commune")
    options = parser.parse_args()
    territory = bassin_minier(rasters=False)
    with Clock() as clock:
        reference = make_reference(territory)
    print(f"reference and graph: {clock}; {reference.graph}; {peak_mb():.0f} MB")
    if options.portfolio:
        deliveries = portfolio_of(territory, 60, 300)
        with Clock() as clock:
            portfolio = review_portfolio(deliveries, reference)
        print(f"{portfolio}: {clock}; {len(portfolio.findings)} findings; {peak_mb():.0f} MB")
        return
    with Clock() as clock:
        plan = model_large_plan(
            territory["communes"], zones=options.zones, prescriptions=options.prescriptions
        )
    print(f"plan made and read: {clock}; {plan}")
    for turn in ("first", "second"):
        with Clock() as clock:
            review = review_plan(plan, reference)
        print(f"{turn} review: {clock}; {review}; {peak_mb():.0f} MB")
    print(measure_families(plan, reference).round(2).to_string())


if __name__ == "__main__":
    main()
