"""Names on the map, placed so that none touches another one, a symbol that matters or the frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tvb.maps.listing import Badge, draw_badge
from tvb.maps.page import Bounds, Box
from tvb.maps.sheet import Sheet, text_width
from tvb.maps.style import INK, MM_PER_PT, Face

__all__ = ["Label", "PlacedLabel", "draw_labels", "place_labels"]

_ASCENT, _DESCENT = 0.93, 0.24  # of DejaVu Sans, in text sizes: what its line box takes
_SPACING_MM = 0.9
_FRAME_MM = 1.2
# Where a name may stand around its point, best first (Imhof's order: to the right and above, …)
_AROUND = ((1, 0.6), (-1, 0.6), (1, -0.6), (-1, -0.6), (0, 1), (0, -1), (1, 0), (-1, 0))
_NEAR = ((0, 0), (0, 0.8), (0, -0.8), (0.35, 0), (-0.35, 0), (0.35, 0.8), (-0.35, 0.8),
         (0.35, -0.8), (-0.35, -0.8), (0, 1.6), (0, -1.6))  # fmt: skip
# A badge moves away in rings around its point
_SPIRAL = np.array(
    [(0.0, 0.0)]
    + [
        (ring * np.cos(2 * np.pi * k / (8 * n)), ring * np.sin(2 * np.pi * k / (8 * n)))
        for n, ring in enumerate((1.1, 2.2, 3.3), start=1)
        for k in range(8 * n)
    ]
)


@dataclass(frozen=True, slots=True)
class Label:
    """A name that asks for a place.

    Parameters
    ----------
    text : str
        One line.
    x, y : float
        Its point, in metres.
    size_pt : float
        Text size.
    face : {"", "bold", "italic"}
        Weight or slant.
    colour : str
        Of the letters.
    clearance_mm : float, optional
        Radius of the symbol beside which it stands; by default it is centred on its point.
    badge : Badge, optional
        Number in a symbol, drawn instead of the text; moved away a little where several meet.
    """

    text: str
    x: float
    y: float
    size_pt: float = 6.5
    face: Face = ""
    colour: str = INK
    clearance_mm: float | None = None
    badge: Badge | None = None


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """A name with its place.

    Parameters
    ----------
    label : Label
        What.
    box : Box
        Where, in millimetres of the page.
    anchor : tuple of float
        Its point, in millimetres.
    """

    label: Label
    box: Box
    anchor: tuple[float, float] = (0.0, 0.0)


def place_labels(
    labels: Iterable[Label],
    frame: Box,
    view: Bounds,
    *,
    reserved: NDArray[np.float64],
    obstacles: NDArray[np.float64],
    scale: float = 1.0,
) -> list[PlacedLabel]:
    """Return the names that find a place; the others are dropped.

    Parameters
    ----------
    labels : iterable of Label
        By order of importance: the first served keep their place.
    frame : Box
        The map, in millimetres.
    view : Bounds
        The ground that it shows, in metres.
    reserved : numpy.ndarray
        Of shape (n, 4): left, bottom, right, top in millimetres of what no name may cover.
    obstacles : numpy.ndarray
        Of the same shape: symbols that a name should rather not cover, and must not if it
        stands beside a symbol of its own.
    scale : float
        Factor of text sizes, for badges.

    Returns
    -------
    list of PlacedLabel
        Their boxes do not meet and lie inside the frame.
    """
    placed: list[PlacedLabel] = []
    taken = reserved
    per_metre = frame.width / view.width
    for label in labels:
        x = frame.x + (label.x - view.west) * per_metre
        y = frame.y + (label.y - view.south) * per_metre
        if not (frame.x <= x <= frame.right and frame.y <= y <= frame.top):
            continue
        sides = _candidates(label, (x, y), scale)
        free = _inside(sides, frame) & ~_meets(sides, taken).any(axis=1)
        if label.clearance_mm is not None:
            # a name laid on the symbol of a neighbour would be read as the neighbour's
            free &= ~_meets(sides, obstacles).any(axis=1)
        if not free.any():
            continue
        cost = _meets(sides, obstacles).sum(axis=1) + np.arange(len(sides)) / 100
        best = sides[np.where(free, cost, np.inf).argmin()]
        taken = np.vstack([taken, best])
        left, bottom, right, top = best
        placed.append(PlacedLabel(label, Box(left, bottom, right - left, top - bottom), (x, y)))
    return placed


def _candidates(label: Label, point: tuple[float, float], scale: float) -> NDArray[np.float64]:
    """Return left, bottom, right, top of the places where a name may stand."""
    if label.badge is not None:
        half = np.array(label.badge.size_mm(scale)) / 2 + 0.2
        centres = np.array(point) + _SPIRAL * 2 * half
        return np.hstack([centres - half, centres + half])
    width = text_width(label.text, label.size_pt, label.face)
    width += 2 * _SPACING_MM
    height = (_ASCENT + _DESCENT) * label.size_pt * MM_PER_PT + 0.3
    if label.clearance_mm is None:
        shift = np.array(_NEAR) * (width, height)
    else:
        # half a diagonal away, so that the corner of the text meets the rim of the symbol
        away = np.array([width / 2, height / 2]) + label.clearance_mm
        shift = np.array(_AROUND) * away
    centres = np.array(point) + shift
    half = np.array([width / 2, height / 2])
    return np.hstack([centres - half, centres + half])


def _inside(sides: NDArray[np.float64], frame: Box) -> NDArray[np.bool_]:
    low = (sides[:, :2] >= (frame.x + _FRAME_MM, frame.y + _FRAME_MM)).all(axis=1)
    high = (sides[:, 2:] <= (frame.right - _FRAME_MM, frame.top - _FRAME_MM)).all(axis=1)
    return np.asarray(low & high)


def _meets(sides: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which of the boxes meet which of the others."""
    a, b = sides[:, None, :], others[None, :, :]
    return np.asarray(
        (a[..., 0] < b[..., 2]) & (b[..., 0] < a[..., 2])
        & (a[..., 1] < b[..., 3]) & (b[..., 1] < a[..., 3])
    )  # fmt: skip


def draw_labels(sheet: Sheet, placed: Iterable[PlacedLabel]) -> None:
    """Write the names with their glow.

    Parameters
    ----------
    sheet : Sheet
        The page.
    placed : iterable of PlacedLabel
        From `place_labels`.
    """
    for name in placed:
        label, box = name.label, name.box
        if label.badge is not None:
            centre = (box.x + box.width / 2, box.y + box.height / 2)
            if name.anchor != centre:
                sheet.line([name.anchor, centre], colour=INK, width_pt=0.5)
            draw_badge(sheet, label.badge, centre)
            continue
        x = box.x + _SPACING_MM
        y = box.y + 0.15 + _DESCENT * label.size_pt * MM_PER_PT
        sheet.halo(label.text, x, y, size_pt=label.size_pt, face=label.face)
        sheet.text(
            label.text, x, y, size_pt=label.size_pt, face=label.face, colour=label.colour
        )  # fmt: skip
