"""Exposed buildings added up by commune and scenario."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from tvb.errors import LayerError, explain
from tvb.geometry.arrays import BoolArray, IntArray
from tvb.names import normalise_name

__all__ = ["COUNTED_COLUMNS", "OUTSIDE", "USES", "count_by_commune", "require_columns"]

OUTSIDE = "hors communes"
"""Code under which buildings outside every commune are counted."""

USES = (
    "Résidentiel", "Indifférencié", "Commercial et services", "Industriel", "Agricole",
    "Religieux", "Sportif", "Annexe",
)  # fmt: skip
"""Values of ``usage_1`` in BD TOPO; any other, and null, count as « autre »."""

COUNTED_COLUMNS = ("usage_1", "nombre_de_logements")
"""Columns of the buildings that are counted by or added up."""

_USE_COLUMNS = [f"buildings_{normalise_name(u).replace(' ', '_')}" for u in USES]
_OTHER_USE = "buildings_autre"
# Areas are added in whole square centimetres: the sum is then the same in any order of the rows.
_CM2_PER_M2 = 10_000.0


def count_by_commune(
    buildings: gpd.GeoDataFrame,
    exposed: pd.DataFrame,
    insee: pd.Series[Any],
    *,
    excluded: BoolArray,
    communes: pd.Series[Any],
) -> pd.DataFrame:
    """Return the number of exposed buildings in each commune and scenario.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints with `COUNTED_COLUMNS`.
    exposed : pandas.DataFrame
        One boolean column for each scenario, a row for each building.
    insee : pandas.Series
        Commune of each building; null outside all of them.
    excluded : numpy.ndarray
        Buildings to count apart.
    communes : pandas.Series
        Codes of all communes.

    Returns
    -------
    pandas.DataFrame
        As `tvb.flood.count_exposed_buildings` describes it, without ``rule``.
    """
    codes = pd.Index([*sorted(communes), OUTSIDE], name="insee", dtype="str")
    commune = codes.get_indexer(pd.Index(insee.fillna(OUTSIDE)))
    values = _values(buildings)
    columns = [*values, "buildings_excluded"]
    rows = pd.MultiIndex.from_product([codes, exposed.columns], names=["insee", "scenario"])
    counted = np.zeros((len(codes), len(exposed.columns), len(columns)), dtype=np.int64)
    for at, scenario in enumerate(exposed.columns):
        here = exposed[scenario].to_numpy()
        sums = [_add(commune, v, here & ~excluded, communes=len(codes)) for v in values.values()]
        sums.append(_add(commune, None, here & excluded, communes=len(codes)))
        counted[:, at, :] = np.stack(sums, axis=1)
    table = pd.DataFrame(counted.reshape(-1, len(columns)), index=rows, columns=columns)
    return table.assign(footprint_m2=table["footprint_m2"] / _CM2_PER_M2)


def require_columns(frame: pd.DataFrame, layer: str, *columns: str) -> None:
    """Raise unless a frame has some columns.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any frame.
    layer : str
        Its name in messages.
    *columns : str
        Names of the columns.

    Raises
    ------
    LayerError
        If one is missing; all that are missing are named.
    """
    missing = [f"« {c} »" for c in columns if c not in frame.columns]
    if missing:
        raise LayerError(
            explain(
                layer,
                f"column {', '.join(missing)} is missing",
                remedy="read the file with tvb.io.read_layer, which adds optional columns",
            )
        )


def _values(buildings: gpd.GeoDataFrame) -> dict[str, IntArray | None]:
    """Return what each building adds to each column, in whole numbers; None adds one."""
    dwellings = buildings["nombre_de_logements"]
    area_cm2 = np.rint(buildings.area.to_numpy() * _CM2_PER_M2)
    values: dict[str, IntArray | None] = {
        "buildings": None,
        "footprint_m2": np.nan_to_num(area_cm2).astype(np.int64),
        "dwellings": dwellings.fillna(0).to_numpy(dtype=np.int64),
        "dwellings_unknown": dwellings.isna().to_numpy(dtype=np.int64),
    }
    use = buildings["usage_1"]
    for name, column in zip(USES, _USE_COLUMNS, strict=True):
        values[column] = use.eq(name).fillna(value=False).to_numpy(dtype=np.int64)
    values[_OTHER_USE] = (~use.isin(USES)).to_numpy(dtype=np.int64)
    return values


def _add(
    commune: IntArray, value: IntArray | None, counted: BoolArray, *, communes: int
) -> IntArray:
    """Return the sums of a value over the buildings counted, by commune."""
    weights = None if value is None else value[counted].astype(np.float64)
    return np.bincount(commune[counted], weights=weights, minlength=communes).astype(np.int64)
