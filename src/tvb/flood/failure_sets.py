"""Sets of stations that fail: what they flood, and which set of a size floods most.

References
----------
Nemhauser, Wolsey & Fisher 1978, "An analysis of approximations for maximizing submodular set
functions", for the guarantee of the greedy order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.display import parts_table
from tvb.errors import ParameterError, explain
from tvb.flood.checks import is_count
from tvb.geometry.arrays import BoolArray, FloatArray, IntArray

__all__ = ["FailureModel", "Method", "WorstFailures", "find_worst", "order_greedily", "pack_bits"]

Method = Literal["auto", "exact", "greedy"]

# Sums of capacities are rounded: what reaches the need to this share of it, reaches it.
_EQUAL = 1e-9
_WORD = 64
# A step evaluates one set against the table of groups: some ten seconds in all for forty stations.
_MOST_STEPS = 100_000
_GREEDY_SHARE = 1.0 - np.exp(-1.0)


def pack_bits(flags: BoolArray) -> NDArray[np.uint64]:
    """Return sets as bits, in as many words of 64 bits as they need.

    Parameters
    ----------
    flags : numpy.ndarray
        Whether each set (row) has each member (column).

    Returns
    -------
    numpy.ndarray
        Shape (sets, words); bit m % 64 of word m // 64 stands for member m.
    """
    sets, members = flags.shape
    words = max(-(-members // _WORD), 1)
    padded = np.zeros((sets, words * _WORD), dtype=np.uint8)
    padded[:, :members] = flags
    octets = np.packbits(padded, axis=1, bitorder="little")
    return np.ascontiguousarray(octets).view("<u8").astype(np.uint64)


@dataclass(frozen=True, slots=True)
class FailureModel:
    """Stations, the basins that they serve, and the groups of buildings that stand in these.

    Parameters
    ----------
    serves : numpy.ndarray of bool
        Whether each station (column) serves each basin (row).
    supply : numpy.ndarray
        What each station (column) brings to each basin (row): a flow, or one station.
    need : numpy.ndarray
        A basin floods when what is left of its supply is below.
    words : numpy.ndarray of uint64
        Basins in which each group stands, as `pack_bits` writes them; shape (groups, words).
    """

    serves: BoolArray
    supply: FloatArray
    need: FloatArray
    words: NDArray[np.uint64]

    def fail(self, failed: IntArray) -> BoolArray:
        """Return the basins that flood.

        Parameters
        ----------
        failed : numpy.ndarray
            Positions of the stations that fail.

        Returns
        -------
        numpy.ndarray
            One answer for each basin.
        """
        left = np.delete(self.supply, failed, axis=1).sum(axis=1)
        return np.asarray(left < self.need * (1 - _EQUAL))

    def meets(self, words: NDArray[np.uint64], basins: BoolArray) -> BoolArray:
        """Return which sets hold any of some basins.

        Parameters
        ----------
        words : numpy.ndarray
            Sets of basins, of shape (sets, words).
        basins : numpy.ndarray
            Whether each basin is one of them.

        Returns
        -------
        numpy.ndarray
            One answer for each set.
        """
        return np.asarray((words & pack_bits(basins[None, :])).any(axis=1))

    def flooded(self, failed: IntArray) -> BoolArray:
        """Return the groups that flood.

        Parameters
        ----------
        failed : numpy.ndarray
            Positions of the stations that fail.

        Returns
        -------
        numpy.ndarray
            One answer for each group.
        """
        return self.meets(self.words, self.fail(failed))

    def is_coverage(self) -> bool:
        """Tell whether what fails floods what its stations flood one by one, and no more.

        Returns
        -------
        bool
            False if a basin floods only when several stations fail.
        """
        alone = (self.supply.sum(axis=1)[:, None] - self.supply) < self.need[:, None] * (1 - _EQUAL)
        return bool((alone | ~self.serves).all())

    def reach(self) -> BoolArray:
        """Return whether each station (column) serves a basin of each group (row).

        Returns
        -------
        numpy.ndarray
            Shape (groups, stations).
        """
        columns = [self.meets(self.words, basins) for basins in self.serves.T]
        return np.array(columns, dtype=bool).reshape(len(columns), len(self.words)).T


@dataclass(frozen=True, slots=True)
class WorstFailures:
    """The stations whose failure together floods most.

    Parameters
    ----------
    stations : tuple of str
        Identifiers, in alphabetical order.
    value : float
        What they flood, in `counted`.
    upper_bound : float
        No set of as many stations floods more; equal to `value` when exact.
    exact : bool
        Whether no other set of as many floods more.
    counted : str
        Buildings, dwellings or people.
    steps : int
        Number of sets that were looked at.
    """

    stations: tuple[str, ...]
    value: float
    upper_bound: float
    exact: bool
    counted: str
    steps: int

    @property
    def guarantee(self) -> float:
        """Share of the worst possible that `value` reaches at least; 1 when exact."""
        return self.value / self.upper_bound if self.upper_bound else 1.0

    def __repr__(self) -> str:
        sure = "exact" if self.exact else f"at most {self.upper_bound:g}"
        stations = ", ".join(self.stations) or "no station"
        return f"<WorstFailures: {stations} flood {self.value:g} {self.counted}, {sure}>"

    def _repr_html_(self) -> str:
        parts = {
            "stations": ", ".join(self.stations),
            self.counted: self.value,
            "upper bound": self.upper_bound,
            "exact": "yes" if self.exact else "no",
            "sets looked at": self.steps,
        }
        return parts_table(self, parts, then=(".stations", ".guarantee"))


@dataclass(slots=True)
class _Search:
    """Branch and bound over sets of stations, the most harmful stations first.

    What a set and ``n`` more stations flood is at most what the set floods and, for each of the
    ``n`` best of the others, every dry group that stands in a basin of it: a group that
    floods anew stands in a basin that one of them serves.
    """

    model: FailureModel
    worth: IntArray
    reach: IntArray
    steps: int = 0
    best: int = -1
    found: tuple[int, ...] = ()

    def look(self, failed: tuple[int, ...]) -> tuple[int, IntArray]:
        """Return what a set floods, and at most what each station would add."""
        self.steps += 1
        flooded = self.model.flooded(np.array(failed, dtype=np.int64))
        dry = np.where(flooded, 0, self.worth)
        return int(self.worth[flooded].sum()), dry @ self.reach

    def descend(
        self, failed: tuple[int, ...], others: IntArray, *, number: int, limit: int
    ) -> bool:
        """Look at all sets with some stations and ``number`` of the others; False at the limit."""
        if self.steps >= limit:
            return False
        value, more = self.look(failed)
        if number == 0:
            if value > self.best:
                self.best, self.found = value, failed
            return True
        order = others[np.argsort(-more[others], kind="stable")]
        ahead = np.concatenate([[0], np.cumsum(more[order])])
        for k in range(len(order) - number + 1):
            # The stations from k on, in falling order: the next ``number`` are the best of them.
            if value + int(ahead[k + number] - ahead[k]) <= self.best:
                break
            after = (*failed, int(order[k]))
            if not self.descend(after, np.sort(order[k + 1 :]), number=number - 1, limit=limit):
                return False
        return True


def find_worst(
    model: FailureModel, worth: IntArray, *, number: int, method: Method, names: pd.Index
) -> WorstFailures:
    """Return the stations whose failure together floods most.

    Parameters
    ----------
    model : FailureModel
        Stations, basins, groups.
    worth : numpy.ndarray
        What each group counts for, in whole numbers.
    number : int
        How many stations fail; all of them if there are fewer.
    method : {"auto", "exact", "greedy"}
        Exact, greedy, or greedy where exact takes too long.
    names : pandas.Index
        Of the stations, in order.

    Returns
    -------
    WorstFailures
        With values in the unit of `worth`, and ``counted`` empty.

    Raises
    ------
    ParameterError
        If the method is unknown or the number is not a whole one from 1 on.
    """
    if method not in get_args(Method):
        raise ParameterError(
            explain("method", f"« {method} » is unknown", required="auto, exact or greedy")
        )
    if not is_count(number):
        raise ParameterError(
            explain("number", f"is {number}", required="a whole number, at least 1")
        )
    number = min(number, len(names))
    ranking = order_greedily(model, worth, number=number)
    start = tuple(ranking["station"])
    search = _Search(model, worth, model.reach().astype(np.int64))
    search.best, more = search.look(start)
    search.found = start
    bound = _bound_greedy(search, start, more, number=number)
    exact = search.best == bound
    if method != "greedy" and not exact:
        limit = _MOST_STEPS if method == "auto" else 2**62
        exact = search.descend((), np.arange(len(names)), number=number, limit=limit)
    return WorstFailures(
        stations=tuple(sorted(names[list(search.found)])),
        value=search.best,
        upper_bound=search.best if exact else bound,
        exact=exact,
        counted="",
        steps=search.steps,
    )


def _bound_greedy(search: _Search, start: tuple[int, ...], more: IntArray, *, number: int) -> int:
    """Return what no set of a number of stations exceeds, seen from the greedy one."""
    nothing, alone = search.look(())
    bounds = [
        search.best + np.sort(np.delete(more, start))[::-1][:number].sum(),
        nothing + np.sort(alone)[::-1][:number].sum(),
        search.worth[search.model.flooded(np.arange(len(more)))].sum(),
    ]
    if search.model.is_coverage():
        bounds.append(nothing + int((search.best - nothing) / _GREEDY_SHARE))
    return int(min(bounds))


def order_greedily(
    model: FailureModel, worth: IntArray, *, number: int | None = None
) -> pd.DataFrame:
    """Return the station that floods most, then the one that adds most to it, …

    Parameters
    ----------
    model : FailureModel
        Stations, basins, groups.
    worth : numpy.ndarray
        What each group counts for, in whole numbers.
    number : int, optional
        How many stations; all of them by default.

    Returns
    -------
    pandas.DataFrame
        On the index ``rank``, from 1 on: ``station`` (position), ``alone``, ``more``,
        ``together``. Of equals, the one that floods more alone, then the first.
    """
    stations = model.serves.shape[1]

    def value(failed: list[int]) -> int:
        return int(worth[model.flooded(np.array(failed, dtype=np.int64))].sum())

    nothing = value([])
    alone = [value([s]) - nothing for s in range(stations)]
    chosen: list[int] = []
    totals = [nothing]
    for _ in range(stations if number is None else number):
        left = [s for s in range(stations) if s not in chosen]
        after = {s: value([*chosen, s]) for s in left}
        best = min(left, key=lambda s: (-after[s], -alone[s], s))
        chosen.append(best)
        totals.append(after[best])
    columns: dict[str, Any] = {
        "station": np.array(chosen, dtype=np.int64),
        "alone": np.array([alone[s] for s in chosen], dtype=np.int64),
        "more": np.diff(np.array(totals, dtype=np.int64)),
        "together": np.array(totals[1:], dtype=np.int64),
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(1, len(chosen) + 1, name="rank"))
