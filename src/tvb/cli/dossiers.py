"""Commands that write dossiers and reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tvb.cli import words
from tvb.cli.options import (
    Json,
    Language,
    Layers,
    Out,
    Quiet,
    StudyFile,
    emit,
    open_study,
    prepare,
    tell,
)
from tvb.cli.words import say
from tvb.messages import translate

if TYPE_CHECKING:
    from tvb.study import Study
    from tvb.study.store import Store

__all__ = ["dossier", "report"]


def dossier(
    study: StudyFile,
    *,
    commune: Annotated[
        list[str] | None,
        typer.Option(
            help=say("INSEE code or name of a commune; may be repeated. All of them by default.")
        ),
    ] = None,
    form: Annotated[
        Literal["both", "html", "pdf"],
        typer.Option("--format", help=say("Format of the dossiers.")),
    ] = "both",
    layers: Layers = None,
    out: Out = Path("out"),
    jobs: Annotated[int, typer.Option(help=say("Processes that draw."), min=1)] = 2,
    lang: Language = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write the dossiers of communes: `tvb dossier`."""
    from tvb.study.dossiers import write_dossiers

    chosen = open_study(study, layers, lang)
    store = _prepare(chosen, out, quiet=quiet or as_json)
    forms: tuple[Literal["html", "pdf"], ...] = ("html", "pdf") if form == "both" else (form,)
    folder = out / "dossiers"
    made = write_dossiers(chosen, store, folder, communes=commune or (), forms=forms, jobs=jobs)
    for name, error in zip(made.failed["nom"], made.failed["error"], strict=True):
        tell(say("{}: no dossier: {}", name, translate(error, words.language)))
    states = made.dossiers["state"].value_counts()
    counts = [int(states.get(state, 0)) for state in ("écrit", "échec", "inchangé")]
    text = say("{0} dossier{0:|s}, {1} failed, {2} already there. See {3}.", *counts, folder)
    data = {"folder": str(folder), "dossiers": made.dossiers.reset_index().to_dict("records")}
    emit(text, data, as_json=as_json, quiet=quiet)


def report(
    study: StudyFile,
    *,
    epci: Annotated[
        str | None,
        typer.Option(help=say("SIREN of an intercommunality; the whole territory by default.")),
    ] = None,
    file: Annotated[Path, typer.Option(help="PDF, HTML.")] = Path("rapport.pdf"),
    layers: Layers = None,
    out: Out = Path("out"),
    lang: Language = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write the report of the territory: `tvb report`."""
    from tvb.study.dossiers import write_report_of

    chosen = open_study(study, layers, lang)
    store = _prepare(chosen, out, quiet=quiet or as_json)
    path = write_report_of(chosen, store, file, epci=epci)
    emit(say("written: {}", path), {"file": str(path)}, as_json=as_json, quiet=quiet)


def _prepare(study: Study, out: Path, *, quiet: bool) -> Store:
    from tvb.study.dossiers import STEPS_OF_DOSSIERS
    from tvb.study.steps import lacking

    steps = [step for step in STEPS_OF_DOSSIERS if not lacking(study, step)]
    return prepare(study, out, only=steps, quiet=quiet)[0]
