"""People in buildings: the grid of 200 m of INSEE spread on what people can live in.

Each cell gives its people to the buildings whose centroid lies in it, and to no other: totals are
kept cell by cell, and what finds no building is named, never dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from tvb.display import frame_table
from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.checks import read_numbers, require_columns
from tvb.flood.exposure import flag_exposed_buildings, measure_flooded_share
from tvb.flood.repeated import number_buildings
from tvb.flood.rules import (
    DEFAULT_EXCLUDED,
    Exclusion,
    flag_excluded_buildings,
)
from tvb.geometry.arrays import BoolArray, FloatArray, GeometryArray, IntArray, make_valid
from tvb.geometry.squares import CELL_M, GRID_CRS, read_cell_names, square_cells
from tvb.schema import CRS, require_crs, require_polygons

__all__ = [
    "BASES",
    "STOREY_M",
    "VULNERABLE",
    "PopulationSpread",
    "build_population_grid",
    "measure_floor_area",
    "split_commune_codes",
    "spread_population",
]

Weight = Literal["dwellings", "volume"]

STOREY_M = 3.0
"""Height that stands for one storey where the number of storeys is not known."""

VULNERABLE = ("ind_0_3", "ind_80p", "men", "men_pauv", "men_1ind")
"""Small children, the very old, households, and of these the poor ones and those of one person."""

BASES = ("dwellings", "dwellings_completed", "floor_area", "floor_area_undefined",
         "floor_area_other", "none")  # fmt: skip
"""What the people of a cell are spread by, in order of preference: see `spread_population`."""

_COLUMNS = 100_000  # more than the columns of cells of the whole of Europe
_HOUSING, _UNDEFINED, _OTHER = range(3)
_CODE = 5
# A cell of which no more than this share lies outside the territory lies inside.
_EQUAL = 1e-9


@dataclass(frozen=True)
class PopulationSpread:
    """People of each building, and what became of those of each cell.

    Parameters
    ----------
    table : pandas.DataFrame
        On the index of the buildings, parts of persons: ``people``, ``people_imputed`` (those of
        cells with imputed values), and the other variables under their name.
    cells : pandas.DataFrame
        On ``idcar_200m``, in the order of the grid: ``people``; ``spread``, ``no_building``
        (people of a cell without any building to live in) and ``outside`` (share of the cell
        outside the territory), which add up to it; ``basis`` (one of `BASES`); ``buildings`` (those
        that got people); ``imputed``; ``communes`` (codes joined by a comma).
    """

    table: pd.DataFrame
    cells: pd.DataFrame = field(repr=False)

    @property
    def people(self) -> pd.Series[Any]:
        """People of each building, named ``people``."""
        return self.table["people"]

    def summary(self) -> pd.DataFrame:
        """Return cells and people by what they were spread by.

        Returns
        -------
        pandas.DataFrame
            On ``basis``, every one of `BASES`: ``cells``, ``people``, ``spread``, ``no_building``,
            ``outside``.
        """
        sums = self.cells.groupby("basis")[["people", "spread", "no_building", "outside"]].sum()
        sums.insert(0, "cells", self.cells["basis"].value_counts())
        return sums.reindex(pd.Index(BASES, name="basis"), fill_value=0)

    def __repr__(self) -> str:
        people = self.cells["people"].sum()
        return (
            f"<PopulationSpread: {self.cells['spread'].sum():.0f} of {people:.0f} people of "
            f"{len(self.cells)} cells on {int((self.people > 0).sum())} buildings>"
        )

    def _repr_html_(self) -> str:
        return frame_table(self, self.summary(), then=(".people", ".table", ".cells"))


def build_population_grid(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the cells of the grid with the squares that their identifiers name.

    Parameters
    ----------
    table : pandas.DataFrame
        Column ``idcar_200m`` and any others; a geometry is replaced.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows, index and columns with squares of 200 m of EPSG:3035, in EPSG:2154; sides
        are straight there too, which moves their middle by less than a millimetre.

    Raises
    ------
    LayerError
        If an identifier is not one of a cell of 200 m, or is given twice.

    Examples
    --------
    >>> cells = pd.DataFrame({"idcar_200m": ["CRS3035RES200mN3079000E3834200"], "ind": [12.5]})
    >>> round(build_population_grid(cells).to_crs(3035).area.sum())
    40000
    """
    _corners(table)  # refuses names that are wrong or given twice
    squares, _ = square_cells(table["idcar_200m"])
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    return gpd.GeoDataFrame(plain, geometry=squares, crs=GRID_CRS).to_crs(CRS)


def split_commune_codes(codes: pd.Series[Any]) -> pd.Series[Any]:
    """Return the communes of each cell, apart.

    Parameters
    ----------
    codes : pandas.Series
        Column ``lcog_geo``: codes of five characters one after the other.

    Returns
    -------
    pandas.Series
        Tuples of codes on the same index; empty where there is none.

    Raises
    ------
    LayerError
        If a text is not made of codes of five characters.

    Examples
    --------
    >>> split_commune_codes(pd.Series(["591786217862427", "2A004"])).tolist()
    [('59178', '62178', '62427'), ('2A004',)]
    """
    texts = codes.astype("str").fillna("")
    wrong = texts.str.len() % _CODE != 0
    if wrong.any():
        raise LayerError(
            explain(
                "population_grid", "« lcog_geo » is not made of codes of five characters",
                count=int(wrong.sum()), ids=texts[wrong],
            )
        )  # fmt: skip
    split = {t: tuple(t[i : i + _CODE] for i in range(0, len(t), _CODE)) for t in texts.unique()}
    return texts.astype("object").map(split).rename("communes")


def measure_floor_area(buildings: gpd.GeoDataFrame) -> pd.Series[float]:
    """Return the floor area of each building: its footprint times its storeys.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints, EPSG:2154, with ``nombre_d_etages`` and ``hauteur`` where they are known.

    Returns
    -------
    pandas.Series
        Square metres on the index of the buildings. Storeys are ``nombre_d_etages`` where above 0;
        else ``hauteur`` over `STOREY_M`, rounded, at least one; else one.

    Raises
    ------
    LayerError
        If a number of storeys or a height is text or infinite.
    """
    area_m2 = shapely.area(make_valid(buildings.geometry.to_numpy()))
    return pd.Series(
        np.nan_to_num(area_m2) * _storeys(buildings), index=buildings.index, name="floor_area_m2"
    )


def spread_population(
    buildings: gpd.GeoDataFrame,
    grid: pd.DataFrame,
    *,
    by: Weight = "dwellings",
    variables: str | Sequence[str] = VULNERABLE,
    territory: gpd.GeoDataFrame | None = None,
    exclude: Collection[Exclusion] = DEFAULT_EXCLUDED,
) -> PopulationSpread:
    """Return the people of each building, from the cells of the grid.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints, EPSG:2154, with the columns of the schema ``buildings``. Rows of the same
        ``cleabs`` are one building, and one of them has its people.
    grid : pandas.DataFrame
        Cells with ``idcar_200m`` and ``ind``, and ``i_est_200`` and ``lcog_geo`` if they are to be
        told; a geometry is not used. A null number is 0.
    by : {"dwellings", "volume"}
        What people are spread by; "volume" leaves out the first two steps below.
    variables : str or sequence of str
        Other columns of the grid, spread in the same shares; none for an empty one.
    territory : geopandas.GeoDataFrame, optional
        Polygons, EPSG:2154, beyond which buildings are not known or not wanted. A cell partly
        outside gives the share of its area that lies inside to the buildings with their centroid
        inside. Without it, all people of a cell go to the buildings given.
    exclude : collection of {"light", "annexe", "not_in_service"}
        Buildings that nobody lives in: see `tvb.flood.flag_excluded_buildings`.

    Returns
    -------
    PopulationSpread
        For every cell ``people = spread + no_building + outside``, and the people of its buildings
        add up to ``spread``, to 1e-9.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If a column is missing, a number is negative, infinite or text other than digits, or an
        identifier of a cell is wrong or given twice.
    ParameterError
        If the weight or an exclusion is not accepted.

    Notes
    -----
    A building belongs to the cell that holds its centroid. In each cell the first of these applies:

    1. ``dwellings``: all buildings for housing (``usage_1`` « Résidentiel », or at least a
       dwelling) have a known number of dwellings: in proportion to it;
    2. ``dwellings_completed``: some have: the others are given dwellings in proportion to their
       floor area, at the ratio of the known ones of the cell;
    3. ``floor_area``: none has: by floor area (`measure_floor_area`);
    4. ``floor_area_undefined``: there is no building for housing: buildings « Indifférencié » or
       without a use, by floor area;
    5. ``floor_area_other``: any other building, by floor area;
    6. ``none``: the people stay with the cell, as ``no_building``.

    A building known to have no dwelling comes last, with the others.
    """
    require_crs(buildings, "buildings")
    require_columns(buildings, "buildings", "usage_1", "nombre_de_logements")
    if by not in get_args(Weight):
        raise ParameterError(
            explain("by", f"« {by} » is unknown", required="one of " + ", ".join(get_args(Weight)))
        )
    variables = [variables] if isinstance(variables, str) else list(variables)
    values = _numbers(grid, variables)
    cells = _Cells(grid)
    inside = _share_inside(grid, territory)
    shapes = make_valid(buildings.geometry.to_numpy())
    solid = shapely.area(shapes) > 0
    at, cell = cells.locate(shapes, solid & _may_be_lived_in(buildings, territory, exclude))
    here = buildings.take(at)
    floor_m2 = shapely.area(shapes[at]) * _storeys(here)
    weight, basis = _weigh(here, floor_m2, cell, cells=len(grid), by=by)
    total = np.bincount(cell, weights=weight, minlength=len(grid))
    part = weight / np.where(total > 0, total, 1.0)[cell] * inside[cell]
    table = pd.DataFrame(0.0, index=buildings.index, columns=["people", "people_imputed"])
    for name in ("ind", *variables):
        column = np.zeros(len(buildings))
        column[at] = part * values[name].to_numpy()[cell]
        table["people" if name == "ind" else name] = column
    imputed = cells.imputed()
    table["people_imputed"] = 0.0
    table.iloc[at, 1] = table["people"].to_numpy()[at] * imputed[cell]
    people = values["ind"].to_numpy()
    given = people * inside
    told = pd.DataFrame(
        {
            "people": people,
            "spread": np.where(total > 0, given, 0.0),
            "no_building": np.where(total > 0, 0.0, given),
            "outside": people - given,
            "basis": basis,
            "buildings": np.bincount(cell[weight > 0], minlength=len(grid)),
            "imputed": imputed,
            "communes": cells.communes(),
        },
        index=pd.Index(grid["idcar_200m"], name="idcar_200m"),
    )
    return PopulationSpread(table, told)


class _Cells:
    """Cells by their place in the grid."""

    def __init__(self, grid: pd.DataFrame) -> None:
        north, east = _corners(grid)
        self._grid = grid
        keys = north // CELL_M * _COLUMNS + east // CELL_M
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    def locate(self, shapes: GeometryArray, wanted: BoolArray) -> tuple[IntArray, IntArray]:
        """Return the positions of the wanted buildings that lie in a cell, and of their cells."""
        at = np.flatnonzero(wanted)
        centroid = shapely.centroid(shapes[at])
        to_grid = Transformer.from_crs(CRS, GRID_CRS, always_xy=True)
        east, north = to_grid.transform(shapely.get_x(centroid), shapely.get_y(centroid))
        key = np.floor(north / CELL_M) * _COLUMNS + np.floor(east / CELL_M)
        place = np.searchsorted(self._keys, key)
        place[place == len(self._keys)] = 0
        found = self._keys[place] == key if len(self._keys) else np.zeros(len(at), dtype=bool)
        return at[found], self._order[place[found]]

    def imputed(self) -> BoolArray:
        """Return which cells have imputed values."""
        if "i_est_200" not in self._grid.columns:
            return np.zeros(len(self._grid), dtype=bool)
        flags = read_numbers(self._grid["i_est_200"], "population_grid", negative=True, texts=True)
        return np.asarray(flags == 1)

    def communes(self) -> list[str]:
        """Return the codes of the communes of each cell, joined by a comma."""
        if "lcog_geo" not in self._grid.columns:
            return [""] * len(self._grid)
        return [", ".join(codes) for codes in split_commune_codes(self._grid["lcog_geo"])]


def _corners(grid: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """Return north and east of the south-west corner of each cell, in metres of EPSG:3035."""
    require_columns(grid, "population_grid", "idcar_200m")
    ids = grid["idcar_200m"].astype("str")
    north, east, wrong = read_cell_names(ids)
    twice = ids.duplicated().to_numpy()
    for rows, problem in ((wrong, "is not the name of a cell of 200 m"), (twice, "is given twice")):
        if rows.any():
            raise LayerError(
                explain(
                    "population_grid", f"« idcar_200m » {problem}", count=int(rows.sum()),
                    ids=ids[rows], required="CRS3035RES200mN…E…, multiples of 200, each cell once",
                )
            )  # fmt: skip
    return north, east


def _numbers(grid: pd.DataFrame, variables: Sequence[str]) -> pd.DataFrame:
    """Return the people of each cell and the other variables; null is 0."""
    require_columns(grid, "population_grid", "idcar_200m", "ind")
    require_columns(
        grid, "population_grid", *variables,
        remedy="name the columns that the grid has with variables=(…), or none with variables=()",
    )  # fmt: skip
    cells = grid.set_index("idcar_200m")
    values = {
        name: np.nan_to_num(read_numbers(cells[name], "population_grid", texts=True))
        for name in ("ind", *variables)
    }
    return pd.DataFrame(values, index=grid.index)


def _share_inside(grid: pd.DataFrame, territory: gpd.GeoDataFrame | None) -> FloatArray:
    """Return the share of each cell that lies in the territory."""
    if territory is None:
        return np.ones(len(grid))
    require_polygons(territory, "territory")
    squares = build_population_grid(grid[["idcar_200m"]])
    share = measure_flooded_share(squares, _as_zone(territory), scenarios=["inside"])["inside"]
    return np.where(share > 1 - _EQUAL, 1.0, share)


def _as_zone(territory: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"scenario": "inside"}, index=territory.index, geometry=territory.geometry
    )


def _storeys(buildings: gpd.GeoDataFrame) -> FloatArray:
    """Return the number of storeys of each building, as `measure_floor_area` finds it."""
    storeys = np.ones(len(buildings))
    if "hauteur" in buildings.columns:
        height_m = read_numbers(buildings["hauteur"], "buildings", negative=True)
        storeys = np.fmax(np.floor(height_m / STOREY_M + 0.5), storeys)
    if "nombre_d_etages" in buildings.columns:
        known = read_numbers(buildings["nombre_d_etages"], "buildings", negative=True)
        storeys = np.where(known > 0, known, storeys)
    return storeys


def _may_be_lived_in(
    buildings: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame | None,
    exclude: Collection[Exclusion],
) -> BoolArray:
    """Return which rows are buildings, of the kinds wanted, inside the territory."""
    _, wanted = number_buildings(buildings)
    wanted &= ~flag_excluded_buildings(buildings, exclude=exclude).any(axis=1).to_numpy(dtype=bool)
    if territory is not None:
        zone = _as_zone(territory)
        flags = flag_exposed_buildings(buildings, zone, rule="centroid", scenarios=["inside"])
        wanted &= flags["inside"].to_numpy()
    return wanted


def _weigh(
    buildings: gpd.GeoDataFrame, floor_m2: FloatArray, cell: IntArray, *, cells: int, by: Weight
) -> tuple[FloatArray, pd.Categorical[Any]]:
    """Return the weight of each building in its cell, and what each cell is spread by."""
    dwellings = read_numbers(buildings["nombre_de_logements"], "buildings", whole=True)
    kind = _kinds(buildings["usage_1"], dwellings)
    best = np.full(cells, len(BASES))
    np.minimum.at(best, cell, kind)
    used = kind == best[cell]
    known = used & (kind == _HOUSING) & (dwellings > 0) & (by == "dwellings")
    counted = np.bincount(cell, weights=np.where(known, dwellings, 0.0), minlength=cells)
    beside_m2 = np.bincount(cell, weights=np.where(known, floor_m2, 0.0), minlength=cells)
    ratio = np.divide(counted, beside_m2, out=np.zeros(cells), where=beside_m2 > 0)
    in_dwellings = np.where(known, dwellings, floor_m2 * ratio[cell])
    weight = np.where(used, np.where(counted[cell] > 0, in_dwellings, floor_m2), 0.0)
    some_unknown = np.zeros(cells, dtype=bool)
    some_unknown[cell[used & ~known]] = True
    basis = np.select(
        [counted > 0, best == _HOUSING, best == _UNDEFINED, best == _OTHER],
        [some_unknown.astype(np.int64), 2, 3, 4],
        default=5,
    )
    return weight, pd.Categorical.from_codes(basis, pd.Index(BASES), ordered=True)


def _kinds(use: pd.Series[Any], dwellings: FloatArray) -> IntArray:
    """Return whether each building is for housing, of undefined use, or something else."""
    housing = use.eq("Résidentiel").fillna(value=False).to_numpy(dtype=bool) | (dwellings > 0)
    undefined = (use.eq("Indifférencié") | use.isna()).fillna(value=False).to_numpy(dtype=bool)
    kind = np.select([housing, undefined], [_HOUSING, _UNDEFINED], default=_OTHER)
    kind[dwellings == 0] = _OTHER
    return kind
