"""Dossiers: the figures of a place beside those of others, on pages that anyone can read."""

from __future__ import annotations

import dataclasses
import importlib
import io
import os
import re
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from pypdf import PdfReader

import worlds
from tvb import dossier
from tvb.dossier.drawing import as_uri, letters_to_text
from tvb.dossier.figures import Place, figures_of
from tvb.dossier.pictures import _where
from tvb.dossier.render import render_pdf, require_pdf
from tvb.dossier.texts import amount, count, ordinal, percent
from tvb.dossier.vector import read_vector
from tvb.errors import CrsError, LayerError, MissingExtraError, ParameterError
from tvb.heritage import build_register
from tvb.territory import Source, Territory

_THIN = "\u202f"
_LAYERS = (
    "communes", "property", "buffer", "terrils", "cavaliers", "pits", "core_areas",
    "cycle_routes", "buildings", "flood_zones",
)  # fmt: skip


def sources(*modelled: str) -> tuple[Source, ...]:
    return tuple(
        Source(name, "modelled" if name in modelled else "real", name.capitalize(), "MBM",
               "Licence Ouverte 2.0", "2024")
        for name in _LAYERS
    )  # fmt: skip


def frame(geometry: Any, **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[worlds.at(g) for g in geometry], crs=2154)


def layers() -> dict[str, gpd.GeoDataFrame]:
    """Property: 25 ha of Sud and 25 ha of Port; buffer: 50 ha of Sud."""
    line = shapely.LineString
    return {
        "communes": worlds.communes(),
        "property": frame([shapely.box(500, 0, 1500, 500)], nom=["Fosse"]),
        "buffer": frame([shapely.box(0, 500, 1000, 1000)]),
        # one in Sud, one half in Sud and half in Port, one in Nord
        "terrils": frame(
            [shapely.box(0, 0, 100, 100), shapely.box(950, 600, 1050, 700),
             shapely.box(0, 1500, 100, 1600)],
            no_terril=["T1", "T2", "T3"], nom=["Un", "Deux", "Trois"],
            forme=["Conique", "Plat", "Plat"],
        ),
        "cavaliers": frame([line([(0, 250), (1500, 250)])], id_troncon=["1"], nom=["Voie A"],
                           id_unesco=[None]),
        "pits": frame([shapely.Point(200, 200)], puits=["3"], compagnie=["Lens"]),
        "core_areas": frame([shapely.box(0, 800, 1000, 1200)], nom=["Bois"], milieu=["boisé"]),
        # 1 km of Sud in service (no state told), 1 km of Port planned
        "cycle_routes": frame([line([(0, 100), (1000, 100)]), line([(1000, 100), (2000, 100)])],
                              nom=["Véloroute", "Véloroute"], statut=[None, "projet"],
                              ame_d=["VOIE VERTE"] * 2, ame_g=["VOIE VERTE"] * 2),
    }  # fmt: skip


def exposure() -> pd.DataFrame:
    """Est was not assessed."""
    rows = [
        ("62001", "02Moy", 1234, 40),
        ("62002", "02Moy", 0, 0),
        ("62003", "02Moy", 20, 5),
        ("62001", "04Fai", 1500, 60),
        ("62002", "04Fai", 1, 1),
        ("62003", "04Fai", 30, 5),
    ]
    table = pd.DataFrame(rows, columns=["insee", "scenario", "buildings", "dwellings"])
    table = table.assign(
        rule="touches", exclude="light, annexe, not_in_service", attribution="largest_share"
    )
    return table.set_index(["insee", "scenario"])


def sensitivity() -> pd.DataFrame:
    table = exposure().reset_index()[["insee", "scenario", "buildings"]]
    table = table.assign(
        min=table["buildings"], max=2 * table["buildings"],
        lowest="share >= 0.5; light; centroid", highest="touches; nothing; largest_share",
    )  # fmt: skip
    return table.set_index(["insee", "scenario"])


def results(**changes: Any) -> dossier.Results:
    held = layers()
    told = sources("flood_zones")
    communes = held["communes"].assign(
        patches_ha=[20.0, 0.0, 20.0, 0.0], ec_share=[0.25, 0.0, 0.75, 0.0],
        buildings_counted=[4000, 100, 200, 50],
    )  # fmt: skip
    patches = frame([shapely.box(0, 800, 1000, 1200)], patch=[7], d=[12.5], d_connector=[0.0],
                    layers=["core_areas"])  # fmt: skip
    links = gpd.GeoDataFrame(
        {"i": [7], "j": [8], "distance_m": [90.0], "d": [3.25]},
        geometry=[worlds.at(shapely.LineString([(0, 0), (9, 9)]))],
        crs=2154,
    )
    stations = pd.DataFrame({"nom": ["Relevage du Sud"]}, index=pd.Index(["S1"], name="id_station"))
    given = {
        "territory": Territory("Bassin", held, sources=told),
        "register": build_register(worlds.communes(), held, sources=told),
        "exposure": exposure(), "sensitivity": sensitivity(), "stations": stations,
        "stations_communes": pd.DataFrame(
            {"buildings": [6], "dwellings": [4]},
            index=pd.MultiIndex.from_tuples([("S1", "62001")], names=["id_station", "insee"])),
        "patches": patches, "links": links, "patch_layers": ("core_areas",),
        "parameters": {"Dispersion (m)": 1000.0},
    }  # fmt: skip
    return dossier.Results("Étude d'essai", communes, **{**given, **changes})


def renamed(name: str) -> dossier.Results:
    base = results()
    communes = base.communes.assign(nom=[name, "Port", "Nord", "Est"], epci_nom=name)
    return dataclasses.replace(base, communes=communes)


def findings() -> dict[str, pd.DataFrame]:
    rows = [
        ("U1.1", "à vérifier", "62001", "zone", 2.5, "ha", "Zone <b>AUc</b>"),
        ("U1.2", "bloquant", None, "plan", None, "", "Périmètre absent"),
        ("U1.1", "bloquant", "62002", "zone", 1.0, "ha", "Autre"),
    ]
    columns = ["rule", "level", "insee", "objet", "measure", "unit", "message"]
    answers = [
        ("62001", "U1.1", "constat"),
        ("62001", "U1.2", "conforme"),
        ("62003", "U1.1", "non évalué"),
    ]
    return {
        "plan_findings": pd.DataFrame(rows, columns=columns).assign(plan=["A", "A", "B"]),
        "plan_synthesis": pd.DataFrame(answers, columns=["insee", "rule", "status"])
        .assign(plan=["A", "A", "C"]),
    }  # fmt: skip


class Page(HTMLParser):
    """What a page holds, as a reader of the screen meets it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return re.sub(r"[ \n]+", " ", " ".join(self.words))


@lru_cache(maxsize=1)
def sud() -> dossier.Dossier:
    return dossier.build_dossier(results(), "62001", producer="MBM", date="2026-01-02")


@lru_cache(maxsize=1)
def sud_bytes() -> bytes:
    return sud().pdf()


@pytest.fixture(scope="session")
def _pdf_tools() -> None:
    """On the machine that judges changes, a PDF that cannot be made is a failure."""
    try:
        require_pdf()
    except MissingExtraError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def sud_pdf(_pdf_tools: None) -> PdfReader:
    return PdfReader(io.BytesIO(sud_bytes()))


def outline(reader: PdfReader) -> list[str]:
    return [str(item["/Title"]) for item in reader.outline if not isinstance(item, list)]


# figures


def test_figures_by_hand():
    """Kills a rank that counts from 0, a share of the intercommunality, and zeros for unknowns."""
    held = results()
    place = Place("commune", "62001", "Sud", ("62001",), "200000001", "CA du Sud")
    figures = {f.indicator.key: f for f in figures_of(held, dossier.measure(held), place)}
    population = figures["population"]
    assert (population.value, population.epci, population.basin) == (1000, 3000, 6000)
    assert (population.share, population.rank, population.ranked) == (1000 / 6000, 3, 4)
    inside = figures["property_ha"]
    assert (inside.value, inside.epci, inside.basin) == (25, 50, 50)
    assert (inside.share, inside.rank) == (0.5, 1)  # Port has as much
    assert figures["property_share"].value == 0.25
    assert figures["property_share"].basin == 50 / 400
    assert figures["property_share"].share is None
    assert figures["buffer_ha"].value == 50
    # T1, and half of T2; the half in Port counts there too, but once in the sums
    terrils = figures["terrils_met"]
    assert (terrils.value, terrils.epci, terrils.basin) == (2, 2, 3)
    assert figures["cavaliers_km"].value == 1
    assert figures["core_areas_ha"].value == 20
    assert figures["cycle_open_km"].value == 1
    assert figures["cycle_planned_km"].value == 0
    assert figures["cycle_planned_km"].rank is None
    assert figures["exposed_share"].value == 1234 / 4000
    assert figures["findings"].value is None
    assert figures["exposed"].nature == "modelled"
    assert figures["terrils_met"].nature == "real"


def test_what_was_not_assessed_is_not_zero():
    held = results()
    measures = dossier.measure(held)
    est = Place("commune", "62004", "Est", ("62004",), "200000002", "CC du Nord")
    exposed = next(f for f in figures_of(held, measures, est) if f.indicator.key == "exposed")
    assert exposed.value is None
    assert exposed.cell("value", "fr") == "non évalué"
    assert exposed.cell("epci", "fr") == "20 (partiel)"
    assert exposed.cell("basin", "fr") == f"1{_THIN}254 (partiel)"
    assert (exposed.share, exposed.rank, exposed.ranked) == (None, None, 3)
    # a register counts a layer that is absent as empty: the figures do not
    assert pd.isna(measures.communes["estates_met"]).all()
    assert pd.isna(measures.basin["estates_met"])
    text = Page(dossier.build_dossier(held, "62004").html).text
    assert "Non évalué : l’étude n’a pas compté les bâtiments".replace(" :", "\u00a0:") in text


def test_sums_of_communes_are_those_of_the_whole():
    measures = dossier.measure(results())
    sums = measures.communes[["population", "property_ha", "cycle_open_km", "exposed"]].sum()
    assert sums.to_dict() == measures.basin[sums.index].to_dict()
    assert measures.epci[sums.index].sum().to_dict() == sums.to_dict()


def test_order_of_rows_changes_nothing():
    base = results()
    turned = dataclasses.replace(
        base, communes=base.communes.iloc[::-1].set_axis([9, 3, 5, 1]),
        exposure=base.exposure.iloc[::-1],
    )  # fmt: skip
    assert dossier.build_dossier(turned, "62001").html == dossier.build_dossier(base, "62001").html


# the page


def test_every_chapter_is_there_and_says_what_matters():
    text = Page(sud().html).text
    for heading in ("L’essentiel en une page", "Bien inscrit et zone tampon",
                    "Terrils et patrimoine minier", "Trame verte et bleue et connectivité",
                    "Exposition aux inondations", "Itinéraires cyclables et cavaliers",
                    "Examen du document d’urbanisme", "Cartes",
                    "Méthodes, sources et limites"):  # fmt: skip
        assert heading in text
    # the rank is that of the hectares: it stands beside them, not after the share
    assert "25,0\u00a0ha dans la commune (1ᵉʳ\u00a0rang sur\u00a04), soit" in text
    assert f"soit 25,0{_THIN}% de sa superficie" in text
    assert f"1{_THIN}234 sur 4{_THIN}000\u00a0bâtiments sont exposés" in text
    assert f"de 1{_THIN}234 à 2{_THIN}468" in text
    assert f"part de l’emprise d’au moins 50{_THIN}%, sans constructions légères" in text
    assert "2\u00a0terrils et 1\u00a0puits de mine" in text
    assert "1,0\u00a0km en service et 0\u00a0km à venir" in text
    assert f"dans le scénario extrême (faible probabilité), 1{_THIN}500 [modélisé]." in text
    assert "Relevage du Sud" in text
    assert "Véloroute" in text
    assert "CA du Sud, 2\u00a0communes de l’étude" in text
    assert "ne décrit pas la réalité" in text
    assert "Étude\u00a0: Étude d’essai" in text


def test_tables_and_pictures_can_be_read_aloud():
    page = Page(sud().html)
    assert page.all("html") == [{"lang": "fr"}]
    assert len(page.all("caption")) == len(page.all("table")) > 8
    assert {cell.get("scope") for cell in page.all("th")} == {"col", "row", "rowgroup"}
    pictures = page.all("img")
    assert len(pictures) == 4  # the place in the study, territory, exposure, graph
    assert all(str(picture["src"]).startswith("data:image/svg+xml;base64,") for picture in pictures)
    assert all(len(str(picture["alt"])) > 40 for picture in pictures)
    links = [str(a["href"]) for a in page.all("a")]
    anchors = {f"#{h['id']}" for h in page.all("h2")}
    assert len(links) == 9
    assert set(links) == anchors
    assert not re.search(r"https?://|file:|<script", sud().html)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", 'L"Aisne & <b>'])
def test_names_stay_text(name):
    """Kills a template without escaping, and an SVG or an attribute that a name can close."""
    made = dossier.build_dossier(renamed(name), "62001")
    page = Page(made.html)
    assert not page.all("script")
    assert not page.all("b") or name not in made.html
    assert name in page.text
    assert "<script" not in made._repr_html_()
    assert made._repr_html_().startswith("<iframe srcdoc=")


def test_a_chapter_without_results_says_why():
    empty = dossier.Results("Rien", worlds.communes(), reasons={"flood": "pas de zones."})
    made = dossier.build_dossier(empty, "62001")
    text = Page(made.html).text.replace("\u00a0", " ")
    assert "Non évalué : pas de zones." in text
    for lacking in ("registre du patrimoine", "graphe d’habitat", "itinéraires cyclables",
                    "document d’urbanisme", "les couches de ces cartes"):  # fmt: skip
        assert re.search(f"Non évalué : l’étude n’a pas[^.]*{lacking}", text)
    assert text.count("non évalué") > 20
    assert repr(made) == "<Dossier « Dossier communal – Sud », 3 of 24 key figures>"


def test_findings_of_the_commune_and_of_its_plan():
    """Kills findings of another plan, and « conforme » for what nobody reviewed."""
    held = results(**findings())
    page = Page(dossier.build_dossier(held, "62001").html)
    assert "donne 2\u00a0constats, dont 1\u00a0bloquant." in page.text
    assert page.text.index("Périmètre absent") < page.text.index("Zone <b>AUc</b>")
    assert "2,5\u00a0ha" in page.text
    assert "Autre" not in page.text
    nord = Page(dossier.build_dossier(held, "62003").html).text
    assert "ne donne aucun constat" in nord
    port = Page(dossier.build_dossier(held, "62002").html).text
    assert "aucun document d’urbanisme de la commune n’a été examiné" in port


def test_english():
    text = Page(dossier.build_dossier(results(), "62001", lang="en").html).text
    assert "What to know in one page" in text
    assert "1,234 of 4,000\u00a0buildings are exposed (30.9%)" in text
    assert "rank\u00a01 of\u00a04" in text
    assert "not assessed" in text
    assert not re.search(r"[«»\u202f]|commune dossier de|é(valué|tude)(?!  d)", text.replace(
        "Étude d’essai", ""))  # fmt: skip


def test_reports_of_an_intercommunality_and_of_the_whole():
    held = results()
    epci = dossier.build_report(held, "200000001")
    text = Page(epci.html).text
    assert epci.title == "Rapport intercommunal – CA du Sud"
    assert "2\u00a0communes" in text
    assert text.index("Port 25,0") < text.index("Sud 25,0")
    assert "Nord 0" not in text
    whole = Page(dossier.build_report(held).html).text
    assert "Communes où le bien inscrit est le plus étendu" in whole
    assert whole.index("CA du Sud") < whole.index("CC du Nord")
    assert "6\u202f000\u00a0habitants" in whole


# the PDF


def test_pdf_is_archived_and_tagged(sud_pdf):
    metadata = str(sud_pdf.trailer["/Root"]["/Metadata"].get_object().get_data())
    assert re.search(r"pdfaid:part[^0-9]*2", metadata)
    assert re.search(r"pdfaid:conformance[^A-Z]*A", metadata)
    root = sud_pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "fr"
    assert root["/OutputIntents"]
    assert sud_pdf.metadata.title == "Dossier communal – Sud"
    assert sud_pdf.metadata.author == "MBM"
    assert "2026" in str(sud_pdf.metadata.creation_date_raw)
    fonts = [font.get_object() for page in sud_pdf.pages
             for font in page["/Resources"].get("/Font", {}).values()]  # fmt: skip
    assert {f["/BaseFont"][8:] for f in fonts} <= {"tvb", "tvb-Bold", "tvb-Italic"}
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object()
        assert "/FontFile2" in inner["/FontDescriptor"]


def test_a_place_is_joined_to_the_words_before_it():
    """Kills « autour de Isbergues » and « autour de CA … »."""
    places = [
        Place("commune", "62473", "Isbergues", ()), Place("commune", "62413", "Harnes", ()),
        Place("epci", "1", "CA de Lens", ()), Place("basin", "", "Bassin minier", ()),
    ]  # fmt: skip
    told = [_where(place, "fr") for place in places]
    assert told == ["d'Isbergues", "de Harnes", "de l’intercommunalité CA de Lens", "du territoire"]
    assert [_where(place, "en") for place in places] == [place.name for place in places]


def test_pdf_bookmarks_and_alternative_texts(sud_pdf):
    titles = outline(sud_pdf)
    assert len(titles) == 9
    assert titles[0].endswith("L’essentiel en une page")
    nested = [item for item in sud_pdf.outline if isinstance(item, list)]
    assert [str(plate["/Title"])[:9] for plate in nested[0]] == [f"Planche {k}" for k in (1, 2, 3)]
    alternatives = [str(node["/Alt"]) for node in elements(sud_pdf) if "/Alt" in node]
    assert len(alternatives) == 4
    assert alternatives[1].startswith("Carte au 1")
    assert "autour de Sud" in alternatives[1]
    kinds = {str(node.get("/S")) for node in elements(sud_pdf)}
    assert {"/Table", "/TH", "/TD", "/H2", "/Figure"} <= kinds


def elements(reader: PdfReader) -> list[Any]:
    """Return every node of the structure tree."""
    found, waiting = [], [reader.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop(0)
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            found.append(node)
            waiting += [node["/K"]] if "/K" in node else []
    return found


def test_pdf_holds_the_figures_and_lies_well_on_its_pages(sud_pdf):
    texts = [" ".join(page.extract_text().split()) for page in sud_pdf.pages]
    assert "Sud" in texts[0]
    assert "L’essentiel" in texts[1]
    assert "Document d’urbanisme" in texts[1]  # the last row of the key figures
    assert "Bien inscrit et zone tampon" in texts[2]
    assert any("Relevage du Sud" in text for text in texts)
    plates = [text for text in texts if "Planche" in text]
    assert len(plates) == 3
    assert all(f"{k} / {len(texts)}" in text for k, text in enumerate(texts[1:], start=2))
    assert all(tuple(map(round, page.mediabox[2:])) == (595, 842) for page in sud_pdf.pages)


@pytest.mark.usefixtures("_pdf_tools")
def test_same_inputs_same_bytes():
    again = dossier.build_dossier(results(), "62001", producer="MBM", date="2026-01-02")
    assert again.html == sud().html
    assert again.pdf() == sud_bytes()


def test_letters_of_a_plate_become_text():
    """Kills a pattern that swallows the next group, and text in a font that is not there."""
    line = (
        '<g id="text_1">\n <!-- A &amp; B -->\n <g style="fill: #1c1c1c" transform="translate(1 2) '
        'scale(0.1 -0.1)">\n<defs>\n<path id="{0}-24" d="M 0 0"/>\n</defs>\n'
        '<use xlink:href="#{0}-24"/>\n</g>\n</g>\n'
    )
    bold, other = line.format("DejaVuSans-Bold"), line.format("Symbola")
    found = letters_to_text(bold + other)
    assert found.count("<text ") == 1
    assert 'transform="translate(1 2) scale(0.1)"' in found
    assert 'font-weight="700">A &amp; B</text>' in found
    assert found.endswith(other)
    assert found.count("<g") == found.count("</g>")


def drawing(body: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="100pt" height="50pt" viewBox="0 0 100 50">{body}</svg>'
    )


def operators(body: str) -> str:
    """Return what a page holds where a drawing stands."""
    html = f'<style>@page {{ margin: 0 }}</style><img src="{as_uri(drawing(body))}" alt="x">'
    page = PdfReader(io.BytesIO(render_pdf(html))).pages[0]
    return page.get_contents().get_data().decode("latin-1")


@pytest.mark.usefixtures("_pdf_tools")
def test_a_drawing_keeps_its_numbers():
    """Kills a curve without its first point, a style that a use forgets, and a clip for all."""
    found = operators(
        '<defs><clipPath id="c"><rect x="1" y="2" width="3" height="4"/></clipPath>'
        '<path id="m" d="M 0 0 \nL 9 9 \n" style="stroke: #ff0000; stroke-linejoin: miter"/></defs>'
        '<g clip-path="url(#c)" transform="translate(5 6)">'
        '<path d="M 10 20 \nQ 13 20 13 26 \nz" style="fill: #00ff00; opacity: 0.5"/></g>'
        '<use xlink:href="#m" x="7" y="8" style="fill: none; stroke-width: 2.5"/>'
        '<path d="M 1 1 L 2 2" style="fill: none; stroke: #0000ff; stroke-dasharray: 3,1"/>'
    )
    flat = " ".join(found.split())
    assert "1 2 3 4 re W n 1 0 0 1 5 6 cm" in flat
    assert "10 20 m 12.00 20.00 13.00 22.00 13 26 c h f" in flat
    assert "/a0.5 gs 0 1 0 rg" in flat
    assert re.search(r"1 0 0 1 7 8 cm .*1 0 0 RG 2.5 w 0 J 0 j 0 0 m 9 9 l S", flat)
    assert re.search(r"0 0 1 RG 1 w 0 J 1 j \[3 1\] 0 d 1 1 m 2 2 l S", flat)


@pytest.mark.usefixtures("_pdf_tools")
def test_hatches_and_words_of_a_drawing():
    found = operators(
        '<defs><pattern id="h" width="72" height="72"><path d="M 0 0 \nL 72 72 \n" '
        'style="stroke: #123456"/></pattern></defs>'
        '<path d="M 0 0 L 9 0 L 9 9 z" style="fill: url(#h)"/>'
        '<text transform="translate(4 40) rotate(-90) scale(0.1)" font-family="tvb" '
        'font-size="100" style="fill: #ff0000">Terril</text>'
    )
    assert re.search(r"/Pattern cs\s+/p0 scn", found)
    assert found.count("BT") == 1  # the line is one text, not six letters
    turned = re.search(
        r"([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+) 0 0 cm\n0\.1 0 0 0\.1 0 0 cm", found
    )
    assert turned is not None
    assert [round(float(number)) for number in turned.groups()] == [0, -1, 1, 0]


@pytest.mark.usefixtures("_pdf_tools")
def test_a_drawing_of_another_kind_is_left_to_weasyprint():
    """Kills elements that vanish because they are not known."""
    circle = '<circle cx="50" cy="25" r="20" fill="#ff0000"/>'
    assert read_vector(require_pdf(), drawing(circle), None) is None
    assert "1 0 0 rg" in operators(circle)


def test_without_weasyprint_the_remedy_is_told(monkeypatch):
    def absent(name: str) -> None:
        raise OSError(f"cannot load library of {name}\nand so on")

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingExtraError, match=r"cannot load library of weasyprint\).*libpango"):
        sud().pdf()


# typography


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (amount(1234.56, "fr", 1), f"1{_THIN}234,6"),
        (amount(0.0, "fr", 1), "0"),
        (amount(0.04, "fr", 1, unit="ha"), "<\u00a00,1\u00a0ha"),
        (amount(None, "fr"), "non évalué"),
        (amount(float("nan"), "en"), "not assessed"),
        (percent(0.1234, "fr"), f"12,3{_THIN}%"),
        (percent(0.1234, "en"), "12.3%"),
        (percent(0.00001, "fr"), f"<\u00a00,1{_THIN}%"),
        (count(1, "building", "fr"), "1\u00a0bâtiment"),
        (count(0, "building", "fr"), "0\u00a0bâtiment"),
        (count(0, "building", "en"), "0\u00a0buildings"),
        (ordinal(1, "fr"), "1ᵉʳ"),
        (ordinal(2, "fr"), "2ᵉ"),
        (ordinal(2, "en"), "2"),
    ],
)
def test_amounts(text, wanted):
    assert text == wanted


# many


class Memory:
    """A journal that forgets nothing."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def checksum(self, key: str) -> str | None:
        return self.kept.get(key)

    def record(self, key: str, checksum: str) -> None:
        self.kept[key] = checksum


def broken() -> dossier.Results:
    """Return results in which one commune has no ground that a map could show."""
    base = results(exposure=None, patches=None)
    shape = base.communes.geometry.where(base.communes["insee"] != "62003", shapely.Polygon())
    return dataclasses.replace(base, communes=base.communes.set_geometry(shape))


def test_a_failing_dossier_does_not_lose_the_others(tmp_path):
    held = broken()
    memory = Memory()
    batch = dossier.build_dossiers(held, tmp_path, forms=["html"], journal=memory, jobs=2)
    assert batch.failed.index.tolist() == ["62003"]
    assert batch.failed["error"].str.contains("Error: ").all()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "62001.html", "62002.html", "62004.html"
    ]  # fmt: skip
    assert sorted(memory.kept) == ["62001", "62002", "62004"]
    assert repr(batch).endswith("3 écrit, 1 échec>")
    alone = dossier.build_dossier(held, "62001").html
    assert (tmp_path / "62001.html").read_text(encoding="utf-8") == alone


def test_a_run_goes_on_where_it_was(tmp_path):
    """Kills a journal that is believed although the file is gone or an input has changed."""
    memory = Memory()
    plain: dict[str, Any] = {"territory": None, "patches": None}  # no maps: quick
    options = {"forms": ["html"], "journal": memory, "jobs": 1, "insee": ["62001", "62002"]}
    first = dossier.build_dossiers(results(**plain), tmp_path, **options)
    assert first.dossiers["state"].tolist() == ["écrit", "écrit"]
    (tmp_path / "62002.html").unlink()
    second = dossier.build_dossiers(results(**plain), tmp_path, **options)
    assert second.dossiers["state"].tolist() == ["inchangé", "écrit"]
    changed = exposure().replace({"buildings": {1500: 1501}})
    third = dossier.build_dossiers(results(exposure=changed, **plain), tmp_path, **options)
    assert third.dossiers["state"].tolist() == ["écrit", "écrit"]
    fourth = dossier.build_dossiers(
        results(exposure=changed, **plain), tmp_path, lang="en", **options
    )
    assert fourth.dossiers["state"].tolist() == ["écrit", "écrit"]


# errors


def test_errors_say_what_to_do(tmp_path):
    held = results()
    with pytest.raises(ParameterError, match=r"commune « 99999 »: not in the results.*62001"):
        dossier.build_dossier(held, "99999")
    with pytest.raises(ParameterError, match="epci « 1 »: not in the results"):
        dossier.build_report(held, "1")
    with pytest.raises(ParameterError, match="« de » is unknown"):
        dossier.build_dossier(held, "62001", lang="de")
    with pytest.raises(ParameterError, match=r"cannot be saved as « x.doc ».*\.html or \.pdf"):
        sud().save(tmp_path / "x.doc")
    with pytest.raises(ParameterError, match=r"« odt » cannot be written.*html or pdf"):
        dossier.build_dossiers(held, tmp_path, forms=["odt"])
    with pytest.raises(ParameterError, match=r"there is no such folder.*create"):
        dossier.build_dossiers(held, tmp_path / "absent", forms=["html"])
    with pytest.raises(ParameterError, match=r"« 09Non » is not in the exposure.*02Moy, 04Fai"):
        results(scenario="09Non")
    with pytest.raises(LayerError, match="the results hold no territory"):
        dossier.Results("Rien", worlds.communes()).layer("terrils")


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda c: c.drop(columns="nom"), LayerError, "column « nom » is missing"),
        (lambda c: c.assign(insee="62001"), LayerError, "missing or given twice .3 features"),
        (lambda c: c.to_crs(4326), CrsError, "2154"),
    ],
)
def test_communes_must_be_communes(change, error, match):
    with pytest.raises(error, match=match):
        dossier.Results("Rien", change(worlds.communes()))


def test_a_file_replaces_the_older_one(tmp_path):
    path = tmp_path / "sud.html"
    path.write_text("old", encoding="utf-8")
    assert sud().save(path) == path
    assert Path(path).read_text(encoding="utf-8") == sud().html
