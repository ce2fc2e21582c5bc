"""Styles as QML, the style format of QGIS (3.22 and later)."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from tvb.io.qml_symbols import add_symbol
from tvb.io.symbols import Style, StyleClass

if TYPE_CHECKING:
    from tvb.io.fields import Field

__all__ = ["QGIS_VERSION", "add_fields", "add_renderer", "to_document", "to_qml"]

QGIS_VERSION = "3.22.16"
"""Version whose format is written; later ones read it."""

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_GEOMETRY_TYPES = {"point": "0", "line": "1", "polygon": "2"}
_GEOMETRY_NAMES = {"point": "Point", "line": "Line", "polygon": "Polygon"}
_RENDERERS = {
    "single": "singleSymbol",
    "categorised": "categorizedSymbol",
    "graduated": "graduatedSymbol",
}


def to_qml(styles: Style | Sequence[Style], *, fields: Sequence[Field] = ()) -> str:
    """Return the style of a layer as a QML document that QGIS 3.22 or later loads.

    Parameters
    ----------
    styles : Style or sequence of Style
        One for each family of geometry that the layer holds; none for a table.
    fields : sequence of Field, optional
        What its columns are called.

    Returns
    -------
    str
        XML with its document type.
    """
    styles = [styles] if isinstance(styles, Style) else list(styles)
    categories = ["Symbology"] * bool(styles) + ["Fields", "Forms"] * bool(fields)
    root = Element("qgis", {"version": QGIS_VERSION, "styleCategories": "|".join(categories)})
    if styles:
        add_renderer(root, styles)
        SubElement(root, "blendMode").text = "0"
    if len(styles) == 1:  # QGIS refuses the style for any other type
        SubElement(root, "layerGeometryType").text = _GEOMETRY_TYPES[styles[0].family]
    if fields:
        add_fields(root, fields)
    return to_document(root)


def to_document(root: Element) -> str:
    """Return a document of QGIS as text.

    Parameters
    ----------
    root : xml.etree.ElementTree.Element
        Element ``qgis``; it gets its line breaks.

    Returns
    -------
    str
        XML with its document type.
    """
    indent(root, space=" ")
    return _DOCTYPE + tostring(root, encoding="unicode") + "\n"


def add_renderer(parent: Element, styles: Sequence[Style]) -> None:
    """Add what draws a layer.

    Parameters
    ----------
    parent : xml.etree.ElementTree.Element
        Root of a style, or layer of a project.
    styles : sequence of Style
        One for each family of geometry that the layer holds; several become rules.
    """
    # Classes are drawn one after the other, the last on top: rare floods enclose frequent ones.
    levels = "0" if all(style.kind == "single" for style in styles) else "1"
    renderer = SubElement(
        parent,
        "renderer-v2",
        {"type": "RuleRenderer", "symbollevels": levels, "enableorderby": "0",
         "forceraster": "0", "referencescale": "-1"},
    )  # fmt: skip
    if len(styles) > 1:
        _add_rules(renderer, styles)
    else:
        _add_classes(renderer, styles[0])
    symbols = SubElement(renderer, "symbols")
    entries = [entry for style in styles for entry in style.classes]
    for number, entry in enumerate(entries):
        add_symbol(symbols, entry.symbol, str(number), level=number)


def _add_classes(renderer: Element, style: Style) -> None:
    renderer.set("type", _RENDERERS[style.kind])
    if style.column is not None:
        renderer.set("attr", style.column)
    if style.kind == "categorised":
        _add_categories(renderer, style.classes)
    elif style.kind == "graduated":
        renderer.set("graduatedMethod", "GraduatedColor")
        _add_ranges(renderer, style.classes)


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


def _add_rules(renderer: Element, styles: Sequence[Style]) -> None:
    """Add a rule for each family of geometry, and in it one for each class."""
    rules = SubElement(renderer, "rules", {"key": "tvb"})
    number = 0
    for style in styles:
        name = _GEOMETRY_NAMES[style.family]
        family = SubElement(
            rules,
            "rule",
            {"key": f"tvb {name}", "filter": f"geometry_type($geometry) = '{name}'",
             "label": style.title},
        )  # fmt: skip
        for place, entry in enumerate(style.classes):
            rule = family
            if style.column is not None:
                rule = SubElement(family, "rule", {"key": f"tvb {number}", "label": entry.label})
                rule.set("filter", _condition(style.column, entry, first=place == 0))
            rule.set("symbol", str(number))
            number += 1


def _condition(column: str, entry: StyleClass, *, first: bool) -> str:
    """Return when a class applies; a value on a bound belongs to the lower class."""
    name = '"' + column.replace('"', '""') + '"'
    if entry.value is not None:
        return f"{name} = '" + entry.value.replace("\\", "\\\\").replace("'", "''") + "'"
    if math.isinf(entry.lower) and math.isinf(entry.upper):
        return "ELSE"
    above = ">=" if first else ">"
    return f"{name} {above} {_bound(entry.lower)} AND {name} <= {_bound(entry.upper)}"


def add_fields(parent: Element, fields: Sequence[Field]) -> None:
    """Add what columns are called and what their codes mean.

    Parameters
    ----------
    parent : xml.etree.ElementTree.Element
        Root of a style, or layer of a project.
    fields : sequence of Field
        In the order of the columns.
    """
    configuration = SubElement(parent, "fieldConfiguration")
    for field in fields:
        if field.values:
            element = SubElement(configuration, "field", {"name": field.name})
            _add_value_map(element, field)
    aliases = SubElement(parent, "aliases")
    for field in fields:
        if field.alias:
            SubElement(aliases, "alias", {"field": field.name, "name": field.alias})


def _add_value_map(parent: Element, field: Field) -> None:
    widget = SubElement(parent, "editWidget", {"type": "ValueMap"})
    options = SubElement(SubElement(widget, "config"), "Option", {"type": "Map"})
    values = SubElement(options, "Option", {"type": "List", "name": "map"})
    for code, label in field.values:
        pair = SubElement(values, "Option", {"type": "Map"})
        SubElement(pair, "Option", {"type": "QString", "name": label, "value": code})
