"""Names of communes: levelled for comparison, resolved to codes, never guessed."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvb.errors import LayerError, UnknownNameError
from tvb.names import at_place, normalise_name, of_place, resolve_communes

COMMUNES = pd.DataFrame(
    {
        "insee": ["62617", "62178", "59112", "62250", "59491", "62749", "59002", "62003"],
        "nom": ["Nœux-les-Mines", "Bruay-la-Buissière", "Bruay-sur-l'Escaut",
                "Courcelles-lès-Lens", "Saint-Saulve", "La Couture", "Neuville", "Neuville"],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("delivered", "official"),
    [
        ("NOEUX-LES-MINES", "Nœux-les-Mines"),
        ("noeux lez  mines ", "Nœux-les-Mines"),
        ("NŒUX–LÈS–MINES", "Nœux-les-Mines"),
        ("St Saulve", "Saint-Saulve"),
        ("Ste-Aldegonde", "Sainte-Aldegonde"),
        ("Bruay sur L’Escaut", "Bruay-sur-l'Escaut"),
        ("E\u0301cIly", "Écily"),  # decomposed accent
        ("Lætitia", "LAETITIA"),
    ],
)
def test_spellings_of_one_name_are_equal(delivered: str, official: str) -> None:
    assert normalise_name(delivered) == normalise_name(official)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rœulx", "Rœux"),  # two communes, Nord and Pas-de-Calais
        ("Couture", "La Couture"),
        ("Annay s/ Lens", "Annay-sur-Lens"),  # « s/ » is « sous » here
        ("Estrées", "Estrée-Blanche"),
    ],
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert normalise_name(one) != normalise_name(other)


@given(st.text())
def test_normalising_twice_changes_nothing(name: str) -> None:
    once = normalise_name(name)
    assert normalise_name(once) == once


def test_codes_come_back_on_the_index_and_null_stays_null() -> None:
    names = pd.Series(["courcelles lez lens", None, "NOEUX LES MINES"], index=["c", "a", "b"])
    found = resolve_communes(names, COMMUNES)
    assert found.insee.index.tolist() == ["c", "a", "b"]
    assert found.insee["c"] == "62250"
    assert found.insee["b"] == "62617"
    assert pd.isna(found.insee["a"])
    assert found.unresolved.empty
    assert found.require().equals(found.insee)


def test_ambiguous_and_unknown_names_are_reported_not_guessed() -> None:
    """Kills the dictionary that keeps the last homonym, and the closest match as an answer."""
    found = resolve_communes(["Neuville", "Bruay", "Neuville", "Nœux-la-Mine", "Xyz"], COMMUNES)
    assert found.insee.isna().all()
    table = found.unresolved.set_index("name")
    assert table["reason"].to_dict() == {
        "Neuville": "ambiguous", "Bruay": "unknown", "Nœux-la-Mine": "unknown", "Xyz": "unknown",
    }  # fmt: skip
    assert table.loc["Neuville", "rows"] == 2
    assert table.loc["Neuville", "candidates"] == "Neuville (59002), Neuville (62003)"
    assert "Bruay-la-Buissière (62178)" in table.loc["Bruay", "candidates"]
    assert "Bruay-sur-l'Escaut (59112)" in table.loc["Bruay", "candidates"]
    assert "Nœux-les-Mines (62617)" in table.loc["Nœux-la-Mine", "candidates"]
    assert table.loc["Xyz", "candidates"] == ""


def test_require_lists_every_name_at_fault() -> None:
    found = resolve_communes(["Neuville", "Xyz", "Neuville"], COMMUNES)
    with pytest.raises(UnknownNameError, match="2 without a code") as caught:
        found.require()
    assert "« Neuville » is ambiguous, 2 row(s); near: Neuville (59002)" in str(caught.value)
    assert "« Xyz » is unknown, 1 row(s)" in str(caught.value)


def test_communes_without_codes_are_refused() -> None:
    with pytest.raises(LayerError, match="column « insee » is missing"):
        resolve_communes(["Lens"], pd.DataFrame({"nom": ["Lens"]}))


@pytest.mark.parametrize("names", [[], pd.Series([], dtype="str"), [None, None]])
def test_no_names_no_codes(names: list[str]) -> None:
    found = resolve_communes(names, COMMUNES)
    assert len(found.insee) == len(names)
    assert found.insee.isna().all()
    assert found.unresolved.empty


# Names in the official files that stay without a code: communes outside the 330 of the layer
# (some under a name they had before a merger), hamlets and short or misspelt forms.
_OUTSIDE = {
    "BOURS", "Brebieres", "BREBIERES", "ENQUIN-LES-GUIGNEGATTE", "ENQUIN-LEZ-GUINEGATTE",
    "Enquin-Les-Mines", "Enquin-les-Mines", "Fampoux", "LA BASSEE", "QUIERY-LA-MOTTE", "Rœux",
    "VALHUON", "VITRY-EN-ARTOIS",
}  # fmt: skip
_OTHER_SPELLING = {
    "ANNAY-sous-LENS", "Aubry", "Bouvigny-Boyeffles - hameau de Marqueffles", "Boyeffles", "Bruay",
    "Cauchy", "Courcelles", "Douai-Dorignies", "Douai-Frais-Marais", "Douchy", "Escaupont",
    "FOUQUIERE-les-LENS", "HAISNES-les-LA BASSEE", "Haisnes-lez-La-Bassée",
    "Hersin-Coupigny - Hameau de Bracquencourt", "MONTIGNY-EN-OSTREVEN", "Marles",
    "Méricourt-sous-Lens", "NOYELLES-LES-VERMELLE", "Rouvroy-sous-Lens", "TEMPLEUVE",
    "Thivencelles", "Vendin",
}  # fmt: skip


@pytest.mark.official
def test_every_name_of_the_official_files_resolves_or_is_known_not_to(official: Path) -> None:
    communes = gpd.read_file(official / "communes-mbm.geojson", ignore_geometry=True)
    names: list[str] = []
    for file in sorted(official.glob("*.geojson")):
        table = gpd.read_file(file, ignore_geometry=True)
        for column in table.columns[table.columns.str.startswith("commune")]:
            names += table[column].dropna().tolist()
    found = resolve_communes(names, communes)
    assert set(found.unresolved["name"]) == _OUTSIDE | _OTHER_SPELLING
    assert (found.unresolved["reason"] == "unknown").all()
    assert found.insee.notna().mean() > 0.95


@pytest.mark.parametrize(
    ("name", "joined"),
    [
        ("Lens", "de Lens"), ("Isbergues", "d'Isbergues"), ("Oignies", "d'Oignies"),
        ("Éleu-dit-Leauwette", "d'Éleu-dit-Leauwette"), ("Écaillon", "d'Écaillon"),
        ("Œuf-en-Ternois", "d'Œuf-en-Ternois"), ("Hénin-Beaumont", "d'Hénin-Beaumont"),
        ("Hornaing", "d'Hornaing"), ("Harnes", "de Harnes"), ("Ham-en-Artois", "de Ham-en-Artois"),
        ("Le Portel", "du Portel"), ("Les Attaques", "des Attaques"), ("Lestrem", "de Lestrem"),
        ("La Couture", "de La Couture"), ("L'Écluse", "de L'Écluse"), ("Ypres", "d'Ypres"),
        ("Yerres", "de Yerres"), ("L", "de L"), ("", "de "), ("H", "de H"),
    ],
)  # fmt: skip
def test_de_before_a_name(name, joined):
    """Kills « de Isbergues », an accent that hides a vowel, and « de Le Portel »."""
    assert of_place(name) == joined


def test_a_before_a_name():
    names = ("Lens", "Isbergues", "Le Portel", "Les Attaques", "La Couture")
    told = ["à Lens", "à Isbergues", "au Portel", "aux Attaques", "à La Couture"]
    assert [at_place(name) for name in names] == told
