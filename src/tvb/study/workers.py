"""What the machines of a cluster do: hold the zones, count the parts that they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from distributed import WorkerPlugin, get_worker
from numpy.typing import NDArray

from tvb.flood import ExposureCounts, Prepared, count_chunk
from tvb.flood.exposure import Method
from tvb.flood.stream_chunk import no_counts
from tvb.io.footprint_chunks import Claim
from tvb.io.footprint_parts import FootprintPart

__all__ = ["PartCounts", "PreparedPlugin", "count_part", "count_part_on_worker"]


class PreparedPlugin(WorkerPlugin):
    """Keeps zones and communes on each worker, those that join or start again included.

    Data that are scattered live on workers only, and are lost with the last of them; plugins are
    kept by the scheduler.

    Parameters
    ----------
    prepared : Prepared
        From `tvb.flood.prepare_exposure`.
    """

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared


@dataclass(frozen=True, slots=True)
class PartCounts:
    """What was counted in a part.

    Parameters
    ----------
    communes : numpy.ndarray
        Positions of the communes in which something was counted.
    sums : numpy.ndarray of int64
        Those of `ExposureCounts` in these communes: of 35 000, a part meets a few.
    buildings : int
        Buildings looked at.
    repeated : numpy.ndarray of uint64
        Hashes of the identifiers that were left to earlier parts, in ascending order.
    claim : Claim
        For the account; with the hashes of all identifiers of the part.
    """

    communes: NDArray[np.int64]
    sums: NDArray[np.int64]
    buildings: int
    repeated: NDArray[np.uint64]
    claim: Claim

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return it as arrays, to be stored.

        Returns
        -------
        dict of str to numpy.ndarray
            One for each field, and those of the claim.
        """
        own = {"communes": self.communes, "sums": self.sums, "repeated": self.repeated}
        return {**own, "buildings": np.array(self.buildings), **self.claim.to_arrays()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> PartCounts:
        """Return what `to_arrays` gave.

        Parameters
        ----------
        arrays : mapping of str to numpy.ndarray
            All of them.

        Returns
        -------
        PartCounts
            Equal to the first one.
        """
        claim, buildings = Claim.from_arrays(arrays), int(arrays["buildings"])
        return cls(arrays["communes"], arrays["sums"], buildings, arrays["repeated"], claim)

    def add_to(self, total: ExposureCounts) -> ExposureCounts:
        """Return a total with this part, whose array is changed.

        Parameters
        ----------
        total : ExposureCounts
            Of other parts.

        Returns
        -------
        ExposureCounts
            Of one part more.
        """
        total.sums[:, self.communes] += self.sums
        return ExposureCounts(total.sums, total.buildings + self.buildings)


def count_part(
    part: FootprintPart, prepared: Prepared, *, repeated: NDArray[np.uint64], method: Method
) -> PartCounts:
    """Return what is counted in a part; depends on nothing else, and can run anywhere.

    Parameters
    ----------
    part : FootprintPart
        From `tvb.io.list_footprint_parts`.
    prepared : Prepared
        From `tvb.flood.prepare_exposure`.
    repeated : numpy.ndarray of uint64
        Hashes of identifiers that earlier parts have too, in ascending order.
    method : {"fast", "plain"}
        As in `tvb.flood.count_prepared`.

    Returns
    -------
    PartCounts
        Whole numbers: those of all parts add up in any order.
    """
    footprints = part.open(repeated=repeated)
    total = no_counts(prepared)
    for chunk in footprints.chunks():
        total += count_chunk(chunk, prepared, method=method)
    communes = np.flatnonzero(total.sums.any(axis=(0, 2, 3)))
    sums = total.sums[:, communes]
    return PartCounts(communes, sums, total.buildings, repeated, footprints.claim())


def count_part_on_worker(
    part: FootprintPart, plugin: str, *, repeated: NDArray[np.uint64], method: Method
) -> PartCounts:
    """Return what is counted in a part, with the zones that the worker holds.

    Parameters
    ----------
    part, repeated, method
        As in `count_part`.
    plugin : str
        Name of its `PreparedPlugin`.

    Returns
    -------
    PartCounts
        As `count_part` gives it.
    """
    held = get_worker().plugins[plugin]
    assert isinstance(held, PreparedPlugin)  # noqa: S101
    return count_part(part, held.prepared, repeated=repeated, method=method)
