"""Plates of corridors, depth, cycling, town plans and change; rasters, patterns, logo, locator.

Wrong implementations that these tests kill: a raster stretched to the frame or smoothed over cells
without data, thin corridors lost where cells are finer than ink, official colours typed from
memory, classes of a change that are not centred on 0, numbers of findings laid over one another.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import AxesImage, imsave
from matplotlib.text import Text

import worlds
from tvb import maps
from tvb.connectivity import accumulate_corridors
from tvb.errors import CrsError, LayerError, ParameterError, SourceError
from tvb.grid import Grid
from tvb.maps import cnig, style, texts
from tvb.maps.labels import Label, place_labels
from tvb.maps.layout import Layout, Needs, arrange
from tvb.maps.listing import Badge
from tvb.maps.page import Bounds, Box, Page
from tvb.maps.patterns import Band, Circles, Ruling, Ticks
from tvb.maps.plates.areas import cells_inside, positive_cells, rank_by_area
from tvb.maps.raster import Cells, classify
from tvb.maps.symbols import Marker, Stroke
from tvb.plan import Plan
from tvb.territory import Source

NO_BREAK = "\u00a0"
SOURCE = Source("communes", "real", "Communes", "MBM", "Licence Ouverte 2.0", "2024")
PAGES: list[dict[str, Any]] = [
    {"orientation": o, "paper": p, "lang": lang}
    for o, p, lang in (
        ("landscape", "A4", "fr"), ("portrait", "A4", "en"),
        ("portrait", "A3", "fr"), ("landscape", "A3", "en"),
    )
]  # fmt: skip


def areas(**columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry="geometry", crs="EPSG:2154")


def grid(values: Any, cell_m: float = 100.0, **options: Any) -> Grid:
    """Cells from the north-west corner of the town."""
    return Grid(np.asarray(values), worlds.X0, worlds.Y0 + 2000, cell_m, cell_m, **options)


def window(west: float, south: float, east: float, north: float) -> tuple[float, ...]:
    return worlds.X0 + west, worlds.Y0 + south, worlds.X0 + east, worlds.Y0 + north


def written(plate: maps.Plate) -> list[str]:
    return [t.get_text() for t in plate.figure.findobj(Text) if t.get_text().strip()]


def pictures(plate: maps.Plate) -> list[AxesImage]:
    return [image for axes in plate.figure.axes for image in axes.get_images()]


def assert_legible(plate: maps.Plate) -> None:
    """No two texts overlap and none leaves the page."""
    renderer = plate.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    page = plate.figure.bbox
    boxes = [
        (t.get_text(), t.get_window_extent(renderer))
        for t in plate.figure.findobj(Text)
        if t.get_text().strip()
    ]
    for text, box in boxes:
        inside = page.x0 <= box.x0 < box.x1 <= page.x1 and page.y0 <= box.y0 < box.y1 <= page.y1
        assert inside, f"« {text} » leaves the page"
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        overlap = min(a.x1, b.x1) > max(a.x0, b.x0) and min(a.y1, b.y1) > max(a.y0, b.y0)
        assert not overlap, f"« {one} » overlaps « {two} »"


# ---------------------------------------------------------------- worlds of the plates


def habitat() -> gpd.GeoDataFrame:
    squares = [worlds.box(0, 0, 400, 400), worlds.box(1500, 0, 2000, 400)]
    return areas(patch=["A", "B"], geometry=squares)


def corridors() -> Grid:
    """Row of cells from A to B, two corridors in its middle; 7 inside patch A must not count."""
    values = np.zeros((20, 20), dtype=np.int32)
    values[18, 4:15] = 1
    values[18, 8:10] = 2
    values[17, 0:2] = 7
    return grid(values)


def depth(dtype: Any = np.float32) -> Grid:
    """One row: dry, 0.2, 0.5, 0.9, 1, 1.9, 2, 7 m, no data."""
    values = np.zeros((20, 20), dtype=dtype)
    values[5, :9] = [0, 0.2, 0.5, 0.9, 1.0, 1.9, 2.0, 7.0, -9999.0]
    return grid(values, nodata=-9999.0)


def routes(**changes: Any) -> gpd.GeoDataFrame:
    kinds = {
        "ame_d": ["VOIE VERTE", "PISTE CYCLABLE", "AUCUN", "AUTRE", "VOIE VERTE", "BANDE CYCLABLE",
                  None],
        "ame_g": ["AUCUN", "BANDE CYCLABLE", "DOUBLE SENS CYCLABLE BANDE", None, "VOIE VERTE",
                  None, "PISTE CYCLABLE"],
        "statut": ["existant", None, "existant", "existant", "travaux", "projet", "à étudier"],
        "nom": ["Canal", "Canal", "Rocade", None, "Canal", "Liaison", "Liaison"],
    }  # fmt: skip
    lines = [
        worlds.at(shapely.LineString([(0, 100 * k + 50), (1000, 100 * k + 50)])) for k in range(7)
    ]
    return areas(**(kinds | changes), geometry=lines)


def plan(**changes: Any) -> Plan:
    zones = areas(
        libelle=["UA", "1AU", "2AU", "A", "N", "NL", "X"],
        typezone=["U", "AUc", "AUs", "A", "N", "Nh", None],
        geometry=[worlds.box(100 * k, 0, 100 * k + 100, 700) for k in range(7)],
    )
    prescriptions = areas(
        code=["07-01", "07-04", "25-00", "24-03", "01-00", "99-42", None],
        geometry=[
            worlds.box(20, 20, 80, 80), worlds.box(120, 20, 180, 80), worlds.box(220, 20, 280, 80),
            worlds.at(shapely.LineString([(0, 300), (700, 300)])),
            worlds.at(shapely.Point(350, 500)), worlds.box(420, 20, 480, 80),
            worlds.box(520, 20, 580, 80),
        ],
    )  # fmt: skip
    infos = areas(
        code=["40-01", "40-02"],
        geometry=[worlds.box(0, 400, 300, 600), worlds.box(300, 400, 700, 600)],
    )
    frames: dict[str, Any] = {"zones": zones, "prescriptions": prescriptions, "infos": infos}
    empty = areas(geometry=[])
    sources = tuple(
        Source(name, "modelled", name, "tvb", "MIT", "2026")
        for name in ("zone_urba", "prescription_surf", "info_surf", "doc_urba")
    )
    facts: dict[str, Any] = {
        "name": "62001_PLU_20240101", "kind": "PLU", "version": "2024", "versions": ("2024",),
        "version_evidence": (), "habillage": empty, "sup": empty, "doc_urba": pd.DataFrame(),
        "doc_urba_com": pd.DataFrame(), "sources": sources,
    }  # fmt: skip
    return Plan(**(facts | frames | changes))


def findings(count: int = 5) -> gpd.GeoDataFrame:
    levels = ["information", "bloquant", "à vérifier", "à corriger", "bloquant"]
    shapes = [
        worlds.box(20, 20, 80, 80), worlds.at(shapely.Point(50, 50)),
        worlds.at(shapely.LineString([(0, 300), (200, 300)])), None, worlds.box(120, 20, 180, 80),
    ]  # fmt: skip
    return areas(
        rule=[f"R{k % 9}" for k in range(count)],
        level=[levels[k % 5] for k in range(count)],
        message=[f"Message {k:03d} de la revue du plan" for k in range(count)],
        geometry=[shapes[k % 5] for k in range(count)],
    )


def change(**values: tuple[float | None, float | None]) -> pd.DataFrame:
    """Before and after of communes 62001, 62002, … named c1, c2, …"""
    rows = {f"6200{name[1:]}": pair for name, pair in values.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["before", "after"]).astype(float)


def plot_all(*names: str, **page: Any) -> dict[str, maps.Plate]:
    """Return one plate of each theme, or of some."""
    communes = worlds.communes()
    stations = areas(nom=["Gare du Nord"], geometry=[worlds.at(shapely.Point(500, 1500))])
    terrils = areas(no_terril=["T1"], geometry=[worlds.box(1200, 1200, 1400, 1400)])
    gaps = areas(geometry=[worlds.at(shapely.Point(1000, 50))])
    buildings = areas(geometry=[worlds.box(210, 1410, 240, 1440)])
    protected = areas(geometry=[worlds.box(300, 1300, 700, 1700)])
    table = change(c1=(10, 40), c2=(30, 5), c3=(4, 4))
    plates: dict[str, Callable[[], maps.Plate]] = {
        "corridors": lambda: maps.plot_corridors(
            corridors(), habitat(), [SOURCE], communes=communes, **page
        ),
        "depth": lambda: maps.plot_depth(
            depth(), [SOURCE], scenario="02Moy", communes=communes, buildings=buildings,
            protected=protected, **page,
        ),
        "cycling": lambda: maps.plot_cycling(
            routes(), [SOURCE], communes=communes, stations=stations, terrils=terrils, gaps=gaps,
            **page,
        ),
        "plan": lambda: maps.plot_plan_findings(
            plan(), findings(12), [SOURCE], communes=communes, **page
        ),
        "change": lambda: maps.plot_change(
            communes, table, [SOURCE], indicator="Bâtiments", **page
        ),
    }  # fmt: skip
    return {name: plates[name]() for name in names or plates}


@pytest.mark.parametrize("page", PAGES)
def test_no_text_overlaps_or_leaves_the_page(page: dict[str, Any]) -> None:
    for plate in plot_all(**page).values():
        assert_legible(plate)
        assert any(line.startswith("Sources") for line in written(plate))


@pytest.mark.parametrize("suffix", [".pdf", ".svg", ".png"])
def test_the_same_plates_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    """Kills hash-salted clip paths of images and the date of a picture inside the file."""
    names = ("depth", "plan")
    one, two = plot_all(*names), plot_all(*names)
    for name in names:
        first = one[name].save(tmp_path / f"a{suffix}", dpi=60).read_bytes()
        assert first == two[name].save(tmp_path / f"b{suffix}", dpi=60).read_bytes()


def test_every_plate_refuses_to_be_made_without_sources() -> None:
    no_source = {"match": "sources: none was given"}
    with pytest.raises(LayerError, **no_source):
        maps.plot_corridors(corridors(), habitat(), ())
    with pytest.raises(LayerError, **no_source):
        maps.plot_depth(depth(), (), scenario="02Moy")
    with pytest.raises(LayerError, **no_source):
        maps.plot_cycling(routes(), ())
    with pytest.raises(LayerError, **no_source):
        maps.plot_plan_findings(plan(sources=()), findings())
    with pytest.raises(LayerError, **no_source):
        maps.plot_change(worlds.communes(), change(c1=(1, 2)), (), indicator="x")


def test_frames_in_other_systems_are_refused() -> None:
    other = worlds.communes().to_crs(4326)
    with pytest.raises(CrsError, match="communes: coordinates are in EPSG:4326"):
        maps.plot_corridors(corridors(), habitat(), [SOURCE], communes=other)
    with pytest.raises(CrsError, match="buildings: coordinates are in EPSG:4326"):
        maps.plot_depth(depth(), [SOURCE], scenario="02Moy", buildings=other)
    with pytest.raises(CrsError, match="gaps: coordinates are in EPSG:4326"):
        maps.plot_cycling(routes(), [SOURCE], gaps=other)
    with pytest.raises(CrsError, match="findings: coordinates are in EPSG:4326"):
        maps.plot_plan_findings(plan(), findings().to_crs(4326))
    with pytest.raises(CrsError, match="communes: coordinates are in EPSG:4326"):
        maps.plot_change(other, change(c1=(1, 2)), [SOURCE], indicator="x")


def test_arguments_are_left_as_they_were() -> None:
    raster, before = corridors(), corridors()
    water, dry = depth(), depth()
    frame = findings()
    maps.plot_corridors(raster, habitat(), [SOURCE])
    maps.plot_depth(water, [SOURCE], scenario="x")
    maps.plot_plan_findings(plan(), frame)
    assert (raster.values == before.values).all()
    assert (water.values == dry.values).all()
    pd.testing.assert_frame_equal(frame, findings())


# ---------------------------------------------------------------- rasters on paper


def test_cells_stand_where_they_are() -> None:
    """Kills an image stretched to the frame: its sides are those of whole cells, in metres."""
    plate = maps.plot_depth(
        depth(), [SOURCE], scenario="02Moy", extent=window(150, 1350, 450, 1650)
    )
    (image,) = pictures(plate)
    west, east, south, north = image.get_extent()
    view = Bounds(*plate.parameters["view"])
    part = depth().crop(view)
    assert (west, south, east, north) == pytest.approx(part.bounds)
    assert west <= view.west + 100
    assert image.get_interpolation() == "none"
    rows, columns = image.get_array().shape[:2]  # type: ignore[union-attr]
    assert columns % part.shape[1] == 0
    assert rows % part.shape[0] == 0


def test_each_cell_has_the_colour_of_its_class() -> None:
    plate = maps.plot_depth(depth(), [SOURCE], scenario="02Moy", extent=window(0, 0, 2000, 2000))
    (image,) = pictures(plate)
    pixels = np.asarray(image.get_array())
    west, _, south, north = image.get_extent()
    found = []
    for column in range(9):
        x, y = worlds.X0 + 100 * column + 50, worlds.Y0 + 2000 - 550
        size = (image.get_extent()[1] - west) / pixels.shape[1]
        row = int((north - y) / ((north - south) / pixels.shape[0]))
        found.append(tuple(pixels[row, int((x - west) / size)]))
    hexes = ["#{:02x}{:02x}{:02x}".format(*p[:3]) if p[3] else "" for p in found]
    a, b, c, d = style.DEPTHS
    assert hexes == ["", a, b, b, c, c, d, d, ""]


def test_a_corridor_finer_than_ink_is_not_lost() -> None:
    """Kills nearest-neighbour sampling: of 7 cells in a pixel, the one that counts is drawn."""
    values = np.zeros((700, 700), dtype=np.uint8)
    values[3, :] = 1
    values[400, 400] = 2
    cells = Cells(Grid(values, 0, 700, 1, 1, nodata=0), ("#000000", "#ff0000"))
    layout = Layout(*[Box(0, 0, 70, 70)] * 5, Bounds(0, 0, 700, 700), 10.0 / 0.12 * 1000, 1,
                    Box(0, 0, 0, 0))  # fmt: skip
    figure_axes = plot_all("depth")["depth"].figure.axes[0]
    cells.paint(figure_axes, layout, level=1)
    pixels = np.asarray(figure_axes.get_images()[-1].get_array())
    assert pixels.shape[0] == math.ceil(700 / 7)
    assert (pixels[0, :, 3] == 255).all()
    assert (pixels[400 // 7, 400 // 7] == (255, 0, 0, 255)).all()


def test_a_raster_beside_the_map_is_no_error() -> None:
    far = Grid(np.ones((2, 2)), 0, 10, 5, 5)
    plate = maps.plot_depth(far, [SOURCE], scenario="x", communes=worlds.communes())
    assert "Aucun terrain sous l’eau" in written(plate)
    assert not pictures(plate)
    assert not any("Hauteur d’eau (m)" in line for line in written(plate))


@given(
    st.lists(st.sampled_from([np.nan, -1.0, 0.0, 0.3, 0.5, 1.0, 1.5, 2.0, 9.0, -9999.0]),
             min_size=4, max_size=12)
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_classes_of_cells_are_those_of_the_numbers(values: list[float]) -> None:
    """Oracle: a loop. A limit belongs to the class above it."""
    cells = classify(
        Grid(np.array([values]), 0, 10, 10, 10, nodata=-9999.0), np.array([0.5, 1, 2]), "abcd"
    )
    for value, found in zip(values, cells.grid.values[0], strict=True):
        positive = not math.isnan(value) and value > 0
        assert found == (1 + sum(value >= b for b in (0.5, 1, 2)) if positive else 0)


def test_areas_are_counted_by_centre() -> None:
    """A view through the middle of cells: those whose centre is outside do not count."""
    raster = grid(np.ones((20, 20)))
    view = Bounds(*window(0, 0, 1040, 1000))
    part = cells_inside(raster, view)
    assert part is not None
    assert part.shape == (10, 10)
    assert part.bounds == pytest.approx(window(0, 0, 1000, 1000))
    assert len(positive_cells(raster, view)) == 100
    assert cells_inside(raster, Bounds(0, 0, 1, 1)) is None
    assert cells_inside(raster, Bounds(*window(10, 10, 20, 20))) is None
    table = rank_by_area(raster, worlds.communes(), Bounds(*window(0, 0, 1500, 2000)),
                         heading="x", page=Page())  # fmt: skip
    assert table is not None
    assert [(row.name, row.value) for row in table.rows] == [
        ("Sud", 100), ("Nord", 100), ("Port", 50), ("Est", 50),
    ]  # fmt: skip
    assert rank_by_area(raster, None, view, heading="x", page=Page()) is None


# ---------------------------------------------------------------- corridors


def test_corridors_are_measured_outside_the_patches() -> None:
    """11 cells of 1 ha between the patches; the 7 that a patch holds are not theirs."""
    lines = written(maps.plot_corridors(corridors(), habitat(), [SOURCE]))
    assert (
        f"11{NO_BREAK}ha de corridors entre les taches d’habitat, jusqu’à 2 au même endroit"
        in lines
    )
    assert {"1", "2 et plus"} <= set(lines)
    assert "Tache d’habitat" in lines
    assert "Chemin de moindre coût" not in lines
    none = maps.plot_corridors(grid(np.zeros((20, 20))), habitat(), [SOURCE], lang="en")
    assert none.title == "No corridor between habitat patches"


def test_corridors_go_on_under_the_edges_of_patches_and_nowhere_else() -> None:
    """Kills white seams along patches, and corridors made one cell wider to hide them."""
    from tvb.maps.plates.corridors import _outside_patches

    values = np.zeros((20, 20), dtype=np.int32)
    values[18, 5:15] = 3
    values[18, 2:5] = 9  # columns 0 to 3 are patch A
    outside, drawn = _outside_patches(grid(values), habitat())
    assert outside.values[18, :16].tolist() == [0, 0, 0, 0, 9] + [3] * 10 + [0]
    assert drawn.values[18, :16].tolist() == [0, 0, 0, 9, 9] + [3] * 10 + [3]
    assert drawn.values[17, :16].tolist() == [0, 0, 0, 9] + [0] * 11 + [3]


def test_corridors_of_the_library_can_be_drawn() -> None:
    """Two patches and one link on even ground: the raster of `accumulate_corridors` as it is."""
    ground = Grid(np.ones((20, 20)), worlds.X0, worlds.Y0 + 2000, 100, 100)
    links = areas(
        i=["A"], j=["B"], geometry=[worlds.at(shapely.LineString([(400, 200), (1500, 200)]))]
    )
    found = accumulate_corridors(habitat(), ground, links, tolerance=0.0)
    lines = written(maps.plot_corridors(found, habitat(), [SOURCE], links=links))
    assert "Chemin de moindre coût" in lines
    assert any("jusqu’à 1 au même endroit" in line for line in lines)


def test_counts_have_whole_classes_and_limits_can_be_shared() -> None:
    communes = worlds.communes()
    values = np.zeros((20, 20), dtype=np.int32)
    values[10, :12] = np.arange(1, 13)
    plate = maps.plot_corridors(grid(values), habitat(), [SOURCE], communes=communes)
    assert {"1", "2", "de 3 à 4", "de 5 à 9", "10 et plus"} <= set(written(plate))
    shared = maps.plot_corridors(grid(values), habitat(), [SOURCE], communes=communes, breaks=(4,))
    assert {"de 1 à 3", "4 et plus"} <= set(written(shared))
    weighted = maps.plot_corridors(
        grid(values / 10),
        habitat(),
        [SOURCE],
        by="weight",
        breaks=(0.5,),
        lang="en",
        communes=communes,
    )
    assert {"below 0.5", "0.5 and more"} <= set(written(weighted))
    assert weighted.title == f"12{NO_BREAK}ha of corridors between habitat patches"


def test_the_least_cost_is_drawn_darkest() -> None:
    """Kills a map of costs read upside down."""
    values = np.full((20, 20), np.nan)
    values[10, 5:8], values[11, 5:8] = 10, 90
    plate = maps.plot_corridors(
        grid(values, nodata=np.nan),
        habitat(),
        [SOURCE],
        by="cost",
        breaks=(50,),
        communes=worlds.communes(),
    )
    assert "Coût du passage" in written(plate)
    pixels = np.asarray(pictures(plate)[0].get_array())
    drawn = pixels[pixels[..., 3] > 0][:, :3]
    assert tuple(drawn[0]) == tuple(bytes.fromhex(style.ORANGES[-1][1:]))
    assert tuple(drawn[-1]) == tuple(bytes.fromhex(style.ORANGES[0][1:]))


def test_wrong_corridors_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"by: « sum »\. Required: count, weight, cost"):
        maps.plot_corridors(corridors(), habitat(), [SOURCE], by="sum")  # type: ignore[arg-type]
    with pytest.raises(LayerError, match="patches: no feature to draw"):
        maps.plot_corridors(corridors(), habitat().iloc[:0], [SOURCE], communes=worlds.communes())


@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        ((5, 2), "positive numbers, each above the last"),
        ((0, 2), "positive numbers"),
        ((1, math.nan), "positive numbers"),
        ((1, math.inf), "positive numbers"),
        ((1, 2, 3, 4, 5), "5 limits were given. Required: 1 to 4"),
        ((), "0 limits were given"),
    ],
)
def test_limits_out_of_range_are_refused(breaks: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        maps.plot_corridors(corridors(), habitat(), [SOURCE], breaks=breaks)


# ---------------------------------------------------------------- depth


def test_depth_states_the_ground_under_water() -> None:
    """7 wet cells of 1 ha, 4 of them of 1 m or more."""
    lines = written(maps.plot_depth(depth(), [SOURCE], scenario="04Fai"))
    assert f"7,0{NO_BREAK}ha sous l’eau, dont 4,0{NO_BREAK}ha sous plus d’un mètre" in lines
    assert "Hauteur d’eau, scénario extrême (faible probabilité)" in lines
    assert {"moins de 0,5", "de 0,5 à 1", "de 1 à 2", "2 et plus"} <= set(lines)
    west = maps.plot_depth(depth(), [SOURCE], scenario="x", extent=window(0, 1000, 400, 2000))
    assert west.title == f"3,0{NO_BREAK}ha sous l’eau, nulle part sous plus d’un mètre"


def test_buildings_are_drawn_at_large_scales_only() -> None:
    """One on a cell of 0.5 m, one on dry ground, one where nothing was computed."""
    buildings = areas(
        geometry=[worlds.box(210, 1410, 240, 1440), worlds.box(30, 1410, 40, 1440),
                  worlds.box(830, 1410, 840, 1420)]
    )  # fmt: skip
    options: dict[str, Any] = {"scenario": "x", "buildings": buildings}
    near = written(maps.plot_depth(depth(), [SOURCE], **options, scale=10_000))
    assert {"Bâtiment touché par l’eau", "Autre bâtiment"} <= set(near)
    far = written(maps.plot_depth(depth(), [SOURCE], **options, scale=50_000))
    assert not {"Bâtiment touché par l’eau", "Autre bâtiment"} & set(far)
    dry = written(maps.plot_depth(depth(), [SOURCE], **options | {"buildings": buildings.iloc[1:]}))
    assert "Bâtiment touché par l’eau" not in dry
    told = buildings.assign(exposed=[False, True, True])
    lines = written(maps.plot_depth(depth(), [SOURCE], **options | {"buildings": told.iloc[1:]}))
    assert "Bâtiment touché par l’eau" in lines
    assert "Autre bâtiment" not in lines
    wrong = buildings.assign(exposed=["oui", "non", None])
    with pytest.raises(LayerError, match="buildings: column « exposed » holds something else"):
        maps.plot_depth(depth(), [SOURCE], **options | {"buildings": wrong})


def test_protected_areas_have_their_line_when_seen() -> None:
    protected = areas(geometry=[worlds.box(0, 0, 100, 100)])
    options: dict[str, Any] = {"scenario": "x", "protected": protected}
    text = "Zone protégée (digue, relevage)"
    assert text in written(maps.plot_depth(depth(), [SOURCE], **options))
    away = maps.plot_depth(depth(), [SOURCE], **options, extent=window(1500, 1500, 1600, 1560))
    assert text not in written(away)


# ---------------------------------------------------------------- cycle routes


def test_routes_are_classed_by_their_best_side_and_their_state() -> None:
    """Seven lines of 1 km: four in service (one without a state), three to come."""
    lines = written(maps.plot_cycling(routes(), [SOURCE]))
    assert f"4{NO_BREAK}km d’itinéraires cyclables en service, 3{NO_BREAK}km à venir" in lines
    assert {
        "Voie verte", "Piste cyclable", "Bande cyclable", "Voie partagée ou autre aménagement",
        "En travaux", "En projet", "À étudier",
    } <= set(lines)  # fmt: skip
    only = written(maps.plot_cycling(routes().iloc[:1], [SOURCE]))
    assert "Voie verte" in only
    assert "Piste cyclable" not in only
    assert "Aménagements à venir" not in only


def test_gaps_are_counted_where_they_are_seen() -> None:
    gaps = areas(
        geometry=[worlds.at(shapely.Point(10, 10)),
                  worlds.at(shapely.LineString([(1500, 50), (1600, 50)]))]
    )  # fmt: skip
    all_of_it = maps.plot_cycling(routes(), [SOURCE], communes=worlds.communes(), gaps=gaps)
    assert all_of_it.title.endswith(f"2{NO_BREAK}discontinuités")
    assert "Discontinuité" in written(all_of_it)
    west = maps.plot_cycling(routes(), [SOURCE], gaps=gaps, extent=window(0, 0, 500, 400))
    assert west.title.endswith(f"1{NO_BREAK}discontinuité")
    away = maps.plot_cycling(routes(), [SOURCE], gaps=gaps, extent=window(700, 300, 900, 420))
    assert "discontinuité" not in away.title


def test_stations_are_named_and_terrils_change_their_symbol_with_the_scale() -> None:
    places = [worlds.at(shapely.Point(x, x)) for x in (500, 900)]
    stations = areas(nom=["Gare du Nord", None], geometry=places)
    terrils = areas(no_terril=["T1"], geometry=[worlds.box(200, 200, 300, 300)])
    options: dict[str, Any] = {"stations": stations, "terrils": terrils}
    near = maps.plot_cycling(routes(), [SOURCE], **options)
    assert "Gare du Nord" in written(near)
    assert written(near).count("Terril") == 1
    far = maps.plot_cycling(routes(), [SOURCE], **options, scale=200_000)
    assert "Gare du Nord" not in written(far)
    assert written(far).count("Terril") == 1
    assert "Véloroutes et voies vertes" in written(maps.plot_cycling(routes(), [SOURCE]))


def test_wrong_routes_are_refused() -> None:
    with pytest.raises(LayerError, match=r"cycle_routes: column « statut » is missing\. Required"):
        maps.plot_cycling(routes().drop(columns="statut"), [SOURCE])
    with pytest.raises(LayerError, match="cycle_routes: no feature to draw"):
        maps.plot_cycling(routes().iloc[:0], [SOURCE])


# ---------------------------------------------------------------- town plans


def test_official_colours_are_those_of_the_standard() -> None:
    """Typed from STANDARDS.md 1.7, on both sides of 1:2500."""
    small = {"U": "#e60000", "AUc": "#ff6565", "AUs": "#feccbe", "A": "#ffff00", "N": "#56aa02"}
    large = {"U": "#b00006", "AUc": "#d40006", "AUs": "#e88766", "A": "#fff000", "N": "#23a600"}
    for kind, colour in small.items():
        fill = cnig.zone_symbol(kind, large=False)
        assert (fill.face, fill.alpha, fill.edge, fill.width_pt) == (colour, 0.6, "#343434", 0.8)
        band = cnig.zone_symbol(kind, large=True)
        assert band.face is None
        assert band.width_pt == 2.5
        assert band.patterns[-1] == Band(large[kind], 7.0, 3.0)
    line = {item.codes: item.colour for item in (*cnig.PRESCRIPTIONS, *cnig.INFORMATIONS)}
    assert line["25",] == "#004da8"
    assert line["40-01",] == "#ffc476"
    assert line["40-02",] == "#ffc493"
    assert line["05",] == "#e600a9"


@pytest.mark.parametrize(
    ("code", "codes"),
    [
        ("07-01", ("07",)), ("07-04", ("07-04", "07-05")), ("02-01", ("02-01",)),
        ("02-00", ("02",)), ("25-00", ("25",)), ("99-42", ()), (None, ()), (np.nan, ()),
    ],
)  # fmt: skip
def test_codes_find_their_symbol(code: Any, codes: tuple[str, ...]) -> None:
    """Kills a search by the first two digits only, which draws 07-04 as built heritage."""
    assert cnig.PRESCRIPTIONS[cnig.find_item(cnig.PRESCRIPTIONS, code)].codes == codes


def test_types_of_before_2017_join_those_of_today() -> None:
    assert [cnig.zone_type(t) for t in ("Nh", "Ah", "U", "Zz", None)] == ["N", "A", "U", "", ""]


def test_a_plan_shows_its_zones_items_and_findings() -> None:
    plate = maps.plot_plan_findings(plan(), findings(), [SOURCE], communes=worlds.communes())
    lines = written(plate)
    assert f"5{NO_BREAK}constats dont 2{NO_BREAK}bloquants dans le 62001_PLU_20240101" in lines
    text = " ".join(lines)
    for expected in (
        f"U{NO_BREAK}: urbaine", f"N{NO_BREAK}: naturelle et forestière", "Autre type de zone",
        f"25{NO_BREAK}: continuité écologique", "Autre prescription",
        f"07-04, 07-05{NO_BREAK}: élément", f"40-02{NO_BREAK}: zone tampon",
        "Bloquant", "À corriger", "À vérifier", "Information",
    ):  # fmt: skip
        assert expected in text
    assert {"UA", "1AU", "NL"} <= set(lines)
    assert [line for line in lines if line.startswith("Message")][:2] == [
        "Message 001 de la revue du plan", "Message 004 de la revue du plan",
    ]  # fmt: skip
    assert "Constats sans place sur la carte : 3." in " ".join(lines).replace(NO_BREAK, " ")
    assert {s.layer for s in plate.sources} == {
        "zone_urba", "prescription_surf", "info_surf", "communes",
    }  # fmt: skip


def test_a_known_plan_is_called_by_place_and_year() -> None:
    known = plan(communes=("62001",), approved=datetime.date(2024, 1, 1))
    plate = maps.plot_plan_findings(known, findings(1), [SOURCE], communes=worlds.communes())
    assert plate.title == f"1{NO_BREAK}constat dans le PLU (Sud, 2024)"
    several = plan(
        communes=tuple(worlds.communes()["insee"]), approved=datetime.date(2024, 1, 1), kind="PLUi"
    )
    plate = maps.plot_plan_findings(several, findings().iloc[:0], [SOURCE],
                                    communes=worlds.communes(), lang="en")  # fmt: skip
    assert plate.title == f"No finding in the PLUi (4{NO_BREAK}communes, 2024)"


def test_findings_of_the_extent_are_numbered_from_the_gravest_in_any_order() -> None:
    frame = findings(40)
    one = maps.plot_plan_findings(plan(), frame)
    two = maps.plot_plan_findings(plan(), frame.sample(frac=1, random_state=1))
    assert one._repr_png_() == two._repr_png_()
    assert any(line.startswith("et ") and line.endswith("autres") for line in written(one))
    # 2 of 5 stand at 120 m and more east, or across; those without a place stay
    near = maps.plot_plan_findings(plan(), findings(), extent=window(0, 0, 90, 90))
    assert near.parameters["findings"] == 3


def test_zones_have_a_band_from_2500_on() -> None:
    """Kills one symbol for both ranges: the grounds are gone at 1:2500, not at 1:5000."""
    for scale, ground in ((2500, False), (5000, True)):
        plate = maps.plot_plan_findings(
            plan(), findings(), scale=scale, extent=window(0, 0, 300, 100)
        )
        map_axes = next(a for a in plate.figure.axes if a.get_xlim()[0] > 1000)
        faces = {tuple(np.round(p.get_facecolor(), 3)) for p in map_axes.patches}
        pale = any(np.allclose(f, (230 / 255, 0, 0, 0.6), atol=1e-3) for f in faces)
        assert pale is ground
        assert any(np.allclose(f[:3], (176 / 255, 0, 6 / 255), atol=1e-3) for f in faces) is (
            not ground
        )


def test_wrong_findings_are_refused() -> None:
    with pytest.raises(LayerError, match=r"findings: column « message » is missing\. Required"):
        maps.plot_plan_findings(plan(), findings().drop(columns="message"))
    with pytest.raises(
        LayerError, match=r"findings: level « grave » is unknown\. Required: bloquant"
    ):
        maps.plot_plan_findings(plan(), findings().assign(level="grave"))
    with pytest.raises(LayerError, match="zone_urba: no feature to draw"):
        maps.plot_plan_findings(plan(zones=plan().zones.iloc[:0]), findings())


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40)), max_size=30))
@settings(max_examples=30, deadline=None)
def test_numbers_never_touch_and_stay_near_their_point(points: list[tuple[int, int]]) -> None:
    """Kills markers drawn at their points, one over the other."""
    badge = Badge("12", Marker("circle", 4.0, "white", "black"), "black")
    labels = [Label("12", x, y, badge=badge) for x, y in points]
    nothing = np.empty((0, 4))
    placed = place_labels(
        labels, Box(0, 0, 60, 40), Bounds(0, 0, 60, 40), reserved=nothing, obstacles=nothing
    )
    boxes = [shapely.box(p.box.x, p.box.y, p.box.right, p.box.top) for p in placed]
    for a, b in itertools.combinations(boxes, 2):
        assert a.intersection(b).area < 1e-9
    for p, box in zip(placed, boxes, strict=True):
        assert box.centroid.distance(shapely.Point(p.anchor)) < 4 * 5


# ---------------------------------------------------------------- change


def test_a_change_states_sum_before_after_and_communes() -> None:
    table = change(c1=(10, 40), c2=(30, 5), c3=(4, 4))
    plate = maps.plot_change(worlds.communes(), table, [SOURCE], indicator="Bâtiments exposés")
    lines = written(plate)
    assert f"Bâtiments exposés{NO_BREAK}: +5 (44 → 49)" in lines
    assert f"En hausse dans 1{NO_BREAK}commune, en baisse dans 1{NO_BREAK}commune" in lines
    assert {"Hausse", "Baisse", "Écart par km²", "Sans changement", "Commune non évaluée"} <= set(
        lines
    )
    south = maps.plot_change(worlds.communes(), table, [SOURCE], indicator="Bâtiments",
                             extent=window(0, 0, 1000, 1000))  # fmt: skip
    assert south.title == f"Bâtiments{NO_BREAK}: +30 (10 → 40)"
    same = maps.plot_change(worlds.communes(), change(c1=(1, 1)), [SOURCE], indicator="Bâtiments")
    assert same.title == f"Bâtiments{NO_BREAK}: aucun changement"


def test_classes_of_a_change_mirror_each_other() -> None:
    """30 more and 25 less per km²: with limits 5 and 20, both are beyond the second."""
    table = change(c1=(0, 30), c2=(30, 5), c3=(0, 6), c4=(6, 0))
    plate = maps.plot_change(
        worlds.communes(), table, [SOURCE], indicator="x", breaks=(5, 20), lang="en"
    )
    assert {"+20 and more", "+5 to +20", "−20 to −5", "−20 and less"} <= set(written(plate))
    assert "\u22120" not in " ".join(written(plate)).split()


def test_falls_are_hatched_and_rises_are_not() -> None:
    """Kills a diverging palette alone: red and blue of one lightness are one grey."""
    from tvb.maps.plates import change as module

    case = module._change(
        worlds.communes(), change(c1=(0, 30), c2=(30, 0)), None, indicator="x", rate=False,
        page=Page(),
    )  # fmt: skip
    layers = module._colour_layers(case, None)
    hatched = {layer.label: bool(layer.symbol.patterns) for layer in layers[:2]}  # type: ignore[union-attr]
    assert hatched == {"Hausse": False, "Baisse": True}


@pytest.mark.parametrize("ramp", [style.RISE, style.FALL, style.ORANGES, style.DEPTHS])
def test_ramps_darken_steadily_in_grey(ramp: tuple[str, ...]) -> None:
    lightness = [style.to_grey(colour) for colour in ramp]
    assert all(a - b > 0.02 for a, b in itertools.pairwise(lightness))


def test_a_share_is_in_points_and_a_rate_has_no_symbols() -> None:
    """10 more of 50 buildings are 20 points."""
    totals = pd.Series([50], index=["62001"])
    share = maps.plot_change(worlds.communes(), change(c1=(0, 10)), [SOURCE], indicator="x",
                             totals=totals, breaks=(20,))  # fmt: skip
    assert {"Écart, en points de pourcentage", "+20 et plus"} <= set(written(share))
    rate = maps.plot_change(worlds.communes(), change(c1=(0.1, 0.3), c2=(0.2, 0.1)), [SOURCE],
                            indicator="Part", rate=True, breaks=(0.05,))  # fmt: skip
    lines = written(rate)
    assert rate.title == (
        f"Part{NO_BREAK}: en hausse dans 1{NO_BREAK}commune, en baisse dans 1{NO_BREAK}commune"
    )
    assert "Écart" in lines
    assert "Hausse" not in lines


def test_wrong_changes_are_refused() -> None:
    with pytest.raises(LayerError, match=r"table: column « after » is missing\. Required: before"):
        maps.plot_change(worlds.communes(), change(c1=(1, 2))[["before"]], [SOURCE], indicator="x")
    with pytest.raises(ParameterError, match="totals: given for an indicator that is a rate"):
        maps.plot_change(worlds.communes(), change(c1=(1, 2)), [SOURCE], indicator="x", rate=True,
                         totals=pd.Series([1], index=["62001"]))  # fmt: skip
    with pytest.raises(ParameterError, match=r"4 limits were given\. Required: 1 to 3"):
        maps.plot_change(worlds.communes(), change(c1=(1, 2)), [SOURCE], indicator="x",
                         breaks=(1, 2, 3, 4))  # fmt: skip


def test_signed_numbers() -> None:
    assert [texts.signed(v, "fr") for v in (3, 0, -0.0, -3)] == ["+3", "0", "0", "\u22123"]


# ---------------------------------------------------------------- shared limits, named patches


def test_two_studies_can_share_their_classes() -> None:
    """Kills limits made anew from each table: the same number must have the same colour."""
    index = pd.MultiIndex.from_tuples([("62001", "02Moy")], names=["insee", "scenario"])
    table = pd.DataFrame({"buildings": [30]}, index=index)
    plate = maps.plot_exposure(
        worlds.communes(), table, [SOURCE], scenario="02Moy", breaks=(10, 20, 50)
    )
    assert "de 20 à 50" in written(plate)
    with pytest.raises(ParameterError, match="breaks: "):
        maps.plot_exposure(worlds.communes(), table, [SOURCE], scenario="02Moy", breaks=(2, 1))


def test_patches_are_classed_by_shared_limits_and_named_in_the_table() -> None:
    patches = habitat().assign(nom=["Bois du Nord", None])
    links = areas(i=["A"], j=["B"], distance_m=[1100.0],
                  geometry=[worlds.at(shapely.LineString([(400, 200), (1500, 200)]))])  # fmt: skip
    ranking = pd.DataFrame({"d": [40.0, 3.0]}, index=["A", "B"])
    plate = maps.plot_graph(patches, links, [SOURCE], ranking=ranking, breaks=(5, 10))
    assert {"moins de 5", "10 et plus"} <= set(written(plate))
    three = pd.concat([patches, patches.assign(patch=["C", "D"])])
    ranking = pd.DataFrame({"d": [40.0, 3.0, 2.0, 1.0]}, index=list("ABCD"))
    lines = written(maps.plot_graph(three, links, [SOURCE], ranking=ranking, breaks=(5, 10),
                                    paper="A3", orientation="portrait"))  # fmt: skip
    assert "1. Bois du Nord" in lines
    assert "2. tache B" in lines
    assert "Limites fixes d’une planche" in " ".join(lines)
    with pytest.raises(ParameterError, match="breaks: "):
        maps.plot_graph(patches, links, [SOURCE], ranking=ranking, breaks=(-1,))


# ---------------------------------------------------------------- logo and locator


@pytest.fixture
def logo(tmp_path: Path) -> Path:
    path = tmp_path / "logo.png"
    imsave(path, np.zeros((20, 50, 3)))
    return path


def test_a_logo_stands_beside_the_producer(logo: Path) -> None:
    """Kills a logo laid over the mentions: no text meets its box, in its own proportions."""
    for page in PAGES:
        plate = maps.plot_depth(
            depth(), [SOURCE], scenario="x", logo=logo, producer="MBM" * 12, date="2 juin 2026",
            **page,
        )  # fmt: skip
        paper = plate.figure.axes[0]
        (image,) = paper.get_images()
        left, right, bottom, top = image.get_extent()
        assert (right - left) / (top - bottom) == pytest.approx(2.5)
        width, _ = plate.page.size_mm
        assert right == pytest.approx(width - plate.page.margin_mm)
        renderer = plate.figure.canvas.get_renderer()  # type: ignore[attr-defined]
        box = paper.transData.transform([(left, bottom), (right, top)]).ravel()
        for text in plate.figure.findobj(Text):
            if text.get_text().strip():
                t = text.get_window_extent(renderer)
                apart = t.x1 <= box[0] or t.x0 >= box[2] or t.y1 <= box[1] or t.y0 >= box[3]
                assert apart, text.get_text()
        assert_legible(plate)


def test_logos_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnot a picture")
    with pytest.raises(SourceError, match=r"logo: « .*broken.png » cannot be read"):
        maps.plot_depth(depth(), [SOURCE], scenario="x", logo=broken)
    with pytest.raises(SourceError, match=r"logo: « .*absent.png » cannot be read"):
        maps.plot_depth(depth(), [SOURCE], scenario="x", logo=tmp_path / "absent.png")
    with pytest.raises(ParameterError, match=r"logo: « logo\.svg » is not a picture"):
        maps.plot_depth(depth(), [SOURCE], scenario="x", logo="logo.svg")


def test_the_locator_shows_the_departments_and_names_their_source() -> None:
    departments = areas(nom=["Nord"], geometry=[worlds.box(-90_000, -60_000, 90_000, 60_000)])
    origin = Source("departements", "real", "Départements", "IGN", "Etalab", "2024")
    locator = maps.Locator(departments, (origin,))
    options: dict[str, Any] = {"scenario": "x", "communes": worlds.communes()}
    for page in PAGES:
        plate = maps.plot_depth(depth(), [SOURCE], **options, locator=locator, **page)
        assert {"Situation", "Location"} & set(written(plate))
        assert origin in plate.sources
        assert_legible(plate)
    plain = maps.plot_depth(depth(), [SOURCE], **options)
    assert "Situation" not in written(plain)
    # a view as large as the departments needs no locator, and cites no source for it
    wide = maps.plot_depth(depth(), [SOURCE], **options, locator=locator,
                           extent=window(-90_000, -60_000, 90_000, 60_000))  # fmt: skip
    assert "Situation" not in written(wide)
    assert origin not in wide.sources


def test_wrong_locators_are_refused() -> None:
    departments = areas(geometry=[worlds.box(0, 0, 1, 1)])
    with pytest.raises(LayerError, match="departments: no source was given"):
        maps.Locator(departments, ())
    with pytest.raises(LayerError, match="departments: no polygon to draw"):
        maps.Locator(departments.iloc[:0], (SOURCE,))
    with pytest.raises(CrsError, match="departments: coordinates are in EPSG:4326"):
        maps.Locator(departments.to_crs(4326), (SOURCE,))


# ---------------------------------------------------------------- layout and patterns


@given(st.floats(5, 90), st.floats(0, 40), st.floats(0, 40), st.sampled_from(PAGES))
@settings(max_examples=60, deadline=None)
def test_parts_of_a_page_do_not_overlap(
    legend: float, listing: float, locator: float, page: dict[str, Any]
) -> None:
    """Kills a locator laid over the legend, or a list over the map."""
    wishes = Page(**page)
    needs = Needs(10, 12, 15, lambda n, _: legend / n, locator, lambda _: listing)
    layout = arrange(wishes, Bounds(0, 0, 30_000, 20_000), needs)
    parts = [layout.head, layout.frame, layout.foot, layout.spare, layout.locator]
    shapes = [shapely.box(p.x, p.y, p.right, p.top) for p in parts]
    furniture = layout.furniture
    shapes.append(shapely.box(furniture.x, furniture.y, furniture.right, furniture.y + 15))
    height = legend / layout.columns
    shapes.append(shapely.box(layout.legend.x, layout.legend.top - height, layout.legend.right,
                              layout.legend.top))  # fmt: skip
    width, top = wishes.size_mm
    for shape in shapes:
        assert shapely.box(0, 0, width, top).buffer(1e-6).covers(shape)
    for a, b in itertools.combinations(shapes, 2):
        assert a.intersection(b).area < 1e-6


def test_rulings_are_as_far_apart_as_they_say() -> None:
    """A square of 100 units at 1 unit a point: lines 10 points apart, whatever the angle."""
    square = np.array([shapely.box(0, 0, 100, 100)], dtype=object)
    level = Ruling("k", 0, 10).shape(square, 1.0)
    assert sorted({round(y, 6) for y in shapely.bounds(level)[:, 1]}) == list(range(0, 101, 10))
    oblique = Ruling("k", 100, 10).shape(square, 1.0)
    assert shapely.length(oblique).sum() == pytest.approx(100 * 100 / 10, rel=0.05)
    two = np.array([shapely.box(0, 0, 50, 100), shapely.box(50, 0, 100, 100)], dtype=object)
    joined = shapely.union_all(Ruling("k", 45, 7).shape(two, 1.0))
    whole = shapely.union_all(Ruling("k", 45, 7).shape(square, 1.0))
    assert joined.length == pytest.approx(whole.length, rel=1e-6)


def test_circles_bands_and_ticks_are_where_they_should() -> None:
    square = np.array([shapely.box(0, 0, 100, 100)], dtype=object)
    circles = shapely.union_all(Circles("k", 30, 15).shape(square, 1.0))
    assert shapely.box(0, 0, 100, 100).buffer(1e-6).covers(circles)
    assert circles.length > 1000
    (band,) = Band("k", 7, 3).shape(square, 1.0)
    assert band.area == pytest.approx(94**2 - 80**2)
    outward = Ticks("k", 6, 13).shape(square, 1.0)
    assert not shapely.box(0.01, 0.01, 99.99, 99.99).intersects(shapely.union_all(outward))
    assert len(outward) == 400 // 13 + 1
    holed = np.array([shapely.box(0, 0, 100, 100) - shapely.box(40, 40, 60, 60)], dtype=object)
    into_hole = shapely.union_all(Ticks("k", 6, 13).shape(holed, 1.0))
    assert shapely.box(45, 41, 55, 59).intersects(into_hole)
    line = np.array([shapely.LineString([(0, 0), (100, 0)])], dtype=object)
    both = Ticks("k", 4, 10).shape(line, 1.0)
    assert len(both) == 10
    assert shapely.bounds(both)[:, [1, 3]].tolist() == [[-2.0, 2.0]] * 10
    nothing = np.empty(0, dtype=object)
    for pattern in (Ruling("k"), Circles("k", 3, 3), Band("k", 1), Ticks("k", 1, 1)):
        assert len(pattern.shape(nothing, 1.0)) == 0


def test_lines_of_cycling_differ_in_grey() -> None:
    """Kills symbols told apart by hue only: width, casing or dashes differ between any two."""
    from tvb.maps.plates.cycling import _STROKES

    strokes: list[Stroke] = [stroke for _, _, stroke in _STROKES.values()]
    looks = [(s.width_pt > 1.5, s.dashes, style.to_grey(s.colour) > 0.9) for s in strokes]
    assert len(set(looks)) == len(strokes)
