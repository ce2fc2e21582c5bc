"""Plates of the property, the terrils, the network; rankings in the empty corners of a map.

Wrong implementations that these tests kill: hectares of the frame told as those of the commune,
areas counted twice where elements overlap, a terril inscribed because it lies near the property,
corridors to be restored drawn as those to be kept, a ranking laid over the ground.
"""

from __future__ import annotations

import itertools
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from matplotlib.text import Text

import worlds
from tvb import maps
from tvb.errors import CrsError, LayerError
from tvb.maps.content import MapLayer
from tvb.maps.page import Bounds, Box
from tvb.maps.room import find_room
from tvb.maps.symbols import Fill
from tvb.maps.texts import say as texts_of
from tvb.territory import Source, Territory

NO_BREAK = "\u00a0"


def areas(**columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry="geometry", crs="EPSG:2154")


def town(**changes: Any) -> Territory:
    """9 ha of property (elements that overlap), two terrils, two corridors."""
    layers: dict[str, gpd.GeoDataFrame] = {
        "communes": worlds.communes(),
        "property_elements": areas(
            no_element=["7", "8", "9"], nom=["Cité d'en haut", None, None],
            geometry=[worlds.box(200, 200, 500, 500), worlds.box(200, 350, 500, 500),
                      worlds.box(200, 400, 300, 500)],
        ),
        "buffer": areas(geometry=[worlds.box(100, 100, 1200, 700)]),
        "terrils": areas(
            no_terril=["T001", "T002", "T003"], nom=["Grand terril", None, "Plat"],
            forme=["Conique", "Arasé parc", None], id_unesco=["1A", None, None],
            geometry=[worlds.box(250, 250, 400, 400), worlds.box(1500, 1500, 1600, 1600),
                      worlds.box(300, 420, 340, 460)],
        ),
        "estates": areas(id_unesco=["7", None], geometry=[
            worlds.box(200, 200, 300, 300), worlds.box(1700, 100, 1800, 200)]),
        "core_areas": areas(
            nom=["Bois de l'Est", "Marais"], milieu=["Boisé", "zone humide"],
            geometry=[worlds.box(1100, 1100, 1400, 1400), worlds.box(100, 1500, 300, 1600)],
        ),
        "corridors": areas(
            objectif=["À remettre en bon état", "À préserver", None],
            geometry=[worlds.at(shapely.LineString([(0, 900), (2000, 900)])),
                      worlds.at(shapely.LineString([(0, 1900), (1000, 1900)])),
                      worlds.at(shapely.LineString([(1500, 0), (1500, 1000)]))],
        ),
        **changes,
    }  # fmt: skip
    sources = tuple(
        Source(name, "real", f"Couche {name}", "MBM", "Licence Ouverte 2.0", "2024")
        for name in layers
    )
    kept = {name: frame for name, frame in layers.items() if frame is not None}
    return Territory("Bourg", kept, sources=sources)


def texts(plate: maps.Plate) -> list[str]:
    return [t.get_text() for t in plate.figure.findobj(Text) if t.get_text().strip()]


def place(commune: int) -> dict[str, Any]:
    shape = worlds.communes().geometry.iloc[commune]
    return {"focus": shape, "extent": shape.buffer(300).bounds}


@pytest.mark.parametrize("draw", [maps.plot_property, maps.plot_terrils, maps.plot_network])
@pytest.mark.parametrize("paper", ["A4", "A3"])
def test_no_text_overlaps(draw: Any, paper: Any) -> None:
    for options in ({}, place(0), {"orientation": "portrait", "lang": "en"}):
        plate = draw(town(), paper=paper, **options)
        renderer = plate.figure.canvas.get_renderer()
        boxes = [(t.get_text(), t.get_window_extent(renderer))
                 for t in plate.figure.findobj(Text) if t.get_text().strip()]  # fmt: skip
        for (one, a), (two, b) in itertools.combinations(boxes, 2):
            apart = a.x1 <= b.x0 or b.x1 <= a.x0 or a.y1 <= b.y0 or b.y1 <= a.y0
            assert apart, f"« {one} » overlaps « {two} »"


def test_the_property_is_counted_once_where_elements_overlap() -> None:
    """9 ha, in one commune; the other elements add nothing."""
    plate = maps.plot_property(town(), lang="en")
    assert plate.title == (
        f"9.0{NO_BREAK}ha of World Heritage in 1{NO_BREAK}commune, "
        f"and 66{NO_BREAK}ha of buffer zone around"
    )
    lines = texts(plate)
    assert {"7", "8", "Mining housing estate", texts_of("property", "en")} <= set(lines)


def test_figures_of_a_sheet_are_those_of_its_place() -> None:
    """54 of the 66 ha of the buffer lie in Sud; the frame shows Port as well."""
    here = maps.plot_property(town(), **place(0), lang="en")
    assert here.title == (
        f"9.0{NO_BREAK}ha of World Heritage, 54{NO_BREAK}ha of buffer zone"
    )  # fmt: skip
    assert "7. Cité d’en haut" in texts(here)
    none = maps.plot_property(town(), **place(2))
    assert none.title == "Ni bien inscrit ni zone tampon"
    east = maps.plot_terrils(town(), **place(3), lang="en")
    assert east.title == f"1{NO_BREAK}terril, 0 of them in the property, on 1.0{NO_BREAK}ha"
    assert maps.plot_terrils(town(), **place(1)).title == "Aucun terril"


def test_terrils_are_counted_by_their_identifier_and_drawn_by_shape() -> None:
    """T003 lies in the property and is not an object of it."""
    plate = maps.plot_terrils(town(), scale=100_000)
    assert plate.title == f"3{NO_BREAK}terrils dont 1 dans le bien inscrit, sur 3,4{NO_BREAK}ha"
    lines = texts(plate)
    assert {"Terrils du bien inscrit", "Autres terrils", "Conique, tronqué, grand moderne",
            "Arasé", "Cavalier, bassin, forme particulière"} <= set(lines)  # fmt: skip
    assert "Plat, en terrasses" not in lines
    near = texts(maps.plot_terrils(town(), scale=20_000))
    assert "Arasé" not in near
    assert "Terril dans le bien inscrit" in near


def test_corridors_are_told_apart_by_their_aim() -> None:
    """2 + 1 + 1 km, 2 of them to be restored; 9 + 2 ha of core areas."""
    plate = maps.plot_network(town())
    assert plate.title == (
        f"11{NO_BREAK}ha de réservoirs de biodiversité, 4{NO_BREAK}km de corridors dont "
        f"2{NO_BREAK}km à remettre en bon état"
    )
    lines = texts(plate)
    assert {"À remettre en bon état", "À préserver", "Sans objectif connu", "Boisé",
            "Humide"} <= set(lines)  # fmt: skip
    north = maps.plot_network(town(), **place(2), lang="en")
    assert north.title == f"2.0{NO_BREAK}ha of core areas, 1{NO_BREAK}km of corridors"
    port = maps.plot_network(town(corridors=None), **place(1))
    assert port.title == "Aucun réservoir de biodiversité"
    strips = areas(objectif=["À préserver"], geometry=[worlds.box(0, 0, 1000, 100)])
    wide = maps.plot_network(town(corridors=strips, core_areas=None))
    assert wide.title == f"10{NO_BREAK}ha de corridors"


def test_layers_that_lack_or_lie_elsewhere_are_refused() -> None:
    with pytest.raises(LayerError, match="property_elements: not in the territory « Bourg »"):
        maps.plot_property(town(property_elements=None))
    with pytest.raises(LayerError, match="terrils: no feature to draw"):
        maps.plot_terrils(town(terrils=town()["terrils"].iloc[:0]))
    with pytest.raises(LayerError, match="core_areas, corridors: no feature to draw"):
        maps.plot_network(town(core_areas=None, corridors=None))
    with pytest.raises(CrsError, match="corridors: coordinates are in EPSG:3857"):
        maps.plot_network(town(corridors=town()["corridors"].to_crs(3857)))


# ---------------------------------------------------------------- rankings on the map


def room(*shapes: shapely.Geometry) -> Box | None:
    layers = [MapLayer(np.array([shape], dtype=object), Fill("#ffffff"), 1.0) for shape in shapes]
    return find_room(
        Box(10, 10, 100, 60), Bounds(0, 0, 1000, 600), layers, wanted=lambda mm: (
            (30.0, min(mm, 40.0)) if mm >= 10 else None
        ),
    )  # fmt: skip


def test_a_ranking_goes_to_the_corner_that_is_free() -> None:
    """Ground in the lower left: the upper right is free to its full height."""
    assert room(shapely.box(0, 0, 400, 600)) == Box(77.0, 27.0, 30.0, 40.0)
    low = room(shapely.box(0, 300, 1000, 600))
    assert low is not None
    assert (low.x, low.y) == (13.0, 13.0)
    assert low.top < 10 + 30
    assert room(shapely.box(0, 0, 1000, 600)) is None
    assert room(shapely.box(0, 90, 1000, 510)) is None  # 9 mm above and below


def test_a_ranking_on_the_map_hides_no_ground() -> None:
    """Kills a panel over communes: the town is a square on a wide page."""
    plate = maps.plot_terrils(town())
    lines = texts(plate)
    assert "Plus grands terrils (ha)" in lines
    assert "T001 Grand terril" in lines
