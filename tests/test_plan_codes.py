"""Codes and tables of the plan standard: held against what STANDARDS says, typed again here."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvb.errors import ParameterError
from tvb.io.styles import style_for
from tvb.maps.cnig import ZONES, zone_symbol, zone_type
from tvb.maps.texts import typeset
from tvb.plu.codes import (
    CODE_LISTS,
    INFORMATIONS,
    PRESCRIPTIONS,
    code_table,
    find_pair,
    fits_list,
    judge_pair,
    split_destinations,
)
from tvb.schema.plan import CONDITIONS, PLAN_TABLES, SUP_CATEGORIES, VERSIONS

OLDEST_TO_NEWEST = ["2013", "2014", "2017", "2022", "2024", "2025"]


def test_pairs_that_the_basin_needs_are_there() -> None:
    """Pairs named by the rules of the review, and those of World Heritage."""
    psc = {p.code for p in PRESCRIPTIONS}
    assert psc >= {
        "01-00", "02-01", "02-02", "05-01", "05-04", "07-01", "07-02", "07-04", "18-05", "18-15",
        "24-00", "24-03", "25-00", "37-01",
    }  # fmt: skip
    assert {p.code for p in INFORMATIONS} >= {"40-01", "40-02", "09-00", "21-00"}


@pytest.mark.parametrize(
    ("family", "code", "geometries", "reference"),
    [
        ("psc", "07-01", "SLP", "L151-19"),
        ("psc", "25-00", "SLP", "L151-23"),
        ("psc", "24-03", "SL", "L151-38"),
        ("psc", "16-01", "SP", "L151-11"),
        ("psc", "37-01", "S", "R151-42"),
        ("psc", "05-06", "SLP", "L151-41"),
        ("psc", "05-05", None, "L151-41"),
        ("inf", "40-01", "S", "L612-1"),
        ("inf", "16-00", "SLP", "L522-5"),
        ("inf", "22-00", "SL", ""),
    ],
)
def test_geometry_and_law_of_pairs(family, code, geometries, reference) -> None:
    pair = find_pair(family, code)
    assert pair is not None
    assert pair.geometries == geometries
    assert reference in pair.reference


def test_each_pair_stands_once_in_both_languages() -> None:
    keys = [(p.family, p.code) for p in (*PRESCRIPTIONS, *INFORMATIONS)]
    assert len(keys) == len(set(keys)) == len(code_table())
    for pair in (*PRESCRIPTIONS, *INFORMATIONS):
        assert re.fullmatch(r"\d\d-(\d\d|\*)", pair.code)
        assert bool(pair.meaning_fr) == bool(pair.meaning_en)
        assert set(pair.geometries or "") <= set("SLP")


@pytest.mark.parametrize(
    ("family", "code", "versions", "geometry", "expected"),
    [
        ("psc", "18-15", ["2024"], "S", "known"),
        ("psc", "18-15", ["2022"], "S", "newer"),
        ("psc", "18-15", ["2022", "2024"], "S", "known"),  # it may be of 2024
        ("psc", "18-12", ["2017"], None, "newer"),
        ("psc", "18-15", ["2014"], None, "known"),  # no list of 2014 was read
        ("psc", "65-00", ["2017"], None, "unknown"),
        ("psc", "99-42", ["2017"], None, "known"),
        ("psc", "40-01", ["2017"], None, "unknown"),  # a code of informations
        ("inf", "40-01", ["2025"], "L", "geometry"),
        ("inf", "40-01", ["2025"], "S", "known"),
        ("inf", "40-01", ["2024"], "L", "known"),  # lists by geometry begin in 2025
        ("inf", "40-01", ["2024", "2025"], "L", "known"),
        ("inf", "04-00", ["2025"], "P", "known"),  # geometries unknown to tvb
        ("psc", "7-1", ["2017"], None, "malformed"),
        ("psc", None, ["2017"], None, "missing"),
        ("psc", float("nan"), ["2017"], None, "missing"),
    ],
)
def test_what_is_said_of_a_pair(family, code, versions, geometry, expected) -> None:
    """Kills: a review that calls wrong what tvb merely does not list."""
    assert judge_pair(family, code, versions, geometry=geometry) == expected


@given(
    st.sampled_from(["psc", "inf"]),
    st.from_regex(r"[0-9]{2}-[0-9]{2}", fullmatch=True),
    st.lists(st.sampled_from(OLDEST_TO_NEWEST), min_size=1, unique=True),
    st.sampled_from(OLDEST_TO_NEWEST),
    st.sampled_from(["S", "L", "P", None]),
)
def test_more_possible_versions_never_make_a_pair_wrong(
    family, code, versions, more, shape
) -> None:
    before = judge_pair(family, code, versions, geometry=shape)
    after = judge_pair(family, code, [*versions, more], geometry=shape)
    if before == "known":
        assert after == "known"
    assert (before == "unknown") == (after == "unknown")


def test_versions_are_checked() -> None:
    with pytest.raises(ParameterError, match=r"versions: « 2019 » is unknown.*2013, 2014"):
        judge_pair("psc", "07-01", ["2019"])
    with pytest.raises(ParameterError, match="versions: none is given"):
        judge_pair("psc", "07-01", [])
    with pytest.raises(ParameterError, match=r"column « libelle » has no list|has no list"):
        fits_list("libelle", "UA", ["2017"])


@pytest.mark.parametrize(
    ("column", "value", "version", "expected"),
    [
        ("typezone", "AUc", "2024", True),
        ("typezone", "Nh", "2014", True),
        ("typezone", "Nh", "2017", False),
        ("etat", "09", "2017", True),
        ("etat", "10", "2017", False),
        ("nomproc", "M12", "2017", True),
        ("nomproc", "M", "2017", False),
        ("nomproc", "MJ1", "2024", False),
        ("nomproc", "RA1", "2024", True),
        ("typeref", "05", "2017", True),
        ("destination", "47", "2022", False),
        ("destination", "47", "2024", True),
        ("destination", "38", "2024", False),
        ("formdomi", "0111", "2022", True),
        ("formdomi", "0112", "2022", False),
        ("typedoc", "SCOT", "2017", None),
        ("typeass", "Enceinte du site", "2024", True),
        ("typeass", "Autre", "2024", None),
        ("code_alea", "18", "2024", True),
        ("code_alea", "19", "2024", False),
    ],
)
def test_simple_lists(column, value, version, expected) -> None:
    assert fits_list(column, value, [version]) is expected


def test_destinations_are_those_of_the_alphabet() -> None:
    """10 11 12 20 21 22 30–37 40–46 50–54 99 in 2022; 47 and 55 more since 2024."""
    alphabet = {10, 11, 12, 20, 21, 22, *range(30, 38), *range(40, 47), *range(50, 55), 99}
    given_2022 = {n for n in range(100) if fits_list("destination", f"{n:02}", ["2022"])}
    given_2024 = {n for n in range(100) if fits_list("destination", f"{n:02}", ["2024"])}
    assert given_2022 == alphabet
    assert given_2024 == alphabet | {47, 55}
    assert split_destinations("20-31-99") == ["20", "31", "99"]


def test_what_was_not_read_in_a_source_is_marked() -> None:
    recalled = {e.value for e in CODE_LISTS["typezone"].entries if e.recalled}
    assert recalled == {"Ah", "Nd"}
    assert all(e.recalled for e in CODE_LISTS["destination"].entries)


def test_tables_of_the_standard_are_there() -> None:
    assert set(PLAN_TABLES) >= {
        "zone_urba", "doc_urba", "doc_urba_com", "habillage_txt",
        *(f"{t}_{g}" for t in ("prescription", "info") for g in ("surf", "lin", "pct")),
        *(f"habillage_{g}" for g in ("surf", "lin", "pct")),
        "generateur_sup_p", "generateur_sup_l", "generateur_sup_s", "assiette_sup_s", "servitude",
        "acte_sup", "servitude_acte_sup", "gestionnaire_sup",
    }  # fmt: skip
    assert set(SUP_CATEGORIES) >= {"AC1", "AC2", "AC4", "PM1", "PM3", "I6", "I10", "EL3"}
    assert VERSIONS["PLU"] == ("2013", "2014", "2017", "2022", "2024", "2025")
    assert VERSIONS["PLUi"] == ("2014", "2017", "2022", "2024", "2025")


def _names(table: str, version: str) -> set[str]:
    return {c.name for c in PLAN_TABLES[table].columns_of(version)}


def test_columns_by_version() -> None:
    zones = {v: _names("zone_urba", v) for v in VERSIONS["PLU"]}
    assert {"insee", "datappro", "destdomi"} <= zones["2014"]
    assert "idurba" not in zones["2014"]
    assert not {"insee", "datappro", "destdomi"} & zones["2017"]
    added = {"formdomi", "destoui", "destcdt", "destnon", "symbole"}
    assert zones["2022"] - zones["2017"] == added
    assert _names("prescription_lin", "2022") - _names("prescription_lin", "2017") == {
        "nature", "symbole",
    }  # fmt: skip
    assert _names("info_pct", "2022") - _names("info_pct", "2017") == {"symbole"}
    assert _names("doc_urba", "2025") - _names("doc_urba", "2024") == {"nomrapp", "urlrapp"}


def test_widths_and_required_values() -> None:
    columns = {c.name: c for c in PLAN_TABLES["prescription_surf"].columns}
    assert columns["nature"].width == 50  # a template of 2024 had 12
    assert columns["libelle"].width == 254
    assert {c.name for c in columns.values() if "2017" in c.required} == {
        "libelle", "typepsc", "stypepsc", "idurba",
    }  # fmt: skip
    doc = {c.name: c for c in PLAN_TABLES["doc_urba"].columns}
    assert doc["nomproc"].required == ("2024", "2025")
    zone = {c.name: c for c in PLAN_TABLES["zone_urba"].columns}
    assert zone["libelle"].width == 12
    assert zone["lib_idzone"].optional


@pytest.mark.parametrize(
    ("table", "column", "good", "bad"),
    [
        ("zone_urba", "symbole", "ZONE_AUc_001", "ZONE_01"),
        ("zone_urba", "lib_idzone", "62637_PLU_20180523_ZO12", "62637_PLU_20180523_12"),
        ("prescription_lin", "symbole", "PSC-L_24-03_001", "PSC-S_24-03_001"),
        ("prescription_pct", "lib_idpsc", "62637_PLU_20180523_PP1", "62637_PLU_20180523_PS1"),
        ("info_surf", "symbole", "INF-S_40-01_000", "INF-S_40_01_000"),
        ("info_surf", "lib_idinfo", "200072460_PLUi_20190925_IS3", "X_IS3"),
        ("habillage_lin", "couleur", "000-255-017", "0-255-17"),
        ("doc_urba", "datappro", "20180523", "2018-05-23"),
    ],
)
def test_patterns(table, column, good, bad) -> None:
    found = next(c for c in PLAN_TABLES[table].columns if c.name == column)
    assert found.pattern is not None
    assert re.fullmatch(found.pattern, good)
    assert not re.fullmatch(found.pattern, bad)


def test_names_of_tables() -> None:
    zone = PLAN_TABLES["zone_urba"]
    assert re.fullmatch(zone.name_pattern("PLU"), "62637_ZONE_URBA_20180523")
    assert not re.fullmatch(zone.name_pattern("PLU"), "ZONE_URBA")
    assert re.fullmatch(zone.name_pattern("PLUi"), "200072460_ZONE_URBA_20190925_a")
    assert not re.fullmatch(zone.name_pattern("PLU"), "62637_ZONE_URBA_20180523_a")


def test_conditions_name_columns_that_exist() -> None:
    for condition in CONDITIONS:
        tables = [t for n, t in PLAN_TABLES.items() if n.startswith(condition.table)]
        tables = [t for t in tables if t.name != "doc_urba_com"]
        assert tables
        for table in tables:
            names = {c.name for c in table.columns}
            assert names >= {*(name for name, _ in condition.when), *condition.needed}


# Symbols ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1])
def test_types_of_zones_have_one_word_and_one_colour_in_files_maps_and_reviews(place: int) -> None:
    """Kills: a table of colours or of words of their own for QGIS, for plates, for reviews."""
    lang: Any = ("fr", "en")[place]
    mark = (" : ", ": ")[place]
    listed = {entry.value: (entry.meaning_fr, entry.meaning_en)[place]
              for entry in CODE_LISTS["typezone"].entries}  # fmt: skip
    classes = {c.value: c for c in style_for("zone_urba", lang=lang).classes if c.value}
    assert list(classes) == list(listed)
    for code, style in classes.items():
        assert style.label == f"{code}{mark}{listed[code]}"
        fill = zone_symbol(zone_type(code), large=False)
        assert (style.symbol.fill, style.symbol.opacity) == (fill.face, fill.alpha)
        assert style.symbol.stroke == fill.edge
        assert style.symbol.stroke_mm == pytest.approx(fill.width_pt * 25.4 / 72)
        if zone_type(code) == code:
            assert ZONES[code].label(lang) == typeset(style.label, lang)
