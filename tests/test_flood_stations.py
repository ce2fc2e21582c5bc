"""What floods when stations fail: the hand world, sets of buildings, the worst few, wetlands."""

from __future__ import annotations

from functools import cached_property
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.flood import CountingRule, StationFailures, build_station_failures, failure_sets

#  id   box (local metres)         use            dwellings  people
_ROWS = [
    ("A", (150, 150, 160, 160), "Résidentiel", 1, 2.5),  # S1
    ("B", (550, 150, 560, 160), "Résidentiel", 2, 4.0),  # S1 and S2
    ("C", (700, 150, 710, 160), "Industriel", None, None),  # S2
    ("D", (1100, 150, 1110, 160), "Résidentiel", 3, 6.25),  # S2, in Port
    ("E", (1500, 150, 1510, 160), "Résidentiel", 9, 9.0),  # nowhere
    ("F", (170, 150, 180, 160), "Annexe", 0, 0.0),  # S1, an annexe
    ("G", (-200, 50, -190, 60), "Résidentiel", 5, 1.0),  # S4, outside the communes
]


def buildings() -> gpd.GeoDataFrame:
    ids, boxes, use, dwellings, _ = zip(*_ROWS, strict=True)
    return gpd.GeoDataFrame(
        {
            "cleabs": ids,
            "usage_1": pd.array(use, dtype="str"),
            "construction_legere": pd.array([False] * len(ids), dtype="boolean"),
            "etat_de_l_objet": "En service",
            "nombre_de_logements": pd.array(dwellings, dtype="Int64"),
        },
        geometry=[worlds.box(*b) for b in boxes],
        crs="EPSG:2154",
        index=[10 * k for k in range(len(ids))],
    )


def people() -> pd.Series:
    return pd.Series([row[4] for row in _ROWS], index=buildings().index, dtype="float64")


def basins(**columns: object) -> gpd.GeoDataFrame:
    """Return the basins of S1, S2 (they overlap), S3 (empty ground) and S4 (outside)."""
    return gpd.GeoDataFrame(
        {"id_station": ["S2", "S1", "S4", "S3"], **columns},
        geometry=[
            worlds.box(500, 100, 1200, 600),
            worlds.box(100, 100, 600, 600),
            worlds.box(-300, 0, -100, 100),
            worlds.box(0, 1500, 100, 1600),
        ],
        crs="EPSG:2154",
    )


def stations(**columns: object) -> gpd.GeoDataFrame:
    names = ["S0", "S1", "S2", "S3", "S4"]
    return gpd.GeoDataFrame(
        {"id_station": names, **columns}, geometry=[worlds.box(0, 0, 1, 1).centroid] * 5, crs=2154
    )


def failures(**options: object) -> StationFailures:
    return build_station_failures(buildings(), basins(), worlds.communes(), **options)  # type: ignore[arg-type]


def test_count_by_station_in_the_hand_world() -> None:
    """Kills a building of two basins counted twice, and stations without buildings left out."""
    table = failures(stations=stations(), people=people()).count_by_station()
    assert table.index.tolist() == ["S0", "S1", "S2", "S3", "S4"]
    assert table["buildings"].tolist() == [0, 2, 3, 0, 1]
    assert table["dwellings"].tolist() == [0, 3, 5, 0, 5]
    assert table["dwellings_unknown"].tolist() == [0, 0, 1, 0, 0]
    assert table["people"].tolist() == [0.0, 6.5, 10.25, 0.0, 1.0]
    assert table["communes"].tolist() == [0, 1, 2, 0, 0]  # S4 floods outside them
    assert table["buildings_excluded"].tolist() == [0, 1, 0, 0, 0]
    assert table["rule"].unique().tolist() == ["touches"]
    assert failures().count_by_station().index.tolist() == ["S1", "S2", "S3", "S4"]
    assert "people" not in failures().count_by_station()


def test_count_by_commune_counts_a_building_once() -> None:
    model = failures(people=people())
    everything = model.count()
    codes = ["62001", "62002", "62003", "62004", "hors communes"]
    assert everything.index.tolist() == codes
    assert everything["buildings"].tolist() == [3, 1, 0, 0, 1]
    assert everything["dwellings"].tolist() == [3, 3, 0, 0, 5]
    assert everything["people"].tolist() == [6.5, 6.25, 0.0, 0.0, 1.0]
    assert model.count([])["buildings"].sum() == 0
    assert model.count(["S1"])["buildings"].tolist() == [2, 0, 0, 0, 0]
    both = model.count_by_station_and_commune()
    assert both.index.names == ["id_station", "insee"]
    assert both["buildings"].groupby("id_station").sum().tolist() == [2, 3, 0, 1]
    assert both.loc[("S2", "62002"), "people"] == 6.25
    assert both.loc[("S3", "62004"), "buildings"] == 0


def test_pairs_hold_what_is_common() -> None:
    table = failures().count_by_pair()
    assert len(table) == 6
    pair = table.loc[("S1", "S2")]
    assert (pair["buildings"], pair["buildings_common"], pair["buildings_only_together"]) == (
        4,
        1,
        0,
    )
    assert table.loc[("S1", "S4"), ["buildings", "buildings_common"]].tolist() == [3, 0]
    alone = build_station_failures(buildings(), basins().iloc[:1], worlds.communes())
    assert alone.count_by_pair().empty
    assert alone.count_by_pair().index.names == ["id_station_1", "id_station_2"]


def test_flooded_buildings_are_flagged_on_their_index() -> None:
    model = failures()
    flags = model.flag_flooded(["S2"])
    assert flags.index.tolist() == buildings().index.tolist()
    assert "".join(buildings().loc[flags, "cleabs"]) == "BCD"
    assert "".join(buildings().loc[model.flag_flooded(), "cleabs"]) == "ABCDFG"
    assert not model.flag_flooded([]).any()


def test_worst_and_ranking_in_the_hand_world() -> None:
    model = failures(people=people())
    worst = model.find_worst(1)
    assert (worst.stations, worst.value, worst.exact, worst.guarantee) == (("S2",), 3.0, True, 1.0)
    assert model.find_worst(2).value == 4.0
    assert model.find_worst(2, by="dwellings").stations == ("S2", "S4")
    assert model.find_worst(99).stations == ("S1", "S2", "S3", "S4")
    assert model.find_worst(1, by="people").value == 10.25
    ranking = model.rank_stations()
    assert ranking["id_station"].tolist() == ["S2", "S1", "S4", "S3"]
    assert ranking["alone"].tolist() == [3, 2, 1, 0]
    assert ranking["more"].tolist() == [3, 1, 1, 0]
    assert ranking["together"].tolist() == [3, 4, 5, 5]
    assert model.rank_stations(by="people")["more"].tolist() == [10.25, 2.5, 1.0, 0.0]


def test_basin_of_two_stations_floods_when_both_fail() -> None:
    """Kills a basin that floods at the first failure, and one that never does."""
    shared = basins(id_bassin=["west", "west", None, None])
    model = build_station_failures(buildings(), shared, worlds.communes())
    assert model.count_by_station()["buildings"].tolist() == [0, 0, 0, 1]
    assert model.count(["S1", "S2"])["buildings"].sum() == 4
    pair = model.count_by_pair().loc[("S1", "S2")]
    assert (pair["buildings_common"], pair["buildings_only_together"]) == (0, 4)
    assert model.basins.loc["west", ["stations", "floods"]].tolist() == ["S1, S2", "all"]
    worst = model.find_worst(2, method="greedy")
    # The greedy order takes S4 first, then a half of the pair: one of five.
    assert (worst.value, worst.upper_bound, worst.exact) == (1.0, 5.0, False)
    assert model.find_worst(2).stations == ("S1", "S2")


def test_basin_floods_when_capacity_lacks() -> None:
    shared = basins(id_bassin=["west", "west", None, None],
                    debit_requis_m3_s=[0.3, 0.3, None, 2.0])  # fmt: skip
    for capacity, alone in (
        ([0, 0.2, 0.2], [4, 4]),
        ([0, 0.3, 0.2], [4, 0]),
        ([0, 0.3, 0.4], [0, 0]),
    ):
        flow = stations(debit_m3_s=[*map(float, capacity), 1.0, np.nan])
        model = build_station_failures(buildings(), shared, worlds.communes(), stations=flow)
        assert model.count_by_station()["buildings"].loc[["S1", "S2"]].tolist() == alone
        assert model.count(["S1", "S2"])["buildings"].sum() == 4
    table = model.basins
    assert table["floods"].to_dict() == {"S3": "flow", "S4": "all", "west": "flow"}
    assert table.loc["west", ["capacity_m3_s", "need_m3_s"]].tolist() == [0.7, 0.3]
    # 0.1 + 0.2 reaches 0.3, whatever the rounding.
    three = gpd.GeoDataFrame(
        pd.concat([shared, shared.iloc[:1].assign(id_station="S0")], ignore_index=True), crs=2154
    )
    flow = stations(debit_m3_s=[0.1, 0.5, 0.2, 1.0, 1.0])
    model = build_station_failures(buildings(), three, worlds.communes(), stations=flow)
    assert model.count(["S1"])["buildings"].sum() == 0
    # S3 lacks capacity with no failure at all; its ground holds no building.
    assert model.count([])["buildings"].sum() == 0
    weak = build_station_failures(
        buildings(), basins(debit_requis_m3_s=9.0), worlds.communes(), stations=flow
    )
    assert weak.count([])["buildings"].sum() == 5
    assert weak.rank_stations()["more"].sum() == 0


def test_rules_and_repeated_buildings() -> None:
    twice = pd.concat([buildings(), buildings().iloc[:1]], ignore_index=True)
    twice.loc[7, "geometry"] = worlds.box(700, 300, 702, 302)  # a smaller part of A, in S2
    model = build_station_failures(twice, basins(), worlds.communes())
    assert model.count_by_station()["buildings"].tolist() == [2, 4, 0, 1]
    assert model.count()["buildings"].sum() == 5
    assert model.flag_flooded(["S1"]).tolist() == [True, True, *[False] * 3, True, False, True]
    half = buildings()
    half.loc[0, "geometry"] = worlds.box(94, 150, 104, 160)  # 40 % of A in S1
    for rule, number in (("touches", 2), ("centroid", 1), ("share", 1)):
        model = build_station_failures(
            half, basins(), worlds.communes(), rule=CountingRule(rule)  # type: ignore[arg-type]
        )  # fmt: skip
        assert model.count(["S1"])["buildings"].sum() == number
    rule = CountingRule("share", min_share=0.4, exclude=())
    model = build_station_failures(half, basins(), worlds.communes(), rule=rule)
    assert model.count(["S1"]).loc["62001", ["buildings", "rule"]].tolist() == [3, "share >= 0.4"]


def test_layers_without_rows_give_zeros() -> None:
    none = failures_of(buildings().iloc[:0], basins())
    assert none.count_by_station()["buildings"].tolist() == [0, 0, 0, 0]
    assert none.find_worst(2).value == 0
    dry = failures_of(buildings(), basins().iloc[:0])
    assert dry.count()["buildings"].tolist() == [0] * 5
    assert dry.count_by_station().empty
    assert dry.count_by_station_and_commune().empty
    assert dry.find_worst(1).stations == ()
    assert dry.rank_stations().empty
    assert (
        repr(failures()) == "<StationFailures: 4 stations, 4 basins, 5 buildings in them, touches>"
    )


def failures_of(some: gpd.GeoDataFrame, ground: gpd.GeoDataFrame) -> StationFailures:
    return build_station_failures(some, ground, worlds.communes())


def test_faults_are_named() -> None:
    message = r"drained_basins: no station \(1 feature: row 1\)"
    with pytest.raises(LayerError, match=message):
        failures_of(buildings(), basins().assign(id_station=["S1", None, "S3", "S4"]))
    with pytest.raises(LayerError, match="« id_station » is missing"):
        failures_of(buildings(), basins().drop(columns="id_station"))
    with pytest.raises(LayerError, match=r"not in pumping_stations \(1 feature: S2\)"):
        failures(stations=stations().drop(index=2))
    with pytest.raises(
        LayerError, match=r"given twice, or without an identifier \(1 feature: S0\)"
    ):
        failures(stations=stations().assign(id_station=["S0", "S0", "S1", "S2", "S3"]))
    with pytest.raises(LayerError, match=r"negative debit_m3_s \(1 feature: S0\)"):
        failures(stations=stations(debit_m3_s=[-1.0, 1, 1, 1, 1]))
    with pytest.raises(LayerError, match=r"negative debit_requis_m3_s \(4 features: S2"):
        failures_of(buildings(), basins(debit_requis_m3_s=-1.0))
    wrong = basins(id_bassin="one", debit_requis_m3_s=[1.0, 1.0, 2.0, 1.0])
    with pytest.raises(LayerError, match="differs among the rows of a basin"):
        failures_of(buildings(), wrong)
    with pytest.raises(LayerError, match="on another index"):
        failures(people=people().reset_index(drop=True))
    with pytest.raises(LayerError, match=r"number that no building holds \(1 feature: 0\)"):
        failures(people=people().replace(2.5, -2.5))
    with pytest.raises(CrsError, match="drained_basins"):
        failures_of(buildings(), basins().to_crs(4326))
    with pytest.raises(ParameterError, match=r"unknown station \(1 feature: S9\)"):
        failures().count(["S1", "S9"])
    with pytest.raises(ParameterError, match="number: is 0"):
        failures().find_worst(0)
    with pytest.raises(ParameterError, match="« fast » is unknown"):
        failures().find_worst(1, method="fast")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="« people » is not counted"):
        failures().find_worst(1, by="people")


class World:
    """Squares on a grid, basins that overlap and share stations, and sets of buildings."""

    def __init__(self, seed: int, number: int, share: float) -> None:
        draw = np.random.default_rng(seed)
        corner = draw.integers(0, 18, size=(number, 2))
        side = draw.integers(1, 6, size=(number, 2))
        boxes = [worlds.box(*(50 * c), *(50 * (c + s))) for c, s in zip(corner, side, strict=True)]
        names = [f"S{k:03d}" for k in draw.permutation(number)]
        group = [f"B{draw.integers(3)}" if draw.random() < share else None for _ in names]
        self.basins = gpd.GeoDataFrame(
            {"id_station": names, "id_bassin": group}, geometry=boxes, crs=2154
        )
        self.need = {f"B{k}": float(draw.integers(1, 5)) for k in range(3)}
        self.basins["debit_requis_m3_s"] = [self.need.get(g or "", np.nan) for g in group]
        self.capacity = dict(zip(names, draw.integers(1, 3, number).astype(float), strict=True))
        self.stations = gpd.GeoDataFrame(
            {"id_station": names, "debit_m3_s": [self.capacity[n] for n in names]},
            geometry=[b.centroid for b in boxes], crs=2154,
        )  # fmt: skip
        at = 50 * draw.integers(0, 24, size=(60, 2)) + 20
        self.buildings = gpd.GeoDataFrame(
            {
                "usage_1": "Résidentiel", "construction_legere": False,
                "etat_de_l_objet": "En service",
                "nombre_de_logements": pd.array(draw.integers(0, 4, 60), dtype="Int64"),
            },
            geometry=[worlds.box(x, y, x + 10, y + 10) for x, y in at], crs=2154,
        )  # fmt: skip

    @cached_property
    def standing(self) -> dict[str, tuple[set[str], set[int]]]:
        """Return the stations of each basin, and the buildings that stand in it."""
        name = self.basins["id_bassin"].fillna(self.basins["id_station"])
        return {
            key: (
                set(rows["id_station"]),
                set(self.buildings.index[self.buildings.intersects(rows.union_all())]),
            )
            for key, rows in self.basins.groupby(name)
        }

    def flooded(self, failed: set[str]) -> set[int]:
        """Return the buildings that flood, by the definition."""
        found: set[int] = set()
        for key, (serving, here) in self.standing.items():
            working = serving - failed
            if key in self.need:
                dry = sum(self.capacity[s] for s in working) >= self.need[key]
            else:
                dry = bool(working)
            if not dry:
                found |= here
        return found

    def worth(self, failed: set[str], by: str) -> int:
        rows = sorted(self.flooded(failed))
        return len(rows) if by == "buildings" else int(
            self.buildings.loc[rows, "nombre_de_logements"].sum()
        )  # fmt: skip

    def model(self) -> StationFailures:
        return build_station_failures(
            self.buildings, self.basins, worlds.communes(), stations=self.stations
        )


SEEDS, SHARED = st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 0.9])
COUNTED = st.sampled_from(["buildings", "dwellings"])


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, share=SHARED, by=COUNTED)
def test_any_failure_equals_sets_of_buildings(seed: int, share: float, by: str) -> None:
    """Against the definition, on sets: kills sums over basins, and pruning that loses the worst."""
    world = World(seed, 7, share)
    model = world.model()
    names = sorted(world.stations["id_station"])
    for size in (0, 1, 2, 3, 7):
        sets = list(combinations(names, size))
        best = max(world.worth(set(s), by) for s in sets)
        for failed in sets[::4]:
            flooded = world.flooded(set(failed))
            assert set(world.buildings.index[model.flag_flooded(failed)]) == flooded
            assert model.count(failed)["buildings"].sum() == len(flooded)
        if size:
            worst = model.find_worst(size, by=by, method="exact")  # type: ignore[arg-type]
            assert worst.exact
            assert worst.value == worst.upper_bound == best
            assert world.worth(set(worst.stations), by) == best
            greedy = model.find_worst(size, by=by, method="greedy")  # type: ignore[arg-type]
            assert world.worth(set(greedy.stations), by) == greedy.value <= best
            assert best <= greedy.upper_bound
            if share == 0.0:
                assert greedy.value >= (1 - np.exp(-1)) * best
    pairs = model.count_by_pair()
    alone = model.count_by_station()["buildings"]
    one, other = (alone.reindex(pairs.index.get_level_values(k)).to_numpy() for k in (0, 1))
    total = one + other - pairs["buildings_common"] + pairs["buildings_only_together"]
    assert (total == pairs["buildings"]).all()


def test_more_than_64_stations_and_any_order_of_rows() -> None:
    """Kills a mask of one word: stations 64 and on would fall on the first ones."""
    world = World(3, 150, 0.0)
    model = world.model()
    names = model.stations
    for failed in ([names[0]], [names[64]], [names[149]], [names[5], names[69], names[133]]):
        assert set(world.buildings.index[model.flag_flooded(failed)]) == world.flooded(set(failed))
    table = model.count_by_station()
    assert table["buildings"].tolist() == [len(world.flooded({n})) for n in names]
    both = model.count_by_station_and_commune()["buildings"].groupby("id_station").sum()
    assert (both == table["buildings"]).all()
    world.basins = world.basins.sample(frac=1, random_state=1)
    world.buildings = world.buildings.sample(frac=1, random_state=2)
    world.stations = world.stations.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(world.model().count_by_station(), table)
    assert world.model().find_worst(4).stations == model.find_worst(4).stations


def test_search_that_takes_too_long_says_what_it_does_not_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(5, 60, 0.0)
    exact = world.model().find_worst(6)
    monkeypatch.setattr(failure_sets, "_MOST_STEPS", 3)
    short = world.model().find_worst(6)
    assert exact.exact
    assert not short.exact
    assert short.value <= exact.value <= short.upper_bound
    assert 1 - np.exp(-1) <= short.guarantee <= 1
