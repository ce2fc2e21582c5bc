"""The habitat graph: patches and links as arrays, in one canonical order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from tvb.connectivity.checks import (
    check_ends,
    check_links,
    check_patches,
    refuse,
    require_rows,
    require_table,
)
from tvb.display import parts_table
from tvb.errors import LayerError, ParameterError, explain

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["HabitatGraph"]

_PATCH_COLUMNS = ("patch", "capacity")
_LENGTH = "distance_m"


@dataclass(frozen=True, eq=False, repr=False)
class HabitatGraph:
    """Patches of habitat and the links between them, undirected.

    The order is enforced at construction: patches by id, then links by their two patches, with
    ``i < j``. Of several links between the same patches the shortest is kept, for no index can
    tell the difference. Arrays are copied and read-only. Make one with `from_frames` (tables
    speak of patches by id) or `from_arrays` (arrays speak of them by position).

    Parameters
    ----------
    ids : numpy.ndarray
        Id of each patch, int64 or text, shape (n,).
    capacity : numpy.ndarray
        Capacity of each patch, finite and not negative, shape (n,); hectares if made from
        `build_patches`.
    i, j : numpy.ndarray
        Patches of each link, as positions in ``ids``, shape (m,).
    distance : numpy.ndarray
        Length of each link, in metres or in units of cost, shape (m,); 0 is accepted. An infinite
        link is kept, but nothing passes through it.
    patch_data, link_data : pandas.DataFrame, optional
        Other columns of the patches (n rows) and of the links (m rows), geometry for instance.
    length_column : str
        What tables call the length of a link: ``distance_m``, or ``cost`` for instance.
    ends : numpy.ndarray, optional
        Where each link leaves patch i and patch j, shape (m, 2, 2), in the unit of ``distance``.
        If given, a path through a patch is longer by the straight line from the end of the link
        that comes in to the end of the one that goes out. `with_crossings` sets it.

    Raises
    ------
    ParameterError
        If arrays differ in length, an id is repeated or is neither integer nor text, a capacity is
        negative or not finite, a distance is negative or NaN, a position does not exist, or a
        link joins a patch to itself.
    """

    ids: NDArray[Any]
    capacity: NDArray[np.float64]
    i: NDArray[np.int64]
    j: NDArray[np.int64]
    distance: NDArray[np.float64]
    patch_data: pd.DataFrame | None = None
    link_data: pd.DataFrame | None = None
    length_column: str = _LENGTH
    ends: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        ids, capacity = check_patches(self.ids, self.capacity)
        i, j, distance = check_links(self.i, self.j, self.distance, ids=ids)
        ends = check_ends(self.ends, len(i))
        order = np.argsort(ids, kind="stable")
        position = np.empty(len(ids), dtype=np.int64)
        position[order] = np.arange(len(ids))
        low, high = np.sort([position[i], position[j]], axis=0)
        kept = _shortest(low, high, distance)
        arrays: dict[str, NDArray[Any]] = {
            "ids": ids[order],
            "capacity": capacity[order],
            "i": low[kept],
            "j": high[kept],
            "distance": distance[kept],
        }
        if ends is not None:
            swapped = low != position[i]
            ends[swapped] = ends[swapped, ::-1]
            arrays["ends"] = ends[kept]
        for name, values in arrays.items():
            values.flags.writeable = False
            object.__setattr__(self, name, values)
        for name, rows, before in (("patch_data", order, len(ids)), ("link_data", kept, len(i))):
            data = getattr(self, name)
            if data is not None:
                require_rows(data, before, name)
                object.__setattr__(self, name, data.iloc[rows].reset_index(drop=True))

    @classmethod
    def from_arrays(  # noqa: PLR0917 (the four columns that define a graph)
        cls,
        capacity: ArrayLike,
        i: ArrayLike,
        j: ArrayLike,
        distance: ArrayLike,
        *,
        ids: ArrayLike | None = None,
    ) -> HabitatGraph:
        """Return the graph of some arrays.

        Parameters
        ----------
        capacity : array_like
            Capacity of each patch, shape (n,).
        i, j : array_like
            Patches of each link, as positions from 0 to n − 1, shape (m,).
        distance : array_like
            Length of each link, shape (m,).
        ids : array_like, optional
            Id of each patch, integer or text, shape (n,); by default their positions.

        Returns
        -------
        HabitatGraph
            The graph.

        Raises
        ------
        ParameterError
            As `HabitatGraph` does.

        Examples
        --------
        >>> HabitatGraph.from_arrays([2.0, 1.0, 3.0], [0], [1], [500.0])
        <HabitatGraph: 3 patches, 1 link, 2 components, 1 isolated patch>
        """
        capacities = np.asarray(capacity)
        return cls(
            ids=np.arange(capacities.size) if ids is None else np.asarray(ids),
            capacity=capacities,
            i=np.asarray(i),
            j=np.asarray(j),
            distance=np.asarray(distance),
        )

    @classmethod
    def from_frames(
        cls, patches: pd.DataFrame, links: pd.DataFrame, *, length: str = _LENGTH
    ) -> HabitatGraph:
        """Return the graph of a table of patches and a table of links.

        Parameters
        ----------
        patches : pandas.DataFrame or geopandas.GeoDataFrame
            With ``patch`` (id, integer or text) and ``capacity``; other columns are carried along.
        links : pandas.DataFrame or geopandas.GeoDataFrame
            With ``i``, ``j`` (ids of patches) and the length; other columns are carried along.
        length : str
            Column of ``links`` that is the length of a link: its distance, or its cost.

        Returns
        -------
        HabitatGraph
            The graph. `to_frames` gives the tables back, sorted.

        Raises
        ------
        CrsError
            If a GeoDataFrame is not in EPSG:2154.
        LayerError
            If a column is missing or a link names a patch that is not in the table.
        ParameterError
            As `HabitatGraph` does.

        Examples
        --------
        >>> patches = pd.DataFrame({"patch": [7, 9], "capacity": [2.0, 1.0]})
        >>> links = pd.DataFrame({"i": [9], "j": [7], "distance_m": [500.0]})
        >>> HabitatGraph.from_frames(patches, links).to_frames()[1]
           i  j  distance_m
        0  7  9       500.0
        """
        require_table(patches, "patches", _PATCH_COLUMNS)
        require_table(links, "links", ("i", "j", length))
        index = pd.Index(patches["patch"])
        if index.has_duplicates:
            refuse("patches", "id given twice", index[index.duplicated()])
        ends = [index.get_indexer(pd.Index(links[end])) for end in ("i", "j")]
        unknown = [links[end].to_numpy()[at < 0] for end, at in zip("ij", ends, strict=True)]
        if any(len(ids) for ids in unknown):
            names = pd.unique(pd.Series([name for ids in unknown for name in ids], dtype=object))
            raise LayerError(
                explain("links", "patch that is not in the table", count=len(names), ids=names)
            )
        return cls(
            ids=patches["patch"].to_numpy(),
            capacity=patches["capacity"].to_numpy(),
            i=ends[0],
            j=ends[1],
            distance=links[length].to_numpy(),
            patch_data=patches.drop(columns=list(_PATCH_COLUMNS)),
            link_data=links.drop(columns=["i", "j", length]),
            length_column=length,
        )

    def to_frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the table of patches and the table of links.

        Returns
        -------
        patches : pandas.DataFrame or geopandas.GeoDataFrame
            ``patch``, ``capacity`` and the columns given to `from_frames`, sorted by id.
        links : pandas.DataFrame or geopandas.GeoDataFrame
            ``i``, ``j`` (ids), ``distance_m`` (or what `from_frames` was told to take as length)
            and the columns given, sorted by ``i``, ``j``.
        """
        patches = _data_or_rows(self.patch_data, len(self.ids))
        links = _data_or_rows(self.link_data, len(self.i))
        for place, (name, values) in enumerate(
            zip(_PATCH_COLUMNS, (self.ids, self.capacity), strict=True)
        ):
            patches.insert(place, name, values.copy())
        named = {"i": self.ids[self.i], "j": self.ids[self.j], self.length_column: self.distance}
        for place, (name, values) in enumerate(named.items()):
            links.insert(place, name, values.copy())
        return patches, links

    @classmethod
    def from_networkx(cls, graph: nx.Graph, *, length: str = _LENGTH) -> HabitatGraph:
        """Return the graph that a networkx graph describes.

        Parameters
        ----------
        graph : networkx.Graph or networkx.MultiGraph
            Undirected; nodes with the attribute ``capacity``, edges with their length.
        length : str
            Attribute of the edges that is their length.

        Returns
        -------
        HabitatGraph
            The graph; other attributes become columns.

        Raises
        ------
        LayerError
            If the graph is directed or an attribute is missing.
        ParameterError
            As `HabitatGraph` does.
        """
        if graph.is_directed():
            raise LayerError(
                explain("networkx graph", "is directed", remedy="graph.to_undirected()")
            )
        nodes = [{"patch": node, **data} for node, data in graph.nodes(data=True)]
        edges = [{"i": u, "j": v, **data} for u, v, data in graph.edges(data=True)]
        crs = graph.graph.get("crs")
        return cls.from_frames(
            _table_of(nodes, _PATCH_COLUMNS, crs),
            _table_of(edges, ("i", "j", length), crs),
            length=length,
        )

    def to_networkx(self) -> nx.Graph:
        """Return the graph as networkx knows it, for exchange.

        Returns
        -------
        networkx.Graph
            One node for each patch, keyed by id, with ``capacity`` and the other columns; one edge
            for each link with ``distance_m`` and the other columns; ``graph["crs"]`` if there
            are geometries.
        """
        import networkx as nx  # only for exchange: the indices do without it

        patches, links = self.to_frames()
        graph = nx.Graph()
        if isinstance(patches, gpd.GeoDataFrame):
            graph.graph["crs"] = patches.crs.to_string()
        graph.add_nodes_from((row.pop("patch"), row) for row in _records(patches))
        graph.add_edges_from((row.pop("i"), row.pop("j"), row) for row in _records(links))
        return graph

    @cached_property
    def adjacency(self) -> csr_array:
        """Symmetric matrix (n, n) of link lengths, in CSR; a stored zero is a link of length 0."""
        passable = np.isfinite(self.distance)
        i, j, distance = self.i[passable], self.j[passable], self.distance[passable]
        both = (np.concatenate([i, j]), np.concatenate([j, i]))
        shape = (len(self.ids), len(self.ids))
        return csr_array(coo_array((np.tile(distance, 2), both), shape=shape))

    def components(self) -> pd.Series[int]:
        """Return the component of each patch.

        Returns
        -------
        pandas.Series
            Indexed by ``patch``: the number of its component, from 1 on, in the order of the
            first patch of each.
        """
        label = np.zeros(0, dtype=np.int64)
        if len(self.ids):
            _, found = connected_components(self.adjacency, directed=False)
            label = pd.factorize(found)[0].astype(np.int64) + 1
        return pd.Series(label, index=pd.Index(self.ids, name="patch"), name="component")

    def threshold(self, max_distance: float) -> HabitatGraph:
        """Return the graph with the links up to a length.

        Parameters
        ----------
        max_distance : float
            Longest link kept, inclusive, in the unit of ``distance``.

        Returns
        -------
        HabitatGraph
            All the patches, and the links that are short enough.

        Raises
        ------
        ParameterError
            If the length is negative or NaN.
        """
        if not max_distance >= 0:
            raise ParameterError(
                explain("max_distance", f"is {max_distance}", required="a length ≥ 0")
            )
        return self.take_links(self.distance <= max_distance)

    def take_links(self, rows: NDArray[Any]) -> HabitatGraph:
        """Return the graph with all the patches and some of the links.

        Parameters
        ----------
        rows : numpy.ndarray
            Which links: a mask of shape (m,), or positions.

        Returns
        -------
        HabitatGraph
            The rest as it was.
        """
        return replace(
            self,
            i=self.i[rows],
            j=self.j[rows],
            distance=self.distance[rows],
            link_data=None if self.link_data is None else self.link_data.iloc[rows],
            ends=None if self.ends is None else self.ends[rows],
        )

    def take_patches(self, rows: NDArray[Any]) -> HabitatGraph:
        """Return the graph with some of the patches and the links between them.

        Parameters
        ----------
        rows : numpy.ndarray
            Which patches: a mask of shape (n,), or positions.

        Returns
        -------
        HabitatGraph
            The rest as it was.
        """
        positions = np.arange(len(self.ids))[rows]
        place = np.full(len(self.ids), -1)
        place[positions] = np.arange(len(positions))
        within = self.take_links((place[self.i] >= 0) & (place[self.j] >= 0))
        return replace(
            within,
            ids=self.ids[positions],
            capacity=self.capacity[positions],
            i=place[within.i],
            j=place[within.j],
            patch_data=None if self.patch_data is None else self.patch_data.iloc[positions],
        )

    def with_crossings(self, per_metre: float = 1.0) -> HabitatGraph:
        """Return the graph in which crossing a patch adds to the length of a path.

        A path that enters a patch by one link and leaves it by another is longer by the straight
        line between the ends of the two. Nothing is added in the first and in the last patch. By
        default, and in every graph made without this call, patches are crossed for nothing.

        Parameters
        ----------
        per_metre : float
            What a metre inside a patch adds: 1 where lengths are metres; where they are costs, the
            cost of habitat, over the size of a cell if a step in one cell counts its cost once.

        Returns
        -------
        HabitatGraph
            The same patches and links. Number of links, degree, components and IIC do not change.

        Raises
        ------
        LayerError
            If the patches or the links have no geometry, or a link is not a line.
        ParameterError
            If the factor is negative or not finite.

        Notes
        -----
        The convention of Graphab (option « intra-patch distance »), but exact: a search that
        settles each patch once, by the link that reaches it first, may miss the best way to go on.
        """
        if not (np.isfinite(per_metre) and per_metre >= 0):
            raise ParameterError(
                explain("per_metre", f"is {per_metre}", required="a finite number ≥ 0")
            )
        from tvb.connectivity.crossings import find_ends  # it needs this module

        return replace(self, ends=find_ends(self) * per_metre)

    def __repr__(self) -> str:
        degree = np.diff(self.adjacency.indptr)
        parts = (
            _counted(len(self.ids), "patch", "patches"),
            _counted(len(self.i), "link", "links"),
            _counted(
                int(self.components().max()) if len(self.ids) else 0, "component", "components"
            ),
            _counted(int((degree == 0).sum()), "isolated patch", "isolated patches"),
        )
        return f"<HabitatGraph: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        finite = self.distance[np.isfinite(self.distance)]
        parts = {
            "patches": len(self.ids),
            "capacity, sum": float(self.capacity.sum()),
            "links": len(self.i),
            f"{self.length_column}, median": float(np.median(finite)) if len(finite) else None,
            f"{self.length_column}, longest": float(finite.max()) if len(finite) else None,
            "crossing a patch": "has a length" if self.ends is not None else "is free",
        }
        then = (
            "tvb.connectivity.compute_indices(graph, distance=…)",
            "tvb.connectivity.rank_patches(graph, distance=…)", ".to_frames()", ".to_networkx()",
        )  # fmt: skip
        return parts_table(self, parts, then=then)


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _shortest(
    i: NDArray[np.int64], j: NDArray[np.int64], distance: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return the rows of the links in canonical order, the shortest of each pair of patches."""
    order = np.lexsort((distance, j, i))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(i[order]) != 0) | (np.diff(j[order]) != 0)
    return order[first]


def _data_or_rows(data: pd.DataFrame | None, rows: int) -> pd.DataFrame:
    return pd.DataFrame(index=pd.RangeIndex(rows)) if data is None else data.copy()


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _table_of(
    rows: list[dict[str, Any]], columns: tuple[str, ...], crs: str | None
) -> pd.DataFrame:
    if not rows:
        return pd.DataFrame(columns=list(columns))
    table = pd.DataFrame(rows)
    if "geometry" in table.columns and crs is not None:
        table = gpd.GeoDataFrame(table, geometry="geometry", crs=crs)
    return table
