"""The review of the three modelled deliveries, and a portfolio of plans."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal

import plan_worlds as pw
import worlds
from tvb import connectivity
from tvb.datasets import PLAN_COMMUNES, PLANTED, bassin_minier, model_plans
from tvb.errors import ParameterError, SourceError
from tvb.io import ReviewStore, find_deliveries, read_plan, write_csv, write_geopackage, write_plan
from tvb.plan import LEVELS, Plan
from tvb.plu import (
    FINDING_COLUMNS,
    RULES,
    STATUSES,
    Reference,
    Review,
    Rule,
    iter_reviews,
    review_plan,
    review_portfolio,
)
from tvb.plu.reference import hash_frame
from tvb.study import plans as study_plans
from tvb.study.store import Store
from tvb.territory import Territory


@pytest.fixture(scope="module")
def territory() -> Territory:
    return bassin_minier(communes=PLAN_COMMUNES, rasters=False)


@pytest.fixture(scope="module")
def reference(territory) -> Reference:
    layers = {n: territory[n] for n in ("core_areas", "terrils")}
    patches = connectivity.build_patches(layers, min_area_m2=10_000, merge_distance_m=10)
    links = connectivity.build_links(patches, max_distance_m=2_000)
    graph = connectivity.HabitatGraph.from_frames(patches, links)
    return Reference.of(territory, graph=graph)


@pytest.fixture(scope="module")
def folder(territory, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("deliveries")
    for delivery in model_plans(territory):
        write_plan(delivery, place)
    return place


@pytest.fixture(scope="module")
def plans(folder) -> dict[str, Plan]:
    read = [read_plan(path, nature="modelled") for path in sorted(folder.iterdir())]
    return {plan.name: plan for plan in read}


@pytest.fixture(scope="module")
def reviews(plans, reference) -> dict[str, Review]:
    return {name: review_plan(plan, reference) for name, plan in plans.items()}


def matches(fault, findings: pd.DataFrame) -> pd.DataFrame:
    """Return the findings that tell a planted fault."""
    named = findings["libelle"].str.contains(fault.libelle, regex=False).fillna(False)
    return findings[
        findings["rule"].str.startswith(f"{fault.rule}.")
        & (findings["level"] == fault.level)
        & ((findings["table"] == fault.table) | (findings["table"] == ""))
        & (named | (fault.table == "info_surf") | (fault.table == "zone_urba"))
    ]


@pytest.mark.parametrize("fault", PLANTED, ids=lambda f: f"{f.plan} {f.rule} {f.what[:30]}")
def test_every_planted_fault_is_found(fault, reviews) -> None:
    """Kills a rule that works on hand-drawn squares only."""
    assert len(matches(fault, reviews[fault.plan].findings)) >= 1


def test_nothing_else_is_blocking(reviews) -> None:
    """One finding for each fault that blocks: none that is missing, none too many."""
    for name, review in reviews.items():
        grave = review.findings[review.findings["level"] == "bloquant"]
        planted = [f for f in PLANTED if f.plan == name and f.level == "bloquant"]
        assert grave["rule"].str[:2].tolist() == [f.rule for f in planted]
        assert review.is_blocking


def test_what_must_be_corrected_is_planted_too(reviews) -> None:
    """Beside zeros put back (several columns), each « à corriger » is one of the faults."""
    expected = {
        "62637_PLU_20140312": {"S1.3": 7, "S1.17": 1},
        "200072460_PLUi_20190925": {"U1.2": 3, "S1.4": 1, "S1.6": 1, "S1.18": 1},
        "59153_PLU_20240318": {"U1.3": 1, "T1.2": 1, "S1.15": 1, "S1.16": 1, "S1.19": 1},
    }
    for name, review in reviews.items():
        rows = review.findings[review.findings["level"] == "à corriger"]
        assert rows["rule"].value_counts().to_dict() == expected[name]


def test_measures_of_the_planted_faults(reviews) -> None:
    """60 m east and 25 m north are 65 m; the hole and the zones have their planted size."""
    old, middle, new = (reviews[n] for n in ("62637_PLU_20140312", "200072460_PLUi_20190925",
                                             "59153_PLU_20240318"))  # fmt: skip
    assert pw.measures(middle, "U1.2") == pytest.approx([65.0] * 3, abs=0.5)
    assert pw.measures(middle, "S1.18") == pytest.approx([14_400.0], abs=0.01)
    assert pw.measures(old, "U3.1") == pytest.approx([22_500.0], abs=0.01)
    assert pw.measures(old, "S1.17") == pytest.approx([10_000.0], abs=0.01)
    assert pw.measures(new, "U3.9") == pytest.approx([3_600.0], abs=0.01)
    element = pw.only(middle, "U2.1")
    assert element["objet"].tolist() == ["élément 101"]
    assert element["insee"].tolist() == ["62555"]


def test_shape_of_the_answers(reviews) -> None:
    """Every commune has every rule; statuses, levels and columns are those declared."""
    for review in reviews.values():
        assert list(review.findings.columns) == [*FINDING_COLUMNS, "geometry"]
        assert review.findings.crs == 2154
        assert review.findings.is_valid[review.findings.geometry.notna()].all()
        communes = review.plan["communes"].iloc[0].split()
        assert len(review.synthesis) == len(communes) * len(RULES)
        assert set(review.synthesis["status"]) <= set(STATUSES)
        assert set(review.findings["level"]) <= set(LEVELS)
        left = review.synthesis[review.synthesis["status"] == "non évalué"]
        assert set(left["rule"]) == {"U3.11"}  # no farmland in the embedded territory
        assert left["note"].str.contains("farmland").all()
        order = [r.id for r in RULES]
        assert review.findings["rule"].map(order.index).is_monotonic_increasing
        assert {"property", "zone_urba"} <= set(review.sources["layer"])


def test_findings_count_in_the_synthesis(reviews) -> None:
    """A finding of the whole plan counts in each of its communes, the others in one."""
    for review in reviews.values():
        count = review.synthesis["insee"].nunique()
        whole = int(review.findings["insee"].isna().sum())
        inside = len(review.findings) - whole
        assert review.synthesis["findings"].sum() == inside + count * whole


def test_both_languages_say_the_same_things(plans, reference, reviews) -> None:
    name = "59153_PLU_20240318"
    english = review_plan(plans[name], reference, lang="en")
    french = reviews[name]
    same = [c for c in FINDING_COLUMNS if c != "message"]
    assert_frame_equal(
        english.findings[same].sort_values(same[:6]).reset_index(drop=True),
        french.findings[same].sort_values(same[:6]).reset_index(drop=True),
    )
    at = english.findings["rule"] == "U1.9"
    assert "Give it the code INFO_SURF 40-02." in english.findings["message"][at].iloc[0]
    assert "Lui donner le code INFO_SURF 40-02." in pw.only(french, "U1.9")["message"][0]
    assert "Is the perimeter" in " ".join(english.synthesis["question"])
    note = english.synthesis.loc[english.synthesis["rule"] == "U3.11", "note"].iloc[0]
    assert note == "lacking: farmland"


def test_row_order_changes_nothing(plans, reference, territory, reviews) -> None:
    """Rows of the plan and of the reference upside down, with another index."""
    name = "59153_PLU_20240318"
    plan = plans[name]
    turned = {
        part: getattr(plan, part).iloc[::-1].set_axis(range(100, 100 + len(getattr(plan, part))))
        for part in ("zones", "prescriptions", "infos")
    }
    layers = {n: f.iloc[::-1].reset_index(drop=True) for n, f in territory.layers.items()}
    other = Reference.of(Territory("x", layers, sources=territory.sources), graph=reference.graph)
    again = review_plan(replace(plan, **turned), other)
    assert_frame_equal(pd.DataFrame(again.findings).drop(columns="geometry"),
                       pd.DataFrame(reviews[name].findings).drop(columns="geometry"))  # fmt: skip
    assert_frame_equal(again.synthesis, reviews[name].synthesis)
    assert other.checksum() == reference.checksum()


def test_summary_and_repr(reviews) -> None:
    review = reviews["200072460_PLUi_20190925"]
    assert repr(review).startswith("<Review 200072460_PLUi_20190925: 3 communes, 2 bloquant, ")
    text = review.summary()
    assert "bloquant: 2" in text
    assert "U2.1" in text
    assert "Musée" in text
    assert review.count_levels().index.tolist() == list(LEVELS)


def test_a_commune_that_the_reference_lacks_is_not_assessed(plans, reference) -> None:
    """Kills « no layer there, so nothing to say »; the rest of the plan is reviewed."""
    plan = plans["200072460_PLUi_20190925"]
    fewer = reference.communes[reference.communes["insee"] != "62048"]
    review = review_plan(plan, replace(reference, communes=fewer), rules=["U1.1", "S1.4"])
    table = review.synthesis.set_index(["insee", "rule"])
    assert table.loc[("62048", "U1.1"), "status"] == "non évalué"
    assert "absente de la référence" in table.loc[("62048", "U1.1"), "note"]
    assert table.loc[("62048", "S1.4"), "status"] == "constat"
    assert table.loc[("62194", "U1.1"), "status"] == "conforme"
    nowhere = review_plan(plan, replace(reference, communes=fewer.iloc[:0]), rules=["U1.1"])
    assert set(nowhere.synthesis["status"]) == {"non évalué"}


def test_an_empty_reference_assesses_the_standard_only(plans) -> None:
    review = review_plan(plans["62637_PLU_20140312"], Reference())
    table = review.synthesis.set_index("rule")["status"]
    assert set(table[[r.id for r in RULES if r.family != "S1"]]) == {"non évalué"}
    assert table["S1.3"] == "constat"
    assert repr(Reference()) == "<Reference: no layer>"


def test_layers_are_written_and_read_back(reviews, tmp_path: Path) -> None:
    """GeoPackage, CSV and GeoJSON through the writers of `tvb.io`."""
    review = reviews["59153_PLU_20240318"]
    layers = review.to_layers()
    assert list(layers)[:3] == ["constats_surf", "constats_lin", "constats_sans_lieu"]
    found = sum(len(v) for k, v in layers.items() if k.startswith("constats"))
    assert found == len(review.findings)
    path = tmp_path / "revue.gpkg"
    write_geopackage(layers, path)
    back = gpd.read_file(path, layer="constats_surf")
    assert back["message"].tolist() == layers["constats_surf"]["message"].tolist()
    with sqlite3.connect(path) as database:
        styled = {r[0] for r in database.execute("SELECT f_table_name FROM layer_styles")}
    assert {"constats_surf", "constats_lin"} <= styled
    write_csv(review.findings.drop(columns="geometry"), tmp_path / "f.csv", index=False)
    assert len(pd.read_csv(tmp_path / "f.csv")) == len(review.findings)
    features = json.loads(review.to_geojson())["features"]
    told = [f["properties"]["message"] for f in features]
    assert told == review.findings["message"].tolist()
    assert sum(f["geometry"] is None for f in features) == review.findings.geometry.isna().sum()
    west, south, east, north = shapely.from_geojson(json.dumps(features[0])).bounds
    assert 3 < west < east < 4  # Condé-sur-l'Escaut
    assert 50 < south < north < 51


def test_a_rule_of_ones_own(plans, reference) -> None:
    """Rules are data: another one runs beside those of tvb."""
    base = next(r for r in RULES if r.id == "U1.1")
    mine = replace(base, id="X1.1", level="information")
    review = review_plan(plans["59153_PLU_20240318"], reference, rules=["U1.1", mine])
    assert review.synthesis["rule"].tolist() == ["U1.1", "X1.1"]
    assert isinstance(mine, Rule)


@dataclass
class Memory:
    """A cache that counts."""

    kept: dict[str, Mapping[str, pd.DataFrame]] = field(default_factory=dict)

    def load(self, key: str) -> Mapping[str, pd.DataFrame] | None:
        return self.kept.get(key)

    def save(self, key: str, tables: Mapping[str, pd.DataFrame]) -> None:
        self.kept[key] = tables


@dataclass(frozen=True)
class Broken:
    """A delivery that cannot be read."""

    name: str

    def checksum(self) -> str:
        return self.name

    def read(self) -> Plan:
        raise SourceError("62048.zip: no table of the plan can be read.")


def test_who_has_transcribed_what(folder, reference) -> None:
    """One row for each commune, those without plan too; a failing delivery loses no other."""
    broken = Broken("99999_PLU_20200101")
    portfolio = review_portfolio([*find_deliveries(folder, nature="modelled"), broken], reference)
    table = portfolio.communes.set_index("insee")
    assert table.index.tolist() == [*PLAN_COMMUNES, "99999"]
    assert table["state"].tolist() == ["revu"] * 5 + ["échec"]
    assert "no table of the plan" in table.loc["99999", "error"]
    assert table.loc["62637", ["property", "buffer"]].tolist() == ["transcrit", "absent"]
    assert table.loc["62555", ["property", "buffer"]].tolist() == ["décalé", "transcrit"]
    assert table.loc["59153", ["property", "buffer"]].tolist() == ["partiel", "autre code"]
    assert table.loc["59153", "approved"] == "2024-03-18"
    assert table.loc["62555", "elements_unprotected"] == 1
    assert table.loc["62048", "elements_unprotected"] == 0
    assert portfolio.plans["state"].tolist() == ["revu", "revu", "revu", "échec"]
    assert portfolio.plans["bloquant"].tolist()[:3] == [2, 1, 1]
    assert repr(portfolio) == "<Portfolio: 6 communes, 3 revu, 1 échec>"
    assert "99999_PLU_20200101: SourceError" in portfolio.summary()
    assert len(portfolio.findings) == portfolio.plans[
        ["bloquant", "a_corriger", "a_verifier", "information"]
    ].sum(axis=None)


def test_a_portfolio_of_nothing_has_all_communes(reference) -> None:
    portfolio = review_portfolio([], reference)
    assert portfolio.communes["state"].tolist() == ["sans plan"] * 5
    assert portfolio.communes["property"].isna().all()
    assert portfolio.findings.empty
    some = review_portfolio([], reference, communes=["59153"])
    assert some.communes["insee"].tolist() == ["59153"]


def town_reference(**layers: Any) -> Reference:
    return pw.make_reference(property=gpd.GeoDataFrame(
        geometry=[worlds.box(200, 200, 600, 600)], crs=2154), **layers)  # fmt: skip


def test_a_plan_that_did_not_change_is_not_reviewed_again() -> None:
    """The plan, the reference, a threshold, the language and the rules: each makes it new."""
    cache, plan, reference = Memory(), pw.make_plan(), town_reference()

    def states(plan: Plan = plan, reference: Reference = reference, **options: Any) -> list[str]:
        options = {"rules": ["U1"], **options}
        return [r.state for r in iter_reviews([plan], reference, cache=cache, **options)]

    assert states() == ["revu"]
    assert states() == ["inchangé"]
    assert states(reference=town_reference()) == ["inchangé"]
    moved = plan.zones.assign(geometry=plan.zones.translate(1.0, 0.0))
    assert states(plan=replace(plan, zones=moved)) == ["revu"]
    more = town_reference(buffer=gpd.GeoDataFrame(geometry=[worlds.box(0, 0, 9, 9)], crs=2154))
    assert states(reference=more) == ["revu"]
    assert states(thresholds={"tolerance_m": 20.0}) == ["revu"]
    assert states(lang="en") == ["revu"]
    assert states(rules=["U1", "U2"]) == ["revu"]
    assert states() == ["inchangé"]
    mine = replace(RULES[0], id="X1.1")
    assert states(rules=[mine]) == ["revu"]
    assert states(rules=[mine]) == ["revu"]  # its code may have changed


def test_a_review_kept_is_the_review(tmp_path: Path) -> None:
    """Through files: every frame comes back as it was."""
    store, plan, reference = ReviewStore(tmp_path / "kept"), pw.make_plan(), town_reference()
    (first,) = iter_reviews([plan], reference, cache=store)
    (second,) = iter_reviews([plan], reference, cache=store)
    assert (first.state, second.state) == ("revu", "inchangé")
    assert first.review is not None
    assert second.review is not None
    assert_geodataframe_equal(first.review.findings, second.review.findings)
    for name in ("synthesis", "plan", "sources"):
        assert_frame_equal(getattr(first.review, name), getattr(second.review, name))
    assert first.review.summary() == second.review.summary()
    assert repr(store).startswith("<ReviewStore ")


def test_a_run_that_was_stopped_leaves_nothing_to_believe(tmp_path: Path) -> None:
    store, reference = ReviewStore(tmp_path), town_reference()
    list(iter_reviews([pw.make_plan()], reference, cache=store))
    (kept,) = tmp_path.iterdir()
    (kept / "synthesis.parquet").write_bytes(b"")
    (again,) = iter_reviews([pw.make_plan()], reference, cache=store)
    assert again.state == "revu"
    with pytest.raises(ParameterError, match=r"key: « \.\./x ».*64 hexadecimal digits"):
        store.load("../x")


def test_a_study_takes_each_review_once(
    folder, reference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills: the cache read a second time for the summaries, which then all say « inchangé »."""
    loads = []

    def load(store: ReviewStore, key: str) -> Mapping[str, pd.DataFrame] | None:
        loads.append(key)
        return plain(store, key)

    plain = ReviewStore.load
    monkeypatch.setattr(ReviewStore, "load", load)
    monkeypatch.setattr(study_plans, "_reference", lambda *_: reference)
    study: Any = SimpleNamespace(study=SimpleNamespace(lang="fr", excel=False))
    made = study_plans.review_plans(study, Store(tmp_path), [folder])
    assert len(loads) == len(made.reviews) == 3
    assert [r.state for r in made.reviews] == ["revu"] * 3
    assert made.portfolio.plans["state"].tolist() == ["revu"] * 3
    alone = review_portfolio(find_deliveries(folder), reference)
    assert_frame_equal(made.portfolio.communes, alone.communes)
    assert_geodataframe_equal(made.portfolio.findings, alone.findings)
    again = study_plans.review_plans(study, Store(tmp_path), [folder])
    assert len(loads) == 6
    assert [r.state for r in again.reviews] == ["inchangé"] * 3


def test_deliveries_of_a_folder(folder, tmp_path: Path) -> None:
    """Any file but a PDF changes the checksum; its name does for a PDF."""
    found = find_deliveries(folder)
    assert [d.name for d in found] == sorted(p.name for p in folder.iterdir())
    with pytest.raises(SourceError, match=r"nowhere.*is no folder.*a folder of deliveries"):
        find_deliveries(tmp_path / "nowhere")
    plan = tmp_path / "p"
    (plan / "Pieces_ecrites").mkdir(parents=True)
    (plan / "a.dbf").write_bytes(b"1")
    part = plan / "Pieces_ecrites" / "r.pdf"
    part.write_bytes(b"1")
    (delivery,) = find_deliveries(tmp_path)
    first = delivery.checksum()
    part.write_bytes(b"2")
    assert delivery.checksum() == first
    part.rename(part.with_name("s.pdf"))
    second = delivery.checksum()
    (plan / "a.dbf").write_bytes(b"2")
    assert len({first, second, delivery.checksum()}) == 3


def test_the_latest_plan_of_a_commune_counts() -> None:
    drawn = pw.make_plan(inf=[("40-01", worlds.box(200, 200, 600, 600))])
    older = replace(pw.make_plan(), name="62001_PLU_20100101", approved=dt.date(2010, 1, 1))
    portfolio = review_portfolio([older, drawn], town_reference(), rules=["U1"])
    row = portfolio.communes.set_index("insee").loc["62001"]
    assert (row["property"], row["plans"], row["plan"]) == ("transcrit", 2, drawn.name)


def test_hash_of_frames() -> None:
    """Order of rows is nothing; a value, a column or a shape is something."""
    points = [shapely.Point(0, 0), shapely.Point(1, 1)]
    frame = gpd.GeoDataFrame({"a": ["x", "y"], "b": ["u", None]}, geometry=points, crs=2154)
    same = hash_frame(frame.iloc[::-1])
    assert hash_frame(frame) == same
    others = [
        frame.assign(a=["x", "z"]), frame.rename(columns={"a": "c"}),
        frame.rename(columns={"a": "b", "b": "a"}),
        frame.set_geometry([shapely.Point(0, 0), shapely.Point(1, 2)], crs=2154), frame.iloc[:1],
    ]  # fmt: skip
    assert len({same, *(hash_frame(f) for f in others)}) == 6
    assert np.all([isinstance(hash_frame(f), str) for f in others])
