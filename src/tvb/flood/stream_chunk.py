"""What is counted in one chunk of buildings: whole numbers that depend on nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.flood.counting import BUILDING_COLUMNS, value_areas, value_dwellings, value_uses
from tvb.flood.exposure import Method, measure_exposure
from tvb.flood.rules import EXCLUDED_BY, CountingRule, Exclusion, flag_excluded_buildings
from tvb.flood.stream_kernels import (
    NOT_SURE,
    YES,
    Cells,
    Footprints,
    add_rows,
    attribute_footprints,
    label_boxes,
    place_footprints,
)
from tvb.flood.stream_zones import Prepared
from tvb.geometry.arrays import BoolArray, FloatArray, GeometryArray, IntArray
from tvb.schema import CRS

__all__ = [
    "Arrays",
    "Chunk",
    "ExposedBuildings",
    "ExposureCounts",
    "count_chunk",
    "expose_chunk",
    "no_counts",
    "sum_exposed",
]

Arrays = Mapping[str, NDArray[Any]]

_MEASURES = ("touched", "centroid_in", "share")


class Claim(Protocol):
    """What a chunk adds to the account of its file."""

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return it as arrays, to be stored."""


class ChunkColumn(Protocol):
    """A column of a chunk, by its different values, as `tvb.io` describes it."""

    @property
    def place(self) -> NDArray[np.int32]:
        """Place of the value of each building among them; -1 for null."""

    def describe(self) -> tuple[tuple[Any, ...], Any]:
        """Return these values, null last, and their type."""


class Chunk(Protocol):
    """Some buildings as arrays, as `tvb.io.FootprintChunk` describes them."""

    @property
    def number(self) -> int:
        """Place in the file."""

    @property
    def bounds(self) -> FloatArray:
        """Boxes, of shape (n, 4)."""

    @property
    def first(self) -> IntArray:
        """First ring of each building."""

    @property
    def rings(self) -> IntArray:
        """First vertex of each ring."""

    @property
    def points(self) -> FloatArray:
        """Vertices."""

    @property
    def present(self) -> BoolArray:
        """Buildings that count."""

    @property
    def claim(self) -> Claim:
        """For the account of the file."""

    @property
    def columns(self) -> Mapping[str, ChunkColumn]:
        """Attributes that are counted by."""

    @property
    def area_m2(self) -> FloatArray:
        """Areas."""

    def describe(self, rows: IntArray) -> pd.DataFrame:
        """Return the attributes of some buildings."""

    def polygons(self, rows: IntArray) -> GeometryArray:
        """Return the geometry of some buildings."""


@dataclass(frozen=True, slots=True)
class ExposedBuildings:
    """The buildings of a chunk that some rule may count.

    Parameters
    ----------
    chunk : Chunk
        Where they are.
    rows : numpy.ndarray
        Their positions in it.
    scenarios : tuple of str
        Names.
    touched, centroid_in, share : numpy.ndarray, shape (k, scenarios)
        What each of them meets.
    """

    chunk: Chunk
    rows: IntArray
    scenarios: tuple[str, ...]
    touched: BoolArray
    centroid_in: BoolArray
    share: FloatArray

    @property
    def exposure(self) -> pd.DataFrame:
        """The same as `tvb.flood.measure_exposure` gives it, on an index from 0."""
        columns = pd.MultiIndex.from_product(
            [_MEASURES, self.scenarios], names=["measure", "scenario"]
        )
        measures = (self.touched, self.centroid_in, self.share)
        values = [array[:, i] for array in measures for i in range(len(self.scenarios))]
        table = pd.DataFrame(dict(enumerate(values)), index=pd.RangeIndex(len(self.rows)))
        return table.set_axis(columns, axis="columns")

    def judge(self, rule: CountingRule) -> BoolArray:
        """Return which buildings a rule exposes in each scenario.

        Parameters
        ----------
        rule : CountingRule
            The rule.

        Returns
        -------
        numpy.ndarray of bool, shape (k, scenarios)
            As `tvb.flood.rules.judge_measures` does.
        """
        measured: Any = getattr(self, rule.measure)
        return rule.reaches(measured) if measured is self.share else measured

    def to_frame(self) -> gpd.GeoDataFrame:
        """Return the buildings as a layer, on the index of the exposure.

        Returns
        -------
        geopandas.GeoDataFrame
            Polygons, EPSG:2154, with ``cleabs`` and the columns that are counted by.
        """
        polygons = self.chunk.polygons(self.rows)
        return gpd.GeoDataFrame(self.chunk.describe(self.rows), geometry=polygons, crs=CRS)


@dataclass(frozen=True, slots=True)
class ExposureCounts:
    """Whole numbers, to be added up.

    Parameters
    ----------
    sums : numpy.ndarray of int64
        Of shape (rules, communes, scenarios, columns); areas in square centimetres.
    buildings : int
        Buildings looked at.
    """

    sums: NDArray[np.int64]
    buildings: int

    def __add__(self, other: ExposureCounts) -> ExposureCounts:
        return ExposureCounts(self.sums + other.sums, self.buildings + other.buildings)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the numbers as arrays, to be stored.

        Returns
        -------
        dict of str to numpy.ndarray
            ``sums`` and ``buildings``.
        """
        return {"sums": self.sums, "buildings": np.array(self.buildings)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> ExposureCounts:
        """Return the numbers that `to_arrays` gave.

        Parameters
        ----------
        arrays : mapping of str to numpy.ndarray
            May hold others too.

        Returns
        -------
        ExposureCounts
            Equal to the first ones.
        """
        return cls(arrays["sums"], int(arrays["buildings"]))


def count_chunk(chunk: Chunk, prepared: Prepared, *, method: Method = "fast") -> ExposureCounts:
    """Return what is counted in a chunk; depends on nothing else, and can run anywhere.

    Parameters
    ----------
    chunk : Chunk
        Some buildings.
    prepared : Prepared
        From `prepare_exposure`.
    method : {"fast", "plain"}
        As in `count_prepared`.

    Returns
    -------
    ExposureCounts
        The counts of all chunks, added in any order, are those of the file.
    """
    return sum_exposed(expose_chunk(chunk, prepared, method=method), prepared)


def expose_chunk(chunk: Chunk, prepared: Prepared, *, method: Method = "fast") -> ExposedBuildings:
    """Return the buildings of a chunk that are touched, or whose centroid is, in some scenario.

    Parameters
    ----------
    chunk : Chunk
        Some buildings.
    prepared : Prepared
        From `prepare_exposure`.
    method : {"fast", "plain"}
        As in `count_prepared`.

    Returns
    -------
    ExposedBuildings
        In the order of the chunk.
    """
    if method == "plain":
        at = np.flatnonzero(chunk.present)
        measures = _measure_by_geos(chunk, at, prepared, method=method)
    else:
        at, measures = _measure_by_lattice(chunk, prepared)
    kept = np.flatnonzero(_in_some_scenario(measures.touched | measures.centroid_in))
    return ExposedBuildings(
        chunk, at[kept], prepared.scenarios, measures.touched[kept], measures.centroid_in[kept],
        measures.share[kept],
    )  # fmt: skip


def _in_some_scenario(flags: BoolArray) -> BoolArray:
    """Return `flags.any(axis=1)`, which takes longer where there are few columns."""
    found = np.zeros(len(flags), dtype=bool)
    for flag in flags.T:
        found |= flag
    return found


class _Measures(NamedTuple):
    """Arrays of shape (buildings, scenarios)."""

    touched: BoolArray
    centroid_in: BoolArray
    share: FloatArray


def _measure_by_geos(
    chunk: Chunk, rows: IntArray, prepared: Prepared, *, method: Method
) -> _Measures:
    """Return the measures of some buildings, asked of GEOS."""
    buildings = gpd.GeoDataFrame(geometry=chunk.polygons(rows), crs=CRS)
    zones = prepared.zones_near(chunk.bounds[rows])
    table = measure_exposure(buildings, zones, scenarios=prepared.scenarios, method=method)
    shape = len(rows), len(prepared.scenarios)
    arrays = [
        np.stack([table[m, s].to_numpy() for s in prepared.scenarios], axis=1)
        if shape[1]
        else np.zeros(shape)
        for m in _MEASURES
    ]
    return _Measures(arrays[0].astype(bool), arrays[1].astype(bool), arrays[2])


def _measure_by_lattice(chunk: Chunk, prepared: Prepared) -> tuple[IntArray, _Measures]:
    """Return the buildings near to a zone of any scenario, and their measures."""
    bounds = chunk.bounds
    beyond, everything = prepared.is_beyond(bounds), np.arange(len(bounds))
    near = _labels(prepared.anywhere, chunk, everything) < 0
    rows = np.flatnonzero((near | beyond) & chunk.present)
    shape = len(prepared.scenarios), len(rows)
    # A row of memory for each scenario, written at one go.
    kinds = (np.empty(shape, dtype=kind) for kind in (bool, bool, float))
    found = _Measures(*(array.T for array in kinds))
    again = beyond[rows]
    limits = np.array([r.min_share for r in prepared.rules if r.exposure == "share"], dtype=float)
    answers = np.empty((2, len(rows)), dtype=np.uint8)
    footprints = _footprints(chunk)
    for i, ground in enumerate(prepared.grounds):
        label = _labels(ground.cells, chunk, rows)
        place_footprints(ground, rows, footprints, label, limits, answers, found.share[:, i])
        found.touched[:, i], found.centroid_in[:, i] = answers == YES
        again |= (answers[0] == NOT_SURE) | (answers[1] == NOT_SURE)
    at = np.flatnonzero(again)
    if len(at):
        exact = _measure_by_geos(chunk, rows[at], prepared, method="fast")
        for array, better in zip(found, exact, strict=True):
            array[at] = better
    return rows, found


def _labels(cells: Cells, chunk: Chunk, rows: IntArray) -> IntArray:
    """Return what all of the box of each building lies in; -1 where an edge may cross it."""
    label = np.empty(len(rows), dtype=np.int64)
    label_boxes(cells, rows, chunk.bounds, label)
    return label


def _footprints(chunk: Chunk) -> Footprints:
    return Footprints(chunk.first, chunk.rings, chunk.points, chunk.bounds, chunk.area_m2)


def _attribute(chunk: Chunk, rows: IntArray, prepared: Prepared, *, rule: CountingRule) -> IntArray:
    """Return the position of the commune of each building; the number of communes outside all."""
    communes, by_centroid = prepared.locator, rule.attribution == "centroid"
    label = _labels(communes.ground.cells, chunk, rows)
    attribute_footprints(communes.ground, rows, _footprints(chunk), by_centroid, label)
    unsure = np.flatnonzero(label < 0)
    if len(unsure):
        geometry = chunk.polygons(rows[unsure])
        where = shapely.centroid(geometry) if by_centroid else geometry
        label[unsure] = communes.ask_geos(where) + 1
    return np.where(label > 0, label - 1, len(communes.codes))


def no_counts(prepared: Prepared) -> ExposureCounts:
    """Return what is counted in no chunk.

    Parameters
    ----------
    prepared : Prepared
        Zones, communes and rules.

    Returns
    -------
    ExposureCounts
        All zeros.
    """
    shape = (
        len(prepared.rules), len(prepared.locator.codes) + 1, len(prepared.scenarios),
        len(BUILDING_COLUMNS) + 1,
    )  # fmt: skip
    return ExposureCounts(np.zeros(shape, dtype=np.int64), 0)


def sum_exposed(exposed: ExposedBuildings, prepared: Prepared) -> ExposureCounts:
    """Return the sums of the exposed buildings of a chunk, by each rule.

    Parameters
    ----------
    exposed : ExposedBuildings
        From `expose_chunk`.
    prepared : Prepared
        The same.

    Returns
    -------
    ExposureCounts
        As `count_chunk` gives them.
    """
    chunk, rows, total = exposed.chunk, exposed.rows, no_counts(prepared)
    values = np.stack(list(_value(chunk, rows).values()), axis=1)
    group: dict[str, IntArray] = {}
    excluded: dict[tuple[str, ...], BoolArray] = {}
    for rule, sums in zip(prepared.rules, total.sums, strict=True):
        if rule.attribution not in group:
            group[rule.attribution] = _attribute(chunk, rows, prepared, rule=rule)
        if rule.exclude not in excluded:
            excluded[rule.exclude] = _is_excluded(chunk, rows, rule)
        flags = np.ascontiguousarray(exposed.judge(rule))
        add_rows(sums, group[rule.attribution], flags, excluded[rule.exclude], values)
    return ExposureCounts(total.sums, int(chunk.present.sum()))


def _value(chunk: Chunk, rows: IntArray) -> dict[str, IntArray]:
    """Return what some buildings add to each column, as `tvb.flood.counting.value_buildings`."""
    found = {
        "buildings": np.ones(len(rows), dtype=np.int64),
        "footprint_m2": value_areas(chunk.area_m2[rows]),
    }
    for name in ("nombre_de_logements", "usage_1"):
        column = chunk.columns[name]
        place = column.place[rows]
        of_each = _value_column(name, *column.describe())
        found |= {key: numbers[place] for key, numbers in of_each.items()}
    return found


def _is_excluded(chunk: Chunk, rows: IntArray, rule: CountingRule) -> BoolArray:
    """Return which buildings a rule leaves out."""
    found = np.zeros(len(rows), dtype=bool)
    for name in EXCLUDED_BY:
        column = chunk.columns[name]
        out = _excludes(name, *column.describe(), exclude=rule.exclude)
        found |= out[column.place[rows]]
    return found


# Most chunks of a file have the same few values in a column: what follows from them is kept.
@lru_cache(maxsize=64)
def _value_column(name: str, values: tuple[Any, ...], dtype: Any) -> dict[str, IntArray]:
    """Return what each of the different values of a column adds."""
    value = value_uses if name == "usage_1" else value_dwellings
    return value(pd.Series(values, dtype=dtype))


@lru_cache(maxsize=256)
def _excludes(
    name: str, values: tuple[Any, ...], dtype: Any, *, exclude: tuple[Exclusion, ...]
) -> BoolArray:
    """Return which of the different values of a column exclude a building; a null one does not."""
    table = pd.DataFrame({name: pd.Series(values, dtype=dtype)}).reindex(columns=list(EXCLUDED_BY))
    return flag_excluded_buildings(table, exclude=exclude).any(axis=1).to_numpy()
