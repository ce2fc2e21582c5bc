"""Depth of water at each building, from rasters of depth.

Every cell counts for the exact share of it that a footprint covers. Three answers are kept apart:
ground that was computed and stays dry (a depth of 0), ground that was not computed (no data), and
ground outside the raster.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.display import frame_table
from tvb.errors import LayerError, ParameterError, explain
from tvb.flood.checks import is_count, is_number, read_numbers, require_columns
from tvb.flood.depth_cells import Measure, Tally, tally_depths
from tvb.flood.depth_footprints import Footprints
from tvb.flood.depth_kernels import (
    CELLS,
    DOOR,
    DRY,
    FIRST_SHARE,
    MAX,
    NEGATIVE,
    TINY,
    UNKNOWN,
    UNREAL,
    VOLUME,
    WET,
)
from tvb.geometry.arrays import FloatArray
from tvb.grid import Grid
from tvb.schema import require_crs, require_type
from tvb.schema.hazard import DEPTH_CLASSES
from tvb.schema.hazard import DRY as DRY_CLASS
from tvb.schema.layers import FLOOD_DEPTH

__all__ = ["ANSWERS", "BuildingDepths", "classify_depth", "measure_depth"]

ANSWERS = ("wet", "dry", "partly_dry", "nodata", "outside", "no_footprint")
"""What a raster says of a building; see `measure_depth`."""

DepthSource = Grid | Iterable[Grid] | Mapping[str, Grid | Iterable[Grid]]

_ROUNDING_M2 = 1e-6
_PLAIN = ("max", "mean", "mean_wet", "door")
_SHARES = ("wet", "dry", "nodata", "outside")


@dataclass(frozen=True)
class BuildingDepths:
    """Water at each building in some scenarios, and how it was measured.

    Parameters
    ----------
    table : pandas.DataFrame
        On the index of the buildings, columns of two levels, ``measure`` and ``scenario``: see
        `measure_depth`.
    account : pandas.DataFrame
        One row for each scenario: see `measure_depth`.
    tiny_m : float
        Depth below which ground counts as dry.
    floor_height : float or str
        Height of the floor above the ground in metres, or the column that gives it.
    """

    table: pd.DataFrame
    account: pd.DataFrame
    tiny_m: float
    floor_height: float | str

    def scenario(self, name: str) -> pd.DataFrame:
        """Return the measures of one scenario.

        Parameters
        ----------
        name : str
            The scenario.

        Returns
        -------
        pandas.DataFrame
            One column for each measure, on the index of the buildings.

        Raises
        ------
        ParameterError
            If there is no such scenario.
        """
        if name not in self.account.index:
            raise ParameterError(
                explain(
                    "scenario", f"« {name} » was not measured",
                    required="one of " + ", ".join(self.account.index),
                )
            )  # fmt: skip
        here = self.table.columns.get_level_values("scenario") == name
        return self.table.loc[:, here].droplevel("scenario", axis="columns")

    def summary(self) -> str:
        """Return the answers of each scenario and the rules in words.

        Returns
        -------
        str
            One line for each scenario, and one for the rules.
        """
        lines = [
            f"{name}: " + ", ".join(f"{row[answer]} {answer}" for answer in ANSWERS if row[answer])
            for name, row in self.account.iterrows()
        ]
        floor = self.floor_height
        height = f"column « {floor} »" if isinstance(floor, str) else f"{floor:g} m"
        return "\n".join(
            [*lines, f"Depths below {self.tiny_m:g} m are dry; floors above the ground: {height}."]
        )

    def __repr__(self) -> str:
        return (
            f"<BuildingDepths: {len(self.table)} buildings, scenarios "
            f"{', '.join(map(str, self.account.index))}>"
        )

    def _repr_html_(self) -> str:
        then = (f'.scenario("{name}")' for name in self.account.index[:1])
        return frame_table(self, self.account[list(ANSWERS)], then=(".table", *then, ".summary()"))


def measure_depth(
    buildings: gpd.GeoDataFrame,
    depth: DepthSource,
    *,
    statistics: Sequence[str] = ("max", "mean", "p90", "door"),
    floor_height_m: float | str = 0.0,
    doors: gpd.GeoSeries | None = None,
    tiny_m: float = 0.01,
    threads: int | None = None,
) -> BuildingDepths:
    """Return the depth of water at each building in one or several scenarios.

    Parameters
    ----------
    buildings : geopandas.GeoDataFrame
        Footprints (polygons), EPSG:2154. Invalid ones are measured as ``make_valid`` leaves them.
    depth : Grid, iterable of Grid, or mapping of str to either
        Depth of water above the ground in metres. An iterable gives the windows of one raster or
        the tiles of a mosaic, in any order, which must not overlap; they are read one at a time
        (`tvb.io.iter_grids`), and buildings across their borders come out as from one raster. A
        mapping gives scenarios by name, read abreast; those that share their cells share the work.
        Otherwise the scenario has the name of the grid. Cells may be rectangles.
    statistics : sequence of {"max", "mean", "mean_wet", "p<number>", "door"}
        ``max``: of all cells of which the footprint covers any part. ``mean``: over the ground of
        the footprint that was computed, dry ground included; ``mean_wet``: over what is wet.
        ``p90``: smallest depth of a cell that is not exceeded on 90 % of the ground computed; any
        number above 0 and up to 100. ``door``: above the floor at the threshold of the door, see
        `doors`.
    floor_height_m : float or str
        Height of the floor above the ground at the door; or the column of the buildings that gives
        it, null where it is not known. Negative below the ground, as for a cellar: the depth above
        it is then larger than that above the ground, but only where there is water; what is dry
        stays dry.
    doors : geopandas.GeoSeries, optional
        Points, EPSG:2154, on the index of the buildings: the depth is that of the cell that holds
        the point. Where it is null or empty, or by default, the door is not known and taken to be
        where the water is deepest: the depth is the largest of the cells that an outer ring of the
        footprint touches, those on whose border it runs included on both sides. Where there is
        water, the height of the floor is taken away, and what is left is at least 0; where it is
        dry, 0.
    tiny_m : float
        Depths below this are read as 0, as are negative ones; both are counted in the account. 0
        takes every positive depth as it stands.
    threads : int, optional
        Number of threads, by default one for each processor; the result is the same for any.

    Returns
    -------
    BuildingDepths
        Its ``table`` has, for each scenario, ``depth_<statistic>_m`` (null where no cell has an
        observation; 0 on dry ground), ``share_wet``, ``share_dry``, ``share_nodata`` and
        ``share_outside`` of the footprint (they add up to 1), and ``answer``: "wet" if some of it
        is; "dry" if all of it was computed and is dry; "partly_dry" if some of it was computed, and
        that is dry; "nodata" if none of it was, though some lies in the raster; "outside" if none
        does; "no_footprint" if the geometry is null, empty or without area.

        Its ``account`` has the number of buildings with each answer; ``cells`` under footprints (a
        cell under two counts twice) that were looked at one by one, since not all were 0 or all no
        data, of which ``cells_negative`` and ``cells_tiny``; ``repaired``, footprints over such
        cells that were invalid; ``doors_known``; ``floors_unknown``, whose ``depth_door_m`` is
        null; ``windows`` read.

    Raises
    ------
    CrsError
        If the buildings or the doors are not in EPSG:2154.
    LayerError
        If windows overlap, the column of floor heights is missing or not of numbers, or cells under
        buildings hold what cannot be a depth: below -1 m or above 30 m.
    ParameterError
        If a statistic is unknown, `tiny_m` is negative, the floor height is not finite, the number
        of threads is not a whole one from 1 on, something else than a grid is given, or the doors
        are not on the index of the buildings.

    Notes
    -----
    Cells count from 1e-9 of their area on; a footprint has an area from 1 mm² on. A value that is
    not finite is no observation.

    Examples
    --------
    >>> depth = Grid(np.array([[0.0, 0.5], [np.nan, 2.0]]), 0, 20, 10, 10, name="02Moy")
    >>> building = gpd.GeoDataFrame(geometry=[shapely.box(8, 8, 14, 12)], crs=2154)
    >>> water = measure_depth(building, depth, statistics=("max", "mean")).scenario("02Moy")
    >>> water[["depth_max_m", "depth_mean_m"]].loc[0].tolist(), water["answer"][0]
    ([2.0, 1.0], 'wet')
    """
    require_crs(buildings, "buildings")
    shares = _shares_of(statistics)
    if not (is_number(tiny_m) and 0 <= tiny_m < math.inf):
        raise ParameterError(explain("tiny_m", f"{tiny_m}", required="0 or more, in metres"))
    floor = _floor_heights(buildings, floor_height_m)
    places = _door_places(buildings, doors)
    streams = _streams(depth)
    if threads is not None and not is_count(threads):
        raise ParameterError(
            explain("threads", f"is {threads}", required="a whole number, at least 1")
        )
    threads = threads or len(os.sched_getaffinity(0))
    footprints = Footprints(buildings.geometry.to_numpy(), threads=threads)
    lowest, highest = _bounds()
    measure = Measure(
        float(tiny_m),
        lowest,
        highest,
        np.array(list(shares.values())),
        "door" in statistics,
        places,
    )
    tallies = tally_depths(footprints, streams, measure, threads=threads)
    columns: dict[tuple[str, str], Any] = {}
    account = {}
    for scenario, tally in tallies.items():
        _require_real(tally, scenario, buildings.index)
        measures = _measures(tally, footprints, shares=shares, floor=floor)
        names = [*(f"depth_{s}_m" for s in statistics), *(f"share_{s}" for s in _SHARES), "answer"]
        columns |= {(name, scenario): measures[name] for name in names}
        account[scenario] = _account(tally, footprints, measures["answer"]) | {
            "doors_known": int((~np.isnan(places[:, 0])).sum()),
            "floors_unknown": int(np.isnan(floor).sum()),
        }
    table = pd.DataFrame(dict(enumerate(columns.values())), index=buildings.index)
    levels = pd.MultiIndex.from_tuples(list(columns), names=["measure", "scenario"])
    rows = pd.DataFrame.from_dict(account, orient="index").rename_axis("scenario")
    return BuildingDepths(table.set_axis(levels, axis="columns"), rows, tiny_m, floor_height_m)


def classify_depth(
    depth_m: pd.Series[float],
    *,
    classes: Mapping[str, tuple[float, float | None]] = DEPTH_CLASSES,
) -> pd.Series[Any]:
    """Return the class of each depth.

    Parameters
    ----------
    depth_m : pandas.Series
        Depths in metres; null where not known.
    classes : mapping of str to tuple
        From the shallowest to the deepest: the least depth in metres, which belongs to the class,
        and the depth at which the next one begins; None is no upper bound. By default the classes
        of the CNIG, « Inf05 », « 05-1m », « 1m-2m », « Sup2m ».

    Returns
    -------
    pandas.Series
        Ordered category on the same index: « Emerg » for a depth of 0 or less, the classes, null
        where the depth is not known or in no class.

    Raises
    ------
    LayerError
        If a depth is text or infinite.
    ParameterError
        If classes do not follow upon each other.

    Examples
    --------
    >>> classify_depth(pd.Series([0.0, 0.2, 0.5, 7.0, np.nan])).tolist()
    ['Emerg', 'Inf05', '05-1m', 'Sup2m', nan]
    """
    require_type(depth_m, pd.Series, "depth_m")
    bounds = [(low, math.inf if high is None else high) for low, high in classes.values()]
    follow = all(before[1] == after[0] for before, after in pairwise(bounds))
    if not bounds or not follow or any(not 0 <= low < high for low, high in bounds):
        raise ParameterError(
            explain(
                "classes", f"they do not follow upon each other: {dict(classes)}",
                required="each from the depth at which the one before ends, from the shallowest on",
            )
        )  # fmt: skip
    edges = np.array([bounds[0][0], *(high for _, high in bounds)])
    values = read_numbers(depth_m, "depth_m", negative=True)
    code = np.searchsorted(edges, values, side="right")
    code[np.isnan(values) | (code == len(edges)) | (code == 0)] = -1
    code[values <= 0] = 0
    names = pd.CategoricalDtype([DRY_CLASS, *classes], ordered=True)
    return pd.Series(pd.Categorical.from_codes(code, dtype=names), index=depth_m.index)


def _bounds() -> tuple[float, float]:
    """Return the depths between which a value can be one.

    A little below 0 comes from resampling; far below is a mark of no data that nobody declared.
    """
    low, high = FLOOD_DEPTH.minimum, FLOOD_DEPTH.maximum
    return -math.inf if low is None else low, math.inf if high is None else high


def _shares_of(statistics: Sequence[str]) -> dict[str, float]:
    """Return the share of the ground for each percentile asked for."""
    shares = {}
    for name in statistics:
        if name in _PLAIN:
            continue
        try:
            percent = float(name.removeprefix("p")) if name.startswith("p") else math.nan
        except ValueError:
            percent = math.nan
        if not 0 < percent <= 100:
            raise ParameterError(
                explain(
                    "statistics", f"« {name} » is unknown",
                    required=", ".join(_PLAIN) + ", or p and a number above 0 and up to 100",
                )
            )  # fmt: skip
        shares[name] = percent / 100
    return shares


def _floor_heights(buildings: gpd.GeoDataFrame, given: float | str) -> FloatArray:
    """Return the height of the floor of each building, not a number where it is not known."""
    if not isinstance(given, str):
        if not (is_number(given) and math.isfinite(given)):
            raise ParameterError(
                explain("floor_height_m", f"{given}", required="metres, or the name of a column")
            )
        return np.full(len(buildings), float(given))
    require_columns(buildings, "buildings", given)
    column = buildings[given]
    if not pd.api.types.is_numeric_dtype(column):
        raise LayerError(
            explain("buildings", f"« {given} » holds {column.dtype}", required="metres, as numbers")
        )
    heights = column.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(np.where(np.isfinite(heights), heights, np.nan))


def _door_places(buildings: gpd.GeoDataFrame, doors: gpd.GeoSeries | None) -> NDArray[np.float64]:
    """Return x and y of each door, not a number where it is not known."""
    if doors is None:
        return np.full((len(buildings), 2), np.nan)
    require_type(doors, gpd.GeoSeries, "doors")
    require_crs(gpd.GeoDataFrame(geometry=doors), "doors")
    if not doors.index.equals(buildings.index):
        raise ParameterError(
            explain("doors", "are not on the index of the buildings", required="a point or null "
                    "for each building", remedy="doors.reindex(buildings.index)")
        )  # fmt: skip
    points = doors.to_numpy()
    other = (shapely.get_type_id(points) != 0) & ~shapely.is_missing(points)
    if other.any():
        raise LayerError(
            explain("doors", "not a point", count=int(other.sum()), ids=doors.index[other],
                    required="points")
        )  # fmt: skip
    places = np.full((len(points), 2), np.nan)
    somewhere = ~shapely.is_missing(points) & ~shapely.is_empty(points)
    places[somewhere] = shapely.get_coordinates(points[somewhere])
    return places


def _streams(depth: DepthSource) -> dict[str, Iterable[Grid]]:
    """Return the windows of each scenario."""
    if isinstance(depth, Mapping):
        return {str(name): _windows(grids) for name, grids in depth.items()}
    if isinstance(depth, Grid):
        return {depth.name: [depth]}
    windows: Iterator[Grid] = iter(_windows(depth))
    first = list(islice(windows, 1))
    name = getattr(first[0], "name", "depth") if first else "depth"
    return {name: chain(first, windows)}


def _windows(grids: Grid | Iterable[Grid]) -> Iterable[Grid]:
    """Return one or several grids as several; what is no grid among them is found later."""
    return grids if isinstance(grids, Iterable) else [grids]


def _require_real(tally: Tally, scenario: str, index: pd.Index[Any]) -> None:
    wrong = tally.sums[:, UNREAL] > 0
    if wrong.any():
        raise LayerError(
            explain(
                scenario,
                "cells under buildings hold what cannot be a depth",
                count=int(wrong.sum()),
                ids=index[wrong],
                required="{:g} to {:g} m".format(*_bounds()),
                remedy="say which value means no observation with nodata= of tvb.io.read_grid",
            )
        )


def _measures(
    tally: Tally,
    footprints: Footprints,
    *,
    shares: Mapping[str, float],
    floor: FloatArray,
) -> dict[str, Any]:
    """Return every measure of one scenario by its name."""
    sums = tally.sums
    wet, dry, unknown = sums[:, WET], sums[:, DRY], sums[:, UNKNOWN]
    measured = wet + dry + unknown
    left = footprints.area_m2 - measured
    outside = np.where(left > _ROUNDING_M2 + 1e-9 * footprints.area_m2, left, 0.0)
    outside[~footprints.solid] = 0.0
    parts = dict(zip(_SHARES, (wet, dry, unknown, outside), strict=True))
    found: dict[str, Any] = {
        f"share_{name}": _ratio(part, measured + outside) for name, part in parts.items()
    }
    deepest = sums[:, MAX]
    found["depth_max_m"] = deepest
    # Rounding may put a mean above what it is the mean of.
    found["depth_mean_m"] = np.minimum(_ratio(sums[:, VOLUME], wet + dry), deepest)
    over_wet = np.minimum(_ratio(sums[:, VOLUME], wet), deepest)
    found["depth_mean_wet_m"] = np.where(deepest == 0, 0.0, over_wet)
    for position, name in enumerate(shares):
        found[f"depth_{name}_m"] = sums[:, FIRST_SHARE + position]
    found["depth_door_m"] = _above_floor(sums[:, DOOR], floor)
    answer = np.select(
        [~footprints.solid, wet > 0, (dry > 0) & (unknown + outside == 0), dry > 0, unknown > 0],
        [ANSWERS.index(a) for a in ("no_footprint", "wet", "dry", "partly_dry", "nodata")],
        ANSWERS.index("outside"),
    )
    found["answer"] = pd.Categorical.from_codes(answer.astype(np.int8), pd.Index(ANSWERS))
    return found


def _above_floor(water_m: FloatArray, floor_m: FloatArray) -> FloatArray:
    """Return the depth above floors; not a number where either is not known.

    A floor below the ground does not bring water where there is none.
    """
    above = np.maximum(water_m - floor_m, 0.0)
    return np.asarray(np.where((water_m > 0) | np.isnan(above), above, 0.0))


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    nowhere = np.full(len(whole), np.nan)
    return np.asarray(np.divide(part, whole, out=nowhere, where=whole > 0))


def _account(tally: Tally, footprints: Footprints, answer: pd.Categorical) -> dict[str, int]:
    """Return what was counted in one scenario."""
    counted = np.bincount(answer.codes, minlength=len(ANSWERS))
    sums = tally.sums[:, [CELLS, NEGATIVE, TINY]].sum(axis=0).astype(int)
    return {
        **dict(zip(ANSWERS, counted.tolist(), strict=True)),
        **dict(zip(("cells", "cells_negative", "cells_tiny"), sums.tolist(), strict=True)),
        "repaired": int(footprints.repaired.sum()),
        "windows": tally.windows,
    }
