"""By how much a drawing was moved from its model."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from tvb.geometry.arrays import FloatArray, GeometryArray

__all__ = ["estimate_shift"]

_MOST_POINTS, _FINEST_M = 4000, 2.0
_TURNS, _ENOUGH_M = 60, 0.01
_KEPT_SHARE = 0.8
"""A part of the drawing may have no counterpart: the farthest points have no say."""


def estimate_shift(
    drawn: shapely.Geometry, model: shapely.Geometry, *, limit_m: float = 500.0
) -> tuple[float, float]:
    """Return the translation that carries a model to where it was drawn.

    The outline of the drawing is laid on that of the model, each of its points on the nearest one,
    again and again (iterative closest point, translations only, trimmed); from where it stands and
    from where the centroids coincide. The drawing may lack parts of the model.

    Parameters
    ----------
    drawn : shapely.Geometry
        Polygons.
    model : shapely.Geometry
        Polygons.
    limit_m : float
        Longer translations are not looked for.

    Returns
    -------
    tuple of float
        East and north, in metres; zeros where one of the shapes is empty.

    References
    ----------
    .. [1] Besl and McKay (1992), A method for registration of 3-D shapes.
    .. [2] Chetverikov et al. (2002), The trimmed iterative closest point algorithm.

    Examples
    --------
    >>> east, north = estimate_shift(shapely.box(30, 40, 130, 100), shapely.box(0, 0, 100, 60))
    >>> round(east), round(north)
    (30, 40)
    """
    points, targets = _points_of(drawn), _points_of(model)
    if not len(points) or not len(targets):
        return 0.0, 0.0
    apart = shapely.get_coordinates([shapely.centroid(drawn), shapely.centroid(model)])
    best: FloatArray = np.zeros(2)
    least = np.inf
    for start in (np.zeros(2), apart[0] - apart[1]):
        shift, far = _register(points, targets, start)
        if np.hypot(*shift) <= limit_m and far < least:
            best, least = shift, far
    return float(best[0]), float(best[1])


def _points_of(shape: shapely.Geometry) -> FloatArray:
    """Return points along the outline of polygons, all of them as far apart."""
    outline = shapely.boundary(shape)
    step = max(shapely.length(outline) / _MOST_POINTS, _FINEST_M)
    lines: GeometryArray = shapely.get_parts(outline)
    places = [
        shapely.line_interpolate_point(line, np.arange(0.0, shapely.length(line), step))
        for line in lines
    ]
    if not places:
        return np.empty((0, 2))
    return np.asarray(shapely.get_coordinates(np.concatenate(places)))


def _register(
    points: FloatArray, targets: FloatArray, start: FloatArray
) -> tuple[FloatArray, float]:
    """Return the translation found from a start, and how far from the model it leaves points."""
    from scipy.spatial import cKDTree

    tree, shift, far = cKDTree(targets), start, np.inf
    for _ in range(_TURNS):
        asked: Any = tree.query(points - shift)
        distance, nearest = asked
        kept = distance <= np.quantile(distance, _KEPT_SHARE)
        step = (points - shift - targets[nearest])[kept].mean(axis=0)
        shift, far = shift + step, float(distance[kept].mean())
        if np.hypot(*step) < _ENOUGH_M:
            break
    return shift, far
