"""Indicators of flood programmes: the hand world, areas, definitions, what is not assessed."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import worlds
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.flood import (
    INDICATORS,
    WATCHED_GROUPS,
    CountingRule,
    count_by_commune,
    group_watched_objects,
    indicator_definitions,
    measure_exposure,
    measure_indicators,
    split_watched_objects,
)
from tvb.flood.indicators import FEATURE_LAYERS

#  box (local metres)        use                        dwellings  storeys  people  aged  men  poor
_ROWS = [
    ((100, 100, 110, 110), "Résidentiel", 4, 1, 10.0, 1.0, 4.0, 1.0),  # flooded, Sud
    ((130, 100, 140, 110), "Résidentiel", 6, 3, 12.0, 0.0, 6.0, 2.0),  # flooded, Sud
    ((160, 100, 170, 110), "Résidentiel", 2, None, 3.0, 3.0, 2.0, 0.0),  # flooded, Sud
    ((600, 600, 610, 610), "Résidentiel", 5, 1, 25.0, 5.0, 8.0, 8.0),  # dry, Sud
    ((1050, 100, 1060, 110), "Industriel", None, 1, 0.0, 0.0, 0.0, 0.0),  # flooded, Port
    ((1500, 500, 1510, 510), "Résidentiel", 1, 1, 2.0, 0.0, 1.0, 0.0),  # dry, Port
]


def buildings() -> gpd.GeoDataFrame:
    boxes, use, dwellings, storeys, *_ = zip(*_ROWS, strict=True)
    return gpd.GeoDataFrame(
        {
            "usage_1": use,
            "construction_legere": False,
            "etat_de_l_objet": "En service",
            "nombre_de_logements": pd.array(dwellings, dtype="Int64"),
            "nombre_d_etages": pd.array(storeys, dtype="Int64"),
        },
        geometry=[worlds.box(*b) for b in boxes],
        crs="EPSG:2154",
    )


def people() -> pd.DataFrame:
    columns = ["people", "ind_80p", "men", "men_pauv"]
    return pd.DataFrame([row[4:] for row in _ROWS], columns=columns).assign(ind_0_3=0.5)


def zones() -> gpd.GeoDataFrame:
    """Return 20 ha in Sud and 10 ha in Port, in two polygons that overlap; the rest of town dry."""
    parts = [worlds.box(0, 0, 800, 200), worlds.box(400, 0, 1500, 200), worlds.box(0, 0, 5, 5)]
    niveau = ["Inf05", "Inf05", "Inf05"]
    return gpd.GeoDataFrame({"scenario": "02Moy", "niveau": niveau}, geometry=parts, crs=2154)


def points(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        geometry=[worlds.at(shapely.Point(p)) for p in places], crs="EPSG:2154"
    )  # fmt: skip


def measured(**options: object) -> pd.DataFrame:
    table = measure_indicators(buildings(), zones(), worlds.communes(), **options)  # type: ignore[arg-type]
    return table.xs("02Moy", level="scenario")


def test_indicators_of_the_hand_world() -> None:
    table = measured(people=people())
    assert table.index.tolist() == ["62001", "62002", "62003", "62004", "hors communes"]
    assert table.columns.tolist() == [i.name for i in INDICATORS] + [
        "rule", "exclude", "attribution",
    ]  # fmt: skip
    sud = table.loc["62001"]
    expected = {
        "people": 25.0, "people_share": 0.5, "people_0_3": 1.5, "people_80p": 4.0,
        "low_income_share": 3 / 12, "dwellings": 12, "dwellings_unknown": 0,
        "dwellings_single_storey": 4, "dwellings_storeys_unknown": 2, "people_single_storey": 10.0,
        "buildings": 3, "buildings_activity": 0, "flooded_ha": 20.0, "flooded_share": 0.2,
    }  # fmt: skip
    assert sud[list(expected)].to_dict() == pytest.approx(expected, abs=1e-9)
    port = table.loc["62002"]
    assert (port["buildings_activity"], port["dwellings_unknown"], port["people"]) == (1, 1, 0.0)
    assert port["people_share"] == 0.0
    assert pd.isna(port["low_income_share"])  # no household: a share of nothing
    assert port["flooded_ha"] == pytest.approx(10.0, abs=1e-9)
    nord = table.loc["62003"]
    assert (nord["buildings"], nord["flooded_ha"], nord["people"]) == (0, 0.0, 0.0)
    assert pd.isna(nord["people_share"])
    assert pd.isna(table.loc["hors communes", "flooded_ha"])
    assert table["buildings"].dtype == "Int64"


def test_what_is_not_given_is_not_assessed() -> None:
    """Kills the zero that says « none » where nobody looked."""
    table = measured()
    absent = [i.name for i in INDICATORS if i.needs]
    assert table[absent].isna().all(axis=None)
    assert table.drop(columns=absent).loc["62001"].notna().all()
    some = measured(people=people()[["people"]], layers={"crisis_buildings": points()})
    assert some.loc["62001", "people"] == 25.0
    assert pd.isna(some.loc["62001", "low_income_share"])
    assert pd.isna(some.loc["62001", "people_80p"])
    assert some["crisis_buildings"].tolist() == [0] * 5
    bare = measure_indicators(
        buildings().drop(columns="nombre_d_etages"), zones(), worlds.communes()
    ).xs("02Moy", level="scenario")
    assert bare.loc["62001", ["dwellings_single_storey", "dwellings_storeys_unknown"]].tolist() == [
        0, 12,
    ]  # fmt: skip


def test_features_count_once_in_one_commune() -> None:
    """Kills the join: a school on two zones, an element across two communes."""
    schools = points((500, 100), (1500, 200), (1500, 201), (-10, 5), (2, 2))
    element = gpd.GeoDataFrame(
        geometry=[worlds.box(700, 150, 1100, 900), worlds.box(300, 300, 350, 350)], crs=2154
    )
    track = gpd.GeoDataFrame(
        geometry=[worlds.at(shapely.LineString([(1200, 900), (1300, 150)]))], crs=2154
    )
    layers = {
        "sensitive_establishments": schools, "property_elements": element, "hazardous_sites": track,
    }  # fmt: skip
    table = measured(layers=layers)
    assert table["sensitive_establishments"].tolist() == [2, 1, 0, 0, 0]
    assert table["property_elements"].tolist() == [1, 0, 0, 0, 0]
    assert table["hazardous_sites"].tolist() == [0, 1, 0, 0, 0]
    wide = zones().assign(geometry=zones().buffer(50))
    table = measure_indicators(buildings(), wide, worlds.communes(), layers=layers)
    schools_in = table.xs("02Moy", level="scenario")["sensitive_establishments"]
    assert schools_in.tolist() == [2, 2, 0, 0, 1]


def test_flooded_areas_equal_the_plain_overlay() -> None:
    """Against `union_all` and `intersection`, on wiggly zones that overlap and communes that do."""
    rng = np.random.default_rng(8)
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    blobs = []
    for x, y in rng.uniform(0, 2000, (12, 2)):
        r = rng.uniform(80, 400) * (1 + 0.2 * np.sin(9 * angle))
        blobs.append(
            worlds.at(shapely.Polygon(np.c_[x + r * np.cos(angle), y + r * np.sin(angle)]))
        )
    wet = gpd.GeoDataFrame({"scenario": ["a", "b"] * 6}, geometry=blobs, crs=2154)
    site = gpd.GeoDataFrame(
        geometry=[worlds.box(200, 200, 1500, 1200), worlds.box(900, 900, 1800, 1800)], crs=2154
    )
    communes = worlds.communes()
    table = measure_indicators(buildings(), wet, communes, layers={"property": site})
    for scenario in ("a", "b"):
        union = shapely.union_all(wet.geometry[wet["scenario"] == scenario].to_numpy())
        for insee, commune in zip(communes["insee"], communes.geometry, strict=True):
            row = table.loc[(insee, scenario)]
            flooded = commune.intersection(union)
            assert row["flooded_ha"] == pytest.approx(flooded.area / 1e4, abs=1e-6)
            inside = flooded.intersection(site.union_all())
            assert row["property_flooded_ha"] == pytest.approx(inside.area / 1e4, abs=1e-6)


def test_indicators_follow_the_rule_and_the_count() -> None:
    rule = CountingRule("centroid", exclude=(), attribution="centroid")
    exposure = measure_exposure(buildings(), zones(), scenarios=["02Moy", "03Mcc"])
    table = measure_indicators(
        buildings(), zones(), worlds.communes(), exposure=exposure, rule=rule, people=people()
    )
    counts = count_by_commune(buildings(), exposure, worlds.communes(), rule=rule)
    for column in ("buildings", "dwellings", "dwellings_unknown"):
        assert table[column].tolist() == counts[column].tolist()
    assert table[["rule", "exclude", "attribution"]].equals(
        counts[["rule", "exclude", "attribution"]]
    )
    dry = table.xs("03Mcc", level="scenario")
    assert (
        dry.loc["62001", ["buildings", "people", "flooded_ha", "people_share"]].tolist() == [0] * 4
    )


def test_definitions_are_complete_and_name_what_the_table_holds() -> None:
    names = [i.name for i in INDICATORS]
    assert len(set(names)) == len(names)
    for indicator in INDICATORS:
        assert indicator.title_fr
        assert indicator.definition[0].isupper()
        assert not indicator.definition.endswith(".")
        assert indicator.reference
        assert set(indicator.needs) <= {"people", "property", *FEATURE_LAYERS}
    table = indicator_definitions()
    assert table["indicator"].tolist() == names
    assert table.columns.tolist() == [
        "indicator", "title", "definition", "unit", "needs", "reference",
    ]  # fmt: skip


def test_layers_without_rows_give_zeros() -> None:
    table = measure_indicators(buildings().iloc[:0], zones(), worlds.communes())
    assert table["buildings"].sum() == 0
    assert table.loc[("62001", "02Moy"), "flooded_ha"] == pytest.approx(20.0)
    exposure = measure_exposure(buildings(), zones().iloc[:0], scenarios=["02Moy"])
    table = measure_indicators(
        buildings(), zones().iloc[:0], worlds.communes(), exposure=exposure,
        layers={"property": zones().iloc[:0], "listed_buildings": points((5, 5))},
    )  # fmt: skip
    sud = table.loc[("62001", "02Moy")]
    assert sud[["buildings", "flooded_ha", "property_flooded_ha", "listed_buildings"]].tolist() == [
        0, 0.0, 0.0, 0,
    ]  # fmt: skip


def test_layers_and_frames_are_checked() -> None:
    with pytest.raises(ParameterError, match="layers: « schools » is not needed by any indicator"):
        measured(layers={"schools": points((1, 1))})
    with pytest.raises(CrsError, match="wastewater_plants: coordinates are in EPSG:3857"):
        measured(layers={"wastewater_plants": points((1, 1)).to_crs(3857)})
    with pytest.raises(ParameterError, match="people: is not on the index of the buildings"):
        measured(people=people().iloc[1:])
    with pytest.raises(LayerError, match="flood_zones: column « scenario » is missing"):
        measure_indicators(buildings(), zones()[["geometry"]], worlds.communes())


# Watched objects --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "group"),
    [
        ("École primaire", "sensitive_establishments"),
        ("ENSEIGNEMENT PRIMAIRE", "sensitive_establishments"),
        ("Collèges", "sensitive_establishments"),
        ("EHPAD « Les Lilas »", "sensitive_establishments"),
        ("maison d'arrêt", "sensitive_establishments"),
        ("Caserne de pompiers", "crisis_buildings"),
        ("Hôtel de ville", "crisis_buildings"),
        ("STEP", "wastewater_plants"),
        ("Station d'épuration", "wastewater_plants"),
        ("ICPE Seveso seuil haut", "hazardous_sites"),
        ("Chevalement", None),
        ("Cité-jardin", None),
        ("Limeur", None),  # « ime » inside a word
        ("", None),
        (None, None),
    ],
)
def test_words_of_a_category_tell_its_group(category: str | None, group: str | None) -> None:
    """Kills: accents and case, parts of words, a fire station counted among those to be helped."""
    found = group_watched_objects(pd.Series([category], index=[7])).loc[7]
    assert pd.isna(found) if group is None else found == group


def test_objects_are_split_without_loss_and_fit_the_indicators() -> None:
    objects = points((500, 100), (1500, 150), (1500, 500), (500, 101)).assign(
        categorie=["École", "Mairie", "Mairie", "Fosse"]
    )
    parts = split_watched_objects(objects)
    assert list(parts) == list(WATCHED_GROUPS)
    assert set(parts) <= set(FEATURE_LAYERS)
    assert {name: len(part) for name, part in parts.items() if len(part)} == {
        "crisis_buildings": 2, "sensitive_establishments": 1,
    }  # fmt: skip
    table = measured(layers=parts)
    assert table["sensitive_establishments"].tolist() == [1, 0, 0, 0, 0]
    assert table["crisis_buildings"].tolist() == [0, 1, 0, 0, 0]
    assert table["hazardous_sites"].tolist() == [0] * 5
    assert all(part.empty for part in split_watched_objects(objects.iloc[:0]).values())


def test_watched_objects_are_checked() -> None:
    with pytest.raises(LayerError, match="watched_objects: column « categorie » is missing"):
        split_watched_objects(points((0, 0)))
    with pytest.raises(CrsError, match="watched_objects: coordinates are in EPSG:4326"):
        split_watched_objects(points((0, 0)).assign(categorie="École").to_crs(4326))
