"""Flood hazard: what is wet, in which class, and every defect planted in a delivery that is sound.

The sound delivery (local metres of `worlds`): 01For 100 m × 100 m, inside 02Moy 200 m × 100 m,
inside 04Fai 300 m × 200 m; classes of depth cut 02Moy in two squares.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from strategies import Cells, area_of, cells
from tvb.datasets import bassin_minier
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.flood import (
    COHERENCE_RULES,
    Hazard,
    check_hazard,
    classified_zones,
    flag_exposed_buildings,
    measure_exposure,
    measure_flooded_share,
    nested_scenarios,
    wet_zones,
)
from tvb.io import HazardDelivery
from tvb.messages import translate
from tvb.territory import Territory
from worlds import box

Zone = tuple[str, str | None, shapely.Geometry | None]


def zones(*rows: Zone, **columns: Any) -> gpd.GeoDataFrame:
    """Return flood zones from scenario, identifier and polygon."""
    table = {"scenario": [r[0] for r in rows], "id_zone": [r[1] for r in rows], **columns}
    return gpd.GeoDataFrame(table, geometry=[r[2] for r in rows], crs=2154)


#   identifier, zone, scenario, lower and upper bound, polygon
Class = tuple[str, str | None, str, float | None, float | None, shapely.Geometry | None]
SHALLOW: Class = ("ZCH_1", "SIN_2", "02Moy", 0.0, 0.5, box(0, 0, 100, 100))
DEEP: Class = ("ZCH_2", "SIN_2", "02Moy", 0.5, None, box(100, 0, 200, 100))


def depths(*rows: Class, **columns: Any) -> gpd.GeoDataFrame:
    """Return classes of depth."""
    names = ("id_zone", "id_s_inond", "scenario", "ht_min_m", "ht_max_m")
    table = {name: [r[at] for r in rows] for at, name in enumerate(names)} | columns
    return gpd.GeoDataFrame(table, geometry=[r[5] for r in rows], crs=2154)


FREQUENT: Zone = ("01For", "SIN_1", box(0, 0, 100, 100))
MEDIUM: Zone = ("02Moy", "SIN_2", box(0, 0, 200, 100))
RARE: Zone = ("04Fai", "SIN_3", box(0, 0, 300, 200))


def hazard(
    *rows: Zone, classes: gpd.GeoDataFrame | None = None, **layers: gpd.GeoDataFrame
) -> Hazard:
    frames = {"flood_zones": zones(*rows), **layers}
    if classes is not None:
        frames["depth_classes"] = classes
    return Hazard.from_layers(frames)


def found(some: Hazard, **limits: float) -> list[tuple[str, str, float]]:
    """Return rule, kind and area of each defect."""
    defects = check_hazard(some, **limits)
    assert set(defects["rule"]) <= set(COHERENCE_RULES)
    assert np.allclose(defects["area_m2"], defects.area)
    assert all(m.startswith(r) for r, m in zip(defects["rule"], defects["message"], strict=True))
    return [
        (r, k, round(a, 6))
        for r, k, a in zip(defects["rule"], defects["kind"], defects["area_m2"], strict=True)
    ]


def test_a_sound_delivery_has_no_defect() -> None:
    """Kills inclusion zone by zone: 01For lies in two zones of 02Moy and in neither alone."""
    halves: list[Zone] = [
        ("02Moy", "SIN_2", box(0, 0, 50, 100)),
        ("02Moy", "SIN_4", box(50, 0, 200, 100)),
    ]
    assert found(hazard(FREQUENT, *halves, RARE)) == []
    sound = hazard(MEDIUM, classes=depths(SHALLOW, DEEP))
    assert found(sound) == []
    empty = check_hazard(Hazard.from_layers({}))
    assert len(empty) == 0
    assert empty.crs == 2154


def test_a_frequent_scenario_outside_the_rarer_one() -> None:
    """20 m × 100 m of 01For lie east of 02Moy; 04Fai covers all, so no second defect there."""
    wide: Zone = ("01For", "SIN_1", box(0, 0, 220, 100))
    defects = check_hazard(hazard(wide, MEDIUM, RARE))
    assert defects["area_m2"].tolist() == [2000.0]
    assert defects.loc[0, ["rule", "scenario", "other_scenario"]].tolist() == [
        "HAZ-01", "01For", "02Moy",
    ]  # fmt: skip
    assert defects.geometry[0].equals(box(200, 0, 220, 100))
    assert "01For leaves 02Moy on 2 000.0 m²: " in defects["message"][0]
    assert "widen 02Moy there, or cut 01For" in defects["message"][0]


def test_a_chain_with_a_hole_is_still_checked() -> None:
    """Without 02Moy, 01For has to lie in 04Fai: 100 m × 50 m do not."""
    assert found(hazard(("01For", None, box(250, 0, 350, 50)), RARE)) == [
        ("HAZ-01", "defect", 2500.0)
    ]
    every = ["01For", "02Moy", "04Fai", "01Forcc_100", "03Mcc", "03Mcc_ct", "04Faicc_ct"]
    assert nested_scenarios(every) == [
        ("01For", "01Forcc_100"), ("01For", "02Moy"), ("01Forcc_100", "03Mcc"),
        ("02Moy", "03Mcc_ct"), ("02Moy", "04Fai"), ("03Mcc_ct", "03Mcc"),
        ("03Mcc_ct", "04Faicc_ct"), ("04Fai", "04Faicc_ct"),
    ]  # fmt: skip


def test_every_pair_that_follows_from_rarity_and_climate_is_compared() -> None:
    """Oracle by hand: (probability, climate) of the nine; kills 03Mcc and 04Fai_100 in no pair.

    A pair is compared itself, or follows from pairs that are: 01For in 02Moy in 04Fai.
    """
    table = {
        "01For": (1, 1), "02Moy": (2, 1), "04Fai": (3, 1),
        "01Forcc_ct": (1, 2), "03Mcc_ct": (2, 2), "04Faicc_ct": (3, 2),
        "01Forcc_100": (1, 3), "03Mcc": (2, 3), "04Fai_100": (3, 3),
    }  # fmt: skip
    for size in (2, 3, 9):
        for present in itertools.combinations(table, size):
            pairs = set(nested_scenarios(present))
            reached = {(a, a) for a in present}
            for _ in present:
                reached |= {(a, c) for a, b in reached for d, c in pairs if b == d}
            assert reached == {
                (a, b) for a in present for b in present
                if table[a][0] <= table[b][0] and table[a][1] <= table[b][1]
            }  # fmt: skip
    assert len(nested_scenarios(table)) == 12
    assert nested_scenarios(["03Mcc", "04Fai", "crue 1993"]) == []


@pytest.mark.parametrize(
    ("inner", "outer", "rule"),
    [
        ("01For", "02Moy", "HAZ-01"), ("03Mcc", "04Fai_100", "HAZ-01"),
        ("02Moy", "03Mcc", "HAZ-16"), ("04Fai", "04Faicc_ct", "HAZ-16"),
        ("01For", "03Mcc", "HAZ-16"), ("03Mcc", "04Fai", None), ("04Fai", "02Moy", "HAZ-01"),
    ],
)  # fmt: skip
def test_a_scenario_outside_the_next(inner: str, outer: str, rule: str | None) -> None:
    """The inner one is 100 m × 100 m wider, wherever it stands in the table."""
    some = hazard((inner, "A", box(0, 0, 200, 100)), (outer, "B", box(0, 0, 100, 100)))
    expected = [] if rule is None else [(rule, "defect", 10_000.0)]
    if inner > outer:  # the wide one is the rare one: nothing to tell
        expected = []
    assert found(some) == expected


def test_ground_that_stays_dry_is_not_compared() -> None:
    """Kills an island of 01For that is held to leave 02Moy: it is under no water."""
    dry = zones(MEDIUM, ("01For", "I", box(300, 0, 310, 10))).assign(niveau=["fort", "emerg"])
    assert len(check_hazard(dry)) == 0
    wet = dry.assign(niveau="fort")
    assert check_hazard(wet)["rule"].tolist() == ["HAZ-01"]


def test_slivers_are_told_together_and_rounding_is_not() -> None:
    """Two strips of 0.5 m² and one of 300 m²; a strip 1e-8 m wide is rounding, unless asked for."""
    strips = [
        box(200, 0, 200.5, 1), box(200, 50, 200.5, 51), box(0, 100, 100, 103),
    ]  # fmt: skip
    frequent: Zone = ("01For", "SIN_1", shapely.union_all([box(0, 0, 200, 100), *strips]))
    some = hazard(frequent, MEDIUM)
    assert found(some) == [("HAZ-01", "defect", 300.0), ("HAZ-01", "slivers", 1.0)]
    slivers = check_hazard(some).iloc[1]
    assert slivers["count"] == 2
    assert "2 slivers, each under 1 m²" in slivers["message"]
    assert [d[1] for d in found(some, sliver_m2=0.0)] == ["defect"] * 3
    thin: Zone = ("01For", "SIN_1", box(0, 0, 200 + 1e-8, 100))
    assert found(hazard(thin, MEDIUM)) == []
    assert len(check_hazard(hazard(thin, MEDIUM), tolerance_m=0.0)) == 1


def test_classes_that_overlap_leave_a_gap_and_leave_the_zone() -> None:
    """DEEP moved 30 m east: 3 000 m² of gap, 3 000 m² outside. Widened by 10 m: 1 000 m² twice."""
    moved = (*DEEP[:5], box(130, 0, 230, 100))
    defects = check_hazard(hazard(MEDIUM, classes=depths(SHALLOW, moved)))
    assert defects[["rule", "area_m2", "id_zone"]].to_numpy().tolist() == [
        ["HAZ-03", 3000.0, "SIN_2"], ["HAZ-04", 3000.0, "SIN_2"],
    ]  # fmt: skip
    assert defects.geometry[0].equals(box(100, 0, 130, 100))
    assert "give this ground a class (Emerg if it stays dry)" in defects["message"][0]
    wide = (*DEEP[:5], box(90, 0, 200, 100))
    (defect,) = check_hazard(hazard(MEDIUM, classes=depths(SHALLOW, wide))).itertuples()
    assert (defect.rule, defect.area_m2) == ("HAZ-02", 1000.0)
    assert "classes of depth (ZCH_1, ZCH_2) share 1 000.0 m²; keep one" in defect.message


def test_classes_are_held_against_their_own_zone() -> None:
    """Kills a partition tested on the scenario: SIN_5 covers the gap that its neighbour leaves."""
    other: Zone = ("02Moy", "SIN_5", box(150, 0, 200, 100))
    own = (("ZCH_9", "SIN_5", "02Moy", 0.0, 0.5, other[2]), SHALLOW,
           (*DEEP[:5], box(100, 0, 150, 100)))  # fmt: skip
    defects = check_hazard(hazard(MEDIUM, other, classes=depths(*own)))
    assert defects[["rule", "id_zone", "area_m2"]].to_numpy().tolist() == [
        ["HAZ-03", "SIN_2", 5000.0], ["HAZ-05", "SIN_2, SIN_5", 5000.0],
    ]  # fmt: skip


def test_classes_that_name_no_zone_are_held_against_their_scenario() -> None:
    nameless = depths((*SHALLOW[:1], None, *SHALLOW[2:]), (*DEEP[:1], None, *DEEP[2:]))
    assert found(hazard(MEDIUM, classes=nameless)) == []
    assert found(hazard(("02Moy", None, box(0, 0, 200, 110)), classes=nameless)) == [
        ("HAZ-03", "defect", 2000.0)
    ]


def test_zones_of_a_scenario_that_overlap() -> None:
    """10 m × 100 m twice; run-off may overlap a river, and the parts of one row are one zone."""
    again: Zone = ("02Moy", "SIN_4", box(190, 0, 300, 100))
    assert found(hazard(MEDIUM, again)) == [("HAZ-05", "defect", 1000.0)]
    kinds = zones(MEDIUM, again, typ_inond=["01", "02"])
    assert found(Hazard.from_layers({"flood_zones": kinds})) == []
    told = check_hazard(hazard(MEDIUM, again))["message"][0]
    assert "two zones of 02Moy share 1 000.0 m²: join them" in told


@pytest.mark.parametrize("kinds", [["01", None], [None, "02"], [None, None]])
def test_a_kind_that_is_not_known_may_be_any(kinds: list[str | None]) -> None:
    """Kills overlaps sought within one kind: a delivery without kinds hides all of them."""
    again: Zone = ("02Moy", "SIN_4", box(190, 0, 300, 100))
    assert [d[0] for d in found(Hazard.from_layers(
        {"flood_zones": zones(MEDIUM, again, typ_inond=kinds)}
    ))] == ["HAZ-05"]  # fmt: skip
    far: Zone = ("02Moy", "SIN_5", box(290, 0, 400, 100))
    three = zones(MEDIUM, again, far, typ_inond=["01", "02", None])
    (defect,) = check_hazard(three).itertuples()
    assert (defect.id_zone, defect.area_m2) == ("SIN_4, SIN_5", 1000.0)


def test_a_scenario_delivered_twice() -> None:
    """Kills an overlap for each zone: the remedy is to leave one delivery out.

    COVADIS draws 02Moy as one zone, the CNIG as two halves; and the same rows given twice.
    """
    halves: list[Zone] = [
        ("02Moy", "S1", box(0, 0, 100, 100)), ("02Moy", "S2", box(100, 0, 200, 100)),
    ]  # fmt: skip
    both = zones(MEDIUM, *halves, typ_inond=["01", None, None]).assign(
        scenario_livre=[None, "Moy", "Moy"]
    )
    (defect,) = check_hazard(both).itertuples()
    assert (defect.rule, defect.count, defect.area_m2) == ("HAZ-15", 2, 20_000.0)
    assert defect.id_zone == "S1, S2, SIN_2"
    assert "02Moy is delivered twice, as « 02Moy », « Moy »: 2 pairs of zones share" in (
        defect.message
    )
    again = check_hazard(hazard(MEDIUM, MEDIUM, RARE))
    assert again[["rule", "scenario", "count"]].to_numpy().tolist() == [["HAZ-15", "02Moy", 1]]
    assert "02Moy is delivered twice: 1 pairs of zones share 20 000.0 m²" in again["message"][0]
    # Neighbours of two formats that overlap by a strip are an overlap.
    strip = zones(MEDIUM, ("02Moy", "S", box(190, 0, 300, 100)), scenario_livre=[None, "Moy"])
    assert check_hazard(strip)["rule"].tolist() == ["HAZ-05"]


def test_rows_that_cannot_flood_are_told() -> None:
    """Kills rows that vanish: each kind of fault with its number and its rows."""
    line = worlds.at(shapely.LineString([(0, 0), (10, 0)]))
    rows: list[Zone] = [
        ("02Moy", "A", None), ("02Moy", None, shapely.Polygon()), ("02Moy", "L", line),
        ("02Moy", "P", worlds.at(shapely.Point(0, 0))), MEDIUM,
    ]  # fmt: skip
    some = zones(*rows, (None, "N", box(0, 0, 10, 10)))  # type: ignore[arg-type]
    defects = check_hazard(some)
    told = ["rule", "count", "id_zone", "area_m2"]
    assert defects[told].to_numpy().tolist() == [
        ["HAZ-12", 1, "N", 100.0], ["HAZ-13", 2, "A, row 1", 0.0], ["HAZ-14", 2, "L, P", 0.0],
    ]  # fmt: skip
    assert set(defects.geom_type) == {"Polygon"}
    assert "flood_zones: 2 rows without a geometry flood nothing" in defects["message"][1]
    nameless = depths(SHALLOW, (*DEEP[:2], None, *DEEP[3:]))  # type: ignore[arg-type]
    classes = check_hazard(Hazard.from_layers({"flood_zones": some, "depth_classes": nameless}))
    assert classes["rule"].tolist() == ["HAZ-03", "HAZ-12", "HAZ-12", "HAZ-13", "HAZ-14"]


def test_what_a_reader_returns_is_taken_as_it_is() -> None:
    """Kills an AttributeError for what `read_hazard` returns, and « no defect » for nothing."""
    given = {"flood_zones": zones(MEDIUM, MEDIUM)}
    expected = check_hazard(Hazard.from_layers(given))
    assert len(expected) == 1
    world = Territory("w", {**given, "communes": worlds.communes()})
    delivery = HazardDelivery(given, (), pd.DataFrame({"state": ["read"]}))
    for some in (given["flood_zones"], delivery, world):
        pd.testing.assert_frame_equal(check_hazard(some), expected)
    for nothing in (Territory("w", {"communes": worlds.communes()}), "folder"):
        with pytest.raises(ParameterError, match=r"holds no layer of a hazard.*read_hazard"):
            check_hazard(nothing)  # type: ignore[arg-type]


def test_every_defect_is_told_in_french() -> None:
    """Kills a message that stays English in a French study."""
    line = worlds.at(shapely.LineString([(0, 0), (10, 0)]))
    strip = box(200, 0, 200.5, 1)
    some = zones(
        ("01For", "SIN_1", shapely.union_all([box(0, 0, 200, 120), strip])),
        MEDIUM,
        MEDIUM,
        ("02Moy", "SIN_4", box(190, 0, 300, 100)),
        ("03Mcc", "SIN_5", box(0, 0, 10, 10)),
        ("02Moy", "L", line),
        ("02Moy", "O", None),
        (None, "N", box(0, 0, 10, 10)),
        ("crue", "C", box(0, 0, 10, 10)),
        ("04Fai", "F", box(0, 0, 400, 400)),
        ("04Fai", "G", box(0, 0, 300, 400)),
    ).assign(scenario_livre=[None] * 9 + ["Fai", None])  # type: ignore[arg-type]
    classes = depths(
        SHALLOW, (*DEEP[:3], 1.0, None, box(90, 0, 180, 110)),
        ("ZCH_3", "SIN_2", "01For", 2.0, 1.0, box(180, 0, 190, 100)),
        ("ZCH_4", None, "03Mcc_ct", None, 1.0, box(0, 0, 1, 1)),
        ("ZCH_5", "SIN_9", "02Moy", -1.0, 1.0, box(0, 0, 1, 1)),
    )  # fmt: skip
    defects = check_hazard(Hazard.from_layers({"flood_zones": some, "depth_classes": classes}))
    assert set(defects["rule"]) == set(COHERENCE_RULES)
    for text in (*defects["message"], *COHERENCE_RULES.values()):
        told = translate(text, "fr")
        assert told != text
        assert not re.search(r"\b(the|of|zones? share|leaves?|rows?|class from)\b", told), told


def test_a_scenario_in_one_layer_only() -> None:
    stray = ("ZCH_3", None, "03Mcc", 0.0, 0.5, box(0, 0, 10, 10))
    defects = check_hazard(hazard(FREQUENT, MEDIUM, classes=depths(SHALLOW, DEEP, stray)))
    assert defects[["rule", "scenario", "area_m2"]].to_numpy().tolist() == [
        ["HAZ-06", "01For", 10_000.0], ["HAZ-06", "03Mcc", 100.0],
    ]  # fmt: skip
    assert "no class of depth: ask for the table of depths" in defects["message"][0]
    assert "no flood zone: ask for the table of zones" in defects["message"][1]


def test_a_class_of_another_scenario_than_its_zone() -> None:
    """The class is still held against its zone: no gap on top of the wrong code."""
    wrong = (*DEEP[:2], "01For", *DEEP[3:])
    some = hazard(MEDIUM, ("01For", "SIN_1", box(0, 0, 50, 50)), classes=depths(SHALLOW, wrong))
    defects = check_hazard(some)
    assert defects[["rule", "scenario", "other_scenario", "area_m2"]].to_numpy().tolist() == [
        ["HAZ-03", "01For", np.nan, 2500.0], ["HAZ-07", "01For", "02Moy", 10_000.0],
    ]  # fmt: skip
    assert "correct the scenario or ID_S_INOND" in defects["message"][1]


def test_a_class_of_a_zone_that_does_not_exist() -> None:
    orphan = ("ZCH_7", "SIN_77", "02Moy", 0.0, 0.5, box(0, 0, 10, 10))
    defects = check_hazard(hazard(MEDIUM, classes=depths(SHALLOW, DEEP, orphan)))
    assert defects[["rule", "id_zone", "area_m2"]].to_numpy().tolist() == [
        ["HAZ-10", "SIN_77", 100.0]
    ]
    assert "no flood zone is named « SIN_77 »" in defects["message"][0]


def test_codes_that_no_standard_knows() -> None:
    layers = {
        "flood_zones": zones(("Moy", "SIN_2", box(0, 0, 200, 100)), typ_inond=["09"]),
        "depth_classes": depths(
            (*SHALLOW[:2], "Moy", *SHALLOW[3:]), (*DEEP[:2], "Moy", *DEEP[3:]),
            classe=["Inf05", "profond"],
        ),
    }  # fmt: skip
    defects = check_hazard(Hazard.from_layers(layers))
    assert defects["rule"].tolist() == ["HAZ-08"] * 4
    assert sorted(defects["area_m2"]) == [10_000.0, 20_000.0, 20_000.0, 20_000.0]
    text = " ".join(defects["message"])
    assert "depth_classes: « profond » is no code of « classe »; replace it by one of Inf05" in text
    assert "flood_zones: « 09 » is no code of « typ_inond »" in text
    assert "or read the file with tvb.io.read_hazard" in text


@pytest.mark.parametrize(
    ("low", "high", "problem"),
    [
        (1.0, 0.5, "class from 1 to 0.5 m: the lower bound is not below the upper"),
        (0.5, 0.5, "the lower bound is not below the upper: exchange or correct them"),
        (-1.0, 0.5, "a depth is negative"),
        (None, 0.5, "no lower bound and no class: fill ht_min or the class"),
    ],
)
def test_bounds_of_depth(low: float | None, high: float | None, problem: str) -> None:
    wrong = (*DEEP[:3], low, high, DEEP[5])
    defects = check_hazard(hazard(MEDIUM, classes=depths(SHALLOW, wrong)))
    (defect,) = defects[defects["rule"] == "HAZ-09"].itertuples()
    assert problem in defect.message
    assert defect.area_m2 == 10_000.0


def test_depths_that_do_not_follow_one_another() -> None:
    """0–0.5 then 1 and more: nothing is said of 0.5–1; and depths that begin at 0.5."""
    jump = (*DEEP[:3], 1.0, None, DEEP[5])
    defects = check_hazard(hazard(MEDIUM, classes=depths(SHALLOW, jump)))
    assert defects["rule"].tolist() == ["HAZ-11"]
    assert "depths 0-0.5, 1-inf m do not follow one another from 0" in defects["message"][0]
    late = ((*SHALLOW[:3], 0.5, 1.0, SHALLOW[5]), (*DEEP[:3], 1.0, None, DEEP[5]))
    assert [d[0] for d in found(hazard(MEDIUM, classes=depths(*late)))] == ["HAZ-11"]


def test_null_and_crossed_polygons() -> None:
    """A bow-tie counts as what make_valid leaves of it: two triangles of 2 500 m²."""
    corners = [(0, 0), (100, 100), (100, 0), (0, 100)]
    bow = worlds.at(shapely.Polygon(corners))
    rare: Zone = ("02Moy", "SIN_2", box(50, 0, 100, 100))
    some = hazard(("01For", "SIN_1", bow), ("01For", None, None), rare)
    assert found(some) == [("HAZ-01", "defect", 2500.0), ("HAZ-13", "defect", 0.0)]
    assert wet_zones(some).area.tolist() == [5000.0, 5000.0]
    odd = hazard(("01For", "S", None), classes=depths(("Z", "S", "Fai", 1.0, 0.5, None)))
    assert {d[0] for d in found(odd)} >= {"HAZ-08", "HAZ-09"}


def test_limits_are_not_negative() -> None:
    with pytest.raises(ParameterError, match="a limit is negative"):
        check_hazard(hazard(MEDIUM), sliver_m2=-1.0)


def test_the_order_of_rows_is_irrelevant() -> None:
    rows = [("01For", "SIN_1", box(0, 0, 220, 100)), MEDIUM, RARE, (*RARE[:2], box(0, 0, 5, 5))]
    classes = depths(SHALLOW, (*DEEP[:5], box(130, 0, 230, 100)))
    one = check_hazard(hazard(*rows, classes=classes))
    two = check_hazard(hazard(*rows[::-1], classes=classes[::-1].set_axis(["a", "b"])))
    pd.testing.assert_frame_equal(one, two)


def _pieces(shape: Cells) -> list[shapely.Geometry]:
    """Return a shape as two polygons that overlap in a half of it, so that unions matter."""
    ordered = sorted(shape)
    third = len(ordered) // 3
    return [area_of(part) for part in (ordered[: 2 * third + 1], ordered[third:]) if part]


@settings(max_examples=40, deadline=None)
@given(inner=cells(), outer=cells())
def test_inclusion_equals_the_count_of_cells(inner: Cells, outer: Cells) -> None:
    """Against sets of cells, on any number of touching and overlapping polygons."""
    some = hazard(
        *(("01For", None, p) for p in _pieces(inner)),
        *(("02Moy", None, p) for p in _pieces(outer)),
    )
    defects = check_hazard(some, sliver_m2=0.0)
    outside = defects[defects["rule"] == "HAZ-01"]["area_m2"].sum()
    assert outside == pytest.approx(len(inner - outer))


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(cells(), min_size=1, max_size=4))
def test_overlaps_equal_the_count_of_cells(parts: list[Cells]) -> None:
    """Kills the short cut by valid edges, if it ever hid an overlap."""
    some = hazard(*(("02Moy", f"SIN_{i}", area_of(p)) for i, p in enumerate(parts)))
    defects = check_hazard(some, sliver_m2=0.0).groupby("rule")["area_m2"].sum()
    pairs = [(a, b) for i, a in enumerate(parts) for b in parts[:i]]
    expected = sum(len(a & b) for a, b in pairs if a != b)
    assert defects.get("HAZ-05", 0.0) == pytest.approx(expected)
    twice = set().union(*(a for a, b in pairs if a == b))
    assert defects.get("HAZ-15", 0.0) == pytest.approx(len(twice))


def test_the_modelled_territory_is_coherent() -> None:
    basin = bassin_minier(communes=["59178"], rasters=False)
    assert len(check_hazard(Hazard.from_layers({"flood_zones": basin["flood_zones"]}))) == 0


# What is wet


def dry_ground(**columns: Any) -> gpd.GeoDataFrame:
    """Return classes of 02Moy with an island of 40 m × 40 m that stays dry."""
    island = box(150, 30, 190, 70)
    deep = box(100, 0, 200, 100).difference(island)
    rows = (SHALLOW, (*DEEP[:5], deep), ("ZCH_3", "SIN_2", "02Moy", None, None, island))
    return depths(*rows, classe=["Inf05", None, "Emerg"], **columns)


def test_emerged_ground_is_dry() -> None:
    """Kills « in a zone is flooded »: a building on the island is not exposed."""
    some = hazard(FREQUENT, MEDIUM, classes=dry_ground())
    wet = wet_zones(some)
    assert wet.groupby("scenario")["geometry"].apply(lambda g: g.area.sum()).to_dict() == {
        "01For": 10_000.0, "02Moy": 20_000.0 - 1600.0,
    }  # fmt: skip
    houses = gpd.GeoDataFrame(geometry=[box(160, 40, 170, 50), box(110, 40, 120, 50)], crs=2154)
    assert flag_exposed_buildings(houses, wet)["02Moy"].tolist() == [False, True]
    assert found(some)[0][0] == "HAZ-06"  # 01For has no class; the island breaks no partition
    assert len(check_hazard(some)) == 1


@pytest.mark.parametrize("column", ["niveau", "classe"])
@pytest.mark.parametrize("word", ["Emerg", "emerg", " EMERG "])
def test_a_dry_class_is_known_however_it_is_written(column: str, word: str) -> None:
    """Kills « emerg » counted as wet, and a frame of classes that nobody looks at."""
    some = zones(MEDIUM, ("02Moy", "S", box(300, 0, 400, 100))).assign(**{column: [word, "Inf05"]})
    houses = gpd.GeoDataFrame(geometry=[box(10, 0, 20, 9), box(310, 0, 320, 9)], crs=2154)
    assert flag_exposed_buildings(houses, some)["02Moy"].tolist() == [False, True]
    measured = measure_exposure(houses, some, classes=column)
    assert measured["hazard_class", "02Moy"].isna().tolist() == [True, False]
    ranked = measure_exposure(houses, some.assign(rang=[1, 2]), classes=column)
    assert ranked["hazard_class", "02Moy"].cat.categories.tolist() == ["Inf05"]
    share = measure_flooded_share(houses, some)["02Moy"]
    assert share.tolist() == [0.0, 1.0]


def test_dry_ground_speaks_of_its_zone_only() -> None:
    """The same island may be flooded by run-off, or by the zone next to it that overlaps."""
    some = zones(MEDIUM, ("02Moy", "SIN_8", box(140, 0, 200, 100)), typ_inond=["01", "02"])
    wet = wet_zones(Hazard.from_layers({"flood_zones": some, "depth_classes": dry_ground()}))
    assert wet.area.tolist() == [18_400.0, 6000.0]
    free = dry_ground(id_s_inond=[None, None, None], typ_inond=["01", "01", "01"])
    wet = wet_zones(Hazard.from_layers({"flood_zones": some, "depth_classes": free}))
    assert wet.area.tolist() == [18_400.0, 6000.0]


def test_a_zone_that_is_all_dry_has_no_row() -> None:
    emerged = depths(("ZCH_1", "SIN_2", "02Moy", None, None, MEDIUM[2]), classe=["Emerg"])
    assert wet_zones(hazard(MEDIUM, classes=emerged)).empty
    level = zones(MEDIUM, RARE, niveau=["Emerg", "fort"])
    assert wet_zones(Hazard.from_layers({"flood_zones": level}))["scenario"].tolist() == ["04Fai"]


def test_classes_stand_in_for_zones_that_were_not_delivered() -> None:
    wet = wet_zones(Hazard.from_layers({"depth_classes": dry_ground()}))
    assert wet["id_zone"].tolist() == ["SIN_2", "SIN_2"]
    assert wet.area.sum() == 18_400.0


def protected(*scenarios: str | None) -> gpd.GeoDataFrame:
    """Return ground of 10 m × 100 m behind a dyke, for each scenario."""
    shapes = [box(10 * at, 0, 10 * at + 10, 100) for at in range(len(scenarios))]
    return gpd.GeoDataFrame({"scenario": list(scenarios)}, geometry=shapes, crs=2154)


def test_protected_ground_is_wet_unless_asked() -> None:
    """Behind a dyke against 01For: 1 000 m² dry in 01For; of no scenario: 1 000 m² dry in both."""
    some = hazard(FREQUENT, MEDIUM, protected_zones=protected("01For", None))
    assert wet_zones(some).area.tolist() == [10_000.0, 20_000.0]
    assert wet_zones(some, subtract_protected=True).area.tolist() == [8000.0, 19_000.0]
    assert len(some.protected) == 2
    nothing = wet_zones(Hazard.from_layers({}), subtract_protected=True)
    assert len(nothing) == 0


def test_nothing_given_is_changed() -> None:
    given_zones, given_classes = zones(MEDIUM), dry_ground()
    before = given_zones.copy(), given_classes.copy()
    wet_zones(Hazard.from_layers({"flood_zones": given_zones, "depth_classes": given_classes}))
    pd.testing.assert_frame_equal(given_zones, before[0])
    pd.testing.assert_frame_equal(given_classes, before[1])


# Classes


def test_classes_of_depth_rank_by_their_lower_bound() -> None:
    classes = classified_zones(hazard(MEDIUM, classes=dry_ground()))
    assert classes[["scenario", "classe", "rang"]].to_numpy().tolist() == [
        ["02Moy", "Inf05", 1], ["02Moy", ">= 0.5 m", 2],
    ]  # fmt: skip
    between = depths(("ZCH_1", None, "02Moy", 0.5, 1.5, MEDIUM[2]), SHALLOW)
    assert classified_zones(hazard(classes=between))["classe"].tolist() == ["0.5-1.5 m", "0-0.5 m"]
    assert classified_zones(hazard(classes=between))["rang"].tolist() == [2, 1]


def test_classes_of_other_layers() -> None:
    level = zones(MEDIUM, RARE, niveau=["fort", None])
    classes = classified_zones(Hazard.from_layers({"flood_zones": level}), "level")
    assert classes[["scenario", "classe", "rang"]].to_numpy().tolist() == [
        ["02Moy", "fort", 1], ["04Fai", "non classé", 0],
    ]  # fmt: skip
    shapes = [box(0, 0, 1, 1), box(1, 0, 2, 1)]
    plan = gpd.GeoDataFrame({"niveaualea": ["04", "01"]}, geometry=shapes, crs=2154)
    rules = gpd.GeoDataFrame({"typereglement": ["03", "02"]}, geometry=shapes, crs=2154)
    some = Hazard.from_layers({"ppr_hazard": plan, "ppr_regulation": rules})
    assert classified_zones(some, "ppr")["rang"].tolist() == [2, 1]
    assert classified_zones(some, "regulation")["classe"].tolist() == ["03", "02"]
    assert set(classified_zones(some, "ppr")["scenario"]) == {"PPR"}
    assert len(classified_zones(some, "depth")) == 0
    with pytest.raises(ParameterError, match=r"« profondeur » is unknown.*depth, level, ppr"):
        classified_zones(some, "profondeur")  # type: ignore[arg-type]


# The object


def test_a_hazard_tells_what_it_holds() -> None:
    some = hazard(RARE, MEDIUM, classes=dry_ground(), protected_zones=protected("02Moy", None))
    assert repr(some) == (
        "<Hazard: 2 scenarios (02Moy, 04Fai), 2 zones, 3 depth classes, 2 protected, "
        "0 over-hazard, 0 works, 0 of PPR>"
    )
    assert repr(Hazard.from_layers({})).startswith("<Hazard: 0 scenarios (none), 0 zones")
    summary = some.summary()
    assert summary.index.tolist() == ["02Moy", "04Fai"]
    assert summary["flooded_ha"].tolist() == [1.84, 6.0]
    assert summary["protected"].tolist() == [1, 0]
    assert summary["depth_classes"].tolist() == [3, 0]


def test_layers_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"« zones » is not a layer of a hazard.*flood_zones"):
        Hazard.from_layers({"zones": zones(MEDIUM)})
    with pytest.raises(CrsError, match=r"flood_zones: coordinates are in EPSG:4326"):
        Hazard.from_layers({"flood_zones": zones(MEDIUM).to_crs(4326)})
    with pytest.raises(LayerError, match="flood_zones: column « scenario » is missing"):
        Hazard.from_layers({"flood_zones": zones(MEDIUM).drop(columns="scenario")})
