"""Symbols in the XML of QGIS (3.22 and later)."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from tvb.io.symbols import Hatch, Symbol

__all__ = ["add_symbol"]

_SYMBOL_TYPES = {"point": "marker", "line": "line", "polygon": "fill"}


def add_symbol(parent: Element, symbol: Symbol, name: str, *, level: int) -> None:
    """Add a symbol.

    Parameters
    ----------
    parent : xml.etree.ElementTree.Element
        Element ``symbols``, or the layer of a symbol that is made of others.
    symbol : Symbol
        What it looks like.
    name : str
        By which a renderer finds it.
    level : int
        Rank in the order of drawing, where the renderer keeps one; the last is on top.
    """
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
    add_symbol(layer, line, f"@{name}@1", level=0)


def _colour(colour: str | None, opacity: float = 1.0) -> str:
    """Return red, green, blue, alpha as QGIS writes them."""
    if colour is None:
        return "0,0,0,0"
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return ",".join(str(p) for p in (*parts, round(255 * opacity)))
