"""The page: what the user asks of it, and where each part of a plate goes.

All lengths are millimetres of paper, from the lower left corner of the page.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypedDict

import shapely

from tvb.errors import ParameterError, explain
from tvb.maps.texts import Lang, check_lang

__all__ = [
    "SCALES",
    "Bounds",
    "Box",
    "Layout",
    "Page",
    "PageOptions",
    "View",
    "arrange",
    "fit_scale",
]

Paper = Literal["A5", "A4", "A3", "A2"]
Orientation = Literal["landscape", "portrait"]

_PAPERS_MM: dict[str, tuple[float, float]] = {
    "A5": (148, 210), "A4": (210, 297), "A3": (297, 420), "A2": (420, 594),
}  # fmt: skip
_TEXT_SCALE = {"A5": 1.0, "A4": 1.0, "A3": 1.15, "A2": 1.35}

SCALES = tuple(
    k * 1000
    for k in (
        1, 2, 2.5, 5, 7.5, 10, 12.5, 15, 20, 25, 30, 35, 40, 50, 60, 75, 100, 125, 150, 200, 250,
        300, 350, 400, 450, 500, 600, 750, 1000, 1500, 2000,
    )
)  # fmt: skip
"""Denominators of the round scales, in increasing order."""

_PAD_MM = 1.5
_GAP_MM = 4.0
_FURNITURE_WIDTH_MM = 66.0
_COLUMN_MIN_MM = 48.0
_ROOMY, _FLATTEST = 1.35, 0.5
_COLUMN_GAP_MM = 4.0


class Bounds(NamedTuple):
    """West, south, east and north of a piece of ground, in metres of EPSG:2154."""

    west: float
    south: float
    east: float
    north: float

    @property
    def width(self) -> float:
        """Extent from west to east."""
        return self.east - self.west

    @property
    def height(self) -> float:
        """Extent from south to north."""
        return self.north - self.south

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box."""
        return (self.west + self.east) / 2, (self.south + self.north) / 2


class View(NamedTuple):
    """What the frame shows: names are chosen once it is known."""

    bounds: Bounds
    denominator: float


class Box(NamedTuple):
    """A rectangle of paper, in millimetres."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right side."""
        return self.x + self.width

    @property
    def top(self) -> float:
        """Upper side."""
        return self.y + self.height


class PageOptions(TypedDict, total=False):
    """Keywords that every plate accepts beside its own; see `Page`."""

    title: str | None
    subtitle: str | None
    lang: Lang
    paper: Paper
    orientation: Orientation
    extent: tuple[float, float, float, float] | None
    scale: int | None
    producer: str
    date: str
    sheet: str
    place: str
    focus: shapely.Geometry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the user asks of a page.

    Parameters
    ----------
    title, subtitle : str, optional
        Replace those that the plate makes from its data. Long ones are wrapped.
    lang : {"fr", "en"}
        Language of everything that the plate adds.
    paper : {"A5", "A4", "A3", "A2"}
        Size of the page.
    orientation : {"landscape", "portrait"}
        Its longer side across or upright.
    extent : tuple of float, optional
        West, south, east, north in metres of EPSG:2154; all the data by default.
    scale : int, optional
        Denominator of the scale; by default the largest round scale at which the extent fits.
    producer : str
        Who made the map.
    date : str
        Date printed on the page; none by default, because a plate made twice must be the same.
    sheet : str
        Number of the sheet in an atlas.
    place : str
        Name of the place that the sheet is about, before the title.
    focus : shapely.Polygon or MultiPolygon, optional
        The place itself, in EPSG:2154: outlined, its neighbours faded.

    Raises
    ------
    ParameterError
        If a value is not one of those listed, or the extent is empty or in degrees.
    """

    title: str | None = None
    subtitle: str | None = None
    lang: Lang = "fr"
    paper: Paper = "A4"
    orientation: Orientation = "landscape"
    extent: tuple[float, float, float, float] | None = None
    scale: int | None = None
    producer: str = ""
    date: str = ""
    sheet: str = ""
    place: str = ""
    focus: shapely.Geometry | None = None

    def __post_init__(self) -> None:
        check_lang(self.lang)
        if self.paper not in _PAPERS_MM:
            problem = f"« {self.paper} » is unknown"
            raise ParameterError(explain("paper", problem, required=", ".join(_PAPERS_MM)))
        if self.orientation not in ("landscape", "portrait"):
            problem = f"« {self.orientation} » is unknown"
            raise ParameterError(explain("orientation", problem, required="landscape or portrait"))
        if self.scale is not None and not self.scale > 0:
            problem = f"1:{self.scale} is not a scale"
            raise ParameterError(explain("scale", problem, required="a positive denominator"))
        if self.extent is not None:
            _check_extent(Bounds(*self.extent))

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the page."""
        short, long = _PAPERS_MM[self.paper]
        return (long, short) if self.orientation == "landscape" else (short, long)

    @property
    def text_scale(self) -> float:
        """Factor of text sizes: larger papers are read from farther away."""
        return _TEXT_SCALE[self.paper]

    @property
    def margin_mm(self) -> float:
        """Margin that office printers leave white."""
        return 6.5 * self.text_scale


def _check_extent(extent: Bounds) -> None:
    if not (extent.width > 0 and extent.height > 0 and all(map(math.isfinite, extent))):
        raise ParameterError(
            explain("extent", "empty", required="west < east and south < north, in metres")
        )
    if max(map(abs, extent)) <= 180:
        raise ParameterError(
            explain("extent", "looks like degrees", required="metres of EPSG:2154")
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each part of a plate goes.

    Parameters
    ----------
    head, frame, legend, furniture, foot : Box
        Title; map; legend; scale bar, north and locator; sources.
    view : Bounds
        Ground shown in the frame.
    denominator : float
        Of the scale: ``view.width == frame.width / 1000 * denominator``.
    columns : int
        Of the legend.
    spare : Box
        Room that nothing else wants.
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


def fit_scale(ground: Bounds, frame: Box, wanted: float | None = None) -> float | None:
    """Return the largest round scale at which the ground fits in the frame.

    Parameters
    ----------
    ground : Bounds
        What must be seen, in metres.
    frame : Box
        The map, in millimetres.
    wanted : float, optional
        A denominator imposed by the user.

    Returns
    -------
    float or None
        Its denominator; None when even the smallest round scale is too large.
    """
    if wanted is not None:
        return float(wanted)
    width, height = frame.width - 2 * _PAD_MM, frame.height - 2 * _PAD_MM
    if width <= 0 or height <= 0:
        return None
    needed = 1000 * max(ground.width / width, ground.height / height)
    return next((float(s) for s in SCALES if s >= needed), None)


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
    candidates = []
    for layout in (_beside(page, needs), _below(page, needs, ground)):
        denominator = fit_scale(ground, layout.frame, page.scale) if layout else None
        if layout and denominator:
            filled = (ground.width * ground.height) / (layout.frame.width * layout.frame.height)
            candidates.append((denominator, -filled, layout))
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
    """Legend and furniture in a column to the right of the map."""
    head, foot, body = _body(page, needs)
    column = _FURNITURE_WIDTH_MM * page.text_scale
    if needs.legend(1, column) + _GAP_MM + needs.furniture > body.height:
        return None
    x = body.right - column
    frame = Box(body.x, body.y, body.width - column - _GAP_MM, body.height)
    furniture = Box(x, body.y, column, needs.furniture)
    height = needs.legend(1, column)
    legend = Box(x, body.top - height, column, height)
    spare = Box(x, furniture.top + _GAP_MM, column, legend.y - furniture.top - 2 * _GAP_MM)
    return Layout(head, frame, legend, furniture, foot, _NOWHERE, 0.0, 1, spare)


def _below(page: Page, needs: Needs, ground: Bounds) -> Layout | None:
    """Legend in columns below the map, furniture to its right."""
    head, foot, body = _body(page, needs)
    column = _FURNITURE_WIDTH_MM * page.text_scale
    room = body.width - column - _GAP_MM
    most = max(1, int((room + _COLUMN_GAP_MM) // (_COLUMN_MIN_MM * page.text_scale)))
    heights = {n: needs.legend(n, column_width(room, n)) for n in range(1, most + 1)}
    columns = min(heights, key=lambda n: (heights[n], n))  # no column that shortens nothing
    strip = max(heights[columns], needs.furniture)
    most_of_it = body.height - strip - _GAP_MM
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
    return Layout(head, frame, legend, furniture, foot, _NOWHERE, 0.0, columns, spare)


def _with_view(layout: Layout, ground: Bounds, denominator: float) -> Layout:
    """Return the layout with the ground in the middle of its frame."""
    x, y = ground.centre
    half_width = layout.frame.width / 2000 * denominator
    half_height = layout.frame.height / 2000 * denominator
    view = Bounds(x - half_width, y - half_height, x + half_width, y + half_height)
    return replace(layout, view=view, denominator=denominator)
