"""How far one sees: the settings of a line of sight, and the horizon.

A line of sight is straight; the earth falls away below it by ``(1 − k) d² / (2 R)`` over a distance
d: R is the radius of the earth, and k the coefficient of refraction, by which the ray is bent down
as well. Projected distances are taken for distances on the ground: Lambert-93 is off by less than
0.2 % in the basin.

References
----------
C. F. Gauss found k = 0.13 in the survey of Hanover; W. Torge and J. Müller, Geodesy, 4th ed., De
Gruyter, 2012, section 5.1. P. Yoeli, The making of intervisibility maps with computer and plotter,
Cartographica 22(3), 1985.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from tvb.errors import ParameterError, explain
from tvb.geometry.arrays import FloatArray

__all__ = ["DEFAULT_SIGHT", "EARTH_RADIUS_M", "GRAZING_M", "Shows", "Sight", "measure_horizon_m"]

EARTH_RADIUS_M = 6_371_000.0
"""Mean radius of the earth."""

GRAZING_M = 1e-6
"""A line of sight that touches the ground sees: less than this above it is rounding."""

Shows = Literal["ground", "surface"]


@dataclass(frozen=True, slots=True)
class Sight:
    """Who looks, through which air, and how far.

    Parameters
    ----------
    observer_m : float
        Height of the eyes above the ground, in metres; more than 0.
    refraction : float
        Coefficient k, less than 1; 0 is a straight ray, 0.13 the usual value by day.
    max_distance_m : float
        What is farther counts as not seen; no limit by default.
    dem_shows : {"ground", "surface"}
        What the elevations given hold. Ground without the terrils: a terril is a mark of its
        ``hauteur_m`` above the ground in its middle. The surface with the terrils on it: a terril
        is its highest cell, ``hauteur_m`` is not used, and what lies inside its outline does not
        hide it.
    default_height_m : float, optional
        Height of the terrils whose ``hauteur_m`` is not known. None: whether they are seen is not
        known either.

    Raises
    ------
    ParameterError
        If a value is out of its range.
    """

    observer_m: float = 1.6
    refraction: float = 0.13
    max_distance_m: float = float("inf")
    dem_shows: Shows = "ground"
    default_height_m: float | None = None

    def __post_init__(self) -> None:
        wrong = {
            "observer_m": (self.observer_m > 0, "more than 0 m"),
            "refraction": (self.refraction < 1, "less than 1"),
            "max_distance_m": (self.max_distance_m > 0, "more than 0 m"),
            "dem_shows": (self.dem_shows in get_args(Shows), "ground or surface"),
            "default_height_m": ((self.default_height_m or 0.0) >= 0, "0 m or more, or None"),
        }
        for name, (fits, required) in wrong.items():
            if not fits:
                raise ParameterError(explain(name, f"{getattr(self, name)}", required=required))

    @property
    def bend(self) -> float:
        """Drop of the earth below a line of sight, per square metre of distance, in 1/m."""
        return (1.0 - self.refraction) / (2.0 * EARTH_RADIUS_M)


DEFAULT_SIGHT = Sight()
"""Someone of ordinary height, over bare ground, as far as the earth allows."""


def measure_horizon_m(height_m: FloatArray | float, *, refraction: float = 0.13) -> FloatArray:
    """Return the distance of the horizon on an earth without relief.

    Two things see each other when they are no farther apart than the sum of their horizons.

    Parameters
    ----------
    height_m : float or numpy.ndarray
        Height of the eye above the ground, in metres, 0 or more.
    refraction : float
        Coefficient k, less than 1.

    Returns
    -------
    numpy.ndarray
        Metres: ``sqrt(2 R h / (1 − k))``.

    Raises
    ------
    ParameterError
        If the coefficient is 1 or more, or a height is negative.

    Examples
    --------
    >>> round(float(measure_horizon_m(1.6)))
    4841
    """
    bend = Sight(refraction=refraction).bend
    height = np.asarray(height_m, dtype="float64")
    if (height < 0).any():
        raise ParameterError(explain("height_m", f"{height.min():g} m", required="0 or more"))
    return np.asarray(np.sqrt(height / bend))
