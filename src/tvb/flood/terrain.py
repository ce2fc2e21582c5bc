"""Depressions of a terrain: where water stands, up to which level, and over which cell it leaves.

References
----------
Barnes, Lehman & Mulla 2014, "Priority-flood: an optimal depression-filling and watershed-labeling
algorithm for digital elevation models"; Zhou, Sun & Fu 2016, "An efficient variant of the
Priority-Flood algorithm for filling depressions in raster digital elevation models", for the order
in which cells are visited. The filled terrain itself depends on no order.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.display import frame_table
from tvb.errors import LayerError, ParameterError, explain
from tvb.geometry.arrays import BoolArray, FloatArray, IntArray
from tvb.grid import Grid
from tvb.schema import require_type

__all__ = ["FilledTerrain", "NodataRule", "fill_depressions", "require_terrain"]

NodataRule = Literal["outlet", "wall"]

_NODATA = -9999.0
# As in `basin_kernels`, which is not imported before it is needed.
_INNER, _OUTLET, _VOID = 0, 1, 2
_MOST_CELLS = 2**31 - 1


class _Padded(NamedTuple):
    """A raster with a ring of void cells around it, as flat arrays, and steps to the neighbours."""

    ground: NDArray[Any]
    kind: NDArray[np.uint8]
    around: NDArray[np.int64]
    shape: tuple[int, int]

    def inside(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the cells of the raster, as a view."""
        rows, columns = self.shape
        return values.reshape(rows + 2, columns + 2)[1:-1, 1:-1]

    def pad(self, cells: IntArray) -> IntArray:
        """Return flat positions in the padded raster of flat positions in the raster."""
        row, column = np.divmod(cells, self.shape[1])
        return np.asarray((row + 1) * (self.shape[1] + 2) + column + 1)

    def unpad(self, cells: IntArray) -> IntArray:
        """Return flat positions in the raster of flat positions in the padded one."""
        row, column = np.divmod(cells.astype(np.int64), self.shape[1] + 2)
        return np.asarray((row - 1) * self.shape[1] + column - 1)


def require_terrain(terrain: FilledTerrain) -> None:
    """Raise unless something given is a terrain with its depressions.

    Parameters
    ----------
    terrain : FilledTerrain
        What was given.

    Raises
    ------
    LayerError
        If it is something else, such as the heights themselves.
    """
    require_type(terrain, FilledTerrain, "terrain", remedy="tvb.flood.fill_depressions(ground)")


@dataclass(frozen=True)
class FilledTerrain:
    """A terrain and its depressions, from `fill_depressions`.

    Parameters
    ----------
    ground : Grid
        Height of the ground, as given.
    level : Grid
        Lowest level in metres at which water of each cell finds a way out: the ground itself
        outside depressions, the spill level inside. Not a number where there is no ground, or no
        way out.
    depression : Grid
        Number of the depression of each cell, from 1 on; 0 outside.
    depressions : pandas.DataFrame
        On the index ``depression``: ``level_m``, the spill level; ``spill_x``, ``spill_y``, centre
        of the cell over which water leaves (outside the depression, on its rim); ``lowest_m``,
        ``lowest_x``, ``lowest_y``, the lowest cell (of equals, the first from the north-west);
        ``depth_max_m``; ``area_m2`` and ``volume_m3`` of water when full. In order of the first
        cell from the north-west, row by row.
    """

    ground: Grid
    level: Grid
    depression: Grid
    depressions: pd.DataFrame
    _padded: _Padded = field(repr=False)

    def __repr__(self) -> str:
        rows, columns = self.ground.shape
        return f"<FilledTerrain: {rows} × {columns} cells, {len(self.depressions)} depressions>"

    def _repr_html_(self) -> str:
        shown = ["level_m", "lowest_m", "depth_max_m", "area_m2", "volume_m3"]
        largest = self.depressions.sort_values("volume_m3", ascending=False, kind="stable")
        return frame_table(self, largest[shown], then=(".depressions", ".depth()", ".level"))

    def depth(self) -> Grid:
        """Return the depth of water when all depressions are full.

        Returns
        -------
        Grid
            Metres; 0 on dry ground, no data where the ground or a way out is not known.
        """
        with np.errstate(invalid="ignore"):
            values = self.level.values - self.ground.values
        values = np.where(np.isnan(self.level.values), values.dtype.type(_NODATA), values)
        return replace(self.level, values=values, nodata=_NODATA, name="depth_m")

    def cells_of(self, depression: int) -> IntArray:
        """Return the cells of a depression.

        Parameters
        ----------
        depression : int
            Its number.

        Returns
        -------
        numpy.ndarray
            Flat positions in the raster, in order.

        Raises
        ------
        ParameterError
            If there is no such depression.
        """
        if depression not in self.depressions.index:
            raise ParameterError(
                explain("depression", f"{depression} does not exist",
                        required=f"1 to {len(self.depressions)}")
            )  # fmt: skip
        cells, starts = self._members
        return np.asarray(cells[starts[depression] : starts[depression + 1]], dtype=np.int64)

    @cached_property
    def _members(self) -> tuple[NDArray[np.int32], IntArray]:
        """Cells under water, those of each depression together, and where each begins."""
        return _members(self.depression.values, len(self.depressions))

    @cached_property
    def catchment(self) -> Grid:
        """Depression that the water of each cell comes to first; 0 if it comes to none.

        Water runs down the steepest way to one of the eight neighbours, of equals to the first from
        the north-west, and over level ground to the nearest way down. Depressions upstream keep
        their own water.
        """
        from tvb.flood.basin_kernels import drain  # numba: not before it is needed

        width, height = self.ground.cell_width, self.ground.cell_height
        corner = float(np.hypot(width, height))
        lengths = np.array([corner, height, corner, width, width, corner, height, corner])
        padded = self._padded
        label = np.pad(self.depression.values, 1).reshape(-1)
        home = drain(padded.ground, padded.kind, label, padded.around, lengths)
        return replace(self.depression, values=padded.inside(home), name="catchment")

    def contributing_m2(self) -> pd.Series[Any]:
        """Return the area whose water comes to each depression first, its own included.

        Returns
        -------
        pandas.Series
            Square metres on the index ``depression``.
        """
        cells = np.bincount(self.catchment.values.reshape(-1), minlength=len(self.depressions) + 1)[
            1:
        ]
        return pd.Series(
            cells * self.ground.cell_area_m2, index=self.depressions.index, name="contributing_m2"
        )


def fill_depressions(ground: Grid, *, nodata: NodataRule = "outlet") -> FilledTerrain:
    """Return a terrain with its depressions, the level at which each spills, and where.

    Parameters
    ----------
    ground : Grid
        Height of the ground in metres. Its nodata, what is not a number and what is infinite are
        no ground.
    nodata : {"outlet", "wall"}
        Water leaves over the edge of the raster, and into cells without ground; or over the edge
        only, and such cells hold it back. Ground that walls shut in on all sides has no level.

    Returns
    -------
    FilledTerrain
        Exact: the level of a cell is the least, over all ways of eight neighbours to an outlet, of
        the highest ground on the way. In the type of the heights if that is a floating type,
        float64 otherwise.

    Raises
    ------
    LayerError
        If something else than a grid is given, or it has more cells than can be numbered, or
        complex values.
    ParameterError
        If the rule is unknown.

    Examples
    --------
    A hole in a plain at 10 m, down to 7 m, from which a ditch at 9 m leads east:

    >>> plain = np.full((5, 5), 10.0)
    >>> plain[2, 2:] = 7.0, 9.0, 9.0
    >>> terrain = fill_depressions(Grid(plain, 0.0, 50.0, 10.0, 10.0))
    >>> terrain.depressions.loc[1, ["level_m", "spill_x", "depth_max_m", "volume_m3"]].tolist()
    [9.0, 35.0, 2.0, 200.0]
    """
    from tvb.flood.basin_kernels import find_spills, label_filled, pour  # numba, when needed

    require_type(ground, Grid, "ground", remedy="tvb.io.read_grid")
    if nodata not in get_args(NodataRule):
        raise ParameterError(
            explain("nodata", f"« {nodata} » is unknown", required="outlet or wall")
        )
    padded = _pad(ground, nodata)
    level = padded.ground.copy()
    closed = (padded.kind != _INNER).astype(np.uint8)
    outlets = np.flatnonzero(padded.kind == _OUTLET).astype(np.int32)
    outlets = outlets[np.argsort(level[outlets], kind="stable")]
    pour((level, closed, padded.around), outlets)
    shut = closed == 0
    padded.kind[shut] = _VOID
    padded.ground[shut] = level[shut] = np.inf
    label = np.zeros(len(level), dtype=np.int32)
    count = label_filled(padded.ground, level, padded.around, label)
    depression = np.ascontiguousarray(padded.inside(label))
    cells, starts = _members(depression, count)
    first = padded.pad(cells[starts[1:-1]].astype(np.int64)).astype(np.int32)
    spill = find_spills(level, padded.kind, label, padded.around, first)
    level[padded.kind == _VOID] = np.nan
    table = _describe(
        ground, padded.inside(level), members=(cells, starts), spill=padded.unpad(spill)
    )
    return FilledTerrain(
        ground=ground,
        level=replace(ground, values=padded.inside(level), nodata=None, name="level_m"),
        depression=replace(ground, values=depression, nodata=None, name="depression"),
        depressions=table,
        _padded=padded,
    )


def _pad(ground: Grid, nodata: NodataRule) -> _Padded:
    values = ground.values
    rows, columns = values.shape
    if (rows + 2) * (columns + 2) > _MOST_CELLS or values.dtype.kind == "c":
        raise LayerError(
            explain(ground.name, f"{rows} × {columns} cells of {values.dtype}",
                    required="fewer than 2³¹ real numbers", remedy="crop it: Grid.crop")
        )  # fmt: skip
    width = columns + 2
    dtype = values.dtype if values.dtype in (np.float32, np.float64) else np.dtype(np.float64)
    known = np.isfinite(values)
    if ground.nodata is not None:
        known &= values != ground.nodata
    heights = np.full((rows + 2, width), np.inf, dtype=dtype)
    np.copyto(heights[1:-1, 1:-1], values, where=known, casting="unsafe")
    kind = np.full((rows + 2, width), _VOID, dtype=np.uint8)
    kind[1:-1, 1:-1][known] = _INNER
    kind[1:-1, 1:-1][known & _beside_outlet(known, nodata)] = _OUTLET
    around = np.array([-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1])
    return _Padded(heights.reshape(-1), kind.reshape(-1), around, (rows, columns))


def _beside_outlet(known: BoolArray, nodata: NodataRule) -> BoolArray:
    """Return which cells water can leave: on the edge, or next to where there is no ground."""
    edge = np.ones(known.shape, dtype=bool)
    edge[1:-1, 1:-1] = False
    if nodata == "outlet" and not known.all():
        unknown = np.pad(~known, 1)
        rows, columns = known.shape
        for down in range(3):
            for right in range(3):
                edge |= unknown[down : down + rows, right : right + columns]
    return edge


def _members(depression: NDArray[np.int32], count: int) -> tuple[NDArray[np.int32], IntArray]:
    flat = depression.reshape(-1)
    cells = np.flatnonzero(flat).astype(np.int32)
    owner = flat[cells]
    cells = cells[np.argsort(owner, kind="stable")]
    starts = np.concatenate([[0, 0], np.cumsum(np.bincount(owner, minlength=count + 1)[1:])])
    return cells, starts.astype(np.int64)


def _describe(
    ground: Grid, level: NDArray[Any], *, members: tuple[IntArray, IntArray], spill: IntArray
) -> pd.DataFrame:
    """Return the table of the depressions."""
    cells, starts = members[0], members[1][1:-1]
    # Subtracted in float64: the difference of two heights of few digits is then exact.
    heights = ground.values.reshape(-1)[cells].astype(np.float64)
    number = np.repeat(np.arange(len(starts)), np.diff(members[1][1:]))
    brim = level.reshape(-1)[spill].astype(np.float64) if len(spill) else np.empty(0)
    lowest = np.minimum.reduceat(heights, starts) if len(starts) else np.empty(0)
    at = np.flatnonzero(heights == lowest[number])
    deepest = cells[at[np.unique(number[at], return_index=True)[1]]]
    depth = brim[number] - heights
    area = np.diff(members[1][1:]) * ground.cell_area_m2
    volume = np.bincount(number, weights=depth, minlength=len(starts)) * ground.cell_area_m2
    (spill_x, spill_y), (low_x, low_y) = _centres(ground, spill), _centres(ground, deepest)
    return pd.DataFrame(
        {
            "level_m": brim, "spill_x": spill_x, "spill_y": spill_y,
            "lowest_m": lowest, "lowest_x": low_x, "lowest_y": low_y,
            "depth_max_m": brim - lowest, "area_m2": area, "volume_m3": volume,
        },
        index=pd.RangeIndex(1, len(starts) + 1, name="depression"),
    )  # fmt: skip


def _centres(ground: Grid, cells: IntArray) -> tuple[FloatArray, FloatArray]:
    row, column = np.divmod(cells.astype(np.int64), ground.shape[1])
    x = ground.x_min + (column + 0.5) * ground.cell_width
    return x, ground.y_max - (row + 0.5) * ground.cell_height
