"""What a patch or a link would be worth if it were made: the gain of each candidate alone.

Indices and references: `tvb.connectivity.indices`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.connectivity.checks import require_table
from tvb.connectivity.dispersal import compute_alpha
from tvb.connectivity.graph import HabitatGraph
from tvb.connectivity.indices import Floats, Index, Weight, path_model, ratio
from tvb.connectivity.scenarios import find_patches
from tvb.connectivity.shortest_paths import Ints, build_states, map_sources, measure_lengths, search
from tvb.errors import LayerError, ParameterError, explain

__all__ = ["gain_of_links", "gain_of_patches"]

_TABLE_BYTES = 2**28  # lengths from candidates to patches held at once


class _Shortcuts(NamedTuple):
    """Ways that candidates open: from the patches that gain to the patches they gain."""

    inward: Floats
    outward: Floats


def gain_of_links(
    graph: HabitatGraph,
    candidates: pd.DataFrame,
    *,
    index: Index = "PC",
    distance: float,
    probability: float = 0.5,
) -> pd.DataFrame:
    """Return the gain of the index when each candidate link is added alone.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links as they are.
    candidates : pandas.DataFrame
        Links that could be made: ``i``, ``j`` (ids of patches, in either order) and the length, in
        the column that `HabitatGraph.from_frames` took it from.
    index : {"PC", "IIC"}
        Index that is measured.
    distance, probability : float
        As `compute_pc` or `compute_iic` take them; IIC has no use for the probability.

    Returns
    -------
    pandas.DataFrame
        On the index of the candidates: ``i``, ``j``, the length, ``gain`` of the numerator of the
        index, in the square of the unit of capacity, and ``d``, the gain in percent of the index as
        it is (0 where that is 0). Never negative; 0 for a link no shorter than what there is.

    Raises
    ------
    LayerError
        If a column is missing or a candidate names a patch that is not in the graph.
    ParameterError
        If a length is negative or NaN, a candidate joins a patch to itself, a parameter is out of
        bounds, or crossing a patch has a length.

    Notes
    -----
    Exact: with lengths dₛₜ as they are, a link of length l between u and v makes of each pair
    min(dₛₜ, dₛᵤ + l + dᵥₜ, dₛᵥ + l + dᵤₜ). The paths are searched once for all candidates; each
    then takes the product of the numbers of patches nearer to u and to v through it than around.

    References
    ----------
    Saura & Rubio 2010, for the loss by removal, of which this is the mirror.

    Examples
    --------
    Three patches of 1 ha, two of them linked at the median distance: a second link at that
    distance adds 2 × (0.5 + 0.25) to 3 + 2 × 0.5.

    >>> graph = HabitatGraph.from_arrays([1, 1, 1], [0], [1], [500])
    >>> candidates = pd.DataFrame({"i": [1], "j": [2], "distance_m": [500.0]})
    >>> gain_of_links(graph, candidates, distance=500)[["gain", "d"]].round(9)
       gain     d
    0   1.5  37.5
    """
    model, weight = path_model(graph, index, distance=distance, probability=probability)
    alpha = compute_alpha(distance, probability) if index == "PC" else -1.0
    column = graph.length_column
    require_table(candidates, "candidates", ("i", "j", column))
    ends = [find_patches(graph, candidates[end]).astype(np.int64) for end in ("i", "j")]
    length = _lengths_of(candidates, column)
    if (ends[0] == ends[1]).any():
        names = candidates["i"].to_numpy()[ends[0] == ends[1]]
        raise ParameterError(
            explain("candidates", "patch linked to itself", count=len(names), ids=names)
        )
    steps = length if index == "PC" else np.where(length <= distance, 1.0, np.inf)
    steps = np.where(np.isfinite(length), steps, np.inf)
    gain, total = np.zeros(len(candidates)), 0.0
    for rows in _batches(len(candidates), len(graph.ids)):
        near = _lengths_from(model, ends[0][rows])
        far = _lengths_from(model, ends[1][rows])
        shortcuts = _shortcuts(near, far, steps[rows])
        one_way, total = _gain(model, weight, shortcuts=shortcuts, alpha=alpha)
        gain[rows] = 2 * one_way
    return pd.DataFrame(
        {
            "i": candidates["i"],
            "j": candidates["j"],
            column: length,
            "gain": gain,
            "d": 100 * ratio(gain, total),
        },
        index=candidates.index,
    )


def gain_of_patches(
    graph: HabitatGraph,
    patches: pd.DataFrame,
    links: pd.DataFrame,
    *,
    index: Index = "PC",
    distance: float,
    probability: float = 0.5,
) -> pd.DataFrame:
    """Return the gain of the index when each candidate patch is added alone, with its links.

    Parameters
    ----------
    graph : HabitatGraph
        Patches and links as they are.
    patches : pandas.DataFrame
        Patches that could be made: ``patch`` (a new id) and ``capacity``.
    links : pandas.DataFrame
        Links of the candidates: ``i``, ``j`` (ids, in either order) and the length, in the column
        that `HabitatGraph.from_frames` took it from. Those between two candidates cannot serve
        either alone and are left out.
    index : {"PC", "IIC"}
        Index that is measured.
    distance, probability : float
        As `compute_pc` or `compute_iic` take them; IIC has no use for the probability.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``patch``, in the order given: ``gain`` of the numerator of the index, in the
        square of the unit of capacity; ``d``, the gain in percent of the index as it is (0 where
        that is 0), and its parts ``d_intra`` (the patch by itself), ``d_flux`` (to and from it)
        and ``d_connector`` (between others, through it).

    Raises
    ------
    LayerError
        If a column is missing, or a link names a patch that is nowhere or joins no candidate.
    ParameterError
        If an id is in the graph already or given twice, a capacity or a length is out of bounds, a
        parameter is out of bounds, or crossing a patch has a length.

    References
    ----------
    Saura & Rubio 2010, for the loss by removal, of which this is the mirror.

    Examples
    --------
    A stepping stone of 1 ha half-way between two patches of 1 ha at twice the median distance, not
    linked before: 1 by itself, 4 × 0.5 of flux and 2 × 0.25 between the two, on 2.

    >>> apart = HabitatGraph.from_arrays([1, 1], [], [], [])
    >>> stone = pd.DataFrame({"patch": [9], "capacity": [1.0]})
    >>> steps = pd.DataFrame({"i": [0, 9], "j": [9, 1], "distance_m": [500.0, 500.0]})
    >>> gain_of_patches(apart, stone, steps, distance=500).loc[9].round(9).tolist()
    [3.5, 175.0, 50.0, 100.0, 25.0]
    """
    model, weight = path_model(graph, index, distance=distance, probability=probability)
    alpha = compute_alpha(distance, probability) if index == "PC" else -1.0
    capacity = _candidate_capacities(graph, patches)
    rows, anchor, length = _candidate_links(graph, patches, links)
    near = length <= (distance if index == "IIC" else np.inf)
    usable = near & np.isfinite(length)
    rows, anchor, length = rows[usable], anchor[usable], length[usable]
    steps = length if index == "PC" else np.ones(len(length))
    flux, connector, total = np.zeros(len(patches)), np.zeros(len(patches)), 0.0
    for batch in _batches(len(patches), len(graph.ids)):
        mine = (rows >= batch.start) & (rows < batch.stop)
        reach = np.full((batch.stop - batch.start, len(graph.ids)), np.inf)
        around = _lengths_from(model, anchor[mine]) + steps[mine, None]
        np.minimum.at(reach, rows[mine] - batch.start, around)
        flux[batch] = 2 * capacity[batch] * (weight(reach) @ graph.capacity)
        connector[batch], total = _gain(
            model, weight, shortcuts=_Shortcuts(reach, reach), alpha=alpha
        )
    parts = {"d_intra": capacity**2, "d_flux": flux, "d_connector": connector}
    gain = capacity**2 + flux + connector
    columns = {"gain": gain, "d": 100 * ratio(gain, total)}
    columns |= {name: 100 * ratio(part, total) for name, part in parts.items()}
    return pd.DataFrame(columns, index=pd.Index(patches["patch"], name="patch"))


def _batches(candidates: int, patches: int) -> Iterator[slice]:
    size = max(_TABLE_BYTES // (32 * max(patches, 1)), 1)
    for start in range(0, candidates, size):
        yield slice(start, min(start + size, candidates))


def _lengths_from(model: HabitatGraph, anchors: Ints) -> Floats:
    unique, place = np.unique(anchors, return_inverse=True)
    return measure_lengths(model, unique)[place]


def _shortcuts(near: Floats, far: Floats, length: Floats) -> _Shortcuts:
    """Return the ways through links: who is nearer to the far end through the link than around.

    Only a pair of one patch nearer to i and one nearer to j can gain; its two orders gain the same.
    """
    inward = np.where(near + length[:, None] < far, near, np.inf)
    onward = far + length[:, None]
    outward = np.where(onward < near, onward, np.inf)
    return _Shortcuts(inward, outward)


def _gain(
    model: HabitatGraph, weight: Weight, *, shortcuts: _Shortcuts, alpha: float
) -> tuple[Floats, float]:
    """Return Σ aₛ aₜ (w after − w before) for each candidate, and Σ aₛ aₜ w before."""
    from tvb.connectivity.whatif_kernels import gain_through  # numba: not before it is needed

    states = build_states(model)
    candidate, target = np.nonzero(np.isfinite(shortcuts.outward) & (model.capacity > 0))
    pointer = np.searchsorted(candidate, np.arange(len(shortcuts.outward) + 1))
    targets = (pointer.astype(np.int64), target.astype(np.int64))

    def work(sources: Ints) -> tuple[Floats, float]:
        lengths = search(states, sources, len(model.ids))
        gain = gain_through(sources, lengths, model.capacity, *shortcuts, targets, alpha)
        return gain, float(model.capacity[sources] @ (weight(lengths) @ model.capacity))

    gain, total = np.zeros(len(shortcuts.inward)), 0.0
    if len(model.ids):
        for more, before in map_sources(len(model.ids), work):
            gain += more
            total += before
    return gain, total


def _lengths_of(links: pd.DataFrame, column: str) -> Floats:
    length = links[column].to_numpy(dtype=np.float64)
    wrong = ~(length >= 0)
    if wrong.any():
        ids = links.index[wrong]
        raise ParameterError(
            explain("candidates", f"{column} negative or NaN", count=len(ids), ids=ids)
        )
    return length


def _candidate_capacities(graph: HabitatGraph, patches: pd.DataFrame) -> Floats:
    require_table(patches, "candidates", ("patch", "capacity"))
    ids = pd.Index(patches["patch"])
    capacity = patches["capacity"].to_numpy(dtype=np.float64)
    for problem, wrong in (
        ("id given twice", ids.duplicated()),
        ("id that is in the graph already", ids.isin(graph.ids)),
        ("capacity negative or not finite", ~(np.isfinite(capacity) & (capacity >= 0))),
    ):
        if wrong.any():
            names = ids[wrong]
            raise ParameterError(explain("candidates", problem, count=len(names), ids=names))
    return capacity


def _candidate_links(
    graph: HabitatGraph, patches: pd.DataFrame, links: pd.DataFrame
) -> tuple[Ints, Ints, Floats]:
    """Return candidate (row), patch of the graph (position) and length of each link that counts."""
    require_table(links, "links", ("i", "j", graph.length_column))
    length = _lengths_of(links, graph.length_column)
    new = [_places(pd.Index(patches["patch"]), links[end]) for end in ("i", "j")]
    old = [_places(pd.Index(graph.ids), links[end]) for end in ("i", "j")]
    for problem, wrong in (
        ("patch that is nowhere", ((new[0] < 0) & (old[0] < 0)) | ((new[1] < 0) & (old[1] < 0))),
        ("link that joins no candidate", (new[0] < 0) & (new[1] < 0)),
    ):
        if wrong.any():
            pairs = [f"{a}–{b}" for a, b in links.loc[wrong, ["i", "j"]].itertuples(index=False)]
            raise LayerError(explain("links", problem, count=len(pairs), ids=pairs))
    outward = (new[0] >= 0) & (old[1] >= 0)
    inward = (new[1] >= 0) & (old[0] >= 0)
    return (
        np.concatenate([new[0][outward], new[1][inward]]),
        np.concatenate([old[1][outward], old[0][inward]]),
        np.concatenate([length[outward], length[inward]]),
    )


def _places(names: pd.Index, wanted: pd.Series) -> NDArray[np.int64]:
    return names.get_indexer(pd.Index(wanted)).astype(np.int64)
