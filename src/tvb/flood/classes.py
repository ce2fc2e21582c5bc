"""Classes of hazard: their order, the one that each building meets, and the dry ones.

A zone of the class « Emerg » is land that stays dry inside the outline of a flood: it exposes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd

from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.placing import Placing
from tvb.flood.rules import require_columns
from tvb.geometry.arrays import BoolArray, FloatArray, GeometryArray, IntArray
from tvb.schema.hazard import DEPTH_CLASSES, DRY, flag_dry

__all__ = ["ClassRule", "class_order", "find_classes", "flag_wet_zones"]

ClassRule = Literal["worst", "largest_share"]

_CLASS_COLUMNS = ("niveau", "classe")
_NO_CLASS = -1
# Two parts of a building are as large when they differ by less than this share of it.
_EQUAL = 1e-9


def flag_wet_zones(zones: pd.DataFrame, column: str | None = None) -> BoolArray:
    """Return which zones are under water: all but those of a dry class.

    Parameters
    ----------
    zones : pandas.DataFrame
        Flood zones or classes of depth, with or without ``niveau`` and ``classe``.
    column : str, optional
        Another column where a class stands.

    Returns
    -------
    numpy.ndarray
        One answer for each zone; true where no class is known.
    """
    wet = np.ones(len(zones), dtype=bool)
    for name in {*_CLASS_COLUMNS, column} & set(zones.columns):
        wet &= ~flag_dry(zones[name])
    return wet


def class_order(
    zones: gpd.GeoDataFrame, column: str, order: Sequence[Any] | None = None
) -> list[Any]:
    """Return the classes that zones may have, from the mildest to the worst.

    Parameters
    ----------
    zones : geopandas.GeoDataFrame
        Flood zones.
    column : str
        Where their class stands: text, or numbers such as ``ht_min_m``.
    order : sequence, optional
        The classes in order. By default by ``rang`` where the zones have it, as
        `tvb.flood.classified_zones` gives it; numbers as they increase; the classes of depth of the
        CNIG (`tvb.schema.hazard.DEPTH_CLASSES`).

    Returns
    -------
    list
        Without the dry class.

    Raises
    ------
    LayerError
        If the column is missing, or holds a class that the order does not name.
    ParameterError
        If the order names a class twice.
    """
    require_columns(zones, "flood_zones", column)
    wet = zones[~flag_dry(zones[column])]
    held = wet[column].dropna()
    if order is None and "rang" in zones.columns:
        return list(wet.sort_values(["rang", column])[column].dropna().unique())
    if order is None and pd.api.types.is_numeric_dtype(held):
        return sorted(held.unique().tolist())
    known = list(DEPTH_CLASSES if order is None else order)
    if len(set(known)) < len(known):
        raise ParameterError(explain("order", "a class stands in it twice"))
    unknown = ~held.isin(known)
    if unknown.any():
        raise LayerError(
            explain(
                "flood_zones",
                f"« {held[unknown].iloc[0]} » in « {column} » is not in the order of the classes",
                count=int(unknown.sum()),
                ids=held.index[unknown],
                remedy="give all classes from the mildest to the worst as order=[…]",
            )
        )
    return [name for name in known if name != DRY]


def find_classes(
    labels: pd.Series[Any],
    polygons: GeometryArray,
    place: Callable[[GeometryArray], Placing],
    *,
    order: Sequence[Any],
    rule: ClassRule,
) -> IntArray:
    """Return the class that each building of a placing has in one scenario.

    Parameters
    ----------
    labels : pandas.Series
        Class of each polygon.
    polygons : numpy.ndarray
        Valid single polygons of the scenario.
    place : callable
        Places some buildings in polygons.
    order : sequence
        Classes from the mildest to the worst, at least one.
    rule : {"worst", "largest_share"}
        Worst class that the building shares a point with; or the class with the largest part of
        the footprint, the worst among equals, and the worst met where no class has any area of it.

    Returns
    -------
    numpy.ndarray
        Position in the order, -1 for a building that meets no zone of a known class.

    Raises
    ------
    ParameterError
        If the rule is unknown.
    """
    if rule not in get_args(ClassRule):
        raise ParameterError(
            explain("class_rule", f"« {rule} » is unknown", required="worst or largest_share")
        )
    best: IntArray = np.empty(0, dtype=np.int64)
    most: FloatArray = np.empty(0)
    for position, name in enumerate(order):
        placing = place(polygons[labels.isin([name]).to_numpy(dtype=bool)])
        met = placing.touched()
        if position == 0:
            best, most = np.full(len(met), _NO_CLASS), np.zeros(len(met))
        if rule == "worst":
            best[met] = position
            continue
        share = np.where(met, placing.share(), 0.0)
        better = met & (share >= most - _EQUAL)
        best[better] = position
        most = np.maximum(most, share)
    return best
