"""Compiled placing of a footprint among the few edges of zones that pass its box.

The zones of a scenario do not overlap and lie on the left of their edges. Whether a place lies in
them follows from the centre of its cell, where that is known, and from the edges between. The area
that a footprint shares with them is a sum over pairs of one wall and one edge, of the ground below
both: there is no drawing of intersections that could fail. What is so near to an edge that rounding
could decide is not decided here.
"""

# ruff: noqa: PLR0917 (numba takes arguments by position)

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tvb.geometry.arrays import BoolArray, FloatArray, IntArray
from tvb.kernels import compiled, inlined, inner

__all__ = [
    "NO",
    "NOT_SURE",
    "YES",
    "Cells",
    "Footprints",
    "Ground",
    "add_rows",
    "attribute_footprints",
    "label_boxes",
    "place_footprints",
]

NO, YES, NOT_SURE = 0, 1, 2
"""Answers."""

# Well above the rounding of differences of coordinates of 7 000 km, and of areas made of them.
_SHARP_M, _NO_AREA_M2 = 1e-7, 1e-8
_NEAR_SHARE = 1e-5
_CLEAR = 1e-5  # of a footprint: a commune has it that has so much more of it than any other
_MOST_EDGES = 256  # that pass the box of one footprint; one that meets more is left to GEOS


class Cells(NamedTuple):
    """A lattice: what the centre of each cell lies in, and whether an edge comes near the cell.

    As `tvb.geometry.cover.EdgeCover` describes them.
    """

    x_min: float
    y_min: float
    cell_m: float
    columns: int
    rows: int
    values: NDArray[np.int32]
    crossed: BoolArray


class Footprints(NamedTuple):
    """Buildings as arrays.

    ``first`` is the first ring of each, ``rings`` the first vertex of each ring, both with the
    number of all at the end; ``points``, of shape (p, 2), are the vertices. The interior lies on
    the left of all rings of a footprint, or on the right. ``bounds``, of shape (n, 4), are boxes,
    ``area_m2`` areas.
    """

    first: IntArray
    rings: IntArray
    points: FloatArray
    bounds: FloatArray
    area_m2: FloatArray


class Ground(NamedTuple):
    """Areas that do not overlap on a lattice, as `tvb.geometry.cover.EdgeCover` describes them.

    They are the zones of one scenario, all of label 1, or communes, each of a label of its own. An
    edge decides nothing where it is nearer than ``near_m``.
    """

    cells: Cells
    first: NDArray[np.int32]
    edges: FloatArray
    near_m: float


@inlined
def _cell_at(place: float, low: float, per_m: float, count: int) -> int:
    """Return the column or row of a place, the first or the last for one beyond."""
    # To multiply is quicker than to divide. What is lost is far less than the margin around edges.
    return int(min(max((place - low) * per_m, 0.0), count - 1.0))


@compiled
def label_boxes(cells: Cells, where: IntArray, bounds: FloatArray, label: IntArray) -> None:
    """Find what all of some boxes lies in, as `tvb.geometry.cover.Cover.locate` does.

    Parameters
    ----------
    cells : Cells
        Of a lattice.
    where : numpy.ndarray, shape (k,)
        Positions of the boxes.
    bounds : numpy.ndarray, shape (n, 4)
        West, south, east, north.
    label : numpy.ndarray, shape (k,)
        Written: the value of the cells, -1 where an edge may cross the box.
    """
    per_m = 1 / cells.cell_m
    for at in range(len(where)):
        i = where[at]
        west = _cell_at(bounds[i, 0], cells.x_min, per_m, cells.columns)
        south = _cell_at(bounds[i, 1], cells.y_min, per_m, cells.rows)
        east = _cell_at(bounds[i, 2], cells.x_min, per_m, cells.columns)
        north = _cell_at(bounds[i, 3], cells.y_min, per_m, cells.rows)
        first = south * cells.columns + west
        crossed = cells.crossed[first]
        if west != east or south != north:
            for row in range(south, north + 1):
                for cell in range(row * cells.columns + west, row * cells.columns + east + 1):
                    crossed |= cells.crossed[cell]
        label[at] = -1 if crossed else cells.values[first]


@inner
def _locate(ground: Ground, x: float, y: float) -> int:
    """Return the label of the area that holds a place, or 0; -1 if an edge is too near to tell."""
    cells, near = ground.cells, ground.near_m
    column = int(np.floor((x - cells.x_min) / cells.cell_m))
    row = int(np.floor((y - cells.y_min) / cells.cell_m))
    if column < 0 or row < 0 or column >= cells.columns or row >= cells.rows:
        return 0
    cell = row * cells.columns + column
    u = cells.x_min + (column + 0.5) * cells.cell_m - x
    v = cells.y_min + (row + 0.5) * cells.cell_m - y
    label = int(cells.values[cell])
    # From the centre (u, v) upright to (u, 0), then level to the place, which is (0, 0).
    for k in range(ground.first[cell], ground.first[cell + 1]):
        ax, ay = ground.edges[k, 0] - x, ground.edges[k, 1] - y
        bx, by = ground.edges[k, 2] - x, ground.edges[k, 3] - y
        own = int(ground.edges[k, 4])
        if (ax <= u) != (bx <= u):
            at = ay + (u - ax) / (bx - ax) * (by - ay)
            if abs(at) < near or abs(at - v) < near:
                return -1
            if min(v, 0.0) < at < max(v, 0.0):
                label += own if (bx > ax) == (v < 0) else -own
        if (ay <= 0) != (by <= 0):
            at = ax - ay / (by - ay) * (bx - ax)
            if abs(at) < near or abs(at - u) < near:
                return -1
            if min(u, 0.0) < at < max(u, 0.0):
                label += own if (by > ay) == (u > 0) else -own
        if max(abs(ay), abs(by)) < near and min(ax, bx) < near and max(ax, bx) > -near:
            return -1
    return label


@inner
def _collect(ground: Ground, box: FloatArray, near: FloatArray) -> int:
    """Write the edges that pass a box, each once, from its south-west corner; return their number.

    More than there is room for are -1.
    """
    # The edges of a cell are those that come within a margin wider than what is near.
    cells = ground.cells
    c0 = max(int(np.floor((box[0] - cells.x_min) / cells.cell_m)), 0)
    r0 = max(int(np.floor((box[1] - cells.y_min) / cells.cell_m)), 0)
    c1 = min(int(np.floor((box[2] - cells.x_min) / cells.cell_m)), cells.columns - 1)
    r1 = min(int(np.floor((box[3] - cells.y_min) / cells.cell_m)), cells.rows - 1)
    margin = ground.near_m
    east, north = box[2] - box[0] + margin, box[3] - box[1] + margin
    count = 0
    for row in range(r0, r1 + 1):
        for column in range(c0, c1 + 1):
            cell = row * cells.columns + column
            for k in range(ground.first[cell], ground.first[cell + 1]):
                ax, ay = ground.edges[k, 0] - box[0], ground.edges[k, 1] - box[1]
                bx, by = ground.edges[k, 2] - box[0], ground.edges[k, 3] - box[1]
                if max(ax, bx) < -margin or min(ax, bx) > east:
                    continue
                if max(ay, by) < -margin or min(ay, by) > north:
                    continue
                known = False
                for j in range(count):
                    known |= (
                        near[j, 0] == ax
                        and near[j, 1] == ay
                        and (near[j, 2] == bx and near[j, 3] == by)
                    )
                if known:
                    continue
                if count == len(near):
                    return -1
                near[count, 0], near[count, 1] = ax, ay
                near[count, 2], near[count, 3] = bx, by
                near[count, 4] = ground.edges[k, 4]
                count += 1
    return count


@inner
def _below(walls: FloatArray, n: int, part: FloatArray) -> float:
    """Return the area of the footprint below a piece of an edge, given from west to east.

    It is the sum over the walls of the ground below both, counted down for walls that have the
    footprint above them.
    """
    x0, y0, x1, y1 = part[0], part[1], part[2], part[3]
    total = 0.0
    for i in range(n):
        ax, ay, bx, by = walls[i, 0], walls[i, 1], walls[i, 2], walls[i, 3]
        sign = 1.0
        if bx > ax:
            ax, ay, bx, by, sign = bx, by, ax, ay, -1.0
        # From here on the wall runs from b in the west to a in the east.
        low, high = max(bx, x0), min(ax, x1)
        if high <= low:
            continue
        wall_low = by + (low - bx) / (ax - bx) * (ay - by)
        wall_high = by + (high - bx) / (ax - bx) * (ay - by)
        edge_low = y0 + (low - x0) / (x1 - x0) * (y1 - y0)
        edge_high = y0 + (high - x0) / (x1 - x0) * (y1 - y0)
        d_low, d_high = wall_low - edge_low, wall_high - edge_high
        under = min(wall_low, edge_low) + min(wall_high, edge_high)
        area = under * (high - low) / 2
        if (d_low > 0) != (d_high > 0) and d_low != d_high:
            # Where they cross, the lower of them is not one straight line: it bulges up.
            at = d_low / (d_low - d_high)
            meet = wall_low + at * (wall_high - wall_low)
            area = (min(wall_low, edge_low) + meet) * at + (meet + min(wall_high, edge_high)) * (
                1 - at
            )
            area *= (high - low) / 2
        total += sign * area
    return float(total)


@inner
def _cut(near: FloatArray, j: int, size: FloatArray, part: FloatArray) -> bool:
    """Write what of an edge lies in the box from (0, 0), from west to east; false if nothing."""
    ax, ay, bx, by = near[j, 0], near[j, 1], near[j, 2], near[j, 3]
    width, height = size[0], size[1]
    if ax > bx:
        ax, ay, bx, by = bx, by, ax, ay
    if ax == bx or bx <= 0 or ax >= width:
        return False
    slope = (by - ay) / (bx - ax)
    x0, x1 = max(ax, 0.0), min(bx, width)
    for limit, keeps_below in ((height, True), (0.0, False)):
        outside_0 = (ay + (x0 - ax) * slope > limit) == keeps_below
        outside_1 = (ay + (x1 - ax) * slope > limit) == keeps_below
        if outside_0 and outside_1:
            return False
        if outside_0 != outside_1:
            at = min(max(ax + (limit - ay) / slope, x0), x1)
            x0, x1 = (at, x1) if outside_0 else (x0, at)
    part[0], part[1] = x0, ay + (x0 - ax) * slope
    part[2], part[3] = x1, ay + (x1 - ax) * slope
    return bool(x1 > x0)


@inner
def _shared_area(
    walls: FloatArray, n: int, near: FloatArray, m: int, size: FloatArray, corner: int, label: int
) -> float:
    """Return the area of the footprint in the areas of a label; corner is that of the north-east.

    ``size`` holds the width and height of its box and its area. Going from the north-east corner of
    the box west along its rim and then down, one enters and leaves areas at the edges met.
    """
    width, height, whole = size[0], size[1], size[2]
    part = np.empty(4)
    total = whole if corner == label else 0.0
    for j in range(m):
        if near[j, 4] != label:
            continue
        ax, ay, bx, by = near[j, 0], near[j, 1], near[j, 2], near[j, 3]
        if (ay <= height) != (by <= height):
            at = ax + (height - ay) / (by - ay) * (bx - ax)
            if 0 < at < width:
                part[0], part[1], part[2], part[3] = 0.0, 2 * height + 1, at, 2 * height + 1
                total += _below(walls, n, part) if by > ay else -_below(walls, n, part)
        if _cut(near, j, size, part):
            total += -_below(walls, n, part) if bx > ax else _below(walls, n, part)
    return float(total)


@inner
def _beyond(edges: FloatArray, i: int, others: FloatArray, j: int, near_m: float) -> bool:
    """Tell whether both ends of one edge lie on the same side of another, well off it."""
    ax, ay, bx, by = edges[i, 0], edges[i, 1], edges[i, 2], edges[i, 3]
    one = (bx - ax) * (others[j, 1] - ay) - (by - ay) * (others[j, 0] - ax)
    two = (bx - ax) * (others[j, 3] - ay) - (by - ay) * (others[j, 2] - ax)
    well = near_m * np.hypot(bx - ax, by - ay)
    return bool(min(one, two) > well or max(one, two) < -well)


@inner
def _surely_apart(walls: FloatArray, n: int, near: FloatArray, m: int, near_m: float) -> bool:
    """Tell whether no edge comes near a wall, and none starts inside the footprint."""
    for j in range(m):
        inside = False
        for i in range(n):
            ax, ay, bx, by = walls[i, 0], walls[i, 1], walls[i, 2], walls[i, 3]
            px, py, qx, qy = near[j, 0], near[j, 1], near[j, 2], near[j, 3]
            if (ay <= py) != (by <= py) and ax + (py - ay) / (by - ay) * (bx - ax) > px:
                inside = not inside
            clear = max(ax, bx) + near_m < min(px, qx) or max(px, qx) + near_m < min(ax, bx)
            clear |= max(ay, by) + near_m < min(py, qy) or max(py, qy) + near_m < min(ay, by)
            if not (
                clear or _beyond(walls, i, near, j, near_m) or _beyond(near, j, walls, i, near_m)
            ):
                return False
        if inside:
            return False
    return True


@inner
def _measure(footprints: Footprints, i: int, walls: FloatArray) -> tuple[int, float, float, float]:
    """Write the walls of a footprint, which then lies on their left; return its measures.

    They are: number of walls (-1 where there is no room for them), area, and place of the centroid,
    from the south-west corner of the box.
    """
    points, rings = footprints.points, footprints.rings
    west, south = footprints.bounds[i, 0], footprints.bounds[i, 1]
    n = 0
    twice = x_sum = y_sum = 0.0
    for ring in range(footprints.first[i], footprints.first[i + 1]):
        if rings[ring + 1] - rings[ring] - 1 + n > len(walls):
            return -1, 0.0, 0.0, 0.0
        for k in range(rings[ring], rings[ring + 1] - 1):
            ax, ay = points[k, 0] - west, points[k, 1] - south
            bx, by = points[k + 1, 0] - west, points[k + 1, 1] - south
            walls[n, 0], walls[n, 1], walls[n, 2], walls[n, 3] = ax, ay, bx, by
            n += 1
            turn = ax * by - bx * ay
            twice += turn
            x_sum += (ax + bx) * turn
            y_sum += (ay + by) * turn
    if abs(twice) <= 2 * _NO_AREA_M2:
        return n, 0.0, 0.0, 0.0
    if twice < 0:
        for w in range(n):
            ax, ay = walls[w, 0], walls[w, 1]
            walls[w, 0], walls[w, 1] = walls[w, 2], walls[w, 3]
            walls[w, 2], walls[w, 3] = ax, ay
    return n, abs(twice) / 2, x_sum / (3 * twice), y_sum / (3 * twice)


@compiled
def place_footprints(
    ground: Ground, where: IntArray, footprints: Footprints, label: IntArray, limits: FloatArray,
    answers: NDArray[np.uint8], share: FloatArray,
) -> None:  # fmt: skip
    """Place some footprints in the zones of one scenario.

    Parameters
    ----------
    ground : Ground
        The zones, none of which overlap.
    where : numpy.ndarray, shape (k,)
        Positions of the footprints.
    footprints : Footprints
        All of them.
    label : numpy.ndarray, shape (k,)
        From `label_boxes`.
    limits : numpy.ndarray
        Shares on which something depends: near to them, nothing is sure.
    answers : numpy.ndarray, shape (2, k)
        Written: whether the footprint shares a point with the zones, and whether they hold its
        centroid: `YES`, `NO` or `NOT_SURE`.
    share : numpy.ndarray, shape (k,)
        Written: the share of its area in the zones; meaningless where an answer is not sure.
    """
    near, walls = np.empty((_MOST_EDGES, 5)), np.empty((_MOST_EDGES, 4))
    size = np.empty(3)
    bounds = footprints.bounds
    for at in range(len(where)):
        i = where[at]
        if label[at] >= 0:
            share[at] = 1.0 if label[at] > 0 else 0.0
            answers[0, at] = answers[1, at] = YES if label[at] > 0 else NO
            continue
        box = bounds[i]
        share[at] = 0.0
        answers[0, at] = answers[1, at] = NOT_SURE
        m = _collect(ground, box, near)
        corner = _locate(ground, box[2], box[3])
        if m < 0 or corner < 0 or footprints.area_m2[i] <= _NO_AREA_M2:
            continue
        if m == 0:
            share[at] = 1.0 if corner > 0 else 0.0
            answers[0, at] = answers[1, at] = YES if corner > 0 else NO
            continue
        n, whole, x, y = _measure(footprints, i, walls)
        if n < 0 or whole == 0.0:
            continue
        size[0], size[1], size[2] = box[2] - box[0], box[3] - box[1], whole
        area = _shared_area(walls, n, near, m, size, corner, int(near[0, 4]))
        share[at] = min(max(area / whole, 0.0), 1.0)
        no_area = _NO_AREA_M2 + 1e-10 * size[0] * size[1]
        if ground.near_m > _SHARP_M:
            no_area += ground.near_m * (size[0] + size[1])
        if area > no_area:
            answers[0, at] = YES
        elif _surely_apart(walls, n, near, m, ground.near_m):
            answers[0, at] = NO
        centroid = _locate(ground, box[0] + x, box[1] + y)
        if centroid >= 0:
            answers[1, at] = YES if centroid > 0 else NO
        for limit in limits:
            if abs(share[at] - limit) < _NEAR_SHARE:
                answers[0, at] = NOT_SURE


@compiled
def attribute_footprints(
    ground: Ground, where: IntArray, footprints: Footprints, by_centroid: bool, label: IntArray
) -> None:
    """Find the area in which each of some footprints lies, or most of it.

    Parameters
    ----------
    ground : Ground
        Areas, each with a label of its own.
    where, footprints
        As in `place_footprints`.
    by_centroid : bool
        Look for the area that holds the centroid instead.
    label : numpy.ndarray, shape (k,)
        From `label_boxes`. Written where it is negative: the label, 0 outside all areas, -1 where
        it is not sure.
    """
    near, walls = np.empty((_MOST_EDGES, 5)), np.empty((_MOST_EDGES, 4))
    size = np.empty(3)
    bounds = footprints.bounds
    for at in range(len(where)):
        i = where[at]
        if label[at] >= 0:
            continue
        box = bounds[i]
        m = _collect(ground, box, near)
        corner = _locate(ground, box[2], box[3])
        label[at] = corner if m == 0 else -1
        if m <= 0 or corner < 0:
            continue
        n, whole, x, y = _measure(footprints, i, walls)
        if n < 0 or whole == 0.0:
            continue
        if by_centroid:
            label[at] = _locate(ground, box[0] + x, box[1] + y)
            continue
        size[0], size[1], size[2] = box[2] - box[0], box[3] - box[1], whole
        best, second, tried = -1, 0.0, 0.0
        most = 0.0
        for j in range(-1, m):
            one = corner if j < 0 else int(near[j, 4])
            known = one == 0
            for k in range(-1, j):
                known |= one == (corner if k < 0 else int(near[k, 4]))
            if known:
                continue
            tried = _shared_area(walls, n, near, m, size, corner, one)
            if tried > most:
                best, most, tried = one, tried, most
            second = max(second, tried)
        if most - second > _CLEAR * whole:
            label[at] = best


@compiled
def add_rows(
    sums: NDArray[np.int64], group: IntArray, flags: BoolArray, excluded: BoolArray,
    values: IntArray,
) -> None:  # fmt: skip
    """Add up what rows are worth, by group and scenario.

    Parameters
    ----------
    sums : numpy.ndarray, shape (groups, scenarios, v + 1)
        Added to; the last column counts the rows that are excluded.
    group : numpy.ndarray, shape (n,)
        Group of each row.
    flags : numpy.ndarray, shape (n, scenarios)
        Rows to add.
    excluded : numpy.ndarray, shape (n,)
        Rows that only the last column counts.
    values : numpy.ndarray, shape (n, v)
        Whole numbers.
    """
    last = values.shape[1]
    for i in range(len(group)):
        for s in range(flags.shape[1]):
            if not flags[i, s]:
                continue
            if excluded[i]:
                sums[group[i], s, last] += 1
                continue
            for v in range(last):
                sums[group[i], s, v] += values[i, v]
