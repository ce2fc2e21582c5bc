"""Where each part of a plate goes.

All lengths are millimetres of paper, from the lower left corner of the page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from tvb.errors import ParameterError, explain
from tvb.maps.page import Bounds, Box, Page, fit_scale

__all__ = ["Layout", "Needs", "arrange", "column_width"]

_GAP_MM = 4.0
_FURNITURE_WIDTH_MM = 66.0
_LOCATOR_WIDTH_MM = 44.0
_COLUMN_MIN_MM = 48.0
_ROOMY, _FLATTEST = 1.35, 0.5
_COLUMN_GAP_MM = 4.0
_NO_BOX = Box(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each part of a plate goes.

    Parameters
    ----------
    head, frame, legend, furniture, locator, foot : Box
        Title; map; legend; scale bar and north; locator, if there is one; sources.
    view : Bounds
        Ground shown in the frame.
    denominator : float
        Of the scale: ``view.width == frame.width / 1000 * denominator``.
    columns : int
        Of the legend.
    spare : Box
        Room that nothing else wants.
    locator : Box
        Empty where none is wanted.
    """

    head: Box
    frame: Box
    legend: Box
    furniture: Box
    foot: Box
    view: Bounds
    denominator: float
    columns: int
    spare: Box
    locator: Box = _NO_BOX

    @property
    def beside(self) -> bool:
        """Whether legend and furniture stand to the right of the map, not below it."""
        return self.legend.x >= self.frame.right


class Needs(NamedTuple):
    """Heights in millimetres that the furniture of a plate asks for."""

    head: float
    foot: float
    furniture: float
    legend: Callable[[int, float], float]
    """Height of the legend in so many columns of such a width."""
    locator: float = 0.0
    """0 where there is none."""
    listing: Callable[[float], float] | None = None
    """Height of the first remarks of a list in such a width."""


def column_width(width: float, columns: int) -> float:
    """Return the width of one column of the legend.

    Parameters
    ----------
    width : float
        Of the whole legend, in millimetres.
    columns : int
        How many.

    Returns
    -------
    float
        Millimetres.
    """
    return (width - (columns - 1) * _COLUMN_GAP_MM) / columns


def arrange(page: Page, ground: Bounds, needs: Needs) -> Layout:
    """Return the arrangement that shows the ground at the largest scale.

    The legend goes to the right of the map or below it; at equal scale, where the ground fills the
    frame best.

    Parameters
    ----------
    page : Page
        Paper and orientation.
    ground : Bounds
        What must be seen.
    needs : Needs
        Heights of the furniture.

    Returns
    -------
    Layout
        Boxes that do not overlap and lie inside the margins.

    Raises
    ------
    ParameterError
        If the page is too small for its furniture, or the ground for the smallest round scale.
    """
    bare = needs._replace(listing=None)
    candidates = _candidates(page, ground, needs) or _candidates(page, ground, bare)
    if not candidates:
        raise ParameterError(
            explain(
                "page",
                f"{page.paper} {page.orientation} cannot hold this map",
                remedy="take a larger paper, a smaller extent, or shorter texts",
            )
        )
    denominator, _, layout = min(candidates, key=lambda c: c[:2])
    return _with_view(layout, ground, denominator)


def _candidates(page: Page, ground: Bounds, needs: Needs) -> list[tuple[float, float, Layout]]:
    """Return scale, how badly the ground fills the frame, and layout of what is possible."""
    candidates = []
    layouts = [_beside(page, needs), _below(page, needs, ground)]
    if needs.listing:
        layouts.append(_listing_below(page, needs))
    for layout in layouts:
        denominator = fit_scale(ground, layout.frame, page.scale) if layout else None
        if layout and denominator:
            filled = (ground.width * ground.height) / (layout.frame.width * layout.frame.height)
            candidates.append((denominator, -filled, layout))
    return candidates


def _body(page: Page, needs: Needs) -> tuple[Box, Box, Box]:
    """Return head, foot and what lies between."""
    width, height = page.size_mm
    margin = page.margin_mm
    inner = width - 2 * margin
    head = Box(margin, height - margin - needs.head, inner, needs.head)
    foot = Box(margin, margin, inner, needs.foot)
    bottom, top = foot.top + _GAP_MM / 2, head.y - _GAP_MM / 2
    return head, foot, Box(margin, bottom, inner, top - bottom)


_NOWHERE = Bounds(0.0, 0.0, 0.0, 0.0)


def _beside(page: Page, needs: Needs) -> Layout | None:
    """Legend, locator and furniture in a column to the right of the map."""
    head, foot, body = _body(page, needs)
    column = _FURNITURE_WIDTH_MM * page.text_scale
    legend_mm = needs.legend(1, column)
    listing = needs.listing(column) + _GAP_MM if needs.listing else 0.0
    locator_mm = needs.locator + _GAP_MM if needs.locator else 0.0
    below = needs.furniture + locator_mm
    if legend_mm + _GAP_MM + listing + below > body.height:
        return None
    x = body.right - column
    frame = Box(body.x, body.y, body.width - column - _GAP_MM, body.height)
    furniture = Box(x, body.y, column, needs.furniture)
    locator = Box(x, furniture.top + _GAP_MM, column, needs.locator) if needs.locator else _NO_BOX
    legend = Box(x, body.top - legend_mm, column, legend_mm)
    bottom = body.y + below + _GAP_MM
    spare = Box(x, bottom, column, legend.y - bottom - _GAP_MM)
    return Layout(head, frame, legend, furniture, foot, _NOWHERE, 0.0, 1, spare, locator)


def _listing_below(page: Page, needs: Needs) -> Layout | None:
    """Legend and furniture in a column to the right of the map, the list below it."""
    layout = _beside(page, needs._replace(listing=None))
    if layout is None or needs.listing is None:
        return None
    frame = layout.frame
    height = needs.listing(frame.width)
    if frame.height - height - _GAP_MM < _FURNITURE_WIDTH_MM / 2:
        return None
    shorter = Box(frame.x, frame.y + height + _GAP_MM, frame.width, frame.height - height - _GAP_MM)
    return replace(layout, frame=shorter, spare=Box(frame.x, frame.y, frame.width, height))


def _below(page: Page, needs: Needs, ground: Bounds) -> Layout | None:
    """Legend in columns below the map, locator and furniture to its right."""
    head, foot, body = _body(page, needs)
    column = _FURNITURE_WIDTH_MM * page.text_scale
    inset = _LOCATOR_WIDTH_MM * page.text_scale + _GAP_MM
    stacked = needs.furniture + (needs.locator + _GAP_MM if needs.locator else 0.0)
    # the locator above the scale bar, or beside it where that makes the strip lower
    strips = [_strip(page, needs, body.width - column - _GAP_MM, least=stacked)]
    if needs.locator:
        room = body.width - column - _GAP_MM - inset
        strips.append(_strip(page, needs, room, least=max(needs.locator, needs.furniture)))
    strip, columns, room = min(strips, key=lambda s: s[0])
    listing = needs.listing(body.width) + _GAP_MM if needs.listing else 0.0
    most_of_it = body.height - strip - _GAP_MM - listing
    if most_of_it < _FURNITURE_WIDTH_MM / 2:
        return None
    # a wide ground on a tall page would float in the middle of nothing
    wanted = max(ground.height / ground.width * _ROOMY, _FLATTEST) * body.width
    frame_height = min(most_of_it, wanted)
    frame = Box(body.x, body.top - frame_height, body.width, frame_height)
    bottom = frame.y - _GAP_MM - strip
    furniture = Box(body.right - column, bottom, column, strip)
    legend = Box(body.x, bottom, room, strip)
    spare = Box(body.x, body.y, body.width, max(0.0, bottom - _GAP_MM - body.y))
    locator = _NO_BOX
    if needs.locator:
        beside = legend.right + _GAP_MM < furniture.x - _GAP_MM
        x, width = (legend.right, inset) if beside else (furniture.x, column)
        locator = Box(x, bottom + strip - needs.locator, width, needs.locator)
    return Layout(head, frame, legend, furniture, foot, _NOWHERE, 0.0, columns, spare, locator)


def _strip(page: Page, needs: Needs, room: float, *, least: float) -> tuple[float, int, float]:
    """Return height, columns and width of a legend below the map."""
    most = max(1, int((room + _COLUMN_GAP_MM) // (_COLUMN_MIN_MM * page.text_scale)))
    heights = {n: needs.legend(n, column_width(room, n)) for n in range(1, most + 1)}
    columns = min(heights, key=lambda n: (heights[n], n))  # no column that shortens nothing
    return max(heights[columns], least), columns, room


def _with_view(layout: Layout, ground: Bounds, denominator: float) -> Layout:
    """Return the layout with the ground in the middle of its frame."""
    x, y = ground.centre
    half_width = layout.frame.width / 2000 * denominator
    half_height = layout.frame.height / 2000 * denominator
    view = Bounds(x - half_width, y - half_height, x + half_width, y + half_height)
    return replace(layout, view=view, denominator=denominator)
