"""Where the links of a graph leave their patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from tvb.errors import LayerError, explain

if TYPE_CHECKING:
    from tvb.connectivity.graph import HabitatGraph

__all__ = ["find_ends"]


def find_ends(graph: HabitatGraph) -> NDArray[np.float64]:
    """Return the two ends of the line of each link, the one at patch i first.

    Parameters
    ----------
    graph : HabitatGraph
        Made from frames with the shapes of patches and the lines of links.

    Returns
    -------
    numpy.ndarray
        x and y of both ends, in metres, shape (m, 2, 2).

    Raises
    ------
    LayerError
        If the patches or the links have no geometry, or a link is not a line.
    """
    shapes, lines = (
        _geometry(name, table)
        for name, table in (("patches", graph.patch_data), ("links", graph.link_data))
    )
    drawn = shapely.get_type_id(lines) == shapely.GeometryType.LINESTRING
    if not drawn.all():
        ends = zip(graph.ids[graph.i[~drawn]], graph.ids[graph.j[~drawn]], strict=True)
        names = [f"{a}–{b}" for a, b in ends]
        raise LayerError(
            explain("links", "geometry that is not a line", count=len(names), ids=names)
        )
    points = np.stack([shapely.get_point(lines, 0), shapely.get_point(lines, -1)], axis=1)
    # The way a line was drawn says nothing: the end that lies nearer to patch i is taken as its.
    as_drawn = shapely.distance(points, np.stack([shapes[graph.i], shapes[graph.j]], axis=1))
    turned = shapely.distance(points, np.stack([shapes[graph.j], shapes[graph.i]], axis=1))
    swap = turned.sum(axis=1) < as_drawn.sum(axis=1)
    places = np.stack([shapely.get_x(points), shapely.get_y(points)], axis=-1)
    places[swap] = places[swap, ::-1]
    return places


def _geometry(name: str, table: object) -> NDArray[np.object_]:
    if not isinstance(table, gpd.GeoDataFrame):
        raise LayerError(explain(name, "have no geometry", required="a GeoDataFrame"))
    return np.asarray(table.geometry.to_numpy(), dtype=np.object_)
