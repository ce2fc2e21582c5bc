"""Modelled people and public buildings: the grid of 200 m, schools, homes, town halls, plants.

People live in the modelled buildings: the inhabitants of a commune are shared among its dwellings,
and the grid adds them up. Public buildings stand where modelled buildings do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from tvb.datasets.noise import hash_uniform
from tvb.datasets.tables import as_layer
from tvb.geometry.squares import CELL_M, GRID_CRS, square_cells
from tvb.names import of_place
from tvb.schema import CRS
from tvb.schema.population import POPULATION_VARIABLES

__all__ = ["build_people", "build_watched"]

Floats = NDArray[np.float64]

_KEY = 801
_ROW = 100_000  # more than the columns of cells of the whole of Europe
_HOUSEHOLD = 2.3
_FEWEST_HOUSEHOLDS = 11  # below, INSEE gives values imputed from a larger cell

# Shares of the people, of the households and of the dwellings of a cell, about which each varies.
_OF_PEOPLE = {
    "ind_0_3": 0.046, "ind_4_5": 0.026, "ind_6_10": 0.066, "ind_11_17": 0.094, "ind_18_24": 0.078,
    "ind_25_39": 0.186, "ind_40_54": 0.192, "ind_55_64": 0.126, "ind_65_79": 0.134,
    "ind_80p": 0.052,
}  # fmt: skip
_OF_HOUSEHOLDS = {
    "men_pauv": 0.21, "men_1ind": 0.33, "men_5ind": 0.07, "men_prop": 0.54, "men_fmp": 0.11,
    "men_coll": 0.18, "log_av45": 0.38, "log_45_70": 0.24, "log_70_90": 0.2, "log_ap90": 0.16,
    "log_soc": 0.24,
}  # fmt: skip
_INCOME_EUR, _FLOOR_M2 = 19_500.0, 88.0

# Category, name, inhabitants for one of them, and the least population of its commune.
_PUBLIC = (
    ("Mairie", "Mairie", np.inf, 0),
    ("École primaire", "École", 2_400, 300),
    ("Collège", "Collège", 9_000, 5_000),
    ("EHPAD", "Résidence", 8_000, 2_500),
    ("Caserne de pompiers", "Centre d'incendie et de secours", 26_000, 9_000),
    ("Station d'épuration", "Station d'épuration", 15_000, 4_000),
    ("Installation classée Seveso", "Établissement", 40_000, 12_000),
)


def build_people(buildings: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the modelled people of the communes on the grid of 200 m.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Modelled buildings.
    communes : geopandas.GeoDataFrame
        Layer ``communes``.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``population_grid``: the cells in which somebody lives, in order of their
        identifier. A commune without a modelled building has no people.
    """
    cells = _fill_cells(buildings, communes)
    names = _names(cells.index)
    people = cells["people"].to_numpy()
    place = cells.index.to_numpy()
    households = people / (_HOUSEHOLD * _vary(place, 0, 0.12))
    table = pd.DataFrame({"idcar_200m": names, "ind": people, "men": households})
    for start, whole, shares in ((40, people, _OF_PEOPLE), (1, households, _OF_HOUSEHOLDS)):
        for number, (name, share) in enumerate(shares.items(), start):
            table[name] = whole * share * _vary(place, number, 0.35)
    ages = list(_OF_PEOPLE)
    table[ages] = table[ages].mul(people / table[ages].sum(axis=1), axis=0)
    table["men_mais"] = households - table["men_coll"]
    table["ind_snv"] = people * _INCOME_EUR * _vary(place, 90, 0.2)
    table["men_surf"] = households * _FLOOR_M2 * _vary(place, 91, 0.15)
    table[["log_inc", "ind_inc"]] = 0.0
    numbers = list(POPULATION_VARIABLES)
    table[numbers] = table[numbers].round(2)
    squares, _ = square_cells(table["idcar_200m"])
    frame = gpd.GeoDataFrame(table, geometry=squares, crs=GRID_CRS).to_crs(CRS)
    frame["lcog_geo"] = _communes_of(frame, communes)
    frame["i_est_200"] = (households < _FEWEST_HOUSEHOLDS).astype(np.int64)
    frame["i_est_1km"] = 0
    return as_layer(
        frame.drop(columns="geometry"), frame.geometry.to_numpy(), "population_grid"
    ).sort_values("idcar_200m", ignore_index=True)


def _fill_cells(buildings: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the people of each cell, on its number: the rows of the grid, then its columns."""
    homes = buildings[buildings["usage_1"].eq("Résidentiel").to_numpy()]
    insee = homes["cleabs"].str[8:13]
    weight = homes["nombre_de_logements"].astype(float).fillna(1.0)
    total = weight.groupby(insee).transform("sum")
    population = communes.set_index("insee")["population"].astype(float).fillna(0.0)
    people = population.reindex(insee).to_numpy() * (weight / total.where(total > 0, 1.0))
    centre = shapely.centroid(homes.geometry.to_numpy())
    to_grid = Transformer.from_crs(CRS, GRID_CRS, always_xy=True)
    east, north = to_grid.transform(shapely.get_x(centre), shapely.get_y(centre))
    cell = (north // CELL_M * _ROW + east // CELL_M).astype(np.int64)
    sums: pd.Series[float] = people.groupby(cell).sum().round(2)
    return sums[sums > 0].to_frame("people")


def _names(cells: pd.Index[Any]) -> list[str]:
    north, east = (part * CELL_M for part in np.divmod(cells.to_numpy(dtype=np.int64), _ROW))
    return [f"CRS3035RES200mN{n}E{e}" for n, e in zip(north, east, strict=True)]


def _vary(place: NDArray[Any], number: int, by: float) -> Floats:
    """Return factors about 1 that depend on the place only."""
    return 1.0 + by * (2.0 * hash_uniform(place, number, _KEY) - 1.0)


def _communes_of(cells: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> list[str]:
    """Return the codes of the communes that each cell meets, one after the other."""
    shapes = communes.geometry.to_numpy()
    cell, commune = shapely.STRtree(shapes).query(cells.geometry.to_numpy(), "intersects")
    codes = pd.Series(communes["insee"].to_numpy(dtype=object)[commune])
    joined = codes.groupby(cell).agg(lambda c: "".join(sorted(c)))
    return list(joined.reindex(range(len(cells)), fill_value=""))


def build_watched(
    buildings: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, *, seed: int
) -> gpd.GeoDataFrame:
    """Return modelled public buildings and plants, at the place of modelled buildings.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Modelled buildings.
    communes : geopandas.GeoDataFrame
        Layer ``communes``.
    seed : int
        Draws the buildings.

    Returns
    -------
    geopandas.GeoDataFrame
        Valid layer ``watched_objects``: points, in order of ``id_objet``. Their number follows the
        population of each commune; a commune of no building has none.
    """
    homes = buildings[buildings["usage_1"].ne("Annexe").to_numpy()]
    centre = shapely.get_coordinates(shapely.centroid(homes.geometry.to_numpy()))
    metre = np.round(centre).astype(np.int64)
    draw = hash_uniform(metre[:, 0], metre[:, 1], seed + _KEY)
    table = pd.DataFrame(
        {"insee": homes["cleabs"].str[8:13].to_numpy(), "draw": draw, "x": centre[:, 0],
         "y": centre[:, 1]}
    ).sort_values(["insee", "draw", "x", "y"], ignore_index=True)  # fmt: skip
    table["place"] = table.groupby("insee").cumcount()
    wanted = pd.DataFrame(
        [row for _, commune in communes.iterrows() for row in _public_of(commune)],
        columns=["insee", "place", "categorie", "nom"],
    )
    chosen = wanted.merge(table, on=["insee", "place"])
    number = (chosen["place"] + 1).astype(str).str.zfill(3)
    chosen["id_objet"] = "MODELE_O" + chosen["insee"] + "_" + number
    chosen = chosen.assign(etat=None, note="Objet modélisé").sort_values("id_objet")
    points = shapely.points(chosen["x"].round(2), chosen["y"].round(2))
    return as_layer(chosen, np.asarray(points, dtype=object), "watched_objects")


def _public_of(commune: Mapping[str, Any]) -> list[tuple[str, int, str, str]]:
    """Return the public buildings of a commune: code, rank of the draw, category, name."""
    people = commune["population"]
    people = 0.0 if pd.isna(people) else float(people)
    found: list[tuple[str, int, str, str]] = []
    for category, name, each, least in _PUBLIC:
        count = 1 if np.isinf(each) else int(np.ceil(people / each)) if people >= least else 0
        for number in range(1, count + 1):
            suffix = "" if count == 1 else f" n° {number}"
            label = f"{name} {of_place(commune['nom'])}{suffix} (modèle)"
            found.append((commune["insee"], len(found), category, label))
    return found
