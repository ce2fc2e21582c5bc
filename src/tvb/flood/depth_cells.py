"""Footprints laid on rasters that come window by window, several scenarios abreast.

A footprint that lies within one window is summed up there. The cells of one that leaves a window
are kept until the last window has been read, and then summed up in the order in which they lie on
the ground: the windows do not show in the result.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.depth_footprints import CHUNK, Footprints
from tvb.flood.depth_kernels import (
    CROSSING,
    DOOR,
    DRY,
    FIRST_SHARE,
    MAX,
    MIXED,
    NO_DATA,
    UNKNOWN,
    UNREAL,
    ZERO,
    Cells,
    Reading,
    Window,
    cover_cells,
    judge_boxes,
    sum_up,
)
from tvb.geometry.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
)
from tvb.grid import Grid
from tvb.progress import Bar

__all__ = ["Footprints", "Measure", "Tally", "tally_depths"]

_ROOM = 65_536
"""Cells of a footprint worked on at a time, where its rows are not longer."""

_SAME_LATTICE = 1e-6
"""Part of a cell by which the corner of a window may miss that of a cell."""


class Measure(NamedTuple):
    """What is measured, and how values are read; ``shares`` of the area, 0 to 1."""

    tiny_m: float
    lowest_m: float
    highest_m: float
    shares: NDArray[np.float64]
    with_ring: bool
    doors: NDArray[np.float64]  # shape (n, 2), not a number where the door is not known


class _Pieces(NamedTuple):
    """Cells of footprints that leave a window: one entry for each."""

    row: IntArray
    north: FloatArray  # rows and columns of the lattice, in metres from its corner
    east: FloatArray
    cells: Cells
    values: FloatArray
    area_m2: FloatArray


@dataclass
class Tally:
    """What is known of the water under each footprint in one scenario.

    Parameters
    ----------
    sums : numpy.ndarray
        One row for each footprint; columns as `tvb.flood.depth_kernels` names them.
    door_m : numpy.ndarray
        Depth as stored in the cell of each door that is known, not a number elsewhere.
    windows : int
        Number of windows read.
    """

    sums: NDArray[np.float64]
    door_m: NDArray[np.float64]
    windows: int = 0
    pieces: list[_Pieces] = field(default_factory=list)
    corner: tuple[float, float, float, float] | None = None
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)

    def place(self, grid: Grid) -> Window:
        """Return where a window lies on the lattice of the windows before it.

        Parameters
        ----------
        grid : Grid
            The window.

        Returns
        -------
        Window
            On a lattice of its own if its cells are not those of the first window continued.

        Raises
        ------
        LayerError
            If it overlaps a window before it.
        """
        self.windows += 1
        box, size = grid.bounds, (grid.cell_width, grid.cell_height)
        self._refuse_overlap(grid, box)
        self.boxes.append(box)
        own = (grid.x_min, grid.y_max, *size)
        if self.corner is None:
            self.corner = own
        left = (grid.x_min - self.corner[0]) / grid.cell_width
        top = (self.corner[1] - grid.y_max) / grid.cell_height
        rows, columns = grid.shape
        shift = max(abs(left - round(left)), abs(top - round(top)))
        if self.corner[2:] != size or shift > _SAME_LATTICE:
            return Window(*own, 0, 0, columns, rows)
        return Window(*self.corner, round(left), round(top), columns, rows)

    def _refuse_overlap(self, grid: Grid, box: tuple[float, float, float, float]) -> None:
        if not self.boxes:
            return
        west, south, east, north = np.array(self.boxes).T
        slack_x, slack_y = grid.cell_width / 1e3, grid.cell_height / 1e3
        across = np.minimum(east, box[2]) - np.maximum(west, box[0]) > slack_x
        if (across & (np.minimum(north, box[3]) - np.maximum(south, box[1]) > slack_y)).any():
            raise LayerError(
                explain(
                    grid.name,
                    f"window {self.windows} overlaps a window before it",
                    required="windows that lie side by side",
                    remedy="crop them (Grid.crop), or merge the files into one raster",
                )
            )


def tally_depths(
    footprints: Footprints,
    streams: Mapping[str, Iterable[Grid]],
    measure: Measure,
    *,
    threads: int,
) -> dict[str, Tally]:
    """Return what is known of the water under each footprint, by scenario.

    Parameters
    ----------
    footprints : Footprints
        The buildings.
    streams : mapping of str to iterable of Grid
        Windows of each scenario, read abreast: one of each is held at a time.
    measure : Measure
        What is measured.
    threads : int
        Number of threads; the result is the same for any.

    Returns
    -------
    dict of str to Tally
        In the order of the streams.

    Raises
    ------
    LayerError
        If windows overlap, or hold what cannot be a depth.
    ParameterError
        If something else than a grid is in a stream.
    """
    blank = np.zeros((len(footprints.geometry), FIRST_SHARE + len(measure.shares)))
    blank[:, [MAX, DOOR]] = np.nan
    blank[:, FIRST_SHARE:] = np.nan
    tallies = {name: Tally(blank.copy(), np.full(len(blank), np.nan)) for name in streams}
    windows = {name: iter(grids) for name, grids in streams.items()}
    with ThreadPoolExecutor(threads) as pool, Bar("Water depths", unit="windows") as bar:
        while taken := _take_windows(windows, tallies, footprints, measure=measure, pool=pool):
            bar.advance(taken)
    for tally in tallies.values():
        _join(tally, measure)
        _set_doors(tally, measure)
    return tallies


def _take_windows(
    streams: Mapping[str, Iterator[Grid]],
    tallies: Mapping[str, Tally],
    footprints: Footprints,
    *,
    measure: Measure,
    pool: ThreadPoolExecutor,
) -> int:
    """Read one window of each scenario and measure in it; return how many there were.

    All that holds a window is local, so that it is let go of before the next one is read.
    """
    abreast: dict[Window, list[_Layer]] = {}
    for name, stream in streams.items():
        for grid in islice(stream, 1):
            window = tallies[name].place(_require_grid(grid, name))
            abreast.setdefault(window, []).append(_Layer.of(tallies[name], grid, measure))
    for window, layers in abreast.items():
        job = _Job(footprints, window, layers, measure)
        rows, bounds = footprints.near(layers[0].grid)
        cuts = range(0, len(rows), CHUNK)
        chunks = [(rows[i : i + CHUNK], bounds[i : i + CHUNK]) for i in cuts]
        for found in pool.map(job.measure_chunk, chunks):
            for layer, pieces in zip(layers, found, strict=False):
                layer.tally.pieces.append(pieces)
    return sum(map(len, abreast.values()))


def _require_grid(grid: object, name: str) -> Grid:
    if isinstance(grid, Grid):
        return grid
    raise ParameterError(
        explain(
            name, f"{type(grid).__name__} among the windows", required="tvb.grid.Grid",
            remedy="tvb.io.read_grid or tvb.io.iter_grids",
        )
    )  # fmt: skip


@dataclass(frozen=True)
class _Layer:
    """One window of one scenario."""

    tally: Tally
    grid: Grid
    values: FloatArray
    reading: Reading

    @classmethod
    def of(cls, tally: Tally, grid: Grid, measure: Measure) -> _Layer:
        values = np.ascontiguousarray(grid.values)
        if values.dtype not in (np.float32, np.float64):
            exact = np.can_cast(values.dtype, np.float32)
            values = values.astype(np.float32 if exact else np.float64)
        # Rounded as the values are: files write the mark of no data with fewer or more digits.
        no_data = math.nan if grid.nodata is None else float(values.dtype.type(grid.nodata))
        reading = Reading(no_data, measure.tiny_m, measure.lowest_m, measure.highest_m)
        layer = cls(tally, grid, values, reading)
        layer._read_doors(measure.doors)
        return layer

    def _read_doors(self, doors: NDArray[np.float64]) -> None:
        known = np.flatnonzero(~np.isnan(doors[:, 0]))
        row, column = self.grid.cell_of(*doors[known].T)
        here = row >= 0
        found = self.values[row[here], column[here]].astype(np.float64)
        found[(found == self.reading.no_data) | ~np.isfinite(found)] = np.nan
        self.tally.door_m[known[here]] = found


@dataclass(frozen=True)
class _Job:
    """Footprints to be measured in one window, where some scenarios have the same cells."""

    footprints: Footprints
    window: Window
    layers: list[_Layer]
    measure: Measure

    def measure_chunk(self, chunk: tuple[IntArray, FloatArray]) -> list[_Pieces]:
        """Sum up the footprints that lie in the window; return the cells of those that leave it."""
        rows, bounds = chunk
        verdicts = [
            judge_boxes(bounds, self.window, layer.values, layer.reading.no_data)
            for layer in self.layers
        ]
        needed = verdicts[0] == CROSSING
        for layer, verdict in zip(self.layers, verdicts, strict=True):
            self._set_alike(layer.tally.sums, rows, verdict)
            needed |= verdict == MIXED
        if not needed.any():
            return []
        at = np.flatnonzero(needed)
        at = at[self.footprints.plain_first(rows[at])]
        here, crossing = rows[at], verdicts[0][at] == CROSSING
        cells = self._cover(here, bounds[at])
        for layer, verdict in zip(self.layers, verdicts, strict=True):
            found = self._sum_up(layer, cells)
            mixed = verdict[at] == MIXED
            layer.tally.sums[here[mixed]] = found[mixed]
        return [
            self._pieces(layer, cells, rows=here, crossing=crossing)
            for layer in self.layers
            if crossing.any()
        ]

    def _cover(self, rows: IntArray, bounds: FloatArray) -> Cells:
        """Return the cells of footprints in the window."""
        window = self.window
        # A length of n cells meets n + 2 at most, with those that it only touches.
        columns, lines = (
            np.ceil((bounds[:, side + 2] - bounds[:, side]) / size).astype(np.int64) + 2
            for side, size in enumerate((window.cell_width, window.cell_height))
        )
        room = int((np.minimum(columns, window.columns) * np.minimum(lines, window.rows)).sum())
        cells = Cells(
            np.empty(len(rows) + 1, dtype=np.int64), np.empty(room, dtype=np.int64),
            np.empty(room), np.empty(room, dtype=np.uint8),
        )  # fmt: skip
        widest = max(_ROOM, int(columns.max()) + 1)
        cover_cells(
            self.footprints.rings(rows, window), window, cells,
            np.empty(widest), np.empty(widest, dtype=np.uint8), self.measure.with_ring,
        )  # fmt: skip
        return cells

    def _set_alike(
        self, sums: NDArray[np.float64], rows: IntArray, verdict: NDArray[np.uint8]
    ) -> None:
        """Write what needs no measure: footprints on ground that is all dry, or all unknown."""
        dry, unknown = rows[verdict == ZERO], rows[verdict == NO_DATA]
        sums[dry, DRY] = self.footprints.area_m2[dry]
        sums[dry[:, None], [MAX, DOOR, *range(FIRST_SHARE, sums.shape[1])]] = 0.0
        sums[unknown, UNKNOWN] = self.footprints.area_m2[unknown]

    def _sum_up(self, layer: _Layer, cells: Cells) -> NDArray[np.float64]:
        area = np.array([layer.grid.cell_area_m2])
        return sum_up(layer.values.reshape(-1), cells, area, layer.reading, self.measure.shares)

    def _pieces(
        self, layer: _Layer, cells: Cells, *, rows: IntArray, crossing: BoolArray
    ) -> _Pieces:
        """Return the cells of the footprints that leave the window."""
        count = np.diff(cells.starts)
        kept = np.flatnonzero(np.repeat(crossing, count))
        flat = cells.cell[kept]
        row, column = np.divmod(flat, self.window.columns)
        values = layer.values.reshape(-1)[flat]
        values[values == layer.reading.no_data] = np.nan
        return _Pieces(
            np.repeat(rows, count)[kept],
            -self.window.y_max + (self.window.top + row) * self.window.cell_height,
            self.window.x_min + (self.window.left + column) * self.window.cell_width,
            Cells(cells.starts, flat, cells.covered[kept], cells.on_ring[kept]),
            values,
            np.full(len(flat), layer.grid.cell_area_m2),
        )


def _join(tally: Tally, measure: Measure) -> None:
    """Sum up the footprints that left a window, their cells from north to south, west to east."""
    if not tally.pieces:
        return
    pieces = tally.pieces
    row, north, east, area, values = (
        np.concatenate([getattr(p, name) for p in pieces])
        for name in ("row", "north", "east", "area_m2", "values")
    )
    covered = np.concatenate([p.cells.covered for p in pieces])
    on_ring = np.concatenate([p.cells.on_ring for p in pieces])
    order = np.lexsort((east, north, row))
    rows, first = np.unique(row[order], return_index=True)
    cells = Cells(np.append(first, len(order)), order, covered[order], on_ring[order])
    reading = Reading(math.nan, measure.tiny_m, measure.lowest_m, measure.highest_m)
    tally.sums[rows] = sum_up(values, cells, area[order], reading, measure.shares)
    tally.pieces.clear()


def _set_doors(tally: Tally, measure: Measure) -> None:
    """Write the depth at the doors that are known, read like that of any cell."""
    known = np.flatnonzero(~np.isnan(measure.doors[:, 0]))
    found = tally.door_m[known]
    tally.sums[known, UNREAL] += (found < measure.lowest_m) | (found > measure.highest_m)
    found[found < measure.tiny_m] = 0.0
    tally.sums[known, DOOR] = found
