"""The command that reviews town plans."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tvb.cli.options import Json, Language, Layers, Out, Quiet, StudyFile, emit, open_study, prepare
from tvb.cli.words import say

__all__ = ["plu"]


def plu(
    deliveries: Annotated[
        list[Path],
        typer.Argument(
            help=say("A delivery: folder, zip or GeoPackage; several make a portfolio.")
        ),
    ],
    *,
    study: StudyFile,
    layers: Layers = None,
    out: Out = Path("out"),
    strict: Annotated[
        bool, typer.Option("--strict", help=say("End with exit code 1 if a finding blocks."))
    ] = False,
    lang: Language = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Review town plans: `tvb plu`."""
    from tvb.study.plans import review_plans
    from tvb.study.steps import lacking

    chosen = open_study(study, layers, lang)
    steps = [step for step in ("layers", "connectivity") if not lacking(chosen, step)]
    store, _ = prepare(chosen, out, only=steps, quiet=quiet or as_json)
    made = review_plans(chosen, store, deliveries)
    data = {
        "plans": made.portfolio.plans.to_dict("records"),
        "findings": [
            {"plan": row.plan, "rule": row.rule, "level": row.level, "insee": row.insee,
             "objet": row.objet, "message": row.message}
            for row in made.portfolio.findings.itertuples()
        ],
        "folder": str(made.folder),
    }  # fmt: skip
    text = f"{made.summary()}\n\n" + say("written: {}", made.folder)
    emit(text, data, as_json=as_json, quiet=quiet)
    if strict and made.is_blocking:
        raise typer.Exit(1)
