"""Links between patches: straight ones, and least-cost ones over a raster of costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, explain
from tvb.grid import Grid
from tvb.schema import CRS, require_crs

if TYPE_CHECKING:  # the compiled loops are loaded on first use
    from tvb.connectivity.field import Unit
    from tvb.connectivity.paths import Ground, Path

__all__ = ["build_links", "ground_of", "require_patches"]

Topology = Literal["planar", "complete"]
Method = Literal["edge", "centroid", "lcp", "allocation"]

_STRAIGHT = ("edge", "centroid")


def build_links(
    patches: gpd.GeoDataFrame,
    resistance: Grid | None = None,
    *,
    topology: Topology | None = None,
    method: Method | None = None,
    max_cost: float | None = None,
    max_distance_m: float | None = None,
    drop_crossing: bool = False,
    unit: Unit = "m",
) -> gpd.GeoDataFrame:
    """Return the links between patches, in a straight line or by the least cost.

    Without ``resistance``, links are straight lines, from edge to edge or between centroids, of
    all pairs of patches within a distance.

    With it, links follow the cells of a raster, each of which has eight neighbours. A step costs
    the mean of the costs of its two cells times its length; links lead from the border of one
    patch to the border of the other. Two methods:

    - ``"lcp"``: the true least-cost path of each pair. It may pass through a third patch.
    - ``"allocation"``: cells are allotted to the patch nearest by cost; a link goes from patch to
      patch over the cheapest crossing between their grounds, and stays within both. One sweep over
      the raster gives all links. A link never costs less than by ``"lcp"``, and costs more where
      the least-cost path makes use of the ground of a third patch. Links of a minimum spanning
      tree cost the same by both.

    ``docs/links.md`` tells more, with an example.

    Parameters
    ----------
    patches : geopandas.GeoDataFrame
        One row for each patch, in EPSG:2154, with the column ``patch``, as `build_patches` returns.
        On a raster, a patch is the cells whose centre it holds, or else one cell; where patches
        overlap, the smaller id holds the cell.
    resistance : Grid, optional
        Cost of each cell, ≥ 0; not a number, infinite or no data is impassable. See
        `build_resistance`.
    topology : {"planar", "complete"}, optional
        Pairs of patches whose grounds meet (the default with ``resistance``), or all pairs (the
        only choice, and the default, without). All pairs take the method ``"lcp"``.
    method : {"edge", "centroid", "lcp", "allocation"}, optional
        By default ``"edge"`` without ``resistance`` and ``"lcp"`` with it.
    max_cost : float, optional
        Largest cost of a link, inclusive; with ``resistance`` only. Speeds up all pairs.
    max_distance_m : float, optional
        Longest link in metres, inclusive, finite; by default of any length. On a raster this is the
        length of the path, and a path that is too long is dropped, not replaced.
    drop_crossing : bool
        Whether to drop links whose path passes through a third patch.
    unit : {"m", "cell"}
        Whether costs count metres or cells as wide as they are (as Graphab does): by ``"m"``, a
        path over cells of cost 1 costs its length in metres.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for each link, sorted by ``i``, ``j``, in EPSG:2154. Without ``resistance``:

        - ``i``, ``j``: ids of its patches, ``i < j``;
        - ``distance_m``: length, 0 when the patches touch or overlap;
        - ``geometry``: straight LineString from i to j; where the distance is 0 its two ends
          coincide, at a point common to both patches when measured from edge to edge.

        With it:

        - ``i``, ``j``: as above;
        - ``cost``: least cost, in units of cost × metres or cells;
        - ``length_m``: length of the path;
        - ``patches_crossed``: ids of the other patches on the path, sorted, joined by ``"; "``;
        - ``geometry``: LineString through the centres of the cells, from i to j.

        No row if there are fewer than two patches or none within reach of another.

    Raises
    ------
    CrsError
        If the patches are not in EPSG:2154.
    LayerError
        If the column ``patch`` is missing or holds an id twice, a geometry is null or empty, a
        cost is negative, a patch lies outside the raster, or two share its only cell.
    ParameterError
        If a limit is negative or not finite, or arguments do not go together.

    Notes
    -----
    Costs are exact: the same, cell by cell, as by Dijkstra's method, in any order of computation
    and by any number of threads. Ties: a cell as near to two patches goes to the smaller id; of
    crossings of equal cost, the one with the first cell of i, then of j (row by row from the north)
    is taken; a path is followed back from its end, to the first of N, W, E, S, NW, NE, SW, SE that
    explains the cost.

    References
    ----------
    Foltête J.-C., Clauzel C., Vuidel G. (2012). A software tool dedicated to the modelling of
    landscape networks. Environmental Modelling & Software 38, 316-327.

    Fall A., Fortin M.-J., Manseau M., O'Brien D. (2007). Spatial graphs: principles and
    applications for habitat connectivity. Ecosystems 10, 448-461.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> squares = [shapely.box(0, 0, 10, 10), shapely.box(40, 0, 50, 10)]
    >>> patches = gpd.GeoDataFrame({"patch": [1, 2]}, geometry=squares, crs=2154)
    >>> build_links(patches, max_distance_m=30)[["i", "j", "distance_m"]]
       i  j  distance_m
    0  1  2        30.0

    >>> resistance = Grid(np.array([[1, 5, 5, 5, 1]], dtype="float32"), 0, 10, 10, 10)
    >>> build_links(patches, resistance)[["i", "j", "cost", "length_m"]]
       i  j   cost  length_m
    0  1  2  160.0      40.0
    """
    require_patches(patches)
    rules = _Rules.of(resistance is not None, topology, method)
    _require_limits(rules, max_cost=max_cost, max_distance_m=max_distance_m)
    ordered = patches.sort_values("patch")
    if resistance is None:
        return _straight_links(ordered, rules.method, max_distance_m)
    ground = ground_of(ordered, resistance, unit)
    links = _least_cost_links(
        ordered, ground, rules, max_cost=np.inf if max_cost is None else max_cost
    )
    kept = np.ones(len(links), dtype=bool)
    if max_distance_m is not None:
        kept &= (links["length_m"] <= max_distance_m).to_numpy()
    if drop_crossing:
        kept &= (links["patches_crossed"] == "").to_numpy()
    return links[kept].reset_index(drop=True)


@dataclass(frozen=True)
class _Rules:
    topology: Topology
    method: Method

    @classmethod
    def of(cls, on_raster: bool, topology: Topology | None, method: Method | None) -> _Rules:
        """Return what was asked for or is the default, once it goes together."""
        topology = topology or ("planar" if on_raster else "complete")
        method = method or ("lcp" if on_raster else "edge")
        for name, value, known in (
            ("topology", topology, get_args(Topology)),
            ("method", method, get_args(Method)),
        ):
            if value not in known:
                raise ParameterError(
                    explain(name, f"« {value} » is unknown", required=" or ".join(known))
                )
        if on_raster == (method in _STRAIGHT):
            raise ParameterError(
                explain("method", f"« {method} » {'with' if on_raster else 'without'} a raster",
                        required="edge or centroid without resistance, lcp or allocation with it")
            )  # fmt: skip
        if (topology == "planar") != on_raster and (topology, method) != ("complete", "lcp"):
            raise ParameterError(
                explain("topology", f"« {topology} » with the method « {method} »",
                        required="planar for allocation, planar or complete for lcp, complete "
                        "for edge and centroid")
            )  # fmt: skip
        return cls(topology, method)


def _require_limits(rules: _Rules, *, max_cost: float | None, max_distance_m: float | None) -> None:
    for name, value, what in (
        ("max_cost", max_cost, "cost"),
        ("max_distance_m", max_distance_m, "length"),
    ):
        if value is not None and not (np.isfinite(value) and value >= 0):
            raise ParameterError(explain(name, f"is {value}", required=f"a finite {what} ≥ 0"))
    if max_cost is not None and rules.method in _STRAIGHT:
        raise ParameterError(
            explain("max_cost", "given without resistance", required="max_distance_m")
        )


def _straight_links(
    ordered: gpd.GeoDataFrame, method: Method, max_distance_m: float | None
) -> gpd.GeoDataFrame:
    geometry = ordered.geometry.to_numpy()
    if method == "centroid":
        geometry = shapely.centroid(geometry)
    if max_distance_m is None:
        first, second = np.triu_indices(len(geometry), k=1)
    else:
        tree = shapely.STRtree(geometry)
        first, second = tree.query(geometry, predicate="dwithin", distance=max_distance_m)
        once = first < second
        first, second = first[once], second[once]
        order = np.lexsort((second, first))
        first, second = first[order], second[order]
    distance = shapely.distance(geometry[first], geometry[second]).astype(np.float64)
    return gpd.GeoDataFrame(
        {**_ends(ordered, first, second), "distance_m": distance},
        geometry=shapely.shortest_line(geometry[first], geometry[second]),
        crs=CRS,
    )


def _ends(
    ordered: gpd.GeoDataFrame, first: NDArray[Any], second: NDArray[Any]
) -> dict[str, pd.Series[Any]]:
    ids = ordered["patch"].to_numpy()
    return {
        name: pd.Series(ids[at], dtype=ordered["patch"].dtype)
        for name, at in (("i", first), ("j", second))
    }


def ground_of(ordered: gpd.GeoDataFrame, resistance: Grid, unit: Unit) -> Ground:
    """Return the patches burnt in a raster of costs, with the nearest one of every cell.

    Parameters
    ----------
    ordered : geopandas.GeoDataFrame
        Patches, sorted by id: their numbers are their positions, from 1 on.
    resistance : Grid
        Cost of each cell.
    unit : {"m", "cell"}
        Unit of the length of a step.

    Returns
    -------
    Ground
        Costs, owners and distances.

    Raises
    ------
    LayerError
        If a cost is negative, a patch lies outside the raster, or two share its only cell.
    """
    from tvb.connectivity.burn import label_patches
    from tvb.connectivity.field import cost_field
    from tvb.connectivity.paths import Ground

    costs = cost_field(resistance, unit)
    shapes = ordered.geometry.to_numpy()
    return Ground.of(costs, label_patches(resistance, shapes, ordered["patch"].to_numpy()))


def _least_cost_links(
    ordered: gpd.GeoDataFrame, ground: Ground, rules: _Rules, *, max_cost: float
) -> gpd.GeoDataFrame:
    from tvb.connectivity.paths import allocation_paths, least_cost_paths, line_of

    paths: list[Path]
    if rules.method == "allocation":
        paths = allocation_paths(ground, max_cost=max_cost)
    else:
        complete = rules.topology == "complete"
        paths = least_cost_paths(ground, complete=complete, max_cost=max_cost)
    ids = ordered["patch"].to_numpy()
    lines = np.array([line_of(ground.costs, path.cells) for path in paths], dtype=object)
    first = np.array([path.i - 1 for path in paths], dtype=np.int64)
    second = np.array([path.j - 1 for path in paths], dtype=np.int64)
    crossed = ["; ".join(str(ids[k - 1]) for k in path.crossed) for path in paths]
    return gpd.GeoDataFrame(
        {
            **_ends(ordered, first, second),
            "cost": np.array([path.cost for path in paths], dtype=np.float64),
            "length_m": shapely.length(lines).astype(np.float64),
            "patches_crossed": pd.Series(crossed, dtype="str"),
        },
        geometry=lines,
        crs=CRS,
    )


def require_patches(patches: gpd.GeoDataFrame) -> None:
    """Raise unless a table of patches has one shape for each id.

    Parameters
    ----------
    patches : geopandas.GeoDataFrame
        Any table.

    Raises
    ------
    CrsError
        If it is not in EPSG:2154.
    LayerError
        If the column ``patch`` is missing or holds an id twice, or a geometry is null or empty.
    """
    require_crs(patches, "patches")
    if "patch" not in patches.columns:
        raise LayerError(
            explain(
                "patches", "column « patch » is missing", remedy="tvb.connectivity.build_patches"
            )
        )
    repeated = patches["patch"].duplicated().to_numpy()
    nowhere = (patches.geometry.isna() | patches.geometry.is_empty).to_numpy()
    for problem, wrong in (("id given twice", repeated), ("null or empty geometry", nowhere)):
        if wrong.any():
            ids = patches["patch"].to_numpy()[wrong]
            raise LayerError(
                explain(
                    "patches", problem, count=len(ids), ids=ids, required="one shape for each id"
                )
            )
