"""Squares of 200 m that their identifiers name, on the European grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely

from tvb.geometry.arrays import BoolArray, GeometryArray, IntArray

__all__ = ["CELL_M", "GRID_CRS", "read_cell_names", "square_cells"]

CELL_M = 200
"""Side of a square, in metres."""

GRID_CRS = "EPSG:3035"
"""System in which the squares are square."""

_NAME = r"^CRS3035RES200mN(\d{1,8})E(\d{1,8})$"


def read_cell_names(names: pd.Series[Any]) -> tuple[IntArray, IntArray, BoolArray]:
    """Return the south-west corner that each identifier of a square names.

    Parameters
    ----------
    names : pandas.Series
        Texts such as ``CRS3035RES200mN3079000E3834200``.

    Returns
    -------
    tuple of numpy.ndarray
        North and east in metres of EPSG:3035, and which texts are the name of no square of 200 m:
        their corner is 0, 0. Null is one of them.

    Examples
    --------
    >>> north, east, wrong = read_cell_names(pd.Series(["CRS3035RES200mN3079000E3834200", "N1E1"]))
    >>> north.tolist(), east.tolist(), wrong.tolist()
    ([3079000, 0], [3834200, 0], [False, True])
    """
    corner = names.astype("str").str.extract(_NAME)
    numbers = corner.apply(pd.to_numeric).to_numpy(dtype=float, na_value=np.nan)
    wrong = (np.isnan(numbers) | (numbers % CELL_M != 0)).any(axis=1)
    whole = np.where(wrong[:, None], 0.0, numbers).astype(np.int64)
    return whole[:, 0], whole[:, 1], np.asarray(wrong)


def square_cells(names: pd.Series[Any]) -> tuple[GeometryArray, BoolArray]:
    """Return the squares that identifiers name.

    Parameters
    ----------
    names : pandas.Series
        As `read_cell_names` takes them.

    Returns
    -------
    tuple of numpy.ndarray
        Polygons in EPSG:3035, and which texts are the name of none: theirs is null.
    """
    north, east, wrong = read_cell_names(names)
    squares = np.full(len(names), None, dtype=object)
    n, e = north[~wrong], east[~wrong]
    squares[~wrong] = shapely.box(e, n, e + CELL_M, n + CELL_M)
    return squares, wrong
