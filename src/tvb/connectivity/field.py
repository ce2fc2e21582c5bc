"""The ground as the compiled loops see it: costs with a margin, and steps that add up exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, explain
from tvb.grid import Grid

__all__ = ["CostField", "Unit", "cost_field", "interior"]

Unit = Literal["m", "cell"]

_MOST_BUCKETS = 8192
_MOST_CELLS = 2**31 - 1
_DIGITS = 53  # of a float64: sums below 2^53 quanta are exact
_REACH = 2.0**29  # cheapest steps that a path may count before the quantum is made coarser


@dataclass(frozen=True)
class CostField:
    """Costs of the cells, with a margin of one impassable cell all round.

    Every step costs a multiple of ``quantum``, a power of two so small that sums of steps below
    ``2^53`` quanta are exact. Least costs therefore depend on no order of additions.

    Parameters
    ----------
    cost : numpy.ndarray of float32
        Cost of each cell, inf where impassable.
    half : numpy.ndarray of float64
        Half the length of a step to N, W, E, S, NW, NE, SW, SE, in metres or cells.
    quantum : float
        What steps are rounded to.
    least, most : float
        Cheapest and dearest step, those without cost left aside.
    grid : Grid
        Where the cells lie; its values are not used.
    """

    cost: NDArray[np.float32]
    half: NDArray[np.float64]
    quantum: float
    least: float
    most: float
    grid: Grid

    @property
    def width(self) -> int:
        """Columns, margin included."""
        return int(self.cost.shape[1])

    @property
    def exact_below(self) -> float:
        """Cost from which sums may be rounded."""
        return self.quantum * 2.0**_DIGITS

    @property
    def buckets(self) -> int:
        """Number of buckets in the ring of a queue, a power of two."""
        needed = self.most / self.least + 2 if self.least > 0 else 2
        return int(min(_MOST_BUCKETS, 2 ** math.ceil(math.log2(needed))))

    def coarser(self, farthest: float) -> CostField:
        """Return the field with steps rounded so that costs up to some value add up exactly.

        Parameters
        ----------
        farthest : float
            Largest cost that is to be exact.

        Returns
        -------
        CostField
            The same costs, at least eight times coarser.
        """
        quantum = max(8 * self.quantum, _quantum_for(farthest))
        return replace(self, quantum=quantum)

    def step(self, one: NDArray[Any], other: NDArray[Any], direction: int) -> NDArray[np.float64]:
        """Return what steps between cells cost.

        Parameters
        ----------
        one, other : numpy.ndarray
            Costs of the two cells.
        direction : int
            Position in ``half``.

        Returns
        -------
        numpy.ndarray
            Multiples of the quantum.
        """
        magic = 1.5 * 2.0 ** (_DIGITS - 1) * self.quantum
        exact = (one.astype(np.float64) + other) * self.half[direction]
        return np.asarray((exact + magic) - magic, dtype=np.float64)


def cost_field(resistance: Grid, unit: Unit) -> CostField:
    """Return the field of a raster of costs.

    Parameters
    ----------
    resistance : Grid
        Cost of crossing a cell per metre, or per cell, ≥ 0; not a number, infinite or no data where
        nothing passes.
    unit : {"m", "cell"}
        Unit of length of a step. A cell counts as long as it is wide.

    Returns
    -------
    CostField
        Costs in float32.

    Raises
    ------
    LayerError
        If a cost is negative.
    ParameterError
        If the unit is unknown or the raster holds more than 2^31 cells.
    """
    if unit not in get_args(Unit):
        raise ParameterError(explain("unit", f"« {unit} » is unknown", required="m or cell"))
    rows, columns = resistance.shape
    if (rows + 2) * (columns + 2) > _MOST_CELLS:
        raise ParameterError(
            explain(resistance.name, f"{rows} × {columns} cells", required="fewer than 2^31 cells")
        )
    cost = np.full((rows + 2, columns + 2), np.inf, dtype=np.float32)
    inner = interior(cost)
    inner[...] = resistance.values
    if resistance.nodata is not None:
        inner[resistance.values == resistance.nodata] = np.inf
    inner[np.isnan(inner)] = np.inf
    if inner.size and inner.min() < 0:
        raise LayerError(
            explain(resistance.name, "negative cost", count=int((inner < 0).sum()),
                    required="costs ≥ 0")
        )  # fmt: skip
    scale = resistance.cell_width if unit == "cell" else 1.0
    east, north = resistance.cell_width / scale, resistance.cell_height / scale
    slant = math.hypot(east, north)
    half = np.array([north, east, east, north, slant, slant, slant, slant]) / 2
    least, most = _extremes(inner, half)
    quantum = _quantum_for(max(least * _REACH, most * 64))
    return CostField(cost, half, quantum, least, most, resistance)


def interior(padded: NDArray[Any]) -> NDArray[Any]:
    """Return the cells of a raster without its margin.

    Parameters
    ----------
    padded : numpy.ndarray
        Raster with a margin of one cell.

    Returns
    -------
    numpy.ndarray
        A view.
    """
    return padded[1:-1, 1:-1]


def _quantum_for(farthest: float) -> float:
    """Return the power of two of which ``farthest`` counts 2^51 to 2^52."""
    return float(2.0 ** (math.frexp(farthest)[1] - (_DIGITS - 1))) if farthest > 0 else 1.0


def _extremes(cost: NDArray[np.float32], half: NDArray[np.float64]) -> tuple[float, float]:
    """Return the cheapest step that is not free and the dearest one that is possible."""
    # Extremes row by row: a mask of the whole raster would cost a copy of it.
    least, most, free = math.inf, 0.0, False
    for row in cost:
        usable = row[np.isfinite(row)]
        positive = usable[usable > 0]
        free = free or len(positive) < len(usable)
        if len(positive):
            least, most = min(least, float(positive.min())), max(most, float(positive.max()))
    if most == 0:
        return 1.0, 1.0
    # Beside a free cell, only half of the cheapest cost is paid.
    return least * float(half.min()) * (1 if free else 2), 2 * most * float(half.max())
