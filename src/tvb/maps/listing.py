"""A list of numbered remarks beside the map, each with the badge that stands on the map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

from tvb.maps.layout import column_width
from tvb.maps.page import Box
from tvb.maps.sheet import Sheet, line_height, text_width, wrap
from tvb.maps.style import FADED, INK, MM_PER_PT
from tvb.maps.symbols import Marker, draw

__all__ = ["Badge", "Item", "Listing", "draw_badge", "draw_listing", "listing_height"]

_TEXT_PT, _HEADING_PT, _BADGE_PT = 7.0, 7.5, 6.5
_GAP_MM = 1.3
_COLUMN_MM = 62.0
_LEAST_ITEMS = 3
_UNEVEN = 1.15  # columns end at different heights
_LEVEL = 4.2


@dataclass(frozen=True, slots=True)
class Badge:
    """A number in a symbol.

    Parameters
    ----------
    text : str
        The number.
    symbol : Marker
        What it stands in.
    ink : str
        Its colour.
    """

    text: str
    symbol: Marker
    ink: str

    def size_mm(self, scale: float) -> tuple[float, float]:
        """Return width and height.

        Parameters
        ----------
        scale : float
            Factor of text sizes.

        Returns
        -------
        tuple of float
            In millimetres.
        """
        side = float(np.max(self.symbol.size_mm))
        return max(side, text_width(self.text, _BADGE_PT * scale, "bold") + 1.2), side


@dataclass(frozen=True, slots=True)
class Item:
    """One remark.

    Parameters
    ----------
    badge : Badge
        Its number.
    head : str
        In bold, before the text.
    text : str
        What is said.
    count : int
        How many it stands for.
    """

    badge: Badge
    head: str
    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Listing:
    """Remarks, the gravest first.

    Parameters
    ----------
    heading : str
        What they are.
    items : tuple of Item
        In order.
    rest : callable
        Makes the sentence for what found no room, from its number.
    """

    heading: str
    items: tuple[Item, ...]
    rest: Callable[[int], str]


def draw_badge(sheet: Sheet, badge: Badge, centre: tuple[float, float]) -> None:
    """Draw a number in its symbol.

    Parameters
    ----------
    sheet : Sheet
        The page.
    badge : Badge
        What.
    centre : tuple of float
        Where, in millimetres.
    """
    x, y = centre
    point = np.array([shapely.Point(x, y)], dtype=object)
    draw(badge.symbol, sheet.paper, point, level=_LEVEL)
    size = _BADGE_PT * sheet.scale
    baseline = y - 0.36 * size * MM_PER_PT
    sheet.text(badge.text, x, baseline, size_pt=size, face="bold", align="center", colour=badge.ink)


def listing_height(listing: Listing, scale: float) -> Callable[[float], float]:
    """Return the room that the first remarks ask for, as a function of the width.

    Parameters
    ----------
    listing : Listing
        What.
    scale : float
        Factor of text sizes.

    Returns
    -------
    callable
        From width to height, in millimetres.
    """

    def height(width: float) -> float:
        columns = _columns(width, scale)
        inner = column_width(width, columns)
        items = listing.items[: _LEAST_ITEMS * columns]
        heights = [_item_height(item, inner, scale) for item in items]
        uneven = _UNEVEN if columns > 1 else 1.0
        return _head(scale) + max(sum(heights) / columns * uneven, *heights) + _tail(scale)

    return height


def draw_listing(sheet: Sheet, listing: Listing, box: Box) -> None:
    """Draw as many remarks as a box holds, and say how many are left.

    Parameters
    ----------
    sheet : Sheet
        The page.
    listing : Listing
        What.
    box : Box
        Where.
    """
    scale = sheet.scale
    columns = _columns(box.width, scale)
    width = column_width(box.width, columns)
    bottom = box.y + _tail(scale)
    y, column, drawn = box.top - _head(scale), 0, 0
    if y - bottom < _item_height(listing.items[0], width, scale):
        return
    size = _HEADING_PT * scale
    sheet.text(listing.heading, box.x, box.top - size * MM_PER_PT, size_pt=size, face="bold")
    for item in listing.items:
        height = _item_height(item, width, scale)
        if y - height < bottom:
            column, y = column + 1, box.top - _head(scale)
            if column == columns or y - height < bottom:
                break
        x = box.x + column * (box.width - width) / max(columns - 1, 1)
        _draw_item(sheet, item, Box(x, y - height, width, height))
        y -= height
        drawn += 1
    left = sum(item.count for item in listing.items[drawn:])
    if left:
        small = _BADGE_PT * scale
        sheet.text(listing.rest(left), box.x, box.y + 0.8, size_pt=small, face="italic",
                   colour=FADED)  # fmt: skip


def _columns(width: float, scale: float) -> int:
    return max(1, int(width / (_COLUMN_MM * scale)))


def _head(scale: float) -> float:
    return line_height(_HEADING_PT * scale) + _GAP_MM * scale


def _tail(scale: float) -> float:
    return line_height(_BADGE_PT * scale)


def _lines(item: Item, width: float, scale: float) -> list[str]:
    return wrap(item.text, width - _indent(item, scale), _TEXT_PT * scale)


def _indent(item: Item, scale: float) -> float:
    return item.badge.size_mm(scale)[0] + 1.6 * scale


def _item_height(item: Item, width: float, scale: float) -> float:
    rows = len(_lines(item, width, scale)) + bool(item.head)
    text = rows * line_height(_TEXT_PT * scale)
    return max(item.badge.size_mm(scale)[1], text) + _GAP_MM * scale


def _draw_item(sheet: Sheet, item: Item, box: Box) -> None:
    scale, size = sheet.scale, _TEXT_PT * sheet.scale
    width, height = item.badge.size_mm(scale)
    draw_badge(sheet, item.badge, (box.x + width / 2, box.top - height / 2))
    x, y = box.x + _indent(item, scale), box.top - size * MM_PER_PT
    if item.head:
        sheet.text(item.head, x, y, size_pt=size, face="bold", colour=INK)
        y -= line_height(size)
    for line in _lines(item, box.width, scale):
        sheet.text(line, x, y, size_pt=size, colour=INK)
        y -= line_height(size)
