"""The words in which a style is declared: symbols, classes, styles.

Sizes are millimetres on the screen or the page, angles degrees counter-clockwise from the east,
colours ``#rrggbb``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from tvb.display import rows_table
from tvb.errors import ParameterError, explain
from tvb.schema.declare import Family

__all__ = ["Hatch", "Marker", "Style", "StyleClass", "Symbol"]

Marker = Literal["circle", "square", "triangle", "diamond", "star"]

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_FAMILIES = ("point", "line", "polygon")
_MARKERS = ("circle", "square", "triangle", "diamond", "star")
_NOT_IN_XML = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufffe\\uffff]")


@dataclass(frozen=True, slots=True)
class Hatch:
    """Parallel lines that fill a polygon.

    Parameters
    ----------
    colour : str
        Colour of the lines.
    angle : {0, 45, 90, 135}
        Direction of the lines: the four that SLD has a pattern for.
    distance_mm, width_mm : float
        Between two lines, and of one line.
    """

    colour: str
    angle: Literal[0, 45, 90, 135] = 45
    distance_mm: float = 2.0
    width_mm: float = 0.3

    def __post_init__(self) -> None:
        _check_colour(self.colour)
        _check_positive("distance_mm", self.distance_mm)
        _check_positive("width_mm", self.width_mm)
        if self.angle not in (0, 45, 90, 135):
            raise ParameterError(
                explain("angle", f"{self.angle} of a hatch", required="0, 45, 90 or 135")
            )


@dataclass(frozen=True, slots=True)
class Symbol:
    """How one feature is drawn.

    Parameters
    ----------
    family : {"point", "line", "polygon"}
        Geometry that it draws.
    fill : str, optional
        Colour of the inside of a polygon or marker; None leaves it empty.
    stroke : str, optional
        Colour of the line or outline; None draws none.
    stroke_mm : float
        Width of the line or outline.
    opacity : float
        Of the fill, from 0 to 1.
    dash_mm : tuple of float
        Lengths of dashes and gaps in turn; empty for a continuous line.
    hatch : Hatch, optional
        Lines over the fill of a polygon.
    marker : {"circle", "square", "triangle", "diamond", "star"}
        Shape of a point.
    size_mm : float
        Size of a point.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    family: Family
    fill: str | None = None
    stroke: str | None = None
    stroke_mm: float = 0.26
    opacity: float = 1.0
    dash_mm: tuple[float, ...] = ()
    hatch: Hatch | None = None
    marker: Marker = "circle"
    size_mm: float = 2.4

    def __post_init__(self) -> None:
        if self.family not in _FAMILIES:
            raise ParameterError(
                explain("family", f"« {self.family} »", required=", ".join(_FAMILIES))
            )
        if self.marker not in _MARKERS:
            raise ParameterError(
                explain("marker", f"« {self.marker} »", required=", ".join(_MARKERS))
            )
        for colour in (self.fill, self.stroke):
            if colour is not None:
                _check_colour(colour)
        if not 0 <= self.opacity <= 1:
            raise ParameterError(explain("opacity", f"{self.opacity}", required="0 to 1"))
        _check_positive("stroke_mm", self.stroke_mm)
        _check_positive("size_mm", self.size_mm)
        if len(self.dash_mm) % 2:
            raise ParameterError(
                explain("dash_mm", f"{len(self.dash_mm)} lengths", required="dash, gap, dash, gap")
            )
        for length in self.dash_mm:
            _check_positive("dash_mm", length)


@dataclass(frozen=True, slots=True)
class StyleClass:
    """The features that share a symbol, and their entry in the legend.

    Parameters
    ----------
    symbol : Symbol
        How they are drawn.
    label : str
        Entry of the legend.
    value : str, optional
        In a categorised style: the value of the column; None stands for all other values.
    lower, upper : float
        In a graduated style: the bounds of the class, both included; a value on a bound belongs to
        the lower class.
    """

    symbol: Symbol
    label: str = ""
    value: str | None = None
    lower: float = -math.inf
    upper: float = math.inf


@dataclass(frozen=True, slots=True)
class Style:
    """How a layer is drawn.

    Parameters
    ----------
    kind : {"single", "categorised", "graduated"}
        One symbol for all, one for each value of a column, or one for each range of a column.
    classes : tuple of StyleClass
        In the order of the legend; a single style has one. QGIS draws the last on top.
    column : str, optional
        Column read by a categorised or graduated style.
    title : str
        Name of the layer in the legend.
    name : str
        Name under which a GeoPackage keeps the style, 30 characters at most.

    Raises
    ------
    ParameterError
        If the parts do not fit together.
    """

    kind: Literal["single", "categorised", "graduated"]
    classes: tuple[StyleClass, ...]
    column: str | None = None
    title: str = ""
    name: str = "tvb"

    def __post_init__(self) -> None:
        self._check_parts()
        self._check_classes()
        if not 0 < len(self.name) <= 30:
            raise ParameterError(explain("name", f"« {self.name} »", required="1 to 30 characters"))
        texts = [self.title, self.name, self.column or ""]
        texts += [text for c in self.classes for text in (c.label, c.value or "")]
        for text in texts:
            if _NOT_IN_XML.search(text):
                raise ParameterError(
                    explain("style", f"control character in {text!r}", required="plain text")
                )

    def _check_parts(self) -> None:
        if self.kind not in ("single", "categorised", "graduated"):
            raise ParameterError(
                explain("kind", f"« {self.kind} »", required="single, categorised or graduated")
            )
        if not self.classes or (self.kind == "single" and len(self.classes) > 1):
            required = "one" if self.kind == "single" else "at least one"
            raise ParameterError(
                explain("classes", f"{len(self.classes)} in a {self.kind} style", required=required)
            )
        if (self.column is None) != (self.kind == "single"):
            raise ParameterError(
                explain(
                    "column",
                    f"{self.column} in a {self.kind} style",
                    required="a column, unless the style is single",
                )
            )

    def _check_classes(self) -> None:
        if len({c.symbol.family for c in self.classes}) > 1:
            raise ParameterError(
                explain("classes", "symbols of several families", required="one family of geometry")
            )
        if self.kind == "graduated" and any(a.upper != b.lower for a, b in pairwise(self.classes)):
            raise ParameterError(
                explain(
                    "classes",
                    "ranges that do not touch",
                    required="each class begins where the one before it ends",
                )
            )

    @property
    def family(self) -> Family:
        """Geometry that the style draws."""
        return self.classes[0].symbol.family

    def __repr__(self) -> str:
        by = f" by {self.column}" if self.column else ""
        return f"<Style {self.name}: {self.kind}{by}, classes {len(self.classes)}>"

    def _repr_html_(self) -> str:
        heads = ("label", "value", "lower", "upper", "fill", "stroke")
        rows = [
            (c.label, c.value, *(b if math.isfinite(b) else None for b in (c.lower, c.upper)),
             c.symbol.fill, c.symbol.stroke)
            for c in self.classes
        ]  # fmt: skip
        return rows_table(self, heads, rows)


def _check_colour(colour: str) -> None:
    if not _COLOUR.fullmatch(colour):
        raise ParameterError(explain("colour", f"« {colour} »", required="the form #rrggbb"))


def _check_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ParameterError(explain(name, f"{value}", required="a positive number"))
