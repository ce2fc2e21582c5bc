"""Drawings in a PDF: the few elements of SVG that plates hold, as operators of the page.

WeasyPrint reads any SVG, point by point and letter by letter. Where the dialect is known, its
numbers are copied instead, twenty times faster; a drawing of another dialect is left to WeasyPrint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import cos, radians, sin
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import Element, fromstring

__all__ = ["Vector", "read_vector"]

_SVG, _HREF = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_SKIPPED = ("title", "metadata", "style", "defs")
_KNOWN = {_SVG + tag for tag in (*_SKIPPED, "svg", "g", "path", "use", "text", "rect", "clipPath",
                                 "pattern")}  # fmt: skip
_MOVE = re.compile(r"(translate|scale|rotate)\(([^)]*)\)")
_NAMED = re.compile(r"#([^)]+)")
_SEGMENT = re.compile(r"([MLCQz])([^MLCQz]*)")
_OPERATORS = {"M": "m", "L": "l", "C": "c"}
_CAPS, _JOINS = {"butt": 0, "round": 1, "square": 2}, {"miter": 0, "round": 1, "bevel": 2}
_MITER_LIMIT = 4
# What matplotlib leaves out because it is so in SVG, or because its sheet of style says so.
_INITIAL = {"fill": "#000000", "stroke": "none", "stroke-linejoin": "round"}
_PX_PER_PT = 4 / 3


def read_vector(weasyprint: Any, svg: str, fonts: Any) -> Vector | None:
    """Return a drawing as an image that WeasyPrint can place.

    Parameters
    ----------
    weasyprint : module
        Loaded.
    svg : str
        Written by matplotlib or with as few elements, its paths in absolute coordinates.
    fonts : weasyprint.text.fonts.FontConfiguration
        Those of the page.

    Returns
    -------
    Vector or None
        None where it holds an element that is not known here, such as a picture.
    """
    root = fromstring(svg)  # noqa: S314 (our own drawing)
    if any(e.tag.startswith(_SVG) and e.tag not in _KNOWN for e in root.iter()):
        return None
    return Vector(weasyprint, root, fonts)


class Vector:
    """A drawing with what WeasyPrint asks of an image.

    Parameters
    ----------
    weasyprint : module
        Loaded.
    root : xml.etree.ElementTree.Element
        The ``svg``.
    fonts : weasyprint.text.fonts.FontConfiguration
        Those of the page.
    """

    def __init__(self, weasyprint: Any, root: Element, fonts: Any) -> None:
        self._weasyprint = weasyprint
        self._root = root
        self._fonts = fonts
        self._named = {e.get("id"): e for e in root.iter()}
        self._box = tuple(map(float, root.get("viewBox", "0 0 1 1").split()))[2:]

    def get_intrinsic_size(self, _resolution: float, _font_size: float) -> tuple[float, ...]:
        """Return width and height in pixels of CSS, and their ratio.

        Returns
        -------
        tuple of float
            As WeasyPrint wants them.
        """
        width, height = (_pixels(self._root.get(side, "")) for side in ("width", "height"))
        return width, height, width / height

    def draw(self, stream: Any, width: float, height: float, _style: Any) -> None:
        """Draw on a page.

        Parameters
        ----------
        stream : weasyprint.pdf.stream.Stream
            Of the page, its origin where the drawing begins.
        width, height : float
            Of the drawing, in units of the page.
        """
        across, down = self._box
        with stream.stacked():
            stream.transform(a=width / across, d=height / down)
            stream.set_miter_limit(_MITER_LIMIT)
            self._draw_all(stream, self._root, _INITIAL)

    def _draw_all(self, stream: Any, parent: Element, above: Mapping[str, str]) -> None:
        for element in parent:
            tag = element.tag.removeprefix(_SVG)
            if tag in _SKIPPED:
                continue
            style = {**above, **_style_of(element)}
            with stream.stacked():
                self._clip(stream, element.get("clip-path"))
                _move(stream, element.get("transform", ""))
                if tag == "g":
                    self._draw_all(stream, element, style)
                elif tag == "use":
                    self._use(stream, element, style)
                elif tag == "text":
                    self._write(stream, element, style)
                else:
                    self._paint(stream, _operators(element), style)

    def _use(self, stream: Any, element: Element, style: Mapping[str, str]) -> None:
        shape = self._named[element.get(_HREF, "")[1:]]
        stream.transform(e=float(element.get("x", 0)), f=float(element.get("y", 0)))
        _move(stream, shape.get("transform", ""))
        self._paint(stream, _operators(shape), {**style, **_style_of(shape)})

    def _clip(self, stream: Any, reference: str | None) -> None:
        if reference:
            for shape in self._find(reference):
                stream.stream.append(_operators(shape))
            stream.clip()
            stream.end()

    def _find(self, reference: str) -> Element:
        name = _NAMED.search(reference)
        return self._named[name[1] if name else ""]

    def _paint(self, stream: Any, path: bytes, style: Mapping[str, str]) -> None:
        fill, stroke = style["fill"], style["stroke"]
        if fill.startswith("url("):
            self._hatch(stream, self._find(fill), _alpha(style, "fill"))
        elif fill != "none":
            _colour(stream, fill, _alpha(style, "fill"), stroke=False)
        if stroke != "none":
            _colour(stream, stroke, _alpha(style, "stroke"), stroke=True)
            _pen(stream, style)
        stream.stream.append(path)
        if fill != "none" and stroke != "none":
            stream.fill_and_stroke()
        elif fill != "none":
            stream.fill()
        elif stroke != "none":
            stream.stroke()
        else:
            stream.end()

    def _hatch(self, stream: Any, pattern: Element, alpha: float) -> None:
        width, height = (float(pattern.get(side, 0)) for side in ("width", "height"))
        tile = stream.add_pattern(0, 0, width, height, width, height, stream.ctm)
        tile.set_alpha(alpha, stroke=True, fill=True)
        self._draw_all(tile, pattern, _INITIAL)
        stream.set_color_space("Pattern")
        stream.set_color_special(tile.id)

    def _write(self, stream: Any, element: Element, style: Mapping[str, str]) -> None:
        library = self._weasyprint
        letters = _Letters(library.css.properties.INITIAL_VALUES)
        letters.font_config = self._fonts
        letters["font_family"] = [element.get("font-family")]
        letters["font_weight"] = int(element.get("font-weight", 400))
        letters["font_style"] = element.get("font-style", "normal")
        letters["font_size"] = float(element.get("font-size", 0))
        text = element.text or ""
        layout = library.text.line_break.create_layout(text, letters, None, None, 0)
        line = SimpleNamespace(pango_layout=layout, style=letters, text=text)
        _colour(stream, style["fill"], _alpha(style, "fill"), stroke=False)
        stream.begin_text()
        library.draw.text.draw_first_line(stream, line, "clip", "none", library.matrix.Matrix(d=-1))
        stream.end_text()


class _Letters(dict[str, Any]):
    """Style of a line of text; WeasyPrint looks up the fonts beside it."""

    font_config: Any


def _pixels(length: str) -> float:
    return float(length.removesuffix("pt")) * (_PX_PER_PT if length.endswith("pt") else 1)


def _style_of(element: Element) -> dict[str, str]:
    told: dict[str, str] = {
        name: element.attrib[name] for name in ("fill", "stroke") if name in element.attrib
    }
    for one in filter(None, element.get("style", "").split(";")):
        name, _, value = one.partition(":")
        told[name.strip()] = value.strip()
    return told


def _alpha(style: Mapping[str, str], which: str) -> float:
    return float(style.get("opacity", 1)) * float(style.get(f"{which}-opacity", 1))


def _colour(stream: Any, colour: str, alpha: float, *, stroke: bool) -> None:
    stream.set_alpha(alpha, stroke=stroke)
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    stream.set_color_rgb(*parts, stroke=stroke)


def _pen(stream: Any, style: Mapping[str, str]) -> None:
    stream.set_line_width(float(style.get("stroke-width", 1)))
    stream.set_line_cap(_CAPS[style.get("stroke-linecap", "butt")])
    stream.set_line_join(_JOINS[style["stroke-linejoin"]])
    dashes = [float(d) for d in style.get("stroke-dasharray", "").split(",") if d]
    if dashes:
        stream.set_dash(dashes, float(style.get("stroke-dashoffset", 0)))


def _move(stream: Any, transform: str) -> None:
    for kind, text in _MOVE.findall(transform):
        values = [float(v) for v in text.replace(",", " ").split()]
        if kind == "translate":
            stream.transform(e=values[0], f=values[-1] if len(values) > 1 else 0)
        elif kind == "scale":
            stream.transform(a=values[0], d=values[-1])
        else:
            turn = radians(values[0])
            stream.transform(cos(turn), sin(turn), -sin(turn), cos(turn))


def _operators(shape: Element) -> bytes:
    """Return the operators that build a path."""
    if shape.tag == _SVG + "rect":
        sides = " ".join(shape.get(side, "0") for side in ("x", "y", "width", "height"))
        return f"{sides} re".encode()
    return "\n".join(_segments(shape.get("d", ""))).encode()


def _segments(path: str) -> Iterator[str]:
    at = ""
    for letter, given in _SEGMENT.findall(path):
        numbers = _as_cubic(at, given) if letter == "Q" else given
        if letter == "z":
            yield "h"
        else:
            yield f"{numbers} {_OPERATORS.get(letter, 'c')}"
            at = numbers


def _as_cubic(before: str, numbers: str) -> str:
    """Return a curve with one control point as one with two, the only ones that a PDF knows."""
    x0, y0 = map(float, before.split()[-2:])
    x1, y1, x2, y2 = map(float, numbers.split())
    controls = (x0 + 2 * x1, y0 + 2 * y1, x2 + 2 * x1, y2 + 2 * y1)
    return " ".join(f"{c / 3:.2f}" for c in controls) + f" {x2:g} {y2:g}"
