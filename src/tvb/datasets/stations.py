"""Modelled pumping stations, and the subsidence basins that they keep dry."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb import facts
from tvb.datasets.facts_files import load_facts
from tvb.datasets.noise import hash_uniform
from tvb.datasets.shapes import blobs, code_numbers
from tvb.datasets.tables import as_layer
from tvb.datasets.terrain import river_lines
from tvb.names import of_place

__all__ = ["build_stations"]

Floats = NDArray[np.float64]

_APART_M = 1_700.0
_OFFSET_M = (120.0, 320.0)
_AREA_HA = (14.0, 95.0)
_FLOW_M3_S_PER_HA = 0.012


def build_stations(
    communes: gpd.GeoDataFrame, *, seed: int
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return modelled pumping stations and the ground that each keeps dry.

    Stations stand near true shafts, in valleys first: forty for the 330 communes of the
    territory, in proportion for fewer of them.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame
        Layer ``communes``.
    seed : int
        Gives the places and sizes.

    Returns
    -------
    tuple of geopandas.GeoDataFrame
        Valid layers ``pumping_stations`` and ``drained_basins``, row by row.
    """
    sites = _sites(communes, seed)
    share = len(communes) / len(load_facts("communes"))
    number = int(
        np.clip(round(facts.PUMPING_STATIONS.value * share), 1, facts.PUMPING_STATIONS.value)
    )
    chosen = sites.iloc[_spaced(sites[["x", "y"]].to_numpy(dtype=float), number)]
    chosen = chosen.sort_values("insee").reset_index(drop=True)
    codes = code_numbers(chosen["insee"] + chosen["x"].astype(str))
    low, high = _AREA_HA
    area_ha = low * (high / low) ** hash_uniform(codes, 1, seed + 701)
    turn = 2 * np.pi * hash_uniform(codes, 2, seed + 701)
    near, far = _OFFSET_M
    offset = near + (far - near) * hash_uniform(codes, 3, seed + 701)
    offset = np.minimum(offset, 0.25 * np.sqrt(area_ha * 1e4))
    xy = chosen[["x", "y"]].to_numpy(dtype=float)
    centre = xy + offset[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    basins = blobs(
        centre, area_ha * 1e4, codes=codes, stretch=np.full(len(xy), 1.5), seed=seed + 701
    )
    return _layers(chosen, area_ha=area_ha, points=np.asarray(shapely.points(xy)), basins=basins)


def _layers(
    chosen: pd.DataFrame, *, area_ha: Floats, points: NDArray[Any], basins: NDArray[Any]
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the two layers, stations numbered within their commune."""
    number = chosen.groupby("insee").cumcount() + 1
    table = pd.DataFrame(
        {
            "id_station": "MODELE_S" + chosen["insee"] + "_" + number.astype(str),
            "nom": "Station de relevage "
            + chosen["nom"].map(of_place)
            + number.map({1: ""}).fillna(" n° " + number.astype(str)),
            "debit_m3_s": np.round(area_ha * _FLOW_M3_S_PER_HA, 2),
        }
    )
    return as_layer(table, points, "pumping_stations"), as_layer(table, basins, "drained_basins")


def _sites(communes: gpd.GeoDataFrame, seed: int) -> pd.DataFrame:
    """Return where a station could stand, the likeliest first: shafts, else a point inside."""
    inner = shapely.get_coordinates(shapely.point_on_surface(communes.geometry.to_numpy()))
    middle = pd.DataFrame(inner, columns=["x", "y"]).assign(
        insee=communes["insee"].to_numpy(), later=1
    )
    pits = load_facts("pits")[["insee", "x", "y"]].dropna().assign(later=0)
    sites = pd.concat([pits, middle], ignore_index=True)
    shape = communes.set_index("insee").geometry
    sites = sites[sites["insee"].isin(shape.index)]
    own = shape.loc[sites["insee"]].to_numpy()
    sites = sites[shapely.contains_xy(own, sites[["x", "y"]].to_numpy(dtype=float))]
    rivers = shapely.multilinestrings(river_lines(seed)["geometry"].to_numpy())
    distance = shapely.distance(shapely.points(sites["x"], sites["y"]), rivers)
    metre = sites[["x", "y"]].to_numpy(dtype=float).round().astype(np.int64)
    chance = hash_uniform(metre[:, 0], metre[:, 1], seed + 702)
    sites = sites.assign(score=(distance + 300.0) * (0.4 + chance))
    nom = communes[["insee", "nom"]]
    return sites.merge(nom, on="insee").sort_values(["later", "score", "x", "y"], ignore_index=True)


def _spaced(xy: Floats, number: int) -> list[int]:
    """Return the first points that keep apart from those before them."""
    taken: list[int] = []
    for k in range(len(xy)):
        if len(taken) < number and (np.hypot(*(xy[taken] - xy[k]).T) >= _APART_M).all():
            taken.append(k)
    return taken
