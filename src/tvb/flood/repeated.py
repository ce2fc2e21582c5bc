"""Buildings that stand several times in a file, as where the files of two departments meet."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.geometry.arrays import BoolArray, IntArray, make_valid
from tvb.schema import require_crs

__all__ = ["find_repeated_buildings", "number_buildings", "share_flags", "share_largest"]

KEY = "cleabs"


def find_repeated_buildings(buildings: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the rows whose identifier another row has too.

    Rows with the same ``cleabs`` are one building, which counts once: exposed if any of them is,
    with the attributes of the row of largest footprint. Null and blank ones identify nothing.

    This is the rule of frames. The readers of files (`tvb.io.read_layer`, `tvb.io.open_footprints`)
    see one row after the other: they keep the first and report the others as dropped. Where the
    rows of a building differ, a count of its frame may thus be larger than one of its file.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints, EPSG:2154, with ``cleabs``. Rows without an identifier, and frames without the
        column, hold no repeated building.

    Returns
    -------
    pandas.DataFrame
        On the index of the buildings, one row for each repeated one: ``cleabs``, ``rows`` (times
        it stands in the file) and ``counted`` (the row that stands for the building), in order of
        ``cleabs``, the counted row first. Empty when all is well.

    Raises
    ------
    CrsError
        If the buildings are not in EPSG:2154.
    LayerError
        If they are no GeoDataFrame.
    """
    require_crs(buildings, "buildings")
    number, first = number_buildings(buildings)
    rows = np.bincount(number)[number] if len(number) else number
    table = pd.DataFrame(
        {
            KEY: buildings[KEY] if KEY in buildings.columns else None,
            "rows": rows,
            "counted": first,
        },
        index=buildings.index,
    )
    return table[rows > 1].sort_values([KEY, "counted"], ascending=[True, False], kind="stable")


def number_buildings(buildings: gpd.GeoDataFrame) -> tuple[IntArray, BoolArray]:
    """Return which building each row is, and which row stands for it.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints, with or without ``cleabs``.

    Returns
    -------
    tuple of numpy.ndarray
        The same number for rows of the same identifier; true for one row of each number: that of
        largest footprint, whatever the order of the rows.
    """
    everything = np.arange(len(buildings))
    if KEY not in buildings.columns:
        return everything, np.ones(len(buildings), dtype=bool)
    keys = buildings[KEY].reset_index(drop=True)
    again = keys.duplicated(keep=False) & keys.notna()
    at = np.flatnonzero(again)
    # Blank as in the reader of files, which takes it for null.
    at = at[keys.take(at).astype("str").str.strip().ne("").to_numpy(dtype=bool)]
    number, first = everything.copy(), np.ones(len(buildings), dtype=bool)
    if len(at):
        order = at[_by_footprint(buildings.take(at))]
        label = pd.factorize(keys.take(order))[0]
        leads = np.zeros(len(order), dtype=bool)
        leads[np.unique(label, return_index=True)[1]] = True
        number[order] = order[leads][label]
        first[order] = leads
    return number, first


def share_flags(flags: pd.DataFrame, number: IntArray, first: BoolArray) -> pd.DataFrame:
    """Return flags in which the row that stands for a building has those of all its rows.

    Parameters
    ----------
    flags : pandas.DataFrame
        Boolean columns, a row for each row of the buildings.
    number, first : numpy.ndarray
        As `number_buildings` returns them.

    Returns
    -------
    pandas.DataFrame
        The same rows and columns.
    """
    shared = share_largest(flags.to_numpy(), number, first)
    return pd.DataFrame(shared, index=flags.index, columns=flags.columns)


def share_largest(values: NDArray[Any], number: IntArray, first: BoolArray) -> NDArray[Any]:
    """Return values of which the row that stands for a building has the largest of all its rows.

    Parameters
    ----------
    values : numpy.ndarray
        A row for each row of the buildings.
    number, first : numpy.ndarray
        As `number_buildings` returns them.

    Returns
    -------
    numpy.ndarray
        Of the same shape.
    """
    if first.all():
        return values
    largest = values.copy()
    np.maximum.at(largest, number, values)
    return np.where(first[:, None], largest[number], values)


def _by_footprint(rows: gpd.GeoDataFrame) -> IntArray:
    """Return the order of rows by falling area; equal ones in an order that only they decide."""
    plain = pd.DataFrame(rows.drop(columns=rows.geometry.name)).astype("string").fillna("")
    area_m2 = shapely.area(make_valid(rows.geometry.to_numpy()))
    sort = plain.assign(area=-area_m2, wkb=rows.geometry.to_wkb().to_numpy())
    sort = sort.reset_index(drop=True)
    by = ["area", "wkb", *plain.columns]
    return np.asarray(sort.sort_values(by).index, dtype=np.int64)
