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
from matplotlib.transforms import Affine2D, IdentityTransform
from numpy.typing import NDArray

from tvb.maps.patterns import Band, Geometries, Pattern, Ruling
from tvb.maps.style import MM_PER_PT

__all__ = ["Fill", "Geometries", "Marker", "Stroke", "Symbol", "area_path", "draw", "line_path"]


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
    patterns : tuple of Pattern
        Lines, circles or bands over the ground, in points of paper.
    dashes : tuple of float
        Of the outline, in widths; solid when empty.
    """

    face: str | None = None
    edge: str | None = None
    width_pt: float = 0.4
    hatch: str | None = None
    hatch_colour: str = "black"
    alpha: float = 1.0
    patterns: tuple[Pattern, ...] = ()
    dashes: tuple[float, ...] = ()


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
    patterns : tuple of Ticks
        Strokes along the line.
    """

    colour: str
    width_pt: float = 0.6
    dashes: tuple[float, ...] = ()
    casing: str | None = None
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Marker:
    """Symbol of a point, of constant size on paper.

    Parameters
    ----------
    shape : {"circle", "triangle", "square", "diamond"}
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

    shape: Literal["circle", "triangle", "square", "diamond"]
    size_mm: float | NDArray[np.float64]
    face: str
    edge: str
    width_pt: float = 0.4
    alpha: float = 1.0
    casing: str | None = None


Symbol = Fill | Stroke | Marker


def draw(
    symbol: Symbol, axes: Axes, geometry: Geometries, *, level: float, shrink: float = 1.0
) -> None:
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
    shrink : float
        Size of patterns, where the legend has less room than they are wide.
    """
    if isinstance(symbol, Marker):
        _draw_markers(symbol, axes, inner_points(geometry), level=level)
        return
    per_pt = shrink * _units_per_pt(axes)
    patterns = [_pattern_patch(pattern, geometry, per_pt) for pattern in symbol.patterns]
    if isinstance(symbol, Fill):
        patches = _fill_patches(symbol, area_path(geometry), patterns)
    else:
        patches = [*patterns, *_stroke_patches(symbol, line_path(geometry))]
    for step, patch in enumerate(patches):
        patch.set_zorder(level + step / 100)
        axes.add_artist(patch)


def _units_per_pt(axes: Axes) -> float:
    """Return how many units of the axes one point of paper is."""
    place = axes.get_position(original=True)
    inches = place.width * axes.figure.bbox.width / axes.figure.dpi
    west, east = axes.get_xlim()
    return float((east - west) / (inches * 72))


def _pattern_patch(pattern: Pattern, geometry: Geometries, per_pt: float) -> PathPatch:
    shapes = pattern.shape(geometry, per_pt)
    if isinstance(pattern, Band):
        return PathPatch(area_path(shapes), facecolor=pattern.colour, edgecolor="none")
    dashes = pattern.dashes if isinstance(pattern, Ruling) else ()
    return PathPatch(
        line_path(shapes), facecolor="none", edgecolor=pattern.colour,
        linewidth=pattern.width_pt, linestyle=_dashes(dashes), capstyle="butt",
    )  # fmt: skip


def _dashes(dashes: tuple[float, ...]) -> Any:
    return (0, dashes) if dashes else "solid"


def _fill_patches(symbol: Fill, path: Path, patterns: list[PathPatch]) -> list[PathPatch]:
    """Return what an area is made of: ground, patterns, outline."""
    patches = []
    if symbol.face:
        patches.append(PathPatch(path, facecolor=symbol.face, edgecolor="none", alpha=symbol.alpha))
    if symbol.hatch:
        hatch = PathPatch(path, facecolor="none", edgecolor=symbol.hatch_colour, linewidth=0)
        hatch.set_hatch(symbol.hatch)
        patches.append(hatch)
    patches += patterns
    if symbol.edge:
        outline = PathPatch(
            path, facecolor="none", edgecolor=symbol.edge, linewidth=symbol.width_pt,
            linestyle=_dashes(symbol.dashes), joinstyle="round",
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
    line = PathPatch(
        path, facecolor="none", edgecolor=symbol.colour, linewidth=symbol.width_pt,
        linestyle=_dashes(symbol.dashes), joinstyle="round",
        capstyle="butt" if symbol.dashes else "round",
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
    parts = shapely.get_parts(shapely.get_parts(geometry))  # of a collection, of a multiline
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
    "square": Path.unit_rectangle().transformed(Affine2D().translate(-0.5, -0.5).scale(0.85)),
    "diamond": Path.unit_rectangle().transformed(
        Affine2D().translate(-0.5, -0.5).rotate_deg(45).scale(0.71)
    ),
}
