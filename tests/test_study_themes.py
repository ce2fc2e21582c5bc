"""Ten plates of a study, from one call and from the command line; plans and comparisons.

Wrong implementations that these tests kill: straight links drawn as paths of least cost, a plate
left out without a word, a plan that is not said to be modelled, before and after exchanged.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.text import Text
from pypdf import PdfReader

from tvb import cli, datasets, io
from tvb.errors import StudyError
from tvb.maps import Plate
from tvb.study import Study, draw_atlas, read_study, run_study
from tvb.study import plans as study_plans
from tvb.study.products import draw_place
from tvb.study.sample_plan import model_plan
from tvb.study.store import Store
from tvb.study.themes import ATLAS_THEMES, THEMES, Extras, series_steps, steps_of

STUDY = (
    '[territory]\nembedded = true\ncommunes = ["62637", "62427", "62215"]\nbuildings = 6000\n'
    "cell_m = 60.0\n"
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    path = tmp_path_factory.mktemp("study") / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    return read_study(path)


@pytest.fixture(scope="module")
def store(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("run")
    run_study(study, folder, only=[*series_steps(study), "dashboard"])
    return Store(folder)


def texts(plate: Plate) -> str:
    return " ".join(t.get_text() for t in plate.figure.findobj(Text)).replace("\u00a0", " ")


def test_ten_plates_in_one_call(study: Study, store: Store) -> None:
    atlas = draw_atlas(study, store.folder, plan="modelled", each=("svg",))
    assert atlas.path == store.folder / "maps/atlas.pdf"
    assert len(atlas.sheets) == len(ATLAS_THEMES) == 10
    assert atlas.failed.empty, atlas.failed["error"].tolist()
    assert len(PdfReader(atlas.path).pages) == 11
    alone = sorted(path.name for path in (store.folder / "maps").glob("atlas-*.svg"))
    assert alone[0] == "atlas-01-bien-inscrit.svg"
    assert len(alone) == 10


def test_corridors_follow_paths_of_least_cost(study: Study, store: Store) -> None:
    assert study.graph.links == "edge"
    straight = len(store.read_layer("links"))
    draw = THEMES["corridors"].make(study, store, Extras())
    assert len(draw.keywords["links"]) < straight  # neighbours only, over costs
    assert "cost" in draw.keywords["links"]


def test_patches_have_a_name(study: Study, store: Store) -> None:
    """Of their largest named area; never two patches without."""
    draw = THEMES["graph"].make(study, store, Extras())
    named = draw.args[0]
    assert named["nom"].notna().all()
    assert named["patch"].tolist() == store.read_layer("patches")["patch"].tolist()
    assert "Limites fixes d’une planche" in texts(draw())


def test_a_modelled_plan_says_so_and_its_faults_are_found(study: Study, store: Store) -> None:
    plate = draw_place(study, store, "plan", extras=Extras("modelled"))
    told = texts(plate)
    assert "(Oignies, 2026)" in plate.title
    assert "Plan modélisé, avec des fautes volontaires" in told
    assert "Le plan ne transcrit pas ce périmètre" in told
    assert {s.nature for s in plate.sources if s.layer == "zone_urba"} == {"modelled"}
    territory = store.territory("communes")
    bare = model_plan(territory, "62427")  # nothing known but the commune
    assert bare.zones["typezone"].unique().tolist() == ["A"]
    assert bare.prescriptions.empty
    with pytest.raises(StudyError, match=r"plan: none was given\. Remedy: give a delivery"):
        draw_place(study, store, "plan")


def test_a_delivery_is_drawn_with_its_findings(study: Study, store: Store, tmp_path: Path) -> None:
    territory = store.territory(*store.layer_names())
    delivery = next(
        d for d in datasets.model_plans(datasets.bassin_minier(
            communes=datasets.PLAN_COMMUNES, rasters=False, buildings=800))
        if d.name.startswith("62637")
    )  # fmt: skip
    path = io.write_plan(delivery, tmp_path)
    plate = draw_place(study, store, "plan", extras=Extras(str(path)))
    assert "(Oignies, 2014)" in plate.title
    assert "Plan modélisé" not in texts(plate)
    assert len(territory.layers) > 5
    (tmp_path / "two").mkdir()
    with pytest.raises(StudyError, match="Required: one delivery that can be read"):
        draw_place(study, store, "plan", extras=Extras(str(tmp_path / "two")))


def test_plans_are_reviewed_with_the_terrain_of_the_run(study: Study, store: Store) -> None:
    """Kills a territory read back without its rasters, and one with all of them."""
    reference = study_plans._reference(study, store)
    assert reference.terrain is not None
    assert reference.terrain.shape == store.read_raster("terrain").shape
    assert list(store.territory("communes", rasters=("terrain", "not there")).grids) == ["terrain"]
    assert not store.territory("communes").grids


def test_a_study_is_compared_with_itself_by_another_rule(study: Study, store: Store) -> None:
    """Touching counts no fewer than centroids: the change falls from the rule of the study."""
    plate = draw_place(study, store, "change")
    told = texts(plate)
    assert "Avant : bâtiment touché par une zone inondable" in told
    assert "après : centre du bâtiment" in told
    table = store.read_table("tables/exposure").xs("02Moy", level="scenario")["buildings"]
    assert f"({table.sum()} →" in plate.title.replace("\u202f", "")
    same = draw_place(study, store, "change", extras=Extras(against="touches"))
    assert "aucun changement" in same.title
    share = draw_place(study, store, "change", extras=Extras(against="share"))
    assert "au moins 50 % de l’emprise" in texts(share).replace("\u202f", " ")


def test_a_study_is_compared_over_another_distance(study: Study, store: Store) -> None:
    plate = draw_place(study, store, "change", extras=Extras(against="300m"))
    assert plate.title.startswith("Part de la connectivité")
    assert "dispersion à 1 000 m" in texts(plate).replace("\u202f", " ")
    same = draw_place(study, store, "change", extras=Extras(against="1000 m"))
    assert same.title.endswith("aucun changement")


def test_two_runs_are_compared(study: Study, store: Store, tmp_path: Path) -> None:
    """Before is the other run."""
    stricter = replace(study, flood=replace(study.flood, rule="centroid"))
    run_study(stricter, tmp_path / "other", only=["flood"])
    plate = draw_place(study, store, "change", extras=Extras(against=str(tmp_path / "other")))
    counts = [
        Store(folder).read_table("tables/exposure").xs("02Moy", level="scenario")["buildings"].sum()
        for folder in (tmp_path / "other", store.folder)
    ]
    assert plate.title.replace("\u202f", "").endswith(f"({counts[0]} → {counts[1]})")
    assert "(other)" in texts(plate)
    with pytest.raises(StudyError, match=r"against: « x » is not the folder of a run\. Required"):
        draw_place(study, store, "change", extras=Extras(against="x"))


def test_steps_of_themes(study: Study) -> None:
    assert steps_of(study, "change") == ["layers", "flood", "connectivity"]
    lone = replace(study, territory=replace(study.territory, embedded=False), layers={})
    assert steps_of(lone, "plan") == ["layers"]
    assert series_steps(lone) == ["layers"]


def test_the_command_line_says_what_it_cannot_draw(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """No plan, and nothing to compare with: eight sheets, and two reasons in the atlas."""
    file = tmp_path / "study.toml"
    file.write_text(STUDY, encoding="utf-8")
    for words in (
        ("map", "--theme", "plan", "--plan", "modelled", "--file", tmp_path / "p.svg", "-q"),
        ("atlas", "--by", "theme", "--file", tmp_path / "a.pdf", "--jobs", "1", "--commune",
         "62637", "--against", "nowhere"),
    ):  # fmt: skip
        argv = ["tvb", *words, "--study", file, "--out", store.folder]
        monkeypatch.setattr(sys, "argv", [str(word) for word in argv])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
    assert "Oignies" in (tmp_path / "p.svg").read_text(encoding="utf-8")
    shown = capsys.readouterr()
    assert "8 sheets, 2 failed" in shown.out
    assert "aucun plan n'a été donné" in shown.err
    assert "nowhere" in shown.err
    front = PdfReader(tmp_path / "a.pdf").pages[0].extract_text()
    assert "aucun plan" in front
    assert "nowhere" in front
