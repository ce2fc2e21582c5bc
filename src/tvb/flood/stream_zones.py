"""Zones and communes made ready once, for any number of chunks of buildings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tvb.errors import ParameterError, explain
from tvb.flood.classes import flag_wet_zones
from tvb.flood.exposure import choose_scenarios
from tvb.flood.groups import with_text_codes
from tvb.flood.rules import CountingRule, ExposureRule
from tvb.flood.stream_kernels import Cells, Ground
from tvb.geometry.arrays import (
    BoolArray,
    FloatArray,
    GeometryArray,
    IntArray,
    polygon_parts,
    total_bounds,
)
from tvb.geometry.attribution import AttributionRule, find_largest, order_partition
from tvb.geometry.cover import (
    EdgeCover,
    Lattice,
    build_edge_cover,
    span_lattice,
)
from tvb.schema import require_crs

__all__ = ["CommuneLocator", "Prepared", "prepare_exposure"]

# Cells of some 70 m over two departments: few buildings meet the edge of a zone, and few edges meet
# the cell of one.
_MOST_ITEMS = 200_000
_THREADS = 2
_AROUND_M = 1000.0
_FEW_BOXES = 64
# How near to an edge GEOS is asked: well above rounding. It may move the corners of a union a
# little more than that, where nothing else helps; and what lies within a millimetre of a commune
# lies in it.
_NEAR_M, _NEAR_MERGED_M, _NEAR_BORDER_M = 1e-7, 1e-4, 9e-3


@dataclass(frozen=True)
class CommuneLocator:
    """The communes, to be asked by several threads.

    Parameters
    ----------
    codes : numpy.ndarray
        Codes in order.
    units : numpy.ndarray of shapely.Geometry
        The communes as a partition, in that order.
    ground : Ground
        The same, each with its position and one as label.
    """

    codes: GeometryArray
    units: GeometryArray
    ground: Ground

    @classmethod
    def of(cls, communes: gpd.GeoDataFrame) -> CommuneLocator:
        """Return the locator of some communes.

        Parameters
        ----------
        communes : geopandas.GeoDataFrame
            Polygons, EPSG:2154, with ``insee``.

        Returns
        -------
        CommuneLocator
            Of the partition that they make.
        """
        codes, units = order_partition(communes)
        polygons, owner = polygon_parts(units)
        bounds = shapely.bounds(polygons)
        lattice = span_lattice(bounds, bounds, _MOST_ITEMS)
        edges = build_edge_cover(polygons, owner + 1, lattice)
        return cls(codes, units, _ground(edges, _NEAR_BORDER_M))

    def ask_geos(self, geometry: GeometryArray) -> IntArray:
        """Return the commune of each geometry, as `tvb.geometry.attribute_to_commune` finds it.

        Parameters
        ----------
        geometry : numpy.ndarray of shapely.Geometry
            Valid polygons, or points.

        Returns
        -------
        numpy.ndarray
            Positions of the codes; -1 outside all communes.
        """
        around = np.add(total_bounds(shapely.bounds(geometry)), (-1.0, -1.0, 1.0, 1.0))
        near = np.flatnonzero(_meets(shapely.bounds(self.units), around))
        return np.append(near, -1)[find_largest(geometry, self.units[near])]


@dataclass(frozen=True)
class Prepared:
    """What counting a chunk takes beside the chunk; can be sent to another process.

    Parameters
    ----------
    scenarios : tuple of str
        Names, in the order of the tables.
    rules : tuple of CountingRule
        Rules to count by.
    zones : geopandas.GeoDataFrame
        As given: asked about buildings that are too near to an edge.
    grounds : tuple of Ground
        The zones of each scenario, without overlaps, all on one lattice.
    anywhere : Cells
        Crossed where a zone of any scenario has a part of a cell.
    locator : CommuneLocator
        Communes.
    sure : numpy.ndarray
        Box within which all of this holds; beyond it, zones were left out.
    """

    scenarios: tuple[str, ...]
    rules: tuple[CountingRule, ...]
    zones: gpd.GeoDataFrame
    grounds: tuple[Ground, ...]
    anywhere: Cells
    locator: CommuneLocator
    sure: FloatArray

    def __repr__(self) -> str:
        rules = ", ".join(rule.describe()["rule"] for rule in self.rules)
        return f"<Prepared: {len(self.scenarios)} scenarios, by {rules}>"

    def is_beyond(self, bounds: FloatArray) -> BoolArray:
        """Tell which boxes reach to where zones were left out.

        Parameters
        ----------
        bounds : numpy.ndarray, shape (n, 4)
            West, south, east, north.

        Returns
        -------
        numpy.ndarray of bool, shape (n,)
            None, where there was no window.
        """
        around = total_bounds(bounds)
        if (around[:2] >= self.sure[:2]).all() and (around[2:] <= self.sure[2:]).all():
            return np.zeros(len(bounds), dtype=bool)
        inside = (bounds[:, :2] >= self.sure[:2]) & (bounds[:, 2:] <= self.sure[2:])
        return np.asarray(~inside.all(axis=1))

    def zones_near(self, bounds: FloatArray) -> gpd.GeoDataFrame:
        """Return the zones that may meet some boxes.

        Parameters
        ----------
        bounds : numpy.ndarray, shape (n, 4)
            West, south, east, north.

        Returns
        -------
        geopandas.GeoDataFrame
            As given.
        """
        of_zones = self.zones.bounds.to_numpy()
        # A few boxes may lie far from each other, with many zones between them.
        boxes = bounds if len(bounds) <= _FEW_BOXES else total_bounds(bounds)[None]
        near = np.zeros(len(of_zones), dtype=bool)
        for box in boxes:
            near |= _meets(of_zones, box)
        return self.zones[near]

    @property
    def identity(self) -> str:
        """SHA-256 of all that a count depends on: zones, communes, scenarios, rules."""
        digest = hashlib.sha256(repr((self.scenarios, self.rules)).encode())
        told = ("scenario", "niveau", "classe")
        zones = self.zones[[name for name in told if name in self.zones.columns]]
        digest.update(
            pd.util.hash_pandas_object(zones.astype("str"), index=False).to_numpy().tobytes()
        )
        digest.update("\n".join(self.locator.codes).encode())
        for geometry in (self.zones.geometry.to_numpy(), self.locator.units):
            for shape in shapely.to_wkb(geometry):
                digest.update(shape or b"")
        return digest.hexdigest()


def prepare_exposure(
    zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    rules: Sequence[CountingRule | ExposureRule] = ("touches", "centroid", "share"),
    scenarios: Sequence[str] | None = None,
    window: tuple[float, float, float, float] | None = None,
) -> Prepared:
    """Return zones and communes ready for `count_chunk`, in any thread or process.

    Parameters
    ----------
    zones : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``scenario``; those of a scenario may overlap, be invalid or null.
        Those of the class « Emerg » are dry.
    communes : geopandas.GeoDataFrame
        Polygons, EPSG:2154, with ``insee``.
    rules : sequence of CountingRule or {"touches", "centroid", "share"}
        Rules to count by; a word stands for `CountingRule` of that word.
    scenarios : sequence of str, optional
        Which scenarios, in which order; by default, those of the zones, in alphabetical order.
    window : tuple of float, optional
        Where the buildings are (m): zones far from it need no work.

    Returns
    -------
    Prepared
        The more vertices, the longer it takes: about 0.1 s for 200 000.

    Raises
    ------
    CrsError
        If a frame is not in EPSG:2154.
    LayerError
        If ``scenario`` is missing, or a code of a commune is missing or given twice.
    ParameterError
        If a rule is not accepted, or takes the commune from a column.
    """
    require_crs(zones, "flood_zones")
    communes = with_text_codes(communes)
    counting = tuple(
        rule if isinstance(rule, CountingRule) else CountingRule(rule) for rule in rules
    )
    _require_attributions(counting)
    names = tuple(choose_scenarios(zones, scenarios))
    sure = np.array([-np.inf, -np.inf, np.inf, np.inf])
    if window is not None:
        sure = np.add(window, (-_AROUND_M, -_AROUND_M, _AROUND_M, _AROUND_M))
    flooded = zones[flag_wet_zones(zones)]
    geometry, scenario = flooded.geometry.to_numpy(), flooded["scenario"].to_numpy(dtype=object)
    near = _meets(shapely.bounds(geometry), sure)
    groups = [geometry[near & (scenario == name)] for name in names]
    with ThreadPoolExecutor(_THREADS) as pool:
        locator = pool.submit(CommuneLocator.of, communes)
        merged = list(pool.map(_merge_overlapping, groups))
        lattice = _span([polygons for polygons, _ in merged], sure)
        edges = list(pool.map(lambda some: _lay_out(some[0], lattice), merged))
    grounds = tuple(_ground(one, near_m) for one, (_, near_m) in zip(edges, merged, strict=True))
    anywhere = np.zeros(lattice.rows * lattice.columns, dtype=bool)
    for ground in grounds:
        anywhere |= ground.cells.crossed | (ground.cells.values > 0)
    return Prepared(
        names, counting, zones, grounds,
        _cells(lattice, np.zeros(len(anywhere), dtype=np.int32), anywhere), locator.result(),
        sure,
    )  # fmt: skip


def _lay_out(polygons: GeometryArray, lattice: Lattice) -> EdgeCover:
    return build_edge_cover(polygons, np.ones(len(polygons), dtype=np.int64), lattice)


def _ground(edges: EdgeCover, near_m: float) -> Ground:
    """Return areas in the form that compiled code takes."""
    cells = _cells(edges.lattice, edges.values, np.diff(edges.first) > 0)
    return Ground(cells, edges.first, edges.edges, near_m)


def _cells(lattice: Lattice, values: NDArray[np.int32], crossed: BoolArray) -> Cells:
    return Cells(
        float(lattice.x_min), float(lattice.y_min), float(lattice.cell_m), lattice.columns,
        lattice.rows, values, crossed,
    )  # fmt: skip


def _require_attributions(rules: Sequence[CountingRule]) -> None:
    for rule in rules:
        if rule.attribution not in get_args(AttributionRule):
            raise ParameterError(
                explain(
                    "rules", f"the commune is to be taken from a column, « {rule.attribution} »",
                    required="largest_share or centroid",
                    remedy="read the layer and call tvb.flood.count_by_commune",
                )
            )  # fmt: skip


def _span(polygons: Sequence[GeometryArray], sure: FloatArray) -> Lattice:
    """Return a lattice over the zones, or what of them lies in a box."""
    zones = np.concatenate([np.empty(0, dtype=object), *polygons])
    bounds = shapely.bounds(zones).reshape(-1, 4)
    items = min(int(shapely.get_num_coordinates(zones).sum()), _MOST_ITEMS)
    return span_lattice(sure[None] if np.isfinite(sure).all() else bounds, bounds, items)


def _meets(bounds: FloatArray, box: FloatArray) -> BoolArray:
    meets = (bounds[:, :2] <= box[2:]) & (bounds[:, 2:] >= box[:2])
    return np.asarray(meets.all(axis=1))


def _merge_overlapping(zones: GeometryArray) -> tuple[GeometryArray, float]:
    """Return polygons of the same ground that do not meet, and what is too near their edges."""
    polygons, _ = polygon_parts(zones)
    one, other = shapely.STRtree(polygons).query(polygons)
    one, other = one[one < other], other[one < other]
    shapely.prepare(polygons)
    linked = shapely.intersects(polygons[one], polygons[other])
    if not linked.any():
        return polygons, _NEAR_M
    from scipy.sparse import coo_array  # import tvb stays light
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(linked.sum()), (one[linked], other[linked])), (len(polygons),) * 2)
    _, group = connected_components(links, directed=False)
    alone = np.bincount(group)[group] == 1
    merged = [shapely.union_all(polygons[group == g]) for g in np.unique(group[~alone])]
    parts, _ = polygon_parts(np.array(merged, dtype=object))
    return np.concatenate([polygons[alone], parts]), _NEAR_MERGED_M
