"""Hypothesis strategies on an integer grid, where areas and predicates are exact.

A shape is a set of unit cells ``(column, row)``; cell (2, 3) is the square from (2, 3) to (3, 4).
`area_of` makes its polygon, with holes, corner contacts and several parts as they come.
"""

from __future__ import annotations

from collections.abc import Collection

import geopandas as gpd
import shapely
from hypothesis import strategies as st

Cell = tuple[int, int]
Cells = frozenset[Cell]
Rectangle = tuple[int, int, int, int]
GraphDraw = tuple[list[int], list[tuple[int, int, float]]]
"""Capacities of nodes, and links: two nodes and a length."""

SIZE = 9


def cells(largest: int = 24) -> st.SearchStrategy[Cells]:
    """Return shapes of unit cells, mostly built of a few rectangles."""
    return st.lists(rectangles(), min_size=1, max_size=3).map(
        lambda some: frozenset(sorted(frozenset().union(*map(cells_of, some)))[:largest])
    )


def rectangles(longest: int = 5) -> st.SearchStrategy[Rectangle]:
    """Return west, south, east, north of rectangles with an area."""
    start, length = st.integers(0, SIZE - longest), st.integers(1, longest)
    return st.tuples(start, start, length, length).map(
        lambda r: (r[0], r[1], r[0] + r[2], r[1] + r[3])
    )


def cells_of(rectangle: Rectangle) -> Cells:
    """Return the cells of a rectangle."""
    west, south, east, north = rectangle
    return frozenset((x, y) for x in range(west, east) for y in range(south, north))


def area_of(shape: Collection[Cell]) -> shapely.Geometry:
    """Return the polygon or multipolygon of a shape."""
    return shapely.union_all([shapely.box(x, y, x + 1, y + 1) for x, y in sorted(shape)])


def touching(shape: Collection[Cell]) -> Cells:
    """Return the cells that share at least a corner with a shape, its own included."""
    around = (-1, 0, 1)
    return frozenset((x + i, y + j) for x, y in shape for i in around for j in around)


def frame(
    geometry: Collection[shapely.Geometry], **columns: Collection[object]
) -> gpd.GeoDataFrame:
    """Return a frame in EPSG:2154; only the arithmetic matters, not the place."""
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs="EPSG:2154")


def graphs(
    nodes: tuple[int, int], links: tuple[int, int], lengths: Collection[float]
) -> st.SearchStrategy[GraphDraw]:
    """Return graphs with a number of nodes and of links between bounds; no link is a loop."""

    def of_size(n: int) -> st.SearchStrategy[GraphDraw]:
        ends = st.integers(0, n - 1)
        link = st.tuples(ends, ends, st.sampled_from(lengths)).filter(lambda one: one[0] != one[1])
        return st.tuples(
            st.lists(st.integers(0, 9), min_size=n, max_size=n),
            st.lists(link, min_size=links[0], max_size=links[1]),
        )

    return st.integers(*nodes).flatmap(of_size)
