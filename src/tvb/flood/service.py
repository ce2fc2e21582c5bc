"""Which pumping stations serve which basins, and what a basin needs to stay dry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from tvb.errors import LayerError, explain
from tvb.flood.checks import read_numbers, require_columns
from tvb.geometry.arrays import BoolArray, FloatArray, GeometryArray
from tvb.schema import require_polygons

__all__ = ["Service", "read_service"]

_NEED = "debit_requis_m3_s"
_BASIN = "id_bassin"


@dataclass(frozen=True, slots=True)
class Service:
    """Stations, basins, and what the ones bring to the others.

    Parameters
    ----------
    stations, basins : pandas.Index
        Names, in alphabetical order.
    serves : numpy.ndarray of bool
        Whether each station (column) serves each basin (row).
    supply : numpy.ndarray
        What each station (column) brings to each basin (row): a flow in m³/s, or one station.
    need : numpy.ndarray
        A basin floods when what is left of its supply is below.
    by_flow : numpy.ndarray of bool
        Basins of which supply and need are flows.
    """

    stations: pd.Index
    basins: pd.Index
    serves: BoolArray
    supply: FloatArray
    need: FloatArray
    by_flow: BoolArray

    def zones(self, basins: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the ground of the basins as zones, one scenario for each.

        Parameters
        ----------
        basins : geopandas.GeoDataFrame
            The frame from which this was read.

        Returns
        -------
        geopandas.GeoDataFrame
            ``scenario`` and the geometry of the basins.
        """
        return gpd.GeoDataFrame(
            {"scenario": _names(basins)}, geometry=basins.geometry.to_numpy(), crs=basins.crs
        )

    def table(self) -> pd.DataFrame:
        """Return what is known of each basin.

        Returns
        -------
        pandas.DataFrame
            On the index ``basin``: ``stations``, ``capacity_m3_s``, ``need_m3_s``, ``floods``.
        """
        flow = self.by_flow
        names = [", ".join(self.stations[row]) for row in self.serves]
        return pd.DataFrame(
            {
                "stations": pd.array(names, dtype="str"),
                "capacity_m3_s": np.where(flow, self.supply.sum(axis=1), np.nan),
                "need_m3_s": np.where(flow, self.need, np.nan),
                "floods": pd.array(np.where(flow, "flow", "all"), dtype="str"),
            },
            index=self.basins,
        )


def read_service(basins: gpd.GeoDataFrame, stations: gpd.GeoDataFrame | None = None) -> Service:
    """Return which stations serve which basins.

    Parameters
    ----------
    basins, stations : geopandas.GeoDataFrame
        As `tvb.flood.build_station_failures` takes them.

    Returns
    -------
    Service
        Independent of the order of the rows.

    Raises
    ------
    CrsError
        If the basins are not in EPSG:2154.
    LayerError
        If the basins are not polygons, a column is missing or holds text for numbers, a station of
        a basin is null or not among the stations, a station is given twice, or the flow that a
        basin needs is negative or differs among its rows.
    """
    require_polygons(basins, "drained_basins")
    require_columns(basins, "drained_basins", "id_station")
    _refuse_rows(basins, basins["id_station"].isna(), problem="no station")
    names, serving = _names(basins), basins["id_station"].to_numpy(dtype=object)
    known = sorted(set(serving)) if stations is None else _known(stations)
    station_index = pd.Index(known, name="id_station", dtype="str")
    station = station_index.get_indexer(pd.Index(serving, dtype=object))
    _refuse_rows(basins, station < 0, problem="station that is not in pumping_stations")
    basin_index = pd.Index(sorted(set(names)), name="basin", dtype="str")
    basin = basin_index.get_indexer(pd.Index(names, dtype=object))
    serves = np.zeros((len(basin_index), len(station_index)), dtype=bool)
    serves[basin, station] = True
    need = _needs(basins, names).reindex(basin_index).to_numpy(dtype=np.float64)
    capacity = _capacities(stations, station_index)
    by_flow = ~np.isnan(need) & ~(serves & np.isnan(capacity)).any(axis=1)
    supply = np.where(by_flow[:, None], np.nan_to_num(capacity), 1.0) * serves
    return Service(
        station_index, basin_index, serves, supply, np.where(by_flow, need, 1.0), by_flow
    )


def _names(basins: gpd.GeoDataFrame) -> GeometryArray:
    """Return the name of the basin of each row: its own, or else that of its station."""
    station = basins["id_station"].astype("str")
    if _BASIN not in basins.columns:
        return np.asarray(station, dtype=object)
    return np.asarray(basins[_BASIN].astype("string").fillna(station), dtype=object)


def _known(stations: gpd.GeoDataFrame) -> list[str]:
    require_columns(stations, "pumping_stations", "id_station")
    names = stations["id_station"]
    again = names.duplicated() | names.isna()
    if again.any():
        raise LayerError(
            explain("pumping_stations", "station given twice, or without an identifier",
                    count=int(again.sum()), ids=names[again])
        )  # fmt: skip
    return sorted(names)


def _needs(basins: gpd.GeoDataFrame, names: GeometryArray) -> pd.Series[Any]:
    """Return the flow that each basin needs; not a number where that is not known."""
    if _NEED not in basins.columns:
        return pd.Series(np.nan, index=sorted(set(names)))
    flow = pd.Series(read_numbers(basins[_NEED], "drained_basins", negative=True), basins.index)
    _refuse_rows(basins, flow < 0, problem=f"negative {_NEED}")
    groups = flow.groupby(names)
    differs = pd.Series(groups.transform("min") != groups.transform("max"), flow.index)
    differs &= groups.transform("count") > 0
    _refuse_rows(basins, differs, problem=f"{_NEED} differs among the rows of a basin")
    needs: pd.Series[Any] = groups.max()
    return needs


def _capacities(stations: gpd.GeoDataFrame | None, index: pd.Index) -> FloatArray:
    """Return the flow of each station; not a number where that is not known."""
    if stations is None or "debit_m3_s" not in stations.columns:
        return np.full(len(index), np.nan)
    given = stations.set_index("id_station")["debit_m3_s"]
    flow = pd.Series(read_numbers(given, "pumping_stations", negative=True), given.index)
    flow = flow.reindex(index)
    wrong = flow < 0
    if wrong.any():
        raise LayerError(
            explain("pumping_stations", "negative debit_m3_s", count=int(wrong.sum()),
                    ids=flow.index[wrong])
        )  # fmt: skip
    return np.asarray(flow, dtype=np.float64)


def _refuse_rows(basins: gpd.GeoDataFrame, wrong: Any, *, problem: str) -> None:
    rows = np.asarray(wrong, dtype=bool)
    if rows.any():
        labels = pd.Series([f"row {label}" for label in basins.index], index=basins.index)
        ids = basins["id_station"].astype("string").fillna(labels).to_numpy(dtype=object)[rows]
        raise LayerError(explain("drained_basins", problem, count=int(rows.sum()), ids=ids))
