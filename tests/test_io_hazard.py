"""Deliveries of flood hazard, old and new, made here and read back."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import tvb
from tvb.errors import SourceError, TvbWarning
from tvb.flood import (
    Hazard,
    check_hazard,
    classified_zones,
    count_exposure_stream,
    flag_exposed_buildings,
    wet_zones,
)
from tvb.io import conform, open_footprints, read_hazard, read_layer
from tvb.io.hazard_tables import identify
from tvb.schema import validate
from worlds import box, communes

MEDIUM, FREQUENT = box(0, 0, 200, 100), box(0, 0, 100, 100)


def frame(shapes: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=2154)


def write(path: Path, shapes: list[Any], *, layer: str | None = None, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"encoding": "ISO-8859-1"} if path.suffix == ".shp" else {"layer": layer}
    frame(shapes, **columns).to_file(path, **options)
    return path


def covadis(folder: Path) -> Path:
    """Return a sound TRI delivery: two scenarios, depths of one, a dyke and what it protects."""
    folder = folder / "LENS_SIG_DI"
    for code, name, shape in (("01For", "01FOR", FREQUENT), ("02Moy", "02MOY", MEDIUM)):
        write(
            folder / f"N_LENS_INONDABLE_01_{name}_S_062.shp", [shape],
            ID_S_INOND=[f"SIN_{name[1]}"], ID_TRI=["FRA_TRI_LENS"], TYP_INOND=["01"],
            SCENARIO=[code], COURS_DEAU=["Deûle"],
        )  # fmt: skip
    for code, name, zone in (("01For", "01FOR", 1), ("02Moy", "02MOY", 2)):
        halves = [box(0, 0, 50 * zone, 100), box(50 * zone, 0, 100 * zone, 100)]
        write(
            folder / f"N_LENS_ISO_HT_01_{name}_S_062.shp", halves,
            ID_ZONE=["ZCH_1", "ZCH_2"], ID_S_INOND=[f"SIN_{zone}"] * 2, SCENARIO=[code] * 2,
            TYP_INOND=["01", "01"], HT_MIN=[0.0, 0.5], HT_MAX=[0.5, None],
        )  # fmt: skip
    write(folder / "N_LENS_ZONE_PROTEG_S_062.shp", [box(0, 0, 20, 20)], ID_ZONE=["ZP_1"])
    write(folder / "N_LENS_SURALEA_S_062.shp", [box(0, 0, 5, 20)], ID_ZONE=["ZS_1"])
    dyke = shapely.LineString(box(0, 0, 20, 20).exterior)
    write(folder / "N_LENS_OUV_PROTEC_L_062.shp", [dyke], ID_OUV=["D1"], NOM=["Digue de l'Écluse"])
    write(folder / "N_LENS_COMMUNE_S_062.shp", [box(0, 0, 900, 900)], CODE_INSEE=["62498"])
    return folder


def states(contents: pd.DataFrame, state: str) -> set[str]:
    rows = contents[contents["state"] == state]
    return set(rows["table"].fillna(rows["layer"]))


def test_a_tri_delivery(tmp_path: Path) -> None:
    """The link of a class to its zone is ID_S_INOND, not the column named as the identifier is."""
    delivery = read_hazard(covadis(tmp_path))
    for layer, rows in delivery.layers.items():
        assert validate(rows, layer) is rows
    sizes = {name: len(rows) for name, rows in delivery.layers.items()}
    assert sizes == {
        "depth_classes": 4, "flood_zones": 2, "over_hazard": 1, "protected_zones": 1,
        "protective_works": 1,
    }  # fmt: skip
    assert delivery.layers["flood_zones"]["id_zone"].tolist() == ["SIN_1", "SIN_2"]
    classes = delivery.layers["depth_classes"]
    assert classes["id_s_inond"].tolist() == ["SIN_1", "SIN_1", "SIN_2", "SIN_2"]
    assert classes["id_zone"].tolist() == ["ZCH_1", "ZCH_2"] * 2
    assert classes["classe"].fillna("").tolist() == ["Inf05", ""] * 2
    assert delivery.layers["protective_works"]["nom"].tolist() == ["Digue de l'Écluse"]
    assert states(delivery.contents, "not used") == {"N_LENS_COMMUNE_S_062"}
    assert states(delivery.contents, "absent") == {"ppr_hazard", "ppr_regulation"}
    assert len(delivery.reports) == 7
    assert all(r.rows_read == r.rows_kept for r in delivery.reports)
    hazard = Hazard.from_layers(delivery.layers, sources=delivery.contents)
    assert check_hazard(hazard).empty
    assert wet_zones(hazard).area.tolist() == [10_000.0, 20_000.0]
    assert classified_zones(hazard)["classe"].tolist() == ["Inf05", ">= 0.5 m"] * 2


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    path = write(
        tmp_path / "N_LENS_INONDABLE_02_04FAI_S_062.shp", [MEDIUM], ID_S_INOND=["SIN_1"]
    )  # fmt: skip
    delivery = read_hazard(path)
    zones = delivery.layers["flood_zones"]
    assert zones[["scenario", "typ_inond"]].to_numpy().tolist() == [["04Fai", "02"]]
    absent = delivery.contents[delivery.contents["state"] == "absent"].set_index("layer")["remark"]
    assert absent["depth_classes"] == "no class of depth for buildings"
    assert absent["protected_zones"] == "protection by works is not known"
    assert "absent: depth_classes (no class of depth for buildings)" in delivery.summary()
    assert "« scenario » taken to be 04Fai: 1" in delivery.summary()
    assert repr(delivery) == "<HazardDelivery: flood_zones 1; 6 absent>"


def cnig(path: Path) -> Path:
    """Return a GeoPackage of the successor: occurrences, and an island that stays dry."""
    island = box(150, 30, 190, 70)
    write(
        path, [FREQUENT, MEDIUM, MEDIUM], layer="surface_inondable_s",
        idsurfaceinondable=["S1", "S2", "S3"], occurrence=["For", "Moycc_100", "moycc_CT"],
        typeinondation=["01", "01", "01"],
    )  # fmt: skip
    write(
        path, [box(100, 0, 200, 100).difference(island), island, FREQUENT],
        layer="zone_iso_classe_hauteur_s", idzoneisoclassehauteur=["C1", "C2", "C3"],
        idsurfaceinondable=["S2"] * 3, occurrence=["Moycc_100"] * 3,
        classehauteur=["05-1m", "emerg", "Inf05"],
    )  # fmt: skip
    write(
        path, [box(0, 0, 9, 9)], layer="zone_protegee_s", idzoneprotegee=["P"], occurrence=["For"]
    )
    write(path, [box(0, 0, 9, 9)], layer="zonesuralea_s", idzonesuralea=["U"])
    write(
        path,
        [shapely.LineString(MEDIUM.exterior)],
        layer="ouvrageprotecteur_l",
        idouvrageprotecteur=["O"],
    )
    write(path, [MEDIUM], layer="ouvrageprotecteur_s", idouvrageprotecteur=["O"])
    write(path, [MEDIUM], layer="parcelles", numero=["A1"])
    return path


def test_a_geopackage_of_the_successor(tmp_path: Path) -> None:
    """Kills occurrences that fall beside the scenarios, and an island counted as flooded."""
    delivery = read_hazard(cnig(tmp_path / "tri.gpkg"))
    zones = delivery.layers["flood_zones"]
    assert zones["scenario"].tolist() == ["01For", "03Mcc", "03Mcc_ct"]
    assert zones["scenario_livre"].tolist() == ["For", "Moycc_100", "moycc_CT"]
    classes = delivery.layers["depth_classes"].set_index("id_zone")
    assert classes["classe"].to_dict() == {"C1": "05-1m", "C2": "Emerg", "C3": "Inf05"}
    assert classes.loc[["C1", "C3"], "ht_max_m"].tolist() == [1.0, 0.5]
    assert pd.isna(classes.loc["C2", "ht_min_m"])
    assert states(delivery.contents, "unknown") == {"parcelles"}
    assert states(delivery.contents, "not used") == {"ouvrageprotecteur_s"}
    assert delivery.layers["protected_zones"]["scenario"].tolist() == ["01For"]
    hazard = Hazard.from_layers(delivery.layers)
    wet = wet_zones(hazard).set_index("id_zone").area
    assert wet.to_dict() == {"S1": 10_000.0, "S2": 18_400.0, "S3": 20_000.0}
    rules = check_hazard(hazard)["rule"].tolist()
    assert rules == ["HAZ-06", "HAZ-06"]  # depths of 03Mcc only: the island breaks no partition
    notes = [str(note) for report in delivery.reports for note in report.notes]
    assert "code of « scenario » read as that of the schema: 3 (S1, S2, S3)" in notes
    assert "bounds of depth taken from « classe »: 2 (C1, C3)" in notes
    assert "spelling of « classe » corrected: 1 (C2)" in notes


def emerged(path: Path, **columns: Any) -> Path:
    """Return a file of depths of the CNIG whose only class is ground that stays dry."""
    return write(path, [MEDIUM], id_s_inond=["S1"], occurrence=["Moy"], **columns)


@pytest.mark.parametrize(
    ("suffix", "columns"),
    [
        ("gpkg", {"classehauteur": ["Emerg"]}),
        ("gpkg", {"classehauteur": ["EMERG "]}),
        ("shp", {"CLASSEHAUT": ["emerg"]}),
    ],
)
def test_emerged_ground_exposes_nothing_whatever_it_is_read_with(
    tmp_path: Path, suffix: str, columns: dict[str, list[str]]
) -> None:
    """Kills a translation that only `read_hazard` knows: Emerg flooded for all other readers."""
    path = emerged(tmp_path / f"zone_iso_classe_hauteur_s.{suffix}", **columns)
    buildings = frame([box(0, 0, 10, 10)], cleabs=["A"])
    buildings.to_parquet(tmp_path / "buildings.parquet")
    loaded, (read, _) = tvb.load_flood_hazard(path), read_layer(path, "flood_zones")
    made, _ = conform(gpd.read_file(path), "flood_zones")
    for zones in (loaded, read, made):
        assert zones[["scenario", "niveau"]].to_numpy().tolist() == [["02Moy", "Emerg"]]
        assert flag_exposed_buildings(buildings, zones)["02Moy"].tolist() == [False]
        counted = count_exposure_stream(
            open_footprints(tmp_path / "buildings.parquet"), zones, communes()
        )
        assert {t["buildings"].sum() for t in counted.tables.values()} == {0}
    wet = loaded.assign(niveau="Inf05")
    assert flag_exposed_buildings(buildings, wet)["02Moy"].tolist() == [True]


@pytest.mark.parametrize(
    ("delivered", "scenario"),
    [
        ("For", "01For"), ("Forcc_ct", "01Forcc_ct"), ("Forcc_100", "01Forcc_100"),
        ("Moy", "02Moy"), ("MOYCC_CT", "03Mcc_ct"), ("Moycc_100", "03Mcc"),
        ("Fai", "04Fai"), ("Faicc_ct", "04Faicc_ct"), ("Faicc_100", "04Fai_100"),
        ("02moy", "02Moy"), ("03MCC", "03Mcc"), ("04Fai", "04Fai"), ("crue 1993", "crue 1993"),
    ],
)  # fmt: skip
def test_occurrences_are_scenarios_for_every_reader(
    tmp_path: Path, delivered: str, scenario: str
) -> None:
    """Kills « 02Moy » not found in a file that says « Moy », and a code that is lost."""
    path = write(tmp_path / "surface_inondable_s.gpkg", [MEDIUM], idsurfaceinondable=["S1"],
                 occurrence=[delivered])  # fmt: skip
    zones, report = read_layer(path, "flood_zones")
    (row,) = zones.itertuples()
    assert row.scenario == scenario
    assert tvb.load_flood_hazard(path)["scenario"].tolist() == [scenario]
    notes = [str(note) for note in report.notes]
    told = "code of « scenario » read as that of the schema: 1 (S1)"
    assert (told in notes) == (delivered != scenario)
    assert row.scenario_livre == delivered if delivered != scenario else pd.isna(row.scenario_livre)


def test_a_scenario_given_is_translated_and_a_frame_read_again_is_the_same(tmp_path: Path) -> None:
    """Kills « scenario_livre » overwritten when a layer that tvb wrote comes back."""
    path = write(tmp_path / "crue.gpkg", [MEDIUM], niveau=["05-1M"])
    zones = tvb.load_flood_hazard(path, scenario="Moycc_100")
    told = ["scenario", "scenario_livre", "niveau", "ht_min_m", "ht_max_m"]
    assert zones[told].to_numpy().tolist() == [["03Mcc", "Moycc_100", "05-1m", 0.5, 1.0]]
    zones.to_file(tmp_path / "again.gpkg")
    again, report = read_layer(tmp_path / "again.gpkg", "flood_zones")
    pd.testing.assert_frame_equal(again, zones)
    assert not [note for note in report.notes if note.count]


def test_names_cut_by_a_shapefile(tmp_path: Path) -> None:
    """Kills aliases that only a GeoPackage can hold: a shapefile keeps ten characters."""
    write(
        tmp_path / "zone_iso_classe_hauteur_s.shp", [MEDIUM], IDSURFACEI=["S2"], IDZONEISOC=["C"],
        OCCURRENCE=["Faicc_100"], CLASSEHAUT=["Sup2m"], TYPEINONDA=[1],
    )  # fmt: skip
    (row,) = read_hazard(tmp_path).layers["depth_classes"].itertuples()
    assert (row.id_s_inond, row.id_zone, row.scenario) == ("S2", "C", "04Fai_100")
    assert (row.classe, row.ht_min_m, row.typ_inond) == ("Sup2m", 2.0, "01")
    assert pd.isna(row.ht_max_m)


def test_prevention_plans_old_and_new(tmp_path: Path) -> None:
    """Kinds 05 and 06 of the old list concern land: they are no advice and no grey zone."""
    stem = "PPRN_20120001_S_076"
    write(
        tmp_path / f"N_ZONE_ALEA_{stem}.shp", [FREQUENT], ID_ZONE=["1"], NIVALEA_ST=["4"],
        ID_GASPAR=["76DDTM20120001"], CODERISQUE=["1120000"], DESCRIPT=["Débordement"],
    )  # fmt: skip
    write(
        tmp_path / f"N_ZONE_REG_{stem}.shp", [FREQUENT, MEDIUM], ID_ZONE=["1", "2"],
        CODEZONE=["R", "D"], TYPEREG=["03", "05"], NOM=["Rouge", "Délaissement"],
    )  # fmt: skip
    write(tmp_path / f"N_DOCUMENT_{stem}.shp", [MEDIUM], ID_GASPAR=["76DDTM20120001"])
    new, prefix = tmp_path / "new.gpkg", "pprn_76ddtm20120001"
    write(
        new, [MEDIUM], layer=f"{prefix}_zonealeareference_117_s", idzonealea=["Z"],
        codeprocedure=["76DDTM20120001"], typealea=["117"], niveaualea=["06"], occurrence=[100],
    )  # fmt: skip
    write(new, [MEDIUM], layer=f"{prefix}_zonealeaecheance100ans_117_s", idzonealea=["Y"])
    write(
        new, [MEDIUM], layer=f"{prefix}_zonereglementaireurba_s", typereglement=["05"],
        codezonereglement=["B"], existemesuresobligatoires=[True],
    )  # fmt: skip
    write(new, [MEDIUM], layer=f"{prefix}_perimetre_s", idperimetre=["1"])
    delivery = read_hazard(tmp_path)
    hazards = delivery.layers["ppr_hazard"].set_index("id_zone")
    assert hazards["typealea"].fillna("").to_dict() == {"Z": "117", "Y": "", "1": "112"}
    assert hazards["niveaualea"].fillna("").to_dict() == {"Z": "06", "Y": "", "1": "04"}
    assert hazards["table_alea"].to_dict() == {
        "Z": "reference", "Y": "echeance100ans", "1": "reference",
    }  # fmt: skip
    assert hazards.loc["Z", "occurrence"] == 100
    rules = delivery.layers["ppr_regulation"].set_index("codezonereglement")
    assert rules["domaine"].to_dict() == {"B": "urba", "R": "urba", "D": "foncier"}
    assert bool(rules.loc["B", "existemesuresobligatoires"])
    assert "flood_zones" in states(delivery.contents, "absent")
    assert len(states(delivery.contents, "not used")) == 2
    hazard = Hazard.from_layers(delivery.layers)
    assert classified_zones(hazard, "ppr")["rang"].tolist() == [1, 0, 2]


def test_plain_polygons_with_columns_that_the_user_names(tmp_path: Path) -> None:
    path = write(
        tmp_path / "zones.gpkg", [FREQUENT, MEDIUM, MEDIUM], CRUE=["02Moy", "04fai", None],
        Niveau_alea=["fort", "faible", "faible"],
    )  # fmt: skip
    delivery = read_hazard(path, scenario_column="crue", class_column="niveau_alea")
    zones = delivery.layers["flood_zones"]
    assert zones[["scenario", "niveau"]].to_numpy().tolist() == [
        ["02Moy", "fort"], ["04Fai", "faible"],
    ]  # fmt: skip
    (report,) = delivery.reports
    assert (report.rows_read, report.rows_kept) == (3, 2)
    assert str(report.dropped[0]) == "no « crue »: 1 (row 2)"
    assert any(n.reason == "« scenario » read from « crue »" for n in report.notes)
    assert not any("taken to be" in n.reason for n in report.notes)
    one = read_hazard(path, scenario="02Moy", class_column="CRUE").layers["flood_zones"]
    assert one["scenario"].tolist() == ["02Moy"] * 3
    assert one["niveau"].fillna("").tolist() == ["02Moy", "04fai", ""]


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    path = write(tmp_path / "zones.gpkg", [MEDIUM], CRUE=["02Moy"])
    with pytest.raises(SourceError, match=r"column « alea » not found among: .*CRUE"):
        read_hazard(path, scenario_column="alea")
    with pytest.raises(SourceError, match=r"required column « scenario » not found among: CRUE"):
        read_hazard(path)


def test_a_table_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    folder = covadis(tmp_path)
    (folder / "N_LENS_INONDABLE_01_01FOR_S_062.dbf").unlink()
    (folder / "N_LENS_SURALEA_S_062.prj").unlink()
    (folder / "broken.gpkg").write_bytes(b"nothing")
    with pytest.warns(TvbWarning) as caught:
        delivery = read_hazard(folder)
    text = str(caught[0].message)
    assert caught[0].filename == __file__
    assert text.startswith("hazard: tables that could not be read: ")
    assert "N_LENS_INONDABLE_01_01FOR_S_062 (N_LENS_INONDABLE_01_01FOR_S_062.shp: the file" in text
    assert states(delivery.contents, "refused") == {
        "N_LENS_INONDABLE_01_01FOR_S_062", "N_LENS_SURALEA_S_062", "broken",
    }  # fmt: skip
    assert delivery.layers["flood_zones"]["scenario"].tolist() == ["02Moy"]
    assert "over_hazard" not in delivery.layers
    assert read_hazard(covadis(tmp_path / "b"), crs=2154).contents.shape[0] == 10


def test_the_same_table_in_two_formats_is_read_once(tmp_path: Path) -> None:
    """Kills zones doubled by a delivery in shapefile and MapInfo."""
    folder = covadis(tmp_path)
    stem = "N_LENS_INONDABLE_01_02MOY_S_062"
    gpd.read_file(folder / f"{stem}.shp").to_file(folder / f"{stem}.geojson")
    delivery = read_hazard(folder)
    assert len(delivery.layers["flood_zones"]) == 2
    assert states(delivery.contents, "twice") == {stem}
    (remark,) = delivery.contents.query("state == 'twice'")["remark"]
    assert remark == f"read from {stem}.geojson; {stem}.shp left out"


def test_a_scenario_in_both_formats_is_told(tmp_path: Path) -> None:
    """Kills twice the zones without a word: COVADIS says « 02Moy » and a kind, the CNIG « Moy »."""
    folder = covadis(tmp_path)
    write(folder / "new.gpkg", [MEDIUM], layer="surface_inondable_s", idsurfaceinondable=["S2"],
          occurrence=["Moy"])  # fmt: skip
    defects = check_hazard(read_hazard(folder))
    (twice,) = defects[defects["rule"] == "HAZ-15"].itertuples()
    assert (twice.scenario, twice.id_zone, twice.area_m2) == ("02Moy", "S2, SIN_2", 20_000.0)
    assert "02Moy is delivered twice, as « 02Moy », « Moy »" in twice.message
    assert check_hazard(read_hazard(covadis(tmp_path / "alone"))).empty


def test_an_archive_and_several_paths(tmp_path: Path) -> None:
    folder = covadis(tmp_path)
    archive = tmp_path / "lens.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for file in sorted(folder.iterdir()):
            made.write(file, f"LENS_SIG_DI/{file.name}")
    shutil.rmtree(folder)
    package = tmp_path / "tri.zip"
    with zipfile.ZipFile(package, "w") as made:
        made.write(cnig(tmp_path / "tri.gpkg"), "tri.gpkg")
    delivery = read_hazard([archive, package])
    assert len(delivery.layers["flood_zones"]) == 5
    assert len(delivery.layers["depth_classes"]) == 7
    assert set(delivery.layers["flood_zones"]["scenario"]) == {
        "01For", "02Moy", "03Mcc", "03Mcc_ct",
    }  # fmt: skip


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        read_hazard(tmp_path / "absent")
    write(tmp_path / "communes.shp", [MEDIUM], nom=["Lens"])
    with pytest.raises(
        SourceError,
        match=r"holds no table of a flood hazard; it holds: communes.*give scenario= or",
    ):
        read_hazard(tmp_path)


def test_an_empty_table(tmp_path: Path) -> None:
    empty = frame([MEDIUM], ID_S_INOND=["S"], SCENARIO=["02Moy"]).iloc[:0]
    empty.to_file(tmp_path / "N_X_INONDABLE_01_02MOY_S_062.gpkg")
    delivery = read_hazard(tmp_path)
    assert states(delivery.contents, "empty") == {"N_X_INONDABLE_01_02MOY_S_062"}
    assert check_hazard(Hazard.from_layers(delivery.layers)).empty


def test_a_window(tmp_path: Path) -> None:
    west, south, _, _ = box(0, 0, 1, 1).bounds
    window = (west + 120, south, west + 130, south + 10)
    delivery = read_hazard(covadis(tmp_path), bbox=window)
    assert delivery.layers["flood_zones"]["scenario"].tolist() == ["02Moy"]


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("n_inondable_01_01for_s", "flood_zones"),
        ("N_LENS_INONDABLE_02MOY_S_059", "flood_zones"),
        ("surface_inondable_s", "flood_zones"),
        ("SurfaceInondable_S", "flood_zones"),
        ("N_LENS_SOUST_INOND_S_062", None),
        ("N_LENS_CARTE_INOND_S_062", None),
        ("N_LENS_ISO_HT_03_03MCC_CT_S_062", "depth_classes"),
        ("N_LENS_ISO_COTE_L_062", None),
        ("zone_iso_classe_hauteur_s", "depth_classes"),
        ("N_LENS_ZONE_PROTEG_S_062", "protected_zones"),
        ("pprn_76ddtm20120001_zoneprotegee_112_s", "protected_zones"),
        ("n_suralea_s", "over_hazard"),
        ("pprn_76ddtm20120001_zonedangerspecifique_117_s", "over_hazard"),
        ("n_ouv_protec_l", "protective_works"),
        ("ouvrageprotecteur_p", None),
        ("N_ZONE_ALEA_PPRN_20120001_S_076", "ppr_hazard"),
        ("pprn_76ddtm20120001_zonealeanaturelsynthese_s", "ppr_hazard"),
        ("pprt_76dreal20120001_zonealeatechnorapide_211_s", None),
        ("N_ZONE_REG_PPRN_20120001_L_076", None),
        ("pprn_76ddtm20120001_zonereglementairefoncier_s", "ppr_regulation"),
        ("zones inondables", None),
        ("protected_zones", "protected_zones"),
    ],
)
def test_names_of_tables(name: str, layer: str | None) -> None:
    assert identify(name).layer == layer


def test_lines_where_surfaces_are_read_are_said() -> None:
    assert identify("N_ZONE_REG_PPRN_20120001_L_076").remark == (
        "lines of ppr_regulation, which is read as surfaces"
    )
    assert identify("zones inondables").remark == ""
