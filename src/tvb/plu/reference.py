"""What a plan is held against: the layers of a territory, each of which may be lacking."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tvb.connectivity import HabitatGraph
from tvb.display import parts_table
from tvb.errors import ParameterError, explain
from tvb.geometry import partition_communes
from tvb.geometry.arrays import GeometryArray, IntArray, make_valid
from tvb.geometry.overlay import intersect
from tvb.grid import Grid
from tvb.plu.overlay import of_dimension, subdivide
from tvb.schema import CRS, require_crs
from tvb.schema.hazard import flag_dry
from tvb.territory import Source, Territory

__all__ = ["Parts", "Reference", "hash_frame"]

_Answer = TypeVar("_Answer")

_PLANNED = ("projet", "à étudier")


@dataclass(frozen=True, slots=True)
class Parts:
    """The single geometries of a layer, to be found by place.

    Parameters
    ----------
    geometry : numpy.ndarray
        Valid single geometries, those of many vertices cut into pieces.
    row : numpy.ndarray
        Row of the layer that each comes from.
    tree : shapely.STRtree
        Of the geometries.
    """

    geometry: GeometryArray
    row: IntArray
    tree: shapely.STRtree

    @classmethod
    def of(cls, geometries: GeometryArray) -> Parts:
        """Return the parts of some geometries.

        Parameters
        ----------
        geometries : numpy.ndarray
            Of any kind; null and empty ones have no part.

        Returns
        -------
        Parts
            In the order of the geometries.
        """
        singles, row = shapely.get_parts(make_valid(geometries), return_index=True)
        singles, again = shapely.get_parts(singles, return_index=True)
        known = ~shapely.is_empty(singles)
        pieces, rows = subdivide(
            shapely.force_2d(singles[known]), row[again][known].astype(np.int64)
        )
        return cls(pieces, rows, shapely.STRtree(pieces))

    def near(self, geometries: GeometryArray) -> GeometryArray:
        """Return the parts that meet some geometries.

        Parameters
        ----------
        geometries : numpy.ndarray
            Where to look.

        Returns
        -------
        numpy.ndarray
            Each once, in the order of the layer.
        """
        _, found = self.tree.query(geometries, predicate="intersects")
        return cast("GeometryArray", self.geometry[np.unique(found)])


@dataclass(frozen=True, repr=False)
class Reference:
    """Layers that plans are held against, in EPSG:2154; None where there is none.

    Parameters
    ----------
    communes : geopandas.GeoDataFrame, optional
        Layer ``communes``.
    property, buffer, property_elements, terrils : geopandas.GeoDataFrame, optional
        World Heritage: layers of the same names.
    corridors, core_areas : geopandas.GeoDataFrame, optional
        Trame verte et bleue: corridors may be lines or polygons.
    flood_zones : geopandas.GeoDataFrame, optional
        Layer ``flood_zones``; ground of the class « Emerg » stays dry and does not count.
    buildings : geopandas.GeoDataFrame, optional
        Layer ``buildings``.
    cycle_links : geopandas.GeoDataFrame, optional
        Lines that are planned or missing, with ``id_local`` or ``nom`` to name them.
    farmland : geopandas.GeoDataFrame, optional
        Layer ``farmland``: from where terrils are seen.
    terrain : Grid, optional
        Level of the ground, to measure which views building would hide.
    graph : HabitatGraph, optional
        Patches and links with their geometry.
    dispersal : float
        Distance of the graph's index, in the unit of its links.
    probability : float
        Probability of going that far.
    scenarios : tuple of str, optional
        Scenarios of the flood zones that count; by default all.
    sources : tuple of Source
        Of the layers.

    Raises
    ------
    CrsError
        If a layer is not in EPSG:2154.
    ParameterError
        If the dispersal is not positive.
    """

    communes: gpd.GeoDataFrame | None = None
    property: gpd.GeoDataFrame | None = None
    buffer: gpd.GeoDataFrame | None = None
    property_elements: gpd.GeoDataFrame | None = None
    terrils: gpd.GeoDataFrame | None = None
    corridors: gpd.GeoDataFrame | None = None
    core_areas: gpd.GeoDataFrame | None = None
    flood_zones: gpd.GeoDataFrame | None = None
    buildings: gpd.GeoDataFrame | None = None
    cycle_links: gpd.GeoDataFrame | None = None
    farmland: gpd.GeoDataFrame | None = None
    terrain: Grid | None = None
    graph: HabitatGraph | None = None
    dispersal: float = 1000.0
    probability: float = 0.5
    scenarios: tuple[str, ...] | None = None
    sources: tuple[Source, ...] = ()
    _memory: dict[str, Any] = field(default_factory=dict, init=False, compare=False)

    def __post_init__(self) -> None:
        for name in self.layers():
            require_crs(cast("gpd.GeoDataFrame", self.layer(name)), name)
        if not self.dispersal > 0:
            raise ParameterError(
                explain("dispersal", f"is {self.dispersal}", required="more than 0")
            )

    @classmethod
    def of(cls, territory: Territory, **others: Any) -> Reference:
        """Return the reference that a territory is.

        Parameters
        ----------
        territory : Territory
            Its layers are taken by name; its raster ``terrain`` too. Cycle routes whose ``statut``
            is ``projet`` or ``à étudier`` are the links that a plan should know.
        **others
            Other fields, such as ``graph``, ``dispersal`` or ``cycle_links``, and layers to be used
            instead of those of the territory; None leaves one out.

        Returns
        -------
        Reference
            With the sources of the territory.

        Raises
        ------
        CrsError
            If a layer is not in EPSG:2154.
        ParameterError
            If a field is unknown.
        """
        known = {f.name for f in fields(cls) if f.init}
        unknown = sorted(set(others) - known)
        if unknown:
            raise ParameterError(
                explain("reference", f"has no « {unknown[0]} »", required=", ".join(sorted(known)))
            )
        held = {**territory.layers, **territory.grids}
        found: dict[str, Any] = {name: layer for name, layer in held.items() if name in known}
        routes = territory.layers.get("cycle_routes")
        if routes is not None and "statut" in routes:
            found["cycle_links"] = routes[routes["statut"].isin(_PLANNED)].reset_index(drop=True)
        return cls(**{"sources": territory.sources, **found, **others})

    def layers(self) -> tuple[str, ...]:
        """Return the names of the layers that are there.

        Returns
        -------
        tuple of str
            In the order of the fields.
        """
        return tuple(
            f.name for f in fields(self) if isinstance(getattr(self, f.name), gpd.GeoDataFrame)
        )

    def has(self, name: str) -> bool:
        """Tell whether a field is there, be it an empty layer.

        Parameters
        ----------
        name : str
            Of a field.

        Returns
        -------
        bool
            False for what is None; for the graph also where its rows have no geometry.
        """
        if name == "graph" and self.graph is not None:
            rows = (self.graph.patch_data, self.graph.link_data)
            return all(isinstance(r, gpd.GeoDataFrame) for r in rows)
        return getattr(self, name) is not None

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """Return a layer without what does not count.

        Parameters
        ----------
        name : str
            One of `layers`.

        Returns
        -------
        geopandas.GeoDataFrame
            Its rows that count.
        """
        frame: gpd.GeoDataFrame = getattr(self, name)
        if name != "flood_zones":
            return frame
        counted = np.ones(len(frame), dtype=bool)
        if "niveau" in frame:
            counted &= ~flag_dry(frame["niveau"])
        if self.scenarios is not None:
            counted &= frame["scenario"].isin(self.scenarios).to_numpy(dtype=bool)
        return frame if counted.all() else frame[counted]

    def once(self, key: str, compute: Callable[[], _Answer]) -> _Answer:
        """Return an answer that is the same for every plan, computed at the first call.

        Parameters
        ----------
        key : str
            Its name.
        compute : callable
            Without arguments.

        Returns
        -------
        object
            What it returned the first time.
        """
        if key not in self._memory:
            self._memory[key] = compute()
        return cast("_Answer", self._memory[key])

    def parts(self, name: str) -> Parts:
        """Return the single geometries of a layer.

        Parameters
        ----------
        name : str
            One of `layers`.

        Returns
        -------
        Parts
            Made at the first call.
        """
        return self.once(f"parts of {name}", lambda: Parts.of(self.layer(name).geometry.to_numpy()))

    def partition(self) -> gpd.GeoDataFrame:
        """Return the communes without overlaps and slivers, in order of code.

        Returns
        -------
        geopandas.GeoDataFrame
            Columns of the layer; made at the first call.
        """
        return self.once("partition", self._make_partition)

    def _make_partition(self) -> gpd.GeoDataFrame:
        communes = cast("gpd.GeoDataFrame", self.communes)
        ordered = communes.sort_values("insee", ignore_index=True)
        return cast("gpd.GeoDataFrame", partition_communes(ordered))

    def cut(self, name: str, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the parts of a layer inside communes, one row for each feature and commune.

        Parameters
        ----------
        name : str
            One of `layers`.
        communes : geopandas.GeoDataFrame
            Rows of `partition`.

        Returns
        -------
        geopandas.GeoDataFrame
            By commune, then in the order of the layer: columns of the layer, ``insee``, ``row``
            (position in the layer), and the geometry, cut; points are kept where they lie inside.
        """
        frame, parts = self.layer(name), self.parts(name)
        outline = communes.geometry.to_numpy()
        at, part = parts.tree.query(outline, predicate="intersects")
        order = np.lexsort([part, at])
        at, part = at[order], part[order]
        cut = parts.geometry[part].copy()
        shapely.prepare(outline)
        inside = shapely.covers(outline[at], cut)
        cut[~inside] = intersect(cut[~inside], outline[at[~inside]])
        cut = of_dimension(cut, shapely.get_dimensions(parts.geometry[part]))
        rows, key = parts.row[part], None
        key = np.column_stack([at, rows])[~shapely.is_empty(cut)]
        cut = cut[~shapely.is_empty(cut)]
        starts = np.flatnonzero((np.diff(key, axis=0, prepend=-1) != 0).any(axis=1))
        merged = _merge(cut, starts)
        table = frame.drop(columns=frame.active_geometry_name).iloc[key[starts, 1]]
        table = pd.DataFrame(table).reset_index(drop=True)
        found = table.drop(columns=["insee"], errors="ignore").assign(
            insee=communes["insee"].to_numpy(dtype=object)[key[starts, 0]], row=key[starts, 1]
        )
        return gpd.GeoDataFrame(found, geometry=merged, crs=CRS)

    def checksum(self) -> str:
        """Return a digest of everything that a review may depend on.

        Returns
        -------
        str
            SHA-256, hexadecimal; it does not depend on the order of rows within a layer.
        """
        return self.once("checksum", self._hash)

    def _hash(self) -> str:
        digest = hashlib.sha256()
        for name in self.layers():
            digest.update(f"{name} {hash_frame(getattr(self, name))}\n".encode())
        if self.terrain is not None:
            digest.update(np.ascontiguousarray(self.terrain.values).tobytes())
            digest.update(repr((self.terrain.transform, self.terrain.nodata)).encode())
        if self.graph is not None:
            for table in self.graph.to_frames():
                digest.update(hash_frame(table).encode())
        settings = (self.dispersal, self.probability, self.scenarios)
        digest.update(repr(settings).encode())
        return digest.hexdigest()

    def __repr__(self) -> str:
        graph = ", a graph" if self.graph is not None else ""
        return f"<Reference: {', '.join(self.layers()) or 'no layer'}{graph}>"

    def _repr_html_(self) -> str:
        parts = {
            **{name: self.layer(name) for name in self.layers()},
            "terrain": self.terrain,
            "graph": self.graph,
            "dispersal (m)": self.dispersal,
            "probability": self.probability,
            "flood scenarios": "all" if self.scenarios is None else ", ".join(self.scenarios),
        }
        return parts_table(self, parts, then=("tvb.plu.review_plan(plan, reference)",))


def _merge(cut: GeometryArray, starts: IntArray) -> GeometryArray:
    """Return one geometry for each run of parts."""
    merged = np.empty(len(starts), dtype=object)
    for i, group in enumerate(np.split(cut, starts[1:]) if len(starts) else []):
        merged[i] = group[0] if len(group) == 1 else shapely.union_all(group)
    return merged


def hash_frame(frame: pd.DataFrame) -> str:
    """Return a digest of the values of a frame, whatever the order of its rows.

    Parameters
    ----------
    frame : pandas.DataFrame or geopandas.GeoDataFrame
        With any columns.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    rows = np.zeros(len(frame), dtype=np.uint64)
    names: Sequence[Any] = sorted(frame.columns, key=str)
    for place, name in enumerate(names):
        values = frame[name]
        if isinstance(values, gpd.GeoSeries):
            values = pd.Series(shapely.to_wkb(values.to_numpy()), dtype=object)
        elif values.dtype == object:
            values = values.map(repr)
        # Values are salted with their column, else swapping two columns would change nothing.
        hashed = pd.util.hash_pandas_object(values, index=False).to_numpy(dtype=np.uint64)
        rows ^= hashed * np.uint64(2 * place + 3)
    digest = hashlib.sha256(repr([str(n) for n in names]).encode())
    digest.update(np.sort(rows).tobytes())
    return digest.hexdigest()
