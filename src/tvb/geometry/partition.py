"""Communes as a partition of the ground: no overlap, no sliver between neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import LayerError, explain
from tvb.geometry.arrays import (
    BoolArray,
    GeometryArray,
    IntArray,
    polygon_edges,
    polygon_parts,
)
from tvb.schema import require_crs

__all__ = ["SLIVER_WIDTH_M", "partition_communes"]

SLIVER_WIDTH_M = 20.0
"""A hole between communes in which no circle this wide fits is an accident of drawing.

In the 330 communes published by the Mission Bassin Minier, simplified one by one to about 10 m, the
widest of 1 045 slivers takes a circle of 10.4 m; the smallest commune of France would take 150 m.
"""

_GAP = -1


def partition_communes(
    communes: gpd.GeoDataFrame, *, sliver_width_m: float = SLIVER_WIDTH_M
) -> gpd.GeoDataFrame:
    """Return the communes without overlaps and without slivers between them.

    All outlines are noded together, and each face of the drawing goes to one commune: to the
    smallest code among those that hold it; if none does and it is a sliver, to the neighbour with
    which it shares the longest border (smallest code among equals, to a micrometre). A hole that is
    no sliver is ground outside the layer and stays one. Slivers open to the outside are no holes.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Polygons, EPSG:2154; ``insee`` unique and not null. Null and empty geometries stay.
    sliver_width_m : float
        A hole is a sliver when no circle of this diameter (m) fits in it.

    Returns
    -------
    geopandas.GeoDataFrame
        Same rows, order, index and columns. Neighbours share their vertices. A commune wholly
        covered by communes of smaller codes is left empty. A layer that was a partition comes
        back with its geometry untouched.

    Raises
    ------
    CrsError
        If the frame is not in EPSG:2154.
    LayerError
        If a code is missing or given twice.

    See Also
    --------
    tvb.geometry.attribute_to_commune : Uses this partition.
    """
    require_crs(communes, "communes")
    codes = _require_codes(communes)
    geometry = communes.geometry.to_numpy()
    order = np.argsort(codes, kind="stable")
    polygons, rank = polygon_parts(geometry[order])
    partition = communes.copy()
    if not _is_partition(polygons, sliver_width_m):
        faces, owner = _faces(polygons, rank, sliver_width_m)
        changed = geometry.copy()
        changed[order[np.unique(rank)]] = shapely.Polygon()
        for commune, area in _merge(faces, owner):
            changed[order[commune]] = area
        partition = partition.set_geometry(gpd.GeoSeries(changed, communes.index, communes.crs))
    return partition


def _require_codes(communes: gpd.GeoDataFrame) -> GeometryArray:
    """Return the codes, after checking that they identify the communes."""
    if "insee" not in communes.columns:
        raise LayerError(explain("communes", "column « insee » is missing"))
    codes = communes["insee"]
    wrong = codes.isna() | codes.duplicated()
    if wrong.any():
        raise LayerError(
            explain(
                "communes",
                "code missing or given twice",
                count=int(wrong.sum()),
                ids=codes[wrong],
                required="one row for each commune",
                remedy="communes.dissolve('insee', as_index=False)",
            )
        )
    return np.asarray(codes, dtype=object)


def _is_partition(polygons: GeometryArray, sliver_width_m: float) -> bool:
    if not shapely.coverage_is_valid(polygons):
        return False
    union = shapely.get_parts(shapely.coverage_union_all(polygons))
    rings, owner = shapely.get_rings(union, return_index=True)
    exterior = np.append(True, owner[1:] != owner[:-1])[: len(rings)]
    return not _are_slivers(shapely.polygons(rings[~exterior]), sliver_width_m).any()


def _are_slivers(holes: GeometryArray, width_m: float) -> BoolArray:
    return np.asarray(shapely.is_empty(shapely.buffer(holes, -width_m / 2)), dtype=bool)


def _faces(
    polygons: GeometryArray, rank: IntArray, sliver_width_m: float
) -> tuple[GeometryArray, IntArray]:
    """Return the faces of the drawing of all outlines, and the commune that each goes to."""
    drawing = shapely.unary_union(shapely.boundary(polygons))
    faces = shapely.get_parts(shapely.polygonize([drawing]))
    owner = _smallest_holder(faces, polygons, rank)
    return faces, _give_slivers(faces, owner, sliver_width_m)


def _merge(faces: GeometryArray, owner: IntArray) -> Iterator[tuple[int, shapely.Geometry]]:
    """Yield each commune with the union of its faces, in canonical order."""
    order = np.argsort(owner, kind="stable")
    order = order[np.searchsorted(owner[order], 0) :]
    starts = np.flatnonzero(np.diff(owner[order], prepend=_GAP))
    for group in np.split(order, starts[1:]):
        polygons, _ = polygon_parts(np.array([shapely.coverage_union_all(faces[group])]))
        area = shapely.MultiPolygon(list(polygons)) if len(polygons) > 1 else polygons[0]
        yield int(owner[group[0]]), shapely.normalize(area)


def _smallest_holder(faces: GeometryArray, polygons: GeometryArray, rank: IntArray) -> IntArray:
    """Return the first commune that holds each face, or the mark of a gap."""
    inside = shapely.point_on_surface(faces)
    face, polygon = shapely.STRtree(polygons).query(inside, predicate="within")
    owner = np.full(len(faces), np.iinfo(np.int64).max)
    np.minimum.at(owner, face, rank[polygon])
    owner[np.bincount(face, minlength=len(faces)) == 0] = _GAP
    return owner


def _give_slivers(faces: GeometryArray, owner: IntArray, sliver_width_m: float) -> IntArray:
    """Return the owners once each sliver has gone to the neighbour of longest shared border."""
    gaps = np.flatnonzero(owner == _GAP)
    gaps = gaps[_are_slivers(faces[gaps], sliver_width_m)]
    start, end, face = polygon_edges(faces)
    # Seen from the face beyond it, an edge runs the other way.
    of_gap = np.isin(face, gaps)
    near = pd.DataFrame(np.hstack([end, start])[of_gap]).assign(gap=face[of_gap])
    beyond = pd.DataFrame(np.hstack([start, end])).assign(owner=owner[face])
    shared = near.merge(beyond[beyond["owner"] != _GAP], on=[0, 1, 2, 3])
    # Whole micrometres: equal borders stay equal whatever the order of their edges.
    length = np.hypot(shared[0] - shared[2], shared[1] - shared[3])
    shared["length_um"] = (length * 1e6).round()
    borders = shared.groupby(["gap", "owner"])["length_um"].sum().reset_index()
    borders = borders.sort_values(by=["gap", "length_um", "owner"], ascending=[True, False, True])
    best = borders.drop_duplicates("gap")
    given = owner.copy()
    given[best["gap"].to_numpy()] = best["owner"].to_numpy()
    return given
