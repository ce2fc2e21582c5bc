"""The command line, as a user types it."""

from __future__ import annotations

import ast
import json
import os
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest

import worlds
from tvb import cli
from tvb.cli import words
from tvb.datasets import PLAN_COMMUNES, bassin_minier, model_plans
from tvb.errors import TvbError, TvbWarning
from tvb.io import write_plan


def tvb(*words: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "tvb", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def _in_process(*words: str | Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command here, which is faster, and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["tvb", *map(str, words)])
    # Under « python -m pytest », the name of the program would be that of pytest.
    monkeypatch.setattr(sys.modules["__main__"], "__package__", "", raising=False)
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_help_shows_an_example_for_each_command() -> None:
    assert "demo" in tvb("--help").stdout
    for command in cli._COMMANDS:
        assert f"Example: tvb {command} " in cli._COMMANDS[command][1] + " "
        assert f"Exemple : tvb {command} " in words._FRENCH[cli._COMMANDS[command][1]] + " "
    text = " ".join(tvb("flood", "--help").stdout.split())
    assert "Example: tvb flood --study study.toml." in text


def test_demo_from_another_folder(tmp_path: Path) -> None:
    """Piped, it prints a line for each step and no bar; the results are where it says."""
    done = tvb("demo", "--communes", "62510", "--buildings", "500", "--only", "dashboard",
               cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[:2]] == ["layers", "heritage"]
    assert (tmp_path / "out" / "communes.csv").is_file()


def test_check_says_what_the_reader_makes_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "communes.gpkg"
    worlds.communes().to_file(path, VERSION="1.2")
    assert _in_process("check", path, "--as", "communes", monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "4" in shown
    assert "extent: 700000 7000000 702000 7002000 (EPSG:2154, metres)" in shown


def test_an_error_is_one_message_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "absent.shp"
    assert _in_process("check", path, "--as", "communes", monkeypatch=monkeypatch) == 1
    error = capsys.readouterr().err
    assert error.startswith("tvb: ")
    assert "absent.shp" in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("words", "french"),
    [
        (["rum"], "commande inconnue : rum ; la plus proche : run. Voir « tvb --help »."),
        (["map"], "option manquante : --study. Voir « tvb map --help »."),
        (["map", "--study", "a.toml", "--foo"], "option inconnue : --foo"),
        (["atlas", "--study", "a.toml", "--jobs", "z"], "un nombre entier est attendu"),
        (["atlas", "--study", "a.toml", "--jobs", "0"], "refusée pour --jobs : au moins 1."),
        (["atlas", "--study", "a.toml", "--by", "x"], "'x' n'est pas parmi 'commune'"),
        (["run"], "argument manquant : study."),
        (["layers", "a", "b"], "de trop : b."),
    ],
)
def test_a_wrong_command_is_said_in_the_language_with_exit_code_2(
    words: list[str],
    french: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cli, "language", "fr")
    monkeypatch.setattr("tvb.cli.words.language", "fr")
    assert _in_process(*words, monkeypatch=monkeypatch) == 2
    assert french in _plain(capsys.readouterr().err)


def test_an_interruption_is_exit_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupt)
    assert _in_process("demo", monkeypatch=monkeypatch) == 130
    assert "takes up where it stopped" in capsys.readouterr().err


def test_layers_lists_schemas_and_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _in_process("layers", monkeypatch=monkeypatch) == 0
    assert "buildings" in capsys.readouterr().out
    assert _in_process("layers", "buildings", monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "key cleabs" in shown
    assert "also read as nb_logts" in shown
    assert _in_process("layers", "batiments", monkeypatch=monkeypatch) == 1
    assert "« batiments »" in capsys.readouterr().err


# Language, JSON


@pytest.mark.parametrize(
    ("typed", "environment", "expected"),
    [
        ([], {}, "en"),
        ([], {"LANG": "fr_FR.UTF-8"}, "fr"),
        ([], {"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"LANG": "fr_FR.UTF-8", "TVB_LANG": "en"}, "en"),
        (["run", "--lang", "fr"], {"TVB_LANG": "en"}, "fr"),
        (["run", "--lang=en"], {"LANG": "fr_FR"}, "en"),
        (["run", "--lang"], {"LANG": "fr_FR"}, "fr"),
    ],
)
def test_language_is_that_asked_for(typed, environment, expected):
    assert words.choose_language(typed, environment) == expected


def test_every_text_of_the_command_line_has_a_french_one():
    """Kills a new option whose help stays English, and braces lost in translation."""
    folder = Path(cli.__file__).parent
    code = "".join(p.read_text(encoding="utf-8") for p in sorted(folder.glob("*.py")))
    said = set()
    for node in ast.walk(ast.parse(code.replace("from __future__ import annotations", ""))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
            first = node.args[0]
            if isinstance(first, ast.Constant):
                said.add(first.value)
    said |= {text for _, text in cli._COMMANDS.values()}
    assert len(said) > 40
    assert said - set(words._FRENCH) == set()
    for english, french in words._FRENCH.items():
        assert _holes(english) == _holes(french), english


def _holes(template: str) -> set[str]:
    """Return the numbers of the holes of a template."""
    named = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    return {name or str(place) for place, name in enumerate(named)}


def test_counts_agree_with_their_nouns(monkeypatch):
    """Kills « 1 dossiers » and « 2 non produit »."""
    text = "{0} dossier{0:|s}, {1} failed, {2} already there. See {3}."
    for language, told in (("en", "0 dossiers, 1 failed"), ("fr", "0 dossier, 1 non produit, ")):
        monkeypatch.setattr(words, "language", language)
        assert words.say(text, 0, 1, 2, "x").startswith(told)
    assert words.say(text, 1, 2, 1, "x") == "1 dossier, 2 non produits, 1 déjà fait. Voir x."
    steps = "{0} step{0:|s}, {1} s of work. See {2}."
    assert words.say(steps, 1, "1,5", "x") == "1 étape, 1,5 s de travail. Voir x."


def test_french_help_and_messages():
    told = tvb("layers", "terrils", "--lang", "fr").stdout
    assert "lu aussi sous" in told
    assert "obligatoire" in told
    assert "Faire une étude." in tvb("--help", env={**os.environ, "TVB_LANG": "fr"}).stdout


def test_fixed_words_of_help_are_told_in_the_language():
    """Kills « Usage », « Options: » and « Show this message and exit. » on a French page."""
    french = {**os.environ, "TVB_LANG": "fr"}
    pages = [
        tvb("--lang", "fr", "--help"), tvb("flood", "--help", env=french),
        tvb("plu", "--help", env=french), tvb("run", "--help", "--lang", "fr"),
    ]  # fmt: skip
    assert [page.returncode for page in pages] == [0] * 4
    english = r"Usage|Show |Install |required|default|Commands|Options:|Arguments:|<[a-z]*path|list"
    assert not [page.stdout for page in pages if re.search(english, page.stdout)]
    top, flood = (page.stdout.replace("python -m ", "").splitlines() for page in pages[:2])
    assert top[0] == "Utilisation : tvb [OPTIONS] COMMANDE [ARGUMENTS]..."
    assert {"Options :", "Commandes :"} <= set(top)
    assert flood[0] == "Utilisation : tvb flood [OPTIONS]"
    assert flood[-1].split("  ")[-1] == "Montrer ce message et finir."
    words_of_it = " ".join(pages[1].stdout.split())
    assert "--study <chemin> Le fichier d'étude, TOML. [obligatoire]" in words_of_it
    assert "[défaut : 1 ; x>=1]" in words_of_it


def test_help_in_english_is_that_of_typer():
    """Kills a page that loses what it does not translate."""
    page = tvb("flood", "--help", env={**os.environ, "TVB_LANG": "en"}).stdout
    page = page.replace("python -m ", "")
    told = " ".join(page.split())
    assert page.startswith("Usage: tvb flood [OPTIONS]\n")
    assert "\nOptions:\n" in page
    assert "--study <path> The study file, TOML. [required]" in told
    assert "[default: 1; x>=1]" in told
    assert told.endswith("--help Show this message and exit.")


@pytest.mark.parametrize("place", ["before", "after", "nowhere"])
def test_the_language_may_stand_before_the_command(place, monkeypatch):
    """Kills a language that is taken before the command and not given to it."""
    asked = []

    def opened(*asked_for):
        asked.append(asked_for[-1])
        raise TvbError("seen")

    monkeypatch.setattr("tvb.cli.plans.open_study", opened)
    command = ["plu", "x", "--study", "y"]
    typed = {"before": ["--lang", "fr", *command], "after": [*command, "--lang", "fr"]}
    assert _in_process(*typed.get(place, command), monkeypatch=monkeypatch) == 1
    assert asked == [None if place == "nowhere" else "fr"]


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_errors_are_told_in_the_language_asked_for(tmp_path):
    """Kills an English error, a traceback, or an exit code that depends on the language."""
    options = ("check", tmp_path / "absent.shp", "--as", "terrils", "--lang")
    french, english = tvb(*options, "fr"), tvb(*options, "en")
    assert french.returncode == english.returncode == 1
    assert _plain(french.stderr) == (
        f"tvb: {tmp_path / 'absent.shp'} : fichier introuvable. "
        "Remède : vérifier le chemin ; le dossier contient 0 autre fichier.\n"
    )
    assert "no such file. Remedy: check the path" in english.stderr


def test_an_account_is_told_in_french_and_json_keeps_its_keys(tmp_path):
    path = tmp_path / "communes.gpkg"
    worlds.communes().rename(columns={"insee": "code_insee"}).to_crs(4326).to_file(
        path, VERSION="1.2"
    )
    told = tvb("check", path, "--as", "communes", "--lang", "fr")
    assert told.returncode == 0, told.stderr
    assert "note : colonnes renommées : code_insee → insee" in _plain(told.stdout)
    assert "note : reprojeté depuis EPSG:4326 vers EPSG:2154" in _plain(told.stdout)
    data = json.loads(tvb("check", path, "--as", "communes", "--lang", "fr", "--json").stdout)
    assert "columns renamed: code_insee → insee" in data["account"]


def test_warnings_are_told_in_french(monkeypatch, capsys):
    monkeypatch.setattr(cli, "language", "fr")
    cli._show_warning(TvbWarning("a: null geometry."))
    assert _plain(capsys.readouterr().err) == "tvb: a : géométrie absente.\n"


def test_layers_are_described_in_french():
    told = tvb("layers", "buildings", "--lang", "fr").stdout
    assert "Une emprise de bâtiment" in told
    assert "Usage principal" in told
    assert "entier [logements]" in told
    assert "ligne ou polygone" in tvb("layers", "--lang", "fr").stdout


FLOOD_KEYS = {
    "coherence", "depths", "exposure", "exposure_elements", "exposure_epci", "indicators",
    "official", "people", "people_spread", "sensitivity", "stations",
}  # fmt: skip


def test_json_is_the_only_output(tmp_path, monkeypatch, capsys):
    """Kills lines of progress before the document, and numbers that JSON does not know."""
    study = tmp_path / "study.toml"
    study.write_text(
        '[territory]\nembedded = true\ncommunes = ["62510", "62427"]\nbuildings = 3000\n'
        '[graph]\nlinks = "edge"\n',
        encoding="utf-8",
    )
    out = tmp_path / "out"
    for command, keys in (
        ("connectivity", {"graph", "patches", "links"}),
        ("flood", FLOOD_KEYS),
        ("heritage", {"communes"}),
    ):
        options = ("--study", study, "--out", out, "--json")
        assert _in_process(command, *options, monkeypatch=monkeypatch) == 0
        assert set(json.loads(capsys.readouterr().out)) == keys
        assert _in_process(command, *options[:-1], "-q", monkeypatch=monkeypatch) == 0
        assert capsys.readouterr().out == ""
        assert _in_process(command, *options[:-1], monkeypatch=monkeypatch) == 0
        assert "|" in capsys.readouterr().out
    for name, title in (("carte.png", "Patrimoine mondial"), ("carte.html", "")):
        file = tmp_path / name
        words = ("map", "--study", study, "--out", out, "--file", file, "--json")
        assert _in_process(*words, monkeypatch=monkeypatch) == 0
        assert title in json.loads(capsys.readouterr().out)["title"]
        assert file.stat().st_size > 10_000
    words = ("map", "--study", study, "--out", out, "--file", tmp_path / "l.svg", "--commune",
             "lievin")  # fmt: skip
    assert _in_process(*words, monkeypatch=monkeypatch) == 0
    assert "Liévin" in (tmp_path / "l.svg").read_text(encoding="utf-8")
    assert _in_process(*words[:-1], "Paris", monkeypatch=monkeypatch) == 1
    assert "« Paris »: is not in the study" in capsys.readouterr().err


def test_atlas_from_the_command_line(tmp_path, monkeypatch, capsys):
    study = tmp_path / "study.toml"
    study.write_text(
        '[territory]\nembedded = true\ncommunes = ["62510", "62427"]\nbuildings = 100\n',
        encoding="utf-8",
    )
    for by, sheets in (("commune", 2), ("epci", 2)):
        file = tmp_path / f"{by}.pdf"
        words = ("atlas", "--study", study, "--out", tmp_path / "out", "--by", by, "--file", file,
                 "--jobs", "1")  # fmt: skip
        assert _in_process(*words, monkeypatch=monkeypatch) == 0
        assert capsys.readouterr().out.splitlines()[-1].startswith(f"{sheets} sheets, 0 failed")
        assert file.is_file()


def test_plans_are_reviewed(tmp_path, monkeypatch, capsys):
    """A folder of deliveries, then one of them; --strict only changes the exit code."""
    territory = bassin_minier(communes=PLAN_COMMUNES, rasters=False, buildings=2000)
    deliveries = tmp_path / "plans"
    deliveries.mkdir()
    for delivery in model_plans(territory)[:2]:
        write_plan(delivery, deliveries)
    study = tmp_path / "study.toml"
    communes = ", ".join(f'"{code}"' for code in PLAN_COMMUNES)
    study.write_text(
        f"[territory]\nembedded = true\ncommunes = [{communes}]\nbuildings = 2000\n",
        encoding="utf-8",
    )
    options = ("--study", study, "--out", tmp_path / "out", "--lang", "fr")
    assert _in_process("plu", deliveries, *options, monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "revu (4), sans plan (1)" in shown
    assert "bloquant" in shown
    written = {p.name for p in (tmp_path / "out" / "plu").iterdir()}
    one = sorted(p.name for p in deliveries.iterdir())[0]
    assert {"portefeuille.csv", f"{one}.gpkg", f"{one}_constats.geojson"} <= written
    code = _in_process("plu", deliveries / one, *options, "--strict", "--json",
                       monkeypatch=monkeypatch)  # fmt: skip
    told = json.loads(capsys.readouterr().out)
    assert code == 1
    assert [plan["state"] for plan in told["plans"]] == ["inchangé"]
    assert any(finding["level"] == "bloquant" for finding in told["findings"])


def test_dossiers_and_report(tmp_path, monkeypatch, capsys):
    """The second run finds the dossier there; the report is of both communes."""
    study = tmp_path / "study.toml"
    study.write_text(
        '[territory]\nembedded = true\ncommunes = ["62510", "62427"]\nbuildings = 500\n',
        encoding="utf-8",
    )
    options = ("--study", study, "--out", tmp_path / "out", "--lang", "fr")
    words = ("dossier", *options, "--commune", "lievin", "--format", "html", "--jobs", "1")
    for counts in ("1 dossier, 0 failed, 0 already", "0 dossiers, 0 failed, 1 already"):
        assert _in_process(*words, monkeypatch=monkeypatch) == 0
        assert counts in capsys.readouterr().out  # the language was chosen when this process began
    assert "Liévin" in (tmp_path / "out/dossiers/62510.html").read_text(encoding="utf-8")
    file = tmp_path / "rapport.html"
    assert _in_process("report", *options, "--file", file, monkeypatch=monkeypatch) == 0
    assert "Liévin" in file.read_text(encoding="utf-8")
    assert _in_process("report", *options, "--epci", "1", "--file", file,
                       monkeypatch=monkeypatch) == 1  # fmt: skip
    assert "tvb: " in capsys.readouterr().err
