"""Noise that depends on the place and the seed only, so that any extract of a model is the same.

A value is drawn for each node of a square lattice by hashing its indices; between nodes a cubic
B-spline makes it smooth. Nothing depends on the extent of the array or on the order of the calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frame", "fractal_noise", "hash_uniform", "noise_at", "noise_on", "sample", "spread"]

Floats = NDArray[np.float64]

# A uniform value has a standard deviation of 0.577, which the spline reduces to 0.277.
_TO_UNIT_DEVIATION = 2.0 * 3.6
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STRIDE = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the cells of a model lie: north-up squares aligned on multiples of their side.

    Parameters
    ----------
    column, row : int
        Index of the first cell: it begins at ``column * cell_m`` and ends, to the north, at
        ``-row * cell_m``.
    columns, rows : int
        Number of cells.
    cell_m : float
        Side of a cell in metres.
    """

    column: int
    row: int
    columns: int
    rows: int
    cell_m: float

    @classmethod
    def around(cls, bounds: tuple[float, float, float, float], cell_m: float) -> Frame:
        """Return the smallest frame that covers a rectangle.

        Parameters
        ----------
        bounds : tuple of float
            West, south, east, north in metres.
        cell_m : float
            Side of a cell in metres.

        Returns
        -------
        Frame
            With at least one cell.
        """
        west, south, east, north = bounds
        column, row = int(np.floor(west / cell_m)), int(np.floor(-north / cell_m))
        return cls(
            column,
            row,
            max(1, int(np.ceil(east / cell_m)) - column),
            max(1, int(np.ceil(-south / cell_m)) - row),
            cell_m,
        )

    @property
    def x_min(self) -> float:
        """Western edge in metres."""
        return self.column * self.cell_m

    @property
    def y_max(self) -> float:
        """Northern edge in metres."""
        return -self.row * self.cell_m

    @property
    def x(self) -> Floats:
        """Centres of the columns in metres, to the east."""
        return np.asarray(self.column + np.arange(self.columns) + 0.5, dtype=float) * self.cell_m

    @property
    def y(self) -> Floats:
        """Centres of the rows in metres, to the south."""
        return np.asarray(self.row + np.arange(self.rows) + 0.5, dtype=float) * -self.cell_m

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns


def hash_uniform(i: NDArray[Any], j: NDArray[Any] | int, key: int) -> Floats:
    """Return a value in [0, 1) for each pair of whole numbers, the same on every machine.

    Parameters
    ----------
    i : numpy.ndarray of int
        Any whole numbers.
    j : numpy.ndarray of int, or int
        Any whole numbers, broadcast against `i`.
    key : int
        Another key gives other values.

    Returns
    -------
    numpy.ndarray
        As if uniform and independent.
    """
    first = np.asarray(i, dtype=np.int64).astype(np.uint64) * _STRIDE[0]
    second = np.atleast_1d(np.asarray(j, dtype=np.int64)).astype(np.uint64) * _STRIDE[1]
    bits = first + np.uint64((key * int(_STRIDE[0])) % 2**64)
    bits = ((bits ^ (bits >> np.uint64(29))) * _MIX[1]) ^ second
    for shift, factor in zip((30, 27), _MIX, strict=True):
        bits = (bits ^ (bits >> np.uint64(shift))) * factor
    bits = bits ^ (bits >> np.uint64(31))
    return (bits >> np.uint64(11)).astype(np.float64) / 2.0**53


def noise_at(x: Floats, y: Floats, wavelength_m: float, *, key: int) -> Floats:
    """Return smooth noise at points.

    Parameters
    ----------
    x, y : numpy.ndarray
        Coordinates in metres.
    wavelength_m : float
        Distance between two independent values.
    key : int
        Which noise.

    Returns
    -------
    numpy.ndarray
        Mean 0, standard deviation 1; equal to `noise_on` at the same place.
    """
    columns, along = _taps(np.asarray(x, dtype=float) / wavelength_m)
    rows, across = _taps(np.asarray(y, dtype=float) / wavelength_m)
    total = np.zeros(np.shape(x))
    for j, weight_y in zip(rows, across, strict=True):
        for i, weight_x in zip(columns, along, strict=True):
            total += weight_x * weight_y * (hash_uniform(i, j, key) - 0.5)
    return total * _TO_UNIT_DEVIATION


def noise_on(frame: Frame, wavelength_m: float, *, key: int) -> NDArray[np.float32]:
    """Return smooth noise at the centres of the cells of a frame.

    Parameters
    ----------
    frame : Frame
        Where.
    wavelength_m : float
        Distance between two independent values.
    key : int
        Which noise.

    Returns
    -------
    numpy.ndarray of float32
        Mean 0, standard deviation 1.
    """
    columns, along = _taps(frame.x / wavelength_m)
    rows, across = _taps(frame.y / wavelength_m)
    i = np.arange(columns[0].min(), columns[-1].max() + 1)
    j = np.arange(rows[0].min(), rows[-1].max() + 1)
    drawn = hash_uniform(i[None, :], j[:, None], key) - 0.5
    nodes = (drawn * _TO_UNIT_DEVIATION).astype(np.float32)
    bands = [nodes[:, c - i[0]] * w.astype(np.float32) for c, w in zip(columns, along, strict=True)]
    wide: NDArray[np.float32] = np.sum(bands, axis=0, dtype=np.float32)
    return _blend_rows(wide, [r - j[0] for r in rows], across)


def fractal_noise(
    frame: Frame, longest_m: float, *, octaves: int, key: int, persistence: float = 0.5
) -> NDArray[np.float32]:
    """Return noise summed over wavelengths halved each time.

    Parameters
    ----------
    frame : Frame
        Where.
    longest_m : float
        Longest wavelength in metres.
    octaves : int
        How many wavelengths.
    key : int
        Which noise.
    persistence : float
        Weight of a wavelength relative to the one twice as long.

    Returns
    -------
    numpy.ndarray of float32
        Mean 0, standard deviation 1.
    """
    total = np.zeros(frame.shape, dtype=np.float32)
    power = 0.0
    for k in range(octaves):
        weight = persistence**k
        total += np.float32(weight) * noise_on(frame, longest_m / 2**k, key=key + 1000 * k)
        power += weight**2
    total /= np.float32(np.sqrt(power))
    return total


def spread(values: NDArray[np.float32], coarse: Frame, fine: Frame) -> NDArray[np.float32]:
    """Return the values of a coarse frame at the centres of a finer one, bilinearly.

    Parameters
    ----------
    values : numpy.ndarray
        On the coarse frame.
    coarse, fine : Frame
        Beyond the outermost centres of the coarse one its values are extended.

    Returns
    -------
    numpy.ndarray of float32
        On the fine frame.
    """
    columns, along = _linear_taps((fine.x - coarse.x_min) / coarse.cell_m, coarse.columns)
    rows, across = _linear_taps((coarse.y_max - fine.y) / coarse.cell_m, coarse.rows)
    wide = values[:, columns[0]] * along[0] + values[:, columns[1]] * along[1]
    return _blend_rows(wide, rows, across)


def sample(values: NDArray[np.float32], frame: Frame, *, x: Floats, y: Floats) -> Floats:
    """Return the values of a frame at points, bilinearly.

    Parameters
    ----------
    values : numpy.ndarray
        On the frame.
    frame : Frame
        Its cells.
    x, y : numpy.ndarray
        Coordinates in metres; beyond the outermost centres the values are extended.

    Returns
    -------
    numpy.ndarray
        One value for each point.
    """
    columns, along = _linear_taps((x - frame.x_min) / frame.cell_m, frame.columns)
    rows, across = _linear_taps((frame.y_max - y) / frame.cell_m, frame.rows)
    total = np.zeros(np.shape(x))
    for r, weight_y in zip(rows, across, strict=True):
        for c, weight_x in zip(columns, along, strict=True):
            total += values[r, c] * weight_x * weight_y
    return total


def _taps(position: Floats) -> tuple[list[NDArray[np.int64]], list[Floats]]:
    """Return the four nodes about each position and their cubic B-spline weights."""
    first = np.floor(position).astype(np.int64)
    t = position - first
    weights = [
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    ]
    return [first + k for k in (-1, 0, 1, 2)], weights


def _linear_taps(
    position: Floats, count: int
) -> tuple[list[NDArray[np.int64]], list[NDArray[np.float32]]]:
    """Return the two cells about each position, counted from the first edge, and their weights."""
    place = np.clip(position - 0.5, 0, count - 1)
    first = np.minimum(np.floor(place).astype(np.int64), max(count - 2, 0))
    t = (place - first).astype(np.float32)
    return [first, np.minimum(first + 1, count - 1)], [1 - t, t]


def _blend_rows(
    wide: NDArray[np.float32], rows: list[NDArray[np.int64]], weights: list[Any]
) -> NDArray[np.float32]:
    """Return the weighted sum of rows, without a temporary array for each term."""
    total = np.zeros((len(rows[0]), wide.shape[1]), dtype=np.float32)
    term = np.empty_like(total)
    for r, w in zip(rows, weights, strict=True):
        np.take(wide, r, axis=0, out=term, mode="clip")  # « raise » would copy first
        term *= np.asarray(w, dtype=np.float32)[:, None]
        total += term
    return total
