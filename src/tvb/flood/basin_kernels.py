"""Compiled loops over the cells of a terrain: water that pours in, spills over, and runs down.

Rasters come with a ring of void cells around them, as flat arrays: ``around`` holds the steps to
the eight neighbours, in rising order. Void cells have an infinite height, so that nothing flows
there but through `OUTLET` cells.
"""

# ruff: noqa: PLR0917 (compiled functions take their arguments by position)
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tvb.kernels import compiled

__all__ = ["INNER", "OUTLET", "VOID", "drain", "find_spills", "label_filled", "pour"]

INNER, OUTLET, VOID = 0, 1, 2
"""Kinds of cells: those from where water cannot leave the raster, those from where it can, none."""

Heights = NDArray[np.floating[Any]]
Kinds = NDArray[np.uint8]
Cells = NDArray[np.int32]
Ints = NDArray[np.int64]
Land = tuple[Heights, Kinds, Ints]
Stack = tuple[Cells, int]

_UNKNOWN = -1
_NOWHERE = 8  # a direction beside those of the eight neighbours: out of the raster
_OPEN, _QUEUED = 9, 10  # no direction yet, and soon to have one


@compiled
def _grown(some: Any) -> Any:
    """Return an array of twice the length that begins with the same values."""
    more = np.empty(2 * len(some), dtype=some.dtype)
    more[: len(some)] = some
    return more


@compiled
def _rise(keys: Heights, cells: Cells, item: tuple[Any, int], at: int) -> None:
    """Put a height and its cell in a heap that has a free place at its end."""
    key, cell = item
    while at > 0:
        parent = (at - 1) >> 1
        if keys[parent] <= key:
            break
        keys[at], cells[at] = keys[parent], cells[parent]
        at = parent
    keys[at], cells[at] = key, cell


@compiled
def _sink(keys: Heights, cells: Cells, size: int) -> None:
    """Take the first cell out of a heap of ``size + 1``: the last one takes its place."""
    key, cell = keys[size], cells[size]
    at = 0
    child = 1
    while child < size:
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[at], cells[at] = keys[child], cells[child]
        at = child
        child = 2 * at + 1
    keys[at], cells[at] = key, cell


@compiled
def _looks_on(land: Land, cell: int) -> bool:
    """Tell whether ground that water has not reached lies next to a cell."""
    _, closed, around = land
    for step in around:  # noqa: SIM110 - numba has no generators
        if not closed[cell + step]:
            return True
    return False


@compiled
def _fill_around(land: Land, spill: Any, pit: Stack, slope: Stack) -> tuple[int, int]:
    """Take a cell under water, fill what is not higher around it; return the size of the stacks."""
    level, closed, around = land
    (low, deep), (steep, high) = pit, slope
    deep -= 1
    cell = low[deep]
    for step in around:
        there = cell + step
        if closed[there]:
            continue
        closed[there] = 1
        if level[there] <= spill:
            level[there] = spill
            low[deep] = there
            deep += 1
        else:
            steep[high] = there
            high += 1
    return deep, high


@compiled
def _climb_around(land: Land, slope: Stack, cell: int) -> tuple[int, bool]:
    """Climb from a cell; return the size of the stack, and whether lower ground is left."""
    level, closed, around = land
    steep, high = slope
    left = False
    for step in around:
        there = cell + step
        if closed[there]:
            continue
        if level[there] >= level[cell]:
            closed[there] = 1
            steep[high] = there
            high += 1
        else:
            left = True
    return high, left


@compiled
def pour(land: Land, outlets: Cells) -> None:
    """Raise each cell to the lowest level at which its water finds an outlet.

    Water rises from the outlets, the lowest first. From a cell that it passes, it fills at once
    what is not higher, and climbs at once what is. Only cells that, after all that climbing, still
    look down on ground not reached have to wait for their turn: those on the crests around it.

    Parameters
    ----------
    land : tuple of numpy.ndarray
        Heights, raised in place, infinite in void cells; 1 (uint8) in outlets and void cells, and
        afterwards in all cells that water reaches; steps to the neighbours (int64).
    outlets : numpy.ndarray of int32
        Where water leaves, the lowest first.
    """
    level = land[0]
    keys, cells, size = level[outlets], outlets.copy(), len(outlets)  # what is sorted is a heap
    low, steep = np.empty(1024, dtype=np.int32), np.empty(1024, dtype=np.int32)
    crest = np.empty(1024, dtype=np.int32)
    while size > 0:
        spill, low[0] = keys[0], cells[0]
        deep, high, waiting = 1, 0, 0
        size -= 1
        _sink(keys, cells, size)
        while deep + high > 0:
            if deep + 8 > len(low):
                low = _grown(low)
            if high + 8 > len(steep):
                steep = _grown(steep)
            if deep > 0:
                deep, high = _fill_around(land, spill, (low, deep), (steep, high))
                continue
            cell = steep[high - 1]
            high, left = _climb_around(land, (steep, high - 1), cell)
            if left:
                if waiting == len(crest):
                    crest = _grown(crest)
                crest[waiting] = cell
                waiting += 1
        for cell in crest[:waiting]:
            if _looks_on(land, cell):
                if size == len(cells):
                    keys, cells = _grown(keys), _grown(cells)
                _rise(keys, cells, (level[cell], cell), size)
                size += 1


@compiled
def label_filled(ground: Heights, level: Heights, around: Ints, label: Cells) -> int:
    """Number the sets of neighbouring cells under water, in the order of their first cells.

    Parameters
    ----------
    ground, level : numpy.ndarray
        Heights before and after `pour`.
    around : numpy.ndarray of int64
        Steps to the neighbours.
    label : numpy.ndarray of int32
        All zero; receives 1 and on under water.

    Returns
    -------
    int
        How many there are.
    """
    stack = np.empty(1024, dtype=np.int32)
    count = 0
    for first in range(len(ground)):
        if label[first] or not level[first] > ground[first]:
            continue
        count += 1
        label[first] = count
        stack[0] = first
        size = 1
        while size > 0:
            if size + 8 > len(stack):
                stack = _grown(stack)
            size -= 1
            cell = stack[size]
            for step in around:
                there = cell + step
                if label[there] == 0 and level[there] > ground[there]:
                    label[there] = count
                    stack[size] = there
                    size += 1
    return count


@compiled
def _gather(level: Heights, state: Kinds, around: Ints, flat: Cells) -> tuple[Cells, int]:
    """Return the cells of one level that hang together with the first of ``flat``."""
    size, done = 1, 0
    state[flat[0]] = 1
    while done < size:
        if size + 8 > len(flat):
            flat = _grown(flat)
        cell = flat[done]
        done += 1
        for step in around:
            there = cell + step
            if state[there] == 0 and level[there] == level[cell]:
                state[there] = 1
                flat[size] = there
                size += 1
    return flat, size


@compiled
def _leaves(level: Heights, kind: Kinds, around: Ints, cell: int) -> bool:
    """Tell whether water leaves a level ground from a cell of it."""
    if kind[cell] == OUTLET:
        return True
    for step in around:  # noqa: SIM110 - numba has no generators
        if level[cell + step] < level[cell]:
            return True
    return False


@compiled
def _widen(level: Heights, state: Kinds, around: Ints, front: Cells, size: int) -> Any:
    """Return the cells of the same level next to those of a front, not yet reached."""
    following = np.empty(max(8 * size, 8), dtype=np.int32)
    count = 0
    for at in range(size):
        for step in around:
            there = front[at] + step
            if state[there] == 1 and level[there] == level[front[at]]:
                state[there] = 2
                following[count] = there
                count += 1
    return following[:count]


@compiled
def find_spills(level: Heights, kind: Kinds, label: Cells, around: Ints, first: Cells) -> Cells:
    """Return the cell over which the water of each filled depression leaves it.

    On the level ground around a depression, of all cells at the height of its water on its rim,
    it is the one that is fewest cells away from where water leaves that ground; of equals, the
    first. The answer depends on the heights alone.

    Parameters
    ----------
    level : numpy.ndarray
        Heights after `pour`, infinite in void cells.
    kind : numpy.ndarray of uint8
        Kinds of cells.
    label : numpy.ndarray of int32
        From `label_filled`.
    around : numpy.ndarray of int64
        Steps to the neighbours.
    first : numpy.ndarray of int32
        A cell of each depression.

    Returns
    -------
    numpy.ndarray of int32
        A cell for each depression.
    """
    spill = np.full(len(first), _UNKNOWN, dtype=np.int32)
    reached = np.full(len(first), _UNKNOWN, dtype=np.int64)
    state = np.zeros(len(level), dtype=np.uint8)
    flat = np.empty(1024, dtype=np.int32)
    for start in first:
        if state[start]:
            continue
        flat[0] = start
        flat, size = _gather(level, state, around, flat)
        front = np.empty(size, dtype=np.int32)
        count = 0
        for at in range(size):
            if _leaves(level, kind, around, flat[at]):
                state[flat[at]] = 2
                front[count] = flat[at]
                count += 1
        distance = 0
        while count > 0:
            for cell in front[:count]:
                if label[cell]:
                    continue
                for step in around:
                    basin = label[cell + step] - 1
                    if basin < 0 or level[cell + step] != level[cell]:
                        continue
                    if reached[basin] == _UNKNOWN:
                        reached[basin], spill[basin] = distance, cell
                    elif reached[basin] == distance and cell < spill[basin]:
                        spill[basin] = cell
            front = _widen(level, state, around, front, count)
            count = len(front)
            distance += 1
    return spill


@compiled
def _descend(ground: Heights, around: Ints, lengths: Heights, cell: int) -> int:
    """Return the direction of the steepest way down, the first of equals, or `_OPEN`."""
    best, direction = 0.0, _OPEN
    for k in range(8):
        fall = (ground[cell] - ground[cell + around[k]]) / lengths[k]
        if fall > best:
            best, direction = fall, k
    return direction


@compiled
def _join(ground: Heights, around: Ints, direction: Kinds, cell: int) -> int:
    """Return the first way to level ground from where there is a way, or `_OPEN`."""
    for k in range(8):
        there = cell + around[k]
        if ground[there] == ground[cell] and direction[there] < _OPEN:
            return k
    return _OPEN


@compiled
def _cross_flats(ground: Heights, around: Ints, direction: Kinds) -> None:
    """Lead level ground towards the nearest cell of it from where there is a way."""
    front = np.empty(1024, dtype=np.int32)
    count = 0
    for cell in range(len(ground)):
        if direction[cell] == _OPEN and _join(ground, around, direction, cell) != _OPEN:
            if count == len(front):
                front = _grown(front)
            front[count] = cell
            count += 1
    direction[front[:count]] = _QUEUED
    while count > 0:
        ways = np.empty(count, dtype=np.uint8)
        for at in range(count):
            ways[at] = _join(ground, around, direction, front[at])
        following = np.empty(8 * count, dtype=np.int32)
        size = 0
        for at in range(count):
            direction[front[at]] = ways[at]
            for step in around:
                there = front[at] + step
                if direction[there] == _OPEN and ground[there] == ground[front[at]]:
                    direction[there] = _QUEUED
                    following[size] = there
                    size += 1
        front, count = following, size


@compiled
def drain(ground: Heights, kind: Kinds, label: Cells, around: Ints, lengths: Heights) -> Cells:
    """Return the depression that the water of each cell comes to first, 0 if it comes to none.

    Water runs down the steepest way, and over level ground to the nearest way down.

    Parameters
    ----------
    ground : numpy.ndarray
        Heights before `pour`, infinite in void cells.
    kind : numpy.ndarray of uint8
        Kinds of cells.
    label : numpy.ndarray of int32
        From `label_filled`.
    around : numpy.ndarray of int64
        Steps to the neighbours.
    lengths : numpy.ndarray
        Their lengths in metres.

    Returns
    -------
    numpy.ndarray of int32
        Number of a depression, its own for a cell under water.
    """
    direction = np.full(len(ground), _NOWHERE, dtype=np.uint8)
    home = np.zeros(len(ground), dtype=np.int32)
    for cell in range(len(ground)):
        if label[cell]:
            home[cell] = label[cell]
        elif kind[cell] != VOID:
            home[cell] = _UNKNOWN
            direction[cell] = _descend(ground, around, lengths, cell)
            if direction[cell] == _OPEN and kind[cell] == OUTLET:
                direction[cell] = _NOWHERE
    _cross_flats(ground, around, direction)
    way = np.empty(1024, dtype=np.int32)
    for start in range(len(ground)):
        cell, size = start, 0
        while home[cell] == _UNKNOWN and direction[cell] != _NOWHERE:
            if size == len(way):
                way = _grown(way)
            way[size] = cell
            size += 1
            cell = cell + around[direction[cell]]
        end = max(home[cell], 0)
        home[cell] = end
        for at in range(size):
            home[way[at]] = end
    return home
