"""Zones and footprints that no survey should deliver, against the ground that outlines go around.

The oracle repairs nothing: it cuts the plane along all outlines, and takes the faces around which
an outline winds, whatever number of times.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import affinity

import worlds
from strategies import frame
from tvb.flood import count_exposed_buildings, count_exposure_stream, measure_exposure
from tvb.geometry.arrays import make_valid
from tvb.io import open_footprints, write_geoparquet

METHODS = ("fast", "plain")


def polygon(shell: list[tuple[float, float]], *holes: list[tuple[float, float]]) -> shapely.Polygon:
    return shapely.Polygon(shell, list(holes))


_SQUARE = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)]

# Each is the zone of a scenario.
ZONES: dict[str, list[shapely.Geometry | None]] = {
    "rings that touch": [polygon(_SQUARE, [(0, 50), (40, 20), (40, 80)],
                                 [(40, 50), (70, 20), (70, 80)])],
    "hole along the shell": [polygon(_SQUARE, [(0, 20), (30, 20), (30, 80), (0, 80)])],
    "hole of zero width": [polygon(_SQUARE, [(20, 50), (80, 50), (20, 50)])],
    "hole of zero width, bent": [polygon(_SQUARE, [(20, 20), (80, 50), (20, 80), (80, 50)])],
    "shell that goes back": [polygon([*_SQUARE, (0, 50), (60, 50), (0, 50)])],
    "bow-tie": [polygon([(0, 0), (90, 90), (90, 0), (0, 90)])],
    "star": [polygon([(50, 0), (80, 95), (2, 36), (98, 36), (20, 95)])],
    "turned twice": [polygon([*_SQUARE, *_SQUARE])],
    "overlapping parts": [shapely.MultiPolygon([shapely.box(0, 0, 60, 60),
                                                shapely.box(30, 30, 90, 90)])],
    "parts that touch": [shapely.MultiPolygon([shapely.box(0, 0, 50, 50),
                                               shapely.box(50, 50, 90, 90)])],
    "rows on each other": [shapely.box(0, 0, 60, 60), shapely.box(30, 0, 90, 60),
                           shapely.box(0, 0, 60, 60)],
    "slivers": [shapely.box(x, 0, x + 0.001, 100) for x in range(0, 100, 7)],
    "height": [shapely.force_3d(shapely.box(10, 10, 50, 50), 4.0)],
    "everything": [shapely.box(-9e3, -9e3, 9e3, 9e3)],
    "covered twice": [polygon([(0, 0), (100, 0), (100, 60), (40, 60), (40, 20), (60, 20),
                               (60, 100), (0, 100)])],
    "none": [None, shapely.Polygon(), polygon([(0, 0), (9, 0), (4, 0)])],
}  # fmt: skip
LOOP = polygon([(0, 0), (30, 0), (30, 18), (12, 18), (12, 6), (18, 6), (18, 30), (0, 30)])
"""Goes around a square of 6 by 12 m twice: 756 m² of ground, by pencil."""
LOOP_M2 = 30 * 18 + 18 * 12


def windings(ring: shapely.LinearRing, points: np.ndarray) -> np.ndarray:
    """Return how many times a ring goes around each point."""
    corners = shapely.get_coordinates(ring)
    (x, y), total = points.T, np.zeros(len(points), dtype=int)
    for (ax, ay), (bx, by) in pairwise(corners):
        # A place may lie on an edge there and back, which must count for nothing.
        low, high, turn = ((ax, ay), (bx, by), 1) if ay < by else ((bx, by), (ax, ay), -1)
        left = (high[0] - low[0]) * (y - low[1]) - (x - low[0]) * (high[1] - low[1]) > 0
        total += turn * ((low[1] <= y) & (high[1] > y) & left)
    return total


def ground_of(shapes: list[shapely.Geometry | None]) -> list[shapely.Polygon]:
    """Return the faces around which the outline of any polygon winds, those in holes left out."""
    kept = [shape for shape in shapes if shape is not None]
    polygons = [shapely.force_2d(p) for p in shapely.get_parts(kept) if not p.is_empty]
    if not polygons:
        return []
    # Nothing lies in a slit; once turned by any angle, its two sides cross each other.
    holes = [[h for h in p.interiors if shapely.convex_hull(h).area > 1e-6] for p in polygons]
    rings = [ring for p, some in zip(polygons, holes, strict=True) for ring in (p.exterior, *some)]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(rings)]))
    inside = shapely.get_coordinates(shapely.point_on_surface(faces))
    covered = np.zeros(len(faces), dtype=bool)
    for p, some in zip(polygons, holes, strict=True):
        mine = windings(p.exterior, inside) != 0
        for hole in some:
            mine &= windings(hole, inside) == 0
        covered |= mine
    return list(faces[covered])


def zones() -> gpd.GeoDataFrame:
    rows = [(name, shape) for name, shapes in ZONES.items() for shape in shapes]
    shapes = [None if g is None else worlds.at(g) for _, g in rows]
    return frame(shapes, scenario=[name for name, _ in rows])  # type: ignore[arg-type]


def footprints() -> list[shapely.Geometry]:
    """Return footprints of many kinds: on whole metres, where edges meet, and anywhere."""
    random = np.random.default_rng(5)
    court = shapely.box(0, 0, 14, 14).difference(shapely.box(3, 3, 11, 11))
    slit = polygon([(0, 0), (12, 0), (12, 12), (0, 12)], [(2, 6), (10, 6), (2, 6)])
    ell = polygon([(0, 0), (12, 0), (12, 3), (3, 3), (3, 12), (0, 12)])
    bow = polygon([(0, 0), (8, 8), (8, 0), (0, 8)])
    thin = polygon([(0, 0), (30, 0.001), (30, 0.002)])
    two = shapely.MultiPolygon([shapely.box(0, 0, 3, 3), shapely.box(9, 9, 12, 12)])
    kinds = [shapely.box(0, 0, 10, 10), court, slit, ell, bow, thin, two, LOOP]
    shapes = []
    for kind in [*kinds, shapely.force_3d(court, 3.0)]:
        for _ in range(14):
            x, y, turn = random.random(3) * [95, 95, 90]
            shapes.append(affinity.translate(kind, *np.round([x, y])))
            shapes.append(affinity.rotate(affinity.translate(kind, x, y), turn))
    return [worlds.at(shape) for shape in shapes]


@pytest.mark.parametrize("method", METHODS)
def test_degenerate_zones_are_judged_as_what_they_cover(method: str) -> None:
    """Kills: winding numbers, holes of no width that dry or split ground, areas counted twice."""
    shapes = footprints()
    here = frame(shapes)
    measured = measure_exposure(here, zones(), scenarios=list(ZONES), method=method)  # type: ignore[arg-type]
    valid = np.array([s if s.is_valid else shapely.union_all(ground_of([s])) for s in shapes])
    for name, group in zones().groupby("scenario"):
        parts = ground_of(list(group.geometry))
        union = shapely.union_all(parts)
        touched = np.zeros(len(valid), dtype=bool)
        for part in parts:
            touched |= shapely.intersects(part, valid)
        share = shapely.area(shapely.intersection(union, valid)) / shapely.area(valid)
        assert measured["touched", name].tolist() == touched.tolist(), name
        centroid = shapely.intersects(union, shapely.centroid(valid))
        assert measured["centroid_in", name].tolist() == centroid.tolist(), name
        np.testing.assert_allclose(measured["share", name], share, atol=2e-6, err_msg=str(name))


@pytest.mark.parametrize("method", METHODS)
def test_ground_covered_twice_is_covered(method: str) -> None:
    """Kills a repair by even and odd, which makes a hole of it: file and frame then differ."""
    zone = frame([affinity.translate(LOOP, worlds.X0, worlds.Y0)], scenario=["s"])
    house = frame([worlds.box(13, 9, 16, 12)])
    measured = measure_exposure(house, zone, method=method).xs("s", axis=1, level=1)  # type: ignore[arg-type]
    assert measured.loc[0].tolist() == [True, True, 1.0]


def test_footprint_of_an_outline_that_crosses_itself(tmp_path: Path) -> None:
    """Kills an area that counts ground twice, or as a hole; and a file that counts otherwise."""
    here = _as_buildings([worlds.at(LOOP)])
    zone = frame([worlds.box(0, 0, 50, 50)], scenario=["s"])
    counted = count_exposed_buildings(here, zone, worlds.communes())
    assert counted.loc[("62001", "s"), "footprint_m2"] == LOOP_M2
    write_geoparquet(here, tmp_path / "b.parquet")
    streamed = count_exposure_stream(open_footprints(tmp_path / "b.parquet"), zone,
                                     worlds.communes())  # fmt: skip
    pd.testing.assert_frame_equal(streamed.tables["touches"], counted, check_dtype=False)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=4, max_size=9))
@example([(0, 1), (1, 1), (0, 1), (0, 0), (1, 1)])  # GEOS 3.14 leaves a line
@example([(0, 5), (2, 4), (0, 5), (5, 1), (0, 5), (1, 4), (5, 1)])
@example([(2, 4), (2, 4), (3, 5), (1, 5), (0, 3), (3, 3), (4, 5), (3, 5)])
def test_repair_covers_what_an_outline_winds_around(corners: list[tuple[int, int]]) -> None:
    """Kills even and odd, parts that share an edge (GEOS 3.14), and ground lost by the repair."""
    ring = polygon(corners)
    (valid,) = make_valid(np.array([ring]))
    assert shapely.is_valid(valid)
    assert valid.area == pytest.approx(sum(face.area for face in ground_of([ring])), abs=1e-9)


def test_repair_keeps_what_is_valid_and_gives_up_what_lies_nowhere() -> None:
    """Kills an outline from which GEOS drops the corner that is not a number."""
    square, lost = worlds.box(0, 0, 1, 1), polygon([(0, 0), (9, 0), (5, np.inf)])
    given_shapes = np.array([square, lost, None])
    assert make_valid(given_shapes).tolist() == [square, None, None]
    assert given_shapes[1] is lost


def _as_buildings(shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    return frame(shapes).assign(
        cleabs=[f"B{i}" for i in range(len(shapes))],
        usage_1="Résidentiel",
        construction_legere=False,
        etat_de_l_objet="En service",
        nombre_de_logements=pd.array([1] * len(shapes), dtype="Int64"),
    )


# A zone of 10⁵ parts -------------------------------------------------------------------------

SIDE = 317  # 317² = 100 489 squares of 1 m, one every 2 m

#  box in local metres, squares touched, does a square hold the centre, share
_PLACES = [
    ((0.25, 0.25, 0.75, 0.75), True, True, 1.0),  # inside a square
    ((1.25, 0.0, 1.75, 1.0), False, False, 0.0),  # in a gap
    ((1.0, 0.25, 1.5, 0.75), True, False, 0.0),  # its wall on the side of a square
    ((1.0, 1.0, 1.5, 1.5), True, False, 0.0),  # corner to corner
    ((100.0, 100.0, 111.0, 111.0), True, False, 36 / 121),  # centre in a gap
    ((101.0, 101.0, 112.0, 112.0), True, True, 25 / 121),  # centre in a square, 5 by 5 of them
    ((600.0, 600.0, 700.0, 700.0), True, False, 17 * 17 / 10_000),  # beyond the last square
    ((633.5, 0.0, 640.0, 1.0), False, False, 0.0),
]


def _many_parts() -> gpd.GeoDataFrame:
    corner = 2.0 * np.arange(SIDE)
    west, south = (a.ravel() for a in np.meshgrid(corner, corner))
    squares = shapely.box(
        worlds.X0 + west, worlds.Y0 + south, worlds.X0 + west + 1, worlds.Y0 + south + 1
    )
    return frame([shapely.multipolygons(squares)], scenario=["s"])


def test_a_zone_of_a_hundred_thousand_parts() -> None:
    """By pencil on a lattice of squares; the plain path takes half a minute to merge them."""
    zone = _many_parts()
    assert shapely.get_num_geometries(zone.geometry.iloc[0]) == SIDE**2 > 10**5
    here = frame([worlds.box(*place) for place, *_ in _PLACES])
    measured = measure_exposure(here, zone).xs("s", axis=1, level=1)
    assert measured["touched"].tolist() == [row[1] for row in _PLACES]
    assert measured["centroid_in"].tolist() == [row[2] for row in _PLACES]
    np.testing.assert_allclose(measured["share"], [row[3] for row in _PLACES], atol=1e-6)


def test_a_zone_of_a_hundred_thousand_parts_in_a_stream(tmp_path: Path) -> None:
    here = _as_buildings([worlds.box(*place) for place, *_ in _PLACES])
    write_geoparquet(here, tmp_path / "b.parquet")
    source = open_footprints(tmp_path / "b.parquet", chunk_rows=3)
    counted = count_exposure_stream(source, _many_parts(), worlds.communes()).tables
    found = {rule: int(table["buildings"].sum()) for rule, table in counted.items()}
    assert found["touches"] == sum(row[1] for row in _PLACES)
    assert found["centroid"] == sum(row[2] for row in _PLACES)


def test_lost_ground_is_found_in_parts_and_beside_lines() -> None:
    """Kills a repair of single polygons alone, and one that takes a line for a polygon."""
    spiked = polygon([(0, 1), (1, 1), (0, 1), (0, 0), (1, 1)])
    far, line = shapely.box(5, 5, 6, 6), shapely.LineString([(8, 8), (9, 9)])
    several = shapely.MultiPolygon([spiked, far])
    mixed = shapely.GeometryCollection([spiked, far, line])
    for valid in make_valid(np.array([several, mixed])):
        assert shapely.is_valid(valid)
        assert valid.area == pytest.approx(1.5)
        assert shapely.intersects(valid, shapely.Point(0.2, 0.8))
