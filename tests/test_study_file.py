"""The study file: what it accepts, and messages that name the line and the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tvb.errors import StudyError
from tvb.study import Study, parameter_rows, read_study

GOOD = """\
[study]
name = "Essai"

[territory]
embedded = true
communes = ["62510"]

[graph]
max_distance_m = 1500
"""


def _read(folder: Path, text: str, **options: object) -> Study:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return read_study(path, **options)


def test_values_and_defaults(tmp_path: Path) -> None:
    study = _read(tmp_path, GOOD)
    assert study.study.name == "Essai"
    assert study.territory.communes == ("62510",)
    assert study.graph.max_distance_m == 1500.0
    assert isinstance(study.graph.max_distance_m, float)
    assert study.flood.rule == "touches"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[graph]", "[grahp]", r"line 8, \[grahp\]: unknown section; known ones are study,"),
        ("max_distance_m", "distance", r"line 9, \[graph\] distance: unknown key; .*dispersal_m"),
        ("= 1500", '= "far"', r"line 9, \[graph\] max_distance_m: a number \(m\) is needed, not"),
        ("= 1500", "= -1", r"line 9, .*: -1 \(m\) is less than the least allowed, 0"),
        ("= 1500", "= true", r"line 9, .*a number \(m\) is needed, not True"),
        ('["62510"]', '"62510"', r"line 6, \[territory\] communes: a list of texts is needed"),
        ('["62510"]', "[62510]", r"line 6, \[territory\] communes: a text is needed, not 62510"),
        (
            "embedded = true",
            "buildings = 1.5",
            r"line 5, .* a whole number \(buildings\) is needed",
        ),
        ("embedded = true", "embedded = 1", r"line 5, .* true or false is needed, not 1"),
        ("embedded = true", "embedded = false", r"\[layers\] communes: missing; give its file"),
        ('name = "Essai"', 'lang = "de"', r"line 2, \[study\] lang: 'de' is not one of fr, en"),
        ("[study]", "[study", r"study\.toml: this is not TOML: .*line 1"),
    ],
)
def test_each_fault_names_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(StudyError, match=message):
        _read(tmp_path, GOOD.replace(old, new))


def test_bounds_above(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"line 11, .*2 is more than the most allowed, 1"):
        _read(tmp_path, GOOD + "[flood]\nmin_share = 2\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('batiments = "a.shp"', r"line 11, \[layers\] batiments: unknown layer; known ones are"),
        ('buildings = "a.shp"', r"line 11, .*no such file: a\.shp, in the folder « .* »; give the"),
        ("buildings = 3", r'line 11, .*a path, a list of paths, or "modelled" is needed'),
        ("buildings = []", r'line 11, .*a path, a list of paths, or "modelled" is needed'),
        ('buildings = { path = "a", srs = "x" }', r"unknown key srs; known ones are crs, encoding"),
        ('buildings = { path = "a", crs = 2154 }', r"every option of a layer is a text"),
        ('buildings = { path = "a", nature = "vrai" }', r"nature is one of real, schematic"),
        ("folder = 3", r"line 11, \[layers\] folder: a text is needed, not 3"),
    ],
)
def test_each_fault_of_a_layer(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        _read(tmp_path, f"{GOOD}[layers]\n{line}\n")


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("= 1500", "= -1").replace('"Essai"', "3")
    with pytest.raises(StudyError) as caught:
        _read(tmp_path, text)
    assert len(str(caught.value).splitlines()) == 2


def test_a_section_that_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"\[graph\]: a table \[graph\] is needed"):
        _read(tmp_path, "graph = 3\n" + GOOD.split("[graph]", maxsplit=1)[0])
    with pytest.raises(StudyError, match=r"\[layers\]: a table \[layers\] is needed"):
        _read(tmp_path, "layers = 3\n" + GOOD)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"nowhere\.toml: the study file cannot be read"):
        read_study(tmp_path / "nowhere.toml")


def test_where_layers_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order: the argument, the key ``folder``, the variable, the folder of the study."""
    for name in ("argument", "stated", "variable", "."):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "c.geojson").touch()
    plain = '[layers]\ncommunes = "c.geojson"\n'
    stated = '[layers]\nfolder = "stated"\ncommunes = "c.geojson"\n'

    def folder(study: Study) -> str:
        return study.layers["communes"].paths[0].parent.name

    monkeypatch.delenv("TVB_LAYERS", raising=False)
    assert folder(_read(tmp_path, plain)) == tmp_path.name
    monkeypatch.setenv("TVB_LAYERS", str(tmp_path / "variable"))
    assert folder(_read(tmp_path, plain)) == "variable"
    assert folder(_read(tmp_path, stated)) == "stated"
    assert folder(_read(tmp_path, stated, layers=tmp_path / "argument")) == "argument"


def test_every_parameter_is_documented() -> None:
    rows = parameter_rows()
    assert all(row["meaning"] for row in rows)
    for row in rows:
        if row["key"].endswith("_m"):
            assert row["unit"] == "m"
        if row["key"].endswith("_ha"):
            assert row["unit"] == "ha"
