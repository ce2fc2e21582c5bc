"""Buildings counted by a cluster, against one machine; workers die, clusters are lost."""

from __future__ import annotations

import builtins
import logging
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from benchmarks import bench_distributed

import worlds
from test_flood_stream import account, buildings, messy, nasty_buildings, nasty_zones, write
from tvb.errors import MissingExtraError, ParameterError, SourceError
from tvb.flood import (
    FolderStore,
    StreamedExposure,
    count_exposed_buildings,
    count_exposure_stream,
    prepare_exposure,
)
from tvb.flood.stream import lay_out_counts
from tvb.flood.stream_chunk import no_counts
from tvb.io import FootprintPart, list_footprint_parts, open_footprints, read_layer
from tvb.study import count_exposure_distributed, distributed

dask_distributed = pytest.importorskip("distributed", reason="the extra distributed is absent")

RULES = ("touches", "centroid", "share")


def start_cluster(workers: int) -> Any:
    """Return a cluster on this machine, each worker a process of its own."""
    return dask_distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1",
        dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL + 1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with start_cluster(2) as cluster, dask_distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of two departments: buildings of every ill kind, some delivered in both."""
    where = tmp_path / "batiment"
    (where / "departement=62").mkdir(parents=True)
    (where / "departement=59").mkdir()
    (where / "_delivery").mkdir()
    frame = buildings(nasty_buildings()).assign(cleabs=lambda f: "N" + f["cleabs"])
    both = pd.concat([frame.iloc[:60], frame.iloc[100:103].assign(usage_1="Annexe")])
    frame.to_parquet(where / "departement=59" / "batiment.parquet", row_group_size=10)
    both.to_parquet(where / "departement=62" / "a.parquet", row_group_size=7)
    polygons = messy().geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    write(messy()[polygons], where / "departement=62", "b.gpkg")
    (where / "departement=62" / "b.txt").write_text("what was delivered")
    write(frame, where / "_delivery")
    return where


def some_zones() -> gpd.GeoDataFrame:
    zones = nasty_zones()
    return zones[zones["scenario"].isin(["overlap", "bow-tie", "ring on ring", "everything"])]


def same_tables(found: StreamedExposure, expected: StreamedExposure) -> None:
    assert found.buildings == expected.buildings
    assert list(found.tables) == list(expected.tables)
    for rule, table in expected.tables.items():
        pd.testing.assert_frame_equal(found.tables[rule], table, check_exact=True)


def account_without_files(report: Any) -> Counter[tuple[str, str]]:
    """Return what happened to rows; several files have a reason each for keys given twice."""
    counts: Counter[tuple[str, str]] = Counter()
    for (kind, reason), count in account(report).items():
        counts[kind, reason.split(" in ")[0].split(",")[0].split(";")[0]] += count
    return counts


def counted_here(path: Path, **options: Any) -> StreamedExposure:
    return count_exposure_stream(
        open_footprints(path, chunk_rows=40), some_zones(), worlds.communes(), **options
    )


# The same numbers -------------------------------------------------------------------------------


def test_a_cluster_counts_as_one_machine_does(client: Any, folder: Path, tmp_path: Path) -> None:
    """Kills: identifiers compared within a part only, the first of the wrong part kept, floats
    added up, rows numbered from the start of a part, parts lost or counted twice."""
    zones, communes = some_zones(), worlds.communes()
    parts = list_footprint_parts(folder, chunk_rows=30)
    files = list(dict.fromkeys(part.path for part in parts))
    assert [Path(file).name for file in files] == ["batiment.parquet", "a.parquet", "b.gpkg"]
    found = count_exposure_distributed(parts, zones, communes, client=client)
    frame, report = read_layer(files, "buildings")
    assert found.buildings == len(frame) > 400
    for rule, table in zip(RULES, found.tables.values(), strict=True):
        expected = count_exposed_buildings(frame, zones, communes, rule=rule)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(table, expected, check_exact=True)
    assert account_without_files(found.report) == account_without_files(report)
    assert (found.report.rows_read, found.report.rows_kept) == (report.rows_read, report.rows_kept)
    assert (found.report.files, found.report.crs_in) == (report.files, report.crs_in)
    (nameless,) = (e for e in found.report.dropped if e.reason == "no « cleabs »")
    (expected_names,) = (e for e in report.dropped if e.reason == "no « cleabs »")
    assert nameless.ids == expected_names.ids
    one_file = write(frame, tmp_path, "all.parquet")
    same_tables(found, counted_here(one_file))
    held = client.run(lambda dask_worker: [name for name in dask_worker.plugins if "tvb" in name])
    assert list(held.values()) == [[], []]


def test_options_reach_the_workers(client: Any, tmp_path: Path) -> None:
    path = write(buildings(nasty_buildings()), tmp_path)
    options: dict[str, Any] = {"rules": ["share"], "scenarios": ["everything", "none"]}
    found = count_exposure_distributed(
        str(path),
        some_zones(),
        worlds.communes(),
        client=client,
        method="plain",
        **options,
    )
    same_tables(found, counted_here(path, **options))


@pytest.mark.parametrize("seed", range(3))
def test_parts_may_come_back_in_any_order(folder: Path, seed: int) -> None:
    """Kills: the first to come back taken for the first of the layer; parts that are counted
    again twice in the sum."""
    from tvb.study.workers import PartCounts, count_part

    zones, communes = some_zones(), worlds.communes()
    prepared = prepare_exposure(zones, communes)
    random = np.random.default_rng(seed)
    parts = list_footprint_parts(folder, chunk_rows=int(random.integers(5, 80)))
    books = distributed._Account(no_counts(prepared))
    wanted = {n: np.empty(0, np.uint64) for n in range(len(parts))}
    while wanted:
        number = int(random.choice(list(wanted)))
        repeated = wanted.pop(number)
        counted = count_part(parts[number], prepared, repeated=repeated, method="fast")
        again = PartCounts.from_arrays(counted.to_arrays())
        wanted |= books.enter(number, again)
    frame, _ = read_layer(list(dict.fromkeys(part.path for part in parts)), "buildings")
    assert books.total.buildings == len(frame)
    for rule, table in zip(RULES, lay_out_counts(books.total, prepared).values(), strict=True):
        expected = count_exposed_buildings(frame, zones, communes, rule=rule)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(table, expected, check_exact=True)


# Death ------------------------------------------------------------------------------------------


class Watched(FolderStore):
    """A store that tells when something is kept."""

    def __init__(self, folder: Path, tell: Callable[[int], None] | None = None) -> None:
        super().__init__(folder)
        self.kept: list[int] = []
        self._tell = tell

    def save(self, identity: str, number: int, arrays: Any) -> None:
        super().save(identity, number, arrays)
        self.kept.append(number)
        if self._tell is not None:
            self._tell(len(self.kept))


def test_a_worker_that_is_killed_changes_nothing(client: Any, folder: Path, tmp_path: Path) -> None:
    """Kills: results lost with a worker, parts counted by two workers, zones that a worker that
    starts again does not hold."""
    victims = []

    def kill(count: int) -> None:
        if count == 1:
            pids, busy = client.run(os.getpid), client.processing()
            address = max(busy, key=lambda one: len(busy[one]))
            assert len(busy[address]) > 0
            os.kill(pids[address], signal.SIGKILL)
            victims.append(address)

    zones, communes = some_zones(), worlds.communes()
    parts = list_footprint_parts(folder, chunk_rows=7)
    assert len(parts) > 30
    store = Watched(tmp_path / "kept", kill)
    found = count_exposure_distributed(
        parts, zones, communes, client=client, method="plain", store=store
    )
    assert len(victims) == 1
    assert set(store.kept) == set(range(len(parts)))
    client.wait_for_workers(2, timeout=20)
    assert victims[0] not in client.scheduler_info()["workers"]
    frame, _ = read_layer(list(dict.fromkeys(part.path for part in parts)), "buildings")
    for rule, table in zip(RULES, found.tables.values(), strict=True):
        expected = count_exposed_buildings(frame, zones, communes, rule=rule)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(table, expected, check_exact=True)


def test_a_run_goes_on_when_the_whole_cluster_is_lost(
    client: Any, folder: Path, tmp_path: Path
) -> None:
    """Kills: parts counted twice or never after a loss, their identifiers forgotten, what was
    counted again taken for what was counted first."""
    zones, communes = some_zones(), worlds.communes()
    parts = list_footprint_parts(folder, chunk_rows=30)
    with start_cluster(1) as doomed, dask_distributed.Client(doomed) as lost:
        before = Watched(tmp_path / "kept", lambda count: doomed.close() if count == 4 else None)
        with pytest.raises(SourceError, match=r"cluster: the connection to it is lost.*same store"):
            count_exposure_distributed(parts, zones, communes, client=lost, store=before)
    assert 4 <= len(before.kept) < len(parts)
    after = Watched(tmp_path / "kept")
    found = count_exposure_distributed(parts, zones, communes, client=client, store=after)
    assert set(before.kept) | set(after.kept) == set(range(len(parts)))
    straight = count_exposure_distributed(parts, zones, communes, client=client)
    same_tables(found, straight)
    assert account(found.report) == account(straight.report)
    # All is there, what was counted again included: no worker is asked.
    again = count_exposure_distributed(parts, zones, communes, client=None, store=after)  # type: ignore[arg-type]
    same_tables(again, straight)
    # Other rows in a part make another run.
    fewer = list_footprint_parts(folder, chunk_rows=50)
    other = Watched(tmp_path / "kept")
    same_tables(
        count_exposure_distributed(fewer, zones, communes, client=client, store=other), straight
    )
    assert set(other.kept) == set(range(len(fewer)))


# What is said -----------------------------------------------------------------------------------


def test_dask_that_is_absent_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "distributed":
            raise ImportError(name)
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r'pip install "tvb-bassin-minier\[distributed\]"'):
        count_exposure_distributed("b.parquet", some_zones(), worlds.communes(), client=None)  # type: ignore[arg-type]


def test_what_cannot_be_counted_is_said(client: Any, tmp_path: Path) -> None:
    """Kills: the error of a worker wrapped in one of dask, a file that changes under the run."""
    zones, communes = some_zones(), worlds.communes()
    path = write(buildings(nasty_buildings()[:30]), tmp_path)
    with pytest.raises(ParameterError, match="method: « best » is unknown"):
        count_exposure_distributed(path, zones, communes, client=client, method="best")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="chunk_rows: 0"):
        list_footprint_parts(path, chunk_rows=0)
    with pytest.raises(SourceError, match="no such file"):
        list_footprint_parts(tmp_path / "absent.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="empty: holds no file of buildings"):
        list_footprint_parts(tmp_path / "empty")
    parts = list_footprint_parts(path)
    write(buildings(nasty_buildings()[:31]), tmp_path)
    with pytest.raises(SourceError, match=r"has \d+ bytes, and had \d+ when the run began"):
        count_exposure_distributed(parts, zones, communes, client=client)
    path.write_bytes(path.read_bytes()[:500] + bytes(200) + path.read_bytes()[700:])
    with pytest.raises(SourceError, match=r"rows from 0: cannot be read"):
        count_exposure_distributed(path, zones, communes, client=client)


def test_a_part_that_kills_its_workers_is_named(tmp_path: Path) -> None:
    """Kills: a traceback of dask that names neither the file nor what to do."""
    parts = list_footprint_parts(write(buildings(nasty_buildings()[:30]), tmp_path))

    class Worker:
        address = "tcp://127.0.0.1:1"

    class Doomed:
        def result(self) -> None:
            raise dask_distributed.KilledWorker("key", Worker(), 3)

    prepared = prepare_exposure(some_zones(), worlds.communes())
    run = distributed._Run(None, parts, prepared, "fast")  # type: ignore[arg-type]
    with pytest.raises(SourceError, match=r"batiment\.parquet, rows from 0: each worker died"):
        run._receive(Doomed(), 0)  # type: ignore[arg-type]


# Parts ------------------------------------------------------------------------------------------


def rows_of(parts: list[FootprintPart]) -> list[tuple[tuple[int, ...], int, int | None]]:
    return [(part.groups, part.first, part.rows) for part in parts]


def test_files_are_cut_between_row_groups(tmp_path: Path) -> None:
    """Kills: small groups read one by one, large ones together, files that have none cut."""
    frame = buildings([worlds.box(20 * i, 0, 20 * i + 9, 9) for i in range(100)])
    frame.to_parquet(tmp_path / "b.parquet", row_group_size=30)
    path = tmp_path / "b.parquet"
    assert rows_of(list_footprint_parts(path, chunk_rows=60)) == [((0, 1), 0, 60), ((2, 3), 60, 40)]
    assert rows_of(list_footprint_parts(path, chunk_rows=10)) == [
        ((0,), 0, 30), ((1,), 30, 30), ((2,), 60, 30), ((3,), 90, 10),
    ]  # fmt: skip
    second = list_footprint_parts(path, chunk_rows=10)[1]
    assert str(second) == "b.parquet, rows from 30"
    keys = [k for chunk in second.open().chunks() for k in chunk.keys.to_pylist()]
    assert keys == frame["cleabs"].tolist()[30:60]
    for name in ("b.gpkg", "b.fgb"):
        (whole,) = list_footprint_parts(write(frame, tmp_path, name), chunk_rows=10)
        assert (whole.groups, whole.first, whole.rows, str(whole)) == ((), 0, 100, name)
    frame.to_parquet(tmp_path / "native.parquet", geometry_encoding="geoarrow")
    assert rows_of(list_footprint_parts(tmp_path / "native.parquet")) == [((), 0, 100)]
    degrees = frame.to_crs(4326)
    degrees.to_parquet(tmp_path / "degrees.parquet", row_group_size=30)
    parts = list_footprint_parts(tmp_path / "degrees.parquet", chunk_rows=30)
    assert len(parts) == 4
    assert sum(len(chunk) for part in parts for chunk in part.open().chunks()) == 100
    assert {part.crs_in for part in parts} == {"EPSG:4326"}


def test_benchmark_measures_what_it_says(tmp_path: Path) -> None:
    """Kills: a benchmark that rots."""
    frame = buildings(nasty_buildings())
    frame = frame[frame.geometry.is_valid]
    bench_distributed.write_parts(frame, tmp_path, rows=50)
    measured = bench_distributed.measure(tmp_path, some_zones(), worlds.communes())
    assert measured["buildings"] == len(frame)
    assert (bench_distributed.per_million(measured) > 0).all()
