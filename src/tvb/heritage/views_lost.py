"""What building takes from the farmland that is published to have a view of a terril."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import ParameterError, explain
from tvb.geometry.arrays import GeometryArray
from tvb.geometry.overlay import intersect
from tvb.grid import Grid
from tvb.heritage.scene import Floats, Scene, set_scene
from tvb.heritage.sight import DEFAULT_SIGHT, Sight
from tvb.heritage.sights import list_sights
from tvb.schema import require_crs

__all__ = ["views_lost"]

_POINTS = ("seen_points", "unknown_points", "masked_points")
_EQUAL = 1e-9


def views_lost(
    zones: gpd.GeoDataFrame,
    farmland: gpd.GeoDataFrame,
    terrils: gpd.GeoDataFrame,
    *,
    dem: Grid | None = None,
    sight: Sight = DEFAULT_SIGHT,
    building_m: float = 9.0,
    step_m: float = 50.0,
) -> pd.DataFrame:
    """Return what zones to be built on take from published views, one row for each view.

    A zone concerns a view where it takes some of the farmland, or stands between the farmland and
    the terril (in the convex hull of both). With elevations the view is measured: the zone is
    raised by the height of a building, and the terril looked for again from points of the farmland
    that is left.

    Parameters
    ----------
    zones : geopandas.GeoDataFrame
        Polygons, EPSG:2154: those of a plan that may be built on (AU).
    farmland : geopandas.GeoDataFrame
        Layer ``farmland``: polygons, EPSG:2154, with ``vue_sur``.
    terrils : geopandas.GeoDataFrame
        Layer ``terrils``, EPSG:2154.
    dem : Grid, optional
        Elevations in metres. Without them the columns of points are null: not assessed.
    sight : Sight
        As in `find_visible_terrils`.
    building_m : float
        Height of what is built, in metres; 9 m are two storeys and a roof.
    step_m : float
        Distance between the points of the farmland, in metres; those nearer to the zone than a cell
        of the elevations are left out.

    Returns
    -------
    pandas.DataFrame
        In the order of the zones, the farmland and the sights: ``zone`` and ``farmland`` (labels in
        the index of either), ``sight``, ``no_terril`` and ``how`` (see `list_sights`),
        ``built_m2`` and ``built_share`` of the farmland, ``between`` (null where the sight is no
        terril of the layer), ``seen_points`` (from which the terril is seen today),
        ``unknown_points``, ``masked_points`` (from which the zone would hide it) and
        ``masked_share`` of those that see it, not a number where none does.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a terril has no geometry.
    ParameterError
        If a height or a step is not positive.

    See Also
    --------
    tvb.heritage.list_sights : What is published to be seen.
    """
    for frame, name in ((zones, "zones"), (farmland, "farmland"), (terrils, "terrils")):
        require_crs(frame, name)
    for name, value in (("building_m", building_m), ("step_m", step_m)):
        if not value > 0:
            raise ParameterError(explain(name, f"{value} m", required="more than 0"))
    terrils = terrils.sort_values("no_terril", kind="stable").reset_index(drop=True)
    places = farmland.geometry.reset_index(drop=True)
    views = list_sights(farmland.reset_index(drop=True), terrils)
    views["terril"] = pd.Index(terrils["no_terril"]).get_indexer(views["no_terril"])
    views["cone"] = _cones(views, places, terrils)
    table = _concerned(zones.geometry.to_numpy(), places.to_numpy(), views)
    if dem is None:
        table = table.reindex(columns=[*table.columns, *_POINTS, "masked_share"])
    else:
        dem = _around(dem, table["cone"].to_numpy())
        lookout = _Lookout(dem, terrils, sight=sight, building_m=building_m)
        points = {at: _lattice(places[at], step_m) for at in set(table["feature"])}
        table = lookout.measure(table, zones.geometry.to_numpy(), points)
    labelled = {"zone": zones.index.take(table["zone"]),
                "farmland": farmland.index.take(table["feature"])}  # fmt: skip
    return table.assign(**labelled).astype(dict.fromkeys(_POINTS, "Int64"))[
        ["zone", "farmland", "sight", "no_terril", "how", "built_m2", "built_share", "between",
         *_POINTS, "masked_share"]
    ]  # fmt: skip


def _cones(views: pd.DataFrame, places: gpd.GeoSeries, terrils: gpd.GeoDataFrame) -> GeometryArray:
    """Return the ground of each view: farmland and terril, and all that lies between them."""
    place: GeometryArray = places.to_numpy()[views["feature"].to_numpy(dtype=np.int64)]
    terril = views["terril"].to_numpy(dtype=np.int64)
    known = terril >= 0
    both = np.column_stack([place[known], terrils.geometry.to_numpy()[terril[known]]])
    place[known] = shapely.convex_hull(shapely.geometrycollections(both))
    return place


def _concerned(zones: GeometryArray, places: GeometryArray, views: pd.DataFrame) -> pd.DataFrame:
    """Return zone and view where the zone takes farmland or stands before the terril."""
    cones = views["cone"].to_numpy()
    zone, view = shapely.STRtree(cones).query(zones, predicate="intersects")
    order = np.lexsort([view, zone])
    zone, view = zone[order], view[order]
    place = places[views["feature"].to_numpy(dtype=np.int64)[view]]
    built_m2 = shapely.area(intersect(zones[zone], place))
    inside_m2 = shapely.area(intersect(zones[zone], cones[view]))
    table: pd.DataFrame = views.iloc[view].assign(
        zone=zone,
        built_m2=built_m2,
        built_share=built_m2 / shapely.area(place),
        between=pd.array(inside_m2 > built_m2 * (1 + _EQUAL), dtype="boolean"),
    )
    table["between"] = table["between"].mask(table["terril"] < 0)
    concerned: pd.DataFrame = table.loc[inside_m2 > 0]
    return concerned.reset_index(drop=True)


def _around(dem: Grid, cones: GeometryArray) -> Grid:
    """Return the elevations that some views cross; those of a whole region are built on slowly."""
    west, south, east, north = shapely.total_bounds(cones)
    far_west, far_south, far_east, far_north = dem.bounds
    # Also not met: no view is concerned, and the bounds are not numbers.
    if not (west < far_east and east > far_west and south < far_north and north > far_south):
        return dem
    wide, high = 2 * dem.cell_width, 2 * dem.cell_height
    return dem.crop((west - wide, south - high, east + wide, north + high))


class _Lookout:
    """Points of farmland looking at terrils, before and after a zone is built on.

    Parameters
    ----------
    dem : Grid
        Elevations.
    terrils : geopandas.GeoDataFrame
        In the order of their numbers.
    sight : Sight
        Settings.
    building_m : float
        Height of what is built.
    """

    def __init__(
        self, dem: Grid, terrils: gpd.GeoDataFrame, *, sight: Sight, building_m: float
    ) -> None:
        self._dem, self._building_m = dem, building_m
        self._scene = set_scene(terrils, dem, sight)

    def measure(
        self, views: pd.DataFrame, zones: GeometryArray, points: Mapping[int, Floats]
    ) -> pd.DataFrame:
        """Return the views with the points that see, may see, and would no longer see.

        Parameters
        ----------
        views : pandas.DataFrame
            With ``zone``, ``feature`` (positions) and ``terril`` (position, or -1).
        zones : numpy.ndarray
            Polygons.
        points : mapping of int to numpy.ndarray
            Where one stands in each stretch of farmland, shape (n, 2).

        Returns
        -------
        pandas.DataFrame
            With `_POINTS` and ``masked_share``.
        """
        counted = np.zeros((len(views), len(_POINTS)))
        margin_m = max(self._dem.cell_width, self._dem.cell_height)
        known = views["terril"] >= 0
        places = views[["zone", "feature", "terril"]].to_numpy(dtype=np.int64)
        for zone in np.unique(places[known, 0]):
            near = shapely.buffer(zones[zone], margin_m)
            built = self._scene.raise_ground(self._dem, zones[zone], self._building_m)
            for row in np.flatnonzero(known & (places[:, 0] == zone)):
                _, feature, terril = places[row]
                xy = points[feature]
                eyes = self._scene.stand(xy[~shapely.intersects_xy(near, xy)])
                counted[row] = self._count(eyes, terril, built)
        told = pd.DataFrame(counted, columns=list(_POINTS), dtype="Int64").where(known)
        seen, masked = counted[:, 0], counted[:, 2]
        with np.errstate(invalid="ignore"):
            return views.join(told).assign(masked_share=masked / seen)

    def _count(self, eyes: Floats, terril: int, built: Scene) -> tuple[int, int, int]:
        """Return how many eyes see a terril, may see it, and would no longer see it."""
        scene = self._scene
        far_m = np.hypot(*(eyes[:, :2] - scene.xy[terril]).T)
        eye = np.flatnonzero(far_m <= scene.sight.max_distance_m)
        number = np.full(len(eye), terril)
        before = scene.sees(scene.hidden_m(eyes, eye, number), number)
        eye, number = eye[before == 1], number[before == 1]
        after = built.sees(built.hidden_m(eyes, eye, number), number)
        return len(eye), int(np.isnan(before).sum()), int((after == 0).sum())


def _lattice(place: Any, step_m: float) -> Floats:
    """Return the points of a square lattice in a polygon; one point at least."""
    west, south, east, north = shapely.bounds(place)
    x = np.arange(np.ceil(west / step_m), np.floor(east / step_m) + 1) * step_m
    y = np.arange(np.ceil(south / step_m), np.floor(north / step_m) + 1) * step_m
    xy = np.column_stack([np.tile(x, len(y)), np.repeat(y, len(x))])
    inside = xy[shapely.contains_xy(place, xy)]
    return inside if len(inside) else shapely.get_coordinates(shapely.point_on_surface(place))
