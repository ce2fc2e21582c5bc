"""Room on the map: a corner of the frame where nothing is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.maps.content import MapLayer
from tvb.maps.page import Bounds, Box
from tvb.maps.symbols import Geometries

__all__ = ["find_room"]

_CELL_MM = 4.0
_MARGIN_MM = 3.0
_CLEAR_MM = 3.0
_CORNERS = ((0, 0), (1, 1), (1, 0), (0, 1))  # right and top or not: the first of equal ones

Size = tuple[float, float]


def find_room(
    frame: Box,
    view: Bounds,
    layers: Sequence[MapLayer],
    *,
    wanted: Callable[[float], Size | None],
) -> Box | None:
    """Return a box in a corner of the map where no layer leaves ink.

    Parameters
    ----------
    frame : Box
        The map, in millimetres.
    view : Bounds
        The ground that it shows.
    layers : sequence of MapLayer
        What is drawn.
    wanted : callable
        From the greatest height to width and height of what looks for a place; None where it
        does not care for so little.

    Returns
    -------
    Box or None
        In the corner where it is tallest; None where no corner is free.
    """
    full = wanted(frame.height - 2 * _MARGIN_MM)
    if full is None or full[0] + 2 * _MARGIN_MM > frame.width:
        return None
    taken = _taken(frame, view, layers)
    best: Box | None = None
    for right, top in _CORNERS:
        free_mm = _free_height(taken, full[0] + _MARGIN_MM + _CLEAR_MM, right=right, top=top)
        size = wanted(min(free_mm - _CLEAR_MM, frame.height - _MARGIN_MM) - _MARGIN_MM)
        if size is None or (best is not None and size[1] <= best.height):
            continue
        x = frame.right - _MARGIN_MM - size[0] if right else frame.x + _MARGIN_MM
        y = frame.top - _MARGIN_MM - size[1] if top else frame.y + _MARGIN_MM
        best = Box(x, y, *size)
    return best


def _free_height(taken: NDArray[np.bool_], width_mm: float, *, right: int, top: int) -> float:
    """Return how far a strip from a corner is free; rows of the array go up."""
    columns = int(np.ceil(width_mm / _CELL_MM)) + 1  # the last cell may reach beyond the frame
    strip = taken[:, -columns:] if right else taken[:, :columns]
    rows = np.asarray(strip.any(axis=1))[:: -1 if top else 1]
    count = int(rows.argmax()) if rows.any() else len(rows)
    return max(0, count - top) * _CELL_MM


def _taken(frame: Box, view: Bounds, layers: Sequence[MapLayer]) -> NDArray[np.bool_]:
    """Return which cells of the map hold ink, from its lower left corner."""
    shape = (math.ceil(frame.height / _CELL_MM), math.ceil(frame.width / _CELL_MM))
    side = _CELL_MM * view.width / frame.width
    rows, columns = np.indices(shape)
    west, south = view.west + columns * side, view.south + rows * side
    boxes = shapely.box(west, south, west + side, south + side)
    taken = np.zeros(shape, dtype=bool)
    drawn: list[Geometries] = []
    for layer in layers:
        if layer.cells is not None:
            _mark_cells(taken, layer, view, side=side)
        elif not layer.legend_only:
            drawn.append(layer.drawn())
    shapes = np.concatenate([np.empty(0, dtype=object), *drawn])
    hit, _ = shapely.STRtree(shapes).query(boxes.ravel(), predicate="intersects")
    taken.reshape(-1)[hit] = True
    return taken


def _mark_cells(taken: NDArray[np.bool_], layer: MapLayer, view: Bounds, *, side: float) -> None:
    part = layer.cells.inside(view) if layer.cells is not None else None
    if part is None:
        return
    row, column = np.nonzero(part.values == layer.cell_class)
    x = part.x_min + (column + 0.5) * part.cell_width
    y = part.y_max - (row + 0.5) * part.cell_height
    i, j = ((y - view.south) // side).astype(int), ((x - view.west) // side).astype(int)
    inside = (i >= 0) & (i < taken.shape[0]) & (j >= 0) & (j < taken.shape[1])
    taken[i[inside], j[inside]] = True
