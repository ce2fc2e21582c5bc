"""Styles as QML, the style format of QGIS (3.22 and later)."""

from __future__ import annotations

import math
import sys
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tvb.io.symbols import Hatch, Style, StyleClass, Symbol

__all__ = ["to_qml"]

_VERSION = "3.22.16"
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_SYMBOL_TYPES = {"point": "marker", "line": "line", "polygon": "fill"}
_GEOMETRY_TYPES = {"point": "0", "line": "1", "polygon": "2"}
_RENDERERS = {
    "single": "singleSymbol",
    "categorised": "categorizedSymbol",
    "graduated": "graduatedSymbol",
}


def to_qml(style: Style) -> str:
    """Return a style as a QML document that QGIS 3.22 or later loads.

    Parameters
    ----------
    style : Style
        Any style.

    Returns
    -------
    str
        XML with its document type.
    """
    root = Element("qgis", {"version": _VERSION, "styleCategories": "Symbology"})
    # Classes are drawn one after the other, the last on top: rare floods enclose frequent ones.
    levels = "0" if style.kind == "single" else "1"
    renderer = SubElement(
        root,
        "renderer-v2",
        {"type": _RENDERERS[style.kind], "symbollevels": levels, "enableorderby": "0",
         "forceraster": "0", "referencescale": "-1"},
    )  # fmt: skip
    if style.column is not None:
        renderer.set("attr", style.column)
    if style.kind == "categorised":
        _add_categories(renderer, style.classes)
    elif style.kind == "graduated":
        renderer.set("graduatedMethod", "GraduatedColor")
        _add_ranges(renderer, style.classes)
    symbols = SubElement(renderer, "symbols")
    for number, entry in enumerate(style.classes):
        _add_symbol(symbols, entry.symbol, str(number), level=number)
    SubElement(root, "blendMode").text = "0"
    SubElement(root, "layerGeometryType").text = _GEOMETRY_TYPES[style.family]
    indent(root, space=" ")
    return _DOCTYPE + tostring(root, encoding="unicode") + "\n"


def _add_categories(renderer: Element, classes: tuple[StyleClass, ...]) -> None:
    parent = SubElement(renderer, "categories")
    for number, entry in enumerate(classes):
        attributes = {
            "value": entry.value or "",
            "type": "string",
            "symbol": str(number),
            "label": entry.label,
            "render": "true",
        }
        if entry.value is None:
            attributes["type"] = "NULL"  # QGIS: an invalid value stands for all others
        SubElement(parent, "category", attributes)


def _add_ranges(renderer: Element, classes: tuple[StyleClass, ...]) -> None:
    parent = SubElement(renderer, "ranges")
    for number, entry in enumerate(classes):
        SubElement(
            parent,
            "range",
            {
                "lower": _bound(entry.lower),
                "upper": _bound(entry.upper),
                "symbol": str(number),
                "label": entry.label,
                "render": "true",
            },
        )


def _bound(value: float) -> str:
    """Return a bound as text; the format has no infinity."""
    if math.isinf(value):
        value = math.copysign(sys.float_info.max, value)
    return repr(float(value))


def _add_symbol(parent: Element, symbol: Symbol, name: str, *, level: int) -> None:
    kind = _SYMBOL_TYPES[symbol.family]
    element = SubElement(
        parent,
        "symbol",
        {"type": kind, "name": name, "alpha": "1", "clip_to_extent": "1", "force_rhr": "0"},
    )
    if symbol.family == "point":
        _add_layer(element, "SimpleMarker", _marker(symbol), level=level)
    elif symbol.family == "line":
        _add_layer(element, "SimpleLine", _line(symbol), level=level)
    else:
        _add_layer(element, "SimpleFill", _fill(symbol), level=level)
        if symbol.hatch is not None:
            _add_hatch(element, symbol.hatch, name, level=level)


def _add_layer(symbol: Element, kind: str, properties: dict[str, str], *, level: int) -> Element:
    layer = SubElement(
        symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": str(level)}
    )
    options = SubElement(layer, "Option", {"type": "Map"})
    for key in sorted(properties):
        SubElement(options, "Option", {"type": "QString", "name": key, "value": properties[key]})
    return layer


def _marker(symbol: Symbol) -> dict[str, str]:
    return {
        "name": symbol.marker,
        "size": f"{symbol.size_mm:g}",
        "size_unit": "MM",
        "color": _colour(symbol.fill, symbol.opacity),
        "outline_color": _colour(symbol.stroke),
        "outline_style": "solid" if symbol.stroke else "no",
        "outline_width": f"{symbol.stroke_mm:g}",
        "outline_width_unit": "MM",
    }


def _line(symbol: Symbol) -> dict[str, str]:
    return {
        "line_color": _colour(symbol.stroke),
        "line_style": "solid" if symbol.stroke else "no",
        "line_width": f"{symbol.stroke_mm:g}",
        "line_width_unit": "MM",
        "capstyle": "flat" if symbol.dash_mm else "round",
        "joinstyle": "round",
        "use_custom_dash": "1" if symbol.dash_mm else "0",
        "customdash": ";".join(f"{length:g}" for length in symbol.dash_mm) or "5;2",
        "customdash_unit": "MM",
    }


def _fill(symbol: Symbol) -> dict[str, str]:
    # A simple fill knows no free dashes, only the pen styles of Qt.
    outline = ("dash" if symbol.dash_mm else "solid") if symbol.stroke else "no"
    return {
        "style": "solid" if symbol.fill else "no",
        "color": _colour(symbol.fill, symbol.opacity),
        "outline_color": _colour(symbol.stroke),
        "outline_style": outline,
        "outline_width": f"{symbol.stroke_mm:g}",
        "outline_width_unit": "MM",
        "joinstyle": "bevel",
    }


def _add_hatch(parent: Element, hatch: Hatch, name: str, *, level: int) -> None:
    layer = _add_layer(
        parent,
        "LinePatternFill",
        {
            "angle": str(hatch.angle),
            "distance": f"{hatch.distance_mm:g}",
            "distance_unit": "MM",
            "line_width": f"{hatch.width_mm:g}",
            "line_width_unit": "MM",
            "color": _colour(hatch.colour),
        },
        level=level,
    )
    line = Symbol("line", stroke=hatch.colour, stroke_mm=hatch.width_mm)
    _add_symbol(layer, line, f"@{name}@1", level=0)


def _colour(colour: str | None, opacity: float = 1.0) -> str:
    """Return red, green, blue, alpha as QGIS writes them."""
    if colour is None:
        return "0,0,0,0"
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return ",".join(str(p) for p in (*parts, round(255 * opacity)))
