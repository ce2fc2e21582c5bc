"""Which terrils are seen from points and along routes, and from where a terril is seen.

The ground between the centres of the cells is interpolated linearly in both directions (bilinear),
and the line of sight is compared with all of it, not with samples: see
`tvb.heritage.sight_kernels`. Where one of four neighbouring centres has no data, the ground between
them has none. Trees and buildings hide as well, which bare elevations do not show.
"""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import LayerError, ParameterError, explain
from tvb.grid import Grid
from tvb.heritage.scene import Floats, set_scene
from tvb.heritage.sight import DEFAULT_SIGHT, Sight
from tvb.schema import CRS, require_crs

__all__ = ["build_viewshed", "find_visible_terrils", "measure_views_along", "sample_route"]

_EYES_AT_ONCE = 1 << 18
_NOT_KNOWN = -1


def find_visible_terrils(
    points: gpd.GeoDataFrame,
    terrils: gpd.GeoDataFrame,
    *,
    dem: Grid | None = None,
    sight: Sight = DEFAULT_SIGHT,
) -> pd.DataFrame:
    """Return whether each terril is seen from each point.

    Parameters
    ----------
    points : geopandas.GeoDataFrame
        Points, EPSG:2154.
    terrils : geopandas.GeoDataFrame
        Layer ``terrils``: polygons, EPSG:2154, with ``no_terril``, and ``hauteur_m`` where it is
        known.
    dem : Grid, optional
        Elevations in metres. Without them the earth has no relief: a terril is seen unless it lies
        below the horizon.
    sight : Sight
        Height of the eyes, refraction, distance, and what the elevations show.

    Returns
    -------
    pandas.DataFrame
        One row for each point and each terril within the distance, in the order of the points and
        then by code: ``point`` (label in the index of the points), ``no_terril``, ``distance_m`` to
        the top, ``azimuth_deg`` (clockwise from grid north), ``height_m`` of the top above its
        foot, ``visible`` (null where it is not known: no height, outside the elevations, or ground
        without data that might hide it), ``visible_m`` (how much of the height is seen, not a
        number where not known).

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a point is no point, or a terril has no code or no geometry.
    """
    terrils = terrils.sort_values("no_terril", kind="stable")
    scene = set_scene(terrils, dem, sight)
    eyes = scene.stand(_coordinates(points))
    eye, terril, distance_m = scene.pairs(eyes)
    hidden_m = scene.hidden_m(eyes, eye, terril)
    seen = scene.sees(hidden_m, terril)
    height_m = scene.height_m[terril]
    x, y = (scene.xy[terril] - eyes[eye, :2]).T
    return pd.DataFrame(
        {
            "point": points.index.take(eye),
            "no_terril": terrils["no_terril"].astype("str").to_numpy()[terril],
            "distance_m": distance_m,
            "azimuth_deg": np.degrees(np.arctan2(x, y)) % 360.0,
            "height_m": height_m,
            "visible": pd.Series(seen).astype("boolean"),
            "visible_m": np.where(
                np.isnan(seen), np.nan, np.clip(height_m - hidden_m, 0.0, height_m)
            ),
        }
    )


def sample_route(routes: gpd.GeoDataFrame, *, step_m: float = 50.0) -> gpd.GeoDataFrame:
    """Return points along lines, each in the middle of the piece that it stands for.

    Parameters
    ----------
    routes : geopandas.GeoDataFrame
        Lines, EPSG:2154.
    step_m : float
        Longest piece, in metres; each line is cut in equal ones.

    Returns
    -------
    geopandas.GeoDataFrame
        Points in the order of the routes and along them: ``route`` (label in the index of the
        routes), ``along_m`` from the start, ``piece_m``: the pieces of a route add up to its
        length.

    Raises
    ------
    CrsError
        If the frame is not in EPSG:2154.
    ParameterError
        If the step is not positive.
    """
    require_crs(routes, "routes")
    if not step_m > 0:
        raise ParameterError(explain("step_m", f"{step_m} m", required="more than 0"))
    lines = routes.geometry.to_numpy()
    length = np.nan_to_num(shapely.length(lines))
    pieces = np.ceil(length / step_m).astype(np.int64)
    route = np.repeat(np.arange(len(lines)), pieces)
    number = np.arange(len(route)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    piece_m = length[route] / pieces[route]
    along_m = (number + 0.5) * piece_m
    return gpd.GeoDataFrame(
        {"route": routes.index.take(route), "along_m": along_m, "piece_m": piece_m},
        geometry=shapely.line_interpolate_point(lines[route], along_m),
        crs=CRS,
    )


def measure_views_along(
    routes: gpd.GeoDataFrame,
    terrils: gpd.GeoDataFrame,
    *,
    step_m: float = 50.0,
    dem: Grid | None = None,
    sight: Sight = DEFAULT_SIGHT,
) -> pd.DataFrame:
    """Return over which length of each route each terril is seen.

    Parameters
    ----------
    routes : geopandas.GeoDataFrame
        Lines, EPSG:2154.
    terrils, dem, sight
        As in `find_visible_terrils`.
    step_m : float
        Longest piece of a route that one point in its middle stands for.

    Returns
    -------
    pandas.DataFrame
        One row for each route and each terril seen, or perhaps seen, from it, in the order of the
        routes and then by code: ``route``, ``no_terril``, ``seen_m``, ``seen_share`` of the route,
        ``unknown_m`` (length over which it is not known), ``first_m`` and ``last_m`` (where along
        the route it is first and last seen), ``nearest_m`` (least distance from which it is seen).

    Raises
    ------
    CrsError, LayerError
        As in `find_visible_terrils`.
    ParameterError
        If the step is not positive.
    """
    samples = sample_route(routes.reset_index(drop=True), step_m=step_m)
    seen = find_visible_terrils(samples, terrils, dem=dem, sight=sight)
    seen = seen.join(samples[["route", "along_m", "piece_m"]], on="point")
    visible = seen["visible"].fillna(False).astype(bool)
    seen["seen_m"] = seen["piece_m"].where(visible, 0.0)
    seen["unknown_m"] = seen["piece_m"].where(seen["visible"].isna(), 0.0)
    seen["along_m"], seen["distance_m"] = (
        seen[name].where(visible) for name in ("along_m", "distance_m")
    )
    table = seen.groupby(["route", "no_terril"], as_index=False).agg(
        seen_m=("seen_m", "sum"), unknown_m=("unknown_m", "sum"),
        first_m=("along_m", "min"), last_m=("along_m", "max"), nearest_m=("distance_m", "min"),
    )  # fmt: skip
    table = table[(table["seen_m"] > 0) | (table["unknown_m"] > 0)].reset_index(drop=True)
    route = table["route"].to_numpy()
    seen_share = table["seen_m"] / shapely.length(routes.geometry.to_numpy())[route]
    table.insert(3, "seen_share", seen_share)
    return table.assign(route=routes.index.take(route))


def build_viewshed(dem: Grid, terrils: gpd.GeoDataFrame, *, sight: Sight = DEFAULT_SIGHT) -> Grid:
    """Return how many of some terrils are seen from each cell; of one, where it is seen from.

    The time grows with the cells within ``sight.max_distance_m`` of each terril.

    Parameters
    ----------
    dem : Grid
        Elevations in metres.
    terrils : geopandas.GeoDataFrame
        Layer ``terrils``, EPSG:2154.
    sight : Sight
        As in `find_visible_terrils`.

    Returns
    -------
    Grid
        Numbers of terrils (int16) on the cells of the elevations, the eyes above their centres;
        ``nodata`` (-1) where one of the terrils may or may not be seen.

    Raises
    ------
    CrsError
        If the terrils are not in EPSG:2154.
    LayerError
        If a terril has no code or no geometry.
    """
    scene = set_scene(terrils, dem, sight)
    rows, columns = dem.shape
    x = dem.x_min + (np.arange(columns) + 0.5) * dem.cell_width
    y = dem.y_max - (np.arange(rows) + 0.5) * dem.cell_height
    seen = np.zeros(dem.shape)
    at_once = max(1, _EYES_AT_ONCE // columns)
    for first in range(0, rows, at_once):
        band = slice(first, first + at_once)
        xy = np.column_stack([np.tile(x, len(y[band])), np.repeat(y[band], columns)])
        eyes = scene.stand(xy)
        counted = seen[band].reshape(-1)
        for terril, middle in enumerate(scene.xy):
            far_m = np.hypot(*(xy - middle).T)
            eye = np.flatnonzero(far_m <= sight.max_distance_m)
            number = np.full(len(eye), terril)
            counted[eye] += scene.sees(scene.hidden_m(eyes, eye, number), number)
    counts = np.where(np.isnan(seen), _NOT_KNOWN, seen).astype(np.int16)
    return replace(dem, values=counts, nodata=float(_NOT_KNOWN), name="viewshed", legend={})


def _coordinates(points: gpd.GeoDataFrame) -> Floats:
    require_crs(points, "points")
    geometry = points.geometry.to_numpy()
    wrong = (shapely.get_type_id(geometry) != 0) | shapely.is_empty(geometry)
    if wrong.any():
        raise LayerError(
            explain(
                "points",
                "geometry that is not a point",
                count=int(wrong.sum()),
                ids=points.index[wrong],
                remedy="tvb.heritage.sample_route makes points of lines",
            )
        )
    return shapely.get_coordinates(geometry)
