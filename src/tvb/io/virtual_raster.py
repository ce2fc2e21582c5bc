"""Mosaics of rasters (VRT of GDAL): read from the file, held to what is safe, written anew.

A VRT names other files, and GDAL follows it anywhere: other folders, archives, addresses, code in
Python. A file that a stranger delivers is therefore never handed to GDAL. Its elements are taken
from a list of known ones, its sources are looked at one by one, and GDAL gets the text that is made
of them, in which sources are absolute paths.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError

from tvb.errors import CrsError, SourceError, explain

__all__ = ["VIRTUAL_SUFFIX", "VirtualRaster", "read_virtual"]

VIRTUAL_SUFFIX = ".vrt"
_MAX_BYTES = 64 * 1024**2
_HEAD_BYTES = 4096
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ASCII_GRID = re.compile(rb"\s*(?:ncols|nrows)\s[\w.+\-\s]*", re.IGNORECASE)
"""Nothing that a driver of GDAL other than that of ASCII grids could take for its own."""

_ELSEWHERE = re.compile(r"/vsi|\\\\|[A-Za-z][A-Za-z0-9+.\-]+:", re.IGNORECASE)
"""Beginning of addresses, archives, connections and network drives; a drive has one letter."""

_SOURCES = ("SimpleSource", "ComplexSource")
_CHILDREN = {
    "VRTDataset": ("SRS", "GeoTransform", "VRTRasterBand"),
    "VRTRasterBand": ("Description", "NoDataValue", "ColorInterp", "UnitType", "Offset", "Scale",
                      *_SOURCES),
    "SimpleSource": ("SourceFilename", "SourceBand", "SourceProperties", "SrcRect", "DstRect"),
    "ComplexSource": ("SourceFilename", "SourceBand", "SourceProperties", "SrcRect", "DstRect",
                      "NODATA", "UseMaskBand", "ScaleOffset", "ScaleRatio"),
}  # fmt: skip
_ATTRIBUTES = {
    "VRTDataset": ("rasterXSize", "rasterYSize"),
    "VRTRasterBand": ("dataType", "band", "blockXSize", "blockYSize"),
    "SimpleSource": ("resampling",),
    "ComplexSource": ("resampling",),
    "SourceFilename": ("relativeToVRT", "shared"),
    "SourceProperties": ("RasterXSize", "RasterYSize", "DataType", "BlockXSize", "BlockYSize"),
    "SrcRect": ("xOff", "yOff", "xSize", "ySize"),
    "DstRect": ("xOff", "yOff", "xSize", "ySize"),
    "SRS": ("dataAxisToSRSAxisMapping", "coordinateEpoch"),
}
# Of no use for the values: pictures, statistics, what is known of the whole file.
_LEFT_OUT = frozenset({
    "Metadata", "OverviewList", "Histograms", "ColorTable", "CategoryNames", "HideNoDataValue",
    "BlockXSize", "BlockYSize",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class VirtualRaster:
    """A mosaic that is safe to open.

    Parameters
    ----------
    xml : str
        What GDAL opens: the mosaic with absolute paths.
    sources : tuple of pathlib.Path
        The files that it is made of, in alphabetical order.
    """

    xml: str
    sources: tuple[Path, ...]


def read_virtual(path: Path) -> VirtualRaster:
    """Return a mosaic as it may be opened.

    Parameters
    ----------
    path : pathlib.Path
        File ``.vrt``.

    Returns
    -------
    VirtualRaster
        With a value for cells that no source holds: the one of the file, or NaN.

    Raises
    ------
    SourceError
        If the file is not the XML of a plain mosaic; or names a source that is not a GeoTIFF or
        an ASCII grid in the folder of the file or below.
    CrsError
        If its system of coordinates cannot be understood.
    """
    mosaic = _Mosaic(path)
    root = mosaic.copy(_parse(path))
    for system in root.findall("SRS"):
        system.text = _plain_system(system.text, path)
    bands = root.findall("VRTRasterBand")
    if not any(band.findtext("ColorInterp") == "Alpha" for band in bands):
        for band in bands:  # an alpha band says by itself which cells were seen
            mosaic.mark_unseen(band, root)
    return VirtualRaster(ET.tostring(root, encoding="unicode"), tuple(sorted(mosaic.sources)))


def _refusal(path: Path, problem: str) -> SourceError:
    return SourceError(
        explain(
            path.name,
            problem,
            required="a plain mosaic of GeoTIFF or ASCII grids in its folder or below, as "
            "gdalbuildvrt makes it",
            remedy="read its files with tvb.io.read_grid and give the list of the grids, or make "
            "one file of them with gdal_translate",
        )
    )


def _parse(path: Path) -> ET.Element:
    if path.stat().st_size > _MAX_BYTES:
        raise _refusal(path, f"has more than {_MAX_BYTES // 1024**2} MB of XML")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refusal(path, "is not a text in UTF-8") from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # they can hide a bomb
        raise _refusal(path, "declares entities")
    try:
        root = ET.fromstring(text)  # noqa: S314 (entities are refused above)
    except ET.ParseError as error:
        raise _refusal(path, f"is not XML ({error})") from error
    if root.tag != "VRTDataset":
        raise _refusal(path, f"starts with <{root.tag}>")
    return root


def _plain_system(text: str | None, path: Path) -> str:
    """Return a system as WKT, so that GDAL does not look for it in a file or at an address."""
    try:
        return str(pyproj.CRS((text or "").strip()).to_wkt())
    except CRSError as error:
        problem = "its system of coordinates cannot be understood"
        remedy = 'give it to gdalbuildvrt with -a_srs, for example "EPSG:2154"'
        raise CrsError(explain(path.name, problem, remedy=remedy)) from error


class _Mosaic:
    """A VRT while it is copied."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.resolve().parent
        self.sources: set[Path] = set()

    def copy(self, element: ET.Element) -> ET.Element:
        """Return an element with what is known of it, or raise."""
        tag = element.tag
        made = ET.Element(tag, dict(self._attributes(element)))
        made.text = (element.text or "").strip()
        if tag == "SourceFilename":
            made.text, made.attrib = self._source(element), {"relativeToVRT": "0"}
        for child in element:
            if child.tag in _LEFT_OUT:
                continue
            if child.tag not in _CHILDREN.get(tag, ()):
                raise _refusal(self.path, f"holds <{child.tag}> in <{tag}>")
            made.append(self.copy(child))
        if tag in _SOURCES and [c.tag for c in made].count("SourceFilename") != 1:
            raise _refusal(self.path, f"holds a <{tag}> that does not name one file")
        return made

    def _attributes(self, element: ET.Element) -> Iterator[tuple[str, str]]:
        for name, value in element.attrib.items():
            if name not in _ATTRIBUTES.get(element.tag, ()):
                raise _refusal(self.path, f"holds <{element.tag} {name}={value[:40]!r}>")
            yield name, value

    def _source(self, element: ET.Element) -> str:
        """Return the absolute path of a source that is a plain raster beside the file or below."""
        name = (element.text or "").strip()
        if not name or "\0" in name or _ELSEWHERE.match(name):
            raise _refusal(self.path, f"source « {name[:200]} » is no path of a file")
        given = Path(name.replace("\\", "/"))
        if not given.is_absolute() and element.get("relativeToVRT") != "1":
            raise _refusal(self.path, f"source « {name[:200]} » is not relative to the VRT")
        found = (self.folder / given).resolve()  # links are followed before anything is allowed
        if not found.is_relative_to(self.folder):
            raise _refusal(self.path, f"source « {name[:200]} » is outside its folder")
        if found not in self.sources:
            self._require_raster(found, name)
            self.sources.add(found)
        return str(found)

    def _require_raster(self, found: Path, name: str) -> None:
        """Raise unless GDAL can take a file for nothing but a raster that holds its cells."""
        try:
            with found.open("rb") as file:
                head = file.read(_HEAD_BYTES)
        except OSError as error:
            raise _refusal(
                self.path, f"source « {name[:200]} » cannot be opened ({error.strerror})"
            ) from error
        if not (head.startswith(_TIFF) or _ASCII_GRID.fullmatch(head)):
            raise _refusal(self.path, f"source « {name[:200]} » is no GeoTIFF or ASCII grid")

    def mark_unseen(self, band: ET.Element, root: ET.Element) -> None:
        """Have cells that no source holds marked: GDAL leaves 0 there, which is dry ground."""
        if band.find("NoDataValue") is not None:
            return
        if band.get("dataType", "Byte").startswith("Float"):
            band.insert(0, _element("NoDataValue", "nan"))
        elif _has_gaps(band, root):
            raise _refusal(
                self.path,
                "says no value for cells that none of its files holds (gdalbuildvrt -vrtnodata)",
            )


def _element(tag: str, text: str) -> ET.Element:
    made = ET.Element(tag)
    made.text = text
    return made


def _has_gaps(band: ET.Element, root: ET.Element) -> bool:
    """Tell whether sources leave cells out: in their mosaic, or of what they hold themselves."""
    if band.find("ComplexSource/NODATA") is not None or band.find("*/UseMaskBand") is not None:
        return True
    placed = [source.find("DstRect") for tag in _SOURCES for source in band.findall(tag)]
    if any(rectangle is None for rectangle in placed):  # a source without place fills everything
        return False
    cells = np.array([_sizes(rectangle) for rectangle in placed if rectangle is not None])
    x, y, width, height = cells.reshape(-1, 4).T
    seen = shapely.union_all(shapely.box(x, y, x + width, y + height))
    columns, rows = _sizes(root)
    return not bool(shapely.covers(seen, shapely.box(0, 0, columns, rows)))


def _sizes(element: ET.Element) -> list[float]:
    """Return the numbers of cells of an element, NaN for what is none."""
    numbers = []
    for key in _ATTRIBUTES[element.tag]:
        value = element.get(key, "").strip()
        numbers.append(float(value) if re.fullmatch(r"-?\d+(?:\.\d*)?", value) else math.nan)
    return numbers
