"""Rasters in classes, laid on the map cell by cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from tvb.errors import ParameterError
from tvb.grid import Grid
from tvb.maps.layout import Layout
from tvb.maps.page import Bounds
from tvb.maps.style import LAND

__all__ = ["Cells", "classify"]

_PIXEL_MM = 25.4 / 300
"""Side of the smallest piece of a raster that is worth its ink."""


@dataclass(frozen=True, eq=False)
class Cells:
    """A raster in classes.

    Parameters
    ----------
    grid : Grid
        Number of the class of each cell, as uint8; 0 where nothing is drawn.
    colours : tuple of str
        Of the classes, from 1 on.
    """

    grid: Grid
    colours: tuple[str, ...]

    def inside(self, view: Bounds) -> Grid | None:
        """Return the cells that meet a view.

        Parameters
        ----------
        view : Bounds
            In metres.

        Returns
        -------
        Grid or None
            None where the view lies beside the raster.
        """
        try:
            return self.grid.crop(view)
        except ParameterError:
            return None

    def classes_in(self, view: Bounds) -> frozenset[int]:
        """Return the classes that a view shows.

        Parameters
        ----------
        view : Bounds
            In metres.

        Returns
        -------
        frozenset of int
            Without 0.
        """
        part = self.inside(view)
        if part is None:
            return frozenset()
        ranks = range(1, len(self.colours) + 1)
        return frozenset(k for k in ranks if (part.values == k).any())

    def paint(self, axes: Axes, layout: Layout, *, level: float) -> None:
        """Draw the cells that the map shows, each with its exact sides.

        Parameters
        ----------
        axes : matplotlib.axes.Axes
            Of the map, in metres.
        layout : Layout
            View and scale.
        level : float
            Drawing order.

        Notes
        -----
        Where several cells share a piece of paper of 1/300 inch, the highest class is drawn: a
        corridor one cell wide stays whole at the scale of the basin. Where a cell is larger than
        that, it is written as several equal pixels, because some viewers blur coarse images.
        """
        part = self.inside(layout.view)
        if part is None:
            return
        pixel_m = _PIXEL_MM / 1000 * layout.denominator
        part = _coarsen(part, pixel_m)
        rows, columns = (
            max(1, int(side // pixel_m)) for side in (part.cell_height, part.cell_width)
        )
        fine = np.repeat(np.repeat(part.values, rows, axis=0), columns, axis=1)
        # what is transparent has the colour of the ground: some viewers blend at the edges
        palette = np.array([to_rgba(LAND, 0.0), *map(to_rgba, self.colours)])
        west, south, east, north = part.bounds
        image = AxesImage(
            axes, extent=(west, east, south, north), origin="upper", interpolation="none",
            zorder=level,
        )  # fmt: skip
        image.set_data((palette * 255).round().astype(np.uint8)[fine])
        image.set_clip_path(axes.patch)
        axes.add_image(image)


def _coarsen(part: Grid, pixel_m: float) -> Grid:
    """Return a raster whose cells are not finer than a pixel: the highest class of each block."""
    rows, columns = (max(1, int(pixel_m // side)) for side in (part.cell_height, part.cell_width))
    if rows == columns == 1:
        return part
    height, width = (math.ceil(n / k) for n, k in zip(part.shape, (rows, columns), strict=True))
    padded = np.zeros((height * rows, width * columns), dtype=part.values.dtype)
    padded[: part.shape[0], : part.shape[1]] = part.values
    blocks = padded.reshape(height, rows, width, columns)
    return replace(
        part, values=blocks.max(axis=(1, 3)), cell_width=part.cell_width * columns,
        cell_height=part.cell_height * rows,
    )  # fmt: skip


def classify(grid: Grid, breaks: NDArray[np.float64], colours: Sequence[str]) -> Cells:
    """Return a raster of positive numbers in classes.

    Parameters
    ----------
    grid : Grid
        Numbers; what is not above 0, not finite or without data is not drawn.
    breaks : numpy.ndarray
        Inner limits, increasing: one less than there are colours.
    colours : sequence of str
        Of the classes, from the lowest.

    Returns
    -------
    Cells
        On the same cells.
    """
    values = grid.values
    classes = np.zeros(grid.shape, dtype=np.uint8)
    drawn = np.isfinite(values) & (values > 0)
    if grid.nodata is not None and not math.isnan(grid.nodata):
        drawn &= values != grid.nodata
    classes[drawn] = 1 + np.searchsorted(breaks, values[drawn], side="right")
    return Cells(replace(grid, values=classes, nodata=0), tuple(colours))
