"""A ranking with bars, for the room that a map leaves on its page."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tvb.maps.layout import column_width
from tvb.maps.page import Box
from tvb.maps.sheet import Sheet, line_height, text_width, wrap
from tvb.maps.style import FADED, MM_PER_PT

__all__ = ["Row", "Table", "draw_table"]

_TEXT_PT, _HEADING_PT = 7.0, 7.5
_COLUMN_MM = 66.0
_ROW_GAP_MM = 1.0
_NAME_SHARE = 0.58
_FEWEST_ROWS = 3
_MOST_ROWS_PER_COLUMN = 28
_BAR = "#a9b7c0"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a ranking.

    Parameters
    ----------
    name : str
        What is ranked.
    value : float
        By what: the length of the bar.
    text : str
        The value as it is printed.
    """

    name: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A ranking.

    Parameters
    ----------
    heading : str
        What is ranked by what.
    rows : tuple of Row
        From the first.
    """

    heading: str
    rows: tuple[Row, ...]


def draw_table(sheet: Sheet, table: Table, box: Box) -> None:
    """Draw as much of a ranking as a box holds; nothing when that is next to nothing.

    Parameters
    ----------
    sheet : Sheet
        The page.
    table : Table
        The ranking.
    box : Box
        Room to spare.
    """
    scale = sheet.scale
    step = line_height(_TEXT_PT * scale) + _ROW_GAP_MM * scale
    heading = line_height(_HEADING_PT * scale) + _ROW_GAP_MM * scale
    per_column = min(int((box.height - heading) / step), _MOST_ROWS_PER_COLUMN)
    columns = max(1, int(box.width / (_COLUMN_MM * scale)))
    rows = table.rows[: max(per_column, 0) * columns]
    if len(rows) < _FEWEST_ROWS or per_column < _FEWEST_ROWS:
        return
    per_column = math.ceil(len(rows) / columns)
    size = _HEADING_PT * scale
    sheet.text(table.heading, box.x, box.top - size * MM_PER_PT, size_pt=size, face="bold")
    width = column_width(box.width, columns)
    longest = max(row.value for row in rows)
    for i, row in enumerate(rows):
        column, line = divmod(i, per_column)
        x = box.x + column * (box.width - width) / max(columns - 1, 1)
        y = box.top - heading - (line + 1) * step
        _draw_row(sheet, row, Box(x, y, width, step), share=row.value / longest)


def _draw_row(sheet: Sheet, row: Row, box: Box, *, share: float) -> None:
    size = _TEXT_PT * sheet.scale
    baseline = box.y + box.height - size * MM_PER_PT
    room = box.width * _NAME_SHARE - 1.5
    first, *rest = wrap(row.name, room, size)
    if rest:
        first = wrap(row.name, room - text_width("\u2026", size), size)[0] + "\u2026"
    sheet.text(first, box.x, baseline, size_pt=size)
    left = box.x + box.width * _NAME_SHARE
    value_mm = text_width(row.text, size)
    longest = box.x + box.width - left - value_mm - 1.5
    bar = Box(left, baseline - 0.1, max(longest * share, 0.2), size * MM_PER_PT * 0.75)
    sheet.rectangle(bar, face=_BAR)
    sheet.text(row.text, bar.right + 1.2, baseline, size_pt=size, colour=FADED)
