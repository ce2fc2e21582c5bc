"""Plates: true to scale, legible, honest about their sources, the same twice.

Wrong implementations that these tests kill: a map drawn by ``geopandas.plot`` that is stretched to
its axes, a legend typed by hand, labels laid over one another, a file that holds today's date.
"""

from __future__ import annotations

import itertools
import string
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text

import worlds
from tvb import maps
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.maps import style, texts, words
from tvb.maps.basemap import class_labels
from tvb.maps.furniture import grid_north_angle, scale_bar_m, source_lines
from tvb.maps.labels import Label, place_labels
from tvb.maps.page import SCALES, Bounds, Box, fit_scale
from tvb.maps.sheet import text_width, wrap
from tvb.maps.symbols import area_path, line_path
from tvb.territory import Nature, Source, Territory

NOTHING = np.empty((0, 4))
THIN, NO_BREAK = "\u202f", "\u00a0"


def source(layer: str, nature: Nature = "real", title: str = "") -> Source:
    return Source(layer, nature, title or layer, "MBM", "Licence Ouverte 2.0", "2024")


def areas(**columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry="geometry", crs="EPSG:2154")


def town(**changes: gpd.GeoDataFrame) -> Territory:
    """The squared town with a property, its buffer, two terrils, a corridor and a cavalier."""
    layers = {
        "communes": worlds.communes(),
        "property": areas(nom=["Cité"], geometry=[worlds.box(200, 200, 500, 500)]),
        "buffer": areas(surface_ha=[1.0], geometry=[worlds.box(100, 100, 1200, 700)]),
        "terrils": areas(
            no_terril=["T001", "T002"],
            nom=["Grand terril", None],
            id_unesco=["1A", None],
            geometry=[worlds.box(250, 250, 400, 400), worlds.box(1500, 1500, 1600, 1600)],
        ),
        "corridors": areas(
            nom=["Vallée"],
            geometry=[shapely.LineString(worlds.box(0, 900, 2000, 1100).exterior.coords[:3])],
        ),
        "cavaliers": areas(
            nom=["Ligne"],
            geometry=[worlds.at(shapely.LineString([(0, 0), (1900, 1900)]))],
        ),
        **changes,
    }
    return Territory("La ville", layers, sources=tuple(source(name) for name in layers))


def exposure(*buildings: int | None, rule: str = "centroid") -> pd.DataFrame:
    """One scenario, communes 62001, 62002, …; None leaves the commune out."""
    rows = [(f"6200{i}", "02Moy", n, rule) for i, n in enumerate(buildings, 1) if n is not None]
    table = pd.DataFrame(rows, columns=["insee", "scenario", "buildings", "rule"])
    return table.set_index(["insee", "scenario"])


def graph() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame]:
    """Three patches in a row; the middle one is small and matters as a passage."""
    squares = [worlds.box(x, 500, x + size, 500 + size) for x, size in ((0, 300), (800, 50),
                                                                      (1500, 300))]  # fmt: skip
    patches = areas(patch=["A", "B", "C"], capacity=[9.0, 0.25, 9.0], geometry=squares)
    lines = [shapely.shortest_line(squares[a], squares[b]) for a, b in ((0, 1), (1, 2))]
    links = areas(i=["A", "B"], j=["B", "C"], distance_m=[500.0, 650.0], geometry=lines)
    ranking = pd.DataFrame(
        {"d": [40.0, 15.0, 38.0], "d_connector": [0.0, 14.0, 0.0]},
        index=pd.Index(["A", "B", "C"], name="patch"),
    )
    return patches, links, ranking


def plot_exposure(table: pd.DataFrame, **options: Any) -> maps.Plate:
    sources = (source("communes"), source("buildings"), source("flood_zones"))
    return maps.plot_exposure(worlds.communes(), table, sources, scenario="02Moy", **options)


def written(plate: maps.Plate) -> list[str]:
    return [t.get_text() for t in plate.figure.findobj(Text) if t.get_text()]


def assert_legible(plate: maps.Plate) -> None:
    """No two texts overlap and none leaves the page, measured by the renderer that draws them."""
    renderer = plate.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = []
    for text in plate.figure.findobj(Text):
        if text.get_text():
            assert text.get_fontsize() >= 6.5
            boxes.append((text.get_text(), text.get_window_extent(renderer)))
    page = plate.figure.bbox
    for text, box in boxes:
        inside = page.x0 <= box.x0 < box.x1 <= page.x1 and page.y0 <= box.y0 < box.y1 <= page.y1
        assert inside, f"« {text} » leaves the page"
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        overlap = min(a.x1, b.x1) > max(a.x0, b.x0) and min(a.y1, b.y1) > max(a.y0, b.y0)
        assert not overlap, f"« {one} » overlaps « {two} »"


# ---------------------------------------------------------------- numbers and classes


def test_numbers_follow_the_language() -> None:
    """Kills ``f"{n:,}"``, which writes 12,345.6 to French readers."""
    assert texts.number(12345.6, "fr", 1) == f"12{THIN}345,6"
    assert texts.number(12345.6, "en", 1) == "12,345.6"
    assert texts.number(0.0005, "fr", None) == "0,0005"
    assert texts.number(0.00001, "en", None) == "0.00001"
    assert texts.number(-3, "en") == "\u22123"


def test_french_zero_is_singular_and_english_zero_plural() -> None:
    assert texts.plural(0, "link", "fr") == f"0{NO_BREAK}lien"
    assert texts.plural(0, "link", "en") == f"0{NO_BREAK}links"
    assert texts.plural(1, "building", "fr") == f"1{NO_BREAK}bâtiment exposé"
    assert texts.plural(2, "building", "fr") == f"2{NO_BREAK}bâtiments exposés"


def test_french_typography() -> None:
    assert texts.typeset("Sources : l'eau ; « oui » 5 %", "fr") == (
        f"Sources{NO_BREAK}: l’eau{THIN}; «{NO_BREAK}oui{NO_BREAK}» 5{THIN}%"
    )
    assert texts.typeset("Sources: water", "en") == "Sources: water"


def test_every_text_exists_in_both_languages_with_the_same_blanks() -> None:
    """Kills a translation that forgets a figure."""
    for key, pair in words.TEXTS.items():
        named = [[b for _, b, _, _ in string.Formatter().parse(t) if b is not None] for t in pair]
        blanks = [{name or str(place) for place, name in enumerate(names)} for names in named]
        assert blanks[0] == blanks[1], key
        assert all(pair), key


def test_words_agree_with_the_numbers_of_their_text() -> None:
    """What is shown counts: 1.96 told as 2 is plural. Kills « 1 communes », « 0,5 ha inscrits »."""
    told = [texts.say("n_communes", "fr", texts.number(n, "fr")) for n in (0, 1, 2, 1234)]
    assert told == ["0 commune", "1 commune", "2 communes", f"1{THIN}234 communes"]
    areas = [(texts.number(a, "fr", d), "80") for a, d in ((0.5, 1), (1.96, 0), (3, 0))]
    here = [texts.say("property_here", "fr", *area).split(" au ")[0] for area in areas]
    told = [text.replace(NO_BREAK, " ") for text in here]
    assert told == ["0,5 ha inscrit", "2 ha inscrits", "3 ha inscrits"]
    assert texts.say("n_communes", "en", texts.number(0, "en")) == "0 communes"


def test_scenarios_are_named_and_unknown_codes_kept() -> None:
    assert texts.scenario_name("02Moy", "fr") == "scénario moyen (probabilité moyenne)"
    assert texts.scenario_name("Q100", "en") == "scenario Q100"


def test_round_breaks_by_hand() -> None:
    """Terciles of 3, 4, 12, 30, 70, 180 are 9.3 and 43.3: by ratio nearest to 10 and 50."""
    assert style.round_breaks([3, 4, 12, 30, 70, 180], classes=3).tolist() == [10, 50]
    assert style.round_breaks([7, 7, 7]).tolist() == []
    assert style.round_breaks([0, np.nan, np.inf, -1]).tolist() == []


@given(st.lists(st.floats(1e-6, 1e9), max_size=60), st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_round_breaks_are_round_and_leave_no_class_empty(values: list[float], classes: int) -> None:
    breaks = style.round_breaks(values, classes)
    assert len(breaks) < classes
    assert all(f"{b:e}"[:8] in ("1.000000", "2.000000", "5.000000") for b in breaks)
    if len(values):
        filled = np.searchsorted(breaks, values, side="right")
        assert set(filled) == set(range(len(breaks) + 1))


@given(st.floats(1e-6, 1e9))
def test_nice_number_is_the_largest_round_one_below(value: float) -> None:
    nice = style.nice_number(value)
    rounds = [m * 10.0**p for p in range(-8, 11) for m in (1, 2, 5)]
    assert nice == pytest.approx(max(r for r in rounds if r <= value * (1 + 1e-9)))


def test_class_labels_cover_all_numbers() -> None:
    assert class_labels(np.array([1.0, 2.5]), "fr", unit=" m") == [
        f"moins de 1{NO_BREAK}m", f"de 1 à 2,5{NO_BREAK}m", f"2,5{NO_BREAK}m et plus",
    ]  # fmt: skip
    assert class_labels(np.empty(0), "en") == ["all values"]


@pytest.mark.parametrize("ramp", [style.BLUES, style.GREENS, style.LINKS[::-1]])
def test_ramps_darken_steadily_in_grey(ramp: tuple[str, ...]) -> None:
    """Kills a rainbow: printed in grey, each class stays darker than the one before."""
    lightness = [style.to_grey(colour) for colour in ramp]
    assert all(a - b > 0.02 for a, b in itertools.pairwise(lightness))
    assert style.ramp(ramp, 1) == [ramp[len(ramp) // 2]]
    assert style.ramp(ramp, 2) == [ramp[0], ramp[-1]]


# ---------------------------------------------------------------- scale, north, page


@given(st.floats(100, 150_000), st.floats(100, 150_000))
def test_scale_is_the_largest_round_one_that_fits(width: float, height: float) -> None:
    frame = Box(0, 0, 200, 120)
    fitting = [s for s in SCALES if width / s * 1000 <= 197 and height / s * 1000 <= 117]
    expected = min(fitting) if fitting else None
    assert fit_scale(Bounds(0, 0, width, height), frame) == expected


@pytest.mark.parametrize("orientation", ["landscape", "portrait"])
@pytest.mark.parametrize("paper", ["A4", "A3"])
def test_a_kilometre_on_the_map_is_true_on_paper(paper: Any, orientation: Any) -> None:
    """Kills axes stretched to their box and pages trimmed by ``bbox_inches="tight"``."""
    plate = maps.plot_territory(town(), paper=paper, orientation=orientation)
    map_axes = next(a for a in plate.figure.axes if a.get_xlim()[0] > 1000)
    corner, east, north = map_axes.transData.transform(
        [(worlds.X0, worlds.Y0), (worlds.X0 + 1000, worlds.Y0), (worlds.X0, worlds.Y0 + 1000)]
    )
    pixels_per_mm = plate.figure.dpi / 25.4
    expected_mm = 1e6 / plate.denominator
    assert (east - corner)[0] / pixels_per_mm == pytest.approx(expected_mm, rel=1e-9)
    assert (north - corner)[1] / pixels_per_mm == pytest.approx(expected_mm, rel=1e-9)
    assert plate.denominator in SCALES
    width_mm, height_mm = (25.4 * v for v in plate.figure.get_size_inches())
    assert {round(width_mm), round(height_mm)} == {"A4": {210, 297}, "A3": {297, 420}}[paper]
    assert (width_mm > height_mm) == (orientation == "landscape")


def test_a_scale_that_is_asked_for_is_kept() -> None:
    plate = maps.plot_territory(town(), scale=25_000)
    assert plate.denominator == 25_000
    assert f"Échelle 1:25{THIN}000 (A4)" in written(plate)
    assert "Scale 1:25,000 (A4)" in written(maps.plot_territory(town(), scale=25_000, lang="en"))


@given(st.floats(1000, 2_000_000))
def test_the_scale_bar_is_round_and_fits(denominator: float) -> None:
    length, steps = scale_bar_m(denominator, 51)
    assert length / denominator * 1000 <= 51 * (1 + 1e-9)
    assert length / denominator * 1000 > 51 / 2.5 - 1e-6
    assert f"{length:e}"[:3] in ("1.0", "2.0", "5.0")
    assert f"{length / steps:e}"[:4] in ("1.00", "2.50", "5.00")


@pytest.mark.parametrize("x", [645_000, 700_000, 748_000])
def test_north_follows_the_convergence_of_the_meridians(x: float) -> None:
    """Oracle: PROJ's own factors. Kills an arrow that points to grid north, or the wrong way."""
    projection = pyproj.Proj(2154)
    longitude, latitude = projection(x, 7_030_000, inverse=True)
    convergence = projection.get_factors(longitude, latitude).meridian_convergence
    assert grid_north_angle(x, 7_030_000) == pytest.approx(-convergence, abs=0.002)


def test_wrap_keeps_words_and_cuts_what_cannot_be_kept() -> None:
    text = f"Un titre assez long pour deux lignes{NO_BREAK}: oui"
    lines = wrap(text, 40, 9, face="bold")
    assert " ".join(lines) == text
    assert len(lines) > 1
    assert all(text_width(line, 9, "bold") <= 40 for line in lines)
    assert "".join(wrap("x" * 80, 30, 9)) == "x" * 80


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lang": "de"}, "lang: « de » is unknown. Required: fr or en"),
        ({"paper": "A9"}, "paper: « A9 » is unknown"),
        ({"orientation": "up"}, "orientation: « up » is unknown"),
        ({"scale": 0}, "scale: 1:0 is not a scale"),
        ({"extent": (2, 50, 3, 51)}, "extent: looks like degrees"),
        ({"extent": (700_000, 7e6, 700_000, 7e6)}, "extent: empty"),
        ({"extent": (0, 0, 9e9, 9e9)}, "cannot hold this map"),
        ({"title": "mot " * 900}, "cannot hold this map"),
    ],
)
def test_wishes_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        maps.plot_territory(town(), **options)


def test_an_unknown_wish_is_refused() -> None:
    with pytest.raises(TypeError, match="papier"):
        maps.plot_territory(town(), papier="A4")  # type: ignore[call-arg]


# ---------------------------------------------------------------- legibility


PAGES: list[dict[str, Any]] = [
    {},
    {"lang": "en", "sheet": "12", "producer": "Mission Bassin Minier", "date": "juin 2025"},
    {"orientation": "portrait"},
    {"paper": "A3"},
    {"paper": "A5", "orientation": "portrait"},
    {"extent": (worlds.X0, worlds.Y0, worlds.X0 + 700, worlds.Y0 + 500)},
    {"title": "Un titre très long qui doit passer à la ligne " * 4, "sheet": "3"},
]


@pytest.mark.parametrize("options", PAGES)
def test_no_text_overlaps_or_leaves_the_page(options: dict[str, Any]) -> None:
    patches, links, ranking = graph()
    sources = (source("terrils"), source("communes", "modelled"))
    assert_legible(maps.plot_territory(town(), **options))
    assert_legible(plot_exposure(exposure(3, 120, 0, None), **options))
    assert_legible(
        maps.plot_graph(
            patches, links, sources, communes=worlds.communes(), ranking=ranking, **options
        )
    )


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 40), st.sampled_from([None, 1.0, 4.0])),
        max_size=25,
    )
)
@settings(max_examples=40, deadline=None)
def test_names_never_touch(points: list[tuple[int, int, float | None]]) -> None:
    """Kills placement that checks names against symbols only; the first name is served first."""
    frame, view = Box(10, 10, 60, 40), Bounds(0, 0, 60, 40)
    labels = [Label(f"Nom {i}", x, y, clearance_mm=c) for i, (x, y, c) in enumerate(points)]
    placed = place_labels(labels, frame, view, reserved=NOTHING, obstacles=NOTHING)
    boxes = [shapely.box(p.box.x, p.box.y, p.box.right, p.box.top) for p in placed]
    for a, b in itertools.combinations(boxes, 2):
        assert a.intersection(b).area < 1e-9
    assert all(shapely.box(10, 10, 70, 50).covers(box) for box in boxes)
    again = place_labels(labels[:1], frame, view, reserved=NOTHING, obstacles=NOTHING)
    assert [p.label.text for p in placed][: len(again)] == [p.label.text for p in again]


def test_names_avoid_symbols_and_reserved_places() -> None:
    frame, view = Box(0, 0, 60, 40), Bounds(0, 0, 60, 40)
    centre = np.array([[25.0, 15.0, 35.0, 25.0]])
    label = Label("Nom", 30, 20)
    (moved,) = place_labels([label], frame, view, reserved=centre, obstacles=NOTHING) or [None]
    assert moved is None or not shapely.box(25, 15, 35, 25).intersects(
        shapely.box(moved.box.x, moved.box.y, moved.box.right, moved.box.top)
    )
    beside = Label("Nom", 30, 20, clearance_mm=1.0)
    everywhere = np.array([[0.0, 0.0, 60.0, 40.0]])
    assert not place_labels([beside], frame, view, reserved=NOTHING, obstacles=everywhere)
    assert place_labels([label], frame, view, reserved=NOTHING, obstacles=everywhere)


# ---------------------------------------------------------------- what a plate must say


def test_legend_names_what_is_drawn_and_nothing_else() -> None:
    """Kills a fixed legend: an empty layer, an absent one and one out of sight have no line."""
    empty = town().layers["corridors"].iloc[:0]
    lines = written(maps.plot_territory(town(corridors=empty)))
    assert "Bien inscrit" in lines
    assert "Cavalier (ancienne voie minière)" in lines
    assert "Corridor écologique" not in lines
    assert "Itinéraire cyclable" not in lines
    corner = (worlds.X0 + 1450, worlds.Y0 + 1450, worlds.X0 + 1650, worlds.Y0 + 1650)
    near = written(maps.plot_territory(town(), extent=corner))
    assert "Autre terril" in near
    assert "Bien inscrit" not in near
    assert not any("property" in line for line in near if line.startswith("Sources"))


def test_an_outline_around_the_view_is_not_in_the_legend() -> None:
    """The study area covers the view but its outline, all that is drawn of it, lies outside."""
    area = areas(nom=["Tout"], geometry=[worlds.box(-50_000, -50_000, 50_000, 50_000)])
    square = (worlds.X0 + 300, worlds.Y0 + 300, worlds.X0 + 900, worlds.Y0 + 900)
    territory = town(study_area=area)
    assert "Périmètre d’étude" not in written(maps.plot_territory(territory, extent=square))
    assert "Périmètre d’étude" in written(maps.plot_territory(territory))


def test_sources_are_stated_with_date_licence_and_nature() -> None:
    sources = (source("a", title="Communes"), source("b", title="EPCI"), source("c", "modelled"))
    assert source_lines(sources, "fr") == (
        f"Sources{NO_BREAK}: Communes, EPCI – MBM, 2024, Licence Ouverte 2.0 [réel]{THIN}; "
        "c – MBM, 2024, Licence Ouverte 2.0 [modélisé]."
    )
    assert source_lines(sources, "en").endswith("c – MBM, 2024, Licence Ouverte 2.0 [modelled].")


def test_a_plate_without_sources_cannot_be_made() -> None:
    patches, links, _ = graph()
    with pytest.raises(LayerError, match=r"sources: none was given.*say where it comes from"):
        maps.plot_exposure(worlds.communes(), exposure(1), (), scenario="02Moy")
    with pytest.raises(LayerError, match="sources: none was given"):
        maps.plot_graph(patches, links, ())
    bare = Territory("La ville", town().layers)
    with pytest.raises(LayerError, match="no source is known for this layer"):
        maps.plot_territory(bare)


def test_modelled_schematic_and_annulled_layers_are_called_so() -> None:
    base = town()
    natures: dict[str, Nature] = {"terrils": "schematic", "buffer": "modelled"}
    sources = tuple(
        source(n, natures.get(n, "real"), "SRCE-TVB" if n == "corridors" else n)
        for n in base.layers
    )
    lines = written(maps.plot_territory(Territory("La ville", base.layers, sources=sources)))
    text = " ".join(lines)
    assert "Données en partie modélisées" in text
    assert "Certaines formes sont schématiques" in text
    assert f"SRCE{NO_BREAK}: annulé, donnée d’étude, sans portée juridique" in text
    assert any(line.startswith("Corridor écologique (") for line in lines)
    plain = " ".join(written(maps.plot_territory(base)))
    assert "modélisées" not in plain
    assert "annulé" not in plain


def test_furniture_is_complete() -> None:
    text = "\n".join(
        written(maps.plot_territory(town(), producer="MBM", date="2025-06-01", sheet="7"))
    )
    for expected in (
        "Patrimoine mondial et trame verte et bleue", "La ville · 4 communes", "EPSG:2154",
        f"Réalisation{NO_BREAK}: MBM", f"Date{NO_BREAK}: 2025-06-01", "Planche 7",
        "sans valeur juridique", "N",
    ):  # fmt: skip
        assert expected in text
    # 300 m × 300 m of property, 1100 m × 600 m of buffer
    assert f"bien inscrit 9{NO_BREAK}ha" in text
    assert f"zone tampon 66{NO_BREAK}ha" in text


def test_the_locator_shows_when_the_extent_is_a_small_part() -> None:
    small = (worlds.X0, worlds.Y0, worlds.X0 + 500, worlds.Y0 + 500)
    large = (worlds.X0, worlds.Y0, worlds.X0 + 1900, worlds.Y0 + 1900)
    assert "Situation" in written(maps.plot_territory(town(), extent=small))
    assert "Situation" not in written(maps.plot_territory(town(), extent=large))
    assert "Situation" not in written(maps.plot_territory(town()))
    assert "La ville, autour de Sud" in written(maps.plot_territory(town(), extent=small))
    renamed = town()["communes"].assign(nom=["Isbergues", "Le Port", "Nord", "Est"])
    named = replace(town(), layers={**town().layers, "communes": renamed})
    assert "La ville, autour d’Isbergues" in written(maps.plot_territory(named, extent=small))
    assert "La ville, around Isbergues" in written(
        maps.plot_territory(named, extent=small, lang="en")
    )


def test_user_titles_replace_those_of_the_plate() -> None:
    lines = written(plot_exposure(exposure(5), title="Crue de 2024 : bilan", subtitle="Lys"))
    assert f"Crue de 2024{NO_BREAK}: bilan" in lines
    assert "Lys" in lines


def test_names_are_data_not_mark_up() -> None:
    """Kills mathtext: a name with two dollar signs stays what it is."""
    communes = worlds.communes()
    communes.loc[0, "nom"] = "A$_x$ <b>"
    plate = maps.plot_exposure(communes, exposure(1), [source("communes")], scenario="02Moy")
    assert "A$_x$ <b>" in written(plate)
    assert plate._repr_png_()[:4] == b"\x89PNG"


# ---------------------------------------------------------------- exposure


def test_exposure_states_finding_scenario_and_rule() -> None:
    lines = written(plot_exposure(exposure(3, 120, 0, None)))
    text = " ".join(lines)
    assert f"123{NO_BREAK}bâtiments exposés dans 2{NO_BREAK}communes" in lines
    assert "Exposition aux inondations, scénario moyen (probabilité moyenne)" in lines
    assert "centre du bâtiment" in text
    assert "Aucun bâtiment exposé" in lines
    assert "Commune non évaluée" in lines
    assert "100" in lines  # the round circle below the largest, 120
    share = " ".join(written(plot_exposure(exposure(3, rule="share >= 0.25"), lang="en")))
    assert "at least 25% of the footprint" in share.replace("\n", " ")


def test_colours_show_density_or_share() -> None:
    """1 km² communes: 3 and 120 per km²; of 6 and 1000 buildings, 50 and 12 %."""
    totals = pd.Series([6, 1000], index=["62001", "62002"])
    assert "Bâtiments exposés par km²" in written(plot_exposure(exposure(3, 120)))
    lines = written(plot_exposure(exposure(3, 120, 0), totals=totals))
    assert "Part des bâtiments exposés" in lines
    assert f"20{THIN}% et plus" in lines or f"50{THIN}% et plus" in lines


def test_no_exposure_is_said_on_the_map() -> None:
    lines = written(plot_exposure(exposure(0, 0, 0, 0)))
    assert "Aucun bâtiment exposé dans ce scénario" in lines
    assert "Bâtiments exposés" not in lines
    assert "No building exposed" in written(plot_exposure(exposure(0, 0), lang="en"))


def test_the_title_counts_the_communes_of_the_extent() -> None:
    """Kills a sheet of one commune under the total of the basin."""
    south_west = (worlds.X0, worlds.Y0, worlds.X0 + 1000, worlds.Y0 + 1000)
    lines = written(plot_exposure(exposure(3, 120, 0, 7), extent=south_west))
    assert f"3{NO_BREAK}bâtiments exposés dans 1{NO_BREAK}commune" in lines
    lines = written(plot_exposure(exposure(0, 120, 0, 7), extent=south_west))
    assert "Aucun bâtiment exposé dans ce scénario" in lines
    assert any(line.startswith("Règle de comptage") for line in lines)


@pytest.mark.parametrize(
    ("exclude", "said"),
    [
        ("nothing", "Tous les bâtiments comptent."),
        ("annexe, not_in_service", "Ne comptent pas : annexes, bâtiments hors service."),
        ("light, en ruine", "Ne comptent pas : constructions légères, en ruine."),
    ],
)
def test_the_map_says_which_buildings_do_not_count(exclude: str, said: str) -> None:
    """Kills: two maps of different exclusions that look the same but for the numbers."""
    lines = written(plot_exposure(exposure(3, 120).assign(exclude=exclude)))
    assert said in " ".join(lines).replace(NO_BREAK, " ")


def test_wrong_exposure_tables_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"« 02Moy » is not in the table\. Required: 04Fai"):
        plot_exposure(exposure(1).rename(index={"02Moy": "04Fai"}))
    with pytest.raises(LayerError, match="column « buildings » is missing"):
        plot_exposure(exposure(1)[["rule"]])
    with pytest.raises(LayerError, match=r"indexed by None\. Required: index levels insee"):
        plot_exposure(exposure(1).reset_index())
    with pytest.raises(CrsError, match="communes: coordinates are in EPSG:4326"):
        maps.plot_exposure(
            worlds.communes().to_crs(4326), exposure(1), [source("a")], scenario="02Moy"
        )
    holed = worlds.communes()
    holed.loc[1, "geometry"] = shapely.Polygon()
    with pytest.raises(LayerError, match=r"communes: without a geometry \(1 feature: 62002\)"):
        maps.plot_exposure(holed, exposure(1, 2, 3, 4), [source("a")], scenario="02Moy")
    with pytest.raises(LayerError, match="communes: no feature to draw"):
        maps.plot_exposure(worlds.communes().iloc[:0], exposure(1), [source("a")], scenario="02Moy")


# ---------------------------------------------------------------- graph


def test_graph_ranks_patches_and_marks_stepping_stones() -> None:
    patches, links, ranking = graph()
    options: dict[str, Any] = {"communes": worlds.communes(), "ranking": ranking}
    plate = maps.plot_graph(patches, links, [source("a")], **options)
    lines = written(plate)
    assert plate.title.startswith(f"Sans «{NO_BREAK}tache ")
    assert any(f"3{NO_BREAK}taches d’habitat et 2{NO_BREAK}liens" in line for line in lines)
    assert {"1", "2", "3", "Les taches qui comptent portent leur rang."} <= set(lines)
    assert any(line.startswith(f"Tache relais{NO_BREAK}:") for line in lines)
    plain = written(maps.plot_graph(patches, links, [source("a")]))
    assert "Tache d’habitat" in plain
    assert not any(line.startswith("Tache relais") for line in plain)
    unranked = maps.plot_graph(patches, links, [source("a")], ranking=ranking.iloc[:2])
    assert "Tache non classée" in written(unranked)


def test_stepping_stones_are_classed_by_passage() -> None:
    """Kills a map by passage whose classes are those of dPC, and a class « from 0 to … »."""
    patches, links, ranking = graph()
    ranking = ranking.assign(d_connector=[0.0, 4.0, 0.0])
    lines = written(
        maps.plot_graph(patches, links, [source("a")], ranking=ranking, by="d_connector")
    )
    assert any(line.startswith("Rôle de relais de la tache") for line in lines)
    assert "Aucun passage par la tache" in lines
    assert "1" in lines
    assert "2" not in lines
    assert not any(line.startswith("Tache relais") for line in lines)


def test_a_graph_without_links_has_no_legend_of_links() -> None:
    patches, links, _ = graph()
    lines = written(maps.plot_graph(patches, links.iloc[:0], [source("a")]))
    assert f"3{NO_BREAK}taches d’habitat et 0{NO_BREAK}lien" in lines
    assert not any(line.startswith("Liens") for line in lines)


def test_wrong_graphs_are_refused() -> None:
    patches, links, ranking = graph()
    with pytest.raises(LayerError, match="links: column « distance_m » is missing"):
        maps.plot_graph(patches, links.drop(columns="distance_m"), [source("a")])
    with pytest.raises(LayerError, match="ranking: column « d » is missing"):
        maps.plot_graph(patches, links, [source("a")], ranking=ranking[["d_connector"]])
    with pytest.raises(LayerError, match="patches: no feature to draw"):
        maps.plot_graph(patches.iloc[:0], links.iloc[:0], [source("a")])
    with pytest.raises(CrsError, match="links: coordinates are in"):
        maps.plot_graph(patches, links.to_crs(3857), [source("a")])


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("suffix", [".pdf", ".png", ".svg"])
def test_the_same_plate_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    """Kills dates and random ids in files, and plates that obey the user's matplotlibrc."""
    first = plot_exposure(exposure(3, 120, 0)).save(tmp_path / f"a{suffix}", dpi=80)
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "black", "savefig.bbox": "tight",
                         "svg.hashsalt": None}):  # fmt: skip
        second = plot_exposure(exposure(3, 120, 0)).save(tmp_path / f"b{suffix}", dpi=80)
    assert first.read_bytes() == second.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]


def test_order_of_rows_and_index_do_not_matter() -> None:
    table, totals = exposure(3, 120, 0, 7), pd.Series(500, index=["62001", "62002", "62004"])
    communes = worlds.communes()
    sources = [source("a")]
    one = maps.plot_exposure(communes, table, sources, scenario="02Moy", totals=totals)
    shuffled = communes.iloc[[2, 0, 3, 1]].set_index(pd.Index(list("wxyz")))
    two = maps.plot_exposure(shuffled, table.iloc[::-1], sources, scenario="02Moy", totals=totals)
    assert one._repr_png_() == two._repr_png_()


def test_arguments_are_left_as_they_were() -> None:
    territory, before = town(), town()
    maps.plot_territory(territory)
    for name, frame in before.layers.items():
        pd.testing.assert_frame_equal(frame, territory[name])


def test_unknown_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"cannot be saved as « plate.gif ». Required: .pdf"):
        plot_exposure(exposure(1)).save(tmp_path / "plate.gif")


def test_a_failed_save_leaves_the_old_file_and_no_scrap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plate = plot_exposure(exposure(1))
    path = tmp_path / "plate.png"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="disk full"):
        plate.save(path, dpi=50)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_text_in_a_pdf_can_be_searched() -> None:
    """Kills path effects: with them matplotlib turns the names into outlines."""
    plate = plot_exposure(exposure(3, 120))
    content = plate.to_bytes("pdf", dpi=72)
    assert b"/FontFile2" in content
    assert b"CreationDate" not in content


def test_repr_is_one_line() -> None:
    plate = plot_exposure(exposure(1, 1), lang="en")
    assert repr(plate).startswith(f"<Plate « 2{NO_BREAK}exposed buildings in 2{NO_BREAK}communes »")
    assert "\n" not in repr(plate)
    assert plate.parameters["scenario"] == "02Moy"
    assert len(plate.sources) == 3


def test_pyplot_is_never_imported() -> None:
    """Kills ``frame.plot()``: pyplot keeps every figure alive and wants a display."""
    code = (
        "import sys; import tvb; assert 'matplotlib' not in sys.modules; import tvb.maps; "
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ---------------------------------------------------------------- geometry


def test_holes_stay_holes() -> None:
    """Kills one ring per polygon, and rings all wound one way, which fill their holes."""
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(3, 3, 7, 7))
    path = area_path(np.array([ring, shapely.box(20, 0, 30, 10), shapely.Point(0, 0)]))
    assert path.contains_points([(1, 1), (25, 5)]).all()
    turns = [shapely.LinearRing(ring).is_ccw for ring in path.to_polygons()]
    assert sorted(turns) == [False, True, True]


def test_lines_are_not_joined() -> None:
    lines = shapely.MultiLineString([[(0, 0), (1, 0)], [(5, 5), (6, 5), (7, 5)]])
    path = line_path(np.array([lines, shapely.box(0, 0, 1, 1)], dtype=object))
    assert [len(p) for p in path.to_polygons(closed_only=False)] == [2, 3]


# ---------------------------------------------------------------- the real basin


@pytest.mark.official
def test_the_basin_is_drawn_within_five_seconds_and_legibly(official: Path) -> None:
    """330 communes, 51 terrils and the property; measured at 1.2 s on 2 cores."""
    layers = {
        "communes": "communes-mbm", "property": "bien-inscrit", "buffer": "zone-tampon",
        "terrils": "terrils", "cavaliers": "cavaliers",
    }  # fmt: skip
    frames = {
        name: gpd.read_file(official / f"{file}.geojson").to_crs(2154)
        for name, file in layers.items()
    }
    territory = Territory("Bassin minier", frames, sources=tuple(map(source, frames)))
    start = time.perf_counter()
    plate = maps.plot_territory(territory)
    plate._repr_png_()
    assert time.perf_counter() - start < 5
    assert_legible(plate)
    assert plate.denominator == 350_000
    loos = frames["communes"][frames["communes"]["nom"] == "Loos-en-Gohelle"]
    extent = tuple(loos.total_bounds)
    for orientation in ("landscape", "portrait"):
        near = maps.plot_territory(territory, extent=extent, orientation=orientation)  # type: ignore[arg-type]
        assert_legible(near)
        assert "Loos-en-Gohelle" in written(near)
