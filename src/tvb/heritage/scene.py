"""Terrils standing in a relief, ready to be looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, explain
from tvb.geometry.arrays import GeometryArray, IntArray
from tvb.grid import Grid
from tvb.heritage.sight import GRAZING_M, Sight
from tvb.schema import require_crs

if TYPE_CHECKING:
    from tvb.heritage.sight_kernels import Relief

__all__ = ["Scene", "cells_inside", "set_scene"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scene:
    """The tops of terrils, and the relief around them.

    Parameters
    ----------
    sight : Sight
        Settings.
    relief : Relief or None
        The ground; None on an earth without relief.
    xy : numpy.ndarray
        Where the tops stand, in metres, shape (m, 2).
    base_m : numpy.ndarray
        Elevation of the feet, shape (m,).
    height_m : numpy.ndarray
        Height of the tops above their feet, not a number where it is not known, shape (m,).
    """

    sight: Sight
    relief: Relief | None
    xy: Floats
    base_m: Floats
    height_m: Floats

    def stand(self, xy: Floats) -> Floats:
        """Return eyes above places.

        Parameters
        ----------
        xy : numpy.ndarray
            Metres, shape (n, 2).

        Returns
        -------
        numpy.ndarray
            Place and elevation, shape (n, 3); the latter not a number where there is no ground.
        """
        if self.relief is None:
            ground = np.zeros(len(xy))
        else:
            from tvb.heritage.sight_kernels import interpolate

            ground = interpolate(self.relief, *_columns(xy))
        return np.column_stack([xy, ground + self.sight.observer_m])

    def raise_ground(self, dem: Grid, outline: shapely.Geometry, by_m: float) -> Scene:
        """Return the same terrils, with something built on the ground between them.

        Parameters
        ----------
        dem : Grid
            The elevations of which the scene was made.
        outline : shapely.Geometry
            Polygon: the cells whose centre lies in it are raised.
        by_m : float
            How much, in metres.

        Returns
        -------
        Scene
            Tops stand where and as high as they stood.

        Raises
        ------
        ParameterError
            If the scene has no relief.
        """
        if self.relief is None:
            raise ParameterError(explain("dem", "no relief to build on", required="elevations"))
        z = self.relief.z[1:-1, 1:-1].copy()
        z[cells_inside(dem, outline)] += by_m
        z, top = _ringed(z)
        return replace(self, relief=self.relief._replace(z=z, top=top))

    def pairs(self, eyes: Floats) -> tuple[IntArray, IntArray, Floats]:
        """Return eye, terril and distance of all that are near enough, eye by eye.

        Parameters
        ----------
        eyes : numpy.ndarray
            From `stand`, shape (n, 3).

        Returns
        -------
        tuple of numpy.ndarray
            Positions of eyes and terrils, and metres, shape (k,).
        """
        distance_m = np.hypot(
            eyes[:, None, 0] - self.xy[None, :, 0], eyes[:, None, 1] - self.xy[None, :, 1]
        )
        eye, terril = np.nonzero(distance_m <= self.sight.max_distance_m)
        return eye, terril, distance_m[eye, terril]

    def hidden_m(self, eyes: Floats, eye: IntArray, terril: IntArray) -> Floats:
        """Return the height below which a terril is hidden.

        Parameters
        ----------
        eyes : numpy.ndarray
            From `stand`, shape (n, 3).
        eye, terril : numpy.ndarray
            Positions of eyes and terrils, shape (k,).

        Returns
        -------
        numpy.ndarray
            Metres above the foot, shape (k,); a lower bound where that is more than the terril is
            high, not a number where it is not known.
        """
        if self.relief is None:
            x, y = (self.xy[terril] - eyes[eye, :2]).T
            beyond_m = np.hypot(x, y) - np.sqrt(self.sight.observer_m / self.sight.bend)
            return np.asarray(self.sight.bend * np.maximum(beyond_m, 0.0) ** 2)
        from tvb.heritage.sight_kernels import find_needed_elevations

        tops = np.column_stack([self.xy, self.base_m + self.height_m])
        pairs = np.column_stack([eye, terril]).astype(np.int32)
        return find_needed_elevations(self.relief, eyes, tops, pairs) - self.base_m[terril]

    def sees(self, hidden_m: Floats, terril: IntArray) -> Floats:
        """Return 1 where a terril is seen, 0 where not, not a number where it is not known.

        Parameters
        ----------
        hidden_m : numpy.ndarray
            From `hidden_m`, shape (k,).
        terril : numpy.ndarray
            Positions of the terrils, shape (k,).

        Returns
        -------
        numpy.ndarray
            Shape (k,).
        """
        over_m = self.height_m[terril] - hidden_m
        return np.where(np.isnan(over_m), np.nan, over_m >= -GRAZING_M)


def set_scene(terrils: gpd.GeoDataFrame, dem: Grid | None, sight: Sight) -> Scene:
    """Return the terrils in their relief.

    Parameters
    ----------
    terrils : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``no_terril``, and ``hauteur_m`` where it is known.
    dem : Grid or None
        Elevations in metres.
    sight : Sight
        Settings.

    Returns
    -------
    Scene
        Terrils in the order given.

    Raises
    ------
    CrsError
        If the frame is not in EPSG:2154.
    LayerError
        If a terril has no geometry.
    """
    require_crs(terrils, "terrils")
    outlines = terrils.geometry.to_numpy()
    _require_places(outlines, terrils)
    xy = _middles(outlines)
    height_m = _known_heights(terrils, sight)
    if dem is None:
        return Scene(sight, None, xy, np.zeros(len(xy)), height_m)
    if sight.dem_shows == "ground":
        from tvb.heritage.sight_kernels import interpolate

        relief = _prepare_relief(dem, sight, ())
        return Scene(sight, relief, xy, interpolate(relief, *_columns(xy)), height_m)
    relief = _prepare_relief(dem, sight, outlines)
    return Scene(sight, relief, *_highest_cells(dem, relief, outlines))


def cells_inside(dem: Grid, outline: shapely.Geometry) -> tuple[IntArray, IntArray]:
    """Return rows and columns of the cells whose centre lies in a polygon.

    Parameters
    ----------
    dem : Grid
        Any raster.
    outline : shapely.Geometry
        Polygon, single or multiple.

    Returns
    -------
    tuple of numpy.ndarray
        Rows and columns, in order of rows.
    """
    west, south, east, north = shapely.bounds(outline)
    (top, bottom), (left, right) = (
        np.clip(np.floor([a, b]), 0, cells - 1).astype(np.int64)
        for a, b, cells in (
            ((dem.y_max - north) / dem.cell_height, (dem.y_max - south) / dem.cell_height,
             dem.shape[0]),
            ((west - dem.x_min) / dem.cell_width, (east - dem.x_min) / dem.cell_width,
             dem.shape[1]),
        )
    )  # fmt: skip
    x = dem.x_min + (np.arange(left, right + 1) + 0.5) * dem.cell_width
    y = dem.y_max - (np.arange(top, bottom + 1) + 0.5) * dem.cell_height
    row, column = np.nonzero(shapely.contains_xy(outline, x[None, :], y[:, None]))
    return row + top, column + left


def _require_places(outlines: GeometryArray, terrils: gpd.GeoDataFrame) -> None:
    nowhere = shapely.is_missing(outlines) | shapely.is_empty(outlines)
    if nowhere.any():
        raise LayerError(
            explain(
                "terrils",
                "no geometry",
                count=int(nowhere.sum()),
                ids=terrils.loc[nowhere, "no_terril"],
                remedy="read the layer with tvb.io.read_layer, which drops such rows and says so",
            )
        )


def _columns(xy: Floats) -> tuple[Floats, Floats]:
    return np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1])


def _middles(outlines: GeometryArray) -> Floats:
    """Return the centroid of each polygon, or a point inside where it lies outside."""
    middle = shapely.centroid(outlines)
    outside = ~shapely.covers(outlines, middle)
    middle[outside] = shapely.point_on_surface(outlines[outside])
    return shapely.get_coordinates(middle)


def _known_heights(terrils: gpd.GeoDataFrame, sight: Sight) -> Floats:
    supposed = np.nan if sight.default_height_m is None else sight.default_height_m
    if "hauteur_m" not in terrils.columns:
        return np.full(len(terrils), supposed)
    height_m = terrils["hauteur_m"].to_numpy(dtype="float64", na_value=np.nan)
    return np.where(np.isnan(height_m), supposed, height_m)


def _highest_cells(
    dem: Grid, relief: Relief, outlines: GeometryArray
) -> tuple[Floats, Floats, Floats]:
    """Return place, foot and height of the highest cell inside each outline.

    A terril that holds no centre of a cell is the ground in its middle; one with a cell without
    data, or wholly outside, has no known height.
    """
    from tvb.heritage.sight_kernels import interpolate

    xy = _middles(outlines)
    base_m = interpolate(relief, *_columns(xy))
    height_m = base_m - base_m
    for at, outline in enumerate(outlines):
        row, column = cells_inside(dem, outline)
        if len(row) == 0:
            continue
        z = relief.z[row + 1, column + 1]
        highest = int(np.argmax(z))  # the first that is not a number, if there is one
        xy[at] = (
            dem.x_min + (column[highest] + 0.5) * dem.cell_width,
            dem.y_max - (row[highest] + 0.5) * dem.cell_height,
        )
        base_m[at], height_m[at] = z.min(), z[highest] - z.min()
    return xy, base_m, height_m


def _prepare_relief(dem: Grid, sight: Sight, outlines: GeometryArray | tuple[()]) -> Relief:
    """Return elevations with a ring around them; target t owns the cells inside outline t."""
    from tvb.heritage.sight_kernels import Relief

    z = np.array(dem.values, dtype="float64")
    if dem.nodata is not None:
        z[dem.values == dem.nodata] = np.nan
    owner = np.full(z.shape, -1, dtype=np.int32)
    for number, outline in enumerate(outlines):
        owner[cells_inside(dem, outline)] = number
    z, top = _ringed(z)
    return Relief(
        z=z,
        top=top,
        owner=np.pad(owner, 1, mode="edge"),
        x_min=dem.x_min - dem.cell_width / 2,
        y_max=dem.y_max + dem.cell_height / 2,
        width=dem.cell_width,
        height=dem.cell_height,
        bend=sight.bend,
    )


def _ringed(z: Floats) -> tuple[Floats, Floats]:
    """Return elevations with a ring of cells around them, and the highest of each block."""
    from tvb.heritage.sight_kernels import BLOCK

    z = np.pad(z, 1, mode="edge")
    return z, _block_tops(z, BLOCK)


def _block_tops(z: Floats, side: int) -> Floats:
    """Return the highest corner of the patches of each block; infinite where data is missing."""
    known = np.where(np.isnan(z), np.inf, z)
    pairs = np.maximum(known[:-1], known[1:])
    patches = np.maximum(pairs[:, :-1], pairs[:, 1:])
    rows, columns = (-(-n // side) for n in patches.shape)
    lacking = rows * side - patches.shape[0], columns * side - patches.shape[1]
    full = np.pad(patches, ((0, lacking[0]), (0, lacking[1])), mode="edge")
    return np.ascontiguousarray(full.reshape(rows, side, columns, side).max(axis=(1, 3)))
