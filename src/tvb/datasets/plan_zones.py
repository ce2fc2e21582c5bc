"""The ground on which modelled plans are drawn, and the zones drawn on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import ParameterError, explain
from tvb.schema import CRS
from tvb.territory import Territory

__all__ = ["Ground", "build_zones", "find_crossing", "find_place", "polygons_of", "square"]

Shape: TypeAlias = Any

_CORRIDOR_M = 15.0
_HOUSE_M, _TOWN_M2 = 70.0, 20_000.0
_STEP_M = 40.0
_CRUMB_M2 = 400.0
_RARE = "04Fai"


@dataclass(frozen=True)
class Ground:
    """What a plan has to reckon with on some communes, cut at their outline.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Layer ``communes``, those of the plan only.
    layers : mapping of str to geopandas.GeoDataFrame
        Layers of the territory.
    """

    communes: gpd.GeoDataFrame
    layers: Mapping[str, gpd.GeoDataFrame]

    @classmethod
    def of(cls, territory: Territory, codes: Sequence[str]) -> Ground:
        """Return the ground of some communes of a territory.

        Parameters
        ----------
        territory : Territory
            With the layers of `tvb.datasets.bassin_minier`.
        codes : sequence of str
            INSEE codes.

        Returns
        -------
        Ground
            Its communes in order of code.

        Raises
        ------
        ParameterError
            If the territory lacks one of the communes.
        """
        communes = territory["communes"]
        absent = sorted(set(codes) - set(communes["insee"]))
        if absent:
            raise ParameterError(
                explain(
                    territory.name,
                    "lacks communes of the modelled plans",
                    count=len(absent),
                    ids=absent,
                    remedy="bassin_minier(communes=PLAN_COMMUNES, …)",
                )
            )
        mine = communes[communes["insee"].isin(codes)].sort_values("insee", ignore_index=True)
        return cls(mine, territory.layers)

    def restrict(self, insee: str) -> Ground:
        """Return the ground of one of the communes.

        Parameters
        ----------
        insee : str
            Its code.

        Returns
        -------
        Ground
            Of this commune.
        """
        one = self.communes[self.communes["insee"] == insee].reset_index(drop=True)
        return replace(self, communes=one)

    @cached_property
    def outline(self) -> Shape:
        """Union of the communes."""
        return shapely.union_all(self.communes.geometry.to_numpy())

    def cut(self, layer: str) -> gpd.GeoDataFrame:
        """Return the parts of a layer inside the communes, one row for each feature that is there.

        Parameters
        ----------
        layer : str
            Its name.

        Returns
        -------
        geopandas.GeoDataFrame
            Slivers of less than a square metre, or a metre, are left out.
        """
        frame = self.layers[layer]
        near = frame[shapely.intersects(self.outline, frame.geometry.to_numpy())]
        pieces = shapely.intersection(near.geometry.to_numpy(), self.outline)
        flat = shapely.get_dimensions(near.geometry.to_numpy()) == 2
        size = np.where(flat, shapely.area(pieces), shapely.length(pieces))
        return near.set_geometry(pieces, crs=CRS)[size > 1.0].reset_index(drop=True)

    def cut_points(self, layer: str) -> gpd.GeoDataFrame:
        """Return the points of a layer inside the communes.

        Parameters
        ----------
        layer : str
            Its name.

        Returns
        -------
        geopandas.GeoDataFrame
            In the order of the layer.
        """
        frame = self.layers[layer]
        inside = shapely.intersects(self.outline, frame.geometry.to_numpy())
        return frame[inside].reset_index(drop=True)

    @cached_property
    def property(self) -> Shape:
        """World Heritage property."""
        return shapely.union_all(self.cut("property").geometry.to_numpy())

    @cached_property
    def buffer(self) -> Shape:
        """Its buffer zone."""
        return shapely.union_all(self.cut("buffer").geometry.to_numpy())

    @cached_property
    def corridors(self) -> Shape:
        """Corridors as strips."""
        lines = self.cut("corridors").geometry.to_numpy()
        strips = shapely.buffer(lines, _CORRIDOR_M, quad_segs=2)
        return shapely.intersection(shapely.union_all(strips), self.outline)

    @cached_property
    def core_areas(self) -> Shape:
        """Core areas."""
        return shapely.union_all(self.cut("core_areas").geometry.to_numpy())

    @cached_property
    def flooded(self) -> Shape:
        """Ground under water in the rarest scenario, which holds the others."""
        zones = self.cut("flood_zones")
        return shapely.union_all(zones.geometry[zones["scenario"] == _RARE].to_numpy())

    @cached_property
    def nature(self) -> Shape:
        """Ground of N zones: corridors, core areas, water and terrils."""
        names = ("water_bodies", "terrils")
        shapes = [shapely.union_all(self.cut(n).geometry.to_numpy()) for n in names]
        return shapely.union_all([self.corridors, self.core_areas, *shapes])

    @cached_property
    def town(self) -> Shape:
        """Ground of U zones: where houses stand close together, and mining estates."""
        houses = shapely.centroid(self.cut("buildings").geometry.to_numpy())
        near = shapely.union_all(shapely.buffer(houses, _HOUSE_M, quad_segs=2))
        block = shapely.buffer(near, -_HOUSE_M / 2, quad_segs=2)
        town = shapely.union_all([block, *self.cut("estates").geometry.to_numpy()])
        parts = polygons_of(shapely.simplify(town, 5.0))
        town = shapely.union_all(parts[shapely.area(parts) > _TOWN_M2])
        return shapely.difference(shapely.intersection(town, self.outline), self.nature)

    @cached_property
    def free(self) -> Shape:
        """Farmland that nothing stands in the way of building on."""
        held = [self.town, self.nature, self.property, self.buffer, self.flooded]
        return shapely.difference(self.outline, shapely.union_all(held))


def polygons_of(shape: Shape) -> NDArray[Any]:
    """Return the polygons of a shape.

    Parameters
    ----------
    shape : shapely.Geometry
        Of any kind.

    Returns
    -------
    numpy.ndarray of shapely.Polygon
        Lines and points are left out.
    """
    parts = shapely.get_parts(shape)
    return np.asarray(parts[shapely.get_dimensions(parts) == 2], dtype=object)


def square(x: float, y: float, side_m: float) -> shapely.Polygon:
    """Return a square about a point.

    Parameters
    ----------
    x, y : float
        Centre, in metres.
    side_m : float
        Its side.

    Returns
    -------
    shapely.Polygon
        Level.
    """
    half = side_m / 2
    return shapely.box(x - half, y - half, x + half, y + half)


def find_place(within: Shape, near: Shape, side_m: float) -> shapely.Polygon:
    """Return the square inside a shape that lies nearest to another.

    Parameters
    ----------
    within : shapely.Polygon or MultiPolygon
        Where it has to lie.
    near : shapely.Geometry
        To what it has to be near.
    side_m : float
        Its side.

    Returns
    -------
    shapely.Polygon
        On a lattice of 40 m.

    Raises
    ------
    ParameterError
        If no such square fits.
    """
    boxes = _squares(within, side_m)
    found: shapely.Polygon = boxes[int(np.argmin(shapely.distance(boxes, near)))]
    return found


def find_crossing(within: Shape, lines: Shape, side_m: float) -> shapely.Polygon:
    """Return the square inside a shape that holds the most of some lines.

    Parameters
    ----------
    within : shapely.Polygon or MultiPolygon
        Where it has to lie.
    lines : shapely.LineString or MultiLineString
        What has to cross it.
    side_m : float
        Its side.

    Returns
    -------
    shapely.Polygon
        On a lattice of 40 m.

    Raises
    ------
    ParameterError
        If no such square fits, or none holds as much of the lines as its side.
    """
    boxes = _squares(within, side_m)
    held = np.round(shapely.length(shapely.intersection(boxes, lines)), 3)
    # Of squares that hold as much, the one whose middle is nearest: lines may run along an edge.
    best = int(np.lexsort([shapely.distance(shapely.centroid(boxes), lines), -held])[0])
    if held[best] < side_m:
        raise ParameterError(
            explain(
                "modelled plan",
                f"no line crosses a square of {side_m:g} m that is free",
                remedy="another seed",
            )
        )
    found: shapely.Polygon = boxes[best]
    return found


def _squares(within: Shape, side_m: float) -> NDArray[Any]:
    """Return the squares of a lattice of 40 m that lie inside a shape, at least one."""
    if not shapely.is_empty(within):
        shapely.prepare(within)
        west, south, east, north = np.round(shapely.bounds(within))
        x, y = np.meshgrid(np.arange(west, east, _STEP_M), np.arange(south, north, _STEP_M))
        half = side_m / 2
        boxes = shapely.box(x.ravel() - half, y.ravel() - half, x.ravel() + half, y.ravel() + half)
        boxes = boxes[shapely.covers(within, boxes)]
        if len(boxes):
            return np.asarray(boxes, dtype=object)
    raise ParameterError(
        explain("modelled plan", f"no room for a square of {side_m:g} m", remedy="another seed")
    )


def build_zones(outline: Shape, layers: Sequence[tuple[str, Shape]], rest: str) -> pd.DataFrame:
    """Return the zones of a commune: a partition of its ground.

    All borders are noded together, and each face goes to the first layer that holds it.

    Parameters
    ----------
    outline : shapely.Polygon or MultiPolygon
        The commune.
    layers : sequence of (str, shapely.Geometry)
        Names and ground, those that come first before the others.
    rest : str
        Name of what is left.

    Returns
    -------
    pandas.DataFrame
        Columns ``name`` and ``geometry``, one row for each polygon, in order of name and from large
        to small.
    """
    borders = [shapely.boundary(shape) for shape in (outline, *(s for _, s in layers))]
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(borders))))
    inner = shapely.point_on_surface(faces)
    shapely.prepare(outline)
    inside = shapely.covers(outline, inner)
    faces, inner = faces[inside], inner[inside]
    name = np.full(len(faces), rest, dtype=object)
    for label, shape in reversed(layers):
        shapely.prepare(shape)
        name[shapely.covers(shape, inner)] = label
    parts, names = _dissolve(faces, name)
    parts, names = _dissolve(parts, _without_crumbs(parts, names))
    table = pd.DataFrame({"name": names, "geometry": parts, "size": -shapely.area(parts)})
    ordered = table.sort_values(["name", "size"], kind="stable", ignore_index=True)
    return ordered.drop(columns="size")


def _dissolve(faces: NDArray[Any], name: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the polygons that faces of one name form, and their names."""
    parts = {str(n): polygons_of(shapely.union_all(faces[name == n])) for n in sorted(set(name))}
    names = np.repeat(np.array(list(parts), dtype=object), [len(p) for p in parts.values()])
    return np.concatenate(list(parts.values())), names


def _without_crumbs(parts: NDArray[Any], name: NDArray[Any]) -> NDArray[Any]:
    """Return the names of polygons; the smallest ones take that of their longest border."""
    names = name.copy()
    area = shapely.area(parts)
    tree = shapely.STRtree(parts)
    for i in np.flatnonzero(area < _CRUMB_M2):
        near = tree.query(parts[i], predicate="intersects")
        near = near[area[near] > area[i]]
        if len(near):
            shared = shapely.length(shapely.intersection(parts[near], parts[i]))
            names[i] = names[near[int(shared.argmax())]]
    return names
