"""`corridor` and `accumulate_corridors`, against costs from both patches by Dijkstra."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from test_connectivity_links import ground, patches, world
from test_connectivity_sweep import by_heap
from tvb.connectivity import accumulate_corridors, build_links, corridor
from tvb.connectivity.field import cost_field
from tvb.errors import LayerError, ParameterError
from worlds import box

LAYER = patches(box(0, 0, 1, 3), box(9, 0, 10, 3))
LANE = ground([[9] * 10, [1] * 10, [9] * 10])


def on_raster(found, raster):
    """The cells of a corridor on the whole raster."""
    inside = np.zeros(raster.shape, dtype=bool)
    row, column = np.nonzero(~np.isnan(found.grid.values))
    top = round((raster.y_max - found.grid.y_max) / raster.cell_height)
    left = round((found.grid.x_min - raster.x_min) / raster.cell_width)
    inside[row + top, column + left] = True
    return inside


def by_definition(costs, labels, pair, tolerance):
    """Cells where both distances add up to no more than the limit, found cell by cell."""
    from_i, from_j = (by_heap(costs, labels == end)[0] for end in pair)
    through = from_i + from_j
    return through <= (1 + tolerance) * from_i[labels == pair[1]].min()


def test_pencil_corridor():
    """A lane of one cell: 9 m² with its ends in the patches, wide 8 m² / 9 m, narrow 1 m.

    Kills widths that count the patches, and a narrowest width measured from centre to centre.
    """
    found = corridor(LAYER, LANE, (1, 2), tolerance=0.0)
    assert (found.i, found.j, found.cost, found.tolerance) == (1, 2, 9.0, 0.0)
    assert found.grid.values.tolist() == [[9.0] * 10]
    assert found.geometry.equals(box(0, 1, 10, 2))
    assert found.area_m2 == 10
    assert found.mean_width_m == pytest.approx(8 / 9)
    assert found.narrowest_m == 1
    assert repr(found) == "<Corridor 1–2: cost 9 + 0%, 0.0 ha, 1 m wide, 1 m at the narrowest>"


def test_touching_patches_have_no_width():
    found = corridor(patches(box(0, 0, 1, 1), box(1, 0, 2, 1)), ground([[1, 1]]), (2, 1))
    assert (found.i, found.j) == (1, 2)
    assert np.isnan([found.mean_width_m, found.narrowest_m]).all()


@pytest.mark.parametrize("tolerance", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("cell", [(1.0, 1.0), (3.0, 2.0)])
def test_equals_the_definition(tolerance, cell):
    """Kills a corridor cut off where one search stops, and one of rectangular cells."""
    layer, values, labels = world(1, cell=cell)
    raster = ground(values, cell=cell)
    costs = cost_field(raster, "m")
    for link in build_links(layer, raster).itertuples():
        found = corridor(layer, raster, (link.j, link.i), tolerance=tolerance)
        assert found.cost == link.cost
        expected = by_definition(costs, labels, (link.i, link.j), tolerance)
        np.testing.assert_array_equal(on_raster(found, raster), expected)
        assert found.geometry.is_valid
        assert found.geometry.area == pytest.approx(found.area_m2, rel=1e-12)
        path = shapely.intersection(found.geometry.buffer(1e-6), link.geometry)
        assert path.length == pytest.approx(link.length_m)
        assert (found.i, found.j) == (link.i, link.j)


@pytest.mark.parametrize("weight", [None, "w"])
def test_accumulated_are_the_sum_of_all(weight):
    """Kills a corridor counted once for each patch, and a link given the wrong way round."""
    layer, values, labels = world(2)
    raster = ground(values)
    costs = cost_field(raster, "m")
    links = build_links(layer, raster).assign(w=lambda frame: 0.5 + frame.index)
    turned = links.rename(columns={"i": "j", "j": "i"})
    expected = sum(
        (1 if weight is None else link.w)
        * by_definition(costs, labels, (link.i, link.j), 0.2).astype(float)
        for link in links.itertuples()
    )
    for given_links in (links, turned, links.iloc[::-1]):
        total = accumulate_corridors(layer, raster, given_links, tolerance=0.2, weight=weight)
        np.testing.assert_allclose(total.values, expected)
        assert total.transform == raster.transform
        assert total.values.dtype == (np.int32 if weight is None else np.float64)


def test_pairs_that_no_path_joins():
    wall = ground([[1, np.nan, 1]])
    layer = patches(box(0, 0, 1, 1), box(2, 0, 3, 1))
    with pytest.raises(LayerError, match=r"^resistance: no path joins the patches 1 and 2"):
        corridor(layer, wall, (1, 2))
    links = pd.DataFrame({"i": [1], "j": [2]})
    assert not accumulate_corridors(layer, wall, links).values.any()
    assert not accumulate_corridors(layer, wall, links.iloc[:0]).values.any()


def test_refusals():
    with pytest.raises(ParameterError, match=r"^tolerance: is -0.1. Required: a finite share"):
        corridor(LAYER, LANE, (1, 2), tolerance=-0.1)
    with pytest.raises(ParameterError, match=r"^patches: no such patch \(1 feature: 7\)"):
        corridor(LAYER, LANE, (1, 7))
    with pytest.raises(ParameterError, match=r"^pair: patch linked to itself \(1 feature: 1\)"):
        corridor(LAYER, LANE, (1, 1))
    links = pd.DataFrame({"i": [1]})
    with pytest.raises(ParameterError, match=r"^links: no column j, w"):
        accumulate_corridors(LAYER, LANE, links, weight="w")
    with pytest.raises(ParameterError, match=r"^tolerance: is nan"):
        accumulate_corridors(LAYER, LANE, links, tolerance=float("nan"))
