"""How long the embedded territory takes: run with ``pytest benchmarks/bench_datasets.py``."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tvb.datasets import bassin_minier, model, model_buildings


def _fresh(**options: object) -> object:
    """Return the territory, the shapes kept from an earlier call forgotten."""
    model.partition.cache_clear()
    model.objects.cache_clear()
    model.buffer_zone.cache_clear()
    return bassin_minier(**options)  # type: ignore[arg-type]


def test_whole_territory(benchmark: BenchmarkFixture) -> None:
    """The default call of ``tvb demo``: 100 000 buildings, cells of 20 m; about 7 s."""
    benchmark.pedantic(_fresh, rounds=1)


def test_one_commune(benchmark: BenchmarkFixture) -> None:
    benchmark.pedantic(_fresh, kwargs={"communes": ["62510"]}, rounds=1)


@pytest.mark.parametrize("number", [100_000, 1_000_000])
def test_buildings(benchmark: BenchmarkFixture, number: int) -> None:
    """About 5 s a million; 3 000 000 take 33 s and 2.6 GB with the whole territory."""
    communes = bassin_minier(buildings=0, rasters=False)["communes"]
    made = benchmark.pedantic(model_buildings, args=(number, communes), rounds=1)
    assert len(made) == number


def test_detailed_floods(benchmark: BenchmarkFixture) -> None:
    """About 670 000 vertices."""
    options = {"buildings": 0, "rasters": False, "detail": 4.0, "cell_m": 10.0}
    benchmark.pedantic(_fresh, kwargs=options, rounds=1)
