"""Shapes of a given area about a point, drawn from a code."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.datasets.noise import hash_uniform

__all__ = ["blobs", "code_numbers", "estates", "resize"]

Floats = NDArray[np.float64]

_VERTICES = 40
_WAVES = (2, 3, 5)
_ROUGHNESS = (0.14, 0.1, 0.06)


def code_numbers(codes: Any) -> NDArray[np.int64]:
    """Return a whole number for each code, the same on every machine.

    Parameters
    ----------
    codes : sequence of str
        For example ``T074a``.

    Returns
    -------
    numpy.ndarray of int64
        CRC-32 of the text.
    """
    return np.array([zlib.crc32(str(code).encode()) for code in codes], dtype=np.int64)


def blobs(
    xy: Floats, area_m2: Floats, *, codes: NDArray[np.int64], stretch: Floats, seed: int
) -> NDArray[Any]:
    """Return rounded shapes of exactly the given areas.

    Parameters
    ----------
    xy : numpy.ndarray
        Centres in metres, one a row.
    area_m2 : numpy.ndarray
        Areas.
    codes : numpy.ndarray of int64
        From `code_numbers`: give the direction and the bumps.
    stretch : numpy.ndarray
        Length over width.
    seed : int
        Seed of the model.

    Returns
    -------
    numpy.ndarray of shapely.Polygon
        Valid; each holds its centre.
    """
    theta = np.linspace(0, 2 * np.pi, _VERTICES, endpoint=False)
    radius = np.ones((len(xy), _VERTICES))
    for wave, rough in zip(_WAVES, _ROUGHNESS, strict=True):
        phase = 2 * np.pi * hash_uniform(codes, wave, seed)
        radius += rough * np.cos(wave * theta[None, :] + phase[:, None])
    long = np.sqrt(stretch)[:, None]
    u, v = radius * np.cos(theta) * long, radius * np.sin(theta) / long
    angle = np.pi * hash_uniform(codes, 21, seed)
    return _scaled(*_turned(u, v, angle=angle), xy=xy, area_m2=area_m2)


def estates(xy: Floats, area_m2: Floats, *, codes: NDArray[np.int64], seed: int) -> NDArray[Any]:
    """Return rectangles with a corner cut out, of exactly the given areas.

    Parameters
    ----------
    xy : numpy.ndarray
        Centres in metres, one a row.
    area_m2 : numpy.ndarray
        Areas.
    codes : numpy.ndarray of int64
        From `code_numbers`: give the direction and the proportions.
    seed : int
        Seed of the model.

    Returns
    -------
    numpy.ndarray of shapely.Polygon
        Valid; each holds its centre.
    """
    aspect = 1.0 + 1.2 * hash_uniform(codes, 11, seed)
    cut_u = 0.15 + 0.3 * hash_uniform(codes, 12, seed)
    cut_v = 0.15 + 0.3 * hash_uniform(codes, 13, seed)
    one, zero = np.ones(len(xy)), np.zeros(len(xy))
    u = np.stack([zero, one, one, 1 - cut_u, 1 - cut_u, zero], axis=1) - 0.5
    v = np.stack([zero, zero, 1 - cut_v, 1 - cut_v, one, one], axis=1) - 0.5
    angle = np.pi * hash_uniform(codes, 21, seed)
    return _scaled(*_turned(u * aspect[:, None], v, angle=angle), xy=xy, area_m2=area_m2)


def _turned(u: Floats, v: Floats, *, angle: Floats) -> tuple[Floats, Floats]:
    """Return vertices, one shape a row, turned about the origin."""
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return cos * u - sin * v, sin * u + cos * v


def _scaled(u: Floats, v: Floats, *, xy: Floats, area_m2: Floats) -> NDArray[Any]:
    """Return polygons from vertices about the origin, scaled to areas and moved to centres."""
    nu, nv = np.roll(u, -1, axis=1), np.roll(v, -1, axis=1)
    scale = np.sqrt(area_m2 / (0.5 * np.abs((u * nv - nu * v).sum(axis=1))))[:, None]
    return np.asarray(shapely.polygons(np.stack([u, v], axis=-1) * scale[..., None] + xy[:, None]))


def resize(shape: Any, area_m2: float, *, rounds: int = 12) -> Any:
    """Return a shape grown or shrunk evenly until it has an area.

    Parameters
    ----------
    shape : shapely.Polygon or MultiPolygon
        The shape.
    area_m2 : float
        Area wanted, above zero.
    rounds : int
        Steps of the search (false position).

    Returns
    -------
    shapely.Polygon or MultiPolygon
        Within one per mille of the area, unless the search is cut short.
    """
    low, low_area = -np.sqrt(shape.area), 0.0
    high = 2 * np.sqrt(area_m2)
    high_area = shape.buffer(high, quad_segs=4).area
    grown = shape
    distance = (area_m2 - shape.area) / shape.length
    for _ in range(rounds):
        grown = shape.buffer(distance, quad_segs=4)
        if abs(grown.area - area_m2) < 1e-3 * area_m2:
            break
        if grown.area < area_m2:
            low, low_area = distance, grown.area
        else:
            high, high_area = distance, grown.area
        share = (area_m2 - low_area) / (high_area - low_area)
        distance = low + np.clip(share, 0.08, 0.92) * (high - low)
    return grown
