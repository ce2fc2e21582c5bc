"""Lines of sight over a relief, compiled: `tvb.heritage.scene` says what for.

Words: a *patch* is the square between four neighbouring centres of cells, on which the ground is
interpolated linearly in both directions; patch (j, i) has its corners at rows j and j + 1, columns
i and i + 1 of the padded elevations. A *block* is a square of patches. The *slope* of a place, as
the eye sees it, is ``(z − z_eye) / d − bend · d``: a greater slope before a target hides it.
"""

# ruff: noqa: PLR0917 (compiled functions take their arguments by position)

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tvb.heritage.sight import GRAZING_M
from tvb.kernels import compiled

__all__ = ["BLOCK", "Relief", "find_needed_elevations", "interpolate"]

Floats = NDArray[np.float64]

BLOCK = 16
"""Patches along the side of a block."""


class Relief(NamedTuple):
    """Elevations with a ring of cells around them, and where they lie.

    ``z`` is in metres, not a number where there is no data; ``owner`` tells which target stands on
    a cell, -1 where none does; ``top`` is the highest elevation of each block, infinite where data
    is missing; ``x_min`` and ``y_max`` are the centre of the first cell of the ring; ``bend`` is in
    1/m.
    """

    z: Floats
    owner: NDArray[np.int32]
    top: Floats
    x_min: float
    y_max: float
    width: float
    height: float
    bend: float


class _Ray(NamedTuple):
    """Where a line of sight starts and how it goes on per metre, in cells; its length and eye."""

    u: float
    v: float
    du: float
    dv: float
    length: float
    eye_z: float


@compiled
def interpolate(relief: Relief, x: Floats, y: Floats) -> Floats:
    """Return the ground at places, not a number outside the cells and where data is missing.

    Parameters
    ----------
    relief : Relief
        The ground.
    x, y : numpy.ndarray
        Metres, shape (n,).

    Returns
    -------
    numpy.ndarray
        Metres, shape (n,).
    """
    ground = np.full(len(x), np.nan)
    rows, columns = relief.z.shape
    for at in range(len(x)):
        u = (x[at] - relief.x_min) / relief.width
        v = (relief.y_max - y[at]) / relief.height
        if 0.5 <= u <= columns - 1.5 and 0.5 <= v <= rows - 1.5:
            i, j = int(u), int(v)
            right, down = u - i, v - j
            z = relief.z[j, i]
            east, south = relief.z[j, i + 1] - z, relief.z[j + 1, i] - z
            twist = relief.z[j + 1, i + 1] - z - east - south
            ground[at] = z + east * right + south * down + twist * right * down
    return ground


@compiled
def _crossing(at: float, step: float, next_line: int) -> float:
    """Return the distance at which a ray meets a line between patches."""
    return (next_line - at) / step if step != 0 else np.inf


@compiled
def _owned(relief: Relief, j: int, i: int, own: int) -> bool:
    """Whether a corner of a patch belongs to a target."""
    owner = relief.owner
    return bool(
        owner[j, i] == own or owner[j, i + 1] == own
        or owner[j + 1, i] == own or owner[j + 1, i + 1] == own
    )  # fmt: skip


@compiled
def _raise(slope: float, ground: tuple[float, float, float], d0: float, d1: float) -> float:
    """Return the greatest slope, that of a patch between two distances included.

    On the patch the slope is ``a / d + b + c d``: its turning point is a maximum where a and c are
    negative. The eye itself hides nothing.
    """
    a, b, c = ground
    if d0 > 0 and a + (b + c * d0) * d0 > slope * d0:
        slope = a / d0 + b + c * d0
    if a + (b + c * d1) * d1 > slope * d1:
        slope = a / d1 + b + c * d1
    if a < 0 and c < 0 and c * d1 * d1 < a < c * d0 * d0:
        slope = max(slope, b - 2 * np.sqrt(a * c))
    return slope


@compiled
def _cross_block(
    relief: Relief, ray: _Ray, place: tuple[int, int], span: tuple[float, float], own: int,
    slope: float,
) -> tuple[float, bool]:  # fmt: skip
    """Return the greatest slope, that of a span of a ray included; whether data is missing there.

    The span starts in the patch at ``place`` or on its border, and stays in one block.
    """
    u, v, du, dv, _, eye_z = ray
    i, j = place
    d0, end = span
    ahead_i, ahead_j = int(du > 0), int(dv > 0)
    per_column, per_row = _crossing(0.0, du, 1), _crossing(0.0, dv, 1)
    unknown = False
    while d0 < end:
        # From the counters, not from the last crossing, so that rounding does not add up.
        across = (i + ahead_i - u) * per_column if du != 0 else np.inf
        down = (j + ahead_j - v) * per_row if dv != 0 else np.inf
        d1 = min(across, down, end)
        if d1 > d0:
            z = relief.z[j, i]
            east, south = relief.z[j, i + 1] - z, relief.z[j + 1, i] - z
            twist = relief.z[j + 1, i + 1] - z - east - south
            right, lower = u - i, v - j
            a = z + east * right + south * lower + twist * right * lower - eye_z
            b = east * du + south * dv + twist * (right * dv + lower * du)
            if np.isnan(a + b):
                unknown = True
            elif not _owned(relief, j, i, own):
                slope = _raise(slope, (a, b, twist * du * dv - relief.bend), d0, d1)
            d0 = d1
        if across <= down:
            i += 2 * ahead_i - 1
        if down <= across:
            j += 2 * ahead_j - 1
    return slope, unknown


@compiled
def _find_slope(relief: Relief, ray: _Ray, own: int, limit: float) -> tuple[float, bool]:
    """Return the greatest slope before a target, and whether ground without data was met.

    The search ends after the block of the first slope above the limit. A block that lies wholly
    below what is already hidden is not looked into.
    """
    u, v, du, dv, length, eye_z = ray
    i, j = int(u) // BLOCK, int(v) // BLOCK
    ahead_i, ahead_j = int(du > 0), int(dv > 0)
    slope, unknown, d0 = -np.inf, False, 0.0
    while d0 < length and slope <= limit:
        across = _crossing(u, du, (i + ahead_i) * BLOCK)
        down = _crossing(v, dv, (j + ahead_j) * BLOCK)
        d1 = min(across, down, length)
        lowest = eye_z + min(slope * d0, slope * d1) + relief.bend * d0 * d0
        if d1 > d0 and not relief.top[j, i] <= lowest:
            # Rounding may tell the patch next to the border: it is passed over no distance.
            place = int(u + du * d0), int(v + dv * d0)
            slope, missing = _cross_block(relief, ray, place, (d0, d1), own, slope)
            unknown = unknown or missing
        d0 = max(d0, d1)
        if across <= down:
            i += 2 * ahead_i - 1
        if down <= across:
            j += 2 * ahead_j - 1
    return slope, unknown


@compiled
def find_needed_elevations(
    relief: Relief, eyes: Floats, targets: Floats, pairs: NDArray[np.int32]
) -> Floats:
    """Return the elevation from which on each target is seen from each eye that is asked for.

    Parameters
    ----------
    relief : Relief
        The ground; target t does not hide itself where ``relief.owner`` is t.
    eyes : numpy.ndarray
        x, y, z of the eyes, above the ground, shape (n, 3).
    targets : numpy.ndarray
        x, y, z of the tops, shape (m, 3).
    pairs : numpy.ndarray
        Eye and target of each question, shape (k, 2).

    Returns
    -------
    numpy.ndarray
        Metres, shape (k,): the target is seen where its top is at least as high, to `GRAZING_M`.
        Above the top it is a lower bound. Not a number where an eye or a top is none, or where
        ground without data might hide the target.
    """
    needed = np.full(len(pairs), np.nan)
    for at in range(len(pairs)):
        x, y, z = eyes[pairs[at, 0]]
        to_x, to_y, top = targets[pairs[at, 1]]
        length = np.hypot(to_x - x, to_y - y)
        if np.isnan(z + top):
            continue
        if length == 0:
            needed[at] = -np.inf
            continue
        ray = _Ray(
            (x - relief.x_min) / relief.width, (relief.y_max - y) / relief.height,
            (to_x - x) / relief.width / length, (y - to_y) / relief.height / length, length, z,
        )  # fmt: skip
        limit = (top + GRAZING_M - z) / length - relief.bend * length
        slope, unknown = _find_slope(relief, ray, pairs[at, 1], limit)
        if slope > limit or not unknown:
            needed[at] = z + (slope + relief.bend * length) * length
    return needed
