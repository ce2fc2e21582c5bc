"""Exposed buildings counted by the machines of a dask cluster, to the same last digit.

The layer is cut into parts (`tvb.io.list_footprint_parts`), each counted by a worker as a local run
counts its chunks. What comes back is whole numbers and the hashes of the identifiers. Parts come
back in any order; here they are settled in the order of the files, and those that hold a building
that an earlier part has too are counted once more without it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from tvb.errors import MissingExtraError, SourceError, explain
from tvb.flood import CountingRule, Prepared, StreamedExposure, prepare_exposure
from tvb.flood.exposure import Method, require_method
from tvb.flood.rules import ExposureRule
from tvb.flood.stream import ChunkStore, lay_out_counts
from tvb.flood.stream_chunk import ExposureCounts, no_counts
from tvb.io.footprint_keys import Hashes, SeenKeys
from tvb.io.footprint_parts import FootprintPart, join_claims, list_footprint_parts
from tvb.io.read import PathLike
from tvb.io.report import LayerReport
from tvb.progress import Bar

if TYPE_CHECKING:
    from distributed import Client, Future

    from tvb.io.footprint_chunks import Claim
    from tvb.study.workers import PartCounts

__all__ = ["DistributedExposure", "count_exposure_distributed"]

_EXTRA = 'pip install "tvb-bassin-minier[distributed]"'
_NOTHING: Hashes = np.empty(0, dtype=np.uint64)


@dataclass(frozen=True, slots=True, repr=False)
class DistributedExposure(StreamedExposure):
    """What was counted in a layer, and what was made of its rows.

    Parameters
    ----------
    tables, buildings
        As in `tvb.flood.StreamedExposure`.
    report : LayerReport
        Rows read, repaired and dropped.
    """

    report: LayerReport


def count_exposure_distributed(
    footprints: PathLike | Sequence[FootprintPart],
    zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    client: Client,
    rules: Sequence[CountingRule | ExposureRule] = ("touches", "centroid", "share"),
    scenarios: Sequence[str] | None = None,
    method: Method = "fast",
    store: ChunkStore | None = None,
) -> DistributedExposure:
    """Return the number of exposed buildings in each commune and scenario, counted by a cluster.

    Zones and communes are made ready here and sent once to each worker; buildings are read by the
    workers. When a worker dies, others count its parts again.

    Parameters
    ----------
    footprints : str, os.PathLike or sequence of FootprintPart
        File, or folder of files, that all machines find at the same path; or the parts that
        `tvb.io.list_footprint_parts` makes of it, where more has to be said.
    zones, communes, rules, scenarios
        As in `tvb.flood.prepare_exposure`.
    client : distributed.Client
        Connected to a cluster.
    method : {"fast", "plain"}
        As in `tvb.flood.count_prepared`.
    store : ChunkStore, optional
        Where this process keeps what comes back, for example a `tvb.flood.FolderStore`: a run that
        was interrupted goes on from there, on any cluster.

    Returns
    -------
    DistributedExposure
        The tables that `tvb.flood.count_exposed_buildings` gives for the layer.

    Raises
    ------
    MissingExtraError
        If dask is not installed.
    SourceError
        If a file is absent or unreadable, here or on a worker; if the cluster is lost; if workers
        die, one after the other, of the same part.
    CrsError, LayerError, ParameterError
        As `tvb.io.open_footprints` and `tvb.flood.prepare_exposure` do.

    See Also
    --------
    tvb.flood.count_exposure_stream : The same on one machine.

    Examples
    --------
    >>> client = distributed.Client("tcp://10.0.0.1:8786")  # doctest: +SKIP
    >>> counted = count_exposure_distributed(
    ...     "/shared/batiment", zones, communes, client=client
    ... )  # doctest: +SKIP
    >>> print(counted.summary())  # doctest: +SKIP
    """
    start = time.perf_counter()
    _require_dask()
    require_method(method)
    if isinstance(footprints, (str, os.PathLike)):
        footprints = list_footprint_parts(footprints)
    parts = list(footprints)
    prepared = prepare_exposure(zones, communes, rules=rules, scenarios=scenarios)
    account = _Account(no_counts(prepared))
    with Bar("exposure", unit="buildings", total=sum(part.rows or 0 for part in parts)) as bar:
        for buildings in _Run(client, parts, prepared, method).count(account, store):
            bar.advance(buildings)
    claims = [account.claims[number] for number in range(len(parts))]
    report = join_claims(claims, parts, seconds=time.perf_counter() - start)
    total = account.total
    return DistributedExposure(lay_out_counts(total, prepared), total.buildings, report)


def _require_dask() -> None:
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            explain("cluster", "dask.distributed is not installed", remedy=_EXTRA)
        ) from error


class _Account:
    """Adds up what comes back in any order, as if it had come in the order of the layer.

    Parameters
    ----------
    total : ExposureCounts
        Of nothing; its array is changed.
    """

    def __init__(self, total: ExposureCounts) -> None:
        self.total = total
        self.claims: dict[int, Claim] = {}
        self._arrived: dict[int, PartCounts] = {}
        self._seen = SeenKeys()
        self._settled = 0

    def enter(self, number: int, counted: PartCounts) -> dict[int, Hashes]:
        """Enter a part, and return those to be counted again, with what to leave out."""
        if number < self._settled:
            self._add(number, counted)
            return {}
        self._arrived[number] = counted
        again = {}
        while self._settled in self._arrived:
            counted = self._arrived.pop(self._settled)
            hashes = counted.claim.hashes
            repeated = np.sort(hashes[self._seen.add(hashes)])
            if np.array_equal(repeated, counted.repeated):
                self._add(self._settled, counted)
            else:
                again[self._settled] = repeated
            self._settled += 1
        return again

    def _add(self, number: int, counted: PartCounts) -> None:
        self.total = counted.add_to(self.total)
        self.claims[number] = replace(counted.claim, hashes=_NOTHING)


@dataclass(frozen=True, slots=True)
class _Run:
    """Parts to be counted by the workers of a client."""

    client: Client
    parts: Sequence[FootprintPart]
    prepared: Prepared
    method: Method

    @property
    def identity(self) -> str:
        """All that results depend on."""
        digest = hashlib.sha256(self.prepared.identity.encode())
        digest.update(repr(self.parts).encode())
        return f"parts {digest.hexdigest()}"

    def count(self, account: _Account, store: ChunkStore | None) -> Iterator[int]:
        """Enter all parts in an account; yield the buildings of each as it comes back."""
        from tvb.study.workers import PartCounts

        identity = "" if store is None else self.identity
        kept = {} if store is None else store.load(identity)
        wanted = {n: _NOTHING for n in range(len(self.parts)) if n not in kept}
        for number in sorted(kept):
            counted = PartCounts.from_arrays(kept[number])
            wanted |= account.enter(number, counted)
            yield counted.buildings
        if not wanted:
            return
        with _explain_loss(), _hold(self.client, self.prepared) as plugin:
            for number, counted in self._ask(wanted, account, plugin=plugin):
                if store is not None:
                    store.save(identity, number, counted.to_arrays())
                yield 0 if len(counted.repeated) else counted.buildings

    def _ask(
        self, wanted: Mapping[int, Hashes], account: _Account, *, plugin: str
    ) -> Iterator[tuple[int, PartCounts]]:
        """Yield what comes back of some parts and of those that are to be counted again."""
        from distributed import as_completed

        from tvb.study.workers import count_part_on_worker

        number_of: dict[Future[PartCounts], int] = {}
        arrivals = as_completed(loop=self.client.loop)

        def ask(some: Mapping[int, Hashes]) -> None:
            for number in sorted(some):
                future = self.client.submit(
                    count_part_on_worker, self.parts[number], plugin,
                    repeated=some[number], method=self.method, pure=False,
                )  # fmt: skip
                number_of[future] = number
                arrivals.add(future)

        ask(wanted)
        try:
            for future in arrivals:
                number = number_of.pop(future)
                counted = self._receive(future, number)
                yield number, counted
                ask(account.enter(number, counted))
        finally:
            if self.client.status == "running":
                self.client.cancel(list(number_of))

    def _receive(self, future: Future[PartCounts], number: int) -> PartCounts:
        from distributed import KilledWorker

        try:
            return future.result()
        except KilledWorker as error:
            raise SourceError(
                explain(
                    str(self.parts[number]), "each worker died that was given it",
                    remedy="see the logs of the workers; give them more memory, or make parts of "
                    "fewer rows with tvb.io.list_footprint_parts(…, chunk_rows=…)",
                )
            ) from error  # fmt: skip


@contextmanager
def _hold(client: Client, prepared: Prepared) -> Iterator[str]:
    """Let all workers hold zones and communes; yield the name that they go by."""
    from tvb.study.workers import PreparedPlugin

    name = f"tvb-{secrets.token_hex(8)}"
    client.register_plugin(PreparedPlugin(prepared), name=name)
    try:
        yield name
    finally:
        if client.status == "running":
            client.unregister_worker_plugin(name)


@contextmanager
def _explain_loss() -> Iterator[None]:
    from distributed.comm.core import CommClosedError

    try:
        yield
    except (CancelledError, CommClosedError, TimeoutError) as error:
        raise SourceError(
            explain(
                "cluster", f"the connection to it is lost ({error})",
                remedy="start it and call again; with the same store, the run goes on from there",
            )
        ) from error  # fmt: skip
