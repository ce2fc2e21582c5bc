"""Watched objects: days as people write them, a ranking added up by hand, a file that one keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from tvb.errors import CrsError, LayerError, ParameterError
from tvb.heritage import DEFAULT_POINTS, build_watch_list, rank_at_risk
from tvb.heritage.dates import parse_days
from tvb.io import read_layer, write_csv
from tvb.schema import validate
from tvb.territory import Source

DAY = "2026-01-31"


def watched(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    """Return objects: safe ones but for what each row says."""
    safe = {
        "etat": "bon", "proprietaire": "Commune", "protection": "Classé MH",
        "date_observation": "2025-06-01", "geometry": shapely.Point(10, 10), "note": None,
    }  # fmt: skip
    table = [{"id_objet": f"o{i}", **safe, **row} for i, row in enumerate(rows)]
    frame = pd.DataFrame(table)
    geometry = [worlds.at(g) for g in frame.pop("geometry")]
    return gpd.GeoDataFrame(frame.astype("str"), geometry=geometry, crs=2154)


def zones(*boxes: shapely.Polygon, **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(boxes), crs=2154)


def score(row: dict[str, Any], **options: Any) -> float:
    return float(rank_at_risk(watched(row), on=DAY, **options).table["score"].iloc[0])


# Days -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-12-31", "2024-12-31"), ("2024-12-31 10:20:00", "2024-12-31"),
        ("2024-12-31T10:20", "2024-12-31"), ("20241231", "2024-12-31"),
        ("03/04/2021", "2021-04-03"), ("3-4-2021", "2021-04-03"), ("3.4.2021", "2021-04-03"),
        (" 31 décembre 2024 ", "2024-12-31"), ("1er mars 2021", "2021-03-01"),
        ("Févr. 2020", "2020-02-01"), ("12/2024", "2024-12-01"), ("2024-05", "2024-05-01"),
        ("2019", "2019-01-01"), ("29/02/2024", "2024-02-29"),
    ],
)  # fmt: skip
def test_days_are_read_as_they_are_written(text: str, day: str) -> None:
    """Kills the month read before the day, which swaps them on one day out of three."""
    assert parse_days(pd.Series([text])).dt.date.astype(str).tolist() == [day]


@pytest.mark.parametrize(
    "text", ["31/02/2020", "29/02/2023", "13/2024", "31/12/24", "hier", "", "0", "3 brumaire 1799"]
)
def test_what_is_no_day_is_null(text: str) -> None:
    """Kills a guess: two digits of a year may be of either century."""
    assert parse_days(pd.Series([text, None])).isna().all()


@settings(max_examples=50)
@given(day=st.dates())
def test_every_day_of_the_calendar_is_read(day: Any) -> None:
    texts = pd.Series([day.isoformat(), f"{day:%d/%m/}{day.year:04}"])
    assert parse_days(texts).dt.date.tolist() == [day, day]


# The score --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "points"),
    [
        ({}, 0),
        ({"protection": "non"}, 3), ({"protection": "Aucune"}, 3), ({"protection": None}, 3),
        ({"protection": "Situé en abords MH"}, 2), ({"protection": "Inscrit MH et AVAP"}, 0),
        ({"protection": "Classé MH, abords"}, 0), ({"protection": "PLU L151-19"}, 0),
        ({"proprietaire": "Privé"}, 1), ({"proprietaire": "Privé / Commune"}, 1),
        ({"proprietaire": "SCI des Terrils"}, 1), ({"proprietaire": "Maisons et Cités"}, 0),
        ({"proprietaire": None}, 1), ({"proprietaire": "Ville de Privas"}, 0),
        ({"etat": "Très mauvais état"}, 2), ({"etat": "en ruine"}, 2), ({"etat": "dégradée"}, 2),
        ({"etat": None}, 2), ({"etat": "moyen"}, 0),
        ({"date_observation": "2021-02-01"}, 0), ({"date_observation": "2021-01-29"}, 1),
        ({"date_observation": None}, 1), ({"date_observation": "à revoir"}, 1),
        ({"date_observation": "2027-01-01"}, 1),
        ({"protection": "non", "etat": "ruine", "proprietaire": "privée",
          "date_observation": "1998"}, 7),
    ],
)  # fmt: skip
def test_points_are_those_of_the_table(row: dict[str, Any], points: float) -> None:
    """Each row added up by hand. Kills null that passes for safe, and words matched in words."""
    assert score(row) == points


def test_points_are_a_parameter() -> None:
    row = {"protection": "non", "etat": "ruine"}
    assert score(row, points={"unprotected": 10}) == 12
    assert score({"date_observation": "2025-06-01"}, old_years=0.5) == 1
    assert rank_at_risk(watched(row), on=DAY).parameters["points"] == DEFAULT_POINTS


def test_zones_that_are_not_given_are_not_assessed() -> None:
    """Kills 0 points, which reads as « not exposed », for what nobody looked at."""
    ranking = rank_at_risk(watched({}), on=DAY)
    assert ranking.table[["points_flood", "points_au_zone"]].isna().all(axis=None)
    assert ranking.not_assessed == ("flood", "au_zone")
    assert "flood, au_zone not assessed" in repr(ranking)
    assert ranking.summary().loc["flood", "objects"] is pd.NA
    empty = zones(scenario=[])
    ranking = rank_at_risk(watched({}), on=DAY, flood_zones=empty)
    assert ranking.not_assessed == ("au_zone",)
    assert ranking.table["points_flood"].tolist() == [0]


def test_zones_count_from_a_share_on() -> None:
    """A building with 2 % in the zone was drawn apart from it; a point on the border is in."""
    box = shapely.box
    objects = watched(
        {"geometry": box(98, 0, 198, 10)},  # 2 %
        {"geometry": box(90, 0, 190, 10)},  # 10 %
        {"geometry": shapely.Point(100, 50)},
        {"geometry": shapely.Point(101, 50)},
    )
    flood = zones(
        worlds.box(0, 0, 100, 100), worlds.box(0, 0, 100, 100), worlds.box(0, 0, 95, 100),
        scenario=["04Fai", "02Moy", "02Moy"],
    )  # fmt: skip
    table = rank_at_risk(objects, on=DAY, flood_zones=flood).table.sort_values("id_objet")
    assert table["flood_share"].tolist() == pytest.approx([0.02, 0.1, 1, 0])
    assert table["points_flood"].tolist() == [0, 2, 2, 0]
    assert table["scenarios"].tolist() == ["", "02Moy, 04Fai", "02Moy, 04Fai", ""]
    exact = rank_at_risk(objects, on=DAY, flood_zones=flood, min_share=0.02 - 1e-9).table
    assert exact.sort_values("id_objet")["points_flood"].tolist() == [2, 2, 2, 0]


def test_plan_zones_tell_their_type() -> None:
    objects = watched(
        {"geometry": shapely.box(50, 0, 150, 10)}, {"geometry": shapely.Point(900, 900)}
    )
    plan = zones(
        worlds.box(0, 0, 90, 100), worlds.box(90, 0, 200, 100), worlds.box(0, 50, 9, 59),
        typezone=["AUc", "U", None],
    )  # fmt: skip
    table = rank_at_risk(objects, on=DAY, plan_zones=plan).table.sort_values("id_objet")
    assert table["au_share"].tolist() == pytest.approx([0.4, 0])
    assert table["typezone"].fillna("none").tolist() == ["U", "none"]
    assert table["points_au_zone"].tolist() == [2, 0]
    nowhere = rank_at_risk(objects, on=DAY, plan_zones=plan.iloc[:0]).table
    assert nowhere["typezone"].isna().all()


# Order ------------------------------------------------------------------------------------------


def test_ties_are_broken_by_age_then_by_identifier() -> None:
    """Kills an order that depends on that of the file."""
    objects = watched(
        {"id_objet": "b", "date_observation": "2025-06-01"},
        {"id_objet": "a", "date_observation": "2025-06-01"},
        {"id_objet": "c", "date_observation": "2024-06-01"},
        {"id_objet": "d", "etat": "ruine"},
        {"id_objet": "e", "date_observation": None},
    )
    for shuffled in (objects, objects.iloc[::-1], objects.iloc[[3, 1, 4, 0, 2]]):
        table = rank_at_risk(shuffled, on=DAY).table
        assert table["id_objet"].tolist() == ["d", "e", "c", "a", "b"]
        assert table["rank"].tolist() == [1, 2, 3, 4, 5]
    assert table.loc[3, "id_objet"] == "d"  # labels are kept
    assert objects.columns.tolist() == watched({}).columns.tolist()  # and the input untouched


def test_unknown_first_among_equals() -> None:
    objects = watched(
        {"id_objet": "a", "date_observation": "2001"},
        {"id_objet": "b", "date_observation": "?"},
    )
    table = rank_at_risk(objects, on=DAY).table
    assert table["id_objet"].tolist() == ["b", "a"]
    assert table["unknown"].tolist() == ["old_observation", ""]


def test_what_was_supposed_is_named_and_counted() -> None:
    source = Source("flood_zones", "modelled", "Zones", "tvb", "MIT", "2026")
    ranking = rank_at_risk(
        watched({"etat": None, "proprietaire": None}, {}, {"etat": "ruine"}), on=DAY,
        sources=[source],
    )  # fmt: skip
    assert ranking.table["unknown"].tolist() == ["private, poor_state", "", ""]
    summary = ranking.summary()
    assert summary.loc["poor_state", ["points", "objects", "unknown"]].tolist() == [2.0, 2, 1]
    assert repr(ranking).startswith("<RiskRanking: 3 objects, highest score 3, flood, au_zone")
    assert ranking.sources == (source,)
    assert len(rank_at_risk(watched({}).iloc[:0], on=DAY).table) == 0
    assert "0 objects" in repr(rank_at_risk(watched({}).iloc[:0], on=DAY))


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "protection": st.sampled_from(["non", None, "Classé MH", "abords"]),
                "proprietaire": st.sampled_from(["Privé", None, "Commune"]),
                "etat": st.sampled_from(["ruine", None, "bon"]),
                "date_observation": st.sampled_from(["2001", None, "2025-01-01"]),
            }
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_scores_are_the_sum_of_their_columns(rows: list[dict[str, Any]]) -> None:
    """And more exposure never lowers one."""
    table = rank_at_risk(watched(*rows), on=DAY).table
    parts = table.filter(like="points_").fillna(0.0).sum(axis=1)
    assert (parts == table["score"]).all()
    assert (np.diff(table["score"]) <= 0).all()
    worse = rank_at_risk(watched(*({**row, "etat": "ruine"} for row in rows)), on=DAY).table
    assert (worse.sort_values("id_objet")["score"] >= table.sort_values("id_objet")["score"]).all()


# Messages ---------------------------------------------------------------------------------------


def test_wrong_input_is_refused() -> None:
    objects = watched({})
    with pytest.raises(ParameterError, match="on: « 31/02/2026 » is no day"):
        rank_at_risk(objects, on="31/02/2026")
    with pytest.raises(ParameterError, match="points: « protected » is no exposure"):
        rank_at_risk(objects, on=DAY, points={"protected": 1})
    with pytest.raises(ParameterError, match=r"private: -1. Required: 0 or more"):
        rank_at_risk(objects, on=DAY, points={"private": -1})
    with pytest.raises(ParameterError, match="old_years: nan"):
        rank_at_risk(objects, on=DAY, old_years=float("nan"))
    with pytest.raises(LayerError, match=r"objects: column « etat » is missing.*read_layer"):
        rank_at_risk(objects.drop(columns="etat"), on=DAY)
    with pytest.raises(LayerError, match="flood_zones: column « scenario » is missing"):
        rank_at_risk(objects, on=DAY, flood_zones=zones(worlds.box(0, 0, 1, 1)))
    with pytest.raises(LayerError, match="plan_zones: column « typezone » is missing"):
        rank_at_risk(objects, on=DAY, plan_zones=zones(worlds.box(0, 0, 1, 1)))
    with pytest.raises(CrsError, match="objects: coordinates are in EPSG:4326"):
        rank_at_risk(objects.to_crs(4326), on=DAY)
    with pytest.raises(CrsError, match="flood_zones: coordinates are in EPSG:4326"):
        rank_at_risk(
            objects, on=DAY,
            flood_zones=zones(worlds.box(0, 0, 1, 1), scenario=["02Moy"]).to_crs(4326),
        )  # fmt: skip


# The file that an analyst keeps -----------------------------------------------------------------

ROWS = (
    ("C1", "chevalement", "Fosse n°9 de l’Escarpelle", "59509", "704512,5", "7035100,25",
     "mauvais état", "Privé", "non", "12/03/2021"),
    ("C2", "bâti", "École Ferry", "1234", "701000", "7030000,0", "bon", "Commune", "Inscrit MH",
     "2025-11-02"),
)  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_plain_file_is_read_whatever_its_encoding(tmp_path: Path, encoding: str) -> None:
    """Semicolons, decimal commas, a byte order mark, Windows text, days in two forms."""
    head = "id;kind;Nom;Code INSEE;X;Y;État;Propriétaire;Protection;Date observation"
    path = tmp_path / "objets.csv"
    path.write_text("\n".join([head, *(";".join(row) for row in ROWS)]), encoding=encoding)
    frame, report = read_layer(path, "watched_objects", crs=2154)
    assert report.dropped == ()
    validate(frame, "watched_objects")
    assert frame["insee"].tolist() == ["59509", "01234"]
    assert frame["nom"].tolist() == ["Fosse n°9 de l’Escarpelle", "École Ferry"]
    assert frame.geometry.iloc[0].equals(shapely.Point(704512.5, 7035100.25))
    table = rank_at_risk(frame, on=DAY).table
    assert table["id_objet"].tolist() == ["C1", "C2"]
    assert table["score"].tolist() == [6, 0]
    assert table["observed_on"].dt.date.astype(str).tolist() == ["2021-03-12", "2025-11-02"]
    assert table["age_years"].tolist() == pytest.approx([4.89, 0.25], abs=0.01)


def _heritage() -> dict[str, gpd.GeoDataFrame]:
    buildings = gpd.GeoDataFrame(
        {
            "nom": ["Chevalement", "École", "Autre"], "id_unesco": ["19A", "19A", None],
            "typologie": ["Chevalement", "Équipement scolaire", "Château"],
            "protection": ["Classé MH", "non", "non"],
            "proprietaire": ["Commune", "Privé", "Privé"],
        },
        geometry=[worlds.box(100, 100, 110, 110), worlds.box(0, 0, 10, 10),
                  worlds.box(1500, 0, 1510, 10)],
        crs=2154,
    )  # fmt: skip
    estates = gpd.GeoDataFrame(
        {"nom": ["Cité"], "id_unesco": ["19B"], "type": ["Corons"], "interet": ["Témoin"]},
        geometry=[worlds.box(0, 1000, 300, 1300)], crs=2154,
    )  # fmt: skip
    return {"listed_buildings": buildings, "estates": estates}


def test_a_first_list_is_made_and_read_back(tmp_path: Path) -> None:
    """Two objects of one number get identifiers of their own; the list survives the file."""
    table = build_watch_list(worlds.communes(), _heritage())
    validate(table, "watched_objects")
    assert table["id_objet"].tolist() == ["19A-1", "19A-2", "19B", "listed_buildings"]
    assert table["categorie"].tolist() == [
        "Chevalement", "Équipement scolaire", "Corons", "Château",
    ]  # fmt: skip
    assert table["insee"].tolist() == ["62001", "62001", "62003", "62002"]
    assert table[["etat", "date_observation", "note"]].isna().all(axis=None)
    turned = {name: frame.iloc[::-1] for name, frame in _heritage().items()}
    pd.testing.assert_frame_equal(build_watch_list(worlds.communes(), turned), table)
    write_csv(table, tmp_path / "suivi.csv", geometry="wkt", index=False, excel=True)
    again, _ = read_layer(tmp_path / "suivi.csv", "watched_objects", crs=2154)
    assert again["id_objet"].tolist() == table["id_objet"].tolist()
    assert again["proprietaire"].fillna("").tolist() == ["Commune", "Privé", "", "Privé"]
    assert (again.geometry == table.geometry).all()
    validate(build_watch_list(worlds.communes(), {}), "watched_objects")


@pytest.mark.official
def test_official_buildings_are_ranked(official: Path) -> None:
    """159 buildings and 321 estates; 48 buildings said unprotected, 36 in surroundings only."""
    communes, _ = read_layer(official / "communes-mbm.geojson", "communes")
    buildings, _ = read_layer(official / "batis.geojson", "listed_buildings")
    files = [official / "cites-minieres.geojson", official / "zt-cites-minieres.geojson"]
    estates, _ = read_layer(files, "estates")
    table = build_watch_list(communes, {"listed_buildings": buildings, "estates": estates})
    assert len(table) == 159 + 321
    assert table["id_objet"].is_unique
    assert table["insee"].notna().all()
    ranking = rank_at_risk(build_watch_list(communes, {"listed_buildings": buildings}), on=DAY)
    given_ = ranking.table["points_unprotected"].value_counts()
    assert given_.to_dict() == {0.0: 75, 3.0: 48, 2.0: 36}
    assert ranking.summary().loc["private", "objects"] == 24
    assert ranking.summary().loc["old_observation", "unknown"] == 159
