"""How results show themselves, and what completion offers.

A public class without an example here fails: add one, and look at it in a notebook.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import jedi
import numpy as np
import pandas as pd
import pytest
import shapely

import plan_worlds
import tvb
import worlds
from tvb import (
    connectivity,
    datasets,
    display,
    dossier,
    facts,
    flood,
    heritage,
    io,
    maps,
    names,
    plan,
    plu,
    schema,
    study,
)
from tvb.dossier.figures import INDICATORS
from tvb.grid import Grid
from tvb.maps.symbols import Fill
from tvb.schema.layers import GRID_SCHEMAS
from tvb.territory import Source, Territory

EVIL = "<script>alert(1)</script>"
SCENARIO = pd.Index(["02Moy"], name="scenario")
MODULES = (
    "tvb", "tvb.connectivity", "tvb.datasets", "tvb.dossier", "tvb.errors", "tvb.facts",
    "tvb.flood", "tvb.geometry", "tvb.grid", "tvb.heritage", "tvb.io", "tvb.maps", "tvb.names",
    "tvb.plan", "tvb.plu", "tvb.schema", "tvb.study", "tvb.territory",
)  # fmt: skip

Makers = Mapping[type, Callable[[], Any]]

NOT_SHOWN: dict[str, str] = {
    "DatabaseFootprints": "asks for a server: looked at in test_io_database_chunks",
    "ExposedBuildings": "a value on its way from one chunk to the next function",
    "ExposureCounts": "numbers to be added up by programs",
    "FootprintChunk": "buffers that programs go through",
    "Journal": "a protocol",
    "PageOptions": "keywords of a function",
}
"""Public classes that nobody looks at, and why."""

ONE_LINE: dict[str, str] = {
    "CodePair": "a record",
    "CostRegression": "a record",
    "Column": "shown by its layer",
    "CountingRule": "a record; caches are keyed by its repr",
    "Entry": "shown by its report",
    "Fact": "a record",
    "Fault": "a record",
    "Figure": "shown by its dossier",
    "FolderStore": "a folder",
    "Footprints": "rows that were not read yet",
    "FootprintPart": "a record; caches are keyed by its repr",
    "Found": "a record",
    "Idurba": "a record",
    "LayerFile": "a record",
    "Locator": "an option of a page",
    "Page": "options",
    "Prepared": "what a count begins with",
    "ReviewStore": "a folder",
    "Reviewed": "shows its review",
    "SeriesSheet": "a sheet still to be drawn",
    "Sight": "options",
    "StoredDelivery": "a path",
    "WebLayer": "an option of a web map",
    "Threshold": "shown by its rule",
    "Words": "a record",
}
"""Classes for which one line says all, and why they need no table."""


def public_classes() -> dict[str, type]:
    """Return every class that a public module names, warnings and errors apart."""
    named = [getattr(m, n) for m in map(importlib.import_module, MODULES) for n in m.__all__]
    mine = [c for c in named if inspect.isclass(c) and c.__module__.startswith("tvb.")]
    return {c.__name__: c for c in mine if not issubclass(c, BaseException)}


@cache
def territory() -> Territory:
    """Return six communes, one of them with a hostile name, and a hostile source."""
    made = datasets.bassin_minier(communes=datasets.PLAN_COMMUNES, rasters=False, buildings=2000)
    communes = made["communes"].assign(nom=EVIL, epci_nom=EVIL)
    terrils = made["terrils"].assign(nom=EVIL)
    return replace(
        made,
        name=EVIL,
        layers={**made.layers, "communes": communes, "terrils": terrils},
        grids={"land_cover": grid()},
        sources=tuple(replace(source, title=EVIL) for source in made.sources),
    )


def grid() -> Grid:
    """Return a hollow of one cell, 1 m deep, whose legend is hostile."""
    ground = np.full((3, 4), 2.0)
    ground[1, 1] = 1.0
    return Grid(ground, worlds.X0, worlds.Y0, 10.0, 10.0, name=EVIL, legend={1: EVIL})


def houses() -> gpd.GeoDataFrame:
    """Return two buildings of the squared town."""
    return plan_worlds.buildings((100, 100), (1500, 100))


def zones() -> gpd.GeoDataFrame:
    """Return a flood zone over the first of them."""
    return plan_worlds.flood(worlds.box(0, 0, 500, 500))


@cache
def review() -> plu.Review:
    """Return the review of a plan that does not transcribe the property."""
    reference = plan_worlds.make_reference(
        communes=worlds.communes().assign(nom=EVIL),
        property=plan_worlds.frame([worlds.box(0, 0, 500, 500)]),
    )
    return plu.review_plan(plan_worlds.make_plan(), reference)


def failures() -> flood.StationFailures:
    """Return a basin kept dry by a station of hostile name."""
    basins = plan_worlds.frame([worlds.box(0, 0, 500, 500)], id_station=[EVIL])
    return flood.build_station_failures(houses(), basins, worlds.communes())


def counter_scenario() -> flood.CounterScenario:
    """Return a basin whose water is lower by half a metre."""
    names = ["level_m", "volume_m3", "area_m2", "overflow_m3"]
    water = {f"{n}_{when}": [v] for when, v in (("before", 1.0), ("after", 0.5)) for n in names}
    balance = pd.DataFrame({"id_station": [EVIL], "stored_m3": [9.0], **water})
    return flood.CounterScenario(zones(), zones(), balance)


def population() -> flood.PopulationSpread:
    """Return the people of a cell on two buildings."""
    cells = pd.DataFrame(
        {"basis": ["dwellings"], "people": [9.0], "spread": [9.0], "no_building": [0.0],
         "outside": [0.0]}
    )  # fmt: skip
    return flood.PopulationSpread(pd.DataFrame({"people": [4.0, 5.0]}), cells)


@cache
def plate() -> maps.Plate:
    return maps.plot_territory(territory())


CORNER = worlds.box(0, 0, 10, 10)
SOURCE = Source("terrils", "real", EVIL, "p", "l", "2024", "f.shp", "a" * 64, 9, 7, {EVIL: 2})
REPORT = io.LayerReport("terrils", ("f.shp",), 9, 7, dropped=(io.Entry(EVIL, 2),))
ACCOUNT = pd.DataFrame({EVIL: [2]}, index=SCENARIO)
COUNTS = pd.DataFrame({"buildings": [2]}, index=pd.Index([EVIL], name="scenario"))
STEP = study.StepResult(EVIL, "0" * 64, 1.25, False, {EVIL: "0" * 64})


def small_records() -> Makers:
    """Return examples that need no layer."""
    return {
        Source: lambda: SOURCE,
        Grid: grid,
        connectivity.CostRegression: lambda: connectivity.CostRegression(1 / 3, 0.9, 0.5, 7, 1),
        facts.Fact: lambda: facts.PROPERTY_AREA,
        flood.CountingRule: lambda: flood.DEFAULT_RULE,
        flood.FolderStore: lambda: flood.FolderStore("cache"),
        flood.WorstFailures: lambda: flood.WorstFailures((EVIL,), 3.0, 4.0, False, "people", 9),
        heritage.Sight: heritage.Sight,
        io.Entry: lambda: io.Entry("null geometry", 2, ("a", "b")),
        io.GraphabSettings: lambda: io.GraphabSettings(
            EVIL, 10.0, 1e6, pd.DataFrame({"kind": [EVIL]}), pd.DataFrame({"kind": ["complete"]})
        ),
        io.HazardDelivery: lambda: io.HazardDelivery(
            {"flood_zones": zones()}, (REPORT,),
            pd.DataFrame({"table": [EVIL], "layer": [None], "state": ["unknown"]}),
        ),
        io.LayerReport: lambda: REPORT,
        io.ReviewStore: lambda: io.ReviewStore("reviews"),
        io.StoredDelivery: lambda: io.StoredDelivery(Path("plan.zip")),
        io.Style: lambda: replace(io.style_for("terrils"), title=EVIL),
        maps.Page: maps.Page,
        names.NameResolution: lambda: names.resolve_communes(
            pd.Series(["Sud", EVIL]), worlds.communes()
        ),
        plan.Idurba: lambda: plan.parse_idurba("62001_PLU_20180523"),
        plu.CodePair: lambda: plu.find_pair("prescriptions", "07-01"),
        plu.Rule: lambda: plu.RULES[0],
        plu.Threshold: lambda: next(iter(plu.THRESHOLDS)),
        plu.Words: lambda: plu.Words("oui", "yes"),
        schema.Column: lambda: schema.SCHEMAS["terrils"].columns[0],
        schema.Fault: lambda: schema.Fault("key given twice", 1, ("T140",)),
        schema.GridSchema: lambda: GRID_SCHEMAS[0],
        schema.LayerSchema: lambda: schema.SCHEMAS["terrils"],
        study.LayerFile: lambda: study.LayerFile((Path("a.shp"),)),
        study.RunResult: lambda: study.RunResult(Path("out"), (STEP,), (), {"flood": EVIL}),
        study.StepResult: lambda: STEP,
        study.Study: lambda: study.Study(layers={EVIL: study.LayerFile()}),
    }  # fmt: skip


def small_results() -> Makers:
    """Return examples that are made from the squared town or from six communes."""
    return {
        Territory: territory,
        connectivity.Corridor: lambda: connectivity.Corridor(
            EVIL, 2, 9.0, 0.1, grid(), CORNER, 100.0, 10.0, 5.0
        ),
        connectivity.HabitatGraph: plan_worlds.two_patches,
        flood.BuildingDamage: lambda: flood.BuildingDamage(ACCOUNT, ACCOUNT, ACCOUNT, "linear"),
        flood.BuildingDepths: lambda: flood.measure_depth(houses(), {"02Moy": grid()}),
        flood.CounterScenario: counter_scenario,
        flood.FilledTerrain: lambda: flood.fill_depressions(grid()),
        flood.Hazard: lambda: flood.Hazard.from_layers(
            {"flood_zones": zones().assign(scenario=EVIL)}
        ),
        flood.PopulationSpread: population,
        flood.Prepared: lambda: flood.prepare_exposure(zones(), worlds.communes()),
        flood.Sensitivity: lambda: flood.sensitivity(houses(), zones(), worlds.communes()),
        flood.StageCurve: lambda: flood.build_stage_curve(flood.fill_depressions(grid()), 1),
        flood.StationFailures: failures,
        flood.StreamedExposure: lambda: flood.StreamedExposure({EVIL: COUNTS}, 7),
        study.DistributedExposure: lambda: study.DistributedExposure({EVIL: COUNTS}, 7, REPORT),
        heritage.Register: lambda: heritage.build_register(
            territory()["communes"], territory().layers
        ),
        heritage.RiskRanking: lambda: heritage.rank_at_risk(
            heritage.build_watch_list(territory()["communes"], territory().layers).assign(nom=EVIL),
            on="2026-01-31",
        ),
        io.DatabaseChunk: lambda: io.DatabaseChunk(0, territory()["terrils"], REPORT),
        maps.Atlas: lambda: maps.Atlas(
            Path("a.pdf"), pd.DataFrame({"name": [EVIL], "error": [""]}), (SOURCE,)
        ),
        maps.Locator: lambda: maps.Locator(worlds.communes(), (SOURCE,)),
        maps.Plate: plate,
        maps.SeriesSheet: lambda: maps.SeriesSheet("a", EVIL),
        maps.WebLayer: lambda: maps.WebLayer(EVIL, worlds.communes(), Fill("#ffffff"), (SOURCE,)),
        maps.WebMap: lambda: maps.WebMap(EVIL, "<p>", (EVIL,), (SOURCE,)),
        plan.Plan: lambda: replace(plan_worlds.make_plan(), name=EVIL),
        plan.PlanDelivery: lambda: plan.PlanDelivery(
            EVIL, "PLU", "2017", {EVIL: zones()}, "geopackage"
        ),
        plu.Found: lambda: plu.Found("62001", "zone N", 1 / 3, "ha", CORNER),
        plu.Outcome: lambda: plu.Outcome([plu.Found(None, EVIL, geometry=CORNER)]),
        plu.Portfolio: lambda: plu.review_portfolio(
            [plan_worlds.make_plan()],
            plan_worlds.make_reference(communes=worlds.communes().assign(nom=EVIL)),
            progress=False,
        ),
        plu.Reference: lambda: plan_worlds.make_reference(scenarios=(EVIL,)),
        plu.Review: review,
        plu.Reviewed: lambda: plu.Reviewed("a", "revu", review()),
    }


def small_dossiers() -> Makers:
    """Return examples of dossiers and of what they are made from."""
    figure = dossier.Figure(INDICATORS[0], EVIL, 1.0, 2.0, 3.0, (False,) * 3, None, 1, 4, "real")
    return {
        dossier.Batch: lambda: dossier.Batch(Path("d"), pd.DataFrame({"state": ["écrit"]})),
        dossier.Dossier: lambda: dossier.Dossier(EVIL, "<p>", (figure,)),
        dossier.Figure: lambda: figure,
        dossier.Measures: lambda: dossier.measure(dossier.Results(EVIL, worlds.communes())),
        dossier.Results: lambda: dossier.Results(EVIL, worlds.communes()),
    }


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> Makers:
    path = tmp_path_factory.mktemp("layers") / "buildings.gpkg"
    io.write_geopackage({"buildings": houses()}, path)
    return {
        **small_records(),
        **small_results(),
        **small_dossiers(),
        io.Footprints: lambda: io.open_footprints(path),
        io.FootprintPart: lambda: io.list_footprint_parts(path)[0],
    }


class Page(HTMLParser):
    """What a browser would find in a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.styles: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.styles |= {value or "" for name, value in attrs if name == "style"}
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


SHOWN = sorted(public_classes().keys() - NOT_SHOWN.keys())
PLAIN_TAGS = {"table", "caption", "thead", "tbody", "tr", "th", "td", "b", "p", "code"}


@pytest.mark.parametrize("name", SHOWN)
def test_repr_is_readable(name: str, makers: Makers) -> None:
    """Kills the ``repr`` that dataclasses write: frames, arrays and addresses in memory."""
    told = repr(makers[public_classes()[name]]())
    assert " object at 0x" not in told
    assert "array(" not in told
    assert "POLYGON" not in told
    assert len(told.splitlines()) == 1
    assert len(told) <= 600


@pytest.mark.parametrize("name", sorted(set(SHOWN) - ONE_LINE.keys()))
def test_table_is_small_and_its_values_are_text(name: str, makers: Makers) -> None:
    """Kills values pasted into HTML, tables of a thousand rows, colours of light themes."""
    one = makers[public_classes()[name]]()
    if hasattr(one, "_repr_png_"):
        assert one._repr_png_()[:4] == b"\x89PNG"
        return
    html = one._repr_html_()
    page = Page(html)
    if "iframe" in page.tags:
        assert page.tags == ["iframe"]
        return
    assert set(page.tags) <= PLAIN_TAGS
    assert page.tags[:2] == ["table", "caption"]
    assert name in page.text
    assert page.tags.count("tr") <= display.SHOWN_ROWS + 2
    assert len(html) < 20_000
    assert "color" not in html
    assert "background" not in html


HOSTILE = (
    Territory, Source, Grid, plan.Plan, plan.PlanDelivery, names.NameResolution, plu.Review,
    plu.Portfolio, plu.Reference, plu.Outcome, heritage.RiskRanking, flood.StationFailures,
    flood.CounterScenario, flood.Hazard, flood.WorstFailures, flood.BuildingDamage,
    io.HazardDelivery, io.GraphabSettings, io.DatabaseChunk, study.RunResult, study.Study,
)  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE, ids=lambda kind: kind.__name__)
def test_a_commune_named_script_stays_text(kind: type, makers: Makers) -> None:
    assert EVIL in Page(makers[kind]()._repr_html_()).text


def test_exceptions_are_still_classes() -> None:
    """A list of exceptions that nobody cleans hides what was renamed."""
    assert (NOT_SHOWN.keys() | ONE_LINE.keys()) <= public_classes().keys()


@pytest.mark.parametrize("one", [SOURCE, flood.DEFAULT_RULE], ids=["Source", "CountingRule"])
def test_caches_may_rely_on_what_a_record_tells(one: Any) -> None:
    """Kills a shorter ``repr`` of these two: dossiers and streams are kept under it."""
    for field in fields(one):
        assert f"{field.name}={getattr(one, field.name)!r}" in repr(one)


# Tables -----------------------------------------------------------------------------------------


class Told:
    def __repr__(self) -> str:
        return "<Told « a & b »: 2 rows>"


def cells(html: str) -> list[str]:
    return [part.split("</td>")[0].split(">", 1)[1] for part in html.split("<td")[1:]]


def test_table_of_parts_by_hand() -> None:
    html = display.parts_table(Told(), {"area (m²)": 1234567.891, "n": 1}, then=(".a",))
    assert html == (
        '<table><caption style="caption-side:top;white-space:nowrap;text-align:left"><b>Told</b>'
        ' « a &amp; b »: 2 rows</caption><thead><tr><th style="text-align:left">part</th>'
        '<th style="text-align:left">content</th></tr></thead><tbody>'
        '<tr><td style="text-align:left">area (m²)</td>'
        '<td style="text-align:left">1\u202f234\u202f567.9</td></tr>'
        '<tr><td style="text-align:left">n</td><td style="text-align:left">1</td></tr>'
        "</tbody></table><p>→ <code>.a</code></p>"
    )


def test_numbers_of_a_column_share_their_decimals_and_stand_right() -> None:
    """Kills ``str(value)``: 0.30000000000000004 below 12."""
    html = display.rows_table(Told(), ["x"], [(0.1 + 0.2,), (12.0,), (None,), (float("nan"),)])
    assert cells(html) == ["0.3", "12.0", "", ""]
    assert html.count("text-align:right") == 5


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (2.0, "2"), (np.int64(12345), "12\u202f345"), (np.float32(0.5), "0.5"), (True, "True"),
        (0.000125, "0.000125"), (2 / 3, "0.6667"), (-1234.56, "-1\u202f234.6"),
        (float("inf"), "inf"), (pd.NA, ""), (pd.NaT, ""), ("a\n b", "a b"),
        ("x" * 300, "x" * 239 + "…"), (pd.DataFrame({"a": [1]}), "1 row"),
        (shapely.Point(1, 2), "POINT (1 2)"),
    ],
)  # fmt: skip
def test_cells(value: object, told: str) -> None:
    assert cells(display.rows_table(Told(), ["x"], [(value,)])) == [told]


def test_a_long_table_says_what_it_leaves_out() -> None:
    frame = gpd.GeoDataFrame(
        {"n": range(10_000)}, geometry=[CORNER] * 10_000, index=pd.RangeIndex(10_000, name="i")
    )
    page = Page(display.frame_table(Told(), frame))
    assert page.tags.count("tr") == display.SHOWN_ROWS + 2
    assert f"… and {10_000 - display.SHOWN_ROWS:,} more rows".replace(",", "\u202f") in page.text
    assert "POLYGON" not in page.text
    one_more = display.rows_table(Told(), ["x"], [(i,) for i in range(display.SHOWN_ROWS + 1)])
    assert "… and 1 more row<" in one_more


def test_an_empty_table_has_heads() -> None:
    page = Page(display.frame_table(Told(), pd.DataFrame({"a": [], "b": []})))
    assert page.tags.count("tr") == 1
    assert page.tags.count("th") == 2


# Completion -------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_dir_lists_public_names_only(module: str) -> None:
    """Kills ``pd``, ``explain`` and inner modules among the names that a user is offered."""
    loaded = importlib.import_module(module)
    assert dir(loaded) == sorted(loaded.__all__)
    assert all(hasattr(loaded, name) for name in loaded.__all__)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("tvb.flo", ["flood"]),
        ("tvb.load_terril", ["load_terrils"]),
        ("tvb.io.read_l", ["read_layer"]),
        ("tvb.flood.count_exposed", ["count_exposed_buildings"]),
        ("tvb.maps.plot_ch", ["plot_change"]),
        ("tvb.datasets.bassin_minier(buil", ["buildings="]),
    ],
)
def test_completion_knows_what_is_loaded_on_use(code: str, wanted: list[str]) -> None:
    """What IPython and Jupyter ask."""
    found = [one.name for one in jedi.Interpreter(code, [{"tvb": tvb}]).complete()]
    assert found == wanted
