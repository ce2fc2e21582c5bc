"""Exposed buildings: the hand world, the count of cells, the two paths, and the properties."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from benchmarks.bench_exposure import check_against_sjoin, compare
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from strategies import SIZE, Cells, area_of, cells, cells_of, frame, rectangles, touching
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.flood import (
    count_exposed_buildings,
    flag_excluded_buildings,
    flag_exposed_buildings,
    measure_flooded_share,
)

RULES = ("touches", "centroid", "share")
METHODS = ("fast", "plain")


def zones() -> gpd.GeoDataFrame:
    """Return two scenarios in the town of `worlds`."""
    rows = [
        ("02Moy", worlds.box(400, 400, 600, 600)),
        ("02Moy", worlds.box(500, 500, 1200, 700)),  # overlaps the first, enters Port
        ("02Moy", worlds.box(300, 400, 400, 600)),  # shares a border with the first
        ("04Fai", worlds.box(-50, 0, 1500, 1500).difference(worlds.box(700, 100, 800, 200))),
    ]
    return gpd.GeoDataFrame(
        {"scenario": [r[0] for r in rows]}, geometry=[r[1] for r in rows], crs="EPSG:2154"
    )


#  id   box (local metres)            use             light  state           dwellings
_ROWS = [
    ("A", (350, 450, 360, 460), "Résidentiel", False, "En service", 1),  # in one zone
    ("B", (395, 500, 405, 510), "Résidentiel", None, "En service", 2),  # on two that touch
    ("C", (520, 550, 540, 560), "Commercial et services", False, None, None),  # in two at once
    ("D", (994, 600, 1004, 610), "Indifférencié", False, "En service", 3),  # 60 % Sud, 40 % Port
    ("E", (1195, 650, 1205, 660), None, False, "En service", 1),  # half flooded
    ("F", (1200, 500, 1210, 510), "Agricole", False, "En service", 0),  # touches the rim
    ("G", (1500, 1500, 1510, 1510), "Industriel", False, "En service", None),  # touches a corner
    ("H", (-30, 100, -20, 110), "Résidentiel", False, "En service", 5),  # outside the communes
    ("I", (730, 130, 740, 140), "Résidentiel", False, "En service", 7),  # in the hole: dry
    ("J", (450, 450, 460, 460), "Résidentiel", True, "En service", 1),  # light
    ("K", (470, 450, 480, 460), "Annexe", True, "En service", 0),  # annexe, and light
    ("L", (490, 450, 500, 460), "Résidentiel", False, "En projet", 9),  # not built
]


def buildings() -> gpd.GeoDataFrame:
    """Return twelve buildings of 100 m² (C: 200 m²), in a scrambled order."""
    ids, boxes, use, light, state, dwellings = zip(*_ROWS, strict=True)
    table = gpd.GeoDataFrame(
        {
            "cleabs": ids,
            "usage_1": pd.Series(use, dtype="str"),
            "construction_legere": pd.array(light, dtype="boolean"),
            "etat_de_l_objet": pd.Series(state, dtype="str"),
            "nombre_de_logements": pd.array(dwellings, dtype="Int64"),
        },
        geometry=[worlds.box(*b) for b in boxes],
        crs="EPSG:2154",
    )
    return table.sample(frac=1, random_state=7)


def exposed_ids(rule: str, scenario: str, method: str, **options: float) -> str:
    here = buildings()
    flags = flag_exposed_buildings(here, zones(), rule=rule, method=method, **options)  # type: ignore[arg-type]
    return "".join(sorted(here.loc[flags[scenario], "cleabs"]))


@pytest.mark.parametrize("method", METHODS)
def test_each_rule_exposes_the_buildings_that_it_says(method: str) -> None:
    """Kills bounding boxes, filled holes, strict borders, and shares summed over zones."""
    assert exposed_ids("touches", "02Moy", method) == "ABCDEFJKL"
    # The centroid of E lies at x = 1200, on the border of the zone.
    assert exposed_ids("centroid", "02Moy", method) == "ABCDEJKL"
    assert exposed_ids("share", "02Moy", method) == "ABCDEJKL"
    assert exposed_ids("share", "02Moy", method, min_share=0.51) == "ABCDJKL"
    assert exposed_ids("share", "02Moy", method, min_share=1.0) == "ABCDJKL"
    assert exposed_ids("touches", "04Fai", method) == "ABCDEFGHJKL"
    assert exposed_ids("centroid", "04Fai", method) == "ABCDEFHJKL"


@pytest.mark.parametrize("method", METHODS)
def test_count_in_the_hand_world(method: str) -> None:
    """Kills `sjoin` then count: B, C, D would count twice, Nord and Est would have no row."""
    table = count_exposed_buildings(buildings(), zones(), worlds.communes(), method=method)  # type: ignore[arg-type]
    assert table.index.names == ["insee", "scenario"]
    codes = ["62001", "62002", "62003", "62004", "hors communes"]
    assert table.index.tolist() == [(c, s) for c in codes for s in ("02Moy", "04Fai")]
    moy = table.xs("02Moy", level="scenario")
    # Sud: A, B, C, D. Port: E, F. J, K and L are in Sud but left out.
    assert moy["buildings"].tolist() == [4, 2, 0, 0, 0]
    assert moy["footprint_m2"].tolist() == [500.0, 200.0, 0.0, 0.0, 0.0]
    assert moy["dwellings"].tolist() == [6, 1, 0, 0, 0]
    assert moy["dwellings_unknown"].tolist() == [1, 0, 0, 0, 0]
    assert moy["buildings_excluded"].tolist() == [3, 0, 0, 0, 0]
    assert moy.loc["62001"].filter(like="buildings_").to_dict() == {
        "buildings_residentiel": 2, "buildings_indifferencie": 1,
        "buildings_commercial_et_services": 1, "buildings_industriel": 0,
        "buildings_agricole": 0, "buildings_religieux": 0, "buildings_sportif": 0,
        "buildings_annexe": 0, "buildings_autre": 0, "buildings_excluded": 3,
    }  # fmt: skip
    assert moy.loc["62002", ["buildings_agricole", "buildings_autre"]].tolist() == [1, 1]
    fai = table.xs("04Fai", level="scenario")
    # G touches in Est; H stands outside the communes.
    assert fai["buildings"].tolist() == [4, 2, 0, 1, 1]
    assert fai["dwellings"].tolist() == [6, 1, 0, 0, 5]
    assert (table["rule"] == "touches").all()
    assert table["buildings"].dtype == "int64"


def test_rule_stands_in_the_table() -> None:
    arguments = (buildings(), zones(), worlds.communes())
    for rule, text in (("centroid", "centroid"), ("share", "share >= 0.25")):
        table = count_exposed_buildings(*arguments, rule=rule, min_share=0.25)  # type: ignore[arg-type]
        assert table["rule"].unique().tolist() == [text]


def test_what_is_left_out_is_said_and_can_be_counted() -> None:
    flags = flag_excluded_buildings(buildings())
    assert flags.sum().to_dict() == {"light": 2, "annexe": 1, "not_in_service": 1}
    assert flags.any(axis=1).sum() == 3
    table = count_exposed_buildings(buildings(), zones(), worlds.communes(), exclude=())
    sud = table.loc[("62001", "02Moy")]
    assert (sud["buildings"], sud["buildings_excluded"], sud["buildings_annexe"]) == (7, 0, 1)
    table = count_exposed_buildings(buildings(), zones(), worlds.communes(), exclude=["annexe"])
    sud = table.loc[("62001", "02Moy")]
    assert (sud["buildings"], sud["buildings_excluded"]) == (6, 1)


@pytest.mark.parametrize("method", METHODS)
def test_share_of_each_footprint(method: str) -> None:
    here = buildings().set_index("cleabs")
    share = measure_flooded_share(here, zones(), method=method)["02Moy"]  # type: ignore[arg-type]
    expected = {**dict.fromkeys("ABCDJKL", 1.0), "E": 0.5, **dict.fromkeys("FGHI", 0.0)}
    assert share.to_dict() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_layers_without_rows_give_zeros(rule: str) -> None:
    options = {"rule": rule, "scenarios": ["02Moy", "03Mcc"]}
    for b, z in ((buildings(), zones().iloc[:0]), (buildings().iloc[:0], zones())):
        table = count_exposed_buildings(b, z, worlds.communes(), **options)  # type: ignore[arg-type]
        assert len(table) == 10
        assert table.select_dtypes("number").to_numpy().sum() == 0
    nowhere = count_exposed_buildings(
        buildings(),
        zones(),
        worlds.communes().iloc[:0],
        **options,  # type: ignore[arg-type]
    )
    assert nowhere.index.get_level_values("insee").unique().tolist() == ["hors communes"]
    assert count_exposed_buildings(buildings(), zones().iloc[:0], worlds.communes()).empty


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rule", RULES)
def test_awkward_geometry(rule: str, method: str) -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])  # two triangles, west and east
    pinched = shapely.Polygon(
        [(20, 0), (30, 0), (30, 10), (20, 10)], [[(20, 5), (25, 2), (25, 8)]]
    )  # a hole that touches the shell: dry triangle in the west
    flat = shapely.Polygon([(40, 0), (50, 0), (45, 0)])  # no area at all
    deep = shapely.force_3d(shapely.box(60, 0, 70, 10), 4.0)
    zone = frame([bow_tie, pinched, flat, deep, None, shapely.Polygon()], scenario=["s"] * 6)
    boxes = [
        (1, 4, 2, 6), (4, 8, 6, 9), (21, 4.5, 22, 5.5), (26, 4, 27, 6), (44, 0.5, 45, 2),
        (61, 1, 62, 2),
    ]  # fmt: skip
    shapes = [shapely.box(*b) for b in boxes]
    shapes += [None, shapely.Polygon(), shapely.force_3d(shapes[0], 1.0)]
    # A building drawn as a bow-tie, flooded.
    shapes.append(shapely.Polygon([(1, 4), (2, 6), (2, 4), (1, 6)]))
    found = flag_exposed_buildings(frame(shapes), zone, rule=rule, method=method)["s"]  # type: ignore[arg-type]
    # In the west wing; between the wings; in the hole; beside it; above the flat zone (dry); in
    # the box with height; null; empty; with height; bow-tie.
    wet = [True, False, False, True, False, True, False, False, True, True]
    assert found.tolist() == wet


@pytest.mark.parametrize("method", METHODS)
def test_a_footprint_without_area_has_no_flooded_share(method: str) -> None:
    """Kills the lattice that calls it flooded because it lies deep inside a zone."""
    zone = frame([shapely.box(0, 0, 900, 900)], scenario=["s"])
    spike = shapely.Polygon([(400, 400), (410, 400), (405, 400)])
    bow_tie = shapely.Polygon([(500, 500), (510, 510), (510, 500), (500, 510)])  # halves cancel
    shares = measure_flooded_share(frame([spike, bow_tie]), zone, method=method)["s"]  # type: ignore[arg-type]
    assert shares.tolist() == [0.0, 1.0]
    dry = measure_flooded_share(
        frame([spike]),
        zone,
        scenarios=["none"],
        method=method,  # type: ignore[arg-type]
    )
    assert dry["none"].tolist() == [0.0]


def test_a_zone_that_covers_everything_and_one_far_away() -> None:
    everything = frame([shapely.box(-1e7, -1e7, 1e7, 1e7)], scenario=["s"]).assign(
        geometry=lambda z: z.translate(worlds.X0, worlds.Y0)
    )
    far = everything.assign(geometry=[worlds.box(5e4, 5e4, 6e4, 6e4)])
    for rule in RULES:
        assert flag_exposed_buildings(buildings(), everything, rule=rule)["s"].all()  # type: ignore[arg-type]
        assert not flag_exposed_buildings(buildings(), far, rule=rule)["s"].any()  # type: ignore[arg-type]
        nowhere = buildings().assign(geometry=[None, shapely.Polygon(), *buildings().geometry[2:]])
        flags = flag_exposed_buildings(nowhere, everything, rule=rule)["s"]  # type: ignore[arg-type]
        assert flags.tolist() == [False, False] + [True] * 10


# Against the count of cells -------------------------------------------------------------------

_ZONES = st.lists(cells(), max_size=4)
_BUILDINGS = st.lists(rectangles(), min_size=1, max_size=8)


def _centre_in(feature: tuple[int, int, int, int], union: Cells) -> bool:
    """Tell whether the centre of a rectangle lies in or on the squares of a shape."""
    x2, y2 = feature[0] + feature[2], feature[1] + feature[3]
    return any(2 * x <= x2 <= 2 * x + 2 and 2 * y <= y2 <= 2 * y + 2 for x, y in union)


@given(_ZONES, _BUILDINGS, st.sampled_from([0.25, 0.5, 1.0]))
@settings(max_examples=60, deadline=None)
def test_both_paths_equal_the_count_of_cells(
    shapes: list[Cells], features: list[tuple[int, int, int, int]], min_share: float
) -> None:
    union = frozenset().union(*shapes)
    here = frame([shapely.box(*f) for f in features])
    zone = frame([area_of(s) for s in shapes], scenario=["s"] * len(shapes))
    share = [len(cells_of(f) & union) / len(cells_of(f)) for f in features]
    expected = {
        "touches": [bool(touching(cells_of(f)) & union) for f in features],
        "centroid": [_centre_in(f, union) for f in features],
        "share": [s >= min_share for s in share],
    }
    for rule, answer in expected.items():
        for method in METHODS:
            options = {"rule": rule, "method": method, "min_share": min_share, "scenarios": ["s"]}
            found = flag_exposed_buildings(here, zone, **options)  # type: ignore[arg-type]
            assert found["s"].tolist() == answer, (rule, method)
    measured = measure_flooded_share(here, zone, scenarios=["s"])["s"]
    assert measured.tolist() == pytest.approx(share, abs=1e-9)


def _town(shapes: list[Cells], features: list[tuple[int, int, int, int]]) -> tuple:
    """Return buildings with attributes, zones in two scenarios, and two communes."""
    n = len(features)
    here = frame(
        [shapely.box(*f) for f in features],
        usage_1=(["Résidentiel", "Annexe", "Agricole"] * n)[:n],
        construction_legere=([False, True] * n)[:n],
        etat_de_l_objet=["En service"] * n,
        nombre_de_logements=pd.array(([2, None, 0] * n)[:n], dtype="Int64"),
    )
    zone = frame([area_of(s) for s in shapes], scenario=(["a", "b"] * len(shapes))[: len(shapes)])
    half = shapely.box(-1, -1, 4, SIZE), shapely.box(4, -1, SIZE - 1, SIZE)
    return here, zone, frame(half, insee=["1", "2"])


@given(st.lists(cells(), min_size=1, max_size=4), _BUILDINGS, st.sampled_from(RULES), st.randoms())
@settings(max_examples=40, deadline=None)
def test_what_must_not_matter_does_not(
    shapes: list[Cells], features: list[tuple[int, int, int, int]], rule: str, random
) -> None:
    """Splitting, duplicating and reordering zones; order and labels of rows."""
    here, zone, communes = _town(shapes, features)
    table = count_exposed_buildings(here, zone, communes, rule=rule)  # type: ignore[arg-type]
    cut = shapely.box(0, 0, 4.5, SIZE), shapely.box(4.5, 0, SIZE, SIZE)
    split = pd.concat([zone.assign(geometry=zone.intersection(half)) for half in cut])
    twice = pd.concat([split, zone]).sample(frac=1, random_state=random.randint(0, 99))
    shuffled = here.sample(frac=1, random_state=random.randint(0, 99))
    shuffled.index = pd.Index(["same"] * len(here))
    swapped = communes.iloc[::-1]
    for other in (
        count_exposed_buildings(here, twice, communes, rule=rule),  # type: ignore[arg-type]
        count_exposed_buildings(shuffled, zone, swapped, rule=rule),  # type: ignore[arg-type]
    ):
        pd.testing.assert_frame_equal(other, table)


@given(st.lists(cells(), min_size=1, max_size=4), _BUILDINGS, st.sampled_from(RULES))
@settings(max_examples=40, deadline=None)
def test_totals_are_the_sum_of_the_parts_and_larger_zones_never_expose_fewer(
    shapes: list[Cells], features: list[tuple[int, int, int, int]], rule: str
) -> None:
    here, zone, communes = _town(shapes, features)
    table = count_exposed_buildings(here, zone, communes, rule=rule)  # type: ignore[arg-type]
    flags = flag_exposed_buildings(here, zone, rule=rule)  # type: ignore[arg-type]
    kept = ~flag_excluded_buildings(here).any(axis=1)
    sums = table.groupby("scenario").sum(numeric_only=True)
    assert sums["buildings"].tolist() == flags[kept].sum().tolist()
    assert sums["buildings_excluded"].tolist() == flags[~kept].sum().tolist()
    by_use = table.filter(like="buildings_").drop(columns="buildings_excluded")
    assert (by_use.sum(axis=1) == table["buildings"]).all()
    assert (table["dwellings_unknown"] <= table["buildings"]).all()
    larger = zone.assign(geometry=[area_of(touching(s)) for s in shapes])
    assert (flags <= flag_exposed_buildings(here, larger, rule=rule)).all(axis=None)  # type: ignore[arg-type]


def test_fast_equals_plain_on_ground_without_a_grid() -> None:
    """Wiggly zones that overlap, some 900 turned buildings: building by building."""
    rng = np.random.default_rng(12)
    angle = np.linspace(0, 2 * np.pi, 401)[:-1]
    shapes = []
    for x, y in rng.uniform(0, 1000, (8, 2)):
        radius = rng.uniform(60, 220) * (1 + 0.2 * np.sin(7 * angle) + 0.05 * np.sin(41 * angle))
        shell = np.c_[x + radius * np.cos(angle), y + radius * np.sin(angle)]
        shapes.append(shapely.Polygon(shell, [shell[::-4] * 0.4 + np.array([x, y]) * 0.6]))
    zone = frame(shapes, scenario=list("aabbabab"))
    turned = [
        shapely.Polygon(np.array([[0, 0], [12, 5], [10, 10], [-2, 5]]) + shift)
        for shift in rng.uniform(-50, 1050, (900, 2))
    ]
    here = frame(turned)
    for rule in RULES:
        fast = flag_exposed_buildings(here, zone, rule=rule)  # type: ignore[arg-type]
        plain = flag_exposed_buildings(here, zone, rule=rule, method="plain")  # type: ignore[arg-type]
        assert fast.to_numpy().any(axis=0).all()
        pd.testing.assert_frame_equal(fast, plain)
    fast, plain = (measure_flooded_share(here, zone, method=m) for m in METHODS)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(fast, plain, rtol=0, atol=1e-9)


def test_sums_of_areas_do_not_depend_on_the_order_of_rows() -> None:
    """Kills the plain sum of floating-point areas, different in its last digit each time."""
    here = pd.concat([buildings()] * 40, ignore_index=True).drop(columns="cleabs")
    scale = np.random.default_rng(3).uniform(0.1, 1.0, len(here))
    corner = shapely.bounds(here.geometry.to_numpy())[:, :2]
    here.geometry = shapely.box(*corner.T, *(corner + 10 * scale[:, None]).T)
    tables = [
        count_exposed_buildings(here.sample(frac=1, random_state=i), zones(), worlds.communes())
        for i in range(4)
    ]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_exact=True)


# Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "nearest"}, "rule: « nearest » is unknown. Required: one of touches"),
        ({"min_share": 0.0}, "min_share: 0.0 is not a share. Required: above 0, at most 1"),
        ({"min_share": 50}, "min_share: 50 is not a share"),
        ({"method": "gpu"}, "method: « gpu » is unknown. Required: fast or plain"),
        ({"exclude": ["ruin"]}, "exclude: « ruin » is unknown. Required: any of light, annexe"),
    ],
)
def test_parameters_are_checked(options: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        count_exposed_buildings(buildings(), zones(), worlds.communes(), **options)


@pytest.mark.parametrize(
    ("layer", "column"),
    [
        ("buildings", "usage_1"),
        ("buildings", "construction_legere"),
        ("flood_zones", "scenario"),
        ("communes", "insee"),
    ],
)
def test_columns_are_checked(layer: str, column: str) -> None:
    frames = {"buildings": buildings(), "flood_zones": zones(), "communes": worlds.communes()}
    frames[layer] = frames[layer].drop(columns=column)
    with pytest.raises(LayerError, match=f"{layer}: column « {column} » is missing"):
        count_exposed_buildings(*frames.values())


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_coordinates_are_checked(layer: int) -> None:
    frames = [buildings(), zones(), worlds.communes()]
    frames[layer] = frames[layer].to_crs(3857)
    with pytest.raises(CrsError, match=re.escape("frame.to_crs(2154)")):
        count_exposed_buildings(*frames)


def test_arguments_are_left_alone() -> None:
    frames = [buildings(), zones(), worlds.communes()]
    copies = [f.copy() for f in frames]
    count_exposed_buildings(*frames, rule="share")
    assert all(f.equals(c) for f, c in zip(frames, copies, strict=True))


def test_the_benchmark_runs_on_a_small_world() -> None:
    """The buildings that a join finds are ours, each once; the table of times is complete."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 1990, (2, 1500))
    here = pd.concat([buildings()] * 125, ignore_index=True).drop(columns="cleabs")
    here.geometry = [worlds.box(a, b, a + 10, b + 10) for a, b in zip(x, y, strict=True)]
    check_against_sjoin(here, zones())
    table = compare(here, zones(), worlds.communes(), rounds=1, sample=500)
    assert len(table) == 7
    assert (table["seconds"] > 0).all()
