"""Each rule of the plan review: a plan that passes, a plan that fails, thresholds at their bounds.

Distances and areas are computed by hand on squares of whole metres.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

import plan_worlds as pw
import worlds
from tvb import heritage
from tvb.connectivity import compute_ec, remove_links
from tvb.errors import CrsError, ParameterError
from tvb.grid import Grid
from tvb.plan import Plan
from tvb.plu import (
    FAMILIES,
    RULES,
    THRESHOLDS,
    Reference,
    measure_zone_faults,
    review_plan,
    rules_table,
    select_rules,
    thresholds_table,
)
from tvb.plu.declare import format_fact
from tvb.plu.overlay import is_wide, shared_parts, subdivide, uncovered_parts
from tvb.plu.shift import estimate_shift
from tvb.territory import Territory

box, line, frame = worlds.box, pw.line, pw.frame

P = box(200, 200, 600, 600)  # 16 ha
E = box(200, 200, 300, 300)  # 1 ha
AU = box(500, 500, 700, 700)
GROUND = box(600, 500, 900, 700)  # 100 m by 200 m of it in AU
FAR = box(0, 0, 100, 100)
SITE = box(600, 600, 650, 650)
WET = box(100, 100, 300, 300)
WEST = box(0, 0, 500, 1000)
ACROSS = line((0, 500), (1000, 500))


def moved(shape: Any, east: float, north: float) -> Any:
    return affinity.translate(shape, east, north)


def elements(*shapes: Any) -> gpd.GeoDataFrame:
    numbers = [str(i + 1) for i in range(len(shapes))]
    return frame(shapes, no_element=numbers, nom=["Fosse"] * len(shapes))


World = tuple[Callable[[], Plan], Reference]
Case = tuple[World, World, list[float]]


def world(plan: Callable[[], Plan], **layers: Any) -> World:
    return plan, pw.make_reference(**layers)


def plan(*args: Any, **kwargs: Any) -> Callable[[], Plan]:
    return cache(lambda: pw.make_plan(*args, **kwargs))


def edited(change: Callable[[dict[str, pd.DataFrame]], Any], **kwargs: Any) -> Callable[[], Plan]:
    """Return the plan of tables to which something was done."""

    def read() -> Plan:
        tables = pw.make_tables(**kwargs)
        change(tables)
        return pw.make_plan(tables=tables)

    return cache(read)


def put(table: str, column: str, value: Any) -> Callable[[dict[str, pd.DataFrame]], None]:
    def change(tables: dict[str, pd.DataFrame]) -> None:
        name = f"62001_{table}_20180523"
        tables[name] = tables[name].assign(**{column: value})

    return change


def perimeter(layer: str, code: str, first: int) -> dict[str, Case]:
    """Return the worlds of the five rules about the property or the buffer zone."""
    ref = {layer: frame([P])}
    good = world(plan(inf=[(code, P)]), **ref)
    # 185 m of 400 m lie beyond the tolerance of 15 m around the half that is drawn.
    half = world(plan(inf=[(code, box(200, 200, 400, 600))]), **ref)
    bound = world(plan(inf=[(code, moved(P, 9, 12))]), **ref)  # 15 m: the tolerance itself
    cases = (
        (good, world(plan(), **ref), [16.0]),
        (bound, world(plan(inf=[(code, moved(P, 30, 40))]), **ref), [50.0]),
        (good, half, [100 * (1 - 185 / 400)]),
        (good, world(plan(inf=[("31-00", P)]), **ref), [100.0]),
        (good, world(plan(inf=[(code, box(200, 200, 700, 600))]), **ref), [85.0 * 400]),
    )
    return {f"U1.{first + i}": case for i, case in enumerate(cases)}


def grounds() -> dict[str, Case]:
    """Return the worlds of AU zones and reserved sites on the five grounds."""
    cases: dict[str, Case] = {}
    zones = pw.zones_around(("AUc", AU))
    layers: dict[str, tuple[Any, Any, float, float]] = {
        "property": (frame([GROUND]), frame([FAR]), 20_000.0, 2_500.0),
        "buffer": (frame([GROUND]), frame([FAR]), 20_000.0, 2_500.0),
        "corridors": (frame([line((0, 620), (1000, 620))]), frame([line((0, 50), (1000, 50))]),
                      200.0, 50.0),
        "core_areas": (frame([GROUND]), frame([FAR]), 20_000.0, 2_500.0),
        "flood_zones": (pw.flood(GROUND), pw.flood(FAR), 20_000.0, 2_500.0),
    }  # fmt: skip
    for at, (layer, (bad, good, in_zone, in_site)) in enumerate(layers.items()):
        cases[f"U3.{at + 1}"] = (
            world(plan(zones), **{layer: good}), world(plan(zones), **{layer: bad}), [in_zone],
        )  # fmt: skip
        site = plan(psc=[("05-02", SITE)])
        cases[f"U3.{at + 6}"] = (
            world(site, **{layer: good}), world(site, **{layer: bad}), [in_site],
        )  # fmt: skip
    return cases


def network(layer: str, shape: Any, first: int, *, bare: float) -> dict[str, Case]:
    ref = {layer: frame([shape])}
    zones = pw.zones_around(("U", WEST))
    covered = [("25-00", box(0, 480, 500, 520))]
    whole, most = (box(0, 480, x, 520) for x in (800, 799))
    return {
        f"T1.{first + 1}": (world(plan(zones, covered), **ref), world(plan(zones), **ref), [bare]),
        f"T1.{first + 2}": (
            world(plan(psc=[("18-15", whole)]), **ref),  # 80 %: the threshold itself
            world(plan(psc=[("18-15", most)]), **ref), [79.9],
        ),
    }  # fmt: skip


def habitat() -> dict[str, Case]:
    """Two patches of 1 ha at the distance where p = 0.5: EC = √3 linked, √2 apart."""
    ref = {"graph": pw.two_patches(), "dispersal": 800.0}
    cut = plan(pw.zones_around(("AUc", box(400, 0, 600, 100))))
    aside = plan(pw.zones_around(("AUc", box(400, 200, 600, 300))))
    half = plan(pw.zones_around(("AUc", box(0, 0, 50, 100))))
    loss = 100 * (1 - np.sqrt(2 / 3))
    return {
        "T2.1": (world(aside, **ref), world(cut, **ref), [1.0]),
        "T2.2": (world(aside, **ref), world(half, **ref), [5_000.0]),
        "T2.3": (world(aside, **ref), world(cut, **ref), [1.0, 1.0]),
        "T2.4": (world(aside, **ref), world(cut, **ref), [loss]),
    }


def risk() -> dict[str, Case]:
    ref = {"flood_zones": pw.flood(WET)}
    houses = {**ref, "buildings": pw.buildings((150, 150), (290, 290), (600, 600))}
    town, au = pw.zones_around(("U", WEST)), pw.zones_around(("AUc", WEST))
    ruled, forbidden, vague = ([(c, WET)] for c in ("02-02", "02-01", "02-00"))
    # U of 50 ha with 5 houses: 0.1 a hectare; 10 ha of AU are wet.
    both = pw.zones_around(("U", WEST), ("AUc", box(500, 0, 700, 1000)))
    five = pw.buildings(*((x, 50) for x in (10, 110, 210, 310, 410)))
    wet = {"flood_zones": pw.flood(box(500, 0, 700, 500)), "buildings": five}
    ban = [("02-01", box(500, 0, 700, 500))]
    return {
        "R1.1": (world(plan(town, ruled), **ref), world(plan(town), **ref), [40_000.0]),
        "R1.2": (world(plan(au, forbidden), **ref), world(plan(au), **ref), [40_000.0]),
        "R1.3": (world(plan(town, ruled), **ref), world(plan(town, vague), **ref), [40_000.0]),
        "R1.4": (world(plan(psc=ruled), **houses), world(plan(), **houses), [2.0]),
        "R1.5": (world(plan(both, ban), **wet), world(plan(both), **wet), [1.0]),
    }


def cycling() -> dict[str, Case]:
    ref = {"cycle_links": frame([ACROSS], id_local=["V1"], nom=["Véloroute"])}
    near, far = ([("24-03", line((0, y), (1000, y)))] for y in (514, 516))
    return {
        "C1.1": (world(plan(psc=near), **ref), world(plan(psc=far), **ref), [1000.0]),
        # 15 m around its end serve too
        "C1.2": (world(plan(psc=near), **ref),
                 world(plan(psc=[("05-01", box(0, 490, 500, 510))]), **ref), [485.0]),
    }  # fmt: skip


def views() -> dict[str, Case]:
    ref = {
        "farmland": frame([GROUND], id_parvis=["p"], vue_sur=["T001"]),
        "terrils": frame([box(850, 850, 950, 950)], no_terril=["T001"], nom=["Terril"]),
    }
    bad, good = (plan(pw.zones_around(("AUc", s))) for s in (AU, FAR))
    return {"U3.11": (world(good, **ref), world(bad, **ref), [20_000.0])}


def standard() -> dict[str, Case]:
    """Return the worlds of the rules about the delivery itself."""
    clean, none = plan(), pw.make_reference()
    item = {"psc": [("07-01", E)]}
    bow = shapely.Polygon(shapely.get_coordinates(box(0, 0, 10, 10))[[0, 2, 1, 3, 0]])
    whole = pw.make_tables()["62001_ZONE_URBA_20180523"]
    broken = pd.concat([whole, whole.assign(LIBELLE="X").set_geometry([bow])])

    def met(kind: str, level: str, detail: str) -> Callable[[], Plan]:
        return lambda: pw.with_reading(clean(), kind, level, detail)

    zones = "ZONE_URBA"
    bad: dict[str, tuple[Callable[[], Plan], list[float]]] = {
        "S1.1": (edited(lambda t: t.pop("62001_DOC_URBA_COM_20180523")), [0.0]),
        "S1.2": (edited(lambda t: t[f"62001_{zones}_20180523"].pop("NOMFIC")), [0.0]),
        "S1.3": (edited(put("PRESCRIPTION_SURF", "TYPEPSC", 7), **item), [1.0]),
        "S1.4": (edited(put("PRESCRIPTION_SURF", "IDURBA", "62001_PLU_20170101"), **item), [1.0]),
        "S1.5": (edited(put(zones, "DATVALID", "2018-05-23")), [1.0]),
        "S1.6": (edited(lambda t: t.update({f"62001_{zones}_20180523": broken})), [1.0]),
        "S1.7": (met("part_missing", "à vérifier", "no file in Pieces_ecrites/2_PADD"), [1.0]),
        "S1.8": (met("version_clue", "à vérifier", "does not fit the other clues: x"), [1.0]),
        "S1.9": (met("something_new", "information", "x"), [1.0]),
        "S1.10": (edited(put("PRESCRIPTION_SURF", "STYPEPSC", None), **item), [1.0]),
        "S1.11": (plan(psc=[("18-15", E)]), [1.0]),
        "S1.12": (plan(psc=[("77-00", E)]), [1.0]),
        "S1.13": (edited(put(zones, "TYPEZONE", "X")), [1.0]),
        "S1.14": (edited(put(zones, "DATVALID", "20230230")), [1.0]),
        "S1.15": (edited(put(zones, "LIBELLE", None)), [1.0]),
        "S1.16": (edited(put("PRESCRIPTION_SURF", "LIBELLE", "x"),
                         psc=[("07-01", E), ("07-01", E)]), [2.0]),
        "S1.17": (plan([("N", pw.COMMUNE), ("U", box(0, 0, 10, 10))]), [100.0]),
        "S1.18": (plan([("N", shapely.difference(pw.COMMUNE, E))]), [10_000.0]),
        "S1.19": (plan([("N", box(0, 0, 1000, 1100)), ]), []),
    }  # fmt: skip
    # North of « Sud » lies « Nord », which is not in the plan: 100 m of the zone lie outside.
    bad["S1.19"] = (bad["S1.19"][0], [100_000.0])
    return {rule: ((clean, none), (found, none), told) for rule, (found, told) in bad.items()}


CASES: dict[str, Case] = {
    **perimeter("property", "40-01", 1),
    **perimeter("buffer", "40-02", 6),
    "U2.1": (
        world(plan(psc=[("07-02", E)]), property_elements=elements(E)),
        world(plan(psc=[("43-00", E)]), property_elements=elements(E)), [0.0],
    ),
    "U2.2": (  # 95 %: the threshold itself
        world(plan(psc=[("01-00", box(200, 200, 295, 300))]), property_elements=elements(E)),
        world(plan(psc=[("25-00", box(200, 200, 250, 300))]), property_elements=elements(E)),
        [50.0],
    ),
    "U2.3": (
        world(plan(psc=[("07-01", box(200, 200, 220, 220))]),
              property_elements=elements(box(200, 200, 220, 220))),
        world(plan(psc=[("07-01", pw.point(210, 210))]),
              property_elements=elements(box(200, 200, 220, 220))), [0.0],
    ),
    **grounds(), **views(),
    **network("corridors", ACROSS, 1, bare=500.0),
    **network("core_areas", box(0, 490, 1000, 510), 4, bare=10_000.0),
    **habitat(), **risk(), **cycling(), **standard(),
}  # fmt: skip
SHARES = ("T1.1", "T1.4")


def test_every_rule_has_its_worlds() -> None:
    """Kills a rule that nobody tests."""
    assert set(CASES) | set(SHARES) == {rule.id for rule in RULES}
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert [*dict.fromkeys(rule.family for rule in RULES)] == [*FAMILIES]


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_tells_the_plan_that_fails_from_the_plan_that_passes(rule: str) -> None:
    """Kills a threshold on the wrong side of its bound, and a measure of something else."""
    (good, reference), (bad, other), expected = CASES[rule]
    passed = review_plan(good(), reference, rules=[rule])
    assert pw.measures(passed, rule) == []
    assert passed.synthesis["status"].tolist()[0] in ("conforme", "sans objet")
    failed = review_plan(bad(), other, rules=[rule])
    assert pw.measures(failed, rule) == pytest.approx(expected, abs=0.05, rel=1e-3)
    assert failed.synthesis["status"].tolist() == ["constat"]
    declared = next(r for r in RULES if r.id == rule)
    assert set(failed.findings["level"]) == {declared.level}
    assert set(failed.findings["insee"]) == {"62001"}
    assert (failed.findings["message"].str.len() > 20).all()
    assert not failed.findings["message"].str.contains(r"[{}]", regex=True).any()


@pytest.mark.parametrize("rule", [r for r in CASES if next(x for x in RULES if x.id == r).needs])
def test_a_rule_without_its_layer_is_not_assessed(rule: str) -> None:
    """Kills « no data, no finding, compliant »."""
    (_, _), (bad, reference), _ = CASES[rule]
    needs = next(r for r in RULES if r.id == rule).needs
    for need in needs:
        if need.startswith("plan."):
            table = {"plan.zones": "zone_urba", "plan.infos": "info_surf"}.get(
                need, "prescription_surf"
            )
            lame = pw.with_reading(bad(), "unreadable", "à corriger", "x", table)
            review = review_plan(lame, reference, rules=[rule])
        else:
            review = review_plan(bad(), replace(reference, **{need: None}), rules=[rule])
        assert review.synthesis["status"].tolist() == ["non évalué"]
        assert need in review.synthesis["note"].iloc[0]
        assert review.findings.empty


def test_shares_of_the_network_add_up_to_all_of_it() -> None:
    """A corridor of 1 km, 300 m of it in U, 200 m in AU, the rest in N."""
    zones = pw.zones_around(("U", box(0, 0, 300, 1000)), ("AUs", box(300, 0, 500, 1000)))
    for rule, layer, shape in (("T1.1", "corridors", ACROSS),
                               ("T1.4", "core_areas", box(0, 490, 1000, 510))):  # fmt: skip
        review = review_plan(
            pw.make_plan(zones), pw.make_reference(**{layer: frame([shape])}), rules=[rule]
        )
        found = pw.only(review, rule).set_index("objet")["measure"].to_dict()
        assert found == pytest.approx(
            {"zones U": 30.0, "zones AU": 20.0, "zones A": 0.0, "zones N": 50.0}
        )


def test_a_rule_says_that_there_is_nothing_to_judge() -> None:
    """A commune without property is « sans objet », not « conforme »."""
    elsewhere = pw.make_reference(property=frame([moved(P, 1000, 0)]))
    review = review_plan(pw.make_plan(), elsewhere, rules=["U1.1", "U1.2"])
    assert review.synthesis["status"].tolist() == ["sans objet"] * 2


def test_a_sliver_of_property_along_the_border_asks_for_nothing() -> None:
    """9 m is below the 10 m of the generalised layers; 11 m is above."""
    for width, status in ((9, "sans objet"), (11, "constat")):
        strip = pw.make_reference(property=frame([box(1000 - width, 0, 1400, 1000)]))
        review = review_plan(pw.make_plan(), strip, rules=["U1.1"])
        assert review.synthesis["status"].tolist() == [status], width


def test_a_property_drawn_elsewhere_altogether_is_missing() -> None:
    """Kills « there is an INFO 40-01, so it is transcribed »."""
    reference = pw.make_reference(property=frame([box(100, 100, 200, 200)]))
    plan_ = pw.make_plan(inf=[("40-01", box(700, 300, 990, 990))])
    assert pw.measures(review_plan(plan_, reference, rules=["U1"]), "U1.1") == [1.0]


def test_a_thin_property_that_was_shifted_is_shifted_not_missing() -> None:
    """A cavalier 10 m wide, drawn 40 m away, overlaps nothing of itself."""
    path = shapely.union_all([box(100, 100, 110, 800), box(100, 800, 700, 810)])
    reference = pw.make_reference(property=frame([path]))
    review = review_plan(pw.make_plan(inf=[("40-01", moved(path, 24, 32))]), reference,
                         rules=["U1"])  # fmt: skip
    assert review.findings["rule"].tolist() == ["U1.2"]
    assert pw.measures(review, "U1.2") == pytest.approx([40.0], abs=0.5)
    assert "vers l'est et le nord" in review.findings["message"].iloc[0]


def test_swapped_codes_are_found_as_such() -> None:
    both = pw.make_reference(property=frame([P]), buffer=frame([box(650, 200, 950, 600)]))
    swapped = pw.make_plan(inf=[("40-02", P), ("40-01", box(650, 200, 950, 600))])
    found = review_plan(swapped, both, rules=["U1"]).findings
    assert found["rule"].tolist() == ["U1.4", "U1.9"]
    assert "40-02" in found["message"].iloc[0]


def test_servitudes_protect_elements_and_regulate_floods() -> None:
    """AC1 and AC2 for U2, PM1 for R1; a servitude of another category does not."""
    ref = pw.make_reference(property_elements=elements(E), flood_zones=pw.flood(WET))
    zones = pw.zones_around(("U", WEST))
    for sup, rules in (({"AC1": E}, {"R1.1"}), ({"AC2": E}, {"R1.1"}), ({"PM1": WET}, {"U2.1"}),
                       ({"I6": pw.COMMUNE}, {"R1.1", "U2.1"})):  # fmt: skip
        review = review_plan(pw.make_plan(zones, sup=sup), ref, rules=["U2", "R1.1"])
        assert set(review.findings["rule"]) == rules, sup


def test_a_point_does_not_protect_a_hectare() -> None:
    """Kills « a prescription lies in it, so it is protected »: a shaft in an estate."""
    reference = pw.make_reference(property_elements=elements(E))
    review = review_plan(pw.make_plan(psc=[("07-01", pw.point(250, 250))]), reference,
                         rules=["U2"])  # fmt: skip
    assert review.findings["rule"].tolist() == ["U2.1"]


def test_green_reserved_sites_may_lie_in_corridors_but_not_in_the_property() -> None:
    site = [("05-04", SITE)]
    layers = {n: frame([GROUND]) for n in ("property", "core_areas")}
    review = review_plan(pw.make_plan(psc=site), pw.make_reference(**layers), rules=["U3"])
    assert review.findings["rule"].tolist() == ["U3.6"]


def test_dry_ground_of_a_flood_layer_does_not_count() -> None:
    zones = pw.zones_around(("U", WEST))
    dry = pw.flood(WET).assign(niveau="Emerg")
    assert review_plan(
        pw.make_plan(zones), pw.make_reference(flood_zones=dry), rules=["R1"]
    ).findings.empty
    rare = pw.make_reference(flood_zones=pw.flood(WET), scenarios=("04Fai",))
    assert review_plan(pw.make_plan(zones), rare, rules=["R1"]).findings.empty


def test_the_loss_is_that_of_the_connectivity_theme() -> None:
    """T2 on a larger graph: EC before and after, the link removed by hand."""
    shapes = [box(x, y, x + 100, y + 100) for x in (0, 450, 900) for y in (0, 900)]
    patches = frame(shapes, patch=range(6), capacity=[1.0, 2, 3, 4, 5, 6])
    pairs = [(0, 2), (2, 4), (1, 3), (3, 5), (0, 1)]
    links = frame(
        [shapely.LineString([shapes[i].centroid, shapes[j].centroid]) for i, j in pairs],
        i=[i for i, _ in pairs], j=[j for _, j in pairs], distance_m=[350.0] * 4 + [800.0],
    )  # fmt: skip
    from tvb.connectivity import HabitatGraph

    graph = HabitatGraph.from_frames(patches, links)
    au = pw.make_plan(pw.zones_around(("AUc", box(200, 0, 300, 100))))
    reference = pw.make_reference(graph=graph, dispersal=500.0)
    review = review_plan(au, reference, rules=["T2"])
    before = compute_ec(graph, distance=500.0)
    after = compute_ec(remove_links(graph, pd.DataFrame({"i": [0], "j": [2]})), distance=500.0)
    assert pw.measures(review, "T2.4") == pytest.approx([100 * (1 - after / before)], abs=1e-5)
    assert pw.measures(review, "T2.1") == [1.0]
    assert "0–2" in pw.only(review, "T2.1")["message"][0]


def test_views_agree_with_the_heritage_theme() -> None:
    (_, _), (bad, reference), _ = CASES["U3.11"]
    zones = bad().zones
    au = zones[zones["classe"] == "AU"]
    lost = heritage.views_lost(au, reference.farmland, reference.terrils)
    found = review_plan(bad(), reference, rules=["U3.11"])
    assert pw.measures(found, "U3.11") == [lost["built_m2"].max()]
    assert "T001" in found.findings["message"].iloc[0]


@pytest.mark.parametrize(("height_m", "hidden"), [(5.0, True), (100.0, False)])
def test_the_terrain_of_the_territory_shows_what_a_zone_hides(
    height_m: float, hidden: bool
) -> None:
    """9 m of buildings at 400–500 m hide a terril of 5 m at 900 m, not one of 100 m; the zone takes
    none of the farmland. Kills a raster looked for under another name than that of its schema."""
    bad = pw.make_plan(pw.zones_around(("AUc", box(400, 0, 500, 400))))
    layers = {
        "communes": worlds.communes(),
        "farmland": frame([box(0, 0, 200, 200)], id_parvis=["p"], vue_sur=["T001"]),
        "terrils": frame([box(850, 50, 950, 150)], no_terril=["T001"], nom=["Terril"],
                         hauteur_m=[height_m]),
    }  # fmt: skip
    flat = Grid(np.full((100, 100), 30.0), worlds.X0, worlds.Y0 + 1000, 10.0, 10.0, name="terrain")
    blind, seeing = (
        review_plan(bad, Reference.of(Territory("t", layers, grids)), rules=["U3.11"])
        for grids in ({}, {"terrain": flat})
    )
    assert blind.findings.empty
    assert pw.measures(seeing, "U3.11") == ([0.0] if hidden else [])
    if hidden:
        message = seeing.findings["message"].iloc[0]
        assert "cache ce que l'on voit d'un parvis agricole : vue sur T001." in message
    references = [Reference.of(Territory("t", layers, {"terrain": g})) for g in (flat, flat.crop((
        worlds.X0, worlds.Y0, worlds.X0 + 500, worlds.Y0 + 500)))]  # fmt: skip
    assert references[0].checksum() != references[1].checksum()


def test_a_zone_that_takes_farmland_and_hides_the_rest_says_both() -> None:
    (_, _), (bad, _), _ = CASES["U3.11"]
    flat = Grid(np.full((100, 100), 30.0), worlds.X0, worlds.Y0 + 1000, 10.0, 10.0, name="terrain")
    reference = pw.make_reference(
        farmland=frame([box(300, 300, 900, 700)], id_parvis=["p"], vue_sur=["T001"]),
        terrils=frame([box(850, 850, 950, 950)], no_terril=["T001"], nom=["T"], hauteur_m=[2.0]),
        terrain=flat,
    )
    found = review_plan(bad(), reference, rules=["U3.11"], lang="en").findings["message"]
    assert found.tolist() == [
        "The AU zone AUc0 takes 40,000 m² of viewing farmland and hides what is seen from the "
        "rest: view of T001. Move the zone, or limit heights by a guideline (OAP)."
    ]


TOLD_R15 = {
    0: "Pas d'estimation : la zone AU AUc1 ouvre à la construction 10 ha inondables, mais aucune "
       "zone U bâtie n'est voisine, dont on prendrait la densité.",
    2: "Estimation : à la densité de la zone U voisine (0,04 bâtiment par hectare), la zone AU "
       "AUc1 ajouterait moins d'un bâtiment sur 10 ha inondables.",
    5: "Estimation : à la densité de la zone U voisine (0,1 bâtiment par hectare), la zone AU AUc1 "
       "ajouterait 1 bâtiment sur 10 ha inondables.",
    110: "Estimation : à la densité de la zone U voisine (2,2 bâtiments par hectare), la zone AU "
         "AUc1 ajouterait 22 bâtiments sur 10 ha inondables.",
}  # fmt: skip


@pytest.mark.parametrize("houses", TOLD_R15)
def test_buildings_to_come_are_told_in_words_that_agree(houses: int) -> None:
    """U of 50 ha with some houses, 10 ha of AU under water: a fifth of them. Kills « 0
    bâtiment(s) » for what was not estimated, and « 1 bâtiments »."""
    zones = pw.zones_around(("U", WEST), ("AUc", box(500, 0, 700, 1000)))
    spots = [(20 + 40 * (i % 11), 20 + 40 * (i // 11)) for i in range(houses)]
    wet = {"flood_zones": pw.flood(box(500, 0, 700, 500)), "buildings": pw.buildings(*spots)}
    review = review_plan(pw.make_plan(zones), pw.make_reference(**wet), rules=["R1.5"])
    assert review.findings["message"].iloc[0].startswith(TOLD_R15[houses] + " Réduire la zone")
    (measure,) = pw.measures(review, "R1.5")
    assert np.isnan(measure) if houses == 0 else measure == pytest.approx(houses / 5)
    alone = pw.make_plan(pw.zones_around(("AUc", box(500, 0, 700, 1000))))
    unknown = review_plan(alone, pw.make_reference(**wet), rules=["R1.5"]).findings
    assert unknown["message"].iloc[0].startswith("Pas d'estimation")
    assert unknown["measure"].isna().all()


def test_words_agree_with_the_numbers_beside_them() -> None:
    """One house and two: « touche », « touchent ». Kills « ligne(s) » in any rule."""
    two = [(150, 150), (290, 290)]
    told = {}
    for spots in (two[:1], two):
        reference = pw.make_reference(flood_zones=pw.flood(WET), buildings=pw.buildings(*spots))
        for lang in ("fr", "en"):
            found = review_plan(pw.make_plan(), reference, rules=["R1.4"], lang=lang).findings
            told[len(spots), lang] = found["message"].iloc[0]
    assert told[1, "fr"].startswith("1 bâtiment de la commune touche une zone")
    assert told[2, "fr"].startswith("2 bâtiments de la commune touchent une zone")
    assert told[1, "en"].startswith("1 building of the commune touches a flood zone")
    assert told[2, "en"].startswith("2 buildings of the commune touch a flood zone")
    assert not [rule.id for rule in RULES if "(s)" in rule.message.fr + rule.message.en]


def test_thresholds_may_be_set() -> None:
    """The same plan passes or fails with the caller's number."""
    (_, _), (bad, reference), _ = CASES["U1.2"]
    loose = review_plan(bad(), reference, rules=["U1"], thresholds={"tolerance_m": 51.0})
    assert loose.findings.empty
    with pytest.raises(ParameterError, match=r"threshold « tolerance »: unknown.*tolerance_m"):
        review_plan(bad(), reference, thresholds={"tolerance": 1.0})
    with pytest.raises(ParameterError, match=r"tolerance_m.*is -1.*Required: 0 or more"):
        review_plan(bad(), reference, thresholds={"tolerance_m": -1.0})


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"rule « U9 ».*unknown.*U1, U2"):
        select_rules(["U9"])
    with pytest.raises(ParameterError, match=r"« de ».*fr or en"):
        review_plan(pw.make_plan(), pw.make_reference(), lang="de")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"reference: has no « rivers ».*corridors"):
        Reference.of(_territory(), rivers=None)
    with pytest.raises(ParameterError, match="dispersal: is 0"):
        pw.make_reference(dispersal=0.0)
    with pytest.raises(CrsError, match="property"):
        pw.make_reference(property=frame([P]).to_crs(4326))


def _territory() -> Any:
    from tvb.territory import Territory

    return Territory("town", {"communes": worlds.communes()})


def test_planned_cycle_routes_of_a_territory_are_its_links() -> None:
    from tvb.territory import Territory

    routes = frame([ACROSS, ACROSS, ACROSS], id_local=list("abc"),
                   statut=["existant", "projet", "à étudier"])  # fmt: skip
    town = Territory("town", {"communes": worlds.communes(), "cycle_routes": routes})
    reference = Reference.of(town)
    assert reference.cycle_links is not None
    assert reference.cycle_links["id_local"].tolist() == ["b", "c"]
    assert Reference.of(town, cycle_links=None).cycle_links is None
    assert repr(reference) == "<Reference: communes, cycle_links>"


def test_tables_document_every_rule_and_threshold() -> None:
    for lang in ("fr", "en"):
        table = rules_table(lang)  # type: ignore[arg-type]
        assert table["rule"].tolist() == [rule.id for rule in RULES]
        assert (table[["title", "question", "law", "message"]] != "").all(axis=None)
        values = thresholds_table(lang)  # type: ignore[arg-type]
        assert values["threshold"].tolist() == [*THRESHOLDS]
        assert (values[["meaning", "source", "rules"]] != "").all(axis=None)
    assert not (rules_table("fr")["message"] == rules_table("en")["message"]).any()


def test_numbers_are_written_as_each_language_writes_them() -> None:
    assert format_fact(1234.5, "fr") == "1\u202f234"
    assert [format_fact(v, "en") for v in (0.0, 1e-9, 0.5, 3, 99.95)] == ["0", "0", "0.5", "3",
                                                                          "100"]  # fmt: skip
    assert format_fact(None, "fr") == ""


def test_the_shift_of_a_drawing_is_found_where_parts_are_missing() -> None:
    """Kills the difference of centroids, which half a drawing sends hundreds of metres away."""
    model = shapely.union_all([box(0, 0, 300, 200), box(600, 500, 900, 560), box(0, 700, 90, 990)])
    drawn = moved(shapely.union_all([box(0, 0, 300, 200), box(0, 700, 90, 990)]), -45, 20)
    assert estimate_shift(drawn, model) == pytest.approx((-45, 20), abs=1.5)
    assert estimate_shift(shapely.Polygon(), model) == (0.0, 0.0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 20)] * 2, *[st.integers(1, 9)] * 2), max_size=6))
def test_shared_and_uncovered_parts_add_up(rectangles: list[tuple[int, int, int, int]]) -> None:
    """On an integer grid, areas are exact; covers that overlap count once."""
    features = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 5, 25, 20)])
    covers = np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h in rectangles], dtype=object)
    shared, left = shared_parts(features, covers), uncovered_parts(features, covers)
    union = shapely.union_all(covers)
    assert shapely.area(shared) == pytest.approx(
        shapely.area(shapely.intersection(features, union))
    )
    assert shapely.area(shared) + shapely.area(left) == pytest.approx(shapely.area(features))


def test_cutting_large_polygons_changes_nothing_but_their_number() -> None:
    ring = shapely.difference(pw.point(0, 0).buffer(900, 400), pw.point(0, 0).buffer(500, 400))
    pieces, rows = subdivide(np.array([P, ring]), np.array([7, 9]))
    assert rows[0] == 7
    assert set(rows[1:]) == {9}
    assert shapely.get_num_coordinates(pieces).max() <= 250
    assert shapely.area(pieces[1:]).sum() == pytest.approx(ring.area)
    assert shapely.union_all(pieces[1:]).symmetric_difference(ring).area < 1e-3


def test_width_is_that_of_the_largest_circle() -> None:
    shapes = np.array([box(0, 0, 500, 9), box(0, 0, 10, 10), line((0, 0), (9, 0)), ACROSS,
                       shapely.Polygon()])  # fmt: skip
    assert is_wide(shapes, 10.0).tolist() == [False, True, False, True, False]


def test_zone_faults_of_communes_that_share_a_gap() -> None:
    """A gap across a border is one piece for each commune."""
    communes = worlds.communes().iloc[:2]
    zones = frame([box(0, 0, 2000, 400), box(0, 600, 2000, 1000)], objet=["a", "b"])
    found = measure_zone_faults(zones, communes)
    assert found[["kind", "insee", "area_m2"]].values.tolist() == [
        ["gap", "62001", 200_000.0], ["gap", "62002", 200_000.0],
    ]  # fmt: skip
