"""What patches are worth: a quality of their cells, or a figure of the areas they are made of."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, explain
from tvb.grid import Grid

__all__ = ["share_figures", "sum_cells"]


def sum_cells(
    quality: Grid,
    cells: NDArray[np.int64],
    *,
    owner: NDArray[np.integer],
    patches: int,
    mean: bool = False,
) -> NDArray[np.float64]:
    """Return the sum or the mean, over the cells of each patch, of what they hold.

    Parameters
    ----------
    quality : Grid
        What the cells hold. No data and what is not a number count for nothing.
    cells : numpy.ndarray
        Flat positions of cells.
    owner : numpy.ndarray
        Position of the patch of each of them.
    patches : int
        Number of patches.
    mean : bool
        Whether to return the mean; that of no observation is 0.

    Returns
    -------
    numpy.ndarray
        One value for each patch.
    """
    values = quality.values.reshape(-1)[cells].astype(np.float64)
    known = ~np.isnan(values)
    if quality.nodata is not None:
        known &= values != quality.nodata
    total = np.bincount(owner[known], weights=values[known], minlength=patches).astype(np.float64)
    if not mean:
        return total
    observed = np.bincount(owner[known], minlength=patches)
    return np.divide(total, observed, out=np.zeros(patches), where=observed > 0)


def share_figures(
    layers: Mapping[str, gpd.GeoDataFrame], column: str, parts: pd.DataFrame
) -> NDArray[np.float64]:
    """Return the figure of each part of the areas: that of its area, by its share of the ground.

    Parameters
    ----------
    layers : mapping of str to geopandas.GeoDataFrame
        The areas.
    column : str
        Holds the figure, a number ≥ 0, in every layer.
    parts : pandas.DataFrame
        One row for each part: ``layer``, ``position`` of the area in its layer, ``geometry``.

    Returns
    -------
    numpy.ndarray
        One value for each row of the parts.

    Raises
    ------
    LayerError
        If a layer lacks the column, or a figure is missing, negative or not a finite number.
    """
    figures = {name: _figures(frame, column, name) for name, frame in layers.items()}
    area = pd.Series(shapely.area(parts["geometry"].to_numpy()), index=parts.index)
    whole = area.groupby([parts["layer"], parts["position"]]).transform("sum")
    share = np.divide(area, whole, out=np.zeros(len(area)), where=whole.to_numpy() > 0)
    own = [
        figures[layer][position]
        for layer, position in zip(parts["layer"], parts["position"], strict=True)
    ]
    return np.asarray(np.array(own, dtype=np.float64) * share, dtype=np.float64)


def _figures(frame: gpd.GeoDataFrame, column: str, layer: str) -> NDArray[np.float64]:
    if column not in frame.columns:
        raise LayerError(
            explain(
                layer,
                f"column « {column} » is missing",
                required="a number in every layer, for the capacity",
            )
        )
    figures: NDArray[np.float64] = pd.to_numeric(frame[column], errors="coerce").to_numpy(
        np.float64, na_value=np.nan
    )
    wrong = ~(np.isfinite(figures) & (figures >= 0))
    if wrong.any():
        raise LayerError(
            explain(
                layer,
                f"« {column} » is not a capacity",
                count=int(wrong.sum()),
                ids=frame.index[wrong],
                required="a finite number ≥ 0",
                remedy="fill the column, or leave these areas out",
            )
        )
    return figures
