"""Buildings by chunks: what is read, what is counted, against the plain ways of both."""

from __future__ import annotations

import pickle
import time
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from benchmarks import bench_stream
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

import worlds
from corpus import CASES
from strategies import SIZE, Cells, area_of, cells, rectangles
from tvb.errors import CrsError, LayerError, ParameterError, SourceError
from tvb.flood import (
    CountingRule,
    ExposedBuildings,
    FolderStore,
    StreamedExposure,
    count_by_commune,
    count_chunk,
    count_exposed_buildings,
    count_exposure_stream,
    count_prepared,
    expose_chunk,
    measure_exposure,
    prepare_exposure,
    stream,
    stream_chunk,
    stream_zones,
)
from tvb.flood.stream_chunk import no_counts
from tvb.geometry import attribute_to_commune
from tvb.io import FootprintChunk, Footprints, footprint_keys, open_footprints, read_layer
from tvb.io.footprint_chunks import _read_geometry
from tvb.io.footprint_keys import SeenKeys, hash_keys

RULES = ("touches", "centroid", "share")
COLUMNS = ["cleabs", "usage_1", "construction_legere", "etat_de_l_objet", "nombre_de_logements"]


def buildings(geometry: list[shapely.Geometry | None]) -> gpd.GeoDataFrame:
    """Return buildings with all sorts of attributes."""
    n = len(geometry)
    uses = ["Résidentiel", "Annexe", None, "Agricole", "Silo"]
    return gpd.GeoDataFrame(
        {
            "cleabs": [f"BATIMENT{i:016d}" for i in range(n)],
            "usage_1": pd.Series((uses * n)[:n], dtype="str"),
            "construction_legere": pd.array(([False, None, True] * n)[:n], dtype="boolean"),
            "etat_de_l_objet": pd.Series((["En service", "En projet", None] * n)[:n], dtype="str"),
            "nombre_de_logements": pd.array(([2, None, 0, 7] * n)[:n], dtype="Int64"),
        },
        geometry=geometry,
        crs="EPSG:2154",
    )


def write(frame: gpd.GeoDataFrame, folder: Path, name: str = "batiment.parquet") -> Path:
    """Write a frame to a file of the format that its name tells."""
    path = folder / name
    if name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        options = {"SPATIAL_INDEX": "NO"} if name.endswith("fgb") else {}
        frame.to_file(path, engine="pyogrio", **options)
    return path


def frame_of(footprints: Footprints) -> gpd.GeoDataFrame:
    """Return all chunks as one frame, in the order of the file."""
    parts = []
    for chunk in footprints.chunks():
        at = chunk.in_file_order()
        parts.append(gpd.GeoDataFrame(chunk.describe(at), geometry=chunk.polygons(at), crs=2154))
    return pd.concat(parts, ignore_index=True)


# What is read -----------------------------------------------------------------------------------


def plain_rings(geometry: list[shapely.Geometry], **options: object) -> tuple[np.ndarray, ...]:
    """Return what the compiled reader takes of some geometry: rows, boxes, areas."""
    light = _read_geometry(pa.array(shapely.to_wkb(geometry, **options), pa.binary()))
    return light.row, light.bounds, light.area_m2


def _random_rings(count: int) -> list[shapely.Polygon]:
    """Return rings of 3 to 12 places on centimetres, half of them crossing themselves."""
    random = np.random.default_rng(5)
    rings = []
    for _ in range(count):
        n = random.integers(3, 13)
        angle = np.sort(random.random(n) * 7) if random.random() < 0.5 else random.random(n) * 7
        radius = random.random(n) * 20
        places = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]).round(2)
        rings.append(worlds.at(shapely.Polygon(places)))
    return rings


def test_plain_rings_are_valid_and_measured_as_geos_does() -> None:
    """Kills: a ring that crosses itself taken for plain; areas added in another order."""
    rings = _random_rings(4000)
    row, bounds, area = plain_rings(rings)
    valid = shapely.is_valid(rings)
    assert valid[row].all()
    assert len(row) >= 0.99 * valid.sum() > 1000
    taken = np.array(rings)[row]
    np.testing.assert_array_equal(bounds, shapely.bounds(taken))
    np.testing.assert_array_equal(area, shapely.area(taken))
    again = plain_rings([r.reverse() for r in rings])
    np.testing.assert_array_equal(again[0], row)


def test_only_rings_that_need_no_word_are_plain() -> None:
    """Kills: folded, repeated, flat, open, endless, holed, several; all belong to GEOS."""
    square = worlds.box(0, 0, 10, 10)
    x, y = worlds.X0, worlds.Y0
    with np.errstate(invalid="ignore"):
        endless = [shapely.Polygon([(x, y), (end, y), (x, y + 1)]) for end in (np.inf, np.nan)]
    odd = [
        *endless,
        shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]),
        shapely.Polygon([(0, 0), (10, 0), (5, 0)]),
        shapely.Polygon([(0, 0), (10, 0), (10, 0), (10, 10), (0, 10)]),
        shapely.Polygon([(0, 0), (10, 0), (10, 10), (5, 10), (5, 15), (5, 10), (0, 10)]),
        shapely.Polygon([(0, 0), (10, 0), (5, 5), (10, 10), (0, 10), (5, 5)]),
        square.difference(worlds.box(2, 2, 4, 4)),
        shapely.MultiPolygon([square, worlds.box(20, 0, 30, 10)]),
        shapely.Point(0, 0).buffer(10, quad_segs=30),
        shapely.Polygon(),
        shapely.Point(x, y),
        shapely.LineString([(0, 0), (1, 1), (1, 0), (0, 0)]),
        shapely.GeometryCollection([square]),
    ]
    assert plain_rings(odd)[0].tolist() == []
    # In the middle of a straight wall, a place is nothing odd.
    wall = shapely.Polygon([(0, 0), (5, 0), (10, 0), (10, 10), (0, 10)])
    assert plain_rings([wall, *odd, square, shapely.MultiPolygon([square])])[0].tolist() == [
        0, 15, 16,
    ]  # fmt: skip
    row, _, _ = plain_rings([square], byte_order=0)
    assert row.tolist() == []


@pytest.mark.parametrize("flavor", ["iso", "extended"])
def test_heights_and_measures_are_left_out(flavor: str) -> None:
    """Kills: the height of a place read as the abscissa of the next; codes of either standard."""
    square = worlds.box(0, 0, 10, 10)
    deep = [
        shapely.force_3d(square, 7.0),
        shapely.MultiPolygon([shapely.force_3d(square, 7.0)]),
        shapely.from_wkt(f"POLYGON M (({_ring('5')}))"),
        shapely.from_wkt(f"POLYGON ZM (({_ring('5 6')}))"),
    ]
    row, bounds, area = plain_rings(deep, output_dimension=4, flavor=flavor)
    assert row.tolist() == [0, 1, 2, 3]
    assert (bounds == square.bounds).all()
    assert (area == 100).all()
    row, _, _ = plain_rings([shapely.set_srid(square, 2154)], include_srid=True, flavor="extended")
    assert row.tolist() == []


def _ring(rest: str) -> str:
    places = shapely.get_coordinates(worlds.box(0, 0, 10, 10))
    return ", ".join(f"{x} {y} {rest}" for x, y in places)


def test_bytes_cut_short_are_not_read_beyond() -> None:
    """Kills: a reader that trusts the number of places."""
    whole = shapely.to_wkb(worlds.box(0, 0, 10, 10))
    values = [None, b"", *(whole[:n] for n in range(0, len(whole), 3)), whole + b"x", whole]
    light = _read_geometry(pa.array(values, pa.binary()))
    assert light.row.tolist() == [len(values) - 1]


def messy() -> gpd.GeoDataFrame:
    """Return buildings of which many need a word: geometry, values, identifiers."""
    odd = [case.geometry for case in CASES]
    plain = [worlds.box(20 * i, 100, 20 * i + 10, 110) for i in range(40)]
    deep = [shapely.MultiPolygon([shapely.force_3d(p, 3.0)]) for p in plain[:5]]
    far = shapely.box(0, 0, 5, 5)  # Null Island: the reader says so, and keeps it
    frame = buildings([*plain[:20], far, *plain[20:], *odd, *deep])
    frame["usage_1"] = frame["usage_1"].where(frame.index % 7 > 0, "RÃ©sidentiel")
    frame["usage_1"] = frame["usage_1"].where(frame.index % 11 > 0, "  Annexe ")
    frame.loc[3, "usage_1"] = "Perdu\ufffd"
    frame.loc[[4, 60], "cleabs"] = None
    frame.loc[5, "cleabs"] = "  "
    frame.loc[6, "cleabs"] = " BATIMENT0000000000000007 "  # that of the next row
    # The first row of this one is dropped, so that the second stays.
    frame.loc[[40, 41, 10], "cleabs"] = "DROPPED THEN TWICE"
    frame.loc[[12, 30, 70], "cleabs"] = "THREE TIMES É"
    return frame


def account(report: object) -> dict[tuple[str, str], int]:
    table = report.to_frame()  # type: ignore[attr-defined]
    table = table[~table["reason"].str.contains("columns absent|reprojected from")]
    return {(k, r): c for k, r, c in table[["kind", "reason", "count"]].itertuples(index=False)}


def single(frame: gpd.GeoDataFrame) -> list[str]:
    """Return the geometry as texts, that of one part as its part."""
    alone = [g.geoms[0] if len(getattr(g, "geoms", ())) == 1 else g for g in frame.geometry]
    return [g.wkt for g in alone]


def same_as_read_layer(path: Path, chunk_rows: int, **options: object) -> Footprints:
    """Assert that chunks hold what the reader of layers gives; return them."""
    expected, report = read_layer(path, "buildings", extra_columns=False, **options)  # type: ignore[arg-type]
    footprints = open_footprints(path, chunk_rows=chunk_rows, **options)  # type: ignore[arg-type]
    found = frame_of(footprints)
    pd.testing.assert_frame_equal(found[COLUMNS], pd.DataFrame(expected[COLUMNS]))
    assert single(found) == single(expected)
    own = footprints.report()
    assert account(own) == account(report)
    assert (own.rows_read, own.rows_kept) == (report.rows_read, report.rows_kept)
    assert (own.checksums, own.crs_in, own.files) == (report.checksums, report.crs_in, report.files)
    return footprints


@pytest.mark.parametrize("chunk_rows", [7, 1000])
@pytest.mark.parametrize("name", ["b.parquet", "b.gpkg", "b.fgb", "b.geojson"])
def test_chunks_hold_what_the_reader_of_layers_gives(
    tmp_path: Path, name: str, chunk_rows: int
) -> None:
    """Kills: rows lost between the two ways, identifiers compared within a chunk only, rows that
    are dropped taken for the first of their identifier."""
    frame = messy()
    if name != "b.parquet":
        polygons = frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
        frame = frame[polygons | frame.geometry.isna()]
    if name == "b.fgb":  # it holds no mixture of dimensions, and no empty geometry
        frame = frame[~frame.geometry.is_empty]
        frame = frame.set_geometry(shapely.force_2d(frame.geometry.to_numpy()), crs=2154)
    if name == "b.geojson":  # it holds neither infinite nor, under its own name, an identifier
        frame = frame.to_crs(4326)
    footprints = same_as_read_layer(write(frame, tmp_path, name), chunk_rows)
    first = frame_of(footprints)
    pd.testing.assert_frame_equal(frame_of(footprints), first)


def test_other_ways_of_writing_come_to_the_same(tmp_path: Path) -> None:
    """Kills: another system read as Lambert-93, native geometry taken for well-known binary."""
    good, _ = read_layer(write(messy(), tmp_path), "buildings", extra_columns=False)
    good = good[good.bounds["miny"] > 6e6].reset_index(drop=True)  # France has all of it
    write(good.to_crs(4326), tmp_path, "degrees.parquet")
    good.to_parquet(tmp_path / "native.parquet", geometry_encoding="geoarrow")
    short = ["ID", "USAGE1", "LEGER", "ETAT", "NB_LOGTS"]
    write(
        good[[*COLUMNS, "geometry"]].rename(columns=dict(zip(COLUMNS, short, strict=True))),
        tmp_path,
        "short.shp",
    )
    for name in ("degrees.parquet", "native.parquet", "short.shp"):
        same_as_read_layer(tmp_path / name, 9)


@pytest.mark.parametrize("name", ["b.parquet", "b.gpkg"])
def test_a_window_holds_what_meets_it(tmp_path: Path, name: str) -> None:
    """Kills: boxes that meet a window for geometry that does, rows outside counted as read."""
    frame = messy()
    frame = frame[frame.geometry.geom_type == "Polygon"]
    beside = shapely.Polygon([(0, 0), (50, 0), (0, 50)])  # its box meets the window, it does not
    frame.loc[frame.index[0], "geometry"] = affinity.translate(beside, worlds.X0, worlds.Y0)
    window = tuple(worlds.box(40, 40, 205, 104).bounds)
    footprints = same_as_read_layer(write(frame, tmp_path, name), 1000, bbox=window)
    assert 0 < footprints.report().rows_read < 20


def test_values_of_any_type_are_read_as_the_layer_declares_them(tmp_path: Path) -> None:
    """Kills: codes of a dictionary compared with texts, numbers in texts, columns all null."""
    frame = buildings([worlds.box(20 * i, 0, 20 * i + 9, 9) for i in range(30)])
    changed = frame.assign(
        cleabs=np.arange(30),
        usage_1=pd.Categorical(frame["usage_1"]),
        construction_legere=(["Oui", "non", None, "?"] * 8)[:30],
        etat_de_l_objet=None,
        nombre_de_logements=(["3", "3,0", "beaucoup", None, "2.5"] * 6)[:30],
    )
    same_as_read_layer(write(changed, tmp_path), 8)
    same_as_read_layer(write(frame[["cleabs", "geometry"]], tmp_path, "few.parquet"), 8)
    nothing = same_as_read_layer
    with pytest.raises(ValueError, match="No objects to concatenate"):
        nothing(write(frame.iloc[:0], tmp_path, "none.parquet"), 8)


def test_seen_keys_are_exact_and_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: keys lost when the table grows, two in one batch, slices of a column."""
    monkeypatch.setattr(footprint_keys, "_FEWEST_PLACES", 4)
    monkeypatch.setattr(footprint_keys, "_IN_MEMORY", 64)
    random = np.random.default_rng(3)
    texts = pa.array([f"é{n}" * int(n % 9) for n in random.integers(0, 400, 1000)])
    seen = SeenKeys()
    known = np.concatenate([seen.add(hash_keys(texts.slice(at, 37))) for at in range(0, 1000, 37)])
    np.testing.assert_array_equal(known, pd.Series(texts.to_pylist()).duplicated())
    assert (hash_keys(pa.array(["", "a", "a\0"])) > 0).all()
    assert len(set(hash_keys(pa.array(["", "a", "a\0", "\0a", "b" * 8, "b" * 9])))) == 6


def test_curves_are_refused_with_a_way_out(tmp_path: Path) -> None:
    arc = "<gml:Arc><gml:posList>{} {} {} {} {} {}</gml:posList></gml:Arc>".format(
        *np.add([0, 0, 10, 10, 20, 0], [worlds.X0, worlds.Y0] * 3)
    )
    circle = f"<gml:Curve><gml:segments>{arc}{arc}</gml:segments></gml:Curve>"
    path = tmp_path / "b.gml"
    path.write_text(
        '<f:F xmlns:f="http://f" xmlns:gml="http://www.opengis.net/gml/3.2"><gml:featureMember>'
        "<f:buildings><f:cleabs>B1</f:cleabs><f:g><gml:Polygon srsName='EPSG:2154'><gml:exterior>"
        f"<gml:Ring><gml:curveMember>{circle}</gml:curveMember></gml:Ring></gml:exterior>"
        "</gml:Polygon></f:g></f:buildings></gml:featureMember></f:F>"
    )
    with pytest.raises(SourceError, match=r"holds curves[\s\S]*tvb.io.write_geopackage"):
        list(open_footprints(path).chunks())


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    path = write(buildings([worlds.box(0, 0, 9, 9)]), tmp_path)
    with pytest.raises(ParameterError, match="chunk_rows: 0"):
        open_footprints(path, chunk_rows=0)
    with pytest.raises(ParameterError, match=r"has not been read to its end[\s\S]*chunks\(\)"):
        open_footprints(path).report()
    with pytest.raises(SourceError, match="no such file"):
        open_footprints(tmp_path / "absent.parquet")
    nameless = write(
        gpd.GeoDataFrame({"a": [1]}, geometry=[worlds.box(0, 0, 1, 1)], crs=2154),
        tmp_path,
        "a.gpkg",
    )
    with pytest.raises(LayerError, match="« cleabs » not found"):
        open_footprints(nameless)
    null = write(buildings([worlds.box(0, 0, 9, 9)] * 3).assign(cleabs=None), tmp_path, "n.parquet")
    footprints = open_footprints(null)
    assert sum(chunk.present.sum() for chunk in footprints.chunks()) == 0
    with pytest.raises(LayerError, match="« cleabs » holds no value that can be read"):
        footprints.report()
    far = write(buildings([shapely.box(0, 0, 1, 1)]), tmp_path, "far.parquet")
    with pytest.raises(CrsError, match="is in degrees"):
        list(open_footprints(far).chunks())
    cut = tmp_path / "cut.gpkg"
    cut.write_bytes(write(messy().iloc[:30], tmp_path, "w.gpkg").read_bytes()[:90_000])
    with pytest.raises(SourceError, match=r"cut\.gpkg: cannot be read"):
        list(open_footprints(cut).chunks())
    assert "1 rows, chunks of 131072" in repr(open_footprints(path))


# What is counted --------------------------------------------------------------------------------


def nasty_zones() -> gpd.GeoDataFrame:
    """Return zones of every ill kind in several scenarios."""
    shapes = {
        "overlap": [worlds.box(0, 0, 60, 60), worlds.box(30, 30, 90, 90), worlds.box(0, 0, 60, 60)],
        "neighbours": [worlds.box(0, 0, 50, 100), worlds.box(50, 0, 100, 100)],
        "bow-tie": [worlds.at(shapely.Polygon([(0, 0), (90, 90), (90, 0), (0, 90)]))],
        "ring on ring": [
            worlds.at(
                shapely.Polygon(
                    [(0, 0), (100, 0), (100, 100), (0, 100)],
                    [[(0, 50), (40, 20), (40, 80)], [(40, 50), (70, 20), (70, 80)]],
                )
            )
        ],
        "flat hole": [
            worlds.at(
                shapely.Polygon(
                    [(0, 0), (100, 0), (100, 100), (0, 100)], [[(20, 50), (80, 50), (20, 50)]]
                )
            )
        ],
        "everything": [worlds.box(-9000, -9000, 9000, 9000)],
        "slivers": [worlds.box(x, 0, x + 0.001, 100) for x in range(0, 100, 7)],
        "null": [None, shapely.Polygon()],
        "deep": [shapely.force_3d(worlds.box(10, 10, 50, 50), 4.0)],
        "many": [
            shapely.MultiPolygon(
                [worlds.box(x, y, x + 1, y + 1) for x in range(0, 100, 2) for y in range(0, 100, 2)]
            )
        ],
    }
    rows = [(name, shape) for name, some in shapes.items() for shape in some]
    return gpd.GeoDataFrame(
        {"scenario": [name for name, _ in rows]}, geometry=[g for _, g in rows], crs=2154
    )


def nasty_buildings() -> list[shapely.Geometry]:
    """Return footprints on whole metres, half metres, centimetres and anywhere, of many forms."""
    random = np.random.default_rng(11)
    shapes = []
    for step in (1.0, 0.5, 0.01, 0.0):
        for _ in range(60):
            x, y = random.random(2) * 100
            w, h = random.random(2) * 12 + 1
            corners = np.array([x, y, x + w, y + h])
            west, south, east, north = np.round(corners / step) * step if step else corners
            if east > west and north > south:
                shapes.append(worlds.box(west, south, east, north))
    ell = shapely.Polygon([(0, 0), (12, 0), (12, 3), (3, 3), (3, 12), (0, 12)])
    ring = shapely.box(0, 0, 14, 14).difference(shapely.box(2, 2, 12, 12))
    two = shapely.MultiPolygon([shapely.box(0, 0, 3, 3), shapely.box(9, 9, 12, 12)])
    bow = shapely.Polygon([(0, 0), (8, 8), (8, 0), (0, 8)])
    thin = shapely.Polygon([(0, 0), (30, 0.001), (30, 0.002)])
    for shape in (ell, ring, two, bow, thin, shapely.force_3d(ell, 2.0), ell.reverse()):
        for _ in range(8):
            x, y = random.integers(0, 90, 2)
            shapes.append(worlds.at(affinity.rotate(affinity.translate(shape, x, y), x * 9)))
            shapes.append(worlds.at(affinity.translate(shape, x, y)))
    return shapes


def chunks_of(geometry: list[shapely.Geometry], folder: Path, rows: int = 10**6) -> Footprints:
    return open_footprints(write(buildings(geometry), folder), chunk_rows=rows)


def by_key(exposed: ExposedBuildings) -> pd.DataFrame:
    return exposed.exposure.set_index(exposed.to_frame()["cleabs"])


@pytest.mark.parametrize("method", ["fast", "plain"])
def test_each_building_is_placed_as_by_exact_predicates(tmp_path: Path, method: str) -> None:
    """Kills: winding numbers of overlapping zones, areas counted twice, walls on edges."""
    zones, shapes = nasty_zones(), nasty_buildings()
    (chunk,) = chunks_of(shapes, tmp_path).chunks()
    prepared = prepare_exposure(zones, worlds.communes())
    found = by_key(expose_chunk(chunk, prepared, method=method))  # type: ignore[arg-type]
    valid = np.array(shapes, dtype=object)
    ill = ~shapely.is_valid(valid)
    valid[ill] = shapely.make_valid(valid[ill], method="structure")
    keys = buildings(shapes)["cleabs"]
    for scenario, group in zones.groupby("scenario"):
        parts = shapely.make_valid(group.geometry.dropna().to_numpy())
        parts = parts[shapely.get_dimensions(parts) == 2]
        union = shapely.union_all(parts)
        touched = np.any(
            [shapely.intersects(p, valid) for p in parts] or [[False] * len(valid)], axis=0
        )
        centroid = shapely.intersects(union, shapely.centroid(valid))
        share = shapely.area(shapely.intersection(union, valid)) / shapely.area(valid)
        own = found.reindex(keys)
        assert set(keys[touched]) == set(own.index[own["touched", scenario].eq(True)]), scenario
        assert set(keys[centroid]) == set(own.index[own["centroid_in", scenario].eq(True)]), (
            scenario
        )
        measured = own["share", scenario].fillna(0).to_numpy(dtype=float)
        np.testing.assert_allclose(measured, share, atol=2e-6, err_msg=scenario)


def test_random_zones_need_no_help_and_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a fast way that leaves all to GEOS; noise where a wall comes near an edge."""
    random = np.random.default_rng(2)
    angle = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    outlines = []
    for radius in (200, 330):
        wiggle = radius + 8 * np.cumsum(random.normal(size=3000)) / 30
        wiggle += (wiggle[0] - wiggle[-1]) * angle / (2 * np.pi)
        places = np.column_stack([wiggle * np.cos(angle), wiggle * np.sin(angle)])
        outlines.append(worlds.at(shapely.Polygon(places).buffer(0)))
    zones = gpd.GeoDataFrame(
        {"scenario": ["a", "b"]},
        geometry=[outlines[0], outlines[1].difference(outlines[0])],
        crs=2154,
    )
    shapes = []
    for x, y, turn in random.random((3000, 3)) * [800, 800, 360] - [400, 400, 0]:
        block = affinity.rotate(shapely.box(x, y, x + 9, y + 6), turn)
        shapes.append(shapely.transform(worlds.at(block), lambda places: places.round(2)))
    frame = buildings(shapes)
    asked = []
    by_geos = stream_chunk._measure_by_geos
    monkeypatch.setattr(
        stream_chunk, "_measure_by_geos",
        lambda *a, **k: asked.append(len(a[1])) or by_geos(*a, **k),
    )  # fmt: skip
    (chunk,) = chunks_of(shapes, tmp_path).chunks()
    found = by_key(expose_chunk(chunk, prepare_exposure(zones, worlds.communes())))
    assert sum(asked) <= 1
    plain = measure_exposure(frame, zones, method="plain").set_index(frame["cleabs"])
    plain = plain.loc[found.index]
    for measure in ("touched", "centroid_in"):
        pd.testing.assert_frame_equal(found[measure], plain[measure])
    np.testing.assert_allclose(found["share"], plain["share"], atol=1e-9)
    assert ((plain["share"] > 0) & (plain["share"] < 1)).sum().sum() > 100


def test_communes_are_those_of_the_frame_and_need_no_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: a commune by the first edge met, by the corner of a box, by a smaller part."""
    random = np.random.default_rng(4)
    heights = 50 + 25 * np.cumsum(random.normal(size=400)) / 20
    middle = np.column_stack([np.linspace(-20, 120, 400), heights])
    north = shapely.Polygon([*middle, (120, 300), (-20, 300)])
    south = shapely.Polygon([*middle, (120, -300), (-20, -300)])
    east = shapely.box(80, -400, 200, 400)
    west = [shape.difference(east) for shape in (north, south)]
    shapes = [
        shapely.transform(affinity.rotate(shapely.box(x, y, x + 12, y + 7), turn), np.round)
        for x, y, turn in random.random((400, 3)) * [130, 120, 360] - [15, 10, 0]
    ]
    shapes += [shapely.box(75, 0, 85, 10), shapely.box(80, 30, 80.5, 31)]  # halved; beside a border
    communes = gpd.GeoDataFrame(
        {"insee": ["2", "1", "3"]}, geometry=[worlds.at(g) for g in (*west, east)], crs=2154
    )
    (chunk,) = chunks_of([worlds.at(g) for g in shapes], tmp_path).chunks()
    prepared = prepare_exposure(nasty_zones(), communes)
    asked = []
    ask_geos = stream_zones.CommuneLocator.ask_geos
    monkeypatch.setattr(
        stream_zones.CommuneLocator, "ask_geos",
        lambda self, some: asked.append(len(some)) or ask_geos(self, some),
    )  # fmt: skip
    everything = np.arange(len(chunk))
    frame = gpd.GeoDataFrame(geometry=chunk.polygons(everything), crs=2154)
    names = np.array([*prepared.locator.codes, None])
    for attribution in ("largest_share", "centroid"):
        rule = CountingRule(attribution=attribution)
        found = names[stream_chunk._attribute(chunk, everything, prepared, rule=rule)]
        expected = attribute_to_commune(frame, communes, rule=attribution)  # type: ignore[arg-type]
        assert found.tolist() == expected.astype(object).where(expected.notna(), None).tolist()
    assert sum(asked) < 40
    assert len(set(found)) >= 3


def tables_equal(
    counted: StreamedExposure, frame: gpd.GeoDataFrame, zones: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame, **options: object,
) -> None:  # fmt: skip
    """Assert that the tables are those of the frame."""
    for rule, table in zip(RULES, counted.tables.values(), strict=True):
        expected = count_exposed_buildings(frame, zones, communes, rule=rule, **options)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(table, expected)


@pytest.mark.parametrize("method", ["fast", "plain"])
@pytest.mark.parametrize("rows", [150, 10**6])
def test_tables_are_those_of_the_frame(tmp_path: Path, rows: int, method: str) -> None:
    """Kills: areas added as floats, communes of a chunk, zeros and columns lost."""
    zones = nasty_zones()
    shapes = nasty_buildings() + [worlds.box(x, 990, x + 20, 1005) for x in range(900, 1100, 7)]
    zones.loc[len(zones)] = ["everything", worlds.box(500, 500, 3000, 3000)]
    path = write(buildings(shapes), tmp_path)
    frame, _ = read_layer(path, "buildings")
    footprints = open_footprints(path, chunk_rows=rows)
    counted = count_exposure_stream(footprints, zones, worlds.communes(), method=method)  # type: ignore[arg-type]
    assert counted.buildings == len(frame)
    tables_equal(counted, frame, zones, worlds.communes())
    assert repr(counted) == (
        f"<StreamedExposure: {len(frame)} buildings, by touches, centroid, share >= 0.5>"
    )
    assert "touches, everything" in counted.summary()


def test_nothing_to_count_and_nowhere(tmp_path: Path) -> None:
    """Kills: a lattice without extent, scenarios without zones, communes without ground."""
    shapes = [worlds.box(0, 0, 10, 10), worlds.box(5000, 0, 5010, 10)]
    path = write(buildings(shapes), tmp_path)
    frame, _ = read_layer(path, "buildings")
    for zones, options in (
        (nasty_zones().iloc[:0], {"scenarios": ["a", "b"]}),
        (nasty_zones().iloc[:0], {}),
        (nasty_zones().iloc[:3], {"scenarios": ["overlap", "none"]}),
    ):
        for communes in (worlds.communes(), worlds.communes().iloc[:0]):
            counted = count_exposure_stream(open_footprints(path), zones, communes, **options)
            tables_equal(counted, frame, zones, communes, **options)


def test_rules_of_any_kind(tmp_path: Path) -> None:
    shapes = nasty_buildings()
    path = write(buildings(shapes), tmp_path)
    frame, _ = read_layer(path, "buildings")
    zones = nasty_zones()
    rules = [
        CountingRule("share", min_share=0.25, exclude=(), attribution="centroid"),
        CountingRule("share", min_share=1.0, exclude=("annexe",)),
    ]
    counted = count_exposure_stream(open_footprints(path), zones, worlds.communes(), rules=rules)
    measures = measure_exposure(frame, zones)
    for rule, table in zip(rules, counted.tables.values(), strict=True):
        pd.testing.assert_frame_equal(
            table, count_by_commune(frame, measures, worlds.communes(), rule=rule)[table.columns]
        )
    with pytest.raises(ParameterError, match=r"rules: the commune is to be taken from a column"):
        prepare_exposure(zones, worlds.communes(), rules=[CountingRule(attribution="insee")])
    with pytest.raises(ParameterError, match="method: « best » is unknown"):
        count_exposure_stream(open_footprints(path), zones, worlds.communes(), method="best")  # type: ignore[arg-type]
    with pytest.raises(CrsError, match="flood_zones"):
        prepare_exposure(zones.to_crs(4326), worlds.communes())


def test_a_path_or_a_layer_is_not_an_open_file(tmp_path: Path) -> None:
    """An analyst gives the name of the file first of all: the message says what to write."""
    path = tmp_path / "b.gpkg"
    with pytest.raises(ParameterError, match=r"PosixPath|WindowsPath") as said:
        count_exposure_stream(path, nasty_zones(), worlds.communes())  # type: ignore[arg-type]
    assert "tvb.io.open_footprints(path)" in str(said.value)
    with pytest.raises(ParameterError, match=r"call tvb.flood.count_exposed_buildings for a layer"):
        count_exposure_stream(worlds.communes(), nasty_zones(), worlds.communes())  # type: ignore[arg-type]
    path = write(buildings(nasty_buildings()), tmp_path)
    with pytest.raises(ParameterError, match=r"store: a str[\s\S]*tvb.flood.FolderStore"):
        count_exposure_stream(open_footprints(path), nasty_zones(), worlds.communes(), store="x")  # type: ignore[arg-type]


def test_dry_zones_are_dry_and_a_window_changes_nothing_in_it(tmp_path: Path) -> None:
    """Kills: « Emerg » flooded; zones beyond a window forgotten for a building that leaves it."""
    shapes = [*nasty_buildings(), worlds.box(80, 80, 1800, 1800)]
    path = write(buildings(shapes), tmp_path)
    zones = nasty_zones().assign(niveau="01-05")
    far = gpd.GeoDataFrame(
        {"scenario": ["overlap"], "niveau": ["01-05"]},
        geometry=[worlds.box(1500, 1500, 1600, 1600)],
        crs=2154,
    )
    zones = pd.concat([zones, far], ignore_index=True)
    zones.loc[2, "niveau"] = "Emerg"
    window = tuple(worlds.box(20, 20, 90, 90).bounds)
    footprints = open_footprints(path, bbox=window)
    frame, _ = read_layer(path, "buildings", bbox=window)
    counted = count_exposure_stream(footprints, zones, worlds.communes())
    tables_equal(counted, frame, zones, worlds.communes())


_BUILDINGS = st.lists(rectangles(), min_size=1, max_size=8)


@given(st.lists(cells(), min_size=1, max_size=4), _BUILDINGS, st.integers(1, 9), st.randoms())
@settings(max_examples=12, deadline=None)
def test_what_must_not_matter_does_not(
    tmp_path_factory: pytest.TempPathFactory, shapes: list[Cells],
    features: list[tuple[int, int, int, int]], rows: int, random: object,
) -> None:  # fmt: skip
    """Chunk size, threads; splitting, duplicating, reordering zones; a larger zone."""
    folder = tmp_path_factory.mktemp("b")
    at = worlds.at
    path = write(buildings([at(shapely.box(*f)) for f in features]), folder)
    areas = [at(area_of(s)) for s in shapes]
    zone = gpd.GeoDataFrame({"scenario": (["a", "b"] * 4)[: len(areas)]}, geometry=areas, crs=2154)
    half = at(shapely.box(-1, -1, 4, SIZE)), at(shapely.box(4, -1, SIZE - 1, SIZE))
    communes = gpd.GeoDataFrame({"insee": ["1", "2"]}, geometry=list(half), crs=2154)
    whole = count_exposure_stream(open_footprints(path), zone, communes)
    cut = at(shapely.box(0, 0, 4.5, SIZE)), at(shapely.box(4.5, 0, SIZE, SIZE))
    split = pd.concat([zone.assign(geometry=zone.intersection(some)) for some in cut])
    twice = pd.concat([split, zone]).sample(frac=1, random_state=random.randint(0, 99))  # type: ignore[attr-defined]
    other = count_exposure_stream(open_footprints(path, chunk_rows=rows), twice, communes)
    for rule, table in whole.tables.items():
        pd.testing.assert_frame_equal(other.tables[rule], table)
    larger = pd.concat([zone, zone.assign(geometry=zone.translate(1, 0))])
    more = count_exposure_stream(open_footprints(path), larger, communes)
    for rule, table in whole.tables.items():
        assert (more.tables[rule]["buildings"] >= table["buildings"]).all()


def test_chunks_add_up_in_any_order_and_travel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: sums that depend on order, on threads, on the process."""
    zones = nasty_zones()
    prepared = prepare_exposure(zones, worlds.communes())
    again = pickle.loads(pickle.dumps(prepared))  # noqa: S301
    assert again.identity == prepared.identity
    footprints = chunks_of(nasty_buildings()[::3], tmp_path, 25)
    whole = count_prepared(footprints, prepared)
    chunks = pickle.loads(pickle.dumps(list(footprints.chunks())))  # noqa: S301
    total = no_counts(prepared)
    for chunk in reversed(chunks):
        total += count_chunk(chunk, again)
    assert total.buildings == whole.buildings
    tables = stream.lay_out_counts(total, prepared)
    for rule, table in whole.tables.items():
        pd.testing.assert_frame_equal(tables[rule], table)
    monkeypatch.setattr(stream, "STAGE_THREADS", 1)
    alone = count_prepared(footprints, prepared)
    pd.testing.assert_frame_equal(alone.tables["touches"], whole.tables["touches"])


# An interrupted run -----------------------------------------------------------------------------


class InterruptionError(Exception):
    """Stands for whatever ends a run."""


class Frail:
    """A source that breaks after some chunks."""

    def __init__(self, footprints: Footprints, after: int) -> None:
        self.identity, self.rows, self.bbox = footprints.identity, footprints.rows, footprints.bbox
        self._footprints, self._after = footprints, after

    def chunks(self, done: object = None) -> Iterator[FootprintChunk]:
        for count, chunk in enumerate(self._footprints.chunks(done)):  # type: ignore[arg-type]
            if count == self._after:
                raise InterruptionError
            yield chunk


def test_an_interrupted_run_goes_on_from_there(tmp_path: Path) -> None:
    """Kills: chunks counted twice or never, identifiers of done chunks forgotten, their account."""
    frame = buildings(nasty_buildings()[::2])
    frame["cleabs"] = frame["cleabs"].where(frame.index % 10 < 9, frame["cleabs"].shift(30))
    path = write(frame, tmp_path)
    prepared = prepare_exposure(nasty_zones(), worlds.communes())
    straight = open_footprints(path, chunk_rows=12)
    expected = count_prepared(straight, prepared)
    store = FolderStore(tmp_path / "cache")
    with pytest.raises(InterruptionError):
        count_prepared(Frail(open_footprints(path, chunk_rows=12), 8), prepared, store=store)
    (run,) = (tmp_path / "cache").iterdir()
    kept = sorted(run.glob("*.npz"))
    assert 4 <= len(kept) <= 8
    kept[2].write_bytes(b"torn")
    footprints = open_footprints(path, chunk_rows=12)
    fresh = []
    source = Frail(footprints, 10**6)
    original = source.chunks
    source.chunks = lambda done=None: (fresh.append(c.number) or c for c in original(done))  # type: ignore[method-assign]
    resumed = count_prepared(source, prepared, store=store)
    total = -(-len(frame) // 12)
    assert len(fresh) == total - len(kept) + 1
    for rule, table in expected.tables.items():
        pd.testing.assert_frame_equal(resumed.tables[rule], table)
    assert resumed.buildings == expected.buildings
    assert account(footprints.report()) == account(straight.report())
    assert not list(run.glob("*.part"))
    # Another way of counting has files of its own.
    other = prepare_exposure(nasty_zones().iloc[1:], worlds.communes())
    assert other.identity != prepared.identity
    written = []
    count_prepared(footprints, other, store=store, on_exposed=written.append)
    assert len(list((tmp_path / "cache").iterdir())) == 2
    assert [e.chunk.number for e in written] == list(range(total))
    assert repr(store) == f"FolderStore({str(tmp_path / 'cache')!r})"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = FolderStore(tmp_path / "file" / "cache")
    with pytest.raises(SourceError, match="cannot be written"):
        store.save("x", 0, {"sums": np.zeros(1)})


def test_memory_holds_a_few_chunks_only(tmp_path: Path) -> None:
    """Kills: chunks kept until the end of the file."""
    footprints = chunks_of(nasty_buildings()[::4], tmp_path, 2)
    alive: list[int] = []
    seen: list[weakref.ref[np.ndarray]] = []
    source = Frail(footprints, 10**6)
    chunks = source.chunks

    def watched(done: object = None) -> Iterator[FootprintChunk]:
        for chunk in chunks(done):
            seen.append(weakref.ref(chunk.points))
            alive.append(sum(one() is not None for one in seen))
            yield chunk

    source.chunks = watched  # type: ignore[method-assign]
    count_prepared(source, prepare_exposure(nasty_zones(), worlds.communes()))
    assert len(alive) > 40
    assert max(alive) <= 10


def test_few_chunks_wait_for_the_zones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills: a whole file read into memory while the zones are made ready."""
    footprints = chunks_of(nasty_buildings()[::4], tmp_path, 2)
    drawn: list[int] = []
    source = Frail(footprints, 10**6)
    chunks = source.chunks

    def watched(done: object = None) -> Iterator[FootprintChunk]:
        for chunk in chunks(done):
            drawn.append(chunk.number)
            yield chunk

    def slow(*args: object, **options: object) -> object:
        time.sleep(1.0)
        waiting.append(len(drawn))
        return prepare_exposure(*args, **options)

    waiting: list[int] = []
    source.chunks = watched  # type: ignore[method-assign]
    monkeypatch.setattr(stream, "prepare_exposure", slow)
    count_exposure_stream(source, nasty_zones(), worlds.communes())
    assert len(drawn) > 40
    assert 0 < waiting[0] <= 12


def test_filters_of_warnings_are_left_as_they_were(tmp_path: Path) -> None:
    """Kills: those of a thread that left after another one, for the rest of the session."""
    source = Frail(chunks_of(nasty_buildings()[:9], tmp_path, 2), 10**6)
    chunks = source.chunks

    def leaving(done: object = None) -> Iterator[FootprintChunk]:
        warnings.simplefilter("ignore")
        yield from chunks(done)

    source.chunks = leaving  # type: ignore[method-assign]
    before = list(warnings.filters)
    count_exposure_stream(source, nasty_zones(), worlds.communes())
    assert warnings.filters == before


def test_benchmark_compares_what_it_says(tmp_path: Path) -> None:
    """Kills: a benchmark that rots, or whose rival counts something else."""
    frame = buildings(nasty_buildings()[:240])
    zones = nasty_zones().query("scenario in ['overlap', 'neighbours', 'everything']")
    bench_stream.write_files(frame, tmp_path)
    median = bench_stream.compare(tmp_path, zones, worlds.communes(), rounds=1)
    assert (bench_stream.ratios(median) > 0).all()
    assert {"ours, GeoPackage", "one commune, all"} <= set(median.index)
    path = tmp_path / bench_stream.FILES["GeoParquet"]
    rule = CountingRule(exclude=(), attribution="centroid")
    counted = count_exposure_stream(open_footprints(path), zones, worlds.communes(), rules=[rule])
    joined = bench_stream.join(frame, zones, worlds.communes())
    table = counted.tables["touches"]["buildings"]
    assert table[table > 0].drop("hors communes", level="insee").to_dict() == joined.to_dict()
