"""Where the map lies in the whole."""

from __future__ import annotations

import numpy as np
import shapely
from matplotlib.patches import Rectangle

from tvb.maps.page import Bounds, Box
from tvb.maps.sheet import Sheet, line_height
from tvb.maps.style import ACCENT, INK, LAND
from tvb.maps.symbols import Fill, Geometries, Stroke, draw
from tvb.maps.texts import say

__all__ = ["draw_locator"]

_SMALL_PT = 6.5
_PAPER_MM = 0.06  # finest detail
_DEPARTMENT, _DEPARTMENT_LINE = Fill("#f4f3f0"), Stroke("#6f6a62", 0.7)


def draw_locator(
    sheet: Sheet,
    box: Box,
    *,
    overview: Geometries | None,
    shown: tuple[Bounds, Bounds],
    flush_right: bool,
) -> None:
    """Draw the departments, if they are known, the whole territory, and the frame of the map.

    Parameters
    ----------
    sheet : Sheet
        The page.
    box : Box
        Place available.
    overview : numpy.ndarray, optional
        Polygons of the whole territory.
    shown : tuple of Bounds
        The bounds of the locator and the view of the map.
    flush_right : bool
        On the right of its place.
    """
    whole, view = shown
    size = _SMALL_PT * sheet.scale
    room = box.height - line_height(size) - 1
    pad = 0.04 * max(whole.width, whole.height)
    wide = Bounds(whole.west - pad, whole.south - pad, whole.east + pad, whole.north + pad)
    per_metre = min(box.width / wide.width, room / wide.height)
    width, height = wide.width * per_metre, wide.height * per_metre
    x = box.right - width if flush_right else box.x
    place = Box(x, box.y + room - height, width, height)
    axes = sheet.add_map(place, wide, frame_pt=0.5)
    fine_m = _PAPER_MM / per_metre
    locator = sheet.page.locator
    if locator is not None:
        around = shapely.simplify(locator.shapes, fine_m)
        draw(_DEPARTMENT, axes, around, level=0.5)
        lines = np.asarray(shapely.boundary(around), dtype=object)
        draw(_DEPARTMENT_LINE, axes, lines, level=1.5)
    if overview is not None:
        edge, width_pt = ("#9b978f", 0.4) if locator is None else ("#8a857c", 0.25)
        face = LAND if locator is None else "#d9d3c4"
        draw(Fill(face, edge, width_pt), axes, shapely.simplify(overview, fine_m), level=1)
    frame = Rectangle(
        (view.west, view.south), view.width, view.height, facecolor="none", edgecolor=ACCENT,
        linewidth=1.2, zorder=2, joinstyle="miter",
    )  # fmt: skip
    axes.add_artist(frame)
    sheet.text(
        say("locator", sheet.page.lang), place.x, place.top + 1.2, size_pt=size, face="bold",
        colour=INK,
    )  # fmt: skip
