"""Columns and values: aliases, codes, decimal commas, booleans, texts of the wrong encoding."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import worlds
from tvb.errors import LayerError
from tvb.io import conform
from tvb.io.columns import fold, plan_columns
from tvb.io.text import TEXT, repair_mojibake
from tvb.io.values import cast_values
from tvb.schema import SCHEMAS, Column, get_schema


def _frame(columns: dict[str, list[Any]]) -> gpd.GeoDataFrame:
    rows = len(next(iter(columns.values())))
    boxes = [worlds.box(20 * i, 0, 20 * i + 10, 10) for i in range(rows)]
    return gpd.GeoDataFrame(columns, geometry=boxes, crs=2154)


def _notes(report: Any) -> list[str]:
    return [entry.reason for entry in report.notes]


@pytest.mark.parametrize("layer", sorted(SCHEMAS))
def test_every_alias_of_every_layer_is_read(layer: str) -> None:
    """Each alias alone, in capitals, stands for its column, unless it names another column."""
    schema = get_schema(layer)
    required = {c.name for c in schema.columns if c.required}
    for column in schema.columns:
        for alias in column.aliases:
            if alias in {c.name for c in schema.columns}:
                continue
            plan = plan_columns(
                [alias.upper(), *sorted(required - {column.name})], schema, "file", given=required
            )
            holders = [name for name, source in plan.source_of.items() if source == alias.upper()]
            assert len(holders) == 1
            assert alias in schema.column(holders[0]).aliases


def test_names_are_compared_without_case_accents_and_spaces() -> None:
    assert fold(" Code  INSÉE") == fold("code_insee") == fold("CODE-INSEE")
    towns, report = conform(_frame({"Code INSÉE": [62001], "Nom Commune": ["Sud"]}), "communes")
    assert towns["insee"].tolist() == ["62001"]
    assert "columns renamed: Code INSÉE → insee, Nom Commune → nom" in _notes(report)


def test_canonical_name_wins_over_alias_and_the_other_is_reported() -> None:
    """Kills: the first match in the order of the file."""
    raw = _frame({"CODE": ["x"], "INSEE": ["62001"], "nom_m": ["SUD"], "Nom": ["Sud"]})
    towns, report = conform(raw, "communes")
    assert towns.loc[0, ["insee", "nom"]].tolist() == ["62001", "Sud"]
    assert "« insee » read from « INSEE »; « CODE » could also be it" in _notes(report)
    assert towns["CODE"].tolist() == ["x"]


def test_first_alias_in_order_of_preference_wins() -> None:
    plan = plan_columns(["code", "insee_com", "nom_m", "nom_com"], get_schema("communes"), "file")
    assert plan.source_of == {"insee": "insee_com", "nom": "nom_com"}
    assert plan.unused == {"insee": ("code",), "nom": ("nom_m",)}


def test_two_columns_that_differ_by_case_only() -> None:
    plan = plan_columns(["INSEE", "insee", "nom"], get_schema("communes"), "file")
    assert plan.source_of["insee"] == "insee"
    assert plan.unused["insee"] == ("INSEE",)


def test_an_alias_that_is_the_name_of_another_column_is_left_to_it() -> None:
    plan = plan_columns(["id_unesco", "no_terril"], get_schema("terrils"), "file")
    assert plan.source_of == {"no_terril": "no_terril", "id_unesco": "id_unesco"}


def test_missing_columns_are_all_named_with_what_was_found_and_accepted() -> None:
    with pytest.raises(
        LayerError,
        match=r"communes ← frame: required columns « insee », « nom » not found among: bourg\. "
        r"Required: insee \(or code_insee, .*; nom \(or nom_officiel, .*Remedy: rename",
    ):
        conform(_frame({"bourg": ["Sud"]}), "communes")


def test_a_column_absent_is_added_null_in_its_type() -> None:
    towns, report = conform(_frame({"insee": ["62001"], "nom": ["Sud"]}), "communes")
    assert str(towns["population"].dtype) == "Int64"
    assert str(towns["epci_nom"].dtype) == "str"
    assert towns[["population", "epci_siren", "epci_nom"]].isna().all(axis=None)
    assert "columns absent, left null: population, epci_siren, epci_nom" in _notes(report)


def test_column_order_is_schema_then_extra_then_geometry() -> None:
    raw = _frame({"z": [1], "nom": ["Sud"], "a": [True], "insee": ["62001"]})
    towns, _ = conform(raw, "communes")
    assert towns.columns.tolist() == [
        "insee", "nom", "population", "epci_siren", "epci_nom", "z", "a", "geometry",
    ]  # fmt: skip
    assert towns.dtypes[["z", "a"]].astype(str).tolist() == ["int64", "bool"]
    less, _ = conform(raw, "communes", extra_columns=False)
    assert less.columns.tolist()[-2:] == ["epci_nom", "geometry"]


@pytest.mark.parametrize("codes", [[1234, 62001], [1234.0, 62001.0], ["1234", " 62001 "],
                                   ["1234.0", "62001"]])  # fmt: skip
def test_codes_get_their_leading_zero_back(codes: list[Any]) -> None:
    """Kills: « 1234.0 », or the commune of the Ain left without its zero."""
    towns, report = conform(_frame({"insee": codes, "nom": ["A", "B"]}), "communes")
    assert towns["insee"].tolist() == ["01234", "62001"]
    (entry,) = report.repaired
    assert (entry.reason, entry.count) == ("leading zeros put back in « insee »", 1)


def test_an_impossible_code_is_counted_and_its_row_dropped() -> None:
    towns, report = conform(_frame({"insee": ["62001", "620011"], "nom": ["A", "B"]}), "communes")
    assert towns["insee"].tolist() == ["62001"]
    assert str(report.repaired[0]) == "impossible value of « insee » made null: 1 (row 1)"
    assert str(report.dropped[0]) == "no « insee »: 1 (row 1)"


def test_a_required_column_without_any_value_is_an_error() -> None:
    """Kills: an empty frame where the wrong column was chosen."""
    with pytest.raises(LayerError, match="column « insee » holds no value that can be read"):
        conform(_frame({"insee": ["x", "y"], "nom": ["A", "B"]}), "communes")


_NUMBER = Column("hauteur", "number", "Height")
_INTEGER = Column("etages", "integer", "Storeys")
_TEXT = Column("no_element", "text", "Number")
_BOOLEAN = Column("leger", "boolean", "Light")


@pytest.mark.parametrize(
    ("values", "expected", "wrong"),
    [
        (["3,5", " 1 234,5", "1\u202f234.5", "", None, "NC"],
         [3.5, 1234.5, 1234.5, np.nan, np.nan, np.nan], [5]),
        ([1, 2], [1.0, 2.0], []),
        ([True, False], [1.0, 0.0], []),
        ([1.5, np.inf], [1.5, np.nan], [1]),
        (pd.array([1, None], dtype="Int64"), [1.0, np.nan], []),
        ([None, None], [np.nan, np.nan], []),
    ],
)  # fmt: skip
def test_numbers(values: Any, expected: list[float], wrong: list[int]) -> None:
    cast = cast_values(pd.Series(values), _NUMBER)
    np.testing.assert_array_equal(cast.values.to_numpy(), expected)
    assert np.flatnonzero(cast.wrong).tolist() == wrong


@pytest.mark.parametrize(
    ("values", "expected", "wrong"),
    [
        ([3.0, np.nan, 2.5], [3, None, None], [2]),
        (["3", "4,0", "x", "1e30"], [3, 4, None, None], [2, 3]),
        (np.array([1, 2], dtype="int32"), [1, 2], []),
    ],
)
def test_integers(values: Any, expected: list[Any], wrong: list[int]) -> None:
    cast = cast_values(pd.Series(values), _INTEGER)
    assert cast.values.dtype == "Int64"
    assert cast.values.astype(object).where(cast.values.notna(), None).tolist() == expected
    assert np.flatnonzero(cast.wrong).tolist() == wrong


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([81.0, 81.5, np.nan], ["81", "81.5", None]),
        ([81, 7], ["81", "7"]),
        ([" a ", "", "  "], ["a", None, None]),
        (pd.Categorical(["a", None]), ["a", None]),
        ([pd.Timestamp("2024-05-01")], ["2024-05-01 00:00:00"]),
    ],
)
def test_texts(values: Any, expected: list[Any]) -> None:
    cast = cast_values(pd.Series(values), _TEXT)
    assert cast.values.dtype == TEXT
    assert cast.values.astype(object).where(cast.values.notna(), None).tolist() == expected
    assert not cast.wrong.any()


@pytest.mark.parametrize(
    "values",
    [["Oui", "Non", None, "?"], ["T", "F", "", "x"], [1, 0, None, 2], ["vrai", "FAUX", None, "-"],
     [1.0, 0.0, np.nan, 3.0]],
)  # fmt: skip
def test_booleans(values: list[Any]) -> None:
    cast = cast_values(pd.Series(values), _BOOLEAN)
    assert cast.values.dtype == "boolean"
    assert cast.values.astype(object).where(cast.values.notna(), None).tolist() == [
        True, False, None, None,
    ]  # fmt: skip
    assert np.flatnonzero(cast.wrong).tolist() == [3]


def test_allowed_values_are_compared_without_case() -> None:
    column = Column("type", "text", "Kind", allowed=("Plat", "Conique"))
    cast = cast_values(pd.Series(["plat", "CONIQUE", "Plat", "rond", None], dtype=TEXT), column)
    assert cast.values.astype(object).where(cast.values.notna(), None).tolist() == [
        "Plat", "Conique", "Plat", None, None,
    ]  # fmt: skip
    assert cast.wrong.tolist() == [False, False, False, True, False]
    assert cast.repairs["spelling of « type » corrected"].tolist() == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_declared_types_of_a_frame_with_everything_as_text() -> None:
    raw = _frame({"ID": ["B1", "B2"], "LEGER": ["Oui", "Non"], "NB_LOGTS": ["3", ""],
                  "HAUTEUR": ["3,5", "0"]})  # fmt: skip
    buildings, report = conform(raw, "buildings")
    assert buildings["construction_legere"].tolist() == [True, False]
    assert buildings["nombre_de_logements"].tolist() == [3, pd.NA]
    assert buildings["hauteur"].tolist() == [3.5, 0.0]
    assert "decimal comma read in « hauteur »" in _notes(report)
    assert not report.repaired


def test_the_argument_is_left_as_it_was() -> None:
    raw = _frame({"INSEE": [1234], "nom": ["Ã‰tang"]})
    before = raw.copy(deep=True)
    conform(raw, "communes")
    pd.testing.assert_frame_equal(pd.DataFrame(raw), pd.DataFrame(before))


def test_text_of_the_wrong_encoding_is_read_again_and_counted() -> None:
    towns, report = conform(
        _frame({"insee": ["62001", "62002"], "nom": ["LiÃ©vin", "Liévin"], "x": ["NÅ“ux", "ÂÂ"]}),
        "communes",
    )
    assert towns["nom"].tolist() == ["Liévin", "Liévin"]
    assert towns["x"].tolist() == ["Nœux", "ÂÂ"]
    assert [(e.reason, e.count, e.ids) for e in report.repaired] == [
        ("text of the wrong encoding read again (« Ã© » is « é »)", 1, ("62001",)),
        ("text of the wrong encoding read again in « x »", 1, ()),
    ]


def test_characters_lost_are_noted() -> None:
    _, report = conform(_frame({"insee": ["62001"], "nom": ["Li\ufffdvin"]}), "communes")
    assert "characters lost in « nom »" in _notes(report)


@example("Â’")
@given(st.text(alphabet="éèêëàâäîïôöùûüçœæÉÈÀÂÎÔÛÇŒ'’- abcABC", max_size=12))
def test_mojibake_goes_there_and_back_and_french_is_left_alone(text: str) -> None:
    """Kills: a repair that eats capitals such as « Â » in CHÂTEAU."""
    broken = text.encode("utf-8").decode("cp1252", errors="replace")
    values, _ = repair_mojibake(pd.Series([text, broken], dtype=TEXT))
    assert values.iloc[0] == text
    if "\ufffd" not in broken:
        assert values.iloc[1] == text


def test_values_that_mean_nothing_are_noted_and_left() -> None:
    pits = gpd.GeoDataFrame(
        {"puits": ["1", "2"], "cote": [0.0, 30.0], "fermeture": [1, 1950]},
        geometry=gpd.points_from_xy([worlds.X0] * 2, [worlds.Y0] * 2),
        crs=2154,
    )
    frame, report = conform(pits, "pits")
    assert frame["cote"].tolist() == [0.0, 30.0]
    assert frame["fermeture"].tolist() == ["1", "1950"]
    assert [str(entry) for entry in report.notes[-2:]] == [
        "« cote » is 0, which means unknown: 1 (row 0)",
        "« fermeture » is 1, which means unknown: 1 (row 0)",
    ]
