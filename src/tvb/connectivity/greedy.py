"""Sequences: the best link to add first, then the next; the patches that can go one after another.

Each step is exact, on the graph that the steps before it left. The sequence as a whole is greedy:
the best set of k links may be another, for two links may be worth more together than one by one.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.importance import rank_patches
from tvb.connectivity.indices import Floats, Index, index_numerator, path_model
from tvb.connectivity.scenarios import add_links, remove_patches
from tvb.connectivity.whatif import gain_of_links
from tvb.errors import ParameterError, explain

__all__ = ["add_links_greedily", "remove_patches_greedily"]

_TIE = 1e-12  # gains that differ by less, relatively, are equal: the order of the graph decides


def add_links_greedily(
    graph: HabitatGraph,
    candidates: pd.DataFrame,
    *,
    number: int,
    index: Index = "PC",
    distance: float,
    probability: float = 0.5,
) -> pd.DataFrame:
    """Return the links to add, the one that gains most first, then the best one after it, …

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links as they are.
    candidates : pandas.DataFrame
        As `gain_of_links` takes them. Of equal gains the candidate with the first patches is taken.
    number : int
        Most links to add; fewer are returned if no other gains anything.
    index : {"PC", "IIC"}
        Index that is measured.
    distance, probability : float
        As `gain_of_links` takes them.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``step``, from 1 on: ``i``, ``j``, the length; ``gain`` of the numerator of the
        index at this step; ``numerator`` after it; ``d``, what was gained from the start on in
        percent of the index at the start (0 where that is 0).

    Raises
    ------
    LayerError, ParameterError
        As `gain_of_links` does, or if the number is negative.

    Examples
    --------
    >>> apart = HabitatGraph.from_arrays([1, 1, 3], [], [], [])
    >>> table = pd.DataFrame({"i": [0, 1], "j": [1, 2], "distance_m": [500.0, 500.0]})
    >>> add_links_greedily(apart, table, number=2, distance=500)["gain"].round(9).tolist()
    [3.0, 2.5]
    """
    _require_number(number)
    start = _numerator(graph, index, distance=distance, probability=probability)
    column, rows, left = graph.length_column, [], candidates
    ends = np.sort(candidates[["i", "j"]].to_numpy(), axis=1) if len(candidates) else ()
    if len(candidates):
        keys = (candidates[column].to_numpy(), ends[:, 1], ends[:, 0])  # type: ignore[call-overload]
        left = candidates.iloc[np.lexsort(keys)].reset_index(drop=True)
    for _ in range(min(number, len(left))):
        gains = gain_of_links(graph, left, index=index, distance=distance, probability=probability)
        best = _first_largest(gains["gain"].to_numpy())
        if gains["gain"].iloc[best] <= 0:
            break
        graph = add_links(graph, left.iloc[[best]])
        total = _numerator(graph, index, distance=distance, probability=probability)
        chosen = {name: gains[name].iloc[best] for name in ("i", "j", column, "gain")}
        rows.append({**chosen, "numerator": total})
        left = left.drop(index=left.index[best])
    return _sequence(rows, ["i", "j", column, "gain", "numerator"], start)


def remove_patches_greedily(
    graph: HabitatGraph,
    *,
    number: int,
    index: Index = "PC",
    distance: float,
    probability: float = 0.5,
    first: Literal["least", "most"] = "least",
) -> pd.DataFrame:
    """Return the patches to remove one after another, by what each removal costs at that moment.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links as they are.
    number : int
        Most patches to remove.
    index : {"PC", "IIC"}
        Index that is measured.
    distance, probability : float
        As `rank_patches` takes them.
    first : {"least", "most"}
        Whether the patch that costs least goes first, as when land must be given up, or the one
        that costs most, as in the worst of cases. Of equal costs the first patch is taken.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``step``, from 1 on: ``patch``; ``loss`` of the numerator of the index at this
        step; ``numerator`` after it; ``d``, what was lost from the start on in percent of the index
        at the start (0 where that is 0).

    Raises
    ------
    ParameterError
        As `rank_patches` does, or if the number is negative or the order unknown.

    Examples
    --------
    >>> path = HabitatGraph.from_arrays([1, 2, 4], [0, 1], [1, 2], [500, 500])
    >>> remove_patches_greedily(path, number=2, distance=500)["patch"].tolist()
    [0, 1]
    """
    _require_number(number)
    if first not in {"least", "most"}:
        raise ParameterError(explain("first", f"« {first} » is unknown", required="least or most"))
    start = total = _numerator(graph, index, distance=distance, probability=probability)
    rows = []
    for _ in range(min(number, len(graph.ids))):
        ranks = rank_patches(graph, index, distance=distance, probability=probability)
        loss = ranks["d"].to_numpy() * total / 100
        best = _first_largest(loss if first == "most" else -loss)
        patch = ranks.index[best]
        graph = remove_patches(graph, [patch])
        total = _numerator(graph, index, distance=distance, probability=probability)
        rows.append({"patch": patch, "loss": float(loss[best]), "numerator": total})
    return _sequence(rows, ["patch", "loss", "numerator"], start)


def _numerator(graph: HabitatGraph, index: Index, *, distance: float, probability: float) -> float:
    model, weight = path_model(graph, index, distance=distance, probability=probability)
    return index_numerator(model, weight)


def _require_number(number: int) -> None:
    if number < 0:
        raise ParameterError(explain("number", f"is {number}", required="0 or more"))


def _first_largest(values: Floats) -> int:
    largest = float(values.max())
    return int(np.argmax(values >= largest - _TIE * abs(largest)))


def _sequence(rows: list[dict[str, object]], columns: list[str], start: float) -> pd.DataFrame:
    steps = pd.RangeIndex(1, len(rows) + 1, name="step")
    table = pd.DataFrame(rows, columns=columns, index=steps)
    change = (table["numerator"].astype(np.float64) - start).abs()
    table["d"] = 100 * change / start if start > 0 else 0.0
    return table
