"""Symbols of areas, lines and points, drawn alike on the map and in the legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

from tvb.maps.style import MM_PER_PT

__all__ = ["Fill", "Geometries", "Marker", "Stroke", "Symbol", "area_path", "draw", "line_path"]

Geometries = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Fill:
    """Symbol of an area.

    Parameters
    ----------
    face : str, optional
        Colour of the ground.
    edge : str, optional
        Colour of the outline.
    width_pt : float
        Width of the outline.
    hatch : str, optional
        Pattern of matplotlib, such as ``///``.
    hatch_colour : str
        Its colour.
    alpha : float
        Opacity of the ground.
    """

    face: str | None = None
    edge: str | None = None
    width_pt: float = 0.4
    hatch: str | None = None
    hatch_colour: str = "black"
    alpha: float = 1.0


@dataclass(frozen=True, slots=True)
class Stroke:
    """Symbol of a line.

    Parameters
    ----------
    colour : str
        Of the line.
    width_pt : float
        Its width.
    dashes : tuple of float
        Lengths on and off, in widths; solid when empty.
    casing : str, optional
        Colour of a wider line below, that detaches it from the ground.
    """

    colour: str
    width_pt: float = 0.6
    dashes: tuple[float, ...] = ()
    casing: str | None = None


@dataclass(frozen=True, slots=True)
class Marker:
    """Symbol of a point, of constant size on paper.

    Parameters
    ----------
    shape : {"circle", "triangle"}
        Its form.
    size_mm : float or numpy.ndarray
        Diameter, or one for each point.
    face, edge : str
        Colours.
    width_pt : float
        Width of the outline.
    alpha : float
        Opacity of the inside.
    casing : str, optional
        Colour of a wider outline below, that detaches it from the ground.
    """

    shape: Literal["circle", "triangle"]
    size_mm: float | NDArray[np.float64]
    face: str
    edge: str
    width_pt: float = 0.4
    alpha: float = 1.0
    casing: str | None = None


Symbol = Fill | Stroke | Marker


def draw(symbol: Symbol, axes: Axes, geometry: Geometries, *, level: float) -> None:
    """Draw geometries with a symbol.

    Parameters
    ----------
    symbol : Fill, Stroke or Marker
        How.
    axes : matplotlib.axes.Axes
        Of the map, in metres, or of the page, in millimetres.
    geometry : numpy.ndarray
        Polygons for a fill, lines for a stroke, any for a marker at their inner point.
    level : float
        Drawing order.
    """
    if isinstance(symbol, Fill):
        patches = _fill_patches(symbol, area_path(geometry))
    elif isinstance(symbol, Stroke):
        patches = _stroke_patches(symbol, line_path(geometry))
    else:
        _draw_markers(symbol, axes, inner_points(geometry), level=level)
        return
    for step, patch in enumerate(patches):
        patch.set_zorder(level + step / 100)
        axes.add_artist(patch)


def _fill_patches(symbol: Fill, path: Path) -> list[PathPatch]:
    patches = []
    if symbol.face:
        patches.append(PathPatch(path, facecolor=symbol.face, edgecolor="none", alpha=symbol.alpha))
    if symbol.hatch:
        hatch = PathPatch(path, facecolor="none", edgecolor=symbol.hatch_colour, linewidth=0)
        hatch.set_hatch(symbol.hatch)
        patches.append(hatch)
    if symbol.edge:
        outline = PathPatch(
            path, facecolor="none", edgecolor=symbol.edge, linewidth=symbol.width_pt,
            joinstyle="round",
        )  # fmt: skip
        patches.append(outline)
    return patches


def _stroke_patches(symbol: Stroke, path: Path) -> list[PathPatch]:
    patches = []
    if symbol.casing:
        below = PathPatch(
            path, facecolor="none", edgecolor=symbol.casing, linewidth=symbol.width_pt + 1.2,
            joinstyle="round", capstyle="round",
        )  # fmt: skip
        patches.append(below)
    style: Any = (0, symbol.dashes) if symbol.dashes else "solid"
    line = PathPatch(
        path, facecolor="none", edgecolor=symbol.colour, linewidth=symbol.width_pt,
        linestyle=style, joinstyle="round", capstyle="butt" if symbol.dashes else "round",
    )  # fmt: skip
    return [*patches, line]


def _draw_markers(symbol: Marker, axes: Axes, points: Geometries, *, level: float) -> None:
    centres = shapely.get_coordinates(points)
    sizes = np.broadcast_to(np.asarray(symbol.size_mm, dtype=np.float64), len(centres))
    order = np.argsort(-sizes, kind="stable")  # small symbols stay visible on large ones
    outlines = [(symbol.edge, symbol.width_pt, symbol.alpha)]
    if symbol.casing:
        outlines.insert(0, (symbol.casing, symbol.width_pt + 1.4, 0.0))
    for step, (edge, width, alpha) in enumerate(outlines):
        collection = PathCollection(
            [_MARKERS[symbol.shape]], sizes=(sizes[order] / MM_PER_PT) ** 2,
            offsets=centres[order], offset_transform=axes.transData, edgecolors=edge,
            facecolors=to_rgba(symbol.face, alpha), linewidths=width, joinstyle="miter",
        )  # fmt: skip
        collection.set_transform(IdentityTransform())
        collection.set_zorder(level + step / 100)
        axes.add_collection(collection, autolim=False)


def inner_points(geometry: Geometries) -> Geometries:
    """Return one point inside each geometry.

    Parameters
    ----------
    geometry : numpy.ndarray
        Of any type.

    Returns
    -------
    numpy.ndarray
        Points; a point is itself.
    """
    points: Geometries = shapely.point_on_surface(geometry)
    return points


def area_path(geometry: Geometries) -> Path:
    """Return one path for all polygons, their holes wound the other way.

    Parameters
    ----------
    geometry : numpy.ndarray
        Polygons and multipolygons; anything else is left out.

    Returns
    -------
    matplotlib.path.Path
        Closed; one subpath for each ring.
    """
    parts = shapely.get_parts(geometry)
    parts = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
    return _path(shapely.get_rings(shapely.orient_polygons(parts)), closed=True)


def line_path(geometry: Geometries) -> Path:
    """Return one path for all lines.

    Parameters
    ----------
    geometry : numpy.ndarray
        Lines and multilines; anything else is left out.

    Returns
    -------
    matplotlib.path.Path
        One subpath for each line.
    """
    parts = shapely.get_parts(geometry)
    parts = parts[np.isin(shapely.get_type_id(parts), (1, 2)) & ~shapely.is_empty(parts)]
    return _path(parts, closed=False)


def _path(lines: Geometries, *, closed: bool) -> Path:
    coordinates, owner = shapely.get_coordinates(lines, return_index=True)
    if not len(coordinates):
        return Path(np.empty((0, 2)))
    codes = np.full(len(coordinates), Path.LINETO, dtype=Path.code_type)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    codes[first] = Path.MOVETO
    if closed:
        codes[np.append(first[1:], len(codes)) - 1] = Path.CLOSEPOLY
    return Path(coordinates, codes)


def _circle() -> Path:
    unit = Path.unit_circle()
    return Path(np.asarray(unit.vertices) * 0.5, unit.codes)


_MARKERS = {
    "circle": _circle(),
    "triangle": Path(
        [(-0.5, -0.36), (0.5, -0.36), (0.0, 0.5), (-0.5, -0.36)],
        [Path.MOVETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY],
    ),
}
