"""Habitat patches from the areas of one or several layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tvb.connectivity.burn import cells_of_polygons
from tvb.connectivity.capacity import share_figures, sum_cells
from tvb.errors import LayerError, ParameterError, explain
from tvb.facts import HECTARE_M2
from tvb.geometry import attribute_to_commune
from tvb.grid import Grid
from tvb.schema import CRS, require_crs

__all__ = ["build_patches", "trace_areas"]

Areas: TypeAlias = "gpd.GeoDataFrame | Sequence[gpd.GeoDataFrame] | Mapping[str, gpd.GeoDataFrame]"

_POLYGONAL = (3, 6)  # shapely's type ids of Polygon and MultiPolygon


def build_patches(
    areas: Areas,
    *,
    min_area_m2: float = 0.0,
    merge_distance_m: float = 0.0,
    capacity: str | Grid | None = None,
    communes: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Return the habitat patches that some areas form.

    Areas at most ``merge_distance_m`` apart, directly or from one to the next, form one patch: the
    union of their surfaces, of several parts where they do not touch. The ground between them
    is not added. The parts of a multi-part area count as separate areas. Only then are the patches
    smaller than ``min_area_m2`` left out; `trace_areas` tells which areas they were made of.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame, sequence or mapping of them
        Valid polygons in EPSG:2154. They may overlap. A mapping gives the layers their names; the
        layers of a sequence are called ``areas 1``, ``areas 2``, …
    min_area_m2 : float
        Smallest area of a patch, in m², inclusive.
    merge_distance_m : float
        Longest gap inside a patch, in metres, inclusive. At 0, areas that touch are merged, be it
        at a point.
    capacity : str or Grid, optional
        By default, the capacity of a patch is its area in hectares. A column: the sum over its
        areas, each part of an area having its share by surface (where areas overlap, both count). A
        raster: the sum over the cells whose centre lies in the patch, 0 where there is none.
    communes : geopandas.GeoDataFrame, optional
        Polygons with ``insee``, EPSG:2154: adds the column ``insee``.

    Returns
    -------
    geopandas.GeoDataFrame
        One row for each patch, in EPSG:2154, whatever the order of the rows given:

        - ``patch``: id, from 1 on, numbered from west to east, then from south to north, by the
          lower left corner of its bounds;
        - ``capacity``: what the indices weigh it by;
        - ``area_m2``, ``perimeter_m``: area and length of the boundary, holes included;
        - ``layers``: names of the layers it is made of, sorted, joined by ``"; "``;
        - ``insee``: commune that holds the largest share of it, if asked for;
        - ``geometry``: Polygon or MultiPolygon.

        No row if no area is given.

    Raises
    ------
    CrsError
        If a layer is not in EPSG:2154.
    LayerError
        If a geometry is null, empty, invalid or not a polygon, or a capacity is missing, negative
        or not a number.
    ParameterError
        If a parameter is negative or not finite.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> squares = [shapely.box(0, 0, 100, 100), shapely.box(110, 0, 210, 100)]
    >>> areas = gpd.GeoDataFrame(geometry=squares, crs=2154)
    >>> build_patches(areas, merge_distance_m=10)[["patch", "capacity", "perimeter_m"]]
       patch  capacity  perimeter_m
    0      1       2.0        800.0
    """
    for name, value in (("min_area_m2", min_area_m2), ("merge_distance_m", merge_distance_m)):
        if not (np.isfinite(value) and value >= 0):
            raise ParameterError(explain(name, f"is {value}", required="a finite number ≥ 0"))
    by_name = _as_layers(areas)
    parts = _sorted_parts(by_name)
    shapes = parts["geometry"].to_numpy()
    members = _clusters(shapes, merge_distance_m)
    geometry = np.array([_union(shapes[rows]) for rows in members], dtype=object)
    layers = [_names(parts["layer"].to_numpy()[rows]) for rows in members]
    area_m2 = shapely.area(geometry)
    kept = np.flatnonzero(area_m2 >= min_area_m2)
    order = kept[_west_to_east(geometry[kept])]
    worth = area_m2 / HECTARE_M2
    if isinstance(capacity, Grid):
        worth = _worth_of_cells(capacity, geometry)
    elif capacity is not None:
        figures = share_figures(by_name, capacity, parts)
        worth = np.array([figures[rows].sum() for rows in members], dtype=np.float64)
    patches = gpd.GeoDataFrame(
        {
            "patch": np.arange(1, len(order) + 1, dtype=np.int64),
            "capacity": worth[order],
            "area_m2": area_m2[order],
            "perimeter_m": shapely.length(geometry[order]),
            "layers": pd.Series([layers[row] for row in order], dtype="str"),
        },
        geometry=geometry[order],
        crs=CRS,
    )
    if communes is not None:
        patches.insert(5, "insee", attribute_to_commune(patches, communes))
    return patches


def _worth_of_cells(quality: Grid, shapes: NDArray[Any]) -> NDArray[np.float64]:
    cells, owner = cells_of_polygons(quality, shapes)
    worth = sum_cells(quality, cells, owner=owner, patches=len(shapes))
    if (worth < 0).any():
        raise LayerError(
            explain(
                quality.name,
                "adds up to less than nothing in a patch",
                count=int((worth < 0).sum()),
                required="cells ≥ 0",
            )
        )
    return worth


def trace_areas(areas: Areas, patches: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the patch to which each part of each area belongs.

    The table accounts for every area: those without a patch were left out by the minimum area of
    `build_patches`.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame, sequence or mapping of them
        What `build_patches` was given.
    patches : geopandas.GeoDataFrame
        What it returned.

    Returns
    -------
    pandas.DataFrame
        One row for each part of each area, in the order given:

        - ``layer``: name of the layer, as in `build_patches`;
        - ``row``: index of the area in its layer;
        - ``area_m2``: area of the part, overlaps included;
        - ``patch``: id of its patch (``Int64``), null where it was left out.

    Raises
    ------
    CrsError
        If a layer or the patches are not in EPSG:2154.
    LayerError
        If a geometry is null, empty, invalid or not a polygon.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> squares = [shapely.box(0, 0, 100, 100), shapely.box(200, 0, 210, 10)]
    >>> areas = gpd.GeoDataFrame(geometry=squares, crs=2154)
    >>> patches = build_patches(areas, min_area_m2=5000)
    >>> trace_areas(areas, patches)
       layer  row  area_m2  patch
    0  areas    0  10000.0      1
    1  areas    1    100.0   <NA>
    """
    require_crs(patches, "patches")
    parts = _parts(_as_layers(areas))
    # A point inside a part is inside the patch made of it, and patches do not overlap.
    inside = shapely.point_on_surface(parts["geometry"].to_numpy())
    tree = shapely.STRtree(patches.geometry.to_numpy())
    part, row = tree.query(inside, predicate="intersects")
    patch = pd.array([pd.NA] * len(parts), dtype="Int64")
    patch[part] = patches["patch"].to_numpy()[row]
    return pd.DataFrame(
        {
            "layer": parts["layer"],
            "row": parts["row"].infer_objects(),
            "area_m2": shapely.area(parts["geometry"].to_numpy()),
            "patch": patch,
        }
    )


def _as_layers(areas: Areas) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers by name, once each is found fit."""
    if isinstance(areas, gpd.GeoDataFrame):
        layers = {"areas": areas}
    elif isinstance(areas, Mapping):
        layers = dict(areas)
    else:
        layers = {f"areas {n}": frame for n, frame in enumerate(areas, start=1)}
    for name, frame in layers.items():
        require_crs(frame, name)
        _require_valid_polygons(frame, name)
    return layers


def _require_valid_polygons(frame: gpd.GeoDataFrame, layer: str) -> None:
    geometry = frame.geometry.to_numpy()
    nowhere = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    foreign = ~np.isin(shapely.get_type_id(geometry), _POLYGONAL)
    for problem, wrong in (
        ("null or empty geometry", nowhere),
        ("geometry that is not a polygon", foreign),
        ("invalid geometry", ~shapely.is_valid(geometry)),
    ):
        if wrong.any():
            raise LayerError(
                explain(
                    layer,
                    problem,
                    count=int(wrong.sum()),
                    ids=frame.index[wrong],
                    required="valid polygons",
                    remedy="read the file with tvb.io.read_layer, or use shapely.make_valid",
                )
            )


def _parts(layers: Mapping[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Return one row for each flat polygon: ``layer``, ``position`` and ``row`` in it, shape."""
    columns: dict[str, list[Any]] = {"layer": [], "position": [], "row": [], "geometry": []}
    for name, frame in layers.items():
        flat = shapely.force_2d(frame.geometry.to_numpy())
        polygons, rows = shapely.get_parts(flat, return_index=True)
        columns["layer"] += [name] * len(polygons)
        columns["position"] += rows.tolist()
        columns["row"] += frame.index[rows].tolist()
        columns["geometry"] += polygons.tolist()
    return pd.DataFrame({name: pd.Series(v, dtype=object) for name, v in columns.items()})


def _sorted_parts(layers: Mapping[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Return the parts in an order of their own, so that unions do not depend on that of rows."""
    parts = _parts(layers)
    parts["geometry"] = shapely.normalize(parts["geometry"].to_numpy())
    keys = pd.Series(shapely.to_wkb(parts["geometry"].to_numpy()), dtype=object)
    return parts.iloc[keys.argsort(kind="stable")].reset_index(drop=True)


def _clusters(shapes: NDArray[Any], distance_m: float) -> list[NDArray[np.int64]]:
    """Return the rows of the shapes that hang together with gaps of at most a distance."""
    if len(shapes) == 0:
        return []
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=distance_m)
    near = coo_array((np.ones(len(first)), (first, second)), shape=(len(shapes), len(shapes)))
    count, label = connected_components(near, directed=False)
    rows = np.argsort(label, kind="stable")
    return np.split(rows, np.searchsorted(label[rows], np.arange(1, count)))


def _union(shapes: NDArray[Any]) -> shapely.Geometry:
    return shapes[0] if len(shapes) == 1 else shapely.normalize(shapely.union_all(shapes))


def _names(layers: NDArray[Any]) -> str:
    return "; ".join(sorted(set(layers)))


def _west_to_east(geometry: NDArray[Any]) -> NDArray[np.intp]:
    west, south, east, north = shapely.bounds(geometry).T
    return np.lexsort((shapely.area(geometry), north, east, south, west))
