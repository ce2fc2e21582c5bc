"""A project of QGIS (3.22 and later) over a GeoPackage, which holds it, and rasters beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement

import pyproj

from tvb.io.qgis_layers import (
    Bounds,
    Entry,
    Group,
    Lang,
    QgisLayer,
    build_tree,
    find_relations,
    home_extent,
)
from tvb.io.qgis_rasters import QgisRaster, add_raster
from tvb.io.qml import QGIS_VERSION, add_fields, add_renderer, to_document
from tvb.schema import CRS

__all__ = ["to_project"]

_GEOMETRIES = {"point": "Point", "line": "Line", "polygon": "Polygon"}
_FILTERS = {"point": "Point", "line": "LineString", "polygon": "Polygon"}
_FARTHEST = "100000000"
_INK, _HALO = "10,10,10,255", "255,255,255,255"


def to_project(
    layers: Sequence[QgisLayer],
    rasters: Sequence[QgisRaster] = (),
    *,
    file: str,
    title: str,
    lang: Lang,
) -> str:
    """Return a project with the layers of a GeoPackage in groups, styled and named.

    Parameters
    ----------
    layers : sequence of QgisLayer
        Of the file.
    rasters : sequence of QgisRaster, optional
        Beside the file.
    file : str
        Name of the GeoPackage, without its folder: QGIS looks for it where the project lies.
    title : str
        Of the project.
    lang : {"fr", "en"}
        Language of groups and titles.

    Returns
    -------
    str
        XML with its document type. The CRS is that of the first layer with geometry, or else of
        the first raster.
    """
    every: list[QgisLayer | QgisRaster] = [*layers, *rasters]
    crs = next((one.crs for one in every if one.crs is not None), pyproj.CRS(CRS))
    tree = build_tree(layers, rasters, lang=lang)
    root = Element("qgis", {"projectname": title, "version": QGIS_VERSION})
    SubElement(root, "homePath", {"path": ""})
    SubElement(root, "title").text = title
    _add_crs(SubElement(root, "projectCrs"), crs)
    _add_tree(root, tree, file)
    _add_relations(root, tree)
    extent = home_extent(layers, crs) or home_extent(rasters, crs)
    if extent is not None:
        _add_canvas(root, extent, crs)
    entries = list(_entries(tree))
    parent = SubElement(root, "projectlayers")
    for entry in entries:
        _add_layer(parent, entry, file)
    order = SubElement(root, "layerorder")
    for entry in entries:
        SubElement(order, "layer", {"id": entry.key})
    _add_properties(root)
    metadata = SubElement(root, "projectMetadata")
    SubElement(metadata, "language").text = lang
    SubElement(metadata, "title").text = title
    return to_document(root)


def _entries(tree: Sequence[Group]) -> Iterator[Entry]:
    for group in tree:
        yield from group.entries


def _source(entry: Entry, file: str) -> str:
    if isinstance(entry.layer, QgisRaster):
        return entry.layer.source
    source = f"./{file}|layername={entry.layer.name}"
    if entry.partial and entry.style is not None:
        source += f"|geometrytype={_FILTERS[entry.style.family]}"
    return source


def _provider(entry: Entry) -> str:
    return "gdal" if isinstance(entry.layer, QgisRaster) else "ogr"


def _add_crs(parent: Element, crs: pyproj.CRS) -> None:
    system = SubElement(parent, "spatialrefsys")
    SubElement(system, "wkt").text = crs.to_wkt("WKT2_2019")
    authority = crs.to_authority()
    if authority is not None:  # QGIS takes it before the text
        SubElement(system, "authid").text = ":".join(authority)


def _add_extent(parent: Element, tag: str, bounds: Bounds) -> None:
    extent = SubElement(parent, tag)
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), bounds, strict=True):
        SubElement(extent, name).text = repr(float(value))


def _add_tree(root: Element, tree: Sequence[Group], file: str) -> None:
    top = SubElement(root, "layer-tree-group")
    for group in tree:
        opened = any(entry.shown for entry in group.entries)
        node = SubElement(
            top,
            "layer-tree-group",
            {"name": group.title, "expanded": str(int(opened)), "checked": "Qt::Checked"},
        )
        for entry in group.entries:
            SubElement(
                node,
                "layer-tree-layer",
                {
                    "id": entry.key,
                    "name": entry.title,
                    "source": _source(entry, file),
                    "providerKey": _provider(entry),
                    "expanded": str(int(entry.shown)),
                    "checked": "Qt::Checked" if entry.shown else "Qt::Unchecked",
                },
            )


def _add_relations(root: Element, tree: Sequence[Group]) -> None:
    parent = SubElement(root, "relations")
    for relation in find_relations(tree):
        above, below = relation.parent, relation.child
        element = SubElement(
            parent,
            "relation",
            {
                "id": f"{above.key}_{below.key}",
                "name": below.title,
                "referencedLayer": above.key,
                "referencingLayer": below.key,
                "strength": "Association",
            },
        )
        names = {"referencedField": relation.column, "referencingField": relation.column}
        SubElement(element, "fieldRef", names)


def _add_canvas(root: Element, extent: Bounds, crs: pyproj.CRS) -> None:
    """Add what the window shows at first, and where « zoom full » goes back to."""
    canvas = SubElement(root, "mapcanvas", {"name": "theMapCanvas", "annotationsVisible": "1"})
    _add_extent(canvas, "extent", extent)
    SubElement(canvas, "rotation").text = "0"
    _add_crs(SubElement(canvas, "destinationsrs"), crs)
    settings = SubElement(root, "ProjectViewSettings", {"UseProjectScales": "0", "rotation": "0"})
    names = ("xmin", "ymin", "xmax", "ymax")
    corners = {name: repr(float(value)) for name, value in zip(names, extent, strict=True)}
    _add_crs(SubElement(settings, "PresetFullExtent", corners), crs)


def _add_layer(parent: Element, entry: Entry, file: str) -> None:
    layer, style = entry.layer, entry.style
    limited = entry.from_scale is not None
    element = SubElement(
        parent,
        "maplayer",
        {
            "styleCategories": "AllStyleCategories",
            "hasScaleBasedVisibilityFlag": str(int(limited)),
            "minScale": str(entry.from_scale) if limited else _FARTHEST,
            "maxScale": "0",
        },
    )
    if layer.bounds is not None:
        _add_extent(element, "extent", layer.bounds)
    SubElement(element, "id").text = entry.key
    SubElement(element, "datasource").text = _source(entry, file)
    SubElement(element, "layername").text = entry.title
    if layer.crs is not None:
        _add_crs(SubElement(element, "srs"), layer.crs)
    metadata = SubElement(element, "resourceMetadata")
    SubElement(metadata, "type").text = "dataset"
    SubElement(metadata, "title").text = entry.title
    SubElement(metadata, "abstract").text = layer.origin
    provider = SubElement(element, "provider")
    provider.text = _provider(entry)
    if isinstance(layer, QgisRaster):
        element.set("type", "raster")
        add_raster(element, layer)
        SubElement(element, "blendMode").text = "0"
        return
    provider.set("encoding", "UTF-8")
    element.set("type", "vector")
    element.set("geometry", _GEOMETRIES[style.family] if style else "No geometry")
    element.set("labelsEnabled", str(int(entry.label is not None)))
    if style is not None:
        add_renderer(element, [style])
    if entry.label is not None:
        _add_labels(element, entry)
    SubElement(element, "blendMode").text = "0"
    SubElement(element, "layerOpacity").text = "1"
    add_fields(element, layer.fields)


def _add_labels(parent: Element, entry: Entry) -> None:
    settings = SubElement(
        SubElement(parent, "labeling", {"type": "simple"}), "settings", {"calloutType": "simple"}
    )
    text = SubElement(
        settings,
        "text-style",
        {
            "fieldName": entry.label or "",
            "isExpression": "0",
            "fontFamily": "Sans Serif",
            "fontSize": "8",
            "fontSizeUnit": "Point",
            "fontWeight": "63",
            "textColor": _INK,
            "textOpacity": "1",
        },
    )
    halo = {"bufferDraw": "1", "bufferSize": "0.6", "bufferSizeUnits": "MM", "bufferColor": _HALO}
    SubElement(text, "text-buffer", {**halo, "bufferOpacity": "1", "bufferJoinStyle": "128"})
    SubElement(settings, "placement", {"placement": "1", "centroidWhole": "0", "priority": "5"})
    limits = {"scaleVisibility": "1", "scaleMin": "0", "scaleMax": str(entry.label_from_scale)}
    SubElement(settings, "rendering", {**limits, "drawLabels": "1", "obstacle": "1"})


def _add_properties(root: Element) -> None:
    """Add that sources are relative to the project, and that layers are reprojected."""
    properties = SubElement(root, "properties")
    absolute = SubElement(SubElement(properties, "Paths"), "Absolute", {"type": "bool"})
    absolute.text = "false"
    enabled = SubElement(
        SubElement(properties, "SpatialRefSys"), "ProjectionsEnabled", {"type": "int"}
    )
    enabled.text = "1"
