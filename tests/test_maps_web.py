"""Web maps: one file that asks nothing of a network, and in which data stay data."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

import worlds
from tvb.errors import CrsError, LayerError, MissingExtraError, ParameterError
from tvb.io.fields import describe_fields
from tvb.maps import texts
from tvb.maps.symbols import Fill, Marker, Stroke
from tvb.maps.web import WebLayer, build_web_map, document, web_map
from tvb.maps.web.encode import encode, simplify
from tvb.maps.web.words import POPUPS, popup_labels
from tvb.territory import Source, Territory

SOURCE = Source("communes", "real", "Communes", "MBM", "Licence Ouverte 2.0", "2024")
NASTY = '</script><script>document.title="owned"</script>'


def areas(**columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry="geometry", crs="EPSG:2154")


def territory() -> Territory:
    communes = worlds.communes()
    communes["nom"] = [NASTY, "Loos-en-Gohelle", "Évin & Cie", "<b>Lens</b>"][: len(communes)]
    terrils = areas(
        no_terril=["T001", "T002"], nom=["Pinchonvalles", None], id_unesco=["1", None],
        geometry=[worlds.box(100, 100, 300, 300), worlds.box(1200, 200, 1300, 300)],
    )  # fmt: skip
    stations = areas(
        id_station=["S1"], nom=["Relevage"], debit_m3_s=[1.25],
        geometry=[worlds.box(500, 500, 502, 502).centroid],
    )  # fmt: skip
    line = worlds.at(shapely.LineString([(0, 0), (900, 900)]))
    corridors = areas(id_corr=["C1"], geometry=[line])
    layers = {"communes": communes, "terrils": terrils, "pumping_stations": stations,
              "corridors": corridors}  # fmt: skip
    sources = tuple(
        Source(
            name, "modelled" if name == "pumping_stations" else "real", name, "MBM", "LO", "2024"
        )
        for name in layers
    )
    return Territory("Bassin", layers, sources=sources)


def exposure(counts: list[int]) -> pd.DataFrame:
    codes = worlds.communes()["insee"].tolist()[: len(counts)]
    index = pd.MultiIndex.from_product([codes, ["02Moy"]], names=["insee", "scenario"])
    return pd.DataFrame({"buildings": counts, "rule": "touches"}, index=index)


def data_of(page: str) -> dict[str, Any]:
    """What the page holds for its script."""
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert text is not None
    return json.loads(text[1])


def decode(kind: str, parts: list[list[list[int]]]) -> list[list[np.ndarray]]:
    """Read what `encode` writes, as the script does."""
    del kind
    return [
        [np.cumsum(np.array(path).reshape(-1, 2), axis=0) * 1e-5 for path in part] for part in parts
    ]


# ---------------------------------------------------------------- the file


def test_data_cannot_leave_their_place():
    """Kills a page into which names are pasted: a commune called </script> would end the data."""
    page = web_map(territory(), exposure=exposure([0, 3])).html
    assert NASTY not in page
    assert "<b>Lens</b>" not in page
    found = data_of(page)["layers"][-1]
    assert found["find"] == [NASTY, "Loos-en-Gohelle", "Évin & Cie", "<b>Lens</b>"]
    assert page.count("</script>") == 3


def test_the_page_names_nothing_outside_itself():
    page = web_map(territory()).html
    assert "default-src 'none'" in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']|url\((?!data:|#)|@import|sourceMappingURL""",
                         page.split("<script>")[0])  # fmt: skip


def test_same_map_same_bytes(tmp_path):
    one, two = (web_map(territory()).save(tmp_path / name) for name in ("a.html", "b.html"))
    assert one.read_bytes() == two.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_legend_foot_and_popups():
    made = web_map(territory(), exposure=exposure([0, 3]), producer="MBM", date="2026")
    assert made.layers[0] == "Stations de relevage"
    assert "ne décrit pas la réalité" in made.html
    assert "Réalisation\u00a0: MBM · Date\u00a0: 2026" in made.html
    by_title = {layer["title"]: layer for layer in data_of(made.html)["layers"]}
    terrils = by_title["Terrils"]
    assert [(f[0], f[1]) for f in terrils["features"]] == [(0, "Pinchonvalles"), (1, "")]
    assert by_title["Stations de relevage"]["features"][0][2][-1] == "1,25"
    assert by_title["Stations de relevage"]["labels"][-1] == "Débit (m³/s)"
    communes = data_of(made.html)["layers"][-1]
    assert communes["classes"][-2:] == ["Aucun bâtiment exposé", "Commune non évaluée"]
    assert [f[0] for f in communes["features"]] == [1, 0, 2, 2]
    english = web_map(territory(), lang="en")
    assert english.layers[0] == "Pumping stations"
    assert repr(english).startswith("<WebMap « Bassin », 4 layers, 0.")


def test_popups_speak_of_what_people_know():
    """Kills names of columns as labels, figures without unit, and modelled layers told as real."""
    modelled = Source("terrils", "modelled", "Terrils", "tvb", "MIT", "2026")
    held = worlds.communes().assign(
        no_terril="T1", forme="VOIE VERTE", hauteur_m=0.004, commune_1="Lens", commune_2=["", None]
        * 2, id_interne="x",
    )  # fmt: skip
    sources = (*territory().sources_of("communes"), modelled)
    layers = {"communes": worlds.communes(), "terrils": held}
    made = web_map(Territory("Bassin", layers, sources=sources))
    terrils, communes = data_of(made.html)["layers"]
    assert terrils["labels"] == ["N° de terril", "Forme", "Hauteur (m)", "Communes"]
    assert terrils["features"][0][2] == ["T1", "Voie verte", "<\u00a00,01", "Lens"]
    assert (terrils["worth"], communes["worth"]) == ("[modélisé]", "")
    assert "Population (habitants)" in communes["labels"]


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_popups_call_columns_as_files_do(lang):
    """Kills a column without a name, and a second table of names that says the same or drifts."""
    shared = 0
    for layer, columns in POPUPS.items():
        told = popup_labels(layer, [*columns, "insee"], lang)
        assert list(told) == list(columns)
        for field in describe_fields(layer, columns, lang=lang):
            own = columns[field.name]
            alias = texts.typeset(field.alias, lang)
            if own is None:
                shared += 1
                assert told[field.name] == alias != ""
            else:
                assert own[lang == "en"] != field.alias, (layer, field.name)
    assert shared > 25


def test_shown_in_a_notebook():
    """Kills a repr whose quotes end the attribute that holds the page."""
    shown = web_map(territory(), title='Le "bassin"')._repr_html_()
    assert shown.startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    assert shown.count('"') == 6


def test_the_habitat_graph_can_be_added():
    squares = [worlds.box(0, 0, 100, 100), worlds.box(400, 0, 500, 100)]
    patches = areas(patch=[1, 2], area_m2=[1e4, 1e4], d=[3.0, 12.0], geometry=squares)
    line = shapely.shortest_line(*squares)
    links = areas(i=[1], j=[2], distance_m=[300.0], d=[5.0], geometry=[line])
    for some in (patches, patches.drop(columns="d")):
        titles = web_map(territory(), patches=some, links=links, sources=[SOURCE]).layers
        assert len(titles) == 6
        assert "Importance du lien (dPC, %)" in titles


def test_refusals(monkeypatch, tmp_path):
    communes = worlds.communes()
    with pytest.raises(LayerError, match="must say where it comes from"):
        build_web_map([WebLayer("Communes", communes, Fill("red"))], title="x")
    with pytest.raises(CrsError, match="Communes: coordinates are in EPSG:4326"):
        WebLayer("Communes", communes.to_crs(4326), Fill("red"))
    with pytest.raises(LayerError, match="Communes: column « haut » is missing"):
        WebLayer("Communes", communes, Fill("red"), popup={"haut": "Hauteur"})
    with pytest.raises(ParameterError, match="Communes: 2 symbols for 0 classes"):
        WebLayer("Communes", communes, [Fill("red"), Fill("blue")])
    with pytest.raises(LayerError, match="communes: no feature to draw"):
        web_map(Territory("x", {"communes": communes.iloc[:0]}, sources=(SOURCE,)))
    with pytest.raises(
        ParameterError, match=r"the page is of .* MB, .* most of all.*tolerance_m=16"
    ):
        web_map(territory(), max_mb=0.01)
    with pytest.raises(ParameterError, match="« 04Fai » is not in the table"):
        web_map(territory(), exposure=exposure([1]), scenario="04Fai")
    with pytest.raises(ParameterError, match=r"cannot be saved as « map.pdf »"):
        web_map(territory()).save(tmp_path / "map.pdf")
    monkeypatch.setattr(document, "_LIBRARY", "no-such-package")
    with pytest.raises(MissingExtraError, match=r"pip install .*\[web\]"):
        document._library("leaflet.js")


# ---------------------------------------------------------------- geometry


TO_DEGREES = Transformer.from_crs(2154, 4326, always_xy=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 9e4), st.floats(0, 9e4)), min_size=4, max_size=12),
    st.sampled_from(["area", "line", "point"]),
)
def test_what_is_decoded_is_within_a_metre(corners, kind):
    """Kills differences that are rounded one by one: their errors add up along a path."""
    cloud = shapely.multipoints(np.array(corners) + np.array([650_000, 7_030_000]))
    shape = {
        "area": cloud.convex_hull.buffer(30), "line": shapely.LineString(cloud.geoms),
        "point": cloud,
    }[kind]  # fmt: skip
    letter, parts = encode(np.array([shape], dtype=object))[0]
    assert letter == {"area": "a", "line": "l", "point": "p"}[kind]
    found = np.concatenate([path for part in decode(letter, parts) for path in part])
    wanted = np.column_stack(TO_DEGREES.transform(*shapely.get_coordinates(shape).T))
    for degrees in found:
        assert np.abs(wanted - degrees).max(axis=1).min() <= 0.500001e-5


def test_small_and_mixed_shapes_are_kept():
    """Kills a rounding that loses a footprint of a foot, a collection taken for a point."""
    tiny = worlds.box(0, 0, 0.3, 0.3)
    mixed = shapely.GeometryCollection([tiny.centroid, worlds.box(10, 10, 30, 30)])
    holed = worlds.box(0, 0, 100, 100).difference(worlds.box(40, 40, 60, 60))
    found = encode(np.array([tiny, mixed, holed], dtype=object))
    assert [kind for kind, _ in found] == ["a", "a", "a"]
    assert [len(parts) for _, parts in found] == [1, 1, 1]
    assert len(found[0][1][0][0]) >= 6
    assert len(found[2][1][0]) == 2


def test_neighbours_stay_neighbours():
    """Kills a simplification area by area, which opens gaps between communes."""
    wave = [(500 + 30 * np.sin(y / 40), y) for y in np.arange(0, 1001, 10.0)]
    west = shapely.Polygon([(0, 0), *wave, (0, 1000)])
    east = shapely.Polygon([(1000, 0), *wave, (1000, 1000)])
    both = simplify(np.array([west, east], dtype=object), 15, coverage=True)
    assert shapely.get_num_coordinates(both).sum() < 120
    assert shapely.union_all(both).area == pytest.approx(1e6)
    assert shapely.area(both).sum() == pytest.approx(1e6)
    spike = shapely.Polygon([(0, 0), (1, 0), (1, 1)])
    assert simplify(np.array([spike], dtype=object), 50)[0].area == 0.5


# ---------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window, that keeps a log of what it asks of the network."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        assert "CI" not in os.environ, "CI installs chromium and chromium-driver: .ci/packages.txt"
        pytest.skip("chromium and chromium-driver are not installed")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-background-networking",
                 "disable-component-update", "disable-dev-shm-usage",
                 "window-size=1200,800"):  # fmt: skip
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()


def requests(browser: Any) -> set[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return {
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }


def test_in_a_browser(browser, tmp_path):
    """No request leaves, no error is logged; layers toggle; popups show text as text."""
    path = web_map(territory(), exposure=exposure([0, 3])).save(tmp_path / "map.html")
    browser.get_log("performance")
    browser.get(path.as_uri())
    run = browser.execute_script
    assert {url for url in requests(browser) if not url.startswith("data:")} == {path.as_uri()}
    count = "let n = 0; tvbMap.eachLayer(l => { if (l.setStyle && !l.eachLayer) n++; }); return n;"
    before = run(count)
    assert before == 4 + 2 + 1  # communes, terrils, the corridor; stations are not shown at first
    boxes = browser.find_elements("css selector", "#legend input")
    assert [b.is_selected() for b in boxes] == [False, True, True, True]
    boxes[1].click()
    assert run(count) == before - 2
    boxes[0].click()
    assert run(count) == before - 1
    field = browser.find_element("id", "name")
    field.send_keys("nowhere\n")
    assert browser.find_element("id", "unknown").text == "Nom inconnu"
    field.clear()
    field.send_keys("evin\n")
    heads = browser.find_elements("css selector", ".leaflet-popup-content h2")
    assert [h.get_attribute("textContent") for h in heads] == ["Évin & Cie"]
    run("document.getElementById('name').value = arguments[0];"
        "document.getElementById('search').requestSubmit();", NASTY)  # fmt: skip
    heads = browser.find_elements("css selector", ".leaflet-popup-content h2")
    assert NASTY in [h.get_attribute("textContent") for h in heads]
    assert browser.title == "Bassin"
    told = [e.get_attribute("title") for e in browser.find_elements("css selector", "#map [title]")]
    assert set(told) == {"Agrandir", "Réduire", "Fermer"}  # nothing is told in English
    assert not browser.get_log("browser")
    assert {url for url in requests(browser) if not url.startswith("data:")} == set()


def test_classes_of_symbols_reach_the_page():
    frame = worlds.communes()
    marks = [Marker("circle", 2.0, "red", "black"), Stroke("blue", 1.0, (4, 2)),
             Fill("green", None, hatch="//"), Fill(None, "black")]  # fmt: skip
    layer = WebLayer("x", frame, marks, (SOURCE,), classes=list("abcd"), of_class=np.arange(4))
    styles = data_of(build_web_map([layer], title="x").html)["layers"][0]["styles"]
    assert [s.get("fillColor") for s in styles] == ["red", None, "green", None]
    assert styles[1]["dashArray"] == "5.3 2.7"
    assert styles[3]["fill"] is False
