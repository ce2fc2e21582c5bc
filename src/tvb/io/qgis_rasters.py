"""Rasters as QGIS shows them beside the layers of a file: named, in classes, with a unit.

Depths have the classes and colours of the layer ``depth_classes``, so that both read alike. Classes
do not depend on the values of a raster: two studies can be compared.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, pairwise
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, SubElement

import pyproj

from tvb.errors import ParameterError, explain
from tvb.io.fields import Field, describe_fields
from tvb.io.origin import read_origin
from tvb.io.raster import read_head
from tvb.io.styles import style_for
from tvb.schema.declare import GridSchema
from tvb.schema.layers import GRID_SCHEMAS

__all__ = ["QgisRaster", "RasterClass", "add_raster", "describe_raster"]

Lang = Literal["fr", "en"]
Bounds = tuple[float, float, float, float]

_DEPTH = "flood_depth"
_DEPTH_BOUNDS_M = {"Emerg": 0.0, "Inf05": 0.5, "05-1m": 1.0, "1m-2m": 2.0, "Sup2m": math.inf}
"""Largest depth of each class of the layer ``depth_classes``; what is dry is not drawn."""
_RESISTANCE = "resistance"
_COSTS = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, math.inf)
_COST_COLOURS = ("#f6f1cf", "#e8d596", "#d8a660", "#b96c3a", "#853c22", "#471a11")
_COVER = {
    "eau": ("eau", "water", "#6fa8d6"), "zone humide": ("zone humide", "wetland", "#7fc7b5"),
    "bois": ("bois", "wood", "#3f7d4e"), "prairie": ("prairie", "grassland", "#b7d27a"),
    "culture": ("culture", "cropland", "#f1e4a8"), "route": ("route", "road", "#5c5c5c"),
    "bâti": ("bâti", "built-up", "#c98b84"), "terril": ("terril", "terril", "#3d3d3d"),
}  # fmt: skip
_OTHER_COLOURS = (
    "#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#d55e00", "#999999",
)  # fmt: skip
_OPACITY = {_DEPTH: 0.8, _RESISTANCE: 0.8}
_TITLES = {_RESISTANCE: ("Résistance au déplacement", "Resistance to movement")}


@dataclass(frozen=True, slots=True)
class RasterClass:
    """Cells that share a colour, and their entry in the legend.

    Parameters
    ----------
    value : float
        Their code; or the largest value of a range, which begins where the one before it ends.
    label : str
        Entry of the legend.
    colour : str, optional
        None where they are not drawn.
    """

    value: float
    label: str
    colour: str | None


@dataclass(frozen=True, slots=True)
class QgisRaster:
    """One raster of a project.

    Parameters
    ----------
    name : str
        By which the territory knows it.
    kind : str
        Name of its schema, or ``resistance``; its name where no group of the project knows it.
    title : str
        What people call it, with its unit.
    source : str
        Path from the project to the file, with ``/``.
    crs : pyproj.CRS
        Of the file.
    bounds : tuple of float
        West, south, east, north in its CRS.
    codes : bool
        Whether classes are codes, not ranges.
    classes : tuple of RasterClass
        In the order of the legend; none for shades of grey.
    limits : tuple of float, optional
        Values that are black and white where there are no classes.
    opacity : float
        From 0 to 1.
    origin : str
        Where the content comes from.
    """

    name: str
    kind: str
    title: str
    source: str
    crs: pyproj.CRS
    bounds: Bounds
    codes: bool = False
    classes: tuple[RasterClass, ...] = ()
    limits: tuple[float, float] | None = None
    opacity: float = 1.0
    origin: str = ""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Columns: none."""
        return ()


def describe_raster(
    path: str | os.PathLike[str], name: str, *, folder: Path, lang: Lang
) -> QgisRaster:
    """Return what a project says of a raster.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    name : str
        What it is: ``land_cover``, ``flood_depth_02Moy``, ``terrain``, ``resistance``, or any other
        name, which gets the classes of its legend or else shades of grey.
    folder : pathlib.Path
        Where the project lies.
    lang : {"fr", "en"}
        Language.

    Returns
    -------
    QgisRaster
        Its first band.

    Raises
    ------
    SourceError
        If the file is absent or unreadable.
    CrsError
        If its system of coordinates is not known.
    LayerError
        If it is turned or has no position.
    ParameterError
        If no relative path leads to it.
    """
    kind = _DEPTH if name.startswith(f"{_DEPTH}_") else name
    schema = next((s for s in GRID_SCHEMAS if s.name == kind), None)
    head = read_head(path, name)
    legend = head.legend or (schema.legend if schema else {})
    classes = {_DEPTH: _depth_classes, _RESISTANCE: _cost_classes}.get(kind)
    return QgisRaster(
        name,
        kind,
        _title(name, schema, lang),
        _relative(Path(path), folder),
        head.crs,
        head.bounds,
        codes=classes is None,
        classes=classes(lang) if classes else _code_classes(legend, lang),
        limits=head.limits,
        opacity=_OPACITY.get(kind, 1.0),
        origin=read_origin(path),
    )


def _title(name: str, schema: GridSchema | None, lang: Lang) -> str:
    place = ("fr", "en").index(lang)
    if schema is None:
        return _TITLES[name][place] if name in _TITLES else name
    title = (schema.title_fr, schema.title_en)[place]
    if name != schema.name:
        code = name.removeprefix(f"{schema.name}_")
        scenarios = dict(describe_fields("flood_zones", ["scenario"], lang=lang)[0].values)
        title += (" : ", ": ")[place] + scenarios.get(code, code)
    return f"{title} ({schema.unit})" if schema.unit else title


def _relative(path: Path, folder: Path) -> str:
    try:
        steps = Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError as error:  # another drive of Windows
        raise ParameterError(
            explain(
                str(path),
                f"no relative path leads to it from {folder}",
                remedy="write the GeoPackage on the same drive",
            )
        ) from error
    return steps if steps.startswith("../") else f"./{steps}"


def _depth_classes(lang: Lang) -> tuple[RasterClass, ...]:
    style = style_for("depth_classes", lang=lang)
    return tuple(
        RasterClass(
            _DEPTH_BOUNDS_M[entry.value],
            entry.label,
            entry.symbol.fill if _DEPTH_BOUNDS_M[entry.value] > 0 else None,
        )
        for entry in style.classes
        if entry.value is not None
    )


def _cost_classes(lang: Lang) -> tuple[RasterClass, ...]:
    above = ("plus de", "above")[("fr", "en").index(lang)]
    return tuple(
        RasterClass(high, f"{low:g} – {high:g}" if math.isfinite(high) else f"{above} {low:g}", c)
        for (low, high), c in zip(pairwise(_COSTS), _COST_COLOURS, strict=True)
    )


def _code_classes(legend: Mapping[int, str], lang: Lang) -> tuple[RasterClass, ...]:
    """Return a class for each code; what the modelled land cover has, in its colours."""
    others = cycle(_OTHER_COLOURS)
    place = ("fr", "en").index(lang)
    classes = []
    for code, text in sorted(legend.items()):
        known = _COVER.get(text)
        label, colour = (known[place], known[2]) if known else (text, next(others))
        classes.append(RasterClass(code, label, colour))
    return tuple(classes)


def add_raster(parent: Element, raster: QgisRaster) -> None:
    """Add what draws a raster.

    Parameters
    ----------
    parent : xml.etree.ElementTree.Element
        Layer of a project.
    raster : QgisRaster
        The raster.
    """
    nothing = SubElement(SubElement(parent, "noData"), "noDataList")
    nothing.attrib.update({"bandNo": "1", "useSrcNoData": "1"})
    pipe = SubElement(parent, "pipe")
    attributes = {"opacity": repr(raster.opacity), "alphaBand": "-1", "nodataColor": ""}
    renderer = SubElement(pipe, "rasterrenderer", attributes)
    SubElement(renderer, "rasterTransparency")
    if not raster.classes:
        _add_shades(renderer, raster.limits or (0.0, 1.0))
    elif raster.codes:
        renderer.attrib.update({"type": "paletted", "band": "1"})
        _add_entries(SubElement(renderer, "colorPalette"), "paletteEntry", raster.classes)
    else:
        _add_ranges(renderer, raster.classes)
    SubElement(pipe, "brightnesscontrast", {"brightness": "0", "contrast": "0", "gamma": "1"})
    SubElement(pipe, "huesaturation", {"saturation": "0", "grayscaleMode": "0"})
    SubElement(pipe, "rasterresampler", {"maxOversampling": "2"})
    SubElement(pipe, "resamplingStage").text = "resamplingFilter"


def _add_shades(renderer: Element, limits: tuple[float, float]) -> None:
    renderer.attrib.update({"type": "singlebandgray", "grayBand": "1", "gradient": "BlackToWhite"})
    contrast = SubElement(renderer, "contrastEnhancement")
    for tag, value in zip(("minValue", "maxValue"), limits, strict=True):
        SubElement(contrast, tag).text = repr(value)
    SubElement(contrast, "algorithm").text = "StretchToMinimumMaximum"


def _add_ranges(renderer: Element, classes: Sequence[RasterClass]) -> None:
    finite = [entry.value for entry in classes if math.isfinite(entry.value)]
    low, high = repr(float(finite[0])), repr(float(finite[-1]))
    renderer.attrib.update(
        {"type": "singlebandpseudocolor", "band": "1",
         "classificationMin": low, "classificationMax": high}
    )  # fmt: skip
    shader = SubElement(
        SubElement(renderer, "rastershader"),
        "colorrampshader",
        {"colorRampType": "DISCRETE", "classificationMode": "1", "clip": "0",
         "minimumValue": low, "maximumValue": high, "labelPrecision": "4"},
    )  # fmt: skip
    _add_entries(shader, "item", classes)


def _add_entries(parent: Element, tag: str, classes: Sequence[RasterClass]) -> None:
    for entry in classes:
        SubElement(
            parent,
            tag,
            {
                "value": f"{entry.value:g}",
                "label": entry.label,
                "color": entry.colour or "#ffffff",
                "alpha": "255" if entry.colour else "0",
            },
        )
