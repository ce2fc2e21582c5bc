"""Polygons on a lattice of square cells, so that most features need no geometry to be placed.

A cell is crossed by an edge of a polygon, or else lies wholly inside or wholly outside. The crossed
cells are counted in a table of sums over rectangles: four reads of it tell whether the bounding box
of a feature meets any of them. If not, the whole box has the value of any of its cells; if so, the
feature is doubtful and has to be tested by an exact predicate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from tvb.geometry.cover_kernels import Frame

__all__ = [
    "DOUBTFUL",
    "Cover",
    "EdgeCover",
    "Lattice",
    "build_cover",
    "build_edge_cover",
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


@dataclass(frozen=True, slots=True)
class EdgeCover:
    """What each cell lies in, and the edges that meet it, so that a place in it needs no others.

    Parameters
    ----------
    lattice, values
        As in `Cover`.
    first : numpy.ndarray
        First edge of each cell, row by row, and the number of all.
    edges : numpy.ndarray
        Ends of the edges and the label of their polygon, which lies on their left, of shape (n, 5):
        those that cross a cell, or come within the margin of it, follow each other.
    """

    lattice: Lattice
    values: NDArray[np.int32]
    first: NDArray[np.int32]
    edges: FloatArray


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
    count, values = _lay_out(_edges(polygons, labels), lattice)
    return Cover(lattice, values, _sum_cells(count > 0, lattice))


def build_edge_cover(polygons: GeometryArray, labels: IntArray, lattice: Lattice) -> EdgeCover:
    """Return what each cell of a lattice lies in, and the edges that meet it.

    Parameters
    ----------
    polygons, labels, lattice
        As in `build_cover`.

    Returns
    -------
    EdgeCover
        Without edges that lie beyond the lattice.
    """
    from tvb.geometry.cover_kernels import list_edges

    edges = _edges(polygons, labels)
    count, values = _lay_out(edges, lattice)
    first = np.zeros(len(count) + 1, dtype=np.int32)
    np.cumsum(count, out=first[1:])
    listed = np.empty((int(first[-1]), 5))
    list_edges(edges, _frame(lattice), first[:-1].copy(), listed)
    return EdgeCover(lattice, values, first, listed)


def _edges(polygons: GeometryArray, labels: IntArray) -> FloatArray:
    """Return the edges of polygons as a cover lists them."""
    start, end, owner = polygon_edges(polygons)
    return np.hstack([start, end, labels[owner, None]], dtype=np.float64)


def _frame(lattice: Lattice) -> Frame:
    """Return a lattice as compiled code takes it."""
    from tvb.geometry.cover_kernels import Frame  # import tvb stays light

    west, south, cell_m = float(lattice.x_min), float(lattice.y_min), float(lattice.cell_m)
    return Frame(west, south, cell_m, lattice.columns, lattice.rows, _MARGIN_M)


def _lay_out(edges: FloatArray, lattice: Lattice) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the number of edges that meet each cell, and the value of its centre."""
    from tvb.geometry.cover_kernels import count_edges

    count = np.zeros(lattice.rows * lattice.columns, dtype=np.int32)
    values = np.zeros(len(count), dtype=np.int32)
    count_edges(edges, _frame(lattice), count, values)
    return count, values


def _sum_cells(marked: BoolArray, lattice: Lattice) -> NDArray[np.int32]:
    """Return the number of marked cells south-west of each corner of the cells, row by row."""
    from tvb.geometry.cover_kernels import sum_marked

    sums = np.zeros((lattice.rows + 1, lattice.columns + 1), dtype=np.int32)
    sum_marked(marked.reshape(lattice.rows, lattice.columns), sums)
    return sums.ravel()
