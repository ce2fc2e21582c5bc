"""The contents pages of an atlas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from tvb.maps.page import Bounds, Page
from tvb.maps.sheet import Sheet, line_height, text_width
from tvb.maps.style import ACCENT, FADED, MM_PER_PT, fixed_style
from tvb.maps.texts import number, say, typeset

__all__ = ["Contents", "Listed", "draw_contents"]

_TITLE_PT, _LINE_PT = 16.0, 8.0
_COLUMN_MM, _GAP_MM = 62.0, 8.0
_NUMBER_MM = 9.0


class Listed(NamedTuple):
    """A line of the contents."""

    sheet: str
    name: str
    denominator: float
    failed: bool


class Contents(NamedTuple):
    """The pages, and where each line stands: position of the page in the atlas, box in points."""

    figures: list[Any]
    places: list[tuple[int, Bounds]]


def draw_contents(lines: Sequence[Listed], page: Page, *, title: str) -> Contents:
    """Return the contents pages of an atlas.

    Parameters
    ----------
    lines : sequence of Listed
        One for each sheet.
    page : Page
        Paper and language.
    title : str
        Of the atlas.

    Returns
    -------
    Contents
        As many pages as the lines ask for; they follow the first page of the atlas.
    """
    scale = page.text_scale
    width, height = page.size_mm
    margin = 2 * page.margin_mm
    step = line_height(_LINE_PT * scale)
    top = height - margin - line_height(_TITLE_PT * scale) - 6
    rows = max(1, math.floor((top - margin) / step))
    columns = max(1, math.floor((width - 2 * margin + _GAP_MM) / ((_COLUMN_MM + _GAP_MM) * scale)))
    column_mm = (width - 2 * margin - (columns - 1) * _GAP_MM) / columns
    figures, places = [], []
    with fixed_style():
        for first in range(0, len(lines), rows * columns):
            sheet = _begin(page, title, margin)
            figures.append(sheet.figure)
            for k, line in enumerate(lines[first : first + rows * columns]):
                x = margin + (k // rows) * (column_mm + _GAP_MM)
                y = top - (k % rows + 1) * step
                _write(sheet, line, (x, y), column_mm=column_mm)
                box = Bounds(x, y - 0.3 * step, x + column_mm, y + 0.7 * step)
                places.append((len(figures), Bounds(*(v / MM_PER_PT for v in box))))
    return Contents(figures, places)


def _begin(page: Page, title: str, margin: float) -> Sheet:
    sheet = Sheet(page)
    size = _TITLE_PT * page.text_scale
    y = page.size_mm[1] - margin - size * MM_PER_PT
    sheet.text(typeset(title, page.lang), margin, y, size_pt=size, face="bold")
    heading = say("atlas_contents", page.lang)
    right = page.size_mm[0] - margin
    sheet.text(heading, right, y, size_pt=10 * page.text_scale, align="right", colour=FADED)
    return sheet


def _write(sheet: Sheet, line: Listed, at: tuple[float, float], *, column_mm: float) -> None:
    x, y = at
    size, lang = _LINE_PT * sheet.scale, sheet.page.lang
    start = x + _NUMBER_MM * sheet.scale
    note = say("atlas_missing", lang) if line.failed else f"1:{number(line.denominator, lang)}"
    room = x + column_mm - start - text_width(note, size * 0.85) - 2
    sheet.text(line.sheet, start - 2, y, size_pt=size, align="right", colour=FADED)
    sheet.text(_shortened(typeset(line.name, lang), room, size), start, y, size_pt=size)
    colour = ACCENT if line.failed else FADED
    sheet.text(note, x + column_mm, y, size_pt=size * 0.85, align="right", colour=colour)


def _shortened(text: str, room_mm: float, size_pt: float) -> str:
    if text_width(text, size_pt) <= room_mm:
        return text
    while text and text_width(text + "…", size_pt) > room_mm:
        text = text[:-1]
    return text.rstrip() + "…"
