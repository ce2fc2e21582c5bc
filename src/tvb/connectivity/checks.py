"""What a habitat graph accepts: every check of `HabitatGraph` in one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tvb.errors import LayerError, ParameterError, explain
from tvb.schema import require_crs

__all__ = ["check_ends", "check_links", "check_patches", "refuse", "require_rows", "require_table"]


def refuse(
    table: str, problem: str, ids: Iterable[object], *, required: str | None = None
) -> NoReturn:
    """Raise the error of some features.

    Parameters
    ----------
    table : str
        Name of the table.
    problem : str
        What is wrong.
    ids : iterable
        Features concerned.
    required : str, optional
        What would be accepted.

    Raises
    ------
    ParameterError
        Always.
    """
    names = list(ids)
    raise ParameterError(explain(table, problem, count=len(names), ids=names, required=required))


def check_patches(
    ids: NDArray[Any], capacity: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return ids (int64, or text as objects) and capacities (float64), or raise.

    Parameters
    ----------
    ids : numpy.ndarray
        As given, shape (n,).
    capacity : numpy.ndarray
        Idem.

    Returns
    -------
    ids, capacity : numpy.ndarray
        New arrays of a known type.

    Raises
    ------
    ParameterError
        If they differ in length, an id is repeated or of another type, or a capacity is out of
        bounds.
    """
    labels = np.asarray(ids)
    if len(labels) == 0 or labels.dtype.kind in "iu":
        labels = labels.astype(np.int64)
    elif all(isinstance(label, str) for label in labels):
        labels = labels.astype(object)
    else:
        raise ParameterError(
            explain("patches", "ids of another type", required="integers only, or text only")
        )
    values = np.asarray(capacity, dtype=np.float64)
    if labels.shape != values.shape or labels.ndim != 1:
        raise ParameterError(
            explain(
                "patches",
                f"ids have shape {labels.shape}, capacities {values.shape}",
                required="one capacity for each id",
            )
        )
    repeated = pd.Index(labels).duplicated()
    if repeated.any():
        refuse("patches", "id given twice", labels[repeated])
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        refuse("patches", "capacity negative or not finite", labels[wrong], required="numbers ≥ 0")
    return labels, values


def check_links(
    i: NDArray[Any], j: NDArray[Any], distance: NDArray[Any], *, ids: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return positions (int64) and lengths (float64), or raise.

    Parameters
    ----------
    i, j, distance : numpy.ndarray
        As given, shape (m,).
    ids : numpy.ndarray
        Ids of the patches, by position.

    Returns
    -------
    i, j, distance : numpy.ndarray
        New arrays of a known type.

    Raises
    ------
    ParameterError
        If they differ in length, a position does not exist, a link joins a patch to itself, or a
        distance is negative or NaN.
    """
    lengths = np.asarray(distance, dtype=np.float64)
    ends = [np.asarray(end) for end in (i, j)]
    if any(end.shape != lengths.shape for end in ends) or lengths.ndim != 1:
        shapes = ", ".join(str(a.shape) for a in (*ends, lengths))
        raise ParameterError(
            explain("links", f"i, j and distance have shapes {shapes}", required="one shape (m,)")
        )
    if len(lengths) and any(end.dtype.kind not in "iu" for end in ends):
        raise ParameterError(explain("links", "i or j are not integers", required="positions"))
    i, j = (end.astype(np.int64) for end in ends)
    outside = (np.minimum(i, j) < 0) | (np.maximum(i, j) >= len(ids))
    if outside.any():
        required = f"positions from 0 to {len(ids) - 1}"
        refuse("links", "no such patch", _pairs(i[outside], j[outside]), required=required)
    for problem, wrong in (
        ("patch linked to itself", i == j),
        ("distance negative or NaN", ~(lengths >= 0)),
    ):
        if wrong.any():
            refuse("links", problem, _pairs(ids[i[wrong]], ids[j[wrong]]))
    return i, j, lengths


def _pairs(i: NDArray[Any], j: NDArray[Any]) -> list[str]:
    return [f"{a}–{b}" for a, b in zip(i, j, strict=True)]


def check_ends(ends: NDArray[Any] | None, links: int) -> NDArray[np.float64] | None:
    """Return the ends of the links as float64, or raise.

    Parameters
    ----------
    ends : numpy.ndarray or None
        As given: for each link its end at patch i and its end at patch j, x and y.
    links : int
        Number of links, m.

    Returns
    -------
    numpy.ndarray or None
        A new array of shape (m, 2, 2).

    Raises
    ------
    ParameterError
        If the shape is another or a coordinate is not finite.
    """
    if ends is None:
        return None
    points = np.array(ends, dtype=np.float64)
    if points.shape != (links, 2, 2):
        raise ParameterError(
            explain("ends", f"have shape {points.shape}", required=f"({links}, 2, 2)")
        )
    if not np.isfinite(points).all():
        raise ParameterError(explain("ends", "NaN or infinite", required="coordinates"))
    return points


def require_rows(data: pd.DataFrame, rows: int, name: str) -> None:
    """Raise unless a table has a number of rows.

    Parameters
    ----------
    data : pandas.DataFrame
        The table.
    rows : int
        The number.
    name : str
        What the message calls the table.

    Raises
    ------
    ParameterError
        If the number is another.
    """
    if len(data) != rows:
        raise ParameterError(explain(name, f"has {len(data)} rows", required=f"{rows} rows"))


def require_table(table: pd.DataFrame, name: str, columns: tuple[str, ...]) -> None:
    """Raise unless a table has some columns and, if it has geometries, the working CRS.

    Parameters
    ----------
    table : pandas.DataFrame
        The table.
    name : str
        What the message calls it.
    columns : tuple of str
        The columns.

    Raises
    ------
    LayerError
        If a column is missing.
    CrsError
        If the table is a GeoDataFrame and not in EPSG:2154.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise LayerError(
            explain(name, f"no column {', '.join(missing)}", required=", ".join(columns))
        )
    if isinstance(table, gpd.GeoDataFrame):
        require_crs(table, name)
