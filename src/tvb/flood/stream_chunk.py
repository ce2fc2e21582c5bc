"""What is counted in one chunk of buildings: whole numbers that depend on nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.flood.counting import value_buildings
from tvb.flood.exposure import measure_exposure
from tvb.flood.rules import CountingRule, flag_excluded_buildings, judge_measures
from tvb.flood.stream_kernels import (
    NOT_SURE,
    YES,
    Ground,
    add_rows,
    attribute_footprints,
    place_footprints,
)
from tvb.flood.stream_zones import Prepared
from tvb.geometry.arrays import BoolArray, FloatArray, GeometryArray, IntArray
from tvb.geometry.cover import DOUBTFUL
from tvb.schema import CRS

__all__ = [
    "Arrays",
    "Chunk",
    "ExposedBuildings",
    "ExposureCounts",
    "Method",
    "count_chunk",
    "expose_chunk",
    "no_counts",
    "sum_exposed",
]

Method = Literal["fast", "plain"]
Arrays = Mapping[str, NDArray[Any]]

_MEASURES = ("touched", "centroid_in", "share")
# A share this near to the least one is measured again, by GEOS.
_NEAR_SHARE = 1e-5


class Claim(Protocol):
    """What a chunk adds to the account of its file."""

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return it as arrays, to be stored."""


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
    exposure : pandas.DataFrame
        As `tvb.flood.measure_exposure` gives it, on an index from 0.
    """

    chunk: Chunk
    rows: IntArray
    exposure: pd.DataFrame

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
    kept = measures.any_exposed()
    columns = pd.MultiIndex.from_product(
        [_MEASURES, prepared.scenarios], names=["measure", "scenario"]
    )
    values = [array[kept, i] for array in measures.all() for i in range(len(prepared.scenarios))]
    table = pd.DataFrame(dict(enumerate(values)), index=pd.RangeIndex(int(kept.sum())))
    return ExposedBuildings(chunk, at[kept], table.set_axis(columns, axis="columns"))


@dataclass(frozen=True, slots=True)
class _Measures:
    """Three arrays of shape (buildings, scenarios)."""

    touched: BoolArray
    centroid_in: BoolArray
    share: FloatArray

    def all(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return them in the order of their names."""
        return self.touched, self.centroid_in, self.share

    def any_exposed(self) -> BoolArray:
        """Return which buildings some rule may count."""
        return np.asarray((self.touched | self.centroid_in).any(axis=1))


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
    windows = prepared.anywhere.lattice.windows(bounds)
    beyond = prepared.is_beyond(bounds)
    near = (prepared.anywhere.locate(windows) == DOUBTFUL) | beyond
    rows = np.flatnonzero(near & chunk.present)
    shape = len(rows), len(prepared.scenarios)
    found = _Measures(np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool), np.zeros(shape))
    open_ = beyond[rows]
    for i, (cover, ground) in enumerate(zip(prepared.covers, prepared.grounds, strict=True)):
        located = cover.locate(windows[:, rows])
        for array in found.all():
            array[:, i] = located > 0
        doubtful = np.flatnonzero(located == DOUBTFUL)
        answers, share = _place(ground, chunk, rows[doubtful])
        found.touched[doubtful, i] = answers[:, 0] == YES
        found.centroid_in[doubtful, i] = answers[:, 1] == YES
        found.share[doubtful, i] = share
        unsure = (answers == NOT_SURE).any(axis=1)
        for rule in prepared.rules:
            if rule.exposure == "share":
                unsure |= np.abs(share - rule.min_share) < _NEAR_SHARE
        open_[doubtful[unsure]] = True
    again = np.flatnonzero(open_)
    if len(again):
        exact = _measure_by_geos(chunk, rows[again], prepared, method="fast")
        for array, better in zip(found.all(), exact.all(), strict=True):
            array[again] = better
    return rows, found


def _place(ground: Ground, chunk: Chunk, rows: IntArray) -> tuple[NDArray[np.uint8], FloatArray]:
    """Return answers and shares of some buildings in one scenario; see `place_footprints`."""
    answers, share = np.empty((len(rows), 2), dtype=np.uint8), np.empty(len(rows))
    place_footprints(
        ground, rows, chunk.first, chunk.rings, chunk.points, chunk.bounds, answers, share
    )
    return answers, share


def _attribute(chunk: Chunk, rows: IntArray, prepared: Prepared, *, rule: CountingRule) -> IntArray:
    """Return the position of the commune of each building; the number of communes outside all."""
    communes, by_centroid = prepared.locator, rule.attribution == "centroid"
    located = communes.cover.locate(communes.cover.lattice.windows(chunk.bounds[rows]))
    doubtful = np.flatnonzero(located == DOUBTFUL)
    label = np.empty(len(doubtful), dtype=np.int64)
    attribute_footprints(
        communes.ground, rows[doubtful], chunk.first, chunk.rings, chunk.points, chunk.bounds,
        by_centroid, label,
    )  # fmt: skip
    located[doubtful] = label
    unsure = doubtful[label < 0]
    if len(unsure):
        geometry = chunk.polygons(rows[unsure])
        where = shapely.centroid(geometry) if by_centroid else geometry
        located[unsure] = communes.ask_geos(where) + 1
    return np.where(located > 0, located - 1, len(communes.codes))


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
        len(prepared.columns) + 1,
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
    frame = chunk.describe(rows).assign(area=chunk.area_m2[rows])
    # Of a frame with geometry, only the area would be used.
    values = np.stack(list(value_buildings(cast("gpd.GeoDataFrame", frame)).values()), axis=1)
    group: dict[str, IntArray] = {}
    excluded: dict[tuple[str, ...], BoolArray] = {}
    for rule, sums in zip(prepared.rules, total.sums, strict=True):
        if rule.attribution not in group:
            group[rule.attribution] = _attribute(chunk, rows, prepared, rule=rule)
        if rule.exclude not in excluded:
            out = flag_excluded_buildings(frame, exclude=rule.exclude)
            excluded[rule.exclude] = out.any(axis=1).to_numpy()
        flags = np.ascontiguousarray(judge_measures(exposed.exposure, rule).to_numpy())
        add_rows(sums, group[rule.attribution], flags, excluded[rule.exclude], values)
    return ExposureCounts(total.sums, int(chunk.present.sum()))
