"""What tvb says is said in French too: every message of the sources has its twin."""

from __future__ import annotations

import os
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell

import said
import worlds
from tvb.errors import TRACEBACK_VARIABLE, LayerError, ParameterError, explain
from tvb.flood import CountingRule
from tvb.io import Entry, LayerReport
from tvb.messages import preferred_language, translate
from tvb.messages.catalogue import Catalogue, holes_of, read_entries, typeset
from tvb.messages.typography import Counted, agree, format_number
from tvb.schema import SCHEMAS, validate
from tvb.schema.layers import GRID_SCHEMAS
from tvb.schema.plan import ATTRIBUTE_TABLES, PLAN_TABLES

RAW = {english: (file, french) for file, english, french in read_entries()}
ENTRIES = {english.replace("{:w}", "{}"): french for english, (_, french) in RAW.items()}

SAME = {
    # Code, names and formats, which are the same in both languages.
    "GRANT INSERT", "GeoParquet, GeoPackage, …", "[flood] map_scenario", "[territory] communes",
    "bassin_minier(communes=PLAN_COMMUNES, …)", "communes.dissolve('insee', as_index=False)",
    "flood_zones ← {}", "fr", "gdalwarp", "hors communes", "json",
    'pip install "tvb-bassin-minier[distributed]"', 'pip install "tvb-bassin-minier[postgis]"',
    'pip install "tvb-bassin-minier[web]"', "psycopg", "utf-8, cp1252, …", "{} ha", "{} « {} »",
    "{} ← {}",
}  # fmt: skip
FORMS = {"{}", "{}: {}", "{}{}: {}", "{} {}", "{} ({})"}
"""Put together by `tvb.messages.forms` of pieces that are looked up."""

BEYOND = {
    "heritage/sight.py": {"required"},  # said.TABLES
    "io/assembly.py": {
        "reason",
        "self.schema.column(name).description",
        "entry.reason",
    },  # keys; schemas below; of io.hazard_codes
    "io/database_reading.py": {"self.systems.remark"},  # of io.crs.resolve_crs
    "connectivity/checks.py": {"required"},  # said.SINKS, refuse
    "io/database_session.py": {"remedy"},  # said.TABLES
    "io/database_write.py": {"refused[0]", "refused[1]"},  # said.TABLES
    "io/footprint_chunks.py": {"reason"},  # an account read again
    "io/footprints.py": {"entry.reason", "*opened.notes"},  # an account added up; said.NOTES
    "io/hazard.py": {"table.fault", "identity.remark"},  # an error; said.SINKS
    "io/hazard_codes.py": {"reason"},  # said.REASONS_RETURNED
    "io/plan_tables.py": {"reason", "entry.reason"},  # keys; an account added up
    "io/read.py": {"note"},  # said.NOTES
    "study/compare.py": {"reviewed[0].error"},  # an error
    "io/sources.py": {"source.checksum"},  # data
    "schema/validate.py": {"self.problem", "self.remedy"},  # of Fault
}
"""Where the walk ends, and by what other way the texts are found."""


def _needs_french(template: str) -> bool:
    """Tell whether a template holds words, not only holes, figures, units and code."""
    if template in SAME or template in FORMS:
        return False
    if not re.search(r"[A-Za-z]{2,}", template.replace("{}", "")):
        return False
    return " " in template.strip() or not re.search(r"[._=(/:\[]", template)


@pytest.fixture(scope="module")
def found() -> tuple[list[said.Said], list[said.Beyond]]:
    return said.texts()


# --- completeness ---------------------------------------------------------------------------------


def test_every_message_has_its_french_twin(found):
    """A message without one is listed here with its place: add it to src/tvb/messages/*.toml."""
    missing = {}
    for one in found[0]:
        pieces = {piece for some in one.pieces for piece in some if " " in piece.strip()}
        texts = {one.template} | pieces
        missing |= {t: one.place for t in texts if _needs_french(t) and t not in ENTRIES}
    assert not missing


def test_pieces_that_fill_a_hole_are_translated_there(found):
    """Kills a French template whose hole keeps an English piece: « {} » where « {:fr} » is due."""
    wrong = []
    for one in found[0]:
        forms = _forms_of_holes(ENTRIES.get(one.template, ""))
        for number, pieces in enumerate(one.pieces):
            phrases = {p for p in pieces if " " in p.strip() and _needs_french(p)}
            if phrases and one.template in ENTRIES and forms.get(number) != "fr":
                wrong.append((one.place, one.template, number))
            if forms.get(number) == "fr" and "{}" not in pieces:
                words = {p for p in pieces if re.fullmatch(r"[a-z]{2,}", p)}
                known = {word for word in words if word in ENTRIES}  # none: identifiers
                wrong += [(one.place, one.template, word) for word in words - known if known]
    assert not wrong


def test_the_walk_ends_only_where_it_is_known_to(found):
    ends: dict[str, set[str]] = {}
    for one in found[1]:
        ends.setdefault(one.place.split(":")[0], set()).add(one.expression)
    assert not {file for file, some in ends.items() if some - BEYOND.get(file, set())}


def test_the_walk_finds_what_is_built_in_pieces(found):
    """Kills a walk that sees literals only: these are built by helpers, in loops, by appending."""
    templates = {one.template for one in found[0]}
    templates |= {piece for one in found[0] for pieces in one.pieces for piece in pieces}
    assert {
        "leading zeros put back in « {} »",  # key of a dictionary
        "holds no table of a flood hazard that can be read; {}; it holds: {}",  # lengthened
        "required column{} {} not found among: {}",
        "« classe » taken from bounds of depth",  # returned beside columns
        "the account may not add rows",  # table of texts
        "since {}",  # returned by a helper, from a constant
        "column « {} » is missing",
    } <= templates
    assert len(templates) > 700


def test_names_of_what_is_at_fault_are_translated_where_they_are_phrases():
    phrases = [n for n in said.names() if re.search(r"[A-Za-z]{2,} ", n.template)]
    names = {n.template: n.place for n in phrases if _needs_french(n.template)}
    assert not {name: place for name, place in names.items() if name not in ENTRIES}


def test_layers_and_columns_are_described_in_french():
    texts = {grid.description for grid in GRID_SCHEMAS}
    for schema in (*SCHEMAS.values(), *ATTRIBUTE_TABLES.values()):
        texts |= {schema.description, " or ".join(sorted(schema.families))}
        texts |= {column.description for column in schema.columns}
        texts |= {column.unit for column in schema.columns if column.unit}
    texts |= {column.meaning for table in PLAN_TABLES.values() for column in table.columns}
    units = {"m", "m²", "m³/s", "ha", "€", ""}
    assert not {t for t in texts if t not in ENTRIES and t not in units}


# --- the catalogue --------------------------------------------------------------------------------


def _forms_of_holes(template: str) -> dict[int, str]:
    holes = holes_of(template)
    return {int(name or place): form for place, (name, form) in enumerate(holes)}


def test_both_languages_have_the_same_holes():
    """Kills a French text that loses a number or a name."""
    for english, (file, french) in RAW.items():
        holes = range(len(holes_of(english)))
        assert sorted(_forms_of_holes(french)) == list(holes), (file, english)


@pytest.mark.parametrize("file", sorted({file for file, _ in RAW.values()}))
def test_each_template_is_found_again_by_its_text(file):
    """Kills a template that another one, less exact, hides."""
    for english, (mine, french) in RAW.items():
        values = [f"X{number}" for number in range(len(holes_of(english)))]
        plain = english.replace("{:w}", "{}").format(*values)
        if mine == file:
            told = re.sub(r"\{\d:[^{}|]*\|([^{}]*)\}", r"\1", typeset(french))  # « several »
            assert translate(plain, "fr") == told.replace(":fr}", "}").format(*values)


def test_french_texts_end_as_the_english_ones_and_have_their_spaces():
    for english, (_, french) in RAW.items():
        assert english[-1:] not in ".," or french[-1:] == english[-1:], english
        assert not re.search(r"\w[;?!](?:\s|$)|«\w|\w»|\s\s", french.replace("\n  ", "")), french
        assert "’" not in french, french  # the apostrophe of the other texts of tvb


def test_no_entry_stands_twice():
    twice = [english for _, english, _ in read_entries()]
    assert len(twice) == len(set(twice))


def test_the_most_exact_template_wins():
    catalogue = Catalogue(
        {"no {}": "sans {}", "no column {}": "pas de colonne {}", "{} m": "{} mm"}
    )
    assert catalogue.find("no column a", str) == "pas de colonne a"
    assert catalogue.find("no way", str) == "sans way"
    assert catalogue.find("yes", str) is None


def test_holes_are_put_in_order_translated_and_braces_kept():
    catalogue = Catalogue({
        "{} of {}": "{1} : {0:fr}", "{:w} words": "{} mots", "a {{b}}": "un {{b}}",
    })  # fmt: skip
    assert catalogue.find("x of y", str.upper) == "y\u00a0: X"
    assert catalogue.find("12 words", str) == "12 mots"
    assert catalogue.find("12 or so words", str) is None
    assert catalogue.find("a {b}", str) == "un {b}"


def test_words_agree_with_the_number_that_fills_a_hole():
    """Kills « 1 lignes », « 0 lignes » and a number with thousands taken for no number."""
    catalogue = Catalogue({"{} rows came": "{0} ligne{0:|s} {0:est venue|sont venues}"})
    told = [catalogue.find(f"{n} rows came", str) for n in ("0", "1", "1.5", "2", "12,345", "all")]
    assert told == [
        "0 ligne est venue", "1 ligne est venue", "1.5 ligne est venue", "2 lignes sont venues",
        "12,345 lignes sont venues", "all lignes sont venues",
    ]  # fmt: skip
    assert translate("5 rows read, 1 kept, 0 dropped", "fr") == (
        "5 lignes lues, 1 gardée, 0 écartée"
    )
    assert not [french for french in ENTRIES.values() if re.search(r"\((?:s|x|e|nt)\)", french)]


def test_numbers_and_plurals_of_each_language():
    """0 and 1.5 are singular in French and plural in English."""
    counts = (0, 1, 1.5, 2, -1, -3)
    assert [agree(n, "s", "p", lang="fr") for n in counts] == ["s", "s", "s", "p", "s", "p"]
    assert [agree(n, "s", "p", lang="en") for n in counts] == ["p", "s", "p", "p", "s", "p"]
    assert format_number(-1234567.891, 2, lang="fr") == "-1\u202f234\u202f567,89"
    assert format_number(-1234567.891, 2, lang="en") == "-1,234,567.89"
    one = pickle.loads(pickle.dumps(Counted(1, "fr", "un")))  # noqa: S301 (made here)
    assert f"{one:>4} {one:a|b}" == "  un a"


def test_what_follows_a_name_is_not_swallowed_by_a_template_that_begins_with_a_hole():
    """Kills « study.toml: line 3: 'x' » taken for the value that is not one of a list."""
    catalogue = Catalogue({"{} is not one of {}": "{} n'est pas parmi {}"})
    assert catalogue.find("file: 'x' is not one of a, b", str) is None
    assert catalogue.find("file: 'x' is not one of a, b", str, loosely=True) is not None


# --- whole messages -------------------------------------------------------------------------------


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("english", "french"),
    [
        (
            explain("terrils", "null geometry", count=2, ids=[7, "row 9"]),
            "terrils : géométrie absente (2 objets : 7, ligne 9).",
        ),
        (
            explain("a", "key given twice", count=1, ids=["T140"], remedy="check the path"),
            "a : clé donnée deux fois (1 objet : T140). Remède : vérifier le chemin.",
        ),
        (
            explain("a", "null geometry", count=5, ids="pqrs"),
            "a : géométrie absente (5 objets : p, q, r, …).",
        ),
        (
            explain("method", "« x » is unknown", required="fast or plain"),
            "method : « x » est inconnu. Attendu : fast ou plain.",
        ),
        (
            explain("C:\\a: b.shp", "no such file", remedy="did you mean « c » or « d »?"),
            "C:\\a : b.shp : fichier introuvable. Remède : est-ce « c » ou « d » ?",
        ),
        (
            "names of communes: 2 without a code:\n  « A » is unknown, 3 row(s)\n"
            "  « B » is ambiguous, 1 row(s); near: C (1). "
            "Required: names that fit exactly one commune of the layer.",
            "noms de communes : 2 sans code :\n  « A » : inconnu, 3 lignes\n"
            "  « B » : ambigu, 1 ligne ; noms proches : C (1). "
            "Attendu : des noms qui désignent une seule commune de la couche.",
        ),
        (
            "buildings ← a.gpkg: dropped, key given twice; only the first kept: 3 (a, row 4); "
            "repaired, invalid geometry repaired: 2 (x). "
            "Details: tvb.io.read_layer(…)[1].summary()",
            "buildings ← a.gpkg : écarté, clé donnée deux fois ; seul le premier objet gardé : 3 "
            "(a, ligne 4) ; réparé, géométrie invalide réparée : 2 (x). "
            "Détails : tvb.io.read_layer(…)[1].summary()",
        ),
        (
            "s.toml: line 3, [flood] rule: 'x' is not one of touches\n"
            "s.toml: [layers] communes: missing; give its file or [territory] embedded",
            "s.toml : ligne 3, [flood] rule : 'x' n'est pas parmi touches\n"
            "s.toml : [layers] communes : manque ; donner son fichier, ou embedded dans "
            "[territory]",
        ),
        (
            "d: holds no table of a flood hazard that can be read; f: is a table without geometry. "
            "Remedy: open it in QGIS; it holds: a, b. Required: plain XML. Remedy: check the path.",
            "d : ne contient aucune table d'aléa inondation lisible ; f : est une table sans "
            "géométrie. Remède : l'ouvrir dans QGIS ; contient : a, b. Attendu : du XML simple. "
            "Remède : vérifier le chemin.",
        ),
        (
            "p: no table of the plan can be read: z: null geometry. Required: plain XML. "
            "Remedy: unpack it.. Remedy: see each reason.",
            "p : aucune table du plan n'est lisible : z : géométrie absente. Attendu : du XML "
            "simple. Remède : la décompresser.. Remède : voir chaque raison.",
        ),
        ("a.zip: holds 2 layers and none is « C »: D, E.",
         "a.zip : contient 2 couches et aucune n'est « C » : D, E."),
        ("s.toml: line 6, [graph] d: a number (m) is needed, not 'x'",
         "s.toml : ligne 6, [graph] d : il faut un nombre (m), pas 'x'"),
        ("t: the database refuses (no (x)). Remedy: ask its owner.",
         "t : la base refuse (no (x)). Remède : demander à son propriétaire."),
        ("c: a use is null; a depth is negative (« r »). Required: plain text.",
         "c : un usage manque ; une hauteur est négative (« r »). Attendu : du texte simple."),
        ("cell_m: 1.0 m. Required: 5 to 100 m.", "cell_m : 1.0 m. Attendu : 5 à 100 m."),
        ("a share is outside 0 to 1 (« a », …); a depth is negative (« b »)",
         "une part est hors de 0 à 1 (« a », …) ; une hauteur est négative (« b »)"),
        ("AC1: IDGEN: kept as delivered", "AC1 : IDGEN : colonne hors standard, gardée"),
        ("row 3, b.gpkg row 4, T1", "ligne 3, b.gpkg ligne 4, T1"),
        ("null geometry: 1; key given twice: 2",
         "géométrie absente : 1 ; clé donnée deux fois : 2"),
        ("point or line taken out of a geometry collection",
         "point ou ligne tiré d'une collection de géométries"),
        ("key given twice in a.gpkg; all kept", "clé donnée deux fois dans a.gpkg ; tous gardés"),
        ("b.gpkg: null geometry", "b.gpkg : géométrie absente"),
        ("does not fit the other clues: since 2017: column IDURBA in drawn tables",
         "indice contraire aux autres : depuis 2017 : colonne IDURBA dans les tables dessinées"),
        ("IDURBA: Plan to which the row belongs", "IDURBA : Plan dont relève la ligne"),
        ("nothing tells 2017 from 2022: the latest is taken",
         "rien ne départage 2017 et 2022 : la dernière est retenue"),
        ("b.gpkg row 12", "b.gpkg ligne 12"),
    ],
)  # fmt: skip
def test_whole_messages_in_french(english, french):
    assert _plain(translate(english, "fr")) == french
    assert translate(english, "en") == english


@pytest.mark.parametrize("text", ["", ".", ": ", "nothing known", "T140", "a: b", "x; y", "a, b"])
def test_unknown_texts_stay(text):
    assert translate(text, "fr") == text


@given(st.text(max_size=40))
def test_any_text_can_be_given(text):
    """Kills a form that raises, or never ends, on what it does not know."""
    assert isinstance(translate(text, "fr"), str)
    assert translate(text, "en") == text


@given(
    st.text("abé_ ←«»", min_size=1, max_size=9),
    st.sampled_from(["null geometry", "column « a » is missing"]),
    st.none() | st.integers(1, 10**6),
    st.lists(st.text("a1_", min_size=1, max_size=4), max_size=5),
    st.none() | st.sampled_from(["plain text", "one of a, b"]),
    st.none() | st.sampled_from(["check the path", "GRANT INSERT"]),
)  # fmt: skip
def test_parts_of_a_message_are_taken_apart_and_put_together(
    layer, problem, count, ids, required, remedy
):
    """Kills a form that loses a part, whichever are there."""
    english = explain(layer, problem, count=count, ids=ids, required=required, remedy=remedy)
    told = translate(english, "fr")
    assert translate(problem, "fr") in told
    assert ("Attendu" in told) == (required is not None)
    assert required is None or translate(required, "fr") in told
    assert ("Remède" in told) == (remedy is not None)
    assert remedy is None or translate(remedy, "fr") in told
    assert ("objet" in told) == (count is not None)
    assert count is None or all(name in told for name in ids[:3])


def test_spaces_that_may_not_break():
    assert typeset("a : b ; c ? « d » !") == ("a\u00a0: b\u202f; c\u202f? «\u00a0d\u00a0»\u202f!")
    assert typeset("crs=:x, http://a : b") == "crs=:x, http://a\u00a0: b"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "TVB_LANG": "FR"}, "fr"),
        ({"TVB_LANG": "", "LC_MESSAGES": "fr_BE"}, "fr"),
    ],
)
def test_language_of_the_environment(environment, expected):
    assert preferred_language(environment) == expected


# --- errors and accounts --------------------------------------------------------------------------


def test_errors_stay_english_and_tell_french_when_asked():
    error = pickle.loads(pickle.dumps(ParameterError(explain("by", "« x » is unknown"))))  # noqa: S301
    assert str(error) == "by: « x » is unknown."
    assert _plain(error.in_language("fr")) == "by : « x » est inconnu."
    assert error.in_language("en") == str(error)


def test_every_fault_of_a_frame_is_told_in_french():
    frame = worlds.communes().drop(columns="insee")
    with pytest.raises(LayerError, match="column « insee » is missing") as caught:
        validate(frame, "communes")
    told = caught.value.in_language("fr").splitlines()
    assert told
    assert all(line.startswith("communes\u00a0: ") and "Remède" in line for line in told)


def test_an_account_is_told_in_french():
    report = LayerReport(
        "terrils", ("a.gpkg",), 5, 3,
        repaired=(Entry("invalid geometry repaired", 1, ("T002",)),),
        dropped=(Entry("null geometry", 2, ("row 4", "T140")),),
        notes=(Entry("reprojected from EPSG:4326 to EPSG:2154"),),
    )  # fmt: skip
    assert _plain(report.summary("fr")).splitlines() == [
        "terrils ← a.gpkg (aucun fichier)",
        "  5 lignes lues, 3 gardées, 2 écartées",
        "  écarté : géométrie absente : 2 (ligne 4, T140)",
        "  réparé : géométrie invalide réparée : 1 (T002)",
        "  note : reprojeté depuis EPSG:4326 vers EPSG:2154",
    ]
    table = report.to_frame("fr")
    assert table["reason"].tolist()[0] == "géométrie absente"
    assert table["ids"].tolist()[0] == "ligne 4, T140"
    assert table["kind"].tolist() == ["dropped", "repaired", "note"]
    source = report.source("real", "T", producer="", licence="", vintage="")
    assert dict(source.dropped) == {"null geometry": 2}  # manifests keep the English key


def test_an_account_shows_itself_in_the_language_of_the_user(monkeypatch):
    report = LayerReport("terrils", ("<b>",), 1, 0, dropped=(Entry("null geometry", 1, ("<i>",)),))
    monkeypatch.setenv("TVB_LANG", "fr")
    page = report._repr_html_()
    assert "géométrie absente" in page
    assert "&lt;i&gt;" in page
    assert "<i>" not in page
    monkeypatch.setenv("TVB_LANG", "en")
    assert "null geometry" in report._repr_html_()


@pytest.fixture
def shell(monkeypatch):
    monkeypatch.setattr(HistoryManager, "enabled", False)
    monkeypatch.delenv(TRACEBACK_VARIABLE, raising=False)
    made = InteractiveShell()
    made.push({"CountingRule": CountingRule})
    return made


_CELL = "def count():\n    # a comment\n    return CountingRule('x')\n\ncount()"


@pytest.mark.parametrize(("lang", "line"), [("fr", "ligne 3\u00a0: "), ("en", "line 3: ")])
def test_an_error_in_a_notebook_is_short(shell, monkeypatch, capsys, lang, line):
    """Kills a rendering that shows the frames of tvb, or the line of the generated __init__."""
    monkeypatch.setenv("TVB_LANG", lang)
    shell.run_cell(_CELL)
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 3
    assert told[0].startswith("ParameterError: rule")
    assert told[1] == f"  {line}return CountingRule('x')"
    assert TRACEBACK_VARIABLE in told[2]


def test_the_whole_traceback_is_shown_on_demand(shell, monkeypatch, capsys):
    monkeypatch.setenv(TRACEBACK_VARIABLE, "1")
    shell.run_cell(_CELL)
    told = capsys.readouterr().out
    assert "rules.py" in told
    assert "Traceback" in told


def test_french_is_read_only_where_it_is_asked_for():
    """Kills a catalogue that `import tvb` reads."""
    import subprocess
    import sys

    code = (
        "import sys, tvb.errors as e; assert 'tomllib' not in sys.modules;"
        "print(e.LayerError('a: null geometry.').in_language('fr'))"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=environment, text=True,
        encoding="utf-8",
    )  # fmt: skip
    assert _plain(made.stdout).strip() == "a : géométrie absente."
    assert Path(said.ROOT, "messages", "common.toml").is_file()
