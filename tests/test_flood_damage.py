"""Damage by curves: hand-computed shares and costs, what is not assessed, sums by commune."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from strategies import frame
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.flood import CountingRule, count_damage_by_commune, measure_damage, measure_depth
from tvb.grid import Grid

#  use              depth  min   mean  max   value
_CURVES = [
    ("Résidentiel", 2.0, 0.30, 0.40, 0.60, 1000.0),
    ("Résidentiel", 0.0, 0.00, 0.05, 0.10, 1000.0),
    ("Résidentiel", 1.0, 0.10, 0.20, 0.40, 1000.0),
    ("Industriel", 0.5, 0.10, 0.10, 0.20, np.nan),
    ("Industriel", 1.5, 0.50, 0.50, 0.50, np.nan),
]


def curves(*, value: bool = True) -> pd.DataFrame:
    names = ["use", "depth_m", "share_min", "share_mean", "share_max", "value_per_m2"]
    table = pd.DataFrame(_CURVES, columns=names)
    return table if value else table.drop(columns="value_per_m2")


def houses(uses: list[str | None], **columns: Any) -> gpd.GeoDataFrame:
    """Return buildings of 100 m2 in a row from the west of commune 62001 on."""
    boxes = [worlds.box(20 * i, 0, 20 * i + 10, 10) for i in range(len(uses))]
    defaults = {
        "cleabs": [f"B{i}" for i in range(len(uses))],
        "usage_1": pd.Series(uses, dtype="str"),
        "construction_legere": pd.array([False] * len(uses), dtype="boolean"),
        "etat_de_l_objet": ["En service"] * len(uses),
    }
    return frame(boxes, **defaults | columns)


def shares_of(use: str, depths: list[float | None], **options: Any) -> list[list[float]]:
    rows = houses([use] * len(depths))
    depth = pd.DataFrame({"02Moy": pd.Series(depths, dtype=float)})
    table = measure_damage(rows, depth, curves(), **options).table.droplevel("scenario", axis=1)
    found = table[["share_min", "share_mean", "share_max"]]
    return found.fillna(-1).round(9).to_numpy().tolist()


def test_shares_by_hand() -> None:
    """Rows of a curve in any order; the last share holds. Kills a curve read in order of rows."""
    depths = [0.0, 0.5, 1.0, 1.25, 2.0, 9.0, None, -0.1]
    assert shares_of("Résidentiel", depths) == [
        [0, 0, 0], [0.05, 0.125, 0.25], [0.1, 0.2, 0.4], [0.15, 0.25, 0.45], [0.3, 0.4, 0.6],
        [0.3, 0.4, 0.6], [-1, -1, -1], [0, 0, 0],
    ]  # fmt: skip
    assert shares_of("Résidentiel", depths, interpolation="step") == [
        [0, 0, 0], [0, 0.05, 0.1], [0.1, 0.2, 0.4], [0.1, 0.2, 0.4], [0.3, 0.4, 0.6],
        [0.3, 0.4, 0.6], [-1, -1, -1], [0, 0, 0],
    ]  # fmt: skip


def test_below_the_first_depth_of_a_curve() -> None:
    """Linear from no damage at no water; or none yet. Kills the first share held below it."""
    assert shares_of("Industriel", [0.25, 0.5]) == [[0.05, 0.05, 0.1], [0.1, 0.1, 0.2]]
    assert shares_of("Industriel", [0.25, 0.5], interpolation="step") == [
        [0, 0, 0], [0.1, 0.1, 0.2],
    ]  # fmt: skip


def town() -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    uses = ["Résidentiel", "Résidentiel", "Industriel", "Religieux", None, "Résidentiel", None]
    rows = houses(uses, shon=pd.array([250.0, 100, 80, 10, 10, None, 10], dtype="Float64"))
    depth = pd.DataFrame(
        {"02Moy": [0.5, 0.0, 1.5, 0.2, 0.3, 2.0, np.nan], "04Fai": [2.5, 1.0, 3.0, 1, 1, 2.0, 0.0]}
    )
    return rows, depth


def test_costs_and_account_by_hand() -> None:
    """Kills uses without a curve dropped, an unknown depth counted as dry, and null costs as 0."""
    rows, depth = town()
    found = measure_damage(rows, depth, curves())
    status = ["damaged", "dry", "damaged", "no_curve", "no_curve", "damaged", "depth_unknown"]
    assert found.table["status", "02Moy"].tolist() == status
    # 100 m2 at 1000: shares of 0.05, 0.125, 0.25 and of 0.3, 0.4, 0.6.
    assert found.table["cost_mean", "02Moy"].fillna(-1).tolist() == [
        12_500, 0, -1, -1, -1, 40_000, -1,
    ]  # fmt: skip
    account = found.account.loc["02Moy"].astype(int).to_dict()
    assert account == {
        "damaged": 3, "dry": 1, "no_curve": 2, "depth_unknown": 1, "beyond_curve": 0,
        "cost_unknown": 1, "cost_min": 35_000, "cost_mean": 52_500, "cost_max": 85_000,
    }  # fmt: skip
    assert found.account.loc["04Fai", "beyond_curve"] == 2
    lost = found.uses_without_curve
    assert lost.loc["Religieux"].tolist() == [1, 1]
    assert lost.loc["(null)"].tolist() == [1, 1]
    assert repr(found) == "<BuildingDamage: 7 buildings, scenarios 02Moy, 04Fai>"


def test_value_of_a_given_area() -> None:
    rows, depth = town()
    found = measure_damage(rows, depth, curves(), area_m2="shon")
    assert found.table["cost_max", "02Moy"].fillna(-1).tolist() == [62_500, 0, -1, -1, -1, -1, -1]
    assert found.account.loc["02Moy", "cost_unknown"] == 2


def test_curves_without_values_give_no_costs() -> None:
    rows, depth = town()
    found = measure_damage(rows, depth, curves(value=False))
    assert "cost_mean" not in found.table.columns.get_level_values("measure")
    assert "cost_min" not in found.account.columns
    table = count_damage_by_commune(rows, found, worlds.communes())
    assert "cost_min" not in table.columns
    assert table.loc[("62001", "02Moy"), "buildings_damaged"] == 3


def test_empty_layers_and_no_scenario() -> None:
    rows, depth = town()
    found = measure_damage(rows.iloc[:0], depth.iloc[:0], curves())
    assert found.account.loc["02Moy", "cost_mean"] == 0
    table = count_damage_by_commune(rows.iloc[:0], found, worlds.communes())
    assert (table.select_dtypes("number") == 0).all(axis=None)
    assert len(table) == 10
    none = measure_damage(rows, depth, curves().iloc[:0])
    assert none.account["no_curve"].tolist() == [5, 6]


def test_by_commune() -> None:
    """Each building once, in one commune; light ones and repeated rows apart; zeros kept."""
    rows = houses(
        ["Résidentiel"] * 6,
        cleabs=["A", "B", "B", "C", "D", "E"],
        construction_legere=pd.array([False, False, False, True, None, False], dtype="boolean"),
    )
    rows.geometry = [
        worlds.box(994, 0, 1004, 10),  # 60 % in 62001
        worlds.box(100, 0, 110, 10), worlds.box(100, 0, 110, 9),  # the same building twice
        worlds.box(200, 0, 210, 10),  # light
        worlds.box(-50, 0, -40, 10),  # in no commune
        worlds.box(1500, 1500, 1510, 1510),
    ]  # fmt: skip
    depth = pd.DataFrame({"02Moy": [1.0, 1, 1, 1, 1, 0], "04Fai": [0.0] * 6})
    found = measure_damage(rows, depth, curves())
    table = count_damage_by_commune(rows, found, worlds.communes())
    here = table.xs("02Moy", level="scenario")
    assert here["buildings_damaged"].to_dict() == {
        "62001": 2, "62002": 0, "62003": 0, "62004": 0, "hors communes": 1,
    }  # fmt: skip
    assert here["cost_mean"].tolist() == [40_000, 0, 0, 0, 20_000]
    assert here.loc["62001", ["buildings_excluded", "rows_repeated"]].tolist() == [1, 1]
    assert (here["exclude"] == "light, annexe, not_in_service").all()
    assert (table.xs("04Fai", level="scenario").select_dtypes("number") == 0).all(axis=None)
    every = CountingRule(exclude=(), attribution="centroid")
    table = count_damage_by_commune(rows, found, worlds.communes(), rule=every)
    assert table.loc[("62001", "02Moy"), "cost_mean"] == 60_000
    assert table["attribution"].iloc[0] == "centroid"


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["Résidentiel", "Industriel", None]), st.floats(0, 3)),
        min_size=1, max_size=12,
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_totals_are_the_sum_of_the_parts_in_any_order(
    rows: list[tuple[str | None, float]], shuffle: Any
) -> None:
    """To the cent; and min <= mean <= max."""
    buildings = houses([use for use, _ in rows])
    depth = pd.DataFrame({"02Moy": [d for _, d in rows]})
    found = measure_damage(buildings, depth, curves())
    costs = [f"cost_{bound}" for bound in ("min", "mean", "max")]
    table = count_damage_by_commune(buildings, found, worlds.communes())
    for cost in costs:
        cents = round(found.account[cost].item() * 100)
        assert round(table[cost].sum() * 100) == cents
    ordered = found.table[costs].dropna().to_numpy()
    assert (np.diff(ordered, axis=1) >= 0).all()
    order = list(range(len(rows)))
    shuffle.shuffle(order)
    again = measure_damage(buildings.take(order), depth.take(order), curves())
    pd.testing.assert_frame_equal(again.account, found.account)
    pd.testing.assert_frame_equal(again.table.sort_index(), found.table)


def test_depths_at_the_door_lead_to_costs() -> None:
    rows = houses(["Résidentiel"])
    grid = Grid(np.full((4, 4), 1.4), worlds.X0 - 10, worlds.Y0 + 30, 10, 10, name="02Moy")
    water = measure_depth(rows, grid, floor_height_m=0.4)
    found = measure_damage(rows, water.table["depth_door_m"], curves())
    assert found.table.loc[0, ("cost_max", "02Moy")] == pytest.approx(40_000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depth_m": [2, 0, 2, 0.5, 1.5]}, r"curves: a depth is given twice \(« Résidentiel »\)"),
        ({"share_min": [0.3, 0, 0.1, 0.1, 0.05]}, "a share falls as the depth grows « Industriel"),
        ({"share_max": [1.2, 0.1, 0.4, 0.2, 0.5]}, "a share is outside 0 to 1 « Résidentiel »"),
        ({"share_min": [-0.1, 0, 0.1, 0.1, 0.5]}, "a share is outside 0 to 1 « Résidentiel »"),
        ({"share_mean": [0.9, 0.05, 0.2, 0.1, 0.5]}, "not in the order min, mean, max « Résident"),
        ({"depth_m": [2, -1, 1, 0.5, 1.5]}, "a depth is negative « Résidentiel »"),
        ({"depth_m": [2, 0, 1, 0.5, np.nan]}, "a depth or share is null or infinite « Industri"),
        ({"depth_m": ["2", "0", "1", "0", "1"]}, "« depth_m » does not hold numbers"),
        ({"use": ["a", "a", "a", "b", None]}, "a use is null"),
        ({"value_per_m2": [1, 2, 1, 1, 1]}, "several values per m2 for one use « Résidentiel »"),
        ({"value_per_m2": [-1, -1, -1, 1, 1]}, "a value per m2 is negative « Résidentiel »"),
    ],
)
def test_faulty_curves_are_refused(change: dict[str, list[Any]], message: str) -> None:
    rows, depth = town()
    pattern = message.replace("« R", r"\(« R").replace("« I", r"\(« I").replace(r"\(\(", r"\(")
    with pytest.raises(LayerError, match=pattern):
        measure_damage(rows, depth, curves().assign(**change))


def test_all_faults_of_curves_are_named_at_once() -> None:
    rows, depth = town()
    many = curves().assign(use=list("abcde"), share_min=2.0)
    with pytest.raises(LayerError, match=r"0 to 1 \(« a », « b », « c », …\); shares are not in"):
        measure_damage(rows, depth, many)


def test_arguments_are_checked() -> None:
    rows, depth = town()
    with pytest.raises(LayerError, match="curves: column « share_max » is missing"):
        measure_damage(rows, depth, curves().drop(columns="share_max"))
    with pytest.raises(LayerError, match="buildings: column « usage », « m2 » is missing"):
        measure_damage(rows, depth, curves(), use="usage", area_m2="m2")
    with pytest.raises(CrsError, match="buildings: coordinates are in EPSG:4326"):
        measure_damage(rows.to_crs(4326), depth, curves())
    with pytest.raises(ParameterError, match="interpolation: « cubic » is unknown"):
        measure_damage(rows, depth, curves(), interpolation="cubic")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="depth_m: is not on the index of the buildings"):
        measure_damage(rows, depth.iloc[1:], curves())
    found = measure_damage(rows, depth, curves())
    with pytest.raises(ParameterError, match="damage: is not on the index of the buildings"):
        count_damage_by_commune(rows.iloc[1:], found, worlds.communes())
    footprints = frame([shapely.Polygon()], usage_1=["Résidentiel"])
    empty = measure_damage(footprints, pd.DataFrame({"02Moy": [1.0]}), curves())
    assert empty.table.loc[0, ("cost_max", "02Moy")] == 0
