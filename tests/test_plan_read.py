"""Plans of every version, in every wrapping, come out the same; what is odd is a finding."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from tvb.errors import CrsError, ParameterError, SourceError
from tvb.io.plan import read_plan
from tvb.io.plan_files import match_table
from tvb.io.plan_write import write_plan
from tvb.plan import PlanDelivery, parse_idurba
from tvb.plu import measure_zone_faults
from tvb.schema import CRS

IDURBA = "62001_PLU_20180523"


def zones(**columns) -> gpd.GeoDataFrame:
    """Return two zones that halve the commune 62001."""
    base = {"LIBELLE": ["UA", "Nf"], "TYPEZONE": ["U", "N"], "NOMFIC": ["r.pdf", "r.pdf"]}
    return gpd.GeoDataFrame(
        base | columns,
        geometry=[worlds.box(0, 0, 500, 1000), worlds.box(500, 0, 1000, 1000)], crs=CRS,
    )  # fmt: skip


def items(psc=("07", "25"), spsc=("01", "00"), **columns) -> gpd.GeoDataFrame:
    """Return two prescriptions."""
    base = {"LIBELLE": ["Cité ouvrière", "Haie"], "TYPEPSC": list(psc), "STYPEPSC": list(spsc)}
    return gpd.GeoDataFrame(
        base | columns,
        geometry=[worlds.box(0, 0, 100, 100), worlds.box(500, 0, 600, 50)], crs=CRS,
    )  # fmt: skip


def doc(**columns) -> pd.DataFrame:
    base = {"IDURBA": [IDURBA], "TYPEDOC": ["PLU"], "ETAT": ["03"], "NOMPROC": ["E"],
            "DATAPPRO": ["20180523"]}  # fmt: skip
    return pd.DataFrame(base | columns)


def tables_2017() -> dict[str, pd.DataFrame]:
    both = {"IDURBA": [IDURBA] * 2}
    return {
        "62001_ZONE_URBA_20180523": zones(**both),
        "62001_PRESCRIPTION_SURF_20180523": items(**both),
        "62001_DOC_URBA_20180523": doc(),
        "62001_DOC_URBA_COM_20180523": pd.DataFrame({"INSEE": ["62001"], "IDURBA": [IDURBA]}),
    }


def delivery(layout="shapefile", encoding="UTF-8", parts=("3_Reglement/r.pdf",)) -> PlanDelivery:
    return PlanDelivery(IDURBA, "PLU", "2017", tables_2017(), layout, encoding, tuple(parts))


def kinds(plan, kind: str) -> list[str]:
    found = plan.findings[plan.findings["kind"] == kind]
    return found["detail"].tolist()


def same(one, other) -> None:
    for name in ("zones", "prescriptions", "infos"):
        a, b = getattr(one, name), getattr(other, name)
        columns = [c for c in a.columns if c not in ("geometry", "objet")]
        pd.testing.assert_frame_equal(
            pd.DataFrame(a[columns]), pd.DataFrame(b[columns]), check_dtype=True
        )
        assert shapely.equals(a.geometry.to_numpy(), b.geometry.to_numpy()).all()


def shout(folder: Path, into: Path) -> Path:
    """Return a copy of a delivery one level deeper, its files in lower case."""
    deep = into / "Livraison" / "PLU de Sud" / "donnees_GEOGRAPHIQUES"
    deep.mkdir(parents=True)
    for path in folder.rglob("*.*"):
        if path.is_file():
            shutil.copy(path, deep / path.name.lower())
    return into


def test_every_wrapping_gives_the_same_plan(tmp_path) -> None:
    """Kills: a reader that knows one folder layout, and DBF or GeoPackage types leaking out."""
    frames = read_plan(tables_2017())
    folder = write_plan(delivery(), tmp_path / "a")
    archive = write_plan(delivery(), tmp_path / "b", archive=True)
    package = write_plan(delivery("geopackage"), tmp_path / "c")
    alone = package / "Donnees_geographiques" / f"{IDURBA}.gpkg"
    latin = write_plan(delivery(encoding="ISO-8859-1"), tmp_path / "d")
    nested = shout(folder, tmp_path / "e")
    for source in (folder, archive, package, alone, latin, nested):
        plan = read_plan(source)
        same(plan, frames)
        assert (plan.name, plan.kind, plan.version) == (IDURBA, "PLU", "2017")
        assert plan.communes == ("62001",)
        assert str(plan.approved) == "2018-05-23"
        assert plan.prescriptions["libelle"].tolist() == ["Cité ouvrière", "Haie"]


def test_the_plan_in_one_line_and_in_several() -> None:
    plan = read_plan(tables_2017())
    assert repr(plan).startswith("<Plan 62001_PLU_20180523: PLU 2017, 1 communes, 2 zones, 2 presc")
    text = plan.summary()
    assert "approved: 2018-05-23" in text
    assert "version: since 2017: column IDURBA in drawn tables" in text
    assert plan.has_table("prescription")
    assert not plan.has_table("info")
    assert repr(delivery()) == "<PlanDelivery 62001_PLU_20180523: PLU 2017, 4 tables, shapefile>"


def test_two_writings_give_the_same_bytes(tmp_path) -> None:
    first = write_plan(delivery(), tmp_path / "a", archive=True).read_bytes()
    assert first == write_plan(delivery(), tmp_path / "b", archive=True).read_bytes()


def test_numeric_codes_get_their_zeros_back() -> None:
    plan = read_plan(
        {"zone_urba": zones(), "prescription_surf": items(psc=[1, 7], spsc=[7.0, 0.0])}
    )
    assert plan.prescriptions["code"].tolist() == ["01-07", "07-00"]
    old = zones(INSEE=[1004, 1004], DATAPPRO=[20120101, 20120101])
    assert read_plan({"zone_urba": old}).zones["insee"].tolist() == ["01004"] * 2


def test_unknown_codes_are_kept_and_impossible_ones_are_told(tmp_path) -> None:
    """Kills: a code that is no code vanishing without saying what stood there."""
    frames = tables_2017()
    frames["62001_PRESCRIPTION_SURF_20180523"] = items(psc=["66", "107"])
    package = write_plan(PlanDelivery("x", "PLU", "2017", frames, "geopackage"), tmp_path)
    for plan in (read_plan(frames), read_plan(package)):
        assert plan.prescriptions["code"].tolist()[0] == "66-01"
        assert plan.prescriptions["code"].isna().tolist() == [False, True]
        assert kinds(plan, "impossible_code") == ["typepsc: « 107 », no code of 2 characters"]
        assert kinds(plan, "repaired") == []


def test_unknown_columns_are_findings() -> None:
    plan = read_plan({"ZONE_URBA": zones(IDURBA=[IDURBA] * 2, GESTION=["a", "b"])})
    assert "GESTION: kept as delivered" in kinds(plan, "column_unknown")
    assert plan.zones["GESTION"].tolist() == ["a", "b"]
    assert any(d.startswith("URLFIC") for d in kinds(plan, "column_missing"))


def test_columns_of_2014_are_mapped() -> None:
    plan = read_plan(
        {"ZONE_URBA": zones(INSEE=["62001"] * 2, DATAPPRO=["20120301"] * 2, DESTDOMI=["01", "07"],
                            TYPEZONE=["U", "Nh"])}
    )  # fmt: skip
    assert plan.versions == ("2013", "2014")
    assert plan.version == "2014"
    assert plan.zones["idurba"].tolist() == ["6200120120301"] * 2
    assert plan.zones["destdomi"].tolist() == ["01", "07"]
    assert plan.zones["classe"].tolist() == ["U", "N"]
    assert (plan.name, plan.communes) == ("62001_PLU_20120301", ("62001",))
    assert kinds(plan, "old_columns") == ["IDURBA made from INSEE and DATAPPRO"]
    assert kinds(plan, "column_missing") == []


def test_a_table_without_subtypes_is_read() -> None:
    plan = read_plan({"prescription_surf": items().drop(columns="STYPEPSC")})
    assert plan.prescriptions["code"].tolist() == ["07-00", "25-00"]
    assert kinds(plan, "no_subtype") == ["no column STYPEPSC: 00, undetermined, is taken"]


def test_a_missing_subtype_is_not_invented() -> None:
    plan = read_plan({"prescription_surf": items(spsc=["01", None])})
    assert plan.prescriptions["code"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("zone_columns", "doc_columns", "expected"),
    [
        ({"IDURBA": [IDURBA] * 2}, {}, ("2017",)),
        ({"IDURBA": [IDURBA] * 2, "DESTOUI": ["20", "20"]}, {}, ("2022", "2024")),
        ({"IDURBA": [IDURBA] * 2, "DESTOUI": ["20", "20-47"]}, {}, ("2024",)),
        ({"IDURBA": [IDURBA] * 2, "SYMBOLE": [None] * 2}, {"NOMPROC": ["MEC1"]}, ("2024",)),
        ({"IDURBA": [IDURBA] * 2, "SYMBOLE": [None] * 2}, {"NOMPROC": ["MJ1"]}, ("2022",)),
        ({"IDURBA": [IDURBA] * 2, "SYMBOLE": [None] * 2}, {"NOMPROC": [None]}, ("2022",)),
        ({"IDURBA": [IDURBA] * 2, "SYMBOLE": [None] * 2}, {"NOMRAPP": ["a.pdf"]}, ("2025",)),
        ({"INSEE": ["62001"] * 2}, {"IDURBA": ["6200120120301"]}, ("2013", "2014")),
    ],
)
def test_the_version_is_told_by_columns_then_values(zone_columns, doc_columns, expected) -> None:
    plan = read_plan({"zone_urba": zones(**zone_columns), "doc_urba": doc(**doc_columns)})
    assert plan.versions == expected
    assert plan.version == expected[-1]
    assert plan.version_evidence


def test_a_clue_that_contradicts_the_others_is_told() -> None:
    """The columns are those of 2014, the name of the table and IDURBA those of 2017."""
    frames = {"62001_ZONE_URBA_20180523": zones(INSEE=["62001"] * 2), "doc_urba": doc()}
    plan = read_plan(frames)
    assert plan.version == "2014"
    assert len(kinds(plan, "version_clue")) == 2
    assert read_plan(frames, version="2017").version_evidence == ("2017: stated by the user",)
    with pytest.raises(ParameterError, match="version: « 2019 » is unknown"):
        read_plan(frames, version="2019")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("62637_PLU_20180523", ("62637", "2018-05-23", 2, "PLU", None)),
        ("200072460_PLUI_20190925_a", ("200072460", "2019-09-25", 2, "PLUi", "a")),
        ("200072460_plui_20190925", ("200072460", "2019-09-25", 2, "PLUi", None)),
        ("2A004_POS_19990101", ("2A004", "1999-01-01", 2, "POS", None)),
        ("6263720120301", ("62637", "2012-03-01", 1, None, None)),
        ("62637_20120301", ("62637", "2012-03-01", 1, None, None)),
        ("20007246020120301", ("200072460", "2012-03-01", 1, None, None)),
    ],
)
def test_identifiers_are_taken_apart(text, expected) -> None:
    found = parse_idurba(text)
    assert found is not None
    assert (found.owner, str(found.date), found.form, found.type, found.suffix) == expected


@pytest.mark.parametrize(
    "text", ["", "62637", "62637_PLU", "62637_PLU_20181301", "6263_PLU_20180101"]
)
def test_what_is_no_identifier(text) -> None:
    assert parse_idurba(text) is None


def test_identifiers_of_another_plan_are_findings() -> None:
    frames = tables_2017()
    frames["62001_PRESCRIPTION_SURF_20180523"] = items(IDURBA=["62001_plu_20180523", "PLU 2018"])
    frames["62001_DOC_URBA_COM_20180523"] = pd.DataFrame(
        {"INSEE": ["62001"], "IDURBA": ["62001_PLU_20150101"]}
    )
    plan = read_plan(frames)
    assert kinds(plan, "idurba_form") == ["« PLU 2018 » fits no form of IDURBA"]
    assert kinds(plan, "idurba_other") == [
        "« 62001_PLU_20150101 », where the plan is « 62001_PLU_20180523 »"
    ]


def test_a_plan_of_several_communes() -> None:
    siren, idurba = "200000001", "200000001_PLUI_20190925"
    plan = read_plan(
        {
            f"{siren}_ZONE_URBA_20190925_a": zones(IDURBA=[idurba] * 2),
            f"{siren}_ZONE_URBA_20190925_b": zones(IDURBA=[idurba] * 2),
            f"{siren}_DOC_URBA_20190925": doc(IDURBA=[idurba], TYPEDOC=["PLUI"], SIREN=[siren]),
            f"{siren}_DOC_URBA_COM_20190925": pd.DataFrame(
                {"INSEE": ["62002", "62001"], "IDURBA": [idurba] * 2}
            ),
        }
    )
    assert (plan.kind, plan.siren, plan.communes) == ("PLUi", siren, ("62001", "62002"))
    assert plan.name == "200000001_PLUi_20190925"
    assert len(plan.zones) == 4
    assert plan.zones["objet"].is_unique


def test_a_table_that_cannot_be_read_is_a_finding() -> None:
    frames = tables_2017()
    frames["62001_ZONE_URBA_20180523"] = zones().drop(columns="TYPEZONE")
    plan = read_plan(frames)
    assert len(plan.zones) == 0
    assert plan.zones.crs == CRS
    first = plan.findings.iloc[0]
    assert (first["kind"], first["level"]) == ("unreadable", "bloquant")
    assert "« typezone » not found" in first["detail"]
    with pytest.raises(SourceError, match=r"no table of the plan can be read.*typezone"):
        read_plan({"zone_urba": zones().drop(columns="TYPEZONE")})


def test_a_missing_table_is_a_finding() -> None:
    plan = read_plan({"prescription_surf": items(IDURBA=[IDURBA] * 2)})
    missing = plan.findings[plan.findings["kind"] == "table_missing"]
    assert dict(zip(missing["table"], missing["level"], strict=True)) == {
        "zone_urba": "bloquant", "doc_urba": "à corriger", "doc_urba_com": "à corriger",
    }  # fmt: skip


def test_geometry_is_repaired_with_an_account() -> None:
    bow = worlds.at(shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]))
    frame = items()
    frame["geometry"] = [bow, shapely.MultiPolygon([frame.geometry.iloc[1]])]
    plan = read_plan({"prescription_surf": frame})
    assert shapely.is_valid(plan.prescriptions.geometry.to_numpy()).all()
    assert kinds(plan, "repaired") == ["invalid geometry repaired"]
    assert plan.prescriptions["geometrie"].tolist() == ["S", "S"]


def test_areas_lines_and_points_are_one_frame() -> None:
    line, point = worlds.at(shapely.LineString([(0, 0), (9, 9)])), worlds.at(shapely.Point(1, 1))
    plan = read_plan(
        {
            "prescription_lin": items().iloc[:1].set_geometry([line], crs=CRS),
            "prescription_pct": items().iloc[:1].set_geometry([point], crs=CRS),
            "prescription_surf": items(),
            "habillage_txt": gpd.GeoDataFrame(
                {"NATECR": ["nom"], "TXT": ["rue"], "TAILLE": [3.0]}, geometry=[point], crs=CRS),
        }
    )  # fmt: skip
    assert plan.prescriptions["geometrie"].tolist() == ["S", "S", "L", "P"]
    assert plan.prescriptions["objet"].tolist()[2] == "PRESCRIPTION_LIN 0"
    assert plan.habillage["taille"].tolist() == [3]


def test_servitudes_are_one_frame(tmp_path) -> None:
    ground = gpd.GeoDataFrame(
        {"IDASS": ["a1"], "IDGEN": ["g1"], "NOMASS": ["Abords"],
         "TYPEASS": ["Périmètre des abords"]},
        geometry=[worlds.box(0, 0, 50, 50)], crs=CRS,
    )  # fmt: skip
    monument = gpd.GeoDataFrame(
        {"IDGEN": ["g1"], "IDSUP": ["s"], "NOMGEN": ["Fosse"], "TYPEGEN": ["Monument"]},
        geometry=[worlds.at(shapely.Point(25, 25))], crs=CRS,
    )  # fmt: skip
    frames = {
        **tables_2017(), "AC1_ASSIETTE_SUP_S_062": ground, "ac1_generateur_sup_p_062": monument,
        "PM1_ASSIETTE_SUP_S_062": ground.assign(CODE_ALEA=[11]),
        "EL3_ASSIETTE_SUP_S": ground, "I6_ASSIETTE_SUP_S": ground, "AC2_ASSIETTE_SUP_S": ground,
        "SERVITUDE": pd.DataFrame({"IDSUP": ["s"], "CATEGORIE": ["AC1"]}),
    }  # fmt: skip
    written = write_plan(PlanDelivery("sup", "PLU", "2017", frames, "geopackage"), tmp_path)
    for plan in (read_plan(frames), read_plan(written)):
        assert sorted(plan.sup["categorie"]) == ["AC1", "AC1", "AC2", "EL3", "I6", "PM1"]
        assert plan.sup["role"].value_counts().to_dict() == {"assiette": 5, "generateur": 1}
        assert set(plan.sup["nom"]) == {"Abords", "Fosse"}
        pm1 = plan.sup[plan.sup["categorie"] == "PM1"]
        assert pm1["code_alea"].tolist() == ["11"]
        assert plan.records["servitude"]["categorie"].tolist() == ["AC1"]


@pytest.mark.parametrize(
    ("name", "table", "category"),
    [
        ("62637_ZONE_URBA_20180523", "zone_urba", None),
        ("zone-urba", "zone_urba", None),
        ("62637_doc_urba_com_20180523", "doc_urba_com", None),
        ("DOC_URBA", "doc_urba", None),
        ("public_INFO_PCT", "info_pct", None),
        ("AC2_GENERATEUR_SUP_L_059", "generateur_sup_l", "AC2"),
        ("172014607_I10_ASSIETTE_SUP_S_20200101", "assiette_sup_s", "I10"),
        ("PM1_SERVITUDE_ACTE_SUP_062", "servitude_acte_sup", None),
        ("SERVITUDE", "servitude", None),
        ("batiments", None, None),
        ("ZONE_URBAINE", None, None),
    ],
)
def test_names_of_tables_are_recognised(name, table, category) -> None:
    found = match_table(name, pd.DataFrame())
    assert (found and found.table, found and found.category) == (table, category)


def test_a_folder_of_several_plans_is_refused(tmp_path) -> None:
    """Kills: two plans poured into one, every zone twice."""
    write_plan(delivery(), tmp_path)
    tables = {k.replace("62001", "62002"): v for k, v in tables_2017().items()}
    write_plan(PlanDelivery("62002_PLU_20180523", "PLU", "2017", tables, "shapefile"), tmp_path)
    with pytest.raises(SourceError, match=r"several plans: ZONE_URBA stands there 2 times.*only="):
        read_plan(tmp_path)
    assert len(read_plan(tmp_path, only="62002_").zones) == 2


def test_unnamed_tables_of_two_plans_are_refused(tmp_path) -> None:
    tables = {"ZONE_URBA": zones(INSEE=["62001"] * 2)}
    for name in ("ancien", "nouveau"):
        write_plan(PlanDelivery(name, "PLU", "2014", tables, "shapefile"), tmp_path)
    with pytest.raises(SourceError, match="holds several plans"):
        read_plan(tmp_path)
    assert len(read_plan(tmp_path, only="nouveau").zones) == 2


def test_the_same_table_in_two_formats_is_read_once(tmp_path) -> None:
    folder = write_plan(delivery(), tmp_path)
    write_plan(delivery("geopackage"), tmp_path)
    plan = read_plan(folder)
    assert len(plan.zones) == 2
    assert sum("another format" in d for d in kinds(plan, "left_out")) == 4


def test_what_is_no_table_is_told(tmp_path) -> None:
    folder = write_plan(delivery(), tmp_path)
    pyogrio.write_dataframe(zones(), folder / "batiments.geojson", driver="GeoJSON")
    assert kinds(read_plan(folder), "left_out") == [
        "batiments.geojson: no table of the standard has this name"
    ]


def test_written_parts_are_listed(tmp_path) -> None:
    parts = (
        "1_Rapport_de_presentation/a.pdf",
        "3_Règlement/r.pdf",
        "3_Règlement/b/s.pdf",
        "5_OAP/o.pdf",
    )
    folder = write_plan(delivery(parts=parts), tmp_path)
    archive = write_plan(delivery(parts=parts), tmp_path / "z", archive=True)
    for source in (folder, archive):
        plan = read_plan(source)
        found = plan.written_parts.set_index("part")
        assert found["present"].to_dict() == {
            "0_Procedure": False, "1_Rapport_de_presentation": True, "2_PADD": False,
            "3_Reglement": True, "4_Annexes": False, "5_OAP": True,
        }  # fmt: skip
        assert len(found.loc["3_Reglement", "files"]) == 2
        assert len(kinds(plan, "part_missing")) == 3
    assert read_plan(tables_2017()).written_parts["present"].isna().all()


def test_attributes_in_latin_text_tables(tmp_path) -> None:
    """DOC_URBA as a CSV of Excel: semicolons, cp1252, dates with hyphens."""
    folder = write_plan(delivery(), tmp_path)
    next(folder.glob("*_DOC_URBA_2*.dbf")).unlink()
    text = f"IDURBA;TYPEDOC;ETAT;NOMREG;DATAPPRO\n{IDURBA};PLU;3;règlement.pdf;2018-05-24\n"
    (folder / "62001_DOC_URBA_20180523.csv").write_bytes(text.encode("cp1252"))
    plan = read_plan(folder)
    row = plan.doc_urba.iloc[0]
    assert (row["etat"], row["nomreg"], row["datappro"]) == ("03", "règlement.pdf", "20180524")
    assert str(plan.approved) == "2018-05-24"
    assert kinds(plan, "date_form") == ["datappro: written with hyphens"]


def test_coordinates_without_a_system_are_a_finding(tmp_path) -> None:
    folder = write_plan(delivery(), tmp_path)
    for path in folder.rglob("*.prj"):
        path.unlink()
    with pytest.raises(SourceError, match=r"no table of the plan can be read.*coordinate"):
        read_plan(folder, only="ZONE_URBA")
    assert len(read_plan(folder, crs=2154).zones) == 2


def test_what_holds_no_plan_is_refused(tmp_path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        read_plan(tmp_path / "rien")
    with pytest.raises(SourceError, match="holds no table of a plan among 0 datasets"):
        read_plan(tmp_path)
    with pytest.raises(SourceError, match="no table of a plan among 1: roads"):
        read_plan({"roads": zones()})
    unsafe = tmp_path / "x.zip"
    with zipfile.ZipFile(unsafe, "w") as archive:
        archive.writestr("../ZONE_URBA.csv", "a")
    with pytest.raises(SourceError, match="leads outside"):
        read_plan(unsafe)
    broken = tmp_path / "y.gpkg"
    broken.write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"y\.gpkg: cannot be read"):
        read_plan(broken)


def test_frames_are_left_as_they_are() -> None:
    frames = tables_2017()
    before = {k: v.copy() for k, v in frames.items()}
    read_plan(frames)
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(pd.DataFrame(frame), pd.DataFrame(before[name]))


def test_the_account_of_the_tables(tmp_path) -> None:
    plan = read_plan(write_plan(delivery(), tmp_path), nature="modelled")
    row = plan.tables.set_index("table").loc["zone_urba"]
    assert (row["rows_read"], row["rows_kept"], row["crs"]) == (2, 2, "EPSG:2154")
    assert row["columns"] == ("libelle", "typezone", "nomfic", "idurba")
    assert {s.nature for s in plan.sources} == {"modelled"}
    assert all(len(s.checksum) == 64 for s in plan.sources)


def test_layouts_are_checked(tmp_path) -> None:
    with pytest.raises(ParameterError, match=r"layout: « tiff ».*shapefile or geopackage"):
        write_plan(delivery("tiff"), tmp_path)
    (tmp_path / IDURBA).write_text("")
    with pytest.raises(SourceError, match="cannot be written"):
        write_plan(delivery(), tmp_path)


# -- zones that overlap, leave a gap or leave their commune --------------------------------------


def commune(*codes: str) -> gpd.GeoDataFrame:
    everywhere = worlds.communes()
    return everywhere[everywhere["insee"].isin(codes or ("62001",))]


def test_faults_of_zones_are_measured() -> None:
    """Commune 0–1000: UA 0–600, N 500–900 × 1000, AU sticks out 100 m by 50 m to the east.

    Overlap 100 × 1000; gap: the strip 900–1000 less AU's 100 × 50 inside; outside 100 × 50.
    """
    frame = gpd.GeoDataFrame(
        {"objet": ["UA", "N", "AU"]},
        geometry=[worlds.box(0, 0, 600, 1000), worlds.box(500, 0, 900, 1000),
                  worlds.box(900, 0, 1100, 50)],
        crs=CRS,
    )  # fmt: skip
    found = measure_zone_faults(frame, commune())
    assert found[["kind", "zone", "other", "area_m2"]].fillna("").values.tolist() == [
        ["gap", "", "", 95_000.0],
        ["outside", "AU", "", 5_000.0],
        ["overlap", "UA", "N", 100_000.0],
    ]
    assert found["insee"].tolist()[0] == "62001"
    assert found["width_m"].tolist()[2] == pytest.approx(2 * 100_000 / 2_200)
    assert found.crs == CRS


def test_a_zone_on_two_communes_of_the_plan_is_not_outside() -> None:
    whole = gpd.GeoDataFrame({"objet": ["A"]}, geometry=[worlds.box(0, 0, 2000, 1000)], crs=CRS)
    assert len(measure_zone_faults(whole, commune("62001", "62002"))) == 0
    assert measure_zone_faults(whole, commune("62001"))["kind"].tolist() == ["outside"]


def test_a_plan_without_zones_is_one_gap() -> None:
    nothing = gpd.GeoDataFrame({"objet": []}, geometry=[], crs=CRS)
    found = measure_zone_faults(nothing, commune("62001", "62002"))
    assert found["area_m2"].tolist() == [1e6, 1e6]


def test_the_same_zone_twice_is_an_overlap_of_its_area() -> None:
    box = worlds.box(0, 0, 1000, 1000)
    twice = gpd.GeoDataFrame({"objet": ["A", "B"]}, geometry=[box, box], crs=CRS)
    found = measure_zone_faults(twice, commune())
    assert found[["kind", "area_m2"]].values.tolist() == [["overlap", 1e6]]


def test_slivers_and_other_systems() -> None:
    frame = zones()
    frame["geometry"] = [worlds.box(0, 0, 500.0005, 1000), worlds.box(500, 0, 1000, 1000)]
    assert len(measure_zone_faults(frame, commune())) == 0
    assert len(measure_zone_faults(frame, commune(), min_m2=0.1)) == 1
    with pytest.raises(ParameterError, match=r"min_m2: -1 m².*0 or more"):
        measure_zone_faults(frame, commune(), min_m2=-1)
    with pytest.raises(CrsError, match="zones: coordinates are in EPSG:4326"):
        measure_zone_faults(frame.to_crs(4326), commune())


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5), st.integers(1, 5)),
        min_size=1, max_size=6,
    ),
    st.randoms(),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_parts_add_up_on_a_grid(boxes, random) -> None:
    """Counted cell by cell: covered + gap = commune; outside and pairs of overlap likewise."""
    frame = gpd.GeoDataFrame(
        {"objet": [str(i) for i in range(len(boxes))]},
        geometry=[
            worlds.box(100 * x, 100 * y, 100 * (x + w), 100 * (y + h)) for x, y, w, h in boxes
        ],
        crs=CRS,
    )  # fmt: skip
    cells = [{(x + i, y + j) for i in range(w) for j in range(h)} for x, y, w, h in boxes]
    inside = {(i, j) for i in range(10) for j in range(10)}
    found = measure_zone_faults(frame, commune()).groupby("kind")["area_m2"].sum()
    expected = {
        "gap": len(inside - set().union(*cells)),
        "outside": sum(len(c - inside) for c in cells),
        "overlap": sum(len(a & b) for k, a in enumerate(cells) for b in cells[:k]),
    }
    assert {k: round(v / 1e4, 6) for k, v in found.items()} == {
        k: v for k, v in expected.items() if v
    }
    order = list(range(len(frame)))
    random.shuffle(order)
    again = measure_zone_faults(frame.iloc[order], commune()).groupby("kind")["area_m2"].sum()
    pd.testing.assert_series_equal(found, again)
