"""Heritage per commune, on the squared town and on the official layers."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import worlds
from tvb.errors import CrsError, ParameterError
from tvb.heritage import count_communes_with, measure_heritage, measure_length_m


def _frame(*shapes: shapely.Geometry, **columns: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs="EPSG:2154")


def test_areas_are_those_computed_by_hand() -> None:
    """Two overlapping polygons over two communes; kills the sum of areas polygon by polygon."""
    # 500 × 200 m over Sud and Port, half in each, given twice: 5 ha in each commune.
    strip = worlds.box(750, 0, 1250, 200)
    table = measure_heritage(worlds.communes(), {"property": _frame(strip, strip)})
    assert table["property_ha"].tolist() == pytest.approx([5.0, 5.0, 0.0, 0.0])
    assert table["property_share"].tolist() == pytest.approx([0.05, 0.05, 0.0, 0.0])
    assert table["buffer_ha"].tolist() == [0.0] * 4


def test_an_object_over_two_communes_counts_once() -> None:
    """Kills sjoin then count, which gives the terril to both communes."""
    # 30 m in Sud, 70 m in Port.
    terril = worlds.box(970, 400, 1070, 500)
    table = measure_heritage(worlds.communes(), {"terrils": _frame(terril, no_terril=["T1"])})
    assert table["terrils"].to_dict() == {"62001": 0, "62002": 1, "62003": 0, "62004": 0}


def test_a_strip_of_railway_is_measured_along_and_shared_by_area() -> None:
    """Kills the perimeter taken for a length: 2 × (1000 + 10) m."""
    strip = worlds.box(500, 100, 1500, 110)
    line = worlds.at(shapely.LineString([(100, 1500), (300, 1500)]))
    frame = _frame(strip, line, id_troncon=["a", "b"], longueur_m=[1200.0, None])
    assert measure_length_m(frame).tolist() == pytest.approx([1200.0, 200.0])
    km = measure_heritage(worlds.communes(), {"cavaliers": frame})["cavaliers_km"]
    assert km.tolist() == pytest.approx([0.6, 0.6, 0.2, 0.0])


def _km_in_sud(*railways: shapely.Geometry) -> float:
    frame = _frame(*railways, id_troncon=[str(i) for i in range(len(railways))])
    return float(measure_heritage(worlds.communes(), {"cavaliers": frame})["cavaliers_km"]["62001"])


def test_a_railway_drawn_as_strip_and_as_line_counts_once() -> None:
    """Kills the plain sum, 1.8 km: 55 km of the official lines are strips as well."""
    strip = worlds.box(0, 100, 1000, 110)
    line = worlds.at(shapely.LineString([(100, 112), (900, 108)]))
    # The strip is 1.0 km long; the line runs along 0.8 of it.
    assert _km_in_sud(strip, line) == pytest.approx(1.0, abs=1e-4)


def test_a_line_that_crosses_a_strip_is_another_railway() -> None:
    """Kills the subtraction of every metre of line near a strip."""
    strip = worlds.box(100, 500, 900, 510)
    across = worlds.at(shapely.LineString([(500, 0), (500, 1000)]))
    assert _km_in_sud(strip, across) == pytest.approx(0.8 + 1.0)


def test_a_line_between_two_strips_stands_for_one_of_them() -> None:
    """Kills the subtraction of one line from two strips."""
    strips = worlds.box(100, 500, 900, 510), worlds.box(100, 515, 900, 525)
    line = worlds.at(shapely.LineString([(100, 512.5), (900, 512.5)]))
    assert _km_in_sud(*strips, line) == pytest.approx(0.8 + 0.8, abs=1e-3)


def test_empty_and_absent_layers_give_zeros() -> None:
    table = measure_heritage(worlds.communes(), {"property": _frame()})
    assert len(table) == 4
    assert (table.to_numpy() == 0).all()


def test_another_system_is_refused() -> None:
    frame = _frame(worlds.box(0, 0, 10, 10)).to_crs(4326)
    with pytest.raises(CrsError, match="buffer: coordinates are in EPSG:4326"):
        measure_heritage(worlds.communes(), {"buffer": frame})


def test_communes_count_from_a_threshold_on() -> None:
    area_ha = pd.Series([0.0, 0.05, 0.1, 0.2])
    assert count_communes_with(area_ha, min_ha=0.1) == 1
    assert count_communes_with(area_ha, min_ha=0.0) == 3
    with pytest.raises(ParameterError, match="min_ha"):
        count_communes_with(area_ha, min_ha=-1)
