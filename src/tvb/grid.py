"""A raster held in memory: an array and where it lies.

Themes never open a raster file; they take a `Grid`, which `tvb.io.read_grid` makes from a file and
`tvb.datasets` from a model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tvb.display import parts_table
from tvb.errors import ParameterError, explain

__all__ = ["Grid"]


@dataclass(frozen=True, slots=True)
class Grid:
    """A north-up raster in EPSG:2154.

    Parameters
    ----------
    values : numpy.ndarray
        Two-dimensional, first row to the north.
    x_min, y_max : float
        Outer corner of the first cell, in metres.
    cell_width, cell_height : float
        Size of a cell in metres, both positive (cells need not be square).
    nodata : float, optional
        Value of the cells that hold no observation; None when every cell does.
    name : str, optional
        Name shown in messages.
    legend : dict of int to str, optional
        Meaning of the codes of a classified raster.

    Raises
    ------
    ParameterError
        If the array is not two-dimensional or a cell size is not positive.
    """

    values: NDArray[Any]
    x_min: float
    y_max: float
    cell_width: float
    cell_height: float
    nodata: float | None = None
    name: str = "grid"
    legend: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.values.ndim != 2:
            raise ParameterError(
                explain(self.name, f"array of {self.values.ndim} dimensions", required="2")
            )
        if not (self.cell_width > 0 and self.cell_height > 0):
            raise ParameterError(
                explain(
                    self.name,
                    f"cell of {self.cell_width} × {self.cell_height} m",
                    required="two positive lengths",
                )
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.values.shape
        return rows, columns

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres."""
        rows, columns = self.shape
        return (
            self.x_min,
            self.y_max - rows * self.cell_height,
            self.x_min + columns * self.cell_width,
            self.y_max,
        )

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """Affine coefficients (a, b, c, d, e, f) in the order of the ``affine`` package."""
        return (self.cell_width, 0.0, self.x_min, 0.0, -self.cell_height, self.y_max)

    @property
    def cell_area_m2(self) -> float:
        """Area of one cell in square metres."""
        return self.cell_width * self.cell_height

    def cell_of(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return row and column of points; outside the raster both are -1.

        Parameters
        ----------
        x, y : numpy.ndarray
            Coordinates in metres.

        Returns
        -------
        tuple of numpy.ndarray
            Rows and columns as int64.
        """
        rows, columns = self.shape
        column = np.floor((np.asarray(x) - self.x_min) / self.cell_width).astype(np.int64)
        row = np.floor((self.y_max - np.asarray(y)) / self.cell_height).astype(np.int64)
        outside = (column < 0) | (row < 0) | (column >= columns) | (row >= rows)
        column[outside] = -1
        row[outside] = -1
        return row, column

    def crop(self, bounds: tuple[float, float, float, float]) -> Grid:
        """Return the cells that meet a window; the values are a view, not a copy.

        Parameters
        ----------
        bounds : tuple of float
            West, south, east, north in metres.

        Returns
        -------
        Grid
            At least one cell of the raster.

        Raises
        ------
        ParameterError
            If the window lies outside the raster.

        Examples
        --------
        >>> grid = Grid(np.arange(12).reshape(3, 4), 0.0, 30.0, 10.0, 10.0)
        >>> grid.crop((12, 0, 25, 15)).values.tolist()
        [[5, 6], [9, 10]]
        """
        west, south, east, north = bounds
        rows, columns = self.shape
        left = max(0, math.floor((west - self.x_min) / self.cell_width))
        right = min(columns, math.ceil((east - self.x_min) / self.cell_width))
        top = max(0, math.floor((self.y_max - north) / self.cell_height))
        bottom = min(rows, math.ceil((self.y_max - south) / self.cell_height))
        if left >= right or top >= bottom:
            raise ParameterError(
                explain(self.name, "the window lies outside the raster", required=f"{self.bounds}")
            )
        return replace(
            self,
            values=self.values[top:bottom, left:right],
            x_min=self.x_min + left * self.cell_width,
            y_max=self.y_max - top * self.cell_height,
        )

    def __repr__(self) -> str:
        rows, columns = self.shape
        return (
            f"<Grid {self.name}: {rows} × {columns} cells of "
            f"{self.cell_width:g} × {self.cell_height:g} m, {self.values.dtype}>"
        )

    def _repr_html_(self) -> str:
        west, south, east, north = (f"{side:.0f}" for side in self.bounds)
        parts = {
            "extent (m, EPSG:2154)": f"west {west}, south {south}, east {east}, north {north}",
            "nodata": self.nodata,
            "legend": ", ".join(f"{code} {meaning}" for code, meaning in self.legend.items()),
        }
        return parts_table(self, parts, then=(".values", ".crop(bounds)"))


def __dir__() -> list[str]:
    return sorted(__all__)
