"""Commands that draw: plates, web maps, atlases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

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

__all__ = ["atlas", "draw_map"]

ThemeName = Annotated[
    Literal["territory", "exposure", "depth", "graph", "stepping-stones", "corridors", "cycling"],
    typer.Option(help=say("What the plate shows.")),
]


def draw_map(
    study: StudyFile,
    *,
    theme: ThemeName = "territory",
    commune: Annotated[
        str | None, typer.Option(help=say("INSEE code or name of a commune to show."))
    ] = None,
    file: Annotated[
        Path,
        typer.Option(
            help=say(
                "File to write; its suffix says the format: pdf, png, svg, or html for the web map."
            )
        ),
    ] = Path("carte.pdf"),
    layers: Layers = None,
    out: Out = Path("out"),
    lang: Language = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw a plate, or the web map: `tvb map`."""
    from tvb.study.products import THEMES, draw_place, write_web_map
    from tvb.study.steps import lacking

    chosen = open_study(study, layers, lang)
    web = file.suffix.lower() in (".html", ".htm")
    wanted = ("layers", "flood", "connectivity") if web else THEMES[theme].steps
    steps = [step for step in wanted if not (web and lacking(chosen, step))]
    store, _ = prepare(chosen, out, only=steps, quiet=quiet or as_json)
    made = write_web_map(chosen, store, file) if web else draw_place(
        chosen, store, theme, commune=commune
    )  # fmt: skip
    if not web:
        made.save(file)
    emit(
        say("written: {}", file), {"file": str(file), "title": made.title},
        as_json=as_json, quiet=quiet,
    )  # fmt: skip


def atlas(
    study: StudyFile,
    *,
    theme: ThemeName = "territory",
    by: Annotated[
        Literal["commune", "epci", "element"], typer.Option(help=say("What has a sheet."))
    ] = "commune",
    file: Annotated[Path, typer.Option(help="PDF.")] = Path("atlas.pdf"),
    layers: Layers = None,
    out: Out = Path("out"),
    jobs: Annotated[int, typer.Option(help=say("Processes that draw."), min=1)] = 2,
    lang: Language = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw a sheet for each place: `tvb atlas`."""
    from tvb.study.products import THEMES, write_atlas

    chosen = open_study(study, layers, lang)
    store, _ = prepare(chosen, out, only=THEMES[theme].steps, quiet=quiet or as_json)
    made = write_atlas(chosen, store, file, theme=theme, by=by, jobs=jobs)
    for name, error in zip(made.failed["name"], made.failed["error"], strict=True):
        tell(say("{}: no sheet: {}", name, error))
    failed = len(made.failed)
    text = say("{} sheets, {} failed. See {}.", len(made.sheets) - failed, failed, file)
    data = {"file": str(file), "sheets": made.sheets.reset_index().to_dict("records")}
    emit(text, data, as_json=as_json, quiet=quiet)
