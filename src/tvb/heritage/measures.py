"""Heritage of each commune: property, buffer zone, terrils, cavaliers, pits and estates.

Areas are measured in Lambert-93, which stretches them by 0.27 to 0.31 % in the basin; legal figures
are to be taken from the published columns.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.errors import ParameterError, explain
from tvb.facts import HECTARE_M2
from tvb.geometry import attribute_to_commune, share_by_commune
from tvb.schema import require_crs

__all__ = [
    "ALONG_M",
    "COUNTED_LAYERS",
    "count_communes_with",
    "measure_counted_m",
    "measure_heritage",
    "measure_length_m",
]

ALONG_M = 10.0
"""A line within this distance of a strip is the same railway: the published layers are generalised
to about 10 m."""

_CROSSING_M = 4 * ALONG_M

COUNTED_LAYERS = ("property_elements", "terrils", "pits", "estates")
"""Layers whose objects are counted, each in the one commune that holds most of it."""


def measure_heritage(
    communes: gpd.GeoDataFrame, layers: Mapping[str, gpd.GeoDataFrame]
) -> pd.DataFrame:
    """Return what each commune holds of the property, its buffer and the mining heritage.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Polygons in EPSG:2154 with ``insee``; a partition, as `tvb.geometry.partition_communes`
        makes, so that the parts add up to the whole.
    layers : mapping of str to geopandas.GeoDataFrame
        Any of ``property``, ``buffer``, ``property_elements``, ``terrils``, ``cavaliers``,
        ``pits``, ``estates``, valid by `tvb.schema.validate`. An absent layer counts as empty.

    Returns
    -------
    pandas.DataFrame
        One row for each commune, on ``insee``: ``property_ha`` and ``buffer_ha`` (hectares in
        Lambert-93, overlapping polygons counted once), ``property_share`` and ``buffer_share`` (of
        the commune, 0 to 1), ``cavaliers_km`` (a railway drawn as a strip and again as a line
        within `ALONG_M` counts once), and for each of `COUNTED_LAYERS` the number of
        objects, each counted once, in the commune that holds the largest share of it.

    Raises
    ------
    CrsError
        If a layer is not in EPSG:2154.
    """
    require_crs(communes, "communes")
    insee = pd.Index(communes["insee"], name="insee")
    area_m2 = pd.Series(communes.area.to_numpy(), index=insee)
    table = pd.DataFrame(index=insee)
    for name in ("property", "buffer"):
        held = _area_by_commune(layers.get(name), communes, name)
        table[f"{name}_ha"] = held.reindex(insee, fill_value=0.0) / HECTARE_M2
        table[f"{name}_share"] = (table[f"{name}_ha"] * HECTARE_M2 / area_m2).fillna(0.0)
    for name in COUNTED_LAYERS:
        table[name] = _count_by_commune(layers.get(name), communes, name).reindex(
            insee, fill_value=0
        )
    table["cavaliers_km"] = _km_by_commune(layers.get("cavaliers"), communes).reindex(
        insee, fill_value=0.0
    )
    return table


def _area_by_commune(
    frame: gpd.GeoDataFrame | None, communes: gpd.GeoDataFrame, name: str
) -> pd.Series[float]:
    """Return square metres for each commune, a place under two polygons counted once."""
    if frame is None or frame.empty:
        return pd.Series(dtype="float64")
    require_crs(frame, name)
    whole = gpd.GeoDataFrame(geometry=[shapely.union_all(frame.geometry.to_numpy())], crs=frame.crs)
    return share_by_commune(whole, communes).groupby("insee")["area_m2"].sum()


def _count_by_commune(
    frame: gpd.GeoDataFrame | None, communes: gpd.GeoDataFrame, name: str
) -> pd.Series[int]:
    if frame is None or frame.empty:
        return pd.Series(dtype="int64")
    require_crs(frame, name)
    return attribute_to_commune(frame, communes).value_counts().astype("int64")


def _km_by_commune(frame: gpd.GeoDataFrame | None, communes: gpd.GeoDataFrame) -> pd.Series[float]:
    if frame is None or frame.empty:
        return pd.Series(dtype="float64")
    require_crs(frame, "cavaliers")
    frame = frame.reset_index(drop=True)
    length_m = measure_counted_m(frame)
    strip = shapely.get_dimensions(frame.geometry.to_numpy()) == 2
    parts = pd.concat([share_by_commune(frame[kind], communes) for kind in (strip, ~strip)])
    part_km = parts["share"] * length_m.reindex(parts["feature"]).to_numpy() / 1000.0
    return part_km.groupby(parts["insee"]).sum()


def measure_counted_m(cavaliers: gpd.GeoDataFrame) -> pd.Series[float]:
    """Return the length for which each railway counts in a sum.

    Inscribed railways are delivered as strips and stand again, as lines, among the others: what a
    line within `ALONG_M` of a strip already counts is taken off the strip.

    Parameters
    ----------
    cavaliers : geopandas.GeoDataFrame
        Lines or polygons in EPSG:2154; column ``longueur_m`` is used where it is given.

    Returns
    -------
    pandas.Series
        Metres, on the index of the input; 0 for a strip that lines follow from end to end.

    Raises
    ------
    CrsError
        If the layer is not in EPSG:2154.

    See Also
    --------
    measure_length_m : The whole length of each.
    """
    return (measure_length_m(cavaliers) - _drawn_twice_m(cavaliers)).clip(lower=0.0)


def _drawn_twice_m(cavaliers: gpd.GeoDataFrame) -> pd.Series[float]:
    """Return how much of each strip the lines of the same layer run along; 0 for lines."""
    geometry = cavaliers.geometry.to_numpy()
    strip = shapely.get_dimensions(geometry) == 2
    along = np.zeros(len(geometry))
    lines = shapely.get_parts(geometry[~strip])
    tree = shapely.STRtree(lines)
    for at in np.flatnonzero(strip):
        near = shapely.buffer(geometry[at], ALONG_M)
        met = tree.query(near, predicate="intersects")
        pieces = shapely.length(shapely.get_parts(shapely.intersection(near, lines[met])))
        # A line that crosses a strip, or leaves it, is inside for about the width of the margin.
        along[at] = pieces[pieces > _CROSSING_M].sum()
        # A line between two strips stands for one of them: what one took, the next cannot.
        lines[met] = shapely.difference(lines[met], near)
    return pd.Series(along, index=cavaliers.index)


def measure_length_m(cavaliers: gpd.GeoDataFrame) -> pd.Series[float]:
    """Return the length of former mine railways, delivered as lines or as strips of land.

    Parameters
    ----------
    cavaliers : geopandas.GeoDataFrame
        Lines or polygons in EPSG:2154; column ``longueur_m`` is used where it is given.

    Returns
    -------
    pandas.Series
        Metres, on the index of the input: for a line its length; for a strip the published length,
        and where there is none the length L of the rectangle of the same perimeter p and area a,
        ``L = (p + sqrt(p² - 16 a)) / 4``.

    Raises
    ------
    CrsError
        If the layer is not in EPSG:2154.

    Examples
    --------
    >>> strip = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1000, 10)], crs="EPSG:2154")
    >>> measure_length_m(strip).tolist()
    [1000.0]
    """
    require_crs(cavaliers, "cavaliers")
    geometry = cavaliers.geometry.to_numpy()
    strip = shapely.get_dimensions(geometry) == 2
    perimeter, area = shapely.length(geometry), shapely.area(geometry)
    as_rectangle = (perimeter + np.sqrt(np.maximum(perimeter**2 - 16 * area, 0.0))) / 4
    length_m = np.where(strip, as_rectangle, perimeter)
    if "longueur_m" in cavaliers.columns:
        published = cavaliers["longueur_m"].to_numpy(dtype="float64", na_value=np.nan)
        length_m = np.where(strip & ~np.isnan(published), published, length_m)
    return pd.Series(length_m, index=cavaliers.index, name="length_m")


def count_communes_with(area_ha: pd.Series[float], *, min_ha: float = 0.1) -> int:
    """Return how many communes hold more than an area: a commune that is brushed does not count.

    Layers drawn apart never share their borders exactly: without a threshold a commune would count
    for a sliver of some square metres.

    Parameters
    ----------
    area_ha : pandas.Series
        Hectares for each commune, such as ``measure_heritage(…)["property_ha"]``.
    min_ha : float
        Least area, in hectares; 0.1 ha is what a border moved by the 10 m of the generalised
        layers gives over 100 m.

    Returns
    -------
    int
        Number of communes above the threshold.

    Raises
    ------
    ParameterError
        If the threshold is negative.
    """
    if min_ha < 0:
        raise ParameterError(explain("min_ha", f"{min_ha} ha", required="0 or more"))
    return int((area_ha > min_ha).sum())
