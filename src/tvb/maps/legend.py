"""The legend: blocks of entries, measured, shared into columns, drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tvb.maps.layout import column_width
from tvb.maps.page import Box
from tvb.maps.sheet import Sheet, line_height, text_width, wrap
from tvb.maps.style import FADED, INK, MM_PER_PT, Face
from tvb.maps.symbols import Fill, Marker, Stroke, Symbol, draw

__all__ = ["Block", "Entry", "Legend"]

_TEXT_PT = 7.0
_HEADING_PT = 7.5
_NOTE_PT = 6.5
_KEY_MM = (7.0, 3.4)
_KEY_GAP_MM = 2.0
_ROW_GAP_MM = 0.9
_BLOCK_GAP_MM = 3.0
_KEY_LEVEL = 3.0
_LONGEST = 8  # entries of a block that stays in one column
_BASELINE = 0.72  # of a line, below its top


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the legend.

    Parameters
    ----------
    symbol : Fill, Stroke or Marker
        As on the map.
    label : str
        What it means.
    """

    symbol: Symbol
    label: str


@dataclass(frozen=True, slots=True)
class Block:
    """Entries under one heading.

    Parameters
    ----------
    heading : str
        What they have in common.
    entries : tuple of Entry
        From top to bottom.
    note : str
        Small text below the heading, such as the counting rule.
    in_row : bool
        Side by side with the labels below, for proportional symbols.
    touching : bool
        Without gaps between keys, for classes.
    """

    heading: str
    entries: tuple[Entry, ...]
    note: str = ""
    in_row: bool = False
    touching: bool = False


@dataclass(frozen=True, slots=True)
class Legend:
    """Blocks in columns; only a long block is cut.

    Parameters
    ----------
    blocks : tuple of Block
        What it holds.
    scale : float
        Factor of text sizes.
    """

    blocks: tuple[Block, ...]
    scale: float

    def height(self, columns: int, width: float) -> float:
        """Return the height that the legend takes.

        Parameters
        ----------
        columns : int
            How many.
        width : float
            Of one column, in millimetres.

        Returns
        -------
        float
            Millimetres.
        """
        heights = [self._block_height(block, width) for block in self._parts(columns)]
        runs = self._share(heights, columns)
        return max((self._stack(heights[a:b]) for a, b in runs), default=0.0)

    def draw(self, sheet: Sheet, box: Box, *, columns: int) -> None:
        """Draw the legend from the top left of a box.

        Parameters
        ----------
        sheet : Sheet
            The page.
        box : Box
            Where.
        columns : int
            How many.
        """
        width = column_width(box.width, columns)
        blocks = self._parts(columns)
        heights = [self._block_height(block, width) for block in blocks]
        for column, (first, last) in enumerate(self._share(heights, columns)):
            x, top = box.x + column * (box.width - width) / max(columns - 1, 1), box.top
            for block, height in zip(blocks[first:last], heights[first:last], strict=True):
                self._draw_block(sheet, block, Box(x, top - height, width, height))
                top -= height + _BLOCK_GAP_MM * self.scale

    def _parts(self, columns: int) -> tuple[Block, ...]:
        """Return the blocks, a long one in parts where there are several columns."""
        if columns == 1:
            return self.blocks
        parts: list[Block] = []
        for block in self.blocks:
            whole = block.in_row or block.touching
            count = 1 if whole else math.ceil(len(block.entries) / _LONGEST)
            size = math.ceil(len(block.entries) / max(count, 1)) or 1
            for first in range(0, max(len(block.entries), 1), size):
                part = replace(block, entries=block.entries[first : first + size])
                parts.append(part if first == 0 else replace(part, heading=" ", note=""))
        return tuple(parts)

    def _stack(self, heights: list[float]) -> float:
        return sum(heights) + _BLOCK_GAP_MM * self.scale * max(len(heights) - 1, 0)

    def _share(self, heights: list[float], columns: int) -> list[tuple[int, int]]:
        """Return the runs of blocks of each column that make the tallest one shortest."""
        count = len(heights)
        columns = max(1, min(columns, count))
        best: tuple[float, list[tuple[int, int]]] | None = None
        for cuts in combinations(range(1, count), columns - 1):
            runs = list(zip((0, *cuts), (*cuts, count), strict=True))
            tallest = max(self._stack(heights[a:b]) for a, b in runs)
            if best is None or tallest < best[0]:
                best = (tallest, runs)
        return best[1] if best else []

    def _lines(self, entry: Entry, width: float) -> list[str]:
        room = width - (_KEY_MM[0] + _KEY_GAP_MM) * self.scale
        return wrap(entry.label, room, _TEXT_PT * self.scale)

    def _gap(self, block: Block) -> float:
        return 0.0 if block.touching else _ROW_GAP_MM * self.scale

    def _entry_height(self, entry: Entry, block: Block, width: float) -> float:
        text = len(self._lines(entry, width)) * line_height(_TEXT_PT * self.scale)
        return max(_KEY_MM[1] * self.scale, text) + self._gap(block)

    def _texts(self, block: Block, width: float) -> list[tuple[str, float, Face, str]]:
        """Return text, size, face and colour of each line above the entries."""
        heading, note = _HEADING_PT * self.scale, _NOTE_PT * self.scale
        lines: list[tuple[str, float, Face, str]] = []
        if block.heading:
            lines += [
                (line, heading, "bold", INK)
                for line in wrap(block.heading, width, heading, face="bold")
            ]
        if block.note:
            lines += [
                (line, note, "italic", FADED)
                for line in wrap(block.note, width, note, face="italic")
            ]
        return lines

    def _block_height(self, block: Block, width: float) -> float:
        height = sum(line_height(size) for _, size, _, _ in self._texts(block, width))
        height += _ROW_GAP_MM * self.scale
        if block.in_row:
            tallest = max(_size(entry) for entry in block.entries)
            return height + tallest + line_height(_TEXT_PT * self.scale) + 1.0
        return height + sum(self._entry_height(e, block, width) for e in block.entries)

    def _draw_block(self, sheet: Sheet, block: Block, box: Box) -> None:
        y = box.top
        for text, size, face, colour in self._texts(block, box.width):
            baseline = y - size * MM_PER_PT
            sheet.text(text, box.x, baseline, size_pt=size, face=face, colour=colour)
            y -= line_height(size)
        y -= _ROW_GAP_MM * self.scale
        if block.in_row:
            self._draw_row(sheet, block, Box(box.x, box.y, box.width, y - box.y))
            return
        for entry in block.entries:
            height = self._entry_height(entry, block, box.width)
            gap = self._gap(block)
            row = Box(box.x, y - height + gap, box.width, height - gap)
            self._draw_entry(sheet, entry, row, touching=block.touching)
            y -= height

    def _draw_entry(self, sheet: Sheet, entry: Entry, row: Box, *, touching: bool) -> None:
        """Draw a key and its label, both in the middle of their row."""
        size = _TEXT_PT * self.scale
        lines = self._lines(entry, row.width)
        x = row.x + (_KEY_MM[0] + _KEY_GAP_MM) * self.scale
        top = row.y + (row.height + len(lines) * line_height(size)) / 2
        for i, line in enumerate(lines):
            sheet.text(line, x, top - (i + _BASELINE) * line_height(size), size_pt=size)
        width, height = _KEY_MM[0] * self.scale, _KEY_MM[1] * self.scale
        if touching:
            height = row.height
        key = Box(row.x, row.y + (row.height - height) / 2, width, height)
        _draw_key(sheet, entry.symbol, key)

    def _draw_row(self, sheet: Sheet, block: Block, box: Box) -> None:
        """Draw symbols side by side on one line, their labels below them."""
        size = _TEXT_PT * self.scale
        x, foot = box.x, box.top - max(_size(entry) for entry in block.entries)
        for entry in block.entries:
            width = max(_size(entry), text_width(entry.label, size))
            centre = x + width / 2
            point = shapely.Point(centre, foot + _size(entry) / 2)
            draw(entry.symbol, sheet.paper, np.array([point], dtype=object), level=_KEY_LEVEL)
            baseline = foot - 0.6 - size * MM_PER_PT
            sheet.text(entry.label, centre, baseline, size_pt=size, align="center")
            x += width + 4.0 * self.scale


def _size(entry: Entry) -> float:
    size = entry.symbol.size_mm if isinstance(entry.symbol, Marker) else 0.0
    return float(np.max(size))


def _draw_key(sheet: Sheet, symbol: Symbol, box: Box) -> None:
    shape: BaseGeometry
    if isinstance(symbol, Fill):
        shape = shapely.box(box.x, box.y, box.right, box.top)
    elif isinstance(symbol, Stroke):
        middle, swing = box.y + box.height / 2, box.height / 5
        across = (0.0, 0.35, 0.65, 1.0)
        up = (-swing, swing, -swing, swing)
        shape = shapely.LineString(
            [(box.x + a * box.width, middle + u) for a, u in zip(across, up, strict=True)]
        )
    else:
        shape = shapely.Point(box.x + box.width / 2, box.y + box.height / 2)
    patterns = symbol.patterns if isinstance(symbol, Fill) else ()
    reach = max((pattern.reach_pt for pattern in patterns), default=0.0) * MM_PER_PT
    shrink = min(1.0, box.height / reach) if reach else 1.0
    draw(symbol, sheet.paper, np.array([shape], dtype=object), level=_KEY_LEVEL, shrink=shrink)
