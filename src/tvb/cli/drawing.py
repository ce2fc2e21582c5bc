"""Commands that draw: plates, web maps, atlases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

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

__all__ = ["atlas", "draw_map"]

ThemeName = Annotated[
    Literal[
        "territory", "property", "terrils", "network", "graph", "stepping-stones", "corridors",
        "exposure", "depth", "cycling", "plan", "change",
    ],
    typer.Option(help=say("What the plate shows.")),
]  # fmt: skip
Plan = Annotated[
    str | None,
    typer.Option(
        help=say("Town plan of the plate: a delivery, or « modelled » for an invented one.")
    ),
]
Against = Annotated[
    str | None,
    typer.Option(
        help=say(
            "What the study is compared with: the folder of another run, touches, centroid, share, "
            "or a distance of dispersal such as 300m."
        )
    ),
]
Commune = Annotated[str | None, typer.Option(help=say("INSEE code or name of a commune to show."))]


def draw_map(
    study: StudyFile,
    *,
    theme: ThemeName = "territory",
    commune: Commune = None,
    plan: Plan = None,
    against: Against = None,
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
    from tvb.study.products import draw_place, write_web_map
    from tvb.study.steps import lacking
    from tvb.study.themes import Extras, steps_of

    chosen = open_study(study, layers, lang)
    web = file.suffix.lower() in (".html", ".htm")
    steps = steps_of(chosen, theme)
    if web:
        steps = [s for s in ("layers", "flood", "connectivity") if not lacking(chosen, s)]
    store, _ = prepare(chosen, out, only=steps, quiet=quiet or as_json)
    extras = Extras(plan, against)
    made = write_web_map(chosen, store, file) if web else draw_place(
        chosen, store, theme, commune=commune, extras=extras
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
        Literal["commune", "epci", "element", "theme"], typer.Option(help=say("What has a sheet."))
    ] = "commune",
    commune: Commune = None,
    plan: Plan = None,
    against: Against = None,
    each: Annotated[
        list[str] | None,
        typer.Option(
            help=say(
                "With --by theme, also write every plate alone: pdf, png or svg; may be repeated."
            )
        ),
    ] = None,
    file: Annotated[Path, typer.Option(help="PDF.")] = Path("atlas.pdf"),
    layers: Layers = None,
    out: Out = Path("out"),
    jobs: Annotated[int, typer.Option(help=say("Processes that draw."), min=1)] = 2,
    lang: Language = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw a sheet for each place, or for each theme: `tvb atlas`."""
    from tvb.study.products import write_atlas, write_series
    from tvb.study.themes import Extras, series_steps, steps_of

    chosen = open_study(study, layers, lang)
    steps = series_steps(chosen) if by == "theme" else steps_of(chosen, theme)
    store, _ = prepare(chosen, out, only=steps, quiet=quiet or as_json)
    extras = Extras(plan, against, commune)
    if by == "theme":
        made = write_series(chosen, store, file, extras=extras, each=each or (), jobs=jobs)
    else:
        made = write_atlas(chosen, store, file, theme=theme, by=by, jobs=jobs, extras=extras)
    for name, error in zip(made.failed["name"], made.failed["error"], strict=True):
        tell(say("{}: no sheet: {}", name, translate(error, words.language)))
    failed = len(made.failed)
    text = say("{0} sheet{0:|s}, {1} failed. See {2}.", len(made.sheets) - failed, failed, file)
    data = {"file": str(file), "sheets": made.sheets.reset_index().to_dict("records")}
    emit(text, data, as_json=as_json, quiet=quiet)
