"""The page: its paper and its ground, and what the user asks of it.

All lengths are millimetres of paper, from the lower left corner of the page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, TypedDict

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, explain
from tvb.maps.texts import Lang, check_lang
from tvb.schema import require_crs
from tvb.territory import Source

__all__ = [
    "SCALES",
    "Bounds",
    "Box",
    "Locator",
    "Page",
    "PageOptions",
    "View",
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


@dataclass(frozen=True, slots=True)
class Locator:
    """What the locator shows around the territory.

    Parameters
    ----------
    departments : geopandas.GeoDataFrame
        Polygons in EPSG:2154: departments, or whatever readers know.
    sources : tuple of tvb.territory.Source
        Where they come from.

    Raises
    ------
    LayerError
        If there is no polygon, or no source.
    CrsError
        If they are not in EPSG:2154.
    """

    departments: gpd.GeoDataFrame = field(repr=False)
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        require_crs(self.departments, "departments")
        if not len(self.shapes):
            raise LayerError(
                explain("departments", "no polygon to draw", required="at least one polygon")
            )
        if not self.sources:
            raise LayerError(
                explain("departments", "no source was given", remedy="pass tvb.territory.Source(…)")
            )

    @property
    def shapes(self) -> NDArray[np.object_]:
        """Polygons that can be drawn."""
        shapes: NDArray[np.object_] = np.asarray(self.departments.geometry.to_numpy(), dtype=object)
        return shapes[~shapely.is_empty(shapes) & np.isin(shapely.get_type_id(shapes), (3, 6))]


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
    logo: str | Path | None
    locator: Locator | None


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
    logo : str or pathlib.Path, optional
        A file ``.png``, printed beside the producer.
    locator : Locator, optional
        Departments for the locator; without them it shows the territory only.

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
    logo: str | Path | None = None
    locator: Locator | None = field(default=None, compare=False)

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
        if self.logo is not None and Path(self.logo).suffix.lower() != ".png":
            problem = f"« {Path(self.logo).name} » is not a picture that can be printed"
            raise ParameterError(explain("logo", problem, required="a file .png"))

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
