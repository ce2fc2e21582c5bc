"""The graph on which connectivity is measured."""

from __future__ import annotations

import numpy as np
from scipy.spatial import Delaunay

from tvb.connectivity import HabitatGraph

__all__ = ["random_graph"]

SPACING_M = 500.0
LONGEST_M = 5000.0


def random_graph(patches: int) -> HabitatGraph:
    """Return patches at random, on average 500 m apart, linked by a Delaunay triangulation."""
    random = np.random.default_rng(20_240 + patches)
    points = random.uniform(0, SPACING_M * np.sqrt(patches), (patches, 2))
    corners = Delaunay(points).simplices
    sides = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    i, j = np.unique(np.sort(sides, axis=1), axis=0).T
    length = np.hypot(*(points[i] - points[j]).T)
    near = length < LONGEST_M
    capacity = random.lognormal(1.0, 1.0, patches)
    return HabitatGraph.from_arrays(capacity, i[near], j[near], length[near])
