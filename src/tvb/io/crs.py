"""Coordinate reference systems: declared, missing, contradicted, converted."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import ProjError
from pyproj.transformer import AreaOfInterest, TransformerGroup

from tvb.errors import CrsError, CrsWarning, explain
from tvb.schema import CRS

__all__ = ["Projector", "resolve_crs", "window_in"]

# West, south, east, north of the area of EPSG:2154 and its surroundings, in its own metres, and the
# basin in degrees, where the accuracy of a conversion matters.
_FRANCE_M = (-700_000.0, 5_900_000.0, 1_500_000.0, 7_400_000.0)
_BASIN = AreaOfInterest(2.0, 50.0, 4.3, 51.0)

_NTF_GRID = "fr_ign_gr3df97a.tif"
_SAME_M = 1e-3

# « Undefined geographic SRS »: what a GeoPackage says where the system is not known.
_NAMELESS = "undefined"


def resolve_crs(found: Any, declared: Any | None, label: str) -> tuple[pyproj.CRS, str | None]:
    """Return the system of a file, horizontal part only.

    Parameters
    ----------
    found : pyproj.CRS or anything that makes one, or None
        What the file says.
    declared : pyproj.CRS or anything that makes one, or None
        What the user says; it wins.
    label : str
        Name of the file in messages.

    Returns
    -------
    tuple of (pyproj.CRS, str or None)
        The system, and a remark where the user contradicts the file.

    Raises
    ------
    CrsError
        If neither says anything, or what one says is not a system.
    """
    told = None if found is None else _horizontal(found, label)
    if told is not None and (told.is_engineering or told.name.casefold().startswith(_NAMELESS)):
        told = None
    wanted = told if declared is None else _horizontal(declared, label)
    if wanted is None:
        raise CrsError(
            explain(
                label,
                "the file does not say its coordinate reference system",
                required="a declared system",
                remedy='declare it with crs= (tvb check: --crs), for example crs="EPSG:2154" for '
                'Lambert-93 metres, crs="EPSG:4326" for degrees, crs="EPSG:27572" for the old '
                "Lambert II étendu",
            )
        )
    if told is None or told.equals(wanted, ignore_axis_order=True):
        return wanted, None
    return wanted, f"read as {name_of(wanted)}, as declared, though the file says {name_of(told)}"


def _horizontal(value: Any, label: str) -> pyproj.CRS:
    try:
        crs = pyproj.CRS.from_user_input(value)
    except ProjError as error:
        raise CrsError(
            explain(
                label,
                f"{str(value)[:60]!r} is not a coordinate reference system",
                required="an EPSG code such as EPSG:2154, or a WKT",
            )
        ) from error
    return crs.sub_crs_list[0] if crs.is_compound else crs.to_2d()


def name_of(crs: pyproj.CRS) -> str:
    """Return a short name of a system.

    Parameters
    ----------
    crs : pyproj.CRS
        The system.

    Returns
    -------
    str
        ``EPSG:27572``, or its title where it has no code.
    """
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.name


class Projector:
    """Converts geometry to EPSG:2154, once it is plausible.

    Parameters
    ----------
    crs : pyproj.CRS
        System of the file.
    label : str
        Name of the file in messages.

    Warns
    -----
    CrsWarning
        If the accurate conversion needs a grid that is not installed.
    """

    def __init__(self, crs: pyproj.CRS, label: str) -> None:
        self.crs = crs
        self.label = label
        self.same = _is_working(crs)
        self.rough = not self.same and _warn_without_grid(crs, label)
        if not self.same:
            self._transformer = _transformer(crs, label)

    def __call__(self, geometry: NDArray[Any]) -> NDArray[Any]:
        """Return geometry in EPSG:2154.

        Parameters
        ----------
        geometry : numpy.ndarray of shapely.Geometry
            In the system of the file, two-dimensional; null and empty are left alone.

        Returns
        -------
        numpy.ndarray of shapely.Geometry
            In EPSG:2154. Coordinates that have no image there are infinite.

        Raises
        ------
        CrsError
            If the coordinates contradict the system declared.
        """
        bounds = shapely.bounds(geometry)
        finite = np.isfinite(bounds).all(axis=1)
        if not finite.any():
            return geometry
        self._refuse_contradiction(bounds[finite])
        if not self.same:
            geometry = shapely.transform(geometry, self._convert)
            bounds = shapely.bounds(geometry)
        if not inside_france(bounds).any():
            raise self._contradicted(
                bounds, f"is outside metropolitan France once read as {name_of(self.crs)}"
            )
        return geometry

    def _convert(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return places of shape (n, 2) in EPSG:2154; infinite where they have no image."""
        return np.column_stack(self._transformer.transform(places[:, 0], places[:, 1]))

    def _refuse_contradiction(self, bounds: NDArray[np.float64]) -> None:
        small = (np.abs(bounds) <= [180.0, 90.0, 180.0, 90.0]).all(axis=1)
        metres = self.crs.is_projected
        if metres and small.all():
            raise self._contradicted(bounds, f"is in degrees, but {name_of(self.crs)} is in metres")
        if self.crs.is_geographic and not small.any():
            raise self._contradicted(bounds, f"is in metres, but {name_of(self.crs)} is in degrees")

    def _contradicted(self, bounds: NDArray[np.float64], problem: str) -> CrsError:
        finite = bounds[np.isfinite(bounds).all(axis=1)]
        x, y = finite[0, :2] if len(finite) else (np.inf, np.inf)
        return CrsError(
            explain(
                self.label,
                f"the geometry {problem} (first corner: x {x:.6g}, y {y:.6g})",
                required="coordinates that fit the declared system",
                remedy="declare the true system with crs= (tvb check: --crs), for example "
                'crs="EPSG:2154" for metres or crs="EPSG:4326" for degrees (longitude first)',
            )
        )


def inside_france(bounds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which bounds meet the area of EPSG:2154 and its surroundings.

    Parameters
    ----------
    bounds : numpy.ndarray of float, shape (n, 4)
        West, south, east, north in metres.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
        False where a bound is not finite.
    """
    west, south, east, north = _FRANCE_M
    finite = np.asarray(np.isfinite(bounds).all(axis=1))
    x_meets = (bounds[:, 2] >= west) & (bounds[:, 0] <= east)
    y_meets = (bounds[:, 3] >= south) & (bounds[:, 1] <= north)
    meets: NDArray[np.bool_] = finite & x_meets & y_meets
    return meets


def _is_working(crs: pyproj.CRS) -> bool:
    """Tell whether a system is Lambert-93, under whatever name an old ``.prj`` gives it."""
    if crs.to_epsg() == 2154:
        return True
    if not crs.is_projected or crs.axis_info[0].unit_conversion_factor != 1.0:
        return False
    x = np.array([480_000.0, 650_000.0, 760_000.0, 1_000_000.0])
    y = np.array([6_300_000.0, 7_000_000.0, 7_030_000.0, 6_500_000.0])
    moved = pyproj.Transformer.from_crs(crs, CRS, always_xy=True).transform(x, y)
    return bool(np.max(np.abs(np.array(moved) - [x, y])) < _SAME_M)


def _transformer(crs: pyproj.CRS, label: str) -> pyproj.Transformer:
    try:
        return pyproj.Transformer.from_crs(crs, CRS, always_xy=True)
    except ProjError as error:
        raise CrsError(
            explain(
                label,
                f"no conversion from {name_of(crs)[:60]} to {CRS} is known",
                remedy="declare the true system with crs= (tvb check: --crs)",
            )
        ) from error


@lru_cache(maxsize=32)
def _best_is_available(wkt: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyproj says in English what CrsWarning says in full
        group = TransformerGroup(wkt, CRS, always_xy=True, area_of_interest=_BASIN)
    return bool(group.best_available)


def _warn_without_grid(crs: pyproj.CRS, label: str) -> bool:
    """Warn, and tell, that the accurate conversion is not possible here."""
    if _best_is_available(crs.to_wkt()):
        return False
    ntf = "NTF" in crs.to_wkt() or "27572" in name_of(crs)
    loss = "2 to 3 m off in the basin" if ntf else "less accurate than they could be"
    grid = _NTF_GRID if ntf else "the grid that PROJ names"
    remedy = (
        f"install it once: « pyproj sync --file {grid} » on a connected machine, or copy it from "
        "https://cdn.proj.org into the folder that pyproj.datadir.get_user_data_dir() names"
    )
    warnings.warn(
        explain(
            label,
            f"converted from {name_of(crs)} without the grid of the accurate conversion; "
            f"coordinates are {loss}",
            required=grid,
            remedy=remedy,
        ),
        CrsWarning,
        stacklevel=2,
    )
    return True


def window_in(
    bbox: tuple[float, float, float, float], crs: pyproj.CRS
) -> tuple[float, float, float, float]:
    """Return the window of a file that covers a window in EPSG:2154.

    Parameters
    ----------
    bbox : tuple of float
        West, south, east, north in EPSG:2154.
    crs : pyproj.CRS
        System of the file.

    Returns
    -------
    tuple of float
        West, south, east, north in the system of the file, a little larger than needed.
    """
    if _is_working(crs):
        return bbox
    back = pyproj.Transformer.from_crs(CRS, crs, always_xy=True)
    west, south, east, north = back.transform_bounds(*bbox, densify_pts=51)
    margin_x, margin_y = 0.001 * (east - west), 0.001 * (north - south)
    return west - margin_x, south - margin_y, east + margin_x, north + margin_y
