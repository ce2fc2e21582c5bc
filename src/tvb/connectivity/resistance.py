"""What it costs a species to cross each cell: land cover, slope, barriers and their crossings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, explain
from tvb.grid import Grid
from tvb.schema import require_crs

__all__ = ["build_resistance"]

_BLOCK_ROWS = 256
_SHOWN_CODES = 10


def build_resistance(
    land_cover: Grid,
    costs: Mapping[int, float],
    *,
    dem: Grid | None = None,
    slope_weight: float = 1.0,
    barriers: gpd.GeoDataFrame | None = None,
    crossings: gpd.GeoDataFrame | None = None,
    crossing_reach_m: float = 0.0,
) -> Grid:
    """Return the cost of crossing each cell of a land cover.

    Parameters
    ----------
    land_cover : Grid
        Codes of classes.
    costs : mapping of int to float
        Cost of each code, ≥ 0; inf where nothing passes.
    dem : Grid, optional
        Height of the ground in metres, on the same cells. The cost of a cell is multiplied by
        ``1 + slope_weight × slope``, where slope is the rise over the run by central
        differences (1.0 at 45°).
    slope_weight : float
        How much a slope costs, ≥ 0; 0 for nothing.
    barriers : geopandas.GeoDataFrame, optional
        Lines in EPSG:2154, with the column ``cost``. Every cell that a line passes through costs at
        least as much; cells of a line hang together by their sides, so that no diagonal step
        slips through.
    crossings : geopandas.GeoDataFrame, optional
        Bridges, tunnels, ecoducts: points or lines in EPSG:2154. The barriers are left out of their
        cells, which then cost what the land cover says or, where it holds a number, the column
        ``cost``.
    crossing_reach_m : float
        Distance around a crossing in which barriers are left out too (cells by their centre), for
        parallel roads for instance.

    Returns
    -------
    Grid
        Named ``resistance``, float32, on the same cells (which need not be square). No data is NaN
        where the land cover or the slope holds none, and is impassable.

    Raises
    ------
    CrsError
        If lines or crossings are not in EPSG:2154.
    LayerError
        If a code has no cost (all are listed, with the number of cells), a frame lacks the column
        ``cost``, or the heights lie on other cells.
    ParameterError
        If a cost or a weight is negative or not a number.

    Notes
    -----
    Work goes by blocks of rows; apart from the result, memory does not depend on the size of the
    raster. A raster too large to be held can be done window by window (`tvb.io.iter_grids`): lines
    pass through the same cells in any window. Only the slope of the cells along its sides, by
    one-sided differences, depends on the window.

    Examples
    --------
    >>> import geopandas as gpd, numpy as np, shapely
    >>> land_cover = Grid(np.array([[3, 5, 5]], dtype="uint8"), 0, 20, 20, 20, nodata=0)
    >>> road = gpd.GeoDataFrame({"cost": [100.0]}, crs=2154,
    ...                         geometry=[shapely.LineString([(50, 0), (50, 20)])])
    >>> build_resistance(land_cover, {3: 1, 5: 10}, barriers=road).values
    array([[  1.,  10., 100.]], dtype=float32)
    """
    table = _checked_costs(costs, slope_weight=slope_weight, crossing_reach_m=crossing_reach_m)
    values = _price(land_cover, table)
    if dem is not None:
        _steepen(values, land_cover, dem, weight=slope_weight)
    opened = _opened(land_cover, crossings, crossing_reach_m)
    flat = values.reshape(-1)
    before = flat[opened]
    if barriers is not None:
        _raise_barriers(flat, land_cover, barriers)
    flat[opened] = before
    if crossings is not None and "cost" in crossings.columns:
        _price_crossings(flat, land_cover, crossings)
    return Grid(
        values,
        land_cover.x_min,
        land_cover.y_max,
        land_cover.cell_width,
        land_cover.cell_height,
        nodata=float("nan"),
        name="resistance",
    )


def _checked_costs(
    costs: Mapping[int, float], *, slope_weight: float, crossing_reach_m: float
) -> dict[int, float]:
    for name, value in (("slope_weight", slope_weight), ("crossing_reach_m", crossing_reach_m)):
        if not (np.isfinite(value) and value >= 0):
            raise ParameterError(explain(name, f"is {value}", required="a finite number ≥ 0"))
    table = {int(code): float(cost) for code, cost in sorted(costs.items())}
    wrong = [code for code, cost in table.items() if not cost >= 0]
    if wrong:
        raise ParameterError(
            explain("costs", "cost negative or not a number", count=len(wrong), ids=wrong,
                    required="costs ≥ 0, inf where nothing passes")
        )  # fmt: skip
    return table


def _price(land_cover: Grid, table: Mapping[int, float]) -> NDArray[np.float32]:
    """Return the cost of the class of each cell, NaN where there is none."""
    codes = np.array(list(table), dtype=np.int64)
    prices = np.array([*table.values(), np.nan], dtype=np.float32)
    values = np.empty(land_cover.shape, dtype=np.float32)
    unknown: dict[int | float, int] = {}
    for top in range(0, land_cover.shape[0], _BLOCK_ROWS):
        block = land_cover.values[top : top + _BLOCK_ROWS]
        found, inverse, count = np.unique(
            block, return_inverse=True, return_counts=True, equal_nan=True
        )
        absent = np.isnan(found) if found.dtype.kind == "f" else np.zeros(len(found), dtype=bool)
        if land_cover.nodata is not None:
            absent |= found == land_cover.nodata
        at = np.searchsorted(codes, np.where(absent, 0, found))
        at = np.minimum(at, len(codes) - 1)
        priced = (codes[at] == found) if len(codes) else np.zeros(len(found), dtype=bool)
        for code, cells in zip(found[~priced & ~absent], count[~priced & ~absent], strict=True):
            unknown[code.item()] = unknown.get(code.item(), 0) + int(cells)
        price = prices[np.where(priced & ~absent, at, -1)]
        values[top : top + _BLOCK_ROWS] = price[inverse].reshape(block.shape)
    if unknown:
        shown = [f"{code} ({unknown[code]} cells)" for code in sorted(unknown)]
        text = ", ".join(shown[:_SHOWN_CODES]) + (", …" if len(shown) > _SHOWN_CODES else "")
        raise LayerError(
            explain(land_cover.name, f"no cost for code {text}", required="a cost for each code")
        )
    return values


def _steepen(values: NDArray[np.float32], land_cover: Grid, dem: Grid, *, weight: float) -> None:
    """Multiply costs by what the slope adds."""
    if (dem.shape, dem.transform) != (land_cover.shape, land_cover.transform):
        raise LayerError(
            explain(dem.name, "lies on other cells", required=f"the cells of {land_cover!r}")
        )
    rows = dem.shape[0]
    for top in range(0, rows, _BLOCK_ROWS):
        end = min(top + _BLOCK_ROWS, rows)
        low, high = max(0, top - 1), min(rows, end + 1)
        height = dem.values[low:high].astype(np.float64)
        if dem.nodata is not None:
            height[height == dem.nodata] = np.nan
        north = np.gradient(height, dem.cell_height, axis=0) if len(height) > 1 else 0 * height
        east = np.gradient(height, dem.cell_width, axis=1) if height.shape[1] > 1 else 0 * height
        slope = np.hypot(north, east)[top - low : end - low]
        values[top:end] *= 1 + weight * slope


def _raise_barriers(flat: NDArray[np.float32], grid: Grid, barriers: gpd.GeoDataFrame) -> None:
    """Make the cells of the barriers cost as much as the dearest that passes through."""
    from tvb.connectivity.burn import cells_of_lines

    require_crs(barriers, "barriers")
    prices = _prices(barriers, "barriers")
    if np.isnan(prices).any():
        raise LayerError(explain("barriers", "without cost", count=int(np.isnan(prices).sum())))
    lines = barriers.geometry.to_numpy()
    for price in np.unique(prices):
        cells = cells_of_lines(grid, lines[prices == price])
        flat[cells] = np.maximum(flat[cells], np.float32(price))


def _prices(frame: gpd.GeoDataFrame, name: str) -> NDArray[np.float64]:
    if "cost" not in frame.columns:
        raise LayerError(explain(name, "column « cost » is missing", required="a cost for each"))
    prices: NDArray[np.float64] = frame["cost"].to_numpy(dtype=np.float64, na_value=np.nan)
    if (prices < 0).any():
        wrong = frame.index[prices < 0]
        raise LayerError(
            explain(name, "negative cost", count=len(wrong), ids=wrong, required="costs ≥ 0")
        )
    return prices


def _opened(grid: Grid, crossings: gpd.GeoDataFrame | None, reach_m: float) -> NDArray[np.int64]:
    """Return the cells in which no barrier stands."""
    if crossings is None:
        return np.empty(0, dtype=np.int64)
    from tvb.connectivity.burn import cells_of_polygons

    require_crs(crossings, "crossings")
    cells = _cells(grid, crossings.geometry.to_numpy())
    if reach_m > 0:
        around = shapely.buffer(crossings.geometry.to_numpy(), reach_m)
        cells = np.concatenate([cells, cells_of_polygons(grid, around)[0]])
    return np.unique(cells)


def _cells(grid: Grid, shapes: NDArray[Any]) -> NDArray[np.int64]:
    """Return the cells of points and lines."""
    from tvb.connectivity.burn import cells_of_lines

    points = shapely.get_coordinates(shapes[shapely.get_dimensions(shapes) == 0])
    row, column = grid.cell_of(points[:, 0], points[:, 1])
    within = row >= 0
    lines = cells_of_lines(grid, shapes[shapely.get_dimensions(shapes) == 1])
    return np.concatenate([row[within] * grid.shape[1] + column[within], lines])


def _price_crossings(flat: NDArray[np.float32], grid: Grid, crossings: gpd.GeoDataFrame) -> None:
    """Write the cost of the crossings that have one, the cheapest where several meet."""
    prices = _prices(crossings, "crossings")
    shapes = crossings.geometry.to_numpy()
    for price in np.unique(prices[~np.isnan(prices)])[::-1]:
        flat[_cells(grid, shapes[prices == price])] = price
