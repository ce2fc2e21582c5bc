"""All the indices of a graph at once: for one species, for several, and as links grow longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from tvb.connectivity.component_indices import (
    compute_ccp,
    compute_ecs,
    compute_lcp,
    compute_msc,
    compute_slc,
    count_components,
    count_links,
)
from tvb.connectivity.dispersal import compute_alpha
from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.indices import normalise
from tvb.connectivity.path_indices import (
    LengthSums,
    StepSums,
    compute_awf,
    compute_bc_evenness,
    compute_gd,
    mean_steps,
    sum_lengths,
    sum_steps,
)
from tvb.errors import ParameterError, explain

__all__ = ["INDICES", "compute_indices", "species_profile", "sweep_thresholds"]


class _Indices:
    """The indices of one graph at one distance, with what several of them share."""

    def __init__(
        self,
        graph: HabitatGraph,
        dispersal: tuple[float, float],
        *,
        threshold: float,
        landscape_area: float | None,
    ) -> None:
        self.graph = graph
        self.near = graph.threshold(threshold)
        self.dispersal = {"distance": dispersal[0], "probability": dispersal[1]}
        self.alpha = compute_alpha(*dispersal)
        self.landscape_area = landscape_area

    @cached_property
    def lengths(self) -> LengthSums:
        return sum_lengths(self.graph, [self.alpha])[0]

    @cached_property
    def steps(self) -> StepSums:
        return sum_steps(self.near)

    @property
    def pc(self) -> float:
        return float(self.graph.capacity @ self.lengths.reach)

    def normalise(self, numerator: float) -> float:
        return normalise(numerator, self.graph, self.landscape_area)


_FORMULAS: Mapping[str, Callable[[_Indices], float]] = {
    "NL": lambda x: count_links(x.near),
    "NC": lambda x: count_components(x.near),
    "MSC": lambda x: compute_msc(x.near),
    "SLC": lambda x: compute_slc(x.near),
    "CCP": lambda x: compute_ccp(x.near),
    "ECS": lambda x: compute_ecs(x.near),
    "LCP": lambda x: compute_lcp(x.near, landscape_area=x.landscape_area),
    "GD": lambda x: compute_gd(x.near),
    "MPC": lambda x: mean_steps(x.steps),
    "H": lambda x: x.steps.inverse / 2,
    "IIC": lambda x: x.normalise(x.steps.iic),
    "EC(IIC)": lambda x: float(np.sqrt(x.steps.iic)),
    "AWF": lambda x: compute_awf(x.graph, **x.dispersal),
    "F": lambda x: float(x.lengths.flux.sum()),
    "PC": lambda x: x.normalise(x.pc),
    "EC(PC)": lambda x: float(np.sqrt(x.pc)),
    "E#BC": lambda x: compute_bc_evenness(x.graph, **x.dispersal),
}

INDICES = tuple(_FORMULAS)
"""Names of the indices, in the order of `compute_indices`."""


def compute_indices(
    graph: HabitatGraph,
    indices: Sequence[str] = INDICES,
    *,
    distance: float,
    probability: float = 0.5,
    threshold: float | None = None,
    landscape_area: float | None = None,
) -> pd.Series[float]:
    """Return indices of the whole graph.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    indices : sequence of str
        Which of `INDICES`, by default all. Each is described in ``docs/indices.md`` and in the
        function of its name (`compute_h`, `compute_ccp`, …); EC(PC) is also known as ECA.
    distance : float
        A distance of dispersal, in the unit of the links.
    probability : float
        Probability to cover it; AWF, F, PC, EC(PC) and E#BC count all links by it.
    threshold : float, optional
        Longest link that the other indices count, inclusive; by default ``distance``, infinity for
        all.
    landscape_area : float, optional
        Area of the landscape, in the unit of the capacities. Without it PC, IIC and LCP are
        their numerators, in the square of that unit.

    Returns
    -------
    pandas.Series
        float64, indexed by ``index``, in the order asked.

    Raises
    ------
    ParameterError
        If an index is unknown or a parameter is out of bounds.

    Examples
    --------
    Two patches of 2 and 1 ha at the median distance, and one of 3 ha apart.

    >>> graph = HabitatGraph.from_arrays([2, 1, 3], [0], [1], [500])
    >>> compute_indices(graph, ["NC", "MSC", "PC"], distance=500).round(9).tolist()
    [2.0, 3.0, 16.0]
    """
    _require_known(indices)
    model = _Indices(
        graph,
        (distance, probability),
        threshold=distance if threshold is None else threshold,
        landscape_area=landscape_area,
    )
    return _evaluate(model, indices)


def species_profile(
    graph: HabitatGraph,
    distances: Sequence[float],
    indices: Sequence[str] = ("NC", "EC(IIC)", "EC(PC)"),
    *,
    probability: float = 0.5,
    landscape_area: float | None = None,
) -> pd.DataFrame:
    """Return indices of one graph for several distances of dispersal.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    distances : sequence of float
        Distances of dispersal, in the unit of the links: one species each.
    indices : sequence of str
        Which of `INDICES`.
    probability : float
        Probability to cover the distance.
    landscape_area : float, optional
        As in `compute_indices`.

    Returns
    -------
    pandas.DataFrame
        One row for each distance, in the order given, indexed by ``distance``; one column for each
        index. Each row is what `compute_indices` returns; the paths are searched once for all.

    Raises
    ------
    ParameterError
        If an index is unknown or a parameter is out of bounds.

    References
    ----------
    Saura & Pascual-Hortal 2007, in `tvb.connectivity.indices`.

    Examples
    --------
    >>> graph = HabitatGraph.from_arrays([2, 1], [0], [1], [500])
    >>> species_profile(graph, [100, 500], ["NC", "PC"]).round(3).reset_index()
       distance   NC     PC
    0       100  2.0  5.125
    1       500  1.0  7.000
    """
    _require_known(indices)
    models = [
        _Indices(graph, (d, probability), threshold=d, landscape_area=landscape_area)
        for d in distances
    ]
    if _OF_LENGTHS & set(indices):
        sums = sum_lengths(graph, [model.alpha for model in models])
        for model, lengths in zip(models, sums, strict=True):
            model.lengths = lengths
    rows = [_evaluate(model, indices) for model in models]
    return _stack(rows, indices, pd.Index(distances, name="distance"))


def sweep_thresholds(
    graph: HabitatGraph,
    thresholds: Sequence[float],
    indices: Sequence[str] = ("NL", "NC", "SLC", "EC(IIC)"),
    *,
    distance: float | None = None,
    probability: float = 0.5,
    landscape_area: float | None = None,
) -> pd.DataFrame:
    """Return indices of a graph cut at several lengths of link.

    A length at which NC falls or SLC rises at once is one at which the network joins up or breaks
    apart; `tvb.maps.sweep.plot_sweep` draws the table.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links.
    thresholds : sequence of float
        Longest link kept, inclusive, in the unit of the links.
    indices : sequence of str
        Which of `INDICES`, all of them of the graph that is left.
    distance, probability : float
        Of dispersal, the same for every threshold; needed by AWF, F, PC, EC(PC) and E#BC only.
    landscape_area : float, optional
        As in `compute_indices`.

    Returns
    -------
    pandas.DataFrame
        One row for each threshold, in the order given, indexed by ``threshold``; one column for
        each index.

    Raises
    ------
    ParameterError
        If an index is unknown, needs a distance and has none, or a parameter is out of bounds.

    References
    ----------
    Urban & Keitt 2001, in `tvb.connectivity.component_indices`.

    Examples
    --------
    >>> graph = HabitatGraph.from_arrays([1, 1, 1], [0, 1], [1, 2], [200, 800])
    >>> sweep_thresholds(graph, [100, 200, 1000], ["NC", "SLC"]).reset_index()
       threshold   NC  SLC
    0        100  3.0  1.0
    1        200  2.0  2.0
    2       1000  1.0  3.0
    """
    _require_known(indices)
    by_distance = [name for name in indices if name in _BY_DISTANCE]
    if distance is None and by_distance:
        problem = f"none is given, and {', '.join(by_distance)} cannot do without"
        raise ParameterError(explain("distance", problem, required="a distance of dispersal"))
    rows = [
        compute_indices(
            graph.threshold(threshold),
            indices,
            distance=1.0 if distance is None else distance,
            probability=probability,
            threshold=np.inf,
            landscape_area=landscape_area,
        )
        for threshold in thresholds
    ]
    return _stack(rows, indices, pd.Index(thresholds, name="threshold"))


_OF_LENGTHS = frozenset({"F", "PC", "EC(PC)"})
_BY_DISTANCE = _OF_LENGTHS | {"AWF", "E#BC"}


def _evaluate(model: _Indices, indices: Sequence[str]) -> pd.Series[float]:
    values: pd.Series[float] = pd.Series(
        np.array([_FORMULAS[name](model) for name in indices], dtype=np.float64), name="value"
    )
    values.index = pd.Index(list(indices), name="index", dtype="str")
    return values


def _require_known(indices: Sequence[str]) -> None:
    unknown = [name for name in indices if name not in _FORMULAS]
    if unknown:
        raise ParameterError(
            explain("indices", f"« {unknown[0]} » is unknown", required=", ".join(INDICES))
        )


def _stack(
    rows: Sequence[pd.Series[float]], indices: Sequence[str], index: pd.Index[float]
) -> pd.DataFrame:
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(indices))
    return pd.DataFrame(table, index=index, columns=list(indices))
