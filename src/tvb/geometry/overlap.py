"""Areas that polygons share with a union of large ones, without ever making that union."""

from __future__ import annotations

import numpy as np
import shapely

from tvb.geometry.arrays import BoolArray, FloatArray, GeometryArray, polygon_parts, total_bounds
from tvb.geometry.overlay import intersect

__all__ = ["measure_overlap"]

_FEW_VERTICES = 500


def measure_overlap(features: GeometryArray, areas: GeometryArray) -> FloatArray:
    """Return the area of each feature that lies in the union of some polygons.

    The ground is halved until a block holds few vertices, or is no larger than a feature in it.
    What the polygons leave in a block is merged there, so that those that overlap count once.

    Parameters
    ----------
    features : numpy.ndarray
        Valid polygons, single or multiple.
    areas : numpy.ndarray
        Valid single polygons, which may overlap.

    Returns
    -------
    numpy.ndarray
        Square metres.
    """
    measured = np.zeros(len(features))
    bounds = shapely.bounds(features)
    blocks = [(areas, np.flatnonzero(~np.isnan(bounds[:, 0])))]
    while blocks:
        pieces, rows = blocks.pop()
        box = _shared_box(bounds[rows], shapely.bounds(pieces))
        if box is None:
            continue
        largest = (bounds[rows, 2:] - bounds[rows, :2]).max()
        few = shapely.get_num_coordinates(pieces).sum() <= _FEW_VERTICES
        if few or (box[2:] - box[:2]).max() <= largest:
            merged = shapely.union_all(_clip(pieces, box))
            measured[rows] += shapely.area(intersect(features[rows], merged))
            continue
        blocks += [(_clip(pieces, h), rows[_meets(bounds[rows], h)]) for h in _halves(box)]
    return measured


def _shared_box(one: FloatArray, other: FloatArray) -> FloatArray | None:
    """Return the box where the boxes of two sets meet, or None."""
    if len(one) == 0 or len(other) == 0:
        return None
    a, b = total_bounds(one), total_bounds(other)
    box = np.concatenate([np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])])
    return box if (box[:2] < box[2:]).all() else None


def _halves(box: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the two halves of a box, cut across its longer side."""
    side = int(box[3] - box[1] > box[2] - box[0])
    first, second = box.copy(), box.copy()
    first[side + 2] = second[side] = (box[side] + box[side + 2]) / 2
    return first, second


def _meets(bounds: FloatArray, box: FloatArray) -> BoolArray:
    within = (bounds[:, :2] < box[2:]) & (bounds[:, 2:] > box[:2])
    return np.asarray(within.all(axis=1))


def _clip(polygons: GeometryArray, box: FloatArray) -> GeometryArray:
    """Return what polygons leave in a box, as valid single polygons."""
    bounds = shapely.bounds(polygons)
    near = _meets(bounds, box)
    polygons, bounds = polygons[near], bounds[near]
    out = ~((bounds[:, :2] >= box[:2]) & (bounds[:, 2:] <= box[2:])).all(axis=1)
    if not out.any():
        return polygons
    cut, _ = polygon_parts(shapely.clip_by_rect(polygons[out], *box))
    return np.concatenate([polygons[~out], cut])
