"""A ranking with bars, for the room that a map leaves on its page."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tvb.maps.layout import column_width
from tvb.maps.page import Box
from tvb.maps.sheet import Sheet, line_height, text_width, wrap
from tvb.maps.style import FADED, MM_PER_PT
from tvb.maps.texts import apostrophe

__all__ = ["TABLE_PAD_MM", "Row", "Table", "draw_table", "table_rows", "table_size"]

_TEXT_PT, _HEADING_PT = 7.0, 7.5
_COLUMN_MM = 66.0
_ROW_GAP_MM = 1.0
_NAME_SHARE = 0.66
_FEWEST_ROWS = 3
_MOST_ROWS_PER_COLUMN = 28
_BAR = "#a9b7c0"
_INSET_ROWS = 12
TABLE_PAD_MM = 2.2
"""Between the text of a ranking that lies on the map and its frame, at text scale 1."""


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


def table_rows(table: Table, box: Box, scale: float) -> int:
    """Return how many rows of a ranking a box holds.

    Parameters
    ----------
    table : Table
        The ranking.
    box : Box
        Room to spare.
    scale : float
        Factor of text sizes.

    Returns
    -------
    int
        0 where it holds next to nothing.
    """
    per_column = _rows_in(box.height, scale)
    held = min(len(table.rows), per_column * _columns(box.width, scale))
    return held if min(held, per_column) >= _FEWEST_ROWS else 0


def table_size(table: Table, height: float, scale: float) -> tuple[float, float] | None:
    """Return the size of a ranking in one column that lies on the map.

    Parameters
    ----------
    table : Table
        The ranking.
    height : float
        The most that it may take, in millimetres.
    scale : float
        Factor of text sizes.

    Returns
    -------
    tuple of float or None
        Width and height with its frame; None where too few rows find room.
    """
    pads = 2 * TABLE_PAD_MM * scale
    rows = min(_rows_in(height - pads, scale), len(table.rows), _INSET_ROWS)
    if rows < _FEWEST_ROWS:
        return None
    # a hair more than the rows, so that rounding loses none of them
    return _COLUMN_MM * scale + pads, _heading(scale) + (rows + 0.05) * _step(scale) + pads


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
    step, heading = _step(scale), _heading(scale)
    rows = table.rows[: table_rows(table, box, scale)]
    if not rows:
        return
    columns = _columns(box.width, scale)
    per_column = math.ceil(len(rows) / columns)
    size = _HEADING_PT * scale
    sheet.text(table.heading, box.x, box.top - size * MM_PER_PT, size_pt=size, face="bold")
    width = column_width(box.width, columns)
    longest = max(row.value for row in rows)
    for i, row in enumerate(rows):
        column, line = divmod(i, per_column)
        x = box.x + column * (box.width - width) / max(columns - 1, 1)
        y = box.top - heading - (line + 1) * step
        _draw_row(sheet, row, Box(x, y, width, step), share=row.value / longest if longest else 0.0)


def _step(scale: float) -> float:
    return line_height(_TEXT_PT * scale) + _ROW_GAP_MM * scale


def _heading(scale: float) -> float:
    return line_height(_HEADING_PT * scale) + _ROW_GAP_MM * scale


def _rows_in(height: float, scale: float) -> int:
    rows = int((height - _heading(scale)) / _step(scale))
    return max(0, min(rows, _MOST_ROWS_PER_COLUMN))


def _columns(width: float, scale: float) -> int:
    return max(1, int(width / (_COLUMN_MM * scale)))


def _draw_row(sheet: Sheet, row: Row, box: Box, *, share: float) -> None:
    size = _TEXT_PT * sheet.scale
    baseline = box.y + box.height - size * MM_PER_PT
    room = box.width * _NAME_SHARE - 1.5
    name = apostrophe(row.name)
    first, *rest = wrap(name, room, size)
    if rest:
        first = wrap(name, room - text_width("\u2026", size), size)[0] + "\u2026"
    sheet.text(first, box.x, baseline, size_pt=size)
    left = box.x + box.width * _NAME_SHARE
    value_mm = text_width(row.text, size)
    longest = box.x + box.width - left - value_mm - 1.5
    bar = Box(left, baseline - 0.1, max(longest * share, 0.2), size * MM_PER_PT * 0.75)
    sheet.rectangle(bar, face=_BAR)
    sheet.text(row.text, bar.right + 1.2, baseline, size_pt=size, colour=FADED)
