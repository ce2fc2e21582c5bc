"""Polygons on a lattice of square cells, so that most features need no geometry to be placed.

A cell is crossed by an edge of a polygon, or else lies wholly inside or wholly outside. The crossed
cells are counted in a table of sums over rectangles: four reads of it tell whether the bounding box
of a feature meets any of them. If not, the whole box has the value of any of its cells; if so, the
feature is doubtful and has to be tested by an exact predicate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tvb.geometry.arrays import (
    BoolArray,
    FloatArray,
    GeometryArray,
    IntArray,
    polygon_edges,
    total_bounds,
)

__all__ = [
    "DOUBTFUL",
    "Cover",
    "EdgeCover",
    "Lattice",
    "build_cover",
    "build_edge_cover",
    "mark_cells",
    "span_lattice",
]

DOUBTFUL = -1
"""What `Cover.locate` says of a box that an edge may cross."""

# Cells are marked this far around an edge: far above the rounding of a coordinate of 7 000 km
# (1e-9 m) and the millimetre within which a feature lies on a border, far below a cell.
_MARGIN_M = 1e-2
_FEWEST_CELLS, _MOST_CELLS, _CELLS_PER_ITEM = 1_024, 4_000_000, 4


@dataclass(frozen=True, slots=True)
class Lattice:
    """Square cells over a rectangle; row 0 is the southernmost.

    Parameters
    ----------
    x_min, y_min : float
        South-west corner, in metres.
    cell_m : float
        Side of a cell.
    columns, rows : int
        Number of cells.
    """

    x_min: float
    y_min: float
    cell_m: float
    columns: int
    rows: int

    def row_of(self, y: FloatArray) -> IntArray:
        """Return the rows of ordinates, the first or the last for those beyond.

        Parameters
        ----------
        y : numpy.ndarray
            Metres.

        Returns
        -------
        numpy.ndarray
            Row numbers.
        """
        row = np.floor((y - self.y_min) / self.cell_m)
        return np.asarray(np.clip(row, 0, self.rows - 1), dtype=np.int64)

    def windows(self, bounds: FloatArray) -> NDArray[np.int32]:
        """Return the cells that boxes meet, drawn back to the outer ring where they lie beyond.

        Parameters
        ----------
        bounds : numpy.ndarray
            West, south, east, north of each box, of shape (n, 4); not a number where there is none.

        Returns
        -------
        numpy.ndarray
            First column, first row, last column, last row, of shape (4, n).
        """
        windows = np.empty((4, len(bounds)), dtype=np.int32)
        for side in range(4):
            low, count = ((self.x_min, self.columns), (self.y_min, self.rows))[side % 2]
            place = (bounds[:, side] - low) / self.cell_m
            np.clip(place, 0, count - 1, out=place)
            windows[side] = np.nan_to_num(place, copy=False, nan=0.0)
        return windows


def span_lattice(features: FloatArray, areas: FloatArray, items: int) -> Lattice:
    """Return a lattice over the ground that features and areas share, with a ring around it.

    Parameters
    ----------
    features, areas : numpy.ndarray
        Bounds of either, of shape (n, 4).
    items : int
        Number of features and vertices; the more, the smaller the cells, up to four million.

    Returns
    -------
    Lattice
        Beyond its outer ring there are no features, or no areas.
    """
    mine, other = total_bounds(features), total_bounds(areas)
    box = np.concatenate([np.fmax(mine[:2], other[:2]), np.fmin(mine[2:], other[2:])])
    if not (box[:2] <= box[2:]).all():
        box = np.nan_to_num(other)
    width, height = box[2:] - box[:2]
    cells = min(max(_CELLS_PER_ITEM * items, _FEWEST_CELLS), _MOST_CELLS)
    cell_m = max(float(np.sqrt(width * height / cells)), max(width, height) / cells) or 1.0
    # The edge on the rim of an area marks cells on both its sides: a cell and a half beyond it,
    # the ring is clear of it.
    west, south = box[:2] - 1.5 * cell_m
    return Lattice(west, south, cell_m, int(width / cell_m) + 4, int(height / cell_m) + 4)


@dataclass(frozen=True, slots=True)
class Cover:
    """What each cell of a lattice lies in.

    Parameters
    ----------
    lattice : Lattice
        The cells.
    values : numpy.ndarray
        One number for each cell, row by row: that of its centre. An edge that passes within the
        rounding of a coordinate of the centre may leave it on either side.
    crossed : numpy.ndarray
        Number of crossed cells south-west of each corner of the cells, row by row.
    """

    lattice: Lattice
    values: NDArray[np.int32]
    crossed: NDArray[np.int32]

    def locate(self, windows: NDArray[np.int32]) -> IntArray:
        """Return the value of the cells of each window, or `DOUBTFUL` where an edge crosses one.

        Parameters
        ----------
        windows : numpy.ndarray
            As `Lattice.windows` returns them.

        Returns
        -------
        numpy.ndarray
            One number for each window.
        """
        west, south, east, north = (side.astype(np.int64) for side in windows)
        corners = self.lattice.columns + 1
        low, high = south * corners, (north + 1) * corners
        count = (
            self.crossed.take(high + east + 1)
            - self.crossed.take(high + west)
            - self.crossed.take(low + east + 1)
            + self.crossed.take(low + west)
        )
        found: IntArray = self.values.take(south * self.lattice.columns + west).astype(np.int64)
        found[count > 0] = DOUBTFUL
        return found


def build_cover(polygons: GeometryArray, labels: IntArray, lattice: Lattice) -> Cover:
    """Return the cover of polygons: in a cell, the sum of the labels of those that hold it.

    Parameters
    ----------
    polygons : numpy.ndarray
        Valid single polygons.
    labels : numpy.ndarray
        Positive number for each. All 1: a value above 0 is inside the union. One for each polygon
        of a partition: the value tells which.
    lattice : Lattice
        The cells.

    Returns
    -------
    Cover
        Values 0 outside all polygons.
    """
    crossings = _find_crossings(polygons, labels, lattice)
    runs = _find_runs(crossings, lattice)
    return Cover(lattice, _sum_labels(crossings, lattice), _sum_crossed(runs, lattice))


@dataclass(frozen=True, slots=True)
class EdgeCover:
    """A cover with the edges that meet each cell, so that a place in it needs no others.

    Parameters
    ----------
    cover : Cover
        What the cells lie in.
    first : numpy.ndarray
        First edge of each cell, row by row, and the number of all.
    edges : numpy.ndarray
        Ends of the edges and the label of their polygon, which lies on their left, of shape (n, 5):
        those that cross a cell, or come within the margin of it, follow each other.
    """

    cover: Cover
    first: NDArray[np.int32]
    edges: FloatArray


def build_edge_cover(polygons: GeometryArray, labels: IntArray, lattice: Lattice) -> EdgeCover:
    """Return the cover of polygons with the edges of each cell.

    Parameters
    ----------
    polygons, labels, lattice
        As in `build_cover`.

    Returns
    -------
    EdgeCover
        Without edges that lie beyond the lattice.
    """
    crossings = _find_crossings(polygons, labels, lattice)
    runs = _find_runs(crossings, lattice)
    length = runs.east - runs.west + 1
    run = np.repeat(np.arange(len(length)), length)
    step = np.arange(len(run)) - np.repeat(np.cumsum(length) - length, length)
    cell = (runs.row * lattice.columns + runs.west)[run] + step
    order = np.argsort(cell, kind="stable")
    first = np.zeros(lattice.rows * lattice.columns + 1, dtype=np.int32)
    np.cumsum(np.bincount(cell, minlength=len(first) - 1), out=first[1:])
    edge = runs.crossing[run[order]]
    crossed = (np.diff(first) > 0).reshape(lattice.rows, lattice.columns)
    cover = Cover(lattice, _sum_labels(crossings, lattice), _sum_cells(crossed))
    ends = crossings.start[edge], crossings.end[edge], crossings.label[edge, None]
    return EdgeCover(cover, first, np.hstack(ends, dtype=np.float64))


def mark_cells(lattice: Lattice, marked: BoolArray) -> Cover:
    """Return a cover of value 0 that finds boxes doubtful where they meet some cells.

    Parameters
    ----------
    lattice : Lattice
        The cells.
    marked : numpy.ndarray of bool
        One answer for each cell, row by row.

    Returns
    -------
    Cover
        To leave out, at one look, what meets none of the cells.
    """
    values = np.zeros(len(marked), dtype=np.int32)
    return Cover(lattice, values, _sum_cells(marked.reshape(lattice.rows, lattice.columns)))


@dataclass(frozen=True, slots=True)
class _Crossings:
    """Edges as often as the rows of cells that they meet.

    Parameters
    ----------
    start, end : numpy.ndarray
        Ends of the edge, of shape (n, 2).
    label : numpy.ndarray
        Label of its polygon, which lies on its left.
    row : numpy.ndarray
        Row of cells.
    """

    start: FloatArray
    end: FloatArray
    label: IntArray
    row: IntArray

    def x_at(self, y: FloatArray) -> FloatArray:
        """Return where the edges pass a height, kept between their ends; the start of level ones.

        Parameters
        ----------
        y : numpy.ndarray
            One height for each edge.

        Returns
        -------
        numpy.ndarray
            Abscissae.
        """
        rise = self.end[:, 1] - self.start[:, 1]
        part = np.divide(y - self.start[:, 1], rise, out=np.zeros(len(y)), where=rise != 0)
        return self.start[:, 0] + np.clip(part, 0.0, 1.0) * (self.end[:, 0] - self.start[:, 0])


def _find_crossings(polygons: GeometryArray, labels: IntArray, lattice: Lattice) -> _Crossings:
    start, end, owner = polygon_edges(polygons)
    low, high = np.minimum(start, end), np.maximum(start, end)
    # East of the lattice, and in rows that it does not have, edges change nothing.
    x_max = lattice.x_min + lattice.columns * lattice.cell_m
    y_max = lattice.y_min + lattice.rows * lattice.cell_m
    near = (low[:, 0] <= x_max) & (low[:, 1] <= y_max) & (high[:, 1] >= lattice.y_min)
    start, end, label = start[near], end[near], labels[owner[near]]
    first = lattice.row_of(low[near, 1] - _MARGIN_M)
    count = lattice.row_of(high[near, 1] + _MARGIN_M) - first + 1
    edge = np.repeat(np.arange(len(start)), count)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    return _Crossings(start[edge], end[edge], label[edge], first[edge] + step)


def _sum_labels(crossings: _Crossings, lattice: Lattice) -> NDArray[np.int32]:
    """Return the values of the cells: labels picked up at the edges met from the west.

    Along the line of centres of a row, an edge that goes down enters its polygon and one that goes
    up leaves it. The change is booked from the first centre east of it.
    """
    row, label = crossings.row, crossings.label
    middle = lattice.y_min + (row + 0.5) * lattice.cell_m
    up = (crossings.start[:, 1] <= middle) & (crossings.end[:, 1] > middle)
    down = (crossings.end[:, 1] <= middle) & (crossings.start[:, 1] > middle)
    column = np.floor((crossings.x_at(middle) - lattice.x_min) / lattice.cell_m + 0.5)
    met = (up | down) & (column < lattice.columns)
    change = np.bincount(
        row[met] * lattice.columns + np.maximum(column[met], 0).astype(np.int64),
        weights=np.where(up[met], -label[met], label[met]),
        minlength=lattice.rows * lattice.columns,
    )
    rows = change.reshape(lattice.rows, lattice.columns).cumsum(axis=1)
    return rows.astype(np.int32).ravel()


@dataclass(frozen=True, slots=True)
class _Runs:
    """Neighbouring cells of a row that a crossing meets, or comes within the margin of."""

    crossing: IntArray
    row: IntArray
    west: IntArray
    east: IntArray


def _find_runs(crossings: _Crossings, lattice: Lattice) -> _Runs:
    row, start, end = crossings.row, crossings.start, crossings.end
    bottom = lattice.y_min + row * lattice.cell_m - _MARGIN_M
    one = crossings.x_at(bottom)
    two = crossings.x_at(bottom + lattice.cell_m + 2 * _MARGIN_M)
    level = np.abs(end[:, 1] - start[:, 1]) <= _MARGIN_M
    one[level], two[level] = start[level, 0], end[level, 0]
    west = (np.minimum(one, two) - _MARGIN_M - lattice.x_min) // lattice.cell_m
    east = (np.maximum(one, two) + _MARGIN_M - lattice.x_min) // lattice.cell_m
    here = np.flatnonzero((east >= 0) & (west < lattice.columns))
    return _Runs(
        here,
        row[here],
        np.maximum(west[here], 0).astype(np.int64),
        np.minimum(east[here], lattice.columns - 1).astype(np.int64),
    )


def _sum_crossed(runs: _Runs, lattice: Lattice) -> NDArray[np.int32]:
    """Return the table of sums of the cells that edges cross, or come within the margin of."""
    # Each run of cells is one entry at its west and one exit after its east.
    stride = lattice.columns + 1
    size = lattice.rows * stride
    entries = np.bincount(runs.row * stride + runs.west, minlength=size)
    exits = np.bincount(runs.row * stride + runs.east + 1, minlength=size)
    crossed = (entries - exits).reshape(lattice.rows, stride)[:, :-1].cumsum(axis=1) > 0
    return _sum_cells(crossed)


def _sum_cells(marked: BoolArray) -> NDArray[np.int32]:
    """Return the number of marked cells south-west of each corner of the cells, row by row."""
    rows, columns = marked.shape
    sums = np.zeros((rows + 1, columns + 1), dtype=np.int32)
    sums[1:, 1:] = marked.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)
    return sums.ravel()
