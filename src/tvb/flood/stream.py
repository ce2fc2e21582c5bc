"""Exposed buildings counted chunk by chunk: files of any size, in the memory of a few chunks.

Chunks are counted in any order, by any number of threads or processes, and added up: all that is
added is whole numbers, so that the table is always the same. It is the table of
`tvb.flood.count_exposed_buildings`, building by building.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Protocol, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd

from tvb.display import rows_table
from tvb.errors import ParameterError, explain
from tvb.flood.counting import ASIDE_COLUMNS, BUILDING_COLUMNS, CM2_PER_M2, lay_out_sums
from tvb.flood.exposure import Method, require_method
from tvb.flood.groups import OUTSIDE
from tvb.flood.rules import CountingRule, ExposureRule
from tvb.flood.stream_chunk import (
    Arrays,
    Chunk,
    ExposedBuildings,
    ExposureCounts,
    expose_chunk,
    no_counts,
    sum_exposed,
)
from tvb.flood.stream_zones import Prepared, prepare_exposure
from tvb.kernels import STAGE_THREADS
from tvb.progress import Bar

__all__ = [
    "ChunkSource",
    "ChunkStore",
    "StreamedExposure",
    "count_exposure_stream",
    "count_prepared",
    "lay_out_counts",
]

# Chunks that are being counted, or wait for those before them; more of them wait for the zones.
_AHEAD, _FAR_AHEAD = STAGE_THREADS + 3, STAGE_THREADS + 11

Writer: TypeAlias = Callable[[ExposedBuildings], None]


class ChunkSource(Protocol):
    """A file of buildings, as `tvb.io.open_footprints` opens it."""

    identity: str
    rows: int | None
    bbox: tuple[float, float, float, float] | None

    def chunks(self, done: Mapping[int, Arrays] | None = None) -> Iterator[Chunk]:
        """Yield chunks in order, but for those whose claims are given."""


class ChunkStore(Protocol):
    """Keeps what was counted, so that an interrupted run can go on."""

    def load(self, identity: str) -> dict[int, Arrays]:
        """Return what was saved under an identity, by chunk."""

    def save(self, identity: str, number: int, arrays: Arrays) -> None:
        """Keep what was counted in a chunk."""


@dataclass(frozen=True, slots=True, repr=False)
class StreamedExposure:
    """What was counted in a file.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame
        By the text of the rule ("touches", "share >= 0.5"): the table of
        `tvb.flood.count_exposed_buildings`.
    buildings : int
        Buildings looked at.
    """

    tables: dict[str, pd.DataFrame]
    buildings: int

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"<{name}: {self.buildings} buildings, by {', '.join(self.tables)}>"

    def _repr_html_(self) -> str:
        rows = [
            (rule, scenario, count)
            for rule, totals in self._totals().items()
            for scenario, count in totals.items()
        ]
        heads = ("rule", "scenario", "buildings")
        return rows_table(self, heads, rows, then=(".tables", ".summary()"))

    def summary(self) -> str:
        """Return the number of exposed buildings by rule and scenario, as a text for people.

        Returns
        -------
        str
            One line for the file, then one for each rule and scenario.
        """
        lines = [f"{self.buildings} buildings"]
        for rule, totals in self._totals().items():
            lines += [f"  {rule}, {scenario}: {count}" for scenario, count in totals.items()]
        return "\n".join(lines)

    def _totals(self) -> dict[str, pd.Series[int]]:
        """Return the exposed buildings of each scenario, by rule."""
        return {
            rule: table.groupby(level="scenario", sort=False)["buildings"].sum()
            for rule, table in self.tables.items()
        }


def count_exposure_stream(
    footprints: ChunkSource,
    zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    rules: Sequence[CountingRule | ExposureRule] = ("touches", "centroid", "share"),
    scenarios: Sequence[str] | None = None,
    method: Method = "fast",
    store: ChunkStore | None = None,
    on_exposed: Writer | None = None,
) -> StreamedExposure:
    """Return the number of exposed buildings in each commune and scenario, by several rules.

    Parameters
    ----------
    footprints : ChunkSource
        A file, from `tvb.io.open_footprints`; read once, whatever its size.
    zones, communes, rules, scenarios
        As in `prepare_exposure`.
    method, store, on_exposed
        As in `count_prepared`.

    Returns
    -------
    StreamedExposure
        The tables that `tvb.flood.count_exposed_buildings` gives for the layer.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If ``scenario`` is missing, or a code of a commune is missing or given twice.
    ParameterError
        If a rule or the method is not accepted, or a path or a layer is given for the file.

    Examples
    --------
    >>> footprints = tvb.io.open_footprints("batiment.parquet")  # doctest: +SKIP
    >>> counted = count_exposure_stream(footprints, zones, communes)  # doctest: +SKIP
    >>> counted.tables["touches"].groupby("scenario")["buildings"].sum()  # doctest: +SKIP
    """
    require_method(method)
    _require_parts(footprints, store)
    # Filters of warnings are the whole process's: two threads that leave theirs in another order
    # than they came would leave the caller with those of one of them.
    with warnings.catch_warnings(), ThreadPoolExecutor(1) as pool:
        # The first chunks are read meanwhile.
        prepared = pool.submit(
            prepare_exposure, zones, communes, rules=rules, scenarios=scenarios,
            window=footprints.bbox,
        )  # fmt: skip
        return _count(footprints, prepared, method=method, store=store, on_exposed=on_exposed)


def count_prepared(
    footprints: ChunkSource,
    prepared: Prepared,
    *,
    method: Method = "fast",
    store: ChunkStore | None = None,
    on_exposed: Writer | None = None,
) -> StreamedExposure:
    """Return the number of exposed buildings in each commune and scenario, zones being ready.

    Parameters
    ----------
    footprints : ChunkSource
        As in `count_exposure_stream`.
    prepared : Prepared
        From `prepare_exposure`; without a window, or with one that holds that of the footprints.
    method : {"fast", "plain"}
        How the same answer is found: by a lattice and sums over edges, or by asking GEOS for every
        building and zone, for comparison.
    store : ChunkStore, optional
        Where what has been counted is kept: a run that was interrupted goes on from there.
    on_exposed : callable, optional
        Called with the `ExposedBuildings` of each chunk, in order, to write a table of them. It
        forces chunks that a store holds to be counted again.

    Returns
    -------
    StreamedExposure
        As in `count_exposure_stream`.

    Raises
    ------
    ParameterError
        If the method is not accepted, or a path or a layer is given for the file.
    """
    require_method(method)
    _require_parts(footprints, store)
    ready: Future[Prepared] = Future()
    ready.set_result(prepared)
    return _count(footprints, ready, method=method, store=store, on_exposed=on_exposed)


def _require_parts(footprints: object, store: object) -> None:
    """Raise an error where the name of a file stands for what has been opened."""
    if not hasattr(footprints, "chunks"):
        is_layer = isinstance(footprints, pd.DataFrame)
        raise ParameterError(
            explain(
                "footprints",
                f"a {type(footprints).__name__} is not a file that has been opened",
                remedy="call tvb.flood.count_exposed_buildings for a layer"
                if is_layer
                else "give tvb.io.open_footprints(path)",
            )
        )
    if store is not None and not (hasattr(store, "load") and hasattr(store, "save")):
        raise ParameterError(
            explain(
                "store",
                f"a {type(store).__name__} keeps no chunks",
                remedy="give tvb.flood.FolderStore(folder)",
            )
        )


def _count(
    footprints: ChunkSource,
    prepared: Future[Prepared],
    *,
    method: Method,
    store: ChunkStore | None,
    on_exposed: Writer | None,
) -> StreamedExposure:
    """Return `count_prepared`, once the zones are ready."""
    identity, done = "", {}
    if store is not None:
        identity = f"{prepared.result().identity} {footprints.identity}"
        done = store.load(identity) if on_exposed is None else {}
    counted = [ExposureCounts.from_arrays(arrays) for arrays in done.values()]
    total = reduce(add, counted) if counted else None
    with Bar("exposure", unit="buildings", total=footprints.rows) as bar:
        for exposed, counts in _count_in_order(footprints.chunks(done), prepared, method):
            if on_exposed is not None:
                on_exposed(exposed)
            if store is not None:
                chunk = exposed.chunk
                store.save(identity, chunk.number, counts.to_arrays() | chunk.claim.to_arrays())
            total = counts if total is None else total + counts
            bar.advance(counts.buildings)
    ready = prepared.result()
    total = no_counts(ready) if total is None else total
    return StreamedExposure(lay_out_counts(total, ready), total.buildings)


def _count_in_order(
    chunks: Iterable[Chunk], prepared: Future[Prepared], method: Method
) -> Iterator[tuple[ExposedBuildings, ExposureCounts]]:
    """Yield what is counted in each chunk, the next ones being counted meanwhile."""

    def work(chunk: Chunk) -> tuple[ExposedBuildings, ExposureCounts]:
        exposed = expose_chunk(chunk, prepared.result(), method=method)
        return exposed, sum_exposed(exposed, prepared.result())

    waiting: deque[Future[tuple[ExposedBuildings, ExposureCounts]]] = deque()
    with ThreadPoolExecutor(STAGE_THREADS) as pool:
        try:
            for chunk in chunks:
                waiting.append(pool.submit(work, chunk))
                if len(waiting) >= (_AHEAD if prepared.done() else _FAR_AHEAD):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def lay_out_counts(total: ExposureCounts, prepared: Prepared) -> dict[str, pd.DataFrame]:
    """Return the table of each rule.

    Parameters
    ----------
    total : ExposureCounts
        Of all chunks.
    prepared : Prepared
        What they were counted with.

    Returns
    -------
    dict of str to pandas.DataFrame
        As in `StreamedExposure`.
    """
    tables = {}
    codes = pd.Index([*prepared.locator.codes, OUTSIDE], name="insee", dtype="str")
    labels = codes, prepared.scenarios, (*BUILDING_COLUMNS, *ASIDE_COLUMNS)
    for rule, sums in zip(prepared.rules, total.sums, strict=True):
        whole = np.pad(sums, [(0, 0), (0, 0), (0, 1)])  # no row is repeated: chunks leave them out
        table = lay_out_sums(whole, labels, scale={"footprint_m2": CM2_PER_M2})
        said = rule.describe()
        tables[said["rule"]] = table.assign(**said)
    return tables
