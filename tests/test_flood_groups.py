"""Counts by commune, by zoning and by group; classes, protection, repeated rows, sensitivity."""

from __future__ import annotations

import itertools
from contextlib import AbstractContextManager, nullcontext

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from strategies import Cells, area_of, cells, cells_of, frame, rectangles, touching
from tvb.errors import CrsError, LayerError, ParameterError, TvbWarning
from tvb.flood import (
    DEFAULT_EXCLUDED,
    CountingRule,
    count_by_area,
    count_by_commune,
    count_exposed_buildings,
    find_repeated_buildings,
    flag_exposed_buildings,
    group_counts,
    measure_exposure,
    measure_flooded_share,
    sensitivity,
)

METHODS = ("fast", "plain")
NUMBERS = ["buildings", "footprint_m2", "dwellings", "dwellings_unknown"]

#  id   box (local metres)        use            light  state         dwellings  code in the file
_ROWS = [
    ("A", (350, 450, 360, 460), "Résidentiel", False, "En service", 1, "62001"),
    ("B", (395, 500, 405, 510), "Résidentiel", False, "En service", 2, "62001"),
    ("C", (520, 550, 540, 560), "Agricole", False, "En service", None, "62003"),  # wrong code
    ("D", (994, 600, 1004, 610), "Résidentiel", False, "En service", 3, "62002"),  # 60 % in Sud
    ("E", (995, 620, 1005, 630), None, False, "En service", 4, None),  # half in Sud, half in Port
    ("F", (-30, 500, -20, 510), "Résidentiel", False, "En service", 5, "99999"),  # outside
    ("G", (420, 450, 430, 460), "Annexe", False, "En service", 0, "62001"),
]


def buildings() -> gpd.GeoDataFrame:
    """Return seven buildings of 100 m² (C: 200 m²), scrambled, on an index of their own."""
    ids, boxes, use, light, state, dwellings, code = zip(*_ROWS, strict=True)
    table = gpd.GeoDataFrame(
        {
            "cleabs": ids,
            "usage_1": pd.Series(use, dtype="str"),
            "construction_legere": light,
            "etat_de_l_objet": state,
            "nombre_de_logements": pd.array(dwellings, dtype="Int64"),
            "code_insee": pd.Series(code, dtype="str"),
        },
        geometry=[worlds.box(*b) for b in boxes],
        crs="EPSG:2154",
    )
    return table.set_index(pd.Index(range(100, 107))).sample(frac=1, random_state=3)


def zones() -> gpd.GeoDataFrame:
    """Return two scenarios with classes of depth; in the second nothing but the west."""
    rows = [
        ("02Moy", "Inf05", 0.0, worlds.box(-50, 400, 1500, 700)),
        ("02Moy", "1m-2m", 1.0, worlds.box(398, 400, 600, 700)),  # overlaps the first
        ("02Moy", "Emerg", None, worlds.box(0, 700, 1500, 900)),
        ("04Fai", "05-1m", 0.5, worlds.box(340, 440, 370, 470)),
        ("04Fai", None, None, worlds.box(390, 490, 410, 520)),
    ]
    scenario, niveau, depth, geometry = zip(*rows, strict=True)
    columns = {
        "scenario": scenario,
        "niveau": pd.Series(niveau, dtype="str"),
        "ht_min_m": pd.array(depth, dtype="Float64"),
    }
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs="EPSG:2154")


def measured(**options: object) -> pd.DataFrame:
    return measure_exposure(buildings(), zones(), **options)  # type: ignore[arg-type]


def by_id(values: pd.Series) -> dict[str, object]:
    """Return values by identifier, nulls as None."""
    ids = buildings()["cleabs"].reindex(values.index)
    return {i: None if pd.isna(v) else v for i, v in zip(ids, values, strict=True)}


# What each building meets ---------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_one_pass_measures_what_three_calls_do(method: str) -> None:
    table = measured(method=method)
    assert table.index.equals(buildings().index)
    assert table.columns.names == ["measure", "scenario"]
    assert [CountingRule(rule).measure for rule in ("touches", "centroid", "share")] == [
        "touched", "centroid_in", "share",
    ]  # fmt: skip
    for measure, rule in (("touched", "touches"), ("centroid_in", "centroid")):
        flags = flag_exposed_buildings(buildings(), zones(), rule=rule)  # type: ignore[arg-type]
        assert table[measure].equals(flags)
    share = measure_flooded_share(buildings(), zones(), method=method)  # type: ignore[arg-type]
    assert table["share"].equals(share)


@pytest.mark.parametrize("method", METHODS)
def test_hazard_class_is_the_worst_met_or_that_of_the_largest_part(method: str) -> None:
    """Kills the class of the first or last zone of a join."""
    worst = measured(classes="niveau", method=method)["hazard_class"]
    assert by_id(worst["02Moy"]) == {
        "A": "Inf05", "B": "1m-2m", "C": "1m-2m", "D": "Inf05", "E": "Inf05", "F": "Inf05",
        "G": "1m-2m",
    }  # fmt: skip
    # B touches a zone without a class: exposed, of unknown class. The others stand dry.
    assert by_id(worst["04Fai"]) == {**dict.fromkeys("BCDEFG"), "A": "05-1m"}
    assert worst["02Moy"].cat.ordered
    largest = measured(classes="niveau", class_rule="largest_share", method=method)
    # B lies whole in the shallow zone and to 70 % in the deep one; C and G whole in both.
    expected = {**by_id(worst["02Moy"]), "B": "Inf05"}
    assert by_id(largest["hazard_class"]["02Moy"]) == expected


def test_classes_take_any_order_numbers_and_frames_of_their_own() -> None:
    deep = measured(classes="ht_min_m")["hazard_class"]["02Moy"]
    assert by_id(deep)["B"] == 1.0
    named = zones().assign(niveau=["faible", "fort", "faible", "moyen", "moyen"])
    order = ["faible", "moyen", "fort"]
    table = measure_exposure(buildings(), named, classes="niveau", order=order)["hazard_class"]
    assert table["02Moy"].cat.categories.tolist() == order
    assert by_id(table["02Moy"])["B"] == "fort"
    classified = gpd.GeoDataFrame(
        {"scenario": "02Moy", "classe": ["z", "a"], "rang": [2, 5]},
        geometry=[worlds.box(-50, 400, 1500, 700), worlds.box(340, 440, 370, 470)], crs=2154,
    )  # fmt: skip
    apart = measured(classes=classified)["hazard_class"]["02Moy"]
    assert apart.cat.categories.tolist() == ["z", "a"]
    assert (by_id(apart)["A"], by_id(apart)["B"]) == ("a", "z")
    nowhere = zones().assign(ht_min_m=pd.array([None] * 5, dtype="Float64"))
    unknown = measure_exposure(buildings(), nowhere, classes="ht_min_m")
    assert unknown["hazard_class"].isna().all(axis=None)
    table = count_by_commune(buildings(), unknown, worlds.communes())
    assert table["class_unknown"].equals(table["buildings"].rename("class_unknown"))


@pytest.mark.parametrize("method", METHODS)
def test_emerged_ground_exposes_nothing(method: str) -> None:
    """Kills the join that counts « Emerg » as water."""
    dry = zones().assign(niveau="Emerg")
    assert not flag_exposed_buildings(buildings(), dry, method=method).any(axis=None)  # type: ignore[arg-type]
    table = measure_exposure(buildings(), dry, classes="niveau", method=method)  # type: ignore[arg-type]
    assert table["hazard_class"].isna().all(axis=None)
    assert table["touched"].columns.tolist() == ["02Moy", "04Fai"]
    some = measure_exposure(buildings(), zones().assign(classe="Emerg"), classes="classe")
    assert not some["touched"].any(axis=None)


def test_protected_buildings_have_their_centroid_on_protected_ground() -> None:
    ground = gpd.GeoDataFrame(geometry=[worlds.box(340, 440, 401, 520)], crs=2154)
    flags = measured(protected=ground)["protected"]
    assert by_id(flags["02Moy"]) == {**dict.fromkeys("CDEFG", False), "A": True, "B": True}
    only = ground.assign(scenario="04Fai")
    flags = measured(protected=only)["protected"]
    assert not flags["02Moy"].any()
    assert by_id(flags["04Fai"])["A"]
    everywhere = measured(protected=ground.assign(scenario=pd.Series([None], dtype="str")))
    assert by_id(everywhere["protected"]["04Fai"])["A"]
    with pytest.raises(CrsError, match="protected: coordinates are in EPSG:3857"):
        measured(protected=ground.to_crs(3857))


def test_a_building_around_a_pond_is_exposed_by_centroid_alone() -> None:
    ring = worlds.box(100, 100, 200, 200).difference(worlds.box(110, 110, 190, 190))
    pond = gpd.GeoDataFrame(
        {"scenario": ["s"]}, geometry=[worlds.box(140, 140, 160, 160)], crs=2154
    )
    here = buildings().iloc[:1].assign(geometry=[ring])
    table = measure_exposure(here, pond, protected=pond)
    assert table.iloc[0].to_dict() == {
        ("touched", "s"): False, ("centroid_in", "s"): True, ("share", "s"): 0.0,
        ("protected", "s"): True,
    }  # fmt: skip
    totals = sensitivity(here, pond, worlds.communes()).totals["buildings"].groupby("rule").max()
    assert totals.to_dict() == {"centroid": 1, "share >= 0.5": 0, "touches": 0}


def warns_of_code(attribution: str) -> AbstractContextManager[object]:
    """Return what expects a warning of the code of F, if codes are asked for."""
    if attribution != "code_insee":
        return nullcontext()
    said = (
        r"buildings: codes of « code_insee » that no commune has: counted in « hors communes » "
        r"\(1 feature: 99999\)"
    )
    return pytest.warns(TvbWarning, match=said)


# By commune -----------------------------------------------------------------------------------


def sud_port_outside(table: pd.DataFrame, column: str = "buildings") -> list[int]:
    moy = table.xs("02Moy", level="scenario")[column]
    assert moy.index.tolist() == ["62001", "62002", "62003", "62004", "hors communes"]
    return moy.tolist()


def test_commune_by_area_by_centroid_or_from_a_column() -> None:
    """D stands 60 % in Sud; E half and half, and the tie goes to the smaller code.

    F has the code of no commune, of which the count warns.
    """
    for attribution, expected in {
        "largest_share": [5, 0, 0, 0, 1],
        "centroid": [5, 0, 0, 0, 1],
        "code_insee": [2, 1, 1, 0, 2],
    }.items():
        rule = CountingRule(attribution=attribution)
        with warns_of_code(attribution):
            table = count_by_commune(buildings(), measured(), worlds.communes(), rule=rule)
        assert sud_port_outside(table) == expected
        assert table["attribution"].unique().tolist() == [attribution]
    # An L of which the centroid lies in Port and the largest part in Sud.
    hook = worlds.box(900, 500, 1000, 600).union(worlds.box(1000, 590, 1700, 600))
    here = buildings().iloc[:1].assign(geometry=[hook], usage_1="Religieux")
    wet = gpd.GeoDataFrame({"scenario": ["02Moy"]}, geometry=[hook], crs=2154)
    for attribution, expected in {"largest_share": [1, 0], "centroid": [0, 1]}.items():
        rule = CountingRule(attribution=attribution)
        table = count_by_commune(
            here, measure_exposure(here, wet), worlds.communes(), rule=rule
        )  # fmt: skip
        assert sud_port_outside(table)[:2] == expected


def test_every_choice_stands_in_the_table() -> None:
    rule = CountingRule(
        "share", min_share=0.25, exclude=("annexe", "light"), attribution="centroid"
    )
    table = count_by_commune(buildings(), measured(), worlds.communes(), rule=rule)
    said = table[["rule", "exclude", "attribution"]].drop_duplicates().to_numpy().tolist()
    assert said == [["share >= 0.25", "light, annexe", "centroid"]]
    nothing = count_exposed_buildings(buildings(), zones(), worlds.communes(), exclude=())
    assert nothing["exclude"].unique().tolist() == ["nothing"]


def test_classes_protection_and_people_are_added_up() -> None:
    ground = gpd.GeoDataFrame(geometry=[worlds.box(340, 440, 401, 520)], crs=2154)
    exposure = measured(classes="niveau", protected=ground)
    people = pd.Series({100: 2.5, 101: 4.0, 102: 0.0, 103: 1.25, 104: 0.5, 105: 7.0, 106: 9.0})
    people = people.reindex(buildings().index)
    table = count_by_commune(buildings(), exposure, worlds.communes(), people=people)
    sud = table.loc[("62001", "02Moy")]
    # A, D, E in shallow water, B and C in deep; G is an annexe.
    assert sud.filter(like="class_").to_dict() == {
        "class_Inf05": 3, "class_05-1m": 0, "class_1m-2m": 2, "class_Sup2m": 0,
        "class_unknown": 0,
    }  # fmt: skip
    assert (sud["buildings_protected"], sud["people"], sud["buildings_excluded"]) == (2, 8.25, 1)
    fai = table.loc[("62001", "04Fai")]
    assert (fai["class_05-1m"], fai["class_unknown"], fai["people"]) == (1, 1, 6.5)
    several = pd.DataFrame({"people": people, "ind_snv": people * 3e8}).reindex(buildings().index)
    both = count_by_commune(buildings(), exposure, worlds.communes(), people=several)
    assert both.loc[("62001", "02Moy"), "ind_snv"] == pytest.approx(8.25 * 3e8, rel=1e-12)
    assert both["people"].equals(table["people"])


def test_parts_of_people_add_up_in_any_order() -> None:
    """Kills the floating-point sum, different in its last digit each time."""
    here = pd.concat([buildings()] * 60, ignore_index=True).drop(columns="cleabs")
    people = pd.Series(np.random.default_rng(1).uniform(0, 5, len(here)), here.index)
    tables = []
    for seed in range(3):
        mixed = here.sample(frac=1, random_state=seed)
        exposure = measure_exposure(mixed, zones())
        tables.append(
            count_by_commune(mixed, exposure, worlds.communes(), people=people.reindex(mixed.index))
        )
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_exact=True)
    counted = here["usage_1"].ne("Annexe")
    wet = flag_exposed_buildings(here, zones())["02Moy"]
    total = tables[0].xs("02Moy", level="scenario")["people"].sum()
    assert total == pytest.approx(people[wet & counted].sum(), abs=1e-6)


def test_a_building_given_twice_counts_once_and_is_reported() -> None:
    """The file of the next department repeats B, drawn smaller and dry, and A as it is."""
    dry = buildings().loc[[101]].assign(geometry=[worlds.box(100, 100, 104, 104)])
    both = pd.concat([buildings(), dry, buildings().loc[[100]]], ignore_index=True)
    both = both.sample(frac=1, random_state=5)
    table = count_exposed_buildings(both, zones(), worlds.communes())
    assert sud_port_outside(table) == [5, 0, 0, 0, 1]
    # The second row of A is exposed too; that of B is not.
    assert sud_port_outside(table, "rows_repeated") == [1, 0, 0, 0, 0]
    once = count_exposed_buildings(buildings(), zones(), worlds.communes())
    pd.testing.assert_frame_equal(table.drop(columns="rows_repeated"),
                                  once.drop(columns="rows_repeated"))  # fmt: skip
    found = find_repeated_buildings(both)
    assert found["cleabs"].tolist() == ["A", "A", "B", "B"]
    assert found["rows"].tolist() == [2, 2, 2, 2]
    assert found["counted"].tolist() == [True, False, True, False]
    assert both.loc[found.index[2]].geometry.area == 100
    assert find_repeated_buildings(buildings()).empty
    assert find_repeated_buildings(buildings().drop(columns="cleabs")).empty
    nameless = both.assign(cleabs=None)
    assert find_repeated_buildings(nameless).empty


def test_a_building_is_exposed_when_any_of_its_rows_is() -> None:
    """The large row stands in Port in the water of one scenario, the small one in the other's."""
    here = buildings().loc[[100, 100]].assign(
        geometry=[worlds.box(1200, 100, 1220, 120), worlds.box(1300, 300, 1310, 310)],
        nombre_de_logements=pd.array([8, 1], dtype="Int64"),
    )  # fmt: skip
    wet = gpd.GeoDataFrame(
        {"scenario": ["a", "b"]},
        geometry=[worlds.box(1190, 90, 1205, 130), worlds.box(1290, 290, 1320, 320)], crs=2154,
    )  # fmt: skip
    for order in ([0, 1], [1, 0]):
        table = count_exposed_buildings(here.iloc[order], wet, worlds.communes()).loc["62002"]
        assert table["buildings"].to_dict() == {"a": 1, "b": 1}
        assert table["dwellings"].to_dict() == {"a": 8, "b": 8}
        assert table["rows_repeated"].to_dict() == {"a": 0, "b": 1}
        exposure = measure_exposure(here.iloc[order], wet.assign(niveau="Sup2m"), classes="niveau")
        table = count_by_commune(here.iloc[order], exposure, worlds.communes()).loc["62002"]
        assert table["class_Sup2m"].to_dict() == {"a": 1, "b": 1}


# By area and by group -------------------------------------------------------------------------


def areas() -> gpd.GeoDataFrame:
    """Return two estates that overlap over A and B, one of two parts, and one that is dry."""
    return gpd.GeoDataFrame(
        {"cite": ["west", "middle", "middle", "dry"]},
        geometry=[
            worlds.box(300, 400, 410, 600), worlds.box(340, 400, 450, 600),
            worlds.box(500, 500, 530, 600), worlds.box(0, 0, 50, 50),
        ],
        crs="EPSG:2154",
    )  # fmt: skip


def test_overlapping_areas_count_a_building_each_and_the_total_once() -> None:
    """Kills the total that is the sum of overlapping parts."""
    table = count_by_area(buildings(), measured(), areas(), key="cite")
    assert table.index.names == ["cite", "scenario"]
    moy = table.xs("02Moy", level="scenario")
    assert moy.index.tolist() == ["dry", "middle", "west", "hors zonage", "ensemble"]
    # west: A, B. middle: A, B; the centroid of C lies on the border of its second part. G: annexe.
    assert moy["buildings"].tolist() == [0, 3, 2, 3, 6]
    assert moy["in_several"].tolist() == [0, 2, 2, 0, 2]
    assert moy["dwellings"].tolist() == [0, 3, 3, 12, 15]
    assert moy["buildings_excluded"].tolist() == [0, 1, 0, 0, 1]
    assert table["attribution"].unique().tolist() == ["every area: centroid"]
    touched = count_by_area(buildings(), measured(), areas(), key="cite", belongs="touches")
    assert touched.xs("02Moy", level="scenario")["buildings"].tolist() == [0, 3, 2, 3, 6]
    communes = count_by_commune(buildings(), measured(), worlds.communes())
    everything = communes.groupby("scenario")[NUMBERS].sum()
    pd.testing.assert_frame_equal(table.loc["ensemble", NUMBERS], everything)


def test_zonings_without_areas_put_everything_outside() -> None:
    table = count_by_area(buildings(), measured(), areas().iloc[:0], key="cite")
    moy = table.xs("02Moy", level="scenario")
    assert moy.index.tolist() == ["hors zonage", "ensemble"]
    assert moy["buildings"].tolist() == [6, 6]


@given(
    st.lists(cells(), min_size=1, max_size=3),
    st.lists(rectangles(), min_size=1, max_size=7),
    st.lists(cells(), min_size=1, max_size=4),
    st.sampled_from(["centroid", "touches"]),
)
@settings(max_examples=25, deadline=None)
def test_areas_equal_the_count_of_cells(
    shapes: list[Cells], features: list[tuple[int, int, int, int]], parts: list[Cells], belongs: str
) -> None:
    """Against sets of unit squares, building by building and area by area."""
    here = frame([shapely.box(*f) for f in features], usage_1="Religieux",
                 construction_legere=False, etat_de_l_objet="En service",
                 nombre_de_logements=pd.array([1] * len(features), dtype="Int64"))  # fmt: skip
    zone = frame([area_of(s) for s in shapes], scenario=["s"] * len(shapes))
    zoning = frame([area_of(p) for p in parts], key=[str(i % 3) for i in range(len(parts))])
    names = sorted(zoning["key"].unique())
    union = {n: frozenset().union(*[p for i, p in enumerate(parts) if str(i % 3) == n])
             for n in names}  # fmt: skip
    wet = [bool(touching(cells_of(f)) & frozenset().union(*shapes)) for f in features]
    member = [{n for n in names if _belongs(f, union[n], belongs)} for f in features]
    expected = [sum(w and n in m for w, m in zip(wet, member, strict=True)) for n in names]
    expected += [sum(w and not m for w, m in zip(wet, member, strict=True)), sum(wet)]
    shared = [sum(w and n in m and len(m) > 1 for w, m in zip(wet, member, strict=True))
              for n in names]  # fmt: skip
    table = count_by_area(
        here, measure_exposure(here, zone, scenarios=["s"]), zoning, key="key", belongs=belongs  # type: ignore[arg-type]
    )  # fmt: skip
    assert table["buildings"].tolist() == expected
    assert table["in_several"].tolist()[: len(names)] == shared


def _belongs(feature: tuple[int, int, int, int], area: Cells, belongs: str) -> bool:
    if belongs == "touches":
        return bool(touching(cells_of(feature)) & area)
    x2, y2 = feature[0] + feature[2], feature[1] + feature[3]
    return any(2 * x <= x2 <= 2 * x + 2 and 2 * y <= y2 <= 2 * y + 2 for x, y in area)


def test_groups_of_communes_are_sums_with_named_rests() -> None:
    counts = count_by_commune(buildings(), measured(), worlds.communes())
    table = group_counts(counts, worlds.communes(), key="epci_siren")
    moy = table.xs("02Moy", level="scenario")
    assert moy["buildings"].to_dict() == {"200000001": 5, "200000002": 0, "hors communes": 1}
    assert table.columns.tolist() == counts.columns.tolist()
    assert moy["rule"].unique().tolist() == ["touches"]
    alone = worlds.communes().assign(epci_siren=["E", None, "E", None])
    table = group_counts(counts, alone, key="epci_siren")
    assert table.index.unique("epci_siren").tolist() == ["E", "sans groupe", "hors communes"]
    assert table["buildings"].groupby("scenario").sum().equals(
        counts["buildings"].groupby("scenario").sum()
    )  # fmt: skip


# Sensitivity ----------------------------------------------------------------------------------


def crowd() -> gpd.GeoDataFrame:
    """Return 300 buildings of all kinds on the borders of zones and communes."""
    rng = np.random.default_rng(4)
    x, y = rng.uniform(-60, 1600, 300), rng.uniform(350, 950, 300)
    n = len(x)
    return gpd.GeoDataFrame(
        {
            "cleabs": [f"B{i % 280}" for i in range(n)],
            "usage_1": rng.choice(["Résidentiel", "Annexe", "Agricole"], n),
            "construction_legere": rng.random(n) < 0.3,
            "etat_de_l_objet": rng.choice(["En service", "En ruine"], n, p=[0.8, 0.2]),
            "nombre_de_logements": pd.array(rng.integers(0, 4, n), dtype="Int64"),
        },
        geometry=[worlds.box(a, b, a + 40, b + 25) for a, b in zip(x, y, strict=True)],
        crs="EPSG:2154",
    )


def test_sensitivity_is_every_count_made_by_itself() -> None:
    """Kills shortcuts: each of the 40 combinations equals `count_by_commune` run alone."""
    exposure = measure_exposure(crowd(), zones())
    result = sensitivity(crowd(), zones(), worlds.communes(), min_shares=(0.1, 0.9))
    assert repr(result) == "<Sensitivity: 40 ways to count, 2 scenarios>"
    exclusions = [DEFAULT_EXCLUDED, ("light",), ("annexe",), ("not_in_service",), ()]
    exposures = [("touches", 0.5), ("centroid", 0.5), ("share", 0.1), ("share", 0.9)]
    combinations = itertools.product(exposures, exclusions, ("largest_share", "centroid"))
    for (name, share), exclude, attribution in combinations:
        rule = CountingRule(name, min_share=share, exclude=exclude, attribution=attribution)  # type: ignore[arg-type]
        alone = count_by_commune(crowd(), exposure, worlds.communes(), rule=rule)
        choice = tuple(rule.describe().values())
        mine = result.counts.xs(choice, level=["rule", "exclude", "attribution"])
        parts, total = mine.drop("ensemble", level="insee"), mine.loc["ensemble"]
        for column in ("buildings", "dwellings"):
            assert parts[column].to_dict() == alone[column].to_dict()
            assert total[column].to_dict() == alone[column].groupby("scenario").sum().to_dict()
        communes = alone.drop("hors communes", level="insee")["buildings"] > 0
        told = result.totals.xs(choice, level=["rule", "exclude", "attribution"])["communes"]
        assert told.to_dict() == communes.groupby("scenario").sum().to_dict()


def test_spread_of_the_hand_world() -> None:
    result = sensitivity(buildings(), zones(), worlds.communes())
    # With the annexe Sud has 6; all stand wholly in the zone, whatever the rule.
    sud = result.spread.loc[("62001", "02Moy")]
    assert (sud["default"], sud["min"], sud["max"], sud["ratio"]) == (5, 5, 6, 1.2)
    assert sud["lowest"] == "touches; light, annexe, not_in_service; largest_share"
    assert sud["highest"] == "touches; light; largest_share"
    nord = result.spread.loc[("62003", "02Moy")]
    assert (nord["min"], nord["max"]) == (0, 0)
    assert pd.isna(nord["ratio"])
    assert result.summary().loc["02Moy"].to_dict() == {
        "default": 6, "min": 6, "max": 7, "ratio": 7 / 6, "communes_min": 1, "communes_max": 1,
    }  # fmt: skip
    assert result.by_choice.loc[("02Moy", "rule"), "ratio"] == 1.0
    assert result.by_choice.loc[("02Moy", "exclude")].tolist() == [6, 7, 7 / 6]
    with warns_of_code("code_insee"):
        other = sensitivity(buildings(), zones(), worlds.communes(), attributions=("code_insee",))
    assert other.spread["default"].isna().all()


def test_sensitivity_of_nothing_is_zero() -> None:
    for b, z in ((buildings().iloc[:0], zones()), (buildings(), zones().iloc[:0])):
        result = sensitivity(b, z, worlds.communes(), scenarios=["02Moy"])
        assert len(result.counts) == 6 * 30
        assert result.counts.to_numpy().sum() == 0
        assert result.spread["ratio"].isna().all()


# Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"classes": "absent"}, LayerError, "flood_zones: column « absent » is missing"),
        ({"classes": "niveau", "order": ["Inf05", "05-1m"]}, LayerError,
         "« 1m-2m » in « niveau » is not in the order of the classes .1 feature: 1."),
        ({"classes": "niveau", "order": ["a", "a"]}, ParameterError, "a class stands in it twice"),
        ({"classes": "niveau", "class_rule": "mean"}, ParameterError,
         "class_rule: « mean » is unknown. Required: worst or largest_share"),
        ({"method": "gpu"}, ParameterError, "method: « gpu » is unknown"),
    ],
)  # fmt: skip
def test_measures_check_their_parameters(
    options: dict, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        measured(**options)


def test_counts_check_their_frames() -> None:
    exposure, communes = measured(), worlds.communes()
    with pytest.raises(ParameterError, match="exposure: is not on the index of the buildings"):
        count_by_commune(buildings(), exposure.iloc[1:], communes)
    people = pd.Series(1.0, buildings().index)
    with pytest.raises(ParameterError, match="people: is not on the index of the buildings"):
        count_by_commune(buildings(), exposure, communes, people=people.iloc[::-1])
    with pytest.raises(ParameterError, match="people: « dwellings » is a column of the counts"):
        count_by_commune(buildings(), exposure, communes, people=people.to_frame("dwellings"))
    people = people.copy()
    people.iloc[0] = np.nan
    with pytest.raises(LayerError, match=r"people: a number is null \(1 feature.*people.fillna"):
        count_by_commune(buildings(), exposure, communes, people=people)
    rule = CountingRule(attribution="commune")
    with pytest.raises(LayerError, match="buildings: column « commune » is missing"):
        count_by_commune(buildings(), exposure, communes, rule=rule)
    with pytest.raises(LayerError, match="areas: column « nom » is missing"):
        count_by_area(buildings(), exposure, areas(), key="nom")
    nameless = areas().assign(cite=[None, "a", "b", "c"])
    with pytest.raises(LayerError, match=r"areas: column « cite » is null \(1 feature: 0\)"):
        count_by_area(buildings(), exposure, nameless, key="cite")
    with pytest.raises(ParameterError, match="belongs: « near » is unknown"):
        count_by_area(buildings(), exposure, areas(), key="cite", belongs="near")  # type: ignore[arg-type]
    with pytest.raises(CrsError, match="areas: coordinates are in EPSG:3857"):
        count_by_area(buildings(), exposure, areas().to_crs(3857), key="cite")
    with pytest.raises(LayerError, match="communes: column « epci » is missing"):
        group_counts(count_by_commune(buildings(), exposure, communes), communes, key="epci")


def test_arguments_are_left_alone() -> None:
    frames = [buildings(), zones(), worlds.communes(), areas()]
    copies = [f.copy() for f in frames]
    exposure = measure_exposure(frames[0], frames[1], classes="niveau", protected=frames[3])
    kept = exposure.copy()
    count_by_commune(frames[0], exposure, frames[2])
    count_by_area(frames[0], exposure, frames[3], key="cite")
    sensitivity(*frames[:3])
    assert all(f.equals(c) for f, c in zip(frames, copies, strict=True))
    assert exposure.equals(kept)
