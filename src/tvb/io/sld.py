"""Styles as SLD 1.0, which GeoServer and most web map servers read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tvb.io.symbols import Style, StyleClass, Symbol

__all__ = ["to_sld"]

_NAMESPACES = {
    "xmlns": "http://www.opengis.net/sld",
    "xmlns:ogc": "http://www.opengis.net/ogc",
    "xmlns:xlink": "http://www.w3.org/1999/xlink",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": (
        "http://www.opengis.net/sld http://schemas.opengis.net/sld/1.0.0/StyledLayerDescriptor.xsd"
    ),
}
_MM_PER_PIXEL = 0.28
"""Size of a pixel by which SLD and WMS define scale."""

_HATCH_MARKS = {
    0: "shape://horline",
    45: "shape://slash",
    90: "shape://vertline",
    135: "shape://backslash",
}
_MARKS = {"diamond": "square"}  # SLD 1.0 has no diamond: a square, turned
_DIMENSIONS = {"point": "0", "line": "1", "polygon": "2"}


def to_sld(styles: Style | Sequence[Style], *, geometry: str = "geom") -> str:
    """Return the style of a layer as a Styled Layer Descriptor 1.0.0.

    Parameters
    ----------
    styles : Style or sequence of Style
        One for each family of geometry that the layer holds.
    geometry : str
        Name of the geometry, by which several families are told apart.

    Returns
    -------
    str
        XML, sizes in pixels of 0.28 mm. Hatches use the ``shape://`` marks of GeoServer, several
        families its function ``dimension``.

    References
    ----------
    .. [1] OGC 02-070, Styled Layer Descriptor Implementation Specification 1.0.0
    """
    styles = [styles] if isinstance(styles, Style) else styles
    root = Element("StyledLayerDescriptor", {"version": "1.0.0", **_NAMESPACES})
    layer = SubElement(root, "NamedLayer")
    SubElement(layer, "Name").text = styles[0].name
    user = SubElement(layer, "UserStyle")
    SubElement(user, "Title").text = styles[0].title or styles[0].name
    for style in styles:
        types = SubElement(user, "FeatureTypeStyle")
        for number in range(len(style.classes)):
            _add_rule(types, style, number, geometry=geometry if len(styles) > 1 else None)
    indent(root, space=" ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _add_rule(parent: Element, style: Style, number: int, *, geometry: str | None) -> None:
    entry = style.classes[number]
    rule = SubElement(parent, "Rule")
    SubElement(rule, "Name").text = f"{number + 1}"
    SubElement(rule, "Title").text = entry.label or style.title or style.name
    if style.kind == "categorised" and entry.value is None:
        SubElement(rule, "ElseFilter")
    else:
        _add_filter(rule, style, number, geometry=geometry)
    _ADDERS[entry.symbol.family](rule, entry.symbol)


def _add_filter(rule: Element, style: Style, number: int, *, geometry: str | None) -> None:
    """Add the condition of a class, if there is any."""
    entry = style.classes[number]
    tests = [] if style.column is None else _tests(entry, first=number == 0)
    count = len(tests) + (geometry is not None)
    if not count:
        return
    parent = SubElement(rule, "ogc:Filter")
    if count > 1:
        parent = SubElement(parent, "ogc:And")
    if geometry is not None:
        comparison = SubElement(parent, "ogc:PropertyIsEqualTo")
        function = SubElement(comparison, "ogc:Function", {"name": "dimension"})
        SubElement(function, "ogc:PropertyName").text = geometry
        SubElement(comparison, "ogc:Literal").text = _DIMENSIONS[style.family]
    for kind, value in tests:
        _add_comparison(parent, kind, column=style.column or "", value=value)


def _tests(entry: StyleClass, *, first: bool) -> list[tuple[str, str]]:
    """Return comparisons and values; a value on a bound belongs to the lower class."""
    if entry.value is not None:
        return [("PropertyIsEqualTo", entry.value)]
    lower = "PropertyIsGreaterThanOrEqualTo" if first else "PropertyIsGreaterThan"
    bounds = ((lower, entry.lower), ("PropertyIsLessThanOrEqualTo", entry.upper))
    return [(kind, repr(float(value))) for kind, value in bounds if math.isfinite(value)]


def _add_comparison(parent: Element, kind: str, *, column: str, value: str) -> None:
    comparison = SubElement(parent, f"ogc:{kind}")
    SubElement(comparison, "ogc:PropertyName").text = column
    SubElement(comparison, "ogc:Literal").text = value


def _add_polygon(rule: Element, symbol: Symbol) -> None:
    if symbol.fill or not symbol.hatch:
        _add_area(rule, symbol)
    if symbol.hatch:
        area = SubElement(rule, "PolygonSymbolizer")
        graphic = SubElement(SubElement(SubElement(area, "Fill"), "GraphicFill"), "Graphic")
        mark = SubElement(graphic, "Mark")
        SubElement(mark, "WellKnownName").text = _HATCH_MARKS[symbol.hatch.angle]
        stroke = SubElement(mark, "Stroke")
        _add_parameter(stroke, "stroke", symbol.hatch.colour)
        _add_parameter(stroke, "stroke-width", _pixels(symbol.hatch.width_mm))
        SubElement(graphic, "Size").text = _pixels(symbol.hatch.distance_mm)
        if not symbol.fill:
            _add_stroke(area, symbol)


def _add_area(rule: Element, symbol: Symbol) -> None:
    area = SubElement(rule, "PolygonSymbolizer")
    if symbol.fill:
        _add_fill(area, symbol)
    _add_stroke(area, symbol)


def _add_line(rule: Element, symbol: Symbol) -> None:
    _add_stroke(SubElement(rule, "LineSymbolizer"), symbol)


def _add_point(rule: Element, symbol: Symbol) -> None:
    graphic = SubElement(SubElement(rule, "PointSymbolizer"), "Graphic")
    mark = SubElement(graphic, "Mark")
    SubElement(mark, "WellKnownName").text = _MARKS.get(symbol.marker, symbol.marker)
    if symbol.fill:
        _add_fill(mark, symbol)
    _add_stroke(mark, symbol)
    SubElement(graphic, "Size").text = _pixels(symbol.size_mm)
    if symbol.marker == "diamond":
        SubElement(graphic, "Rotation").text = "45"


_ADDERS = {"polygon": _add_polygon, "line": _add_line, "point": _add_point}


def _add_fill(parent: Element, symbol: Symbol) -> None:
    fill = SubElement(parent, "Fill")
    _add_parameter(fill, "fill", symbol.fill or "")
    if symbol.opacity < 1:
        _add_parameter(fill, "fill-opacity", f"{symbol.opacity:g}")


def _add_stroke(parent: Element, symbol: Symbol) -> None:
    if symbol.stroke is None:
        return
    stroke = SubElement(parent, "Stroke")
    _add_parameter(stroke, "stroke", symbol.stroke)
    _add_parameter(stroke, "stroke-width", _pixels(symbol.stroke_mm))
    if symbol.dash_mm:
        _add_parameter(stroke, "stroke-dasharray", " ".join(map(_pixels, symbol.dash_mm)))


def _add_parameter(parent: Element, name: str, value: str) -> None:
    SubElement(parent, "CssParameter", {"name": name}).text = value


def _pixels(length_mm: float) -> str:
    return f"{length_mm / _MM_PER_PIXEL:.4g}"
