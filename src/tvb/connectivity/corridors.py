"""Corridors: not only the least-cost path, but all ground that costs little more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.connectivity.links import ground_of, require_patches
from tvb.display import parts_table
from tvb.errors import LayerError, ParameterError, explain
from tvb.grid import Grid

if TYPE_CHECKING:  # the compiled loops are loaded on first use
    from tvb.connectivity.allocation import Searcher
    from tvb.connectivity.field import Unit
    from tvb.connectivity.paths import Ground

__all__ = ["Corridor", "accumulate_corridors", "corridor"]


@dataclass(frozen=True, repr=False)
class Corridor:
    """The ground between two patches where a path costs little more than the least.

    Parameters
    ----------
    i, j : object
        Ids of the patches.
    cost : float
        Least cost between them.
    tolerance : float
        What a path may cost more, as a share of it.
    grid : Grid
        Least cost of a path from i to j through each cell, float32, on the cells of the box around
        the corridor; NaN outside the corridor.
    geometry : shapely.Polygon or shapely.MultiPolygon
        The cells of the corridor.
    area_m2 : float
        Its area.
    mean_width_m : float
        Area outside the two patches over the length of the least-cost path. NaN where the patches
        touch and nothing lies outside.
    narrowest_m : float
        Clear width where the least-cost path, outside the two patches, has least of it: twice the
        distance from a cell of the path to the nearest centre of a cell outside the corridor (which
        the two patches count as part of), less the shorter side of a cell. NaN likewise.
    """

    i: Any
    j: Any
    cost: float
    tolerance: float
    grid: Grid
    geometry: shapely.Polygon | shapely.MultiPolygon
    area_m2: float
    mean_width_m: float
    narrowest_m: float

    def __repr__(self) -> str:
        return (
            f"<Corridor {self.i}–{self.j}: cost {self.cost:g} + {self.tolerance:.0%}, "
            f"{self.area_m2 / 10_000:.1f} ha, {self.mean_width_m:.0f} m wide, "
            f"{self.narrowest_m:.0f} m at the narrowest>"
        )

    def _repr_html_(self) -> str:
        parts = {
            "least cost": self.cost,
            "tolerance (%)": 100 * self.tolerance,
            "area (m²)": self.area_m2,
            "mean width (m)": self.mean_width_m,
            "narrowest (m)": self.narrowest_m,
        }
        return parts_table(self, parts, then=(".geometry", ".grid"))


def corridor(
    patches: gpd.GeoDataFrame,
    resistance: Grid,
    pair: tuple[Any, Any],
    *,
    tolerance: float = 0.1,
    unit: Unit = "m",
) -> Corridor:
    """Return the corridor between two patches.

    It holds the cells through which a path from one patch to the other costs at most
    ``1 + tolerance`` times the least cost.

    Parameters
    ----------
    patches : geopandas.GeoDataFrame
        In EPSG:2154, with the column ``patch``.
    resistance : Grid
        Cost of each cell, as for `build_links`.
    pair : tuple
        Ids of the two patches, for instance ``i`` and ``j`` of a link.
    tolerance : float
        What a path may cost more, as a share of the least cost; finite, ≥ 0.
    unit : {"m", "cell"}
        Unit of costs, as for `build_links`.

    Returns
    -------
    Corridor
        Its cells, its polygon and its widths.

    Raises
    ------
    CrsError, LayerError
        As `build_links`; also if no path joins the two patches.
    ParameterError
        If a patch is not in the table, both are the same, or the tolerance is negative.

    References
    ----------
    Pinto N., Keitt T. (2009). Beyond the least-cost path: evaluating corridor redundancy using a
    graph-theoretic approach. Landscape Ecology 24, 253-266.
    """
    from tvb.connectivity.allocation import Searcher

    _require_tolerance(tolerance)
    require_patches(patches)
    ordered = patches.sort_values("patch")
    ((first, second),) = _numbers(ordered, [pair])
    low, high = min(first, second), max(first, second)
    ground = ground_of(ordered, resistance, unit)
    searchers = Searcher(ground.costs), Searcher(ground.costs)
    for _, cost, cells, through in _corridors(
        ground, searchers, low, others=[high], tolerance=tolerance
    ):
        return _describe(ground, resistance, (low, high), cost=cost, tolerance=tolerance,
                         found=(cells, through), ids=ordered["patch"].to_numpy())  # fmt: skip
    raise LayerError(
        explain("resistance", f"no path joins the patches {pair[0]} and {pair[1]}",
                remedy="look for impassable cells around them")
    )  # fmt: skip


def accumulate_corridors(
    patches: gpd.GeoDataFrame,
    resistance: Grid,
    links: pd.DataFrame,
    *,
    tolerance: float = 0.1,
    weight: str | None = None,
    unit: Unit = "m",
) -> Grid:
    """Return in how many corridors each cell lies.

    Parameters
    ----------
    patches : geopandas.GeoDataFrame
        In EPSG:2154, with the column ``patch``.
    resistance : Grid
        Cost of each cell, as for `build_links`.
    links : pandas.DataFrame
        With ``i`` and ``j``, ids of patches. Links that no path follows have no corridor.
    tolerance : float
        What a path may cost more, as a share of the least cost; finite, ≥ 0.
    weight : str, optional
        Column of the links to add up instead of counting, for instance their importance.
    unit : {"m", "cell"}
        Unit of costs, as for `build_links`.

    Returns
    -------
    Grid
        Named ``corridors``, on the cells of ``resistance``: int32 counts, or float64 sums.

    Raises
    ------
    CrsError, LayerError
        As `build_links`.
    ParameterError
        If a patch or a column is not in the tables, or the tolerance is negative.
    """
    from tvb.connectivity.allocation import Searcher
    from tvb.connectivity.field import interior

    _require_tolerance(tolerance)
    require_patches(patches)
    missing = [c for c in ("i", "j", *([weight] if weight else [])) if c not in links.columns]
    if missing:
        raise ParameterError(explain("links", f"no column {', '.join(missing)}"))
    ordered = patches.sort_values("patch")
    numbers = np.sort(_numbers(ordered, list(zip(links["i"], links["j"], strict=True))), axis=1)
    ground = ground_of(ordered, resistance, unit)
    worth = np.ones(len(links)) if weight is None else links[weight].to_numpy(dtype=np.float64)
    total = np.zeros(ground.owner.shape, dtype=np.float64 if weight else np.int32)
    searchers = Searcher(ground.costs), Searcher(ground.costs)
    for i in np.unique(numbers[:, 0]).tolist():
        rows = np.flatnonzero(numbers[:, 0] == i)
        others = np.unique(numbers[rows, 1]).tolist()
        for j, _, cells, _ in _corridors(ground, searchers, i, others=others, tolerance=tolerance):
            total[cells] += worth[rows[numbers[rows, 1] == j]].sum().astype(total.dtype)
    values = interior(total.reshape(ground.costs.cost.shape)).copy()
    return Grid(
        values, resistance.x_min, resistance.y_max, resistance.cell_width, resistance.cell_height,
        name="corridors",
    )  # fmt: skip


def _require_tolerance(tolerance: float) -> None:
    if not (np.isfinite(tolerance) and tolerance >= 0):
        raise ParameterError(explain("tolerance", f"is {tolerance}", required="a finite share ≥ 0"))


def _numbers(ordered: gpd.GeoDataFrame, pairs: list[tuple[Any, Any]]) -> NDArray[np.int64]:
    """Return the numbers, from 1 on, of the patches of some pairs."""
    ids = pd.Index(ordered["patch"])
    ends = np.array([ids.get_indexer([i, j]) for i, j in pairs], dtype=np.int64).reshape(-1, 2)
    unknown = [pairs[row][end] for row, end in np.argwhere(ends < 0)]
    if unknown:
        raise ParameterError(explain("patches", "no such patch", count=len(unknown), ids=unknown))
    same = [pairs[row][0] for row in np.flatnonzero(ends[:, 0] == ends[:, 1])]
    if same:
        raise ParameterError(explain("pair", "patch linked to itself", count=len(same), ids=same))
    return ends + 1


def _corridors(
    ground: Ground,
    searchers: tuple[Searcher, Searcher],
    i: int,
    *,
    others: list[int],
    tolerance: float,
) -> list[tuple[int, float, NDArray[np.int64], NDArray[np.float64]]]:
    """Return, for each other patch: number, least cost, cells, cost of a path through each."""
    from tvb.connectivity.paths import least_costs

    near, far = searchers
    costs = least_costs(ground, near, i, others=others)
    limits = {j: (1 + tolerance) * cost for j, cost in costs.items()}
    found = []
    with near.spread(ground.cells_of(i), max(limits.values(), default=0.0), bound=ground.dist) as (
        from_i, _,
    ):  # fmt: skip
        for j, limit in limits.items():
            # Where the way back to i costs too much, no cell beyond is in the corridor either.
            with far.spread(ground.cells_of(j), limit, bound=from_i) as (from_j, reached):
                cells = np.sort(reached).astype(np.int64)
                through = from_i[cells] + from_j[cells]
                within = through <= limit
                found.append((j, costs[j], cells[within], through[within]))
    return found


def _describe(
    ground: Ground,
    resistance: Grid,
    numbers: tuple[int, int],
    *,
    cost: float,
    tolerance: float,
    found: tuple[NDArray[np.int64], NDArray[np.float64]],
    ids: NDArray[Any],
) -> Corridor:
    """Return a corridor with its polygon and its widths."""
    from tvb.geometry.outlines import outline_cells

    cells, through = found
    row, column = np.divmod(cells, ground.costs.width)
    top, left = int(row.min()), int(column.min())
    values = np.full((int(row.max()) - top + 1, int(column.max()) - left + 1), np.nan, "float32")
    values[row - top, column - left] = through
    grid = Grid(
        values,
        resistance.x_min + (left - 1) * resistance.cell_width,
        resistance.y_max - (top - 1) * resistance.cell_height,
        resistance.cell_width,
        resistance.cell_height,
        nodata=float("nan"),
        name="corridor",
    )
    flat = (row - top) * values.shape[1] + column - left
    area_m2 = len(cells) * resistance.cell_area_m2
    mean_width_m, narrowest_m = _widths(ground, numbers, cells)
    return Corridor(
        ids[numbers[0] - 1], ids[numbers[1] - 1], cost, tolerance, grid,
        outline_cells(grid, flat, np.zeros(len(flat), dtype=np.int64))[0],
        area_m2, mean_width_m, narrowest_m,
    )  # fmt: skip


def _widths(
    ground: Ground, numbers: tuple[int, int], cells: NDArray[np.int64]
) -> tuple[float, float]:
    """Return the mean and the least width of a corridor outside its patches."""
    from scipy.ndimage import distance_transform_edt

    from tvb.connectivity.paths import least_cost_path, line_of

    grid, width = ground.costs.grid, ground.costs.width
    in_patches = np.isin(-ground.owner[cells], numbers)
    path = least_cost_path(ground, *numbers)
    between = path[~np.isin(-ground.owner[path], numbers)]
    if len(between) == 0:
        return float("nan"), float("nan")
    outside_m2 = float((~in_patches).sum()) * grid.cell_area_m2
    inside = np.concatenate([cells, *(ground.cells_of(number) for number in numbers)])
    row, column = np.divmod(inside, width)
    top, left = row.min() - 1, column.min() - 1
    window = np.zeros((row.max() - top + 2, column.max() - left + 2), dtype=bool)
    window[row - top, column - left] = True
    clear = distance_transform_edt(window, sampling=(grid.cell_height, grid.cell_width))
    row, column = np.divmod(between, width)
    least = float(clear[row - top, column - left].min())
    side = min(grid.cell_width, grid.cell_height)
    return outside_m2 / line_of(ground.costs, path).length, 2 * least - side
