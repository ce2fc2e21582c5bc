"""Overlays of areas are checked: what GEOS gets wrong is done again, wherever communes are cut.

GEOS 3.14.1 lost whole communes of the modelled territory (59172, 62001) in plans whose outlines ran
along theirs. It does not err at will, so that its errors are put in here: answers that are empty,
that are the whole, or that are what lies outside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given

from strategies import Cells, area_of, cells
from tvb.datasets import bassin_minier
from tvb.flood import indicators
from tvb.geometry import attribute_to_commune, overlay, share_by_commune
from tvb.geometry.overlap import measure_overlap
from tvb.geometry.overlay import intersect, subtract
from tvb.heritage import measure_heritage
from worlds import box

KNOWN = ("59172", "62001")
INTERSECTION, DIFFERENCE = shapely.intersection, shapely.difference
WRONG: dict[str, Callable[[Any, Any], Any]] = {
    "empty": lambda one, _: INTERSECTION(one, shapely.Polygon()),
    "whole": lambda one, _: INTERSECTION(one, one),
    "outside": DIFFERENCE,
}


@pytest.fixture(scope="module")
def communes() -> gpd.GeoDataFrame:
    return bassin_minier(communes=KNOWN, rasters=False)["communes"]


@pytest.fixture(params=WRONG)
def erring(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make shapely err about polygons as long as no lattice is asked for; count the errors."""
    errors = []

    def err(one: Any, other: Any, grid_size: float | None = None) -> Any:
        right = INTERSECTION(one, other, grid_size=grid_size)
        if grid_size is not None:
            return right
        errors.append(1)
        flat = (shapely.get_dimensions(one) == 2) & (shapely.get_dimensions(other) == 2)
        return np.where(flat, WRONG[request.param](one, other), right)[()]

    monkeypatch.setattr(shapely, "intersection", err)
    return errors


def nearly(communes: gpd.GeoDataFrame, margin_m: float = 0.0) -> gpd.GeoDataFrame:
    """Return the ground of the communes with points along its outline, rounded as they come."""
    ground = shapely.segmentize(shapely.union_all(communes.geometry.to_numpy()), 15.0)
    return gpd.GeoDataFrame(geometry=[shapely.buffer(ground, margin_m)], crs=2154)


@pytest.mark.parametrize("margin_m", [0.0, 300.0])
def test_shares_of_communes_do_not_hang_on_geos(
    communes: gpd.GeoDataFrame, erring: list[int], margin_m: float
) -> None:
    """Kills: an overlay taken as it comes, and a check that asks the layer and the answer only: a
    layer that holds the commune, found empty, has no point in it and none in the answer."""
    layer = nearly(communes, margin_m)
    found = share_by_commune(layer, communes).dropna(subset=["insee"])
    assert erring
    assert found["insee"].tolist() == sorted(KNOWN)
    area = communes.set_index("insee").geometry.area
    assert found["area_m2"].tolist() == pytest.approx(area[list(KNOWN)].tolist(), abs=1)
    assert attribute_to_commune(layer, communes).tolist() == [area.idxmax()]


def test_hectares_of_heritage_do_not_hang_on_geos(
    communes: gpd.GeoDataFrame, erring: list[int]
) -> None:
    measured = measure_heritage(communes, {"property": nearly(communes)})
    area = communes.set_index("insee").geometry.area / 1e4
    assert measured["property_ha"].to_dict() == pytest.approx(area.to_dict(), abs=1e-3)
    assert erring


def test_what_a_flood_takes_of_a_commune_does_not_hang_on_geos(
    communes: gpd.GeoDataFrame, erring: list[int]
) -> None:
    zones = nearly(communes).assign(scenario="02Moy", niveau=None)
    flooded = measure_overlap(communes.geometry.to_numpy(), zones.geometry.to_numpy())
    assert flooded == pytest.approx(communes.geometry.area.to_numpy(), abs=1)
    rows = pd.MultiIndex.from_product([KNOWN, ["02Moy"]], names=["insee", "scenario"])
    left = indicators._Ground(zones, communes, rows).cut(nearly(communes, 50.0))
    area = communes.set_index("insee").geometry.area[list(KNOWN)]
    assert shapely.area(left) == pytest.approx(area.to_numpy(), abs=1)
    assert erring


def test_wrong_answers_are_told_from_right_ones() -> None:
    square, right, around = box(0, 0, 100, 100), box(60, 0, 150, 100), box(-1, -1, 101, 101)
    cases: list[tuple[Any, Any, Any, bool, bool]] = [
        (square, right, box(0, 0, 60, 100), False, False),
        (square, around, square, False, True),
        (square, around, shapely.Polygon(), False, False),
        (square, right, box(60, 0, 100, 100), True, False),
        (square, box(60, 10, 150, 90), shapely.Polygon(), True, True),
        (box(60, 10, 150, 90), square, shapely.Polygon(), True, True),
        # what overlaps by a rounding may be found to share nothing
        (square, box(100 - 1e-6, 0, 200, 100), shapely.Polygon(), True, False),
        (around, square, shapely.Polygon(), True, True),
        (around, square, around, True, True),
        (square, box(200, 0, 300, 100), shapely.Polygon(), True, False),
    ]
    for one, other, answer, inside, wrong in cases:
        told = overlay._is_wrong(*(np.array([s]) for s in (one, other, answer)), kept_inside=inside)
        assert told.tolist() == [wrong], (one, other, answer)


def test_the_answer_on_the_lattice_is_the_one_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapely, "difference", lambda a, b, grid_size=None: (
        DIFFERENCE(a, b, grid_size=grid_size) if grid_size else np.asarray(a).copy()))  # fmt: skip
    one = np.array([box(0, 0, 100, 100), None, shapely.Polygon()])
    left = subtract(one, box(-1, -1, 101, 60))
    assert shapely.area(left[0]) == pytest.approx(4000)
    assert left[1] is None
    assert shapely.is_empty(left[2])


def test_geometries_of_all_kinds_pair_by_pair_or_one_for_all() -> None:
    """Kills: a check of lines, of which no point lies inside a polygon's line."""
    square, line = box(0, 0, 100, 100), shapely.LineString([(0, 0), (9, 9)])
    assert intersect(square, box(50, 0, 150, 100)).area == pytest.approx(5000)
    assert isinstance(intersect(square, line), shapely.Geometry)
    some = np.array([square, line, None, shapely.Point(1, 1)], dtype=object)
    for one, other in ((some, square), (square, some), (some, some)):
        assert shapely.equals(intersect(one, other), shapely.intersection(one, other)).tolist() == [
            True,
            True,
            False,
            True,
        ]
    assert len(intersect(some[:0], some[:0])) == 0


@given(cells(), cells())
def test_on_an_integer_grid_nothing_changes(one: Cells, other: Cells) -> None:
    """A sound answer stays to the last bit."""
    a, b = area_of(one), area_of(other)
    assert shapely.to_wkb(intersect(a, b)) == shapely.to_wkb(INTERSECTION(a, b))
    assert shapely.to_wkb(subtract(a, b)) == shapely.to_wkb(DIFFERENCE(a, b))
